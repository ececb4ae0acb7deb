//! Types of values in generated code.

use super::Scalar;

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// A floating-point number.
    Float(Scalar),
    /// A whole number that is not negative.
    Whole,
    /// So many values, one after the other.
    Array(Box<Type>, usize),
    /// As many values as there are.
    Slice(Box<Type>),
    /// A place that is read.
    Reference(Box<Type>),
    /// A place that is written to.
    Mutable(Box<Type>),
    /// A structure of values, by its name.
    Structure(String),
    /// A structure of places that are written to, by its name.
    Places(String),
    /// Several values.
    Tuple(Vec<Type>),
}

impl Type {
    /// So many values, in so many rows and so on.
    pub fn array(self, sizes: &[usize]) -> Self {
        sizes.iter().rev().fold(self, |own, size| Type::Array(Box::new(own), *size))
    }

    /// As many values as there are.
    pub fn slice(self) -> Self {
        Type::Slice(Box::new(self))
    }

    /// A place that is read.
    pub fn reference(self) -> Self {
        Type::Reference(Box::new(self))
    }

    /// A place that is written to.
    pub fn mutable(self) -> Self {
        Type::Mutable(Box::new(self))
    }
}
