//! Proves that derivatives have the extents of their parameters, also where a number is repeated for every entry of a
//! vector, and that a derivative of other extents is an error.

use gradc::diff::of_extents;
use gradc::graph::{Dimension, Extents, Graph};
use std::process::Command;

/// A definition, a point, a name, and the derivative by hand.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("f(s, y: vector[n]) = norm2(stack(s*ones(n), y))", "s=2,y=[2,2]", "d/ds", "1"),
    (
        "f(x: vector[m], y: vector[n], s) = s*norm2(stack((x'*x)*ones(n), x))^2 + sum(y)",
        "x=[1,2],y=[1,2,3],s=2",
        "d/dx",
        "[124,248]",
    ),
    ("f(s, y: vector[n]) = sum((s*ones(n)) .* (s*ones(n)) .* y)", "s=3,y=[1,2,3]", "d/ds", "36"),
    ("f(s, x: vector[n]) = dot(s*ones(n), s*ones(n)) + sum(x)", "s=3,x=[1,2,3]", "d/ds", "18"),
    ("f(s, x: vector[n]) = mean((s + x) .^ 2)*norm2(s*ones(n))^2", "s=1,x=[0,2]", "d/ds", "28"),
];

#[test]
fn derivatives_by_repeated_numbers_add_up_over_all_entries() {
    for (text, point, name, expected) in CASES {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
            .args(["grad", "-f", "json", "--at", point, text])
            .output()
            .expect("gradc runs");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
        let numbers = |value: &serde_json::Value| -> Vec<f64> {
            let entries = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            entries.iter().map(|entry| entry.as_f64().expect("a number")).collect()
        };
        let expected: serde_json::Value = serde_json::from_str(expected).expect("JSON");
        assert_eq!(answer[name]["value"].is_array(), expected.is_array(), "{text}");
        for (found, expected) in numbers(&answer[name]["value"]).iter().zip(numbers(&expected)) {
            assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{text} by {name}: {found} for {expected}");
        }
    }
}

#[test]
fn a_derivative_of_other_extents_is_an_error() {
    let mut graph = Graph::new();
    let column = Extents::column(Dimension::name("n"));
    let x = graph.add_matrix_input("x", column.clone());
    assert_eq!(of_extents(&mut graph, x, &column).ok(), Some(x));
    let error = of_extents(&mut graph, x, &Extents::scalar()).expect_err("a vector is no number");
    assert_eq!(error.message, "a derivative came out as vector[n] where it must be scalar");
    let number = graph.integer(2);
    let repeated = of_extents(&mut graph, number, &column).expect("a number is repeated");
    assert_eq!(graph.extents(repeated), column);
}
