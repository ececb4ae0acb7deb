//! Derivatives of powers of norms where the norm is 0: that of `(x^2 + y^2)^(3/4)` by x is 0 at the origin, but
//! `x/(x^2 + y^2)^(1/4)` is 0/0 when it is computed there.

use super::norms::is_square;
use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Graph, Node, Rational};

/// How deep norms are looked for.
const DEPTH: usize = 8;

/// A norm, as `hypot(x, y)` or `x^2 + y^2`, and how fast it vanishes with its components.
struct Norm {
    base: ExprId,
    degree: Rational,
    components: Vec<ExprId>,
}

/// Makes products that vanish with a norm, although they divide by it, 0 where all of its components are; `values` are
/// what the derivatives are of, and where these divide by the norm, there is no derivative. Tells whether anything was
/// replaced.
pub fn zero_norms(graph: &mut Graph, roots: &[ExprId], values: &[ExprId]) -> (Vec<ExprId>, bool) {
    let mut undefined: Vec<ExprId> = Vec::new();
    for id in graph.reachable(values) {
        if let Node::Product(factors) = graph.node(id) {
            undefined.extend(factors.iter().filter(|(_, exponent)| exponent.is_negative()).map(|(base, _)| *base));
        }
    }
    let is_concerned = |id: &ExprId| vanishing(graph, *id, &undefined).is_some();
    if !graph.reachable(roots).iter().any(is_concerned) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Product(factors) = &node else { return node.is_leaf().then_some(id) };
        let norm = vanishing(graph, id, &undefined)?;
        // What makes the whole 0 need not make a part of it 0.
        let is_product = |id: &ExprId| matches!(graph.node(*id), Node::Product(_));
        let parts: Vec<ExprId> = factors.iter().map(|factor| factor.0).filter(is_product).collect();
        let built = graph.construct(&node, |operand| if parts.contains(&operand) { operand } else { image[operand] });
        let zero = graph.number(Rational::ZERO);
        let vanish = norm.components.iter().map(|component| graph.compare(Comparison::Equal, image[*component], zero));
        let vanish: Vec<ExprId> = vanish.collect();
        let all = vanish.into_iter().reduce(|a, b| graph.intern(Node::And(a, b)))?;
        Some(graph.select(all, zero, built))
    });
    (new, true)
}

/// Finds the norm with which a product vanishes although it divides by it.
fn vanishing(graph: &Graph, id: ExprId, undefined: &[ExprId]) -> Option<Norm> {
    let norm = divisor(graph, id, DEPTH).filter(|norm| !undefined.contains(&norm.base))?;
    let degree = degree(graph, id, &norm, DEPTH)?;
    (!degree.is_negative() && !degree.is_zero()).then_some(norm)
}

/// Finds a norm that a product, or one among its factors, divides by.
fn divisor(graph: &Graph, id: ExprId, depth: usize) -> Option<Norm> {
    let depth = depth.checked_sub(1)?;
    let Node::Product(factors) = graph.node(id) else { return None };
    factors.iter().find_map(|(base, exponent)| match graph.node(*base) {
        Node::Product(_) if exponent.is_integer() && !exponent.is_negative() => divisor(graph, *base, depth),
        _ if !exponent.is_negative() => None,
        Node::Apply(rows::HYPOT, components) => {
            Some(Norm { base: *base, degree: Rational::ONE, components: components.to_vec() })
        }
        Node::Sum(constant, terms) if constant.is_zero() && terms.len() > 1 => {
            let components = terms.iter().map(|term| is_square(graph, term)).collect::<Option<Vec<ExprId>>>()?;
            Some(Norm { base: *base, degree: Rational::integer(2), components })
        }
        _ => None,
    })
}

/// Returns the power of the norm with which an expression vanishes at least; none for what may be undefined there.
fn degree(graph: &Graph, id: ExprId, norm: &Norm, depth: usize) -> Option<Rational> {
    let depth = depth.checked_sub(1)?;
    if id == norm.base {
        return Some(norm.degree.clone());
    }
    if norm.components.contains(&id) {
        return Some(Rational::ONE);
    }
    match graph.node(id) {
        Node::Number(_) | Node::Pi | Node::Input(_) => Some(Rational::ZERO),
        Node::Sum(constant, terms) => {
            let mut least = Some(Rational::ZERO).filter(|_| !constant.is_zero());
            for (term, _) in terms {
                let own = degree(graph, *term, norm, depth)?;
                least = Some(least.map_or(own.clone(), |least| least.min(own)));
            }
            least
        }
        Node::Product(factors) => {
            let mut sum = Rational::ZERO;
            for (base, exponent) in factors {
                let harmless = exponent.is_integer() && !exponent.is_negative();
                if !harmless && *base != norm.base {
                    return None;
                }
                sum = sum.add(&degree(graph, *base, norm, depth)?.multiply(exponent));
            }
            Some(sum)
        }
        Node::Apply(function, arguments) if function.row().domain.is_empty() => {
            for argument in arguments {
                degree(graph, *argument, norm, depth).filter(|degree| !degree.is_negative())?;
            }
            Some(Rational::ZERO)
        }
        _ => None,
    }
}
