//! Reverse and forward accumulation (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3), and what is
//! made of them.

use super::scans::Recurrences;
use super::{Differentiator, Result};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Extents, Graph, NodeMap, Rational, Term};
use rustc_hash::FxHashSet;

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
    let one = graph.number(Rational::ONE);
    adjoints(differentiator, graph, output, one, by)
}

/// Returns what the adjoint of each of the given leaves is where that of the output is given.
///
/// # Errors
/// A function without a rule.
pub fn adjoints(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    output: ExprId,
    adjoint: ExprId,
    by: &[ExprId],
) -> Result<Vec<ExprId>> {
    adjoints_of(differentiator, graph, &[(output, adjoint)], by)
}

/// Returns what the adjoint of each of the given nodes is where those of some outputs are given. What the nodes are made of
/// gains nothing through them.
///
/// # Errors
/// A function without a rule.
pub(super) fn adjoints_of(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    outputs: &[(ExprId, ExprId)],
    by: &[ExprId],
) -> Result<Vec<ExprId>> {
    for (output, adjoint) in outputs {
        let (found, wanted) = (graph.extents(*adjoint), graph.extents(*output));
        if found != wanted {
            return Err(misshapen(&found, &wanted));
        }
    }
    let roots: Vec<ExprId> = outputs.iter().map(|(output, _)| *output).collect();
    let nodes = graph.reachable_outside(&roots);
    let length = nodes.last().map_or(0, |last| last.index() + 1);
    let mut active = vec![false; length];
    by.iter().filter(|id| id.index() < length).for_each(|id| active[id.index()] = true);
    for id in &nodes {
        active[id.index()] |= match graph.is_binder(*id) {
            true => graph.frontier(*id).iter().any(|read| active[read.index()]),
            false => {
                let mut moves = false;
                graph.node(*id).for_each_operand(|operand| moves |= active[operand.index()]);
                moves
            }
        };
    }
    let asked: FxHashSet<ExprId> = by.iter().copied().collect();
    let mut contributions: Vec<Vec<Term>> = vec![Vec::new(); length];
    outputs.iter().for_each(|(output, adjoint)| contributions[output.index()].push((*adjoint, Rational::ONE)));
    let mut adjoints = NodeMap::new(&nodes);
    let mut recurrences = Recurrences::new(graph, &nodes);
    for id in nodes.into_iter().rev().filter(|id| active[id.index()]) {
        let adjoint = graph.sum(Rational::ZERO, std::mem::take(&mut contributions[id.index()]));
        adjoints.insert(id, adjoint);
        if asked.contains(&id) {
            continue;
        }
        let wanted = |operand: ExprId| active[operand.index()];
        let gained = match recurrences.note(id, adjoint) {
            Some(states) if states.iter().all(|(_, adjoint)| graph.is_zero(*adjoint)) => Vec::new(),
            Some(states) => differentiator.pull_back_scan(graph, &states, wanted)?,
            None if recurrences.has(id) || graph.is_zero(adjoint) && !graph.is_strict() => continue,
            None => differentiator.pullback(graph, id, adjoint, wanted)?,
        };
        for (operand, contribution) in gained {
            contributions[operand.index()].push((contribution, Rational::ONE));
        }
    }
    let zero = graph.number(Rational::ZERO);
    let adjoints: Vec<ExprId> = by.iter().map(|id| adjoints.get(*id).copied().unwrap_or(zero)).collect();
    by.iter().zip(adjoints).map(|(id, adjoint)| of_extents(graph, adjoint, &graph.extents(*id))).collect()
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
    let one = graph.number(Rational::ONE);
    directional(differentiator, graph, outputs, &[(by, one)])
}

/// Returns the derivative of each output along directions of some leaves, by forward mode. Each leaf is given with its
/// direction.
///
/// # Errors
/// A function without a rule.
pub fn directional(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    outputs: &[ExprId],
    directions: &[(ExprId, ExprId)],
) -> Result<Vec<ExprId>> {
    let nodes = graph.reachable_outside(outputs);
    let mut tangents = NodeMap::new(&nodes);
    directions.iter().for_each(|(leaf, direction)| tangents.insert(*leaf, *direction));
    let given: FxHashSet<ExprId> = directions.iter().map(|(leaf, _)| *leaf).collect();
    for id in nodes.into_iter().filter(|id| !given.contains(id)) {
        let terms = differentiator.pushforward(graph, id, &tangents)?;
        if terms.is_empty() {
            continue;
        }
        let terms = terms.into_iter().map(|term| (term, Rational::ONE)).collect();
        let tangent = graph.sum(Rational::ZERO, terms);
        if !graph.is_zero(tangent) || graph.is_strict() {
            tangents.insert(id, tangent);
        }
    }
    let zero = graph.number(Rational::ZERO);
    let tangents: Vec<ExprId> = outputs.iter().map(|output| tangents.get(*output).copied().unwrap_or(zero)).collect();
    outputs.iter().zip(tangents).map(|(id, tangent)| of_extents(graph, tangent, &graph.extents(*id))).collect()
}

/// Returns a derivative with the extents that it must have; a number is repeated for every entry.
///
/// # Errors
/// A derivative that has other extents: a rule is wrong, and no answer is better than a wrong one.
pub fn of_extents(graph: &mut Graph, derivative: ExprId, wanted: &Extents) -> Result<ExprId> {
    let derivative = graph.spread(derivative, wanted);
    let found = graph.extents(derivative);
    if found == *wanted {
        return Ok(derivative);
    }
    Err(misshapen(&found, wanted))
}

fn misshapen(found: &Extents, wanted: &Extents) -> Diagnostic {
    let message = format!("a derivative came out as {found} where it must be {wanted}");
    Diagnostic::general(Fault::Derivative, message).hint("this is an error in gradc, not in the source: report it")
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
