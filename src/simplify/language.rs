//! The e-graph's language: n-ary sums and products, so that order and grouping need no rules.
//!
//! Children of sums and products are sorted when a node is made. A number among the children of a sum is its
//! constant, one among those of a product its coefficient.

use super::factors::Factors;
use super::facts::{Known, Ranges};
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, Rational};
use egg::{EGraph, Id, Language};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The e-graph with facts about its classes.
pub type Classes = EGraph<Math, Ranges>;

/// A node of the e-graph.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Math {
    Number(Rational),
    Pi,
    /// A parameter entry, or whatever the window treats as one.
    Leaf(u32),
    Sum(Box<[Id]>),
    Product(Box<[Id]>),
    Power(Rational, [Id; 1]),
    Apply(FunctionId, Box<[Id]>),
    Select([Id; 3]),
    Compare(Comparison, [Id; 2]),
    And([Id; 2]),
    Or([Id; 2]),
    Not([Id; 1]),
}

impl Language for Math {
    type Discriminant = u8;

    fn discriminant(&self) -> u8 {
        match self {
            Math::Number(_) => 0,
            Math::Pi => 1,
            Math::Leaf(_) => 2,
            Math::Sum(_) => 3,
            Math::Product(_) => 4,
            Math::Power(..) => 5,
            Math::Apply(..) => 6,
            Math::Select(_) => 7,
            Math::Compare(..) => 8,
            Math::And(_) => 9,
            Math::Or(_) => 10,
            Math::Not(_) => 11,
        }
    }

    fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Math::Number(a), Math::Number(b)) => a == b,
            (Math::Leaf(a), Math::Leaf(b)) => a == b,
            (Math::Power(a, _), Math::Power(b, _)) => a == b,
            (Math::Apply(f, a), Math::Apply(g, b)) => f == g && a.len() == b.len(),
            (Math::Compare(a, _), Math::Compare(b, _)) => a == b,
            (Math::Sum(a), Math::Sum(b)) | (Math::Product(a), Math::Product(b)) => a.len() == b.len(),
            _ => self.discriminant() == other.discriminant(),
        }
    }

    fn children(&self) -> &[Id] {
        match self {
            Math::Number(_) | Math::Pi | Math::Leaf(_) => &[],
            Math::Sum(c) | Math::Product(c) | Math::Apply(_, c) => c,
            Math::Power(_, c) | Math::Not(c) => c,
            Math::Select(c) => c,
            Math::Compare(_, c) | Math::And(c) | Math::Or(c) => c,
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Math::Number(_) | Math::Pi | Math::Leaf(_) => &mut [],
            Math::Sum(c) | Math::Product(c) | Math::Apply(_, c) => c,
            Math::Power(_, c) | Math::Not(c) => c,
            Math::Select(c) => c,
            Math::Compare(_, c) | Math::And(c) | Math::Or(c) => c,
        }
    }
}

/// A coefficient times powers of classes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Monomial {
    pub coefficient: Rational,
    pub factors: Factors,
}

impl Monomial {
    /// Makes a number.
    pub fn number(coefficient: Rational) -> Self {
        Monomial { coefficient, factors: Factors::default() }
    }

    /// Multiplies by a power of a class; false, and nothing is changed, where that would add points to the domain.
    #[must_use]
    pub fn multiply(&mut self, classes: &Classes, base: Id, exponent: &Rational) -> bool {
        let base = classes.find(base);
        let sum = match self.factors.get(base) {
            None => exponent.clone(),
            Some(own) => {
                let sum = own.add(exponent);
                let known = &classes[base].data;
                if ![own, exponent].into_iter().all(|part| known.allows(part, &sum)) {
                    return false;
                }
                sum
            }
        };
        self.factors.set(base, sum);
        true
    }

    /// Multiplies by another monomial, under the same condition.
    #[must_use]
    pub fn multiply_all(&mut self, classes: &Classes, other: &Monomial) -> bool {
        self.coefficient = self.coefficient.multiply(&other.coefficient);
        other.factors.iter().all(|(base, exponent)| self.multiply(classes, *base, exponent))
    }
}

/// A constant plus monomials.
#[derive(Clone, PartialEq, Debug)]
pub struct Polynomial {
    pub constant: Rational,
    pub terms: Vec<Monomial>,
}

