//! Matches the left side of a rule against e-classes, in any order of terms and factors, and builds the right side.

use super::binding::{Binding, Bound, License, NAMES, is_folded};
use super::factors::Factors;
use super::language::{
    Classes, Math, Monomial, Polynomial, add_monomial, add_polynomial, divided, monomial, polynomial,
};
use super::rest::Rest;
use super::rules::{Class, Rounding, Rule};
use super::view::{View, is_function};
use crate::functions::Functions;
use crate::graph::{ExprId, Factor, Graph, Node, Rational, Term};
use crate::lower::Formulas;
use egg::Id;
use std::rc::Rc;

/// Longest sum in which rules look for their terms.
const LONGEST_SUM: usize = 64;

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
    /// Those of them that are factors of the left side or of its terms.
    factors: Functions,
    graph: Graph,
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
        let functions = graph.reachable(&[left]).into_iter().filter_map(|id| graph.node(id).function());
        let needs = functions.fold(Functions::default(), |needs, function| needs.or(function.alone()));
        let factors = factors_of(&graph, left).into_iter().filter_map(|id| graph.node(id).function());
        let factors = factors.fold(Functions::default(), |factors, function| factors.or(function.alone()));
        Some(Compiled { rule, needs, factors, graph, left, right, condition })
    }

    /// Tells at a glance whether a node may have the left form, in whole or in part; `functions` are those that the factors
    /// in the view can be had as.
    pub fn may_match(&self, node: &Math, view: &View, functions: Functions) -> bool {
        match (self.graph.node(self.left), view, node) {
            (Node::Sum(..), View::Sum(_), _) | (Node::Product(_), View::Product(_), _) => {
                self.factors.are_in(functions)
            }
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
            (Node::Sum(constant, terms), View::Sum(whole), _) => {
                self.match_part_of_sum(classes, constant, terms, whole, empty)
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
            Node::Sum(constant, terms) => {
                let mut found = Vec::new();
                for node in &classes[id].nodes {
                    if let Math::Sum(children) = node {
                        let whole = polynomial(classes, children);
                        found.extend(self.match_whole_sum(classes, constant, terms, &whole, binding));
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

    /// Matches a pattern with all terms of a sum. A free name among the terms stands for all that the others leave.
    fn match_whole_sum(
        &self,
        classes: &Classes,
        constant: &Rational,
        patterns: &[Term],
        whole: &Polynomial,
        binding: &Binding,
    ) -> Vec<Binding> {
        let free = patterns.iter().position(|(id, coefficient)| {
            coefficient.is_one()
                && matches!(self.graph.node(*id), Node::Input(name) if binding[*name as usize].is_none())
        });
        let mut others = patterns.to_vec();
        let name = free.map(|at| others.remove(at).0);
        let parts = self.match_part_of_sum(classes, constant, &others, whole, binding.clone());
        let mut found = Vec::new();
        for (mut binding, rest) in parts {
            match (name.map(|name| self.graph.node(name)), &rest.others) {
                (Some(Node::Input(name)), Some(left)) if rest.is_plain() && !left.is_empty() => {
                    let left = Polynomial::of(left.clone());
                    let bound = &mut binding[*name as usize];
                    // The other terms may have the name, too.
                    if bound.as_ref().is_none_or(|bound| bound.sum(classes).collected() == left.collected()) {
                        bound.get_or_insert(Bound::Rest(Rc::new(left)));
                        found.push(binding);
                    }
                }
                (None, _) if rest.is_nothing() => found.push(binding),
                _ => {}
            }
        }
        found
    }

    /// Matches the terms of a pattern with some of the terms of a sum, all multiplied by one monomial.
    fn match_part_of_sum(
        &self,
        classes: &Classes,
        constant: &Rational,
        patterns: &[Term],
        whole: &Polynomial,
        binding: Binding,
    ) -> Vec<(Binding, Rest)> {
        let count = whole.terms.len() + usize::from(!whole.constant.is_zero());
        if count < patterns.len() + usize::from(!constant.is_zero()) || count > LONGEST_SUM {
            return Vec::new();
        }
        let mut terms = whole.terms.clone();
        if !whole.constant.is_zero() {
            terms.push(Monomial::number(whole.constant.clone()));
        }
        let mut wanted: Vec<(Rational, Vec<Factor>)> = patterns
            .iter()
            .map(|(id, coefficient)| match self.graph.node(*id) {
                Node::Product(factors) => (coefficient.clone(), factors.to_vec()),
                _ => (coefficient.clone(), vec![(*id, Rational::ONE)]),
            })
            .collect();
        if !constant.is_zero() {
            wanted.push((constant.clone(), Vec::new()));
        }
        // What the other terms bind, a lone name need not guess.
        wanted.sort_by_key(|(_, factors)| self.lone_name(factors).is_some());
        let state = PartialSum { binding, used: Vec::new(), multiplier: None };
        let mut found = Vec::new();
        for state in self.match_terms(classes, &wanted, &terms, state) {
            let Some(factor) = state.multiplier else { continue };
            let others = terms.iter().enumerate().filter(|(at, _)| !state.used.contains(at));
            let others = others.map(|(_, term)| term.clone()).collect();
            found.push((state.binding, Rest { factor, others: Some(others) }));
        }
        found
    }

    fn match_terms(
        &self,
        classes: &Classes,
        wanted: &[(Rational, Vec<Factor>)],
        terms: &[Monomial],
        state: PartialSum,
    ) -> Vec<PartialSum> {
        let Some(((coefficient, factors), later)) = wanted.split_first() else { return vec![state] };
        let mut found = Vec::new();
        if let Some(name) = self.lone_name(factors)
            && let (Some(bound), Some(multiplier)) = (&state.binding[name], &state.multiplier)
        {
            let mut scale = multiplier.clone();
            scale.coefficient = scale.coefficient.multiply(coefficient);
            let Some(used) = places(classes, &bound.sum(classes), &scale, terms, &state.used) else { return found };
            let next = PartialSum { used, ..state };
            return self.match_terms(classes, later, terms, next);
        }
        let expected = state.multiplier.as_ref().map(|own| own.coefficient.multiply(coefficient));
        for (at, term) in terms.iter().enumerate() {
            if state.used.contains(&at) || expected.as_ref().is_some_and(|expected| *expected != term.coefficient) {
                continue;
            }
            let matches = self.match_factors(classes, factors, &term.factors, &state.binding);
            if matches.is_empty() {
                continue;
            }
            let Some(scale) = term.coefficient.divide(coefficient) else { continue };
            for (binding, rest) in matches {
                if state.multiplier.as_ref().is_some_and(|own| own.factors != rest) {
                    continue;
                }
                let multiplier = Monomial { coefficient: scale.clone(), factors: rest };
                let mut used = state.used.clone();
                used.push(at);
                let next = PartialSum { binding, used, multiplier: Some(multiplier) };
                found.extend(self.match_terms(classes, later, terms, next));
            }
        }
        found
    }

    /// Returns the name that is all of a pattern.
    fn lone_name(&self, factors: &[Factor]) -> Option<usize> {
        match (factors, factors.first().map(|(id, _)| self.graph.node(*id))) {
            ([(_, exponent)], Some(Node::Input(name))) if exponent.is_one() => Some(*name as usize),
            _ => None,
        }
    }

    /// Matches factors of a pattern with some of the factors of a monomial; what is left of it is returned.
    fn match_factors(
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

/// Returns the factors of an expression, or of its terms.
fn factors_of(graph: &Graph, id: ExprId) -> Vec<ExprId> {
    match graph.node(id) {
        Node::Sum(_, terms) => terms.iter().flat_map(|(term, _)| factors_of_term(graph, *term)).collect(),
        _ => factors_of_term(graph, id),
    }
}

fn factors_of_term(graph: &Graph, id: ExprId) -> Vec<ExprId> {
    match graph.node(id) {
        Node::Product(factors) => factors.iter().map(|(base, _)| *base).collect(),
        _ => vec![id],
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

/// Finds the terms of a multiple of a sum among terms that are not used, and returns all that are used then.
fn places(
    classes: &Classes,
    sum: &Polynomial,
    scale: &Monomial,
    terms: &[Monomial],
    used: &[usize],
) -> Option<Vec<usize>> {
    let mut used = used.to_vec();
    let constant = [Monomial::number(sum.constant.clone())];
    for term in sum.terms.iter().chain(&constant).filter(|term| !term.coefficient.is_zero()) {
        let mut term = term.clone();
        if !term.multiply_all(classes, scale) {
            return None;
        }
        let place = (0..terms.len()).find(|at| !used.contains(at) && terms[*at] == term)?;
        used.push(place);
    }
    Some(used)
}

struct PartialSum {
    binding: Binding,
    used: Vec<usize>,
    multiplier: Option<Monomial>,
}
