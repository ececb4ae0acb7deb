//! What passes make of graphs, as text before and after, and the check that follows each of them.

use gradc::derive::{Deriver, Form, Order, Pass, Passes, derive_closed_watched};
use gradc::functions::rows;
use gradc::graph::{Comparison, Dimension, Extents, Graph, Input, MatrixOperation, Node, Rational, Stage};
use gradc::lower::Function;
use gradc::source::Source;
use gradc::tape::{Operation, Slot, Tape, associate, plan};

fn read(text: &str) -> Function {
    gradc::read(&Source::new("program", text), &[]).expect("it is a program").remove(0)
}

/// Returns what a pass leaves behind, in the form that is computed.
fn after(text: &str, order: Order, pass: Pass) -> String {
    let function = read(text);
    let Some(function) = &function.entries else {
        let whole = &function.whole;
        let mut passes = Passes::keeping(pass);
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        let closed = derive_closed_watched(&mut passes, whole, &all, order, Form::Code).expect("it has derivatives");
        if pass != Pass::Schedule {
            return passes.text().to_string();
        }
        let mut graph = closed.graph;
        let derivatives = closed.first.iter().map(|derivative| derivative.expression());
        let roots: Vec<_> = [closed.value].into_iter().chain(derivatives).collect();
        let roots = associate(&mut graph, &roots);
        return plan(&graph, &roots).to_string();
    };
    let mut deriver = Deriver::keeping(pass);
    let all: Vec<usize> = (0..function.graph.inputs().len()).collect();
    let mut derivatives = deriver.derive(function, &all, order, Form::Code).expect("it has derivatives");
    if pass == Pass::Schedule { derivatives.tape().to_string() } else { deriver.kept().to_string() }
}

/// Programs, each with the pass that it shows.
const SHOWN: &[(&str, &str, Order, Pass)] = &[
    ("resolve_derivative_inside", "f(x, y) = { let u = x*y; diff(sin(u)*u, u) + x }", Order::Value, Pass::Resolve),
    ("prepare_collects_like_terms", "f(x, y) = x*y + 2*y*x + x*x*y/x", Order::Value, Pass::Prepare),
    ("prepare_keeps_groups", "f(x, m) = (x - m)^2 + 1 - (x - m)", Order::First, Pass::Prepare),
    ("derive_product", "f(x, y, z) = x*y*z", Order::First, Pass::Derive),
    ("derive_choice", "f(x) = if(x > 0, x^2, -x)", Order::First, Pass::Derive),
    ("derive_second", "f(x, y) = x*sin(y)", Order::Second, Pass::Derive),
    ("simplify_sigmoid", "f(x) = 1/(1 + exp(-x))", Order::First, Pass::Simplify),
    ("simplify_quotient", "f(x) = 1/(exp(x) - 1)", Order::First, Pass::Simplify),
    ("simplify_removable", "f(x) = sin(x)/x", Order::First, Pass::Simplify),
    ("schedule_shares", "f(x, y) = (x*y)^2 + sin(x*y)", Order::First, Pass::Schedule),
    ("schedule_one_division", "f(x, y, z) = (x + y)/z", Order::First, Pass::Schedule),
    ("derive_quadratic_form", "f(A: matrix[n, n], x: vector[n]) = x'*A*x", Order::First, Pass::Derive),
    (
        "prepare_logistic",
        "f(X: matrix[n, k], w: vector[k], y: vector[n]) = sum(ln(1 + exp(-(y .* (X*w)))))",
        Order::First,
        Pass::Prepare,
    ),
    ("schedule_entrywise", "f(x: vector[n], a) = sum(exp(-a*x) .* x)", Order::First, Pass::Schedule),
];

#[test]
fn passes_do_what_their_texts_show() {
    for (name, text, order, pass) in SHOWN {
        let before = Pass::ALL.into_iter().rev().find(|earlier| earlier < pass).expect("no pass is the first");
        let (given, made) = (after(text, *order, before), after(text, *order, *pass));
        assert_ne!(given, made, "{name} shows nothing");
        let shown = format!("{text}\n\nafter {before:?}:\n{given}\nafter {pass:?}:\n{made}");
        insta::with_settings!({ snapshot_path => "../snapshots/passes", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(*name, shown);
        });
    }
}

