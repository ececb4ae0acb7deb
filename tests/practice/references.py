"""Reference values, gradients and Hessians of the programs in this folder.

Each function is written here in JAX by hand from the mathematics that the first line of its program names, and derived by
JAX in double precision: nothing comes from gradc. The points are random numbers of two digits from a fixed seed.

    python3 -m venv venv && venv/bin/pip install jax numpy && venv/bin/python references.py > references.json
"""

import json
import math
import re
import sys
import zlib

import jax
import jax.numpy as np
import numpy
from jax.scipy.special import logsumexp

jax.config.update("jax_enable_x64", True)

CASES = []


def case(parameters, *sizes, **ranges):
    """Adds a function: its parameters as `x[n,m]`, or `k[m]<n` for whole numbers; sizes as `n=0 m=2`; ranges by name."""

    def add(function):
        CASES.append((function, parameters.split(), sizes, ranges))
        return function

    return add


def norm2(v):
    return np.sqrt(np.sum(v * v))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softplus(z):
    return np.logaddexp(0, z)


def softmax(z):
    return np.exp(z - logsumexp(z))


def softmax_rows(Z):
    return np.exp(Z - logsumexp(Z, axis=1, keepdims=True))


def runge_kutta(rates, s, h):
    k1 = rates(s)
    k2 = rates(s + h / 2 * k1)
    k3 = rates(s + h / 2 * k2)
    k4 = rates(s + h * k3)
    return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


# ---- Control and state estimation ----


@case("u[n] s0[2] h", "n=0", "n=1", "n=2", "n=4", h=(0.05, 0.2))
def pendulum_shooting(u, s0, h):
    s, cost = s0, 0.1 * np.sum(u**2)
    for a in u:
        s = runge_kutta(lambda z: np.stack([z[1], a - 9.81 * np.sin(z[0]) - 0.1 * z[1]]), s, h)
        cost += np.sum(s**2)
    return cost


@case("u[n] s0[4] h goal[4]", "n=0", "n=1", "n=3", h=(0.05, 0.2))
def cartpole_shooting(u, s0, h, goal):
    def rates(s, a):
        x, p, v, w = s
        d = 1 + 0.3 * np.sin(p) ** 2
        dv = (a + 0.3 * np.sin(p) * (0.5 * w**2 + 9.81 * np.cos(p))) / d
        dw = -(a * np.cos(p) + 0.15 * w**2 * np.cos(p) * np.sin(p) + 1.3 * 9.81 * np.sin(p)) / (0.5 * d)
        return np.stack([v, w, dv, dw])

    s = s0
    for a in u:
        s = runge_kutta(lambda z: rates(z, a), s, h)
    return np.sum((s - goal) ** 2) + 0.01 * np.sum(u**2)


@case("A[m,m] B[m,k] x0[m] U[n,k] r", "m=2 k=1 n=0", "m=1 k=1 n=1", "m=2 k=1 n=3", "m=2 k=2 n=3")
def linear_quadratic(A, B, x0, U, r):
    x, cost = x0, 0
    for u in U:
        cost += x @ x + r * (u @ u)
        x = A @ x + B @ u
    return cost + 10 * x @ x


@case("y[n] h q r", "n=0", "n=1", "n=2", "n=4", h=(0.1, 0.5), q=(0.1, 1), r=(0.5, 2))
def kalman(y, h, q, r):
    A = np.array([[1.0, 0], [0, 1]]).at[0, 1].set(h)
    x, P, l = np.zeros(2), np.eye(2), 0
    for z in y:
        x, P = A @ x, A @ P @ A.T + q * np.eye(2)
        s = P[0, 0] + r
        e = z - x[0]
        K = P[:, 0] / s
        x, P, l = x + K * e, P - np.outer(K, P[0]), l - 0.5 * (np.log(2 * np.pi * s) + e**2 / s)
    return l


@case("A[2,2] C[2,2] Y[n,2] q r", "n=0", "n=1", "n=3", q=(0.1, 1), r=(0.5, 2))
def kalman_general(A, C, Y, q, r):
    x, P, l = np.zeros(2), np.eye(2), 0
    for z in Y:
        x, P = A @ x, A @ P @ A.T + q * np.eye(2)
        S = C @ P @ C.T + r * np.eye(2)
        e = z - C @ x
        K = P @ C.T @ np.linalg.inv(S)
        x, P, l = x + K @ e, (np.eye(2) - K @ C) @ P, l + np.log(np.linalg.det(S)) + e @ np.linalg.inv(S) @ e
    return l


@case("y[n] s e", "n=0", "n=1", "n=2", "n=5", s=(0.3, 1), e=(0.3, 1))
def local_level(y, s, e):
    m, P, l = 0, 1, 0
    for z in y:
        P = P + s**2
        v = P + e**2
        l += np.log(v) + (z - m) ** 2 / v
        m, P = m + P / v * (z - m), P - P**2 / v
    return l / 2


@case("X[n,2] y[n] h q r", "n=0", "n=1", "n=2", "n=4", q=(0.3, 1), r=(0.3, 1))
def smoother(X, y, h, q, r):
    l = np.sum((y - X[:, 0]) ** 2) / r + len(y) * np.log(r)
    for t in range(len(y) - 1):
        predicted = np.stack([X[t, 0] + h * X[t, 1], X[t, 1] - h * np.sin(X[t, 0])])
        l += np.sum((X[t + 1] - predicted) ** 2) / q
    return l


@case("w[n] x0 xbar y[n]", "n=0", "n=1", "n=2", "n=5")
def moving_horizon(w, x0, xbar, y):
    x, cost = x0, (x0 - xbar) ** 2
    for d, z in zip(w, y):
        x = x + 0.1 * (x - x**3) + d
        cost += d**2 + 4 * (z - np.arctan(x)) ** 2
    return cost


# ---- Recurrent networks and chains ----


@case("W[m,m] V[m,d] b[m] c[m] X[n,d] y", "m=2 d=1 n=0", "m=1 d=1 n=1", "m=2 d=1 n=2", "m=3 d=2 n=4")
def rnn(W, V, b, c, X, y):
    h = np.zeros(len(b))
    for x in X:
        h = np.tanh(W @ h + V @ x + b)
    return (c @ h - y) ** 2


