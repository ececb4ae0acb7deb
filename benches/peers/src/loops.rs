//! Loops: sums, recurrences and gathers.

use crate::buffers::workspace;
use crate::export;

generated!(atoms cartpole hmm kalman lstm mixture thurber thurber_squares);

macro_rules! lstm {
    ($name:ident, $steps:expr) => {
        export!($name, 8 * 28 + 3 * 14 + 4 * 14 + ($steps + 1) * 14, 1 + 8 * 28 + 3 * 14, |input, output| {
            let (w, v) = (input.take(112), input.take(112));
            let (e, s, x) = (input.take(42), input.take(56), input.take(($steps + 1) * 14));
            let value = output.take(1);
            let derivatives = &mut lstm::LstmGrad { W: output.take(112), V: output.take(112), E: output.take(42) };
            value[0] =
                lstm::lstm_grad($steps, w, v, e, s, x, derivatives, workspace(lstm::lstm_grad_workspace($steps)));
        });
    };
}
lstm!(L5_genrust, 1023);
lstm!(W6_genrust, 1023);

export!(L6_genrust, 208, 201, |input, output| {
    let (s0, p, u) = (input.take(4), input.take(4), input.take(200));
    let value = output.take(1);
    let derivatives = &mut cartpole::CartpoleGrad { u: output.take(200) };
    value[0] = cartpole::cartpole_grad(200, s0, p, u, derivatives, workspace(cartpole::cartpole_grad_workspace(200)));
});

export!(L7_genrust, 64 + 1000, 45, |input, output| {
    let (a, c, q, r) = (input.take(16), input.take(8), input.take(16), input.take(4));
    let (x0, p0, y) = (input.take(4), input.take(16), input.take(1000));
    let value = output.take(1);
    let derivatives =
        &mut kalman::KalmanGrad { A: output.take(16), C: output.take(8), Q: output.take(16), R: output.take(4) };
    let workspace = workspace(kalman::kalman_grad_workspace(500));
    value[0] = kalman::kalman_grad(500, a, c, q, r, x0, p0, y, derivatives, workspace);
});

export!(L8_genrust, 88 + 1000, 81, |input, output| {
    let (p, a, mu, s) = (input.take(8), input.take(64), input.take(8), input.take(8));
    let y = input.take(1000);
    let value = output.take(1);
    let derivatives = &mut hmm::HmmGrad { A: output.take(64), mu: output.take(8), s: output.take(8) };
    value[0] = hmm::hmm_grad(1000, p, a, mu, s, y, derivatives, workspace(hmm::hmm_grad_workspace(1000)));
});

export!(L9a_genrust, 1500, 1501, |input, output| {
    let value = output.take(1);
    let derivatives = &mut atoms::AllPairsGrad { X: output.take(1500) };
    value[0] =
        atoms::all_pairs_grad(500, input.take(1500), derivatives, workspace(atoms::all_pairs_grad_workspace(500)));
});

export!(L9b_genrust, 1500 + 2 * 7825, 1501, |input, output| {
    let (x, a, b) = (input.take(1500), input.indices(7825), input.indices(7825));
    let value = output.take(1);
    let derivatives = &mut atoms::ListedGrad { X: output.take(1500) };
    let workspace = workspace(atoms::listed_grad_workspace(500, 7825));
    value[0] = atoms::listed_grad(500, 7825, x, a, b, derivatives, workspace);
});

/// The triangular factors of a benchmark are the logarithms of the diagonal, then what is below it column by column.
fn factors(columns: &[f64], d: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut q, mut l) = (Vec::new(), vec![0.0; 5 * d * d]);
    for (c, packed) in columns.chunks_exact(d * (d + 1) / 2).enumerate() {
        q.extend_from_slice(&packed[..d]);
        below(d).zip(&packed[d..]).for_each(|((r, s), value)| l[c * d * d + d * r + s] = *value);
    }
    (q, l)
}

