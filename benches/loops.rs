//! What loops cost to run: gradc's code for workloads beside Rust written by hand, in one program on the same inputs.
#![allow(clippy::disallowed_types, clippy::print_stdout)]

use gradc::{Derive, Options};
use std::path::Path;
use std::process::Command;

/// A workload, and the derivatives that are compared.
struct Workload {
    name: &'static str,
    derive: Derive,
    by: &'static str,
}

const WORKLOADS: &[Workload] = &[
    Workload { name: "atoms", derive: Derive::Gradient, by: "X" },
    Workload { name: "hmm", derive: Derive::Gradient, by: "A" },
    Workload { name: "rosenbrock", derive: Derive::Gradient, by: "x" },
    Workload { name: "thurber", derive: Derive::Jacobian, by: "b" },
    Workload { name: "thurber_squares", derive: Derive::Gradient, by: "b" },
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let folder = std::env::temp_dir().join(format!("gradc-loops-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is a folder for programs");
    let mut program = String::from("#![allow(warnings)]\n");
    for Workload { name, derive, by } in WORKLOADS {
        let text = std::fs::read_to_string(root.join(format!("workloads/{name}.grad"))).expect("the workload is there");
        let options = Options { derive: vec![*derive], wrt: vec![by.to_string()], ..Options::default() };
        let rust = gradc::compile(&text, &options).expect("it compiles").rust;
        program.push_str(&format!("mod {name} {{\n{rust}}}\n"));
    }
    program.push_str(include_str!("hand/loops.rs"));
    let (source, binary) = (folder.join("loops.rs"), folder.join("loops"));
    std::fs::write(&source, program).expect("the program is written");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    let compiled =
        Command::new(compiler).args(["--edition", "2024", "-C", "opt-level=3", "-o"]).args([&binary, &source]).status();
    assert!(compiled.expect("there is a compiler").success(), "the program compiles");
    let ran = Command::new(&binary).status();
    std::fs::remove_dir_all(&folder).expect("the folder is there");
    assert!(ran.expect("the program is there").success(), "both compute the same");
}
