//! The local derivatives of each kind of node.

use super::{Differentiator, Result};
use crate::error::{Diagnostic, Fault};
use crate::functions::{Arity, FunctionId};
use crate::graph::{ExprId, Factor, Graph, Node, Rational};

/// Up to this many factors, the rest of a product is written out for each of them.
const SHORT_PRODUCT: usize = 4;

impl Differentiator {
    /// Returns the local derivative by each operand that `wanted` selects, in the order of the operands. An operand
    /// that stands in several places has an entry for each.
    ///
    /// # Errors
    /// A function without a derivative by a wanted argument.
    pub fn partials(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        let one = graph.number(Rational::ONE);
        let zero = graph.number(Rational::ZERO);
        match graph.node(id).clone() {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => Ok(Vec::new()),
            Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_) => Ok(Vec::new()),
            Node::Sum(_, terms) => Ok(terms
                .iter()
                .filter(|(operand, _)| wanted(*operand))
                .map(|(operand, coefficient)| (*operand, graph.number(coefficient.clone())))
                .collect()),
            Node::Product(factors) => Ok(product_partials(graph, &factors, wanted)),
            Node::Select(condition, a, b) => Ok([(a, one, zero), (b, zero, one)]
                .into_iter()
                .filter(|(operand, ..)| wanted(*operand))
                .map(|(operand, first, second)| (operand, graph.select(condition, first, second)))
                .collect()),
            Node::Apply(function, arguments) => arguments
                .iter()
                .enumerate()
                .filter(|(_, argument)| wanted(**argument))
                .map(|(at, argument)| Ok((*argument, self.function_partial(graph, function, &arguments, at, id)?)))
                .collect(),
            Node::Matrix(..) => {
                Err(Diagnostic::general(Fault::FixedSize, "a whole matrix has no derivative by a single entry"))
            }
            Node::Derivative(..) => {
                Err(Diagnostic::general(Fault::Derivative, "a derivative inside was not worked out first"))
            }
        }
    }

    /// Puts the arguments into the formula of Table 1.
    fn function_partial(
        &mut self,
        graph: &mut Graph,
        function: FunctionId,
        arguments: &[ExprId],
        at: usize,
        value: ExprId,
    ) -> Result<ExprId> {
        let row = function.row();
        let mut names = vec![("y", value)];
        let formula = if row.arity == Arity::Collective {
            names.push((row.parameters[0], arguments[at]));
            row.derivatives.first()
        } else {
            names.extend(row.parameters.iter().copied().zip(arguments.iter().copied()));
            row.derivatives.get(at)
        };
        formula
            .filter(|formula| !formula.is_empty())
            .and_then(|formula| self.formulas.lower(graph, formula, &names))
            .ok_or_else(|| {
                let by = row.parameters.get(at).copied().unwrap_or(row.parameters[0]);
                Diagnostic::general(
                    Fault::Derivative,
                    format!("the derivative of `{}` by its argument `{by}` has no rule", row.name),
                )
            })
    }
}

/// The derivative of `Π b^e` by each base: `e·b^(e−1)` times the other factors. The others of a long product are
/// products of its first and its last factors, 3n multiplications for all n of them.
fn product_partials(graph: &mut Graph, factors: &[Factor], wanted: impl Fn(ExprId) -> bool) -> Vec<(ExprId, ExprId)> {
    let short = factors.len() <= SHORT_PRODUCT;
    let (before, after) = if short { Default::default() } else { running_products(graph, factors) };
    let mut partials = Vec::new();
    for (at, (base, exponent)) in factors.iter().enumerate() {
        if !wanted(*base) {
            continue;
        }
        let mut parts = vec![(*base, exponent.add(&Rational::MINUS_ONE))];
        if short {
            parts
                .extend(factors.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, factor)| factor.clone()));
        } else {
            parts.push((before[at], Rational::ONE));
            parts.push((after[at], Rational::ONE));
        }
        partials.push((*base, graph.product(exponent.clone(), parts)));
    }
    partials
}

/// Returns, for each factor, the product of all before it and of all after it.
fn running_products(graph: &mut Graph, factors: &[Factor]) -> (Vec<ExprId>, Vec<ExprId>) {
    let one = graph.number(Rational::ONE);
    let mut run = |factors: &mut dyn Iterator<Item = &Factor>| {
        let mut so_far = one;
        let mut products = Vec::new();
        for factor in factors {
            products.push(so_far);
            so_far = graph.product(Rational::ONE, vec![(so_far, Rational::ONE), factor.clone()]);
        }
        products
    };
    let before = run(&mut factors.iter());
    let mut after = run(&mut factors.iter().rev());
    after.reverse();
    (before, after)
}
