//! Squares of components that are taken from the square of their norm: `b/h - x*(x*b - y*a)/h^3` with `h = hypot(x, y)` is
//! `y*(y*b + x*a)/h^3`, while the difference as it stands loses all digits where `y` is small. The derivatives of angles
//! are full of it.
//!
//! The difference may be with one term of a group, as here. A part of what is given, and no larger, takes its place, so the
//! bound of the rounding error does not grow.

use super::norms::is_square;
use super::removable::{factors_of, flat};
use crate::functions::rows;
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Term};

/// Most terms of a sum that is looked at.
const MOST_TERMS: usize = 8;

/// A multiple of a product, all factors side by side.
#[derive(Clone, PartialEq)]
struct Multiple {
    coefficient: Rational,
    factors: Vec<Factor>,
}

/// A sum of squares, `x^2 + 4*y^2`, and the power of a factor that it is.
struct Square {
    base: ExprId,
    power: Rational,
    /// What is squared, with coefficients.
    legs: Vec<Term>,
}

/// A difference of a term and a term of a group that is a factor of another one.
struct Difference {
    /// The places of both.
    places: (usize, usize),
    /// The other legs, times what both share.
    others: Vec<Multiple>,
    /// What is left of the other term.
    left: Multiple,
}

/// Takes squares of components from the squares of their norms. Tells whether anything was replaced.
pub fn legs_of_norms(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    if !divides_by_norms(graph, roots) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Sum(..) = node else { return node.is_leaf().then_some(id) };
        let mut sum = graph.construct(&node, |operand| image[operand]);
        for _ in 0..MOST_TERMS {
            let Some(less) = without_difference(graph, sum) else { break };
            sum = less;
        }
        Some(sum)
    });
    let changed = new != roots;
    (new, changed)
}

/// Adds the squares of all components over the square of their norm: `x^2/h^3 + y^2/h^3` is `1/h`. Tells whether anything was
/// replaced.
pub fn legs_added(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    if !divides_by_norms(graph, roots) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        let Node::Sum(..) = node else { return node.is_leaf().then_some(id) };
        let sum = graph.construct(&node, |operand| image[operand]);
        Some(with_legs_added(graph, sum).unwrap_or(sum))
    });
    let changed = new != roots;
    (new, changed)
}

fn divides_by_norms(graph: &Graph, roots: &[ExprId]) -> bool {
    graph.reachable(roots).into_iter().any(|id| match graph.node(id) {
        Node::Product(factors) => factors.iter().any(|factor| square(graph, factor).is_some()),
        _ => false,
    })
}

fn with_legs_added(graph: &mut Graph, sum: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    if terms.len() > MOST_TERMS {
        return None;
    }
    let multiples: Vec<Multiple> = terms.iter().map(|term| multiple(graph, term)).collect();
    let added = multiples.iter().find_map(|term| {
        let norm = term.factors.iter().find_map(|factor| square(graph, factor))?;
        let (leg, coefficient) = &norm.legs[0];
        let scale = Rational::ONE.divide(coefficient)?;
        let whole = term.times(graph, &[(norm.base, norm.power.clone()), (*leg, Rational::integer(-2))], &scale);
        let shares = norm.shares(graph, &whole);
        let mut rest = multiples.clone();
        for share in shares {
            let at = rest.iter().position(|term| *term == share)?;
            rest.remove(at);
        }
        rest.push(whole);
        Some(rest)
    })?;
    let terms = added.into_iter().map(|term| term.build(graph)).collect();
    Some(graph.sum(constant, terms))
}

/// Recognizes a negative power of a norm.
fn square(graph: &Graph, (base, exponent): &Factor) -> Option<Square> {
    if !exponent.is_negative() {
        return None;
    }
    let (legs, power) = match graph.node(*base) {
        Node::Apply(rows::HYPOT, legs) => (legs.iter().map(|leg| (*leg, Rational::ONE)).collect(), 2),
        Node::Sum(constant, terms) if constant.is_zero() && (2..=MOST_TERMS).contains(&terms.len()) => {
            let leg = |term: &Term| Some((is_square(graph, term)?, term.1.clone()));
            (terms.iter().map(leg).collect::<Option<Vec<Term>>>()?, 1)
        }
        _ => return None,
    };
    Some(Square { base: *base, power: Rational::integer(power), legs })
}

