//! Writes a derivative that is partly worked out: factors stay apart, signs stand between the terms.

use super::chain::Known;
use crate::graph::{ExprId, Graph, Rational};
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator, Expression, Name, NodeId, UnaryOperator};
use rustc_hash::FxHashMap;

/// What is known of a derivative, with the signs of its terms taken out.
pub struct Signed {
    terms: Vec<Term>,
}

/// A term of a sum: factors times the derivative of an expression or a sum.
struct Term {
    negative: bool,
    factors: Vec<ExprId>,
    open: Option<ExprId>,
    sum: Option<Signed>,
}

impl Signed {
    /// Takes the sign of each term out of its first factor.
    pub fn new(graph: &mut Graph, known: &Known) -> Signed {
        match known {
            Known::Sum(terms) => {
                Signed { terms: terms.iter().flat_map(|term| Signed::new(graph, term).terms).collect() }
            }
            Known::One => Signed { terms: vec![Term { negative: false, factors: Vec::new(), open: None, sum: None }] },
            Known::Open(id) => {
                Signed { terms: vec![Term { negative: false, factors: Vec::new(), open: Some(*id), sum: None }] }
            }
            Known::Times(factors, inner) => {
                let mut factors = factors.clone();
                let mut negative = false;
                if let Some(first) = factors.first_mut()
                    && (graph.as_multiple(*first).0.is_negative()
                        || graph.as_number(*first).is_some_and(Rational::is_negative))
                {
                    negative = true;
                    *first = graph.scale(Rational::MINUS_ONE, *first);
                }
                let (open, sum) = match &**inner {
                    Known::Open(id) => (Some(*id), None),
                    Known::Sum(_) => (None, Some(Signed::new(graph, inner))),
                    _ => (None, None),
                };
                // A factor of 1 is written only where nothing else is.
                if factors.len() > 1 || open.is_some() || sum.is_some() {
                    factors.retain(|factor| !graph.is_integer(*factor, 1));
                }
                Signed { terms: vec![Term { negative, factors, open, sum }] }
            }
        }
    }

    /// Lists the expressions that are written.
    pub fn roots(&self, out: &mut Vec<ExprId>) {
        for term in &self.terms {
            out.extend(term.factors.iter().copied().chain(term.open));
            term.sum.iter().for_each(|sum| sum.roots(out));
        }
    }

    /// Writes the sum, `nodes` being the written expressions.
    pub fn write(&self, ast: &mut Ast, nodes: &FxHashMap<ExprId, NodeId>, by: ExprId) -> NodeId {
        let mut whole: Option<NodeId> = None;
        for term in &self.terms {
            let product = term.write(ast, nodes, by);
            whole = Some(match (whole, term.negative) {
                (None, false) => product,
                (None, true) => negated(ast, product),
                (Some(sum), false) => ast.synthesize(Expression::Binary(BinaryOperator::Add, sum, product)),
                (Some(sum), true) => ast.synthesize(Expression::Binary(BinaryOperator::Subtract, sum, product)),
            });
        }
        whole.unwrap_or_else(|| ast.synthesize(Expression::Number("0".to_string())))
    }
}

impl Term {
    fn write(&self, ast: &mut Ast, nodes: &FxHashMap<ExprId, NodeId>, by: ExprId) -> NodeId {
        let mut factors: Vec<NodeId> = self.factors.iter().map(|factor| nodes[factor]).collect();
        if let Some(open) = self.open {
            let name = Name { text: "diff".to_string(), span: Span::default() };
            factors.push(ast.synthesize(Expression::Call(name, vec![nodes[&open], nodes[&by]])));
        }
        if let Some(sum) = &self.sum {
            factors.push(sum.write(ast, nodes, by));
        }
        let multiply =
            |product, factor: &NodeId| ast.synthesize(Expression::Binary(BinaryOperator::Multiply, product, *factor));
        match factors.split_first() {
            Some((first, rest)) => rest.iter().fold(*first, multiply),
            None => ast.synthesize(Expression::Number("1".to_string())),
        }
    }
}

/// Puts a sign before the first factor of a product.
fn negated(ast: &mut Ast, id: NodeId) -> NodeId {
    match ast.get(id).clone() {
        Expression::Binary(operator @ (BinaryOperator::Multiply | BinaryOperator::Divide), a, b) => {
            let a = negated(ast, a);
            ast.synthesize(Expression::Binary(operator, a, b))
        }
        _ => ast.synthesize(Expression::Unary(UnaryOperator::Negate, id)),
    }
}
