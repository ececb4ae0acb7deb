//! Simplification: graph to graph, equal on the domain and never dearer.

mod canonical;

pub use canonical::canonicalize;
