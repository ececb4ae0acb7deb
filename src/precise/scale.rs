//! Numbers beyond all balls, such as exp(1e300): their sign, and bounds of their binary logarithm.
//!
//! That is enough to tell what overflows and what underflows for certain. The logarithms are doubles, with the infinities
//! as bounds where they overflow themselves, so that exp(-exp(exp(1000))) is a small number, too (a level-index
//! arithmetic of one level: Clenshaw and Olver, "Beyond floating point", Journal of the ACM 31 (1984)).

use super::ball::Ball;
use super::magnitude::Magnitude;
use std::f64::consts::{LN_2, LOG2_E, LOG10_2};

/// What covers the rounding of an operation on bounds, in proportion and at least.
const OUTWARD: f64 = 1e-12;
/// What is below this power of two is small.
const SMALL_EXPONENT: f64 = -1e9;
/// The least power of two that is the radius of a ball, so that products of such radii have exponents, too.
const LEAST_EXPONENT: f64 = -1e12;

/// A number `x` with `low ≤ log2|x| ≤ high`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scale {
    /// −1 or 1, if it is known, or 0 for the number 0.
    pub sign: Option<i8>,
    /// Never infinity, as the number is finite.
    low: f64,
    /// Never minus infinity.
    high: f64,
}

impl Scale {
    /// Bounds a number by bounds of its logarithm, which were rounded to nearest.
    fn new(sign: Option<i8>, low: f64, high: f64) -> Self {
        let outward = |bound: f64| OUTWARD * (1.0 + bound.abs());
        // A bound that is not a number says nothing, and an infinite one is beyond the largest double.
        let low = if low.is_finite() { low - outward(low) } else { low.min(f64::MAX) };
        let high = if high.is_finite() { high + outward(high) } else { high.max(-f64::MAX) };
        let low = if low.is_nan() { f64::NEG_INFINITY } else { low.min(f64::MAX) };
        let high = if high.is_nan() { f64::INFINITY } else { high.max(-f64::MAX) };
        Scale { sign, low, high }
    }

    /// Bounds a number of which only bounds are known.
    fn between(low: f64, high: f64) -> Self {
        let sign = if low > 0.0 { Some(1) } else { (high < 0.0).then_some(-1) };
        let least = if sign.is_some() { low.abs().min(high.abs()).log2() } else { f64::NEG_INFINITY };
        Scale::new(sign, least, low.abs().max(high.abs()).log2())
    }

    /// Returns the bounds of the number itself.
    fn bounds(self) -> (f64, f64) {
        let (least, most) = (self.least(), self.high.exp2());
        match self.sign {
            Some(1) => (least, most),
            Some(-1) => (-most, -least),
            Some(_) => (0.0, 0.0),
            None => (-most, most),
        }
    }

    /// Returns a lower bound of the magnitude.
    pub fn least(self) -> f64 {
        self.low.exp2().min(f64::MAX)
    }

    /// Returns the double that the number rounds to, where it is out of range for certain.
    pub fn to_f64(self) -> Option<f64> {
        match self.sign {
            _ if self.high < -1080.0 => Some(0.0),
            Some(sign) if self.low > 1025.0 => Some(f64::from(sign) * f64::INFINITY),
            _ => None,
        }
    }

    /// Tells whether the number is in the range of a double for certain.
    pub fn is_in_range(self) -> bool {
        self.high < 1023.0
    }

    /// Returns a ball around 0, if the number is small.
    pub fn small(self, zero: Ball) -> Option<Ball> {
        let exponent = self.high.max(LEAST_EXPONENT).ceil();
        (exponent < SMALL_EXPONENT).then(|| Ball { radius: Magnitude::power_of_two(exponent as i64), ..zero })
    }

    /// Moves the bounds of the logarithm apart.
    fn within_factor(self, logarithm: f64) -> Self {
        Scale::new(self.sign, self.low - logarithm, self.high + logarithm)
    }

    /// Returns the number with the other sign.
    pub fn negate(self) -> Self {
        Scale { sign: self.sign.map(|sign| -sign), ..self }
    }

    /// Returns the sum: of one sign, or of which one is at least twice as large.
    pub fn add(self, other: Self) -> Self {
        let high = self.high.max(other.high) + 1.0;
        let larger = if self.low > other.low { self } else { other };
        let smaller = if self.low > other.low { other } else { self };
        match (self.sign, other.sign) {
            (Some(0), _) => other,
            (_, Some(0)) => self,
            (Some(a), Some(b)) if a == b => Scale::new(Some(a), larger.low, high),
            _ if larger.low > smaller.high + 1.0 => Scale::new(larger.sign, larger.low - 1.0, high),
            _ => Scale::new(None, f64::NEG_INFINITY, high),
        }
    }

