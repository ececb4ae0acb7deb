//! The sign that an expression has wherever it is defined, as far as its form tells.

use super::{ExprId, Graph, Node};

/// How many levels down are looked at.
const DEPTH: usize = 8;

/// What is known of an expression's sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// At least 0.
    NonNegative,
    /// At most 0.
    NonPositive,
}

impl Sign {
    fn turned(self, turns: bool) -> Sign {
        match (self, turns) {
            (Sign::NonNegative, true) => Sign::NonPositive,
            (Sign::NonPositive, true) => Sign::NonNegative,
            (same, false) => same,
        }
    }
}

impl Graph {
    /// Returns the sign of an expression, if it has the same everywhere: squares, roots, exponentials, and sums and
    /// products of these.
    pub fn sign(&self, id: ExprId) -> Option<Sign> {
        self.sign_within(id, DEPTH)
    }

    fn sign_within(&self, id: ExprId, depth: usize) -> Option<Sign> {
        let depth = depth.checked_sub(1)?;
        let of_number = |negative: bool| Sign::NonNegative.turned(negative);
        match self.node(id) {
            Node::Number(value) => Some(of_number(value.is_negative())),
            Node::Pi => Some(Sign::NonNegative),
            Node::Sum(constant, terms) => {
                let constant = Some(constant).filter(|constant| !constant.is_zero());
                let own = constant.map(|constant| Some(of_number(constant.is_negative())));
                let signs = terms.iter().map(|(term, coefficient)| {
                    self.sign_within(*term, depth).map(|sign| sign.turned(coefficient.is_negative()))
                });
                let mut signs = own.into_iter().chain(signs);
                let first = signs.next()??;
                signs.all(|sign| sign == Some(first)).then_some(first)
            }
            Node::Product(factors) => {
                factors.iter().try_fold(Sign::NonNegative, |sign, (base, exponent)| {
                    // A root is not negative, and neither is what it is taken of.
                    if exponent.is_even() || !exponent.is_integer() {
                        return Some(sign);
                    }
                    self.sign_within(*base, depth).map(|own| own.turned(sign == Sign::NonPositive))
                })
            }
            Node::Apply(function, _) if function.row().is_non_negative() => Some(Sign::NonNegative),
            Node::Select(_, a, b) => {
                self.sign_within(*a, depth).filter(|sign| Some(*sign) == self.sign_within(*b, depth))
            }
            _ => None,
        }
    }
}
