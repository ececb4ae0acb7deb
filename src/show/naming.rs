//! Which parts of an expression get names of their own, and which names.

use crate::graph::{ExprId, Graph, Node};
use rustc_hash::FxHashMap;

/// Up to this many symbols an expression is written in one piece; beyond, repeated parts get names.
const LONGEST_PIECE: u64 = 160;
/// Smallest repeated part that gets a name.
const SMALLEST_NAMED: u64 = 4;
/// Deepest nesting without a name in between.
pub const DEEPEST: u32 = 60;

/// Stands before the names in a gradient that is written as `∂f/∂q`, which no name of a user's begins with.
pub const DIFFERENTIAL: char = '∂';

/// Names that are given to nodes.
pub type Names = FxHashMap<ExprId, String>;

/// Tells whether a part of the given sizes that is used more than once gets a name in a text of so many symbols.
pub fn is_worth_a_name(whole: u64, (_, distinct): (u64, u64)) -> bool {
    whole > LONGEST_PIECE && distinct >= SMALLEST_NAMED
}

/// Tells whether a node is a condition, which has no name.
pub fn is_condition(node: &Node) -> bool {
    matches!(node, Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_))
}

/// Counts, for each node, the symbols it takes when everything is written out, and when repeated parts count once.
pub fn sizes(graph: &Graph, nodes: &[ExprId]) -> FxHashMap<ExprId, (u64, u64)> {
    let mut sizes: FxHashMap<ExprId, (u64, u64)> = FxHashMap::default();
    for id in nodes {
        let mut size = (1u64, 1u64);
        graph.node(*id).for_each_operand(|operand| {
            let below = sizes[&operand];
            size = (size.0.saturating_add(below.0), size.1.saturating_add(below.1).min(1000));
        });
        sizes.insert(*id, size);
    }
    sizes
}

/// Names that no parameter has: t1, t2, …
pub fn fresh_names(graph: &Graph) -> impl Iterator<Item = String> {
    let stem = ["t", "u", "tmp", "t_"]
        .into_iter()
        .find(|stem| !graph.inputs().iter().any(|input| input.parameter.starts_with(stem)))
        .unwrap_or("gradc_t");
    (1..).map(move |count| format!("{stem}{count}"))
}
