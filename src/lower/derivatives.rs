//! Derivative operators inside expressions: nodes that stand for derivatives until these are worked out.

use super::gates::node;
use super::machine::Machine;
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational};
use crate::limits;
use crate::source::Span;
use crate::syntax::ast::{Ast, Expression, NodeId};
use rustc_hash::FxHashSet;

/// Operators that stand for derivatives, with the number of arguments they take.
pub const DERIVATIVES: &[(&str, std::ops::RangeInclusive<usize>)] =
    &[("diff", 2..=3), ("grad", 2..=2), ("jacobian", 2..=2), ("hessian", 2..=2)];

impl Machine<'_> {
    /// Makes nodes that stand for derivatives until they are worked out.
    pub(super) fn derivative(&mut self, operator: &str, values: &[Value], spans: &[Span]) -> Result<Value, Diagnostic> {
        self.picks_entries = true;
        let (value, by) = (node(&values[0], spans[0])?, node(&values[1], spans[1])?);
        let shapes = [self.gates.described(&values[0]), self.gates.described(&values[1])];
        let misfit = |what: &str| {
            let message = format!("`{operator}` {what}, not of a {} by a {}", shapes[0], shapes[1]);
            Diagnostic::new(Fault::Derivative, spans[0].to(spans[1]), message)
        };
        let is_vector = |value: &Value| !matches!(value, Value::Array(_, Rank::Matrix));
        let graph = &mut *self.gates.graph;
        let is_number = graph.extents(value).is_scalar();
        let derived = match operator {
            "diff" => {
                if !values[1].is_number() {
                    return Err(misfit("is by a number").hint("use `grad` or `jacobian`"));
                }
                let order = match values.get(2) {
                    None => Some(1),
                    Some(Value::Scalar(order)) => graph.as_number(*order).and_then(Rational::to_integer),
                    Some(_) => None,
                };
                let Some(order) = order.filter(|order| (0..=limits::ORDER_INSIDE).contains(order)) else {
                    let message = format!("the order is a whole number from 0 to {}", limits::ORDER_INSIDE);
                    return Err(Diagnostic::new(Fault::Derivative, spans[2], message));
                };
                let derived = (0..order).try_fold(value, |value, _| entrywise_by(graph, value, by));
                derived.map(|id| match values[0] {
                    Value::Array(_, rank) => Value::Array(id, rank),
                    _ => Value::Scalar(id),
                })
            }
            "grad" if !is_number => return Err(misfit("is of a number").hint("use `jacobian`")),
            "grad" => gradient_by(graph, value, by).map(|id| match values[1] {
                Value::Array(_, rank) => Value::Array(id, rank),
                _ => Value::Scalar(id),
            }),
            "jacobian" if !is_vector(&values[0]) || !is_vector(&values[1]) => {
                return Err(misfit("is of a vector by a vector"));
            }
            "jacobian" => jacobian_by(graph, value, by).map(|id| Value::Array(id, Rank::Matrix)),
            _ if !is_number => return Err(misfit("is of a number")),
            _ if !is_vector(&values[1]) => return Err(misfit("is by a vector")),
            _ => {
                let gradient = gradient_by(graph, value, by);
                let second = gradient.and_then(|gradient| jacobian_by(graph, gradient, by));
                second.map(|id| Value::Array(id, Rank::Matrix))
            }
        };
        derived.ok_or_else(|| {
            if graph.as_dimension(by).is_some() {
                let message = "nothing is derived by an index, a size or a number";
                let hint = "a derivative is taken by a parameter or by a name: `let t = i;` makes a number of an index";
                return Diagnostic::new(Fault::Derivative, spans[1], message).hint(hint);
            }
            let diagnostic =
                Diagnostic::new(Fault::Derivative, spans[1], "a derivative is taken by a parameter or by a name");
            diagnostic.hint("name it with `let`, and write the function in terms of the name")
        })
    }
}

