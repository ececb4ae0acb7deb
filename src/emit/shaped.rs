//! Types and values of shapes: numbers, and arrays of arrays.

use crate::lower::Shape;
use crate::program::{Expression, Type};

/// Lists the sizes of a shape.
pub fn sizes(shape: Shape) -> Vec<usize> {
    shape.sizes().into_iter().copied().collect()
}

/// Returns the type of an array with such entries.
pub fn array(shape: Shape, entry: Type) -> Type {
    entry.array(&sizes(shape))
}

/// Returns the type of a parameter of fixed size: a number is passed by value, an array by reference.
pub fn passed(shape: Shape, entry: Type) -> Type {
    if shape == Shape::Scalar { entry } else { array(shape, entry).reference() }
}

/// Returns an array of zeros.
pub fn zeros(sizes: &[usize]) -> Expression {
    let repeated = |own, size: &usize| Expression::Repeated(Box::new(own), Box::new(Expression::Whole(*size)));
    sizes.iter().rev().fold(Expression::zero(), repeated)
}

/// Returns the entry of an array at a place.
pub fn entry(array: impl Into<Expression>, place: &[usize]) -> Expression {
    place.iter().copied().fold(array.into(), Expression::at)
}

/// Returns an array with these entries.
pub fn nested(shape: Shape, entries: &[Expression]) -> Expression {
    let row = |entries: &[Expression]| Expression::List(entries.to_vec());
    match (shape, entries) {
        (Shape::Scalar, [only]) => only.clone(),
        (Shape::Matrix(_, columns), _) => Expression::List(entries.chunks(columns.max(1)).map(row).collect()),
        (Shape::Tensor(_, rows, columns), _) => {
            let matrices = entries.chunks((rows * columns).max(1));
            Expression::List(matrices.map(|matrix| nested(Shape::Matrix(rows, columns), matrix)).collect())
        }
        _ => row(entries),
    }
}
