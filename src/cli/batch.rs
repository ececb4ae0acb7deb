//! `gradc batch`: JSON lines in, JSON lines out.
//!
//! A request has `id`, `expr`, `vars` (the order of the parameters), `params` (their types, where they are not
//! scalars), `at` (their values) and `want_hess`. The answer has `id`, `f`, `grad` and, if wanted, `hess`, or `id` and
//! `error`. Each distinct expression is read and differentiated once; answers come in the order of the requests.
//! Numbers are right to the last digit for the doubles that are given, unless double precision is asked for; where some can't
//! be had so, the answer has `"precision": "double"`. It has `warnings` where a branch has a derivative of its own.

use super::assumptions::warnings;
use super::formulas::shape_by;
use super::{Exit, Outcome, closed, input, values};
use crate::derive::{Closed, Derivative, Form, Order, closed_patches, derive, patches};
use crate::error::{Errors, Fault, nearest};
use crate::lower::{Entries, Shape, Whole, WholeParameter};
use crate::precise::{Coordinate, Evaluator};
use crate::source::Source;
use crate::tape::{Dense, Tape};
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{BufRead, Write};

/// Requests are kept ready for this many distinct expressions.
const KEPT: usize = 10_000;

/// An expression, read and differentiated, with warnings of it.
struct Prepared {
    derivatives: Derived,
    warnings: Vec<String>,
}

enum Derived {
    /// Entry by entry.
    Entries { entries: Box<Entries>, tape: Tape, order: Order },
    /// In whole matrices.
    Whole(Box<(Whole, Closed)>),
}

type Key = (String, String, bool);

#[derive(Args)]
pub struct Options {
    /// Computes in double precision, as the generated code does.
    #[arg(long)]
    double: bool,
}

/// What is kept from one request for the next ones.
struct Answerer {
    ready: HashMap<Key, Result<Prepared, String>>,
    /// Computes right to the last digit; none where double precision is wanted.
    evaluator: Option<Evaluator>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let evaluator = (!options.double).then(Evaluator::default);
    let mut answerer = Answerer { ready: HashMap::new(), evaluator };
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (id, answer) = match std::str::from_utf8(&line).map(serde_json::from_str::<Value>) {
            Ok(Ok(request)) => {
                let id = request.get("id").cloned().unwrap_or(Value::Null);
                (id, answerer.answer(&request))
            }
            Ok(Err(error)) => (Value::Null, Err(format!("this line is not JSON: {error}"))),
            Err(error) => (Value::Null, Err(format!("this line is not UTF-8: {error}"))),
        };
        let fields = answer.unwrap_or_else(|error| {
            let mut fields = Map::new();
            fields.insert("error".to_string(), error.into());
            fields
        });
        let mut object = Map::new();
        object.insert("id".to_string(), id);
        object.extend(fields);
        writeln!(out, "{}", Value::Object(object))?;
        out.flush()?;
    }
    Ok(Exit::Success)
}

impl Answerer {
    fn answer(&mut self, request: &Value) -> Result<Map<String, Value>, String> {
        let request = Request::read(request)?;
        let (text, second, declared) = (request.text, request.second, request.declared);
        let key = (text.to_string(), declared.join("\n"), second);
        let ready = &mut self.ready;
        if ready.len() >= KEPT && !ready.contains_key(&key) {
            ready.clear();
        }
        let prepared =
            ready.entry(key).or_insert_with(|| prepare(text, &declared, second).map_err(|errors| errors.summary()));
        let prepared = prepared.as_ref().map_err(Clone::clone)?;
        let at = request.at;
        let mut fields = match &prepared.derivatives {
            Derived::Entries { entries, tape, order } => {
                let names = entries.parameters.iter().map(|parameter| parameter.name.as_str());
                known_names(at, names)?;
                let inputs = values::from_json(entries, at).map_err(told)?;
                match &mut self.evaluator {
                    None => fields(entries, *order, tape.evaluate(&inputs)),
                    Some(evaluator) => {
                        let point: Vec<Coordinate> = inputs.into_iter().map(Coordinate::from).collect();
                        let mut fields = fields(entries, *order, evaluator.evaluate(tape, &point));
                        if !evaluator.undecided().is_empty() {
                            fields.insert("precision".to_string(), "double".into());
                        }
                        fields
                    }
                }
            }
            Derived::Whole(of) => {
                let (whole, closed) = &**of;
                known_names(at, whole.parameters.iter().map(|parameter| parameter.name.as_str()))?;
                whole_fields(whole, closed, at)?
            }
        };
        if !prepared.warnings.is_empty() {
            fields.insert("warnings".to_string(), prepared.warnings.clone().into());
        }
        Ok(fields)
    }
}

