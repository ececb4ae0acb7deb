//! Terms of loops that are constant where indices meet: `norm2(X[i, ..] - X[j, ..])` is 0 at `i == j`, and has the
//! derivative of a constant there, as it has where the sum is written out, although the derivative elsewhere has no value
//! at that place.

use super::{Bound, Comparison, Dimension, ExprId, Factor, Graph, MatrixOperation as M, Node, NodeMap, Rational};
use crate::functions::{FunctionId, rows};
use rustc_hash::FxHashSet;

/// Most places of one number that are compared with each other.
const PLACES: usize = 8;

/// Functions whose derivative may have no value where they have one themselves.
const SINGULAR: [FunctionId; 4] = [rows::SQRT, rows::CBRT, rows::HYPOT, rows::ATAN2];

/// A number inside of a loop that is constant for one value of the loop's index.
struct Meeting {
    number: ExprId,
    index: Dimension,
    constant: ExprId,
}

impl Graph {
    /// Rebuilds the roots with a choice for each number inside of a loop that is constant where indices meet, and whose
    /// derivative may have no value there.
    pub fn with_diagonals_apart(&mut self, roots: &[ExprId]) -> Vec<ExprId> {
        if self.indices.is_empty() || !self.may_be_singular(roots) {
            return roots.to_vec();
        }
        self.rebuild(roots, |graph, id, image| match graph.as_matrix(id)?.0 {
            M::Loop(bound) | M::Scan(bound, ..) => {
                let bound = bound.clone();
                graph.diagonal_apart(id, &bound, image)
            }
            _ => None,
        })
    }

    /// Rebuilds a loop or a recurrence with what is constant for one value of the index apart.
    fn diagonal_apart(&mut self, id: ExprId, bound: &Bound, image: &NodeMap<ExprId>) -> Option<ExprId> {
        let node = self.node(id).clone();
        let mut bodies = Vec::new();
        node.for_each_operand(|operand| bodies.push(image[operand]));
        let meetings = self.meetings(bound, &bodies);
        if meetings.is_empty() {
            return None;
        }
        let apart = self.rebuild(&bodies, |graph, id, image| {
            let mut meetings = meetings.iter().filter(|meeting| meeting.number == id).peekable();
            meetings.peek()?;
            let node = graph.node(id).clone();
            let number = graph.construct(&node, |operand| image[operand]);
            Some(meetings.fold(number, |number, meeting| {
                let [index, by] = [&bound.index, &meeting.index].map(|side| M::Size(side.clone()));
                let [index, by] = [index, by].map(|side| graph.construct_matrix(&side, &[]));
                let meets = graph.compare(Comparison::Equal, index, by);
                graph.select(meets, meeting.constant, number)
            }))
        });
        let mut apart = apart.into_iter();
        Some(self.construct(&node, |operand| apart.next().unwrap_or(operand)))
    }

    /// Returns what a body is for all values of the index but the first, for which a choice in it says that it is 0.
    pub(super) fn without_first(&mut self, bound: &Bound, body: ExprId) -> Option<ExprId> {
        let (coefficient, rest) = self.as_multiple(body);
        match self.node(rest).clone() {
            Node::Select(condition, nothing, rest) if self.is_zero(nothing) => {
                let Node::Compare(Comparison::Equal, a, b) = *self.node(condition) else { return None };
                let place = self.as_dimension(a)?.plus(&self.as_dimension(b)?, -1);
                let is_first = place == bound.index.plus(&bound.from, -1);
                let coefficient = self.number(coefficient);
                is_first.then(|| self.multiply(coefficient, rest))
            }
            Node::Product(factors) => {
                let found = (0..factors.len()).filter(|at| factors[*at].1.is_one());
                let (at, rest) =
                    found.into_iter().find_map(|at| Some((at, self.without_first(bound, factors[at].0)?)))?;
                let others = factors.iter().enumerate().filter(|(other, _)| *other != at);
                let mut factors: Vec<Factor> = others.map(|(_, factor)| factor.clone()).collect();
                factors.push((rest, Rational::ONE));
                Some(self.product(coefficient, factors))
            }
            _ => None,
        }
    }

