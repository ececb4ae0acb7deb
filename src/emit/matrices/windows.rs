//! What a block of values of an index reads and adds to. Numbers that are near each other from one value to the next are
//! copied to an array at once; others, such as those at places that data say, value by value.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Loops, Place, after, place};
use super::row_views::Row;
use crate::graph::{Bound, Comparison, Dimension, ExprId};
use crate::program::{Expression, Sign, Stages, Statement};
use crate::tape::{self, Accumulated, Part};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::collections::BTreeSet;

/// How many values of an index are computed side by side.
const LANES: usize = 16;

/// How many are where a loop has so many sums that their lanes would not stay in the nearest cache.
pub(super) const LANES_OF_MANY_SUMS: usize = 8;

/// Most sums that have all lanes.
const MOST_SUMS: usize = 64;

/// Most numbers of a slice between what two values of an index read, if all are copied at once.
const LONGEST_STRIDE: i64 = 2;

/// Numbers of a slice, of all values of the index in a block.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Window {
    slice: Expression,
    /// Where they begin for the first value of the index.
    start: Expression,
    /// How far the next value is from there.
    stride: usize,
}

/// The array that numbers are copied to, and which of those of each value are used.
struct Copied {
    array: String,
    used: BTreeSet<usize>,
    /// Whether what was there before is of no importance.
    is_stored: bool,
}

impl Copied {
    fn to(array: String, is_stored: bool) -> Self {
        Copied { array, used: BTreeSet::new(), is_stored }
    }

    /// Writes how many numbers there are for so many values, up to the last one that is used.
    fn count(&self, stride: usize, lanes: &Expression) -> Expression {
        let beyond = stride - 1 - self.used.last().copied().unwrap_or_default();
        match (lanes, stride, beyond) {
            (Expression::Whole(lanes), ..) => (stride * lanes - beyond).into(),
            (_, 1, _) => lanes.clone(),
            (_, _, 0) => Expression::Whole(stride) * lanes,
            _ => Expression::Whole(stride) * lanes - beyond,
        }
    }

    /// Names the arrays of a row, one for each number that is used.
    fn arrays(&self) -> impl Iterator<Item = (usize, String)> {
        self.used.iter().map(|number| (*number, format!("{}_{number}", self.array)))
    }

    /// The first number of a row that is used, and how many there are from there to the last.
    fn span(&self) -> (usize, usize) {
        let [first, last] = [self.used.first(), self.used.last()].map(|number| number.copied().unwrap_or_default());
        (first, last - first + 1)
    }
}

/// What a block reads and adds to.
#[derive(Default)]
pub(super) struct Block {
    index: Option<Bound>,
    lanes: usize,
    read: IndexMap<Window, Copied>,
    gathered: IndexMap<Row, Copied>,
    /// The arrays of whole numbers, by what these are.
    counted: IndexMap<Expression, String>,
    added: IndexMap<Window, Copied>,
    scattered: IndexMap<Row, Copied>,
}

impl Block {
    /// Opens the block of a loop that has so many sums.
    pub(super) fn of(bound: &Bound, sums: usize) -> Self {
        let lanes = if sums > MOST_SUMS { LANES_OF_MANY_SUMS } else { LANES };
        Block { index: Some(bound.clone()), lanes, ..Block::default() }
    }

    /// Returns how many values are computed side by side.
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Tells whether no loop has its values computed side by side.
    pub(super) fn is_closed(&self) -> bool {
        self.index.is_none()
    }

    /// Leaves out whole numbers that no stage reads.
    pub(super) fn keep_what_is_read(&mut self, stages: &Stages) {
        let is_read = |array: &str| {
            stages.list.iter().any(|stage| {
                let calls = stage.calls.iter().map(|call| call.statement(true));
                stage.statements.iter().any(|own| own.mentions(array))
                    || calls.into_iter().any(|call| call.mentions(array))
            })
        };
        self.counted.retain(|_, array| is_read(array));
    }

