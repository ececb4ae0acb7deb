//! The order of a drawing: each vertex in a layer, each layer in an order with few crossings.
//!
//! Layers are longest paths from the parameters. An edge over several layers gets a bend in each layer between; the
//! edges of one vertex share their bends, and each has a bend of its own in the end, where its gradient is written.
//! Crossings fall by sweeps of barycentres and by exchanging neighbours (Sugiyama, Tagawa and Toda, 1981). All ties are broken by place,
//! so the order is the same on every run.

use super::{Circuit, Quantity};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most sweeps over all layers.
const SWEEPS: usize = 24;
/// Up to this many items, neighbours are exchanged while that helps.
const EXCHANGED: usize = 600;

/// In circuits with more layers, vertices stand as near as possible to where they are used.
const LONG: usize = 16;

/// Something that takes a place in a layer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Item {
    /// A vertex, by its index.
    Vertex(usize),
    /// A bend of the edges that leave a vertex, by the vertex's index.
    Bend(usize),
    /// The bend of an edge at which its gradient is written.
    Note(usize),
}

/// The items of a drawing, layer by layer, and the lines between neighbouring layers.
#[derive(Clone, Debug)]
pub struct Layers {
    /// All items.
    pub items: Vec<Item>,
    /// The items of each layer, from top to bottom.
    pub layers: Vec<Vec<usize>>,
    /// The items of each edge, from its source to its target.
    pub paths: Vec<Vec<usize>>,
    /// The layer of each item.
    pub layer_of: Vec<usize>,
    /// For each item the items that lines lead to from the layer before, and to the layer after.
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

/// Arranges a circuit.
pub fn layers<Q: Quantity>(circuit: &Circuit<Q>) -> Layers {
    let mut arranged = Layers::new(circuit);
    arranged.reduce_crossings();
    arranged
}

/// Tells whether a gradient is written at an edge: one of several that come back.
fn is_noted<Q: Quantity>(circuit: &Circuit<Q>, edge: usize) -> bool {
    circuit.edges[edge].flow.is_some() && circuit.vertices[circuit.edges[edge].source].leaving.len() > 1
}

/// Returns the layer of each vertex: as far left as its operands allow, or in long circuits as far right as its uses do.
fn layer_of_each<Q: Quantity>(circuit: &Circuit<Q>) -> Vec<usize> {
    let span = |edge: usize| 1 + usize::from(is_noted(circuit, edge));
    let mut layer = vec![0usize; circuit.vertices.len()];
    for (at, vertex) in circuit.vertices.iter().enumerate() {
        let after = |edge: &usize| layer[circuit.edges[*edge].source] + span(*edge);
        layer[at] = vertex.entering.iter().map(after).max().unwrap_or(0);
    }
    if layer.iter().all(|layer| *layer < LONG) {
        return layer;
    }
    let mut latest = vec![usize::MAX; circuit.vertices.len()];
    for (at, vertex) in circuit.vertices.iter().enumerate().rev() {
        if latest[at] != usize::MAX {
            layer[at] = latest[at];
        }
        for edge in &vertex.entering {
            let source = circuit.edges[*edge].source;
            latest[source] = latest[source].min(layer[at] - span(*edge));
        }
    }
    layer
}

impl Layers {
    fn new<Q: Quantity>(circuit: &Circuit<Q>) -> Layers {
        let is_noted = |edge: usize| is_noted(circuit, edge);
        let layer = layer_of_each(circuit);
        let count = layer.iter().max().map_or(0, |last| last + 1);
        let mut own = Layers {
            items: (0..circuit.vertices.len()).map(Item::Vertex).collect(),
            layers: vec![Vec::new(); count],
            paths: Vec::new(),
            layer_of: layer.clone(),
            before: Vec::new(),
            after: Vec::new(),
        };
        let mut known = FxHashMap::default();
        for (at, edge) in circuit.edges.iter().enumerate() {
            let mut path = vec![edge.source];
            for between in layer[edge.source] + 1..layer[edge.target] {
                let note = is_noted(at) && between + 1 == layer[edge.target];
                let item = if note { Item::Note(at) } else { Item::Bend(edge.source) };
                let index = *known.entry((item, between)).or_insert(own.items.len());
                if index == own.items.len() {
                    own.items.push(item);
                    own.layer_of.push(between);
                }
                path.push(index);
            }
            path.push(edge.target);
            own.paths.push(path);
        }
        own.connect();
        // As the expression is written: what stands first is above. Circuits that are trees have no crossing so.
        let mut stack = vec![circuit.output];
        let mut placed = vec![false; own.items.len()];
        while let Some(item) = stack.pop() {
            if !std::mem::replace(&mut placed[item], true) {
                own.layers[own.layer_of[item]].push(item);
                stack.extend(own.before[item].iter().rev());
            }
        }
        let rest: Vec<usize> = (0..own.items.len()).filter(|item| !placed[*item]).collect();
        rest.into_iter().for_each(|item| own.layers[own.layer_of[item]].push(item));
        own
    }

