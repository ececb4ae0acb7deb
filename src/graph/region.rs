//! Regions: the parts of a graph that work entry by entry, between the operations on whole matrices.

use super::{ExprId, Graph, Input, MatrixOperation, Node, Rational};
use rustc_hash::FxHashMap;

/// What is computed for each entry, as a graph of numbers.
#[derive(Clone, Debug)]
pub struct Region {
    /// The graph, with an input for each leaf.
    pub graph: Graph,
    /// The region's value, the first of several.
    pub root: ExprId,
    /// All values.
    pub roots: Vec<ExprId>,
    /// What the inputs stand for: parameters and operations on matrices of the graph outside.
    pub leaves: Vec<ExprId>,
}

impl Graph {
    /// Tells whether a node works entry by entry on its operands.
    pub fn is_entrywise(&self, id: ExprId) -> bool {
        let node = self.node(id);
        !node.is_leaf() && !matches!(node, Node::Matrix(..))
    }

    /// Copies what is computed for each entry of a node, down to the first leaves that are not entry by entry. A matrix
    /// with one number everywhere becomes that number.
    pub fn region(&self, root: ExprId) -> Region {
        self.region_until(root, |_| false)
    }

    /// As [`Graph::region`], but also stops at the nodes that `stop` selects.
    pub fn region_until(&self, root: ExprId, stop: impl Fn(ExprId) -> bool) -> Region {
        self.region_of(&[root], stop)
    }

    /// As [`Graph::region_until`], for several values together, of which some may need others. There is one at least.
    pub fn region_of(&self, roots: &[ExprId], stop: impl Fn(ExprId) -> bool) -> Region {
        let inside = |id: ExprId| self.is_entrywise(id) && (roots.contains(&id) || !stop(id));
        let mut region = Region { graph: Graph::new(), root: roots[0], roots: Vec::new(), leaves: Vec::new() };
        region.graph.set_strict(self.is_strict());
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        let mut stack: Vec<ExprId> = roots.iter().rev().copied().collect();
        while let Some(&id) = stack.last() {
            if image.contains_key(&id) {
                stack.pop();
                continue;
            }
            let node = self.node(id);
            if inside(id) {
                let before = stack.len();
                node.for_each_operand(|operand| {
                    if !image.contains_key(&operand) {
                        stack.push(operand);
                    }
                });
                if stack.len() > before {
                    continue;
                }
            }
            stack.pop();
            let new = match node {
                _ if inside(id) => region.graph.construct(node, |operand| image[&operand]),
                Node::Number(_) | Node::Pi => region.graph.intern(node.clone()),
                Node::Matrix(operation, _) => match &**operation {
                    MatrixOperation::Full(value, _) => region.graph.number(value.clone()),
                    _ => region.leaf(id),
                },
                _ => region.leaf(id),
            };
            image.insert(id, new);
        }
        region.root = image[&roots[0]];
        region.roots = roots.iter().map(|root| image[root]).collect();
        region
    }

    /// Puts a graph of numbers in place, entry by entry, with the given nodes for its inputs.
    pub fn paste(&mut self, source: &Graph, root: ExprId, leaves: &[ExprId]) -> ExprId {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in source.reachable(&[root]) {
            let new = match source.node(id) {
                Node::Input(index) => leaves[*index as usize],
                node => self.construct(node, |operand| image[&operand]),
            };
            image.insert(id, new);
        }
        image[&root]
    }

    /// Tells whether a number is known not to be negative: a sum of squares.
    pub fn is_sum_of_squares(&self, id: ExprId) -> bool {
        match self.as_matrix(id) {
            Some((MatrixOperation::Product, factors)) => {
                let turned = |(left, right): (&ExprId, &ExprId)| {
                    self.as_transpose(*left) == Some(*right) || self.as_transpose(*right) == Some(*left)
                };
                let half = factors.len() / 2;
                self.extents(id).is_scalar()
                    && factors.len() % 2 == 0
                    && factors[..half].iter().zip(factors.iter().rev()).all(turned)
            }
            _ => self.as_number(id).is_some_and(|value| *value >= Rational::ZERO),
        }
    }
}

impl Region {
    fn leaf(&mut self, outside: ExprId) -> ExprId {
        self.leaves.push(outside);
        self.graph.add_input(Input { parameter: "leaf".to_string(), place: vec![self.leaves.len() - 1] })
    }
}
