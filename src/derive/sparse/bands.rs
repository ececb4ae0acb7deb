//! Bands: entries of loops that overlap along diagonals, such as those of a sum over neighbours.
//!
//! The place of an entry in the order of rows is how many entries the diagonals have before it. Along a diagonal this is a
//! number of its row that only bends where another diagonal begins or ends.

use super::order::{Side, sign};
use super::{Group, Layout};
use crate::graph::{Bound, Dimension, Extents};
use std::cmp::Ordering;

/// A diagonal of a matrix. In compressed columns, rows and columns change their parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band {
    /// How far a column is beyond its row.
    pub shift: Dimension,
    /// The first row.
    pub from: Dimension,
    /// The row after the last one.
    pub to: Dimension,
}

/// The number of an entry among all: a dimension, and others that count with a sign where they are not negative.
#[derive(Clone, Debug)]
pub struct Bent {
    /// What always counts.
    pub straight: Dimension,
    /// What counts where it is not negative, and how often.
    pub bends: Vec<(Dimension, i64)>,
}

/// A first row, and the row after the last one.
type Range = (Dimension, Dimension);

/// Returns the diagonals that the entries of loops are, from left to right, and the number of each entry; none where they
/// are no diagonals, or what comes first is not known. `needed` is what is not negative.
pub fn banded(
    groups: &[Group],
    sides: [&[Extents]; 2],
    layout: Layout,
    needed: &[Dimension],
) -> Option<(Vec<Band>, Vec<Vec<Bent>>)> {
    let mut parts: Vec<(Dimension, Vec<Range>)> = Vec::new();
    let mut rows: Vec<Vec<(Dimension, Dimension)>> = Vec::new();
    for group in groups {
        let bound = match &group.nest[..] {
            [] => None,
            [bound] => Some(bound),
            _ => return None,
        };
        let mut own = Vec::new();
        for entry in &group.entries {
            if entry.is_turned {
                return None;
            }
            let [row, column] = layout.in_order([flat(&entry.row, sides[0])?, flat(&entry.column, sides[1])?]);
            let shift = column.plus(&row, -1);
            let (from, to) = match bound {
                Some(Bound { index, from, to }) => {
                    let start = row.plus(index, -1);
                    if start.is_running() || shift.is_running() {
                        return None;
                    }
                    (start.plus(from, 1), start.plus(to, 1))
                }
                None => (row.clone(), row.plus(&Dimension::number(1), 1)),
            };
            own.push((row, shift.clone()));
            match parts.iter_mut().find(|(own, _)| *own == shift) {
                Some((_, ranges)) => ranges.push((from, to)),
                None => {
                    let at = place_in_order(&parts, &shift)?;
                    parts.insert(at, (shift, vec![(from, to)]));
                }
            }
        }
        rows.push(own);
    }
    let bands = parts.into_iter().map(|(shift, ranges)| {
        let (from, to) = united(&ranges, needed)?;
        Some(Band { shift, from, to })
    });
    let bands: Vec<Band> = bands.collect::<Option<_>>()?;
    let number = |group: &Group, (row, shift): &(Dimension, Dimension)| {
        let own = bands.iter().position(|band| band.shift == *shift);
        let mut bent = Bent { straight: Dimension::number(0), bends: Vec::new() };
        for (at, band) in bands.iter().enumerate() {
            let is_before = own.is_some_and(|own| at < own);
            let beyond = row.plus(&band.from, -1).plus(&Dimension::number(1), i64::from(is_before));
            let behind = row.plus(&band.to, -1).plus(&Dimension::number(1), i64::from(is_before));
            bent.count(&beyond, 1, &group.nest, needed);
            bent.count(&behind, -1, &group.nest, needed);
        }
        bent
    };
    let numbers = groups.iter().zip(&rows).map(|(group, rows)| rows.iter().map(|row| number(group, row)).collect());
    let numbers = numbers.collect();
    Some((bands, numbers))
}

impl Bent {
    /// Adds a dimension where it is not negative.
    fn count(&mut self, dimension: &Dimension, sign: i64, nest: &[Bound], needed: &[Dimension]) {
        let is_positive =
            |dimension: &Dimension| Bound::least_in(nest, dimension).iter().all(|least| is_positive(least, needed));
        if is_positive(dimension) {
            self.straight = self.straight.plus(dimension, sign);
        } else if !is_positive(&dimension.times(-1)) {
            self.bends.push((dimension.clone(), sign));
        }
    }
}

/// Returns the number of a row or column among all, if it is a dimension.
fn flat(side: &Side, blocks: &[Extents]) -> Option<Dimension> {
    let mut number = Dimension::number(0);
    for block in &blocks[..side.block] {
        number = number.plus(&block.rows.product(&block.columns), 1);
    }
    let [row, column] = &side.place;
    if row.given.is_some() || column.given.is_some() {
        return None;
    }
    let start = row.offset.product(&blocks[side.block].columns);
    Some(number.plus(&start, 1).plus(&column.offset, 1))
}

/// Returns the range that others make together without a gap, if it is known which of their ends are the outermost.
fn united(ranges: &[Range], needed: &[Dimension]) -> Option<Range> {
    let is_first = |from: &&Dimension| ranges.iter().all(|(own, _)| is_positive(&own.plus(from, -1), needed));
    let is_last = |to: &&Dimension| ranges.iter().all(|(_, own)| is_positive(&to.plus(own, -1), needed));
    let from = ranges.iter().map(|(from, _)| from).find(is_first)?;
    let to = ranges.iter().map(|(_, to)| to).find(is_last)?;
    let mut open: Vec<&Range> = ranges.iter().collect();
    let mut covered = vec![from];
    while !open.is_empty() {
        let is_next = |range: &&Range| covered.iter().any(|end| !is_gap(&end.plus(&range.0, -1)));
        let next = open.remove(open.iter().position(is_next)?);
        covered.push(&next.1);
    }
    Some((from.clone(), to.clone()))
}

/// Tells whether a dimension is known not to be negative, if others are not.
fn is_positive(dimension: &Dimension, needed: &[Dimension]) -> bool {
    let is_sure = |dimension: &Dimension| !dimension.may_be_negative();
    is_sure(dimension) || needed.iter().any(|needed| is_sure(&dimension.plus(needed, -1)))
}

/// Tells whether what lies between two ranges is negative for large sizes.
fn is_gap(overlap: &Dimension) -> bool {
    match overlap.as_number() {
        Some(overlap) => overlap < 0,
        None => overlap.terms().any(|(_, count)| count < 0),
    }
}

/// Returns the place of a diagonal among others, if it is known which are left of it.
fn place_in_order(bands: &[(Dimension, Vec<Range>)], shift: &Dimension) -> Option<usize> {
    let orders: Option<Vec<Ordering>> = bands.iter().map(|(own, _)| sign(&own.plus(shift, -1), &[])).collect();
    Some(orders?.into_iter().take_while(|order| *order == Ordering::Less).count())
}
