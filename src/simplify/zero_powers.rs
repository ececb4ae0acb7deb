//! Powers of 0 beside logarithms of their base: the derivative of `x^y` by `y`, `x^y*ln(x)`, has the limit 0 at `x = 0`
//! where `y` is positive, but is 0 times infinity when it is computed. That by `x`, `y*x^(y - 1)`, is 0 at `y = 0` for all `x`,
//! as `0^0` is 1.

use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational, Term};
use crate::lower::Facts;

/// How deep logarithms are looked for.
const DEPTH: usize = 8;

/// Makes products of a power and a logarithm of its base 0 where the base is 0 and the exponent positive. Tells whether
/// anything was replaced.
pub fn zero_powers(graph: &mut Graph, roots: &[ExprId], facts: &[Facts]) -> (Vec<ExprId>, bool) {
    let is_concerned = |id: &ExprId| match graph.node(*id) {
        Node::Product(factors) => {
            power_of_zero(graph, factors, facts).is_some() || zero_exponent(graph, factors, facts).is_some()
        }
        _ => false,
    };
    if !graph.reachable(roots).iter().any(is_concerned) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Product(factors) = &node else { return node.is_leaf().then_some(id) };
        let Some(ZeroPower { base, exponents, beside }) = power_of_zero(graph, factors, facts) else {
            let (base, exponent) = zero_exponent(graph, factors, facts)?;
            let built = graph.construct(&node, |operand| image[operand]);
            let zero = graph.number(Rational::ZERO);
            let [base, exponent] = [base, exponent].map(|id| graph.compare(Comparison::Equal, image[id], zero));
            let condition = graph.intern(Node::And(base, exponent));
            return Some(graph.select(condition, zero, built));
        };
        // What makes the whole 0 need not make a part of it 0.
        let is_product = |id: &ExprId| matches!(graph.node(*id), Node::Product(_));
        let parts: Vec<ExprId> = factors.iter().map(|factor| factor.0).filter(is_product).collect();
        let built = graph.construct(&node, |operand| if parts.contains(&operand) { operand } else { image[operand] });
        let zero = graph.number(Rational::ZERO);
        let vanishes = graph.compare(Comparison::Equal, image[base], zero);
        let exponents = exponents.into_iter().map(|(exponent, own)| (image[exponent], own)).collect();
        let whole = graph.sum(beside, exponents);
        let is_positive = graph.compare(Comparison::Greater, whole, zero);
        let condition = graph.intern(Node::And(vanishes, is_positive));
        Some(graph.select(condition, zero, built))
    });
    (new, true)
}

/// Powers of what may be 0, among factors with a logarithm of it.
struct ZeroPower {
    base: ExprId,
    /// The exponents, with their coefficients.
    exponents: Vec<Term>,
    /// The exponent of the base as a factor of its own.
    beside: Rational,
}

/// Finds powers among factors, and the logarithm of their base there, or in a sum or product of one.
fn power_of_zero(graph: &Graph, factors: &[Factor], facts: &[Facts]) -> Option<ZeroPower> {
    if !in_factors(graph, factors, None, DEPTH) {
        return None;
    }
    let factors = flat(graph, factors, DEPTH);
    let powers = || {
        factors.iter().filter_map(|(power, own)| match graph.node(*power) {
            Node::Apply(rows::POW, operands) => Some((operands[0], operands[1], own.clone())),
            _ => None,
        })
    };
    powers().find_map(|(base, ..)| {
        let fits = may_be_zero(graph, base, facts) && in_factors(graph, &factors, Some(base), DEPTH);
        let own = powers().filter(|(other, ..)| *other == base).map(|(_, exponent, own)| (exponent, own));
        let beside = factors.iter().filter(|(other, _)| *other == base).map(|(_, own)| own);
        let beside = beside.fold(Rational::ZERO, |sum, own| sum.add(own));
        fits.then(|| ZeroPower { base, exponents: own.collect(), beside })
    })
}

/// Finds, among factors, `y` and `x^(y - 1)`: returns `x` and `y`.
fn zero_exponent(graph: &Graph, factors: &[Factor], facts: &[Facts]) -> Option<(ExprId, ExprId)> {
    factors.iter().find_map(|(power, own)| {
        let Node::Apply(rows::POW, operands) = graph.node(*power) else { return None };
        let (base, exponent) = (operands[0], operands[1]);
        let Node::Sum(constant, terms) = graph.node(exponent) else { return None };
        let [(exponent, _)] = &terms[..] else { return None };
        let fits = own.is_one() && constant.is_minus_one() && may_be_zero(graph, base, facts);
        let is_beside = factors.iter().any(|(factor, own)| factor == exponent && own.is_one());
        (fits && is_beside && may_be_zero(graph, *exponent, facts)).then_some((base, *exponent))
    })
}

/// Lists factors, those of products among them one by one.
fn flat(graph: &Graph, factors: &[Factor], depth: usize) -> Vec<Factor> {
    let mut all = Vec::new();
    for (base, own) in factors {
        match graph.node(*base) {
            Node::Product(inside) if depth > 0 => {
                let inside = flat(graph, inside, depth - 1);
                all.extend(inside.into_iter().map(|(base, exponent)| (base, exponent.multiply(own))));
            }
            _ => all.push((*base, own.clone())),
        }
    }
    all
}

/// Tells whether a logarithm of the base, or any, is among factors.
fn in_factors(graph: &Graph, factors: &[Factor], base: Option<ExprId>, depth: usize) -> bool {
    factors.iter().any(|(factor, own)| !own.is_negative() && has_logarithm(graph, *factor, base, depth))
}

/// Tells whether an expression is a logarithm of the base, or a sum or product in which there is one.
fn has_logarithm(graph: &Graph, id: ExprId, base: Option<ExprId>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match graph.node(id) {
        Node::Apply(rows::LN, arguments) => base.is_none_or(|base| arguments[0] == base),
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