@case("W[4*m,m] V[4*m,d] b[4*m] X[n,d]", "m=1 d=1 n=0", "m=1 d=1 n=1", "m=1 d=1 n=3", "m=2 d=3 n=4")
def lstm(W, V, b, X):
    m = W.shape[1]
    h, c = np.zeros(m), np.zeros(m)
    for x in X:
        i, f, g, o = np.split(W @ h + V @ x + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return np.sum(h**2) + np.sum(c)


@case("Wz[m,m] Wr[m,m] Wh[m,m] v[m] x[n] y[n]", "m=2 n=0", "m=1 n=1", "m=2 n=2", "m=3 n=4")
def gru(Wz, Wr, Wh, v, x, y):
    h, l = 0.1 * np.ones(len(v)), 0
    for a, b in zip(x, y):
        z, r = sigmoid(Wz @ h + v * a), sigmoid(Wr @ h - v * a)
        h = (1 - z) * h + z * np.tanh(Wh @ (r * h) + v * a)
        l += (np.sum(h) - b) ** 2
    return l + 0 * np.sum(v)


@case("A[m,m] p[m] mu[m] y[n]", "m=2 n=0", "m=1 n=2", "m=2 n=1", "m=3 n=4")
def hmm_forward(A, p, mu, y):
    L = np.log(softmax_rows(A))
    a = np.log(softmax(p))
    for z in y:
        a = logsumexp(a[:, None] + L, axis=0) - (z - mu) ** 2 / 2
    return logsumexp(a)


@case("A[m,m] B[m,k] p[m] y[n]<k", "m=2 k=2 n=0", "m=1 k=2 n=2", "m=2 k=2 n=1", "m=3 k=2 n=5", A=(0.1, 1), B=(0.1, 1), p=(0.1, 1))
def hmm_scaled(A, B, p, y):
    a, l = p, 0 * np.sum(p)
    for z in y:
        a = (A.T @ a) * B[:, z]
        c = np.sum(a)
        a, l = a / c, l + np.log(c)
    return l


@case("T[k,k] E[n,k] y[n]<k", "k=1 n=1", "k=2 n=1", "k=2 n=2", "k=3 n=5")
def crf(T, E, y):
    a = E[0]
    for e in E[1:]:
        a = logsumexp(a[:, None] + T, axis=0) + e
    return logsumexp(a) - np.sum(E[np.arange(len(y)), y]) - np.sum(T[y[:-1], y[1:]])


@case("A[m,m] p[m] E[n,m]", "m=2 n=0", "m=1 n=2", "m=2 n=2", "m=3 n=3")
def markov_chain(A, p, E):
    a = softmax(p)
    for e in E:
        a = (softmax_rows(A).T @ a) * np.exp(e)
    return np.log(np.sum(a))


@case("L[n,k] w[m]<k", "n=0 k=2 m=1", "n=1 k=2 m=2", "n=3 k=2 m=3", "n=4 k=3 m=1")
def ctc(L, w):
    m = len(w)
    a = np.concatenate([np.zeros(1), -20 * np.ones(m - 1)])
    for l in L:
        shifted = np.concatenate([-20 * np.ones(1), a[:-1]])
        a = np.logaddexp(a, shifted) + l[w]
    return logsumexp(a)


# ---- Time series and survival ----


@case("r[n] omega alpha beta", "n=0", "n=1", "n=2", "n=5", omega=(0.1, 0.5), alpha=(0.1, 0.3), beta=(0.4, 0.6))
def garch(r, omega, alpha, beta):
    s, l = omega / (1 - alpha - beta), 0
    for x in r:
        l += np.log(s) + x**2 / s
        s = omega + alpha * x**2 + beta * s
    return l / 2


@case("y[n] c phi theta", "n=1", "n=2", "n=5", "n=0")
def arma(y, c, phi, theta):
    e, l = 0, 0 * c
    for t in range(1, len(y)):
        e = y[t] - c - phi * y[t - 1] - theta * e
        l += e**2
    return l


@case("y[n] a[p] s", "n=1 p=0", "n=2 p=2", "n=5 p=2", s=(0.5, 1))
def autoregression(y, a, s):
    n, p = len(y), len(a)
    l = (n - p) * np.log(s)
    for t in range(p, n):
        l += (y[t] - sum(a[k] * y[t - 1 - k] for k in range(p))) ** 2 / (2 * s**2)
    return l


@case("y[n] a b l0 b0", "n=0", "n=1", "n=2", "n=5", a=(0.2, 0.8), b=(0.2, 0.8))
def holt(y, a, b, l0, b0):
    l, g, e = l0, b0, 0 * a
    for z in y:
        e += (z - l - g) ** 2
        u = a * z + (1 - a) * (l + g)
        l, g = u, b * (u - l) + (1 - b) * g
    return e


@case("h[n] y[n] mu phi s", "n=1", "n=2", "n=5", "n=0", s=(0.3, 1))
def stochastic_volatility(h, y, mu, phi, s):
    d = h[1:] - mu - phi * (h[:-1] - mu)
    return -np.sum(0.5 * (h + y**2 * np.exp(-h))) - np.sum(d**2) / (2 * s**2) - len(h) * np.log(s)


@case("t[n] T mu alpha beta", "n=1", "n=2", "n=5", t=(0, 3), T=(3, 4), mu=(0.3, 1), alpha=(0.2, 0.8), beta=(0.5, 2))
def hawkes(t, T, mu, alpha, beta):
    l = -mu * T - alpha / beta * np.sum(1 - np.exp(-beta * (T - t)))
    for i in range(len(t)):
        l += np.log(mu + alpha * sum(np.exp(-beta * (t[i] - t[j])) for j in range(i)))
    return l


@case("X[n,m] d[n] b[m]", "n=0 m=1", "n=1 m=1", "n=2 m=2", "n=5 m=2")
def cox(X, d, b):
    z = X @ b
    return -sum((d[i] * (z[i] - logsumexp(z[i:])) for i in range(len(d))), 0 * np.sum(b))


@case("t[n] d[n] k lam", "n=0", "n=1", "n=2", "n=5", t=(0.2, 3), d=(0, 1), k=(0.5, 2), lam=(0.5, 2))
def weibull(t, d, k, lam):
    return np.sum(d * (np.log(k / lam) + (k - 1) * np.log(t / lam)) - (t / lam) ** k)


@case("beta gamma s0 i0 y[n]", "n=0", "n=1", "n=2", "n=5", beta=(0.3, 1), gamma=(0.1, 0.3), s0=(0.7, 0.9), i0=(0.1, 0.2), y=(0, 1))
def epidemic(beta, gamma, s0, i0, y):
    s, i, l = s0, i0, 0 * s0
    for z in y:
        s, i = s - beta * s * i, i + beta * s * i - gamma * i
        l += z * np.log(i) - i
    return l


# ---- Statistics ----


@case("x[n] w[k] mu[k] s[k]", "n=0 k=1", "n=1 k=1", "n=2 k=2", "n=5 k=3")
def mixture(x, w, mu, s):
    p = np.log(softmax(w))
    return np.sum(logsumexp(p - s - 0.5 * ((x[:, None] - mu) * np.exp(-s)) ** 2, axis=1))


@case("X[n,d] M[k,d] L[k,d] a[k]", "n=0 d=1 k=1", "n=1 d=1 k=2", "n=2 d=2 k=2", "n=4 d=2 k=3")
def mixture_diagonal(X, M, L, a):
    z = (X[:, None] - M) * np.exp(-L)
    terms = a - np.sum(L, axis=1) - 0.5 * np.sum(z**2, axis=2)
    return np.sum(logsumexp(terms, axis=1)) - len(X) * logsumexp(a) - 0.1 * np.sum(np.exp(2 * L))


@case("U[n,r] V[m,r] i[k]<n j[k]<m y[k] lam", "n=1 m=1 r=1 k=0", "n=2 m=1 r=1 k=1", "n=2 m=2 r=2 k=3", "n=3 m=4 r=2 k=5")
def factorization(U, V, i, j, y, lam):
    return np.sum((y - np.sum(U[i] * V[j], axis=1)) ** 2) + lam * (np.sum(U**2) + np.sum(V**2))


@case("theta[n] a[m] b[m] p[k]<n q[k]<m y[k]", "n=1 m=1 k=0", "n=2 m=1 k=1", "n=3 m=2 k=5", y=(0, 1))
def item_response(theta, a, b, p, q, y):
    z = a[q] * (theta[p] - b[q])
    return np.sum(softplus(z) - y * z) + 0.5 * np.sum(theta**2)


@case("s[n] w[m]<n l[m]<n home", "n=1 m=0", "n=2 m=1", "n=4 m=5")
def bradley_terry(s, w, l, home):
    return np.sum(softplus(-(s[w] - s[l] + home))) + 0.1 * np.sum(s**2)


@case("X[n,d] W[d,k] y[n]<k", "n=1 d=1 k=1", "n=2 d=2 k=2", "n=4 d=2 k=3")
def softmax_regression(X, W, y):
    Z = X @ W
    return np.mean(logsumexp(Z, axis=1) - Z[np.arange(len(y)), y])


@case("x[n] lower[n]<k upper[n]<k c[k] b", "n=0 k=1", "n=1 k=3", "n=4 k=4")
def ordered_logistic(x, lower, upper, c, b):
    return -np.sum(np.log((sigmoid(c[upper] - b * x) - sigmoid(c[lower] - b * x)) ** 2 + 0.1))


@case("x[n] y[n] g[n]<k a[k] b s t", "n=0 k=1", "n=1 k=1", "n=2 k=2", "n=5 k=2", s=(0.5, 1), t=(0.5, 1))
def mixed_effects(x, y, g, a, b, s, t):
    r = y - a[g] - b * x
    return np.sum(r**2) / (2 * s**2) + len(x) * np.log(s) + np.sum(a**2) / (2 * t**2) + len(a) * np.log(t)


@case("X[n,d] y[n] e[n] b[d]", "n=0 d=1", "n=1 d=1", "n=2 d=2", "n=4 d=2")
def poisson(X, y, e, b):
    return np.sum(e * np.exp(X @ b) - y * (X @ b))


@case("x[n] y[n] l s e", "n=1", "n=2", "n=5", l=(0.5, 1), s=(0.5, 1), e=(0.3, 0.6))
def gaussian_process(x, y, l, s, e):
    K = s**2 * np.exp(-((x[:, None] - x) ** 2) / (2 * l**2)) + e**2 * np.eye(len(x))
    return 0.5 * (y @ np.linalg.solve(K, y) + np.linalg.slogdet(K)[1])


@case("X[n,d] y[n] w[d] b c", "n=0 d=1", "n=1 d=1", "n=2 d=2", "n=4 d=2")
def hinge(X, y, w, b, c):
    return 0.5 * w @ w + c * np.sum(np.maximum(0, 1 - y * (X @ w + b)) ** 2)


# ---- Geometry, graphs and molecules ----


@case("C[n,8] P[m,3] c[k]<n p[k]<m Z[k,2]", "n=1 m=1 k=0", "n=1 m=2 k=1", "n=2 m=3 k=4", P=(2, 3), C=(0.1, 0.6))
def bundle_adjustment(C, P, c, p, Z):
    total = 0 * np.sum(P)
    for a, b, z in zip(c, p, Z):
        w, x = C[a, :3], P[b]
        t = norm2(w)
        k = w / t
        q = x * np.cos(t) + np.cross(k, x) * np.sin(t) + k * (k @ x) * (1 - np.cos(t)) + C[a, 3:6]
        u = q[:2] / q[2]
        total += np.sum((C[a, 6] * (1 + C[a, 7] * (u @ u)) * u - z) ** 2)
    return total


@case("X[n,3] a[k]<n b[k]<n Z[k,3]", "n=1 k=0", "n=2 k=1", "n=3 k=3")
def pose_graph(X, a, b, Z):
    total = 0 * np.sum(X)
    for i, j, z in zip(a, b, Z):
        c, s = np.cos(X[i, 2]), np.sin(X[i, 2])
        r = np.array([[1, 0], [0, 0]]) * c + np.array([[0, 0], [0, 1]]) * c + np.array([[0, 1], [-1, 0]]) * s
        total += np.sum((r @ (X[j, :2] - X[i, :2]) - z[:2]) ** 2) + 2 * (1 - np.cos(X[j, 2] - X[i, 2] - z[2]))
    return total


@case("V[n] a[n] G[n,n] B[n,n]", "n=0", "n=1", "n=2", "n=3")
def power_flow(V, a, G, B):
    d = a[:, None] - a
    return V * ((G * np.cos(d) + B * np.sin(d)) @ V)


@case("V[n] a[n] s[m]<n t[m]<n g[m]", "n=1 m=0", "n=2 m=1", "n=4 m=5")
def power_lines(V, a, s, t, g):
    return np.sum(g * (V[s] ** 2 + V[t] ** 2 - 2 * V[s] * V[t] * np.cos(a[s] - a[t])))


@case("k[3] y0[3] h Y[n,3]", "n=0", "n=1", "n=2", "n=4", k=(0.1, 1), y0=(0.1, 1), h=(0.05, 0.2))
def robertson(k, y0, h, Y):
    y, total = y0, 0 * h
    for z in Y:
        a, b, c = k[0] * y[0], k[1] * y[1] ** 2, k[2] * y[1] * y[2]
        y = y + h * np.stack([c - a, a - b - c, b])
        total += np.sum((y - z) ** 2)
    return total


@case("x0[n] k[m] S[n,m] source[m]<n h steps[t]", "n=1 m=0 t=1", "n=2 m=1 t=0", "n=2 m=2 t=1", "n=2 m=3 t=3")
def reaction_network(x0, k, S, source, h, steps):
    x = x0
    for s in steps:
        x = x + h * s * (S @ (k * x[source]))
    return np.sum(x**2)


@case("X[n,3] a[m]<n b[m]<n eps sigma", "n=1 m=0", "n=2 m=1", "n=5 m=4", sigma=(0.3, 0.6), apart=True, X=(-2, 2))
def lennard_jones(X, a, b, eps, sigma):
    r2 = np.sum((X[a] - X[b]) ** 2, axis=1)
    return np.sum(4 * eps * ((sigma**2 / r2) ** 6 - (sigma**2 / r2) ** 3))


@case("X[n,3] k r0 ka t0", "n=2", "n=4", "n=0", "n=1")
def harmonic_bonds(X, k, r0, ka, t0):
    total = 0 * k
    for i in range(len(X) - 1):
        total += 0.5 * k * (norm2(X[i + 1] - X[i]) - r0) ** 2
    for i in range(1, len(X) - 1):
        u, v = X[i - 1] - X[i], X[i + 1] - X[i]
        total += 0.5 * ka * (np.arccos(u @ v / (norm2(u) * norm2(v))) - t0) ** 2
    return total


@case("X[n,3] k phase", "n=0", "n=3", "n=4", "n=5", "n=1", "n=2")
def torsion(X, k, phase):
    total = 0 * k
    for i in range(len(X) - 3):
        b1, b2, b3 = X[i + 1] - X[i], X[i + 2] - X[i + 1], X[i + 3] - X[i + 2]
        m, n = np.cross(b1, b2), np.cross(b2, b3)
        angle = np.arctan2(np.cross(m, n) @ b2 / norm2(b2), m @ n)
        total += k * (1 + np.cos(3 * angle - phase))
    return total


@case("X[n,3] q[n] eps", "n=0", "n=1", "n=2", "n=4", eps=(0.1, 0.3))
def coulomb(X, q, eps):
    total = 0 * eps
    for i in range(len(q)):
        for j in range(i):
            total += q[i] * q[j] / np.sqrt(np.sum((X[i] - X[j]) ** 2) + eps**2)
    return total


@case("X0[3,2] V0[3,2] m[3] h[n]", "n=0", "n=1", "n=2", "n=4", m=(0.5, 1), h=(0.05, 0.2))
def gravity(X0, V0, m, h):
    X, V = X0, V0
    for s in h:
        d = X[None] - X[:, None]
        w = m[None, :] / (np.sum(d**2, axis=2) + 0.1) ** 1.5
        V = V + s * np.sum(w[:, :, None] * d, axis=1)
        X = X + s * V
    return np.sum(X**2) + np.sum(m[:, None] * V**2)


@case("X[n,2] a[m]<n b[m]<n l[m] k g", "n=1 m=0", "n=2 m=1", "n=4 m=4", apart=True)
def springs(X, a, b, l, k, g):
    return np.sum(k / 2 * (np.sqrt(np.sum((X[a] - X[b]) ** 2, axis=1)) - l) ** 2) + g * np.sum(X[:, 1])


@case("x[n] y[n] l mu", "n=1", "n=2", "n=5", "n=0")
def catenary(x, y, l, mu):
    links = np.diff(x) ** 2 + np.diff(y) ** 2
    return np.sum((y[1:] + y[:-1]) / 2) + mu * np.sum((links - l**2) ** 2)


@case("q[n] l[n]", "n=0", "n=1", "n=2", "n=4")
def arm(q, l):
    a = np.cumsum(q)
    return np.stack([np.sum(l * np.cos(np.concatenate([np.zeros(1), a])[1:])), np.sum(l * np.sin(a)), np.sum(q)])


@case("d[n] p[n] r[2]", "n=0", "n=1", "n=2", "n=4")
def optics(d, p, r):
    y, a = r
    for distance, power in zip(d, p):
        y = y + distance * a
        a = a - power * y
    return y**2 + a**2


@case("X[n,2] D[n,n]", "n=0", "n=1", "n=2", "n=4")
def stress(X, D):
    n = len(X)
    return sum(((norm2(X[i] - X[j]) - D[i, j]) ** 2 for i in range(n) for j in range(i)), 0 * np.sum(X))


@case("Y[n,2] P[n,n]", "n=2", "n=3", "n=4")
def neighbour_embedding(Y, P):
    n = len(Y)
    k = 1 / (1 + np.sum((Y[:, None] - Y) ** 2, axis=2)) * (1 - np.eye(n))
    off = ~numpy.eye(n, dtype=bool)
    return -np.sum(P[off] * np.log(k[off] / np.sum(k)))


@case("x[n]", "n=0", "n=1", "n=2", "n=4", x=(-3, 3))
def vandermonde(x):
    n = len(x)
    return np.sum(x**2) / 2 - sum(np.log(np.abs(x[i] - x[j])) for i in range(n) for j in range(i))


# ---- Grids, stencils and differential equations ----


@case("u0[n] k[t] y[n]", "n=1 t=1", "n=2 t=0", "n=2 t=2", "n=5 t=3", k=(0.1, 0.4))
def heat(u0, k, y):
    u = u0
    for s in k:
        flow = np.diff(u)
        zero = np.zeros(1)
        u = u + s * (np.concatenate([flow, zero]) - np.concatenate([zero, flow]))
    return np.sum((u - y) ** 2)


@case("u0[n] k steps[t]", "n=0 t=1", "n=1 t=1", "n=2 t=0", "n=5 t=3")
def heat_padded(u0, k, steps):
    n = len(u0)
    A = np.diag(-2 * np.ones(n)) + (np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1) if n > 1 else 0)
    u = u0
    for s in steps:
        u = u + k * s * (A @ u)
    return np.sum(np.arange(1, n + 1) * u**2)


