//! Where an expression is defined, as conditions, and which of them a simplification has made needless.
//!
//! Which points a simplification adds is found by comparing the two ends, not by recording each step: a step may take a
//! restriction away that another part of the expression still makes, and then nothing is assumed.

use super::conversion::insert;
use super::facts::{Known, Ranges};
use super::language::Classes;
use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Graph, MatrixOperation, Node, Rational};
use crate::lower::{Facts, Formulas};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

type Conditions = IndexSet<ExprId, FxBuildHasher>;

/// Returns the conditions, as nodes, under which the first expression is defined and that neither the second expression
/// nor the facts of the inputs imply, in the order in which the first expression makes them.
pub fn lost_conditions(
    graph: &mut Graph,
    formulas: &mut Formulas,
    (before, after): (&[ExprId], &[ExprId]),
    facts: &[Facts],
) -> Vec<ExprId> {
    let demanded = conditions(graph, formulas, before);
    let kept = conditions(graph, formulas, after);
    let ranges = Ranges::new(formulas).with_leaves(facts.to_vec());
    let mut judge = Judge { kept, ranges };
    let mut lost = Vec::new();
    for condition in demanded {
        if !judge.implies(graph, condition) {
            lost.push(condition);
        }
    }
    merged(graph, &mut judge, lost)
}

/// Joins `x >= 0` and `x != 0` to `x > 0`, and drops what the others imply.
fn merged(graph: &mut Graph, judge: &mut Judge, lost: Vec<ExprId>) -> Vec<ExprId> {
    let mut joined: Vec<ExprId> = Vec::new();
    for condition in &lost {
        let positive = match graph.node(*condition) {
            Node::Compare(Comparison::GreaterEqual, a, b) => Some((Comparison::NotEqual, *a, *b)),
            Node::Compare(Comparison::NotEqual, a, b) => Some((Comparison::GreaterEqual, *a, *b)),
            _ => None,
        };
        let other = positive.map(|(comparison, a, b)| (graph.compare(comparison, a, b), a, b));
        let condition = match other {
            Some((other, a, b)) if lost.contains(&other) => graph.compare(Comparison::Greater, a, b),
            _ => *condition,
        };
        if !joined.contains(&condition) {
            joined.push(condition);
        }
    }
    let all = joined.clone();
    joined.retain(|condition| {
        let others = all.iter().copied().filter(|other| other != condition).collect();
        let kept = std::mem::replace(&mut judge.kept, others);
        let implied = judge.implies(graph, *condition);
        judge.kept = kept;
        !implied
    });
    joined
}

/// Lists the conditions under which expressions are defined.
fn conditions(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Conditions {
    let mut found = Conditions::default();
    for id in graph.reachable(roots) {
        match graph.node(id).clone() {
            Node::Product(factors) => {
                for (base, exponent) in factors.iter() {
                    if !exponent.is_integer() {
                        push_sign(graph, *base, &mut found);
                    }
                    if exponent.is_negative() {
                        push_non_zero(graph, *base, &mut found);
                    }
                }
            }
            Node::Apply(function, arguments) if !function.row().domain.is_empty() => {
                if let Some(condition) = formulas.of_row(graph, function, function.row().domain, &arguments) {
                    push_parts(graph, condition, &mut found);
                }
            }
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (MatrixOperation::Inverse, [a]) => {
                    let determinant = graph.determinant(*a);
                    push_non_zero(graph, determinant, &mut found);
                }
                (MatrixOperation::LogDeterminant, [a]) => {
                    let determinant = graph.determinant(*a);
                    push_sign(graph, determinant, &mut found);
                    push_non_zero(graph, determinant, &mut found);
                }
                _ => {}
            },
            _ => {}
        }
    }
    found
}

/// Adds the parts of a condition that must all hold.
fn push_parts(graph: &mut Graph, condition: ExprId, found: &mut Conditions) {
    match graph.node(condition).clone() {
        Node::And(a, b) => {
            push_parts(graph, a, found);
            push_parts(graph, b, found);
        }
        Node::Compare(Comparison::NotEqual, a, b) if graph.is_integer(b, 0) => push_non_zero(graph, a, found),
        Node::Compare(Comparison::Greater, a, b) if graph.is_integer(b, 0) => {
            push_sign(graph, a, found);
            push_non_zero(graph, a, found);
        }
        _ => drop(found.insert(condition)),
    }
}