/// Makes a graph with a number, a vector and a matrix, and returns the reason why a node on them is refused.
fn refused(stage: Stage, node: impl FnOnce(&mut Graph, [gradc::graph::ExprId; 3]) -> Node) -> String {
    let mut graph = Graph::new();
    let x = graph.add_input(Input { parameter: "x".to_string(), place: Vec::new() });
    let n = Dimension::name("n");
    let v = graph.add_matrix_input("v", Extents::column(n.clone()));
    let a = graph.add_matrix_input("a", Extents::new(n, Dimension::number(3)));
    assert_eq!(graph.verify(&[x, v, a], Stage::Resolved), Ok(()));
    let node = node(&mut graph, [x, v, a]);
    let root = graph.intern(node);
    graph.verify(&[root], stage).expect_err("it is malformed")
}

#[test]
fn malformed_graphs_are_found() {
    let one = Rational::ONE;
    let is = |reason: String, part: &str| assert!(reason.contains(part), "{reason}");
    is(refused(Stage::Resolved, |_, [x, ..]| Node::Apply(rows::POW, [x].into())), "has 1 arguments");
    is(refused(Stage::Resolved, |_, [x, ..]| Node::Select(x, x, x)), "a number stands for a condition");
    is(refused(Stage::Resolved, |_, [x, ..]| Node::Not(x)), "a number stands for a condition");
    let condition = |graph: &mut Graph, x| graph.intern(Node::Compare(Comparison::Less, x, x));
    is(
        refused(Stage::Resolved, |graph, [x, ..]| {
            Node::Sum(Rational::ZERO, [(condition(graph, x), one.clone())].into())
        }),
        "a condition stands for a number",
    );
    is(
        refused(Stage::Resolved, |_, [_, v, a]| Node::Product([(v, one.clone()), (a, one.clone())].into())),
        "don't match entry by entry",
    );
    is(refused(Stage::Resolved, |_, [x, ..]| Node::Derivative(x, x)), "a derivative is left");
    is(refused(Stage::Written, |graph, [x, ..]| Node::Derivative(x, condition(graph, x))), "not by a name");
    is(refused(Stage::Resolved, |_, _| Node::Input(7)), "there is no such parameter");
    let operation = |operation: MatrixOperation, operands: &[_]| Node::Matrix(Box::new(operation), operands.into());
    is(refused(Stage::Resolved, |_, [_, v, a]| operation(MatrixOperation::Product, &[a, v])), "don't multiply");
    is(refused(Stage::Resolved, |_, [_, _, a]| operation(MatrixOperation::Trace, &[a])), "is not square");
    is(refused(Stage::Resolved, |_, [_, v, a]| operation(MatrixOperation::Stack, &[v, a])), "don't stack");
    let zero = || Dimension::number(0);
    let four = Extents::new(Dimension::number(1), Dimension::number(4));
    is(
        refused(Stage::Resolved, |_, [_, _, a]| operation(MatrixOperation::Slice(zero(), zero(), four), &[a])),
        "is not within",
    );
}

#[test]
fn malformed_tapes_are_found() {
    let tape = |operations: Vec<Operation>| {
        let outputs = vec![Slot(operations.len() as u32 - 1)];
        Tape { operations, outputs }
    };
    let x = || Operation::Input(0);
    assert_eq!(tape(vec![x(), Operation::Negate(Slot(0))]).verify(), Ok(()));
    let wrong = [
        vec![x(), Operation::Add(Slot(0), Slot(1))],
        vec![x(), Operation::Select(Slot(0), Slot(0), Slot(0))],
        vec![x(), Operation::Compare(Comparison::Less, Slot(0), Slot(0)), Operation::Negate(Slot(1))],
        vec![x(), Operation::Call(rows::POW, Slot(0))],
    ];
    for operations in wrong {
        assert!(tape(operations.clone()).verify().is_err(), "{operations:?}");
    }
    assert!(Tape { operations: vec![x()], outputs: vec![Slot(3)] }.verify().is_err());
}
