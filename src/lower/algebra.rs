//! Matrix algebra on arrays of entries: products written out, determinants and inverses of up to three rows.

use super::gates::{Gates, numbers};
use super::machine::Machine;
use super::value::{Shape, Value};
use super::whole::product_mismatch;
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{Dimension, ExprId, Extents, Rational};
use crate::limits;
use crate::source::Span;

/// Most rows of which determinant and inverse are written out.
const WRITTEN_OUT: usize = 3;

/// Returns rows and columns.
pub(super) fn sides(shape: Shape) -> (usize, usize) {
    match shape {
        Shape::Scalar => (1, 1),
        Shape::Vector(n) => (n, 1),
        Shape::Matrix(n, m) => (n, m),
    }
}

/// Returns the extents of a fixed shape.
pub fn extents(shape: Shape) -> Extents {
    let (rows, columns) = sides(shape);
    Extents::new(Dimension::number(rows as i64), Dimension::number(columns as i64))
}

/// The shape of a result with these sides: a column is a vector.
fn shaped(rows: usize, columns: usize) -> Shape {
    match (rows, columns) {
        (1, 1) => Shape::Scalar,
        (_, 1) => Shape::Vector(rows),
        _ => Shape::Matrix(rows, columns),
    }
}

impl Gates<'_> {
    /// Makes a matrix product, entry by entry.
    ///
    /// # Errors
    /// Inner dimensions that differ.
    pub fn entries_product(
        &mut self,
        (a_shape, a): (Shape, &[ExprId]),
        (b_shape, b): (Shape, &[ExprId]),
        spans: [Span; 3],
    ) -> Result<Value, Diagnostic> {
        let ((n, inner), (other, m)) = (sides(a_shape), sides(b_shape));
        let both_columns = matches!((a_shape, b_shape), (Shape::Vector(2..), Shape::Vector(2..)));
        // One number in an array, as `x'*A*y` is where all dimensions are 1.
        if let ([number], others) | (others, [number]) = (a, b)
            && inner != other
        {
            let scaled = others.iter().map(|entry| self.product(&[(*number, Rational::ONE), (*entry, Rational::ONE)]));
            return Ok(Value::from_entries(if a.len() == 1 { b_shape } else { a_shape }, scaled.collect()));
        }
        if inner != other || both_columns {
            return Err(product_mismatch(&extents(a_shape), &extents(b_shape), spans));
        }
        let mut entries = Vec::with_capacity(n * m);
        for row in 0..n {
            for column in 0..m {
                let terms: Vec<_> = (0..inner)
                    .map(|k| {
                        (
                            self.product(&[(a[row * inner + k], Rational::ONE), (b[k * m + column], Rational::ONE)]),
                            false,
                        )
                    })
                    .collect();
                entries.push(self.sum(&terms));
            }
        }
        Ok(Value::from_entries(shaped(n, m), entries))
    }

    fn minor(&mut self, a: &[ExprId], n: usize, row: usize, column: usize) -> ExprId {
        let kept = (0..n).filter(|r| *r != row).flat_map(|r| (0..n).filter(|c| *c != column).map(move |c| r * n + c));
        let entries: Vec<ExprId> = kept.map(|at| a[at]).collect();
        self.determinant(&entries, n - 1)
    }

    /// Expands a determinant along the first row.
    fn determinant(&mut self, a: &[ExprId], n: usize) -> ExprId {
        match n {
            0 => self.graph.integer(1),
            1 => a[0],
            _ => {
                let terms: Vec<(ExprId, bool)> = (0..n)
                    .map(|column| {
                        let minor = self.minor(a, n, 0, column);
                        let product = self.product(&[(a[column], Rational::ONE), (minor, Rational::ONE)]);
                        (product, column % 2 == 1)
                    })
                    .collect();
                self.sum(&terms)
            }
        }
    }

    /// Divides the cofactors by the determinant.
    fn inverse(&mut self, a: &[ExprId], n: usize) -> Vec<ExprId> {
        let determinant = self.determinant(a, n);
        let cofactors = self.adjugate(a, n);
        cofactors.into_iter().map(|cofactor| self.quotient(cofactor, determinant)).collect()
    }

    /// Transposes the cofactors.
    fn adjugate(&mut self, a: &[ExprId], n: usize) -> Vec<ExprId> {
        let mut entries = Vec::with_capacity(n * n);
        for row in 0..n {
            for column in 0..n {
                let minor = self.minor(a, n, column, row);
                entries.push(self.sum(&[(minor, (row + column) % 2 == 1)]));
            }
        }
        entries
    }
}

