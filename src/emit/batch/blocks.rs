//! A tape to loops over blocks of points.

use super::arguments::Arguments;
use super::points::{Output, Points};
use crate::emit::options::Options;
use crate::emit::writer::Writer;
use crate::program::{Expression, Language, Scalar, Stages, Statement, Type, distributed};
use crate::tape::Tape;

/// How many points a block has.
const LANES: usize = 32;

/// An entry of a parameter of which each point has its own.
pub(super) struct Given {
    /// The slice with the numbers of all points.
    pub(super) slice: Expression,
    /// The name of the numbers of a block.
    pub(super) block: String,
}

/// The statements of a function for many points.
pub(in crate::emit) struct Blocks {
    pub(super) arguments: Arguments,
    /// What is computed before all points.
    before: Vec<Statement>,
    /// What is computed for a block.
    stages: Stages,
    /// The parameters that are read in blocks.
    read: Vec<u32>,
    outputs: Vec<Output>,
    /// Whether functions are computed side by side.
    pub(super) has_kernels: bool,
    /// Whether some functions are computed for one point after the other.
    has_alone: bool,
    float: Scalar,
}

impl Blocks {
    /// Distributes a tape over loops.
    pub(super) fn new(tape: &Tape, arguments: Arguments, options: &Options, language: &dyn Language) -> Self {
        let inputs = arguments.expressions();
        let lanes = options.has_lanes();
        let writer = Writer { options, language, inputs: &inputs, owners: &[], stem: &arguments.stem, lanes };
        let is_given = |input: u32| arguments.given[input as usize].is_some();
        let mut points = Points::new(tape, writer, is_given);
        let before = points.same();
        let (statements, required) = points.differing();
        let has_kernels = statements.iter().any(|statement| statement.any(Expression::is_fused));
        let has_alone = !required.alone.is_empty();
        let (read, outputs) = (points.read(), points.outputs());
        let stages = distributed(statements, &required, std::iter::from_fn(|| Some(points.fresh())));
        let float = options.scalar;
        Blocks { arguments, before, stages, read, outputs, has_kernels, has_alone, float }
    }

    /// Returns how many arrays there are.
    pub(super) fn arrays(&self) -> usize {
        self.stages.arrays.len() + self.read.len()
    }

    /// Tells whether there is a loop over blocks.
    pub(super) fn has_loops(&self) -> bool {
        self.outputs.iter().any(|output| matches!(output, Output::Computed(_)))
    }

    /// Writes all statements; `targets` are the slices that outputs are written to, with the numbers of these.
    pub(super) fn written(self, targets: &[(usize, Expression)]) -> Vec<Statement> {
        let mut statements = self.before;
        let arrays = self.stages.arrays.iter();
        statements.extend(
            arrays.map(|name| Statement::array(name, self.stages.conditions.contains(name), self.float, LANES)),
        );
        let mut body = Vec::new();
        if self.has_alone {
            let left = (Expression::from("points") - "at").method("min", [LANES.into()]);
            body.push(Statement::name("lanes", left));
        }
        let given = &self.arguments.given;
        for Given { slice, block } in self.read.iter().filter_map(|input| given[*input as usize].as_ref()) {
            let value = Expression::kernel("read_block", [slice.clone(), "at".into()]);
            body.push(Statement::typed(block, Type::Float(self.float).array(&[LANES]), value));
        }
        for stage in self.stages.list {
            body.extend(stage.written(true, |own| Statement::each("lane", LANES, own)));
        }
        for (output, target) in targets {
            match &self.outputs[*output] {
                Output::Same(value) => statements.push(Statement::fill(target.clone(), value.clone())),
                Output::Given(input) => {
                    statements.extend(given[*input as usize].iter().map(|given| {
                        Statement::Evaluate(target.clone().method("copy_from_slice", [given.slice.clone()]))
                    }))
                }
                Output::Computed(array) => {
                    let arguments = [target.clone(), "at".into(), Expression::from(array).reference()];
                    body.push(Statement::kernel("write_block", arguments));
                }
            }
        }
        if !body.is_empty() {
            let starts = Expression::range(0, "points").method("step_by", [LANES.into()]);
            statements.push(Statement::over("at", starts, body));
        }
        statements
    }
}
