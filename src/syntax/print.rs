//! The printer: syntax tree to text that reads back as the same tree, with no needless parentheses.

use super::ast::{
    Ast, BinaryOperator, Expression, Fact, Index, Item, NodeId, Parameter, Program, Range, Ranges, Recurrence, State,
    Type, UnaryOperator,
};
use super::token::Comment;
use crate::source::{Source, Span};

/// Width past which a block is broken over several lines.
const WIDTH: usize = 100;

/// How tightly an expression binds; larger is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Conditional,
    Disjunction,
    Conjunction,
    Negation,
    Relation,
    Additive,
    Multiplicative,
    Signed,
    Power,
    Postfix,
}

fn level(expression: &Expression) -> Level {
    use BinaryOperator::*;
    match expression {
        Expression::Unary(UnaryOperator::Negate, _) => Level::Signed,
        Expression::Unary(UnaryOperator::Not, _) => Level::Negation,
        Expression::Binary(operator, ..) => match operator {
            Add | Subtract => Level::Additive,
            Multiply | Divide | ElementMultiply | ElementDivide | Remainder => Level::Multiplicative,
            Power | ElementPower => Level::Power,
            And => Level::Conjunction,
            Or => Level::Disjunction,
            Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual => Level::Relation,
        },
        _ => Level::Postfix,
    }
}

/// What is still to be printed.
enum Piece {
    Text(&'static str),
    Owned(String),
    Node(NodeId, Level),
    Line,
    Indent(i32),
}

/// Prints an expression on one line, or with each `let` of an outermost long block on a line of its own.
pub fn print_expression(ast: &Ast, root: NodeId) -> String {
    let line = write(ast, root, false, 0);
    if line.len() > WIDTH && matches!(ast.get(root), Expression::Block(..)) {
        return write(ast, root, true, 0);
    }
    line
}

fn write(ast: &Ast, root: NodeId, broken: bool, indent: usize) -> String {
    let mut out = String::new();
    let mut indent = indent as i32;
    let mut stack = vec![Piece::Node(root, Level::Conditional)];
    let mut children = Vec::new();
    while let Some(piece) = stack.pop() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Owned(text) => out.push_str(&text),
            Piece::Indent(step) => indent += step,
            Piece::Line if broken => {
                out.push('\n');
                out.push_str(&" ".repeat(4 * indent.max(0) as usize));
            }
            Piece::Line => out.push(' '),
            Piece::Node(id, least) => {
                let expression = ast.get(id);
                let parenthesised = level(expression) < least;
                if parenthesised {
                    out.push('(');
                    stack.push(Piece::Text(")"));
                }
                pieces(ast, expression, &mut children);
                stack.extend(children.drain(..).rev());
            }
        }
    }
    out
}

/// Lists indices with their ranges.
fn ranges(list: &[Range], out: &mut Vec<Piece>) {
    use Piece::{Node, Owned, Text};
    for (at, range) in list.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        out.push(Owned(format!("{comma}{} in ", range.index.text)));
        out.extend([Node(range.from, Level::Additive), Text(".."), Node(range.to, Level::Additive)]);
    }
}

