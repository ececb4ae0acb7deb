//! The chain rule from the outside in: one gate a step, upstream times local derivative.
//!
//! What is known of the derivative is an expression in derivatives that are still to be worked out. The outermost of
//! these is taken next, wherever it stands. Where that would make the expression long, branches are added first, as in
//! reverse mode.

use super::reason::{Reason, local_rule};
use crate::diff::{Differentiator, Result};
use crate::graph::{ExprId, Graph, Node, Rational, Term};
use rustc_hash::FxHashSet;

/// Most terms of a line before branches are added.
const LONGEST: usize = 12;

/// What is known of a derivative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The derivative is 1.
    One,
    /// The derivative of an expression, to be worked out.
    Open(ExprId),
    /// Factors times a derivative.
    Times(Vec<ExprId>, Box<Known>),
    /// A sum of derivatives.
    Sum(Vec<Known>),
}

/// What is known after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainStep {
    /// The derivative, as far as it is worked out.
    pub known: Known,
    /// The rule that was used.
    pub reason: Reason,
}

/// The derivative of an expression by an input, step by step.
pub struct Chain {
    /// The steps.
    pub steps: Vec<ChainStep>,
    /// What they lead to.
    pub derivative: ExprId,
}

/// Counts the gates that depend on an input: a chain has at most so many steps.
pub fn gates(graph: &Graph, value: ExprId, by: ExprId) -> usize {
    active(graph, value, by).len() - 1
}

/// Forms the derivative of an expression by an input step by step.
///
/// # Errors
/// A function without a derivative.
pub fn chain_rule(graph: &mut Graph, differentiator: &mut Differentiator, value: ExprId, by: ExprId) -> Result<Chain> {
    let active = active(graph, value, by);
    let (mut known, _) = descend(graph, &active, Vec::new(), value, by);
    let mut steps = Vec::new();
    while let Some(gate) = known.outermost(graph) {
        known = known.settled(graph);
        let mut also = Vec::new();
        if known.count() > LONGEST {
            known = known.with_branches_added(graph);
            also.push("branches add");
        }
        let mut local = Vec::new();
        let mut drops = false;
        for (operand, partial) in differentiator.partials(graph, gate, |operand| active.contains(&operand))? {
            let (term, dropped) = descend(graph, &active, vec![partial], operand, by);
            drops |= dropped;
            local.extend(Some(term).filter(|term| *term != Known::Sum(Vec::new())));
        }
        let local = if local.len() == 1 { local.remove(0) } else { Known::Sum(local) };
        known = known.replaced(gate, &local);
        if drops {
            also.push("sum rule");
        }
        let mut reason = local_rule(graph, differentiator, gate, by, |operand| active.contains(&operand));
        reason.also.extend(also);
        steps.push(ChainStep { known: known.clone(), reason });
    }
    let derivative = known.value(graph).unwrap_or_else(|| graph.number(Rational::ONE));
    Ok(Chain { steps, derivative })
}

impl Known {
    /// Returns the first expression whose derivative is to be worked out and that is not a part of another such one.
    fn outermost(&self, graph: &Graph) -> Option<ExprId> {
        let mut open = Vec::new();
        self.list_open(&mut open);
        let below = |outer: &ExprId, inner: ExprId| *outer != inner && graph.reachable(&[*outer]).contains(&inner);
        open.iter().copied().find(|inner| !open.iter().any(|outer| below(outer, *inner)))
    }

    fn list_open(&self, out: &mut Vec<ExprId>) {
        match self {
            Known::One => {}
            Known::Open(id) => out.push(*id),
            Known::Times(_, inner) => inner.list_open(out),
            Known::Sum(terms) => terms.iter().for_each(|term| term.list_open(out)),
        }
    }

    /// Counts the terms when everything is multiplied out.
    fn count(&self) -> usize {
        match self {
            Known::One | Known::Open(_) => 1,
            Known::Times(_, inner) => inner.count(),
            Known::Sum(terms) => terms.iter().map(Known::count).sum(),
        }
    }

    /// Puts what is known of the derivative of a gate into its place.
    fn replaced(self, gate: ExprId, local: &Known) -> Known {
        match self {
            Known::Open(id) if id == gate => local.clone(),
            Known::Times(factors, inner) => times(factors, inner.replaced(gate, local)),
            Known::Sum(terms) => Known::Sum(terms.into_iter().map(|term| term.replaced(gate, local)).collect()),
            other => other,
        }
    }

