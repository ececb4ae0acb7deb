//! The documentation of generated functions: what they are and compute, their parameters, their cost.

use crate::derive::Order;
use crate::lower::{Function, Shape};
use crate::tape::Tape;
use std::fmt::Display;

/// Longest definition that is written whole.
const LONGEST_DEFINITION: usize = 4000;

/// Says what the function is: the user's own words, then the definition.
pub fn introduction(function: &Function) -> Vec<String> {
    let mut lines = prose(&function.documentation);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let definition: String = match &function.name {
        Some(_) => function.definition.clone(),
        None => format!("f = {}", function.definition),
    };
    lines.push("```text".to_string());
    if definition.len() > LONGEST_DEFINITION {
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

/// Returns the user's own words with nothing in them that is taken for code to test: blocks are text, and closed.
fn prose(lines: &[String]) -> Vec<String> {
    let mut fence = None;
    let mut written = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        let text = line.trim_start();
        let own = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        match (fence, own) {
            (None, Some(own)) => {
                fence = Some(own);
                written.push(format!("{own}text"));
            }
            (Some(open), Some(own)) if open == own => {
                fence = None;
                written.push(own.to_string());
            }
            (Some(_), _) => written.push(line.clone()),
            // A line that is set far in is code, too.
            (None, None) => {
                let inset = line.len() - text.len();
                written.push(format!("{}{text}", " ".repeat(inset.min(3))));
            }
        }
    }
    written.extend(fence.map(str::to_string));
    written
}

/// Says which shapes parameters have, if there are others than numbers; slices have matrices row by row.
pub fn shapes<'p, Size: Display + PartialEq + 'p>(
    parameters: impl Iterator<Item = (&'p String, &'p Shape<Size>)>,
    are_slices: bool,
) -> Option<String> {
    let shaped = parameters.filter(|(_, shape)| **shape != Shape::Scalar);
    let shaped: Vec<String> = shaped.map(|(name, shape)| format!("`{name}` is a `{shape}`")).collect();
    let order = if are_slices { ", row by row" } else { "" };
    (!shaped.is_empty()).then(|| format!("{}{order}.", shaped.join(", ")))
}

/// Begins with what is computed of a function.
pub fn computes(what: &str, function: &str) -> Vec<String> {
    vec![format!("{what} of [`{function}`]."), String::new()]
}

/// Begins with what product is computed of a function, which stands in the words for `{f}`.
pub fn computes_product(words: &str, function: &str) -> Vec<String> {
    vec![words.replace("{f}", &format!("[`{function}`]")), String::new()]
}

/// Returns what the derivative of an order ends the names of functions with, and what it is called.
pub fn derivative(order: Order, is_number: bool) -> (&'static str, &'static str) {
    match order {
        Order::Second => ("hessian", "Hessian"),
        _ if is_number => ("grad", "gradient"),
        _ => ("jacobian", "Jacobian"),
    }
}

/// Says when a function panics.
pub fn panics(documentation: &mut Vec<String>, when: &str) {
    documentation.extend(["", "# Panics", when].map(String::from));
}

/// When functions panic that are given slices.
pub const OTHER_LENGTH: &str = "Where a slice has another length than its shape says, before anything is written.";

/// Counts the operations.
pub fn operations(tape: &Tape) -> String {
    let counts = tape.counts();
    format!("Operations: {} ({} flops).", counts, counts.flops())
}
