//! Syntax tree to MathML Core and Typst. What differs between the two is a table of marks, a [`Dialect`].

use super::dialect::Dialect;
use super::levels::{
    Level, Piece, is_signed, left_of_matrix_product, left_of_product, of_line, tall, unsigned_factors, written,
};
use super::lines::{Line, Sign};
use super::naming::DIFFERENTIAL;
use crate::functions;
use crate::syntax::ast::{
    Ast, BinaryOperator as B, Expression as E, Index, NodeId, Ranges, Recurrence, UnaryOperator as U,
};

/// Typesets an expression.
pub fn typeset(ast: &Ast, root: NodeId, dialect: &Dialect) -> String {
    pieces_written(ast, vec![Piece::Node(root, Level::Loose)], dialect)
}

/// Typesets a line of a broken expression.
pub fn line(ast: &Ast, line: &Line, dialect: &Dialect) -> String {
    let parts = of_line(line, |sign, at, part| match sign {
        Sign::None | Sign::Leading => String::new(),
        Sign::Plus => (dialect.operator)("+"),
        Sign::Minus => (dialect.operator)("-"),
        Sign::Times if at == 0 => (dialect.operator)("⋅"),
        Sign::Times => between(ast, None, part, dialect),
    });
    pieces_written(ast, parts, dialect)
}

fn pieces_written(ast: &Ast, pieces: Vec<Piece>, dialect: &Dialect) -> String {
    let tall = tall(ast);
    let parentheses = |id: NodeId| dialect.parentheses[usize::from(tall[id.index()])];
    written(ast, pieces, parentheses, |id, out| Walk { ast, dialect, tall: &tall, out }.expression(id))
}

/// Writes a name: Greek letters, and digits at its end or words after `_` as an index.
pub fn symbol(name: &str, dialect: &Dialect) -> String {
    if let Some(of) = name.strip_prefix(DIFFERENTIAL) {
        return format!("{}{}", (dialect.operator)("∂"), symbol(of, dialect));
    }
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (stem, index) = match name.split_once('_') {
        Some((stem, rest)) if !stem.is_empty() && !rest.is_empty() => (stem, rest),
        _ if digits.len() < name.len() && !digits.is_empty() => name.split_at(digits.len()),
        _ => (name, ""),
    };
    let stem = (dialect.word)(&crate::syntax::greek_letter(stem).map_or(stem.to_string(), |c| c.to_string()), false);
    if index.is_empty() {
        return stem;
    }
    let index = match index.chars().all(|c| c.is_ascii_digit()) {
        true => (dialect.number)(index),
        false => (dialect.word)(index, false),
    };
    let [open, between, close] = dialect.subscript;
    format!("{open}{stem}{between}{index}{close}")
}

/// Functions that are written without their names.
const UNNAMED: &[&str] =
    &["sqrt", "cbrt", "abs", "norm2", "floor", "ceil", "inv", "exp", "stack", "diff", "sigmoid", "gamma"];

/// What stands between a factor and the one after it. A word, and a function's name, keep away from their neighbours.
fn between(ast: &Ast, before: Option<NodeId>, factor: NodeId, dialect: &Dialect) -> String {
    let apart = match ast.get(factor) {
        E::Number(_) => return (dialect.operator)("⋅"),
        E::Call(name, _) => !UNNAMED.contains(&name.text.as_str()),
        _ => is_word(ast, factor),
    };
    let last = before.map(|mut before| {
        while let E::Binary(B::Multiply, _, last) = ast.get(before) {
            before = *last;
        }
        before
    });
    match apart || last.is_some_and(|last| is_word(ast, last)) {
        true => dialect.products[0].to_string() + dialect.gap,
        false => dialect.products[0].to_string(),
    }
}

/// Tells whether an expression is a name of several letters, with whatever stands above or below its end.
fn is_word(ast: &Ast, mut id: NodeId) -> bool {
    while let E::Unary(U::Transpose, inner) | E::Index(inner, _) | E::Binary(B::Power | B::ElementPower, inner, _) =
        ast.get(id)
    {
        id = *inner;
    }
    let E::Name(name) = ast.get(id) else { return false };
    let stem = name.split('_').next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    stem.chars().count() > 1 && crate::syntax::greek_letter(stem).is_none()
}

struct Walk<'a> {
    ast: &'a Ast,
    dialect: &'a Dialect,
    /// Which expressions are higher than a line of text.
    tall: &'a [bool],
    out: &'a mut Vec<Piece>,
}

