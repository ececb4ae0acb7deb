//! A list of named formulas with numbers, and the forms in which it is written.

use super::args::Format;
use super::assumptions::{self, Notes};
use super::name::Name;
use super::values::{self, Number};
use crate::graph::{ExprId, Graph, Sizes};
use crate::lower::{Shape, Whole, WholeParameter};
use crate::show::markup::Markup;
use crate::show::notation;
use crate::syntax::ast::{Ast, Expression, NodeId};
use crate::syntax::print_expression;
use crate::tape::Dense;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Writes an equation as the format says.
pub fn equation(name: &Name, ast: &Ast, root: NodeId, markup: Markup) -> String {
    markup.aligned(&markup.equations(name.typeset(markup), ast, root))
}

/// A named formula: one expression, or the entries of an array.
pub struct Formula {
    pub name: Name,
    pub shape: Shape,
    pub entries: Vec<ExprId>,
    /// Whether the only expression is a whole vector or matrix.
    pub whole: bool,
    /// The values of the entries, where a point is given.
    pub numbers: Option<Vec<Number>>,
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

/// Writes formulas under a heading, the definition that they belong to, and below them what is said beside them.
pub fn write(
    heading: &str,
    graph: &Graph,
    formulas: &[Formula],
    format: Format,
    point: Option<&str>,
    notes: &Notes,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text | Format::Index => {
            writeln!(out, "{heading}")?;
            if let Some(point) = point {
                writeln!(out, "at {point}")?;
            }
            for formula in formulas {
                let name = &formula.name.text();
                if !formula.entries.is_empty() {
                    writeln!(out, "{name} = {}", formula.text(graph))?;
                }
                if let Some(numbers) = &formula.numbers {
                    let blank =
                        if formula.entries.is_empty() { name.clone() } else { " ".repeat(name.chars().count()) };
                    let (values, double) = parted(numbers);
                    let note = if double { " (in double precision)" } else { "" };
                    writeln!(out, "{blank} = {}{note}", number_text(formula.shape, &values))?;
                }
            }
        }
        Format::Rust => {}
        Format::Latex | Format::Mathml | Format::Typst => {
            let markup = format.markup().unwrap_or(Markup::Latex);
            for formula in formulas.iter().filter(|formula| !formula.entries.is_empty()) {
                let (ast, root) = formula.tree(graph);
                writeln!(out, "{}", equation(&formula.name, &ast, root, markup))?;
            }
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
                    let (values, double) = parted(numbers);
                    fields.insert("value".into(), number_json(formula.shape, &values));
                    if double {
                        fields.insert("precision".into(), "double".into());
                    }
                }
                object.insert(formula.name.text(), Value::Object(fields));
            }
            if let Some(point) = point {
                object.insert("at".into(), json!(point));
            }
            notes.put_into(&mut object);
            writeln!(out, "{}", Value::Object(object))?;
        }
    }
    assumptions::write(notes.assumed.as_deref().unwrap_or_default(), format, out)
}

/// Returns the values, and whether some of them are in double precision where they were to be right to the last digit.
fn parted(numbers: &[Number]) -> (Vec<f64>, bool) {
    (numbers.iter().map(|number| number.value).collect(), numbers.iter().any(|number| number.is_undecided))
}

/// Writes numbers nested as their shape says.
pub fn number_text(shape: Shape, numbers: &[f64]) -> String {
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
        (Shape::Tensor(_, rows, columns), _) => {
            let matrices = numbers.chunks((rows * columns).max(1));
            let matrices: Vec<String> = matrices.map(|own| number_text(Shape::Matrix(rows, columns), own)).collect();
            format!("[{}]", matrices.join(", "))
        }
        _ => list(numbers),
    }
}

/// Returns the shape of a value of whole matrices, or of its derivative by the given parameters, for its numbers and the
/// sizes.
pub fn shape_by<'w>(
    whole: &Whole,
    by: impl Iterator<Item = &'w WholeParameter>,
    (rows, columns): (usize, usize),
    sizes: &Sizes,
) -> Shape {
    let extents = whole.extents();
    let own = match (extents.is_scalar(), extents.is_column()) {
        (true, _) => 0,
        (_, true) => 1,
        _ => 2,
    };
    let by: Vec<&WholeParameter> = by.collect();
    if let ([only], 0) = (&by[..], own)
        && let Some(shape @ Shape::Tensor(..)) = only.shape.evaluate(sizes)
    {
        return shape;
    }
    match by.iter().fold(own, |indices, parameter| indices + parameter.shape.indices()) {
        0 => Shape::Scalar,
        1 => Shape::Vector(rows * columns),
        _ => Shape::Matrix(rows, columns),
    }
}

/// Returns the shape of a matrix of numbers.
pub fn shape_of(value: &Dense) -> Shape {
    match (value.rows, value.columns) {
        (1, 1) => Shape::Scalar,
        (rows, 1) => Shape::Vector(rows),
        (rows, columns) => Shape::Matrix(rows, columns),
    }
}

/// Nests numbers as their shape says.
pub fn number_json(shape: Shape, numbers: &[f64]) -> Value {
    let list = |numbers: &[f64]| numbers.iter().copied().map(values::json).collect::<Value>();
    match (shape, numbers) {
        (Shape::Scalar, [only]) => values::json(*only),
        (Shape::Matrix(_, columns), _) => numbers.chunks(columns.max(1)).map(list).collect(),
        (Shape::Tensor(_, rows, columns), _) => {
            let matrices = numbers.chunks((rows * columns).max(1));
            matrices.map(|own| number_json(Shape::Matrix(rows, columns), own)).collect()
        }
        _ => list(numbers),
    }
}
