//! Quotients with a removable singularity, such as `sin(x)/x` at 0, continued there by functions that have none.

use super::{Grouping, canonicalize};
use crate::functions::rows;
use crate::graph::{ExprId, Factor, Graph, Node, Rational};
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
    /// How much of `x`, where that is a product, must be there.
    pub least: Least,
}

/// How much of the argument of a row must be among the factors of a quotient: `c/(exp(c*l/T) - 1)` has a part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Least {
    /// All of it: the derivatives of what would come out lose digits.
    All,
    /// A factor of it.
    Part,
    /// None, where the argument is itself a quotient: the function is a pole times a function without one, and poles in
    /// such an argument cancel in derivatives.
    None,
}

const PATCHED: Removable = Removable { left: "", right: "", everywhere: false, least: Least::All };
const EVERYWHERE: Removable = Removable { everywhere: true, ..PATCHED };
const PART: Removable = Removable { least: Least::Part, ..EVERYWHERE };
const POLE: Removable = Removable { least: Least::None, ..EVERYWHERE };

/// The table: rows of one form with the longest first. All singularities are at x = 0, x = 1 for `ln(x)`, or x = a.
#[rustfmt::skip]
pub const REMOVABLE: &[Removable] = &[
    // Exponentials
    Removable { left: "(exp(x) - 1 - x)/x^2", right: "exprel(x) - exprel_derivative(1, x)", ..PART },
    Removable { left: "x^2*exp(x)/(exp(x) - 1)^2", right: "1/sinhc(x/2)^2", ..POLE },
    Removable { left: "(exp(x) - x*exp(x) - 1)/(exp(x) - 1)^2", right: "bernoulli_derivative(1, x)", ..PATCHED },
    Removable { left: "(x*exp(x) - exp(x) + 1)/x^2", right: "exprel_derivative(1, x)", ..PATCHED },
    Removable { left: "(x^2*exp(x) - 2*x*exp(x) + 2*exp(x) - 2)/x^3", right: "exprel_derivative(2, x)", ..PATCHED },
    Removable { left: "x*exp(x)/(exp(x) - 1)", right: "bernoulli(-x)", ..POLE },
    Removable { left: "x/(exp(x) - 1)", right: "bernoulli(x)", ..POLE },
    Removable { left: "x/(1 - exp(x))", right: "-bernoulli(x)", ..POLE },
    Removable { left: "x/exp_m1(x)", right: "bernoulli(x)", ..POLE },
    Removable { left: "(exp(x) - 1)/x", right: "exprel(x)", ..PART },
    Removable { left: "(1 - exp(x))/x", right: "-exprel(x)", ..PART },
    Removable { left: "exp_m1(x)/x", right: "exprel(x)", ..PART },
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
    Removable { left: "(2*sin(x) - 2*x*cos(x) - x^2*sin(x))/x^3", right: "sinc_derivative(2, x)", ..PATCHED },
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
    Removable { left: "x/sinh(x)", right: "1/sinhc(x)", ..POLE },
    Removable { left: "x/tanh(x)", right: "x + bernoulli(2*x)", ..PART },
    Removable { left: "tanh(x)/x", right: "1/(x + bernoulli(2*x))", ..PART },
    Removable { left: "(sinh(x) - sinh(a))/(x - a)", right: "cosh((x + a)/2)*sinhc((x - a)/2)", ..PATCHED },
    Removable { left: "(cosh(x) - cosh(a))/(x - a)", right: "sinh((x + a)/2)*sinhc((x - a)/2)", ..PATCHED },
    // Powers
    Removable { left: "(x^2 - a^2)/(x - a)", right: "x + a", ..PATCHED },
    Removable { left: "(x^3 - a^3)/(x - a)", right: "x^2 + x*a + a^2", ..PATCHED },
    Removable { left: "(1/x - 1/a)/(x - a)", right: "-1/(x*a)", ..PATCHED },
    // Roots
    Removable { left: "(sqrt(x) - 1)/(x - 1)", right: "1/(sqrt(x) + 1)", ..PATCHED },
    Removable { left: "(x - 1)/(sqrt(x) - 1)", right: "sqrt(x) + 1", ..PATCHED },
    Removable { left: "(sqrt(x) - sqrt(a))/(x - a)", right: "1/(sqrt(x) + sqrt(a))", ..PATCHED },
];

/// The most factors of a product that is looked at.
const MOST_FACTORS: usize = 16;

