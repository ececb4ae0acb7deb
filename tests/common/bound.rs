//! First-order running error bounds of graphs, in units of the roundoff, from values of 300 digits [Wilkinson; Higham,
//! Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.3].

#![allow(dead_code)]

use crate::exact::{BITS, Exact, ROUND, Value};
use astro_float::BigFloat;
use gradc::graph::{ExprId, Graph, Node, Rational};

/// Bits of the bounds.
const BOUND_BITS: usize = 64;
/// The binary exponents of doubles that overflow and underflow far from.
const DOUBLE: std::ops::RangeInclusive<i32> = -980..=1020;
/// By how many bits arguments are changed to find the slope of a function.
const STEP_BITS: i32 = 300;

/// What is known of a form at a point.
pub struct Bounded {
    /// The value.
    pub value: BigFloat,
    /// The bound of its error, in units of the roundoff.
    pub bound: BigFloat,
    /// Whether each intermediate result is 0 or of an ordinary size.
    pub is_ordinary: bool,
}

/// Bounds the errors of roots that are computed as the graph says; none where one is not defined. Inputs are exact.
pub fn bounded(exact: &mut Exact, graph: &Graph, roots: &[ExprId], inputs: &[BigFloat]) -> Vec<Option<Bounded>> {
    let values = exact.evaluate_all(graph, roots, inputs);
    let mut bounds: Vec<Option<BigFloat>> = vec![None; values.len()];
    for id in graph.reachable(roots) {
        if let Some(value) = &values[id.index()] {
            bounds[id.index()] = bound(exact, graph, id, value, &values, &bounds);
        }
    }
    let ordinary = |value: &BigFloat| value.is_zero() || value.exponent().is_some_and(|size| DOUBLE.contains(&size));
    let is_ordinary = values.iter().flatten().all(ordinary);
    let bounded = |root: &ExprId| {
        let value = values[root.index()].clone()?;
        let bound = bounds[root.index()].clone()?;
        Some(Bounded { value, bound, is_ordinary })
    };
    roots.iter().map(bounded).collect()
}

fn bound(
    exact: &mut Exact,
    graph: &Graph,
    id: ExprId,
    value: &BigFloat,
    values: &[Value],
    bounds: &[Option<BigFloat>],
) -> Option<BigFloat> {
    let known = |id: &ExprId| values[id.index()].clone().zip(bounds[id.index()].clone());
    let zero = || BigFloat::from_i64(0, BOUND_BITS);
    Some(match graph.node(id) {
        Node::Sum(constant, terms) => {
            let mut bound = zero();
            let mut sizes = Vec::new();
            for (id, coefficient) in terms {
                let (term, error) = known(id)?;
                let size = exact.rational(coefficient).abs();
                let product = times(&size, &term);
                bound = plus(&bound, &times(&size, &error));
                if !is_free(coefficient) {
                    bound = plus(&bound, &product);
                }
                sizes.push(product);
            }
            if !constant.is_zero() {
                sizes.push(exact.rational(constant).abs());
            }
            // Any order of more terms than two may be taken.
            if sizes.len() > 2 {
                bound = sizes.iter().fold(bound, |bound, size| plus(&bound, size));
            }
            if sizes.len() > 1 { plus(&bound, value) } else { bound }
        }
        Node::Product(factors) => {
            let mut product: Option<(BigFloat, BigFloat)> = None;
            let is_rounded = |id: &ExprId| !matches!(graph.node(*id), Node::Number(number) if is_free(number));
            let rounded = factors.iter().filter(|(id, _)| is_rounded(id)).count() > 1;
            for (id, exponent) in factors {
                let (base, error) = known(id)?;
                let power = if is_rounded(id) {
                    powered(exact, &base, &error, exponent)?
                } else {
                    (exact.power(&base, exponent)?, zero())
                };
                product = Some(match product {
                    None => power,
                    Some((value, bound)) => {
                        let both = value.mul(&power.0, BITS, ROUND);
                        let bound = plus(&times(&value, &power.1), &times(&power.0, &bound));
                        (both.clone(), if rounded { plus(&bound, &both) } else { bound })
                    }
                });
            }
            product?.1
        }
        Node::Apply(..) if shared(graph, id).is_some() => {
            let exponents = shared(graph, id)?;
            // A share is computed from exponentials of differences, as softmax is: rounded are the difference from the
            // largest number, the exponentials, their sum and the quotient.
            let errors = exponents.iter().map(|id| Some(known(id)?.1)).collect::<Option<Vec<_>>>()?;
            let difference = values[arguments_of(graph, id)[0].index()].clone()?;
            let error = errors.iter().fold(BigFloat::from_i64(4, BOUND_BITS), |sum, error| plus(&sum, error));
            times(&plus(&error, &difference), value)
        }
        Node::Apply(function, arguments) => {
            let name = function.row().name;
            let known: Vec<(BigFloat, BigFloat)> = arguments.iter().map(known).collect::<Option<_>>()?;
            let inputs: Vec<BigFloat> = known.iter().map(|(value, _)| value.clone()).collect();
            let mut bound = times(&BigFloat::from_i64(2, BOUND_BITS), value);
            for (at, (argument, error)) in known.iter().enumerate() {
                if !error.is_zero() {
                    let step = step(argument);
                    let moved = |step: &BigFloat| {
                        let mut moved = inputs.clone();
                        moved[at] = moved[at].add(step, BITS, ROUND);
                        moved
                    };
                    let other =
                        exact.function(name, &moved(&step)).or_else(|| exact.function(name, &moved(&step.neg())))?;
                    let slope = other.sub(value, BITS, ROUND).div(&step, BITS, ROUND);
                    bound = plus(&bound, &times(&slope, error));
                }
            }
            bound
        }
        Node::Select(condition, yes, no) => {
            let taken = if values[condition.index()].as_ref()?.is_zero() { no } else { yes };
            known(taken)?.1
        }
        // Numbers and inputs are exact, and conditions decide as they do without rounding.
        _ => zero(),
    })
}

