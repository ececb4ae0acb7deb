//! Input of any depth and length is answered or refused with an explanation: the program never crashes.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// How deep and how long the inputs are.
const SIZE: usize = 100_000;
/// Size of the inputs whose cost grows faster than their size.
const SMALLER: usize = 300;
/// How many functions call one another; each is written out in all that call it.
const CALLERS: usize = 200;

/// Runs commands on a text from standard input, and returns their exit codes.
fn run(name: &str, text: &str, commands: &[&[&str]]) -> Vec<i32> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.txt"));
    std::fs::write(&path, text).expect("the input can be written");
    commands
        .iter()
        .map(|command| {
            let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
                .args(*command)
                .stdin(Stdio::from(File::open(&path).expect("the input can be read")))
                .output()
                .expect("gradc runs");
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let shown: String = errors.chars().take(400).collect();
            let code = output.status.code().unwrap_or(-1);
            assert!(code == 0 || code == 2, "{name}, {command:?}: {}: {shown}", output.status);
            let answered = code == 0 && !output.stdout.is_empty() && errors.is_empty();
            let explained = code == 2 && errors.starts_with("error[E");
            assert!(answered || explained, "{name}, {command:?}: {shown}");
            code
        })
        .collect()
}

const ALL: &[&[&str]] = &[&["diff", "-"], &["fmt", "-"], &["compile", "-"]];
const BY_FIRST: &[&[&str]] = &[&["diff", "-", "--wrt", "x0"], &["fmt", "-"], &["compile", "-"]];

/// Nests `x` in `SIZE` openings and closings.
fn nested(open: &str, close: &str) -> String {
    format!("{}x{}", open.repeat(SIZE), close.repeat(SIZE))
}

fn joined(count: usize, by: &str, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(by)
}

#[test]
fn parentheses() {
    assert_eq!(run("parentheses", &nested("(", ")"), ALL), [0, 0, 0]);
    assert_eq!(run("open", &"(".repeat(SIZE), ALL), [2, 2, 2]);
    assert_eq!(run("closed", &")".repeat(SIZE), ALL), [2, 2, 2]);
}

#[test]
fn signs() {
    assert_eq!(run("signs", &format!("{}x", "-".repeat(SIZE)), ALL), [0, 0, 0]);
    assert_eq!(run("pluses", &format!("{}x", "+".repeat(SIZE)), ALL), [0, 0, 0]);
}

#[test]
fn sums() {
    assert_eq!(run("equal_terms", &joined(SIZE, " + ", |_| "x*y".to_string()), ALL), [0, 0, 0]);
    assert_eq!(run("terms", &joined(SIZE, " + ", |at| format!("x{at}")), BY_FIRST), [0, 0, 0]);
}

#[test]
fn products() {
    assert_eq!(run("equal_factors", &joined(SIZE, "*", |_| "x".to_string()), ALL), [0, 0, 0]);
    assert_eq!(run("factors", &joined(SIZE, "*", |at| format!("x{at}")), BY_FIRST), [0, 0, 0]);
}

#[test]
fn functions_of_functions() {
    assert_eq!(run("sines", &nested("sin(", ")"), ALL), [0, 0, 0]);
}

#[test]
fn unknown_calls() {
    assert_eq!(run("calls", &nested("f(", ")"), ALL), [2, 0, 2]);
}

#[test]
fn lists() {
    assert_eq!(run("lists", &nested("[", "]"), ALL), [2, 0, 2]);
}

#[test]
fn braces() {
    assert_eq!(run("braces", &nested("{", "}"), ALL), [0, 0, 0]);
    assert_eq!(run("named_braces", &nested("{let a = 1; ", "}"), ALL), [0, 0, 0]);
}

#[test]
fn transposes_and_indices() {
    run("transposes", &format!("x{}", "'".repeat(SIZE)), ALL);
    assert_eq!(run("indices", &format!("x{}", "[0]".repeat(SIZE)), ALL), [2, 0, 2]);
}

#[test]
fn conditions() {
    assert_eq!(run("nots", &format!("if({}x > 0, x, 1)", "not ".repeat(SIZE)), ALL), [0, 0, 0]);
    let both = joined(SIZE, " and ", |at| format!("x > {at}"));
    assert_eq!(run("ands", &format!("if({both}, x, 1)"), ALL), [0, 0, 0]);
}

/// Writes choices that stand in the `else` of one another, in both notations.
fn choices(count: usize) -> [String; 2] {
    let words: String = (0..count).map(|at| format!("if x < {at} then {at}*x else ")).collect();
    let calls: String = (0..count).map(|at| format!("if(x < {at}, {at}*x, ")).collect();
    [format!("{words}x"), format!("{calls}x{}", ")".repeat(count))]
}

#[test]
fn choices_in_choices() {
    for (name, text) in ["else_words", "else_calls"].iter().zip(choices(SIZE)) {
        assert_eq!(run(name, &text, &[&["fmt", "-"]]), [0]);
    }
    for (name, text) in ["fewer_words", "fewer_calls"].iter().zip(choices(SMALLER)) {
        assert_eq!(run(name, &text, ALL), [0, 0, 0]);
    }
    let conditions = format!("{}x > 0{}", "if(".repeat(SIZE), ", x > 1, x > 2)".repeat(SIZE));
    assert_eq!(run("chosen_conditions", &conditions, ALL), [2, 0, 2]);
}

#[test]
fn powers() {
    assert_eq!(run("towers", &joined(SIZE, "^", |_| "x".to_string()), &[&["fmt", "-"]]), [0]);
    assert_eq!(run("lower_towers", &joined(SMALLER, "^", |_| "x".to_string()), ALL), [0, 0, 0]);
}

#[test]
fn names() {
    let lets: String = (0..SIZE).map(|at| format!("let a{} = sin(a{at}); ", at + 1)).collect();
    assert_eq!(run("lets", &format!("{{{lets}a{SIZE}}}"), ALL), [0, 0, 0]);
    assert_eq!(run("long_name", &"x".repeat(SIZE), ALL), [0, 0, 0]);
}

#[test]
fn functions_that_call_one_another() {
    let calls: String = (1..CALLERS).map(|at| format!("f{at}(x) = f{}(x) + sin(x)\n", at - 1)).collect();
    assert_eq!(run("callers", &format!("f0(x) = x\n{calls}"), ALL), [0, 0, 0]);
    assert_eq!(run("circle", &format!("f0(x) = f{}(x)\n{calls}", CALLERS - 1), ALL), [2, 0, 2]);
}

#[test]
fn long_numbers() {
    run("digits", &format!("x + {}", "7".repeat(SIZE)), ALL);
    run("exponent", "x*1e999999999", ALL);
    run("tower_of_numbers", "x*9^9^9^9", ALL);
}

#[test]
fn each_limit_that_refuses_is_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file of the project");
    let (limits, readme) = (read("src/limits.rs"), read("README.md"));
    let constants: Vec<&str> = limits.lines().filter(|line| line.starts_with("pub const ")).collect();
    assert!(constants.len() > 10, "only {} limits", constants.len());
    for constant in constants {
        let value = constant.split(" = ").nth(1).map(|value| value.trim_end_matches(';').replace('_', ""));
        let value = value.and_then(|value| value.parse().ok()).expect("a limit is a number");
        let text = gradc::limits::text(value);
        let is_named = |separator: char| {
            readme.contains(&format!("{separator}{text} ")) || readme.contains(&format!("{separator}{text}\n"))
        };
        assert!(is_named(' ') || is_named('\n'), "the README does not name the limit {text} of `{constant}`");
    }
}
