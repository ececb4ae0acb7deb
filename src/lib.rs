//! gradc: a symbolic differentiation compiler.
#![forbid(unsafe_code)]

pub mod derive;
pub mod diff;
pub mod error;
pub mod functions;
pub mod graph;
pub mod lower;
pub mod show;
pub mod simplify;
pub mod source;
pub mod syntax;
pub mod tape;

#[cfg(feature = "cli")]
pub mod cli;

use error::Errors;
use source::Source;

/// Reads a source: parses it and lowers all its functions.
///
/// # Errors
/// Everything that is wrong with the source.
pub fn read(source: &Source, declarations: &[lower::Declaration]) -> Result<Vec<lower::Function>, Errors> {
    let (mut ast, program) = syntax::parse(source)?;
    lower::lower(source, &mut ast, &program, declarations)
}
