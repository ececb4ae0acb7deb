//! Indexed sums and products, written out term by term.

use super::machine::{Machine, Task};
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::graph::Rational;
use crate::limits;
use crate::syntax::ast::{Expression, NodeId};

impl Machine<'_> {
    pub(super) fn fold(&mut self, id: NodeId) {
        let Expression::Fold(name, index, from, to, _) = self.ast.get(id) else {
            return;
        };
        let Some(ends) = self.take(2) else {
            return self.values.push(Value::Poison);
        };
        let spans = [self.ast.span(*from), self.ast.span(*to)];
        if !self.fixed && ends.iter().any(|end| self.whole_number(end).is_none()) {
            return self.raise(id, &ends, spans);
        }
        self.picks_entries = true;
        let mut bounds = [0i64; 2];
        for ((bound, end), span) in bounds.iter_mut().zip(&ends).zip(spans) {
            match self.whole_number(end) {
                Some(value) => *bound = value,
                None => {
                    let diagnostic = Diagnostic::new(
                        Fault::Range,
                        span,
                        format!("the range of `{}` is not made of whole numbers", name.text),
                    );
                    return self.fail(diagnostic.hint("a range is made of numbers and dimensions: `0..n-1`"));
                }
            }
        }
        let count = usize::try_from(bounds[1].saturating_sub(bounds[0])).unwrap_or(0);
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > limits::WRITTEN_TERMS {
            let diagnostic =
                Diagnostic::new(Fault::Range, spans[0].to(spans[1]), "this range is too long to be written out");
            return self.fail(diagnostic.label(format!("over {} terms", limits::text(limits::WRITTEN_TERMS))));
        }
        // A first binding for each step to replace.
        self.bind(&index.text, Value::Poison);
        self.tasks.push(Task::Gather(id, count));
        self.tasks.extend((bounds[0]..bounds[1]).rev().map(|index| Task::Step(id, index)));
    }

    pub(super) fn gather(&mut self, id: NodeId, count: usize) {
        let Expression::Fold(name, index, .., body) = self.ast.get(id) else {
            return;
        };
        self.unbind(&index.text);
        let span = self.ast.span(*body);
        let Some(values) = self.take(count) else {
            return self.values.push(Value::Poison);
        };
        let spans = vec![span; values.len()];
        let sum = name.text == "sum";
        let result = self.gates.entrywise(&values, &spans, span, |gates, entries| {
            if sum {
                let terms: Vec<_> = entries.iter().map(|id| (*id, false)).collect();
                gates.sum(&terms)
            } else {
                let factors: Vec<_> = entries.iter().map(|id| (*id, Rational::ONE)).collect();
                gates.product(&factors)
            }
        });
        self.settle(result);
    }
}