/// Adds `base != 0`, or the same for each factor of a product.
fn push_non_zero(graph: &mut Graph, base: ExprId, found: &mut Conditions) {
    match graph.node(graph.as_multiple(base).1).clone() {
        Node::Number(value) if !value.is_zero() => {}
        Node::Product(factors) => factors.iter().for_each(|(base, _)| push_non_zero(graph, *base, found)),
        Node::Apply(rows::ABS, arguments) => push_non_zero(graph, arguments[0], found),
        _ => {
            let base = graph.as_multiple(base).1;
            let zero = graph.number(Rational::ZERO);
            found.insert(graph.compare(Comparison::NotEqual, base, zero));
        }
    }
}

/// Adds `base >= 0`.
fn push_sign(graph: &mut Graph, base: ExprId, found: &mut Conditions) {
    let (coefficient, rest) = graph.as_multiple(base);
    let zero = graph.number(Rational::ZERO);
    let comparison = if coefficient.is_negative() { Comparison::LessEqual } else { Comparison::GreaterEqual };
    found.insert(graph.compare(comparison, rest, zero));
}

/// Decides what follows from conditions and facts.
struct Judge {
    kept: Conditions,
    ranges: Ranges,
}

impl Judge {
    fn implies(&mut self, graph: &mut Graph, condition: ExprId) -> bool {
        if self.kept.contains(&condition) {
            return true;
        }
        match graph.node(condition).clone() {
            Node::And(a, b) => self.implies(graph, a) && self.implies(graph, b),
            Node::Or(a, b) => self.implies(graph, a) || self.implies(graph, b),
            Node::Compare(comparison, a, b) => {
                self.kept_implies(graph, comparison, a, b) || self.facts_imply(graph, comparison, a, b)
            }
            _ => false,
        }
    }

    /// Tells whether stronger comparisons of the same two sides are kept.
    fn kept_implies(&self, graph: &mut Graph, comparison: Comparison, a: ExprId, b: ExprId) -> bool {
        use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let mut kept = |comparison| self.kept.contains(&graph.compare(comparison, a, b));
        match comparison {
            GreaterEqual => kept(Greater) || kept(Equal),
            LessEqual => kept(Less) || kept(Equal),
            NotEqual => kept(Greater) || kept(Less),
            Greater => kept(GreaterEqual) && kept(NotEqual),
            Less => kept(LessEqual) && kept(NotEqual),
            Equal => kept(GreaterEqual) && kept(LessEqual),
        }
    }

    /// Tells whether the range of what is compared with a number decides.
    fn facts_imply(&self, graph: &Graph, comparison: Comparison, a: ExprId, b: ExprId) -> bool {
        let (value, bound, comparison) = match (graph.as_number(a), graph.as_number(b)) {
            (None, Some(bound)) => (a, bound, comparison),
            (Some(bound), None) => (b, bound, comparison.flipped()),
            _ => return false,
        };
        if comparison == Comparison::GreaterEqual && bound.is_zero() && graph.is_sum_of_squares(value) {
            return true;
        }
        let mut classes = Classes::new(self.ranges.clone());
        let nodes = graph.reachable(&[value]);
        let image = insert(&mut classes, graph, &nodes);
        holds(&classes[image[&value]].data, comparison, bound)
    }
}

/// Tells whether a comparison holds for every value that the facts allow.
fn holds(known: &Known, comparison: Comparison, bound: &Rational) -> bool {
    let above = |strict: bool| {
        known.facts.low.as_ref().is_some_and(|(low, excluded)| low > bound || (low == bound && (*excluded || !strict)))
    };
    let below = |strict: bool| {
        known
            .facts
            .high
            .as_ref()
            .is_some_and(|(high, excluded)| high < bound || (high == bound && (*excluded || !strict)))
    };
    match comparison {
        Comparison::Greater => above(true) || (bound.is_zero() && known.is_positive()),
        Comparison::GreaterEqual => above(false),
        Comparison::Less => below(true),
        Comparison::LessEqual => below(false),
        Comparison::NotEqual => above(true) || below(true) || (bound.is_zero() && known.is_non_zero()),
        Comparison::Equal => above(false) && below(false),
    }
}
