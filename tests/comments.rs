//! Comments and names of a source stay comments in generated code, whatever is in them: it compiles without a warning, and
//! nothing in its documentation is taken for code to test.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Options, Scalar};
use program::Program;

const COMMENTS: &[&str] = &[
    "/// right to left \u{202e} and isolated \u{2066}, \u{202a}\u{2069}\n",
    "/// a carriage\rreturn\n",
    "/// ```\n/// let x = oops;\n",
    "/// ~~~ rust\n/// oops\n/// ~~~\n/// ```\n/// oops\n/// ```\n",
    "///      set in by five: oops;\n",
    "/// */ /* \" # ] \\ \u{0}\n",
];

#[test]
fn comments_stay_in_their_places() {
    let mut program = Program::default();
    for (at, comment) in COMMENTS.iter().enumerate() {
        let text = format!("{comment}f(x) = x^2 // \u{202e} ```\n");
        let options = Options { source_name: "a\nfn main() {}\r.grad".to_string(), ..Options::default() };
        let rust = gradc::compile(&text, &options).unwrap_or_else(|errors| panic!("{comment:?}: {errors}")).rust;
        let mut open = false;
        for line in rust.lines().filter_map(|line| line.trim_start().strip_prefix("///")) {
            let line = line.strip_prefix(' ').unwrap_or(line);
            if line.starts_with("```") || line.starts_with("~~~") {
                assert!(open || line.ends_with("text"), "{comment:?}: {line}");
                open = !open;
            }
            assert!(open || !line.starts_with("    "), "{comment:?}: {line}");
        }
        assert!(!open, "{comment:?}: a block stays open");
        program.module(&format!("m{at}"), &rust);
        program.print(&format!("m{at}::f(3.0)"), &["r".to_string()]);
    }
    assert_eq!(program.run("comments"), vec![vec![9.0]; COMMENTS.len()]);
}

/// Functions of a vector whose kernels work with the bits of doubles, at (0.5, 1), and their values by hand.
const SINGLE: &[(&str, f64)] = &[
    ("logsumexp(x .* x)", 1.386_871_006),
    ("sum(softmax(x) .* x)", 0.811_229_666),
    ("sum(log_softmax(x))", -1.448_153_968),
];

#[test]
fn functions_of_vectors_compile_in_single_precision() {
    let mut program = Program::default();
    for (at, (formula, _)) in SINGLE.iter().enumerate() {
        let options = Options { scalar: Scalar::F32, ..Options::default() };
        let rust = gradc::compile(&format!("f(x: vector[n]) = {formula}"), &options).expect("it compiles").rust;
        program.module(&format!("m{at}"), &rust);
        let workspace = if rust.contains("fn f_workspace(") { ", &mut [0.0; 100]" } else { "" };
        program.print(&format!("m{at}::f(2, &[0.5, 1.0]{workspace})"), &["r".to_string()]);
    }
    for (found, (formula, expected)) in program.run("single").iter().zip(SINGLE) {
        assert!((found[0] - expected).abs() < 1e-6, "{formula}: {} for {expected}", found[0]);
    }
}
