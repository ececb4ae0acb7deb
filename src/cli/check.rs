//! `gradc check`: analytic derivatives against finite differences.

use super::args::Input;
use super::values::Point;
use super::{Exit, Outcome, closed, input, values};
use crate::derive::{Derivative, Form, Order, derive};
use crate::error::Diagnostic;
use crate::lower::{Facts, Function, Whole};
use crate::tape::Tape;
use clap::Args;
use std::io::{self, Write};

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
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    let mut failures = 0;
    if let Some(whole) = function.whole.as_ref().filter(|_| !function.has_entries()) {
        let points = match &options.at {
            Some(at) => vec![values::point_from_text(&function, whole, at)?],
            None => (0..3).map(|index| values::sample(whole, index)).collect(),
        };
        for point in &points {
            let checked = Checked::whole(whole, point).map_err(wrong)?;
            failures += checked.report(options.tolerance, out)?;
        }
    } else {
        let points = match &options.at {
            Some(at) => vec![values::from_text(&function, at)?],
            None => (0..3).map(|index| sample(&function, index)).collect(),
        };
        let all: Vec<usize> = (0..function.graph.inputs().len()).collect();
        let mut derivatives = derive(&function, &all, Order::First, Form::Code).map_err(wrong)?;
        let tape = derivatives.tape();
        for point in points {
            failures += Checked::entries(&function, &tape, point).report(options.tolerance, out)?;
        }
    }
    Ok(if failures == 0 { Exit::Success } else { Exit::No })
}

/// Computes the values at a point.
type Evaluate<'a> = Box<dyn Fn(&[f64]) -> Vec<f64> + 'a>;

/// What is compared at one point.
struct Checked<'a> {
    /// The name of each input.
    labels: Vec<String>,
    point: Vec<f64>,
    values: Vec<f64>,
    /// The derivative of each value by each input, value by value; none where there is no formula for it.
    analytic: Vec<Option<f64>>,
    evaluate: Evaluate<'a>,
}

impl<'a> Checked<'a> {
    fn entries(function: &Function, tape: &'a Tape, point: Vec<f64>) -> Self {
        let outputs = function.outputs.len();
        let results = tape.evaluate(&point);
        Checked {
            labels: (0..point.len()).map(|input| input::label(function, input)).collect(),
            point,
            values: results[..outputs].to_vec(),
            analytic: results[outputs..].iter().copied().map(Some).collect(),
            evaluate: Box::new(move |point| tape.evaluate(point)[..outputs].to_vec()),
        }
    }

    fn whole(whole: &'a Whole, point: &'a Point) -> Result<Self, Diagnostic> {
        let closed = closed::answer(whole, Order::First)?;
        let too_large = || Diagnostic::general("these matrices are too large to evaluate");
        let results = closed.evaluate(&point.matrices, &point.sizes).ok_or_else(too_large)?;
        let values = results[0].entries.clone();
        let mut labels = Vec::new();
        let mut flat = Vec::new();
        let mut columns: Vec<Vec<Option<f64>>> = Vec::new();
        for ((parameter, result), derivative) in whole.parameters.iter().zip(&results[1..]).zip(&closed.first) {
            let value = &point.matrices[whole.input_index(parameter.id)];
            let known = matches!(derivative, Derivative::Matrix(_));
            for (at, entry) in value.entries.iter().enumerate() {
                labels.push(match (value.columns, value.entries.len()) {
                    (_, 1) => parameter.name.clone(),
                    (1, _) => format!("{}[{at}]", parameter.name),
                    (columns, _) => format!("{}[{},{}]", parameter.name, at / columns, at % columns),
                });
                flat.push(*entry);
                // A gradient has the parameter's shape; a Jacobian has a row for each value.
                let entry = |row: usize| match values.len() {
                    1 => result.entries.get(at).copied(),
                    _ => result.entries.get(row * value.entries.len() + at).copied(),
                };
                columns.push((0..values.len()).map(|row| entry(row).filter(|_| known)).collect());
            }
        }
        let analytic = (0..values.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        let alone = crate::derive::derive_closed(whole, &[], Order::Value, Form::Code)?;
        let evaluate = move |entries: &[f64]| {
            let mut matrices = point.matrices.clone();
            let mut rest = entries.iter().copied();
            for parameter in &whole.parameters {
                let value = &mut matrices[whole.input_index(parameter.id)];
                value.entries.iter_mut().zip(&mut rest).for_each(|(entry, new)| *entry = new);
            }
            let results = alone.evaluate(&matrices, &point.sizes);
            results.map_or_else(Vec::new, |results| results[0].entries.clone())
        };
        Ok(Checked { labels, point: flat, values, analytic, evaluate: Box::new(evaluate) })
    }

    /// Prints the comparison, and counts what is wrong.
    fn report(&self, tolerance: f64, out: &mut impl Write) -> io::Result<usize> {
        let entries = self.labels.iter().zip(&self.point);
        let entries: Vec<String> =
            entries.map(|(label, value)| format!("{label} = {}", values::text(*value))).collect();
        writeln!(out, "at {}", entries.join(", "))?;
        let mut failures = 0;
        for (output, result) in self.values.iter().enumerate() {
            for (input, label) in self.labels.iter().enumerate() {
                let Some(value) = self.analytic[output * self.labels.len() + input] else { continue };
                let estimate = extrapolated_difference(&self.point, input, |point| (self.evaluate)(point)[output]);
                let verdict = judge(value, &estimate, tolerance, *result);
                failures += usize::from(verdict == "WRONG");
                let place = if self.values.len() > 1 { format!("[{output}]") } else { String::new() };
                writeln!(
                    out,
                    "  df{place}/d{label:<8} analytic {:<24} numeric {:<24} {verdict}",
                    values::text(value),
                    values::text(estimate.value),
                )?;
            }
        }
        Ok(failures)
    }
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
fn extrapolated_difference(point: &[f64], input: usize, value: impl Fn(&[f64]) -> f64) -> Estimate {
    const SHRINK: f64 = 1.4;
    const ROWS: usize = 10;
    let mut moved = point.to_vec();
    let mut difference = |step: f64| {
        moved[input] = point[input] + step;
        let above = value(&moved);
        moved[input] = point[input] - step;
        (above - value(&moved)) / (2.0 * step)
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

pub fn within(facts: &Facts, fraction: f64) -> f64 {
    let bound = |bound: &Option<(crate::graph::Rational, bool)>| bound.as_ref().map(|(value, _)| value.to_f64());
    match (bound(&facts.low), bound(&facts.high)) {
        (Some(low), Some(high)) => low + (high - low) * (0.1 + 0.8 * fraction),
        (Some(low), None) => low + 0.25 + 2.0 * fraction,
        (None, Some(high)) => high - 0.25 - 2.0 * fraction,
        (None, None) => 0.3 + 1.4 * fraction,
    }
}