fn packed(q: &[f64], l: &[f64], d: usize, columns: &mut [f64]) {
    for (c, packed) in columns.chunks_exact_mut(d * (d + 1) / 2).enumerate() {
        packed[..d].copy_from_slice(&q[c * d..][..d]);
        below(d).zip(&mut packed[d..]).for_each(|((r, s), value)| *value = l[c * d * d + d * r + s]);
    }
}

fn below(d: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..d).flat_map(move |s| (s + 1..d).map(move |r| (r, s)))
}

/// The logarithm of the gamma function at half of a whole number.
fn ln_gamma_of_half(twice: usize) -> f64 {
    let (mut x, mut sum) = (twice as f64 / 2.0, 0.0);
    while x > 1.0 {
        x -= 1.0;
        sum += x.ln();
    }
    if x == 0.5 { sum + 0.5 * std::f64::consts::PI.ln() } else { sum }
}

/// What does not depend on the parameters.
fn constant(d: usize) -> f64 {
    let gammas: f64 = (1..=d).map(|j| ln_gamma_of_half(d + 2 - j)).sum();
    let multivariate = 0.25 * (d * (d - 1)) as f64 * std::f64::consts::PI.ln() + gammas;
    let prior = -0.5 * ((d + 1) * d) as f64 * 2f64.ln() - multivariate;
    -500.0 * d as f64 * (2.0 * std::f64::consts::PI).ln() - 5.0 * prior
}

macro_rules! mixture {
    ($name:ident, $d:expr, $gradient:ident, $workspace:ident, $type:ident) => {
        export!(
            $name,
            5 * (1 + $d + $d * ($d + 1) / 2) + 1000 * $d,
            1 + 5 * (1 + $d + $d * ($d + 1) / 2),
            |input, output| {
                let (alpha, mu) = (input.take(5), input.take(5 * $d));
                let (q, l) = factors(input.take(5 * $d * ($d + 1) / 2), $d);
                let x = input.take(1000 * $d);
                let value = output.take(1);
                let (mut q_gradient, mut l_gradient) = (vec![0.0; 5 * $d], vec![0.0; 5 * $d * $d]);
                let derivatives = &mut mixture::$type {
                    alpha: output.take(5),
                    mu: output.take(5 * $d),
                    q: &mut q_gradient,
                    L: &mut l_gradient,
                };
                let workspace = workspace(mixture::$workspace(1000));
                value[0] = mixture::$gradient(1000, alpha, mu, &q, &l, x, derivatives, workspace) + constant($d);
                packed(&q_gradient, &l_gradient, $d, output.take(5 * $d * ($d + 1) / 2));
            }
        );
    };
}
mixture!(L11d2_genrust, 2, mixture2_grad, mixture2_grad_workspace, Mixture2Grad);
mixture!(L11d10_genrust, 10, mixture10_grad, mixture10_grad_workspace, Mixture10Grad);
mixture!(W5d2_genrust, 2, mixture2_grad, mixture2_grad_workspace, Mixture2Grad);
mixture!(W5d10_genrust, 10, mixture10_grad, mixture10_grad_workspace, Mixture10Grad);

macro_rules! thurber {
    ($residuals:ident, $squares:ident, $n:expr) => {
        export!($residuals, 7 + 2 * $n, 8 * $n, |input, output| {
            let (b, x, y) = (input.take(7), input.take($n), input.take($n));
            let value = output.take($n);
            let derivatives = &mut thurber::ResidualsJacobian { b: output.take(7 * $n) };
            thurber::residuals_jacobian(
                $n,
                b,
                x,
                y,
                value,
                derivatives,
                workspace(thurber::residuals_jacobian_workspace($n)),
            );
        });
        export!($squares, 7 + 2 * $n, 8, |input, output| {
            let (b, x, y) = (input.take(7), input.take($n), input.take($n));
            let value = output.take(1);
            let derivatives = &mut thurber_squares::SquaresGrad { b: output.take(7) };
            let workspace = workspace(thurber_squares::squares_grad_workspace($n));
            value[0] = thurber_squares::squares_grad($n, b, x, y, derivatives, workspace);
        });
    };
}
thurber!(L12n1000_genrust, L12gn1000_genrust, 1000);
thurber!(L12n100000_genrust, L12gn100000_genrust, 100000);
