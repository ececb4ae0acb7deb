//! Special functions in double precision. The evaluator calls them, and generated code carries those that it uses,
//! so both compute the same bits.

mod beta;
mod erf;
mod gamma;
mod normal;
mod polygamma;
mod removable;

pub use beta::{beta, digamma_difference, lbeta};
pub use erf::{erf, erfc};
pub use gamma::{gamma, lgamma};
pub use normal::{erfcx, erfcx_derivative, inverse_mills, inverse_mills_derivative, log_erfc, log_ndtr, ndtr};
pub use polygamma::{digamma, polygamma};
pub use removable::{
    bernoulli, bernoulli_derivative, exprel, exprel_derivative, langevin, langevin_derivative, sinc, sinc_derivative,
    sinc_sqrt, sinc_sqrt_derivative,
};
