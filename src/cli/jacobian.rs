//! `gradc jacobian`: the first derivatives of a vector.

pub use super::gradient::Options;
use super::gradient::first_derivatives;
use super::{Outcome, input};
use std::io::Write;

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&options.request.input)?;
    first_derivatives(options, &source, &function, out)
}
