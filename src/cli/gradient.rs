//! `gradc grad`: value and gradient.

use super::args::{Format, Goal, Request};
use super::assumptions::{Notes, assumptions, warned};
use super::formulas::{self, Formula};
use super::name::Name;
use super::{Exit, Outcome, closed, compile, dump, input, statistics, values};
use crate::derive::{Form, Order, derive};
use crate::error::{Diagnostic, Errors, Fault};
use crate::lower::{Entries, Function, Shape};
use crate::source::Source;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub request: Request,
    /// The point: `x=1,y=pi/2,v=[1,2,3]`.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Computes numbers in double precision, as the generated code does.
    #[arg(long, requires = "at")]
    pub double: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    if let Some(pass) = options.request.dump {
        return dump::run(&options.request, Order::First, pass, out);
    }
    let (source, function) = input::function(&options.request.input)?;
    if !function.whole.extents().is_scalar() {
        let diagnostic = Diagnostic::general(Fault::OneValue, "the gradient is that of a number, and this is a vector");
        let diagnostic = diagnostic.hint("`gradc jacobian` prints the derivatives of a vector");
        return Err(crate::in_function(&source, &function, diagnostic).into());
    }
    first_derivatives(options, &source, &function, out)
}

/// Prints the value and the first derivatives, parameter by parameter.
pub fn first_derivatives(options: &Options, source: &Source, function: &Function, out: &mut impl Write) -> Outcome {
    let request = &options.request;
    if let (Some(whole), None, true) =
        (closed::wanted(function, &request.wrt), request.stats, request.format != Format::Rust)
    {
        return closed::run(options, source, function, whole, Order::First, out);
    }
    let (entries, selected) = (input::entries(function)?, input::selected(function, &request.wrt)?);
    let point = options.at.as_deref().map(|at| values::from_text(function, at)).transpose()?;
    if statistics::only(request, source, function, out)? {
        return Ok(Exit::Success);
    }
    if request.format == Format::Rust {
        return compile::print(source, function, 1, &request.wrt, out);
    }
    let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
    let form = request.shown();
    let shown = derive(entries, &selected, Order::First, form).map_err(wrong)?;
    let warnings = warned(entries, &selected).map_err(wrong)?;
    let numbers = match &point {
        None => None,
        Some(point) => {
            let mut code = derive(entries, &selected, Order::First, Goal::computed(request.cost)).map_err(wrong)?;
            Some(values::evaluate(&code.tape(), point, options.double))
        }
    };
    let count = entries.outputs.len();
    let mut list = Vec::new();
    if let Some(numbers) = &numbers {
        list.push(Formula {
            name: Name::derivative(&[]),
            shape: entries.shape,
            entries: Vec::new(),
            whole: false,
            numbers: Some(numbers[..count].to_vec()),
        });
    }
    for (name, columns, shape) in groups(entries, &selected) {
        let rows = (0..count).flat_map(|row| columns.iter().map(move |column| (row, *column)));
        let formulas = rows.clone().map(|(row, column)| shown.first[row][column]).collect();
        let values = numbers
            .as_ref()
            .map(|numbers| rows.map(|(row, column)| numbers[count + row * selected.len() + column]).collect());
        let shape = match (entries.shape, shape) {
            (Shape::Scalar, own) => own,
            (whole, Shape::Scalar) => whole,
            (whole, own) => Shape::Matrix(whole.entries(), own.entries()),
        };
        list.push(Formula {
            name: Name::derivative(&[&name]),
            shape,
            entries: formulas,
            whole: false,
            numbers: values,
        });
    }
    let heading = heading(function);
    let raw = |raw: &Entries| derive(raw, &selected, Order::First, Form::Raw);
    let assumed = request.assumptions.then(|| assumptions(entries, &shown, raw)).transpose().map_err(wrong)?;
    let notes = Notes { assumed, warnings };
    let (graph, at) = (&shown.graph, options.at.as_deref());
    formulas::write(&heading, graph, &list, request.format, at, &notes, out)?;
    statistics::also(request, source, function, out)?;
    Ok(Exit::Success)
}

/// The definition that the answer is about.
pub fn heading(function: &Function) -> String {
    match function.name {
        Some(_) => function.definition.clone(),
        None => format!("f = {}", function.definition),
    }
}

/// Groups the selected inputs: a whole parameter is one group, single entries are groups of their own.
fn groups(entries: &Entries, selected: &[usize]) -> Vec<(String, Vec<usize>, Shape)> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < selected.len() {
        let whole = entries.parameters.iter().find(|parameter| {
            let inputs = &parameter.inputs;
            inputs.start == selected[at] && selected[at..].starts_with(&inputs.clone().collect::<Vec<_>>())
        });
        match whole.filter(|parameter| !parameter.inputs.is_empty()) {
            Some(parameter) => {
                let count = parameter.inputs.len();
                groups.push((parameter.name.clone(), (at..at + count).collect(), parameter.shape));
                at += count;
            }
            None => {
                groups.push((input::label(entries, selected[at]), vec![at], Shape::Scalar));
                at += 1;
            }
        }
    }
    groups
}

/// Stops where there is nothing to derive by.
pub fn require_parameters(source: &Source, function: &Function) -> Result<(), Errors> {
    if function.whole.parameters.is_empty() {
        let diagnostic = Diagnostic::general(Fault::NoParameter, "there is no parameter to derive by");
        return Err(crate::in_function(source, function, diagnostic));
    }
    Ok(())
}
