//! Short names for what a derivation repeats: `s` for sigmoid(x).

use super::{Line, written};
use crate::functions::{self, Cost, FunctionId};
use crate::graph::{ExprId, Graph, Node};
use crate::show::naming::Names;
use std::collections::BTreeSet;

/// Shortest expression that gets a name: letters of the function, and three for each node inside.
const SHORTEST: usize = 10;
/// Most names in one derivation.
const MOST: usize = 4;

/// The names of a derivation.
pub struct Chosen {
    /// The name of each node that has one.
    pub of_nodes: Names,
    /// The nodes, operands before uses.
    order: Vec<ExprId>,
}

/// Chooses names for the values of functions that stand more than once in one of the lines.
pub fn choose(graph: &Graph, lines: impl Iterator<Item = ExprId>) -> Chosen {
    let mut repeated: BTreeSet<ExprId> = BTreeSet::new();
    for line in lines {
        let uses = graph.uses(&[line]);
        repeated.extend(graph.reachable(&[line]).into_iter().filter(|id| uses[*id] > 1 && *id != line));
    }
    let mut taken: BTreeSet<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    let mut chosen = Chosen { of_nodes: Names::default(), order: Vec::new() };
    for id in repeated {
        let Node::Apply(function, _) = graph.node(id) else { continue };
        let long = function.row().name.len() + 3 * (graph.reachable(&[id]).len() - 1) >= SHORTEST;
        if !long || function.row().cost == Cost::Cheap || chosen.order.len() == MOST {
            continue;
        }
        if let Some(name) = candidates(*function).find(|name| !taken.contains(name)) {
            taken.insert(name.clone());
            chosen.of_nodes.insert(id, name);
            chosen.order.push(id);
        }
    }
    chosen
}

/// Lists names for a function's value, the function's initial first; e is a number.
fn candidates(function: FunctionId) -> impl Iterator<Item = String> {
    let initial = function.row().name.chars().next().filter(|initial| *initial != 'e').into_iter();
    let letters = initial.chain("suvwpqrabcmnhk".chars()).map(String::from);
    letters.filter(|name| functions::find(name).is_none())
}

impl Chosen {
    /// Writes what the names stand for.
    pub fn definitions(&self, graph: &Graph) -> Vec<(String, Line)> {
        let mut known = Names::default();
        let mut definitions = Vec::new();
        for id in &self.order {
            let name = self.of_nodes[id].clone();
            definitions.push((name.clone(), written(graph, *id, &known, None)));
            known.insert(*id, name);
        }
        definitions
    }
}