/// Lists the pieces of one expression, in order.
fn pieces(ast: &Ast, expression: &Expression, out: &mut Vec<Piece>) {
    use Piece::{Indent, Line, Node, Owned, Text};
    match expression {
        Expression::Number(text) | Expression::Name(text) => out.push(Owned(text.clone())),
        Expression::Unary(UnaryOperator::Negate, a) => {
            out.extend([Text("-"), Node(*a, Level::Power)]);
        }
        Expression::Unary(UnaryOperator::Not, a) => {
            out.extend([Text("not "), Node(*a, Level::Negation)]);
        }
        Expression::Unary(UnaryOperator::Transpose, a) => {
            out.extend([Node(*a, Level::Postfix), Text("'")]);
        }
        Expression::Binary(operator, a, b) => binary(ast, *operator, *a, *b, out),
        Expression::Call(name, arguments) => {
            out.extend([Owned(name.text.clone()), Text("(")]);
            list(arguments, out);
            out.push(Text(")"));
        }
        Expression::Fold(name, Ranges { list, guard }, body) => {
            out.push(Owned(format!("{}(", name.text)));
            ranges(list, out);
            out.extend(guard.iter().flat_map(|guard| [Text(" if "), Node(*guard, Level::Disjunction)]));
            out.extend([Text(", "), Node(*body, Level::Conditional), Text(")")]);
        }
        Expression::Map(list, body) => {
            out.push(Text("["));
            ranges(list, out);
            out.extend([Text(": "), Node(*body, Level::Conditional), Text("]")]);
        }
        Expression::Recurrence(name, recurrence) => {
            let Recurrence { range, states, next } = &**recurrence;
            out.push(Owned(format!("{}(", name.text)));
            ranges(std::slice::from_ref(range), out);
            let several = states.len() > 1;
            out.push(Text(if several { ", (" } else { ", " }));
            for (at, State { name, initial }) in states.iter().enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                out.extend([Owned(format!("{comma}{} = ", name.text)), Node(*initial, Level::Conditional)]);
            }
            let listed = next.len() > 1;
            out.push(Text(match (several, listed) {
                (true, true) => "), (",
                (true, false) => "), ",
                _ => ", ",
            }));
            list(next, out);
            out.push(Text(if listed { "))" } else { ")" }));
        }
        Expression::Index(base, places) => {
            out.extend([Node(*base, Level::Postfix), Text("[")]);
            for (position, place) in places.iter().enumerate() {
                if position > 0 {
                    out.push(Text(", "));
                }
                match place {
                    Index::At(at) => out.push(Node(*at, Level::Conditional)),
                    Index::Slice(from, to) => {
                        out.extend(from.map(|from| Node(from, Level::Additive)));
                        out.push(Text(".."));
                        out.extend(to.map(|to| Node(to, Level::Additive)));
                    }
                }
            }
            out.push(Text("]"));
        }
        Expression::If(condition, then, otherwise) => {
            out.push(Text("if("));
            list(&[*condition, *then, *otherwise], out);
            out.push(Text(")"));
        }
        Expression::List(entries) => {
            out.push(Text("["));
            list(entries, out);
            out.push(Text("]"));
        }
        Expression::Several(values) => {
            out.push(Text("("));
            list(values, out);
            out.push(Text(")"));
        }
        Expression::Block(lets, body) => {
            out.extend([Text("{"), Indent(1)]);
            for binding in lets {
                out.extend([Line, Owned(format!("let {} = ", binding.pattern()))]);
                out.extend([Node(binding.value, Level::Conditional), Text(";")]);
            }
            out.extend([Line, Node(*body, Level::Conditional), Indent(-1), Line, Text("}")]);
        }
    }
}

fn list(entries: &[NodeId], out: &mut Vec<Piece>) {
    for (position, entry) in entries.iter().enumerate() {
        if position > 0 {
            out.push(Piece::Text(", "));
        }
        out.push(Piece::Node(*entry, Level::Conditional));
    }
}

fn binary(ast: &Ast, operator: BinaryOperator, a: NodeId, b: NodeId, out: &mut Vec<Piece>) {
    use BinaryOperator::*;
    use Piece::{Node, Text};
    let (left, right) = match operator {
        Or => (Level::Disjunction, Level::Conjunction),
        And => (Level::Conjunction, Level::Negation),
        Add | Subtract => (Level::Additive, Level::Multiplicative),
        Multiply | Divide | ElementMultiply | ElementDivide | Remainder => (Level::Multiplicative, Level::Signed),
        Power | ElementPower => (Level::Postfix, Level::Signed),
        _ => (Level::Additive, Level::Additive),
    };
    // A sign after an operator is legal, but `a - -b` and `a*-b` read badly; `2^-1` and `x >= -1` read well.
    let negated = matches!(ast.get(first_operand(ast, b)), Expression::Unary(UnaryOperator::Negate, _));
    let right = match operator {
        Add | Subtract | Multiply | Divide | ElementMultiply | ElementDivide if negated => Level::Postfix,
        _ => right,
    };
    let sign = match operator {
        Add => " + ",
        Subtract => " - ",
        other if other.is_comparison() || matches!(other, And | Or | Remainder) => {
            out.push(Node(a, left));
            out.push(Text(" "));
            out.push(Text(other.symbol()));
            out.push(Text(" "));
            out.push(Node(b, right));
            return;
        }
        ElementMultiply => " .* ",
        ElementDivide => " ./ ",
        ElementPower => " .^ ",
        other => other.symbol(),
    };
    out.extend([Node(a, left), Text(sign), Node(b, right)]);
}

/// Returns what a product or quotient begins with.
fn first_operand(ast: &Ast, mut id: NodeId) -> NodeId {
    while let Expression::Binary(BinaryOperator::Multiply | BinaryOperator::Divide, a, _) = ast.get(id) {
        id = *a;
    }
    id
}

