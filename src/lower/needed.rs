//! What must not be negative for a function to be defined: lengths of ranges, and what lies outside of slices.

use super::machine::Machine;
use crate::graph::{Bound, Dimension};

impl Machine<'_> {
    /// Notes that dimensions must not be negative.
    pub(super) fn need(&mut self, dimensions: impl IntoIterator<Item = Dimension>) {
        let least: Vec<Dimension> = dimensions.into_iter().flat_map(|dimension| self.least(&dimension)).collect();
        self.needed.extend(least.into_iter().filter(Dimension::may_be_negative));
    }

    /// Returns what the least value of a dimension in the loops that are open is among.
    pub(super) fn least(&self, dimension: &Dimension) -> Vec<Dimension> {
        Bound::least_in(&self.loops, dimension)
    }

    /// Tells whether a dimension is known to be negative for some value of the indices.
    pub(super) fn is_negative_somewhere(&self, dimension: &Dimension) -> bool {
        self.least(dimension).iter().any(|least| least.as_number().is_some_and(|least| least < 0))
    }

    /// Returns what must not be negative for the function to be defined.
    pub fn needed(&self) -> Vec<Dimension> {
        self.needed.clone()
    }
}
