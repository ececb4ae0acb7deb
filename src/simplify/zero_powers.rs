//! Powers of 0 beside logarithms of their base: the derivative of `x^y` by `y`, `x^y*ln(x)`, has the limit 0 at `x = 0`
//! where `y` is positive, but is 0 times infinity when it is computed.

use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational};
use crate::lower::Facts;

/// How deep logarithms are looked for.
const DEPTH: usize = 8;

/// Makes products of a power and a logarithm of its base 0 where the base is 0 and the exponent positive. Tells whether
/// anything was replaced.
pub fn zero_powers(graph: &mut Graph, roots: &[ExprId], facts: &[Facts]) -> (Vec<ExprId>, bool) {
    let is_concerned = |id: &ExprId| match graph.node(*id) {
        Node::Product(factors) => power_of_zero(graph, factors, facts).is_some(),
        _ => false,
    };
    if !graph.reachable(roots).iter().any(is_concerned) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Product(factors) = &node else { return node.is_leaf().then_some(id) };
        let ZeroPower { base, exponent, beside } = power_of_zero(graph, factors, facts)?;
        let built = graph.construct(&node, |operand| image[operand]);
        let zero = graph.number(Rational::ZERO);
        let vanishes = graph.compare(Comparison::Equal, image[base], zero);
        let whole = graph.sum(beside, vec![(image[exponent], Rational::ONE)]);
        let is_positive = graph.compare(Comparison::Greater, whole, zero);
        let condition = graph.intern(Node::And(vanishes, is_positive));
        Some(graph.select(condition, zero, built))
    });
    (new, true)
}

/// A power of what may be 0, among factors with a logarithm of it.
struct ZeroPower {
    base: ExprId,
    exponent: ExprId,
    /// The exponent of the base as a factor of its own.
    beside: Rational,
}

/// Finds a power among factors, and the logarithm of its base there, or in a sum or product of one.
fn power_of_zero(graph: &Graph, factors: &[Factor], facts: &[Facts]) -> Option<ZeroPower> {
    let powers = factors.iter().filter_map(|(power, own)| match graph.node(*power) {
        Node::Apply(rows::POW, operands) => Some((operands[0], operands[1], own)),
        _ => None,
    });
    powers.clone().filter(|(.., own)| own.is_one()).find_map(|(base, exponent, _)| {
        let alone = powers.clone().filter(|(other, ..)| *other == base).count() == 1;
        let fits = alone && may_be_zero(graph, base, facts) && in_factors(graph, factors, base, DEPTH);
        let beside = factors.iter().find(|(own, _)| *own == base).map_or(Rational::ZERO, |(_, own)| own.clone());
        fits.then_some(ZeroPower { base, exponent, beside })
    })
}

fn in_factors(graph: &Graph, factors: &[Factor], base: ExprId, depth: usize) -> bool {
    factors.iter().any(|(factor, own)| !own.is_negative() && has_logarithm(graph, *factor, base, depth))
}

/// Tells whether an expression is a logarithm of the base, or a sum or product in which there is one.
fn has_logarithm(graph: &Graph, id: ExprId, base: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match graph.node(id) {
        Node::Apply(rows::LN, arguments) => arguments[0] == base,
        Node::Sum(_, terms) => terms.iter().any(|(term, _)| has_logarithm(graph, *term, base, depth)),
        Node::Product(factors) => in_factors(graph, factors, base, depth),
        _ => false,
    }
}

fn may_be_zero(graph: &Graph, base: ExprId, facts: &[Facts]) -> bool {
    match graph.node(base) {
        Node::Number(value) => value.is_zero(),
        Node::Pi => false,
        Node::Apply(function, _) => *function != rows::EXP,
        Node::Input(index) => facts.get(*index as usize).is_none_or(|facts| {
            let low = |(bound, excluded): &(Rational, bool)| bound.is_negative() || bound.is_zero() && !excluded;
            !facts.non_zero && facts.low.as_ref().is_none_or(low)
        }),
        _ => true,
    }
}
