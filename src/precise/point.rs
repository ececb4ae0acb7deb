//! The points at which tapes are evaluated.

use super::Evaluator;
use super::estimate::is_double;
use crate::tape::{Operation, Tape};

/// A number of a point: a double as it stands, or what a constant expression is exactly.
#[derive(Clone, Debug)]
pub struct Coordinate {
    value: f64,
    definition: Option<Tape>,
}

impl Coordinate {
    /// Takes the first output of a tape without inputs.
    pub fn new(evaluator: &mut Evaluator, definition: Tape) -> Self {
        let value = evaluator.evaluate(&definition, &[]).first().copied().unwrap_or(f64::NAN);
        let is_exact = definition.outputs.first().is_some_and(
            |output| matches!(&definition.operations[output.index()], Operation::Number(number) if is_double(number)),
        );
        Coordinate { value, definition: (!is_exact).then_some(definition) }
    }

    /// Returns the nearest double.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns what computes the number; none for a double.
    pub fn definition(&self) -> Option<&Tape> {
        self.definition.as_ref()
    }
}

impl From<f64> for Coordinate {
    fn from(value: f64) -> Self {
        Coordinate { value, definition: None }
    }
}
