//! What people see: graphs written as mathematics.

pub mod notation;
