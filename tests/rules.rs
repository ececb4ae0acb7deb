//! Every rewrite rule, by itself, with 60 digits: both sides have the same value and the same domain at points inside, at
//! the edges and far out; the side that is said to keep its digits does; and what is never applied has a counterexample.
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;

use astro_float::BigFloat;
use exact::{Exact, agree};
use gradc::derive::{Form, Order, derive};
use gradc::lower::{Formulas, Function};
use gradc::simplify::{Class, FORBIDDEN, Grouping, STRUCTURAL, Simplifier, TABLE, canonicalize, steps};
use gradc::source::Source;
use gradc::tape::Tape;

/// The edges at which both sides are compared, in all combinations, and some points between.
const POINTS: &[&str] = &[
    "0", "1", "-1", "1/2", "-1/2", "2", "-2", "3", "-3", "1e-20", "-1e-20", "40", "-40", "pi/2", "-pi/2", "pi", "0.37",
    "-1.7",
];
/// How many digits of both sides are equal.
const DIGITS: usize = 60;
/// Expressions on which every single step of every rule is tried, beside the left sides of the rules.
const EXPRESSIONS: &[&str] = &[
    "exp(-x)/(1 + exp(-x))^2",
    "sinh(x)/cosh(x) + exp(a)*exp(-x)",
    "(x^2 - 1)/(x - 1)",
    "x*a + x*b + a*b",
    "x*(a + b)^2",
    "(a*x)^3/(b*x)",
    "1/(x/a)",
    "ln(a)*x - ln(a)*b",
    "sqrt(x)*sqrt(a)/x",
    "(1/x + 1/a)*(x - a)",
    "abs(x)/x + x*sign(x)",
    "1 - tanh(a*x)^2",
    "2*sin(x)*cos(x) - sin(x)^2",
    "ln(exp(a)*cosh(b)) + ln(exp(x))",
    "tan(x)*cos(x)",
    "x/(x + a*x)",
    "exp(2*x) - 2*exp(x) + 1",
    "(a - b)/(b - a)",
    "sin(-x)*cos(-a)",
    "x^2*(1/x)^2",
    "ln(x) - ln(x)*a",
    "x^(1/2)*x^(3/2)",
    "(x^2 + 1)*a/(x^2 + 1)",
    "ln(a^2 + 1) + asin(x)^2/(asin(x)^2 + 1)*(asin(x)^2 + 1)",
];

/// Reads a side with the names that rules use, in one order.
fn side(text: &str) -> Function {
    let names = ["x", "a", "b"].map(|name| Source::new("parameter", name));
    let functions = gradc::read(&Source::new("rule", text), &names).expect("a side is an expression");
    functions.into_iter().next_back().expect("a rule has sides")
}

fn tape(text: &str) -> Tape {
    derive(&side(text), &[], Order::Value, Form::Raw).expect("a value needs no derivative").tape()
}

/// Lists all combinations of points for as many names as a function depends on.
fn points(exact: &mut Exact, function: &Function) -> Vec<Vec<BigFloat>> {
    let numbers: Vec<BigFloat> = POINTS.iter().map(|text| exact.number(text)).collect();
    let used = function.graph.reachable(&function.outputs);
    let uses = |input: u32| {
        let leaf = gradc::graph::Node::Input(input);
        used.iter().any(|id| *function.graph.node(*id) == leaf)
    };
    let mut points = vec![Vec::new()];
    for input in 0..3 {
        let choices = if uses(input) { &numbers[..] } else { &numbers[..1] };
        let longer = |point: &Vec<BigFloat>| {
            choices.iter().map(|number| point.iter().chain([number]).cloned().collect()).collect::<Vec<_>>()
        };
        points = points.iter().flat_map(longer).collect();
        // Three names together are tried at a part of all combinations.
        if points.len() > 2000 {
            points = points.into_iter().step_by(7).collect();
        }
    }
    points
}

/// Compares two functions where a condition holds; returns how often both were defined.
fn compare(exact: &mut Exact, name: &str, left: &Function, right: &Function, condition: Option<&Function>) -> usize {
    let mut compared = 0;
    let value = |exact: &mut Exact, function: &Function, point: &[BigFloat]| {
        exact.evaluate(&function.graph, function.outputs[0], point)
    };
    for point in points(exact, left) {
        if condition.is_some_and(|condition| value(exact, condition, &point).is_none_or(|holds| holds.is_zero())) {
            continue;
        }
        let show = || point.iter().map(|number| number.to_string()).map(|text| text[..12.min(text.len())].to_string());
        match (value(exact, left, &point), value(exact, right, &point)) {
            (None, None) => {}
            (Some(a), Some(b)) => {
                compared += 1;
                assert!(agree(&a, &b, DIGITS), "`{name}` at {:?}: {a} is not {b}", show().collect::<Vec<_>>());
            }
            (a, b) => panic!(
                "`{name}` at {:?}: defined {} on the left, {} on the right",
                show().collect::<Vec<_>>(),
                a.is_some(),
                b.is_some()
            ),
        }
    }
    compared
}

