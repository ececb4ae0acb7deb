//! The workloads of `benches/workloads` as gradc compiles them, behind functions that take the buffers of a benchmark:
//! `extern "C" fn NAME_genrust(input: *const f64, output: *mut f64)`. What goes in lies one after the other, row by row, and so
//! does what comes out: values first, then derivatives in the order of the parameters.
#![allow(non_snake_case, clippy::missing_safety_doc)]

/// The code that gradc wrote, a module for each name.
#[macro_export]
macro_rules! generated {
    ($($name:ident)*) => { $(mod $name { include!(concat!(env!("GENERATED"), "/", stringify!($name), ".rs")); })* };
}

mod buffers;
mod loops;
mod numbers;
mod sparse;
