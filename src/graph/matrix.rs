//! Operations on whole matrices, and the extents of every node.
//!
//! Sums, products and functions work entry by entry on matrices of equal extents; a number beside them is repeated for
//! every entry. What mixes entries is a [`MatrixOperation`]. There is no node for broadcasts and reductions: they are
//! products with matrices of ones.

use super::{Bound, Dimension, ExprId, Extents, Graph, Input, Node, Rational, Term};
use crate::functions::rows;

/// An operation that is not entry by entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum MatrixOperation {
    /// The product of two or more matrices, in order.
    Product,
    /// Rows for columns.
    Transpose,
    /// A matrix of which all entries are this number.
    Full(Rational, Extents),
    /// The identity.
    Identity(Dimension),
    /// The diagonal matrix with a vector's entries.
    Diagonal,
    /// The vector of a matrix's diagonal entries.
    DiagonalOf,
    /// The sum of the diagonal entries.
    Trace,
    /// The determinant.
    Determinant,
    /// The logarithm of a positive determinant.
    LogDeterminant,
    /// The inverse.
    Inverse,
    /// The adjugate: the transpose of the cofactors, which is the determinant times the inverse where there is one.
    Adjugate,
    /// ln Σ exp of all entries.
    LogSumExp,
    /// The column of ln Σ exp of the entries of each row.
    LogSumExpOfRows,
    /// The block that begins at a row and a column and has these extents.
    Slice(Dimension, Dimension, Extents),
    /// A matrix of zeros with these extents in which the operand begins at a row and a column.
    Embed(Dimension, Dimension, Extents),
    /// Matrices one below the other.
    Stack,
    /// Matrices side by side.
    Join,
    /// A dimension, as a number.
    Size(Dimension),
    /// The remainder of a whole number by another, which is not negative.
    Remainder,
    /// The sum of the operand over the values of an index.
    Loop(Bound),
    /// A state of a recurrence over an index: it begins with the first half of the operands, and each value of the index makes
    /// the second half of them the next states. Which state it is, and what is kept of it.
    Scan(Bound, usize, Kept),
    /// A state of the recurrence over this index, by its number, as the step for the index's value finds it.
    State(Dimension, usize, Extents),
    /// A block of the first operand, with these extents, that begins where the other operands say: a row, a column, or both,
    /// which are whole numbers from data; where one is given here, it is there.
    Gather([Option<Dimension>; 2], Extents),
    /// A matrix of zeros with these extents in which the first operand begins at such a place.
    Scatter([Option<Dimension>; 2], Extents),
    /// The largest or the smallest entry.
    Extremum(Extreme),
    /// 1 where the first of the largest or smallest entries is, and 0 elsewhere.
    FirstExtremum(Extreme),
    /// The product of all entries.
    EntryProduct,
    /// For each entry the product of all others.
    OtherProducts,
}

/// What is kept of the states of a recurrence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kept {
    /// The state after the last step.
    Last,
    /// The states that the steps find, one below the other; a vector is a row.
    Before,
    /// The states that the steps leave, one below the other; a vector is a row.
    After,
}

/// Which entry is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Extreme {
    /// The largest.
    Largest,
    /// The smallest.
    Smallest,
}

impl Extreme {
    /// Returns the name of the function in the language.
    pub fn name(self) -> &'static str {
        match self {
            Extreme::Largest => "max",
            Extreme::Smallest => "min",
        }
    }

    /// Returns the name of the function that tells where the first such entry is.
    pub fn name_of_first(self) -> &'static str {
        match self {
            Extreme::Largest => "first_max",
            Extreme::Smallest => "first_min",
        }
    }
}

impl MatrixOperation {
    /// Calls `visit` on every dimension that the operation itself has; not on the index of a loop.
    pub(super) fn for_each_dimension(&self, mut visit: impl FnMut(&Dimension)) {
        use MatrixOperation as M;
        let mut all = |dimensions: &[&Dimension]| dimensions.iter().for_each(|dimension| visit(dimension));
        match self {
            M::Slice(row, column, extents) | M::Embed(row, column, extents) => {
                all(&[row, column, &extents.rows, &extents.columns]);
            }
            M::Gather([row, column], extents) | M::Scatter([row, column], extents) => {
                row.iter().chain(column).for_each(|place| all(&[place]));
                all(&[&extents.rows, &extents.columns]);
            }
            M::Full(_, extents) => all(&[&extents.rows, &extents.columns]),
            M::Identity(n) | M::Size(n) => all(&[n]),
            M::Loop(bound) | M::Scan(bound, ..) => all(&[&bound.from, &bound.to]),
            M::State(index, _, extents) => all(&[index, &extents.rows, &extents.columns]),
            _ => {}
        }
    }

