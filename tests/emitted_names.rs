//! Whatever a source calls its functions and parameters, the generated names are legal, distinct and quiet: the code
//! compiles with every warning an error, and computes what the evaluator computes.

#[path = "common/program.rs"]
mod program;

use gradc::derive::{Form, Order, derive};
use gradc::lower::{Entries, Shape};
use gradc::source::Source;
use gradc::{Derive, Options};
use program::{Program, arguments, fields, same};

fn options() -> Options {
    Options { derive: vec![Derive::Gradient, Derive::Hessian], ..Options::default() }
}

/// Numbers for the inputs of a function: distinct, and exact in binary.
fn inputs(count: usize) -> Vec<f64> {
    (0..count).map(|at| 0.25 + at as f64 / 16.0).collect()
}

/// Writes numbers as the arguments of a function: arrays by reference, scalars by value.
fn call_arguments(function: &Entries, numbers: &[f64]) -> String {
    let list: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| {
            let own = &numbers[parameter.inputs.clone()];
            match parameter.shape {
                Shape::Scalar => arguments(own),
                Shape::Vector(_) => format!("&[{}]", arguments(own)),
                Shape::Matrix(_, columns) => {
                    let rows: Vec<String> = own.chunks(columns).map(|row| format!("[{}]", arguments(row))).collect();
                    format!("&[{}]", rows.join(", "))
                }
                Shape::Tensor(_, rows, columns) => {
                    let list = |row: &[f64]| format!("[{}]", arguments(row));
                    let layer = |layer: &[f64]| layer.chunks(columns).map(list).collect::<Vec<_>>().join(", ");
                    let layers: Vec<String> =
                        own.chunks(rows * columns).map(|own| format!("[{}]", layer(own))).collect();
                    format!("&[{}]", layers.join(", "))
                }
            }
        })
        .collect();
    list.join(", ")
}

/// Lists the names that the code gives to functions and structures, in the order of the code.
fn generated<'r>(rust: &'r str, keyword: &str) -> Vec<&'r str> {
    let names = rust.lines().filter_map(|line| line.strip_prefix(keyword));
    names.filter_map(|rest| rest.split(['(', ' ']).next()).collect()
}

/// Adds a source with functions of one value each, and the numbers that its lines must hold.
fn add(program: &mut Program, module: &str, text: &str) -> Vec<Vec<f64>> {
    let source = Source::new("names", text);
    let functions = gradc::read(&source, &[]).expect("the source is read");
    let rust = gradc::compile(text, &options()).expect("it compiles").rust;
    let names = generated(&rust, "pub fn ");
    let structures = generated(&rust, "pub struct ");
    assert_eq!((names.len(), structures.len()), (3 * functions.len(), functions.len()), "{rust}");
    program.module(module, &rust);
    let mut expected = Vec::new();
    let functions = functions.iter().map(|function| function.entries.as_ref().expect("it has entries"));
    for ((function, names), structure) in functions.zip(names.chunks(3)).zip(structures) {
        let numbers = inputs(function.graph.inputs().len());
        let list = call_arguments(function, &numbers);
        let entries: Vec<String> = fields(&rust, structure).iter().map(|field| format!("r.1.{field}")).collect();
        assert_eq!(entries.len(), function.parameters.len());
        program.print(&format!("{module}::{}({list})", names[0]), &["r".to_string()]);
        program.print(&format!("{module}::{}({list})", names[1]), &[vec!["r.0".to_string()], entries.clone()].concat());
        program.print(&format!("{module}::{}({list})", names[2]), &[vec!["r.0".to_string()], entries].concat());
        let all: Vec<usize> = (0..numbers.len()).collect();
        // The three functions are parts of one tape.
        let tape = derive(function, &all, Order::Second, Form::Code).expect("it derives").tape();
        let results = tape.evaluate(&numbers)[..=numbers.len()].to_vec();
        expected.extend([results[..1].to_vec(), results.clone(), results]);
    }
    expected
}

