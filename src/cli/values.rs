//! Points: numbers for parameters, read from the command line or from JSON, and written back.

use crate::error::{Diagnostic, Errors, nearest};
use crate::lower::{Formulas, Function};
use crate::source::Source;
use crate::tape::schedule;
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

/// Reads the values of a function's inputs from `x=1,y=pi/2,v=[1,2,3],w[0]=4`. Values are constant expressions.
pub fn from_text(function: &Function, at: &str) -> Result<Vec<f64>, Errors> {
    let source = Source::new("--at", at);
    let wrong = |message: String, hint: String| Errors::new(&source, vec![Diagnostic::general(message).hint(hint)]);
    let mut inputs: Vec<Option<f64>> = vec![None; function.graph.inputs().len()];
    for assignment in split(at) {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(wrong(format!("`{assignment}` gives no value"), "write `--at x=1,y=2`".to_string()));
        };
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let places = places(function, &name);
        if places.is_empty() {
            let names: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let hint = match nearest(&name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", names.join(", ")),
            };
            return Err(wrong(format!("`{}` has no parameter `{name}`", function.display_name()), hint));
        }
        let values = constants(value)?;
        if values.len() != places.len() {
            let message = format!("`{name}` takes {} numbers, not {}", places.len(), values.len());
            return Err(wrong(message, "write vectors as `x=[1,2,3]`".to_string()));
        }
        places.zip(values).for_each(|(place, value)| inputs[place] = Some(value));
    }
    let missing: Vec<String> = (0..inputs.len())
        .filter(|input| inputs[*input].is_none())
        .take(8)
        .map(|input| super::input::label(function, input))
        .collect();
    if !missing.is_empty() {
        let hint = format!("add `,{}=...`", missing[0]);
        return Err(wrong(format!("no value is given for {}", missing.join(", ")), hint));
    }
    Ok(inputs.into_iter().flatten().collect())
}

/// Returns the inputs that a name stands for: a parameter's, or one entry's.
fn places(function: &Function, name: &str) -> std::ops::Range<usize> {
    if let Some(parameter) = function.parameter(name) {
        return parameter.inputs.clone();
    }
    let entry = (0..function.graph.inputs().len()).find(|input| super::input::label(function, *input) == name);
    entry.map_or(0..0, |input| input..input + 1)
}

/// Splits at the commas that are in no bracket.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Evaluates a constant expression: a number, a vector or a matrix.
fn constants(text: &str) -> Result<Vec<f64>, Errors> {
    let source = Source::new("--at", text.trim());
    let functions = crate::read(&source, &[])?;
    let Some(mut function) = functions.into_iter().next_back() else {
        return Ok(Vec::new());
    };
    if let Some(parameter) = function.parameters.first() {
        let message = format!("`{}` is not a number", parameter.name);
        return Err(Errors::new(&source, vec![Diagnostic::general(message)]));
    }
    let tape = schedule(&mut function.graph, &mut Formulas::default(), &function.outputs);
    Ok(tape.evaluate(&[]))
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
