//! Functions with a removable singularity at 0, and their derivatives, on balls: power series near 0, and elsewhere
//! recurrences, whose cancellation the radius tells.

use super::ball::{Arithmetic, Ball, Computed, Missing};
use super::functions::{call, exp, exp_m1};
use super::magnitude::Magnitude;

/// Returns the derivative of (exp(x) − 1)/x of an order: Σ xʲ/(j!·(n + j + 1)), or by x·f⁽ⁿ⁾ + n·f⁽ⁿ⁻¹⁾ = exp(x).
pub fn exprel(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    if x.most() < Magnitude::ONE {
        return series(arithmetic, order, x, x.clone(), 0, 1);
    }
    let difference = exp_m1(arithmetic, x)?;
    let quotient = arithmetic.divide(&difference, x)?;
    let exponential = exp(arithmetic, x)?;
    recurrence(arithmetic, order, x, quotient, |_| exponential.clone())
}

/// Returns the derivative of x/(exp(x) − 1) of an order, by the Taylor coefficients of the reciprocal of exprel.
pub fn bernoulli(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    let mut below = Vec::new();
    let mut factorial = arithmetic.integer(1);
    for k in 0..=order {
        if k > 0 {
            factorial = arithmetic.scale(i64::from(k), &factorial)?;
        }
        let derivative = exprel(arithmetic, k, x)?;
        below.push(arithmetic.divide(&derivative, &factorial)?);
    }
    let mut series = vec![arithmetic.divide(&arithmetic.integer(1), &below[0])?];
    for n in 1..=order as usize {
        let mut sum = arithmetic.integer(0);
        for k in 1..=n {
            sum = arithmetic.subtract(&sum, &arithmetic.multiply(&below[k], &series[n - k])?)?;
        }
        series.push(arithmetic.divide(&sum, &below[0])?);
    }
    arithmetic.multiply(&series[order as usize], &factorial)
}

/// Returns the derivative of 1/tanh(x) − 1/x of an order: 2·f(2x) − 1 with the logarithmic derivative f of exprel, by the
/// Taylor coefficients of exprel′/exprel. Below 0 nothing overflows.
pub fn langevin(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    let is_odd = order.is_multiple_of(2);
    if is_odd && x.is_zero() {
        return Ok(arithmetic.integer(0));
    }
    if !x.is_negative() {
        let mirrored = x.negate();
        if mirrored.is_negative() {
            let value = langevin(arithmetic, order, &mirrored)?;
            return Ok(if is_odd { value.negate() } else { value });
        }
    }
    let doubled = arithmetic.scale(2, x)?;
    let (mut above, mut below) = (Vec::new(), Vec::new());
    let mut factorial = arithmetic.integer(1);
    for k in 0..=order {
        if k > 0 {
            factorial = arithmetic.scale(i64::from(k), &factorial)?;
        }
        let [own, next] = [k, k + 1].map(|order| exprel(arithmetic, order, &doubled));
        below.push(arithmetic.divide(&own?, &factorial)?);
        above.push(arithmetic.divide(&next?, &factorial)?);
    }
    let mut series: Vec<Ball> = Vec::new();
    for n in 0..=order as usize {
        let mut sum = above[n].clone();
        for k in 1..=n {
            sum = arithmetic.subtract(&sum, &arithmetic.multiply(&below[k], &series[n - k])?)?;
        }
        series.push(arithmetic.divide(&sum, &below[0])?);
    }
    let mut value = arithmetic.scale(2, &arithmetic.multiply(&series[order as usize], &factorial)?)?;
    for _ in 0..order {
        value = arithmetic.scale(2, &value)?;
    }
    if order == 0 { arithmetic.subtract(&value, &arithmetic.integer(1)) } else { Ok(value) }
}

