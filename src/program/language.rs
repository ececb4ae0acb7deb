//! What passes ask of the language that programs are written in.

use super::{Expression, Program};

/// A language that programs are written in.
pub trait Language {
    /// The names that written code has for itself.
    fn reserved(&self) -> &'static [&'static str];

    /// Spells a word so that it may be a name.
    fn legal(&self, word: &str) -> String;

    /// Returns the word that a legal name begins other names with.
    fn word<'n>(&self, name: &'n str) -> &'n str;

    /// Writes an expression.
    fn expression(&self, expression: &Expression) -> String;

    /// Writes a program.
    fn written(&self, program: &Program) -> String;
}
