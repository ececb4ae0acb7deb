//! Matrices that loops fill: each entry is written once, so that nothing has to be there before.
//!
//! The place of what is written is a number in a mixed radix: each index, the parts that one value of the indices writes, and
//! rows and columns of a part are its digits (Knuth, The Art of Computer Programming, volume 2, section 4.1).

use crate::graph::{Bound, Dimension, Extents};
use crate::tape::{Accumulated, Computation, Looped, Part, Place, Plan};
use std::collections::BTreeSet;

/// A digit: what it is multiplied by, and how many values it has.
type Digit = (Dimension, Dimension);

/// Tells whether a loop, with the loops inside of it that add to the same matrix, writes each entry of it once.
pub(super) fn fills(bound: &Bound, plan: &Plan, output: &Accumulated) -> bool {
    let digits = writers(bound, plan, output).and_then(|(nest, parts)| digits(&nest, &parts, &output.extents));
    digits.is_some_and(|digits| count_all(digits, &output.extents))
}

/// Returns the loops around what is written, and the parts that are written for each value of their indices; none if some are
/// inside of more loops than others, or are added to several times.
fn writers<'p>(bound: &'p Bound, plan: &'p Plan, output: &'p Accumulated) -> Option<(Vec<&'p Bound>, Vec<&'p Part>)> {
    if !output.into.is_empty() {
        return None;
    }
    let (mut nest, mut plan, mut parts) = (vec![bound], plan, output.parts.iter().collect::<Vec<_>>());
    let times = |inner: &Accumulated| inner.into.iter().filter(|(target, _)| *target == output.id).count();
    let adds = |looped: &&Looped| looped.outputs.iter().any(|inner| times(inner) > 0);
    loop {
        let inside = plan.steps.iter().filter_map(|step| match &step.computation {
            Computation::Loop(looped) => Some(&**looped),
            _ => None,
        });
        let inside: Vec<&Looped> = inside.filter(adds).collect();
        match inside.as_slice() {
            [] => return Some((nest, parts)),
            [only] if parts.is_empty() && only.outputs.iter().all(|inner| times(inner) < 2) => {
                parts = only.outputs.iter().filter(|inner| times(inner) == 1).flat_map(|inner| &inner.parts).collect();
                nest.push(&only.bound);
                plan = &only.plan;
            }
            _ => return None,
        }
    }
}

/// Returns the digits of the places that parts of equal extents are written to.
fn digits(nest: &[&Bound], parts: &[&Part], extents: &Extents) -> Option<Vec<Digit>> {
    let of_part = &parts.first()?.extents;
    let mut places: Vec<Dimension> = Vec::new();
    for part in parts {
        let [Place::At(row), Place::At(column)] = &part.place else { return None };
        places.push(row.product(&extents.columns).plus(column, 1));
    }
    let ends_run =
        |bound: &&Bound| nest.iter().any(|other| bound.from.has_name(other.name()) || bound.to.has_name(other.name()));
    if parts.iter().any(|part| part.extents != *of_part) || nest.iter().any(ends_run) {
        return None;
    }
    let mut digits =
        vec![(Dimension::number(1), of_part.columns.clone()), (extents.columns.clone(), of_part.rows.clone())];
    for bound in nest {
        let slope = places[0].slope(bound.name());
        if slope.is_running() || places.iter().any(|place| place.slope(bound.name()) != slope) {
            return None;
        }
        let falls = slope.constant() <= 0 && slope.terms().all(|(_, count)| count < 0);
        let last = bound.to.plus(&Dimension::number(1), -1);
        let (weight, least) = if falls { (slope.times(-1), &last) } else { (slope, &bound.from) };
        digits.push((weight, bound.count()));
        places.iter_mut().for_each(|place| *place = place.substituted(bound.name(), least));
    }
    let number = |place: &Dimension| Dimension::number(place.constant());
    let constants: BTreeSet<Dimension> = places.iter().map(number).collect();
    let named: BTreeSet<Dimension> = places.iter().map(|place| place.plus(&number(place), -1)).collect();
    let distinct: BTreeSet<&Dimension> = places.iter().collect();
    let is_grid = distinct.len() == places.len() && constants.len() * named.len() == places.len();
    digits.extend([multiples(&constants)?, multiples(&named)?]);
    digits.retain(|(_, count)| !count.is_one());
    is_grid.then_some(digits)
}

/// Returns the number of which all up to some multiple are given.
fn multiples(all: &BTreeSet<Dimension>) -> Option<Digit> {
    let are_multiples = |of: &&Dimension| (0..all.len() as i64).all(|count| all.contains(&of.times(count)));
    let count = Dimension::number(all.len() as i64);
    let none = Dimension::number(0);
    match all.len() {
        1 => all.contains(&none).then_some((Dimension::number(1), count)),
        _ => Some((all.iter().filter(|of| **of != none).find(are_multiples)?.clone(), count)),
    }
}

/// Tells whether digits count all entries of a matrix.
fn count_all(mut digits: Vec<Digit>, extents: &Extents) -> bool {
    // The product of two ranges that end before they begin is positive.
    if digits.iter().filter(|(_, count)| count.may_be_negative()).count() > 1 {
        return false;
    }
    let mut weight = Dimension::number(1);
    while let Some(next) = digits.iter().position(|(own, _)| *own == weight) {
        weight = weight.product(&digits.swap_remove(next).1);
    }
    digits.is_empty() && weight == extents.rows.product(&extents.columns)
}