    /// Lists the arrays with their lengths.
    pub(super) fn arrays(&self) -> Vec<(String, usize)> {
        let windows = self.read.iter().chain(&self.added);
        let windows = windows.map(|(window, copied)| (copied.array.clone(), self.lanes * window.stride));
        let rows = self.gathered.values().chain(self.scattered.values()).flat_map(Copied::arrays);
        let rows = rows.map(|(_, array)| array).chain(self.counted.values().cloned());
        windows.chain(rows.map(|array| (array, self.lanes))).collect()
    }

    /// Writes what is done before the stages.
    pub(super) fn reading(&self) -> Vec<Statement> {
        let copies = |lanes: Expression| -> Vec<Statement> {
            let copy = |(Window { slice, start, stride }, copied): (&Window, &Copied)| {
                let count = copied.count(*stride, &lanes);
                let to = Expression::from(&copied.array).first(&count);
                Statement::copy(to, slice.clone().part(start, count))
            };
            self.read.iter().map(copy).collect()
        };
        let mut statements = Vec::from_iter(in_whole_blocks(self.lanes, copies));
        let mut by_value = Vec::new();
        for (row, copied) in &self.gathered {
            let (first, from, count) = row.span(copied);
            let entry = |array: String, from: Expression| Statement::set(Expression::from(array).at("lane"), from);
            if count == 1 {
                let own = copied.arrays();
                by_value.extend(own.map(|(_, array)| entry(array, Expression::from(&row.slice).at(&from))));
                continue;
            }
            let name = &copied.array;
            by_value.push(Statement::name(name, Expression::from(&row.slice).part(from, count).reference()));
            let own = copied.arrays();
            by_value.extend(own.map(|(number, array)| entry(array, Expression::from(name).at(number - first))));
        }
        let counted = self.counted.iter();
        by_value.extend(counted.map(|(number, array)| Statement::set(Expression::from(array).at("lane"), number)));
        statements.extend(self.value_by_value(by_value));
        statements
    }

    /// Writes what is done after the stages.
    pub(super) fn writing(&self) -> Vec<Statement> {
        let copies = |lanes: Expression| -> Vec<Statement> {
            let copy = |(Window { slice, start, stride }, copied): (&Window, &Copied)| {
                let (array, count) = (Expression::from(&copied.array), copied.count(*stride, &lanes));
                let whole = slice.clone().part(start, &count);
                if copied.is_stored {
                    return Statement::copy(whole, array.first(count));
                }
                let pattern = Expression::Tuple(vec!["sum".into(), "part".into()]);
                let pairs = whole.method("iter_mut", []).method("zip", [array.reference()]);
                let add = Statement::add(Expression::from("sum").dereference(), "part");
                Statement::over(pattern, pairs, vec![add])
            };
            self.added.iter().map(copy).collect()
        };
        let mut statements = Vec::from_iter(in_whole_blocks(self.lanes, copies));
        let mut by_value = Vec::new();
        for (row, copied) in &self.scattered {
            let (first, from, count) = row.span(copied);
            let sign = if copied.is_stored { Sign::Set } else { Sign::Add };
            let entry = |to: Expression, array: String| Statement::Assign(to, sign, Expression::from(array).at("lane"));
            if count == 1 {
                let own = copied.arrays();
                by_value.extend(own.map(|(_, array)| entry(Expression::from(&row.slice).at(&from), array)));
                continue;
            }
            let name = &copied.array;
            by_value.push(Statement::name(name, Expression::from(&row.slice).part(from, count).mutable()));
            let own = copied.arrays();
            by_value.extend(own.map(|(number, array)| entry(Expression::from(name).at(number - first), array)));
        }
        statements.extend(self.value_by_value(by_value));
        statements
    }

    /// Writes a loop over the values of a block that are before the end; none without statements.
    fn value_by_value(&self, statements: Vec<Statement>) -> Option<Statement> {
        let bound = self.index.as_ref().filter(|_| !statements.is_empty())?;
        Some(lanes_of_index(&variable(bound), "lanes", statements))
    }
}

