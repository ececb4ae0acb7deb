//! Means weighted by exponentials, `(a*exp(x) + b*exp(y))/(exp(x) + exp(y))`, and their derivatives.
//!
//! The weights are shares, exponentials of differences from `logsumexp`, which do not overflow. Their sum is 1, so that what
//! derivatives are made of, polynomials in them, can be made homogeneous: `a*s - s*(a*s + b*t)` is `(a - b)*s*t`, where
//! the first loses all digits once `s` is near 1.

use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational, Term};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Most shares of one sum of exponentials.
const MOST_SHARES: usize = 6;
/// Most monomials of a polynomial in shares.
const MOST_MONOMIALS: usize = 64;
/// Largest degree of a polynomial in shares.
const LARGEST_DEGREE: u32 = 4;

/// Writes means weighted by exponentials as sums of shares. Tells whether there were any.
pub fn means_as_shares(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let may_be_mean = |id: &ExprId| match graph.node(*id) {
        Node::Product(factors) => divisor(graph, factors).is_some(),
        Node::Apply(rows::LN, arguments) => matches!(graph.node(arguments[0]), Node::Sum(..)),
        _ => false,
    };
    if !graph.reachable(roots).iter().any(may_be_mean) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
        Node::Product(factors) => {
            let factors: Vec<Factor> = factors.iter().map(|(base, own)| (image[*base], own.clone())).collect();
            mean(graph, factors)
        }
        Node::Apply(rows::LN, arguments) => {
            let argument = image[arguments[0]];
            double_complement(graph, argument).or_else(|| logarithm(graph, argument))
        }
        node => node.is_leaf().then_some(id),
    });
    let changed = new != roots;
    (new, changed)
}

/// Splits a sum into exponents and what their exponentials are multiplied by; a term without one has the exponent 0.
fn exponentials(graph: &mut Graph, sum: ExprId) -> Option<Vec<(ExprId, ExprId)>> {
    let zero = graph.number(Rational::ZERO);
    let mut found = Vec::new();
    let mut open = vec![(sum, Rational::ONE)];
    while let Some((term, coefficient)) = open.pop() {
        if let Node::Sum(constant, terms) = graph.node(term).clone()
            && (term == sum || has_exponential(graph, term))
        {
            open.extend(terms.iter().map(|(inside, own)| (*inside, own.multiply(&coefficient))));
            if !constant.is_zero() {
                found.push((zero, graph.number(constant.multiply(&coefficient))));
            }
            continue;
        }
        let factors = match graph.node(term) {
            Node::Product(factors) => factors.to_vec(),
            _ => vec![(term, Rational::ONE)],
        };
        let exponent = |(base, own): &Factor| match graph.node(*base) {
            Node::Apply(rows::EXP, arguments) if own.is_one() => Some(arguments[0]),
            _ => None,
        };
        let at = factors.iter().position(|factor| exponent(factor).is_some());
        let exponent = at.and_then(|at| exponent(&factors[at])).unwrap_or(zero);
        let others = factors.into_iter().enumerate().filter(|(other, _)| Some(*other) != at);
        let weight = graph.product(coefficient, others.map(|(_, factor)| factor).collect());
        found.push((exponent, weight));
        if found.len() > MOST_MONOMIALS {
            return None;
        }
    }
    found.reverse();
    matches!(graph.node(sum), Node::Sum(..)).then_some(found)
}

/// Tells whether a term of a sum, or of a sum in it, is a multiple of an exponential; other groups of terms stay together,
/// as they may be small differences.
fn has_exponential(graph: &Graph, sum: ExprId) -> bool {
    let is_exponential = |(base, own): &Factor| own.is_one() && matches!(graph.node(*base), Node::Apply(rows::EXP, _));
    let mut open = vec![sum];
    while let Some(id) = open.pop() {
        match graph.node(id) {
            Node::Sum(_, terms) => open.extend(terms.iter().map(|(term, _)| *term)),
            Node::Product(factors) if factors.iter().any(is_exponential) => return true,
            Node::Apply(rows::EXP, _) => return true,
            _ => {}
        }
    }
    false
}

/// Finds a sum of exponentials that is divided by: its place.
fn divisor(graph: &Graph, factors: &[Factor]) -> Option<usize> {
    let is_term =
        |(term, coefficient): &Term| coefficient.is_one() && matches!(graph.node(*term), Node::Apply(rows::EXP, _));
    factors.iter().position(|(base, own)| match graph.node(*base) {
        Node::Sum(constant, terms) => {
            let count = terms.len() + usize::from(constant.is_one());
            let counts = (2..=MOST_SHARES).contains(&count) && (constant.is_zero() || constant.is_one());
            counts && own.is_negative() && own.is_integer() && terms.iter().all(is_term)
        }
        _ => false,
    })
}