impl Machine<'_> {
    /// Calls a function of whole matrices, or writes it out entry by entry.
    ///
    /// # Errors
    /// Shapes that the function does not take.
    pub(super) fn matrix_function(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        if self.whole {
            let result = self.gates.whole_function(name, values, spans, span)?;
            if let Value::Whole(id) | Value::Scalar(id) = result {
                let extents = self.gates.graph.extents(id);
                self.needed.extend([extents.rows, extents.columns]);
            }
            return Ok(result);
        }
        if matches!(name, "eye" | "ones" | "zeros") {
            return self.constant_matrix(name, values, spans, span);
        }
        let mut arrays = Vec::new();
        for (value, span) in values.iter().zip(spans) {
            arrays.push(numbers(value, *span)?);
        }
        let (shape, entries) = arrays[0];
        let (n, m) = sides(shape);
        let square = || match n == m {
            true => Ok(()),
            false => {
                Err(Diagnostic::new(Fault::Square, spans[0], format!("`{name}` takes a square matrix, not {shape}"))
                    .hint("`A'*A` is square"))
            }
        };
        let small = || match n <= WRITTEN_OUT {
            true => Ok(()),
            false => Err(Diagnostic::new(
                Fault::FixedSize,
                span,
                format!("`{name}` of {shape} is not written out entry by entry"),
            )
            .hint("keep matrices whole, without indices such as `A[0, 1]`")),
        };
        let gates = &mut self.gates;
        match name {
            "tr" => {
                square()?;
                let terms: Vec<_> = (0..n).map(|at| (entries[at * n + at], false)).collect();
                Ok(Value::Scalar(gates.sum(&terms)))
            }
            "diag" if m == 1 => {
                let zero = gates.graph.integer(0);
                let places = (0..n * n).map(|at| if at / n == at % n { entries[at / n] } else { zero });
                Ok(Value::from_entries(Shape::Matrix(n, n), places.collect()))
            }
            "diag" => {
                square()?;
                let diagonal = (0..n).map(|at| entries[at * n + at]).collect();
                Ok(Value::from_entries(Shape::Vector(n), diagonal))
            }
            "outer" => {
                let (other, right) = arrays[1];
                if sides(shape).1 != 1 || sides(other).1 != 1 {
                    return Err(Diagnostic::new(
                        Fault::Shapes,
                        span,
                        format!("`outer` takes two vectors, not {shape} and {other}"),
                    ));
                }
                let row = (Shape::Matrix(1, right.len()), right);
                gates.entries_product((Shape::Matrix(n, 1), entries), row, [span, spans[0], spans[1]])
            }
            "det" | "logdet" => {
                square()?;
                small()?;
                let determinant = gates.determinant(entries, n);
                let logarithm = name == "logdet";
                Ok(Value::Scalar(if logarithm { gates.apply(rows::LN, &[determinant]) } else { determinant }))
            }
            "inv" | "adj" => {
                square()?;
                small()?;
                let found = if name == "inv" { gates.inverse(entries, n) } else { gates.adjugate(entries, n) };
                Ok(Value::from_entries(shape, found))
            }
            "solve" => {
                square()?;
                small()?;
                let inverse = gates.inverse(entries, n);
                gates.entries_product((Shape::Matrix(n, n), &inverse), arrays[1], [span, spans[0], spans[1]])
            }
            _ => concatenated(name, &arrays, spans),
        }
    }

    fn constant_matrix(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let mut dimensions = Vec::new();
        for (value, span) in values.iter().zip(spans) {
            let size = self.whole_number(value).and_then(|n| usize::try_from(n).ok());
            let wrong =
                || Diagnostic::new(Fault::Dimension, *span, "a dimension is a whole number or a dimension's name");
            dimensions.push(size.ok_or_else(wrong)?);
        }
        let (zero, one) = (self.gates.graph.integer(0), self.gates.graph.integer(1));
        let shape = match (name, dimensions.as_slice()) {
            ("eye", [n]) => Shape::Matrix(*n, *n),
            (_, [n, m]) => Shape::Matrix(*n, *m),
            _ => Shape::Vector(dimensions[0]),
        };
        if shape.entries() > limits::CONSTANT_ENTRIES {
            return Err(Diagnostic::new(Fault::TooLarge, span, "this matrix has too many entries"));
        }
        let (_, columns) = sides(shape);
        let entry = |at: usize| match name {
            "ones" => one,
            "eye" if at / columns == at % columns => one,
            _ => zero,
        };
        Ok(Value::from_entries(shape, (0..shape.entries()).map(entry).collect()))
    }
}

/// Puts arrays one below the other, or side by side.
fn concatenated(name: &str, arrays: &[(Shape, &[ExprId])], spans: &[Span]) -> Result<Value, Diagnostic> {
    let stacks = name == "stack";
    let across = |shape: Shape| if stacks { sides(shape).1 } else { sides(shape).0 };
    for ((shape, _), span) in arrays.iter().zip(spans) {
        if across(*shape) != across(arrays[0].0) {
            let what = if stacks { "columns" } else { "rows" };
            let diagnostic =
                Diagnostic::new(Fault::Shapes, *span, format!("`{name}` takes matrices with equally many {what}"));
            return Err(diagnostic.label(format!("{shape} beside {}", arrays[0].0)));
        }
    }
    let fixed = across(arrays[0].0);
    let mut entries = Vec::new();
    if stacks {
        arrays.iter().for_each(|(_, own)| entries.extend_from_slice(own));
        let rows = arrays.iter().map(|(shape, _)| sides(*shape).0).sum();
        return Ok(Value::from_entries(shaped(rows, fixed), entries));
    }
    for row in 0..fixed {
        for (shape, own) in arrays {
            let width = sides(*shape).1;
            entries.extend_from_slice(&own[row * width..(row + 1) * width]);
        }
    }
    let columns = arrays.iter().map(|(shape, _)| sides(*shape).1).sum();
    Ok(Value::from_entries(shaped(fixed, columns), entries))
}
