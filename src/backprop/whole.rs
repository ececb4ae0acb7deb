//! Circuits whose wires carry whole vectors and matrices. What flows back along an edge is a formula in terms of what
//! arrives at the gate: the pullback of the gate.

use super::gate::{is_condition, parts};
use super::label::Label;
use super::{Circuit, Edge, Flow, Plan, Vertex};
use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Extents, Graph, Node, Sizes};
use crate::lower::Whole;
use crate::show::notation;
use crate::tape::{Dense, associate, plan};
use rustc_hash::FxHashMap;
use std::cell::Cell;

/// The name of the gradient that arrives at a gate, in the formulas of what it passes on.
const UPSTREAM: &str = "upstream";

/// Computes the circuit of a function of whole matrices with one value, at a point.
///
/// # Errors
/// A function without a derivative rule, or with several values; matrices that are too large.
pub fn trace_whole(
    whole: &Whole,
    name: Option<&str>,
    matrices: &[Dense],
    sizes: &Sizes,
) -> Result<Circuit<Dense>, Diagnostic> {
    let mut differentiator = Differentiator::default();
    let mut graph = whole.graph.clone();
    let output = diff::resolve(&mut differentiator, &mut graph, &[whole.output])?[0];
    if !graph.extents(output).is_scalar() {
        return Err(Diagnostic::general(Fault::OneValue, "backpropagation begins at a number, and this is a vector")
            .hint("choose an entry: `v[0]`; or add them up: `sum(v)`"));
    }
    let order = Plan::new(&graph, output, &[]);
    let mut names: Vec<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    names.extend(order.names(&graph, name));
    for (own, id) in &whole.names {
        if let Some(at) = order.vertex_of.get(id.index()).copied().flatten().filter(|at| *at >= order.leaves.len()) {
            names[at].clone_from(own);
        }
    }
    let inputs = (0..graph.inputs().len()).map(|input| graph.intern(Node::Input(input as u32)));
    let ids: Vec<ExprId> =
        inputs.collect::<Vec<_>>().into_iter().chain(order.gates.iter().map(|(id, _)| *id)).collect();
    let values = evaluate(&mut graph, &ids, matrices, sizes)?;
    let extents: Vec<Extents> = ids.iter().map(|id| graph.extents(*id)).collect();
    let mut circuit = Circuit {
        vertices: Vec::with_capacity(ids.len()),
        edges: Vec::new(),
        leaves: order.leaves.len(),
        output: order.vertex_of[output.index()].unwrap_or(0),
    };
    let mut gates = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let mut vertex = Vertex {
            name: names[at].clone(),
            expression: None,
            label: None,
            value: value.clone(),
            gradient: zeros(value),
            entering: Vec::new(),
            leaving: Vec::new(),
            cut_off: false,
        };
        if at >= circuit.leaves {
            let vertex_of = |operand: ExprId| order.vertex_of[operand.index()];
            let gate = Gate::cut(&graph, ids[at], vertex_of, &names, &extents);
            vertex.expression = Some(notation::text(&gate.graph, gate.root));
            vertex.label = Some(Label::new(&gate.graph, gate.root, None));
            for (source, _) in &gate.ports {
                vertex.entering.push(circuit.edges.len());
                circuit.edges.push(Edge { source: *source, target: at, flow: None });
            }
            gates.push(gate);
        }
        circuit.vertices.push(vertex);
    }
    circuit.vertices[circuit.output].gradient = Dense { rows: 1, columns: 1, entries: vec![1.0] };
    for (at, gate) in gates.into_iter().enumerate().rev() {
        circuit.flow_through(circuit.leaves + at, gate, &mut differentiator, sizes)?;
    }
    circuit.vertices.iter_mut().for_each(|vertex| vertex.leaving.reverse());
    Ok(circuit)
}

