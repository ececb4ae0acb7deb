//! `gradc rules`: the table of rewrite rules.

use super::{Exit, Outcome, values};
use crate::error::{Diagnostic, Errors, nearest};
use crate::simplify::{Class, Rule, TABLE};
use crate::source::Source;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    /// The rule to explain; all are listed by default.
    name: Vec<String>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let name = options.name.join(" ");
    if name.is_empty() {
        let width = TABLE.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
        for rule in TABLE {
            writeln!(out, "{:width$}  {} -> {}{}", rule.name, rule.left, rule.right, condition(rule))?;
        }
        return Ok(Exit::Success);
    }
    let Some(rule) = TABLE.iter().find(|rule| rule.name == name) else {
        let diagnostic = Diagnostic::general(format!("there is no rule `{name}`"));
        let hint = match nearest(&name, TABLE.iter().map(|rule| rule.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`gradc rules` lists them".to_string(),
        };
        return Err(Errors::new(&Source::default(), vec![diagnostic.hint(hint)]).into());
    };
    writeln!(out, "{}: {}", rule.name, rule.documentation)?;
    writeln!(out, "  {} -> {}{}", rule.left, rule.right, condition(rule))?;
    match rule.class {
        Class::Exact => writeln!(out, "  exact: the same value and the same domain everywhere")?,
        Class::Licensed(fact) => writeln!(out, "  licensed: used only where it is known that {fact}")?,
    }
    if rule.stabilizes {
        writeln!(out, "  the right side keeps digits that the left side loses")?;
    }
    let (left, right) = (example(rule.left)?, example(rule.right)?);
    writeln!(out, "  example: at x = 0.7, a = 1.3, b = 0.4 both sides are {} and {}", left, right)?;
    Ok(Exit::Success)
}

fn condition(rule: &Rule) -> String {
    match rule.class {
        Class::Exact => String::new(),
        Class::Licensed(fact) => format!("   where {fact}"),
    }
}

/// Evaluates one side at a point.
fn example(side: &str) -> Result<String, Errors> {
    let source = Source::new("rule", format!("{{ let x = 0.7; let a = 1.3; let b = 0.4; {side} }}"));
    let mut functions = crate::read(&source, &[])?;
    let Some(function) = functions.pop() else { return Ok(String::new()) };
    let mut graph = function.graph;
    let tape = crate::tape::schedule(&mut graph, &mut Default::default(), &function.outputs);
    Ok(tape.evaluate(&[]).into_iter().map(values::text).collect())
}
