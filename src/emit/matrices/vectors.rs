//! Derivatives times vectors: functions with the tangents or the cotangent as further parameters.

use super::of_few::OfFew;
use super::results::{Derived, Outputs, Results};
use super::{Signature, shapes};
use crate::derive::{Closed, Derivative, Product, derive_closed_product};
use crate::emit::asked::Asked;
use crate::emit::documentation::computes_product;
use crate::emit::formulas;
use crate::emit::module::Module;
use crate::emit::names::camel_case;
use crate::emit::products::PRODUCTS;
use crate::error::Diagnostic;
use crate::graph::ExprId;
use crate::lower::{Function, Whole};

impl Module<'_> {
    /// Writes the products that are asked for; `gradient` is the type of gradients, if there is one.
    ///
    /// # Errors
    /// Derivatives without a rule.
    pub(super) fn whole_products(
        &mut self,
        function: &Function,
        whole: &Whole,
        signature: &Signature,
        by: &[usize],
        asked: &Asked,
        mut gradient: Option<String>,
    ) -> Result<(), Diagnostic> {
        for (_, product, suffix, computes) in PRODUCTS.into_iter().filter(|(derive, ..)| asked.wants(*derive)) {
            let extended = product.with_matrices(whole, by);
            let closed = derive_closed_product(product, &extended, by, self.options.form)?;
            let name = self.names.claim(&format!("{}_{suffix}", function.display_name()));
            let (own, mut names) = self.whole_signature(name.clone(), &extended);
            let mut argument = |name: &str| names.claim(name);
            let derived = |list: &[Derivative]| -> Vec<Derived> {
                by.iter().zip(list).map(|(at, root)| Derived { by: vec![*at], root: root.expression() }).collect()
            };
            let named = (signature, self.language);
            let mut results = Results::value(closed.value);
            match product {
                Product::Jvp => results.values.push((argument("tangent"), closed.first[0].expression())),
                Product::Vjp => {
                    let type_name = self.names.claim_type(&format!("{}Vjp", camel_case(function.display_name())));
                    let outputs = Outputs::new("derivatives", &type_name, named, derived(&closed.first), Vec::new());
                    self.derivative_type(signature, whole, &closed.graph, &outputs, "vector-Jacobian product");
                    results.derivatives.push(outputs);
                }
                Product::Hvp => {
                    let declared = gradient.take();
                    let type_name = declared.clone().unwrap_or_else(|| {
                        self.names.claim_type(&format!("{}Grad", camel_case(function.display_name())))
                    });
                    let outputs =
                        |argument: String, list| Outputs::new(&argument, &type_name, named, derived(list), Vec::new());
                    results.values.clear();
                    results.derivatives = vec![
                        outputs(argument("gradient"), &closed.first),
                        outputs(argument("product"), &closed.second),
                    ];
                    if declared.is_none() {
                        self.derivative_type(signature, whole, &closed.graph, &results.derivatives[0], "gradient");
                    }
                }
            }
            let mut documentation = computes_product(computes, &signature.name);
            let values = results.values.iter().skip(1).map(|(name, _)| name.clone());
            let fields = |outputs: &Outputs| -> Vec<String> {
                outputs.matrices.iter().map(|(field, _)| format!("{}.{field}", outputs.argument)).collect()
            };
            let labels = values.chain(results.derivatives.iter().flat_map(fields)).collect();
            documentation.extend(formulas::products(product, &extended, by, labels)?);
            documentation.extend(shapes(&extended));
            let of_few = OfFew::of(&closed, |closed| results.with_roots(&roots_of(product, closed)))?;
            self.whole_item(&own, &name, documentation, &extended, &closed.graph, results, of_few)?;
        }
        Ok(())
    }
}

/// Returns what a product computes, in the order in which it is written.
fn roots_of(product: Product, closed: &Closed) -> Vec<ExprId> {
    let value = [closed.value].into_iter().filter(|_| product != Product::Hvp);
    value.chain(closed.first.iter().chain(&closed.second).map(Derivative::expression)).collect()
}
