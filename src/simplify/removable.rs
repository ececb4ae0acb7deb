//! Quotients with a removable singularity, such as `sin(x)/x` at 0, continued there by functions that have none.
//!
//! A quotient of this kind is usually written with its value at the point patched in: `if(x == 0, 1, sin(x)/x)`. The branch
//! of the patch alone has the derivative of a constant, so the choice as a whole is replaced by the continued quotient
//! where the two agree at the point; its derivatives, there and nearby, are then those of the function. The same goes for
//! a branch that is smooth at the point as it stands. A choice stays as it is if its quotient is not in the table, or if
//! the patch differs from the limit.

use super::poles::without_poles;
use super::{Grouping, canonicalize};
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational};
use crate::lower::Formulas;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Removable {
    /// The quotient, of `x` or of `x` and `a`.
    pub left: &'static str,
    /// What is equal wherever the quotient is defined, and is its limit where it is not.
    pub right: &'static str,
    /// Whether code uses the right side for a quotient that is not patched, too: it keeps digits near the point and does
    /// not overflow.
    pub everywhere: bool,
}

const PATCHED: Removable = Removable { left: "", right: "", everywhere: false };
const EVERYWHERE: Removable = Removable { everywhere: true, ..PATCHED };

/// The table: rows of one form with the longest first. All singularities are at x = 0, x = 1 for `ln(x)`, or x = a.
#[rustfmt::skip]
pub const REMOVABLE: &[Removable] = &[
    // Exponentials
    Removable { left: "(exp(x) - 1 - x)/x^2", right: "exprel(x) - exprel_derivative(1, x)", ..EVERYWHERE },
    Removable { left: "x^2*exp(x)/(exp(x) - 1)^2", right: "1/sinhc(x/2)^2", ..EVERYWHERE },
    Removable { left: "x*exp(x)/(exp(x) - 1)", right: "bernoulli(-x)", ..EVERYWHERE },
    Removable { left: "x/(exp(x) - 1)", right: "bernoulli(x)", ..EVERYWHERE },
    Removable { left: "x/(1 - exp(x))", right: "-bernoulli(x)", ..EVERYWHERE },
    Removable { left: "x/exp_m1(x)", right: "bernoulli(x)", ..EVERYWHERE },
    Removable { left: "(exp(x) - 1)/x", right: "exprel(x)", ..EVERYWHERE },
    Removable { left: "(1 - exp(x))/x", right: "-exprel(x)", ..EVERYWHERE },
    Removable { left: "exp_m1(x)/x", right: "exprel(x)", ..EVERYWHERE },
    Removable { left: "(exp(x) - exp(a))/(x - a)", right: "exp(a)*exprel(x - a)", ..PATCHED },
    // Logarithms
    Removable { left: "(x - a)/ln(x/a)", right: "a*exprel(ln(x/a))", ..EVERYWHERE },
    Removable { left: "(x - a)/(ln(x) - ln(a))", right: "a*exprel(ln(x/a))", ..EVERYWHERE },
    Removable { left: "ln(x/a)/(x - a)", right: "bernoulli(ln(x/a))/a", ..EVERYWHERE },
    Removable { left: "(ln(x) - ln(a))/(x - a)", right: "bernoulli(ln(x/a))/a", ..EVERYWHERE },
    Removable { left: "(x - 1)/ln(x)", right: "exprel(ln(x))", ..PATCHED },
    Removable { left: "ln(x)/(x - 1)", right: "bernoulli(ln(x))", ..PATCHED },
    Removable { left: "x/ln_1p(x)", right: "exprel(ln_1p(x))", ..PATCHED },
    Removable { left: "ln_1p(x)/x", right: "bernoulli(ln_1p(x))", ..PATCHED },
    // Of the square of an angle, such as that of a vector's rotation
    Removable { left: "(sqrt(x) - sin(sqrt(x)))/x^(3/2)", right: "(sinc_sqrt(x/4)^2 - sinc_sqrt(x))/2 - sinc_sqrt_derivative(1, x) - 2*x*sinc_sqrt_derivative(2, x)", ..PATCHED },
    Removable { left: "(sin(sqrt(x)) - sqrt(x)*cos(sqrt(x)))/x^(3/2)", right: "-2*sinc_sqrt_derivative(1, x)", ..PATCHED },
    Removable { left: "(1 - cos(sqrt(x)))/x", right: "sinc_sqrt(x/4)/2*sinc_sqrt(x/4)", ..PATCHED },
    Removable { left: "(cos(sqrt(x)) - 1)/x", right: "-sinc_sqrt(x/4)/2*sinc_sqrt(x/4)", ..PATCHED },
    Removable { left: "sin(sqrt(x))/sqrt(x)", right: "sinc_sqrt(x)", ..PATCHED },
    Removable { left: "sqrt(x)/sin(sqrt(x))", right: "1/sinc_sqrt(x)", ..PATCHED },
    // Trigonometric functions
    Removable { left: "(x - sin(x))/x^3", right: "(sinc(x/2)^2 - sinc(x) - sinc_derivative(2, x))/2", ..PATCHED },
    Removable { left: "(sin(x) - x*cos(x))/x^3", right: "(sinc(x) + sinc_derivative(2, x))/2", ..PATCHED },
    Removable { left: "(x*cos(x) - sin(x))/x^3", right: "-(sinc(x) + sinc_derivative(2, x))/2", ..PATCHED },
    Removable { left: "(sin(x) - x*cos(x))/x^2", right: "-sinc_derivative(1, x)", ..PATCHED },
    Removable { left: "(x*cos(x) - sin(x))/x^2", right: "sinc_derivative(1, x)", ..PATCHED },
    Removable { left: "(1 - cos(x))/x^2", right: "sinc(x/2)^2/2", ..PATCHED },
    Removable { left: "(cos(x) - 1)/x^2", right: "-sinc(x/2)^2/2", ..PATCHED },
    Removable { left: "(1 - cos(x))/x", right: "x*sinc(x/2)^2/2", ..PATCHED },
    Removable { left: "(cos(x) - 1)/x", right: "-x*sinc(x/2)^2/2", ..PATCHED },
    Removable { left: "sin(x)^2/x^2", right: "sinc(x)^2", ..PATCHED },
    Removable { left: "sin(x)/x", right: "sinc(x)", ..PATCHED },
    Removable { left: "x/sin(x)", right: "1/sinc(x)", ..PATCHED },
    Removable { left: "tan(x)/x", right: "sinc(x)/cos(x)", ..PATCHED },
    Removable { left: "x/tan(x)", right: "cos(x)/sinc(x)", ..PATCHED },
    Removable { left: "(sin(x) - sin(a))/(x - a)", right: "cos((x + a)/2)*sinc((x - a)/2)", ..PATCHED },
    Removable { left: "(cos(x) - cos(a))/(x - a)", right: "-sin((x + a)/2)*sinc((x - a)/2)", ..PATCHED },
    // Hyperbolic functions
    Removable { left: "sinh(x)/x", right: "sinhc(x)", ..EVERYWHERE },
    Removable { left: "x/sinh(x)", right: "1/sinhc(x)", ..EVERYWHERE },
    Removable { left: "x/tanh(x)", right: "x + bernoulli(2*x)", ..EVERYWHERE },
    Removable { left: "tanh(x)/x", right: "1/(x + bernoulli(2*x))", ..EVERYWHERE },
    // Roots
    Removable { left: "(sqrt(x) - 1)/(x - 1)", right: "1/(sqrt(x) + 1)", ..PATCHED },
    Removable { left: "(x - 1)/(sqrt(x) - 1)", right: "sqrt(x) + 1", ..PATCHED },
    Removable { left: "(sqrt(x) - sqrt(a))/(x - a)", right: "1/(sqrt(x) + sqrt(a))", ..PATCHED },
];

