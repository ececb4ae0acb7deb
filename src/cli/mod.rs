//! The command line: one file a command.

mod args;
mod assumptions;
mod backprop;
mod batch;
mod check;
mod closed;
mod compile;
mod completions;
mod diff;
mod difference;
mod dump;
mod exact;
mod examples;
mod explain;
mod faults;
mod fmt;
mod formulas;
mod given;
mod gradient;
mod hessian;
mod index;
mod input;
mod jacobian;
mod man;
mod name;
mod page;
mod places;
mod progress;
mod repl;
mod report;
mod rules;
mod session;
mod statistics;
mod values;
mod watch;

use crate::error::Errors;
use clap::Parser;
use std::io::{self, Write};

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Done.
    Success,
    /// The answer is no: a check failed.
    No,
    /// Something was wrong with the input or with writing the answer.
    Failure,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => 0.into(),
            Exit::No => 1.into(),
            Exit::Failure => 2.into(),
        }
    }
}

/// What stops a command.
enum Stop {
    Input(Errors),
    Output(io::Error),
}

impl From<Errors> for Stop {
    fn from(errors: Errors) -> Self {
        Stop::Input(errors)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Output(error)
    }
}

type Outcome = Result<Exit, Stop>;

/// Runs the command line of this process.
pub fn main() -> Exit {
    let arguments = args::Arguments::parse();
    let color = arguments.color.wanted();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let outcome = arguments.command.run(&mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    match outcome {
        Ok(exit) => exit,
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(Stop::Output(error)) => {
            let _ = writeln!(io::stderr(), "error: the answer can't be written: {error}");
            Exit::Failure
        }
        Err(Stop::Input(errors)) => {
            let _ = out.flush();
            let _ = writeln!(io::stderr(), "{}", errors.render(color));
            Exit::Failure
        }
    }
}