    /// Tells whether something in a loop with this body is constant for one value of the index, and may have no derivative
    /// there.
    pub fn has_singular_diagonal(&mut self, bound: &Bound, body: ExprId) -> bool {
        !self.meetings(bound, &[body]).is_empty()
    }

    /// Tells whether something that the roots need has no derivative in places where it has a value.
    pub fn may_be_singular(&self, roots: &[ExprId]) -> bool {
        self.reachable(roots).into_iter().any(|id| self.is_singular(id))
    }

    fn is_singular(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Apply(function, _) => SINGULAR.contains(function),
            Node::Product(factors) => factors.iter().any(|(_, exponent)| !exponent.is_integer()),
            _ => false,
        }
    }

    /// Finds numbers that are constant for one value of the index.
    fn meetings(&mut self, bound: &Bound, bodies: &[ExprId]) -> Vec<Meeting> {
        let nodes = self.reachable(bodies);
        let inner = nodes.iter().filter_map(|id| self.as_matrix(*id)?.0.bound());
        let inner: FxHashSet<String> = inner.map(|bound| bound.name().to_string()).collect();
        let numbers = nodes
            .into_iter()
            .filter(|id| self.is_singular(*id) && self.depends_on(*id, bound.name()) && self.extents(*id).is_scalar());
        let mut meetings = Vec::new();
        for number in numbers.collect::<Vec<_>>() {
            for index in self.values_at_meetings(bound, number) {
                if index.names().any(|name| inner.contains(name)) {
                    continue;
                }
                let constant = self.substituted(number, bound.name(), &index);
                if self.is_constant(constant) && self.is_reached(bound, &index, bodies, number) {
                    meetings.push(Meeting { number, index, constant });
                }
            }
        }
        meetings
    }

    /// Tells whether something is made of numbers alone.
    fn is_constant(&self, id: ExprId) -> bool {
        let is_known = |id: &ExprId| matches!(self.node(*id), Node::Number(_) | Node::Apply(..) | Node::Product(_));
        self.reachable(&[id]).iter().all(is_known)
    }

    /// Returns the values of an index for which two places of those that a number reads from are one, or one is 0.
    fn values_at_meetings(&self, bound: &Bound, number: ExprId) -> Vec<Dimension> {
        let mut places = vec![Dimension::number(0)];
        for node in self.reachable(&[number]) {
            let read: Vec<&Dimension> = match self.as_matrix(node) {
                Some((M::Slice(row, column, _), _)) => vec![row, column],
                Some((M::Gather(places, _), _)) => places.iter().flatten().collect(),
                Some((M::Size(size), _)) => vec![size],
                _ => Vec::new(),
            };
            for place in read {
                if !places.contains(place) && places.len() < PLACES {
                    places.push(place.clone());
                }
            }
        }
        let mut values: Vec<Dimension> = Vec::new();
        for (at, place) in places.iter().enumerate() {
            for other in &places[..at] {
                let difference = place.plus(other, -1);
                let Some(value) = difference.root(bound.name()) else { continue };
                let [before, after] = [value.plus(&bound.from, -1), value.plus(&bound.to, -1)];
                let is_outside = before.as_number().is_some_and(|before| before < 0)
                    || after.as_number().is_some_and(|after| after >= 0);
                if !is_outside && !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        values
    }

    /// Tells whether a number is evaluated for a value of the index by choices between the bodies and it.
    fn is_reached(&mut self, bound: &Bound, index: &Dimension, bodies: &[ExprId], number: ExprId) -> bool {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = bodies.to_vec();
        while let Some(id) = stack.pop() {
            if id == number {
                return true;
            }
            if !seen.insert(id) {
                continue;
            }
            let node = self.node(id).clone();
            match node {
                Node::Select(condition, a, b) => {
                    let there = self.substituted(condition, bound.name(), index);
                    stack.extend(match self.truth_of(there) {
                        Some(true) => vec![a],
                        Some(false) => vec![b],
                        None => vec![a, b],
                    });
                }
                node => node.for_each_operand(|operand| stack.push(operand)),
            }
        }
        false
    }
}
