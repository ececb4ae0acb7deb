//! Derivatives as formulas, in the documentation of generated functions.

use super::matrices::by;
use crate::derive::{
    Closed, Derivative, Derivatives, Deriver, Form, Order, Product, derive_closed, derive_closed_product,
};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, NodeMap};
use crate::lower::{Entries, Whole};
use crate::show::{names::with_names, notation};

/// Most partial derivatives that stand as formulas in a function's documentation.
const DOCUMENTED: usize = 100;
/// Longest formula in a documentation line.
const LONGEST_FORMULA: usize = 200;

/// Lists the partial derivatives of a function as formulas, as far as they are short; `computed` are the derivatives in
/// the form that is run.
pub fn partial(
    deriver: &mut Deriver,
    function: &Entries,
    inputs: &[usize],
    computed: &Derivatives,
) -> Result<Vec<String>, Diagnostic> {
    let lengths = lengths(&computed.graph, &computed.first[0]);
    let short = (0..lengths.len()).filter(|at| lengths[*at] <= LONGEST_FORMULA);
    let short: Vec<usize> = short.map(|at| inputs[at]).collect();
    if short.is_empty() || lengths.len() > DOCUMENTED {
        return Ok(Vec::new());
    }
    let derivatives = deriver.derive(function, &short, Order::First, Form::Pretty)?;
    let label = |input: &usize| {
        let input = &function.graph.inputs()[*input];
        let place: Vec<String> = input.place.iter().map(usize::to_string).collect();
        let place = if place.is_empty() { String::new() } else { format!("[{}]", place.join(", ")) };
        format!("d/d{}{place}", input.parameter)
    };
    Ok(block(&derivatives.graph, short.iter().map(label), &derivatives.first[0]))
}

/// Returns how many nodes each root has, written out as a tree.
fn lengths(graph: &Graph, roots: &[ExprId]) -> Vec<usize> {
    let nodes = graph.reachable(roots);
    let mut lengths = NodeMap::new(&nodes);
    for id in nodes {
        let mut length = 1usize;
        graph.node(id).for_each_operand(|operand| length = length.saturating_add(lengths[operand]));
        lengths.insert(id, length);
    }
    roots.iter().map(|root| lengths[*root]).collect()
}

/// Lists the derivatives as formulas, as far as they are short.
pub fn derivatives(whole: &Whole, all: &[usize], order: Order) -> Result<Vec<String>, Diagnostic> {
    let Closed { mut graph, first, second, names, .. } = derive_closed(whole, all, order, Form::Pretty)?;
    let list = if order == Order::First { first } else { second };
    let roots: Vec<ExprId> = list.iter().map(Derivative::expression).collect();
    let power = if order == Order::Second { "^2" } else { "" };
    let label = |at: usize| {
        let names: Vec<String> =
            by(all, order, at).iter().map(|at| format!("d{}", whole.parameters[*at].name)).collect();
        format!("d{power}/{}", names.join(" "))
    };
    let labels = (0..roots.len()).map(label).collect();
    Ok(named(&mut graph, labels, &roots, &names))
}

/// Lists what is computed beside the value as formulas with these labels, as far as they are short.
pub fn products(product: Product, whole: &Whole, by: &[usize], labels: Vec<String>) -> Result<Vec<String>, Diagnostic> {
    let Closed { mut graph, first, second, names, .. } = derive_closed_product(product, whole, by, Form::Pretty)?;
    let roots = first.iter().chain(&second).map(Derivative::expression).collect::<Vec<_>>();
    Ok(named(&mut graph, labels, &roots, &names))
}

/// Writes formulas with what the user has named.
fn named(graph: &mut Graph, labels: Vec<String>, roots: &[ExprId], names: &[(String, ExprId)]) -> Vec<String> {
    let roots = with_names(graph, roots, names);
    block(graph, labels.into_iter(), &roots)
}

/// Writes formulas with their labels, as far as they are short.
fn block(graph: &Graph, labels: impl Iterator<Item = String>, roots: &[ExprId]) -> Vec<String> {
    let mut lines = vec!["```text".to_string()];
    for (label, root) in labels.zip(roots) {
        let formula = notation::text(graph, *root);
        if formula.len() <= LONGEST_FORMULA && !formula.contains('\n') {
            lines.push(format!("{label} = {formula}"));
        }
    }
    lines.extend(["```".to_string(), String::new()]);
    if lines.len() > 3 { lines } else { Vec::new() }
}
