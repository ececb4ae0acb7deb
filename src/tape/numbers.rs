//! Numbers that are computed together: inside of a loop, those that wait for the same are one formula with several results,
//! which shares reciprocals, powers and functions as straight-line code does.

use super::plan::{Computation, Step};
use super::schedule;
use crate::graph::{ExprId, Graph};
use crate::lower::Formulas;
use rustc_hash::{FxHashMap, FxHashSet};

/// Joins the steps that compute numbers, as far as no operation on matrices and no loop stands between them. `shared` are the
/// nodes at which formulas end.
pub(super) fn numbers_joined(
    graph: &Graph,
    formulas: &mut Formulas,
    steps: Vec<Step>,
    roots: &[ExprId],
    shared: &FxHashSet<ExprId>,
) -> Vec<Step> {
    let depths = depths(&steps);
    let last = depths.values().copied().max().unwrap_or(0);
    let mut waiting: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut joined = Vec::with_capacity(waiting.len());
    for depth in 0..=last {
        let (mut numbers, mut operations) = (Vec::new(), Vec::new());
        for place in &mut waiting {
            if let Some(step) = place.take_if(|step| depths[&step.id] == depth) {
                if is_number(&step) { numbers.push(step) } else { operations.push(step) }
            }
        }
        joined.extend(operations);
        let later = waiting.iter().flatten().flat_map(Step::operands);
        let read: FxHashSet<ExprId> = later.chain(roots).copied().collect();
        joined.extend(together(graph, formulas, numbers, &read, shared));
    }
    joined
}

fn is_number(step: &Step) -> bool {
    matches!(step.computation, Computation::Entrywise(..)) && step.extents.is_scalar()
}

/// Counts, for each step, how many operations wait for numbers one after the other up to it.
fn depths(steps: &[Step]) -> FxHashMap<ExprId, usize> {
    let mut depths: FxHashMap<ExprId, usize> = FxHashMap::default();
    let mut from_numbers: FxHashSet<ExprId> = FxHashSet::default();
    for step in steps {
        let operands = step.operands().iter();
        let before = operands.clone().filter_map(|id| depths.get(id)).max().copied().unwrap_or(0);
        let waits = operands.clone().any(|id| from_numbers.contains(id) && depths.get(id) == Some(&before));
        let own = before + usize::from(waits && !is_number(step));
        let moves = is_number(step) || waits && own == before;
        for id in step.results() {
            depths.insert(id, own);
            from_numbers.extend(moves.then_some(id));
        }
    }
    depths
}

/// Makes one step of several; what only these read is no result.
fn together(
    graph: &Graph,
    formulas: &mut Formulas,
    numbers: Vec<Step>,
    read: &FxHashSet<ExprId>,
    shared: &FxHashSet<ExprId>,
) -> Vec<Step> {
    if numbers.len() < 2 {
        return numbers;
    }
    let own: FxHashSet<ExprId> = numbers.iter().map(|step| step.id).collect();
    let results: Vec<ExprId> = numbers.iter().map(|step| step.id).filter(|id| read.contains(id)).collect();
    let Some(first) = results.first().copied() else { return numbers };
    let mut region = graph.region_of(&results, |node| shared.contains(&node) && !own.contains(&node));
    let roots = region.roots.clone();
    let tape = schedule(&mut region.graph, formulas, &roots);
    let extents = graph.extents(first);
    vec![Step { id: first, extents, computation: Computation::Numbers(tape, region.leaves, results) }]
}
