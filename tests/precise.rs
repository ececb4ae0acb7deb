//! Numbers on the command line are right to the last digit: against 300 digits, at branches, at poles, where the value is
//! 0 and where double precision overflows; `--double` prints what generated code computes.
#![allow(clippy::approx_constant, clippy::excessive_precision)]
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;

use astro_float::{BigFloat, Consts, Radix, RoundingMode};
use exact::Exact;
use gradc::derive::{Form, Order, derive};
use gradc::lower::Entries;
use gradc::precise::{Coordinate, Evaluator};
use gradc::source::Source;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// Bits of the references.
const BITS: usize = 1024;

/// Formulas of x and y that lose digits in double precision somewhere, with the points.
const CANCELLING: &[(&str, &[(f64, f64)])] = &[
    ("x - sin(x)", &[(1e-5, 0.0), (1e-60, 0.0), (0.3, 0.0)]),
    ("(1 - cos(x))/x^2", &[(1e-9, 0.0), (1e-60, 0.0), (2.0, 0.0)]),
    ("sqrt(x^2 + 1) - x", &[(1e9, 0.0), (1e100, 0.0)]),
    ("exp(x) - 1 - x - x^2/2", &[(1e-7, 0.0), (-3e-4, 0.0)]),
    ("(x + y)^3 - x^3 - 3*x^2*y - 3*x*y^2", &[(1e8, 0.1), (1e60, 1e-30)]),
    ("(x - y)*(x + y)/(x^2 - y^2 + x*1e-30)", &[(0.1, 0.3), (1.0, 1.0000000000000002)]),
    ("tan(x) - 2*tan(x/2)", &[(1e-8, 0.0), (3.1, 0.0)]),
    ("atan(x + y) - atan(x)", &[(1e8, 1e-3), (-2.0, 1e-14)]),
    ("ln(x + sqrt(x^2 + 1)) - ln(x) - y", &[(1e5, 0.693), (3.0, 0.7)]),
    ("x^y - x^(y - 1e-12)", &[(7.0, 2.5), (1e-3, 30.0)]),
    ("tanh(x) - 1", &[(15.0, 0.0), (30.0, 0.0)]),
    ("asin(x) - pi/2 + sqrt(2*(1 - x))", &[(0.999999, 0.0), (0.9999999999999999, 0.0)]),
    ("cbrt(x + 1) - cbrt(x) - hypot(x, y)*1e-20", &[(1e12, 3.0)]),
    ("333.75*y^6 + x^2*(11*x^2*y^2 - y^6 - 121*y^4 - 2) + 5.5*y^8 + x/(2*y)", &[(77617.0, 33096.0)]),
    ("sinh(x) - x - x^3/6", &[(1e-3, 0.0), (1e-20, 0.0)]),
    ("acosh(x)^2 - 2*(x - 1)", &[(1.000001, 0.0), (1.0000000000000002, 0.0)]),
    ("exp_m1(x) - ln_1p(x) - x^2", &[(1e-6, 0.0), (-1e-4, 0.0)]),
    ("erf(x) - 2*x/sqrt(pi) + erfc(y)*1e-30", &[(1e-4, 2.0), (1e-30, -1.0)]),
    ("max(x, y) - atan2(x, y)*min(x, y) - x", &[(2.0, 1.0), (1.0, 2.0)]),
];

fn nearest(value: &BigFloat, constants: &mut Consts) -> f64 {
    let text = value.format(Radix::Dec, RoundingMode::None, constants).expect("a number has digits");
    text.parse().expect("digits are a number")
}

/// Reads a formula of x and y, or of those of them that it has.
fn read(formula: &str) -> Entries {
    let names = ["x", "y"].map(|name| Source::new("parameter", name));
    gradc::read(&Source::new("formula", formula), &names).expect("a formula").remove(0).entries.expect("it has entries")
}

