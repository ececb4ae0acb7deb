//! Pullbacks and pushforwards of loops, and of the functions of all entries that go with them.
//!
//! The adjoint of a sum over an index flows into its body: the body is opened, its adjoints are formed up to what is
//! computed outside of the loop, and each of them is a sum over the index again.

use super::modes::{adjoints, directional};
use super::{Differentiator, Result};
use crate::graph::{Bound, Comparison, Dimension, ExprId, Extents, Graph, MatrixOperation as M, NodeMap};

impl Differentiator {
    /// Returns what the adjoint of each wanted node that a loop reads gains from the adjoint of the loop.
    ///
    /// # Errors
    /// A function without a rule.
    pub(super) fn pull_back_loop(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        adjoint: ExprId,
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        let Some((bound, body)) = opened(graph, id) else { return Ok(Vec::new()) };
        let read: Vec<ExprId> = graph.frontier(id).into_iter().filter(|node| wanted(*node)).collect();
        let adjoint = graph.spread(adjoint, &graph.extents(body));
        let gained = adjoints(self, graph, body, adjoint, &read)?;
        let pairs = read.into_iter().zip(gained);
        Ok(pairs.map(|(node, gained)| (node, graph.looped(&bound, gained))).collect())
    }

    /// Returns the tangent of a loop; none if nothing that it reads has one.
    ///
    /// # Errors
    /// A function without a rule.
    pub(super) fn push_forward_loop(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        tangents: &NodeMap<ExprId>,
    ) -> Result<Option<ExprId>> {
        let read = graph.frontier(id).into_iter();
        let moving: Vec<(ExprId, ExprId)> = read.filter_map(|node| Some((node, *tangents.get(node)?))).collect();
        if moving.is_empty() {
            return Ok(None);
        }
        let Some((bound, body)) = opened(graph, id) else { return Ok(None) };
        let tangent = directional(self, graph, &[body], &moving)?[0];
        Ok(Some(graph.looped(&bound, tangent)))
    }
}

fn opened(graph: &mut Graph, id: ExprId) -> Option<(Bound, ExprId)> {
    let (bound, body) = graph.as_loop(id).map(|(bound, body)| (bound.clone(), body))?;
    Some(graph.open_as_written(&bound, body))
}

/// Returns the derivative of the products of all other entries along a direction, which is the transposed derivative, too:
/// the derivative of the i-th by the k-th entry is the product of all others than both.
pub(super) fn other_products_along(graph: &mut Graph, operand: ExprId, direction: ExprId) -> ExprId {
    let extents = graph.extents(operand);
    let direction = graph.spread(direction, &extents);
    let zero = Dimension::number(0);
    let [row, column] = [&extents.rows, &extents.columns].map(|count| {
        let index = if count.is_one() { zero.clone() } else { graph.fresh_index() };
        Bound { index, from: zero.clone(), to: count.clone() }
    });
    let entry = graph.slice(direction, row.index.clone(), column.index.clone(), Extents::scalar());
    // The products of the others with 1 in this entry's place, but for this entry's own.
    let (one, nothing) = (graph.integer(1), graph.integer(0));
    let here = graph.embed(one, row.index.clone(), column.index.clone(), extents.clone());
    let is_here = graph.compare(Comparison::Greater, here, nothing);
    let replaced = graph.select(is_here, one, operand);
    let others = graph.construct_matrix(&M::OtherProducts, &[replaced]);
    let others = graph.select(is_here, nothing, others);
    let mut sum = graph.multiply(entry, others);
    for bound in [column, row].iter().filter(|bound| bound.index.is_running()) {
        sum = graph.looped(bound, sum);
    }
    sum
}
