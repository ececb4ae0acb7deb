//! The stages of a tape to loops over blocks of points.

use super::stages::{Stages, Way};
use crate::emit::program::{Expression, Statement};
use crate::emit::writer::{Writer, core_name, is_short};
use crate::tape::{Operation, Slot, Tape};
use indexmap::IndexMap;

/// How many points a block has.
pub(super) const LANES: usize = 32;

/// An entry of a parameter of which each point has its own.
pub(super) struct Given {
    /// The slice with the numbers of all points.
    pub(super) slice: Expression,
    /// The name of the numbers of a block.
    pub(super) block: String,
}

/// Writes the statements of a function for many points.
pub(super) struct Blocks<'a> {
    pub(super) tape: &'a Tape,
    pub(super) stages: &'a Stages,
    /// Writes what is computed in loops.
    pub(super) writer: Writer<'a>,
    /// The entries of parameters, where points differ in them.
    pub(super) given: &'a [Option<Given>],
    /// For each output the slice that it is written to.
    pub(super) targets: &'a [(Slot, Expression)],
    values: Vec<Expression>,
    statements: Vec<Statement>,
    count: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        tape: &'a Tape,
        stages: &'a Stages,
        writer: Writer<'a>,
        given: &'a [Option<Given>],
        targets: &'a [(Slot, Expression)],
    ) -> Self {
        let values = vec![Expression::Whole(0); tape.operations.len()];
        Blocks { tape, stages, writer, given, targets, values, statements: Vec::new(), count: 0 }
    }

    /// Writes all statements.
    pub(super) fn written(mut self) -> Vec<Statement> {
        self.once();
        self.without_loops();
        if self.stages.count > 0 {
            let body = self.block();
            let starts = Expression::range(0, "points").method("step_by", [LANES.into()]);
            self.statements.push(Statement::over("at", starts, body));
        }
        self.statements
    }

    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.writer.stem, self.count)
    }

    fn value(&self, writer: &Writer<'_>, operation: &Operation) -> Expression {
        writer.operation(self.tape, operation, |slot| &self.values[slot.index()])
    }

    /// The operations that are computed in a way, in order.
    fn those<W>(&self, is_wanted: W) -> impl Iterator<Item = (usize, &'a Operation)> + use<'a, W>
    where
        W: Fn(Way) -> bool,
    {
        let (tape, ways) = (self.tape, &self.stages.ways);
        tape.operations.iter().enumerate().filter(move |(at, _)| is_wanted(ways[*at]))
    }

    /// Computes what is the same at all points.
    fn once(&mut self) {
        let writer = Writer { lanes: false, ..self.writer };
        let operations: Vec<_> = self.those(|way| way == Way::Once).collect();
        // What a loop reads has a name, so that it is not computed at each point.
        let mut outside = vec![0; self.tape.operations.len()];
        for (_, operation) in &operations {
            operation.for_each_operand(|operand| outside[operand.index()] += 1);
        }
        for (at, operation) in operations {
            let value = self.value(&writer, operation);
            let is_named = match operation {
                Operation::Constant(constant) => core_name(constant).is_none(),
                _ => !operation.is_leaf() && (outside[at] != 1 || self.stages.uses[at] != 1 || !is_short(&value)),
            };
            self.values[at] = if is_named {
                let name = self.fresh();
                self.statements.push(match operation {
                    Operation::Constant(constant) => writer.named(constant, &name),
                    _ => Statement::number(&name, value, writer.options.scalar.name()),
                });
                name.into()
            } else {
                value
            };
        }
    }

    /// Writes results that are the same at all points, or parameters.
    fn without_loops(&mut self) {
        for (slot, target) in self.targets {
            let at = slot.index();
            match (self.stages.ways[at], &self.tape.operations[at]) {
                (Way::Once, _) => self.statements.push(Statement::fill(target.clone(), self.values[at].clone())),
                (Way::Given, Operation::Input(input)) => {
                    let copy = |given: &Given| {
                        let copied = target.clone().method("copy_from_slice", [given.slice.clone()]);
                        Statement::Evaluate(copied)
                    };
                    self.statements.extend(self.given[*input as usize].iter().map(copy));
                }
                _ => {}
            }
        }
    }

    /// Declares the arrays, and writes what is done for a block.
    fn block(&mut self) -> Vec<Statement> {
        let mut body = Vec::new();
        if self.stages.ways.contains(&Way::Alone) {
            let left = (Expression::from("points") - "at").method("min", [LANES.into()]);
            body.push(Statement::name("lanes", left));
        }
        let float = self.writer.options.scalar.name();
        let (tape, stages) = (self.tape, self.stages);
        for (at, operation) in tape.operations.iter().enumerate() {
            match operation {
                _ if !stages.stored[at] => {}
                Operation::Input(input) => {
                    if let Some(Given { slice, block }) = &self.given[*input as usize] {
                        let value = Expression::kernel("read_block", [slice.clone(), "at".into()]);
                        body.push(Statement::typed(block, format!("[{float}; {LANES}]"), value));
                        self.values[at] = self.value(&self.writer, operation);
                    }
                }
                _ => {
                    let name = self.fresh();
                    self.statements.push(Statement::array(&name, operation.is_condition(), float, LANES));
                    self.values[at] = Expression::from(name).at("lane");
                }
            }
        }
        for stage in 0..stages.count {
            let inside = self.stage(stage, Way::is_in_loop);
            body.extend(looped(LANES.into(), inside));
            body.extend(self.calls(stage));
            let inside = self.stage(stage, |way| way == Way::Alone);
            body.extend(looped("lanes".into(), inside));
        }
        let computed = |slot: Slot| !matches!(stages.ways[slot.index()], Way::Once | Way::Given);
        for (slot, target) in self.targets.iter().filter(|(slot, _)| computed(*slot)) {
            let arguments = [target.clone(), "at".into(), self.array(*slot).reference()];
            body.push(Statement::kernel("write_block", arguments));
        }
        body
    }

    /// Returns the array of a value.
    fn array(&self, slot: Slot) -> Expression {
        let value = &self.values[slot.index()];
        value.as_entry_at("lane").map_or_else(|| value.clone(), Expression::from)
    }

    /// Writes the operations of a stage that are computed in a way, for one point.
    fn stage(&mut self, stage: usize, is_wanted: impl Fn(Way) -> bool) -> Vec<Statement> {
        let mut inside = Vec::new();
        let stages = self.stages;
        for (at, operation) in self.those(is_wanted).filter(|(at, _)| stages.stage[*at] == stage) {
            let value = self.value(&self.writer, operation);
            if stages.stored[at] {
                inside.push(Statement::set(self.values[at].clone(), value));
            } else if stages.uses[at] == 1 && is_short(&value) {
                self.values[at] = value;
            } else {
                let name = self.fresh();
                inside.push(Statement::number(&name, value, self.writer.options.scalar.name()));
                self.values[at] = name.into();
            }
        }
        inside
    }

    /// Writes the calls of kernels for whole blocks; one computes both sine and cosine of an angle.
    fn calls(&self, stage: usize) -> Vec<Statement> {
        let mut results: IndexMap<Slot, [Option<Expression>; 2]> = IndexMap::new();
        for (at, operation) in self.those(|way| way == Way::Block).filter(|(at, _)| self.stages.stage[*at] == stage) {
            if let Operation::Call(function, angle) = operation {
                let of_angle = results.entry(*angle).or_default();
                let result = self.array(Slot(at as u32)).mutable();
                of_angle[usize::from(function.row().name == "cos")] = Some(result);
            }
        }
        let call = |(angle, of_angle): (Slot, [Option<Expression>; 2])| {
            let kernel = match of_angle {
                [Some(_), Some(_)] => "sines_and_cosines",
                [Some(_), None] => "sines",
                [None, _] => "cosines",
            };
            let angle = self.array(angle).reference();
            Statement::fused_kernel(kernel, [angle].into_iter().chain(of_angle.into_iter().flatten()))
        };
        results.into_iter().map(call).collect()
    }
}

/// Writes a loop over the points of a block, if there is something in it.
fn looped(end: Expression, inside: Vec<Statement>) -> Option<Statement> {
    (!inside.is_empty()).then(|| Statement::each("lane", end, inside))
}
