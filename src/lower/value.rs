//! What an expression stands for while it is lowered.

use crate::graph::ExprId;
use std::fmt;
use std::rc::Rc;

/// The shape of a value: fixed sizes, rows before columns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shape {
    /// A number.
    Scalar,
    /// A column of n numbers.
    Vector(usize),
    /// n rows of m numbers.
    Matrix(usize, usize),
}

impl Shape {
    /// Returns the number of entries.
    pub fn entries(self) -> usize {
        match self {
            Shape::Scalar => 1,
            Shape::Vector(n) => n,
            Shape::Matrix(n, m) => n.saturating_mul(m),
        }
    }

    /// Iterates over the indices of all entries, row by row.
    pub fn places(self) -> impl Iterator<Item = Vec<usize>> {
        (0..self.entries()).map(move |at| match self {
            Shape::Scalar => vec![],
            Shape::Vector(_) => vec![at],
            Shape::Matrix(_, columns) => vec![at / columns, at % columns],
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Scalar => write!(f, "scalar"),
            Shape::Vector(n) => write!(f, "vector[{n}]"),
            Shape::Matrix(n, m) => write!(f, "matrix[{n}, {m}]"),
        }
    }
}

/// A vector for each value of an index that runs over a symbolic range: the rows of a matrix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rows {
    /// The matrix.
    pub matrix: ExprId,
    /// Whether the vectors are transposed; otherwise they are columns.
    pub turned: bool,
    /// Which index it is: 0 for that of the outer sum, 1 for that of the sum inside.
    pub axis: usize,
}

/// A value of the lowering machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number.
    Scalar(ExprId),
    /// A vector or matrix, row by row.
    Array(Shape, Rc<[ExprId]>),
    /// A vector or matrix in one piece.
    Whole(ExprId),
    /// A number for each value of the indices that run over symbolic ranges: a column, a row or a matrix of them.
    Running(ExprId),
    /// A vector for each value of an index that runs over a symbolic range.
    Rows(Rows),
    /// A condition.
    Condition(ExprId),
    /// A condition for each entry of an array, row by row.
    Conditions(Shape, Rc<[ExprId]>),
    /// The result of an error that was already reported; it causes no further ones.
    Poison,
}

impl Value {
    /// Makes a value of the given shape from its entries.
    pub fn from_entries(shape: Shape, entries: Vec<ExprId>) -> Value {
        match (shape, entries.as_slice()) {
            (Shape::Scalar, [only]) => Value::Scalar(*only),
            _ => Value::Array(shape, entries.into()),
        }
    }

    /// Makes a condition, or one for each entry of an array.
    pub fn from_conditions(shape: Shape, conditions: Vec<ExprId>) -> Value {
        match (shape, conditions.as_slice()) {
            (Shape::Scalar, [only]) => Value::Condition(*only),
            _ => Value::Conditions(shape, conditions.into()),
        }
    }

    /// Returns shape and entries of a number or an array of numbers.
    pub fn numbers(&self) -> Option<(Shape, &[ExprId])> {
        match self {
            Value::Scalar(id) => Some((Shape::Scalar, std::slice::from_ref(id))),
            Value::Array(shape, entries) => Some((*shape, entries)),
            _ => None,
        }
    }

    /// Tells whether this is one node with many entries.
    pub fn is_in_one_piece(&self) -> bool {
        matches!(self, Value::Whole(_) | Value::Running(_) | Value::Rows(_))
    }
}
