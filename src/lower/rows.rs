//! Vectors for each value of an index: inside of `sum(i in a..b, …)` over a symbolic range, `X[i, ..]` is one vector at a
//! time, and all of them are the rows of a matrix, which stands for them.

use super::gates::{Gates, node, one_number};
use super::operators::product_mismatch;
use super::value::{Rank, Rows, Value};
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{Comparison, Dimension, ExprId, Extents, MatrixOperation as M, Rational};
use crate::source::Span;
use crate::syntax::ast::BinaryOperator;

/// An operand beside vectors for each value of an index.
enum Operand {
    Rows(Rows),
    /// A number for each value of the index, as a column.
    Number(ExprId),
    /// What does not depend on the index.
    Constant(ExprId),
}

impl Gates<'_> {
    /// Tells what a value is beside vectors along an axis.
    fn operand(&mut self, value: &Value, axis: usize, span: Span) -> Result<Operand, Diagnostic> {
        let mixed = |message: &str| {
            let diagnostic = Diagnostic::new(Fault::Symbolic, span, message);
            Err(diagnostic.hint("name what depends on one index with `let` before the sum inside"))
        };
        match value {
            Value::Rows(rows) => Ok(Operand::Rows(*rows)),
            Value::Running(id) => {
                let extents = self.graph.extents(*id);
                match axis {
                    0 if extents.is_column() => Ok(Operand::Number(*id)),
                    1 if extents.rows.is_one() => Ok(Operand::Number(self.graph.matrix(M::Transpose, &[*id]))),
                    _ => mixed("a vector for one index does not go with numbers for another"),
                }
            }
            value => node(value, span).map(Operand::Constant),
        }
    }

    /// Returns the axis of the first vector there is for each value of an index.
    fn axis_of(values: &[Value]) -> Option<usize> {
        values.iter().find_map(|value| match value {
            Value::Rows(rows) => Some(rows.axis),
            _ => None,
        })
    }

    /// Returns the extents of a vector for one value of the index.
    pub fn extents_of_one(&self, rows: &Rows) -> Extents {
        let column = Extents::column(self.graph.extents(rows.matrix).columns);
        if rows.turned { column.transposed() } else { column }
    }

    fn extents_of(&self, operand: &Operand) -> Extents {
        match operand {
            Operand::Rows(rows) => self.extents_of_one(rows),
            Operand::Number(_) => Extents::scalar(),
            Operand::Constant(id) => self.graph.extents(*id),
        }
    }

    /// Makes a number for each value of an index from a column of them.
    fn numbers_along(&mut self, column: ExprId, axis: usize) -> Value {
        let numbers = if axis == 0 { column } else { self.graph.matrix(M::Transpose, &[column]) };
        if self.graph.extents(numbers).is_scalar() { Value::Scalar(numbers) } else { Value::Running(numbers) }
    }

    /// Makes a binary operator on values of which one at least is a vector for each value of an index.
    ///
    /// # Errors
    /// Extents that don't go together, and results that are a matrix for each value of the index.
    pub fn rows_binary(
        &mut self,
        operator: BinaryOperator,
        a: &Value,
        b: &Value,
        spans: [Span; 3],
    ) -> Result<Value, Diagnostic> {
        let values = [a.clone(), b.clone()];
        let Some(axis) = Self::axis_of(&values) else { return Err(one_number(spans[0])) };
        let (left, right) = (self.operand(a, axis, spans[1])?, self.operand(b, axis, spans[2])?);
        let (of_left, of_right) = (self.extents_of(&left), self.extents_of(&right));
        let numbers = of_left.is_scalar() || of_right.is_scalar();
        let mismatch = |hint: &str| {
            let message = format!("`{}` does not take {of_left} and {of_right}", operator.symbol());
            Err(Diagnostic::new(Fault::Shapes, spans[0], message).hint(hint))
        };
        match operator {
            _ if Comparison::from_operator(operator).is_some() => {
                mismatch("inside of a sum over a symbolic range, conditions are about numbers: `X[i, 0] > 0`")
            }
            BinaryOperator::Multiply if !numbers => {
                if of_left.columns != of_right.rows {
                    return Err(product_mismatch(&of_left, &of_right, spans));
                }
                self.rows_product(left, right, spans[0])
            }
            BinaryOperator::Divide if !of_right.is_scalar() => mismatch("entry by entry it is `./`"),
            BinaryOperator::Power => mismatch("entry by entry it is `.^`"),
            _ => self.rows_entrywise(&values, &spans[1..], spans[0], |gates, nodes| {
                gates.arithmetic(operator, nodes[0], nodes[1])
            }),
        }
    }

    /// Makes the multiples of a vector that does not depend on an index by a number for each value of the index.
    pub fn multiples(&mut self, operator: BinaryOperator, a: &Value, b: &Value) -> Option<Rows> {
        let (number, vector) = match (operator, a, b) {
            (BinaryOperator::Multiply, Value::Running(number), Value::Array(vector, _))
            | (BinaryOperator::Multiply | BinaryOperator::Divide, Value::Array(vector, _), Value::Running(number)) => {
                (*number, *vector)
            }
            _ => return None,
        };
        let (of_number, of_vector) = (self.graph.extents(number), self.graph.extents(vector));
        let axis = if of_number.is_column() { 0 } else { 1 };
        if (axis == 1 && !of_number.rows.is_one()) || !(of_vector.is_column() || of_vector.rows.is_one()) {
            return None;
        }
        let turned = !of_vector.is_column();
        let column = if axis == 0 { number } else { self.graph.matrix(M::Transpose, &[number]) };
        let row = if turned { vector } else { self.graph.matrix(M::Transpose, &[vector]) };
        let exponent = if operator == BinaryOperator::Divide { Rational::MINUS_ONE } else { Rational::ONE };
        let factor = self.product(&[(column, exponent)]);
        let matrix = self.graph.matrix(M::Product, &[factor, row]);
        Some(Rows { matrix, turned, axis })
    }

    /// Makes a product for each value of an index.
    fn rows_product(&mut self, left: Operand, right: Operand, span: Span) -> Result<Value, Diagnostic> {
        match (left, right) {
            (Operand::Rows(a @ Rows { turned: true, .. }), Operand::Rows(b @ Rows { turned: false, .. })) => {
                Ok(self.dots(a, b))
            }
            (Operand::Rows(rows @ Rows { turned: true, .. }), Operand::Constant(b)) => {
                let matrix = self.graph.matrix(M::Product, &[rows.matrix, b]);
                match self.graph.extents(b).is_column() {
                    true => Ok(self.numbers_along(matrix, rows.axis)),
                    false => Ok(Value::Rows(Rows { matrix, ..rows })),
                }
            }
            (Operand::Constant(a), Operand::Rows(rows @ Rows { turned: false, .. })) => {
                let turned = self.graph.matrix(M::Transpose, &[a]);
                let matrix = self.graph.matrix(M::Product, &[rows.matrix, turned]);
                match self.graph.extents(a).rows.is_one() {
                    true => Ok(self.numbers_along(matrix, rows.axis)),
                    false => Ok(Value::Rows(Rows { matrix, ..rows })),
                }
            }
            _ => {
                let message = "inside of a sum over a symbolic range, this is a whole matrix at a time";
                let hint = "the sum of `X[i, ..]*X[i, ..]'` is `X'*X`, and weighted by w `X'*diag(w)*X`";
                Err(Diagnostic::new(Fault::Symbolic, span, message).hint(hint))
            }
        }
    }

    /// Makes the inner products of vectors: for each value of the index, or of both where each has its own.
    fn dots(&mut self, a: Rows, b: Rows) -> Value {
        if a.axis == b.axis {
            let products = self.product(&[(a.matrix, Rational::ONE), (b.matrix, Rational::ONE)]);
            return self.totals_of_each(Rows { matrix: products, ..a });
        }
        let (outer, inner) = if a.axis == 0 { (a, b) } else { (b, a) };
        let turned = self.graph.matrix(M::Transpose, &[inner.matrix]);
        let products = self.graph.matrix(M::Product, &[outer.matrix, turned]);
        self.numbers_along(products, 0)
    }

    /// Makes the sum of the entries of each vector.
    fn totals_of_each(&mut self, rows: Rows) -> Value {
        let columns = self.graph.extents(rows.matrix).columns;
        if columns.is_one() {
            return self.numbers_along(rows.matrix, rows.axis);
        }
        let ones = self.graph.ones(columns, Dimension::number(1));
        let totals = self.graph.matrix(M::Product, &[rows.matrix, ones]);
        self.numbers_along(totals, rows.axis)
    }

    /// Makes the sum of the vectors for all values of the index.
    pub fn rows_total(&mut self, rows: Rows) -> Value {
        let count = self.graph.extents(rows.matrix).rows;
        let total = match count.is_one() {
            true => rows.matrix,
            false => {
                let ones = self.graph.ones(Dimension::number(1), count);
                self.graph.matrix(M::Product, &[ones, rows.matrix])
            }
        };
        let result = if rows.turned { total } else { self.graph.matrix(M::Transpose, &[total]) };
        self.value(result)
    }

    /// Applies a function entry by entry to values of which one at least is a vector for each value of an index.
    ///
    /// # Errors
    /// Different extents, and vectors for different indices.
    pub fn rows_entrywise(
        &mut self,
        values: &[Value],
        spans: &[Span],
        span: Span,
        mut apply: impl FnMut(&mut Self, &[ExprId]) -> ExprId,
    ) -> Result<Value, Diagnostic> {
        let first = values.iter().find_map(|value| match value {
            Value::Rows(rows) => Some(*rows),
            _ => None,
        });
        let Some(first) = first else { return Err(one_number(span)) };
        let (extents, of_one) = (self.graph.extents(first.matrix), self.extents_of_one(&first));
        let mut nodes = Vec::new();
        for (value, place) in values.iter().zip(spans) {
            let operand = self.operand(value, first.axis, *place)?;
            let given = self.extents_of(&operand);
            if given != of_one && !given.is_scalar() {
                let message = format!("{of_one} and {given} don't match entry by entry");
                return Err(Diagnostic::new(Fault::Shapes, span, message));
            }
            nodes.push(match operand {
                Operand::Rows(rows) if rows.axis != first.axis => {
                    let message = "entry by entry, this would be a vector for each pair of indices";
                    let diagnostic = Diagnostic::new(Fault::Symbolic, span, message);
                    return Err(diagnostic.hint("`dot(P[i, ..], Q[j, ..])` is a number for each pair"));
                }
                Operand::Rows(rows) => rows.matrix,
                Operand::Constant(id) if !given.is_scalar() && !first.turned => {
                    let row = self.graph.matrix(M::Transpose, &[id]);
                    self.repeated(row, &extents)
                }
                Operand::Number(id) | Operand::Constant(id) => self.repeated(id, &extents),
            });
        }
        let matrix = apply(self, &nodes);
        Ok(Value::Rows(Rows { matrix, ..first }))
    }

    /// Makes a function of a vector, for each value of an index.
    ///
    /// # Errors
    /// Vectors of different lengths, and functions that need the entries one by one.
    pub fn rows_collective(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        match values {
            [a, b] if name == "dot" => self.rows_dot([a, b], spans, span),
            [Value::Rows(rows)] => self.rows_function(name, *rows, span),
            _ => Err(one_number(span)),
        }
    }

    fn rows_dot(&mut self, values: [&Value; 2], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
        let axis = Self::axis_of(&values.map(Value::clone)).unwrap_or(0);
        let (a, b) = (self.operand(values[0], axis, spans[0])?, self.operand(values[1], axis, spans[1])?);
        let (of_a, of_b) = (self.extents_of(&a), self.extents_of(&b));
        if of_a != of_b || !of_a.is_column() {
            let message = format!("`dot` takes two vectors of one length, not {of_a} and {of_b}");
            return Err(Diagnostic::new(Fault::Shapes, span, message));
        }
        match (a, b) {
            (Operand::Rows(a), Operand::Rows(b)) => Ok(self.dots(a, b)),
            (Operand::Rows(rows), Operand::Constant(id)) | (Operand::Constant(id), Operand::Rows(rows)) => {
                let products = self.graph.matrix(M::Product, &[rows.matrix, id]);
                Ok(self.numbers_along(products, rows.axis))
            }
            _ => Err(one_number(span)),
        }
    }

    fn rows_function(&mut self, name: &str, rows: Rows, span: Span) -> Result<Value, Diagnostic> {
        let each = |matrix| Rows { matrix, ..rows };
        match name {
            "sum" => Ok(self.totals_of_each(rows)),
            "mean" => {
                let columns = self.graph.extents(rows.matrix).columns;
                let count = self.graph.construct_matrix(&M::Size(columns), &[]);
                let shares = self.quotient(rows.matrix, count);
                Ok(self.totals_of_each(each(shares)))
            }
            "logsumexp" => {
                let totals = self.shares_of("logsumexp_rows", rows.matrix, (Some(Rank::Matrix), ""), span)?;
                Ok(self.numbers_along(totals, rows.axis))
            }
            "softmax" | "log_softmax" => {
                let matrix = self.shares_of(&format!("{name}_rows"), rows.matrix, (Some(Rank::Matrix), ""), span)?;
                Ok(Value::Rows(each(matrix)))
            }
            "norm1" => {
                let sizes = self.apply(rows::ABS, &[rows.matrix]);
                Ok(self.totals_of_each(each(sizes)))
            }
            "norm2" => {
                let squares = self.product(&[(rows.matrix, Rational::integer(2))]);
                match self.totals_of_each(each(squares)) {
                    Value::Running(id) => Ok(Value::Running(self.apply(rows::SQRT, &[id]))),
                    Value::Scalar(id) => Ok(Value::Scalar(self.apply(rows::SQRT, &[id]))),
                    other => Ok(other),
                }
            }
            _ => {
                let message = format!("`{name}` of a row of a matrix needs its length as a number");
                let hint = "give the size as a number: `X: matrix[n, 3]`";
                Err(Diagnostic::new(Fault::FixedSize, span, message).hint(hint))
            }
        }
    }
}
