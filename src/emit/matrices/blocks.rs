//! Products that read a matrix row by row, in the loop over its rows: some rows are multiplied, the entries that come
//! from them are computed, and what is multiplied by the same rows again is added while they are near (Belter, Jessup,
//! Karlin and Siek, Automating the Generation of Composed Linear Algebra Kernels, 2009).

use super::loops::{Loop, Loops, Place};
use super::windows::lanes_of_index;
use crate::graph::ExprId;
use crate::program::{Expression, Requirements, Stages, Statement, Sums, distributed, merged};
use crate::tape::{RowProduct, row_product};

/// How many rows a block has: they stay in the cache until they are read again.
const ROWS: usize = 32;

/// How many rows a block has where products of all columns are added, which takes long enough to hide the second reading;
/// the more rows, the less often their sums are read and written.
const ROWS_OF_WEIGHTED: usize = 256;

/// The products in a loop over rows.
#[derive(Default)]
pub(super) struct RowProducts {
    /// What is computed from a block of rows before its entries.
    first: Vec<Times>,
    /// Calls that add a block of rows to a result, after the entries.
    last: Vec<Statement>,
    /// Arrays for the entries of one block.
    arrays: Vec<String>,
    /// The matrices that blocks are added to.
    results: Vec<String>,
    /// Whether products of all columns are added.
    is_weighted: bool,
}

/// A matrix times a vector.
struct Times {
    id: ExprId,
    matrix: Expression,
    columns: Expression,
    vector: Expression,
    target: String,
    /// Whether the target is a slice with all entries, not an array with those of a block.
    is_stored: bool,
}

impl RowProducts {
    /// Tells whether rows are read again after the entries that come from them.
    pub(super) fn in_blocks(&self) -> bool {
        !self.last.is_empty()
    }

    /// Tells whether a slice only has its entries after the loop.
    pub(super) fn writes(&self, name: &str) -> bool {
        self.results.iter().any(|result| result == name)
            || self.first.iter().any(|times| times.is_stored && times.target == name)
    }
}

