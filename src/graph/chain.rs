//! Products of matrices while they are brought into canonical form, and columns and rows that are repeated to fill a
//! matrix. Transposes stand outside of what works entry by entry.

use super::{ExprId, Extents, Factor, Graph, MatrixOperation as M, Node, Rational, Term};

/// A product of matrices while it is brought into canonical form.
pub(super) struct Chain {
    /// An exact factor.
    pub coefficient: Rational,
    /// Factors that are numbers.
    pub scalars: Vec<Factor>,
    /// The matrices, in order.
    pub factors: Vec<ExprId>,
}

impl Default for Chain {
    fn default() -> Self {
        Chain { coefficient: Rational::ONE, scalars: Vec::new(), factors: Vec::new() }
    }
}

impl Chain {
    /// Adds a factor on the right.
    pub fn push(&mut self, graph: &mut Graph, id: ExprId) {
        let (scalars, rest) = graph.split_scalars(id);
        self.scalars.extend(scalars);
        if graph.extents(rest).is_scalar() {
            self.scalars.push((rest, Rational::ONE));
            return;
        }
        match graph.node(rest).clone() {
            Node::Number(value) => self.coefficient = self.coefficient.multiply(&value),
            Node::Matrix(operation, operands) => match (*operation, &operands[..]) {
                (M::Product, inner) => inner.iter().for_each(|factor| self.push(graph, *factor)),
                (M::Identity(_), _) => {}
                (M::Full(value, extents), _) => {
                    self.coefficient = self.coefficient.multiply(&value);
                    let ones = graph.full(Rational::ONE, extents);
                    self.meet(graph, ones);
                }
                _ => self.meet(graph, rest),
            },
            _ => self.meet(graph, rest),
        }
    }

    /// Adds a matrix, merging it with the one to its left where that is simpler.
    fn meet(&mut self, graph: &mut Graph, next: ExprId) {
        let Some(last) = self.factors.last().copied() else { return self.factors.push(next) };
        if graph.are_inverse(last, next) {
            self.factors.pop();
            return;
        }
        if let Some(determinant) = graph.product_of_adjugates(last, next) {
            self.factors.pop();
            return self.scalars.push((determinant, Rational::ONE));
        }
        let diagonal = |graph: &Graph, id: ExprId| match graph.as_matrix(id) {
            Some((M::Diagonal, [v])) => Some(*v),
            _ => None,
        };
        let merged = match (diagonal(graph, last), diagonal(graph, next)) {
            // diag(v)*(I - 1*w') is diag(v) - v*w'.
            (Some(_), None) if has_identity(graph, next) => {
                let Node::Sum(_, terms) = graph.node(next).clone() else { return self.factors.push(next) };
                let terms = terms.iter().map(|(term, k)| (graph.matrix_product(&[last, *term]), k.clone())).collect();
                Some(graph.sum(Rational::ZERO, terms))
            }
            (Some(v), Some(w)) => {
                let both = graph.multiply(v, w);
                Some(graph.diagonal(both))
            }
            (Some(v), None) if graph.extents(next).is_column() => {
                let product = graph.multiply(v, next);
                Some(graph.spread(product, &graph.extents(next)))
            }
            (None, Some(w)) if graph.extents(last).rows.is_one() => {
                let turned = graph.transpose(last);
                let product = graph.multiply(turned, w);
                Some(graph.transpose(product))
            }
            _ => None,
        };
        if let Some(merged) = merged {
            self.factors.pop();
            return self.push(graph, merged);
        }
        if graph.is_ones(last) && graph.is_ones(next) {
            let (left, right) = (graph.extents(last), graph.extents(next));
            self.factors.pop();
            let size = graph.construct_matrix(&M::Size(left.columns), &[]);
            self.scalars.push((size, Rational::ONE));
            let ones = graph.ones(left.rows, right.columns);
            if graph.extents(ones).is_scalar() {
                return;
            }
            return self.factors.push(ones);
        }
        self.factors.push(next);
    }

    /// Takes out what is a number inside of the product: in `a·b'·c·d'` that is `b'·c`.
    pub fn pull_numbers(&mut self, graph: &mut Graph) {
        let mut start = 0;
        while start < self.factors.len() {
            if !graph.extents(self.factors[start]).rows.is_one() {
                start += 1;
                continue;
            }
            let end = (start..self.factors.len()).find(|at| graph.extents(self.factors[*at]).columns.is_one());
            match end {
                Some(end) if end - start + 1 < self.factors.len() => {
                    let inner: Vec<ExprId> = self.factors.drain(start..=end).collect();
                    let number = graph.matrix_product(&inner);
                    self.scalars.push((number, Rational::ONE));
                    start = 0;
                }
                _ => start += 1,
            }
        }
    }

