//! `gradc jacobian`: the first derivatives of a vector.

pub use super::gradient::Options;
use super::gradient::first_derivatives;
use super::{Outcome, dump, input};
use crate::derive::Order;
use std::io::Write;

pub fn run(options: &Options, out: &mut impl Write) -> Outcome {
    if let Some(pass) = options.request.dump {
        return dump::run(&options.request, Order::First, pass, out);
    }
    let (source, function) = input::function(&options.request.input)?;
    first_derivatives(options, &source, &function, out)
}
