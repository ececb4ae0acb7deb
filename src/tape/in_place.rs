//! Parts of a matrix where they belong: what a loop makes only to be a part of another matrix is written there at once, and
//! loops over the same range that write parts of one matrix are one.

use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational, Term};
use rustc_hash::{FxHashMap, FxHashSet};

/// Writes what loops make to where it belongs.
pub fn in_place(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let nodes = graph.reachable(roots);
    let mut users: FxHashMap<ExprId, usize> = FxHashMap::default();
    let mut used = |id: ExprId| *users.entry(id).or_default() += 1;
    nodes.iter().for_each(|id| graph.node(*id).for_each_operand(&mut used));
    roots.iter().copied().for_each(used);
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut once: FxHashSet<ExprId> = FxHashSet::default();
    for id in nodes {
        let node = graph.node(id).clone();
        let mut same = true;
        node.for_each_operand(|operand| same &= !image.contains_key(&operand));
        let new = match same {
            true => id,
            false => graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand))),
        };
        let new = rewritten(graph, new, &mut once).unwrap_or(new);
        if new != id {
            image.insert(id, new);
        }
        once.extend((users.get(&id) == Some(&1)).then_some(new));
    }
    roots.iter().map(|root| image.get(root).copied().unwrap_or(*root)).collect()
}

