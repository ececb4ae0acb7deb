//! Proves Table 1 row by row: each derivative against numerical differences, once and twice; that every formula is in
//! the language; and that special values, symmetries, inverses and domains hold.

#[path = "common/difference.rs"]
mod difference;

use difference::{differentiate, largest};
use gradc::derive::{Form, derive_repeatedly};
use gradc::functions::{Arity, Code, Function, Parity, TABLE};
use gradc::graph::Graph;
use gradc::lower::{self, Formulas};
use gradc::source::Source;
use gradc::tape::{Tape, schedule};

/// Numbers that are tried as arguments, with both signs.
const CANDIDATES: &[f64] = &[
    0.0, 1e-12, 1e-8, 1e-5, 1e-3, 0.01, 0.03, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.37, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65,
    0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999, 1.0, 1.001, 1.01, 1.05, 1.1, 1.15, 1.2, 1.3, 1.46, 1.5, 1.57, 1.7,
    1.85, 1.93, 2.0, 2.15, 2.3, 2.4, 2.5, 2.6, 2.75, 3.0, 3.2, 3.5, 3.7, 3.9, 4.0, 4.4, 4.7, 5.0, 5.5, 6.3, 7.3, 8.0,
    9.1, 10.0, 12.5, 15.7, 20.0, 31.0, 55.0, 100.3, 300.0, 1e3, 1e5, 1e8,
];
/// Numbers that are tried in all combinations as several arguments, with both signs.
const FEW: &[f64] = &[0.0, 1e-3, 0.3, 0.75, 1.0, 1.6, 2.0, 4.5, 30.0];
/// Entries of a function of a whole vector.
const ENTRIES: usize = 3;
/// Rows of a matrix that a function takes row by row.
const ROWS: usize = 2;
/// How many combinations of more than two arguments are tried.
const SPREAD: usize = 200;
/// Fewest points at which a derivative is compared.
const FEWEST: usize = 40;
/// Largest relative error of a derivative.
const TOLERANCE: f64 = 1e-7;
/// Largest relative error that the numerical derivative may promise for the comparison to count.
const PRECISE: f64 = 1e-8;
/// The range in which values inside of the domain must be finite; beyond, they may overflow: erfcx from -26.7 on.
const MODERATE: std::ops::RangeInclusive<f64> = 1e-3..=26.0;

/// A way to call a function: the text of the call, the declarations of its arguments, and how many inputs those have.
struct Call {
    text: String,
    declarations: Vec<Source>,
    inputs: usize,
}

impl Call {
    fn parse(&self, text: &str) -> lower::Entries {
        let read = gradc::read(&Source::new("formula", text), &self.declarations);
        read.expect("the source is read").remove(0).entries.expect("a formula has entries")
    }

    fn tape(&self, text: &str) -> Tape {
        let mut function = self.parse(text);
        let roots = function.outputs.clone();
        schedule(&mut function.graph, &mut Formulas::default(), &roots)
    }

    /// Returns the arguments to try: all of them for one input, all pairs for two, a spread of combinations for more.
    fn points(&self) -> Vec<Vec<f64>> {
        let list = if self.inputs == 1 { CANDIDATES } else { FEW };
        let mut signed: Vec<f64> = list.iter().flat_map(|x| [*x, -*x]).collect();
        signed.dedup();
        let count = signed.len();
        match self.inputs {
            1 => signed.iter().map(|x| vec![*x]).collect(),
            2 => signed.iter().flat_map(|a| signed.iter().map(|b| vec![*a, *b])).collect(),
            inputs => {
                let entry = |at: usize, input: usize| signed[(at * (2 * input + 1) + at / count * (input + 1)) % count];
                (0..SPREAD).map(|at| (0..inputs).map(|input| entry(at, input)).collect()).collect()
            }
        }
    }
}

