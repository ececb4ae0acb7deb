//! Softmax and the logsumexp of it: of a vector, and of each row of a matrix.

use super::gates::Gates;
use super::value::{Shape, Value};
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{ExprId, MatrixOperation as M};
use crate::source::Span;

/// The end of the names of the functions that take a matrix row by row.
const OF_ROWS: &str = "_rows";

impl Gates<'_> {
    /// Makes one of the functions of a whole vector, or of each row of a whole matrix.
    ///
    /// # Errors
    /// A matrix where a vector is needed, and a vector where a matrix is.
    pub(super) fn whole_shares(&mut self, name: &str, id: ExprId, span: Span) -> Result<ExprId, Diagnostic> {
        let extents = self.graph.extents(id);
        let total = match name.strip_suffix(OF_ROWS) {
            Some(own) if extents.is_column() => return Err(needs_matrix(name, own, &extents.to_string(), span)),
            Some(_) if extents.rows.is_one() => self.graph.matrix(M::LogSumExp, &[id]),
            Some(_) => self.graph.matrix(M::LogSumExpOfRows, &[id]),
            None if name != "logsumexp" && !extents.is_column() && !extents.rows.is_one() => {
                return Err(needs_vector(name, &extents.to_string(), span));
            }
            None => self.graph.matrix(M::LogSumExp, &[id]),
        };
        if name.starts_with("logsumexp") {
            return Ok(total);
        }
        let repeated = if name.ends_with(OF_ROWS) { self.repeated(total, &extents) } else { total };
        let logarithm = self.sum(&[(id, false), (repeated, true)]);
        Ok(if name.starts_with("softmax") { self.apply(rows::EXP, &[logarithm]) } else { logarithm })
    }

    /// Makes one of the functions of a vector, or of each row of a matrix, of which the entries are given.
    ///
    /// # Errors
    /// A matrix where a vector is needed, and a vector where a matrix is.
    pub(super) fn shares(
        &mut self,
        name: &str,
        shape: Shape,
        entries: &[ExprId],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let (own, width) = match (name.strip_suffix(OF_ROWS), shape) {
            (Some(own), Shape::Matrix(_, columns)) => (own, columns.max(1)),
            (Some(own), _) => return Err(needs_matrix(name, own, &shape.to_string(), span)),
            (None, Shape::Matrix(..)) if name != "logsumexp" => {
                return Err(needs_vector(name, &shape.to_string(), span));
            }
            (None, _) => (name, entries.len().max(1)),
        };
        let totals: Vec<ExprId> = entries.chunks(width).map(|row| self.log_sum_exp(row)).collect();
        if own == "logsumexp" {
            let shape = if name == own { Shape::Scalar } else { Shape::Vector(totals.len()) };
            return Ok(Value::from_entries(shape, totals));
        }
        // Softmax is exp(x − logsumexp(x)), which can't overflow.
        let entry = |(at, id): (usize, &ExprId)| {
            let logarithm = self.sum(&[(*id, false), (totals[at / width], true)]);
            if own == "softmax" { self.apply(rows::EXP, &[logarithm]) } else { logarithm }
        };
        Ok(Value::from_entries(shape, entries.iter().enumerate().map(entry).collect()))
    }

    fn log_sum_exp(&mut self, entries: &[ExprId]) -> ExprId {
        match entries {
            [only] => *only,
            _ => self.apply(rows::LOGSUMEXP, entries),
        }
    }
}

fn needs_vector(name: &str, shape: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("{name} of a {shape} is ambiguous"));
    diagnostic.hint(format!("take it row by row: `{name}{OF_ROWS}(W)`"))
}

fn needs_matrix(name: &str, own: &str, shape: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`{name}` takes a matrix, not {shape}"));
    diagnostic.hint(format!("`{own}(x)` is for vectors"))
}