impl Polynomial {
    /// Makes the sum of monomials, some of which may be numbers.
    pub fn of(terms: Vec<Monomial>) -> Self {
        let (numbers, terms): (Vec<_>, Vec<_>) = terms.into_iter().partition(|term| term.factors.is_empty());
        let constant = numbers.iter().fold(Rational::ZERO, |sum, term| sum.add(&term.coefficient));
        Polynomial { constant, terms }
    }

    /// Views a class as a sum, by the first one in it.
    pub fn of_class(classes: &Classes, id: Id) -> Self {
        let mut view = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
        view.open(classes, id, &Rational::ONE);
        view
    }

    /// Counts the terms, the constant among them.
    pub fn len(&self) -> usize {
        self.terms.len() + usize::from(!self.constant.is_zero())
    }

    /// Merges like terms, and sorts them.
    pub fn collected(&self) -> Self {
        let (mut constant, mut terms) = (self.constant.clone(), self.terms.clone());
        terms.sort_by(|left, right| left.factors.cmp(&right.factors));
        terms.dedup_by(|next, last| {
            let alike = next.factors == last.factors;
            if alike {
                last.coefficient = last.coefficient.add(&next.coefficient);
            }
            alike
        });
        terms.retain(|term| {
            if term.factors.is_empty() {
                constant = constant.add(&term.coefficient);
            }
            !term.factors.is_empty() && !term.coefficient.is_zero()
        });
        Polynomial { constant, terms }
    }

    /// Tells whether a sum of merged terms is a multiple of another.
    fn is_multiple(&self, scale: &Rational, of: &Polynomial) -> bool {
        let scaled = |own: &Rational, other: &Rational| *own == other.multiply(scale);
        let alike = |(own, other): (&Monomial, &Monomial)| {
            own.factors == other.factors && scaled(&own.coefficient, &other.coefficient)
        };
        self.terms.len() == of.terms.len()
            && scaled(&self.constant, &of.constant)
            && self.terms.iter().zip(&of.terms).all(alike)
    }

    /// Tells whether like terms have opposite signs.
    pub fn cancels(&self) -> bool {
        let mut signs: BTreeMap<&Factors, bool> = BTreeMap::new();
        self.terms.iter().any(|term| {
            let negative = term.coefficient.is_negative();
            *signs.entry(&term.factors).or_insert(negative) != negative
        })
    }
}

/// Views a class as a monomial, by the first product or power in it.
pub fn monomial(classes: &Classes, id: Id) -> Monomial {
    monomial_within(classes, id, NESTED)
}

/// How many products inside products a monomial sees.
const NESTED: usize = 3;

/// The monomials and sums that classes were seen as in the round of rules that runs: until it ends, no classes are merged.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    running: Cell<bool>,
    monomials: RefCell<FxHashMap<(Id, usize), Monomial>>,
    /// With like terms merged; none for classes without a sum.
    sums: RefCell<FxHashMap<Id, Option<Rc<Polynomial>>>>,
}

impl Seen {
    /// Begins a round of rules, or ends one.
    pub fn set_running(&self, running: bool) {
        self.running.set(running);
        self.monomials.borrow_mut().clear();
        self.sums.borrow_mut().clear();
    }
}

fn monomial_within(classes: &Classes, id: Id, depth: usize) -> Monomial {
    let id = classes.find(id);
    let seen = &classes.analysis.seen;
    if !seen.running.get() {
        return monomial_of(classes, id, depth);
    }
    if let Some(monomial) = seen.monomials.borrow().get(&(id, depth)) {
        return monomial.clone();
    }
    let monomial = monomial_of(classes, id, depth);
    seen.monomials.borrow_mut().insert((id, depth), monomial.clone());
    monomial
}

fn monomial_of(classes: &Classes, id: Id, depth: usize) -> Monomial {
    if let Some(value) = &classes[id].data.value {
        return Monomial::number(value.clone());
    }
    // Exponentials are multiplied by adding their arguments, not as products.
    let exponential = classes[id].nodes.iter().any(|node| matches!(node, Math::Apply(rows::EXP, _)));
    for node in classes[id].nodes.iter().filter(|_| !exponential) {
        let mut view = Monomial::number(Rational::ONE);
        let complete = match node {
            Math::Product(children) if depth > 0 && !children.contains(&id) => {
                children.iter().all(|child| view.multiply_all(classes, &monomial_within(classes, *child, depth - 1)))
            }
            Math::Power(exponent, [base]) if is_plain_base(classes, id, *base) => {
                view.multiply(classes, *base, exponent)
            }
            _ => continue,
        };
        if complete {
            return view;
        }
    }
    Monomial { coefficient: Rational::ONE, factors: Factors::single(id, Rational::ONE) }
}

