//! `gradc hessian`: the second derivatives, one a line.

use super::args::{Format, Goal};
use super::assumptions::{Notes, assumptions, warned};
use super::formulas::{self, Formula};
pub use super::gradient::Options;
use super::gradient::{heading, require_parameters};
use super::name::Name;
use super::{Exit, Outcome, closed, compile, dump, input, statistics, values};
use crate::derive::{Form, Order, derive};
use crate::error::{Diagnostic, Fault};
use crate::limits;
use crate::lower::{Entries, Shape};
use std::io::Write;

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let request = &options.request;
    if let Some(pass) = request.dump {
        return dump::run(request, Order::Second, pass, out);
    }
    let (source, function) = input::function(&request.input)?;
    require_parameters(&source, &function)?;
    if let (Some(whole), None, true) =
        (closed::wanted(&function, &request.wrt), request.stats, request.format != Format::Rust)
    {
        return closed::run(options, &source, &function, whole, Order::Second, out);
    }
    let (entries, selected) = (input::entries(&function)?, input::selected(&function, &request.wrt)?);
    let point = options.at.as_deref().map(|at| values::from_text(&function, at)).transpose()?;
    if statistics::only(request, &source, &function, out)? {
        return Ok(Exit::Success);
    }
    if request.format == Format::Rust {
        return compile::print(&source, &function, 2, &request.wrt, out);
    }
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    let form = request.shown();
    require_readable(entries, &selected).map_err(wrong)?;
    let shown = derive(entries, &selected, Order::Second, form).map_err(wrong)?;
    let warnings = warned(entries, &selected).map_err(wrong)?;
    let mut numbers = match &point {
        None => None,
        Some(point) => {
            let mut code = derive(entries, &selected, Order::Second, Goal::computed(request.cost)).map_err(wrong)?;
            let skipped = 1 + selected.len();
            Some(values::evaluate(&code.tape(), point, options.double).into_iter().skip(skipped))
        }
    };
    let mut list = Vec::new();
    for (row, first) in selected.iter().enumerate() {
        for (column, second) in selected.iter().enumerate().skip(row) {
            let labels = [input::label(entries, *first), input::label(entries, *second)];
            list.push(Formula {
                name: Name::derivative(&[&labels[0], &labels[1]]),
                shape: Shape::Scalar,
                entries: vec![shown.second[row][column]],
                whole: false,
                numbers: numbers.as_mut().map(|numbers| numbers.next().into_iter().collect()),
            });
        }
    }
    let raw = |raw: &Entries| derive(raw, &selected, Order::Second, Form::Raw);
    let assumed = request.assumptions.then(|| assumptions(entries, &shown, raw)).transpose().map_err(wrong)?;
    let notes = Notes { assumed, warnings };
    let (heading, graph, at) = (heading(&function), &shown.graph, options.at.as_deref());
    formulas::write(&heading, graph, &list, request.format, at, &notes, out)?;
    statistics::also(request, &source, &function, out)?;
    Ok(Exit::Success)
}

/// Refuses second derivatives that would be millions of symbols of text.
fn require_readable(entries: &Entries, selected: &[usize]) -> Result<(), Diagnostic> {
    let raw = derive(entries, selected, Order::Second, Form::Raw)?;
    let upper = raw.second.iter().enumerate().flat_map(|(at, row)| &row[at..]);
    let length: usize = upper.map(|root| raw.graph.reachable(&[*root]).len()).sum();
    if length <= limits::SYMBOLS {
        return Ok(());
    }
    let message = format!("these second derivatives are too long to be written as formulas: about {length} symbols");
    let hint = "`--wrt` chooses some of the parameters, and `-f rust` shares what the formulas repeat";
    Err(Diagnostic::general(Fault::TooLarge, message).hint(hint))
}