/// Compiles sources, each in a module of its own, and compares all results.
fn check(name: &str, sources: &[String]) {
    let mut program = Program::default();
    let modules = sources.iter().enumerate();
    let expected: Vec<_> = modules.flat_map(|(at, text)| add(&mut program, &format!("e{at:03}"), text)).collect();
    let lines = program.run(name);
    assert_eq!(lines.len(), expected.len());
    for (line, expected) in lines.iter().zip(&expected) {
        assert!(line.iter().all(|number| number.is_finite()), "{line:?}");
        assert!(same(line, expected), "{line:?} is not {expected:?}");
    }
}

const AWKWARD: &[&str] =
    &["type", "self", "λ", "α", "f", "gamma", "grad", "match", "Self", "crate", "fn", "_x", "f64", "t1", "special"];

#[test]
fn awkward_parameters_compile_together() {
    let sum: Vec<String> = AWKWARD.iter().map(|name| format!("{name}*erf({name})")).collect();
    let product: Vec<String> = AWKWARD.iter().map(|name| format!("exp({name}^2/9)")).collect();
    let parameters = AWKWARD.join(", ");
    check("together", &[format!("f({parameters}) = {} + {}", sum.join(" + "), product.join("*"))]);
}

#[test]
fn awkward_parameters_compile_alone() {
    let more = ["super", "t", "t_1", "t2", "core", "std", "libm", "r", "FGrad", "f_grad", "lambda", "ж", "u436", "erf"];
    let names: Vec<&&str> = AWKWARD.iter().chain(&more).collect();
    let body = |name: &str| format!("f({name}) = gamma(2 + {name})*sin(pi*{name})/(1 + exp({name})*sin(pi*{name}))");
    check("alone", &names.iter().map(|name| body(name)).collect::<Vec<_>>());
}

#[test]
fn names_that_are_spelled_alike_stay_apart() {
    check(
        "alike",
        &["f(λ, lambda, lambda_2, ж, u436, self, self_) = λ*lambda^2*exp(lambda_2)*ж/(1 + u436)*self^self_"
            .to_string()],
    );
}

#[test]
fn parameters_named_like_variants_of_the_prelude_compile() {
    check("variants", &["f(None, Some, Ok, Err) = None*Some^2 + sin(Ok)*Err".to_string()]);
}

#[test]
fn parameters_named_like_what_loops_use_compile() {
    let names = ["FMA", "at", "lane", "lanes", "body", "avx2", "value", "matrices", "i"];
    let parameters: Vec<String> = names.iter().map(|name| format!("{name}: vector[n]")).collect();
    let terms: Vec<String> = names.iter().map(|name| format!("sum(exp({name}))")).collect();
    let text = format!("f({}) = {}", parameters.join(", "), terms.join(" + "));
    let mut program = Program::default();
    program.module("whole", &gradc::compile(&text, &options()).expect("it compiles").rust);
    program.print(&format!("whole::f(2, {}, &mut [])", ["&[0.0, 0.0]"; 9].join(", ")), &["r".to_string()]);
    assert_eq!(program.run("loops"), [[18.0]]);
}

#[test]
fn awkward_functions_compile() {
    let names = AWKWARD.iter().filter(|name| **name != "gamma").chain(&["λ2", "main", "core", "print1", "u436", "ж"]);
    let sources: Vec<String> = names.map(|name| format!("{name}(x, y) = erf(x)*sin(pi*y)*exp(x*y)")).collect();
    check("functions", &sources);
}

#[test]
fn functions_share_a_file_with_constants_and_arrays() {
    let text = "\
const g = 9.80665;
const half = 1/2;

/// A neuron.
f(w: vector[3], x: vector[2]) = g*sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])
f2(A: matrix[2, 3], x: vector[3], type) = half*type*sum(i in 0..2, sum(j in 0..3, A[i, j]*x[j])^2)
f_grad(x) = f2([[x, 1, 2], [3, x, 4]], [x, x, 5], g)
f_hessian(x: vector[1]) = erf(x[0])*half
";
    check("file", &[text.to_string()]);
}

#[test]
fn functions_that_differ_in_case_compile_together() {
    check("case", &["f(x) = x^2\nF(x) = x^3\nf_(x) = x^4\nf2(x) = x^5\nf_2(x) = x^6".to_string()]);
}
