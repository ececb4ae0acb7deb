//! `-f index`: derivatives entry by entry, with sums over indices and Kronecker deltas.

use super::Outcome;
use super::args::Request;
use super::gradient::heading;
use crate::Diagnostic;
use crate::derive::{Closed, Derivative, Order, Through, derive_closed, derive_through};
use crate::graph::{ExprId, Extents, Graph};
use crate::lower::{Function, Whole};
use crate::show::index::{Direction, Index, entry, product};
use crate::show::names::with_names;
use crate::syntax::print_expression;
use std::io::Write;

/// The indices of the parameter's entry, and of the value's.
const OWN: [&str; 2] = ["i", "j"];
const VALUE: [&str; 2] = ["k", "l"];

/// Prints first or second derivatives in index form.
pub fn run(
    request: &Request,
    function: &Function,
    whole: &Whole,
    by: &[usize],
    order: Order,
    out: &mut impl Write,
) -> Result<Outcome, Diagnostic> {
    let mut closed = derive_closed(whole, by, order, request.shown())?;
    let list = if order == Order::Second { closed.second.clone() } else { closed.first.clone() };
    let roots: Vec<ExprId> = list.iter().map(Derivative::expression).collect();
    let names = closed.names.clone();
    let roots = with_names(&mut closed.graph, &roots, &names);
    let mut lines = vec![heading(function)];
    for (at, (derivative, root)) in list.iter().zip(roots).enumerate() {
        match order {
            Order::Second => lines.push(second(function, whole, by, at, &closed, derivative, root)),
            _ => lines.extend(first(function, whole, by[at], &closed, derivative, root)?),
        }
    }
    Ok((|| {
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(super::Exit::Success)
    })())
}

/// Writes `W[i, j]`, `x[i]` or `y`.
fn label(name: &str, extents: &Extents, indices: [&str; 2]) -> String {
    match (extents.is_scalar(), extents.is_column()) {
        (true, _) => name.to_string(),
        (_, true) => format!("{name}[{}]", indices[0]),
        _ => format!("{name}[{}, {}]", indices[0], indices[1]),
    }
}

fn written(graph: &Graph, root: ExprId, indices: [&str; 2], direction: Option<Direction>, raw: bool) -> String {
    let [row, column] = indices.map(Index::named);
    let (ast, root) = entry(graph, root, &row, &column, direction, raw);
    print_expression(&ast, root)
}

fn direction(id: ExprId, indices: [&str; 2]) -> Direction {
    let [row, column] = indices.map(Index::named);
    Direction { id, row, column }
}

fn first(
    function: &Function,
    whole: &Whole,
    at: usize,
    closed: &Closed,
    derivative: &Derivative,
    root: ExprId,
) -> Result<Vec<String>, Diagnostic> {
    let parameter = &whole.parameters[at];
    let below = label(&parameter.name, &parameter.extents, OWN);
    let value = whole.extents();
    if value.is_scalar() {
        let result = written(&closed.graph, root, OWN, None, false);
        let mut lines = chain(function, whole, at, &below)?;
        let name = format!("d{}/d{below}", function.display_name());
        match lines.pop() {
            Some(unsummed) if unsummed != result => {
                lines.push(format!("{name} = {unsummed}"));
                lines.push(format!("{} = {result}", " ".repeat(name.chars().count())));
            }
            _ => lines.push(format!("{name} = {result}")),
        }
        return Ok(lines);
    }
    let name = format!("d{}/d{below}", label(function.display_name(), &value, VALUE));
    Ok(vec![match derivative {
        // The row of a Jacobian is the value's index, its column the parameter's.
        Derivative::Matrix(_) if !parameter.extents.is_scalar() => {
            format!("{name} = {}", written(&closed.graph, root, [VALUE[0], OWN[0]], None, false))
        }
        Derivative::Matrix(_) => format!("{name} = {}", written(&closed.graph, root, VALUE, None, false)),
        Derivative::Operator { direction: id, .. } => {
            format!("{name} = {}", written(&closed.graph, root, VALUE, Some(direction(*id, OWN)), false))
        }
    }])
}

/// Writes the chain rule through the last vector with a name, if the value depends on the parameter through it alone;
/// the last line is the sum before its deltas are summed away.
fn chain(function: &Function, whole: &Whole, at: usize, below: &str) -> Result<Vec<String>, Diagnostic> {
    let Some(Through { name, mut graph, outer, inner, direction: id, length }) = derive_through(whole, at)? else {
        return Ok(Vec::new());
    };
    let own = Some(direction(id, OWN));
    let roots = with_names(&mut graph, &[outer, inner], &[]);
    let k = VALUE[0];
    let local = written(&graph, roots[1], VALUE, own.clone(), false);
    let upstream = written(&graph, roots[0], VALUE, None, false);
    let [row, column] = VALUE.map(Index::named);
    let (ast, root) = product(&graph, (roots[0], roots[1]), &row, &column, own, &length);
    Ok(vec![
        format!("d{name}[{k}]/d{below} = {local}"),
        format!("d{}/d{name}[{k}] = {upstream}", function.display_name()),
        print_expression(&ast, root),
    ])
}

fn second(
    function: &Function,
    whole: &Whole,
    by: &[usize],
    at: usize,
    closed: &Closed,
    derivative: &Derivative,
    root: ExprId,
) -> String {
    let pairs = (0..by.len()).flat_map(|row| (row..by.len()).map(move |column| (by[row], by[column])));
    let (row, column) = pairs.into_iter().nth(at).unwrap_or((0, 0));
    let [row, column] = [row, column].map(|at| &whole.parameters[at]);
    let (first, second) = (label(&row.name, &row.extents, OWN), label(&column.name, &column.extents, VALUE));
    let name = format!("d^2{}/d{first} d{second}", function.display_name());
    let text = match derivative {
        Derivative::Matrix(_) if row.extents.is_scalar() || column.extents.is_scalar() => {
            let indices = if row.extents.is_scalar() { VALUE } else { OWN };
            written(&closed.graph, root, indices, None, false)
        }
        Derivative::Matrix(_) => written(&closed.graph, root, [OWN[0], VALUE[0]], None, false),
        Derivative::Operator { direction: id, .. } => {
            written(&closed.graph, root, OWN, Some(direction(*id, VALUE)), false)
        }
    };
    format!("{name} = {text}")
}
