//! `--assumptions`: what the printed formulas take for granted.

use super::args::Format;
use crate::derive::{self, Assumptions, Derivatives, Patches};
use crate::error::Diagnostic;
use crate::lower::{Entries, Whole};
use crate::show::{latex, notation};
use crate::simplify::Patch;
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
    entries: &Entries,
    shown: &Derivatives,
    raw: impl FnOnce(&Entries) -> Result<Derivatives, Diagnostic>,
) -> Result<Vec<Condition>, Diagnostic> {
    Ok(listed(&derive::assumptions(entries, shown, raw)?))
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

/// Lists warnings of branches whose derivative may be none of the neighbours'.
pub fn warnings(found: &Patches) -> Vec<String> {
    let written = |patch: &Patch| match patch {
        Patch::Point(condition) => {
            let condition = notation::text(&found.graph, *condition);
            format!("where {condition}, the derivative is that of the branch for this point alone")
        }
        Patch::Small(condition) => {
            let condition = notation::text(&found.graph, *condition);
            format!("where {condition}, the derivative is that of the branch for small numbers alone")
        }
    };
    let mut warnings: Vec<String> = Vec::new();
    for warning in found.list.iter().map(written) {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}

/// Lists warnings of a function of numbers, derived by the given inputs, and writes them to standard error.
pub fn warned(entries: &Entries, selected: &[usize]) -> Result<Vec<String>, Diagnostic> {
    Ok(told(warnings(&derive::patches(entries, selected)?)))
}

/// Lists warnings of a function of whole vectors and matrices, derived by the given parameters, and writes them to standard
/// error.
pub fn closed_warned(whole: &Whole, by: &[usize]) -> Result<Vec<String>, Diagnostic> {
    Ok(told(warnings(&derive::closed_patches(whole, by)?)))
}

fn told(warnings: Vec<String>) -> Vec<String> {
    for warning in &warnings {
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    warnings
}

/// What is said beside an answer.
#[derive(Default)]
pub struct Notes {
    /// What the answer takes for granted, if that is asked for.
    pub assumed: Option<Vec<Condition>>,
    /// Where it may not be what is expected.
    pub warnings: Vec<String>,
}

impl Notes {
    /// Puts the notes into an answer in JSON.
    pub fn put_into(&self, object: &mut serde_json::Map<String, Value>) {
        if let Some(assumed) = &self.assumed {
            object.insert("assumptions".into(), json(assumed));
        }
        if !self.warnings.is_empty() {
            object.insert("warnings".into(), self.warnings.clone().into());
        }
    }
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