/// Returns the derivative of sin(x)/x of an order: Σ ±xʲ/(j!·(n + j + 1)) for even n + j, or by
/// x·f⁽ⁿ⁾ + n·f⁽ⁿ⁻¹⁾ = sin⁽ⁿ⁾(x).
pub fn sinc(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    if x.most() < Magnitude::ONE {
        let square = arithmetic.multiply(x, x)?.negate();
        let sum = series(arithmetic, order, x, square, i64::from(order % 2), 2)?;
        return Ok(if order.div_ceil(2) % 2 == 1 { sum.negate() } else { sum });
    }
    let (sine, cosine) = (call(arithmetic, "sin", x)?, call(arithmetic, "cos", x)?);
    let quotient = arithmetic.divide(&sine, x)?;
    recurrence(arithmetic, order, x, quotient, |order| match order % 4 {
        0 => sine.clone(),
        1 => cosine.clone(),
        2 => sine.negate(),
        _ => cosine.negate(),
    })
}

/// Largest argument of the series of sinc(√x), beyond which it is too long or cancels too much.
const LONGEST_SERIES: f64 = 1e6;

/// Returns the derivative of sinc(√x) of an order: Σ (−1)ᵏ·k!/((k − n)!·(2k + 1)!)·xᵏ⁻ⁿ, whose cancellation the radius tells.
pub fn sinc_sqrt(arithmetic: &mut Arithmetic, order: u32, x: &Ball) -> Computed {
    if x.most().to_f64() > LONGEST_SERIES {
        return Err(Missing::Value);
    }
    let n = i64::from(order);
    let mut term = arithmetic.integer(1);
    for k in 1..=n {
        term = arithmetic.divide(&arithmetic.scale(-1, &term)?, &arithmetic.integer(2 * (2 * k + 1)))?;
    }
    let mut sum = term.clone();
    let end = Magnitude::power_of_two(-(arithmetic.bits as i64) - 8);
    for k in n + 1.. {
        let power = arithmetic.scale(-k, &arithmetic.multiply(&term, x)?)?;
        term = arithmetic.divide(&power, &arithmetic.integer((k - n) * 2 * k * (2 * k + 1)))?;
        sum = arithmetic.add(&sum, &term)?;
        // From here on each term is at most half the one before.
        let falls = (k - n) as f64 * 4.0 * k as f64 > x.most().to_f64() * 2.0;
        if falls && (term.most() < end.times(sum.most()) || term.is_zero()) {
            break;
        }
    }
    Ok(Ball { radius: sum.radius.plus(term.most().times(Magnitude::power_of_two(1))), ..sum })
}

/// Sums xʲ/(j!·(n + j + 1)) from the first j on, in steps, for |x| < 1; `factor` is what a step multiplies the power by.
fn series(arithmetic: &Arithmetic, order: u32, x: &Ball, factor: Ball, first: i64, step: i64) -> Computed {
    let n = i64::from(order);
    let mut term = if first == 1 { x.clone() } else { arithmetic.integer(1) };
    let mut sum = arithmetic.integer(0);
    let end = Magnitude::power_of_two(-(arithmetic.bits as i64) - 8);
    for j in (first..).step_by(step as usize) {
        let part = arithmetic.divide(&term, &arithmetic.integer(n + j + 1))?;
        sum = arithmetic.add(&sum, &part)?;
        let divisor = (j + 1..=j + step).product::<i64>();
        term = arithmetic.divide(&arithmetic.multiply(&term, &factor)?, &arithmetic.integer(divisor))?;
        if term.most() < end.times(sum.most()) || term.is_zero() {
            break;
        }
    }
    // Each of the terms that are left out is at most half the one before.
    Ok(Ball { radius: sum.radius.plus(term.most().times(Magnitude::power_of_two(1))), ..sum })
}

/// Goes from f to its derivative of an order by f⁽ᵏ⁾ = (right⁽ᵏ⁾ − k·f⁽ᵏ⁻¹⁾)/x.
fn recurrence(
    arithmetic: &Arithmetic,
    order: u32,
    x: &Ball,
    start: Ball,
    right: impl Fn(u32) -> Ball,
) -> Result<Ball, Missing> {
    (1..=order).try_fold(start, |value, k| {
        let passed = arithmetic.scale(i64::from(k), &value)?;
        arithmetic.divide(&arithmetic.subtract(&right(k), &passed)?, x)
    })
}
