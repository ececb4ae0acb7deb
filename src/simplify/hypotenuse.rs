//! The squares of the legs add up to that of the hypotenuse: `hypot(x, a*b)^2 - a^2*b^2` is `x^2`, and so where one leg is
//! a hypotenuse itself. Rules with patterns see neither products nor hypotenuses among the legs.

use super::language::{Classes, Math, Monomial, Polynomial, add_polynomial, monomial, polynomial};
use crate::functions::rows;
use crate::graph::Rational;
use egg::Id;
use std::collections::BTreeSet;

/// Most terms of a sum that is looked at.
const LARGEST: usize = 8;
/// How many hypotenuses are legs of another.
const NESTED: usize = 3;

/// Terms `k*c*rest*leg^2` that are taken from `c*rest*hypotenuse^2`.
struct Difference {
    /// The places of both; the second is none for a constant.
    places: (usize, Option<usize>),
    /// What both share, times `c`.
    rest: Monomial,
    /// The number `k`, at most 1.
    share: Rational,
    /// The squares of the other legs.
    others: Vec<Monomial>,
}

/// Writes the difference of the squares of a hypotenuse and a leg as the squares of the other legs.
pub(super) fn leg_of_hypotenuse(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) {
        return Vec::new();
    }
    let view = polynomial(classes, children);
    let mut found = Vec::new();
    for Difference { places, rest, share, others } in differences(classes, &view) {
        let others = add_polynomial(classes, &Polynomial::of(others));
        let mut product = rest;
        product.coefficient = product.coefficient.multiply(&share);
        let others = monomial(classes, others);
        if !product.multiply_all(classes, &others) {
            continue;
        }
        let left = Rational::ONE.add(&share.negate());
        let mut sum = view.clone();
        match places.1 {
            None => sum.constant = sum.constant.multiply(&left),
            Some(place) => sum.terms[place].coefficient = sum.terms[place].coefficient.multiply(&left),
        }
        sum.terms[places.0] = product;
        sum.terms.retain(|term| !term.coefficient.is_zero());
        found.push(add_polynomial(classes, &sum));
    }
    found
}

/// Tells whether a sum has a difference of the squares of a hypotenuse and a leg.
pub(super) fn is_leg(classes: &Classes, node: &Math) -> bool {
    matches!(node, Math::Sum(children) if !differences(classes, &polynomial(classes, children)).is_empty())
}

fn differences(classes: &Classes, view: &Polynomial) -> Vec<Difference> {
    if view.terms.len() > LARGEST {
        return Vec::new();
    }
    let bases: BTreeSet<Id> = view.terms.iter().flat_map(|term| &term.factors).map(|(base, _)| *base).collect();
    let mut found = Vec::new();
    for base in bases {
        let legs = legs(classes, base, NESTED);
        for (at, leg) in legs.iter().enumerate().filter(|_| legs.len() > 1) {
            let taken = view.terms.iter().enumerate().filter_map(|(place, term)| Some((place, divided(term, leg)?)));
            for (place, rest) in taken {
                let others = legs.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, leg)| leg.clone());
                found.extend(difference(view, base, (place, rest), others.collect()));
            }
        }
    }
    found
}

/// Finds the term from which a multiple of the square of a leg, at a place, is taken.
fn difference(
    view: &Polynomial,
    base: Id,
    (place, mut rest): (usize, Monomial),
    others: Vec<Monomial>,
) -> Option<Difference> {
    let mut whole = rest.factors.clone();
    let exponent = whole.get(base).cloned().unwrap_or(Rational::ZERO);
    whole.set(base, exponent.add(&Rational::integer(2)));
    let (partner, coefficient) = match whole.is_empty() {
        true => (None, &view.constant),
        false => {
            let partner = view.terms.iter().position(|term| term.factors == whole)?;
            (Some(partner), &view.terms[partner].coefficient)
        }
    };
    let share = rest.coefficient.negate().divide(coefficient)?;
    let fits = !share.is_negative() && !share.is_zero() && share <= Rational::ONE;
    rest.coefficient = coefficient.clone();
    fits.then_some(Difference { places: (place, partner), rest, share, others })
}

/// Returns the squares of the legs of a class that is a hypotenuse.
fn legs(classes: &Classes, id: Id, depth: usize) -> Vec<Monomial> {
    let hypotenuse = classes[classes.find(id)].nodes.iter().find_map(|node| match node {
        Math::Apply(rows::HYPOT, arguments) => Some(arguments.to_vec()),
        _ => None,
    });
    let Some(arguments) = hypotenuse.filter(|_| depth > 0) else { return Vec::new() };
    let mut squares = Vec::new();
    for argument in arguments {
        let inside = legs(classes, argument, depth - 1);
        if !inside.is_empty() {
            squares.extend(inside);
            continue;
        }
        let mut square = monomial(classes, argument);
        square.coefficient = square.coefficient.multiply(&square.coefficient);
        let doubled: Vec<(Id, Rational)> = square.factors.iter().map(|(base, own)| (*base, own.add(own))).collect();
        let is_whole = |(_, exponent): &(Id, Rational)| exponent.is_integer() && !exponent.is_negative();
        if square.factors.is_empty() || !square.factors.iter().all(is_whole) {
            return Vec::new();
        }
        doubled.into_iter().for_each(|(base, exponent)| square.factors.set(base, exponent));
        squares.push(square);
    }
    squares
}

/// Divides a term by the square of a leg, if all of that is in it.
fn divided(term: &Monomial, leg: &Monomial) -> Option<Monomial> {
    let mut rest = term.clone();
    rest.coefficient = rest.coefficient.divide(&leg.coefficient)?;
    for (base, exponent) in &leg.factors {
        let left = term.factors.get(*base)?.add(&exponent.negate());
        if left.is_negative() {
            return None;
        }
        rest.factors.set(*base, left);
    }
    Some(rest)
}
