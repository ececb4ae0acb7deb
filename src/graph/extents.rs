//! Dimensions of matrices: whole numbers, names, and sums of products of both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A number of rows or columns: a constant plus multiples of named dimensions and of products of them, such as `n - 1`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Dimension {
    constant: i64,
    /// Names, and products of names in alphabetical order; sorted, without zeros.
    terms: Box<[(Arc<str>, i64)]>,
}

/// What stands between the names of a product.
const TIMES: char = '*';

/// What the names of running indices begin with.
const RUNNING: char = '#';

/// Sizes of named dimensions.
pub type Sizes = BTreeMap<String, usize>;

impl Dimension {
    /// Makes a fixed dimension.
    pub fn number(value: i64) -> Self {
        Dimension { constant: value, terms: Box::default() }
    }

    /// Makes a named dimension.
    pub fn name(name: &str) -> Self {
        Dimension { constant: 0, terms: [(Arc::from(name), 1)].into() }
    }

    /// Makes an index that runs over the rows or columns of something: a dimension whose name no user can write.
    pub fn running(name: &str) -> Self {
        Dimension::name(&format!("{RUNNING}{name}"))
    }

    /// Tells whether an index that runs is in it.
    pub fn is_running(&self) -> bool {
        self.names().any(Dimension::is_name_running)
    }

    /// Tells whether a name is that of an index that runs.
    pub fn is_name_running(name: &str) -> bool {
        name.starts_with(RUNNING)
    }

    /// Tells whether a name is in it.
    pub fn has_name(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Puts another dimension in place of a name.
    pub fn substituted(&self, name: &str, by: &Dimension) -> Dimension {
        if !self.has_name(name) {
            return self.clone();
        }
        self.terms().fold(Dimension::number(self.constant), |sum, (term, count)| {
            let factors = factors(term).map(|own| if own == name { by.clone() } else { Dimension::name(own) });
            sum.plus(&factors.fold(Dimension::number(1), |product, factor| product.product(&factor)), count)
        })
    }

    /// Returns `self·other`.
    pub fn product(&self, other: &Dimension) -> Dimension {
        let terms = |dimension: &Dimension| -> Vec<(String, i64)> {
            let own = dimension.terms().map(|(term, count)| (term.to_string(), count));
            own.chain([(String::new(), dimension.constant)]).filter(|(_, count)| *count != 0).collect()
        };
        let mut product = Dimension::default();
        for (term, count) in terms(self) {
            for (other, factor) in terms(other) {
                product = product
                    .plus(&Dimension::of_term(factors(&term).chain(factors(&other))), count.saturating_mul(factor));
            }
        }
        product
    }

    /// Makes the product of names; without names it is 1.
    pub fn of_term<'n>(names: impl Iterator<Item = &'n str>) -> Dimension {
        let mut names: Vec<&str> = names.collect();
        if names.is_empty() {
            return Dimension::number(1);
        }
        names.sort_unstable();
        Dimension::name(&names.join("*"))
    }

    /// Returns what a name is multiplied by, if it stands in no product with itself.
    pub fn slope(&self, name: &str) -> Dimension {
        let own = self.terms().filter(|(term, _)| factors(term).any(|own| own == name));
        own.fold(Dimension::default(), |slope, (term, count)| {
            slope.plus(&Dimension::of_term(factors(term).filter(|own| *own != name)), count)
        })
    }

    /// Returns what a name stands for where the dimension is 0, if that is a dimension, too.
    pub fn root(&self, name: &str) -> Option<Dimension> {
        let slope = self.slope(name);
        let rest = self.substituted(name, &Dimension::number(0)).times(-1);
        let root = rest.quotient(&slope)?;
        (self.substituted(name, &root) == Dimension::number(0)).then_some(root)
    }

    /// Returns `self/by` where `by` is one number or product of names that all terms are multiples of.
    pub fn quotient(&self, by: &Dimension) -> Option<Dimension> {
        let (divisor, count) = match (by.constant, &*by.terms) {
            (count, []) => ("", count),
            (0, [(term, count)]) => (&**term, *count),
            _ => return None,
        };
        let mut quotient = Dimension::default();
        let constant = (self.constant != 0).then_some(("", self.constant));
        for (term, own) in self.terms().chain(constant) {
            let mut rest: Vec<&str> = factors(term).collect();
            for factor in factors(divisor) {
                rest.remove(rest.iter().position(|own| *own == factor)?);
            }
            let whole = own.checked_rem(count)? == 0;
            quotient = quotient.plus(&Dimension::of_term(rest.into_iter()), own.checked_div(count).filter(|_| whole)?);
        }
        Some(quotient)
    }

    /// Returns the number, if no name is in it.
    pub fn as_number(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// Tells whether the dimension is 1, whatever the names stand for.
    pub fn is_one(&self) -> bool {
        self.as_number() == Some(1)
    }

    /// Returns `self + factor·other`.
    pub fn plus(&self, other: &Dimension, factor: i64) -> Dimension {
        let mut terms: BTreeMap<Arc<str>, i64> = self.terms.iter().cloned().collect();
        for (term, count) in &other.terms {
            *terms.entry(term.clone()).or_default() += factor.saturating_mul(*count);
        }
        terms.retain(|_, count| *count != 0);
        let constant = self.constant.saturating_add(factor.saturating_mul(other.constant));
        Dimension { constant, terms: terms.into_iter().collect() }
    }

    /// Returns `factor·self`.
    pub fn times(&self, factor: i64) -> Dimension {
        Dimension::default().plus(self, factor)
    }

    /// Returns the names in it, in order; those in products as often as there are such.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().flat_map(|(term, _)| factors(term))
    }

    /// Returns names and products of names, in order, with what each is multiplied by.
    pub fn terms(&self) -> impl Iterator<Item = (&str, i64)> {
        self.terms.iter().map(|(term, count)| (&**term, *count))
    }

    /// Returns the only name in it and what that is multiplied by, if it is in no product and there is no other.
    pub fn only_name(&self) -> Option<(&str, i64)> {
        match &*self.terms {
            [(name, count)] if !name.contains(TIMES) => Some((name, *count)),
            _ => None,
        }
    }

    /// Tells whether it is one product of names and a positive number.
    pub fn is_product(&self) -> bool {
        self.constant == 0 && matches!(&*self.terms, [(_, 1..)])
    }

    /// Returns the constant part.
    pub fn constant(&self) -> i64 {
        self.constant
    }

    /// Tells whether some sizes of its names make it negative.
    pub fn may_be_negative(&self) -> bool {
        self.constant < 0 || self.terms.iter().any(|(_, count)| *count < 0)
    }

    /// Returns the number for given sizes of the names; none if a size is missing or the result is negative.
    pub fn evaluate(&self, sizes: &Sizes) -> Option<usize> {
        usize::try_from(self.signed(sizes)?).ok()
    }

    /// Returns the number for given sizes of the names, which may be negative; none if a size is missing.
    pub fn signed(&self, sizes: &Sizes) -> Option<i64> {
        let mut total = self.constant;
        for (term, count) in &self.terms {
            let product = factors(term)
                .try_fold(*count, |product, name| product.checked_mul(i64::try_from(*sizes.get(name)?).ok()?));
            total = total.checked_add(product?)?;
        }
        Some(total)
    }
}

/// Returns the names of a product.
pub fn factors(term: &str) -> impl Iterator<Item = &str> {
    term.split(TIMES).filter(|name| !name.is_empty())
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, count) in &self.terms {
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
