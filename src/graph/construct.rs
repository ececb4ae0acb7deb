//! Constructors that keep nodes in canonical form: numbers folded, like terms and equal bases merged, sorted.
//!
//! Every identity used here holds wherever the given form is defined. Those that also hold at more points (x/x = 1)
//! are left out where the graph is strict.

use super::{Comparison, ExprId, Extents, Factor, Graph, MatrixOperation, Node, Rational, Term};
use crate::functions::{FunctionId, rows};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

impl Graph {
    /// Makes a node of the same kind with other operands, in canonical form.
    pub fn construct(&mut self, node: &Node, mut operand: impl FnMut(ExprId) -> ExprId) -> ExprId {
        match node {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => self.intern(node.clone()),
            Node::Sum(constant, terms) => {
                let terms = terms.iter().map(|(id, k)| (operand(*id), k.clone())).collect();
                self.sum(constant.clone(), terms)
            }
            Node::Product(factors) => {
                let factors = factors.iter().map(|(id, e)| (operand(*id), e.clone())).collect();
                self.product(Rational::ONE, factors)
            }
            Node::Apply(function, arguments) => {
                let arguments: Vec<ExprId> = arguments.iter().map(|id| operand(*id)).collect();
                self.apply(*function, &arguments)
            }
            Node::Select(c, a, b) => {
                let (c, a, b) = (operand(*c), operand(*a), operand(*b));
                self.select(c, a, b)
            }
            Node::Compare(comparison, a, b) => {
                let (a, b) = (operand(*a), operand(*b));
                self.compare(*comparison, a, b)
            }
            Node::And(a, b) => {
                let node = Node::And(operand(*a), operand(*b));
                self.intern(node)
            }
            Node::Or(a, b) => {
                let node = Node::Or(operand(*a), operand(*b));
                self.intern(node)
            }
            Node::Not(a) => {
                let node = Node::Not(operand(*a));
                self.intern(node)
            }
            Node::Derivative(a, b) => {
                let node = Node::Derivative(operand(*a), operand(*b));
                self.intern(node)
            }
            Node::Matrix(operation, operands) => {
                let operands: Vec<ExprId> = operands.iter().map(|id| operand(*id)).collect();
                self.construct_matrix(operation, &operands)
            }
        }
    }

    /// Returns coefficient and rest of a node that is a multiple of another: `3*x` is 3 and `x`.
    pub fn as_multiple(&self, id: ExprId) -> (Rational, ExprId) {
        match self.node(id) {
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => (terms[0].1.clone(), terms[0].0),
            _ => (Rational::ONE, id),
        }
    }

    /// Makes `constant + Σ coefficient·operand`.
    pub fn sum(&mut self, mut constant: Rational, mut terms: Vec<Term>) -> ExprId {
        if !self.has_matrices() {
            return self.merged_sum(constant, terms);
        }
        let extents = self.joined_extents(&terms);
        if constant.is_zero()
            && let Some(sum) = self.sum_of_blocks(&terms)
        {
            return sum;
        }
        if !extents.is_scalar() && terms.iter().any(|(term, _)| self.as_sum_of_blocks(*term).is_some()) {
            let parts = |graph: &Graph, (term, k): &Term| match graph.as_sum_of_blocks(*term) {
                Some(parts) => parts.into_iter().map(|(part, own)| (part, own.multiply(k))).collect(),
                None => vec![(*term, k.clone())],
            };
            terms = terms.iter().flat_map(|term| parts(self, term)).collect();
        }
        if !extents.is_scalar()
            && let Some(fewer) = self.sum_of_loops(&terms)
        {
            return self.sum(constant, fewer);
        }
        terms.retain(|(id, coefficient)| match self.as_matrix(*id) {
            Some((MatrixOperation::Full(value, _), _)) => {
                constant = constant.add(&value.multiply(coefficient));
                false
            }
            _ => true,
        });
        let sum = self.merged_sum(constant, terms);
        self.spread(sum, &extents)
    }

    /// Returns the extents of a sum or product of the given operands.
    fn joined_extents(&self, operands: &[(ExprId, Rational)]) -> Extents {
        let extents = operands.iter().map(|(id, _)| self.extents(*id)).find(|extents| !extents.is_scalar());
        extents.unwrap_or_else(Extents::scalar)
    }