/// The most factors of a product that is looked at.
const MOST_FACTORS: usize = 16;

/// Replaces patched quotients by what continues them, and quotients that are not patched, too, where code is better off.
/// The roots are in canonical form. Tells whether anything was replaced.
pub fn continued(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId], for_code: bool) -> (Vec<ExprId>, bool) {
    let is_concerned = |id: &ExprId| match graph.node(*id) {
        Node::Select(..) => true,
        Node::Product(factors) => for_code && may_be_removable(factors),
        _ => false,
    };
    if !graph.reachable(roots).iter().any(is_concerned) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
        Node::Select(condition, a, b) => patched(graph, formulas, [condition, a, b].map(|id| image[id])),
        Node::Product(_) if for_code => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            let found = quotient(graph, formulas, built, true).or_else(|| {
                // Rows are compared term by term.
                let open =
                    has_groups(graph, built).then(|| canonicalize(graph, formulas, &[built], Grouping::DERIVING)[0]);
                quotient(graph, formulas, open?, true)
            });
            Some(found.unwrap_or(built))
        }
        Node::Sum(..) if for_code => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            Some(without_poles(graph, formulas, built).unwrap_or(built))
        }
        node => node.is_leaf().then_some(id),
    });
    let changed = new != roots;
    (new, changed)
}

