//! Sums over Kronecker deltas.

use super::{Entry, Index};
use crate::graph::{Dimension, Rational};

/// Sums the deltas away: `sum(k in 0..n, a[k]*delta(k, i))` is `a[i]`, where i runs over no more than k does. `ranges`
/// tells how far the indices of the entry run.
pub(super) fn summed(entry: Entry, ranges: &[(String, Dimension)]) -> Entry {
    let mut ranges = ranges.to_vec();
    collect_ranges(&entry, &mut ranges);
    Deltas { ranges }.summed(entry)
}

fn collect_ranges(entry: &Entry, ranges: &mut Vec<(String, Dimension)>) {
    if let Entry::Fold(name, n, _) = entry {
        ranges.push((name.clone(), n.clone()));
    }
    entry.for_each_part(|part| collect_ranges(part, ranges));
}

/// What is known while deltas are summed.
struct Deltas {
    /// The indices with the numbers of their values.
    ranges: Vec<(String, Dimension)>,
}

impl Deltas {
    fn summed(&self, entry: Entry) -> Entry {
        match entry {
            Entry::Sum(constant, terms) => {
                let terms = terms.into_iter().map(|(k, term)| (k, self.summed(term))).collect();
                Entry::Sum(constant, terms)
            }
            Entry::Product(factors) => {
                let mut flat = Vec::new();
                for (factor, exponent) in factors {
                    match self.summed(factor) {
                        Entry::Product(inner) if exponent.is_one() => flat.extend(inner),
                        factor => flat.push((factor, exponent)),
                    }
                }
                // A sum over an index takes the other factors in, so that their deltas meet.
                let at = flat.iter().position(|(factor, e)| matches!(factor, Entry::Fold(..)) && e.is_one());
                let deltas = flat.iter().any(|(factor, _)| matches!(factor, Entry::Delta(..)));
                if let (Some(at), true) = (at, deltas)
                    && let (Entry::Fold(name, n, body), _) = flat.remove(at)
                {
                    flat.push((*body, Rational::ONE));
                    return self.summed(Entry::Fold(name, n, Box::new(Entry::Product(flat))));
                }
                Entry::Product(flat)
            }
            Entry::Apply(id, entries) => {
                Entry::Apply(id, entries.into_iter().map(|entry| self.summed(entry)).collect())
            }
            Entry::Choice(index, n, [a, b]) => {
                let (a, b) = (self.summed(*a), self.summed(*b));
                Entry::Choice(index, n, [Box::new(a), Box::new(b)])
            }
            Entry::Fold(name, n, body) => self.fold(name, n, self.summed(*body)),
            entry => entry,
        }
    }

    fn fold(&self, name: String, n: Dimension, body: Entry) -> Entry {
        match body {
            // A sum of terms is summed term by term where that does away with an index.
            Entry::Sum(constant, terms)
                if constant.is_zero() && terms.iter().any(|(_, term)| has_delta(term, &name)) =>
            {
                let terms = terms.into_iter().map(|(k, term)| (k, self.fold(name.clone(), n.clone(), term))).collect();
                Entry::Sum(constant, terms)
            }
            Entry::Fold(inner, m, body) if has_delta(&body, &name) => {
                Entry::Fold(inner, m, Box::new(self.fold(name, n, *body)))
            }
            Entry::Delta(a, b) if is_bare(&a, &name) || is_bare(&b, &name) => {
                let by = if is_bare(&a, &name) { b } else { a };
                self.within(&by, &n, Entry::Number(Rational::ONE))
            }
            Entry::Product(mut factors) => {
                let meets = |(factor, _): &(Entry, Rational)| match factor {
                    Entry::Delta(a, b) => is_bare(a, &name) || is_bare(b, &name),
                    _ => false,
                };
                match factors.iter().position(meets) {
                    Some(at) => {
                        let (Entry::Delta(a, b), _) = factors.remove(at) else { return Entry::Product(factors) };
                        let by = if is_bare(&a, &name) { b } else { a };
                        self.within(&by, &n, replaced(Entry::Product(factors), &name, &by))
                    }
                    None => self.distributed(name, n, factors),
                }
            }
            body => Entry::Fold(name, n, Box::new(body)),
        }
    }

