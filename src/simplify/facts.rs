//! Facts about e-classes: exact values, bounds, and whether zero is possible.

use super::language::{Classes, Math, Seen};
use crate::functions::FunctionId;
use crate::graph::{Comparison, Graph, Node, Rational};
use crate::lower::{Facts, Formulas};
use egg::{Analysis, DidMerge, Id, Language};
use rustc_hash::FxHashMap;

/// What is known of a class, wherever it is defined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The exact value.
    pub value: Option<Rational>,
    /// Bounds, and whether 0 is excluded.
    pub facts: Facts,
    /// Whether the value depends on no leaf.
    pub is_constant: bool,
}

impl Known {
    fn exactly(value: &Rational) -> Known {
        let bound = Some((value.clone(), false));
        let facts = Facts { low: bound.clone(), high: bound, non_zero: !value.is_zero() };
        Known { value: Some(value.clone()), facts, is_constant: true }
    }

    /// Tells whether the value is known to be at least 0.
    pub fn is_non_negative(&self) -> bool {
        self.facts.low.as_ref().is_some_and(|(low, _)| !low.is_negative())
    }

    /// Tells whether the value is known to be at most 0.
    pub fn is_non_positive(&self) -> bool {
        self.facts.high.as_ref().is_some_and(|(high, _)| high.is_negative() || high.is_zero())
    }

    /// Tells whether the value is known not to be 0.
    pub fn is_non_zero(&self) -> bool {
        let above =
            self.facts.low.as_ref().is_some_and(|(low, strict)| !low.is_negative() && (*strict || !low.is_zero()));
        let below =
            self.facts.high.as_ref().is_some_and(|(high, strict)| high.is_negative() || (*strict && high.is_zero()));
        self.facts.non_zero || above || below
    }

    /// Tells whether the value is known to be above 0.
    pub fn is_positive(&self) -> bool {
        self.is_non_negative() && self.is_non_zero()
    }

    /// Returns a number that is another one where more is known of the sign.
    pub fn signs(&self) -> u64 {
        let known = [self.is_non_negative(), self.is_non_positive(), self.is_non_zero(), self.is_constant];
        known.iter().fold(u64::from(self.value.is_some()), |signs, known| 2 * signs + u64::from(*known))
    }

    fn bounded(facts: Facts) -> Known {
        Known { value: None, facts, is_constant: false }
    }

    fn with_sign(negative: bool, non_zero: bool) -> Known {
        let bound = Some((Rational::ZERO, non_zero));
        let (low, high) = if negative { (None, bound) } else { (bound, None) };
        Known::bounded(Facts { low, high, non_zero })
    }
}

/// The analysis: facts of the leaves, and the ranges of functions from Table 1.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    leaves: Vec<Facts>,
    ranges: FxHashMap<FunctionId, Facts>,
    /// What classes were seen as in the round of rules that runs.
    pub(super) seen: Seen,
    /// Whether sums keep their groups: what is made is run, so that digits count.
    pub(super) keeps_groups: bool,
}

impl Ranges {
    /// Reads the ranges of all functions.
    pub fn new(formulas: &mut Formulas) -> Self {
        let mut ranges = FxHashMap::default();
        for function in crate::functions::all().filter(|function| !function.row().range.is_empty()) {
            let mut graph = Graph::new();
            let y = graph.intern(Node::Pi);
            let mut facts = Facts::default();
            if let Some(condition) = formulas.lower(&mut graph, function.row().range, &[("y", y)]) {
                read_range(&graph, condition, &mut facts);
            }
            ranges.insert(function, facts);
        }
        Ranges { ranges, ..Ranges::default() }
    }

    /// Returns what is known of a function's values.
    pub fn of(&self, function: FunctionId) -> Facts {
        self.ranges.get(&function).cloned().unwrap_or_default()
    }

    /// Gives the leaves facts.
    pub fn with_leaves(&self, leaves: Vec<Facts>) -> Self {
        Ranges { leaves, ranges: self.ranges.clone(), ..Ranges::default() }
    }

    /// Makes sums keep their groups.
    pub fn keeping_groups(self, keeps_groups: bool) -> Self {
        Ranges { keeps_groups, ..self }
    }
}

/// Reads `a < y and y <= b`.
fn read_range(graph: &Graph, condition: crate::graph::ExprId, facts: &mut Facts) {
    match graph.node(condition) {
        Node::And(a, b) => {
            let (a, b) = (*a, *b);
            read_range(graph, a, facts);
            read_range(graph, b, facts);
        }
        Node::Compare(comparison, a, b) => {
            let (bound, flipped) = match (graph.as_number(*a), graph.as_number(*b)) {
                (Some(bound), None) => (bound.clone(), true),
                (None, Some(bound)) => (bound.clone(), false),
                _ => return,
            };
            let strict = matches!(comparison, Comparison::Less | Comparison::Greater);
            let is_low = matches!(comparison, Comparison::Greater | Comparison::GreaterEqual) != flipped;
            if is_low {
                facts.low = Some((bound, strict));
            } else {
                facts.high = Some((bound, strict));
            }
        }
        _ => {}
    }
}

