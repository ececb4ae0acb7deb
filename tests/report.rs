//! The report is one page that stands alone: well-formed, with formulas, derivation, circuit, check and code, and without
//! anything from elsewhere.

use std::process::Command;

const FUNCTIONS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "neuron(w, x, b) = 1/(1 + exp(-(w*x + b)))",
        Some("w=2,x=-1,b=3"),
        &["Gradient", "Values", "Hessian", "Derivation", "Circuit", "Check by finite differences", "Rust"],
    ),
    ("f(x, y) = if(x < y, x & y, y)", None, &[]),
    (
        "f(x, y > 0) = max(x, y)*sqrt(y)",
        None,
        &["Gradient", "Hessian", "Derivation", "Check by finite differences", "Rust"],
    ),
    ("f(r, t) = [r*cos(t), r*sin(t)]", Some("r=1,t=2"), &["Jacobian", "Values", "Derivation", "Rust"]),
    (
        "f(W: matrix[n, m], x: vector[m]) = norm2(W*x)^2",
        Some("W=[[1,2],[3,4]],x=[1,2]"),
        &["Gradient", "Values", "Hessian", "Rust"],
    ),
];

#[test]
fn a_report_stands_alone() {
    for (text, at, headings) in FUNCTIONS {
        let point: Vec<&str> = at.iter().flat_map(|at| ["--at", *at]).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(["report", text]).args(point).output();
        let output = output.expect("gradc runs");
        if headings.is_empty() {
            assert_eq!(output.status.code(), Some(2), "{text}");
            continue;
        }
        let page = String::from_utf8(output.stdout).expect("a page is text");
        let xml = page.replace("<!DOCTYPE html>", "").replace("<meta charset=\"utf-8\">", "");
        let start = xml.find("<meta name").expect("there is a viewport");
        let end = start + xml[start..].find('>').expect("it ends") + 1;
        let xml = format!("{}{}", &xml[..start], &xml[end..]).replace("<details open>", "<details>");
        let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{text}: {error}"));
        let named = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
        let own: Vec<&str> = named("h2").filter_map(|node| node.text()).collect();
        for heading in *headings {
            assert!(own.contains(heading), "{text}: no {heading} in {own:?}");
        }
        let formulas = document.descendants().filter(|node| node.tag_name().name() == "math").count();
        assert!(formulas >= 2, "{text}: {formulas} formulas");
        for foreign in ["<script", "src=", "href=\"http", "@import", "url(http"] {
            assert!(!page.contains(foreign), "{text}: {foreign}");
        }
        assert!(page.contains("pub fn "), "{text}");
    }
}
