//! Turns of phrase: entries of a vector by its name, shares of a softmax, comparisons the way one says them.

use super::notation::Writer;
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, ExprId, Node, Rational, Term};
use crate::syntax::ast::{BinaryOperator as B, Expression as E, Index, NodeId};

impl Writer<'_> {
    /// Writes entries as the vector parameter that they are, or as a list.
    pub(super) fn vector(&mut self, entries: &[ExprId]) -> NodeId {
        let inputs = self.graph.inputs();
        let input = |id: &ExprId| match self.graph.node(*id) {
            Node::Input(index) => inputs.get(*index as usize),
            _ => None,
        };
        let name = entries.first().and_then(input).map(|input| input.parameter.clone());
        if let Some(name) = name {
            let own: Vec<_> = inputs.iter().filter(|input| input.parameter == name).collect();
            let whole = own.len() == entries.len() && own.iter().all(|input| input.place.len() == 1);
            if whole && entries.iter().map(input).eq(own.into_iter().map(Some)) {
                return self.ast.synthesize(E::Name(name));
            }
        }
        let written = entries.iter().map(|entry| self.written[entry]).collect();
        self.ast.synthesize(E::List(written))
    }

    /// Writes `exp(x[k] - logsumexp(x))` as `softmax(x)[k]`, and products of such as products.
    pub(super) fn softmax(&mut self, function: FunctionId, arguments: &[ExprId]) -> Option<NodeId> {
        let exponent = *arguments.first().filter(|_| function == rows::EXP)?;
        let (scale, rest) = self.graph.as_multiple(exponent);
        let Node::Sum(constant, terms) = self.graph.node(rest) else { return None };
        let is_total = |id: &ExprId| matches!(self.graph.node(*id), Node::Apply(rows::LOGSUMEXP, _));
        let (total, coefficient) = terms.iter().find(|(id, _)| is_total(id))?;
        let Node::Apply(_, entries) = self.graph.node(*total) else { return None };
        let mut powers = Vec::new();
        let mut sum = coefficient.clone();
        for (id, own) in terms.iter().filter(|(id, _)| id != total) {
            powers.push((entries.iter().position(|entry| entry == id)?, own.multiply(&scale)));
            sum = sum.add(own);
        }
        let whole = |power: &Rational| power.is_integer() && !power.is_negative();
        if !constant.is_zero() || !sum.is_zero() || !powers.iter().all(|(_, power)| whole(power)) {
            return None;
        }
        powers.sort_unstable();
        let mut shares = Vec::new();
        for (at, power) in powers {
            let vector = self.vector(entries);
            let share = self.call("softmax", vec![vector]);
            let at = self.ast.synthesize(E::Number(at.to_string()));
            let mut share = self.ast.synthesize(E::Index(share, vec![Index::At(at)]));
            if !power.is_one() {
                let power = self.number(&power);
                share = self.binary(B::Power, share, power);
            }
            shares.push((share, false));
        }
        Some(self.chain(&shares))
    }

    /// Writes a comparison of a number with a sum the way one says it: `y >= 1` for `0 >= 1 - y`.
    pub(super) fn comparison(&mut self, comparison: Comparison, a: ExprId, b: ExprId) -> NodeId {
        let sides = match (self.graph.as_number(a), self.graph.as_number(b), self.graph.node(a), self.graph.node(b)) {
            (Some(number), _, _, Node::Sum(constant, terms)) => Some((comparison.flipped(), number, constant, terms)),
            (_, Some(number), Node::Sum(constant, terms), _) => Some((comparison, number, constant, terms)),
            _ => None,
        };
        let named = |writer: &Self, id: ExprId| matches!(writer.ast.get(writer.written[&id]), E::Name(_));
        let Some((comparison, number, constant, terms)) = sides.filter(|_| !named(self, a) && !named(self, b)) else {
            let (a, b) = (self.written[&a], self.written[&b]);
            return self.binary(comparison.to_operator(), a, b);
        };
        let bound = number.add(&constant.negate());
        let (negative, positive): (Vec<Term>, Vec<Term>) =
            terms.iter().cloned().partition(|(_, coefficient)| coefficient.is_negative());
        let negative: Vec<Term> = negative.into_iter().map(|(id, k)| (id, k.negate())).collect();
        let (comparison, left, right, bound) = match positive.is_empty() {
            true => (comparison.flipped(), negative, positive, bound.negate()),
            false => (comparison, positive, negative, bound),
        };
        let left = self.sum(&Rational::ZERO, &left);
        let right = self.sum(&bound, &right);
        self.binary(comparison.to_operator(), left, right)
    }
}
