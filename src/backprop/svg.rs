//! The circuit as a picture: gates from left to right, values above the wires, gradients below.

use super::layers::{Item, Layers, layers};
use super::places::places;
use super::{Circuit, Quantity, Vertex};
use rustc_hash::FxHashSet;
use std::fmt::Write;

/// Width of a character at the size in which figures are written, with some room to spare.
const CHARACTER: f64 = 7.6;
/// Half the height of a gate.
const RADIUS: f64 = 17.0;
/// Room above and below a vertex together: the gate, its name and the figures beside it.
const VERTEX: f64 = 58.0;
/// Room for a line that passes by.
const BEND: f64 = 16.0;
/// Room for a line with a gradient below it.
const NOTE: f64 = 40.0;
/// Room around the picture.
const MARGIN: f64 = 20.0;

/// Light and dark: the text says by its place what the colours say too.
const STYLE: &str = "\
.gradc-paper{fill:#ffffff}.gradc-wire{fill:none;stroke:#80868b;stroke-width:1.4}.gradc-choice{stroke-dasharray:3 4}\
.gradc-gate{fill:#f1f3f4;stroke:#3c4043;stroke-width:1.4}.gradc-text{fill:#202124;font:13px sans-serif}\
.gradc-name{fill:#5f6368;font:italic 11px sans-serif}.gradc-value{fill:#137333;font:13px sans-serif}\
.gradc-gradient{fill:#c5221f;font:13px sans-serif}\
@media (prefers-color-scheme:dark){.gradc-paper{fill:#17181a}.gradc-wire{stroke:#9aa0a6}\
.gradc-gate{fill:#2b2d30;stroke:#bdc1c6}.gradc-text{fill:#e8eaed}.gradc-name{fill:#a8adb3}\
.gradc-value{fill:#81c995}.gradc-gradient{fill:#f5958c}}";

/// Draws the circuit. The title is the function's definition.
pub fn svg<Q: Quantity>(circuit: &Circuit<Q>, title: &str, digits: usize) -> String {
    let layers = layers(circuit);
    let picture = Picture::new(circuit, &layers, digits);
    let mut out = String::new();
    picture.write(&mut out, title);
    out
}

/// A layer, from left to right: wires arrive, gates, then the figures on the wires that leave.
struct Column {
    left: f64,
    gates: f64,
    right: f64,
}

struct Picture<'a, Q: Quantity> {
    circuit: &'a Circuit<Q>,
    layers: &'a Layers,
    digits: usize,
    columns: Vec<Column>,
    /// How far down each item stands.
    down: Vec<f64>,
    width: f64,
    height: f64,
}

impl<'a, Q: Quantity> Picture<'a, Q> {
    fn new(circuit: &'a Circuit<Q>, layers: &'a Layers, digits: usize) -> Self {
        let height = |item| match item {
            Item::Vertex(_) => VERTEX,
            Item::Bend(_) => BEND,
            Item::Note(_) => NOTE,
        };
        let mut down = places(layers, height);
        down.iter_mut().for_each(|down| *down += MARGIN);
        let room = |item: &usize| height(layers.items[*item]) / 2.0;
        let last = layers.layers.iter().filter_map(|layer| layer.last());
        let bottom = last.map(|item| down[*item] + room(item)).fold(0.0, f64::max);
        let mut own =
            Picture { circuit, layers, digits, columns: Vec::new(), down, width: 0.0, height: bottom + MARGIN };
        own.lay_columns();
        own
    }