/// A request, with every field of its type.
struct Request<'a> {
    text: &'a str,
    second: bool,
    /// The declarations of the parameters.
    declared: Vec<String>,
    at: &'a Value,
}

/// The fields of a request.
const FIELDS: &[&str] = &["id", "expr", "vars", "params", "at", "want_hess"];

/// A point that gives no numbers.
static NOWHERE: Value = Value::Null;

impl<'a> Request<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// A field that is missing or of another type.
    fn read(request: &'a Value) -> Result<Self, String> {
        let object = request.as_object().ok_or("a request is an object")?;
        if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let hint = match nearest(name, FIELDS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its fields are {}", FIELDS.join(", ")),
            };
            return Err(format!("a request has no field `{name}`; {hint}"));
        }
        let text = object.get("expr").ok_or("the request has no `expr`")?.as_str().ok_or("`expr` is not a string")?;
        let second = match object.get("want_hess") {
            None | Some(Value::Null) => false,
            Some(wanted) => wanted.as_bool().ok_or("`want_hess` is neither `true` nor `false`")?,
        };
        let at = object.get("at").unwrap_or(&NOWHERE);
        if !at.is_object() && !at.is_null() {
            return Err("`at` is not an object of numbers".to_string());
        }
        Ok(Request { text, second, declared: declarations(object)?, at })
    }
}

/// Writes what is wrong with a point, and what helps.
fn told(errors: Errors) -> String {
    let hint = errors.diagnostics().iter().find_map(|diagnostic| diagnostic.hint.clone());
    hint.map_or_else(|| errors.summary(), |hint| format!("{}; {hint}", errors.summary()))
}

/// Refuses names that stand for nothing.
fn known_names<'n>(object: &Value, known: impl Iterator<Item = &'n str> + Clone) -> Result<(), String> {
    let given = object.as_object().into_iter().flat_map(Map::keys);
    match given.into_iter().find(|name| !known.clone().any(|known| known == name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Err(format!("there is no parameter `{name}`{hint}"))
        }
    }
}

/// Lists the declarations of a request's parameters.
fn declarations(request: &Map<String, Value>) -> Result<Vec<String>, String> {
    let names: Vec<&str> = match request.get("vars") {
        None | Some(Value::Null) => Vec::new(),
        Some(names) => {
            let names = names.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
            names.ok_or("`vars` is not a list of names")?
        }
    };
    let none = Map::new();
    let typed = match request.get("params") {
        None | Some(Value::Null) => &none,
        Some(typed) => typed.as_object().ok_or("`params` is not an object of types")?,
    };
    let mut declared = Vec::new();
    let unnamed = typed.keys().map(String::as_str).filter(|name| !names.contains(name));
    for name in names.iter().copied().chain(unnamed) {
        declared.push(match typed.get(name) {
            None => name.to_string(),
            Some(shape) => match shape.as_str().ok_or(format!("the type of `{name}` is not a string"))? {
                "scalar" => name.to_string(),
                shape => format!("{name}: {shape}"),
            },
        });
    }
    Ok(declared)
}

