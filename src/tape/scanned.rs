//! Recurrences in a plan: the states that are carried from step to step, and what is kept of them.

use super::checkpoints::Recomputed;
use super::looped::{Accumulated, Into, accumulated, values_added};
use super::plan::{Computation, Plan, Step, plan_inside};
use crate::graph::{Bound, ExprId, Extents, Graph, Kept, MatrixOperation as M, Scan};
use rustc_hash::FxHashSet;

/// A recurrence.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The index and its range.
    pub bound: Bound,
    /// The states.
    pub states: Vec<Carried>,
    /// The nodes that are kept of the states.
    pub outputs: Vec<Output>,
    /// What is added up on the way.
    pub sums: Vec<Accumulated>,
    /// The nodes of these sums, each with what a step adds to it.
    pub added: Vec<(ExprId, ExprId)>,
    /// What is computed in each step.
    pub plan: Plan,
    /// What is computed before and read in the steps.
    pub operands: Vec<ExprId>,
    /// The numbers of the states of which checkpoints are kept: what each segment of the steps begins with.
    pub checkpoints: Vec<usize>,
    /// The recurrences whose states are computed once more on the way, if it goes back through their steps.
    pub recomputed: Vec<Recomputed>,
}

/// A state that is carried from step to step.
#[derive(Clone, Debug)]
pub struct Carried {
    /// What it begins with.
    pub initial: ExprId,
    /// The node that stands for it in a step, if the steps read it.
    pub own: Option<ExprId>,
    /// What it becomes.
    pub next: ExprId,
    /// Its rows and columns.
    pub extents: Extents,
}

/// What is kept of a state.
#[derive(Clone, Debug)]
pub struct Output {
    /// The node.
    pub id: ExprId,
    /// Its rows and columns.
    pub extents: Extents,
    /// Which state it is.
    pub state: usize,
    /// What is kept of it.
    pub kept: Kept,
    /// Whether it is computed once more where it is read, so that it is not stored.
    pub is_recomputed: bool,
}

impl Scanned {
    /// Makes the recurrence for one node.
    pub(super) fn new(graph: &Graph, id: ExprId, scan: &Scan) -> Scanned {
        let output =
            Output { id, extents: graph.extents(id), state: scan.state, kept: scan.kept, is_recomputed: false };
        Scanned::with_sums(graph, scan, vec![output], &[])
    }

    /// Makes the recurrence with what is added up on the way: the node, and what a step adds to it.
    pub(super) fn with_sums(graph: &Graph, scan: &Scan, outputs: Vec<Output>, added: &[(ExprId, ExprId)]) -> Scanned {
        let mut inner = Into::default();
        let sums = added.iter().map(|(id, body)| accumulated(graph, *id, (scan.bound.name(), *body), &[], &mut inner));
        let mut sums: Vec<Accumulated> = sums.collect();
        let values = values_added(&mut sums, &inner);
        let computed: Vec<ExprId> = scan.next.iter().copied().chain(values).collect();
        let own = |number: usize| {
            let inside = computed.iter().flat_map(|id| graph.dependants(*id, scan.bound.name()));
            inside.into_iter().find(|id| match graph.as_matrix(*id) {
                Some((M::State(index, state, _), _)) => *index == scan.bound.index && *state == number,
                _ => false,
            })
        };
        let carried = |(state, (initial, next)): (usize, (&ExprId, &ExprId))| {
            let extents = graph.extents(*initial);
            Carried { initial: *initial, own: own(state), next: *next, extents }
        };
        let states: Vec<Carried> = scan.initial.iter().zip(&scan.next).enumerate().map(carried).collect();
        let read = graph.frontier_of(&computed, outputs.first().and_then(|output| graph.free_indices(output.id)));
        let outside: FxHashSet<ExprId> =
            read.iter().copied().chain(states.iter().filter_map(|state| state.own)).collect();
        let plan = plan_inside(graph, &computed, &outside, &inner);
        let mut operands: Vec<ExprId> = read.into_iter().chain(scan.initial.iter().copied()).collect();
        operands.sort_unstable();
        operands.dedup();
        let (checkpoints, recomputed) = (Vec::new(), Vec::new());
        let (bound, added) = (scan.bound.clone(), added.to_vec());
        Scanned { bound, states, outputs, sums, added, plan, operands, checkpoints, recomputed }
    }

    /// Tells whether a state is only kept of each step: neither a step nor anything after the last one reads it.
    pub fn is_only_kept(&self, state: usize) -> bool {
        let mut outputs = self.outputs.iter().filter(|output| output.state == state).peekable();
        self.checkpoints.is_empty()
            && self.states[state].own.is_none()
            && outputs.peek().is_some()
            && outputs.all(|output| output.kept == Kept::After && !output.is_recomputed)
    }

    /// Returns the recurrence as a node is made of it.
    pub(super) fn scan(&self) -> Scan {
        let initial = self.states.iter().map(|state| state.initial).collect();
        let next = self.states.iter().map(|state| state.next).collect();
        Scan { bound: self.bound.clone(), initial, next, state: 0, kept: Kept::Last }
    }

    /// The nodes that it computes.
    pub(super) fn results(&self) -> Vec<ExprId> {
        let sums = self.sums.iter().map(|sum| sum.id);
        self.outputs.iter().map(|output| output.id).chain(sums).collect()
    }

    /// Lists what its steps compute: what the states become, and what is added to the sums.
    pub(super) fn computed(&self) -> impl Iterator<Item = ExprId> {
        self.states.iter().map(|state| state.next).chain(self.added.iter().map(|(_, body)| *body))
    }

    fn is_same(&self, other: &Scanned) -> bool {
        let states = |scanned: &Scanned| -> Vec<(ExprId, ExprId)> {
            scanned.states.iter().map(|state| (state.initial, state.next)).collect()
        };
        self.bound == other.bound && states(self) == states(other)
    }
}

/// Brings what is kept of one recurrence together.
pub(super) fn scans_joined(steps: Vec<Step>) -> Vec<Step> {
    let mut joined: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        if let Computation::Scan(scanned) = &step.computation {
            let same = joined.iter_mut().find_map(|earlier| match &mut earlier.computation {
                Computation::Scan(other) if other.is_same(scanned) => Some(other),
                _ => None,
            });
            if let Some(other) = same {
                other.outputs.extend(scanned.outputs.iter().cloned());
                continue;
            }
        }
        joined.push(step);
    }
    joined
}