/// Adds bounds of one side, if all are known.
fn add_bounds(mut bounds: impl Iterator<Item = Option<(Rational, bool)>>) -> Option<(Rational, bool)> {
    bounds.try_fold((Rational::ZERO, false), |(sum, strict), bound| {
        bound.map(|(value, own)| (sum.add(&value), strict || own))
    })
}

/// Returns what is known of a number times one factor; none if there are other factors.
fn multiple<'k>(factors: impl Iterator<Item = &'k Known>) -> Option<Known> {
    let mut scale = Rational::ONE;
    let mut only = None;
    for factor in factors {
        match &factor.value {
            Some(value) => scale = scale.multiply(value),
            None if only.is_some() => return None,
            None => only = Some(&factor.facts),
        }
    }
    let Facts { low, high, non_zero } = only.filter(|_| !scale.is_zero())?;
    let scaled = |bound: &Option<(Rational, bool)>| bound.as_ref().map(|(value, own)| (value.multiply(&scale), *own));
    let (low, high) = match scale.is_negative() {
        true => (scaled(high), scaled(low)),
        false => (scaled(low), scaled(high)),
    };
    Some(Known::bounded(Facts { low, high, non_zero: *non_zero }))
}

/// The tighter of two lower bounds.
fn tighter_low(a: Option<(Rational, bool)>, b: Option<(Rational, bool)>) -> Option<(Rational, bool)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// The tighter of two upper bounds.
fn tighter_high(a: Option<(Rational, bool)>, b: Option<(Rational, bool)>) -> Option<(Rational, bool)> {
    match (a, b) {
        (Some(a), Some(b)) if a.0 == b.0 => Some((a.0, a.1 || b.1)),
        (Some(a), Some(b)) => Some(if a.0 < b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// Returns what a node says about its value.
fn known_of(classes: &Classes, node: &Math) -> Known {
    let known = |id: &Id| &classes[*id].data;
    match node {
        Math::Number(value) => Known::exactly(value),
        Math::Pi => {
            let facts = Facts {
                low: Some((Rational::integer(3), true)),
                high: Some((Rational::integer(4), true)),
                non_zero: true,
            };
            Known::bounded(facts)
        }
        Math::Leaf(index) => Known::bounded(classes.analysis.leaves.get(*index as usize).cloned().unwrap_or_default()),
        Math::Sum(children) => {
            let facts = Facts {
                low: add_bounds(children.iter().map(|child| known(child).facts.low.clone())),
                high: add_bounds(children.iter().map(|child| known(child).facts.high.clone())),
                non_zero: false,
            };
            Known::bounded(facts)
        }
        Math::Product(children) => {
            if let Some(multiple) = multiple(children.iter().map(known)) {
                return multiple;
            }
            let signs: Option<Vec<bool>> = children
                .iter()
                .map(|child| match (known(child).is_non_negative(), known(child).is_non_positive()) {
                    (true, _) => Some(false),
                    (_, true) => Some(true),
                    _ => None,
                })
                .collect();
            let non_zero = children.iter().all(|child| known(child).is_non_zero());
            match signs {
                Some(signs) => Known::with_sign(signs.iter().filter(|negative| **negative).count() % 2 == 1, non_zero),
                None => Known::bounded(Facts { non_zero, ..Facts::default() }),
            }
        }
        Math::Power(exponent, [base]) => {
            let (base, restricts) = (known(base), !exponent.is_integer());
            let non_zero = exponent.is_negative() || base.is_non_zero();
            if exponent.is_even() || restricts || base.is_non_negative() {
                Known::with_sign(false, non_zero)
            } else if base.is_non_positive() {
                Known::with_sign(true, non_zero)
            } else {
                Known::bounded(Facts { non_zero, ..Facts::default() })
            }
        }
        Math::Apply(function, _) => Known::bounded(classes.analysis.of(*function)),
        _ => Known::default(),
    }
}

impl Analysis<Math> for Ranges {
    type Data = Known;

    fn make(classes: &mut Classes, node: &Math, _: Id) -> Known {
        let is_constant = match node {
            Math::Leaf(_) => false,
            node => node.children().iter().all(|child| classes[*child].data.is_constant),
        };
        Known { is_constant, ..known_of(classes, node) }
    }

    fn merge(&mut self, known: &mut Known, other: Known) -> DidMerge {
        let merged = Known {
            value: known.value.clone().or_else(|| other.value.clone()),
            facts: Facts {
                low: tighter_low(known.facts.low.clone(), other.facts.low.clone()),
                high: tighter_high(known.facts.high.clone(), other.facts.high.clone()),
                non_zero: known.facts.non_zero || other.facts.non_zero,
            },
            is_constant: known.is_constant || other.is_constant,
        };
        let changed = DidMerge(merged != *known, merged != other);
        *known = merged;
        changed
    }
}