impl Loops<'_> {
    /// Adds a product to the loop over the rows that it reads; one that computes an entry for each row begins that loop.
    pub(super) fn product_of_rows(&mut self, id: ExprId, factors: &[ExprId]) -> Option<Place> {
        let product = row_product(self.graph, factors)?;
        let (RowProduct::Times { matrix, .. } | RowProduct::Added { matrix, .. } | RowProduct::Weighted { matrix, .. }) =
            product;
        if self.is_local(matrix) || !self.is_ready(matrix) || !matches!(self.places.get(&matrix), Some(Place::Slice(_)))
        {
            return None;
        }
        let rows = self.slice(matrix);
        let columns = self.dimension(&self.graph.extents(matrix).columns);
        let is_near = self.open.as_ref().is_some_and(|open| open.rows.first.iter().any(|times| times.matrix == rows));
        match product {
            RowProduct::Times { vector, .. } => self.times_rows(id, [rows, columns], vector),
            _ if !is_near => None,
            RowProduct::Added { vector, .. } => {
                let entries = self.entries_of_block(vector)?;
                let rows = block(&rows, &columns);
                let target = self.added_to(id);
                let arguments = [columns, rows, entries, (&target).into()];
                self.add_block(Statement::kernel("add_turned_times", arguments));
                Some(Place::Slice(target))
            }
            RowProduct::Weighted { weights, .. } => {
                if !matches!(self.places.get(&factors[1]), Some(Place::Implied)) {
                    return None;
                }
                let entries = self.entries_of_block(weights)?;
                let rows = block(&rows, &columns);
                let target = self.added_to(id);
                let arguments = [columns.clone(), rows.clone(), entries, rows, (&target).into()];
                self.add_block(Statement::fused_kernel("add_symmetric", arguments));
                let open = self.open.as_mut()?;
                open.rows.is_weighted = true;
                open.after.push(Statement::kernel("mirror", [columns, (&target).into()]));
                Some(Place::Slice(target))
            }
        }
    }

    fn times_rows(&mut self, id: ExprId, [matrix, columns]: [Expression; 2], vector: ExprId) -> Option<Place> {
        let extents = self.graph.extents(id);
        let is_slice = matches!(self.places.get(&vector), Some(Place::Slice(_) | Place::Turned(_)));
        if !is_slice {
            return None;
        }
        if self.is_local(vector)
            || !self.is_ready(vector)
            || self.open.as_ref().is_none_or(|open| open.extents != extents)
        {
            self.close();
            self.open = Some(Loop::over(&extents));
        }
        let vector = self.slice(vector);
        let is_stored = self.needed.as_ref().is_none_or(|needed| needed.contains(&id));
        let target = if is_stored { self.target(id) } else { self.fresh() };
        let open = self.open.as_mut()?;
        let (entry, place) = match is_stored {
            true => (Expression::from(&target).at("i"), Place::Slice(target.clone())),
            false => (Expression::from(&target).at("lane"), Place::Local),
        };
        if !is_stored {
            open.rows.arrays.push(target.clone());
        }
        open.locals.insert(id, entry);
        open.rows.first.push(Times { id, matrix, columns, vector, target, is_stored });
        Some(place)
    }

    /// Returns the entries of a vector that the open loop computes, for the rows of one block.
    fn entries_of_block(&mut self, vector: ExprId) -> Option<Expression> {
        let extents = self.graph.extents(vector);
        let stored = match self.places.get(&vector) {
            Some(Place::Slice(name)) => Some(name.clone()),
            _ => None,
        };
        let open = self.open.as_ref().filter(|open| open.extents == extents)?;
        let local = open.locals.get(&vector)?.clone();
        if let Some(name) = stored {
            return Some(Expression::from(name).part("at", "lanes").reference());
        }
        let array = match local.as_entry_at("lane") {
            Some(array) => array.to_string(),
            None => {
                let array = self.fresh();
                let entry = Expression::from(&array).at("lane");
                let open = self.open.as_mut()?;
                open.inside.push(Statement::set(entry.clone(), local));
                open.rows.arrays.push(array.clone());
                open.locals.insert(vector, entry);
                array
            }
        };
        Some(Expression::from(array).first("lanes").reference())
    }

    /// Returns the slice that blocks are added to, which is zero before the loop.
    fn added_to(&mut self, id: ExprId) -> String {
        let target = self.target(id);
        if let Some(open) = &mut self.open {
            open.before.push(Statement::fill(&target, Expression::zero()));
            open.rows.results.push(target.clone());
        }
        target
    }

    fn add_block(&mut self, call: Statement) {
        if let Some(open) = &mut self.open {
            open.rows.last.push(call);
        }
    }

    /// Multiplies all rows before the loop.
    pub(super) fn times_all(&mut self, rows: &RowProducts) {
        for Times { id, matrix, columns, vector, target, is_stored } in &rows.first {
            let [matrix, vector] = [matrix, vector].map(|slice| slice.clone().reference());
            self.statements.push(Statement::fused_kernel("times", [columns.clone(), matrix, vector, target.into()]));
            self.read.insert(*id);
            self.unknown |= !is_stored;
        }
    }

    /// Ends a loop with products: a block of rows is multiplied, then their entries are computed, then both are used.
    pub(super) fn close_blocks(&mut self, open: Loop) {
        let Loop { extents, inside, after, sums, rows, .. } = open;
        let end = self.entries(&extents);
        let stages = match self.writer.options.has_lanes() {
            true => {
                let names = std::iter::from_fn(|| Some(self.fresh()));
                distributed(merged(inside), &Requirements::default(), names)
            }
            false => Stages::whole(merged(inside)),
        };
        let float = self.writer.options.scalar;
        let length = if rows.is_weighted && self.writer.options.has_lanes() { ROWS_OF_WEIGHTED } else { ROWS };
        let arrays = rows.arrays.iter().chain(&stages.arrays);
        let declared = |array: &String| Statement::array(array, stages.conditions.contains(array), float, length);
        self.statements.extend(arrays.map(declared));
        let sums = Sums::Names(sums);
        self.statements.extend(sums.lanes(Some(float), length));
        let lanes = (end.clone() - "at").method("min", [length.into()]);
        let mut body = vec![Statement::name("lanes", lanes)];
        body.extend(rows.first.into_iter().map(|times| {
            let Times { matrix, columns, vector, target, is_stored, .. } = times;
            let target = Expression::from(target);
            let target = if is_stored { target.part("at", "lanes") } else { target.first("lanes") };
            let arguments = [columns.clone(), block(&matrix, &columns), vector.reference(), target.mutable()];
            Statement::fused_kernel("times", arguments)
        }));
        for stage in stages.list {
            body.extend(stage.written(false, |own| {
                let own = own.into_iter().map(|statement| sums.in_lane(statement));
                lanes_of_index("i", "lanes", own.collect())
            }));
        }
        body.extend(rows.last);
        let starts = Expression::range(0, end).method("step_by", [length.into()]);
        self.statements.push(Statement::over("at", starts, body));
        self.statements.extend(sums.totals(false));
        self.statements.extend(after);
    }
}

/// Writes the rows of a block.
fn block(matrix: &Expression, columns: &Expression) -> Expression {
    let [first, count] = ["at", "lanes"].map(|rows| Expression::from(rows) * columns);
    matrix.clone().part(first, count).reference()
}
