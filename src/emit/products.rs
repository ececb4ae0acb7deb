//! Derivatives times vectors: functions with the vectors as further parameters.

use super::asked::Asked;
use super::documentation::{computes_product, operations, shapes};
use super::entries::{Signature, gradient_fields, plain, shaped};
use super::module::{Kind, Module};
use super::options::Derive;
use super::shaped::{array, nested};
use crate::derive::Product;
use crate::error::Diagnostic;
use crate::lower::Entries;
use crate::program::{Expression, Statement, Type};

/// The products of derivatives that can be asked for, with the names of their functions and what these say of themselves.
pub(super) const PRODUCTS: [(Derive, Product, &str, &str); 3] = [
    (
        Derive::Jvp,
        Product::Jvp,
        "jvp",
        "Value of {f} and its tangent: the Jacobian times the tangents of the parameters.",
    ),
    (
        Derive::Vjp,
        Product::Vjp,
        "vjp",
        "Value of {f} and the cotangents of the parameters: the transposed Jacobian times that of the value.",
    ),
    (Derive::Hvp, Product::Hvp, "hvp", "Gradient of {f} and the Hessian times the tangents of the parameters."),
];

impl Module<'_> {
    /// Writes the products that are asked for; `gradient` is the type of gradients, if there is one.
    ///
    /// # Errors
    /// A function without a derivative rule.
    pub(super) fn products(
        &mut self,
        function: &Entries,
        signature: &Signature,
        asked: &Asked,
        mut gradient: Option<String>,
    ) -> Result<(), Diagnostic> {
        let value = array(function.shape, Type::Float(self.options.scalar));
        for (_, product, suffix, computes) in PRODUCTS.into_iter().filter(|(derive, ..)| asked.wants(*derive)) {
            let by = &signature.derived;
            let extended = product.with_vectors(function, by);
            let mut derivatives = self.deriver.product(product, &extended, by, self.options.form)?;
            let tape = derivatives.tape();
            let type_name = match product {
                Product::Jvp => String::new(),
                Product::Vjp => self.declare(function, signature, Kind::Cotangents),
                Product::Hvp => {
                    let declared = gradient.take();
                    declared.unwrap_or_else(|| self.declare(function, signature, Kind::Gradient))
                }
            };
            let fields = || Type::Structure(type_name.clone());
            let result = Type::Tuple(match product {
                Product::Jvp => vec![value.clone(), value.clone()],
                Product::Vjp => vec![value.clone(), fields()],
                Product::Hvp => vec![fields(), fields()],
            });
            let name = self.names.claim(&format!("{}_{suffix}", signature.function));
            let mut documentation = computes_product(computes, &signature.name);
            documentation.extend(shapes(shaped(&extended), false));
            documentation.push(operations(&tape));
            let own = self.signature(&extended, &signature.function, name.clone(), by.clone());
            let count = derivatives.value.len();
            self.item(plain(documentation, &name, Some(result)), &own, &tape, |outputs| {
                let (value, products) = outputs.split_at(count);
                let fields = |entries| {
                    Expression::Structure(type_name.clone(), gradient_fields(function, signature, entries, 1, true))
                };
                let parts = match product {
                    Product::Jvp => vec![nested(function.shape, value), nested(function.shape, products)],
                    Product::Vjp => vec![nested(function.shape, value), fields(products)],
                    Product::Hvp => vec![fields(value), fields(products)],
                };
                vec![Statement::Result(Expression::Tuple(parts))]
            });
        }
        Ok(())
    }
}
