//! What people see: graphs written as mathematics.

pub mod latex;
mod matrices;
pub mod names;
pub mod notation;
