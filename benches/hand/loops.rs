// By hand: each function as one would write it, one value of the index after the other, in safe Rust.

use std::hint::black_box;
use std::time::Instant;

fn numbers(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|at| ((at + seed) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0).collect()
}

/// The fastest of many calls, in microseconds.
fn fastest(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..101 {
        let start = Instant::now();
        call();
        best = best.min(start.elapsed().as_secs_f64());
    }
    1e6 * best
}

/// Compares results, and prints times and their ratio.
fn compare(name: &str, mut generated: impl FnMut(&mut [f64]), mut hand: impl FnMut(&mut [f64]), count: usize) {
    let (mut a, mut b) = (vec![0.0; count], vec![0.0; count]);
    let (ours, by_hand) = (fastest(|| generated(black_box(&mut a))), fastest(|| hand(black_box(&mut b))));
    let largest = b.iter().fold(1.0_f64, |largest, x| largest.max(x.abs()));
    for (x, y) in a.iter().zip(&b) {
        assert!((x - y).abs() <= 1e-10 * largest, "{name}: {x} and {y}");
    }
    println!("| {name} | {ours:.2} | {by_hand:.2} | {:.2} |", ours / by_hand);
}

fn pair(x: &[f64], i: usize, j: usize, gradient: &mut [f64]) -> f64 {
    let d: [f64; 3] = std::array::from_fn(|k| x[3 * i + k] - x[3 * j + k]);
    let inverse = 1.0 / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    let q = inverse * inverse * inverse;
    let slope = -24.0 * q * (2.0 * q - 1.0) * inverse;
    for k in 0..3 {
        gradient[3 * i + k] += slope * d[k];
        gradient[3 * j + k] -= slope * d[k];
    }
    4.0 * (q * q - q)
}

/// Value, and gradient by A, of the hidden Markov model: probabilities are scaled in each step.
fn hidden_markov(p: &[f64], a: &[f64], mu: &[f64], s: &[f64], y: &[f64], alphas: &mut [f64], out: &mut [f64]) {
    let transition: Vec<f64> = a.iter().map(|a| a.exp()).collect();
    let emission = |j: usize, y: f64| {
        let z = (y - mu[j]) * (-s[j]).exp();
        (-0.5 * z * z - s[j]).exp() / (2.0 * std::f64::consts::PI).sqrt()
    };
    let emissions: Vec<[f64; 8]> = y.iter().map(|y| std::array::from_fn(|j| emission(j, *y))).collect();
    let (mut value, mut alpha) = (0.0, std::array::from_fn::<f64, 8, _>(|j| p[j].exp() * emissions[0][j]));
    let mut scales = vec![1.0; y.len()];
    for t in 0..y.len() {
        if t > 0 {
            let before = alpha;
            alpha = [0.0; 8];
            for i in 0..8 {
                (0..8).for_each(|j| alpha[j] += before[i] * transition[8 * i + j]);
            }
            (0..8).for_each(|j| alpha[j] *= emissions[t][j]);
        }
        let total: f64 = alpha.iter().sum();
        (value, scales[t]) = (value + total.ln(), 1.0 / total);
        alpha.iter_mut().for_each(|x| *x /= total);
        alphas[8 * t..][..8].copy_from_slice(&alpha);
    }
    let mut beta = [1.0; 8];
    out.fill(0.0);
    for t in (1..y.len()).rev() {
        let weight: [f64; 8] = std::array::from_fn(|j| beta[j] * emissions[t][j] * scales[t]);
        let before = &alphas[8 * (t - 1)..][..8];
        beta = [0.0; 8];
        for i in 0..8 {
            for j in 0..8 {
                let part = transition[8 * i + j] * weight[j];
                out[1 + 8 * i + j] += before[i] * part;
                beta[i] += part;
            }
        }
    }
    out[0] = value;
}

