//! Gathers and scatters: places that are whole numbers from data.

use super::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Rational};

impl Graph {
    /// Makes a block of a matrix at places from data.
    pub(super) fn gather(&mut self, places: &[Option<Dimension>; 2], extents: &Extents, operands: &[ExprId]) -> ExprId {
        let (source, given) = (operands[0], &operands[1..]);
        if let Some((places, operands)) = self.with_known_places(places, operands) {
            return self.gather(&places, extents, &operands);
        }
        if let Some((M::Full(value, _), _)) = self.as_matrix(source) {
            let value = value.clone();
            return self.full(value, extents.clone());
        }
        let (scalars, rest) = self.split_scalars(source);
        if !scalars.is_empty() {
            let block = self.gather(places, extents, &[&[rest], given].concat());
            let product = scalars.into_iter().chain([(block, Rational::ONE)]).collect();
            return self.product(Rational::ONE, product);
        }
        if let [Some(row), Some(column)] = places {
            return self.slice(source, row.clone(), column.clone(), extents.clone());
        }
        // What was put at the same place.
        if let Some((M::Scatter(own, _), inside)) = self.as_matrix(source)
            && own == places
            && inside[1..] == *given
            && self.extents(inside[0]) == *extents
        {
            return inside[0];
        }
        self.matrix(M::Gather(places.clone(), extents.clone()), operands)
    }

    /// Makes the remainder of a whole number by another.
    pub(super) fn remainder(&mut self, of: ExprId, by: ExprId) -> ExprId {
        let (Some(a), Some(b)) = (self.as_dimension(of), self.as_dimension(by)) else {
            return self.matrix(M::Remainder, &[of, by]);
        };
        match (a.as_number(), b.as_number()) {
            (Some(a), Some(b)) if b > 0 => self.integer(a.rem_euclid(b)),
            _ => {
                let operands = [a, b].map(|size| self.construct_matrix(&M::Size(size), &[]));
                self.matrix(M::Remainder, &operands)
            }
        }
    }

    /// Takes places that have become dimensions for places of their own; none if there are no such.
    fn with_known_places(
        &self,
        places: &[Option<Dimension>; 2],
        operands: &[ExprId],
    ) -> Option<([Option<Dimension>; 2], Vec<ExprId>)> {
        if !operands[1..].iter().any(|given| self.as_dimension(*given).is_some()) {
            return None;
        }
        let mut given = operands[1..].iter();
        let mut kept = vec![operands[0]];
        let places = places.clone().map(|place| {
            place.or_else(|| {
                let id = *given.next()?;
                let known = self.as_dimension(id);
                kept.extend(known.is_none().then_some(id));
                known
            })
        });
        Some((places, kept))
    }

    /// Makes a matrix of zeros with a block at places from data.
    pub(super) fn scatter(
        &mut self,
        places: &[Option<Dimension>; 2],
        extents: &Extents,
        operands: &[ExprId],
    ) -> ExprId {
        if self.is_zero(operands[0]) {
            return self.full(Rational::ZERO, extents.clone());
        }
        if let Some((places, operands)) = self.with_known_places(places, operands) {
            return self.scatter(&places, extents, &operands);
        }
        if let [Some(row), Some(column)] = places {
            return self.embed(operands[0], row.clone(), column.clone(), extents.clone());
        }
        self.matrix(M::Scatter(places.clone(), extents.clone()), operands)
    }
}
