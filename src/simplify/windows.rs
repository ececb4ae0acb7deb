//! Cuts a graph into windows small enough for an e-graph.
//!
//! A window is a contiguous piece of the post-order; what comes from outside is a leaf to it. Windows of the same shape,
//! leaves renamed, are simplified once: a loop that was written out has few distinct windows.

use super::audit::{Audit, Claim};
use super::cost::Goal;
use super::saturate::{Found, Simplifier, is_promising};
use crate::graph::{ExprId, Graph, Input, Node, NodeMap};
use crate::lower::{Facts, Formulas};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Largest graph that is one window.
const WHOLE: usize = 96;
/// Largest window of a larger graph.
const WINDOW: usize = 48;
/// Bounds of the e-nodes that one window may have.
const LEAST_NODES: usize = 300;
const MOST_NODES: usize = 1200;
/// Most windows of distinct shape that are simplified in one graph.
const WINDOW_LIMIT: usize = 400;
/// Sums and products of more operands stay as they are.
const WIDEST: usize = 32;

/// E-nodes that the searches of one expression may have together; each shares out evenly among its windows what is left.
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Budget(10_000)
    }
}

impl Budget {
    /// Tells whether nothing is left.
    pub fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// A window in its cheapest form.
struct Solved {
    graph: Graph,
    roots: Vec<ExprId>,
    /// Whether what was given keeps its digits.
    is_stable: bool,
    /// How many e-nodes were searched.
    size: usize,
}

/// The windows solved so far, and the rules, which are read when the first window needs them.
#[derive(Default)]
pub struct Windows {
    simplifier: Option<Simplifier>,
    solved: FxHashMap<(Goal, Rc<Shape>), Rc<Solved>>,
    audit: Option<Box<dyn Audit>>,
}

impl Windows {
    /// Lays open to an audit what is taken for equal from now on.
    pub fn set_audit(&mut self, audit: Box<dyn Audit>) {
        self.audit = Some(audit);
    }

    /// Returns what the audit has found to be wrong.
    pub fn objections(&self) -> Vec<String> {
        self.audit.as_ref().map(|audit| audit.objections()).unwrap_or_default()
    }

    /// Lays open what a pass was given and what it made of it.
    pub fn hear(&mut self, by: &'static str, graph: &Graph, given: &[ExprId], made: &[ExprId], facts: &[Facts]) {
        if let Some(audit) = &mut self.audit {
            let claims = given.iter().zip(made).map(|(given, made)| Claim { by, given: *given, made: *made });
            let claims: Vec<Claim> = claims.filter(|claim| claim.given != claim.made).collect();
            audit.hear(&mut graph.clone(), &claims, facts);
        }
    }

