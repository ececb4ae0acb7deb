//! Double precision with a running error bound.
//!
//! Running error analysis as in Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.3, with
//! the rounding errors of sums and products computed (Knuth's TwoSum, and a fused multiply-add) instead of bounded.

use super::point::Coordinate;
use crate::functions::{Code, FunctionId};
use crate::graph::Rational;
use crate::tape::{Operation, Slot, Tape};

/// The unit roundoff.
const UNIT: f64 = f64::EPSILON / 2.0;
/// What covers the rounding of the bounds themselves.
const OUTWARD: f64 = 1.0 + 1e-10;
/// What an operation that underflows may lose.
const UNDERFLOW: f64 = 5e-324;

/// A double, and a bound of its distance from the exact number; NaN where nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// What [`Tape::evaluate`] computes.
    pub value: f64,
    /// The bound.
    pub error: f64,
}

impl Estimate {
    /// Tells whether nothing has overflowed on the way.
    pub fn is_known(self) -> bool {
        self.value.is_finite() && !self.error.is_nan()
    }

    /// Tells whether the value is the double that is nearest to the exact number: half the distance to the next double
    /// towards 0 is not less than the error.
    pub fn is_nearest(self) -> bool {
        let size = self.value.abs();
        self.error.is_finite() && self.error * OUTWARD <= (size - size.next_down()) / 2.0
    }
}

/// Evaluates all operations of a tape, each with the bits that [`Tape::evaluate`] gives it.
pub fn estimates(tape: &Tape, inputs: &[Coordinate]) -> Vec<Estimate> {
    let doubles: Vec<f64> = inputs.iter().map(Coordinate::value).collect();
    let values = tape.values(&doubles);
    let mut estimates: Vec<Estimate> = Vec::with_capacity(values.len());
    for (operation, value) in tape.operations.iter().zip(values) {
        let error = match operation {
            Operation::Input(input) if is_rounded(inputs, *input) => UNIT * value.abs() + UNDERFLOW,
            operation => {
                let error = error(operation, value, |slot| estimates[slot.index()]);
                let mut is_exact = true;
                operation.for_each_operand(|slot| is_exact &= estimates[slot.index()].error == 0.0);
                // A bound that underflows would say that there is no error.
                if error < f64::MIN_POSITIVE && !is_exact { error + 4.0 * UNDERFLOW } else { error }
            }
        };
        estimates.push(Estimate { value, error });
    }
    estimates
}

/// Bounds the error of an operation from those of its operands.
fn error(operation: &Operation, value: f64, operand: impl Fn(Slot) -> Estimate) -> f64 {
    use Operation::*;
    let unit = UNIT * value.abs();
    match operation {
        Number(number) => {
            if is_double(number) {
                0.0
            } else {
                unit + UNDERFLOW
            }
        }
        Constant(_) => unit,
        Input(_) => 0.0,
        Compare(_, a, b) => {
            if operand(*a).is_known() && operand(*b).is_known() {
                0.0
            } else {
                f64::NAN
            }
        }
        And(a, b) | Or(a, b) => operand(*a).error + operand(*b).error,
        Add(a, b) => {
            let (a, b) = (operand(*a), operand(*b));
            a.error + b.error + sum_error(a.value, b.value, value)
        }
        Subtract(a, b) => {
            let (a, b) = (operand(*a), operand(*b));
            a.error + b.error + sum_error(a.value, -b.value, value)
        }
        Multiply(a, b) => {
            let (a, b) = (operand(*a), operand(*b));
            let own = a.value.mul_add(b.value, -value).abs() + underflow(value, a.value != 0.0 && b.value != 0.0);
            own + a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error
        }
        Divide(a, b) => {
            let (a, b) = (operand(*a), operand(*b));
            let least = b.value.abs() - b.error;
            if least <= 0.0 {
                return f64::INFINITY;
            }
            let own = value.mul_add(b.value, -a.value).abs();
            (own + a.error + value.abs() * b.error) / least + underflow(value, a.value != 0.0)
        }
        Negate(a) | Not(a) => operand(*a).error,
        Call(function, a) => {
            let a = operand(*a);
            moved(function.row().name, a.value, a.error, value) + own_error(*function, a.value, value)
        }
        Call2(function, a, b) => {
            let (a, b) = (operand(*a), operand(*b));
            moved2(*function, a, b, value)
        }
        OfOrder(function, ..) if function.row().name != "polygamma" => f64::INFINITY,
        OfOrder(_, order, a) => {
            let a = operand(*a);
            // |ψ⁽ⁿ⁺¹⁾| ≤ (n + 1)·|ψ⁽ⁿ⁾|/x for x > 0 and n > 0, as Σ 1/(x + k)ⁿ⁺² ≤ Σ 1/(x + k)ⁿ⁺¹/x.
            match *order > 0 && a.value - a.error > 0.0 {
                true => f64::from(order + 1) * value.abs() * (a.error / (a.value - a.error)) + 16.0 * unit,
                false => f64::INFINITY,
            }
        }
        Select(c, a, b) => operand(*c).error + operand(if operand(*c).value != 0.0 { *a } else { *b }).error,
    }
}

fn is_rounded(inputs: &[Coordinate], input: u32) -> bool {
    inputs.get(input as usize).is_some_and(|coordinate| coordinate.definition().is_some())
}

/// Tells whether a number is a double as it stands.
pub fn is_double(number: &Rational) -> bool {
    let fits = |n: i64, d: i64| n.unsigned_abs() < 1 << 53 && d.unsigned_abs().is_power_of_two();
    number.to_fraction().is_some_and(|(numerator, denominator)| fits(numerator, denominator))
}

fn underflow(value: f64, is_nonzero: bool) -> f64 {
    if is_nonzero && value.abs() < f64::MIN_POSITIVE * 2.0 / UNIT { UNDERFLOW } else { 0.0 }
}

