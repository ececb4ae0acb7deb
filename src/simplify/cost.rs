//! What an expression costs: to read, or to run.

use super::exponentials::{is_better_as_share, share_among};
use super::facts::Known;
use super::hypotenuse::is_leg;
use super::language::{Classes, Math, Monomial, Polynomial, monomial, polynomial, sum_in};
use super::matching::{Compiled, Part};
use super::saturate::fitting;
use super::view::View;
use crate::functions::{Code, Cost, FunctionId, Functions, rows};
use crate::graph::{ExprId, Graph, Input, Node, Rational};
use crate::lower::Formulas;
use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};

/// What the simplifier minimizes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Goal {
    /// What people read: short, in functions that the input uses.
    Pretty,
    /// What is derived in order to be run: as what is run, but in functions whose derivatives keep their digits, too.
    Derivable,
    /// What is run by default: few operations among the forms that keep their digits.
    Stable,
    /// As few operations as possible.
    Flops,
}

/// Added for a form that loses digits where another does not.
const UNSTABLE: u64 = 1000;
/// Added for a difference where the same value can be had without one, and for what could be one function.
pub const NEEDLESS: u64 = 300;

/// Added for a difference of multiples where the same value can be had as a multiple of a difference.
const UNFACTORED: u64 = 24;

/// Functions that people like to see recognized in exponentials. An input that uses one family is not told in terms of
/// the other.
const LOGISTIC: &[FunctionId] = &[rows::SIGMOID, rows::SOFTPLUS];
const HYPERBOLIC: &[FunctionId] = &[rows::TANH, rows::SINH, rows::COSH];

/// Costs of e-nodes.
pub struct Costs<'r> {
    goal: Goal,
    stabilizing: Vec<&'r Compiled>,
    /// For each class, the functions that rules see there.
    near: FxHashMap<Id, Functions>,
    functions: &'r FxHashMap<FunctionId, u64>,
    /// Functions that the input uses.
    familiar: FxHashSet<FunctionId>,
}

impl<'r> Costs<'r> {
    /// Prepares costs for an input that uses the given functions; `stabilizing` are the rules whose left sides lose
    /// digits, `near` the functions in and below each class.
    pub fn new(
        goal: Goal,
        stabilizing: Vec<&'r Compiled>,
        near: FxHashMap<Id, Functions>,
        functions: &'r FxHashMap<FunctionId, u64>,
        familiar: FxHashSet<FunctionId>,
    ) -> Self {
        Costs { goal, stabilizing, near, functions, familiar }
    }

    /// Returns the costs of the nodes of one class, without their children.
    pub fn of_class(&self, classes: &Classes, id: Id, nodes: &[Math]) -> Vec<u64> {
        let base = |node: &Math| match self.goal {
            Goal::Pretty => self.to_read(classes, node),
            Goal::Derivable | Goal::Stable | Goal::Flops => self.to_run(classes, node),
        };
        let mut costs: Vec<u64> = nodes.iter().map(base).collect();
        if !matches!(self.goal, Goal::Derivable | Goal::Stable) {
            return costs;
        }
        if self.goal == Goal::Derivable && nodes.iter().any(is_formula) {
            let others = nodes.iter().zip(&mut costs).filter(|(node, _)| !is_formula(node));
            others.for_each(|(_, cost)| *cost += NEEDLESS);
        }
        if self.goal == Goal::Stable && !nodes.iter().all(|node| subtracts(classes, node)) {
            let is_difference = |node: &Math| matches!(node, Math::Sum(_)) && subtracts(classes, node);
            let differences = nodes.iter().zip(&mut costs).filter(|(node, _)| is_difference(node));
            differences.for_each(|(_, cost)| *cost += NEEDLESS);
        }
        if self.goal == Goal::Stable && nodes.iter().any(|node| matches!(node, Math::Product(_))) {
            nodes.iter().zip(&mut costs).for_each(|(node, cost)| *cost += unfactored(classes, node));
        }
        // What is lost by cancellation is lost in whatever order the terms are grouped: if a rule has something better
        // for a whole sum, no sum of its class is any good.
        let mut cancels = false;
        for (node, cost) in nodes.iter().zip(&mut costs) {
            let part = self.loses(classes, id, node);
            *cost += if part.is_some() { UNSTABLE } else { 0 };
            cancels |= part == Some(Part::Whole) && matches!(node, Math::Sum(_));
        }
        if cancels {
            let sums = nodes.iter().zip(&mut costs).filter(|(node, _)| matches!(node, Math::Sum(_)));
            sums.for_each(|(_, cost)| *cost += UNSTABLE);
        }
        costs
    }

