//! The gates of a function of whole matrices, as large as a textbook's steps: one for each name of the user's, for each
//! product, inverse, norm and the like, and for what works entry by entry between them.

use crate::graph::{ExprId, Graph, MatrixOperation as M, Node, NodeMap};
use crate::lower::Whole;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// A gate: a value with a name.
pub struct Gate {
    /// The name.
    pub name: String,
    /// The value in terms of parameters and gates before, as written.
    pub value: ExprId,
    /// The input that stands for the value in what comes after.
    pub stand_in: ExprId,
    /// Whether the value depends on what the derivative is taken by.
    pub varies: bool,
}

/// Takes a function apart into gates, operands before uses; the last one is the function's value.
pub fn gates(graph: &mut Graph, whole: &Whole, output: ExprId, by: &[ExprId], function: &str) -> Vec<Gate> {
    let nodes = graph.reachable(&[output]);
    let mut varying = FxHashSet::from_iter(by.iter().copied());
    for id in &nodes {
        let mut varies = false;
        graph.node(*id).for_each_operand(|operand| varies |= varying.contains(&operand));
        if varies {
            varying.insert(*id);
        }
    }
    let named: FxHashMap<ExprId, String> =
        whole.names.iter().filter(|(_, id)| !graph.node(*id).is_leaf()).map(|(name, id)| (*id, name.clone())).collect();
    let mut choice = Choice {
        graph,
        varying: &varying,
        uses: graph.uses_among(&nodes, &[output]),
        named: &named,
        chosen: BTreeSet::from([output]),
        queue: vec![output],
    };
    while let Some(id) = choice.queue.pop() {
        choice.look_into(id, true);
    }
    let chosen = choice.chosen;
    let mut taken: FxHashSet<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    taken.extend(named.values().cloned().chain(whole.sizes.iter().cloned()).chain([function.to_string()]));
    let mut stand_ins: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut gates = Vec::new();
    for id in chosen {
        let name = match named.get(&id) {
            _ if id == output => function.to_string(),
            Some(name) => name.clone(),
            None => fresh_name(graph, id, &mut taken),
        };
        let value = rewritten(graph, id, &stand_ins);
        let stand_in = graph.add_matrix_input(&name, graph.extents(id));
        stand_ins.insert(id, stand_in);
        gates.push(Gate { name, value, stand_in, varies: varying.contains(&id) });
    }
    gates
}

/// Copies an expression exactly as it is, with inputs for the gates inside of it.
fn rewritten(graph: &mut Graph, root: ExprId, stand_ins: &FxHashMap<ExprId, ExprId>) -> ExprId {
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in graph.reachable(&[root]) {
        let new = match stand_ins.get(&id) {
            Some(stand_in) => *stand_in,
            None => {
                let node = graph.node(id).clone().renamed(|operand| image[&operand]);
                graph.intern(node)
            }
        };
        image.insert(id, new);
    }
    image[&root]
}

/// Names a gate that has no name: r for a difference, z for a product, capital letters for matrices.
fn fresh_name(graph: &Graph, id: ExprId, taken: &mut FxHashSet<String>) -> String {
    let extents = graph.extents(id);
    let letters = match graph.node(id) {
        Node::Sum(..) => "rzqsuvthpkgab",
        _ => "zqrsuvthpkgab",
    };
    let matrix = !extents.is_scalar() && !extents.is_column() && !extents.rows.is_one();
    let letter = |c: char| if matrix { c.to_ascii_uppercase() } else { c };
    let single = letters.chars().map(|c| letter(c).to_string());
    let numbered = (1..).map(|count| format!("{}{count}", letter('z')));
    let name = single.chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// Chooses the nodes that are gates.
struct Choice<'g> {
    graph: &'g Graph,
    varying: &'g FxHashSet<ExprId>,
    uses: NodeMap<u32>,
    named: &'g FxHashMap<ExprId, String>,
    chosen: BTreeSet<ExprId>,
    /// Gates that are not looked into yet.
    queue: Vec<ExprId>,
}

impl Choice<'_> {
    fn choose(&mut self, id: ExprId) {
        // What is made anew for each value of an index has no name of its own.
        if self.graph.free_indices(id).is_none() && self.chosen.insert(id) {
            self.queue.push(id);
        }
    }

    /// Goes through the operands of a part of a gate. `linear` tells whether the gate is linear in the part.
    fn look_into(&mut self, id: ExprId, linear: bool) {
        let graph = self.graph;
        match graph.node(id) {
            Node::Sum(_, terms) => terms.iter().for_each(|(term, _)| self.part(*term, linear)),
            Node::Product(factors) => {
                let varying = factors.iter().filter(|(base, _)| self.varying.contains(base)).count();
                let plain = factors.iter().all(|(base, exponent)| exponent.is_one() || !self.varying.contains(base));
                factors.iter().for_each(|(base, _)| self.part(*base, linear && varying <= 1 && plain));
            }
            Node::Matrix(operation, operands) => match (&**operation, &operands[..]) {
                (M::Transpose, [inner]) => self.part(*inner, linear),
                (M::Product, factors) if graph.as_total(id).is_some() => {
                    factors.iter().for_each(|factor| self.part(*factor, linear));
                }
                (_, operands) => operands.iter().for_each(|operand| self.operand(id, *operand)),
            },
            _ if graph.as_shares(id).is_some() => graph.node(id).for_each_operand(|operand| self.part(operand, true)),
            Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_) => {
                graph.node(id).for_each_operand(|operand| self.part(operand, true));
            }
            node => node.for_each_operand(|operand| self.part(operand, false)),
        }
    }

    /// Looks at a part of a gate that works entry by entry.
    fn part(&mut self, id: ExprId, linear: bool) {
        let graph = self.graph;
        let varies = self.varying.contains(&id);
        match graph.as_matrix(id) {
            _ if self.named.contains_key(&id) => self.choose(id),
            Some((M::Transpose, _)) | None => self.look_into(id, linear || !varies),
            Some(_) if graph.as_total(id).is_some() && linear => self.look_into(id, true),
            Some((operation, _)) => {
                let moves = matches!(operation, M::Slice(..) | M::Embed(..) | M::Diagonal | M::DiagonalOf);
                let inside = linear && self.uses[id] == 1 || moves || graph.as_square(id).is_some() || !varies;
                if inside { self.look_into(id, true) } else { self.choose(id) }
            }
        }
    }

    /// Looks at an operand of an operation on matrices.
    fn operand(&mut self, user: ExprId, id: ExprId) {
        let graph = self.graph;
        if graph.node(id).is_leaf() {
            return;
        }
        let chain = |id: ExprId| matches!(graph.as_matrix(id), Some((M::Product | M::Trace, _)));
        match graph.node(id) {
            _ if self.named.contains_key(&id) => self.choose(id),
            _ if !self.varying.contains(&id) => self.look_into(id, true),
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => self.operand(user, terms[0].0),
            _ if graph.as_transpose(id).is_some() => self.look_into(id, true),
            _ if chain(user) && chain(id) && self.uses[id] == 1 && graph.as_total(id).is_none() => {
                self.look_into(id, true)
            }
            _ => self.choose(id),
        }
    }
}