    /// Gives each layer the width of its widest gate and figures, with room for the slopes between.
    fn lay_columns(&mut self) {
        let mut left = MARGIN;
        for layer in &self.layers.layers {
            let widest = |width: &dyn Fn(Item) -> f64| {
                layer.iter().map(|item| width(self.layers.items[*item])).fold(0.0, f64::max)
            };
            let gate = widest(&|item| self.gate_width(item));
            let figures = widest(&|item| self.figure_width(item));
            let steepest = |item: &usize| {
                let after = self.layers.neighbours(*item, true).iter();
                after.map(|next| (self.down[*next] - self.down[*item]).abs()).fold(0.0, f64::max)
            };
            let slope = layer.iter().map(steepest).fold(0.0, f64::max);
            let column = Column { left, gates: left + gate / 2.0, right: left + gate + figures };
            left = column.right + (26.0 + 0.3 * slope).min(150.0);
            self.width = column.right + MARGIN;
            self.columns.push(column);
        }
    }

    fn gate_width(&self, item: Item) -> f64 {
        match item {
            Item::Vertex(vertex) => 2.0 * half_width(&self.circuit.vertices[vertex]),
            _ => 0.0,
        }
    }

    fn figure_width(&self, item: Item) -> f64 {
        let (above, below) = self.figures(item);
        CHARACTER * above.chars().count().max(below.chars().count()) as f64 + 14.0
    }

    /// What is written above and below the wire that leaves an item.
    fn figures(&self, item: Item) -> (String, String) {
        match item {
            Item::Bend(_) => Default::default(),
            Item::Note(edge) => {
                let flow = self.circuit.edges[edge].flow.as_ref();
                (String::new(), flow.map(|flow| flow.downstream.figure(self.digits)).unwrap_or_default())
            }
            Item::Vertex(at) => {
                let vertex = &self.circuit.vertices[at];
                let branches: Vec<Q> = self.circuit.branches(at).collect();
                let total = vertex.gradient.figure(self.digits);
                let sum = if branches.len() <= 3 { Q::sum(&branches, self.digits) } else { None };
                let below = match (branches.len(), sum) {
                    (0 | 1, _) => total,
                    (_, Some(sum)) => format!("{sum} = {total}"),
                    (count, None) => format!("sum of {count} = {total}"),
                };
                (vertex.value.described(self.digits), below)
            }
        }
    }