    /// Tells whether a node loses digits where another form does not, in whole or in part.
    fn loses(&self, classes: &Classes, id: Id, node: &Math) -> Option<Part> {
        let near = self.near[&id];
        let view = View::computed(classes, id, node);
        let rules = |view: &View| fitting(classes, &self.stabilizing, near, node, view).into_iter();
        let part = rules(&view).find_map(|rule| rule.recognizes(classes, node, &view));
        let opened = View::opened(classes, id, node);
        let whole = |view: &View| {
            rules(view).any(|rule| rule.recognizes(classes, node, view) == Some(Part::Whole)).then_some(Part::Whole)
        };
        part.or_else(|| opened.as_ref().and_then(whole)).or_else(|| {
            let recognized = |view: View| rules(&view).any(|rule| rule.recognizes(classes, node, &view).is_some());
            let hidden = if near == Functions::default() { Vec::new() } else { hidden_products(classes, node) };
            let loses = is_better_as_share(classes, id, node)
                || cancels_in_parts(classes, node)
                || is_leg(classes, node)
                || hidden.iter().any(|product| share_among(classes, product).is_some())
                || hidden.into_iter().map(View::Product).any(&recognized)
                || shared_sums(classes, node).into_iter().any(&recognized);
            loses.then_some(Part::Some)
        })
    }

    fn to_read(&self, classes: &Classes, node: &Math) -> u64 {
        match node {
            Math::Number(value) if value.is_minus_one() => 0,
            Math::Number(value) if value.is_one() => 0,
            Math::Number(value) if value.is_integer() => 2,
            Math::Number(_) => 4,
            Math::Pi | Math::Leaf(_) => 2,
            Math::Sum(children) => {
                let nested = children.iter().filter(|child| is_nested_polynomial(classes, **child)).count() as u64;
                let broken = |id: &&Id| classes[**id].data.value.as_ref().is_some_and(|value| !value.is_integer());
                let broken = children.iter().filter(broken).count() as u64;
                3 * (children.len() as u64 - 1) + 5 * nested + 3 * broken
            }
            Math::Product(children) => {
                let value = |id: &Id| classes[*id].data.value.as_ref();
                let sign = children.iter().any(|child| value(child).is_some_and(Rational::is_minus_one));
                children.len() as u64 - u64::from(sign)
            }
            Math::Power(exponent, _) => match exponent {
                exponent if *exponent == Rational::MINUS_ONE => 3,
                exponent if *exponent == Rational::HALF => 4,
                exponent if exponent.is_negative() => 8,
                exponent if *exponent == Rational::integer(2) => 5,
                _ => 7,
            },
            Math::Apply(function, arguments) => {
                let reflected =
                    *function != rows::EXP && arguments.iter().any(|argument| looks_negative(classes, *argument));
                let strange = !self.familiar.contains(function) && !self.welcomes(*function);
                8 + if reflected { 8 } else { 0 } + if strange { 8 } else { 0 }
            }
            Math::Select(_) => 10,
            Math::Compare(..) | Math::And(_) | Math::Or(_) | Math::Not(_) => 3,
        }
    }

