//! The expression graph: a hash-consed arena in which equal subexpressions are one node.
//!
//! Three kinds of gate carry most of the mathematics: n-ary **sums** with rational coefficients, n-ary **products** with
//! rational exponents, and **functions** from Table 1. [`Graph::intern`] keeps a gate exactly as it is given; the
//! constructors beside it fold numbers and merge like terms and factors. Children always have smaller indices
//! than their parents, so a pass in order of indices sees every operand before its use.

mod adjugate;
mod algebra;
mod backwards;
mod bound;
mod chain;
mod choices;
mod construct;
mod diagonals;
mod ends;
mod expansion;
mod extents;
mod gather;
mod lowest_terms;
mod matrix;
mod node_map;
mod number;
mod opposite;
mod polynomial;
mod region;
mod roots;
mod running;
mod scan;
mod sign;
mod verify;

pub use bound::Bound;
pub use extents::{Dimension, Extents, Sizes, factors};
pub use matrix::{Extreme, Kept, MatrixOperation, Shares};
pub use node_map::NodeMap;
pub use number::Rational;
pub use polynomial::Polynomial;
pub use region::Region;
pub use scan::{Scan, are_rows_of};
pub use sign::Sign;
pub use verify::Stage;

use crate::functions::FunctionId;
use crate::syntax::ast::BinaryOperator;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// Index of a node in its [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExprId(u32);

impl ExprId {
    /// Returns the index as a `usize`.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A comparison of two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    /// Returns the comparison that an operator of the language stands for.
    pub fn from_operator(operator: BinaryOperator) -> Option<Self> {
        Some(match operator {
            BinaryOperator::Less => Comparison::Less,
            BinaryOperator::LessEqual => Comparison::LessEqual,
            BinaryOperator::Greater => Comparison::Greater,
            BinaryOperator::GreaterEqual => Comparison::GreaterEqual,
            BinaryOperator::Equal => Comparison::Equal,
            BinaryOperator::NotEqual => Comparison::NotEqual,
            _ => return None,
        })
    }

    /// Returns the operator of the language.
    pub fn to_operator(self) -> BinaryOperator {
        match self {
            Comparison::Less => BinaryOperator::Less,
            Comparison::LessEqual => BinaryOperator::LessEqual,
            Comparison::Greater => BinaryOperator::Greater,
            Comparison::GreaterEqual => BinaryOperator::GreaterEqual,
            Comparison::Equal => BinaryOperator::Equal,
            Comparison::NotEqual => BinaryOperator::NotEqual,
        }
    }

    /// Returns the comparison with its sides exchanged.
    pub fn flipped(self) -> Self {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterEqual => Comparison::LessEqual,
            same => same,
        }
    }

    /// Tells whether the comparison holds.
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Comparison::Less => a < b,
            Comparison::LessEqual => a <= b,
            Comparison::Greater => a > b,
            Comparison::GreaterEqual => a >= b,
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
        }
    }
}

/// A term of a sum: coefficient times operand.
pub type Term = (ExprId, Rational);
/// A factor of a product: base to an exponent.
pub type Factor = (ExprId, Rational);

/// A gate of the graph.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// An exact number.
    Number(Rational),
    /// The constant π.
    Pi,
    /// An entry of a parameter, by its index in [`Graph::inputs`].
    Input(u32),
    /// A name that a derivative is taken by while its value is held back; [`Graph::placeholder_value`] tells the value.
    Placeholder(u32),
    /// A constant plus terms.
    Sum(Rational, Box<[Term]>),
    /// A product of factors.
    Product(Box<[Factor]>),
    /// A function of Table 1.
    Apply(FunctionId, Box<[ExprId]>),
    /// The second operand where the condition holds, else the third.
    Select(ExprId, ExprId, ExprId),
    /// A condition on two numbers.
    Compare(Comparison, ExprId, ExprId),
    /// Both conditions.
    And(ExprId, ExprId),
    /// Either condition.
    Or(ExprId, ExprId),
    /// Not the condition.
    Not(ExprId),
    /// The derivative of the first operand by the second, an input or a placeholder, before it is worked out.
    Derivative(ExprId, ExprId),
    /// An operation on whole matrices.
    Matrix(Box<MatrixOperation>, Box<[ExprId]>),
}

impl Node {
    /// Calls `visit` on every operand, in order.
    pub fn for_each_operand(&self, mut visit: impl FnMut(ExprId)) {
        match self {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => {}
            Node::Sum(_, pairs) | Node::Product(pairs) => pairs.iter().for_each(|(id, _)| visit(*id)),
            Node::Apply(_, arguments) | Node::Matrix(_, arguments) => arguments.iter().copied().for_each(visit),
            Node::Select(c, a, b) => [*c, *a, *b].into_iter().for_each(visit),
            Node::Not(a) => visit(*a),
            Node::Compare(_, a, b) | Node::And(a, b) | Node::Or(a, b) | Node::Derivative(a, b) => {
                [*a, *b].into_iter().for_each(visit)
            }
        }
    }

