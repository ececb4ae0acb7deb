//! Pullbacks and pushforwards of recurrences: the adjoint of the states is a recurrence that runs backwards, and their tangent
//! one that runs beside them (Griewank and Walther, Evaluating Derivatives, 2008, sections 3.1 and 3.2).

use super::modes::{adjoints_of, directional};
use super::{Differentiator, Result};
use crate::graph::{Bound, Dimension, ExprId, Graph, Kept, NodeMap, Rational, Scan};
use rustc_hash::FxHashMap;

/// The states of recurrences among some nodes, and their adjoints as they become known.
pub(super) struct Recurrences {
    /// Of each state, the first one of its recurrence.
    first: FxHashMap<ExprId, ExprId>,
    /// Of each first state, the adjoints of all.
    adjoints: FxHashMap<ExprId, Vec<(ExprId, ExprId)>>,
}

impl Recurrences {
    /// Finds the recurrences among nodes, which are in order of indices.
    pub fn new(graph: &Graph, nodes: &[ExprId]) -> Self {
        let mut known: FxHashMap<Scan, ExprId> = FxHashMap::default();
        let mut first = FxHashMap::default();
        for id in nodes {
            if let Some(scan) = graph.as_scan(*id) {
                let of_all = *known.entry(scan.other(0, Kept::Last)).or_insert(*id);
                first.insert(*id, of_all);
            }
        }
        Recurrences { first, adjoints: FxHashMap::default() }
    }

    /// Tells whether a node is a state of a recurrence.
    pub fn has(&self, id: ExprId) -> bool {
        self.first.contains_key(&id)
    }

    /// Notes the adjoint of a node; returns those of all states of a recurrence when the last one is known.
    pub fn note(&mut self, id: ExprId, adjoint: ExprId) -> Option<Vec<(ExprId, ExprId)>> {
        let first = *self.first.get(&id)?;
        self.adjoints.entry(first).or_default().push((id, adjoint));
        if first == id { self.adjoints.remove(&first) } else { None }
    }
}

impl Differentiator {
    /// Returns what the adjoint of each wanted node that a recurrence reads gains from the adjoints of its states, which are
    /// given.
    ///
    /// # Errors
    /// A function without a rule.
    pub(super) fn pull_back_scan(
        &mut self,
        graph: &mut Graph,
        states: &[(ExprId, ExprId)],
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        let Some(closed) = states.first().and_then(|(id, _)| graph.as_scan(*id)) else { return Ok(Vec::new()) };
        let read = graph.frontier_of(&closed.next, states.first().and_then(|(id, _)| graph.free_indices(*id)));
        let read: Vec<ExprId> = read.into_iter().filter(|node| wanted(*node)).collect();
        let scan = graph.open_scan_as_written(&closed);
        let own = states_of(graph, &scan);
        let mut given: FxHashMap<(usize, Kept), ExprId> = FxHashMap::default();
        for (id, adjoint) in states {
            if let Some(scan) = graph.as_scan(*id) {
                let adjoint = graph.spread(*adjoint, &graph.extents(*id));
                given.insert((scan.state, scan.kept), adjoint);
            }
        }
        // The steps backwards are counted from 0, and the first of them is the last one forwards.
        let count = scan.bound.count();
        let back = Bound { index: graph.fresh_index(), from: Dimension::number(0), to: count.clone() };
        let step = scan.bound.index.plus(&scan.bound.from, -1);
        let mut seeds = Vec::new();
        for (state, next) in scan.next.iter().enumerate() {
            let extents = graph.extents(*next);
            let later = graph.state(&back, state, extents.clone());
            let seed = match given.get(&(state, Kept::After)) {
                Some(after) => {
                    let here = graph.state_at(*after, &extents, &step);
                    graph.add(later, here)
                }
                None => later,
            };
            seeds.push((*next, seed));
        }
        let by: Vec<ExprId> = own.iter().chain(&read).copied().collect();
        let gained = adjoints_of(self, graph, &seeds, &by)?;
        let gained: Vec<ExprId> = gained.into_iter().map(|gained| before_steps(graph, &scan, gained)).collect();
        let last = count.plus(&Dimension::number(1), -1).plus(&scan.bound.from, 1).plus(&back.index, -1);
        let turned = |graph: &mut Graph, id: ExprId| graph.substituted(id, scan.bound.name(), &last);
        let (of_states, of_read) = gained.split_at(own.len());
        let mut initial = Vec::new();
        let mut next = Vec::new();
        for (state, gained) in of_states.iter().enumerate() {
            let extents = graph.extents(own[state]);
            let zero = graph.full(Rational::ZERO, extents.clone());
            initial.push(given.get(&(state, Kept::Last)).copied().unwrap_or(zero));
            let gained = match given.get(&(state, Kept::Before)) {
                Some(before) => {
                    let here = graph.state_at(*before, &extents, &step);
                    graph.add(*gained, here)
                }
                None => *gained,
            };
            let gained = graph.spread(gained, &extents);
            next.push(turned(graph, gained));
        }
        let backwards = Scan { bound: back.clone(), initial, next, state: 0, kept: Kept::Last };
        let mut pairs = Vec::new();
        for (state, initial) in scan.initial.iter().enumerate().filter(|(_, id)| wanted(**id)) {
            pairs.push((*initial, graph.scanned(&backwards.other(state, Kept::Last))));
        }
        for (node, gained) in read.into_iter().zip(of_read) {
            let gained = turned(graph, *gained);
            let gained = before_steps(graph, &backwards, gained);
            pairs.push((node, graph.looped(&back, gained)));
        }
        Ok(pairs)
    }

