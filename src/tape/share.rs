//! Shares parts of sums and products: a pair of operands that stands in several of them becomes a node of its own.
//!
//! The most frequent pair goes first, and pairs may hold pairs (Breuer, Generation of optimal code for expressions via
//! factorization, 1969). Sums and products are combined in whatever order this gives.

use crate::graph::{ExprId, Graph, Node, NodeMap, Rational};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Sums and products of more operands are left alone.
const WIDEST: usize = 16;

/// How two operands of a sum or product stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Kind {
    /// `a + b`, or a multiple of it.
    Sum,
    /// `a - b`, or a multiple of it.
    Difference,
    /// `a·b`.
    Product,
    /// `a/b`.
    Quotient,
    /// `1/(a·b)`.
    Reciprocal,
}

/// Two operands, the first of a quotient above the line.
type Pair = (Kind, ExprId, ExprId);

/// A sum or product that is being rewritten.
struct Gate {
    id: ExprId,
    is_sum: bool,
    constant: Rational,
    operands: Vec<(ExprId, Rational)>,
}

impl Gate {
    /// Reads a gate; the sign of a product becomes a factor of it.
    fn new(graph: &Graph, minus_one: ExprId, id: ExprId) -> Option<Gate> {
        if let Some(product) = negated(graph, id)
            && let Node::Product(factors) = graph.node(product)
            && factors.len() < WIDEST
        {
            let operands = factors.iter().cloned().chain([(minus_one, Rational::ONE)]).collect();
            return Some(Gate { id, is_sum: false, constant: Rational::ONE, operands });
        }
        let (is_sum, constant, operands) = match graph.node(id) {
            Node::Sum(constant, terms) => (true, constant.clone(), terms.to_vec()),
            Node::Product(factors) => (false, Rational::ONE, factors.to_vec()),
            _ => return None,
        };
        (2..=WIDEST).contains(&operands.len()).then_some(Gate { id, is_sum, constant, operands })
    }

    /// Returns the pair that two operands form, if they may be combined.
    fn pair(&self, at: usize, other: usize) -> Option<Pair> {
        let ((a, first), (b, second)) = (&self.operands[at], &self.operands[other]);
        let (a, b, first, second) = if a < b { (*a, *b, first, second) } else { (*b, *a, second, first) };
        if self.is_sum {
            return match () {
                () if first == second => Some((Kind::Sum, a, b)),
                () if *first == second.negate() => Some((Kind::Difference, a, b)),
                () => None,
            };
        }
        // A graph that keeps its domain keeps powers of 0.
        if !first.is_integer() || !second.is_integer() || first.is_zero() || second.is_zero() {
            return None;
        }
        Some(match (first.is_negative(), second.is_negative()) {
            (false, false) => (Kind::Product, a, b),
            (false, true) => (Kind::Quotient, a, b),
            (true, false) => (Kind::Quotient, b, a),
            (true, true) => (Kind::Reciprocal, a, b),
        })
    }

    fn pairs(&self) -> impl Iterator<Item = Pair> {
        let count = self.operands.len();
        (0..count).flat_map(move |at| (0..at).filter_map(move |other| self.pair(at, other)))
    }

    /// Finds the operands of a pair.
    fn places(&self, pair: &Pair) -> Option<(usize, usize)> {
        let place = |id: ExprId| self.operands.iter().position(|(operand, _)| *operand == id);
        let (first, second) = (place(pair.1)?, place(pair.2)?);
        (self.pair(first, second).as_ref() == Some(pair)).then_some((first, second))
    }

    /// Puts a node in place of a pair, and returns the pairs that it forms with the other operands.
    fn replace(&mut self, pair: &Pair, node: ExprId) -> Vec<Pair> {
        let Some((first, second)) = self.places(pair) else { return Vec::new() };
        let (a, b) = (self.operands[first].1.clone(), self.operands[second].1.clone());
        let weight = if self.is_sum {
            self.operands[first].1 = Rational::ZERO;
            self.operands[second].1 = Rational::ZERO;
            a
        } else {
            let times = a.abs().min(b.abs());
            let rest = |exponent: &Rational| match exponent.is_negative() {
                true => exponent.add(&times),
                false => exponent.add(&times.negate()),
            };
            self.operands[first].1 = rest(&a);
            self.operands[second].1 = rest(&b);
            times
        };
        self.operands.retain(|(_, weight)| !weight.is_zero());
        // The node may be an operand already.
        let at = self.operands.iter().position(|(operand, _)| *operand == node).unwrap_or_else(|| {
            self.operands.push((node, Rational::ZERO));
            self.operands.len() - 1
        });
        self.operands[at].1 = self.operands[at].1.add(&weight);
        let others = (0..self.operands.len()).filter(|other| *other != at);
        others.filter_map(|other| self.pair(at, other)).collect()
    }
}