    /// Returns the node with other operands, exactly as it is otherwise.
    pub fn renamed(mut self, rename: impl Fn(ExprId) -> ExprId) -> Node {
        match &mut self {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => {}
            Node::Sum(_, pairs) | Node::Product(pairs) => pairs.iter_mut().for_each(|(id, _)| *id = rename(*id)),
            Node::Apply(_, arguments) | Node::Matrix(_, arguments) => {
                arguments.iter_mut().for_each(|id| *id = rename(*id))
            }
            Node::Select(c, a, b) => [c, a, b].into_iter().for_each(|id| *id = rename(*id)),
            Node::Not(a) => *a = rename(*a),
            Node::Compare(_, a, b) | Node::And(a, b) | Node::Or(a, b) | Node::Derivative(a, b) => {
                [a, b].into_iter().for_each(|id| *id = rename(*id))
            }
        }
        self
    }

    /// Returns the function of which the node is a value.
    pub fn function(&self) -> Option<FunctionId> {
        match self {
            Node::Apply(function, _) => Some(*function),
            _ => None,
        }
    }

    /// Tells whether the node has no operands.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_))
    }
}

/// An entry of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The parameter's name.
    pub parameter: String,
    /// The entry's place in it: empty for a scalar, one index for a vector, two for a matrix; counted from 0.
    pub place: Vec<usize>,
}

/// The arena.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: IndexSet<Node, FxBuildHasher>,
    /// What the form of each node tells.
    forms: Vec<choices::Form>,
    /// Where nodes that choices make 0 are not, of those for which this was asked.
    reached: FxHashMap<ExprId, ExprId>,
    inputs: Vec<Input>,
    placeholders: Vec<ExprId>,
    /// The extents of all nodes that are not numbers.
    extents: FxHashMap<ExprId, Extents>,
    /// The running indices of all nodes that depend on some.
    indices: FxHashMap<ExprId, bound::Indices>,
    /// How many loops were opened.
    opened: usize,
    /// The parameters that are declared to be symmetric matrices.
    symmetric: FxHashSet<ExprId>,
    /// The parameters that are tensors, with the number of rows of each of their matrices.
    tensors: FxHashMap<ExprId, Dimension>,
    /// Whether these are written for their transposes.
    untransposed: bool,
    strict: bool,
    notes: IndexSet<&'static str, FxBuildHasher>,
}

impl Graph {
    /// Makes an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node exactly as it is, or finds the equal one that is already there.
    pub fn intern(&mut self, node: Node) -> ExprId {
        let (index, new) = self.nodes.insert_full(node);
        let id = ExprId(index as u32);
        if new {
            self.forms.push(self.form(&self.nodes[index]));
        }
        if new && (self.has_matrices() || !self.indices.is_empty() || matches!(self.nodes[index], Node::Matrix(..))) {
            let extents = self.infer_extents(&self.nodes[index]);
            self.set_extents(id, extents);
            if let Some(indices) = self.infer_indices(&self.nodes[index]) {
                self.indices.insert(id, indices);
            }
        }
        id
    }

    /// Tells whether any node is a vector or a matrix.
    pub fn has_matrices(&self) -> bool {
        !self.extents.is_empty()
    }

    /// Tells whether some node is a loop or a recurrence.
    pub fn has_loops(&self) -> bool {
        self.nodes.iter().any(|node| match node {
            Node::Matrix(operation, _) => operation.bound().is_some(),
            _ => false,
        })
    }

    /// Returns the extents of a node.
    pub fn extents(&self, id: ExprId) -> Extents {
        self.extents.get(&id).cloned().unwrap_or_else(Extents::scalar)
    }

    fn set_extents(&mut self, id: ExprId, extents: Extents) {
        if !extents.is_scalar() {
            self.extents.insert(id, extents);
        }
    }

    /// Declares a parameter to be a symmetric matrix.
    pub fn declare_symmetric(&mut self, id: ExprId) {
        self.symmetric.insert(id);
    }

    /// Declares that a matrix has the rows of several matrices, each of them so many.
    pub fn declare_tensor(&mut self, id: ExprId, rows: Dimension) {
        self.tensors.insert(id, rows);
    }

    /// Returns how many rows each matrix of a tensor has.
    pub fn rows_of_tensor(&self, id: ExprId) -> Option<&Dimension> {
        self.tensors.get(&id)
    }

    /// Tells whether a node is a parameter that is declared to be symmetric.
    pub fn is_declared_symmetric(&self, id: ExprId) -> bool {
        self.symmetric.contains(&id)
    }

    /// Takes symmetric parameters for any other matrices.
    pub fn forget_symmetry(&mut self) {
        self.symmetric.clear();
    }

    /// Writes symmetric parameters for their transposes from now on. Derivatives by them are formed before: their entries
    /// are independent.
    pub fn use_symmetry(&mut self) {
        self.untransposed = true;
    }