    /// Writes the sum of the entries of `a .* b` as `a'·b`.
    pub fn sum_entries(&mut self, graph: &mut Graph) {
        let [left, right] = self.factors[..] else { return };
        let (ones, v) = match (graph.is_ones(left), graph.is_ones(right)) {
            (true, _) => (left, right),
            (_, true) => {
                let v = graph.transpose(left);
                (graph.transpose(right), v)
            }
            _ => return,
        };
        if !graph.extents(ones).rows.is_one() || !graph.extents(v).is_column() {
            return;
        }
        let Node::Product(factors) = graph.node(v).clone() else { return };
        let two = Rational::integer(2);
        let pair = match &factors[..] {
            [(a, one), (b, other)] if one.is_one() && other.is_one() => Some((*a, *b)),
            [(a, exponent)] if *exponent == two => Some((*a, *a)),
            _ => None,
        };
        // A number that is repeated for every entry is no column.
        let column = graph.extents(v);
        if let Some((a, b)) = pair.filter(|(a, b)| graph.extents(*a) == column && graph.extents(*b) == column) {
            self.factors = vec![graph.transpose(a), b];
        }
    }
}

/// Tells whether a sum has the identity among its terms, and no number that is repeated for every entry.
fn has_identity(graph: &Graph, id: ExprId) -> bool {
    let Node::Sum(constant, terms) = graph.node(id) else { return false };
    constant.is_zero()
        && terms.iter().all(|(term, _)| !graph.extents(*term).is_scalar())
        && terms.iter().any(|(term, _)| matches!(graph.as_matrix(*term), Some((M::Identity(_), _))))
}

impl Graph {
    /// Makes an inner product of which factors cancel: `p'*(y ./ p)` is `sum(y)`.
    pub(super) fn product_that_cancels(&mut self, factors: &[ExprId]) -> Option<ExprId> {
        let [left, right] = *factors else { return None };
        if self.is_strict() || !self.extents(left).rows.is_one() || !self.extents(right).is_column() {
            return None;
        }
        let left = self.transpose(left);
        let divides = |graph: &Graph, quotient: ExprId, by: ExprId| {
            let Node::Product(factors) = graph.node(quotient) else { return false };
            factors.iter().any(|(base, exponent)| *base == by && exponent.is_negative())
        };
        if !divides(self, left, right) && !divides(self, right, left) {
            return None;
        }
        let of = |graph: &Graph, id: ExprId| match graph.node(id) {
            Node::Product(factors) => factors.to_vec(),
            _ => vec![(id, Rational::ONE)],
        };
        let factors = of(self, left).into_iter().chain(of(self, right)).collect();
        let entries = self.product(Rational::ONE, factors);
        let entries = self.spread(entries, &self.extents(left));
        Some(self.total(entries))
    }

    /// Makes a product, entry by entry, in which an identity stands more than once, or is raised to a power: its entries
    /// are their own powers. None if there is nothing to do.
    pub(super) fn product_with_identity(&mut self, factors: &[Factor]) -> Option<ExprId> {
        let is_identity = |(id, exponent): &Factor| {
            !exponent.is_negative() && matches!(self.as_matrix(*id), Some((M::Identity(_), _)))
        };
        let (identities, mut others): (Vec<Factor>, Vec<Factor>) = factors.iter().cloned().partition(is_identity);
        let (identity, exponent) = identities.first()?;
        if identities.len() == 1 && exponent.is_one() {
            return None;
        }
        others.push((*identity, Rational::ONE));
        Some(self.product(Rational::ONE, others))
    }

