//! What goes in and what comes out, taken part by part.

use std::slice::{from_raw_parts, from_raw_parts_mut};

/// Exports `NAME(input, output)` with slices of so many numbers.
#[macro_export]
macro_rules! export {
    ($name:ident, $inputs:expr, $outputs:expr, |$input:ident, $output:ident| $body:expr) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(input: *const f64, output: *mut f64) {
            // SAFETY: the caller's buffers are as long as the workload says.
            let (mut $input, mut $output) =
                unsafe { ($crate::buffers::input(input, $inputs), $crate::buffers::output(output, $outputs)) };
            $body
        }
    };
}

/// What goes in.
pub struct Input<'a>(&'a [f64]);

/// What comes out.
pub struct Output<'a>(&'a mut [f64]);

pub unsafe fn input<'a>(start: *const f64, count: usize) -> Input<'a> {
    // SAFETY: the caller says that there are so many numbers.
    Input(unsafe { from_raw_parts(start, count) })
}

pub unsafe fn output<'a>(start: *mut f64, count: usize) -> Output<'a> {
    // SAFETY: the caller says that there is room for so many numbers.
    Output(unsafe { from_raw_parts_mut(start, count) })
}

impl<'a> Input<'a> {
    /// The next numbers.
    pub fn take(&mut self, count: usize) -> &'a [f64] {
        let (first, rest) = self.0.split_at(count);
        self.0 = rest;
        first
    }

    /// The next numbers, as many as an array has.
    pub fn array<const N: usize>(&mut self) -> &'a [f64; N] {
        self.take(N).try_into().expect("as many as were taken")
    }

    /// The next whole numbers.
    pub fn indices(&mut self, count: usize) -> &'a [usize] {
        let numbers = self.take(count);
        // SAFETY: they are whole numbers of 64 bits.
        unsafe { from_raw_parts(numbers.as_ptr().cast(), count) }
    }
}

impl<'a> Output<'a> {
    /// The next numbers.
    pub fn take(&mut self, count: usize) -> &'a mut [f64] {
        let (first, rest) = std::mem::take(&mut self.0).split_at_mut(count);
        self.0 = rest;
        first
    }
}

/// A workspace of so many numbers, which is kept from call to call.
pub fn workspace(count: usize) -> &'static mut [f64] {
    static mut WORKSPACE: Vec<f64> = Vec::new();
    // SAFETY: a benchmark has one thread, and no function asks twice.
    let workspace = unsafe { &mut *(&raw mut WORKSPACE) };
    if workspace.len() < count {
        workspace.resize(count, 0.0);
    }
    workspace
}
