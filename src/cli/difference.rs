//! Numerical derivatives: differences at shrinking steps, extrapolated to step 0, from both sides or from one.

/// A numerical derivative with an estimate of its error.
#[derive(Clone, Copy)]
pub struct Estimate {
    pub value: f64,
    pub error: f64,
}

/// How much smaller each step is than the one before.
const SHRINK: f64 = 1.4;
/// How many steps there are.
const STEPS: usize = 10;

/// Estimates the derivative from both sides.
pub fn central(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> Estimate {
    let mut moved = point.to_vec();
    let difference = |step: f64| central_difference(&mut moved, point[input], input, step, &value);
    extrapolated(point[input], SHRINK * SHRINK, difference)
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

/// Estimates the derivative from the left and from the right.
pub fn one_sided(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> [Estimate; 2] {
    let here = value(point);
    [-1.0, 1.0].map(|side| {
        let mut moved = point.to_vec();
        extrapolated(point[input], SHRINK, |step| {
            moved[input] = point[input] + side * step;
            side * (value(&moved) - here) / step
        })
    })
}

/// Extrapolates differences to step 0; their error falls with powers of `factor` (C. Ridders, Accurate computation of
/// F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2), 1982).
fn extrapolated(at: f64, factor: f64, mut difference: impl FnMut(f64) -> f64) -> Estimate {
    let mut step = 0.01 * at.abs().max(0.1);
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
