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
        E::Binary(B::Multiply | B::Divide, a, _) if is_signed(ast, *a) => Level::Additive,
        E::Binary(B::Add | B::Subtract, ..) | E::Unary(U::Negate, _) => Level::Additive,
        E::Binary(B::Multiply | B::ElementMultiply | B::ElementDivide, ..) | E::Fold(..) => Level::Multiplicative,
        E::Binary(B::Divide, ..) => Level::Signed,
        E::Binary(B::Power | B::ElementPower, ..) | E::Unary(U::Transpose, _) => Level::Power,
        E::Binary(..) | E::Unary(U::Not, _) => Level::Loose,
        // These end in an exponent.
        E::Call(name, _) if matches!(name.text.as_str(), "inv" | "exp" | "polygamma") => Level::Power,
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

/// Writes pieces, expressions that bind too loosely in parentheses; `expand` adds the pieces of an expression.
pub fn written(
    ast: &Ast,
    pieces: Vec<Piece>,
    [open, close]: [&str; 2],
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