@case("u[n+2] a[n+1] q[n]", "n=0", "n=1", "n=2", "n=4")
def diffusion_coefficients(u, a, q):
    return np.sum((np.diff(a * np.diff(u)) + q) ** 2)


@case("U[n,m] Q[n,m]", "n=1 m=1", "n=2 m=1", "n=2 m=3", "n=3 m=3", "n=0 m=2", "n=2 m=0")
def laplace(U, Q):
    return 0.5 * np.sum(np.diff(U, axis=0) ** 2) + 0.5 * np.sum(np.diff(U, axis=1) ** 2) + np.sum(U * Q)


@case("U[n,m] lam h", "n=2 m=2", "n=3 m=3", "n=4 m=3", "n=1 m=1", "n=1 m=3", "n=0 m=2", "n=3 m=1")
def bratu(U, lam, h):
    if min(U.shape) < 3:
        return 0 * lam
    c = U[1:-1, 1:-1]
    r = U[:-2, 1:-1] + U[2:, 1:-1] + U[1:-1, :-2] + U[1:-1, 2:] - 4 * c + h**2 * lam * np.exp(c)
    return np.sum(r**2)


@case("Z[n,m] h", "n=1 m=2", "n=2 m=2", "n=3 m=4", "n=0 m=1", "n=1 m=1")
def minimal_surface(Z, h):
    a, b = Z[1:, 1:] - Z[:-1, :-1], Z[1:, :-1] - Z[:-1, 1:]
    return np.sum(h**2 * np.sqrt(1 + (a**2 + b**2) / (2 * h**2)))


