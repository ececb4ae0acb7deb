//! `--stats`: node and operation counts of value and gradient together.

use super::args::{Goal, Request, Statistics};
use super::{Stop, input};
use crate::derive::{Derivatives, Form, Order, derive};
use crate::lower::Function;
use crate::source::Source;
use serde_json::{Value, json};
use std::io::Write;

/// Counts nodes and operations of a function's value and its derivatives by the given inputs.
fn counts(goal: Option<Goal>, source: &Source, function: &Function, by: &[usize]) -> Result<Value, Stop> {
    let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
    let entries = input::entries(function)?;
    let nodes = |derivatives: &Derivatives| derivatives.graph.reachable(&derivatives.roots()).len();
    let raw = derive(entries, by, Order::First, Form::Raw).map_err(wrong)?;
    let mut code = derive(entries, by, Order::First, Goal::computed(goal)).map_err(wrong)?;
    let simplified = nodes(&code);
    let counts = code.tape().counts();
    Ok(json!({
        "function": function.display_name(),
        "nodes": { "raw": nodes(&raw), "simplified": simplified },
        "operations": {
            "add": counts.add,
            "mul": counts.mul,
            "div": counts.div,
            "sqrt": counts.sqrt,
            "transcendental": counts.transcendental,
            "select": counts.select,
        },
        "flops": counts.flops(),
    }))
}

/// Prints the counts as JSON if nothing else is asked for, and tells whether that was so.
pub fn only(request: &Request, source: &Source, function: &Function, out: &mut impl Write) -> Result<bool, Stop> {
    if request.stats != Some(Statistics::Json) {
        return Ok(false);
    }
    let by = input::selected(function, &request.wrt)?;
    writeln!(out, "{}", counts(request.cost, source, function, &by)?)?;
    Ok(true)
}

/// Prints the counts as text after an answer, if asked for.
pub fn also(request: &Request, source: &Source, function: &Function, out: &mut impl Write) -> Result<(), Stop> {
    let by = input::selected(function, &request.wrt)?;
    print(request.stats, request.cost, source, function, &by, out)
}

/// Prints the counts in the given form.
pub fn print(
    form: Option<Statistics>,
    goal: Option<Goal>,
    source: &Source,
    function: &Function,
    by: &[usize],
    out: &mut impl Write,
) -> Result<(), Stop> {
    let Some(form) = form else { return Ok(()) };
    let counts = counts(goal, source, function, by)?;
    match form {
        Statistics::Json => writeln!(out, "{counts}")?,
        Statistics::Text => {
            let (nodes, operations) = (&counts["nodes"], &counts["operations"]);
            writeln!(out, "nodes: {} as derived, {} simplified", nodes["raw"], nodes["simplified"])?;
            let list: Vec<String> = ["add", "mul", "div", "sqrt", "transcendental", "select"]
                .iter()
                .map(|name| format!("{} {name}", operations[name]))
                .collect();
            writeln!(out, "operations of value and gradient: {} ({} flops)", list.join(", "), counts["flops"])?;
        }
    }
    Ok(())
}
