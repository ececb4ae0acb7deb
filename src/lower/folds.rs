//! What runs over an index: sums, products and the like, and vectors entry by entry.
//!
//! Short ranges of numbers are written out term by term. Other ranges are raised to vector form where they can be; where
//! not, they are loops.

use super::alike::log_sums_of_rows;
use super::gates::node;
use super::machine::{Machine, Task};
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault, nearest};
use crate::functions::rows;
use crate::graph::{Bound, Dimension, ExprId, Extents, Extreme, MatrixOperation as M, Rational};
use crate::limits;
use crate::source::Span;
use crate::syntax::ast::{BinaryOperator, Expression, Name, NodeId, Range};

/// Most terms over ranges of numbers that are written out.
const MOST_WRITTEN_OUT: usize = 64;

/// Most values of a range that is written out inside of one that is not, and most terms of it with the ranges inside of it.
const MOST_IN_LOOPS: usize = 16;
const MOST_TERMS_IN_LOOPS: usize = 512;

/// What becomes of long ranges of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ranges {
    /// Loops, like ranges of named sizes.
    Loops,
    /// They are written out term by term.
    WrittenOut,
}

/// What is made of the values of the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fold {
    Sum,
    /// How many values of the indices count.
    Count,
    Product,
    Largest,
    Smallest,
    Mean,
    LogSumExp,
    /// A vector of numbers, or a matrix with vectors as its rows.
    Map,
}

/// The functions that run over an index.
const FUNCTIONS: [(&str, Fold); 6] = [
    ("sum", Fold::Sum),
    ("prod", Fold::Product),
    ("max", Fold::Largest),
    ("min", Fold::Smallest),
    ("mean", Fold::Mean),
    ("logsumexp", Fold::LogSumExp),
];

impl Fold {
    /// Tells whether the fold adds up its terms; the others are functions of all terms.
    pub(super) fn adds(self) -> bool {
        matches!(self, Fold::Sum | Fold::Count)
    }
}

/// One index of a fold, the inner ones of which are part of its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Running {
    /// The expression.
    pub id: NodeId,
    /// Which of its indices.
    pub depth: usize,
    /// What is made of the values.
    pub fold: Fold,
}

