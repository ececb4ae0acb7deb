//! Values patched in at a point.
//!
//! A quotient with a removable singularity is usually written with its value at the point: `if(x == 0, 1, sin(x)/x)`. The
//! branch of the patch alone has the derivative of a constant, so the choice as a whole is replaced by the continued
//! quotient where the two agree at the point; its derivatives, there and nearby, are then those of the function. The same
//! goes for a branch that is smooth at the point as it stands. A choice stays as it is if its quotient is not in the
//! table, or if the patch differs from the limit.

use super::derivatives::{has_relations, reflected, related};
use super::poles::without_poles;
use super::removable::{factors_of, may_be_removable, quotient};
use super::{Grouping, canonicalize};
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Graph, Node, Rational};
use crate::lower::Formulas;
use rustc_hash::FxHashSet;

/// Nodes, and what each is equal to where a value is patched in.
type Place = Vec<(ExprId, ExprId)>;

/// Largest number that counts as small in a condition such as `abs(x) < 1e-8`.
const SMALL: f64 = 1e-2;

/// Replaces patched quotients by what continues them, and quotients that are not patched, too, where code is better off.
/// The roots are in canonical form. Tells whether anything was replaced.
pub fn continued(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId], for_code: bool) -> (Vec<ExprId>, bool) {
    let is_concerned = |id: &ExprId| match graph.node(*id) {
        Node::Select(..) => true,
        Node::Product(factors) => for_code && may_be_removable(factors),
        node => for_code && has_relations(node),
    };
    if !graph.reachable(roots).iter().any(is_concerned) {
        return (roots.to_vec(), false);
    }
    let new = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
        Node::Select(condition, a, b) => patched(graph, formulas, [condition, a, b].map(|id| image[id])),
        Node::Product(_) if for_code => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            let found = quotient(graph, formulas, built, true).or_else(|| {
                // Rows are compared term by term.
                let open =
                    has_groups(graph, built).then(|| canonicalize(graph, formulas, &[built], Grouping::DERIVING)[0]);
                quotient(graph, formulas, open?, true)
            });
            let found = found.unwrap_or(built);
            Some(reflected(graph, found).unwrap_or(found))
        }
        Node::Sum(..) if for_code => {
            // Poles are seen in terms as they stand, before a quotient is made of a pole and what it is multiplied by.
            if let Some(smooth) = without_poles(graph, formulas, id) {
                return Some(smooth);
            }
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            let smooth = without_poles(graph, formulas, built).unwrap_or(built);
            Some(related(graph, formulas, smooth).unwrap_or(smooth))
        }
        node => node.is_leaf().then_some(id),
    });
    let changed = new != roots;
    (new, changed)
}

/// Replaces patched quotients in functions of whole vectors and matrices, entry by entry.
pub fn continued_entrywise(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<ExprId> {
    graph.rebuild(roots, |graph, id, image| {
        let node = graph.node(id).clone();
        if node.is_leaf() {
            return Some(id);
        }
        if !matches!(node, Node::Select(..)) {
            return None;
        }
        let built = graph.construct(&node, |operand| image[operand]);
        if !matches!(graph.node(built), Node::Select(..)) {
            return Some(built);
        }
        let mut region = graph.region(built);
        let entry = canonicalize(&mut region.graph, formulas, &[region.root], Grouping::DERIVING);
        let (entry, changed) = continued(&mut region.graph, formulas, &entry, false);
        if !changed {
            return Some(built);
        }
        let extents = graph.extents(built);
        let new = graph.paste(&region.graph, entry[0], &region.leaves);
        Some(graph.spread(new, &extents))
    })
}

/// Writes `sinc_sqrt(s)` for `sin(sqrt(s))/sqrt(s)` in derivatives of what is continued at `s = 0`: the derivative of
/// `cos(sqrt(s))` has a limit there, too.
pub fn distances_continued(
    graph: &mut Graph,
    formulas: &mut Formulas,
    value: &[ExprId],
    derivatives: &[ExprId],
) -> Vec<ExprId> {
    let squares: FxHashSet<ExprId> = graph
        .reachable(value)
        .into_iter()
        .filter_map(|id| match graph.node(id) {
            Node::Apply(rows::SINC_SQRT, arguments) => Some(graph.as_multiple(arguments[0]).1),
            Node::Apply(rows::SINC_SQRT_DERIVATIVE, arguments) => Some(graph.as_multiple(arguments[1]).1),
            _ => None,
        })
        .collect();
    if squares.is_empty() {
        return derivatives.to_vec();
    }
    graph.rebuild(derivatives, |graph, id, image| match graph.node(id).clone() {
        Node::Product(_) => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            Some(distance_continued(graph, formulas, &squares, built).unwrap_or(built))
        }
        node => node.is_leaf().then_some(id),
    })
}