#[test]
fn values_and_derivatives_round_right() {
    let (mut exact, mut evaluator) = (Exact::new(), Evaluator::default());
    let mut constants = Consts::new().expect("there is memory");
    let mut changed = 0;
    for (formula, points) in CANCELLING {
        let function = read(formula);
        // The references are of the form that the chain rule gives, the numbers of the simplified one.
        let raw = derive(&function, &[0, 1], Order::First, Form::Raw).expect("a derivative");
        let mut code = derive(&function, &[0, 1], Order::First, Form::Code).expect("a derivative");
        let tape = code.tape();
        for (x, y) in points.iter().copied() {
            let found = evaluator.evaluate(&tape, &[x.into(), y.into()]);
            let inputs = [x, y].map(|value| BigFloat::from_f64(value, BITS));
            for (at, (root, found)) in raw.roots().into_iter().zip(&found).enumerate() {
                let value = exact.evaluate(&raw.graph, root, &inputs).expect("the value is defined");
                let wanted = nearest(&value, &mut constants);
                assert_eq!(*found, wanted, "{formula} at {x}, {y}: output {at}");
            }
            changed += found.iter().zip(tape.evaluate(&[x, y])).filter(|(found, double)| **found != *double).count();
        }
    }
    assert!(changed > 30, "double precision is right but for {changed} numbers");
}

#[test]
fn special_functions_round_right() {
    // Digits by mpmath 1.3 at 60 digits.
    let cases = [
        ("gamma(x)", 0.1, 9.51350769866873),
        ("gamma(x)", -4.7, -0.053541275723919715),
        ("gamma(x)", 171.5, 9.4833675668248e307),
        ("lgamma(x)", 1e-20, 46.051701859880914),
        ("lgamma(x)", 1.0000001, -5.772155829918507e-8),
        ("lgamma(x)", -2.4570247382208, 7.292550612674704e-16),
        ("lgamma(x)", 1e10, 220258509288.81058),
        ("digamma(x)", 1.4616321449683622, -9.241265521729427e-17),
        ("digamma(x)", -0.5040830082644554, 7.289763902976895e-17),
        ("polygamma(3, x)", -2.3, 768.9350646661422),
        ("polygamma(1, x)", 0.001, 1000001.6425331958),
        ("polygamma(12, x)", 40.5, -2.3695979124099136e-12),
        ("erf(x)", 1e-12, 1.1283791670955126e-12),
        ("erf(x)", 0.477, 0.5000572737086565),
        ("erfc(x)", 26.5, 2.2109076642637343e-307),
        ("erfc(x)", -0.3, 1.3286267594591274),
        ("erf(x) - 1", 5.5, -7.357847917974398e-15),
        ("exp(x^2)*erfc(x)", 30.0, 0.01879588886141675),
    ];
    for (formula, x, wanted) in cases {
        assert_eq!(value(formula, &[x, 0.0]), wanted, "{formula} at {x}");
    }
}

fn value(formula: &str, at: &[f64]) -> f64 {
    let mut code = derive(&read(formula), &[], Order::Value, Form::Code).expect("a value needs no derivative");
    let point: Vec<Coordinate> = at.iter().copied().map(Coordinate::from).collect();
    Evaluator::default().evaluate(&code.tape(), &point)[0]
}

/// Evaluates in the form that is written, too, in which nothing was taken care of.
fn value_as_written(formula: &str, at: &[f64]) -> (f64, f64) {
    let tape = derive(&read(formula), &[], Order::Value, Form::Raw).expect("a value needs no derivative").tape();
    let point: Vec<Coordinate> = at.iter().copied().map(Coordinate::from).collect();
    (Evaluator::default().evaluate(&tape, &point)[0], tape.evaluate(at)[0])
}

#[test]
fn what_overflows_on_the_way_has_a_value() {
    for (formula, at, wanted, double) in [
        ("exp(x)/(1 + exp(x))", [800.0, 0.0], 1.0, f64::NAN),
        ("exp(x)/exp(y)", [800.0, 799.0], std::f64::consts::E, f64::NAN),
        ("x*x/y", [1e200, 1e200], 1e200, f64::INFINITY),
        ("sqrt(x*x + y*y)", [3e-200, 4e-200], 5e-200, 0.0),
        ("ln(exp(x) + exp(y))", [1000.0, 0.0], 1000.0, f64::INFINITY),
        ("exp(-x)*exp(y)", [800.0, 800.0], 1.0, f64::NAN),
        ("if(exp(x) > exp(y), x, y)", [900.0, 800.0], 900.0, 800.0),
        ("floor(exp(x)/exp(y))", [801.0, 800.0], 2.0, f64::NAN),
        ("exp(-x)*1e300*1e100", [800.0, 0.0], 3.667874584177687e52, f64::NAN),
    ] {
        let (found, before) = value_as_written(formula, &at);
        assert_eq!(found, wanted, "{formula}");
        assert!(before == double || before.is_nan() && double.is_nan(), "{formula}: {before}");
    }
}