fn arguments_of(graph: &Graph, id: ExprId) -> &[ExprId] {
    match graph.node(id) {
        Node::Apply(_, arguments) => arguments,
        _ => &[],
    }
}

/// The numbers of whose exponentials a node is a share: `exp(x - logsumexp([x, ...]))`.
fn shared(graph: &Graph, id: ExprId) -> Option<Vec<ExprId>> {
    let called = |id: ExprId, name: &str| match graph.node(id) {
        Node::Apply(function, arguments) if function.row().name == name => Some(arguments.to_vec()),
        _ => None,
    };
    let argument = called(id, "exp")?[0];
    let Node::Sum(constant, terms) = graph.node(argument) else { return None };
    let [(a, _), (b, _)] = &**terms else { return None };
    let whole = |x: ExprId, sum: ExprId| called(sum, "logsumexp").filter(|all| all.contains(&x));
    let found = whole(*a, *b).or_else(|| whole(*b, *a))?;
    constant.is_zero().then_some(found)
}

/// The power of a base and the bound of its error.
fn powered(exact: &mut Exact, base: &BigFloat, error: &BigFloat, exponent: &Rational) -> Option<(BigFloat, BigFloat)> {
    if exponent.is_one() {
        return Some((base.clone(), error.clone()));
    }
    let power = exact.power(base, exponent)?;
    if base.is_zero() {
        return Some((power, error.clone()));
    }
    let slope = exact.rational(exponent).mul(&power, BITS, ROUND).div(base, BITS, ROUND);
    let bound = plus(&times(&slope, error), &power);
    Some((power, bound))
}

/// Tells whether a multiple by the coefficient is not rounded.
fn is_free(coefficient: &Rational) -> bool {
    [Rational::ONE, Rational::integer(2), Rational::HALF].contains(&coefficient.abs())
}

/// A difference by which the slope at an argument is found.
fn step(argument: &BigFloat) -> BigFloat {
    let mut step = if argument.is_zero() { BigFloat::from_i64(1, BITS) } else { argument.abs() };
    let exponent = step.exponent().unwrap_or(0);
    step.set_exponent(exponent - STEP_BITS);
    step
}

fn plus(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.abs().add(&b.abs(), BOUND_BITS, ROUND)
}

fn times(a: &BigFloat, b: &BigFloat) -> BigFloat {
    a.abs().mul(&b.abs(), BOUND_BITS, ROUND)
}
