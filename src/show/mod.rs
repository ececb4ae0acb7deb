//! What people see: graphs written as mathematics.

pub mod latex;
pub mod naming;
pub mod notation;
