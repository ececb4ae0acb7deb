"""Measures SymEngine on the inputs of cost.rs: parsing the source text, and the full gradient.

Usage: pip install symengine; python3 symengine.py [--long]
Each time is the fastest of up to 15 calls. Without --long, inputs that take minutes are left out.
"""
import sys

sys.path.pop(0)
sys.setrecursionlimit(100_000)

import time

import symengine

PATIENCE = 4.0


def rosenbrock(n):
    return " + ".join(f"100*(x{i + 1} - x{i}**2)**2 + (1 - x{i})**2" for i in range(n - 1)), n


def product(n):
    return "*".join(f"x{i}" for i in range(n)), n


def nested(n):
    return n, 1


def variables(text, count):
    return [symengine.Symbol("x" if isinstance(text, int) else f"x{i}") for i in range(count)]


def expression(text):
    if not isinstance(text, int):
        return symengine.sympify(text)
    y = symengine.Symbol("x")
    for _ in range(text):
        y = symengine.sin(y) * symengine.exp(-y**2)
    return y


def measure(call):
    started, best = time.perf_counter(), float("inf")
    for _ in range(15):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - started > PATIENCE:
            break
    return 1e3 * best


def ratio(now, before):
    return f"{now / before:.1f}" if before else "–"


def main():
    long = "--long" in sys.argv
    print(f"SymEngine {symengine.__version__}")
    print("| input | n | text to gradient, ms | ratio | gradient alone, ms | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    for family, sizes in ((rosenbrock, [100, 1000, 10_000]), (product, [100, 1000, 10_000]), (nested, [10, 100, 1000])):
        before = (None, None)
        for n in sizes:
            if not long and family is not nested and n == 10_000:
                continue
            text, count = family(n)
            names = variables(text, count)
            whole = expression(text)

            def gradient(whole):
                return [whole.diff(name) for name in names]

            times = measure(lambda: gradient(expression(text))), measure(lambda: gradient(whole))
            columns = [f"{now:.3f} | {ratio(now, old)}" for now, old in zip(times, before)]
            print(f"| {family.__name__} | {n} | " + " | ".join(columns) + " |", flush=True)
            before = times


main()
