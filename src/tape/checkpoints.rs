//! Checkpoints: of a recurrence of t steps that another one goes back through, only the states that segments of about √t
//! steps begin with are kept, and those in between are computed once more, segment by segment (Griewank, Achieving
//! Logarithmic Growth of Temporal and Spatial Complexity in Reverse Automatic Differentiation, 1992; Chen, Xu, Zhang and
//! Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016, section 3).

use super::plan::{Computation, Plan, Step};
use super::scanned::{Output, Scanned};
use super::{Operation, Tape};
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, Kept, MatrixOperation as M, Node, are_rows_of};
use rustc_hash::{FxHashMap, FxHashSet};

/// States that a loop which runs backwards computes once more before each of its segments.
#[derive(Clone, Debug)]
pub struct Recomputed {
    /// The first of the nodes that the recurrence computed before.
    pub of: ExprId,
    /// The number that each of its states has there.
    pub states: Vec<usize>,
    /// The recurrence without what only its results need.
    pub scanned: Scanned,
}

/// Reads rows of what is computed of all states as what is computed of rows of the states, so that it is not computed of all
/// of them.
pub fn by_states(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in graph.reachable(roots) {
        let node = graph.node(id).clone();
        let new = graph.intern(node.renamed(|operand| image[&operand]));
        let rows = match graph.as_matrix(new) {
            Some((M::Slice(row, column, part), [whole])) if *column == Dimension::number(0) => {
                let (row, part, whole) = (row.clone(), part.clone(), *whole);
                let is_wide = part.columns == graph.extents(whole).columns;
                if is_wide { rows_of(graph, whole, (&row, &part.rows)) } else { None }
            }
            _ => None,
        };
        image.insert(id, rows.unwrap_or(new));
    }
    roots.iter().map(|root| image[root]).collect()
}

/// Returns rows of a matrix that is computed of kept states, row by row; none if it is something else.
fn rows_of(graph: &mut Graph, id: ExprId, rows: (&Dimension, &Dimension)) -> Option<ExprId> {
    let part = |graph: &mut Graph, of: ExprId| {
        let columns = graph.extents(of).columns;
        graph.slice(of, rows.0.clone(), Dimension::number(0), Extents::new(rows.1.clone(), columns))
    };
    match graph.as_matrix(id) {
        Some((M::Scan(_, _, Kept::Before | Kept::After), _)) => return Some(part(graph, id)),
        Some((M::Product, [first, rest @ ..])) => {
            let (first, rest) = (*first, rest.to_vec());
            let first = rows_of(graph, first, rows)?;
            let factors: Vec<ExprId> = [first].into_iter().chain(rest).collect();
            return Some(graph.matrix(M::Product, &factors));
        }
        Some(_) => return None,
        None => {}
    }
    let node = graph.node(id).clone();
    let mut operands = Vec::new();
    node.for_each_operand(|operand| operands.push(operand));
    if !matches!(node, Node::Sum(..) | Node::Product(_) | Node::Apply(..)) {
        return None;
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut is_of_states = false;
    operands.retain(|operand| !graph.extents(*operand).is_scalar());
    for operand in operands {
        let new = rows_of(graph, operand, rows);
        is_of_states |= new.is_some();
        image.insert(operand, new.unwrap_or_else(|| part(graph, operand)));
    }
    is_of_states.then(|| graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand))))
}

/// Keeps checkpoints instead of all states wherever loops that run backwards are all that reads these.
pub fn with_checkpoints(mut plan: Plan) -> Plan {
    for step in &mut plan.steps {
        let inner = match &mut step.computation {
            Computation::Loop(looped) => &mut looped.plan,
            Computation::Scan(scanned) => &mut scanned.plan,
            _ => continue,
        };
        let own = std::mem::replace(inner, Plan { steps: Vec::new(), outputs: Vec::new() });
        *inner = with_checkpoints(own);
    }
    for at in 0..plan.steps.len() {
        keep_checkpoints(&mut plan, at);
    }
    plan
}