/// Returns what continues a choice between a patch and a quotient.
fn patched(graph: &mut Graph, formulas: &mut Formulas, [condition, a, b]: [ExprId; 3]) -> Option<ExprId> {
    let (u, v, patch, body) = match graph.node(condition) {
        Node::Compare(Comparison::Equal, u, v) => (*u, *v, a, b),
        Node::Compare(Comparison::NotEqual, u, v) => (*u, *v, b, a),
        _ => return None,
    };
    let (leaf, value) = match solved(graph, u, v) {
        Some(solution) => solution,
        None => (vanishing(graph, u, v)?, graph.integer(0)),
    };
    // Rows are compared term by term.
    let body = canonicalize(graph, formulas, &[body], Grouping::DERIVING)[0];
    let new = graph.rebuild(&[body], |graph, id, image| match graph.node(id).clone() {
        Node::Product(_) => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            Some(quotient(graph, formulas, built, false).unwrap_or(built))
        }
        Node::Sum(..) => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            Some(without_poles(graph, formulas, built).unwrap_or(built))
        }
        node => node.is_leaf().then_some(id),
    });
    let new = new[0];
    // A root of what vanishes has no derivative there.
    let is_rough = |id: ExprId| match graph.node(id) {
        Node::Product(factors) => {
            factors.iter().any(|(base, own)| *base == leaf && (own.is_negative() || !own.is_integer()))
        }
        _ => false,
    };
    if graph.reachable(&[new]).into_iter().any(is_rough) {
        return None;
    }
    let mut at_point = |graph: &mut Graph, roots: &[ExprId]| {
        let ends = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
            _ if id == leaf => Some(value),
            Node::Apply(function, arguments) => {
                let arguments: Vec<ExprId> = arguments.iter().map(|argument| image[*argument]).collect();
                let value = derivative_at_zero(graph, function, &arguments)?;
                Some(graph.number(value))
            }
            _ => None,
        });
        canonicalize(graph, formulas, &ends, Grouping::READING)
    };
    let divisors = divisors(graph, new)?;
    if at_point(graph, &divisors).into_iter().any(|divisor| graph.is_integer(divisor, 0)) {
        return None;
    }
    let ends = at_point(graph, &[patch, new]);
    let difference = graph.sum(Rational::ZERO, vec![(ends[0], Rational::ONE), (ends[1], Rational::MINUS_ONE)]);
    let difference = canonicalize(graph, formulas, &[difference], Grouping::READING)[0];
    graph.as_number(difference).is_some_and(Rational::is_zero).then_some(new)
}

/// Lists what must not be 0 for a body to be smooth: divisors, and what roots and logarithms are taken of. None for a body
/// with powers of which the exponent is no number.
fn divisors(graph: &Graph, body: ExprId) -> Option<Vec<ExprId>> {
    let mut found = Vec::new();
    for id in graph.reachable(&[body]) {
        match graph.node(id) {
            Node::Product(factors) => {
                let divides = |own: &Rational| own.is_negative() || !own.is_integer();
                found.extend(factors.iter().filter(|(_, own)| divides(own)).map(|(base, _)| *base));
            }
            Node::Apply(rows::LN, arguments) => found.push(arguments[0]),
            Node::Apply(rows::POW, _) => return None,
            _ => {}
        }
    }
    Some(found)
}

