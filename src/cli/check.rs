//! `gradc check`: analytic derivatives against finite differences.

use super::args::Input;
use super::difference::{self, Estimate};
use super::progress::Progress;
use super::{Exit, Outcome, closed, input, places, values};
use crate::derive::{Derivative, Form, Order, derive};
use crate::error::{Diagnostic, Fault};
use crate::lower::{Entries, Facts, Whole};
use crate::tape::Tape;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::io::{self, Write};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The point: `x=1,y=pi/2,v=[1,2,3]`; by default three points inside of the declared ranges, and those where an equation
    /// holds that chooses a branch.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    at: Option<String>,
    /// Largest relative error that passes.
    #[arg(long, value_name = "TOLERANCE", default_value_t = 1e-6)]
    tolerance: f64,
    /// Prints the central differences at several steps, too.
    #[arg(long)]
    steps: bool,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the comparison is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON object.
    Json,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.input)?;
    super::gradient::require_parameters(&source, &function)?;
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    let mut all = Vec::new();
    if let Some(whole) = function.kept_whole() {
        let points = match &options.at {
            Some(at) => vec![values::point_from_text(&function, whole, at)?],
            None => {
                let mut points: Vec<values::Point> = (0..3).map(|index| values::sample(whole, index)).collect();
                points.extend(places::of_whole(whole, &points[0]));
                points
            }
        };
        for point in &points {
            all.push(Checked::whole(whole, point).map_err(wrong)?.compared(options));
        }
    } else {
        let entries = input::entries(&function)?;
        let points = match &options.at {
            Some(at) => vec![values::doubles(&values::from_text(&function, at)?)],
            None => {
                let samples: Vec<Vec<f64>> = (0..3).map(|index| sample(entries, index)).collect();
                let found = places::of_entries(entries, &samples[0]);
                samples.into_iter().chain(found).collect()
            }
        };
        let inputs: Vec<usize> = (0..entries.graph.inputs().len()).collect();
        let mut derivatives = derive(entries, &inputs, Order::First, Form::Code).map_err(wrong)?;
        let tape = derivatives.tape();
        for point in points {
            all.push(Checked::entries(entries, &tape, point).compared(options));
        }
    }
    match options.format {
        Format::Text => write_text(&all, out)?,
        Format::Json => writeln!(out, "{}", json(&all))?,
    }
    let failed = all.iter().flat_map(|point| &point.entries).any(|entry| entry.verdict == Verdict::Wrong);
    Ok(if failed { Exit::No } else { Exit::Success })
}

/// The comparison at one point.
struct Point {
    /// Where: `x = 1, y = 2`.
    at: String,
    entries: Vec<Entry>,
}

/// The comparison of one derivative.
struct Entry {
    /// `df/dx`
    name: String,
    analytic: f64,
    numeric: f64,
    verdict: Verdict,
    /// Central differences at each of [`STEPS`], if they are asked for.
    steps: Vec<f64>,
}

/// The steps at which central differences are printed.
const STEPS: [f64; 8] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];

/// What a comparison says.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Agrees,
    Wrong,
    /// The function has a slope on each side, and they differ.
    Kink(f64, f64),
    /// The differences settle to nothing.
    NotSmooth,
    /// The function is defined on one side only.
    Edge,
    /// The function's value is infinite.
    Infinite,
    Undefined,
}

impl Verdict {
    fn text(self) -> String {
        match self {
            Verdict::Agrees => "ok".into(),
            Verdict::Wrong => "WRONG".into(),
            Verdict::Kink(left, right) => {
                format!("kink: {} from the left, {} from the right", short(left), short(right))
            }
            Verdict::NotSmooth => "not smooth here".into(),
            Verdict::Edge => "edge of the domain".into(),
            Verdict::Infinite => "infinite here".into(),
            Verdict::Undefined => "undefined here".into(),
        }
    }
}

/// Writes a number with a few digits.
fn short(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || (1e-2..1e6).contains(&size) => format!("{number:.3}"),
        _ => format!("{number:.3e}"),
    }
}

/// Returns the relative difference of two numbers.
fn relative_error(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()) }
}