fn parameter(ast: &Ast, parameter: &Parameter) -> String {
    let dimension = |id: NodeId| write(ast, id, false, 0);
    let mut text = parameter.name.text.clone();
    match parameter.shape {
        Type::Scalar => {}
        Type::Vector(n) => text += &format!(": vector[{}]", dimension(n)),
        Type::Matrix(n, m) => text += &format!(": matrix[{}, {}]", dimension(n), dimension(m)),
        Type::Tensor(n, m, k) => {
            text += &format!(": tensor[{}, {}, {}]", dimension(n), dimension(m), dimension(k));
        }
        Type::Symmetric(n) => text += &format!(": sym[{}]", dimension(n)),
        Type::Index(None) => text += ": index",
        Type::Index(Some(n)) => text += &format!(": index[{}]", dimension(n)),
        Type::PositiveDefinite(n) => text += &format!(": spd[{}]", dimension(n)),
    }
    match parameter.fact {
        None => {}
        Some(Fact::Compare(operator, bound)) => {
            text += &format!(" {} {}", operator.symbol(), dimension(bound));
        }
        Some(Fact::Range(from, to)) => text += &format!(" in {}..{}", dimension(from), dimension(to)),
        Some(Fact::Within(low, high)) => {
            text += &format!(" in [{}, {}]", dimension(low), dimension(high));
        }
    }
    text
}

/// Prints a whole program in the standard form, with its comments.
///
/// A comment stays before the definition or the `let` that it stood before or in.
pub fn print_program(ast: &Ast, program: &Program, source: &Source) -> String {
    let mut comments = ast.comments.as_slice();
    let mut out = String::new();
    match program {
        Program::Expression(root) => {
            push_comments(&mut out, take_until(&mut comments, usize::MAX), 0);
            out.push_str(&print_body(ast, *root, &mut comments));
            out.push('\n');
        }
        Program::Items(items) => {
            let mut end_of_previous = 0;
            for (item, span) in items {
                let leading = take_until(&mut comments, span.start);
                let start = leading.first().map_or(span.start, |comment| comment.span.start);
                let gap = source.slice(Span::new(end_of_previous, start));
                if !out.is_empty() && gap.matches('\n').count() > 1 {
                    out.push('\n');
                }
                push_comments(&mut out, leading, 0);
                let first_let = match ast.get(item.body()) {
                    Expression::Block(lets, _) if !lets.is_empty() => lets[0].names[0].span.start,
                    _ => span.end,
                };
                let inner = take_until(&mut comments, first_let.min(ast.span(item.body()).start));
                push_comments(&mut out, inner, 0);
                let mut body_comments = take_until(&mut comments, span.end);
                if !matches!(ast.get(item.body()), Expression::Block(..)) {
                    push_comments(&mut out, body_comments, 0);
                    body_comments = &[];
                }
                let body = print_body(ast, item.body(), &mut body_comments);
                match item {
                    Item::Constant { name, .. } => {
                        out.push_str(&format!("const {} = {body};\n", name.text));
                    }
                    Item::Function { name, parameters, .. } => {
                        let list: Vec<String> = parameters.iter().map(|p| parameter(ast, p)).collect();
                        out.push_str(&format!("{}({}) = {body}\n", name.text, list.join(", ")));
                    }
                }
                end_of_previous = span.end;
            }
            let rest = take_until(&mut comments, usize::MAX);
            if !rest.is_empty() {
                out.push('\n');
            }
            push_comments(&mut out, rest, 0);
        }
    }
    out
}

/// Prints the body of a definition; a block with `let`s or comments is always broken over lines.
fn print_body(ast: &Ast, root: NodeId, comments: &mut &[Comment]) -> String {
    let Expression::Block(lets, body) = ast.get(root) else {
        return write(ast, root, false, 0);
    };
    let mut out = String::from("{\n");
    for binding in lets {
        push_comments(&mut out, take_until(comments, ast.span(binding.value).end), 1);
        let value = write(ast, binding.value, false, 1);
        out.push_str(&format!("    let {} = {value};\n", binding.pattern()));
    }
    push_comments(&mut out, take_until(comments, usize::MAX), 1);
    out.push_str(&format!("    {}\n}}", write(ast, *body, false, 1)));
    out
}

fn take_until<'c>(comments: &mut &'c [Comment], end: usize) -> &'c [Comment] {
    let count = comments.partition_point(|comment| comment.span.start < end);
    let (taken, rest) = comments.split_at(count);
    *comments = rest;
    taken
}

fn push_comments(out: &mut String, comments: &[Comment], indent: usize) {
    for comment in comments {
        out.push_str(&"    ".repeat(indent));
        out.push_str(&comment.text);
        out.push('\n');
    }
}
