//! Whole vectors and matrices: closed forms against the corpus, against central differences, and as generated Rust.
#![allow(clippy::panic)]

mod common;

#[path = "common/loops.rs"]
mod loops;
#[path = "common/program.rs"]
mod program;

#[path = "common/points.rs"]
mod points;

use gradc::derive::{Closed, Derivative, Form, Order, derive_closed};
use gradc::graph::Sizes;
use gradc::lower::{Function, Whole};
use gradc::show::notation;
use gradc::source::Source;
use gradc::tape::Dense;
use loops::LOOPS;
use points::{matrices, sizes};
use program::Program;
use serde_json::Value;

/// Functions of matrices with symbolic dimensions, and what their derivatives are printed as: parameter, formula.
const TEXTBOOK: &[(&str, &[(&str, &str)])] = &[
    ("h(s) = s*s\nf(x: vector[n]) = sum(i in 0..n, h(x[i]))", &[("x", "2*x")]),
    ("f(x: vector[n]) = sum(i in 0..n, { let r = x[i]; r*exp(r) })", &[("x", "(x + 1) .* exp(x)")]),
    ("f(A: matrix[n, n], x: vector[n]) = x'*A*x", &[("A", "x*x'"), ("x", "(A + A')*x")]),
    ("f(A: sym[n], x: vector[n]) = x'*A*x", &[("x", "2*A*x")]),
    ("f(A: sym[n], x: vector[n]) = norm2(A*x)^2", &[("A", "2*A*x*x'"), ("x", "2*A*A*x")]),
    ("f(A: sym[n], B: matrix[n, n], x: vector[n]) = x'*B*A'*x", &[("A", "x*x'*B"), ("B", "x*x'*A")]),
    ("f(W: matrix[n, m], x: vector[m]) = norm2(W*x)^2", &[("W", "2*W*x*x'"), ("x", "2*W'*W*x")]),
    (
        "f(X: matrix[n, m], y: vector[n], w: vector[m], lam) = norm2(y - X*w)^2 + lam*norm2(w)^2",
        &[("w", "2*(lam*w + X'*(X*w - y))"), ("lam", "w'*w"), ("y", "2*(y - X*w)")],
    ),
    (
        "f(X: matrix[n, m], y: vector[n], w: vector[m]) = sum(softplus(X*w)) - dot(y, X*w)",
        &[("w", "X'*(sigmoid(X*w) - y)")],
    ),
    (
        "f(X: matrix[n, m], y: vector[n], w: vector[m]) = -sum(y .* ln(sigmoid(X*w)) + (1 - y) .* ln(1 - sigmoid(X*w)))",
        &[("w", "X'*(sigmoid(X*w) - y)")],
    ),
    (
        "f(W: matrix[n, m], x: vector[m], y: vector[n]) = logsumexp(W*x) - dot(y, W*x)",
        &[("W", "(softmax(W*x) - y)*x'"), ("x", "W'*(softmax(W*x) - y)")],
    ),
    (
        "f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = sum(logsumexp_rows(X*W)) - sum(Y .* (X*W))",
        &[("X", "(softmax_rows(X*W) - Y)*W'"), ("W", "X'*(softmax_rows(X*W) - Y)")],
    ),
    (
        "f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = -sum(Y .* log_softmax_rows(X*W))",
        &[("W", "X'*(diag(Y*ones(k))*softmax_rows(X*W) - Y)"), ("Y", "logsumexp_rows(X*W)*ones(k)' - X*W")],
    ),
    (
        "f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = \
         sum(i in 0..n, { let z = W'*X[i, ..]; logsumexp(z) - dot(Y[i, ..], z) })",
        &[("W", "X'*(softmax_rows(X*W) - Y)")],
    ),
    (
        "f(X: matrix[n, m], u: vector[n]) = sum(j in 0..m, dot(u, softmax(X[.., j])))",
        &[("u", "softmax_rows(X')'*ones(m)")],
    ),
    (
        "f(X: matrix[n, m], W: matrix[m, k], u: vector[n], b: vector[k]) = \
         dot(u, logsumexp_rows(X*W + ones(n)*b' + u*ones(k)'))",
        &[
            ("W", "X'*diag(u)*softmax_rows(X*W + ones(n)*b')"),
            ("b", "softmax_rows(X*W + ones(n)*b')'*u"),
            ("u", "logsumexp_rows(X*W + ones(n)*b') + 2*u"),
        ],
    ),
    ("f(x: vector[n], y: vector[n]) = dot(softmax_rows(outer(x, y))*y, x) + sum(logsumexp_rows(x'))", &[]),
    (
        "f(S: spd[n], x: vector[n], mu: vector[n]) = logdet(S) + (x - mu)'*inv(S)*(x - mu)",
        &[("S", "inv(S) - inv(S)*(x - mu)*(x - mu)'*inv(S)"), ("mu", "2*inv(S)*(mu - x)")],
    ),
    (
        "f(Z: matrix[n, m], P: matrix[n, k], Q: matrix[m, k]) = norm2(Z - P*Q')^2",
        &[("Z", "2*(Z - P*Q')"), ("P", "2*(P*Q' - Z)*Q"), ("Q", "2*(P*Q' - Z)'*P")],
    ),
    (
        "f(a: vector[p], K: matrix[n, m], q: vector[m], V: matrix[n, p]) = dot(a, V'*softmax(K*q))",
        &[("V", "softmax(K*q)*a'"), ("q", "K'*(softmax(K*q) .* (V*a - softmax(K*q)'*V*a))")],
    ),
    ("f(A: matrix[n, n], b: vector[n], c: vector[n]) = dot(c, solve(A, b))", &[("b", "inv(A)'*c")]),
    (
        "f(W: matrix[n, m], x: vector[m], y: vector[n]) = sum(i in 0..n, y[i]*sum(j in 0..m, W[i, j]*x[j]))",
        &[("W", "y*x'"), ("x", "W'*y"), ("y", "W*x")],
    ),
    ("f(x: vector[n]) = sum(i in 0..n, x[i]^3)", &[("x", "3*x .^ 2")]),
    ("f(X: matrix[n, m]) = tr(X'*X)", &[("X", "2*X")]),
    ("f(X: matrix[n, n], s) = tr(X .* X + s)", &[("X", "2*X .* eye(n)"), ("s", "n")]),
    ("f(A: matrix[n, n]) = det(A)", &[("A", "adj(A)'")]),
    (
        "f(R: matrix[n, n], b: vector[n], d: vector[n]) = sum(d .^ 2 ./ (R*b))",
        &[("R", "-(d .^ 2 ./ (R*b) .^ 2)*b'"), ("b", "-R'*(d .^ 2 ./ (R*b) .^ 2)"), ("d", "2*d ./ (R*b)")],
    ),
    ("f(x: vector[n]) = norm2(x)", &[("x", "x/norm2(x)")]),
    ("f(x: vector[n], y: vector[n]) = dot(x, y)/(norm2(x)*norm2(y))", &[]),
    ("f(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", &[]),
    ("f(W: matrix[n, m], x: vector[m], b: vector[n], V: matrix[k, n]) = sum(softplus(V*tanh(W*x + b)))", &[]),
    ("f(W: matrix[n, m], x: vector[m], b: vector[n]) = sum(max(W*x + b, 0))", &[("b", "if(W*x + b >= 0, 1, 0)")]),
    ("f(W: matrix[n, m], x: vector[m], b: vector[n]) = sum(relu(W*x + b))", &[("W", "step(W*x + b)*x'")]),
    ("f(x: vector[n], s > 0) = sum(if(x > s, x - s, 0))", &[]),
    ("f(x: vector[n]) = mean(x .^ 2) - mean(x)^2", &[("x", "2*(n*x - sum(x))/n^2")]),
    ("f(x: vector[n]) = mean((x - mean(x)) .^ 2)", &[("x", "2*(x - sum(x)/n)/n")]),
    ("f(x: vector[n]) = sum((x - mean(x)) .^ 2)", &[("x", "2*(x - sum(x)/n)")]),
    ("f(x: vector[n], y: vector[n]) = dot(x - mean(x), y - mean(y))", &[("x", "y - sum(y)/n"), ("y", "x - sum(x)/n")]),
    ("f(x: vector[n], A: matrix[n, n]) = dot(softmax(A*x), log_softmax(x))", &[]),
    ("f(x: vector[n], D: vector[n]) = x'*diag(D)*x", &[("x", "2*x .* D"), ("D", "x .^ 2")]),
    ("f(H: matrix[k, n], P: spd[n], R: spd[k], y: vector[k]) = logdet(H*P*H' + R) + y'*inv(H*P*H' + R)*y", &[]),
    ("f(x: vector[n], y: vector[n]) = sum(outer(x, y) .^ 2)", &[]),
    (
        "f(S: matrix[k, k], H: matrix[k, n], x: vector[n], z: vector[k]) = (z - H*x)'*S*(z - H*x)/2",
        &[("x", "H'*(S + S')*(H*x - z)/2")],
    ),
    ("f(A: matrix[n, m], B: matrix[m, n]) = tr(A*B) + sum(A)*sum(B)", &[]),
    ("f(x: vector[n]) = norm1(x) + dot(x[1..], x[..n - 1])", &[]),
    ("f(x: vector[n], y: vector[m]) = norm2(stack(x, y))^2*sum(x)", &[]),
    ("f(A: matrix[n, n], b: vector[n]) = b'*solve(A, ones(n, n))'*b", &[]),
    (
        "f(A: matrix[n, n], x: vector[n], y: vector[n]) = sum(i in 0..n, sum(j in 0..n, A[i, j]*x[j]*y[i] - A[j, i]*x[i]^2))",
        &[],
    ),
    ("f(W: matrix[n, m], u: vector[m], y: vector[n], s) = (y + s)'*W*(n*u)", &[]),
    ("f(t, y: vector[n]) = tanh(y)'*(eye(n) + t)*tanh(y)", &[]),
    ("f(t, x: vector[n], y: vector[n]) = dot(t - x, log_softmax(y))", &[]),
    ("f(w: vector[n], y: vector[m], t) = sum(outer(w, ones(m)) .* (y'*y)) - t*sum(y)", &[]),
    ("f(V: matrix[k, n]) = { let q = V'[0, ..] .^ 2; norm2(q[1..] - q[..k - 1])^2 }", &[]),
    (
        "f(X: matrix[n, m], y: vector[n], w: vector[m], b) = sum(i in 0..n, (X[i, ..]'*w + b - y[i])^2)",
        &[("w", "2*X'*(b + X*w - y)"), ("b", "2*sum(b + X*w - y)")],
    ),
    (
        "f(X: matrix[n, m], mu: vector[m], S: spd[m]) = sum(i in 0..n, (X[i, ..] - mu)'*inv(S)*(X[i, ..] - mu))",
        &[("mu", "2*inv(S)*(mu*ones(n)' - X')*ones(n)")],
    ),
    (
        "f(P: matrix[n, k], Q: matrix[m, k], Z: matrix[n, m]) = \
         sum(i in 0..n, sum(j in 0..m, (Z[i, j] - dot(P[i, ..], Q[j, ..]))^2))",
        &[("Z", "2*(Z - P*Q')"), ("P", "2*(P*Q' - Z)*Q"), ("Q", "2*(P*Q' - Z)'*P")],
    ),
    (
        "f(X: matrix[n, m], W: matrix[k, m], b: vector[k], v: vector[k], y: vector[n]) = \
         sum(i in 0..n, (dot(v, tanh(W*X[i, ..] + b)) - y[i])^2)",
        &[],
    ),
    ("f(X: matrix[n, m], c: vector[m]) = sum(i in 0..n, norm2(X[i, ..] - c))", &[]),
    ("f(x: vector[n], y: vector[n]) = norm1(if(x > y, 2, 1))*sum(y .* exp(if(x > 1/3, 1/2, 1)))", &[]),
];

