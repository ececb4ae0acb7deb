//! Proves laws on random expressions: printing and reading are inverse, forward mode is reverse mode, derivatives are
//! what differences approach, simplified forms have the values of the form as written and never cost more.

#[path = "common/difference.rs"]
mod difference;

use difference::{differentiate, largest};
use gradc::derive::{Derivatives, Form, Order, derive};
use gradc::diff::{self, Differentiator};
use gradc::graph::{ExprId, Graph, Node};
use gradc::lower::{Entries, Formulas};
use gradc::source::{Source, Span};
use gradc::syntax::ast::{Ast, BinaryOperator as B, Expression as E, Name, NodeId, Program, UnaryOperator as U};
use gradc::syntax::{parse, print_expression};
use gradc::tape::{Tape, schedule};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Largest intermediate value of an expression that takes part: beyond, rounding drowns what is compared.
const MODERATE: f64 = 1e3;
/// Largest difference of two ways to compute a value, relative to 1 and to the value.
const TOLERANCE: f64 = 1e-9;
const NAMES: [&str; 3] = ["x", "y", "z"];
const POINTS: [[f64; 3]; 3] = [[0.7, -0.4, 1.3], [-1.1, 0.3, 0.9], [0.25, 1.75, -0.6]];
const OPERATORS: [B; 4] = [B::Add, B::Subtract, B::Multiply, B::Divide];
/// Functions that are smooth everywhere.
const SAFE: [&str; 9] = ["sin", "cos", "tanh", "atan", "asinh", "sigmoid", "softplus", "erf", "exp"];

/// An expression of the language.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Number(&'static str),
    Name(&'static str),
    Negate(Box<Tree>),
    Binary(B, Box<Tree>, Box<Tree>),
    Call(&'static str, Vec<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    List(Vec<Tree>),
}

impl Tree {
    fn build(&self, ast: &mut Ast) -> NodeId {
        let expression = match self {
            Tree::Number(text) => E::Number((*text).to_string()),
            Tree::Name(name) => E::Name((*name).to_string()),
            Tree::Negate(a) => E::Unary(U::Negate, a.build(ast)),
            Tree::Not(a) => E::Unary(U::Not, a.build(ast)),
            Tree::Binary(operator, a, b) => E::Binary(*operator, a.build(ast), b.build(ast)),
            Tree::Call(name, arguments) => {
                let name = Name { text: (*name).to_string(), span: Span::default() };
                E::Call(name, arguments.iter().map(|argument| argument.build(ast)).collect())
            }
            Tree::If(c, a, b) => E::If(c.build(ast), a.build(ast), b.build(ast)),
            Tree::List(entries) => E::List(entries.iter().map(|entry| entry.build(ast)).collect()),
        };
        ast.synthesize(expression)
    }

    fn text(&self) -> String {
        let mut ast = Ast::default();
        let root = self.build(&mut ast);
        print_expression(&ast, root)
    }
}

/// Tells whether a node of one tree is that of another, places aside.
fn same(a: &Ast, x: NodeId, b: &Ast, y: NodeId) -> bool {
    let heads = match (a.get(x), b.get(y)) {
        (E::Number(x), E::Number(y)) | (E::Name(x), E::Name(y)) => x == y,
        (E::Unary(x, _), E::Unary(y, _)) => x == y,
        (E::Binary(x, ..), E::Binary(y, ..)) => x == y,
        (E::Call(x, _), E::Call(y, _)) => x.text == y.text,
        (x, y) => std::mem::discriminant(x) == std::mem::discriminant(y),
    };
    let children = |ast: &Ast, id: NodeId| {
        let mut children = Vec::new();
        ast.get(id).for_each_child(|child| children.push(child));
        children
    };
    let (left, right) = (children(a, x), children(b, y));
    heads && left.len() == right.len() && left.iter().zip(&right).all(|(x, y)| same(a, *x, b, *y))
}

fn boxed(tree: &Tree) -> Box<Tree> {
    Box::new(tree.clone())
}

fn leaf() -> impl Strategy<Value = Tree> {
    let number = prop::sample::select(vec!["0", "1", "2", "3", "0.5", "1.25", "1e-2"]).prop_map(Tree::Number);
    prop_oneof![1 => number, 3 => prop::sample::select(NAMES.to_vec()).prop_map(Tree::Name)]
}

/// Any expression, whether or not it means something.
fn any_tree() -> impl Strategy<Value = Tree> {
    let operators = vec![
        B::Add,
        B::Subtract,
        B::Multiply,
        B::Divide,
        B::Power,
        B::ElementMultiply,
        B::ElementDivide,
        B::ElementPower,
        B::Less,
        B::Equal,
        B::And,
        B::Or,
    ];
    leaf().prop_recursive(6, 60, 3, move |inner| {
        let pair = (prop::sample::select(operators.clone()), inner.clone(), inner.clone());
        prop_oneof![
            5 => pair.prop_map(|(operator, a, b)| Tree::Binary(operator, Box::new(a), Box::new(b))),
            2 => inner.clone().prop_map(|a| Tree::Negate(Box::new(a))),
            1 => inner.clone().prop_map(|a| Tree::Not(Box::new(a))),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(|arguments| Tree::Call("f", arguments)),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(Tree::List),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(c, a, b)| Tree::If(boxed(&c), boxed(&a), boxed(&b))),
        ]
    })
}

