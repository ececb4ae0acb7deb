//! Long ranges of numbers are loops, like those of named sizes: code is as long for a thousand values as for a hundred, and
//! computes the same as code for a named size.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Derive, Options};
use program::Program;

/// Programs of a vector and a number; N stands for the size.
const PROGRAMS: [&str; 12] = [
    "f(x: vector[N], a) = sum(i in 0..N, sin(a*x[i]))",
    "f(x: vector[N], a) = sum(i in 0..N-1, 100*(x[i+1] - a*x[i]^2)^2 + (1 - x[i])^2)",
    "f(x: vector[N], a) = sum(i in 0..N, i*x[i]*a) + x[0]^2*x[3]",
    "f(x: vector[N], a) = sum(i in 0..N if i != 3, (x[i] - x[3])^2*a)",
    "f(x: vector[N], a) = fold(i in 0..N, s = a, sin(s) + x[i]/2)",
    "f(x: vector[N], a) = { let (p, v) = fold(i in 0..N, (p = a, v = 0), (p + 0.1*v, v + 0.1*(x[i] - sin(p)))); p*v }",
    "f(x: vector[N], a) = sum(i in 0..N, j in i+1..N, a/(1 + (x[i] - x[j])^2))/N",
    "f(x: vector[N], a) = norm2([i in 1..N-1: x[i-1] - 2*x[i] + a*x[i+1]])^2",
    "f(x: vector[N], a) = logsumexp(i in 0..N, a*x[i]) + max(i in 0..N, x[i]) + mean(i in 0..N, x[N - 1 - i]*x[i])",
    "f(x: vector[N], a) = prod(i in 0..N, 1 + a*x[i]/N)",
    "f(x: vector[N], a) = sum(i in 0..N, if(x[i] > a, x[i]^2, sin(x[i])))",
    "f(x: vector[N], a) = sum(i in 0..N, exp(-a*i/N)) + sum(i in 0..N, cos(a*i)*x[i mod 7])",
];

fn code(text: &str, size: &str, derive: Derive) -> String {
    let options = Options { derive: vec![derive], reproducible: true, ..Options::default() };
    gradc::compile(&text.replace('N', size), &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust
}

#[test]
fn code_is_as_long_for_a_long_range_as_for_a_short_one() {
    for text in PROGRAMS {
        for derive in [Derive::Gradient, Derive::Hvp] {
            let [short, long] = ["100", "1000"].map(|size| code(text, size, derive).lines().count());
            assert_eq!(short, long, "{text}");
        }
    }
}

/// Ranges each of which is short, one inside of the other.
const NESTED: [&str; 4] = [
    "f(x: vector[N], a) = sum(i in 0..N, sum(j in 0..N, exp(-(i*x[i] - a*x[j])^2)))",
    "f(x: vector[N], a) = sum(i in 0..N, prod(j in 0..N if j != i, 1 + (x[i] - a*x[j])^2))",
    "f(x: vector[N], a) = fold(t in 0..N, s = a, s/2 + sum(j in 0..N, sin(s + x[j])))",
    "f(x: vector[N], a) = norm2([i in 0..N: sum(j in 0..i, a*x[i]*cos(x[j]))])^2",
];

#[test]
fn code_is_as_long_for_short_ranges_inside_of_others() {
    for text in NESTED {
        let [short, long] = ["20", "60"].map(|size| code(text, size, Derive::Gradient).lines().count());
        assert_eq!(short, long, "{text}");
    }
}

#[test]
fn ranges_of_numbers_compute_what_those_of_named_sizes_do() {
    const COUNT: usize = 150;
    let mut program = Program::default();
    for (number, text) in PROGRAMS.iter().enumerate() {
        program.module(&format!("fixed{number}"), &code(text, &COUNT.to_string(), Derive::Gradient));
        program.module(&format!("named{number}"), &code(text, "n", Derive::Gradient));
        let call = format!(
            "{{ let x: [f64; {COUNT}] = ::core::array::from_fn(|i| (i as f64 * 0.7).sin());
            let (value, gradient) = fixed{number}::f_grad(&x, 0.3);
            let (mut by_x, mut by_a) = (vec![0.5; {COUNT}], 0.5);
            let mut derivatives = named{number}::FGrad {{ x: &mut by_x, a: &mut by_a }};
            let mut workspace = vec![0.25; named{number}::f_grad_workspace({COUNT})];
            let own = named{number}::f_grad({COUNT}, &x, 0.3, &mut derivatives, &mut workspace);
            let mut all = vec![value, gradient.a];
            all.extend(gradient.x);
            all.extend([own, by_a]);
            all.extend(by_x);
            all }}"
        );
        program.print(&call, &["r".to_string()]);
    }
    for (text, numbers) in PROGRAMS.iter().zip(program.run("ranges")) {
        let (fixed, named) = numbers.split_at(COUNT + 2);
        assert_eq!(fixed.len(), named.len(), "{text}");
        for (fixed, named) in fixed.iter().zip(named) {
            let error = (fixed - named).abs();
            assert!(error <= 1e-12 * named.abs().max(1.0), "{text}: {fixed} is not {named}");
        }
        assert!(named.iter().filter(|number| **number != 0.0).count() > 5, "{text}");
    }
}
