//! Sums that are the negatives of each other: `(x - 1)/(1 - x)^2` is `1/(x - 1)`.

use super::{ExprId, Factor, Graph, Node, Rational};

/// Most factors of a product that are compared with each other.
const COMPARED: usize = 16;

impl Graph {
    /// Writes a whole power of a sum as one of the opposite sum where that is a factor, too.
    pub(super) fn merge_opposites(&self, coefficient: &mut Rational, factors: &mut [Factor]) {
        let is_sum = |at: &usize| matches!(self.node(factors[*at].0), Node::Sum(..));
        let sums: Vec<usize> = (0..factors.len().min(COMPARED)).filter(is_sum).collect();
        for (place, at) in sums.iter().enumerate() {
            let (own, exponent) = factors[*at].clone();
            let other = sums[..place].iter().find(|other| self.are_opposite(own, factors[**other].0));
            if let Some(other) = other.filter(|_| exponent.is_integer()) {
                factors[*at].0 = factors[*other].0;
                if !exponent.is_even() {
                    *coefficient = coefficient.negate();
                }
            }
        }
    }

    /// Tells whether two sums of numbers are the negatives of each other.
    fn are_opposite(&self, a: ExprId, b: ExprId) -> bool {
        let (Node::Sum(first, terms), Node::Sum(second, others)) = (self.node(a), self.node(b)) else { return false };
        let mut pairs = terms.iter().zip(others);
        terms.len() == others.len()
            && *first == second.negate()
            && pairs.all(|(a, b)| a.0 == b.0 && a.1 == b.1.negate())
    }
}
