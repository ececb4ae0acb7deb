//! Constants without a value over the real numbers are refused where they are written, also where rounding hides it, and those
//! that come close to it have their value. What is refused is undefined by identities of elementary functions; the numbers
//! are by mpmath with 50 digits.
#![allow(clippy::panic)]

use gradc::error::Fault;
use gradc::source::Source;
use std::process::Command;

#[rustfmt::skip]
const REFUSED: &[&str] = &[
    "tan(pi/2)", "tan(-pi/2)*x", "tan(3*pi/2)*x", "1/sin(pi)", "x/sin(pi)", "x/sin(2*pi)", "1/tan(pi)", "x/tan(pi)",
    "ln(0)", "x*ln(sin(pi))", "x*ln(cos(pi/2))", "1/(1 - 1)", "x/(0.1 + 0.2 - 0.3)", "lgamma(0)", "gamma(-2)", "digamma(-3)*x",
    "x*lgamma(sin(pi))", "x*gamma(cos(pi) - 1)", "atanh(1)", "atanh(-1)*x", "x*atanh(sin(pi/2))", "acosh(0)", "asin(2)",
    "x*acosh(cos(pi))", "x/(sqrt(2)^2 - 2)", "x/(sqrt(2)*sqrt(3) - sqrt(6))", "x/(exp(ln(3)) - 3)",
    "x/(sin(pi/4) - cos(pi/4))", "x/(sin(1)^2 + cos(1)^2 - 1)", "x/(4*atan(1) - pi)", "x*cos(pi/2)^(-1)", "x*cos(pi/2)^(-1/2)",
    "x*atan2(0, 0)", "x*atan2(sin(pi), 0)", "(x + 0/0)*0", "if(x > 0, x, 1/sin(pi))", "sum(i in 0..3, x/sin(i*pi))",
    "f(x: vector[n]) = sum(x)/sin(pi)", "f(x: vector[2]) = sum(x .* x)*tan(pi/2)",
];

#[test]
fn what_has_no_value_is_refused() {
    for text in REFUSED {
        let Err(errors) = gradc::read(&Source::new("constant", *text), &[]) else { panic!("`{text}` is read") };
        let [first, ..] = errors.diagnostics() else { panic!("`{text}` has no error") };
        assert_eq!(first.fault, Fault::Undefined, "{text}");
        assert!(first.span.is_some() && first.hint.is_some(), "{text}");
    }
}

#[test]
fn what_comes_close_has_its_value() {
    for (text, wanted) in [
        ("tan(pi/2 - 1e-9)", 999999999.9999999),
        ("1/sin(3.14159265358979)", 308788493220129.4),
        ("1/(sqrt(2)^2 - 2.000000000000001)", -1e15),
        ("1/(pi - 3.141592653589793)", 4193528956200935.5),
        ("tan(1e22)", -1.6287782256068985),
        ("sqrt(sin(pi))", 0.0),
        ("sum(i in 0..3, if(sin(i*pi/2) == 0, 1, 1/sin(i*pi/2)))", 3.0),
        ("ln(1 + erf(-100))", -10005.177585122665),
    ] {
        let text = format!("x*({text})");
        let output =
            Command::new(env!("CARGO_BIN_EXE_gradc")).args(["grad", &text, "--at", "x=1", "-f", "json"]).output();
        let output = output.expect("gradc runs").stdout;
        let object: serde_json::Value = serde_json::from_slice(&output).unwrap_or_default();
        let found = object["d/dx"]["value"].as_f64().unwrap_or(f64::NAN);
        assert!((found - wanted).abs() <= 1e-15 * wanted.abs(), "{text} is {found:?}, not {wanted:?}");
    }
}

#[test]
fn values_of_parameters_are_finite() {
    for value in ["0/0", "1e999", "-1e999", "nan", "inf", "exp(1000)", "tan(pi/2)", "10^400", "1/sin(pi)"] {
        for (function, at) in [("x^2", format!("x={value}")), ("f(x: vector[n]) = sum(x)", format!("x=[1,{value}]"))] {
            let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
            let output = gradc.args(["grad", function, "--at", &at]).output().expect("gradc runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.stdout.is_empty() && errors.starts_with("error[E00"), "{at}: {errors}");
        }
    }
}
