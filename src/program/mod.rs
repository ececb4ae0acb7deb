//! Programs before they are text: items, statements and expressions with types, and the passes over them.

mod accumulators;
mod expression;
mod flattening;
mod item;
mod language;
mod machine;
mod merging;
mod order;
mod parameter;
mod stages;
mod statement;
mod types;

pub use accumulators::Sums;
pub use expression::{Binary, Check, Expression, Function, Number, Unary};
pub use item::{Item, Procedure, Program, Role, Structure};
pub use language::Language;
pub use machine::{Machine, Scalar, Target};
pub use merging::{added_where_computed, merged};
pub use parameter::Parameter;
pub use stages::{Requirements, Stages, distributed};
pub use statement::{Sign, Statement};
pub use types::Type;
