//! What a session of `gradc repl` knows, and how it answers a line.

use super::args::{Arguments, Input};
use super::{Stop, input};
use crate::derive::{Form, Order, derive, derive_closed};
use crate::error::{Errors, Fault};
use crate::lower::Function;
use crate::show::notation;
use crate::source::Source;
use crate::syntax::ast::{Ast, Expression, NodeId, Program, Ranges};
use crate::syntax::parse_all;
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::io::Write;

/// What can be typed, beside the commands of the command line.
const HELP: &str = "\
  f(x, y) = x^2*y        defines a function; `a = 3` defines a constant
  grad f --at x=1,y=2    runs a command about a function, with its options
  hessian x^2*sin(y)     runs a command about an expression
  f(2, a) + 1            computes, or simplifies what has names
  list                   lists the definitions
  forget f               forgets one
  quit                   ends, as the end of the input does";

/// Commands about a function.
const ABOUT_FUNCTIONS: &[&str] =
    &["diff", "grad", "jacobian", "hessian", "explain", "backprop", "report", "check", "compile"];
/// Commands that make no sense inside of a session.
const OUTSIDE: &[&str] = &["repl", "watch", "batch", "help"];

/// Definitions, each with its name.
#[derive(Default)]
pub struct Session {
    definitions: Vec<(String, String)>,
}

/// Whether a session goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Line,
    End,
}

impl Session {
    /// Answers a line.
    pub fn answer(&mut self, line: &str, out: &mut impl Write) -> Result<Next, Stop> {
        let line = line.trim();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match first {
            "" | "//" => {}
            "quit" | "exit" => return Ok(Next::End),
            "help" if rest.is_empty() => writeln!(out, "{HELP}")?,
            "list" if rest.is_empty() => {
                self.definitions.iter().try_for_each(|(_, text)| writeln!(out, "{text}"))?;
            }
            "forget" if self.defines(rest.trim()) => self.definitions.retain(|(name, _)| name != rest.trim()),
            command if commands().iter().any(|name| name == command) => self.run(command, rest, out)?,
            _ => {
                let line = constant(line).unwrap_or_else(|| line.to_string());
                match parsed(&line)? {
                    (_, Program::Items(_)) => self.define(&line)?,
                    (_, Program::Expression(_)) => writeln!(out, "{}", self.value(&line)?)?,
                }
            }
        }
        Ok(Next::Line)
    }

    fn defines(&self, name: &str) -> bool {
        self.definitions.iter().any(|(own, _)| own == name)
    }

    /// Takes over the definitions of a source, in place of earlier ones of the same names.
    pub fn define(&mut self, text: &str) -> Result<(), Errors> {
        let source = Source::new("definition", text);
        let (_, program) = parsed_source(&source)?;
        let Program::Items(items) = program else {
            return Err(Errors::general(Fault::Syntax, "this defines nothing"));
        };
        let new: Vec<(String, String)> = items
            .iter()
            .map(|(item, span)| (item.name().text.clone(), text[span.start..span.end].trim().to_string()))
            .collect();
        let mut all = new.clone();
        all.extend(self.definitions.iter().filter(|(name, _)| new.iter().all(|(own, _)| own != name)).cloned());
        crate::read(&Source::new("definition", joined(&all)), &[])?;
        for (name, text) in new {
            match self.definitions.iter_mut().find(|(own, _)| *own == name) {
                Some(known) => known.1 = text,
                None => self.definitions.push((name, text)),
            }
        }
        Ok(())
    }

    /// Returns a source for an expression, or for a function's name, with all definitions that it may use; and the
    /// function that it is about, if there are several.
    fn source(&self, text: &str) -> Result<(String, Option<String>), Errors> {
        if self.defines(text) {
            return Ok((joined(&self.definitions), Some(text.to_string())));
        }
        let (ast, program) = parsed(text)?;
        let (first, name) = match &program {
            Program::Items(items) => {
                let name = items.last().map(|(item, _)| item.name().text.clone()).unwrap_or_default();
                (text.to_string(), name)
            }
            Program::Expression(_) => {
                let Names { free, called } = names(&ast);
                if !free.iter().chain(&called).any(|name| self.defines(name)) {
                    return Ok((text.to_string(), None));
                }
                let parameters: Vec<String> = free.into_iter().filter(|name| !self.defines(name)).collect();
                let own = ["f", "g", "h", "value"].into_iter().find(|name| !self.defines(name)).unwrap_or("it");
                (format!("{own}({}) = {text}", parameters.join(", ")), own.to_string())
            }
        };
        let others: Vec<_> = self.definitions.iter().filter(|(own, _)| *own != name).cloned().collect();
        Ok((format!("{first}\n{}", joined(&others)), Some(name)))
    }

