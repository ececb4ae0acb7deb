//! The functions of the language on balls: the value at the middle, and how far it may move within the radius.
//!
//! |f(x) − f(m)| ≤ r·max|f′| for |x − m| ≤ r; where f′ is unbounded at the edge of a domain, a root of the radius.

use super::ball::{Arithmetic, Ball, Computed, Missing, ROUND, mark_underflow};
use super::magnitude::Magnitude;
use super::{defined, error_function, gamma, normal, removable};
use astro_float_num::BigFloat;

/// Arguments of this many bits before the point are not reduced by multiples of π.
const LONGEST_ANGLE: i32 = 1 << 14;
/// Arguments of this many bits before the point have an exponential out of range.
const LARGEST_EXPONENT: i32 = 31;
/// Largest integer exponent that is multiplied out.
const LARGEST_POWER: i64 = 1 << 20;

/// Calls a function with one argument.
pub fn call(arithmetic: &mut Arithmetic, name: &str, x: &Ball) -> Computed {
    let bits = arithmetic.bits;
    let m = &x.middle;
    match name {
        "exp" => exp(arithmetic, x),
        "exp_m1" => exp_m1(arithmetic, x),
        "ln" => ln(arithmetic, x),
        "ln_1p" => ln_1p(arithmetic, x),
        "log2" => logarithm(arithmetic, x, 2),
        "log10" => logarithm(arithmetic, x, 10),
        "sqrt" => sqrt(arithmetic, x),
        "cbrt" => cbrt(arithmetic, x),
        "sin" | "cos" | "tan" => circular(arithmetic, name, x),
        "asin" | "acos" => inverse_circular(arithmetic, name, x),
        "atan" => {
            let value = m.atan(bits, ROUND, &mut arithmetic.constants);
            arithmetic.called(value, x.radius)
        }
        "sinh" | "cosh" | "tanh" => hyperbolic(arithmetic, name, x),
        "asinh" => asinh(arithmetic, x),
        "acosh" => acosh(arithmetic, x),
        "abs" => Ok(Ball { middle: m.abs(), radius: x.radius }),
        "floor" => floor(arithmetic, x),
        "ceil" => Ok(floor(arithmetic, &x.negate())?.negate()),
        "round" => {
            let half = arithmetic.divide(&arithmetic.integer(1), &arithmetic.integer(2))?;
            let size = Ball { middle: m.abs(), radius: x.radius };
            let size = floor(arithmetic, &arithmetic.add(&size, &half)?)?;
            Ok(if x.is_negative() { size.negate() } else { size })
        }
        "erf" => error_function::erf(arithmetic, x),
        "erfc" => error_function::erfc(arithmetic, x),
        "gamma" => gamma::gamma(arithmetic, x),
        "lgamma" => gamma::lgamma(arithmetic, x),
        "digamma" => gamma::polygamma(arithmetic, 0, x),
        "exprel" => removable::exprel(arithmetic, 0, x),
        "bernoulli" => removable::bernoulli(arithmetic, 0, x),
        "langevin" => removable::langevin(arithmetic, 0, x),
        "sinc_sqrt" => removable::sinc_sqrt(arithmetic, 0, x),
        "sinc" => removable::sinc(arithmetic, 0, x),
        "erfcx" => normal::erfcx(arithmetic, 0, x),
        "ndtr" => normal::ndtr(arithmetic, x),
        "log_ndtr" => normal::log_ndtr(arithmetic, x),
        "log_erfc" => normal::log_erfc(arithmetic, x),
        "inverse_mills" => normal::inverse_mills(arithmetic, 0, x),
        _ => defined::call(arithmetic, name, &[x]),
    }
}

/// Calls a function of a constant order.
pub fn of_order(arithmetic: &mut Arithmetic, name: &str, order: u32, x: &Ball) -> Computed {
    match name {
        "polygamma" => gamma::polygamma(arithmetic, order, x),
        "exprel_derivative" => removable::exprel(arithmetic, order, x),
        "bernoulli_derivative" => removable::bernoulli(arithmetic, order, x),
        "langevin_derivative" => removable::langevin(arithmetic, order, x),
        "sinc_sqrt_derivative" => removable::sinc_sqrt(arithmetic, order, x),
        "sinc_derivative" => removable::sinc(arithmetic, order, x),
        "erfcx_derivative" => normal::erfcx(arithmetic, order, x),
        "inverse_mills_derivative" => normal::inverse_mills(arithmetic, order, x),
        _ => Err(Missing::Value),
    }
}

