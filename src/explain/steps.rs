//! The steps of a simplification: each a rule applied in one place, with what only regroups left out.

use super::Reason;
use crate::graph::{ExprId, Graph, Node, Rational};
use crate::lower::{Facts, Formulas};
use crate::simplify::{Simplifier, Step, prove};
use std::cell::Cell;

/// Most numerators that are written as differences in one line.
const MOST_NUMERATORS: usize = 4;

/// Lists the steps from a form to the last of the given forms.
pub fn simplification(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    start: ExprId,
    forms: &[ExprId],
    facts: &[Facts],
) -> Vec<(ExprId, Reason)> {
    let Some(end) = forms.last().copied() else { return Vec::new() };
    let mut steps = Vec::new();
    match prove(simplifier, graph, formulas, start, end, facts) {
        Some(proof) => steps = proof,
        None => {
            // Where there is no proof in one piece, there may be one from form to form.
            let mut before = start;
            for form in forms {
                match prove(simplifier, graph, formulas, before, *form, facts) {
                    Some(proof) => steps.extend(proof),
                    None => steps.push(Step { rule: "rules of the table together", backward: false, form: *form }),
                }
                before = *form;
            }
        }
    }
    let mut shown: Vec<(ExprId, Reason)> = Vec::new();
    let mut before = start;
    for (at, step) in steps.iter().enumerate() {
        let next = steps.get(at + 1);
        let repeated = next.is_some_and(|next| (next.rule, next.backward) == (step.rule, step.backward));
        if repeated || (next.is_some() && step.is_bookkeeping()) {
            continue;
        }
        let mut way = before;
        if step.rule == "add and subtract 1" {
            (0..MOST_NUMERATORS).for_each(|_| way = difference_over_sum(graph, way).unwrap_or(way));
        }
        match way == before {
            true => shown.push((step.form, step.rule.into())),
            false => shown.extend([(way, step.rule.into()), (step.form, "divide term by term".into())]),
        }
        before = step.form;
    }
    shown
}

/// Writes the first `a/(a + b)` of a form as `(a + b - b)/(a + b)`.
fn difference_over_sum(graph: &mut Graph, form: ExprId) -> Option<ExprId> {
    let nodes = graph.reachable(&[form]);
    let (product, factors, at, sum) = nodes.into_iter().find_map(|id| {
        let Node::Product(factors) = graph.node(id) else { return None };
        let (at, sum) = factors.iter().enumerate().find_map(|(at, (part, exponent))| {
            let holds = |sum: &ExprId| matches!(graph.node(*sum), Node::Sum(_, terms) if terms.iter().any(|(id, k)| id == part && k.is_one()));
            let below = factors.iter().find(|(sum, exponent)| exponent.is_negative() && holds(sum));
            exponent.is_one().then_some((at, below?.0))
        })?;
        Some((id, factors.clone(), at, sum))
    })?;
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    let part = factors[at].0;
    let others = terms.iter().filter(|(id, _)| *id != part).map(|(id, k)| (*id, k.negate()));
    let difference = Node::Sum(constant.negate(), [(sum, Rational::ONE)].into_iter().chain(others).collect());
    let mut factors = factors.to_vec();
    factors[at].0 = graph.intern(difference);
    let written = graph.intern(Node::Product(factors.into()));
    Some(graph.rebuild(&[form], |_, id, _| (id == product).then_some(written))[0])
}

/// Lists the steps from one form of a matrix to another, each a rule applied in one place: entry by entry, or inside of
/// an operation on matrices. The facts are those of the graph's inputs. None if there is no proof.
pub fn matrix_steps(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    from: ExprId,
    to: ExprId,
    facts: &[Facts],
) -> Option<Vec<(ExprId, Reason)>> {
    if from == to {
        return Some(Vec::new());
    }
    let entry = entrywise_steps(simplifier, graph, formulas, from, to, facts);
    entry.or_else(|| inner_steps(simplifier, graph, formulas, from, to, facts))
}

/// Lists the steps between forms that differ only in what is computed for each entry.
fn entrywise_steps(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    from: ExprId,
    to: ExprId,
    facts: &[Facts],
) -> Option<Vec<(ExprId, Reason)>> {
    if !graph.is_entrywise(from) || graph.node(to).is_leaf() && !matches!(graph.node(to), Node::Input(_)) {
        return None;
    }
    let extents = graph.extents(from);
    let (mut region, target) = (graph.region(from), graph.region(to));
    let inputs: Option<Vec<ExprId>> = target
        .leaves
        .iter()
        .map(|leaf| region.leaves.iter().position(|own| own == leaf))
        .map(|at| at.map(|at| region.graph.intern(Node::Input(at as u32))))
        .collect();
    let end = region.graph.paste(&target.graph, target.root, &inputs?);
    let facts: Vec<Facts> = region
        .leaves
        .iter()
        .map(|leaf| match graph.node(*leaf) {
            Node::Input(index) => facts.get(*index as usize).cloned().unwrap_or_default(),
            _ if graph.is_sum_of_squares(*leaf) => Facts { low: Some((Rational::ZERO, false)), ..Facts::default() },
            _ => Facts::default(),
        })
        .collect();
    prove(simplifier, &mut region.graph, formulas, region.root, end, &facts)?;
    let steps = simplification(simplifier, &mut region.graph, formulas, region.root, &[end], &facts);
    let pasted = |(form, reason)| {
        let form = graph.paste(&region.graph, form, &region.leaves);
        (graph.spread(form, &extents), reason)
    };
    Some(steps.into_iter().map(pasted).collect())
}

/// Lists the steps between forms that are the same operation on operands for which there are steps.
fn inner_steps(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    from: ExprId,
    to: ExprId,
    facts: &[Facts],
) -> Option<Vec<(ExprId, Reason)>> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    graph.node(from).for_each_operand(|operand| before.push(operand));
    graph.node(to).for_each_operand(|operand| after.push(operand));
    let with = |graph: &Graph, operands: &[ExprId]| {
        let next = Cell::new(0);
        graph.node(from).clone().renamed(|operand| {
            let at = next.replace(next.get() + 1);
            operands.get(at).copied().unwrap_or(operand)
        })
    };
    if before.len() != after.len() || with(graph, &after) != *graph.node(to) {
        return None;
    }
    let mut steps = Vec::new();
    for at in 0..before.len() {
        for (form, reason) in matrix_steps(simplifier, graph, formulas, before[at], after[at], facts)? {
            before[at] = form;
            let whole = with(graph, &before);
            steps.push((graph.intern(whole), reason));
        }
    }
    Some(steps)
}
