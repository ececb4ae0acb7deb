//! What a block of values of an index reads and adds to. Numbers that are near each other from one value to the next are
//! copied to an array at once; others, such as those at places that data say, value by value.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Loops, Place, after, place, reads};
use super::row_views::Row;
use super::stages::Stages;
use crate::emit::expression::bare;
use crate::graph::{Bound, Dimension, ExprId};
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
    slice: String,
    /// Where they begin for the first value of the index.
    start: String,
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
    fn count(&self, stride: usize, lanes: &str) -> String {
        let beyond = stride - 1 - self.used.last().copied().unwrap_or_default();
        match (lanes.parse::<usize>(), stride, beyond) {
            (Ok(lanes), ..) => (stride * lanes - beyond).to_string(),
            (_, 1, _) => lanes.to_string(),
            (_, _, 0) => format!("{stride} * {lanes}"),
            _ => format!("{stride} * {lanes} - {beyond}"),
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
    counted: IndexMap<String, String>,
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
        let lines = || stages.list.iter().flat_map(|stage| stage.lines.iter().chain(&stage.calls));
        self.counted.retain(|_, array| lines().any(|line| reads(line, array)));
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
    pub(super) fn reading(&self) -> Vec<String> {
        let copies = |lanes: &str| -> Vec<String> {
            let copy = |(Window { slice, start, stride }, copied): (&Window, &Copied)| {
                let (array, count) = (&copied.array, copied.count(*stride, lanes));
                format!("{array}[..{count}].copy_from_slice(&{slice}[{start}..][..{count}]);")
            };
            self.read.iter().map(copy).collect()
        };
        let mut lines = in_whole_blocks(self.lanes, copies);
        let mut by_value = Vec::new();
        for (Row { slice, start }, copied) in &self.gathered {
            let (first, count) = copied.span();
            let from = if first == 0 { start.clone() } else { after(start, &first.to_string()) };
            if count == 1 {
                by_value.extend(copied.arrays().map(|(_, array)| format!("{array}[lane] = {slice}[{}];", bare(&from))));
                continue;
            }
            let row = &copied.array;
            by_value.push(format!("let {row} = &{slice}[{from}..][..{count}];"));
            by_value
                .extend(copied.arrays().map(|(number, array)| format!("{array}[lane] = {row}[{}];", number - first)));
        }
        by_value.extend(self.counted.iter().map(|(number, array)| format!("{array}[lane] = {};", bare(number))));
        lines.extend(self.value_by_value(by_value));
        lines
    }

    /// Writes what is done after the stages.
    pub(super) fn writing(&self) -> Vec<String> {
        let copies = |lanes: &str| -> Vec<String> {
            let copy = |(Window { slice, start, stride }, copied): (&Window, &Copied)| {
                let (array, count) = (&copied.array, copied.count(*stride, lanes));
                let whole = format!("{slice}[{start}..][..{count}]");
                match copied.is_stored {
                    true => vec![format!("{whole}.copy_from_slice(&{array}[..{count}]);")],
                    false => vec![
                        format!("for (sum, part) in {whole}.iter_mut().zip(&{array}) {{"),
                        "    *sum += part;".to_string(),
                        "}".to_string(),
                    ],
                }
            };
            self.added.iter().flat_map(copy).collect()
        };
        let mut lines = in_whole_blocks(self.lanes, copies);
        let mut by_value = Vec::new();
        for (Row { slice, start }, copied) in &self.scattered {
            let (first, count) = copied.span();
            let from = if first == 0 { start.clone() } else { after(start, &first.to_string()) };
            let sign = if copied.is_stored { "=" } else { "+=" };
            if count == 1 {
                by_value.extend(
                    copied.arrays().map(|(_, array)| format!("{slice}[{}] {sign} {array}[lane];", bare(&from))),
                );
                continue;
            }
            let row = &copied.array;
            by_value.push(format!("let {row} = &mut {slice}[{from}..][..{count}];"));
            by_value.extend(
                copied.arrays().map(|(number, array)| format!("{row}[{}] {sign} {array}[lane];", number - first)),
            );
        }
        lines.extend(self.value_by_value(by_value));
        lines
    }

    /// Writes a loop over the values of a block that are before the end; none without lines.
    fn value_by_value(&self, lines: Vec<String>) -> Vec<String> {
        let Some(bound) = self.index.as_ref().filter(|_| !lines.is_empty()) else { return Vec::new() };
        let index = variable(bound);
        let named = lines.iter().any(|line| reads(line, &index)).then(|| format!("    let {index} = at + lane;"));
        let lines = lines.into_iter().map(|line| format!("    {line}"));
        let head = ["for lane in 0..lanes {".to_string()];
        head.into_iter().chain(named).chain(lines).chain(["}".to_string()]).collect()
    }
}

/// Writes copies for blocks with all of their values, where it is known how much is copied, and for the last one.
fn in_whole_blocks(count: usize, copies: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let indented = |lanes: &str| copies(lanes).into_iter().map(|line| format!("    {line}")).collect::<Vec<_>>();
    let whole = indented(&count.to_string());
    if whole.is_empty() {
        return whole;
    }
    let begin = [format!("if lanes == {count} {{")];
    let rest = ["} else {".to_string()].into_iter().chain(indented("lanes")).chain(["}".to_string()]);
    begin.into_iter().chain(whole).chain(rest).collect()
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
fn in_window(stride: usize, number: usize) -> String {
    place("lane", &stride.to_string(), &number.to_string())
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
            return Place::Number(format!("{}[lane]", copied.array));
        }
        match beside(&bound, [row, column], &width) {
            Some((start, stride, number)) if stride as i64 <= LONGEST_STRIDE => {
                let window = Window { slice, start: self.start_of_block(&start), stride };
                let fresh = self.fresh();
                let copied = self.block.read.entry(window).or_insert_with(|| Copied::to(fresh, true));
                copied.used.insert(number);
                Place::Number(format!("{}[{}]", copied.array, in_window(stride, number)))
            }
            Some((start, _, number)) => {
                let start = self.dimension(&start);
                self.read_by_value(slice, start, number)
            }
            None => {
                let [row, width, column] = [row, &width, column].map(|dimension| self.dimension(dimension));
                self.read_row(slice, [&row, &width, &column])
            }
        }
    }

    /// Reads a number in a row of a matrix from the array that it is copied to, value by value.
    pub(super) fn read_row(&mut self, slice: String, [row, width, column]: [&str; 3]) -> Place {
        match column.parse::<usize>() {
            Ok(number) => self.read_by_value(slice, place(row, width, "0"), number),
            Err(_) => self.read_by_value(slice, place(row, width, column), 0),
        }
    }

    fn read_by_value(&mut self, slice: String, start: String, number: usize) -> Place {
        let fresh = self.fresh();
        let copied = self.block.gathered.entry(Row { slice, start }).or_insert_with(|| Copied::to(fresh, true));
        copied.used.insert(number);
        Place::Number(format!("{}_{number}[lane]", copied.array))
    }

    /// Reads a whole number that is computed with from the array that it is copied to.
    pub(super) fn count_in_block(&mut self, number: String) -> Place {
        let fresh = self.fresh();
        let array = self.block.counted.entry(number).or_insert(fresh);
        Place::Number(format!("{array}[lane]"))
    }

    fn start_of_block(&self, start: &Dimension) -> String {
        let mut sizes = self.sizes.clone();
        sizes.extend(self.block.index.iter().map(|bound| (bound.name().to_string(), "at".to_string())));
        dimensions::written(start, &sizes)
    }

    /// Returns where the numbers begin that one value of an index adds to, and which of them a part is added to.
    pub(super) fn row_of(&mut self, bound: &Bound, width: &Dimension, part: &Part) -> (String, usize) {
        let found = match &part.place {
            [tape::Place::At(row), tape::Place::At(column)] => beside(bound, [row, column], width),
            _ => None,
        };
        if let Some((start, _, number)) = found {
            return (self.dimension(&start), number);
        }
        let ([row, column], width) = (self.sides_of(part), self.dimension(width));
        match column.parse::<usize>() {
            Ok(number) => (place(&row, &width, "0"), number),
            Err(_) => (place(&row, &width, &column), 0),
        }
    }

    /// Adds a part to the array that is added to its place.
    pub(super) fn add_in_block(&mut self, bound: &Bound, output: &Accumulated, part: &Part) {
        for (target, scale) in self.targets_of(output) {
            let added = self.scaled_number(part.value, &part.coefficient.multiply(&scale));
            let slice = match self.places.get(&target).cloned() {
                Some(Place::Number(name)) => {
                    self.statements.push(format!("{name} += {added};"));
                    continue;
                }
                Some(Place::Slice(name)) => name,
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
                    (format!("{}[lane]", copied.array), is_first)
                }
                (None, Some((start, stride, number))) if stride as i64 <= LONGEST_STRIDE => {
                    let window = Window { slice, start: self.start_of_block(&start), stride };
                    let (copied, is_first) = noted(self.block.added.entry(window), fresh, is_stored, number);
                    (format!("{}[{}]", copied.array, in_window(stride, number)), is_first)
                }
                _ => {
                    let (start, number) = self.row_of(bound, &width, part);
                    let row = Row { slice, start };
                    let (copied, is_first) = noted(self.block.scattered.entry(row), fresh, is_stored, number);
                    (format!("{}_{number}[lane]", copied.array), is_first)
                }
            };
            let sign = if is_first { "=" } else { "+=" };
            self.statements.push(format!("{array} {sign} {added};"));
        }
    }
}

/// Notes that a number is added to; tells whether it is the first time.
fn noted<'e, K>(entry: Entry<'e, K, Copied>, fresh: String, is_stored: bool, number: usize) -> (&'e mut Copied, bool) {
    let copied = entry.or_insert_with(|| Copied::to(fresh, is_stored));
    let is_first = copied.used.insert(number);
    (copied, is_first)
}
