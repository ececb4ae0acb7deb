//! Values that are read once, written to where they go without a name on the way.

use super::{Expression, Sign, Statement, Unary};
use rustc_hash::{FxHashMap, FxHashSet};

/// Writes `y[i] = e;` for `let t = e; y[i] = t;` where nothing else reads t.
pub fn merged(statements: Vec<Statement>) -> Vec<Statement> {
    let mut short: Vec<Statement> = Vec::new();
    let mut rest = statements.into_iter();
    while let Some(statement) = rest.next() {
        let last = short.last().and_then(Statement::as_let);
        let value = last.filter(|(name, _)| {
            is_set_to(&statement, name) && !rest.as_slice().iter().any(|later| later.mentions(name))
        });
        match value.map(|(_, value)| value.clone()) {
            Some(value) => {
                short.pop();
                short.push(with_value(statement, value));
            }
            None => short.push(statement),
        }
    }
    short
}

/// Tells whether a statement only repeats the value of a name.
fn is_set_to(statement: &Statement, name: &str) -> bool {
    let value = match statement {
        Statement::Assign(_, Sign::Set, value) => Some(value),
        _ => statement.as_let().map(|(_, value)| value),
    };
    value.is_some_and(|value| value.as_name() == Some(name))
}

fn with_value(statement: Statement, value: Expression) -> Statement {
    match statement {
        Statement::Assign(place, sign, _) => Statement::Assign(place, sign, value),
        Statement::Let { names, is_mutable, kind, .. } => Statement::Let { names, is_mutable, kind, value },
        other => other,
    }
}

/// Writes `sum += e;` for `let t = e;` and a later `sum += t;` where nothing else reads t, so that t is not stored for all lanes;
/// and the same for what is written to a place once.
pub fn added_where_computed(statements: Vec<Statement>) -> Vec<Statement> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut written: FxHashMap<&Expression, Vec<Sign>> = FxHashMap::default();
    let mut defined: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, statement) in statements.iter().enumerate() {
        let parts = statement.own_expressions();
        parts.for_each(|part| {
            part.visit(&mut |part| _ = part.as_name().map(|name| *counts.entry(name).or_default() += 1))
        });
        if let Some((name, _)) = statement.as_let() {
            defined.insert(name, at);
        }
        if let Statement::Assign(place, sign, _) = statement {
            written.entry(place).or_default().push(*sign);
        }
    }
    let mut moved: FxHashMap<usize, Statement> = FxHashMap::default();
    let mut left_out: FxHashSet<usize> = FxHashSet::default();
    for (at, statement) in statements.iter().enumerate() {
        let Statement::Assign(place, sign, value) = statement else { continue };
        let in_any_order = written[place].len() == 1 || written[place].iter().all(|sign| *sign == Sign::Add);
        let (is_negated, name) = match value {
            Expression::Unary(Unary::Negate, value) => (true, value.as_name()),
            value => (false, value.as_name()),
        };
        let Some(name) = name.filter(|name| in_any_order && counts[name] == 1) else { continue };
        let from = defined.get(name).copied().filter(|from| *from < at && !moved.contains_key(from));
        let Some((from, (_, value))) = from.and_then(|from| Some((from, statements[from].as_let()?))) else { continue };
        let value = if is_negated { -value.clone() } else { value.clone() };
        moved.insert(from, Statement::Assign(place.clone(), *sign, value));
        left_out.insert(at);
    }
    let kept = statements.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
    kept.map(|(at, statement)| moved.get(&at).unwrap_or(statement).clone()).collect()
}
