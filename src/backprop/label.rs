//! What gates are called, and the pattern in which each passes gradients back.

use crate::functions::rows;
use crate::graph::{ExprId, Graph, Input, Kept, MatrixOperation, Node};
use crate::show::notation;
use rustc_hash::FxHashMap;

/// Longest symbol that a gate is drawn with.
const LONGEST: usize = 12;

/// How a gate passes a gradient back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// A sum gives the gradient to all its operands.
    Distributor,
    /// A choice gives the gradient to the chosen operand, and 0 to the others.
    Router,
    /// A product gives each operand the gradient times the other one.
    Switcher,
}

impl Pattern {
    /// Returns the pattern's name.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Distributor => "distributor",
            Pattern::Router => "router",
            Pattern::Switcher => "switcher",
        }
    }
}

/// What a gate is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The name: `add`, `mul`, `exp`, `*-1`.
    pub name: String,
    /// What stands in the gate's picture: `+`, `*`, `exp`, `*-1`.
    pub symbol: String,
    /// How it passes a gradient back, if that has a name.
    pub pattern: Option<Pattern>,
}

impl Label {
    /// Names a gate whose operands are the inputs of its graph.
    pub fn new(graph: &Graph, root: ExprId, merged: Option<&str>) -> Label {
        let operands = graph.inputs().len();
        let pattern = pattern(graph, root, operands);
        if let Some(name) = merged {
            let symbol = if operands == 1 { with_x(graph, root, name) } else { name.to_string() };
            let symbol = if symbol == format!("{name}(x)") { name.to_string() } else { symbol };
            return Label { name: symbol.clone(), symbol, pattern: None };
        }
        if operands == 1
            && let Some(symbol) = with_constant(graph, root)
        {
            return Label { name: symbol.clone(), symbol, pattern };
        }
        let (name, symbol) = match graph.node(root) {
            Node::Sum(_, terms) if terms.len() == 2 && terms.iter().any(|(_, sign)| sign.is_negative()) => {
                ("subtract", "-")
            }
            Node::Sum(..) => ("add", "+"),
            Node::Product(factors) if factors.iter().any(|(_, exponent)| exponent.is_negative()) => ("divide", "/"),
            Node::Product(_) => ("mul", "*"),
            Node::Apply(rows::POW, _) => ("pow", "^"),
            Node::Apply(function, _) => (function.row().name, function.row().name),
            Node::Select(..) => ("select", "if"),
            Node::Matrix(operation, _) => match **operation {
                MatrixOperation::Product => ("matmul", "*"),
                MatrixOperation::Inverse => ("inv", "inv"),
                MatrixOperation::Adjugate => ("adj", "adj"),
                MatrixOperation::Determinant => ("det", "det"),
                MatrixOperation::LogDeterminant => ("logdet", "logdet"),
                MatrixOperation::LogSumExp => ("logsumexp", "logsumexp"),
                MatrixOperation::LogSumExpOfRows => ("logsumexp_rows", "logsumexp_rows"),
                MatrixOperation::Trace => ("tr", "tr"),
                MatrixOperation::Diagonal | MatrixOperation::DiagonalOf => ("diag", "diag"),
                MatrixOperation::Stack => ("stack", "stack"),
                MatrixOperation::Join => ("join", "join"),
                MatrixOperation::Slice(..) => ("slice", "slice"),
                MatrixOperation::Embed(..) => ("embed", "embed"),
                MatrixOperation::Transpose => ("transpose", "'"),
                MatrixOperation::Loop(_) => ("sum", "Σ"),
                MatrixOperation::Scan(_, _, Kept::Last) => ("fold", "fold"),
                MatrixOperation::Scan(..) => ("scan", "scan"),
                MatrixOperation::Gather(..) => ("gather", "gather"),
                MatrixOperation::Scatter(..) => ("scatter", "scatter"),
                MatrixOperation::Remainder => ("mod", "mod"),
                MatrixOperation::State(..) => ("state", "state"),
                MatrixOperation::Extremum(extreme) => (extreme.name(), extreme.name()),
                MatrixOperation::FirstExtremum(extreme) => (extreme.name_of_first(), extreme.name_of_first()),
                MatrixOperation::EntryProduct => ("prod", "∏"),
                MatrixOperation::OtherProducts => ("prod_others", "prod_others"),
                MatrixOperation::Full(..) | MatrixOperation::Identity(_) | MatrixOperation::Size(_) => {
                    ("constant", "constant")
                }
            },
            _ => ("constant", "constant"),
        };
        Label { name: name.to_string(), symbol: symbol.to_string(), pattern }
    }
}

