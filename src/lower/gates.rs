//! Gates: sums, products, functions and choices of numbers, and entry by entry of vectors and matrices.

use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::functions::{FunctionId, rows};
use crate::graph::{ExprId, Extents, Graph, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::BinaryOperator;

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
}

/// Writes the shape of an array.
pub fn shape_text(rank: Rank, extents: &Extents) -> String {
    match rank {
        Rank::Vector => format!("vector[{}]", extents.rows),
        Rank::Matrix => format!("matrix[{}, {}]", extents.rows, extents.columns),
        Rank::Either => "scalar".to_string(),
    }
}

/// The rank of what is computed with these extents.
pub fn rank_of(extents: &Extents) -> Rank {
    if extents.is_column() { Rank::Vector } else { Rank::Matrix }
}

impl Gates<'_> {
    /// Returns a number, or an array with the rank that its extents give it.
    pub fn value(&self, id: ExprId) -> Value {
        let extents = self.graph.extents(id);
        if extents.is_scalar() { Value::Scalar(id) } else { Value::Array(id, rank_of(&extents)) }
    }

    /// Writes the shape of a value.
    pub fn described(&self, value: &Value) -> String {
        match value {
            Value::Array(id, rank) => shape_text(*rank, &self.graph.extents(*id)),
            Value::Rows(rows) => self.extents_of_one(rows).to_string(),
            Value::Running(id) => self.graph.extents(*id).to_string(),
            Value::Indices(id) => format!("index[{}]", self.graph.extents(*id).rows),
            Value::Tensor(id, [n, m]) => format!("tensor[{n}, {m}, {}]", self.graph.extents(*id).columns),
            Value::States(states) => format!("list of {} values", states.len()),
            Value::Scalar(_) | Value::Condition(_) | Value::Poison => "scalar".to_string(),
        }
    }
}

/// Returns the node of a number or of an array.
///
/// # Errors
/// A condition where a number belongs, and what an index runs over.
pub fn node(value: &Value, span: Span) -> Result<ExprId, Diagnostic> {
    match value {
        Value::Scalar(id) | Value::Array(id, _) => Ok(*id),
        Value::Running(_) | Value::Rows(_) | Value::Poison => Err(one_number(span)),
        Value::Indices(_) => Err(Diagnostic::new(Fault::Shapes, span, "these are whole numbers that pick entries")
            .hint("take one at a time: `x[k[i]]`")),
        Value::Tensor(..) => Err(Diagnostic::new(Fault::Shapes, span, "a tensor is taken by index")
            .hint("`T[i, j, l]` is a number, `T[i, j, ..]` a vector and `T[i, .., ..]` a matrix")),
        Value::States(_) => Err(Diagnostic::new(Fault::Shapes, span, "these are several values, not one")
            .hint("name them: `{ let (p, v) = fold(...); p }`")),
        Value::Condition(_) => Err(Diagnostic::new(Fault::Condition, span, "this is a condition, not a number")
            .hint("choose a number by it: `if(x > 0, 1, 0)`")),
    }
}

/// Returns the node of a condition.
///
/// # Errors
/// A number where a condition belongs.
pub fn condition(value: &Value, span: Span) -> Result<ExprId, Diagnostic> {
    match value {
        Value::Condition(id) => Ok(*id),
        _ => {
            Err(Diagnostic::new(Fault::Condition, span, "this is a number, not a condition")
                .hint("compare it: `x != 0`"))
        }
    }
}

/// Explains that what an index runs over is one number at a time.
pub fn one_number(span: Span) -> Diagnostic {
    let message = "inside of a sum over a symbolic range, this is one number at a time";
    Diagnostic::new(Fault::Symbolic, span, message).hint("write the function of whole vectors outside of the sum")
}
