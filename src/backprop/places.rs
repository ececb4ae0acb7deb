//! Coordinates: how far down each item stands, so that lines are as straight as the space between items allows.

use super::layers::{Item, Layers};

/// Rounds of alignment, from left to right and back in turn. The last one goes to the right, so that a chain of gates
/// with one operand each is a straight line.
const ROUNDS: usize = 25;
/// How much more a line between two bends counts than one at a vertex: long lines should not wiggle.
const BEND: f64 = 8.0;

/// Places all items vertically. `height` is the room that an item takes, above and below its place together.
pub fn places(layers: &Layers, height: impl Fn(Item) -> f64) -> Vec<f64> {
    let mut place = vec![0.0; layers.items.len()];
    let heights: Vec<f64> = layers.items.iter().map(|item| height(*item)).collect();
    for layer in &layers.layers {
        let mut next = 0.0;
        for item in layer {
            place[*item] = next + heights[*item] / 2.0;
            next += heights[*item];
        }
    }
    for round in 0..ROUNDS {
        let count = layers.layers.len();
        for step in 0..count {
            let layer = if round % 2 == 0 { step } else { count - 1 - step };
            let wanted: Vec<(f64, f64)> =
                layers.layers[layer].iter().map(|item| wanted(layers, &place, *item, round)).collect();
            align(&layers.layers[layer], &wanted, &heights, &mut place);
        }
    }
    let top =
        layers.items.iter().enumerate().map(|(at, _)| place[at] - heights[at] / 2.0).fold(f64::INFINITY, f64::min);
    place.iter_mut().for_each(|place| *place -= top);
    place
}

/// Returns where an item would like to be, and how much.
fn wanted(layers: &Layers, place: &[f64], item: usize, round: usize) -> (f64, f64) {
    let is_bend = |item: usize| !matches!(layers.items[item], Item::Vertex(_));
    let mut weights = 0.0;
    let mut sum = 0.0;
    for other in layers.neighbours(item, round % 2 == 1) {
        let weight = if is_bend(item) && is_bend(*other) { BEND } else { 1.0 };
        weights += weight;
        sum += weight * place[*other];
    }
    if weights == 0.0 { (place[item], 0.01) } else { (sum / weights, weights) }
}

/// Moves the items of a layer as near to where they want to be as their heights and their order allow: weighted least
/// squares by pooling adjacent violators.
fn align(layer: &[usize], wanted: &[(f64, f64)], heights: &[f64], place: &mut [f64]) {
    /// Neighbours that move together.
    struct Block {
        offset: f64,
        weight: f64,
        count: usize,
    }
    let mut below = 0.0;
    let mut offsets = Vec::with_capacity(layer.len());
    for item in layer {
        offsets.push(below + heights[*item] / 2.0);
        below += heights[*item];
    }
    let mut blocks: Vec<Block> = Vec::new();
    for ((wanted, weight), offset) in wanted.iter().zip(&offsets) {
        blocks.push(Block { offset: wanted - offset, weight: *weight, count: 1 });
        while let [.., upper, lower] = &blocks[..]
            && upper.offset > lower.offset
        {
            let weight = upper.weight + lower.weight;
            let offset = (upper.offset * upper.weight + lower.offset * lower.weight) / weight;
            let count = upper.count + lower.count;
            blocks.truncate(blocks.len() - 2);
            blocks.push(Block { offset, weight, count });
        }
    }
    let moved = blocks.iter().flat_map(|block| std::iter::repeat_n(block.offset, block.count));
    for ((item, own), offset) in layer.iter().zip(moved).zip(&offsets) {
        place[*item] = own + offset;
    }
}
