//! What a loop does for each value of its index, and the loop around it.

use super::columns::Columns;
use super::dimensions;
use super::exponentials::Exponentials;
use super::loops::Loops;
use super::row_views::Row;
use crate::error::Diagnostic;
use crate::graph::{Bound, ExprId};
use crate::program::{Expression, Statement};
use crate::tape::Plan;
use rustc_hash::{FxHashMap, FxHashSet};

/// What is known in the loops that are open, and no longer after them.
#[derive(Clone, Default)]
pub(super) struct Within {
    /// The exponentials of matrices that were computed before.
    pub exponentials: FxHashMap<ExprId, Exponentials>,
    /// The matrices that are laid out column by column.
    pub columns: Columns,
    /// The rows of which the innermost loop reads several numbers, by name.
    pub views: FxHashMap<Row, String>,
    /// The states of numbers that are only kept, which are stored number by number.
    pub kept_rows: FxHashSet<ExprId>,
}

impl<'a> Loops<'a> {
    /// Returns what is done for each value of an index.
    pub(super) fn inside(
        &mut self,
        bound: &Bound,
        plan: &'a Plan,
        write: impl FnOnce(&mut Self) -> Result<(), Diagnostic>,
    ) -> Result<Vec<Statement>, Diagnostic> {
        let before = std::mem::take(&mut self.statements);
        let around = std::mem::replace(&mut self.plan, plan);
        self.bounds.push(bound.clone());
        // Names that are given inside have no meaning after the loop.
        let (places, neighbours, rows) = (self.places.clone(), self.neighbours.clone(), self.rows.take());
        let within = self.within.clone();
        (self.within.views, self.within.kept_rows) = Default::default();
        write(self)?;
        self.close();
        self.plan = around;
        self.bounds.pop();
        (self.places, self.neighbours, self.rows) = (places, neighbours, rows);
        self.within = within;
        Ok(std::mem::replace(&mut self.statements, before))
    }

    /// Writes the range of an index.
    pub(super) fn range(&self, bound: &Bound) -> Expression {
        Expression::range(self.dimension(&bound.from), dimensions::end(&bound.to, self.sizes))
    }

    /// Writes a loop.
    pub(super) fn repeat(&mut self, variable: &str, range: Expression, body: Vec<Statement>) {
        self.statements.push(Statement::over(variable, range, body));
    }
}

/// Names the variable of a loop by the height of the loop.
pub(super) fn variable(bound: &Bound) -> String {
    format!("i{}", bound.name().trim_start_matches(|letter: char| !letter.is_ascii_digit()))
}
