//! Quotients of sums that contain quotients: `1/(x^2*(1/x^2 + 1))` is `1/(x^2 + 1)`.

use crate::graph::{ExprId, Factor, Graph, Node, Rational};

/// Longest sum that is multiplied by what stands below the line in its terms.
const LONGEST: usize = 8;

/// Tells whether a node is a sum with a term that divides.
pub(super) fn is_sum_of_quotients(graph: &Graph, id: ExprId) -> bool {
    match graph.node(id) {
        Node::Sum(_, terms) if terms.len() <= LONGEST => {
            terms.iter().any(|(term, _)| factors_of(graph, *term).iter().any(|(_, exponent)| exponent.is_negative()))
        }
        _ => false,
    }
}

/// Multiplies sums of quotients among the factors by what stands below the line in their terms, where that cancels against
/// another factor; returns what comes out as a number. Only sums that belong to this product alone are, so that what others
/// use stays shared. This removes points where the base is 0, so a strict graph keeps what it has.
pub(super) fn cancel_below(graph: &mut Graph, factors: &mut Vec<Factor>, own: &[ExprId]) -> Rational {
    let mut coefficient = Rational::ONE;
    if graph.is_strict() || graph.has_matrices() {
        return coefficient;
    }
    for _ in 0..LONGEST {
        let mut places = (0..factors.len()).filter(|at| own.contains(&factors[*at].0));
        let Some((at, base, power)) = places.find_map(|at| cancelling(graph, factors, at)) else { break };
        let (sum, exponent) = factors.remove(at);
        let (scale, rest) = multiplied(graph, sum, base, &power);
        coefficient = coefficient.multiply(&scale.power(&exponent).unwrap_or(Rational::ONE));
        factors.push((rest, exponent.clone()));
        factors.push((base, power.multiply(&exponent).negate()));
        *factors = merged(std::mem::take(factors));
        graph.note("cancel");
    }
    coefficient
}

/// Finds the base by a power of which the sum at a place is to be multiplied.
fn cancelling(graph: &mut Graph, factors: &[Factor], at: usize) -> Option<(usize, ExprId, Rational)> {
    let (sum, exponent) = factors[at].clone();
    if !exponent.is_integer() || !is_sum_of_quotients(graph, sum) {
        return None;
    }
    let Node::Sum(_, terms) = graph.node(sum).clone() else { return None };
    let mut below: Vec<Factor> = Vec::new();
    for (base, own) in terms.iter().flat_map(|(term, _)| factors_of(graph, *term)) {
        match below.iter_mut().find(|(other, _)| *other == base) {
            _ if !own.is_negative() => {}
            Some((_, least)) => *least = own.min(least.clone()),
            None => below.push((base, own)),
        }
    }
    for (base, least) in below {
        let power = least.negate();
        let gained = least.multiply(&exponent);
        let shortens = factors.iter().any(|(other, own)| *other == base && own.add(&gained).abs() < own.abs());
        let (scale, rest) = multiplied(graph, sum, base, &power);
        let opposite = |(other, own): &Factor| *other == rest && own.is_negative() != exponent.is_negative();
        let meets = factors.iter().enumerate().any(|(other, factor)| other != at && opposite(factor));
        if (shortens || meets) && scale.power(&exponent).is_some() {
            return Some((at, base, power));
        }
    }
    None
}

/// Multiplies each term of a sum by a power; returns the number in front and the rest.
fn multiplied(graph: &mut Graph, sum: ExprId, base: ExprId, power: &Rational) -> (Rational, ExprId) {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return (Rational::ONE, sum) };
    let by = graph.product(Rational::ONE, vec![(base, power.clone())]);
    let mut products = vec![(by, constant)];
    for (term, coefficient) in terms.iter() {
        let mut factors = factors_of(graph, *term);
        factors.push((base, power.clone()));
        products.push((graph.product(Rational::ONE, merged(factors)), coefficient.clone()));
    }
    let total = graph.sum(Rational::ZERO, products);
    graph.as_multiple(total)
}

fn factors_of(graph: &Graph, id: ExprId) -> Vec<Factor> {
    match graph.node(id) {
        Node::Product(factors) => factors.to_vec(),
        _ => vec![(id, Rational::ONE)],
    }
}

/// Adds up the exponents of equal bases.
fn merged(factors: Vec<Factor>) -> Vec<Factor> {
    let mut merged: Vec<Factor> = Vec::new();
    for (base, exponent) in factors {
        match merged.iter_mut().find(|(other, _)| *other == base) {
            Some((_, own)) => *own = own.add(&exponent),
            None => merged.push((base, exponent)),
        }
    }
    merged.retain(|(_, exponent)| !exponent.is_zero());
    merged
}
