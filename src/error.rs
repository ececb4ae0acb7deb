//! Diagnostics: what is wrong, where, and the way out. This is the one place that renders them.

mod fault;

pub use fault::{Fault, Row, TABLE};

use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of error it is.
    pub fault: Fault,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// Where it is wrong, if it has a place.
    pub span: Option<Span>,
    /// What to say beside the underlined place; may be empty.
    pub label: String,
    /// The way out, where one is known.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Makes a diagnostic about a place in the source.
    pub fn new(fault: Fault, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { fault, message: message.into(), span: Some(span), label: String::new(), hint: None }
    }

    /// Makes a diagnostic about the input as a whole.
    pub fn general(fault: Fault, message: impl Into<String>) -> Self {
        Diagnostic { fault, message: message.into(), span: None, label: String::new(), hint: None }
    }

    /// Adds the words that stand beside the underlined place.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds the way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All diagnostics of one source, in the order of their places. Both `Display` and `Debug` render them for a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Errors {
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

/// Longest stretch of a source line, in bytes, that a rendered diagnostic shows around the place.
const EXCERPT: usize = 120;
/// Most diagnostics that are rendered; the rest are counted.
const SHOWN: usize = 50;

impl Errors {
    /// Gathers diagnostics, sorted by place and without repeats.
    pub fn new(source: &Source, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| d.span);
        diagnostics.dedup();
        Errors { source: source.clone(), diagnostics }
    }

    /// Makes an error that has no place in a source, such as a file that can't be read.
    pub fn general(fault: Fault, message: impl Into<String>) -> Self {
        Errors::new(&Source::new("", ""), vec![Diagnostic::general(fault, message)])
    }

    /// Returns the diagnostics in the order of their places.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Renders all diagnostics, with terminal colours if asked for.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in self.diagnostics.iter().take(SHOWN) {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(&render_one(&self.source, diagnostic, &renderer));
        }
        if self.diagnostics.len() > SHOWN {
            out.push_str(&format!("\n\n... and {} more errors", self.diagnostics.len() - SHOWN));
        }
        out
    }

    /// Returns the messages alone, joined by semicolons, for machine-readable output.
    pub fn summary(&self) -> String {
        let messages: Vec<&str> = self.diagnostics.iter().map(|d| d.message.as_str()).collect();
        messages.join("; ")
    }
}

fn render_one(source: &Source, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let code = diagnostic.fault.code();
    let title = Level::ERROR.primary_title(diagnostic.message.as_str()).id(code.as_str());
    let mut group = Group::with_title(title);
    let excerpt = diagnostic.span.map(|span| excerpt(&source.text, span));
    if let Some((text, line, span)) = &excerpt {
        let annotation = AnnotationKind::Primary.span(span.start..span.end).label(diagnostic.label.as_str());
        group = group.element(
            Snippet::source(text.as_str()).line_start(*line).path(source.name.as_str()).annotation(annotation),
        );
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    renderer.render(&[group])
}

/// Cuts out the lines that a span touches, or a stretch around it where lines are very long. Returns the text, the
/// number of its first line, and the span inside it.
fn excerpt(text: &str, span: Span) -> (String, usize, Span) {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    let end = floor(span.end).max(start).min(floor(start + EXCERPT));
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let from = floor(line_start.max(start.saturating_sub(EXCERPT)));
    let to = floor(line_end.min(end + EXCERPT));
    let (before, after) = (if from > line_start { "..." } else { "" }, if to < line_end { "..." } else { "" });
    let cut = format!("{before}{}{after}", &text[from..to]);
    let shift = |at: usize| at - from + before.len();
    let line = 1 + text[..start].bytes().filter(|&b| b == b'\n').count();
    (cut, line, Span::new(shift(start), shift(end)))
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.render(false))
    }
}

impl std::error::Error for Errors {}

/// Returns the candidate nearest to a misspelt name, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        5..=7 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment), ignoring case.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).take(64).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).take(64).collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
