//! The documentation of generated functions: what they are, their derivatives as formulas, their cost.

use crate::derive::{Derivatives, Deriver, Form, Order};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, NodeMap};
use crate::lower::{Entries, Function, Shape};
use crate::show::notation;
use crate::tape::Tape;

/// Most partial derivatives that stand as formulas in a function's documentation.
const DOCUMENTED: usize = 100;
/// Longest formula in a documentation line.
const LONGEST_FORMULA: usize = 200;

/// Says what the function is: the user's own words, then the definition.
pub fn introduction(function: &Function) -> Vec<String> {
    let mut lines = prose(&function.documentation);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let definition: String = match &function.name {
        Some(_) => function.definition.clone(),
        None => format!("f = {}", function.definition),
    };
    lines.push("```text".to_string());
    if definition.len() > 20 * LONGEST_FORMULA {
        lines.push(format!("{} ...", function.display_name()));
    } else {
        lines.extend(
            definition
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| line.trim_end().to_string()),
        );
    }
    lines.extend(["```".to_string(), String::new()]);
    lines
}

/// Writes a line of a comment. Characters that end the line, or that change the direction of what follows, which the
/// compiler refuses, are written by their numbers.
pub fn comment(prefix: &str, line: &str) -> String {
    let is_refused =
        |c: char| c.is_control() && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut written = format!("{prefix} ");
    for c in line.chars() {
        match is_refused(c) {
            true => written.extend(c.escape_unicode()),
            false => written.push(c),
        }
    }
    written.truncate(written.trim_end().len());
    written
}

/// Returns the user's own words with nothing in them that is taken for code to test: blocks are text, and closed.
fn prose(lines: &[String]) -> Vec<String> {
    let mut fence = None;
    let mut written = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        let text = line.trim_start();
        let own = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        match (fence, own) {
            (None, Some(own)) => {
                fence = Some(own);
                written.push(format!("{own}text"));
            }
            (Some(open), Some(own)) if open == own => {
                fence = None;
                written.push(own.to_string());
            }
            (Some(_), _) => written.push(line.clone()),
            // A line that is set far in is code, too.
            (None, None) => {
                let inset = line.len() - text.len();
                written.push(format!("{}{text}", " ".repeat(inset.min(3))));
            }
        }
    }
    written.extend(fence.map(str::to_string));
    written
}

pub fn shapes(function: &Entries) -> Option<String> {
    let shaped: Vec<String> = function
        .parameters
        .iter()
        .filter(|parameter| parameter.shape != Shape::Scalar)
        .map(|parameter| format!("`{}` is a `{}`", parameter.name, parameter.shape))
        .collect();
    (!shaped.is_empty()).then(|| format!("{}.", shaped.join(", ")))
}

/// Lists the partial derivatives of a function as formulas, as far as they are short; `computed` are the derivatives in
/// the form that is run.
pub fn formulas(
    deriver: &mut Deriver,
    function: &Entries,
    inputs: &[usize],
    computed: &Derivatives,
) -> Result<Vec<String>, Diagnostic> {
    let lengths = lengths(&computed.graph, &computed.first[0]);
    let short = (0..lengths.len()).filter(|at| lengths[*at] <= LONGEST_FORMULA);
    let short: Vec<usize> = short.map(|at| inputs[at]).collect();
    if short.is_empty() || lengths.len() > DOCUMENTED {
        return Ok(Vec::new());
    }
    let derivatives = deriver.derive(function, &short, Order::First, Form::Pretty)?;
    let mut lines = vec!["```text".to_string()];
    for (input, root) in short.iter().zip(&derivatives.first[0]) {
        let input = &function.graph.inputs()[*input];
        let place: Vec<String> = input.place.iter().map(usize::to_string).collect();
        let place = if place.is_empty() { String::new() } else { format!("[{}]", place.join(", ")) };
        let formula = notation::text(&derivatives.graph, *root);
        if formula.len() <= LONGEST_FORMULA && !formula.contains('\n') {
            lines.push(format!("d/d{}{place} = {formula}", input.parameter));
        }
    }
    lines.extend(["```".to_string(), String::new()]);
    Ok(if lines.len() > 3 { lines } else { Vec::new() })
}

/// Returns how many nodes each root has, written out as a tree.
fn lengths(graph: &Graph, roots: &[ExprId]) -> Vec<usize> {
    let nodes = graph.reachable(roots);
    let mut lengths = NodeMap::new(&nodes);
    for id in nodes {
        let mut length = 1usize;
        graph.node(id).for_each_operand(|operand| length = length.saturating_add(lengths[operand]));
        lengths.insert(id, length);
    }
    roots.iter().map(|root| lengths[*root]).collect()
}

/// Counts the operations.
pub fn operations(tape: &Tape) -> String {
    let counts = tape.counts();
    format!("Operations: {} ({} flops).", counts, counts.flops())
}