/// Writes a weighted sum of exponentials over the sum of these as a sum of shares.
fn mean(graph: &mut Graph, mut factors: Vec<Factor>) -> Option<ExprId> {
    let below = divisor(graph, &factors)?;
    let entries: Vec<ExprId> = exponentials(graph, factors[below].0)?.into_iter().map(|entry| entry.0).collect();
    for above in 0..factors.len() {
        if above == below || !factors[above].1.is_one() {
            continue;
        }
        let Some(weighted) = exponentials(graph, factors[above].0) else { continue };
        if !weighted.iter().all(|(exponent, _)| entries.contains(exponent)) || !has_exponential(graph, factors[above].0)
        {
            continue;
        }
        let total = graph.apply(rows::LOGSUMEXP, &entries);
        let mut weights: IndexMap<ExprId, Vec<Term>> = IndexMap::new();
        for (exponent, weight) in weighted {
            weights.entry(exponent).or_default().push((weight, Rational::ONE));
        }
        let terms = weights.into_iter().map(|(exponent, weights)| {
            let weight = graph.sum(Rational::ZERO, weights);
            let share = share(graph, exponent, total);
            (graph.multiply(weight, share), Rational::ONE)
        });
        let terms = terms.collect();
        factors[above].0 = graph.sum(Rational::ZERO, terms);
        factors[below].1 = factors[below].1.add(&Rational::ONE);
        factors.retain(|(_, exponent)| !exponent.is_zero());
        return Some(graph.product(Rational::ONE, factors));
    }
    None
}

/// Writes `ln(1 - exp(-exp(x)))`, the logarithm of the complementary log-log link's inverse, for negative x as
/// `x + ln(exprel(-exp(x)))`: the inner exponential is 0 long before the whole overflows.
fn double_complement(graph: &mut Graph, argument: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(argument) else { return None };
    let [(outer, coefficient)] = &terms[..] else { return None };
    let Node::Apply(rows::EXP, inside) = graph.node(*outer) else { return None };
    let inside = inside[0];
    let (scale, inner) = graph.as_multiple(inside);
    let Node::Apply(rows::EXP, exponent) = graph.node(inner) else { return None };
    if !constant.is_one() || !coefficient.is_minus_one() || !scale.is_negative() {
        return None;
    }
    let exponent = exponent[0];
    let relative = graph.apply(rows::EXPREL, &[inside]);
    let scaled = graph.scale(scale.negate(), relative);
    let logarithm = graph.apply(rows::LN, &[scaled]);
    let near = graph.add(exponent, logarithm);
    let far = graph.apply(rows::LN, &[argument]);
    let zero = graph.number(Rational::ZERO);
    let is_negative = graph.compare(Comparison::Less, exponent, zero);
    Some(graph.select(is_negative, near, far))
}

/// Writes the logarithm of a weighted sum of exponentials, `ln(a*exp(x) + b*exp(y))`, as that of a mean: it is
/// `ln(a*s + b*t) + logsumexp([x, y])` with the shares s and t. What is taken away is compared with what it is taken from.
fn logarithm(graph: &mut Graph, sum: ExprId) -> Option<ExprId> {
    let weighted = exponentials(graph, sum)?;
    let is_plain = |(_, weight): &(ExprId, ExprId)| graph.is_integer(*weight, 1);
    let mut entries: Vec<ExprId> = weighted.iter().map(|entry| entry.0).collect();
    entries.sort();
    entries.dedup();
    let is_exponential = |id: &ExprId| graph.as_number(*id).is_none_or(Rational::is_zero);
    let fits = (2..=MOST_SHARES).contains(&entries.len()) && entries.iter().all(is_exponential);
    let numbers: Option<Vec<Rational>> = weighted.iter().map(|(_, weight)| graph.as_number(*weight).cloned()).collect();
    if !fits || weighted.iter().all(is_plain) || entries.len() != weighted.len() {
        return None;
    }
    // A term without an exponential is rarely far below the others; the derivatives of shares cost more.
    if numbers.is_none() && entries.iter().any(|entry| graph.as_number(*entry).is_some()) {
        return None;
    }
    // That of a hyperbolic cosine is a function of its own.
    if let [a, b] = entries[..] {
        let sum = graph.add(a, b);
        if graph.is_integer(sum, 0) {
            return None;
        }
    }
    let is_negative = |graph: &Graph, weight: ExprId| graph.as_number(weight).is_some_and(Rational::is_negative);
    if numbers.is_none() || !weighted.iter().any(|(_, weight)| is_negative(graph, *weight)) {
        return Some(logarithm_of_mean(graph, weighted));
    }
    let (below, above): (Vec<_>, Vec<_>) = weighted.into_iter().partition(|(_, weight)| is_negative(graph, *weight));
    // A difference of two has rules of its own.
    if above.is_empty() || above.len() + below.len() < 3 {
        return None;
    }
    let below = below.into_iter().map(|(exponent, weight)| (exponent, graph.scale(Rational::MINUS_ONE, weight)));
    let below = below.collect();
    let [above, below] = [above, below].map(|part| logarithm_of_mean(graph, part));
    let ratio = graph.sum(Rational::ZERO, vec![(below, Rational::ONE), (above, Rational::MINUS_ONE)]);
    let complement = graph.apply(rows::LOG1M_EXP, &[ratio]);
    Some(graph.add(above, complement))
}

