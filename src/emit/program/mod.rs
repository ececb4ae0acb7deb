//! Programs before they are text: expressions and statements, the passes over them, and how they are written.

mod accumulators;
mod expression;
mod flattening;
mod merging;
mod parameter;
mod print;
mod stages;
mod statement;

pub use accumulators::Sums;
pub use expression::{Binary, Expression, Function, Number, Unary};
pub use merging::{added_where_computed, merged};
pub use parameter::Parameter;
pub use print::Printer;
pub use stages::{Requirements, Stages, distributed};
pub use statement::{Sign, Statement};

/// The private module of kernels in generated code.
pub const MODULE: &str = "matrices";

/// How bodies name the constant that tells whether to multiply and add in one instruction.
pub const FMA: &str = "::<FMA>";
