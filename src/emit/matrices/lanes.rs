//! Loops over an index whose values are computed side by side: blocks of 16 of them, for each of which a step of the body is
//! a loop of its own that the compiler vectorizes. What a block reads is copied to an array first, so that the last block has
//! 16 values, too; what those beyond the end compute is not added.

use super::MODULE;
use super::bodies::variable;
use super::dimensions;
use super::dispatch::has_lanes;
use super::loops::{Interface, Loops, Place, place, reads, shortened};
use super::stages::distributed;
use crate::error::Diagnostic;
use crate::graph::{Bound, Dimension, ExprId, MatrixOperation as M};
use crate::tape::{self, Accumulated, Computation, Looped, Operation, Part, Step};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// How many values of an index are computed side by side.
const LANES: usize = 16;

/// Most sums of a loop that have names of their own.
const MOST_NAMES_OF_SUMS: usize = 16;

/// Most numbers of a slice between what two values of an index read.
const LONGEST_STRIDE: i64 = 32;

/// Numbers of a slice that a block reads or adds to.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Window {
    slice: String,
    /// Where they begin for the first value of the index.
    start: String,
    /// How far the next value is from there.
    stride: usize,
}

/// The array that a window is copied to, and which of the numbers of each value are used.
struct Copied {
    array: String,
    used: BTreeSet<usize>,
}

impl Copied {
    /// Writes how many numbers there are up to the last one that is used.
    fn count(&self, stride: usize) -> String {
        let beyond = stride - 1 - self.used.last().copied().unwrap_or_default();
        match (stride, beyond) {
            (1, _) => "lanes".to_string(),
            (_, 0) => format!("{stride} * lanes"),
            _ => format!("{stride} * lanes - {beyond}"),
        }
    }
}

/// What a block of values of an index reads and adds to.
#[derive(Default)]
pub(super) struct Block {
    index: Option<Bound>,
    /// The arrays that numbers are copied to.
    read: IndexMap<Window, Copied>,
    /// The arrays that are added to others.
    added: IndexMap<Window, Copied>,
}

impl Block {
    /// Tells whether no loop has its values computed side by side.
    pub(super) fn is_closed(&self) -> bool {
        self.index.is_none()
    }
}

/// Returns where the numbers begin that move with an index, how far apart they are, and which of these one entry of a
/// matrix is.
fn beside(bound: &Bound, [row, column]: [&Dimension; 2], width: &Dimension) -> Option<(Dimension, i64, usize)> {
    let place = row.product(width).plus(column, 1);
    let stride = place.slope(bound.name()).as_number().filter(|stride| (1..=LONGEST_STRIDE).contains(stride))?;
    // Where sizes are in between, an earlier number than this one may be before the first.
    let is_aligned = place.terms().all(|(_, count)| count % stride == 0);
    let number = if is_aligned { place.constant().rem_euclid(stride) } else { 0 };
    Some((place.plus(&Dimension::number(number), -1), stride, usize::try_from(number).ok()?))
}

impl<'a> Loops<'a> {
    /// Tells whether the values of a loop's index can be computed side by side, and are worth it.
    pub(super) fn is_side_by_side(&self, looped: &Looped) -> bool {
        let bound = &looped.bound;
        let sums = looped.outputs.iter().any(|output| output.extents.is_scalar());
        let calls = looped.plan.steps.iter().any(|step| match &step.computation {
            Computation::Entrywise(tape, _) | Computation::Numbers(tape, ..) => {
                tape.operations.iter().any(|operation| matches!(operation, Operation::Call(..)))
            }
            _ => false,
        });
        let added = |output: &Accumulated| {
            let moves = |part: &Part| match &part.place {
                [tape::Place::At(row), tape::Place::At(column)] => {
                    beside(bound, [row, column], &output.extents.columns).is_some()
                }
                _ => false,
            };
            output.parts.iter().all(|part| part.extents.is_scalar())
                && (output.extents.is_scalar() || output.parts.iter().all(moves))
        };
        has_lanes(self.writer.options)
            && self.block.is_closed()
            && looped.recomputed.is_empty()
            && (sums || calls)
            && looped.outputs.iter().all(added)
            && looped.plan.steps.iter().all(|step| self.is_of_numbers(bound, step, &looped.plan.steps))
    }

