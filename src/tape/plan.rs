//! The plan of a graph of whole matrices: which matrices are computed, in which order.
//!
//! What works entry by entry is one step for a whole region, so that it can be one loop; what several steps need is a
//! step of its own.

use super::beside::{Beside, alike};
use super::fusion::fused;
use super::looped::{Into, Looped, loops_fused};
use super::numbers::numbers_joined;
use super::scanned::{Scanned, scans_joined};
use super::{Tape, schedule};
use crate::graph::{ExprId, Extents, Graph, MatrixOperation, Node, Shares};
use crate::lower::Formulas;
use rustc_hash::{FxHashMap, FxHashSet};

/// How a matrix is computed.
#[derive(Clone, Debug)]
pub enum Computation {
    /// A parameter.
    Parameter(u32),
    /// For each entry, a tape whose inputs are the entries of the operands; numbers among them are repeated.
    Entrywise(Tape, Vec<ExprId>),
    /// Several numbers, by one tape whose inputs are the operands: the operands, then the numbers.
    Numbers(Tape, Vec<ExprId>, Vec<ExprId>),
    /// An operation on whole matrices.
    Operation(MatrixOperation, Vec<ExprId>),
    /// Sums over an index.
    Loop(Box<Looped>),
    /// States that are carried from step to step.
    Scan(Box<Scanned>),
}

/// A matrix that is computed.
#[derive(Clone, Debug)]
pub struct Step {
    /// The node.
    pub id: ExprId,
    /// Its rows and columns.
    pub extents: Extents,
    /// How it is computed.
    pub computation: Computation,
}

/// The matrices that are computed, operands before uses.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// The matrices that are asked for.
    pub outputs: Vec<ExprId>,
}

/// Plans the computation of the roots.
pub fn plan(graph: &Graph, roots: &[ExprId]) -> Plan {
    let plan = plan_with(graph, roots, &Beside::default());
    debug_assert_eq!(plan.verify(), Ok(()));
    plan
}

/// Plans the computation of the roots where some loops are parts of recurrences, which may wait for one another.
pub(super) fn plan_with(graph: &Graph, roots: &[ExprId], beside: &Beside) -> Plan {
    planned(graph, roots, &FxHashSet::default(), &Into::default(), beside)
}

/// Plans the computation of the roots where some nodes are known, and some loops add to others.
pub(super) fn plan_inside(graph: &Graph, roots: &[ExprId], outside: &FxHashSet<ExprId>, into: &Into) -> Plan {
    planned(graph, roots, outside, into, &Beside::default())
}

fn planned(graph: &Graph, roots: &[ExprId], outside: &FxHashSet<ExprId>, into: &Into, beside: &Beside) -> Plan {
    let shared = shared_nodes(graph, roots, outside, beside);
    let mut formulas = Formulas::default();
    let mut steps: FxHashMap<ExprId, Step> = FxHashMap::default();
    let mut stack: Vec<ExprId> = roots.iter().rev().copied().filter(|root| !outside.contains(root)).collect();
    let mut order: Vec<ExprId> = Vec::new();
    while let Some(&id) = stack.last() {
        if !steps.contains_key(&id) {
            let step = match beside.get(&id) {
                Some(scanned) => {
                    let computation = Computation::Scan(Box::new((**scanned).clone()));
                    Step { id, extents: graph.extents(id), computation }
                }
                None => step(graph, &mut formulas, id, &shared, into),
            };
            let waits = |operand: &&ExprId| !steps.contains_key(operand) && !outside.contains(operand);
            step.operands().iter().rev().filter(waits).for_each(|id| stack.push(*id));
            steps.insert(id, step);
            continue;
        }
        stack.pop();
        order.push(id);
    }
    // A step may stand on the stack more than once; its first appearance is after all of its operands.
    let mut seen = FxHashSet::default();
    order.retain(|id| seen.insert(*id));
    let mut computed: Vec<ExprId> = Vec::new();
    order.retain(|id| {
        let is_known = computed.iter().any(|other| alike(beside, *other, *id));
        computed.extend((beside.contains_key(id) && !is_known).then_some(*id));
        !is_known
    });
    let steps = order.into_iter().filter_map(|id| steps.remove(&id)).collect();
    let steps = fused(graph, loops_fused(graph, scans_joined(steps)));
    let steps = match outside.is_empty() {
        true => steps,
        // What is computed for one value of an index shares what it has in common.
        false => numbers_joined(graph, &mut formulas, steps, roots, &shared),
    };
    Plan { steps, outputs: roots.to_vec() }
}

impl Plan {
    /// Calls `visit` on the formula of each step that works entry by entry, those inside of loops included.
    pub fn for_each_tape(&self, mut visit: impl FnMut(&Tape)) {
        let mut plans = vec![self];
        while let Some(plan) = plans.pop() {
            for step in &plan.steps {
                match &step.computation {
                    Computation::Entrywise(tape, _) | Computation::Numbers(tape, ..) => visit(tape),
                    Computation::Loop(looped) => plans.push(&looped.plan),
                    Computation::Scan(scanned) => plans.push(&scanned.plan),
                    Computation::Parameter(_) | Computation::Operation(..) => {}
                }
            }
        }
    }
}

impl Step {
    /// The nodes that it reads.
    pub fn operands(&self) -> &[ExprId] {
        match &self.computation {
            Computation::Parameter(_) => &[],
            Computation::Entrywise(_, operands)
            | Computation::Numbers(_, operands, _)
            | Computation::Operation(_, operands) => operands,
            Computation::Loop(looped) => &looped.operands,
            Computation::Scan(scanned) => &scanned.operands,
        }
    }

