//! Balls: a number of many bits, and how far from it the exact number may be.
//!
//! Arithmetic in the midpoint-radius form of Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval
//! arithmetic", IEEE Transactions on Computers 66 (2017).

use super::magnitude::Magnitude;
use super::scale::Scale;
use crate::graph::Rational;
use crate::tape::rational;
use astro_float_num::{BigFloat, Consts, RoundingMode, Sign};
use std::rc::Rc;

/// The radius says how much is lost, so nothing is gained by rounding to nearest.
pub const ROUND: RoundingMode = RoundingMode::None;
/// Bits that an arithmetic operation may lose at the end of a number.
const LOST: i64 = 2;
/// Bits that a function may lose at the end of a number.
const LOST_BY_FUNCTIONS: i64 = 8;
/// What is below this power of two has no representation.
const LEAST_EXPONENT: i64 = -2_000_000_000;

/// All numbers that are at most `radius` away from `middle`.
#[derive(Clone, Debug)]
pub struct Ball {
    /// The number that is computed with; finite.
    pub middle: BigFloat,
    /// How far the exact number may be from it.
    pub radius: Magnitude,
}

/// Why there is no ball.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Missing {
    /// There is no value, or no method that computes it.
    Value,
    /// With more bits there may be one.
    Bits,
    /// The number is too large or too small for one, or of unknown digits.
    Digits(Scale),
}

/// What is computed.
pub type Computed = Result<Ball, Missing>;

/// Arithmetic with so many bits.
pub struct Arithmetic {
    /// The bits.
    pub bits: usize,
    /// What is known of π and logarithms.
    pub constants: Consts,
    /// The Bernoulli numbers that were computed last.
    pub bernoulli: Rc<[Ball]>,
}

impl Arithmetic {
    /// Begins with so many bits.
    pub fn new(bits: usize, constants: Consts) -> Self {
        Arithmetic { bits, constants, bernoulli: Rc::default() }
    }

    /// Makes a ball of a number that was computed by one arithmetic operation.
    fn rounded(&self, middle: BigFloat, radius: Magnitude) -> Computed {
        self.computed(middle, radius, LOST)
    }

    /// Makes a ball of a number that was computed by one call of a function.
    pub fn called(&self, middle: BigFloat, radius: Magnitude) -> Computed {
        self.computed(middle, radius, LOST_BY_FUNCTIONS)
    }

    fn computed(&self, mut middle: BigFloat, radius: Magnitude, lost: i64) -> Computed {
        let Some(exponent) = middle.exponent().map(i64::from) else { return Err(Missing::Value) };
        let error = match middle.inexact() {
            false => Magnitude::ZERO,
            true if middle.is_zero() || exponent < LEAST_EXPONENT => Magnitude::power_of_two(LEAST_EXPONENT),
            true => Magnitude::power_of_two(exponent - self.bits as i64 + lost),
        };
        middle.set_inexact(false);
        Ok(Ball { middle, radius: radius.plus(error) })
    }

    /// Returns an exact double.
    pub fn double(&self, value: f64) -> Ball {
        Ball { middle: exact_double(value, self.bits), radius: Magnitude::ZERO }
    }

    /// Returns an exact integer.
    pub fn integer(&self, value: i64) -> Ball {
        Ball { middle: BigFloat::from_i64(value, self.bits), radius: Magnitude::ZERO }
    }

    /// Returns a rational number.
    pub fn rational(&mut self, number: &Rational) -> Computed {
        let middle = rational(number, self.bits, &mut self.constants).ok_or(Missing::Value)?;
        self.rounded(middle, Magnitude::ZERO)
    }

    /// Returns π.
    pub fn pi(&mut self) -> Computed {
        let mut middle = self.constants.pi(self.bits, ROUND);
        middle.set_inexact(true);
        self.rounded(middle, Magnitude::ZERO)
    }

    /// Returns the sum.
    pub fn add(&self, a: &Ball, b: &Ball) -> Computed {
        self.rounded(a.middle.add(&b.middle, self.bits, ROUND), a.radius.plus(b.radius))
    }

    /// Returns the difference.
    pub fn subtract(&self, a: &Ball, b: &Ball) -> Computed {
        self.rounded(a.middle.sub(&b.middle, self.bits, ROUND), a.radius.plus(b.radius))
    }

