//! Nests of loops whose inner loop runs along the rows of a matrix: its columns are laid out before, and values and gradients
//! are those of the sums as they are written.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Derive, Options};
use program::Program;

/// The sum of 1/|x - y|^2 over pairs of rows, and one that reads rows and those that follow.
const PAIRS: &str = "f(X: matrix[n, 3]) = sum(i in 0..n, j in i+1..n, 1/dot(X[i, ..] - X[j, ..], X[i, ..] - X[j, ..]))";
const FOLLOWING: &str = "f(X: matrix[n, 3]) = sum(i in 0..n, j in i+1..n-1, exp(X[i, 0]*X[j, 1])*X[j+1, 2])";

/// Computes value and gradient for so many rows.
type Directly = fn(usize, &[f64]) -> Vec<f64>;

fn squared(x: &[f64], i: usize, j: usize) -> f64 {
    (0..3).map(|k| (x[3 * i + k] - x[3 * j + k]).powi(2)).sum()
}

fn of_pairs(n: usize, x: &[f64]) -> Vec<f64> {
    let (mut value, mut gradient) = (0.0, vec![0.0; 3 * n]);
    for i in 0..n {
        for j in i + 1..n {
            let d = squared(x, i, j);
            value += 1.0 / d;
            for k in 0..3 {
                let slope = -2.0 * (x[3 * i + k] - x[3 * j + k]) / (d * d);
                gradient[3 * i + k] += slope;
                gradient[3 * j + k] -= slope;
            }
        }
    }
    [value].into_iter().chain(gradient).collect()
}

fn of_following(n: usize, x: &[f64]) -> Vec<f64> {
    let (mut value, mut gradient) = (0.0, vec![0.0; 3 * n]);
    for i in 0..n {
        for j in i + 1..n.saturating_sub(1) {
            let e = (x[3 * i] * x[3 * j + 1]).exp();
            value += e * x[3 * j + 5];
            gradient[3 * i] += e * x[3 * j + 1] * x[3 * j + 5];
            gradient[3 * j + 1] += e * x[3 * i] * x[3 * j + 5];
            gradient[3 * j + 5] += e;
        }
    }
    [value].into_iter().chain(gradient).collect()
}

#[test]
fn columns_are_read_and_added_to() {
    let mut program = Program::default();
    let mut expected = Vec::new();
    let by_hand: [(&str, Directly); 2] = [(PAIRS, of_pairs), (FOLLOWING, of_following)];
    for (number, (text, directly)) in by_hand.into_iter().enumerate() {
        let options = Options { derive: vec![Derive::Gradient], ..Options::default() };
        let rust = gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust;
        assert!(rust.contains("matrices::transpose(3, &X,"), "{text}: {rust}");
        program.module(&format!("nest{number}"), &rust);
        for n in [1, 2, 3, 16, 17, 18, 33, 50] {
            let x: Vec<f64> = (0..3 * n).map(|at| (at as f64 * 1.7).sin() + 0.01 * at as f64).collect();
            expected.push((text, n, directly(n, &x)));
            program.print(
                &format!(
                    "{{ let x: Vec<f64> = (0..3 * {n}).map(|at| (at as f64 * 1.7).sin() + 0.01 * at as f64).collect();
                    let mut by_x = vec![0.5; 3 * {n}];
                    let mut workspace = vec![f64::NAN; nest{number}::f_grad_workspace({n})];
                    let mut derivatives = nest{number}::FGrad {{ X: &mut by_x }};
                    let value = nest{number}::f_grad({n}, &x, &mut derivatives, &mut workspace);
                    let mut all = vec![value];
                    all.extend(by_x);
                    all }}"
                ),
                &["r".to_string()],
            );
        }
    }
    for (computed, (text, n, expected)) in program.run("nests").iter().zip(&expected) {
        assert_eq!(computed.len(), expected.len());
        let size = expected.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
        for (computed, expected) in computed.iter().zip(expected) {
            let close = (computed - expected).abs() <= 1e-12 * (expected.abs() + size);
            assert!(close, "{text} at {n}: {computed} is not {expected}");
        }
    }
}

/// Sums over pairs of entries of vectors, which no matrix of all pairs is made for.
const WITHOUT_A_MATRIX: &[&str] = &[
    "f(x: vector[n], a) = sum(i in 0..n, sum(j in 0..n, exp(-(x[i] - a*x[j])^2)))",
    "f(x: vector[n], y: vector[m]) = sum(i in 0..n, j in 0..m, (x[i] - y[j])^2)",
    "f(x: vector[n], y: vector[m], s) = sum(i in 0..n, sqrt(sum(j in 0..m, 1/(s + (x[i]*y[j] - x[i])^2))))",
    "f(x: vector[1000], a) = sum(i in 0..1000, sum(j in 0..1000, exp(-(x[i] - a*x[j])^2)))",
];

#[test]
fn pairs_of_entries_need_no_matrix() {
    for text in WITHOUT_A_MATRIX {
        let options = Options { derive: vec![Derive::Gradient], ..Options::default() };
        let rust = gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust;
        for number in ["n * n", "n * m", "1000 * 1000", "1000000"] {
            assert!(!rust.contains(number), "{text}: {number} in {rust}");
        }
    }
}
