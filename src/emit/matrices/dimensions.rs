//! Dimensions in Rust: what is added stands before what is taken away, so that no part of the number is negative.

use crate::graph::{Comparison, Dimension, Extents, Polynomial, Rational, factors};
use crate::program::{Expression, Statement};
use indexmap::IndexMap;

/// Writes a dimension; `sizes` tells how the names are written.
pub(super) fn written(dimension: &Dimension, sizes: &IndexMap<String, String>) -> Expression {
    let (added, taken) = sides(dimension, sizes);
    less(added, taken)
}

/// Writes the end of a range, which is 0 where the dimension is negative.
pub(super) fn end(dimension: &Dimension, sizes: &IndexMap<String, String>) -> Expression {
    let (added, taken) = sides(dimension, sizes);
    cut(added, taken)
}

/// Writes a polynomial that is a whole number, and not negative.
pub(super) fn whole_number(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> Expression {
    let (added, taken, parts) = summed(polynomial, sizes);
    divided(less(added, taken), parts)
}

/// Writes a polynomial that is a whole number, or negative where some range ends before it begins: it is 0 then.
pub(super) fn counted(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> Expression {
    let (added, taken, parts) = summed(polynomial, sizes);
    divided(cut(added, taken), parts)
}

/// Takes numbers away one after the other.
fn less(added: Expression, taken: Vec<Expression>) -> Expression {
    taken.into_iter().fold(added, |number, term| number - term)
}

/// Takes numbers away, down to 0.
pub(super) fn cut(added: Expression, taken: Vec<Expression>) -> Expression {
    match total(taken) {
        Some(taken) => added.method("saturating_sub", [taken]),
        None => added,
    }
}

/// Adds up numbers; none if there are none.
pub(super) fn total(terms: impl IntoIterator<Item = Expression>) -> Option<Expression> {
    terms.into_iter().reduce(Expression::plus)
}

fn divided(number: Expression, parts: usize) -> Expression {
    if parts == 1 { number } else { number / parts }
}

/// Writes how many entries a matrix has.
pub(super) fn entries(extents: &Extents, sizes: &IndexMap<String, String>) -> Expression {
    match (extents.is_column(), extents.rows.is_one()) {
        (true, _) => written(&extents.rows, sizes),
        (_, true) => written(&extents.columns, sizes),
        _ => written(&extents.rows, sizes).times(written(&extents.columns, sizes)),
    }
}

/// Writes what is added and what is taken away in a polynomial, all of it times the last number.
fn summed(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> (Expression, Vec<Expression>, usize) {
    let parts = polynomial.terms().filter_map(|(_, coefficient)| coefficient.denominator().to_integer());
    let parts = parts.fold(1, num_integer::lcm);
    let (mut added, mut taken) = (Vec::new(), Vec::new());
    for (names, coefficient) in polynomial.terms() {
        let count = coefficient.multiply(&Rational::integer(parts)).to_integer().unwrap_or_default();
        let term = monomial(count, names.iter().map(String::as_str), sizes);
        if count < 0 { taken.push(term) } else { added.push(term) }
    }
    (total(added).unwrap_or(Expression::Whole(0)), taken, usize::try_from(parts).unwrap_or(1))
}

/// Writes the size of a number times names.
fn monomial<'n>(count: i64, names: impl Iterator<Item = &'n str>, sizes: &IndexMap<String, String>) -> Expression {
    let names = names.map(|name| Expression::from(sizes.get(name).map_or(name, String::as_str)));
    let count = Expression::Whole(usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX));
    let product = names.reduce(|product, name| product * name);
    match product {
        Some(product) if count == Expression::Whole(1) => product,
        Some(product) => count.times(product),
        None => count,
    }
}

/// A condition that sizes meet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    /// The condition.
    pub holds: Expression,
    /// Its opposite.
    pub fails: Expression,
    /// What is said where it fails.
    message: String,
}

impl Check {
    fn new(large: Expression, small: Expression, message: String) -> Self {
        let [holds, fails] = [Comparison::GreaterEqual, Comparison::Less];
        Check { holds: large.clone().compare(holds, &small), fails: large.compare(fails, small), message }
    }

    /// Writes what ends the program where the condition fails.
    pub fn assertion(&self) -> Statement {
        Statement::assert(self.holds.clone(), &self.message)
    }
}

/// Checks that dimensions are not negative.
pub(super) fn checks<'d>(
    dimensions: impl Iterator<Item = &'d Dimension>,
    sizes: &IndexMap<String, String>,
) -> Vec<Check> {
    let mut least: IndexMap<&str, i64> = IndexMap::new();
    let mut others: Vec<Check> = Vec::new();
    for dimension in dimensions.filter(|dimension| dimension.may_be_negative() && !dimension.is_running()) {
        if let Some((name, count @ 1..)) = dimension.only_name() {
            let own = least.entry(name).or_default();
            *own =
                (*own).max((-dimension.constant()).div_euclid(count) + i64::from(-dimension.constant() % count != 0));
        } else {
            let (added, taken) = sides(dimension, sizes);
            let check = Check::new(
                added,
                total(taken).unwrap_or(Expression::Whole(0)),
                format!("`{dimension}` is not negative"),
            );
            if !others.contains(&check) {
                others.push(check);
            }
        }
    }
    let needed = sizes.iter().filter_map(|(name, rust)| Some((name, rust, least.get(name.as_str())?)));
    let needed = needed.map(|(name, rust, least)| {
        let number = Expression::Whole(usize::try_from(*least).unwrap_or_default());
        Check::new(rust.into(), number, format!("`{name}` is at least {least}"))
    });
    needed.chain(others).collect()
}

/// Writes the sum of what is added, and each term that is taken away.
pub(super) fn sides(dimension: &Dimension, sizes: &IndexMap<String, String>) -> (Expression, Vec<Expression>) {
    let (mut added, mut taken) = (Vec::new(), Vec::new());
    for (term, count) in dimension.terms() {
        let term = monomial(count, factors(term), sizes);
        if count < 0 { taken.push(term) } else { added.push(term) }
    }
    match dimension.constant() {
        0 => {}
        constant => {
            let number = monomial(constant, std::iter::empty(), sizes);
            if constant < 0 { taken.push(number) } else { added.push(number) }
        }
    }
    (total(added).unwrap_or(Expression::Whole(0)), taken)
}
