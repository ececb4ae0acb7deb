//! The gamma function, its logarithm and the derivatives of that, on balls.
//!
//! The recurrence moves the argument to where an asymptotic series is as good as the bits ask for. Of the series, whose
//! terms alternate for positive arguments, the first term that is left out bounds the error [DLMF 5.11(ii)].

use super::ball::{Arithmetic, Ball, Computed, Missing};
use super::functions::{exp, ln};
use std::rc::Rc;

/// Longest way that the recurrence goes.
const LONGEST_WAY: f64 = 4096.0;

/// An argument, moved to the right.
struct Moved {
    /// Where the series is used.
    end: Ball,
    /// The argument and what follows in steps of 1, up to the end and without it.
    steps: Vec<Ball>,
}

/// Moves an argument to where as many terms as [`bernoulli`] has suffice, for derivatives of an order.
fn moved(arithmetic: &Arithmetic, x: &Ball, order: u32) -> Result<Moved, Missing> {
    let start = arithmetic.bits as f64 / 4.0 + f64::from(order);
    let way = (start - x.nearest()).max(0.0).ceil();
    if way > LONGEST_WAY || way.is_nan() {
        return Err(Missing::Value);
    }
    let place = |step: i64| arithmetic.add(x, &arithmetic.integer(step));
    let way = way as i64;
    Ok(Moved { end: place(way)?, steps: (0..way).map(place).collect::<Result<_, _>>()? })
}

/// Returns the Bernoulli numbers of the series: from b/4 on, so many terms leave out less than 2⁻ᵇ.
fn bernoulli(arithmetic: &mut Arithmetic) -> Result<Rc<[Ball]>, Missing> {
    let bits = arithmetic.bits;
    let known = &arithmetic.bernoulli;
    if known.first().is_none_or(|first| first.middle.precision() != Some(bits)) {
        arithmetic.bernoulli = bernoulli_numbers(arithmetic, bits / 8 + 4)?.into();
    }
    Ok(Rc::clone(&arithmetic.bernoulli))
}

/// Computes the Bernoulli numbers B₂, B₄, … by tangent numbers: Brent and Harvey, "Fast computation of Bernoulli,
/// tangent and secant numbers" (2011), algorithm TangentNumbers and equation 14. Nothing in it cancels.
fn bernoulli_numbers(arithmetic: &Arithmetic, count: usize) -> Result<Vec<Ball>, Missing> {
    let mut tangent = vec![arithmetic.integer(1)];
    for k in 1..count {
        tangent.push(arithmetic.scale(k as i64, &tangent[k - 1])?);
    }
    for k in 1..count {
        for j in k..count {
            let (before, own) = ((j - k) as i64, (j - k + 2) as i64);
            let before = arithmetic.scale(before, &tangent[j - 1])?;
            tangent[j] = arithmetic.add(&before, &arithmetic.scale(own, &tangent[j])?)?;
        }
    }
    let mut power = arithmetic.integer(1);
    let mut numbers = Vec::with_capacity(count);
    for (index, tangent) in tangent.iter().enumerate() {
        let n = index as i64 + 1;
        power = arithmetic.scale(4, &power)?;
        let divisor = arithmetic.multiply(&power, &arithmetic.subtract(&power, &arithmetic.integer(1))?)?;
        let number = arithmetic.divide(&arithmetic.scale(2 * n, tangent)?, &divisor)?;
        numbers.push(if n % 2 == 0 { number.negate() } else { number });
    }
    Ok(numbers)
}

/// Adds up terms; the last one is left out and bounds the error.
fn asymptotic(arithmetic: &Arithmetic, start: Ball, terms: &[Ball]) -> Computed {
    let Some((last, terms)) = terms.split_last() else { return Ok(start) };
    let sum = terms.iter().try_fold(start, |sum, term| arithmetic.add(&sum, term))?;
    Ok(Ball { radius: sum.radius.plus(last.most()), ..sum })
}