impl Machine<'_> {
    /// Reads a fold; none if its name is not that of one.
    pub(super) fn fold_named(&self, id: NodeId) -> Result<Fold, Diagnostic> {
        let Expression::Fold(name, ..) = self.ast.get(id) else { return Ok(Fold::Map) };
        let found = FUNCTIONS.iter().find(|(own, _)| *own == name.text);
        found.map(|(_, fold)| *fold).ok_or_else(|| {
            let message = format!("`{}` does not run over an index", name.text);
            let names = FUNCTIONS.iter().map(|(name, _)| *name);
            let hint = match nearest(&name.text, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`sum`, `prod`, `max`, `min`, `mean` and `logsumexp` do".to_string(),
            };
            Diagnostic::new(Fault::Range, name.span, message).hint(hint)
        })
    }

    /// Begins a fold.
    pub(super) fn visit_fold(&mut self, id: NodeId) {
        let fold = match self.fold_named(id) {
            Ok(fold) => fold,
            Err(diagnostic) => return self.fail(diagnostic),
        };
        match fold {
            Fold::Mean => {
                self.tasks.extend([Task::Mean(id), Task::Ranges(Running { id, depth: 0, fold: Fold::Count })]);
                self.visit_range(Running { id, depth: 0, fold: Fold::Sum });
            }
            fold => self.visit_range(Running { id, depth: 0, fold }),
        }
    }

    /// Divides a sum by the number of its terms.
    pub(super) fn mean(&mut self, id: NodeId) {
        let Some(values) = self.take(2) else { return self.values.push(Value::Poison) };
        let span = self.ast.span(id);
        if self.whole_number(&values[1]) == Some(0) {
            return self.fail(Diagnostic::new(Fault::NoEntry, span, "this needs at least one value of its index"));
        }
        let result = self.gates.binary(BinaryOperator::Divide, &values[0], &values[1], [span; 3]);
        self.settle(result);
    }

    /// Returns the ranges, the guard and the body.
    fn parts_of(&self, id: NodeId) -> (&[Range], Option<NodeId>, NodeId) {
        match self.ast.get(id) {
            Expression::Fold(_, ranges, body) => (&ranges.list, ranges.guard, *body),
            Expression::Map(list, body) => (list, None, *body),
            _ => (&[], None, id),
        }
    }

    pub(super) fn range_of(&self, running: Running) -> Option<&Range> {
        self.parts_of(running.id).0.get(running.depth)
    }

    pub(super) fn index_of(&self, running: Running) -> Name {
        let range = self.range_of(running);
        range.map_or(Name { text: String::new(), span: Span::default() }, |range| range.index.clone())
    }

    /// Begins with the ends of a range.
    pub(super) fn visit_range(&mut self, running: Running) {
        if let Some(range) = self.range_of(running).cloned() {
            self.tasks.extend([Task::Fold(running), Task::Visit(range.to), Task::Visit(range.from)]);
        }
    }

    /// Lowers what an index runs over: the next range, or the body with its guard.
    pub(super) fn visit_body(&mut self, running: Running) {
        let (list, guard, body) = self.parts_of(running.id);
        if running.depth + 1 < list.len() {
            return self.visit_range(Running { depth: running.depth + 1, ..running });
        }
        if guard.is_some() {
            self.tasks.extend([Task::Guard(running), Task::AssumeNoLonger]);
        }
        match running.fold {
            Fold::Count => self.tasks.push(Task::One),
            _ => self.tasks.push(Task::Visit(body)),
        }
        if let Some(guard) = guard {
            self.tasks.extend([Task::Assume, Task::Visit(guard)]);
        }
    }

    /// Chooses between a term and what leaves the result as it is.
    pub(super) fn guard(&mut self, running: Running) {
        let Some(values) = self.take(2) else { return self.values.push(Value::Poison) };
        let (_, guard, body) = self.parts_of(running.id);
        let spans = [self.ast.span(guard.unwrap_or(body)), self.ast.span(body), self.ast.span(body)];
        let neutral = match running.fold {
            Fold::Sum | Fold::Count => 0,
            Fold::Product => 1,
            _ => {
                let message = "nothing stands for a term that does not count here";
                let diagnostic = Diagnostic::new(Fault::Range, spans[0], message);
                let hint = "`sum`, `prod` and `mean` take a condition; elsewhere write `if(...)` in the body";
                return self.fail(diagnostic.hint(hint));
            }
        };
        let neutral = Value::Scalar(self.gates.graph.integer(neutral));
        let values = [values[0].clone(), values[1].clone(), neutral];
        let chosen = self.gates.choice(&values, &spans, spans[1], !self.axes.is_empty());
        self.settle(chosen);
    }

    /// Begins with an index, the ends of whose range are on the stack.
    pub(super) fn fold(&mut self, running: Running) {
        let Some(range) = self.range_of(running).cloned() else { return };
        let Some(ends) = self.take(2) else {
            return self.values.push(Value::Poison);
        };
        let spans = [self.ast.span(range.from), self.ast.span(range.to)];
        let numbers: Vec<i64> = ends.iter().filter_map(|end| self.whole_number(end)).collect();
        let [from, to] = numbers[..] else { return self.run_over(running, &ends, spans) };
        let count = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        let (ranges, _, body) = self.parts_of(running.id);
        let inside = self.terms.inside(ranges.get(running.depth + 1..).unwrap_or_default(), &[body], count);
        if self.is_long(count, inside) {
            return self.run_over(running, &ends, spans);
        }
        self.picks_entries = true;
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > limits::WRITTEN_TERMS {
            let diagnostic =
                Diagnostic::new(Fault::TooLarge, spans[0].to(spans[1]), "this range is too long to be written out");
            return self.fail(diagnostic.label(format!("over {} terms", limits::text(limits::WRITTEN_TERMS))));
        }
        // A first binding for each step to replace.
        self.bind_index(&range.index.text, Value::Poison);
        self.tasks.push(Task::Gather(running, count));
        self.tasks.extend((from..to).rev().map(|index| Task::Step(running, index)));
    }

    /// Tells whether so many values of an index, with so many terms for each of them, are a loop rather than written out, and
    /// notes it.
    pub(super) fn is_long(&mut self, count: usize, inside: usize) -> bool {
        let terms = count.saturating_mul(inside);
        let is_long = match self.loops.is_empty() && self.axes.is_empty() {
            true => terms > MOST_WRITTEN_OUT,
            false => count > MOST_IN_LOOPS || terms > MOST_TERMS_IN_LOOPS,
        };
        let is_loop = is_long && self.ranges == Ranges::Loops;
        self.has_long_ranges |= is_loop;
        is_loop
    }

    /// Sets the index to its next value, and lowers what it runs over.
    pub(super) fn next_value(&mut self, running: Running, index: i64) {
        let name = self.index_of(running);
        self.unbind(&name.text);
        let value = Value::Scalar(self.gates.graph.integer(index));
        self.bind_index(&name.text, value);
        self.visit_body(running);
    }

    /// Combines the terms of a range that is written out.
    pub(super) fn gather(&mut self, running: Running, count: usize) {
        let name = self.index_of(running);
        self.unbind(&name.text);
        let span = self.ast.span(self.parts_of(running.id).2);
        let whole = self.ast.span(running.id);
        let Some(values) = self.take(count) else {
            return self.values.push(Value::Poison);
        };
        let spans = vec![span; values.len()];
        let result = match running.fold {
            Fold::Map => self.rows_of_map(running, &values, &spans, whole),
            Fold::LogSumExp if !values.is_empty() => {
                self.list(&values, &spans, whole).and_then(|list| self.folded(running, list))
            }
            Fold::Largest | Fold::Smallest | Fold::LogSumExp if values.is_empty() => {
                let message = "this needs at least one value of its index";
                Err(Diagnostic::new(Fault::NoEntry, whole, message))
            }
            kind => self.gates.entrywise(&values, &spans, span, |gates, entries| match kind {
                Fold::Product => {
                    let factors: Vec<_> = entries.iter().map(|id| (*id, Rational::ONE)).collect();
                    gates.product(&factors)
                }
                Fold::Largest | Fold::Smallest => {
                    let function = if kind == Fold::Largest { rows::MAX } else { rows::MIN };
                    let (first, rest) = (entries[0], &entries[1..]);
                    rest.iter().fold(first, |so_far, next| gates.apply(function, &[so_far, *next]))
                }
                _ => {
                    let terms: Vec<_> = entries.iter().map(|id| (*id, false)).collect();
                    gates.sum(&terms)
                }
            }),
        };
        self.settle(result);
    }

    /// Makes a vector of numbers, or a matrix of vectors as its rows.
    fn rows_of_map(
        &mut self,
        running: Running,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        if values.is_empty() {
            let inner = self.parts_of(running.id).0.len() > running.depth + 1;
            let message = "this vector has no entries";
            let none = Extents::column(Dimension::number(0));
            return match inner {
                true => Err(Diagnostic::new(Fault::NoEntry, span, message)),
                false => Ok(Value::Array(self.gates.graph.full(Rational::ZERO, none), Rank::Vector)),
            };
        }
        let numbers = values.iter().map(|value| match value {
            Value::Scalar(id) => Some(*id),
            _ => None,
        });
        let numbers: Option<Vec<ExprId>> = numbers.collect();
        // In a loop, what is of one form is computed as a whole.
        let whole = numbers.filter(|_| !self.loops.is_empty());
        match whole.and_then(|numbers| log_sums_of_rows(self.gates.graph, &numbers)) {
            Some(vector) => Ok(Value::Array(vector, Rank::Vector)),
            None => self.list(values, spans, span),
        }
    }

    /// Makes the result of what runs over one index of terms that were added up, or are the entries of a vector.
    pub(super) fn folded(&mut self, running: Running, result: Value) -> Result<Value, Diagnostic> {
        let span = self.ast.span(running.id);
        let function = match running.fold {
            Fold::Sum | Fold::Count | Fold::Mean | Fold::Map => return Ok(result),
            Fold::Product => M::EntryProduct,
            Fold::Largest => M::Extremum(Extreme::Largest),
            Fold::Smallest => M::Extremum(Extreme::Smallest),
            Fold::LogSumExp => M::LogSumExp,
        };
        let id = node(&result, span)?;
        let graph = &mut *self.gates.graph;
        if !matches!(result, Value::Array(_, Rank::Matrix)) {
            return Ok(Value::Scalar(graph.matrix(function, &[id])));
        }
        // Of vectors, it is that of the first entries, of the second entries, and so on.
        let extents = graph.extents(id);
        if running.fold == Fold::LogSumExp {
            let columns = self.gates.turned(id);
            return Ok(Value::Array(self.gates.graph.matrix(M::LogSumExpOfRows, &[columns]), Rank::Vector));
        }
        let [zero, one] = [0, 1].map(Dimension::number);
        let bound = Bound { index: graph.fresh_index(), from: zero.clone(), to: extents.columns.clone() };
        let column = graph.slice(id, zero.clone(), bound.index.clone(), Extents::column(extents.rows));
        let value = graph.matrix(function, &[column]);
        let whole = Extents::new(extents.columns, one);
        let placed = match whole.is_scalar() {
            true => value,
            false => graph.matrix(M::Embed(bound.index.clone(), zero, whole), &[value]),
        };
        Ok(Value::Array(graph.loop_as_written(&bound, placed), Rank::Vector))
    }
}
