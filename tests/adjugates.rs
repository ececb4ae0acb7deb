//! The derivative of a determinant is the adjugate, also where the matrix is singular: cofactors by hand, from the
//! evaluator and from emitted code.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::Options;
use program::Program;
use std::process::Command;

/// Matrices row by row, and the cofactors of their entries.
#[rustfmt::skip]
const CASES: &[(usize, &[f64], &[f64])] = &[
    (1, &[0.0], &[1.0]),
    (1, &[3.0], &[1.0]),
    (2, &[1.0, 2.0, 2.0, 4.0], &[4.0, -2.0, -2.0, 1.0]),
    (2, &[0.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 0.0, 0.0]),
    (2, &[0.0, 3.0, 0.0, 0.0], &[0.0, 0.0, -3.0, 0.0]),
    (2, &[1.0, 2.0, 3.0, 4.0], &[4.0, -3.0, -2.0, 1.0]),
    // Rank 2
    (3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[-3.0, 6.0, -3.0, 6.0, -12.0, 6.0, -3.0, 6.0, -3.0]),
    (3, &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]),
    // Rank 1
    (3, &[1.0, 2.0, 4.0, 2.0, 4.0, 8.0, -1.0, -2.0, -4.0], &[0.0; 9]),
    // Rank 3
    (3, &[2.0, 0.0, 1.0, 1.0, 3.0, 0.0, 0.0, 1.0, 1.0], &[3.0, -1.0, 1.0, 1.0, 2.0, -2.0, -3.0, 1.0, 6.0]),
    (4, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -6.0]),
];

fn agree(found: &[f64], (n, matrix, cofactors): &(usize, &[f64], &[f64]), by: &str) {
    assert_eq!(found.len(), n * n);
    for (found, expected) in found.iter().zip(*cofactors) {
        assert!((found - expected).abs() <= 1e-13, "{matrix:?} by {by}: {found} for {expected}");
    }
}

#[test]
fn the_evaluator_gives_the_cofactors() {
    for case in CASES {
        let (n, matrix, _) = case;
        for size in ["n".to_string(), n.to_string()] {
            let rows: Vec<String> = matrix.chunks(*n).map(|row| format!("{row:?}")).collect();
            let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
                .args(["grad", "-f", "json", "--at", &format!("A=[{}]", rows.join(","))])
                .arg(format!("f(A: matrix[{size}, {size}]) = det(A)"))
                .output()
                .expect("gradc runs");
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
            let value = &answer["d/dA"]["value"];
            let numbers = value
                .as_array()
                .map_or(vec![value], |rows| rows.iter().flat_map(|row| row.as_array().expect("a row")).collect());
            let found: Vec<f64> = numbers.into_iter().map(|entry| entry.as_f64().expect("a number")).collect();
            agree(&found, case, &format!("the evaluator, {size}"));
        }
    }
}

#[test]
fn emitted_code_gives_the_cofactors() {
    let rust = gradc::compile("f(A: matrix[n, n]) = det(A)", &Options::default()).expect("it compiles").rust;
    let mut program = Program::default();
    program.module("whole", &rust);
    for (n, matrix, _) in CASES {
        let call = format!(
            "{{ let mut a = vec![0.0; {n} * {n}]; let mut workspace = vec![0.0; whole::f_grad_workspace({n})]; \
             whole::f_grad({n}, &{matrix:?}, &mut whole::FGrad {{ A: &mut a }}, &mut workspace); a }}"
        );
        program.print(&call, &["r".to_string()]);
    }
    for (found, case) in program.run("adjugates").iter().zip(CASES) {
        agree(found, case, "emitted code");
    }
}