    /// Returns the product.
    pub fn multiply(self, other: Self) -> Self {
        let sign = match (self.sign, other.sign) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (Some(a), Some(b)) => Some(a * b),
            _ => None,
        };
        Scale::new(sign, self.low + other.low, self.high + other.high)
    }

    /// Returns the quotient, if the divisor is not 0 for certain.
    pub fn divide(self, divisor: Self) -> Option<Self> {
        divisor.sign.filter(|sign| *sign != 0)?;
        Some(self.multiply(Scale { low: -divisor.high, high: -divisor.low, ..divisor }))
    }

    /// Calls a function with one argument, where its value is defined for certain.
    pub fn call(self, name: &str) -> Option<Self> {
        let (low, high) = self.bounds();
        let (is_small, is_large) = (self.high < -1.0, self.low > 1.0);
        let positive = self.sign == Some(1);
        Some(match name {
            "exp" => Scale::new(Some(1), low * LOG2_E, high * LOG2_E),
            // Functions with the slope 1 at 0: up to 1/2 they are at most twice as far from 0 as the argument, or half.
            "exp_m1" | "ln_1p" | "sinh" | "tanh" | "asinh" | "sin" | "tan" | "asin" | "atan" | "erf" if is_small => {
                self.within_factor(1.0)
            }
            "exp_m1" if is_large && positive => self.call("exp")?.within_factor(1.0),
            "exp_m1" if is_large && self.sign == Some(-1) => Scale::between(-1.0, -0.5),
            "ln" if positive => Scale::between(self.low * LN_2, self.high * LN_2),
            "log2" if positive => Scale::between(self.low, self.high),
            "log10" if positive => Scale::between(self.low * LOG10_2, self.high * LOG10_2),
            "ln_1p" if is_large && positive => Scale::between(self.low * LN_2, (self.high + 1.0) * LN_2),
            "acosh" if is_large && positive => Scale::between(self.low * LN_2, (self.high + 1.0) * LN_2),
            "asinh" if is_large => {
                let size = Scale::between(self.low * LN_2, (self.high + 2.0) * LN_2);
                Scale { sign: self.sign, ..size }
            }
            "sqrt" if positive => Scale::new(self.sign, self.low / 2.0, self.high / 2.0),
            "cbrt" => Scale::new(self.sign, self.low / 3.0, self.high / 3.0),
            "abs" => Scale { sign: self.sign.map(|sign| sign.abs()), ..self },
            "sin" | "cos" => Scale::new(None, f64::NEG_INFINITY, 0.0),
            "cosh" => Scale::new(Some(1), self.least() * LOG2_E - 1.0, self.high.exp2() * LOG2_E),
            "sinh" if is_large => Scale::new(self.sign, self.least() * LOG2_E - 2.0, self.high.exp2() * LOG2_E),
            // exp(−x²)/(3x) < erfc(x) < exp(−x²) for x ≥ 1 [DLMF 7.8.2, 7.8.3].
            "erfc" if is_large && positive => {
                Scale::new(self.sign, -high * high * LOG2_E - self.high - 2.0, -low * low * LOG2_E)
            }
            "erfc" if is_large && self.sign == Some(-1) => Scale::between(1.0, 2.0),
            "floor" | "ceil" | "round" if is_large => self.within_factor(1.0),
            _ => return None,
        })
    }

    /// Calls a function with two arguments, where its value is defined for certain.
    pub fn call2(self, name: &str, other: Self) -> Option<Self> {
        let difference = self.add(other.negate()).sign;
        match (name, difference) {
            ("pow", _) if self.sign == Some(1) => {
                let (low, high) = other.bounds();
                let corners = [low * self.low, low * self.high, high * self.low, high * self.high];
                let least = corners.iter().copied().fold(f64::INFINITY, f64::min);
                let most = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                corners.iter().all(|corner| !corner.is_nan()).then(|| Scale::new(Some(1), least, most))
            }
            ("hypot", _) => {
                let low = self.low.max(other.low);
                Some(Scale::new((low > f64::NEG_INFINITY).then_some(1), low, self.high.max(other.high) + 1.0))
            }
            ("max", Some(1)) | ("min", Some(-1)) => Some(self),
            ("max", Some(-1)) | ("min", Some(1)) => Some(other),
            _ => None,
        }
    }
}

impl From<&Ball> for Scale {
    fn from(ball: &Ball) -> Self {
        let low = ball.least().map_or(f64::NEG_INFINITY, Magnitude::log2);
        Scale::new(ball.sign(), low, ball.most().log2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_doubles_is_told_by_its_logarithm() {
        let number = |value: f64| Scale::between(value * (1.0 - 1e-15), value * (1.0 + 1e-15));
        let call = |name: &str, x: Scale| x.call(name).unwrap();
        let large = call("exp", number(1e300));
        let larger = call("exp", large);
        let smallest = call("exp", larger.negate());
        assert_eq!((large.to_f64(), smallest.to_f64()), (Some(f64::INFINITY), Some(0.0)));
        assert_eq!(large.multiply(call("exp", large.negate())).to_f64(), Some(0.0));
        assert_eq!(call("exp", number(-1e300)).multiply(large).to_f64(), None);
        assert_eq!(large.negate().add(number(7.0)).to_f64(), Some(f64::NEG_INFINITY));
        assert_eq!(large.add(large.negate()).to_f64(), None);
        assert_eq!(large.add(larger.negate()).sign, Some(-1));
        assert_eq!(number(1.0).divide(smallest).unwrap().to_f64(), Some(f64::INFINITY));
        assert!(number(1.0).divide(large.add(large.negate())).is_none() && call("ln", large).is_in_range());
        assert_eq!(call("erfc", number(1e3)).to_f64(), Some(0.0));
        assert_eq!(call("tanh", call("exp", number(-1e4))).to_f64(), Some(0.0));
        assert_eq!(large.call2("pow", number(-0.001)).unwrap().to_f64(), Some(0.0));
        assert!(large.negate().call("ln").is_none() && large.negate().call2("pow", number(0.5)).is_none());
    }
}
