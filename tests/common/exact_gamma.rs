//! The gamma function, its logarithm and the derivatives of that: moved to large numbers by their recurrences, where the
//! asymptotic series end below the working precision [DLMF 5.5.1, 5.5.2, 5.11.1, 5.11.2, 5.15.5, 5.15.8].

use super::{BITS, Exact, ROUND, Value, integer, is_positive};
use astro_float::BigFloat;

/// From where the series are taken: the terms of those fall until the 2πx-th.
const FAR: i64 = 160;
/// Terms of the series.
const TERMS: usize = 180;
/// Bits in which the tangent numbers are exact.
const EXACT_BITS: usize = 4096;

/// The first Bernoulli numbers of even order, by the tangent numbers (Brent and Harvey, Fast computation of Bernoulli,
/// tangent and secant numbers, 2013, algorithm TangentNumbers and equation 14).
fn bernoulli() -> Vec<BigFloat> {
    let whole = |n: usize| BigFloat::from_i64(n as i64, EXACT_BITS);
    let times = |a: &BigFloat, n: usize| a.mul(&whole(n), EXACT_BITS, ROUND);
    let mut tangent = vec![whole(1); TERMS + 1];
    for k in 2..=TERMS {
        tangent[k] = times(&tangent[k - 1], k - 1);
    }
    for k in 2..=TERMS {
        for j in k..=TERMS {
            tangent[j] = times(&tangent[j - 1], j - k).add(&times(&tangent[j], j - k + 2), EXACT_BITS, ROUND);
        }
    }
    let number = |k: usize| {
        let power = whole(4).powi(k, EXACT_BITS, ROUND);
        let below = power.mul(&power.sub(&whole(1), EXACT_BITS, ROUND), EXACT_BITS, ROUND);
        let size = times(&tangent[k], 2 * k).div(&below, BITS, ROUND);
        if k.is_multiple_of(2) { size.neg() } else { size }
    };
    (1..=TERMS).map(number).collect()
}

impl Exact {
    fn bernoulli(&mut self) -> Vec<BigFloat> {
        if self.bernoulli.is_empty() {
            self.bernoulli = bernoulli();
        }
        self.bernoulli.clone()
    }

    /// Lists x, x + 1, ... up to a number that is far out, which comes last. None at a pole.
    fn steps(&self, x: &BigFloat) -> Option<Vec<BigFloat>> {
        if !is_positive(x) && x.is_int() {
            return None;
        }
        let mut steps = vec![x.clone()];
        while let Some(last) = steps.last().filter(|last| **last < integer(FAR)) {
            steps.push(last.add(&integer(1), BITS, ROUND));
        }
        Some(steps)
    }

    /// ln(Γ) of the last of the steps, and what Γ of the first is less by, with its sign.
    fn parts(&mut self, x: &BigFloat) -> Option<(BigFloat, BigFloat)> {
        let steps = self.steps(x)?;
        let (far, before) = steps.split_last()?;
        let factor = before.iter().fold(integer(1), |product, step| product.mul(step, BITS, ROUND));
        let half = integer(1).div(&integer(2), BITS, ROUND);
        let pi = self.constants.pi(BITS, ROUND);
        let constant = pi.mul(&integer(2), BITS, ROUND).ln(BITS, ROUND, &mut self.constants).mul(&half, BITS, ROUND);
        let logarithm = far.ln(BITS, ROUND, &mut self.constants);
        let mut sum = far.sub(&half, BITS, ROUND).mul(&logarithm, BITS, ROUND).sub(far, BITS, ROUND);
        sum = sum.add(&constant, BITS, ROUND);
        let square = far.mul(far, BITS, ROUND);
        let mut power = far.clone();
        for (k, number) in (1_i64..).zip(self.bernoulli()) {
            let below = power.mul(&integer(2 * k * (2 * k - 1)), BITS, ROUND);
            sum = sum.add(&number.div(&below, BITS, ROUND), BITS, ROUND);
            power = power.mul(&square, BITS, ROUND);
        }
        Some((sum, factor))
    }

    /// Γ(x).
    pub(super) fn gamma(&mut self, x: &BigFloat) -> Value {
        let (logarithm, factor) = self.parts(x)?;
        Some(logarithm.exp(BITS, ROUND, &mut self.constants).div(&factor, BITS, ROUND))
    }

    /// ln|Γ(x)|.
    pub(super) fn lgamma(&mut self, x: &BigFloat) -> Value {
        let (logarithm, factor) = self.parts(x)?;
        Some(logarithm.sub(&factor.abs().ln(BITS, ROUND, &mut self.constants), BITS, ROUND))
    }

    /// The derivative of ψ of an order: (−1)ⁿ⁺¹·((n − 1)!/zⁿ + n!/(2·zⁿ⁺¹) + Σ B(2k)·(2k + n − 1)!/((2k)!·z²ᵏ⁺ⁿ)) far out,
    /// with −ln(z) for the first term where n is 0, less (−1)ⁿ·n!/(x + j)ⁿ⁺¹ for each step.
    pub(super) fn polygamma(&mut self, order: u32, x: &BigFloat) -> Value {
        let n = order as usize;
        let steps = self.steps(x)?;
        let (far, before) = steps.split_last()?;
        let times = |a: &BigFloat, b: &BigFloat| a.mul(b, BITS, ROUND);
        let quotient = |a: &BigFloat, b: &BigFloat| a.div(b, BITS, ROUND);
        let factorial = |m: usize| (1..=m as i64).fold(integer(1), |product, k| times(&product, &integer(k)));
        let first = match n {
            0 => far.ln(BITS, ROUND, &mut self.constants).neg(),
            _ => quotient(&factorial(n - 1), &far.powi(n, BITS, ROUND)),
        };
        let second = quotient(&factorial(n), &times(&integer(2), &far.powi(n + 1, BITS, ROUND)));
        let mut sum = first.add(&second, BITS, ROUND);
        let square = times(far, far);
        // (2k + n − 1)!/((2k)!·z²ᵏ⁺ⁿ), from one term to the next.
        let mut rest = quotient(&factorial(n + 1), &times(&integer(2), &far.powi(n + 2, BITS, ROUND)));
        for (k, number) in (1_i64..).zip(self.bernoulli()) {
            sum = sum.add(&times(&number, &rest), BITS, ROUND);
            let (above, below) = (2 * k + i64::from(order), (2 * k + 1) * (2 * k + 2));
            rest = quotient(&times(&rest, &integer(above * (above + 1))), &times(&square, &integer(below)));
        }
        for step in before {
            sum = sum.add(&quotient(&factorial(n), &step.powi(n + 1, BITS, ROUND)), BITS, ROUND);
        }
        Some(if order.is_multiple_of(2) { sum.neg() } else { sum })
    }
}
