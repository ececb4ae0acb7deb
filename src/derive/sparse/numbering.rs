//! Numbers for the entries of a sparse matrix: which one a loop writes next.

use super::order::{Side, compared, is_never_negative};
use super::{Group, Layout, Nonzero};
use crate::graph::{Bound, Dimension, Polynomial, Rational};
use std::cmp::Ordering;

/// Which number each entry has.
#[derive(Clone, Debug)]
pub struct Numbering {
    /// How many there are.
    pub total: Polynomial,
    /// For each group, the number of its first entry for each value of the indices; the others follow.
    pub starts: Vec<Polynomial>,
    /// What is not negative, if these numbers are right.
    pub needed: Vec<Dimension>,
}

/// Numbers the entries in the order in which loops write them, if there is a formula for that.
pub fn numbered(groups: &[Group]) -> Option<Numbering> {
    let mut numbering = Numbering { total: Polynomial::default(), starts: Vec::new(), needed: Vec::new() };
    for Group { nest, entries } in groups {
        let mut start = numbering.total.clone();
        let mut own = Polynomial::number(Rational::integer(entries.len() as i64));
        for (level, Bound { index, from, to }) in nest.iter().enumerate().rev() {
            let count = to.plus(from, -1);
            if !count.is_running() {
                numbering.needed.extend(count.may_be_negative().then_some(count));
            } else if !is_never_negative(&count, &nest[..level]) {
                return None;
            }
            let name = nest[level].name();
            start = start.plus(&own.summed(name, from, index)?, &Rational::ONE);
            own = own.summed(name, from, to)?;
        }
        numbering.starts.push(start);
        numbering.total = numbering.total.plus(&own, &Rational::ONE);
    }
    Some(numbering)
}

/// Tells whether loops write the entries in the order of a layout, and none twice.
pub fn is_sorted(groups: &[Group], layout: Layout) -> bool {
    let mut end: Option<Cell> = None;
    for group in groups {
        let cells: Option<Vec<Cell>> = group.entries.iter().map(|entry| Cell::new(entry, layout)).collect();
        let Some(cells) = cells else { return false };
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else { continue };
        let is_row_sorted = cells.windows(2).all(|pair| pair[0].is_before(&pair[1], &group.nest));
        let is_loop_sorted = (0..group.nest.len()).all(|level| {
            let (around, inside) = group.nest.split_at(level + 1);
            let next = around[level].index.plus(&Dimension::number(1), 1);
            let next = first.at_ends(inside, first_value).substituted(around[level].name(), &next);
            last.at_ends(inside, last_value).is_before(&next, around)
        });
        let begin = first.at_ends(&group.nest, first_value);
        if !is_row_sorted || !is_loop_sorted || end.is_some_and(|end| !end.is_before(&begin, &[])) {
            return false;
        }
        end = Some(last.at_ends(&group.nest, last_value));
    }
    true
}

fn first_value(bound: &Bound) -> Dimension {
    bound.from.clone()
}

fn last_value(bound: &Bound) -> Dimension {
    bound.to.plus(&Dimension::number(1), -1)
}

/// An entry's row and column, or column and row; none where data decides it for another value of an index.
#[derive(Clone)]
struct Cell {
    first: Option<Side>,
    second: Option<Side>,
}

impl Cell {
    fn new(entry: &Nonzero, layout: Layout) -> Option<Cell> {
        let [first, second] = entry.sides(layout).map(|side| Some(side.clone()));
        (!entry.is_turned).then_some(Cell { first, second })
    }

    fn substituted(&self, name: &str, by: &Dimension) -> Cell {
        let changed = |side: &Option<Side>| side.as_ref().and_then(|side| side.substituted(name, by));
        Cell { first: changed(&self.first), second: changed(&self.second) }
    }

    /// Puts the ends of ranges in place of their indices, the innermost first.
    fn at_ends(&self, nest: &[Bound], end: impl Fn(&Bound) -> Dimension) -> Cell {
        nest.iter().rev().fold(self.clone(), |cell, bound| cell.substituted(bound.name(), &end(bound)))
    }

    /// Tells whether another entry comes after this one.
    fn is_before(&self, other: &Cell, nest: &[Bound]) -> bool {
        let order = |a: &Option<Side>, b: &Option<Side>| compared(a.as_ref()?, b.as_ref()?, nest);
        match order(&self.first, &other.first) {
            Some(Ordering::Equal) => order(&self.second, &other.second) == Some(Ordering::Less),
            rows => rows == Some(Ordering::Less),
        }
    }
}