    fn solve(&mut self, formulas: &mut Formulas, window: &Window, goal: Goal) -> Rc<Solved> {
        let key = (goal, window.shape.clone());
        if let Some(solved) = self.solved.get(&key) {
            return solved.clone();
        }
        let simplifier = self.simplifier.get_or_insert_with(|| Simplifier::new(formulas));
        let mut graph = window.graph.clone();
        let Found { roots, is_stable, size } = simplifier.simplify_window(
            &mut graph,
            &window.shape.roots,
            goal,
            window.shape.facts.clone(),
            window.shape.limit,
            self.audit.as_deref_mut(),
        );
        let solved = Rc::new(Solved { graph, roots, is_stable, size });
        self.solved.insert(key, solved.clone());
        solved
    }
}

/// Returns forms of the roots that cost no more, in the sense of the goal; `facts` are those of the graph's inputs.
/// Tells, too, whether what was given is known to keep its digits.
pub fn simplify(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    roots: &[ExprId],
    goal: Goal,
    facts: &[Facts],
    budget: &mut Budget,
) -> (Vec<ExprId>, bool) {
    let reachable = graph.reachable(roots);
    let order = post_order(graph, roots, &reachable);
    let size = if order.len() <= WHOLE { WHOLE } else { WINDOW };
    let limit = (budget.0 / order.len().div_ceil(size).max(1)).clamp(LEAST_NODES, MOST_NODES);
    let mut image = NodeMap::new(&reachable);
    // Counted for each graph, so that what was solved before does not change the result.
    let mut shapes: FxHashSet<Rc<Shape>> = FxHashSet::default();
    let mut stable = true;
    let last_use = last_uses(graph, &order, &reachable, roots, size);
    for (index, window) in order.chunks(size).enumerate() {
        let wide = window.iter().any(|id| operand_count(graph.node(*id)) > WIDEST);
        if wide || !is_promising(graph, window) {
            for id in window {
                let new = rebuilt(graph, *id, &image);
                image.insert(*id, new);
            }
            continue;
        }
        let results: Vec<ExprId> = window.iter().copied().filter(|id| last_use[*id] > index).collect();
        let small = Window::copy(graph, window, &results, &image, facts, limit);
        let new = if shapes.contains(&small.shape) || shapes.len() < WINDOW_LIMIT {
            let solved = windows.solve(formulas, &small, goal);
            shapes.insert(small.shape.clone());
            stable &= solved.is_stable;
            budget.0 = budget.0.saturating_sub(solved.size);
            paste(graph, &solved.graph, &solved.roots, &small.leaves)
        } else {
            stable = false;
            paste(graph, &small.graph, &small.shape.roots, &small.leaves)
        };
        results.iter().zip(new).for_each(|(id, new)| {
            image.insert(*id, new);
        });
    }
    (roots.iter().map(|root| image[*root]).collect(), stable)
}

/// Builds a node, which is in canonical form, with the images of its operands.
fn rebuilt(graph: &mut Graph, id: ExprId, image: &NodeMap<ExprId>) -> ExprId {
    let mut changed = false;
    graph.node(id).for_each_operand(|operand| changed |= image[operand] != operand);
    if !changed {
        return id;
    }
    let node = graph.node(id).clone();
    graph.construct(&node, |operand| image[operand])
}

fn operand_count(node: &Node) -> usize {
    let mut count = 0;
    node.for_each_operand(|_| count += 1);
    count
}

/// Lists what the roots need depth first, operands before uses.
fn post_order(graph: &Graph, roots: &[ExprId], reachable: &[ExprId]) -> Vec<ExprId> {
    let mut seen = NodeMap::new(reachable);
    let mut order = Vec::new();
    let mut stack: Vec<ExprId> = roots.iter().rev().copied().collect();
    while let Some(&id) = stack.last() {
        match seen.get(id) {
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
fn last_uses(graph: &Graph, order: &[ExprId], reachable: &[ExprId], roots: &[ExprId], size: usize) -> NodeMap<usize> {
    let mut last = NodeMap::new(reachable);
    for (index, window) in order.chunks(size).enumerate() {
        for id in window {
            graph.node(*id).for_each_operand(|operand| {
                last.insert(operand, index);
            });
        }
    }
    roots.iter().for_each(|root| last.insert(*root, usize::MAX));
    last
}

/// What two windows of the same shape share.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shape {
    nodes: Vec<Node>,
    roots: Vec<ExprId>,
    facts: Vec<Facts>,
    /// Most e-nodes of the search.
    limit: usize,
}

/// A window as a graph of its own.
struct Window {
    graph: Graph,
    shape: Rc<Shape>,
    /// What the inputs of the window's graph are outside.
    leaves: Vec<ExprId>,
}

impl Window {
    fn copy(
        outside: &Graph,
        window: &[ExprId],
        results: &[ExprId],
        image: &NodeMap<ExprId>,
        facts: &[Facts],
        limit: usize,
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
                inside.entry(operand).or_insert_with(|| leaf(&mut graph, image[operand]));
            });
            let new = graph.construct(node, |operand| inside[&operand]);
            inside.insert(*id, new);
        }
        let roots: Vec<ExprId> = results.iter().map(|id| inside[id]).collect();
        let nodes = graph.reachable(&roots).into_iter().map(|id| graph.node(id).clone()).collect();
        Window { graph, shape: Rc::new(Shape { nodes, roots, facts: leaf_facts, limit }), leaves }
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
