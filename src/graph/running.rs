//! Blocks of zeros around what stands at a running place: the unit matrices along which derivatives are taken row by
//! row. What they meet is cut down to the rows and columns that they reach, so that no zeros are multiplied.

use super::{Dimension, ExprId, Extents, Factor, Graph, MatrixOperation as M, Node, Rational, Term};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A matrix that is zero but for a block at a running place.
#[derive(Clone)]
pub(super) struct Block {
    entries: ExprId,
    row: Dimension,
    column: Dimension,
    /// The extents of the whole matrix.
    whole: Extents,
}

impl Graph {
    /// Reads a matrix of zeros around a block at a running place.
    pub(super) fn as_block(&self, id: ExprId) -> Option<Block> {
        match self.as_matrix(id) {
            Some((M::Embed(row, column, whole), [entries])) if row.is_running() || column.is_running() => {
                Some(Block { entries: *entries, row: row.clone(), column: column.clone(), whole: whole.clone() })
            }
            _ => None,
        }
    }

    /// Tells whether a node is a matrix of zeros around a block at a running place.
    pub fn is_block(&self, id: ExprId) -> bool {
        self.as_block(id).is_some()
    }

    /// Reads a sum of blocks.
    pub(super) fn as_sum_of_blocks(&self, id: ExprId) -> Option<Vec<Term>> {
        let Node::Sum(constant, terms) = self.node(id) else { return None };
        let is_placed = |id: ExprId| self.is_block(id) || self.is_scatter(id);
        let all = constant.is_zero() && terms.iter().all(|(term, _)| is_placed(*term));
        all.then(|| terms.to_vec())
    }

    fn is_scatter(&self, id: ExprId) -> bool {
        matches!(self.as_matrix(id), Some((M::Scatter(..), _)))
    }

    /// Multiplies what stands at a place from data by numbers, where it stands.
    fn multiple_of_scatter(&mut self, others: &[Factor], part: ExprId) -> Option<ExprId> {
        let (operation, operands) = self.as_matrix(part).filter(|_| self.is_scatter(part))?;
        let (operation, mut operands) = (operation.clone(), operands.to_vec());
        let extents = self.extents(operands[0]);
        let factors = others.iter().cloned().chain([(operands[0], Rational::ONE)]).collect();
        let product = self.product(Rational::ONE, factors);
        operands[0] = self.spread(product, &extents);
        Some(self.construct_matrix(&operation, &operands))
    }

    /// Multiplies a sum of blocks by numbers.
    pub(super) fn multiple_of_blocks(&mut self, factors: &[Factor]) -> Option<ExprId> {
        let parts_of = |id: ExprId| match self.is_scatter(id) {
            true => Some(vec![(id, Rational::ONE)]),
            false => self.as_sum_of_blocks(id),
        };
        let is_sum = |factor: &Factor| factor.1.is_one() && parts_of(factor.0).is_some();
        let at = factors.iter().position(is_sum).filter(|_| factors.len() > 1)?;
        let parts = parts_of(factors[at].0)?;
        let others = factors.iter().enumerate().filter(|(other, _)| *other != at);
        if others.clone().any(|(_, (base, _))| !self.extents(*base).is_scalar()) {
            return None;
        }
        let others: Vec<Factor> = others.map(|(_, factor)| factor.clone()).collect();
        let multiple = |part: ExprId| others.iter().cloned().chain([(part, Rational::ONE)]).collect::<Vec<Factor>>();
        let mut scaled = Vec::new();
        for (part, k) in parts {
            let product = self.multiple_of_scatter(&others, part);
            scaled.push((product.unwrap_or_else(|| self.product(Rational::ONE, multiple(part))), k));
        }
        let parts: Vec<Term> = scaled;
        Some(self.sum(Rational::ZERO, parts))
    }

