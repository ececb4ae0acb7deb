//! The adjugate, the transpose of the cofactors: the derivative of a determinant, also where the matrix has no inverse. Its
//! identities are those of Horn and Johnson, Matrix Analysis (2013), section 0.8.2.

use super::{ExprId, Factor, Graph, MatrixOperation as M, Rational};

impl Graph {
    /// Makes the adjugate.
    pub fn adjugate(&mut self, a: ExprId) -> ExprId {
        match self.as_matrix(a) {
            _ if self.extents(a).is_scalar() => self.integer(1),
            Some((M::Identity(_), _)) => a,
            Some((M::Transpose, [inner])) => {
                let adjugate = self.adjugate(*inner);
                self.transpose(adjugate)
            }
            Some((M::Product, factors)) if factors.iter().all(|factor| self.extents(*factor).is_square()) => {
                let factors: Vec<ExprId> = factors.to_vec();
                let adjugates: Vec<ExprId> = factors.iter().rev().map(|factor| self.adjugate(*factor)).collect();
                self.matrix_product(&adjugates)
            }
            _ => self.matrix(M::Adjugate, &[a]),
        }
    }

    /// Divides an adjugate, of which there is one among the factors, by the determinant where that stands below it: the
    /// quotient is the inverse.
    pub(super) fn product_with_adjugate(&mut self, factors: &[Factor]) -> Option<ExprId> {
        let adjugate = |graph: &Graph, id: ExprId| match graph.as_matrix(graph.as_transpose(id).unwrap_or(id)) {
            Some((M::Adjugate, [a])) => Some(*a),
            _ => None,
        };
        let (at, a) = factors
            .iter()
            .enumerate()
            .find_map(|(at, (id, exponent))| Some((at, adjugate(self, *id)?)).filter(|_| exponent.is_one()))?;
        let is_determinant = |id: ExprId| matches!(self.as_matrix(id), Some((M::Determinant, [of])) if *of == a);
        let below =
            factors.iter().position(|(id, exponent)| is_determinant(*id) && *exponent <= Rational::MINUS_ONE)?;
        let mut factors = factors.to_vec();
        factors[below].1 = factors[below].1.add(&Rational::ONE);
        let inverse = self.inverse(a);
        factors[at].0 = match self.as_transpose(factors[at].0) {
            Some(_) => self.transpose(inverse),
            None => inverse,
        };
        factors.retain(|(_, exponent)| !exponent.is_zero());
        Some(self.product(Rational::ONE, factors))
    }

    /// Returns the determinant if one of two matrices is the adjugate of the other: `A*adj(A)` is `det(A)*eye(n)`.
    pub(super) fn product_of_adjugates(&mut self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let plain = |id: ExprId| self.as_transpose(id).map_or((id, false), |inner| (inner, true));
        let ((a, a_turned), (b, b_turned)) = (plain(a), plain(b));
        let of = |of: ExprId, a: ExprId| matches!(self.as_matrix(of), Some((M::Adjugate, [inner])) if *inner == a);
        let of = if of(a, b) { Some(b) } else { Some(a).filter(|a| of(b, *a)) };
        let of = of.filter(|_| a_turned == b_turned)?;
        Some(self.determinant(of))
    }
}
