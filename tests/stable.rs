//! Derivatives keep their digits: what is emitted by default differs from references of 300 digits by less than 4e-16 of
//! the value, near 0 and far out, wherever the value is an ordinary number.
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;
#[path = "common/program.rs"]
mod program;

use astro_float::{BigFloat, RoundingMode};
use exact::Exact;
use gradc::derive::{Form, Order, derive, derive_repeatedly};
use gradc::lower::{Entries, Function};
use gradc::source::Source;
use gradc::{Derive, Options};
use program::{Program, same};
use std::ops::RangeInclusive;

/// Largest relative error.
const LARGEST_ERROR: f64 = 4e-16;
/// Where the references have at least 20 digits, and a double its full precision.
const ORDINARY: RangeInclusive<f64> = 1e-280..=1e300;
/// Bits of the references.
const BITS: usize = 1024;
/// Every so many points the emitted code is run beside the evaluator.
const STRIDE: usize = 13;

/// Functions of x, and which of their derivatives keep their digits; 0 is the value.
#[rustfmt::skip]
const LINES: &[(&str, RangeInclusive<usize>)] = &[
    // Logistic function, its derivative and its complement
    ("sigmoid(x)", 0..=2),
    ("1/(1 + exp(-x))", 0..=2),
    ("1/(1 + exp(x))", 0..=2),
    ("exp(x)/(1 + exp(x))", 0..=2),
    ("exp(-x)/(1 + exp(-x))", 0..=2),
    ("1 - sigmoid(x)", 0..=2),
    ("1 - 1/(1 + exp(-x))", 0..=2),
    ("1/2 + tanh(x/2)/2", 0..=2),
    ("sigmoid(x)*(1 - sigmoid(x))", 0..=1),
    ("exp(x)/(1 + exp(x))^2", 0..=1),
    ("exp(-x)/(1 + exp(-x))^2", 0..=1),
    ("exp(x)^2/(1 + exp(x))^2", 0..=0),
    ("exp(2*x)/(1 + exp(x))^2", 0..=0),
    ("x*sigmoid(x)", 0..=0),
    // Softplus and logistic loss
    ("softplus(x)", 0..=2),
    ("ln(1 + exp(x))", 0..=2),
    ("ln(1 + exp(-x))", 0..=2),
    ("ln(exp(x) + 1) - x", 0..=2),
    ("-ln(sigmoid(x))", 0..=2),
    ("-ln(1 - sigmoid(x))", 0..=2),
    ("-ln(1/(1 + exp(-x)))", 0..=2),
    // Hyperbolic tangent and the logarithm of cosh
    ("tanh(x)", 0..=2),
    ("sinh(x)/cosh(x)", 0..=2),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", 0..=2),
    ("(exp(2*x) - 1)/(exp(2*x) + 1)", 0..=2),
    ("1 - 2/(exp(2*x) + 1)", 0..=2),
    ("1 - tanh(x)^2", 0..=1),
    ("tanh(x)^2", 1..=1),
    ("ln(cosh(x))", 0..=2),
    ("ln((exp(x) + exp(-x))/2)", 0..=2),
    ("ln(exp(x) + exp(-x))", 0..=2),
    // Logarithms of sums of exponentials, and cross-entropy
    ("logsumexp([x, 0])", 0..=2),
    ("logsumexp([x, -x])", 0..=2),
    ("logsumexp([0, x, 2*x])", 0..=1),
    ("ln(1 + exp(x) + exp(2*x))", 0..=1),
    ("ln(exp(x) + exp(2*x))", 1..=2),
    ("x - logsumexp([x, 0])", 0..=2),
    ("-ln(exp(x)/(exp(x) + exp(-x)))", 0..=2),
    ("-ln(exp(x)/(1 + exp(x) + exp(2*x)))", 0..=0),
    ("-ln(exp(2*x)/(1 + exp(x) + exp(2*x)))", 0..=1),
    ("-log_softmax([x, 0])[0]", 0..=2),
    ("-log_softmax([x, 0])[1]", 0..=2),
    ("-log_softmax([x, 0, 2*x])[1]", 0..=1),
    ("-log_softmax([x, 0, 2*x])[2]", 0..=1),
    ("softmax([x, 0])[0]", 0..=2),
    ("softmax([x, 0])[1]", 0..=2),
    ("softmax([x, -x])[1]", 0..=2),
    ("-ln(softmax([x, 0])[0])", 0..=2),
    // 1 - cos and the square of sine
    ("x - sin(x)", 1..=2),
    ("1 - cos(x)", 0..=2),
    ("x/2 - sin(x)*cos(x)/2", 1..=1),
    // Differences of roots
    ("sqrt(x + 1) - sqrt(x)", 0..=1),
    ("((x + 1)^(3/2) - x^(3/2))*2/3", 1..=2),
    ("x*sqrt(x + 1) - x*sqrt(x)", 0..=0),
    // Exponentials and logarithms near 1
    ("exp(x) - x", 0..=2),
    ("(exp(x) - 1)^2", 0..=2),
    ("x*exp(x) - exp(x)", 0..=2),
    // Differences of squares
    ("x^3/3 - x", 1..=2),
    ("x^3/3 - x^2 + x", 1..=2),
];

fn function(text: &str) -> Function {
    let names = ["x"].map(|name| Source::new("parameter", name));
    gradc::read(&Source::new("expression", text), &names).expect("the source is read").remove(0)
}

