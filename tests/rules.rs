//! Every rewrite rule, by itself, with 60 digits: both sides have the same value and the same domain at points inside, at
//! the edges and far out; the side that is said to keep its digits does; and what is never applied has a counterexample.
#![allow(clippy::panic)]

#[path = "common/bound.rs"]
mod bound;
#[path = "common/exact.rs"]
mod exact;
#[path = "common/halves.rs"]
mod halves;

use astro_float::BigFloat;
use bound::bounded;
use exact::{Exact, agree};
use gradc::derive::{Form, Order, derive};
use gradc::lower::{Entries, Formulas};
use gradc::simplify::{Class, FORBIDDEN, Grouping, Rounding, STRUCTURAL, Simplifier, TABLE, canonicalize, steps};
use gradc::source::Source;
use gradc::tape::Tape;
use halves::in_halves;

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
fn side(text: &str) -> Entries {
    let names = ["x", "a", "b"].map(|name| Source::new("parameter", name));
    let functions = gradc::read(&Source::new("rule", text), &names).expect("a side is an expression");
    functions.into_iter().next_back().and_then(|function| function.entries).expect("a rule has sides")
}

fn tape(text: &str) -> Tape {
    derive(&side(text), &[], Order::Value, Form::Raw).expect("a value needs no derivative").tape()
}