pub(super) fn may_be_removable(factors: &[Factor]) -> bool {
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
pub(super) fn quotient(graph: &mut Graph, formulas: &mut Formulas, id: ExprId, for_code: bool) -> Option<ExprId> {
    let (coefficient, factors) = factors_of(graph, id);
    let factors = flat(graph, factors);
    if !may_be_removable(&factors) {
        return None;
    }
    let singles = singles(graph, &factors);
    let pairs = pairs(graph, &factors);
    if singles.is_empty() && pairs.is_empty() {
        return None;
    }
    for row in REMOVABLE.iter().filter(|row| row.everywhere || !for_code) {
        let of_two = row.left.contains("a)");
        let bindings: Vec<Vec<(&str, ExprId)>> = match of_two {
            true => pairs.iter().map(|(x, a)| vec![("x", *x), ("a", *a)]).collect(),
            false => singles.iter().map(|x| vec![("x", *x)]).collect(),
        };
        for names in bindings {
            let given = formulas.lower(graph, row.left, &names)?;
            // A sum that stands in two places is dissolved in another one where people read it.
            let groupings: &[Grouping] = match for_code {
                true => &[Grouping::DERIVING],
                false => &[Grouping::DERIVING, Grouping::READING],
            };
            for grouping in groupings {
                let left = canonicalize(graph, formulas, &[given], *grouping)[0];
                let (scale, wanted) = factors_of(graph, left);
                let wanted = flat(graph, wanted);
                if !wanted.iter().any(|(_, exponent)| exponent.is_negative()) {
                    continue;
                }
                let exact = without(graph, &factors, &wanted);
                let argument = names.first().map(|(_, x)| *x).filter(|_| for_code && !of_two);
                let found = exact.or_else(|| without_part(graph, &factors, &wanted, argument?, row.least));
                let Some((ratio, rest)) = found else { continue };
                let scale = coefficient.multiply(&ratio).divide(&scale)?;
                let right = formulas.lower(graph, row.right, &names)?;
                let product = graph.product(scale, rest.into_iter().chain([(right, Rational::ONE)]).collect());
                return Some(quotient(graph, formulas, product, for_code).unwrap_or(product));
            }
        }
    }
    None
}

/// Opens products among factors, such as the argument of a function that stands beside it.
pub(super) fn flat(graph: &Graph, factors: Vec<Factor>) -> Vec<Factor> {
    let mut all: Vec<Factor> = Vec::with_capacity(factors.len());
    let mut open: Vec<Factor> = factors.into_iter().rev().collect();
    while let Some((base, exponent)) = open.pop() {
        match graph.node(base) {
            Node::Product(inside) if exponent.is_integer() => {
                open.extend(inside.iter().rev().map(|(base, own)| (*base, own.multiply(&exponent))));
            }
            _ => match all.iter_mut().find(|(own, _)| *own == base) {
                Some((_, own)) => *own = own.add(&exponent),
                None => all.push((base, exponent)),
            },
        }
    }
    all.retain(|(_, exponent)| !exponent.is_zero());
    all
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

/// Takes a row's quotient out of factors that have only some of what its argument is a product of; the others come out
/// below the line: `c/(exp(c*l/T) - 1)` is `bernoulli(c*l/T)*T/l`. A pole is taken out, too, where it is a power of a factor
/// by which the argument is divided: there its derivatives cancel.
fn without_part(
    graph: &Graph,
    factors: &[Factor],
    wanted: &[Factor],
    argument: ExprId,
    least: Least,
) -> Option<(Rational, Vec<Factor>)> {
    let (_, parts) = factors_of(graph, argument);
    let parts = flat(graph, parts);
    if parts.len() < 2 || least == Least::All {
        return None;
    }
    let is_part = |(base, _): &&Factor| parts.iter().any(|(part, _)| part == base);
    let (plain, functions): (Vec<&Factor>, Vec<&Factor>) = wanted.iter().partition(is_part);
    let functions: Vec<Factor> = functions.into_iter().cloned().collect();
    // A root of a factor does not vanish as fast as the argument.
    let has = |(base, exponent): &&Factor| {
        exponent.is_integer()
            && factors.iter().any(|(own, power)| own == base && power.is_negative() == exponent.is_negative())
    };
    let is_inverse = plain.iter().any(|(_, exponent)| exponent.is_negative());
    if functions.is_empty() || !(plain.iter().any(has) || least == Least::None && is_inverse) {
        return None;
    }
    let (ratio, mut rest) = without(graph, factors, &functions)?;
    // A quotient of two functions has rules of its own.
    let is_of_argument = |(base, _): &Factor| match graph.node(*base) {
        Node::Apply(rows::COSH | rows::SINH | rows::TANH, arguments) => arguments[0] == argument,
        _ => false,
    };
    if rest.iter().any(is_of_argument) {
        return None;
    }
    for (base, exponent) in plain {
        match rest.iter_mut().find(|(own, _)| own == base) {
            Some((_, power)) => *power = power.add(&exponent.negate()),
            None => rest.push((*base, exponent.negate())),
        }
    }
    rest.retain(|(_, exponent)| !exponent.is_zero());
    Some((ratio, rest))
}

/// Returns the number by which one node is a multiple of another.
fn ratio(graph: &Graph, a: ExprId, b: ExprId) -> Option<Rational> {
    if a == b {
        return Some(Rational::ONE);
    }
    let (Node::Sum(constant, terms), Node::Sum(other, others)) = (graph.node(a), graph.node(b)) else { return None };
    let [terms, others] = [terms, others].map(|terms| {
        let mut terms = terms.to_vec();
        terms.sort_by_key(|(term, _)| *term);
        terms
    });
    let ((first, k), (second, l)) = (terms.first()?, others.first()?);
    let ratio = k.divide(l).filter(|_| first == second && terms.len() == others.len())?;
    let fits =
        |(own, k): (&ExprId, &Rational), (other, l): (&ExprId, &Rational)| own == other && *k == l.multiply(&ratio);
    let same = terms.iter().zip(others.iter()).all(|(own, other)| fits((&own.0, &own.1), (&other.0, &other.1)));
    (same && *constant == other.multiply(&ratio)).then_some(ratio)
}
