//! Checkpoints of recurrences: derivatives are the same as with all states kept, in a workspace without the states of all
//! steps.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Derive, Options};
use program::Program;

/// Recurrences with states of numbers, with what is added up on the way, with states that others don't need, and two of which
/// one reads the states of the other.
const PROGRAMS: [&str; 5] = [
    "f(x: vector[n], a) = fold(i in 0..n, s = a, sin(s) + x[i]/2)",
    "f(x: vector[n], a) = { let (l, v) = fold(i in 0..n, (l = 0, v = 1), (l + ln(v) + x[i]^2/v, 0.1 + a*x[i]^2 + 0.5*v)); l }",
    "f(x: vector[n], a) = norm2(fold(i in 0..n, s = [a, 0.1, 0.2], tanh([[0.5, a, 0], [0, 0.3, a], [a, 0, 0.1]]*s + x[i]*[1, 2, 3])))^2",
    "f(x: vector[n], a) = { let (p, v) = fold(i in 1..n, (p = a, v = x[0]), (p + 0.1*v, v + 0.1*(x[i] - sin(p)))); p*v }",
    "f(x: vector[n], a) = fold(i in 0..n, s = 1, cos(s)*a + x[n - 1 - i]) + sum(i in 0..n, a*x[i]^2)",
];

/// Numbers of steps: fewer than a segment, whole segments, and a segment that is not full.
const SIZES: [usize; 7] = [1, 2, 3, 4, 10, 16, 101];

fn code(text: &str, checkpoint: bool) -> String {
    let derive = vec![Derive::Gradient, Derive::Hvp];
    let options = Options { derive, checkpoint, reproducible: true, ..Options::default() };
    gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust
}

/// Calls value, gradient and product, and lists their numbers; the lengths of the workspaces come last.
fn call(module: &str, n: usize) -> String {
    format!(
        "{{ let x: Vec<f64> = (0..{n}).map(|i| (i as f64 * 0.7).sin()).collect();
        let along: Vec<f64> = (0..{n}).map(|i| (i as f64 * 0.3).cos()).collect();
        let (mut x1, mut a1, mut x2, mut a2, mut x3, mut a3) = (vec![0.5; {n}], 0.5, vec![0.5; {n}], 0.5, vec![0.5; {n}], 0.5);
        let lengths = [{module}::f_grad_workspace({n}), {module}::f_hvp_workspace({n})];
        let mut workspace = vec![0.25; lengths[0].max(lengths[1])];
        let mut first = {module}::FGrad {{ x: &mut x1, a: &mut a1 }};
        let value = {module}::f_grad({n}, &x, 0.3, &mut first, &mut workspace);
        let mut gradient = {module}::FGrad {{ x: &mut x2, a: &mut a2 }};
        let mut product = {module}::FGrad {{ x: &mut x3, a: &mut a3 }};
        {module}::f_hvp({n}, &x, 0.3, &along, 0.7, &mut gradient, &mut product, &mut workspace);
        let mut all = vec![value, a1, a2, a3];
        all.extend(x1.into_iter().chain(x2).chain(x3));
        all.extend(lengths.map(|length| length as f64));
        all }}"
    )
}

#[test]
fn derivatives_are_the_same_in_a_smaller_workspace() {
    let mut program = Program::default();
    for (number, text) in PROGRAMS.iter().enumerate() {
        program.module(&format!("kept{number}"), &code(text, false));
        program.module(&format!("segments{number}"), &code(text, true));
        for n in SIZES.into_iter().chain([4000]) {
            program.print(&call(&format!("kept{number}"), n), &["r".to_string()]);
            program.print(&call(&format!("segments{number}"), n), &["r".to_string()]);
        }
    }
    let lines = program.run("checkpoints");
    let mut pairs = lines.chunks_exact(2);
    let (mut smaller_gradients, mut smaller_products) = (0, 0);
    for text in PROGRAMS {
        for n in SIZES.into_iter().chain([4000]) {
            let Some([kept, segments]) = pairs.next() else { panic!("a line is missing") };
            assert_eq!(kept.len(), 4 + 3 * n + 2, "{text}");
            let [(kept, of_kept), (segments, of_segments)] = [kept, segments].map(|line| line.split_at(line.len() - 2));
            for (kept, segments) in kept.iter().zip(segments) {
                assert!(
                    (kept - segments).abs() <= 1e-11 * kept.abs().max(1.0),
                    "{text} at {n}: {segments} is not {kept}"
                );
            }
            if n == 4000 {
                // The segments have 64 steps. What reads parts of products of all states keeps all of these.
                let is_smaller = |at: usize| usize::from(of_kept[at] - of_segments[at] > 3_500.0);
                smaller_gradients += is_smaller(0);
                smaller_products += is_smaller(1);
            }
        }
    }
    assert!(smaller_gradients >= 4 && smaller_products >= 3, "{smaller_gradients} {smaller_products}");
}
