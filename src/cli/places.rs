//! Points at which the equations hold that a function's conditions ask for: where a value is patched in, its derivative is
//! best checked.

use super::values::Point;
use crate::graph::{Comparison, ExprId, Graph, Node};
use crate::lower::{Entries, Facts, Formulas, Whole};
use crate::tape::{associate, plan, transcribe};
use std::ops::Range;

/// Most points that are added to a check.
const MOST: usize = 8;
/// Most entries that are moved one by one.
const MOVED: usize = 16;

/// The difference of both sides of an equation, at a point; of vectors, those of all entries.
type Difference<'a> = Box<dyn Fn(&[f64]) -> Vec<f64> + 'a>;

/// A parameter's entries in a point.
struct Movable<'a> {
    range: Range<usize>,
    facts: &'a Facts,
}

/// Returns points near a sample where a function's equations hold.
pub fn of_entries(entries: &Entries, sample: &[f64]) -> Vec<Vec<f64>> {
    let mut formulas = Formulas::default();
    let parameters = entries.parameters.iter();
    let parameters: Vec<Movable> =
        parameters.map(|own| Movable { range: own.inputs.clone(), facts: &own.facts }).collect();
    let mut found = Vec::new();
    for equations in equations(&entries.graph, &entries.outputs) {
        let mut graph = entries.graph.clone();
        let differences = equations.into_iter().map(|(u, v)| -> Difference {
            let tape = transcribe(&mut graph, &mut formulas, &[u, v]);
            Box::new(move |point| {
                let sides = tape.evaluate(point);
                vec![sides[0] - sides[1]]
            })
        });
        let differences: Vec<Difference> = differences.collect();
        found.extend(meeting(&parameters, &differences, sample));
    }
    few(found)
}

/// Returns points near a sample of whole vectors and matrices where a function's equations hold.
pub fn of_whole(whole: &Whole, point: &Point) -> Vec<Point> {
    let mut parameters = Vec::new();
    let mut end = 0;
    for parameter in whole.derivable().into_iter().map(|at| &whole.parameters[at]) {
        let start = end;
        end += point.matrices[whole.input_index(parameter.id)].entries.len();
        // An entry of a symmetric matrix does not move alone.
        if !whole.graph.is_declared_symmetric(parameter.id) {
            parameters.push(Movable { range: start..end, facts: &parameter.facts });
        }
    }
    let sample = flat(whole, point);
    let mut found = Vec::new();
    for equations in equations(&whole.graph, &[whole.output]) {
        let differences = equations.into_iter().map(|(u, v)| -> Difference {
            let mut graph = whole.graph.clone();
            let roots = associate(&mut graph, &[u, v]);
            let plan = plan(&graph, &roots);
            Box::new(move |entries| {
                let point = moved(whole, point, entries);
                let Some(sides) = plan.evaluate(&graph, &point.matrices, &point.sizes) else { return Vec::new() };
                let (u, v) = (&sides[0].entries, &sides[1].entries);
                let count = u.len().max(v.len());
                let entry = |side: &[f64], at: usize| side.get(at).or(side.first()).copied().unwrap_or(f64::NAN);
                (0..count).map(|at| entry(u, at) - entry(v, at)).collect()
            })
        });
        let differences: Vec<Difference> = differences.collect();
        found.extend(meeting(&parameters, &differences, &sample));
    }
    few(found).iter().map(|entries| moved(whole, point, entries)).collect()
}

/// Lists the entries of a point in the order of the parameters.
fn flat(whole: &Whole, point: &Point) -> Vec<f64> {
    let derived = whole.derivable().into_iter().map(|at| whole.parameters[at].id);
    let matrices = derived.map(|id| &point.matrices[whole.input_index(id)]);
    matrices.flat_map(|matrix| matrix.entries.iter().copied()).collect()
}

