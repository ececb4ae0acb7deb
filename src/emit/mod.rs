//! Generated Rust: functions of plain numbers and arrays that compute values and derivatives.

mod asked;
mod documentation;
mod expression;
mod layout;
mod matrices;
mod names;
mod products;
mod rust;

pub use rust::{Derive, Options, Scalar, Target, emit};
