//! The local derivatives of each kind of node.

use super::{Differentiator, Result};
use crate::error::{Diagnostic, Fault};
use crate::functions::{Arity, FunctionId, rows};
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational};

/// Up to this many factors, the rest of a product is written out for each of them.
const SHORT_PRODUCT: usize = 4;

impl Differentiator {
    /// Returns the local derivative by each operand that `wanted` selects, in the order of the operands. An operand
    /// that stands in several places has an entry for each.
    ///
    /// # Errors
    /// A function without a derivative by a wanted argument.
    pub fn partials(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        let one = graph.number(Rational::ONE);
        let zero = graph.number(Rational::ZERO);
        match graph.node(id).clone() {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => Ok(Vec::new()),
            Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_) => Ok(Vec::new()),
            Node::Sum(_, terms) => Ok(terms
                .iter()
                .filter(|(operand, _)| wanted(*operand))
                .map(|(operand, coefficient)| (*operand, graph.number(coefficient.clone())))
                .collect()),
            Node::Product(factors) => Ok(product_partials(graph, &factors, wanted)),
            Node::Select(condition, a, b) => Ok([(a, one, zero), (b, zero, one)]
                .into_iter()
                .filter(|(operand, ..)| wanted(*operand))
                .map(|(operand, first, second)| (operand, graph.select(condition, first, second)))
                .collect()),
            Node::Apply(function, arguments) => arguments
                .iter()
                .enumerate()
                .filter(|(_, argument)| wanted(**argument))
                .map(|(at, argument)| Ok((*argument, self.function_partial(graph, function, &arguments, at, id)?)))
                .collect(),
            Node::Matrix(..) => {
                Err(Diagnostic::general(Fault::FixedSize, "a whole matrix has no derivative by a single entry"))
            }
            Node::Derivative(..) => {
                Err(Diagnostic::general(Fault::Derivative, "a derivative inside was not worked out first"))
            }
        }
    }

    /// Returns the local derivatives along which adjoints and tangents flow: those by the operands, but for the logarithm of a
    /// quotient, `d ln(Π b^e) = Σ e/b·db`, so that no quotient is divided by itself.
    ///
    /// # Errors
    /// A function without a derivative by a wanted argument.
    pub(super) fn edges(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        let Some(factors) = quotient_in_logarithm(graph, id) else { return self.partials(graph, id, wanted) };
        let edge = |(base, exponent): &Factor| {
            let reciprocal = (*base, Rational::MINUS_ONE);
            (*base, graph.product(exponent.clone(), vec![reciprocal]))
        };
        Ok(factors.iter().filter(|(base, _)| wanted(*base)).map(edge).collect())
    }

    /// Puts the arguments into the formula of Table 1.
    fn function_partial(
        &mut self,
        graph: &mut Graph,
        function: FunctionId,
        arguments: &[ExprId],
        at: usize,
        value: ExprId,
    ) -> Result<ExprId> {
        if function == rows::POW && at == 0 && graph.as_dimension(arguments[1]).is_some() {
            return Ok(whole_power_partial(graph, arguments[0], arguments[1]));
        }
        let row = function.row();
        let mut names = vec![("y", value)];
        let formula = if row.arity == Arity::Collective {
            names.push((row.parameters[0], arguments[at]));
            row.derivatives.first()
        } else {
            names.extend(row.parameters.iter().copied().zip(arguments.iter().copied()));
            row.derivatives.get(at)
        };
        formula
            .filter(|formula| !formula.is_empty())
            .and_then(|formula| self.formulas.lower(graph, formula, &names))
            .ok_or_else(|| {
                let by = row.parameters.get(at).copied().unwrap_or(row.parameters[0]);
                Diagnostic::general(
                    Fault::Derivative,
                    format!("the derivative of `{}` by its argument `{by}` has no rule", row.name),
                )
            })
    }
}

/// Returns the factors of the quotient that a node is the logarithm of.
fn quotient_in_logarithm(graph: &Graph, id: ExprId) -> Option<Vec<Factor>> {
    let Node::Apply(rows::LN, arguments) = graph.node(id) else { return None };
    let [argument] = arguments[..] else { return None };
    let Node::Product(factors) = graph.node(argument) else { return None };
    let is_quotient = factors.len() > 1 && factors.iter().any(|(_, exponent)| exponent.is_negative());
    // One of names alone divides by itself in one step of the simplifier.
    let is_of_sums = factors.iter().any(|(base, _)| matches!(graph.node(*base), Node::Sum(..)));
    (is_quotient && is_of_sums).then(|| factors.to_vec())
}

/// The derivative of a power by its base, where the exponent is an index or a size: `k·b^(k−1)`, and 0 for the power 0,
/// which is constant also where the base is 0.
fn whole_power_partial(graph: &mut Graph, base: ExprId, exponent: ExprId) -> ExprId {
    let [zero, minus_one] = [0, -1].map(|value| graph.integer(value));
    let less = graph.add(exponent, minus_one);
    let power = graph.power(base, less);
    let derivative = graph.multiply(exponent, power);
    let is_zero = graph.compare(Comparison::Equal, exponent, zero);
    let nothing = graph.spread(zero, &graph.extents(derivative));
    graph.select(is_zero, nothing, derivative)
}

/// The derivative of `Π b^e` by each base: `e·b^(e−1)` times the other factors.
fn product_partials(graph: &mut Graph, factors: &[Factor], wanted: impl Fn(ExprId) -> bool) -> Vec<(ExprId, ExprId)> {
    let others = match factors.len() <= SHORT_PRODUCT {
        true => {
            let all_but = |at| factors.iter().enumerate().filter(move |(other, _)| *other != at);
            (0..factors.len()).map(|at| all_but(at).map(|(_, factor)| factor.clone()).collect()).collect()
        }
        false => others_in_halves(graph, factors),
    };
    let mut partials = Vec::new();
    for ((base, exponent), others) in factors.iter().zip(others) {
        if wanted(*base) {
            let parts = [vec![(*base, exponent.add(&Rational::MINUS_ONE))], others].concat();
            partials.push((*base, graph.product(exponent.clone(), parts)));
        }
    }
    partials
}

/// Returns, for each factor, two whose product is that of all others, with 3n multiplications for all n of them and chains
/// no longer than 2·log2(n): from the factors to products of halves of halves, and back to what is beside each half (the
/// prefix computation of Ladner and Fischer, Journal of the ACM 27, 1980, done for both sides).
fn others_in_halves(graph: &mut Graph, factors: &[Factor]) -> Vec<Vec<Factor>> {
    let mut levels = vec![factors.to_vec()];
    while let Some(level) = levels.last().filter(|level| level.len() > 2) {
        let halves = level.chunks(2).map(|pair| match pair {
            [left, right] => (graph.product(Rational::ONE, vec![left.clone(), right.clone()]), Rational::ONE),
            _ => pair[0].clone(),
        });
        levels.push(halves.collect());
    }
    let mut beside: Vec<Vec<Factor>> = vec![Vec::new()];
    for level in levels.iter().rev() {
        let around: Vec<Option<Factor>> = beside
            .into_iter()
            .map(|parts| match parts.as_slice() {
                [] => None,
                [only] => Some(only.clone()),
                _ => Some((graph.product(Rational::ONE, parts), Rational::ONE)),
            })
            .collect();
        let sibling = |at: usize| level.get(at ^ 1).cloned();
        beside = (0..level.len()).map(|at| around[at / 2].clone().into_iter().chain(sibling(at)).collect()).collect();
    }
    beside
}
