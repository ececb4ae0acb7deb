//! The tape: straight-line code in which each value is computed once, before its use.

mod association;
mod beside;
mod by_rows;
mod checkpoints;
mod constants;
mod count;
mod dense;
mod dump;
mod evaluate;
mod formulas;
mod fusion;
mod hoist;
mod in_place;
mod kept;
mod looped;
mod numbers;
mod placed;
mod places;
mod plan;
mod scanned;
mod schedule;
mod share;
mod signs;
mod transcription;
mod verify;
mod written_out;

pub use association::associate;
pub use beside::plan_beside;
pub use by_rows::by_rows;
pub use checkpoints::{Recomputed, by_states, with_checkpoints};
pub use constants::{Constant, rational};
pub use count::Counts;
pub use dense::Dense;
pub use fusion::{RowProduct, row_product, summands};
pub use hoist::hoist;
pub use in_place::in_place;
pub use looped::{Accumulated, Looped, Part, Place};
pub use placed::placed;
pub use plan::{Computation, Plan, Step, plan};
pub use scanned::{Carried, Output, Scanned};
pub use schedule::{candidates, schedule};
pub use transcription::transcribe;
pub use written_out::written_out;

use crate::functions::FunctionId;
use crate::graph::{Comparison, Rational};

/// Index of a value on its [`Tape`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Slot(pub u32);

impl Slot {
    /// Returns the index as a `usize`.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Operation {
    /// An exact number, rounded once where it is used.
    Number(Rational),
    /// A number that no rational is, rounded here.
    Constant(Constant),
    /// An entry of a parameter.
    Input(u32),
    Add(Slot, Slot),
    Subtract(Slot, Slot),
    Multiply(Slot, Slot),
    Divide(Slot, Slot),
    Negate(Slot),
    /// A function with one argument.
    Call(FunctionId, Slot),
    /// A function with two arguments.
    Call2(FunctionId, Slot, Slot),
    /// A function of a constant order.
    OfOrder(FunctionId, u32, Slot),
    /// A condition.
    Compare(Comparison, Slot, Slot),
    And(Slot, Slot),
    Or(Slot, Slot),
    Not(Slot),
    /// The second value where the condition holds, else the third.
    Select(Slot, Slot, Slot),
}

impl Operation {
    /// Calls `visit` on every operand, in order.
    pub fn for_each_operand(&self, mut visit: impl FnMut(Slot)) {
        use Operation::*;
        match self {
            Number(_) | Constant(_) | Input(_) => {}
            Negate(a) | Call(_, a) | OfOrder(_, _, a) | Not(a) => visit(*a),
            Add(a, b)
            | Subtract(a, b)
            | Multiply(a, b)
            | Divide(a, b)
            | Call2(_, a, b)
            | Compare(_, a, b)
            | And(a, b)
            | Or(a, b) => {
                visit(*a);
                visit(*b);
            }
            Select(c, a, b) => [*c, *a, *b].into_iter().for_each(visit),
        }
    }

    /// Tells whether the operation is a constant or an input, which costs nothing.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Operation::Number(_) | Operation::Constant(_) | Operation::Input(_))
    }

    /// Tells whether the operation's value is a condition.
    pub fn is_condition(&self) -> bool {
        use Operation::*;
        matches!(self, Compare(..) | And(..) | Or(..) | Not(_))
    }
}

/// Straight-line code.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tape {
    /// The operations, each with operands before itself.
    pub operations: Vec<Operation>,
    /// The values that are asked for, in order.
    pub outputs: Vec<Slot>,
}

impl Tape {
    /// Returns what computes the first outputs alone, with the same operations.
    pub fn part(&self, outputs: usize) -> Tape {
        self.with_outputs(0..outputs.min(self.outputs.len()))
    }

    /// Returns what computes these outputs alone, with the same operations.
    pub fn with_outputs(&self, outputs: impl Iterator<Item = usize>) -> Tape {
        let outputs = outputs.map(|output| self.outputs[output]).collect();
        schedule::prune(Tape { operations: self.operations.clone(), outputs })
    }
}