    /// Returns the product.
    pub fn multiply(&self, a: &Ball, b: &Ball) -> Computed {
        let mut middle = a.middle.mul(&b.middle, self.bits, ROUND);
        mark_underflow(&mut middle, a.middle.is_zero() || b.middle.is_zero());
        let radius = if a.is_exact() && b.is_exact() {
            Magnitude::ZERO
        } else {
            a.size().times(b.radius).plus(b.size().times(a.radius)).plus(a.radius.times(b.radius))
        };
        self.rounded(middle, radius)
    }

    /// Returns the quotient.
    pub fn divide(&self, a: &Ball, b: &Ball) -> Computed {
        if b.is_zero() {
            return Err(Missing::Value);
        }
        let least = b.least().ok_or(Missing::Bits)?;
        let mut middle = a.middle.div(&b.middle, self.bits, ROUND);
        mark_underflow(&mut middle, a.middle.is_zero());
        let radius = if a.is_exact() && b.is_exact() {
            Magnitude::ZERO
        } else {
            a.radius.plus(Magnitude::of(&middle).times(b.radius)).over(least)
        };
        self.rounded(middle, radius)
    }

    /// Returns a number that is too small to have a representation.
    pub fn underflow(&self) -> Ball {
        Ball { middle: self.integer(0).middle, radius: Magnitude::power_of_two(LEAST_EXPONENT) }
    }

    /// Returns a small multiple.
    pub fn scale(&self, factor: i64, a: &Ball) -> Computed {
        self.multiply(&self.integer(factor), a)
    }
}

/// Marks a 0 that stands for something too small to have a representation.
pub fn mark_underflow(value: &mut BigFloat, is_zero: bool) {
    if value.is_zero() && !is_zero {
        value.set_inexact(true);
    }
}

impl Ball {
    /// Returns the number with the other sign.
    pub fn negate(&self) -> Ball {
        Ball { middle: self.middle.neg(), radius: self.radius }
    }

    /// Returns the magnitude of the middle.
    pub fn size(&self) -> Magnitude {
        Magnitude::of(&self.middle)
    }

    /// Returns a lower bound of the magnitude; none if the number may be 0.
    pub fn least(&self) -> Option<Magnitude> {
        self.size().minus(self.radius)
    }

    /// Returns an upper bound of the magnitude.
    pub fn most(&self) -> Magnitude {
        self.size().plus(self.radius)
    }

    /// Tells whether nothing was rounded.
    pub fn is_exact(&self) -> bool {
        self.radius.is_zero()
    }

    /// Tells whether all that is known of the number is that it is small beyond representation.
    pub fn is_lost(&self) -> bool {
        self.sign().is_none() && self.most() < Magnitude::power_of_two(LEAST_EXPONENT / 2)
    }

    /// Tells whether the number is exactly 0.
    pub fn is_zero(&self) -> bool {
        self.is_exact() && self.middle.is_zero()
    }

    /// Tells whether the middle is below 0.
    pub fn is_negative(&self) -> bool {
        self.middle.sign() == Some(Sign::Neg) && !self.middle.is_zero()
    }

    /// Returns the sign, −1, 0 or 1, if it is known.
    pub fn sign(&self) -> Option<i8> {
        match self.least() {
            Some(_) => Some(if self.is_negative() { -1 } else { 1 }),
            None => self.is_zero().then_some(0),
        }
    }

    /// Returns the double that all numbers of the ball round to, if there is one.
    pub fn to_f64(&self) -> Option<f64> {
        let nearest = nearest_double(&self.middle);
        if self.is_exact() {
            return Some(nearest);
        }
        let (significand, exponent) = self.radius.parts();
        let bits = self.middle.precision().unwrap_or(0) + 64;
        let mut radius = BigFloat::from_f64(significand, 64);
        radius.set_exponent(i32::try_from(exponent + 1).unwrap_or(if exponent > 0 { i32::MAX } else { i32::MIN }));
        let low = nearest_double(&self.middle.sub(&radius, bits, ROUND));
        let high = nearest_double(&self.middle.add(&radius, bits, ROUND));
        (low == high).then_some(nearest)
    }

    /// Returns the double that is nearest to the middle.
    pub fn nearest(&self) -> f64 {
        nearest_double(&self.middle)
    }
}