/// Tells whether a power of the base is seen as such: powers of exponentials are exponentials themselves, and powers of
/// reciprocals are powers of what these divide by.
fn is_plain_base(classes: &Classes, power: Id, base: Id) -> bool {
    let base = classes.find(base);
    let other = |node: &Math| match node {
        Math::Apply(function, _) => *function == rows::EXP,
        Math::Power(exponent, _) => exponent.is_minus_one(),
        _ => false,
    };
    base != power && !classes[base].nodes.iter().any(other)
}

impl Monomial {
    /// Multiplies by the children of a product, each a number, a power or a base.
    #[must_use]
    pub fn take_factors(&mut self, classes: &Classes, children: &[Id]) -> bool {
        children.iter().all(|child| self.multiply_all(classes, &monomial_within(classes, *child, NESTED - 1)))
    }
}

/// Views the children of a sum as a polynomial.
pub fn polynomial(classes: &Classes, children: &[Id]) -> Polynomial {
    let mut view = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
    for child in children {
        let term = monomial(classes, *child);
        if term.factors.is_empty() {
            view.constant = view.constant.add(&term.coefficient);
        } else {
            view.terms.push(term);
        }
    }
    view
}

impl Polynomial {
    /// Adds `coefficient·id`; a sum is dissolved, unless it is a group that a machine keeps.
    pub fn push(&mut self, classes: &Classes, id: Id, coefficient: &Rational) {
        let id = classes.find(id);
        if is_group(classes, id) {
            let factors = Factors::single(id, Rational::ONE);
            self.terms.push(Monomial { coefficient: coefficient.clone(), factors });
        } else {
            self.open(classes, id, coefficient);
        }
    }

    /// Adds `coefficient·id`; a sum is dissolved.
    pub fn open(&mut self, classes: &Classes, id: Id, coefficient: &Rational) {
        let id = classes.find(id);
        let sum = classes[id].nodes.iter().find_map(|node| match node {
            Math::Sum(children) if children.len() <= 8 && !children.contains(&id) => Some(children),
            _ => None,
        });
        if let Some(children) = sum {
            let mut inside = polynomial(classes, children);
            inside.terms.iter_mut().for_each(|term| term.coefficient = term.coefficient.multiply(coefficient));
            self.constant = self.constant.add(&inside.constant.multiply(coefficient));
            self.terms.extend(inside.terms);
            return;
        }
        let mut term = monomial(classes, id);
        term.coefficient = term.coefficient.multiply(coefficient);
        if term.factors.is_empty() {
            self.constant = self.constant.add(&term.coefficient);
        } else {
            self.terms.push(term);
        }
    }
}

/// Tells whether a class is a sum whose terms stay together where machines compute: unless all of them are known to have
/// one sign, they may be much larger than the sum, and digits are lost when something else is added to one of them first.
pub fn is_group(classes: &Classes, id: Id) -> bool {
    let sum = classes[classes.find(id)].nodes.iter().find_map(|node| match node {
        Math::Sum(children) if children.len() <= 8 => Some(children),
        _ => None,
    });
    classes.analysis.keeps_groups
        && sum.is_some_and(|children| {
            let all = |holds: fn(&Known) -> bool| children.iter().all(|child| holds(&classes[*child].data));
            !all(Known::is_non_negative) && !all(Known::is_non_positive)
        })
}

/// Returns the sum in a class, if there is one.
pub fn sum_in(classes: &Classes, id: Id) -> Option<Polynomial> {
    classes[classes.find(id)].nodes.iter().find_map(|node| match node {
        Math::Sum(children) => Some(polynomial(classes, children)),
        _ => None,
    })
}

