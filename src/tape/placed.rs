//! Numbers in their places: where a sum has many matrices of zeros around one number each, as a derivative has by a matrix
//! whose entries are read one by one, they are one matrix that these numbers fill.

use super::written_out::assembled;
use crate::graph::{Dimension, ExprId, Graph, MatrixOperation as M, Node, Rational, Term};
use rustc_hash::FxHashMap;

/// Fewest numbers that become one matrix.
const FEWEST: usize = 8;

/// Most entries of a matrix that numbers fill.
const MOST_ENTRIES: usize = 4096;

/// Writes numbers in places of zeros, which are added, as one matrix.
pub fn placed(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in graph.reachable(roots) {
        let node = graph.node(id).clone();
        let mut same = true;
        node.for_each_operand(|operand| same &= !image.contains_key(&operand));
        let new = match same {
            true => id,
            false => graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand))),
        };
        let new = filled(graph, new).unwrap_or(new);
        if new != id {
            image.insert(id, new);
        }
    }
    roots.iter().map(|root| image.get(root).copied().unwrap_or(*root)).collect()
}

/// Writes a sum with one matrix for all numbers in places; none if it has few.
fn filled(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return None };
    let extents = graph.extents(id);
    let [rows, columns] = [&extents.rows, &extents.columns].map(Dimension::as_number);
    let [rows, columns] = [usize::try_from(rows?).ok()?, usize::try_from(columns?).ok()?];
    let place = |graph: &Graph, term: ExprId| match graph.as_matrix(term) {
        Some((M::Embed(row, column, _), [number])) if graph.extents(*number).is_scalar() => {
            let at = usize::try_from(row.as_number()?).ok()? * columns + usize::try_from(column.as_number()?).ok()?;
            Some((at, *number))
        }
        _ => None,
    };
    let mut entries: FxHashMap<usize, Vec<Term>> = FxHashMap::default();
    let mut rest: Vec<Term> = Vec::new();
    for (term, coefficient) in terms.iter() {
        match place(graph, *term) {
            Some((at, number)) => entries.entry(at).or_default().push((number, coefficient.clone())),
            None => rest.push((*term, coefficient.clone())),
        }
    }
    let count = terms.len() - rest.len();
    if count < FEWEST || 4 * count < rows * columns || rows * columns > MOST_ENTRIES {
        return None;
    }
    let numbers: Vec<ExprId> =
        (0..rows * columns).map(|at| graph.sum(Rational::ZERO, entries.remove(&at).unwrap_or_default())).collect();
    let matrix = assembled(graph, &numbers, &extents);
    if rest.is_empty() && constant.is_zero() {
        return Some(matrix);
    }
    rest.push((matrix, Rational::ONE));
    Some(graph.intern(Node::Sum(constant, rest.into())))
}
