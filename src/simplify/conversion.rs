//! From the graph to the e-graph, and back.

use super::language::{Classes, Math, Polynomial, add_polynomial, monomial};
use crate::graph::{ExprId, Graph, Node, Rational};
use egg::Id;
use rustc_hash::FxHashMap;

/// Adds nodes of a graph to the e-graph, operands before uses.
pub fn insert(classes: &mut Classes, graph: &Graph, nodes: &[ExprId]) -> FxHashMap<ExprId, Id> {
    let mut image: FxHashMap<ExprId, Id> = FxHashMap::default();
    for id in nodes {
        let class = insert_node(classes, graph, *id, |operand| image[&operand]);
        image.insert(*id, class);
    }
    image
}

fn insert_node(classes: &mut Classes, graph: &Graph, id: ExprId, operand: impl Fn(ExprId) -> Id) -> Id {
    match graph.node(id) {
        // Opaque, and unlike every other leaf.
        Node::Matrix(..) => classes.add(Math::Leaf(u32::MAX - id.index() as u32)),
        Node::Number(value) => classes.add(Math::Number(value.clone())),
        Node::Pi => classes.add(Math::Pi),
        Node::Input(index) | Node::Placeholder(index) => classes.add(Math::Leaf(*index)),
        Node::Sum(constant, terms) => {
            let mut view = Polynomial { constant: constant.clone(), terms: Vec::new() };
            for (id, coefficient) in terms {
                let mut term = monomial(classes, operand(*id));
                term.coefficient = term.coefficient.multiply(coefficient);
                view.terms.push(term);
            }
            add_polynomial(classes, &view)
        }
        Node::Product(factors) => {
            let mut children = Vec::new();
            for (base, exponent) in factors.iter() {
                let base = operand(*base);
                children.push(if exponent.is_one() {
                    base
                } else {
                    classes.add(Math::Power(exponent.clone(), [base]))
                });
            }
            if let [only] = children.as_slice() {
                return *only;
            }
            children.sort_unstable();
            classes.add(Math::Product(children.into()))
        }
        Node::Apply(function, arguments) => {
            let children = arguments.iter().map(|argument| operand(*argument)).collect();
            classes.add(Math::Apply(*function, children))
        }
        Node::Select(c, a, b) => classes.add(Math::Select([operand(*c), operand(*a), operand(*b)])),
        Node::Compare(comparison, a, b) => classes.add(Math::Compare(*comparison, [operand(*a), operand(*b)])),
        Node::And(a, b) | Node::Derivative(a, b) => classes.add(Math::And([operand(*a), operand(*b)])),
        Node::Or(a, b) => classes.add(Math::Or([operand(*a), operand(*b)])),
        Node::Not(a) => classes.add(Math::Not([operand(*a)])),
    }
}

/// Makes the graph node of an e-graph node whose children are already in the graph.
pub fn extract_node(
    graph: &mut Graph,
    node: &Math,
    leaf: impl Fn(u32) -> ExprId,
    child: impl Fn(Id) -> ExprId,
) -> ExprId {
    match node {
        Math::Number(value) => graph.number(value.clone()),
        Math::Pi => graph.intern(Node::Pi),
        Math::Leaf(index) => leaf(*index),
        Math::Sum(children) => {
            let terms = children.iter().map(|id| (child(*id), Rational::ONE)).collect();
            graph.sum(Rational::ZERO, terms)
        }
        Math::Product(children) => {
            let factors = children.iter().map(|id| (child(*id), Rational::ONE)).collect();
            graph.product(Rational::ONE, factors)
        }
        Math::Power(exponent, [base]) => graph.product(Rational::ONE, vec![(child(*base), exponent.clone())]),
        Math::Apply(function, arguments) => {
            let arguments: Vec<ExprId> = arguments.iter().map(|id| child(*id)).collect();
            graph.apply(*function, &arguments)
        }
        Math::Select([c, a, b]) => graph.select(child(*c), child(*a), child(*b)),
        Math::Compare(comparison, [a, b]) => graph.compare(*comparison, child(*a), child(*b)),
        Math::And([a, b]) => graph.intern(Node::And(child(*a), child(*b))),
        Math::Or([a, b]) => graph.intern(Node::Or(child(*a), child(*b))),
        Math::Not([a]) => graph.intern(Node::Not(child(*a))),
    }
}
