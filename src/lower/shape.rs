//! Shapes of parameters and values: how many indices an entry has, and how far each of them runs.

use super::value::Rank;
use crate::graph::{Dimension, Extents, Sizes};
use std::fmt;

/// The shape of a parameter or a value, rows before columns; its sizes are numbers, or dimensions that may have names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shape<Size = usize> {
    /// A number.
    Scalar,
    /// A column of n numbers.
    Vector(Size),
    /// n rows of m numbers.
    Matrix(Size, Size),
    /// n matrices of m rows of k numbers.
    Tensor(Size, Size, Size),
}

impl<Size> Shape<Size> {
    /// Returns how many indices an entry has: none for a number, one for a vector, two for a matrix, also of one column, and
    /// three for a tensor.
    pub fn indices(&self) -> usize {
        self.sizes().len()
    }

    /// Lists the sizes.
    pub fn sizes(&self) -> Vec<&Size> {
        match self {
            Shape::Scalar => vec![],
            Shape::Vector(n) => vec![n],
            Shape::Matrix(n, m) => vec![n, m],
            Shape::Tensor(n, m, k) => vec![n, m, k],
        }
    }
}

impl Shape {
    /// Returns the number of entries.
    pub fn entries(self) -> usize {
        self.sizes().into_iter().fold(1, |product, size| product.saturating_mul(*size))
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
            Shape::Tensor(_, rows, columns) => vec![at / columns / rows, at / columns % rows, at % columns],
        })
    }
}

impl Shape<Dimension> {
    /// Returns the shape of a node with these extents.
    pub fn of_node(rank: Option<Rank>, Extents { rows, columns }: Extents) -> Self {
        match rank {
            None | Some(Rank::Either) => Shape::Scalar,
            Some(Rank::Vector) => Shape::Vector(rows),
            Some(Rank::Matrix) => Shape::Matrix(rows, columns),
        }
    }

    /// Returns the extents of the node that holds all entries: a tensor is a matrix of the rows of all its matrices.
    pub fn extents(&self) -> Extents {
        match self {
            Shape::Scalar => Extents::scalar(),
            Shape::Vector(n) => Extents::column(n.clone()),
            Shape::Matrix(n, m) => Extents::new(n.clone(), m.clone()),
            Shape::Tensor(n, m, k) => Extents::new(n.product(m), k.clone()),
        }
    }

    /// Returns the shape for given sizes of the dimensions that have names; none if one is missing or negative.
    pub fn evaluate(&self, sizes: &Sizes) -> Option<Shape> {
        let size = |dimension: &Dimension| dimension.evaluate(sizes);
        Some(match self {
            Shape::Scalar => Shape::Scalar,
            Shape::Vector(n) => Shape::Vector(size(n)?),
            Shape::Matrix(n, m) => Shape::Matrix(size(n)?, size(m)?),
            Shape::Tensor(n, m, k) => Shape::Tensor(size(n)?, size(m)?, size(k)?),
        })
    }
}

impl<Size: fmt::Display> fmt::Display for Shape<Size> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Scalar => write!(f, "scalar"),
            Shape::Vector(n) => write!(f, "vector[{n}]"),
            Shape::Matrix(n, m) => write!(f, "matrix[{n}, {m}]"),
            Shape::Tensor(n, m, k) => write!(f, "tensor[{n}, {m}, {k}]"),
        }
    }
}
