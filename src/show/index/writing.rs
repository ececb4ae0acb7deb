//! Entries to syntax trees.

use super::super::notation;
use super::{Entry, Index};
use crate::graph::{Dimension, ExprId, Graph, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::{
    Ast, BinaryOperator as B, Expression as E, Index as Place, Name, NodeId, Ranges, UnaryOperator,
};

/// Dissolves products inside of a product.
fn flattened(factors: &[(Entry, Rational)]) -> Vec<(Entry, Rational)> {
    let inner = |(factor, exponent): &(Entry, Rational)| match factor {
        Entry::Product(inner) if exponent.is_one() => flattened(inner),
        _ => vec![(factor.clone(), exponent.clone())],
    };
    factors.iter().flat_map(inner).collect()
}

/// Writes entries.
pub(super) struct Writing<'a> {
    pub graph: &'a Graph,
    pub ast: &'a mut Ast,
}

impl Writing<'_> {
    fn binary(&mut self, operator: B, a: NodeId, b: NodeId) -> NodeId {
        self.ast.synthesize(E::Binary(operator, a, b))
    }

    fn call(&mut self, name: &str, arguments: Vec<NodeId>) -> NodeId {
        let name = Name { text: name.to_string(), span: Span::default() };
        self.ast.synthesize(E::Call(name, arguments))
    }

    fn number(&mut self, value: &Rational) -> NodeId {
        let size = value.abs();
        let (top, bottom) = (size.numerator(), size.denominator());
        let mut node = self.ast.synthesize(E::Number(top.to_string()));
        if !bottom.is_one() {
            let bottom = self.ast.synthesize(E::Number(bottom.to_string()));
            node = self.binary(B::Divide, node, bottom);
        }
        if value.is_negative() { self.ast.synthesize(E::Unary(UnaryOperator::Negate, node)) } else { node }
    }

    fn dimension(&mut self, dimension: &Dimension) -> NodeId {
        let text = dimension.to_string();
        self.ast.synthesize(E::Name(text))
    }

    fn index(&mut self, index: &Index) -> NodeId {
        let zero = Dimension::default();
        match &index.name {
            None => self.dimension(&index.offset),
            Some(name) => {
                let name = self.ast.synthesize(E::Name(name.clone()));
                if index.offset == zero {
                    return name;
                }
                match index.offset.as_number() {
                    Some(offset) if offset < 0 => {
                        let offset = self.ast.synthesize(E::Number((-offset).to_string()));
                        self.binary(B::Subtract, name, offset)
                    }
                    _ => {
                        let offset = self.dimension(&index.offset);
                        self.binary(B::Add, name, offset)
                    }
                }
            }
        }
    }

    /// Writes an entry.
    pub fn write(&mut self, entry: &Entry) -> NodeId {
        match entry {
            Entry::Number(value) => self.number(value),
            Entry::Leaf(id, places) => {
                let (base_ast, base) = notation::write(self.graph, *id);
                let base = self.ast.copy(&base_ast, base);
                if places.is_empty() {
                    return base;
                }
                let places = places.iter().map(|place| Place::At(self.index(place))).collect();
                self.ast.synthesize(E::Index(base, places))
            }
            Entry::Delta(a, b) => {
                let (a, b) = (self.index(a), self.index(b));
                self.call("delta", vec![a, b])
            }
            Entry::Sum(constant, terms) => self.sum(constant, terms),
            Entry::Product(factors) => self.product(&Rational::ONE, factors),
            Entry::Fold(name, n, body) => {
                let body = self.write(body);
                let zero = self.ast.synthesize(E::Number("0".to_string()));
                let end = self.dimension(n);
                let own = |text: &str| Name { text: text.to_string(), span: Span::default() };
                self.ast.synthesize(E::Fold(own("sum"), Ranges::one(own(name), zero, end), body))
            }
            Entry::Choice(index, n, [a, b]) => {
                let (index, n) = (self.index(index), self.dimension(n));
                let condition = self.binary(B::Less, index, n);
                let (a, b) = (self.write(a), self.write(b));
                self.ast.synthesize(E::If(condition, a, b))
            }
            Entry::Apply(id, entries) => {
                let written: Vec<NodeId> = entries.iter().map(|entry| self.write(entry)).collect();
                self.apply(*id, written)
            }
        }
    }

    fn apply(&mut self, id: ExprId, written: Vec<NodeId>) -> NodeId {
        match (self.graph.node(id), written.as_slice()) {
            (Node::Apply(crate::functions::rows::POW, _), [a, b]) => self.binary(B::Power, *a, *b),
            (Node::Apply(function, _), _) => self.call(function.row().name, written),
            (Node::Select(..), [c, a, b]) => self.ast.synthesize(E::If(*c, *a, *b)),
            (Node::Compare(comparison, ..), [a, b]) => self.binary(comparison.to_operator(), *a, *b),
            (Node::And(..), [a, b]) => self.binary(B::And, *a, *b),
            (Node::Or(..), [a, b]) => self.binary(B::Or, *a, *b),
            (Node::Not(_), [a]) => self.ast.synthesize(E::Unary(UnaryOperator::Not, *a)),
            _ => self.call("entry", written),
        }
    }

    fn sum(&mut self, constant: &Rational, terms: &[(Rational, Entry)]) -> NodeId {
        let mut sum: Option<NodeId> = None;
        let (positive, negative): (Vec<_>, Vec<_>) = terms.iter().partition(|(k, _)| !k.is_negative());
        for (k, term) in positive.into_iter().chain(negative) {
            let size = if sum.is_some() { k.abs() } else { k.clone() };
            let factors = match term {
                Entry::Product(factors) => factors.clone(),
                term => vec![(term.clone(), Rational::ONE)],
            };
            let written = self.product(&size, &factors);
            sum = Some(match sum {
                None => written,
                Some(sum) => self.binary(if k.is_negative() { B::Subtract } else { B::Add }, sum, written),
            });
        }
        match sum {
            None => self.number(constant),
            Some(sum) if constant.is_zero() => sum,
            Some(sum) => {
                let size = self.number(&constant.abs());
                match constant.is_negative() {
                    true => self.binary(B::Subtract, sum, size),
                    false => self.binary(B::Add, size, sum),
                }
            }
        }
    }

    /// Writes a product as one quotient: numbers first, sums over indices last.
    fn product(&mut self, scale: &Rational, factors: &[(Entry, Rational)]) -> NodeId {
        let mut scale = scale.clone();
        let (mut above, mut below, mut last) = (Vec::new(), Vec::new(), Vec::new());
        let flat = flattened(factors);
        for (factor, exponent) in &flat {
            match factor {
                Entry::Number(value) if exponent.is_one() => scale = scale.multiply(value),
                Entry::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 && exponent.is_one() => {
                    scale = scale.multiply(&terms[0].0);
                    let inner = match &terms[0].1 {
                        Entry::Product(inner) => inner.clone(),
                        inner => vec![(inner.clone(), Rational::ONE)],
                    };
                    for (factor, exponent) in inner {
                        let written = self.power(&factor, &exponent.abs());
                        if exponent.is_negative() { below.push(written) } else { above.push(written) }
                    }
                }
                Entry::Fold(..) if exponent.is_one() => last.push(self.write(factor)),
                _ => {
                    let written = self.power(factor, &exponent.abs());
                    if exponent.is_negative() { below.push(written) } else { above.push(written) }
                }
            }
        }
        above.extend(last);
        let (top, bottom) = (scale.numerator(), scale.denominator());
        let sign = scale.is_negative();
        if !top.abs().is_one() || above.is_empty() {
            above.insert(0, self.number(&top.abs()));
        }
        if !bottom.is_one() {
            below.insert(0, self.number(&bottom));
        }
        if sign {
            above[0] = self.ast.synthesize(E::Unary(UnaryOperator::Negate, above[0]));
        }
        let product = self.chain(&above);
        if below.is_empty() {
            return product;
        }
        let divisor = self.chain(&below);
        self.binary(B::Divide, product, divisor)
    }

    fn chain(&mut self, factors: &[NodeId]) -> NodeId {
        factors[1..].iter().fold(factors[0], |product, factor| self.binary(B::Multiply, product, *factor))
    }

    fn power(&mut self, base: &Entry, exponent: &Rational) -> NodeId {
        let written = self.write(base);
        if exponent.is_one() {
            return written;
        }
        if *exponent == Rational::HALF {
            return self.call("sqrt", vec![written]);
        }
        let exponent = self.number(exponent);
        self.binary(B::Power, written, exponent)
    }
}