/// Smooth expressions without poles: what is divided by, rooted and put into a logarithm is 1 plus a square.
fn smooth() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(5, 24, 2, |inner| {
        let above_one = |tree: Tree| {
            let square = Tree::Binary(B::Power, Box::new(tree), Box::new(Tree::Number("2")));
            Box::new(Tree::Binary(B::Add, Box::new(Tree::Number("1")), Box::new(square)))
        };
        let pair = (prop::sample::select(OPERATORS.to_vec()), inner.clone(), inner.clone());
        prop_oneof![
            4 => pair.prop_map(move |(operator, a, b)| {
                let b = if operator == B::Divide { above_one(b) } else { Box::new(b) };
                Tree::Binary(operator, Box::new(a), b)
            }),
            1 => inner.clone().prop_map(|a| Tree::Negate(Box::new(a))),
            1 => (inner.clone(), prop::sample::select(vec!["2", "3"]))
                .prop_map(|(a, n)| Tree::Binary(B::Power, Box::new(a), Box::new(Tree::Number(n)))),
            1 => (inner.clone(), prop::sample::select(vec!["ln", "sqrt"]))
                .prop_map(move |(a, name)| Tree::Call(name, vec![*above_one(a)])),
            2 => (inner, prop::sample::select(SAFE.to_vec())).prop_map(|(a, name)| Tree::Call(name, vec![a])),
        ]
    })
}

fn read(text: &str) -> Entries {
    let names = NAMES.map(|name| Source::new("declaration", name));
    let read = gradc::read(&Source::new("expression", text), &names);
    read.expect(text).remove(0).entries.expect(text)
}

fn form(text: &str, order: Order, form: Form) -> Derivatives {
    derive(&read(text), &[0, 1, 2], order, form).expect(text)
}

/// Returns the points at which a tape has moderate values only.
fn moderate(tape: &Tape) -> Vec<[f64; 3]> {
    POINTS.into_iter().filter(|point| largest(tape, point) <= MODERATE).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * (1.0 + a.abs().max(b.abs()))
}

fn tape(graph: &Graph, roots: &[ExprId]) -> Tape {
    schedule(&mut graph.clone(), &mut Formulas::default(), roots)
}

fn leaves(graph: &mut Graph) -> Vec<ExprId> {
    (0..3).map(|input| graph.intern(Node::Input(input))).collect()
}

fn configuration(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(configuration(1000))]

    #[test]
    fn printing_and_reading_are_inverse(tree in any_tree()) {
        let mut ast = Ast::default();
        let root = tree.build(&mut ast);
        let text = print_expression(&ast, root);
        let (again, program) = parse(&Source::new("expression", text.clone())).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let Program::Expression(read) = program else {
            return Err(TestCaseError::fail("not an expression"));
        };
        prop_assert!(same(&ast, root, &again, read), "{text} became {}", print_expression(&again, read));
        prop_assert_eq!(text, print_expression(&again, read));
    }
}

