//! What is typeset compiles with real TeX and Typst: gradients, Jacobians, second derivatives and derivations of every
//! case. Skipped, with a message, where the program is missing.
#![allow(clippy::print_stderr)]

#[path = "common/cases.rs"]
mod cases;

use cases::{files, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Fewest answers that are compiled.
const FEWEST: usize = 250;
/// What a line of text may stick out over the margin, in points.
const MARGIN: f64 = 20.0;

/// Tells whether a program is there; prints what is left out otherwise.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed, so nothing is compiled with it");
    }
    found
}

/// Returns the answers of commands about every case that has one, in a format.
fn answers(format: &str) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    for folder in ["tests/cases", "tests/matrices"] {
        for path in files(&root().join(folder), "grad") {
            for command in ["jacobian", "hessian", "explain"] {
                let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
                let output = output_of(gradc.arg(command).arg(&path).args(["-f", format]));
                // A vector has a Jacobian only.
                let errors = String::from_utf8_lossy(&output.stderr);
                let vector = errors.contains("this is a vector") || errors.contains("functions with one value");
                assert!(output.status.success() || (vector && command != "jacobian"), "{}", path.display());
                let text = String::from_utf8(output.stdout).expect("an answer is text");
                if !text.is_empty() {
                    answers.push((format!("{command} {}", path.file_stem().unwrap_or_default().display()), text));
                }
            }
        }
    }
    assert!(answers.len() >= FEWEST, "only {} answers", answers.len());
    answers
}

fn output_of(command: &mut Command) -> Output {
    command.output().expect("the program runs")
}

/// Joins lines that belong to one formula.
fn formulas(answer: &str, goes_on: impl Fn(&[&str]) -> bool) -> Vec<String> {
    let mut formulas = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in answer.lines() {
        lines.push(line);
        if !goes_on(&lines) {
            formulas.push(lines.join("\n"));
            lines.clear();
        }
    }
    assert!(lines.is_empty(), "a formula has no end: {answer}");
    formulas
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

#[test]
fn latex_compiles_and_fits_on_the_page() {
    if !is_installed("pdflatex") {
        return;
    }
    let mut text = String::from(
        "\\documentclass{article}\n\\usepackage[a4paper, margin=2cm]{geometry}\n\\usepackage{amsmath}\n\
         \\begin{document}\n",
    );
    let goes_on = |lines: &[&str]| lines[0] == r"\begin{aligned}" && lines[lines.len() - 1] != r"\end{aligned}";
    for (name, answer) in answers("latex") {
        text += &format!("\\typeout{{next: {name}}}\n\\noindent {}\n", name.replace('_', r"\_"));
        formulas(&answer, goes_on).iter().for_each(|formula| text += &format!("\\[{formula}\\]\n"));
    }
    let folder = folder("latex");
    std::fs::write(folder.join("formulas.tex"), text + "\\end{document}\n").expect("the document can be written");
    let mut latex = Command::new("pdflatex");
    latex.args(["-interaction=nonstopmode", "-halt-on-error", "formulas.tex"]).current_dir(&folder);
    let output = output_of(&mut latex);
    let log = String::from_utf8_lossy(&output.stdout);
    let end = log.lines().rev().take(30).collect::<Vec<_>>();
    assert!(output.status.success(), "{}", end.into_iter().rev().collect::<Vec<_>>().join("\n"));
    let mut name = "";
    let mut wide = Vec::new();
    for line in log.lines() {
        name = line.strip_prefix("next: ").unwrap_or(name);
        let points = line.strip_prefix("Overfull \\hbox (").and_then(|rest| rest.split("pt").next());
        let points: f64 = points.and_then(|points| points.parse().ok()).unwrap_or(0.0);
        if points > MARGIN {
            wide.push(format!("{name} by {points}pt"));
        }
    }
    assert!(wide.is_empty(), "too wide: {}", wide.join(", "));
}

#[test]
fn typst_compiles() {
    if !is_installed("typst") {
        return;
    }
    let mut text = String::from("#set page(paper: \"a4\", margin: 2cm)\n");
    for (name, answer) in answers("typst") {
        text += &format!("#raw(\"{name}\")\n");
        let goes_on = |lines: &[&str]| lines[lines.len() - 1].ends_with('\\');
        formulas(&answer, goes_on).iter().for_each(|formula| text += &format!("$ {formula} $\n"));
    }
    let folder = folder("typst");
    std::fs::write(folder.join("formulas.typ"), text).expect("the document can be written");
    let mut typst = Command::new("typst");
    typst.args(["compile", "formulas.typ", "formulas.pdf"]).current_dir(&folder);
    let output = output_of(&mut typst);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn lines_of_a_derivation_name_the_same_part_once() {
    let function = "f(x, y) = { let r = sqrt(x^2 + y^2); let t = atan2(y, x); r*exp(-t)*sin(3*t) }";
    let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
    let output = output_of(gradc.args(["explain", function, "--wrt", "x", "-f", "latex"]));
    let text = String::from_utf8(output.stdout).expect("an answer is text");
    assert_eq!(text.matches(r"\text{where }").count(), 1, "{text}");
    // The last line gives the angle a name; the lines before use it.
    assert_eq!(text.matches(r"\operatorname{atan2}\left(y, x\right)").count(), 3, "{text}");
    assert!(!text.contains("t_{"), "{text}");
}

#[test]
fn each_gradient_of_a_derivation_stands_by_itself() {
    let function = "f(W: matrix[n, m], x: vector[m]) = { let q = W*x; norm2(q)^2 }";
    for (format, begins) in [("mathml", "<math"), ("latex", r"\begin{aligned}")] {
        let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
        let output = output_of(gradc.args(["explain", function, "-f", format]));
        let text = String::from_utf8(output.stdout).expect("an answer is text");
        // The values of the gates, and the gradients by q, W and x; that by q is one equation in one line.
        assert_eq!(text.matches(begins).count(), 4, "{text}");
    }
}
