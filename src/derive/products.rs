//! Derivatives times vectors, formed as they are: no matrix of derivatives comes in between.

use super::closed::Closing;
use super::of_few::{Asked, OfFew};
use super::{Closed, Derivative, Derivatives, Deriver, Form, Pass, Passes, leaves, several_values};
use crate::diff;
use crate::error::Diagnostic;
use crate::graph::{ExprId, Input, Rational};
use crate::lower::{Entries, Facts, Formulas, Parameter, Shape, Whole, WholeParameter};
use std::sync::Arc;

/// A product of derivatives with vectors that the caller gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Product {
    /// The Jacobian times the tangents of the parameters, by forward mode (Griewank and Walther, Evaluating Derivatives,
    /// 2008, section 3.1).
    Jvp,
    /// The transposed Jacobian times the cotangent of the value, by reverse mode (section 3.2).
    Vjp,
    /// The Hessian of a number times the tangents of the parameters, by forward over reverse mode (Pearlmutter, Fast exact
    /// multiplication by the Hessian, 1994).
    Hvp,
}

impl Product {
    /// Adds the vectors to a function's parameters: the tangent of each parameter in `by`, or the cotangent of the value.
    pub fn with_vectors(self, function: &Entries, by: &[usize]) -> Entries {
        let mut function = function.clone();
        let taken = function.parameters.iter().map(|parameter| &parameter.name);
        let taken = taken.chain(function.names.iter().map(|(name, _)| name)).cloned().collect();
        let own: Vec<(&str, Shape)> =
            by.iter().map(|at| &function.parameters[*at]).map(|p| (&*p.name, p.shape)).collect();
        for (name, shape) in self.vectors(own, function.shape, taken) {
            let first = function.graph.inputs().len();
            for place in shape.places() {
                function.graph.add_input(Input { parameter: name.clone(), place });
            }
            let inputs = first..first + shape.entries();
            function.parameters.push(Parameter { name, shape, facts: Facts::default(), inputs });
        }
        function
    }

    /// Adds the vectors to the parameters of a function of whole matrices, as [`Product::with_vectors`] does.
    pub fn with_matrices(self, whole: &Whole, by: &[usize]) -> Whole {
        let mut whole = whole.clone();
        whole.few = whole.few.map(|few| Arc::new(self.with_matrices(&few, by)));
        let taken = whole.parameters.iter().map(|parameter| &parameter.name).chain(&whole.sizes);
        let taken = taken.chain(whole.names.iter().map(|(name, _)| name)).cloned().collect();
        let own: Vec<WholeParameter> = by.iter().map(|at| whole.parameters[*at].clone()).collect();
        let own = own.iter().map(|parameter| (&*parameter.name, parameter.shape.clone())).collect();
        for (name, shape) in self.vectors(own, whole.shape.clone(), taken) {
            let id = whole.graph.add_matrix_input(&name, shape.extents());
            if let Shape::Tensor(_, rows, _) = &shape {
                whole.graph.declare_tensor(id, rows.clone());
            }
            whole.parameters.push(WholeParameter { name, id, shape, facts: Facts::default(), range: None });
        }
        whole
    }

    /// Returns names and shapes of the vectors, given those of the parameters and the shape of the value.
    fn vectors<S>(self, parameters: Vec<(&str, S)>, value: S, mut taken: Vec<String>) -> Vec<(String, S)> {
        let vectors: Vec<(String, S)> = match self {
            Product::Vjp => vec![("cotangent".to_string(), value)],
            _ => parameters.into_iter().map(|(name, shape)| (format!("{name}_tangent"), shape)).collect(),
        };
        let distinct = |(name, shape): (String, S)| {
            let numbered = (2..).map(|count| format!("{name}_{count}"));
            let name = [name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
            taken.push(name.clone());
            (name, shape)
        };
        vectors.into_iter().map(distinct).collect()
    }

    /// Returns how many vectors there are for so many parameters.
    fn count(self, parameters: usize) -> usize {
        if self == Product::Vjp { 1 } else { parameters }
    }
}

impl Deriver {
    /// Forms a product of the derivatives by the parameters `by` with the last parameters, which
    /// [`Product::with_vectors`] has added. The first derivatives are the tangent of each entry of the value, or the
    /// parameters' cotangents in one row; for [`Product::Hvp`], the gradient takes the value's place.
    ///
    /// # Errors
    /// A function without a derivative rule, and second derivatives of a function with several values.
    pub fn product(
        &mut self,
        product: Product,
        function: &Entries,
        by: &[usize],
        form: Form,
    ) -> Result<Derivatives, Diagnostic> {
        self.fewest(form, function, |deriver, form| deriver.product_in_form(product, function, by, form))
    }