    fn is_of_numbers(&self, bound: &Bound, step: &Step, steps: &[Step]) -> bool {
        match &step.computation {
            Computation::Numbers(..) => true,
            Computation::Entrywise(..) => step.extents.is_scalar(),
            Computation::Operation(M::Size(_), _) => true,
            Computation::Operation(M::Slice(row, column, extents), of) => {
                let whole = self.graph.extents(of[0]);
                extents.is_scalar()
                    && !self.graph.depends_on(of[0], bound.name())
                    && !self.is_from_data(of[0])
                    && beside(bound, [row, column], &whole.columns).is_some()
            }
            Computation::Operation(M::LogSumExp, of) => self.numbers_stacked(of[0]).is_some(),
            Computation::Operation(M::Stack, _) => {
                let only_sum = |other: &Step| {
                    !other.operands().contains(&step.id)
                        || matches!(&other.computation, Computation::Operation(M::LogSumExp, _))
                };
                self.numbers_stacked(step.id).is_some() && steps.iter().all(only_sum)
            }
            _ => false,
        }
    }

    /// Returns the numbers that a column is made of.
    pub(super) fn numbers_stacked(&self, id: ExprId) -> Option<&'a [ExprId]> {
        match self.graph.as_matrix(id)? {
            (M::Stack, parts) if parts.iter().all(|part| self.graph.extents(*part).is_scalar()) => Some(parts),
            _ => None,
        }
    }

    /// Reads a number that moves with the index from the array that it is copied to.
    pub(super) fn read_in_block(&mut self, of: ExprId, row: &Dimension, column: &Dimension) -> Option<Place> {
        let (slice, width) = (self.slice(of), self.graph.extents(of).columns);
        let (window, number) = self.window(&slice, [row, column], &width)?;
        let stride = window.stride;
        if !self.block.read.contains_key(&window) {
            let array = self.fresh();
            self.block.read.insert(window.clone(), Copied { array, used: BTreeSet::new() });
        }
        let copied = self.block.read.get_mut(&window)?;
        copied.used.insert(number);
        Some(Place::Number(format!("{}[{}]", copied.array, in_window(stride, number))))
    }

    /// Returns the window of an entry that moves with the index of the block, and which of its numbers it is.
    fn window(&self, slice: &str, place: [&Dimension; 2], width: &Dimension) -> Option<(Window, usize)> {
        let bound = self.block.index.as_ref()?;
        let (start, stride, number) = beside(bound, place, width)?;
        let mut sizes = self.sizes.clone();
        sizes.insert(bound.name().to_string(), "at".to_string());
        let start = dimensions::written(&start, &sizes);
        Some((Window { slice: slice.to_string(), start, stride: usize::try_from(stride).ok()? }, number))
    }

    /// Writes a loop whose values are computed side by side.
    pub(super) fn side_by_side(&mut self, looped: &'a Looped, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        let bound = &looped.bound;
        let own = looped.outputs.iter().filter(|output| output.into.is_empty());
        let count = own.clone().filter(|output| output.extents.is_scalar()).count();
        let sums = match count > MOST_NAMES_OF_SUMS {
            true => Sums::Array(self.fresh(), count),
            false => Sums::Names((0..count).map(|_| self.fresh()).collect()),
        };
        let mut names = sums.names().into_iter();
        let mut filled = Vec::new();
        for output in own {
            match output.extents.is_scalar() {
                true => drop(names.next().map(|name| self.places.insert(output.id, Place::Number(name)))),
                false => {
                    self.begin_output(bound, output);
                    let is_stored = self.stores(bound, output);
                    if let (true, Some(Place::Slice(name))) = (is_stored, self.places.get(&output.id)) {
                        filled.push(name.clone());
                    }
                }
            }
        }
        self.block = Block { index: Some(bound.clone()), ..Block::default() };
        let body = self.inside(bound, &looped.plan, |loops| {
            for step in &looped.plan.steps {
                loops.step(step, interface)?;
            }
            for output in &looped.outputs {
                output.parts.iter().for_each(|part| loops.add_in_block(output, part));
            }
            Ok(())
        })?;
        let block = std::mem::take(&mut self.block);
        let stages = distributed(shortened(body), std::iter::from_fn(|| Some(self.fresh()))).in_short_loops();
        let float = self.writer.options.scalar.name();
        let copied = block.read.iter().chain(&block.added);
        let arrays = copied.map(|(window, copied)| (copied.array.clone(), LANES * window.stride));
        let own = stages.arrays.iter().filter(|array| !stages.conditions.contains(*array));
        let arrays = arrays.chain(own.cloned().map(|array| (array, LANES)));
        self.statements.extend(arrays.map(|(array, count)| format!("let mut {array} = [0.0_{float}; {count}];")));
        let conditions = stages.conditions.iter().filter(|array| stages.arrays.contains(*array));
        let mut conditions: Vec<&String> = conditions.collect();
        conditions.sort();
        self.statements.extend(conditions.iter().map(|array| format!("let mut {array} = [false; {LANES}];")));
        let (from, to) = (self.dimension(&bound.from), dimensions::end(&bound.to, self.sizes));
        let mut lines = Vec::new();
        if count == 0 {
            lines.push(format!("let lanes = ({to} - at).min({LANES});"));
        } else {
            self.statements.extend(sums.declared(float));
            self.statements.push(format!("let mut lanes = {LANES};"));
            lines.push(format!("lanes = ({to} - at).min({LANES});"));
            // Of the last block, only the lanes before the end are added.
            lines.push(format!("if lanes < {LANES} {{"));
            lines.extend(sums.taken_up("[..]").into_iter().chain(sums.begun_anew()).map(|line| format!("    {line}")));
            lines.push("}".to_string());
        }
        for (Window { slice, start, stride }, copied) in &block.read {
            let (array, count) = (&copied.array, copied.count(*stride));
            lines.push(format!("{array}[..{count}].copy_from_slice(&{slice}[{start}..][..{count}]);"));
        }
        for stage in stages.list {
            if !stage.lines.is_empty() {
                lines.push(format!("for lane in 0..{LANES} {{"));
                if stage.lines.iter().any(|line| reads(line, &variable(bound))) {
                    lines.push(format!("    let {} = at + lane;", variable(bound)));
                }
                lines.extend(stage.lines.iter().map(|line| format!("    {}", sums.in_lane(line))));
                lines.push("}".to_string());
            }
            lines.extend(stage.calls.iter().map(|call| call.replace("[..lanes]", "")));
        }
        for (Window { slice, start, stride }, copied) in &block.added {
            let (array, count) = (&copied.array, copied.count(*stride));
            let whole = format!("{slice}[{start}..][..{count}]");
            if filled.contains(slice) {
                lines.push(format!("{whole}.copy_from_slice(&{array}[..{count}]);"));
                continue;
            }
            lines.push(format!("for (sum, part) in {whole}.iter_mut().zip(&{array}) {{"));
            lines.extend(["    *sum += part;", "}"].map(String::from));
        }
        self.statements.push(format!("for at in ({from}..{to}).step_by({LANES}) {{"));
        self.statements.extend(lines.into_iter().map(|line| format!("    {line}")));
        self.statements.push("}".to_string());
        self.statements.extend(sums.taken_up("[..lanes]"));
        Ok(())
    }

    fn add_in_block(&mut self, output: &Accumulated, part: &Part) {
        for (target, scale) in self.targets_of(output) {
            let added = self.scaled_number(part.value, &part.coefficient.multiply(&scale));
            let name = match self.places.get(&target).cloned() {
                Some(Place::Number(name)) => {
                    self.statements.push(format!("{name} += {added};"));
                    continue;
                }
                Some(Place::Slice(name)) => name,
                _ => String::new(),
            };
            let window = match &part.place {
                [tape::Place::At(row), tape::Place::At(column)] => {
                    self.window(&name, [row, column], &self.graph.extents(target).columns)
                }
                _ => None,
            };
            let (Some((window, number)), false) = (window, name.is_empty()) else {
                self.unknown = true;
                continue;
            };
            let (fresh, stride) = (self.fresh(), window.stride);
            let copied =
                self.block.added.entry(window).or_insert_with(|| Copied { array: fresh, used: BTreeSet::new() });
            let sign = if copied.used.insert(number) { "=" } else { "+=" };
            let array = &copied.array;
            self.statements.push(format!("{array}[{}] {sign} {added};", in_window(stride, number)));
        }
    }

    /// The logarithm of the sum of the exponentials of numbers.
    pub(super) fn log_sum_exp_of(&mut self, numbers: &[ExprId]) -> Place {
        let numbers: Vec<String> = numbers.iter().map(|number| self.number(*number)).collect();
        self.call_number("log_sum_exp_of::<FMA>", &format!("(&[{}])", numbers.join(", ")))
    }
}

