//! `--assumptions`: what the printed formulas take for granted.

use super::args::Format;
use crate::derive::{self, Assumptions, Derivatives};
use crate::error::Diagnostic;
use crate::lower::Function;
use crate::show::{latex, notation};
use serde_json::Value;
use std::io::{self, Write};

/// A condition, as text and as LaTeX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    text: String,
    latex: String,
}

/// Lists what derivatives take for granted, each once; `raw` forms them without simplification.
pub fn assumptions(
    function: &Function,
    shown: &Derivatives,
    raw: impl FnOnce(&Function) -> Result<Derivatives, Diagnostic>,
) -> Result<Vec<Condition>, Diagnostic> {
    Ok(listed(&derive::assumptions(function, shown, raw)?))
}

/// Lists conditions, each once.
pub fn listed(found: &Assumptions) -> Vec<Condition> {
    let condition = |id| {
        let (ast, root) = notation::write(&found.graph, id);
        Condition { text: crate::syntax::print_expression(&ast, root), latex: latex::latex(&ast, root) }
    };
    let mut conditions: Vec<Condition> = Vec::new();
    for condition in found.conditions.iter().copied().map(condition) {
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    conditions
}

/// Warns of points at which a function has a branch of its own.
pub fn warn_of_patches(function: &Function, selected: &[usize]) -> Result<(), Diagnostic> {
    for condition in listed(&derive::patches(function, selected)?) {
        let _ = writeln!(
            io::stderr(),
            "warning: where {}, the derivative is that of the branch for this point alone",
            condition.text
        );
    }
    Ok(())
}

/// Writes conditions below an answer; JSON holds them itself, see [`json`].
pub fn write(conditions: &[Condition], format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Json => Ok(()),
        Format::Latex => {
            conditions.iter().try_for_each(|condition| writeln!(out, r"\text{{assuming }} {}", condition.latex))
        }
        _ => conditions.iter().try_for_each(|condition| writeln!(out, "assuming {}", condition.text)),
    }
}

/// Writes conditions as a list in JSON.
pub fn json(conditions: &[Condition]) -> Value {
    conditions.iter().map(|condition| condition.text.as_str()).collect()
}
