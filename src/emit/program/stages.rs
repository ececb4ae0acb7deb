//! Loop distribution: the statements for the entries of a block, in stages that are loops of their own, so that no function
//! waits for another whose value it takes; the processor computes other entries meanwhile (Allen and Kennedy, Optimizing
//! Compilers for Modern Architectures, 2001). Only functions wait: what is cheap is computed in the loop of the function that
//! it reads, or where it is read itself.

use super::flattening::flattened;
use super::{Expression, Function, Sign, Statement};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxHashMap, FxHashSet};

/// The functions that a kernel computes for the entries of a block at once: some arguments take another way, which would be a
/// branch in a loop with other functions.
const OF_BLOCKS: [&str; 2] = ["sin", "cos"];

/// Most statements of a stage that is one loop.
const LONGEST_STAGE: usize = 60;

/// How many statements each of the loops has that a longer stage becomes.
const SHORT_STAGE: usize = 40;

/// Statements in stages, and the names that are arrays because a later stage, a kernel or what comes after all stages reads
/// them.
#[derive(Default)]
pub struct Stages {
    /// The stages, in order.
    pub list: Vec<Stage>,
    /// The names.
    pub arrays: IndexSet<String>,
    /// Those of conditions; the others are of numbers.
    pub conditions: FxHashSet<String>,
}

/// What is required of the names that statements give.
#[derive(Default)]
pub struct Requirements {
    /// What is read after all stages.
    pub kept: FxHashSet<String>,
    /// What is computed for one entry after the other, because that takes long and no kernel does it.
    pub alone: FxHashSet<String>,
}

/// A loop over the entries of a block, and what comes after it.
#[derive(Default)]
pub struct Stage {
    /// The statements for one entry, whose number in its block is `lane`.
    pub statements: Vec<Statement>,
    /// The calls of kernels for all entries.
    pub calls: Vec<BlockCall>,
    /// The statements of a loop for one entry after the other.
    pub alone: Vec<Statement>,
}

/// A call of a kernel that computes functions of all numbers of an array.
pub struct BlockCall {
    kernel: &'static str,
    argument: Expression,
    results: Vec<String>,
}

impl BlockCall {
    /// Returns the statement, for whole arrays or for the entries of a block that may be shorter.
    pub fn statement(&self, is_whole: bool) -> Statement {
        let part = |array: Expression| if is_whole { array } else { array.first("lanes") };
        let argument = [part(self.argument.clone()).reference()].into_iter();
        let results = self.results.iter().map(|result| part(result.into()).mutable());
        Statement::fused_kernel(self.kernel, argument.chain(results))
    }
}

impl Stages {
    /// Makes one stage that is the whole loop.
    pub fn whole(statements: Vec<Statement>) -> Self {
        Stages { list: vec![Stage { statements, ..Stage::default() }], ..Stages::default() }
    }

    /// Tells whether functions wait for each other, or are computed for a block at once.
    pub fn are_better(&self) -> bool {
        let has_functions = |stage: &&Stage| stage.statements.iter().any(|own| own.any(Expression::is_fused));
        self.list.iter().filter(has_functions).count() > 1 || self.list.iter().any(|stage| !stage.calls.is_empty())
    }

    /// Splits stages of many statements into several loops, which have registers for all that they compute.
    pub fn in_short_loops(mut self) -> Stages {
        for stage in std::mem::take(&mut self.list) {
            let are_definitions = stage.statements.iter().all(|statement| statement.as_definition().is_some());
            if stage.statements.len() <= LONGEST_STAGE || !are_definitions {
                self.list.push(stage);
                continue;
            }
            let mut own: FxHashMap<String, usize> = FxHashMap::default();
            let mut later: IndexSet<String> = IndexSet::new();
            for (at, statement) in stage.statements.iter().enumerate() {
                let Some((_, value)) = statement.as_definition() else { continue };
                let is_earlier = |name: &&str| own.get(*name).is_some_and(|own| own / SHORT_STAGE < at / SHORT_STAGE);
                later.extend(names_in(value).into_iter().filter(is_earlier).map(String::from));
                if let Some((name, _)) = statement.as_let() {
                    own.insert(name.to_string(), at);
                }
            }
            let statements: Vec<Statement> =
                stage.statements.into_iter().map(|statement| in_arrays(statement, &later)).collect();
            let short = statements.chunks(SHORT_STAGE);
            self.list.extend(short.map(|short| Stage { statements: short.to_vec(), ..Stage::default() }));
            self.list.push(Stage { statements: Vec::new(), ..stage });
            self.arrays.extend(later);
        }
        self
    }
}

/// How the value of a statement is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
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
struct Order {
    statements: Vec<Statement>,
    ways: Vec<Way>,
    stages: Vec<usize>,
    /// The earlier statements whose values each statement reads, as often as it reads them.
    reads: Vec<Vec<usize>>,
}

