//! The loops that write the values of a sparse derivative.

use super::bands::Bent;
use super::entries::Place;
use super::{Group, Order};
use crate::functions::rows;
use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Polynomial, Rational};
use crate::lower::{Facts, Shape, Whole, WholeParameter};

/// What is known of the numbers of entries.
pub enum Numbers<'n> {
    /// The first number of each group; the others follow.
    Written(&'n [Polynomial]),
    /// Each number.
    Bent(&'n [Vec<Bent>]),
}

/// Where values are written.
pub struct Target {
    /// The values.
    extents: Extents,
    /// What tells which value each entry is added to, if that is not its own number.
    slots: Option<ExprId>,
}

/// Adds to a function the sizes that have no formula, and the parameter that tells which value each entry is added to.
pub fn target(whole: &mut Whole, graph: &mut Graph, terms: &Polynomial, order: &Order) -> Target {
    let size = |whole: &mut Whole, name: &str| {
        let name = unused(whole, name);
        whole.sizes.push(name.clone());
        Extents::column(Dimension::name(&name))
    };
    let counted = terms.to_dimension().map(Extents::column);
    if *order != Order::Merged {
        return Target { extents: counted.unwrap_or_else(|| size(whole, "nonzeros")), slots: None };
    }
    let of_slots = counted.unwrap_or_else(|| size(whole, "terms"));
    let extents = size(whole, "nonzeros");
    let name = unused(whole, "slots");
    let id = graph.add_matrix_input(&name, of_slots.clone());
    let range = Some((Dimension::number(0), extents.rows.clone()));
    let shape = Shape::Vector(of_slots.rows);
    whole.parameters.push(WholeParameter { name, id, shape, facts: Facts::default(), range });
    Target { extents, slots: Some(id) }
}

/// Returns a name that no parameter and no size has.
pub fn unused(whole: &Whole, name: &str) -> String {
    let mut name = name.to_string();
    let taken = |name: &str| {
        let parameters = whole.parameters.iter().map(|parameter| &parameter.name);
        parameters.chain(&whole.sizes).any(|taken| taken == name)
    };
    while taken(&name) {
        name.push('_');
    }
    name
}

/// Makes the loops that write the values.
pub fn written(graph: &mut Graph, groups: &[Group], numbers: &Numbers, target: &Target) -> ExprId {
    let mut loops = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let mut parts = Vec::new();
        for (entry, nonzero) in group.entries.iter().enumerate() {
            let place = match numbers {
                Numbers::Bent(bent) => bent_place(graph, &bent[at][entry]),
                Numbers::Written(starts) => {
                    let beyond = Polynomial::number(Rational::integer(entry as i64));
                    let number = starts[at].plus(&beyond, &Rational::ONE);
                    match target.slots {
                        Some(slots) => Place { given: Some(slot(graph, slots, &number)), ..Place::default() },
                        None => numbered_place(graph, &number),
                    }
                }
            };
            parts.push((put(graph, nonzero.value, &[place, Place::default()], &target.extents), Rational::ONE));
        }
        let mut body = graph.sum(Rational::ZERO, parts);
        for bound in group.nest.iter().rev() {
            body = graph.looped(bound, body);
        }
        loops.push((graph.spread(body, &target.extents), Rational::ONE));
    }
    let all = graph.sum(Rational::ZERO, loops);
    graph.spread(all, &target.extents)
}

fn numbered_place(graph: &mut Graph, number: &Polynomial) -> Place {
    match number.to_dimension() {
        Some(place) => Place::at(place),
        None => Place { given: Some(graph.polynomial_of_sizes(number)), ..Place::default() },
    }
}

fn bent_place(graph: &mut Graph, Bent { straight, bends }: &Bent) -> Place {
    if bends.is_empty() {
        return Place::at(straight.clone());
    }
    let zero = graph.integer(0);
    let mut terms = vec![(graph.construct_matrix(&M::Size(straight.clone()), &[]), Rational::ONE)];
    for (dimension, sign) in bends {
        let number = graph.construct_matrix(&M::Size(dimension.clone()), &[]);
        terms.push((graph.apply(rows::MAX, &[number, zero]), Rational::integer(*sign)));
    }
    Place { given: Some(graph.sum(Rational::ZERO, terms)), ..Place::default() }
}

/// Returns which value an entry is added to.
fn slot(graph: &mut Graph, slots: ExprId, number: &Polynomial) -> ExprId {
    let (first, scalar) = (Dimension::number(0), Extents::scalar());
    match number.to_dimension() {
        Some(place) => graph.slice(slots, place, first, scalar),
        None => {
            let number = graph.polynomial_of_sizes(number);
            graph.construct_matrix(&M::Gather([None, Some(first)], scalar), &[slots, number])
        }
    }
}

/// Puts a number into a matrix of zeros.
pub fn put(graph: &mut Graph, value: ExprId, place: &[Place; 2], extents: &Extents) -> ExprId {
    let given: Vec<ExprId> = place.iter().filter_map(|place| place.given).collect();
    if given.is_empty() {
        let [row, column] = place.clone().map(|place| place.offset);
        return graph.embed(value, row, column, extents.clone());
    }
    let mut starts = given.clone().into_iter();
    let given = place.iter().filter(|place| place.given.is_some()).filter_map(|place| {
        let offset = graph.construct_matrix(&M::Size(place.offset.clone()), &[]);
        Some(graph.add(starts.next()?, offset))
    });
    let operands: Vec<ExprId> = std::iter::once(value).chain(given).collect();
    let places = place.clone().map(|place| place.given.is_none().then_some(place.offset));
    graph.construct_matrix(&M::Scatter(places, extents.clone()), &operands)
}
