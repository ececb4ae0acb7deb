//! Constructors of matrix operations in canonical form.
//!
//! Numbers are pulled out of products, transposes are pushed towards the parameters, what is 1 × 1 inside of a product
//! becomes a number in front of it, and identities, diagonals and inverses are worked off. The identities are those of
//! Petersen and Pedersen, The Matrix Cookbook (2012), chapters 1 and 3.

use super::chain::Chain;
use super::{Dimension, ExprId, Extents, Factor, Graph, MatrixOperation as M, Node, Rational, Scan, Term};

impl Graph {
    /// Makes an operation on matrices in canonical form.
    pub fn construct_matrix(&mut self, operation: &M, operands: &[ExprId]) -> ExprId {
        match (operation, operands) {
            (M::Product, factors) => self.matrix_product(factors),
            (M::Transpose, [a]) => self.transpose(*a),
            (M::Full(value, extents), []) => self.full(value.clone(), extents.clone()),
            (M::Identity(n), []) => self.identity(n.clone()),
            (M::Diagonal, [v]) => self.diagonal(*v),
            (M::DiagonalOf, [a]) => self.diagonal_of(*a),
            (M::Trace, [a]) => self.trace(*a),
            (M::Determinant, [a]) => self.determinant(*a),
            (M::LogDeterminant, [a]) => self.log_determinant(*a),
            (M::Inverse, [a]) => self.inverse(*a),
            (M::Adjugate, [a]) => self.adjugate(*a),
            (M::LogSumExp, [a]) if self.extents(*a).is_scalar() => *a,
            (M::LogSumExpOfRows, [a]) => self.log_sum_exp_of_rows(*a),
            (M::Slice(row, column, extents), [a]) => self.slice(*a, row.clone(), column.clone(), extents.clone()),
            (M::Embed(row, column, extents), [a]) => self.embed(*a, row.clone(), column.clone(), extents.clone()),
            (M::Stack | M::Join, [only]) => *only,
            (M::Size(n), []) => match n.as_number() {
                Some(value) => self.integer(value),
                None => self.matrix(M::Size(n.clone()), &[]),
            },
            (M::Remainder, [of, by]) => self.remainder(*of, *by),
            (M::Loop(bound), [body]) => self.looped(bound, *body),
            (M::Gather(places, extents), operands) => self.gather(places, extents, operands),
            (M::Scatter(places, extents), operands) => self.scatter(places, extents, operands),
            (M::Scan(bound, state, kept), operands) => {
                let (initial, next) = operands.split_at(operands.len() / 2);
                let (bound, initial, next) = (bound.clone(), initial.to_vec(), next.to_vec());
                self.scanned(&Scan { bound, initial, next, state: *state, kept: *kept })
            }
            (M::Extremum(_) | M::EntryProduct, [a]) if self.extents(*a).is_scalar() => *a,
            (M::FirstExtremum(_) | M::OtherProducts, [a]) if self.extents(*a).is_scalar() => self.integer(1),
            _ => self.matrix(operation.clone(), operands),
        }
    }

    /// Makes a matrix of which all entries are one number.
    pub fn full(&mut self, value: Rational, extents: Extents) -> ExprId {
        if extents.is_scalar() { self.number(value) } else { self.matrix(M::Full(value, extents), &[]) }
    }

    /// Makes a matrix of ones.
    pub fn ones(&mut self, rows: Dimension, columns: Dimension) -> ExprId {
        self.full(Rational::ONE, Extents::new(rows, columns))
    }

    /// Makes the identity.
    pub fn identity(&mut self, n: Dimension) -> ExprId {
        if n.is_one() { self.integer(1) } else { self.matrix(M::Identity(n), &[]) }
    }

    /// Gives a node that has lost its extents, because it is the same number everywhere, those extents.
    pub fn spread(&mut self, id: ExprId, extents: &Extents) -> ExprId {
        if extents.is_scalar() || !self.extents(id).is_scalar() {
            return id;
        }
        match self.as_number(id).cloned() {
            Some(value) => self.full(value, extents.clone()),
            None => {
                let ones = self.full(Rational::ONE, extents.clone());
                self.multiply(id, ones)
            }
        }
    }

    /// Makes the sum of all entries.
    pub fn total(&mut self, id: ExprId) -> ExprId {
        let extents = self.extents(id);
        let left = self.ones(Dimension::number(1), extents.rows);
        let right = self.ones(extents.columns, Dimension::number(1));
        self.matrix_product(&[left, id, right])
    }