/// Writes a table for each point, and what they say together.
fn write_text(points: &[Point], out: &mut impl Write) -> io::Result<()> {
    const TITLES: [&str; 5] = ["derivative", "analytic", "numeric", "relative error", "verdict"];
    for Point { at, entries } in points {
        writeln!(out, "at {at}")?;
        let cells = |entry: &Entry| {
            let error = format!("{:.1e}", relative_error(entry.analytic, entry.numeric));
            let numbers = [values::text(entry.analytic), values::text(entry.numeric)];
            let [analytic, numeric] = numbers;
            [entry.name.clone(), analytic, numeric, error, entry.verdict.text()]
        };
        let rows: Vec<[String; 5]> = entries.iter().map(cells).collect();
        let width = |column: usize| {
            let widest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            widest.max(TITLES[column].len())
        };
        let widths: Vec<usize> = (0..4).map(width).collect();
        let mut write = |cells: [&str; 5]| {
            let mut line = String::new();
            widths.iter().zip(cells).for_each(|(width, cell)| line += &format!("  {cell:width$}"));
            line += &format!("  {}", cells[4]);
            writeln!(out, "{}", line.trim_end())
        };
        write(TITLES)?;
        for (row, entry) in rows.iter().zip(entries) {
            write(row.each_ref().map(String::as_str))?;
            for (step, difference) in STEPS.iter().zip(&entry.steps) {
                let error = format!("{:.1e}", relative_error(entry.analytic, *difference));
                write(["", &format!("  at step {step:e}"), &values::text(*difference), &error, ""])?;
            }
        }
    }
    let entries = || points.iter().flat_map(|point| &point.entries);
    let count = |wanted: &dyn Fn(Verdict) -> bool| entries().filter(|entry| wanted(entry.verdict)).count();
    let (agree, wrong) = (count(&|verdict| verdict == Verdict::Agrees), count(&|verdict| verdict == Verdict::Wrong));
    let all = entries().count();
    write!(out, "{agree} of {all} derivatives agree")?;
    if wrong > 0 {
        write!(out, ", {wrong} WRONG")?;
    }
    match all - agree - wrong {
        0 => writeln!(out),
        rest => writeln!(out, ", {rest} not comparable: the function is not smooth or not defined there"),
    }
}

