//! Nodes as rules see them: sums and products with what stands inside of them.

use super::factors::Factors;
use super::language::{Classes, Math, Monomial, Polynomial, is_group, monomial, polynomial};
use crate::functions::Functions;
use crate::graph::Rational;
use egg::Id;

/// A node as rules see it.
#[derive(PartialEq)]
pub enum View {
    Sum(Polynomial),
    Product(Monomial),
    Other,
}

impl View {
    /// Views a node of a class.
    pub fn new(classes: &Classes, id: Id, node: &Math) -> View {
        match node {
            Math::Sum(children) => View::Sum(polynomial(classes, children)),
            Math::Product(_) | Math::Power(..) => {
                let mut whole = Monomial::number(Rational::ONE);
                let complete = match node {
                    Math::Product(children) => whole.take_factors(classes, children),
                    Math::Power(exponent, [base]) => whole.multiply(classes, *base, exponent),
                    _ => false,
                };
                if complete && !whole.factors.contains(id) { View::Product(whole) } else { View::Other }
            }
            _ => View::Other,
        }
    }

    /// Views a node as it is computed: what can be had as one function is not seen as a sum or product.
    pub fn computed(classes: &Classes, id: Id, node: &Math) -> View {
        match node {
            Math::Sum(children) => {
                View::Sum(Polynomial::of(children.iter().map(|child| computed(classes, *child)).collect()))
            }
            Math::Product(children) => match computed_factors(classes, children) {
                Some(whole) if !whole.factors.contains(id) => View::Product(whole),
                _ => View::Other,
            },
            _ => View::new(classes, id, node),
        }
    }

    /// Views a sum with the groups among its terms opened, if it has any.
    pub fn opened(classes: &Classes, id: Id, node: &Math) -> Option<View> {
        let Math::Sum(children) = node else { return None };
        if children.contains(&id) || !children.iter().any(|child| is_group(classes, *child)) {
            return None;
        }
        let mut view = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
        children.iter().for_each(|child| view.open(classes, *child, &Rational::ONE));
        Some(View::Sum(view.collected()))
    }

    /// Returns the functions that the factors of each term can be had as; a constant has none, a product is one term.
    pub fn functions(&self, classes: &Classes) -> Vec<Functions> {
        let of_term = |term: &Monomial| {
            let of_factors = term.factors.iter().map(|(base, _)| functions_of(&classes[*base].nodes));
            of_factors.fold(Functions::default(), Functions::or)
        };
        match self {
            View::Sum(sum) => {
                let constant = (!sum.constant.is_zero()).then(Functions::default);
                sum.terms.iter().map(of_term).chain(constant).collect()
            }
            View::Product(product) => vec![of_term(product)],
            View::Other => Vec::new(),
        }
    }

    /// Returns the views of a node that differ.
    pub fn all(classes: &Classes, id: Id, node: &Math) -> Vec<View> {
        let mut views = vec![View::new(classes, id, node)];
        if matches!(node, Math::Sum(_) | Math::Product(_)) {
            let computed = View::computed(classes, id, node);
            if computed != views[0] {
                views.push(computed);
            }
        }
        views
    }
}

/// Returns the functions among nodes.
pub fn functions_of(nodes: &[Math]) -> Functions {
    let own = |node: &Math| match node {
        Math::Apply(function, _) => function.alone(),
        _ => Functions::default(),
    };
    nodes.iter().map(own).fold(Functions::default(), Functions::or)
}

/// Views the children of a product as they are computed.
fn computed_factors(classes: &Classes, children: &[Id]) -> Option<Monomial> {
    let (functions, others): (Vec<Id>, Vec<Id>) = children.iter().copied().partition(|id| is_function(classes, *id));
    let mut whole = Monomial::number(Rational::ONE);
    let complete = whole.take_factors(classes, &others)
        && functions.into_iter().all(|child| whole.multiply(classes, child, &Rational::ONE));
    complete.then_some(whole)
}

/// Views a term of a sum as it is computed.
fn computed(classes: &Classes, id: Id) -> Monomial {
    let id = classes.find(id);
    if is_function(classes, id) {
        return Monomial { coefficient: Rational::ONE, factors: Factors::single(id, Rational::ONE) };
    }
    let product = classes[id].nodes.iter().find_map(|node| match node {
        Math::Product(children) if !children.contains(&id) => computed_factors(classes, children),
        _ => None,
    });
    product.unwrap_or_else(|| monomial(classes, id))
}

/// Tells whether a class can be had as the value of a function.
pub fn is_function(classes: &Classes, id: Id) -> bool {
    classes[classes.find(id)].nodes.iter().any(|node| matches!(node, Math::Apply(..)))
}
