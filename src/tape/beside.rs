//! Sums beside recurrences: what a loop adds up over the states of a recurrence is added up while the steps make them, so
//! that the states are not kept, and what both compute is computed once.

use super::association::associate;
use super::hoist::hoist;
use super::kept::next_kept;
use super::plan::{Computation, Plan, Step, plan_with, reachable_within};
use super::scanned::{Output, Scanned};
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, Kept, MatrixOperation as M, Node, Scan};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// The recurrences that compute nodes which are sums beside them, or are kept of their states.
pub(super) type Beside = FxHashMap<ExprId, Arc<Scanned>>;

/// Rewrites nodes.
type Form = fn(&mut Graph, &[ExprId]) -> Vec<ExprId>;

/// Tells whether one recurrence computes both nodes.
pub(super) fn alike(beside: &Beside, a: ExprId, b: ExprId) -> bool {
    match (beside.get(&a), beside.get(&b)) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// Plans the computation of the roots with recurrences joined, and as many sums beside them as can be. What is computed
/// together is brought to a form again. Where `keeps`, what steps compute is kept for others that need it, too.
pub fn plan_beside(graph: &mut Graph, roots: &[ExprId], form: Form, keeps: bool) -> Plan {
    let mut beside = Beside::default();
    let mut plan = plan_with(graph, roots, &beside);
    let mut tried: FxHashSet<(ExprId, ExprId)> = FxHashSet::default();
    while let Some(scanned) = next_together(graph, &plan.steps, &mut tried, form) {
        (plan, beside) = planned(graph, roots, &beside, scanned).unwrap_or((plan, beside));
    }
    let mut tried: FxHashSet<ExprId> = FxHashSet::default();
    while let Some(scanned) = next_beside(graph, &plan.steps, &mut tried, form) {
        (plan, beside) = planned(graph, roots, &beside, scanned).unwrap_or((plan, beside));
    }
    let mut tried: FxHashSet<(ExprId, ExprId)> = FxHashSet::default();
    while keeps && let Some([first, second]) = next_kept(graph, &plan.steps, &mut tried) {
        let mut with = beside.clone();
        let computed = second.results();
        note(&mut with, second, &computed);
        with_sums(graph, roots, &mut with, first);
        let new = plan_with(graph, roots, &with);
        if new.verify().is_ok() {
            (plan, beside) = (new, with);
        }
    }
    debug_assert_eq!(plan.verify(), Ok(()));
    plan
}

/// Plans with one more recurrence; none if its sums wait for each other: of these, not all can be beside it.
fn planned(graph: &mut Graph, roots: &[ExprId], beside: &Beside, scanned: Scanned) -> Option<(Plan, Beside)> {
    let mut with = beside.clone();
    with_sums(graph, roots, &mut with, scanned);
    let plan = plan_with(graph, roots, &with);
    plan.verify().is_ok().then_some((plan, with))
}

/// Finds a recurrence that was not tried and has sums to add up beside it.
fn next_beside(graph: &mut Graph, steps: &[Step], tried: &mut FxHashSet<ExprId>, form: Form) -> Option<Scanned> {
    steps.iter().find_map(|step| {
        let Computation::Scan(scanned) = &step.computation else { return None };
        scanned.outputs.first().filter(|output| tried.insert(output.id))?;
        added_beside(graph, steps, step, form)
    })
}

/// Finds two recurrences that were not tried together, of which one reads the states of each step of the other, or both of
/// whose states something else reads step by step.
fn next_together(
    graph: &mut Graph,
    steps: &[Step],
    tried: &mut FxHashSet<(ExprId, ExprId)>,
    form: Form,
) -> Option<Scanned> {
    for (at, first) in steps.iter().enumerate() {
        for second in &steps[at + 1..] {
            let (Computation::Scan(one), Computation::Scan(other)) = (&first.computation, &second.computation) else {
                continue;
            };
            let same = one.bound.from == other.bound.from && one.bound.to == other.bound.to;
            let reads = |step: &Step, scanned: &Scanned| {
                scanned.outputs.iter().any(|output| output.kept != Kept::Last && step.operands().contains(&output.id))
            };
            let reads_both = |step: &Step| {
                let is_loop =
                    matches!(&step.computation, Computation::Loop(own) if own.bound.count() == one.bound.count());
                is_loop && reads(step, one) && reads(step, other)
            };
            if same
                && (one.outputs.iter().any(|output| second.operands().contains(&output.id))
                    || steps.iter().any(reads_both))
                && tried.insert((first.id, second.id))
                && let Some(together) = together(graph, steps, (first, one), (second, other), form)
            {
                return Some(together);
            }
        }
    }
    None
}

/// Makes one recurrence of two, the second of which reads the states of each step of the first; none if that waits for
/// what the first one computes.
fn together(
    graph: &mut Graph,
    steps: &[Step],
    (first, one): (&Step, &Scanned),
    (second, other): (&Step, &Scanned),
    form: Form,
) -> Option<Scanned> {
    if graph.free_indices(first.id) != graph.free_indices(second.id) {
        return None;
    }
    let mut open = Open::new(graph, one);
    let shift = one.states.len();
    let bound = Bound { index: graph.fresh_index(), ..other.bound.clone() };
    let shifted: Vec<ExprId> = (0..other.states.len())
        .map(|state| graph.state(&bound, state + shift, other.states[state].extents.clone()))
        .collect();
    let later = depending(steps, first.id);
    let free = graph.free_indices(first.id).cloned();
    let mut next = Vec::new();
    for state in &other.states {
        let value = graph.renamed_index(state.next, other.bound.name(), &bound.index);
        let value = graph.with_states(value, &bound, &shifted);
        let value = graph.renamed_index(value, bound.name(), &open.scan.bound.index);
        next.push(open.read_in_step(graph, value));
    }
    let initial: Vec<ExprId> = other.states.iter().map(|state| state.initial).collect();
    let read = graph.frontier_of(&next, free.as_ref());
    if read.iter().chain(&initial).any(|id| depends(graph, *id, &later)) {
        return None;
    }
    open.scan.initial.extend(initial);
    open.scan.next.extend(next);
    let (scan, _) = numbered(graph, &open, Vec::new(), form);
    let moved = |output: &Output| Output { state: output.state + shift, ..output.clone() };
    let outputs = one.outputs.iter().cloned().chain(other.outputs.iter().map(moved)).collect();
    Some(Scanned::with_sums(graph, &scan, outputs, &[]))
}

/// Notes a recurrence with its sums. States that only the sums read are not kept.
fn with_sums(graph: &Graph, roots: &[ExprId], beside: &mut Beside, mut scanned: Scanned) {
    let sums: Vec<ExprId> = scanned.sums.iter().map(|sum| sum.id).collect();
    let kept: Vec<ExprId> = scanned.outputs.iter().map(|output| output.id).collect();
    note(beside, scanned.clone(), &[&sums[..], &kept].concat());
    let nodes = reachable_within(graph, roots, &FxHashSet::default(), beside);
    let read: FxHashSet<ExprId> = nodes.into_iter().collect();
    kept.iter().for_each(|id| _ = beside.remove(id));
    scanned.outputs.retain(|output| read.contains(&output.id));
    let computed: Vec<ExprId> = scanned.outputs.iter().map(|output| output.id).chain(sums).collect();
    note(beside, scanned, &computed);
}

fn note(beside: &mut Beside, scanned: Scanned, computed: &[ExprId]) {
    let scanned = Arc::new(scanned);
    beside.extend(computed.iter().map(|id| (*id, Arc::clone(&scanned))));
}

/// A recurrence that is open, and the nodes that keep its states.
pub(super) struct Open {
    pub(super) scan: Scan,
    pub(super) kept: FxHashMap<ExprId, (usize, Kept)>,
}

/// Adds up beside a recurrence what can be; none if that is nothing.
fn added_beside(graph: &mut Graph, steps: &[Step], step: &Step, form: Form) -> Option<Scanned> {
    let Computation::Scan(scanned) = &step.computation else { return None };
    let loops = loops_over(graph, steps, &scanned.bound);
    if loops.is_empty() || !scanned.sums.is_empty() {
        return None;
    }
    let open = Open::new(graph, scanned);
    let later = depending(steps, step.id);
    let mut added: Vec<(ExprId, ExprId)> = Vec::new();
    let free = graph.free_indices(step.id).cloned();
    let functions = open.functions(graph, &open.scan.next.clone());
    for (sum, bound, body) in loops {
        if graph.free_indices(sum) != free.as_ref() {
            continue;
        }
        let (body, read) = open.either_way(graph, &bound, body);
        let waits = graph.frontier_of(&[read], free.as_ref()).iter().any(|id| depends(graph, *id, &later));
        // What reads another recurrence's states belongs beside that.
        let mut others = steps.iter().filter(|other| other.id != step.id);
        let mut shares = || {
            !others.any(|other| reads_states(graph, other, read, &open.scan.bound))
                && open.functions(graph, &[read]).iter().any(|id| functions.contains(id))
        };
        if !waits && (read != body || shares()) {
            added.push((sum, read));
        }
    }
    if added.is_empty() {
        return None;
    }
    let (scan, added) = numbered(graph, &open, added, form);
    Some(Scanned::with_sums(graph, &scan, scanned.outputs.clone(), &added))
}

/// Tells whether a body over a range reads the states of each step of a recurrence over the same.
fn reads_states(graph: &mut Graph, step: &Step, body: ExprId, bound: &Bound) -> bool {
    let Computation::Scan(scanned) = &step.computation else { return false };
    if scanned.bound.from != bound.from || scanned.bound.to != bound.to {
        return false;
    }
    let open = Open::new(graph, scanned);
    let (body, read) = open.either_way(graph, bound, body);
    read != body
}

/// Tells whether a node needs one of the given.
fn depends(graph: &Graph, id: ExprId, given: &FxHashSet<ExprId>) -> bool {
    graph.reachable_outside(&[id]).iter().any(|id| given.contains(id))
}

/// Lists the sums of loops over the same range outside of all others, with their bodies.
fn loops_over(graph: &Graph, steps: &[Step], bound: &Bound) -> Vec<(ExprId, Bound, ExprId)> {
    let outputs = steps.iter().flat_map(|step| match &step.computation {
        Computation::Loop(looped) if looped.bound.from == bound.from && looped.bound.to == bound.to => {
            looped.outputs.as_slice()
        }
        _ => &[],
    });
    let sums = outputs.filter_map(|output| {
        let (bound, body) = graph.as_loop(output.id)?;
        Some((output.id, bound.clone(), body))
    });
    sums.collect()
}

/// Returns what is computed from the results of a step, these included.
fn depending(steps: &[Step], id: ExprId) -> FxHashSet<ExprId> {
    let mut found = FxHashSet::default();
    for step in steps {
        if step.id == id || step.operands().iter().any(|operand| found.contains(operand)) {
            found.extend(step.results());
        }
    }
    found
}

impl Open {
    fn new(graph: &mut Graph, scanned: &Scanned) -> Self {
        let index = graph.fresh_index();
        let bound = Bound { index: index.clone(), ..scanned.bound.clone() };
        let initial = scanned.states.iter().map(|state| state.initial).collect();
        let next = scanned.states.iter();
        let next = next.map(|state| graph.renamed_index(state.next, scanned.bound.name(), &index)).collect();
        let scan = Scan { bound, initial, next, state: 0, kept: Kept::Last };
        let kept = scanned.outputs.iter().map(|output| (output.id, (output.state, output.kept))).collect();
        Open { scan, kept }
    }

    /// Lists the functions of numbers that change from step to step.
    fn functions(&self, graph: &mut Graph, values: &[ExprId]) -> FxHashSet<ExprId> {
        let values: Vec<ExprId> = values.iter().map(|value| self.read_in_step(graph, *value)).collect();
        let inside = values.iter().flat_map(|value| graph.dependants(*value, self.scan.bound.name()));
        inside.filter(|id| matches!(graph.node(*id), Node::Apply(..))).collect()
    }

    /// Returns the body of a loop over the same range, run through in the direction in which it reads the states of each
    /// step, if there is one, and the same as it reads them in the step.
    fn either_way(&self, graph: &mut Graph, bound: &Bound, body: ExprId) -> (ExprId, ExprId) {
        let body = graph.renamed_index(body, bound.name(), &self.scan.bound.index);
        let read = self.read_in_step(graph, body);
        if read == body {
            let turned = graph.substituted(body, self.scan.bound.name(), &self.scan.bound.backwards());
            let turned_and_read = self.read_in_step(graph, turned);
            if turned_and_read != turned {
                return (turned, turned_and_read);
            }
        }
        (body, read)
    }

    /// Reads the states of this step where a body reads them from what is kept of all.
    fn read_in_step(&self, graph: &mut Graph, body: ExprId) -> ExprId {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in graph.dependants(body, self.scan.bound.name()) {
            let new = self.part(graph, id).unwrap_or_else(|| {
                let node = graph.node(id).clone();
                graph.construct(&node, |operand| image.get(&operand).copied().unwrap_or(operand))
            });
            let new = in_columns(graph, new);
            image.insert(id, new);
        }
        image.get(&body).copied().unwrap_or(body)
    }

    /// Reads a part of all states, or of their product with something else, as a part of the one of this step.
    pub(super) fn part(&self, graph: &mut Graph, id: ExprId) -> Option<ExprId> {
        let (M::Slice(row, column, extents), [whole]) = graph.as_matrix(id)? else { return None };
        let (row, column, extents, whole) = (row.clone(), column.clone(), extents.clone(), *whole);
        if let Some((M::Product, factors)) = graph.as_matrix(whole) {
            let factors = factors.to_vec();
            let wide = column == Dimension::number(0) && extents.columns == graph.extents(whole).columns;
            let first = factors.first().filter(|first| wide && self.kept.contains_key(first))?;
            let inner = Extents::new(extents.rows, graph.extents(*first).columns);
            let rows = graph.slice(*first, row, column, inner);
            let rows = self.part(graph, rows)?;
            let product: Vec<ExprId> = [rows].into_iter().chain(factors[1..].iter().copied()).collect();
            return Some(graph.matrix_product(&product));
        }
        let (state, kept) = *self.kept.get(&whole)?;
        let value = match kept {
            Kept::Before => {
                let extents = graph.extents(self.scan.initial[state]);
                graph.state(&self.scan.bound, state, extents)
            }
            Kept::After => self.scan.next[state],
            Kept::Last => return None,
        };
        let step = self.scan.bound.index.plus(&self.scan.bound.from, -1);
        graph.part_of_state((&row, &column, &extents), value, &step)
    }
}

/// Writes the transpose of what is computed of rows, some of them transposes, as what is computed of columns.
pub(super) fn in_columns(graph: &mut Graph, id: ExprId) -> ExprId {
    let is_turned = |graph: &Graph, row: ExprId| {
        let mut found = false;
        graph.node(row).for_each_operand(|operand| found |= graph.as_transpose(operand).is_some());
        graph.is_entrywise(row) && graph.extents(row).rows.is_one() && found
    };
    let Some(row) = graph.as_transpose(id).filter(|row| is_turned(graph, *row)) else { return id };
    let mut operands = Vec::new();
    graph.node(row).for_each_operand(|operand| operands.push(operand));
    let mut columns: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for operand in operands {
        let column = graph.transpose(operand);
        columns.insert(operand, in_columns(graph, column));
    }
    let node = graph.node(row).clone();
    let column = graph.construct(&node, |operand| columns.get(&operand).copied().unwrap_or(operand));
    if graph.extents(column) == graph.extents(id) { column } else { id }
}

/// Brings steps and sums to the same form, so that what they have in common is one node, and numbers the index.
fn numbered(graph: &mut Graph, open: &Open, added: Vec<(ExprId, ExprId)>, form: Form) -> (Scan, Vec<(ExprId, ExprId)>) {
    let scan = &open.scan;
    let next = scan.next.iter().map(|next| open.read_in_step(graph, *next));
    let next: Vec<ExprId> = next.collect();
    let values: Vec<ExprId> = next.into_iter().chain(added.iter().map(|(_, body)| *body)).collect();
    let values = associate(graph, &values);
    let values = hoist(graph, &values);
    let values = form(graph, &values);
    let index = graph.numbered_index(&scan.bound, &values, &[]);
    let name = scan.bound.name();
    let mut values: Vec<ExprId> = values.iter().map(|value| graph.renamed_index(*value, name, &index)).collect();
    let bodies = values.split_off(scan.next.len());
    let added = added.into_iter().zip(bodies).map(|((sum, _), body)| (sum, body)).collect();
    (Scan { bound: Bound { index, ..scan.bound.clone() }, next: values, ..scan.clone() }, added)
}
