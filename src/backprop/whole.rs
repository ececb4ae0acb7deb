//! Circuits whose wires carry whole vectors and matrices. What flows back along an edge is a formula in terms of what
//! arrives at the gate: the pullback of the gate.

use super::gate::{copied, is_condition, write_merged};
use super::label::Label;
use super::merge::{Merge, Merged};
use super::{Circuit, Edge, Flow, Plan, Vertex};
use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Extents, Graph, Node, Sizes};
use crate::lower::Whole;
use crate::show::notation;
use crate::tape::{Dense, associate, plan};

/// The name of the gradient that arrives at a gate, in the formulas of what it passes on.
const UPSTREAM: &str = "upstream";

/// Computes the circuit of a function of whole matrices with one value, at a point; subexpressions that are recognised as
/// one of `merges` are drawn as one gate.
///
/// # Errors
/// A function without a derivative rule, or with several values; matrices that are too large.
pub fn trace_whole(
    whole: &Whole,
    name: Option<&str>,
    matrices: &[Dense],
    sizes: &Sizes,
    merges: &[Merge],
) -> Result<Circuit<Dense>, Diagnostic> {
    let mut differentiator = Differentiator::default();
    let mut graph = whole.graph.clone();
    let output = diff::resolve(&mut differentiator, &mut graph, &[whole.output])?[0];
    if !graph.extents(output).is_scalar() {
        return Err(Diagnostic::general(Fault::OneValue, "backpropagation begins at a number, and this is a vector")
            .hint("choose an entry: `v[0]`; or add them up: `sum(v)`"));
    }
    let order = Plan::new(&graph, output, merges);
    let mut names: Vec<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    names.extend(order.names(&graph, name, &whole.names));
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
            let merged = order.gates[at - circuit.leaves].1.as_ref();
            let gate = Gate::cut(&graph, ids[at], merged, vertex_of, &names, &extents);
            vertex.expression = Some(notation::text(&gate.graph, gate.root));
            vertex.label = Some(Label::new(&gate.graph, gate.root, merged.map(|merged| merged.name.as_str())));
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
            let rule = gate.named(rule, &self.vertices[at].name);
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
    plan(graph, &ids).evaluate(graph, inputs, sizes).ok_or_else(too_large)
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
        merged: Option<&Merged>,
        vertex: impl Fn(ExprId) -> Option<usize>,
        names: &[String],
        extents: &[Extents],
    ) -> Gate {
        let (mut inner, mut ports) = (Graph::new(), Vec::new());
        let mut port =
            |inner: &mut Graph, source: usize| port(inner, &mut ports, source, &names[source], &extents[source]);
        let root = match merged {
            None => copied(graph, id, &vertex, &mut inner, |inner, source, _| port(inner, source)),
            Some(merged) => {
                let sources = merged.operands.iter().filter_map(|operand| vertex(*operand));
                let inputs: Vec<ExprId> = sources.map(|source| port(&mut inner, source)).collect();
                write_merged(&mut inner, &merged.shape, &inputs)
            }
        };
        Gate { graph: inner, root, ports }
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

    /// Puts the name of the gate's own value into a rule.
    fn named(&mut self, rule: ExprId, name: &str) -> ExprId {
        let value = self.graph.rebuild(&[self.root], |_, _, _| None)[0];
        if self.graph.node(value).is_leaf() || self.graph.hides_shares(value) {
            return rule;
        }
        let own = self.graph.add_matrix_input(name, self.graph.extents(value));
        self.graph.rebuild(&[rule], |_, id, _| (id == value).then_some(own))[0]
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

/// Returns the input for a vertex; an operand that is read twice has one.
fn port(graph: &mut Graph, ports: &mut Vec<(usize, ExprId)>, source: usize, name: &str, extents: &Extents) -> ExprId {
    if let Some((_, input)) = ports.iter().find(|(own, _)| *own == source) {
        return *input;
    }
    let input = graph.add_matrix_input(name, extents.clone());
    ports.push((source, input));
    input
}