/// Calls a function with two arguments.
pub fn call2(arithmetic: &mut Arithmetic, name: &str, a: &Ball, b: &Ball) -> Computed {
    match name {
        "pow" => pow(arithmetic, a, b),
        "hypot" => {
            let squares = [arithmetic.multiply(a, a)?, arithmetic.multiply(b, b)?];
            let sum = arithmetic.add(&squares[0], &squares[1])?;
            sqrt(arithmetic, &sum)
        }
        "atan2" => angle(arithmetic, a, b),
        "max" | "min" => {
            let first = (a.middle >= b.middle) == (name == "max");
            let middle = if first { a.middle.clone() } else { b.middle.clone() };
            let radius = if a.radius < b.radius { b.radius } else { a.radius };
            Ok(Ball { middle, radius })
        }
        _ => defined::call(arithmetic, name, &[a, b]),
    }
}

fn one(arithmetic: &Arithmetic) -> BigFloat {
    arithmetic.integer(1).middle
}

/// Tells whether a number has more than so many bits before the point.
fn exceeds(value: &BigFloat, bits: i32) -> bool {
    value.exponent().is_none_or(|exponent| exponent > bits)
}

/// Returns the largest integer that is not above the numbers of a ball, if that is one.
fn floor(arithmetic: &Arithmetic, x: &Ball) -> Computed {
    let value = Ball { middle: x.middle.floor(), radius: Magnitude::ZERO };
    let rest = arithmetic.subtract(x, &value)?;
    let next = arithmetic.subtract(&arithmetic.integer(1), &rest)?;
    match (rest.sign(), next.sign()) {
        (Some(0 | 1), Some(1)) => Ok(value),
        _ => Err(Missing::Bits),
    }
}

/// Returns the exponential; it moves by the factor exp(r).
pub fn exp(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if exceeds(&x.middle, LARGEST_EXPONENT) {
        let is_tiny = x.least().is_some_and(|least| Magnitude::power_of_two(i64::from(LARGEST_EXPONENT)) < least);
        return match (x.is_negative(), is_tiny) {
            (true, true) => Ok(arithmetic.underflow()),
            (true, false) => Err(Missing::Bits),
            (false, _) => Err(Missing::Value),
        };
    }
    let growth = x.radius.exp_m1().ok_or(Missing::Bits)?;
    let mut value = x.middle.exp(arithmetic.bits, ROUND, &mut arithmetic.constants);
    mark_underflow(&mut value, false);
    let radius = Magnitude::of(&value).times(growth);
    arithmetic.called(value, radius)
}

/// Returns exp(x) − 1 = 2·exp(x/2)·sinh(x/2) [DLMF 4.35.5], which does not cancel near 0.
pub fn exp_m1(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if exceeds(&x.middle, 0) {
        let value = exp(arithmetic, x)?;
        return arithmetic.subtract(&value, &arithmetic.integer(1));
    }
    let half = arithmetic.divide(x, &arithmetic.integer(2))?;
    let (exponential, sine) = (exp(arithmetic, &half)?, hyperbolic(arithmetic, "sinh", &half)?);
    let product = arithmetic.multiply(&exponential, &sine)?;
    arithmetic.scale(2, &product)
}

/// Returns the natural logarithm, whose derivative is at most 1/(m − r).
pub fn ln(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    match x.sign() {
        Some(1) => {}
        Some(_) => return Err(Missing::Value),
        None => return Err(Missing::Bits),
    }
    let least = x.least().ok_or(Missing::Bits)?;
    let value = x.middle.ln(arithmetic.bits, ROUND, &mut arithmetic.constants);
    arithmetic.called(value, x.radius.over(least))
}

/// Returns ln(1 + x) = 2·artanh(x/(2 + x)) near 0 [DLMF 4.37.24].
pub fn ln_1p(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if exceeds(&x.middle, -1) {
        let sum = arithmetic.add(&arithmetic.integer(1), x)?;
        return ln(arithmetic, &sum);
    }
    let below = arithmetic.add(&arithmetic.integer(2), x)?;
    let quotient = arithmetic.divide(x, &below)?;
    // |artanh′| ≤ 2 up to 1/2, and the quotient is not above 1/3.
    let radius = quotient.radius.times(Magnitude::power_of_two(1));
    if Magnitude::power_of_two(-3) < quotient.radius {
        return Err(Missing::Bits);
    }
    let value = quotient.middle.atanh(arithmetic.bits, ROUND, &mut arithmetic.constants);
    let value = arithmetic.called(value, radius)?;
    arithmetic.scale(2, &value)
}

fn logarithm(arithmetic: &mut Arithmetic, x: &Ball, base: i64) -> Computed {
    let base = arithmetic.integer(base);
    let (value, base) = (ln(arithmetic, x)?, ln(arithmetic, &base)?);
    arithmetic.divide(&value, &base)
}

