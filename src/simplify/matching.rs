//! Matches the left side of a rule against e-classes, in any order of terms and factors, and builds the right side.

use super::binding::{Binding, Bound, License, NAMES, is_folded};
use super::factors::Factors;
use super::language::{
    Classes, Math, Monomial, Polynomial, add_monomial, add_polynomial, divided, monomial, polynomial,
};
use super::rest::Rest;
use super::rules::{Class, Rounding, Rule};
use super::sums::Wanted;
use super::view::{View, is_function};
use crate::functions::Functions;
use crate::graph::{ExprId, Factor, Graph, Node, Rational};
use crate::lower::Formulas;
use egg::Id;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// How much of a node has the left form of a rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Some of the terms of a sum.
    Some,
    /// All of the node, or a multiple of it.
    Whole,
}

/// A rule, read.
pub struct Compiled {
    pub rule: &'static Rule,
    /// The functions on the left side.
    pub needs: Functions,
    /// The sums of the left side.
    pub(super) sums: FxHashMap<ExprId, Vec<Wanted>>,
    /// The functions among the factors of the left side.
    factors: Functions,
    pub(super) graph: Graph,
    left: ExprId,
    right: ExprId,
    condition: Option<License>,
}

impl Compiled {
    /// Reads a rule; none if a side is not an expression, which the tests of the table rule out.
    pub fn new(formulas: &mut Formulas, rule: &'static Rule) -> Option<Compiled> {
        let mut graph = Graph::new();
        let mut bindings = Vec::new();
        for name in NAMES {
            let input = crate::graph::Input { parameter: name.to_string(), place: vec![] };
            bindings.push((name, graph.add_input(input)));
        }
        let left = formulas.lower(&mut graph, rule.left, &bindings)?;
        let left = one_sum(&mut graph, left);
        let right = formulas.lower(&mut graph, rule.right, &bindings)?;
        let condition = match rule.class {
            Class::Exact => None,
            Class::Licensed(text) => Some(License::read(text)?),
        };
        let nodes = graph.reachable(&[left]);
        let needs = functions_among(&graph, &nodes);
        let factors = match graph.node(left) {
            Node::Product(factors) => functions_among(&graph, factors.iter().map(|(base, _)| base)),
            _ => Functions::default(),
        };
        let sums = nodes.iter().filter_map(|id| Some((*id, Wanted::of_sum(&graph, *id)?))).collect();
        Some(Compiled { rule, needs, sums, factors, graph, left, right, condition })
    }

    /// Tells at a glance whether a node may have the left form, in whole or in part; `functions` are those that the factors
    /// of each term in the view can be had as.
    pub fn may_match(&self, node: &Math, view: &View, functions: &[Functions]) -> bool {
        match (self.graph.node(self.left), view, node) {
            (Node::Sum(..), View::Sum(_), _) => Wanted::may_be_among(&self.sums[&self.left], functions),
            (Node::Product(_), View::Product(_), _) => functions.iter().any(|own| self.factors.are_in(*own)),
            (Node::Apply(wanted, _), _, Math::Apply(function, _)) => wanted == function,
            _ => false,
        }
    }

    /// Returns classes equal to the node, by this rule.
    pub fn apply(&self, classes: &mut Classes, node: &Math, view: &View) -> Vec<Id> {
        self.apply_where(classes, node, view, |_| true)
    }

    /// Returns classes equal to a sum whose groups are opened, by this rule: only where the left side takes up all of it,
    /// so that no group is opened that stays.
    pub fn apply_to_all(&self, classes: &mut Classes, node: &Math, view: &View) -> Vec<Id> {
        self.apply_where(classes, node, view, Rest::is_whole)
    }

    fn apply_where(&self, classes: &mut Classes, node: &Math, view: &View, fits: fn(&Rest) -> bool) -> Vec<Id> {
        let mut equal = Vec::new();
        let keeps = self.rule.rounding != Rounding::Better;
        for (mut binding, rest) in self.matches(classes, node, view) {
            if !fits(&rest) || !self.is_licensed(classes, &binding) || keeps && is_folded(classes, &binding) {
                continue;
            }
            for bound in binding.iter_mut().flatten() {
                if let Bound::Rest(sum) = bound {
                    *bound = Bound::Class(add_polynomial(classes, sum));
                }
            }
            let Some(right) = self.build(classes, self.right, &binding) else { continue };
            equal.extend(rest.complete(classes, right));
        }
        equal
    }

