//! `gradc report`: one self-contained page about a function, which needs no network and no script.

use super::args::{Arguments, Input};
use super::page::Page;
use super::progress::Progress;
use super::{Exit, Outcome, Stop, input, values};
use crate::error::{Errors, Fault};
use crate::lower::Function;
use crate::show::markup::Markup;
use crate::source::Source;
use crate::syntax::{self, ast::Program};
use clap::Args;
use serde_json::Value;
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

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.input)?;
    super::gradient::require_parameters(&source, &function)?;
    let page = page(options, &function)?;
    match &options.output {
        Some(path) => crate::output::replace(path, &page)
            .map_err(|error| Errors::general(Fault::File, format!("{} can't be written: {error}", path.display())))?,
        None => out.write_all(page.as_bytes())?,
    }
    Ok(Exit::Success)
}

fn page(options: &Options, function: &Function) -> Result<String, Stop> {
    let mut page = Page::new(&format!("{} and its derivatives", function.display_name()));
    page.definition(&function.definition);
    page.formulas(&definition(function));
    let number = function.whole.extents().is_scalar();
    let (heading, first) = if number { ("Gradient", "grad") } else { ("Jacobian", "jacobian") };
    let mut progress = Progress::new();
    let mut answer = |command: &str, extra: &[&str]| {
        progress.at(command);
        answer(options, command, extra)
    };
    let at: Vec<&str> = options.at.iter().flat_map(|at| ["--at", at.as_str()]).collect();
    page.heading(heading);
    page.formulas(&answer(first, &["-f", "mathml"])?);
    if let Some(point) = &options.at {
        page.heading(&format!("Values at {point}"));
        table(&mut page, &answer(first, &[&at[..], &["-f", "json"]].concat())?)?;
    }
    if number {
        page.heading("Hessian");
        page.formulas(&answer("hessian", &["-f", "mathml"])?);
    }
    let entries = function.entries.as_ref().filter(|_| function.kept_whole().is_none());
    let inputs = entries.map_or(0, |entries| entries.graph.inputs().len());
    if let Some(entries) = entries.filter(|_| inputs <= EXPLAINED) {
        page.heading("Derivation");
        for label in (0..inputs).map(|input| input::label(entries, input)) {
            let steps = answer("explain", &["--wrt", &label, "-f", "mathml"])?;
            page.folded_formulas(&format!("The derivative by {label}, step by step"), &steps);
        }
    }
    if number && entries.is_none() {
        page.heading("Derivation");
        page.folded_formulas("The gradient, gate by gate", &answer("explain", &["-f", "mathml"])?);
    }
    if number && !at.is_empty() {
        page.heading("Circuit");
        page.paragraph("Above each wire its value, below it the derivative of the result by that value.");
        page.picture(&answer("backprop", &[&at[..], &["-f", "svg"]].concat())?);
    }
    page.heading("Check by finite differences");
    check(&mut page, &answer("check", &[&at[..], &["-f", "json"]].concat())?)?;
    page.heading("Rust");
    page.code(&answer("compile", &[])?);
    Ok(page.finish())
}

/// Writes the function itself in MathML, as its user wrote it.
fn definition(function: &Function) -> String {
    let (ast, program, _) = syntax::parse_all(&Source::new("definition", function.definition.clone()));
    let body = program.as_ref().and_then(|program| match program {
        Program::Items(items) => items.last().map(|(item, _)| item.body()),
        Program::Expression(body) => Some(*body),
    });
    let markup = Markup::Mathml;
    body.map(|body| markup.aligned(&markup.equations(markup.symbol("f"), &ast, body))).unwrap_or_default()
}

/// Adds what JSON says of values as a table.
fn table(page: &mut Page, json: &str) -> Result<(), Stop> {
    let object: Value = parsed(json)?;
    let fields = object.as_object().into_iter().flatten();
    let rows = fields.filter_map(|(name, field)| Some(vec![name.clone(), cell(field.get("value")?)]));
    page.table(&["", "value"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// Adds what JSON says of a check as a table for each point.
fn check(page: &mut Page, json: &str) -> Result<(), Stop> {
    const COLUMNS: [&str; 5] = ["derivative", "analytic", "numeric", "relative_error", "verdict"];
    let object = parsed(json)?;
    for point in object["points"].as_array().into_iter().flatten() {
        page.paragraph(&format!("At {}", cell(&point["at"])));
        let entries = point["entries"].as_array().into_iter().flatten();
        let cells = |entry: &Value| {
            COLUMNS
                .iter()
                .map(|column| match (*column, entry[*column].as_f64()) {
                    ("relative_error", Some(error)) => format!("{error:.1e}"),
                    _ => cell(&entry[*column]),
                })
                .collect()
        };
        let rows = entries.map(cells);
        page.table(
            &COLUMNS.map(|column| if column == "relative_error" { "relative error" } else { column }),
            &rows.collect::<Vec<_>>(),
        );
    }
    Ok(())
}

fn parsed(json: &str) -> Result<Value, Stop> {
    Ok(serde_json::from_str(json).map_err(|error| Errors::general(Fault::File, error.to_string()))?)
}

/// Writes a value of JSON as a cell of a table.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), values::text),
        Value::Array(entries) => format!("[{}]", entries.iter().map(cell).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Returns what another command answers about the same function.
fn answer(options: &Options, command: &str, extra: &[&str]) -> Result<String, Stop> {
    let parameters = options.input.parameters.iter().flat_map(|text| ["--param", text.as_str()]);
    let function = options.input.function.iter().flat_map(|name| ["--function", name.as_str()]);
    let strict = options.input.strict_domain.then_some("--strict-domain");
    let arguments = ["gradc", command].into_iter().chain(extra.iter().copied()).chain(parameters).chain(function);
    let arguments = arguments.chain(strict).chain(["--", options.input.text.as_str()]);
    let parsed = Arguments::read(arguments)?;
    let mut answer = Vec::new();
    parsed.command.run(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).trim_end().to_string())
}