/// Keeps checkpoints of one recurrence, if that can be.
fn keep_checkpoints(plan: &mut Plan, at: usize) {
    let step = &plan.steps[at];
    let Computation::Scan(scanned) = &step.computation else { return };
    if !scanned.recomputed.is_empty() || has_running_sides(scanned) {
        return;
    }
    let scanned = (**scanned).clone();
    let Some(of) = scanned.outputs.first().map(|output| output.id) else { return };
    let is_read_backwards = |output: &&Output| {
        output.kept != Kept::Last
            && !plan.outputs.contains(&output.id)
            && readers(plan, output.id).all(|reader| reads_backwards(reader, &scanned, output))
    };
    let kept: Vec<Output> = scanned.outputs.iter().filter(is_read_backwards).cloned().collect();
    if kept.is_empty() {
        return;
    }
    let again = recomputed(of, &scanned, &kept);
    let ids: FxHashSet<ExprId> = kept.iter().map(|output| output.id).collect();
    for reader in plan.steps.iter_mut().filter(|reader| reader.operands().iter().any(|id| ids.contains(id))) {
        let (recomputed, operands) = match &mut reader.computation {
            Computation::Loop(looped) => (&mut looped.recomputed, &mut looped.operands),
            Computation::Scan(scanned) => (&mut scanned.recomputed, &mut scanned.operands),
            _ => continue,
        };
        operands.extend(again.scanned.operands.iter().filter(|id| !operands.contains(id)).copied().collect::<Vec<_>>());
        recomputed.push(again.clone());
    }
    if let Computation::Scan(scanned) = &mut plan.steps[at].computation {
        scanned.checkpoints = again.states;
        scanned.outputs.iter_mut().for_each(|output| output.is_recomputed = ids.contains(&output.id));
    }
}

/// Tells whether some value of an index around a recurrence decides how many steps there are, or how large a state is.
fn has_running_sides(scanned: &Scanned) -> bool {
    let runs = |extents: &Extents| extents.rows.is_running() || extents.columns.is_running();
    scanned.bound.count().is_running() || scanned.states.iter().any(|state| runs(&state.extents))
}

fn readers(plan: &Plan, id: ExprId) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(move |step| step.operands().contains(&id))
}

/// Tells whether a step is a loop over as many values that reads the states of the last step first.
fn reads_backwards(reader: &Step, scanned: &Scanned, output: &Output) -> bool {
    let (bound, plan, initial) = match &reader.computation {
        Computation::Loop(looped) => (&looped.bound, &looped.plan, &[][..]),
        Computation::Scan(own) if own.checkpoints.is_empty() => (&own.bound, &own.plan, &own.states[..]),
        _ => return false,
    };
    let step = last_first(bound);
    bound.count() == scanned.bound.count()
        && initial.iter().all(|state| state.initial != output.id)
        && reads_only(plan, (output.id, &scanned.states[output.state].extents), &step)
}

/// Returns the step, counted from 0, that a loop which goes back through all steps is at.
fn last_first(bound: &Bound) -> Dimension {
    bound.to.plus(&bound.index, -1).plus(&Dimension::number(1), -1)
}

/// Tells whether a plan reads, of all states, rows of the one at this place only.
fn reads_only(plan: &Plan, (states, extents): (ExprId, &Extents), at: &Dimension) -> bool {
    let is_read_well = |step: &Step| match &step.computation {
        Computation::Operation(M::Slice(row, _, part), _) => are_rows_of(extents, (row, &part.rows), at),
        Computation::Loop(looped) => reads_only(&looped.plan, (states, extents), at),
        Computation::Scan(scanned) => {
            scanned.states.iter().all(|state| state.initial != states)
                && reads_only(&scanned.plan, (states, extents), at)
        }
        _ => false,
    };
    !plan.outputs.contains(&states) && readers(plan, states).all(is_read_well)
}

