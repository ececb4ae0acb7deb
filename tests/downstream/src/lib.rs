//! A crate that differentiates at build time, with every warning an error.
#![deny(warnings)]

/// Scalar functions with gradients and Hessians.
pub mod model {
    include!(concat!(env!("OUT_DIR"), "/model.rs"));
}

/// A vector function with its Jacobian.
pub mod kinematics {
    include!(concat!(env!("OUT_DIR"), "/kinematics.rs"));
}
