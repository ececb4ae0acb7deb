//! Cuts a graph into windows small enough for an e-graph.
//!
//! A window is a contiguous piece of the post-order; what comes from outside is a leaf to it. Windows of the same shape,
//! leaves renamed, are simplified once: a loop that was written out has few distinct windows.

use super::cost::Goal;
use super::saturate::Simplifier;
use crate::graph::{ExprId, Graph, Input, Node};
use crate::lower::Facts;
use rustc_hash::FxHashMap;

/// Largest graph that is one window.
const WHOLE: usize = 96;
/// Largest window of a larger graph.
const WINDOW: usize = 48;
/// Most windows of distinct shape that are simplified in one graph.
const WINDOW_LIMIT: usize = 400;
/// Sums and products of more operands stay as they are.
const WIDEST: usize = 32;

/// Returns forms of the roots that cost no more, in the sense of the goal; `facts` are those of the graph's inputs.
pub fn simplify(
    simplifier: &Simplifier,
    graph: &mut Graph,
    roots: &[ExprId],
    goal: Goal,
    facts: &[Facts],
) -> Vec<ExprId> {
    let order = post_order(graph, roots);
    let size = if order.len() <= WHOLE { WHOLE } else { WINDOW };
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut memo: FxHashMap<Shape, (Graph, Vec<ExprId>)> = FxHashMap::default();
    let last_use = last_uses(graph, &order, roots, size);
    for (index, window) in order.chunks(size).enumerate() {
        let wide = window.iter().any(|id| operand_count(graph.node(*id)) > WIDEST);
        if wide || !simplifier.is_promising(graph, window) {
            for id in window {
                let node = graph.node(*id).clone();
                let new = graph.construct(&node, |operand| image[&operand]);
                image.insert(*id, new);
            }
            continue;
        }
        let results: Vec<ExprId> = window.iter().copied().filter(|id| last_use[id] > index).collect();
        let small = Window::copy(graph, window, &results, &image, facts);
        if !memo.contains_key(&small.shape) && memo.len() < WINDOW_LIMIT {
            let solved = small.solve(simplifier, goal);
            memo.insert(small.shape.clone(), solved);
        }
        let new = match memo.get(&small.shape) {
            Some((solved, roots)) => paste(graph, solved, roots, &small.leaves),
            None => paste(graph, &small.graph, &small.shape.roots, &small.leaves),
        };
        results.iter().zip(new).for_each(|(id, new)| {
            image.insert(*id, new);
        });
    }
    roots.iter().map(|root| image[root]).collect()
}

fn operand_count(node: &Node) -> usize {
    let mut count = 0;
    node.for_each_operand(|_| count += 1);
    count
}

/// Lists what the roots need depth first, operands before uses.
fn post_order(graph: &Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut seen: FxHashMap<ExprId, bool> = FxHashMap::default();
    let mut order = Vec::new();
    let mut stack: Vec<ExprId> = roots.iter().rev().copied().collect();
    while let Some(&id) = stack.last() {
        match seen.get(&id) {
            Some(true) => drop(stack.pop()),
            Some(false) => {
                seen.insert(id, true);
                order.push(id);
                stack.pop();
            }
            None => {
                seen.insert(id, false);
                let first = stack.len();
                graph.node(id).for_each_operand(|operand| stack.push(operand));
                stack[first..].reverse();
            }
        }
    }
    order
}

/// Returns, for each node, the last window that uses it; roots are used after all windows.
fn last_uses(graph: &Graph, order: &[ExprId], roots: &[ExprId], size: usize) -> FxHashMap<ExprId, usize> {
    let mut last: FxHashMap<ExprId, usize> = order.iter().map(|id| (*id, 0)).collect();
    for (index, window) in order.chunks(size).enumerate() {
        for id in window {
            graph.node(*id).for_each_operand(|operand| {
                last.insert(operand, index);
            });
        }
    }
    last.extend(roots.iter().map(|root| (*root, usize::MAX)));
    last
}

/// What two windows of the same shape share.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shape {
    nodes: Vec<Node>,
    roots: Vec<ExprId>,
    facts: Vec<Facts>,
}

/// A window as a graph of its own.
struct Window {
    graph: Graph,
    shape: Shape,
    /// What the inputs of the window's graph are outside.
    leaves: Vec<ExprId>,
}

impl Window {
    fn copy(
        outside: &Graph,
        window: &[ExprId],
        results: &[ExprId],
        image: &FxHashMap<ExprId, ExprId>,
        facts: &[Facts],
    ) -> Window {
        let mut graph = Graph::new();
        graph.set_strict(outside.is_strict());
        let mut inside: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        let mut leaves = Vec::new();
        let mut leaf_facts = Vec::new();
        let mut leaf = |graph: &mut Graph, id: ExprId| {
            // Numbers are themselves everywhere.
            if matches!(outside.node(id), Node::Number(_) | Node::Pi) {
                return graph.intern(outside.node(id).clone());
            }
            leaf_facts.push(match outside.node(id) {
                Node::Input(index) => facts.get(*index as usize).cloned().unwrap_or_default(),
                _ => Facts::default(),
            });
            leaves.push(id);
            graph.add_input(Input { parameter: String::new(), place: vec![leaves.len()] })
        };
        for id in window {
            let node = outside.node(*id);
            if matches!(node, Node::Input(_) | Node::Placeholder(_)) {
                let new = leaf(&mut graph, *id);
                inside.insert(*id, new);
                continue;
            }
            node.for_each_operand(|operand| {
                inside.entry(operand).or_insert_with(|| leaf(&mut graph, image[&operand]));
            });
            let new = graph.construct(node, |operand| inside[&operand]);
            inside.insert(*id, new);
        }
        let roots: Vec<ExprId> = results.iter().map(|id| inside[id]).collect();
        let nodes = graph.reachable(&roots).into_iter().map(|id| graph.node(id).clone()).collect();
        Window { graph, shape: Shape { nodes, roots, facts: leaf_facts }, leaves }
    }

    fn solve(&self, simplifier: &Simplifier, goal: Goal) -> (Graph, Vec<ExprId>) {
        let mut graph = self.graph.clone();
        let roots = simplifier.simplify_window(&mut graph, &self.shape.roots, goal, self.shape.facts.clone());
        (graph, roots)
    }
}

/// Copies what the roots need into another graph, with leaves in place of inputs.
fn paste(graph: &mut Graph, source: &Graph, roots: &[ExprId], leaves: &[ExprId]) -> Vec<ExprId> {
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in source.reachable(roots) {
        let new = match source.node(id) {
            Node::Input(index) => leaves[*index as usize],
            node => graph.construct(node, |operand| image[&operand]),
        };
        image.insert(id, new);
    }
    roots.iter().map(|root| image[root]).collect()
}