    /// Tells whether a function that the input does not use reads better than what it is made of.
    fn welcomes(&self, function: FunctionId) -> bool {
        let uses = |family: &[FunctionId]| family.iter().any(|function| self.familiar.contains(function));
        match function {
            rows::SIGMOID | rows::SOFTPLUS => uses(LOGISTIC) || !uses(HYPERBOLIC),
            rows::TANH => uses(HYPERBOLIC) || !uses(LOGISTIC),
            _ => false,
        }
    }

    /// Additions and multiplications 1, divisions 4, square roots 5, other functions 20.
    fn to_run(&self, classes: &Classes, node: &Math) -> u64 {
        match node {
            Math::Number(_) | Math::Pi | Math::Leaf(_) => 0,
            Math::Sum(children) => children.len() as u64 - 1,
            Math::Product(children) => {
                let child = |child: &Id| &classes[*child];
                let sign = children.iter().any(|id| child(id).data.value.as_ref().is_some_and(Rational::is_minus_one));
                let quotient = children.iter().any(|id| {
                    child(id)
                        .nodes
                        .iter()
                        .any(|node| matches!(node, Math::Power(exponent, _) if exponent.is_negative()))
                });
                (children.len() as u64 - 1).saturating_sub(u64::from(sign) + u64::from(quotient))
            }
            Math::Power(exponent, _) => power(exponent),
            Math::Apply(rows::LOGSUMEXP, arguments) => 20 + 23 * arguments.len() as u64,
            Math::Apply(function, _) => self.functions.get(function).copied().unwrap_or(20),
            Math::Select(_) | Math::Compare(..) | Math::And(_) | Math::Or(_) | Math::Not(_) => 1,
        }
    }
}

/// Tells whether a node is a function that stands for a formula.
fn is_formula(node: &Math) -> bool {
    matches!(node, Math::Apply(function, _) if matches!(function.row().code, Code::Formula(_)))
}

/// Tells whether a node is a sum with terms of both signs, or a multiple of something.
fn subtracts(classes: &Classes, node: &Math) -> bool {
    match node {
        Math::Sum(children) => {
            let sum = written_out(classes, children);
            let constant = Some(&sum.constant).filter(|constant| !constant.is_zero());
            let coefficients = || sum.terms.iter().map(|term| &term.coefficient).chain(constant);
            coefficients().any(Rational::is_negative) && coefficients().any(|coefficient| !coefficient.is_negative())
        }
        Math::Product(children) => children.len() == 2 && children.iter().any(|id| classes[*id].data.value.is_some()),
        _ => false,
    }
}

/// Largest sum in which like terms are looked for inside of its terms.
const LARGEST_SUM: usize = 8;

/// How many products are looked at into which sums among the factors of one are multiplied out.
const MOST_PRODUCTS: usize = 64;

/// Writes out the sums among the terms and factors of a sum; a long one stays as it is. Each part comes with the place of
/// the term that it is from.
fn parts(classes: &Classes, children: &[Id]) -> Vec<(usize, Monomial)> {
    let mut flat = Vec::new();
    for (place, child) in children.iter().enumerate() {
        let term = monomial(classes, *child);
        let mut inside = term.factors.iter().filter(|(_, exponent)| exponent.is_one());
        let sum = inside.find_map(|(base, _)| Some((*base, sum_in(classes, *base)?)));
        let short = |sum: &Polynomial| children.len() <= LARGEST_SUM && sum.terms.len() <= LARGEST_SUM;
        let Some((base, sum)) = sum.filter(|(_, sum)| short(sum)) else {
            flat.push((place, term));
            continue;
        };
        let mut rest = term;
        rest.factors.remove(base);
        let constant = Some(Monomial::number(sum.constant)).filter(|part| !part.coefficient.is_zero());
        for mut part in sum.terms.into_iter().chain(constant) {
            if part.multiply_all(classes, &rest) {
                flat.push((place, part));
            }
        }
    }
    flat
}

