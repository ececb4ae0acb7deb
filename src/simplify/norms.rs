//! Powers of norms that divide: the cube of a norm overflows, or is 0, where the norm and its derivatives are ordinary
//! numbers. `x*y/hypot(x, y)^3` is computed as `(x/h)*(y/h)/h` with `h = hypot(x, y)`, in which no factor but the last is
//! above 1. So are products that divide by the third power of a sum, such as that in the curvature of `1/(1 + x^2)`.

use crate::functions::rows;
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Term};

/// Least power of norms, all together, that is taken apart.
pub(super) const LEAST_POWER: i64 = 3;
/// How deep sums inside of sums are looked at.
const NESTED: usize = 2;
/// Most terms of a sum of products of components.
const MOST_TERMS: usize = 16;

/// A norm that a product divides by.
struct Norm {
    /// The norm as a factor: `hypot(x, y)`, or `x^2 + y^2` with the exponent 1/2.
    base: ExprId,
    root: Rational,
    components: Vec<ExprId>,
    /// How often the product is still divided by it.
    power: i64,
}

/// Divides components by their norms, one by one, where a product divides by powers of these, and other factors by sums.
/// Tells whether any does.
pub fn components_over_norms(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let new = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
        Node::Product(factors) => {
            let factors: Vec<Factor> = factors.iter().map(|(base, own)| (image[*base], own.clone())).collect();
            let open = with_parts_opened(graph, &factors);
            let opened = norms_taken_out(graph, &open).and_then(|factors| divided(graph, &factors, 1));
            opened.or_else(|| divided(graph, &open, LEAST_POWER)).or_else(|| divided_by_sum(graph, &factors))
        }
        node => node.is_leaf().then_some(id),
    });
    let changed = new != roots;
    (new, changed)
}

/// Returns what a term is the square of, if it is no negative multiple of one.
pub(super) fn is_square(graph: &Graph, (term, coefficient): &Term) -> Option<ExprId> {
    match graph.node(*term) {
        Node::Product(factors) if !coefficient.is_negative() => match &factors[..] {
            [(component, exponent)] if *exponent == Rational::integer(2) => Some(*component),
            _ => None,
        },
        _ => None,
    }
}

/// Recognizes a negative power of a norm.
fn norm(graph: &Graph, (base, exponent): &Factor) -> Option<Norm> {
    if !exponent.is_negative() {
        return None;
    }
    match graph.node(*base) {
        Node::Apply(rows::HYPOT, _) => {
            let power = exponent.negate().to_integer()?;
            let mut components = vec![*base];
            let mut at = 0;
            // Norms of norms are above what they are made of, too.
            while at < components.len().min(MOST_TERMS) {
                if let Node::Apply(rows::HYPOT, inside) = graph.node(components[at]) {
                    components.extend(inside.iter().copied());
                }
                at += 1;
            }
            Some(Norm { base: *base, root: Rational::ONE, components, power })
        }
        Node::Sum(constant, terms) if constant.is_zero() && !exponent.is_integer() => {
            let components = terms.iter().map(|term| is_square(graph, term)).collect::<Option<Vec<ExprId>>>()?;
            let power = exponent.multiply(&Rational::integer(-2)).to_integer()?;
            Some(Norm { base: *base, root: Rational::HALF, components, power })
        }
        _ => None,
    }
}

/// Opens parts that divide by norms, as those that several products share do, but components over their norms.
fn with_parts_opened(graph: &Graph, factors: &[Factor]) -> Vec<Factor> {
    let mut open: Vec<Factor> = Vec::with_capacity(factors.len());
    let parts = factors.iter().flat_map(|(base, exponent)| match graph.node(*base) {
        Node::Product(inside) if exponent.is_one() && divides(graph, inside) => with_parts_opened(graph, inside),
        _ => vec![(*base, exponent.clone())],
    });
    for (base, exponent) in parts {
        match open.iter_mut().find(|(other, _)| *other == base) {
            Some((_, own)) => *own = own.add(&exponent),
            None => open.push((base, exponent)),
        }
    }
    open
}

/// Tells whether a product divides by norms, and is not a component over its own.
fn divides(graph: &Graph, factors: &[Factor]) -> bool {
    let norms: Vec<Norm> = factors.iter().filter_map(|factor| norm(graph, factor)).collect();
    let is_quotient = || factors.len() == 2 && factors.iter().any(|(base, _)| norms[0].components.contains(base));
    !norms.is_empty() && !is_quotient()
}

/// Returns the power of norms, all together, that a product divides by.
fn norms_among(graph: &Graph, factors: &[Factor]) -> i64 {
    factors.iter().filter_map(|factor| norm(graph, factor)).map(|norm| norm.power).sum()
}

