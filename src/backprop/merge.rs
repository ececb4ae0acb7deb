//! Subexpressions that are drawn as one gate on request: the same function has several circuits, and the one whose
//! local gradients are easily written down is the better picture.

use crate::functions::rows;
use crate::graph::{ExprId, Graph, Node, Rational, Shares};

/// A subexpression that can be one gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Merge {
    /// `1/(1 + exp(-x))` and `exp(x)/(1 + exp(x))`.
    Sigmoid,
    /// `exp(x[k])/(exp(x[0]) + ... + exp(x[n-1]))`.
    Softmax,
    /// `ln(exp(x[0]) + ... + exp(x[n-1]))`.
    LogSumExp,
    /// `sqrt(x[0]^2 + ... + x[n-1]^2)`.
    Norm,
}

/// What a merged gate computes of its operands.
pub enum Shape {
    /// The sigmoid of the operand, or of its negative.
    Sigmoid { negated: bool },
    /// An entry of the softmax of the operands.
    Softmax { entry: usize },
    /// The logarithm of the sum of exponentials.
    LogSumExp,
    /// The square root of the sum of squares.
    Norm,
}

/// A subexpression that is drawn as one gate.
pub struct Merged {
    /// The gate's name.
    pub name: String,
    /// What it computes.
    pub shape: Shape,
    /// What it computes it from.
    pub operands: Vec<ExprId>,
}

impl Merge {
    /// Recognises the subexpression that ends in a node, if all its operands depend on some parameter.
    pub fn find(self, graph: &Graph, id: ExprId, depends: &[bool]) -> Option<Merged> {
        let (name, shape, operands) = match self {
            Merge::Sigmoid => {
                let (shape, operand) = sigmoid(graph, id)?;
                ("sigmoid", shape, vec![operand])
            }
            Merge::Softmax => {
                let (entry, operands) = softmax(graph, id)?;
                ("softmax", Shape::Softmax { entry }, operands)
            }
            Merge::LogSumExp => ("logsumexp", Shape::LogSumExp, log_sum_exp(graph, id)?),
            Merge::Norm => ("norm2", Shape::Norm, norm(graph, id)?),
        };
        let all_depend = operands.iter().all(|operand| depends[operand.index()]);
        all_depend.then(|| Merged { name: name.to_string(), shape, operands })
    }
}

/// Returns the base of a reciprocal.
fn reciprocal(graph: &Graph, id: ExprId) -> Option<ExprId> {
    match graph.node(id) {
        Node::Product(factors) => match &factors[..] {
            [(base, exponent)] if exponent.is_minus_one() => Some(*base),
            [(one, _), (base, exponent)] if graph.is_integer(*one, 1) && exponent.is_minus_one() => Some(*base),
            _ => None,
        },
        _ => None,
    }
}

