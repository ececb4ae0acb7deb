//! Loops in a plan: what is computed for each value of an index, and where it is added to.
//!
//! Loops over the same range are one, as far as none of them waits for another (Kennedy and McKinley, Maximizing Loop
//! Parallelism and Improving Data Locality via Loop Fusion and Distribution, 1993).

use super::checkpoints::Recomputed;
use super::plan::{Computation, Plan, Step, plan_inside};
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational, Term};
use rustc_hash::{FxHashMap, FxHashSet};

/// A loop that computes sums over the values of its index.
#[derive(Clone, Debug)]
pub struct Looped {
    /// The index and its range.
    pub bound: Bound,
    /// The sums.
    pub outputs: Vec<Accumulated>,
    /// What is computed for each value of the index.
    pub plan: Plan,
    /// What is computed before and read in the loop.
    pub operands: Vec<ExprId>,
    /// The recurrences whose states are computed once more on the way, if it goes back through their steps.
    pub recomputed: Vec<Recomputed>,
}

/// A number or a matrix that a loop adds to.
#[derive(Clone, Debug)]
pub struct Accumulated {
    /// The node.
    pub id: ExprId,
    /// Its rows and columns.
    pub extents: Extents,
    /// What is added for each value of the index.
    pub parts: Vec<Part>,
    /// What the sum itself is added to, and what it is multiplied by then: outputs of the loops around. If there is nothing,
    /// it is a value of its own.
    pub into: Vec<(ExprId, Rational)>,
    /// Whether loops inside of this one add to it, too.
    pub is_shared: bool,
}

/// What the loops inside of a loop are added to.
pub(super) type Into = FxHashMap<ExprId, Vec<(ExprId, Rational)>>;

/// What a loop adds to a matrix for each value of its index.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is multiplied by.
    pub coefficient: Rational,
    /// The node.
    pub value: ExprId,
    /// Its extents.
    pub extents: Extents,
    /// The row and the column where it begins.
    pub place: [Place; 2],
}

/// Where something is in a matrix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// There.
    At(Dimension),
    /// Where this number from data says.
    From(ExprId),
}

impl Looped {
    /// Makes the loop for one node.
    pub(super) fn new(graph: &Graph, bound: &Bound, ids: &[(ExprId, Vec<(ExprId, Rational)>)]) -> Looped {
        let mut inner = Into::default();
        let outputs = ids.iter().filter_map(|(id, into)| {
            let (bound, body) = graph.as_loop(*id)?;
            Some(accumulated(graph, *id, (bound.name(), body), into, &mut inner))
        });
        let mut outputs: Vec<Accumulated> = outputs.collect();
        let values = values_added(&mut outputs, &inner);
        let free = ids.iter().filter_map(|(id, _)| graph.free_indices(*id)).flatten().cloned().collect();
        let operands = graph.frontier_of(&values, Some(&free));
        let outside: FxHashSet<ExprId> = operands.iter().copied().collect();
        let plan = plan_inside(graph, &values, &outside, &inner);
        Looped { bound: bound.clone(), outputs, plan, operands, recomputed: Vec::new() }
    }
}

