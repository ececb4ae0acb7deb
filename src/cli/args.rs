//! The commands and their options.

use super::Outcome;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal, Write};

/// Symbolic differentiation: reads mathematics, writes derivatives to read and Rust code to run.
#[derive(Parser)]
#[command(name = "gradc", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Arguments {
    /// When diagnostics are coloured.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

/// When diagnostics are coloured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

impl Color {
    pub fn wanted(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !forbidden && std::io::stderr().is_terminal()
            }
        }
    }
}

/// Where the function comes from.
#[derive(Args)]
pub struct Input {
    /// An expression, a definition such as `f(x, y) = x^2*y`, a file, or `-` for standard input.
    #[arg(value_name = "EXPR|FILE", allow_hyphen_values = true)]
    pub text: String,
    /// Declares a parameter of an expression: `x: vector[3]`, `x > 0`. May be given several times.
    #[arg(long = "param", value_name = "DECLARATION")]
    pub parameters: Vec<String>,
    /// The function of the file, where it has several; by default the last one.
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Prints each partial derivative, one a line.
    Diff(super::diff::Options),
    /// Answers JSON lines: values, gradients and Hessians of expressions at points.
    Batch,
}

impl Command {
    pub fn run(self, out: &mut impl Write) -> Outcome {
        match self {
            Command::Diff(options) => super::diff::run(&options, out),
            Command::Batch => super::batch::run(out),
        }
    }
}
