//! `gradc explain`: a derivative, line by line.

use super::args::{Format, Input};
use super::assumptions::{self, Condition, assumptions, listed};
use super::gradient::{heading, require_parameters};
use super::name::Name;
use super::{Exit, Outcome, closed, faults, input};
use crate::derive::{Form, Order, closed_assumptions, derive, derive_closed};
use crate::error::Diagnostic;
use crate::explain::{Definition, Derivation, Identity, Reason, explain, explain_whole};
use crate::lower::{Entries, Function, Shape, Whole};
use crate::show::equations::Equation;
use crate::show::lines::Abbreviations;
use crate::show::markup::Markup;
use crate::source::Source;
use clap::Args;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Widest line before its reason; longer ones have their reason on a line of its own.
const WIDTH: usize = 84;

/// Longest reason that is typeset in one piece.
const LONGEST_REASON: usize = 47;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The parameters to derive by, separated by commas: `x,w` or `w[0]`; all by default.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    wrt: Vec<String>,
    /// Prints what the derivation takes for granted: `assuming x != 0`.
    #[arg(long)]
    assumptions: bool,
    /// How the derivation is written.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    if faults::is_code(&options.input) {
        return faults::run(&options.input.text, out);
    }
    let (source, function) = input::function(&options.input)?;
    require_parameters(&source, &function)?;
    if let Some(whole) = closed::kept(&function, &options.wrt) {
        return run_whole(options, &source, &function, whole, out);
    }
    let (entries, selected) = (input::entries(&function)?, input::selected(&function, &options.wrt)?);
    if options.format == Format::Text {
        writeln!(out, "{}", heading(&function))?;
    }
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    for by in selected.iter().copied() {
        let assumed = options.assumptions.then(|| assumed(entries, &[by])).transpose().map_err(wrong)?;
        for output in 0..entries.outputs.len() {
            let derivation = explain(entries, output, by).map_err(wrong)?;
            let name = Name::derivative(&[&input::label(entries, by)]).of_entry(&place(entries, output));
            let text = name_text(&function, &place(entries, output), &name);
            match (options.format, options.format.markup()) {
                (_, Some(markup)) => writeln!(out, "{}", typeset(&name.typeset(markup), &derivation, markup))?,
                (Format::Json, _) => write_json(&text, &derivation, assumed.as_deref(), out)?,
                _ => {
                    writeln!(out)?;
                    write_text(&text, &derivation, out)?;
                }
            }
        }
    }
    if options.assumptions {
        assumptions::write(&assumed(entries, &selected).map_err(wrong)?, options.format, out)?;
    }
    Ok(Exit::Success)
}

/// Derives a function of whole matrices.
fn run_whole(options: &Options, source: &Source, function: &Function, whole: &Whole, out: &mut impl Write) -> Outcome {
    let by = closed::selected(function, whole, &options.wrt)?;
    let name = if options.format.markup().is_some() { "f" } else { function.display_name() };
    let derivation =
        explain_whole(whole, name, &by).map_err(|diagnostic| crate::in_function(source, function, diagnostic))?;
    let assumed = match options.assumptions {
        false => Vec::new(),
        true => {
            let wrong = |diagnostic| crate::in_function(source, function, diagnostic);
            let shown = derive_closed(whole, &by, Order::First, Form::Pretty).map_err(wrong)?;
            listed(&closed_assumptions(whole, &by, Order::First, &shown).map_err(wrong)?)
        }
    };
    let named = |by: &str| format!("d{name}/d{by}");
    match (options.format, options.format.markup()) {
        (_, Some(markup)) => {
            let mut equations = Vec::new();
            for (name, line) in &derivation.values {
                equations.extend(markup.equations(markup.symbol(name), &line.ast, line.root));
            }
            writeln!(out, "{}", markup.aligned(&equations))?;
            for (by, own) in &derivation.gradients {
                let [above, below] = [name, by].map(|name| markup.partial(1, &markup.symbol(name)));
                writeln!(out, "{}", typeset(&markup.fraction(&above, &below), own, markup))?;
            }
        }
        (Format::Json, _) => {
            let values = derivation.values.iter().map(|(name, line)| json!({ "name": name, "value": line.text() }));
            let gradients = derivation.gradients.iter().map(|(by, own)| derivation_json(&named(by), own));
            let (values, gradients): (Value, Value) = (values.collect(), gradients.collect());
            let mut object = json!({ "values": values, "gradients": gradients });
            if options.assumptions {
                object["assumptions"] = assumptions::json(&assumed);
            }
            writeln!(out, "{object}")?;
        }
        _ => {
            writeln!(out, "{}\n", heading(function))?;
            for (name, line) in &derivation.values {
                writeln!(out, "{name} = {}", line.text())?;
            }
            for (by, own) in &derivation.gradients {
                writeln!(out)?;
                write_text(&named(by), own, out)?;
            }
        }
    }
    assumptions::write(&assumed, options.format, out)?;
    Ok(Exit::Success)
}

/// Lists what the derivatives by some inputs take for granted.
fn assumed(entries: &Entries, by: &[usize]) -> Result<Vec<Condition>, Diagnostic> {
    let shown = derive(entries, by, Order::First, Form::Pretty)?;
    assumptions(entries, &shown, |raw| derive(raw, by, Order::First, Form::Raw))
}