#[test]
fn names_are_distinct_and_documented() {
    for (at, rule) in TABLE.iter().enumerate() {
        assert!(!rule.name.is_empty() && !rule.documentation.is_empty());
        assert!(TABLE[..at].iter().all(|other| other.name != rule.name), "two rules are called `{}`", rule.name);
    }
}

#[test]
fn both_sides_are_equal_on_the_same_domain() {
    let mut exact = Exact::new();
    for rule in TABLE {
        let condition = match rule.class {
            Class::Exact => None,
            Class::Licensed(fact) => Some(side(&format!("if({fact}, 1, 0)"))),
        };
        let compared = compare(&mut exact, rule.name, &side(rule.left), &side(rule.right), condition.as_ref());
        assert!(compared >= 4, "`{}` was compared at {compared} points only", rule.name);
    }
}

#[test]
fn the_examples_of_the_rules_of_arithmetic_hold() {
    let mut exact = Exact::new();
    for rule in STRUCTURAL {
        assert!(!rule.documentation.is_empty());
        let (left, right) = rule.example;
        let compared = compare(&mut exact, rule.name, &side(left), &side(right), None);
        assert!(compared >= 4, "`{}` was compared at {compared} points only", rule.name);
    }
}

#[test]
fn every_single_step_keeps_value_and_domain() {
    let mut exact = Exact::new();
    let mut formulas = Formulas::default();
    let simplifier = Simplifier::new(&mut formulas);
    let lefts = TABLE.iter().map(|rule| rule.left).chain(STRUCTURAL.iter().map(|rule| rule.example.0));
    let mut seen = std::collections::BTreeSet::new();
    for text in lefts.chain(EXPRESSIONS.iter().copied()) {
        let mut given = side(text);
        given.graph.set_strict(true);
        let mut graph = given.graph.clone();
        let form = canonicalize(&mut graph, &mut formulas, &given.outputs, Grouping::READING)[0];
        for step in steps(&simplifier, &mut graph, &mut formulas, form, &[]) {
            seen.insert(step.rule);
            let after = Function { graph: graph.clone(), outputs: vec![step.form], ..given.clone() };
            compare(&mut exact, &format!("{} in {text}", step.rule), &given, &after, None);
        }
    }
    let arithmetic = STRUCTURAL.iter().filter(|rule| seen.contains(rule.name)).count();
    let table = TABLE.iter().filter(|rule| seen.contains(rule.name)).count();
    assert!(arithmetic >= 6 && table >= 30, "only {arithmetic} rules of arithmetic and {table} of the table: {seen:?}");
}

#[test]
fn what_is_never_applied_has_a_counterexample() {
    let mut exact = Exact::new();
    for rule in FORBIDDEN {
        let point = rule.at.map(|number| exact.number(number));
        let [left, right] = [rule.left, rule.right].map(|text| {
            let function = side(text);
            exact.evaluate(&function.graph, function.outputs[0], &point)
        });
        let left = left.unwrap_or_else(|| panic!("`{}` is not defined on the left", rule.name));
        let differs = right.is_none_or(|right| !agree(&left, &right, DIGITS));
        assert!(differs, "`{}` holds at {:?}", rule.name, rule.at);
        let table = TABLE.iter().filter(|own| matches!(own.class, Class::Exact));
        let used = table.filter(|own| (own.left, own.right) == (rule.left, rule.right)).count();
        assert!(used == 0 && !rule.documentation.is_empty(), "`{}` is in the table", rule.name);
    }
}

#[test]
fn a_rule_that_stabilizes_matters_somewhere() {
    let far = [
        1e-9,
        -1e-9,
        0.785,
        1.0 + 1e-9,
        -1.0 - 1e-9,
        -2.0 - 1e-9,
        1e-5,
        19.0,
        -19.0,
        36.5,
        -36.5,
        40.0,
        -40.0,
        400.0,
        -400.0,
        800.0,
        -800.0,
    ];
    for rule in TABLE.iter().filter(|rule| rule.stabilizes) {
        let (left, right) = (tape(rule.left), tape(rule.right));
        let differs = far.iter().any(|x| {
            let point = [*x, 1.0 + x, 1.0];
            let (left, right) = (left.evaluate(&point)[0], right.evaluate(&point)[0]);
            right.is_finite() && (left.is_nan() || (left - right).abs() > 4e-16 * right.abs())
        });
        assert!(differs, "`{}` makes no difference", rule.name);
    }
}
