//! `-f index`: derivatives entry by entry, with sums over indices and Kronecker deltas.

use super::Outcome;
use super::args::Request;
use super::gradient::heading;
use crate::Diagnostic;
use crate::derive::{Closed, Derivative, Order, Through, derive_closed, derive_through};
use crate::graph::{ExprId, Extents, Graph};
use crate::lower::{Function, Whole};
use crate::show::index::{Direction, Index, entry, free_names, product};
use crate::show::names::with_names;
use crate::syntax::print_expression;
use std::io::Write;

/// The indices that entries are written with: names that neither parameters nor dimensions have.
struct Indices {
    /// Those of the parameter's entry.
    own: [String; 2],
    /// Those of the value's entry.
    value: [String; 2],
    /// The names of parameters, dimensions and what the user has named.
    taken: Vec<String>,
}

impl Indices {
    fn new(whole: &Whole) -> Self {
        let parameters = whole.parameters.iter().map(|parameter| &parameter.name);
        let names = whole.names.iter().map(|(name, _)| name);
        let taken: Vec<String> = parameters.chain(names).chain(&whole.sizes).cloned().collect();
        let [a, b, c, d] = {
            let mut free = free_names(&taken);
            [(); 4].map(|()| free.next().unwrap_or_default())
        };
        Indices { own: [a, b], value: [c, d], taken }
    }

    fn written(
        &self,
        graph: &Graph,
        root: ExprId,
        indices: [&String; 2],
        direction: Option<Direction>,
        raw: bool,
    ) -> String {
        let [row, column] = indices.map(|name| Index::named(name));
        let (ast, root) = entry(graph, root, &row, &column, direction, &self.taken, raw);
        print_expression(&ast, root)
    }
}

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
    let indices = Indices::new(whole);
    let mut lines = vec![heading(function)];
    for (at, (derivative, root)) in list.iter().zip(roots).enumerate() {
        match order {
            Order::Second => lines.push(second(function, whole, &indices, (by, at), &closed, derivative, root)),
            _ => lines.extend(first(function, whole, &indices, by[at], &closed, derivative, root)?),
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
fn label(name: &str, extents: &Extents, indices: &[String; 2]) -> String {
    match (extents.is_scalar(), extents.is_column()) {
        (true, _) => name.to_string(),
        (_, true) => format!("{name}[{}]", indices[0]),
        _ => format!("{name}[{}, {}]", indices[0], indices[1]),
    }
}

fn direction(id: ExprId, indices: &[String; 2]) -> Direction {
    let [row, column] = indices.each_ref().map(|name| Index::named(name));
    Direction { id, row, column }
}

fn first(
    function: &Function,
    whole: &Whole,
    indices: &Indices,
    at: usize,
    closed: &Closed,
    derivative: &Derivative,
    root: ExprId,
) -> Result<Vec<String>, Diagnostic> {
    let parameter = &whole.parameters[at];
    let (own, of_value) = (indices.own.each_ref(), indices.value.each_ref());
    let below = label(&parameter.name, &parameter.extents(), &indices.own);
    let value = whole.extents();
    if value.is_scalar() {
        let result = indices.written(&closed.graph, root, own, None, false);
        let mut lines = chain(function, whole, indices, at, &below)?;
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
    let name = format!("d{}/d{below}", label(function.display_name(), &value, &indices.value));
    Ok(vec![match derivative {
        // The row of a Jacobian is the value's index, its column the parameter's.
        Derivative::Matrix(_) if !parameter.extents().is_scalar() => {
            format!("{name} = {}", indices.written(&closed.graph, root, [of_value[0], own[0]], None, false))
        }
        Derivative::Matrix(_) => format!("{name} = {}", indices.written(&closed.graph, root, of_value, None, false)),
        Derivative::Operator { direction: id, .. } => {
            let direction = Some(direction(*id, &indices.own));
            format!("{name} = {}", indices.written(&closed.graph, root, of_value, direction, false))
        }
    }])
}

/// Writes the chain rule through the last vector with a name, if the value depends on the parameter through it alone;
/// the last line is the sum before its deltas are summed away.
fn chain(
    function: &Function,
    whole: &Whole,
    indices: &Indices,
    at: usize,
    below: &str,
) -> Result<Vec<String>, Diagnostic> {
    let Some(Through { name, mut graph, outer, inner, direction: id, length }) = derive_through(whole, at)? else {
        return Ok(Vec::new());
    };
    let own = Some(direction(id, &indices.own));
    let of_value = indices.value.each_ref();
    let roots = with_names(&mut graph, &[outer, inner], &[]);
    let k = of_value[0];
    let local = indices.written(&graph, roots[1], of_value, own.clone(), false);
    let upstream = indices.written(&graph, roots[0], of_value, None, false);
    let [row, column] = of_value.map(|name| Index::named(name));
    let (ast, root) = product(&graph, (roots[0], roots[1]), &row, &column, own, &indices.taken, &length);
    Ok(vec![
        format!("d{name}[{k}]/d{below} = {local}"),
        format!("d{}/d{name}[{k}] = {upstream}", function.display_name()),
        print_expression(&ast, root),
    ])
}

fn second(
    function: &Function,
    whole: &Whole,
    indices: &Indices,
    (by, at): (&[usize], usize),
    closed: &Closed,
    derivative: &Derivative,
    root: ExprId,
) -> String {
    let (own, value) = (indices.own.each_ref(), indices.value.each_ref());
    let pairs = (0..by.len()).flat_map(|row| (row..by.len()).map(move |column| (by[row], by[column])));
    let (row, column) = pairs.into_iter().nth(at).unwrap_or((0, 0));
    let [row, column] = [row, column].map(|at| &whole.parameters[at]);
    let first = label(&row.name, &row.extents(), &indices.own);
    let second = label(&column.name, &column.extents(), &indices.value);
    let name = format!("d^2{}/d{first} d{second}", function.display_name());
    let text = match derivative {
        Derivative::Matrix(_) if row.extents().is_scalar() || column.extents().is_scalar() => {
            let places = if row.extents().is_scalar() { value } else { own };
            indices.written(&closed.graph, root, places, None, false)
        }
        Derivative::Matrix(_) => indices.written(&closed.graph, root, [own[0], value[0]], None, false),
        Derivative::Operator { direction: id, .. } => {
            indices.written(&closed.graph, root, own, Some(direction(*id, &indices.value)), false)
        }
    };
    format!("{name} = {text}")
}
