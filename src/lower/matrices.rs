//! Functions of matrices: traces, determinants, inverses, and matrices made of others.

use super::gates::{Gates, node, shape_text};
use super::machine::Machine;
use super::operators::product_mismatch;
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, Extreme, MatrixOperation as M, Rational};
use crate::limits;
use crate::source::Span;

/// The functions of matrices, with the numbers of arguments they take.
pub const FUNCTIONS: &[(&str, std::ops::RangeInclusive<usize>, &str)] = &[
    ("tr", 1..=1, "tr(A)"),
    ("det", 1..=1, "det(A)"),
    ("logdet", 1..=1, "logdet(A)"),
    ("inv", 1..=1, "inv(A)"),
    ("adj", 1..=1, "adj(A)"),
    ("solve", 2..=2, "solve(A, b)"),
    ("outer", 2..=2, "outer(x, y)"),
    ("diag", 1..=1, "diag(x) of a vector, diag(A) of a matrix"),
    ("eye", 1..=1, "eye(n)"),
    ("ones", 1..=2, "ones(n) or ones(n, m)"),
    ("zeros", 1..=2, "zeros(n) or zeros(n, m)"),
    ("first_max", 1..=1, "first_max(x)"),
    ("first_min", 1..=1, "first_min(x)"),
    ("prod_others", 1..=1, "prod_others(x)"),
    ("put", 3..=5, "put(x, i, n) among n zeros, put(x, i, j, n, m) in a matrix of zeros"),
    ("stack", 1..=usize::MAX, "stack(a, b, ...)"),
    ("join", 1..=usize::MAX, "join(a, b, ...)"),
];

impl Machine<'_> {
    /// Makes a function of [`FUNCTIONS`].
    ///
    /// # Errors
    /// Shapes that the function does not take.
    pub(super) fn matrix_function(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let result = match name {
            "put" => self.put(values, spans, span)?,
            _ => self.gates.matrix_function(name, values, spans, span)?,
        };
        if let Value::Array(id, _) | Value::Scalar(id) = result {
            let extents = self.gates.graph.extents(id);
            self.need([extents.rows, extents.columns]);
        }
        Ok(result)
    }
}