/// Returns a point with other entries, in the order of the parameters.
pub fn moved(whole: &Whole, point: &Point, entries: &[f64]) -> Point {
    let mut matrices = point.matrices.clone();
    let mut rest = entries.iter().copied();
    for at in whole.derivable() {
        let value = &mut matrices[whole.input_index(whole.parameters[at].id)];
        value.entries.iter_mut().zip(&mut rest).for_each(|(entry, new)| *entry = new);
    }
    Point::new(matrices, point.sizes.clone())
}

fn few(found: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut points: Vec<Vec<f64>> = Vec::new();
    for point in found {
        if points.len() < MOST && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// Lists the equations that conditions of choices ask for, those together that one condition asks for.
fn equations(graph: &Graph, roots: &[ExprId]) -> Vec<Vec<(ExprId, ExprId)>> {
    let mut found = Vec::new();
    for id in graph.reachable(roots) {
        let Node::Select(condition, ..) = graph.node(id) else { continue };
        let mut own = Vec::new();
        let mut stack = vec![*condition];
        while let Some(id) = stack.pop() {
            match *graph.node(id) {
                Node::Compare(Comparison::Equal | Comparison::NotEqual, u, v) => own.push((u, v)),
                Node::And(a, b) | Node::Or(a, b) => stack.extend([b, a]),
                Node::Not(a) => stack.push(a),
                _ => {}
            }
        }
        let sides: Vec<ExprId> = own.iter().flat_map(|(u, v)| [*u, *v]).collect();
        let is_open = |id: ExprId| matches!(graph.node(id), Node::Derivative(..) | Node::Placeholder(_));
        if !own.is_empty() && !graph.reachable(&sides).into_iter().any(is_open) {
            found.push(own);
        }
    }
    found
}

/// Moves a point to where equations hold, one after the other.
fn meeting(parameters: &[Movable], differences: &[Difference], sample: &[f64]) -> Option<Vec<f64>> {
    let holds = |difference: &Difference, point: &[f64]| difference(point).contains(&0.0);
    let all_hold = |point: &[f64]| differences.iter().all(|difference| holds(difference, point));
    let mut point = sample.to_vec();
    for difference in differences {
        let candidates = candidates(parameters, difference, &point);
        match candidates.into_iter().find(|candidate| holds(difference, candidate)) {
            Some(next) => point = next,
            None => break,
        }
    }
    let mut origin = sample.to_vec();
    parameters.iter().filter(|own| allows(own.facts, 0.0)).for_each(|own| origin[own.range.clone()].fill(0.0));
    [point, origin].into_iter().find(|point| all_hold(point))
}

/// Lists points at which an equation may hold: entries at 0, at one another or where a line through two values is 0, and
/// whole parameters at 0.
fn candidates(parameters: &[Movable], difference: &Difference, point: &[f64]) -> Vec<Vec<f64>> {
    let moved =
        || parameters.iter().flat_map(|own| own.range.clone().take(MOVED).map(|at| (at, own.facts))).take(MOVED);
    let mut candidates = Vec::new();
    for (at, facts) in moved() {
        let mut next = point.to_vec();
        next[at] += 1.0;
        let lines = difference(point).into_iter().zip(difference(&next));
        let crossing = lines.map(|(here, there)| point[at] - here / (there - here));
        let others = moved().map(|(other, _)| point[other]).filter(|value| *value != point[at]);
        let values = crossing.take(1).chain([0.0]).chain(others);
        for value in values.filter(|value| value.is_finite() && allows(facts, *value)) {
            let mut candidate = point.to_vec();
            candidate[at] = value;
            candidates.push(candidate);
        }
    }
    for own in parameters.iter().filter(|own| allows(own.facts, 0.0)) {
        let mut candidate = point.to_vec();
        candidate[own.range.clone()].fill(0.0);
        candidates.push(candidate);
    }
    candidates
}

/// Tells whether a value is in a declared range.
fn allows(facts: &Facts, value: f64) -> bool {
    let above = facts.low.as_ref().is_none_or(|(low, open)| value > low.to_f64() || (!open && value == low.to_f64()));
    let below =
        facts.high.as_ref().is_none_or(|(high, open)| value < high.to_f64() || (!open && value == high.to_f64()));
    above && below && !(facts.non_zero && value == 0.0)
}
