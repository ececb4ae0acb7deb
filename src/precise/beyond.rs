//! Operations whose operands or results are beyond balls.

use super::ball::{Arithmetic, Ball, Computed, Missing};
use super::functions::{self, saturated};
use super::scale::Scale;
use crate::tape::{Operation, Slot};

/// Takes what was computed by balls, or bounds of the number's size where that has no ball, or one around 0 that does not
/// tell the sign.
pub fn completed(
    arithmetic: &mut Arithmetic,
    operation: &Operation,
    computed: Computed,
    balls: &[Option<Computed>],
) -> Computed {
    use Operation::*;
    let missing = match computed {
        Ok(ball) if !ball.is_lost() => return Ok(ball),
        Ok(ball) => Ok(ball),
        // The digits that are missing may be those of an operand.
        Err(Missing::Digits(scale)) => match operation {
            // Those of a definition, if all arguments have balls.
            Call(_, a) if has_ball(a, balls) => return Err(Missing::Digits(scale)),
            Call2(_, a, b) if has_ball(a, balls) && has_ball(b, balls) => return Err(Missing::Digits(scale)),
            Select(..) | Input(_) | Constant(_) => return Err(Missing::Digits(scale)),
            _ => Err(Missing::Bits),
        },
        Err(missing) => Err(missing),
    };
    let operand = |slot: &Slot| match &balls[slot.index()] {
        Some(Ok(ball)) => Some(Operand { scale: Scale::from(ball), ball: Some(ball.clone()), is_small: false }),
        Some(Err(Missing::Digits(scale))) => {
            let small = scale.small(arithmetic.integer(0));
            Some(Operand { scale: *scale, is_small: small.is_some(), ball: small })
        }
        _ => None,
    };
    let found = match operation {
        Add(a, b) => operand(a).zip(operand(b)).map(|(a, b)| sum(arithmetic, a, b)),
        Subtract(a, b) => operand(a).zip(operand(b)).map(|(a, b)| sum(arithmetic, a, b.negate())),
        Multiply(a, b) => operand(a).zip(operand(b)).map(|(a, b)| Err(a.scale.multiply(b.scale))),
        Divide(a, b) => operand(a).zip(operand(b)).and_then(|(a, b)| a.scale.divide(b.scale).map(Err)),
        Negate(a) => operand(a).map(|a| Err(a.scale.negate())),
        Call(function, a) => operand(a).and_then(|a| call(arithmetic, function.row().name, a)),
        Call2(function, a, b) => {
            operand(a).zip(operand(b)).and_then(|(a, b)| a.scale.call2(function.row().name, b.scale).map(Err))
        }
        Compare(comparison, a, b) => operand(a).zip(operand(b)).and_then(|(a, b)| {
            let sign = a.scale.add(b.scale.negate()).sign?;
            Some(Ok(arithmetic.integer(i64::from(comparison.holds(&sign, &0)))))
        }),
        _ => None,
    };
    match (found, missing) {
        (Some(Ok(ball)), _) => Ok(ball),
        (Some(Err(scale)), Err(_)) => Err(Missing::Digits(scale)),
        (Some(Err(scale)), _) if scale.sign.is_some() => Err(Missing::Digits(scale)),
        (_, missing) => missing,
    }
}

fn has_ball(slot: &Slot, balls: &[Option<Computed>]) -> bool {
    matches!(balls[slot.index()], Some(Ok(_)))
}

/// What is known of an operand.
struct Operand {
    scale: Scale,
    /// A ball that has it: one around 0 if the number is small.
    ball: Option<Ball>,
    /// Whether the ball tells less than the scale.
    is_small: bool,
}

impl Operand {
    fn negate(self) -> Self {
        Operand { scale: self.scale.negate(), ball: self.ball.as_ref().map(Ball::negate), ..self }
    }
}

/// Adds a small number to a ball, or numbers of which the size alone is known.
fn sum(arithmetic: &Arithmetic, a: Operand, b: Operand) -> Result<Ball, Scale> {
    let scale = a.scale.add(b.scale);
    match (a.ball, b.ball) {
        (Some(a_ball), Some(b_ball)) if !(a.is_small && b.is_small) => {
            arithmetic.add(&a_ball, &b_ball).ok().filter(|ball| !ball.is_lost()).ok_or(scale)
        }
        _ => Err(scale),
    }
}

/// Calls a function of a small number, or of one of which the size alone is known.
fn call(arithmetic: &mut Arithmetic, name: &str, x: Operand) -> Option<Result<Ball, Scale>> {
    if let Some(ball) = x.ball.filter(|_| x.is_small)
        && let Ok(value) = functions::call(arithmetic, name, &ball)
        && value.sign().is_some()
    {
        return Some(Ok(value));
    }
    match (name, x.scale.sign) {
        ("tanh" | "erf", Some(sign)) if x.scale.least() > arithmetic.bits as f64 => {
            Some(Ok(saturated(arithmetic, sign < 0, x.scale.least())))
        }
        _ => x.scale.call(name).map(Err),
    }
}
