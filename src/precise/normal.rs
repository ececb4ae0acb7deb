//! The scaled complementary error function and the normal distribution on balls.

use super::ball::{Arithmetic, Ball, Computed, Missing};
use super::error_function::{erf, erfc};
use super::functions::{exp, ln, ln_1p, sqrt};
use super::magnitude::Magnitude;

/// From where on the asymptotic series is used: it has as many digits as the most bits ask for.
const FAR: f64 = 60.0;
/// From where on logarithms are those of scaled functions.
const TAIL: f64 = 4.0;

/// Returns the derivative of exp(x²)·erfc(x) of an order, by f′ = 2x·f − 2/√π and f⁽ⁿ⁺¹⁾ = 2x·f⁽ⁿ⁾ + 2n·f⁽ⁿ⁻¹⁾, whose
/// cancellation the radius tells.
pub fn erfcx(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    let value = scaled(arithmetic, x)?;
    if order == 0 {
        return Ok(value);
    }
    let double = arithmetic.scale(2, x)?;
    let pi = arithmetic.pi()?;
    let root = sqrt(arithmetic, &pi)?;
    let slope = arithmetic.divide(&arithmetic.integer(2), &root)?;
    let first = arithmetic.subtract(&arithmetic.multiply(&double, &value)?, &slope)?;
    let (mut before, mut value) = (value, first);
    for k in 1..i64::from(order) {
        let passed = arithmetic.scale(2 * k, &before)?;
        let next = arithmetic.add(&arithmetic.multiply(&double, &value)?, &passed)?;
        before = value;
        value = next;
    }
    Ok(value)
}

fn scaled(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if !x.is_negative() && x.size().to_f64() > FAR {
        return asymptotic(arithmetic, x);
    }
    let square = arithmetic.multiply(x, x)?;
    let (exponential, complement) = (exp(arithmetic, &square)?, erfc(arithmetic, x)?);
    arithmetic.multiply(&exponential, &complement)
}

/// Sums 1/(x·√π)·Σ (−1)ᵏ·(2k − 1)!!/(2x²)ᵏ, whose error is less than the first term that is left out [DLMF 7.12.1].
fn asymptotic(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let square = arithmetic.scale(-2, &arithmetic.multiply(x, x)?)?;
    let end = Magnitude::power_of_two(-(arithmetic.bits as i64) - 8);
    let mut term = arithmetic.integer(1);
    let mut sum = arithmetic.integer(0);
    let mut odd = 1;
    while end < term.most() {
        sum = arithmetic.add(&sum, &term)?;
        term = arithmetic.divide(&arithmetic.scale(odd, &term)?, &square)?;
        odd += 2;
        if odd as f64 > FAR * FAR {
            return Err(Missing::Value);
        }
    }
    let sum = Ball { radius: sum.radius.plus(term.most()), ..sum };
    let pi = arithmetic.pi()?;
    let root = sqrt(arithmetic, &pi)?;
    arithmetic.divide(&sum, &arithmetic.multiply(x, &root)?)
}

/// Returns −x/√2.
fn mirrored(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let root = sqrt(arithmetic, &arithmetic.integer(2))?;
    Ok(arithmetic.divide(x, &root)?.negate())
}

/// Returns the normal distribution function, erfc(−x/√2)/2.
pub fn ndtr(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let argument = mirrored(arithmetic, x)?;
    let value = erfc(arithmetic, &argument)?;
    arithmetic.divide(&value, &arithmetic.integer(2))
}

/// Returns the logarithm of the normal distribution function.
pub fn log_ndtr(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if x.nearest() > -TAIL {
        let rest = ndtr(arithmetic, &x.negate())?;
        return ln_1p(arithmetic, &rest.negate());
    }
    let argument = mirrored(arithmetic, x)?;
    let value = log_erfc(arithmetic, &argument)?;
    let half = ln(arithmetic, &arithmetic.integer(2))?;
    arithmetic.subtract(&value, &half)
}

/// Returns ln(erfc(x)): ln(1 − erf(x)), or ln(exp(x²)·erfc(x)) − x².
pub fn log_erfc(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if x.nearest() < TAIL / 2.0 {
        let value = erf(arithmetic, x)?;
        return ln_1p(arithmetic, &value.negate());
    }
    let value = scaled(arithmetic, x)?;
    let logarithm = ln(arithmetic, &value)?;
    arithmetic.subtract(&logarithm, &arithmetic.multiply(x, x)?)
}

/// Returns the derivative of h = √(2/π)/erfcx(−x/√2) of an order, by h′ = −h·(h + x).
pub fn inverse_mills(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    let argument = mirrored(arithmetic, x)?;
    let value = scaled(arithmetic, &argument)?;
    let pi = arithmetic.pi()?;
    let quotient = arithmetic.divide(&arithmetic.integer(2), &pi)?;
    let root = sqrt(arithmetic, &quotient)?;
    let mut series = vec![arithmetic.divide(&root, &value)?];
    for n in 0..order as usize {
        let mut sum = arithmetic.multiply(&series[n], x)?;
        for k in 0..=n {
            sum = arithmetic.add(&sum, &arithmetic.multiply(&series[k], &series[n - k])?)?;
        }
        if n > 0 {
            sum = arithmetic.add(&sum, &series[n - 1])?;
        }
        series.push(arithmetic.divide(&sum, &arithmetic.integer(-1 - n as i64))?);
    }
    let last = series.pop().ok_or(Missing::Value)?;
    (1..=i64::from(order)).try_fold(last, |value, k| arithmetic.scale(k, &value))
}