/// Returns the square root: √m − √(m − r) ≤ r/√m; where 0 is within the radius, of what is not below 0.
pub fn sqrt(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if x.sign() == Some(-1) {
        return Err(Missing::Value);
    }
    if x.sign().is_none() {
        let radius = x.most().root();
        return Ok(Ball { middle: arithmetic.integer(0).middle, radius });
    }
    let value = x.middle.sqrt(arithmetic.bits, ROUND);
    let radius = match x.is_exact() {
        true => Magnitude::ZERO,
        false => x.radius.over(Magnitude::of(&value)),
    };
    arithmetic.called(value, radius)
}

/// Returns the cube root: |f′| = y/(3m) at the middle, and at most thrice that as far as m/2 away.
fn cbrt(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    let value = x.middle.cbrt(arithmetic.bits, ROUND);
    if x.is_exact() {
        return arithmetic.called(value, Magnitude::ZERO);
    }
    if x.size() < x.radius.times(Magnitude::power_of_two(1)) {
        return Err(Missing::Bits);
    }
    let radius = x.radius.times(Magnitude::of(&value)).over(x.size());
    arithmetic.called(value, radius)
}

/// Returns a sine or cosine, which move by at most r, or a tangent: |tan x − tan m| ≤ r/(|cos m|·(|cos m| − r)).
fn circular(arithmetic: &mut Arithmetic, name: &str, x: &Ball) -> Computed {
    let bits = arithmetic.bits;
    if exceeds(&x.middle, LONGEST_ANGLE) {
        return Err(Missing::Value);
    }
    let constants = &mut arithmetic.constants;
    match name {
        "sin" => {
            let value = x.middle.sin(bits, ROUND, constants);
            arithmetic.called(value, x.radius)
        }
        "cos" => {
            let value = x.middle.cos(bits, ROUND, constants);
            arithmetic.called(value, x.radius)
        }
        _ => {
            let value = x.middle.tan(bits, ROUND, constants);
            if x.is_exact() {
                return arithmetic.called(value, Magnitude::ZERO);
            }
            let size = Magnitude::of(&value);
            let secant = Magnitude::ONE.plus(size.times(size)).root();
            let cosine = Magnitude::ONE.over(secant);
            let least = cosine.minus(x.radius).ok_or(Missing::Bits)?;
            arithmetic.called(value, x.radius.times(secant).over(least))
        }
    }
}

/// Returns how far inside of a domain a number is that must be at least so large, or the number at the edge where that
/// is within the radius. `gap` is the number's distance from the edge.
fn inside(gap: &Ball) -> Result<Option<Magnitude>, Missing> {
    match gap.sign() {
        Some(-1) => Err(Missing::Value),
        Some(1) => Ok(gap.least()),
        _ => Ok(None),
    }
}

/// Returns an arcsine or arccosine: |f′| = 1/√(1 − x²) ≤ 1/√(1 − |x|), and near 1 a change by d moves them by at most
/// π/2·√d.
fn inverse_circular(arithmetic: &mut Arithmetic, name: &str, x: &Ball) -> Computed {
    let bits = arithmetic.bits;
    let unit = one(arithmetic);
    let size = Ball { middle: x.middle.abs(), radius: x.radius };
    let gap = inside(&arithmetic.subtract(&arithmetic.integer(1), &size)?)?;
    let mut m = x.middle.clone();
    if size.middle > unit {
        m = if x.is_negative() { unit.neg() } else { unit };
    }
    let constants = &mut arithmetic.constants;
    let value = if name == "asin" { m.asin(bits, ROUND, constants) } else { m.acos(bits, ROUND, constants) };
    let radius = match gap {
        _ if x.is_exact() => Magnitude::ZERO,
        Some(gap) => x.radius.over(gap.root()),
        None => x.radius.root().times(Magnitude::power_of_two(2)),
    };
    arithmetic.called(value, radius)
}

/// Returns an inverse hyperbolic sine, for large arguments by the logarithm [DLMF 4.37.16].
fn asinh(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    if exceeds(&x.middle, LARGEST_EXPONENT) {
        let size = Ball { middle: x.middle.abs(), radius: x.radius };
        let square = arithmetic.multiply(x, x)?;
        let root = arithmetic.add(&square, &arithmetic.integer(1))?;
        let root = sqrt(arithmetic, &root)?;
        let value = ln(arithmetic, &arithmetic.add(&size, &root)?)?;
        return Ok(if x.is_negative() { value.negate() } else { value });
    }
    let value = x.middle.asinh(arithmetic.bits, ROUND, &mut arithmetic.constants);
    arithmetic.called(value, x.radius)
}