/// Writes one node with loops in their places; none if there are no such.
fn rewritten(graph: &mut Graph, id: ExprId, once: &mut FxHashSet<ExprId>) -> Option<ExprId> {
    let is_moved =
        |graph: &Graph, once: &FxHashSet<ExprId>, part: ExprId| once.contains(&part) && has_loop(graph, part, once);
    match graph.node(id).clone() {
        Node::Sum(constant, terms) => merged(graph, constant, &terms, once),
        Node::Matrix(operation, operands) => match (&*operation, &operands[..]) {
            (M::Embed(row, column, whole), [part]) if is_moved(graph, once, *part) => {
                moved(graph, *part, &Move { to: [row, column], whole, is_turned: false }, once)
            }
            (M::Stack | M::Join, parts)
                if parts.iter().all(|part| graph.is_zero(*part) || is_moved(graph, once, *part))
                    && parts.iter().any(|part| !graph.is_zero(*part)) =>
            {
                let whole = graph.extents(id);
                let mut to = [Dimension::number(0), Dimension::number(0)];
                let mut terms = Vec::new();
                for part in parts {
                    let extents = graph.extents(*part);
                    let [row, column] = &to;
                    if !graph.is_zero(*part) {
                        let own = Move { to: [row, column], whole: &whole, is_turned: false };
                        terms.push((moved(graph, *part, &own, once)?, Rational::ONE));
                    }
                    match &*operation {
                        M::Stack => to[0] = to[0].plus(&extents.rows, 1),
                        _ => to[1] = to[1].plus(&extents.columns, 1),
                    }
                }
                merged(graph, Rational::ZERO, &terms, once).or_else(|| Some(graph.sum(Rational::ZERO, terms)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Makes one loop of those in a sum that have the same range.
fn merged(graph: &mut Graph, constant: Rational, terms: &[Term], once: &mut FxHashSet<ExprId>) -> Option<ExprId> {
    let mut merged: Vec<Term> = Vec::new();
    for (term, coefficient) in terms {
        let own = graph.as_loop(*term).map(|(bound, body)| (bound.clone(), body));
        let own = own.filter(|(_, body)| once.contains(term) && is_of_parts(graph, *body, once));
        let Some((bound, body)) = own else {
            merged.push((*term, coefficient.clone()));
            continue;
        };
        let same = merged.iter().position(|(other, _)| {
            once.contains(other) && graph.as_loop(*other).is_some_and(|(of_other, _)| *of_other == bound)
        });
        match same.and_then(|at| Some((at, graph.as_loop(merged[at].0)?.1))) {
            Some((at, other)) if is_of_parts(graph, other, once) => {
                let scale = merged[at].1.clone();
                let both = graph.sum(Rational::ZERO, vec![(other, scale), (body, coefficient.clone())]);
                let both = graph.matrix(M::Loop(bound), &[both]);
                once.insert(both);
                merged[at] = (both, Rational::ONE);
            }
            _ => merged.push((*term, coefficient.clone())),
        }
    }
    (merged.len() < terms.len()).then(|| graph.sum(constant, merged))
}

/// Tells whether a matrix is made by loops, part by part.
fn has_loop(graph: &Graph, id: ExprId, once: &FxHashSet<ExprId>) -> bool {
    let loops = |id: ExprId| graph.as_loop(id).is_some_and(|(_, body)| is_of_parts(graph, body, once));
    match (graph.node(id), graph.as_transpose(id)) {
        (_, Some(inner)) => once.contains(&inner) && has_loop(graph, inner, once),
        (Node::Sum(constant, terms), _) => {
            constant.is_zero() && terms.iter().all(|(term, _)| once.contains(term) && loops(*term))
        }
        _ => loops(id),
    }
}

/// Tells whether each value of an index makes parts of a matrix.
fn is_of_parts(graph: &Graph, id: ExprId, once: &FxHashSet<ExprId>) -> bool {
    match graph.node(id) {
        Node::Matrix(operation, operands) => match &**operation {
            M::Embed(..) | M::Scatter(..) => true,
            M::Loop(_) => once.contains(&id) && is_of_parts(graph, operands[0], once),
            _ => false,
        },
        Node::Sum(constant, terms) => {
            let extents = graph.extents(id);
            let is_part = |term: ExprId| graph.extents(term) == extents && is_of_parts(graph, term, once);
            constant.is_zero() && !extents.is_scalar() && terms.iter().all(|(term, _)| is_part(*term))
        }
        _ => false,
    }
}

/// Where a matrix is put.
struct Move<'m> {
    /// The row and the column where it begins.
    to: [&'m Dimension; 2],
    /// The extents of the matrix that it is a part of.
    whole: &'m Extents,
    /// Whether its transpose is.
    is_turned: bool,
}

/// Puts a matrix that loops make into a larger one; none if a loop is done fewer times than what it is put into.
fn moved(graph: &mut Graph, id: ExprId, by: &Move<'_>, once: &mut FxHashSet<ExprId>) -> Option<ExprId> {
    if let Some(inner) = graph.as_transpose(id) {
        return moved(graph, inner, &Move { is_turned: !by.is_turned, ..*by }, once);
    }
    let turned = |pair: [Dimension; 2]| match (by.is_turned, pair) {
        (true, [row, column]) => [column, row],
        (false, pair) => pair,
    };
    match graph.node(id).clone() {
        Node::Sum(_, terms) => {
            let terms = terms.iter().map(|(term, k)| Some((moved(graph, *term, by, once)?, k.clone())));
            let terms = terms.collect::<Option<Vec<Term>>>()?;
            Some(graph.sum(Rational::ZERO, terms))
        }
        Node::Matrix(operation, operands) => match &*operation {
            M::Loop(bound) => {
                let runs = |name: &str| !Dimension::is_name_running(name) || graph.depends_on(id, name);
                if !by.to.iter().flat_map(|place| place.names()).all(runs) {
                    return None;
                }
                let body = moved(graph, operands[0], by, once)?;
                let moved = graph.matrix(M::Loop(bound.clone()), &[body]);
                once.insert(moved);
                Some(moved)
            }
            M::Embed(row, column, _) => {
                let [row, column] = turned([row.clone(), column.clone()]);
                let part = if by.is_turned { graph.transpose(operands[0]) } else { operands[0] };
                Some(graph.embed(part, row.plus(by.to[0], 1), column.plus(by.to[1], 1), by.whole.clone()))
            }
            M::Scatter(places, _) if !by.is_turned => {
                let mut operands = operands.to_vec();
                let mut given = 1;
                let mut places = places.clone();
                for (place, offset) in places.iter_mut().zip(by.to) {
                    match place {
                        Some(place) => *place = place.plus(offset, 1),
                        None => {
                            let offset = graph.construct_matrix(&M::Size(offset.clone()), &[]);
                            let from_data = vec![(operands[given], Rational::ONE), (offset, Rational::ONE)];
                            operands[given] = graph.sum(Rational::ZERO, from_data);
                            given += 1;
                        }
                    }
                }
                Some(graph.construct_matrix(&M::Scatter(places, by.whole.clone()), &operands))
            }
            _ => None,
        },
        _ => None,
    }
}
