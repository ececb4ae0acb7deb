//! Generated Rust: functions of plain numbers and arrays that compute values and derivatives.

mod asked;
mod batch;
mod documentation;
mod expression;
mod layout;
mod matrices;
mod names;
mod options;
mod placeholders;
mod products;
mod rust;
mod sparse;
mod special;

pub use options::{Batch, Derive, Options, Scalar, Target};
pub use rust::emit;
