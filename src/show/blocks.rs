//! Names for what repeats inside of a loop: `sum(i in 0..n, { let t = sin(x[i]); t*exp(t) })`.
//!
//! A part that depends on an index has no name outside of its loop, so each loop lists its own. What is used once by a
//! loop stays where it is used, though other loops use it, too.

use super::naming::DEEPEST;
use super::notation::Writer;
use crate::graph::{Bound, ExprId};
use crate::syntax::ast::{Ast, Expression as E, Let, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

impl Writer<'_> {
    /// Lists what has a name inside of loops over some indices, where the given nodes are written, and these as they
    /// then are.
    pub(super) fn named_inside(
        &mut self,
        bounds: &[&Bound],
        roots: &[ExprId],
        written: &[NodeId],
    ) -> (Vec<Let>, Vec<NodeId>) {
        let lets = self.parts_inside(bounds, roots);
        let lets: Vec<(NodeId, Let)> =
            lets.into_iter().filter_map(|part| Some((self.written[&part], self.inside.get(&part)?.clone()))).collect();
        if lets.is_empty() { (Vec::new(), written.to_vec()) } else { only_repeated(self.ast, lets, written) }
    }

    /// Tells whether some part of a node has a name inside of loops over some indices.
    pub(super) fn has_names_inside(&self, bounds: &[&Bound], root: ExprId) -> bool {
        !self.parts_inside(bounds, &[root]).is_empty()
    }

    /// Writes what an expression inside of loops is made of, the names before it.
    pub(super) fn with_names_inside(&mut self, bounds: &[&Bound], root: ExprId, written: NodeId) -> NodeId {
        let (lets, written) = self.named_inside(bounds, &[root], &[written]);
        self.block(lets, written[0])
    }

    /// Writes names before an expression.
    pub(super) fn block(&mut self, lets: Vec<Let>, body: NodeId) -> NodeId {
        if lets.is_empty() { body } else { self.ast.synthesize(E::Block(lets, body)) }
    }

    /// Lists the named parts of some nodes whose innermost index is that of one of the loops, operands first.
    fn parts_inside(&self, bounds: &[&Bound], roots: &[ExprId]) -> Vec<ExprId> {
        let depends = |id: ExprId| {
            let indices = self.graph.free_indices(id);
            bounds.iter().any(|bound| indices.is_some_and(|indices| indices.contains(bound.name())))
        };
        let innermost = |id: ExprId| {
            let indices = self.graph.free_indices(id).into_iter().flatten();
            indices.min_by_key(|name| (name.len(), name.as_str()))
        };
        let mut parts = Vec::new();
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut open: Vec<(ExprId, bool)> = roots.iter().rev().map(|root| (*root, false)).collect();
        while let Some((id, done)) = open.pop() {
            if done {
                let own = innermost(id).is_some_and(|name| bounds.iter().any(|bound| bound.name() == name));
                parts.extend((own && self.inside.contains_key(&id)).then_some(id));
            } else if depends(id) && seen.insert(id) {
                open.push((id, true));
                self.graph.node(id).for_each_operand(|operand| open.push((operand, false)));
            }
        }
        parts
    }
}

/// Writes the values of names that are used once in place of these names, as long as nothing gets too deep.
fn only_repeated(ast: &mut Ast, lets: Vec<(NodeId, Let)>, written: &[NodeId]) -> (Vec<Let>, Vec<NodeId>) {
    let mut uses: BTreeMap<NodeId, usize> = written.iter().map(|root| (*root, 1)).collect();
    let value_of: FxHashMap<NodeId, NodeId> = lets.iter().map(|(name, binding)| (*name, binding.value)).collect();
    // What an expression is made of comes before it.
    let mut below = NodeId(u32::MAX);
    while let Some((id, count)) = uses.range(..below).next_back().map(|(id, count)| (*id, *count)) {
        below = id;
        let mut use_once_more = |part: NodeId, times: usize| {
            let all = uses.entry(part).or_insert(0);
            *all = (*all + times).min(2);
        };
        match value_of.get(&id) {
            Some(value) => use_once_more(*value, 1),
            None => ast.get(id).for_each_child(|child| use_once_more(child, count)),
        }
    }
    let mut image: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    let mut depth: FxHashMap<NodeId, u32> = FxHashMap::default();
    for (id, count) in &uses {
        let mut expression = ast.get(*id).clone();
        let (mut changed, mut level) = (false, 0);
        if let Some(value) = value_of.get(id) {
            let moves = *count == 1 && depth[value] < DEEPEST;
            image.insert(*id, if moves { image[value] } else { *id });
            depth.insert(*id, if moves { depth[value] } else { 0 });
            continue;
        }
        expression.for_each_child_mut(|child| {
            level = level.max(depth[child] + 1);
            changed |= image[child] != *child;
            *child = image[child];
        });
        depth.insert(*id, level);
        image.insert(*id, if changed { ast.synthesize(expression) } else { *id });
    }
    let kept = lets.into_iter().filter(|(name, _)| image.get(name) == Some(name));
    let kept = kept.map(|(_, binding)| Let { value: image[&binding.value], ..binding }).collect();
    (kept, written.iter().map(|root| image[root]).collect())
}
