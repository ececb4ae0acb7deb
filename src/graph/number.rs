//! Exact rational numbers: a pair of machine words where they suffice, big integers where they don't.

use super::lowest_terms::{divisor, product, sum};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Largest size of a numerator or denominator, in bits, that folding may produce.
const SIZE_CAP: u64 = 4096;
/// Largest magnitude of the decimal exponent of a literal.
const EXPONENT_CAP: i64 = 1000;

/// An exact rational number in lowest terms with a positive denominator.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rational(Representation);

#[derive(Clone, PartialEq, Eq)]
enum Representation {
    /// Numerator and denominator, used whenever both fit, so that equal numbers are equal as data. The denominator is
    /// short so that a number takes two machine words: graphs are made of numbers.
    Small(i64, NonZeroU32),
    Big(Arc<BigRational>),
}
use Representation::{Big, Small};

impl Hash for Representation {
    /// Numbers in lowest terms are equal as data, so that nothing needs to be divided as for any `BigRational`.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Small(n, d) => (n, d).hash(state),
            Big(r) => (r.numer(), r.denom()).hash(state),
        }
    }
}

/// The denominator of an integer.
const WHOLE: NonZeroU32 = NonZeroU32::MIN;

impl Rational {
    /// The number 0.
    pub const ZERO: Rational = Rational(Small(0, WHOLE));
    /// The number 1.
    pub const ONE: Rational = Rational(Small(1, WHOLE));
    /// The number −1.
    pub const MINUS_ONE: Rational = Rational(Small(-1, WHOLE));
    /// The number 1/2.
    pub const HALF: Rational = Rational(Small(1, WHOLE.saturating_add(1)));

    /// Makes an integer.
    pub fn integer(value: i64) -> Self {
        if value == i64::MIN {
            return Self::from_big(BigRational::from_integer(value.into()));
        }
        Rational(Small(value, WHOLE))
    }