    fn product_in_form(
        &mut self,
        product: Product,
        function: &Entries,
        by: &[usize],
        form: Form,
    ) -> Result<Derivatives, Diagnostic> {
        let mut graph = function.graph.clone();
        let inputs = |parameters: &[Parameter]| -> Vec<usize> {
            parameters.iter().flat_map(|parameter| parameter.inputs.clone()).collect()
        };
        let given = &function.parameters[function.parameters.len() - product.count(by.len())..];
        let vectors = leaves(&mut graph, &inputs(given));
        let by: Vec<Parameter> = by.iter().map(|at| function.parameters[*at].clone()).collect();
        let by = leaves(&mut graph, &inputs(&by));
        let value = self.resolved(&mut graph, function)?;
        let (mut value, mut is_stable_as_given) = self.prepare(&mut graph, value, form, function);
        if product == Product::Hvp {
            if value.len() != 1 {
                return Err(several_values());
            }
            let gradient = diff::gradient(&mut self.differentiator, &mut graph, value[0], &by)?;
            let (gradient, stable) = self.prepare(&mut graph, gradient, form, function);
            value = gradient;
            is_stable_as_given &= stable;
        }
        let first = match product {
            Product::Vjp => {
                let weighted = value.iter().zip(&vectors).map(|(value, weight)| graph.multiply(*weight, *value));
                let weighted = weighted.map(|term| (term, Rational::ONE)).collect();
                let weighted = graph.sum(Rational::ZERO, weighted);
                vec![diff::gradient(&mut self.differentiator, &mut graph, weighted, &by)?]
            }
            _ => {
                let directions: Vec<(ExprId, ExprId)> = by.into_iter().zip(vectors).collect();
                let tangents = diff::directional(&mut self.differentiator, &mut graph, &value, &directions)?;
                tangents.into_iter().map(|tangent| vec![tangent]).collect()
            }
        };
        let mut derivatives = Derivatives { graph, value, first, second: Vec::new(), form, is_stable_as_given };
        self.passes.after(Pass::Derive, &derivatives.graph, &derivatives.roots());
        self.simplify(function, &mut derivatives, form);
        self.passes.after(Pass::Simplify, &derivatives.graph, &derivatives.roots());
        Ok(derivatives)
    }
}

/// Forms a product of the derivatives by the parameters `by` with the last parameters, which [`Product::with_matrices`]
/// has added. The first derivatives are the tangent of the value, or the parameters' cotangents; for [`Product::Hvp`], they
/// are the gradients, and the second derivatives the tangents of these.
///
/// # Errors
/// A function without a derivative rule, and second derivatives of a function with several values.
pub fn derive_closed_product(product: Product, whole: &Whole, by: &[usize], form: Form) -> Result<Closed, Diagnostic> {
    let mut formulas = Formulas::default();
    let mut passes = Passes::default();
    let mut closing = Closing::new(&mut passes, whole, &mut formulas, form)?;
    let given = &whole.parameters[whole.parameters.len() - product.count(by.len())..];
    let vectors: Vec<ExprId> = given.iter().map(|parameter| parameter.id).collect();
    let asked = by.to_vec();
    let by: Vec<ExprId> = by.iter().map(|at| whole.parameters[*at].id).collect();
    let Closing { graph, differentiator, reduction, value, .. } = &mut closing;
    let (mut roots, mut gradients) = (vec![*value], Vec::new());
    if product == Product::Hvp {
        if !graph.extents(*value).is_scalar() {
            return Err(several_values());
        }
        gradients = diff::gradient(differentiator, graph, *value, &by)?;
        gradients.iter_mut().for_each(|gradient| *gradient = reduction.readable(graph, *gradient));
        roots.clone_from(&gradients);
    }
    let products = match product {
        Product::Vjp => diff::adjoints(differentiator, graph, *value, vectors[0], &by)?,
        _ => {
            let directions: Vec<(ExprId, ExprId)> = by.into_iter().zip(vectors).collect();
            diff::directional(differentiator, graph, &roots, &directions)?
        }
    };
    let matrices = |ids: Vec<ExprId>| ids.into_iter().map(Derivative::Matrix).collect();
    let (first, second) = match product {
        Product::Hvp => (gradients, products),
        _ => (products, Vec::new()),
    };
    let mut closed = closing.closed(&mut passes, matrices(first), matrices(second), roots)?;
    closed.of_few = OfFew::of(whole, Asked::Product(product, asked, form));
    Ok(closed)
}
