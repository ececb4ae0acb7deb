//! `gradc rules`: the rewrite rules, and what looks like one and is none.

use super::{Exit, Outcome, values};
use crate::error::{Diagnostic, Errors, Fault, nearest};
use crate::lower::Entries;
use crate::show::notation;
use crate::simplify::{Class, FORBIDDEN, Forbidden, Rounding, Rule, STRUCTURAL, Structural, TABLE};
use crate::source::Source;
use clap::Args;
use std::io::{self, Write};

#[derive(Args)]
pub struct Options {
    /// The rule to explain; all are listed by default.
    name: Vec<String>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let name = options.name.join(" ");
    if name.is_empty() {
        list(out)?;
        return Ok(Exit::Success);
    }
    if let Some(rule) = TABLE.iter().find(|rule| rule.name == name) {
        explain(rule, out)?;
    } else if let Some(rule) = STRUCTURAL.iter().find(|rule| rule.name == name) {
        explain_structural(rule, out)?;
    } else if let Some(rule) = FORBIDDEN.iter().find(|rule| rule.name == name) {
        explain_forbidden(rule, out)?;
    } else {
        let diagnostic = Diagnostic::general(Fault::NoSuch, format!("there is no rule `{name}`"));
        let hint = match nearest(&name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`gradc rules` lists them".to_string(),
        };
        return Err(Errors::new(&Source::default(), vec![diagnostic.hint(hint)]).into());
    }
    Ok(Exit::Success)
}

fn names() -> impl Iterator<Item = &'static str> {
    let table = TABLE.iter().map(|rule| rule.name).chain(STRUCTURAL.iter().map(|rule| rule.name));
    table.chain(FORBIDDEN.iter().map(|rule| rule.name))
}

fn list(out: &mut impl Write) -> io::Result<()> {
    let width = names().map(str::len).max().unwrap_or(0);
    for rule in TABLE {
        writeln!(out, "{:width$}  {} -> {}{}", rule.name, rule.left, rule.right, condition(rule))?;
    }
    writeln!(out, "\nrules of arithmetic")?;
    for rule in STRUCTURAL {
        let (left, right) = rule.example;
        writeln!(out, "{:width$}  such as {left} -> {right}", rule.name)?;
    }
    writeln!(out, "\nnever applied")?;
    for rule in FORBIDDEN {
        writeln!(out, "{:width$}  {} -> {}   differ at {}", rule.name, rule.left, rule.right, point(rule))?;
    }
    Ok(())
}

fn explain(rule: &Rule, out: &mut impl Write) -> Result<(), super::Stop> {
    writeln!(out, "{}: {}", rule.name, rule.documentation)?;
    writeln!(out, "  {} -> {}{}", rule.left, rule.right, condition(rule))?;
    match rule.class {
        Class::Exact => writeln!(out, "  exact: the same value and the same domain everywhere")?,
        Class::Licensed(fact) => writeln!(out, "  licensed: used only where it is known that {fact}")?,
    }
    writeln!(out, "  {}", rounding(rule.rounding))?;
    if rule.for_running {
        writeln!(out, "  used for what is computed; what people read keeps the left side")?;
    }
    if rule.for_explaining {
        writeln!(out, "  used in derivations only")?;
    }
    worked_example(rule.left, rule.right, out)
}

fn rounding(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Better => "the right side keeps digits that the left side loses",
        Rounding::Level => "both sides keep the same digits",
        Rounding::Range => "far out the right side loses two or three digits, or what overflows is another part",
        Rounding::Worse => "the right side loses digits: for what people read; what is computed keeps the left side",
    }
}

fn explain_structural(rule: &Structural, out: &mut impl Write) -> Result<(), super::Stop> {
    writeln!(out, "{}: {}", rule.name, rule.documentation)?;
    let (left, right) = rule.example;
    writeln!(out, "  such as {left} -> {right}, for any number of terms and factors")?;
    writeln!(out, "  exact: the same value and the same domain everywhere")?;
    writeln!(out, "  {}", rounding(rule.rounding))?;
    worked_example(left, right, out)
}

fn explain_forbidden(rule: &Forbidden, out: &mut impl Write) -> Result<(), super::Stop> {
    writeln!(out, "{}: {}", rule.name, rule.documentation)?;
    writeln!(out, "  {} -> {}   never applied, unless what it lacks is known", rule.left, rule.right)?;
    let at = rule.at.map(|value| value.parse().unwrap_or(f64::NAN));
    let (left, right) = (evaluate(rule.left, "", &at)?, evaluate(rule.right, "", &at)?);
    writeln!(out, "  counterexample: at {} the left side is {left}, the right side {right}", point(rule))?;
    Ok(())
}

/// Writes the point at which the sides differ, with the names that they use.
fn point(rule: &Forbidden) -> String {
    let uses = |name: &str| {
        let words = |side: &str| side.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
        words(rule.left) || words(rule.right)
    };
    let values = ["x", "a", "b"].into_iter().zip(rule.at).filter(|(name, _)| uses(name));
    values.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

fn condition(rule: &Rule) -> String {
    match rule.class {
        Class::Exact => String::new(),
        Class::Licensed(fact) => format!("   where {fact}"),
    }
}

/// Writes both sides with expressions put in, and their common value.
fn worked_example(left: &str, right: &str, out: &mut impl Write) -> Result<(), super::Stop> {
    let lets = "let x = 2*t; let a = exp(t); let b = t + 3;";
    let (left_text, right_text) = (written(lets, left)?, written(lets, right)?);
    let (value, same) = (evaluate(left, lets, &[0.35])?, evaluate(right, lets, &[0.35])?);
    writeln!(out, "  example: {left_text} = {right_text}")?;
    writeln!(out, "           at t = 0.35 both sides are {value} and {same}")?;
    Ok(())
}

/// Reads a side, with `t` as parameter of the expressions that are put in, or with the names of rules as parameters.
fn read(lets: &str, side: &str) -> Result<Option<Entries>, Errors> {
    let names: &[&str] = if lets.is_empty() { &["x", "a", "b"] } else { &["t"] };
    let parameters: Vec<Source> = names.iter().map(|name| Source::new("parameter", *name)).collect();
    Ok(crate::read(&Source::new("rule", format!("{{ {lets} {side} }}")), &parameters)?
        .pop()
        .and_then(|function| function.entries))
}

fn written(lets: &str, side: &str) -> Result<String, Errors> {
    let entries = read(lets, side)?;
    Ok(entries.map(|entries| notation::text(&entries.graph, entries.outputs[0])).unwrap_or_default())
}

/// Evaluates one side at a point.
fn evaluate(side: &str, lets: &str, at: &[f64]) -> Result<String, Errors> {
    let Some(mut entries) = read(lets, side)? else { return Ok(String::new()) };
    let tape = crate::tape::schedule(&mut entries.graph, &mut Default::default(), &entries.outputs);
    let value = tape.evaluate(at).first().copied().unwrap_or(f64::NAN);
    Ok(if value.is_nan() { "not defined".to_string() } else { values::text(value) })
}