/// Returns the sum in a class with like terms merged, if there is one.
fn collected_sum(classes: &Classes, id: Id) -> Option<Rc<Polynomial>> {
    let id = classes.find(id);
    let seen = &classes.analysis.seen;
    let collected = || sum_in(classes, id).map(|sum| Rc::new(sum.collected()));
    if !seen.running.get() {
        return collected();
    }
    if let Some(sum) = seen.sums.borrow().get(&id) {
        return sum.clone();
    }
    let sum = collected();
    seen.sums.borrow_mut().insert(id, sum.clone());
    sum
}

/// Divides a class by a number, if it is a multiple of the same sign: `-x` or `-a - b` by −1.
pub fn divided(classes: &Classes, id: Id, scale: &Rational) -> Option<Polynomial> {
    let monomial = || Rc::new(Polynomial::of(vec![monomial(classes, id)]));
    let whole = collected_sum(classes, id).unwrap_or_else(monomial);
    let leading = whole.terms.first().map_or(&whole.constant, |term| &term.coefficient);
    if leading.is_negative() != scale.is_negative() {
        return None;
    }
    let inverse = scale.reciprocal()?;
    let scaled =
        |term: &Monomial| Monomial { coefficient: term.coefficient.multiply(&inverse), factors: term.factors.clone() };
    Some(Polynomial { constant: whole.constant.multiply(&inverse), terms: whole.terms.iter().map(scaled).collect() })
}

/// Tells whether a class is a multiple of another.
pub fn is_multiple(classes: &Classes, id: Id, scale: &Rational, of: Id) -> bool {
    match (collected_sum(classes, id), collected_sum(classes, of)) {
        (Some(whole), Some(part)) => whole.is_multiple(scale, &part),
        _ => {
            let (whole, part) = (monomial(classes, id), monomial(classes, of));
            whole.factors == part.factors && whole.coefficient == part.coefficient.multiply(scale)
        }
    }
}

/// Adds a monomial to the e-graph.
pub fn add_monomial(classes: &mut Classes, monomial: &Monomial) -> Id {
    if monomial.coefficient.is_zero() || monomial.factors.is_empty() {
        return classes.add(Math::Number(monomial.coefficient.clone()));
    }
    let mut children: Vec<Id> = Vec::with_capacity(monomial.factors.len() + 1);
    for (base, exponent) in &monomial.factors {
        children.push(match exponent.is_one() {
            true => *base,
            false => classes.add(Math::Power(exponent.clone(), [*base])),
        });
    }
    if !monomial.coefficient.is_one() {
        children.push(classes.add(Math::Number(monomial.coefficient.clone())));
    }
    if let [only] = children.as_slice() {
        return *only;
    }
    children.sort_unstable();
    classes.add(Math::Product(children.into()))
}

/// Adds a polynomial to the e-graph, like terms merged.
pub fn add_polynomial(classes: &mut Classes, polynomial: &Polynomial) -> Id {
    let Polynomial { constant, terms } = polynomial.collected();
    let mut children: Vec<Id> = terms.iter().map(|term| add_monomial(classes, term)).collect();
    if !constant.is_zero() || children.is_empty() {
        children.push(classes.add(Math::Number(constant)));
    }
    if let [only] = children.as_slice() {
        return *only;
    }
    children.sort_unstable();
    classes.add(Math::Sum(children.into()))
}

/// Adds `-id` to the e-graph; the sign goes into the terms of a sum.
pub fn add_negation(classes: &mut Classes, id: Id) -> Id {
    let id = classes.find(id);
    let sum = classes[id].nodes.iter().find_map(|node| match node {
        Math::Sum(children) => Some(children.clone()),
        _ => None,
    });
    if let Some(children) = sum {
        let mut view = polynomial(classes, &children);
        view.constant = view.constant.negate();
        view.terms.iter_mut().for_each(|term| term.coefficient = term.coefficient.negate());
        return add_polynomial(classes, &view);
    }
    let mut view = monomial(classes, id);
    view.coefficient = view.coefficient.negate();
    add_monomial(classes, &view)
}

impl Known {
    /// Tells whether `base^part` may become a part of `base^whole` without adding points to the domain.
    pub fn allows(&self, part: &Rational, whole: &Rational) -> bool {
        let sign = part.is_integer() || !whole.is_integer() || self.is_non_negative();
        let zero = !part.is_negative() || whole.is_negative() || self.is_non_zero();
        sign && zero
    }
}
