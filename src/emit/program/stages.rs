//! Loop distribution: the statements for the entries of a block, in stages that are loops of their own, so that no function
//! waits for another whose value it takes; the processor computes other entries meanwhile (Allen and Kennedy, Optimizing
//! Compilers for Modern Architectures, 2001).

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

/// Statements in stages, and the names that are arrays because a later stage or a kernel reads them.
#[derive(Default)]
pub struct Stages {
    /// The stages, in order.
    pub list: Vec<Stage>,
    /// The names.
    pub arrays: IndexSet<String>,
    /// Those of conditions; the others are of numbers.
    pub conditions: FxHashSet<String>,
}

/// A loop over the entries of a block, and what comes after it.
#[derive(Default)]
pub struct Stage {
    /// The statements for one entry, whose number in its block is `lane`.
    pub statements: Vec<Statement>,
    /// The calls of kernels for all entries.
    pub calls: Vec<BlockCall>,
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
        Stages { list: vec![Stage { statements, calls: Vec::new() }], ..Stages::default() }
    }

    /// Tells whether functions wait for each other, or are computed for a block at once.
    pub fn are_better(&self) -> bool {
        self.list.len() > 2 || self.list.iter().any(|stage| !stage.calls.is_empty())
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
            self.list.extend(short.map(|short| Stage { statements: short.to_vec(), calls: Vec::new() }));
            self.list.push(Stage { statements: Vec::new(), calls: stage.calls });
            self.arrays.extend(later);
        }
        self
    }
}

/// Distributes the statements for one entry over stages.
pub fn distributed(statements: Vec<Statement>, mut names: impl Iterator<Item = String>) -> Stages {
    if !statements.iter().all(|statement| statement.as_definition().is_some()) {
        return Stages::whole(statements);
    }
    let statements = flattened(statements, &mut names);
    let carried: IndexSet<String> = statements.iter().filter_map(carried).map(String::from).collect();
    let is_recurrent = |statement: &Statement| carried.iter().any(|name| statement.mentions(name));
    // A function of what is carried waits for the entry before.
    if statements.iter().any(|statement| is_recurrent(statement) && statement.any(Expression::is_fused)) {
        return Stages::whole(statements);
    }
    // What carries values from one entry to the next stays together, in the stage that the last of it needs.
    let (recurrent, others): (Vec<Statement>, Vec<Statement>) = statements.into_iter().partition(is_recurrent);
    let of_recurrent: Vec<String> = recurrent.iter().flat_map(all_names).map(String::from).collect();
    let mut stage_of: FxHashMap<String, usize> = FxHashMap::default();
    let mut ready: FxHashMap<String, usize> = FxHashMap::default();
    let mut arrays = IndexSet::new();
    let mut conditions = FxHashSet::default();
    let mut stages: Vec<Vec<Statement>> = Vec::new();
    let (count, all) = (others.len(), others.into_iter().chain(recurrent));
    for (at, statement) in all.enumerate() {
        let Some((name, value)) = statement.as_definition() else { continue };
        let read = names_in(value);
        let mut needed = if at < count { read.clone() } else { of_recurrent.iter().map(String::as_str).collect() };
        // What is added to a number comes after what the number was.
        needed.extend(matches!(statement, Statement::Assign(_, Sign::Add, _)).then_some(name));
        let stage = needed.into_iter().filter_map(|name| ready.get(name)).max().copied().unwrap_or(0);
        let is_earlier = |name: &&str| stage_of.get(*name).is_some_and(|own| *own < stage);
        arrays.extend(read.into_iter().filter(is_earlier).map(String::from));
        ready.insert(name.to_string(), stage + usize::from(value.any(Expression::is_fused)));
        if statement.as_let().is_some() {
            stage_of.insert(name.to_string(), stage);
        }
        if value.is_condition() {
            conditions.insert(name.to_string());
        }
        stages.resize(stages.len().max(stage + 1), Vec::new());
        stages[stage].push(statement);
    }
    let is_local = |name: &str| stage_of.contains_key(name);
    let mut list: Vec<Stage> =
        stages.into_iter().map(|own| Stage::new(own, is_local, &mut arrays, &mut names)).collect();
    for stage in &mut list {
        let own = std::mem::take(&mut stage.statements);
        stage.statements = own.into_iter().map(|statement| in_arrays(statement, &arrays)).collect();
    }
    Stages { list, arrays, conditions }
}

