//! Whole numbers that are made of indices, sizes and data: the places that they may be, remainders of them, and the smaller
//! or the larger of two.

use super::machine::Machine;
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{Bound, Dimension, ExprId, MatrixOperation as M, Node};
use crate::source::Span;

/// Where a whole number lies: it is not below all of the least, nor above all of the largest.
pub(super) struct Interval {
    /// The least of these is a lower bound.
    pub least: Vec<Dimension>,
    /// The largest of these is an upper bound.
    pub largest: Vec<Dimension>,
}

impl Interval {
    fn of(least: Dimension, largest: Dimension) -> Self {
        Interval { least: vec![least], largest: vec![largest] }
    }

    fn plus(&self, other: &Interval) -> Interval {
        let sums = |own: &[Dimension], other: &[Dimension]| {
            own.iter().flat_map(|own| other.iter().map(|other| own.plus(other, 1))).collect()
        };
        Interval { least: sums(&self.least, &other.least), largest: sums(&self.largest, &other.largest) }
    }

    /// Returns the interval of the multiples; a factor that has a name is not negative.
    fn times(&self, factor: &Dimension) -> Interval {
        let [a, b] = [&self.least, &self.largest].map(|ends| ends.iter().map(|end| end.product(factor)).collect());
        if factor.as_number().is_some_and(|factor| factor < 0) {
            Interval { least: b, largest: a }
        } else {
            Interval { least: a, largest: b }
        }
    }
}

