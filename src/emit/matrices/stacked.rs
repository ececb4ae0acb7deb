//! Matrices that are put together: stacked one below the other, or joined side by side.

use super::loops::{Loops, place};
use crate::emit::expression::bare;
use crate::graph::{Dimension, ExprId, MatrixOperation as M};

impl Loops<'_> {
    /// Returns the lines that put the slices of parts together.
    pub(super) fn put_together(
        &self,
        target: &str,
        operation: &M,
        operands: &[ExprId],
        sources: &[String],
    ) -> Vec<String> {
        let extents: Vec<_> = operands.iter().map(|operand| self.graph.extents(*operand)).collect();
        let (mut top, mut left) = (Dimension::number(0), Dimension::number(0));
        let whole = match operation {
            M::Stack => extents.first().map(|first| first.columns.clone()).unwrap_or_default(),
            _ => extents.iter().fold(Dimension::number(0), |width, own| width.plus(&own.columns, 1)),
        };
        let columns = self.dimension(&whole);
        let mut lines = Vec::new();
        for (source, inner) in sources.iter().zip(&extents) {
            let width = self.dimension(&inner.columns);
            match operation {
                M::Stack => {
                    let to = place(&self.dimension(&top), &columns, "0");
                    let entries = self.entries(inner);
                    match source.strip_prefix('[').and_then(|number| number.strip_suffix(']')) {
                        Some(number) => lines.push(format!("{target}[{to}] = {};", bare(number))),
                        None => lines.push(format!("{target}[{to}..][..{entries}].copy_from_slice(&{source});")),
                    }
                    top = top.plus(&inner.rows, 1);
                }
                _ => {
                    let to = place("i", &columns, &self.dimension(&left));
                    let from = place("i", &width, "0");
                    lines.extend([
                        format!("for i in 0..{} {{", self.dimension(&inner.rows)),
                        format!("    {target}[{to}..][..{width}].copy_from_slice(&{source}[{from}..][..{width}]);"),
                        "}".to_string(),
                    ]);
                    left = left.plus(&inner.columns, 1);
                }
            }
        }
        lines
    }
}