impl Order {
    /// Puts each statement into the first stage in which what it reads is ready; those from `recurrent` on stay together, in
    /// the stage that the last of them needs. A function that takes long does not wait for another in its own loop.
    fn new(statements: Vec<Statement>, recurrent: usize, alone: &FxHashSet<String>) -> Self {
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
    fn as_late_as_cheap(&mut self, recurrent: usize, kept: &FxHashSet<String>) {
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
    fn arrays(&self, kept: &FxHashSet<String>) -> IndexSet<String> {
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

/// Distributes the statements for one entry over stages.
pub fn distributed(
    statements: Vec<Statement>,
    required: &Requirements,
    mut names: impl Iterator<Item = String>,
) -> Stages {
    if !statements.iter().all(|statement| statement.as_definition().is_some()) {
        return Stages::whole(statements);
    }
    let statements = flattened(statements, &required.kept, &mut names);
    let carried: IndexSet<String> = statements.iter().filter_map(carried).map(String::from).collect();
    let is_recurrent = |statement: &Statement| carried.iter().any(|name| statement.mentions(name));
    // A function of what is carried waits for the entry before.
    if statements.iter().any(|statement| is_recurrent(statement) && statement.any(Expression::is_fused)) {
        return Stages::whole(statements);
    }
    let (recurrent, others): (Vec<Statement>, Vec<Statement>) = statements.into_iter().partition(is_recurrent);
    let first_recurrent = others.len();
    let mut order = Order::new(others.into_iter().chain(recurrent).collect(), first_recurrent, &required.alone);
    order.as_late_as_cheap(first_recurrent, &required.kept);
    let mut arrays = order.arrays(&required.kept);
    let conditions = order.statements.iter().filter_map(Statement::as_definition);
    let conditions = conditions.filter(|(_, value)| value.is_condition()).map(|(name, _)| name.to_string()).collect();
    let local: FxHashSet<String> =
        order.statements.iter().filter_map(|own| Some(own.as_let()?.0.to_string())).collect();
    let mut list: Vec<Stage> = Vec::new();
    let mut results: Vec<OfBlock> = Vec::new();
    let placed = order.statements.into_iter().zip(order.ways).zip(order.stages);
    for ((statement, way), stage) in placed {
        list.resize_with(list.len().max(stage + 1), Stage::default);
        results.resize_with(list.len(), OfBlock::default);
        match (way, function_of_block(&statement)) {
            (Way::Block, Some((name, function, argument))) => {
                results[stage].entry(argument.clone()).or_default()[function].push(name.to_string());
            }
            (Way::Alone, _) => list[stage].alone.push(statement),
            _ => list[stage].statements.push(statement),
        }
    }
    for (stage, results) in list.iter_mut().zip(results) {
        stage.call(results, &local, &mut arrays, &mut names);
    }
    for statements in list.iter_mut().flat_map(|stage| [&mut stage.statements, &mut stage.alone]) {
        let own = std::mem::take(statements);
        *statements = own.into_iter().map(|statement| in_arrays(statement, &arrays)).collect();
    }
    Stages { list, arrays, conditions }
}

/// The names that sines and cosines of an argument have.
type OfBlock = IndexMap<Expression, [Vec<String>; 2]>;

impl Stage {
    /// Writes the stage: the loop that `looped` makes of its statements, then what comes after that.
    pub fn written(self, is_whole: bool, looped: impl FnOnce(Vec<Statement>) -> Statement) -> Vec<Statement> {
        let own = (!self.statements.is_empty()).then(|| looped(self.statements));
        let calls = self.calls.iter().map(|call| call.statement(is_whole));
        let alone = (!self.alone.is_empty()).then(|| Statement::each("lane", "lanes", self.alone));
        own.into_iter().chain(calls).chain(alone).collect()
    }

    /// Calls the kernels that compute functions for the entries of a block.
    fn call(
        &mut self,
        results: OfBlock,
        local: &FxHashSet<String>,
        arrays: &mut IndexSet<String>,
        names: &mut impl Iterator<Item = String>,
    ) {
        for (argument, results) in results {
            let argument = match (argument.as_entry_at("i"), argument.as_entry_at("lane"), argument.as_name()) {
                (Some(slice), ..) => Expression::from(slice).beyond("at"),
                (_, Some(array), _) => array.into(),
                (.., Some(name)) if local.contains(name) => {
                    arrays.insert(name.to_string());
                    name.into()
                }
                _ => {
                    let name = names.next().unwrap_or_default();
                    self.statements.push(Statement::name(&name, argument));
                    arrays.insert(name.clone());
                    name.into()
                }
            };
            let kernel = match &results {
                [_, cosines] if cosines.is_empty() => "sines",
                [sines, _] if sines.is_empty() => "cosines",
                _ => "sines_and_cosines",
            };
            self.calls.push(BlockCall { kernel, argument, results: results.concat() });
        }
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

/// The name, the function's place in [`OF_BLOCKS`] and the argument where a statement gives a name to a function that is
/// computed for a block.
fn function_of_block(statement: &Statement) -> Option<(&str, usize, &Expression)> {
    let (name, Expression::Call(Function::Kernel(function, true), arguments)) = statement.as_let()? else {
        return None;
    };
    let function = OF_BLOCKS.iter().position(|own| own == function)?;
    Some((name, function, arguments.first()?))
}

/// The name of a number that keeps its value until the next entry.
fn carried(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Assign(place, Sign::Set, _) => place.as_name(),
        _ => None,
    }
}

/// The names in an expression, in order.
fn names_in(expression: &Expression) -> Vec<&str> {
    let mut names = Vec::new();
    expression.visit(&mut |part| names.extend(part.as_name()));
    names
}

/// The names in a statement.
fn all_names(statement: &Statement) -> Vec<&str> {
    let given = statement.as_let().map(|(name, _)| name);
    given.into_iter().chain(statement.own_expressions().flat_map(names_in)).collect()
}

/// Writes a statement with the entries of arrays for their names.
fn in_arrays(mut statement: Statement, arrays: &IndexSet<String>) -> Statement {
    statement.rewrite(&mut |part| {
        let is_array = part.as_name().is_some_and(|name| arrays.contains(name));
        if is_array {
            *part = part.clone().at("lane");
        }
        is_array
    });
    match statement {
        Statement::Let { names, value, .. } if arrays.contains(&names[0]) => {
            Statement::set(Expression::from(&names[0]).at("lane"), value)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::program::{Number, Printer};
    use crate::graph::Comparison;

    fn exp(of: Expression) -> Expression {
        Expression::fused_kernel("exp", [of])
    }

    /// Writes the stages, with a line between them.
    fn written(stages: &Stages) -> String {
        let printer = Printer { fused: "" };
        let stage = |stage: &Stage| {
            let calls = stage.calls.iter().map(|call| call.statement(false));
            let all: Vec<Statement> = stage.statements.iter().cloned().chain(calls).collect();
            printer.lines(&all).join("\n")
        };
        stages.list.iter().map(stage).collect::<Vec<_>>().join("\n--\n")
    }

    fn staged(statements: Vec<Statement>) -> Stages {
        distributed(statements, &Requirements::default(), (1..).map(|at| format!("n{at}")))
    }

    #[test]
    fn a_function_does_not_wait_for_another_in_its_loop() {
        let x = Expression::from("x").at("i");
        let stages = staged(vec![
            Statement::name("a", exp(x.clone()) + exp(exp(x))),
            Statement::set(Expression::from("y").at("i"), Expression::from("a") * "a"),
        ]);
        let expected = "\
n1[lane] = matrices::exp(x[i]);
--
let n2 = matrices::exp(n1[lane]);
let a = n1[lane] + n2;
y[i] = a * a;";
        assert_eq!(written(&stages), expected);
        assert!(stages.are_better());
        assert_eq!(stages.arrays.iter().collect::<Vec<_>>(), ["n1"]);
    }

    #[test]
    fn sines_are_computed_for_a_block() {
        let angle = Expression::from("x").at("i");
        let [sine, cosine] = ["sin", "cos"].map(|name| Expression::fused_kernel(name, [angle.clone()]));
        let stages = staged(vec![Statement::add("s", cosine * sine)]);
        let expected = "\
matrices::sines_and_cosines(&x[at..][..lanes], &mut n1[..lanes], &mut n2[..lanes]);
--
s += n2[lane] * n1[lane];";
        assert_eq!(written(&stages), expected);
    }

    #[test]
    fn what_is_carried_stays_together() {
        let entry = |array: &str| Expression::from(array).at("i");
        let carry = vec![
            Statement::set(entry("v"), Expression::from("c") + exp(entry("x"))),
            Statement::set("c", Expression::from("c") * entry("x")),
        ];
        let expected = "\
n1[lane] = matrices::exp(x[i]);
--
v[i] = c + n1[lane];
c = c * x[i];";
        assert_eq!(written(&staged(carry)), expected);
        let waiting = vec![Statement::name("a", exp("c".into())), Statement::set("c", "a")];
        assert_eq!(written(&staged(waiting)), "let a = matrices::exp(c);\nc = a;");
    }

    #[test]
    fn names_and_comments_change_nothing() {
        let statements = |name: &str, meaning: &str| {
            let number = Number { meaning: Some(meaning.to_string()), ..Number::new("2.5", None) };
            let is_large = Expression::from(name).compare(Comparison::Less, Expression::Number(number.clone()));
            vec![
                Statement::name(name, Expression::Number(number)),
                Statement::name("b", exp(Expression::from(name) * "d")),
                Statement::name("c", is_large),
                Statement::set("e", Expression::choice("c".into(), exp("b".into()), Expression::zero())),
            ]
        };
        let plain = staged(statements("a", "pi"));
        for name in ["dif", "let_", "lane_of", "matrices", "exp", "if_ ", "i_i"] {
            let mut renamed = staged(statements(name, "if let x = matrices::exp::<FMA>(1)/[lane]; += "));
            let back = |own: &str| if own == name { "a".to_string() } else { own.to_string() };
            let statements = renamed.list.iter_mut().flat_map(|stage| &mut stage.statements);
            statements.for_each(|statement| statement.rename(&back));
            let text = written(&renamed).replace("if let x = matrices::exp::<FMA>(1)/[lane]; += ", "pi");
            assert_eq!(text, written(&plain), "{name}");
        }
    }
}
