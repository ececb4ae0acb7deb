//! Every function of the language compiles, in double and in single precision, and computes what the evaluator
//! computes, with its first and second derivatives; functions with several values have Jacobians.

#[path = "common/program.rs"]
mod program;

use gradc::derive::{Form, Order, derive};
use gradc::functions::{self, Arity, TABLE};
use gradc::source::Source;
use gradc::{Derive, Options, Scalar};
use program::{Program, arguments, gradient, same};

/// Points of which each function has some in its domain, all exact in single precision, none near a zero of a derivative.
const POINTS: &[[f64; 3]] = &[[0.5, 0.25, 2.0], [1.5, 0.75, 3.0], [-0.375, -1.25, 0.5], [2.25, -0.5, 1.25]];
/// Largest relative error in single precision.
const SINGLE: f64 = 1e-5;

/// Writes a call of each function that takes numbers and gives a number.
fn calls() -> Vec<(String, usize)> {
    let scalar = TABLE.iter().filter(|row| row.arity != Arity::Collective);
    let mut calls: Vec<(String, usize)> = scalar
        .map(|row| match (row.name, row.arity) {
            (name, _) if row.derivatives.first() == Some(&"") => (format!("{name}(2, a)"), 1),
            (name, Arity::Folded) => (format!("{name}(a, b, c)"), 3),
            (name, _) => {
                let arguments = ["a", "b", "c"][..row.parameters.len()].join(", ");
                (format!("{name}({arguments})"), row.parameters.len())
            }
        })
        .collect();
    calls.push(("logsumexp([a, b, c])".to_string(), 3));
    calls.push(("dot(softmax([a, b, c]), log_softmax([c, b, a]))".to_string(), 3));
    calls.push(("norm2([a, b, c])*norm1([a, b, c])*mean([a, b, c])".to_string(), 3));
    calls
}

/// A result to come, and the values that it must have.
struct Expected {
    call: String,
    at: Vec<f64>,
    values: Vec<f64>,
}

/// Adds all functions in one precision.
fn add(program: &mut Program, scalar: Scalar) -> Vec<Expected> {
    let options = Options { derive: vec![Derive::Gradient, Derive::Hessian], scalar, ..Options::default() };
    let mut all = Vec::new();
    for (number, (call, count)) in calls().into_iter().enumerate() {
        let source = Source::new("call", call.as_str());
        let declarations = ["a", "b", "c"].map(|name| Source::new("param", name));
        let function = gradc::read(&source, &declarations[..count]).expect("the call is read").remove(0);
        let rust = gradc::rust(std::slice::from_ref(&function), &options).expect("code is generated");
        let inputs: Vec<usize> = (0..count).collect();
        let function = function.entries.expect("a call has entries");
        let tape = derive(&function, &inputs, Order::Second, Form::Code).expect("it derives").tape();
        let module = format!("{}_{number}", scalar.name());
        program.module(&module, &rust);
        let before = all.len();
        for point in POINTS {
            let at = &point[..count];
            let upper = tape.evaluate(at);
            if !upper.iter().all(|value| value.is_finite()) {
                continue;
            }
            let entries = gradient(&rust, "FGrad");
            let halves = (0..count).flat_map(|row| (row..count).map(move |column| format!("r.2[{row}][{column}]")));
            let names: Vec<String> = ["r.0".to_string()].into_iter().chain(entries).chain(halves).collect();
            program.print(&format!("{module}::f_hessian({})", arguments(at)), &names);
            all.push(Expected { call: call.clone(), at: at.to_vec(), values: upper });
        }
        assert!(all.len() > before, "no point is in the domain of {call} and its derivatives");
    }
    all
}

#[test]
fn every_function_compiles_in_double_precision() {
    let mut program = Program::default();
    let expected = add(&mut program, Scalar::F64);
    assert!(expected.len() > functions::all().count());
    for (line, expected) in program.run("double").iter().zip(&expected) {
        let Expected { call, at, values } = expected;
        assert!(same(line, values), "{call} at {at:?} is {line:?}, not {values:?}");
    }
}

#[test]
fn every_function_compiles_in_single_precision() {
    let mut program = Program::default();
    let expected = add(&mut program, Scalar::F32);
    let lines = program.run("single");
    assert_eq!(lines.len(), expected.len());
    for (line, Expected { call, at, values }) in lines.iter().zip(&expected) {
        assert_eq!(line.len(), values.len());
        for (value, expected) in line.iter().zip(values) {
            let close = (value - expected).abs() <= SINGLE * expected.abs().max(SINGLE);
            assert!(close, "{call} at {at:?}: {value:?} is not {expected:?}");
        }
    }
}