/// Formulas of x with their values, first and second derivatives at large arguments, all out of the range of doubles but
/// for constants: by mpmath 1.3 at 1500 digits, or by their signs and logarithms.
const OUT_OF_RANGE: &[(&str, &[f64], [f64; 3])] = &[
    ("tanh(exp(x))", &[1e3, 1e6, 1e300], [1.0, 0.0, 0.0]),
    ("tanh(sinh(x))", &[-1e3, -1e6, -1e300], [-1.0, 0.0, 0.0]),
    ("tanh(x^3)", &[1e3, 1e6, 1e200], [1.0, 0.0, 0.0]),
    ("x*(1 - tanh(x)^2)", &[1e6, -1e300], [0.0, 0.0, 0.0]),
    ("sigmoid(exp(x))", &[1e3, 1e300], [1.0, 0.0, 0.0]),
    ("1/(1 + exp(exp(x)))", &[1e3, 1e300], [0.0, 0.0, 0.0]),
    ("erf(exp(x))", &[1e3, 1e300], [1.0, 0.0, 0.0]),
    ("erfc(exp(x))", &[1e3, 1e300], [0.0, 0.0, 0.0]),
    ("exp(x)*erfc(x)", &[1e3, 1e6, 1e300], [0.0, 0.0, 0.0]),
    ("exp(-exp(x))", &[1e3, 1e6, 1e300], [0.0, 0.0, 0.0]),
    ("exp(x)*exp(-exp(x))", &[1e3, 1e300], [0.0, 0.0, 0.0]),
    ("exp(-cosh(x))", &[1e300, -1e300], [0.0, 0.0, 0.0]),
    ("1/cosh(x)", &[1e3, -1e300], [0.0, 0.0, 0.0]),
    ("1/(exp(x) - 1)", &[1e3, 1e300], [0.0, 0.0, 0.0]),
    ("sinh(x)/cosh(x)", &[1e3, 1e300], [1.0, 0.0, 0.0]),
    ("atan(exp(x))", &[1e3, 1e300], [std::f64::consts::FRAC_PI_2, 0.0, 0.0]),
    ("sin(exp(x))*exp(-exp(x))", &[1e6, 1e300], [0.0, 0.0, 0.0]),
    ("sqrt(1 + exp(x))", &[1e4, 1e300], [f64::INFINITY; 3]),
    ("exp(exp(x))", &[1e3, 1e300], [f64::INFINITY; 3]),
    ("exp(x) - exp(2*x)", &[1e3, 1e300], [f64::NEG_INFINITY; 3]),
    ("-x*cosh(x)", &[1e3, 1e300], [f64::NEG_INFINITY; 3]),
];

#[test]
fn what_is_out_of_range_for_certain_is_0_or_infinite() {
    let mut evaluator = Evaluator::default();
    let mut without = 0;
    for (formula, points, wanted) in OUT_OF_RANGE {
        let [mut code, mut raw] = [Form::Code, Form::Raw]
            .map(|form| derive(&read(formula), &[0], Order::Second, form).expect("a derivative"));
        let (tape, raw) = (code.tape(), raw.tape());
        for x in *points {
            assert_eq!(evaluator.evaluate(&tape, &[(*x).into(), 0.0.into()]), wanted, "{formula} at {x}");
            without += raw.evaluate(&[*x, 0.0]).iter().filter(|value| value.is_nan()).count();
        }
    }
    assert!(without > 30, "double precision lacks but {without} numbers");
}

#[test]
fn what_may_be_in_range_is_not_taken_for_0_or_infinite() {
    for (formula, x) in [
        ("asinh(exp(x))", 1e300),
        ("cosh(x) - sinh(x)", 1e6),
        ("exp(exp(exp(x)))*exp(-exp(exp(x)) - x)", 1e3),
        ("sin(exp(x))", 1e300),
        ("ln(-exp(x))", 1e300),
        ("1/(exp(exp(x)) - exp(exp(x) + y))", 1e300),
    ] {
        let (found, _) = value_as_written(formula, &[x, 0.0]);
        assert!(found.is_nan(), "{formula}: {found}");
    }
}

