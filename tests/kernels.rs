//! The kernels of generated code, for the processor that the tests run on and for every processor: functions against 120
//! digits, products and sums of whole numbers exactly, at sizes around those of blocks and lanes.
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;
#[path = "common/program.rs"]
mod program;

use astro_float::{BigFloat, RoundingMode};
use exact::Exact;
use gradc::{Derive, Options, Scalar};
use program::{Program, same};

fn compile(text: &str, reproducible: bool, scalar: Scalar) -> String {
    let options = Options { derive: Vec::<Derive>::new(), reproducible, scalar, ..Options::default() };
    let rust = gradc::compile(text, &options).expect("it compiles").rust;
    // What is the same everywhere needs no `unsafe`.
    format!("#![{}(unsafe_code)]\n{rust}", if reproducible { "forbid" } else { "deny" })
}

/// Bits of the references.
const BITS: usize = 1024;

fn number(value: &BigFloat) -> f64 {
    value.to_string().parse().expect("a number")
}

/// Converts a number, below the normal ones by way of a larger one.
fn exactly(value: f64) -> BigFloat {
    let scale = if value.abs() < 1e-200 { 2.0_f64.powi(300) } else { 1.0 };
    let double = |value| BigFloat::from_f64(value, BITS);
    double(value * scale).div(&double(scale), BITS, RoundingMode::None)
}

/// The functions that are computed side by side, and a formula that calls each.
const FUNCTIONS: [(&str, &str); 10] = [
    ("exp", "exp(x)"),
    ("exp_m1", "exp(x) - 1"),
    ("ln", "ln(x)"),
    ("ln_1p", "ln(1 + x)"),
    ("tanh", "tanh(x)"),
    ("cosh", "cosh(x)"),
    ("sinh", "sinh(x)"),
    ("sin", "sin(x)"),
    ("cos", "cos(x)"),
    ("softplus", "softplus(x)"),
];

/// Numbers of all sizes, and those around which something changes.
fn arguments() -> Vec<f64> {
    let mut numbers = vec![
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        f64::MAX,
        709.78,
        709.79,
        710.5,
        -708.4,
        -720.3,
        -745.1,
        -745.2,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        std::f64::consts::FRAC_1_SQRT_2,
    ];
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for at in 0..600 {
        let sign = if at % 2 == 0 { 1.0 } else { -1.0 };
        numbers.push(match at % 3 {
            0 => sign * 3.0 * uniform(),
            1 => sign * 10.0_f64.powf(-18.0 + 21.0 * uniform()),
            _ => 1.0 + sign * 0.4 * uniform(),
        });
    }
    numbers
}

/// Numbers from which multiples of pi/2 are taken: close to those, and so large that it is difficult. The next to last is
/// the one that is closest to a multiple (Muller, Elementary Functions, 2016, chapter 11).
fn angles() -> Vec<f64> {
    let largest = 2.0_f64.powi(30);
    let mut numbers = vec![1e4, 1e5, 1e6, 1e9, largest.next_down(), largest, largest.next_up(), 1e10, 1e22];
    for multiple in [1_i64, 2, 3, 4, 5, 6, 7, 1000, 1001, 1 << 20, (1 << 20) + 1, (1 << 29) + 3, 1 << 30, 1 << 40] {
        let near = multiple as f64 * std::f64::consts::FRAC_PI_2;
        numbers.extend([near.next_down(), near, near.next_up(), near + 0.75]);
    }
    numbers.extend((0..40).map(|at| 7.3_f64.powi(at) * 0.1));
    numbers.extend([6381956970095103.0 * 2.0_f64.powi(797), f64::MAX]);
    numbers.iter().flat_map(|x| [*x, -x]).collect()
}