    /// Returns an entry where an index is at least 0 and less than a dimension, and 0 elsewhere.
    fn within(&self, index: &Index, n: &Dimension, entry: Entry) -> Entry {
        let zero = Dimension::default();
        let range = index.name.as_ref().map(|name| self.ranges.iter().find(|(own, _)| own == name));
        let from = !index.offset.may_be_negative();
        let to = match range {
            None if index.offset == zero => !n.may_be_negative(),
            None => !n.plus(&index.offset, -1).plus(&Dimension::number(1), -1).may_be_negative(),
            Some(Some((_, count))) => !n.plus(&index.offset, -1).plus(count, -1).may_be_negative(),
            Some(None) => false,
        };
        let nothing = || Box::new(Entry::Number(Rational::ZERO));
        let entry = if to { entry } else { Entry::Choice(index.clone(), n.clone(), [Box::new(entry), nothing()]) };
        if from { entry } else { Entry::Choice(index.clone(), zero, [nothing(), Box::new(entry)]) }
    }

    /// Sums a product over an index: term by term if one of its factors is a sum with a delta of that index.
    fn distributed(&self, name: String, n: Dimension, mut factors: Vec<(Entry, Rational)>) -> Entry {
        let sum = factors.iter().position(|(factor, exponent)| match factor {
            Entry::Sum(constant, terms) => {
                exponent.is_one() && constant.is_zero() && terms.iter().any(|(_, term)| has_delta(term, &name))
            }
            _ => false,
        });
        let Some(at) = sum else {
            // What does not depend on the index stands before the sum.
            let (mut outside, inside): (Vec<_>, Vec<_>) =
                factors.into_iter().partition(|(factor, _)| !mentions(factor, &name));
            let fold = Entry::Fold(name, n, Box::new(Entry::Product(inside)));
            outside.push((fold, Rational::ONE));
            return Entry::Product(outside);
        };
        let (Entry::Sum(constant, terms), _) = factors.remove(at) else { return Entry::Product(factors) };
        let terms = terms.into_iter().map(|(k, term)| {
            let own = factors.iter().cloned().chain([(term, Rational::ONE)]).collect();
            (k, self.summed(Entry::Fold(name.clone(), n.clone(), Box::new(Entry::Product(own)))))
        });
        Entry::Sum(constant, terms.collect())
    }
}

fn is_bare(index: &Index, name: &str) -> bool {
    index.name.as_deref() == Some(name) && index.offset == Dimension::default()
}

fn mentions(entry: &Entry, name: &str) -> bool {
    let index = |index: &Index| index.name.as_deref() == Some(name);
    let mut found = match entry {
        Entry::Leaf(_, places) => places.iter().any(index),
        Entry::Delta(a, b) => index(a) || index(b),
        Entry::Choice(own, ..) => index(own),
        _ => false,
    };
    entry.for_each_part(|part| found |= mentions(part, name));
    found
}

fn has_delta(entry: &Entry, name: &str) -> bool {
    match entry {
        Entry::Delta(a, b) => is_bare(a, name) || is_bare(b, name),
        Entry::Product(factors) => factors.iter().any(|(factor, _)| has_delta(factor, name)),
        Entry::Fold(_, _, body) => has_delta(body, name),
        _ => false,
    }
}

fn replaced(entry: Entry, name: &str, by: &Index) -> Entry {
    let all = |entries: Vec<(Entry, Rational)>| {
        entries.into_iter().map(|(entry, k)| (replaced(entry, name, by), k)).collect::<Vec<_>>()
    };
    match entry {
        Entry::Number(_) => entry,
        Entry::Leaf(id, places) => Entry::Leaf(id, places.iter().map(|place| place.replaced(name, by)).collect()),
        Entry::Delta(a, b) => Entry::Delta(a.replaced(name, by), b.replaced(name, by)),
        Entry::Sum(constant, terms) => {
            Entry::Sum(constant, terms.into_iter().map(|(k, term)| (k, replaced(term, name, by))).collect())
        }
        Entry::Product(factors) => Entry::Product(all(factors)),
        Entry::Apply(id, entries) => {
            Entry::Apply(id, entries.into_iter().map(|entry| replaced(entry, name, by)).collect())
        }
        Entry::Fold(own, n, body) => Entry::Fold(own, n, Box::new(replaced(*body, name, by))),
        Entry::Choice(index, n, parts) => {
            Entry::Choice(index.replaced(name, by), n, parts.map(|part| Box::new(replaced(*part, name, by))))
        }
    }
}
