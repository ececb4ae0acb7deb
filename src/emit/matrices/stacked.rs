//! Matrices that are put together: stacked one below the other, or joined side by side.

use super::loops::{Loops, place};
use crate::graph::{Dimension, ExprId, MatrixOperation as M};
use crate::program::{Expression, Statement};

impl Loops<'_> {
    /// Returns the statements that put the slices of parts together.
    pub(super) fn put_together(
        &self,
        target: &str,
        operation: &M,
        operands: &[ExprId],
        sources: &[Expression],
    ) -> Vec<Statement> {
        let extents: Vec<_> = operands.iter().map(|operand| self.graph.extents(*operand)).collect();
        let (mut top, mut left) = (Dimension::number(0), Dimension::number(0));
        let whole = match operation {
            M::Stack => extents.first().map(|first| first.columns.clone()).unwrap_or_default(),
            _ => extents.iter().fold(Dimension::number(0), |width, own| width.plus(&own.columns, 1)),
        };
        let columns = self.dimension(&whole);
        let target = Expression::from(target);
        let mut statements = Vec::new();
        for (source, inner) in sources.iter().zip(&extents) {
            let width = self.dimension(&inner.columns);
            match operation {
                M::Stack => {
                    let to = place(self.dimension(&top), &columns, 0);
                    statements.push(match source {
                        Expression::List(numbers) if numbers.len() == 1 => {
                            Statement::set(target.clone().at(to), &numbers[0])
                        }
                        _ => Statement::copy(target.clone().part(to, self.entries(inner)), source),
                    });
                    top = top.plus(&inner.rows, 1);
                }
                _ => {
                    let to = target.clone().part(place("i", &columns, self.dimension(&left)), &width);
                    let copy = Statement::copy(to, source.clone().part(place("i", &width, 0), &width));
                    statements.push(Statement::each("i", self.dimension(&inner.rows), vec![copy]));
                    left = left.plus(&inner.columns, 1);
                }
            }
        }
        statements
    }
}
