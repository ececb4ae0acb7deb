//! Derivatives of functions of whole vectors and matrices, in closed form.

use super::args::{Format, Goal, Request};
use super::assumptions::{self, Condition, Notes, listed};
use super::exact::{self, Numbers};
use super::formulas::{self, Formula};
use super::gradient::{Options, heading};
use super::name::Name;
use super::values;
use super::{Exit, Outcome, index};
use crate::derive::{Closed, Derivative, Form, Order, closed_assumptions, derive_closed};
use crate::error::{Diagnostic, Errors, Fault};
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Function, Shape, Whole};
use crate::show::{names::with_names, notation};
use crate::source::Source;
use crate::syntax::print_expression;
use std::io::Write;

/// Returns the function's whole form, if the answer is to be in closed form: unless single entries are asked for.
pub fn wanted<'f>(function: &'f Function, wrt: &[String]) -> Option<&'f Whole> {
    function.closed().filter(|_| !by_entries(function, wrt))
}

/// Returns the function's whole form, if that is the form for answers in parts: unless single entries are asked for.
pub fn kept<'f>(function: &'f Function, wrt: &[String]) -> Option<&'f Whole> {
    function.kept_whole().filter(|_| !by_entries(function, wrt))
}

/// Tells whether single entries are asked for that the function has.
fn by_entries(function: &Function, wrt: &[String]) -> bool {
    wrt.iter().any(|name| name.contains('[')) && function.entries.is_some()
}

/// Finds the parameters that `--wrt` names; all by default.
pub fn selected(function: &Function, whole: &Whole, wrt: &[String]) -> Result<Vec<usize>, Errors> {
    if wrt.is_empty() {
        return Ok(whole.derivable());
    }
    let find = |name: &String| {
        let names: Vec<&str> = whole.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let at = names.iter().position(|own| own == name);
        at.ok_or_else(|| super::input::unknown_parameter(function.display_name(), name, &names))
    };
    super::input::names(wrt).iter().map(find).collect()
}

/// Prints value and first or second derivatives.
pub fn run(
    options: &Options,
    source: &Source,
    function: &Function,
    whole: &Whole,
    order: Order,
    out: &mut impl Write,
) -> Outcome {
    let request = &options.request;
    let by = selected(function, whole, &request.wrt)?;
    let warnings = assumptions::closed_warned(whole, &by)
        .map_err(|diagnostic| crate::in_function(source, function, diagnostic))?;
    if request.format == Format::Index {
        return index::run(request, function, whole, &by, order, out)
            .map_err(|diagnostic| crate::in_function(source, function, diagnostic))?;
    }
    let point = options.at.as_deref().map(|at| values::point_from_text(function, whole, at)).transpose()?;
    let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
    let given = derive_closed(whole, &by, order, request.shown()).map_err(wrong)?;
    let mut shown = given.clone();
    let numbers = match &point {
        None => None,
        Some(point) => {
            let form = Goal::computed(request.cost);
            let computed = derive_closed(whole, &by, order, form).map_err(wrong)?;
            let exact = match options.double {
                true => None,
                false => exact::evaluate(whole, &computed, &by, order, form, point).map_err(wrong)?,
            };
            Some(match exact {
                Some(numbers) => numbers,
                None => {
                    let dense = computed.evaluate(&point.matrices, &point.sizes);
                    let too_large = || Errors::general(Fault::TooLarge, "these matrices are too large to evaluate");
                    let dense = dense.ok_or_else(too_large)?.into_iter();
                    dense.map(|dense| Numbers::double(dense, !options.double)).collect()
                }
            })
        }
    };
    let mut list = Vec::new();
    let sizes = point.as_ref().map(|point| point.sizes.clone()).unwrap_or_default();
    if let Some(numbers) = &numbers {
        let value = &numbers[0];
        let shape = formulas::shape_by(whole, [].into_iter(), (value.rows, value.columns), &sizes);
        list.push(formula(Name::derivative(&[]), None, Some((value, shape))));
    }
    let (derivatives, offset) = match order {
        Order::Second => (shown.second.clone(), 1 + shown.first.len()),
        _ => (shown.first.clone(), 1),
    };
    let roots: Vec<ExprId> = derivatives.iter().map(Derivative::expression).collect();
    let roots = with_names(&mut shown.graph, &roots, &shown.names);
    for (at, (derivative, root)) in derivatives.iter().zip(roots).enumerate() {
        let pair = pair(&by, order, at);
        let parameters = || pair.iter().map(|at| &whole.parameters[*at]);
        let names: Vec<&str> = parameters().map(|parameter| parameter.name.as_str()).collect();
        let mut name = Name::derivative(&names);
        if let Derivative::Operator { direction, .. } = derivative {
            name.apply_to(&label(&shown.graph, *direction));
        }
        let value = match derivative {
            Derivative::Matrix(_) => numbers.as_ref().map(|numbers| {
                let value = &numbers[offset + at];
                (value, formulas::shape_by(whole, parameters(), (value.rows, value.columns), &sizes))
            }),
            Derivative::Operator { .. } => None,
        };
        list.push(formula(name, Some(root), value));
    }
    let heading = heading(function);
    let assumed = || closed_assumptions(whole, &by, order, &given).map(|found| listed(&found));
    let assumed = request.assumptions.then(assumed).transpose().map_err(wrong)?;
    let notes = Notes { assumed, warnings };
    let (graph, at) = (&shown.graph, options.at.as_deref());
    formulas::write(&heading, graph, &list, request.format, at, &notes, out)?;
    Ok(Exit::Success)
}

