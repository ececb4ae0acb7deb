//! Whole numbers that are made of indices, sizes and data: the places that they may be, and remainders of them.

use super::machine::Machine;
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, MatrixOperation as M, Node};
use crate::source::Span;

/// The least and the largest value of a whole number.
struct Interval {
    least: Dimension,
    largest: Dimension,
}

impl Interval {
    fn plus(&self, other: &Interval) -> Interval {
        Interval { least: self.least.plus(&other.least, 1), largest: self.largest.plus(&other.largest, 1) }
    }

    /// Returns the interval of the multiples; a factor that has a name is not negative.
    fn times(&self, factor: &Dimension) -> Interval {
        let [a, b] = [&self.least, &self.largest].map(|end| end.product(factor));
        if factor.as_number().is_some_and(|factor| factor < 0) {
            Interval { least: b, largest: a }
        } else {
            Interval { least: a, largest: b }
        }
    }
}

impl Machine<'_> {
    /// Returns the range, its end excluded, of a whole number that is no dimension: of data, or a remainder, or made of them.
    pub(super) fn range_of_whole(&self, id: ExprId) -> Option<(Dimension, Dimension)> {
        if self.gates.graph.as_dimension(id).is_some() {
            return None;
        }
        let Interval { least, largest } = self.interval(id)?;
        Some((least, largest.plus(&Dimension::number(1), 1)))
    }

    fn interval(&self, id: ExprId) -> Option<Interval> {
        let graph = &*self.gates.graph;
        let before = |end: &Dimension| end.plus(&Dimension::number(1), -1);
        if let Some(dimension) = graph.as_dimension(id) {
            return Some(Interval { least: dimension.clone(), largest: dimension });
        }
        if let Some((from, to)) = self.range_of_index(id) {
            return Some(Interval { least: from.clone(), largest: before(to) });
        }
        match graph.node(id) {
            Node::Matrix(operation, operands) => match (&**operation, &operands[..]) {
                (M::Remainder, [_, by]) => {
                    let largest = before(&graph.as_dimension(*by)?);
                    Some(Interval { least: Dimension::number(0), largest })
                }
                _ => None,
            },
            Node::Sum(constant, terms) => {
                let constant = Dimension::number(constant.to_integer()?);
                let constant = Interval { least: constant.clone(), largest: constant };
                terms.iter().try_fold(constant, |sum, (term, k)| {
                    Some(sum.plus(&self.interval(*term)?.times(&Dimension::number(k.to_integer()?))))
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
