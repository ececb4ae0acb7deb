//! `gradc man`: the manual's pages, for `man -l -`.

use super::args::Arguments;
use super::{Exit, Outcome};
use crate::error::{Diagnostic, Errors, Fault, nearest};
use crate::source::Source;
use clap::{Args, CommandFactory};
use clap_mangen::Man;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    /// The command that the page is about; by default the page is about all of gradc.
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let mut all = Arguments::command().disable_help_subcommand(true);
    all.build();
    let page = match &options.command {
        None => all,
        Some(name) => {
            let Some(command) = all.find_subcommand(name) else {
                let names: Vec<&str> = all.get_subcommands().map(|command| command.get_name()).collect();
                let diagnostic = Diagnostic::general(Fault::NoSuch, format!("gradc has no command `{name}`"));
                let hint = match nearest(name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its commands are {}", names.join(", ")),
                };
                return Err(Errors::new(&Source::new("command", name.clone()), vec![diagnostic.hint(hint)]).into());
            };
            command.clone()
        }
    };
    Man::new(page).render(out)?;
    Ok(Exit::Success)
}
