//! What is on a wire: a number, or a whole vector or matrix.

use super::figure;
use crate::tape::Dense;
use std::fmt::Debug;

/// What is on a wire.
pub trait Quantity: Clone + Debug {
    /// What the derivative of a gate by an operand is, apart from its formula.
    type Local: Clone + Debug;

    /// Writes the entries, if they are few.
    fn figure(&self, digits: usize) -> String;

    /// Writes the shape of what is not a number: `2×3`.
    fn shape(&self) -> Option<String>;

    /// Writes several as a sum, if that is short.
    fn sum(values: &[Self], digits: usize) -> Option<String>;

    /// Writes the shape, if there is one, and the entries.
    fn described(&self, digits: usize) -> String {
        let figure = self.figure(digits);
        self.shape().map_or(figure.clone(), |shape| format!("{shape}: {figure}"))
    }
}

impl Quantity for f64 {
    type Local = f64;

    fn figure(&self, digits: usize) -> String {
        figure::figure(*self, digits)
    }

    fn shape(&self) -> Option<String> {
        None
    }

    fn sum(values: &[f64], digits: usize) -> Option<String> {
        Some(figure::sum(values, digits))
    }
}

/// Most entries of a matrix that are written.
const MOST: usize = 9;

impl Quantity for Dense {
    /// The formula says it all: it maps matrices to matrices.
    type Local = ();

    fn figure(&self, digits: usize) -> String {
        let row = |row: &[f64]| row.iter().map(|entry| figure::figure(*entry, digits)).collect::<Vec<_>>().join(", ");
        match (self.entries.len(), self.columns) {
            (1, _) => figure::figure(self.entries[0], digits),
            (0, _) => "[]".to_string(),
            (count, _) if count > MOST => {
                let square: f64 = self.entries.iter().map(|entry| entry * entry).sum();
                format!("norm {}", figure::figure(square.sqrt(), digits))
            }
            (_, 1) => format!("[{}]", row(&self.entries)),
            (_, columns) => format!("[{}]", self.entries.chunks(columns).map(row).collect::<Vec<_>>().join("; ")),
        }
    }

    fn shape(&self) -> Option<String> {
        (self.entries.len() != 1).then(|| format!("{}×{}", self.rows, self.columns))
    }

    fn sum(_: &[Dense], _: usize) -> Option<String> {
        None
    }
}