/// Converts a finite double. `BigFloat::from_f64` halves those below the smallest normal one, so they are scaled.
fn exact_double(value: f64, bits: usize) -> BigFloat {
    const SCALE: i32 = 100;
    if value == 0.0 || value.is_normal() {
        return BigFloat::from_f64(value, bits);
    }
    let mut scaled = BigFloat::from_f64(value * 2f64.powi(SCALE), bits);
    scaled.set_exponent(scaled.exponent().unwrap_or(0) - SCALE);
    scaled
}

/// Rounds a finite number to the nearest double, ties to even; infinity from half a unit above the largest on.
fn nearest_double(value: &BigFloat) -> f64 {
    let (Some(digits), Some(exponent), Some(sign)) = (value.mantissa_digits(), value.exponent(), value.sign()) else {
        return f64::NAN;
    };
    let sign = if sign == Sign::Neg { -1.0 } else { 1.0 };
    let Some((top, rest)) = digits.split_last().filter(|(top, _)| **top > 0) else { return sign * 0.0 };
    let shift = top.leading_zeros();
    let rest_digit = rest.last().copied().unwrap_or(0);
    let top = if shift == 0 { *top } else { top << shift | rest_digit >> (64 - shift) };
    let sticky = rest.iter().any(|digit| *digit > 0);
    // The value is top·2^(exponent − 64); a double below 2^-1022 has fewer than 53 bits.
    let exponent = i64::from(exponent) - i64::from(shift);
    let kept = (exponent + 1074).clamp(-1, 53);
    if kept < 0 {
        return sign * 0.0;
    }
    let dropped = 64 - kept as u32;
    let (significand, tail) = if dropped == 64 { (0, top) } else { (top >> dropped, top << (64 - dropped)) };
    let half = 1u64 << 63;
    let up = tail > half || tail == half && (sticky || significand & 1 == 1);
    let rounded = significand + u64::from(up);
    let unit = exponent - kept;
    if unit > 971 {
        return sign * f64::INFINITY;
    }
    let unit = unit as i32;
    sign * (rounded as f64) * 2f64.powi(unit / 2) * 2f64.powi(unit - unit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_come_back_and_ties_go_to_even() {
        for value in [1.0, -0.1, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, 3e-310, 0.0, 1.0 / 3.0] {
            assert_eq!(nearest_double(&exact_double(value, 128)).to_bits(), value.to_bits(), "{value}");
        }
        let sum = |a: f64, b: f64| nearest_double(&exact_double(a, 256).add(&exact_double(b, 256), 256, ROUND));
        let ulp = f64::EPSILON;
        assert_eq!(sum(1.0, ulp / 2.0), 1.0);
        assert_eq!(sum(1.0 + ulp, ulp / 2.0), 1.0 + 2.0 * ulp);
        assert_eq!(sum(1.0, (ulp / 2.0).next_up()), 1.0 + ulp);
        assert_eq!(sum(1.0, -1e-40), 1.0);
        assert_eq!(sum(f64::MAX, f64::MAX / 1e10), f64::INFINITY);
        assert_eq!(sum(f64::MAX, 1.0), f64::MAX);
        let tiny = |factor: f64| nearest_double(&exact_double(5e-324, 256).mul(&exact_double(factor, 256), 256, ROUND));
        assert_eq!((tiny(0.5), tiny(0.500001), tiny(0.1), tiny(1.5), tiny(2.5)), (0.0, 5e-324, 0.0, 1e-323, 1e-323));
    }

    #[test]
    fn exact_arithmetic_stays_exact() {
        let Ok(constants) = Consts::new() else { return };
        let arithmetic = Arithmetic::new(128, constants);
        let (a, b) = (arithmetic.double(0.1), arithmetic.double(0.3));
        let product = arithmetic.multiply(&a, &b).unwrap();
        assert!(product.is_exact());
        let quotient = arithmetic.divide(&a, &b).unwrap();
        assert!(!quotient.is_exact() && arithmetic.subtract(&quotient, &quotient).unwrap().sign().is_none());
        assert!(arithmetic.subtract(&a, &a).unwrap().is_zero());
        assert_eq!(arithmetic.divide(&a, &arithmetic.double(0.0)).unwrap_err(), Missing::Value);
        assert_eq!(quotient.to_f64(), Some(0.1 / 0.3));
    }
}
