//! What differentiation costs as the input grows: the full gradient as the chain rule gives it, the same simplified and
//! scheduled, and its Rust, each from source text.
#![allow(clippy::disallowed_types, clippy::print_stdout)]

use gradc::Options;
use gradc::derive::{Derivatives, Form, Order, derive};
use gradc::source::Source;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Each measurement is the fastest of this many, or fewer where one takes longer than `PATIENCE`.
const REPEATS: usize = 15;
const PATIENCE: Duration = Duration::from_secs(4);

/// A family of inputs that grow.
struct Family {
    name: &'static str,
    sizes: &'static [usize],
    source: fn(usize) -> String,
}

const FAMILIES: &[Family] = &[
    Family { name: "rosenbrock", sizes: &[100, 1000, 10_000], source: rosenbrock },
    Family { name: "product", sizes: &[100, 1000, 10_000], source: product },
    Family { name: "nested", sizes: &[10, 100, 1000], source: nested },
];

/// Rosenbrock's function, written out.
fn rosenbrock(n: usize) -> String {
    let term = |at: usize| format!("100*(x{} - x{at}^2)^2 + (1 - x{at})^2", at + 1);
    (0..n - 1).map(term).collect::<Vec<_>>().join(" + ")
}

/// The product of all variables.
fn product(n: usize) -> String {
    (0..n).map(|at| format!("x{at}")).collect::<Vec<_>>().join("*")
}

/// `sin(y)*exp(-y^2)`, put into itself.
fn nested(n: usize) -> String {
    let steps: String = (0..n).map(|at| format!("let y{} = sin(y{at})*exp(-y{at}^2); ", at + 1)).collect();
    format!("{{ let y0 = x; {steps}y{n} }}")
}

/// Reads and differentiates a source without simplification, and returns how many nodes function and gradient take.
fn chain_rule(text: &str) -> usize {
    derivatives(text, Form::Raw).graph.len()
}

/// Reads, differentiates and simplifies a source, and returns how many operations value and gradient take.
fn gradient(text: &str) -> usize {
    derivatives(text, Form::Code).tape().operations.len()
}

fn derivatives(text: &str, form: Form) -> Derivatives {
    let functions = gradc::read(&Source::new("bench", text), &[]).expect("the source is read");
    let entries = functions[0].entries.as_ref().expect("it has entries");
    let all: Vec<usize> = (0..entries.graph.inputs().len()).collect();
    black_box(derive(entries, &all, Order::First, form).expect("it derives"))
}

/// Compiles a source to Rust, and returns how many bytes that are.
fn rust(text: &str) -> usize {
    black_box(gradc::compile(text, &Options::default()).expect("it compiles")).rust.len()
}

/// Measures the fastest of several calls.
fn measure(call: impl Fn() -> usize) -> (f64, usize) {
    let started = Instant::now();
    let (mut best, mut result) = (f64::INFINITY, 0);
    for _ in 0..REPEATS {
        let start = Instant::now();
        result = black_box(call());
        best = best.min(start.elapsed().as_secs_f64());
        if started.elapsed() > PATIENCE {
            break;
        }
    }
    (best, result)
}

fn ratio(now: f64, before: Option<f64>) -> String {
    before.map_or_else(|| "–".to_string(), |before| format!("{:.1}", now / before))
}

fn main() {
    println!(
        "| input | n | chain rule, ms | ratio | gradient, ms | ratio | operations | gradient and Rust, ms | ratio | bytes of Rust |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for family in FAMILIES.iter().filter(|family| wanted.is_empty() || wanted.iter().any(|name| name == family.name)) {
        let mut before = (None, None, None);
        for &n in family.sizes {
            let text = (family.source)(n);
            let (chained, _) = measure(|| chain_rule(&text));
            let (derived, operations) = measure(|| gradient(&text));
            let (compiled, bytes) = measure(|| rust(&text));
            println!(
                "| {} | {n} | {:.3} | {} | {:.3} | {} | {operations} | {:.3} | {} | {bytes} |",
                family.name,
                1e3 * chained,
                ratio(chained, before.0),
                1e3 * derived,
                ratio(derived, before.1),
                1e3 * compiled,
                ratio(compiled, before.2),
            );
            before = (Some(chained), Some(derived), Some(compiled));
        }
    }
}
