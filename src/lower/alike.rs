//! Terms of one form: where each entry of a vector that is written out is a function of a vector of its own, these vectors
//! become the rows of one matrix, so that a loop around computes it as a whole.

use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational};

/// Writes the logarithms of sums of exponentials of several columns as one of rows; none if the entries are something else.
pub(super) fn log_sums_of_rows(graph: &mut Graph, entries: &[ExprId]) -> Option<ExprId> {
    let column = |id: &ExprId| match graph.as_matrix(*id) {
        Some((M::LogSumExp, [column])) if graph.extents(*column).is_column() => Some(*column),
        _ => None,
    };
    let columns: Vec<ExprId> = entries.iter().map(column).collect::<Option<_>>()?;
    let count = graph.extents(*columns.first()?).rows;
    let alike =
        columns.len() > 1 && !count.is_one() && columns.iter().all(|column| graph.extents(*column).rows == count);
    if !alike {
        return None;
    }
    let rows = rows(graph, &columns, &count);
    Some(graph.matrix(M::LogSumExpOfRows, &[rows]))
}

/// Makes the matrix whose rows are these columns of so many entries, or numbers that stand for all entries of one.
fn rows(graph: &mut Graph, columns: &[ExprId], count: &Dimension) -> ExprId {
    let height = Dimension::number(columns.len() as i64);
    let first = columns[0];
    let is_number = columns.iter().all(|column| graph.extents(*column).is_scalar());
    if columns.iter().all(|column| *column == first) {
        if is_number {
            return first;
        }
        let ones = graph.ones(height, Dimension::number(1));
        let row = graph.transpose(first);
        return graph.matrix(M::Product, &[ones, row]);
    }
    if let Some(whole) = consecutive(graph, columns) {
        return graph.transpose(whole);
    }
    if let Some(same) = same_form(graph, columns) {
        let node = graph.node(first).clone();
        let mut operands =
            same.into_iter().map(|operands| rows(graph, &operands, count)).collect::<Vec<_>>().into_iter();
        let mut renamed: Vec<(ExprId, ExprId)> = Vec::new();
        node.for_each_operand(|operand| renamed.extend(operands.next().map(|new| (operand, new))));
        let new = |id: ExprId| renamed.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| *new);
        return graph.construct(&node, new);
    }
    let one = Dimension::number(1);
    let row = |graph: &mut Graph, column: ExprId| match graph.extents(column).is_scalar() {
        true => {
            let ones = graph.ones(one.clone(), count.clone());
            graph.multiply(column, ones)
        }
        false => graph.transpose(column),
    };
    let parts: Vec<ExprId> = columns.iter().map(|column| row(graph, *column)).collect();
    graph.matrix(M::Stack, &parts)
}

/// Returns the part of a matrix whose columns these are, one after the other.
fn consecutive(graph: &mut Graph, columns: &[ExprId]) -> Option<ExprId> {
    let part = |id: &ExprId| match graph.as_matrix(*id) {
        Some((M::Slice(row, column, extents), [of])) if !extents.is_scalar() => {
            Some((*of, row.clone(), column.as_number()?))
        }
        _ => None,
    };
    let parts: Vec<(ExprId, Dimension, i64)> = columns.iter().map(part).collect::<Option<_>>()?;
    let (of, row, start) = parts.first()?.clone();
    let follows = (start..).zip(&parts).all(|(place, part)| *part == (of, row.clone(), place));
    let extents = Extents::new(graph.extents(columns[0]).rows, Dimension::number(columns.len() as i64));
    follows.then(|| graph.slice(of, row, Dimension::number(start), extents))
}

/// Returns, for each operand of nodes of one form, those of all of them.
fn same_form(graph: &mut Graph, nodes: &[ExprId]) -> Option<Vec<Vec<ExprId>>> {
    let combines = |id: &ExprId| matches!(graph.node(*id), Node::Sum(..) | Node::Product(_) | Node::Apply(..));
    if !nodes.iter().all(combines) {
        return None;
    }
    let nothing = graph.number(Rational::ZERO);
    let form = |node: &Node| node.clone().renamed(|_| nothing);
    let first = form(graph.node(nodes[0]));
    let mut operands: Vec<Vec<ExprId>> = Vec::new();
    for id in nodes {
        let node = graph.node(*id);
        if form(node) != first {
            return None;
        }
        let mut at = 0;
        node.for_each_operand(|operand| {
            operands.resize(operands.len().max(at + 1), Vec::new());
            operands[at].push(operand);
            at += 1;
        });
    }
    // Where a node has an operand twice, its form says nothing of which is which.
    let mut own = operands.iter().map(|list| list[0]).collect::<Vec<_>>();
    own.sort_unstable();
    own.dedup();
    (own.len() == operands.len()).then_some(operands)
}