impl Gates<'_> {
    fn matrix_function(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let mut nodes = Vec::new();
        for (value, span) in values.iter().zip(spans) {
            nodes.push(node(value, *span)?);
        }
        let extents: Vec<Extents> = nodes.iter().map(|id| self.graph.extents(*id)).collect();
        let is_vector = |at: usize| !matches!(values[at], Value::Array(_, Rank::Matrix)) && extents[at].is_column();
        let shape = self.described(&values[0]);
        let square = || match extents[0].is_square() {
            true => Ok(()),
            false => {
                let message = format!("`{name}` takes a square matrix, not {shape}");
                Err(Diagnostic::new(Fault::Square, spans[0], message).hint("`A'*A` is square"))
            }
        };
        match name {
            "tr" | "det" | "logdet" => {
                square()?;
                let operation = match name {
                    "tr" => M::Trace,
                    "det" => M::Determinant,
                    _ => M::LogDeterminant,
                };
                Ok(Value::Scalar(self.graph.matrix(operation, &nodes)))
            }
            "first_max" | "first_min" | "prod_others" => {
                let operation = match name {
                    "first_max" => M::FirstExtremum(Extreme::Largest),
                    "first_min" => M::FirstExtremum(Extreme::Smallest),
                    _ => M::OtherProducts,
                };
                let id = self.graph.construct_matrix(&operation, &nodes);
                Ok(match values[0] {
                    Value::Array(_, rank) => Value::Array(id, rank),
                    _ => self.value(id),
                })
            }
            "inv" | "adj" => {
                square()?;
                let id = self.graph.matrix(if name == "adj" { M::Adjugate } else { M::Inverse }, &nodes);
                Ok(match values[0] {
                    Value::Array(_, rank) => Value::Array(id, rank),
                    _ => self.value(id),
                })
            }
            "solve" => {
                square()?;
                if extents[1].rows != extents[0].rows {
                    return Err(product_mismatch(&extents[0], &extents[1], [span, spans[0], spans[1]]));
                }
                let inverse = self.graph.matrix(M::Inverse, &nodes[..1]);
                let product = match extents[0].is_scalar() {
                    true => self.product(&[(inverse, Rational::ONE), (nodes[1], Rational::ONE)]),
                    false => self.graph.matrix(M::Product, &[inverse, nodes[1]]),
                };
                Ok(match values[1] {
                    Value::Array(_, rank) => Value::Array(product, rank),
                    _ => self.value(product),
                })
            }
            "outer" => {
                if let Some(at) = (0..2).find(|at| !is_vector(*at)) {
                    let message = format!("`outer` takes two vectors, not {}", self.described(&values[at]));
                    return Err(Diagnostic::new(Fault::Shapes, spans[at], message));
                }
                let product = if extents.iter().any(Extents::is_scalar) {
                    let turned = self.turned(nodes[1]);
                    self.product(&[(nodes[0], Rational::ONE), (turned, Rational::ONE)])
                } else {
                    let turned = self.turned(nodes[1]);
                    self.graph.matrix(M::Product, &[nodes[0], turned])
                };
                Ok(Value::Array(product, Rank::Matrix))
            }
            "diag" if is_vector(0) => {
                let diagonal = if extents[0].is_scalar() { nodes[0] } else { self.graph.matrix(M::Diagonal, &nodes) };
                Ok(Value::Array(diagonal, Rank::Matrix))
            }
            "diag" => {
                square()?;
                let entries = if extents[0].is_scalar() { nodes[0] } else { self.graph.matrix(M::DiagonalOf, &nodes) };
                Ok(Value::Array(entries, Rank::Vector))
            }
            "stack" | "join" => self.concatenated(name, values, &nodes, spans),
            _ => self.constant(name, &nodes, spans, span),
        }
    }

    /// Makes the transpose; a number is its own.
    pub(super) fn turned(&mut self, id: ExprId) -> ExprId {
        if self.graph.extents(id).is_scalar() { id } else { self.graph.matrix(M::Transpose, &[id]) }
    }

    /// Puts arrays one below the other, or side by side.
    fn concatenated(
        &mut self,
        name: &str,
        values: &[Value],
        nodes: &[ExprId],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        let stacks = name == "stack";
        let across = |gates: &Self, at: usize| {
            let extents = gates.graph.extents(nodes[at]);
            if stacks { extents.columns } else { extents.rows }
        };
        if let Some(at) = (0..nodes.len()).find(|at| across(self, *at) != across(self, 0)) {
            let what = if stacks { "columns" } else { "rows" };
            let message = format!("`{name}` takes matrices with equally many {what}");
            let label = format!("{} beside {}", self.described(&values[at]), self.described(&values[0]));
            return Err(Diagnostic::new(Fault::Shapes, spans[at], message).label(label));
        }
        if let [only] = nodes {
            return Ok(match values[0] {
                Value::Array(..) => values[0].clone(),
                _ => Value::Array(*only, if stacks { Rank::Vector } else { Rank::Matrix }),
            });
        }
        let id = self.graph.matrix(if stacks { M::Stack } else { M::Join }, nodes);
        Ok(self.value(id))
    }

    /// Makes a matrix of constants.
    fn constant(&mut self, name: &str, nodes: &[ExprId], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
        let mut dimensions = Vec::new();
        for (id, span) in nodes.iter().zip(spans) {
            let dimension = self.graph.as_dimension(*id).filter(|n| n.as_number().is_none_or(|n| n >= 0));
            let wrong =
                || Diagnostic::new(Fault::Dimension, *span, "a dimension is a whole number or a dimension's name");
            dimensions.push(dimension.ok_or_else(wrong)?);
        }
        let rows = dimensions[0].clone();
        let rank = if nodes.len() == 1 && name != "eye" { Rank::Vector } else { Rank::Matrix };
        let columns = match name {
            "eye" => rows.clone(),
            _ => dimensions.get(1).cloned().unwrap_or(Dimension::number(1)),
        };
        let extents = Extents::new(rows.clone(), columns);
        if extents.entries().is_some_and(|count| count > limits::CONSTANT_ENTRIES) {
            let message = format!("this {} has too many entries", shape_text(rank, &extents));
            let diagnostic = Diagnostic::new(Fault::TooLarge, span, message);
            let hint = "at most {} are written out; a dimension with a name, as in `x: vector[n]`, keeps vectors whole";
            return Err(diagnostic.hint(hint.replace("{}", &limits::text(limits::CONSTANT_ENTRIES))));
        }
        let id = if name == "eye" {
            self.graph.identity(rows)
        } else {
            let value = if name == "ones" { Rational::ONE } else { Rational::ZERO };
            self.graph.full(value, extents)
        };
        Ok(Value::Array(id, rank))
    }
}
