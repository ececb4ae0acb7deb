//! Short names for what a derivation repeats: `s` for sigmoid(x).

use super::{Line, written};
use crate::functions::{self, Cost, FunctionId};
use crate::graph::{ExprId, Graph};
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
    let deserves = |id: &ExprId| {
        let function = graph.node(*id).function().filter(|function| function.row().cost != Cost::Cheap)?;
        let long = function.row().name.len() + 3 * (graph.reachable(&[*id]).len() - 1) >= SHORTEST;
        long.then_some((*id, function))
    };
    let order: Vec<(ExprId, FunctionId)> = repeated.iter().filter_map(deserves).take(MOST).collect();
    let mut taken: BTreeSet<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    let mut chosen = Chosen { of_nodes: Names::default(), order: Vec::new() };
    // A function that can have its initial has it, whichever comes first.
    for candidates in [initial, other_letters] {
        for (id, function) in &order {
            let free = candidates(*function).into_iter().find(|name| !taken.contains(name));
            if let (Some(name), false) = (free, chosen.of_nodes.contains_key(id)) {
                taken.insert(name.clone());
                chosen.of_nodes.insert(*id, name);
            }
        }
    }
    chosen.order = order.into_iter().map(|(id, _)| id).filter(|id| chosen.of_nodes.contains_key(id)).collect();
    chosen
}

/// Lists a function's initial; e is a number.
fn initial(function: FunctionId) -> Vec<String> {
    function.row().name.chars().next().filter(|initial| *initial != 'e').map(String::from).into_iter().collect()
}

/// Lists the letters that are no function's initial. In rules, u and v stand for what a function is applied to.
fn other_letters(_: FunctionId) -> Vec<String> {
    "spqrabcmnhkw".chars().map(String::from).filter(|name| functions::find(name).is_none()).collect()
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
