//! Loop fusion: steps that work entry by entry on equally many entries follow each other as far as their operands allow,
//! so that one loop computes them (Kennedy and McKinley, Maximizing Loop Parallelism and Improving Data Locality via
//! Loop Fusion and Distribution, 1993). Products that read a matrix row by row belong to the loop over its rows.

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
    let mut waiting: FxHashSet<ExprId> = steps.iter().flat_map(Step::results).collect();
    let mut ordered = Vec::with_capacity(steps.len());
    let mut open = Open { written: written(&steps), ..Open::default() };
    while !steps.is_empty() {
        let is_ready = |at: &usize| !steps[*at].operands().iter().any(|id| waiting.contains(id));
        let stays = |at: &usize| !matches!(open.effect(graph, &steps[*at]), Effect::Ends);
        // The first step is always ready.
        let next = (0..steps.len()).find(|at| open.extents.is_none() || is_ready(at) && stays(at)).unwrap_or(0);
        let step = steps.remove(next);
        match open.effect(graph, &step) {
            Effect::Joins => {
                open.note(graph, &step);
                open.computed.insert(step.id);
            }
            Effect::Sums => drop(open.sums.insert(step.id)),
            Effect::Passes => {}
            Effect::Ends => open.begin(graph, &step),
        }
        step.results().iter().for_each(|id| _ = waiting.remove(id));
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
    /// The matrices whose rows it multiplies.
    matrices: FxHashSet<ExprId>,
}

impl Open {
    fn begin(&mut self, graph: &Graph, step: &Step) {
        self.matrices.clear();
        self.note(graph, step);
        let entrywise = matches!(step.computation, Computation::Entrywise(..)) && !step.extents.is_scalar();
        let begins = entrywise || !self.matrices.is_empty();
        self.extents = begins.then(|| step.extents.clone());
        self.computed = begins.then_some(step.id).into_iter().collect();
        self.sums.clear();
    }

    /// Notes the matrix whose rows a step multiplies.
    fn note(&mut self, graph: &Graph, step: &Step) {
        if let Computation::Operation(M::Product, factors) = &step.computation
            && let Some(RowProduct::Times { matrix, .. }) = row_product(graph, factors)
        {
            self.matrices.insert(matrix);
        }
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
            Computation::Operation(M::Product, factors) => match row_product(graph, factors) {
                Some(RowProduct::Times { matrix, vector })
                    if self.extents.as_ref() == Some(&step.extents) && !inside(&matrix) && !inside(&vector) =>
                {
                    Effect::Joins
                }
                Some(
                    RowProduct::Added { matrix, vector: entries } | RowProduct::Weighted { matrix, weights: entries },
                ) if self.matrices.contains(&matrix) && self.computed.contains(&entries) => Effect::Sums,
                _ if weighted(graph, factors).is_some_and(|(weights, matrix)| {
                    self.matrices.contains(&matrix) && self.computed.contains(&weights)
                }) =>
                {
                    Effect::Passes
                }
                _ => Effect::Ends,
            },
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

/// A product that reads the rows of a matrix once, from the first to the last.
pub enum RowProduct {
    /// `A*x`: an entry for each row.
    Times {
        /// A
        matrix: ExprId,
        /// x
        vector: ExprId,
    },
    /// `A'*v`: the sum of the rows, each times its entry of v.
    Added {
        /// A
        matrix: ExprId,
        /// v
        vector: ExprId,
    },
    /// `A'*diag(p)*A`: the sum of the squares of the rows, each times its entry of p.
    Weighted {
        /// A
        matrix: ExprId,
        /// p
        weights: ExprId,
    },
}

/// Fewest rows that are worth a loop of their own around products.
const FEWEST_ROWS: i64 = 64;

/// Tells what a product does with the rows of a matrix, if there are many.
pub fn row_product(graph: &Graph, factors: &[ExprId]) -> Option<RowProduct> {
    let [left, right] = *factors else { return None };
    let is_matrix = |id: ExprId| {
        let extents = graph.extents(id);
        let few = extents.rows.as_number().is_some_and(|rows| rows < FEWEST_ROWS);
        !few && !extents.is_column() && !extents.rows.is_one()
    };
    let is_vector = |id: ExprId| graph.extents(id).is_column();
    match graph.as_transpose(left) {
        Some(matrix) if is_matrix(matrix) && is_vector(right) => Some(RowProduct::Added { matrix, vector: right }),
        Some(matrix) if is_matrix(matrix) => {
            let (weights, of) = weighted(graph, &graph.matrix_factors(right))?;
            (of == matrix).then_some(RowProduct::Weighted { matrix, weights })
        }
        Some(_) => None,
        None if is_matrix(left) && is_vector(right) && !graph.is_ones(left) => {
            Some(RowProduct::Times { matrix: left, vector: right })
        }
        None => None,
    }
}

/// Returns p and A of `diag(p)*A`.
fn weighted(graph: &Graph, factors: &[ExprId]) -> Option<(ExprId, ExprId)> {
    let [diagonal, matrix] = *factors else { return None };
    match graph.as_matrix(diagonal)? {
        (M::Diagonal, [weights]) => Some((*weights, matrix)),
        _ => None,
    }
}
