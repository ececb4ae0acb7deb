//! Generates the model with its Hessians, and the kinematics as most crates would.

use gradc::{Builder, Derive};

fn main() -> Result<(), gradc::Errors> {
    Builder::new().derive([Derive::Gradient, Derive::Hessian, Derive::Jvp, Derive::Vjp, Derive::Hvp]).compile(&["src/model.grad"])?;
    gradc::build("src/kinematics.grad")
}
