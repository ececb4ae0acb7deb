//! Functions of all entries of a vector or matrix: totals, norms, products, and the largest and the smallest entry.

use super::gates::{Gates, node};
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::functions::{Arity, FunctionId, rows};
use crate::graph::{Dimension, ExprId, Extents, Extreme, MatrixOperation as M, Rational};
use crate::limits;
use crate::source::Span;

/// Applies a folded or collective function.
///
/// # Errors
/// Shapes that the function does not take.
pub fn apply(
    gates: &mut Gates<'_>,
    function: FunctionId,
    values: &[Value],
    spans: &[Span],
    span: Span,
) -> Result<Value, Diagnostic> {
    let row = function.row();
    if row.arity == Arity::Folded && values.len() > 1 {
        return gates.entrywise(values, spans, span, |gates, entries| {
            let (first, rest) = (entries[0], &entries[1..]);
            rest.iter().fold(first, |so_far, next| gates.apply(function, &[so_far, *next]))
        });
    }
    if values.iter().any(|value| matches!(value, Value::Rows(_))) {
        return gates.rows_collective(row.name, values, spans, span);
    }
    let id = node(&values[0], spans[0])?;
    if gates.graph.extents(id).entries() == Some(0) && !matches!(row.name, "sum" | "prod" | "norm1" | "norm2" | "dot") {
        let diagnostic = Diagnostic::new(Fault::NoEntry, span, format!("`{}` needs at least one entry", row.name));
        return Err(diagnostic.label(gates.described(&values[0])));
    }
    match row.arity {
        Arity::Folded => {
            let Some(entries) = gates.entries(id) else {
                let extreme = if row.name == "max" { Extreme::Largest } else { Extreme::Smallest };
                return Ok(Value::Scalar(gates.graph.matrix(M::Extremum(extreme), &[id])));
            };
            let (first, rest) = (entries[0], &entries[1..]);
            let folded = rest.iter().fold(first, |so_far, next| gates.apply(function, &[so_far, *next]));
            Ok(Value::Scalar(folded))
        }
        _ => gates.collective(row.name, values, spans, span),
    }
}

impl Gates<'_> {
    /// Makes a function of a whole vector or matrix.
    fn collective(&mut self, name: &str, values: &[Value], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
        let id = node(&values[0], spans[0])?;
        let extents = self.graph.extents(id);
        let result = match name {
            "sum" => self.total(id),
            "prod" => match self.entries(id) {
                Some(entries) => {
                    let factors: Vec<_> = entries.into_iter().map(|entry| (entry, Rational::ONE)).collect();
                    self.product(&factors)
                }
                None => self.graph.matrix(M::EntryProduct, &[id]),
            },
            "mean" => {
                let total = self.total(id);
                let count = self.count(&extents);
                self.quotient(total, count)
            }
            "norm1" => {
                let sizes = self.apply(rows::ABS, &[id]);
                self.total(sizes)
            }
            "norm2" => {
                let square = self.square(id);
                self.apply(rows::SQRT, &[square])
            }
            "dot" => {
                let other = node(&values[1], spans[1])?;
                if self.graph.extents(other) != extents {
                    let (a, b) = (self.described(&values[0]), self.described(&values[1]));
                    let message = format!("`dot` takes two vectors of one length, not {a} and {b}");
                    return Err(Diagnostic::new(Fault::Shapes, span, message));
                }
                if extents.is_column() && !extents.is_scalar() {
                    let turned = self.graph.matrix(M::Transpose, &[id]);
                    self.graph.matrix(M::Product, &[turned, other])
                } else {
                    let products = self.product(&[(id, Rational::ONE), (other, Rational::ONE)]);
                    self.total(products)
                }
            }
            _ => return self.shares(name, &values[0], id, span),
        };
        Ok(Value::Scalar(result))
    }

    /// Returns the entries of an array of fixed size, row by row.
    pub fn entries(&mut self, id: ExprId) -> Option<Vec<ExprId>> {
        let extents = self.graph.extents(id);
        extents.entries().filter(|count| *count <= limits::WRITTEN_TERMS)?;
        let (rows, columns) = (extents.rows.as_number()?, extents.columns.as_number()?);
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let entry =
            |(row, column)| self.graph.slice(id, Dimension::number(row), Dimension::number(column), Extents::scalar());
        Some(places.map(entry).collect())
    }

    /// Makes the sum of all entries.
    pub fn total(&mut self, id: ExprId) -> ExprId {
        let extents = self.graph.extents(id);
        let mut factors = vec![id];
        if !extents.rows.is_one() {
            factors.insert(0, self.graph.ones(Dimension::number(1), extents.rows));
        }
        if !extents.columns.is_one() {
            factors.push(self.graph.ones(extents.columns, Dimension::number(1)));
        }
        if factors.len() == 1 { id } else { self.graph.matrix(M::Product, &factors) }
    }

    /// Makes the sum of the squares of all entries.
    fn square(&mut self, id: ExprId) -> ExprId {
        let extents = self.graph.extents(id);
        match (extents.is_scalar(), extents.is_column(), extents.rows.is_one()) {
            (true, ..) => self.product(&[(id, Rational::integer(2))]),
            (_, true, _) => {
                let turned = self.graph.matrix(M::Transpose, &[id]);
                self.graph.matrix(M::Product, &[turned, id])
            }
            (_, _, true) => {
                let turned = self.graph.matrix(M::Transpose, &[id]);
                self.graph.matrix(M::Product, &[id, turned])
            }
            _ => {
                let squares = self.product(&[(id, Rational::integer(2))]);
                self.total(squares)
            }
        }
    }

    fn count(&mut self, extents: &Extents) -> ExprId {
        let mut size = |dimension: &Dimension| self.graph.construct_matrix(&M::Size(dimension.clone()), &[]);
        let (rows, columns) = (size(&extents.rows), size(&extents.columns));
        match (extents.is_column(), extents.rows.is_one()) {
            (true, _) => rows,
            (_, true) => columns,
            _ => self.product(&[(rows, Rational::ONE), (columns, Rational::ONE)]),
        }
    }

    /// Makes softmax, its logarithm or the logsumexp: of a vector, or of each row of a matrix.
    fn shares(&mut self, name: &str, value: &Value, id: ExprId, span: Span) -> Result<Value, Diagnostic> {
        let rank = match value {
            Value::Array(_, rank) => Some(*rank),
            _ => None,
        };
        let result = self.shares_of(name, id, (rank, &self.described(value)), span)?;
        Ok(match value {
            _ if name == "logsumexp" => Value::Scalar(result),
            _ if name == "logsumexp_rows" => Value::Array(result, Rank::Vector),
            Value::Array(_, rank) => Value::Array(result, *rank),
            _ => Value::Scalar(result),
        })
    }
}