@case("u0[n] h[t]", "n=0 t=1", "n=1 t=1", "n=2 t=2", "n=4 t=3")
def finite_volumes(u0, h):
    u = u0
    for s in h:
        p = np.concatenate([np.ones(1), u, np.zeros(1)])
        F = (p[:-1] ** 2 + p[1:] ** 2) / 4 - 0.5 * (p[1:] - p[:-1])
        u = u - s * np.diff(F)
    return np.sum((np.arange(len(u)) + 0.5) * u**2)


@case("u[n] v[n] a b d", "n=2", "n=3", "n=5")
def brusselator(u, v, a, b, d):
    U, V = u[1:-1], v[1:-1]
    first = a + U**2 * V - (b + 1) * U + d * (u[:-2] - 2 * U + u[2:])
    second = b * U - U**2 * V + d * (v[:-2] - 2 * V + v[2:])
    return np.concatenate([first, second])


@case("U[n,m] Y[n,m] lam eps", "n=1 m=1", "n=2 m=2", "n=3 m=3", "n=0 m=2", "n=2 m=0", eps=(0.1, 0.3))
def total_variation(U, Y, lam, eps):
    v = 0
    for i in range(U.shape[0] - 1):
        for j in range(U.shape[1] - 1):
            v += np.sqrt((U[i + 1, j] - U[i, j]) ** 2 + (U[i, j + 1] - U[i, j]) ** 2 + eps**2)
    return 0.5 * np.sum((U - Y) ** 2) + lam * v


@case("z0[2] k[4] Y[n,2]", "n=1", "n=2", "n=3", z0=(0.5, 1.5), k=(0.3, 1))
def lotka_volterra(z0, k, Y):
    z, total = z0, 0
    for y in Y:
        z = runge_kutta(lambda s: np.stack([k[0] * s[0] - k[1] * s[0] * s[1], k[2] * s[0] * s[1] - k[3] * s[1]]), z, 0.2)
        total += np.sum((np.log(z) - y) ** 2)
    return total / len(Y)


