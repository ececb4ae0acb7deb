//! One gate, cut out of the graph: a small graph of its own in which every operand is an input.

use super::Flow;
use super::label::Label;
use super::merge::{Merged, Shape};
use crate::diff::{Differentiator, Result, gradient};
use crate::functions::rows;
use crate::graph::{ExprId, Graph, Input, MatrixOperation, Node, Rational};
use crate::lower::Formulas;
use crate::show::notation;
use crate::tape::schedule;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::collections::BTreeSet;

/// An operand of a gate.
pub struct Port {
    /// The vertex that it comes from.
    pub source: usize,
    /// The input that stands for it.
    input: ExprId,
    /// Whether the gate's value depends on it other than by a choice.
    carries: bool,
}

/// A gate with its operands.
pub struct Gate {
    graph: Graph,
    root: ExprId,
    /// The operands, in the order in which they are written.
    pub ports: Vec<Port>,
    /// The name of the subexpression that is drawn as this one gate.
    merged: Option<String>,
}

/// What is known of a gate when its operands are.
pub struct Computed {
    /// What it computes, in terms of its operands' names.
    pub expression: String,
    /// What it is called.
    pub label: Label,
    /// Its value.
    pub value: f64,
    /// For each operand the local derivative, unless the operand only decides a condition.
    pub flows: Vec<Option<Flow>>,
}

/// Tells whether a node is a condition.
pub fn is_condition(node: &Node) -> bool {
    matches!(node, Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_))
}

impl Gate {
    /// Cuts a gate out of the graph, together with the constants and the conditions that only it reads.
    pub fn cut(
        graph: &Graph,
        id: ExprId,
        merged: Option<&Merged>,
        vertex: impl Fn(ExprId) -> Option<usize>,
        names: &[Input],
    ) -> Gate {
        let mut gate =
            Gate { graph: Graph::new(), root: id, ports: Vec::new(), merged: merged.map(|merged| merged.name.clone()) };
        if let Some(merged) = merged {
            let inputs: Vec<ExprId> =
                merged.operands.iter().filter_map(|operand| Some(gate.port(vertex(*operand)?, names, true))).collect();
            gate.root = write_merged(&mut gate.graph, &merged.shape, &inputs);
            return gate;
        }
        let mut inner = std::mem::take(&mut gate.graph);
        gate.root = copied(graph, id, &vertex, &mut inner, |inner, source, user| {
            let input = inner.add_input(names[source].clone());
            gate.ports.push(Port { source, input, carries: !is_condition(user) });
            input
        });
        gate.graph = inner;
        gate
    }

    fn port(&mut self, source: usize, names: &[Input], carries: bool) -> ExprId {
        let input = self.graph.add_input(names[source].clone());
        self.ports.push(Port { source, input, carries });
        input
    }

    /// Computes value and local derivatives. In the formulas of the derivatives, the gate's own value has a name.
    ///
    /// # Errors
    /// A function without a derivative rule.
    pub fn compute(
        mut self,
        differentiator: &mut Differentiator,
        formulas: &mut Formulas,
        name: &Input,
        values: &[f64],
    ) -> Result<Computed> {
        let root = self.root;
        let expression = notation::text(&self.graph, root);
        let label = Label::new(&self.graph, root, self.merged.as_deref());
        let carrying: Vec<ExprId> = self.ports.iter().filter(|port| port.carries).map(|port| port.input).collect();
        let locals: Vec<ExprId> = match self.merged {
            Some(_) => gradient(differentiator, &mut self.graph, root, &carrying)?,
            None => {
                let partials = differentiator.partials(&mut self.graph, root, |operand| carrying.contains(&operand))?;
                partials.into_iter().map(|(_, partial)| partial).collect()
            }
        };
        let computed: Vec<ExprId> = [root].into_iter().chain(locals.iter().copied()).collect();
        let canonical = self.graph.rebuild(&computed, |_, _, _| None);
        let numbers = schedule(&mut self.graph, formulas, &canonical).evaluate(values);
        let own = self.graph.add_input(name.clone());
        let named = self.graph.rebuild(&locals, |_, id, _| (id == root).then_some(own));
        let mut flows = named.iter().zip(&numbers[1..]).map(|(rule, local)| Flow {
            rule: notation::text(&self.graph, *rule),
            upstream: 0.0,
            local: *local,
            downstream: 0.0,
        });
        let flows = self.ports.iter().map(|port| if port.carries { flows.next() } else { None }).collect();
        Ok(Computed { expression, label, value: numbers[0], flows })
    }
}