/// The derivative of each entry of a value by a number; none if that is not a name, nor an entry of one.
fn entrywise_by(graph: &mut Graph, value: ExprId, by: ExprId) -> Option<ExprId> {
    if graph.extents(value).is_scalar() {
        return gradient_by(graph, value, by);
    }
    if is_name(graph, by) {
        return Some(graph.intern(Node::Derivative(value, by)));
    }
    // The value as a column, by which a column of the Jacobian is shaped.
    let extents = graph.extents(value);
    extents.entries().filter(|count| *count <= limits::WRITTEN_TERMS)?;
    let (rows, columns) = (extents.rows.as_number()?, extents.columns.as_number()?);
    let mut lines = Vec::new();
    for row in 0..rows {
        let mut line = Vec::new();
        for column in 0..columns {
            let (row, column) = (Dimension::number(row), Dimension::number(column));
            let entry = graph.slice(value, row, column, Extents::scalar());
            line.push(gradient_by(graph, entry, by)?);
        }
        lines.push(joined(graph, M::Join, &line));
    }
    Some(joined(graph, M::Stack, &lines))
}

/// The derivative of a number by each entry of a name, or of what is made of names' entries; none if it is not.
fn gradient_by(graph: &mut Graph, value: ExprId, by: ExprId) -> Option<ExprId> {
    if is_name(graph, by) {
        return Some(graph.intern(Node::Derivative(value, by)));
    }
    let (operation, operands) =
        graph.as_matrix(by).map(|(operation, operands)| (operation.clone(), operands.to_vec()))?;
    let parts: Vec<ExprId> = operands.iter().map(|part| gradient_by(graph, value, *part)).collect::<Option<_>>()?;
    match operation {
        M::Slice(row, column, extents) => Some(graph.slice(parts[0], row, column, extents)),
        M::Transpose => Some(graph.matrix(M::Transpose, &parts)),
        M::Stack | M::Join => Some(graph.matrix(operation, &parts)),
        _ => None,
    }
}

/// The derivatives of the entries of a column, one a row, by the entries of another.
fn jacobian_by(graph: &mut Graph, value: ExprId, by: ExprId) -> Option<ExprId> {
    if is_name(graph, by) {
        return Some(graph.intern(Node::Derivative(value, by)));
    }
    let rows = graph.extents(value).rows;
    let (operation, operands) =
        graph.as_matrix(by).map(|(operation, operands)| (operation.clone(), operands.to_vec()))?;
    match operation {
        M::Slice(row, column, extents) if graph.extents(operands[0]).is_column() && column.as_number() == Some(0) => {
            let whole = jacobian_by(graph, value, operands[0])?;
            Some(graph.slice(whole, Dimension::number(0), row, Extents::new(rows, extents.rows)))
        }
        M::Stack => {
            let parts: Vec<ExprId> =
                operands.iter().map(|part| jacobian_by(graph, value, *part)).collect::<Option<_>>()?;
            Some(graph.matrix(M::Join, &parts))
        }
        _ => {
            let mut lines = Vec::new();
            for row in 0..rows.as_number().filter(|rows| *rows <= limits::WRITTEN_TERMS as i64)? {
                let entry = graph.slice(value, Dimension::number(row), Dimension::number(0), Extents::scalar());
                let gradient = gradient_by(graph, entry, by)?;
                lines.push(if graph.extents(gradient).is_scalar() {
                    gradient
                } else {
                    graph.matrix(M::Transpose, &[gradient])
                });
            }
            Some(joined(graph, M::Stack, &lines))
        }
    }
}

fn is_name(graph: &Graph, id: ExprId) -> bool {
    matches!(graph.node(id), Node::Input(_) | Node::Placeholder(_))
}

fn joined(graph: &mut Graph, operation: M, parts: &[ExprId]) -> ExprId {
    match parts {
        [only] => *only,
        parts => graph.matrix(operation, parts),
    }
}

/// Collects the names that stand second in a derivative operator.
pub(super) fn derived_names(ast: &Ast) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    for index in 0..ast.len() {
        if let Expression::Call(name, arguments) = ast.get(NodeId(index as u32))
            && DERIVATIVES.iter().any(|(own, _)| *own == name.text)
            && let Some(by) = arguments.get(1)
        {
            let base = match ast.get(*by) {
                Expression::Index(base, _) => ast.get(*base),
                other => other,
            };
            if let Expression::Name(text) = base {
                names.insert(text.clone());
            }
        }
    }
    names
}