@case("s r b x0[3] w[n]", "n=0", "n=1", "n=2", "n=4", s=(8, 11), r=(20, 28), b=(2, 3))
def lorenz(s, r, b, x0, w):
    x, total = x0, 0 * s
    for a in w:
        x = x + 0.02 * a * np.stack([s * (x[1] - x[0]), x[0] * (r - x[2]) - x[1], x[0] * x[1] - b * x[2]])
        total += x[0] * x[2]
    return total


@case("W[m,m] b[m] x0[m] h[n] y[m]", "m=2 n=0", "m=1 n=1", "m=2 n=3", "m=3 n=2")
def neural_equation(W, b, x0, h, y):
    x = x0
    for s in h:
        x = x + s * np.tanh(W @ x + b)
    return np.sum((x - y) ** 2)


# ---- Optimization ----


@case("x[n] rho", "n=2", "n=3", "n=5", "n=1", "n=0")
def luksan_vlcek(x, rho):
    n, total = len(x), 0 * rho
    for i in range(n - 1):
        total += 100 * (x[i] ** 2 - x[i + 1]) ** 2 + (x[i] - 1) ** 2
    for i in range(n - 2):
        c = 3 * x[i + 1] ** 3 + 2 * x[i + 2] - 5 + np.sin(x[i + 1] - x[i + 2]) * np.sin(x[i + 1] + x[i + 2])
        total += rho * (c + 4 * x[i + 1] - x[i] * np.exp(x[i] - x[i + 1]) - 3) ** 2
    return total


@case("x[2*n+2]", "n=0", "n=1", "n=2", "n=4")
def wood(x):
    total = 0 * x[0]
    for k in range(0, len(x) - 2, 2):
        a, b, c, d = x[k : k + 4]
        total += 100 * (a**2 - b) ** 2 + (a - 1) ** 2 + 90 * (c**2 - d) ** 2 + (c - 1) ** 2
        total += 10 * (b + d - 2) ** 2 + (b - d) ** 2 / 10
    return total


@case("x[n]", "n=0", "n=1", "n=2", "n=5")
def broyden(x):
    zero = np.zeros(1)
    padded = np.concatenate([zero, x, zero])
    return (3 - 2 * x) * x + 1 - padded[:-2] - 2 * padded[2:]


@case("b[7] x[n] y[n]", "n=0", "n=1", "n=2", "n=5", b=(0.2, 1))
def thurber(b, x, y):
    return y - (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


@case("p[k] q[k] x[n] y[n]", "k=0 n=1", "k=1 n=0", "k=2 n=2", "k=3 n=5", q=(0.1, 0.5))
def thurber_horner(p, q, x, y):
    top = sum((c * x**j for j, c in enumerate(p)), 0 * x)
    bottom = 1 + sum((c * x ** (j + 1) for j, c in enumerate(q)), 0 * x)
    return np.sum((y - top / bottom) ** 2)


@case("x[n]", "n=1", "n=2", "n=4")
def ackley(x):
    root = np.sqrt(np.mean(x**2))
    return -20 * np.exp(-0.2 * root) - np.exp(np.mean(np.cos(2 * np.pi * x))) + 20 + math.e


@case("x[n]", "n=0", "n=1", "n=2", "n=5")
def griewank(x):
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(np.arange(1, len(x) + 1))))


@case("s[n] J[n,n] h[n] beta", "n=0", "n=1", "n=2", "n=3", beta=(0.5, 1))
def ising(s, J, h, beta):
    m = np.tanh(s)
    entropy = np.sum((1 + m) / 2 * np.log((1 + m) / 2) + (1 - m) / 2 * np.log((1 - m) / 2))
    return -m @ np.triu(J, 1) @ m - h @ m + entropy / beta


# ---- Curves, filters and recurrences ----