    /// Returns a node.
    pub fn node(&self, id: ExprId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Makes room for more nodes.
    pub fn reserve(&mut self, more: usize) {
        self.nodes.reserve(more);
        self.forms.reserve(more);
    }

    /// Returns the number of nodes ever made.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Iterates over the nodes that were made after so many others.
    pub fn nodes_from(&self, start: usize) -> impl Iterator<Item = ExprId> + use<> {
        (start as u32..self.nodes.len() as u32).map(ExprId)
    }

    /// Tells whether no node was made yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds an exact number.
    pub fn number(&mut self, value: Rational) -> ExprId {
        self.intern(Node::Number(value))
    }

    /// Adds an integer.
    pub fn integer(&mut self, value: i64) -> ExprId {
        self.number(Rational::integer(value))
    }

    /// Returns the exact number that a node is, if it is one.
    pub fn as_number(&self, id: ExprId) -> Option<&Rational> {
        match self.node(id) {
            Node::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Tells whether a node is the given integer.
    pub fn is_integer(&self, id: ExprId, value: i64) -> bool {
        self.as_number(id).and_then(Rational::to_integer) == Some(value)
    }

    /// Adds a new input.
    pub fn add_input(&mut self, input: Input) -> ExprId {
        self.inputs.push(input);
        self.intern(Node::Input(self.inputs.len() as u32 - 1))
    }

    /// Returns all inputs, in the order in which they were added.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Adds a placeholder that stands for a value.
    pub fn add_placeholder(&mut self, value: ExprId) -> ExprId {
        self.placeholders.push(value);
        self.intern(Node::Placeholder(self.placeholders.len() as u32 - 1))
    }

    /// Returns the value that a placeholder stands for.
    pub fn placeholder_value(&self, placeholder: u32) -> ExprId {
        self.placeholders[placeholder as usize]
    }

    /// Decides whether constructors leave the domain of every form as it is: x/x is 1 only if they need not.
    pub fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// Tells whether constructors leave the domain of every form as it is.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Notes that a rule with this name was used to bring something into canonical form.
    pub fn note(&mut self, rule: &'static str) {
        self.notes.insert(rule);
    }

    /// Takes the names of the rules noted so far, in the order in which they were first used.
    pub fn take_notes(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.notes).into_iter().collect()
    }

    /// Returns all nodes that the roots need, in order of indices: operands before uses.
    pub fn reachable(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let Some(last) = roots.iter().max() else { return Vec::new() };
        // One bit for each node that is needed. Operands come before their users, so one pass backwards finds all.
        let mut needed = vec![0_u64; last.index() / 64 + 1];
        let bit = |id: ExprId| 1_u64 << (id.index() % 64);
        roots.iter().for_each(|root| needed[root.index() / 64] |= bit(*root));
        let mut nodes = Vec::new();
        for word in (0..needed.len()).rev() {
            let mut below = u64::MAX;
            while needed[word] & below != 0 {
                let place = 63 - (needed[word] & below).leading_zeros();
                below = (1 << place) - 1;
                let id = ExprId((word * 64) as u32 + place);
                nodes.push(id);
                self.node(id).for_each_operand(|operand| needed[operand.index() / 64] |= bit(operand));
            }
        }
        nodes.reverse();
        nodes
    }

    /// Copies what the roots need from another graph with the same inputs.
    pub fn import(&mut self, source: &Graph, roots: &[ExprId]) -> Vec<ExprId> {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in source.reachable(roots) {
            let new = self.construct(source.node(id), |operand| image[&operand]);
            image.insert(id, new);
        }
        roots.iter().map(|root| image[root]).collect()
    }

    /// Counts how often each reachable node is used as an operand or as a root.
    pub fn uses(&self, roots: &[ExprId]) -> NodeMap<u32> {
        self.uses_among(&self.reachable(roots), roots)
    }

    /// As [`Graph::uses`], given the nodes that are reachable.
    pub fn uses_among(&self, nodes: &[ExprId], roots: &[ExprId]) -> NodeMap<u32> {
        let mut uses = NodeMap::new(nodes);
        for id in nodes {
            self.node(*id).for_each_operand(|operand| uses.count(operand));
        }
        roots.iter().for_each(|root| uses.count(*root));
        uses
    }

    /// Rebuilds everything that the roots need with the constructors, putting `replace(id)` in place of each node for
    /// which it is given.
    pub fn rebuild(
        &mut self,
        roots: &[ExprId],
        mut replace: impl FnMut(&mut Graph, ExprId, &NodeMap<ExprId>) -> Option<ExprId>,
    ) -> Vec<ExprId> {
        let nodes = self.reachable(roots);
        let mut image = NodeMap::new(&nodes);
        for id in nodes {
            let new = match replace(self, id, &image) {
                Some(new) => new,
                None => {
                    let node = self.node(id).clone();
                    self.construct(&node, |operand| image[operand])
                }
            };
            image.insert(id, new);
        }
        roots.iter().map(|root| image[*root]).collect()
    }
}