/// Prints the derivatives by each parameter alone, one a line.
pub fn partials(
    request: &Request,
    order: usize,
    source: &Source,
    function: &Function,
    whole: &Whole,
    out: &mut impl Write,
) -> Outcome {
    let by = selected(function, whole, &request.wrt)?;
    let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
    let warnings = assumptions::closed_warned(whole, &by).map_err(wrong)?;
    let order = match order {
        1 => Order::First,
        2 => Order::Second,
        _ => {
            return Err(
                wrong(Diagnostic::general(Fault::Derivative, "whole matrices are derived once or twice")).into()
            );
        }
    };
    let mut lines = serde_json::Map::new();
    let mut assumed: Vec<Condition> = Vec::new();
    for at in by.iter().copied() {
        let mut closed = derive_closed(whole, &[at], order, request.shown()).map_err(wrong)?;
        if request.assumptions {
            let found = listed(&closed_assumptions(whole, &[at], order, &closed).map_err(wrong)?);
            assumed.extend(found.into_iter().filter(|condition| !assumed.contains(condition)).collect::<Vec<_>>());
        }
        let derivative = if order == Order::First { closed.first[0].clone() } else { closed.second[0].clone() };
        let names = closed.names.clone();
        let root = with_names(&mut closed.graph, &[derivative.expression()], &names)[0];
        let own = whole.parameters[at].name.as_str();
        let names = vec![own; if order == Order::First { 1 } else { 2 }];
        let mut name = Name::derivative(&names);
        if let Derivative::Operator { direction, .. } = derivative {
            name.apply_to(&label(&closed.graph, direction));
        }
        let (ast, root) = notation::write(&closed.graph, root);
        if let Some(markup) = request.format.markup() {
            writeln!(out, "{}", formulas::equation(&name, &ast, root, markup))?;
            continue;
        }
        match request.format {
            Format::Json => drop(lines.insert(own.to_string(), print_expression(&ast, root).into())),
            _ if by.len() == 1 => writeln!(out, "{}", print_expression(&ast, root))?,
            _ => writeln!(out, "{} = {}", name.text(), print_expression(&ast, root))?,
        }
    }
    if request.format == Format::Json {
        Notes { assumed: request.assumptions.then(|| assumed.clone()), warnings }.put_into(&mut lines);
        writeln!(out, "{}", serde_json::Value::Object(lines))?;
    }
    assumptions::write(&assumed, request.format, out)?;
    Ok(Exit::Success)
}

/// The parameters of the derivative that stands at a place of the list.
fn pair(by: &[usize], order: Order, at: usize) -> Vec<usize> {
    if order != Order::Second {
        return vec![by[at]];
    }
    let pairs = (0..by.len()).flat_map(|row| (row..by.len()).map(move |column| (row, column)));
    pairs.skip(at).take(1).flat_map(|(row, column)| [by[row], by[column]]).collect()
}

fn formula(name: Name, root: Option<ExprId>, value: Option<(&Numbers, Shape)>) -> Formula {
    let shape = value.map_or(Shape::Scalar, |(_, shape)| shape);
    let numbers = value.map(|(value, _)| value.entries.clone());
    Formula { name, shape, entries: root.into_iter().collect(), whole: true, numbers }
}

fn label(graph: &Graph, direction: ExprId) -> String {
    match graph.node(direction) {
        Node::Input(index) => graph.inputs()[*index as usize].parameter.clone(),
        _ => String::new(),
    }
}

/// Derives by all parameters, in the form that is computed.
pub fn answer(whole: &Whole, order: Order) -> Result<Closed, crate::Diagnostic> {
    derive_closed(whole, &whole.derivable(), order, Form::Code)
}
