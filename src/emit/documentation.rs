//! The documentation of generated functions: what they are, their derivatives as formulas, their cost.

use crate::derive::{Deriver, Form, Order};
use crate::error::Diagnostic;
use crate::lower::{Function, Shape};
use crate::show::notation;
use crate::tape::Tape;

/// Largest function, in operations, whose formulas stand in its documentation.
const DOCUMENTED: usize = 400;
/// Longest formula in a documentation line.
const LONGEST_FORMULA: usize = 200;

/// Says what the function is: the user's own words, then the definition.
pub fn introduction(function: &Function) -> Vec<String> {
    let mut lines: Vec<String> = function.documentation.clone();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let definition: String = match &function.name {
        Some(_) => function.definition.clone(),
        None => format!("f = {}", function.definition),
    };
    lines.push("```text".to_string());
    if definition.len() > 20 * LONGEST_FORMULA {
        lines.push(format!("{} ...", function.display_name()));
    } else {
        lines.extend(
            definition
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| line.trim_end().to_string()),
        );
    }
    lines.extend(["```".to_string(), String::new()]);
    lines
}

pub fn shapes(function: &Function) -> Option<String> {
    let shaped: Vec<String> = function
        .parameters
        .iter()
        .filter(|parameter| parameter.shape != Shape::Scalar)
        .map(|parameter| format!("`{}` is a `{}`", parameter.name, parameter.shape))
        .collect();
    (!shaped.is_empty()).then(|| format!("{}.", shaped.join(", ")))
}

/// Lists the partial derivatives of a small function as formulas.
pub fn formulas(deriver: &mut Deriver, function: &Function, size: usize) -> Result<Vec<String>, Diagnostic> {
    if size > DOCUMENTED || function.parameters.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<usize> = (0..function.graph.inputs().len()).collect();
    let derivatives = deriver.derive(function, &all, Order::First, Form::Pretty)?;
    let mut lines = vec!["```text".to_string()];
    for (input, root) in all.iter().zip(&derivatives.first[0]) {
        let input = &function.graph.inputs()[*input];
        let place: Vec<String> = input.place.iter().map(usize::to_string).collect();
        let place = if place.is_empty() { String::new() } else { format!("[{}]", place.join(", ")) };
        let formula = notation::text(&derivatives.graph, *root);
        if formula.len() <= LONGEST_FORMULA && !formula.contains('\n') {
            lines.push(format!("d/d{}{place} = {formula}", input.parameter));
        }
    }
    lines.extend(["```".to_string(), String::new()]);
    Ok(if lines.len() > 3 { lines } else { Vec::new() })
}

/// Counts the operations.
pub fn operations(tape: &Tape) -> String {
    let counts = tape.counts();
    format!("Operations: {} ({} flops).", counts, counts.flops())
}
