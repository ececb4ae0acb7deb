//! What code is generated, and for what.

use crate::derive::{Form, Layout};
use crate::program::{Machine, Scalar, Target};

/// A derivative that is generated beside the value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Derive {
    /// `f_grad`, the value and the gradient; for functions with several outputs the same as `Jacobian`.
    Gradient,
    /// `f_jacobian`, the value and the Jacobian; for functions with one output the same as `Gradient`.
    Jacobian,
    /// `f_hessian`, the value, the gradient and the Hessian, for functions with one output.
    Hessian,
    /// `f_jvp`, the value and its tangent, which is the Jacobian times the tangents of the parameters.
    Jvp,
    /// `f_vjp`, the value and the cotangents of the parameters, which are the transposed Jacobian times the value's cotangent.
    Vjp,
    /// `f_hvp`, the gradient and the Hessian times the tangents of the parameters, for functions with one output.
    Hvp,
    /// `f_sparse_jacobian`, the value and those entries of the Jacobian that are not zero at all points, with
    /// `f_jacobian_pattern`, which tells where they are.
    SparseJacobian,
    /// `f_sparse_hessian`, the value and those entries of the Hessian's lower triangle that are not zero at all points, with
    /// `f_hessian_pattern`, which tells where they are, for functions with one output.
    SparseHessian,
    /// `f_sparse_lagrangian`, the value of `sigma*f(x) + dot(lambda, c(x))` and the entries of its Hessian's lower triangle
    /// that are not zero at all points, with `f_lagrangian_pattern`, which tells where they are. The value of the function is
    /// f, or a vector of f and the constraints c below it: `stack(f(x), c(x))`.
    Lagrangian,
}

/// Which parameters have a number for each of many points, in functions that compute all of these.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Batch {
    /// There are no such functions.
    #[default]
    None,
    /// All parameters have.
    All,
    /// The parameters with these names have; the others are the same at all points.
    Only(Vec<String>),
}

impl Batch {
    /// Gives all parameters a number for each point.
    pub fn all() -> Self {
        Batch::All
    }

    /// Gives the parameters with these names a number for each point.
    pub fn only(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Batch::Only(names.into_iter().map(Into::into).collect())
    }

    /// Tells whether a parameter has a number for each point.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Batch::None => false,
            Batch::All => true,
            Batch::Only(names) => names.iter().any(|own| own == name),
        }
    }
}

/// What is generated, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The derivatives beside the value.
    pub derive: Vec<Derive>,
    /// The names of the parameters to derive by; all of them if there is no name.
    pub wrt: Vec<String>,
    /// The functions that compute values, gradients, Jacobians and Hessians at many points: `f_batch`, `f_grad_batch` and
    /// so on.
    pub batch: Batch,
    /// In which order sparse derivatives have their entries.
    pub layout: Layout,
    /// Whether derivatives of recurrences of t steps keep about √t states and compute the others once more.
    pub checkpoint: bool,
    /// The floating-point type.
    pub scalar: Scalar,
    /// The library that is called.
    pub target: Target,
    /// The name of the source, for the heading.
    pub source_name: String,
    /// How the expressions are simplified: [`Form::Code`] unless there is reason for another.
    pub form: Form,
    /// Whether the code computes the same bits on every processor: it then looks for no features of the processor, and
    /// has no `unsafe`.
    pub reproducible: bool,
}

impl Default for Options {
    /// Value and gradient, double precision, standard library.
    fn default() -> Self {
        Options {
            derive: vec![Derive::Gradient],
            wrt: Vec::new(),
            batch: Batch::None,
            layout: Layout::Rows,
            checkpoint: false,
            scalar: Scalar::F64,
            target: Target::Std,
            source_name: "expression".to_string(),
            form: Form::Code,
            reproducible: false,
        }
    }
}

impl Options {
    /// Returns what the code runs on.
    pub(super) fn machine(&self) -> Machine {
        Machine { scalar: self.scalar, target: self.target, is_reproducible: self.reproducible }
    }

    /// Tells whether functions of numbers are computed side by side where a loop has many.
    pub(super) fn has_lanes(&self) -> bool {
        self.machine().has_lanes()
    }
}