    /// Returns the tangent of a state of a recurrence; none if nothing that it reads has one.
    ///
    /// # Errors
    /// A function without a rule.
    pub(super) fn push_forward_scan(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        tangents: &NodeMap<ExprId>,
    ) -> Result<Option<ExprId>> {
        let Some(closed) = graph.as_scan(id) else { return Ok(None) };
        if !graph.frontier(id).iter().any(|node| tangents.contains(*node)) {
            return Ok(None);
        }
        let read = graph.frontier_of(&closed.next, graph.free_indices(id));
        let scan = graph.open_scan_as_written(&closed);
        let own = states_of(graph, &scan);
        let beside = Bound { index: graph.fresh_index(), ..scan.bound.clone() };
        let mut moving: Vec<(ExprId, ExprId)> =
            read.into_iter().filter_map(|node| Some((node, *tangents.get(node)?))).collect();
        let mut initial = Vec::new();
        for (state, (own, begun)) in own.iter().zip(&scan.initial).enumerate() {
            let extents = graph.extents(*own);
            moving.push((*own, graph.state(&beside, state, extents.clone())));
            let tangent = tangents.get(*begun).copied().unwrap_or_else(|| graph.full(Rational::ZERO, extents.clone()));
            initial.push(graph.spread(tangent, &extents));
        }
        let next = directional(self, graph, &scan.next, &moving)?;
        let next = next.into_iter().map(|next| {
            let next = before_steps(graph, &scan, next);
            graph.substituted(next, scan.bound.name(), &beside.index)
        });
        let next = next.collect();
        let tangent = Scan { bound: beside, initial, next, state: scan.state, kept: scan.kept };
        Ok(Some(graph.scanned(&tangent)))
    }
}

/// Returns the states as the steps of an open recurrence find them.
fn states_of(graph: &mut Graph, scan: &Scan) -> Vec<ExprId> {
    let state = |(state, initial): (usize, &ExprId)| (state, graph.extents(*initial));
    let states: Vec<_> = scan.initial.iter().enumerate().map(state).collect();
    states.into_iter().map(|(state, extents)| graph.state(&scan.bound, state, extents)).collect()
}

/// Reads the states of an open recurrence from what is kept of all steps.
fn before_steps(graph: &mut Graph, scan: &Scan, root: ExprId) -> ExprId {
    let step = scan.bound.index.plus(&scan.bound.from, -1);
    let mut values = Vec::new();
    for (state, initial) in scan.initial.iter().enumerate() {
        let extents = graph.extents(*initial);
        let kept = graph.scanned(&scan.other(state, Kept::Before));
        values.push(graph.state_at(kept, &extents, &step));
    }
    graph.with_states(root, &scan.bound, &values)
}
