//! The case files, and what the tests that read them share.

#![allow(dead_code)]

use gradc::Derive;
use gradc::graph::{ExprId, Graph};
use gradc::lower::{Declaration, Entries, Formulas, Function, Shape};
use gradc::source::Source;
use gradc::tape::schedule;
use std::fs;
use std::path::{Path, PathBuf};

/// A file under `tests/cases`.
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// What it holds.
    pub source: Source,
}

/// Returns the repository's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns all files of a folder with one ending, and those in the folders below, sorted.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns all cases, sorted by name.
pub fn cases() -> Vec<Case> {
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a case is UTF-8 text");
        Case { source: Source::new(format!("{name}.grad"), text), name }
    };
    files(&root().join("tests/cases"), "grad").into_iter().map(read).collect()
}

/// Returns those of the derivatives that some of the functions have: second derivatives are those of numbers.
pub fn fitting(derive: &[Derive], functions: &[Function]) -> Vec<Derive> {
    let some = functions.iter().any(|function| function.whole.extents().is_scalar());
    derive.iter().copied().filter(|kind| some || !matches!(kind, Derive::Hessian | Derive::Hvp)).collect()
}

/// Returns the entries of a function of fixed size.
pub fn entries(function: &Function) -> &Entries {
    function.entries.as_ref().expect("a case has entries")
}

/// Returns the indices of all inputs of a function.
pub fn all_inputs(function: &Entries) -> Vec<usize> {
    (0..function.graph.inputs().len()).collect()
}

/// Writes an input as `x`, `x[0]` or `W[0,1]`.
pub fn label(function: &Entries, input: usize) -> String {
    let input = &function.graph.inputs()[input];
    let place: Vec<String> = input.place.iter().map(usize::to_string).collect();
    if place.is_empty() { input.parameter.clone() } else { format!("{}[{}]", input.parameter, place.join(",")) }
}

/// Writes an entry of a function's value as `f`, `f[0]` or `f[0,1]`.
pub fn output_label(name: &str, function: &Entries, output: usize) -> String {
    match function.shape.places().nth(output) {
        Some(place) if !place.is_empty() => {
            let place: Vec<String> = place.iter().map(usize::to_string).collect();
            format!("{name}[{}]", place.join(","))
        }
        _ => name.to_string(),
    }
}

/// Declares the parameters of a function for an expression in their terms.
pub fn declarations(function: &Entries) -> Vec<Declaration> {
    let declare = |parameter: &gradc::lower::Parameter| match parameter.shape {
        Shape::Scalar => parameter.name.clone(),
        shape => format!("{}: {shape}", parameter.name),
    };
    function.parameters.iter().map(|parameter| Source::new("declaration", declare(parameter))).collect()
}

/// Evaluates nodes of a graph.
pub fn evaluate(graph: &Graph, roots: &[ExprId], point: &[f64]) -> Vec<f64> {
    let mut graph = graph.clone();
    schedule(&mut graph, &mut Formulas::default(), roots).evaluate(point)
}

/// Returns how far a value may be off by rounding alone: how far it moves when the inputs move by a few units in the
/// last place. Terms that nearly cancel show up here.
pub fn noise(graph: &Graph, root: ExprId, point: &[f64]) -> f64 {
    let mut graph = graph.clone();
    let tape = schedule(&mut graph, &mut Formulas::default(), &[root]);
    let value = tape.evaluate(point)[0];
    let moved = |trial: usize| {
        let units = |at: usize| ((trial * (at + 1) * 7 + at * 5) % 9) as f64 - 4.0;
        let inputs: Vec<f64> = point.iter().enumerate().map(|(at, x)| x * (1.0 + units(at) * f64::EPSILON)).collect();
        (tape.evaluate(&inputs)[0] - value).abs()
    };
    (1..=32).map(moved).fold(0.0, f64::max)
}

/// Returns one of several points inside the declared ranges, the same each time: multiples of the golden ratio spread
/// evenly. Parameters without facts are negative at every third point.
pub fn sample(function: &Entries, index: usize) -> Vec<f64> {
    let mut count = 0.0;
    let entries = function.parameters.iter().flat_map(|parameter| parameter.inputs.clone().map(|_| &parameter.facts));
    entries
        .map(|facts| {
            count += 1.0;
            let fraction = ((count + 7.0 * index as f64) * 0.618_033_988_749_894_9).fract();
            let low = facts.low.as_ref().map(|(value, _)| value.to_f64());
            let high = facts.high.as_ref().map(|(value, _)| value.to_f64());
            match (low, high) {
                (Some(low), Some(high)) => low + (high - low) * (0.1 + 0.8 * fraction),
                (Some(low), None) => low + 0.25 + 2.0 * fraction,
                (None, Some(high)) => high - 0.25 - 2.0 * fraction,
                (None, None) if index % 3 == 2 => -0.3 - 1.4 * fraction,
                (None, None) => 0.3 + 1.4 * fraction,
            }
        })
        .collect()
}
