//! Determinants and inverses written out in the entries of a matrix, by cofactors along the first row.

use super::gates::Gates;
use crate::graph::{ExprId, Rational};

/// Most rows of which determinant and inverse are written out.
pub const WRITTEN_OUT: usize = 3;

impl Gates<'_> {
    fn minor(&mut self, a: &[ExprId], n: usize, row: usize, column: usize) -> ExprId {
        let kept = (0..n).filter(|r| *r != row).flat_map(|r| (0..n).filter(|c| *c != column).map(move |c| r * n + c));
        let entries: Vec<ExprId> = kept.map(|at| a[at]).collect();
        self.determinant(&entries, n - 1)
    }

    /// Expands a determinant of n rows along the first one.
    pub fn determinant(&mut self, a: &[ExprId], n: usize) -> ExprId {
        match n {
            0 => self.graph.integer(1),
            1 => a[0],
            _ => {
                let terms: Vec<(ExprId, bool)> = (0..n)
                    .map(|column| {
                        let minor = self.minor(a, n, 0, column);
                        let product = self.product(&[(a[column], Rational::ONE), (minor, Rational::ONE)]);
                        (product, column % 2 == 1)
                    })
                    .collect();
                self.sum(&terms)
            }
        }
    }

    /// Divides the cofactors by the determinant.
    pub fn inverse(&mut self, a: &[ExprId], n: usize) -> Vec<ExprId> {
        let determinant = self.determinant(a, n);
        let cofactors = self.adjugate(a, n);
        cofactors.into_iter().map(|cofactor| self.quotient(cofactor, determinant)).collect()
    }

    /// Transposes the cofactors.
    pub fn adjugate(&mut self, a: &[ExprId], n: usize) -> Vec<ExprId> {
        let mut entries = Vec::with_capacity(n * n);
        for row in 0..n {
            for column in 0..n {
                let minor = self.minor(a, n, column, row);
                entries.push(self.sum(&[(minor, (row + column) % 2 == 1)]));
            }
        }
        entries
    }
}
