//! `gradc diff`: each partial derivative, one a line.

use super::args::{Format, Request};
use super::formulas::{Formula, Name};
use super::{Exit, Outcome, input, statistics};
use crate::derive::{Form, derive_repeatedly};
use crate::lower::Shape;
use crate::show::{latex, notation};
use clap::Args;
use serde_json::{Map, Value};
use std::io::Write;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    request: Request,
    /// How often to derive.
    #[arg(long, value_name = "N", default_value_t = 1)]
    order: usize,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let request = &options.request;
    let (source, function) = input::function(&request.input)?;
    let selected = input::selected(&function, &request.wrt)?;
    if statistics::only(request, &source, &function, out)? {
        return Ok(Exit::Success);
    }
    if request.format == Format::Rust {
        return super::compile::print(&source, &function, out);
    }
    let form = if request.raw { Form::Raw } else { Form::Pretty };
    let alone = selected.len() == 1 && function.shape == Shape::Scalar;
    let mut object = Map::new();
    for input in selected {
        let derivatives = derive_repeatedly(&function, input, options.order, form)
            .map_err(|diagnostic| crate::in_function(&source, &function, diagnostic))?;
        let label = input::label(&function, input);
        let name = Name::derivative(&vec![label.as_str(); options.order]);
        let graph = &derivatives.graph;
        match request.format {
            Format::Latex => {
                for root in &derivatives.value {
                    let (ast, root) = notation::write(graph, *root);
                    writeln!(out, "{} = {}", name.latex, latex::latex(&ast, root))?;
                }
            }
            _ => {
                let formula =
                    Formula { name, shape: function.shape, entries: derivatives.value.clone(), numbers: None };
                let text = formula.text(graph);
                match request.format {
                    Format::Json => drop(object.insert(label, text.into())),
                    _ if alone => writeln!(out, "{text}")?,
                    _ => writeln!(out, "{} = {text}", formula.name.text)?,
                }
            }
        }
    }
    if request.format == Format::Json {
        writeln!(out, "{}", Value::Object(object))?;
    }
    statistics::also(request, &source, &function, out)?;
    Ok(Exit::Success)
}
