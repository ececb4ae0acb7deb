//! A list of named formulas with numbers, and the forms in which it is written.

use super::args::Format;
use super::values;
use crate::graph::{ExprId, Graph};
use crate::lower::Shape;
use crate::show::typeset::{Dialect, MATHML, TYPST, symbol, typeset};
use crate::show::{latex, notation};
use crate::syntax::ast::{Ast, Expression, NodeId};
use crate::syntax::print_expression;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// The name of a derivative, in the forms in which it is written.
pub struct Name {
    /// `d/dx`
    pub text: String,
    /// `\frac{\partial f}{\partial x}`
    pub latex: String,
    /// The key in JSON.
    pub key: String,
}

impl Name {
    /// Names the derivative by one or several parameter entries.
    pub fn derivative(by: &[&str]) -> Name {
        let order = by.len();
        let same = order > 0 && by.iter().all(|name| *name == by[0]);
        let superscript = if order == 1 { String::new() } else { format!("^{order}") };
        let below = if same {
            format!("d{}{superscript}", by[0])
        } else {
            by.iter().map(|name| format!("d{name}")).collect::<Vec<_>>().join(" ")
        };
        let symbols: Vec<String> = by.iter().map(|name| format!(r"\partial {}", label_latex(name))).collect();
        let latex_below = if same && order > 1 { format!("{}^{{{order}}}", symbols[0]) } else { symbols.join(r" \, ") };
        let latex_top = if order == 1 { r"\partial f".to_string() } else { format!(r"\partial^{{{order}}} f") };
        let text = if order == 0 { "f".to_string() } else { format!("d{superscript}/{below}") };
        let latex = if order == 0 { "f".to_string() } else { format!(r"\frac{{{latex_top}}}{{{latex_below}}}") };
        Name { text, latex, key: by.join(",") }
    }
}

impl Name {
    /// Names what the derivative makes of a direction.
    pub fn apply_to(&mut self, direction: &str) {
        self.text = format!("{}[{direction}]", self.text);
        self.latex = format!(r"{}\left[{}\right]", self.latex, label_latex(direction));
    }
}

fn label_latex(label: &str) -> String {
    match label.split_once('[') {
        Some((name, place)) => format!("{}_{{{}}}", latex::symbol(name), place.trim_end_matches(']')),
        None => latex::symbol(label),
    }
}

/// Writes the name of a derivative in another way to typeset mathematics.
fn typeset_name(name: &Name, dialect: &Dialect) -> String {
    if name.key.is_empty() {
        return symbol("f", dialect);
    }
    let label = |label: &str| match label.split_once('[') {
        Some((name, place)) => {
            let [open, between, close] = dialect.subscript;
            let place = (dialect.number)(place.trim_end_matches(']'));
            format!("{open}{}{between}{place}{close}", symbol(name, dialect))
        }
        None => symbol(label, dialect),
    };
    let raised = |base: String, order: usize| match order {
        1 => base,
        _ => {
            let [open, between, close] = dialect.power;
            format!("{open}{base}{between}{}{close}", (dialect.number)(&order.to_string()))
        }
    };
    let by: Vec<&str> = split_labels(&name.key);
    let partial = (dialect.operator)("∂");
    let same = by.iter().all(|own| *own == by[0]);
    let below = match same {
        true => format!("{partial}{}", raised(label(by[0]), by.len())),
        false => by.iter().map(|own| format!("{partial}{}", label(own))).collect(),
    };
    let [open, between, close] = dialect.fraction;
    format!("{open}{}{}{between}{below}{close}", raised(partial, by.len()), symbol("f", dialect))
}

/// Splits `x,W[0,1]` at the commas outside of brackets.
fn split_labels(key: &str) -> Vec<&str> {
    let mut depth = 0;
    key.split(|c: char| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    })
    .collect()
}

/// Writes an equation in another way to typeset mathematics.
pub fn equation(name: &Name, ast: &Ast, root: NodeId, format: Format) -> String {
    match format {
        Format::Mathml => {
            let (name, body) = (typeset_name(name, &MATHML), typeset(ast, root, &MATHML));
            format!(
                "<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mrow>{name}<mo>=</mo>{body}</mrow></math>"
            )
        }
        Format::Typst => {
            let text = format!("{} = {}", typeset_name(name, &TYPST), typeset(ast, root, &TYPST));
            text.replace("  ", " ").replace("( ", "(").replace(" ^(", "^(")
        }
        _ => format!("{} = {}", name.latex, latex::latex(ast, root)),
    }
}

