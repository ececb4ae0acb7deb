//! Languages that programs are written in, each in a folder of its own that knows what programs are, and nothing else.

pub mod rust;
