//! The stages of a tape to loops over blocks of points.

use super::stages::{Stages, Way};
use crate::emit::expression::{Text, Writer, bare, core_name};
use crate::emit::matrices::{MODULE, dispatch::FMA};
use crate::tape::{Operation, Slot, Tape};
use indexmap::IndexMap;

/// How many points a block has.
pub(super) const LANES: usize = 32;

/// An entry of a parameter of which each point has its own.
pub(super) struct Given {
    /// The slice with the numbers of all points.
    pub(super) slice: String,
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
    pub(super) targets: &'a [(Slot, String)],
    texts: Vec<Text>,
    statements: Vec<String>,
    count: usize,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        tape: &'a Tape,
        stages: &'a Stages,
        writer: Writer<'a>,
        given: &'a [Option<Given>],
        targets: &'a [(Slot, String)],
    ) -> Self {
        let texts = vec![Text::atom(""); tape.operations.len()];
        Blocks { tape, stages, writer, given, targets, texts, statements: Vec::new(), count: 0 }
    }

    /// Writes all statements.
    pub(super) fn written(mut self) -> Vec<String> {
        self.once();
        self.without_loops();
        if self.stages.count > 0 {
            let lines = self.block();
            self.statements.push(format!("for at in (0..points).step_by({LANES}) {{"));
            self.statements.extend(lines.into_iter().map(|line| format!("    {line}")));
            self.statements.push("}".to_string());
        }
        self.statements
    }

    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.writer.stem, self.count)
    }

    fn text(&self, writer: &Writer<'_>, operation: &Operation) -> Text {
        writer.operation(self.tape, operation, |slot| &self.texts[slot.index()])
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
            let text = self.text(&writer, operation);
            let is_named = match operation {
                Operation::Constant(constant) => core_name(constant).is_none(),
                _ => !operation.is_leaf() && (outside[at] != 1 || self.stages.uses[at] != 1 || !text.is_short()),
            };
            self.texts[at] = if is_named {
                let name = self.fresh();
                self.statements.push(match operation {
                    Operation::Constant(constant) => writer.named(constant, &name),
                    _ => text.binding(&name, writer.options.scalar),
                });
                Text::atom(name)
            } else {
                text
            };
        }
    }

    /// Writes results that are the same at all points, or parameters.
    fn without_loops(&mut self) {
        for (slot, target) in self.targets {
            let at = slot.index();
            match (self.stages.ways[at], &self.tape.operations[at]) {
                (Way::Once, _) => self.statements.push(format!("{target}.fill({});", bare(&self.texts[at].text))),
                (Way::Given, Operation::Input(input)) => {
                    let slice = self.given[*input as usize].iter().map(|given| &given.slice);
                    self.statements.extend(slice.map(|slice| format!("{target}.copy_from_slice({slice});")));
                }
                _ => {}
            }
        }
    }

    /// Declares the arrays, and writes what is done for a block.
    fn block(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.stages.ways.contains(&Way::Alone) {
            lines.push(format!("let lanes = (points - at).min({LANES});"));
        }
        let float = self.writer.options.scalar.name();
        let (tape, stages) = (self.tape, self.stages);
        for (at, operation) in tape.operations.iter().enumerate() {
            match operation {
                _ if !stages.stored[at] => {}
                Operation::Input(input) => {
                    if let Some(Given { slice, block }) = &self.given[*input as usize] {
                        let call = format!("{MODULE}::read_block({slice}, at)");
                        lines.push(format!("let {block}: [{float}; {LANES}] = {call};"));
                        self.texts[at] = self.text(&self.writer, operation);
                    }
                }
                _ => {
                    let name = self.fresh();
                    let entry = if operation.is_condition() { "false".to_string() } else { format!("0.0_{float}") };
                    self.statements.push(format!("let mut {name} = [{entry}; {LANES}];"));
                    self.texts[at] = Text::atom(format!("{name}[lane]"));
                }
            }
        }
        for stage in 0..stages.count {
            let inside = self.stage(stage, Way::is_in_loop);
            lines.extend(looped(&LANES.to_string(), inside));
            lines.extend(self.calls(stage));
            let inside = self.stage(stage, |way| way == Way::Alone);
            lines.extend(looped("lanes", inside));
        }
        let computed = |slot: Slot| !matches!(stages.ways[slot.index()], Way::Once | Way::Given);
        for (slot, target) in self.targets.iter().filter(|(slot, _)| computed(*slot)) {
            lines.push(format!("{MODULE}::write_block({target}, at, &{});", self.array(*slot)));
        }
        lines
    }

    /// Returns the array of a value.
    fn array(&self, slot: Slot) -> &str {
        let text = &self.texts[slot.index()].text;
        text.strip_suffix("[lane]").unwrap_or(text)
    }

    /// Writes the operations of a stage that are computed in a way, for one point.
    fn stage(&mut self, stage: usize, is_wanted: impl Fn(Way) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        let stages = self.stages;
        for (at, operation) in self.those(is_wanted).filter(|(at, _)| stages.stage[*at] == stage) {
            let text = self.text(&self.writer, operation);
            if stages.stored[at] {
                lines.push(format!("{} = {};", self.texts[at].text, bare(&text.text)));
            } else if stages.uses[at] == 1 && text.is_short() {
                self.texts[at] = text;
            } else {
                let name = self.fresh();
                lines.push(text.binding(&name, self.writer.options.scalar));
                self.texts[at] = Text::atom(name);
            }
        }
        lines
    }

    /// Writes the calls of kernels for whole blocks; one computes both sine and cosine of an angle.
    fn calls(&self, stage: usize) -> Vec<String> {
        let mut results: IndexMap<Slot, [Option<&str>; 2]> = IndexMap::new();
        for (at, operation) in self.those(|way| way == Way::Block).filter(|(at, _)| self.stages.stage[*at] == stage) {
            if let Operation::Call(function, angle) = operation {
                let of_angle = results.entry(*angle).or_default();
                of_angle[usize::from(function.row().name == "cos")] = Some(self.array(Slot(at as u32)));
            }
        }
        let call = |(angle, of_angle): (Slot, [Option<&str>; 2])| {
            let (kernel, results) = match of_angle {
                [Some(sine), Some(cosine)] => ("sines_and_cosines", format!("&mut {sine}, &mut {cosine}")),
                [Some(sine), None] => ("sines", format!("&mut {sine}")),
                [None, cosine] => ("cosines", format!("&mut {}", cosine.unwrap_or_default())),
            };
            format!("{MODULE}::{kernel}{FMA}(&{}, {results});", self.array(angle))
        };
        results.into_iter().map(call).collect()
    }
}

/// Writes a loop over the points of a block, if there is something in it.
fn looped(end: &str, inside: Vec<String>) -> Vec<String> {
    if inside.is_empty() {
        return inside;
    }
    let lines = inside.into_iter().map(|line| format!("    {line}"));
    [format!("for lane in 0..{end} {{")].into_iter().chain(lines).chain(["}".to_string()]).collect()
}
