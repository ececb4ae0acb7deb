//! Operation counts.

use super::{Operation, Tape};
use crate::functions::Cost;
use std::fmt;

/// How many operations of each kind a tape performs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Additions, subtractions and negations.
    pub add: usize,
    /// Multiplications.
    pub mul: usize,
    /// Divisions.
    pub div: usize,
    /// Square roots.
    pub sqrt: usize,
    /// Exponentials, logarithms, powers, trigonometric and special functions.
    pub transcendental: usize,
    /// Comparisons, choices, absolute values, roundings, maxima and minima.
    pub select: usize,
}

impl Counts {
    /// Returns the weighted sum: additions, multiplications and comparisons 1, divisions 4, square roots 5,
    /// transcendental functions 20.
    pub fn flops(&self) -> usize {
        self.add + self.mul + self.select + 4 * self.div + 5 * self.sqrt + 20 * self.transcendental
    }
}

impl Tape {
    /// Counts the operations.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for operation in &self.operations {
            use Operation::*;
            match operation {
                Number(_) | Constant(_) | Input(_) => {}
                Add(..) | Subtract(..) | Negate(_) => counts.add += 1,
                Multiply(..) => counts.mul += 1,
                Divide(..) => counts.div += 1,
                OfOrder(..) => counts.transcendental += 1,
                Compare(..) | And(..) | Or(..) | Not(_) | Select(..) => counts.select += 1,
                Call(function, _) | Call2(function, ..) => match function.row().cost {
                    Cost::Cheap => counts.select += 1,
                    Cost::SquareRoot => counts.sqrt += 1,
                    Cost::Transcendental => counts.transcendental += 1,
                },
            }
        }
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.add, "add"),
            (self.mul, "mul"),
            (self.div, "div"),
            (self.sqrt, "sqrt"),
            (self.transcendental, "transcendental"),
            (self.select, "select"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
        match parts.is_empty() {
            true => write!(f, "no operations"),
            false => write!(f, "{}", parts.join(", ")),
        }
    }
}
