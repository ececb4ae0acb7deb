//! Which of the derivatives that are asked for a function has, and why it has no others.

use super::options::{Batch, Derive, Options};
use crate::error::{Diagnostic, Fault};
use crate::limits::{self, NUMBERS_BY_VALUE};
use crate::lower::{Function, Shape};
use std::fmt::Display;

/// All derivatives.
const KINDS: [Derive; 9] = [
    Derive::Gradient,
    Derive::Jacobian,
    Derive::Hessian,
    Derive::Jvp,
    Derive::Vjp,
    Derive::Hvp,
    Derive::SparseJacobian,
    Derive::SparseHessian,
    Derive::Lagrangian,
];

/// The derivatives that are asked for, of one function.
pub(super) struct Asked {
    is_number: bool,
    wanted: Vec<Derive>,
    /// What the function has not: the message says why.
    missing: Vec<(Derive, Diagnostic)>,
    batch: Batched,
}

/// What became of functions for many points.
#[derive(Default)]
struct Batched {
    is_wanted: bool,
    /// Whether there is one.
    is_there: bool,
    /// Why another is not there.
    missing: Option<Diagnostic>,
}

impl Asked {
    /// Looks through what is asked for. The value is a number or has the given shape; `nothing` tells that the function
    /// has none of the parameters to derive by.
    pub(super) fn new(options: &Options, is_number: bool, shape: &dyn Display, nothing: bool) -> Self {
        let batch = Batched { is_wanted: options.batch != Batch::None, ..Batched::default() };
        let mut asked = Asked { is_number, wanted: Vec::new(), missing: Vec::new(), batch };
        for kind in KINDS.into_iter().filter(|kind| options.derive.contains(kind)) {
            let is_second = matches!(kind, Derive::Hessian | Derive::Hvp | Derive::SparseHessian);
            match nothing {
                true => asked.leave_out(kind, no_parameter(&options.wrt)),
                false if is_second && !is_number => asked.leave_out(kind, several_values(shape)),
                false => asked.wanted.push(kind),
            }
        }
        asked
    }

    /// Tells whether the derivative is asked for, and the function has it.
    pub(super) fn wants(&self, kind: Derive) -> bool {
        self.wanted.contains(&kind)
    }

    /// Takes a derivative for one that the function has not.
    pub(super) fn leave_out(&mut self, kind: Derive, why: Diagnostic) {
        self.wanted.retain(|wanted| *wanted != kind);
        self.missing.push((kind, why));
    }

    /// Leaves out derivatives of so many values by so many numbers that are too large to be returned.
    pub(super) fn leave_out_large(&mut self, function: &Function, values: usize, by: usize) {
        for kind in self.wanted.clone() {
            let (what, entries) = match kind {
                Derive::Hessian => ("the Hessian has", by.saturating_mul(by)),
                Derive::Gradient | Derive::Jacobian if !self.is_number => {
                    ("the Jacobian has", values.saturating_mul(by))
                }
                _ => continue,
            };
            if entries > NUMBERS_BY_VALUE {
                self.leave_out(kind, at_function(function, too_large(what, entries)));
            }
        }
    }

    /// Tells whether a derivative by a symmetric matrix is left out.
    pub(super) fn lacks_symmetric(&self) -> bool {
        self.missing.iter().any(|(_, why)| why.fault == Fault::FixedSize)
    }

    /// Tells whether functions for many points are asked for, and the function has them.
    pub(super) fn wants_batch(&self) -> bool {
        self.batch.is_wanted
    }

    /// Notes that there is a function for many points.
    pub(super) fn has_batch(&mut self) {
        self.batch.is_there = true;
    }

    /// Notes why there is no function for many points of what the function computes, where that is asked for.
    pub(super) fn leave_out_batch(&mut self, why: Diagnostic) {
        if self.batch.is_wanted {
            self.batch.missing.get_or_insert(why);
        }
    }

    /// Takes functions for many points for what the function has not.
    pub(super) fn leave_out_batches(&mut self, why: Diagnostic) {
        self.leave_out_batch(why);
        self.batch.is_wanted = false;
    }

    /// Says in the function's documentation what it has not.
    pub(super) fn notes(&self) -> Vec<String> {
        let notes =
            self.missing.iter().map(|(kind, why)| format!("There is no {}: {}.", self.title(*kind), why.message));
        let mut notes: Vec<String> = notes.collect();
        notes.dedup();
        let batch =
            self.batch.missing.iter().map(|why| format!("There are no functions for many points: {}.", why.message));
        notes.extend(batch);
        notes
    }

    fn why_not(&self, kind: Derive) -> Option<&Diagnostic> {
        self.missing.iter().find(|(missing, _)| *missing == kind).map(|(_, why)| why)
    }

