//! Points: numbers for parameters, read from the command line or from JSON, and written back.

use crate::error::{Diagnostic, Errors};
use crate::lower::Function;
use serde_json::Value;

/// Writes a double so that it reads back as itself.
pub fn text(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// Writes a double as JSON; what JSON has no number for becomes a string.
pub fn json(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::String(text(value)), Value::Number)
}

/// Reads the values of a function's inputs from a JSON object of numbers and nested arrays.
pub fn from_json(function: &Function, at: &Value) -> Result<Vec<f64>, Errors> {
    let mut inputs = Vec::with_capacity(function.graph.inputs().len());
    for parameter in &function.parameters {
        let Some(value) = at.get(&parameter.name) else {
            return Err(Errors::general(format!("no value is given for `{}`", parameter.name)));
        };
        let before = inputs.len();
        flatten(value, &mut inputs);
        if inputs.len() - before != parameter.inputs.len() {
            let message = format!(
                "`{}` is a {} and takes {} numbers, not {}",
                parameter.name,
                parameter.shape,
                parameter.inputs.len(),
                inputs.len() - before
            );
            return Err(Errors::new(&Default::default(), vec![Diagnostic::general(message)]));
        }
    }
    Ok(inputs)
}

/// Collects the numbers of nested arrays, row by row.
fn flatten(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| flatten(entry, out)),
        Value::Number(number) => out.extend(number.as_f64()),
        Value::String(text) => out.extend(text.parse::<f64>()),
        _ => {}
    }
}
