//! `gradc fmt`: a file in the standard form.

use super::{Exit, Outcome, input};
use crate::error::{Errors, Fault};
use crate::syntax::{parse, print_program};
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    /// A file, an expression, or `-` for standard input.
    #[arg(value_name = "EXPR|FILE", allow_hyphen_values = true)]
    text: String,
    /// Writes the result back to the file.
    #[arg(short, long, conflicts_with = "check")]
    write: bool,
    /// Prints nothing; the exit code is 1 if the file is not in the standard form.
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let source = input::source(&options.text)?;
    let (ast, program) = parse(&source)?;
    let printed = print_program(&ast, &program, &source);
    if options.check {
        return Ok(if printed == source.text { Exit::Success } else { Exit::No });
    }
    if options.write {
        if source.name != options.text {
            return Err(Errors::general(Fault::File, "only a file can be written back").into());
        }
        if printed != source.text {
            crate::output::replace(options.text.as_ref(), &printed)
                .map_err(|error| Errors::general(Fault::File, format!("{} can't be written: {error}", options.text)))?;
        }
        return Ok(Exit::Success);
    }
    out.write_all(printed.as_bytes())?;
    Ok(Exit::Success)
}