/// Takes norms that divide all terms of a sum out of the sums among the factors: components among the other factors are
/// divided by them, too.
fn norms_taken_out(graph: &mut Graph, factors: &[Factor]) -> Option<Vec<Factor>> {
    let mut new: Vec<Factor> = Vec::with_capacity(factors.len() + 1);
    let mut taken: Vec<Factor> = Vec::new();
    let mut power = norms_among(graph, factors);
    for (base, exponent) in factors {
        match exponent.is_one().then(|| without_norms(graph, *base)).flatten() {
            Some((sum, norms, largest)) => {
                new.push((sum, Rational::ONE));
                taken.extend(norms);
                power += largest;
            }
            None => new.push((*base, exponent.clone())),
        }
    }
    if taken.is_empty() || power < LEAST_POWER {
        return None;
    }
    for (base, exponent) in taken {
        match new.iter_mut().find(|(other, _)| *other == base) {
            Some((_, own)) => *own = own.add(&exponent),
            None => new.push((base, exponent)),
        }
    }
    Some(new)
}

/// Returns a sum without the powers of norms that divide all of its terms, these, and the largest power that divides one.
fn without_norms(graph: &mut Graph, sum: ExprId) -> Option<(ExprId, Vec<Factor>, i64)> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    if !constant.is_zero() || !(2..=MOST_TERMS).contains(&terms.len()) {
        return None;
    }
    let opened = |(term, _): &Term| with_parts_opened(graph, &factors_of(graph, *term));
    let products: Vec<Vec<Factor>> = terms.iter().map(opened).collect();
    let largest = products.iter().map(|factors| norms_among(graph, factors)).max()?;
    let shared = |(base, own): &Factor| {
        let norm = norm(graph, &(*base, own.clone()))?;
        let of_term =
            |factors: &Vec<Factor>| factors.iter().find(|(other, _)| *other == norm.base).map(|(_, own)| own.clone());
        let exponents = products.iter().map(of_term).collect::<Option<Vec<Rational>>>()?;
        let largest = exponents.into_iter().max().filter(Rational::is_negative)?;
        Some((norm.base, largest))
    };
    let shared: Vec<Factor> = products[0].iter().filter_map(shared).collect();
    if shared.is_empty() {
        return None;
    }
    let rest = products.into_iter().zip(terms.iter()).map(|(factors, (_, coefficient))| {
        let inverse = shared.iter().map(|(base, exponent)| (*base, exponent.negate()));
        (graph.product(Rational::ONE, factors.into_iter().chain(inverse).collect()), coefficient.clone())
    });
    let rest: Vec<Term> = rest.collect();
    Some((graph.sum(Rational::ZERO, rest), shared, largest))
}

/// Divides factors by norms, if the product divides by at least this power of norms.
fn divided(graph: &mut Graph, factors: &[Factor], least: i64) -> Option<ExprId> {
    let mut norms: Vec<Norm> = factors.iter().filter_map(|factor| norm(graph, factor)).collect();
    if norms.iter().map(|norm| norm.power).sum::<i64>() < least {
        return None;
    }
    let others: Vec<Factor> = factors.iter().filter(|factor| norm(graph, factor).is_none()).cloned().collect();
    let mut new = Vec::with_capacity(factors.len());
    let mut changed = false;
    for factor in others {
        match over_norms(graph, &factor, &mut norms) {
            Some(parts) => {
                changed = true;
                new.extend(parts);
            }
            None => new.push(factor),
        }
    }
    if !changed {
        return None;
    }
    for norm in norms.iter().filter(|norm| norm.power != 0) {
        new.push((norm.base, norm.root.multiply(&Rational::integer(-norm.power))));
    }
    Some(graph.product(Rational::ONE, new))
}

/// Divides factors by a sum or a function, one by one, where the product divides by its third power or a higher one.
fn divided_by_sum(graph: &mut Graph, factors: &[Factor]) -> Option<ExprId> {
    let is_divisor = |(base, exponent): &Factor| {
        let may_leave_range = match graph.node(*base) {
            Node::Sum(..) => true,
            // A function with values of both signs within bounds is of ordinary size but at its zeros.
            Node::Apply(function, _) => function.row().is_non_negative() || !function.row().is_bounded(),
            _ => false,
        };
        may_leave_range && *exponent <= Rational::integer(-LEAST_POWER)
    };
    let at = factors.iter().position(is_divisor)?;
    let (divisor, exponent) = &factors[at];
    let whole = exponent.negate();
    // A root of the divisor stays as it is.
    let root = if whole.is_integer() { Rational::ZERO } else { Rational::HALF };
    let mut power = whole.add(&root.negate()).to_integer()?;
    let given = power;
    let mut new = Vec::with_capacity(factors.len() + 1);
    for (other, (base, own)) in factors.iter().enumerate() {
        let times = own.to_integer().map_or(0, |times| times.min(power - 1));
        if other == at || times <= 0 {
            new.extend((other != at).then(|| (*base, own.clone())));
            continue;
        }
        let times = Rational::integer(times);
        power -= times.to_integer()?;
        let quotient = graph.product(Rational::ONE, vec![(*base, Rational::ONE), (*divisor, Rational::MINUS_ONE)]);
        new.extend([(quotient, times.clone()), (*base, own.add(&times.negate()))]);
    }
    if power == given {
        return None;
    }
    new.push((*divisor, Rational::integer(power).add(&root).negate()));
    Some(graph.product(Rational::ONE, new))
}

