//! The factors of a monomial: classes with exponents, sorted by class.
//!
//! Monomials have few factors and are copied often, so a short sorted list serves better than a tree.

use crate::graph::Rational;
use egg::Id;
use std::ops::Deref;

/// Classes with exponents, each class once, in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Factors(Vec<(Id, Rational)>);

impl Factors {
    /// Makes a single factor.
    pub fn single(base: Id, exponent: Rational) -> Self {
        Factors(vec![(base, exponent)])
    }

    /// Returns the exponent of a class.
    pub fn get(&self, base: Id) -> Option<&Rational> {
        self.place(base).ok().map(|at| &self.0[at].1)
    }

    /// Tells whether a class is among the factors.
    pub fn contains(&self, base: Id) -> bool {
        self.place(base).is_ok()
    }

    /// Sets the exponent of a class; an exponent of 0 removes it.
    pub fn set(&mut self, base: Id, exponent: Rational) {
        match self.place(base) {
            Ok(at) if exponent.is_zero() => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = exponent,
            Err(_) if exponent.is_zero() => {}
            Err(at) => self.0.insert(at, (base, exponent)),
        }
    }

    /// Removes a class and returns its exponent.
    pub fn remove(&mut self, base: Id) -> Option<Rational> {
        self.place(base).ok().map(|at| self.0.remove(at).1)
    }

    fn place(&self, base: Id) -> Result<usize, usize> {
        self.0.binary_search_by_key(&base, |(id, _)| *id)
    }
}

impl Deref for Factors {
    type Target = [(Id, Rational)];

    fn deref(&self) -> &[(Id, Rational)] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Factors {
    type Item = &'a (Id, Rational);
    type IntoIter = std::slice::Iter<'a, (Id, Rational)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
