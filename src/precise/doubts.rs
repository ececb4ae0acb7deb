//! Conditions on constants, decided by exact arithmetic where the canonical form is a number, and by many digits elsewhere.

use super::Evaluator;
use crate::error::Diagnostic;
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Graph, Node, Rational};
use crate::lower::{Doubt, Formulas, Function};
use crate::simplify::{Grouping, canonicalize};
use crate::tape::transcribe;
use rustc_hash::FxHashSet;

/// Functions that come near to a limit as fast as exponentials, and the size of an argument beyond which the difference from
/// it may be below all digits that are computed.
const SATURATING: &[(FunctionId, f64)] = &[
    (rows::ERF, 30.0),
    (rows::ERFC, 30.0),
    (rows::EXP, 1000.0),
    (rows::NDTR, 40.0),
    (rows::SIGMOID, 1000.0),
    (rows::TANH, 500.0),
];

/// Lists the errors of constants without a value.
pub fn refuted(function: &Function) -> Vec<Diagnostic> {
    let mut decision = Decision { formulas: Formulas::default(), evaluator: Evaluator::default() };
    let (doubts, graph, roots) = function.doubts();
    let mut refuted: Vec<&Doubt> = Vec::new();
    for doubt in doubts {
        let same = |known: &&Doubt| known.diagnostic == doubt.diagnostic && known.node == doubt.node;
        if !refuted.iter().any(same) && decision.truth(&mut doubt.graph.clone(), doubt.condition) == Some(false) {
            refuted.push(doubt);
        }
    }
    if refuted.iter().any(|doubt| !doubt.everywhere) {
        let reached = decision.reached(graph, roots);
        refuted.retain(|doubt| doubt.everywhere || reached.contains(&doubt.node));
    }
    let mut diagnostics: Vec<Diagnostic> = refuted.into_iter().map(|doubt| doubt.diagnostic.clone()).collect();
    diagnostics.dedup();
    diagnostics
}

struct Decision {
    formulas: Formulas,
    evaluator: Evaluator,
}

impl Decision {
    /// Returns the nodes outside of branches that are never taken.
    fn reached(&mut self, graph: &Graph, roots: &[ExprId]) -> FxHashSet<ExprId> {
        let mut stack = roots.to_vec();
        let mut reached = FxHashSet::default();
        while let Some(id) = stack.pop() {
            if !reached.insert(id) {
                continue;
            }
            match graph.node(id) {
                Node::Select(condition, a, b) => {
                    let mut own = Graph::new();
                    let is_constant = graph.reachable(&[*condition]).into_iter().all(|id| {
                        !matches!(graph.node(id), Node::Input(_) | Node::Placeholder(_) | Node::Derivative(..))
                    });
                    let truth = match is_constant {
                        true => {
                            let condition = own.import(graph, &[*condition])[0];
                            self.truth(&mut own, condition)
                        }
                        false => None,
                    };
                    match truth {
                        Some(truth) => stack.push(if truth { *a } else { *b }),
                        None => stack.extend([*condition, *a, *b]),
                    }
                }
                Node::Placeholder(at) => stack.push(graph.placeholder_value(*at)),
                node => node.for_each_operand(|operand| stack.push(operand)),
            }
        }
        reached
    }

    /// Tells whether a condition holds, if that can be told.
    fn truth(&mut self, graph: &mut Graph, condition: ExprId) -> Option<bool> {
        match *graph.node(condition) {
            Node::Compare(comparison, a, b) => self.compared(graph, comparison, a, b),
            Node::And(a, b) => match (self.truth(graph, a), self.truth(graph, b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (a, b) => Some(a? && b?),
            },
            Node::Or(a, b) => match (self.truth(graph, a), self.truth(graph, b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (a, b) => Some(a? || b?),
            },
            Node::Not(a) => self.truth(graph, a).map(|truth| !truth),
            _ => None,
        }
    }

    fn compared(&mut self, graph: &mut Graph, comparison: Comparison, a: ExprId, b: ExprId) -> Option<bool> {
        let difference = graph.sum(Rational::ZERO, vec![(a, Rational::ONE), (b, Rational::MINUS_ONE)]);
        let canonical = canonicalize(graph, &mut self.formulas, &[difference], Grouping::READING)[0];
        if let Some(exact) = graph.as_number(canonical) {
            return Some(comparison.holds(exact, &Rational::ZERO));
        }
        let value = self.value(graph, canonical)?;
        if value == 0.0 {
            if self.saturates(graph, canonical) {
                return None;
            }
            // The reciprocal of a number that is too small for a double is known to be too large for one.
            let reciprocal = graph.product(Rational::ONE, vec![(canonical, Rational::MINUS_ONE)]);
            if self.value(graph, reciprocal).is_some() {
                return None;
            }
        }
        // A number of which all digits that are computed are 0 may still have a logarithm.
        match (value == 0.0, comparison) {
            (true, Comparison::Equal | Comparison::NotEqual) | (false, _) => Some(comparison.holds(&value, &0.0)),
            (true, _) => None,
        }
    }

    /// Tells whether a function is so near to its limit in a constant that all digits that are computed may be those of the
    /// limit: `1 - tanh(3000)` is not 0.
    fn saturates(&mut self, graph: &mut Graph, constant: ExprId) -> bool {
        let inside = graph.reachable(&[constant]).into_iter().filter_map(|id| match graph.node(id) {
            Node::Apply(function, arguments) => {
                let (_, most) = SATURATING.iter().find(|(own, _)| own == function)?;
                Some((arguments[0], *most))
            }
            _ => None,
        });
        let arguments: Vec<(ExprId, f64)> = inside.collect();
        arguments.into_iter().any(|(argument, most)| self.value(graph, argument).is_none_or(|value| value.abs() > most))
    }

    /// Returns the value of a constant, if its digits can be told.
    fn value(&mut self, graph: &mut Graph, id: ExprId) -> Option<f64> {
        let tape = transcribe(graph, &mut self.formulas, &[id]);
        let value = *self.evaluator.evaluate(&tape, &[]).first()?;
        (!value.is_nan() && self.evaluator.undecided().is_empty()).then_some(value)
    }
}
