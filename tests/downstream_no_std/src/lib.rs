//! Derivatives for a crate without the standard library, in both floating-point types, with every warning an error.
#![no_std]
#![deny(warnings)]

/// Double precision.
pub mod double {
    include!(concat!(env!("OUT_DIR"), "/double.rs"));
}

/// Single precision.
pub mod single {
    include!(concat!(env!("OUT_DIR"), "/single.rs"));
}
