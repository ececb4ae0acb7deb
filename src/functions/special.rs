//! Special functions in double precision. The evaluator calls them, and generated code carries those that it uses,
//! so both compute the same bits.

mod erf;
mod gamma;
mod polygamma;

pub use erf::{erf, erfc};
pub use gamma::{gamma, lgamma};
pub use polygamma::{digamma, polygamma};
