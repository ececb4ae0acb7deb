//! gradc is a symbolic differentiation compiler: it reads mathematics, and writes derivatives for people to read and
//! Rust code to run.
//!
//! | stage | from → to | holds afterwards |
//! |---|---|---|
//! | [`syntax`] | source → syntax tree with spans | the syntax is right |
//! | [`lower`] | syntax tree → graph as written | names, arities and shapes are right; all errors were reported at once |
//! | [`diff`] | graph + what to derive by → graph | a missing rule is an error, never a zero |
//! | [`simplify`] | graph → graph | equal on the domain, never dearer, the same on every machine |
//! | [`tape`] | graph → straight-line code | each value computed once, before its use; operation counts are exact |
//! | [`emit`] | tape → items, statements and expressions, written as Rust source | compiles without warnings, depends on the standard library or `libm` only |
//! | [`show`] | graph → text, LaTeX | text reads back as the same function |
//!
//! Beside the pipeline stand [`backprop`], which traces a function's own gates at a point, and [`precise`], which
//! evaluates a tape so that numbers are right to the last digit.
//!
//! A build script needs one line, `gradc::build("src/model.grad")`; see [`Builder`]. Below it is [`compile`], which
//! touches neither files nor environment.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod backprop;
pub mod build_script;
#[cfg(feature = "cli")]
pub mod cli;
pub mod derive;
pub mod diff;
pub mod emit;
pub mod error;
#[cfg(feature = "cli")]
pub mod explain;
pub mod functions;
pub mod graph;
pub mod limits;
pub mod lower;
mod output;
pub mod precise;
mod program;
pub mod show;
pub mod simplify;
pub mod source;
pub mod syntax;
pub mod tape;
mod target;
#[cfg(feature = "cli")]
pub mod verify;

pub use build_script::{Builder, build};
pub use derive::Layout;
pub use emit::{Batch, Derive, Options};
pub use error::{Diagnostic, Errors};
pub use program::{Scalar, Target};

use source::Source;

/// What [`compile`] makes of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// A Rust module: for each function its value and the derivatives that were asked for.
    pub rust: String,
}

/// Reads a source: parses it and lowers all its functions. Declarations give the free names of a bare expression a
/// shape or a fact.
///
/// # Errors
/// Everything that is wrong with the source.
pub fn read(source: &Source, declarations: &[lower::Declaration]) -> Result<Vec<lower::Function>, Errors> {
    let (mut ast, program, mut errors) = syntax::parse_all(source);
    let Some(program) = program else { return Err(Errors::new(source, errors)) };
    let lowered = lower::lower(source, &mut ast, &program, declarations);
    let lowered = lowered.and_then(|functions| {
        let refuted: Vec<Diagnostic> = functions.iter().flat_map(precise::refuted).collect();
        if refuted.is_empty() { Ok(functions) } else { Err(Errors::new(source, refuted)) }
    });
    match lowered {
        Ok(functions) if errors.is_empty() => Ok(functions),
        Ok(_) => Err(Errors::new(source, errors)),
        Err(more) => {
            errors.extend(more.diagnostics().iter().cloned());
            Err(if errors.len() == more.diagnostics().len() { more } else { Errors::new(source, errors) })
        }
    }
}

/// Compiles the text of a `.grad` file, or a single expression, to Rust.
///
/// # Errors
/// Everything that is wrong with the source, and derivatives that have no rule.
///
/// # Examples
/// ```
/// let output = gradc::compile("f(x, y) = x^2*sin(y)", &gradc::Options::default())?;
/// assert!(output.rust.contains("pub fn f_grad(x: f64, y: f64) -> (f64, FGrad)"));
/// # Ok::<(), gradc::Errors>(())
/// ```
pub fn compile(text: &str, options: &Options) -> Result<Output, Errors> {
    compile_source(&Source::new(options.source_name.clone(), text), &[], options)
}

/// Compiles a source whose bare expression may have declared parameters.
///
/// # Errors
/// As for [`compile`].
pub fn compile_source(
    source: &Source,
    declarations: &[lower::Declaration],
    options: &Options,
) -> Result<Output, Errors> {
    let functions = read(source, declarations)?;
    match rust(&functions, options) {
        Ok(rust) => Ok(Output { rust }),
        Err((index, diagnostic)) => Err(in_function(source, &functions[index], diagnostic)),
    }
}

/// Generates a Rust module of functions and their derivatives.
///
/// # Errors
/// Functions whose derivative has no rule, and derivatives that none of the functions has, with a function's index. What
/// some of the functions have not is left out, and their documentation says why.
pub fn rust(functions: &[lower::Function], options: &Options) -> Result<String, (usize, Diagnostic)> {
    emit::emit(functions, options, &target::rust::Rust)
}

/// Gives a diagnostic without a place the function that it is about.
pub fn in_function(source: &Source, function: &lower::Function, diagnostic: Diagnostic) -> Errors {
    let message = format!("in `{}`: {}", function.display_name(), diagnostic.message);
    Errors::new(source, vec![Diagnostic { message, ..diagnostic }])
}