/// Lists what is computed for each value of the index, and marks what loops inside add to, too.
pub(super) fn values_added(outputs: &mut [Accumulated], inner: &Into) -> Vec<ExprId> {
    let added_to: FxHashSet<ExprId> = inner.values().flatten().map(|(target, _)| *target).collect();
    outputs.iter_mut().for_each(|output| output.is_shared = added_to.contains(&output.id));
    // Places are whole numbers, which are not computed with.
    let parts = outputs.iter().flat_map(|output| &output.parts).map(|part| part.value);
    let mut values: Vec<ExprId> = parts.chain(inner.keys().copied()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Reads what a body adds to a node for each value of an index. Loops inside of it that make matrices of their own add to
/// what it adds to.
pub(super) fn accumulated(
    graph: &Graph,
    id: ExprId,
    (index, body): (&str, ExprId),
    into: &[(ExprId, Rational)],
    inner: &mut Into,
) -> Accumulated {
    let extents = graph.extents(id);
    let is_split = |terms: &[Term]| terms.iter().all(|(term, _)| graph.extents(*term) == extents);
    let terms = match graph.node(body) {
        Node::Sum(constant, terms) if constant.is_zero() && !extents.is_scalar() && is_split(terms) => terms.to_vec(),
        _ => vec![(body, Rational::ONE)],
    };
    // One that does not depend on the index is computed before.
    let is_inner = |term: ExprId| graph.as_loop(term).is_some() && graph.depends_on(term, index);
    let (loops, terms): (Vec<Term>, Vec<Term>) =
        terms.into_iter().partition(|(term, _)| !extents.is_scalar() && is_inner(*term));
    let own = [(id, Rational::ONE)];
    for (nested, coefficient) in loops {
        let targets = if into.is_empty() { &own } else { into };
        let scaled = targets.iter().map(|(target, k)| (*target, k.multiply(&coefficient)));
        inner.entry(nested).or_default().extend(scaled);
    }
    let none = Dimension::number(0);
    let part = |(term, coefficient): (ExprId, Rational)| match graph.as_matrix(term) {
        Some((M::Embed(row, column, _), [value])) => {
            let place = [row.clone(), column.clone()].map(Place::At);
            Part { coefficient, value: *value, extents: graph.extents(*value), place }
        }
        Some((M::Scatter(places, _), [value, given @ ..])) => {
            let mut given = given.iter();
            let place = places.clone().map(|place| match (place, &mut given) {
                (Some(place), _) => Place::At(place),
                (None, given) => Place::From(given.next().copied().unwrap_or(*value)),
            });
            Part { coefficient, value: *value, extents: graph.extents(*value), place }
        }
        _ => {
            let place = [none.clone(), none.clone()].map(Place::At);
            Part { coefficient, value: term, extents: graph.extents(term), place }
        }
    };
    Accumulated { id, extents, parts: terms.into_iter().map(part).collect(), into: into.to_vec(), is_shared: false }
}

/// Brings loops over the same range together that don't wait for each other.
pub(super) fn loops_fused(graph: &Graph, steps: Vec<Step>) -> Vec<Step> {
    if !steps.iter().any(|step| matches!(step.computation, Computation::Loop(_))) {
        return steps;
    }
    // How many loops wait for one another up to each step.
    let mut levels: FxHashMap<ExprId, usize> = FxHashMap::default();
    let mut loops: FxHashSet<ExprId> = FxHashSet::default();
    let mut leveled: Vec<(usize, bool, Step)> = Vec::new();
    for step in steps {
        let after = |id: &ExprId| levels.get(id).copied().unwrap_or(0) + usize::from(loops.contains(id));
        let level = step.operands().iter().map(after).max().unwrap_or(0);
        let is_loop = matches!(step.computation, Computation::Loop(_));
        levels.extend(step.results().into_iter().map(|id| (id, level)));
        loops.extend(is_loop.then_some(step.id));
        leveled.push((level, is_loop, step));
    }
    leveled.sort_by_key(|(level, is_loop, _)| (*level, *is_loop));
    let mut fused: Vec<(usize, Step)> = Vec::new();
    for (level, _, step) in leveled {
        let same = |(own, other): &&mut (usize, Step)| match (&other.computation, &step.computation) {
            (Computation::Loop(a), Computation::Loop(b)) => {
                let alike = graph.free_indices(other.id) == graph.free_indices(step.id);
                *own == level && a.bound == b.bound && alike
            }
            _ => false,
        };
        match fused.iter_mut().find(same) {
            Some((_, first)) => {
                if let Computation::Loop(looped) = &mut first.computation {
                    let Computation::Loop(other) = &step.computation else { continue };
                    let outputs = looped.outputs.iter().chain(&other.outputs);
                    let ids: Vec<_> = outputs.map(|output| (output.id, output.into.clone())).collect();
                    **looped = Looped::new(graph, &looped.bound.clone(), &ids);
                }
            }
            None => fused.push((level, step)),
        }
    }
    fused.into_iter().map(|(_, step)| step).collect()
}
