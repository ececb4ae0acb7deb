//! Proves of derivations by whole matrices that every line is equal to the one before, on matrices of small sizes, that
//! no line says the same twice, and that the last one is what is printed elsewhere.

#[path = "common/cases.rs"]
mod cases;
#[path = "common/points.rs"]
mod points;

use cases::{files, root};
use gradc::derive::{Form, Order, derive_closed};
use gradc::explain::{WholeDerivation, explain_whole};
use gradc::graph::Sizes;
use gradc::lower::Function;
use gradc::show::{names::with_names, notation};
use gradc::source::Source;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Derivations that are recorded.
const RECORDED: &[(&str, &str)] = &[
    ("norm_of_product", "f(W: matrix[n, m], x: vector[m]) = { let q = W*x; norm2(q)^2 }"),
    ("least_squares", "f(X: matrix[n, m], y: vector[n], w: vector[m]) = norm2(y - X*w)^2"),
    ("ridge", "f(X: matrix[n, m], y: vector[n], w: vector[m], lam >= 0) = norm2(y - X*w)^2 + lam*norm2(w)^2"),
    ("quadratic_form", "f(x: vector[n], A: matrix[n, n]) = x'*A*x"),
    ("rayleigh_quotient", "f(x: vector[n], A: sym[n]) = x'*A*x/(x'*x)"),
    (
        "logistic_regression",
        "f(X: matrix[n, m], y: vector[n], w: vector[m]) = { let p = sigmoid(X*w); -sum(y .* ln(p) + (1 - y) .* ln(1 - p)) }",
    ),
    ("logistic_margin", "f(X: matrix[n, m], y: vector[n], w: vector[m]) = sum(ln(1 + exp(-y .* (X*w))))/n"),
    (
        "softmax_cross_entropy",
        "f(W: matrix[k, m], x: vector[m], y: vector[k]) = { let p = softmax(W*x); -sum(y .* ln(p)) }",
    ),
    ("log_softmax", "f(W: matrix[k, m], x: vector[m], y: vector[k]) = -dot(y, log_softmax(W*x))"),
    (
        "multinomial_regression",
        "f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = { let Z = X*W; sum(logsumexp_rows(Z)) - sum(Y .* Z) }",
    ),
    ("log_softmax_rows", "f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = -sum(Y .* log_softmax_rows(X*W))"),
    ("logdet", "f(S: spd[n]) = logdet(S)"),
    ("gram_determinant", "f(A: matrix[n, m]) = logdet(eye(m) + A'*A)"),
    ("gaussian", "f(x: vector[n], mu: vector[n], S: spd[n]) = { let d = x - mu; -d'*inv(S)*d/2 - logdet(S)/2 }"),
    ("trace_of_product", "f(A: matrix[n, m], B: matrix[m, k], C: matrix[k, n]) = tr(A*B*C)"),
    ("linear_solve", "f(A: matrix[n, n], b: vector[n], c: vector[n]) = c'*solve(A, b)"),
    (
        "two_layers",
        "f(U: matrix[h, n], V: matrix[k, h], x: vector[n], y: vector[k]) = { let a = tanh(U*x); let e = V*a - y; norm2(e)^2/2 }",
    ),
    ("factorization", "f(U: matrix[n, k], V: matrix[m, k], M: matrix[n, m]) = { let E = M - U*V'; sum(E .* E) }"),
    ("trace_of_multiple", "f(s, v: vector[n]) = tr(s*eye(n) + v*v')"),
    ("differences", "f(x: vector[n]) = sum(i in 0..n-1, (x[i+1] - x[i])^2)"),
];

/// Fewest lines of the cases that are compared with the line before.
const FEWEST: usize = 100;

fn read(text: &str) -> Function {
    let read = gradc::read(&Source::new("source", text), &[]);
    read.expect(text).pop().expect("there is a function")
}

fn derivation(function: &Function) -> WholeDerivation {
    let whole = &function.whole;
    let all: Vec<usize> = (0..whole.parameters.len()).collect();
    explain_whole(whole, function.display_name(), &all).expect("there is a derivative")
}

/// Evaluates a line as it is printed, `before` being the definitions that it stands on.
fn value(parameters: &str, before: &str, line: &str) -> Vec<f64> {
    let text = format!("{parameters} = {{ {before}{line} }}");
    let function = read(&text);
    let whole = &function.whole;
    // More rows than columns, so that Gram matrices are regular.
    let sizes: Sizes = whole.sizes.iter().zip([5, 4, 3, 2]).map(|(name, size)| (name.clone(), size)).collect();
    let closed = derive_closed(whole, &[], Order::Value, Form::Code).expect("it has a value");
    let values = closed.evaluate(&points::matrices(whole, &sizes), &sizes).expect("it is evaluated");
    values[0].entries.clone()
}

