//! Which loop over the points of a block computes which operation of a tape, and which values are arrays because something
//! outside of their loop reads them.

use crate::emit::writer::IN_LANES;
use crate::functions::{Code, Cost, FunctionId};
use crate::tape::{Operation, Slot, Tape};

/// How an operation is computed for the points of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Once, before all points: it is the same at each of them.
    Once,
    /// Not at all: it is a block of a parameter.
    Given,
    /// In a loop with others, for several points in one instruction.
    Together,
    /// In such a loop, by a function that takes long.
    Kernel,
    /// By the call of a kernel for the whole block.
    Block,
    /// In a loop for one point after the other.
    Alone,
}

impl Way {
    /// Tells whether the operation is a statement of a loop in which several points are computed in one instruction.
    pub(super) fn is_in_loop(self) -> bool {
        matches!(self, Way::Together | Way::Kernel)
    }

    /// Tells whether the value is an array that is ready after the loop of its stage.
    fn is_after_loop(self) -> bool {
        matches!(self, Way::Block | Way::Alone)
    }
}

/// The stages of a block: in each of them a loop, then what is computed by calls, then what is computed point by point.
pub(in crate::emit) struct Stages {
    /// How each operation is computed.
    pub(super) ways: Vec<Way>,
    /// The stage of each operation.
    pub(super) stage: Vec<usize>,
    /// How often each operation's value is read.
    pub(super) uses: Vec<u32>,
    /// Whether each operation's value is an array that the loops read or write.
    pub(super) stored: Vec<bool>,
    /// How many stages there are.
    pub(super) count: usize,
}

impl Stages {
    /// Distributes a tape. `is_batched` tells of an input whether points differ in it, `lanes` whether there are kernels
    /// that compute functions of several numbers side by side.
    pub(super) fn new(tape: &Tape, is_batched: impl Fn(u32) -> bool, lanes: bool) -> Self {
        let count = tape.operations.len();
        let mut stages = Stages {
            ways: Vec::with_capacity(count),
            stage: vec![0; count],
            uses: vec![0; count],
            stored: vec![false; count],
            count: 0,
        };
        for operation in &tape.operations {
            operation.for_each_operand(|operand| stages.uses[operand.index()] += 1);
            let way = stages.way(operation, &is_batched, lanes);
            stages.ways.push(way);
        }
        tape.outputs.iter().for_each(|slot| stages.uses[slot.index()] += 1);
        stages.as_soon_as_possible(tape);
        stages.as_late_as_cheap(tape);
        stages.store(tape);
        let computed = (0..count).filter(|at| !matches!(stages.ways[*at], Way::Once | Way::Given));
        stages.count = computed.map(|at| stages.stage[at] + 1).max().unwrap_or(0);
        stages
    }

    /// Returns how many arrays there are.
    pub(super) fn arrays(&self) -> usize {
        self.stored.iter().filter(|stored| **stored).count()
    }

    fn way(&self, operation: &Operation, is_batched: impl Fn(u32) -> bool, lanes: bool) -> Way {
        if let Operation::Input(input) = operation {
            return if is_batched(*input) { Way::Given } else { Way::Once };
        }
        let mut is_same = true;
        operation.for_each_operand(|operand| is_same &= self.ways[operand.index()] == Way::Once);
        match operation {
            _ if is_same => Way::Once,
            Operation::Call(function, _) => match function.row().code {
                Code::Method("sin" | "cos", ..) if lanes => Way::Block,
                Code::Method(method, ..) if lanes && IN_LANES.contains(&method) => Way::Kernel,
                _ => way_without_kernel(*function),
            },
            Operation::Call2(function, ..) => way_without_kernel(*function),
            Operation::OfOrder(..) => Way::Alone,
            _ => Way::Together,
        }
    }

    /// Puts each operation into the first stage in which its operands are ready. A function that takes long does not wait
    /// for another in its own loop; the processor computes other points meanwhile.
    fn as_soon_as_possible(&mut self, tape: &Tape) {
        let mut follows_kernel = vec![false; tape.operations.len()];
        for (at, operation) in tape.operations.iter().enumerate() {
            let (mut stage, mut follows) = (0, false);
            operation.for_each_operand(|operand| {
                let operand = operand.index();
                let ready = self.stage[operand] + usize::from(self.ways[operand].is_after_loop());
                if ready > stage {
                    (stage, follows) = (ready, false);
                }
                follows |= ready == stage && follows_kernel[operand];
            });
            let is_kernel = self.ways[at] == Way::Kernel;
            self.stage[at] = stage + usize::from(is_kernel && follows);
            follows_kernel[at] = is_kernel || self.ways[at] == Way::Together && follows;
        }
    }

    /// Moves operations to where they are read if all that they read are arrays there, too.
    fn as_late_as_cheap(&mut self, tape: &Tape) {
        let mut movable = vec![false; tape.operations.len()];
        let mut first_reader: Vec<Option<usize>> = vec![None; tape.operations.len()];
        for (at, operation) in tape.operations.iter().enumerate() {
            let mut is_movable = self.ways[at] == Way::Together;
            operation.for_each_operand(|operand| {
                let operand = operand.index();
                is_movable &= !self.ways[operand].is_in_loop() || movable[operand] && self.uses[operand] == 1;
            });
            movable[at] = is_movable;
        }
        for (at, operation) in tape.operations.iter().enumerate().rev() {
            if let Some(reader) = first_reader[at].filter(|_| movable[at]) {
                self.stage[at] = reader;
            }
            let stage = self.stage[at];
            operation.for_each_operand(|operand| {
                let first = &mut first_reader[operand.index()];
                *first = Some(first.map_or(stage, |first| first.min(stage)));
            });
        }
    }

    /// Stores what loops read of the parameters, what another stage, a kernel or a loop over single points reads, and the
    /// results.
    fn store(&mut self, tape: &Tape) {
        for (at, operation) in tape.operations.iter().enumerate() {
            self.stored[at] |= self.ways[at].is_after_loop();
            operation.for_each_operand(|operand| {
                let operand = operand.index();
                let apart = self.stage[operand] != self.stage[at] || self.ways[at].is_after_loop();
                self.stored[operand] |= match self.ways[operand] {
                    Way::Given => true,
                    way => way.is_in_loop() && apart,
                };
            });
        }
        for Slot(slot) in &tape.outputs {
            let slot = *slot as usize;
            self.stored[slot] |= self.ways[slot].is_in_loop();
        }
    }
}

/// Tells how a function that no kernel computes is computed.
fn way_without_kernel(function: FunctionId) -> Way {
    if function.row().cost == Cost::Transcendental { Way::Alone } else { Way::Together }
}
