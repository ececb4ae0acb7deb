//! What people see: graphs written as mathematics.

mod idioms;
pub mod latex;
pub mod naming;
pub mod notation;
