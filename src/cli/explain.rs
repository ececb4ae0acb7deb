//! `gradc explain`: a derivative, line by line.

use super::args::{Format, Input};
use super::assumptions::{self, assumptions};
use super::formulas::Name;
use super::gradient::{heading, require_parameters};
use super::{Exit, Outcome, input};
use crate::derive::{Form, Order, derive};
use crate::error::Errors;
use crate::explain::{Derivation, Reason, explain};
use crate::lower::{Function, Shape};
use crate::show::latex;
use clap::Args;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Widest line before its reason; longer ones have their reason on a line of its own.
const WIDTH: usize = 84;

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
    if matches!(options.format, Format::Mathml | Format::Typst) {
        let message = "derivations are written as text, LaTeX and JSON";
        return Err(Errors::general(message).into());
    }
    let (source, function) = input::function(&options.input)?;
    require_parameters(&source, &function)?;
    let selected = input::selected(&function, &options.wrt)?;
    if options.format == Format::Text {
        writeln!(out, "{}", heading(&function))?;
    }
    for by in selected.iter().copied() {
        for output in 0..function.outputs.len() {
            let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
            let derivation = explain(&function, output, by).map_err(wrong)?;
            let name = derivative_name(&function, output, by);
            match options.format {
                Format::Latex => write_latex(&name.latex, &derivation, out)?,
                Format::Json => write_json(&name.text, &derivation, out)?,
                _ => {
                    writeln!(out)?;
                    write_text(&name.text, &derivation, out)?;
                }
            }
        }
    }
    if options.assumptions {
        let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
        let shown = derive(&function, &selected, Order::First, Form::Pretty).map_err(wrong)?;
        let raw = |raw: &Function| derive(raw, &selected, Order::First, Form::Raw);
        assumptions::write(assumptions(&function, &shown, raw).map_err(wrong)?, options.format, out)?;
    }
    Ok(Exit::Success)
}

/// Names the derivative of an entry: `df/dx`, `df[0]/dx`.
fn derivative_name(function: &Function, output: usize, by: usize) -> Name {
    let label = input::label(function, by);
    let place = match function.shape {
        Shape::Scalar => String::new(),
        shape => {
            let place = shape.places().nth(output).unwrap_or_default();
            format!("[{}]", place.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
        }
    };
    let name = Name::derivative(&[&label]);
    let below = name.text.trim_start_matches('d').to_string();
    let latex = match place.trim_matches(['[', ']']) {
        "" => name.latex,
        place => name.latex.replacen("partial f", &format!("partial f_{{{place}}}"), 1),
    };
    Name { text: format!("d{}{place}{below}", function.display_name()), latex, key: name.key }
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
fn write_latex(name: &str, derivation: &Derivation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, r"\begin{{aligned}}")?;
    let count = derivation.lines.len();
    for (at, line) in derivation.lines.iter().enumerate() {
        let left = if at == 0 { name } else { "" };
        let reason = line.reason.as_ref().map(reason_latex).unwrap_or_default();
        let end = if at + 1 < count { r" \\" } else { "" };
        writeln!(out, "{left} &= {}{reason}{end}", latex::latex(&line.ast, line.root))?;
    }
    writeln!(out, r"\end{{aligned}}")?;
    for (at, (name, line)) in derivation.names.iter().enumerate() {
        let word = if at == 0 { r"\text{where } " } else { r"\quad " };
        writeln!(out, "{word}{} = {}", latex::symbol(name), latex::latex(&line.ast, line.root))?;
    }
    Ok(())
}

fn reason_latex(reason: &Reason) -> String {
    let mut written = format!(r" && \text{{{}", reason.phrase);
    if let Some(identity) = &reason.identity {
        let side = |id| latex::latex(&identity.ast, id);
        let mut right = side(identity.right);
        for name in &identity.operands {
            right = right.replace(&latex::symbol(&format!("d{name}")), &format!(r"\,d{}", latex::symbol(name)));
        }
        let right = right.replace(r"\, \,", r"\,");
        written += &format!(r" with }} d\left({}\right) = {right}\text{{", side(identity.left));
    }
    reason.also.iter().for_each(|also| written += &format!("; {also}"));
    (written + "}").replace(r"\text{}", "")
}

fn write_json(name: &str, derivation: &Derivation, out: &mut impl Write) -> io::Result<()> {
    let lines = derivation.lines.iter().map(|line| {
        let reason = line.reason.as_ref().map(Reason::text);
        json!({ "expression": line.text(), "reason": reason })
    });
    let names = derivation.names.iter().map(|(name, line)| json!({ "name": name, "value": line.text() }));
    let lines: Value = lines.collect();
    let names: Value = names.collect();
    writeln!(out, "{}", json!({ "derivative": name, "lines": lines, "where": names }))
}