impl Walk<'_> {
    fn text(&mut self, text: impl Into<String>) {
        self.out.push(Piece::Text(text.into()));
    }

    fn node(&mut self, id: NodeId, least: Level) {
        self.out.push(Piece::Node(id, least));
    }

    fn operator(&mut self, operator: &str) {
        self.text((self.dialect.operator)(operator));
    }

    fn around(&mut self, marks: [&'static str; 2], id: NodeId, least: Level) {
        self.text(marks[0]);
        self.node(id, least);
        self.text(marks[1]);
    }

    fn pair(&mut self, marks: [&'static str; 3], (a, of_a): (NodeId, Level), (b, of_b): (NodeId, Level)) {
        self.text(marks[0]);
        self.node(a, of_a);
        self.text(marks[1]);
        self.node(b, of_b);
        self.text(marks[2]);
    }

    fn expression(&mut self, id: NodeId) {
        let (ast, dialect) = (self.ast, self.dialect);
        match ast.get(id) {
            E::Number(number) => self.number(number),
            E::Name(name) => self.text(symbol(name, dialect)),
            E::Unary(U::Negate, a) => {
                self.operator("-");
                self.node(*a, Level::Multiplicative);
            }
            E::Unary(U::Not, a) => {
                self.operator("¬");
                self.node(*a, Level::Atom);
            }
            E::Unary(U::Transpose, a) => self.around(dialect.transpose, *a, Level::Atom),
            E::Binary(operator, a, b) => self.binary(*operator, *a, *b),
            E::Call(name, arguments) => self.call(&name.text, arguments),
            E::Fold(name, Ranges { list, guard }, body) => {
                let sign = match (name.text.as_str(), dialect.comma) {
                    ("sum", ", ") => "sum",
                    ("prod", ", ") => "product",
                    ("sum", _) => "∑",
                    ("prod", _) => "∏",
                    (other, ", ") => &format!("op(\"{other}\")"),
                    (other, _) => other,
                };
                for (at, range) in list.iter().enumerate() {
                    self.text(dialect.fold[0].replace("SIGN", sign));
                    self.text(symbol(&range.index.text, dialect));
                    self.text(dialect.fold[1]);
                    self.node(range.from, Level::Loose);
                    if let Some(guard) = guard.filter(|_| at + 1 == list.len()) {
                        self.text(dialect.comma);
                        self.node(guard, Level::Loose);
                    }
                    self.text(dialect.fold[2]);
                    self.node(range.to, Level::Additive);
                    self.text(dialect.fold[3]);
                }
                self.node(*body, Level::Multiplicative);
                list.iter().for_each(|_| self.text(dialect.fold[4]));
            }
            E::Recurrence(name, recurrence) => {
                let Recurrence { range, states, next } = &**recurrence;
                self.text(dialect.subscript[0]);
                self.text((dialect.word)(&name.text, true));
                self.text(dialect.subscript[1]);
                self.text(symbol(&range.index.text, dialect));
                self.text(dialect.map[2]);
                self.node(range.from, Level::Loose);
                self.text(dialect.map[3]);
                self.node(range.to, Level::Additive);
                self.operator("-");
                self.number("1");
                self.text(dialect.subscript[2]);
                let [open, close] = dialect.parentheses[1];
                self.text(open);
                for (at, state) in states.iter().enumerate() {
                    self.text(if at > 0 { dialect.comma } else { "" });
                    self.text(symbol(&state.name.text, dialect));
                    self.operator("=");
                    self.node(state.initial, Level::Loose);
                }
                let together = if next.len() == 1 { states.len() } else { 1 };
                for (names, next) in states.chunks(together.max(1)).zip(next) {
                    for state in names {
                        self.text(dialect.comma);
                        self.text(symbol(&state.name.text, dialect));
                    }
                    self.operator("←");
                    self.node(*next, Level::Loose);
                }
                self.text(close);
            }
            E::Map(list, body) => {
                self.text(dialect.map[0]);
                self.node(*body, Level::Loose);
                self.text(dialect.map[1]);
                for (at, range) in list.iter().enumerate() {
                    self.text(if at > 0 { dialect.comma } else { "" });
                    self.text(symbol(&range.index.text, dialect));
                    self.text(dialect.map[2]);
                    self.node(range.from, Level::Loose);
                    self.text(dialect.map[3]);
                    self.node(range.to, Level::Additive);
                }
                self.text(dialect.map[4]);
            }
            E::Index(base, places) => self.index(*base, places),
            E::If(c, a, b) => {
                let [open, condition, between, otherwise, close] = dialect.cases;
                self.text(open);
                self.node(*a, Level::Loose);
                self.text(condition);
                self.node(*c, Level::Loose);
                self.text(between);
                self.node(*b, Level::Loose);
                self.text(otherwise);
                self.text(close);
            }
            E::List(entries) => self.matrix(entries),
            E::Several(values) => {
                for (at, value) in values.iter().enumerate() {
                    self.text(if at > 0 { dialect.comma } else { "" });
                    self.node(*value, Level::Loose);
                }
            }
            state if state.as_state(ast).is_some() => {
                if let Some((recurrence, name)) = state.as_state(ast) {
                    let [open, between, close] = dialect.subscript;
                    self.text(open);
                    self.node(recurrence, Level::Loose);
                    self.text(between);
                    self.text(symbol(name, dialect));
                    self.text(close);
                }
            }
            E::Block(lets, body) => {
                self.node(*body, Level::Loose);
                for (position, binding) in lets.iter().enumerate() {
                    let word = (dialect.word)("where", true);
                    self.text(if position == 0 { word } else { dialect.comma.to_string() });
                    for (at, name) in binding.names.iter().enumerate() {
                        self.text(if at > 0 { dialect.comma } else { "" });
                        self.text(symbol(&name.text, dialect));
                    }
                    self.operator("=");
                    self.node(binding.value, Level::Loose);
                }
            }
        }
    }

    fn number(&mut self, number: &str) {
        let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else {
            return self.text((self.dialect.number)(number));
        };
        self.text((self.dialect.number)(mantissa));
        self.operator("⋅");
        let [open, between, close] = self.dialect.power;
        let (ten, exponent) = ((self.dialect.number)("10"), (self.dialect.number)(exponent.trim_start_matches('+')));
        self.text(format!("{open}{ten}{between}{exponent}{close}"));
    }

    fn binary(&mut self, operator: B, a: NodeId, b: NodeId) {
        let dialect = self.dialect;
        let infix = |walk: &mut Self, sign: String, left: Level, right: Level| {
            walk.node(a, left);
            walk.text(sign);
            walk.node(b, right);
        };
        let sign = dialect.operator;
        match operator {
            B::Add => infix(self, sign("+"), Level::Additive, Level::Multiplicative),
            B::Subtract => infix(self, sign("-"), Level::Additive, Level::Multiplicative),
            B::Multiply => {
                infix(self, between(self.ast, Some(a), b, dialect), left_of_matrix_product(self.ast, a), Level::Signed);
            }
            B::ElementMultiply => infix(self, dialect.products[1].into(), left_of_product(self.ast, a), Level::Signed),
            B::ElementDivide => infix(self, dialect.products[2].into(), left_of_product(self.ast, a), Level::Signed),
            // The sign of a fraction stands before it.
            B::Divide if is_signed(self.ast, a) => {
                let [open, between, close] = dialect.fraction;
                self.operator("-");
                self.text(open);
                for (position, (factor, level)) in unsigned_factors(self.ast, a).into_iter().enumerate() {
                    if position > 0 {
                        self.text(self::between(self.ast, None, factor, dialect));
                    }
                    self.node(factor, level);
                }
                self.text(between);
                self.node(b, Level::Loose);
                self.text(close);
            }
            B::Divide => self.pair(dialect.fraction, (a, Level::Loose), (b, Level::Loose)),
            B::Power => self.pair(dialect.power, (a, Level::Atom), (b, Level::Loose)),
            B::ElementPower => self.pair(dialect.entrywise_power, (a, Level::Atom), (b, Level::Loose)),
            B::Remainder => infix(self, sign("mod"), left_of_product(self.ast, a), Level::Signed),
            B::And => infix(self, sign("∧"), Level::Additive, Level::Additive),
            B::Or => infix(self, sign("∨"), Level::Additive, Level::Additive),
            B::LessEqual => infix(self, sign("≤"), Level::Additive, Level::Additive),
            B::GreaterEqual => infix(self, sign("≥"), Level::Additive, Level::Additive),
            B::NotEqual => infix(self, sign("≠"), Level::Additive, Level::Additive),
            B::Equal => infix(self, sign("="), Level::Additive, Level::Additive),
            B::Less | B::Greater => infix(self, sign(operator.symbol()), Level::Additive, Level::Additive),
        }
    }

    fn call(&mut self, name: &str, arguments: &[NodeId]) {
        let dialect = self.dialect;
        match (name, arguments) {
            ("sqrt", [a]) => self.around(dialect.root, *a, Level::Loose),
            ("cbrt", [a]) => self.around(dialect.cube_root, *a, Level::Loose),
            ("abs", [a]) => self.around(dialect.absolute, *a, Level::Loose),
            ("norm2", [a]) => self.around(dialect.norm, *a, Level::Loose),
            ("floor", [a]) => self.around(dialect.rounded[0], *a, Level::Loose),
            ("ceil", [a]) => self.around(dialect.rounded[1], *a, Level::Loose),
            ("diff", [a, by]) => {
                let [open, between, close] = dialect.fraction;
                let partial = (dialect.operator)("∂");
                self.text(format!("{open}{partial}{between}{partial}"));
                self.node(*by, Level::Atom);
                self.text(close);
                self.around(self.parentheses(&[*a]), *a, Level::Loose);
            }
            ("eye" | "ones" | "zeros", [n]) => self.sized(name, &[*n]),
            ("ones" | "zeros", [n, m]) => self.sized(name, &[*n, *m]),
            ("inv", [a]) => self.around(dialect.inverse, *a, Level::Atom),
            ("exp", [a]) => {
                let [open, between, close] = dialect.power;
                self.text(format!("{open}{}{between}", (dialect.word)("e", false)));
                self.node(*a, Level::Loose);
                self.text(close);
            }
            ("stack", parts) => self.matrix(parts),
            _ => {
                let function = functions::find(name).map_or(name, |function| match function.row().name {
                    "sigmoid" => "σ",
                    "gamma" => "Γ",
                    own => own,
                });
                self.text((dialect.word)(function, function.chars().count() > 1));
                let [open, close] = self.parentheses(arguments);
                self.text(open);
                for (position, argument) in arguments.iter().enumerate() {
                    if position > 0 {
                        self.text(dialect.comma);
                    }
                    self.node(*argument, Level::Loose);
                }
                self.text(close);
            }
        }
    }

    /// Returns the parentheses around arguments.
    fn parentheses(&self, arguments: &[NodeId]) -> [&'static str; 2] {
        self.dialect.parentheses[usize::from(arguments.iter().any(|argument| self.tall[argument.index()]))]
    }

    /// Writes a matrix of one kind of entry: its letter, with its dimensions below.
    fn sized(&mut self, name: &str, dimensions: &[NodeId]) {
        let [open, between, close] = self.dialect.subscript;
        let letter = match name {
            "eye" => (self.dialect.word)("I", false),
            "ones" => (self.dialect.number)("𝟏"),
            _ => (self.dialect.number)("𝟎"),
        };
        self.text(format!("{open}{letter}{between}"));
        for (position, dimension) in dimensions.iter().enumerate() {
            if position > 0 {
                self.operator("×");
            }
            self.node(*dimension, if dimensions.len() > 1 { Level::Multiplicative } else { Level::Loose });
        }
        self.text(close);
    }

    fn index(&mut self, base: NodeId, places: &[Index]) {
        let [open, between, close] = self.dialect.subscript;
        self.text(open);
        self.node(base, Level::Atom);
        self.text(between);
        for (position, place) in places.iter().enumerate() {
            if position > 0 {
                self.text(self.dialect.comma);
            }
            match place {
                Index::At(at) => self.node(*at, Level::Loose),
                Index::Slice(from, to) => {
                    from.iter().for_each(|from| self.node(*from, Level::Loose));
                    self.operator(":");
                    to.iter().for_each(|to| self.node(*to, Level::Loose));
                }
            }
        }
        self.text(close);
    }

    /// Writes rows one below the other; a row that is a list has a cell for each entry.
    fn matrix(&mut self, rows: &[NodeId]) {
        let [open, cell, row, close] = self.dialect.matrix;
        self.text(open);
        for (position, entry) in rows.iter().enumerate() {
            if position > 0 {
                self.text(row);
            }
            match self.ast.get(*entry) {
                E::List(cells) => {
                    for (position, entry) in cells.iter().enumerate() {
                        if position > 0 {
                            self.text(cell);
                        }
                        self.node(*entry, Level::Loose);
                    }
                }
                _ => self.node(*entry, Level::Loose),
            }
        }
        self.text(close);
    }
}
