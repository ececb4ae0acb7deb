//! Proves that every stage makes of every matrix case what its snapshot under `snapshots/matrix_CASE/STAGE.snap` holds.
#![allow(clippy::panic)]

#[path = "common/cases.rs"]
mod cases;

use cases::{files, fitting, root};
use gradc::derive::{Closed, Derivative, Form, Order, derive_closed};
use gradc::graph::Node;
use gradc::lower::{Function, Whole};
use gradc::show::{latex, names::with_names, notation};
use gradc::source::Source;
use gradc::{Derive, Options};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Stage = (&'static str, fn(&Source, &Function) -> String);

const STAGES: &[Stage] = &[
    ("derivatives", |_, function| written(function, Order::First, text)),
    ("latex", |_, function| written(function, Order::First, |(ast, root)| latex::latex(&ast, root))),
    ("second", |_, function| second(function)),
    ("rust", |source, function| rust(source, function, &[Derive::Gradient, Derive::Hessian])),
    ("products", |source, function| rust(source, function, &[Derive::Jvp, Derive::Vjp, Derive::Hvp])),
];

/// The cases of which the products with derivatives have a snapshot.
const WITH_PRODUCTS: &[&str] = &[
    "gaussian_covariance",
    "logistic_regression",
    "matrix_factorization",
    "multinomial_regression",
    "perceptron_tanh",
    "relu_wide",
    "rosenbrock",
    "softmax_jacobian",
    "softmax_rows_jacobian",
];

type Tree = (gradc::syntax::ast::Ast, gradc::syntax::ast::NodeId);

#[test]
fn every_stage_of_every_matrix_case_is_as_recorded() {
    let mut failures = Vec::new();
    let files = files(&root().join("tests/matrices"), "grad");
    assert!(files.len() >= 40, "only {} cases", files.len());
    for path in files {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a case is read");
        assert!(text.starts_with("// "), "{name} says why it exists");
        let source = Source::new(format!("{name}.grad"), text);
        let functions = gradc::read(&source, &[]).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        let function = functions.last().expect("there is a function");
        let own = |(stage, _): &&Stage| *stage != "products" || WITH_PRODUCTS.contains(&&*name);
        for (stage, run) in STAGES.iter().filter(own) {
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(root().join("snapshots").join(format!("matrix_{name}")));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let checked = catch_unwind(AssertUnwindSafe(|| {
                let text = run(&source, function);
                settings.bind(|| insta::assert_snapshot!(*stage, text));
            }));
            if checked.is_err() {
                failures.push(format!("{name}/{stage}"));
            }
        }
    }
    assert!(failures.is_empty(), "not as recorded: {}", failures.join(", "));
}

fn whole(function: &Function) -> &Whole {
    function.closed().expect("the function is kept whole")
}

fn text((ast, root): Tree) -> String {
    gradc::syntax::print_expression(&ast, root)
}

fn label(closed: &Closed, derivative: &Derivative) -> String {
    match derivative {
        Derivative::Operator { direction, .. } => match closed.graph.node(*direction) {
            Node::Input(index) => format!("[{}]", closed.graph.inputs()[*index as usize].parameter),
            _ => String::new(),
        },
        Derivative::Matrix(_) => String::new(),
    }
}

fn written(function: &Function, order: Order, write: fn(Tree) -> String) -> String {
    let whole = whole(function);
    let all: Vec<usize> = (0..whole.parameters.len()).collect();
    let mut closed = derive_closed(whole, &all, order, Form::Pretty).expect("a case has derivatives");
    let mut out = format!("{}\n", function.definition);
    let (list, names): (Vec<Derivative>, Vec<String>) = match order {
        Order::Second => {
            let pairs = all.iter().flat_map(|row| all[*row..].iter().map(move |column| [*row, *column]));
            let name = |[row, column]: [usize; 2]| match row == column {
                true => format!("d^2/d{}^2", whole.parameters[row].name),
                false => format!("d^2/d{} d{}", whole.parameters[row].name, whole.parameters[column].name),
            };
            (closed.second.clone(), pairs.map(name).collect())
        }
        _ => {
            let names = whole.parameters.iter().map(|parameter| format!("d/d{}", parameter.name));
            (closed.first.clone(), names.collect())
        }
    };
    let roots: Vec<_> = list.iter().map(Derivative::expression).collect();
    let names_of_users = closed.names.clone();
    let roots = with_names(&mut closed.graph, &roots, &names_of_users);
    for ((derivative, root), name) in list.iter().zip(roots).zip(names) {
        out += &format!("{name}{} = {}\n", label(&closed, derivative), write(notation::write(&closed.graph, root)));
    }
    out
}

fn second(function: &Function) -> String {
    match whole(function).extents().is_scalar() {
        true => written(function, Order::Second, text),
        false => String::new(),
    }
}

/// The generated code without the kernels, which are the same everywhere.
fn rust(source: &Source, function: &Function, derive: &[Derive]) -> String {
    let (source_name, function) = (source.name.clone(), std::slice::from_ref(function));
    let derive = fitting(derive, function);
    let options = Options { derive, source_name, reproducible: true, ..Options::default() };
    let rust = gradc::rust(function, &options).expect("a case has code");
    let kernels = rust.find("\n#[allow(clippy::all, clippy::pedantic, dead_code)]\nmod matrices");
    rust[..kernels.unwrap_or(rust.len())].to_string()
}
