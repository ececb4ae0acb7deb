/// Below this argument, `1 / x` may overflow.
const BETA_SMALLEST: f64 = 1e-300;

use super::gamma::{
    GAMMA_HALF_LN_2_PI_E, GAMMA_STIRLING, GAMMA_STIRLING_START, gamma, gamma_horner, gamma_sum, lgamma,
};
use super::polygamma::{POLYGAMMA_DIGAMMA_SERIES, digamma};

/// Returns `ln Gamma(x) - (x - 1/2) ln x + x - ln(2 pi) / 2` for `x >= 10.5` (DLMF 5.11.1).
fn beta_correction(x: f64) -> f64 {
    gamma_horner(&GAMMA_STIRLING, 1.0 / (x * x)) / x
}

/// Returns the beta function, `Gamma(a) Gamma(b) / Gamma(a + b)` (DLMF 5.12.1).
///
/// The domain is `a > 0` and `b > 0`; all else gives NaN. The methods are the quotient for small arguments, and the
/// exponential of `lbeta` for others, whose relative error grows with the logarithm.
pub fn beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if !(small > 0.0 && large > 0.0) {
        f64::NAN
    } else if large < GAMMA_STIRLING_START {
        // The gamma function of the sum as it is before it is rounded; its logarithm has the slope ln(x) - 1/(2x), nearly.
        let (total, rounded) = gamma_sum(small, large);
        let slope = total.ln() - 0.5 / total;
        gamma(small) / gamma(total) * gamma(large) * (1.0 - rounded * slope)
    } else {
        lbeta(a, b).exp()
    }
}

/// Returns the logarithm of the beta function (DLMF 5.12.1).
///
/// The domain is `a > 0` and `b > 0`; all else gives NaN. The methods are the logarithm of the quotient for small
/// arguments, and differences of the Stirling series DLMF 5.11.1, taken term by term, for others, so that nothing large
/// cancels. Near the zeros, where the beta function is 1, the absolute error is that of a number of size 1.
pub fn lbeta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if !(small > 0.0 && large > 0.0) {
        return f64::NAN;
    }
    if large == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    let ratio = small / large;
    let total = small + large;
    if small >= GAMMA_STIRLING_START {
        let corrections = beta_correction(small) + (beta_correction(large) - beta_correction(total));
        let constant = (GAMMA_HALF_LN_2_PI_E + 0.5) + corrections - 0.5 * large.ln();
        let share = ratio.ln() - ratio.ln_1p();
        constant + (small - 0.5) * share - large * ratio.ln_1p()
    } else if large >= GAMMA_STIRLING_START {
        let corrections = beta_correction(large) - beta_correction(total);
        let rest = small - (large - 0.5) * ratio.ln_1p();
        lgamma(small) + ((rest + corrections) - small * total.ln())
    } else if small > BETA_SMALLEST {
        beta(a, b).ln()
    } else {
        lgamma(small) + (lgamma(large) - lgamma(total))
    }
}

/// Returns `digamma(a + b) - digamma(a)`.
///
/// The domain is that of the two values. Where both arguments of `digamma` are positive, the methods are the recurrence
/// DLMF 5.5.2 and the difference of the asymptotic series DLMF 5.11.2, taken term by term, of which no two have opposite
/// signs but for the last small ones; elsewhere, the difference of the values.
pub fn digamma_difference(a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (a, a + b);
    if !(low > 0.0 && high > 0.0 && low < f64::INFINITY && high < f64::INFINITY) {
        return digamma(high) - digamma(low);
    }
    let mut sum = 0.0;
    while low < 10.0 || high < 10.0 {
        sum += b / high / low;
        low += 1.0;
        high += 1.0;
    }
    let ratio = b / low;
    let logarithm = if ratio > -0.5 { ratio.ln_1p() } else { (high / low).ln() };
    // x^k - y^k = (x - y) (x^(k - 1) + x^(k - 2) y + ... + y^(k - 1)), of the squares of the reciprocals.
    let (x, y) = (1.0 / low / low, 1.0 / high / high);
    let difference = (low + high) / high * (ratio / high) / low;
    let (mut series, mut powers, mut power) = (0.0, 1.0, 1.0);
    for coefficient in POLYGAMMA_DIGAMMA_SERIES {
        series += coefficient * powers;
        power *= y;
        powers = x * powers + power;
    }
    sum + (logarithm + 0.5 * ratio / high + difference * series)
}
