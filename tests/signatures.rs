//! The signature of generated code follows from the declared types alone: functions of fixed sizes take and return arrays by
//! value, however long these are, and compute the same as where each entry is written out.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::{Derive, Errors, Options, Scalar};
use program::Program;

/// Lengths on both sides of what is written out entry by entry.
const LENGTHS: [usize; 6] = [1, 2, 64, 65, 70, 1000];
/// Longest vector with a Hessian: more is not returned by value.
const LONGEST_WITH_HESSIAN: usize = 255;

const NUMBER: &str = "f(x: vector[N], s) = s*sum(x .* sin(x))";
const VECTOR: &str = "f(x: vector[N], s) = s*x .* sin(x)";
const MATRIX: &str = "f(A: matrix[N, 3], v: vector[3]) = sum((A*v) .* (A*v))";

fn compile(text: &str, derive: &[Derive]) -> Result<String, Errors> {
    let options = Options { derive: derive.to_vec(), ..Options::default() };
    gradc::compile(text, &options).map(|output| output.rust)
}

/// Generates code for a length; for even ones code that is the same on all processors.
fn of_length(text: &str, length: usize, derive: &[Derive]) -> String {
    let text = text.replace('N', &length.to_string());
    let options = Options { derive: derive.to_vec(), reproducible: length.is_multiple_of(2), ..Options::default() };
    gradc::compile(&text, &options).unwrap_or_else(|errors| panic!("{}", errors.render(false))).rust
}

/// Lists signatures, structures and their fields, with letters for the numbers that are a length.
fn signatures(rust: &str, lengths: &[(usize, &str)]) -> Vec<String> {
    let generated = rust.split("\nmod ").next().unwrap_or_default();
    let declares = |line: &&str| line.starts_with("pub ") || line.starts_with("    pub ");
    let named = |line: &str| {
        let named =
            |line: String, (length, name): &(usize, &str)| line.replace(&format!("; {length}]"), &format!("; {name}]"));
        lengths.iter().fold(line.to_string(), named)
    };
    generated.lines().filter(declares).map(named).collect()
}