#[test]
fn branches_are_those_of_double_precision() {
    // The double 0.1 is above 1/10.
    assert_eq!(value_as_written("if(x <= 0.1, 1, 2)", &[0.1, 0.0]), (1.0, 1.0));
    assert_eq!(value_as_written("if(x - 0.1 == 0 and not x > 0.1, x, 2)", &[0.1, 0.0]), (0.1, 0.1));
    // 0.3/0.1 is 2.9999999999999996 in double precision.
    let (found, double) = value_as_written("floor(x/y)", &[0.3, 0.1]);
    assert_eq!((found, double), (2.0, 2.0));
}

#[test]
fn poles_and_edges_stay() {
    for (formula, at) in [
        ("1/x", [0.0, 0.0]),
        ("-1/(x - y)", [0.3, 0.3]),
        ("ln(x)", [0.0, 0.0]),
        ("ln(x)*y", [-1.0, 2.0]),
        ("sqrt(x) + y", [-1e-300, 2.0]),
        ("x/y", [0.0, 0.0]),
        ("(x - y)/(x*x - y*y)", [2.0, 2.0]),
        ("gamma(x)", [-2.0, 0.0]),
        ("asin(x)*y", [1.0000000000000002, 3.0]),
        ("x^y", [-2.0, 0.5]),
        ("exp(x)", [710.0, 0.0]),
    ] {
        let (found, double) = value_as_written(formula, &at);
        assert!(!double.is_finite() && found.to_bits() == double.to_bits(), "{formula}: {found} and {double}");
    }
    // What the arguments hold that are not finite is not looked at.
    assert_eq!(value("1/x", &[f64::INFINITY, 0.0]), 0.0);
}

#[test]
fn what_is_0_is_found_to_be_0() {
    for (formula, at) in [
        ("sin(x)^2 + cos(x)^2 - 1", [0.7, 0.0]),
        ("exp(x)*exp(y) - exp(x + y)", [0.7, 1.3]),
        ("sqrt(x*x*y) - x*sqrt(y)", [1e-7, 3.0]),
        ("ln(x*y) - ln(x) - ln(y)", [1e200, 3.0]),
        ("(x + y)^2 - x^2 - 2*x*y - y^2", [1e10, 1e-10]),
    ] {
        assert_eq!(value_as_written(formula, &at).0, 0.0, "{formula}");
    }
}

#[test]
fn what_is_right_keeps_its_bits() {
    for (formula, at) in [
        ("x + y", [0.1, 0.2]),
        ("x*y", [0.1, 0.2]),
        ("x/y", [0.1, 0.3]),
        ("sqrt(x)", [0.1, 0.0]),
        ("1/(1 + exp(-(x + y)))", [2.0, -1.0]),
    ] {
        let (found, double) = value_as_written(formula, &at);
        assert_eq!(found.to_bits(), double.to_bits(), "{formula}");
    }
}

fn gradc(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradc"));
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("gradc runs");
    child.stdin.take().expect("there is an input").write_all(input.as_bytes()).expect("the input can be written");
    let output = child.wait_with_output().expect("gradc ends");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("the answer is text")
}

/// Returns the value and the derivative by x that a command prints as JSON.
fn numbers(arguments: &[&str]) -> (f64, f64) {
    let object: Value = serde_json::from_str(&gradc(arguments, "")).expect("the answer is JSON");
    let number = |name: &str| object[name]["value"].as_f64().unwrap_or(f64::NAN);
    (number("f"), number("d/dx"))
}

#[test]
fn the_command_line_is_right_to_the_last_digit_unless_double_precision_is_asked_for() {
    let arguments = ["grad", "sqrt(x^2 + 1) - x", "--at", "x=1e9", "-f", "json"];
    assert_eq!(numbers(&arguments), (5e-10, -5e-19));
    let double = [&arguments[..], &["--double"]].concat();
    assert_eq!(numbers(&double), (0.0, 0.0));
    let hessian = ["hessian", "x - sin(x)", "--at", "x=1e-9"];
    assert!(gradc(&hessian, "").ends_with("= 1e-9\n"), "{}", gradc(&hessian, ""));
    let request = r#"{"id":1,"expr":"sqrt(x^2 + 1) - x","vars":["x"],"at":{"x":1e9}}"#;
    assert_eq!(gradc(&["batch"], request), "{\"id\":1,\"f\":5e-10,\"grad\":{\"x\":-5e-19}}\n");
    assert_eq!(gradc(&["batch", "--double"], request), "{\"id\":1,\"f\":0.0,\"grad\":{\"x\":0.0}}\n");
    assert_eq!(gradc(&["repl"], "sin(pi)\n1 - cos(1e-9)\n"), "0\n5e-19\n");
}

