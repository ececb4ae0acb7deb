//! The order of places, as far as it is known before there are sizes.

use super::entries::Place;
use crate::graph::{Bound, Dimension};
use std::cmp::Ordering;

/// A row or a column of a matrix of derivatives: an entry of one of several matrices that stand one after the other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Side {
    /// Which of the matrices.
    pub block: usize,
    /// The entry's row and column, which are counted row by row.
    pub place: [Place; 2],
}

impl Side {
    /// Puts a dimension in place of an index; none if data decides the place.
    pub fn substituted(&self, name: &str, by: &Dimension) -> Option<Side> {
        let mut place = self.place.clone();
        for own in &mut place {
            if own.given.is_some() {
                return None;
            }
            own.offset = own.offset.substituted(name, by);
        }
        Some(Side { block: self.block, place })
    }
}

/// Tells which of two sides comes first for all values of the indices, if that is known.
pub fn compared(a: &Side, b: &Side, nest: &[Bound]) -> Option<Ordering> {
    if a.block != b.block {
        return Some(a.block.cmp(&b.block));
    }
    for (own, other) in a.place.iter().zip(&b.place) {
        if own.given != other.given {
            return None;
        }
        let difference = own.offset.plus(&other.offset, -1);
        if !is_equal(&difference) {
            return sign(&difference, nest);
        }
    }
    Some(Ordering::Equal)
}

/// Tells whether a side never comes before another one.
pub fn is_never_before(a: &Side, b: &Side, nest: &[Bound]) -> bool {
    match compared(a, b, nest) {
        Some(order) => order != Ordering::Less,
        None => {
            let [row, column] = [0, 1].map(|at| (&a.place[at], &b.place[at]));
            let far = |(own, other): (&Place, &Place)| {
                own.given == other.given && is_never_negative(&own.offset.plus(&other.offset, -1), nest)
            };
            let is_column = column.0 == column.1;
            is_column && far(row)
        }
    }
}

fn is_equal(difference: &Dimension) -> bool {
    difference.as_number() == Some(0)
}

/// Returns the sign of a dimension that is never 0 and has the same one for all values of the indices.
pub fn sign(dimension: &Dimension, nest: &[Bound]) -> Option<Ordering> {
    let one = Dimension::number(1);
    let is_positive = |dimension: &Dimension| is_never_negative(&dimension.plus(&one, -1), nest);
    if is_positive(dimension) {
        Some(Ordering::Greater)
    } else if is_positive(&dimension.times(-1)) {
        Some(Ordering::Less)
    } else {
        None
    }
}

/// Tells whether a dimension is not negative for all values of the indices of loops that run at all.
pub fn is_never_negative(dimension: &Dimension, nest: &[Bound]) -> bool {
    !Bound::least_in(nest, dimension).iter().any(Dimension::may_be_negative)
}