    /// Returns the operation with other dimensions; the index of a loop stays.
    pub fn with_dimensions(&self, change: impl Fn(&Dimension) -> Dimension) -> MatrixOperation {
        use MatrixOperation as M;
        let both = |extents: &Extents| Extents::new(change(&extents.rows), change(&extents.columns));
        match self {
            M::Slice(row, column, extents) => M::Slice(change(row), change(column), both(extents)),
            M::Embed(row, column, extents) => M::Embed(change(row), change(column), both(extents)),
            M::Gather([row, column], extents) => {
                M::Gather([row.as_ref().map(&change), column.as_ref().map(&change)], both(extents))
            }
            M::Scatter([row, column], extents) => {
                M::Scatter([row.as_ref().map(&change), column.as_ref().map(&change)], both(extents))
            }
            M::Full(value, extents) => M::Full(value.clone(), both(extents)),
            M::Identity(n) => M::Identity(change(n)),
            M::Size(n) => M::Size(change(n)),
            M::Loop(bound) => M::Loop(bound.with_ends(change)),
            M::Scan(bound, state, kept) => M::Scan(bound.with_ends(change), *state, *kept),
            M::State(index, state, extents) => M::State(change(index), *state, both(extents)),
            other => other.clone(),
        }
    }
}

/// What a softmax makes add up to 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shares {
    /// All entries.
    OfAll,
    /// The entries of each row.
    OfRows,
}

impl Shares {
    /// Returns the name of the function in the language that begins with the given one.
    pub fn named(self, name: &str) -> String {
        match self {
            Shares::OfAll => name.to_string(),
            Shares::OfRows => format!("{name}_rows"),
        }
    }
}

impl Graph {
    /// Adds a parameter that is a whole vector or matrix.
    pub fn add_matrix_input(&mut self, name: &str, extents: Extents) -> ExprId {
        let id = self.add_input(Input { parameter: name.to_string(), place: Vec::new() });
        self.set_extents(id, extents);
        id
    }

    /// Makes a new input stand for a whole vector or matrix.
    pub fn give_extents(&mut self, id: ExprId, extents: Extents) {
        self.set_extents(id, extents);
    }

    /// Adds an operation on matrices exactly as it is.
    pub fn matrix(&mut self, operation: MatrixOperation, operands: &[ExprId]) -> ExprId {
        self.intern(Node::Matrix(Box::new(operation), operands.into()))
    }

    /// Works out the extents of a node from those of its operands, which go together.
    pub(super) fn infer_extents(&self, node: &Node) -> Extents {
        use MatrixOperation as M;
        if let Node::Derivative(value, by) = node {
            let (of_value, of_by) = (self.extents(*value), self.extents(*by));
            return match (of_value.is_scalar(), of_by.is_scalar()) {
                (true, _) => of_by,
                (_, true) => of_value,
                _ => Extents::new(of_value.rows, of_by.rows),
            };
        }
        let Node::Matrix(operation, operands) = node else {
            let mut joined = Extents::scalar();
            node.for_each_operand(|operand| {
                if joined.is_scalar() {
                    joined = self.extents(operand);
                }
            });
            return joined;
        };
        let of = |at: usize| operands.get(at).map_or_else(Extents::scalar, |id| self.extents(*id));
        match &**operation {
            M::Product => Extents::new(of(0).rows, of(operands.len().saturating_sub(1)).columns),
            M::Transpose => of(0).transposed(),
            M::Full(_, extents)
            | M::Slice(_, _, extents)
            | M::Embed(_, _, extents)
            | M::State(_, _, extents)
            | M::Gather(_, extents)
            | M::Scatter(_, extents) => extents.clone(),
            M::Scan(bound, state, kept) => kept.extents(&of(*state), &bound.count()),
            M::Identity(n) => Extents::new(n.clone(), n.clone()),
            M::Diagonal => Extents::new(of(0).rows, of(0).rows),
            M::DiagonalOf | M::LogSumExpOfRows => Extents::column(of(0).rows),
            M::Inverse | M::Adjugate | M::Loop(_) | M::FirstExtremum(_) | M::OtherProducts => of(0),
            M::Stack => {
                let rows = (0..operands.len()).fold(Dimension::number(0), |rows, at| rows.plus(&of(at).rows, 1));
                Extents::new(rows, of(0).columns)
            }
            M::Join => {
                let columns = (0..operands.len()).fold(Dimension::number(0), |all, at| all.plus(&of(at).columns, 1));
                Extents::new(of(0).rows, columns)
            }
            M::Trace | M::Determinant | M::LogDeterminant | M::LogSumExp | M::Size(_) | M::Remainder => {
                Extents::scalar()
            }
            M::Extremum(_) | M::EntryProduct => Extents::scalar(),
        }
    }

