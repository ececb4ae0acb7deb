//! Derivatives where a norm is 0: a norm has none there, and every form says so with NaN; a power of it above the first
//! has 0. Roots and powers at 0 likewise. The other values are those of mpmath with 60 digits.

#[path = "common/program.rs"]
mod program;

use gradc::derive::{Form, Order, derive};
use gradc::lower::Entries;
use gradc::source::Source;
use gradc::{Derive, Options};
use program::Program;

const FORMS: [Form; 4] = [Form::Raw, Form::Pretty, Form::Code, Form::Flops];

fn read(text: &str) -> Entries {
    gradc::read(&Source::new("case", text), &[]).expect("the source is read").remove(0).entries.expect("it has entries")
}

fn entries(function: &Entries, count: usize, form: Form, at: &[f64]) -> Vec<f64> {
    let by: Vec<usize> = (0..count).collect();
    derive(function, &by, Order::Second, form).expect("there is a rule").tape().evaluate(at)
}

/// Norms, and how many numbers they are of.
const NORMS: &[(&str, usize)] = &[
    ("f(x: vector[2]) = norm2(x)", 2),
    ("f(x: vector[3]) = norm2(x)", 3),
    ("f(x, y) = hypot(x, y)", 2),
    ("f(x, y) = sqrt(x^2 + y^2)", 2),
    ("f(x, y, z) = hypot(hypot(x, y), z)", 3),
];

#[test]
fn a_norm_has_no_derivative_at_zero_in_any_form() {
    for (text, count) in NORMS {
        for form in FORMS {
            let found = entries(&read(text), *count, form, &vec![0.0; *count]);
            assert_eq!(found[0], 0.0, "{text} in {form:?}");
            assert!(found[1..].iter().all(|entry| entry.is_nan()), "{text} in {form:?}: {found:?}");
        }
    }
}

#[test]
fn a_norm_of_a_whole_vector_has_no_derivative_at_zero() {
    for kind in ["vector[2]", "vector[n]"] {
        let definition = format!("f(x: {kind}) = norm2(x)");
        for command in ["grad", "hessian"] {
            for more in [&[][..], &["--double"], &["-f", "json"]] {
                let output = std::process::Command::new(env!("CARGO_BIN_EXE_gradc"))
                    .args([command, &definition, "--at", "x=[0,0]"])
                    .args(more)
                    .output()
                    .expect("gradc runs");
                let text = String::from_utf8(output.stdout).expect("it writes UTF-8");
                let numbers = if command == "grad" { 2 } else { 4 };
                let nothing = text.matches("NaN").count().max(text.matches("null").count());
                assert_eq!(nothing, numbers, "{command} {definition} {more:?}: {text}");
            }
        }
    }
}

#[test]
fn emitted_code_says_that_a_norm_has_no_derivative_at_zero() {
    let mut program = Program::default();
    let options = Options { derive: vec![Derive::Gradient, Derive::Hessian], ..Options::default() };
    let norms = "f(x, y) = hypot(x, y)\ng(x: vector[2]) = norm2(x)\nh(x: vector[n]) = norm2(x)";
    program.module("norms", &gradc::compile(norms, &options).expect("the source compiles").rust);
    let all = |gradient: [&str; 2]| {
        let entries = ["[0][0]", "[0][1]", "[1][1]"].map(|place| format!("r.2{place}"));
        gradient.map(str::to_string).into_iter().chain(entries).collect::<Vec<String>>()
    };
    program.print("norms::f_hessian(0.0, 0.0)", &all(["r.1.x", "r.1.y"]));
    program.print("norms::g_hessian(&[0.0, 0.0])", &all(["r.1.x[0]", "r.1.x[1]"]));
    let gradient = "{ let mut x = [0.0; 2]; \
                    let mut workspace = vec![0.5; norms::h_grad_workspace(2)]; \
                    let _ = norms::h_grad(2, &[0.0, 0.0], &mut norms::HGrad { x: &mut x }, &mut workspace); x }";
    program.print(gradient, &["r[0]", "r[1]"].map(str::to_string));
    let hessian = "{ let mut x = [0.0; 4]; let mut workspace = vec![0.0; norms::h_hessian_workspace(2)]; \
                   let _ = norms::h_hessian(2, &[0.0, 0.0], &mut norms::HHessian { x_x: &mut x }, &mut workspace); x }";
    program.print(hessian, &["r[0]", "r[1]", "r[2]", "r[3]"].map(str::to_string));
    for found in program.run("norms") {
        assert!(found.len() >= 2 && found.iter().all(|entry| entry.is_nan()), "{found:?}");
    }
}