    fn connect(&mut self) {
        self.before = vec![Vec::new(); self.items.len()];
        self.after = vec![Vec::new(); self.items.len()];
        let mut known = FxHashSet::default();
        let pairs = self.paths.iter().flat_map(|path| path.windows(2));
        for pair in pairs.filter(|pair| known.insert([pair[0], pair[1]])) {
            self.after[pair[0]].push(pair[1]);
            self.before[pair[1]].push(pair[0]);
        }
    }

    /// Returns the items that lines lead to from an item, on one side of it.
    pub fn neighbours(&self, item: usize, forward: bool) -> &[usize] {
        if forward { &self.after[item] } else { &self.before[item] }
    }

    /// Counts the crossings of all lines.
    pub fn crossings(&self) -> usize {
        (1..self.layers.len()).map(|layer| self.crossings_before(layer)).sum()
    }

    /// Counts the crossings between a layer and the one before it, as inversions of the lines' ends.
    fn crossings_before(&self, layer: usize) -> usize {
        let place = self.places(layer - 1);
        let mut ends: Vec<usize> = Vec::new();
        for item in &self.layers[layer] {
            let mut own: Vec<usize> = self.before[*item].iter().map(|source| place[*source]).collect();
            own.sort_unstable();
            ends.extend(own);
        }
        // A binary indexed tree counts, for each end, the ends before it that lie further down.
        let mut tree = vec![0usize; self.layers[layer - 1].len() + 2];
        let mut crossings = 0;
        for (seen, end) in ends.iter().enumerate() {
            let mut above_or_same = 0;
            let mut at = end + 1;
            while at > 0 {
                above_or_same += tree[at];
                at &= at - 1;
            }
            crossings += seen - above_or_same;
            let mut at = end + 1;
            while at < tree.len() {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
        crossings
    }

    /// Returns the place of each item of a layer.
    fn places(&self, layer: usize) -> Vec<usize> {
        let mut places = vec![0; self.items.len()];
        self.layers[layer].iter().enumerate().for_each(|(place, item)| places[*item] = place);
        places
    }

    fn reduce_crossings(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            self.sweep(sweep % 2 == 0);
            if self.items.len() <= EXCHANGED {
                self.exchange_neighbours();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    /// Sorts each layer by the mean place of its neighbours in the layer that was sorted before it.
    fn sweep(&mut self, forward: bool) {
        let count = self.layers.len();
        let mut place = vec![0; self.items.len()];
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(at, item)| place[*item] = at);
        }
        for step in 1..count {
            let layer = if forward { step } else { count - 1 - step };
            let centre = |item: &usize| {
                let neighbours = self.neighbours(*item, !forward);
                match neighbours.len() {
                    0 => place[*item] as f64,
                    count => neighbours.iter().map(|other| place[*other]).sum::<usize>() as f64 / count as f64,
                }
            };
            let mut sorted: Vec<(f64, usize)> = self.layers[layer].iter().map(|item| (centre(item), *item)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            self.layers[layer] = sorted.into_iter().map(|(_, item)| item).collect();
            self.layers[layer].iter().enumerate().for_each(|(at, item)| place[*item] = at);
        }
    }

    /// Exchanges neighbours of a layer while that takes crossings away.
    fn exchange_neighbours(&mut self) {
        for layer in 0..self.layers.len() {
            for at in 1..self.layers[layer].len() {
                let around = |own: &Self| {
                    let before = if layer > 0 { own.crossings_before(layer) } else { 0 };
                    let after = if layer + 1 < own.layers.len() { own.crossings_before(layer + 1) } else { 0 };
                    before + after
                };
                let crossings = around(self);
                self.layers[layer].swap(at - 1, at);
                if around(self) >= crossings {
                    self.layers[layer].swap(at - 1, at);
                }
            }
        }
    }
}