    /// Reads a sum of one matrix and blocks that are added to it in their places.
    pub fn blocks_added(&self, id: ExprId) -> Option<(ExprId, Vec<Term>)> {
        let Node::Sum(constant, terms) = self.node(id) else { return None };
        let (blocks, rest): (Vec<Term>, Vec<Term>) = terms.iter().cloned().partition(|(term, _)| self.is_block(*term));
        match rest.as_slice() {
            [(whole, one)] if one.is_one() && constant.is_zero() && !blocks.is_empty() => Some((*whole, blocks)),
            _ => None,
        }
    }

    /// Returns the running indices that each of the nodes depends on; those that depend on none are left out.
    pub fn running_among(&self, nodes: &[ExprId]) -> FxHashMap<ExprId, BTreeSet<String>> {
        nodes.iter().filter_map(|id| Some((*id, self.free_indices(*id)?.clone()))).collect()
    }

    fn is_still(&self, id: ExprId) -> bool {
        self.free_indices(id).is_none()
    }

    /// Multiplies a chain of matrices of which one is a block: from `A·E·B` to the columns of A that the block reaches,
    /// the block, and the rows of B. What does not run is multiplied first, so that it can be computed once.
    pub(super) fn product_with_block(&mut self, factors: &[ExprId]) -> Option<ExprId> {
        let at = factors.iter().position(|factor| self.as_block(*factor).is_some()).filter(|_| factors.len() > 1)?;
        let mut block = self.as_block(factors[at])?;
        let (mut left, mut right) = (factors[..at].to_vec(), factors[at + 1..].to_vec());
        let zero = Dimension::number(0);
        let inner = self.extents(block.entries);
        while let Some(v) = left.last().and_then(|factor| self.diagonal_entries(*factor)) {
            let part = self.slice(v, block.row.clone(), zero.clone(), Extents::column(inner.rows.clone()));
            let part = self.diagonal(part);
            block.entries = self.matrix_product(&[part, block.entries]);
            left.pop();
        }
        while let Some(v) = right.first().and_then(|factor| self.diagonal_entries(*factor)) {
            let part = self.slice(v, block.column.clone(), zero.clone(), Extents::column(inner.columns.clone()));
            let part = self.diagonal(part);
            block.entries = self.matrix_product(&[block.entries, part]);
            right.remove(0);
        }
        let (rows_reached, columns_reached) = (!left.is_empty(), !right.is_empty());
        let mut chain = vec![block.entries];
        if rows_reached {
            let still = left.iter().rposition(|factor| !self.is_still(*factor)).map_or(0, |at| at + 1);
            let near = left.split_off(still.min(left.len() - 1));
            // Columns are rows of the transpose, which lie side by side.
            let near = self.matrix_product(&near);
            let turned = self.transpose(near);
            let wanted = Extents::new(inner.rows.clone(), self.extents(near).rows);
            let part = self.slice(turned, block.row.clone(), zero.clone(), wanted);
            chain.insert(0, self.transpose(part));
            chain.splice(0..0, left);
        }
        if columns_reached {
            let still = right.iter().position(|factor| !self.is_still(*factor)).unwrap_or(right.len());
            let far = right.split_off(still.max(1));
            let near = self.matrix_product(&right);
            let wanted = Extents::new(inner.columns.clone(), self.extents(near).columns);
            let near = self.slice(near, block.column.clone(), zero.clone(), wanted);
            chain.push(near);
            chain.extend(far);
        }
        let product = self.matrix_product(&chain);
        let own = self.extents(product);
        let (row, rows) = if rows_reached { (zero.clone(), own.rows) } else { (block.row, block.whole.rows) };
        let (column, columns) = if columns_reached { (zero, own.columns) } else { (block.column, block.whole.columns) };
        Some(self.embed(product, row, column, Extents::new(rows, columns)))
    }

