//! What an expression stands for while it is lowered.

use crate::graph::{Dimension, ExprId};

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
    /// Matrices, the rows of all of which are the rows of one matrix: how many there are, and how many rows each has.
    Tensor(ExprId, [Dimension; 2]),
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