/// Returns the value of a derivative of `sinc`, `sinc_sqrt`, `exprel` or `langevin` at 0.
fn derivative_at_zero(graph: &Graph, function: FunctionId, arguments: &[ExprId]) -> Option<Rational> {
    let [order, x] = arguments else { return None };
    let order = graph.as_number(*order)?.to_integer().filter(|_| graph.is_integer(*x, 0))?;
    let reciprocal = Rational::fraction(1, order + 1);
    match function {
        rows::EXPREL_DERIVATIVE => reciprocal,
        // (−1)ⁿ·n!/(2n + 1)!
        rows::SINC_SQRT_DERIVATIVE => (1..=order)
            .try_fold(Rational::ONE, |value, k| Some(value.multiply(&Rational::fraction(-1, 2 * (2 * k + 1))?))),
        rows::LANGEVIN_DERIVATIVE => match order {
            1 => Rational::fraction(1, 3),
            3 => Rational::fraction(-2, 15),
            _ => Some(Rational::ZERO).filter(|_| order % 2 == 0),
        },
        rows::SINC_DERIVATIVE => match order % 4 {
            0 => reciprocal,
            2 => reciprocal.map(|value| value.negate()),
            _ => Some(Rational::ZERO),
        },
        _ => None,
    }
}

/// Returns what is 0 where `u = v`, without a root around it, if one of the two is 0.
fn vanishing(graph: &Graph, u: ExprId, v: ExprId) -> Option<ExprId> {
    let other = if graph.is_integer(v, 0) { u } else { Some(v).filter(|_| graph.is_integer(u, 0))? };
    match graph.node(other) {
        Node::Product(factors) => match &factors[..] {
            [(base, exponent)] if !exponent.is_negative() => Some(*base),
            _ => None,
        },
        _ => Some(other),
    }
}

/// Solves `u = v` for an input that it is linear in, with a number as coefficient.
fn solved(graph: &mut Graph, u: ExprId, v: ExprId) -> Option<(ExprId, ExprId)> {
    let difference = graph.sum(Rational::ZERO, vec![(u, Rational::ONE), (v, Rational::MINUS_ONE)]);
    let difference = graph.rebuild(&[difference], |_, _, _| None)[0];
    let (constant, terms) = match graph.node(difference) {
        Node::Sum(constant, terms) => (constant.clone(), terms.to_vec()),
        _ => (Rational::ZERO, vec![(difference, Rational::ONE)]),
    };
    for (at, (leaf, coefficient)) in terms.iter().enumerate() {
        if !matches!(graph.node(*leaf), Node::Input(_)) {
            continue;
        }
        let scale = coefficient.reciprocal()?.negate();
        let others = terms.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, (term, own))| (*term, own.multiply(&scale))).collect();
        let value = graph.sum(constant.multiply(&scale), others);
        if !graph.reachable(&[value]).contains(leaf) {
            return Some((*leaf, value));
        }
    }
    None
}

/// Tells whether a factor of a product is a sum with a sum in it.
fn has_groups(graph: &Graph, id: ExprId) -> bool {
    let is_group =
        |id: ExprId| matches!(graph.node(id), Node::Sum(constant, terms) if !constant.is_zero() || terms.len() > 1);
    factors_of(graph, id).1.into_iter().any(|(base, exponent)| match graph.node(base) {
        Node::Sum(_, terms) => exponent.is_one() && terms.iter().any(|(term, _)| is_group(*term)),
        _ => false,
    })
}

fn may_be_removable(factors: &[Factor]) -> bool {
    factors.len() <= MOST_FACTORS && factors.iter().any(|(_, exponent)| exponent.is_negative())
}

/// Splits a node into a number and factors.
pub(super) fn factors_of(graph: &Graph, id: ExprId) -> (Rational, Vec<Factor>) {
    let (coefficient, rest) = graph.as_multiple(id);
    match graph.node(rest) {
        Node::Product(factors) => (coefficient, factors.to_vec()),
        Node::Number(value) => (coefficient.multiply(value), Vec::new()),
        _ => (coefficient, vec![(rest, Rational::ONE)]),
    }
}

