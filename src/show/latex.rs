//! Syntax tree to LaTeX, with no needless parentheses.

use super::lines::{Line, Sign};
use super::naming::DIFFERENTIAL;
use crate::functions;
use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, Index, NodeId, UnaryOperator as U};

/// How tightly an expression binds in LaTeX; larger is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Loose,
    Additive,
    Multiplicative,
    Signed,
    Power,
    Atom,
}

enum Piece {
    Text(String),
    Node(NodeId, Level),
}

/// Writes an expression as LaTeX for math mode.
pub fn latex(ast: &Ast, root: NodeId) -> String {
    pieces_written(ast, vec![Piece::Node(root, Level::Loose)])
}

/// Writes a line of a broken expression.
pub fn line(ast: &Ast, line: &Line) -> String {
    let mut pieces_of_line = Vec::new();
    for (at, (sign, part)) in line.parts.iter().enumerate() {
        let (sign, level) = match sign {
            Sign::None => ("", Level::Loose),
            Sign::Leading => ("", Level::Multiplicative),
            Sign::Plus => (" + ", Level::Multiplicative),
            Sign::Minus => (" - ", Level::Multiplicative),
            Sign::Times if at == 0 || starts_with_digit(ast, *part) => (r" \cdot ", Level::Signed),
            Sign::Times => (r" \, ", Level::Signed),
        };
        pieces_of_line.extend([text(sign), Piece::Node(*part, level)]);
    }
    pieces_written(ast, pieces_of_line.into_iter().rev().collect())
}

fn pieces_written(ast: &Ast, mut stack: Vec<Piece>) -> String {
    let mut out = String::new();
    let mut children = Vec::new();
    while let Some(piece) = stack.pop() {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Node(id, least) => {
                let parenthesised = level(ast, id) < least;
                if parenthesised {
                    out.push_str(r"\left(");
                    stack.push(Piece::Text(r"\right)".into()));
                }
                pieces(ast, id, &mut children);
                stack.extend(children.drain(..).rev());
            }
        }
    }
    out
}

