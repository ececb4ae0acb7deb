//! Generated code: functions of plain numbers and arrays that compute values and derivatives.

mod asked;
mod batch;
mod documentation;
mod entries;
mod formulas;
mod matrices;
mod module;
mod names;
mod options;
mod placeholders;
mod products;
mod shaped;
mod sparse;
mod writer;

pub use module::emit;
pub use options::{Batch, Derive, Options};
