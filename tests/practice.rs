//! Programs from the practice of people who derive: values, first and second derivatives against references that JAX has
//! computed from functions written by hand, in the answers of the command line, by the evaluator, and as generated Rust.
//!
//! All of them take minutes (`cargo test --test practice -- --ignored`); without being asked for, a sample is compared.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::derive::{Derivative, Form, Order, derive_closed};
use gradc::graph::Sizes;
use gradc::lower::{Function, Whole};
use gradc::source::Source;
use gradc::tape::Dense;
use gradc::{Derive, Options};
use program::Program;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Largest error in proportion to the largest entry.
const TOLERANCE: f64 = 1e-9;

/// Numbers with the name of what they are.
type Named = (String, Vec<f64>);

/// A program with what is known at some points.
struct Case {
    name: String,
    path: PathBuf,
    text: String,
    function: Function,
    points: Vec<Value>,
}

impl Case {
    fn whole(&self) -> &Whole {
        &self.function.whole
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/practice");
    let text = std::fs::read_to_string(folder.join("references.json")).expect("the references can be read");
    let references: Value = serde_json::from_str(&text).expect("the references are JSON");
    let references = references.as_object().expect("references by name");
    let case = |(name, points): (&String, &Value)| {
        let path = folder.join(format!("{name}.grad"));
        let text = std::fs::read_to_string(&path).expect("a reference has its program");
        let source = Source::new(name.clone(), text.clone());
        let functions = gradc::read(&source, &[]);
        let mut functions = functions.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        let function = functions.pop().expect("a program has a function");
        Case { name: name.clone(), path, text, function, points: points.as_array().expect("points").clone() }
    };
    let cases: Vec<Case> = references.iter().map(case).collect();
    let programs = std::fs::read_dir(folder).expect("the folder can be read").flatten();
    let programs = programs.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "grad"));
    assert_eq!(programs.count(), cases.len(), "each program has references");
    cases
}

/// Most nodes of the programs of which there is a sample.
const SMALL: usize = 60;

/// A larger one that is in the sample: its loops write rows of one matrix forwards and backwards.
const LARGER: &str = "lorenz";

/// Returns each fifth of the programs that are small, and a larger one.
fn sample() -> Vec<Case> {
    let (small, others): (Vec<Case>, Vec<Case>) =
        cases().into_iter().partition(|case| case.whole().graph.len() <= SMALL && case.name != LARGER);
    let larger = others.into_iter().filter(|case| case.name == LARGER);
    small.into_iter().step_by(5).chain(larger).collect()
}

/// Returns the programs with a range that ends before it begins at a point, with these points alone.
fn of_few() -> Vec<Case> {
    let has_few = |case: &Case, point: &Value| case.whole().few_for(&sizes_at(point)).is_some();
    let mut found = Vec::new();
    for mut case in cases() {
        let points = std::mem::take(&mut case.points);
        case.points = points.into_iter().filter(|point| has_few(&case, point)).collect();
        found.extend((!case.points.is_empty()).then_some(case));
    }
    assert!(found.len() > 5, "{}", found.len());
    found
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap_or(f64::NAN)],
    }
}

fn fields<'v>(point: &'v Value, key: &str) -> Vec<(&'v String, Vec<f64>)> {
    point[key].as_object().into_iter().flatten().map(|(name, value)| (name, numbers(value))).collect()
}

/// Tells how far numbers are from their references, in proportion to the largest.
fn error(found: &[f64], reference: &[f64]) -> f64 {
    if found.len() != reference.len() {
        return f64::INFINITY;
    }
    let largest = reference.iter().fold(1e-3, |largest: f64, entry| largest.max(entry.abs()));
    let far = |(a, b): (&f64, &f64)| if a.is_nan() { f64::INFINITY } else { (a - b).abs() };
    found.iter().zip(reference).map(far).fold(0.0, f64::max) / largest
}

/// Adds a line about numbers that are wrong.
fn compare(what: String, found: &[f64], reference: &[f64], wrong: &mut Vec<String>) {
    if error(found, reference) > TOLERANCE {
        wrong.push(format!("{what} is\n  {found:?} and not\n  {reference:?}"));
    }
}

