//! Loops over running places: what does not run is split off, so that it is computed before the loops.
//!
//! In sums and products, operands that run with the same indices are brought together.

use crate::graph::{ExprId, Graph, MatrixOperation, Node, Rational, Term};
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
                let (constant, terms) = without_blocks(graph, constant.clone(), terms);
                graph.intern(Node::Sum(constant, terms.into()))
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

/// Puts one operand in place of those that are no blocks, to which the blocks are then added in their places.
fn without_blocks(graph: &mut Graph, constant: Rational, terms: Vec<Term>) -> (Rational, Vec<Term>) {
    let (mut blocks, rest): (Vec<Term>, Vec<Term>) = terms.iter().cloned().partition(|(id, _)| graph.is_block(*id));
    if blocks.is_empty() || rest.is_empty() {
        return (constant, terms);
    }
    let product = |id: ExprId| match graph.as_matrix(id) {
        Some((MatrixOperation::Product, [left, right])) => Some((*left, *right)),
        _ => None,
    };
    let whole = match rest.as_slice() {
        [(only, one)] if one.is_one() && constant.is_zero() => *only,
        [(only, scale)] if constant.is_zero() && product(*only).is_some() => {
            // The number meets fewer entries in a factor than in the product.
            let (left, right) = product(*only).unwrap_or((*only, *only));
            let left = match graph.as_matrix(left) {
                Some((MatrixOperation::Diagonal, [v])) => {
                    let scaled = graph.scale(scale.clone(), *v);
                    graph.matrix(MatrixOperation::Diagonal, &[scaled])
                }
                _ => graph.scale(scale.clone(), left),
            };
            graph.matrix(MatrixOperation::Product, &[left, right])
        }
        _ => graph.intern(Node::Sum(constant, rest.into())),
    };
    blocks.push((whole, Rational::ONE));
    (Rational::ZERO, blocks)
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
