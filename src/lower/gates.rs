//! Operators to gates: arithmetic on numbers, and on arrays entry by entry.

use super::algebra::sides;
use super::value::{Rows, Shape, Value};
use crate::error::{Diagnostic, Fault};
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Graph, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::BinaryOperator;
use std::rc::Rc;

/// Makes gates, either as written or in canonical form.
pub struct Gates<'g> {
    /// Where the gates go.
    pub graph: &'g mut Graph,
    /// Whether terms are merged; otherwise each operator stays a gate of its own, and only numbers are folded.
    pub canonical: bool,
}

impl Gates<'_> {
    /// Makes a sum of terms with coefficients 1 and −1.
    pub fn sum(&mut self, terms: &[(ExprId, bool)]) -> ExprId {
        let sign = |negative: bool| {
            if negative { Rational::MINUS_ONE } else { Rational::ONE }
        };
        let pairs: Vec<_> = terms.iter().map(|(id, negative)| (*id, sign(*negative))).collect();
        if self.canonical || terms.iter().all(|(id, _)| self.graph.as_number(*id).is_some()) {
            return self.graph.sum(Rational::ZERO, pairs);
        }
        match terms {
            [(id, false)] => *id,
            _ => self.graph.intern(Node::Sum(Rational::ZERO, pairs.into())),
        }
    }

    /// Makes a product of powers.
    pub fn product(&mut self, factors: &[(ExprId, Rational)]) -> ExprId {
        let folded = || {
            factors
                .iter()
                .all(|(id, exponent)| self.graph.as_number(*id).is_some_and(|value| value.power(exponent).is_some()))
        };
        if self.canonical || folded() {
            return self.graph.product(Rational::ONE, factors.to_vec());
        }
        match factors {
            [] => self.graph.number(Rational::ONE),
            [(id, exponent)] if exponent.is_one() => *id,
            _ => self.graph.intern(Node::Product(factors.into())),
        }
    }

    /// Makes `a/b`; `1/b` is one gate.
    pub fn quotient(&mut self, a: ExprId, b: ExprId) -> ExprId {
        if self.graph.is_integer(a, 1) {
            return self.product(&[(b, Rational::MINUS_ONE)]);
        }
        self.product(&[(a, Rational::ONE), (b, Rational::MINUS_ONE)])
    }

    /// Makes `a^b`.
    pub fn power(&mut self, a: ExprId, b: ExprId) -> ExprId {
        match self.graph.as_number(b).cloned() {
            Some(exponent) if exponent.is_one() => a,
            Some(exponent) => self.product(&[(a, exponent)]),
            None if self.canonical => self.graph.power(a, b),
            None => self.graph.intern(Node::Apply(rows::POW, [a, b].into())),
        }
    }

    /// Makes a function's value.
    pub fn apply(&mut self, function: FunctionId, arguments: &[ExprId]) -> ExprId {
        match (function, arguments) {
            (rows::POW, [a, b]) => self.power(*a, *b),
            _ if self.canonical => self.graph.apply(function, arguments),
            _ => self.graph.intern(Node::Apply(function, arguments.into())),
        }
    }

    /// Makes a choice.
    pub fn select(&mut self, condition: ExprId, a: ExprId, b: ExprId) -> ExprId {
        if self.canonical {
            self.graph.select(condition, a, b)
        } else {
            self.graph.intern(Node::Select(condition, a, b))
        }
    }

    /// Makes an arithmetic operator on two numbers.
    pub(super) fn arithmetic(&mut self, operator: BinaryOperator, a: ExprId, b: ExprId) -> ExprId {
        use BinaryOperator::*;
        match operator {
            Add => self.sum(&[(a, false), (b, false)]),
            Subtract => self.sum(&[(a, false), (b, true)]),
            Divide | ElementDivide => self.quotient(a, b),
            Power | ElementPower => self.power(a, b),
            _ => self.product(&[(a, Rational::ONE), (b, Rational::ONE)]),
        }
    }

    /// Makes a binary operator on values.
    ///
    /// # Errors
    /// Conditions where numbers belong or the reverse, and shapes that don't go together.
    pub fn binary(
        &mut self,
        operator: BinaryOperator,
        a: &Value,
        b: &Value,
        spans: [Span; 3],
    ) -> Result<Value, Diagnostic> {
        let [whole, left, right] = spans;
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            let (a, b) = (conditions(a, left)?, conditions(b, right)?);
            if let ([a], [b]) = (a.1, b.1) {
                let (a, b) = (self.graph.extents(*a), self.graph.extents(*b));
                if a != b && !a.is_scalar() && !b.is_scalar() {
                    let message = format!("`{}` does not take {a} and {b}", operator.symbol());
                    return Err(Diagnostic::new(Fault::Shapes, whole, message));
                }
            }
            let shape = entrywise_shape(&[a.0, b.0], whole)?;
            let node = |a, b| if operator == BinaryOperator::And { Node::And(a, b) } else { Node::Or(a, b) };
            let nodes = (0..shape.entries()).map(|at| self.graph.intern(node(entry(a.1, at), entry(b.1, at))));
            return Ok(Value::from_conditions(shape, nodes.collect()));
        }
        if a.is_in_one_piece() || b.is_in_one_piece() {
            return self.whole_binary(operator, a, b, spans);
        }
        let (a_shape, a_entries) = numbers(a, left)?;
        let (b_shape, b_entries) = numbers(b, right)?;
        if let Some(comparison) = Comparison::from_operator(operator) {
            let shape = entrywise_shape(&[a_shape, b_shape], whole)?;
            let compared = |at| self.graph.compare(comparison, entry(a_entries, at), entry(b_entries, at));
            return Ok(Value::from_conditions(shape, (0..shape.entries()).map(compared).collect()));
        }
        let matrix = |shape: Shape| matches!(shape, Shape::Matrix(..));
        let vector = |shape: Shape| matches!(shape, Shape::Vector(_));
        let both = (matrix(a_shape) || vector(a_shape)) && (matrix(b_shape) || vector(b_shape));
        if operator == BinaryOperator::Multiply && both {
            return self.entries_product((a_shape, a_entries), (b_shape, b_entries), spans);
        }
        let shape = result_shape(operator, a_shape, b_shape, whole)?;
        let entries = (0..shape.entries())
            .map(|at| self.arithmetic(operator, entry(a_entries, at), entry(b_entries, at)))
            .collect();
        Ok(Value::from_entries(shape, entries))
    }

    /// Applies a function of fixed arity entry by entry; numbers are repeated to match arrays.
    ///
    /// # Errors
    /// Arrays of different shapes.
    pub fn elementwise(
        &mut self,
        values: &[Value],
        spans: &[Span],
        whole: Span,
        mut apply: impl FnMut(&mut Self, &[ExprId]) -> ExprId,
    ) -> Result<Value, Diagnostic> {
        if values.iter().any(Value::is_in_one_piece) {
            return self.whole_entrywise(values, spans, whole, apply);
        }
        let arrays = values.iter().zip(spans).map(|(value, span)| numbers(value, *span));
        let (shapes, arrays): (Vec<Shape>, Vec<&[ExprId]>) = arrays.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let shape = entrywise_shape(&shapes, whole)?;
        let entries = (0..shape.entries())
            .map(|at| {
                let arguments: Vec<ExprId> = arrays.iter().map(|array| entry(array, at)).collect();
                apply(self, &arguments)
            })
            .collect();
        Ok(Value::from_entries(shape, entries))
    }

    /// Makes `not` of a condition, or of one for each entry.
    ///
    /// # Errors
    /// A number where a condition belongs.
    pub fn opposite(&mut self, value: &Value, span: Span) -> Result<Value, Diagnostic> {
        let (shape, entries) = conditions(value, span)?;
        let entries = entries.iter().map(|entry| self.graph.intern(Node::Not(*entry))).collect();
        Ok(Value::from_conditions(shape, entries))
    }

    /// Makes a chosen branch, entry by entry; the values are the condition and its branches.
    ///
    /// # Errors
    /// Arrays of different shapes.
    pub fn choice(&mut self, values: &[Value], spans: &[Span], whole: Span) -> Result<Value, Diagnostic> {
        let (of_condition, c) = conditions(&values[0], spans[0])?;
        let (of_a, a) = numbers(&values[1], spans[1])?;
        let (of_b, b) = numbers(&values[2], spans[2])?;
        let shape = entrywise_shape(&[of_a, of_b, of_condition], whole)?;
        let chosen = (0..shape.entries()).map(|at| self.select(entry(c, at), entry(a, at), entry(b, at)));
        Ok(Value::from_entries(shape, chosen.collect()))
    }

    /// Makes `-a` for a number or an array.
    ///
    /// # Errors
    /// A condition where a number belongs.
    pub fn negate(&mut self, a: &Value, span: Span) -> Result<Value, Diagnostic> {
        match a {
            Value::Whole(id) => return Ok(Value::Whole(self.sum(&[(*id, true)]))),
            Value::Running(id) => return Ok(Value::Running(self.sum(&[(*id, true)]))),
            Value::Rows(rows) => {
                let matrix = self.sum(&[(rows.matrix, true)]);
                return Ok(Value::Rows(Rows { matrix, ..*rows }));
            }
            _ => {}
        }
        let (shape, entries) = numbers(a, span)?;
        let entries: Vec<ExprId> = entries.to_vec();
        let negated: Rc<[ExprId]> = entries.iter().map(|id| self.sum(&[(*id, true)])).collect();
        Ok(Value::from_entries(shape, negated.to_vec()))
    }
}

