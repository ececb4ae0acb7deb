//! Matrices of few columns in nests of loops: where the inner loop runs along their rows side by side, they are laid out column
//! by column before the outer one, so that numbers of a column are read, and added to, as they lie.

use super::loops::{Loops, place};
use crate::graph::{Bound, Dimension, ExprId, Extents, MatrixOperation as M};
use crate::program::{Expression, Statement};
use crate::tape::{self, Computation, Looped, Part};
use rustc_hash::FxHashMap;

/// Most columns of a matrix that is laid out.
const MOST_COLUMNS: i64 = 8;

/// Fewest; numbers of two columns are copied at once.
const FEWEST_COLUMNS: i64 = 3;

/// The matrices that are laid out column by column.
#[derive(Clone, Default)]
pub(super) struct Columns {
    read: FxHashMap<ExprId, String>,
    added: FxHashMap<ExprId, String>,
}

impl<'a> Loops<'a> {
    /// Lays out what the loops inside of a loop read and add to; returns what they add to.
    pub(super) fn columns_before(&mut self, looped: &'a Looped) -> Vec<ExprId> {
        let mut added = Vec::new();
        for step in &looped.plan.steps {
            let Computation::Loop(inner) = &step.computation else { continue };
            if !looped.recomputed.is_empty() || !self.is_side_by_side(inner) {
                continue;
            }
            for own in &inner.plan.steps {
                let Computation::Operation(M::Slice(row, column, extents), of) = &own.computation else { continue };
                let is_entry = extents.is_scalar() && self.runs_along(&inner.bound, of[0], [row, column]);
                if is_entry && looped.operands.contains(&of[0]) && !self.within.columns.read.contains_key(&of[0]) {
                    self.lay_out(of[0]);
                }
            }
            for output in &inner.outputs {
                let targets = self.targets_of(output);
                let is_along = |loops: &Self, part: &Part, target: ExprId| match &part.place {
                    [tape::Place::At(row), tape::Place::At(column)] => {
                        part.extents.is_scalar() && loops.runs_along(&inner.bound, target, [row, column])
                    }
                    _ => false,
                };
                for (target, _) in targets {
                    let known = self.stored.contains(&target) || self.within.columns.added.contains_key(&target);
                    if !known && output.parts.iter().any(|part| is_along(self, part, target)) {
                        let sums = self.temporary(&self.graph.extents(target).transposed());
                        self.statements.push(Statement::fill(&sums, Expression::zero()));
                        self.within.columns.added.insert(target, sums);
                        added.push(target);
                    }
                }
            }
        }
        added
    }

    fn lay_out(&mut self, of: ExprId) {
        let (a, extents) = (self.slice(of), self.graph.extents(of));
        let columns = self.temporary(&extents.transposed());
        let width = self.dimension(&extents.columns);
        self.statements.push(Statement::kernel("transpose", [width, a.reference(), (&columns).into()]));
        self.within.columns.read.insert(of, columns);
    }

    /// Adds what was added column by column to the matrices.
    pub(super) fn add_columns(&mut self, added: Vec<ExprId>) {
        for target in added {
            let Some(sums) = self.within.columns.added.remove(&target) else { continue };
            let Extents { rows, columns } = self.graph.extents(target);
            let name = self.slice(target);
            let [rows, columns] = [rows, columns].map(|side| self.dimension(&side));
            let sum = Expression::from(sums).at(place("j", &rows, "i"));
            let add = Statement::add(name.at(place("i", &columns, "j")), sum);
            self.statements.push(Statement::each("i", rows, vec![Statement::each("j", columns, vec![add])]));
        }
    }

    /// Tells whether an entry lies in a column of a matrix of few columns, one row further for each value of an index.
    fn runs_along(&self, bound: &Bound, of: ExprId, [row, column]: [&Dimension; 2]) -> bool {
        let width = self.graph.extents(of).columns.as_number().unwrap_or(0);
        (FEWEST_COLUMNS..=MOST_COLUMNS).contains(&width)
            && column.as_number().is_some_and(|column| (0..width).contains(&column))
            && row.slope(bound.name()).is_one()
    }

    /// Returns the slice of the columns of a matrix and where an entry lies in it, if it is read column by column.
    pub(super) fn in_columns_read(
        &self,
        bound: &Bound,
        of: ExprId,
        places: [&Dimension; 2],
    ) -> Option<(Expression, Dimension)> {
        let columns = self.within.columns.read.get(&of).filter(|_| self.runs_along(bound, of, places))?;
        Some((columns.into(), self.in_column(of, places)))
    }

    /// Returns the slice of the sums of the columns of a matrix and where an entry lies in it, if it is added to column by
    /// column.
    pub(super) fn in_columns_added(
        &self,
        bound: &Bound,
        target: ExprId,
        part: &Part,
    ) -> Option<(Expression, Dimension)> {
        let [tape::Place::At(row), tape::Place::At(column)] = &part.place else { return None };
        let sums = self.within.columns.added.get(&target).filter(|_| self.runs_along(bound, target, [row, column]))?;
        Some((sums.into(), self.in_column(target, [row, column])))
    }

    fn in_column(&self, of: ExprId, [row, column]: [&Dimension; 2]) -> Dimension {
        self.graph.extents(of).rows.product(column).plus(row, 1)
    }
}
