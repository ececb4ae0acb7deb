//! A program means the same whether its dimensions are numbers or have names: both versions are accepted, agree at a point,
//! and pass the check against finite differences.
#![allow(clippy::panic)]

use gradc::source::Source;
use serde_json::Value;
use std::process::Command;

/// Programs with a dimension n.
const PROGRAMS: &[&str] = &[
    "f(A: matrix[n,n]) = det(A) + A[0,0]",
    "f(A: matrix[n,n]) = logdet(A*A' + 3*eye(n)) + A[0,0]*A[1,0]",
    "f(A: matrix[n,n], b: vector[n]) = solve(A + 5*eye(n), b)[0]",
    "f(x: vector[n], a) = sum([a, a^2, 1]) * sum(x)",
    "f(x: vector[n]) = sum(grad(sum(x.^3), x))",
    "f(x: vector[n], A: matrix[n,n]) = sum(jacobian(A*x .^ 2, x)*x)",
    "f(x: vector[n], A: matrix[n,n]) = sum(hessian(sum(exp(A*x/4)), x)*x)",
    "f(x: vector[n], t) = sum(diff(x*sin(t) .* x, t))",
    "f(x: vector[n], a) = if(a > 0, norm2(x), sum(x)^2)",
    "f(x: vector[n], y: vector[n]) = sum(if(x > y, x.^2, y))",
    "f(X: matrix[n,2], a, b) = sum(X*[a, b])^2",
    "f(X: matrix[n,2], a, b) = sum(X*[[a, b], [b, 2*a]])",
    "f(x: vector[n]) = x[0]*x[1] + sum(x[1..n])",
    "f(x: vector[n]) = sum(i in 0..n-1, (x[i+1] - x[i]^2)^2)",
    "f(x: vector[n], W: matrix[n,n]) = logsumexp(W*x) - dot(softmax(W*x), x)",
    "f(x: vector[n]) = { let m = mean(x); sum((x - m) .^ 2)/n }",
    "f(A: matrix[n,n], x: vector[n]) = x'*A*x / (x'*x)",
    "f(A: matrix[n,n]) = tr(inv(A + 4*eye(n))*A')",
    "f(x: vector[n], k) = sum(x .^ 2 ./ (1 + k^2))*x[0]",
    "g(v: vector[m], s) = sum(v .^ 2)*s\nf(x: vector[n], s) = g(x[1..n], s) + g(x, x[0])",
    "f(x: vector[n], y: vector[n]) = dot(x, y)/(norm2(x)*norm2(y)) + x[0]",
    "f(P: matrix[n,n], H: matrix[1,n], R: matrix[1,1], z: vector[1], x: vector[n]) = { let S = H*P*H' + R; let y = z - H*x; ln(det(S)) + y'*inv(S)*y }",
    "f(x: vector[n]) = { let u = x .^ 2; sum(grad(sum(u .* exp(u/9)), u)) }",
    "f(x: vector[n], b) = max(x[0], b)*sum(max(x, b))",
    "f(x: vector[n]) = norm1(x - x[0]) + norm2(stack(x, ones(n)))",
    "f(A: matrix[n,n], B: matrix[n,n]) = sum((A*B)[0, ..]) + sum(join(A, B)[.., 1])",
    // What is constant where indices meet
    "f(X: matrix[n,2]) = sum(i in 0..n, j in 0..n, norm2(X[i, ..] - X[j, ..]))",
    "f(X: matrix[n,2]) = sum(i in 0..n, norm2(X[i, ..] - X[0, ..])*norm2(X[i, ..] - X[n - 1, ..]))",
    "f(x: vector[n]) = sum(i in 0..n, j in 0..n, sqrt((x[i] - x[j])^2 + (x[n - 1 - i] - x[n - 1 - j])^2))",
    "f(x: vector[n], h) = fold(i in 0..n, s = h, s + sum(j in 0..n, hypot(x[i] - x[j], x[j] - x[i])))",
    "f(x: vector[n]) = sum(i in 0..n, sqrt(i*x[i]) + cbrt(i*x[i]))",
    "f(x: vector[n], z) = sum(i in 0..n, x[i]*(z - z)^i + (x[0] - x[i])^2*z^(2*i))",
    // Remainders
    "f(x: vector[n]) = sum(i in 0..n, x[i]*x[(i + 1) mod n]^2 + (i mod 2)*x[(i - 2) mod n])",
    "f(X: matrix[n,n]) = sum(i in 0..n, norm2(X[i, ..] - X[(i + 1) mod n, ..]) + X[i, (2*i + 1) mod n]^3)",
    "f(x: vector[n], a) = fold(i in 0..n, s = a, sin(s*x[(i + 1) mod 2]) + x[i])",
    // Functions of vectors over an index
    "f(X: matrix[n,n], w: vector[n]) = dot(w, max(i in 0..n, X[i, ..] + w)) + sum(min(i in 0..n, i*X[.., i]))",
    "f(X: matrix[n,n], w: vector[n]) = dot(w, logsumexp(i in 0..n, X[i, ..])) + norm2(prod(i in 0..n, X[i, ..]))",
];
/// What stands for n, beside its name.
const LENGTHS: &[usize] = &[2, 4];
/// Largest relative difference of two double precision values of one quantity.
const TOLERANCE: f64 = 1e-11;

