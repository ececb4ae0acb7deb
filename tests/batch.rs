//! Functions for many points compute what those for one point compute, at any number of points, and refuse slices of
//! different lengths before they write anything.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::lower::{Entries, Shape};
use gradc::source::Source;
use gradc::{Batch, Derive, Options, Scalar, Target};
use program::{Program, fields};
use std::process::Command;

/// Numbers of points around those of blocks.
const POINTS: [usize; 8] = [0, 1, 31, 32, 33, 64, 65, 257];

/// What the results hold before they are written.
const UNWRITTEN: &str = "-7.5";

/// Sources, each with the parameters that are batched if not all are.
const SOURCES: &[(&str, &[&str])] = &[
    ("neuron(w: vector[3], x: vector[2]) = sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])", &[]),
    ("neuron(w: vector[3], x: vector[2]) = sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])", &["x"]),
    ("exponentials(x, y) = exp(x*exp(-y)) + (exp(x) - 1)*exp(exp(y)/9)", &[]),
    ("logarithms(x > 0, y > 0) = ln(1 + ln(1 + x*y)) + ln(x)*ln(y + ln(2 + x))", &[]),
    ("hyperbolic(x, y) = tanh(x*tanh(y + tanh(x))) + sinh(x*y)*cosh(y - sinh(x))", &[]),
    ("waves(x, y) = sin(x*sin(y + sin(x))) + cos(y*cos(x)) + 1e9*sin(1e10*x)", &[]),
    ("activations(x, y) = softplus(x + softplus(y)) + silu(x*y) + ln(cosh(x - y))", &[]),
    ("rosenbrock(x: vector[4]) = sum(i in 0..3, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", &[]),
    (
        "arm(q: vector[2], upper, lower) = [upper*cos(q[0]) + lower*cos(q[0] + q[1]), upper*sin(q[0]) + lower*sin(q[0] + q[1])]",
        &[],
    ),
    (
        "arm(q: vector[2], upper, lower) = [upper*cos(q[0]) + lower*cos(q[0] + q[1]), upper*sin(q[0]) + lower*sin(q[0] + q[1])]",
        &["q"],
    ),
    (CALL_PRICE, &[]),
    (CALL_PRICE, &["spot", "time"]),
    (
        "choices(x, y) = if(x < y and x > 0.3, exp(x), ln(y)) + if(not (x < 0.5) or y > 0.9, x^2, tanh(y)) + sqrt(abs(x - y))",
        &[],
    ),
    (
        "kinks(x, y) = max(x, y, 0.4) + min(x*y, 0.2)*floor(3*x) + relu(x - 0.5)*sign(y - x) + step(y - 0.7) + round(2*y)",
        &[],
    ),
    ("product(A: matrix[2, 3], x: vector[3]) = A*x", &[]),
    ("form(A: matrix[2, 2], x: vector[2]) = dot(x, A*x)*exp(A[0, 1])", &["x"]),
    (
        "other(x, k) = pow(x, k) + atan2(x, k) + atan(x)*hypot(x, k)^3 + gamma(1 + x) + polygamma(1, k + x) + cbrt(x)",
        &[],
    ),
    ("shared(x, k, w: vector[2]) = w[0]*erf(k)*x + ln(k + w[1])*sin(k)*exp(x*sin(k)) + sqrt(pi)", &["x"]),
    ("linear(x, y) = [2*x, y, 1, x]", &[]),
    ("constant() = pi/3", &[]),
    ("kept(k, x: vector[2]) = [exp(k), x[1]]", &["x"]),
    (
        "f(lane, lanes, n, points, i, at, x, x_batch, x_block, entry) = lane*exp(lanes) + n*points^2 + i*sin(at)*x + x_batch/x_block + erf(entry)",
        &[],
    ),
    (
        "f(FMA, body, avx2, value, gradient, hessian, t1, type, matrices, special) = FMA*exp(body) + avx2*value^2 + gradient*sin(hessian)*t1 + type/matrices + erf(special)",
        &[],
    ),
];

const CALL_PRICE: &str = "\
call_price(spot > 0, strike > 0, sigma > 0, time > 0, rate) = {
    let d1 = (ln(spot/strike) + (rate + sigma^2/2)*time)/(sigma*sqrt(time));
    let d2 = d1 - sigma*sqrt(time);
    spot*erfc(-d1/sqrt(2))/2 - strike*exp(-rate*time)*erfc(-d2/sqrt(2))/2
}";

