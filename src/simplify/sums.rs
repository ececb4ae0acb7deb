//! Matches the terms of a pattern with terms of a sum, in any order, all multiplied by one monomial.

use super::binding::{Binding, Bound};
use super::language::{Classes, Monomial, Polynomial};
use super::matching::{Compiled, functions_among};
use super::rest::Rest;
use crate::functions::Functions;
use crate::graph::{ExprId, Factor, Graph, Node, Rational};
use std::rc::Rc;

/// Longest sum in which rules look for their terms.
const LONGEST_SUM: usize = 64;

/// A term of a pattern.
pub struct Wanted {
    coefficient: Rational,
    factors: Vec<Factor>,
    /// The functions among the factors.
    functions: Functions,
    /// The name that is all of the term.
    name: Option<usize>,
}

impl Wanted {
    fn new(graph: &Graph, coefficient: &Rational, factors: Vec<Factor>) -> Self {
        let functions = functions_among(graph, factors.iter().map(|(base, _)| base));
        let name = match (&factors[..], factors.first().map(|(id, _)| graph.node(*id))) {
            ([(_, exponent)], Some(Node::Input(name))) if exponent.is_one() => Some(*name as usize),
            _ => None,
        };
        Wanted { coefficient: coefficient.clone(), factors, functions, name }
    }

    /// Reads the terms of a sum, the constant among them.
    pub(super) fn of_sum(graph: &Graph, id: ExprId) -> Option<Vec<Wanted>> {
        let Node::Sum(constant, terms) = graph.node(id) else { return None };
        let factors = |id: &ExprId| match graph.node(*id) {
            Node::Product(factors) => factors.to_vec(),
            _ => vec![(*id, Rational::ONE)],
        };
        let constant = (!constant.is_zero()).then(|| Wanted::new(graph, constant, Vec::new()));
        let terms = terms.iter().map(|(id, coefficient)| Wanted::new(graph, coefficient, factors(id)));
        let mut wanted: Vec<Wanted> = terms.chain(constant).collect();
        // What the other terms bind, a lone name need not guess.
        wanted.sort_by_key(|term| term.name.is_some());
        Some(wanted)
    }

    /// Tells at a glance whether terms may be among those of a sum, of which is known as which functions the factors of each
    /// can be had.
    pub(super) fn may_be_among(wanted: &[Wanted], functions: &[Functions]) -> bool {
        (wanted.len()..=LONGEST_SUM).contains(&functions.len())
            && wanted.iter().all(|term| functions.iter().any(|own| term.functions.are_in(*own)))
    }
}

/// Some terms of a sum that have the form of the first terms of a pattern.
#[derive(Clone)]
struct PartialSum {
    binding: Binding,
    /// A bit for each term of the sum.
    used: u64,
    multiplier: Option<Monomial>,
}

impl PartialSum {
    fn uses(&self, at: usize) -> bool {
        self.used >> at & 1 == 1
    }
}

impl Compiled {
    /// Matches a pattern with all terms of a sum. A free name among the terms stands for all that the others leave.
    pub(super) fn match_whole_sum(
        &self,
        classes: &Classes,
        wanted: &[Wanted],
        whole: &Polynomial,
        binding: &Binding,
    ) -> Vec<Binding> {
        let is_free =
            |term: &&Wanted| term.coefficient.is_one() && term.name.is_some_and(|name| binding[name].is_none());
        let free = wanted.iter().find(is_free);
        let others: Vec<&Wanted> =
            wanted.iter().filter(|term| free.is_none_or(|free| !std::ptr::eq(*term, free))).collect();
        let parts = self.match_part_of_sum(classes, &others, whole, binding.clone());
        let mut found = Vec::new();
        for (mut binding, rest) in parts {
            match (free.and_then(|term| term.name), &rest.others) {
                (Some(name), Some(left)) if rest.is_plain() && !left.is_empty() => {
                    let left = Polynomial::of(left.clone());
                    let bound = &mut binding[name];
                    // The other terms may have the name, too.
                    if bound.as_ref().is_none_or(|bound| bound.sum(classes).collected() == left.collected()) {
                        bound.get_or_insert(Bound::Rest(Rc::new(left)));
                        found.push(binding);
                    }
                }
                (None, _) if rest.is_nothing() => found.push(binding),
                _ => {}
            }
        }
        found
    }

