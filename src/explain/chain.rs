//! The chain rule from the outside in: one gate a step, upstream times local derivative.
//!
//! What is known of the derivative is a sum of terms, each a product of factors times the derivative of an expression
//! that is still to be worked out. The outermost such expression is taken next. Where several branches lead to it,
//! their factors are added first, so every gate is taken once, as in reverse mode.

use super::reason::{Reason, local_rule};
use crate::diff::{Differentiator, Result};
use crate::graph::{ExprId, Graph, Node, Rational};
use rustc_hash::FxHashSet;

/// Factors times the derivative of an expression; without one, the term is worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What the derivative is multiplied by, outermost first; nothing stands for 1.
    pub factors: Vec<ExprId>,
    /// The expression whose derivative is still to be formed.
    pub inner: Option<ExprId>,
}

/// What is known of the derivative after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainStep {
    /// The terms, which add up.
    pub terms: Vec<Term>,
    /// The rule that was used.
    pub reason: Reason,
}

/// Forms the derivative of an expression by an input step by step; returns the steps and the derivative.
///
/// # Errors
/// A function without a derivative.
pub fn chain_rule(
    graph: &mut Graph,
    differentiator: &mut Differentiator,
    value: ExprId,
    by: ExprId,
) -> Result<(Vec<ChainStep>, ExprId)> {
    let active = active(graph, value, by);
    let mut terms = Vec::new();
    descend(graph, &active, Vec::new(), value, by, &mut terms);
    let mut steps = Vec::new();
    while let Some(gate) = terms.iter().filter_map(|term| term.inner).max() {
        // What was multiplied out in the last step is one factor in this one.
        for term in &mut terms {
            term.factors = joined(graph, &term.factors).into_iter().collect();
        }
        let upstream: Vec<Vec<ExprId>> =
            terms.iter().filter(|term| term.inner == Some(gate)).map(|term| term.factors.clone()).collect();
        let branches = upstream.len();
        let upstream = match upstream.as_slice() {
            [only] => only.clone(),
            many => {
                let one = graph.number(Rational::ONE);
                let branches = many.iter().map(|factors| (factors.first().copied().unwrap_or(one), Rational::ONE));
                let branches = branches.collect();
                vec![graph.sum(Rational::ZERO, branches)]
            }
        };
        let mut new = Vec::new();
        let mut drops = false;
        for (operand, partial) in differentiator.partials(graph, gate, |operand| active.contains(&operand))? {
            let factors: Vec<ExprId> = upstream.iter().copied().chain([partial]).collect();
            drops |= descend(graph, &active, factors, operand, by, &mut new);
        }
        let at = terms.iter().position(|term| term.inner == Some(gate)).unwrap_or_default();
        terms.retain(|term| term.inner != Some(gate));
        terms.splice(at..at, new);
        let mut reason = local_rule(graph, differentiator, gate, by, |operand| active.contains(&operand));
        if drops {
            reason.phrase += ", sum rule";
        }
        if branches > 1 {
            reason.phrase = format!("branches add, {}", reason.phrase);
        }
        steps.push(ChainStep { terms: terms.clone(), reason });
    }
    let products = terms.iter().map(|term| {
        let product = joined(graph, &term.factors);
        (product.unwrap_or_else(|| graph.number(Rational::ONE)), Rational::ONE)
    });
    let products = products.collect();
    let derivative = graph.sum(Rational::ZERO, products);
    Ok((steps, derivative))
}

/// Multiplies factors to one; none stand for 1.
fn joined(graph: &mut Graph, factors: &[ExprId]) -> Option<ExprId> {
    let product = match factors {
        [] => return None,
        [only] => *only,
        many => graph.product(Rational::ONE, many.iter().map(|factor| (*factor, Rational::ONE)).collect()),
    };
    (!graph.is_integer(product, 1)).then_some(product)
}

/// Adds the term `factors · d(operand)`, having gone through what takes no rule of its own: the input itself, and sums
/// with one term that depends on it. Tells whether other terms of such a sum were dropped.
fn descend(
    graph: &mut Graph,
    active: &FxHashSet<ExprId>,
    mut factors: Vec<ExprId>,
    mut operand: ExprId,
    by: ExprId,
    out: &mut Vec<Term>,
) -> bool {
    let mut drops = false;
    while let Node::Sum(constant, terms) = graph.node(operand).clone() {
        let mut varying = terms.iter().filter(|(id, _)| active.contains(id));
        let (Some((inner, coefficient)), None) = (varying.next(), varying.next()) else { break };
        if !coefficient.is_one() {
            factors.push(graph.number(coefficient.clone()));
        }
        drops |= !constant.is_zero() || terms.len() > 1;
        operand = *inner;
    }
    if factors.iter().any(|factor| graph.is_integer(*factor, 0)) {
        return drops;
    }
    factors.retain(|factor| !graph.is_integer(*factor, 1));
    match active.contains(&operand) {
        true => out.push(Term { factors, inner: (operand != by).then_some(operand) }),
        false => drops = false,
    }
    drops
}

/// Returns the nodes that depend on an input.
fn active(graph: &Graph, value: ExprId, by: ExprId) -> FxHashSet<ExprId> {
    let mut active = FxHashSet::from_iter([by]);
    for id in graph.reachable(&[value]) {
        let mut depends = false;
        graph.node(id).for_each_operand(|operand| depends |= active.contains(&operand));
        if depends {
            active.insert(id);
        }
    }
    active
}