fn pattern(graph: &Graph, root: ExprId, operands: usize) -> Option<Pattern> {
    match graph.node(root) {
        Node::Sum(..) if operands > 1 => Some(Pattern::Distributor),
        Node::Product(factors) if operands > 1 && factors.iter().all(|(_, exponent)| exponent.is_one()) => {
            Some(Pattern::Switcher)
        }
        Node::Matrix(operation, _) if operands > 1 && **operation == MatrixOperation::Product => {
            Some(Pattern::Switcher)
        }
        Node::Select(..) => Some(Pattern::Router),
        Node::Apply(function, _) => matches!(function.row().name, "max" | "min" | "relu").then_some(Pattern::Router),
        _ => None,
    }
}

/// Writes a gate with one operand: `+1`, `*-1`, `*2`, `^2`, `exp`, `1/x`.
fn with_constant(graph: &Graph, root: ExprId) -> Option<String> {
    let is_operand = |id: ExprId| matches!(graph.node(id), Node::Input(_));
    let constant = |id: ExprId| {
        let text = notation::text(graph, id);
        (text.chars().count() < LONGEST && !is_operand(id)).then_some(text)
    };
    let simple = match graph.node(root) {
        Node::Apply(function, arguments) if arguments.len() == 1 => Some(function.row().name.to_string()),
        Node::Sum(_, terms) => match &terms[..] {
            [(_, sign)] if sign.is_minus_one() => Some("*-1".to_string()),
            [(a, one), (b, sign)] if is_operand(*a) && one.is_one() && sign.is_minus_one() => {
                constant(*b).map(|text| format!("-{text}"))
            }
            [(a, one), (b, other)] if one.is_one() && other.is_one() => {
                let text = constant(if is_operand(*a) { *b } else { *a })?;
                Some(if text.starts_with('-') { text } else { format!("+{text}") })
            }
            _ => None,
        },
        Node::Product(factors) => match &factors[..] {
            [(a, one), (b, other)] if one.is_one() && other.is_one() => {
                constant(if is_operand(*a) { *b } else { *a }).map(|text| format!("*{text}"))
            }
            [(a, one), (b, other)] if is_operand(*a) && one.is_one() && other.is_minus_one() => {
                constant(*b).map(|text| format!("/{text}"))
            }
            _ => None,
        },
        _ => None,
    };
    let simple = simple.filter(|text| !text.contains(' ')).unwrap_or_else(|| with_x(graph, root, ""));
    (!simple.is_empty() && simple.chars().count() <= LONGEST).then_some(simple)
}

/// Writes the gate's expression with `x` for its operand, if that is short.
fn with_x(graph: &Graph, root: ExprId, otherwise: &str) -> String {
    let mut copy = Graph::new();
    let x = copy.add_input(Input { parameter: "x".to_string(), place: Vec::new() });
    for id in graph.reachable(&[root]) {
        if matches!(graph.node(id), Node::Input(_)) && !graph.extents(id).is_scalar() {
            copy.give_extents(x, graph.extents(id));
        }
    }
    let mut image = FxHashMap::default();
    for id in graph.reachable(&[root]) {
        let own = match graph.node(id) {
            Node::Input(_) => x,
            node => copy.intern(node.clone().renamed(|operand| image[&operand])),
        };
        image.insert(id, own);
    }
    let text = notation::text(&copy, image[&root]);
    if text.chars().count() <= LONGEST { text } else { otherwise.to_string() }
}
