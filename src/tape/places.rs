//! Places that are whole numbers from data, indices and sizes.

use super::Dense;
use crate::functions::rows;
use crate::graph::{ExprId, Graph, MatrixOperation as M, Node, Rational, Sizes};

/// What whole numbers are made of, apart from sizes: the parameters.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub graph: &'a Graph,
    /// The parameters, counted as the graph's inputs are.
    pub inputs: &'a [Dense],
}

impl Data<'_> {
    /// Returns the place that a node is for given sizes and values of the indices; none if it is negative, or made of anything
    /// else.
    pub fn place(&self, id: ExprId, sizes: &Sizes) -> Option<usize> {
        usize::try_from(self.whole_number(id, sizes)?).ok()
    }

    fn whole_number(&self, id: ExprId, sizes: &Sizes) -> Option<i64> {
        if let Some(dimension) = self.graph.as_dimension(id) {
            return dimension.signed(sizes);
        }
        match self.graph.node(id) {
            Node::Input(_) => self.entry(id, [0, 0]),
            Node::Sum(constant, terms) => terms.iter().try_fold(constant.to_integer()?, |sum, (term, count)| {
                sum.checked_add(self.whole_number(*term, sizes)?.checked_mul(count.to_integer()?)?)
            }),
            Node::Product(factors) => factors.iter().try_fold(1_i64, |product, (base, exponent)| {
                let is_factor = *exponent == Rational::ONE;
                product.checked_mul(self.whole_number(*base, sizes).filter(|_| is_factor)?)
            }),
            Node::Apply(function @ (rows::MAX | rows::MIN), operands) => {
                let [a, b] = operands[..] else { return None };
                let (a, b) = (self.whole_number(a, sizes)?, self.whole_number(b, sizes)?);
                Some(if *function == rows::MAX { a.max(b) } else { a.min(b) })
            }
            Node::Matrix(operation, operands) => match (&**operation, &operands[..]) {
                (M::Remainder, [of, by]) => {
                    let by = self.whole_number(*by, sizes).filter(|by| *by > 0)?;
                    Some(self.whole_number(*of, sizes)?.rem_euclid(by))
                }
                (M::Slice(row, column, _), [of]) => self.entry(*of, [row.evaluate(sizes)?, column.evaluate(sizes)?]),
                (M::Gather(places, _), [of, given @ ..]) => {
                    let mut given = given.iter();
                    let mut side = |at: usize| match &places[at] {
                        Some(place) => place.evaluate(sizes),
                        None => self.place(*given.next()?, sizes),
                    };
                    let place = [side(0)?, side(1)?];
                    self.entry(*of, place)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns an entry of a parameter.
    fn entry(&self, of: ExprId, [row, column]: [usize; 2]) -> Option<i64> {
        let Node::Input(index) = self.graph.node(of) else { return None };
        let parameter = self.inputs.get(*index as usize)?;
        if row >= parameter.rows || column >= parameter.columns {
            return None;
        }
        let entry = *parameter.entries.get(row * parameter.columns + column)?;
        (entry.fract() == 0.0 && entry.abs() < 9e15).then_some(entry as i64)
    }
}
