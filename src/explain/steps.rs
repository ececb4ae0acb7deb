//! The steps of a simplification: each a rule applied in one place, with what only regroups left out.

use super::Reason;
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Term};
use crate::lower::{Facts, Formulas};
use crate::show::notation;
use crate::simplify::{Simplifier, Step, prove};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Most numerators that are written as differences in one line.
const MOST_NUMERATORS: usize = 4;

/// The reason for writing fractions with different denominators as one.
const COMMON_DENOMINATOR: &str = "common denominator";

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
                match proof_by_parts(simplifier, graph, formulas, before, *form, facts) {
                    Some(proof) => steps.extend(proof),
                    None => steps.push(Step { rule: unproved(graph, before, *form), backward: false, form: *form }),
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
        let adds = matches!(step.rule, "factor out" | COMMON_DENOMINATOR);
        let is_fraction = !matches!(graph.node(graph.as_multiple(step.form).1), Node::Sum(..));
        let joined = if adds && is_fraction { over_common_denominator(graph, before) } else { None };
        match joined {
            Some((joined, then)) => shown.extend([(joined, COMMON_DENOMINATOR.into()), (step.form, then.into())]),
            None if way == before => shown.push((step.form, step.rule.into())),
            None => shown.extend([(way, step.rule.into()), (step.form, "divide term by term".into())]),
        }
        before = step.form;
    }
    without_detours(graph, shown)
}

/// Leaves out steps that lead back to what is already written.
fn without_detours(graph: &Graph, steps: Vec<(ExprId, Reason)>) -> Vec<(ExprId, Reason)> {
    let mut kept: Vec<(ExprId, Reason)> = Vec::new();
    let mut written: Vec<String> = Vec::new();
    for (form, reason) in steps {
        let text = notation::text(graph, form);
        match written.iter().position(|earlier| *earlier == text) {
            Some(at) => {
                kept.truncate(at + 1);
                written.truncate(at + 1);
                kept[at].0 = form;
            }
            None => {
                kept.push((form, reason));
                written.push(text);
            }
        }
    }
    kept
}

/// Finds the steps from one form to another: those of the whole, or of the parts in which they differ.
fn proof_by_parts(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    from: ExprId,
    to: ExprId,
    facts: &[Facts],
) -> Option<Vec<Step>> {
    if from == to {
        return Some(Vec::new());
    }
    if let Some(proof) = prove(simplifier, graph, formulas, from, to, facts) {
        return Some(proof);
    }
    let (left, right, rest) = without_common(graph, from, to)?;
    let mut steps = proof_by_parts(simplifier, graph, formulas, left, right, facts)?;
    for step in &mut steps {
        step.form = rest(graph, step.form);
    }
    steps.last_mut()?.form = to;
    Some(steps)
}

/// Takes from two sums, or two products, what they have in common. Returns the rests, and what puts a rest back.
fn without_common(
    graph: &mut Graph,
    from: ExprId,
    to: ExprId,
) -> Option<(ExprId, ExprId, impl Fn(&mut Graph, ExprId) -> ExprId + use<>)> {
    let is_sum = matches!((graph.node(from), graph.node(to)), (Node::Sum(..), Node::Sum(..)));
    let parts = |graph: &Graph, id: ExprId| match graph.node(id) {
        Node::Sum(constant, terms) if is_sum => (constant.clone(), terms.to_vec()),
        Node::Product(factors) => (Rational::ZERO, factors.to_vec()),
        _ => (Rational::ZERO, vec![(id, Rational::ONE)]),
    };
    let ((left_constant, left), (right_constant, right)) = (parts(graph, from), parts(graph, to));
    let (common, left): (Vec<Term>, Vec<Term>) = left.into_iter().partition(|part| right.contains(part));
    let right: Vec<Term> = right.into_iter().filter(|part| !common.contains(part)).collect();
    if common.is_empty() || left.is_empty() || right.is_empty() {
        return None;
    }
    let mut made = |constant: Rational, parts: Vec<Term>| match is_sum {
        true => graph.sum(constant, parts),
        false => graph.product(Rational::ONE, parts),
    };
    let (left, right) = (made(left_constant, left), made(right_constant, right));
    let rest = move |graph: &mut Graph, part: ExprId| {
        let parts = common.iter().cloned().chain([(part, Rational::ONE)]).collect();
        if is_sum { graph.sum(Rational::ZERO, parts) } else { graph.product(Rational::ONE, parts) }
    };
    Some((left, right, rest))
}

