//! What printed derivatives take for granted: where they are defined while the chain rule's are not.

use super::{Closed, Derivative, Derivatives, Form, Order, derive_closed, input_facts};
use crate::diff::{Differentiator, resolve};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Entries, Facts, Formulas, Whole};
use crate::simplify::{Grouping, Patch, canonicalize, continued, lost_conditions};

/// What the printed derivatives take for granted: conditions on the inputs without which the derivatives, as the chain
/// rule gives them, are not defined while what is printed is.
#[derive(Clone, Debug)]
pub struct Assumptions {
    /// Where the conditions are.
    pub graph: Graph,
    /// The conditions.
    pub conditions: Vec<ExprId>,
}

/// Finds what derivatives take for granted, given how they were asked for: `raw` forms the same derivatives without
/// simplification, in the same order as [`Derivatives::derived`] lists them.
///
/// # Errors
/// A function without a derivative rule.
pub fn assumptions(
    function: &Entries,
    shown: &Derivatives,
    raw: impl FnOnce(&Entries) -> Result<Derivatives, Diagnostic>,
) -> Result<Assumptions, Diagnostic> {
    let mut function = function.clone();
    function.graph.set_strict(true);
    let raw = raw(&function)?;
    let roots = raw.derived();
    Ok(lost(raw.graph, &roots, (&shown.graph, &shown.derived()), &input_facts(&function)))
}

/// Finds what derivatives by whole parameters take for granted.
///
/// # Errors
/// A function without a derivative rule.
pub fn closed_assumptions(
    whole: &Whole,
    by: &[usize],
    order: Order,
    shown: &Closed,
) -> Result<Assumptions, Diagnostic> {
    let mut whole = whole.clone();
    whole.graph.set_strict(true);
    let mut raw = derive_closed(&whole, by, order, Form::Raw)?;
    raw.graph.use_symmetry();
    let derived = |closed: &Closed| -> Vec<ExprId> {
        let derivatives = if order == Order::Second { &closed.second } else { &closed.first };
        derivatives.iter().map(Derivative::expression).collect()
    };
    let mut facts = vec![Facts::default(); raw.graph.inputs().len()];
    for parameter in &whole.parameters {
        facts[whole.input_index(parameter.id)] = parameter.facts.clone();
    }
    let roots = derived(&raw);
    Ok(lost(raw.graph, &roots, (&shown.graph, &derived(shown)), &facts))
}

/// Branches of a function whose derivative may be none of the neighbours'.
#[derive(Clone, Debug)]
pub struct Patches {
    /// Where the conditions are.
    pub graph: Graph,
    /// The branches, by their conditions.
    pub list: Vec<Patch>,
}

/// Lists the branches of their own, by conditions on the inputs `by`, that are not continued: there the derivative is that
/// of the branch.
///
/// # Errors
/// A function without a derivative rule.
pub fn patches(function: &Entries, by: &[usize]) -> Result<Patches, Diagnostic> {
    let mut formulas = Formulas::default();
    let mut graph = function.graph.clone();
    if !has_choices(&graph) {
        return Ok(Patches { graph, list: Vec::new() });
    }
    let value = resolve(&mut Differentiator::default(), &mut graph, &function.outputs)?;
    let value = canonicalize(&mut graph, &mut formulas, &value, Grouping::DERIVING);
    let (value, _) = continued(&mut graph, &mut formulas, &value, false);
    let list = crate::simplify::patches(&mut graph, &value, |graph, id| depends_on(graph, id, by));
    Ok(Patches { graph, list })
}

/// As [`patches`], of a function of whole vectors and matrices by some of its parameters.
///
/// # Errors
/// A function without a derivative rule.
pub fn closed_patches(whole: &Whole, by: &[usize]) -> Result<Patches, Diagnostic> {
    if !has_choices(&whole.graph) {
        return Ok(Patches { graph: Graph::new(), list: Vec::new() });
    }
    let inputs: Vec<usize> = by.iter().map(|at| whole.input_index(whole.parameters[*at].id)).collect();
    let Closed { mut graph, value, .. } = derive_closed(whole, &[], Order::Value, Form::Pretty)?;
    let list = crate::simplify::patches(&mut graph, &[value], |graph, id| depends_on(graph, id, &inputs));
    Ok(Patches { graph, list })
}

fn has_choices(graph: &Graph) -> bool {
    graph.nodes_from(0).any(|id| matches!(graph.node(id), Node::Select(..)))
}

fn depends_on(graph: &Graph, id: ExprId, inputs: &[usize]) -> bool {
    graph.reachable(&[id]).into_iter().any(|id| match graph.node(id) {
        Node::Input(index) => inputs.contains(&(*index as usize)),
        _ => false,
    })
}

/// Lists the conditions that the given expressions need and the shown ones do not.
fn lost(mut graph: Graph, given: &[ExprId], shown: (&Graph, &[ExprId]), facts: &[Facts]) -> Assumptions {
    let mut formulas = Formulas::default();
    let before = canonicalize(&mut graph, &mut formulas, given, Grouping::READING);
    let after = graph.import(shown.0, shown.1);
    let after = canonicalize(&mut graph, &mut formulas, &after, Grouping::READING);
    let conditions = lost_conditions(&mut graph, &mut formulas, (&before, &after), facts);
    Assumptions { graph, conditions }
}