    /// Makes the product, entry by entry, of factors of which some are columns or rows that are repeated to fill a
    /// matrix: `v*ones(m)' .* A` is `diag(v)*A`. None if there are no such factors.
    pub(super) fn product_with_repeated(&mut self, factors: &[Factor], extents: &Extents) -> Option<ExprId> {
        if extents.is_column() || extents.rows.is_one() {
            return None;
        }
        let (mut columns, mut rows, mut rest, mut scalars) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (base, exponent) in factors {
            let repeated = match self.as_matrix(*base) {
                Some((M::Product, [left, right])) if self.is_ones(*right) && self.extents(*left).is_column() => {
                    Some((*left, true))
                }
                Some((M::Product, [left, right])) if self.is_ones(*left) && self.extents(*right).rows.is_one() => {
                    Some((*right, false))
                }
                _ => None,
            };
            match repeated {
                Some((column, true)) => columns.push((column, exponent.clone())),
                Some((row, false)) => rows.push((self.transpose(row), exponent.clone())),
                None if self.extents(*base).is_scalar() => scalars.push((*base, exponent.clone())),
                None => rest.push((*base, exponent.clone())),
            }
        }
        let alone = matches!((&columns[..], &rows[..], &rest[..]), ([(_, exponent)], [], []) | ([], [(_, exponent)], []) if exponent.is_one());
        if alone || (columns.is_empty() && rows.is_empty()) {
            return None;
        }
        let (columns, rows) = (self.product(Rational::ONE, columns), self.product(Rational::ONE, rows));
        let matrix = if rest.is_empty() {
            let left = self.spread(columns, &Extents::column(extents.rows.clone()));
            let right = self.spread(rows, &Extents::column(extents.columns.clone()));
            let right = self.transpose(right);
            self.matrix_product(&[left, right])
        } else {
            let mut chain = vec![self.product(Rational::ONE, rest)];
            if !self.extents(columns).is_scalar() {
                chain.insert(0, self.diagonal(columns));
            }
            if !self.extents(rows).is_scalar() {
                let diagonal = self.diagonal(rows);
                chain.push(diagonal);
            }
            self.matrix_product(&chain)
        };
        scalars.push((matrix, Rational::ONE));
        Some(self.product(Rational::ONE, scalars))
    }

    /// Makes the logarithm of the sum of the exponentials of each row. What is added to a whole row is added to the result:
    /// of `A + c*ones(m)'` that is c.
    pub(super) fn log_sum_exp_of_rows(&mut self, a: ExprId) -> ExprId {
        let extents = self.extents(a);
        if extents.is_column() {
            return a;
        }
        if extents.rows.is_one() {
            return self.matrix(M::LogSumExp, &[a]);
        }
        let Node::Sum(constant, terms) = self.node(a).clone() else {
            return self.matrix(M::LogSumExpOfRows, &[a]);
        };
        let repeated = |graph: &Graph, id: ExprId| match graph.as_matrix(id) {
            Some((M::Product, [column, row])) if graph.is_ones(*row) && graph.extents(*column).is_column() => {
                Some(*column)
            }
            _ => None,
        };
        let (outside, inside): (Vec<Term>, Vec<Term>) =
            terms.iter().cloned().partition(|(term, _)| repeated(self, *term).is_some());
        if outside.is_empty() || inside.iter().all(|(term, _)| self.extents(*term).is_scalar()) {
            return self.matrix(M::LogSumExpOfRows, &[a]);
        }
        let inside = self.sum(constant, inside);
        let total = self.log_sum_exp_of_rows(inside);
        let columns = outside.into_iter().filter_map(|(term, k)| Some((repeated(self, term)?, k)));
        let terms = columns.chain([(total, Rational::ONE)]).collect();
        self.sum(Rational::ZERO, terms)
    }

    /// Multiplies transposes entry by entry: the transpose of the product.
    pub(super) fn product_of_turned(&mut self, factors: &[Factor]) -> Option<ExprId> {
        let turned = self.all_turned(factors.iter().map(|(id, _)| id))?;
        let inner = turned.into_iter().zip(factors).map(|(id, (_, exponent))| (id, exponent.clone()));
        let (mut numbers, inner): (Vec<Factor>, Vec<Factor>) = inner.partition(|(id, _)| self.extents(*id).is_scalar());
        if let [(_, exponent)] = inner.as_slice()
            && exponent.is_one()
        {
            return None;
        }
        let inner = self.product(Rational::ONE, inner);
        numbers.push((self.transpose(inner), Rational::ONE));
        Some(self.product(Rational::ONE, numbers))
    }

    /// Returns the operands of the transposes that all operands are, except for numbers; none if there is no transpose.
    pub(super) fn all_turned<'a>(&self, operands: impl Iterator<Item = &'a ExprId>) -> Option<Vec<ExprId>> {
        if !self.has_matrices() {
            return None;
        }
        let mut found = false;
        let turned = operands.map(|id| match self.as_transpose(*id) {
            Some(inner) => {
                found = true;
                Some(inner)
            }
            None => self.extents(*id).is_scalar().then_some(*id),
        });
        let turned: Option<Vec<ExprId>> = turned.collect();
        turned.filter(|_| found)
    }
}