fn main() {
    println!("| workload | gradc, us | by hand, us | ratio |\n|---|---:|---:|---:|");
    let workspace = &mut vec![0.0; 1 << 20][..];
    let n = 1000;
    let x = numbers(n, 1);
    compare(
        "Rosenbrock's gradient, n = 1000",
        |out| {
            let (value, g) = out.split_at_mut(1);
            value[0] = rosenbrock::rosenbrock_grad(n, &x, &mut rosenbrock::RosenbrockGrad { x: g }, workspace);
        },
        |out| {
            out.fill(0.0);
            let (value, g) = out.split_at_mut(1);
            for i in 0..n - 1 {
                let (a, b) = (1.0 - x[i], x[i + 1] - x[i] * x[i]);
                value[0] += 100.0 * b * b + a * a;
                g[i] -= 400.0 * b * x[i] + 2.0 * a;
                g[i + 1] += 200.0 * b;
            }
        },
        n + 1,
    );
    let n = 500;
    let grid = (0..n).flat_map(|at| [at % 8, at / 8 % 8, at / 64]);
    let x: Vec<f64> = grid.zip(numbers(3 * n, 2)).map(|(place, shift)| 1.12 * place as f64 + 0.08 * shift).collect();
    compare(
        "Lennard-Jones, all pairs of 500, gradient",
        |out| {
            let (value, g) = out.split_at_mut(1);
            value[0] = atoms::all_pairs_grad(n, &x, &mut atoms::AllPairsGrad { X: g }, workspace);
        },
        |out| {
            out.fill(0.0);
            let (value, g) = out.split_at_mut(1);
            (0..n).for_each(|i| (i + 1..n).for_each(|j| value[0] += pair(&x, i, j, g)));
        },
        3 * n + 1,
    );
    let m = 8000;
    let (a, b): (Vec<usize>, Vec<usize>) = (0..m).map(|at| (at % n, (at % n + 1 + at / n) % n)).unzip();
    compare(
        "the same, a list of 8000 pairs",
        |out| {
            let (value, g) = out.split_at_mut(1);
            value[0] = atoms::listed_grad(n, m, &x, &a, &b, &mut atoms::ListedGrad { X: g }, workspace);
        },
        |out| {
            out.fill(0.0);
            let (value, g) = out.split_at_mut(1);
            (0..m).for_each(|at| value[0] += pair(&x, a[at], b[at], g));
        },
        3 * n + 1,
    );
    let n = 1000;
    let (p, y) = (vec![-(8.0_f64.ln()); 8], numbers(n, 3));
    let (a, mu, s) = (numbers(64, 4), numbers(8, 5), numbers(8, 6));
    let mut alphas = vec![0.0; 8 * n];
    compare(
        "hidden Markov model, 8 states, 1000 steps, gradient by A",
        |out| {
            let (value, g) = out.split_at_mut(1);
            value[0] = hmm::hmm_grad(n, &p, &a, &mu, &s, &y, &mut hmm::HmmGrad { A: g }, workspace);
        },
        |out| hidden_markov(&p, &a, &mu, &s, &y, &mut alphas, out),
        65,
    );
    let n = 10_000;
    let b = [1.288, 1.49, 0.58, 0.075, 0.966, 0.398, 0.05];
    let (x, y) = (numbers(n, 7), numbers(n, 8));
    let model = |x: f64| {
        let inverse = 1.0 / (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
        ((b[0] + x * (b[1] + x * (b[2] + x * b[3]))) * inverse, inverse)
    };
    compare(
        "Thurber's residuals, n = 10000, Jacobian",
        |out| {
            let (value, rows) = out.split_at_mut(n);
            let derivatives = &mut thurber::ResidualsJacobian { b: rows };
            thurber::residuals_jacobian(n, &b, &x, &y, value, derivatives, workspace);
        },
        |out| {
            let (value, rows) = out.split_at_mut(n);
            for (((value, row), x), y) in value.iter_mut().zip(rows.chunks_exact_mut(7)).zip(&x).zip(&y) {
                let (quotient, inverse) = model(*x);
                *value = y - quotient;
                let (p, q) = (x * inverse, x * inverse * quotient);
                row.copy_from_slice(&[-inverse, -p, -p * x, -p * x * x, q, q * x, q * x * x]);
            }
        },
        8 * n,
    );
    compare(
        "the sum of their squares, gradient",
        |out| {
            let (value, g) = out.split_at_mut(1);
            value[0] = thurber_squares::squares_grad(n, &b, &x, &y, &mut thurber_squares::SquaresGrad { b: g }, workspace);
        },
        |out| {
            out.fill(0.0);
            for (x, y) in x.iter().zip(&y) {
                let (quotient, inverse) = model(*x);
                let r = y - quotient;
                out[0] += r * r;
                let (mut p, mut q) = (-2.0 * r * inverse, 2.0 * r * inverse * quotient * x);
                for k in 0..4 {
                    out[1 + k] += p;
                    p *= x;
                }
                for k in 4..7 {
                    out[1 + k] += q;
                    q *= x;
                }
            }
        },
        8,
    );
}