fn multiple(graph: &Graph, (term, coefficient): &Term) -> Multiple {
    let (own, factors) = factors_of(graph, *term);
    let mut factors = flat(graph, factors);
    factors.sort();
    Multiple { coefficient: coefficient.multiply(&own), factors }
}

impl Multiple {
    fn times(&self, graph: &Graph, factors: &[Factor], coefficient: &Rational) -> Multiple {
        let mut factors = flat(graph, [&self.factors, factors].concat());
        factors.sort();
        Multiple { coefficient: self.coefficient.multiply(coefficient), factors }
    }

    fn build(self, graph: &mut Graph) -> Term {
        (graph.product(Rational::ONE, self.factors), self.coefficient)
    }
}

/// Replaces a difference in a sum, if there is one; sums inside of it are opened only where that shows one.
fn without_difference(graph: &mut Graph, sum: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    let new = match replaced(graph, &terms) {
        Some(new) => new,
        None => {
            let opened = with_sums_opened(graph, &terms)?;
            replaced(graph, &opened)?
        }
    };
    Some(graph.sum(constant, new))
}

/// Returns the terms of a sum without a difference.
fn replaced(graph: &mut Graph, terms: &[Term]) -> Option<Vec<Term>> {
    if terms.len() > MOST_TERMS {
        return None;
    }
    let Some(Difference { places, others, left }) = difference(graph, terms) else { return share_split(graph, terms) };
    let mut new: Vec<Term> = others.into_iter().chain([left]).map(|term| term.build(graph)).collect();
    let kept = terms.iter().enumerate().filter(|(at, _)| *at != places.0 && *at != places.1);
    new.extend(kept.map(|(_, term)| term.clone()));
    Some(new)
}

/// Puts the terms of the sums among terms in their places, multiplied by what these are multiplied by, if there are any that
/// divide by norms, and adds up like terms.
fn with_sums_opened(graph: &mut Graph, terms: &[Term]) -> Option<Vec<Term>> {
    let mut opened: Vec<Multiple> = Vec::with_capacity(terms.len());
    for term in terms {
        let given = multiple(graph, term);
        let divides = |term: &Multiple| term.factors.iter().any(|factor| square(graph, factor).is_some());
        let groups = given.factors.iter().enumerate().filter(|(_, (_, exponent))| exponent.is_one());
        let mut group = groups.filter_map(|(at, (base, _))| match graph.node(*base) {
            Node::Sum(constant, inside) if constant.is_zero() && inside.len() <= MOST_TERMS => {
                let inside: Vec<Multiple> = inside.iter().map(|term| multiple(graph, term)).collect();
                inside.iter().any(divides).then_some((at, inside))
            }
            _ => None,
        });
        match group.next() {
            Some((at, inside)) => {
                let mut rest = given.clone();
                rest.factors.remove(at);
                opened.extend(inside.iter().map(|term| rest.times(graph, &term.factors, &term.coefficient)));
            }
            None => opened.push(given),
        }
    }
    if opened.len() == terms.len() {
        return None;
    }
    let mut added: Vec<Multiple> = Vec::with_capacity(opened.len());
    for term in opened {
        match added.iter_mut().find(|other| other.factors == term.factors) {
            Some(other) => other.coefficient = other.coefficient.add(&term.coefficient),
            None => added.push(term),
        }
    }
    added.retain(|term| !term.coefficient.is_zero());
    Some(added.into_iter().map(|term| term.build(graph)).collect())
}

fn difference(graph: &mut Graph, terms: &[Term]) -> Option<Difference> {
    let multiples: Vec<Multiple> = terms.iter().map(|term| multiple(graph, term)).collect();
    for (part, term) in multiples.iter().enumerate() {
        let squares: Vec<Square> = term.factors.iter().filter_map(|factor| square(graph, factor)).collect();
        let taken = |graph: &Graph, opened: &Multiple| {
            let wholes = multiples.iter().enumerate().filter(|(whole, _)| *whole != part);
            let mut all = wholes.flat_map(|(at, whole)| squares.iter().map(move |norm| (at, whole, norm)));
            all.find_map(|(at, whole, norm)| Some((at, others(graph, whole, opened, norm)?)))
        };
        // A term that is a part as it stands is seen by the rules of sums.
        if squares.is_empty() || taken(graph, term).is_some() {
            continue;
        }
        for Opened { term, rest, left } in opened(graph, term) {
            if let Some((whole, others)) = taken(graph, &term) {
                let sum = graph.sum(Rational::ZERO, left);
                let (coefficient, factors) = factors_of(graph, sum);
                return Some(Difference {
                    places: (whole, part),
                    others,
                    left: rest.times(graph, &factors, &coefficient),
                });
            }
        }
    }
    None
}

