//! The operations of a tape as statements: those whose values are the same at all points, and those for each point.

use crate::emit::writer::{IN_LANES, Writer, core_name};
use crate::functions::{Code, Cost, FunctionId};
use crate::program::{Expression, Requirements, Statement};
use crate::tape::{Operation, Slot, Tape};
use std::collections::BTreeSet;

/// What an output of the tape is.
pub(super) enum Output {
    /// The same at all points.
    Same(Expression),
    /// A parameter.
    Given(u32),
    /// The numbers of each block are in the array of this name.
    Computed(String),
}

/// Writes the operations of a tape.
pub(super) struct Points<'a> {
    tape: &'a Tape,
    /// Writes what is computed for each point.
    writer: Writer<'a>,
    /// Whether each value is the same at all points.
    is_same: Vec<bool>,
    /// How often each value is read.
    uses: Vec<u32>,
    values: Vec<Expression>,
    count: usize,
}

impl<'a> Points<'a> {
    /// Looks through a tape. `is_given` tells of an input whether points differ in it.
    pub(super) fn new(tape: &'a Tape, writer: Writer<'a>, is_given: impl Fn(u32) -> bool) -> Self {
        let count = tape.operations.len();
        let (mut is_same, mut uses) = (Vec::with_capacity(count), vec![0; count]);
        for operation in &tape.operations {
            let mut same = !matches!(operation, Operation::Input(input) if is_given(*input));
            operation.for_each_operand(|operand| {
                uses[operand.index()] += 1;
                same &= is_same[operand.index()];
            });
            is_same.push(same);
        }
        tape.outputs.iter().for_each(|slot| uses[slot.index()] += 1);
        Points { tape, writer, is_same, uses, values: vec![Expression::Whole(0); count], count: 0 }
    }

    /// Returns a name.
    pub(super) fn fresh(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.writer.stem, self.count)
    }

    /// The operations whose values are the same at all points, or the others, in order.
    fn those(&self, are_same: bool) -> Vec<(usize, &'a Operation)> {
        let operations = self.tape.operations.iter().enumerate();
        operations.filter(|(at, _)| self.is_same[*at] == are_same).collect()
    }

    fn value(&self, writer: &Writer<'_>, operation: &Operation) -> Expression {
        writer.operation(self.tape, operation, |slot| &self.values[slot.index()])
    }

    /// Computes what is the same at all points.
    pub(super) fn same(&mut self) -> Vec<Statement> {
        let writer = Writer { lanes: false, ..self.writer };
        let operations = self.those(true);
        // What a loop reads has a name, so that it is not computed at each point.
        let mut outside = vec![0; self.tape.operations.len()];
        for (_, operation) in &operations {
            operation.for_each_operand(|operand| outside[operand.index()] += 1);
        }
        let mut statements = Vec::new();
        for (at, operation) in operations {
            let value = self.value(&writer, operation);
            let is_named = match operation {
                Operation::Constant(constant) => core_name(constant).is_none(),
                _ => !operation.is_leaf() && (outside[at] != 1 || self.uses[at] != 1 || !self.writer.is_short(&value)),
            };
            self.values[at] = if is_named {
                let name = self.fresh();
                statements.push(match operation {
                    Operation::Constant(constant) => writer.named(constant, &name),
                    _ => Statement::number(&name, value, writer.options.scalar),
                });
                name.into()
            } else {
                value
            };
        }
        statements
    }

    /// Computes what differs between points, for one of them.
    pub(super) fn differing(&mut self) -> (Vec<Statement>, Requirements) {
        let outputs: BTreeSet<usize> = self.tape.outputs.iter().map(|slot| slot.index()).collect();
        let (mut statements, mut required) = (Vec::new(), Requirements::default());
        for (at, operation) in self.those(false) {
            let value = self.value(&self.writer, operation);
            let is_alone = self.is_alone(operation);
            let is_call = is_alone || value.is_fused();
            if operation.is_leaf()
                || !outputs.contains(&at) && !is_call && self.uses[at] == 1 && self.writer.is_short(&value)
            {
                self.values[at] = value;
                continue;
            }
            let name = self.fresh();
            statements.push(Statement::number(&name, value, self.writer.options.scalar));
            required.alone.extend(is_alone.then(|| name.clone()));
            required.kept.extend(outputs.contains(&at).then(|| name.clone()));
            self.values[at] = name.into();
        }
        (statements, required)
    }

    /// Tells whether an operation takes long, and no kernel computes it for several numbers side by side.
    fn is_alone(&self, operation: &Operation) -> bool {
        let takes_long = |function: FunctionId| function.row().cost == Cost::Transcendental;
        match operation {
            Operation::Call(function, _) => {
                let has_kernel = matches!(function.row().code, Code::Method(method, ..) if IN_LANES.contains(&method));
                takes_long(*function) && !(self.writer.lanes && has_kernel)
            }
            Operation::Call2(function, ..) => takes_long(*function),
            Operation::OfOrder(..) => true,
            _ => false,
        }
    }

    /// The inputs that are read at each point.
    pub(super) fn read(&self) -> Vec<u32> {
        let mut read = BTreeSet::new();
        for (_, operation) in self.those(false) {
            operation.for_each_operand(|Slot(operand)| {
                if let Operation::Input(input) = &self.tape.operations[operand as usize] {
                    read.extend((!self.is_same[operand as usize]).then_some(*input));
                }
            });
        }
        read.into_iter().collect()
    }

    /// What the outputs are.
    pub(super) fn outputs(&self) -> Vec<Output> {
        let output = |slot: &Slot| match &self.tape.operations[slot.index()] {
            _ if self.is_same[slot.index()] => Output::Same(self.values[slot.index()].clone()),
            Operation::Input(input) => Output::Given(*input),
            _ => Output::Computed(self.values[slot.index()].as_name().unwrap_or_default().to_string()),
        };
        self.tape.outputs.iter().map(output).collect()
    }
}
