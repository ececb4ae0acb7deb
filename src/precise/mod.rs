//! Numbers that are right to the last digit.
//!
//! A tape is evaluated in double precision together with a bound of the error. Outputs that the bound does not show to
//! be the nearest doubles are evaluated again with 128 bits and such a bound, and then with twice as many bits until it
//! does (Ziv's strategy: Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit",
//! ACM Transactions on Mathematical Software 17 (1991)).
//!
//! What is too large or too small for such numbers, such as exp(1e300), is told to overflow or to underflow by bounds of
//! its logarithm.
//!
//! Branches are those that double precision takes, so that values and derivatives belong to the piece of the function
//! that generated code computes.

mod ball;
mod beyond;
mod defined;
mod doubts;
mod error_function;
mod estimate;
mod functions;
mod gamma;
mod magnitude;
mod normal;
mod point;
mod removable;
mod scale;

pub use doubts::refuted;
pub use point::Coordinate;

use crate::functions::FunctionId;
use crate::graph::Comparison;
use crate::tape::{Operation, Slot, Tape};
use astro_float_num::Consts;
use ball::{Arithmetic, Ball, Computed, Missing};
pub use estimate::{Estimate, estimates};

/// Bits of the first attempt.
const FEWEST_BITS: usize = 128;
/// Bits of the last attempt.
const MOST_BITS: usize = 2048;
/// Bits of an answer that stands where rounding is not decided after the last attempt.
const ENOUGH_BITS: i64 = 60;
/// What is so many bits below the error of double precision, and may be 0, is 0.
const NOTHING: i32 = 400;

/// Evaluates tapes, and keeps the constants that it computes.
pub struct Evaluator {
    arithmetic: Option<Arithmetic>,
    undecided: Vec<usize>,
}

impl Default for Evaluator {
    fn default() -> Self {
        let constants = Consts::new().ok();
        let arithmetic = constants.map(|constants| Arithmetic::new(FEWEST_BITS, constants));
        Evaluator { arithmetic, undecided: Vec::new() }
    }
}

impl Evaluator {
    /// Returns the places of those outputs of the last evaluation that are in double precision only: their digits could not be
    /// told from bounds.
    pub fn undecided(&self) -> &[usize] {
        &self.undecided
    }

    /// Computes the outputs of a tape for the given entries of the parameters.
    pub fn evaluate(&mut self, tape: &Tape, inputs: &[Coordinate]) -> Vec<f64> {
        self.undecided.clear();
        let estimates = estimates(tape, inputs);
        let mut outputs: Vec<f64> = tape.outputs.iter().map(|slot| estimates[slot.index()].value).collect();
        let Some(arithmetic) = &mut self.arithmetic else { return outputs };
        if inputs.iter().any(|input| !input.value().is_finite()) {
            return outputs;
        }
        let mut open: Vec<usize> = (0..outputs.len()).collect();
        open.retain(|output| !estimates[tape.outputs[*output].index()].is_nearest());
        let mut bits = FEWEST_BITS;
        while !open.is_empty() && bits <= MOST_BITS {
            arithmetic.bits = bits;
            let slots = open.iter().map(|output| tape.outputs[*output]);
            let balls = Attempt::new(tape, inputs, &estimates).run(arithmetic, slots);
            open.retain(|output| {
                let slot = tape.outputs[*output].index();
                let last = bits == MOST_BITS;
                match &balls[slot] {
                    Some(Ok(ball)) => match rounded(ball, last, estimates[slot]) {
                        // A 0 has no sign.
                        Some(value) => outputs[*output] = value + 0.0,
                        None => return true,
                    },
                    Some(Err(Missing::Digits(scale))) => match scale.to_f64() {
                        Some(value) => outputs[*output] = value,
                        None if !last => return true,
                        // Something has overflowed on the way.
                        None if scale.is_in_range() && outputs[*output].is_infinite() => {
                            outputs[*output] = f64::NAN;
                            self.undecided.push(*output);
                        }
                        None => self.undecided.push(*output),
                    },
                    Some(Err(Missing::Bits)) => return true,
                    // What is not a number there has no value.
                    Some(Err(Missing::Value)) | None if outputs[*output].is_nan() => {}
                    Some(Err(Missing::Value)) | None => self.undecided.push(*output),
                }
                false
            });
            bits *= 2;
        }
        self.undecided.extend(open);
        outputs
    }
}