    /// Makes `numerator/denominator`; none if the denominator is zero.
    pub fn fraction(numerator: i64, denominator: i64) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        Some(Self::from_big(BigRational::new(numerator.into(), denominator.into())))
    }

    fn from_big(value: BigRational) -> Self {
        let small = value.numer().to_i64().zip(value.denom().to_i64()).and_then(|(n, d)| Self::small(n, d));
        small.unwrap_or_else(|| Rational(Big(Arc::new(value))))
    }

    /// Makes a number of machine words, if they are short enough.
    fn small(numerator: i64, denominator: i64) -> Option<Self> {
        let denominator = NonZeroU32::new(u32::try_from(denominator).ok()?)?;
        // The most negative word has no counterpart of the other sign, so it counts as big.
        (numerator != i64::MIN).then_some(Rational(Small(numerator, denominator)))
    }

    /// Makes a number of machine words from a fraction with a positive denominator, if it is short enough in lowest terms.
    fn reduced(numerator: i64, denominator: i64) -> Option<Self> {
        if denominator == 1 {
            return Self::small(numerator, denominator);
        }
        let divisor = i64::try_from(numerator.unsigned_abs().gcd(&denominator.unsigned_abs())).ok()?;
        Self::small(numerator / divisor, denominator / divisor)
    }

    /// Makes a number from its lowest terms.
    fn from_wide(numerator: i128, denominator: i128) -> Self {
        let narrow = i64::try_from(numerator).ok().zip(i64::try_from(denominator).ok());
        let small = narrow.and_then(|(n, d)| Self::small(n, d));
        small.unwrap_or_else(|| Rational(Big(Arc::new(BigRational::new_raw(numerator.into(), denominator.into())))))
    }

    /// Returns numerator and denominator, if both fit a double machine word with its sign changed, too.
    fn to_wide(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Small(n, d) => Some((i128::from(*n), i128::from(d.get()))),
            Big(r) => r.numer().to_i128().zip(r.denom().to_i128()).filter(|(n, _)| *n != i128::MIN),
        }
    }

    fn to_big(&self) -> BigRational {
        match &self.0 {
            Small(n, d) => BigRational::new_raw((*n).into(), d.get().into()),
            Big(r) => (**r).clone(),
        }
    }

    /// Reads a decimal literal such as `12`, `0.1` or `6.02e23` exactly; none if its exponent is out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let scale = exponent.checked_sub(fraction.len() as i64)?;
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        if digits.bits() > SIZE_CAP || scale.abs() > EXPONENT_CAP {
            return None;
        }
        let power = Pow::pow(BigInt::from(10), scale.unsigned_abs());
        Some(Self::from_big(if scale < 0 {
            BigRational::new(digits, power)
        } else {
            BigRational::from_integer(digits * power)
        }))
    }

    /// Tells whether the number is 0.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Tells whether the number is 1.
    pub fn is_one(&self) -> bool {
        *self == Self::ONE
    }

    /// Tells whether the number is −1.
    pub fn is_minus_one(&self) -> bool {
        *self == Self::MINUS_ONE
    }

    /// Tells whether the number is below 0.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Small(n, _) => *n < 0,
            Big(r) => r.is_negative(),
        }
    }

    /// Tells whether the number is an integer.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Small(_, d) => *d == WHOLE,
            Big(r) => r.is_integer(),
        }
    }

    /// Tells whether the number is an even integer.
    pub fn is_even(&self) -> bool {
        match &self.0 {
            Small(n, d) => *d == WHOLE && n % 2 == 0,
            Big(r) => r.is_integer() && r.numer().is_even(),
        }
    }

    /// Returns the number as a machine integer, if it is one.
    pub fn to_integer(&self) -> Option<i64> {
        match &self.0 {
            Small(n, WHOLE) => Some(*n),
            _ => None,
        }
    }

    /// Returns numerator and denominator, if both fit a machine word.
    pub fn to_fraction(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Small(n, d) => Some((*n, i64::from(d.get()))),
            Big(r) => r.numer().to_i64().zip(r.denom().to_i64()),
        }
    }

    /// Returns the numerator as an integer.
    pub fn numerator(&self) -> Rational {
        match &self.0 {
            Small(n, _) => Rational(Small(*n, WHOLE)),
            Big(r) => Self::from_big(BigRational::from_integer(r.numer().clone())),
        }
    }

    /// Returns the denominator, a positive integer.
    pub fn denominator(&self) -> Rational {
        match &self.0 {
            Small(_, d) => Rational(Small(i64::from(d.get()), WHOLE)),
            Big(r) => Self::from_big(BigRational::from_integer(r.denom().clone())),
        }
    }

    /// Returns the absolute value.
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.negate() } else { self.clone() }
    }

    /// Returns the number with the other sign.
    pub fn negate(&self) -> Self {
        match &self.0 {
            Small(n, d) => Rational(Small(-n, *d)),
            Big(r) => Self::from_big(-(**r).clone()),
        }
    }

    /// Returns the sum.
    pub fn add(&self, other: &Self) -> Self {
        if let (Small(a, b), Small(c, d)) = (&self.0, &other.0) {
            let (b, d) = (i64::from(b.get()), i64::from(d.get()));
            let (sum, denominator) = if b == d {
                (a.checked_add(*c), Some(b))
            } else {
                let sum = a.checked_mul(d).zip(c.checked_mul(b)).and_then(|(left, right)| left.checked_add(right));
                (sum, b.checked_mul(d))
            };
            if let Some(sum) = sum.zip(denominator).and_then(|(sum, denominator)| Self::reduced(sum, denominator)) {
                return sum;
            }
        }
        let wide = || {
            let ((a, b), (c, d)) = (self.to_wide()?, other.to_wide()?);
            let shared = divisor(b, d);
            let sum = a.checked_mul(d / shared)?.checked_add(c.checked_mul(b / shared)?)?;
            // What is left to cancel divides what the denominators share [Knuth, The Art of Computer Programming 2, 4.5.1].
            let left = divisor(sum, shared);
            Some(Self::from_wide(sum / left, (b / shared).checked_mul(d / left)?))
        };
        wide().unwrap_or_else(|| Self::from_big(sum(&self.to_big(), &other.to_big())))
    }

    /// Returns the product.
    pub fn multiply(&self, other: &Self) -> Self {
        if let (Small(a, b), Small(c, d)) = (&self.0, &other.0)
            && let Some(numerator) = a.checked_mul(*c)
            && let Some(denominator) = i64::from(b.get()).checked_mul(i64::from(d.get()))
            && let Some(product) = Self::reduced(numerator, denominator)
        {
            return product;
        }
        let wide = || {
            let ((a, b), (c, d)) = (self.to_wide()?, other.to_wide()?);
            let (left, right) = (divisor(a, d), divisor(c, b));
            let numerator = (a / left).checked_mul(c / right)?;
            Some(Self::from_wide(numerator, (b / right).checked_mul(d / left)?))
        };
        wide().unwrap_or_else(|| Self::from_big(product(&self.to_big(), &other.to_big())))
    }

    /// Returns 1 over the number; none for 0.
    pub fn reciprocal(&self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        Some(match &self.0 {
            Small(n, d) => Self::from_wide(i128::from(d.get()) * i128::from(n.signum()), i128::from(n.unsigned_abs())),
            Big(r) => Self::from_big(r.recip()),
        })
    }

    /// Returns the quotient; none where the divisor is 0.
    pub fn divide(&self, other: &Self) -> Option<Self> {
        Some(self.multiply(&other.reciprocal()?))
    }

    /// Returns the power where it is rational and of reasonable size; 0^0 = 1.
    pub fn power(&self, exponent: &Self) -> Option<Self> {
        if let Some(n) = exponent.to_integer() {
            if n == 0 {
                return Some(Self::ONE);
            }
            let base = if n < 0 { self.reciprocal()? } else { self.clone() };
            if base.is_one() || base.is_zero() {
                return Some(base);
            }
            let n = n.unsigned_abs();
            if base.size().saturating_mul(n) > SIZE_CAP && !base.is_minus_one() {
                return None;
            }
            if base.is_minus_one() {
                return Some(if n % 2 == 0 { Self::ONE } else { base });
            }
            return Some(Self::from_big(Pow::pow(base.to_big(), n)));
        }
        if self.is_negative() {
            return None;
        }
        let (numerator, root) = exponent.to_fraction()?;
        let degree = u32::try_from(root).ok().filter(|&degree| degree <= 64)?;
        let value = self.to_big();
        let exact = |part: &BigInt| {
            let candidate = part.nth_root(degree);
            (Pow::pow(candidate.clone(), degree) == *part).then_some(candidate)
        };
        let base = BigRational::new(exact(value.numer())?, exact(value.denom())?);
        Self::from_big(base).power(&Self::integer(numerator))
    }

    /// Returns the size of the larger part in bits.
    fn size(&self) -> u64 {
        match &self.0 {
            Small(n, d) => 64 - u64::from((n.unsigned_abs() | u64::from(d.get())).leading_zeros()),
            Big(r) => r.numer().bits().max(r.denom().bits()),
        }
    }

    /// Tells whether the number has outgrown what folding may produce.
    pub fn is_oversized(&self) -> bool {
        matches!(self.0, Big(_)) && self.size() > SIZE_CAP
    }

    /// Returns the nearest double, correctly rounded.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Small(n, d) if n.unsigned_abs() < 1 << 53 => *n as f64 / f64::from(d.get()),
            _ => self.to_big().to_f64().unwrap_or(f64::NAN),
        }
    }

    /// Returns the exact value of a finite double.
    pub fn from_f64(value: f64) -> Option<Self> {
        BigRational::from_float(value).map(Self::from_big)
    }

    /// Returns the finite decimal expansion (`0.1`, `1e-20`) if the number has one of at most `digits` digits.
    pub fn to_decimal(&self, digits: usize) -> Option<String> {
        let value = self.to_big();
        let (mut denominator, mut twos, mut fives) = (value.denom().clone(), 0u32, 0u32);
        for (factor, count) in [(2u32, &mut twos), (5, &mut fives)] {
            while denominator.is_multiple_of(&factor.into()) {
                denominator /= factor;
                *count += 1;
                if *count > 2 * EXPONENT_CAP as u32 {
                    return None;
                }
            }
        }
        if !denominator.is_one() {
            return None;
        }
        let places = twos.max(fives);
        let scaled = value * BigRational::from_integer(Pow::pow(BigInt::from(10), places));
        let text = scaled.numer().abs().to_string();
        let significant = text.trim_end_matches('0');
        if significant.len() > digits {
            return None;
        }
        let sign = if self.is_negative() { "-" } else { "" };
        Some(format!("{sign}{}", place_point(&text, significant, places as usize)))
    }
}