    /// Matches the terms of a pattern with some of the terms of a sum, all multiplied by one monomial.
    pub(super) fn match_part_of_sum(
        &self,
        classes: &Classes,
        wanted: &[&Wanted],
        whole: &Polynomial,
        binding: Binding,
    ) -> Vec<(Binding, Rest)> {
        let constant = (!whole.constant.is_zero()).then(|| Monomial::number(whole.constant.clone()));
        let terms: Vec<&Monomial> = whole.terms.iter().chain(&constant).collect();
        if !(wanted.len()..=LONGEST_SUM).contains(&terms.len()) {
            return Vec::new();
        }
        let state = PartialSum { binding, used: 0, multiplier: None };
        let mut found = Vec::new();
        for state in self.match_terms(classes, wanted, &terms, state) {
            let Some(factor) = &state.multiplier else { continue };
            let others = (0..terms.len()).filter(|at| !state.uses(*at)).map(|at| terms[at].clone()).collect();
            found.push((state.binding.clone(), Rest { factor: factor.clone(), others: Some(others) }));
        }
        found
    }

    fn match_terms(
        &self,
        classes: &Classes,
        wanted: &[&Wanted],
        terms: &[&Monomial],
        state: PartialSum,
    ) -> Vec<PartialSum> {
        let Some((first, later)) = wanted.split_first() else { return vec![state] };
        let mut found = Vec::new();
        if let Some(name) = first.name
            && let (Some(bound), Some(multiplier)) = (&state.binding[name], &state.multiplier)
        {
            let mut scale = multiplier.clone();
            scale.coefficient = scale.coefficient.multiply(&first.coefficient);
            let Some(used) = places(classes, &bound.sum(classes), &scale, terms, state.used) else { return found };
            return self.match_terms(classes, later, terms, PartialSum { used, ..state });
        }
        let expected = state.multiplier.as_ref().map(|own| own.coefficient.multiply(&first.coefficient));
        for (at, term) in terms.iter().enumerate() {
            if state.uses(at) || expected.as_ref().is_some_and(|expected| *expected != term.coefficient) {
                continue;
            }
            if let (true, Some(own)) = (first.factors.is_empty(), &state.multiplier) {
                if own.factors == term.factors {
                    let next = PartialSum { used: state.used | 1 << at, ..state.clone() };
                    found.extend(self.match_terms(classes, later, terms, next));
                }
                continue;
            }
            let has_all = |own: &Monomial| own.factors.iter().all(|(base, _)| term.factors.contains(*base));
            if !state.multiplier.as_ref().is_none_or(has_all) {
                continue;
            }
            let matches = self.match_factors(classes, &first.factors, &term.factors, &state.binding);
            if matches.is_empty() {
                continue;
            }
            let Some(scale) = term.coefficient.divide(&first.coefficient) else { continue };
            for (binding, rest) in matches {
                if state.multiplier.as_ref().is_some_and(|own| own.factors != rest) {
                    continue;
                }
                let multiplier = Some(Monomial { coefficient: scale.clone(), factors: rest });
                let next = PartialSum { binding, used: state.used | 1 << at, multiplier };
                found.extend(self.match_terms(classes, later, terms, next));
            }
        }
        found
    }
}

/// Finds the terms of a multiple of a sum among terms that are not used, and returns all that are used then.
fn places(classes: &Classes, sum: &Polynomial, scale: &Monomial, terms: &[&Monomial], used: u64) -> Option<u64> {
    let mut used = used;
    let constant = [Monomial::number(sum.constant.clone())];
    for term in sum.terms.iter().chain(&constant).filter(|term| !term.coefficient.is_zero()) {
        let mut term = term.clone();
        if !term.multiply_all(classes, scale) {
            return None;
        }
        let place = (0..terms.len()).find(|at| used >> at & 1 == 0 && *terms[*at] == term)?;
        used |= 1 << place;
    }
    Some(used)
}