    /// Returns operation and operands of a node that mixes entries.
    pub fn as_matrix(&self, id: ExprId) -> Option<(&MatrixOperation, &[ExprId])> {
        match self.node(id) {
            Node::Matrix(operation, operands) => Some((operation, operands)),
            _ => None,
        }
    }

    /// Returns the operand of a transpose.
    pub fn as_transpose(&self, id: ExprId) -> Option<ExprId> {
        match self.as_matrix(id) {
            Some((MatrixOperation::Transpose, [inner])) => Some(*inner),
            _ => None,
        }
    }

    /// Returns the factors of a matrix product; of anything else, itself.
    pub fn matrix_factors(&self, id: ExprId) -> Vec<ExprId> {
        match self.as_matrix(id) {
            Some((MatrixOperation::Product, factors)) => factors.to_vec(),
            _ => vec![id],
        }
    }

    /// Returns the number that all entries of a node are, if it is known.
    pub fn as_full(&self, id: ExprId) -> Option<&Rational> {
        match self.as_matrix(id) {
            Some((MatrixOperation::Full(value, _), _)) => Some(value),
            _ => self.as_number(id),
        }
    }

    /// Tells whether all entries are 0.
    pub fn is_zero(&self, id: ExprId) -> bool {
        self.as_full(id).is_some_and(Rational::is_zero)
    }

    /// Tells whether all entries are 1.
    pub fn is_ones(&self, id: ExprId) -> bool {
        self.as_full(id).is_some_and(Rational::is_one)
    }

    /// Returns the vector or matrix of which a node is the sum of all entries.
    pub fn as_total(&self, id: ExprId) -> Option<ExprId> {
        let (MatrixOperation::Product, factors) = self.as_matrix(id)? else { return None };
        let mut summed = factors.iter().filter(|factor| !self.is_ones(**factor));
        let only = *summed.next().filter(|_| self.extents(id).is_scalar())?;
        (summed.next().is_none() && factors.len() > 1).then_some(only)
    }

    /// Returns v for `v'*v`.
    pub fn as_square(&self, id: ExprId) -> Option<ExprId> {
        let (MatrixOperation::Product, [left, right]) = self.as_matrix(id)? else { return None };
        if !self.extents(id).is_scalar() {
            return None;
        }
        match (self.as_transpose(*left), self.as_transpose(*right)) {
            (Some(inner), _) if inner == *right => Some(*right),
            (_, Some(inner)) if inner == *left => Some(*left),
            _ => None,
        }
    }

    /// Returns v for `sqrt(v'*v)`.
    pub fn as_norm(&self, id: ExprId) -> Option<ExprId> {
        match self.node(id) {
            Node::Apply(rows::SQRT, arguments) => self.as_square(arguments[0]),
            Node::Product(factors) => match &factors[..] {
                [(base, exponent)] if *exponent == Rational::HALF => self.as_square(*base),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns v for `v - logsumexp(v)`, and whether that is taken of each row.
    pub fn as_log_shares(&self, id: ExprId) -> Option<(ExprId, Shares)> {
        let Node::Sum(constant, terms) = self.node(id) else { return None };
        let total = |(term, k): &Term| self.as_total_of_shares(*term).filter(|_| k.is_minus_one());
        let at = terms.iter().position(|term| total(term).is_some())?;
        let (v, shares) = total(&terms[at])?;
        let rest: Vec<Term> = [&terms[..at], &terms[at + 1..]].concat();
        let same = match rest.as_slice() {
            [(only, k)] if k.is_one() && constant.is_zero() => *only == v,
            _ => *self.node(v) == Node::Sum(constant.clone(), rest.into()),
        };
        same.then_some((v, shares))
    }

    /// Returns v for `logsumexp(v)`, and for `logsumexp_rows(v)*ones(m)'`.
    fn as_total_of_shares(&self, id: ExprId) -> Option<(ExprId, Shares)> {
        match self.as_matrix(id)? {
            (MatrixOperation::LogSumExp, [v]) => Some((*v, Shares::OfAll)),
            (MatrixOperation::Product, [column, row]) if self.is_ones(*row) => match self.as_matrix(*column)? {
                (MatrixOperation::LogSumExpOfRows, [v]) => Some((*v, Shares::OfRows)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Tells whether a value is better not used in its own derivative: that of `logsumexp(v)` is `softmax(v)`.
    pub fn hides_shares(&self, id: ExprId) -> bool {
        use MatrixOperation as M;
        matches!(self.as_matrix(id), Some((M::LogSumExp | M::LogSumExpOfRows, _))) || self.as_log_shares(id).is_some()
    }

    /// Returns v for `exp(v - logsumexp(v))`, and whether that is taken of each row.
    pub fn as_shares(&self, id: ExprId) -> Option<(ExprId, Shares)> {
        match self.node(id) {
            Node::Apply(rows::EXP, arguments) => self.as_log_shares(arguments[0]),
            _ => None,
        }
    }
}
