//! Loops over an index whose values are computed side by side: blocks of 16 of them, for each of which a step of the body is
//! a loop of its own that the compiler vectorizes. What a block reads is copied to an array first, so that the last block has
//! 16 values, too; what those beyond the end compute is not added. What is read or added at places that data say is read or
//! added one by one.

use super::MODULE;
use super::bodies::variable;
use super::dimensions;
use super::dispatch::has_lanes;
use super::loops::{Interface, Loops, Place, reads, shortened};
use super::stages::distributed;
use super::windows::Block;
use crate::error::Diagnostic;
use crate::graph::{Bound, Dimension, ExprId, MatrixOperation as M};
use crate::tape::{Accumulated, Computation, Looped, Operation, Step};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most sums of a loop that have names of their own.
const MOST_NAMES_OF_SUMS: usize = 16;

/// Fewest values of an index that are worth a block, where their number is known.
const FEWEST: i64 = 8;

/// Fewest that a range has at most which is longer for some values of other indices than for others.
const FEWEST_AT_MOST: i64 = 32;

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
        let added = |output: &Accumulated| output.parts.iter().all(|part| part.extents.is_scalar());
        has_lanes(self.writer.options)
            && bound.count().as_number().is_none_or(|count| count >= FEWEST)
            && !self.is_always_short(bound)
            && self.block.is_closed()
            && looped.recomputed.is_empty()
            && (sums || calls)
            && looped.outputs.iter().all(added)
            && looped.plan.steps.iter().all(|step| self.is_of_numbers(bound, step, &looped.plan.steps))
    }

    /// Tells whether a range that other indices end has few values for each of theirs.
    fn is_always_short(&self, bound: &Bound) -> bool {
        let count = bound.count();
        let is_short = |most: &Dimension| most.as_number().is_some_and(|most| most < FEWEST_AT_MOST);
        count.is_running() && self.most(&count).iter().all(is_short)
    }

    fn is_of_numbers(&self, bound: &Bound, step: &Step, steps: &[Step]) -> bool {
        match &step.computation {
            Computation::Numbers(..) => true,
            Computation::Entrywise(..) => step.extents.is_scalar(),
            Computation::Operation(M::Size(_) | M::Remainder, _) => true,
            Computation::Operation(M::Slice(_, _, extents) | M::Gather(_, extents), of) => {
                extents.is_scalar() && !self.graph.depends_on(of[0], bound.name())
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
        for output in own {
            match output.extents.is_scalar() {
                true => drop(names.next().map(|name| self.places.insert(output.id, Place::Number(name)))),
                false => self.begin_output(bound, &looped.plan, output),
            }
        }
        self.block = Block::of(bound, count);
        let width = self.block.lanes();
        let body = self.inside(bound, &looped.plan, |loops| {
            for step in &looped.plan.steps {
                loops.step(step, interface)?;
            }
            for output in &looped.outputs {
                output.parts.iter().for_each(|part| loops.add_in_block(bound, output, part));
            }
            Ok(())
        })?;
        let mut block = std::mem::take(&mut self.block);
        let stages = distributed(added_where_computed(shortened(body)), std::iter::from_fn(|| Some(self.fresh())))
            .in_short_loops();
        let float = self.writer.options.scalar.name();
        block.keep_what_is_read(&stages);
        let own = stages.arrays.iter().filter(|array| !stages.conditions.contains(*array));
        let arrays = block.arrays().into_iter().chain(own.map(|array| (array.clone(), width)));
        self.statements.extend(arrays.map(|(array, count)| format!("let mut {array} = [0.0_{float}; {count}];")));
        let conditions = stages.conditions.iter().filter(|array| stages.arrays.contains(*array));
        let mut conditions: Vec<&String> = conditions.collect();
        conditions.sort();
        self.statements.extend(conditions.iter().map(|array| format!("let mut {array} = [false; {width}];")));
        let (from, to) = (self.dimension(&bound.from), dimensions::end(&bound.to, self.sizes));
        let mut lines = Vec::new();
        if count == 0 {
            lines.push(format!("let lanes = ({to} - at).min({width});"));
        } else {
            self.statements.extend(sums.declared(float, width));
            self.statements.push(format!("let mut lanes = {width};"));
            lines.push(format!("lanes = ({to} - at).min({width});"));
            // Of the last block, only the lanes before the end are added.
            lines.push(format!("if lanes < {width} {{"));
            lines.extend(sums.taken_up("[..]").into_iter().chain(sums.begun_anew()).map(|line| format!("    {line}")));
            lines.push("}".to_string());
        }
        lines.extend(block.reading());
        for stage in stages.list {
            if !stage.lines.is_empty() {
                lines.push(format!("for lane in 0..{width} {{"));
                if stage.lines.iter().any(|line| reads(line, &variable(bound))) {
                    lines.push(format!("    let {} = at + lane;", variable(bound)));
                }
                lines.extend(stage.lines.iter().map(|line| format!("    {}", sums.in_lane(line))));
                lines.push("}".to_string());
            }
            lines.extend(stage.calls.iter().map(|call| call.replace("[..lanes]", "")));
        }
        lines.extend(block.writing());
        self.statements.push(format!("for at in ({from}..{to}).step_by({width}) {{"));
        self.statements.extend(lines.into_iter().map(|line| format!("    {line}")));
        self.statements.push("}".to_string());
        self.statements.extend(sums.taken_up("[..lanes]"));
        Ok(())
    }

    /// The logarithm of the sum of the exponentials of numbers.
    pub(super) fn log_sum_exp_of(&mut self, numbers: &[ExprId]) -> Place {
        let numbers: Vec<String> = numbers.iter().map(|number| self.number(*number)).collect();
        self.call_number("log_sum_exp_of::<FMA>", &format!("(&[{}])", numbers.join(", ")))
    }
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

    fn declared(&self, float: &str, width: usize) -> Vec<String> {
        match self {
            Sums::Names(names) => {
                let lanes = names.iter().map(|name| format!("let mut {name}_lanes = [0.0_{float}; {width}];"));
                lanes.chain(names.iter().map(|name| format!("let mut {name}: {float} = 0.0;"))).collect()
            }
            Sums::Array(array, count) => vec![
                format!("let mut {array}_lanes = [[0.0_{float}; {width}]; {count}];"),
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

/// Writes `sum += e;` for `let t = e;` and a later `sum += t;` where nothing else reads t, so that t is not stored for all lanes;
/// and the same for what is written to a place once.
fn added_where_computed(lines: Vec<String>) -> Vec<String> {
    let is_name = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut written: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    let mut defined: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, line) in lines.iter().enumerate() {
        line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .for_each(|word| *counts.entry(word).or_default() += 1);
        match line.strip_prefix("let ").and_then(|rest| rest.split_once(" = ")) {
            Some((name, _)) => _ = defined.insert(name, at),
            None => {
                let Some((place, sign, _)) = assigned(line) else { continue };
                written.entry(place).or_default().push(sign);
            }
        }
    }
    let mut moved: FxHashMap<usize, String> = FxHashMap::default();
    let mut left_out: FxHashSet<usize> = FxHashSet::default();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with("let ")) {
        let Some((place, sign, value)) = assigned(line) else { continue };
        let in_any_order = written[place].len() == 1 || written[place].iter().all(|sign| *sign == " += ");
        let (minus, name) = value.strip_prefix('-').map_or(("", value), |name| ("-", name));
        let from = defined.get(name).copied().filter(|from| *from < at && !moved.contains_key(from));
        let Some(from) = from.filter(|_| in_any_order && is_name(name) && counts[name] == 2) else { continue };
        let value = lines[from].split_once(" = ").and_then(|(_, value)| value.strip_suffix(';')).unwrap_or_default();
        let value = if minus.is_empty() { value.to_string() } else { format!("-({value})") };
        moved.insert(from, format!("{place}{sign}{value};"));
        left_out.insert(at);
    }
    let kept = lines.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
    kept.map(|(at, line)| moved.get(&at).unwrap_or(line).clone()).collect()
}

/// Returns the place that a line writes to, how, and the value.
fn assigned(line: &str) -> Option<(&str, &'static str, &str)> {
    let value = line.strip_suffix(';')?;
    if let Some((place, value)) = value.split_once(" += ") {
        return Some((place, " += ", value));
    }
    value.split_once(" = ").map(|(place, value)| (place, " = ", value))
}
