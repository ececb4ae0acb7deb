//! Generated Rust: functions of plain numbers and arrays that compute values and derivatives.

mod asked;
mod batch;
mod documentation;
mod layout;
mod matrices;
mod names;
mod options;
mod placeholders;
mod products;
mod program;
mod rust;
mod sparse;
mod special;
mod writer;

pub use options::{Batch, Derive, Options, Scalar, Target};
pub use rust::emit;
