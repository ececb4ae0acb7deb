//! Which stage of a loop computes which of its statements: functions wait, what is cheap moves to where it is read.

use super::{Expression, Function, Sign, Statement};
use indexmap::IndexSet;
use rustc_hash::{FxHashMap, FxHashSet};

/// The functions that a kernel computes for the entries of a block at once: some arguments take another way, which would be a
/// branch in a loop with other functions.
const OF_BLOCKS: [&str; 2] = ["sin", "cos"];

/// How the value of a statement is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// In a loop with others, for several entries in one instruction.
    Together,
    /// In such a loop, by a function that takes long.
    Kernel,
    /// By the call of a kernel for the whole block.
    Block,
    /// In a loop for one entry after the other.
    Alone,
}

impl Way {
    /// Tells whether the value is an array that is ready after the loop of its stage.
    fn is_after_loop(self) -> bool {
        matches!(self, Way::Block | Way::Alone)
    }
}

/// Statements, and which stage computes each of them.
#[derive(Default)]
pub(super) struct Order {
    pub(super) statements: Vec<Statement>,
    pub(super) ways: Vec<Way>,
    pub(super) stages: Vec<usize>,
    /// The earlier statements whose values each statement reads, as often as it reads them.
    reads: Vec<Vec<usize>>,
}

impl Order {
    /// Puts each statement into the first stage in which what it reads is ready; those from `recurrent` on stay together, in
    /// the stage that the last of them needs. A function that takes long does not wait for another in its own loop.
    pub(super) fn new(statements: Vec<Statement>, recurrent: usize, alone: &FxHashSet<String>) -> Self {
        let of_recurrent: FxHashSet<String> =
            statements[recurrent..].iter().flat_map(all_names).map(String::from).collect();
        let mut order = Order::default();
        // The last of the statements that give each name a value.
        let mut latest: FxHashMap<String, usize> = FxHashMap::default();
        let mut follows_kernel: Vec<bool> = Vec::new();
        for (at, statement) in statements.into_iter().enumerate() {
            let Some((name, value)) = statement.as_definition() else { continue };
            let way = way(&statement, value, alone);
            let reads: Vec<usize> = names_in(value).into_iter().filter_map(|name| latest.get(name)).copied().collect();
            // What is added to a number comes after what the number was.
            let own = matches!(statement, Statement::Assign(_, Sign::Add, _)).then_some(name);
            let of_all = of_recurrent.iter().map(String::as_str).filter(|_| at >= recurrent);
            let others = own.into_iter().chain(of_all).filter_map(|name| latest.get(name));
            // What waits for the entry before keeps the functions in its loop from being computed side by side.
            let is_after = |read: usize| at >= recurrent && read < recurrent && follows_kernel[read];
            let ready =
                |read: usize| order.stages[read] + usize::from(order.ways[read].is_after_loop() || is_after(read));
            let needed: Vec<usize> = reads.iter().chain(others).copied().collect();
            let stage = needed.iter().map(|read| ready(*read)).max().unwrap_or(0);
            let follows = needed.iter().any(|read| ready(*read) == stage && follows_kernel[*read]);
            let is_kernel = way == Way::Kernel;
            follows_kernel.push(is_kernel || way == Way::Together && follows);
            let stage = stage + usize::from(is_kernel && follows);
            let is_last = latest.get(name).is_none_or(|before| order.stages[*before] <= stage);
            if is_last {
                latest.insert(name.to_string(), order.statements.len());
            }
            order.stages.push(stage);
            order.ways.push(way);
            order.reads.push(reads);
            order.statements.push(statement);
        }
        order
    }

    /// Moves statements before `recurrent` to where they are read if all that they read is there, too.
    pub(super) fn as_late_as_cheap(&mut self, recurrent: usize, kept: &FxHashSet<String>) {
        let mut uses: Vec<usize> = self.statements.iter().map(|own| usize::from(is_kept(own, kept))).collect();
        self.reads.iter().flatten().for_each(|read| uses[*read] += 1);
        let written = self.statements.iter().filter(|statement| statement.as_let().is_none());
        let written: FxHashSet<&str> = written.filter_map(|own| Some(own.as_definition()?.0)).collect();
        let mut movable: Vec<bool> = Vec::new();
        for (at, statement) in self.statements[..recurrent].iter().enumerate() {
            let is_there = |read: &usize| self.ways[*read].is_after_loop() || movable[*read] && uses[*read] == 1;
            let is_unchanged = |value: &Expression| !names_in(value).iter().any(|name| written.contains(name));
            let is_cheap = self.ways[at] == Way::Together && self.reads[at].iter().all(is_there);
            movable.push(is_cheap && statement.as_let().is_some_and(|(_, value)| is_unchanged(value)));
        }
        let mut first_reader: Vec<Option<usize>> = vec![None; self.statements.len()];
        for at in (0..self.statements.len()).rev() {
            if let Some(reader) = first_reader[at].filter(|_| movable.get(at) == Some(&true)) {
                self.stages[at] = reader;
            }
            let stage = self.stages[at];
            for read in &self.reads[at] {
                let first = &mut first_reader[*read];
                *first = Some(first.map_or(stage, |first| first.min(stage)));
            }
        }
    }

    /// The names that are arrays: what another stage, a kernel or a loop over single entries reads, what such loops compute,
    /// and what is kept.
    pub(super) fn arrays(&self, kept: &FxHashSet<String>) -> IndexSet<String> {
        let mut is_array: Vec<bool> = self.statements.iter().map(|own| is_kept(own, kept)).collect();
        for (at, reads) in self.reads.iter().enumerate() {
            is_array[at] |= self.ways[at].is_after_loop();
            for read in reads {
                is_array[*read] |= self.stages[*read] != self.stages[at] || self.ways[at] == Way::Alone;
            }
        }
        let arrays = self.statements.iter().zip(is_array).filter(|(_, is_array)| *is_array);
        arrays.filter_map(|(statement, _)| Some(statement.as_let()?.0.to_string())).collect()
    }
}

/// Tells how a statement computes its value.
fn way(statement: &Statement, value: &Expression, alone: &FxHashSet<String>) -> Way {
    match statement.as_let() {
        Some((name, _)) if alone.contains(name) => Way::Alone,
        _ if function_of_block(statement).is_some() => Way::Block,
        _ if value.any(Expression::is_fused) => Way::Kernel,
        _ => Way::Together,
    }
}

/// Tells whether a statement names what is kept.
fn is_kept(statement: &Statement, kept: &FxHashSet<String>) -> bool {
    statement.as_let().is_some_and(|(name, _)| kept.contains(name))
}

/// The names in an expression, in order.
pub(super) fn names_in(expression: &Expression) -> Vec<&str> {
    let mut names = Vec::new();
    expression.visit(&mut |part| names.extend(part.as_name()));
    names
}

/// The names in a statement.
fn all_names(statement: &Statement) -> Vec<&str> {
    let given = statement.as_let().map(|(name, _)| name);
    given.into_iter().chain(statement.own_expressions().flat_map(names_in)).collect()
}

/// The name, the function's place in [`OF_BLOCKS`] and the argument where a statement gives a name to a function that is
/// computed for a block.
pub(super) fn function_of_block(statement: &Statement) -> Option<(&str, usize, &Expression)> {
    let (name, Expression::Call(Function::Kernel(function, true), arguments)) = statement.as_let()? else {
        return None;
    };
    let function = OF_BLOCKS.iter().position(|own| own == function)?;
    Some((name, function, arguments.first()?))
}