/// Returns numerator and denominator of a quotient of two nodes.
fn quotient(graph: &Graph, id: ExprId) -> Option<(ExprId, ExprId)> {
    match graph.node(id) {
        Node::Product(factors) => match &factors[..] {
            [(top, one), (bottom, exponent)] if one.is_one() && exponent.is_minus_one() => Some((*top, *bottom)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the argument of an exponential.
fn exponent(graph: &Graph, id: ExprId) -> Option<ExprId> {
    match graph.node(id) {
        Node::Apply(rows::EXP, arguments) => Some(arguments[0]),
        _ => None,
    }
}

/// Returns the terms of a sum that has neither signs nor a constant of its own, through sums inside of it.
fn terms(graph: &Graph, id: ExprId) -> Option<Vec<ExprId>> {
    let mut stack = vec![id];
    let mut terms = Vec::new();
    while let Some(id) = stack.pop() {
        match graph.node(id) {
            Node::Sum(constant, pairs) if constant.is_zero() && pairs.iter().all(|(_, sign)| sign.is_one()) => {
                stack.extend(pairs.iter().rev().map(|(term, _)| *term));
            }
            Node::Sum(..) => return None,
            _ => terms.push(id),
        }
    }
    (terms.len() > 1).then_some(terms)
}

/// Returns what is added to 1.
fn one_plus(graph: &Graph, id: ExprId) -> Option<ExprId> {
    match terms(graph, id)?.as_slice() {
        [a, b] if graph.is_integer(*a, 1) => Some(*b),
        [a, b] if graph.is_integer(*b, 1) => Some(*a),
        _ => None,
    }
}

fn sigmoid(graph: &Graph, id: ExprId) -> Option<(Shape, ExprId)> {
    if let Some(below) = reciprocal(graph, id) {
        let argument = exponent(graph, one_plus(graph, below)?)?;
        return Some(match graph.node(argument) {
            Node::Sum(constant, pairs) if constant.is_zero() && pairs.len() == 1 && pairs[0].1.is_minus_one() => {
                (Shape::Sigmoid { negated: false }, pairs[0].0)
            }
            _ => (Shape::Sigmoid { negated: true }, argument),
        });
    }
    let (top, bottom) = quotient(graph, id)?;
    let argument = exponent(graph, top)?;
    (one_plus(graph, bottom)? == top).then_some((Shape::Sigmoid { negated: false }, argument))
}

fn softmax(graph: &Graph, id: ExprId) -> Option<(usize, Vec<ExprId>)> {
    if let Some((vector, Shares::OfAll)) = graph.as_shares(id) {
        return Some((0, vec![vector]));
    }
    if let Some((top, bottom)) = quotient(graph, id) {
        let own = exponent(graph, top)?;
        if graph.as_total(bottom) == Some(top) {
            return Some((0, vec![own]));
        }
        let operands: Vec<ExprId> =
            terms(graph, bottom)?.iter().map(|term| exponent(graph, *term)).collect::<Option<_>>()?;
        return Some((operands.iter().position(|operand| *operand == own)?, operands));
    }
    // `softmax(x)[k]` is read as `exp(x[k] - logsumexp(x))`.
    let Node::Sum(constant, pairs) = graph.node(exponent(graph, id)?) else { return None };
    let [(own, one), (total, sign)] = &pairs[..] else { return None };
    let Node::Apply(rows::LOGSUMEXP, operands) = graph.node(*total) else { return None };
    let found = constant.is_zero() && one.is_one() && sign.is_minus_one();
    let entry = operands.iter().position(|operand| operand == own).filter(|_| found)?;
    Some((entry, operands.to_vec()))
}

fn log_sum_exp(graph: &Graph, id: ExprId) -> Option<Vec<ExprId>> {
    match graph.node(id) {
        Node::Apply(rows::LN, arguments) => {
            if let Some(summed) = graph.as_total(arguments[0]) {
                return Some(vec![exponent(graph, summed)?]);
            }
            terms(graph, arguments[0])?.iter().map(|term| exponent(graph, *term)).collect()
        }
        _ => None,
    }
}

fn norm(graph: &Graph, id: ExprId) -> Option<Vec<ExprId>> {
    let below = match graph.node(id) {
        Node::Apply(rows::SQRT, arguments) => arguments[0],
        Node::Product(factors) => match &factors[..] {
            [(base, exponent)] if *exponent == Rational::HALF => *base,
            _ => return None,
        },
        _ => return None,
    };
    let square = |term: &ExprId| match graph.node(*term) {
        Node::Product(factors) => match &factors[..] {
            [(base, exponent)] if *exponent == Rational::integer(2) => Some(*base),
            [(a, one), (b, other)] if a == b && one.is_one() && other.is_one() => Some(*a),
            _ => None,
        },
        _ => None,
    };
    match graph.as_square(below).or_else(|| square(&graph.as_total(below)?)) {
        Some(vector) => Some(vec![vector]),
        None => terms(graph, below)?.iter().map(square).collect(),
    }
}
