//! Backpropagation as a lecture draws it: a circuit of gates with a value on every wire, and the gradients that flow
//! back, each as upstream times local.
//!
//! The circuit is the function as its user wrote it: nothing is flattened or simplified. [`trace`] computes it;
//! [`table`], [`svg`] and [`diagram`] write it.

pub mod diagram;
mod figure;
mod gate;
mod label;
mod layers;
mod merge;
mod places;
mod quantity;
pub mod svg;
pub mod table;
mod whole;

pub use label::{Label, Pattern};
pub use layers::{Layers, layers};
pub use merge::Merge;
pub use quantity::Quantity;
pub use whole::trace_whole;

use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Graph, Input, Node};
use crate::lower::{Entries, Formulas};
use gate::Gate;

/// A parameter's entry, or a gate.
#[derive(Clone, Debug)]
pub struct Vertex<Q = f64> {
    /// The parameter's entry, or the name that stands for the gate's value.
    pub name: String,
    /// What the gate computes, in terms of other vertices; none for a parameter's entry.
    pub expression: Option<String>,
    /// What the gate is called; none for a parameter's entry.
    pub label: Option<Label>,
    /// The value, computed forward.
    pub value: Q,
    /// The derivative of the output by this value: the sum over all edges that leave the vertex.
    pub gradient: Q,
    /// The edges that enter, in the order of the gate's operands.
    pub entering: Vec<usize>,
    /// The edges that leave and bring gradients back, in the order of the gates that they enter.
    pub leaving: Vec<usize>,
    /// Whether the gradient is 0 because every way to the output leads through a choice that fell on something else.
    cut_off: bool,
}

/// An operand of a gate.
#[derive(Clone, Debug)]
pub struct Edge<Q: Quantity = f64> {
    /// The vertex whose value is the operand.
    pub source: usize,
    /// The gate.
    pub target: usize,
    /// What flows back; none where the operand only decides a condition.
    pub flow: Option<Flow<Q>>,
}

/// What flows back along an edge.
#[derive(Clone, Debug)]
pub struct Flow<Q: Quantity = f64> {
    /// The derivative of the gate's value by the operand, as a formula; of a matrix, what it makes of `upstream`.
    pub rule: String,
    /// The gradient of the gate's value.
    pub upstream: Q,
    /// The derivative of the gate's value by the operand.
    pub local: Q::Local,
    /// Upstream times local.
    pub downstream: Q,
}

/// The circuit of a function at a point: the entries of the parameters first, then the gates, operands before uses.
#[derive(Clone, Debug)]
pub struct Circuit<Q: Quantity = f64> {
    /// The vertices, in forward order.
    pub vertices: Vec<Vertex<Q>>,
    /// The edges, in the order of the gates that they enter.
    pub edges: Vec<Edge<Q>>,
    /// How many vertices are entries of parameters.
    pub leaves: usize,
    /// The vertex of the function's value.
    pub output: usize,
}

impl<Q: Quantity> Circuit<Q> {
    /// Returns what flows back into a vertex, edge by edge.
    pub fn branches(&self, vertex: usize) -> impl Iterator<Item = Q> {
        let leaving = self.vertices[vertex].leaving.iter();
        leaving.filter_map(|edge| self.edges[*edge].flow.as_ref()).map(|flow| flow.downstream.clone())
    }
}

impl Circuit {
    /// Computes the gradients from the output back.
    fn flow_back(&mut self) {
        for at in (0..self.vertices.len()).rev() {
            if at != self.output {
                let gradient = self.branches(at).fold(0.0, |sum, downstream| sum + downstream);
                self.vertices[at].gradient = gradient;
            }
            let Vertex { gradient, cut_off, .. } = self.vertices[at];
            let router = matches!(&self.vertices[at].label, Some(label) if label.pattern == Some(Pattern::Router));
            for edge in self.vertices[at].entering.clone() {
                let Edge { source, flow: Some(flow), .. } = &mut self.edges[edge] else { continue };
                let closed = cut_off || (router && flow.local == 0.0);
                flow.upstream = gradient;
                flow.downstream = if closed { 0.0 } else { gradient * flow.local };
                self.vertices[*source].cut_off &= closed;
            }
        }
    }
}

