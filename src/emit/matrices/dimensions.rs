//! Dimensions in Rust: what is added stands before what is taken away, so that no part of the number is negative.

use crate::graph::{Dimension, Polynomial, Rational, factors};
use indexmap::IndexMap;

/// Writes a dimension; `sizes` tells how the names are written.
pub(super) fn written(dimension: &Dimension, sizes: &IndexMap<String, String>) -> String {
    let (added, taken) = sides(dimension, sizes);
    taken.into_iter().fold(added, |text, term| format!("{text} - {term}"))
}

/// Writes the end of a range, which is 0 where the dimension is negative.
pub(super) fn end(dimension: &Dimension, sizes: &IndexMap<String, String>) -> String {
    let (added, taken) = sides(dimension, sizes);
    match taken.as_slice() {
        [] => added,
        _ if added.contains(' ') => format!("({added}).saturating_sub({})", taken.join(" + ")),
        _ => format!("{added}.saturating_sub({})", taken.join(" + ")),
    }
}

/// Writes a polynomial that is a whole number, and not negative.
pub(super) fn whole_number(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> String {
    let (added, taken, parts) = summed(polynomial, sizes);
    let sum = taken.into_iter().fold(added, |text, term| format!("{text} - {term}"));
    if parts == 1 { sum } else { format!("({sum}) / {parts}") }
}

/// Writes a polynomial that is a whole number, or negative where some range ends before it begins: it is 0 then.
pub(super) fn counted(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> String {
    let (added, taken, parts) = summed(polynomial, sizes);
    let sum = match taken.as_slice() {
        [] => added,
        _ if added.contains(' ') => format!("({added}).saturating_sub({})", taken.join(" + ")),
        _ => format!("{added}.saturating_sub({})", taken.join(" + ")),
    };
    match parts {
        1 => sum,
        _ if taken.is_empty() && sum.contains(' ') => format!("({sum}) / {parts}"),
        _ => format!("{sum} / {parts}"),
    }
}

/// Writes what is added and what is taken away in a polynomial, all of it times the last number.
fn summed(polynomial: &Polynomial, sizes: &IndexMap<String, String>) -> (String, Vec<String>, i64) {
    let parts = polynomial.terms().filter_map(|(_, coefficient)| coefficient.denominator().to_integer());
    let parts = parts.fold(1, num_integer::lcm);
    let (mut added, mut taken) = (Vec::new(), Vec::new());
    for (names, coefficient) in polynomial.terms() {
        let count = coefficient.multiply(&Rational::integer(parts)).to_integer().unwrap_or_default();
        let names = names.iter().map(|name| sizes.get(name).map_or(name.clone(), String::clone));
        let number = (count.abs() != 1 || names.len() == 0).then(|| count.abs().to_string());
        let term = number.into_iter().chain(names).collect::<Vec<_>>().join(" * ");
        if count < 0 { taken.push(term) } else { added.push(term) }
    }
    if added.is_empty() {
        added.push("0".to_string());
    }
    (added.join(" + "), taken, parts)
}

/// A condition that sizes meet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    /// The condition in Rust.
    pub holds: String,
    /// Its opposite.
    pub fails: String,
    /// What is said where it fails.
    message: String,
}

impl Check {
    fn new(large: &str, small: &str, message: String) -> Self {
        Check { holds: format!("{large} >= {small}"), fails: format!("{large} < {small}"), message }
    }

    /// Writes what ends the program where the condition fails.
    pub fn assertion(&self) -> String {
        format!("::core::assert!({}, \"{}\");", self.holds, self.message)
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
            let check = Check::new(&added, &taken.join(" + "), format!("`{dimension}` is not negative"));
            if !others.contains(&check) {
                others.push(check);
            }
        }
    }
    let needed = sizes.iter().filter_map(|(name, rust)| Some((name, rust, least.get(name.as_str())?)));
    let needed =
        needed.map(|(name, rust, least)| Check::new(rust, &least.to_string(), format!("`{name}` is at least {least}")));
    needed.chain(others).collect()
}

/// Writes the sum of what is added, and each term that is taken away.
pub(super) fn sides(dimension: &Dimension, sizes: &IndexMap<String, String>) -> (String, Vec<String>) {
    let term = |(term, count): (&str, i64)| {
        let names = factors(term).map(|name| sizes.get(name).map_or(name, String::as_str));
        let product = names.collect::<Vec<_>>().join(" * ");
        if count.abs() == 1 { product } else { format!("{} * {product}", count.abs()) }
    };
    let mut added: Vec<String> = dimension.terms().filter(|(_, count)| *count > 0).map(term).collect();
    let mut taken: Vec<String> = dimension.terms().filter(|(_, count)| *count < 0).map(term).collect();
    match dimension.constant() {
        0 if !added.is_empty() => {}
        constant if constant < 0 => taken.push(constant.unsigned_abs().to_string()),
        constant => added.push(constant.to_string()),
    }
    if added.is_empty() {
        added.push("0".to_string());
    }
    (added.join(" + "), taken)
}
