//! Sums over symbolic ranges, raised to vector form.
//!
//! Inside of `sum(i in a..b, …)` the index stands for a whole axis: `x[i + 1]` is the slice of x that it runs over, a
//! column for the outer index and a row for the index of a sum inside. The sum itself is a product with ones.

use super::dimensions::as_dimension;
use super::machine::{Machine, Task};
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M, Rational};
use crate::source::Span;
use crate::syntax::ast::{Expression, NodeId};

/// An index that runs over a symbolic range.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The node that stands for the index.
    pub index: ExprId,
    /// Where it begins.
    pub start: Dimension,
    /// How many values it has.
    pub count: Dimension,
}

const TOO_DEEP: &str = "sums over symbolic ranges are nested at most twice";

impl Machine<'_> {
    /// Begins a sum over a symbolic range.
    pub(super) fn raise(&mut self, id: NodeId, ends: &[Value], spans: [Span; 2]) {
        let Expression::Fold(name, index, _, _, body) = self.ast.get(id) else { return };
        if name.text != "sum" {
            let diagnostic = Diagnostic::new(
                Fault::FixedSize,
                name.span,
                format!("`{}` runs over ranges of numbers only", name.text),
            );
            return self.fail(diagnostic.hint("give the size as a number: `x: vector[3]`"));
        }
        if self.axes.len() == 2 {
            return self.fail(Diagnostic::new(Fault::Symbolic, name.span, TOO_DEEP));
        }
        let mut bounds = Vec::new();
        for (end, span) in ends.iter().zip(spans) {
            let dimension = match end {
                Value::Scalar(id) => as_dimension(self.gates.graph, *id),
                _ => None,
            };
            match dimension {
                Some(dimension) => bounds.push(dimension),
                None => {
                    let message = format!("the range of `{}` is not made of whole numbers and dimensions", name.text);
                    return self.fail(Diagnostic::new(Fault::Range, span, message));
                }
            }
        }
        let count = bounds[1].plus(&bounds[0], -1);
        self.need([count.clone()]);
        let one = Dimension::number(1);
        let extents =
            if self.axes.is_empty() { Extents::new(count.clone(), one) } else { Extents::new(one, count.clone()) };
        let graph = &mut *self.gates.graph;
        let zero = graph.number(Rational::ZERO);
        let node = graph.add_placeholder(zero);
        graph.give_extents(node, extents);
        self.axes.push(Axis { index: node, start: bounds[0].clone(), count });
        self.bind(&index.text, Value::Running(node));
        self.tasks.extend([Task::Raised(id), Task::Visit(*body)]);
    }

    /// Ends a sum over a symbolic range: adds up what runs along its axis.
    pub(super) fn raised(&mut self, id: NodeId) {
        let (Expression::Fold(_, index, ..), Some(axis)) = (self.ast.get(id), self.axes.pop()) else { return };
        self.unbind(&index.text);
        let span = self.ast.span(id);
        let body = match self.values.pop() {
            Some(Value::Scalar(body) | Value::Running(body)) => body,
            Some(Value::Rows(rows)) if rows.axis == self.axes.len() => {
                let value = self.gates.rows_total(rows);
                return self.values.push(value);
            }
            Some(Value::Array(..) | Value::Rows(_)) => {
                let message = "the terms of this sum are whole vectors or matrices";
                let diagnostic = Diagnostic::new(Fault::Symbolic, span, message);
                return self.fail(diagnostic.hint("over a symbolic range, a sum is of numbers: `x[i]`"));
            }
            Some(Value::Condition(_)) => {
                return self.fail(Diagnostic::new(Fault::Condition, span, "a sum is of numbers, not conditions"));
            }
            _ => return self.values.push(Value::Poison),
        };
        let graph = &mut *self.gates.graph;
        if graph.reachable(&[body]).contains(&axis.index) {
            let message = format!("`{}` is used as a number, and its range is symbolic", index.text);
            let hint = "over a symbolic range an index only picks entries, such as `x[i + 1]`";
            return self.fail(Diagnostic::new(Fault::Symbolic, span, message).hint(hint));
        }
        let extents = graph.extents(body);
        let along = if self.axes.is_empty() { extents.rows.clone() } else { extents.columns.clone() };
        let size = |graph: &mut crate::graph::Graph| graph.construct_matrix(&M::Size(axis.count.clone()), &[]);
        let result = if along == axis.count && !along.is_one() {
            let one = Dimension::number(1);
            if self.axes.is_empty() {
                let ones = graph.ones(one, along);
                graph.matrix(M::Product, &[ones, body])
            } else {
                let ones = graph.ones(along, one);
                graph.matrix(M::Product, &[body, ones])
            }
        } else if along.is_one() {
            let count = size(graph);
            graph.multiply(count, body)
        } else {
            let message = format!("the terms of this sum are {extents}, and it runs over {}", axis.count);
            return self.fail(Diagnostic::new(Fault::Symbolic, span, message));
        };
        let scalar = self.gates.graph.extents(result).is_scalar();
        self.values.push(if scalar { Value::Scalar(result) } else { Value::Running(result) });
    }
}
