//! The least and the largest value of a dimension in a loop, which it has at an end of the range.

use super::{Bound, Dimension};

impl Bound {
    /// Returns what the least value of a dimension in the loop is among: both of its values at the ends, if it is not known
    /// whether it rises.
    pub fn least_of(&self, dimension: &Dimension) -> Vec<Dimension> {
        let (first, last) = self.at_the_ends(dimension);
        match self.rises(dimension) {
            Some(true) => vec![first],
            Some(false) => vec![last],
            None => vec![first, last],
        }
    }

    /// Returns what the least value of a dimension in loops is among; the innermost loop is the last one.
    pub fn least_in(nest: &[Bound], dimension: &Dimension) -> Vec<Dimension> {
        nest.iter().rev().fold(vec![dimension.clone()], |least, bound| {
            let mut ends: Vec<Dimension> = Vec::new();
            for end in least.iter().flat_map(|dimension| bound.least_of(dimension)) {
                if !ends.contains(&end) {
                    ends.push(end);
                }
            }
            ends
        })
    }

    fn at_the_ends(&self, dimension: &Dimension) -> (Dimension, Dimension) {
        let last = self.to.plus(&Dimension::number(1), -1);
        let [first, last] = [&self.from, &last].map(|end| dimension.substituted(self.name(), end));
        (first, last)
    }

    /// Tells whether a dimension never falls, or never rises, with the index; none if that depends on sizes.
    fn rises(&self, dimension: &Dimension) -> Option<bool> {
        let slope = dimension.slope(self.name());
        if self.is_never_negative(&slope) {
            Some(true)
        } else if self.is_never_negative(&slope.times(-1)) {
            Some(false)
        } else {
            None
        }
    }

    /// Tells whether a dimension is never negative for sizes for which the loop has at least two values.
    fn is_never_negative(&self, dimension: &Dimension) -> bool {
        if dimension.terms().any(|(_, count)| count < 0) {
            return false;
        }
        let least_of_name = |name: &str| {
            let rest = self.count().plus(&Dimension::name(name), -1).as_number();
            rest.map_or(0, |rest| (2 - rest).max(0))
        };
        let only = dimension.only_name();
        dimension.constant() + only.map_or(0, |(name, count)| count * least_of_name(name)) >= 0
    }
}
