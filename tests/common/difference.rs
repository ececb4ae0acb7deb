//! Numerical derivatives with an estimate of their own error.

use gradc::tape::{Operation, Tape};

/// A numerical derivative.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// The derivative.
    pub value: f64,
    /// How far off it may be.
    pub error: f64,
}

/// Rows of the extrapolation's table.
const ROWS: usize = 12;
/// By how much the step shrinks from row to row.
const SHRINK: f64 = 1.5;

/// Differentiates by central differences at shrinking steps, extrapolated to step 0 (C. Ridders, Accurate computation
/// of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2), 1982), from several first steps. The
/// shortest is near enough to be trusted; a longer one that agrees with it and promises a smaller error is better. At a kink, where left and right differ, the error is infinite.
///
/// `largest` is the largest intermediate value on the way to the function's: it tells what rounding may have cost.
pub fn differentiate(function: impl Fn(f64) -> f64, at: f64, largest: f64) -> Estimate {
    let noise = noise(&function, at).max(f64::EPSILON * largest);
    let mut steps: Vec<f64> = [1e-4, 2e-3, 0.02, 0.1, 0.5].iter().flat_map(|step| [step * at.abs(), *step]).collect();
    steps.retain(|step| *step > 0.0);
    steps.sort_by(f64::total_cmp);
    let mut best = extrapolate(&function, at, steps[0], noise);
    for step in &steps[1..] {
        let estimate = extrapolate(&function, at, *step, noise);
        let agrees = (estimate.value - best.value).abs() <= 4.0 * best.error;
        if best.error.is_finite() && agrees && estimate.error < best.error {
            best = estimate;
        }
    }
    if is_kink(&function, at, best.value) {
        best.error = f64::INFINITY;
    }
    best
}

fn extrapolate(function: &impl Fn(f64) -> f64, at: f64, first_step: f64, noise: f64) -> Estimate {
    let mut best = Estimate { value: f64::NAN, error: f64::INFINITY };
    let mut step = first_step;
    let mut previous: Vec<f64> = Vec::new();
    for row in 0..ROWS {
        let (right, left) = (at + step, at - step);
        if right == left {
            break;
        }
        let (above, below) = (function(right), function(left));
        let rounding = (noise + f64::EPSILON * above.abs().max(below.abs())) / step;
        let mut entries = vec![(above - below) / (right - left)];
        let mut factor = SHRINK * SHRINK;
        for column in 1..=row {
            let (before, diagonal) = (entries[column - 1], previous[column - 1]);
            let value = (before * factor - diagonal) / (factor - 1.0);
            factor *= SHRINK * SHRINK;
            let error = (value - before).abs().max((value - diagonal).abs()) + rounding;
            if error < best.error {
                best = Estimate { value, error };
            }
            entries.push(value);
        }
        previous = entries;
        step /= SHRINK;
    }
    best
}

/// Returns how far values are off by rounding: how far near ones stray from a straight line.
fn noise(function: &impl Fn(f64) -> f64, at: f64) -> f64 {
    let unit = f64::EPSILON * at.abs().max(1e-300);
    let middle = function(at);
    let stray = |step: f64| (function(at + step * unit) - 2.0 * middle + function(at - step * unit)).abs();
    let steps = (1..=16).chain((5..=16).map(|power| 1 << power));
    steps.map(|step| stray(f64::from(step))).fold(0.0, f64::max)
}

/// Tells whether the slopes to the left and to the right of a point differ by more than curvature explains.
fn is_kink(function: &impl Fn(f64) -> f64, at: f64, slope: f64) -> bool {
    let bend = |step: f64| (function(at + step) - 2.0 * function(at) + function(at - step)).abs() / step;
    let (wide, narrow) = (1e-4 * at.abs().max(1e-2), 1e-5 * at.abs().max(1e-2));
    bend(narrow) > 0.5 * bend(wide) && bend(narrow) > 1e-4 * (1e-4 + slope.abs())
}

/// Returns the largest value that a tape computes on the way to its outputs, infinite if one of them is no number; what is
/// not chosen does not count.
pub fn largest(tape: &Tape, point: &[f64]) -> f64 {
    let values = tape.values(point);
    let mut counts = vec![false; values.len()];
    tape.outputs.iter().for_each(|slot| counts[slot.index()] = true);
    let mut largest: f64 = 0.0;
    for (index, operation) in tape.operations.iter().enumerate().rev().filter(|(_, operation)| !operation.is_leaf()) {
        if !counts[index] {
            continue;
        }
        match operation {
            Operation::Select(condition, a, b) => {
                let chosen = if values[condition.index()] != 0.0 { a } else { b };
                [condition, chosen].into_iter().for_each(|slot| counts[slot.index()] = true);
            }
            _ => operation.for_each_operand(|slot| counts[slot.index()] = true),
        }
        largest = if values[index].is_nan() { f64::INFINITY } else { largest.max(values[index].abs()) };
    }
    largest
}