    fn write(&self, out: &mut String, title: &str) {
        let (width, height) = (self.width.ceil(), self.height.ceil());
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\">"
        );
        let _ = writeln!(out, "<title>{}</title>", escape(title));
        let _ = writeln!(out, "<desc>{}</desc>", escape(&self.description()));
        let _ = writeln!(out, "<style>{STYLE}</style>");
        let _ = writeln!(out, "<rect class=\"gradc-paper\" width=\"{width}\" height=\"{height}\"/>");
        self.wires(out);
        for (layer, column) in self.layers.layers.iter().zip(&self.columns) {
            for item in layer {
                self.item(out, column, *item);
            }
        }
        out.push_str("</svg>\n");
    }

    fn description(&self) -> String {
        let circuit = self.circuit;
        let output = &circuit.vertices[circuit.output];
        let gradients: Vec<String> = circuit.vertices[..circuit.leaves]
            .iter()
            .map(|leaf| format!("d{}/d{} = {}", output.name, leaf.name, leaf.gradient.figure(self.digits)))
            .collect();
        let value = output.value.figure(self.digits);
        format!(
            "A computational graph from left to right. Above each wire stands the value, below it the gradient that \
             flows back. {} = {value}; {}.",
            output.name,
            gradients.join(", ")
        )
    }

    /// Draws each line once: edges that carry gradients first, then those that only decide.
    fn wires(&self, out: &mut String) {
        let carries = |edge: &usize| self.circuit.edges[*edge].flow.is_some();
        let (carrying, deciding): (Vec<usize>, Vec<usize>) = (0..self.circuit.edges.len()).partition(carries);
        let mut drawn = FxHashSet::default();
        for (edges, class) in [(carrying, "gradc-wire"), (deciding, "gradc-wire gradc-choice")] {
            let pairs = edges.iter().flat_map(|edge| self.layers.paths[*edge].windows(2));
            for pair in pairs.filter(|pair| drawn.insert([pair[0], pair[1]])) {
                let _ = writeln!(out, "<path class=\"{class}\" d=\"{}\"/>", self.line(pair[0], pair[1]));
            }
        }
    }

    /// Leads from the right of one column through the next one, or to the gate there.
    fn line(&self, source: usize, target: usize) -> String {
        let layer = self.layers.layer_of[source];
        let (from, to) = (&self.columns[layer], &self.columns[layer + 1]);
        let (start, end) = (round(self.down[source]), round(self.down[target]));
        let (left, right, middle) = (round(from.right), round(to.left), round((from.right + to.left) / 2.0));
        let until = match self.layers.items[target] {
            Item::Vertex(vertex) => to.gates - half_width(&self.circuit.vertices[vertex]),
            _ => to.right,
        };
        format!("M{left} {start}C{middle} {start} {middle} {end} {right} {end}H{}", round(until))
    }

    /// Draws a gate or a parameter, and the figures on the wire that leaves it.
    fn item(&self, out: &mut String, column: &Column, item: usize) {
        let down = self.down[item];
        let (above, below) = self.figures(self.layers.items[item]);
        if let Item::Vertex(at) = self.layers.items[item] {
            let vertex = &self.circuit.vertices[at];
            let half = half_width(vertex);
            let start = column.gates + half;
            let _ = writeln!(out, "<g><title>{}</title>", escape(&self.tooltip(at)));
            let line = format!("M{} {}H{}", round(start), round(down), round(column.right));
            let _ = writeln!(out, "<path class=\"gradc-wire\" d=\"{line}\"/>");
            if let Some(label) = &vertex.label {
                let _ = writeln!(
                    out,
                    "<rect class=\"gradc-gate\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{RADIUS}\"/>",
                    round(column.gates - half),
                    round(down - RADIUS),
                    round(2.0 * half),
                    2.0 * RADIUS
                );
                text(out, "text", "middle", (column.gates, down + 4.5), &label.symbol);
                text(out, "name", "middle", (column.gates, down - RADIUS - 4.0), &vertex.name);
            } else {
                text(out, "text", "end", (start - 5.0, down + 4.5), &vertex.name);
            }
        }
        let middle = match self.layers.items[item] {
            Item::Vertex(at) => (column.gates + half_width(&self.circuit.vertices[at]) + column.right) / 2.0,
            _ => (column.left + column.right) / 2.0,
        };
        text(out, "value", "middle", (middle, down - 5.0), &above);
        text(out, "gradient", "middle", (middle, down + 14.5), &below);
        if matches!(self.layers.items[item], Item::Vertex(_)) {
            out.push_str("</g>\n");
        }
    }

    fn tooltip(&self, at: usize) -> String {
        let vertex = &self.circuit.vertices[at];
        let definition = match &vertex.expression {
            Some(expression) => format!("{} = {expression}", vertex.name),
            None => vertex.name.clone(),
        };
        let pattern = vertex.label.as_ref().and_then(|label| label.pattern);
        let pattern = pattern.map(|pattern| format!(", {}", pattern.name())).unwrap_or_default();
        format!(
            "{definition} = {}, gradient {}{pattern}",
            vertex.value.described(self.digits),
            vertex.gradient.figure(self.digits)
        )
    }
}

/// Half the width of a gate or of a parameter's name.
fn half_width<Q>(vertex: &Vertex<Q>) -> f64 {
    match &vertex.label {
        Some(label) => RADIUS.max(CHARACTER * label.symbol.chars().count() as f64 / 2.0 + 9.0),
        None => CHARACTER * vertex.name.chars().count() as f64 / 2.0 + 5.0,
    }
}

fn text(out: &mut String, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
    if !text.is_empty() {
        let (x, y) = (round(x), round(y));
        let text = escape(text);
        let _ =
            writeln!(out, "<text class=\"gradc-{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    }
}

/// Rounds to tenths, which is finer than a screen shows.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Writes text as XML.
pub(super) fn escape(text: &str) -> String {
    let is_legal = |c: &char| matches!(c, '\t' | '\n' | '\r') || *c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(is_legal) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
