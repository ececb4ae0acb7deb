//! Loops over running places: what does not run is split off, so that it is computed before the loops.
//!
//! In sums and products, operands that run with the same indices are brought together.

use crate::graph::{ExprId, Graph, Node, Rational};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// The running indices of nodes; those that do not run are absent.
pub type Running = FxHashMap<ExprId, BTreeSet<String>>;

/// Rewrites sums and products of which parts run with fewer indices than the whole.
pub fn hoist(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let nodes = graph.reachable(roots);
    let running = graph.running_among(&nodes);
    if running.is_empty() {
        return roots.to_vec();
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in nodes {
        let node = graph.node(id).clone();
        let new = match &node {
            _ if !running.contains_key(&id) => id,
            Node::Sum(constant, terms) => {
                let terms = grouped(graph, &running, id, terms, &image, true);
                graph.intern(Node::Sum(constant.clone(), terms.into()))
            }
            Node::Product(factors) => {
                let factors = grouped(graph, &running, id, factors, &image, false);
                graph.intern(Node::Product(factors.into()))
            }
            _ => graph.intern(node.renamed(|operand| image[&operand])),
        };
        image.insert(id, new);
    }
    roots.iter().map(|root| image[root]).collect()
}

/// Puts a sum or product of its own in place of operands that run with the same indices, unless the node itself runs
/// with these.
fn grouped(
    graph: &mut Graph,
    running: &Running,
    id: ExprId,
    operands: &[(ExprId, Rational)],
    image: &FxHashMap<ExprId, ExprId>,
    is_sum: bool,
) -> Vec<(ExprId, Rational)> {
    let mut groups: BTreeMap<BTreeSet<String>, Vec<(ExprId, Rational)>> = BTreeMap::new();
    for (operand, weight) in operands {
        let own = running.get(operand).cloned().unwrap_or_default();
        groups.entry(own).or_default().push((image[operand], weight.clone()));
    }
    let mut result = Vec::new();
    for (indices, group) in groups {
        let single = group.len() == 1 && (is_sum || group[0].1.is_one());
        if Some(&indices) == running.get(&id) || single {
            result.extend(group);
            continue;
        }
        let part = match is_sum {
            true => graph.intern(Node::Sum(Rational::ZERO, group.into())),
            false => graph.intern(Node::Product(group.into())),
        };
        result.push((part, Rational::ONE));
    }
    result
}
