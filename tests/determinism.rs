//! The same input gives the same bytes: on every run, from every folder, whoever's home it is.

use gradc::{Derive, Options, Scalar};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs of each command.
const RUNS: usize = 10;

const SOURCE: &str = "\
/// A neuron.
neuron(w: vector[3], x: vector[2]) = sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])
loss(z: vector[4], p: vector[4]) = -dot(p, log_softmax(z)) + 0.1*norm2(z)^2
chain(x, y) = {
    let a = sin(x)*exp(-x^2);
    let b = sin(a*y)*exp(-a^2);
    hypot(a, b)*gamma(2 + a^2) + if(a < b, a*y^3, b/(1 + y^2))
}
";

const COMMANDS: &[&[&str]] = &[
    &["diff", "x^2*sin(y) + exp(x*y)/(1 + z^2) + ln(1 + x^2*z)", "--color", "always"],
    &["diff", "x^2*sin(y)", "--raw", "--order", "3"],
    &["diff", "model.grad", "--function", "loss", "--format", "latex"],
    &["grad", "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))", "--at", "w0=2,x0=-1,w1=-3,x1=-2,w2=-3"],
    &["grad", "model.grad", "--format", "json"],
    &["compile", "model.grad", "--derive", "gradient,hessian"],
    &["compile", "model.grad", "--derive", "gradient", "--batch"],
    &["compile", "model.grad", "--no-std", "--scalar", "f32", "--stats"],
    &["hessian", "model.grad", "--at", "x=0.5,y=1.5"],
    &["jacobian", "[r*cos(t)*s, r*sin(t)*s, atan2(s, t)]", "--at", "r=2,t=0.5,s=1"],
    &["grad", "model.grad", "--function", "neuron", "--stats=json"],
    &["hessian", "model.grad", "--stats=json"],
    &["diff", "sinn(x) + foo(y) + [1, 2]*[3, 4]"],
];

/// Makes a folder that holds the source, and nothing else that matters.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("model.grad"), SOURCE).expect("the source can be written");
    folder
}

/// Runs a command and returns its exit code and all that it printed.
fn run(command: &[&str], folder: &Path, home: &Path) -> (Option<i32>, Vec<u8>) {
    let output = Command::new(env!("CARGO_BIN_EXE_gradc"))
        .args(command)
        .current_dir(folder)
        .env("HOME", home)
        .output()
        .expect("gradc runs");
    (output.status.code(), [output.stdout, output.stderr].concat())
}

#[test]
fn commands_print_the_same_bytes() {
    let folders = [folder("here"), folder("there/far/away")];
    for command in COMMANDS {
        let first = run(command, &folders[0], &folders[0]);
        assert!(!first.1.is_empty(), "{command:?} prints nothing");
        let fails = command[1].starts_with("sinn");
        assert_eq!(first.0, Some(if fails { 2 } else { 0 }), "{command:?}: {}", String::from_utf8_lossy(&first.1));
        for number in 1..RUNS {
            let again = run(command, &folders[number % 2], &folders[number / 2 % 2]);
            assert!(again == first, "{command:?} differs: {}", String::from_utf8_lossy(&again.1));
        }
    }
}

#[test]
fn commands_differ_where_their_input_does() {
    let here = folder("here");
    let mut answers: Vec<_> = COMMANDS.iter().map(|command| run(command, &here, &here).1).collect();
    answers.sort();
    answers.dedup();
    assert_eq!(answers.len(), COMMANDS.len());
}

#[test]
fn the_library_compiles_to_the_same_bytes() {
    for scalar in [Scalar::F64, Scalar::F32] {
        let options = Options { derive: vec![Derive::Gradient, Derive::Hessian], scalar, ..Options::default() };
        let compile = || gradc::compile(SOURCE, &options).expect("it compiles");
        let first = compile();
        assert!(first.rust.contains("pub fn chain("));
        for _ in 1..RUNS {
            assert!(compile() == first);
        }
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let options = options.clone();
                std::thread::spawn(move || gradc::compile(SOURCE, &options).expect("it compiles"))
            })
            .collect();
        for thread in threads {
            assert!(thread.join().expect("the thread ends") == first);
        }
    }
}