/// Returns the recurrence of the states that are needed, and of nothing else.
fn recomputed(of: ExprId, scanned: &Scanned, kept: &[Output]) -> Recomputed {
    let number = |id: &ExprId| scanned.states.iter().position(|state| state.own == Some(*id));
    let mut states: Vec<usize> = kept.iter().map(|output| output.state).collect();
    states.sort_unstable();
    states.dedup();
    let mut plan = scanned.plan.clone();
    loop {
        plan = plan.part(states.iter().map(|state| scanned.states[*state].next).collect());
        let read = plan.steps.iter().flat_map(Step::operands).chain(&plan.outputs).filter_map(number);
        let more: Vec<usize> = read.filter(|state| !states.contains(state)).collect();
        if more.is_empty() {
            break;
        }
        states.extend(more);
        states.sort_unstable();
        states.dedup();
        plan = scanned.plan.clone();
    }
    let renumbered = |output: &Output| Output {
        state: states.iter().position(|state| *state == output.state).unwrap_or_default(),
        ..output.clone()
    };
    let read: FxHashSet<ExprId> = plan.steps.iter().flat_map(Step::operands).chain(&plan.outputs).copied().collect();
    let scanned = Scanned {
        bound: scanned.bound.clone(),
        states: states.iter().map(|state| scanned.states[*state].clone()).collect(),
        outputs: kept.iter().map(renumbered).collect(),
        sums: Vec::new(),
        added: Vec::new(),
        plan,
        operands: scanned.operands.iter().filter(|id| read.contains(id)).copied().collect(),
        checkpoints: Vec::new(),
        recomputed: Vec::new(),
    };
    Recomputed { of, states, scanned }
}

impl Plan {
    /// Returns what computes these nodes alone, with the same steps.
    fn part(self, outputs: Vec<ExprId>) -> Plan {
        let mut needed: FxHashSet<ExprId> = outputs.iter().copied().collect();
        let mut steps = Vec::new();
        for step in self.steps.into_iter().rev() {
            if !step.results().iter().any(|id| needed.contains(id)) {
                continue;
            }
            let computation = match step.computation {
                Computation::Numbers(tape, operands, results) => {
                    let own = (0..results.len()).filter(|at| needed.contains(&results[*at]));
                    let left = own.clone().map(|at| results[at]).collect();
                    let (tape, operands) = read_only(tape.with_outputs(own), &operands);
                    Computation::Numbers(tape, operands, left)
                }
                Computation::Loop(mut looped) => {
                    looped.outputs.retain(|output| needed.contains(&output.id));
                    let values = looped.outputs.iter().flat_map(|output| &output.parts).map(|part| part.value);
                    let added = looped.plan.outputs.iter().copied().filter(|id| adds(&looped.plan, *id, &needed));
                    let values: Vec<ExprId> = values.chain(added).collect();
                    looped.plan = looped.plan.part(values);
                    Computation::Loop(looped)
                }
                other => other,
            };
            let step = Step { computation, ..step };
            needed.extend(step.operands());
            steps.push(step);
        }
        steps.reverse();
        Plan { steps, outputs }
    }
}

/// Leaves out the operands that a formula does not read.
fn read_only(mut tape: Tape, operands: &[ExprId]) -> (Tape, Vec<ExprId>) {
    let mut read: Vec<u32> = Vec::new();
    for operation in &mut tape.operations {
        if let Operation::Input(index) = operation {
            let known = read.iter().position(|other| other == index);
            let new = known.unwrap_or(read.len());
            if known.is_none() {
                read.push(*index);
            }
            *index = new as u32;
        }
    }
    (tape, read.into_iter().map(|index| operands[index as usize]).collect())
}

/// Tells whether a node of a plan is a loop that adds to one of these.
fn adds(plan: &Plan, id: ExprId, targets: &FxHashSet<ExprId>) -> bool {
    plan.steps.iter().any(|step| match &step.computation {
        Computation::Loop(looped) => {
            let own = looped.outputs.iter().filter(|output| output.id == id);
            own.flat_map(|output| &output.into).any(|(target, _)| targets.contains(target))
        }
        _ => false,
    })
}