    /// Tells whether a matrix is known to be its own transpose.
    pub fn is_symmetric(&mut self, id: ExprId) -> bool {
        self.extents(id).is_square() && self.transpose(id) == id
    }

    /// Makes the transpose.
    pub fn transpose(&mut self, id: ExprId) -> ExprId {
        let extents = self.extents(id);
        if extents.is_scalar() || self.untransposed && self.is_declared_symmetric(id) {
            return id;
        }
        match self.node(id).clone() {
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (M::Transpose, [inner]) => *inner,
                (M::Embed(..), _) if self.as_block(id).is_some() => self.turned_block(id).unwrap_or(id),
                (M::Full(value, _), _) => self.full(value, extents.transposed()),
                (M::Identity(_) | M::Diagonal, _) => id,
                (M::Product, factors) => {
                    let factors: Vec<ExprId> = factors.iter().rev().map(|factor| self.transpose(*factor)).collect();
                    self.matrix_product(&factors)
                }
                (M::Inverse | M::Adjugate, [inner]) if self.is_symmetric(*inner) => id,
                (M::Loop(bound), [body]) => {
                    let body = self.transpose(*body);
                    self.looped(&bound, body)
                }
                _ => self.matrix(M::Transpose, &[id]),
            },
            Node::Sum(constant, terms) => {
                let turned: Vec<Term> = terms.iter().map(|(term, k)| (self.transpose(*term), k.clone())).collect();
                let pushed = self.sum(constant, turned);
                let simpler = terms.len() == 1 || pushed == id || self.transposes(pushed) <= self.transposes(id);
                if simpler { pushed } else { self.matrix(M::Transpose, &[id]) }
            }
            Node::Product(factors) => {
                let (scalars, rest): (Vec<Factor>, Vec<Factor>) =
                    factors.iter().cloned().partition(|(base, _)| self.extents(*base).is_scalar());
                match rest.as_slice() {
                    [(base, exponent)] if exponent.is_one() => {
                        let base = self.transpose(*base);
                        let factors = scalars.into_iter().chain([(base, Rational::ONE)]).collect();
                        self.product(Rational::ONE, factors)
                    }
                    _ if !scalars.is_empty() => {
                        let rest = self.product(Rational::ONE, rest);
                        let rest = self.matrix(M::Transpose, &[rest]);
                        let factors = scalars.into_iter().chain([(rest, Rational::ONE)]).collect();
                        self.product(Rational::ONE, factors)
                    }
                    _ => self.entrywise_transpose(id),
                }
            }
            _ => self.entrywise_transpose(id),
        }
    }

    /// Counts the transposes among the factors of a sum's terms.
    fn transposes(&self, sum: ExprId) -> usize {
        let Node::Sum(_, terms) = self.node(sum) else { return usize::from(self.as_transpose(sum).is_some()) };
        let of_term = |term: ExprId| -> usize {
            let bases = match self.node(term) {
                Node::Product(factors) => factors.iter().map(|(base, _)| *base).collect(),
                _ => vec![term],
            };
            let factors = bases.into_iter().filter(|base| !self.extents(*base).is_scalar());
            factors.flat_map(|base| self.matrix_factors(base)).filter(|id| self.as_transpose(*id).is_some()).count()
        };
        terms.iter().map(|(term, _)| of_term(*term)).sum()
    }

    /// Transposes a function of entries: it is its own transpose if its operands are.
    fn entrywise_transpose(&mut self, id: ExprId) -> ExprId {
        let node = self.node(id).clone();
        if node.is_leaf() || !self.extents(id).is_square() {
            return self.matrix(M::Transpose, &[id]);
        }
        let mut operands = Vec::new();
        node.for_each_operand(|operand| operands.push(operand));
        let symmetric =
            operands.iter().all(|operand| self.extents(*operand).is_scalar() || self.is_symmetric(*operand));
        if symmetric { id } else { self.matrix(M::Transpose, &[id]) }
    }

    /// Makes the product of matrices, in order.
    pub fn matrix_product(&mut self, factors: &[ExprId]) -> ExprId {
        let (Some(first), Some(last)) = (factors.first(), factors.last()) else { return self.integer(1) };
        let extents = Extents::new(self.extents(*first).rows, self.extents(*last).columns);
        let mut chain = Chain::default();
        for factor in factors {
            chain.push(self, *factor);
        }
        if chain.coefficient.is_zero() {
            return self.full(Rational::ZERO, extents);
        }
        chain.pull_numbers(self);
        let running = match self.product_with_block(&chain.factors) {
            Some(product) => Some(product),
            None => {
                let product = self.product_with_running_part(&chain.factors);
                let product = product.or_else(|| self.product_that_cancels(&chain.factors));
                product.or_else(|| self.product_with_loop(&chain.factors).filter(|_| chain.factors.len() > 1))
            }
        };
        if let Some(product) = running {
            chain.scalars.push((product, Rational::ONE));
            let result = self.product(chain.coefficient, chain.scalars);
            return self.spread(result, &extents);
        }
        chain.sum_entries(self);
        let Chain { coefficient, mut scalars, factors } = chain;
        let product = match factors.as_slice() {
            [] if extents.is_scalar() => None,
            [] => Some(self.identity(extents.rows.clone())),
            [only] => Some(*only),
            _ if extents.is_scalar() => Some(self.number_product(&factors)),
            _ => Some(self.matrix(M::Product, &factors)),
        };
        scalars.extend(product.map(|product| (product, Rational::ONE)));
        let result = self.product(coefficient, scalars);
        self.spread(result, &extents)
    }

    /// Makes a product that is a number, `x'·A·y` or `y'·A'·x`, in the direction with fewer transposes.
    fn number_product(&mut self, factors: &[ExprId]) -> ExprId {
        let turned: Vec<ExprId> = factors.iter().rev().map(|factor| self.transpose(*factor)).collect();
        if let [left, right] = *factors
            && turned == factors
            && ![left, right].iter().any(|factor| self.as_transpose(*factor).is_some())
        {
            // A vector times itself, of which the transpose has gone into the terms.
            let row = self.matrix(M::Transpose, &[right]);
            return self.matrix(M::Product, &[row, right]);
        }
        let rank = |graph: &Graph, factors: &[ExprId]| {
            let transposes = factors.iter().filter(|factor| graph.as_transpose(**factor).is_some()).count();
            (transposes, factors.to_vec())
        };
        let best = if rank(self, &turned) < rank(self, factors) { &turned } else { factors };
        self.matrix(M::Product, best)
    }

    /// Makes the diagonal matrix with a vector's entries.
    pub fn diagonal(&mut self, v: ExprId) -> ExprId {
        let rows = self.extents(v).rows;
        if rows.is_one() {
            return v;
        }
        let (scalars, rest) = self.split_scalars(v);
        if let Some(matrix) = self.diagonal_of_block(rest) {
            return self.scaled_by(scalars, matrix);
        }
        let matrix = match self.as_full(rest).cloned() {
            Some(value) => {
                let identity = self.identity(rows);
                self.scale(value, identity)
            }
            None => self.matrix(M::Diagonal, &[rest]),
        };
        self.scaled_by(scalars, matrix)
    }

    /// Makes the vector of diagonal entries.
    pub fn diagonal_of(&mut self, a: ExprId) -> ExprId {
        let extents = self.extents(a);
        if extents.is_scalar() {
            return a;
        }
        match self.node(a).clone() {
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (M::Diagonal, [v]) => *v,
                (M::Identity(n), _) => self.ones(n, Dimension::number(1)),
                (M::Transpose, [inner]) => self.diagonal_of(*inner),
                (M::Full(value, _), _) => self.full(value, Extents::column(extents.rows)),
                (M::Product, [column, row]) if self.extents(*column).is_column() => {
                    let row = self.transpose(*row);
                    self.multiply(*column, row)
                }
                _ => self.matrix(M::DiagonalOf, &[a]),
            },
            Node::Sum(constant, terms) => {
                let terms = terms.iter().map(|(term, k)| (self.diagonal_of(*term), k.clone())).collect();
                let sum = self.sum(constant, terms);
                self.spread(sum, &Extents::column(extents.rows))
            }
            _ => {
                let (scalars, rest) = self.split_scalars(a);
                let inner = if scalars.is_empty() { self.matrix(M::DiagonalOf, &[a]) } else { self.diagonal_of(rest) };
                self.scaled_by(scalars, inner)
            }
        }
    }

    /// Makes the sum of the diagonal entries.
    pub fn trace(&mut self, a: ExprId) -> ExprId {
        let extents = self.extents(a);
        if extents.is_scalar() {
            return a;
        }
        match self.node(a).clone() {
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (M::Identity(n), _) => self.construct_matrix(&M::Size(n), &[]),
                (M::Full(value, _), _) => {
                    let size = self.construct_matrix(&M::Size(extents.rows), &[]);
                    self.scale(value, size)
                }
                (M::Diagonal, [v]) => self.total(*v),
                (M::Transpose, [inner]) => self.trace(*inner),
                (M::Product, [first, rest @ ..]) if self.extents(*first).is_column() => {
                    let turned: Vec<ExprId> = rest.iter().copied().chain([*first]).collect();
                    self.matrix_product(&turned)
                }
                _ => self.matrix(M::Trace, &[a]),
            },
            Node::Sum(constant, terms) if constant.is_zero() => {
                // A number stands in every entry.
                let spread: Vec<Term> =
                    terms.iter().map(|(term, k)| (self.spread(*term, &extents), k.clone())).collect();
                let terms = spread.into_iter().map(|(term, k)| (self.trace(term), k)).collect();
                self.sum(constant, terms)
            }
            _ => {
                let (scalars, rest) = self.split_scalars(a);
                let inner = if scalars.is_empty() { self.matrix(M::Trace, &[a]) } else { self.trace(rest) };
                self.scaled_by(scalars, inner)
            }
        }
    }

    /// Makes the determinant.
    pub fn determinant(&mut self, a: ExprId) -> ExprId {
        match self.as_matrix(a) {
            _ if self.extents(a).is_scalar() => a,
            Some((M::Identity(_), _)) => self.integer(1),
            Some((M::Transpose, [inner])) => self.determinant(*inner),
            _ => self.matrix(M::Determinant, &[a]),
        }
    }

    /// Makes the logarithm of a positive determinant.
    pub fn log_determinant(&mut self, a: ExprId) -> ExprId {
        match self.as_matrix(a) {
            _ if self.extents(a).is_scalar() => self.apply(crate::functions::rows::LN, &[a]),
            Some((M::Identity(_), _)) => self.integer(0),
            Some((M::Transpose, [inner])) => self.log_determinant(*inner),
            _ => self.matrix(M::LogDeterminant, &[a]),
        }
    }

    /// Makes the inverse.
    pub fn inverse(&mut self, a: ExprId) -> ExprId {
        let (scalars, rest) = self.split_scalars(a);
        if !scalars.is_empty() {
            let inner = self.inverse(rest);
            let scalars = scalars.into_iter().map(|(base, exponent)| (base, exponent.negate())).collect();
            return self.scaled_by(scalars, inner);
        }
        match self.node(a).clone() {
            _ if self.extents(a).is_scalar() => self.product(Rational::ONE, vec![(a, Rational::MINUS_ONE)]),
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (M::Identity(_), _) => a,
                (M::Inverse, [inner]) if !self.is_strict() => *inner,
                (M::Diagonal, [v]) => {
                    let reciprocal = self.product(Rational::ONE, vec![(*v, Rational::MINUS_ONE)]);
                    self.diagonal(reciprocal)
                }
                (M::Transpose, [inner]) => {
                    let inverse = self.inverse(*inner);
                    self.transpose(inverse)
                }
                (M::Product, factors) if factors.iter().all(|factor| self.extents(*factor).is_square()) => {
                    let inverses: Vec<ExprId> = factors.iter().rev().map(|factor| self.inverse(*factor)).collect();
                    self.matrix_product(&inverses)
                }
                _ => self.matrix(M::Inverse, &[a]),
            },
            _ => self.matrix(M::Inverse, &[a]),
        }
    }

    /// Makes a block of a matrix.
    pub fn slice(&mut self, a: ExprId, row: Dimension, column: Dimension, extents: Extents) -> ExprId {
        if self.extents(a) == extents {
            return a;
        }
        let (scalars, rest) = self.split_scalars(a);
        if !scalars.is_empty() {
            let block = self.slice(rest, row, column, extents);
            return self.scaled_by(scalars, block);
        }
        if let Some(part) = self.slice_of_block(a, &row, &column, &extents) {
            return part;
        }
        if extents.is_scalar()
            && let Some(entry) = self.entry_of_map(a, &row)
        {
            return entry;
        }
        match self.as_matrix(a) {
            Some((M::Full(value, _), _)) => {
                let value = value.clone();
                self.full(value, extents)
            }
            Some((M::Identity(_), _)) if extents.rows.is_one() && self.extents(a).columns == extents.columns => {
                let one = self.integer(1);
                self.embed(one, Dimension::number(0), row, extents)
            }
            Some((M::Stack, parts)) if self.stacked_part(parts, &row, &extents).is_some() => {
                self.stacked_part(parts, &row, &extents).unwrap_or(a)
            }
            Some((M::Slice(outer_row, outer_column, _), [inner])) => {
                let (row, column, inner) = (row.plus(outer_row, 1), column.plus(outer_column, 1), *inner);
                self.slice(inner, row, column, extents)
            }
            Some((M::Embed(own_row, own_column, _), [inner]))
                if *own_row == row && *own_column == column && self.extents(*inner) == extents =>
            {
                *inner
            }
            _ => self.matrix(M::Slice(row, column, extents), &[a]),
        }
    }

    /// Finds the part of a stack that begins at a row and has the given extents.
    fn stacked_part(&self, parts: &[ExprId], row: &Dimension, extents: &Extents) -> Option<ExprId> {
        let mut start = Dimension::number(0);
        for part in parts {
            if start == *row && self.extents(*part) == *extents {
                return Some(*part);
            }
            start = start.plus(&self.extents(*part).rows, 1);
        }
        None
    }

    /// Makes a matrix of zeros with another one in it.
    pub fn embed(&mut self, a: ExprId, row: Dimension, column: Dimension, extents: Extents) -> ExprId {
        if self.extents(a) == extents {
            return a;
        }
        if self.is_zero(a) {
            return self.full(Rational::ZERO, extents);
        }
        if let Some(parts) = self.as_sum_of_blocks(a) {
            let placed =
                parts.into_iter().map(|(part, k)| (self.embed(part, row.clone(), column.clone(), extents.clone()), k));
            let placed = placed.collect();
            return self.sum(Rational::ZERO, placed);
        }
        if let Some((M::Embed(own_row, own_column, _), [inner])) = self.as_matrix(a)
            && (row.is_running() || column.is_running())
        {
            let (row, column, inner) = (row.plus(own_row, 1), column.plus(own_column, 1), *inner);
            return self.embed(inner, row, column, extents);
        }
        self.matrix(M::Embed(row, column, extents), &[a])
    }

    /// Splits a matrix into factors that are numbers and the rest.
    pub fn split_scalars(&mut self, id: ExprId) -> (Vec<Factor>, ExprId) {
        let (coefficient, rest) = self.as_multiple(id);
        let mut scalars = Vec::new();
        if !coefficient.is_one() {
            let number = self.number(coefficient);
            scalars.push((number, Rational::ONE));
        }
        if let Some((scale, sum)) = self.as_scaled_sum(rest) {
            let number = self.number(scale);
            scalars.push((number, Rational::ONE));
            return (scalars, sum);
        }
        let Node::Product(factors) = self.node(rest).clone() else { return (scalars, rest) };
        let (numbers, others): (Vec<Factor>, Vec<Factor>) =
            factors.iter().cloned().partition(|(base, _)| self.extents(*base).is_scalar());
        if others.is_empty() || numbers.is_empty() {
            return (scalars, rest);
        }
        scalars.extend(numbers);
        let rest = self.product(Rational::ONE, others);
        (scalars, rest)
    }

    /// Takes the number that all terms of a sum are multiplied by out of it.
    fn as_scaled_sum(&mut self, id: ExprId) -> Option<(Rational, ExprId)> {
        let Node::Sum(constant, terms) = self.node(id).clone() else { return None };
        let scale = terms.first()?.1.abs();
        let common = terms.len() > 1 && constant.is_zero() && terms.iter().all(|(_, k)| k.abs() == scale);
        if !common || scale.is_one() || self.extents(id).is_scalar() {
            return None;
        }
        let terms: Vec<Term> = terms.iter().filter_map(|(id, k)| Some((*id, k.divide(&scale)?))).collect();
        let sum = self.sum(Rational::ZERO, terms);
        Some((scale, sum))
    }

    fn scaled_by(&mut self, scalars: Vec<Factor>, id: ExprId) -> ExprId {
        let factors = scalars.into_iter().chain([(id, Rational::ONE)]).collect();
        self.product(Rational::ONE, factors)
    }

    /// Tells whether two matrices are known to be each other's inverse.
    pub(super) fn are_inverse(&self, a: ExprId, b: ExprId) -> bool {
        let plain = |id: ExprId| self.as_transpose(id).map_or((id, false), |inner| (inner, true));
        let ((a, a_turned), (b, b_turned)) = (plain(a), plain(b));
        let inverts = |a: ExprId, b: ExprId| matches!(self.as_matrix(a), Some((M::Inverse, [inner])) if *inner == b);
        !self.is_strict() && a_turned == b_turned && (inverts(a, b) || inverts(b, a))
    }
}