/// Returns the rounding error of a sum (Knuth's TwoSum).
fn sum_error(a: f64, b: f64, sum: f64) -> f64 {
    let part = sum - a;
    ((a - (sum - part)) + (b - part)).abs()
}

/// Bounds how far a function of one argument moves where the argument has an error.
fn moved(name: &str, x: f64, error: f64, y: f64) -> f64 {
    // Integers are those of double precision, unless nothing is known.
    if error == 0.0 || matches!(name, "floor" | "ceil" | "round") && !error.is_nan() {
        return 0.0;
    }
    let least = |size: f64| (size - error).max(0.0);
    match name {
        "exp" => (y.abs() + UNDERFLOW) * error.exp_m1(),
        "exp_m1" => (1.0 + y) * error.exp_m1(),
        "ln" => error / least(x),
        "ln_1p" => error / least(1.0 + x),
        "log2" => std::f64::consts::LOG2_E * error / least(x),
        "log10" => std::f64::consts::LOG10_E * error / least(x),
        "sqrt" if least(x) > 0.0 => error / y,
        "cbrt" if x.abs() > 2.0 * error => error * (y / x).abs(),
        "sin" => error * (x.cos().abs() + error),
        "cos" => error * (x.sin().abs() + error),
        "tan" => {
            let cosine = x.cos().abs();
            error / (cosine * (cosine - error).max(0.0))
        }
        "asin" | "acos" => error / (least(1.0 - x.abs()) * (1.0 + x.abs())).sqrt(),
        "atan" => error / (1.0 + (x.abs() - error).max(0.0).powi(2)),
        "sinh" => (1.0 + y.abs()) * error.exp_m1(),
        "cosh" => y * error.exp_m1(),
        "tanh" => error * (1.0 - y * y + 2.0 * error + UNIT),
        "asinh" => error / (1.0 + (x.abs() - error).max(0.0).powi(2)).sqrt(),
        "acosh" => error / (least(x - 1.0) * (x + 1.0)).sqrt(),
        "abs" => error,
        "erf" | "erfc" => {
            let nearest = (x.abs() - error).max(0.0);
            std::f64::consts::FRAC_2_SQRT_PI * error * (-nearest * nearest).exp()
        }
        // |ψ| ≤ |ln x| + 1/x for x > 0, and ψ′ ≤ 1/x + 1/x².
        "lgamma" | "gamma" | "digamma" => {
            let x = least(x);
            let psi = x.ln().abs() + error / x + 1.0 / x;
            match name {
                "lgamma" => error * psi,
                "gamma" => (y.abs() + UNDERFLOW) * (error * psi).exp_m1(),
                _ => error * (1.0 / x + 1.0 / (x * x)),
            }
        }
        _ => f64::INFINITY,
    }
}

/// Bounds the error that the function's own code makes; nothing is known of a special function that is not listed.
fn own_error(function: FunctionId, x: f64, y: f64) -> f64 {
    let ulps = |count: f64| 2.0 * count * UNIT * y.abs();
    match function.row().name {
        "abs" | "floor" | "ceil" | "round" => 0.0,
        _ if y.abs() < f64::MIN_POSITIVE => UNDERFLOW,
        "sqrt" => 0.5 * ulps(1.0),
        // The logarithm of a rounded sum.
        "acosh" => ulps(1.0) + 8.0 * UNIT,
        "asinh" => ulps(4.0),
        "gamma" => ulps(7.0),
        "lgamma" | "digamma" if x > 0.0 => ulps(4.0),
        "lgamma" | "digamma" => 3e-15 * y.abs().max(1.0),
        "erf" | "erfc" => ulps(2.5),
        "exprel" | "bernoulli" | "langevin" | "sinc" | "sinc_sqrt" | "erfcx" | "ndtr" | "log_ndtr" | "log_erfc"
        | "inverse_mills" => ulps(4.0),
        _ if matches!(function.row().code, Code::Special(..)) => f64::INFINITY,
        _ => ulps(1.0),
    }
}

/// Bounds the error of a function of two arguments.
fn moved2(function: FunctionId, a: Estimate, b: Estimate, y: f64) -> f64 {
    let own = 2.0 * UNIT * y.abs() + UNDERFLOW;
    match function.row().name {
        "pow" => {
            if a.error == 0.0 && b.error == 0.0 {
                return own;
            }
            let least = a.value.abs() - a.error;
            if least <= 0.0 {
                return f64::INFINITY;
            }
            let exponent = (b.value.abs() + b.error) * a.error / least + b.error * (a.value.abs().ln().abs());
            (y.abs() + UNDERFLOW) * exponent.exp_m1() + own
        }
        "hypot" => a.error + b.error + own,
        "atan2" => {
            let least = a.value.hypot(b.value) - a.error - b.error;
            if least > 0.0 { (a.error + b.error) / least + own } else { f64::INFINITY }
        }
        "max" | "min" => a.error + b.error,
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::rows;

    #[test]
    fn a_bound_that_underflows_is_not_0() {
        let (power, small, large) = (Slot(2), Slot(3), Slot(0));
        let operations = vec![
            Operation::Input(0),
            Operation::Input(1),
            Operation::Call2(rows::POW, Slot(0), Slot(1)),
            Operation::Input(2),
            Operation::Multiply(small, power),
            Operation::Multiply(large, Slot(4)),
            Operation::Multiply(large, Slot(5)),
        ];
        let tape = Tape { operations, outputs: vec![Slot(6)] };
        let found = estimates(&tape, &[1e170, -2.0, 0.001].map(Coordinate::from))[6];
        assert!((found.value - 0.001).abs() <= found.error && !found.is_nearest(), "{found:?}");
    }
}
