//! Functions with loops and recurrences that are no functions of whole vectors, with the derivatives that are printed.

/// The functions, and some of their derivatives.
pub const LOOPS: &[(&str, &[(&str, &str)])] = &[
    (
        "f(x: vector[n], y: vector[m]) = sum(i in 0..min(n, m), x[i]*sin(y[i]))",
        &[("x", "[i in 0..n: if(i < m, sin(y[min(i, m - 1)]), 0)]")],
    ),
    ("f(x: vector[n]) = sum(i in 0..n, j in max(i - 2, 0)..min(i + 3, n), exp(x[i]*x[j])*j)", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, if(i + 1 < n and i > 0, x[i-1]*x[i]*x[i+1], x[i]^2))", &[]),
    ("f(x: vector[n], y: vector[m]) = sum(i in 0..n if not (i < 1 or i > m), x[i]*exp(y[i-1]))", &[]),
    ("f(x: vector[n], y: vector[m]) = prod(i in 0..min(n, m), x[i] + sin(y[i]))", &[]),
    ("f(x: vector[n], y: vector[m]) = mean(i in 0..min(n, m + 1) - 1, x[i+1]*y[i])", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, if(2*i + 1 < n, x[2*i+1]*x[i], x[2*i + 1 - n]))", &[]),
    (
        "f(x: vector[n], y: vector[n]) = sum(if(x > y, x, y) .^ 2)",
        &[("x", "if(x > y, 2*x, 0)"), ("y", "if(x > y, 0, 2*y)")],
    ),
    (
        "f(x: vector[n]) = sum(i in 0..n-1, diff(sin(x[i])*x[i+1], x[i]))",
        &[("x", "stack(zeros(1), [i in 0..n - 1: cos(x[i])]) + stack([i in 0..n - 1: -sin(x[i])*x[i + 1]], zeros(1))")],
    ),
    ("f(x: vector[n]) = sum(i in 0..n, i*x[i]^2)", &[("x", "[i in 0..n: 2*x[i]*i]")]),
    ("f(x: vector[n]) = prod(i in 0..n, x[i])", &[]),
    ("f(x: vector[n]) = prod(x)", &[("x", "prod_others(x)")]),
    (
        "f(x: vector[n], a, b) = sum(i in 0..n, logsumexp([a*x[i], b]))",
        &[("x", "[i in 0..n: a*softmax(stack(a*x[i], b))[0]]")],
    ),
    (
        "f(x: vector[n], y: vector[n], z: vector[n]) = sum(i in 0..n, sum(j in 0..n, sum(k in 0..n, x[i]*y[j]*sin(z[k]*x[i]))))",
        &[],
    ),
    ("f(x: vector[n]) = sum(i in 0..n-1, (i+1)*x[i]*x[i+1])", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, if(i > 2, x[i]^2, x[i]))", &[("x", "[i in 0..n: if(i > 2, 2*x[i], 1)]")]),
    ("f(X: matrix[n,m]) = sum(i in 0..n, prod(j in 0..m, X[i,j]))", &[("X", "[i in 0..n: prod_others(X[i, ..])]")]),
    ("f(X: matrix[n,m], v: vector[m]) = sum(i in 0..n, i*dot(X[i,..], v)^2)", &[]),
    ("f(X: matrix[n,m], w: vector[n]) = logdet(sum(i in 0..n, exp(w[i])*X[i,..]*X[i,..]') + eye(m))", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, sin(i*x[0]))", &[]),
    ("f(x: vector[2*n]) = sum(i in 0..n, x[2*i]*x[2*i+1])", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, prod(j in 0..n, sin(x[i]*(j+1)+x[j])))", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, sum(j in 0..i, exp(x[i]*x[j])))", &[]),
    ("f(P: matrix[n,3]) = sum(i in 0..n, sum(j in 0..i, 1/norm2(P[i,..]-P[j,..])))", &[]),
    (
        "f(a: vector[n], x) = sum(i in 0..n, a[i]*x^i)",
        &[("a", "[i in 0..n: x^i]"), ("x", "sum(i in 1..n, a[i]*x^(i - 1)*i)")],
    ),
    ("f(x: vector[n], y: vector[m]) = sum(i in 0..n, ln(sum(j in 0..m, exp(x[i]*y[j]*(i+j+1)))))", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, max(x[i], i/2))", &[]),
    ("f(x: vector[n]) = max(x)^2", &[("x", "2*max(x)*first_max(x)")]),
    ("f(x: vector[n]) = min(i in 0..n, x[i]*i)", &[]),
    ("f(x: vector[n]) = logsumexp(i in 0..n, x[i]*i)", &[]),
    ("f(x: vector[n]) = mean(i in 0..n if i != 1, x[i]^2*i)", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, j in i+1..n, exp(x[i]*x[j]))", &[]),
    ("f(x: vector[n]) = norm2([i in 0..n: sin(x[i])*i])", &[]),
    ("f(x: vector[n], k: matrix[n,n]) = sum([i in 0..n, j in 0..n: k[i,j]*sin(x[i] - 2*x[j])*(i+1)])", &[]),
    ("f(x: vector[n]) = sum(i in 0..n, j in 0..n if i != j, 1/(x[i] - x[j])^2)", &[]),
    ("f(x: vector[n]) = sum(i in 1..n-1, (x[i-1] - 2*x[i] + x[i+1])^2*i)", &[]),
    ("f(X: matrix[n,m]) = sum(i in 0..n, max(X[i,..]))", &[("X", "[i in 0..n: first_max(X[i, ..])]")]),
    ("f(a, x: vector[n]) = fold(i in 0..n, s = 0, a*s + x[i])", &[]),
    ("f(a, b, u: vector[n]) = fold(i in 0..n, s = 1, s + 0.1*(a*s*(1 - s) + b*u[i]))^2", &[]),
    ("f(x: vector[n], a) = sum(scan(i in 0..n, s = a, sin(s) + x[i]) .^ 2)", &[]),
    ("f(W: matrix[m,m], x: matrix[n,m], h: vector[m]) = norm2(fold(i in 0..n, s = h, tanh(W*s + x[i,..])))^2", &[]),
    (
        "f(h, k, u: vector[n]) = { let (p, v) = fold(i in 0..n, (p = 1, v = 0), (p + h*v, v + h*(u[i] - k*p))); p^2 + v^2 }",
        &[],
    ),
    (
        "f(A: matrix[2,2], y: vector[n], q) = { let (m, l) = fold(i in 0..n, (P = eye(2), l = 0), (A*P*A' + q*eye(2), l + y[i]^2/(P[0,0] + 1) + ln(P[0,0] + 1))); l + m[0,1] }",
        &[],
    ),
    ("f(x: vector[n]) = sum(i in 0..n, fold(j in 0..i, s = x[i], sin(s*x[j]) + i))", &[]),
    ("f(x: vector[n]) = fold(i in 0..n, s = 0, s + sum(j in 0..i, x[j]*x[i]*s) + x[i])", &[]),
    ("f(w: vector[m], x: vector[n]) = mean(i in 0..n, fold(j in 0..m, s = x[i], tanh(w[j]*s)))", &[]),
    (
        "f(a: matrix[m,m], p: vector[m], e: matrix[n,m]) = logsumexp(fold(t in 0..n, s = p, [j in 0..m: logsumexp(s + a[..,j]) + e[t,j]]))",
        &[],
    ),
    ("f(x: vector[n], d) = sum(i in 0..n, scan(t in 0..n, s = d, s*0.9 + x[t])[i]*x[i])", &[]),
    ("f(x: vector[n], w) = { let (s, c) = scan(t in 0..n, (s = 0, c = w), (s + c, c*x[t])); dot(s, c) }", &[]),
    (
        "f(r: vector[n], o, a, b) = sum(t in 0..n, { let v = scan(i in 0..n, s = o, o + a*r[i]^2 + b*s); ln(v[t]) + r[t]^2/v[t] })",
        &[],
    ),
    ("f(x: vector[n], y: vector[n]) = sum(i in 0..n-1, fold(j in 0..n-1, s = y[i], 0.4*s + x[j]/2))", &[]),
    (
        "f(x: vector[n*m], y: vector[m]) = sum(i in 0..n, j in 0..m, x[i*m + j]^2*y[j]*(i + 1))",
        &[("y", "sum(i in 0..n, (1 + i)*x[i*m..i*m + m] .^ 2)")],
    ),
    (
        "f(A: matrix[n,n], P: matrix[n,n], x: vector[t]) = logdet(fold(i in 0..t, P = P, A*P*A' + x[i]^2*eye(n)) + eye(n))",
        &[],
    ),
    ("f(A: matrix[n,m], P: matrix[n,m], x: vector[t]) = sum(sin(scan(i in 0..t, P = P, tanh(A + x[i]*P))))", &[]),
    (
        "f(T: tensor[n,m,k], x: vector[n]) = sum(i in 0..n, j in 0..m, l in 0..k, T[i, j, l]^2*x[i]*(l + 1))",
        &[("x", "[i in 0..n: sum(j in 0..m, l in 0..k, T[i, j, l]^2*(1 + l))]")],
    ),
    ("f(T: tensor[n,m,k], x: vector[m], y: vector[k]) = sum(i in 0..n, sin(x'*T[i, .., ..]*y)*(i + 1))", &[]),
    ("f(T: tensor[n,3,k], x: vector[k]) = sum(i in 0..n, logsumexp([dot(T[i, 2, ..], x), T[n - 1 - i, 0, 0]]))", &[]),
    ("f(T: tensor[n,m,k]) = sum(i in 0..n, j in 0..m, norm2(T[i, m - 1 - j, ..] - 2*T[i, j, ..])*(i + 1))", &[]),
    ("f(x: vector[3*n]) = sum(i in 0..n, j in 0..n, norm2(x[3*i..3*i+3] - x[3*j..3*j+3]))", &[]),
    ("f(x: vector[n], a) = sum(sum(i in 1..n, sum(j in 1..n, [k in 0..n: a*x[k]*j])) .* x)", &[]),
    // Functions of the user that are made of loops, called inside of loops.
    (
        "c(x: vector[n]) = [i in 0..n-2: x[i]*x[i+2]]\nf(x: vector[n], y: vector[n-2]) = sum(i in 0..n-2, y[i]*c(x)[i])",
        &[("x", "stack(zeros(2), y .* x[..n - 2]) + stack(y .* x[2..], zeros(2))")],
    ),
    ("s(x: vector[n]) = sum(i in 0..n, x[i]^2)\nf(x: vector[n]) = sum(i in 0..n, i*x[i]*s(x))", &[]),
    ("l(x: vector[n]) = fold(i in 0..n, s = 0, s/2 + x[i])\nf(x: vector[n]) = sum(i in 0..n, x[i]*l(x))", &[]),
    ("a(x: vector[n], i) = sum(j in 0..n, i*j*x[j])\nf(x: vector[n]) = sum(i in 0..n, x[i]*a(x, i))", &[]),
    ("s(x: vector[n]) = sum(i in 0..n, x[i]^2)\nf(x: vector[n]) = max(i in 0..n, x[i] - s(x))", &[]),
    ("l(x: vector[m]) = fold(i in 0..m, s = 0, s/2 + x[i]^2)\nf(X: matrix[n,m]) = sum(i in 0..n, l(X[i, ..]))", &[]),
    (
        "c(x: vector[n]) = [i in 0..n: sin(x[i])*i]\nf(x: vector[n]) = fold(i in 0..n, s = 0, s*c(x)[i]/2 + x[i]*c(x)[0])",
        &[],
    ),
    ("c(x: vector[n]) = [i in 0..n: sin(x[i])*i]\nf(x: vector[n]) = logsumexp(i in 0..n, x[i]*c(x)[n-1-i])", &[]),
    // Rows that are read forwards and backwards.
    (
        "f(s, x: vector[2], w: vector[n]) = { let T = scan(i in 0..n, y = x, y + w[i]*[s*(y[1] - y[0]), y[0]*y[1]]); sum(i in 0..n, T[i,0]*T[i,1]) }",
        &[],
    ),
    // Places that stay inside at the ends.
    ("f(x: vector[n]) = sum(i in 0..n, (x[min(i + 1, n - 1)] - x[max(i - 1, 0)])^2*(i + 1))", &[]),
    ("f(x: vector[n], m: vector[k]) = sum(i in 0..n, sin(x[min(max(i - 2, 0) + 1, n - 1)])*m[min(i, k - 1)])", &[]),
    (
        "f(u: matrix[n,m], c) = sum(i in 0..n, j in 0..m, (u[max(i - 1, 0), j] + u[i, min(j + 1, m - 1)] - 2*u[i, j])^2*c)",
        &[],
    ),
    ("f(u: vector[n], c) = sum(fold(t in 0..3, v = u, [i in 0..n: v[i] + c*sin(v[max(i - 1, 0)] - v[i])]))", &[]),
    // All pairs of the entries of two vectors.
    ("f(x: vector[n], a) = sum(i in 0..n, sum(j in 0..n, exp(-(x[i] - a*x[j])^2)))", &[]),
    ("f(x: vector[n], y: vector[m]) = dot([i in 0..n: sum(j in 0..m, (x[i] - y[j])^2)], x)", &[]),
    ("f(x: vector[n], y: vector[m]) = sum(i in 0..n, sqrt(sum(j in 0..m, 1/(1 + (x[i]*y[j] - x[i])^2))))", &[]),
    // Places far from the first with a size in between.
    ("f(x: vector[n+2*m]) = sum(i in 0..m, exp(x[2*i + n - 1]*i) + sin(x[2*i + n]))", &[]),
];
