//! What is known of whole numbers where something is lowered: in the branch of a condition, and for the values of an index
//! that a guard lets through. A place that is inside only because of that is read at the nearest place that is there, so that
//! it can be read for the other values, too, for which what is read does not count.

use super::machine::Machine;
use super::value::Value;
use crate::functions::rows;
use crate::graph::{Comparison, Dimension, ExprId, MatrixOperation as M, Node, Rational};
use std::collections::BTreeMap;

/// A whole number: a dimension, and multiples of what is no dimension.
#[derive(Clone, Debug)]
struct Whole {
    dimension: Dimension,
    others: BTreeMap<ExprId, i64>,
}

impl Whole {
    fn plus(&self, other: &Whole, count: i64) -> Option<Whole> {
        let mut sum = Whole { dimension: self.dimension.plus(&other.dimension, count), others: self.others.clone() };
        for (id, own) in &other.others {
            let total = sum.others.entry(*id).or_insert(0);
            *total = total.checked_add(own.checked_mul(count)?)?;
        }
        sum.others.retain(|_, count| *count != 0);
        Some(sum)
    }
}

/// What is assumed in a part of the source.
#[derive(Debug)]
pub(super) struct Assumption {
    /// The condition; none if it is no single one.
    condition: Option<ExprId>,
    /// Whole numbers that are not negative there.
    known: Vec<Whole>,
    /// How many calls had been lowered before: what is lowered under the assumption is not for elsewhere.
    calls: usize,
}

impl Machine<'_> {
    /// Assumes the condition that is on the stack.
    pub(super) fn assume(&mut self) {
        let condition = match self.values.last() {
            Some(Value::Condition(id)) => Some(*id),
            _ => None,
        };
        let known = condition.map(|id| self.follows(id, true)).unwrap_or_default();
        self.assumptions.push(Assumption { condition, known, calls: self.memo.len() });
    }

    /// Assumes the opposite of what was assumed last.
    pub(super) fn assume_opposite(&mut self) {
        let Some(last) = self.assumptions.pop() else { return };
        self.memo.truncate(last.calls);
        let known = last.condition.map(|id| self.follows(id, false)).unwrap_or_default();
        self.assumptions.push(Assumption { known, ..last });
    }

    /// Ends what was assumed last.
    pub(super) fn assume_no_longer(&mut self) {
        if let Some(last) = self.assumptions.pop() {
            self.memo.truncate(last.calls);
        }
    }

    /// Returns the whole numbers that are not negative where a condition holds, or where it does not.
    fn follows(&self, condition: ExprId, holds: bool) -> Vec<Whole> {
        let mut known = Vec::new();
        let mut open = vec![(condition, holds)];
        while let Some((id, holds)) = open.pop() {
            match (self.gates.graph.node(id), holds) {
                (Node::Not(inner), holds) => open.push((*inner, !holds)),
                (Node::And(a, b), true) | (Node::Or(a, b), false) => open.extend([(*a, holds), (*b, holds)]),
                (Node::Compare(comparison, a, b), holds) => known.extend(self.compared(*comparison, [*a, *b], holds)),
                _ => {}
            }
        }
        known
    }

    /// Returns the differences that are not negative where two whole numbers compare, or where they do not.
    fn compared(&self, comparison: Comparison, [a, b]: [ExprId; 2], holds: bool) -> Vec<Whole> {
        let (Some(a), Some(b)) = (self.whole(a), self.whole(b)) else { return Vec::new() };
        let one = Whole { dimension: Dimension::number(1), others: BTreeMap::new() };
        let above = |high: &Whole, low: &Whole| high.plus(low, -1);
        let beyond = |high: &Whole, low: &Whole| above(high, low)?.plus(&one, -1);
        use Comparison::*;
        let known = match (comparison, holds) {
            (Less, true) | (GreaterEqual, false) => vec![beyond(&b, &a)],
            (LessEqual, true) | (Greater, false) => vec![above(&b, &a)],
            (Greater, true) | (LessEqual, false) => vec![beyond(&a, &b)],
            (GreaterEqual, true) | (Less, false) => vec![above(&a, &b)],
            (Equal, true) | (NotEqual, false) => vec![above(&a, &b), above(&b, &a)],
            (NotEqual, true) | (Equal, false) => Vec::new(),
        };
        known.into_iter().flatten().collect()
    }

    /// Reads a whole number.
    fn whole(&self, id: ExprId) -> Option<Whole> {
        let graph = &*self.gates.graph;
        let mut whole = Whole { dimension: Dimension::number(0), others: BTreeMap::new() };
        let mut open = vec![(id, 1_i64)];
        while let Some((id, count)) = open.pop() {
            if let Some(dimension) = graph.as_dimension(id) {
                whole.dimension = whole.dimension.plus(&dimension, count);
                continue;
            }
            match graph.node(id) {
                Node::Sum(constant, terms) => {
                    whole.dimension = whole.dimension.plus(&Dimension::number(constant.to_integer()?), count);
                    for (term, k) in terms.iter() {
                        open.push((*term, count.checked_mul(k.to_integer()?)?));
                    }
                }
                _ => {
                    self.range_of_whole(id)?;
                    let total = whole.others.entry(id).or_insert(0);
                    *total = total.checked_add(count)?;
                }
            }
        }
        Some(whole)
    }

    /// Tells whether a whole number is not negative because of what is assumed.
    fn is_assumed(&self, number: &Whole) -> bool {
        let known = self.assumptions.iter().flat_map(|assumption| &assumption.known);
        let mut rests = known.filter_map(|known| number.plus(known, -1));
        rests.any(|rest| rest.others.is_empty() && self.is_never_negative(&rest.dimension))
    }

    /// Returns the place among so many that is nearest to one which is inside only because of what is assumed; none if nothing
    /// has to be assumed for that, or does not help.
    pub(super) fn nearest_inside(&mut self, place: ExprId, size: &Dimension) -> Option<ExprId> {
        if self.assumptions.iter().all(|assumption| assumption.known.is_empty()) {
            return None;
        }
        let whole = self.whole(place)?;
        let last = size.plus(&Dimension::number(1), -1);
        let end = Whole { dimension: last.clone(), others: BTreeMap::new() };
        let left = end.plus(&whole, -1)?;
        let interval = self.range_of_whole(place);
        let least = interval.as_ref().map_or(vec![whole.dimension.clone()], |interval| interval.least.clone());
        let largest = interval.as_ref().map_or(vec![whole.dimension.clone()], |interval| interval.largest.clone());
        let above: Vec<Dimension> = largest.iter().map(|largest| last.plus(largest, -1)).collect();
        let is_certain = |numbers: &[Dimension]| numbers.iter().all(|number| self.is_never_negative(number));
        let is_low = !is_certain(&least) && self.is_assumed(&whole);
        let is_high = !is_certain(&above) && self.is_assumed(&left);
        if !is_low && !is_high {
            return None;
        }
        let graph = &mut *self.gates.graph;
        let mut nearest = place;
        if is_high {
            let last = graph.construct_matrix(&M::Size(last), &[]);
            nearest = graph.apply(rows::MIN, &[nearest, last]);
        }
        if is_low {
            let zero = graph.number(Rational::ZERO);
            nearest = graph.apply(rows::MAX, &[nearest, zero]);
        }
        Some(nearest)
    }
}