fn written_out(classes: &Classes, children: &[Id]) -> Polynomial {
    let terms = parts(classes, children).into_iter().map(|(_, part)| part).collect();
    Polynomial { constant: Rational::ZERO, terms }
}

/// Tells whether a sum has like terms of opposite signs once the sums among its terms and factors are written out.
fn cancels_in_parts(classes: &Classes, node: &Math) -> bool {
    matches!(node, Math::Sum(children) if written_out(classes, children).cancels())
}

/// What a difference of multiples costs more than a multiple of a difference, which keeps the digits of a small one: the
/// terms of the sum share a factor and are not known to have one sign.
fn unfactored(classes: &Classes, node: &Math) -> u64 {
    let Math::Sum(children) = node else { return 0 };
    let all = |holds: fn(&Known) -> bool| children.iter().all(|child| holds(&classes[*child].data));
    let sum = polynomial(classes, children);
    let Some((first, others)) = sum.terms.split_first() else { return 0 };
    if others.is_empty() || !sum.constant.is_zero() || all(Known::is_non_negative) || all(Known::is_non_positive) {
        return 0;
    }
    // A constant can be written in several ways, so any counts.
    let has_constant = |term: &Monomial| term.factors.iter().any(|(base, _)| classes[*base].data.is_constant);
    let shared = |(base, exponent): &(Id, Rational)| {
        let own = |term: &Monomial| term.factors.get(*base).map(Rational::is_negative);
        others.iter().all(|term| own(term) == Some(exponent.is_negative()))
    };
    if sum.terms.iter().all(has_constant) {
        NEEDLESS
    } else if first.factors.iter().any(shared) {
        UNFACTORED
    } else {
        0
    }
}

/// Returns the products that the terms of a sum make with the other factors of a product, and those that the sums in these
/// make: `exp(-x)*sigmoid(x)` in `sigmoid(x)*(a + b*exp(-x))`, `cosh(x)/sinh(x)` in `(a*sinh(x) + b*cosh(x))/sinh(x)^3`.
fn hidden_products(classes: &Classes, node: &Math) -> Vec<Monomial> {
    let Math::Product(children) = node else { return Vec::new() };
    let mut whole = Monomial::number(Rational::ONE);
    if children.len() > LARGEST_SUM || !whole.take_factors(classes, children) {
        return Vec::new();
    }
    let mut seen = FxHashSet::default();
    let mut multiplied_out = |product: &Monomial| -> Vec<Monomial> {
        let sums = product.factors.iter().filter(|(_, exponent)| exponent.is_one());
        let products = sums.flat_map(|(base, _)| by_terms(classes, product, *base));
        products.filter(|product| seen.len() < MOST_PRODUCTS && seen.insert(product.factors.clone())).collect()
    };
    let mut products = multiplied_out(&whole);
    let inside: Vec<Monomial> = products.iter().flat_map(&mut multiplied_out).collect();
    products.extend(inside);
    products
}

/// Returns a product once for each term of a sum that is a factor of it, in its place.
fn by_terms(classes: &Classes, product: &Monomial, base: Id) -> Vec<Monomial> {
    let Some(sum) = sum_in(classes, base).filter(|sum| sum.terms.len() <= LARGEST_SUM) else { return Vec::new() };
    let mut others = product.clone();
    others.factors.remove(base);
    let constant = Some(Monomial::number(sum.constant)).filter(|constant| !constant.coefficient.is_zero());
    let with = |mut term: Monomial| term.multiply_all(classes, &others).then_some(term);
    sum.terms.into_iter().chain(constant).filter_map(with).collect()
}

