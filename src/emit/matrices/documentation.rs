//! The documentation of functions of whole vectors and matrices: shapes, and derivatives as formulas.

use super::formed::by;
use crate::derive::{Closed, Derivative, Form, Order, derive_closed};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph};
use crate::lower::{Shape, Whole, WholeParameter};
use crate::show::{names::with_names, notation};

/// Longest formula in a documentation line.
const LONGEST_FORMULA: usize = 200;

/// Says which shapes the parameters have.
pub(super) fn shapes(whole: &Whole) -> String {
    let described = |parameter: &WholeParameter| format!("`{}` is a `{}`", parameter.name, parameter.shape);
    let shaped = whole.parameters.iter().filter(|parameter| parameter.shape != Shape::Scalar);
    let order = if whole.sizes.is_empty() { "" } else { ", row by row" };
    format!("{}{order}.", shaped.map(described).collect::<Vec<_>>().join(", "))
}

/// Lists the derivatives as formulas, as far as they are short.
pub(super) fn formulas(whole: &Whole, all: &[usize], order: Order) -> Result<Vec<String>, Diagnostic> {
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
    Ok(lines_of(&mut graph, labels, &roots, &names))
}

/// Writes formulas with their labels, as far as they are short, with what the user has named.
pub(super) fn lines_of(
    graph: &mut Graph,
    labels: Vec<String>,
    roots: &[ExprId],
    names: &[(String, ExprId)],
) -> Vec<String> {
    let roots = with_names(graph, roots, names);
    let mut lines = vec!["```text".to_string()];
    for (label, root) in labels.into_iter().zip(roots) {
        let formula = notation::text(graph, root);
        if formula.len() <= LONGEST_FORMULA && !formula.contains('\n') {
            lines.push(format!("{label} = {formula}"));
        }
    }
    lines.extend(["```".to_string(), String::new()]);
    if lines.len() > 3 { lines } else { Vec::new() }
}
