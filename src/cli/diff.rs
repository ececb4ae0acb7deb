//! `gradc diff`: each partial derivative, one a line.

use super::args::{Format, Request};
use super::assumptions::{self, Notes, assumptions};
use super::formulas::Formula;
use super::gradient::require_parameters;
use super::name::Name;
use super::{Exit, Outcome, closed, input, statistics};
use crate::derive::{Form, Order, derive, derive_repeatedly};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Graph};
use crate::limits;
use crate::lower::{Entries, Shape};
use crate::show::notation;
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

/// Refuses derivatives that are not to be had.
fn require_few(count: usize, order: usize) -> Result<(), Diagnostic> {
    if order > limits::ORDER {
        let message = format!("derivatives of order {order} are not formed");
        return Err(
            Diagnostic::general(Fault::TooLarge, message).hint(format!("the highest order is {}", limits::ORDER))
        );
    }
    if count > limits::LINES {
        let message = format!("{count} derivatives are too many to be written one a line");
        let hint =
            format!("`--wrt` chooses up to {} of them, and a dimension with a name keeps vectors whole", limits::LINES);
        return Err(Diagnostic::general(Fault::TooLarge, message).hint(hint));
    }
    Ok(())
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let request = &options.request;
    if let Some(pass) = request.dump {
        let order = if options.order == 1 { Order::First } else { Order::Second };
        return super::dump::run(request, order, pass, out);
    }
    let (source, function) = input::function(&request.input)?;
    require_parameters(&source, &function)?;
    if let (Some(whole), None) = (closed::kept(&function, &request.wrt), request.stats) {
        if request.format == Format::Rust {
            return super::compile::print(&source, &function, options.order, &request.wrt, out);
        }
        return closed::partials(request, options.order, &source, &function, whole, out);
    }
    let (entries, selected) = (input::entries(&function)?, input::selected(&function, &request.wrt)?);
    require_few(selected.len(), options.order)
        .map_err(|diagnostic| crate::in_function(&source, &function, diagnostic))?;
    if statistics::only(request, &source, &function, out)? {
        return Ok(Exit::Success);
    }
    if request.format == Format::Rust {
        return super::compile::print(&source, &function, options.order, &request.wrt, out);
    }
    let form = request.shown();
    let alone = selected.len() == 1 && entries.shape == Shape::Scalar;
    let mut object = Map::new();
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    let warnings = assumptions::warned(entries, &selected).map_err(wrong)?;
    // One pass backward serves all first derivatives.
    let first = match options.order {
        1 => Some(derive(entries, &selected, Order::First, form).map_err(wrong)?),
        _ => None,
    };
    let mut taken = Vec::new();
    if let (Some(first), true) = (&first, request.assumptions) {
        taken
            .extend(assumptions(entries, first, |raw| derive(raw, &selected, Order::First, Form::Raw)).map_err(wrong)?);
    }
    for (column, input) in selected.into_iter().enumerate() {
        let repeated = match first {
            Some(_) => None,
            None => Some(derive_repeatedly(entries, input, options.order, form).map_err(wrong)?),
        };
        if let (Some(repeated), true) = (&repeated, request.assumptions) {
            let raw = |raw: &Entries| derive_repeatedly(raw, input, options.order, Form::Raw);
            let more = assumptions(entries, repeated, raw).map_err(wrong)?;
            taken.extend(more.into_iter().filter(|condition| !taken.contains(condition)).collect::<Vec<_>>());
        }
        let (graph, formulas): (&Graph, Vec<ExprId>) = match (&first, &repeated) {
            (Some(first), _) => (&first.graph, first.first.iter().map(|row| row[column]).collect()),
            (None, Some(repeated)) => (&repeated.graph, repeated.value.clone()),
            (None, None) => continue,
        };
        let label = input::label(entries, input);
        let name = Name::derivative(&vec![label.as_str(); options.order]);
        match request.format.markup() {
            Some(markup) => {
                for root in &formulas {
                    let (ast, root) = notation::write(graph, *root);
                    writeln!(out, "{}", super::formulas::equation(&name, &ast, root, markup))?;
                }
            }
            None => {
                let formula = Formula { name, shape: entries.shape, entries: formulas, whole: false, numbers: None };
                let text = formula.text(graph);
                match request.format {
                    Format::Json => drop(object.insert(label, text.into())),
                    _ if alone => writeln!(out, "{text}")?,
                    _ => writeln!(out, "{} = {text}", formula.name.text())?,
                }
            }
        }
    }
    if request.format == Format::Json {
        Notes { assumed: request.assumptions.then(|| taken.clone()), warnings }.put_into(&mut object);
        writeln!(out, "{}", Value::Object(object))?;
    }
    assumptions::write(&taken, request.format, out)?;
    statistics::also(request, &source, &function, out)?;
    Ok(Exit::Success)
}
