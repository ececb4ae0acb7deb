//! What the names of a rule stand for, and what a licensed rule needs to know of them.

use super::facts::Known;
use super::language::{Classes, Polynomial, divided, is_multiple};
use crate::graph::Rational;
use egg::Id;
use std::rc::Rc;

/// What a name of a rule stands for.
#[derive(Clone, PartialEq)]
pub enum Bound {
    /// A class.
    Class(Id),
    /// What is left of a sum, which may not have a class yet.
    Rest(Rc<Polynomial>),
}

impl Bound {
    /// Views it as a sum.
    pub fn sum(&self, classes: &Classes) -> Polynomial {
        match self {
            Bound::Class(id) => Polynomial::of_class(classes, *id),
            Bound::Rest(sum) => (**sum).clone(),
        }
    }

    /// Tells whether a class is a multiple of it.
    pub fn is_multiple(&self, classes: &Classes, id: Id, scale: &Rational) -> bool {
        match self {
            Bound::Class(own) if scale.is_one() => classes.find(*own) == id,
            Bound::Class(own) => is_multiple(classes, id, scale, *own),
            Bound::Rest(sum) => divided(classes, id, scale).is_some_and(|whole| whole.collected() == sum.collected()),
        }
    }
}

/// The names that rules use.
pub const NAMES: [&str; 3] = ["x", "a", "b"];

/// What the names of a rule stand for.
pub type Binding = [Option<Bound>; NAMES.len()];

/// Tells whether names stand for constants only, which are computed when code for machines is written.
pub fn is_folded(classes: &Classes, binding: &Binding) -> bool {
    let is_constant = |bound: &Bound| matches!(bound, Bound::Class(id) if classes[*id].data.is_constant);
    classes.analysis.keeps_groups && binding.iter().flatten().all(is_constant)
}

/// What a licensed rule needs to know of its names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum License {
    Positive(usize),
    NonNegative(usize),
    NonZero(usize),
    Different(usize, usize),
}

impl License {
    /// Reads `x > 0`, `x >= 0`, `x != 0` or `a != b`.
    pub fn read(text: &str) -> Option<License> {
        let place = |name: &str| NAMES.iter().position(|own| *own == name);
        let (name, rest) = text.split_once(' ')?;
        let name = place(name)?;
        match rest {
            "> 0" => Some(License::Positive(name)),
            ">= 0" => Some(License::NonNegative(name)),
            "!= 0" => Some(License::NonZero(name)),
            other => Some(License::Different(name, place(other.strip_prefix("!= ")?)?)),
        }
    }

    /// Tells whether what the names stand for is known to be so.
    pub fn holds(self, classes: &Classes, binding: &Binding) -> bool {
        let bound = |name: usize| match &binding[name] {
            Some(Bound::Class(id)) => Some(*id),
            _ => None,
        };
        let knows = |name: usize, fact: fn(&Known) -> bool| bound(name).is_some_and(|id| fact(&classes[id].data));
        match self {
            License::Positive(name) => knows(name, Known::is_positive),
            License::NonNegative(name) => knows(name, Known::is_non_negative),
            License::NonZero(name) => knows(name, Known::is_non_zero),
            License::Different(a, b) => match (bound(a), bound(b)) {
                (Some(a), Some(b)) => differ(classes, a, b),
                _ => false,
            },
        }
    }
}

/// Tells whether two classes are known to differ: by a number, or by one term that is not 0.
fn differ(classes: &Classes, a: Id, b: Id) -> bool {
    let mut difference = Polynomial::of_class(classes, a);
    difference.push(classes, b, &Rational::MINUS_ONE);
    let difference = difference.collected();
    let non_zero = |(base, _): &(Id, Rational)| classes[*base].data.is_non_zero();
    match difference.terms.as_slice() {
        [] => !difference.constant.is_zero(),
        [only] => difference.constant.is_zero() && only.factors.iter().all(non_zero),
        _ => false,
    }
}
