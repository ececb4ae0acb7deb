//! Generated Rust: functions of plain numbers and arrays that compute values and derivatives.

mod expression;
mod names;
mod rust;

pub use rust::{Derive, Options, Scalar, Target, emit};
