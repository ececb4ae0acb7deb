//! Sums of quotients over one denominator: `1 - a*(a + 2*b)/(a + b)^2` is `b^2/(a + b)^2`.

use super::factors::Factors;
use super::language::{
    Classes, Math, Monomial, Polynomial, add_monomial, add_polynomial, monomial, polynomial, sum_in,
};
use crate::graph::Rational;
use egg::Id;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Most terms of a sum that is brought over a denominator.
const TERMS: usize = 6;
/// Most terms of what is multiplied out.
const LONGEST: usize = 24;
/// Largest power of a sum that is multiplied out.
const POWER: i64 = 4;
/// How many sums inside sums are multiplied out.
const NESTED: usize = 3;

/// Multiplies a sum by the sums that its terms divide by, and keeps what comes out over these where it has fewer terms.
/// Its domain is the same: a term already demands that no denominator is 0.
pub(super) fn cancel_over_denominators(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) || children.len() > TERMS {
        return Vec::new();
    }
    let view = polynomial(classes, children);
    let mut below = denominators(classes, id, &view);
    if below.is_empty() {
        return Vec::new();
    }
    // Terms that divide by none of them get longer, so they are not to make up what comes out.
    let divides =
        |term: &&Monomial| below.keys().any(|base| term.factors.get(*base).is_some_and(Rational::is_negative));
    let most = view.terms.iter().filter(divides).count().min(length(&view) - 1);
    // What is multiplied out opens groups, and loses their digits, unless all of it is one product again.
    let most = if classes.analysis.keeps_groups { most.min(1) } else { most };
    if surely_left(classes, &view, &below) > most {
        return Vec::new();
    }
    let Some(above) = numerator(classes, &view, &below) else { return Vec::new() };
    let above = reduced(classes, above, &mut below);
    if length(&above) > most {
        return Vec::new();
    }
    let above = add_polynomial(classes, &above);
    let mut quotient = monomial(classes, above);
    let complete = below.iter().all(|(base, least)| quotient.multiply(classes, *base, least));
    if complete { vec![add_monomial(classes, &quotient)] } else { Vec::new() }
}

/// Returns the sums that terms divide by, each with its least exponent.
fn denominators(classes: &Classes, id: Id, view: &Polynomial) -> BTreeMap<Id, Rational> {
    let mut below: BTreeMap<Id, Rational> = BTreeMap::new();
    for (base, exponent) in view.terms.iter().flat_map(|term| &term.factors) {
        if *base != id && exponent.is_negative() && exponent.is_integer() && sum_in(classes, *base).is_some() {
            let least = below.entry(*base).or_insert_with(|| exponent.clone());
            *least = exponent.min(least).clone();
        }
    }
    below
}

/// Counts terms that are sure to be left whatever is multiplied out: nothing cancels against a term that differs from all
/// others in the power of something that no sum is made of.
fn surely_left(classes: &Classes, view: &Polynomial, below: &BTreeMap<Id, Rational>) -> usize {
    let mut made_of = BTreeSet::new();
    let factors = view.terms.iter().flat_map(|term| &term.factors);
    let opened = factors.filter(|(_, exponent)| exponent.is_integer() && !exponent.is_negative());
    for base in opened.map(|(base, _)| *base).chain(below.keys().copied()) {
        if open(classes, base, &mut made_of) {
            made_of.insert(base);
        }
    }
    let own = |term: &Monomial| -> Vec<(Id, Rational)> {
        term.factors.iter().filter(|(base, _)| !made_of.contains(base)).cloned().collect()
    };
    let mut counts: BTreeMap<Vec<(Id, Rational)>, usize> = BTreeMap::new();
    let constant = (!view.constant.is_zero()).then(Vec::new);
    for own in view.terms.iter().map(own).chain(constant) {
        *counts.entry(own).or_default() += 1;
    }
    counts.into_values().filter(|count| *count == 1).count()
}

/// Collects what a sum is made of; false for what is no sum.
fn open(classes: &Classes, id: Id, made_of: &mut BTreeSet<Id>) -> bool {
    let Some(sum) = sum_in(classes, id) else { return false };
    for (base, _) in sum.terms.iter().flat_map(|term| &term.factors) {
        if made_of.insert(*base) {
            open(classes, *base, made_of);
        }
    }
    true
}

/// Multiplies each term by the denominators, and all of it out.
fn numerator(classes: &Classes, view: &Polynomial, below: &BTreeMap<Id, Rational>) -> Option<Polynomial> {
    let mut sum: Vec<Monomial> = Vec::new();
    for term in view.terms.iter().chain([&Monomial::number(view.constant.clone())]) {
        let mut term = term.clone();
        for (base, least) in below {
            let rest = exponent(&term, *base).add(&least.negate());
            term.factors.set(*base, rest);
        }
        sum.extend(monomials(multiplied_out(classes, &term, NESTED)?));
    }
    Some(Polynomial::of(sum).collected())
}

/// Multiplies out the powers of sums in a monomial; none where that gets long or would add points to the domain.
fn multiplied_out(classes: &Classes, term: &Monomial, depth: usize) -> Option<Polynomial> {
    let mut product = vec![Monomial::number(term.coefficient.clone())];
    for (base, exponent) in &term.factors {
        let times = exponent.to_integer().filter(|times| (1..=POWER).contains(times));
        let sum = sum_in(classes, *base).filter(|sum| depth > 0 && length(sum) <= LONGEST);
        let (factor, times) = match (sum, times) {
            (Some(sum), Some(times)) => {
                let mut terms = Vec::new();
                for term in monomials(sum) {
                    terms.extend(monomials(multiplied_out(classes, &term, depth - 1)?));
                }
                (terms, times)
            }
            _ => (vec![power_of(*base, exponent.clone())], 1),
        };
        for _ in 0..times {
            product = multiply(classes, &product, &factor)?;
        }
    }
    Some(Polynomial::of(product))
}

