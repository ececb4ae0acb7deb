"""Times generated Rust for whole vectors and matrices beside loops written by hand, and beside JAX.

    cargo build --release && python3 benches/matrices.py [--jax PYTHON]

Everything runs on one core; Hessians come with the value. `--jax` names a Python that has JAX. Both programs run five times,
in turn, and each time is the fastest of 200 calls in each of these runs.
"""
import argparse, os, subprocess, tempfile, textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GRADC = os.path.join(ROOT, "target", "release", "gradc")

ROSENBROCK = "rosenbrock(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)"
RELU = "relu_dot(x: vector[n], y: vector[n]) = dot(y, relu(x))"
LOGISTIC = "logistic(X: matrix[n, m], y: vector[n], w: vector[m]) = sum(softplus(X*w)) - dot(y, X*w)"
FACTORIZATION = "factorization(P: matrix[n, k], Q: matrix[m, k], Z: matrix[n, m]) = norm2(Z - P*Q')^2"
NETWORK = """network(W: matrix[n, m], b: vector[n], V: matrix[k, n], c: vector[k], X: matrix[m, p], Y: matrix[k, p]) =
    norm2(V*tanh(W*X + b*ones(p)') + c*ones(p)' - Y)^2"""

MAIN = """
use std::hint::black_box;
use std::time::Instant;

fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
        })
        .collect()
}

fn fastest(mut call: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        call();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e6
}

fn rosenbrock_by_hand(x: &[f64], d: &mut [f64]) -> f64 {
    assert_eq!(x.len(), d.len());
    d.fill(0.0);
    let mut f = 0.0;
    for i in 0..x.len() - 1 {
        let a = 1.0 - x[i];
        let b = x[i + 1] - x[i] * x[i];
        f += 100.0 * b * b + a * a;
        d[i] -= 400.0 * b * x[i] + 2.0 * a;
        d[i + 1] += 200.0 * b;
    }
    f
}

fn relu_by_hand(x: &[f64], y: &[f64], dx: &mut [f64], dy: &mut [f64]) -> f64 {
    let n = x.len();
    let (y, dx, dy) = (&y[..n], &mut dx[..n], &mut dy[..n]);
    let mut f = 0.0;
    for i in 0..n {
        let r = if x[i] > 0.0 { x[i] } else { 0.0 };
        f += r * y[i];
        dx[i] = if x[i] > 0.0 { y[i] } else { 0.0 };
        dy[i] = r;
    }
    f
}

fn logistic_gradient_by_hand(n: usize, m: usize, x: &[f64], y: &[f64], w: &[f64], g: &mut [f64]) -> f64 {
    g.fill(0.0);
    let mut f = 0.0;
    for i in 0..n {
        let row = &x[i * m..(i + 1) * m];
        let mut z = 0.0;
        for j in 0..m {
            z += row[j] * w[j];
        }
        let e = (-z.abs()).exp();
        f += z.max(0.0) + e.ln_1p() - y[i] * z;
        let r = if z > 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) } - y[i];
        for j in 0..m {
            g[j] += r * row[j];
        }
    }
    f
}

fn logistic_by_hand(n: usize, m: usize, x: &[f64], w: &[f64], p: &mut [f64], h: &mut [f64]) {
    h.fill(0.0);
    for i in 0..n {
        let row = &x[i * m..(i + 1) * m];
        let mut z = 0.0;
        for j in 0..m {
            z += row[j] * w[j];
        }
        let s = 1.0 / (1.0 + (-z).exp());
        p[i] = s * (1.0 - s);
        for j in 0..m {
            let a = p[i] * row[j];
            for k in 0..m {
                h[j * m + k] += a * row[k];
            }
        }
    }
}

fn main() {
    for n in [100, 4096, 100_000] {
        let x = numbers(n, 1);
        let (mut e, mut d) = (vec![0.0; n], vec![0.0; n]);
        let mut work = vec![0.0; rosenbrock::rosenbrock_grad_workspace(n)];
        let ours = fastest(|| {
            let mut out = rosenbrock::RosenbrockGrad { x: &mut d };
            black_box(rosenbrock::rosenbrock_grad(n, black_box(&x), &mut out, &mut work));
        });
        let hand = fastest(|| { black_box(rosenbrock_by_hand(black_box(&x), &mut e)); });
        println!("rosenbrock gradient, n = {n} | {ours:.2} | {hand:.2}");
    }
    let n = 4096;
    let (x, y) = (numbers(n, 2), numbers(n, 3));
    let (mut a, mut b, mut c, mut d) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut work = vec![0.0; relu::relu_dot_grad_workspace(n)];
    let ours = fastest(|| {
        let mut out = relu::ReluDotGrad { x: &mut a, y: &mut b };
        black_box(relu::relu_dot_grad(n, black_box(&x), black_box(&y), &mut out, &mut work));
    });
    let hand = fastest(|| { black_box(relu_by_hand(black_box(&x), black_box(&y), &mut c, &mut d)); });
    println!("relu gradient, n = {n} | {ours:.2} | {hand:.2}");
    for n in [1000, 100_000] {
        let m = 50;
        let (x, y, w) = (numbers(n * m, 4), numbers(n, 5), numbers(m, 6));
        let (mut g, mut hand) = (vec![0.0; m], vec![0.0; m]);
        let mut work = vec![0.0; logistic::logistic_grad_workspace(n, m)];
        let ours = fastest(|| {
            let mut out = logistic::LogisticGrad { w: &mut g };
            black_box(logistic::logistic_grad(n, m, black_box(&x), &y, &w, &mut out, &mut work));
        });
        let by_hand = fastest(|| { black_box(logistic_gradient_by_hand(n, m, black_box(&x), &y, &w, &mut hand)); });
        let worst = g.iter().zip(&hand).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-8, "{worst}");
        println!("logistic gradient, n = {n}, m = {m} | {ours:.2} | {by_hand:.2}");
    }
    let (n, m) = (1000, 50);
    let (x, y, w) = (numbers(n * m, 4), numbers(n, 5), numbers(m, 6));
    let mut h = vec![0.0; m * m];
    let ours = fastest(|| {
        let mut out = logistic::LogisticHessian { w_w: &mut h };
        black_box(logistic::logistic_hessian(n, m, black_box(&x), &y, &w, &mut out));
    });
    let (mut p, mut g) = (vec![0.0; n], vec![0.0; m * m]);
    let hand = fastest(|| logistic_by_hand(n, m, black_box(&x), &w, &mut p, &mut g));
    let worst = h.iter().zip(&g).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(worst < 1e-10, "{worst}");
    println!("logistic Hessian, n = {n}, m = {m} | {ours:.2} | {hand:.2}");
    let (n, m, k) = (30, 20, 5);
    let (p, q, z) = (numbers(n * k, 7), numbers(m * k, 8), numbers(n * m, 9));
    let mut blocks = [(n * k) * (n * k), (n * k) * (m * k), (m * k) * (m * k)].map(|size| vec![0.0; size]);
    let mut work = vec![0.0; factorization::factorization_hessian_workspace(n, k, m)];
    let ours = fastest(|| {
        let [a, b, c] = &mut blocks;
        let mut out = factorization::FactorizationHessian { P_P: a, P_Q: b, Q_Q: c };
        black_box(factorization::factorization_hessian(n, k, m, black_box(&p), &q, &z, &mut out, &mut work));
    });
    println!("factorization Hessian, P {n}x{k}, Q {m}x{k} | {ours:.2} | -");
    let (n, m, k, p) = (10, 5, 3, 50);
    let [w, b, v, c, x, y] = [n * m, n, k * n, k, m * p, k * p].map(|size| numbers(size, size as u64));
    let sizes = [n * m, n, k * n, k];
    let mut blocks = Vec::new();
    for a in 0..4 {
        for b in a..4 {
            blocks.push(vec![0.0; sizes[a] * sizes[b]]);
        }
    }
    let mut work = vec![0.0; network::network_hessian_workspace(n, m, k, p)];
    let ours = fastest(|| {
        let [w_w, w_b, w_v, w_c, b_b, b_v, b_c, v_v, v_c, c_c] = &mut blocks[..] else { unreachable!() };
        let mut out = network::NetworkHessian {
            W_W: w_w, W_b: w_b, W_V: w_v, W_c: w_c, b_b, b_V: b_v, b_c, V_V: v_v, V_c: v_c, c_c,
        };
        black_box(network::network_hessian(n, m, k, p, black_box(&w), &b, &v, &c, &x, &y, &mut out, &mut work));
    });
    println!("network Hessian, W {n}x{m}, V {k}x{n}, {p} samples | {ours:.2} | -");
}
"""

