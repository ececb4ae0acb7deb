//! Roots of products of sums that are not negative are products of roots: `sqrt((x^2 + y^2)*(a^2 + b^2))` is the product of two
//! norms. The derivatives of the one divide by its cube, in which twelve components are multiplied; each norm alone stays in
//! range as long as its components do.

use super::norms::LEAST_POWER;
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Sign};

/// Takes the root of each sum alone in products of sums, if a product is divided by that is at least the third power of such
/// a root. Tells whether anything was replaced.
pub fn cubes_of_products(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let least = Rational::integer(-LEAST_POWER).multiply(&Rational::HALF);
    let is_cube = |factor: &Factor| factor.1 <= least && taken_apart(graph, factor).is_some();
    let divides = |id: ExprId| matches!(graph.node(id), Node::Product(factors) if factors.iter().any(is_cube));
    match graph.reachable(roots).into_iter().any(divides) {
        true => roots_of_products(graph, roots),
        false => (roots.to_vec(), false),
    }
}

/// Takes the root of each sum alone, in products of sums. Tells whether anything was replaced.
pub fn roots_of_products(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let is_root = |id: &ExprId| match graph.node(*id) {
        Node::Product(factors) => factors.iter().any(|factor| taken_apart(graph, factor).is_some()),
        _ => false,
    };
    if !graph.reachable(roots).iter().any(is_root) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let Node::Product(factors) = graph.node(id).clone() else { return None };
        let factors = factors.iter().map(|(base, exponent)| (image[*base], exponent.clone()));
        let factors: Vec<Factor> =
            factors.flat_map(|factor| taken_apart(graph, &factor).unwrap_or_else(|| vec![factor])).collect();
        Some(graph.product(Rational::ONE, factors))
    });
    let changed = new != roots;
    (new, changed)
}

/// Returns the roots of the factors of a product, if at least two of them are sums, and none is ever negative.
fn taken_apart(graph: &Graph, (base, exponent): &Factor) -> Option<Vec<Factor>> {
    let Node::Product(inside) = graph.node(*base) else { return None };
    if exponent.is_integer() {
        return None;
    }
    let is_sum =
        |base: ExprId| matches!(graph.node(base), Node::Sum(constant, terms) if terms.len() > 1 || !constant.is_zero());
    let keeps =
        |(base, own): &Factor| own.is_integer() && !own.is_negative() && graph.sign(*base) == Some(Sign::NonNegative);
    let fits = inside.iter().filter(|(base, _)| is_sum(*base)).count() >= 2 && inside.iter().all(keeps);
    fits.then(|| inside.iter().map(|(base, own)| (*base, own.multiply(exponent))).collect())
}