/// Multiplies sums of monomials and collects like terms.
fn multiply(classes: &Classes, left: &[Monomial], right: &[Monomial]) -> Option<Vec<Monomial>> {
    let mut products = Vec::with_capacity(left.len() * right.len());
    for left in left {
        for right in right {
            let mut product = left.clone();
            if !product.multiply_all(classes, right) {
                return None;
            }
            products.push(product);
        }
    }
    let products = monomials(Polynomial::of(products).collected());
    (products.len() <= LONGEST).then_some(products)
}

/// Divides what stands above by the denominators as often as it can be; each stays below once, for the domain's sake.
fn reduced(classes: &Classes, mut above: Polynomial, below: &mut BTreeMap<Id, Rational>) -> Polynomial {
    for (base, exponent) in below {
        let Some(divisor) = multiplied_out(classes, &power_of(*base, Rational::ONE), NESTED) else { continue };
        while !exponent.is_minus_one() {
            let Some(quotient) = divide(classes, &above, &divisor) else { break };
            above = quotient;
            *exponent = exponent.add(&Rational::ONE);
        }
    }
    above
}

/// Divides a sum by another, if nothing is left over. Terms are taken in lexicographic order of their exponents, which
/// products respect (Cox, Little and O'Shea, Ideals, Varieties, and Algorithms, section 2.3). The least and the greatest
/// exponents of a base add up in a product, so none of the quotient's is outside of their differences.
fn divide(classes: &Classes, dividend: &Polynomial, divisor: &Polynomial) -> Option<Polynomial> {
    let order = |left: &&Monomial, right: &&Monomial| lexicographic(&left.factors, &right.factors);
    let divisor = monomials(divisor.clone());
    let leading = divisor.iter().max_by(order)?;
    let mut rest = monomials(dividend.clone());
    let bases: BTreeSet<Id> =
        rest.iter().chain(&divisor).flat_map(|term| &term.factors).map(|factor| factor.0).collect();
    let limits = bases.into_iter().map(|base| {
        let ((least, greatest), (below, above)) = (exponents(&rest, base), exponents(&divisor, base));
        (base, least.add(&below.negate()), greatest.add(&above.negate()))
    });
    let limits: Vec<(Id, Rational, Rational)> = limits.collect();
    let outside = |part: &Monomial| {
        limits.iter().any(|(base, least, greatest)| {
            let exponent = exponent(part, *base);
            exponent < *least || exponent > *greatest
        })
    };
    // The last terms divide like the first ones.
    if let (Some(last), Some(trailing)) = (rest.iter().min_by(order), divisor.iter().min_by(order))
        && outside(&quotient(last, trailing)?)
    {
        return None;
    }
    let mut parts = Vec::new();
    while let Some(next) = rest.iter().max_by(order) {
        let mut part = quotient(next, leading)?;
        if parts.len() == LONGEST || outside(&part) {
            return None;
        }
        parts.push(part.clone());
        part.coefficient = part.coefficient.negate();
        rest.extend(multiply(classes, &[part], &divisor)?);
        rest = monomials(Polynomial::of(rest).collected());
    }
    Some(Polynomial::of(parts))
}

/// Returns the least and the greatest exponent of a base among terms.
fn exponents(terms: &[Monomial], base: Id) -> (Rational, Rational) {
    let exponents = || terms.iter().map(|term| exponent(term, base));
    (exponents().min().unwrap_or(Rational::ZERO), exponents().max().unwrap_or(Rational::ZERO))
}

fn exponent(term: &Monomial, base: Id) -> Rational {
    term.factors.get(base).cloned().unwrap_or(Rational::ZERO)
}

/// Divides a monomial by another.
fn quotient(above: &Monomial, below: &Monomial) -> Option<Monomial> {
    let mut quotient = above.clone();
    quotient.coefficient = above.coefficient.divide(&below.coefficient)?;
    for (base, exponent) in &below.factors {
        let rest = self::exponent(above, *base).add(&exponent.negate());
        quotient.factors.set(*base, rest);
    }
    Some(quotient)
}

/// Compares exponents base by base; those of missing bases are 0, and no others are.
fn lexicographic(left: &Factors, right: &Factors) -> Ordering {
    let sign = |factor: Option<&(Id, Rational)>| match factor {
        Some((_, exponent)) if exponent.is_negative() => Ordering::Less,
        Some(_) => Ordering::Greater,
        None => Ordering::Equal,
    };
    let places = 0..left.len().max(right.len());
    let mut compared = places.map(|at| match (left[..].get(at), right[..].get(at)) {
        (Some(own), Some(other)) if own.0 == other.0 => own.1.cmp(&other.1),
        (Some(own), Some(other)) if own.0 > other.0 => sign(Some(other)).reverse(),
        (None, other) => sign(other).reverse(),
        (own, _) => sign(own),
    });
    compared.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn power_of(base: Id, exponent: Rational) -> Monomial {
    Monomial { coefficient: Rational::ONE, factors: Factors::single(base, exponent) }
}

/// Returns the terms with the constant among them.
fn monomials(sum: Polynomial) -> Vec<Monomial> {
    let constant = (!sum.constant.is_zero()).then(|| Monomial::number(sum.constant));
    sum.terms.into_iter().chain(constant).collect()
}

fn length(sum: &Polynomial) -> usize {
    sum.terms.len() + usize::from(!sum.constant.is_zero())
}
