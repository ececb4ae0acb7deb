//! Items of generated modules: structures and functions.

use super::{Machine, Parameter, Statement, Type};

/// A generated module.
pub struct Program {
    /// What stands at its beginning, for people who read the code.
    pub heading: String,
    pub items: Vec<Item>,
    pub machine: Machine,
}

/// A part of a module.
pub enum Item {
    Structure(Structure),
    Procedure(Procedure),
}

/// A type with a field for each of several derivatives.
pub struct Structure {
    pub documentation: Vec<String>,
    pub name: String,
    /// The fields, with what is said of each.
    pub fields: Vec<(String, Parameter)>,
    /// Whether the fields are places that are written to, not values.
    pub has_places: bool,
}

/// A function with its body.
pub struct Procedure {
    pub documentation: Vec<String>,
    pub name: String,
    pub parameters: Vec<Parameter>,
    pub result: Option<Type>,
    pub body: Vec<Statement>,
    pub role: Role,
}

/// What a function is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Computes much of the same: it is written for several processors.
    Loops,
    /// Computes one thing after the other.
    Plain,
    /// A part of another function, for itself.
    Part,
    /// Known before the code runs.
    Constant,
}