fn distance_continued(
    graph: &mut Graph,
    formulas: &mut Formulas,
    squares: &FxHashSet<ExprId>,
    product: ExprId,
) -> Option<ExprId> {
    let (coefficient, rest) = graph.as_multiple(product);
    let Node::Product(factors) = graph.node(rest).clone() else { return None };
    let mut factors = factors.to_vec();
    let sine =
        factors.iter().position(|(base, own)| own.is_one() && graph.node(*base).function() == Some(rows::SIN))?;
    let Node::Apply(_, arguments) = graph.node(factors[sine].0).clone() else { return None };
    // The distance is a root or a hypotenuse, and what divides is a power of it.
    let (square, base, whole) = match graph.node(arguments[0]).clone() {
        Node::Product(inside) => match &inside[..] {
            [(square, own)] if *own == Rational::HALF => (*square, *square, Rational::HALF),
            _ => return None,
        },
        Node::Apply(rows::HYPOT, _) => (square_of_distance(graph, arguments[0])?, arguments[0], Rational::ONE),
        _ => return None,
    };
    let below = factors
        .iter()
        .position(|(own, exponent)| *own == base && exponent.is_negative() && exponent.add(&whole) <= Rational::ZERO)?;
    if !squares.contains(&square) {
        return None;
    }
    factors[below].1 = factors[below].1.add(&whole);
    factors[sine].0 = formulas.lower(graph, "sinc_sqrt(x)", &[("x", square)])?;
    factors.retain(|(_, exponent)| !exponent.is_zero());
    Some(graph.product(coefficient, factors))
}

/// Returns the sum of squares of which a hypotenuse is the root.
fn square_of_distance(graph: &mut Graph, id: ExprId) -> Option<ExprId> {
    let Node::Apply(rows::HYPOT, legs) = graph.node(id).clone() else { return None };
    let squares = [legs[0], legs[1]].map(|leg| graph.product(Rational::ONE, vec![(leg, Rational::integer(2))]));
    Some(graph.sum(Rational::ZERO, squares.map(|square| (square, Rational::ONE)).to_vec()))
}

/// Returns what continues a choice between a patch and a quotient.
fn patched(graph: &mut Graph, formulas: &mut Formulas, choice: [ExprId; 3]) -> Option<ExprId> {
    [true, false].into_iter().find_map(|holds| equations(graph, choice[0], holds))?;
    if let Some(new) = continuation(graph, formulas, choice) {
        return Some(new);
    }
    // A distance has no derivative where it is 0, and its square has.
    let written_out = graph.rebuild(&choice, |graph, id, image| match graph.node(id).clone() {
        Node::Apply(rows::HYPOT, legs) => {
            let square = |leg: &ExprId| (image[*leg], Rational::integer(2));
            let squares = [&legs[0], &legs[1]].map(|leg| graph.product(Rational::ONE, vec![square(leg)]));
            let sum = graph.sum(Rational::ZERO, squares.map(|square| (square, Rational::ONE)).to_vec());
            Some(graph.product(Rational::ONE, vec![(sum, Rational::HALF)]))
        }
        node => node.is_leaf().then_some(id),
    });
    match <[ExprId; 3]>::try_from(written_out) {
        Ok(written_out) if written_out != choice => continuation(graph, formulas, written_out),
        _ => None,
    }
}

fn continuation(graph: &mut Graph, formulas: &mut Formulas, [condition, a, b]: [ExprId; 3]) -> Option<ExprId> {
    let (place, patch, body) = match place(graph, condition, true) {
        Some(place) => (place, a, b),
        None => (place(graph, condition, false)?, b, a),
    };
    // A product is 0 where any one of its factors is.
    let factors = place.iter().find_map(|(leaf, _)| match graph.node(*leaf) {
        Node::Product(factors) => Some(factors.to_vec()),
        _ => None,
    });
    let Some(factors) = factors else { return continued_at(graph, formulas, &place, patch, body) };
    let zero = graph.integer(0);
    let mut new = None;
    for (base, _) in factors {
        let place = [&place[..], &[(base, zero)]].concat();
        new = Some(continued_at(graph, formulas, &place, patch, body)?);
    }
    new
}

