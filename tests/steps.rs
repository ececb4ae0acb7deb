//! Steps of recurrences: what is computed on the way forwards is not computed once more on the way back, and the exponentials
//! of a matrix that stays the same are computed before the steps, with no digits lost where they are far apart.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Derive, Options};
use program::Program;

fn gradient(text: &str, options: Options) -> String {
    let options = Options { derive: vec![Derive::Gradient], ..options };
    gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust
}

/// The part of the code that computes value and gradient.
fn body(rust: &str) -> &str {
    let start = rust.find("pub fn f_grad(").expect("there is a gradient");
    let rest = &rust[start..];
    &rest[..rest.find("\n}\n").expect("it ends")]
}

#[test]
fn functions_are_computed_once_for_each_step() {
    const ONCE: [(&str, &[&str]); 3] = [
        ("f(x: vector[n], a) = fold(i in 0..n, s = a, sin(s)*exp(s) + x[i]/2)", &[".sin()", ".cos()", ".exp()"]),
        (
            "f(x: vector[n], a) = { let (p, v) = fold(i in 1..n, (p = a, v = x[0]), (p + 0.1*v, v + 0.1*(x[i] - sin(p)*exp(v)))); p*v }",
            &[".sin()", ".cos()", ".exp()"],
        ),
        (
            "f(W: matrix[m, m], x: matrix[n, m], h: vector[m]) = sum(fold(i in 0..n, s = h, exp(sin(W*s + x[i, ..]))))",
            &[".sin()", ".cos()", ".exp()"],
        ),
    ];
    for (text, functions) in ONCE {
        let reproducible = Options { reproducible: true, ..Options::default() };
        let kept = gradient(text, reproducible.clone());
        for function in functions {
            assert_eq!(body(&kept).matches(function).count(), 1, "{function} of {text}:\n{}", body(&kept));
        }
        let again = gradient(text, Options { checkpoint: true, ..reproducible });
        assert!(functions.iter().any(|function| body(&again).matches(function).count() > 1), "{text}");
    }
}

const CHAIN: &str = "f(A: matrix[m, m], p: vector[m], E: matrix[n, m]) = logsumexp(fold(t in 0..n, s = p, [j in 0..m: logsumexp(s + A[.., j]) + E[t, j]]))";

fn log_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_finite() { largest + numbers.map(|x| (x - largest).exp()).sum::<f64>().ln() } else { largest }
}

/// Value and gradient of the chain by the forward and the backward recursion in logarithms (Rabiner, A Tutorial on Hidden Markov
/// Models, 1989), in the order value, A, p, E.
fn by_both_recursions(m: usize, a: &[f64], p: &[f64], e: &[f64]) -> Vec<f64> {
    let n = e.len() / m;
    let mut forward = vec![p.to_vec()];
    for t in 0..n {
        let last = &forward[t];
        let next = (0..m).map(|j| log_sum_exp((0..m).map(|i| last[i] + a[i * m + j])) + e[t * m + j]);
        let next = next.collect();
        forward.push(next);
    }
    let mut backward = vec![vec![0.0; m]; n + 1];
    for t in (0..n).rev() {
        backward[t] =
            (0..m).map(|i| log_sum_exp((0..m).map(|j| a[i * m + j] + e[t * m + j] + backward[t + 1][j]))).collect();
    }
    let value = log_sum_exp(forward[n].iter().copied());
    let pairs = (0..m * m).map(|at| {
        let (i, j) = (at / m, at % m);
        (0..n).map(|t| (forward[t][i] + a[at] + e[t * m + j] + backward[t + 1][j] - value).exp()).sum::<f64>()
    });
    let first = (0..m).map(|i| (p[i] + backward[0][i] - value).exp());
    let each = (0..n * m).map(|at| (forward[at / m + 1][at % m] + backward[at / m + 1][at % m] - value).exp());
    [value].into_iter().chain(pairs).chain(first).chain(each).collect()
}

#[test]
fn exponentials_before_the_steps_lose_no_digits() {
    let rust = gradient(CHAIN, Options::default());
    assert!(body(&rust).contains("shares_of_sums"), "{}", body(&rust));
    assert_eq!(body(&rust).matches("exponentials_of_rows").count(), 1, "{}", body(&rust));
    let mut program = Program::default();
    program.module("dispatched", &rust);
    program.module("plain", &gradient(CHAIN, Options { reproducible: true, ..Options::default() }));
    // Transitions of one size, some that hardly ever happen, none but these, some that never happen, and large ones.
    let scales: [fn(f64, usize, usize) -> f64; 5] = [
        |x, _, _| x,
        |x, i, j| if (i + j) % 2 == 0 { x } else { x - 400.0 },
        |x, i, j| if i == j { x } else { x - 800.0 },
        |x, i, j| if (i + 2 * j) % 3 == 1 { f64::NEG_INFINITY } else { x },
        |x, i, j| x + 700.0 * (i as f64 - j as f64),
    ];
    let mut expected = Vec::new();
    for m in [2, 3, 5, 8] {
        for n in [0, 1, 2, 7] {
            for (number, scale) in scales.iter().enumerate() {
                let entry = |at: usize, by: f64| ((at as f64 + 0.3) * by).sin();
                let a: Vec<f64> = (0..m * m).map(|at| scale(entry(at, 1.3), at / m, at % m)).collect();
                let p: Vec<f64> =
                    (0..m).map(|i| entry(i, 0.7) - if number == 2 { 1000.0 * i as f64 } else { 0.0 }).collect();
                let e: Vec<f64> = (0..n * m).map(|at| 3.0 * entry(at, 0.9)).collect();
                expected.push(by_both_recursions(m, &a, &p, &e));
                let list = |numbers: &[f64]| {
                    let bits: Vec<String> =
                        numbers.iter().map(|x| format!("f64::from_bits({})", x.to_bits())).collect();
                    format!("Vec::<f64>::from([{}])", bits.join(", "))
                };
                for module in ["dispatched", "plain"] {
                    let call = format!(
                        "{{ let (a, p, e) = ({}, {}, {});
                        let (mut by_a, mut by_p, mut by_e) = (vec![0.5; {m} * {m}], vec![0.5; {m}], vec![0.5; {n} * {m}]);
                        let mut derivatives = {module}::FGrad {{ A: &mut by_a, p: &mut by_p, E: &mut by_e }};
                        let mut workspace = vec![0.25; {module}::f_grad_workspace({m}, {n})];
                        let value = {module}::f_grad({m}, {n}, &a, &p, &e, &mut derivatives, &mut workspace);
                        let mut all = vec![value];
                        all.extend(by_a.into_iter().chain(by_p).chain(by_e));
                        all }}",
                        list(&a), list(&p), list(&e)
                    );
                    program.print(&call, &["r".to_string()]);
                }
            }
        }
    }
    let lines = program.run("exponentials");
    for (computed, expected) in lines.iter().zip(expected.iter().flat_map(|expected| [expected, expected])) {
        assert_eq!(computed.len(), expected.len());
        for (computed, expected) in computed.iter().zip(expected) {
            let close = (computed - expected).abs() <= 1e-11 * expected.abs() + 1e-275;
            assert!(close, "{computed:e} is not {expected:e}");
        }
    }
}
