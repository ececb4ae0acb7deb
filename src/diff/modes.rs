//! Reverse and forward accumulation (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3), and what is
//! made of them.

use super::{Differentiator, Result};
use crate::graph::{ExprId, Graph, Rational, Term};
use rustc_hash::FxHashMap;

/// Returns the derivative of one output by each of the given leaves, by reverse mode: adjoints flow from the output
/// to the leaves and add up where branches meet.
///
/// # Errors
/// A function without a rule.
pub fn gradient(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    output: ExprId,
    by: &[ExprId],
) -> Result<Vec<ExprId>> {
    let nodes = graph.reachable(&[output]);
    let mut active = vec![false; output.index() + 1];
    by.iter().filter(|id| **id <= output).for_each(|id| active[id.index()] = true);
    for id in &nodes {
        graph.node(*id).for_each_operand(|operand| active[id.index()] |= active[operand.index()]);
    }
    let mut contributions: Vec<Vec<Term>> = vec![Vec::new(); output.index() + 1];
    let one = graph.number(Rational::ONE);
    contributions[output.index()].push((one, Rational::ONE));
    let mut adjoints: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in nodes.into_iter().rev().filter(|id| active[id.index()]) {
        let adjoint = graph.sum(Rational::ZERO, std::mem::take(&mut contributions[id.index()]));
        adjoints.insert(id, adjoint);
        if graph.is_integer(adjoint, 0) && !graph.is_strict() {
            continue;
        }
        for (operand, partial) in differentiator.partials(graph, id, |operand| active[operand.index()])? {
            let contribution = graph.multiply(adjoint, partial);
            contributions[operand.index()].push((contribution, Rational::ONE));
        }
    }
    let zero = graph.number(Rational::ZERO);
    Ok(by.iter().map(|id| adjoints.get(id).copied().unwrap_or(zero)).collect())
}

/// Returns the derivative of each output along one leaf, by forward mode: tangents flow from the leaf.
///
/// # Errors
/// A function without a rule.
pub fn tangents(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    outputs: &[ExprId],
    by: ExprId,
) -> Result<Vec<ExprId>> {
    let zero = graph.number(Rational::ZERO);
    let one = graph.number(Rational::ONE);
    let mut tangents: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    tangents.insert(by, one);
    for id in graph.reachable(outputs) {
        let partials = differentiator.partials(graph, id, |operand| tangents.contains_key(&operand))?;
        if partials.is_empty() {
            continue;
        }
        let terms = partials
            .into_iter()
            .map(|(operand, partial)| (graph.multiply(partial, tangents[&operand]), Rational::ONE))
            .collect();
        let tangent = graph.sum(Rational::ZERO, terms);
        if tangent != zero || graph.is_strict() {
            tangents.insert(id, tangent);
        }
    }
    Ok(outputs.iter().map(|output| tangents.get(output).copied().unwrap_or(zero)).collect())
}

/// Returns the Jacobian row by row: the derivative of each output by each leaf, by the mode that takes fewer passes.
/// Forward mode wins a tie: it leaves choices nested as they are written.
///
/// # Errors
/// A function without a rule.
pub fn jacobian(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    outputs: &[ExprId],
    by: &[ExprId],
) -> Result<Vec<Vec<ExprId>>> {
    if outputs.len() < by.len() {
        return outputs.iter().map(|output| gradient(differentiator, graph, *output, by)).collect();
    }
    let mut rows = vec![Vec::with_capacity(by.len()); outputs.len()];
    for leaf in by {
        let column = tangents(differentiator, graph, outputs, *leaf)?;
        rows.iter_mut().zip(column).for_each(|(row, entry)| row.push(entry));
    }
    Ok(rows)
}

/// Returns the Hessian of one output row by row, forward over reverse; entries below the diagonal are those above it.
///
/// # Errors
/// A function without a rule.
pub fn hessian(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    gradient: &[ExprId],
    by: &[ExprId],
) -> Result<Vec<Vec<ExprId>>> {
    let mut rows: Vec<Vec<ExprId>> = Vec::with_capacity(by.len());
    for (at, leaf) in by.iter().enumerate() {
        let mut row: Vec<ExprId> = rows.iter().map(|earlier| earlier[at]).collect();
        row.extend(tangents(differentiator, graph, &gradient[at..], *leaf)?);
        rows.push(row);
    }
    Ok(rows)
}
