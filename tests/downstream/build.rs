//! Generates the model with its Hessians, and the kinematics as most crates would.

use gradc::{Batch, Builder, Derive};

fn main() -> Result<(), gradc::Errors> {
    let derive = [Derive::Gradient, Derive::Hessian, Derive::Jvp, Derive::Vjp, Derive::Hvp];
    Builder::new().derive(derive).batch(Batch::all()).compile(&["src/model.grad"])?;
    gradc::build("src/kinematics.grad")
}