    fn title(&self, kind: Derive) -> &'static str {
        match kind {
            Derive::Gradient | Derive::Jacobian if self.is_number => "gradient",
            Derive::Gradient | Derive::Jacobian => "Jacobian",
            Derive::Hessian => "Hessian",
            Derive::Jvp => "Jacobian-vector product",
            Derive::Vjp => "vector-Jacobian product",
            Derive::Hvp => "Hessian-vector product",
            Derive::SparseJacobian => "sparse Jacobian",
            Derive::SparseHessian => "sparse Hessian",
            Derive::Lagrangian => "Lagrangian",
        }
    }
}

/// Refuses a derivative that is asked for and that none of the functions has, on the grounds of the first function that
/// has the parameters to derive by.
pub(super) fn refused(functions: &[Asked]) -> Option<(usize, Diagnostic)> {
    let of_kinds = KINDS.into_iter().find_map(|kind| {
        let all = functions.iter().map(|asked| asked.why_not(kind)).collect::<Option<Vec<_>>>()?;
        let index = all.iter().position(|why| why.fault != Fault::Parameter).unwrap_or(0);
        let why = (*all.get(index)?).clone();
        let message = format!("there is no {}: {}", functions[index].title(kind), why.message);
        Some((index, Diagnostic { message, ..why }))
    });
    of_kinds.or_else(|| {
        let without = |asked: &Asked| asked.batch.missing.clone().filter(|_| !asked.batch.is_there);
        let all = functions.iter().map(without).collect::<Option<Vec<_>>>()?;
        let index = all.iter().position(|why| why.fault != Fault::Parameter).unwrap_or(0);
        let why = all.into_iter().nth(index)?;
        let message = format!("there are no functions for many points: {}", why.message);
        Some((index, Diagnostic { message, ..why }))
    })
}

/// Says why a derivative with more than two dimensions is not written.
pub(super) fn symmetric(kind: Derive) -> Diagnostic {
    let (all, products) = match kind {
        Derive::Hessian => ("second derivatives", "`hvp`"),
        _ => ("derivatives of a matrix", "`jvp` or `vjp`"),
    };
    Diagnostic::general(Fault::FixedSize, format!("{all} by a symmetric matrix are formed in products only"))
        .hint(format!("derive {products}, or give the dimension as a small number: `sym[3]`"))
}

/// Refuses a function whose parameters or value are arrays that are too large to be passed by value.
///
/// # Errors
/// More than [`NUMBERS_BY_VALUE`] numbers in arrays.
pub(super) fn passes_by_value(
    function: &Function,
    parameters: impl Iterator<Item = Shape>,
    value: Shape,
) -> Result<(), Diagnostic> {
    let count = |shape: Shape| if shape == Shape::Scalar { 0 } else { shape.entries() };
    let taken = parameters.map(count).fold(0, usize::saturating_add);
    let both = [("its vectors and matrices have", taken), ("its value has", count(value))];
    match both.into_iter().find(|(_, entries)| *entries > NUMBERS_BY_VALUE) {
        Some((what, entries)) => Err(at_function(function, too_large(what, entries))),
        None => Ok(()),
    }
}

/// Says what is too large to be passed by value, or kept on the stack.
pub(super) fn too_large(what: &str, entries: usize) -> Diagnostic {
    let [entries, most] = [entries, NUMBERS_BY_VALUE].map(limits::text);
    let message = format!("{what} {entries} numbers, and arrays of fixed size have at most {most}");
    Diagnostic::general(Fault::TooLarge, message)
        .hint("give the size a name, as in `x: vector[n]`: the function then reads from slices and writes to slices")
}

/// Gives a diagnostic the place of a function.
pub(super) fn at_function(function: &Function, diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { span: Some(function.span), ..diagnostic }
}

fn several_values(shape: &dyn Display) -> Diagnostic {
    Diagnostic::general(
        Fault::OneValue,
        format!("second derivatives are formed of one number, and the value is a `{shape}`"),
    )
    .hint("derive `jacobian`, `jvp` or `vjp`, or define a function whose value is one entry, or the sum of all")
}

/// Says why a function that is kept whole has none for many points.
pub(super) fn kept_whole(most: usize) -> Diagnostic {
    let reason = format!("they are written entry by entry, for at most {most} numbers with fixed dimensions");
    Diagnostic::general(Fault::FixedSize, reason)
        .hint("give the dimensions as numbers, `x: vector[3]`, or call the function in a loop over the points")
}

pub(super) fn no_parameter(names: &[String]) -> Diagnostic {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Diagnostic::general(Fault::Parameter, format!("no parameter is called {}", names.join(" or ")))
}
