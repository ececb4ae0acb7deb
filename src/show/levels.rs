//! How tightly expressions bind when they are typeset, and the walk that puts parentheses where they are needed.

use super::lines::{Line, Sign};
use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, NodeId, UnaryOperator as U};

/// How tightly an expression binds; larger is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever it is.
    Loose,
    /// A term of a sum, with its sign.
    Additive,
    /// A product.
    Multiplicative,
    /// A factor; a fraction holds together like one sign.
    Signed,
    /// A power.
    Power,
    /// Something that takes an exponent.
    Atom,
}

/// What is to be written: text, or an expression that binds at least so tightly.
pub enum Piece {
    /// Text.
    Text(String),
    /// An expression.
    Node(NodeId, Level),
}

/// Returns how tightly an expression binds.
fn level(ast: &Ast, id: NodeId) -> Level {
    match ast.get(id) {
        E::Binary(B::Divide, a, _) if is_signed(ast, *a) => Level::Additive,
        E::Binary(B::Multiply | B::ElementMultiply | B::ElementDivide, a, _) if begins_with_sign(ast, *a) => {
            Level::Additive
        }
        E::Binary(B::Add | B::Subtract, ..) | E::Unary(U::Negate, _) => Level::Additive,
        E::Binary(B::Multiply | B::ElementMultiply | B::ElementDivide | B::Remainder, ..) | E::Fold(..) => {
            Level::Multiplicative
        }
        E::Binary(B::Divide, ..) => Level::Signed,
        E::Binary(B::Power | B::ElementPower, ..) | E::Unary(U::Transpose, _) => Level::Power,
        E::Binary(..) | E::Unary(U::Not, _) => Level::Loose,
        // These end in an exponent.
        E::Call(name, _)
            if matches!(name.text.as_str(), "inv" | "exp" | "polygamma") || name.text.ends_with("_derivative") =>
        {
            Level::Power
        }
        E::Number(text) if text.contains(['e', 'E']) => Level::Multiplicative,
        _ => Level::Atom,
    }
}

/// Tells whether an expression is a product, or a single factor, with a minus sign before it.
pub fn is_signed(ast: &Ast, mut id: NodeId) -> bool {
    while let E::Binary(B::Multiply, a, _) = ast.get(id) {
        id = *a;
    }
    matches!(ast.get(id), E::Unary(U::Negate, _))
}

/// Tells whether a minus sign stands before an expression without parentheses: before its first factor, however that is
/// multiplied.
pub fn begins_with_sign(ast: &Ast, mut id: NodeId) -> bool {
    while let E::Binary(B::Multiply | B::ElementMultiply | B::ElementDivide, a, _) = ast.get(id) {
        id = *a;
    }
    matches!(ast.get(id), E::Unary(U::Negate, _))
        || matches!(ast.get(id), E::Binary(B::Divide, a, _) if is_signed(ast, *a))
}

/// Returns how tightly the left operand of a product has to bind: a sign before it needs no parentheses.
pub fn left_of_product(ast: &Ast, operand: NodeId) -> Level {
    if begins_with_sign(ast, operand) { Level::Additive } else { Level::Multiplicative }
}

/// As [`left_of_product`], before a factor that follows without a sign: readers take `q b` together in `d ⊘ q b`.
pub fn left_of_matrix_product(ast: &Ast, operand: NodeId) -> Level {
    let is_entrywise = |id: NodeId| matches!(ast.get(id), E::Binary(B::ElementMultiply | B::ElementDivide, ..));
    match ast.get(operand) {
        E::Unary(U::Negate, inner) if is_entrywise(*inner) => Level::Signed,
        _ if is_entrywise(operand) => Level::Signed,
        _ => left_of_product(ast, operand),
    }
}

/// Tells of each expression whether it is higher than a line of text.
pub fn tall(ast: &Ast) -> Vec<bool> {
    let mut tall: Vec<bool> = Vec::with_capacity(ast.len());
    for index in 0..ast.len() {
        let own = match ast.get(NodeId(index as u32)) {
            E::Binary(B::Divide, ..) | E::If(..) | E::List(_) | E::Fold(..) | E::Map(..) | E::Recurrence(..) => true,
            E::Binary(B::Power | B::ElementPower, base, _) => tall[base.index()],
            E::Call(name, _) if name.text == "exp" => false,
            E::Call(name, _) if matches!(name.text.as_str(), "diff" | "stack" | "join") => true,
            other => {
                let mut any = false;
                other.for_each_child(|child| any |= tall[child.index()]);
                any
            }
        };
        tall.push(own);
    }
    tall
}

/// Returns the factors of a product without the sign of the first one, each with how tightly it has to bind.
pub fn unsigned_factors(ast: &Ast, mut id: NodeId) -> Vec<(NodeId, Level)> {
    let mut factors = Vec::new();
    while let E::Binary(B::Multiply, a, b) = ast.get(id) {
        factors.push((*b, Level::Signed));
        id = *a;
    }
    if let E::Unary(U::Negate, a) = ast.get(id) {
        factors.push((*a, if factors.is_empty() { Level::Loose } else { Level::Multiplicative }));
    }
    factors.reverse();
    factors
}

/// Returns the pieces of a line, given what is written for the sign before a part.
pub fn of_line(line: &Line, sign: impl Fn(Sign, usize, NodeId) -> String) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, (own, part)) in line.parts.iter().enumerate() {
        let level = match own {
            Sign::None => Level::Loose,
            Sign::Leading | Sign::Plus | Sign::Minus => Level::Multiplicative,
            Sign::Times => Level::Signed,
        };
        pieces.extend([Piece::Text(sign(*own, at, *part)), Piece::Node(*part, level)]);
    }
    pieces
}

/// Writes pieces, expressions that bind too loosely in the parentheses that are given for them; `expand` adds the pieces
/// of an expression.
pub fn written(
    ast: &Ast,
    pieces: Vec<Piece>,
    parentheses: impl Fn(NodeId) -> [&'static str; 2],
    mut expand: impl FnMut(NodeId, &mut Vec<Piece>),
) -> String {
    let mut out = String::new();
    let mut inside = Vec::new();
    let mut stack = pieces;
    stack.reverse();
    while let Some(piece) = stack.pop() {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Node(id, least) => {
                if level(ast, id) < least {
                    let [open, close] = parentheses(id);
                    out.push_str(open);
                    stack.push(Piece::Text(close.to_string()));
                }
                expand(id, &mut inside);
                stack.extend(inside.drain(..).rev());
            }
        }
    }
    out
}

/// Returns the last value of an index whose range ends before `to`: an expression and what is taken from it, or a number.
pub fn last_value(ast: &Ast, to: NodeId) -> (Option<NodeId>, i64) {
    let number = |id: NodeId| match ast.get(id) {
        E::Number(text) => text.parse::<i64>().ok(),
        _ => None,
    };
    match ast.get(to) {
        E::Binary(B::Subtract, left, right) => number(*right).map_or((Some(to), -1), |right| (Some(*left), -right - 1)),
        E::Binary(B::Add, left, right) => number(*right).map_or((Some(to), -1), |right| (Some(*left), right - 1)),
        _ => number(to).map_or((Some(to), -1), |number| (None, number - 1)),
    }
}
