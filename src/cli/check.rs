//! `gradc check`: analytic derivatives against finite differences.

use super::args::Input;
use super::{Exit, Outcome, input, values};
use crate::derive::{Form, Order, derive};
use crate::lower::{Facts, Function};
use crate::tape::Tape;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The point: `x=1,y=pi/2,v=[1,2,3]`; by default three points inside of the declared ranges.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    at: Option<String>,
    /// Largest relative error that passes.
    #[arg(long, value_name = "TOLERANCE", default_value_t = 1e-6)]
    tolerance: f64,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.input)?;
    super::gradient::require_parameters(&source, &function)?;
    let points = match &options.at {
        Some(at) => vec![values::from_text(&function, at)?],
        None => (0..3).map(|index| sample(&function, index)).collect(),
    };
    let all: Vec<usize> = (0..function.graph.inputs().len()).collect();
    let mut derivatives = derive(&function, &all, Order::First, Form::Code)
        .map_err(|diagnostic| crate::in_function(&source, &function, diagnostic))?;
    let tape = derivatives.tape();
    let outputs = function.outputs.len();
    let mut failures = 0;
    for point in &points {
        let results = tape.evaluate(point);
        let entries: Vec<String> = all
            .iter()
            .map(|input| format!("{} = {}", input::label(&function, *input), values::text(point[*input])))
            .collect();
        writeln!(out, "at {}", entries.join(", "))?;
        for output in 0..outputs {
            for (input, value) in all.iter().zip(&results[outputs + output * all.len()..]) {
                let estimate = extrapolated_difference(&tape, point, *input, output);
                let verdict = judge(*value, &estimate, options.tolerance, results[output]);
                failures += usize::from(verdict == "WRONG");
                let place = if outputs > 1 { format!("[{output}]") } else { String::new() };
                writeln!(
                    out,
                    "  df{place}/d{:<8} analytic {:<24} numeric {:<24} {verdict}",
                    input::label(&function, *input),
                    values::text(*value),
                    values::text(estimate.value),
                )?;
            }
        }
    }
    Ok(if failures == 0 { Exit::Success } else { Exit::No })
}

fn judge(value: f64, estimate: &Estimate, tolerance: f64, result: f64) -> &'static str {
    if !result.is_finite() {
        return "undefined here";
    }
    if !estimate.value.is_finite() || estimate.error > 1e-3 * (1.0 + estimate.value.abs()) {
        return "not smooth here";
    }
    let allowed = tolerance * value.abs().max(estimate.value.abs()) + 10.0 * estimate.error + 1e-12;
    if (value - estimate.value).abs() <= allowed { "ok" } else { "WRONG" }
}

/// A numerical derivative with an estimate of its error.
struct Estimate {
    value: f64,
    error: f64,
}

/// Central differences at shrinking steps, extrapolated to step 0 (C. Ridders, Accurate computation of F'(x) and
/// F'(x)F''(x), Advances in Engineering Software 4(2), 1982).
fn extrapolated_difference(tape: &Tape, point: &[f64], input: usize, output: usize) -> Estimate {
    const SHRINK: f64 = 1.4;
    const ROWS: usize = 10;
    let mut moved = point.to_vec();
    let mut difference = |step: f64| {
        moved[input] = point[input] + step;
        let above = tape.evaluate(&moved)[output];
        moved[input] = point[input] - step;
        (above - tape.evaluate(&moved)[output]) / (2.0 * step)
    };
    let mut step = 0.01 * point[input].abs().max(0.1);
    let mut table = vec![vec![difference(step)]];
    let mut best = Estimate { value: table[0][0], error: f64::INFINITY };
    for row in 1..ROWS {
        step /= SHRINK;
        let mut entries = vec![difference(step)];
        let mut factor = SHRINK * SHRINK;
        for column in 1..=row {
            let (left, above) = (entries[column - 1], table[row - 1][column - 1]);
            let value = (left * factor - above) / (factor - 1.0);
            factor *= SHRINK * SHRINK;
            let error = (value - left).abs().max((value - above).abs());
            if error <= best.error {
                best = Estimate { value, error };
            }
            entries.push(value);
        }
        table.push(entries);
    }
    best
}

/// Returns a point inside of the declared ranges: multiples of the golden ratio spread evenly, and the same each time.
fn sample(function: &Function, index: usize) -> Vec<f64> {
    let mut count = 0.0;
    let inputs = function.parameters.iter().flat_map(|parameter| parameter.inputs.clone().map(|_| &parameter.facts));
    inputs
        .map(|facts| {
            count += 1.0;
            let fraction = ((count + 7.0 * index as f64) * 0.618_033_988_749_894_9).fract();
            within(facts, fraction)
        })
        .collect()
}

fn within(facts: &Facts, fraction: f64) -> f64 {
    let bound = |bound: &Option<(crate::graph::Rational, bool)>| bound.as_ref().map(|(value, _)| value.to_f64());
    match (bound(&facts.low), bound(&facts.high)) {
        (Some(low), Some(high)) => low + (high - low) * (0.1 + 0.8 * fraction),
        (Some(low), None) => low + 0.25 + 2.0 * fraction,
        (None, Some(high)) => high - 0.25 - 2.0 * fraction,
        (None, None) => 0.3 + 1.4 * fraction,
    }
}