/// Returns the entry of an array at a place; a number is repeated.
fn entry(entries: &[ExprId], at: usize) -> ExprId {
    if entries.len() == 1 { entries[0] } else { entries[at] }
}

/// Returns the shape that arrays have together, entry by entry; numbers are repeated, and a column is a vector.
fn entrywise_shape(shapes: &[Shape], span: Span) -> Result<Shape, Diagnostic> {
    let mut arrays = shapes.iter().filter(|shape| **shape != Shape::Scalar);
    let Some(first) = arrays.next() else { return Ok(Shape::Scalar) };
    match arrays.find(|shape| sides(**shape) != sides(*first)) {
        None => Ok(*first),
        Some(other) => {
            let message = format!("{first} and {other} don't match entry by entry");
            Err(Diagnostic::new(Fault::Shapes, span, message))
        }
    }
}

fn result_shape(operator: BinaryOperator, a: Shape, b: Shape, span: Span) -> Result<Shape, Diagnostic> {
    use BinaryOperator::*;
    use Shape::{Matrix, Scalar};
    let symbol = operator.symbol();
    let mismatch = |hint: &str| {
        let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`{symbol}` does not take {a} and {b}"));
        if hint.is_empty() { diagnostic } else { diagnostic.hint(hint) }
    };
    match (operator, a, b) {
        (_, Scalar, Scalar) => Ok(Scalar),
        // A product such as `x'*A*y` is one number in an array where all dimensions are 1.
        (Power, ..) if a.entries() == 1 && b.entries() == 1 => Ok(if a == Scalar { b } else { a }),
        (Power, Matrix(..), _) => {
            Err(mismatch("entry by entry it is `.^`; the product of a matrix with itself is `A*A`"))
        }
        (Add | Subtract | Multiply | ElementMultiply | ElementDivide | ElementPower, Scalar, other) => Ok(other),
        (Add | Subtract | Multiply | Divide | ElementMultiply | ElementDivide | ElementPower, other, Scalar) => {
            Ok(other)
        }
        (Add | Subtract | ElementMultiply | ElementDivide | ElementPower, a, b) if sides(a) == sides(b) => Ok(a),
        (Divide, ..) => Err(mismatch("entry by entry it is `./`")),
        (Power, ..) => Err(mismatch("entry by entry it is `.^`")),
        _ => Err(mismatch("")),
    }
}

