//! Parts of tensors: entries, rows and matrices, which are written with the place of the matrix first.

use super::notation::Writer;
use crate::graph::{Dimension, ExprId, Extents};
use crate::syntax::ast::{Expression as E, Index, NodeId, UnaryOperator};

impl Writer<'_> {
    /// Writes the matrix of all rows of a tensor.
    pub(super) fn whole_tensor(&mut self, input: u32) -> NodeId {
        let name = self.input(input);
        self.ast.synthesize(E::Index(name, vec![Index::Slice(None, None), Index::Slice(None, None)]))
    }

    /// Returns what is written before the places of a part: of a tensor, its name alone.
    pub(super) fn indexed(&self, of: ExprId) -> NodeId {
        let written = self.written[&of];
        match self.ast.get(written) {
            E::Index(name, _) if self.graph.rows_of_tensor(of).is_some() => *name,
            _ => written,
        }
    }

    /// Writes a part of one matrix of a tensor; none if it is a part of several, or of something else.
    pub(super) fn part_of_tensor(
        &mut self,
        of: ExprId,
        row: &Dimension,
        column: &Dimension,
        extents: &Extents,
    ) -> Option<NodeId> {
        let rows = self.graph.rows_of_tensor(of)?.clone();
        let (matrix, inside) = parted(row, &rows)?;
        let is_inside = extents.rows.is_one() || extents.rows == rows && inside == Dimension::number(0);
        if !is_inside {
            return None;
        }
        let columns = self.graph.extents(of).columns;
        let matrix = Index::At(self.dimension(&matrix));
        let places =
            vec![matrix, self.place(&inside, &extents.rows, &rows), self.place(column, &extents.columns, &columns)];
        let block = self.ast.synthesize(E::Index(self.indexed(of), places));
        let turned = !extents.is_scalar() && extents.rows.is_one();
        Some(if turned { self.ast.synthesize(E::Unary(UnaryOperator::Transpose, block)) } else { block })
    }
}

/// Returns which matrix a row is in, and which of its rows it is, where that shows.
fn parted(row: &Dimension, rows: &Dimension) -> Option<(Dimension, Dimension)> {
    let one = Dimension::number(1);
    let mut matrix = Dimension::default();
    let constant = Dimension::number(row.constant());
    let terms = row.terms().map(|(term, count)| Dimension::of_term(crate::graph::factors(term)).times(count));
    for term in terms {
        matrix = matrix.plus(&term.quotient(rows).unwrap_or_default(), 1);
    }
    if let Some(rows) = rows.as_number().filter(|rows| *rows > 0) {
        matrix = matrix.plus(&Dimension::number(constant.constant().div_euclid(rows)), 1);
    }
    let mut inside = row.plus(&matrix.product(rows), -1);
    // Rows that are counted from the end.
    if inside.may_be_negative() && rows.as_number().is_none() {
        matrix = matrix.plus(&one, -1);
        inside = inside.plus(rows, 1);
    }
    let is_known = inside.as_number().is_none_or(|inside| inside >= 0);
    is_known.then_some((matrix, inside))
}