/// Compiles an expression with declared parameters and returns the one line that it prints.
fn jacobian(name: &str, text: &str, declared: &[&str], call: &str, expressions: &[&str]) -> Vec<f64> {
    let declarations: Vec<Source> = declared.iter().map(|text| Source::new("param", *text)).collect();
    let source = Source::new("expression", text);
    let options = Options { derive: vec![Derive::Jacobian], ..Options::default() };
    let mut program = Program::default();
    program.module("e", &gradc::compile_source(&source, &declarations, &options).expect("it compiles").rust);
    let expressions: Vec<String> = expressions.iter().map(|expression| (*expression).to_string()).collect();
    program.print(&format!("e::f_jacobian({call})"), &expressions);
    program.run(name).remove(0)
}

fn assert_close(values: &[f64], expected: &[f64]) {
    assert_eq!(values.len(), expected.len());
    for (value, expected) in values.iter().zip(expected) {
        assert!((value - expected).abs() <= 4e-16 * expected.abs().max(0.25), "{values:?} is not {expected:?}");
    }
}

#[test]
fn a_vector_of_formulas_has_a_jacobian() {
    let values = jacobian("polar", "[r*cos(t), r*sin(t)]", &[], "2.0, 0.5", &["r.0", "r.1.r", "r.1.t"]);
    let (sine, cosine) = (0.5f64.sin(), 0.5f64.cos());
    assert_close(&values, &[2.0 * cosine, 2.0 * sine, cosine, sine, -2.0 * sine, 2.0 * cosine]);
}

#[test]
fn a_function_of_a_vector_has_a_jacobian() {
    let values = jacobian("softmax", "softmax(x)", &["x: vector[3]"], "&[0.25, 1.0, -0.5]", &["r.0", "r.1.x"]);
    // Computed to 40 digits by mpmath.
    let expected = [
        0.278_600_689_196_273,
        0.589_797_663_656_812_6,
        0.131_601_647_146_914_35,
        0.200_982_345_175_634_7,
        -0.164_318_035_581_139_63,
        -0.036_664_309_594_495_08,
        -0.164_318_035_581_139_63,
        0.241_936_379_601_777_95,
        -0.077_618_344_020_638_32,
        -0.036_664_309_594_495_08,
        -0.077_618_344_020_638_32,
        0.114_282_653_615_133_4,
    ];
    assert_close(&values, &expected);
}

#[test]
fn a_matrix_of_formulas_has_a_jacobian() {
    let text = "[[x*y, 2*x], [y^2, x/y]]";
    let values = jacobian("matrix", text, &[], "3.0, 2.0", &["r.0", "r.1.x", "r.1.y"]);
    assert_close(&values, &[6.0, 6.0, 4.0, 1.5, 2.0, 2.0, 0.0, 0.5, 3.0, 0.0, 4.0, -0.75]);
}

/// A function so long that it is split: each term chooses by a condition that several parts share.
#[test]
fn a_long_function_is_split_and_computes_the_same() {
    let term = |i: usize| {
        let next = i + 1;
        format!("if(x[0] > 0, 100, 50)*(x[{next}] - x[{i}]^2)^2 + (1 - x[{i}])^2*exp(x[{i}])")
    };
    let terms: Vec<String> = (0..399).map(term).collect();
    let text = format!("if(sum(x) > 1, 2, 3)*({})", terms.join(" + "));
    let source = Source::new("expression", &text);
    let declarations = [Source::new("param", "x: vector[400]")];
    let rust = gradc::compile_source(&source, &declarations, &Options::default()).expect("it compiles").rust;
    assert!(rust.contains("fn f_grad_part_2("), "the function is too short to be split");
    let mut program = Program::default();
    program.module("long", &rust);
    let point: Vec<f64> = (0..400).map(|at| f64::from(at % 17) / 8.0 - 0.5).collect();
    program.print(&format!("long::f_grad(&[{}])", arguments(&point)), &["r.0".to_string(), "r.1.x".to_string()]);
    let values = program.run("long").remove(0);
    let function = gradc::read(&source, &declarations).expect("it is right").remove(0).entries.expect("it has entries");
    let all: Vec<usize> = (0..400).collect();
    let tape = derive(&function, &all, Order::First, Form::Code).expect("it has derivatives").tape();
    assert!(same(&values, &tape.evaluate(&point)));
}