/// Returns the calls of a row; an argument that it can't be derived by is a whole number from 0 to 3.
fn calls(row: &Function) -> Vec<Call> {
    let parameters = row.parameters;
    let constant = |at: usize| row.derivatives.get(at).is_some_and(|formula| formula.is_empty());
    let orders = if (0..parameters.len()).any(constant) { 0..4 } else { 0..1 };
    orders
        .map(|order| {
            let free: Vec<&str> = (0..parameters.len()).filter(|at| !constant(*at)).map(|at| parameters[at]).collect();
            let argument = |at: usize| if constant(at) { order.to_string() } else { parameters[at].to_string() };
            let arguments: Vec<String> = (0..parameters.len()).map(argument).collect();
            let (kind, entries) = match row.arity {
                Arity::Collective if row.name.ends_with("_rows") => {
                    (format!(": matrix[{ROWS}, {ENTRIES}]"), ROWS * ENTRIES)
                }
                Arity::Collective => (format!(": vector[{ENTRIES}]"), ENTRIES),
                _ => (String::new(), 1),
            };
            let declare = |name: &&str| format!("{name}{kind}");
            Call {
                text: format!("{}({})", row.name, arguments.join(", ")),
                declarations: free.iter().map(|name| Source::new("declaration", declare(name))).collect(),
                inputs: free.len() * entries,
            }
        })
        .collect()
}

/// Returns the condition of the domain as a test of points.
fn domain(row: &Function, call: &Call) -> impl Fn(&[f64]) -> bool {
    condition(row.domain, call)
}

/// Returns a condition of a row as a test of points; an empty one holds everywhere.
fn condition(text: &str, call: &Call) -> impl Fn(&[f64]) -> bool {
    let tape = (!text.is_empty()).then(|| call.tape(&format!("if({text}, 1, 0)")));
    move |point| tape.as_ref().is_none_or(|tape| tape.evaluate(point)[0] == 1.0)
}

/// Tells whether arguments of a choice are equal: there the derivative is a convention.
fn is_tie(row: &Function, point: &[f64]) -> bool {
    let chooses = row.arity == Arity::Folded || matches!(row.code, Code::Expanded);
    chooses && (1..point.len()).any(|at| point[..at].contains(&point[at]))
}

/// Compares the derivatives of a tape's outputs with those on another tape; returns at how many points.
fn compare(
    row: &Function,
    call: &Call,
    input: usize,
    function: &Tape,
    derivative: &Tape,
    wrong: &mut Vec<String>,
) -> usize {
    let inside = domain(row, call);
    let mut compared = 0;
    let smooth = condition(row.smooth, call);
    for point in call.points().into_iter().filter(|point| inside(point) && smooth(point)) {
        if is_tie(row, &point) {
            continue;
        }
        let analytic = derivative.evaluate(&point);
        for (output, analytic) in analytic.into_iter().enumerate() {
            let along = |x: f64| {
                let mut moved = point.clone();
                moved[input] = x;
                if inside(&moved) { function.evaluate(&moved)[output] } else { f64::NAN }
            };
            let numeric = differentiate(along, point[input], largest(function, &point));
            let size = numeric.value.abs();
            let vanishes = size == 0.0 && numeric.error < PRECISE;
            if !(vanishes || size.is_finite() && numeric.error <= PRECISE * size) {
                continue;
            }
            compared += 1;
            let allowed = if vanishes { numeric.error } else { TOLERANCE * size };
            let right = (analytic - numeric.value).abs() <= allowed;
            if !right {
                wrong.push(format!(
                    "{} by input {input} at {point:?}: {analytic:e} is not {:e}",
                    call.text, numeric.value
                ));
            }
        }
    }
    compared
}