    /// Multiplies a chain in which running rows of A meet a matrix B that does not run: they are rows of A·B, which can be
    /// computed once. The same holds for running columns.
    pub(super) fn product_with_running_part(&mut self, factors: &[ExprId]) -> Option<ExprId> {
        for at in 1..factors.len() {
            let (a, b) = (factors[at - 1], factors[at]);
            let part = match self.running_rows_of_product(a, b) {
                Some(part) => part,
                None => {
                    let (a, b) = (self.transpose(a), self.transpose(b));
                    let Some(part) = self.running_rows_of_product(b, a) else { continue };
                    self.transpose(part)
                }
            };
            let chain: Vec<ExprId> =
                factors[..at - 1].iter().chain([&part]).chain(&factors[at + 1..]).copied().collect();
            return Some(self.matrix_product(&chain));
        }
        None
    }

    fn running_rows_of_product(&mut self, rows: ExprId, still: ExprId) -> Option<ExprId> {
        let (whole, row, count) = self.running_rows(rows).filter(|_| self.is_still(still))?;
        let product = self.matrix_product(&[whole, still]);
        let wanted = Extents::new(count, self.extents(product).columns);
        Some(self.slice(product, row, Dimension::number(0), wanted))
    }

    /// Reads running rows of a matrix that does not run: the matrix, the first row and how many they are.
    fn running_rows(&self, id: ExprId) -> Option<(ExprId, Dimension, Dimension)> {
        match self.as_matrix(id) {
            Some((M::Slice(row, _, extents), [whole])) if row.is_running() && self.is_still(*whole) => {
                let wide = extents.columns == self.extents(*whole).columns;
                wide.then(|| (*whole, row.clone(), extents.rows.clone()))
            }
            _ => None,
        }
    }

    fn diagonal_entries(&self, id: ExprId) -> Option<ExprId> {
        match self.as_matrix(id) {
            Some((M::Diagonal, [v])) => Some(*v),
            _ => None,
        }
    }

    /// Multiplies entry by entry where a factor is a block: what it meets is cut down to its place.
    pub(super) fn entrywise_product_with_block(&mut self, factors: &[Factor]) -> Option<ExprId> {
        let is_block = |factor: &Factor| factor.1.is_one() && self.as_block(self.as_multiple(factor.0).1).is_some();
        let at = factors.iter().position(is_block).filter(|_| factors.len() > 1)?;
        let (coefficient, id) = self.as_multiple(factors[at].0);
        let block = self.as_block(id)?;
        let inner = self.extents(block.entries);
        let mut inside: Vec<Factor> = vec![(block.entries, Rational::ONE)];
        for (other, (base, exponent)) in factors.iter().enumerate() {
            if other != at {
                let base = self.cut(*base, &block, &inner);
                inside.push((base, exponent.clone()));
            }
        }
        let product = self.product(coefficient, inside);
        let product = self.spread(product, &inner);
        Some(self.embed(product, block.row, block.column, block.whole))
    }

    /// Adds blocks that stand at the same place.
    pub(super) fn sum_of_blocks(&mut self, terms: &[(ExprId, Rational)]) -> Option<ExprId> {
        let first = self.as_block(terms.first()?.0).filter(|_| terms.len() > 1)?;
        let inner = self.extents(first.entries);
        let mut inside = Vec::new();
        for (term, coefficient) in terms {
            let block = self.as_block(*term)?;
            let same = block.row == first.row && block.column == first.column && self.extents(block.entries) == inner;
            inside.push((same.then_some(block.entries)?, coefficient.clone()));
        }
        let sum = self.sum(Rational::ZERO, inside);
        let sum = self.spread(sum, &inner);
        Some(self.embed(sum, first.row, first.column, first.whole))
    }

    /// Chooses between a block and zeros, or blocks at the same place.
    pub(super) fn choice_of_blocks(&mut self, condition: ExprId, a: ExprId, b: ExprId) -> Option<ExprId> {
        let block = self.as_block(a).or_else(|| self.as_block(b))?;
        let inner = self.extents(block.entries);
        let mut part = |id: ExprId| match self.as_block(id) {
            Some(own) => {
                let same = own.row == block.row && own.column == block.column && self.extents(own.entries) == inner;
                same.then_some(own.entries)
            }
            None => self.is_zero(id).then(|| self.number(Rational::ZERO)),
        };
        let (a, b) = (part(a)?, part(b)?);
        let condition = self.cut(condition, &block, &inner);
        let choice = self.select(condition, a, b);
        let choice = self.spread(choice, &inner);
        Some(self.embed(choice, block.row, block.column, block.whole))
    }

