//! Products that read a matrix row by row, in the loop over its rows: some rows are multiplied, the entries that come
//! from them are computed, and what is multiplied by the same rows again is added while they are near (Belter, Jessup,
//! Karlin and Siek, Automating the Generation of Composed Linear Algebra Kernels, 2009).

use super::MODULE;
use super::dispatch::has_lanes;
use super::loops::{Loop, Loops, Place, factor, in_lanes_of, reads, shortened};
use super::stages::{Stages, distributed};
use crate::graph::ExprId;
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
    last: Vec<String>,
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
    matrix: String,
    columns: String,
    vector: String,
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
                self.add_block(format!("add_turned_times({columns}, {rows}, {entries}, {target});"));
                Some(Place::Slice(target))
            }
            RowProduct::Weighted { weights, .. } => {
                if !matches!(self.places.get(&factors[1]), Some(Place::Implied)) {
                    return None;
                }
                let entries = self.entries_of_block(weights)?;
                let rows = block(&rows, &columns);
                let target = self.added_to(id);
                self.add_block(format!("add_symmetric::<FMA>({columns}, {rows}, {entries}, {rows}, {target});"));
                let open = self.open.as_mut()?;
                open.rows.is_weighted = true;
                open.after.push(format!("{MODULE}::mirror({columns}, {target});"));
                Some(Place::Slice(target))
            }
        }
    }

    fn times_rows(&mut self, id: ExprId, [matrix, columns]: [String; 2], vector: ExprId) -> Option<Place> {
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
            true => (format!("{target}[i]"), Place::Slice(target.clone())),
            false => (format!("{target}[lane]"), Place::Local),
        };
        if !is_stored {
            open.rows.arrays.push(target.clone());
        }
        open.locals.insert(id, entry);
        open.rows.first.push(Times { id, matrix, columns, vector, target, is_stored });
        Some(place)
    }

    /// Returns the entries of a vector that the open loop computes, for the rows of one block.
    fn entries_of_block(&mut self, vector: ExprId) -> Option<String> {
        let extents = self.graph.extents(vector);
        let stored = match self.places.get(&vector) {
            Some(Place::Slice(name)) => Some(name.clone()),
            _ => None,
        };
        let open = self.open.as_ref().filter(|open| open.extents == extents)?;
        let local = open.locals.get(&vector)?.clone();
        if let Some(name) = stored {
            return Some(format!("&{name}[at..][..lanes]"));
        }
        let array = match local.strip_suffix("[lane]") {
            Some(array) => array.to_string(),
            None => {
                let array = self.fresh();
                let open = self.open.as_mut()?;
                open.inside.push(format!("{array}[lane] = {local};"));
                open.rows.arrays.push(array.clone());
                open.locals.insert(vector, format!("{array}[lane]"));
                array
            }
        };
        Some(format!("&{array}[..lanes]"))
    }

    /// Returns the slice that blocks are added to, which is zero before the loop.
    fn added_to(&mut self, id: ExprId) -> String {
        let target = self.target(id);
        if let Some(open) = &mut self.open {
            open.before.push(format!("{target}.fill(0.0);"));
            open.rows.results.push(target.clone());
        }
        target
    }

    fn add_block(&mut self, call: String) {
        if let Some(open) = &mut self.open {
            open.rows.last.push(format!("{MODULE}::{call}"));
        }
    }

    /// Multiplies all rows before the loop.
    pub(super) fn times_all(&mut self, rows: &RowProducts) {
        for Times { id, matrix, columns, vector, target, is_stored } in &rows.first {
            self.call(format!("times::<FMA>({columns}, &{matrix}, &{vector}, {target});"));
            self.read.insert(*id);
            self.unknown |= !is_stored;
        }
    }

    /// Ends a loop with products: a block of rows is multiplied, then their entries are computed, then both are used.
    pub(super) fn close_blocks(&mut self, open: Loop) {
        let Loop { extents, inside, after, sums, rows, .. } = open;
        let end = self.entries(&extents);
        let stages = match has_lanes(self.writer.options) {
            true => distributed(shortened(inside), std::iter::from_fn(|| Some(self.fresh()))),
            false => Stages::whole(shortened(inside)),
        };
        let float = self.writer.options.scalar.name();
        let lanes = sums.iter().map(|sum| format!("{sum}_lanes"));
        let length = if rows.is_weighted && has_lanes(self.writer.options) { ROWS_OF_WEIGHTED } else { ROWS };
        let declared = |array: String| match stages.conditions.contains(&array) {
            true => format!("let mut {array} = [false; {length}];"),
            false => format!("let mut {array} = [0.0_{float}; {length}];"),
        };
        self.statements.extend(rows.arrays.iter().cloned().chain(stages.arrays).chain(lanes).map(declared));
        let mut lines = vec![format!("let lanes = ({end} - at).min({length});")];
        lines.extend(rows.first.iter().map(|times| {
            let Times { matrix, columns, vector, target, is_stored, .. } = times;
            let target = if *is_stored { format!("{target}[at..][..lanes]") } else { format!("{target}[..lanes]") };
            format!("{MODULE}::times::<FMA>({columns}, {}, &{vector}, &mut {target});", block(matrix, columns))
        }));
        for stage in stages.list {
            if !stage.lines.is_empty() {
                lines.push("for lane in 0..lanes {".to_string());
                if stage.lines.iter().any(|line| reads(line, "i")) {
                    lines.push("    let i = at + lane;".to_string());
                }
                lines.extend(in_lanes_of(&sums, &stage.lines).map(|line| format!("    {line}")));
                lines.push("}".to_string());
            }
            lines.extend(stage.calls);
        }
        lines.extend(rows.last);
        self.statements.push(format!("for at in (0..{end}).step_by({length}) {{"));
        self.statements.extend(lines.into_iter().map(|line| format!("    {line}")));
        self.statements.push("}".to_string());
        self.statements.extend(sums.iter().map(|sum| format!("let {sum} = {MODULE}::sum(&{sum}_lanes);")));
        self.statements.extend(after);
    }
}

/// Writes the rows of a block.
fn block(matrix: &str, columns: &str) -> String {
    let columns = factor(columns);
    format!("&{matrix}[at * {columns}..][..lanes * {columns}]")
}
