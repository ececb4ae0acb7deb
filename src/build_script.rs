//! The interface for build scripts: the only place that reads the environment or prints `cargo:` lines.

use crate::derive::Layout;
use crate::emit::{Batch, Derive, Options};
use crate::error::{Errors, Fault};
use crate::program::{Scalar, Target};
use crate::source::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// Compiles one `.grad` file to `$OUT_DIR/<name>.rs`, with values and gradients.
///
/// # Errors
/// Everything that is wrong with the file, rendered for a person by `Debug`.
///
/// # Examples
/// In `build.rs`:
/// ```no_run
/// gradc::build("src/model.grad").unwrap();
/// ```
/// and in the crate:
/// ```ignore
/// mod model {
///     include!(concat!(env!("OUT_DIR"), "/model.rs"));
/// }
/// ```
pub fn build(path: impl AsRef<Path>) -> Result<(), Errors> {
    Builder::new().compile(&[path])
}

/// Configures what is generated. Each method states its default.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    options: Options,
    out_dir: Option<PathBuf>,
}

impl Builder {
    /// Starts from the defaults: value and gradient, `f64`, the standard library, into `$OUT_DIR`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the derivatives that are generated beside the value. Functions that do not have one of them go without it, as
    /// their documentation says; one that no function of a file has is an error. Default: the gradient.
    pub fn derive(mut self, derive: impl IntoIterator<Item = Derive>) -> Self {
        self.options.derive = derive.into_iter().collect();
        self
    }

    /// Sets the parameters to derive by, by name. Default: all.
    pub fn wrt(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.wrt = names.into_iter().map(Into::into).collect();
        self
    }

    /// Generates functions that compute values, gradients, Jacobians and Hessians at many points, given a slice for each
    /// entry of the parameters that differ between them: `f_batch`, `f_grad_batch` and so on. Functions over symbolic
    /// dimensions and of more than 64 numbers go without them, as their documentation says. Default: none.
    pub fn batch(mut self, batch: Batch) -> Self {
        self.options.batch = batch;
        self
    }

    /// Sets the order in which sparse derivatives have their entries. Default: row by row.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.options.layout = layout;
        self
    }

    /// Keeps only about √t of the states of a recurrence of t steps (`fold`, `scan`) for its derivatives, which compute the
    /// others once more on the way back: less memory for one more run through the steps. Default: all states are kept.
    pub fn checkpoint(mut self, checkpoint: bool) -> Self {
        self.options.checkpoint = checkpoint;
        self
    }

    /// Sets the floating-point type. Default: `f64`.
    pub fn scalar(mut self, scalar: Scalar) -> Self {
        self.options.scalar = scalar;
        self
    }

    /// Generates code for crates without the standard library, which then depend on `libm`. Default: off.
    pub fn no_std(mut self, no_std: bool) -> Self {
        self.options.target = if no_std { Target::NoStd } else { Target::Std };
        self
    }

    /// Generates code that computes the same bits on every processor, without `unsafe`. By default, functions with
    /// loops, such as those for many points, are compiled for AVX2 with FMA, too, and products for AVX-512, and look
    /// whether the processor has them, where the target is x86-64 and there is a standard library. Default: off.
    pub fn reproducible(mut self, reproducible: bool) -> Self {
        self.options.reproducible = reproducible;
        self
    }

    /// Sets the folder of the generated files. Default: `$OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles each file to a file of the same name that ends in `.rs`. Files are written only after all of them
    /// compiled, and only where their content changed.
    ///
    /// # Errors
    /// Files that can't be read or written, two files of one name, and everything that is wrong with the sources.
    pub fn compile(&self, paths: &[impl AsRef<Path>]) -> Result<(), Errors> {
        let mut paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        paths.sort_unstable();
        paths.dedup();
        let folder = self.folder()?;
        let mut outputs: Vec<(PathBuf, String)> = Vec::new();
        for path in paths {
            announce(path);
            let target = folder.join(path.file_stem().unwrap_or(path.as_os_str())).with_extension("rs");
            if outputs.iter().any(|(other, _)| *other == target) {
                return Err(Errors::general(
                    Fault::File,
                    format!("two inputs would both be compiled to {}", target.display()),
                ));
            }
            outputs.push((target, self.compile_file(path)?));
        }
        for (target, rust) in outputs {
            if fs::read_to_string(&target).is_ok_and(|old| old == rust) {
                continue;
            }
            let written = crate::output::replace(&target, &rust);
            written.map_err(|error| {
                Errors::general(Fault::File, format!("{} can't be written: {error}", target.display()))
            })?;
        }
        Ok(())
    }

    fn folder(&self) -> Result<PathBuf, Errors> {
        let from_cargo = || std::env::var_os("OUT_DIR").map(PathBuf::from);
        self.out_dir.clone().or_else(from_cargo).ok_or_else(|| {
            Errors::general(Fault::File, "OUT_DIR is not set: call this from a build script, or set `Builder::out_dir`")
        })
    }

    fn compile_file(&self, path: &Path) -> Result<String, Errors> {
        let text = fs::read_to_string(path)
            .map_err(|error| Errors::general(Fault::File, format!("{} can't be read: {error}", path.display())))?;
        let source_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let options = Options { source_name, ..self.options.clone() };
        let source = Source::new(path.display().to_string(), text);
        Ok(crate::compile_source(&source, &[], &options)?.rust)
    }
}

/// Tells cargo to run the build script again when a file changes.
#[allow(clippy::print_stdout)]
fn announce(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}