/// Returns roots with the same values in which pairs of operands are shared; with signs, also negative operands.
pub fn share(graph: &mut Graph, roots: &[ExprId], with_signs: bool) -> Vec<ExprId> {
    let nodes = graph.reachable(roots);
    let uses = graph.uses_among(&nodes, roots);
    let minus_one = graph.number(Rational::MINUS_ONE);
    // A product that is used with a sign only is no gate beside its negation.
    let inner = nodes.iter().filter_map(|id| negated(graph, *id)).filter(|id| with_signs && uses[*id] == 1);
    let inner: FxHashSet<ExprId> = inner.collect();
    let gate = |id: &ExprId| match negated(graph, *id) {
        Some(product) if !inner.contains(&product) => None,
        _ if inner.contains(id) => None,
        _ => Gate::new(graph, minus_one, *id),
    };
    let mut gates: Vec<Gate> = nodes.iter().filter_map(gate).collect();
    let pairs = gates.iter().enumerate().flat_map(|(at, gate)| gate.pairs().map(move |pair| (pair, at as u32)));
    let mut pairs: Vec<(Pair, u32)> = pairs.collect();
    pairs.sort_unstable();
    let mut users: FxHashMap<Pair, Vec<u32>> = FxHashMap::default();
    let mut queue: BinaryHeap<(usize, Reverse<Pair>)> = BinaryHeap::new();
    for group in pairs.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        users.insert(group[0].0, group.iter().map(|(_, user)| *user).collect());
        queue.push((group.len(), Reverse(group[0].0)));
    }
    if queue.is_empty() {
        return roots.to_vec();
    }
    while let Some((count, Reverse(pair))) = queue.pop() {
        let mut own = users.remove(&pair).unwrap_or_default();
        own.retain(|user| gates[*user as usize].places(&pair).is_some());
        own.dedup();
        if own.len() < count {
            if own.len() > 1 {
                queue.push((own.len(), Reverse(pair)));
                users.insert(pair, own);
            }
            continue;
        }
        let node = combine(graph, &pair, minus_one);
        // A gate may be the pair itself.
        own.retain(|user| gates[*user as usize].id != node);
        for user in own {
            for next in gates[user as usize].replace(&pair, node) {
                let others = users.entry(next).or_insert_with(|| {
                    // The node may have been an operand of one gate from the start.
                    let first = pairs.partition_point(|(pair, _)| *pair < next);
                    pairs[first..].iter().take_while(|(pair, _)| *pair == next).map(|(_, user)| *user).collect()
                });
                others.push(user);
                if others.len() > 1 {
                    queue.push((others.len(), Reverse(next)));
                }
            }
        }
    }
    rebuild(graph, gates, &nodes, roots, minus_one)
}

/// Returns the product that a node is the negative of.
fn negated(graph: &Graph, id: ExprId) -> Option<ExprId> {
    match graph.node(id) {
        Node::Sum(constant, terms) if constant.is_zero() => match &**terms {
            [(product, sign)] if sign.is_minus_one() => {
                matches!(graph.node(*product), Node::Product(_)).then_some(*product)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Makes the negative of a node.
fn negative(graph: &mut Graph, id: ExprId) -> ExprId {
    graph.intern(Node::Sum(Rational::ZERO, [(id, Rational::MINUS_ONE)].into()))
}

/// Makes the node of a pair.
fn combine(graph: &mut Graph, pair: &Pair, minus_one: ExprId) -> ExprId {
    let one = || Rational::ONE;
    let less = || Rational::MINUS_ONE;
    let (kind, a, b) = *pair;
    match kind {
        Kind::Sum => graph.intern(Node::Sum(Rational::ZERO, [(a, one()), (b, one())].into())),
        Kind::Difference => graph.intern(Node::Sum(Rational::ZERO, [(a, one()), (b, less())].into())),
        Kind::Product if a == minus_one => negative(graph, b),
        Kind::Product if b == minus_one => negative(graph, a),
        Kind::Product => graph.intern(Node::Product([(a, one()), (b, one())].into())),
        Kind::Quotient if a == minus_one => {
            let reciprocal = graph.intern(Node::Product([(b, less())].into()));
            negative(graph, reciprocal)
        }
        Kind::Quotient => graph.intern(Node::Product([(a, one()), (b, less())].into())),
        Kind::Reciprocal => graph.intern(Node::Product([(a, less()), (b, less())].into())),
    }
}

/// Builds everything anew, operands before uses: a new pair stands behind the gates that use it.
fn rebuild(graph: &mut Graph, gates: Vec<Gate>, nodes: &[ExprId], roots: &[ExprId], minus_one: ExprId) -> Vec<ExprId> {
    let mut changed = NodeMap::new(nodes);
    for mut gate in gates {
        let sign = gate.operands.iter().position(|(operand, _)| *operand == minus_one).filter(|_| !gate.is_sum);
        let node = match sign {
            _ if gate.is_sum => Node::Sum(gate.constant, gate.operands.into()),
            None => Node::Product(gate.operands.into()),
            Some(at) => {
                gate.operands.remove(at);
                let product = graph.intern(Node::Product(gate.operands.into()));
                Node::Sum(Rational::ZERO, [(product, Rational::MINUS_ONE)].into())
            }
        };
        changed.insert(gate.id, node);
    }
    let mut image: NodeMap<ExprId> = NodeMap::new(nodes);
    let mut stack: Vec<ExprId> = roots.iter().rev().copied().collect();
    while let Some(&id) = stack.last() {
        if image.contains(id) {
            stack.pop();
            continue;
        }
        let node = changed.get(id).unwrap_or_else(|| graph.node(id));
        let before = stack.len();
        node.for_each_operand(|operand| {
            if !image.contains(operand) {
                stack.push(operand);
            }
        });
        if stack.len() > before {
            continue;
        }
        stack.pop();
        let new = graph.intern(node.clone().renamed(|operand| image[operand]));
        image.insert(id, new);
    }
    roots.iter().map(|root| image[*root]).collect()
}