/// Returns the sums that terms make with a part that they share, divided by it: `1 - cos(x)` in `a - (a + b)*cos(x) + b`.
fn shared_sums(classes: &Classes, node: &Math) -> Vec<View> {
    let Math::Sum(children) = node else { return Vec::new() };
    let parts = parts(classes, children);
    if parts.len() > LARGEST_SUM {
        return Vec::new();
    }
    let divided = |(place, by): &(usize, Monomial), (other, part): &(usize, Monomial)| {
        let mut rest = part.clone();
        let mut own = by.factors.iter();
        let shares =
            place != other && own.all(|(base, exponent)| rest.factors.remove(*base).as_ref() == Some(exponent));
        (shares && !rest.factors.is_empty()).then_some(rest)
    };
    let sums = parts.iter().filter(|(_, by)| !by.factors.is_empty()).map(|by| Polynomial {
        constant: by.1.coefficient.clone(),
        terms: parts.iter().filter_map(|part| divided(by, part)).collect(),
    });
    sums.filter(|sum| !sum.terms.is_empty()).map(View::Sum).collect()
}

/// Tells whether a term of a sum is itself a sum of powers of names, which reads better as terms of the whole.
fn is_nested_polynomial(classes: &Classes, id: Id) -> bool {
    let is_leaf = |id: &Id| classes[*id].nodes.iter().any(|node| matches!(node, Math::Leaf(_)));
    classes[classes.find(id)].nodes.iter().any(|node| match node {
        Math::Sum(children) => {
            polynomial(classes, children).terms.iter().all(|term| term.factors.iter().all(|(base, _)| is_leaf(base)))
        }
        _ => false,
    })
}

/// Tells whether an expression is written with a sign in front.
fn looks_negative(classes: &Classes, id: Id) -> bool {
    let sum = classes[classes.find(id)].nodes.iter().find_map(|node| match node {
        Math::Sum(children) => Some(polynomial(classes, children)),
        _ => None,
    });
    match sum {
        Some(sum) => sum.terms.iter().all(|term| term.coefficient.is_negative()),
        None => monomial(classes, id).coefficient.is_negative(),
    }
}

/// The cost of a constant power.
fn power(exponent: &Rational) -> u64 {
    let division = if exponent.is_negative() { 4 } else { 0 };
    let squarings = |n: u64| match n {
        0 => 0,
        n => u64::from(63 - n.leading_zeros()) + u64::from(n.count_ones()) - 1,
    };
    division
        + match exponent.abs().to_fraction() {
            Some((n, 1)) if n <= 64 => squarings(n.unsigned_abs()),
            Some((n, 2)) if n <= 15 => 5 + squarings(n.unsigned_abs() / 2) + u64::from(n > 1),
            _ => 20,
        }
}

/// Returns what each function of Table 1 costs to run.
pub fn function_costs(formulas: &mut Formulas) -> FxHashMap<FunctionId, u64> {
    crate::functions::all().map(|function| (function, function_cost(formulas, function))).collect()
}

fn function_cost(formulas: &mut Formulas, function: FunctionId) -> u64 {
    match (function.row().code, function.row().cost) {
        (Code::Formula(formula), _) => {
            let mut graph = Graph::new();
            let parameters = function.row().parameters.iter();
            let input = |name: &&str| graph.add_input(Input { parameter: (*name).to_string(), place: Vec::new() });
            let arguments: Vec<ExprId> = parameters.map(input).collect();
            let Some(root) = formulas.of_row(&mut graph, function, formula, &arguments) else { return 20 };
            graph.reachable(&[root]).into_iter().map(|id| node_cost(formulas, graph.node(id))).sum()
        }
        (_, Cost::Cheap) => 1,
        (_, Cost::SquareRoot) => 5,
        (_, Cost::Transcendental) => 20,
    }
}

fn node_cost(formulas: &mut Formulas, node: &Node) -> u64 {
    match node {
        Node::Sum(constant, terms) => (terms.len() as u64).saturating_sub(u64::from(constant.is_zero())).max(1),
        Node::Product(factors) => {
            factors.len() as u64 - 1 + factors.iter().map(|(_, exponent)| power(exponent)).sum::<u64>()
        }
        Node::Apply(function, _) => function_cost(formulas, *function),
        Node::Select(..) | Node::Compare(..) => 1,
        _ => 0,
    }
}