/// Returns an inverse hyperbolic cosine: |f′| = 1/√(x² − 1) ≤ 1/√(x − 1), and near 1 a change by d moves it by at most
/// √(2d).
fn acosh(arithmetic: &mut Arithmetic, x: &Ball) -> Computed {
    // The two differ by less than 1/x² there.
    if exceeds(&x.middle, LARGEST_EXPONENT.max(arithmetic.bits as i32)) && !x.is_negative() {
        return asinh(arithmetic, x);
    }
    let unit = one(arithmetic);
    let gap = inside(&arithmetic.subtract(x, &arithmetic.integer(1))?)?;
    let m = if x.middle < unit { unit } else { x.middle.clone() };
    let value = m.acosh(arithmetic.bits, ROUND, &mut arithmetic.constants);
    let radius = match gap {
        _ if x.is_exact() => Magnitude::ZERO,
        Some(gap) => x.radius.over(gap.root()),
        None => x.radius.root().times(Magnitude::power_of_two(2)),
    };
    arithmetic.called(value, radius)
}

/// Returns a hyperbolic sine, cosine or tangent: the first two move by at most cosh(m)·(exp(r) − 1), the last by r.
fn hyperbolic(arithmetic: &mut Arithmetic, name: &str, x: &Ball) -> Computed {
    let bits = arithmetic.bits;
    if name == "tanh" {
        if let Some(least) = x.least().map(Magnitude::to_f64).filter(|least| *least > bits as f64) {
            return Ok(saturated(arithmetic, x.is_negative(), least));
        }
        let value = x.middle.tanh(bits, ROUND, &mut arithmetic.constants);
        return arithmetic.called(value, x.radius);
    }
    if exceeds(&x.middle, LARGEST_EXPONENT) {
        return Err(Missing::Value);
    }
    let growth = x.radius.exp_m1().ok_or(Missing::Bits)?;
    let constants = &mut arithmetic.constants;
    let value =
        if name == "sinh" { x.middle.sinh(bits, ROUND, constants) } else { x.middle.cosh(bits, ROUND, constants) };
    let radius = Magnitude::of(&value).plus(Magnitude::ONE).times(growth);
    arithmetic.called(value, radius)
}

/// Returns the hyperbolic tangent of a number that is at least so far from 0: it differs from ±1 by 2·exp(−2|x|) at most.
pub fn saturated(arithmetic: &Arithmetic, is_negative: bool, least: f64) -> Ball {
    let exponent = (2.0 * least * std::f64::consts::LOG2_E).min(1e12) as i64 - 1;
    let one = arithmetic.integer(if is_negative { -1 } else { 1 });
    Ball { radius: Magnitude::power_of_two(-exponent), ..one }
}

/// Returns a power: products for an exponent that is an integer, exp(b·ln(a)) for others.
fn pow(arithmetic: &mut Arithmetic, a: &Ball, b: &Ball) -> Computed {
    if b.is_exact() && b.middle.is_int() {
        let exponent = b.nearest();
        if exponent.abs() <= LARGEST_POWER as f64 {
            return power(arithmetic, a, exponent as i64);
        }
    }
    if a.is_zero() {
        return if b.sign() == Some(1) { Ok(arithmetic.integer(0)) } else { Err(Missing::Value) };
    }
    let logarithm = ln(arithmetic, a)?;
    let exponent = arithmetic.multiply(b, &logarithm)?;
    exp(arithmetic, &exponent)
}

fn power(arithmetic: &mut Arithmetic, base: &Ball, exponent: i64) -> Computed {
    let mut result = arithmetic.integer(1);
    let (mut square, mut rest) = (base.clone(), exponent.unsigned_abs());
    while rest > 0 {
        if rest & 1 == 1 {
            result = arithmetic.multiply(&result, &square)?;
        }
        rest >>= 1;
        if rest > 0 {
            square = arithmetic.multiply(&square, &square)?;
        }
    }
    if exponent < 0 { arithmetic.divide(&arithmetic.integer(1), &result) } else { Ok(result) }
}

/// Returns the angle of the point (x, y) by the arctangent of the smaller quotient [DLMF 4.23.3].
fn angle(arithmetic: &mut Arithmetic, y: &Ball, x: &Ball) -> Computed {
    if y.is_zero() && x.is_zero() {
        return Err(Missing::Value);
    }
    let pi = arithmetic.pi()?;
    if x.middle.abs() < y.middle.abs() {
        let quotient = arithmetic.divide(x, y)?;
        let rest = call(arithmetic, "atan", &quotient)?;
        let half = arithmetic.divide(&pi, &arithmetic.integer(2))?;
        let half = if y.is_negative() { half.negate() } else { half };
        return arithmetic.subtract(&half, &rest);
    }
    let quotient = arithmetic.divide(y, x)?;
    let angle = call(arithmetic, "atan", &quotient)?;
    match (x.is_negative(), y.sign()) {
        (false, _) => Ok(angle),
        (true, Some(0 | 1)) => arithmetic.add(&angle, &pi),
        (true, Some(_)) => arithmetic.subtract(&angle, &pi),
        (true, None) => Err(Missing::Bits),
    }
}
