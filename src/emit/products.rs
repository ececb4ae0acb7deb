//! Derivatives times vectors: functions with the vectors as further parameters.

use super::asked::Asked;
use super::documentation::operations;
use super::layout::{lines, nested, structure, tuple};
use super::options::Derive;
use super::rust::{Kind, Module, Signature, array, gradient_fields};
use crate::derive::Product;
use crate::error::Diagnostic;
use crate::lower::Entries;

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
        let result = array(function.shape, self.options.scalar.name());
        for (_, product, suffix, computes) in PRODUCTS.into_iter().filter(|(derive, ..)| asked.wants(*derive)) {
            let by = &signature.derived;
            let extended = product.with_vectors(function, by);
            let mut derivatives = self.deriver.product(product, &extended, by, self.options.form)?;
            let tape = derivatives.tape();
            let (result, type_name) = match product {
                Product::Jvp => (format!("({result}, {result})"), String::new()),
                Product::Vjp => {
                    let type_name = self.declare(function, signature, Kind::Cotangents);
                    (format!("({result}, {type_name})"), type_name)
                }
                Product::Hvp => {
                    let declared = gradient.take();
                    let type_name = declared.unwrap_or_else(|| self.declare(function, signature, Kind::Gradient));
                    (format!("({type_name}, {type_name})"), type_name)
                }
            };
            let name = self.items.claim(&format!("{}_{suffix}", signature.function));
            let mut documentation = vec![computes.replace("{f}", &format!("[`{}`]", signature.name)), String::new()];
            documentation.extend(super::documentation::shapes(&extended));
            documentation.push(operations(&tape));
            let own = self.signature(&extended, &signature.function, name.clone(), by.clone());
            let count = derivatives.value.len();
            self.item(&documentation, &name, &own, &result, &tape, |outputs| {
                let (value, products) = outputs.split_at(count);
                let fields = |entries| structure(&type_name, gradient_fields(function, signature, entries, 1, true));
                let parts = match product {
                    Product::Jvp => vec![nested(function.shape, value), nested(function.shape, products)],
                    Product::Vjp => vec![nested(function.shape, value), fields(products)],
                    Product::Hvp => vec![fields(value), fields(products)],
                };
                lines(tuple(parts), 1)
            });
        }
        Ok(())
    }
}