/// Writes a loop over the values of an index in a block, which is named where it is read.
pub(super) fn lanes_of_index(index: &str, end: impl Into<Expression>, statements: Vec<Statement>) -> Statement {
    let is_read = statements.iter().any(|statement| statement.mentions(index));
    let named = is_read.then(|| Statement::name(index, Expression::from("at") + "lane"));
    Statement::each("lane", end, named.into_iter().chain(statements).collect())
}

/// Writes copies for blocks with all of their values, where it is known how much is copied, and for the last one.
fn in_whole_blocks(count: usize, copies: impl Fn(Expression) -> Vec<Statement>) -> Option<Statement> {
    let body = copies(count.into());
    let condition = Expression::from("lanes").compare(Comparison::Equal, count);
    (!body.is_empty()).then(|| Statement::If { condition, body, otherwise: copies("lanes".into()) })
}

impl Row {
    /// The first number that is used, where it is, and how many there are from there to the last.
    fn span(&self, copied: &Copied) -> (usize, Expression, usize) {
        let (first, count) = copied.span();
        (first, after(&self.start, first), count)
    }
}

/// Returns where the numbers begin that move with an index, how far apart they are, and which of these one entry of a
/// matrix is.
fn beside(bound: &Bound, [row, column]: [&Dimension; 2], width: &Dimension) -> Option<(Dimension, usize, usize)> {
    let place = row.product(width).plus(column, 1);
    let stride = place.slope(bound.name()).as_number().filter(|stride| *stride >= 1)?;
    // Where sizes are in between, an earlier number than this one may be before the first.
    let is_aligned = place.terms().all(|(_, count)| count % stride == 0);
    let number = if is_aligned { place.constant().rem_euclid(stride) } else { 0 };
    let start = place.plus(&Dimension::number(number), -1);
    Some((start, usize::try_from(stride).ok()?, usize::try_from(number).ok()?))
}

/// Writes the place of a number in the array of its window.
fn in_window(stride: usize, number: usize) -> Expression {
    place("lane", stride, number)
}

