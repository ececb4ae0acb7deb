//! What people see: graphs written as mathematics.

mod blocks;
#[cfg(feature = "cli")]
pub mod dialect;
pub mod dump;
#[cfg(feature = "cli")]
pub mod equations;
mod fractions;
mod idioms;
#[cfg(feature = "cli")]
pub mod index;
#[cfg(feature = "cli")]
pub mod latex;
#[cfg(feature = "cli")]
mod levels;
#[cfg(feature = "cli")]
pub mod lines;
mod loops;
#[cfg(feature = "cli")]
pub mod markup;
mod matrices;
pub mod names;
pub mod naming;
pub mod notation;
pub mod orders;
mod tensors;
#[cfg(feature = "cli")]
pub mod typeset;