/// Returns what continues a body to a place, if it is the patch there.
fn continued_at(
    graph: &mut Graph,
    formulas: &mut Formulas,
    place: &[(ExprId, ExprId)],
    patch: ExprId,
    body: ExprId,
) -> Option<ExprId> {
    // Rows are compared term by term.
    let body = canonicalize(graph, formulas, &[body], Grouping::DERIVING)[0];
    let new = graph.rebuild(&[body], |graph, id, image| match graph.node(id).clone() {
        Node::Product(_) => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            Some(quotient(graph, formulas, built, false).unwrap_or(built))
        }
        Node::Sum(..) => {
            let node = graph.node(id).clone();
            let built = graph.construct(&node, |operand| image[operand]);
            let smooth = without_poles(graph, formulas, built).unwrap_or(built);
            Some(related(graph, formulas, smooth).unwrap_or(smooth))
        }
        node => node.is_leaf().then_some(id),
    });
    let new = new[0];
    // A root of what vanishes has no derivative there.
    let vanishes = |id: ExprId| place.iter().any(|(leaf, value)| *leaf == id && graph.is_integer(*value, 0));
    let is_rough = |id: ExprId| match graph.node(id) {
        Node::Product(factors) => {
            factors.iter().any(|(base, own)| (own.is_negative() || !own.is_integer()) && vanishes(*base))
        }
        _ => false,
    };
    if graph.reachable(&[new]).into_iter().any(is_rough) {
        return None;
    }
    let mut at_point = |graph: &mut Graph, roots: &[ExprId]| {
        let at = |id: ExprId| place.iter().find(|(leaf, _)| *leaf == id).map(|(_, value)| *value);
        let ends = graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
            _ if at(id).is_some() => at(id),
            Node::Apply(function, arguments) => {
                let arguments: Vec<ExprId> = arguments.iter().map(|argument| image[*argument]).collect();
                let value = derivative_at_zero(graph, function, &arguments)?;
                Some(graph.number(value))
            }
            _ => None,
        });
        canonicalize(graph, formulas, &ends, Grouping::READING)
    };
    let divisors = divisors(graph, new)?;
    let distances = graph.reachable(&[new]).into_iter().filter_map(|id| match graph.node(id) {
        Node::Apply(rows::HYPOT, legs) => Some(legs.to_vec()),
        _ => None,
    });
    let distances: Vec<Vec<ExprId>> = distances.collect();
    if distances
        .into_iter()
        .chain(divisors.into_iter().map(|divisor| vec![divisor]))
        .any(|parts| at_point(graph, &parts).into_iter().all(|part| graph.is_integer(part, 0)))
    {
        return None;
    }
    let ends = at_point(graph, &[patch, new]);
    let difference = graph.sum(Rational::ZERO, vec![(ends[0], Rational::ONE), (ends[1], Rational::MINUS_ONE)]);
    let difference = canonicalize(graph, formulas, &[difference], Grouping::READING)[0];
    graph.as_number(difference).is_some_and(Rational::is_zero).then_some(new)
}

/// Returns where a condition holds, or where it does not, if equations tell.
fn place(graph: &mut Graph, condition: ExprId, holds: bool) -> Option<Place> {
    let mut found = Vec::new();
    for (u, v) in equations(graph, condition, holds)? {
        match solved(graph, u, v) {
            Some(solution) => found.push(solution),
            None => found.extend(vanishing(graph, u, v)?),
        }
    }
    Some(found)
}

/// Tells whether a factor of a product is a sum with a sum in it.
fn has_groups(graph: &Graph, id: ExprId) -> bool {
    let is_group =
        |id: ExprId| matches!(graph.node(id), Node::Sum(constant, terms) if !constant.is_zero() || terms.len() > 1);
    factors_of(graph, id).1.into_iter().any(|(base, exponent)| match graph.node(base) {
        Node::Sum(_, terms) => exponent.is_one() && terms.iter().any(|(term, _)| is_group(*term)),
        _ => false,
    })
}

