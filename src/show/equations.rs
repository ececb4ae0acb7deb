//! Equations one below the other, aligned at their signs of equality, each with its reason: in LaTeX, MathML and Typst.

use super::lines::{Abbreviations, Line, WIDEST, lines};
use super::markup::Markup;
use crate::syntax::ast::{Ast, Expression, NodeId};

/// Widest reason that stands beside a line, in tenths of a letter's width.
const WIDEST_BESIDE: u64 = 430;
/// Widest line with its reason beside it.
const WIDEST_ROW: u64 = WIDEST + 20;

/// Most rows of LaTeX that are kept together: what is aligned does not break over pages.
const ROWS: usize = 24;

/// An equation, typeset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Equation {
    /// What is before the sign of equality; empty where the equation goes on from the one above.
    pub left: String,
    /// What is after it, line by line.
    pub right: Vec<String>,
    /// About how wide the widest line is, in tenths of a letter's width.
    pub width: u64,
    /// Why it holds, typeset, each part with about how wide it is; several stand one below the other.
    pub reasons: Vec<(String, u64)>,
}

impl Markup {
    /// Writes an equation, and below it what the names in it stand for.
    pub fn equations(self, left: String, ast: &Ast, root: NodeId) -> Vec<Equation> {
        let (mut own, names) = self.equation(left, ast, root, &mut Abbreviations::default());
        own.extend(self.definitions(names));
        own
    }

    /// Writes one of several equations that stand together. Returns it, with what the names stand for that it has of its
    /// own below, and apart from it what the names stand for that it gives, and others may use.
    pub fn equation(
        self,
        left: String,
        ast: &Ast,
        root: NodeId,
        abbreviations: &mut Abbreviations,
    ) -> (Vec<Equation>, Vec<Equation>) {
        let formula = lines(ast, root, abbreviations);
        let equation = |left, lines: &[Line]| Equation {
            left,
            right: lines.iter().map(|line| self.line(&formula.ast, line)).collect(),
            width: lines.iter().map(|line| line.width).max().unwrap_or(0),
            reasons: Vec::new(),
        };
        let mut own = vec![equation(left, &formula.body)];
        let names = formula.names.iter().map(|(name, value)| equation(self.symbol(name), value)).collect();
        if matches!(ast.get(root), Expression::Block(..)) {
            own.extend(self.definitions(names));
            return (own, Vec::new());
        }
        (own, names)
    }

    /// Writes the word before the first of some definitions.
    pub fn definitions(self, mut equations: Vec<Equation>) -> Vec<Equation> {
        if let Some(first) = equations.first_mut() {
            first.left.insert_str(0, &self.words("where "));
        }
        equations
    }

    /// Aligns equations; a single one in one line stands alone.
    pub fn aligned(self, equations: &[Equation]) -> String {
        let alone = matches!(equations, [only] if only.right.len() == 1 && only.reasons.is_empty());
        let widest = equations.iter().map(|equation| equation.width).max().unwrap_or(0);
        let beside = |width: u64| width <= WIDEST_BESIDE && widest + width <= WIDEST_ROW;
        let mut rows = Vec::new();
        for Equation { left, right, reasons, .. } in equations {
            let (beside, below) = match reasons.as_slice() {
                [(only, width)] if beside(*width) => (only.as_str(), &[][..]),
                several => ("", several),
            };
            for (at, line) in right.iter().enumerate() {
                let own = if at + 1 == right.len() { beside } else { "" };
                rows.push(match at {
                    0 => [left.as_str(), "=", line, own],
                    _ => ["", "", line, own],
                });
            }
            rows.extend(below.iter().map(|(reason, _)| ["", "", "", reason.as_str()]));
        }
        match self {
            Markup::Latex if alone => format!("{} = {}", rows[0][0], rows[0][2]),
            Markup::Latex => {
                let rows: Vec<String> = rows.iter().map(latex_row).collect();
                let part = |rows: &[String]| format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", rows.join(" \\\\\n"));
                rows.chunks(ROWS).map(part).collect::<Vec<_>>().join("\n")
            }
            Markup::Typst if alone => tidy(&format!("{} = {}", rows[0][0], rows[0][2])),
            Markup::Typst => tidy(&rows.iter().map(typst_row).collect::<Vec<_>>().join(" \\\n")),
            Markup::Mathml => {
                let body = match alone {
                    true => format!("<mrow>{}<mo>=</mo>{}</mrow>", rows[0][0], rows[0][2]),
                    false => {
                        let rows: String = rows.iter().map(mathml_row).collect();
                        format!("<mtable displaystyle=\"true\">{rows}</mtable>")
                    }
                };
                format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\">{body}</math>")
            }
        }
    }
}

fn latex_row([left, equal, right, reason]: &[&str; 4]) -> String {
    match (*equal, right.is_empty(), reason.is_empty()) {
        ("", true, _) => format!(r"& \qquad {reason}"),
        ("", _, true) => format!(r"& \quad {{}}{right}"),
        ("", ..) => format!(r"& \quad {{}}{right} && {reason}"),
        (_, _, true) => format!("{left} &= {right}"),
        _ => format!("{left} &= {right} && {reason}"),
    }
}

fn typst_row([left, equal, right, reason]: &[&str; 4]) -> String {
    match (*equal, right.is_empty(), reason.is_empty()) {
        ("", true, _) => format!("& quad quad {reason}"),
        ("", _, true) => format!("& quad {right}"),
        ("", ..) => format!("& quad {right} && quad {reason}"),
        (_, _, true) => format!("{left} & = {right}"),
        _ => format!("{left} & = {right} && quad {reason}"),
    }
}

/// Writes spaces once, and none after a bracket.
fn tidy(typst: &str) -> String {
    typst.replace("  ", " ").replace("( ", "(").replace(" ^(", "^(")
}

fn mathml_row([left, equal, right, reason]: &[&str; 4]) -> String {
    // Chromium aligns the boxes in a cell by a keyword of its own.
    let cell = |side: &str, padding: &str, content: &str| match content {
        "" => "<mtd></mtd>".to_string(),
        _ => format!(
            "<mtd style=\"text-align: {side}; text-align: -webkit-{side}{padding}\"><mrow>{content}</mrow></mtd>"
        ),
    };
    let indented = |content: &str| cell("left", "; padding-left: 2em", content);
    let (right, reason) = match (*equal, right.is_empty()) {
        ("", true) => (indented(reason), ""),
        ("", _) => (indented(right), *reason),
        _ => (cell("left", "", &format!("<mo>=</mo>{right}")), *reason),
    };
    let reason = if reason.is_empty() { String::new() } else { cell("left", "", reason) };
    format!("<mtr>{}{right}{reason}</mtr>", cell("right", "", left))
}