#[test]
fn functions_of_many_numbers_are_right_to_three_units_in_the_last_place() {
    let arguments = [arguments(), angles()].concat();
    let mut program = Program::default();
    for (name, formula) in FUNCTIONS {
        let rust = compile(&format!("f(x: vector[n]) = {formula}"), false, Scalar::F64);
        let call = match name {
            "sin" => "sines::<FMA>(&x[at..][..lanes]".to_string(),
            "cos" => "cosines::<FMA>(&x[at..][..lanes]".to_string(),
            "softplus" => "ln_1p_of_fraction::<FMA>(".to_string(),
            _ => format!("{name}::<FMA>(x[i])"),
        };
        assert!(rust.contains(&format!("matrices::{call}")), "{rust}");
        program.module(name, &rust);
        let bits: Vec<String> = arguments.iter().map(|x| format!("{}", x.to_bits())).collect();
        let list = format!("[{}].map(f64::from_bits)", bits.join(", "));
        program.print(
            &format!(
                "{{ let x = {list}; let mut y = vec![0.0; x.len()]; let mut workspace = vec![0.5; \
                 {name}::f_workspace(x.len())]; {name}::f(x.len(), &x, &mut y, &mut workspace); y }}"
            ),
            &["r".to_string()],
        );
    }
    let mut exact = Exact::new();
    for ((name, formula), results) in FUNCTIONS.iter().zip(program.run("kernels_functions")) {
        let source = gradc::source::Source::new("formula", format!("f(x) = {formula}"));
        let function = gradc::read(&source, &[]).expect("a function").remove(0).entries.expect("it has entries");
        for (x, y) in arguments.iter().zip(results) {
            let library = match *name {
                "exp" => x.exp(),
                "exp_m1" => x.exp_m1(),
                "ln" => x.ln(),
                "ln_1p" => x.ln_1p(),
                "tanh" => x.tanh(),
                "cosh" => x.cosh(),
                "sinh" => x.sinh(),
                "sin" => x.sin(),
                "cos" => x.cos(),
                _ => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            };
            let is_angle = ["sin", "cos"].contains(name);
            let is_far = is_angle && x.abs() > 2.0_f64.powi(30) || library.abs() == f64::MAX;
            // The references cancel for the smallest arguments, where the functions are x, 1 or a logarithm.
            if is_far || !library.is_finite() || library == 0.0 || !x.is_finite() || x.abs() < 1e-200 && *name != "ln" {
                let signs = y.is_sign_negative() == library.is_sign_negative() || y.is_nan();
                assert!(same(&[y], &[library]) && signs, "{name}({x:?}) = {y:?} instead of {library:?}");
                continue;
            }
            let argument = exactly(*x);
            let expected = match *name == "softplus" && x.abs() > 600.0 {
                // The digits of the reference do not tell 1 + exp(x) from 1 or from exp(x).
                true => exactly(library),
                false => exact.evaluate(&function.graph, function.outputs[0], &[argument]).expect("a number"),
            };
            let unit = library.abs().next_up() - library.abs();
            let difference = exactly(y).sub(&expected, BITS, RoundingMode::None);
            let error = number(&difference.div(&exactly(unit), BITS, RoundingMode::None)).abs();
            assert!(error <= 3.0, "{name}({x:?}) = {y:?}: {error} units in the last place");
        }
    }
}

/// Whole numbers between -8 and 8, products of which are exact.
fn whole_numbers(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|at| ((at * 7919 + seed * 104_729) % 17) as f64 - 8.0).collect()
}

/// Writes the same numbers as an expression of the program.
fn written(count: usize, seed: usize, scalar: &str) -> String {
    format!(
        "&(0..{count}_usize).map(|at| ((at * 7919 + {seed} * 104_729) % 17) as {scalar} - 8.0).collect::<Vec<{scalar}>>()"
    )
}

