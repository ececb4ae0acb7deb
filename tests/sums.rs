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
    "sum(i in 0..n, x[i]*norm2(u))",
    "sum(i in 0..n, dot(W[i, ..], u)*x[i])",
    "sum(i in 0..n, norm2(W[i, ..] - u)^2)",
    "sum(i in 0..n, norm2(W[i, ..] - s*u)*y[i])",
    "sum(i in 0..n, norm2(x[i]*u - W[i, ..]/y[i])^2)",
    "sum(i in 0..n, norm2(u/x[i] - W[i, ..])^2)",
    "sum(i in 0..n, sum(tanh(W[i, ..] .* u + x[i])))",
    "sum(i in 0..n, dot(max(W[i, ..], 2), u/(1 + x[i]^2)))",
    "sum(i in 0..n, tanh(W[i, ..]'*W'*y)*x[i])",
    "sum(i in 0..n, (W'*y)'*-W[i, ..]/x[i])",
    "sum(i in 0..n, sum(W*W[i, ..])*x[i])",
    "sum(i in 0..n - 1, dot(W[i + 1, ..], W[i, ..]))",
    "sum(j in 0..m, dot(W[.., j], x .* y)*u[j])",
    "sum(j in 0..m, dot(W[1.., j], x[1..])*u[j])",
    "dot(u, sum(i in 0..n, y[i]*W[i, ..]))",
    "sum(i in 0..n, W[i, ..]'*x[i])*u",
    "sum(i in 0..n, { let r = W[i, ..]; r[0]*r[1] + mean(r) + norm1(r) + sum(r[1..])*x[i] })",
    "sum(i in 0..n, { let r = W[i, ..]; sum(j in 0..m, r[j]^2*u[j])*x[i] })",
    "sum(i in 0..n, sum(j in 0..m, dot(W[i, ..], u)*dot(W[.., j], y)*W[i, j]))",
    "sum(i in 0..n, sum(j in 0..n, tanh(dot(W[i, ..], W[j, ..]))*x[i]*y[j]))",
    "sum(i in 0..n, dot(W[i, ..], sum(j in 0..n, y[j]*W[j, ..]))*x[i])",
    "sum(i in 0..n, size(W[i, ..])*x[i])",
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

/// The same of entries, columns and products that are one number, which only the form entry by entry has shapes for.
#[test]
fn columns_are_vectors_and_products_of_ones_are_numbers() {
    for (text, at, value, key, derivative) in [
        (
            "f(A: matrix[2, 2], x: vector[2]) = sum((A[0, ..]')' .* x) + A[1, 1]",
            "A=[[1,2],[3,4]],x=[5,6]",
            21.0,
            "d/dx",
            [1.0, 2.0],
        ),
        (
            "f(y: vector[1], B: matrix[1, 1], x: vector[2]) = B[0, 0]*sum((y'*B*y)^2)*sum(x)",
            "y=[2],B=[[3]],x=[1,1]",
            864.0,
            "d/dx",
            [432.0, 432.0],
        ),
        (
            "f(w: vector[2], u: vector[1]) = sum((w*u')[.., 0])*(w*u')[1, 0]*u[0]",
            "w=[1,2],u=[3]",
            162.0,
            "d/dw",
            [54.0, 135.0],
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(["grad", text, "--at", at, "-f", "json"]).output();
        let output = output.expect("gradc runs");
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        let result: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
        assert_eq!(numbers(&result["f"]["value"]), [value], "{text}");
        let entries: Vec<f64> = match &result[key]["value"] {
            Value::Null => (0..2).flat_map(|at| numbers(&result[format!("{key}[{at}]")]["value"])).collect(),
            value => numbers(value),
        };
        assert_eq!(entries, derivative, "{text}: {key}");
    }
}

/// What depends on the inverse of a singular matrix is NaN, and a symmetric matrix is given as one.
#[test]
fn matrices_that_are_not_what_they_must_be_are_told() {
    let run = |text: &str, at: &str| {
        Command::new(env!("CARGO_BIN_EXE_gradc")).args(["grad", text, "--at", at]).output().expect("gradc runs")
    };
    let singular = run("f(A: matrix[n, n]) = logdet(A)", "A=[[1,2,3],[2,4,6],[1,1,1]]");
    let printed = String::from_utf8_lossy(&singular.stdout);
    assert!(
        printed.contains("f = NaN") && printed.contains("[[NaN, NaN, NaN], [NaN, NaN, NaN], [NaN, NaN, NaN]]"),
        "{printed}"
    );
    let lopsided = run("f(A: spd[n]) = logdet(A)", "A=[[2,1],[0,2]]");
    let told = String::from_utf8_lossy(&lopsided.stderr);
    assert!(told.contains("`A` is symmetric, and the matrix that is given is not"), "{told}");
    let short = run("f(x: vector[n]) = sum(x)*x[2]", "x=[1,2]");
    let told = String::from_utf8_lossy(&short.stderr);
    assert!(told.contains("`n - 3` is negative with n = 2"), "{told}");
}

#[test]
fn sums_over_symbolic_ranges_are_sums_of_their_terms() {
    for body in BODIES {
        let helpers =
            "k(z) = { let q = z^2; q*sin(q) }\np(a, b) = if(a > b, a*b, b)\nsize(v: vector[k]) = norm2(v)^2/2\n";
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