/// Names a step for which no proof was found, by what became of the sums and products.
fn unproved(graph: &Graph, from: ExprId, to: ExprId) -> &'static str {
    let functions = |id: ExprId| -> BTreeSet<ExprId> {
        graph.reachable(&[id]).into_iter().filter(|id| graph.node(*id).function().is_some()).collect()
    };
    let sum = |id: ExprId| match graph.node(graph.as_multiple(id).1) {
        Node::Sum(_, terms) => terms.to_vec(),
        _ => Vec::new(),
    };
    let divides = |(term, _): &Term| match graph.node(*term) {
        Node::Product(factors) => factors.iter().any(|(_, exponent)| exponent.is_negative()),
        _ => false,
    };
    let (before, after) = (sum(from), sum(to));
    match (before.is_empty(), after.is_empty()) {
        _ if functions(from) != functions(to) => "rules of the table together",
        (false, true) if before.iter().any(divides) => COMMON_DENOMINATOR,
        (false, true) => "factor out",
        (true, false) => "multiply out",
        _ => "collect and factor out",
    }
}

/// Writes a sum of fractions whose denominators are different powers of the same sums as one fraction, the numerators
/// as they are. Tells what is to be done with them.
fn over_common_denominator(graph: &mut Graph, form: ExprId) -> Option<(ExprId, &'static str)> {
    let Node::Sum(constant, terms) = graph.node(form).clone() else { return None };
    let below = |graph: &Graph, term: ExprId| -> Vec<Factor> {
        let factors = match graph.node(term) {
            Node::Product(factors) => &**factors,
            _ => &[],
        };
        let is_sum = |base: ExprId| matches!(graph.node(base), Node::Sum(..));
        factors.iter().filter(|(base, exponent)| exponent.is_negative() && is_sum(*base)).cloned().collect()
    };
    let denominators: Vec<Vec<Factor>> = terms.iter().map(|(term, _)| below(graph, *term)).collect();
    if !constant.is_zero() || denominators.windows(2).all(|pair| pair[0] == pair[1]) {
        return None;
    }
    let mut common: Vec<Factor> = Vec::new();
    for (base, exponent) in denominators.into_iter().flatten() {
        match common.iter_mut().find(|(own, _)| *own == base) {
            Some((_, own)) if exponent < *own => *own = exponent,
            Some(_) => {}
            None => common.push((base, exponent)),
        }
    }
    let mut numerators = Vec::new();
    for (term, coefficient) in &terms {
        let mut factors = match graph.node(*term) {
            Node::Product(factors) => factors.to_vec(),
            _ => vec![(*term, Rational::ONE)],
        };
        for (base, exponent) in &common {
            match factors.iter_mut().find(|(own, _)| own == base) {
                Some((_, own)) => *own = own.add(&exponent.negate()),
                None => factors.push((*base, exponent.negate())),
            }
        }
        factors.retain(|(_, exponent)| !exponent.is_zero());
        numerators.push((graph.product(Rational::ONE, factors), coefficient.clone()));
    }
    let holds_sum = |(id, _): &Term| match graph.node(*id) {
        Node::Product(factors) => factors.iter().any(|(base, _)| matches!(graph.node(*base), Node::Sum(..))),
        _ => false,
    };
    let then = if numerators.iter().any(holds_sum) { "multiply out" } else { "collect terms" };
    let numerator = graph.intern(Node::Sum(constant, numerators.into()));
    let factors: Vec<Factor> = std::iter::once((numerator, Rational::ONE)).chain(common).collect();
    Some((graph.intern(Node::Product(factors.into())), then))
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
