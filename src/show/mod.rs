//! What people see: graphs written as mathematics.

pub mod dialect;
pub mod equations;
mod idioms;
pub mod index;
pub mod latex;
mod levels;
pub mod lines;
pub mod markup;
mod matrices;
pub mod names;
pub mod naming;
pub mod notation;
pub mod typeset;