/// Computes the circuit of a function with one value at a point, with the given subexpressions drawn as one gate each.
///
/// # Errors
/// A function without a derivative rule.
pub fn trace(name: Option<&str>, entries: &Entries, point: &[f64], merges: &[Merge]) -> Result<Circuit, Diagnostic> {
    let mut differentiator = Differentiator::default();
    let mut formulas = Formulas::default();
    let mut graph = entries.graph.clone();
    let outputs = diff::resolve(&mut differentiator, &mut graph, &entries.outputs)?;
    let [output] = outputs.as_slice() else {
        return Err(Diagnostic::general(Fault::OneValue, "backpropagation begins at a number, and this is a vector")
            .hint("choose an entry: `v[0]`; or add them up: `sum(v)`"));
    };
    let plan = Plan::new(&graph, *output, merges);
    let mut circuit = Circuit {
        vertices: plan.leaves.iter().map(|input| leaf(&graph, *input, point)).collect(),
        edges: Vec::new(),
        leaves: plan.leaves.len(),
        output: plan.vertex_of[output.index()].unwrap_or(0),
    };
    let names = plan.names(&graph, name, &entries.names);
    let symbols: Vec<Input> = plan.leaves.iter().map(|input| graph.inputs()[*input as usize].clone()).collect();
    let symbols: Vec<Input> =
        symbols.into_iter().chain(names.into_iter().map(|parameter| Input { parameter, place: Vec::new() })).collect();
    for (id, merged) in &plan.gates {
        let at = circuit.vertices.len();
        let own = Gate::cut(&graph, *id, merged.as_ref(), |operand| plan.vertex_of[operand.index()], &symbols);
        let sources: Vec<usize> = own.ports.iter().map(|port| port.source).collect();
        let values: Vec<f64> = sources.iter().map(|source| circuit.vertices[*source].value).collect();
        let computed = own.compute(&mut differentiator, &mut formulas, &symbols[at], &values)?;
        let entering = sources.iter().zip(computed.flows).map(|(source, flow)| {
            circuit.edges.push(Edge { source: *source, target: at, flow });
            circuit.edges.len() - 1
        });
        let entering: Vec<usize> = entering.collect();
        for edge in &entering {
            if circuit.edges[*edge].flow.is_some() {
                circuit.vertices[circuit.edges[*edge].source].leaving.push(*edge);
            }
        }
        circuit.vertices.push(Vertex {
            name: symbols[at].parameter.clone(),
            expression: Some(computed.expression),
            label: Some(computed.label),
            value: computed.value,
            gradient: 0.0,
            entering,
            leaving: Vec::new(),
            cut_off: true,
        });
    }
    let output = &mut circuit.vertices[circuit.output];
    (output.gradient, output.cut_off) = (1.0, false);
    circuit.flow_back();
    Ok(circuit)
}

fn leaf(graph: &Graph, input: u32, point: &[f64]) -> Vertex {
    let place: Vec<String> = graph.inputs()[input as usize].place.iter().map(usize::to_string).collect();
    let name = &graph.inputs()[input as usize].parameter;
    Vertex {
        name: if place.is_empty() { name.clone() } else { format!("{name}[{}]", place.join(", ")) },
        expression: None,
        label: None,
        value: point.get(input as usize).copied().unwrap_or(f64::NAN),
        gradient: 0.0,
        entering: Vec::new(),
        leaving: Vec::new(),
        cut_off: true,
    }
}

/// Returns what a node reads: of a loop, what is computed before it.
fn read_by(graph: &Graph, id: ExprId) -> Vec<ExprId> {
    if graph.is_binder(id) {
        return graph.frontier(id);
    }
    let mut operands = Vec::new();
    graph.node(id).for_each_operand(|operand| operands.push(operand));
    operands
}

