//! Loops that put what they compute in reversed order: they run through their values backwards instead.

use super::{Bound, Dimension, ExprId, Graph, MatrixOperation as M, Node};

impl Bound {
    /// Returns the value of the index that is as far from the end as the index is from the beginning.
    pub fn backwards(&self) -> Dimension {
        self.from.plus(&self.to, 1).plus(&Dimension::number(1), -1).plus(&self.index, -1)
    }
}

impl Graph {
    /// Tells whether each value of an index puts all that it computes before what the value before it computed.
    pub(super) fn is_put_backwards(&self, bound: &Bound, body: ExprId) -> bool {
        if let Node::Sum(constant, terms) = self.node(body) {
            return constant.is_zero()
                && !self.extents(body).is_scalar()
                && terms.iter().all(|(term, _)| self.is_put_backwards(bound, *term));
        }
        let Some((M::Embed(row, column, _), _)) = self.as_matrix(body) else { return false };
        let slopes = [row, column].map(|place| place.slope(bound.name()).as_number());
        slopes.iter().all(|slope| slope.is_some_and(|slope| slope <= 0)) && slopes.iter().any(|slope| *slope < Some(0))
    }
}
