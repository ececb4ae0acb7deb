//! The commands and their options.

use super::{
    Outcome, backprop, batch, check, compile, completions, diff, examples, explain, fmt, gradient, hessian, jacobian,
    man, repl, report, rules, watch,
};
use crate::derive::{Form, Pass};
use crate::error::{Errors, Fault};
use crate::show::markup::Markup;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::{IsTerminal, Write};

/// Symbolic differentiation: reads mathematics, writes derivatives to read and Rust code to run.
#[derive(Parser)]
#[command(name = "gradc", version, arg_required_else_help = true, max_term_width = 100, after_help = examples::ALL)]
pub struct Arguments {
    /// When diagnostics are coloured.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// Reads a command line that stands inside of another command.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Arguments, Errors> {
        Arguments::try_parse_from(words).map_err(|error| {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Errors::general(Fault::NoSuch, line.trim_start_matches("error: "))
        })
    }
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
    /// Leaves out every simplification that holds only where something is assumed, such as x/x = 1.
    #[arg(long)]
    pub strict_domain: bool,
}

/// What is derived, and how it is shown.
#[derive(Args)]
pub struct Request {
    #[command(flatten)]
    pub input: Input,
    /// The parameters to derive by, separated by commas: `x,w` or `w[0]`; all by default.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub wrt: Vec<String>,
    /// Prints what the chain rule gives, without simplification.
    #[arg(long)]
    pub raw: bool,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Prints what the formulas take for granted: `assuming x != 0`.
    #[arg(long)]
    pub assumptions: bool,
    /// What counts in simplification; by default formulas are pretty, and what is computed is stable.
    #[arg(long, value_enum)]
    pub cost: Option<Goal>,
    /// Prints node and operation counts of value and gradient; `--stats=json` prints nothing else, as JSON.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub stats: Option<Statistics>,
    /// Prints what a pass of the compiler leaves behind, node by node, and nothing else; with `--cost stable`, of what is
    /// computed.
    #[arg(long, value_enum, value_name = "PASS")]
    pub dump: Option<Pass>,
}

/// What counts in simplification.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// What people like to read.
    Pretty,
    /// Few operations among the forms that keep their digits.
    Stable,
    /// As few operations as possible.
    Flops,
}

impl Request {
    /// Returns the form of formulas.
    pub fn shown(&self) -> Form {
        match self.cost {
            _ if self.raw => Form::Raw,
            None | Some(Goal::Pretty) => Form::Pretty,
            Some(Goal::Stable) => Form::Code,
            Some(Goal::Flops) => Form::Flops,
        }
    }
}

impl Goal {
    /// Returns the form of what is computed.
    pub fn computed(goal: Option<Goal>) -> Form {
        match goal {
            Some(Goal::Pretty) => Form::Pretty,
            None | Some(Goal::Stable) => Form::Code,
            Some(Goal::Flops) => Form::Flops,
        }
    }
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text that reads back as input.
    Text,
    /// LaTeX for math mode.
    Latex,
    /// MathML Core.
    Mathml,
    /// Typst for math mode.
    Typst,
    /// One JSON object.
    Json,
    /// The Rust function.
    Rust,
    /// Entries of vectors and matrices, with sums over indices and Kronecker deltas.
    Index,
}

impl Format {
    /// Returns how formulas are typeset, if they are.
    pub fn markup(self) -> Option<Markup> {
        match self {
            Format::Latex => Some(Markup::Latex),
            Format::Mathml => Some(Markup::Mathml),
            Format::Typst => Some(Markup::Typst),
            Format::Text | Format::Json | Format::Rust | Format::Index => None,
        }
    }
}

/// How counts are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Statistics {
    Text,
    Json,
}

#[derive(Subcommand)]
pub enum Command {
    /// Prints each partial derivative, one a line.
    #[command(after_help = examples::DIFF)]
    Diff(diff::Options),
    /// Prints value and gradient, as formulas and, at a point, as numbers.
    #[command(after_help = examples::GRAD)]
    Grad(gradient::Options),
    /// Prints the Jacobian of a vector, as formulas and, at a point, as numbers.
    #[command(after_help = examples::JACOBIAN)]
    Jacobian(jacobian::Options),
    /// Prints the second derivatives, as formulas and, at a point, as numbers.
    #[command(after_help = examples::HESSIAN)]
    Hessian(hessian::Options),
    /// Derives step by step: the chain rule from the outside in, then the simplification, each step by name; or
    /// explains an error by its code.
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::Options),
    /// Shows values and gradients gate by gate: the computational graph as it is written.
    #[command(after_help = examples::BACKPROP)]
    Backprop(backprop::Options),
    /// Writes Rust code of values and derivatives.
    #[command(after_help = examples::COMPILE)]
    Compile(compile::Options),
    /// Writes a page of HTML: formulas, derivation, circuit, code and check of a function.
    #[command(after_help = examples::REPORT)]
    Report(report::Options),
    /// Compares the derivatives with finite differences.
    #[command(after_help = examples::CHECK)]
    Check(check::Options),
    /// Answers line by line, with definitions that stay, history and completion.
    #[command(after_help = examples::REPL)]
    Repl(repl::Options),
    /// Runs a command about a file now, and again whenever the file changes.
    #[command(after_help = examples::WATCH)]
    Watch(watch::Options),
    /// Answers JSON lines: values, gradients and Hessians of expressions at points.
    #[command(after_help = examples::BATCH)]
    Batch(batch::Options),
    /// Lists the rewrite rules, or explains one.
    #[command(after_help = examples::RULES)]
    Rules(rules::Options),
    /// Prints a file in the standard form.
    #[command(after_help = examples::FMT)]
    Fmt(fmt::Options),
    /// Prints the script with which a shell completes commands and options.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Options),
    /// Prints a page of the manual.
    #[command(after_help = examples::MAN)]
    Man(man::Options),
}

impl Command {
    pub fn run(self, out: &mut impl Write) -> Outcome {
        match self {
            Command::Diff(options) => diff::run(&options, out),
            Command::Grad(options) => gradient::run(&options, out),
            Command::Jacobian(options) => jacobian::run(&options, out),
            Command::Hessian(options) => hessian::run(&options, out),
            Command::Explain(options) => explain::run(&options, out),
            Command::Backprop(options) => backprop::run(&options, out),
            Command::Compile(options) => compile::run(&options, out),
            Command::Report(options) => report::run(&options, out),
            Command::Check(options) => check::run(&options, out),
            Command::Repl(options) => repl::run(&options, out),
            Command::Watch(options) => watch::run(&options, out),
            Command::Batch(options) => batch::run(&options, out),
            Command::Rules(options) => rules::run(&options, out),
            Command::Fmt(options) => fmt::run(&options, out),
            Command::Completions(options) => completions::run(&options, out),
            Command::Man(options) => man::run(&options, out),
        }
    }
}
