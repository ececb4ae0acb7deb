//! Every derivative that is asked for is written, left out with a reason in the documentation, or refused: none is
//! missing without a word.
#![allow(clippy::panic)]

use gradc::{Builder, Derive, Errors, Options};
use std::fs;
use std::process::Command;

const KINDS: [(Derive, &str); 6] = [
    (Derive::Gradient, "first"),
    (Derive::Jacobian, "first"),
    (Derive::Hessian, "hessian"),
    (Derive::Jvp, "jvp"),
    (Derive::Vjp, "vjp"),
    (Derive::Hvp, "hvp"),
];

/// Sources, with the derivatives that they have, and the code of the error that others have.
const SOURCES: &[(&str, &[&str], &str)] = &[
    ("f(x) = x^2", &["first", "hessian", "jvp", "vjp", "hvp"], ""),
    ("f(x: vector[n]) = sum(exp(x))", &["first", "hessian", "jvp", "vjp", "hvp"], ""),
    ("f(A: matrix[n, m]) = norm2(A*ones(m))^2", &["first", "hessian", "jvp", "vjp", "hvp"], ""),
    ("f(x) = [x, x^2]", &["first", "jvp", "vjp"], "E0024"),
    ("f(A: matrix[2, 2]) = A*A", &["first", "jvp", "vjp"], "E0024"),
    ("f(x: vector[n]) = x .* x", &["first", "jvp", "vjp"], "E0024"),
    ("f(A: matrix[n, m]) = A .* A", &["first", "jvp", "vjp"], "E0024"),
    ("f(x: vector[200]) = x .* x", &["first", "jvp", "vjp"], "E0024"),
    ("f(S: sym[n]) = logdet(S)", &["first", "jvp", "vjp", "hvp"], "E0017"),
];

fn compile(text: &str, derive: &[Derive], wrt: &[&str]) -> Result<String, Errors> {
    let wrt = wrt.iter().map(|name| name.to_string()).collect();
    let options = Options { derive: derive.to_vec(), wrt, ..Options::default() };
    gradc::compile(text, &options).map(|output| output.rust)
}

fn functions(rust: &str) -> Vec<&str> {
    let names = rust.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next());
    names.filter(|name| !name.ends_with("_workspace")).collect()
}

#[test]
fn every_kind_is_written_or_refused() {
    for (text, has, code) in SOURCES {
        for (kind, name) in KINDS {
            match compile(text, &[kind], &[]) {
                Ok(rust) => assert_eq!((functions(&rust).len(), has.contains(&name)), (2, true), "{text}: {kind:?}"),
                Err(errors) => {
                    let [wrong] = errors.diagnostics() else { panic!("{text}: {kind:?}") };
                    assert!(!has.contains(&name), "{text}: {}", errors.render(false));
                    assert!(
                        wrong.message.starts_with("in `f`: there is no ") && wrong.hint.is_some(),
                        "{}",
                        wrong.message
                    );
                    assert_eq!(&wrong.fault.code(), code, "{text}");
                }
            }
        }
        assert_eq!(functions(&compile(text, &[], &[]).unwrap()), ["f"], "the value alone");
    }
}

#[test]
fn what_some_functions_have_is_left_out_of_others_with_a_reason() {
    let text = "f(x) = x^2\ng(x, y) = [x, y^2]\nh(S: sym[n], y) = y*logdet(S)\nk(S: sym[n]) = inv(S)";
    let all = KINDS.map(|(kind, _)| kind);
    let rust = compile(text, &all, &[]).unwrap();
    let expected = [
        ["f", "f_grad", "f_hessian", "f_jvp", "f_vjp", "f_hvp"].as_slice(),
        &["g", "g_jacobian", "g_jvp", "g_vjp"],
        &["h", "h_grad", "h_hessian", "h_jvp", "h_vjp", "h_hvp", "k", "k_jvp", "k_vjp"],
    ];
    assert_eq!(functions(&rust), expected.concat());
    let notes: Vec<&str> = rust.lines().filter_map(|line| line.strip_prefix("/// There is no ")).collect();
    let several = "second derivatives are formed of one number, and the value is a";
    let [vector, matrix] = ["vector[2]", "matrix[n, n]"]
        .map(|shape| ["Hessian", "Hessian-vector product"].map(|kind| format!("{kind}: {several} `{shape}`.")));
    let jacobian = "Jacobian: derivatives of a matrix by a symmetric matrix are formed in products only.".to_string();
    assert_eq!(notes, [&vector[..], &matrix, &[jacobian]].concat());
}

#[test]
fn a_function_without_the_parameters_has_no_derivatives_by_them() {
    let text = "f(x) = x^2\ng(y) = [y, y^2]";
    let rust = compile(text, &[Derive::Gradient], &["x"]).unwrap();
    assert_eq!(functions(&rust), ["f", "f_grad", "g"]);
    assert!(rust.contains("/// There is no Jacobian: no parameter is called `x`.\n"), "{rust}");
    let errors = compile(text, &[Derive::Hessian], &["y"]).unwrap_err();
    let expected =
        "in `g`: there is no Hessian: second derivatives are formed of one number, and the value is a `vector[2]`";
    assert_eq!(errors.summary(), expected);
}

#[test]
fn the_format_rust_has_the_derivatives_of_the_command() {
    for (arguments, expected) in [
        (&["grad", "x*y", "--wrt", "y"][..], Ok("f_grad(x: f64, y: f64) -> (f64, FGrad)")),
        (&["hessian", "x^2*y", "--wrt", "y"], Ok("f_hessian(x: f64, y: f64) -> (f64, FGrad, [[f64; 1]; 1])")),
        (&["diff", "x^4", "--order", "2"], Ok("f_hessian(x: f64) -> (f64, FGrad, [[f64; 1]; 1])")),
        (
            &["diff", "x^4", "--order", "3"],
            Err("error[E0022]: in `f`: Rust code has first and second derivatives only"),
        ),
        (&["hessian", "[x, y]"], Err("error[E0024]: in `f`: there is no Hessian")),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(arguments).args(["-f", "rust"]).output();
        let output = output.expect("gradc runs");
        let (rust, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match expected {
            Ok(function) => assert!(rust.contains(&format!("pub fn {function} {{")), "{arguments:?}: {rust}{wrong}"),
            Err(message) => assert!(rust.is_empty() && wrong.contains(message), "{arguments:?}: {rust}{wrong}"),
        }
    }
}

#[test]
fn a_constant_has_no_derivatives_to_print() {
    for command in ["diff", "hessian"] {
        let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args([command, "2/3"]).output().expect("gradc runs");
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.stdout.is_empty() && wrong.starts_with("error[E0026]: in `f`: there is no parameter"),
            "{wrong}"
        );
    }
}

#[test]
fn a_build_script_is_told_what_no_function_of_a_file_has() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("asked");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join("arm.grad");
    fs::write(&path, "arm(x) = [sin(x), cos(x)]").expect("the file can be written");
    let builder = || Builder::new().out_dir(&folder);
    let errors = builder().derive([Derive::Gradient, Derive::Hessian]).compile(&[&path]).unwrap_err();
    assert!(format!("{errors:?}").contains("error[E0024]: in `arm`: there is no Hessian"), "{errors:?}");
    assert!(!folder.join("arm.rs").exists());
    builder().compile(&[&path]).unwrap();
    fs::remove_dir_all(&folder).expect("the folder can be removed");
}
