//! Derivative operators inside expressions: nodes that stand for derivatives until these are worked out.

use super::gates::numbers;
use super::machine::Machine;
use super::value::{Shape, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Node, Rational};
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
        let (shape, entries) = numbers(&values[0], spans[0])?;
        let (by_shape, by) = numbers(&values[1], spans[1])?;
        let is_name = |id: &ExprId| matches!(self.gates.graph.node(*id), Node::Input(_) | Node::Placeholder(_));
        if !by.iter().all(is_name) {
            let diagnostic =
                Diagnostic::new(Fault::Derivative, spans[1], "a derivative is taken by a parameter or by a name");
            return Err(diagnostic.hint("name it with `let`, and write the function in terms of the name"));
        }
        let vector = |shape: Shape| matches!(shape, Shape::Scalar | Shape::Vector(_));
        let misfit = |what: &str| {
            Diagnostic::new(
                Fault::Derivative,
                spans[0].to(spans[1]),
                format!("`{operator}` {what}, not of a {shape} by a {by_shape}"),
            )
        };
        let graph = &mut *self.gates.graph;
        let mut derive = |value: ExprId, by: ExprId| graph.intern(Node::Derivative(value, by));
        let result = match operator {
            "diff" => {
                if by_shape != Shape::Scalar {
                    return Err(misfit("is by a number").hint("use `grad` or `jacobian`"));
                }
                let order = match values.get(2) {
                    None => Some(1),
                    Some(Value::Scalar(order)) => self.gates.graph.as_number(*order).and_then(Rational::to_integer),
                    Some(_) => None,
                };
                let Some(order) = order.filter(|order| (0..=limits::ORDER_INSIDE).contains(order)) else {
                    return Err(Diagnostic::new(
                        Fault::Derivative,
                        spans[2],
                        format!("the order is a whole number from 0 to {}", limits::ORDER_INSIDE),
                    ));
                };
                let graph = &mut *self.gates.graph;
                let derived = entries
                    .iter()
                    .map(|id| (0..order).fold(*id, |value, _| graph.intern(Node::Derivative(value, by[0]))));
                Value::from_entries(shape, derived.collect())
            }
            "grad" => {
                let [value] = entries else {
                    return Err(misfit("is of a number").hint("use `jacobian`"));
                };
                Value::from_entries(by_shape, by.iter().map(|by| derive(*value, *by)).collect())
            }
            "jacobian" => {
                if !vector(shape) || !vector(by_shape) {
                    return Err(misfit("is of a vector by a vector"));
                }
                let derived = entries.iter().flat_map(|value| by.iter().map(|by| (*value, *by)));
                let derived = derived.map(|(value, by)| derive(value, by)).collect();
                Value::from_entries(Shape::Matrix(entries.len(), by.len()), derived)
            }
            _ => {
                let [value] = entries else {
                    return Err(misfit("is of a number"));
                };
                if !vector(by_shape) {
                    return Err(misfit("is by a vector"));
                }
                let mut derived = Vec::with_capacity(by.len() * by.len());
                for row in by {
                    let first = derive(*value, *row);
                    derived.extend(by.iter().map(|column| derive(first, *column)));
                }
                Value::from_entries(Shape::Matrix(by.len(), by.len()), derived)
            }
        };
        Ok(result)
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
