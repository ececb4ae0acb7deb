//! Values of functions that take long, and what they take, each with a name of its own.

use super::order::{function_of_block, names_in};
use super::{Expression, Function, Statement};
use rustc_hash::{FxHashMap, FxHashSet};

/// Gives a name to each value of a function that takes long, one name to equal ones; what is kept has its own.
pub(super) fn flattened(
    statements: Vec<Statement>,
    kept: &FxHashSet<String>,
    names: &mut impl Iterator<Item = String>,
) -> Vec<Statement> {
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
                    Some(known) if kept.contains(name) => flat.push(Statement::name(name, known)),
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

/// Gives a name to what a function takes that several values of functions make, so that this is known instead of them where
/// the function waits for them.
pub(super) fn with_arguments(statements: Vec<Statement>, names: &mut impl Iterator<Item = String>) -> Vec<Statement> {
    let mut follows: FxHashSet<String> = FxHashSet::default();
    let mut all = Vec::with_capacity(statements.len());
    for mut statement in statements {
        if let Statement::Let { value: Expression::Call(Function::Kernel(_, true), arguments), .. } = &mut statement
            && let [argument] = &mut arguments[..]
        {
            let of_functions: FxHashSet<&str> =
                names_in(argument).into_iter().filter(|name| follows.contains(*name)).collect();
            if of_functions.len() > 1 {
                let name = names.next().unwrap_or_default();
                let value = std::mem::replace(argument, name.as_str().into());
                all.push(Statement::name(&name, value));
                follows.insert(name);
            }
        }
        if let Some((name, value)) = statement.as_let()
            && function_of_block(&statement).is_none()
            && value.any(|part| part.is_fused() || part.as_name().is_some_and(|name| follows.contains(name)))
        {
            follows.insert(name.to_string());
        }
        all.push(statement);
    }
    all
}
