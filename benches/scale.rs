//! What value and gradient of irregular expressions cost to compile, and what simplification saves.
#![allow(clippy::disallowed_types, clippy::print_stdout)]

use gradc::derive::{Form, Order, derive};
use gradc::lower::Function;
use gradc::source::Source;
use std::hint::black_box;
use std::time::Instant;

/// Inputs of each expression.
const INPUTS: usize = 50;
/// How far back, in steps, an operand lies.
const REACH: usize = 40;

/// A linear congruential generator (Knuth's MMIX), so that the expressions are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Writes an expression of many steps, each a random function of earlier ones.
fn irregular(steps: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut names: Vec<String> = (0..INPUTS).map(|at| format!("x{at}")).collect();
    let mut text = format!("f({}) = {{\n", names.join(", "));
    for step in 0..steps {
        let near = |random: &mut Random| names[names.len() - 1 - random.below(REACH)].clone();
        let a = near(&mut random);
        let b = if random.below(3) == 0 { names[random.below(INPUTS)].clone() } else { near(&mut random) };
        let value = match random.below(11) {
            0 | 1 => format!("{a}*{b}"),
            2 | 3 => format!("{a} + {b}"),
            4 => format!("{a} - {b}"),
            5 => format!("sin({a})"),
            6 => format!("tanh({b})"),
            7 => format!("exp(-{a}^2)"),
            8 => format!("1/(1 + exp(-{a}))"),
            9 => format!("cos({a}*{b})"),
            _ => format!("{b}/(1 + {a}^2)"),
        };
        let value = if random.below(4) == 0 { format!("tanh({value})") } else { value };
        text.push_str(&format!("let y{step} = {value};\n"));
        names.push(format!("y{step}"));
    }
    text.push_str(&names[names.len() - REACH..].join(" + "));
    text.push_str("\n}");
    text
}

/// Rosenbrock's function, written out.
fn rosenbrock(n: usize) -> String {
    let term = |at: usize| format!("100*(x{} - x{at}^2)^2 + (1 - x{at})^2", at + 1);
    (0..n - 1).map(term).collect::<Vec<_>>().join(" + ")
}

/// Counts nodes and flops of value and gradient.
fn size(function: &Function, form: Form) -> (usize, usize) {
    let function = function.entries.as_ref().expect("it has entries");
    let all: Vec<usize> = (0..function.graph.inputs().len()).collect();
    let mut derivatives = derive(function, &all, Order::First, form).expect("it derives");
    (derivatives.graph.reachable(&derivatives.roots()).len(), derivatives.tape().counts().flops())
}

fn measure(name: &str, text: &str) {
    let start = Instant::now();
    black_box(gradc::compile(text, &gradc::Options::default()).expect("it compiles"));
    let seconds = start.elapsed().as_secs_f64();
    let functions = gradc::read(&Source::new("bench", text), &[]).expect("the source is read");
    let [raw, code, flops] = [Form::Raw, Form::Code, Form::Flops].map(|form| size(&functions[0], form));
    println!("| {name} | {} | {} | {} | {} | {} | {seconds:.3} |", raw.0, code.0, raw.1, code.1, flops.1);
}

fn main() {
    println!("| input | nodes as derived | simplified | flops as derived | by default | fewest | source to Rust, s |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for steps in [300, 3600, 28_000] {
        measure(&format!("irregular, {steps} steps"), &irregular(steps, 12_345));
    }
    measure("rosenbrock, n = 16 400", &rosenbrock(16_400));
}
