//! Loop distribution: the statements for the entries of a block, in stages that are loops of their own, so that no function
//! waits for another whose value it takes; the processor computes other entries meanwhile (Allen and Kennedy, Optimizing
//! Compilers for Modern Architectures, 2001). Only functions wait: what is cheap is computed in the loop of the function that
//! it reads, or where it is read itself.

use super::flattening::{flattened, with_arguments};
use super::order::{Order, Way, function_of_block, names_in};
use super::{Expression, Sign, Statement};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxHashMap, FxHashSet};

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
    let statements = with_arguments(statements, &mut names);
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

/// The name of a number that keeps its value until the next entry.
fn carried(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Assign(place, Sign::Set, _) => place.as_name(),
        _ => None,
    }
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
    use crate::graph::Comparison;
    use crate::program::Number;
    use crate::target::rust::Rust;

    fn exp(of: Expression) -> Expression {
        Expression::fused_kernel("exp", [of])
    }

    /// Writes the stages, with a line between them.
    fn written(stages: &Stages) -> String {
        let stage = |stage: &Stage| {
            let calls = stage.calls.iter().map(|call| call.statement(false));
            let all: Vec<Statement> = stage.statements.iter().cloned().chain(calls).collect();
            Rust.lines(&all).join("\n")
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
    fn what_is_cheap_is_computed_where_it_is_read() {
        let x = Expression::from("x").at("i");
        let statements = vec![
            Statement::name("a", x.clone() + 1),
            Statement::name("b", exp(x.clone())),
            Statement::name("c", Expression::from("b") + "b"),
            Statement::name("d", exp("c".into())),
            Statement::set(Expression::from("y").at("i"), Expression::from("a") * "d"),
        ];
        let expected = "\
let b = matrices::exp(x[i]);
c[lane] = b + b;
--
let a = x[i] + 1;
let d = matrices::exp(c[lane]);
y[i] = a * d;";
        assert_eq!(written(&staged(statements)), expected);
    }

    #[test]
    fn what_several_functions_make_is_one_array() {
        let [x, y] = ["x", "y"].map(|array| Expression::from(array).at("i"));
        let stages = staged(vec![Statement::add("s", exp(exp(x) + exp(y)))]);
        let expected = "\
let n1 = matrices::exp(y[i]);
let n2 = matrices::exp(x[i]);
n4[lane] = n2 + n1;
--
let n3 = matrices::exp(n4[lane]);
s += n3;";
        assert_eq!(written(&stages), expected);
    }

    #[test]
    fn what_no_kernel_computes_is_computed_alone() {
        let x = Expression::from("x").at("i");
        let statements = vec![
            Statement::name("a", x.clone() + 1),
            Statement::name("b", Expression::from("a").method("atan", [])),
            Statement::name("c", Expression::from("b") * "a"),
        ];
        let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
        let required = Requirements { kept: names(&["c"]), alone: names(&["b"]) };
        let mut stages = distributed(statements, &required, std::iter::empty());
        assert_eq!(stages.arrays.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(Rust.lines(&stages.list[0].alone), ["b[lane] = a[lane].atan();"]);
        stages.list[0].alone.clear();
        assert_eq!(written(&stages), "a[lane] = x[i] + 1;\n--\nc[lane] = b[lane] * a[lane];");
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