/// Writes the digits of an integer divided by 10^places, in positional or scientific form, whichever reads better.
fn place_point(text: &str, significant: &str, places: usize) -> String {
    let exponent = text.len() as i64 - 1 - places as i64;
    if (-5..16).contains(&exponent) {
        if places == 0 {
            return text.to_string();
        }
        let padded = format!("{text:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let fraction = fraction.trim_end_matches('0');
        return if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
    }
    let (head, tail) = significant.split_at(1.min(significant.len()));
    let mantissa = if tail.is_empty() { head.to_string() } else { format!("{head}.{tail}") };
    format!("{mantissa}e{exponent}")
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Small(a, WHOLE), Small(b, WHOLE)) => a.cmp(b),
            (Small(an, ad), Small(bn, bd)) => {
                (i128::from(*an) * i128::from(bd.get())).cmp(&(i128::from(*bn) * i128::from(ad.get())))
            }
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Small(n, WHOLE) => n.fmt(f),
            Small(n, d) => write!(f, "{n}/{d}"),
            Big(r) => r.fmt(f),
        }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_round_once() {
        for text in ["0.1", "3.14159265359", "2e-16", "6.02214076e23", "1e308", "5e-324", "1.7976931348623157e308"] {
            let exact = Rational::parse(text).unwrap();
            assert_eq!(exact.to_f64().to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            assert_eq!(exact.to_decimal(40).unwrap().parse::<f64>().unwrap(), exact.to_f64());
        }
        assert_eq!(Rational::parse("1e999999999"), None);
    }

    #[test]
    fn roots_fold_only_where_exact() {
        let q = |n, d| Rational::fraction(n, d).unwrap();
        assert_eq!(q(4, 9).power(&Rational::HALF), Some(q(2, 3)));
        assert_eq!(q(8, 1).power(&q(-2, 3)), Some(q(1, 4)));
        assert_eq!(q(2, 1).power(&Rational::HALF), None);
        assert_eq!(q(-1, 1).power(&Rational::HALF), None);
        assert_eq!(Rational::ZERO.power(&Rational::MINUS_ONE), None);
        assert_eq!(Rational::ZERO.power(&Rational::ZERO), Some(Rational::ONE));
        assert_eq!(q(2, 1).power(&q(100_000, 1)), None);
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_big_rationals(a: i64, b in 1i64.., c: i64, d in 1i64..) {
            let (x, y) = (Rational::fraction(a, b).unwrap(), Rational::fraction(c, d).unwrap());
            prop_assert_eq!(x.add(&y).to_big(), x.to_big() + y.to_big());
            prop_assert_eq!(x.multiply(&y).to_big(), x.to_big() * y.to_big());
            prop_assert_eq!(x.cmp(&y), x.to_big().cmp(&y.to_big()));
            prop_assert_eq!(x.add(&y).add(&y.negate()), x);
        }

        #[test]
        fn arithmetic_with_long_numbers_agrees_with_big_rationals(terms in proptest::collection::vec((any::<i64>(), 1i64..), 2..12)) {
            let terms: Vec<Rational> = terms.iter().map(|(a, b)| Rational::fraction(*a, *b).unwrap()).collect();
            for (at, x) in terms.iter().enumerate().skip(1) {
                let sum = terms[..at].iter().fold(Rational::ZERO, |sum, term| sum.add(term));
                let product = terms[..at].iter().fold(Rational::ONE, |product, term| product.multiply(term));
                for y in [sum, product] {
                    prop_assert_eq!(y.add(x).to_big(), y.to_big() + x.to_big());
                    prop_assert_eq!(y.multiply(x).to_big(), y.to_big() * x.to_big());
                    prop_assert_eq!(y.add(&y.negate()), Rational::ZERO);
                }
            }
        }

        #[test]
        fn doubles_come_back(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(Rational::from_f64(value).unwrap().to_f64(), value);
        }
    }
}