    /// Tells whether the node has the left form, whole or in part.
    pub fn recognizes(&self, classes: &Classes, node: &Math, view: &View) -> Option<Part> {
        // What can be had as one function is not computed as a sum.
        if let (Node::Apply(_, patterns), Math::Apply(_, arguments)) = (self.graph.node(self.left), node)
            && patterns.iter().zip(arguments).any(|(pattern, argument)| {
                matches!(self.graph.node(*pattern), Node::Sum(constant, _) if !constant.is_zero())
                    && is_function(classes, *argument)
            })
        {
            return None;
        }
        let matches = self.matches(classes, node, view).into_iter();
        let licensed = matches.filter(|(binding, _)| self.is_licensed(classes, binding));
        licensed.map(|(_, rest)| if rest.is_whole() { Part::Whole } else { Part::Some }).max()
    }

    fn is_licensed(&self, classes: &Classes, binding: &Binding) -> bool {
        self.condition.is_none_or(|license| license.holds(classes, binding))
    }

    fn matches(&self, classes: &Classes, node: &Math, view: &View) -> Vec<(Binding, Rest)> {
        let empty = Binding::default();
        match (self.graph.node(self.left), view, node) {
            (Node::Sum(..), View::Sum(whole), _) => {
                let wanted: Vec<&Wanted> = self.sums[&self.left].iter().collect();
                self.match_part_of_sum(classes, &wanted, whole, empty)
            }
            (Node::Product(factors), View::Product(whole), _) => {
                let parts = self.match_factors(classes, factors, &whole.factors, &empty);
                parts
                    .into_iter()
                    .map(|(binding, factors)| {
                        let factor = Monomial { coefficient: whole.coefficient.clone(), factors };
                        (binding, Rest { factor, others: None })
                    })
                    .collect()
            }
            (Node::Apply(wanted, patterns), _, Math::Apply(function, arguments)) if wanted == function => {
                let rest = || Rest { factor: Monomial::number(Rational::ONE), others: None };
                let bindings = self.match_arguments(classes, patterns, arguments, empty);
                bindings.into_iter().map(|binding| (binding, rest())).collect()
            }
            _ => Vec::new(),
        }
    }

    fn match_arguments(
        &self,
        classes: &Classes,
        patterns: &[ExprId],
        arguments: &[Id],
        binding: Binding,
    ) -> Vec<Binding> {
        if patterns.len() != arguments.len() {
            return Vec::new();
        }
        let pairs = patterns.iter().zip(arguments);
        pairs.fold(vec![binding], |bindings, (pattern, argument)| {
            bindings.into_iter().flat_map(|binding| self.match_class(classes, *pattern, *argument, &binding)).collect()
        })
    }

