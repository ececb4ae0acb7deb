//! Polynomials in whatever is no sum or product, multiplied out: high derivatives are short in this form, as like terms
//! meet in it, and long in every other.

use super::{ExprId, Graph, Node, NodeMap, Rational};
use std::collections::BTreeMap;

/// Most terms of a polynomial, also on the way to it.
const LONGEST: usize = 600;
/// Largest power of a sum that is multiplied out.
const LARGEST_POWER: i64 = 64;

/// Powers of what is no sum or product, sorted.
type Monomial = Vec<(ExprId, Rational)>;
/// Monomials with their coefficients.
type Polynomial = BTreeMap<Monomial, Rational>;

impl Graph {
    /// Multiplies an expression out and collects like terms; none if it is too long or has whole matrices.
    pub fn expanded(&mut self, root: ExprId) -> Option<ExprId> {
        if self.is_strict() || self.has_matrices() {
            return None;
        }
        let nodes = self.reachable(&[root]);
        let mut polynomials: NodeMap<Polynomial> = NodeMap::new(&nodes);
        // Only what stands in sums and products of the root is looked at.
        let mut needed = NodeMap::new(&nodes);
        needed.insert(root, ());
        for id in nodes.iter().rev().filter(|id| matches!(self.node(**id), Node::Sum(..) | Node::Product(_))) {
            if needed.contains(*id) {
                self.node(*id).for_each_operand(|operand| needed.insert(operand, ()));
            }
        }
        for id in nodes.iter().filter(|id| needed.contains(**id)) {
            let polynomial = self.polynomial(*id, &polynomials)?;
            polynomials.insert(*id, polynomial);
        }
        let terms = polynomials[root].clone().into_iter().map(|(monomial, coefficient)| {
            let product = self.product(Rational::ONE, monomial);
            (product, coefficient)
        });
        let terms = terms.collect();
        Some(self.sum(Rational::ZERO, terms))
    }

    fn polynomial(&self, id: ExprId, known: &NodeMap<Polynomial>) -> Option<Polynomial> {
        match self.node(id) {
            Node::Number(value) => Some(Polynomial::from([(Monomial::new(), value.clone())])),
            Node::Sum(constant, terms) => {
                let mut sum = Polynomial::from([(Monomial::new(), constant.clone())]);
                for (term, coefficient) in terms {
                    for (monomial, own) in &known[*term] {
                        add(&mut sum, monomial.clone(), &own.multiply(coefficient));
                    }
                }
                (sum.len() <= LONGEST).then_some(sum)
            }
            Node::Product(factors) => {
                let mut product = Polynomial::from([(Monomial::new(), Rational::ONE)]);
                for (base, exponent) in factors.iter() {
                    let times = exponent.to_integer().filter(|times| (1..=LARGEST_POWER).contains(times));
                    match (times, &known[*base]) {
                        (Some(times), factor) => {
                            for _ in 0..times {
                                product = multiplied(&product, factor)?;
                            }
                        }
                        (None, _) => {
                            let power = Polynomial::from([(vec![(*base, exponent.clone())], Rational::ONE)]);
                            product = multiplied(&product, &power)?;
                        }
                    }
                }
                Some(product)
            }
            _ => Some(Polynomial::from([(vec![(id, Rational::ONE)], Rational::ONE)])),
        }
    }
}

fn add(sum: &mut Polynomial, monomial: Monomial, coefficient: &Rational) {
    let total = sum.get(&monomial).map_or_else(|| coefficient.clone(), |own| own.add(coefficient));
    match total.is_zero() {
        true => drop(sum.remove(&monomial)),
        false => drop(sum.insert(monomial, total)),
    }
}

fn multiplied(left: &Polynomial, right: &Polynomial) -> Option<Polynomial> {
    let mut product = Polynomial::new();
    for (a, scale) in left {
        for (b, own) in right {
            let mut monomial = a.clone();
            for (base, exponent) in b {
                match monomial.binary_search_by_key(base, |(id, _)| *id) {
                    Ok(at) => {
                        monomial[at].1 = monomial[at].1.add(exponent);
                        if monomial[at].1.is_zero() {
                            monomial.remove(at);
                        }
                    }
                    Err(at) => monomial.insert(at, (*base, exponent.clone())),
                }
            }
            add(&mut product, monomial, &scale.multiply(own));
        }
        if product.len() > LONGEST {
            return None;
        }
    }
    Some(product)
}
