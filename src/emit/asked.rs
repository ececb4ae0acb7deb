//! Which of the derivatives that are asked for a function has, and why it has no others.

use super::rust::{Derive, Options};
use crate::error::{Diagnostic, Fault};
use std::fmt::Display;

/// All derivatives.
const KINDS: [Derive; 6] = [Derive::Gradient, Derive::Jacobian, Derive::Hessian, Derive::Jvp, Derive::Vjp, Derive::Hvp];

/// The derivatives that are asked for, of one function.
pub(super) struct Asked {
    is_number: bool,
    wanted: Vec<Derive>,
    /// What the function has not: the message says why.
    missing: Vec<(Derive, Diagnostic)>,
}

impl Asked {
    /// Looks through what is asked for. The value is a number or has the given shape; `nothing` tells that the function
    /// has none of the parameters to derive by.
    pub(super) fn new(options: &Options, is_number: bool, shape: &dyn Display, nothing: bool) -> Self {
        let mut asked = Asked { is_number, wanted: Vec::new(), missing: Vec::new() };
        for kind in KINDS.into_iter().filter(|kind| options.derive.contains(kind)) {
            let is_second = matches!(kind, Derive::Hessian | Derive::Hvp);
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

    /// Says in the function's documentation what it has not.
    pub(super) fn notes(&self) -> Vec<String> {
        let notes =
            self.missing.iter().map(|(kind, why)| format!("There is no {}: {}.", self.title(*kind), why.message));
        let mut notes: Vec<String> = notes.collect();
        notes.dedup();
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
        }
    }
}

/// Refuses a derivative that is asked for and that none of the functions has, on the grounds of the first function that
/// has the parameters to derive by.
pub(super) fn refused(functions: &[Asked]) -> Option<(usize, Diagnostic)> {
    KINDS.into_iter().find_map(|kind| {
        let all = functions.iter().map(|asked| asked.why_not(kind)).collect::<Option<Vec<_>>>()?;
        let index = all.iter().position(|why| why.fault != Fault::Parameter).unwrap_or(0);
        let why = (*all.get(index)?).clone();
        let message = format!("there is no {}: {}", functions[index].title(kind), why.message);
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
        .hint(format!("derive {products}, or give the dimension as a number: `sym[3]`"))
}

fn several_values(shape: &dyn Display) -> Diagnostic {
    Diagnostic::general(
        Fault::OneValue,
        format!("second derivatives are formed of one number, and the value is a `{shape}`"),
    )
    .hint("derive `jacobian`, `jvp` or `vjp`, or define a function whose value is one entry, or the sum of all")
}

fn no_parameter(names: &[String]) -> Diagnostic {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Diagnostic::general(Fault::Parameter, format!("no parameter is called {}", names.join(" or ")))
}
