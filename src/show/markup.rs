//! LaTeX, MathML and Typst behind one name: symbols, expressions, words, and the marks that names of derivatives need.

use super::dialect::{Dialect, MATHML, TYPST, escaped};
use super::levels::tall;
use super::lines::{Line, Sign};
use super::{latex, typeset};
use crate::syntax::ast::{Ast, NodeId};

/// A way to typeset mathematics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Markup {
    /// LaTeX with amsmath, for math mode.
    Latex,
    /// MathML Core.
    Mathml,
    /// Typst, for math mode.
    Typst,
}

impl Markup {
    fn dialect(self) -> Option<&'static Dialect> {
        match self {
            Markup::Latex => None,
            Markup::Mathml => Some(&MATHML),
            Markup::Typst => Some(&TYPST),
        }
    }

    /// Writes a name.
    pub fn symbol(self, name: &str) -> String {
        match self.dialect() {
            None => latex::symbol(name),
            Some(dialect) => typeset::symbol(name, dialect),
        }
    }

    /// Writes an expression in one line.
    pub fn expression(self, ast: &Ast, root: NodeId) -> String {
        self.line(ast, &Line { parts: vec![(Sign::None, root)], width: 0 })
    }

    /// Writes words.
    pub fn words(self, words: &str) -> String {
        match self {
            Markup::Latex => format!(r"\text{{{}}}", words.replace('_', r"\_")),
            Markup::Mathml => format!("<mtext>{}</mtext>", escaped(words).replace(' ', "&#xa0;")),
            Markup::Typst => format!("\"{words}\""),
        }
    }

    /// Writes a line of a broken expression.
    pub fn line(self, ast: &Ast, line: &Line) -> String {
        match self.dialect() {
            None => latex::line(ast, line),
            Some(dialect) => typeset::line(ast, line, dialect),
        }
    }

    /// Writes the name of an entry: `x[2]` has an index below.
    pub fn label(self, label: &str) -> String {
        let Some((name, place)) = label.split_once('[') else { return self.symbol(label) };
        let (name, place) = (self.symbol(name), place.trim_end_matches(']'));
        match self.dialect() {
            None if name.contains('_') => format!("{{{name}}}_{{{place}}}"),
            None => format!("{name}_{{{place}}}"),
            Some(dialect) => marked(dialect.subscript, &name, &(dialect.number)(place)),
        }
    }

    /// Writes a fraction.
    pub fn fraction(self, top: &str, bottom: &str) -> String {
        match self.dialect() {
            None => format!(r"\frac{{{top}}}{{{bottom}}}"),
            Some(dialect) => marked(dialect.fraction, top, bottom),
        }
    }

    /// Writes the partial derivative of what follows, several times.
    pub fn partial(self, order: usize, of: &str) -> String {
        let sign = match self.dialect() {
            None => r"\partial".to_string(),
            Some(dialect) => (dialect.operator)("∂"),
        };
        let between = if self == Markup::Latex { " " } else { "" };
        format!("{}{between}{of}", self.raised(&sign, order))
    }

    /// Writes a power with a number as exponent; the first power is the base.
    pub fn raised(self, base: &str, exponent: usize) -> String {
        match (exponent, self.dialect()) {
            (1, _) => base.to_string(),
            (_, None) => format!("{base}^{{{exponent}}}"),
            (_, Some(dialect)) => marked(dialect.power, base, &(dialect.number)(&exponent.to_string())),
        }
    }

    /// Writes square brackets around what is written.
    pub fn bracketed(self, inner: &str) -> String {
        match self {
            Markup::Latex => format!(r"\left[{inner}\right]"),
            Markup::Mathml => format!("<mo stretchy=\"false\">[</mo>{inner}<mo stretchy=\"false\">]</mo>"),
            Markup::Typst => format!("[{inner}]"),
        }
    }

    /// Writes an expression in parentheses.
    pub fn parenthesised(self, ast: &Ast, root: NodeId) -> String {
        let inner = self.expression(ast, root);
        let [open, close] = match self.dialect() {
            None => [r"\left(", r"\right)"],
            Some(dialect) => dialect.parentheses[usize::from(tall(ast)[root.index()])],
        };
        format!("{open}{inner}{close}")
    }

    /// Writes the differential of what is written.
    pub fn differential(self, of: &str) -> String {
        match self {
            Markup::Latex => format!(r"\,d{of}"),
            Markup::Mathml => format!("<mspace width=\"0.15em\"/><mi>d</mi>{of}"),
            Markup::Typst => format!(" thin d {of}"),
        }
    }

    /// Writes the sign of equality.
    pub fn equal(self) -> &'static str {
        match self {
            Markup::Latex | Markup::Typst => " = ",
            Markup::Mathml => "<mo>=</mo>",
        }
    }

    /// Writes several things beside one another.
    pub fn beside(self, parts: &[String]) -> String {
        let between = match self {
            Markup::Latex => r" \, ",
            Markup::Mathml => "",
            Markup::Typst => " ",
        };
        parts.join(between)
    }
}

fn marked([open, between, close]: [&str; 3], first: &str, second: &str) -> String {
    format!("{open}{first}{between}{second}{close}")
}
