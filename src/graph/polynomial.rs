//! Polynomials in sizes and indices: how many entries loops inside of loops have.

use super::{Dimension, ExprId, Graph, MatrixOperation as M, Node, Rational, Sizes};
use std::collections::BTreeMap;

/// A polynomial in the names of dimensions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Polynomial {
    /// The coefficient of each product of names, none of them 0. The names of a product are sorted.
    terms: BTreeMap<Vec<String>, Rational>,
}

impl Polynomial {
    /// Makes a number.
    pub fn number(value: Rational) -> Self {
        Polynomial::from_terms([(Vec::new(), value)])
    }

    fn from_terms(terms: impl IntoIterator<Item = (Vec<String>, Rational)>) -> Self {
        let mut all: BTreeMap<Vec<String>, Rational> = BTreeMap::new();
        for (mut names, coefficient) in terms {
            names.sort_unstable();
            let own = all.entry(names).or_insert(Rational::ZERO);
            *own = own.add(&coefficient);
        }
        all.retain(|_, coefficient| !coefficient.is_zero());
        Polynomial { terms: all }
    }

    /// Returns the products of names with their coefficients, in order.
    pub fn terms(&self) -> impl Iterator<Item = (&[String], &Rational)> {
        self.terms.iter().map(|(names, coefficient)| (names.as_slice(), coefficient))
    }

    /// Returns `self + factor·other`.
    pub fn plus(&self, other: &Polynomial, factor: &Rational) -> Self {
        let scaled = other.terms.iter().map(|(names, coefficient)| (names.clone(), coefficient.multiply(factor)));
        Polynomial::from_terms(self.terms.clone().into_iter().chain(scaled))
    }

    /// Returns `self·other`.
    pub fn times(&self, other: &Polynomial) -> Self {
        let mut products = Vec::new();
        for (names, coefficient) in &self.terms {
            for (others, factor) in &other.terms {
                products.push(([&names[..], &others[..]].concat(), coefficient.multiply(factor)));
            }
        }
        Polynomial::from_terms(products)
    }

    /// Returns the sum over the values of a name from one dimension to below another; none for powers above the third.
    /// The second may not be below the first.
    pub fn summed(&self, name: &str, from: &Dimension, to: &Dimension) -> Option<Self> {
        let ends = [(Polynomial::from(to), Rational::ONE), (Polynomial::from(from), Rational::MINUS_ONE)];
        let mut sum = Polynomial::default();
        for (names, coefficient) in &self.terms {
            let power = names.iter().filter(|own| *own == name).count();
            let rest = names.iter().filter(|own| *own != name).cloned().collect();
            let rest = Polynomial::from_terms([(rest, coefficient.clone())]);
            for (end, sign) in &ends {
                sum = sum.plus(&rest.times(&sum_of_powers(end, power)?), sign);
            }
        }
        Some(sum)
    }

    /// Returns the dimension that the polynomial is, if it is one.
    pub fn to_dimension(&self) -> Option<Dimension> {
        self.terms.iter().try_fold(Dimension::number(0), |sum, (names, coefficient)| {
            let coefficient = coefficient.to_integer()?;
            Some(sum.plus(&Dimension::of_term(names.iter().map(String::as_str)), coefficient))
        })
    }

    /// Returns the number for given sizes of the names; none if a size is missing or the result is no whole number that is
    /// not negative.
    pub fn evaluate(&self, sizes: &Sizes) -> Option<usize> {
        let mut sum = Rational::ZERO;
        for (names, coefficient) in &self.terms {
            let mut product = coefficient.clone();
            for name in names {
                product = product.multiply(&Rational::integer(i64::try_from(*sizes.get(name)?).ok()?));
            }
            sum = sum.add(&product);
        }
        usize::try_from(sum.to_integer()?).ok()
    }
}

impl From<&Dimension> for Polynomial {
    fn from(dimension: &Dimension) -> Self {
        let names = dimension
            .terms()
            .map(|(term, count)| (super::factors(term).map(str::to_string).collect(), Rational::integer(count)));
        Polynomial::from_terms(names.chain([(Vec::new(), Rational::integer(dimension.constant()))]))
    }
}

/// Returns `0^power + 1^power + … + (end - 1)^power` (Graham, Knuth and Patashnik, Concrete Mathematics, 1994, 6.78).
fn sum_of_powers(end: &Polynomial, power: usize) -> Option<Polynomial> {
    let minus = |factor: i64| {
        let scaled = Polynomial::default().plus(end, &Rational::integer(factor));
        scaled.plus(&Polynomial::number(Rational::ONE), &Rational::MINUS_ONE)
    };
    let part = |polynomial: Polynomial, parts: i64| {
        Some(Polynomial::default().plus(&polynomial, &Rational::fraction(1, parts)?))
    };
    let triangle = end.times(&minus(1));
    match power {
        0 => Some(end.clone()),
        1 => part(triangle, 2),
        2 => part(triangle.times(&minus(2)), 6),
        3 => part(triangle.times(&triangle), 4),
        _ => None,
    }
}

impl Graph {
    /// Writes a polynomial as an expression.
    pub fn polynomial_of_sizes(&mut self, polynomial: &Polynomial) -> ExprId {
        let mut terms = Vec::new();
        for (names, coefficient) in polynomial.terms() {
            let factors = names.iter().map(|name| self.construct_matrix(&M::Size(Dimension::name(name)), &[]));
            let factors: Vec<_> = factors.map(|factor| (factor, Rational::ONE)).collect();
            terms.push((self.product(Rational::ONE, factors), coefficient.clone()));
        }
        self.sum(Rational::ZERO, terms)
    }

    /// Reads an expression that is a polynomial in sizes and indices; none for one that is too deep.
    pub fn as_polynomial(&self, id: ExprId) -> Option<Polynomial> {
        self.polynomial_within(id, 16)
    }

    fn polynomial_within(&self, id: ExprId, depth: usize) -> Option<Polynomial> {
        let depth = depth.checked_sub(1)?;
        match self.node(id) {
            Node::Number(value) => Some(Polynomial::number(value.clone())),
            Node::Sum(constant, terms) => {
                terms.iter().try_fold(Polynomial::number(constant.clone()), |sum, (term, coefficient)| {
                    Some(sum.plus(&self.polynomial_within(*term, depth)?, coefficient))
                })
            }
            Node::Product(factors) => {
                factors.iter().try_fold(Polynomial::number(Rational::ONE), |mut product, (base, exponent)| {
                    let base = self.polynomial_within(*base, depth)?;
                    for _ in 0..exponent.to_integer().filter(|power| (1..=8).contains(power))? {
                        product = product.times(&base);
                    }
                    Some(product)
                })
            }
            _ => match self.as_matrix(id) {
                Some((M::Size(dimension), _)) => Some(Polynomial::from(dimension)),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_powers_are_what_counting_says() {
        let [from, to] = [Dimension::number(2), Dimension::name("n")];
        for power in 0..4 {
            let names = vec!["i".to_string(); power];
            let sum = Polynomial::from_terms([(names, Rational::ONE)]).summed("i", &from, &to);
            for n in 2..9 {
                let counted = (2..n).map(|i: usize| i.pow(power as u32)).sum();
                let sizes = Sizes::from([("n".to_string(), n)]);
                assert_eq!(sum.as_ref().and_then(|sum| sum.evaluate(&sizes)), Some(counted), "{power}, {n}");
            }
        }
    }
}
