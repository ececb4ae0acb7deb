//! Simplification: graph to graph, equal on the domain and never dearer.
//!
//! [`canonicalize`] comes first and does most of the work. [`simplify`] then puts small windows into an e-graph,
//! applies the rules of Table 2 and the rules of arithmetic until nothing new comes, and takes out the cheapest form.
//! All limits are counts, and no order depends on a hash, so the result is the same everywhere.

mod canonical;
mod cost;
mod extract;
mod factors;
mod facts;
mod language;
mod matching;
mod matrices;
mod rules;
mod saturate;
mod structure;
mod windows;

pub use canonical::canonicalize;
pub use cost::Goal;
pub use matrices::simplify_matrices;
pub use rules::{Class, Rule, TABLE};
pub use windows::{Windows, simplify};