/// Splits a term into the shares of the legs, where the share of one leg is taken from it more or less than once, and what
/// is left is all of the share in another term: in `2*b/h - 3*x^2*b/h^3 + ...`.
fn share_split(graph: &mut Graph, terms: &[Term]) -> Option<Vec<Term>> {
    let multiples: Vec<Multiple> = terms.iter().map(|term| multiple(graph, term)).collect();
    for (part, term) in multiples.iter().enumerate() {
        let squares: Vec<Square> = term.factors.iter().filter_map(|factor| square(graph, factor)).collect();
        for (norm, (at, whole)) in
            squares.iter().flat_map(|norm| multiples.iter().enumerate().map(move |at| (norm, at)))
        {
            let mut shares = norm.shares(graph, whole);
            let is_taken = |share: &Multiple| {
                share.factors == term.factors && share.coefficient.is_negative() != term.coefficient.is_negative()
            };
            let Some(own) = shares.iter().position(is_taken).filter(|_| at != part) else { continue };
            shares[own].coefficient = shares[own].coefficient.add(&term.coefficient);
            let kept = multiples.iter().enumerate().filter(|(place, _)| *place != at && *place != part);
            let new: Vec<Multiple> = kept.map(|(_, term)| term.clone()).chain(shares).collect();
            let new: Vec<Term> = new.into_iter().map(|term| term.build(graph)).collect();
            let has_share = |places: (usize, usize)| places.1 == new.len() - norm.legs.len() + own;
            if difference(graph, &new).is_some_and(|found| has_share(found.places)) {
                return Some(new);
            }
        }
    }
    None
}

/// A term of a group among the factors of a multiple, multiplied by the others.
struct Opened {
    term: Multiple,
    /// The other factors.
    rest: Multiple,
    /// The other terms of the group.
    left: Vec<Term>,
}

fn opened(graph: &Graph, given: &Multiple) -> Vec<Opened> {
    let mut found = Vec::new();
    for (at, (base, exponent)) in given.factors.iter().enumerate() {
        let Node::Sum(constant, terms) = graph.node(*base) else { continue };
        if !exponent.is_integer() || exponent.is_negative() || !constant.is_zero() || terms.len() > MOST_TERMS {
            continue;
        }
        let mut rest = given.clone();
        rest.factors[at].1 = exponent.add(&Rational::MINUS_ONE);
        rest.factors.retain(|(_, exponent)| !exponent.is_zero());
        for (place, term) in terms.iter().enumerate() {
            let Multiple { coefficient, factors } = multiple(graph, term);
            let mut left = terms.to_vec();
            left.remove(place);
            found.push(Opened { term: rest.times(graph, &factors, &coefficient), rest: rest.clone(), left });
        }
    }
    found
}

impl Square {
    /// Splits a multiple into the shares of the squares of the legs.
    fn shares(&self, graph: &Graph, whole: &Multiple) -> Vec<Multiple> {
        let share = |(leg, coefficient): &Term| {
            whole.times(graph, &[(self.base, self.power.negate()), (*leg, Rational::integer(2))], coefficient)
        };
        self.legs.iter().map(share).collect()
    }
}

/// Returns what is left of a term when a part of it, that of a leg, is taken from it: the parts of the other legs.
fn others(graph: &Graph, whole: &Multiple, part: &Multiple, norm: &Square) -> Option<Vec<Multiple>> {
    let taken = Multiple { coefficient: part.coefficient.negate(), factors: part.factors.clone() };
    let mut shares = norm.shares(graph, whole);
    let at = shares.iter().position(|share| *share == taken)?;
    shares.remove(at);
    Some(shares)
}