    fn merged_sum(&mut self, mut constant: Rational, terms: Vec<Term>) -> ExprId {
        let mut flat: Vec<Term> = Vec::with_capacity(terms.len());
        for (id, coefficient) in terms {
            let (inner, rest) = self.as_multiple(id);
            let coefficient = coefficient.multiply(&inner);
            match self.node(rest) {
                Node::Number(value) => {
                    let folded = constant.add(&value.multiply(&coefficient));
                    if folded.is_oversized() {
                        flat.push((rest, coefficient));
                    } else {
                        constant = folded;
                    }
                }
                _ => flat.push((rest, coefficient)),
            }
        }
        merge_pairs(&mut flat, |id| !self.may_vanish(id));
        if self.merge_selects(&mut flat) {
            return self.merged_sum(constant, flat);
        }
        match flat.as_slice() {
            [] => self.number(constant),
            [(id, coefficient)] if coefficient.is_one() && constant.is_zero() => *id,
            _ => self.intern(Node::Sum(constant, flat.into())),
        }
    }

    /// Merges terms that choose by the same condition, `k·if(c, a, b) + l·if(c, d, e) = if(c, k·a + l·d, k·b + l·e)`,
    /// and tells whether there were any.
    fn merge_selects(&mut self, terms: &mut Vec<Term>) -> bool {
        let mut groups: IndexMap<ExprId, (Vec<Term>, Vec<Term>), FxBuildHasher> = IndexMap::default();
        for (id, coefficient) in terms.iter() {
            if let Node::Select(c, a, b) = self.node(*id) {
                let group = groups.entry(*c).or_default();
                group.0.push((*a, coefficient.clone()));
                group.1.push((*b, coefficient.clone()));
            }
        }
        groups.retain(|_, group| group.0.len() > 1);
        if groups.is_empty() {
            return false;
        }
        terms.retain(|(id, _)| match self.node(*id) {
            Node::Select(c, ..) => !groups.contains_key(c),
            _ => true,
        });
        for (condition, (first, second)) in groups {
            let a = self.sum(Rational::ZERO, first);
            let b = self.sum(Rational::ZERO, second);
            terms.push((self.select(condition, a, b), Rational::ONE));
        }
        true
    }

    /// Makes `coefficient · Π base^exponent`, entry by entry.
    pub fn product(&mut self, mut coefficient: Rational, factors: Vec<Factor>) -> ExprId {
        if !self.has_matrices() {
            return self.merged_product(coefficient, factors);
        }
        let extents = self.joined_extents(&factors);
        let mut rest = Vec::with_capacity(factors.len());
        for (id, exponent) in factors {
            match self.as_matrix(id) {
                Some((MatrixOperation::Full(value, _), _)) => match value.power(&exponent) {
                    Some(power) => coefficient = coefficient.multiply(&power),
                    None => rest.push((id, exponent)),
                },
                _ => rest.push((id, exponent)),
            }
        }
        if self.joined_extents(&rest).is_scalar() && !extents.is_scalar() {
            let number = self.merged_product(coefficient, rest);
            let (coefficient, number) = self.as_multiple(number);
            if let Some(value) = self.as_number(number) {
                let value = value.multiply(&coefficient);
                return self.full(value, extents);
            }
            let ones = self.full(Rational::ONE, extents);
            let mut factors = match self.node(number) {
                Node::Product(factors) => factors.to_vec(),
                _ => vec![(number, Rational::ONE)],
            };
            factors.push((ones, Rational::ONE));
            factors.sort_by_key(|(id, _)| *id);
            let product = self.intern(Node::Product(factors.into()));
            return self.scale(coefficient, product);
        }
        if let Some(product) = self.product_of_turned(&rest) {
            return self.scale(coefficient, product);
        }
        let product = self.multiple_of_blocks(&rest).or_else(|| self.product_with_adjugate(&rest));
        let product = product.or_else(|| self.entrywise_product_with_block(&rest));
        let product = product.or_else(|| self.product_with_identity(&rest));
        let product = product.or_else(|| self.product_with_repeated(&rest, &extents));
        let product = match product {
            Some(product) => self.scale(coefficient, product),
            None => self.merged_product(coefficient, rest),
        };
        self.spread(product, &extents)
    }

    fn merged_product(&mut self, mut coefficient: Rational, factors: Vec<Factor>) -> ExprId {
        if coefficient.is_zero() && factors.iter().all(|factor| self.may_disappear(factor)) {
            return self.number(Rational::ZERO);
        }
        let mut flat: Vec<Factor> = Vec::with_capacity(factors.len());
        let mut chosen = None;
        let outside = self.simplest_choice(&factors);
        for (at, (id, exponent)) in factors.into_iter().enumerate() {
            if outside == Some(at) {
                chosen = Some(id);
                continue;
            }
            self.push_factor(&mut coefficient, &mut flat, id, exponent);
        }
        if coefficient.is_zero() && flat.iter().all(|factor| self.may_disappear(factor)) {
            return self.number(Rational::ZERO);
        }
        self.merge_opposites(&mut coefficient, &mut flat);
        self.merge_factors(&mut coefficient, &mut flat);
        let product = match flat.as_slice() {
            [] => return self.choose(chosen, None, coefficient),
            [(id, exponent)] if exponent.is_one() => *id,
            _ => self.intern(Node::Product(flat.into())),
        };
        if chosen.is_some() {
            return self.choose(chosen, Some(product), coefficient);
        }
        self.scale(coefficient, product)
    }

