//! Functions that are computed by formulas, written out: those of Table 1, and sums of exponentials.

use crate::functions::{Code, rows};
use crate::graph::{ExprId, Graph, Node, NodeMap, Rational};
use crate::lower::Formulas;

/// Replaces functions that are computed by formulas.
pub fn write_out(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<ExprId> {
    let is_formula = |id: &ExprId| {
        let code = graph.node(*id).function().map(|function| function.row().code);
        matches!(code, Some(Code::Formula(_) | Code::LogSumExp))
    };
    if !graph.reachable(roots).iter().any(is_formula) {
        return roots.to_vec();
    }
    graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Apply(function, arguments) = &node else {
            return logarithm_of_share(graph, id, image).or_else(|| node.is_leaf().then_some(id));
        };
        if *function == rows::EXP
            && let Some((entries, place)) = share(graph, arguments[0])
        {
            let entries: Vec<ExprId> = entries.iter().map(|entry| image[*entry]).collect();
            let exponentials = Exponentials::new(graph, &entries);
            let factors = vec![(exponentials.each[place], Rational::ONE), (exponentials.total, Rational::MINUS_ONE)];
            return Some(graph.product(Rational::ONE, factors));
        }
        let arguments: Vec<ExprId> = arguments.iter().map(|argument| image[*argument]).collect();
        match function.row().code {
            Code::Formula(formula) => {
                let lowered = formulas.lower(graph, formula, &[("x", arguments[0])])?;
                Some(write_out_inner(graph, formulas, lowered))
            }
            Code::LogSumExp => {
                let (largest, rest) = log_sum_exp(graph, &arguments);
                Some(graph.add(largest, rest))
            }
            _ => None,
        }
    })
}

/// Writes out formulas that a formula uses; the table has no cycles.
fn write_out_inner(graph: &mut Graph, formulas: &mut Formulas, root: ExprId) -> ExprId {
    match graph.node(root) {
        Node::Apply(function, _) if matches!(function.row().code, Code::Formula(_)) => {
            write_out(graph, formulas, &[root])[0]
        }
        _ => root,
    }
}

/// Exponentials of entries less the largest, so that none overflows (Blanchard, Higham and Higham, Accurately computing
/// the log-sum-exp and softmax functions, 2021, equation 1.3).
struct Exponentials {
    largest: ExprId,
    each: Vec<ExprId>,
    total: ExprId,
}

impl Exponentials {
    fn new(graph: &mut Graph, entries: &[ExprId]) -> Exponentials {
        let largest = entries.iter().copied().reduce(|a, b| graph.apply(rows::MAX, &[a, b])).unwrap_or(entries[0]);
        let shifted = |entry: &ExprId| {
            let difference = graph.sum(Rational::ZERO, vec![(*entry, Rational::ONE), (largest, Rational::MINUS_ONE)]);
            graph.apply(rows::EXP, &[difference])
        };
        let each: Vec<ExprId> = entries.iter().map(shifted).collect();
        let total = graph.sum(Rational::ZERO, each.iter().map(|id| (*id, Rational::ONE)).collect());
        Exponentials { largest, each, total }
    }
}

/// Writes out `logsumexp(x)` as the largest entry m and `ln_1p(Σ exp(x − m) − 1)`, which are to be added. The
/// exponentials of the largest entries are 1, all others less: the whole parts are added apart, less 1, so that small
/// entries keep their digits beside the 1.
fn log_sum_exp(graph: &mut Graph, entries: &[ExprId]) -> (ExprId, ExprId) {
    let Exponentials { largest, each, .. } = Exponentials::new(graph, entries);
    let whole: Vec<ExprId> = each.iter().map(|id| graph.apply(rows::FLOOR, &[*id])).collect();
    let part = |(id, whole): (&ExprId, &ExprId)| {
        graph.sum(Rational::ZERO, vec![(*id, Rational::ONE), (*whole, Rational::MINUS_ONE)])
    };
    let parts: Vec<ExprId> = each.iter().zip(&whole).map(part).collect();
    let more = graph.sum(Rational::MINUS_ONE, whole.into_iter().map(|id| (id, Rational::ONE)).collect());
    let rest = graph.sum(Rational::ZERO, parts.into_iter().chain([more]).map(|id| (id, Rational::ONE)).collect());
    (largest, graph.apply(rows::LN_1P, &[rest]))
}

/// Writes out a sum that has one of the entries beside `logsumexp`, with the opposite sign: what the entry and the
/// largest one differ by comes first, so that a small result keeps its digits.
fn logarithm_of_share(graph: &mut Graph, id: ExprId, image: &NodeMap<ExprId>) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(id) else { return None };
    let entries = |id: ExprId| match graph.node(id) {
        Node::Apply(rows::LOGSUMEXP, entries) => Some(entries.clone()),
        _ => None,
    };
    let (logarithm, at, entry, entries) = terms.iter().enumerate().find_map(|(at, (id, coefficient))| {
        let entries = entries(*id)?;
        entries.iter().find_map(|entry| {
            let (scale, rest) = graph.as_multiple(*entry);
            let opposite = (rest, coefficient.multiply(&scale).negate());
            Some((at, terms.iter().position(|term| *term == opposite)?, *entry, entries.clone()))
        })
    })?;
    let (constant, terms) = (constant.clone(), terms.to_vec());
    let coefficient = terms[logarithm].1.clone();
    let entries: Vec<ExprId> = entries.iter().map(|entry| image[*entry]).collect();
    let (largest, rest) = log_sum_exp(graph, &entries);
    let above = graph.sum(Rational::ZERO, vec![(largest, Rational::ONE), (image[entry], Rational::MINUS_ONE)]);
    let others = terms.iter().enumerate().filter(|(other, _)| *other != logarithm && *other != at);
    let others = others.map(|(_, (id, coefficient))| (image[*id], coefficient.clone()));
    let total = graph.sum(Rational::ZERO, vec![(above, Rational::ONE), (rest, Rational::ONE)]);
    Some(graph.sum(constant, others.chain([(total, coefficient)]).collect()))
}

/// Recognizes the exponent of a share, `x − logsumexp(…, x, …)`: the entries and the place of x.
fn share(graph: &mut Graph, exponent: ExprId) -> Option<(Box<[ExprId]>, usize)> {
    let Node::Sum(constant, terms) = graph.node(exponent) else { return None };
    let logarithm = terms.iter().position(|(id, coefficient)| {
        coefficient.is_minus_one() && matches!(graph.node(*id), Node::Apply(rows::LOGSUMEXP, _))
    })?;
    let (constant, mut terms) = (constant.clone(), terms.to_vec());
    let (logarithm, _) = terms.remove(logarithm);
    let entry = graph.sum(constant, terms);
    let Node::Apply(_, entries) = graph.node(logarithm) else { return None };
    let place = entries.iter().position(|own| *own == entry)?;
    Some((entries.clone(), place))
}
