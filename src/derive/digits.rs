//! What code needs beside the simplifier, which keeps the domain of each form: functions that continue quotients, shares of
//! sums of exponentials, and derivatives at the points where they are written as 0/0.

use crate::functions::{FunctionId, rows};
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Facts, Formulas};
use crate::simplify::{self, Grouping, canonicalize};

/// Brings what is to be derived, in canonical form, into functions whose derivatives keep their digits. Tells whether
/// anything was replaced.
pub(super) fn derivable(
    graph: &mut Graph,
    formulas: &mut Formulas,
    given: &[ExprId],
    for_code: bool,
) -> (Vec<ExprId>, bool) {
    let (roots, continued) = simplify::continued(graph, formulas, given, for_code);
    if !for_code {
        return (roots, continued);
    }
    let (roots, are_means) = simplify::means_as_shares(graph, &roots);
    let (roots, are_norms) = simplify::roots_of_products(graph, &roots);
    let (roots, has_legs) = simplify::legs_of_norms(graph, &roots);
    (roots, continued || are_means || are_norms || has_legs)
}

/// Largest graph of derivatives, in nodes, in which quotients are looked for.
const LARGEST: usize = 2_000;

/// Functions of which quotients are continued without a patch.
const WITH_ROWS: &[FunctionId] = &[
    rows::BERNOULLI,
    rows::COSH,
    rows::EXP,
    rows::EXP_M1,
    rows::EXPREL,
    rows::EXPREL_DERIVATIVE,
    rows::LANGEVIN,
    rows::LANGEVIN_DERIVATIVE,
    rows::LN,
    rows::SINH,
    rows::TANH,
];

/// Continues quotients of derivatives that are not simplified yet, and takes legs from norms. Tells whether anything was replaced.
pub(super) fn continued(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let nodes = graph.reachable(roots);
    if nodes.len() > LARGEST {
        return (roots.to_vec(), false);
    }
    let (roots, has_legs) = simplify::legs_of_norms(graph, roots);
    let (roots, are_continued) = quotients_continued(graph, formulas, &roots);
    (roots, has_legs || are_continued)
}

fn quotients_continued(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let may_cancel = |id: &ExprId| graph.node(*id).function().is_some_and(|function| WITH_ROWS.contains(&function));
    if !graph.reachable(roots).iter().any(may_cancel) {
        return (roots.to_vec(), false);
    }
    // What is hidden in parts that are shared is to be seen, too.
    let grouping = Grouping { keeps_groups: true, ..Grouping::READING };
    let mut new = Vec::with_capacity(roots.len());
    for root in roots {
        let given = canonicalize(graph, formulas, &[*root], grouping);
        let (found, changed) = simplify::continued(graph, formulas, &given, true);
        new.push(if changed { found[0] } else { *root });
    }
    let changed = new != roots;
    (new, changed)
}

/// Gives derivatives their values where powers and norms are 0 and where exponentials of exponentials are, and keeps powers
/// of norms in range. The first roots are the
/// function's values. Tells whether anything was replaced.
pub(super) fn guarded(graph: &mut Graph, roots: &[ExprId], values: usize, facts: &[Facts]) -> (Vec<ExprId>, bool) {
    let (roots, powers) = simplify::zero_powers(graph, roots, facts);
    let (roots, cubes) = simplify::cubes_of_products(graph, &roots);
    let (roots, _) = simplify::legs_added(graph, &roots);
    let (values, derived) = roots.split_at(values);
    let (derived, norms) = simplify::zero_norms(graph, derived, values);
    let (derived, vanish) = simplify::zero_where_underflown(graph, &derived);
    let (roots, divided) = simplify::components_over_norms(graph, &[values, &derived].concat());
    (roots, powers || cubes || norms || vanish || divided)
}

/// Tells whether a form has fewer additions than another, or at most three quarters of its nodes: there something cancels, and
/// is not to be derived.
pub(super) fn is_much_shorter(graph: &Graph, new: &[ExprId], old: &[ExprId]) -> bool {
    let [new, old] = [new, old].map(|roots| {
        let nodes = graph.reachable(roots);
        let additions = nodes.iter().map(|id| match graph.node(*id) {
            Node::Sum(constant, terms) => (terms.len() + usize::from(!constant.is_zero())).saturating_sub(1),
            _ => 0,
        });
        (additions.sum::<usize>(), nodes.len())
    });
    new.0 < old.0 || 4 * new.1 <= 3 * old.1
}