/// Makes the logarithm of a weighted sum of exponentials, given as exponents and weights.
fn logarithm_of_mean(graph: &mut Graph, weighted: Vec<(ExprId, ExprId)>) -> ExprId {
    let entries: Vec<ExprId> = weighted.iter().map(|entry| entry.0).collect();
    let first = weighted[0].1;
    let is_one_number = graph.as_number(first).is_some() && weighted.iter().all(|(_, weight)| *weight == first);
    let total = match entries[..] {
        [only] => only,
        _ => {
            let mut entries = entries;
            entries.sort();
            graph.apply(rows::LOGSUMEXP, &entries)
        }
    };
    let mean = match is_one_number {
        true => first,
        false => {
            let terms = weighted.into_iter().map(|(exponent, weight)| {
                let share = share(graph, exponent, total);
                (graph.multiply(weight, share), Rational::ONE)
            });
            let terms = terms.collect();
            graph.sum(Rational::ZERO, terms)
        }
    };
    let logarithm = graph.apply(rows::LN, &[mean]);
    graph.add(total, logarithm)
}

/// Makes `exp(x − logsumexp(…))`.
fn share(graph: &mut Graph, x: ExprId, total: ExprId) -> ExprId {
    let difference = graph.sum(Rational::ZERO, vec![(x, Rational::ONE), (total, Rational::MINUS_ONE)]);
    graph.apply(rows::EXP, &[difference])
}

/// A polynomial in shares: for each list of exponents the terms of its coefficient.
type Polynomial = BTreeMap<Vec<u32>, Vec<ExprId>>;

/// Makes derivatives that are polynomials in shares homogeneous. Tells whether there were any.
pub fn homogeneous_in_shares(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let totals: Vec<ExprId> = graph
        .reachable(roots)
        .into_iter()
        .filter(|id| matches!(graph.node(*id), Node::Apply(rows::LOGSUMEXP, entries) if entries.len() <= MOST_SHARES))
        .collect();
    let [total] = totals[..] else { return (roots.to_vec(), false) };
    let Node::Apply(_, entries) = graph.node(total).clone() else { return (roots.to_vec(), false) };
    let shares: Vec<ExprId> = entries.iter().map(|entry| share(graph, *entry, total)).collect();
    let mut new = Vec::with_capacity(roots.len());
    for root in roots {
        new.push(homogeneous(graph, *root, &shares, total).unwrap_or(*root));
    }
    let changed = new != roots;
    (new, changed)
}

