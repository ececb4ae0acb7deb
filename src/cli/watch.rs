//! `gradc watch`: runs a command about a file now, and again whenever the file changes.

use super::args::Arguments;
use super::{Exit, Outcome, Stop};
use crate::error::{Errors, Fault};
use clap::Args;
use std::io::{self, Write};
use std::time::Duration;

/// How long to wait before the file is looked at again.
const PAUSE: Duration = Duration::from_millis(150);

#[derive(Args)]
pub struct Options {
    /// The file.
    #[arg(value_name = "FILE")]
    file: String,
    /// Ends after so many runs; by default it goes on until it is stopped.
    #[arg(long, value_name = "COUNT")]
    runs: Option<u64>,
    /// The command and its options, without the file; `check` by default.
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let mut before = std::fs::read(&options.file)
        .map_err(|error| Errors::general(Fault::File, format!("`{}` can't be read: {error}", options.file)))?;
    let mut runs = 0;
    loop {
        let exit = answer(options, out)?;
        out.flush()?;
        runs += 1;
        if options.runs.is_some_and(|most| runs >= most) {
            return Ok(exit);
        }
        before = changed(&options.file, before);
        writeln!(out, "\n{} has changed", options.file)?;
    }
}

/// Runs the command; what is wrong with the file is shown, and may be mended.
fn answer(options: &Options, out: &mut impl Write) -> Outcome {
    let mut words: Vec<&str> = options.command.iter().map(String::as_str).collect();
    if words.is_empty() {
        words.push("check");
    }
    words.insert(0, "gradc");
    words.insert(2, &options.file);
    let parsed = Arguments::read(words)?;
    match parsed.command.run(out) {
        Err(Stop::Input(errors)) => {
            out.flush()?;
            writeln!(io::stderr(), "{}", errors.render(parsed.color.wanted()))?;
            Ok(Exit::Failure)
        }
        outcome => outcome,
    }
}

/// Waits until a file holds something else, and returns that. Editors remove a file before they write it anew.
fn changed(file: &str, before: Vec<u8>) -> Vec<u8> {
    loop {
        std::thread::sleep(PAUSE);
        match std::fs::read(file) {
            Ok(now) if now != before => return now,
            _ => {}
        }
    }
}
