//! Loop fusion: steps that work entry by entry on equally many entries follow each other as far as their operands allow,
//! so that one loop computes them (Kennedy and McKinley, Maximizing Loop Parallelism and Improving Data Locality via
//! Loop Fusion and Distribution, 1993).

use super::plan::{Computation, Step};
use crate::graph::{ExprId, Extents, Graph, MatrixOperation as M};
use rustc_hash::FxHashSet;

/// What a step does to the loop that is open.
enum Effect {
    /// It is computed in the loop, and read there.
    Joins,
    /// It is computed in the loop, and known after it.
    Sums,
    /// It needs no loop.
    Passes,
    /// It ends the loop, and begins another if it works entry by entry.
    Ends,
}

/// Orders steps, which are given with operands before uses.
pub(super) fn fused(graph: &Graph, mut steps: Vec<Step>) -> Vec<Step> {
    let mut waiting: FxHashSet<ExprId> = steps.iter().map(|step| step.id).collect();
    let mut ordered = Vec::with_capacity(steps.len());
    let mut open = Open { written: written(&steps), ..Open::default() };
    while !steps.is_empty() {
        let is_ready = |at: &usize| !steps[*at].operands().iter().any(|id| waiting.contains(id));
        let stays = |at: &usize| !matches!(open.effect(graph, &steps[*at]), Effect::Ends);
        // The first step is always ready.
        let next = (0..steps.len()).find(|at| open.extents.is_none() || is_ready(at) && stays(at)).unwrap_or(0);
        let step = steps.remove(next);
        match open.effect(graph, &step) {
            Effect::Joins => drop(open.computed.insert(step.id)),
            Effect::Sums => drop(open.sums.insert(step.id)),
            Effect::Passes => {}
            Effect::Ends => open.begin(&step),
        }
        waiting.remove(&step.id);
        ordered.push(step);
    }
    ordered
}

/// The operands of steps that are not products, which need them written out.
fn written(steps: &[Step]) -> FxHashSet<ExprId> {
    let others = steps.iter().filter(|step| !matches!(&step.computation, Computation::Operation(M::Product, _)));
    others.flat_map(|step| step.operands().iter().copied()).collect()
}

/// A loop to which steps are added.
#[derive(Default)]
struct Open {
    /// What something other than a product reads.
    written: FxHashSet<ExprId>,
    extents: Option<Extents>,
    computed: FxHashSet<ExprId>,
    sums: FxHashSet<ExprId>,
}

impl Open {
    fn begin(&mut self, step: &Step) {
        let begins = matches!(step.computation, Computation::Entrywise(..)) && !step.extents.is_scalar();
        self.extents = begins.then(|| step.extents.clone());
        self.computed = begins.then_some(step.id).into_iter().collect();
        self.sums.clear();
    }

    fn effect(&self, graph: &Graph, step: &Step) -> Effect {
        let inside = |id: &ExprId| self.computed.contains(id) || self.sums.contains(id);
        match &step.computation {
            Computation::Parameter(_) | Computation::Operation(M::Size(_), _) => Effect::Passes,
            Computation::Operation(M::Full(..) | M::Diagonal | M::Transpose, _) if !self.written.contains(&step.id) => {
                Effect::Passes
            }
            Computation::Operation(M::Slice(..), operands) if !operands.iter().any(inside) => Effect::Passes,
            Computation::Entrywise(_, operands)
                if self.extents.as_ref() == Some(&step.extents)
                    && !operands.iter().any(|operand| self.sums.contains(operand)) =>
            {
                Effect::Joins
            }
            Computation::Operation(M::Product, factors)
                if summands(graph, factors)
                    .is_some_and(|summands| summands.iter().any(|summand| self.computed.contains(summand))) =>
            {
                Effect::Sums
            }
            _ => Effect::Ends,
        }
    }
}

/// Returns the columns whose entries a product multiplies and sums, or the matrix whose entries it sums: ones times a
/// column, a row times a column, or a matrix between ones.
pub fn summands(graph: &Graph, factors: &[ExprId]) -> Option<Vec<ExprId>> {
    match factors {
        [left, right] if graph.extents(*right).is_column() && graph.extents(*left).rows.is_one() => {
            match graph.is_ones(*left) {
                true => Some(vec![*right]),
                false => graph.as_transpose(*left).map(|column| vec![column, *right]),
            }
        }
        [left, middle, right] if graph.is_ones(*left) && graph.is_ones(*right) => Some(vec![*middle]),
        _ => None,
    }
}
