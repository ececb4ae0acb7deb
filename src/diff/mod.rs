//! Differentiation: graph to graph.
//!
//! Every kind of node has its local derivatives in one place, [`Differentiator::partials`]; reverse and forward mode
//! both multiply them along the edges. A function without a rule is an error, never a zero.

mod loops;
mod matrices;
mod modes;
mod partials;
mod resolve;
mod scans;
mod stripping;

pub use modes::{adjoints, directional, gradient, hessian, jacobian, of_extents, tangents};
pub use resolve::resolve;
pub use stripping::without_direction;

use crate::error::Diagnostic;
use crate::lower::Formulas;

/// Differentiates, keeping the formulas that it has read from Table 1.
#[derive(Default)]
pub struct Differentiator {
    formulas: Formulas,
}

/// A derivative that could not be formed, with the reason.
pub type Result<T> = std::result::Result<T, Diagnostic>;
