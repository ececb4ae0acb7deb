//! `gradc completions`: scripts with which shells complete commands and options.

use super::args::Arguments;
use super::{Exit, Outcome};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "gradc", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Success)
}
