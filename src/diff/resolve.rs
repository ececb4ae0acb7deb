//! Works out the derivatives that stand inside expressions.
//!
//! A derivative by a name sees everything that was defined from the name, and holds fixed what was not.

use super::{Differentiator, Result, directional, gradient, of_extents, tangents, without_direction};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Extents, Graph, Node, Rational};
use crate::limits;
use rustc_hash::FxHashMap;

/// Replaces every derivative by its value and every placeholder by what it stands for.
///
/// # Errors
/// A function without a rule, and derivatives whose meaning depends on which name is held fixed.
pub fn resolve(differentiator: &mut Differentiator, graph: &mut Graph, roots: &[ExprId]) -> Result<Vec<ExprId>> {
    if !graph.reachable(roots).iter().any(|id| is_unresolved(graph.node(*id))) {
        return Ok(roots.to_vec());
    }
    let worked_out = work_out(differentiator, graph, roots)?;
    expand(differentiator, graph, &worked_out, None)
}

fn is_unresolved(node: &Node) -> bool {
    matches!(node, Node::Derivative(..) | Node::Placeholder(_))
}

/// Tells whether a node is a derivative of a derivative.
fn is_repeated(graph: &Graph, id: ExprId) -> bool {
    matches!(graph.node(id), Node::Derivative(inner, _) if matches!(graph.node(*inner), Node::Derivative(..)))
}

/// Replaces derivatives, innermost first; placeholders stay.
fn work_out(differentiator: &mut Differentiator, graph: &mut Graph, roots: &[ExprId]) -> Result<Vec<ExprId>> {
    let nodes = graph.reachable(roots);
    let mut wanted: FxHashMap<ExprId, Vec<ExprId>> = FxHashMap::default();
    for id in &nodes {
        if let Node::Derivative(value, by) = graph.node(*id) {
            wanted.entry(*value).or_default().push(*by);
        }
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut derived: FxHashMap<(ExprId, ExprId), ExprId> = FxHashMap::default();
    for id in nodes {
        let node = graph.node(id).clone();
        let new = match node {
            Node::Derivative(value, by) => {
                if !derived.contains_key(&(value, by)) {
                    let names = wanted.get(&value).cloned().unwrap_or_default();
                    for name in names.iter().filter(|name| matches!(graph.node(**name), Node::Placeholder(_))) {
                        reject_ambiguous(graph, value, *name)?;
                    }
                    for name in names {
                        let seen = expand(differentiator, graph, &[image[&value]], Some(name))?;
                        let derivative = derivative_by(differentiator, graph, seen[0], name)?;
                        // From the third derivative on like terms are worth the form in which they meet.
                        let short = if is_repeated(graph, value) { graph.expanded(derivative) } else { None };
                        if graph.len() > limits::NODES_RESOLVED {
                            return Err(Diagnostic::general(
                                Fault::TooLarge,
                                "the derivatives inside of this function grow too large",
                            )
                            .hint("take a lower order, or derive the function itself with `gradc diff --order`"));
                        }
                        derived.insert((value, name), short.unwrap_or(derivative));
                    }
                }
                derived[&(value, by)]
            }
            Node::Placeholder(_) => id,
            node if node.is_leaf() => id,
            node => rebuilt(graph, id, &node, &image),
        };
        image.insert(id, new);
    }
    Ok(roots.iter().map(|root| image[root]).collect())
}

/// Returns the derivative of a value by a name: the gradient of a number, the derivative of each entry by a number, or the
/// Jacobian of a column by a column.
fn derivative_by(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    value: ExprId,
    name: ExprId,
) -> Result<ExprId> {
    let (of_value, of_name) = (graph.extents(value), graph.extents(name));
    if of_value.is_scalar() {
        return Ok(gradient(differentiator, graph, value, &[name])?[0]);
    }
    if of_name.is_scalar() {
        return Ok(tangents(differentiator, graph, &[value], name)?[0]);
    }
    let direction = graph.add_matrix_input("direction", of_name.clone());
    let along = directional(differentiator, graph, &[value], &[(name, direction)])?[0];
    let wanted = Extents::new(of_value.rows, of_name.rows);
    let matrix = if graph.is_zero(along) {
        Some(graph.full(Rational::ZERO, wanted.clone()))
    } else {
        without_direction(graph, along, direction)
    };
    let matrix = matrix.ok_or_else(|| {
        let message = "the derivatives of this vector by a vector have no form as a matrix";
        Diagnostic::general(Fault::Derivative, message).hint("give the dimensions as numbers: `x: vector[3]`")
    })?;
    of_extents(graph, matrix, &wanted)
}

/// Rebuilds a node only if an operand has changed, so that what needs no change stays as written.
fn rebuilt(graph: &mut Graph, id: ExprId, node: &Node, image: &FxHashMap<ExprId, ExprId>) -> ExprId {
    let mut changed = false;
    node.for_each_operand(|operand| changed |= image[&operand] != operand);
    if changed { graph.construct(node, |operand| image[&operand]) } else { id }
}

/// Puts values in place of placeholders: all of them, or those that may depend on the name that is to be derived by.
fn expand(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    roots: &[ExprId],
    keep: Option<ExprId>,
) -> Result<Vec<ExprId>> {
    let stays = |graph: &Graph, id: ExprId| match (graph.node(id), keep) {
        (Node::Placeholder(_), Some(name)) if id <= name && matches!(graph.node(name), Node::Placeholder(_)) => true,
        (Node::Placeholder(_), _) => false,
        _ => true,
    };
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut stack: Vec<ExprId> = roots.to_vec();
    while let Some(&id) = stack.last() {
        if image.contains_key(&id) {
            stack.pop();
            continue;
        }
        let node = graph.node(id).clone();
        let mut operands = Vec::new();
        match node {
            Node::Placeholder(index) if !stays(graph, id) => {
                let value = graph.placeholder_value(index);
                let value = work_out(differentiator, graph, &[value])?[0];
                operands.push(value);
            }
            _ => node.for_each_operand(|operand| operands.push(operand)),
        }
        let pending: Vec<ExprId> = operands.iter().copied().filter(|operand| !image.contains_key(operand)).collect();
        if !pending.is_empty() {
            stack.extend(pending);
            continue;
        }
        stack.pop();
        let new = match node {
            Node::Placeholder(_) => operands.first().map_or(id, |value| image[value]),
            node => rebuilt(graph, id, &node, &image),
        };
        image.insert(id, new);
    }
    Ok(roots.iter().map(|root| image[root]).collect())
}

/// Rejects a derivative by a name of a derivative by another name in which the first one was already written out.
fn reject_ambiguous(graph: &Graph, value: ExprId, name: ExprId) -> Result<()> {
    for id in graph.reachable(&[value]) {
        if let Node::Derivative(inner, by) = graph.node(id)
            && *by != name
            && graph.reachable(&[*inner]).contains(&name)
        {
            let message = "a derivative by one name of a derivative by another is ambiguous where one of them is defined with `let`";
            return Err(Diagnostic::general(Fault::Derivative, message)
                .hint("make both names parameters of a function of their own"));
        }
    }
    Ok(())
}
