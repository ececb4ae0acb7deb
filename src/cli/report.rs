//! `gradc report`: one self-contained page about a function, which needs no network and no script.

use super::args::{Arguments, Input};
use super::{Exit, Outcome, Stop, input};
use crate::error::Errors;
use crate::lower::Function;
use clap::{Args, Parser};
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The point for values, the circuit and the check: `x=1,y=pi/2,v=[1,2,3]`.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    at: Option<String>,
    /// The file to write; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Most inputs of a function whose derivation stands in the report.
const EXPLAINED: usize = 6;

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8886; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
pre, .formula, .circuit { overflow-x: auto; } pre { padding: .75rem; border: 1px solid var(--line); font-size: .85rem; }
math { font-size: 1.15rem; margin: .5rem 0; } .circuit svg { max-width: 100%; height: auto; }
details > summary { cursor: pointer; }
@media print { pre { white-space: pre-wrap; } details > * { display: block; } }
";

/// How a part of the report is shown.
enum Kind {
    Formulas,
    Text,
    Picture,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (_, function) = input::function(&options.input)?;
    let page = page(options, &function)?;
    match &options.output {
        Some(path) => std::fs::write(path, page)
            .map_err(|error| Errors::general(format!("{} can't be written: {error}", path.display())))?,
        None => out.write_all(page.as_bytes())?,
    }
    Ok(Exit::Success)
}

fn page(options: &Options, function: &Function) -> Result<String, Stop> {
    let title = escaped(function.display_name());
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += &format!("<title>{title} and its derivatives</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
    page += &format!("<h1>{title} and its derivatives</h1>\n<pre>{}</pre>\n", escaped(&function.definition));
    let number = match &function.whole {
        Some(whole) => whole.extents().is_scalar(),
        None => function.outputs.len() == 1,
    };
    let first = if number { ("Gradient", "grad") } else { ("Jacobian", "jacobian") };
    let at: Vec<&str> = options.at.iter().flat_map(|at| ["--at", at.as_str()]).collect();
    section(&mut page, options, first.0, first.1, &["-f", "mathml"], Kind::Formulas)?;
    if !at.is_empty() {
        section(&mut page, options, "Values", first.1, &at, Kind::Text)?;
    }
    if number {
        section(&mut page, options, "Hessian", "hessian", &["-f", "mathml"], Kind::Formulas)?;
    }
    if function.has_entries() {
        if function.graph.inputs().len() <= EXPLAINED {
            section(&mut page, options, "Derivation", "explain", &[], Kind::Text)?;
        }
        if number && !at.is_empty() {
            let picture: Vec<&str> = at.iter().copied().chain(["-f", "svg"]).collect();
            section(&mut page, options, "Circuit", "backprop", &picture, Kind::Picture)?;
        }
    }
    section(&mut page, options, "Check by finite differences", "check", &at, Kind::Text)?;
    section(&mut page, options, "Rust", "compile", &[], Kind::Text)?;
    Ok(page + "</body>\n</html>\n")
}

/// Adds what another command answers.
fn section(
    page: &mut String,
    options: &Options,
    heading: &str,
    command: &str,
    extra: &[&str],
    kind: Kind,
) -> Result<(), Stop> {
    let parameters = options.input.parameters.iter().flat_map(|text| ["--param", text.as_str()]);
    let function = options.input.function.iter().flat_map(|name| ["--function", name.as_str()]);
    let arguments = ["gradc", command].into_iter().chain(extra.iter().copied()).chain(parameters).chain(function);
    let arguments = arguments.chain(["--", options.input.text.as_str()]);
    let parsed = Arguments::try_parse_from(arguments).map_err(|error| Errors::general(error.to_string()))?;
    let mut answer = Vec::new();
    parsed.command.run(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let answer = answer.trim_end();
    *page += &match kind {
        Kind::Formulas => {
            let lines: String = answer.lines().map(|line| format!("<div class=\"formula\">{line}</div>\n")).collect();
            format!("<h2>{heading}</h2>\n{lines}")
        }
        Kind::Picture => format!("<h2>{heading}</h2>\n<div class=\"circuit\">{answer}</div>\n"),
        Kind::Text => {
            let text = escaped(answer);
            format!("<h2>{heading}</h2>\n<details open><summary>{heading}</summary><pre>{text}</pre></details>\n")
        }
    };
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