/// Lists what must not be 0 for a body to be smooth: divisors, and what roots and logarithms are taken of. None for a body
/// with powers of which the exponent is no number.
fn divisors(graph: &Graph, body: ExprId) -> Option<Vec<ExprId>> {
    let mut found = Vec::new();
    for id in graph.reachable(&[body]) {
        match graph.node(id) {
            Node::Product(factors) => {
                let divides = |own: &Rational| own.is_negative() || !own.is_integer();
                found.extend(factors.iter().filter(|(_, own)| divides(own)).map(|(base, _)| *base));
            }
            Node::Apply(rows::LN, arguments) => found.push(arguments[0]),
            Node::Apply(rows::POW, _) => return None,
            _ => {}
        }
    }
    Some(found)
}

/// Returns the value of a derivative of `bernoulli`, `exprel`, `langevin`, `sinc` or `sinc_sqrt` at 0.
fn derivative_at_zero(graph: &Graph, function: FunctionId, arguments: &[ExprId]) -> Option<Rational> {
    let [order, x] = arguments else { return None };
    let order = graph.as_number(*order)?.to_integer().filter(|_| graph.is_integer(*x, 0))?;
    let reciprocal = Rational::fraction(1, order + 1);
    match function {
        // Bernoulli numbers
        rows::BERNOULLI_DERIVATIVE => match order {
            1 => Rational::fraction(-1, 2),
            2 => Rational::fraction(1, 6),
            _ => (order % 2 == 1).then_some(Rational::ZERO),
        },
        rows::EXPREL_DERIVATIVE => reciprocal,
        // (−1)ⁿ·n!/(2n + 1)!
        rows::SINC_SQRT_DERIVATIVE => (1..=order)
            .try_fold(Rational::ONE, |value, k| Some(value.multiply(&Rational::fraction(-1, 2 * (2 * k + 1))?))),
        rows::LANGEVIN_DERIVATIVE => match order {
            1 => Rational::fraction(1, 3),
            3 => Rational::fraction(-2, 15),
            _ => Some(Rational::ZERO).filter(|_| order % 2 == 0),
        },
        rows::SINC_DERIVATIVE => match order % 4 {
            0 => reciprocal,
            2 => reciprocal.map(|value| value.negate()),
            _ => Some(Rational::ZERO),
        },
        _ => None,
    }
}

/// Returns what is 0 where `u = v`, without a root or a power around it, if one of the two is 0.
fn vanishing(graph: &mut Graph, u: ExprId, v: ExprId) -> Option<Place> {
    let mut other = if graph.is_integer(v, 0) { u } else { Some(v).filter(|_| graph.is_integer(u, 0))? };
    loop {
        other = match graph.node(other) {
            Node::Product(factors) => match &factors[..] {
                [(base, exponent)] if !exponent.is_negative() => *base,
                factors if factors.iter().all(|(_, own)| own.is_integer() && !own.is_negative()) => break,
                _ => return None,
            },
            Node::Apply(rows::ABS | rows::SQRT, arguments) => arguments[0],
            Node::Apply(rows::HYPOT, _) => return None,
            _ => break,
        };
    }
    let zero = graph.integer(0);
    if let Some(solution) = solved(graph, other, zero) {
        return Some(vec![solution]);
    }
    let mut place = vec![(other, zero)];
    // A sum of squares is 0 where each of them is.
    if let Node::Sum(constant, terms) = graph.node(other)
        && constant.is_zero()
    {
        let base = |(term, k): &(ExprId, Rational)| match graph.node(*term) {
            Node::Product(factors) => match &factors[..] {
                [(base, exponent)] if !k.is_negative() && exponent.to_integer() == Some(2) => Some((*base, zero)),
                _ => None,
            },
            _ => None,
        };
        place.extend(terms.iter().map(base).collect::<Option<Place>>().unwrap_or_default());
    }
    Some(place)
}

/// Solves `u = v` for an input that it is linear in, with a number as coefficient.
fn solved(graph: &mut Graph, u: ExprId, v: ExprId) -> Option<(ExprId, ExprId)> {
    let difference = graph.sum(Rational::ZERO, vec![(u, Rational::ONE), (v, Rational::MINUS_ONE)]);
    let difference = graph.rebuild(&[difference], |_, _, _| None)[0];
    let (constant, terms) = match graph.node(difference) {
        Node::Sum(constant, terms) => (constant.clone(), terms.to_vec()),
        _ => (Rational::ZERO, vec![(difference, Rational::ONE)]),
    };
    for (at, (leaf, coefficient)) in terms.iter().enumerate() {
        if !matches!(graph.node(*leaf), Node::Input(_)) {
            continue;
        }
        let scale = coefficient.reciprocal()?.negate();
        let others = terms.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, (term, own))| (*term, own.multiply(&scale))).collect();
        let value = graph.sum(constant.multiply(&scale), others);
        if !graph.reachable(&[value]).contains(leaf) {
            return Some((*leaf, value));
        }
    }
    None
}