impl Machine<'_> {
    /// Returns where a whole number lies that is no dimension: one from data, a remainder, the smaller or the larger of two,
    /// or one made of them.
    pub(super) fn range_of_whole(&self, id: ExprId) -> Option<Interval> {
        if self.gates.graph.as_dimension(id).is_some() {
            return None;
        }
        self.interval(id)
    }

    fn interval(&self, id: ExprId) -> Option<Interval> {
        let graph = &*self.gates.graph;
        let before = |end: &Dimension| end.plus(&Dimension::number(1), -1);
        if let Some(dimension) = graph.as_dimension(id) {
            return Some(Interval::of(dimension.clone(), dimension));
        }
        if let Some((from, to)) = self.range_of_index(id) {
            return Some(Interval::of(from.clone(), before(to)));
        }
        match graph.node(id) {
            Node::Matrix(operation, operands) => match (&**operation, &operands[..]) {
                (M::Remainder, [_, by]) => {
                    let largest = before(&graph.as_dimension(*by)?);
                    Some(Interval::of(Dimension::number(0), largest))
                }
                _ => None,
            },
            Node::Apply(function @ (rows::MAX | rows::MIN), operands) => {
                let [a, b] = operands[..] else { return None };
                let (a, b) = (self.interval(a)?, self.interval(b)?);
                Some(match *function {
                    rows::MAX => Interval {
                        least: self.better(a.least, b.least, |least| self.is_never_negative(least)),
                        largest: [a.largest, b.largest].concat(),
                    },
                    _ => Interval {
                        least: [a.least, b.least].concat(),
                        largest: self.better(a.largest, b.largest, |largest| !largest.is_running()),
                    },
                })
            }
            Node::Sum(constant, terms) => {
                let constant = Dimension::number(constant.to_integer()?);
                let constant = Interval::of(constant.clone(), constant);
                terms.iter().try_fold(constant, |sum, (term, k)| {
                    let own = self.interval(*term)?;
                    // Generated code has no negative numbers in a term.
                    let is_chosen = matches!(graph.node(*term), Node::Apply(..));
                    if is_chosen && !own.least.iter().all(|least| self.is_never_negative(least)) {
                        return None;
                    }
                    Some(sum.plus(&own.times(&Dimension::number(k.to_integer()?))))
                })
            }
            Node::Product(factors) => {
                let size =
                    |id: &ExprId| graph.as_dimension(*id).filter(|size| !size.is_running() && !size.may_be_negative());
                let number = |id: &ExprId| graph.as_dimension(*id).filter(|size| size.as_number().is_some());
                let known = |id: &ExprId| size(id).or_else(|| number(id));
                let factor = factors.iter().try_fold(Dimension::number(1), |product, (base, exponent)| {
                    let own = known(base).unwrap_or(Dimension::number(1));
                    exponent.is_one().then(|| product.product(&own))
                });
                let mut others = factors.iter().filter(|(base, _)| known(base).is_none());
                let (only, None) = (others.next()?, others.next()) else { return None };
                Some(self.interval(only.0)?.times(&factor?))
            }
            _ => None,
        }
    }

    /// Returns those of two lists of bounds that say more: all of which are of a kind.
    fn better(&self, a: Vec<Dimension>, b: Vec<Dimension>, is_better: impl Fn(&Dimension) -> bool) -> Vec<Dimension> {
        if b.iter().all(&is_better) || !a.iter().all(is_better) { b } else { a }
    }

    /// Tells whether a dimension is not negative for any value of the indices around.
    pub(super) fn is_never_negative(&self, dimension: &Dimension) -> bool {
        !self.least(dimension).iter().any(Dimension::may_be_negative)
    }

    /// Tells whether a dimension is not negative where a loop has a value at all that a place depends on; what depends on no
    /// loop around is read before it.
    pub(super) fn is_not_negative_inside(&self, place: ExprId, dimension: &Dimension) -> bool {
        let last = |bound: &Bound| bound.count().plus(&Dimension::number(1), -1);
        let mut inside = self.loops.iter().filter(|bound| self.gates.graph.depends_on(place, bound.name()));
        inside.any(|bound| !dimension.plus(&last(bound), -1).may_be_negative())
    }

    /// Returns the smaller or the larger of two dimensions, if that is what a node is and it is known which that is.
    pub(super) fn known_choice(&self, id: ExprId) -> Option<Dimension> {
        let graph = &*self.gates.graph;
        if let Some(dimension) = graph.as_dimension(id) {
            return Some(dimension);
        }
        let Node::Apply(function @ (rows::MAX | rows::MIN), operands) = graph.node(id) else { return None };
        let [a, b] = operands[..] else { return None };
        let (a, b) = (self.known_choice(a)?, self.known_choice(b)?);
        let [low, high] = match (self.is_never_negative(&b.plus(&a, -1)), self.is_never_negative(&a.plus(&b, -1))) {
            (true, _) => [a, b],
            (_, true) => [b, a],
            _ => return None,
        };
        Some(if *function == rows::MAX { high } else { low })
    }

    /// Returns the range of a number from data that picks entries: of a parameter, or of an entry of one.
    pub(super) fn range_of_index(&self, id: ExprId) -> Option<&(Dimension, Dimension)> {
        let parameter = match self.gates.graph.as_matrix(id) {
            Some((M::Slice(..), [parameter])) => parameter,
            _ => &id,
        };
        self.index_parameters.get(parameter)
    }

    /// Makes the remainder of a whole number, which is not negative.
    pub(super) fn remainder(&mut self, values: &[Value], spans: [Span; 3]) -> Result<Value, Diagnostic> {
        let wrong = |span: Span, message: &str| {
            let hint = "`mod` is for places: `x[(i + 1) mod n]`; of other numbers, `x - m*floor(x/m)` is the remainder";
            Err(Diagnostic::new(Fault::Index, span, message).hint(hint))
        };
        let (&[Value::Scalar(of), Value::Scalar(by)], [_, first, second]) = (values, spans) else {
            return wrong(spans[0], "`mod` takes whole numbers made of indices, sizes and data");
        };
        if self.interval(of).is_none() {
            return wrong(first, "this is no whole number made of indices, sizes and data");
        }
        let Some(size) = self.gates.graph.as_dimension(by).filter(|size| !size.is_running()) else {
            return wrong(second, "a remainder is by a number or a size");
        };
        if size.as_number().is_some_and(|size| size <= 0) {
            return wrong(second, "a remainder is by a number of 1 or more");
        }
        self.need([size.plus(&Dimension::number(1), -1)]);
        Ok(Value::Scalar(self.gates.graph.construct_matrix(&M::Remainder, &[of, by])))
    }
}
