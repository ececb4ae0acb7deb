//! Simplification towards a goal, and the form that people read.

use crate::graph::{ExprId, Graph, Node, Rational};
use crate::lower::{Facts, Formulas};
use crate::simplify::{self, Budget, Goal, Grouping, Windows, canonicalize, lost_conditions};
use rustc_hash::FxHashMap;

/// Most times that a formula is reduced.
const REDUCTIONS: usize = 3;

/// Simplifies once towards a goal. Tells whether digits were kept by what was given.
pub(super) fn reduce(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    roots: &[ExprId],
    (goal, grouping): (Goal, Grouping),
    facts: &[Facts],
    budget: &mut Budget,
) -> (Vec<ExprId>, bool) {
    let given = canonicalize(graph, formulas, roots, grouping);
    let (found, stable) = simplify::simplify(windows, graph, formulas, &given, goal, facts, budget);
    windows.hear("canonical form", graph, roots, &given, facts);
    if found == given {
        return (found, stable);
    }
    windows.hear("simplification", graph, &given, &found, facts);
    let simplified = found;
    let found = canonicalize(graph, formulas, &simplified, grouping);
    windows.hear("canonical form of what is simplified", graph, &simplified, &found, facts);
    // The search does not know where like terms that cancel were defined.
    let keeps = !graph.is_strict() || lost_conditions(graph, formulas, (&given, &found), facts).is_empty();
    (if keeps { found } else { given }, stable)
}

/// Brings each expression into the form that people read.
pub(super) fn pretty(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    roots: &[ExprId],
    facts: &[Facts],
) -> Vec<ExprId> {
    let mut last = |root: &ExprId| match graph.node(*root).is_leaf() {
        true => *root,
        false => pretty_forms(windows, graph, formulas, *root, facts).pop().unwrap_or(*root),
    };
    roots.iter().map(&mut last).collect()
}

/// Counts the symbols of an expression whose parts are written once each, and of one that is written out.
pub(super) fn symbols(graph: &Graph, root: ExprId) -> (u64, u64) {
    let mut distinct = 0u64;
    let mut counts: FxHashMap<ExprId, u64> = FxHashMap::default();
    for id in graph.reachable(&[root]) {
        let is_written = |number: &Rational| !number.abs().is_one() && !number.is_zero();
        let mut count = match graph.node(id) {
            Node::Sum(constant, terms) => {
                let numbers = terms.iter().filter(|(_, coefficient)| is_written(coefficient)).count();
                terms.len() + numbers + usize::from(!constant.is_zero())
            }
            Node::Product(factors) => {
                factors.len() + factors.iter().filter(|(_, exponent)| is_written(exponent)).count()
            }
            _ => 1,
        } as u64;
        distinct += count;
        graph.node(id).for_each_operand(|operand| count = count.saturating_add(counts[&operand]));
        counts.insert(id, count);
    }
    (distinct, counts[&root])
}

/// Returns the forms through which an expression becomes what people read: canonical first, pretty last.
pub fn pretty_forms(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    root: ExprId,
    facts: &[Facts],
) -> Vec<ExprId> {
    let mut budget = Budget::default();
    let mut forms = canonicalize(graph, formulas, &[root], Grouping::READING);
    // A shorter form can open the way to a still shorter one.
    for _ in 0..REDUCTIONS {
        let before = forms[forms.len() - 1];
        let goal = (Goal::Pretty, Grouping::READING);
        let next = reduce(windows, graph, formulas, &[before], goal, facts, &mut budget).0[0];
        if next == before {
            break;
        }
        forms.push(next);
        if budget.is_spent() {
            break;
        }
    }
    forms
}
