//! Every rewrite rule, by itself: both sides have the same value and the same domain at points inside, at the edges and
//! far out, and the side that is said to keep its digits does.

use gradc::derive::{Form, Order, derive};
use gradc::lower::Function;
use gradc::simplify::{Class, Rule, TABLE};
use gradc::source::Source;
use gradc::tape::Tape;

const POINTS: &[f64] = &[0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 0.1, -0.3, 0.7, 1.7, -2.6, 1.2, -0.9];

/// Reads a side with the names that rules use, in one order.
fn side(text: &str) -> Function {
    let names = ["x", "a", "b"].map(|name| Source::new("parameter", name));
    let functions = gradc::read(&Source::new("rule", text), &names).expect("a side is an expression");
    functions.into_iter().next_back().expect("a rule has sides")
}

fn tape(text: &str) -> Tape {
    derive(&side(text), &[], Order::Value, Form::Raw).expect("a value needs no derivative").tape()
}

fn holds(rule: &Rule) -> impl Fn(&[f64]) -> bool {
    let condition = match rule.class {
        Class::Exact => None,
        Class::Licensed(fact) => Some(tape(&format!("if({fact}, 1, 0)"))),
    };
    move |point| condition.as_ref().is_none_or(|tape| tape.evaluate(point)[0] == 1.0)
}

fn points() -> impl Iterator<Item = [f64; 3]> {
    let last = POINTS.len();
    (0..last * last).map(move |at| [POINTS[at % last], POINTS[at / last], POINTS[(3 * at + at / last) % last]])
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
    for rule in TABLE {
        let (left, right, licensed) = (tape(rule.left), tape(rule.right), holds(rule));
        let mut compared = 0;
        for point in points().filter(|point| licensed(point)) {
            let (left, right) = (left.evaluate(&point)[0], right.evaluate(&point)[0]);
            assert_eq!(left.is_finite(), right.is_finite(), "`{}` at {point:?}: {left} and {right}", rule.name);
            if left.is_finite() {
                compared += 1;
                // The left side of a stabilizing rule may have lost digits, but none of a number of the size of 1.
                let allowed = 1e-12 * left.abs().max(right.abs()) + 1e-13;
                assert!((left - right).abs() <= allowed, "`{}` at {point:?}: {left} is not {right}", rule.name);
            }
        }
        assert!(compared >= 16, "`{}` was compared at {compared} points only", rule.name);
    }
}

#[test]
fn a_rule_that_stabilizes_matters_somewhere() {
    let far = [1e-9, -1e-9, 1e-5, 19.0, -19.0, 36.5, -36.5, 40.0, -40.0, 800.0, -800.0];
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