/// Divides a power of a component, or a sum of products of components, by the norms of these.
fn over_norms(graph: &mut Graph, (base, exponent): &Factor, norms: &mut [Norm]) -> Option<Vec<Factor>> {
    let times = exponent.to_integer().filter(|times| *times > 0)?;
    if let Some(norm) = norms.iter_mut().find(|norm| norm.components.contains(base) && norm.power > 0) {
        let taken = times.min(norm.power);
        norm.power -= taken;
        let quotient = quotient(graph, *base, norm);
        let rest = Rational::integer(times - taken);
        return Some(vec![(quotient, Rational::integer(taken)), (*base, rest)]);
    }
    let (constant, terms) = match graph.node(*base) {
        Node::Sum(constant, terms) => (constant.clone(), terms.to_vec()),
        _ => return None,
    };
    if !constant.is_zero() || terms.len() > MOST_TERMS || times != 1 {
        return None;
    }
    let degrees = degrees_of_sum(graph, *base, norms, NESTED)?;
    let fits = degrees.iter().zip(norms.iter()).all(|(degree, norm)| *degree <= norm.power);
    if !fits || degrees.iter().all(|degree| *degree == 0) {
        return None;
    }
    let sum = divided_sum(graph, &terms, norms, NESTED);
    for (norm, degree) in norms.iter_mut().zip(degrees) {
        norm.power -= degree;
    }
    Some(vec![(sum, Rational::ONE)])
}

fn factors_of(graph: &Graph, id: ExprId) -> Vec<Factor> {
    match graph.node(id) {
        Node::Product(factors) => factors.to_vec(),
        _ => vec![(id, Rational::ONE)],
    }
}

/// Returns how many components of each norm every term of a sum has as factors, if that is the same for all.
fn degrees_of_sum(graph: &Graph, id: ExprId, norms: &[Norm], depth: usize) -> Option<Vec<i64>> {
    let Node::Sum(constant, terms) = graph.node(id) else { return None };
    if !constant.is_zero() || terms.len() > MOST_TERMS {
        return None;
    }
    let first = degrees(graph, terms[0].0, norms, depth);
    terms.iter().all(|(term, _)| degrees(graph, *term, norms, depth) == first).then_some(first)
}

/// Returns how many components of each norm a product has as factors, those in sums of equal degree among them.
fn degrees(graph: &Graph, id: ExprId, norms: &[Norm], depth: usize) -> Vec<i64> {
    let mut degrees = vec![0; norms.len()];
    for (base, exponent) in factors_of(graph, id) {
        let Some(times) = exponent.to_integer().filter(|_| counts(&exponent)) else { continue };
        if let Some(at) = component_of(base, norms) {
            degrees[at] += times;
        } else if let Some(at) = square_of(base, norms) {
            degrees[at] += 2 * times;
        } else if let Some(inside) = depth.checked_sub(1).and_then(|depth| degrees_of_sum(graph, base, norms, depth)) {
            degrees.iter_mut().zip(inside).for_each(|(degree, inside)| *degree += inside * times);
        }
    }
    degrees
}

/// Tells whether a power is that of a factor of a polynomial.
fn counts(exponent: &Rational) -> bool {
    exponent.is_integer() && !exponent.is_negative()
}

/// Finds the norm of which a factor is a component.
fn component_of(base: ExprId, norms: &[Norm]) -> Option<usize> {
    norms.iter().position(|norm| norm.power > 0 && norm.components.contains(&base))
}

/// Finds the norm of which a factor is the square.
fn square_of(base: ExprId, norms: &[Norm]) -> Option<usize> {
    norms.iter().position(|norm| norm.power > 1 && norm.base == base && norm.root != Rational::ONE)
}

/// Divides what [`degrees`] counts in the terms of a sum by the norms.
fn divided_sum(graph: &mut Graph, terms: &[Term], norms: &[Norm], depth: usize) -> ExprId {
    let mut new = Vec::with_capacity(terms.len());
    for (term, coefficient) in terms {
        let mut factors = factors_of(graph, *term);
        for (base, exponent) in &mut factors {
            if !counts(exponent) {
                continue;
            }
            if let Some(at) = component_of(*base, norms) {
                *base = quotient(graph, *base, &norms[at]);
            } else if square_of(*base, norms).is_some() {
                *exponent = Rational::ZERO;
            } else if let (Node::Sum(_, inside), Some(depth)) = (graph.node(*base).clone(), depth.checked_sub(1))
                && degrees_of_sum(graph, *base, norms, depth).is_some()
            {
                *base = divided_sum(graph, &inside, norms, depth);
            }
        }
        new.push((graph.product(Rational::ONE, factors), coefficient.clone()));
    }
    graph.sum(Rational::ZERO, new)
}

fn quotient(graph: &mut Graph, component: ExprId, norm: &Norm) -> ExprId {
    graph.product(Rational::ONE, vec![(component, Rational::ONE), (norm.base, norm.root.negate())])
}
