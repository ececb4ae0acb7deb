//! Sums of functions that continue quotients and of their derivatives, which are simpler functions: the derivative of
//! `x*exprel(x)`, that of `exp(x) - 1`, is `exp(x)`, where the sum loses all digits far out.

use super::removable::{factors_of, flat};
use super::{Grouping, canonicalize};
use crate::functions::{FunctionId, rows};
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Term};
use crate::lower::Formulas;

/// A row of the table.
struct Relation {
    /// A sum of two terms, the first of which is a multiple of a function.
    left: &'static str,
    /// What it is equal to.
    right: &'static str,
}

/// The table.
#[rustfmt::skip]
const RELATIONS: &[Relation] = &[
    Relation { left: "exprel(x) + x*exprel_derivative(1, x)", right: "exp(x)" },
    Relation { left: "2*exprel_derivative(1, x) + x*exprel_derivative(2, x)", right: "exp(x)" },
    Relation { left: "bernoulli(x) - x*bernoulli_derivative(1, x)", right: "1/sinhc(x/2)^2" },
    Relation { left: "langevin(x) + 1/x", right: "1/tanh(x)" },
    Relation { left: "langevin_derivative(1, x) - 1/x^2", right: "-1/sinh(x)^2" },
];

/// The functions that the rows are about.
const FUNCTIONS: &[FunctionId] =
    &[rows::EXPREL, rows::EXPREL_DERIVATIVE, rows::BERNOULLI, rows::LANGEVIN, rows::LANGEVIN_DERIVATIVE];

/// Most terms of a sum that is looked at.
const MOST_TERMS: usize = 16;

/// Tells whether a node is a function that the rows are about.
pub(super) fn has_relations(node: &Node) -> bool {
    node.function().is_some_and(|function| FUNCTIONS.contains(&function))
}

/// Returns a sum in which two terms are added up by a row; where there is more of the first, the rest of it stays.
pub(super) fn related(graph: &mut Graph, formulas: &mut Formulas, sum: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    if terms.len() < 2 || terms.len() > MOST_TERMS {
        return None;
    }
    for (place, (term, coefficient)) in terms.iter().enumerate() {
        let (own, factors) = factors_of(graph, *term);
        let factors = flat(graph, factors);
        let coefficient = coefficient.multiply(&own);
        for at in 0..factors.len() {
            let Some((other, scale, total)) = partner(graph, formulas, &terms, (&coefficient, &factors, at)) else {
                continue;
            };
            let rest = graph.product(coefficient.add(&scale.negate()), factors);
            let others = terms.iter().enumerate().filter(|(own, _)| *own != place && *own != other);
            let both = [(rest, Rational::ONE), (total, Rational::ONE)];
            let new = others.map(|(_, term)| term.clone()).chain(both).collect();
            let new = graph.sum(constant, new);
            return Some(related(graph, formulas, new).unwrap_or(new));
        }
    }
    None
}

/// Finds the term that a row adds to a product with the function at a place: its place, how much of the product it takes,
/// and what both are together.
fn partner(
    graph: &mut Graph,
    formulas: &mut Formulas,
    terms: &[Term],
    (coefficient, factors, at): (&Rational, &[Factor], usize),
) -> Option<(usize, Rational, ExprId)> {
    let (function, exponent) = &factors[at];
    let Node::Apply(id, arguments) = graph.node(*function).clone() else { return None };
    if !exponent.is_one() || !FUNCTIONS.contains(&id) {
        return None;
    }
    let names = [("x", *arguments.last()?)];
    let rest: Vec<Factor> =
        factors.iter().enumerate().filter(|(own, _)| *own != at).map(|(_, own)| own.clone()).collect();
    for row in RELATIONS {
        let left = formulas.lower(graph, row.left, &names)?;
        let left = canonicalize(graph, formulas, &[left], Grouping::DERIVING)[0];
        let Node::Sum(_, parts) = graph.node(left).clone() else { continue };
        let Some(first) = parts.iter().position(|(part, _)| part == function) else { continue };
        let [_, _] = &parts[..] else { continue };
        let (unit, (second, ratio)) = (&parts[first].1, &parts[1 - first]);
        let (own, second) = factors_of(graph, *second);
        let product = sorted(flat(graph, rest.iter().cloned().chain(second).collect()));
        let found = terms.iter().enumerate().find_map(|(place, (term, coefficient))| {
            let (inside, factors) = factors_of(graph, *term);
            let multiple = coefficient.multiply(&inside).divide(&own.multiply(ratio))?;
            (sorted(flat(graph, factors)) == product).then_some((place, multiple))
        });
        let Some((other, multiple)) = found else { continue };
        let scale = multiple.multiply(unit);
        if scale.is_negative() != coefficient.is_negative() {
            continue;
        }
        let right = formulas.lower(graph, row.right, &names)?;
        let total = graph.product(multiple, rest.into_iter().chain([(right, Rational::ONE)]).collect());
        return Some((other, scale, total));
    }
    None
}

/// Writes `(a + b*exp(x))*bernoulli(x)` as `a*bernoulli(x) + b*bernoulli(-x)`, in which nothing overflows: the current that
/// the equation of Goldman, Hodgkin and Katz gives.
pub(super) fn reflected(graph: &mut Graph, product: ExprId) -> Option<ExprId> {
    let (coefficient, factors) = factors_of(graph, product);
    let (at, argument) = factors.iter().enumerate().find_map(|(at, (base, own))| match graph.node(*base) {
        Node::Apply(rows::BERNOULLI, arguments) if own.is_one() => Some((at, arguments[0])),
        _ => None,
    })?;
    let function = factors[at].0;
    let exponential = graph.apply(rows::EXP, &[argument]);
    let place = |factors: &[Factor]| factors.iter().position(|(base, own)| *base == exponential && own.is_one());
    let has = |(term, _): &Term| place(&flat(graph, factors_of(graph, *term).1)).is_some();
    let sum = factors.iter().position(|(base, own)| {
        own.is_one()
            && matches!(graph.node(*base), Node::Sum(_, terms) if terms.len() <= MOST_TERMS && terms.iter().any(has))
    })?;
    let Node::Sum(constant, terms) = graph.node(factors[sum].0).clone() else { return None };
    let opposite = graph.scale(Rational::MINUS_ONE, argument);
    let mirrored = graph.apply(rows::BERNOULLI, &[opposite]);
    let mut new = vec![(function, constant)];
    for (term, own) in terms.iter() {
        let (inside, factors) = factors_of(graph, *term);
        let mut factors = flat(graph, factors);
        match place(&factors) {
            Some(at) => factors[at].0 = mirrored,
            None => factors.push((function, Rational::ONE)),
        }
        new.push((graph.product(inside, factors), own.clone()));
    }
    let sum_of_both = graph.sum(Rational::ZERO, new);
    let others = factors.iter().enumerate().filter(|(own, _)| *own != at && *own != sum).map(|(_, own)| own.clone());
    let factors = others.chain([(sum_of_both, Rational::ONE)]).collect();
    Some(graph.product(coefficient, factors))
}

fn sorted(mut factors: Vec<Factor>) -> Vec<Factor> {
    factors.sort_by_key(|(base, _)| *base);
    factors
}
