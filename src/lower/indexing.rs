//! Entries and slices of arrays, and arrays made of entries.

use super::gates::numbers;
use super::machine::Machine;
use super::value::{Rows, Shape, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, MatrixOperation};
use crate::source::Span;
use crate::syntax::ast::Index;

impl Machine<'_> {
    /// Makes a vector of numbers in one piece.
    pub(super) fn list(&mut self, values: &[Value], spans: &[Span], span: Span) {
        let mut nodes = Vec::new();
        for (value, place) in values.iter().zip(spans) {
            match value {
                Value::Scalar(id) if !self.fixed => nodes.push(*id),
                _ => {
                    let diagnostic = Diagnostic::new(
                        Fault::FixedSize,
                        *place,
                        "with symbolic dimensions, lists are made of numbers",
                    );
                    return self.fail(diagnostic.hint("`stack(a, b)` puts vectors one below the other"));
                }
            }
        }
        if nodes.is_empty() {
            return self.fail(Diagnostic::new(Fault::NoEntry, span, "a vector needs at least one entry"));
        }
        let vector = self.gates.graph.matrix(MatrixOperation::Stack, &nodes);
        self.values.push(if nodes.len() == 1 { Value::Scalar(nodes[0]) } else { Value::Whole(vector) });
    }

    pub(super) fn index(&mut self, places: &[Index], values: &[Value], spans: &[Span]) {
        if let Value::Running(_) = values[0] {
            return self.fail(Diagnostic::new(Fault::Index, spans[0], "a number has no entries").label("scalar"));
        }
        if let Value::Rows(rows @ Rows { turned: false, .. }) = values[0] {
            let result = self.rows_index(rows, places, &values[1..], spans);
            return self.settle(result);
        }
        if let Value::Whole(base) = values[0] {
            let result = self.whole_index(base, places, &values[1..], spans);
            return self.settle(result);
        }
        let result = numbers(&values[0], spans[0]).and_then(|(shape, entries)| {
            let sizes = match shape {
                Shape::Scalar => {
                    return Err(Diagnostic::new(Fault::Index, spans[0], "a number has no entries").label("scalar"));
                }
                Shape::Vector(n) if self.is_in_first_column(places, values) => vec![n, 1],
                Shape::Vector(n) => vec![n],
                Shape::Matrix(n, 1) if places.len() == 1 => vec![n],
                Shape::Matrix(n, m) => vec![n, m],
            };
            if sizes.len() != places.len() {
                let whole = spans[0].to(spans[spans.len() - 1]);
                let wanted = if sizes.len() == 1 { "one index: `x[0]`" } else { "two indices: `W[0, 1]`" };
                return Err(Diagnostic::new(Fault::Index, whole, format!("a {shape} takes {wanted}")));
            }
            let mut rest = values[1..].iter().zip(&spans[1..]);
            let mut ranges = Vec::new();
            for (place, size) in places.iter().zip(&sizes) {
                ranges.push(self.range(place, *size, shape, &mut rest)?);
            }
            Ok(take_entries(entries, &sizes, &ranges))
        });
        self.settle(result);
    }

    /// Tells whether two places are in the first column, which is all that a vector has.
    fn is_in_first_column(&self, places: &[Index], values: &[Value]) -> bool {
        match (places, values) {
            ([_, Index::At(_)], [.., column]) => self.whole_number(column) == Some(0),
            ([_, Index::Slice(None, None)], _) => true,
            _ => false,
        }
    }

    /// Returns the entries that a place between the brackets selects, and whether it is one entry or a slice.
    pub(super) fn range<'v>(
        &self,
        place: &Index,
        size: usize,
        shape: Shape,
        rest: &mut impl Iterator<Item = (&'v Value, &'v Span)>,
    ) -> Result<(std::ops::Range<usize>, bool), Diagnostic> {
        let mut bound = |last: usize| {
            let Some((value, span)) = rest.next() else {
                return Ok(0);
            };
            let Some(number) = self.whole_number(value) else {
                let diagnostic = Diagnostic::new(Fault::Index, *span, "this index is not a whole number");
                return Err(diagnostic.hint("indices are numbers, or names that `sum` or `prod` runs over"));
            };
            match usize::try_from(number) {
                Ok(number) if number <= last => Ok(number),
                _ => {
                    let diagnostic =
                        Diagnostic::new(Fault::Index, *span, format!("index {number} is outside of {shape}"));
                    Err(diagnostic.label(match size {
                        0 => "there are no entries".to_string(),
                        _ => format!("entries are 0 to {}", size - 1),
                    }))
                }
            }
        };
        match place {
            Index::At(_) if size == 0 => {
                bound(0).and_then(|_| Err(Diagnostic::general(Fault::Index, format!("{shape} has no entries"))))
            }
            Index::At(_) => {
                let at = bound(size - 1)?;
                Ok((at..at + 1, true))
            }
            Index::Slice(from, to) => {
                let start = if from.is_some() { bound(size)? } else { 0 };
                let end = if to.is_some() { bound(size)? } else { size };
                Ok((start..end.max(start), false))
            }
        }
    }
}

pub(super) fn transpose(shape: Shape, entries: &[ExprId]) -> Value {
    let (rows, columns) = match shape {
        Shape::Scalar => return Value::from_entries(shape, entries.to_vec()),
        Shape::Vector(n) => (n, 1),
        Shape::Matrix(n, m) => (n, m),
    };
    let transposed = (0..columns).flat_map(|column| (0..rows).map(move |row| entries[row * columns + column]));
    Value::from_entries(Shape::Matrix(columns, rows), transposed.collect())
}

/// Makes a vector of numbers, a longer vector of vectors' rows, or a matrix.
pub(super) fn stack(values: &[Value], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
    let mut shape = None;
    let mut entries = Vec::new();
    for (value, place) in values.iter().zip(spans) {
        let (next, own) = numbers(value, *place)?;
        if *shape.get_or_insert(next) != next {
            return Err(Diagnostic::new(Fault::Shapes, *place, "the rows of a matrix have the same length")
                .label(next.to_string()));
        }
        entries.extend_from_slice(own);
    }
    match shape {
        None => Err(Diagnostic::new(Fault::NoEntry, span, "a vector needs at least one entry")),
        Some(Shape::Scalar) => Ok(Value::Array(Shape::Vector(values.len()), entries.into())),
        Some(Shape::Vector(n)) => Ok(Value::Array(Shape::Matrix(values.len(), n), entries.into())),
        Some(Shape::Matrix(..)) => Err(Diagnostic::new(Fault::Shapes, span, "a matrix can't be an entry of a matrix")),
    }
}

/// Picks entries; a place with one index removes its dimension.
fn take_entries(entries: &[ExprId], sizes: &[usize], ranges: &[(std::ops::Range<usize>, bool)]) -> Value {
    match ranges {
        [(range, single)] => {
            let shape = if *single { Shape::Scalar } else { Shape::Vector(range.len()) };
            Value::from_entries(shape, entries[range.clone()].to_vec())
        }
        [(rows, one_row), (columns, one_column)] => {
            let shape = match (one_row, one_column) {
                (true, true) => Shape::Scalar,
                (true, false) => Shape::Vector(columns.len()),
                (false, true) => Shape::Vector(rows.len()),
                (false, false) => Shape::Matrix(rows.len(), columns.len()),
            };
            let width = sizes[1];
            let taken = rows.clone().flat_map(|row| columns.clone().map(move |column| row * width + column));
            Value::from_entries(shape, taken.map(|at| entries[at]).collect())
        }
        _ => Value::Poison,
    }
}
