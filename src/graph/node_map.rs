//! A map from nodes to values: an array where it holds much of a graph, a hash table where it holds little of it.

use super::ExprId;
use rustc_hash::FxHashMap;
use std::ops::Index;

/// How many places of an array may stand empty for each that is used.
const SPARSE: usize = 8;

/// Values of some of the nodes of a graph.
#[derive(Clone, Debug)]
pub enum NodeMap<T> {
    /// A place for each node of the graph.
    Dense(Vec<Option<T>>),
    /// The nodes that have a value.
    Sparse(FxHashMap<ExprId, T>),
}

impl<T> NodeMap<T> {
    /// Makes an empty map for the given nodes, which are in order of indices.
    pub fn new(nodes: &[ExprId]) -> Self {
        let end = nodes.last().map_or(0, |last| last.index() + 1);
        if end / SPARSE > nodes.len() {
            return NodeMap::Sparse(FxHashMap::with_capacity_and_hasher(nodes.len(), Default::default()));
        }
        let mut places = Vec::new();
        places.resize_with(end, || None);
        NodeMap::Dense(places)
    }

    /// Returns the value of a node, if it has one.
    pub fn get(&self, id: ExprId) -> Option<&T> {
        match self {
            NodeMap::Dense(places) => places.get(id.index()).and_then(Option::as_ref),
            NodeMap::Sparse(values) => values.get(&id),
        }
    }

    /// Tells whether a node has a value.
    pub fn contains(&self, id: ExprId) -> bool {
        self.get(id).is_some()
    }

    /// Gives a node a value.
    pub fn insert(&mut self, id: ExprId, value: T) {
        match self {
            NodeMap::Dense(places) => {
                if places.len() <= id.index() {
                    places.resize_with(id.index() + 1, || None);
                }
                places[id.index()] = Some(value);
            }
            NodeMap::Sparse(values) => {
                values.insert(id, value);
            }
        }
    }
}

impl NodeMap<u32> {
    /// Adds 1 to the number of a node, which begins at 0.
    pub fn count(&mut self, id: ExprId) {
        let count = self.get(id).copied().unwrap_or(0);
        self.insert(id, count + 1);
    }
}

impl<T> Index<ExprId> for NodeMap<T> {
    type Output = T;

    fn index(&self, id: ExprId) -> &T {
        match self {
            NodeMap::Dense(places) => &places[id.index()].as_slice()[0],
            NodeMap::Sparse(values) => &values[&id],
        }
    }
}
