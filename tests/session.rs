//! Sessions and watched files, driven as a user drives them: line by line, change by change.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs a session over lines.
fn session(lines: &str) -> Output {
    let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
    let mut child = gradc.arg("repl").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().expect("gradc runs");
    let mut input = child.stdin.take().expect("it reads");
    input.write_all(lines.as_bytes()).expect("lines are read");
    drop(input);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    std::io::Read::read_to_end(&mut child.stdout.take().expect("it writes"), &mut out).expect("answers are read");
    std::io::Read::read_to_end(&mut child.stderr.take().expect("it complains"), &mut errors).expect("they are read");
    Output { status: child.wait().expect("it ends"), stdout: out, stderr: errors }
}

fn answers(lines: &str) -> String {
    let output = session(lines);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).expect("answers are text")
}

#[test]
fn definitions_stay_and_may_be_replaced() {
    assert_eq!(answers("f(x, y) = x^2*y\nf(3, 2)\nf(x) = x + 1\nf(3)\n"), "18\n4\n");
    assert_eq!(
        answers("h(x) = x^2\na = 5\nh(a) + 1\nlist\nforget a\nlist\n"),
        "26\nh(x) = x^2\nconst a = 5;\nh(x) = x^2\n"
    );
    assert_eq!(answers("g(x) = x*x\nf(x) = g(x) + 1\ng(x) = x^3\nf(2)\n"), "9\n");
}

#[test]
fn numbers_that_cannot_be_had_in_full_are_marked() {
    // 1 - tanh(1000) has fewer digits left than any precision that is tried.
    assert_eq!(answers("ln(1 - tanh(1000))\n"), "-inf (in double precision)\n");
    assert_eq!(answers("f(x) = ln(1 - tanh(x))\n[f(1000), 1]\n"), "[-inf, 1] (in double precision)\n");
    let marked = answers("grad x*ln(1 - tanh(1000)) --at x=1\n");
    assert_eq!(marked.matches("(in double precision)").count(), 2, "{marked}");
    assert_eq!(answers("ln(1 + erf(-100))\n1/3\n"), "-10005.177585122665\n0.3333333333333333\n");
}

#[test]
fn points_that_are_not_numbers_are_refused() {
    for line in
        ["grad x^2 --at x=1e999", "grad x^2 --at x=0/0", "grad x^2 --at x=nan", "(x + 0/0)*0", "a = 0/0", "a = nan"]
    {
        let output = session(&format!("{line}\n"));
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{line}");
    }
}

#[test]
fn commands_are_about_definitions_and_expressions() {
    let text = answers("f(x, y) = x^2*y\ngrad f --at x=1,y=2\n");
    assert_eq!(text, "f(x, y) = x^2*y\nat x=1,y=2\nf = 2\nd/dx = 2*x*y\n     = 4\nd/dy = x^2\n     = 1\n");
    assert_eq!(answers("g(x) = x^3\ndiff a*g(x) --wrt x\n"), "3*a*x^2\n");
    assert_eq!(answers("diff x - y -f json\n"), "{\"x\":\"1\",\"y\":\"-1\"}\n");
    assert_eq!(answers("hessian x*y --wrt 'x, y'\n").lines().count(), 4);
    assert_eq!(answers("x + x + 0*y\n\n// nothing\nquit\nx\n"), "2*x\n");
    assert!(answers("rules Pythagoras\n").contains("sin(x)^2"));
    assert!(answers("help\n").contains("forget f"));
}

#[test]
fn what_is_wrong_is_shown_at_its_place_and_the_session_goes_on() {
    let output = session("f(x) = x*zz\nx +\ngrad x^2 --at x=1\nfrget f\ngrad x -f nonsense\n");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).expect("complaints are text");
    assert!(errors.contains("error[E0006]: there is no `zz` here") && errors.contains("1 | f(x) = x*zz"), "{errors}");
    assert!(errors.contains("error[E0003]"), "{errors}");
    let text = String::from_utf8(output.stdout).expect("answers are text");
    assert!(errors.contains("error[E0029]: invalid value 'nonsense'"), "{errors}");
    assert!(text.contains("d/dx = 2*x\n     = 2\n"), "{text}");
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watch");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

#[test]
fn a_watched_file_is_answered_again_when_it_changes() {
    let model = folder().join("model.grad");
    std::fs::write(&model, "f(x) = x^2\n").expect("the model can be written");
    let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"));
    gradc.args(["watch", "--runs", "3"]).arg(&model).args(["diff", "-f", "text"]);
    let mut child = gradc.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gradc runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it writes")).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("2*x"));
    std::fs::write(&model, "f(x) = x^2 + \n").expect("the model can be written");
    let mut errors = BufReader::new(child.stderr.take().expect("it complains")).lines().map_while(Result::ok);
    assert_eq!(errors.next().as_deref(), Some("error[E0003]: the input ends too early"));
    std::fs::remove_file(&model).expect("the model can be removed");
    std::fs::write(&model, "f(x) = x^3\n").expect("the model can be written");
    let rest: Vec<String> = lines.collect();
    assert_eq!(rest.last().map(String::as_str), Some("3*x^2"), "{rest:?}");
    assert_eq!(rest.iter().filter(|line| line.ends_with("has changed")).count(), 2, "{rest:?}");
    assert!(child.wait().expect("it ends").success());
}
