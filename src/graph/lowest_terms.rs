//! Sums and products of fractions in lowest terms: only what can have a common divisor is searched for one.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// Returns the sum of two numbers. What is left to cancel divides what the denominators share
/// (Knuth, The Art of Computer Programming 2, 4.5.1).
pub(super) fn sum(x: &BigRational, y: &BigRational) -> BigRational {
    let shared = big_divisor(x.denom(), y.denom());
    let sum = x.numer() * (y.denom() / &shared) + y.numer() * (x.denom() / &shared);
    let left = big_divisor(&sum, &shared);
    BigRational::new_raw(sum / &left, (x.denom() / &shared) * (y.denom() / &left))
}

/// Returns the product of two numbers. Only a numerator and the other denominator have something to cancel.
pub(super) fn product(x: &BigRational, y: &BigRational) -> BigRational {
    let (left, right) = (big_divisor(x.numer(), y.denom()), big_divisor(y.numer(), x.denom()));
    let numerator = (x.numer() / &left) * (y.numer() / &right);
    BigRational::new_raw(numerator, (x.denom() / &right) * (y.denom() / &left))
}

/// Returns the greatest common divisor of a number and a positive one. Where one is much shorter, a division comes first,
/// which makes both short.
fn big_divisor(a: &BigInt, b: &BigInt) -> BigInt {
    let (short, long) = if a.bits() < b.bits() { (a, b) } else { (b, a) };
    match short.is_zero() {
        true => long.abs(),
        false => short.gcd(&(long % short)),
    }
}

/// Returns the greatest common divisor, at least 1; of words where both are that short.
pub(super) fn divisor(a: i128, b: i128) -> i128 {
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    let divisor = match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => u128::from(a.gcd(&b)),
        _ => a.gcd(&b),
    };
    i128::try_from(divisor.max(1)).unwrap_or(1)
}