fn batch(names: &[&str]) -> Batch {
    if names.is_empty() { Batch::all() } else { Batch::only(names.iter().copied()) }
}

fn options(names: &[&str]) -> Options {
    let derive = vec![Derive::Gradient, Derive::Hessian];
    Options { derive, batch: batch(names), ..Options::default() }
}

fn function(text: &str) -> Entries {
    let mut functions = gradc::read(&Source::new("batch", text), &[]).expect("the source is read");
    functions.remove(0).entries.expect("it has entries")
}

/// Compiles one function; what it has no Hessian of has a Jacobian.
fn compile(text: &str, options: &Options) -> String {
    let number = function(text).shape == Shape::Scalar;
    let derive = options.derive.iter().copied().filter(|derive| number || *derive != Derive::Hessian).collect();
    let rust = gradc::compile(text, &Options { derive, ..options.clone() }).expect("it compiles").rust;
    // What is the same everywhere needs no `unsafe`.
    format!("#![{}(unsafe_code)]\n{rust}", if options.reproducible { "forbid" } else { "deny" })
}

/// Arranges expressions as a number, an array or an array of arrays; takes them from the front of the list.
fn arranged(shape: Shape, entries: &mut impl Iterator<Item = String>) -> String {
    let mut array = |count: usize| format!("[{}]", entries.by_ref().take(count).collect::<Vec<_>>().join(", "));
    let mut rows = |count: usize, columns: usize| {
        format!("[{}]", (0..count).map(|_| array(columns)).collect::<Vec<_>>().join(", "))
    };
    match shape {
        Shape::Scalar => entries.next().expect("an entry"),
        Shape::Vector(n) => array(n),
        Shape::Matrix(count, columns) => rows(count, columns),
        Shape::Tensor(layers, count, columns) => {
            format!("[{}]", (0..layers).map(|_| rows(count, columns)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The expressions of the entries of a value.
fn entries(value: &str, shape: Shape) -> Vec<String> {
    let indices = |place: Vec<usize>| place.iter().map(|at| format!("[{at}]")).collect::<String>();
    shape.places().map(|place| format!("{value}{}", indices(place))).collect()
}

/// A function of generated code, of one point and of many.
struct Pair {
    name: &'static str,
    /// The expressions of all results for one point, which is `r`.
    results: Vec<String>,
    /// The arguments that results are written to, made of the slices `o0`, `o1` and so on.
    arguments: Vec<String>,
}

/// Lists what is generated of a function, in a module.
fn pairs(module: &str, function: &Entries, rust: &str) -> Vec<Pair> {
    let shape = function.shape;
    let (suffix, kind) = if shape == Shape::Scalar { ("_grad", "Grad") } else { ("_jacobian", "Jacobian") };
    let heading = rust.lines().find_map(|line| line.strip_prefix("pub struct ")?.split_once(&format!("{kind}Batch")));
    let stem = heading.expect("a type for many points").0;
    let end = if function.parameters.is_empty() { "" } else { "<'a>" };
    let names = fields(rust, &format!("{stem}{kind}Batch{end}"));
    assert_eq!(names.len(), function.parameters.len());
    let count = function.outputs.len();
    let inputs = function.graph.inputs().len();
    let mut outputs = (0..).map(|at| format!("o{at}"));
    let mut derivatives = Vec::new();
    let mut arranged_fields = Vec::new();
    let value = arranged(shape, &mut outputs);
    for (parameter, name) in function.parameters.iter().zip(&names) {
        if shape == Shape::Scalar {
            derivatives.extend(entries(&format!("r.1.{name}"), parameter.shape));
            arranged_fields.push(format!("{name}: {}", arranged(parameter.shape, &mut outputs)));
        } else {
            let rows = (0..count).flat_map(|row| entries(&format!("r.1.{name}[{row}]"), parameter.shape));
            derivatives.extend(rows);
            let rows: Vec<String> = (0..count).map(|_| arranged(parameter.shape, &mut outputs)).collect();
            arranged_fields.push(format!("{name}: [{}]", rows.join(", ")));
        }
    }
    let first = format!("&mut {module}::{stem}{kind}Batch {{ {} }}", arranged_fields.join(", "));
    let hessian = arranged(Shape::Matrix(inputs, inputs), &mut outputs);
    let of_value = entries("r.0", shape);
    let mut pairs = vec![
        Pair { name: "", results: entries("r", shape), arguments: vec![value.clone()] },
        Pair {
            name: suffix,
            results: [&of_value[..], &derivatives].concat(),
            arguments: vec![value.clone(), first.clone()],
        },
    ];
    if rust.contains("_hessian_batch(") {
        let second = entries("r.2", Shape::Matrix(inputs, inputs));
        let results = [of_value, derivatives, second].concat();
        pairs.push(Pair { name: "_hessian", results, arguments: vec![value, first, hessian] });
    }
    pairs
}

/// Writes the arguments that are read, for one point `i` or for all of them; the numbers are in `x`.
fn read(function: &Entries, names: &[&str], one: bool) -> String {
    let arguments = function.parameters.iter().map(|parameter| {
        let batched = names.is_empty() || names.contains(&&*parameter.name);
        let entry = |input: usize| match (one, batched) {
            (true, true) => format!("x[{input}][i]"),
            (true, false) | (false, false) => format!("x[{input}][0]"),
            (false, true) => format!("&x[{input}][..n]"),
        };
        let list = arranged(parameter.shape, &mut parameter.inputs.clone().map(entry));
        if parameter.shape == Shape::Scalar || batched && !one { list } else { format!("&{list}") }
    });
    arguments.collect::<Vec<_>>().join(", ")
}

/// Adds a module with the code, and for each of its functions a line with the number of results that are wrong.
/// `same` is how results are compared.
fn add(program: &mut Program, module: &str, (text, names): (&str, &[&str]), options: &Options, same: &str) {
    let rust = compile(text, options);
    let float = options.scalar.name();
    let function = &function(text);
    for pair in pairs(module, function, &rust) {
        let call = format!(
            "{module}::{}{}",
            gradc::read(&Source::new("batch", text), &[]).expect("the source is read")[0].display_name(),
            pair.name
        );
        let count = pair.results.len();
        let slices: Vec<String> = (0..count).map(|at| format!("o{at}")).collect();
        let compare: String =
            pair.results.iter().enumerate().map(|(at, result)| format!("check({result}, o[{at}][i]);\n")).collect();
        let comma = if function.parameters.is_empty() { "" } else { ", " };
        program.print(
            &format!(
                "{{
    let mut state = 1_u64;
    let mut number = || {{
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        0.05 + (state >> 11) as {float} / (1_u64 << 53) as {float}
    }};
    #[allow(unused_variables)]
    let x: Vec<Vec<{float}>> = (0..{inputs}).map(|_| (0..300).map(|_| number()).collect()).collect();
    let (mut wrong, mut compared) = (0.0, 0.0);
    let mut check = |a: {float}, b: {float}| {{
        compared += 1.0;
        if !({same} || a.is_nan() && b.is_nan()) {{
            wrong += 1.0;
        }}
    }};
    for n in {POINTS:?} {{
        let mut o = vec![vec![{UNWRITTEN}; n]; {count}];
        let [{slices}] = &mut o[..] else {{ unreachable!() }};
        {call}_batch({many}{comma}{arguments});
        for i in 0..n {{
            let r = {call}({one});
            {compare}
        }}
    }}
    [wrong, compared]
}}",
                inputs = function.graph.inputs().len(),
                slices = slices.join(", "),
                many = read(function, names, false),
                one = read(function, names, true),
                arguments = pair.arguments.join(", "),
            ),
            &["r".to_string()],
        );
    }
    program.module(module, &rust);
}

/// How results are compared where kernels compute several functions side by side.
const CLOSE: &str = "(a - b).abs() <= 1e-13 * (1.0 + a.abs())";

/// How results are compared where both functions call the library, as reproducible code does.
const EQUAL: &str = "a == b";

fn run(name: &str, options: fn(&[&str]) -> Options, same: &str) {
    let mut program = Program::default();
    for (at, source) in SOURCES.iter().enumerate() {
        add(&mut program, &format!("m{at}"), *source, &options(source.1), same);
    }
    let all: usize = POINTS.iter().sum();
    for (at, line) in program.run(name).iter().enumerate() {
        assert!(line[0] == 0.0 && line[1] >= all as f64, "line {at}: {line:?}");
    }
}

#[test]
fn many_points_are_computed_like_each_of_them() {
    run("batch_close", options, CLOSE);
}

#[test]
fn reproducible_code_computes_the_same_bits_for_many_points() {
    run("batch_equal", |names| Options { reproducible: true, ..options(names) }, EQUAL);
}

#[test]
fn many_points_in_single_precision_are_computed_like_each_of_them() {
    run("batch_single", |names| Options { scalar: Scalar::F32, ..options(names) }, EQUAL);
}

/// A program's expression that is 1 if a call panics with this in its message and leaves all of `written` as it was.
fn refuses(call: &str, message: &str, written: &[&str]) -> String {
    let unwritten: Vec<String> =
        written.iter().map(|slice| format!("{slice}.iter().all(|entry| *entry == {UNWRITTEN})")).collect();
    format!(
        "{{
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {call}));
    let message = match outcome {{
        Ok(()) => String::new(),
        Err(message) => message.downcast_ref::<String>().cloned().unwrap_or_default(),
    }};
    let refused = message.contains({message:?});
    if refused && {} {{ 1.0 }} else {{ eprintln!(\"{{message}}\"); 0.0 }}
}}",
        unwritten.join(" && ")
    )
}

#[test]
fn lengths_that_differ_are_refused_before_anything_is_written() {
    let text = "f(x, w: vector[2], k) = k*exp(x)*w[0] + w[1]";
    let mut program = Program::default();
    program.module("m", &compile(text, &options(&["x", "w"])));
    program.module("arm", &compile("f(A: matrix[2, 2]) = [A[0, 0]*A[1, 1], A[0, 1]]", &options(&[])));
    let slices = |lengths: [usize; 8]| {
        let slice =
            |(at, length): (usize, &usize)| format!("#[allow(unused)] let mut s{at} = vec![{UNWRITTEN}; {length}];");
        lengths.iter().enumerate().map(slice).collect::<Vec<_>>().join(" ")
    };
    let first = "m::f_grad_batch(&s0, [&s1, &s2], 2.0, &mut s3, &mut m::FGradBatch { x: &mut s4, w: [&mut s5, &mut s6], k: &mut s7 })";
    let names = ["", "each entry of `w`", "each entry of `w`", "`value`", "`gradient.x`", "each entry of `gradient.w`"];
    for (at, name) in [&names[..], &["each entry of `gradient.w`", "`gradient.k`"]].concat().iter().enumerate().skip(1)
    {
        for length in [0, 39, 41] {
            let mut lengths = [40; 8];
            lengths[at] = length;
            let refused = refuses(first, &format!("{name} is as long as `x`"), &["s3", "s4", "s5", "s6", "s7"]);
            program.print(&format!("{{ {} {refused} }}", slices(lengths)), &["r".to_string()]);
        }
    }
    let second = "arm::f_batch([[&s0, &s1], [&s2, &s3]], [&mut s4, &mut s5])";
    for (at, name) in [(0, "A"), (3, "A"), (5, "value")] {
        let mut lengths = [40; 8];
        lengths[at] = 33;
        let refused = refuses(second, &format!("each entry of `{name}` is as long as `A[0][0]`"), &["s4", "s5"]);
        program.print(&format!("{{ {} {refused} }}", slices(lengths)), &["r".to_string()]);
    }
    assert!(program.run("batch_lengths").iter().all(|line| *line == [1.0]));
}

#[test]
fn functions_that_are_kept_whole_say_that_they_have_none() {
    let text = "f(x) = exp(x)\ng(x: vector[n]) = sum(x)\nh(x: vector[100]) = norm2(x)\nk(y) = y^2";
    let compile = |names: &[&str]| gradc::compile(text, &options(names)).expect("it compiles").rust;
    let why = "they are written entry by entry, for at most 64 numbers with fixed dimensions";
    let notes =
        |rust: &str, why: &str| rust.matches(&format!("/// There are no functions for many points: {why}.")).count();
    let rust = compile(&[]);
    assert_eq!(notes(&rust, why), 2, "{rust}");
    let list = ["f_batch", "f_grad_batch", "f_hessian_batch", "k_batch", "k_grad_batch", "k_hessian_batch"];
    assert!(list.iter().all(|name| rust.contains(&format!("pub fn {name}("))) && rust.matches("_batch(").count() >= 6);
    let rust = compile(&["x"]);
    assert_eq!((notes(&rust, why), notes(&rust, "no parameter is called `x`")), (2, 1), "{rust}");
    assert!(!rust.contains("fn k_batch("));
}

#[test]
fn what_no_function_has_is_refused_with_a_way_out() {
    for (text, names, code, message) in [
        ("f(x: vector[n]) = sum(x)", &[][..], "E0017", "in `f`: there are no functions for many points: "),
        ("f(x) = x", &["y"], "E0025", "in `f`: there is no parameter `y` that could differ between points"),
        ("f(x) = x\ng(y: vector[n]) = sum(y)", &["y"], "E0017", "in `g`: there are no functions for many points: "),
    ] {
        let derive = Vec::new();
        let errors = gradc::compile(text, &Options { derive, ..options(names) }).expect_err("it is refused");
        let [wrong] = errors.diagnostics() else { panic!("{text}") };
        assert!(wrong.fault.code() == code && wrong.message.starts_with(message), "{}", wrong.message);
        assert!(code == "E0025" || wrong.hint.is_some());
    }
}

#[test]
fn what_takes_too_many_numbers_of_a_point_is_left_out() {
    let text = "f(x: vector[36]) = exp(sum(i in 0..35, sin(x[i])*x[i+1]))";
    let rust = compile(text, &options(&[]));
    assert!(rust.contains("pub fn f_grad_batch(") && !rust.contains("fn f_hessian_batch("));
    let note = rust.lines().find(|line| line.starts_with("/// There is no `f_hessian_batch`: ")).expect("a note");
    assert!(note.ends_with(" numbers of each point are more than the 512 that are kept at a time."), "{note}");
}

#[test]
fn code_without_the_standard_library_calls_libm() {
    let options = Options { target: Target::NoStd, ..options(&[]) };
    let rust = compile("f(x, y) = exp(x)*sin(y) + sqrt(x*y)", &options);
    assert!(rust.contains("[lane] = ::libm::sin(y_block[lane]);") && rust.contains("::libm::sqrt("), "{rust}");
    assert!(!rust.contains("unsafe {") && !rust.contains("std::") && !rust.contains(".exp()"), "{rust}");
}

#[test]
fn the_command_takes_the_names_after_the_expression() {
    for (arguments, expected) in [
        (&["x*y", "--batch"][..], "pub fn f_batch(x: &[f64], y: &[f64], value: &mut [f64]) {"),
        (&["x*y", "--batch", "x"], "pub fn f_batch(x: &[f64], y: f64, value: &mut [f64]) {"),
        (
            &["x*y*z", "--batch", "x,z", "--scalar", "f32"],
            "pub fn f_batch(x: &[f32], y: f32, z: &[f32], value: &mut [f32]) {",
        ),
        (&["--batch", "--derive", "value", "x*y"], "pub fn f_batch(x: &[f64], y: &[f64], value: &mut [f64]) {"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc")).arg("compile").args(arguments).output();
        let output = output.expect("gradc runs");
        let rust = String::from_utf8_lossy(&output.stdout);
        assert!(rust.contains(expected), "{arguments:?}: {rust}{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the code looks like, for the processor that it runs on and for all.
#[test]
fn code_for_many_points() {
    let neuron = "/// A neuron.\nneuron(w: vector[2], x) = sigmoid(w[0]*x + w[1])";
    let arm = "/// An arm.\narm(q: vector[2], length) = [length*cos(q[0] + q[1]), pow(length, q[0])*sin(q[0] + q[1])]";
    let derive = vec![Derive::Gradient];
    let everywhere = Options { reproducible: true, derive: derive.clone(), ..options(&["q"]) };
    let neuron = compile(neuron, &Options { derive, ..options(&[]) });
    let arm = compile(arm, &everywhere);
    insta::with_settings!({ snapshot_path => "../snapshots/batch", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("for_the_processor", neuron);
        insta::assert_snapshot!("for_all_processors", arm);
    });
}