    /// Matches a pattern with a whole class.
    fn match_class(&self, classes: &Classes, pattern: ExprId, id: Id, binding: &Binding) -> Vec<Binding> {
        let bind = |name: u32, bound: Bound| {
            let mut binding = binding.clone();
            binding[name as usize] = Some(bound);
            vec![binding]
        };
        let id = classes.find(id);
        match self.graph.node(pattern) {
            Node::Input(name) => match &binding[*name as usize] {
                Some(bound) if bound.is_multiple(classes, id, &Rational::ONE) => vec![binding.clone()],
                Some(_) => Vec::new(),
                None => bind(*name, Bound::Class(id)),
            },
            Node::Number(value) if classes[id].data.value.as_ref() == Some(value) => vec![binding.clone()],
            Node::Apply(wanted, patterns) => {
                let mut found = Vec::new();
                for node in &classes[id].nodes {
                    if let Math::Apply(function, arguments) = node
                        && function == wanted
                    {
                        found.extend(self.match_arguments(classes, patterns, arguments, binding.clone()));
                    }
                }
                found
            }
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
                let (inside, scale) = &terms[0];
                let Node::Input(name) = self.graph.node(*inside) else {
                    let whole = monomial(classes, id);
                    return match &*whole.factors {
                        [(base, exponent)] if exponent.is_one() && whole.coefficient == *scale => {
                            self.match_class(classes, *inside, *base, binding)
                        }
                        _ => Vec::new(),
                    };
                };
                match &binding[*name as usize] {
                    Some(bound) if bound.is_multiple(classes, id, scale) => vec![binding.clone()],
                    Some(_) => Vec::new(),
                    None => match divided(classes, id, scale) {
                        Some(rest) => bind(*name, Bound::Rest(Rc::new(rest))),
                        None => Vec::new(),
                    },
                }
            }
            Node::Sum(..) => {
                let mut found = Vec::new();
                for node in &classes[id].nodes {
                    if let Math::Sum(children) = node {
                        let whole = polynomial(classes, children);
                        found.extend(self.match_whole_sum(classes, &self.sums[&pattern], &whole, binding));
                    }
                }
                found
            }
            Node::Product(factors) => {
                let whole = monomial(classes, id);
                if !whole.coefficient.is_one() {
                    return Vec::new();
                }
                let parts = self.match_factors(classes, factors, &whole.factors, binding);
                parts.into_iter().filter(|(_, rest)| rest.is_empty()).map(|(binding, _)| binding).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Matches factors of a pattern with some of the factors of a monomial; what is left of it is returned.
    pub(super) fn match_factors(
        &self,
        classes: &Classes,
        patterns: &[Factor],
        factors: &Factors,
        binding: &Binding,
    ) -> Vec<(Binding, Factors)> {
        let Some(((pattern, wanted), later)) = patterns.split_first() else {
            return vec![(binding.clone(), factors.clone())];
        };
        let mut found = Vec::new();
        for (base, exponent) in factors {
            if wanted.is_negative() != exponent.is_negative() {
                continue;
            }
            let left = if exponent == wanted { Rational::ZERO } else { exponent.add(&wanted.negate()) };
            if !left.is_zero() && (left.is_negative() != exponent.is_negative() || !left.is_integer()) {
                continue;
            }
            for binding in self.match_class(classes, *pattern, *base, binding) {
                let mut rest = factors.clone();
                rest.set(*base, left.clone());
                found.extend(self.match_factors(classes, later, &rest, &binding));
            }
        }
        found
    }

    /// Adds one side of the rule to the e-graph.
    fn build(&self, classes: &mut Classes, side: ExprId, binding: &Binding) -> Option<Id> {
        match self.graph.node(side) {
            Node::Input(name) => match binding[*name as usize] {
                Some(Bound::Class(id)) => Some(classes.find(id)),
                _ => None,
            },
            Node::Number(value) => Some(classes.add(Math::Number(value.clone()))),
            Node::Pi => Some(classes.add(Math::Pi)),
            Node::Sum(constant, terms) => {
                let mut view = Polynomial { constant: constant.clone(), terms: Vec::new() };
                for (id, coefficient) in terms {
                    let operand = self.build(classes, *id, binding)?;
                    // A multiple of a sum is the sum of multiples: nothing else is added.
                    match terms.len() == 1 && constant.is_zero() {
                        true => view.open(classes, operand, coefficient),
                        false => view.push(classes, operand, coefficient),
                    }
                }
                Some(add_polynomial(classes, &view))
            }
            Node::Product(factors) => {
                let mut view = Monomial::number(Rational::ONE);
                for (id, exponent) in factors.iter() {
                    let base = self.build(classes, *id, binding)?;
                    if !view.multiply(classes, base, exponent) {
                        return None;
                    }
                }
                Some(add_monomial(classes, &view))
            }
            Node::Apply(function, arguments) => {
                let arguments: Option<Vec<Id>> =
                    arguments.iter().map(|argument| self.build(classes, *argument, binding)).collect();
                Some(classes.add(Math::Apply(*function, arguments?.into())))
            }
            _ => None,
        }
    }
}

/// Dissolves the sums among the terms of a sum, which is read as pairs.
fn one_sum(graph: &mut Graph, id: ExprId) -> ExprId {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return id };
    let (mut total, mut all) = (constant, Vec::new());
    for (term, coefficient) in terms.iter() {
        let inner = one_sum(graph, *term);
        match graph.node(inner) {
            Node::Sum(constant, terms) => {
                total = total.add(&constant.multiply(coefficient));
                all.extend(terms.iter().map(|(id, own)| (*id, own.multiply(coefficient))));
            }
            _ => all.push((inner, coefficient.clone())),
        }
    }
    graph.sum(total, all)
}

/// Returns the functions among nodes.
pub(super) fn functions_among<'a>(graph: &Graph, nodes: impl IntoIterator<Item = &'a ExprId>) -> Functions {
    let functions = nodes.into_iter().filter_map(|id| graph.node(*id).function());
    functions.fold(Functions::default(), |all, function| all.or(function.alone()))
}