/// Where a function has a branch of its own whose derivative may be none of the neighbours'.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patch {
    /// The branch is for the points of an equation, which is the condition.
    Point(ExprId),
    /// The branch is for small numbers, while the other one divides by what is small there, or takes its logarithm.
    Small(ExprId),
}

/// Lists the branches of their own in canonical expressions whose patched quotients are continued; `moves` tells what
/// depends on the inputs that are derived by.
pub fn patches(graph: &mut Graph, roots: &[ExprId], moves: impl Fn(&Graph, ExprId) -> bool) -> Vec<Patch> {
    let mut found = Vec::new();
    for id in graph.reachable(roots) {
        let Node::Select(condition, a, b) = *graph.node(id) else { continue };
        let points = [true, false].into_iter().find_map(|holds| equations(graph, condition, holds));
        if let Some(points) = points.and_then(|equations| all_hold(graph, equations)) {
            found.extend(moves(graph, condition).then_some(Patch::Point(points)));
            continue;
        }
        let Node::Compare(comparison, u, v) = *graph.node(condition) else { continue };
        let is_small =
            |id: ExprId| graph.as_number(id).is_some_and(|value| !value.is_zero() && value.abs().to_f64() <= SMALL);
        let (smaller, other) = match (comparison, is_small(u), is_small(v)) {
            (Comparison::Less | Comparison::LessEqual, false, true) => (a, b),
            (Comparison::Less | Comparison::LessEqual, true, false) => (b, a),
            (Comparison::Greater | Comparison::GreaterEqual, false, true) => (b, a),
            (Comparison::Greater | Comparison::GreaterEqual, true, false) => (a, b),
            _ => continue,
        };
        let may_fail = |branch: ExprId| {
            divisors(graph, branch).is_none_or(|divisors| divisors.into_iter().any(|divisor| moves(graph, divisor)))
        };
        if moves(graph, condition) && may_fail(other) && !may_fail(smaller) {
            found.push(Patch::Small(if smaller == a { condition } else { opposite(graph, condition) }));
        }
    }
    found
}

/// Lists the equations that all hold where a condition does, or does not, if it is made of equations alone.
fn equations(graph: &Graph, condition: ExprId, holds: bool) -> Option<Vec<(ExprId, ExprId)>> {
    let mut open = vec![(condition, holds)];
    let mut found = Vec::new();
    while let Some((condition, holds)) = open.pop() {
        match (graph.node(condition), holds) {
            (Node::Compare(Comparison::Equal, u, v), true) | (Node::Compare(Comparison::NotEqual, u, v), false) => {
                found.push((*u, *v));
            }
            (Node::And(a, b), true) | (Node::Or(a, b), false) => open.extend([(*b, holds), (*a, holds)]),
            (Node::Not(a), _) => open.push((*a, !holds)),
            _ => return None,
        }
    }
    Some(found)
}

/// Returns the condition that all equations hold; none without any.
fn all_hold(graph: &mut Graph, equations: Vec<(ExprId, ExprId)>) -> Option<ExprId> {
    let mut all: Option<ExprId> = None;
    for (u, v) in equations {
        let own = graph.compare(Comparison::Equal, u, v);
        all = Some(all.map_or(own, |all| graph.intern(Node::And(all, own))));
    }
    all
}

fn opposite(graph: &mut Graph, condition: ExprId) -> ExprId {
    match *graph.node(condition) {
        Node::Compare(Comparison::Less, u, v) => graph.compare(Comparison::GreaterEqual, u, v),
        Node::Compare(Comparison::LessEqual, u, v) => graph.compare(Comparison::Greater, u, v),
        Node::Compare(Comparison::Greater, u, v) => graph.compare(Comparison::LessEqual, u, v),
        Node::Compare(Comparison::GreaterEqual, u, v) => graph.compare(Comparison::Less, u, v),
        _ => condition,
    }
}