/// The fractions are of thousands of digits; the values are by mpmath with 40 digits.
#[test]
fn long_sums_of_fractions_are_right() {
    for (formula, at, value, derivative) in [
        (
            "sum(i in 1..10000, x/i)",
            "x=2",
            19.57501207208876452835695580970321066972,
            9.787506036044382264178477904851605334859,
        ),
        (
            "sum(i in 1..10000, x^2/i^2)",
            "x=1",
            1.644834061848059769806081833310310903539,
            3.289668123696119539612163666620621807078,
        ),
    ] {
        assert_eq!(numbers(&["grad", formula, "--at", at, "-f", "json"]), (value, derivative), "{formula} at {at}");
    }
}

#[test]
fn a_point_on_the_command_line_is_what_is_written() {
    for (formula, at, wanted) in [
        ("x + y", "x=0.1,y=0.2", 0.3),
        ("(x - 0.1)*y", "x=0.1,y=7", 0.0),
        ("sin(x)*y", "x=pi,y=2", 0.0),
        ("x^2 - y", "x=sqrt(2),y=2", 0.0),
        ("x*y", "x=1/3,y=3", 1.0),
        ("if(x <= 0.1, y, 2)", "x=0.1,y=1", 1.0),
    ] {
        assert_eq!(numbers(&["grad", formula, "--at", at, "-f", "json"]).0, wanted, "{formula} at {at}");
    }
    let pole: Value = serde_json::from_str(&gradc(&["grad", "1/(x - 0.1)", "--at", "x=0.1", "-f", "json"], ""))
        .expect("the answer is JSON");
    assert_eq!((&pole["f"]["value"], &pole["d/dx"]["value"]), (&"inf".into(), &"-inf".into()));
}

/// Formulas at x where error functions are beyond double precision, and values by mpmath with 60 digits, rounded.
#[rustfmt::skip]
const SATURATED: &[(&str, f64, f64)] = &[
    ("gelu(x) + 1e-9 - x", 1000.0, 1e-9),
    ("gelu(x) + 1e-9 - x", 50.0, 1e-9),
    ("ln(erfc(x))", 70.0, -4904.82096219977265950705302551088588603303469254953),
    ("ln(erfc(x))", 64.5, -4164.98915031572171355368179232955420171306481943817),
    ("ln(erfc(x))", 63.875, -4084.7450405024761686229512251800492286189239446671),
    ("ln(erfc(x))", 100.0, -10005.1775851226643325704667820839530032757949651033),
    ("erfc(x)*exp(x^2)", 500.0, 0.0011283769103507187974725528531082690846269737822595),
    ("gelu(x)/exp(-x^2/2)", -200.0, -0.398932307592345932137901083281714680472080113679915),
    ("erf(x)", 1e9, 1.0),
    ("2 - erfc(x)", -1e9, 0.0),
];

#[test]
fn error_functions_are_right_where_they_saturate() {
    let mut evaluator = Evaluator::default();
    for (formula, x, expected) in SATURATED {
        let mut derivatives = derive(&read(formula), &[0], Order::Value, Form::Code).expect("there is a rule");
        let found = evaluator.evaluate(&derivatives.tape(), &[Coordinate::from(*x)])[0];
        assert_eq!(found, *expected, "{formula} at {x}");
        assert!(evaluator.undecided().is_empty(), "{formula} at {x}");
    }
}

#[test]
fn what_is_in_double_precision_only_is_told() {
    let mut evaluator = Evaluator::default();
    for (formula, x, undecided) in [
        ("ln(erfc(x))", 1e5, true),
        ("ln(1 + erf(x))", -100.0, true),
        ("x - sin(x)", 1e-5, false),
        ("ln(x)", -1.0, false),
    ] {
        let mut derivatives = derive(&read(formula), &[0], Order::Value, Form::Raw).expect("there is a rule");
        evaluator.evaluate(&derivatives.tape(), &[Coordinate::from(x)]);
        assert_eq!(!evaluator.undecided().is_empty(), undecided, "{formula} at {x}");
    }
}
