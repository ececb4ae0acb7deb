//! The error functions on balls.

use super::ball::{Arithmetic, Ball, Computed, Missing, ROUND};
use super::magnitude::Magnitude;
use astro_float_num::BigFloat;

/// Largest argument, beyond which the series is too long, and the asymptotic expansion has more digits than are wanted.
const LARGEST: f64 = 64.0;

/// Most bits before the point of x² whose exponential is represented.
const LONGEST_SQUARE: i64 = 30;

/// Returns the error function.
pub fn erf(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if x.middle.is_zero() {
        return Ok(Ball { middle: x.middle.clone(), radius: x.radius.times(Magnitude::power_of_two(1)) });
    }
    if LARGEST < x.size().to_f64() {
        let is_large = x.least().is_some_and(|least| least.to_f64() > LARGEST);
        let one = arithmetic.integer(if x.is_negative() { -1 } else { 1 });
        return if is_large { Ok(Ball { radius: decay(LARGEST * LARGEST, false), ..one }) } else { Err(Missing::Bits) };
    }
    let value = series(arithmetic, x)?;
    // |erf′| ≤ 2/√π < 2.
    arithmetic.called(value.middle, value.radius.plus(x.radius.times(Magnitude::power_of_two(1))))
}

/// Returns the complement of the error function, with as many bits more as the difference from 1 takes.
pub fn erfc(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let size = x.size().to_f64();
    if size > LARGEST {
        let least = x.least().map(Magnitude::to_f64).filter(|least| *least > LARGEST).ok_or(Missing::Bits)?;
        return match x.is_negative() {
            true => Ok(Ball { radius: decay(least * least, false), ..arithmetic.integer(2) }),
            false => far(arithmetic, x, least),
        };
    }
    let bits = arithmetic.bits;
    let square = size * size;
    arithmetic.bits += if x.is_negative() { 0 } else { (square * std::f64::consts::LOG2_E) as usize + 64 };
    let value = if x.middle.is_zero() { Ok(arithmetic.integer(0)) } else { series(arithmetic, x) };
    let difference = value.and_then(|value| arithmetic.subtract(&arithmetic.integer(1), &value));
    arithmetic.bits = bits;
    let mut difference = difference?;
    if difference.middle.set_precision(bits, ROUND).is_err() {
        return Err(Missing::Value);
    }
    difference.middle.set_inexact(true);
    // |erfc′| = 2/√π·exp(−x²), which changes by the factor exp(2·m·r) at most.
    let slope = match x.is_negative() {
        true => 2.0,
        false => 2.0 * (2.0 * size * x.radius.to_f64()).exp(),
    };
    if !slope.is_finite() {
        return Err(Missing::Bits);
    }
    let slope = Magnitude::from_f64(slope).times(decay(square, x.is_negative()));
    arithmetic.called(difference.middle, difference.radius.plus(x.radius.times(slope)))
}

/// Returns a bound of exp(−x²), or 1.
fn decay(square: f64, trivial: bool) -> Magnitude {
    let exponent = (square * std::f64::consts::LOG2_E).min(1e12);
    if trivial { Magnitude::ONE } else { Magnitude::power_of_two(-(exponent as i64)) }
}

/// Sums erfc(x) = exp(−x²)/(x·√π)·Σ (−1)ⁿ·1·3·…·(2n − 1)/(2x²)ⁿ, of which the rest is less than the first term left out
/// [DLMF 7.12.1], for numbers that are at least so large.
fn far(arithmetic: &mut Arithmetic, x: &Ball, least: f64) -> Computed {
    let bits = arithmetic.bits;
    let guarded = bits + 64;
    let exponent = |value: &BigFloat| i64::from(value.exponent().unwrap_or(0));
    let square = x.middle.mul(&x.middle, 2 * guarded, ROUND);
    // What is beyond that has no representation.
    if exponent(&square) > LONGEST_SQUARE {
        return Err(Missing::Value);
    }
    let double = square.mul(&BigFloat::from_i64(2, 64), guarded, ROUND);
    let one = BigFloat::from_i64(1, guarded);
    let (mut term, mut sum) = (one.clone(), one);
    for odd in (1..).step_by(2) {
        term = term.mul(&BigFloat::from_i64(-odd, 64), guarded, ROUND).div(&double, guarded, ROUND);
        if exponent(&term) < -(guarded as i64) {
            break;
        }
        if odd as f64 > LARGEST * LARGEST {
            return Err(Missing::Value);
        }
        sum = sum.add(&term, guarded, ROUND);
    }
    let constants = &mut arithmetic.constants;
    let root = constants.pi(guarded, ROUND).sqrt(guarded, ROUND).mul(&x.middle, guarded, ROUND);
    let size = square.neg().exp(guarded, ROUND, constants);
    let mut value = sum.mul(&size, guarded, ROUND).div(&root, bits, ROUND);
    value.set_inexact(true);
    // |erfc′| = 2/√π·exp(−x²).
    let slope = decay(least * least, false).times(Magnitude::power_of_two(1));
    arithmetic.called(value, x.radius.times(slope))
}

/// Sums erf(x) = 2/√π·exp(−x²)·Σ 2ⁿx²ⁿ⁺¹/(1·3·…·(2n + 1)), whose terms have one sign [DLMF 7.6.2], at the middle.
fn series(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let bits = arithmetic.bits;
    let x = &x.middle;
    let guarded = bits + 64;
    let square = x.mul(x, 2 * guarded, ROUND);
    let double = square.mul(&BigFloat::from_i64(2, 64), guarded, ROUND);
    let mut term = x.clone();
    let mut sum = x.clone();
    let mut odd = 1;
    loop {
        odd += 2;
        let divisor = BigFloat::from_i64(odd, 64);
        term = term.mul(&double, guarded, ROUND).div(&divisor, guarded, ROUND);
        sum = sum.add(&term, guarded, ROUND);
        let exponent = |value: &BigFloat| i64::from(value.exponent().unwrap_or(0));
        if exponent(&term) < exponent(&sum) - guarded as i64 {
            break;
        }
    }
    let constants = &mut arithmetic.constants;
    let root = constants.pi(guarded, ROUND).sqrt(guarded, ROUND);
    let decay = square.neg().exp(guarded, ROUND, constants);
    let two = BigFloat::from_i64(2, 64);
    let mut value = sum.mul(&decay, guarded, ROUND).mul(&two, guarded, ROUND).div(&root, bits, ROUND);
    value.set_inexact(true);
    arithmetic.called(value, Magnitude::ZERO)
}