/// ln Γ(y) ~ (y − 1/2)·ln y − y + ln(2π)/2 + Σ B₂ₖ/(2k·(2k − 1)·y²ᵏ⁻¹) [DLMF 5.11.1].
fn stirling(arithmetic: &mut Arithmetic, y: &Ball) -> Computed {
    let two = arithmetic.integer(2);
    let half = arithmetic.divide(&arithmetic.integer(1), &two)?;
    let pi = arithmetic.pi()?;
    let circle = ln(arithmetic, &arithmetic.scale(2, &pi)?)?;
    let logarithm = ln(arithmetic, y)?;
    let product = arithmetic.multiply(&arithmetic.subtract(y, &half)?, &logarithm)?;
    let rest = arithmetic.subtract(&arithmetic.divide(&circle, &two)?, y)?;
    let start = arithmetic.add(&product, &rest)?;
    let mut power = arithmetic.divide(&arithmetic.integer(1), y)?;
    let square = arithmetic.multiply(&power, &power)?;
    let mut list = Vec::new();
    for (number, k) in bernoulli(arithmetic)?.iter().zip(1..) {
        let divisor = arithmetic.integer(2 * k * (2 * k - 1));
        list.push(arithmetic.divide(&arithmetic.multiply(number, &power)?, &divisor)?);
        power = arithmetic.multiply(&power, &square)?;
    }
    asymptotic(arithmetic, start, &list)
}

/// Multiplies the steps of the recurrence Γ(x + 1) = x·Γ(x) [DLMF 5.5.1].
fn product(arithmetic: &Arithmetic, steps: &[Ball]) -> Computed {
    steps.iter().try_fold(arithmetic.integer(1), |product, step| arithmetic.multiply(&product, step))
}

/// Returns the gamma function.
pub fn gamma(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let moved = moved(arithmetic, x, 0)?;
    let logarithm = stirling(arithmetic, &moved.end)?;
    let value = exp(arithmetic, &logarithm)?;
    arithmetic.divide(&value, &product(arithmetic, &moved.steps)?)
}

/// Returns the logarithm of the gamma function's absolute value.
pub fn lgamma(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let moved = moved(arithmetic, x, 0)?;
    let value = stirling(arithmetic, &moved.end)?;
    let product = product(arithmetic, &moved.steps)?;
    let passed = if product.is_negative() { product.negate() } else { product };
    let passed = ln(arithmetic, &passed)?;
    arithmetic.subtract(&value, &passed)
}

/// ψ⁽ⁿ⁾(x) = ±(n!·Σ 1/(x + j)ⁿ⁺¹ + (n − 1)!/yⁿ + n!/(2·yⁿ⁺¹) + Σ B₂ₖ·(2k + n − 1)!/((2k)!·y²ᵏ⁺ⁿ)), with −ln y for
/// the second term where n is 0 and + for odd n [DLMF 5.11.2, 5.15.5, 5.15.9].
pub fn polygamma(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    let Moved { end: y, steps } = moved(arithmetic, x, order)?;
    let one = arithmetic.integer(1);
    let n = i64::from(order);
    let factorial = (1..=n).try_fold(one.clone(), |product, factor| arithmetic.scale(factor, &product))?;
    let power = |base: &Ball, exponent: i64| {
        (0..exponent).try_fold(one.clone(), |product, _| arithmetic.multiply(&product, base))
    };
    let mut passed = arithmetic.integer(0);
    for step in &steps {
        passed = arithmetic.add(&passed, &arithmetic.divide(&one, &power(step, n + 1)?)?)?;
    }
    let passed = arithmetic.multiply(&factorial, &passed)?;
    let inverse = arithmetic.divide(&one, &y)?;
    let square = arithmetic.multiply(&inverse, &inverse)?;
    let mut high = power(&inverse, n)?;
    let leading = match n {
        0 => None,
        n => Some(arithmetic.divide(&arithmetic.multiply(&factorial, &high)?, &arithmetic.integer(n))?),
    };
    let middle = arithmetic.multiply(&factorial, &arithmetic.multiply(&high, &inverse)?)?;
    let middle = arithmetic.divide(&middle, &arithmetic.integer(2))?;
    let mut coefficient = arithmetic.divide(&arithmetic.scale(n + 1, &factorial)?, &arithmetic.integer(2))?;
    let mut list = Vec::new();
    for (number, k) in bernoulli(arithmetic)?.iter().zip(1..) {
        high = arithmetic.multiply(&high, &square)?;
        list.push(arithmetic.multiply(number, &arithmetic.multiply(&coefficient, &high)?)?);
        coefficient = arithmetic.scale((2 * k + n) * (2 * k + n + 1), &coefficient)?;
        coefficient = arithmetic.divide(&coefficient, &arithmetic.integer((2 * k + 1) * (2 * k + 2)))?;
    }
    let leading = match leading {
        Some(leading) => leading,
        None => ln(arithmetic, &y)?.negate(),
    };
    let start = arithmetic.add(&passed, &arithmetic.add(&leading, &middle)?)?;
    let value = asymptotic(arithmetic, start, &list)?;
    Ok(if n % 2 == 0 { value.negate() } else { value })
}