/// Returns what continues a product in which a row's quotient is a part.
fn quotient(graph: &mut Graph, formulas: &mut Formulas, id: ExprId, for_code: bool) -> Option<ExprId> {
    let (coefficient, factors) = factors_of(graph, id);
    if !may_be_removable(&factors) {
        return None;
    }
    let singles = singles(graph, &factors);
    let pairs = pairs(graph, &factors);
    if singles.is_empty() {
        return None;
    }
    for row in REMOVABLE.iter().filter(|row| row.everywhere || !for_code) {
        let of_two = row.left.contains("a)");
        let bindings: Vec<Vec<(&str, ExprId)>> = match of_two {
            true => pairs.iter().map(|(x, a)| vec![("x", *x), ("a", *a)]).collect(),
            false => singles.iter().map(|x| vec![("x", *x)]).collect(),
        };
        for names in bindings {
            let left = formulas.lower(graph, row.left, &names)?;
            let left = canonicalize(graph, formulas, &[left], Grouping::DERIVING)[0];
            let (scale, wanted) = factors_of(graph, left);
            if !wanted.iter().any(|(_, exponent)| exponent.is_negative()) {
                continue;
            }
            let Some((ratio, rest)) = without(graph, &factors, &wanted) else { continue };
            let scale = coefficient.multiply(&ratio).divide(&scale)?;
            let right = formulas.lower(graph, row.right, &names)?;
            let product = graph.product(scale, rest.into_iter().chain([(right, Rational::ONE)]).collect());
            return Some(quotient(graph, formulas, product, for_code).unwrap_or(product));
        }
    }
    None
}

/// Lists what functions and roots among the factors, and in sums among them, are taken of.
pub(super) fn singles(graph: &Graph, factors: &[Factor]) -> Vec<ExprId> {
    let mut found = Vec::new();
    let mut visit = |base: ExprId, exponent: &Rational| {
        match graph.node(base) {
            Node::Apply(_, arguments) if arguments.len() == 1 => found.push(arguments[0]),
            _ if !exponent.is_integer() => found.push(base),
            _ => {}
        };
        // The argument of a root that a function is taken of.
        if let Node::Apply(_, arguments) = graph.node(base)
            && let Node::Product(inside) = graph.node(arguments[0])
            && let [(radicand, exponent)] = &inside[..]
            && *exponent == Rational::HALF
        {
            found.push(*radicand);
        }
    };
    for (base, exponent) in factors {
        visit(*base, exponent);
        if let Node::Sum(_, terms) = graph.node(*base) {
            terms.iter().flat_map(|(term, _)| factors_of(graph, *term).1).for_each(|(base, own)| visit(base, &own));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Lists the numbers of which differences are among the factors, either one first.
fn pairs(graph: &mut Graph, factors: &[Factor]) -> Vec<(ExprId, ExprId)> {
    let mut found = Vec::new();
    for (base, _) in factors {
        let Node::Sum(constant, terms) = graph.node(*base) else { continue };
        if let [(x, k), (a, l)] = &terms[..]
            && constant.is_zero()
            && *k == l.negate()
        {
            found.extend([(*x, *a), (*a, *x)]);
        }
    }
    found
}

/// Takes factors out of others; returns what is left, and the number that it is to be multiplied by where bases are
/// multiples of those that are wanted.
pub(super) fn without(graph: &Graph, factors: &[Factor], wanted: &[Factor]) -> Option<(Rational, Vec<Factor>)> {
    let mut rest = factors.to_vec();
    let mut scale = Rational::ONE;
    for (base, exponent) in wanted {
        let (at, ratio) = rest.iter().enumerate().find_map(|(at, (own, power))| {
            let fits = power.is_negative() == exponent.is_negative()
                && power.is_integer() == exponent.is_integer()
                && !power.abs().add(&exponent.abs().negate()).is_negative();
            ratio(graph, *own, *base).filter(|_| fits).map(|ratio| (at, ratio))
        })?;
        scale = scale.multiply(&ratio.power(exponent)?);
        let left = rest[at].1.add(&exponent.negate());
        if left.is_zero() {
            rest.remove(at);
        } else {
            rest[at].1 = left;
        }
    }
    Some((scale, rest))
}

/// Returns the number by which one node is a multiple of another.
fn ratio(graph: &Graph, a: ExprId, b: ExprId) -> Option<Rational> {
    if a == b {
        return Some(Rational::ONE);
    }
    let (Node::Sum(constant, terms), Node::Sum(other, others)) = (graph.node(a), graph.node(b)) else { return None };
    let ((first, k), (second, l)) = (terms.first()?, others.first()?);
    let ratio = k.divide(l).filter(|_| first == second && terms.len() == others.len())?;
    let fits =
        |(own, k): (&ExprId, &Rational), (other, l): (&ExprId, &Rational)| own == other && *k == l.multiply(&ratio);
    let same = terms.iter().zip(others.iter()).all(|(own, other)| fits((&own.0, &own.1), (&other.0, &other.1)));
    (same && *constant == other.multiply(&ratio)).then_some(ratio)
}
