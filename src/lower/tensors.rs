//! Tensors: matrices, the rows of all of which are the rows of one matrix, and which are taken by index.

use super::indexing::Range;
use super::machine::Machine;
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M, Rational};
use crate::source::Span;
use crate::syntax::ast::Index;

impl Machine<'_> {
    /// Picks an entry, a row or a matrix, or a part of these. Two places are those in the matrix of all rows.
    pub(super) fn tensor_index(
        &mut self,
        (base, layers): (ExprId, &[Dimension; 2]),
        places: &[Index],
        values: &[Value],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        let columns = self.gates.graph.extents(base).columns;
        let shape = self.gates.described(&Value::Tensor(base, layers.clone()));
        let sizes = [layers[0].clone(), layers[1].clone(), columns];
        if places.len() == 2 {
            return self.index(places, &[&[Value::Array(base, Rank::Matrix)], values].concat(), spans);
        }
        if places.len() != 3 {
            let whole = spans[0].to(spans[spans.len() - 1]);
            let message = format!("a {shape} takes three indices: `T[0, 1, 2]`");
            return Err(Diagnostic::new(Fault::Index, whole, message));
        }
        let values = self.inside_if_assumed(places, values, &sizes);
        let mut rest = values.iter().zip(&spans[1..]);
        let mut ranges = Vec::new();
        for (place, size) in places.iter().zip(&sizes) {
            ranges.push(self.range(place, size, &shape, &mut rest)?);
        }
        if let Some(at) = ranges.iter().position(|range| range.axis.is_some()) {
            let span = spans.get(1 + at).copied().unwrap_or(spans[0]);
            return Err(Diagnostic::new(Fault::Symbolic, span, "a place in a tensor is no axis"));
        }
        if !ranges[0].single {
            let message = "the first place in a tensor is one index";
            let hint = "`T[i, .., ..]` is a matrix, and `[i in 0..n: T[i, 0, ..]]` has a row of each";
            return Err(Diagnostic::new(Fault::Index, spans[0], message).hint(hint));
        }
        for (range, size) in ranges.iter().zip(&sizes) {
            match range.given {
                Some(given) => {
                    if let Some(bounds) = self.range_of_whole(given) {
                        self.require_within(given, &bounds, size, spans[0])?;
                    }
                }
                None => {
                    let left = size.plus(&range.start, -1).plus(&range.count, -1);
                    self.need([range.start.clone(), range.count.clone(), left]);
                }
            }
        }
        let extents = Extents::new(ranges[1].count.clone(), ranges[2].count.clone());
        let mut operands = vec![base];
        let row = ranges[0].start.product(&layers[1]).plus(&ranges[1].start, 1);
        let row = match ranges[0].given.is_some() || ranges[1].given.is_some() {
            true => {
                operands.push(self.row_given(&ranges, &layers[1]));
                None
            }
            false => Some(row),
        };
        operands.extend(ranges[2].given);
        let column = ranges[2].given.is_none().then(|| ranges[2].start.clone());
        let block = match (&row, &column) {
            (Some(row), Some(column)) => self.gates.graph.slice(base, row.clone(), column.clone(), extents),
            _ => self.gates.graph.matrix(M::Gather([row, column], extents), &operands),
        };
        Ok(match (ranges[1].single, ranges[2].single) {
            (true, true) => Value::Scalar(block),
            (true, false) => Value::Array(self.gates.turned(block), Rank::Vector),
            (false, true) => Value::Array(block, Rank::Vector),
            (false, false) => Value::Array(block, Rank::Matrix),
        })
    }

    /// Makes the row in the matrix of all rows, where a place is from data.
    fn row_given(&mut self, ranges: &[Range], rows: &Dimension) -> ExprId {
        let graph = &mut *self.gates.graph;
        let mut number = |range: &Range| match range.given {
            Some(given) => given,
            None => graph.construct_matrix(&M::Size(range.start.clone()), &[]),
        };
        let [first, second] = [number(&ranges[0]), number(&ranges[1])];
        let rows = graph.construct_matrix(&M::Size(rows.clone()), &[]);
        let before = graph.multiply(first, rows);
        graph.sum(Rational::ZERO, vec![(before, Rational::ONE), (second, Rational::ONE)])
    }
}
