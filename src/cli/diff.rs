//! `gradc diff`: each partial derivative, one a line.

use super::args::Input;
use super::{Exit, Outcome, input};
use crate::derive::{Form, derive_repeatedly};
use crate::show::notation;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The parameters to derive by, separated by commas; all by default.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    wrt: Vec<String>,
    /// How often to derive.
    #[arg(long, value_name = "N", default_value_t = 1)]
    order: usize,
    /// Prints what the chain rule gives, without simplification.
    #[arg(long)]
    raw: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.input)?;
    let selected = input::selected(&function, &options.wrt)?;
    let form = if options.raw { Form::Raw } else { Form::Pretty };
    let alone = selected.len() * function.outputs.len() == 1;
    for input in selected {
        let derivatives = derive_repeatedly(&function, input, options.order, form)
            .map_err(|diagnostic| input::about(&source, &function, diagnostic))?;
        for root in &derivatives.value {
            let text = notation::text(&derivatives.graph, *root);
            if alone {
                writeln!(out, "{text}")?;
            } else {
                writeln!(out, "d/d{} = {text}", input::label(&function, input))?;
            }
        }
    }
    Ok(Exit::Success)
}