/// Lists all combinations of points for as many names as a function depends on.
fn points(exact: &mut Exact, function: &Entries) -> Vec<Vec<BigFloat>> {
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
fn compare(exact: &mut Exact, name: &str, left: &Entries, right: &Entries, condition: Option<&Entries>) -> usize {
    let mut compared = 0;
    let value = |exact: &mut Exact, function: &Entries, point: &[BigFloat]| {
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
            let after = Entries { graph: graph.clone(), outputs: vec![step.form], ..given.clone() };
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

/// Points at which rounding is measured: ordinary ones, translated ones, near 0, 1 and 2, with names nearly equal, and
/// far out; as many numbers as there are names.
fn rounding_points(random: &mut Random) -> Vec<[f64; 3]> {
    let mut points = Vec::new();
    for _ in 0..24 {
        points.push([(); 3].map(|()| random.between(-3.0, 3.0)));
        points.push([(); 3].map(|()| random.between(0.05, 1.0)));
    }
    for translation in [1e3, 1e6, 1e8, -1e6] {
        points.extend((0..6).map(|_| [(); 3].map(|()| translation + random.between(-2.0, 2.0))));
    }
    for near in [0.0, 1.0, -1.0, 2.0, -2.0] {
        for distance in [1e-4, 1e-8, 1e-12] {
            for at in 0..3 {
                let mut point = [(); 3].map(|()| random.between(-3.0, 3.0));
                point[at] = near + distance * random.between(-1.0, 1.0);
                points.push(point);
            }
            points.push([(); 3].map(|()| near + distance * random.between(-1.0, 1.0)));
        }
    }
    for distance in [1e-3, 1e-7, 1e-11] {
        for sign in [1.0, -1.0] {
            let x = random.between(0.1, 5.0);
            points.push([x, sign * x * (1.0 + distance), x * (1.0 - distance)]);
            points.push([sign * x * (1.0 + distance), x, sign * x * (1.0 + distance)]);
        }
    }
    for size in [20.0, 37.0, 300.0, 400.0, 720.0, 800.0, 1e60, 1e-60, 1e160, 1e-160] {
        for at in 0..3 {
            for sign in [1.0, -1.0] {
                let mut point = [(); 3].map(|()| random.between(-3.0, 3.0));
                point[at] = sign * size;
                points.push(point);
            }
        }
        points.push([size, -size, size]);
        points.push([size, size - 1.0, 1.0]);
    }
    points
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        low + (high - low) * ((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// How much worse than the other a side can be: the largest quotient of their bounds, and whether it is wrong far out
/// where the other is right.
#[derive(Default, Debug)]
struct Loss {
    digits: f64,
    range: bool,
}

/// Measures what a rewrite loses, and what it gains.
fn losses(exact: &mut Exact, sides: [&str; 2], condition: Option<&str>) -> [Loss; 2] {
    let functions = sides.map(side);
    let condition = condition.map(|fact| side(&format!("if({fact}, 1, 0)")));
    let tapes = sides.map(tape);
    let narrow = sides.iter().any(|side| ["erf", "ndtr", "mills"].iter().any(|name| side.contains(name)));
    let mut losses = [Loss::default(), Loss::default()];
    for point in rounding_points(&mut Random(11)) {
        if narrow && point.iter().any(|x| x.abs() > 25.0) {
            continue;
        }
        let inputs = point.map(|x| BigFloat::from_f64(x, exact::BITS));
        let holds = condition.as_ref().is_none_or(|condition| {
            exact.evaluate(&condition.graph, condition.outputs[0], &inputs).is_some_and(|holds| !holds.is_zero())
        });
        let [left, right] =
            functions.each_ref().map(|side| bounded(exact, &side.graph, &side.outputs[..1], &inputs).remove(0));
        let (Some(left), Some(right), true) = (left, right, holds) else { continue };
        // What 300 digits do not resolve says nothing.
        if !agree(&left.value, &right.value, 20) {
            continue;
        }
        let value = double(&right.value);
        if left.is_ordinary && right.is_ordinary {
            let quotient = |from: &bound::Bounded, to: &bound::Bounded| {
                let allowed = from.bound.abs().max(&from.value.abs());
                if allowed.is_zero() { 0.0 } else { double(&to.bound.div(&allowed, 64, exact::ROUND)) }
            };
            losses[0].digits = losses[0].digits.max(quotient(&left, &right));
            losses[1].digits = losses[1].digits.max(quotient(&right, &left));
        } else if (1e-280..=1e300).contains(&value.abs()) {
            let wrong = |at: usize| {
                let found = tapes[at].evaluate(&point)[0];
                let bound = if at == 0 { &left.bound } else { &right.bound };
                found.is_nan() || (found - value).abs() > 1e-13 * value.abs() + 1e-15 * double(bound)
            };
            let [left, right] = [wrong(0), wrong(1)];
            losses[0].range |= right && !left;
            losses[1].range |= left && !right;
        }
    }
    losses
}

fn double(number: &BigFloat) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

/// The bound of one side may be so many times that of the other, constants of a few operations.
const LEVEL: f64 = 8.0;
/// By so much the argument of an exponential far out makes its error larger.
const FAR_OUT: f64 = 1000.0;

fn measured([loss, gain]: [Loss; 2]) -> Rounding {
    if loss.digits > FAR_OUT {
        Rounding::Worse
    } else if loss.digits > LEVEL || loss.range {
        Rounding::Range
    } else if gain.digits > LEVEL || gain.range {
        Rounding::Better
    } else {
        Rounding::Level
    }
}

#[test]
fn each_rule_keeps_the_digits_that_it_says() {
    let table = TABLE.iter().map(|rule| {
        let condition = match rule.class {
            Class::Exact => None,
            Class::Licensed(fact) => Some(fact),
        };
        (rule.name, [rule.left, rule.right], condition, rule.rounding)
    });
    let arithmetic = STRUCTURAL.iter().map(|rule| (rule.name, [rule.example.0, rule.example.1], None, rule.rounding));
    let rules: Vec<_> = table.chain(arithmetic).collect();
    let wrong = in_halves(&rules, |rules| {
        let mut exact = Exact::new();
        let mut wrong = Vec::new();
        for (name, sides, condition, rounding) in rules {
            let losses = losses(&mut exact, *sides, *condition);
            let shown = format!("{losses:?}");
            let measured = measured(losses);
            if measured != *rounding {
                wrong.push(format!("`{name}` is said to be {rounding:?} and is {measured:?}: {shown}"));
            }
        }
        wrong
    });
    assert!(wrong.concat().is_empty(), "{}", wrong.concat().join("\n"));
}
