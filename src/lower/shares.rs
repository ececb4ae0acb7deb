//! Softmax and the logsumexp of it: of a vector, and of each row of a matrix.

use super::gates::Gates;
use super::value::Rank;
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
    pub(super) fn shares_of(
        &mut self,
        name: &str,
        id: ExprId,
        (rank, shape): (Option<Rank>, &str),
        span: Span,
    ) -> Result<ExprId, Diagnostic> {
        let extents = self.graph.extents(id);
        // Formulas of the tables are about numbers.
        if let (true, Some((M::Stack, entries))) = (self.canonical && name == "logsumexp", self.graph.as_matrix(id)) {
            let entries = entries.to_vec();
            return Ok(self.apply(rows::LOGSUMEXP, &entries));
        }
        let total = match name.strip_suffix(OF_ROWS) {
            Some(own) if rank != Some(Rank::Matrix) => return Err(needs_matrix(name, own, shape, span)),
            _ if extents.is_scalar() => id,
            Some(_) if extents.is_column() => id,
            Some(_) if extents.rows.is_one() => self.graph.matrix(M::LogSumExp, &[id]),
            Some(_) => self.graph.matrix(M::LogSumExpOfRows, &[id]),
            None if name != "logsumexp" && !extents.is_column() && !extents.rows.is_one() => {
                return Err(needs_vector(name, shape, span));
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
}

fn needs_vector(name: &str, shape: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("{name} of a {shape} is ambiguous"));
    diagnostic.hint(format!("take it row by row: `{name}{OF_ROWS}(W)`"))
}

fn needs_matrix(name: &str, own: &str, shape: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`{name}` takes a matrix, not {shape}"));
    diagnostic.hint(format!("`{own}(x)` is for vectors"))
}
