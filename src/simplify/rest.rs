//! What the match of a rule leaves, and how the right side is put into its place.

use super::language::{Classes, Monomial, Polynomial, add_monomial, add_polynomial, monomial};
use crate::graph::Rational;
use egg::Id;

/// What a match leaves: a factor of what is matched, and the other terms of the sum.
pub(super) struct Rest {
    /// The factor.
    pub factor: Monomial,
    /// The other terms, of a sum.
    pub others: Option<Vec<Monomial>>,
}

impl Rest {
    /// Tells whether what was matched is not multiplied by anything.
    pub fn is_plain(&self) -> bool {
        self.factor.factors.is_empty() && self.factor.coefficient.is_one()
    }

    /// Tells whether everything was matched, and is not multiplied by anything.
    pub fn is_nothing(&self) -> bool {
        self.is_plain() && self.is_whole()
    }

    /// Tells whether no other terms are left.
    pub fn is_whole(&self) -> bool {
        self.others.as_ref().is_none_or(Vec::is_empty)
    }

    /// Puts the right side into the place of what was matched.
    pub fn complete(self, classes: &mut Classes, right: Id) -> Option<Id> {
        let mut factor = self.factor;
        let right = classes.find(right);
        let Some(others) = self.others else {
            let right = monomial(classes, right);
            return factor.multiply_all(classes, &right).then(|| add_monomial(classes, &factor));
        };
        let mut view = Polynomial { constant: Rational::ZERO, terms: others };
        if factor.factors.is_empty() {
            let coefficient = factor.coefficient.clone();
            view.push(classes, right, &coefficient);
        } else {
            let right = monomial(classes, right);
            if !factor.multiply_all(classes, &right) {
                return None;
            }
            view.terms.push(factor);
        }
        Some(add_polynomial(classes, &view))
    }
}
