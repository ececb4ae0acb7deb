//! Sums over symbolic ranges mean what they mean term by term: the same function with numbers for its dimensions, which
//! is written out entry by entry, has the same values and derivatives.

use serde_json::Value;
use std::process::Command;

/// What a sum over a symbolic range may be.
const BODIES: &[&str] = &[
    "sum(i in 0..n, x[i]'*y[i])",
    "sum(i in 0..n, { let q = x[i]*y[i]; q^2 + sin(q) })",
    "sum(i in 0..n, k(x[i])*n)",
    "sum(i in 0..n, x[i]*p(y[i], s))",
    "sum(i in 0..n, if(x[i] > 2.5, 1, 2)*x[i]*y[i])",
    "sum(i in 0..n, if(not (x[i] > 2.5) or s > 1, x[i]^2, y[i]))",
    "sum(i in 0..n, sum(j in 0..m, max(x[i], u[j])*x[i]))",
    "sum(i in 0..n, sum(j in 0..m, max(0, x[i], u[j])^2))",
    "sum(i in 0..n, sum(j in 0..m, max(x[i], y[i], u[j])^2))",
    "sum(i in 0..n, sum(j in 0..m, clamp(x[i]*y[i], u[j], 4)^2))",
    "sum(i in 0..n, sum(j in 0..m, if(x[i] > u[j], x[i]^2, s)))",
    "sum(i in 0..n, sum(j in 0..m, if(x[i] > 2*u[j], u[j]^2, W[i, j])))",
    "sum(i in 0..n, sum(j in 0..m, W[i, j]^2*u[j] - x[i])^2)",
    "sum(i in 1..n, (x[i] - x[i - 1])^2*y[i])",
    "sum(x[1..] .* y[..n - 1])*x[n - 1]",
    "sum(i in 0..n, sum(j in 0..m, W[i, j])*x[i])/n",
    "sum(if(x > y and s > 0, x .^ 2, y .^ 3))",
    "sum(if(not (W > 0), W .^ 2, s))",
    "sum(if(x > 2.5 or y > 2.5, if(s > 0, x .* y, 1), y))",
];

fn gradient(text: &str) -> Value {
    let at = "x=[2,3,5],y=[0.5,1,4],u=[-1,2.25],W=[[1,2],[-3,4],[-5,6]],s=0.5";
    let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
        .args(["grad", text, "--function", "f", "--at", at, "-f", "json"])
        .output()
        .expect("gradc runs");
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the output is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("an entry is a number")],
    }
}

#[test]
fn sums_over_symbolic_ranges_are_sums_of_their_terms() {
    for body in BODIES {
        let helpers = "k(z) = { let q = z^2; q*sin(q) }\np(a, b) = if(a > b, a*b, b)\n";
        let head = "f(x: vector[n], y: vector[n], u: vector[m], W: matrix[n, m], s) = ";
        let symbolic = gradient(&format!("{helpers}{head}{body}"));
        let fixed = |text: &str| text.replace("[n", "[3").replace(", m]", ", 2]").replace("[m]", "[2]");
        let body = body.replace("..n", "..3").replace("..m", "..2").replace("n - 1", "2").replace("*n)", "*3)");
        let body = body.replace("/n", "/3");
        let written_out = gradient(&format!("{helpers}{}{body}", fixed(head)));
        for key in ["f", "d/dx", "d/dy", "d/du", "d/dW", "d/ds"] {
            let [a, b] = [&symbolic, &written_out].map(|result| numbers(&result[key]["value"]));
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            assert!(
                a.len() == b.len() && a.iter().zip(&b).all(close),
                "{body}: {key} is {a:?}, and term by term {b:?}"
            );
        }
    }
}
