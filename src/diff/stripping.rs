//! From what a linear map does to a direction to the map's matrix: from `A·u` to `A`.

use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation, Node, Rational};
use rustc_hash::FxHashMap;

/// Returns M for an expression `M·u` that is a column or a number, if it has that form; u is the direction.
pub fn without_direction(graph: &mut Graph, along: ExprId, direction: ExprId) -> Option<ExprId> {
    Stripping::new(graph, direction).matrix_of(along)
}

/// Takes a direction out of an expression that is linear in it: from `A·u` to `A`.
struct Stripping<'a> {
    graph: &'a mut Graph,
    direction: ExprId,
    moving: FxHashMap<ExprId, bool>,
}

impl<'a> Stripping<'a> {
    fn new(graph: &'a mut Graph, direction: ExprId) -> Self {
        Stripping { graph, direction, moving: FxHashMap::default() }
    }

    fn moves(&mut self, id: ExprId) -> bool {
        if let Some(moves) = self.moving.get(&id) {
            return *moves;
        }
        let moves = self.graph.reachable(&[id]).contains(&self.direction);
        self.moving.insert(id, moves);
        moves
    }

    /// Returns M for an expression `M·u` that is a column or a number, if it has that form.
    fn matrix_of(&mut self, id: ExprId) -> Option<ExprId> {
        let rows = self.graph.extents(id).rows;
        let columns = self.graph.extents(self.direction).rows;
        if id == self.direction {
            return Some(self.graph.identity(columns));
        }
        if !self.moves(id) {
            let zero = self.graph.is_zero(id);
            return zero.then(|| self.graph.full(Rational::ZERO, Extents::new(rows, columns)));
        }
        match self.graph.node(id).clone() {
            Node::Sum(constant, terms) if constant.is_zero() => {
                let mut parts = Vec::new();
                for (term, coefficient) in terms.iter() {
                    let matrix = self.matrix_of(*term)?;
                    let matrix = match self.graph.extents(*term).is_scalar() && !rows.is_one() {
                        // A number that is repeated for every row.
                        true => {
                            let ones = self.graph.ones(rows.clone(), Dimension::number(1));
                            self.graph.matrix_product(&[ones, matrix])
                        }
                        false => matrix,
                    };
                    parts.push((matrix, coefficient.clone()));
                }
                Some(self.graph.sum(constant, parts))
            }
            Node::Product(factors) => {
                let moving: Vec<_> = factors.iter().filter(|(base, _)| self.moves(*base)).cloned().collect();
                let [(base, exponent)] = moving.as_slice() else { return None };
                if !exponent.is_one() {
                    return None;
                }
                let still = factors.iter().filter(|(other, _)| other != base).cloned().collect();
                let still = self.graph.product(Rational::ONE, still);
                let matrix = self.matrix_of(*base)?;
                let (of_base, of_still) = (self.graph.extents(*base), self.graph.extents(still));
                Some(match (of_base.is_scalar(), of_still.is_scalar()) {
                    (_, true) => self.graph.multiply(still, matrix),
                    (true, false) => self.graph.matrix_product(&[still, matrix]),
                    (false, false) => {
                        let diagonal = self.graph.diagonal(still);
                        self.graph.matrix_product(&[diagonal, matrix])
                    }
                })
            }
            Node::Select(condition, a, b) if !self.moves(condition) => {
                // As a diagonal of zeros and ones for each branch.
                let (one, zero) = (self.graph.integer(1), self.graph.integer(0));
                let mut parts = Vec::new();
                for (branch, first, second) in [(a, one, zero), (b, zero, one)] {
                    if self.graph.is_zero(branch) {
                        continue;
                    }
                    let chosen = self.graph.select(condition, first, second);
                    let matrix = self.matrix_of(branch)?;
                    let part = match (self.graph.extents(branch).is_scalar(), self.graph.extents(chosen).is_scalar()) {
                        (true, _) if !rows.is_one() => {
                            // A number that is repeated for every row.
                            let chosen = self.graph.spread(chosen, &Extents::column(rows.clone()));
                            self.graph.matrix_product(&[chosen, matrix])
                        }
                        (_, true) => self.graph.multiply(chosen, matrix),
                        (_, false) => {
                            let diagonal = self.graph.diagonal(chosen);
                            self.graph.matrix_product(&[diagonal, matrix])
                        }
                    };
                    parts.push((part, Rational::ONE));
                }
                Some(self.graph.sum(Rational::ZERO, parts))
            }
            Node::Matrix(operation, operands) => self.matrix_of_operation(id, &operation, &operands),
            _ => None,
        }
    }

    fn matrix_of_operation(&mut self, id: ExprId, operation: &MatrixOperation, operands: &[ExprId]) -> Option<ExprId> {
        match (operation, operands) {
            (MatrixOperation::Loop(bound), [body]) => {
                let (opened, body) = self.graph.open(bound, *body);
                let matrix = self.matrix_of(body)?;
                Some(self.graph.looped(&opened, matrix))
            }
            (MatrixOperation::Product, factors) => {
                let moving: Vec<usize> = (0..factors.len()).filter(|at| self.moves(factors[*at])).collect();
                let [at] = moving[..] else { return None };
                let (left, right) = (&factors[..at], &factors[at + 1..]);
                if right.is_empty() {
                    let matrix = self.matrix_of(factors[at])?;
                    let chain: Vec<ExprId> = left.iter().copied().chain([matrix]).collect();
                    return Some(self.graph.matrix_product(&chain));
                }
                if self.graph.extents(id).is_scalar() && left.is_empty() {
                    // A number is its own transpose, in which the direction comes last.
                    let turned: Vec<ExprId> = right.iter().rev().map(|factor| self.graph.transpose(*factor)).collect();
                    let row = self.graph.transpose(factors[at]);
                    let matrix = self.matrix_of(row)?;
                    let chain: Vec<ExprId> = turned.into_iter().chain([matrix]).collect();
                    return Some(self.graph.matrix_product(&chain));
                }
                // diag(u)·v = diag(v)·u
                let Some((MatrixOperation::Diagonal, [v])) = self.graph.as_matrix(factors[at]) else { return None };
                let v = *v;
                let rest = self.graph.matrix_product(right);
                if !self.graph.extents(rest).is_column() {
                    return None;
                }
                let matrix = self.matrix_of(v)?;
                let diagonal = self.graph.diagonal(rest);
                let chain: Vec<ExprId> = left.iter().copied().chain([diagonal, matrix]).collect();
                Some(self.graph.matrix_product(&chain))
            }
            (MatrixOperation::Slice(row, _, extents), [of]) if extents.is_column() => {
                let matrix = self.matrix_of(*of)?;
                let wanted = Extents::new(extents.rows.clone(), self.graph.extents(matrix).columns);
                Some(self.graph.slice(matrix, row.clone(), Dimension::number(0), wanted))
            }
            (MatrixOperation::Embed(row, _, extents), [of]) if extents.is_column() => {
                let matrix = self.matrix_of(*of)?;
                let wanted = Extents::new(extents.rows.clone(), self.graph.extents(matrix).columns);
                Some(self.graph.embed(matrix, row.clone(), Dimension::number(0), wanted))
            }
            (MatrixOperation::Stack, parts) => {
                let mut matrices = Vec::new();
                for part in parts {
                    matrices.push(self.matrix_of(*part)?);
                }
                Some(self.graph.matrix(MatrixOperation::Stack, &matrices))
            }
            _ => None,
        }
    }
}
