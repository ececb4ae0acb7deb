//! `gradc compile`: Rust code of values and derivatives.

use super::args::{Goal, Input, Statistics};
use super::{Exit, Outcome, input, statistics};
use crate::derive::Layout;
use crate::emit::{self, Batch, Derive};
use crate::error::{Diagnostic, Errors, Fault};
use crate::lower::Function;
use crate::program::{Scalar, Target};
use crate::source::Source;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    input: Input,
    /// The file to write; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The derivatives beside the value, separated by commas; one that no function has is an error.
    #[arg(long, value_enum, value_name = "KINDS", value_delimiter = ',', default_value = "gradient")]
    derive: Vec<Kind>,
    /// The parameters to derive by, separated by commas; all by default.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    wrt: Vec<String>,
    /// Also generates functions that compute all of this at many points, given slices for all parameters, or for those
    /// named here, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 0..=1)]
    batch: Option<Vec<String>>,
    /// In which order sparse derivatives have their entries.
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Sparse::Rows)]
    sparse: Sparse,
    /// Keeps about √t of the states of a recurrence of t steps for its derivatives, which compute the others once more.
    #[arg(long)]
    checkpoint: bool,
    /// The floating-point type.
    #[arg(long, value_enum, default_value_t = Float::F64)]
    scalar: Float,
    /// Generates code without the standard library, which calls the crate `libm`.
    #[arg(long)]
    no_std: bool,
    /// Generates code that computes the same bits on every processor, without `unsafe`: loops over vectors and many
    /// points then don't look for AVX2 and FMA.
    #[arg(long)]
    reproducible: bool,
    /// What counts in simplification.
    #[arg(long, value_enum)]
    cost: Option<Goal>,
    /// Prints node and operation counts of value and gradient; `--stats=json` as JSON.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    stats: Option<Statistics>,
}

/// A derivative to generate.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Value,
    Gradient,
    Jacobian,
    Hessian,
    /// Value, and the Jacobian times tangents of the parameters.
    Jvp,
    /// Value, and the transposed Jacobian times a cotangent of the value.
    Vjp,
    /// Gradient, and the Hessian times tangents of the parameters.
    Hvp,
    /// Value, and the entries of the Jacobian that are not zero at all points.
    #[value(name = "sparse_jacobian", alias = "sparse-jacobian")]
    SparseJacobian,
    /// Value, and the entries of the Hessian's lower triangle that are not zero at all points.
    #[value(name = "sparse_hessian", alias = "sparse-hessian")]
    SparseHessian,
    /// Value of sigma*f(x) + dot(lambda, c(x)), where the function is stack(f(x), c(x)), and the entries of its Hessian's
    /// lower triangle that are not zero at all points.
    Lagrangian,
}

/// In which order sparse derivatives have their entries.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sparse {
    /// Row by row, each entry once.
    Rows,
    /// Compressed columns.
    Columns,
    /// As they are computed: those with the same row and column add up.
    Triplets,
}

/// A floating-point type.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Float {
    F64,
    F32,
}

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, mut functions) = input::functions(&options.input)?;
    if options.input.function.is_some() {
        functions = vec![input::function(&options.input)?.1];
    }
    let kinds = options.derive.iter().filter_map(|kind| match kind {
        Kind::Value => None,
        Kind::Gradient => Some(Derive::Gradient),
        Kind::Jacobian => Some(Derive::Jacobian),
        Kind::Hessian => Some(Derive::Hessian),
        Kind::Jvp => Some(Derive::Jvp),
        Kind::Vjp => Some(Derive::Vjp),
        Kind::Hvp => Some(Derive::Hvp),
        Kind::SparseJacobian => Some(Derive::SparseJacobian),
        Kind::SparseHessian => Some(Derive::SparseHessian),
        Kind::Lagrangian => Some(Derive::Lagrangian),
    });
    let settings = emit::Options {
        derive: kinds.collect(),
        wrt: options.wrt.clone(),
        batch: batch(options.batch.as_deref()),
        layout: match options.sparse {
            Sparse::Rows => Layout::Rows,
            Sparse::Columns => Layout::Columns,
            Sparse::Triplets => Layout::Triplets,
        },
        checkpoint: options.checkpoint,
        scalar: if options.scalar == Float::F32 { Scalar::F32 } else { Scalar::F64 },
        target: if options.no_std { Target::NoStd } else { Target::Std },
        source_name: file_name(&source),
        form: Goal::computed(options.cost),
        reproducible: options.reproducible,
    };
    let rust = generate(&source, &functions, &settings)?;
    match &options.output {
        Some(path) => crate::output::replace(path, &rust)
            .map_err(|error| Errors::general(Fault::File, format!("{} can't be written: {error}", path.display())))?,
        None if options.stats == Some(Statistics::Json) => {}
        None => out.write_all(rust.as_bytes())?,
    }
    for function in &functions {
        let count = function.entries.as_ref().map_or(0, |entries| entries.graph.inputs().len());
        let all: Vec<usize> = (0..count).collect();
        statistics::print(options.stats, options.cost, &source, function, &all, out)?;
    }
    Ok(Exit::Success)
}

/// Prints value and derivatives of one function by the parameters `wrt` as Rust, in the form that is shorter to read.
///
/// # Errors
/// Orders above the second, and derivatives that the function has not.
pub fn print(source: &Source, function: &Function, order: usize, wrt: &[String], out: &mut impl Write) -> Outcome {
    let derive = match order {
        0 => Vec::new(),
        1 => vec![Derive::Gradient],
        2 => vec![Derive::Hessian],
        _ => {
            let diagnostic = Diagnostic::general(Fault::Derivative, "Rust code has first and second derivatives only")
                .hint(format!("compile a function that is the derivative: `g(x) = diff(x^{}, x, {order})`", order + 1));
            return Err(crate::in_function(source, function, diagnostic).into());
        }
    };
    let settings = emit::Options {
        derive,
        wrt: input::names(wrt),
        source_name: file_name(source),
        reproducible: true,
        ..emit::Options::default()
    };
    let rust = generate(source, std::slice::from_ref(function), &settings)?;
    out.write_all(rust.as_bytes())?;
    Ok(Exit::Success)
}

fn generate(source: &Source, functions: &[Function], settings: &emit::Options) -> Result<String, Errors> {
    crate::rust(functions, settings)
        .map_err(|(index, diagnostic)| crate::in_function(source, &functions[index], diagnostic))
}

/// Reads which parameters have a number for each of many points; no names are all of them.
fn batch(names: Option<&[String]>) -> Batch {
    match names {
        None => Batch::None,
        Some([]) => Batch::all(),
        Some(names) => Batch::only(names),
    }
}

/// The source's name without its folder, so that the code does not depend on where it was generated.
fn file_name(source: &Source) -> String {
    let path = Path::new(&source.name);
    path.file_name().map_or_else(|| source.name.clone(), |name| name.to_string_lossy().into_owned())
}