/// Returns shape and entries, or explains that a condition is no number.
pub fn numbers(value: &Value, span: Span) -> Result<(Shape, &[ExprId]), Diagnostic> {
    value.numbers().ok_or_else(|| {
        if let Value::Running(_) | Value::Rows(_) = value {
            return one_number(span);
        }
        if matches!(value, Value::Whole(_)) {
            return Diagnostic::new(
                Fault::FixedSize,
                span,
                "this needs the entries one by one, so the size must be a number",
            )
            .hint("give the size as a number: `x: vector[3]`");
        }
        Diagnostic::new(Fault::Condition, span, "this is a condition, not a number")
            .hint("choose a number by it: `if(x > 0, 1, 0)`")
    })
}

/// Explains that what an index runs over is one number at a time.
pub fn one_number(span: Span) -> Diagnostic {
    let message = "inside of a sum over a symbolic range, this is one number at a time";
    Diagnostic::new(Fault::Symbolic, span, message).hint("write the function of whole vectors outside of the sum")
}

/// Returns shape and entries of conditions, or explains that a number is no condition.
pub fn conditions(value: &Value, span: Span) -> Result<(Shape, &[ExprId]), Diagnostic> {
    match value {
        Value::Condition(id) => Ok((Shape::Scalar, std::slice::from_ref(id))),
        Value::Conditions(shape, entries) => Ok((*shape, entries)),
        _ => {
            Err(Diagnostic::new(Fault::Condition, span, "this is a number, not a condition")
                .hint("compare it: `x != 0`"))
        }
    }
}