/// Writes the place of a number in the array of its window.
fn in_window(stride: usize, number: usize) -> String {
    place("lane", &stride.to_string(), &number.to_string())
}

/// The sums of a loop, each of which has its lanes.
enum Sums {
    /// Few: each has a name.
    Names(Vec<String>),
    /// Many: they are the entries of an array.
    Array(String, usize),
}

impl Sums {
    fn names(&self) -> Vec<String> {
        match self {
            Sums::Names(names) => names.clone(),
            Sums::Array(array, count) => (0..*count).map(|at| format!("{array}[{at}]")).collect(),
        }
    }

    fn declared(&self, float: &str) -> Vec<String> {
        match self {
            Sums::Names(names) => {
                let lanes = names.iter().map(|name| format!("let mut {name}_lanes = [0.0_{float}; {LANES}];"));
                lanes.chain(names.iter().map(|name| format!("let mut {name}: {float} = 0.0;"))).collect()
            }
            Sums::Array(array, count) => vec![
                format!("let mut {array}_lanes = [[0.0_{float}; {LANES}]; {count}];"),
                format!("let mut {array} = [0.0_{float}; {count}];"),
            ],
        }
    }

    /// Adds the lanes of each, or the part of them that is given, to it.
    fn taken_up(&self, part: &str) -> Vec<String> {
        match self {
            Sums::Names(names) => {
                names.iter().map(|name| format!("{name} += {MODULE}::sum(&{name}_lanes{part});")).collect()
            }
            Sums::Array(array, _) => vec![
                format!("for (sum, lanes_of_sum) in {array}.iter_mut().zip(&{array}_lanes) {{"),
                format!("    *sum += {MODULE}::sum(&lanes_of_sum{part});"),
                "}".to_string(),
            ],
        }
    }

    fn begun_anew(&self) -> Vec<String> {
        match self {
            Sums::Names(names) => names.iter().map(|name| format!("{name}_lanes.fill(0.0);")).collect(),
            Sums::Array(array, _) => vec![format!("{array}_lanes.as_flattened_mut().fill(0.0);")],
        }
    }

    /// Writes a line that adds to a sum so that it adds to the lane of its own.
    fn in_lane(&self, line: &str) -> String {
        let Some((place, value)) = line.split_once(" += ") else { return line.to_string() };
        match self {
            Sums::Names(names) if names.iter().any(|name| name == place) => format!("{place}_lanes[lane] += {value}"),
            Sums::Array(array, _) => match place.strip_prefix(array.as_str()).filter(|at| at.starts_with('[')) {
                Some(at) => format!("{array}_lanes{at}[lane] += {value}"),
                None => line.to_string(),
            },
            Sums::Names(_) => line.to_string(),
        }
    }
}
