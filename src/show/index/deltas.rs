//! Sums over Kronecker deltas.

use super::{Entry, Index};
use crate::graph::{Dimension, Rational};

/// Sums the deltas away: `sum(k in 0..n, a[k]*delta(k, i))` is `a[i]`.
pub(super) fn summed(entry: Entry) -> Entry {
    match entry {
        Entry::Sum(constant, terms) => {
            let terms = terms.into_iter().map(|(k, term)| (k, summed(term))).collect();
            Entry::Sum(constant, terms)
        }
        Entry::Product(factors) => {
            let mut flat = Vec::new();
            for (factor, exponent) in factors {
                match summed(factor) {
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
                return summed(Entry::Fold(name, n, Box::new(Entry::Product(flat))));
            }
            Entry::Product(flat)
        }
        Entry::Apply(id, entries) => Entry::Apply(id, entries.into_iter().map(summed).collect()),
        Entry::Fold(name, n, body) => fold(name, n, summed(*body)),
        entry => entry,
    }
}

fn fold(name: String, n: Dimension, body: Entry) -> Entry {
    match body {
        // A sum of terms is summed term by term where that does away with an index.
        Entry::Sum(constant, terms) if constant.is_zero() && terms.iter().any(|(_, term)| has_delta(term, &name)) => {
            let terms = terms.into_iter().map(|(k, term)| (k, fold(name.clone(), n.clone(), term))).collect();
            Entry::Sum(constant, terms)
        }
        Entry::Fold(inner, m, body) if has_delta(&body, &name) => Entry::Fold(inner, m, Box::new(fold(name, n, *body))),
        Entry::Delta(a, b) if is_bare(&a, &name) || is_bare(&b, &name) => Entry::Number(Rational::ONE),
        Entry::Product(mut factors) => {
            let meets = |(factor, _): &(Entry, Rational)| match factor {
                Entry::Delta(a, b) => is_bare(a, &name) || is_bare(b, &name),
                _ => false,
            };
            match factors.iter().position(meets) {
                Some(at) => {
                    let (Entry::Delta(a, b), _) = factors.remove(at) else { return Entry::Product(factors) };
                    let by = if is_bare(&a, &name) { b } else { a };
                    replaced(Entry::Product(factors), &name, &by)
                }
                None => distributed(name, n, factors),
            }
        }
        body => Entry::Fold(name, n, Box::new(body)),
    }
}

/// Sums a product over an index: term by term if one of its factors is a sum with a delta of that index.
fn distributed(name: String, n: Dimension, mut factors: Vec<(Entry, Rational)>) -> Entry {
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
        (k, summed(Entry::Fold(name.clone(), n.clone(), Box::new(Entry::Product(own)))))
    });
    Entry::Sum(constant, terms.collect())
}

fn is_bare(index: &Index, name: &str) -> bool {
    index.name.as_deref() == Some(name) && index.offset == Dimension::default()
}

fn mentions(entry: &Entry, name: &str) -> bool {
    let index = |index: &Index| index.name.as_deref() == Some(name);
    match entry {
        Entry::Number(_) => false,
        Entry::Leaf(_, places) => places.iter().any(index),
        Entry::Delta(a, b) => index(a) || index(b),
        Entry::Sum(_, terms) => terms.iter().any(|(_, term)| mentions(term, name)),
        Entry::Product(factors) => factors.iter().any(|(factor, _)| mentions(factor, name)),
        Entry::Apply(_, entries) => entries.iter().any(|entry| mentions(entry, name)),
        Entry::Fold(_, _, body) => mentions(body, name),
    }
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
    }
}
