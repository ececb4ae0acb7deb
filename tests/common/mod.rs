//! Records of the corpora, and the rule by which values are compared with references.
#![allow(dead_code)]

use gradc::lower::Function;
use gradc::source::Source;
use serde_json::Value;
use std::path::Path;

/// Largest relative error of a value that matches its reference.
pub const TOLERANCE: f64 = 1e-9;
/// Largest size of a value whose reference is 0, relative to the point's scale.
pub const ZERO_TOLERANCE: f64 = 1e-12;

/// The corpora, each with its number of records.
pub const CORPORA: &[(&str, usize)] = &[("feynman", 54), ("fpbench", 280), ("ml", 79), ("rubi", 821)];

/// An expression with reference values.
pub struct Record {
    pub id: String,
    pub expression: String,
    pub variables: Vec<String>,
    /// What the expression's derivative equals, where that is known as an expression.
    pub derivative: Option<String>,
    pub points: Vec<Point>,
}

/// The reference values at one point.
pub struct Point {
    pub at: Vec<f64>,
    pub value: f64,
    /// Variable and derivative.
    pub gradient: Vec<(usize, f64)>,
    /// Row, column and derivative; empty where no reference exists.
    pub hessian: Vec<(usize, usize, f64)>,
    /// The value of the record's `derivative`.
    pub integrand: Option<f64>,
    /// Relative error of plain differentiation in double precision.
    pub conditioning: f64,
}

impl Point {
    /// Tells whether double precision is enough here.
    pub fn is_well_conditioned(&self) -> bool {
        self.conditioning <= TOLERANCE / 10.0
    }

    /// Returns the largest size of value and first derivatives.
    pub fn scale(&self) -> f64 {
        self.gradient.iter().fold(self.value.abs(), |scale, (_, partial)| scale.max(partial.abs()))
    }
}

/// Tells whether a value matches its reference.
pub fn matches(value: f64, reference: f64, scale: f64) -> bool {
    if reference == 0.0 {
        return value.abs() <= ZERO_TOLERANCE * scale.max(1.0);
    }
    (value - reference).abs() <= TOLERANCE * reference.abs()
}

/// Reads all records of a corpus.
pub fn records(corpus: &str) -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/corpora/{corpus}.public.jsonl"));
    let text = std::fs::read_to_string(&path).expect("the corpus can be read");
    text.lines().map(|line| record(&serde_json::from_str(line).expect("a record is JSON"))).collect()
}

/// Reads all records of all corpora.
pub fn all_records() -> Vec<Record> {
    CORPORA.iter().flat_map(|(corpus, _)| records(corpus)).collect()
}

/// Reads an expression whose parameters are the given variables, in their order.
pub fn read(text: &str, variables: &[String]) -> Result<Function, String> {
    let declarations: Vec<Source> = variables.iter().map(|name| Source::new("param", name.clone())).collect();
    let mut functions = gradc::read(&Source::new("expression", text), &declarations).map_err(|e| e.summary())?;
    let function = functions.pop().ok_or("there is no function")?;
    if function.whole.parameters.len() != variables.len() {
        return Err(format!("the parameters are not {}", variables.join(", ")));
    }
    Ok(function)
}

fn record(json: &Value) -> Record {
    let variables: Vec<String> = list(json, "vars").iter().map(text).collect();
    let points = list(json, "points").iter().map(|entry| point(entry, &variables)).collect();
    Record {
        id: text(&json["id"]),
        expression: text(&json["expr"]),
        derivative: json.get("derivative_expr").map(text),
        variables,
        points,
    }
}

fn point(json: &Value, variables: &[String]) -> Point {
    let place = |name: &str| variables.iter().position(|variable| variable == name).expect("a known variable");
    let entries = |key: &str| json.get(key).and_then(Value::as_object).into_iter().flatten();
    Point {
        at: variables.iter().map(|name| json["at"][name].as_f64().expect("a coordinate is a number")).collect(),
        value: reference(&json["f"]),
        gradient: entries("grad").map(|(name, value)| (place(name), reference(value))).collect(),
        hessian: entries("hess")
            .map(|(names, value)| {
                let (row, column) = names.split_once(',').expect("two variables");
                (place(row), place(column), reference(value))
            })
            .collect(),
        integrand: json.get("integrand").map(reference),
        conditioning: json["ad64"].as_f64().expect("the conditioning is a number"),
    }
}

fn list<'j>(json: &'j Value, key: &str) -> &'j [Value] {
    json[key].as_array().expect("a list")
}

fn text(json: &Value) -> String {
    json.as_str().expect("a text").to_string()
}

fn reference(json: &Value) -> f64 {
    text(json).parse().expect("a reference is a decimal number")
}
