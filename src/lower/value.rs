//! What an expression stands for while it is lowered.

use crate::graph::ExprId;
use std::fmt;

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

    /// Returns the shape of an array of fixed size.
    pub fn of(rank: Rank, rows: usize, columns: usize) -> Shape {
        match rank {
            Rank::Vector => Shape::Vector(rows),
            Rank::Matrix => Shape::Matrix(rows, columns),
            Rank::Either => Shape::Scalar,
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

/// Whether an array is a vector or a matrix: one entry can be either, or a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rank {
    /// A column of numbers, picked by one index.
    Vector,
    /// Rows of numbers, picked by two indices.
    Matrix,
    /// The one entry that a product such as `x'*A*x` has: a number, or a vector or matrix of one entry, as is needed.
    Either,
}

/// A value of the lowering machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number.
    Scalar(ExprId),
    /// A vector or matrix.
    Array(ExprId, Rank),
    /// A number for each value of the indices that run over symbolic ranges: a column, a row or a matrix of them.
    Running(ExprId),
    /// A vector for each value of an index that runs over a symbolic range.
    Rows(Rows),
    /// A condition, or one for each entry of a vector or matrix.
    Condition(ExprId),
    /// A vector of whole numbers that pick entries.
    Indices(ExprId),
    /// The states of a recurrence.
    States(Vec<Value>),
    /// The result of an error that was already reported; it causes no further ones.
    Poison,
}

impl Value {
    /// Returns the node of a number or of an array, with the array's rank.
    pub fn node(&self) -> Option<(ExprId, Option<Rank>)> {
        match self {
            Value::Scalar(id) => Some((*id, None)),
            Value::Array(id, rank) => Some((*id, Some(*rank))),
            _ => None,
        }
    }

    /// Tells whether this is known to be the same for all values of the indices that run over symbolic ranges.
    pub fn is_constant_along_axes(&self) -> bool {
        matches!(self, Value::Scalar(_) | Value::Array(..) | Value::Indices(_))
    }

    /// Tells whether this is one number.
    pub fn is_number(&self) -> bool {
        matches!(self, Value::Scalar(_) | Value::Array(_, Rank::Either))
    }
}