/// An expression, a point, and the gradient there.
const GRADIENTS: &[(&str, &[f64], &[f64])] = &[
    ("f(x, y) = (x^2 + y^2)^0.75", &[0.0, 0.0], &[0.0, 0.0]),
    ("f(x, y) = (x^2 + y^2)^(2/3)", &[0.0, 0.0], &[0.0, 0.0]),
    ("f(x, y) = x*sqrt(x^2 + y^2)", &[0.0, 0.0], &[0.0, 0.0]),
    ("f(x, y) = (x^2 + y^2)^0.75", &[3e-100, 4e-100], &[2.0124611797498108e-50, 2.6832815729997477e-50]),
    ("f(x, y) = (x^2 + y^2)^0.75", &[0.0, 2e-100], &[0.0, 2.121320343559643e-50]),
    ("f(x, y) = sqrt(x^2*y)", &[0.0, 2.0], &[f64::NAN, 0.0]),
    ("f(x, y, z) = sqrt(x^2*y*z)", &[0.0, 2.0, 3.0], &[f64::NAN, 0.0, 0.0]),
    ("f(x, y, z) = sqrt(x^2*y*z)", &[-2.0, 2.0, 3.0], &[-2.449489742783178, 1.224744871391589, 0.816496580927726]),
    ("f(x, n) = x^n", &[0.0, 2.0], &[0.0, 0.0]),
    ("f(x, n) = x^n", &[2.0, 0.0], &[0.0, std::f64::consts::LN_2]),
    // What divides by a norm is not defined where it is 0, and an absolute value has no derivative there.
    ("f(x, y) = x*y/sqrt(x^2 + y^2)", &[0.0, 0.0], &[f64::NAN, f64::NAN]),
    ("f(x) = abs(x)^0.75", &[0.0], &[f64::NAN]),
];

#[test]
fn gradients_at_zero_are_those_of_the_function() {
    for (text, at, wanted) in GRADIENTS {
        let found = entries(&read(text), at.len(), Form::Code, at);
        for (found, wanted) in found[1..].iter().zip(*wanted) {
            let agrees = (found - wanted).abs() <= 1e-14 * wanted.abs() || found.is_nan() && wanted.is_nan();
            assert!(agrees, "{text} at {at:?}: {found:e} for {wanted:e}");
        }
    }
}

#[test]
fn a_power_with_exponent_zero_is_constant() {
    let found = entries(&read("f(x, n) = x^n"), 2, Form::Code, &[0.0, 0.0]);
    assert_eq!(found[..2], [1.0, 0.0]);
}

/// Functions whose second derivatives at 0 are 0, and how many numbers they are of.
const CUBES: &[(&str, usize)] = &[
    ("f(x, y) = (x^2 + y^2)^1.5", 2),
    ("f(x, y) = hypot(x, y)^3", 2),
    ("f(x, y) = norm2([x, y])^3", 2),
    ("f(x, y, z) = norm2([x, y, z])^3", 3),
    ("f(x, y) = x*y*hypot(x, y)", 2),
];

#[test]
fn second_derivatives_of_cubes_of_norms_are_zero_at_zero() {
    for (text, count) in CUBES {
        let found = entries(&read(text), *count, Form::Code, &vec![0.0; *count]);
        assert!(found.iter().all(|entry| *entry == 0.0), "{text}: {found:?}");
    }
}

/// The mixed second derivative of a power by base and exponent where the base is 0.
#[test]
fn mixed_second_derivatives_of_powers_have_their_limits() {
    for (text, at, count) in [("f(x, n) = x^n", &[0.0, 2.0][..], 2), ("f(x, k, n) = (x/k)^n", &[0.0, 2.0, 2.0], 3)] {
        let found = entries(&read(text), count, Form::Code, at);
        // By x twice it is 2/k^2.
        let by_x = count + 1;
        let others = found.iter().enumerate().filter(|(entry, _)| *entry != by_x);
        assert!(others.clone().all(|(_, entry)| *entry == 0.0), "{text}: {found:?}");
        assert_eq!(found[by_x], if count == 2 { 2.0 } else { 0.5 }, "{text}");
    }
}