fn check_derivatives(order: usize) {
    let mut wrong = Vec::new();
    for row in TABLE {
        for call in calls(row) {
            let function = call.parse(&call.text);
            for input in 0..call.inputs {
                let tape = |order: usize| {
                    let derived = derive_repeatedly(&function, input, order, Form::Raw);
                    derived.expect(&call.text).tape()
                };
                let compared = compare(row, &call, input, &tape(order - 1), &tape(order), &mut wrong);
                if compared < FEWEST {
                    wrong.push(format!("{} by input {input}: only {compared} points compared", call.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn first_derivatives_are_what_differences_approach() {
    check_derivatives(1);
}

#[test]
fn second_derivatives_are_what_differences_approach() {
    check_derivatives(2);
}

#[test]
fn every_formula_is_in_the_language() {
    for row in TABLE {
        let mut formulas: Vec<&'static str> = row.derivatives.to_vec();
        formulas.extend(row.definition);
        formulas.extend(row.values.iter().flat_map(|(at, value)| [*at, *value]));
        formulas.push(row.domain);
        formulas.push(row.smooth);
        if let Code::Formula(formula) = row.code {
            formulas.push(formula);
        }
        let mut graph = Graph::new();
        let names: Vec<(&str, _)> = ["y"].iter().chain(row.parameters).map(|name| (*name, graph.integer(3))).collect();
        for formula in formulas.into_iter().filter(|formula| !formula.is_empty()) {
            let lowered = Formulas::default().lower(&mut graph, formula, &names);
            assert!(lowered.is_some(), "`{formula}` of `{}` can't be read", row.name);
        }
        let places = row.derivatives.len();
        let wanted = if row.arity == Arity::Collective { 1 } else { row.parameters.len() };
        assert!(places == 0 || places == wanted, "`{}` has {places} derivatives", row.name);
        let abbreviation = matches!(row.code, Code::Expanded);
        assert_eq!(places == 0, abbreviation, "`{}` has neither a derivative nor a definition", row.name);
    }
}

#[test]
fn names_and_aliases_are_distinct() {
    let mut names: Vec<&str> = gradc::functions::names().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(TABLE.iter().all(|row| !row.documentation.is_empty()));
}

#[test]
fn special_values_hold() {
    for row in TABLE {
        for (at, value) in row.values {
            let call = Call { text: String::new(), declarations: Vec::new(), inputs: 0 };
            let given = call.tape(&format!("{}({at})", row.name)).evaluate(&[])[0];
            let wanted = call.tape(value).evaluate(&[])[0];
            assert!((given - wanted).abs() <= 1e-15 * wanted.abs().max(1.0), "{}({at}) is {given:e}", row.name);
        }
    }
}

#[test]
fn symmetries_hold() {
    for row in TABLE.iter().filter(|row| row.parity != Parity::None) {
        let call = calls(row).remove(0);
        let tape = call.tape(&call.text);
        let inside = domain(row, &call);
        for point in call.points().iter().filter(|point| inside(point)) {
            let (right, left) = (tape.evaluate(point)[0], tape.evaluate(&[-point[0]])[0]);
            let mirrored = if row.parity == Parity::Odd { -left } else { left };
            assert!((right - mirrored).abs() <= 1e-15 * right.abs() || right == mirrored, "{} at {point:?}", row.name);
        }
    }
}

#[test]
fn inverses_undo_their_functions() {
    for row in TABLE.iter().filter(|row| !row.left_inverse.is_empty()) {
        let call = calls(row).remove(0);
        let text = format!("{}({})", row.left_inverse, call.text);
        let (tape, value) = (call.tape(&text), call.tape(&call.text));
        let slope = derive_repeatedly(&call.parse(&call.text), 0, 1, Form::Raw).expect("a derivative").tape();
        let inside = domain(row, &call);
        let mut compared = 0;
        for point in call.points().iter().filter(|point| inside(point)) {
            let (x, back) = (point[0], tape.evaluate(point)[0]);
            let spread = (value.evaluate(point)[0] / slope.evaluate(point)[0]).abs();
            let allowed = 4.0 * f64::EPSILON * (x.abs() + spread);
            compared += usize::from(allowed <= 1e-6 * x.abs());
            let lost = allowed > 1e-6 * x.abs() || allowed.is_nan();
            assert!((back - x).abs() <= allowed || lost, "{text} at {x} is {back}, {allowed:e} allowed");
        }
        assert!(compared >= FEWEST, "{text}: only {compared} points compared");
    }
}

/// At the origin, IEEE 754 gives some functions of two arguments a value by convention: pow(0, 0) is 1, atan2(0, 0) 0.
#[test]
fn domains_are_where_values_are_finite() {
    let mut wrong = Vec::new();
    for row in TABLE {
        for call in calls(row) {
            let (tape, inside) = (call.tape(&call.text), domain(row, &call));
            for point in call.points() {
                let values = tape.evaluate(&point);
                let moderate = point.iter().all(|x| *x == 0.0 || MODERATE.contains(&x.abs()));
                let convention = matches!(row.code, Code::Method2(..)) && point.iter().all(|x| *x == 0.0);
                let right = match inside(&point) {
                    true => values.iter().all(|value| !value.is_nan() && (value.is_finite() || !moderate)),
                    false => convention || values.iter().all(|value| !value.is_finite()),
                };
                if !right {
                    wrong.push(format!("{} at {point:?} is {values:?}", call.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
