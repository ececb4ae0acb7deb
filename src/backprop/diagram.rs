//! The circuit as text for other programs that draw: Graphviz and Mermaid.

use super::svg::escape;
use super::{Circuit, Edge, Quantity, Vertex};
use std::fmt::Write;

/// Writes the circuit in Graphviz's language.
pub fn dot<Q: Quantity>(circuit: &Circuit<Q>, title: &str, digits: usize) -> String {
    let mut out = String::from("digraph circuit {\n  rankdir=LR;\n");
    let _ = writeln!(out, "  label=\"{}\";", quote(title));
    out += "  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", arrowsize=0.6];\n";
    for (at, vertex) in circuit.vertices.iter().enumerate() {
        let shape = if vertex.label.is_some() { "circle" } else { "plaintext" };
        let _ = writeln!(out, "  n{at} [label=\"{}\", shape={shape}];", quote(symbol(vertex)));
    }
    out += "  out [label=\"\", shape=none];\n";
    for (source, target, edge) in wires(circuit) {
        let (value, gradient) = figures(circuit, source, edge, digits);
        let style = if gradient.is_none() { ", style=dashed" } else { "" };
        let below = gradient.map(|gradient| format!("<br/><font color=\"#c5221f\">{gradient}</font>"));
        let below = below.unwrap_or_default();
        let _ =
            writeln!(out, "  n{source} -> {target} [label=<<font color=\"#137333\">{value}</font>{below}>{style}];");
    }
    out + "}\n"
}

/// Writes the circuit in Mermaid's language.
pub fn mermaid<Q: Quantity>(circuit: &Circuit<Q>, title: &str, digits: usize) -> String {
    let mut out = format!("---\ntitle: \"{}\"\n---\nflowchart LR\n", quote(title));
    for (at, vertex) in circuit.vertices.iter().enumerate() {
        let text = entities(symbol(vertex));
        let _ = match vertex.label {
            Some(_) => writeln!(out, "  n{at}((\"{text}\"))"),
            None => writeln!(out, "  n{at}[\"{text}\"]"),
        };
    }
    let _ = writeln!(out, "  out[\"{}\"]", entities(&circuit.vertices[circuit.output].name));
    for (source, target, edge) in wires(circuit) {
        let _ = match figures(circuit, source, edge, digits) {
            (value, Some(gradient)) => {
                writeln!(out, "  n{source} -->|\"{value}<br/>gradient {gradient}\"| {target}")
            }
            (value, None) => writeln!(out, "  n{source} -.->|\"{value}\"| {target}"),
        };
    }
    out
}

fn symbol<Q>(vertex: &Vertex<Q>) -> &str {
    vertex.label.as_ref().map_or(&vertex.name, |label| &label.symbol)
}

/// Returns the edges, and the wire that leads out, as source, name of the target, and edge.
fn wires<Q: Quantity>(circuit: &Circuit<Q>) -> impl Iterator<Item = (usize, String, Option<&Edge<Q>>)> {
    let edges = circuit.edges.iter().map(|edge| (edge.source, format!("n{}", edge.target), Some(edge)));
    edges.chain([(circuit.output, "out".to_string(), None)])
}

/// Returns the value on a wire, and what flows back on it.
fn figures<Q: Quantity>(
    circuit: &Circuit<Q>,
    source: usize,
    edge: Option<&Edge<Q>>,
    digits: usize,
) -> (String, Option<String>) {
    let vertex = &circuit.vertices[source];
    let gradient = match edge {
        Some(edge) => edge.flow.as_ref().map(|flow| flow.downstream.figure(digits)),
        None => Some(vertex.gradient.figure(digits)),
    };
    (vertex.value.described(digits), gradient)
}

/// Writes text between double quotes, on one line.
fn quote(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}

/// Writes text as Mermaid's labels have it, in which HTML is read and Markdown too.
fn entities(text: &str) -> String {
    escape(text).replace('*', "#42;").replace('_', "#95;").replace('`', "#96;")
}