impl Circuit<Dense> {
    /// Passes the gradient of a gate on to its operands.
    fn flow_through(
        &mut self,
        at: usize,
        mut gate: Gate,
        differentiator: &mut Differentiator,
        sizes: &Sizes,
    ) -> Result<(), Diagnostic> {
        let upstream = self.vertices[at].gradient.clone();
        // Where nothing arrives, nothing goes on, also through a gate without a finite derivative here.
        let closed = upstream.entries.iter().all(|entry| *entry == 0.0);
        let rules = gate.pulled_back(differentiator)?;
        let mut inputs: Vec<Dense> =
            gate.ports.iter().map(|(source, _)| self.vertices[*source].value.clone()).collect();
        inputs.push(upstream.clone());
        let carrying: Vec<ExprId> = rules.iter().flatten().copied().collect();
        let mut flows = evaluate(&mut gate.graph, &carrying, &inputs, sizes)?.into_iter();
        for (edge, rule) in self.vertices[at].entering.clone().into_iter().zip(rules) {
            let (Some(rule), source) = (rule, self.edges[edge].source) else { continue };
            let Some(mut downstream) = flows.next() else { continue };
            if closed {
                downstream = zeros(&downstream);
            }
            let total = &mut self.vertices[source].gradient.entries;
            total.iter_mut().zip(&downstream.entries).for_each(|(total, gained)| *total += gained);
            let rule = notation::text(&gate.graph, rule);
            self.edges[edge].flow = Some(Flow { rule, upstream: upstream.clone(), local: (), downstream });
            self.vertices[source].leaving.push(edge);
        }
        Ok(())
    }
}

fn zeros(like: &Dense) -> Dense {
    Dense { entries: vec![0.0; like.entries.len()], ..*like }
}

fn evaluate(graph: &mut Graph, ids: &[ExprId], inputs: &[Dense], sizes: &Sizes) -> Result<Vec<Dense>, Diagnostic> {
    let ids = associate(graph, ids);
    let too_large = || Diagnostic::general(Fault::TooLarge, "these matrices are too large to evaluate");
    plan(graph, &ids).evaluate(inputs, sizes).ok_or_else(too_large)
}

/// One gate, cut out of the graph: its operands are the first inputs of a graph of its own.
struct Gate {
    graph: Graph,
    root: ExprId,
    /// The vertex that each operand comes from, and the input that stands for it.
    ports: Vec<(usize, ExprId)>,
}

impl Gate {
    /// Cuts a gate out, together with the transposes, constants and conditions that only it reads.
    fn cut(
        graph: &Graph,
        id: ExprId,
        vertex: impl Fn(ExprId) -> Option<usize>,
        names: &[String],
        extents: &[Extents],
    ) -> Gate {
        let mut gate = Gate { graph: Graph::new(), root: id, ports: Vec::new() };
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for part in parts(graph, id, &vertex) {
            let mut operands = Vec::new();
            graph.node(part).for_each_operand(|operand| {
                operands.push(match (image.get(&operand), vertex(operand)) {
                    (Some(own), _) => *own,
                    (None, Some(source)) => gate.port(source, &names[source], &extents[source]),
                    (None, None) => operand,
                });
            });
            let next = Cell::new(0);
            let node = graph.node(part).clone().renamed(|operand| {
                let at = next.replace(next.get() + 1);
                operands.get(at).copied().unwrap_or(operand)
            });
            gate.root = gate.graph.intern(node);
            image.insert(part, gate.root);
        }
        gate
    }

    /// Returns the input for a vertex; an operand that is read twice has one.
    fn port(&mut self, source: usize, name: &str, extents: &Extents) -> ExprId {
        if let Some((_, input)) = self.ports.iter().find(|(own, _)| *own == source) {
            return *input;
        }
        let input = self.graph.add_matrix_input(name, extents.clone());
        self.ports.push((source, input));
        input
    }

    /// Returns what each operand's gradient gains, in terms of what arrives at the gate; none for what only decides.
    fn pulled_back(&mut self, differentiator: &mut Differentiator) -> Result<Vec<Option<ExprId>>, Diagnostic> {
        let upstream = self.graph.add_matrix_input(UPSTREAM, self.graph.extents(self.root));
        let carrying: Vec<ExprId> =
            self.ports.iter().map(|(_, input)| *input).filter(|input| self.carries(*input)).collect();
        let gained = diff::adjoints(differentiator, &mut self.graph, self.root, upstream, &carrying)?;
        let mut gained = gained.into_iter();
        let rule = |(_, input): &(usize, ExprId)| carrying.contains(input).then(|| gained.next()).flatten();
        Ok(self.ports.iter().map(rule).collect())
    }

    /// Tells whether the gate's value depends on an input other than by a choice.
    fn carries(&self, input: ExprId) -> bool {
        let mut carries = vec![false; self.root.index() + 1];
        carries[input.index()] = true;
        for id in self.graph.reachable(&[self.root]) {
            if !is_condition(self.graph.node(id)) {
                self.graph.node(id).for_each_operand(|operand| carries[id.index()] |= carries[operand.index()]);
            }
        }
        carries[self.root.index()]
    }
}
