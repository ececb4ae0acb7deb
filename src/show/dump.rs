//! A graph node by node, as it is: what a pass was given, and what it made of it.
//!
//! Values are numbered in the order in which they stand, so that the text depends on what the roots need alone.

use crate::graph::{Comparison, ExprId, Graph, MatrixOperation as M, Node};
use rustc_hash::FxHashMap;

/// Writes what the roots need, a node a line, operands before their users: `v2 = product(v0^2, v1^-1)`. Shapes stand
/// behind a colon, where a value is no number.
pub fn dump(graph: &Graph, roots: &[ExprId]) -> String {
    let nodes = graph.reachable(roots);
    let names: FxHashMap<ExprId, String> = nodes.iter().enumerate().map(|(at, id)| (*id, format!("v{at}"))).collect();
    let mut text = String::new();
    for id in &nodes {
        let extents = graph.extents(*id);
        let shape = if extents.is_scalar() { String::new() } else { format!(": {extents}") };
        text.push_str(&format!("{}{shape} = {}\n", names[id], written(graph, *id, &names)));
    }
    let roots: Vec<&str> = roots.iter().map(|root| names[root].as_str()).collect();
    text.push_str(&format!("return {}\n", roots.join(", ")));
    text
}

fn written(graph: &Graph, id: ExprId, names: &FxHashMap<ExprId, String>) -> String {
    let of = |id: &ExprId| names[id].clone();
    let call = |name: &str, operands: &[ExprId]| {
        let operands: Vec<String> = operands.iter().map(of).collect();
        if operands.is_empty() { name.to_string() } else { format!("{name}({})", operands.join(", ")) }
    };
    match graph.node(id) {
        Node::Number(value) => value.to_string(),
        Node::Pi => "pi".to_string(),
        Node::Input(index) => {
            let input = &graph.inputs()[*index as usize];
            let place: Vec<String> = input.place.iter().map(usize::to_string).collect();
            let place = if place.is_empty() { String::new() } else { format!("[{}]", place.join(", ")) };
            format!("input {}{place}", input.parameter)
        }
        Node::Placeholder(index) => format!("placeholder {index}"),
        Node::Sum(constant, terms) => {
            let terms = terms.iter().map(|(term, k)| if k.is_one() { of(term) } else { format!("{k}*{}", of(term)) });
            let constant = (!constant.is_zero()).then(|| constant.to_string());
            format!("sum({})", constant.into_iter().chain(terms).collect::<Vec<_>>().join(", "))
        }
        Node::Product(factors) => {
            let power = |(base, exponent): &(ExprId, crate::graph::Rational)| match exponent.is_one() {
                true => of(base),
                false => format!("{}^{exponent}", of(base)),
            };
            format!("product({})", factors.iter().map(power).collect::<Vec<_>>().join(", "))
        }
        Node::Apply(function, arguments) => call(function.row().name, arguments),
        Node::Select(condition, a, b) => call("select", &[*condition, *a, *b]),
        Node::Compare(comparison, a, b) => call(named(*comparison), &[*a, *b]),
        Node::And(a, b) => call("and", &[*a, *b]),
        Node::Or(a, b) => call("or", &[*a, *b]),
        Node::Not(a) => call("not", &[*a]),
        Node::Derivative(value, by) => call("derivative", &[*value, *by]),
        Node::Matrix(operation, operands) => call(&operation_name(operation), operands),
    }
}

fn named(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "less",
        Comparison::LessEqual => "less_equal",
        Comparison::Greater => "greater",
        Comparison::GreaterEqual => "greater_equal",
        Comparison::Equal => "equal",
        Comparison::NotEqual => "not_equal",
    }
}

/// Returns the name of an operation on matrices, with what it is given beside its operands.
pub fn operation_name(operation: &M) -> String {
    match operation {
        M::Product => "matmul".to_string(),
        M::Transpose => "transpose".to_string(),
        M::Full(value, _) => format!("full[{value}]"),
        M::Identity(_) => "identity".to_string(),
        M::Diagonal => "diagonal".to_string(),
        M::DiagonalOf => "diagonal_of".to_string(),
        M::Trace => "trace".to_string(),
        M::Determinant => "determinant".to_string(),
        M::LogDeterminant => "log_determinant".to_string(),
        M::Inverse => "inverse".to_string(),
        M::Adjugate => "adjugate".to_string(),
        M::LogSumExp => "logsumexp".to_string(),
        M::LogSumExpOfRows => "logsumexp_of_rows".to_string(),
        M::Slice(row, column, _) => format!("slice[{row}, {column}]"),
        M::Embed(row, column, _) => format!("embed[{row}, {column}]"),
        M::Stack => "stack".to_string(),
        M::Join => "join".to_string(),
        M::Size(dimension) => format!("size[{dimension}]"),
        M::Remainder => "mod".to_string(),
        M::Loop(bound) => format!("loop[{} in {}..{}]", bound.index, bound.from, bound.to),
        M::Scan(bound, state, kept) => {
            let kept = format!("{kept:?}").to_lowercase();
            format!("scan[{} in {}..{}, {kept} {state}]", bound.index, bound.from, bound.to)
        }
        M::Gather(places, _) | M::Scatter(places, _) => {
            let name = if matches!(operation, M::Gather(..)) { "gather" } else { "scatter" };
            let place = |place: &Option<crate::graph::Dimension>| match place {
                Some(place) => place.to_string(),
                None => "_".to_string(),
            };
            format!("{name}[{}, {}]", place(&places[0]), place(&places[1]))
        }
        M::State(index, state, _) => format!("state[{index}, {state}]"),
        M::Extremum(extreme) => extreme.name().to_string(),
        M::FirstExtremum(extreme) => extreme.name_of_first().to_string(),
        M::EntryProduct => "prod".to_string(),
        M::OtherProducts => "prod_others".to_string(),
    }
}