impl Stage {
    /// Takes the functions of blocks out of the statements for one entry.
    fn new(
        statements: Vec<Statement>,
        is_local: impl Fn(&str) -> bool,
        arrays: &mut IndexSet<String>,
        names: &mut impl Iterator<Item = String>,
    ) -> Self {
        let mut results: IndexMap<Expression, [Vec<String>; 2]> = IndexMap::new();
        let mut stage = Stage::default();
        for statement in statements {
            match function_of_block(&statement) {
                Some((name, function, argument)) => {
                    arrays.insert(name.to_string());
                    results.entry(argument.clone()).or_default()[function].push(name.to_string());
                }
                None => stage.statements.push(statement),
            }
        }
        for (argument, results) in results {
            let argument = match (argument.as_entry_at("i"), argument.as_entry_at("lane"), argument.as_name()) {
                (Some(slice), ..) => Expression::from(slice).beyond("at"),
                (_, Some(array), _) => array.into(),
                (.., Some(name)) if is_local(name) => {
                    arrays.insert(name.to_string());
                    name.into()
                }
                _ => {
                    let name = names.next().unwrap_or_default();
                    stage.statements.push(Statement::name(&name, argument));
                    arrays.insert(name.clone());
                    name.into()
                }
            };
            let kernel = match &results {
                [_, cosines] if cosines.is_empty() => "sines",
                [sines, _] if sines.is_empty() => "cosines",
                _ => "sines_and_cosines",
            };
            stage.calls.push(BlockCall { kernel, argument, results: results.concat() });
        }
        stage
    }
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

/// Gives a name to each value of a function that takes long, one name to equal ones.
fn flattened(statements: Vec<Statement>, names: &mut impl Iterator<Item = String>) -> Vec<Statement> {
    let mut named: FxHashMap<Expression, String> = FxHashMap::default();
    let mut same: FxHashMap<String, String> = FxHashMap::default();
    let mut flat = Vec::new();
    'statements: for mut statement in statements {
        statement.rewrite(&mut |part| {
            let known = part.as_name().and_then(|name| same.get(name));
            known.map(|known| *part = known.into()).is_some()
        });
        if statement.any(|part| matches!(part, Expression::Choice(_))) {
            flat.push(statement);
            continue;
        }
        // The last call has no other in it.
        while let Some(call) = last_call(&statement) {
            if let Some((name, _)) = statement.as_let().filter(|(_, value)| **value == call) {
                match named.get(&call) {
                    Some(known) => _ = same.insert(name.to_string(), known.clone()),
                    None => {
                        named.insert(call, name.to_string());
                        flat.push(statement);
                    }
                }
                continue 'statements;
            }
            let name = named.entry(call.clone()).or_insert_with(|| {
                let name = names.next().unwrap_or_default();
                flat.push(Statement::name(&name, call.clone()));
                name
            });
            statement.rewrite(&mut |part| {
                let is_call = *part == call;
                if is_call {
                    *part = (&*name).into();
                }
                is_call
            });
        }
        flat.push(statement);
    }
    flat
}

/// The last call of a function that takes long.
fn last_call(statement: &Statement) -> Option<Expression> {
    let mut last = None;
    for expression in statement.own_expressions() {
        expression.visit(&mut |part| last = if part.is_fused() { Some(part) } else { last });
    }
    last.cloned()
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
        distributed(statements, (1..).map(|at| format!("n{at}")))
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
n2[lane] = matrices::exp(n1[lane]);
--
let a = n1[lane] + n2[lane];
y[i] = a * a;";
        assert_eq!(written(&stages), expected);
        assert!(stages.are_better());
        assert_eq!(stages.arrays.iter().collect::<Vec<_>>(), ["n1", "n2"]);
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