    /// The nodes that it computes.
    pub fn results(&self) -> Vec<ExprId> {
        match &self.computation {
            Computation::Numbers(.., results) => results.clone(),
            Computation::Loop(looped) => looped.outputs.iter().map(|output| output.id).collect(),
            Computation::Scan(scanned) => scanned.results(),
            _ => vec![self.id],
        }
    }
}

fn step(graph: &Graph, formulas: &mut Formulas, id: ExprId, shared: &FxHashSet<ExprId>, into: &Into) -> Step {
    let computation = match graph.node(id) {
        Node::Input(index) => Computation::Parameter(*index),
        Node::Matrix(operation, operands) => match &**operation {
            MatrixOperation::Loop(bound) => {
                let targets = into.get(&id).cloned().unwrap_or_default();
                Computation::Loop(Box::new(Looped::new(graph, bound, &[(id, targets)])))
            }
            MatrixOperation::Scan(..) => match graph.as_scan(id) {
                Some(scan) => Computation::Scan(Box::new(Scanned::new(graph, id, &scan))),
                None => Computation::Operation((**operation).clone(), operands.to_vec()),
            },
            _ => Computation::Operation((**operation).clone(), operands.to_vec()),
        },
        _ => {
            let mut region = graph.region_until(id, |node| shared.contains(&node));
            let tape = schedule(&mut region.graph, formulas, &[region.root]);
            Computation::Entrywise(tape, region.leaves)
        }
    };
    Step { id, extents: graph.extents(id), computation }
}

/// The entrywise nodes that are computed once because more than one region or operation needs them, or are known.
fn shared_nodes(graph: &Graph, roots: &[ExprId], outside: &FxHashSet<ExprId>, beside: &Beside) -> FxHashSet<ExprId> {
    let mut users: FxHashMap<ExprId, FxHashSet<ExprId>> = FxHashMap::default();
    // The region that each node belongs to: its own if it is asked for by an operation or as a root.
    let nodes = reachable_within(graph, roots, outside, beside);
    let mut heads: FxHashSet<ExprId> = roots.iter().copied().collect();
    for id in &nodes {
        if let Node::Matrix(..) = graph.node(*id) {
            for_each_read(graph, *id, beside, |operand| _ = heads.insert(operand));
        }
    }
    for id in nodes.iter().rev() {
        let head = heads.contains(id) || !graph.is_entrywise(*id) || users.get(id).is_none_or(|users| users.len() != 1);
        let owners: Vec<ExprId> = match head {
            true => vec![*id],
            false => users[id].iter().copied().collect(),
        };
        for_each_read(graph, *id, beside, |operand| users.entry(operand).or_default().extend(owners.iter().copied()));
    }
    let condition = |id: ExprId| is_condition(graph.node(id));
    heads.extend(before_loops(graph, &nodes));
    let is_share = |id: &ExprId| matches!(graph.as_shares(*id), Some((_, Shares::OfRows)));
    heads.extend(nodes.iter().copied().filter(is_share));
    let worthwhile = |id: &ExprId| heads.contains(id) || users.get(id).is_some_and(|users| users.len() > 1);
    let own = nodes.into_iter().filter(|id| graph.is_entrywise(*id) && !condition(*id) && worthwhile(id));
    own.chain(outside.iter().copied()).collect()
}

/// Calls `visit` on what a node reads: of a loop, what is computed before it.
fn for_each_read(graph: &Graph, id: ExprId, beside: &Beside, mut visit: impl FnMut(ExprId)) {
    if let Some(scanned) = beside.get(&id) {
        return scanned.operands.iter().copied().for_each(visit);
    }
    match graph.is_binder(id) {
        true => graph.frontier(id).into_iter().for_each(visit),
        false => graph.node(id).for_each_operand(&mut visit),
    }
}

/// Returns all nodes that the roots need and that are not known, operands before uses.
pub(super) fn reachable_within(
    graph: &Graph,
    roots: &[ExprId],
    outside: &FxHashSet<ExprId>,
    beside: &Beside,
) -> Vec<ExprId> {
    if outside.is_empty() && beside.is_empty() {
        return graph.reachable_outside(roots);
    }
    let mut seen: FxHashSet<ExprId> = FxHashSet::default();
    let mut stack = roots.to_vec();
    let mut found = Vec::new();
    while let Some(id) = stack.pop() {
        if !outside.contains(&id) && seen.insert(id) {
            found.push(id);
            for_each_read(graph, id, beside, |operand| stack.push(operand));
        }
    }
    found.sort_unstable();
    found
}

fn is_condition(node: &Node) -> bool {
    matches!(node, Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_))
}

/// The nodes that run with fewer indices than what uses them, so that they are computed before its loop, and what blocks
/// are added to in their places.
fn before_loops(graph: &Graph, nodes: &[ExprId]) -> Vec<ExprId> {
    let running = graph.running_among(nodes);
    let mut found = Vec::new();
    for id in nodes.iter().filter(|id| graph.is_entrywise(**id) && !is_condition(graph.node(**id))) {
        let Some(own) = running.get(id) else { continue };
        if let Some((whole, _)) = graph.blocks_added(*id) {
            found.extend([*id, whole]);
        }
        let mut stack = vec![*id];
        while let Some(node) = stack.pop() {
            graph.node(node).for_each_operand(|operand| match graph.node(operand) {
                node if is_condition(node) => stack.push(operand),
                _ if graph.is_entrywise(operand) && running.get(&operand) != Some(own) => found.push(operand),
                _ => {}
            });
        }
    }
    found
}