JAX = """
import os
os.environ['XLA_FLAGS'] = '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1'
import time, jax, jax.numpy as jnp, numpy as np
jax.config.update('jax_enable_x64', True)
r = np.random.default_rng(0)
X, y, w = r.uniform(-1, 1, (1000, 50)), r.uniform(-1, 1, 1000), r.uniform(-1, 1, 50)
f = lambda X, y, w: jnp.sum(jax.nn.softplus(X @ w)) - y @ (X @ w)

def with_value(f, argnums):
    return jax.jit(lambda *arguments: (f(*arguments), jax.hessian(f, argnums=argnums)(*arguments)))

def fastest(f, *arguments):
    arguments = [jax.device_put(argument) for argument in arguments]
    jax.block_until_ready(f(*arguments))
    best = 1e9
    for _ in range(200):
        t = time.perf_counter(); jax.block_until_ready(f(*arguments)); best = min(best, time.perf_counter() - t)
    return best * 1e6
u = lambda *shape: r.uniform(-1, 1, shape)
print('logistic Hessian, n = 1000, m = 50 | %.2f' % fastest(with_value(f, 2), X, y, w))
g = jax.jit(jax.value_and_grad(f, argnums=2))
print('logistic gradient, n = 1000, m = 50 | %.2f' % fastest(g, X, y, w))
print('logistic gradient, n = 100000, m = 50 | %.2f' % fastest(g, u(100000, 50), u(100000), w))
f = lambda P, Q, Z: jnp.sum((Z - P @ Q.T)**2)
h = with_value(f, (0, 1))
print('factorization Hessian | %.2f' % fastest(h, u(30, 5), u(20, 5), u(30, 20)))
f = lambda W, b, V, c, X, Y: jnp.sum((V @ jnp.tanh(W @ X + b[:, None]) + c[:, None] - Y)**2)
h = with_value(f, (0, 1, 2, 3))
print('network Hessian | %.2f' % fastest(h, u(10, 5), u(10), u(3, 10), u(3), u(5, 50), u(3, 50)))
n = 100000
x = r.uniform(-1, 1, n)
g = jax.jit(jax.value_and_grad(lambda x: jnp.sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)))
g(x)[1].block_until_ready()
best = 1e9
for _ in range(200):
    t = time.perf_counter(); g(x)[1].block_until_ready(); best = min(best, time.perf_counter() - t)
print('rosenbrock gradient, n = 100000 | %.2f' % (best * 1e6))
"""


