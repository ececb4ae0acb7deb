/// The second 53 bits of pi/2.
const HALF_PI_MIDDLE: f64 = 6.123233995736766e-17;

/// The third 53 bits of pi/2.
const HALF_PI_LOW: f64 = -1.4973849048591698e-33;

/// The largest argument, 2^30, that is reduced here; the library is right for all.
const LARGEST_REDUCED: f64 = 1073741824.0;

/// The integer k nearest to x/(pi/2) plus 1.5*2^52, and x - k*pi/2 as a number and what it lacks, up to `LARGEST_REDUCED`
/// (Cody and Waite, Software Manual for the Elementary Functions, 1980; Boldo, Daumas and Li, Formally Verified Argument
/// Reduction with a Fused Multiply-Add, 2009).
#[inline(always)]
fn reduced_by_half_pi(x: f64) -> (f64, f64, f64) {
    let shifted = x.mul_add(::core::f64::consts::FRAC_2_PI, ROUND);
    let k = shifted - ROUND;
    // Exact: a multiple of 2^-53 below 1.
    let first = (-k).mul_add(::core::f64::consts::FRAC_PI_2, x);
    let product = k * HALF_PI_MIDDLE;
    let rest = k.mul_add(HALF_PI_LOW, k.mul_add(HALF_PI_MIDDLE, -product));
    let high = first - product;
    (shifted, high, ((first - high) - product) - rest)
}

/// sin(x + y) up to pi/4, where y is what x lacks (the coefficients are those of Sun's fdlibm).
#[inline(always)]
fn short_sine(x: f64, y: f64) -> f64 {
    let z = x * x;
    let cube = z * x;
    let a = z.mul_add(1.58969099521155010221e-10, -2.50507602534068634195e-08);
    let b = z.mul_add(a, 2.75573137070700676789e-06);
    let c = z.mul_add(b, -1.98412698298579493134e-04);
    let d = z.mul_add(c, 8.33333333332248946124e-03);
    x - cube.mul_add(1.66666666666666324348e-01, z.mul_add((-cube).mul_add(d, 0.5 * y), -y))
}

/// cos(x + y) up to pi/4, where y is what x lacks (the coefficients are those of Sun's fdlibm).
#[inline(always)]
fn short_cosine(x: f64, y: f64) -> f64 {
    let z = x * x;
    let a = z.mul_add(-1.13596475577881948265e-11, 2.08757232129817482790e-09);
    let b = z.mul_add(a, -2.75573143513906633035e-07);
    let c = z.mul_add(b, 2.48015872894767294178e-05);
    let d = z.mul_add(c, -1.38888888888741095749e-03);
    let e = z.mul_add(d, 4.16666666666666019037e-02);
    let w = z.mul_add(-0.5, 1.0);
    w + (z.mul_add(-0.5, 1.0 - w) + z.mul_add(z * e, -(x * y)))
}

/// `first` in an even quarter of the circle, else `second`, with the sign that it has there.
#[inline(always)]
fn in_quarter(quarter: u64, first: f64, second: f64) -> f64 {
    let value = if quarter & 1 == 0 { first } else { second };
    f64::from_bits(value.to_bits() ^ (quarter >> 1 << 63))
}

/// Sine and cosine up to `LARGEST_REDUCED`, without a branch.
#[inline(always)]
fn sine_and_cosine(x: f64) -> (f64, f64) {
    let (shifted, high, low) = reduced_by_half_pi(x);
    let quarter = shifted.to_bits();
    let (sine, cosine) = (short_sine(high, low), short_cosine(high, low));
    (in_quarter(quarter, sine, cosine), in_quarter(quarter.wrapping_add(1), sine, cosine))
}

/// Tells whether an argument is reduced here: it is not too large, and a number.
#[inline(always)]
fn is_reduced(x: f64) -> bool {
    x.abs() <= LARGEST_REDUCED
}

/// sin(x)
#[inline(always)]
pub fn sin<const FMA: bool>(x: f64) -> f64 {
    if !FMA || !is_reduced(x) {
        return x.sin();
    }
    sine_and_cosine(x).0
}

/// cos(x)
#[inline(always)]
pub fn cos<const FMA: bool>(x: f64) -> f64 {
    if !FMA || !is_reduced(x) {
        return x.cos();
    }
    sine_and_cosine(x).1
}

/// Takes from the library what a loop without a branch can't compute.
#[cold]
#[inline(never)]
fn replace_others(x: &[f64], y: &mut [f64], function: fn(f64) -> f64) {
    for (x, y) in x.iter().zip(y) {
        if !is_reduced(*x) {
            *y = function(*x);
        }
    }
}

/// The sines of a block of numbers.
#[inline(always)]
pub fn sines<const FMA: bool>(x: &[f64], y: &mut [f64]) {
    let mut are_reduced = true;
    for (x, y) in x.iter().zip(y.iter_mut()) {
        are_reduced &= is_reduced(*x);
        *y = if FMA { sine_and_cosine(*x).0 } else { x.sin() };
    }
    if FMA && !are_reduced {
        replace_others(x, y, |x| x.sin());
    }
}

/// The cosines of a block of numbers.
#[inline(always)]
pub fn cosines<const FMA: bool>(x: &[f64], y: &mut [f64]) {
    let mut are_reduced = true;
    for (x, y) in x.iter().zip(y.iter_mut()) {
        are_reduced &= is_reduced(*x);
        *y = if FMA { sine_and_cosine(*x).1 } else { x.cos() };
    }
    if FMA && !are_reduced {
        replace_others(x, y, |x| x.cos());
    }
}

/// Takes from the library both of what a loop without a branch can't compute.
#[cold]
#[inline(never)]
fn replace_other_pairs(x: &[f64], sine: &mut [f64], cosine: &mut [f64]) {
    for ((x, sine), cosine) in x.iter().zip(sine).zip(cosine) {
        if !is_reduced(*x) {
            (*sine, *cosine) = x.sin_cos();
        }
    }
}

/// The sine and the cosine of each number of a block.
#[inline(always)]
pub fn sines_and_cosines<const FMA: bool>(x: &[f64], sine: &mut [f64], cosine: &mut [f64]) {
    let mut are_reduced = true;
    for ((x, sine), cosine) in x.iter().zip(sine.iter_mut()).zip(cosine.iter_mut()) {
        are_reduced &= is_reduced(*x);
        (*sine, *cosine) = if FMA { sine_and_cosine(*x) } else { x.sin_cos() };
    }
    if FMA && !are_reduced {
        replace_other_pairs(x, sine, cosine);
    }
}