/// Puts a number in place of the dimension n.
fn fixed(program: &str, length: usize) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let chars: Vec<char> = program.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or(' ');
    let mut text = String::new();
    for (place, c) in chars.iter().enumerate() {
        let before = if place == 0 { ' ' } else { at(place - 1) };
        match *c == 'n' && !is_word(before) && !is_word(at(place + 1)) {
            true => text.push_str(&length.to_string()),
            false => text.push(*c),
        }
    }
    text
}

/// Makes up a point for the last function of a source with fixed dimensions.
fn point(program: &str) -> String {
    let functions = gradc::read(&Source::new("program", program), &[]).expect("a program");
    let function = functions.last().expect("there is a function");
    let shapes: Vec<(String, Vec<usize>)> = match &function.entries {
        None => {
            let whole = &function.whole;
            let size = |dimension: &gradc::graph::Dimension| dimension.as_number().expect("a number") as usize;
            let shape = |p: &gradc::lower::WholeParameter| p.shape.sizes().into_iter().map(size).collect();
            whole.parameters.iter().map(|parameter| (parameter.name.clone(), shape(parameter))).collect()
        }
        Some(entries) => {
            let shape = |shape: gradc::lower::Shape| match shape {
                gradc::lower::Shape::Scalar => vec![],
                gradc::lower::Shape::Vector(n) => vec![n],
                gradc::lower::Shape::Matrix(n, m) => vec![n, m],
                gradc::lower::Shape::Tensor(k, n, m) => vec![k, n, m],
            };
            entries.parameters.iter().map(|parameter| (parameter.name.clone(), shape(parameter.shape))).collect()
        }
    };
    let mut count = 0.0;
    let mut number = || {
        count += 1.0;
        format!("{:.3}", 0.2 + 1.3 * (count * (count + 3.0) * 0.618_033_988_749_f64).fract())
    };
    let mut list = |length: usize| format!("[{}]", (0..length).map(|_| number()).collect::<Vec<_>>().join(","));
    let mut rows =
        |count: usize, length: usize| format!("[{}]", (0..count).map(|_| list(length)).collect::<Vec<_>>().join(","));
    let value = |shape: &[usize]| match shape {
        [] => rows(1, 1).trim_matches(['[', ']']).to_string(),
        [n] => rows(1, *n).replace("[[", "[").replace("]]", "]"),
        [n, m] => rows(*n, *m),
        [k, n, m, ..] => format!("[{}]", (0..*k).map(|_| rows(*n, *m)).collect::<Vec<_>>().join(",")),
    };
    let values: Vec<String> = shapes
        .iter()
        .map(|(name, _)| name.clone())
        .zip(shapes.iter().map(|(_, shape)| shape.as_slice()).map(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    values.join(",")
}

fn gradc(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(arguments).output().expect("gradc runs");
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Returns the numbers of value and gradient, in the order of the answer.
fn gradient(program: &str, point: &str) -> Vec<f64> {
    let (answered, text) = gradc(&["grad", program, "--at", point, "--double", "-f", "json"]);
    assert!(answered, "{program}: {text}");
    let Value::Object(answer) = serde_json::from_str(&text).expect("JSON") else { return Vec::new() };
    let mut numbers = Vec::new();
    for (key, fields) in &answer {
        let mut stack: Vec<&Value> = fields.get("value").into_iter().collect();
        while let Some(value) = stack.pop() {
            match value {
                Value::Array(entries) => stack.extend(entries.iter().rev()),
                number => numbers.push(number.as_f64().unwrap_or_else(|| panic!("{program}: {key} is {number}"))),
            }
        }
    }
    numbers
}

#[test]
fn numbers_and_names_as_dimensions_agree() {
    let mut wrong = Vec::new();
    for program in PROGRAMS {
        for length in LENGTHS {
            let with_number = fixed(program, *length);
            let point = point(&with_number);
            let (named, numbered) = (gradient(program, &point), gradient(&with_number, &point));
            assert!(named.len() > 1, "{program} has no gradient");
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * a.abs().max(1.0);
            if named.len() != numbered.len() || !named.iter().zip(&numbered).all(close) {
                wrong.push(format!("{program} with {length} at {point}:\n  {named:?}\n  {numbered:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_versions_pass_the_check() {
    let mut wrong = Vec::new();
    for program in PROGRAMS {
        let with_number = fixed(program, 4);
        let point = point(&with_number);
        for text in [*program, &with_number] {
            let (passed, answer) = gradc(&["check", text, "--at", &point]);
            if !passed {
                wrong.push(format!("{text} at {point}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
