//! Loops over an index whose values are computed side by side: blocks of 16 of them, for each of which a step of the body is
//! a loop of its own that the compiler vectorizes. What a block reads is copied to an array first, so that the last block has
//! 16 values, too; what those beyond the end compute is not added.

use super::MODULE;
use super::dimensions;
use super::dispatch::has_lanes;
use super::looped::{fills, variable};
use super::loops::{Interface, Loops, Place, factor, place, reads, shortened};
use super::stages::distributed;
use crate::error::Diagnostic;
use crate::graph::{Bound, Dimension, ExprId, MatrixOperation as M, Rational};
use crate::tape::{self, Accumulated, Computation, Looped, Operation, Part, Step};
use indexmap::IndexMap;

/// How many values of an index are computed side by side.
const LANES: usize = 16;

/// Rows that a block reads or adds to: the slice, where the first of them is beyond the index, and how many numbers each has.
type Rows = (String, String, usize);

/// What a block of values of an index reads and adds to.
#[derive(Default)]
pub(super) struct Block {
    index: Option<Bound>,
    /// The arrays that rows are copied to.
    read: IndexMap<Rows, String>,
    /// The arrays whose rows are added to others, and which columns have a value so far.
    added: IndexMap<Rows, (String, Vec<usize>)>,
}

impl Block {
    /// Tells whether no loop has its values computed side by side.
    pub(super) fn is_closed(&self) -> bool {
        self.index.is_none()
    }
}

