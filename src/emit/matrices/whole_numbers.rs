//! Whole numbers in Rust: places that are made of data, remainders, indices and sizes.

use super::dimensions;
use super::loops::place;
use crate::functions::{FunctionId, rows};
use crate::graph::{Dimension, ExprId, Graph, MatrixOperation as M, Node};
use crate::program::Expression;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// Writes whole numbers.
pub(super) struct WholeNumbers<'a, F: Fn(u32) -> Option<Expression>> {
    pub graph: &'a Graph,
    /// Returns the name of the parameter that an input of the graph is.
    pub name: F,
    /// The names of sizes and indices.
    pub sizes: &'a IndexMap<String, String>,
    /// How remainders are written that have names.
    pub known: &'a FxHashMap<ExprId, Expression>,
}

impl<F: Fn(u32) -> Option<Expression>> WholeNumbers<'_, F> {
    /// Writes a number; none if it is made of something else.
    pub fn number(&self, id: ExprId) -> Option<Expression> {
        if self.is_remainder(id) || self.known.contains_key(&id) {
            return self.term(id);
        }
        if let Some(number) = self.graph.as_polynomial(id).filter(|number| number.to_dimension().is_none()) {
            return Some(dimensions::whole_number(&number, self.sizes));
        }
        let (added, taken) = self.sides(id)?;
        Some(taken.into_iter().fold(added, |number, term| number - term))
    }

    fn is_remainder(&self, id: ExprId) -> bool {
        !self.known.contains_key(&id) && matches!(self.graph.as_matrix(id), Some((M::Remainder, _)))
    }

    /// Writes what is added in a number, and the terms that are taken away.
    fn sides(&self, id: ExprId) -> Option<(Expression, Vec<Expression>)> {
        let mut added = Vec::new();
        let mut taken = Vec::new();
        let mut terms = vec![(id, 1_i64)];
        let mut constant = Dimension::number(0);
        while let Some((id, count)) = terms.pop() {
            if let Some(dimension) = self.graph.as_dimension(id) {
                constant = constant.plus(&dimension, count);
                continue;
            }
            let (coefficient, rest) = self.graph.as_multiple(id);
            let count = count.checked_mul(coefficient.to_integer()?)?;
            if let Node::Sum(number, of) = self.graph.node(rest) {
                constant = constant.plus(&Dimension::number(number.to_integer()?), count);
                for (id, coefficient) in of.iter().rev() {
                    terms.push((*id, count.checked_mul(coefficient.to_integer()?)?));
                }
                continue;
            }
            let number = self.term(rest)?;
            let term = match usize::try_from(count.unsigned_abs()).ok()? {
                1 => number,
                count => Expression::Whole(count).times(number),
            };
            if count < 0 { taken.push(term) } else { added.push(term) }
        }
        let (of_constant, taken_by_constant) = dimensions::sides(&constant, self.sizes);
        if of_constant != Expression::Whole(0) || added.is_empty() {
            added.push(of_constant);
        }
        taken.extend(taken_by_constant);
        Some((dimensions::total(added)?, taken))
    }

    /// Writes a number from data, or a remainder.
    fn term(&self, id: ExprId) -> Option<Expression> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        match self.graph.as_matrix(id) {
            Some((M::Remainder, [of, by])) => {
                let (added, taken) = self.sides(*of)?;
                let by = self.number(*by)?;
                Some(match &taken[..] {
                    [] => added % by,
                    [Expression::Whole(number)] => {
                        let more = if *number == 1 { by.clone() } else { Expression::Whole(*number) * &by };
                        (added.plus(more) - *number) % by
                    }
                    _ => {
                        let taken = dimensions::total(taken)?.cast("isize");
                        (added.cast("isize") - taken).method("rem_euclid", [by.cast("isize")]).cast("usize")
                    }
                })
            }
            Some((M::Slice(row, column, _), [of])) => {
                self.entry(*of, [row, column].map(|side| dimensions::written(side, self.sizes)))
            }
            Some((M::Gather(places, _), [of, given @ ..])) => {
                let mut given = given.iter();
                let mut side = |place: &Option<Dimension>| match place {
                    Some(place) => Some(dimensions::written(place, self.sizes)),
                    None => self.number(*given.next()?),
                };
                let [row, column] = [side(&places[0])?, side(&places[1])?];
                self.entry(*of, [row, column])
            }
            _ => match self.graph.node(id) {
                Node::Apply(function @ (rows::MAX | rows::MIN), of) => self.chosen(*function, of),
                Node::Product(factors) => {
                    let factors = factors.iter().filter(|(_, exponent)| exponent.is_one());
                    let factors = factors.map(|(base, _)| self.number(*base));
                    factors.collect::<Option<Vec<Expression>>>()?.into_iter().reduce(|product, factor| product * factor)
                }
                _ => self.input(id),
            },
        }
    }

    /// Writes the larger or the smaller of two numbers, 0 where that would be negative.
    fn chosen(&self, function: FunctionId, of: &[ExprId]) -> Option<Expression> {
        let [a, b] = of else { return None };
        if function == rows::MAX
            && let Some(zero) = of.iter().position(|id| self.graph.is_integer(*id, 0))
        {
            return self.cut(of[1 - zero]);
        }
        let method = if function == rows::MAX { "max" } else { "min" };
        Some(self.cut(*a)?.method(method, [self.cut(*b)?]))
    }

    /// Writes a number, or 0 where it is negative.
    fn cut(&self, id: ExprId) -> Option<Expression> {
        let (added, taken) = self.sides(id)?;
        Some(dimensions::cut(added, taken))
    }

    fn entry(&self, of: ExprId, [row, column]: [Expression; 2]) -> Option<Expression> {
        let width = dimensions::written(&self.graph.extents(of).columns, self.sizes);
        Some(self.input(of)?.at(place(row, width, column)))
    }

    fn input(&self, id: ExprId) -> Option<Expression> {
        match self.graph.node(id) {
            Node::Input(index) => (self.name)(*index),
            _ => None,
        }
    }
}
