//! Derivatives of functions that fall as exponentials of exponentials do, such as `exp(-exp(x))`: they are products with the
//! inner exponential, which overflows where the outer one has long been 0.

use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Factor, Graph, Node, Rational};
use indexmap::IndexMap;
use rustc_hash::FxHashSet;

/// Functions that overflow.
const GROWING: &[FunctionId] =
    &[rows::COSH, rows::EXP, rows::EXP_M1, rows::EXPREL, rows::EXPREL_DERIVATIVE, rows::SINH];

/// Functions that are never 0, but fall as exponentials do.
const FALLING: &[FunctionId] = &[rows::BERNOULLI, rows::BERNOULLI_DERIVATIVE, rows::EXP, rows::SIGMOID];

/// Makes products 0 where a factor that falls as a double exponential has underflown, whatever the others are. Tells whether
/// there are any.
pub fn zero_where_underflown(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, bool) {
    let mut grows = Growing::default();
    let mut falling: IndexMap<ExprId, Vec<ExprId>> = IndexMap::new();
    for id in graph.reachable(roots) {
        let Node::Product(factors) = graph.node(id).clone() else { continue };
        let mut is_zero_early = |(base, exponent): &&Factor| {
            let inner = double_exponential(graph, &mut grows, *base).filter(|_| exponent.is_one());
            inner.is_some_and(|inner| {
                let others = factors.iter().filter(|(other, own)| other != base && !own.is_negative());
                others.map(|(other, _)| grows.arguments(graph, *other)).any(|own| !own.is_disjoint(&inner))
            })
        };
        let own: Vec<ExprId> = factors.iter().filter(&mut is_zero_early).map(|(base, _)| *base).collect();
        if !own.is_empty() {
            falling.insert(id, own);
        }
    }
    if falling.is_empty() {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| {
        let own = falling.get(&id)?;
        let node = graph.node(id).clone();
        let product = graph.construct(&node, |operand| image[operand]);
        let zero = graph.number(Rational::ZERO);
        let is_zero = |graph: &mut Graph, id: &ExprId| graph.compare(Comparison::Equal, image[*id], zero);
        let (first, others) = own.split_first()?;
        let mut vanishes = is_zero(graph, first);
        for other in others {
            let other = is_zero(graph, other);
            vanishes = graph.intern(Node::Or(vanishes, other));
        }
        Some(graph.select(vanishes, zero, product))
    });
    (new, true)
}

/// Returns what the growing functions inside a falling one are taken of.
fn double_exponential(graph: &Graph, grows: &mut Growing, id: ExprId) -> Option<FxHashSet<ExprId>> {
    match graph.node(id) {
        Node::Apply(function, arguments) if FALLING.contains(function) => {
            let argument = *arguments.last()?;
            let inner = grows.arguments(graph, argument);
            let falls = !inner.is_empty() && (*function != rows::EXP || is_lowered(graph, grows, argument));
            falls.then_some(inner)
        }
        _ => None,
    }
}

/// Tells whether a growing function is subtracted.
fn is_lowered(graph: &Graph, grows: &mut Growing, id: ExprId) -> bool {
    match graph.node(id) {
        Node::Sum(_, terms) => terms.iter().any(|(term, coefficient)| {
            coefficient.is_negative() && !grows.arguments(graph, *term).is_empty() || is_lowered(graph, grows, *term)
        }),
        Node::Product(factors) => factors.iter().any(|(base, _)| is_lowered(graph, grows, *base)),
        _ => false,
    }
}

/// What the growing functions in each expression are taken of, up to their sign and scale.
#[derive(Default)]
struct Growing {
    known: IndexMap<ExprId, FxHashSet<ExprId>>,
}

impl Growing {
    fn arguments(&mut self, graph: &Graph, id: ExprId) -> FxHashSet<ExprId> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let nodes = graph.reachable(&[id]).into_iter();
        let arguments = nodes.filter_map(|id| match graph.node(id) {
            Node::Apply(function, arguments) if GROWING.contains(function) => {
                arguments.last().map(|argument| graph.as_multiple(*argument).1)
            }
            _ => None,
        });
        let arguments: FxHashSet<ExprId> = arguments.collect();
        self.known.insert(id, arguments.clone());
        arguments
    }
}
