//! Programs around generated code: compiled with every warning an error, run, and their numbers read.
#![allow(dead_code)]

use std::path::Path;
use std::process::Command;

/// What every program begins with: numbers of all shapes are printed as the bits of doubles.
const PREAMBLE: &str = "\
#![deny(warnings)]

trait Numbers {
    fn collect(&self, bits: &mut Vec<String>);
}

impl Numbers for f64 {
    fn collect(&self, bits: &mut Vec<String>) {
        bits.push(self.to_bits().to_string());
    }
}

impl Numbers for f32 {
    fn collect(&self, bits: &mut Vec<String>) {
        f64::from(*self).collect(bits);
    }
}

impl<T: Numbers, const N: usize> Numbers for [T; N] {
    fn collect(&self, bits: &mut Vec<String>) {
        self.iter().for_each(|entry| entry.collect(bits));
    }
}

impl Numbers for Vec<f64> {
    fn collect(&self, bits: &mut Vec<String>) {
        self.iter().for_each(|entry| entry.collect(bits));
    }
}

fn show(numbers: &[&dyn Numbers]) {
    let mut bits = Vec::new();
    numbers.iter().for_each(|entry| entry.collect(&mut bits));
    println!(\"{}\", bits.join(\" \"));
}
";

/// A program that prints numbers, one list a line.
#[derive(Default)]
pub struct Program {
    items: String,
    main: String,
    prints: usize,
}

impl Program {
    /// Adds generated code as a module of its own.
    pub fn module(&mut self, name: &str, rust: &str) {
        self.items.push_str(&format!("\nmod {name} {{\n{rust}}}\n"));
    }

    /// Adds a line of output: the numbers of the expressions, in which `r` is the result of the call.
    pub fn print(&mut self, call: &str, expressions: &[String]) {
        let list: Vec<String> = expressions.iter().map(|expression| format!("&{expression}")).collect();
        self.prints += 1;
        let name = format!("print{}", self.prints);
        self.items.push_str(&format!("\nfn {name}() {{\n    let r = {call};\n    show(&[{}]);\n}}\n", list.join(", ")));
        self.main.push_str(&format!("    {name}();\n"));
    }

    /// Compiles and runs the program, and returns the numbers of each line.
    pub fn run(&self, name: &str) -> Vec<Vec<f64>> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = folder.join(format!("{name}.rs"));
        let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let text = format!("{PREAMBLE}{}\nfn main() {{\n{}}}\n", self.items, self.main);
        std::fs::write(&source, text).expect("the program can be written");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let compiled = Command::new(rustc)
            .args(["--edition", "2021", "--crate-type", "bin", "-C", "opt-level=0", "-o"])
            .args([&program, &source])
            .output()
            .expect("rustc runs");
        let messages = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{} does not compile:\n{messages}", source.display());
        let output = Command::new(&program).output().expect("the program runs");
        assert!(output.status.success(), "{} fails", program.display());
        let lines: Vec<Vec<f64>> = String::from_utf8_lossy(&output.stdout).lines().map(numbers).collect();
        assert_eq!(lines.len(), self.prints);
        lines
    }
}

fn numbers(line: &str) -> Vec<f64> {
    let bits = line.split_whitespace().map(|bits| bits.parse().expect("the bits of a double"));
    bits.map(f64::from_bits).collect()
}

/// Lists the fields of a generated structure.
pub fn fields(rust: &str, structure: &str) -> Vec<String> {
    let heading = format!("pub struct {structure} {{");
    let inside = rust.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| *line != "}");
    let declarations = inside.filter_map(|line| line.trim_start().strip_prefix("pub "));
    declarations.filter_map(|declaration| Some(declaration.split_once(':')?.0.to_string())).collect()
}

/// Lists the expressions of a result's gradient, `r.1.x` for each parameter.
pub fn gradient(rust: &str, structure: &str) -> Vec<String> {
    fields(rust, structure).iter().map(|field| format!("r.1.{field}")).collect()
}

/// Writes numbers as arguments of a call.
pub fn arguments(numbers: &[f64]) -> String {
    let arguments: Vec<String> = numbers.iter().map(|number| format!("{number:?}")).collect();
    arguments.join(", ")
}

/// Tells whether two lists hold the same doubles, bit by bit, where 0 and -0 count as one.
pub fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}