/// Returns what is wrong with a derivation, and how many lines were compared.
fn faults(function: &Function) -> (Vec<String>, usize) {
    let derivation = derivation(function);
    let name = function.display_name();
    let close = function.definition.char_indices().scan(0_i32, |depth, (at, c)| {
        *depth += i32::from(c == '(') - i32::from(c == ')');
        Some((at, c, *depth))
    });
    let end =
        close.filter(|(_, c, depth)| *c == ')' && *depth == 0).map(|(at, ..)| at).next().expect("a parameter list");
    let parameters = &function.definition[..=end];
    let mut before = String::new();
    for (name, line) in &derivation.values[..derivation.values.len() - 1] {
        before += &format!("let {name} = {}; ", line.text());
    }
    let (last, line) = derivation.values.last().expect("there is a value");
    before += &format!("let value_of_{last} = {}; ", line.text());
    let (mut faults, mut compared) = (Vec::new(), 0);
    let mut gradients: Vec<(String, String)> = Vec::new();
    for (by, own) in &derivation.gradients {
        let mut known: Option<(String, Vec<f64>)> = None;
        for line in &own.lines {
            // Gradients by their names are written as quotients, the function's own value by its name.
            let mut text = format!(" {} ", line.text());
            for (quotient, name) in &gradients {
                text = text.replace(quotient, name);
            }
            let words: Vec<&str> = text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let own_value = |word: &&str| match word.strip_prefix(name) {
                Some(rest) if rest.len() == 1 && !rest.starts_with(['(', '_']) => format!("value_of_{name}{rest}"),
                _ => word.to_string(),
            };
            let text: String = words.iter().map(own_value).collect();
            let entries = value(parameters, &before, text.trim());
            if let Some((earlier, numbers)) = &known {
                if *earlier == text {
                    faults.push(format!("{text} stands there twice"));
                }
                let scale = numbers.iter().fold(1.0, |scale: f64, number| scale.max(number.abs()));
                // A line may be defined where the one before is not.
                let same = numbers.len() == entries.len()
                    && numbers.iter().zip(&entries).all(|(a, b)| !a.is_finite() || (a - b).abs() <= 1e-9 * scale);
                if !same {
                    faults.push(format!("d{name}/d{by}: {earlier} is {numbers:?}, but {text} is {entries:?}"));
                }
                compared += usize::from(numbers.iter().any(|number| number.is_finite()));
            }
            known = Some((text, entries));
        }
        let gradient = format!("gradient_by_{by}");
        let text = known.expect("there are lines").0;
        before += &format!("let {gradient} = {}; ", text.trim());
        gradients.push((format!("d{name}/d{by}"), gradient));
        gradients.sort_by_key(|(quotient, _)| std::cmp::Reverse(quotient.len()));
    }
    (faults, compared)
}

fn written(function: &Function) -> String {
    let derivation = derivation(function);
    let mut out = format!("{}\n", function.definition);
    derivation.values.iter().for_each(|(name, line)| out += &format!("{name} = {}\n", line.text()));
    for (by, own) in &derivation.gradients {
        out += &format!("d{}/d{by}\n", function.display_name());
        for line in &own.lines {
            out += &format!("= {}\n", line.text());
            out += &line.reason.as_ref().map_or(String::new(), |reason| format!("    {}\n", reason.text()));
        }
    }
    out
}

#[test]
fn recorded_derivations_are_as_recorded() {
    let mut wrong = Vec::new();
    for (name, text) in RECORDED {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("snapshots/explain"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = written(&read(text));
        let check = || settings.bind(|| insta::assert_snapshot!(format!("whole_{name}"), text));
        wrong.extend(catch_unwind(AssertUnwindSafe(check)).is_err().then_some(*name));
    }
    assert!(wrong.is_empty(), "not as recorded: {}", wrong.join(", "));
}

#[test]
fn every_line_is_equal_to_the_one_before() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (_, text) in RECORDED {
        let (faults, count) = faults(&read(text));
        wrong.extend(faults.into_iter().map(|fault| format!("{text}: {fault}")));
        compared += count;
    }
    for path in files(&root().join("tests/matrices"), "grad") {
        let function = read(&std::fs::read_to_string(&path).expect("a case is text"));
        let whole = &function.whole;
        if !whole.extents().is_scalar() || whole.sizes.is_empty() {
            continue;
        }
        let (faults, count) = faults(&function);
        wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", path.display())));
        compared += count;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > FEWEST, "only {compared} lines are compared");
}

#[test]
fn the_last_line_is_what_is_printed_elsewhere() {
    for (_, text) in RECORDED {
        let function = read(text);
        let whole = &function.whole;
        let derivation = derivation(&function);
        let first = derivation.gradients.len() - whole.parameters.len();
        for (at, (by, own)) in derivation.gradients[first..].iter().enumerate() {
            let mut closed = derive_closed(whole, &[at], Order::First, Form::Pretty).expect("there is a derivative");
            let names = closed.names.clone();
            let root = with_names(&mut closed.graph, &[closed.first[0].expression()], &names)[0];
            let last = own.lines.last().expect("there are lines").text();
            assert_eq!(last, notation::text(&closed.graph, root), "{text} by {by}");
        }
    }
}

#[test]
fn a_derivation_begins_at_a_number() {
    let function = read("f(W: matrix[n, m], x: vector[m]) = tanh(W*x)");
    let error = explain_whole(&function.whole, "f", &[0]).expect_err("it is a vector");
    assert!(format!("{error:?}").contains("this is a vector"));
}
