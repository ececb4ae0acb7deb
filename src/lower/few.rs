//! Few entries: sizes for which a range ends before it begins. What is raised to vectors is none then, and a function is
//! lowered once more for these sizes, with loops in place of ranges that may be empty, and nothing in place of those that are.

use super::lowered::Lowered;
use super::machine::Machine;
use crate::graph::Dimension;

/// Sizes for which a range ends before it begins.
#[derive(Clone, Debug)]
pub struct Few {
    /// The name of a size and what it is below, where these are all; otherwise nothing is known of them.
    below: Option<(String, i64)>,
}

impl Few {
    /// Returns sizes for which a range ends before it begins, those first of which most is known.
    pub(super) fn of(lowered: &Lowered) -> Vec<Few> {
        let sides = lowered.parameters.iter().map(|own| own.shape.extents()).flat_map(|own| [own.rows, own.columns]);
        let sides: Vec<Dimension> = sides.collect();
        let ranges: Vec<&Dimension> = lowered.uncertain.iter().filter(|count| !sides.contains(count)).collect();
        if ranges.is_empty() {
            return Vec::new();
        }
        let below = ranges.iter().map(|count| least(count)).reduce(|most, own| {
            let ((name, most), (other, own)) = (most?, own?);
            (name == other).then(|| (name, most.max(own)))
        });
        let below = below.flatten().map(|(name, least)| (name.to_string(), least));
        let known = below.map(|below| Few { below: Some(below) });
        known.into_iter().chain([Few { below: None }]).collect()
    }

    /// Tells whether these are all sizes for which one of the dimensions is negative.
    pub(super) fn are_all_without(&self, dimensions: &[&Dimension]) -> bool {
        let Some((name, below)) = &self.below else { return true };
        dimensions.iter().all(|own| least(own).is_some_and(|(own, least)| own == name && least <= *below))
    }

    /// Tells whether a dimension is 0 or negative for all of the sizes.
    fn is_no_length(&self, dimension: &Dimension) -> bool {
        let Some((name, below)) = &self.below else { return false };
        dimension
            .only_name()
            .is_some_and(|(own, count)| own == name && count > 0 && count * (below - 1) + dimension.constant() <= 0)
    }
}

/// Returns the only name in a dimension, and the least size of it for which the dimension is not negative.
fn least(dimension: &Dimension) -> Option<(&str, i64)> {
    let (name, count) = dimension.only_name().filter(|(_, count)| *count > 0)?;
    Some((name, (count - 1 - dimension.constant()).div_euclid(count)))
}

impl Machine<'_> {
    /// Tells whether a range of so many values is empty for all sizes that something is lowered for.
    pub(super) fn is_empty(&self, count: &Dimension) -> bool {
        self.few.as_ref().is_some_and(|few| few.is_no_length(count))
    }
}
