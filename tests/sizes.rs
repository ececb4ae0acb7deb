//! Generated code refuses sizes that do not fit before it writes anything: slices of other lengths, and dimensions for
//! which an index or a slice would lie outside.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use program::Program;

/// A function, the sizes of its dimensions, the lengths of the slices that it reads and writes, and whether they fit.
type Call = (&'static str, &'static [usize], &'static [usize], &'static [usize], bool);

const CALLS: &[Call] = &[
    ("f(x: vector[n], y: vector[n]) = dot(x, y)*x[2]", &[3], &[3, 3], &[3, 3], true),
    ("f(x: vector[n], y: vector[n]) = dot(x, y)*x[2]", &[2], &[2, 2], &[2, 2], false),
    ("f(x: vector[n], y: vector[n]) = dot(x, y)*x[2]", &[3], &[3, 2], &[3, 3], false),
    ("f(x: vector[n], y: vector[n]) = dot(x, y)*x[2]", &[3], &[3, 3], &[3, 4], false),
    ("f(A: matrix[n, m], x: vector[n]) = A[0, 3]*sum(x)", &[5, 2], &[10, 5], &[10, 5], false),
    ("f(A: matrix[n, m], x: vector[n]) = A[0, 3]*sum(x)", &[5, 4], &[20, 5], &[20, 5], true),
    ("f(x: vector[n], y: vector[m]) = sum(x[m..])*sum(y)", &[3, 2], &[3, 2], &[3, 2], true),
    ("f(x: vector[n], y: vector[m]) = sum(x[m..])*sum(y)", &[2, 3], &[2, 3], &[2, 3], false),
    ("f(x: vector[n], y: vector[m]) = (1 + sum(i in 2..n, 3))*sum(x)*sum(y)", &[1, 1], &[1, 1], &[1, 1], true),
    ("f(x: vector[n], y: vector[m]) = sum(x[2..n])*sum(x)*sum(y)", &[1, 1], &[1, 1], &[1, 1], false),
    ("f(T: tensor[n, m, 2], y: vector[m]) = T[0, 1, 1]*sum(y)", &[2, 2], &[8, 2], &[8, 2], true),
    ("f(T: tensor[n, m, 2], y: vector[m]) = T[0, 1, 1]*sum(y)", &[2, 1], &[4, 1], &[4, 1], false),
    ("f(T: tensor[n, m, 2], y: vector[m]) = T[0, 1, 1]*sum(y)", &[2, 2], &[6, 2], &[8, 2], false),
    ("f(x: vector[n], y: vector[5 - n]) = sum(x)*sum(y)", &[6], &[6, 0], &[6, 0], false),
    ("f(x: vector[n], y: vector[5 - n]) = sum(x)*sum(y)", &[5], &[5, 0], &[5, 0], true),
    (
        "f(x: vector[n], y: vector[m]) = sum(i in 0..n, sin(x[i])*x[max(m - 3, 0)])*sum(y)",
        &[0, 1],
        &[0, 1],
        &[0, 1],
        false,
    ),
    (
        "f(x: vector[n], y: vector[m]) = sum(i in 0..n, sin(x[i])*x[max(m - 3, 0)])*sum(y)",
        &[1, 3],
        &[1, 3],
        &[1, 3],
        true,
    ),
    (
        "f(x: vector[n], y: vector[m]) = sum(i in 0..n, sin(x[i])*x[max(i - 3, 0)])*sum(y)",
        &[0, 1],
        &[0, 1],
        &[0, 1],
        true,
    ),
    ("f(x: vector[2*type], y: vector[i - 1]) = sum(x[type..])*sum(y)", &[1, 2], &[2, 1], &[2, 1], true),
];

#[test]
fn sizes_that_do_not_fit_are_refused_before_anything_is_written() {
    let mut program = Program::default();
    for (at, (text, sizes, inputs, outputs, _)) in CALLS.iter().enumerate() {
        let rust =
            gradc::compile(text, &gradc::Options::default()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        program.module(&format!("m{at}"), &rust.rust);
        let fields: Vec<&str> = text[2..].split(')').next().into_iter().flat_map(|head| head.split(", ")).collect();
        let fields: Vec<&str> = fields.iter().filter_map(|field| Some(field.split_once(": ")?.0)).collect();
        let numbers: String = sizes.iter().map(|size| format!("{size}, ")).collect();
        let slices: String = inputs.iter().map(|length| format!("&vec![2.0; {length}], ")).collect();
        let results: String = outputs.iter().map(|length| format!("vec![-7.0; {length}], ")).collect();
        let places: Vec<String> =
            fields.iter().enumerate().map(|(at, field)| format!("{field}: &mut results[{at}]")).collect();
        let workspace = match rust.rust.contains("f_grad_workspace(") {
            true => "&mut [0.0; 100], ",
            false => "",
        };
        program.print(
            &format!(
                "{{ std::panic::set_hook(Box::new(|_| ())); let mut results: Vec<Vec<f64>> = vec![{results}]; let done = \
                 std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {{ let [a, b] = &mut results[..] else {{ return }}; \
                 let mut derivatives = m{at}::FGrad {{ {} }}; m{at}::f_grad({numbers}{slices}&mut derivatives, {workspace}); \
                 }})).is_ok(); let untouched = results.iter().flatten().all(|number| *number == -7.0); \
                 [f64::from(u8::from(done)), f64::from(u8::from(untouched))] }}",
                places.join(", ").replace("&mut results[0]", "a").replace("&mut results[1]", "b")
            ),
            &["r".to_string()],
        );
    }
    for ((text, sizes, .., fits), result) in CALLS.iter().zip(program.run("sizes")) {
        let expected = if *fits { [1.0, 0.0] } else { [0.0, 1.0] };
        assert_eq!(result, expected, "{text} with {sizes:?}: whether it returned, and whether nothing was written");
    }
}

/// Rows of different lengths hold as many numbers as the matrix, in other places.
#[test]
fn values_of_another_shape_are_refused() {
    for (declared, given) in [
        ("matrix[3,2]", "[[1,2],[3,4,5],[6]]"),
        ("matrix[n,m]", "[[1,2],[3,4,5],[6]]"),
        ("matrix[3,2]", "[[1,2,3],[4,5,6]]"),
        ("vector[2]", "[1,null,2]"),
    ] {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("shape.json");
        std::fs::write(&path, format!("{{\"W\": {given}}}")).expect("the file is written");
        let mut gradc = std::process::Command::new(env!("CARGO_BIN_EXE_gradc"));
        let output = gradc.args(["grad", &format!("f(W: {declared}) = sum(W .* W)"), "--at"]).arg(&path).output();
        let output = output.expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{declared}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