    /// Makes `coefficient · id`.
    pub fn scale(&mut self, coefficient: Rational, id: ExprId) -> ExprId {
        self.sum(Rational::ZERO, vec![(id, coefficient)])
    }

    /// Adds a factor, taking out numbers and powers of powers.
    fn push_factor(&mut self, coefficient: &mut Rational, out: &mut Vec<Factor>, id: ExprId, exponent: Rational) {
        if exponent.is_zero() && self.may_vanish(id) {
            return;
        }
        match self.node(id) {
            Node::Number(value) => match value.power(&exponent).map(|power| power.multiply(coefficient)) {
                Some(folded) if !folded.is_oversized() => *coefficient = folded,
                _ => out.push((id, exponent)),
            },
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
                let (inner, scale) = terms[0].clone();
                let foldable = exponent.is_integer() || !scale.is_negative();
                match scale.power(&exponent).map(|power| power.multiply(coefficient)) {
                    Some(folded) if foldable && !folded.is_oversized() => {
                        *coefficient = folded;
                        self.push_factor(coefficient, out, inner, exponent);
                    }
                    _ => out.push((id, exponent)),
                }
            }
            Node::Product(factors) if factors.len() == 1 => {
                let (base, inner) = factors[0].clone();
                self.push_power_of_power(coefficient, out, id, base, inner, exponent);
            }
            Node::Apply(rows::ABS, arguments) if exponent.is_even() => {
                let inner = arguments[0];
                self.note("even power of an absolute value");
                self.push_factor(coefficient, out, inner, exponent);
            }
            _ => out.push((id, exponent)),
        }
    }

    /// Adds `(base^inner)^exponent`. Over the reals the exponents multiply if the outer one is an integer, or if the
    /// inner one already restricts the base to be non-negative; an even inner power leaves the absolute value.
    fn push_power_of_power(
        &mut self,
        coefficient: &mut Rational,
        out: &mut Vec<Factor>,
        id: ExprId,
        base: ExprId,
        inner: Rational,
        exponent: Rational,
    ) {
        let combined = inner.multiply(&exponent);
        self.note("power of a power");
        if !self.may_combine(base, &inner, &combined) {
            out.push((id, exponent));
        } else if exponent.is_integer() || !inner.is_integer() {
            self.push_factor(coefficient, out, base, combined);
        } else if inner.is_even() && !combined.is_even() {
            let absolute = self.apply(rows::ABS, &[base]);
            out.push((absolute, combined));
        } else if inner.is_even() || !combined.is_integer() {
            self.push_factor(coefficient, out, base, combined);
        } else {
            out.push((id, exponent));
        }
    }

    /// Merges equal bases and drops what cancels.
    fn merge_factors(&mut self, coefficient: &mut Rational, factors: &mut Vec<Factor>) {
        if !self.is_strict() {
            self.cancel_in_roots(factors);
        }
        factors.sort_by_key(|(id, _)| *id);
        let mut merged: Vec<Factor> = Vec::with_capacity(factors.len());
        let mut numbers = false;
        for (id, exponent) in factors.drain(..) {
            match merged.last_mut() {
                Some(last) if last.0 == id && self.may_merge(id, &last.1, &exponent) => {
                    let sum = last.1.add(&exponent);
                    self.note(if sum.is_zero() { "cancel" } else { "collect powers" });
                    last.1 = sum;
                    numbers |= self.as_number(id).is_some();
                }
                _ => merged.push((id, exponent)),
            }
        }
        merged.retain(|(id, exponent)| !exponent.is_zero() || !self.may_vanish(*id));
        if !numbers {
            *factors = merged;
            return;
        }
        for (id, exponent) in merged {
            self.push_factor(coefficient, factors, id, exponent);
        }
    }

    /// Tells whether `base^part` may become a part of `base^whole`: everywhere, unless the graph is strict and the part
    /// demands of the base what the whole does not.
    pub fn may_combine(&self, base: ExprId, part: &Rational, whole: &Rational) -> bool {
        let restricts = (!part.is_integer() && whole.is_integer()) || (part.is_negative() && !whole.is_negative());
        !self.is_strict() || !restricts || self.as_number(base).is_some()
    }

    fn may_merge(&self, base: ExprId, a: &Rational, b: &Rational) -> bool {
        [a, b].into_iter().all(|part| self.may_combine(base, part, &a.add(b)))
    }

    /// Tells whether a multiple of 0 of a node may be dropped: always, unless the graph is strict and the node is not
    /// defined everywhere.
    pub fn may_vanish(&self, id: ExprId) -> bool {
        !self.is_strict()
            || self.reachable(&[id]).into_iter().all(|id| match self.node(id) {
                Node::Product(factors) => factors.iter().all(|(_, exponent)| is_harmless(exponent)),
                Node::Apply(function, _) => function.row().domain.is_empty(),
                _ => true,
            })
    }

    fn may_disappear(&self, (base, exponent): &Factor) -> bool {
        !self.is_strict() || (is_harmless(exponent) && self.may_vanish(*base))
    }

    /// Makes `base^exponent` for any exponent.
    pub fn power(&mut self, base: ExprId, exponent: ExprId) -> ExprId {
        match self.as_number(exponent) {
            Some(value) => {
                let value = value.clone();
                self.product(Rational::ONE, vec![(base, value)])
            }
            None if self.is_integer(base, 1) => base,
            None => self.intern(Node::Apply(rows::POW, [base, exponent].into())),
        }
    }

    /// Makes a function's value.
    pub fn apply(&mut self, function: FunctionId, arguments: &[ExprId]) -> ExprId {
        match (function, arguments) {
            (rows::POW, [base, exponent]) => self.power(*base, *exponent),
            (rows::SQRT, [x]) => self.product(Rational::ONE, vec![(*x, Rational::HALF)]),
            _ => match self.all_turned(arguments.iter()) {
                Some(turned) => {
                    let value = self.apply(function, &turned);
                    self.transpose(value)
                }
                None => self.intern(Node::Apply(function, arguments.into())),
            },
        }
    }

    /// Makes a choice.
    pub fn select(&mut self, condition: ExprId, a: ExprId, b: ExprId) -> ExprId {
        if let Some(choice) = self.choice_of_blocks(condition, a, b) {
            return choice;
        }
        let branch = match self.truth_of(condition) {
            Some(true) => a,
            Some(false) => b,
            None if a == b && self.may_vanish(condition) => a,
            None => return self.intern(Node::Select(condition, a, b)),
        };
        if !self.has_matrices() {
            return branch;
        }
        let extents = [condition, a, b].map(|id| self.extents(id));
        let extents = extents.into_iter().find(|extents| !extents.is_scalar()).unwrap_or_else(Extents::scalar);
        self.spread(branch, &extents)
    }

    /// Tells whether a condition on exact numbers holds.
    pub(super) fn truth_of(&self, condition: ExprId) -> Option<bool> {
        self.truth(condition, 64)
    }

    /// Tells whether a condition on exact numbers holds, looking at most `depth` levels down.
    fn truth(&self, condition: ExprId, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        match self.node(condition) {
            Node::Compare(comparison, a, b) => Some(comparison.holds(self.as_number(*a)?, self.as_number(*b)?)),
            Node::And(a, b) => match (self.truth(*a, depth), self.truth(*b, depth)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (a, b) => Some(a? && b?),
            },
            Node::Or(a, b) => match (self.truth(*a, depth), self.truth(*b, depth)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (a, b) => Some(a? || b?),
            },
            Node::Not(a) => self.truth(*a, depth).map(|truth| !truth),
            _ => None,
        }
    }

    /// Returns the difference of two indices that are equally far apart whatever they are.
    fn known_difference(&self, a: ExprId, b: ExprId) -> Option<i64> {
        self.free_indices(a)?;
        self.as_dimension(a)?.plus(&self.as_dimension(b)?, -1).as_number()
    }

    /// Makes a condition.
    pub fn compare(&mut self, comparison: Comparison, a: ExprId, b: ExprId) -> ExprId {
        if let Some(difference) = self.known_difference(a, b) {
            let (difference, zero) = (self.integer(difference), self.integer(0));
            return self.intern(Node::Compare(comparison, difference, zero));
        }
        self.intern(Node::Compare(comparison, a, b))
    }

    /// Makes `a + b`.
    pub fn add(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.sum(Rational::ZERO, vec![(a, Rational::ONE), (b, Rational::ONE)])
    }

    /// Makes `a·b`.
    pub fn multiply(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.product(Rational::ONE, vec![(a, Rational::ONE), (b, Rational::ONE)])
    }
}

/// Tells whether a power with this exponent is defined for every base.
fn is_harmless(exponent: &Rational) -> bool {
    exponent.is_integer() && !exponent.is_negative()
}

/// Sorts pairs by node, adds up what belongs to the same node, and drops what vanishes, unless it has to stay.
fn merge_pairs(pairs: &mut Vec<Term>, stays: impl Fn(ExprId) -> bool) {
    pairs.sort_by_key(|(id, _)| *id);
    pairs.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.add(&next.1);
        }
        same
    });
    pairs.retain(|(id, coefficient)| !coefficient.is_zero() || stays(*id));
}