fn read(text: &str) -> Entries {
    function(text).entries.expect("it has entries")
}

/// Lists numbers of all sizes from 1e-18 to 1e3, of both signs.
fn points() -> Vec<f64> {
    let sizes = (-72..=12).map(|quarter| 10f64.powf(f64::from(quarter) / 4.0));
    sizes.flat_map(|size| [size, -size]).collect()
}

fn number(value: &BigFloat) -> f64 {
    value.to_string().parse().expect("a number")
}

/// Computes how far a value is from its reference, relative to it.
fn error(value: f64, reference: &BigFloat) -> f64 {
    let round = RoundingMode::None;
    let difference = BigFloat::from_f64(value, BITS).sub(reference, BITS, round);
    number(&difference.div(reference, BITS, round).abs())
}

#[test]
fn digits_are_kept_near_zero_and_far_out() {
    let (mut exact, mut wrong, mut compared) = (Exact::new(), Vec::new(), 0);
    for (text, orders) in LINES {
        let function = read(text);
        for order in orders.clone() {
            let reference = derive_repeatedly(&function, 0, order, Form::Raw).expect("there is a rule");
            let order = [Order::Value, Order::First, Order::Second][order];
            let tape = derive(&function, &[0], order, Form::Code).expect("there is a rule").tape();
            for x in points() {
                let point = [BigFloat::from_f64(x, BITS)];
                let Some(reference) = exact.evaluate(&reference.graph, reference.value[0], &point) else { continue };
                if !ORDINARY.contains(&number(&reference.abs())) {
                    continue;
                }
                compared += 1;
                let value = *tape.evaluate(&[x]).last().expect("there are outputs");
                let error = if value.is_finite() { error(value, &reference) } else { f64::INFINITY };
                if error >= LARGEST_ERROR {
                    wrong.push(format!("{order:?} of {text} at {x:e}: {value:e} is wrong by {error:.1e}"));
                }
            }
        }
    }
    assert!(compared > 10_000, "only {compared} values were compared");
    assert!(wrong.is_empty(), "{} of {compared}\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn differences_of_squares_keep_their_digits_near_one() {
    let mut exact = Exact::new();
    for (text, order) in [("x^3/3 - x", 1), ("x^3/3 - x^2 + x", 1), ("x^3/3 + x^2 + x", 1), ("x^2 - 2*x + 1", 0)] {
        let function = read(text);
        let reference = derive_repeatedly(&function, 0, order, Form::Raw).expect("there is a rule");
        let orders = [Order::Value, Order::First];
        let tape = derive(&function, &[0], orders[order], Form::Code).expect("there is a rule").tape();
        for distance in [1e-12, 1e-8, 1e-4, 0.1] {
            for x in [1.0 - distance, 1.0 + distance, distance - 1.0, -1.0 - distance] {
                let point = [BigFloat::from_f64(x, BITS)];
                let reference = exact.evaluate(&reference.graph, reference.value[0], &point).expect("it is defined");
                let error = error(*tape.evaluate(&[x]).last().expect("there are outputs"), &reference);
                assert!(error < LARGEST_ERROR, "{text} at {x:?}: wrong by {error:.1e}");
            }
        }
    }
}

/// `1 - cos(x)`, of which other terms are multiples: the parts of the sum that cancel stand in different terms.
#[test]
fn what_cancels_is_seen_where_it_is_spread_over_terms() {
    let mut exact = Exact::new();
    for text in ["(x - sin(x))/(x - tan(x))", "(x - tan(x))*(1 - cos(x)) + x^3", "1/x + x - x*cos(x)"] {
        let function = read(text);
        let reference = derive_repeatedly(&function, 0, 1, Form::Raw).expect("there is a rule");
        let tape = derive(&function, &[0], Order::First, Form::Code).expect("there is a rule").tape();
        for x in [-0.319091796875, 0.3125, 0.4375, 0.625, 0.875, 1.25] {
            let point = [BigFloat::from_f64(x, BITS)];
            let reference = exact.evaluate(&reference.graph, reference.value[0], &point).expect("it is defined");
            let error = error(*tape.evaluate(&[x]).last().expect("there are outputs"), &reference);
            assert!(error < 5e-13, "{text} at {x}: wrong by {error:.1e}");
        }
    }
}

#[test]
fn the_emitted_code_computes_the_evaluators_bits() {
    let mut program = Program::default();
    let options = Options { derive: vec![Derive::Hessian], ..Options::default() };
    let points: Vec<f64> = points().into_iter().step_by(STRIDE).collect();
    for (at, (text, _)) in LINES.iter().enumerate() {
        program.module(&format!("f{at}"), &gradc::rust(&[function(text)], &options).expect("code is generated"));
        for x in &points {
            program.print(&format!("f{at}::f_hessian({x:?})"), &["r.0", "r.1.x", "r.2"].map(str::to_string));
        }
    }
    let lines = program.run("stable");
    let mut lines = lines.iter();
    for (text, _) in LINES {
        let tape = derive(&read(text), &[0], Order::Second, Form::Code).expect("there is a rule").tape();
        for x in &points {
            let line = lines.next().expect("a line for each point");
            assert!(same(line, &tape.evaluate(&[*x])), "{text} at {x:e}: {line:?}");
        }
    }
}
