//! `-f index` writes derivatives as the lecture does: entry by entry, with sums over indices and Kronecker deltas.

use std::process::Command;

const LINES: &[(&str, &str, &[&str])] = &[
    (
        "grad",
        "f(W: matrix[n, m], x: vector[m]) = { let q = W*x; norm2(q)^2 }",
        &[
            "dq[k]/dW[i, j] = delta(k, i)*x[j]",
            "df/dq[k] = 2*q[k]",
            "df/dW[i, j] = sum(k in 0..n, 2*q[k]*delta(k, i)*x[j])",
            "            = 2*q[i]*x[j]",
            "dq[k]/dx[i] = W[k, i]",
            "df/dq[k] = 2*q[k]",
            "df/dx[i] = sum(k in 0..n, 2*q[k]*W[k, i])",
            "         = 2*sum(k in 0..n, W[k, i]*q[k])",
        ],
    ),
    (
        "jacobian",
        "q(W: matrix[n, m], x: vector[m]) = W*x",
        &["dq[k]/dW[i, j] = delta(k, i)*x[j]", "dq[k]/dx[i] = W[k, i]"],
    ),
    ("jacobian", "f(x: vector[n]) = relu(x)", &["df[k]/dx[i] = delta(k, i)*step(x[k])"]),
    (
        "jacobian",
        "f(x: vector[n]) = softmax(x)",
        &["df[k]/dx[i] = delta(k, i)*softmax(x)[k] - softmax(x)[k]*softmax(x)[i]"],
    ),
    ("jacobian", "f(Z: matrix[n, m]) = logsumexp_rows(Z)", &["df[k]/dZ[i, j] = delta(k, i)*softmax_rows(Z)[k, j]"]),
    (
        "grad",
        "f(A: matrix[n, n], x: vector[n]) = x'*A*x",
        &["df/dA[i, j] = x[i]*x[j]", "df/dx[i] = sum(k in 0..n, (A[i, k] + A[k, i])*x[k])"],
    ),
    // An entry that a slice leaves out has derivative 0, though the sum over the others has a delta for it.
    (
        "jacobian",
        "f(X: matrix[n, m], x: vector[n]) = X[..n - 1, ..]'*x[..n - 1]",
        &["df[k]/dX[i, j] = if(i < n - 1, delta(k, j)*x[i], 0)", "df[k]/dx[i] = if(i < n - 1, X[i, k], 0)"],
    ),
    (
        "jacobian",
        "f(x: vector[n]) = x[1..] .* x[..n - 1]",
        &["df[k]/dx[i] = x[k]*delta(k + 1, i) + x[k + 1]*delta(k, i)"],
    ),
    (
        "jacobian",
        "f(X: matrix[n, n], y: vector[m]) = stack(diag(X), y)",
        &["df[k]/dX[i, j] = if(k < n, delta(k, i)*delta(k, j), 0)", "df[k]/dy[i] = stack(zeros(n, m), eye(m))[k, i]"],
    ),
    (
        "hessian",
        "f(X: matrix[n, m]) = norm2(X[2, ..])^2/2",
        &["d^2f/dX[i, j] dX[k, l] = if(i < 2, 0, if(i < 3, delta(2, k)*delta(j, l), 0))"],
    ),
    (
        "grad",
        "f(V: matrix[k, l], i: vector[l]) = norm2(V*i)^2",
        &[
            "df/dV[j, p] = 2*i[p]*sum(q in 0..l, V[j, q]*i[q])",
            "df/di[j] = 2*sum(q in 0..k, V[q, j]*sum(r in 0..l, V[q, r]*i[r]))",
        ],
    ),
    (
        "hessian",
        "f(W: matrix[n, m], x: vector[m]) = norm2(W*x)^2",
        &[
            "d^2f/dW[i, j] dW[k, l] = 2*delta(i, k)*x[l]*x[j]",
            "d^2f/dW[i, j] dx[k] = 2*(W[i, k]*x[j] + delta(j, k)*sum(p in 0..m, W[i, p]*x[p]))",
            "d^2f/dx[i] dx[k] = 2*sum(l in 0..n, W[l, i]*W[l, k])",
        ],
    ),
];

#[test]
fn entries_are_written_as_in_the_lecture() {
    for (command, text, expected) in LINES {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
            .args([command, text, "-f", "index"])
            .output()
            .expect("gradc runs");
        let printed = String::from_utf8(output.stdout).expect("text is UTF-8");
        let lines: Vec<&str> = printed.lines().skip(1).collect();
        assert_eq!(lines, *expected, "{text}");
    }
}