/// Returns where a row begins beyond the index, and the column, where the row moves with the index.
fn beside(bound: &Bound, row: &Dimension, column: &Dimension) -> Option<(Dimension, usize)> {
    let offset = row.plus(&bound.index, -1);
    let column = usize::try_from(column.as_number()?).ok()?;
    (!offset.has_name(bound.name())).then_some((offset, column))
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
        let width = |id: ExprId| self.graph.extents(id).columns.as_number();
        let added = |output: &Accumulated| {
            let is_row = |part: &Part| match &part.place {
                [tape::Place::At(row), tape::Place::At(column)] => beside(bound, row, column).is_some(),
                _ => false,
            };
            let targets = output.into.iter().map(|(target, _)| *target).chain([output.id]);
            output.parts.iter().all(|part| part.extents.is_scalar())
                && (output.extents.is_scalar()
                    || targets.into_iter().all(|target| width(target).is_some()) && output.parts.iter().all(is_row))
        };
        has_lanes(self.writer.options)
            && self.block.is_closed()
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
                    && whole.columns.as_number().is_some()
                    && beside(bound, row, column).is_some()
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

    /// Reads a number that moves with the index from the array of its row.
    pub(super) fn read_in_block(&mut self, of: ExprId, row: &Dimension, column: &Dimension) -> Option<Place> {
        let bound = self.block.index.clone()?;
        let (offset, column) = beside(&bound, row, column)?;
        let width = usize::try_from(self.graph.extents(of).columns.as_number()?).ok()?;
        let key = (self.slice(of), self.dimension(&offset), width);
        let known = self.block.read.get(&key).cloned();
        let array = known.unwrap_or_else(|| self.fresh());
        self.block.read.entry(key).or_insert_with(|| array.clone());
        Some(Place::Number(format!("{array}[{}]", in_row(width, column))))
    }

    /// Writes a loop whose values are computed side by side.
    pub(super) fn side_by_side(&mut self, looped: &'a Looped, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        let bound = &looped.bound;
        let mut sums = Vec::new();
        let mut filled = Vec::new();
        for output in looped.outputs.iter().filter(|output| output.into.is_empty()) {
            match output.extents.is_scalar() {
                true => {
                    let name = self.fresh();
                    self.places.insert(output.id, Place::Number(name.clone()));
                    sums.push(name);
                }
                false => {
                    self.begin_output(bound, output);
                    if let (true, Some(Place::Slice(name))) = (fills(bound, output), self.places.get(&output.id)) {
                        filled.push(name.clone());
                    }
                }
            }
        }
        let before = std::mem::take(&mut self.statements);
        let around = std::mem::replace(&mut self.plan, &looped.plan);
        self.bounds.push(bound.clone());
        self.block = Block { index: Some(bound.clone()), ..Block::default() };
        let places = self.places.clone();
        for step in &looped.plan.steps {
            self.step(step, interface)?;
        }
        for output in &looped.outputs {
            output.parts.iter().for_each(|part| self.add_in_block(output, part));
        }
        self.plan = around;
        self.bounds.pop();
        self.places = places;
        let block = std::mem::take(&mut self.block);
        let body = std::mem::replace(&mut self.statements, before);
        let stages = distributed(shortened(body), std::iter::from_fn(|| Some(self.fresh())));
        let float = self.writer.options.scalar.name();
        let arrays = block.read.iter().map(|((_, _, width), array)| (array.clone(), LANES * width));
        let arrays = arrays.chain(block.added.iter().map(|((_, _, width), (array, _))| (array.clone(), LANES * width)));
        let own = stages.arrays.iter().filter(|array| !stages.conditions.contains(*array));
        let lanes = sums.iter().map(|sum| format!("{sum}_lanes"));
        let arrays = arrays.chain(own.cloned().chain(lanes).map(|array| (array, LANES)));
        self.statements.extend(arrays.map(|(array, count)| format!("let mut {array} = [0.0_{float}; {count}];")));
        let conditions = stages.conditions.iter().filter(|array| stages.arrays.contains(*array));
        let mut conditions: Vec<&String> = conditions.collect();
        conditions.sort();
        self.statements.extend(conditions.iter().map(|array| format!("let mut {array} = [false; {LANES}];")));
        let (from, to) = (self.dimension(&bound.from), dimensions::end(&bound.to, self.sizes));
        let mut lines = Vec::new();
        if sums.is_empty() {
            lines.push(format!("let lanes = ({to} - at).min({LANES});"));
        } else {
            self.statements.push(format!("let mut lanes = {LANES};"));
            self.statements.extend(sums.iter().map(|sum| format!("let mut {sum}: {float} = 0.0;")));
            lines.push(format!("lanes = ({to} - at).min({LANES});"));
            // Of the last block, only the lanes before the end are added.
            lines.push(format!("if lanes < {LANES} {{"));
            let begun = |sum: &String| format!("    {sum} += {MODULE}::sum(&{sum}_lanes);");
            lines.extend(sums.iter().flat_map(|sum| [begun(sum), format!("    {sum}_lanes.fill(0.0);")]));
            lines.push("}".to_string());
        }
        for ((slice, offset, width), array) in &block.read {
            let count = times("lanes", *width);
            lines.push(format!("{array}[..{count}].copy_from_slice(&{slice}[{}..][..{count}]);", row(offset, *width)));
        }
        for stage in stages.list {
            if !stage.lines.is_empty() {
                lines.push(format!("for lane in 0..{LANES} {{"));
                if stage.lines.iter().any(|line| reads(line, &variable(bound))) {
                    lines.push(format!("    let {} = at + lane;", variable(bound)));
                }
                lines.extend(stage.lines.iter().map(|line| format!("    {}", in_lane(&sums, line))));
                lines.push("}".to_string());
            }
            lines.extend(stage.calls.iter().map(|call| call.replace("[..lanes]", "")));
        }
        for ((slice, offset, width), (array, _)) in &block.added {
            let count = times("lanes", *width);
            let whole = format!("{slice}[{}..][..{count}]", row(offset, *width));
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
        self.statements.extend(sums.iter().map(|sum| format!("{sum} += {MODULE}::sum(&{sum}_lanes[..lanes]);")));
        Ok(())
    }

    fn add_in_block(&mut self, output: &Accumulated, part: &Part) {
        let itself = [(output.id, Rational::ONE)];
        let targets = if output.into.is_empty() { &itself } else { &output.into[..] };
        for (target, scale) in targets {
            let added = self.scaled_number(part.value, &part.coefficient.multiply(scale));
            let name = match self.places.get(target).cloned() {
                Some(Place::Number(name)) => {
                    self.statements.push(format!("{name} += {added};"));
                    continue;
                }
                Some(Place::Slice(name)) => name,
                _ => String::new(),
            };
            let width = self.graph.extents(*target).columns.as_number().and_then(|width| usize::try_from(width).ok());
            let moves = match (&self.block.index, &part.place) {
                (Some(bound), [tape::Place::At(row), tape::Place::At(column)]) => beside(bound, row, column),
                _ => None,
            };
            let (Some(width), Some((offset, column)), false) = (width, moves, name.is_empty()) else {
                self.unknown = true;
                continue;
            };
            let key = (name, self.dimension(&offset), width);
            let fresh = self.fresh();
            let (array, columns) = self.block.added.entry(key).or_insert_with(|| (fresh, Vec::new()));
            let sign = if columns.contains(&column) { "+=" } else { "=" };
            columns.push(column);
            self.statements.push(format!("{array}[{}] {sign} {added};", in_row(width, column)));
        }
    }

    /// The logarithm of the sum of the exponentials of numbers.
    pub(super) fn log_sum_exp_of(&mut self, numbers: &[ExprId]) -> Place {
        let numbers: Vec<String> = numbers.iter().map(|number| self.number(*number)).collect();
        self.call_number("log_sum_exp_of::<FMA>", &format!("(&[{}])", numbers.join(", ")))
    }
}

fn times(index: &str, width: usize) -> String {
    if width == 1 { index.to_string() } else { format!("{index} * {width}") }
}

fn in_row(width: usize, column: usize) -> String {
    place("lane", &width.to_string(), &column.to_string())
}

fn row(offset: &str, width: usize) -> String {
    let at = if offset == "0" { "at".to_string() } else { format!("at + {offset}") };
    if width == 1 { at } else { format!("{} * {width}", factor(&at)) }
}

/// Adds to a sum in the lane of its own.
fn in_lane(sums: &[String], line: &str) -> String {
    let sum = sums.iter().find(|sum| line.starts_with(&format!("{sum} += ")));
    match sum.and_then(|sum| line.strip_prefix(sum.as_str()).map(|rest| (sum, rest))) {
        Some((sum, rest)) => format!("{sum}_lanes[lane]{rest}"),
        None => line.to_string(),
    }
}
