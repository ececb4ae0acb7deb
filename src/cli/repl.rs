//! `gradc repl`: a session in which definitions stay, with history and completion on a terminal.

use super::session::{Next, Session};
use super::{Exit, Outcome, Stop, input};
use crate::error::{Errors, Fault};
use clap::Args;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

#[derive(Args)]
pub struct Options {
    /// A file whose definitions the session begins with.
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let mut session = Session::default();
    if let Some(file) = &options.file {
        session.define(&input::source(file)?.text)?;
    }
    if io::stdin().is_terminal() { converse(session, out) } else { answer_all(session, out) }
}

/// Answers the lines of standard input, and fails if one of them has no answer.
fn answer_all(mut session: Session, out: &mut impl Write) -> Outcome {
    let mut exit = Exit::Success;
    for line in io::stdin().lock().lines() {
        let line =
            line.map_err(|error| Errors::general(Fault::File, format!("standard input can't be read: {error}")))?;
        match session.answer(&line, out) {
            Ok(Next::Line) => {}
            Ok(Next::End) => break,
            Err(Stop::Input(errors)) => {
                complain(&errors, out)?;
                exit = Exit::Failure;
            }
            Err(stop) => return Err(stop),
        }
    }
    Ok(exit)
}

/// Shows what is wrong, after everything that was answered before.
fn complain(errors: &Errors, out: &mut impl Write) -> io::Result<()> {
    out.flush()?;
    writeln!(io::stderr(), "{}", errors.render(super::args::Color::Auto.wanted()))
}

/// Reads lines from a terminal, with their history, and answers them.
fn converse(session: Session, out: &mut impl Write) -> Outcome {
    let failed = |error: ReadlineError| Stop::from(io::Error::other(error));
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Assistant { session }));
    let history = history_file();
    if let Some(path) = &history {
        // There is none before the first session.
        let _ = editor.load_history(path);
    }
    writeln!(out, "gradc {}; `help` lists what can be typed, `quit` ends", env!("CARGO_PKG_VERSION"))?;
    loop {
        out.flush()?;
        let line = match editor.readline("> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        };
        let Some(assistant) = editor.helper_mut() else { break };
        match assistant.session.answer(&line, out) {
            Ok(Next::Line) => {}
            Ok(Next::End) => break,
            Err(Stop::Input(errors)) => complain(&errors, out)?,
            Err(stop) => return Err(stop),
        }
    }
    if let Some(path) = &history {
        editor.save_history(path).map_err(failed)?;
    }
    Ok(Exit::Success)
}

/// Where the history is kept: where GRADC_HISTORY says, or in the home folder.
fn history_file() -> Option<PathBuf> {
    let own = std::env::var_os("GRADC_HISTORY").filter(|path| !path.is_empty()).map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".gradc_history")))
}

/// Completes words while a line is typed.
struct Assistant {
    session: Session,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, place: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.session.completions(line, place))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {}
impl Validator for Assistant {}
impl Helper for Assistant {}