/// The product of matrices given by their entries.
fn product(
    (rows, inner, columns): (usize, usize, usize),
    a: impl Fn(usize, usize) -> f64,
    b: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    let entry = |i, j| (0..inner).map(|k| a(i, k) * b(k, j)).sum();
    (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

#[test]
fn products_are_exact_for_whole_numbers_of_any_size() {
    const SIZES: [(usize, usize, usize); 15] = [
        (0, 2, 3),
        (2, 0, 3),
        (2, 3, 0),
        (1, 1, 1),
        (1, 5, 2),
        (3, 1, 4),
        (5, 4, 3),
        (6, 8, 8),
        (7, 9, 10),
        (12, 33, 16),
        (13, 31, 19),
        (4, 65, 5),
        (25, 129, 23),
        (24, 40, 9),
        (50, 20, 50),
    ];
    let forms = ["A*B", "A'*B", "A*B'", "A'*diag(p)*A"];
    let mut program = Program::default();
    let mut expected = Vec::new();
    for (form, scalar, reproducible) in forms
        .iter()
        .flat_map(|form| [(form, Scalar::F64, false), (form, Scalar::F64, true), (form, Scalar::F32, false)])
    {
        let (a, b) = match *form {
            "A*B" => ("matrix[n, k]", "matrix[k, m]"),
            "A'*B" => ("matrix[k, n]", "matrix[k, m]"),
            "A*B'" => ("matrix[n, k]", "matrix[m, k]"),
            _ => ("matrix[k, n]", "vector[k]"),
        };
        let second = if form.contains("diag") { "p" } else { "B" };
        let rust = compile(&format!("f(A: {a}, {second}: {b}) = {form}"), reproducible, scalar);
        let name = format!("m{}", expected.len());
        program.module(&name, &rust);
        for (n, k, m) in SIZES {
            let m = if form.contains("diag") { n } else { m };
            let counts = [n * k, if second == "p" { k } else { k * m }];
            let (first, other) = (whole_numbers(counts[0], 1), whole_numbers(counts[1], 2));
            let declared = rust.lines().find(|line| line.starts_with("pub fn f(")).expect("a function");
            let sizes: Vec<String> = declared
                .split(['(', ','])
                .filter_map(|part| part.trim().strip_suffix(": usize"))
                .map(|size| {
                    match size {
                        "n" => n,
                        "k" => k,
                        _ => m,
                    }
                    .to_string()
                })
                .collect();
            let workspace = if declared.contains("workspace") {
                format!(", &mut vec![0.0; {name}::f_workspace({})]", sizes.join(", "))
            } else {
                String::new()
            };
            program.print(
                &format!(
                    "{{ let mut c = vec![-7.0; {}]; {name}::f({}, {}, {}, &mut c{workspace}); c.into_iter().map(f64::from).collect::<Vec<f64>>() }}",
                    n * m, sizes.join(", "), written(counts[0], 1, scalar.name()), written(counts[1], 2, scalar.name())
                ).replace("f64::from", if scalar == Scalar::F32 { "f64::from" } else { "std::convert::identity" }),
                &["r".to_string()],
            );
            let (a, b) = (|i: usize, j: usize| first[i * k + j], |i: usize, j: usize| other[i * m + j]);
            expected.push(match *form {
                "A*B" => product((n, k, m), a, b),
                "A'*B" => product((n, k, m), |i, l| first[l * n + i], b),
                "A*B'" => product((n, k, m), a, |l, j| other[j * k + l]),
                _ => product((n, k, n), |i, l| first[l * n + i] * other[l], |l, j| first[l * n + j]),
            });
        }
    }
    let results = program.run("kernels_products");
    assert_eq!(results.len(), expected.len());
    for (at, (result, expected)) in results.iter().zip(&expected).enumerate() {
        assert!(same(result, expected), "product {at}: {result:?} instead of {expected:?}");
    }
}

#[test]
fn tiles_are_exact_for_whole_numbers_and_any_number_of_columns() {
    let forms = [
        ("f(A: matrix[k, n], x: vector[k]) = A'*diag(x)*A", "n * n", "a[l * n + at / n] * x[l] * a[l * n + at % n]"),
        ("f(A: matrix[k, n], x: vector[k]) = A'*A", "n * n", "a[l * n + at / n] * a[l * n + at % n]"),
        ("f(A: matrix[n, k], x: vector[k]) = A*x", "n", "a[at * k + l] * x[l]"),
    ];
    let mut program = Program::default();
    for (form, (text, length, term)) in forms.iter().enumerate() {
        let rust = compile(text, false, Scalar::F64);
        // On a processor with AVX-512, what others do is tested, too.
        let avx2 = rust.replace("::std::is_x86_feature_detected!(\"avx512f\")", "false");
        assert_eq!(rust != avx2, text.contains("A'"), "{rust}");
        let plain = compile(text, true, Scalar::F64);
        for (kind, rust) in [("widest", rust), ("avx2", avx2), ("plain", plain)] {
            let name = format!("{kind}_{form}");
            program.module(&name, &rust);
            let sizes = if text.contains("[n, k]") { "n, k" } else { "k, n" };
            // How many entries are wrong, for each size.
            program.print(
                &format!(
                    "{{ let numbers = |count: usize, seed: usize| (0..count).map(|at| \
                     ((at * 7919 + seed * 104_729) % 17) as f64 - 8.0).collect::<Vec<f64>>(); \
                     let depths = [0_usize, 1, 2, 5, 34]; let few = [(256_usize, 33_usize), (257, 50), (515, 79)]; \
                     depths.iter().flat_map(|k| (0..=84).map(|n| (*k, n))).chain(few).map(|(k, n)| {{ \
                     let (a, x) = (numbers(n * k, 1), numbers(k, 2)); let mut c = vec![-7.0; {length}]; \
                     {name}::f({sizes}, &a, &x, &mut c, &mut vec![0.5; {name}::f_workspace({sizes})]); \
                     (0..{length}).filter(|at| {{ let at = *at; (0..k).map(|l| {term}).sum::<f64>() != c[at] }}).count() as f64 \
                     }}).collect::<Vec<f64>>() }}"
                ),
                &["r".to_string()],
            );
        }
    }
    let results = program.run("kernels_tiles");
    assert_eq!(results.len(), 3 * forms.len());
    for (form, wrong) in results.iter().enumerate() {
        assert_eq!(wrong, &vec![0.0; 5 * 85 + 3], "form {form}");
    }
}

/// The gradient `3*A'*r.^2` and the Hessian `6*A'*diag(r)*A`, where r is `A*w - y`, by entries.
fn derivatives_of_cubes(n: usize, m: usize) -> [Vec<f64>; 3] {
    let (a, w, y) = (whole_numbers(n * m, 5), whole_numbers(m, 6), whole_numbers(n, 7));
    let r: Vec<f64> = (0..n).map(|i| (0..m).map(|j| a[i * m + j] * w[j]).sum::<f64>() - y[i]).collect();
    let value = r.iter().map(|r| r * r * r).sum();
    let gradient = product((m, n, 1), |j, i| 3.0 * a[i * m + j], |i, _| r[i] * r[i]);
    let hessian = product((m, n, m), |j, i| 6.0 * a[i * m + j] * r[i], |i, k| a[i * m + k]);
    [vec![value], gradient, hessian]
}

#[test]
fn products_in_blocks_of_rows_are_exact_for_whole_numbers_of_any_size() {
    const SIZES: [(usize, usize); 10] =
        [(0, 2), (3, 0), (1, 1), (31, 3), (32, 8), (65, 16), (129, 23), (256, 9), (257, 13), (515, 10)];
    let text = "f(A: matrix[n, m], w: vector[m], y: vector[n]) = sum((A*w - y).^3)";
    let mut program = Program::default();
    let mut expected = Vec::new();
    for (name, reproducible) in [("blocks", false), ("plain", true)] {
        let derive = vec![Derive::Gradient, Derive::Hessian];
        let options = Options { derive, reproducible, wrt: vec!["w".to_string()], ..Options::default() };
        let rust = gradc::compile(text, &options).expect("it compiles").rust;
        assert!(rust.contains("add_turned_times(m, &A[at * m..][..lanes * m]"), "{rust}");
        assert!(rust.contains("(m, &A[at * m..][..lanes * m]") && rust.contains("mirror(m, "), "{rust}");
        program.module(name, &rust);
        for (n, m) in SIZES {
            let arguments =
                format!("{n}, {m}, {}, {}, {}", written(n * m, 5, "f64"), written(m, 6, "f64"), written(n, 7, "f64"));
            let [value, gradient, hessian] = derivatives_of_cubes(n, m);
            for (function, type_name, field, derivative) in
                [("f_grad", "FGrad", "w", gradient), ("f_hessian", "FHessian", "w_w", hessian)]
            {
                let workspace = match rust.contains(&format!("fn {function}_workspace(")) {
                    true => format!(", &mut vec![0.5; {name}::{function}_workspace({n}, {m})]"),
                    false => String::new(),
                };
                program.print(
                    &format!(
                        "{{ let mut d = vec![0.5; {}]; let v = {name}::{function}({arguments}, \
                         &mut {name}::{type_name} {{ {field}: &mut d }}{workspace}); d.push(v); d }}",
                        derivative.len()
                    ),
                    &["r".to_string()],
                );
                expected.push([&derivative[..], &value].concat());
            }
        }
    }
    let results = program.run("kernels_blocks");
    assert_eq!(results.len(), expected.len());
    for (at, (result, expected)) in results.iter().zip(&expected).enumerate() {
        assert!(same(result, expected), "derivative {at}: {result:?} instead of {expected:?}");
    }
}

#[test]
fn functions_in_stages_are_those_of_the_library() {
    let text = "f(x: vector[n], y: vector[n]) = sum(ln(1 + exp(x .* y)) .* tanh(x)) + sum(exp(-exp(y)))";
    let mut program = Program::default();
    program.module("stages", &compile_with_gradient(text, false));
    program.module("plain", &compile_with_gradient(text, true));
    let sizes = [0, 1, 31, 32, 33, 65];
    for (n, module) in sizes.iter().flat_map(|n| [(n, "stages"), (n, "plain")]) {
        let numbers = |seed| written(*n, seed, "f64").replace(" - 8.0)", " / 4.0 - 2.0)");
        program.print(
            &format!(
                "{{ let (mut x, mut y) = (vec![0.5; {n}], vec![0.5; {n}]); let v = {module}::f_grad({n}, {}, {}, \
                 &mut {module}::FGrad {{ x: &mut x, y: &mut y }}, &mut vec![0.5; {module}::f_grad_workspace({n})]); x.append(&mut y); x.push(v); x }}",
                numbers(8),
                numbers(9)
            ),
            &["r".to_string()],
        );
    }
    let results = program.run("kernels_stages");
    assert_eq!(results.len(), 2 * sizes.len());
    for pair in results.chunks(2) {
        for (stages, plain) in pair[0].iter().zip(&pair[1]) {
            assert!((stages - plain).abs() <= 1e-14 * plain.abs().max(1.0), "{stages:?} instead of {plain:?}");
        }
    }
}

/// Compares values and gradients of functions of one vector with those that the library computes entry by entry.
fn compare_with_library(name: &str, texts: &[&str], vectors: &[Vec<f64>]) {
    let mut program = Program::default();
    for (at, text) in texts.iter().enumerate() {
        program.module(&format!("stages{at}"), &compile_with_gradient(text, false));
        program.module(&format!("plain{at}"), &compile_with_gradient(text, true));
    }
    for (at, vector) in (0..texts.len()).flat_map(|at| vectors.iter().map(move |vector| (at, vector))) {
        let (n, bits) = (vector.len(), vector.iter().map(|x| x.to_bits().to_string()).collect::<Vec<_>>().join(", "));
        for module in [format!("stages{at}"), format!("plain{at}")] {
            program.print(
                &format!(
                    "{{ let x: [f64; {n}] = [{bits}].map(f64::from_bits); let mut d = vec![0.5; {n}]; let v = \
                     {module}::f_grad({n}, &x, &mut {module}::FGrad {{ x: &mut d }}, \
                     &mut vec![0.5; {module}::f_grad_workspace({n})]); d.push(v); d }}"
                ),
                &["r".to_string()],
            );
        }
    }
    let results = program.run(name);
    assert_eq!(results.len(), 2 * texts.len() * vectors.len());
    for (at, pair) in results.chunks(2).enumerate() {
        let text = texts[at / vectors.len()];
        for (stages, plain) in pair[0].iter().zip(&pair[1]) {
            let close = (stages - plain).abs() <= 1e-14 * plain.abs().max(1.0);
            assert!(close || same(&[*stages], &[*plain]), "{text}: {stages:?} instead of {plain:?}");
        }
    }
}

#[test]
fn what_is_carried_from_entry_to_entry_is_that_of_the_entry_before() {
    let texts = [
        "f(x: vector[n]) = sum(i in 0..n-1, exp(exp(x[i])) + exp(x[i+1])*x[i+1])",
        "f(x: vector[n]) = sum(i in 0..n-1, ln(1 + exp(exp(x[i+1]))) + exp(x[i])*x[i] + x[i]*x[i+1])",
    ];
    let vectors = [1, 2, 32, 33, 34, 66].map(|n| whole_numbers(n, 2).iter().map(|x| x / 8.0).collect());
    compare_with_library("kernels_carried", &texts, &vectors);
}

#[test]
fn conditions_that_later_stages_read_stay_conditions() {
    let texts = [
        "f(x: vector[n]) = sum(if(x > 0.3, exp(tanh(exp(x))), tanh(x)) .* exp(if(x > 0.3, exp(x), tanh(exp(x)))))",
        "f(x: vector[n]) = sum(sin(if(x > 0.3 or x < -2, cosh(x), tanh(x))) .* sin(if(x > 0.3 or x < -2, x, cosh(x))))",
    ];
    let vectors = [1, 31, 33].map(|n| whole_numbers(n, 2).iter().map(|x| x / 4.0).collect());
    compare_with_library("kernels_conditions", &texts, &vectors);
}

#[test]
fn sines_and_cosines_of_blocks_are_those_of_the_library() {
    let texts = [
        "f(x: vector[n]) = sum(sin(x))",
        "f(x: vector[n]) = sum(sin(x) .* cos(x))",
        "f(x: vector[n]) = sum(exp(-x.^2) .* sin(x))",
        "f(x: vector[n]) = sum(cos(sin(3*x) + 1))",
        "f(x: vector[n]) = sum(if(x < 1, sin(x), cos(x)))",
        "f(x: vector[n]) = sum(i in 0..n-1, sin(exp(cos(x[i]))) + sin(x[i+1]))",
    ];
    let ordinary = |at: usize| (at * 7919 % 101) as f64 / 10.0 - 5.0;
    let (angles, edges) = (angles(), [-0.0, 5e-324, f64::INFINITY, f64::NAN, f64::NEG_INFINITY, 0.0]);
    let mut vectors = Vec::new();
    for n in [1, 31, 32, 33, 65] {
        vectors.push((0..n).map(ordinary).collect());
        vectors.push((0..n).map(|at| angles[at * 17 % angles.len()]).collect());
        vectors.push((0..n).map(|at| if at % 30 == n % 30 { 1e22 } else { ordinary(at) }).collect());
        vectors.push((0..n).map(|at| if at % 9 == 4 { edges[at % 6] } else { ordinary(at) }).collect());
    }
    compare_with_library("kernels_trigonometric", &texts, &vectors);
}

fn compile_with_gradient(text: &str, reproducible: bool) -> String {
    let options = Options { derive: vec![Derive::Gradient], reproducible, ..Options::default() };
    let rust = gradc::compile(text, &options).expect("it compiles").rust;
    assert_eq!(rust.contains("for lane in 0..lanes {"), !reproducible, "{rust}");
    rust
}

#[test]
fn sums_in_lanes_are_exact_for_whole_numbers_of_any_count() {
    let mut program = Program::default();
    let formula = "f(x: vector[n], y: vector[n]) = sum(relu(x)) + dot(y, x .* x)";
    program.module("lanes", &compile(formula, false, Scalar::F64));
    program.module("plain", &compile(formula, true, Scalar::F64));
    let mut expected = Vec::new();
    for n in (0..5).chain(30..35).chain(60..68).chain([1000]) {
        let (x, y) = (whole_numbers(n, 3), whole_numbers(n, 4));
        for module in ["lanes", "plain"] {
            let workspace = format!("&mut vec![0.5; {module}::f_workspace({n})]");
            let call = format!("{module}::f({n}, {}, {}, {workspace})", written(n, 3, "f64"), written(n, 4, "f64"));
            program.print(&call, &["r".to_string()]);
            expected.push(x.iter().zip(&y).map(|(x, y)| x.max(0.0) + x * x * y).sum::<f64>());
        }
    }
    for (result, expected) in program.run("kernels_sums").iter().zip(expected) {
        assert_eq!(result, &[expected]);
    }
}

/// What code for the processor that it runs on looks like, with its kernels.
#[test]
fn code_for_the_processor() {
    let text =
        "/// Least squares with a loss that grows like |r|.\nf(X: matrix[n, m], w: vector[m]) = sum(ln(cosh(X*w)))";
    let rust = gradc::compile(text, &Options::default()).expect("it compiles").rust;
    insta::with_settings!({ snapshot_path => "../snapshots/matrix_processor", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("rust", rust);
    });
}

/// Rows that overflow where their largest entry is not taken out first, and rows that are not finite.
const LARGE: [[f64; 4]; 9] = [
    [1000.0, 999.0, -1000.0, 0.0],
    [-1000.0, -1001.0, -1000.0, -1003.5],
    [0.25, 0.25, 0.25, 0.25],
    [0.0, -800.0, 3.0, f64::NEG_INFINITY],
    [f64::NEG_INFINITY; 4],
    [1.0, f64::INFINITY, 2.0, -1.0],
    [f64::NAN, 1.0, 2.0, 3.0],
    [1.0, f64::NAN, f64::INFINITY, 3.0],
    [1.0, -2.0, 0.5, 3.0],
];

/// The logsumexp of a row, then its softmax, then the logarithm of that.
fn shares(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().fold(f64::NEG_INFINITY, |largest: f64, x| if x.is_nan() { *x } else { largest.max(*x) });
    let largest = if row.iter().any(|x| x.is_nan()) { f64::NAN } else { largest };
    let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
    let total = if largest.is_finite() { largest + sum.ln() } else { largest };
    let exponentials = row.iter().map(|x| (x - largest).exp() / sum);
    [total].into_iter().chain(exponentials).chain(row.iter().map(|x| x - total)).collect()
}

#[test]
fn softmax_of_rows_is_stable() {
    let text = "f(Z: matrix[n, m]) = join(logsumexp_rows(Z), softmax_rows(Z), log_softmax_rows(Z))";
    let total = "g(Z: matrix[n, m]) = sum(logsumexp_rows(Z))";
    let large = LARGE.concat();
    let first: Vec<f64> = LARGE.iter().map(|row| row[0]).collect();
    let many: Vec<f64> = whole_numbers(1400, 3).iter().map(|x| x * 100.25).collect();
    let cases: [(usize, usize, &[f64]); 7] =
        [(9, 4, &large), (4, 9, &large), (9, 1, &first), (0, 4, &[]), (3, 0, &[]), (200, 7, &many), (2, 700, &many)];
    let mut program = Program::default();
    let kinds = [(false, Scalar::F64, "f64"), (true, Scalar::F64, "f64"), (false, Scalar::F32, "f32")];
    for (reproducible, scalar, float) in kinds {
        let module = format!("m_{reproducible}_{float}");
        program.module(&module, &compile(&format!("{text}\n{total}"), reproducible, scalar));
        for (n, m, entries) in cases {
            let bits: Vec<String> = entries.iter().map(|x| format!("{}", x.to_bits())).collect();
            let given = format!("let z: Vec<{float}> = vec![{}].into_iter().map(f64::from_bits)", bits.join(", "));
            let given = format!("{given}.map(|x: f64| x as {float}).collect();");
            let value = format!("let mut y = vec![0.5; {}];", n * (1 + 2 * m));
            let work = |name: &str| format!("&mut vec![0.25; {module}::{name}_workspace({n}, {m})]");
            let calls = format!(
                "{module}::f({n}, {m}, &z, &mut y, {}); y.push({module}::g({n}, {m}, &z, {}));",
                work("f"),
                work("g")
            );
            program.print(
                &format!("{{ {given} {value} {calls} y.into_iter().map(f64::from).collect::<Vec<f64>>() }}"),
                &["r".to_string()],
            );
        }
    }
    let results = program.run("kernels_shares");
    for (at, result) in results.iter().enumerate() {
        let (n, m, entries) = cases[at % cases.len()];
        let tolerance = if kinds[at / cases.len()].1 == Scalar::F64 { 1e-14 } else { 1e-4 };
        let rows: Vec<Vec<f64>> = (0..n).map(|row| shares(&entries[row * m..][..m])).collect();
        let sum: f64 = rows.iter().map(|row| row[0]).sum();
        let mut expected = rows.concat();
        expected.push(sum);
        assert_eq!(result.len(), expected.len());
        for (found, expected) in result.iter().zip(&expected) {
            let near = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
            assert!(near || same(&[*found], &[*expected]), "{n} times {m}: {found} instead of {expected}");
        }
    }
}