fn level(ast: &Ast, id: NodeId) -> Level {
    match ast.get(id) {
        E::Binary(B::Add | B::Subtract, ..) => Level::Additive,
        E::Binary(B::Multiply, a, _) if matches!(ast.get(leftmost(ast, *a)), E::Unary(U::Negate, _)) => Level::Additive,
        E::Binary(B::Multiply | B::ElementMultiply | B::ElementDivide, ..) => Level::Multiplicative,
        E::Binary(B::Power | B::ElementPower, ..) => Level::Power,
        // A fraction holds together like one sign, unless it has a sign before it.
        E::Binary(B::Divide, a, _) if matches!(ast.get(leftmost(ast, *a)), E::Unary(U::Negate, _)) => Level::Additive,
        E::Binary(B::Divide, ..) => Level::Signed,
        E::Binary(..) | E::Unary(U::Not, _) => Level::Loose,
        E::Unary(U::Negate, _) => Level::Additive,
        E::Unary(U::Transpose, _) => Level::Power,
        E::Call(name, _) if name.text == "inv" => Level::Power,
        E::Number(text) if text.contains(['e', 'E']) => Level::Multiplicative,
        _ => Level::Atom,
    }
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

fn pieces(ast: &Ast, id: NodeId, out: &mut Vec<Piece>) {
    use Piece::Node;
    match ast.get(id) {
        E::Number(number) => out.push(text(scientific(number))),
        E::Name(name) => out.push(text(symbol(name))),
        E::Unary(U::Negate, a) => out.extend([text("-"), Node(*a, Level::Multiplicative)]),
        E::Unary(U::Not, a) => out.extend([text(r"\lnot "), Node(*a, Level::Atom)]),
        E::Unary(U::Transpose, a) => match ast.get(*a) {
            E::Call(name, arguments) if name.text == "inv" && arguments.len() == 1 => {
                out.extend([Node(arguments[0], Level::Atom), text(r"^{-\top}")]);
            }
            _ => out.extend([Node(*a, Level::Atom), text(r"^{\top}")]),
        },
        E::Binary(operator, a, b) => binary(ast, *operator, *a, *b, out),
        E::Call(name, arguments) => call(ast, &name.text, arguments, out),
        E::Fold(name, index, from, to, body) => {
            let sign = if name.text == "sum" { r"\sum" } else { r"\prod" };
            out.extend([text(format!("{sign}_{{{} = ", symbol(&index.text))), Node(*from, Level::Loose)]);
            out.extend([text("}^{"), Node(*to, Level::Loose), text(" - 1} "), Node(*body, Level::Multiplicative)]);
        }
        E::Index(base, places) => {
            // A base that ends in an index of its own is kept apart from the new one.
            let open = match ast.get(*base) {
                E::Name(name) if symbol(name).contains('_') => ("{", "}_{"),
                E::Call(name, _) if matches!(name.text.as_str(), "eye" | "ones" | "zeros" | "norm1") => ("{", "}_{"),
                _ => ("", "_{"),
            };
            out.extend([text(open.0), Node(*base, Level::Atom), text(open.1)]);
            for (position, place) in places.iter().enumerate() {
                out.extend((position > 0).then(|| text(",")));
                match place {
                    Index::At(at) => out.push(Node(*at, Level::Loose)),
                    Index::Slice(from, to) => {
                        out.extend(from.map(|from| Node(from, Level::Loose)));
                        out.push(text(":"));
                        out.extend(to.map(|to| Node(to, Level::Loose)));
                    }
                }
            }
            out.push(text("}"));
        }
        E::If(c, a, b) => {
            out.extend([
                text(r"\begin{cases} "),
                Node(*a, Level::Loose),
                text(r" & \text{if } "),
                Node(*c, Level::Loose),
            ]);
            out.extend([text(r" \\ "), Node(*b, Level::Loose), text(r" & \text{otherwise} \end{cases}")]);
        }
        E::List(entries) => {
            out.push(text(r"\begin{bmatrix} "));
            for (position, entry) in entries.iter().enumerate() {
                out.extend((position > 0).then(|| text(r" \\ ")));
                match ast.get(*entry) {
                    E::List(row) => {
                        for (position, entry) in row.iter().enumerate() {
                            out.extend((position > 0).then(|| text(" & ")));
                            out.push(Node(*entry, Level::Loose));
                        }
                    }
                    _ => out.push(Node(*entry, Level::Loose)),
                }
            }
            out.push(text(r" \end{bmatrix}"));
        }
        E::Block(lets, body) => {
            out.push(Node(*body, Level::Loose));
            for (position, binding) in lets.iter().enumerate() {
                out.push(text(if position == 0 { r" \quad\text{where } " } else { r",\; " }));
                out.extend([text(format!("{} = ", symbol(&binding.name.text))), Node(binding.value, Level::Loose)]);
            }
        }
    }
}

fn binary(ast: &Ast, operator: B, a: NodeId, b: NodeId, out: &mut Vec<Piece>) {
    use Piece::Node;
    match operator {
        B::Add => out.extend([Node(a, Level::Additive), text(" + "), Node(b, Level::Multiplicative)]),
        B::Subtract => out.extend([Node(a, Level::Additive), text(" - "), Node(b, Level::Multiplicative)]),
        B::Multiply if matches!(ast.get(leftmost(ast, a)), E::Unary(U::Negate, _)) => {
            // The sign of a product stands before it without parentheses.
            let dot = if starts_with_digit(ast, b) { r" \cdot " } else { r" \, " };
            out.extend([Node(a, Level::Additive), text(dot), Node(b, Level::Signed)]);
        }
        B::Multiply => {
            let dot = if starts_with_digit(ast, b) { r" \cdot " } else { r" \, " };
            out.extend([Node(a, Level::Multiplicative), text(dot), Node(b, Level::Signed)]);
        }
        B::Divide => match ast.get(a) {
            // The sign of a fraction stands before it.
            E::Unary(U::Negate, a) => {
                out.extend([text(r"-\frac{"), Node(*a, Level::Loose), text("}{"), Node(b, Level::Loose), text("}")]);
            }
            E::Binary(B::Multiply, ..) if matches!(ast.get(leftmost(ast, a)), E::Unary(U::Negate, _)) => {
                out.push(text(r"-\frac{"));
                unsigned_product(ast, a, out);
                out.extend([text("}{"), Node(b, Level::Loose), text("}")]);
            }
            _ => out.extend([text(r"\frac{"), Node(a, Level::Loose), text("}{"), Node(b, Level::Loose), text("}")]),
        },
        B::Power | B::ElementPower => match ast.get(a) {
            E::Call(name, arguments) if name_takes_power(&name.text) && arguments.len() == 1 => {
                out.extend([text(format!("{}^{{", function(&name.text))), Node(b, Level::Loose), text("}")]);
                argument(arguments[0], out);
            }
            // A base that ends in an exponent of its own is kept apart from the new one.
            E::Call(name, _) if matches!(name.text.as_str(), "exp" | "polygamma") => {
                out.extend([
                    text(r"\left("),
                    Node(a, Level::Loose),
                    text(r"\right)^{"),
                    Node(b, Level::Loose),
                    text("}"),
                ]);
            }
            _ => {
                let circle = if operator == B::ElementPower { r"\circ " } else { "" };
                out.extend([Node(a, Level::Atom), text(format!("^{{{circle}")), Node(b, Level::Loose), text("}")]);
            }
        },
        B::ElementMultiply => out.extend([Node(a, Level::Multiplicative), text(r" \odot "), Node(b, Level::Signed)]),
        B::ElementDivide => out.extend([Node(a, Level::Multiplicative), text(r" \oslash "), Node(b, Level::Signed)]),
        relation => {
            let sign = match relation {
                B::Less => "<",
                B::LessEqual => r"\le",
                B::Greater => ">",
                B::GreaterEqual => r"\ge",
                B::Equal => "=",
                B::NotEqual => r"\ne",
                B::And => r"\land",
                _ => r"\lor",
            };
            out.extend([Node(a, Level::Additive), text(format!(" {sign} ")), Node(b, Level::Additive)]);
        }
    }
}

/// Returns the first factor of a product.
fn leftmost(ast: &Ast, mut id: NodeId) -> NodeId {
    while let E::Binary(B::Multiply, a, _) = ast.get(id) {
        id = *a;
    }
    id
}

/// Writes a product without the sign of its first factor.
fn unsigned_product(ast: &Ast, id: NodeId, out: &mut Vec<Piece>) {
    let mut factors = Vec::new();
    let mut first = id;
    while let E::Binary(B::Multiply, a, b) = ast.get(first) {
        factors.push(*b);
        first = *a;
    }
    if let E::Unary(U::Negate, a) = ast.get(first) {
        out.push(Piece::Node(*a, Level::Multiplicative));
    }
    for factor in factors.into_iter().rev() {
        out.push(text(if starts_with_digit(ast, factor) { r" \cdot " } else { r" \, " }));
        out.push(Piece::Node(factor, Level::Signed));
    }
}

/// Tells whether sin²(x) is how the function's square is written.
fn name_takes_power(name: &str) -> bool {
    matches!(name, "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "ln")
}

fn argument(id: NodeId, out: &mut Vec<Piece>) {
    out.extend([text(r"\left("), Piece::Node(id, Level::Loose), text(r"\right)")]);
}

fn call(ast: &Ast, name: &str, arguments: &[NodeId], out: &mut Vec<Piece>) {
    use Piece::Node;
    match (name, arguments) {
        ("sqrt", [a]) => out.extend([text(r"\sqrt{"), Node(*a, Level::Loose), text("}")]),
        ("cbrt", [a]) => out.extend([text(r"\sqrt[3]{"), Node(*a, Level::Loose), text("}")]),
        ("exp", [a]) => out.extend([text("e^{"), Node(*a, Level::Loose), text("}")]),
        ("abs", [a]) => out.extend([text(r"\left|"), Node(*a, Level::Loose), text(r"\right|")]),
        ("diff", [a, by]) => {
            out.extend([text(r"\frac{\partial}{\partial "), Node(*by, Level::Loose), text("}")]);
            argument(*a, out);
        }
        ("floor", [a]) => out.extend([text(r"\left\lfloor "), Node(*a, Level::Loose), text(r" \right\rfloor")]),
        ("ceil", [a]) => out.extend([text(r"\left\lceil "), Node(*a, Level::Loose), text(r" \right\rceil")]),
        ("inv", [a]) => out.extend([Node(*a, Level::Atom), text("^{-1}")]),
        ("norm2", [a]) => out.extend([text(r"\left\lVert "), Node(*a, Level::Loose), text(r" \right\rVert")]),
        ("norm1", [a]) => out.extend([text(r"\left\lVert "), Node(*a, Level::Loose), text(r" \right\rVert_{1}")]),
        ("det", [a]) => out.extend([text(r"\det"), text(r"\left("), Node(*a, Level::Loose), text(r"\right)")]),
        ("logdet", [a]) => out.extend([text(r"\ln \det"), text(r"\left("), Node(*a, Level::Loose), text(r"\right)")]),
        ("eye", [n]) => out.extend([text("I_{"), Node(*n, Level::Loose), text("}")]),
        ("ones" | "zeros", [n]) => {
            let digit = if name == "ones" { "1" } else { "0" };
            out.extend([text(format!(r"\mathbf{{{digit}}}_{{")), Node(*n, Level::Loose), text("}")]);
        }
        ("ones" | "zeros", [n, m]) => {
            let digit = if name == "ones" { "1" } else { "0" };
            out.extend([text(format!(r"\mathbf{{{digit}}}_{{")), Node(*n, Level::Loose), text(r" \times ")]);
            out.extend([Node(*m, Level::Loose), text("}")]);
        }
        ("stack" | "join", parts) => {
            out.push(text(r"\begin{bmatrix} "));
            for (position, part) in parts.iter().enumerate() {
                out.extend((position > 0).then(|| text(if name == "stack" { r" \\ " } else { " & " })));
                out.push(Node(*part, Level::Loose));
            }
            out.push(text(r" \end{bmatrix}"));
        }
        ("polygamma", [order, a]) => {
            out.extend([text(r"\psi^{("), Node(*order, Level::Loose), text(")}")]);
            argument(*a, out);
        }
        _ => {
            out.push(text(function(name)));
            out.push(text(r"\left("));
            for (position, argument) in arguments.iter().enumerate() {
                out.extend((position > 0).then(|| text(", ")));
                // A list of entries is written as such, not as a column.
                match ast.get(*argument) {
                    E::List(entries) => {
                        for (position, entry) in entries.iter().enumerate() {
                            out.extend((position > 0).then(|| text(", ")));
                            out.push(Node(*entry, Level::Loose));
                        }
                    }
                    _ => out.push(Node(*argument, Level::Loose)),
                }
            }
            out.push(text(r"\right)"));
        }
    }
}

fn function(name: &str) -> String {
    match functions::find(name) {
        Some(function) if !function.row().latex.is_empty() => function.row().latex.to_string(),
        _ => format!(r"\operatorname{{{}}}", name.replace('_', r"\_")),
    }
}

fn starts_with_digit(ast: &Ast, id: NodeId) -> bool {
    let mut id = id;
    loop {
        match ast.get(id) {
            E::Number(_) => return true,
            E::Binary(B::Multiply | B::Power | B::ElementPower, a, _) => id = *a,
            _ => return false,
        }
    }
}

fn scientific(number: &str) -> String {
    match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.trim_start_matches('+');
            format!(r"{mantissa} \cdot 10^{{{exponent}}}")
        }
        None => number.to_string(),
    }
}

/// Writes a name: Greek letters by their command, digits at the end and words after `_` as a subscript.
pub fn symbol(name: &str) -> String {
    const GREEK: &[&str] = &[
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
        "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ];
    if let Some(of) = name.strip_prefix(DIFFERENTIAL) {
        return format!(r"\partial {}", symbol(of));
    }
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (stem, subscript) = match name.split_once('_') {
        Some((stem, rest)) if !stem.is_empty() => (stem, rest),
        _ if digits.len() < name.len() && !digits.is_empty() => name.split_at(digits.len()),
        _ => (name, ""),
    };
    let escape = |text: &str| text.replace('_', r"\_");
    let greek = crate::syntax::greek_name(stem);
    let stem = match greek.unwrap_or(stem) {
        greek if GREEK.contains(&greek) => format!(r"\{greek}"),
        short if short.chars().count() == 1 && short != "_" => short.to_string(),
        long => format!(r"\mathit{{{}}}", escape(long)),
    };
    match subscript {
        "" => stem,
        short if short.chars().count() == 1 || short.chars().all(|c| c.is_ascii_digit()) => {
            format!("{stem}_{{{}}}", escape(short))
        }
        long => format!(r"{stem}_{{\mathit{{{}}}}}", escape(long)),
    }
}
