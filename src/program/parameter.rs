//! Parameters of generated functions, and fields of generated structures.

use super::Type;

/// A name with its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub name: String,
    pub kind: Type,
}

impl Parameter {
    pub fn new(name: impl Into<String>, kind: Type) -> Self {
        Parameter { name: name.into(), kind }
    }
}
