//! What people see: graphs written as mathematics.

mod idioms;
pub mod index;
pub mod latex;
mod matrices;
pub mod names;
pub mod naming;
pub mod notation;
pub mod typeset;