@case("c[n+3] y[n] lam u", "n=0", "n=1", "n=2", "n=4")
def spline(c, y, lam, u):
    total = lam * np.sum(np.diff(c, 2) ** 2)
    for i in range(len(y)):
        p = [(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3]
        total += (sum(c[i + k] * p[k] for k in range(4)) / 6 - y[i]) ** 2
    return total


@case("y[n+2]", "n=0", "n=1", "n=2", "n=4")
def natural_spline(y):
    n = len(y) - 2
    A = 4 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    return np.sum(np.linalg.solve(A, 6 * np.diff(y, 2)) ** 2) if n else 0 * np.sum(y)


@case("a[n] b[n] c[n] d[n]", "n=0", "n=1", "n=2", "n=4", b=(2, 4))
def tridiagonal(a, b, c, d):
    n = len(d)
    if n == 0:
        return np.sum(d)
    A = np.diag(b)
    if n > 1:
        A = A + np.diag(a[1:], -1) + np.diag(c[:-1], 1)
    return np.sum(np.arange(1, n + 1) * np.linalg.solve(A, d) ** 2)


@case("c[n] x", "n=0", "n=1", "n=2", "n=5")
def chebyshev(c, x):
    t, u, total = 1, x, 0 * x
    for k in range(len(c)):
        total += c[k] * t
        t, u = u, 2 * x * u - t
    return total


@case("x[n] b[3] a[2] y[n]", "n=0", "n=1", "n=2", "n=5")
def biquad(x, b, a, y):
    n, o = len(x), []
    for t in range(n):
        v = sum(b[k] * x[t - k] for k in range(3) if t >= k)
        o.append(v - sum(a[k] * o[t - 1 - k] for k in range(2) if t > k))
    return sum(((o[t] - y[t]) ** 2 for t in range(n)), 0 * np.sum(b))


@case("M[n] e a y[n]", "n=0", "n=1", "n=2", "n=4", e=(0.1, 0.4), M=(0, 3))
def kepler(M, e, a, y):
    E = M
    for _ in range(6):
        E = E - (E - e * np.sin(E) - M) / (1 - e * np.cos(E))
    return np.sum((a * (np.cos(E) - e) - y) ** 2)


@case("c[n] x[m] y[m]", "n=0 m=1", "n=1 m=1", "n=2 m=2", "n=5 m=3")
def legendre(c, x, y):
    known = [1 + 0 * x, x, (3 * x**2 - 1) / 2, (5 * x**3 - 3 * x) / 2, (35 * x**4 - 30 * x**2 + 3) / 8]
    return np.sum((sum((a * p for a, p in zip(c, known)), 0 * x) - y) ** 2)


@case("r x0 w[n]", "n=0", "n=1", "n=2", "n=5", r=(2, 4), x0=(0.1, 0.9))
def logistic_map(r, x0, w):
    x, total = x0, 0 * r
    for a in w:
        x = r * x * (1 - x)
        total += a * x
    return total


@case("W[n,n] v[n] d w[t]", "n=1 t=1", "n=2 t=0", "n=2 t=2", "n=4 t=3")
def pagerank(W, v, d, w):
    n = len(v)
    r = np.ones(n) / n
    for s in w:
        r = d * softmax_rows(W).T @ r + (1 - d) * s / n
    return r @ v


@case("x[n] y[m] g", "n=0 m=1", "n=1 m=1", "n=2 m=1", "n=3 m=4", g=(0.5, 1))
def soft_dtw(x, y, g):
    n, m = len(x), len(y)
    R = {(i, j): 100.0 + 0 * g for i in range(n + 1) for j in range(m + 1)}
    R[0, 0] = 0 * g
    for i in range(n):
        for j in range(m):
            before = np.stack([R[i, j], R[i, j + 1], R[i + 1, j]])
            R[i + 1, j + 1] = (x[i] - y[j]) ** 2 - g * logsumexp(-before / g)
    return R[n, m]


@case("S[n,m] g", "n=0 m=0", "n=1 m=1", "n=2 m=0", "n=1 m=2", "n=3 m=4", g=(0.5, 1))
def alignment(S, g):
    n, m = S.shape
    R = {(0, j): -g * j for j in range(m + 1)}
    for i in range(n):
        R[i + 1, 0] = -g * (i + 1)
        for j in range(m):
            R[i + 1, j + 1] = logsumexp(np.stack([R[i, j] + S[i, j], R[i, j + 1] - g, R[i + 1, j] - g]))
    return R[n, m]


@case("b[4] l1 l2 c w[n]", "n=0", "n=1", "n=2", "n=5", l1=(1, 2), l2=(2, 4), b=(0.01, 0.1))
def yield_curve(b, l1, l2, c, w):
    total = 0 * c
    for t in range(1, len(w) + 1):
        x, y = t / l1, t / l2
        e, g = (1 - np.exp(-x)) / x, (1 - np.exp(-y)) / y
        total += c * w[t - 1] * np.exp(-t * (b[0] + b[1] * e + b[2] * (e - np.exp(-x)) + b[3] * (g - np.exp(-y))))
    return total


@case("s k u p w[n]", "n=0", "n=1", "n=2", "n=4", s=(0.9, 1.1), k=(1, 1.2), u=(1.05, 1.2), p=(0.4, 0.6), w=(0.9, 1))
def binomial_tree(s, k, u, p, w):
    n = len(w)
    v = [np.maximum(k - s * u ** float(2 * j - n), 0) for j in range(n + 1)]
    for t in w:
        v = [0.99 * t * (p * v[j + 1] + (1 - p) * v[j]) for j in range(len(v) - 1)]
    return v[0]


# ---- Networks ----


@case("Q[n,d] K[m,d] V[m,k] Y[n,k]", "n=0 d=1 m=1 k=1", "n=1 d=1 m=2 k=1", "n=2 d=2 m=2 k=1", "n=3 d=2 m=4 k=2")
def attention(Q, K, V, Y):
    return np.sum((softmax_rows(Q @ K.T / math.sqrt(Q.shape[1])) @ V - Y) ** 2)


@case("X[3*n,d] W[d,d] c[d]", "n=0 d=1", "n=1 d=1", "n=1 d=2", "n=2 d=2")
def attention_batch(X, W, c):
    total = 0 * np.sum(c)
    for s in range(len(X) // 3):
        B = X[3 * s : 3 * s + 3]
        total += np.sum(np.tanh(softmax_rows(B @ W @ B.T) @ B @ c))
    return total


@case("q[n,d] k[n,d] v[n] y[n]", "n=0 d=1", "n=1 d=1", "n=2 d=2", "n=4 d=2")
def causal_attention(q, k, v, y):
    total = 0 * np.sum(v)
    for i in range(len(v)):
        total += (softmax(k[: i + 1] @ q[i]) @ v[: i + 1] - y[i]) ** 2
    return total


@case("x[n+k] w[k+1] b", "n=0 k=1", "n=1 k=0", "n=2 k=1", "n=4 k=2")
def convolution(x, w, b):
    n = len(x) - len(w) + 1
    z = [b + np.sum(w * x[i : i + len(w)]) for i in range(n)]
    return sum((softplus(a) ** 2 for a in z), 0 * b)


@case("X[2*n+1,2*m+1] K[2,2] b", "n=0 m=1", "n=1 m=1", "n=2 m=2")
def convolution_grid(X, K, b):
    n, m = X.shape[0] // 2, X.shape[1] // 2
    total = 0 * b
    for i in range(n):
        for j in range(m):
            total += np.tanh(b + np.sum(K * X[2 * i : 2 * i + 2, 2 * j : 2 * j + 2])) ** 2
    return total


@case("A[n,d] B[n,d] t", "n=1 d=1", "n=2 d=2", "n=4 d=2", t=(0.5, 1))
def contrastive(A, B, t):
    Z = A @ B.T / t
    return np.mean(logsumexp(Z, axis=1) - np.diag(Z))


@case("U[n,d] V[n,d] c[m]<n o[m]<n q[m]<n", "n=1 d=1 m=0", "n=2 d=2 m=1", "n=4 d=2 m=5")
def skip_gram(U, V, c, o, q):
    return np.sum(softplus(-np.sum(U[c] * V[o], axis=1)) + softplus(np.sum(U[c] * V[q], axis=1)))


@case("H[n,d] W[d,d] s[m]<n t[m]<n w[d]", "n=1 d=1 m=0", "n=2 d=2 m=1", "n=4 d=2 m=5")
def graph_network(H, W, s, t, w):
    return np.sum(np.tanh((H[s] @ W.T - H[t]) @ w)) ** 2


@case("E[n,d] k[m]<n w[m] y[d]", "n=1 d=1 m=0", "n=2 d=2 m=1", "n=3 d=2 m=4")
def embedding_bag(E, k, w, y):
    r = w @ E[k] - y
    return np.sum(r**2) + 0 * np.sum(E)


@case("q[n] p[n]", "n=1", "n=2", "n=5")
def toda(q, p):
    return np.sum(p**2) / 2 + np.sum(np.exp(q - np.roll(q, -1)))


@case("X[n,m] D[n,n]", "n=0 m=2", "n=1 m=2", "n=2 m=3", "n=4 m=2")
def distances(X, D):
    return sum((norm2(X[i] - X[j]) - D[i, j]) ** 2 if i != j else D[i, i] ** 2 for i in range(len(X)) for j in range(len(X))) + 0 * np.sum(X)


@case("a[n] x", "n=0", "n=1", "n=2", "n=5", x=(0, 0))
def power_series(a, x):
    return sum((a[i] * x**i for i in range(len(a))), 0 * x)


@case("x[2*n] a[m]<n b[m]<n k[m]", "n=2 m=0", "n=2 m=1", "n=4 m=5")
def truss(x, a, b, k):
    return np.sum(k * ((x[2 * a] - x[2 * b]) ** 2 + (x[2 * a + 1] - x[2 * b + 1]) ** 2 - 1) ** 2)


@case("T[n,m,k] b[n] x[m] z[k] y[n]", "n=0 m=2 k=1", "n=1 m=1 k=1", "n=2 m=2 k=2", "n=3 m=2 k=4")
def neural_tensor(T, b, x, z, y):
    return np.sum((np.tanh(np.einsum("nmk,m,k->n", T, x, z) + b) - y) ** 2)


@case("A[n,n] P0[n,n] q[t] W[n,n]", "n=2 t=0", "n=1 t=1", "n=2 t=2", "n=3 t=3")
def lyapunov(A, P0, q, W):
    P = P0
    for noise in q:
        P = A @ P @ A.T + noise**2 * np.eye(len(A))
    return np.sum((P - W) ** 2)


@case("T[n,m,k] a[t]<n b[t]<m c[t]<k y[t] lam", "n=0 m=1 k=1 t=0", "n=1 m=2 k=1 t=1", "n=2 m=2 k=2 t=3", "n=3 m=2 k=4 t=5")
def tensor_completion(T, a, b, c, y, lam):
    return np.sum((T[a, b, c] - y) ** 2) + lam * np.sum(np.sqrt(1 + np.diff(T, axis=0) ** 2))


@case("X[n,3] k c s", "n=1", "n=2", "n=3", "n=5", s=(0.5, 1))
def polymer(X, k, c, s):
    n, energy = len(X), 0 * k
    for i in range(n - 1):
        energy += k * (norm2(X[i + 1] - X[i]) - 1) ** 2
    for i in range(1, n - 1):
        a, b = X[i - 1] - X[i], X[i + 1] - X[i]
        energy += c * (a @ b / np.sqrt((a @ a) * (b @ b)) + 0.5) ** 2
    for i in range(n):
        for j in range(i + 2, n):
            energy += np.exp(-np.sum((X[i] - X[j]) ** 2) / s)
    return energy


@case("u[n] y[n] nu h m[k]", "n=1 k=2", "n=2 k=1", "n=4 k=0", "n=5 k=3")
def burgers(u, y, nu, h, m):
    for force in m:
        right, left = np.roll(u, -1), np.roll(u, 1)
        u = u - h * u * (right - left) / 2 + h * nu * (right - 2 * u + left) + h * force * np.sin(u)
    return np.sum((u - y) ** 2)


@case("X[p,q] K[3,3] b", "n=1 m=1 p=3 q=3", "n=2 m=1 p=5 q=3", "n=2 m=3 p=5 q=7")
def strided_convolution(X, K, b):
    n, m = (X.shape[0] - 1) // 2, (X.shape[1] - 1) // 2
    windows = [X[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] for i in range(n) for j in range(m)]
    return sum(softplus(np.sum(K * window) + b) for window in windows) / (n * m)


@case("r0[n] w[m]<n l[m]<n k s", "n=1 m=1", "n=2 m=1", "n=3 m=4", "n=2 m=0", s=(0.5, 1))
def elo(r0, w, l, k, s):
    r, cost = r0, 0
    for a, b in zip(w, l):
        p = sigmoid((r[a] - r[b]) / s)
        r = r.at[a].add(k * (1 - p)).at[b].add(-k * (1 - p))
        cost = cost - np.log(p)
    return cost + 0.01 * np.sum(r**2)


@case("p[n] t[m] y[m]", "n=1 m=1", "n=2 m=1", "n=4 m=2", "n=3 m=0")
def bezier(p, t, y):
    cost = 0 * np.sum(p)
    for at, value in zip(t, y):
        s = p
        while len(s) > 1:
            s = (1 - at) * s[:-1] + at * s[1:]
        cost += (s[0] - value) ** 2
    return cost


@case("x[n] w[n]", "n=0", "n=1", "n=2", "n=5")
def discriminant(x, w):
    n, value = len(x), 0 * np.sum(x)
    for i in range(n):
        value += w[i] * sum(np.log((x[i] - x[j]) ** 2 + 1) for j in range(n) if j != i)
    return value


@case("r[n] a[n] c", "n=0", "n=1", "n=2", "n=5")
def drawdown(r, a, c):
    v = top = worst = cost = 0 * c
    for t in range(len(r)):
        v = v + a[t] * r[t]
        top = np.log(np.exp(5 * top) + np.exp(5 * v)) / 5
        worst = np.log(np.exp(5 * worst) + np.exp(5 * (top - v))) / 5
        cost = cost + c * np.sqrt((a[t] - (a[t - 1] if t > 0 else 0)) ** 2 + 0.01)
    return v - worst - cost


@case("x[n] b", "n=0", "n=1", "n=2", "n=6")
def prefix_suffix(x, b):
    n, s, after = len(x), 0 * b, []
    before = np.cumsum(np.tanh(x))
    for i in range(n):
        s = s * b + x[n - 1 - i]
        after.append(s)
    return sum((before[i] * after[n - 1 - i] / (1 + x[i] ** 2) for i in range(n)), 0 * b)


@case("x[n] y[m] h", "n=1 m=1", "n=2 m=1", "n=4 m=3", h=(0.5, 1))
def density_ratio(x, y, h):
    density = lambda of: logsumexp(-((x[:, None] - of[None]) ** 2) / (2 * h**2), axis=1)
    return np.sum(density(y) - density(x)) + len(x) * (np.log(len(x)) - np.log(len(y)))


@case("L[n,n] b[n]", "n=0", "n=1", "n=2", "n=4")
def forward_substitution(L, b):
    x = []
    for i in range(len(b)):
        x.append((b[i] - sum(L[i, j] * x[j] for j in range(i))) / (2 + L[i, i] ** 2))
    return sum((entry**2 for entry in x), 0 * np.sum(L))


@case("v[p] x[m] k[m]<n y[m]", "n=1 p=2 m=1", "n=2 p=3 m=3", "n=4 p=5 m=2", "n=1 p=2 m=0")
def interpolation(v, x, k, y):
    t = x * x * (3 - 2 * x)
    return np.sum(((1 - t) * v[k] + t * v[k + 1] - y) ** 2 / (1 + np.abs(v[k])))


@case("W[k,n,n] x[n] y[n]", "k=1 n=1", "k=0 n=2", "k=2 n=2", "k=3 n=3")
def hidden_layers(W, x, y):
    for matrix in W:
        x = x + np.tanh(matrix @ x)
    return np.sum((x - y) ** 2)


@case("U[n,d] V[m,d] a[n] b[m] i[k]<n j[k]<m r[k] s", "n=1 m=1 d=1 k=1", "n=2 m=3 d=2 k=4", "n=2 m=1 d=2 k=0")
def bilinear_triplets(U, V, a, b, i, j, r, s):
    errors = r - s * np.tanh(np.sum(U[i] * V[j], axis=1) + a[i] + b[j])
    return np.sum(errors**2) + 0.1 * (np.sum(U**2) + np.sum(V**2))


@case("u[n] o[l]<n w[m,k]", "n=2 m=1 k=2 l=2", "n=3 m=2 k=3 l=6", "n=2 m=3 k=1 l=3")
def rankings(u, o, w):
    (m, k), value = w.shape, 0 * np.sum(u)
    for r in range(m):
        ranked = u[o[k * r : k * r + k]]
        value -= sum(w[r, i] * (ranked[i] - logsumexp(ranked[i:])) for i in range(k))
    return value


@case("x[p] T[n] h", "n=0 p=1", "n=1 p=2", "n=4 p=5", T=(0.5, 1), h=(0.5, 1))
def annealing(x, T, h):
    a, b = x[:-1], x[1:]
    return np.sum((b - a + h * (a**3 - a + 0.3 * np.cos(3 * a))) ** 2 / (4 * h * T) + np.log(T) / 2)


@case("Y[n,p] s0[p] a g", "n=1 p=1", "n=2 p=3", "n=3 p=2", "n=0 p=2")
def seasonal(Y, s0, a, g):
    level, s, cost = 1.0, s0, 0 * a
    for y in np.ravel(Y):
        d = y - level * s[0]
        level = level + a * d
        s = np.concatenate([s[1:], (s[0] + g * d)[None]])
        cost = cost + d**2
    return cost


@case("u0[n,m] v0[n,m] c[k]", "n=1 m=1 k=1", "n=2 m=1 k=2", "n=3 m=2 k=2", "n=2 m=2 k=0")
def wave(u0, v0, c):
    u, v = u0, v0
    for speed in c:
        p = np.pad(u, 1)
        a = -4 * u + p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
        v = v + speed * a - 0.1 * np.sin(u)
        u = u + 0.1 * v
    return np.sum(u**2) + np.sum(v**2)


@case("Z[n,m]", "n=1 m=1", "n=2 m=1", "n=3 m=4")
def mutual_information(Z):
    of_rows, of_columns = logsumexp(Z, axis=1, keepdims=True), logsumexp(Z, axis=0, keepdims=True)
    return np.sum(np.exp(Z - logsumexp(Z)) * (Z + logsumexp(Z) - of_rows - of_columns))


@case("A[m,m] c[n]", "m=1 n=1", "m=2 n=2", "m=3 n=4", "m=2 n=0")
def recursion_in_matrix(A, c):
    P, S = np.eye(len(A)), np.zeros(A.shape)
    for coefficient in c:
        P, S = P @ A, S + coefficient * P
    return np.sum(np.diag(S) * np.exp(-(np.diag(P) ** 2)))


# ---- Windows, edges and padding ----


@case("x[n] w[n]", "n=0", "n=1", "n=2", "n=6")
def smoothing(x, w):
    n, cost = len(x), 0.0
    for i in range(n):
        near = x[max(i - 2, 0) : i + 3]
        cost = cost + w[i] * (x[i] - np.mean(near)) ** 2
    return cost


@case("Q[n,d] K[n,d] v[n]", "n=0 d=1", "n=1 d=1", "n=2 d=2", "n=5 d=2")
def local_attention(Q, K, v):
    n, total = len(v), 0.0
    for i in range(n):
        window = slice(max(i - 1, 0), i + 2)
        scores = np.exp(K[window] @ Q[i])
        total = total + (scores @ v[window] / np.sum(scores)) ** 2
    return total


@case("x[n] y[m] c[p]", "n=1 m=2 p=1", "n=2 m=1 p=2", "n=4 m=3 p=3", "n=3 m=5 p=3")
def correlogram(x, y, c):
    cost = 0.0
    for lag in range(len(c)):
        overlap = min(len(x) - lag, len(y))
        cost = cost + (np.sum(x[lag : lag + overlap] * y[:overlap]) - c[lag]) ** 2
    return cost


@case("u[n] h k", "n=1", "n=2", "n=5", h=(0.5, 1))
def insulated_rod(u, h, k):
    flow = k * (1 + u[:-1] ** 2) * (u[1:] - u[:-1]) / h
    left, right = np.concatenate([np.zeros(1), flow]), np.concatenate([flow, np.zeros(1)])
    return np.sum((right - left) ** 2)


@case("x[n] a[m] k[m]<q", "n=1 m=2 q=2", "n=2 m=1 q=3", "n=4 m=5 q=5")
def padded_neighbours(x, a, k):
    padded = np.concatenate([x, np.zeros(1)])
    return np.sum(a * np.where(k < len(x), padded[k] ** 2 + np.sin(padded[k]), 1))


@case("u[n,m] s[n,m]", "n=1 m=1", "n=2 m=1", "n=3 m=4")
def denoising(u, s):
    n, m = u.shape
    cost = np.sum((u - s) ** 2)
    for i in range(n):
        for j in range(m):
            down = u[i + 1, j] - u[i, j] if i + 1 < n else 0.0
            right = u[i, j + 1] - u[i, j] if j + 1 < m else 0.0
            cost = cost + np.sqrt(down**2 + right**2 + 0.01)
    return cost


# ---- Points and derivatives ----


def flat(array):
    return [float(entry) or 0 for entry in numpy.asarray(array).ravel()]


def point(generator, parameters, sizes, ranges):
    values = {}
    for parameter in parameters:
        name, dimensions, bound = re.fullmatch(r"(\w+)(?:\[([^\]]*)\])?(?:<(\w+))?", parameter).groups()
        shape = tuple(eval(side, {}, sizes) for side in dimensions.split(",")) if dimensions else ()
        if bound:
            values[name] = generator.integers(0, sizes[bound], shape)
        else:
            low, high = ranges.get(name, (-1, 1.5))
            values[name] = numpy.round(generator.uniform(low, high, shape), 2)
    if ranges.get("apart"):
        count = values["X"].shape[0]
        values["b"] = numpy.array(
            [(b + 1) % count if a == b else b for a, b in zip(values["a"], values["b"])], dtype=int
        )
    if "t" in ranges and "T" in ranges:
        values["t"] = numpy.sort(values["t"])
    return values


def reference(function, parameters, sizes, ranges, seed):
    generator = numpy.random.default_rng(seed)
    values = point(generator, parameters, sizes, ranges)
    reals = [name for name, value in values.items() if value.dtype.kind == "f"]
    whole = {name: value for name, value in values.items() if name not in reals}

    def split(z):
        arguments, at = {}, 0
        for name in reals:
            count = values[name].size
            arguments[name] = z[at : at + count].reshape(values[name].shape)
            at += count
        return np.asarray(function(**arguments, **whole), dtype=float)

    z = np.concatenate([np.zeros(0)] + [np.asarray(values[name], dtype=float).ravel() for name in reals])
    places = numpy.cumsum([0] + [values[name].size for name in reals])
    parts = {name: slice(places[at], places[at + 1]) for at, name in enumerate(reals)}
    value = np.asarray(split(z), dtype=float)
    derived = jax.grad if value.ndim == 0 else jax.jacrev
    jacobian = numpy.asarray(derived(split)(z)).reshape(value.size, z.size)
    entry = {
        "at": {name: values[name].tolist() for name in values},
        "sizes": sizes,
        "value": flat(value) if value.ndim else float(value),
        "first": {name: flat(jacobian[:, parts[name]]) for name in reals},
    }
    if value.ndim == 0 and z.size <= 20:
        _, along = jax.linearize(jax.grad(split), z)
        hessian = numpy.array([along(row) for row in np.eye(z.size)]).reshape(z.size, z.size)
        pairs = [(a, b) for at, a in enumerate(reals) for b in reals[at:]]
        entry["second"] = {f"{a}_{b}": flat(hessian[parts[a], parts[b]]) for a, b in pairs}
    numbers = flat(value) + flat(jacobian)
    assert all(math.isfinite(number) for number in numbers), (function.__name__, sizes)
    return entry


def main():
    """Prints the references of all functions, or of those that are named."""
    chosen = [case for case in CASES if case[0].__name__ in sys.argv[1:] or len(sys.argv) == 1]
    for place, (function, parameters, sizes, ranges) in enumerate(chosen):
        name, points = function.__name__, []
        for at, text in enumerate(sizes):
            size = {key: int(value) for key, value in (pair.split("=") for pair in text.split())}
            entry = reference(function, parameters, size, ranges, zlib.crc32(name.encode()) + at)
            points.append(json.dumps(entry, separators=(",", ":")))
        ending = "\n}" if place + 1 == len(chosen) else ","
        print(("{\n" if place == 0 else "") + f"{json.dumps(name)}: [\n" + ",\n".join(points) + "\n]" + ending, flush=True)


if __name__ == "__main__":
    main()
