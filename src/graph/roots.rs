//! Even powers beside reciprocals of roots of the same base: `x^2/sqrt(x^2*y)` is `abs(x)/sqrt(y)`, which is defined at
//! `x = 0`, too.

use super::{ExprId, Factor, Graph, Node, Rational};
use crate::functions::rows;

impl Graph {
    /// Takes the even powers that products in reciprocals of roots have in common with the other factors out of the roots.
    pub(super) fn cancel_in_roots(&mut self, factors: &mut [Factor]) {
        for at in 0..factors.len() {
            let (base, exponent) = factors[at].clone();
            if !exponent.is_negative() || exponent.is_integer() {
                continue;
            }
            let (coefficient, inside) = self.as_multiple(base);
            let Node::Product(inside) = self.node(inside) else { continue };
            let mut inside = inside.to_vec();
            if coefficient.is_negative() || inside.len() < 2 {
                continue;
            }
            let Some((own, other)) = self.shared_power(&inside, factors, at, &exponent) else { continue };
            let (shared, power) = inside.remove(own);
            let rest = self.product(coefficient, inside);
            let left = factors[other].1.add(&power.multiply(&exponent));
            factors[at] = (rest, exponent);
            factors[other] = match left.is_even() {
                true => (shared, left),
                false => (self.apply(rows::ABS, &[shared]), left),
            };
            self.note("collect powers");
        }
    }

    /// Finds an even power in a root and one of the same base beside it that is at least what the root divides by: the places
    /// of both.
    fn shared_power(
        &self,
        inside: &[Factor],
        factors: &[Factor],
        at: usize,
        root: &Rational,
    ) -> Option<(usize, usize)> {
        let beside = |id: ExprId, power: &Rational| {
            let fits = |own: &Rational| own.is_even() && !own.add(&power.multiply(root)).is_negative();
            factors.iter().enumerate().position(|(other, (base, own))| other != at && *base == id && fits(own))
        };
        let even = inside.iter().enumerate().filter(|(_, (_, power))| power.is_even() && !power.is_negative());
        even.filter_map(|(own, (id, power))| Some((own, beside(*id, power)?))).next()
    }
}
