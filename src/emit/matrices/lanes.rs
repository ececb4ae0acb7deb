//! Loops over an index whose values are computed side by side: blocks of 16 of them, for each of which a step of the body is
//! a loop of its own that the compiler vectorizes. What a block reads is copied to an array first, so that the last block has
//! 16 values, too; what those beyond the end compute is not added. What is read or added at places that data say is read or
//! added one by one.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Interface, Loops, Place};
use super::windows::{Block, lanes_of_index};
use crate::error::Diagnostic;
use crate::graph::{Bound, Comparison, Dimension, ExprId, MatrixOperation as M};
use crate::program::{Expression, Requirements, Statement, Sums, added_where_computed, distributed, merged};
use crate::tape::{Accumulated, Computation, Looped, Operation, Step};

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
        self.writer.options.has_lanes()
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
        let mut places = sums.all().into_iter();
        for output in own {
            match output.extents.is_scalar() {
                true => self.places.extend(places.next().map(|place| (output.id, Place::Number(place)))),
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
        let names = std::iter::from_fn(|| Some(self.fresh()));
        let stages = distributed(added_where_computed(merged(body)), &Requirements::default(), names).in_short_loops();
        let float = self.writer.options.scalar;
        block.keep_what_is_read(&stages);
        let own = stages.arrays.iter().filter(|array| !stages.conditions.contains(*array));
        let arrays = block.arrays().into_iter().chain(own.map(|array| (array.clone(), width)));
        self.statements.extend(arrays.map(|(array, count)| Statement::array(array, false, float, count)));
        let conditions = stages.conditions.iter().filter(|array| stages.arrays.contains(*array));
        let mut conditions: Vec<&String> = conditions.collect();
        conditions.sort();
        self.statements.extend(conditions.iter().map(|array| Statement::array(*array, true, float, width)));
        let (from, to) = (self.dimension(&bound.from), dimensions::end(&bound.to, self.sizes));
        let lanes = (to.clone() - "at").method("min", [width.into()]);
        let mut inside = Vec::new();
        if count == 0 {
            inside.push(Statement::name("lanes", lanes));
        } else {
            self.statements.extend(sums.lanes(Some(float), width).into_iter().chain(sums.declared(float)));
            self.statements.push(Statement::variable("lanes", width));
            inside.push(Statement::set("lanes", lanes));
            // Of the last block, only the lanes before the end are added.
            let is_last = Expression::from("lanes").compare(Comparison::Less, width);
            inside.push(Statement::when(is_last, [sums.taken_up(None), sums.begun_anew()].concat()));
        }
        inside.extend(block.reading());
        for stage in stages.list {
            inside.extend(stage.written(true, |own| {
                let own = own.into_iter().map(|statement| sums.in_lane(statement));
                lanes_of_index(&variable(bound), width, own.collect())
            }));
        }
        inside.extend(block.writing());
        let starts = Expression::range(from, to).method("step_by", [width.into()]);
        self.statements.push(Statement::over("at", starts, inside));
        self.statements.extend(sums.taken_up(Some("lanes")));
        Ok(())
    }

    /// The logarithm of the sum of the exponentials of numbers.
    pub(super) fn log_sum_exp_of(&mut self, numbers: &[ExprId]) -> Place {
        let numbers = numbers.iter().map(|number| self.number(*number)).collect();
        let value = Expression::fused_kernel("log_sum_exp_of", [Expression::List(numbers).reference()]);
        self.named_number(value)
    }
}