fn prepare(text: &str, declared: &[String], second: bool) -> Result<Prepared, Errors> {
    let source = Source::new("expr", text);
    let declarations: Vec<Source> = declared.iter().map(|text| Source::new("params", text.clone())).collect();
    let functions = crate::read(&source, &declarations)?;
    let function =
        functions.into_iter().next_back().ok_or_else(|| Errors::general(Fault::Empty, "there is no expression"))?;
    let order = if second { Order::Second } else { Order::First };
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    if let Some(whole) = function.closed().filter(|_| !second || function.entries.is_none()) {
        let closed = closed::answer(whole, order).map_err(wrong)?;
        let all = whole.derivable();
        let warnings = warnings(&closed_patches(whole, &all).map_err(wrong)?);
        return Ok(Prepared { derivatives: Derived::Whole(Box::new((whole.clone(), closed))), warnings });
    }
    let entries = input::entries(&function)?;
    let all: Vec<usize> = (0..entries.graph.inputs().len()).collect();
    let mut derivatives = derive(entries, &all, order, Form::Code).map_err(wrong)?;
    let tape = derivatives.tape();
    let warnings = warnings(&patches(entries, &all).map_err(wrong)?);
    Ok(Prepared { derivatives: Derived::Entries { entries: Box::new(entries.clone()), tape, order }, warnings })
}

/// Answers with whole matrices.
fn whole_fields(whole: &Whole, closed: &Closed, at: &Value) -> Result<Map<String, Value>, String> {
    let point = values::point_from_json(whole, at).map_err(told)?;
    let results = closed.evaluate(&point.matrices, &point.sizes).ok_or("these matrices are too large to evaluate")?;
    let nested = |dense: &Dense, by: Option<&WholeParameter>| {
        // A 0 has no sign.
        let entries: Vec<Value> = dense.entries.iter().map(|entry| values::json(entry + 0.0)).collect();
        shaped(&entries, shape_by(whole, by.into_iter(), (dense.rows, dense.columns), &point.sizes))
    };
    let mut fields = Map::new();
    fields.insert("f".to_string(), nested(&results[0], None));
    let gradient = whole.parameters.iter().zip(&results[1..]).zip(&closed.first);
    let matrix = |derivative: &Derivative| matches!(derivative, Derivative::Matrix(_));
    let gradient = gradient.filter(|(_, derivative)| matrix(derivative));
    let gradient: Map<String, Value> =
        gradient.map(|((parameter, value), _)| (parameter.name.clone(), nested(value, Some(parameter)))).collect();
    fields.insert("grad".to_string(), Value::Object(gradient));
    Ok(fields)
}

fn fields(entries: &Entries, order: Order, results: Vec<f64>) -> Map<String, Value> {
    let count = entries.graph.inputs().len();
    let mut rest = results.into_iter();
    let mut fields = Map::new();
    let value: Vec<Value> = rest.by_ref().take(entries.outputs.len()).map(values::json).collect();
    fields.insert("f".to_string(), shaped(&value, entries.shape));
    let first: Vec<Value> = rest.by_ref().take(count * entries.outputs.len()).map(values::json).collect();
    let mut gradient = Map::new();
    for parameter in &entries.parameters {
        let rows: Vec<Value> =
            first.chunks(count.max(1)).map(|row| shaped(&row[parameter.inputs.clone()], parameter.shape)).collect();
        let value = match rows.as_slice() {
            [only] if entries.outputs.len() == 1 => only.clone(),
            _ => Value::Array(rows),
        };
        gradient.insert(parameter.name.clone(), value);
    }
    fields.insert("grad".to_string(), Value::Object(gradient));
    if order == Order::Second {
        let mut hessian = Map::new();
        for row in 0..count {
            for column in row..count {
                let name = format!("{},{}", input::label(entries, row), input::label(entries, column));
                hessian.insert(name, rest.next().map_or(json!(null), values::json));
            }
        }
        fields.insert("hess".to_string(), Value::Object(hessian));
    }
    fields
}

/// Nests entries as the shape says.
fn shaped(entries: &[Value], shape: Shape) -> Value {
    match (shape, entries) {
        (Shape::Scalar, [only]) => only.clone(),
        (Shape::Matrix(_, columns), _) => {
            entries.chunks(columns.max(1)).map(|row| Value::Array(row.to_vec())).collect()
        }
        (Shape::Tensor(_, rows, columns), _) => {
            let matrices = entries.chunks((rows * columns).max(1));
            matrices.map(|own| shaped(own, Shape::Matrix(rows, columns))).collect()
        }
        _ => Value::Array(entries.to_vec()),
    }
}
