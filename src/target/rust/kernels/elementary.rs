/// 1.5*2^52: a number of moderate size plus this is rounded to an integer, which is in its last bits.
const ROUND: f64 = 6755399441055744.0;

/// ln(2) to 32 bits, so that small multiples of it are exact.
const LN_2_HIGH: f64 = 6.93147180369123816490e-01;

/// ln(2) without its first 32 bits.
const LN_2_LOW: f64 = 1.90821492927058770002e-10;

/// 2^k for an integer k between -1023 and 1023, given as k + 1.5*2^52.
#[inline(always)]
fn power_of_two(shifted: f64) -> f64 {
    f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()))
}

/// The integer k nearest to x/ln(2), r = x - k*ln(2), and exp(r) - 1 (Muller, Elementary Functions, 2016, sections 6.2
/// and 11.1), where x is brought to where exp is an ordinary number or overflows.
#[inline(always)]
fn reduced_exp(x: f64) -> (f64, f64) {
    let x = if x > 711.0 { 711.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let k = x.mul_add(::core::f64::consts::LOG2_E, ROUND) - ROUND;
    let r = (-k).mul_add(LN_2_LOW, (-k).mul_add(LN_2_HIGH, x));
    let s = r * r;
    let a = s.mul_add(r.mul_add(1.0 / 120.0, 1.0 / 24.0), r.mul_add(1.0 / 6.0, 0.5));
    let b = s.mul_add(r.mul_add(1.0 / 362880.0, 1.0 / 40320.0), r.mul_add(1.0 / 5040.0, 1.0 / 720.0));
    let c = s.mul_add(r.mul_add(1.0 / 6227020800.0, 1.0 / 479001600.0), r.mul_add(1.0 / 39916800.0, 1.0 / 3628800.0));
    let f = s * s;
    (k, s.mul_add(f.mul_add(f.mul_add(c, b), a), r))
}

/// 2^k in two factors, each of which is an ordinary number.
#[inline(always)]
fn scales(k: f64) -> (f64, f64) {
    let half = k * 0.5 + ROUND;
    (power_of_two(half), power_of_two(k - (half - ROUND) + ROUND))
}

/// e^x; without a branch if `FMA`, so that loops are vectorized.
#[inline(always)]
pub fn exp<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.exp();
    }
    let (k, p) = reduced_exp(x);
    let (first, second) = scales(k);
    (1.0 + p) * first * second
}

/// e^x - 1; without a branch if `FMA`.
#[inline(always)]
pub fn exp_m1<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.exp_m1();
    }
    let (k, p) = reduced_exp(x);
    let (first, second) = scales(k);
    let scale = first * second;
    let y = if k > 1022.0 { (p + 1.0) * first * second } else { scale.mul_add(p, scale - 1.0) };
    let small = if x == 0.0 { x } else { p };
    if k == 0.0 { small } else { y }
}

/// x = 2^k*(1 + f) with 1 + f between 1/sqrt(2) and sqrt(2), for an ordinary x above 0, and 2^-k.
#[inline(always)]
fn parts(x: f64) -> (f64, f64, f64) {
    const BELOW: u64 = ::core::f64::consts::FRAC_1_SQRT_2.to_bits();
    let bits = x.to_bits().wrapping_add(1.0_f64.to_bits() - BELOW);
    let exponent = bits >> 52;
    let k = f64::from_bits(exponent | 4503599627370496.0_f64.to_bits()) - 4503599627371519.0;
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(BELOW)) - 1.0;
    (k, f, f64::from_bits(2046_u64.wrapping_sub(exponent) << 52))
}

/// k*ln(2) + ln(1 + f), the latter by f/(2 + f) (Muller, Elementary Functions, 2016, section 6.3; the coefficients are
/// those of Sun's fdlibm).
#[inline(always)]
fn logarithm(k: f64, f: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w.mul_add(1.531383769920937332e-01, 2.222219843214978396e-01).mul_add(w, 3.999999999940941908e-01) * w;
    let odd = w.mul_add(1.479819860510658591e-01, 1.818357216161805012e-01).mul_add(w, 2.857142874366239149e-01);
    let series = odd.mul_add(w, 6.666666666666735130e-01).mul_add(z, even);
    let h = 0.5 * f * f;
    let low = s.mul_add(h + series, k * LN_2_LOW);
    k.mul_add(LN_2_HIGH, f - (h - low))
}

/// `y`, which is ln(x), or what that is where x is not an ordinary number above 0.
#[inline(always)]
fn at_edges(x: f64, y: f64) -> f64 {
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    let y = if x < 0.0 || x.is_nan() { f64::NAN } else { y };
    if x == f64::INFINITY { x } else { y }
}

/// ln(x); without a branch if `FMA`.
#[inline(always)]
pub fn ln<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.ln();
    }
    let tiny = x < f64::MIN_POSITIVE;
    let (k, f, _) = parts(if tiny { x * 18014398509481984.0 } else { x });
    at_edges(x, logarithm(if tiny { k - 54.0 } else { k }, f))
}

/// ln(1 + x); without a branch if `FMA`: f has what 1 + x loses.
#[inline(always)]
pub fn ln_1p<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.ln_1p();
    }
    let u = 1.0 + x;
    let (k, f, scale) = parts(u);
    let lost = x - (u - 1.0);
    let f = if lost == 0.0 { f } else { lost.mul_add(scale, f) };
    let y = at_edges(u, logarithm(k, f));
    if x == 0.0 { x } else { y }
}

/// ln(1 + x) for an x between 0 and 1; without a branch if `FMA`.
#[inline(always)]
pub fn ln_1p_of_fraction<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.ln_1p();
    }
    let large = x > ::core::f64::consts::SQRT_2 - 1.0;
    logarithm(if large { 1.0 } else { 0.0 }, if large { 0.5 * (x - 1.0) } else { x })
}

/// tanh(x); without a branch if `FMA`.
#[inline(always)]
pub fn tanh<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.tanh();
    }
    let t = exp_m1::<FMA>(2.0 * x.abs());
    let large = x.abs() > 0.5;
    let quotient = (if large { 2.0 } else { t }) / (t + 2.0);
    (if large { 1.0 - quotient } else { quotient }).copysign(x)
}

/// exp(|x|)/2
#[inline(always)]
fn half_exp(x: f64) -> f64 {
    let (k, p) = reduced_exp(x.abs());
    let (first, second) = scales(k - 1.0);
    (1.0 + p) * first * second
}

/// cosh(x); without a branch if `FMA`.
#[inline(always)]
pub fn cosh<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.cosh();
    }
    let half = half_exp(x);
    half + 0.25 / half
}

/// sinh(x); without a branch if `FMA`.
#[inline(always)]
pub fn sinh<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.sinh();
    }
    let t = exp_m1::<FMA>(x.abs());
    let y = if x.abs() > 22.0 { half_exp(x) } else { 0.5 * (t + t / (t + 1.0)) };
    y.copysign(x)
}
