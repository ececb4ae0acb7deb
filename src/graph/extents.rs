//! Dimensions of matrices: whole numbers, names, and sums of both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A number of rows or columns: a constant plus multiples of named dimensions, such as `n - 1`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Dimension {
    constant: i64,
    /// Sorted by name, without zeros.
    names: Box<[(Arc<str>, i64)]>,
}

/// What the names of running indices begin with.
const RUNNING: char = '#';

/// Sizes of named dimensions.
pub type Sizes = BTreeMap<String, usize>;

impl Dimension {
    /// Makes a fixed dimension.
    pub fn number(value: i64) -> Self {
        Dimension { constant: value, names: Box::default() }
    }

    /// Makes a named dimension.
    pub fn name(name: &str) -> Self {
        Dimension { constant: 0, names: [(Arc::from(name), 1)].into() }
    }

    /// Makes an index that runs over the rows or columns of something: a dimension whose name no user can write.
    pub fn running(name: &str) -> Self {
        Dimension::name(&format!("{RUNNING}{name}"))
    }

    /// Tells whether an index that runs is in it.
    pub fn is_running(&self) -> bool {
        self.names.iter().any(|(name, _)| Dimension::is_name_running(name))
    }

    /// Tells whether a name is that of an index that runs.
    pub fn is_name_running(name: &str) -> bool {
        name.starts_with(RUNNING)
    }

    /// Tells whether a name is in it.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|(own, _)| **own == *name)
    }

    /// Puts another dimension in place of a name.
    pub fn substituted(&self, name: &str, by: &Dimension) -> Dimension {
        match self.names.iter().find(|(own, _)| **own == *name) {
            Some((_, count)) => self.plus(&Dimension::name(name), -count).plus(by, *count),
            None => self.clone(),
        }
    }

    /// Returns the number, if no name is in it.
    pub fn as_number(&self) -> Option<i64> {
        self.names.is_empty().then_some(self.constant)
    }

    /// Tells whether the dimension is 1, whatever the names stand for.
    pub fn is_one(&self) -> bool {
        self.as_number() == Some(1)
    }

    /// Returns `self + factor·other`.
    pub fn plus(&self, other: &Dimension, factor: i64) -> Dimension {
        let mut names: BTreeMap<Arc<str>, i64> = self.names.iter().cloned().collect();
        for (name, count) in &other.names {
            *names.entry(name.clone()).or_default() += factor.saturating_mul(*count);
        }
        names.retain(|_, count| *count != 0);
        let constant = self.constant.saturating_add(factor.saturating_mul(other.constant));
        Dimension { constant, names: names.into_iter().collect() }
    }

    /// Returns `factor·self`.
    pub fn times(&self, factor: i64) -> Dimension {
        Dimension::default().plus(self, factor)
    }

    /// Returns the names in it, in order, with what each is multiplied by.
    pub fn names(&self) -> impl Iterator<Item = (&str, i64)> {
        self.names.iter().map(|(name, count)| (&**name, *count))
    }

    /// Returns the constant part.
    pub fn constant(&self) -> i64 {
        self.constant
    }

    /// Tells whether some sizes of its names make it negative.
    pub fn may_be_negative(&self) -> bool {
        self.constant < 0 || self.names.iter().any(|(_, count)| *count < 0)
    }

    /// Returns the number for given sizes of the names; none if a size is missing or the result is negative.
    pub fn evaluate(&self, sizes: &Sizes) -> Option<usize> {
        usize::try_from(self.signed(sizes)?).ok()
    }

    /// Returns the number for given sizes of the names, which may be negative; none if a size is missing.
    pub fn signed(&self, sizes: &Sizes) -> Option<i64> {
        let mut total = self.constant;
        for (name, count) in &self.names {
            let size = i64::try_from(*sizes.get(&**name)?).ok()?;
            total = total.checked_add(count.checked_mul(size)?)?;
        }
        Some(total)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, count) in &self.names {
            match (first, *count) {
                (true, 1) => write!(f, "{name}")?,
                (true, -1) => write!(f, "-{name}")?,
                (true, count) => write!(f, "{count}*{name}")?,
                (false, 1) => write!(f, " + {name}")?,
                (false, -1) => write!(f, " - {name}")?,
                (false, count) if count < 0 => write!(f, " - {}*{name}", -count)?,
                (false, count) => write!(f, " + {count}*{name}")?,
            }
            first = false;
        }
        match (first, self.constant) {
            (true, constant) => write!(f, "{constant}"),
            (false, 0) => Ok(()),
            (false, constant) if constant < 0 => write!(f, " - {}", -constant),
            (false, constant) => write!(f, " + {constant}"),
        }
    }
}

/// The numbers of rows and columns of a matrix. A vector has one column, a number one of each.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Extents {
    /// The number of rows.
    pub rows: Dimension,
    /// The number of columns.
    pub columns: Dimension,
}

impl Extents {
    /// Makes the extents of a matrix.
    pub fn new(rows: Dimension, columns: Dimension) -> Self {
        Extents { rows, columns }
    }

    /// The extents of a number.
    pub fn scalar() -> Self {
        Extents::new(Dimension::number(1), Dimension::number(1))
    }

    /// The extents of a column vector.
    pub fn column(rows: Dimension) -> Self {
        Extents::new(rows, Dimension::number(1))
    }

    /// Tells whether this is a number.
    pub fn is_scalar(&self) -> bool {
        self.rows.is_one() && self.columns.is_one()
    }

    /// Tells whether this is a column vector, or a number.
    pub fn is_column(&self) -> bool {
        self.columns.is_one()
    }

    /// Returns the number of entries, if both dimensions are numbers.
    pub fn entries(&self) -> Option<usize> {
        let number = |dimension: &Dimension| usize::try_from(dimension.as_number()?).ok();
        Some(number(&self.rows)?.saturating_mul(number(&self.columns)?))
    }

    /// Tells whether rows and columns are equally many.
    pub fn is_square(&self) -> bool {
        self.rows == self.columns
    }

    /// Returns the extents of the transpose.
    pub fn transposed(&self) -> Extents {
        Extents::new(self.columns.clone(), self.rows.clone())
    }
}

impl fmt::Display for Extents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_scalar(), self.is_column()) {
            (true, _) => write!(f, "scalar"),
            (_, true) => write!(f, "vector[{}]", self.rows),
            _ => write!(f, "matrix[{}, {}]", self.rows, self.columns),
        }
    }
}
