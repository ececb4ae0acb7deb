//! The evaluator: runs a tape in double precision, computing the same bits as the generated Rust.

use super::{Operation, Slot, Tape};
use crate::functions::{Code, FunctionId};

impl Tape {
    /// Computes the outputs for the given entries of the parameters.
    pub fn evaluate(&self, inputs: &[f64]) -> Vec<f64> {
        let values = self.values(inputs);
        self.outputs.iter().map(|slot| values[slot.index()]).collect()
    }

    /// Computes what each operation gives for the given entries of the parameters.
    pub fn values(&self, inputs: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::with_capacity(self.operations.len());
        for operation in &self.operations {
            let value = step(operation, inputs, |slot| values[slot.index()]);
            values.push(value);
        }
        values
    }
}

/// Computes one operation; conditions are 1 and 0.
fn step(operation: &Operation, inputs: &[f64], value: impl Fn(Slot) -> f64) -> f64 {
    use Operation::*;
    let truth = |holds: bool| f64::from(u8::from(holds));
    match operation {
        Number(number) => number.to_f64(),
        Constant(constant) => constant.value(),
        Input(input) => inputs.get(*input as usize).copied().unwrap_or(f64::NAN),
        Add(a, b) => value(*a) + value(*b),
        Subtract(a, b) => value(*a) - value(*b),
        Multiply(a, b) => value(*a) * value(*b),
        Divide(a, b) => value(*a) / value(*b),
        Negate(a) => -value(*a),
        Call(function, a) => call(*function, value(*a)),
        Call2(function, a, b) => match function.row().code {
            Code::Method2(_, _, evaluate) | Code::Special2(_, evaluate) => evaluate(value(*a), value(*b)),
            _ => f64::NAN,
        },
        OfOrder(function, order, a) => match function.row().code {
            Code::OfOrder(_, evaluate) => evaluate(*order, value(*a)),
            _ => f64::NAN,
        },
        Compare(comparison, a, b) => truth(comparison.holds(&value(*a), &value(*b))),
        And(a, b) => truth(value(*a) != 0.0 && value(*b) != 0.0),
        Or(a, b) => truth(value(*a) != 0.0 || value(*b) != 0.0),
        Not(a) => truth(value(*a) == 0.0),
        Select(c, a, b) => value(if value(*c) != 0.0 { *a } else { *b }),
    }
}

fn call(function: FunctionId, argument: f64) -> f64 {
    match function.row().code {
        Code::Method(_, _, evaluate) | Code::Special(_, evaluate) => evaluate(argument),
        _ => f64::NAN,
    }
}
