//! Products with choices: what is evaluated inside of a branch only stays inside of it.
//!
//! A derivative is 0 where a choice does not take a branch, as in `if(r > 0, 1, 0)`, and a local derivative in that branch
//! may be infinite or undefined there, as `1/r` is at 0. Their product is 0 there, not 0 times infinity.

use super::{Comparison, ExprId, Factor, Graph, Node, Rational};
use crate::functions::{Cost, FunctionId, rows};

/// Most choices of one node that a factor is moved into.
const CHOICES: usize = 16;

/// What the form of a node tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    /// Whether the node is 0 where a choice in it says so: a choice with a branch of 0, and what is made of them by sums and
    /// products.
    gated: bool,
    /// Whether the node is finite for all values of the inputs, and no more than a polynomial of them.
    tame: bool,
}

/// Where a node is not 0 by the choices in it.
#[derive(Clone, Copy)]
enum Reach {
    Never,
    Everywhere,
    Where(ExprId),
}

impl Graph {
    /// Tells what a new node's form is, given that of its operands.
    pub(super) fn form(&self, node: &Node) -> Form {
        let of = |id: &ExprId| self.forms[id.index()];
        match node {
            Node::Number(_) | Node::Pi | Node::Input(_) => Form { gated: false, tame: true },
            Node::Sum(constant, terms) => Form {
                gated: constant.is_zero() && terms.iter().all(|(id, _)| of(id).gated),
                tame: terms.iter().all(|(id, _)| of(id).tame),
            },
            Node::Product(factors) => Form {
                gated: factors.iter().any(|(id, exponent)| exponent.is_one() && of(id).gated),
                tame: factors.iter().all(|(id, e)| of(id).tame && e.is_integer() && !e.is_negative()),
            },
            Node::Apply(function, arguments) => {
                Form { gated: false, tame: is_tame(*function) && arguments.iter().all(|id| of(id).tame) }
            }
            Node::Select(_, a, b) => Form {
                gated: [a, b].into_iter().any(|id| self.is_zero(*id) || of(id).gated),
                tame: of(a).tame && of(b).tame,
            },
            _ => Form::default(),
        }
    }

    /// Multiplies a derivative by a local derivative that is evaluated only where the former is not 0 by a choice.
    pub fn multiply_where_reached(&mut self, derivative: ExprId, local: ExprId) -> ExprId {
        let [form, by] = [derivative, local].map(|id| self.forms[id.index()]);
        let zero = self.number(Rational::ZERO);
        if self.is_strict() && self.choices(local, CHOICES).is_some() {
            return self.multiply_branches(local, derivative);
        }
        if !form.gated || (by.tame && !self.is_strict()) {
            return self.multiply(derivative, local);
        }
        if self.choices(derivative, CHOICES).is_some() {
            return self.multiply_branches(derivative, local);
        }
        let product = self.multiply(derivative, local);
        match self.reach(derivative) {
            Reach::Never => zero,
            Reach::Everywhere => product,
            Reach::Where(condition) => {
                let zero = self.spread(zero, &self.extents(product));
                self.select(condition, product, zero)
            }
        }
    }

    fn multiply_branches(&mut self, choice: ExprId, factor: ExprId) -> ExprId {
        match self.node(choice).clone() {
            Node::Select(c, a, b) if self.forms[choice.index()].gated => {
                let [a, b] = [a, b].map(|branch| self.multiply_branches(branch, factor));
                self.select(c, a, b)
            }
            Node::Sum(_, terms) if self.forms[choice.index()].gated => {
                let terms = terms.iter().map(|(id, k)| (self.multiply_branches(*id, factor), k.clone())).collect();
                self.sum(Rational::ZERO, terms)
            }
            _ if self.is_zero(choice) => {
                let extents = [choice, factor].map(|id| self.extents(id));
                let extents = extents.into_iter().find(|extents| !extents.is_scalar());
                extents.map_or(choice, |extents| self.spread(choice, &extents))
            }
            _ if self.is_strict() => self.multiply_where_reached(factor, choice),
            _ => self.multiply(choice, factor),
        }
    }

    /// Returns how many choices a node is made of that has a branch of 0 and is a choice or a sum of them, such as
    /// `if(c, a, if(d, b, 0))` of two; none if it is no such node, or made of more than the limit.
    fn choices(&self, id: ExprId, limit: usize) -> Option<usize> {
        let parts: Vec<ExprId> = match self.node(id) {
            _ if !self.forms[id.index()].gated => return None,
            Node::Select(_, a, b) => vec![*a, *b],
            Node::Sum(_, terms) => terms.iter().map(|(id, _)| *id).collect(),
            _ => return None,
        };
        let mut count = usize::from(matches!(self.node(id), Node::Select(..)));
        for part in parts.into_iter().filter(|part| self.forms[part.index()].gated) {
            count += self.choices(part, limit.checked_sub(count)?)?;
        }
        (count <= limit).then_some(count)
    }