/// Makes one derivative homogeneous, but for terms without a share.
fn homogeneous(graph: &mut Graph, root: ExprId, shares: &[ExprId], total: ExprId) -> Option<ExprId> {
    let mut polynomial = polynomial(graph, root, shares, total)?;
    let degree = |exponents: &[u32]| exponents.iter().sum::<u32>();
    let plain = polynomial.remove(&vec![0; shares.len()]);
    let (least, most) =
        (polynomial.keys().map(|own| degree(own)).min()?, polynomial.keys().map(|own| degree(own)).max()?);
    if least == most {
        return None;
    }
    let mut whole = Polynomial::new();
    for (exponents, coefficient) in polynomial {
        for (more, count) in powers_of_sum(most - degree(&exponents), shares.len()) {
            let exponents: Vec<u32> = exponents.iter().zip(&more).map(|(own, more)| own + more).collect();
            let scaled = coefficient.iter().map(|part| graph.scale(Rational::integer(count), *part));
            whole.entry(exponents).or_default().extend(scaled.collect::<Vec<_>>());
        }
    }
    let plain = plain.into_iter().flatten().map(|part| (part, Rational::ONE));
    let mut terms: Vec<Term> = plain.collect();
    for (exponents, coefficient) in whole {
        let coefficient = coefficient.into_iter().map(|part| (part, Rational::ONE)).collect();
        let coefficient = graph.sum(Rational::ZERO, coefficient);
        let powers = shares.iter().zip(&exponents).filter(|(_, own)| **own > 0);
        let powers = powers.map(|(share, own)| (*share, Rational::integer(i64::from(*own))));
        let factors = powers.chain([(coefficient, Rational::ONE)]).collect();
        terms.push((graph.product(Rational::ONE, factors), Rational::ONE));
    }
    Some(graph.sum(Rational::ZERO, terms))
}

/// Lists the exponents of `(s + t + …)^degree` with their multinomial coefficients.
fn powers_of_sum(degree: u32, count: usize) -> BTreeMap<Vec<u32>, i64> {
    let mut powers = BTreeMap::from([(vec![0; count], 1)]);
    for _ in 0..degree {
        let mut next: BTreeMap<Vec<u32>, i64> = BTreeMap::new();
        for (exponents, own) in &powers {
            for at in 0..count {
                let mut exponents = exponents.clone();
                exponents[at] += 1;
                *next.entry(exponents).or_default() += own;
            }
        }
        powers = next;
    }
    powers
}

/// Writes an expression as a polynomial in shares, if its coefficients are free of their logarithm.
fn polynomial(graph: &mut Graph, root: ExprId, shares: &[ExprId], total: ExprId) -> Option<Polynomial> {
    let plain = vec![0; shares.len()];
    if let Some(at) = shares.iter().position(|share| *share == root) {
        let mut exponents = plain;
        exponents[at] = 1;
        return Some(Polynomial::from([(exponents, vec![graph.number(Rational::ONE)])]));
    }
    if !graph.reachable(&[root]).contains(&total) {
        return Some(Polynomial::from([(plain, vec![root])]));
    }
    match graph.node(root).clone() {
        Node::Sum(constant, terms) => {
            let mut sum = Polynomial::new();
            if !constant.is_zero() {
                sum.insert(plain, vec![graph.number(constant)]);
            }
            for (term, own) in terms {
                for (exponents, parts) in polynomial(graph, term, shares, total)? {
                    let scaled: Vec<ExprId> = parts.iter().map(|part| graph.scale(own.clone(), *part)).collect();
                    sum.entry(exponents).or_default().extend(scaled);
                }
            }
            (sum.len() <= MOST_MONOMIALS).then_some(sum)
        }
        Node::Product(factors) => {
            let mut product = Polynomial::from([(plain, vec![graph.number(Rational::ONE)])]);
            for (base, own) in factors {
                let factor = polynomial(graph, base, shares, total)?;
                if factor.len() == 1 && factor.keys().all(|exponents| exponents.iter().all(|own| *own == 0)) {
                    let power = graph.product(Rational::ONE, vec![(base, own)]);
                    product = multiply(graph, &product, &Polynomial::from([(vec![0; shares.len()], vec![power])]))?;
                    continue;
                }
                let times = own.to_integer().filter(|times| (1..=i64::from(LARGEST_DEGREE)).contains(times))?;
                for _ in 0..times {
                    product = multiply(graph, &product, &factor)?;
                }
            }
            Some(product)
        }
        _ => None,
    }
}

fn multiply(graph: &mut Graph, left: &Polynomial, right: &Polynomial) -> Option<Polynomial> {
    let mut product = Polynomial::new();
    for (own, parts) in left {
        for (other, others) in right {
            let exponents: Vec<u32> = own.iter().zip(other).map(|(own, other)| own + other).collect();
            if exponents.iter().sum::<u32>() > LARGEST_DEGREE {
                return None;
            }
            let entry: &mut Vec<ExprId> = product.entry(exponents).or_default();
            for part in parts {
                entry.extend(others.iter().map(|other| graph.multiply(*part, *other)).collect::<Vec<_>>());
            }
            if entry.len() > MOST_MONOMIALS {
                return None;
            }
        }
    }
    (product.len() <= MOST_MONOMIALS).then_some(product)
}
