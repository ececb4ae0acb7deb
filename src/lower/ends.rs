//! The ends of ranges. Where one is the larger or the smaller of several numbers, the range is made wide enough for one of
//! them, and the others are a condition on its index.

use super::machine::Machine;
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::functions::{FunctionId, rows};
use crate::graph::{Comparison, Dimension, ExprId, MatrixOperation as M, Node};
use crate::source::Span;

/// The ends of a range.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub from: Dimension,
    pub to: Dimension,
    /// What the index is not below, too.
    not_below: Vec<Dimension>,
    /// What the index is below, too.
    below: Vec<Dimension>,
}

impl Ends {
    /// Tells whether the ends are all that there is to say.
    pub(super) fn are_all(&self) -> bool {
        self.not_below.is_empty() && self.below.is_empty()
    }
}

impl Machine<'_> {
    /// Returns the ends of a range, or fails.
    pub(super) fn ends_of(&mut self, ends: &[Value], spans: [Span; 2]) -> Option<Ends> {
        let mut sides = [rows::MAX, rows::MIN].into_iter().zip(ends).zip(spans).map(|((function, end), span)| {
            let candidates = match end {
                Value::Scalar(id) => self.candidates(*id, function),
                _ => None,
            };
            candidates.ok_or(span)
        });
        let (from, to) = (sides.next()?, sides.next()?);
        drop(sides);
        let (mut not_below, mut below) = match (from, to) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(span), _) | (_, Err(span)) => {
                let message = "this range is not made of whole numbers and dimensions";
                let diagnostic = Diagnostic::new(Fault::Range, span, message);
                self.fail(
                    diagnostic
                        .hint("a range is made of numbers and dimensions: `0..n-1`, `max(i - 2, 0)..min(i + 3, n)`"),
                );
                return None;
            }
        };
        let [first, second] = self.widest(&not_below, &below);
        Some(Ends { from: not_below.remove(first), to: below.remove(second), not_below, below })
    }

    /// Returns the ends of a range that each are one number, or fails.
    pub(super) fn bounds(&mut self, ends: &[Value], spans: [Span; 2]) -> Option<[Dimension; 2]> {
        let ends = self.ends_of(ends, spans)?;
        if !ends.are_all() {
            let message = "the ends of this range are not known to be one number each";
            let diagnostic = Diagnostic::new(Fault::Range, spans[0].to(spans[1]), message);
            self.fail(diagnostic.hint("let the steps that don't count leave the state as it is: `if(i < m, ..., s)`"));
            return None;
        }
        Some([ends.from, ends.to])
    }

    /// Returns the numbers of which an end is the largest, or the smallest.
    fn candidates(&self, id: ExprId, function: FunctionId) -> Option<Vec<Dimension>> {
        if let Some(dimension) = self.known_choice(id) {
            return Some(vec![dimension]);
        }
        match self.gates.graph.node(id) {
            Node::Apply(own, operands) if *own == function => {
                let each = operands.iter().map(|operand| self.candidates(*operand, function));
                Some(each.collect::<Option<Vec<_>>>()?.concat())
            }
            Node::Sum(constant, terms) => {
                let constant = vec![Dimension::number(constant.to_integer()?)];
                terms.iter().try_fold(constant, |sums, (term, count)| {
                    let count = count.to_integer()?;
                    let opposite = if function == rows::MAX { rows::MIN } else { rows::MAX };
                    let own = self.candidates(*term, if count < 0 { opposite } else { function })?;
                    Some(sums.iter().flat_map(|sum| own.iter().map(|own| sum.plus(own, count))).collect())
                })
            }
            _ => None,
        }
    }

    /// Chooses where a range begins and where it ends: so that it always has as many values if that can be, and where the
    /// index is not negative otherwise.
    fn widest(&self, from: &[Dimension], to: &[Dimension]) -> [usize; 2] {
        let pairs = || (0..from.len()).flat_map(|first| (0..to.len()).map(move |second| [first, second]));
        let count = |[first, second]: [usize; 2]| to[second].plus(&from[first], -1).as_number();
        let shortest = pairs().filter(|pair| count(*pair).is_some()).min_by_key(|pair| count(*pair));
        let first = from.iter().position(|from| self.is_never_negative(from)).unwrap_or(0);
        shortest.unwrap_or([first, 0])
    }

    /// Returns the condition that an index is between the other ends of its range.
    pub(super) fn between(&mut self, index: ExprId, ends: &Ends) -> Option<Value> {
        let graph = &mut *self.gates.graph;
        let sides = [(Comparison::GreaterEqual, &ends.not_below), (Comparison::Less, &ends.below)];
        let sides =
            sides.into_iter().flat_map(|(comparison, ends)| ends.iter().map(move |end| (comparison, end.clone())));
        let mut all = None;
        for (comparison, end) in sides {
            let end = graph.construct_matrix(&M::Size(end), &[]);
            let own = graph.intern(Node::Compare(comparison, index, end));
            all = Some(all.map_or(own, |all| graph.intern(Node::And(all, own))));
        }
        all.map(Value::Condition)
    }
}
