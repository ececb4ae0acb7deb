//! Coefficients as a person writes them: decimals where they are short, and fractions.

use crate::graph::Rational;

/// Returns the coefficient as numerator and denominator of a written fraction. Decimals stay decimals, also below the
/// line: 100/981 is 1/9.81.
pub(super) fn fraction(value: &Rational) -> (Rational, Rational) {
    let is_short = value.to_decimal(17).is_some();
    let Some((mut top, bottom)) = value.to_fraction() else {
        return if is_short { (value.clone(), Rational::ONE) } else { (value.numerator(), value.denominator()) };
    };
    if bottom % 5 == 0 && is_short {
        return (value.clone(), Rational::ONE);
    }
    let mut scale = 1;
    while top % 10 == 0 && top != 0 && bottom > 100 && bottom > 10 * scale {
        top /= 10;
        scale *= 10;
    }
    match Rational::fraction(bottom, scale) {
        Some(bottom) => (Rational::integer(top), bottom),
        None => (value.numerator(), value.denominator()),
    }
}
