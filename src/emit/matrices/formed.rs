//! The derivatives of a function of whole vectors and matrices: matrices, and what is written row by row.

use super::Derived;
use super::rows::RowLoop;
use crate::derive::{Closed, Derivative, Form, Order, derive_closed, derive_rows};
use crate::emit::asked::{Asked, symmetric};
use crate::emit::module::Module;
use crate::emit::options::Derive;
use crate::error::Diagnostic;
use crate::lower::Whole;

/// The derivatives of one order.
pub(super) struct Formed {
    pub order: Order,
    pub closed: Closed,
    /// Those that are matrices.
    pub derived: Vec<Derived>,
    /// Those that are written row by row.
    pub rows: Vec<RowLoop>,
    /// The parameters that the others are by.
    pub left_out: Vec<Vec<usize>>,
}

impl Formed {
    /// Forms the derivatives by the parameters `all`.
    pub(super) fn new(whole: &Whole, all: &[usize], order: Order, form: Form) -> Result<Self, Diagnostic> {
        let mut closed = derive_closed(whole, all, order, form)?;
        let rows = derive_rows(whole, &mut closed, all, form)?;
        let rows: Vec<RowLoop> = rows.into_iter().map(|rows| RowLoop::new(rows, all, order)).collect();
        let list = if order == Order::First { &closed.first } else { &closed.second };
        let (mut derived, mut left_out) = (Vec::new(), Vec::new());
        for (at, derivative) in list.iter().enumerate() {
            let by = by(all, order, at);
            match derivative {
                Derivative::Matrix(root) => derived.push(Derived { by, root: *root }),
                Derivative::Operator { .. } if rows.iter().any(|rows| rows.has(&by)) => {}
                Derivative::Operator { .. } => left_out.push(by),
            }
        }
        Ok(Formed { order, closed, derived, rows, left_out })
    }
}

/// The parameters of the derivative that stands at a place of the list.
pub(in crate::emit) fn by(all: &[usize], order: Order, at: usize) -> Vec<usize> {
    if order != Order::Second {
        return vec![all[at]];
    }
    let pairs = (0..all.len()).flat_map(|row| (row..all.len()).map(move |column| (row, column)));
    pairs.skip(at).take(1).flat_map(|(row, column)| [all[row], all[column]]).collect()
}

impl Module<'_> {
    /// Forms the derivatives that are asked for, and leaves out those that lack something.
    pub(super) fn formed(
        &self,
        whole: &Whole,
        all: &[usize],
        asked: &mut Asked,
        lacks: impl Fn(&Formed) -> bool,
    ) -> Result<Vec<Formed>, Diagnostic> {
        let mut formed = Vec::new();
        for (order, kinds) in
            [(Order::First, &[Derive::Gradient, Derive::Jacobian][..]), (Order::Second, &[Derive::Hessian])]
        {
            let wanted: Vec<Derive> = kinds.iter().copied().filter(|kind| asked.wants(*kind)).collect();
            if wanted.is_empty() {
                continue;
            }
            let own = Formed::new(whole, all, order, self.options.form)?;
            match lacks(&own) {
                true => wanted.into_iter().for_each(|kind| asked.leave_out(kind, symmetric(kind))),
                false => formed.push(own),
            }
        }
        Ok(formed)
    }
}