    /// Returns the place of the factor that is the simplest choice with a branch of 0, into which the others are multiplied:
    /// a chain of choices is then nested once and not copied.
    pub(super) fn simplest_choice(&self, factors: &[Factor]) -> Option<usize> {
        let is_choice = |id: &ExprId| match self.node(*id) {
            Node::Select(_, a, b) => self.is_zero(*a) || self.is_zero(*b),
            _ => false,
        };
        let plain = factors.iter().enumerate().filter(|(_, (id, exponent))| exponent.is_one() && is_choice(id));
        plain.filter_map(|(at, (id, _))| Some((self.choices(*id, CHOICES)?, at))).min().map(|(_, at)| at)
    }

    /// Multiplies into the branches of a choice, so that a branch not taken can't spoil the product.
    pub(super) fn choose(&mut self, chosen: Option<ExprId>, product: Option<ExprId>, coefficient: Rational) -> ExprId {
        let one = self.number(Rational::ONE);
        let rest = product.unwrap_or(one);
        match chosen.map(|id| self.node(id).clone()) {
            Some(Node::Select(c, a, b)) => {
                let branch = |graph: &mut Graph, branch| {
                    graph.product(coefficient.clone(), vec![(branch, Rational::ONE), (rest, Rational::ONE)])
                };
                let a = branch(self, a);
                let b = branch(self, b);
                self.select(c, a, b)
            }
            _ => self.scale(coefficient, rest),
        }
    }

    /// Returns where a node is not 0 by the choices in it, and keeps the answer for each of them.
    fn reach(&mut self, id: ExprId) -> Reach {
        let mut stack = vec![id];
        while let Some(next) = stack.last().copied() {
            if self.reached.contains_key(&next) {
                stack.pop();
                continue;
            }
            let gates: Vec<ExprId> = match self.node(next) {
                Node::Select(_, a, b) => vec![*a, *b],
                Node::Sum(_, terms) => terms.iter().map(|(id, _)| *id).collect(),
                Node::Product(factors) => factors.iter().filter(|(_, e)| e.is_one()).map(|(id, _)| *id).collect(),
                _ => Vec::new(),
            };
            let open = |id: &ExprId| self.forms[id.index()].gated && !self.reached.contains_key(id);
            let before = stack.len();
            stack.extend(gates.iter().copied().filter(open));
            if stack.len() == before {
                stack.pop();
                if let Reach::Where(condition) = self.reach_by_operands(next, &gates) {
                    self.reached.insert(next, condition);
                }
            }
        }
        self.reach_of(id)
    }

    fn reach_of(&self, id: ExprId) -> Reach {
        match self.reached.get(&id) {
            Some(condition) => Reach::Where(*condition),
            None if self.is_zero(id) => Reach::Never,
            None => Reach::Everywhere,
        }
    }

    fn reach_by_operands(&mut self, id: ExprId, gates: &[ExprId]) -> Reach {
        let reaches: Vec<Reach> = gates.iter().map(|gate| self.reach_of(*gate)).collect();
        match (self.node(id).clone(), &reaches[..]) {
            (Node::Select(condition, ..), [a, b]) => {
                let opposite = self.negation(condition);
                let a = self.both(Reach::Where(condition), *a);
                let b = self.both(Reach::Where(opposite), *b);
                self.either(a, b)
            }
            (Node::Sum(..), _) => reaches.into_iter().fold(Reach::Never, |all, one| self.either(all, one)),
            _ => reaches.into_iter().fold(Reach::Everywhere, |all, one| self.both(all, one)),
        }
    }

    fn both(&mut self, a: Reach, b: Reach) -> Reach {
        match (a, b) {
            (Reach::Never, _) | (_, Reach::Never) => Reach::Never,
            (Reach::Everywhere, other) | (other, Reach::Everywhere) => other,
            (Reach::Where(a), Reach::Where(b)) if a == b => Reach::Where(a),
            (Reach::Where(a), Reach::Where(b)) => Reach::Where(self.intern(Node::And(a, b))),
        }
    }

    fn either(&mut self, a: Reach, b: Reach) -> Reach {
        match (a, b) {
            (Reach::Everywhere, _) | (_, Reach::Everywhere) => Reach::Everywhere,
            (Reach::Never, other) | (other, Reach::Never) => other,
            (Reach::Where(a), Reach::Where(b)) if a == b => Reach::Where(a),
            (Reach::Where(a), Reach::Where(b)) => Reach::Where(self.intern(Node::Or(a, b))),
        }
    }

    fn negation(&mut self, condition: ExprId) -> ExprId {
        match self.node(condition).clone() {
            Node::Not(inner) => inner,
            Node::Compare(Comparison::Equal, a, b) => self.compare(Comparison::NotEqual, a, b),
            Node::Compare(Comparison::NotEqual, a, b) => self.compare(Comparison::Equal, a, b),
            _ => self.intern(Node::Not(condition)),
        }
    }
}

/// Tells whether a function is finite everywhere, and not much larger than its argument.
fn is_tame(function: FunctionId) -> bool {
    let row = function.row();
    let bounded = row.range.contains(" and ");
    row.domain.is_empty() && (bounded || row.cost == Cost::Cheap || function == rows::SOFTPLUS)
}