    /// Cuts a matrix down to the place of a block; a number stays as it is. Conditions have no slices of their own: their
    /// operands are cut.
    fn cut(&mut self, id: ExprId, block: &Block, inner: &Extents) -> ExprId {
        if self.extents(id).is_scalar() {
            return id;
        }
        match self.node(id).clone() {
            node @ (Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_)) => {
                let mut operands = Vec::new();
                node.for_each_operand(|operand| operands.push(operand));
                let cut: Vec<ExprId> = operands.iter().map(|operand| self.cut(*operand, block, inner)).collect();
                let image =
                    |operand: ExprId| operands.iter().position(|own| *own == operand).map_or(operand, |at| cut[at]);
                self.construct(&node, image)
            }
            _ => self.slice(id, block.row.clone(), block.column.clone(), inner.clone()),
        }
    }

    /// Takes a part of a block, where it is known which entries of the block that is, or that it has none of them.
    pub(super) fn slice_of_block(
        &mut self,
        id: ExprId,
        row: &Dimension,
        column: &Dimension,
        extents: &Extents,
    ) -> Option<ExprId> {
        let block = self.as_block(id)?;
        let inner = self.extents(block.entries);
        let rows = Side { start: &block.row, size: &inner.rows, whole: &block.whole.rows };
        let columns = Side { start: &block.column, size: &inner.columns, whole: &block.whole.columns };
        if rows.is_beside(row, &extents.rows) || columns.is_beside(column, &extents.columns) {
            return Some(self.full(Rational::ZERO, extents.clone()));
        }
        let row = rows.place(row, &extents.rows)?;
        let column = columns.place(column, &extents.columns)?;
        Some(self.slice(block.entries, row, column, extents.clone()))
    }

    /// Turns a block.
    pub(super) fn turned_block(&mut self, id: ExprId) -> Option<ExprId> {
        let block = self.as_block(id)?;
        let entries = self.transpose(block.entries);
        Some(self.embed(entries, block.column, block.row, block.whole.transposed()))
    }

    /// Makes the diagonal matrix of a column that is zero but for one entry.
    pub(super) fn diagonal_of_block(&mut self, id: ExprId) -> Option<ExprId> {
        let block = self.as_block(id).filter(|block| self.extents(block.entries).is_scalar())?;
        let whole = Extents::new(block.whole.rows.clone(), block.whole.rows);
        Some(self.embed(block.entries, block.row.clone(), block.row, whole))
    }
}

/// The rows of a block, or its columns.
struct Side<'a> {
    start: &'a Dimension,
    size: &'a Dimension,
    /// How many rows or columns there are with the zeros.
    whole: &'a Dimension,
}

impl Side<'_> {
    /// Tells whether so many rows from a place on are none of the block's, whatever the indices are.
    fn is_beside(&self, place: &Dimension, count: &Dimension) -> bool {
        let is_beyond =
            |end: Dimension, start: &Dimension| end.plus(start, -1).as_number().is_some_and(|over| over <= 0);
        is_beyond(self.start.plus(self.size, 1), place) || is_beyond(place.plus(count, 1), self.start)
    }

    /// Returns the place within the block where so many rows begin, if they are all of the block's.
    fn place(&self, place: &Dimension, count: &Dimension) -> Option<Dimension> {
        let within = place.plus(self.start, -1);
        let left = self.size.plus(&within, -1).plus(count, -1);
        let is_inside = |number: &Dimension| number.as_number().is_some_and(|number| number >= 0);
        if is_inside(&within) && is_inside(&left) {
            return Some(within);
        }
        (self.size == self.whole).then(|| place.clone())
    }
}
