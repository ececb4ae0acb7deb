//! Softmax and the logsumexp of it for each row of a matrix, of which the exponentials are computed once.

use super::loops::{Loops, Place};
use crate::emit::writer::Writer;
use crate::functions::rows;
use crate::graph::{ExprId, Extents, Graph, MatrixOperation as M, Shares};
use crate::program::{Expression, Statement};
use crate::tape::{Computation, Step};

/// Tells whether a node is the softmax of each row of a matrix, of any if none is given.
pub(super) fn is_shares(graph: &Graph, id: ExprId, of: Option<ExprId>) -> bool {
    graph.as_shares(id).is_some_and(|(v, shares)| shares == Shares::OfRows && of.is_none_or(|of| v == of))
}

impl Loops<'_> {
    /// Writes the logsumexp of each row, and on the way the softmax, into the workspace if nothing asks for it.
    pub(super) fn log_sum_exp_of_rows(&mut self, id: ExprId, of: ExprId) -> Place {
        let steps = &self.plan.steps;
        let shares = steps.iter().map(|step| step.id).find(|step| is_shares(self.graph, *step, Some(of)));
        if let Some(place) = self.log_sum_exp_of_sums(id, of, shares) {
            return place;
        }
        let (a, whole) = (self.slice(of), self.graph.extents(of));
        let share = match shares {
            Some(shares) => self.target(shares),
            None => self.temporary(&whole),
        };
        let target = self.target(id);
        let total = self.temporary(&Extents::column(whole.rows.clone()));
        let (height, columns, entries) =
            (self.dimension(&whole.rows), self.dimension(&whole.columns), self.entries(&whole));
        let writer = Writer { lanes: self.writer.options.has_lanes(), ..self.writer };
        let [to, total_of] = [&target, &total].map(|slice| Expression::from(slice).at("i"));
        let share_of = Expression::from(&share).at("i");
        let exponential = writer.call(rows::EXP, share_of.clone());
        let logarithm = writer.call(rows::LN, total_of);
        let arguments = [columns.clone(), a.reference(), (&target).into(), (&share).into()];
        self.statements.push(Statement::kernel("less_largest_of_rows", arguments));
        self.statements.push(Statement::each("i", entries, vec![Statement::set(share_of, exponential)]));
        self.statements.push(Statement::kernel("shares_of_rows", [columns, (&share).into(), total.into()]));
        let is_finite = to.clone().method("is_finite", []);
        let added = Expression::choice(is_finite, logarithm, Expression::zero());
        self.statements.push(Statement::each("i", height, vec![Statement::add(to, added)]));
        if let Some(shares) = shares {
            self.places.insert(shares, Place::Slice(share));
        }
        Place::Slice(target)
    }

    /// Tells whether a step is a softmax that was computed along with its logsumexp.
    pub(super) fn is_computed_share(&self, id: ExprId) -> bool {
        self.places.contains_key(&id) && is_shares(self.graph, id, None)
    }

    /// Tells whether a product only repeats the logsumexp of each row for softmax, which is computed along with it.
    pub(super) fn is_for_shares(&self, id: ExprId, factors: &[ExprId]) -> bool {
        let [total, ones] = factors else { return false };
        let reads = |step: &&Step| step.operands().contains(&id);
        let is_share = |step: &Step| {
            matches!(step.computation, Computation::Entrywise(..)) && is_shares(self.graph, step.id, None)
        };
        self.graph.is_ones(*ones)
            && matches!(self.graph.as_matrix(*total), Some((M::LogSumExpOfRows, _)))
            && !self.plan.outputs.contains(&id)
            && self.plan.steps.iter().filter(reads).all(is_share)
    }
}
