//! Signs under roots: the minus sign of a product goes into a difference among its factors.
//!
//! `sqrt(-(x + 1)*(x - 1))` is `sqrt((x + 1)*(1 - x))`. Where x is 1 the first one is the root of a negative 0, which has
//! the sign, too, and its reciprocal is infinite on the wrong side.

use crate::graph::{ExprId, Graph, Node, Rational, Term};
use rustc_hash::FxHashSet;

/// Copies expressions with the signs of products under roots in differences.
pub(super) fn signs_inside(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let uses = graph.uses(roots);
    let mut under_roots: FxHashSet<ExprId> = FxHashSet::default();
    for id in graph.reachable(roots) {
        if let Node::Product(factors) = graph.node(id) {
            under_roots.extend(factors.iter().filter(|(_, exponent)| !exponent.is_integer()).map(|(base, _)| *base));
        }
    }
    if under_roots.is_empty() {
        return roots.to_vec();
    }
    graph.rebuild(roots, |graph, id, image| {
        let Node::Sum(constant, terms) = graph.node(id) else { return None };
        let [(product, coefficient)] = &**terms else { return None };
        let Node::Product(factors) = graph.node(*product) else { return None };
        let turns = under_roots.contains(&id) && constant.is_zero() && coefficient.is_negative();
        if !turns || uses[*product] > 1 {
            return None;
        }
        let turned = factors.iter().enumerate().find_map(|(at, (base, exponent))| {
            let (constant, terms) = exponent.is_one().then(|| opposite_difference(graph, *base))??;
            Some((at, constant, terms.into_iter().map(|(id, coefficient)| (image[id], coefficient)).collect()))
        });
        let (at, constant, terms) = turned?;
        let (coefficient, mut factors) = (coefficient.negate(), factors.to_vec());
        factors.iter_mut().for_each(|(base, _)| *base = image[*base]);
        factors[at].0 = graph.sum(constant, terms);
        Some(graph.product(coefficient, factors))
    })
}

/// Returns the negative of a sum in which something is subtracted.
fn opposite_difference(graph: &Graph, id: ExprId) -> Option<(Rational, Vec<Term>)> {
    let Node::Sum(constant, terms) = graph.node(id) else { return None };
    let several = terms.len() + usize::from(!constant.is_zero()) > 1;
    let subtracts = constant.is_negative() || terms.iter().any(|(_, coefficient)| coefficient.is_negative());
    let negated = terms.iter().map(|(id, coefficient)| (*id, coefficient.negate()));
    (several && subtracts).then(|| (constant.negate(), negated.collect()))
}
