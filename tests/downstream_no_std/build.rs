//! Generates the functions for both floating-point types, without the standard library.

use gradc::{Batch, Builder, Derive, Scalar};

fn main() -> Result<(), gradc::Errors> {
    let builder = Builder::new().no_std(true).derive([Derive::Gradient, Derive::Hessian, Derive::Jvp, Derive::Vjp, Derive::Hvp]);
    builder.compile(&["src/double.grad"])?;
    builder.scalar(Scalar::F32).batch(Batch::all()).compile(&["src/single.grad"])
}
