//! Sums of terms with poles that cancel, such as `1/tanh(x) - 1/x`: near the pole no digit of the sum is left, and of its
//! derivatives still less. Each term is split into its pole and a function that has none.

use super::removable::{factors_of, flat, singles, without};
use super::{Grouping, canonicalize};
use crate::graph::{ExprId, Graph, Node, Rational, Term};
use crate::lower::Formulas;
use indexmap::IndexMap;

/// A row of the table: `left` is `pole + rest`.
#[derive(Clone, Copy, Debug)]
pub struct Pole {
    /// A function of `x` with a pole at 0.
    pub left: &'static str,
    /// The pole.
    pub pole: &'static str,
    /// What is left without it, which is smooth at 0.
    pub rest: &'static str,
}

/// The table: rows of one form with the longest first.
#[rustfmt::skip]
pub const POLES: &[Pole] = &[
    Pole { left: "cosh(x)/sinh(x)", pole: "1/x", rest: "langevin(x)" },
    Pole { left: "1/tanh(x)^2", pole: "1/x^2", rest: "1 - langevin_derivative(1, x)" },
    Pole { left: "1/tanh(x)", pole: "1/x", rest: "langevin(x)" },
    Pole { left: "1/sinh(x)^2", pole: "1/x^2", rest: "-langevin_derivative(1, x)" },
    Pole { left: "1/sinh(x)", pole: "1/x", rest: "langevin(x/2) - langevin(x)" },
    Pole { left: "exp(x)/(exp(x) - 1)^2", pole: "1/x^2", rest: "-langevin_derivative(1, x/2)/4" },
    Pole { left: "exp(x)/(exp(x) - 1)", pole: "1/x", rest: "(langevin(x/2) + 1)/2" },
    Pole { left: "1/(exp(x) - 1)", pole: "1/x", rest: "(langevin(x/2) - 1)/2" },
    Pole { left: "1/exp_m1(x)", pole: "1/x", rest: "(langevin(x/2) - 1)/2" },
];

/// Most terms of a sum that is looked at.
const MOST_TERMS: usize = 16;

/// A term with a pole: its place, the coefficient of the pole, and the other part.
struct Split {
    place: usize,
    coefficient: Rational,
    rest: ExprId,
}

/// Returns a sum without the poles that cancel in it.
pub(super) fn without_poles(graph: &mut Graph, formulas: &mut Formulas, sum: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    if terms.len() < 2 || terms.len() > MOST_TERMS {
        return None;
    }
    let mut poles: IndexMap<ExprId, Vec<Split>> = IndexMap::new();
    for (place, term) in terms.iter().enumerate() {
        if let Some((pole, rest)) = split(graph, formulas, term) {
            let (coefficient, pole) = graph.as_multiple(pole);
            poles.entry(pole).or_default().push(Split { place, coefficient, rest });
        }
    }
    let mut dropped = vec![false; terms.len()];
    let mut new: Vec<Term> = Vec::new();
    for (pole, splits) in &poles {
        let own = |place: usize| splits.iter().any(|split| split.place == place);
        // Functions of which the poles cancel without a term that is one differ by less than what is left of them, far out.
        let Some(plain) = terms.iter().position(|(id, _)| id == pole).filter(|place| !own(*place)) else { continue };
        let parts = splits.iter().map(|split| &split.coefficient).chain([&terms[plain].1]);
        if !parts.fold(Rational::ZERO, |sum, part| sum.add(part)).is_zero() {
            continue;
        }
        splits.iter().map(|split| split.place).chain([plain]).for_each(|place| dropped[place] = true);
        new.extend(splits.iter().map(|split| (split.rest, Rational::ONE)));
    }
    if new.is_empty() {
        return None;
    }
    new.extend(terms.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(term, _)| term.clone()));
    Some(graph.sum(constant, new))
}

/// Splits a term in which a row's function is a factor into its pole and the rest.
fn split(graph: &mut Graph, formulas: &mut Formulas, (term, coefficient): &Term) -> Option<(ExprId, ExprId)> {
    let (own, factors) = factors_of(graph, *term);
    if !factors.iter().any(|(_, exponent)| exponent.is_negative()) {
        return None;
    }
    let singles = singles(graph, &factors);
    for row in POLES {
        for x in &singles {
            let names = [("x", *x)];
            let left = formulas.lower(graph, row.left, &names)?;
            let left = canonicalize(graph, formulas, &[left], Grouping::DERIVING)[0];
            let (scale, wanted) = factors_of(graph, left);
            let Some((ratio, others)) = without(graph, &factors, &wanted) else { continue };
            let scale = coefficient.multiply(&own).multiply(&ratio).divide(&scale)?;
            let parts = [row.pole, row.rest].map(|part| {
                let part = formulas.lower(graph, part, &names)?;
                let (own, part) = factors_of(graph, part);
                let factors = flat(graph, others.iter().cloned().chain(part).collect());
                let product = graph.product(scale.multiply(&own), factors);
                Some(canonicalize(graph, formulas, &[product], Grouping::RUNNING)[0])
            });
            let [Some(pole), Some(rest)] = parts else { return None };
            return Some((pole, rest));
        }
    }
    None
}