/// Writes the place of an entry: `[0]`, `[0,1]`; nothing for a number.
fn place(entries: &Entries, output: usize) -> String {
    match entries.shape {
        Shape::Scalar => String::new(),
        shape => {
            let place = shape.places().nth(output).unwrap_or_default();
            format!("[{}]", place.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
        }
    }
}

/// Names the derivative of an entry: `df/dx`, `df[0]/dx`.
fn name_text(function: &Function, place: &str, name: &Name) -> String {
    let below = name.text();
    format!("d{}{place}{}", function.display_name(), below.trim_start_matches('d'))
}

/// Writes a derivation as a chain of equalities, the reason for each on its right.
fn write_text(name: &str, derivation: &Derivation, out: &mut impl Write) -> io::Result<()> {
    let indent = " ".repeat(name.chars().count());
    let texts: Vec<String> = derivation.lines.iter().map(|line| line.text()).collect();
    let width = texts.iter().map(|text| text.chars().count()).filter(|width| *width <= WIDTH).max().unwrap_or(0);
    for (at, (line, text)) in derivation.lines.iter().zip(&texts).enumerate() {
        let left = if at == 0 { name } else { &indent };
        let reason = line.reason.as_ref().map(Reason::text).unwrap_or_default();
        match text.chars().count() {
            _ if reason.is_empty() => writeln!(out, "{left} = {text}")?,
            long if long > WIDTH => writeln!(out, "{left} = {text}\n{indent}   {:width$}  {reason}", "")?,
            _ => writeln!(out, "{left} = {text:width$}  {reason}")?,
        }
    }
    for (at, (name, line)) in derivation.names.iter().enumerate() {
        let word = if at == 0 { "where" } else { "     " };
        writeln!(out, "{word} {name} = {}", line.text())?;
    }
    Ok(())
}

/// Writes a derivation as aligned equations.
fn typeset(name: &str, derivation: &Derivation, markup: Markup) -> String {
    markup.aligned(&aligned(name, derivation, markup))
}

fn aligned(name: &str, derivation: &Derivation, markup: Markup) -> Vec<Equation> {
    let mut abbreviations = Abbreviations::default();
    let definitions = derivation.names.iter().map(|(_, line)| line);
    derivation.lines.iter().chain(definitions).for_each(|line| abbreviations.avoid(&line.ast));
    let mut names = Vec::new();
    for (name, line) in &derivation.names {
        names.extend(markup.equations(markup.symbol(name), &line.ast, line.root));
        abbreviations.define(name, &line.ast, line.root);
    }
    let mut equations = Vec::new();
    for (at, line) in derivation.lines.iter().enumerate() {
        let left = if at == 0 { name.to_string() } else { String::new() };
        let (mut own, more) = markup.equation(left, &line.ast, line.root, &mut abbreviations);
        if let Some(reason) = &line.reason {
            own[0].reasons = reasons_typeset(reason, markup);
        }
        equations.extend(own);
        names.extend(more);
    }
    equations.extend(markup.definitions(names));
    equations
}

/// Typesets a reason, a long one part by part, each with about how wide it is.
fn reasons_typeset(reason: &Reason, markup: Markup) -> Vec<(String, u64)> {
    let width = |text: &str| 9 * text.chars().count() as u64;
    let text = reason.text();
    match &reason.identity {
        None if !reason.definitions.is_empty() => {
            let equation = |own: &Definition| {
                let (name, value) = (markup.symbol(&own.name), markup.expression(&own.ast, own.value));
                (format!("{name}{}{value}", markup.equal()), width(&own.text()))
            };
            reason.definitions.iter().map(equation).collect()
        }
        Some(identity) => vec![(identity_typeset(reason, identity, markup), width(&text))],
        None if text.chars().count() <= LONGEST_REASON => vec![(markup.words(&text), width(&text))],
        None => text.split_inclusive("; ").map(|part| (markup.words(part.trim_end()), width(part))).collect(),
    }
}

fn identity_typeset(reason: &Reason, identity: &Identity, markup: Markup) -> String {
    let also: String = reason.also.iter().map(|also| format!("; {also}")).collect();
    let side = |id| markup.expression(&identity.ast, id);
    let mut right = side(identity.right);
    for name in &identity.operands {
        right = right.replace(&markup.symbol(&format!("d{name}")), &markup.differential(&markup.symbol(name)));
    }
    let right = right.replace(r"\, \,", r"\,");
    let differential = markup.differential(&markup.parenthesised(&identity.ast, identity.left));
    let words = markup.words(&format!("{} with ", reason.phrase));
    let also = if also.is_empty() { also } else { markup.words(&also) };
    format!("{words}{differential}{}{right}{also}", markup.equal())
}

fn write_json(
    name: &str,
    derivation: &Derivation,
    assumed: Option<&[Condition]>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut object = derivation_json(name, derivation);
    if let Some(assumed) = assumed {
        object["assumptions"] = assumptions::json(assumed);
    }
    writeln!(out, "{object}")
}

fn derivation_json(name: &str, derivation: &Derivation) -> Value {
    let lines = derivation.lines.iter().map(|line| {
        let reason = line.reason.as_ref().map(Reason::text);
        json!({ "expression": line.text(), "reason": reason })
    });
    let names = derivation.names.iter().map(|(name, line)| json!({ "name": name, "value": line.text() }));
    let lines: Value = lines.collect();
    let names: Value = names.collect();
    json!({ "derivative": name, "lines": lines, "where": names })
}