/// All functions of which some derivatives are known.
fn known() -> impl Iterator<Item = &'static (&'static str, &'static [(&'static str, &'static str)])> {
    TEXTBOOK.iter().chain(LOOPS)
}

/// Functions whose second derivatives are no matrices.
const BY_MATRICES: &[&str] = &[
    "f(A: matrix[n, n], u: vector[m], y: vector[n]) = softmax(2*y)'*(A + dot(u, u)*eye(n))*softmax(2*y)",
    "f(W: matrix[n, m], u: vector[m], x: vector[n]) = log_softmax(u)'*W'*x",
    "f(W: matrix[n, m], u: vector[m], x: vector[n]) = x'*W*(softmax(u) - 2*u) + sum(W .* W)*sum(u)",
    "f(W: matrix[n, m], b: vector[n], V: matrix[k, n], c: vector[k], X: matrix[m, p], Y: matrix[k, p]) = \
     norm2(V*tanh(W*X + b*ones(p)') + c*ones(p)' - Y)^2",
    "f(W: matrix[n, m], V: matrix[k, n], x: vector[m], y: vector[k]) = { let z = V*relu(W*x); logsumexp(z) - dot(y, z) }",
    "f(Z: matrix[n, m], X: matrix[m, n], Y: matrix[n, n]) = norm2(softmax_rows(Z*X) - Y)^2 + sum(Y .* log_softmax_rows(X'*Z'))",
    "f(A: matrix[n, n], b: vector[n], c: vector[n]) = dot(c, inv(A)*b)",
    "f(A: matrix[n, n], B: matrix[n, m], s) = s^2*tr(A*B*B') + sum(exp(s*B))",
    "f(A: matrix[n, n], D: vector[n]) = tr(diag(D)*A*diag(D)*A') + logdet(A*A')",
    "f(X: matrix[n, m]) = sum(X[0, ..] .* X[1, ..]) + sum(X .* X .* X)",
    "f(X: matrix[n, m], Y: matrix[n, m], v: vector[m]) = sum(if(X > Y, X .* X .* Y, Y)) + norm2(stack(X, Y)*v)^2",
    // Groups in sums
    "f(X: matrix[n, m], W: matrix[n, m], s) = sum(((X - s) + (W - X) .* (1 - W)) .^ 2)",
    "f(X: matrix[n, m], W: matrix[n, m], s) = sum(exp((X - s) - (W - s)) ./ (1 + (X - W) .^ 2))",
    "f(X: matrix[n, m], w: vector[m], y: vector[n], s) = norm2((X*w - s) - (y - s))^2",
    "f(X: matrix[n, m], w: vector[m], y: vector[n], s) = sum(tanh(1 - (X*w - (y - s))))",
    "f(X: matrix[n, m], u: vector[n], s) = dot(u, logsumexp_rows((X - s) + X .* (1 - X)))",
    "f(X: matrix[n, m], u: vector[n], s) = sum(softmax_rows((X - s) .* (s - X) + 1) .* (X - s))",
    "f(X: matrix[n, m], w: vector[m], y: vector[n], b) = sum(softplus((X*w + b) - (y - 1)) + (y - b) .* (1 - y))",
];

