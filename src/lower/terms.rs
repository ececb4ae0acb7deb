//! How many terms the ranges of an expression have, were all of them written out.

use crate::graph::Rational;
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator, Expression, Item, Name, NodeId, Range, UnaryOperator};
use rustc_hash::{FxHashMap, FxHashSet};

/// The terms of each expression, where ranges one inside of the other multiply.
pub(super) struct Terms {
    counts: Vec<Count>,
    ends: Vec<End>,
}

/// A number of terms: a range whose ends are made of other indices counts as long as the one around it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Count {
    /// How many ranges have such ends.
    open: u32,
    /// How many terms the others have.
    terms: usize,
}

/// What the end of a range is.
#[derive(Clone, Copy)]
enum End {
    Number(i64),
    /// Made of an index.
    Index,
    /// A size with a name, or anything else that is not known.
    Other,
}

impl Terms {
    /// Counts the terms of all expressions of a source.
    pub(super) fn of(ast: &Ast, items: &[(Item, Span)]) -> Self {
        let bodies: FxHashMap<&str, NodeId> =
            items.iter().map(|(item, _)| (item.name().text.as_str(), item.body())).collect();
        let all = || (0..ast.len()).map(|at| NodeId(at as u32));
        let indices: FxHashSet<&str> =
            all().flat_map(|id| ranges(ast.get(id))).map(|own| own.index.text.as_str()).collect();
        let mut ends: Vec<End> = Vec::with_capacity(ast.len());
        let mut counts: Vec<Count> = Vec::with_capacity(ast.len());
        // Parts of an expression stand before it.
        for id in all() {
            let expression = ast.get(id);
            let body = match expression {
                Expression::Name(name) | Expression::Call(Name { text: name, .. }, _) => bodies.get(name.as_str()),
                _ => None,
            };
            let end = match expression {
                Expression::Name(name) if indices.contains(name.as_str()) => End::Index,
                Expression::Name(_) => body.and_then(|body| ends.get(body.index())).copied().unwrap_or(End::Other),
                _ => End::of(expression, &ends),
            };
            let mut inside = body.and_then(|body| counts.get(body.index())).copied().unwrap_or(Count::ONE);
            expression.for_each_child(|child| {
                inside = inside.max(counts.get(child.index()).copied().unwrap_or(Count::ONE));
            });
            let count = ranges(expression).iter().fold(inside, |inside, range| inside.times(Count::over(range, &ends)));
            ends.push(end);
            counts.push(count);
        }
        Terms { counts, ends }
    }

    /// Returns how many terms these expressions have for each value of an index, the largest number of them, where the given
    /// ranges are in between. A range whose ends are made of other indices has as many values as are `around`.
    pub(super) fn inside(&self, ranges: &[Range], bodies: &[NodeId], around: usize) -> usize {
        let counts = bodies.iter().filter_map(|body| self.counts.get(body.index()).copied());
        let body = counts.max().unwrap_or(Count::ONE);
        let Count { open, terms } =
            ranges.iter().fold(body, |inside, range| inside.times(Count::over(range, &self.ends)));
        terms.saturating_mul(around.saturating_pow(open))
    }
}

impl Count {
    const ONE: Count = Count { open: 0, terms: 1 };

    fn over(range: &Range, ends: &[End]) -> Count {
        let end = |id: NodeId| ends.get(id.index()).copied().unwrap_or(End::Other);
        match (end(range.from), end(range.to)) {
            (End::Number(from), End::Number(to)) => {
                Count { open: 0, terms: usize::try_from(to.saturating_sub(from)).unwrap_or(0) }
            }
            (End::Index, _) | (_, End::Index) => Count { open: 1, terms: 1 },
            _ => Count::ONE,
        }
    }

    fn times(self, other: Count) -> Count {
        Count { open: self.open.saturating_add(other.open), terms: self.terms.saturating_mul(other.terms) }
    }
}

impl End {
    fn of(expression: &Expression, ends: &[End]) -> End {
        let end = |id: &NodeId| ends.get(id.index()).copied().unwrap_or(End::Other);
        match expression {
            Expression::Number(text) => {
                Rational::parse(text).and_then(|number| number.to_integer()).map_or(End::Other, End::Number)
            }
            Expression::Unary(UnaryOperator::Negate, a) => match end(a) {
                End::Number(a) => a.checked_neg().map_or(End::Other, End::Number),
                a => a,
            },
            Expression::Binary(operator, a, b) => match (end(a), end(b)) {
                (End::Number(a), End::Number(b)) => {
                    let value = match operator {
                        BinaryOperator::Add => a.checked_add(b),
                        BinaryOperator::Subtract => a.checked_sub(b),
                        BinaryOperator::Multiply => a.checked_mul(b),
                        _ => None,
                    };
                    value.map_or(End::Other, End::Number)
                }
                (End::Index, _) | (_, End::Index) => End::Index,
                _ => End::Other,
            },
            _ => End::Other,
        }
    }
}

/// Lists the ranges that an expression has by itself.
fn ranges(expression: &Expression) -> &[Range] {
    match expression {
        Expression::Fold(_, ranges, _) => &ranges.list,
        Expression::Map(list, _) => list,
        Expression::Recurrence(_, recurrence) => std::slice::from_ref(&recurrence.range),
        _ => &[],
    }
}