def generate(text, *options):
    return subprocess.run([GRADC, "compile", text, *options], check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jax", help="a Python that has JAX")
    arguments = parser.parse_args()
    modules = {
        "rosenbrock": generate(ROSENBROCK),
        "relu": generate(RELU),
        "logistic": generate(LOGISTIC, "--wrt", "w", "--derive", "gradient,hessian"),
        "factorization": generate(FACTORIZATION, "--wrt", "P,Q", "--derive", "hessian"),
        "network": generate(NETWORK, "--wrt", "W,b,V,c", "--derive", "hessian"),
    }
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "main.rs")
        with open(source, "w") as file:
            file.writelines(f"mod {name} {{\n{text}}}\n" for name, text in modules.items())
            file.write(MAIN)
        program = os.path.join(folder, "main")
        subprocess.run(["rustc", "--edition", "2021", "-O", "-A", "warnings", source, "-o", program], check=True)
        programs = {"gradc | us | by hand, us": [program]}
        if arguments.jax:
            programs["JAX | us"] = [arguments.jax, "-c", textwrap.dedent(JAX)]
        for heading, rows in fastest(programs).items():
            print(heading)
            for name, times in rows.items():
                print(" | ".join([name, *("-" if time is None else f"{time:.2f}" for time in times)]))
            print()


def fastest(programs, runs=5):
    """Runs the programs in turn, and returns the least time of each row that they print."""
    least = {heading: {} for heading in programs}
    for _ in range(runs):
        for heading, program in programs.items():
            run = subprocess.run(["taskset", "-c", "0", *program], check=True, capture_output=True, text=True)
            for line in run.stdout.splitlines():
                name, *times = line.split(" | ")
                times = [None if time.strip() == "-" else float(time) for time in times]
                before = least[heading].get(name, times)
                least[heading][name] = [None if a is None else min(a, b) for a, b in zip(times, before)]
    return least


if __name__ == "__main__":
    main()