/// Rounds to a double. The last attempt is content with fewer bits than decide.
fn rounded(ball: &Ball, last: bool, estimate: Estimate) -> Option<f64> {
    let decided = ball.to_f64();
    if decided.is_some() || !last {
        return decided;
    }
    match ball.least() {
        Some(_) => {
            let loss = ball.radius.times(magnitude::Magnitude::power_of_two(ENOUGH_BITS));
            (loss < ball.size()).then(|| ball.nearest())
        }
        None => {
            let nothing = magnitude::Magnitude::power_of_two(-i64::from(NOTHING));
            let scale = estimate.error.is_finite().then(|| magnitude::Magnitude::from_f64(estimate.error));
            (ball.most() < scale.unwrap_or(magnitude::Magnitude::ONE).times(nothing)).then_some(0.0)
        }
    }
}

/// What the inputs of a tape are.
#[derive(Clone, Copy)]
enum Inputs<'t> {
    Coordinates(&'t [Coordinate]),
    Balls(&'t [&'t Ball]),
}

/// One evaluation with a number of bits.
struct Attempt<'t> {
    tape: &'t Tape,
    inputs: Inputs<'t>,
    estimates: &'t [Estimate],
    /// Which operations have the value that double precision says: conditions on numbers of which something is known,
    /// and integers that such numbers are rounded to.
    settled: Vec<bool>,
}

impl<'t> Attempt<'t> {
    fn new(tape: &'t Tape, inputs: &'t [Coordinate], estimates: &'t [Estimate]) -> Self {
        let mut settled: Vec<bool> = Vec::with_capacity(tape.operations.len());
        for operation in &tape.operations {
            let known = |slot: &Slot| estimates[slot.index()].is_known();
            settled.push(match operation {
                Operation::Compare(_, a, b) => known(a) && known(b),
                Operation::And(a, b) | Operation::Or(a, b) => settled[a.index()] && settled[b.index()],
                Operation::Not(a) => settled[a.index()],
                Operation::Call(function, a) => rounds_to_integers(*function) && known(a),
                _ => false,
            });
        }
        Attempt { tape, inputs: Inputs::Coordinates(inputs), estimates, settled }
    }

    /// Evaluates a tape of numbers of which balls are known: nothing is settled before.
    fn of_balls(tape: &'t Tape, inputs: &'t [&'t Ball]) -> Self {
        Attempt { tape, inputs: Inputs::Balls(inputs), estimates: &[], settled: vec![false; tape.operations.len()] }
    }

    /// Evaluates what the given values need.
    fn run(&self, arithmetic: &mut Arithmetic, outputs: impl Iterator<Item = Slot>) -> Vec<Option<Computed>> {
        let mut needed = vec![false; self.tape.operations.len()];
        outputs.for_each(|slot| needed[slot.index()] = true);
        for (index, operation) in self.tape.operations.iter().enumerate().rev() {
            if !needed[index] {
                continue;
            }
            match operation {
                _ if self.settled[index] => {}
                Operation::Select(condition, a, b) if self.settled[condition.index()] => {
                    needed[if self.holds(*condition) { a } else { b }.index()] = true;
                }
                operation => operation.for_each_operand(|operand| needed[operand.index()] = true),
            }
        }
        let mut balls: Vec<Option<Computed>> = vec![None; needed.len()];
        for (index, operation) in self.tape.operations.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let computed = self.step(arithmetic, index, operation, &balls);
            balls[index] = Some(beyond::completed(arithmetic, operation, computed, &balls));
        }
        balls
    }

