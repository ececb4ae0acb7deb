//! Parameters of generated functions.

use std::fmt::{self, Display, Formatter};

/// A parameter with its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub name: String,
    /// The type in Rust.
    pub kind: String,
}

impl Parameter {
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Parameter { name: name.into(), kind: kind.into() }
    }

    /// Writes parameters as a function declares them.
    pub fn declared(parameters: &[Parameter]) -> String {
        parameters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Writes the names of parameters, as arguments of a call.
    pub fn passed_on(parameters: &[Parameter]) -> String {
        parameters.iter().map(|parameter| &*parameter.name).collect::<Vec<_>>().join(", ")
    }
}

impl Display for Parameter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.kind)
    }
}
