//! Derivatives with more than two dimensions, row by row: for each entry of a matrix, at a running place, the derivatives
//! of that entry.

use super::closed::Reduction;
use super::{Closed, Derivative, Form};
use crate::diff::{self, Differentiator};
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Extents};
use crate::lower::{Formulas, Whole};

/// The derivatives of the entries of one matrix.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The extents of the matrix, which has an entry for each row of the derivatives.
    pub extents: Extents,
    /// The entry's row; 0 if there is but one.
    pub row: Dimension,
    /// The entry's column; 0 if there is but one.
    pub column: Dimension,
    /// The derivatives of the entry, with their places in the list of derivatives that they belong to.
    pub derivatives: Vec<(usize, ExprId)>,
}

/// Forms those derivatives of the highest order by the parameters `by` that are no matrices, row by row, in the graph of
/// `closed`. Derivatives by symmetric parameters are left out: their entries do not vary alone.
///
/// # Errors
/// A function without a derivative rule.
pub fn derive_rows(whole: &Whole, closed: &mut Closed, by: &[usize], form: Form) -> Result<Vec<Rows>, Diagnostic> {
    let leaves: Vec<ExprId> = by.iter().map(|at| whole.parameters[*at].id).collect();
    let mut place = 0;
    let mut all = Vec::new();
    let second = !closed.second.is_empty();
    for (from, matrix) in closed.formed_of.iter().copied().enumerate() {
        let list = if second { &closed.second } else { &closed.first };
        let own: Vec<(usize, ExprId)> = (place..).zip(leaves[from..].iter().copied()).collect();
        place += own.len();
        let varies = |id: ExprId| !closed.graph.is_declared_symmetric(id);
        let wanted = own.into_iter().filter(|(at, leaf)| {
            matches!(list.get(*at), Some(Derivative::Operator { .. }))
                && varies(*leaf)
                && (!second || varies(leaves[from]))
        });
        let wanted: Vec<(usize, ExprId)> = wanted.collect();
        if !wanted.is_empty() {
            let extents = if second { whole.parameters[by[from]].extents() } else { closed.graph.extents(matrix) };
            all.push((matrix, extents, wanted));
        }
    }
    let mut differentiator = Differentiator::default();
    let mut formulas = Formulas::default();
    let mut reduction = Reduction::new(whole, &mut formulas, form);
    let mut rows = Vec::new();
    for (group, (matrix, extents, wanted)) in all.into_iter().enumerate() {
        let graph = &mut closed.graph;
        let running = |name: &str, size: &Dimension| match size.is_one() {
            true => Dimension::number(0),
            false => Dimension::running(&format!("{name}{group}")),
        };
        let (row, column) = (running("row", &extents.rows), running("column", &extents.columns));
        let matrix = graph.spread(matrix, &extents);
        let entry = graph.slice(matrix, row.clone(), column.clone(), Extents::scalar());
        let (places, by): (Vec<usize>, Vec<ExprId>) = wanted.into_iter().unzip();
        let gradients = diff::gradient(&mut differentiator, graph, entry, &by)?;
        let spread = gradients.iter().zip(&by).map(|(gradient, leaf)| {
            let extents = graph.extents(*leaf);
            graph.spread(*gradient, &extents)
        });
        let gradients: Vec<ExprId> = spread.collect();
        let gradients = reduction.reduce(graph, &gradients);
        rows.push(Rows { extents, row, column, derivatives: places.into_iter().zip(gradients).collect() });
    }
    Ok(rows)
}
