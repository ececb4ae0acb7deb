//! In which order the entries of a sparse derivative stand.

use super::{Band, Nonzero};

/// In which order entries are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// Row by row, from left to right, each entry once.
    #[default]
    Rows,
    /// Column by column, from above, each entry once.
    Columns,
    /// As loops write them: what has the same row and column is to be added up.
    Triplets,
}

impl Layout {
    /// Returns row and column, or column and row: what is counted first comes first.
    pub fn in_order<T>(self, [row, column]: [T; 2]) -> [T; 2] {
        match self {
            Layout::Columns => [column, row],
            Layout::Rows | Layout::Triplets => [row, column],
        }
    }
}

/// How entries find their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// They are written where they belong, one after the other.
    Written,
    /// They are diagonals, from left to right.
    Banded(Vec<Band>),
    /// The last parameter of the function tells which value each of them is added to.
    Merged,
}

impl Nonzero {
    /// Returns the two sides of an entry, the one that is counted first before the other.
    pub fn sides(&self, layout: Layout) -> [&super::Side; 2] {
        layout.in_order([&self.row, &self.column])
    }
}
