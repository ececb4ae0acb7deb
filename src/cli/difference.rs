//! Numerical derivatives: differences at shrinking steps, extrapolated to step 0, from both sides or from one.

/// A numerical derivative with an estimate of its error.
#[derive(Clone, Copy)]
pub struct Estimate {
    pub value: f64,
    pub error: f64,
}

impl Estimate {
    /// Returns how large the error is beside the value, or beside a part of how steep the function may be expected to be;
    /// infinite where there is no value.
    fn relative_error(self, steepness: f64) -> f64 {
        match (self.value.is_finite(), self.error == 0.0) {
            (false, _) => f64::INFINITY,
            (_, true) => 0.0,
            _ => self.error / (self.value.abs() + 1e-3 * steepness),
        }
    }
}

/// How much smaller each step is than the one before.
const SHRINK: f64 = 1.4;
/// How many steps there are.
const STEPS: usize = 10;
/// The first steps that are tried, the largest one first: relative to the point, or to 0.1 where that is larger.
const FIRST: [f64; 4] = [1e-2, 1e-4, 1e-6, 1e-8];
/// Relative error with which no smaller steps are tried.
const SMALL_ERROR: f64 = 1e-9;

/// Estimates the derivative from both sides.
pub fn central(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> Estimate {
    let mut moved = point.to_vec();
    let difference = |step: f64| central_difference(&mut moved, point[input], input, step, &value);
    extrapolated(point[input], SHRINK * SHRINK, |step| size_around(point, input, step, &value), difference)
}

/// Returns how large the function is a step away, and how much it changes until there.
fn size_around(point: &[f64], input: usize, step: f64, value: &impl Fn(&[f64]) -> f64) -> [f64; 2] {
    let here = value(point);
    let mut moved = point.to_vec();
    let there = [-step, step].map(|step| {
        moved[input] = point[input] + step;
        value(&moved)
    });
    let largest = |sizes: [f64; 2]| sizes.into_iter().filter(|size| size.is_finite()).fold(0.0, f64::max);
    [largest(there.map(f64::abs)), largest(there.map(|there| (there - here).abs()))]
}

/// Computes the central difference at each of some steps.
pub fn at_steps(point: &[f64], input: usize, steps: &[f64], value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut moved = point.to_vec();
    steps.iter().map(|step| central_difference(&mut moved, point[input], input, *step, &value)).collect()
}

fn central_difference(moved: &mut [f64], at: f64, input: usize, step: f64, value: &impl Fn(&[f64]) -> f64) -> f64 {
    moved[input] = at + step;
    let above = value(moved);
    moved[input] = at - step;
    (above - value(moved)) / (2.0 * step)
}

/// The steps at which a function that jumps differs by the same from the middle of its neighbours: relative to the point,
/// or to 1 at 0.
const NEAR: [f64; 3] = [1e-3, 1e-5, 1e-7];

/// Tells whether the value at a point is another one than its neighbours approach.
pub fn jumps(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> bool {
    let here = value(point);
    let unit = if point[input] == 0.0 { 1.0 } else { point[input].abs() };
    let mut moved = point.to_vec();
    let sides = NEAR.map(|step| {
        [step, -step].map(|step| {
            moved[input] = point[input] + step * unit;
            value(&moved)
        })
    });
    let gaps = sides.map(|[above, below]| here - above.midpoint(below));
    let size = gaps[2].abs();
    let same = gaps.iter().all(|gap| (gap - gaps[2]).abs() <= 0.1 * size);
    let [above, below] = sides[2];
    same && size > 1e-3 * here.abs().max((above - below).abs()) && size > f64::MIN_POSITIVE
}

/// Estimates the derivative from the left and from the right.
pub fn one_sided(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> [Estimate; 2] {
    let here = value(point);
    [-1.0, 1.0].map(|side| {
        let mut moved = point.to_vec();
        let difference = |step| {
            moved[input] = point[input] + side * step;
            side * (value(&moved) - here) / step
        };
        extrapolated(point[input], SHRINK, |step| size_around(point, input, step, &value), difference)
    })
}

/// Extrapolates differences to step 0, with smaller steps where larger ones are not near enough; the steps are relative
/// to the point at last, which may be near 0.
fn extrapolated(
    at: f64,
    factor: f64,
    size_around: impl Fn(f64) -> [f64; 2],
    mut difference: impl FnMut(f64) -> f64,
) -> Estimate {
    let size = at.abs().max(0.1);
    let steepness = size_around(FIRST[0] * size)[0] / size;
    let mut best = Estimate { value: f64::NAN, error: f64::INFINITY };
    for first in FIRST.iter().map(|first| first * size).chain([FIRST[0] * at.abs()]).filter(|first| *first > 0.0) {
        let mut estimate = extrapolated_from(first, factor, &mut difference);
        // What rounding of points and values makes of a difference is no part of the extrapolation's own error.
        let [size, change] = size_around(first);
        let rounding = f64::EPSILON * (size + change / first * at.abs());
        estimate.error = estimate.error.max(rounding * SHRINK.powi(STEPS as i32) / first);
        if !best.value.is_finite() || estimate.relative_error(steepness) < best.relative_error(steepness) {
            best = estimate;
        }
        if best.relative_error(steepness) <= SMALL_ERROR {
            break;
        }
    }
    best
}

/// Extrapolates differences from a first step to step 0; their error falls with powers of `factor` (C. Ridders, Accurate
/// computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2), 1982).
fn extrapolated_from(mut step: f64, factor: f64, difference: &mut impl FnMut(f64) -> f64) -> Estimate {
    let mut above = vec![difference(step)];
    let mut best = Estimate { value: above[0], error: f64::INFINITY };
    for row in 1..STEPS {
        step /= SHRINK;
        let mut entries = vec![difference(step)];
        let mut power = factor;
        for column in 1..=row {
            let (left, before) = (entries[column - 1], above[column - 1]);
            let value = (left * power - before) / (power - 1.0);
            power *= factor;
            let error = (value - left).abs().max((value - before).abs());
            if error <= best.error {
                best = Estimate { value, error };
            }
            entries.push(value);
        }
        above = entries;
    }
    best
}