proptest! {
    #![proptest_config(configuration(300))]

    #[test]
    fn forms_have_equal_values(tree in smooth()) {
        let text = tree.text();
        for order in [Order::First, Order::Second] {
            let raw = form(&text, order, Form::Raw).tape();
            let (pretty, code) = (form(&text, order, Form::Pretty).tape(), form(&text, order, Form::Code).tape());
            for point in moderate(&raw) {
                let values = [raw.evaluate(&point), pretty.evaluate(&point), code.evaluate(&point)];
                for (at, value) in values[0].iter().enumerate() {
                    prop_assert!(close(*value, values[1][at]), "{text} at {point:?}: {value} raw, {} pretty", values[1][at]);
                    prop_assert!(close(*value, values[2][at]), "{text} at {point:?}: {value} raw, {} code", values[2][at]);
                }
            }
        }
    }

    #[test]
    fn simplified_forms_cost_no_more(tree in smooth()) {
        let text = tree.text();
        for order in [Order::Value, Order::First, Order::Second] {
            let before = form(&text, order, Form::Raw).tape().counts();
            let after = form(&text, order, Form::Flops).tape().counts();
            prop_assert!(after.flops() <= before.flops(), "{text} {order:?}: {before} became {after}");
        }
    }

    #[test]
    fn forward_mode_is_reverse_mode(trees in prop::collection::vec(smooth(), 4)) {
        let texts: Vec<String> = trees.iter().map(Tree::text).collect();
        let function = read(&format!("[{}]", texts.join(", ")));
        let mut graph = function.graph.clone();
        let by = leaves(&mut graph);
        let mut differentiator = Differentiator::default();
        let forward = diff::jacobian(&mut differentiator, &mut graph, &function.outputs, &by).expect("a derivative");
        for (output, row) in function.outputs.iter().zip(forward) {
            let reverse = diff::gradient(&mut differentiator, &mut graph, *output, &by).expect("a derivative");
            let tape = tape(&graph, &[row, reverse].concat());
            for point in moderate(&tape) {
                let values = tape.evaluate(&point);
                for input in 0..3 {
                    prop_assert!(close(values[input], values[3 + input]), "{texts:?} by {input}: {values:?}");
                }
            }
        }
    }

    #[test]
    fn derivatives_are_what_differences_approach(tree in smooth()) {
        let text = tree.text();
        let tape = form(&text, Order::First, Form::Code).tape();
        for point in moderate(&tape) {
            let values = tape.evaluate(&point);
            for input in 0..3 {
                let along = |x: f64| {
                    let mut moved = point;
                    moved[input] = x;
                    tape.evaluate(&moved)[0]
                };
                let numeric = differentiate(along, point[input], largest(&tape, &point));
                let precise = numeric.error <= TOLERANCE * (1.0 + numeric.value.abs());
                let analytic = values[1 + input];
                let right = (analytic - numeric.value).abs() <= 1e-7 * (1.0 + analytic.abs());
                prop_assert!(!precise || right, "{text} by {input} at {point:?}: {analytic}, {numeric:?}");
            }
        }
    }

    #[test]
    fn hessians_are_jacobians_of_gradients_and_symmetric(tree in smooth()) {
        let text = tree.text();
        let function = read(&text);
        let mut graph = function.graph.clone();
        let by = leaves(&mut graph);
        let mut differentiator = Differentiator::default();
        let gradient = diff::gradient(&mut differentiator, &mut graph, function.outputs[0], &by).expect("a derivative");
        let rows: Vec<ExprId> = gradient
            .iter()
            .flat_map(|entry| diff::gradient(&mut differentiator, &mut graph, *entry, &by).expect("a derivative"))
            .collect();
        let reverse = tape(&graph, &rows);
        let hessian = form(&text, Order::Second, Form::Code);
        let hessian = tape(&hessian.graph, &hessian.second.concat());
        for point in moderate(&reverse) {
            let (a, b) = (reverse.evaluate(&point), hessian.evaluate(&point));
            for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
                prop_assert!(close(a[3 * row + column], a[3 * column + row]), "{text} is not symmetric: {a:?}");
                prop_assert!(close(a[3 * row + column], b[3 * row + column]), "{text}: {a:?} and {b:?}");
            }
        }
    }
}