/// A named formula: one expression, or the entries of an array.
pub struct Formula {
    pub name: Name,
    pub shape: Shape,
    pub entries: Vec<ExprId>,
    /// Whether the only expression is a whole vector or matrix.
    pub whole: bool,
    /// The values of the entries, where a point is given.
    pub numbers: Option<Vec<f64>>,
}

impl Formula {
    /// Writes the formula as a syntax tree.
    fn tree(&self, graph: &Graph) -> (Ast, NodeId) {
        match (self.shape, self.entries.as_slice()) {
            (_, [only]) if self.whole || self.shape == Shape::Scalar => notation::write(graph, *only),
            _ => notation::write_array(graph, &self.entries, self.shape),
        }
    }

    pub fn text(&self, graph: &Graph) -> String {
        let (ast, root) = self.tree(graph);
        let flat = print_expression(&ast, root);
        match ast.get(root) {
            Expression::List(entries) if flat.len() > 100 => {
                let lines: Vec<String> =
                    entries.iter().map(|entry| format!("    {}", print_expression(&ast, *entry))).collect();
                format!("[\n{}\n]", lines.join(",\n"))
            }
            _ => flat,
        }
    }
}

/// Writes formulas under a heading: the definition that they belong to.
pub fn write(
    heading: &str,
    graph: &Graph,
    formulas: &[Formula],
    format: Format,
    point: Option<&str>,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text | Format::Index => {
            writeln!(out, "{heading}")?;
            if let Some(point) = point {
                writeln!(out, "at {point}")?;
            }
            for formula in formulas {
                let name = &formula.name.text;
                if !formula.entries.is_empty() {
                    writeln!(out, "{name} = {}", formula.text(graph))?;
                }
                if let Some(numbers) = &formula.numbers {
                    let blank =
                        if formula.entries.is_empty() { name.clone() } else { " ".repeat(name.chars().count()) };
                    writeln!(out, "{blank} = {}", number_text(formula.shape, numbers))?;
                }
            }
            Ok(())
        }
        Format::Latex | Format::Mathml | Format::Typst | Format::Rust => {
            for formula in formulas.iter().filter(|formula| !formula.entries.is_empty()) {
                let (ast, root) = formula.tree(graph);
                writeln!(out, "{}", equation(&formula.name, &ast, root, format))?;
            }
            Ok(())
        }
        Format::Json => {
            let mut object = Map::new();
            object.insert("definition".into(), heading.into());
            for formula in formulas {
                let mut fields = Map::new();
                if !formula.entries.is_empty() {
                    fields.insert("formula".into(), formula.text(graph).into());
                }
                if let Some(numbers) = &formula.numbers {
                    fields.insert("value".into(), number_json(formula.shape, numbers));
                }
                let key = if formula.name.key.is_empty() { "f" } else { &formula.name.text };
                object.insert(key.into(), Value::Object(fields));
            }
            if let Some(point) = point {
                object.insert("at".into(), json!(point));
            }
            writeln!(out, "{}", Value::Object(object))
        }
    }
}

/// Writes numbers nested as their shape says.
fn number_text(shape: Shape, numbers: &[f64]) -> String {
    let list = |numbers: &[f64]| {
        let entries: Vec<String> = numbers.iter().map(|number| values::text(*number)).collect();
        format!("[{}]", entries.join(", "))
    };
    match (shape, numbers) {
        (Shape::Scalar, [only]) => values::text(*only),
        (Shape::Matrix(_, columns), _) => {
            let rows: Vec<String> = numbers.chunks(columns.max(1)).map(list).collect();
            format!("[{}]", rows.join(", "))
        }
        _ => list(numbers),
    }
}

/// Nests numbers as their shape says.
pub fn number_json(shape: Shape, numbers: &[f64]) -> Value {
    let list = |numbers: &[f64]| numbers.iter().copied().map(values::json).collect::<Value>();
    match (shape, numbers) {
        (Shape::Scalar, [only]) => values::json(*only),
        (Shape::Matrix(_, columns), _) => numbers.chunks(columns.max(1)).map(list).collect(),
        _ => list(numbers),
    }
}
