//! Checks that what is taken for equal is equal: both sides are evaluated at sample points, to the last digit.
//!
//! No pass may change a value, and no class of the e-graph may hold two. Where either side is not defined nothing is
//! compared: a simplification may add points to the domain.

use crate::graph::{ExprId, Graph, Node, Rational};
use crate::lower::{Facts, Formulas};
use crate::precise::{Coordinate, Estimate, Evaluator, estimates};
use crate::show::notation;
use crate::simplify::{Audit, Claim};
use crate::tape::{Tape, transcribe};

/// How many points are sampled.
const POINTS: u64 = 3;
/// Largest relative difference of equal values: functions whose code joins two formulas are not closer.
const TOLERANCE: f64 = 1e-14;
/// Largest error of double precision that decides, relative to the value, or to what counts as 0 at ordinary points.
const CLOSE: f64 = 1e-10;
const LEAST: f64 = 1e-3;
/// Longest expression that is written into an objection.
const SHOWN: usize = 400;

/// Hears claims, and keeps those that do not hold.
#[derive(Default)]
pub struct Verifier {
    formulas: Formulas,
    evaluator: Evaluator,
    objections: Vec<String>,
}

impl Audit for Verifier {
    fn hear(&mut self, graph: &mut Graph, claims: &[Claim], facts: &[Facts]) {
        let roots: Vec<ExprId> = claims.iter().flat_map(|claim| [claim.given, claim.made]).collect();
        let tape = transcribe(graph, &mut self.formulas, &roots);
        let inputs = input_count(graph, &roots);
        let mut wrong: Vec<&Claim> = Vec::new();
        for point in (0..POINTS).map(|point| sample(inputs, point, facts)) {
            // Double precision decides nearly always.
            let bounds = bounded(&tape, &point);
            let open = claims.iter().zip(bounds.chunks(2)).filter(|(_, bounds)| !agree(bounds[0], bounds[1]));
            for (claim, _) in open {
                let values = self.values(graph, &[claim.given, claim.made], &point);
                if differ(values[0], values[1]) && wrong.iter().all(|own| own.made != claim.made) {
                    wrong.push(claim);
                    let [given, made] = [claim.given, claim.made].map(|id| shown(graph, id));
                    self.objections.push(format!(
                        "{}: {:e} is not {:e} at {point:?}\n    {given}\n    {made}",
                        claim.by, values[0], values[1]
                    ));
                }
            }
        }
    }

    fn objections(&self) -> Vec<String> {
        self.objections.clone()
    }
}

impl Verifier {
    /// Compares expressions one by one, and keeps those that differ, with the name of what made them.
    pub fn compare_forms(
        &mut self,
        by: &'static str,
        graph: &mut Graph,
        given: &[ExprId],
        made: &[ExprId],
        facts: &[Facts],
    ) {
        let pairs = given.iter().zip(made);
        let claims: Vec<Claim> = pairs.map(|(given, made)| Claim { by, given: *given, made: *made }).collect();
        self.hear(graph, &claims, facts);
    }

    /// Compares tapes with the expressions that they compute, and keeps the values that differ.
    pub fn compare_tapes(&mut self, graph: &mut Graph, roots: &[ExprId], tapes: &[Tape], facts: &[Facts]) {
        let reference = transcribe(graph, &mut self.formulas, roots);
        let inputs = input_count(graph, roots);
        for point in (0..POINTS).map(|point| sample(inputs, point, facts)) {
            let bounds = bounded(&reference, &point);
            let open = |tape: &&Tape| {
                let own = bounded(tape, &point);
                !bounds.iter().zip(&own).all(|(a, b)| agree(*a, *b))
            };
            let open: Vec<&Tape> = tapes.iter().filter(open).collect();
            if open.is_empty() {
                continue;
            }
            let expected = self.evaluate(&reference, &point);
            for tape in open {
                let values = self.evaluate(tape, &point);
                for ((root, expected), value) in roots.iter().zip(&expected).zip(values) {
                    if differ(*expected, value) {
                        let text = shown(graph, *root);
                        self.objections.push(format!("a tape: {expected:e} is not {value:e} at {point:?}\n    {text}"));
                    }
                }
            }
        }
    }

    fn values(&mut self, graph: &mut Graph, roots: &[ExprId], point: &[f64]) -> Vec<f64> {
        let tape = transcribe(graph, &mut self.formulas, roots);
        self.evaluate(&tape, point)
    }

    fn evaluate(&mut self, tape: &Tape, point: &[f64]) -> Vec<f64> {
        let coordinates: Vec<Coordinate> = point.iter().copied().map(Coordinate::from).collect();
        let mut values = self.evaluator.evaluate(tape, &coordinates);
        // Nothing is known of the error of what is in double precision only.
        self.evaluator.undecided().iter().for_each(|output| values[*output] = f64::NAN);
        values
    }
}

fn bounded(tape: &Tape, point: &[f64]) -> Vec<Estimate> {
    let coordinates: Vec<Coordinate> = point.iter().copied().map(Coordinate::from).collect();
    let estimates = estimates(tape, &coordinates);
    tape.outputs.iter().map(|slot| estimates[slot.index()]).collect()
}

/// Tells whether two doubles with their error bounds are close enough to stand for one number, or whether one of them
/// stands for none.
fn agree(a: Estimate, b: Estimate) -> bool {
    let undefined = !a.value.is_finite() || !b.value.is_finite();
    let scale = a.value.abs().max(b.value.abs()).max(LEAST);
    undefined || (a.value - b.value).abs().max(a.error).max(b.error) <= CLOSE * scale
}

fn differ(a: f64, b: f64) -> bool {
    a.is_finite() && b.is_finite() && (a - b).abs() > TOLERANCE * a.abs().max(b.abs())
}

fn shown(graph: &Graph, id: ExprId) -> String {
    let text = notation::text(graph, id);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

fn input_count(graph: &Graph, roots: &[ExprId]) -> usize {
    let input = |id: ExprId| match graph.node(id) {
        Node::Input(index) => *index as usize + 1,
        _ => 0,
    };
    graph.reachable(roots).into_iter().map(input).max().unwrap_or(0)
}

/// Returns ordinary numbers of both signs, the same in every run, within the bounds that are known of the inputs.
fn sample(inputs: usize, point: u64, facts: &[Facts]) -> Vec<f64> {
    let none = Facts::default();
    let input = |at: usize| within(facts.get(at).unwrap_or(&none), unit(at as u64, point), point);
    (0..inputs).map(input).collect()
}

fn within(facts: &Facts, unit: f64, point: u64) -> f64 {
    let bound = |bound: &Option<(Rational, bool)>| bound.as_ref().map(|(value, _)| value.to_f64());
    let width = [1.0, 2.0, 4.0][point as usize % 3];
    let (low, high) = match (bound(&facts.low), bound(&facts.high)) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + width),
        (None, Some(high)) => (high - width, high),
        (None, None) if point == 0 => (0.1, 1.2),
        (None, None) => (-width / 2.0, width / 2.0),
    };
    low + (0.01 + 0.98 * unit) * (high - low)
}

/// Returns a number between 0 and 1 that depends on the arguments alone (SplitMix64: Steele, Lea and Flood, Fast
/// splittable pseudorandom number generators, 2014).
fn unit(input: u64, point: u64) -> f64 {
    let mut state = (input + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (point + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((state ^ (state >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
