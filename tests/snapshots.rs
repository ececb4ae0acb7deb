//! Proves that every stage makes of every case file what its snapshot under `snapshots/CASE/STAGE.snap` holds, that
//! formatting reads back and changes nothing the second time, and that the cases cover all of Table 1.

#[path = "common/cases.rs"]
mod cases;

use cases::{Case, all_inputs, cases, entries, files, fitting, label, output_label, root};
use gradc::derive::{Derivatives, Form, Order, derive};
use gradc::functions;
use gradc::lower::{Function, Shape};
use gradc::show::{latex, notation};
use gradc::source::Source;
use gradc::syntax::{parse, print_program};
use gradc::{Derive, Options};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most inputs of a function whose second derivatives have a snapshot.
const SECOND: usize = 4;

type Stage = (&'static str, fn(&Case, &[Function]) -> String);

const STAGES: &[Stage] = &[
    ("formatted", |case, _| formatted(&case.source)),
    ("derivatives", |_, functions| each(functions, derivatives)),
    ("latex", |_, functions| each(functions, derivatives_in_latex)),
    ("second", |_, functions| each(functions, second)),
    ("rust", |case, functions| rust(case, functions, &[Derive::Gradient, Derive::Hessian])),
    ("products", |case, functions| rust(case, functions, &[Derive::Jvp, Derive::Vjp, Derive::Hvp])),
    ("counts", |_, functions| each(functions, counts)),
];

/// The cases of which the products with derivatives have a snapshot.
const WITH_PRODUCTS: &[&str] =
    &["function_max_min", "lecture_neuron_sigmoid", "model_rosenbrock", "model_two_link_arm"];

#[test]
fn every_stage_of_every_case_is_as_recorded() {
    let mut failures = Vec::new();
    for case in cases() {
        let functions = gradc::read(&case.source, &[]).expect("the source is read");
        let own = |(stage, _): &&Stage| *stage != "products" || WITH_PRODUCTS.contains(&&*case.name);
        for (stage, run) in STAGES.iter().filter(own) {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(root().join("snapshots").join(&case.name));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let checked = catch_unwind(AssertUnwindSafe(|| {
                let text = run(&case, &functions);
                settings.bind(|| insta::assert_snapshot!(*stage, text));
            }));
            if checked.is_err() {
                failures.push(format!("{}/{stage}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "not as recorded: {}", failures.join(", "));
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    let mut known: BTreeSet<String> = cases().into_iter().map(|case| case.name).collect();
    let matrices = files(&root().join("tests/matrices"), "grad");
    let matrices = matrices.iter().filter_map(|path| path.file_stem());
    known.extend(matrices.map(|name| format!("matrix_{}", name.to_string_lossy())));
    for path in files(&root().join("snapshots"), "snap") {
        let folder = path.parent().and_then(|folder| folder.file_name()).expect("snapshots are in folders");
        let folder = folder.to_string_lossy().into_owned();
        let stage = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let stage_known = STAGES.iter().any(|(name, _)| *name == stage);
        assert!(
            ["backprop", "batch", "errors", "explain", "matrix_processor", "passes", "sparse"].contains(&&*folder)
                || known.contains(&folder) && stage_known,
            "{} is left over",
            path.display()
        );
    }
}

#[test]
fn every_case_says_why_it_exists() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    for case in &cases {
        let heading = case.source.text.lines().take_while(|line| line.starts_with("// ")).count();
        assert!((1..=2).contains(&heading), "{} begins with {heading} lines of comment", case.name);
    }
}

#[test]
fn every_function_of_the_table_is_in_some_case() {
    let text: String = cases().iter().map(|case| case.source.text.clone()).collect();
    let code: String = text.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
    let calls: BTreeSet<&str> = code
        .match_indices('(')
        .map(|(at, _)| {
            let start = code[..at].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |before| before + 1);
            &code[start..at]
        })
        .collect();
    let missing: Vec<&str> = functions::names().filter(|name| !calls.contains(name)).collect();
    assert!(missing.is_empty(), "in no case: {}", missing.join(", "));
}

fn each(functions: &[Function], write: fn(&Function) -> String) -> String {
    functions.iter().map(write).collect()
}

fn first(function: &Function, form: Form) -> Derivatives {
    derive(entries(function), &all_inputs(entries(function)), Order::First, form).expect("a case has derivatives")
}

/// Prints a program in the standard form, having made sure that the standard form stays as it is.
fn formatted(source: &Source) -> String {
    let print = |source: &Source| {
        let (ast, program) = parse(source).expect("the source is read");
        print_program(&ast, &program, source)
    };
    let once = print(source);
    let again = print(&Source::new(source.name.clone(), once.clone()));
    assert_eq!(once, again, "formatting {} twice", source.name);
    once
}

fn derivatives(function: &Function) -> String {
    let first = first(function, Form::Pretty);
    let mut out = format!("{}\n", function.definition);
    for (output, row) in first.first.iter().enumerate() {
        for (input, entry) in row.iter().enumerate() {
            let text = notation::text(&first.graph, *entry);
            out += &format!(
                "{}: d/d{} = {text}\n",
                output_label(function.display_name(), entries(function), output),
                label(entries(function), input)
            );
        }
    }
    out + "\n"
}

fn symbol(label: &str) -> String {
    match label.split_once('[') {
        Some((name, place)) => format!("{}_{{{}}}", latex::symbol(name), place.trim_end_matches(']')),
        None => latex::symbol(label),
    }
}

fn derivatives_in_latex(function: &Function) -> String {
    let first = first(function, Form::Pretty);
    let mut out = String::new();
    for (output, row) in first.first.iter().enumerate() {
        for (input, entry) in row.iter().enumerate() {
            let (ast, root) = notation::write(&first.graph, *entry);
            let (top, below) = (
                symbol(&output_label(function.display_name(), entries(function), output)),
                symbol(&label(entries(function), input)),
            );
            out += &format!(r"\frac{{\partial {top}}}{{\partial {below}}} = {}{}", latex::latex(&ast, root), "\n");
        }
    }
    out
}

fn second(function: &Function) -> String {
    let own = entries(function);
    let inputs = all_inputs(own);
    if own.shape != Shape::Scalar || inputs.len() > SECOND {
        return String::new();
    }
    let derivatives = derive(own, &inputs, Order::Second, Form::Pretty).expect("a case has derivatives");
    let mut out = String::new();
    for (row, entries) in derivatives.second.iter().enumerate() {
        for (column, entry) in entries.iter().enumerate().skip(row) {
            let below = match [row, column].map(|input| label(own, input)) {
                [a, b] if a == b => format!("d{a}^2"),
                [a, b] => format!("d{a} d{b}"),
            };
            let text = notation::text(&derivatives.graph, *entry);
            out += &format!("{}: d^2/{below} = {text}\n", function.display_name());
        }
    }
    out
}

fn rust(case: &Case, functions: &[Function], derive: &[Derive]) -> String {
    let source_name = case.source.name.clone();
    let options = Options { derive: fitting(derive, functions), source_name, reproducible: true, ..Options::default() };
    gradc::compile(&case.source.text, &options).expect("the source is read").rust
}

fn counts(function: &Function) -> String {
    let nodes = |derivatives: &Derivatives| derivatives.graph.reachable(&derivatives.roots()).len();
    let (mut raw, mut code) = (first(function, Form::Raw), first(function, Form::Code));
    let (before, after) = (nodes(&raw), nodes(&code));
    let (raw_counts, counts) = (raw.tape().counts(), code.tape().counts());
    format!(
        "{}: {before} nodes raw, {after} simplified; {} flops raw, {} simplified: {counts}\n",
        function.display_name(),
        raw_counts.flops(),
        counts.flops(),
    )
}