    /// Multiplies factors together, so that the factors of a step are seen in that step only.
    fn settled(self, graph: &mut Graph) -> Known {
        match self {
            Known::Times(factors, inner) => {
                let inner = inner.settled(graph);
                let product = multiplied(graph, &factors);
                times(product.into_iter().collect(), inner)
            }
            Known::Sum(terms) => {
                if let Some(value) = Known::Sum(terms.clone()).value(graph) {
                    return times(vec![value], Known::One);
                }
                Known::Sum(terms.into_iter().map(|term| term.settled(graph)).collect())
            }
            other => other,
        }
    }

    /// Returns the value of a derivative that is worked out; none if it is not.
    fn value(&self, graph: &mut Graph) -> Option<ExprId> {
        match self {
            Known::One => Some(graph.number(Rational::ONE)),
            Known::Open(_) => None,
            Known::Times(factors, inner) => {
                let inner = inner.value(graph)?;
                let factors: Vec<ExprId> = factors.iter().copied().chain([inner]).collect();
                Some(multiplied(graph, &factors).unwrap_or_else(|| graph.number(Rational::ONE)))
            }
            Known::Sum(terms) => {
                let terms: Option<Vec<_>> =
                    terms.iter().map(|term| Some((term.value(graph)?, Rational::ONE))).collect();
                Some(graph.sum(Rational::ZERO, terms?))
            }
        }
    }

    /// Multiplies out, and adds the factors of each derivative.
    fn with_branches_added(self, graph: &mut Graph) -> Known {
        let mut branches = Vec::new();
        self.collect(Vec::new(), &mut branches);
        let mut merged: Vec<(Option<ExprId>, Vec<Term>)> = Vec::new();
        for (factors, inner) in branches {
            let product = multiplied(graph, &factors).unwrap_or_else(|| graph.number(Rational::ONE));
            match merged.iter_mut().find(|(own, _)| *own == inner) {
                Some((_, sum)) => sum.push((product, Rational::ONE)),
                None => merged.push((inner, vec![(product, Rational::ONE)])),
            }
        }
        let mut terms = Vec::new();
        for (inner, sum) in merged {
            let factor = graph.sum(Rational::ZERO, sum);
            terms.push(times(vec![factor], inner.map_or(Known::One, Known::Open)));
        }
        if terms.len() == 1 { terms.remove(0) } else { Known::Sum(terms) }
    }

    fn collect(self, mut factors: Vec<ExprId>, out: &mut Vec<(Vec<ExprId>, Option<ExprId>)>) {
        match self {
            Known::One => out.push((factors, None)),
            Known::Open(id) => out.push((factors, Some(id))),
            Known::Times(more, inner) => {
                factors.extend(more);
                inner.collect(factors, out);
            }
            Known::Sum(terms) => terms.into_iter().for_each(|term| term.collect(factors.clone(), out)),
        }
    }
}

/// Makes a product, taking products inside apart.
fn times(mut factors: Vec<ExprId>, inner: Known) -> Known {
    match inner {
        Known::Times(more, inner) => {
            factors.extend(more);
            Known::Times(factors, inner)
        }
        inner if factors.is_empty() => inner,
        inner => Known::Times(factors, Box::new(inner)),
    }
}

/// Multiplies factors to one; none stand for 1.
fn multiplied(graph: &mut Graph, factors: &[ExprId]) -> Option<ExprId> {
    let product = match factors {
        [] => return None,
        [only] => *only,
        many => graph.product(Rational::ONE, many.iter().map(|factor| (*factor, Rational::ONE)).collect()),
    };
    (!graph.is_integer(product, 1)).then_some(product)
}

/// Makes `factors · d(operand)`, having gone through what takes no rule of its own: the input itself, and sums with one
/// term that depends on it. Tells whether other terms of such a sum were dropped.
fn descend(
    graph: &mut Graph,
    active: &FxHashSet<ExprId>,
    mut factors: Vec<ExprId>,
    mut operand: ExprId,
    by: ExprId,
) -> (Known, bool) {
    let mut drops = false;
    while let Node::Sum(constant, terms) = graph.node(operand).clone() {
        let mut varying = terms.iter().filter(|(id, _)| active.contains(id));
        let (Some((inner, coefficient)), None) = (varying.next(), varying.next()) else { break };
        factors.push(graph.number(coefficient.clone()));
        drops |= !constant.is_zero() || terms.len() > 1;
        operand = *inner;
    }
    if factors.iter().any(|factor| graph.is_integer(*factor, 0)) || !active.contains(&operand) {
        return (Known::Sum(Vec::new()), false);
    }
    factors.retain(|factor| !graph.is_integer(*factor, 1));
    let inner = if operand == by { Known::One } else { Known::Open(operand) };
    (times(factors, inner), drops)
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
