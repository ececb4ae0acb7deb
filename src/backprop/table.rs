//! The circuit as a table: values forward, then gradients back, edge by edge.

use super::figure::{figure, sum};
use super::{Circuit, Quantity, Vertex};
use crate::tape::Dense;

/// Writes the circuit in three parts: forward, backward, and the gradient by each entry of the parameters.
pub fn table(circuit: &Circuit, digits: usize) -> String {
    let mut out = String::from("forward\n");
    out += &align(&forward(circuit, digits), &[Left, Left, Right, Left, Left]);
    out += "\nbackward\n";
    out += &align(&backward(circuit, digits), &[Left, Right, Left, Right, Left, Right, Left]);
    out += "\ngradient\n";
    out += &align(&gradient(circuit, digits), &[Left, Left, Left, Left]);
    out
}

/// Writes a circuit of matrices in the same three parts; what flows back is a formula of the `upstream` gradient.
pub fn whole_table(circuit: &Circuit<Dense>, digits: usize) -> String {
    let output = &circuit.vertices[circuit.output].name;
    let heading = |titles: &[&str]| titles.iter().map(|title| title.to_string()).collect::<Vec<_>>();
    let mut forward = vec![heading(&["node", "expression", "shape", "value", "gate", "pattern"])];
    for vertex in &circuit.vertices {
        let (name, pattern) = match &vertex.label {
            Some(label) => (label.name.clone(), label.pattern.map_or("", |pattern| pattern.name())),
            None => (String::new(), ""),
        };
        let (shape, value) = (vertex.value.shape().unwrap_or_default(), vertex.value.figure(digits));
        let expression = vertex.expression.clone().unwrap_or_default();
        forward.push(vec![vertex.name.clone(), expression, shape, value, name, pattern.to_string()]);
    }
    let mut backward = vec![heading(&["edge", "downstream", "=", "value"])];
    for vertex in circuit.vertices.iter().rev() {
        for edge in vertex.entering.iter().map(|edge| &circuit.edges[*edge]) {
            let Some(flow) = &edge.flow else { continue };
            let edge = format!("{} → {}", vertex.name, circuit.vertices[edge.source].name);
            backward.push(vec![edge, flow.rule.clone(), "=".to_string(), flow.downstream.figure(digits)]);
        }
    }
    let gradient = |at: usize| {
        let vertex = &circuit.vertices[at];
        let note = match circuit.branches(at).count() {
            0 if at != circuit.output => format!("{output} does not depend on {}", vertex.name),
            0 | 1 => String::new(),
            count => format!("adder: sum of {count}"),
        };
        vec![format!("d{output}/d{}", vertex.name), "=".to_string(), vertex.gradient.figure(digits), note]
    };
    let gradients: Vec<Vec<String>> = (0..circuit.leaves).map(gradient).collect();
    format!(
        "forward\n{}\nbackward\n{}\ngradient\n{}",
        align(&forward, &[Left; 6]),
        align(&backward, &[Left; 4]),
        align(&gradients, &[Left; 4])
    )
}

fn forward(circuit: &Circuit, digits: usize) -> Vec<Vec<String>> {
    let row = |vertex: &Vertex| {
        let (name, pattern) = match &vertex.label {
            Some(label) => (label.name.clone(), label.pattern.map_or("", |pattern| pattern.name())),
            None => (String::new(), ""),
        };
        let expression = vertex.expression.clone().unwrap_or_default();
        vec![vertex.name.clone(), expression, figure(vertex.value, digits), name, pattern.to_string()]
    };
    let heading = ["node", "expression", "value", "gate", "pattern"].map(str::to_string).to_vec();
    [heading].into_iter().chain(circuit.vertices.iter().map(row)).collect()
}

/// A row for each edge, from the output back; before a gate whose value goes several ways, the sum of what comes back.
fn backward(circuit: &Circuit, digits: usize) -> Vec<Vec<String>> {
    let heading = ["edge", "upstream", "×", "local", "=", "downstream", "local gradient"];
    let mut rows = vec![heading.map(str::to_string).to_vec()];
    let output = &circuit.vertices[circuit.output].name;
    for (at, vertex) in circuit.vertices.iter().enumerate().rev() {
        let branches: Vec<f64> = circuit.branches(at).collect();
        let gradient = figure(vertex.gradient, digits);
        let blank = || vec![String::new(); 4];
        if at == circuit.output {
            let start = [format!("d{output}/d{output}")].into_iter().chain(blank());
            rows.push(start.chain([gradient, String::new()]).collect());
        } else if branches.len() > 1 && at >= circuit.leaves {
            let adder = format!("adder: {}", sum(&branches, digits));
            let total = [format!("d{output}/d{}", vertex.name)].into_iter().chain(blank());
            rows.push(total.chain([gradient, adder]).collect());
        }
        for edge in vertex.entering.iter().map(|edge| &circuit.edges[*edge]) {
            let Some(flow) = &edge.flow else { continue };
            let source = &circuit.vertices[edge.source].name;
            rows.push(vec![
                format!("{} → {source}", vertex.name),
                figure(flow.upstream, digits),
                "×".to_string(),
                figure(flow.local, digits),
                "=".to_string(),
                figure(flow.downstream, digits),
                format!("d{}/d{source} = {}", vertex.name, flow.rule),
            ]);
        }
    }
    rows
}

fn gradient(circuit: &Circuit, digits: usize) -> Vec<Vec<String>> {
    let output = &circuit.vertices[circuit.output].name;
    let row = |at: usize| {
        let vertex = &circuit.vertices[at];
        let branches: Vec<f64> = circuit.branches(at).collect();
        let gradient = figure(vertex.gradient, digits);
        let (text, note) = match branches.len() {
            0 if at != circuit.output => (gradient, format!("{output} does not depend on {}", vertex.name)),
            0 | 1 => (gradient, String::new()),
            _ => (format!("{} = {gradient}", sum(&branches, digits)), "adder".to_string()),
        };
        vec![format!("d{output}/d{}", vertex.name), "=".to_string(), text, note]
    };
    (0..circuit.leaves).map(row).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}
use Side::{Left, Right};

/// Writes rows with their columns one below the other, two spaces apart.
fn align(rows: &[Vec<String>], sides: &[Side]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..sides.len()).map(width).collect();
    // Signs stand one space from their neighbours, other columns two.
    let is_sign = |column: usize| rows.iter().any(|row| matches!(row[column].as_str(), "×" | "="));
    let gaps = (0..sides.len()).map(|column| is_sign(column) || column > 0 && is_sign(column - 1));
    let gaps: Vec<&str> = gaps.map(|narrow| if narrow { " " } else { "  " }).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
            let blank = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) = if sides[column] == Right { (blank.as_str(), "") } else { ("", blank.as_str()) };
            line += &format!("{}{before}{cell}{after}", gaps[column]);
        }
        out += &format!("{}\n", line.trim_end());
    }
    out
}