    fn holds(&self, condition: Slot) -> bool {
        self.estimates[condition.index()].value != 0.0
    }

    fn step(
        &self,
        arithmetic: &mut Arithmetic,
        index: usize,
        operation: &Operation,
        balls: &[Option<Computed>],
    ) -> Computed {
        use Operation::*;
        let ball = |slot: &Slot| -> Result<&Ball, Missing> {
            match &balls[slot.index()] {
                Some(computed) => computed.as_ref().map_err(|missing| *missing),
                None => Err(Missing::Value),
            }
        };
        let truth = |slot: &Slot| Ok(ball(slot)?.sign() != Some(0));
        if self.settled[index] {
            return Ok(arithmetic.double(self.estimates[index].value));
        }
        match operation {
            Number(number) => arithmetic.rational(number),
            Constant(constant) => match constant.definition() {
                Some(definition) => first_output(arithmetic, definition),
                None => arithmetic.pi(),
            },
            Input(input) => match self.inputs {
                Inputs::Balls(balls) => balls.get(*input as usize).map(|ball| (*ball).clone()).ok_or(Missing::Value),
                Inputs::Coordinates(coordinates) => {
                    let coordinate = coordinates.get(*input as usize).ok_or(Missing::Value)?;
                    match coordinate.definition() {
                        Some(definition) => first_output(arithmetic, definition),
                        None => Ok(arithmetic.double(coordinate.value())),
                    }
                }
            },
            Add(a, b) => arithmetic.add(ball(a)?, ball(b)?),
            Subtract(a, b) if a == b => Ok(arithmetic.integer(0)),
            Subtract(a, b) => arithmetic.subtract(ball(a)?, ball(b)?),
            Multiply(a, b) => arithmetic.multiply(ball(a)?, ball(b)?),
            Divide(a, b) => arithmetic.divide(ball(a)?, ball(b)?),
            Negate(a) => Ok(ball(a)?.negate()),
            Call(function, a) => functions::call(arithmetic, function.row().name, ball(a)?),
            Call2(function, a, b) => functions::call2(arithmetic, function.row().name, ball(a)?, ball(b)?),
            OfOrder(function, order, a) => functions::of_order(arithmetic, function.row().name, *order, ball(a)?),
            Compare(comparison, a, b) => compared(arithmetic, *comparison, ball(a)?, ball(b)?),
            And(a, b) => Ok(arithmetic.integer(i64::from(truth(a)? && truth(b)?))),
            Or(a, b) => Ok(arithmetic.integer(i64::from(truth(a)? || truth(b)?))),
            Not(a) => Ok(arithmetic.integer(i64::from(!truth(a)?))),
            Select(condition, a, b) => {
                let holds = if self.settled[condition.index()] { self.holds(*condition) } else { truth(condition)? };
                ball(if holds { a } else { b }).cloned()
            }
        }
    }
}

fn rounds_to_integers(function: FunctionId) -> bool {
    matches!(function.row().name, "floor" | "ceil" | "round")
}

/// Compares two numbers: 1 and 0.
fn compared(arithmetic: &Arithmetic, comparison: Comparison, a: &Ball, b: &Ball) -> Computed {
    let sign = arithmetic.subtract(a, b)?.sign().ok_or(Missing::Bits)?;
    Ok(arithmetic.integer(i64::from(comparison.holds(&sign, &0))))
}

/// Computes the first output of a tape without inputs.
fn first_output(arithmetic: &mut Arithmetic, tape: &Tape) -> Computed {
    let estimates = estimates(tape, &[]);
    let slot = tape.outputs.first().ok_or(Missing::Value)?;
    let balls = Attempt::new(tape, &[], &estimates).run(arithmetic, [*slot].into_iter());
    balls.into_iter().nth(slot.index()).flatten().unwrap_or(Err(Missing::Value))
}