/// Copies a node as it is written, together with everything below it that no vertex stands for. `port` makes the input
/// for an operand that is a vertex, given the node that reads it.
pub(super) fn copied(
    graph: &Graph,
    id: ExprId,
    vertex: &impl Fn(ExprId) -> Option<usize>,
    target: &mut Graph,
    mut port: impl FnMut(&mut Graph, usize, &Node) -> ExprId,
) -> ExprId {
    let mut parts = BTreeSet::new();
    let mut stack = vec![id];
    while let Some(part) = stack.pop() {
        if parts.insert(part) {
            graph.node(part).for_each_operand(|operand| stack.extend(vertex(operand).is_none().then_some(operand)));
        }
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut root = id;
    for part in parts {
        let node = graph.node(part);
        let mut operands = Vec::new();
        node.for_each_operand(|operand| {
            operands.push(match (image.get(&operand), vertex(operand)) {
                (Some(own), _) => *own,
                (None, Some(source)) => port(target, source, node),
                (None, None) => operand,
            });
        });
        let next = Cell::new(0);
        let copy = node.clone().renamed(|operand| {
            let at = next.replace(next.get() + 1);
            operands.get(at).copied().unwrap_or(operand)
        });
        root = target.intern(copy);
        image.insert(part, root);
    }
    root
}

/// Writes what a merged gate computes of its operands: numbers, or one whole vector.
pub(super) fn write_merged(graph: &mut Graph, shape: &Shape, inputs: &[ExprId]) -> ExprId {
    let whole = inputs.first().copied().filter(|input| !graph.extents(*input).is_scalar());
    let total = |graph: &mut Graph| match whole {
        Some(vector) => graph.matrix(MatrixOperation::LogSumExp, &[vector]),
        None => graph.intern(Node::Apply(rows::LOGSUMEXP, inputs.into())),
    };
    match shape {
        Shape::Sigmoid { negated } => {
            let argument = match (negated, inputs) {
                (true, [x, ..]) => graph.intern(Node::Sum(Rational::ZERO, [(*x, Rational::MINUS_ONE)].into())),
                _ => inputs[0],
            };
            graph.intern(Node::Apply(rows::SIGMOID, [argument].into()))
        }
        Shape::LogSumExp => total(graph),
        Shape::Softmax { entry } => {
            let total = total(graph);
            let terms = [(inputs[*entry], Rational::ONE), (total, Rational::MINUS_ONE)];
            let logarithm = graph.intern(Node::Sum(Rational::ZERO, terms.into()));
            graph.intern(Node::Apply(rows::EXP, [logarithm].into()))
        }
        Shape::Norm => {
            let square = |x: &ExprId| Node::Product([(*x, Rational::integer(2))].into());
            let total = match whole {
                Some(matrix) if !graph.extents(matrix).is_column() => {
                    let squares = graph.intern(square(&matrix));
                    graph.total(squares)
                }
                Some(vector) => {
                    let turned = graph.matrix(MatrixOperation::Transpose, &[vector]);
                    graph.matrix(MatrixOperation::Product, &[turned, vector])
                }
                None => {
                    let squares: Vec<_> = inputs.iter().map(|x| (graph.intern(square(x)), Rational::ONE)).collect();
                    graph.intern(Node::Sum(Rational::ZERO, squares.into()))
                }
            };
            graph.intern(Node::Apply(rows::SQRT, [total].into()))
        }
    }
}