fn lowered(text: &str, declarations: &[String]) -> Function {
    let source = Source::new("test", text);
    let declarations: Vec<Source> = declarations.iter().map(|text| Source::new("param", text.clone())).collect();
    let read = gradc::read(&source, &declarations).map_err(|errors| errors.render(false));
    read.expect(text).into_iter().next_back().expect("there is a function")
}

fn whole(function: &Function) -> &Whole {
    function.closed().expect("the function is kept whole")
}

fn index(whole: &Whole, parameter: usize) -> usize {
    whole.input_index(whole.parameters[parameter].id)
}

fn close(value: f64, reference: f64, tolerance: f64, scale: f64) -> bool {
    (value - reference).abs() <= tolerance * reference.abs().max(scale)
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()))
}

#[test]
fn derivatives_print_as_the_textbook_has_them() {
    let mut wrong = Vec::new();
    for (text, expected) in known() {
        let function = lowered(text, &[]);
        let whole = whole(&function);
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        let closed = derive_closed(whole, &all, Order::First, Form::Pretty).expect("it has derivatives");
        for (parameter, formula) in *expected {
            let at = whole.parameters.iter().position(|own| own.name == *parameter).expect("the parameter is there");
            let printed = notation::text(&closed.graph, closed.first[at].expression());
            if printed != *formula {
                wrong.push(format!("{text}\n  d/d{parameter} = {printed}\n  expected    {formula}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares a gradient with central differences of the value.
fn check_by_differences(text: &str, whole: &Whole, closed: &Closed) -> Vec<String> {
    let sizes = sizes(whole);
    let at = matrices(whole, &sizes);
    let values = closed.evaluate(&at, &sizes).unwrap_or_else(|| panic!("{text} is not evaluated"));
    let mut wrong = Vec::new();
    for (parameter, gradient) in values[1..].iter().enumerate() {
        // The entries of a symmetric matrix are not independent.
        if whole.graph.is_declared_symmetric(whole.parameters[parameter].id) {
            continue;
        }
        let input = index(whole, parameter);
        for entry in 0..at[input].entries.len() {
            let shifted = |step: f64| {
                let mut at = at.clone();
                at[input].entries[entry] += step;
                closed.evaluate(&at, &sizes).expect("it is evaluated")[0].entries[0]
            };
            let difference = |step: f64| (shifted(step) - shifted(-step)) / (2.0 * step);
            let estimate = (4.0 * difference(5e-4) - difference(1e-3)) / 3.0;
            let scale = largest(&gradient.entries).max(1e-3);
            if !close(gradient.entries[entry], estimate, 1e-7, scale) {
                let name = &whole.parameters[parameter].name;
                wrong.push(format!("{text}: d/d{name}[{entry}] is {} and not {estimate}", gradient.entries[entry]));
            }
        }
    }
    wrong
}

#[test]
fn gradients_agree_with_differences_in_every_form() {
    let mut wrong = Vec::new();
    for (text, _) in known() {
        let function = lowered(text, &[]);
        let whole = whole(&function);
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        for form in [Form::Raw, Form::Pretty, Form::Code, Form::Flops] {
            let closed = derive_closed(whole, &all, Order::First, form).expect("it has derivatives");
            wrong.extend(check_by_differences(text, whole, &closed).into_iter().take(3));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares second derivatives with central differences of the gradient.
#[test]
fn hessians_agree_with_differences() {
    let mut wrong = Vec::new();
    for (text, _) in known() {
        let function = lowered(text, &[]);
        let whole = whole(&function);
        let sizes = sizes(whole);
        let at = matrices(whole, &sizes);
        for parameter in 0..whole.parameters.len() {
            let closed = derive_closed(whole, &[parameter], Order::Second, Form::Pretty).expect("it has derivatives");
            if matches!(closed.second[0], Derivative::Operator { .. }) {
                continue;
            }
            let values = closed.evaluate(&at, &sizes).expect("it is evaluated");
            let (hessian, input) = (&values[2], index(whole, parameter));
            let count = at[input].entries.len();
            for column in 0..count {
                let shifted = |step: f64| {
                    let mut at = at.clone();
                    at[input].entries[column] += step;
                    closed.evaluate(&at, &sizes).expect("it is evaluated")[1].entries.clone()
                };
                let (above, below) = (shifted(1e-4), shifted(-1e-4));
                for row in 0..count {
                    let estimate = (above[row] - below[row]) / 2e-4;
                    let entry = hessian.entries[row * count + column];
                    if !close(entry, estimate, 1e-5, largest(&hessian.entries).max(1e-2)) {
                        let name = &whole.parameters[parameter].name;
                        wrong.push(format!("{text}: d^2/d{name}^2[{row}, {column}] is {entry} and not {estimate}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares second derivatives by matrices, which generated code writes row by row, with central differences of the
/// gradient.
#[test]
fn hessians_row_by_row_agree_with_differences() {
    let options =
        gradc::Options { derive: vec![gradc::Derive::Gradient, gradc::Derive::Hessian], ..gradc::Options::default() };
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for (at, text) in known().map(|(text, _)| *text).chain(BY_MATRICES.iter().copied()).enumerate() {
        let function = lowered(text, &[]);
        let whole = whole(&function).clone();
        let names: Vec<String> = whole.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        let (sizes, module) = (sizes(&whole), format!("m{at}"));
        let point = matrices(&whole, &sizes);
        let rust = gradc::rust(std::slice::from_ref(&function), &options)
            .unwrap_or_else(|(_, diagnostic)| panic!("{text}: {diagnostic:?}"));
        if !rust.contains(": a row for each entry of") {
            continue;
        }
        program.module(&module, &rust);
        let all: Vec<usize> = (0..names.len()).collect();
        let closed = derive_closed(&whole, &all, Order::First, Form::Code).expect("it has derivatives");
        let gradients = |input: usize, entry: usize, step: f64| -> Vec<Dense> {
            let mut point = point.clone();
            point[input].entries[entry] += step;
            closed.evaluate(&point, &sizes).expect("it is evaluated").split_off(1)
        };
        let mut fields = Vec::new();
        let mut differences: Vec<f64> = Vec::new();
        for first in 0..names.len() {
            for second in first..names.len() {
                let field = format!("{}_{}", names[first], names[second]);
                if !rust.contains(&format!("pub {field}: ")) {
                    continue;
                }
                let (input, other) = (index(&whole, first), index(&whole, second));
                let count = point[input].entries.len();
                fields.push((field, count * point[other].entries.len()));
                for entry in 0..count {
                    let (above, below) = (gradients(input, entry, 1e-4), gradients(input, entry, -1e-4));
                    let pairs = above[second].entries.iter().zip(&below[second].entries);
                    differences.extend(pairs.map(|(above, below)| (above - below) / 2e-4));
                }
            }
        }
        program.print(&block(&module, &rust, &whole, &sizes, &point, "_hessian", &fields), &["r".to_string()]);
        expected.push((text, differences));
    }
    let results = program.run("matrices_rows");
    assert_eq!(results.len(), expected.len());
    assert!(results.len() >= 10, "only {} functions have second derivatives by matrices", results.len());
    let mut wrong = Vec::new();
    for ((text, expected), result) in expected.iter().zip(&results) {
        let scale = largest(expected).max(1e-2);
        assert_eq!(result.len(), 1 + expected.len(), "{text}");
        let far = expected.iter().zip(&result[1..]).position(|(a, b)| !close(*b, *a, 1e-5, scale));
        if let Some(at) = far {
            wrong.push(format!(
                "{text}: entry {at} of the second derivatives is {} and not {}",
                result[1 + at],
                expected[at]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions with several values.
const WITH_VALUES: &[&str] = &[
    "f(W: matrix[n, m], x: vector[m]) = softmax(W*x)",
    "f(Z: matrix[n, m]) = softmax_rows(Z)",
    "f(Z: matrix[n, m], s) = log_softmax_rows(s*Z)",
    "f(Z: matrix[n, m], X: matrix[m, n]) = logsumexp_rows(Z*X)",
    "f(W: matrix[n, m], X: matrix[m, p], b: vector[n]) = tanh(W*X + b*ones(p)')",
    "f(A: matrix[n, n], b: vector[n]) = inv(A)*b",
    "f(x: vector[n], y: vector[m], s) = s*outer(x, y) .* exp(outer(x, y))",
    "f(x: vector[n]) = [i in 0..n-2: x[i]*x[i+2] + i]",
    "f(x: vector[n]) = [i in 0..n: x[n - 1 - i]^2]",
    "f(x: vector[n], W: matrix[n, n], u: vector[n], s) = if(x > u, x*s, x'*W*u) + if(s > 0, dot(x, u), u)",
];

/// Compares Jacobians of vectors and matrices, some of them written row by row, with central differences.
#[test]
fn jacobians_agree_with_differences() {
    let options = gradc::Options { derive: vec![gradc::Derive::Jacobian], ..gradc::Options::default() };
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for (at, text) in WITH_VALUES.iter().enumerate() {
        let function = lowered(text, &[]);
        let whole = whole(&function).clone();
        let (sizes, module) = (sizes(&whole), format!("m{at}"));
        let point = matrices(&whole, &sizes);
        let closed = derive_closed(&whole, &[], Order::Value, Form::Code).expect("it has a value");
        let value = |input: usize, entry: usize, step: f64| -> Vec<f64> {
            let mut point = point.clone();
            point[input].entries[entry] += step;
            closed.evaluate(&point, &sizes).expect("it is evaluated")[0].entries.clone()
        };
        let mut call = String::new();
        let mut arguments: Vec<String> = whole.sizes.iter().map(|size| sizes[size].to_string()).collect();
        let size_arguments = arguments.join(", ");
        let rows = value(0, 0, 0.0).len();
        let (mut fields, mut differences) = (Vec::new(), Vec::new());
        for (at, parameter) in whole.parameters.iter().enumerate() {
            let own = &point[index(&whole, at)].entries;
            arguments.push(if parameter.extents().is_scalar() { format!("{:?}", own[0]) } else { format!("&{own:?}") });
            call.push_str(&format!("let mut d{at} = vec![0.5; {}];", rows * own.len()));
            fields.push((parameter.name.clone(), at));
            let columns: Vec<Vec<f64>> = (0..own.len())
                .map(|entry| {
                    let input = index(&whole, at);
                    let (above, below) = (value(input, entry, 1e-5), value(input, entry, -1e-5));
                    above.iter().zip(&below).map(|(above, below)| (above - below) / 2e-5).collect()
                })
                .collect();
            differences
                .extend((0..rows).flat_map(|row| columns.iter().map(move |column| column[row]).collect::<Vec<_>>()));
        }
        let written: Vec<String> = fields.iter().map(|(name, at)| format!("{name}: &mut d{at}")).collect();
        let rust = gradc::rust(std::slice::from_ref(&function), &options)
            .unwrap_or_else(|(_, diagnostic)| panic!("{text}: {diagnostic:?}"));
        program.module(&module, &rust);
        arguments.extend(["&mut value".to_string(), "&mut derivatives".to_string()]);
        if rust.contains("fn f_jacobian_workspace(") {
            call.push_str(&format!(
                "let mut workspace = vec![0.25; {module}::f_jacobian_workspace({size_arguments})];"
            ));
            arguments.push("&mut workspace".to_string());
        }
        let all: String = fields.iter().map(|(_, at)| format!("all.extend(d{at});")).collect();
        program.print(
            &format!(
                "{{ {call} let mut value = vec![0.0; {rows}]; \
                 let mut derivatives = {module}::FJacobian {{ {} }}; {module}::f_jacobian({}); \
                 let mut all: Vec<f64> = Vec::new(); {all} all }}",
                written.join(", "),
                arguments.join(", ")
            ),
            &["r".to_string()],
        );
        expected.push((text, differences));
    }
    let results = program.run("matrices_jacobians");
    for ((text, expected), result) in expected.iter().zip(&results) {
        assert_eq!(result.len(), expected.len(), "{text}");
        let scale = largest(expected).max(1e-2);
        let far = expected.iter().zip(result).position(|(a, b)| !close(*b, *a, 1e-7, scale));
        assert!(far.is_none(), "{text}: entry {far:?} of\n{result:?}\n{expected:?}");
    }
    assert_eq!(results.len(), WITH_VALUES.len());
}

// ---- The corpus ----

struct Record {
    id: String,
    expression: String,
    declarations: Vec<String>,
    point: Value,
    value: f64,
    gradient: Value,
    closed_form: Value,
}

fn corpus() -> Vec<Record> {
    let text = include_str!("corpora/matrix.public.jsonl");
    let records = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).expect("a line is JSON");
        let declared = record["params"].as_object().expect("there are parameters");
        let declarations = declared.iter().map(|(name, kind)| match kind.as_str() {
            Some("scalar") | None => name.clone(),
            Some(kind) => format!("{name}: {kind}"),
        });
        Record {
            id: record["id"].as_str().unwrap_or_default().to_string(),
            expression: record["expr"].as_str().unwrap_or_default().to_string(),
            declarations: declarations.collect(),
            point: record["point"].clone(),
            value: number(&record["f"]),
            gradient: record["grad"].clone(),
            closed_form: record["closed_form"].clone(),
        }
    });
    let records: Vec<Record> = records.collect();
    assert_eq!(records.len(), 56);
    records
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("a number"),
        value => value.as_f64().expect("a number"),
    }
}

fn dense(value: &Value) -> Dense {
    let rows = value.as_array().map_or(1, Vec::len);
    let columns = value[0].as_array().map_or(1, Vec::len);
    let mut entries = Vec::new();
    flatten(value, &mut entries);
    Dense { rows, columns, entries }
}

fn flatten(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(list) => list.iter().for_each(|entry| flatten(entry, out)),
        value => out.push(number(value)),
    }
}

/// The values of an expression's parameters at the record's point.
fn point(record: &Record, whole: &Whole) -> Vec<Dense> {
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let mut at = vec![blank; whole.graph.inputs().len()];
    for parameter in 0..whole.parameters.len() {
        at[index(whole, parameter)] = dense(&record.point[&whole.parameters[parameter].name]);
    }
    at
}

/// Counts the symbols of a formula.
fn symbols(formula: &str) -> usize {
    let spaced: String = formula
        .chars()
        .map(|c| if c.is_alphanumeric() || "_.".contains(c) { c.to_string() } else { format!(" {c} ") })
        .collect();
    spaced.split_whitespace().filter(|word| !["(", ")", "."].contains(word)).count()
}

fn evaluated(record: &Record, expression: &str) -> Dense {
    let function = lowered(expression, &record.declarations);
    let whole = whole(&function);
    let closed = derive_closed(whole, &[], Order::Value, Form::Raw).expect("it has a value");
    closed.evaluate(&point(record, whole), &Sizes::new()).expect("it is evaluated").remove(0)
}

#[test]
fn the_corpus_is_matched_in_value_gradient_and_closed_form() {
    let mut wrong = Vec::new();
    for record in corpus() {
        let function = lowered(&record.expression, &record.declarations);
        let whole = whole(&function);
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        for form in [Form::Raw, Form::Pretty, Form::Code] {
            let closed = derive_closed(whole, &all, Order::First, form).expect("it has derivatives");
            let values = closed.evaluate(&point(&record, whole), &Sizes::new()).expect("it is evaluated");
            if !common::matches(values[0].entries[0], record.value, 1.0) {
                wrong.push(format!("{}: f is {} and not {}", record.id, values[0].entries[0], record.value));
            }
            for (parameter, gradient) in whole.parameters.iter().zip(&values[1..]) {
                let reference = dense(&record.gradient[&parameter.name]);
                let same = gradient.entries.len() == reference.entries.len()
                    && gradient.entries.iter().zip(&reference.entries).all(|(a, b)| close(*a, *b, 1e-9, 1e-3));
                if !same {
                    wrong.push(format!("{}: d/d{} is {gradient:?} and not {reference:?}", record.id, parameter.name));
                }
            }
        }
        let closed = derive_closed(whole, &all, Order::First, Form::Pretty).expect("it has derivatives");
        for (parameter, derivative) in whole.parameters.iter().zip(&closed.first) {
            let printed = notation::text(&closed.graph, derivative.expression());
            let reference = dense(&record.gradient[&parameter.name]);
            let mut formulas = vec![printed.clone()];
            if let Some(given) = record.closed_form[&parameter.name].as_str() {
                if symbols(&printed) > symbols(given) {
                    wrong.push(format!("{}: {printed} is longer than {given}", record.id));
                }
                formulas.push(given.to_string());
            }
            for formula in formulas {
                let value = evaluated(&record, &formula);
                let same = value.entries.len() == reference.entries.len()
                    && value.entries.iter().zip(&reference.entries).all(|(a, b)| close(*a, *b, 1e-9, 1e-3));
                if !same {
                    wrong.push(format!("{}: {formula} is {value:?} and not {reference:?}", record.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// ---- Generated Rust ----

/// Writes a call of a generated function as a Rust block whose value is all its results.
fn block(
    module: &str,
    rust: &str,
    whole: &Whole,
    sizes: &Sizes,
    at: &[Dense],
    suffix: &str,
    counts: &[(String, usize)],
) -> String {
    let list = |numbers: &[f64]| numbers.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ");
    let name = format!("f{suffix}");
    let mut arguments: Vec<String> = whole.sizes.iter().map(|size| sizes[size].to_string()).collect();
    let size_arguments = arguments.join(", ");
    for parameter in 0..whole.parameters.len() {
        let value = &at[index(whole, parameter)];
        arguments.push(match whole.parameters[parameter].extents().is_scalar() {
            true => format!("{:?}", value.entries[0]),
            false => format!("&[{}]", list(&value.entries)),
        });
    }
    let mut before = String::new();
    let mut after = String::from(if counts.is_empty() { "let all = vec![r];" } else { "let mut all = vec![r];" });
    if !counts.is_empty() {
        let type_name = if suffix == "_grad" { "FGrad" } else { "FHessian" };
        let mut fields = Vec::new();
        for (at, (field, count)) in counts.iter().enumerate() {
            before.push_str(&format!("let mut d{at} = vec![0.5; {count}];"));
            let scalar = rust.contains(&format!("pub {field}: &'a mut f64"));
            fields.push(match scalar {
                true => format!("{field}: &mut d{at}[0]"),
                false => format!("{field}: &mut d{at}"),
            });
            after.push_str(&format!("all.extend(d{at});"));
        }
        before.push_str(&format!("let mut derivatives = {module}::{type_name} {{ {} }};", fields.join(", ")));
        arguments.push("&mut derivatives".to_string());
    }
    if rust.contains(&format!("fn {name}_workspace(")) {
        before.push_str(&format!("let mut workspace = vec![0.25; {module}::{name}_workspace({size_arguments})];"));
        arguments.push("&mut workspace".to_string());
    }
    format!("{{ {before} let r = {module}::{name}({}); {after} all }}", arguments.join(", "))
}

#[test]
fn generated_code_computes_what_the_evaluator_does() {
    let options =
        gradc::Options { derive: vec![gradc::Derive::Gradient, gradc::Derive::Hessian], ..gradc::Options::default() };
    let only_gradient = gradc::Options::default();
    let mut program = Program::default();
    let mut expected: Vec<(String, Vec<f64>)> = Vec::new();
    for (at, (text, _)) in known().enumerate() {
        let function = lowered(text, &[]);
        let whole = whole(&function).clone();
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        let (sizes, module) = (sizes(&whole), format!("m{at}"));
        let matrices = matrices(&whole, &sizes);
        let second = derive_closed(&whole, &all, Order::Second, Form::Code).expect("it has derivatives");
        let hessian = second.second.iter().all(|derivative| matches!(derivative, Derivative::Matrix(_)));
        let settings = if hessian { &options } else { &only_gradient };
        let rust = gradc::rust(std::slice::from_ref(&function), settings)
            .unwrap_or_else(|(_, diagnostic)| panic!("{text}: {diagnostic:?}"));
        program.module(&module, &rust);
        let first = derive_closed(&whole, &all, Order::First, Form::Code).expect("it has derivatives");
        let values = first.evaluate(&matrices, &sizes).expect("it is evaluated");
        let fields = |values: &[Dense], names: Vec<String>| -> Vec<(String, usize)> {
            names.into_iter().zip(values.iter().map(|value| value.entries.len())).collect()
        };
        let names: Vec<String> = whole.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        program.print(&block(&module, &rust, &whole, &sizes, &matrices, "", &[]), &["r".to_string()]);
        expected.push((format!("{text}: value"), values[0].entries.clone()));
        let counts = fields(&values[1..], names.clone());
        program.print(&block(&module, &rust, &whole, &sizes, &matrices, "_grad", &counts), &["r".to_string()]);
        expected.push((format!("{text}: gradient"), values.iter().flat_map(|value| value.entries.clone()).collect()));
        if hessian {
            let values = second.evaluate(&matrices, &sizes).expect("it is evaluated");
            let blocks = &values[1 + names.len()..];
            let pairs = (0..names.len()).flat_map(|row| (row..names.len()).map(move |column| (row, column)));
            let pairs = match names.len() {
                1 => vec![names[0].clone()],
                _ => pairs.map(|(row, column)| format!("{}_{}", names[row], names[column])).collect(),
            };
            let pairs = if names.len() == 1 { vec![format!("{0}_{0}", names[0])] } else { pairs };
            let counts = fields(blocks, pairs);
            program.print(&block(&module, &rust, &whole, &sizes, &matrices, "_hessian", &counts), &["r".to_string()]);
            let all = values[..1].iter().chain(blocks).flat_map(|value| value.entries.clone());
            expected.push((format!("{text}: Hessian"), all.collect()));
        }
    }
    let results = program.run("matrices");
    assert_eq!(results.len(), expected.len());
    let mut wrong = Vec::new();
    for ((what, expected), result) in expected.iter().zip(&results) {
        let scale = largest(expected).max(1e-3);
        let same =
            expected.len() == result.len() && expected.iter().zip(result).all(|(a, b)| close(*b, *a, 1e-12, scale));
        if !same {
            wrong.push(format!("{what}: {result:?} and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Dimensions of 0 and 1 are dimensions like others: empty sums are 0, and nothing is read that is not there.
#[test]
fn dimensions_of_zero_and_one_are_computed() {
    // These divide by the number of entries, or take the largest of none.
    let needs_entries =
        |text: &str| ["mean(", "softmax", "logsumexp", "max(", "min("].iter().any(|part| text.contains(part));
    let options =
        gradc::Options { derive: vec![gradc::Derive::Gradient, gradc::Derive::Hessian], ..gradc::Options::default() };
    let mut program = Program::default();
    let mut expected: Vec<(String, Vec<f64>)> = Vec::new();
    for (at, text) in known().map(|(text, _)| *text).chain(BY_MATRICES.iter().copied()).enumerate() {
        let function = lowered(text, &[]);
        let whole = whole(&function).clone();
        let module = format!("m{at}");
        let rust = gradc::rust(std::slice::from_ref(&function), &options)
            .unwrap_or_else(|(_, diagnostic)| panic!("{text}: {diagnostic:?}"));
        program.module(&module, &rust);
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        let closed = derive_closed(&whole, &all, Order::First, Form::Code).expect("it has derivatives");
        for size in [0, 1] {
            let sizes: Sizes = whole.sizes.iter().map(|name| (name.clone(), size)).collect();
            if whole.unmet(&sizes).is_some() || size == 0 && needs_entries(text) {
                continue;
            }
            let point = matrices(&whole, &sizes);
            let values = closed.evaluate(&point, &sizes).expect("it is evaluated");
            let names = whole.parameters.iter().map(|parameter| parameter.name.clone());
            let counts: Vec<(String, usize)> =
                names.clone().zip(values[1..].iter().map(|value| value.entries.len())).collect();
            program.print(&block(&module, &rust, &whole, &sizes, &point, "_grad", &counts), &["r".to_string()]);
            expected.push((format!("{text}, {size}"), values.iter().flat_map(|value| value.entries.clone()).collect()));
            let mut blocks = Vec::new();
            for (first, (name, rows)) in counts.iter().enumerate() {
                for (other, columns) in &counts[first..] {
                    let field = format!("{name}_{other}");
                    if rust.contains(&format!("pub {field}: ")) {
                        blocks.push((field, rows * columns));
                    }
                }
            }
            if !blocks.is_empty() {
                program.print(&block(&module, &rust, &whole, &sizes, &point, "_hessian", &blocks), &["r".to_string()]);
                expected.push((format!("{text}, {size}: value beside the Hessian"), values[0].entries.clone()));
            }
        }
    }
    let results = program.run("matrices_small");
    assert_eq!(results.len(), expected.len());
    let mut wrong = Vec::new();
    for ((what, expected), result) in expected.iter().zip(&results) {
        let scale = largest(expected).max(1e-3);
        let same = expected.iter().zip(result).all(|(a, b)| close(*b, *a, 1e-12, scale) || (a.is_nan() && b.is_nan()));
        if !same || result.len() < expected.len() {
            wrong.push(format!("{what}: {result:?} and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