impl Loops<'_> {
    /// Reads a number from the array that it is copied to.
    pub(super) fn read_in_block(&mut self, of: ExprId, row: &Dimension, column: &Dimension) -> Place {
        let (slice, width) = (self.slice(of), self.graph.extents(of).columns);
        let Some(bound) = self.block.index.clone() else { return Place::Implied };
        if let Some((slice, start)) = self.in_columns_read(&bound, of, [row, column]) {
            let window = Window { slice, start: self.start_of_block(&start), stride: 1 };
            let fresh = self.fresh();
            let copied = self.block.read.entry(window).or_insert_with(|| Copied::to(fresh, true));
            copied.used.insert(0);
            return Place::Number(Expression::from(&copied.array).at("lane"));
        }
        match beside(&bound, [row, column], &width) {
            Some((start, stride, number)) if stride as i64 <= LONGEST_STRIDE => {
                let window = Window { slice, start: self.start_of_block(&start), stride };
                let fresh = self.fresh();
                let copied = self.block.read.entry(window).or_insert_with(|| Copied::to(fresh, true));
                copied.used.insert(number);
                Place::Number(Expression::from(&copied.array).at(in_window(stride, number)))
            }
            Some((start, _, number)) => {
                let start = self.dimension(&start);
                self.read_by_value(slice, start, number)
            }
            None => {
                let [row, width, column] = [row, &width, column].map(|dimension| self.dimension(dimension));
                self.read_row(slice, [row, width, column])
            }
        }
    }

    /// Reads a number in a row of a matrix from the array that it is copied to, value by value.
    pub(super) fn read_row(&mut self, slice: Expression, [row, width, column]: [Expression; 3]) -> Place {
        match column.as_whole() {
            Some(number) => self.read_by_value(slice, place(row, width, 0), number),
            None => self.read_by_value(slice, place(row, width, column), 0),
        }
    }

    fn read_by_value(&mut self, slice: Expression, start: Expression, number: usize) -> Place {
        let fresh = self.fresh();
        let copied = self.block.gathered.entry(Row { slice, start }).or_insert_with(|| Copied::to(fresh, true));
        copied.used.insert(number);
        Place::Number(Expression::from(format!("{}_{number}", copied.array)).at("lane"))
    }

    /// Reads a whole number that is computed with from the array that it is copied to.
    pub(super) fn count_in_block(&mut self, number: Expression) -> Place {
        let fresh = self.fresh();
        let array = self.block.counted.entry(number).or_insert(fresh);
        Place::Number(Expression::from(&*array).at("lane"))
    }

    fn start_of_block(&self, start: &Dimension) -> Expression {
        let mut sizes = self.sizes.clone();
        sizes.extend(self.block.index.iter().map(|bound| (bound.name().to_string(), "at".to_string())));
        dimensions::written(start, &sizes)
    }

    /// Returns where the numbers begin that one value of an index adds to, and which of them a part is added to.
    pub(super) fn row_of(&mut self, bound: &Bound, width: &Dimension, part: &Part) -> (Expression, usize) {
        let found = match &part.place {
            [tape::Place::At(row), tape::Place::At(column)] => beside(bound, [row, column], width),
            _ => None,
        };
        if let Some((start, _, number)) = found {
            return (self.dimension(&start), number);
        }
        let ([row, column], width) = (self.sides_of(part), self.dimension(width));
        match column.as_whole() {
            Some(number) => (place(row, width, 0), number),
            None => (place(row, width, column), 0),
        }
    }

    /// Adds a part to the array that is added to its place.
    pub(super) fn add_in_block(&mut self, bound: &Bound, output: &Accumulated, part: &Part) {
        for (target, scale) in self.targets_of(output) {
            let added = self.scaled_number(part.value, &part.coefficient.multiply(&scale));
            let slice = match self.places.get(&target).cloned() {
                Some(Place::Number(number)) => {
                    self.statements.push(Statement::add(number, added));
                    continue;
                }
                Some(Place::Slice(name)) => Expression::from(name),
                _ => {
                    self.unknown = true;
                    continue;
                }
            };
            let width = self.graph.extents(target).columns;
            let found = match &part.place {
                [tape::Place::At(row), tape::Place::At(column)] => beside(bound, [row, column], &width),
                _ => None,
            };
            let (fresh, is_stored) = (self.fresh(), self.stored.contains(&target));
            let in_columns = self.in_columns_added(bound, target, part);
            let (array, is_first) = match (in_columns, found) {
                (Some((slice, start)), _) => {
                    let window = Window { slice, start: self.start_of_block(&start), stride: 1 };
                    let (copied, is_first) = noted(self.block.added.entry(window), fresh, false, 0);
                    (Expression::from(&copied.array).at("lane"), is_first)
                }
                (None, Some((start, stride, number))) if stride as i64 <= LONGEST_STRIDE => {
                    let window = Window { slice, start: self.start_of_block(&start), stride };
                    let (copied, is_first) = noted(self.block.added.entry(window), fresh, is_stored, number);
                    (Expression::from(&copied.array).at(in_window(stride, number)), is_first)
                }
                _ => {
                    let (start, number) = self.row_of(bound, &width, part);
                    let row = Row { slice, start };
                    let (copied, is_first) = noted(self.block.scattered.entry(row), fresh, is_stored, number);
                    (Expression::from(format!("{}_{number}", copied.array)).at("lane"), is_first)
                }
            };
            let sign = if is_first { Sign::Set } else { Sign::Add };
            self.statements.push(Statement::Assign(array, sign, added));
        }
    }
}

/// Notes that a number is added to; tells whether it is the first time.
fn noted<'e, K>(entry: Entry<'e, K, Copied>, fresh: String, is_stored: bool, number: usize) -> (&'e mut Copied, bool) {
    let copied = entry.or_insert_with(|| Copied::to(fresh, is_stored));
    let is_first = copied.used.insert(number);
    (copied, is_first)
}