fn summary(wrong: &[String], all: usize) {
    assert!(wrong.is_empty(), "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_number(point: &Value) -> bool {
    point["value"].is_number()
}

fn has_empty(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.is_empty() || list.iter().any(has_empty))
}

// ---- The command line ----

fn gradc(arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(arguments).output().expect("gradc runs");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("the answer is JSON")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn the_command_line_answers_as_the_references_say() {
    the_command_line_answers(&sample());
}

#[test]
#[ignore = "takes minutes"]
fn the_command_line_answers_as_all_references_say() {
    the_command_line_answers(&cases());
}

fn the_command_line_answers(cases: &[Case]) {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for case in cases {
        let whole = |point: &&Value| !point["at"].as_object().into_iter().flatten().any(|(_, value)| has_empty(value));
        let point = case.points.iter().filter(whole).find(|point| point.get("second").is_some());
        let point = point.or_else(|| case.points.iter().find(whole)).expect("a point without empty arrays");
        let at: Vec<String> =
            point["at"].as_object().into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect();
        let (path, at) = (case.path.to_string_lossy(), at.join(","));
        let command = if is_number(point) { "grad" } else { "jacobian" };
        let what = |key: &str| format!("{} at {at}: {key}", case.name);
        match gradc(&[command, &path, "--at", &at, "-f", "json"]) {
            Ok(answer) => {
                compare(what("f"), &numbers(&answer["f"]["value"]), &numbers(&point["value"]), &mut wrong);
                for (name, reference) in fields(point, "first") {
                    // What is no matrix is printed as what it does to a change, without numbers.
                    let answer = answer.get(format!("d/d{name}")).and_then(|entry| entry.get("value"));
                    if let Some(found) = answer {
                        compare(what(name), &numbers(found), &reference, &mut wrong);
                        compared += 1;
                    } else if is_number(point) {
                        wrong.push(what(&format!("no derivative by {name}")));
                    }
                }
            }
            Err(message) => wrong.push(format!("{}: {message}", case.name)),
        }
        if point.get("second").is_none() {
            continue;
        }
        match gradc(&["hessian", &path, "--at", &at, "-f", "json"]) {
            Ok(answer) => {
                for (pair, reference) in fields(point, "second") {
                    let whole = case.whole().derivable();
                    let names = whole.iter().map(|at| case.whole().parameters[*at].name.as_str());
                    let names: Vec<&str> = names.collect();
                    let split = names.iter().find_map(|first| {
                        let second = pair.strip_prefix(*first)?.strip_prefix('_')?;
                        names.contains(&second).then_some((*first, second))
                    });
                    let (first, second) = split.expect("a pair of parameters");
                    let key = match first == second {
                        true => format!("d^2/d{first}^2"),
                        false => format!("d^2/d{first} d{second}"),
                    };
                    if let Some(found) = answer.get(&key).and_then(|entry| entry.get("value")) {
                        compare(what(pair), &numbers(found), &reference, &mut wrong);
                        compared += 1;
                    }
                }
            }
            Err(message) => wrong.push(format!("{}: {message}", case.name)),
        }
    }
    assert!(compared > 3 * cases.len(), "{compared}");
    summary(&wrong, compared);
}

// ---- The evaluator ----

fn sizes_at(point: &Value) -> Sizes {
    let sizes = point["sizes"].as_object().into_iter().flatten();
    sizes.map(|(name, size)| (name.clone(), size.as_u64().expect("a size") as usize)).collect()
}

fn matrices(whole: &Whole, point: &Value, sizes: &Sizes) -> Vec<Dense> {
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let mut matrices = vec![blank; whole.graph.inputs().len()];
    for parameter in &whole.parameters {
        let side = |side: &gradc::graph::Dimension| side.evaluate(sizes).expect("a size");
        let (rows, columns) = (side(&parameter.extents().rows), side(&parameter.extents().columns));
        let entries = numbers(&point["at"][&parameter.name]);
        assert_eq!(entries.len(), rows * columns, "{}", parameter.name);
        matrices[whole.input_index(parameter.id)] = Dense { rows, columns, entries };
    }
    matrices
}

#[test]
fn the_evaluator_computes_what_the_references_say() {
    the_evaluator_computes(&sample());
}

#[test]
fn the_evaluator_computes_functions_of_few_entries() {
    the_evaluator_computes(&of_few());
}

#[test]
#[ignore = "takes minutes"]
fn the_evaluator_computes_what_all_references_say() {
    the_evaluator_computes(&cases());
}

fn the_evaluator_computes(cases: &[Case]) {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for case in cases {
        let whole = case.whole();
        let by = whole.derivable();
        let names: Vec<&str> = by.iter().map(|at| whole.parameters[*at].name.as_str()).collect();
        let second = case.points.iter().any(|point| point.get("second").is_some());
        for form in [Form::Raw, Form::Pretty, Form::Code] {
            let order = if second { Order::Second } else { Order::First };
            let closed = match derive_closed(whole, &by, order, form) {
                Ok(closed) => closed,
                Err(diagnostic) => {
                    wrong.push(format!("{} in {form:?}: {diagnostic:?}", case.name));
                    continue;
                }
            };
            for point in &case.points {
                let sizes = sizes_at(point);
                let what = |key: &str| format!("{} in {form:?} at {}: {key}", case.name, point["at"]);
                let Some(values) = closed.evaluate(&matrices(whole, point, &sizes), &sizes) else {
                    wrong.push(what("nothing"));
                    continue;
                };
                compare(what("f"), &values[0].entries, &numbers(&point["value"]), &mut wrong);
                for ((name, derivative), value) in names.iter().zip(&closed.first).zip(&values[1..]) {
                    if let Derivative::Matrix(_) = derivative {
                        compare(what(name), &value.entries, &numbers(&point["first"][name]), &mut wrong);
                        compared += 1;
                    }
                }
                if point.get("second").is_none() {
                    continue;
                }
                let pairs = (0..names.len()).flat_map(|row| (row..names.len()).map(move |column| (row, column)));
                for ((row, column), (derivative, value)) in
                    pairs.zip(closed.second.iter().zip(&values[1 + names.len()..]))
                {
                    let pair = format!("{}_{}", names[row], names[column]);
                    if let Derivative::Matrix(_) = derivative {
                        compare(what(&pair), &value.entries, &numbers(&point["second"][&pair]), &mut wrong);
                        compared += 1;
                    }
                }
            }
        }
    }
    summary(&wrong, compared);
}

// ---- Generated Rust ----

/// Writes a call of a generated function as a block whose value is its value and all derivatives.
fn block(case: &Case, module: &str, rust: &str, point: &Value, suffix: &str, results: &[(String, usize)]) -> String {
    let (whole, sizes, name) = (case.whole(), sizes_at(point), format!("f{suffix}"));
    let list = |numbers: &[f64], whole: bool| {
        let entries: Vec<String> =
            numbers.iter().map(|n| if whole { format!("{n}") } else { format!("{n:?}") }).collect();
        format!("&[{}]", entries.join(", "))
    };
    let dimensions: Vec<String> = whole.sizes.iter().map(|size| sizes[size].to_string()).collect();
    let mut arguments = dimensions.clone();
    for parameter in &whole.parameters {
        let numbers = numbers(&point["at"][&parameter.name]);
        arguments.push(match (&point["at"][&parameter.name], parameter.range.is_some()) {
            (Value::Array(_), whole) => list(&numbers, whole),
            _ => format!("{:?}", numbers[0]),
        });
    }
    let mut before = String::new();
    let mut after = String::new();
    if !is_number(point) {
        let count = numbers(&point["value"]).len();
        before.push_str(&format!("let mut value = vec![0.5; {count}]; "));
        arguments.push("&mut value".to_string());
    }
    let structure = match suffix {
        "_grad" => "FGrad",
        "_hessian" => "FHessian",
        _ => "FJacobian",
    };
    let mut fields = Vec::new();
    for (at, (field, count)) in results.iter().enumerate() {
        before.push_str(&format!("let mut d{at} = vec![0.5; {count}]; "));
        let number = rust.contains(&format!("pub {field}: &'a mut f64"));
        fields.push(format!("{field}: &mut d{at}{}", if number { "[0]" } else { "" }));
        after.push_str(&format!("all.extend(d{at}); "));
    }
    before.push_str(&format!("let mut derivatives = {module}::{structure} {{ {} }}; ", fields.join(", ")));
    before
        .push_str(&format!("let mut workspace = vec![0.25; {module}::{name}_workspace({})]; ", dimensions.join(", ")));
    arguments.extend(["&mut derivatives".to_string(), "&mut workspace".to_string()]);
    let call = format!("{module}::{name}({})", arguments.join(", "));
    let first = match is_number(point) {
        true => format!("let mut all = vec![{call}];"),
        false => format!("{call}; let mut all = value;"),
    };
    format!("{{ {before}{first} {after}all }}")
}

#[test]
fn generated_code_computes_what_the_references_say() {
    generated_code_computes(&sample(), "practice", &Options::default());
}

#[test]
fn generated_code_computes_functions_of_few_entries() {
    generated_code_computes(&of_few(), "practice_few", &Options::default());
}

#[test]
#[ignore = "takes minutes"]
fn generated_code_computes_what_all_references_say() {
    generated_code_computes(&cases(), "practice_all", &Options::default());
}

/// Returns the programs that keep checkpoints.
fn with_checkpoints(cases: Vec<Case>) -> Vec<Case> {
    let keeps = |case: &Case| {
        let options = Options { checkpoint: true, ..Options::default() };
        gradc::compile(&case.text, &options).is_ok_and(|output| output.rust.contains("_segment in "))
    };
    cases.into_iter().filter(keeps).collect()
}

#[test]
fn states_are_computed_once_more_between_checkpoints() {
    let small = cases().into_iter().filter(|case| case.whole().graph.len() <= SMALL);
    let some: Vec<Case> = with_checkpoints(small.collect()).into_iter().step_by(3).collect();
    assert!(some.len() > 3, "{}", some.len());
    generated_code_computes(&some, "practice_checkpoints", &Options { checkpoint: true, ..Options::default() });
}

#[test]
#[ignore = "takes minutes"]
fn states_of_all_programs_are_computed_once_more_between_checkpoints() {
    let all = with_checkpoints(cases());
    assert!(all.len() > 30, "{}", all.len());
    generated_code_computes(&all, "practice_all_checkpoints", &Options { checkpoint: true, ..Options::default() });
}

fn generated_code_computes(cases: &[Case], name: &str, given: &Options) {
    let mut program = Program::default();
    let mut expected: Vec<(String, Vec<Named>)> = Vec::new();
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let module = format!("m{number}");
        let is_number = is_number(&case.points[0]);
        let derive = if is_number { vec![Derive::Gradient, Derive::Hessian] } else { vec![Derive::Jacobian] };
        // Code for all processors is half as long, and that for some does the same in the same order.
        let options = Options { derive, reproducible: number.is_multiple_of(2), ..given.clone() };
        let rust = match gradc::compile(&case.text, &options) {
            Ok(output) => output.rust,
            Err(errors) => {
                wrong.push(format!("{}: {}", case.name, errors.render(false)));
                continue;
            }
        };
        program.module(&module, &rust);
        for point in &case.points {
            let parts = match is_number {
                true => vec![("_grad", "first"), ("_hessian", "second")],
                false => vec![("_jacobian", "first")],
            };
            for (suffix, key) in parts.into_iter().filter(|(_, key)| point.get(*key).is_some()) {
                let mut results = vec![("value".to_string(), numbers(&point["value"]))];
                results.extend(fields(point, key).into_iter().map(|(name, numbers)| (name.clone(), numbers)));
                let counts: Vec<(String, usize)> =
                    results[1..].iter().map(|(name, numbers)| (name.clone(), numbers.len())).collect();
                program.print(&block(case, &module, &rust, point, suffix, &counts), &["r".to_string()]);
                expected.push((format!("{}{suffix} at {}", case.name, point["at"]), results));
            }
        }
    }
    let lines = program.run(name);
    let mut compared = 0;
    for (line, (what, results)) in lines.iter().zip(&expected) {
        let mut rest = line.as_slice();
        for (name, reference) in results {
            let (found, others) = rest.split_at(reference.len().min(rest.len()));
            rest = others;
            compare(format!("{what}: {name}"), found, reference, &mut wrong);
            compared += 1;
        }
        assert!(rest.is_empty(), "{what}");
    }
    summary(&wrong, compared);
}
