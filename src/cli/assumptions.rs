//! `--assumptions`: what the printed formulas take for granted.

use super::args::Format;
use crate::derive::{self, Derivatives};
use crate::error::Diagnostic;
use crate::lower::Function;
use crate::show::{latex, notation};
use serde_json::json;
use std::io::{self, Write};

/// A condition, as text and as LaTeX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    text: String,
    latex: String,
}

/// Lists what derivatives take for granted; `raw` forms them without simplification.
pub fn assumptions(
    function: &Function,
    shown: &Derivatives,
    raw: impl FnOnce(&Function) -> Result<Derivatives, Diagnostic>,
) -> Result<Vec<Condition>, Diagnostic> {
    let found = derive::assumptions(function, shown, raw)?;
    let condition = |id| {
        let (ast, root) = notation::write(&found.graph, id);
        Condition { text: crate::syntax::print_expression(&ast, root), latex: latex::latex(&ast, root) }
    };
    Ok(found.conditions.into_iter().map(condition).collect())
}

/// Writes conditions, each once.
pub fn write(conditions: Vec<Condition>, format: Format, out: &mut impl Write) -> io::Result<()> {
    let mut seen: Vec<Condition> = Vec::new();
    for condition in conditions {
        if !seen.contains(&condition) {
            seen.push(condition);
        }
    }
    match format {
        Format::Json => {
            let texts: Vec<String> = seen.into_iter().map(|condition| condition.text).collect();
            writeln!(out, "{}", json!({ "assuming": texts }))
        }
        Format::Latex => seen.iter().try_for_each(|condition| writeln!(out, r"\text{{assuming }} {}", condition.latex)),
        _ => seen.iter().try_for_each(|condition| writeln!(out, "assuming {}", condition.text)),
    }
}
