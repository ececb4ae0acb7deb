//! Sums of terms with poles that cancel, such as `1/tanh(x) - 1/x`: near the pole no digit of the sum is left, and of its
//! derivatives still less. Each term is split into its pole and a function that has none.
//!
//! In `3/tanh(3*x) - 1/tanh(x)` no term is a pole alone. What is left of the functions differs by less than themselves far
//! out, so there the sum stays as it is.

use super::removable::{factors_of, flat, singles, without};
use super::{Grouping, canonicalize};
use crate::functions::rows;
use crate::graph::{Comparison, ExprId, Graph, Node, Rational, Term};
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
    /// What the function is taken of, if the pole is a simple one.
    argument: Option<ExprId>,
}

/// Returns a sum without the poles that cancel in it.
pub(super) fn without_poles(graph: &mut Graph, formulas: &mut Formulas, sum: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(sum).clone() else { return None };
    if terms.len() < 2 || terms.len() > MOST_TERMS {
        return None;
    }
    let mut poles: IndexMap<ExprId, Vec<Split>> = IndexMap::new();
    for (place, term) in terms.iter().enumerate() {
        if let Some((pole, split)) = split(graph, formulas, (place, term)) {
            poles.entry(pole).or_default().push(split);
        }
    }
    let mut dropped = vec![false; terms.len()];
    let mut new: Vec<Term> = Vec::new();
    for (pole, splits) in &poles {
        let own = |place: usize| splits.iter().any(|split| split.place == place);
        let plain = terms.iter().position(|(id, _)| id == pole).filter(|place| !own(*place));
        let parts = splits.iter().map(|split| &split.coefficient).chain(plain.map(|plain| &terms[plain].1));
        if !parts.fold(Rational::ZERO, |sum, part| sum.add(part)).is_zero() {
            continue;
        }
        let smooth: Vec<Term> = splits.iter().map(|split| (split.rest, Rational::ONE)).collect();
        match plain {
            Some(_) => new.extend(smooth),
            None => {
                let Some(near) = are_small(graph, splits) else { continue };
                let given = splits.iter().map(|split| terms[split.place].clone()).collect();
                let [smooth, given] = [smooth, given].map(|terms| graph.sum(Rational::ZERO, terms));
                new.push((graph.select(near, smooth, given), Rational::ONE));
            }
        }
        splits.iter().map(|split| split.place).chain(plain).for_each(|place| dropped[place] = true);
    }
    if new.is_empty() {
        return None;
    }
    new.extend(terms.iter().zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(term, _)| term.clone()));
    Some(graph.sum(constant, new))
}

/// Says that everything that functions with simple poles are taken of is below 1.
fn are_small(graph: &mut Graph, splits: &[Split]) -> Option<ExprId> {
    let arguments: Vec<ExprId> = splits.iter().map(|split| split.argument).collect::<Option<_>>()?;
    let one = graph.number(Rational::ONE);
    let is_small = |argument: ExprId| {
        let size = graph.apply(rows::ABS, &[argument]);
        graph.compare(Comparison::Less, size, one)
    };
    let conditions: Vec<ExprId> = arguments.into_iter().map(is_small).collect();
    conditions.into_iter().reduce(|a, b| graph.intern(Node::And(a, b)))
}

/// Splits a term in which a row's function is a factor into its pole and the rest.
fn split(
    graph: &mut Graph,
    formulas: &mut Formulas,
    (place, (term, coefficient)): (usize, &Term),
) -> Option<(ExprId, Split)> {
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
            let (coefficient, pole) = graph.as_multiple(pole);
            let argument = Some(*x).filter(|_| row.pole == "1/x");
            return Some((pole, Split { place, coefficient, rest, argument }));
        }
    }
    None
}
