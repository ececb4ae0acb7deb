//! Choices inside of a branch of a choice by the same condition, which is decided there:
//! `if(c, f(if(c, a, b)), d)` is `if(c, f(a), d)`.

use crate::graph::{ExprId, Graph, Node, NodeMap};
use rustc_hash::{FxHashMap, FxHashSet};

/// How many nodes of branches are looked at before the rest is left as it is.
const MOST_NODES: usize = 100_000;

/// How many parts of one condition are taken into account.
const MOST_CONDITIONS: usize = 64;

/// Decides the choices of which it is known how they turn out; none if there is nothing to decide among the nodes, which are
/// all that the roots need.
pub(super) fn decide(graph: &mut Graph, nodes: &[ExprId], roots: &[ExprId]) -> Option<Vec<ExprId>> {
    let mut choices: FxHashMap<ExprId, usize> = FxHashMap::default();
    for id in nodes {
        if let Node::Select(condition, ..) = graph.node(*id) {
            parts(graph, *condition).into_iter().for_each(|part| *choices.entry(part).or_default() += 1);
        }
    }
    if choices.values().all(|count| *count == 1) {
        return None;
    }
    let is_shared = |graph: &Graph, condition| parts(graph, condition).iter().any(|part| choices[part] > 1);
    let mut left = MOST_NODES;
    let decided = graph.rebuild(roots, |graph, id, image| match *graph.node(id) {
        Node::Select(condition, holds, fails) if is_shared(graph, condition) => {
            let condition = image[condition];
            let holds = with_known(graph, image[holds], &known(graph, condition, true), &mut left);
            let fails = with_known(graph, image[fails], &known(graph, condition, false), &mut left);
            Some(graph.select(condition, holds, fails))
        }
        ref node => node.is_leaf().then_some(id),
    });
    (decided != roots).then_some(decided)
}

/// Returns the conditions that something is known about where one holds, or where it does not.
fn parts(graph: &Graph, condition: ExprId) -> FxHashSet<ExprId> {
    [true, false].into_iter().flat_map(|holds| known(graph, condition, holds).into_keys()).collect()
}

/// Returns the conditions that are known where one holds, or where it does not, and whether they hold.
fn known(graph: &Graph, condition: ExprId, holds: bool) -> FxHashMap<ExprId, bool> {
    let mut known = FxHashMap::default();
    let mut open = vec![(condition, holds)];
    while let Some((id, holds)) = open.pop() {
        if known.len() == MOST_CONDITIONS || known.insert(id, holds).is_some() {
            continue;
        }
        match (graph.node(id), holds) {
            (Node::Not(inner), holds) => open.push((*inner, !holds)),
            (Node::And(a, b), true) | (Node::Or(a, b), false) => open.extend([(*a, holds), (*b, holds)]),
            _ => {}
        }
    }
    known
}

/// Returns what an expression is where some conditions are known, entry by entry: it is looked for choices by them, but not
/// in what is made of several entries.
fn with_known(graph: &mut Graph, root: ExprId, known: &FxHashMap<ExprId, bool>, left: &mut usize) -> ExprId {
    let nodes = graph.reachable(&[root]);
    let Some(rest) = left.checked_sub(nodes.len()) else { return root };
    *left = rest;
    let mut changed: NodeMap<ExprId> = NodeMap::new(&nodes);
    for id in nodes {
        let now = |id: ExprId| changed.get(id).copied().unwrap_or(id);
        let new = match graph.node(id) {
            Node::Matrix(..) => continue,
            Node::And(a, b) if known.get(a) == Some(&true) => now(*b),
            Node::And(a, b) if known.get(b) == Some(&true) => now(*a),
            Node::Or(a, b) if known.get(a) == Some(&false) => now(*b),
            Node::Or(a, b) if known.get(b) == Some(&false) => now(*a),
            Node::Select(condition, a, b) if known.contains_key(condition) => {
                let branch = now(if known[condition] { *a } else { *b });
                graph.spread(branch, &graph.extents(id))
            }
            node => {
                let mut any = false;
                node.for_each_operand(|operand| any |= changed.contains(operand));
                if !any {
                    continue;
                }
                let node = node.clone();
                graph.construct(&node, now)
            }
        };
        if new != id {
            changed.insert(id, new);
        }
    }
    changed.get(root).copied().unwrap_or(root)
}
