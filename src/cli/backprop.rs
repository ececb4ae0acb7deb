//! `gradc backprop`: the computational graph with values and gradients, as a table or a picture.

use super::args::Input;
use super::formulas::{number_json, shape_of};
use super::{Exit, Outcome, gradient, input, values};
use crate::backprop::{Circuit, Edge, Merge, Quantity, Vertex, diagram, svg, table, trace, trace_whole};
use crate::error::{Diagnostic, Errors, Fault};
use crate::lower::{Function, Whole};
use crate::source::Source;
use crate::tape::Dense;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub input: Input,
    /// The point: `x=1,y=pi/2,v=[1,2,3]`.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, required = true)]
    pub at: String,
    /// Draws these as one gate where they are written out, separated by commas.
    #[arg(long, value_enum, value_name = "GATES", value_delimiter = ',')]
    pub gates: Vec<Gates>,
    /// How many decimals numbers have; JSON has all of them.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=17))]
    pub digits: u8,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What can be drawn as one gate.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Gates {
    /// 1/(1 + exp(-x))
    Sigmoid,
    /// exp(x[k])/(exp(x[0]) + ...)
    Softmax,
    /// ln(exp(x[0]) + ...)
    Logsumexp,
    /// sqrt(x[0]^2 + ...)
    Norm,
}

/// How the circuit is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table.
    Text,
    /// One JSON object.
    Json,
    /// A picture.
    Svg,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.input)?;
    if let Some(whole) = function.kept_whole() {
        return run_whole(options, &source, &function, whole, out);
    }
    require_gates(&source, &function)?;
    let point = values::doubles(&values::from_text(&function, &options.at)?);
    let circuit = trace(function.name.as_deref(), input::entries(&function)?, &point, &options.merges())
        .map_err(|diagnostic| crate::in_function(&source, &function, diagnostic))?;
    let heading = gradient::heading(&function);
    match options.format {
        Format::Text => {
            writeln!(out, "{heading}\nat {}\n", options.at)?;
            write!(out, "{}", table::table(&circuit, usize::from(options.digits)))?;
        }
        Format::Json => {
            let local = |local: &f64| Some(values::json(*local));
            writeln!(out, "{}", json(&circuit, &heading, &options.at, |number| values::json(*number), local))?;
        }
        _ => draw(&circuit, &heading, options, out)?,
    }
    Ok(Exit::Success)
}

/// Shows a circuit of whole matrices.
fn run_whole(options: &Options, source: &Source, function: &Function, whole: &Whole, out: &mut impl Write) -> Outcome {
    let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
    let point = values::point_from_text(function, whole, &options.at)?;
    let whole = whole.few_for(&point.sizes).map_or(whole, |few| few);
    let circuit = trace_whole(whole, function.name.as_deref(), &point.matrices, &point.sizes, &options.merges())
        .map_err(wrong)?;
    let heading = gradient::heading(function);
    match options.format {
        Format::Text => {
            writeln!(out, "{heading}\nat {}\n", options.at)?;
            write!(out, "{}", table::whole_table(&circuit, usize::from(options.digits)))?;
        }
        Format::Json => {
            let nested = |value: &Dense| number_json(shape_of(value), &value.entries);
            writeln!(out, "{}", json(&circuit, &heading, &options.at, nested, |()| None))?;
        }
        _ => draw(&circuit, &heading, options, out)?,
    }
    Ok(Exit::Success)
}

/// Draws a circuit.
fn draw<Q: Quantity>(circuit: &Circuit<Q>, heading: &str, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let digits = usize::from(options.digits);
    let picture = match options.format {
        Format::Dot => diagram::dot(circuit, heading, digits),
        Format::Mermaid => diagram::mermaid(circuit, heading, digits),
        _ => svg::svg(circuit, heading, digits),
    };
    write!(out, "{picture}")
}

impl Options {
    fn merges(&self) -> Vec<Merge> {
        self.gates.iter().map(|gates| gates.merge()).collect()
    }
}

impl Gates {
    fn merge(self) -> Merge {
        match self {
            Gates::Sigmoid => Merge::Sigmoid,
            Gates::Softmax => Merge::Softmax,
            Gates::Logsumexp => Merge::LogSumExp,
            Gates::Norm => Merge::Norm,
        }
    }
}

/// Stops where the function has no gates on single numbers, or no single value.
fn require_gates(source: &Source, function: &Function) -> Result<(), Errors> {
    let wrong = |fault: Fault, message: &str, hint: &str| {
        let diagnostic = Diagnostic::general(fault, message).hint(hint);
        Err(crate::in_function(source, function, diagnostic))
    };
    if !function.whole.extents().is_scalar() {
        return wrong(
            Fault::OneValue,
            "backpropagation begins at a number, and this is a vector",
            "choose an entry: `v[0]`; or add them up: `sum(v)`",
        );
    }
    gradient::require_parameters(source, function)
}

/// Writes the circuit with all digits.
fn json<Q: Quantity>(
    circuit: &Circuit<Q>,
    heading: &str,
    at: &str,
    number: impl Fn(&Q) -> Value,
    local: impl Fn(&Q::Local) -> Option<Value>,
) -> Value {
    let name = |vertex: usize| circuit.vertices[vertex].name.as_str();
    let node = |vertex: &Vertex<Q>| {
        let mut node = Map::new();
        node.insert("name".into(), vertex.name.as_str().into());
        if let (Some(expression), Some(label)) = (&vertex.expression, &vertex.label) {
            node.insert("expression".into(), expression.as_str().into());
            node.insert("gate".into(), label.name.as_str().into());
            node.insert("pattern".into(), label.pattern.map(|pattern| pattern.name()).into());
        }
        node.insert("value".into(), number(&vertex.value));
        node.insert("gradient".into(), number(&vertex.gradient));
        Value::Object(node)
    };
    let edge = |edge: &Edge<Q>| match &edge.flow {
        None => json!({"from": name(edge.source), "to": name(edge.target), "decides": true}),
        Some(flow) => {
            let mut fields = json!({
                "from": name(edge.source),
                "to": name(edge.target),
                "upstream": number(&flow.upstream),
                "rule": flow.rule,
            });
            if let Some(local) = local(&flow.local) {
                fields["local"] = local;
            }
            fields["downstream"] = number(&flow.downstream);
            fields
        }
    };
    let gradient: Map<String, Value> =
        circuit.vertices[..circuit.leaves].iter().map(|leaf| (leaf.name.clone(), number(&leaf.gradient))).collect();
    json!({
        "definition": heading,
        "at": at,
        "nodes": circuit.vertices.iter().map(node).collect::<Vec<_>>(),
        "edges": circuit.edges.iter().map(edge).collect::<Vec<_>>(),
        "value": number(&circuit.vertices[circuit.output].value),
        "gradient": gradient,
    })
}