fn json(points: &[Point]) -> Value {
    let entry = |entry: &Entry| {
        let mut object = json!({
            "derivative": entry.name,
            "analytic": values::json(entry.analytic),
            "numeric": values::json(entry.numeric),
            "relative_error": values::json(relative_error(entry.analytic, entry.numeric)),
            "verdict": entry.verdict.text(),
        });
        if !entry.steps.is_empty() {
            let steps = STEPS.iter().zip(&entry.steps);
            object["steps"] =
                steps.map(|(step, value)| json!({ "step": step, "difference": values::json(*value) })).collect();
        }
        object
    };
    let point =
        |point: &Point| json!({ "at": point.at, "entries": point.entries.iter().map(entry).collect::<Vec<_>>() });
    json!({ "points": points.iter().map(point).collect::<Vec<_>>() })
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
    fn entries(entries: &Entries, tape: &'a Tape, point: Vec<f64>) -> Self {
        let outputs = entries.outputs.len();
        let results = tape.evaluate(&point);
        Checked {
            labels: (0..point.len()).map(|input| input::label(entries, input)).collect(),
            point,
            values: results[..outputs].to_vec(),
            analytic: results[outputs..].iter().map(|result| Some(result + 0.0)).collect(),
            evaluate: Box::new(move |point| tape.evaluate(point)[..outputs].to_vec()),
        }
    }

    fn whole(whole: &'a Whole, point: &'a values::Point) -> Result<Self, Diagnostic> {
        let closed = closed::answer(whole, Order::First)?;
        let too_large = || Diagnostic::general(Fault::TooLarge, "these matrices are too large to evaluate");
        let results = closed.evaluate(&point.matrices, &point.sizes).ok_or_else(too_large)?;
        let values = results[0].entries.clone();
        let mut labels = Vec::new();
        let mut flat = Vec::new();
        let mut columns: Vec<Vec<Option<f64>>> = Vec::new();
        let derived = whole.derivable();
        let derived = derived.iter().map(|at| &whole.parameters[*at]);
        for ((parameter, result), derivative) in derived.zip(&results[1..]).zip(&closed.first) {
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
        // A step changes one entry alone.
        let mut unsymmetric = whole.clone();
        unsymmetric.graph.forget_symmetry();
        let alone = crate::derive::derive_closed(&unsymmetric, &[], Order::Value, Form::Code)?;
        let evaluate = move |entries: &[f64]| {
            let point = places::moved(whole, point, entries);
            let results = alone.evaluate(&point.matrices, &point.sizes);
            results.map_or_else(Vec::new, |results| results[0].entries.clone())
        };
        Ok(Checked { labels, point: flat, values, analytic, evaluate: Box::new(evaluate) })
    }

    /// Compares each derivative that has a formula.
    fn compared(&self, options: &Options) -> Point {
        let at = self.labels.iter().zip(&self.point);
        let at: Vec<String> = at.map(|(label, value)| format!("{label} = {}", values::text(*value))).collect();
        let mut entries = Vec::new();
        let mut progress = Progress::new();
        for (output, result) in self.values.iter().enumerate() {
            for (input, label) in self.labels.iter().enumerate() {
                let Some(analytic) = self.analytic[output * self.labels.len() + input] else { continue };
                let value = |point: &[f64]| (self.evaluate)(point).get(output).copied().unwrap_or(f64::NAN);
                let sides = difference::one_sided(&self.point, input, value);
                let jumps = difference::jumps(&self.point, input, value);
                let estimate = reconciled(difference::central(&self.point, input, value), sides);
                let steps = if options.steps { &STEPS[..] } else { &[] };
                let place = if self.values.len() > 1 { format!("[{output}]") } else { String::new() };
                let name = format!("df{place}/d{label}");
                progress.at(&name);
                entries.push(Entry {
                    name,
                    analytic,
                    numeric: estimate.value,
                    verdict: match judge(analytic, estimate, sides, options.tolerance, *result) {
                        Verdict::Agrees | Verdict::Wrong if jumps => Verdict::NotSmooth,
                        verdict => verdict,
                    },
                    steps: difference::at_steps(&self.point, input, steps, value),
                });
            }
        }
        Point { at: at.join(", "), entries }
    }
}

/// Returns what both sides say where they agree on something else than the difference between them, which may span a
/// kink nearby.
fn reconciled(central: Estimate, [left, right]: [Estimate; 2]) -> Estimate {
    let size = 1.0 + left.value.abs().max(right.value.abs());
    let middle = left.value.midpoint(right.value);
    let gap = (left.value - right.value).abs();
    match gap <= 1e-6 * size && (central.value - middle).abs() > 1e-3 * size {
        true => Estimate { value: middle, error: gap + left.error + right.error },
        false => central,
    }
}

fn judge(value: f64, estimate: Estimate, [left, right]: [Estimate; 2], tolerance: f64, result: f64) -> Verdict {
    if !result.is_finite() {
        return if result.is_nan() { Verdict::Undefined } else { Verdict::Infinite };
    }
    if left.value.is_finite() != right.value.is_finite() {
        return Verdict::Edge;
    }
    let (gap, size) = ((left.value - right.value).abs(), left.value.abs().max(right.value.abs()));
    if gap > 1e-3 * (1.0 + size) && gap > 100.0 * (left.error + right.error) {
        return Verdict::Kink(left.value, right.value);
    }
    if !estimate.value.is_finite() || estimate.error > 1e-3 * (1.0 + estimate.value.abs()) {
        return Verdict::NotSmooth;
    }
    let allowed = tolerance * value.abs().max(estimate.value.abs()) + 10.0 * estimate.error + 1e-12;
    if (value - estimate.value).abs() <= allowed { Verdict::Agrees } else { Verdict::Wrong }
}

/// Returns a point inside of the declared ranges: multiples of the golden ratio spread evenly, and the same each time.
fn sample(entries: &Entries, index: usize) -> Vec<f64> {
    let mut count = 0.0;
    let inputs = entries.parameters.iter().flat_map(|parameter| parameter.inputs.clone().map(|_| &parameter.facts));
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
