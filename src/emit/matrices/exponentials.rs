//! Logarithms of sums of exponentials in loops that leave a part of the exponents as it is: since `exp(a + x)` is
//! `exp(a)*exp(x)`, the exponentials of a matrix are computed once before the loop, and in it those of the row that is added to
//! each row of the matrix.

use super::loops::{Loops, Place};
use super::shares::is_shares;
use crate::graph::{ExprId, Extents, MatrixOperation as M, Node};
use crate::program::{Expression, Statement};
use crate::tape::{Computation, Plan, Step};

/// The names of what is known of a matrix before a loop.
#[derive(Clone)]
pub(super) struct Exponentials {
    /// The largest entry of each row.
    largest: String,
    /// The exponentials of the entries less that of their row.
    by_rows: String,
    /// The same, column by column.
    by_columns: String,
}

impl Loops<'_> {
    /// Computes the exponentials that a loop reads of matrices which are known before it.
    pub(super) fn exponentials_before(&mut self, plan: &Plan, known: &[ExprId]) {
        for step in &plan.steps {
            let Computation::Operation(M::LogSumExpOfRows, operands) = &step.computation else { continue };
            let Some((matrix, _)) = self.matrix_and_row(operands[0]) else { continue };
            if !known.contains(&matrix) || self.within.exponentials.contains_key(&matrix) {
                continue;
            }
            let (a, extents) = (self.slice(matrix), self.graph.extents(matrix));
            let largest = self.temporary(&Extents::column(extents.rows.clone()));
            let (by_rows, by_columns) = (self.temporary(&extents), self.temporary(&extents.transposed()));
            let columns = self.dimension(&extents.columns);
            let arguments = [columns, a.reference(), (&largest).into(), (&by_rows).into(), (&by_columns).into()];
            self.statements.push(Statement::fused_kernel("exponentials_of_rows", arguments));
            self.within.exponentials.insert(matrix, Exponentials { largest, by_rows, by_columns });
        }
    }

    /// Returns the matrix and the row where a node is a row added to each row of a matrix.
    fn matrix_and_row(&self, id: ExprId) -> Option<(ExprId, ExprId)> {
        let Node::Sum(constant, terms) = self.graph.node(id) else { return None };
        let [(a, of_a), (b, of_b)] = &terms[..] else { return None };
        let row = |id: ExprId| match self.graph.as_matrix(id) {
            Some((M::Product, [ones, row])) if self.graph.is_ones(*ones) && self.graph.extents(*row).rows.is_one() => {
                Some(*row)
            }
            _ => None,
        };
        let found = match (row(*a), row(*b)) {
            (Some(row), None) => (*b, row),
            (None, Some(row)) => (*a, row),
            _ => return None,
        };
        let is_sum = constant.is_zero() && of_a.is_one() && of_b.is_one();
        (is_sum && self.graph.extents(found.0) == self.graph.extents(id)).then_some(found)
    }

    /// Writes the logarithm of the sum of the exponentials of each row, and their shares if these are asked for; none if the
    /// exponentials of the matrix are not known.
    pub(super) fn log_sum_exp_of_sums(&mut self, id: ExprId, of: ExprId, shares: Option<ExprId>) -> Option<Place> {
        let (matrix, row) = self.matrix_and_row(of)?;
        let Exponentials { largest, by_rows, by_columns } = self.within.exponentials.get(&matrix)?.clone();
        let (a, x) = (self.slice(matrix), self.slice(row));
        let powers = self.temporary(&self.graph.extents(row));
        let target = self.target(id);
        let [a, x] = [a, x].map(Expression::reference);
        let [largest, by_rows, by_columns] =
            [largest, by_rows, by_columns].map(|name| Expression::from(name).reference());
        let [powers, to] = [&powers, &target].map(Expression::from);
        match shares {
            Some(shares) => {
                let share = self.target(shares);
                let exponentials = Expression::List(vec![by_rows, by_columns]);
                let arguments = [a, largest, exponentials, x, powers, to, (&share).into()];
                self.statements.push(Statement::fused_kernel("shares_of_sums", arguments));
                self.places.insert(shares, Place::Slice(share));
            }
            None => {
                let arguments = [a, largest, by_columns, x, powers, to];
                self.statements.push(Statement::fused_kernel("log_sum_exp_of_sums", arguments));
            }
        }
        Some(Place::Slice(target))
    }

    /// Tells whether a node is only read by what is computed from the exponentials of its parts.
    pub(super) fn is_only_exponentiated(&self, id: ExprId) -> bool {
        let is_sum = |id: ExprId| {
            self.matrix_and_row(id).is_some_and(|(matrix, _)| self.within.exponentials.contains_key(&matrix))
        };
        let computes = |step: &Step| match &step.computation {
            Computation::Operation(M::LogSumExpOfRows, operands) => is_sum(operands[0]),
            _ => false,
        };
        let is_share = |step: &Step| {
            let of = self.graph.as_shares(step.id).map(|(of, _)| of);
            of.is_some_and(|of| is_sum(of) && is_shares(self.graph, step.id, Some(of)))
                && self.plan.steps.iter().any(|other| computes(other) && other.operands().first() == of.as_ref())
        };
        let is_row = |id: ExprId| match self.graph.as_matrix(id) {
            Some((M::Product, [ones, _])) => self.graph.is_ones(*ones),
            _ => false,
        };
        let mut readers = self.plan.steps.iter().filter(|step| step.operands().contains(&id));
        (is_sum(id) || is_row(id))
            && !self.plan.outputs.contains(&id)
            && readers.all(|step| {
                computes(step) || is_share(step) || is_row(id) && is_sum(step.id) && self.is_only_exponentiated(step.id)
            })
    }
}