/// Which nodes of a graph are drawn.
struct Plan {
    /// The inputs, in order; those that the output does not need as well.
    leaves: Vec<u32>,
    /// The nodes that are gates, with what is merged into them.
    gates: Vec<(ExprId, Option<merge::Merged>)>,
    /// The vertex that stands for each node, if one does.
    vertex_of: Vec<Option<usize>>,
}

impl Plan {
    fn new(graph: &Graph, output: ExprId, merges: &[Merge]) -> Plan {
        // A loop is one gate, with all that it makes anew for each value of its index.
        let nodes = graph.reachable_outside(&[output]);
        let mut depends = vec![false; output.index() + 1];
        for id in &nodes {
            let mut any = matches!(graph.node(*id), Node::Input(_));
            read_by(graph, *id).into_iter().for_each(|operand| any |= depends[operand.index()]);
            depends[id.index()] = any;
        }
        depends[output.index()] = true;
        let mut needed = vec![false; output.index() + 1];
        needed[output.index()] = true;
        let mut gates = Vec::new();
        for id in nodes.iter().rev().filter(|id| depends[id.index()]) {
            if !needed[id.index()] || matches!(graph.node(*id), Node::Input(_)) {
                continue;
            }
            let merged = merges.iter().find_map(|merge| merge.find(graph, *id, &depends));
            match &merged {
                Some(merged) => merged.operands.iter().for_each(|operand| needed[operand.index()] = true),
                None => read_by(graph, *id).into_iter().for_each(|operand| needed[operand.index()] = true),
            }
            // A transpose is part of the gate that reads it.
            let is_turned = graph.as_transpose(*id).is_some() && *id != output;
            if !gate::is_condition(graph.node(*id)) && !is_turned {
                gates.push((*id, merged));
            }
        }
        gates.reverse();
        let leaves: Vec<u32> = (0..graph.inputs().len() as u32).collect();
        let mut vertex_of = vec![None; output.index() + 1];
        for id in &nodes {
            if let Node::Input(input) = graph.node(*id) {
                vertex_of[id.index()] = Some(*input as usize);
            }
        }
        for (at, (id, _)) in gates.iter().enumerate() {
            vertex_of[id.index()] = Some(leaves.len() + at);
        }
        Plan { leaves, gates, vertex_of }
    }

    /// Names the gates: the output by the function's name, those to which the user gave a name of their own so, the others
    /// q, or q1, q2 and so on.
    fn names(&self, graph: &Graph, function: Option<&str>, lets: &[(String, ExprId)]) -> Vec<String> {
        let is_free = |name: &str| !graph.inputs().iter().any(|input| input.parameter == name);
        let output = [function.unwrap_or("f"), "f", "out"].into_iter().find(|name| is_free(name)).unwrap_or("output");
        let last = self.gates.len().saturating_sub(1);
        let mut own: Vec<Option<&str>> = vec![None; self.gates.len()];
        for (name, id) in lets {
            let vertex = self.vertex_of.get(id.index()).copied().flatten();
            let gate = vertex.and_then(|at| at.checked_sub(self.leaves.len())).filter(|gate| *gate != last);
            let clear = !lets.iter().any(|(other, of)| other == name && of != id);
            if let Some(gate) = gate.filter(|_| clear && is_free(name) && name != output) {
                own[gate].get_or_insert(name);
            }
        }
        let starts_none = |stem: &&str| {
            let mut taken =
                graph.inputs().iter().map(|input| input.parameter.as_str()).chain(own.iter().copied().flatten());
            !output.starts_with(*stem) && !taken.any(|name| name.starts_with(*stem))
        };
        let stem = ["q", "u", "v", "t", "h"].iter().copied().find(|stem| starts_none(stem)).unwrap_or("node");
        let unnamed = own.iter().take(last).filter(|own| own.is_none()).count();
        let mut count = 0;
        let mut name = |at: usize| {
            count += usize::from(own[at].is_none());
            match (at == last, own[at], unnamed) {
                (true, ..) => output.to_string(),
                (_, Some(own), _) => own.to_string(),
                (_, None, 1) => stem.to_string(),
                _ => format!("{stem}{count}"),
            }
        };
        (0..self.gates.len()).map(&mut name).collect()
    }
}