/// A source with derivatives, lengths, and the signatures at all of these.
type Case = (&'static str, &'static [Derive], &'static [usize], &'static [&'static str]);

const SIGNATURES: &[Case] = &[
    (
        NUMBER,
        &[Derive::Gradient, Derive::Jvp, Derive::Vjp, Derive::Hvp],
        &LENGTHS,
        &[
            "pub fn f(x: &[f64; N], s: f64) -> f64 {",
            "pub struct FGrad {",
            "    pub x: [f64; N],",
            "    pub s: f64,",
            "pub fn f_grad(x: &[f64; N], s: f64) -> (f64, FGrad) {",
            "pub fn f_jvp(x: &[f64; N], s: f64, x_tangent: &[f64; N], s_tangent: f64) -> (f64, f64) {",
            "pub struct FVjp {",
            "    pub x: [f64; N],",
            "    pub s: f64,",
            "pub fn f_vjp(x: &[f64; N], s: f64, cotangent: f64) -> (f64, FVjp) {",
            "pub fn f_hvp(x: &[f64; N], s: f64, x_tangent: &[f64; N], s_tangent: f64) -> (FGrad, FGrad) {",
        ],
    ),
    (
        NUMBER,
        &[Derive::Hessian],
        &[1, 2, 64, 65, 70, 255],
        &[
            "pub fn f(x: &[f64; N], s: f64) -> f64 {",
            "pub struct FGrad {",
            "    pub x: [f64; N],",
            "    pub s: f64,",
            "pub fn f_hessian(x: &[f64; N], s: f64) -> (f64, FGrad, [[f64; ALL]; ALL]) {",
        ],
    ),
    (
        VECTOR,
        &[Derive::Jvp, Derive::Vjp],
        &LENGTHS,
        &[
            "pub fn f(x: &[f64; N], s: f64) -> [f64; N] {",
            "pub fn f_jvp(x: &[f64; N], s: f64, x_tangent: &[f64; N], s_tangent: f64) -> ([f64; N], [f64; N]) {",
            "pub struct FVjp {",
            "    pub x: [f64; N],",
            "    pub s: f64,",
            "pub fn f_vjp(x: &[f64; N], s: f64, cotangent: &[f64; N]) -> ([f64; N], FVjp) {",
        ],
    ),
    (
        VECTOR,
        &[Derive::Jacobian],
        &[1, 2, 64, 65, 70, 255],
        &[
            "pub fn f(x: &[f64; N], s: f64) -> [f64; N] {",
            "pub struct FJacobian {",
            "    pub x: [[f64; N]; N],",
            "    pub s: [f64; N],",
            "pub fn f_jacobian(x: &[f64; N], s: f64) -> ([f64; N], FJacobian) {",
        ],
    ),
    (
        MATRIX,
        &[Derive::Gradient, Derive::Hessian],
        &[1, 2, 20, 21, 22, 70],
        &[
            "pub fn f(A: &[[f64; 3]; N], v: &[f64; 3]) -> f64 {",
            "pub struct FGrad {",
            "    pub A: [[f64; 3]; N],",
            "    pub v: [f64; 3],",
            "pub fn f_grad(A: &[[f64; 3]; N], v: &[f64; 3]) -> (f64, FGrad) {",
            "pub fn f_hessian(A: &[[f64; 3]; N], v: &[f64; 3]) -> (f64, FGrad, [[f64; ALL]; ALL]) {",
        ],
    ),
];

#[test]
fn all_lengths_have_one_kind_of_signature() {
    for (text, derive, lengths, expected) in SIGNATURES {
        for length in *lengths {
            let all = if *text == MATRIX { 3 * length + 3 } else { length + 1 };
            let own = signatures(&of_length(text, *length, derive), &[(all, "ALL"), (*length, "N")]);
            assert_eq!(own, *expected, "{text}, {length}");
        }
    }
}

#[test]
fn what_is_too_large_for_values_is_refused_with_the_way_out() {
    let cases: [(&str, &[Derive], &str); 6] = [
        ("f(x: vector[65537]) = sum(exp(x))", &[], "its vectors and matrices have 65,537 numbers"),
        ("f(x: vector[40000], y: vector[40000]) = x'*y", &[], "its vectors and matrices have 80,000 numbers"),
        ("f(x: vector[300]) = x*x'", &[], "its value has 90,000 numbers"),
        ("f(x: vector[300]) = sum(exp(x))", &[Derive::Hessian], "the Hessian has 90,000 numbers"),
        ("f(x: vector[300]) = exp(x)", &[Derive::Jacobian], "the Jacobian has 90,000 numbers"),
        ("f(A: matrix[200, 200]) = logdet(A)", &[Derive::Gradient], "what it keeps on the way has 80,"),
    ];
    for (text, derive, says) in cases {
        let errors = compile(text, derive).expect_err(text);
        let [wrong] = errors.diagnostics() else { panic!("{text}: {}", errors.render(false)) };
        assert_eq!(wrong.fault.code(), "E0023", "{text}");
        assert!(wrong.message.contains(says) && wrong.message.contains("65,536"), "{text}: {}", wrong.message);
        assert!(wrong.span.is_some(), "{text}");
        assert!(wrong.hint.as_ref().is_some_and(|hint| hint.contains("vector[n]")), "{text}");
    }
    assert!(compile("f(x: vector[65536]) = sum(exp(x))", &[Derive::Gradient]).is_ok());
    assert!(compile("f(x: vector[n]) = sum(exp(x))", &[Derive::Hessian]).is_ok());
}

#[test]
fn code_does_not_grow_with_the_length() {
    for (text, derive) in [(NUMBER, Derive::Gradient), (VECTOR, Derive::Vjp), (MATRIX, Derive::Hvp)] {
        let [short, long] = [70, 1000].map(|length| of_length(text, length, &[derive]).lines().count());
        assert_eq!(short, long, "{text}");
    }
}

/// Entries of vectors, none of which stand out.
fn entry(at: usize) -> f64 {
    (0.7 * at as f64 + 0.3).sin() + 0.1
}

fn entries(count: usize) -> Vec<f64> {
    (0..count).map(entry).collect()
}

const S: f64 = 1.25;
const S_TANGENT: f64 = -0.5;

/// A function that makes arrays, in the program.
const ARRAYS: &str = "
#[allow(dead_code)]
pub fn array<const N: usize>(scale: f64) -> [f64; N] {
    ::core::array::from_fn(|at| scale * ((0.7 * at as f64 + 0.3).sin() + 0.1))
}
#[allow(dead_code)]
pub fn rows<const N: usize>() -> [[f64; 3]; N] {
    ::core::array::from_fn(|row| ::core::array::from_fn(|at| (0.7 * (3 * row + at) as f64 + 0.3).sin() + 0.1))
}
";

fn slope(x: f64) -> f64 {
    x.sin() + x * x.cos()
}

fn curvature(x: f64) -> f64 {
    2.0 * x.cos() - x * x.sin()
}

/// A line of output and what it is by a formula.
struct Line {
    label: String,
    expected: Vec<f64>,
}

/// Adds a call, with the numbers that its result has.
fn add(program: &mut Program, lines: &mut Vec<Line>, call: String, results: &[&str], expected: Vec<f64>) {
    program.print(&call, &results.iter().map(|result| result.to_string()).collect::<Vec<_>>());
    lines.push(Line { label: call, expected });
}

fn square(of: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..of * of).map(|at| entry(at / of, at % of)).collect()
}

fn check(name: &str, program: &Program, lines: &[Line]) {
    for (line, values) in lines.iter().zip(program.run(name)) {
        assert_eq!(values.len(), line.expected.len(), "{}", line.label);
        let scale = line.expected.iter().fold(1.0, |scale: f64, entry| scale.max(entry.abs()));
        for (at, (value, expected)) in values.iter().zip(&line.expected).enumerate() {
            assert!((value - expected).abs() <= 1e-13 * scale, "{}, {at}: {value} for {expected}", line.label);
        }
    }
}

#[test]
fn numbers_have_their_values_and_derivatives_at_all_lengths() {
    let (mut program, mut lines) = (Program::default(), Vec::new());
    program.module("make", ARRAYS);
    for n in LENGTHS {
        let has_hessian = n <= LONGEST_WITH_HESSIAN;
        let mut derive = vec![Derive::Gradient, Derive::Jvp, Derive::Vjp, Derive::Hvp];
        derive.extend(has_hessian.then_some(Derive::Hessian));
        program.module(&format!("f{n}"), &of_length(NUMBER, n, &derive));
        let x = entries(n);
        let sum: f64 = x.iter().map(|x| x * x.sin()).sum();
        let gradient: Vec<f64> = x.iter().map(|x| S * slope(*x)).chain([sum]).collect();
        let value = S * sum;
        // The tangent of x is x/2.
        let tangents: Vec<f64> = x.iter().map(|x| 0.5 * x).chain([S_TANGENT]).collect();
        let along = gradient.iter().zip(&tangents).map(|(slope, tangent)| slope * tangent).sum();
        let given = format!("&make::array::<{n}>(1.0), {S:?}");
        let tangent = format!("&make::array::<{n}>(0.5), {S_TANGENT:?}");
        let second = |row: usize, column: usize| match (row == n, column == n) {
            (true, true) => 0.0,
            (true, false) => slope(x[column]),
            (false, true) => slope(x[row]),
            _ if row == column => S * curvature(x[row]),
            _ => 0.0,
        };
        let product = (0..=n).map(|row| (0..=n).map(|column| second(row, column) * tangents[column]).sum());
        add(&mut program, &mut lines, format!("f{n}::f({given})"), &["r"], vec![value]);
        let first: Vec<f64> = [value].into_iter().chain(gradient.clone()).collect();
        add(&mut program, &mut lines, format!("f{n}::f_grad({given})"), &["r.0", "r.1.x", "r.1.s"], first.clone());
        add(&mut program, &mut lines, format!("f{n}::f_jvp({given}, {tangent})"), &["r.0", "r.1"], vec![value, along]);
        let cotangents = [value].into_iter().chain(gradient.iter().map(|slope| 2.0 * slope)).collect();
        add(&mut program, &mut lines, format!("f{n}::f_vjp({given}, 2.0)"), &["r.0", "r.1.x", "r.1.s"], cotangents);
        let products = gradient.iter().copied().chain(product).collect();
        let results = ["r.0.x", "r.0.s", "r.1.x", "r.1.s"];
        add(&mut program, &mut lines, format!("f{n}::f_hvp({given}, {tangent})"), &results, products);
        if has_hessian {
            let all = first.into_iter().chain(square(n + 1, second)).collect();
            let results = ["r.0", "r.1.x", "r.1.s", "r.2"];
            add(&mut program, &mut lines, format!("f{n}::f_hessian({given})"), &results, all);
        }
    }
    check("signatures_of_numbers", &program, &lines);
}

#[test]
fn vectors_have_their_values_and_derivatives_at_all_lengths() {
    let (mut program, mut lines) = (Program::default(), Vec::new());
    program.module("make", ARRAYS);
    for n in LENGTHS {
        let has_jacobian = n <= LONGEST_WITH_HESSIAN;
        let mut derive = vec![Derive::Jvp, Derive::Vjp];
        derive.extend(has_jacobian.then_some(Derive::Jacobian));
        program.module(&format!("f{n}"), &of_length(VECTOR, n, &derive));
        let x = entries(n);
        let by_s: Vec<f64> = x.iter().map(|x| x * x.sin()).collect();
        let value: Vec<f64> = by_s.iter().map(|entry| S * entry).collect();
        let given = format!("&make::array::<{n}>(1.0), {S:?}");
        let along = x.iter().zip(&by_s).map(|(x, by_s)| S * slope(*x) * 0.5 * x + by_s * S_TANGENT);
        let tangents = value.iter().copied().chain(along).collect();
        // The cotangent is x/2.
        let by_x = x.iter().map(|x| S * slope(*x) * 0.5 * x);
        let weighted = x.iter().zip(&by_s).map(|(x, by_s)| 0.5 * x * by_s).sum();
        let cotangents = value.iter().copied().chain(by_x).chain([weighted]).collect();
        add(&mut program, &mut lines, format!("f{n}::f({given})"), &["r"], value.clone());
        let call = format!("f{n}::f_jvp({given}, &make::array::<{n}>(0.5), {S_TANGENT:?})");
        add(&mut program, &mut lines, call, &["r.0", "r.1"], tangents);
        let call = format!("f{n}::f_vjp({given}, &make::array::<{n}>(0.5))");
        add(&mut program, &mut lines, call, &["r.0", "r.1.x", "r.1.s"], cotangents);
        if has_jacobian {
            let diagonal = square(n, |row, column| if row == column { S * slope(x[row]) } else { 0.0 });
            let all = value.into_iter().chain(diagonal).chain(by_s).collect();
            add(&mut program, &mut lines, format!("f{n}::f_jacobian({given})"), &["r.0", "r.1.x", "r.1.s"], all);
        }
    }
    check("signatures_of_vectors", &program, &lines);
}

#[test]
fn matrices_have_their_values_and_derivatives_at_all_lengths() {
    let (mut program, mut lines) = (Program::default(), Vec::new());
    program.module("make", ARRAYS);
    for n in [1, 2, 20, 21, 22, 70] {
        program.module(&format!("f{n}"), &of_length(MATRIX, n, &[Derive::Gradient, Derive::Hessian]));
        let (a, v) = (entries(3 * n), entries(3));
        let q: Vec<f64> = a.chunks(3).map(|row| row.iter().zip(&v).map(|(a, v)| a * v).sum()).collect();
        let by_a = (0..3 * n).map(|at| 2.0 * q[at / 3] * v[at % 3]);
        let by_v = (0..3).map(|at| (0..n).map(|row| 2.0 * q[row] * a[3 * row + at]).sum());
        let value: f64 = q.iter().map(|q| q * q).sum();
        let first: Vec<f64> = [value].into_iter().chain(by_a).chain(by_v).collect();
        let count = 3 * n + 3;
        let second = |row: usize, column: usize| {
            let (row, column) = (row.min(column), row.max(column));
            match (row < 3 * n, column < 3 * n) {
                (_, true) if row / 3 != column / 3 => 0.0,
                (_, true) => 2.0 * v[row % 3] * v[column % 3],
                (true, false) => {
                    let (i, at, by) = (row / 3, row % 3, column - 3 * n);
                    2.0 * a[3 * i + by] * v[at] + if at == by { 2.0 * q[i] } else { 0.0 }
                }
                _ => (0..n).map(|i| 2.0 * a[3 * i + row - 3 * n] * a[3 * i + column - 3 * n]).sum(),
            }
        };
        let all: Vec<f64> = first.iter().copied().chain(square(count, second)).collect();
        let given = format!("&make::rows::<{n}>(), &make::array::<3>(1.0)");
        add(&mut program, &mut lines, format!("f{n}::f_grad({given})"), &["r.0", "r.1.A", "r.1.v"], first);
        let results = ["r.0", "r.1.A", "r.1.v", "r.2"];
        add(&mut program, &mut lines, format!("f{n}::f_hessian({given})"), &results, all);
    }
    check("signatures_of_matrices", &program, &lines);
}

/// Names that the code uses for itself, and parameters of one entry.
#[test]
fn names_and_arrays_of_one_entry_are_kept_apart() {
    let (mut program, mut lines) = (Program::default(), Vec::new());
    program.module("make", ARRAYS);
    let text = "f(gradient: vector[70], hessian: vector[1], value: matrix[1, 1], i, body: vector[N]) = \
                i*sum(gradient .* gradient)*sum(hessian)*sum(value*body)";
    for scalar in [Scalar::F64, Scalar::F32] {
        let derive = vec![Derive::Gradient, Derive::Hessian, Derive::Hvp, Derive::Jvp, Derive::Vjp];
        let options = Options { derive, scalar, ..Options::default() };
        gradc::compile(&text.replace('N', "1"), &options).expect("the source is compiled");
    }
    program.module("f", &of_length(text, 1, &[Derive::Gradient]));
    let x = entries(70);
    let total: f64 = x.iter().map(|x| x * x).sum();
    let [h, v, i, b] = [2.0, 3.0, 1.5, 0.5];
    let by_x = x.iter().map(|x| 2.0 * x * h * v * i * b);
    let value = total * h * v * i * b;
    let rest = [value / h, value / v, value / i, value / b];
    let expected = [value].into_iter().chain(by_x).chain(rest).collect();
    let results = ["r.0", "r.1.gradient", "r.1.hessian", "r.1.value", "r.1.i", "r.1.body"];
    let call = "f::f_grad(&make::array::<70>(1.0), &[2.0], &[[3.0]], 1.5, &[0.5])".to_string();
    add(&mut program, &mut lines, call, &results, expected);
    check("signatures_of_names", &program, &lines);
}

/// With a named size everything but numbers is a slice, also where it has one entry.
#[test]
fn arrays_of_one_entry_are_slices_beside_a_named_size() {
    let (mut program, mut lines) = (Program::default(), Vec::new());
    let text = "f(x: vector[n], y: vector[1]) = [sum(x .* x)*sum(y)]";
    program.module("f", &compile(text, &[Derive::Jacobian]).expect("the source is compiled"));
    let call = "{ let (mut value, mut by_x, mut by_y) = ([0.5], [0.5; 3], [0.5]); \
                let mut derivatives = f::FJacobian { x: &mut by_x, y: &mut by_y }; \
                let mut workspace = vec![0.5; f::f_jacobian_workspace(3)]; \
                f::f_jacobian(3, &[1.0, 2.0, 3.0], &[2.0], &mut value, &mut derivatives, &mut workspace); \
                [&value[..], &by_x, &by_y].concat() }";
    add(&mut program, &mut lines, call.to_string(), &["r"], vec![28.0, 4.0, 8.0, 12.0, 14.0]);
    check("signatures_of_slices", &program, &lines);
}
