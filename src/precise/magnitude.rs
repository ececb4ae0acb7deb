//! Bounds of errors: non-negative numbers of double precision with exponents beyond those of a double.

use astro_float_num::BigFloat;
use std::cmp::Ordering;

/// What covers the rounding of one operation on bounds.
const OUTWARD: f64 = 1.0 + 1e-12;
/// Exponents differ by more than what a sum of two bounds can show.
const FAR: i64 = 200;

/// An upper bound, `significand·2^exponent` with a significand in [1, 2), or 0; each operation rounds outward.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Magnitude {
    significand: f64,
    exponent: i64,
}

impl Magnitude {
    /// The bound of what is exact.
    pub const ZERO: Magnitude = Magnitude { significand: 0.0, exponent: i64::MIN / 4 };
    /// The number 1.
    pub const ONE: Magnitude = Magnitude { significand: 1.0, exponent: 0 };

    /// Returns 2 to a power.
    pub fn power_of_two(exponent: i64) -> Self {
        Magnitude { significand: 1.0, exponent }
    }

    /// Brings `significand·2^exponent` into normal form; the significand is a finite number that is not negative.
    fn new(significand: f64, exponent: i64) -> Self {
        if significand <= 0.0 {
            return Self::ZERO;
        }
        // Subnormal significands have no exponent of their own.
        let (significand, exponent) = if significand < f64::MIN_POSITIVE {
            (significand * 2f64.powi(100), exponent - 100)
        } else {
            (significand, exponent)
        };
        let own = (significand.to_bits() >> 52) as i64 - 1023;
        let bits = significand.to_bits() & ((1 << 52) - 1) | 1023 << 52;
        Magnitude { significand: f64::from_bits(bits), exponent: exponent + own }
    }

    /// Returns the magnitude of a finite double.
    pub fn from_f64(value: f64) -> Self {
        Self::new(value.abs(), 0)
    }

    /// Returns the magnitude of a finite number, to double precision.
    pub fn of(value: &BigFloat) -> Self {
        match (value.mantissa_digits().and_then(<[u64]>::last), value.exponent()) {
            (Some(word), Some(exponent)) if *word > 0 => Self::new(*word as f64, i64::from(exponent) - 64),
            _ => Self::ZERO,
        }
    }

    /// Returns the nearest double: infinity above the largest.
    pub fn to_f64(self) -> f64 {
        let exponent = self.exponent.clamp(-3000, 3000) as i32;
        // In two steps, as a power of two may be out of range where the product is not.
        self.significand * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
    }

    /// Returns significand and exponent.
    pub fn parts(self) -> (f64, i64) {
        (self.significand, self.exponent)
    }

    /// Returns the binary logarithm: minus infinity of 0.
    pub fn log2(self) -> f64 {
        if self.is_zero() { f64::NEG_INFINITY } else { self.exponent as f64 + self.significand.log2() }
    }

    /// Tells whether this is the bound of what is exact.
    pub fn is_zero(self) -> bool {
        self.significand == 0.0
    }

    /// Returns the sum.
    pub fn plus(self, other: Self) -> Self {
        let (large, small) = if self < other { (other, self) } else { (self, other) };
        if small.is_zero() {
            return large;
        }
        let distance = (large.exponent - small.exponent).min(FAR) as i32;
        Self::new((large.significand + small.significand * 2f64.powi(-distance)) * OUTWARD, large.exponent)
    }

    /// Returns a lower bound of the difference; none unless it is positive.
    pub fn minus(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return (!self.is_zero()).then_some(self);
        }
        if self <= other {
            return None;
        }
        let distance = (self.exponent - other.exponent).min(FAR) as i32;
        let rest = self.significand / OUTWARD - other.significand * 2f64.powi(-distance) * OUTWARD;
        (rest > 0.0).then(|| Self::new(rest, self.exponent))
    }

    /// Returns the product.
    pub fn times(self, other: Self) -> Self {
        Self::new(self.significand * other.significand * OUTWARD, self.exponent.saturating_add(other.exponent))
    }

    /// Returns the quotient by a lower bound that is not 0.
    pub fn over(self, divisor: Self) -> Self {
        Self::new(self.significand / divisor.significand * OUTWARD, self.exponent.saturating_sub(divisor.exponent))
    }

    /// Returns the square root.
    pub fn root(self) -> Self {
        let odd = self.exponent.rem_euclid(2);
        Self::new((self.significand * (1 + odd) as f64).sqrt() * OUTWARD, (self.exponent - odd) / 2)
    }

    /// Returns `exp(self) − 1`; none where that is out of range.
    pub fn exp_m1(self) -> Option<Self> {
        if self < Self::power_of_two(-500) {
            return Some(self.times(Magnitude::new(OUTWARD, 0)));
        }
        let value = self.to_f64().exp_m1();
        value.is_finite().then(|| Self::from_f64(value * OUTWARD))
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.exponent.cmp(&other.exponent).then(self.significand.total_cmp(&other.significand)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_close_and_never_below() {
        for (a, b) in [(3.0, 4.0), (1e-200, 1e200), (1e-310, 7.0), (5.0, 5.0 - 1e-9)] {
            let (p, q) = (Magnitude::from_f64(a), Magnitude::from_f64(b));
            let near = |found: Magnitude, wanted: f64| {
                assert!(found.to_f64() >= wanted && found.to_f64() <= wanted * (1.0 + 1e-11), "{a} {b} {found:?}");
            };
            near(p.plus(q), a + b);
            near(p.times(q), a * b);
            near(p.root(), a.sqrt());
            assert_eq!(p < q, a < b);
        }
        assert_eq!(Magnitude::ONE.minus(Magnitude::ONE), None);
        assert!(Magnitude::power_of_two(-9000).times(Magnitude::power_of_two(9000)).to_f64() >= 1.0);
        assert!(Magnitude::from_f64(1e-300).exp_m1().is_some_and(|value| value.to_f64() >= 1e-300));
        assert_eq!(Magnitude::power_of_two(5000).exp_m1(), None);
    }
}