    /// Runs a command of the command line.
    fn run(&self, command: &str, rest: &str, out: &mut impl Write) -> Result<(), Stop> {
        let mut arguments = vec!["gradc".to_string(), command.to_string()];
        if ABOUT_FUNCTIONS.contains(&command) {
            let end = [" --", " -f ", " -o "].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
            arguments.extend(words(&rest[end..]));
            let (text, function) = self.source(rest[..end].trim())?;
            if let (Some(name), true) = (function, command != "compile") {
                arguments.extend(["--function".to_string(), name]);
            }
            arguments.extend(["--".to_string(), text]);
        } else {
            arguments.extend(words(rest));
        }
        Arguments::read(arguments.iter().map(String::as_str))?.command.run(out).map(|_| ())
    }

    /// Computes an expression without names; simplifies one with names.
    fn value(&self, text: &str) -> Result<String, Stop> {
        let (text, function) = self.source(text)?;
        let input = Input { text, parameters: Vec::new(), function, strict_domain: false };
        let (source, function) = input::function(&input)?;
        written(&function).map_err(|diagnostic| crate::in_function(&source, &function, diagnostic).into())
    }

    /// Returns what may stand before the place in a line: where the word begins, and how it may go on.
    pub fn completions(&self, line: &str, place: usize) -> (usize, Vec<String>) {
        let before = &line[..place];
        let start = before
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        let mut known: BTreeSet<String> = crate::functions::names().map(str::to_string).collect();
        known.extend(self.definitions.iter().map(|(name, _)| name.clone()));
        if start == 0 {
            known.extend(commands());
            known.extend(["forget", "help", "list", "quit"].map(String::from));
        }
        (start, known.into_iter().filter(|name| !word.is_empty() && name.starts_with(word)).collect())
    }
}

/// Writes a function's value, simplified; a number where nothing is free.
fn written(function: &Function) -> Result<String, crate::Diagnostic> {
    if let Some(whole) = function.kept_whole() {
        let closed = derive_closed(whole, &[], Order::Value, Form::Pretty)?;
        return Ok(notation::text(&closed.graph, closed.value));
    }
    let Some(entries) = &function.entries else { return Ok(String::new()) };
    let mut derivatives = derive(entries, &[], Order::Value, Form::Pretty)?;
    if entries.graph.inputs().is_empty() {
        let numbers = super::values::evaluate(&derivatives.tape(), &[], false);
        let note = if numbers.iter().any(|number| number.is_undecided) { " (in double precision)" } else { "" };
        let numbers: Vec<f64> = numbers.into_iter().map(|number| number.value).collect();
        return Ok(format!("{}{note}", super::formulas::number_text(entries.shape, &numbers)));
    }
    let (ast, root) = notation::write_array(&derivatives.graph, &derivatives.value, entries.shape);
    Ok(crate::syntax::print_expression(&ast, root))
}

/// The commands that a session runs.
pub fn commands() -> Vec<String> {
    let all = Arguments::command();
    let names = all.get_subcommands().map(|command| command.get_name().to_string());
    names.filter(|name| !OUTSIDE.contains(&name.as_str())).collect()
}

fn joined(definitions: &[(String, String)]) -> String {
    definitions.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Writes `a = 3`, which is short for a constant, in full.
fn constant(line: &str) -> Option<String> {
    let (name, value) = line.split_once('=')?;
    let is_name = name.trim().chars().all(|c| c.is_alphanumeric() || c == '_') && !name.trim().is_empty();
    (is_name && !value.starts_with('=')).then(|| format!("const {} = {};", name.trim(), value.trim()))
}

fn parsed(line: &str) -> Result<(Ast, Program), Errors> {
    parsed_source(&Source::new("line", line))
}

fn parsed_source(source: &Source) -> Result<(Ast, Program), Errors> {
    let (ast, program, errors) = parse_all(source);
    match program {
        Some(program) if errors.is_empty() => Ok((ast, program)),
        _ => Err(Errors::new(source, errors)),
    }
}

/// The names of an expression.
struct Names {
    /// Those that nothing in it binds, in order of appearance.
    free: Vec<String>,
    /// Those of the functions that it calls.
    called: Vec<String>,
}

fn names(ast: &Ast) -> Names {
    let expressions = || (0..ast.len()).map(|index| ast.get(NodeId(index as u32)));
    let mut bound: BTreeSet<&str> = BTreeSet::from(["pi"]);
    let mut names = Names { free: Vec::new(), called: Vec::new() };
    for expression in expressions() {
        match expression {
            Expression::Block(lets, _) => {
                bound.extend(lets.iter().flat_map(|binding| &binding.names).map(|name| name.text.as_str()));
            }
            Expression::Recurrence(_, recurrence) => {
                bound.insert(recurrence.range.index.text.as_str());
                bound.extend(recurrence.states.iter().map(|state| state.name.text.as_str()));
            }
            Expression::Fold(_, Ranges { list, .. }, _) | Expression::Map(list, _) => {
                bound.extend(list.iter().map(|range| range.index.text.as_str()));
            }
            Expression::Call(name, _) => names.called.push(name.text.clone()),
            _ => {}
        }
    }
    for expression in expressions() {
        if let Expression::Name(name) = expression
            && !bound.contains(name.as_str())
            && !names.free.contains(name)
        {
            names.free.push(name.clone());
        }
    }
    names
}

/// Splits options at blanks outside of quotes, and takes the quotes off.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            (None, c) if c.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}
