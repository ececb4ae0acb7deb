//! Recurrences: `fold` and `scan`, whose states each value of an index makes new ones of.
//!
//! Short ranges of numbers are written out step by step; others are one node for each state.

use super::gates::node;
use super::machine::{Machine, Task};
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Bound, Dimension, ExprId, Extents, Kept, MatrixOperation, Rational, Scan};
use crate::limits;
use crate::source::Span;
use crate::syntax::ast::{Expression, Name, NodeId, Recurrence};

/// A recurrence that is written out, up to the next step.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    id: NodeId,
    next: i64,
    end: i64,
    states: Vec<Value>,
    /// The states after each step so far.
    all: Vec<Vec<Value>>,
}

impl Machine<'_> {
    fn recurrence_at(&self, id: NodeId) -> Option<(&str, Recurrence)> {
        match self.ast.get(id) {
            Expression::Recurrence(name, recurrence) => Some((&name.text, (**recurrence).clone())),
            _ => None,
        }
    }

    /// Begins with the ends of the range and the first states.
    pub(super) fn visit_recurrence(&mut self, id: NodeId) {
        let Some((_, recurrence)) = self.recurrence_at(id) else { return };
        self.tasks.push(Task::Recurrence(id));
        self.tasks.extend(recurrence.states.iter().rev().map(|state| Task::Visit(state.initial)));
        self.tasks.extend([Task::Visit(recurrence.range.to), Task::Visit(recurrence.range.from)]);
    }

    /// Begins a recurrence, whose ends and first states are on the stack.
    pub(super) fn recurrence(&mut self, id: NodeId) {
        let Some((_, recurrence)) = self.recurrence_at(id) else { return };
        let Some(mut ends) = self.take(2 + recurrence.states.len()) else { return self.values.push(Value::Poison) };
        let states = ends.split_off(2);
        let spans = [self.ast.span(recurrence.range.from), self.ast.span(recurrence.range.to)];
        let numbers: Vec<i64> = ends.iter().filter_map(|end| self.whole_number(end)).collect();
        let [next, end] = numbers[..] else { return self.begin_recurrence(id, &recurrence, &ends, states, spans) };
        let count = usize::try_from(end.saturating_sub(next)).unwrap_or(0);
        let inside = self.terms.inside(&[], &recurrence.next, count);
        if self.is_long(count, inside) {
            return self.begin_recurrence(id, &recurrence, &ends, states, spans);
        }
        self.picks_entries = true;
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > limits::WRITTEN_TERMS {
            let message = "this range is too long to be written out";
            let diagnostic = Diagnostic::new(Fault::TooLarge, spans[0].to(spans[1]), message);
            return self.fail(diagnostic.label(format!("over {} steps", limits::text(limits::WRITTEN_TERMS))));
        }
        self.tasks.push(Task::Advance(Steps { id, next, end, states, all: Vec::new() }));
    }

    fn bind_step(&mut self, recurrence: &Recurrence, index: Value, states: &[Value]) {
        self.bind_index(&recurrence.range.index.text, index);
        for (state, value) in recurrence.states.iter().zip(states) {
            self.bind(&state.name.text, value.clone());
        }
    }

    fn unbind_step(&mut self, recurrence: &Recurrence) {
        recurrence.states.iter().for_each(|state| self.unbind(&state.name.text));
        self.unbind(&recurrence.range.index.text);
    }

    /// Takes the next step, or ends.
    pub(super) fn advance(&mut self, mut steps: Steps) {
        let Some((name, recurrence)) = self.recurrence_at(steps.id) else { return };
        let kept = kept_by(name);
        if steps.next >= steps.end {
            let result = if kept == Kept::Last { Ok(several(steps.states)) } else { self.all_states(&steps) };
            return self.settle(result);
        }
        let index = Value::Scalar(self.gates.graph.integer(steps.next));
        if kept == Kept::Before {
            steps.all.push(steps.states.clone());
        }
        self.bind_step(&recurrence, index, &steps.states);
        self.tasks.push(Task::Advanced(steps));
        self.tasks.extend(recurrence.next.iter().rev().map(|next| Task::Visit(*next)));
    }

    /// Takes the states that a step has left.
    pub(super) fn advanced(&mut self, mut steps: Steps) {
        let Some((name, recurrence)) = self.recurrence_at(steps.id) else { return };
        let kept = kept_by(name);
        self.unbind_step(&recurrence);
        let Some((values, spans)) = self.left_by_a_step(&recurrence) else { return };
        for ((old, new), span) in steps.states.iter().zip(&values).zip(spans) {
            if let Err(diagnostic) = self.require_same(old, new, span) {
                return self.fail(diagnostic);
            }
        }
        if kept == Kept::After {
            steps.all.push(values.clone());
        }
        steps.states = values;
        steps.next += 1;
        self.tasks.push(Task::Advance(steps));
    }

    /// Takes the values that a step leaves, one for each state, each with where it is written.
    fn left_by_a_step(&mut self, recurrence: &Recurrence) -> Option<(Vec<Value>, Vec<Span>)> {
        let count = recurrence.states.len();
        let spans = recurrence.next.iter().map(|next| self.ast.span(*next));
        let spans: Vec<Span> = spans.cycle().take(count).collect();
        let Some(values) = self.take(recurrence.next.len()) else {
            self.values.push(Value::Poison);
            return None;
        };
        let values = match values.as_slice() {
            [Value::States(values)] if count > 1 => values.clone(),
            _ => values,
        };
        if values.len() != count {
            let message =
                format!("{count} states become {} value{}", values.len(), if values.len() == 1 { "" } else { "s" });
            let hint = "write what each state becomes, in order: `fold(i in 0..n, (p = p0, v = v0), (p + v, v))`";
            self.fail(Diagnostic::new(Fault::Arguments, spans[0], message).hint(hint));
            return None;
        }
        Some((values, spans))
    }

    /// Checks that a step leaves a state of the shape that it found.
    fn require_same(&self, old: &Value, new: &Value, span: Span) -> Result<(), Diagnostic> {
        let (a, b) = (node(old, span)?, node(new, span)?);
        let number = old.is_number() == new.is_number();
        if number && self.gates.graph.extents(a) == self.gates.graph.extents(b) {
            return Ok(());
        }
        let (old, new) = (self.gates.described(old), self.gates.described(new));
        let message = format!("this state begins as a {old} and becomes a {new}");
        Err(Diagnostic::new(Fault::Shapes, span, message).hint("begin with the shape that it has later: `zeros(n)`"))
    }

    /// Makes the vectors, or matrices, of the states after each step.
    fn all_states(&mut self, steps: &Steps) -> Result<Value, Diagnostic> {
        let span = self.ast.span(steps.id);
        let mut results = Vec::new();
        for (state, first) in steps.states.iter().enumerate() {
            let values: Vec<Value> = steps.all.iter().map(|states| states[state].clone()).collect();
            let spans = vec![span; values.len()];
            results.push(match values.as_slice() {
                [] => {
                    let one = self.gates.graph.extents(node(first, span)?).rows;
                    let rows = if first.is_number() { Dimension::number(1) } else { one };
                    let none = Extents::new(Dimension::number(0), rows);
                    let zeros = self.gates.graph.full(Rational::ZERO, none);
                    Value::Array(zeros, if first.is_number() { Rank::Vector } else { Rank::Matrix })
                }
                values if matches!(first, Value::Array(_, Rank::Matrix)) => {
                    let parts: Vec<ExprId> = values.iter().map(|value| node(value, span)).collect::<Result<_, _>>()?;
                    let stack = MatrixOperation::Stack;
                    let id = if parts.len() == 1 { parts[0] } else { self.gates.graph.matrix(stack, &parts) };
                    Value::Array(id, Rank::Matrix)
                }
                values => self.list(values, &spans, span)?,
            });
        }
        Ok(several(results))
    }

    /// Begins a recurrence over a range that is not made of numbers alone.
    fn begin_recurrence(
        &mut self,
        id: NodeId,
        recurrence: &Recurrence,
        ends: &[Value],
        states: Vec<Value>,
        spans: [Span; 2],
    ) {
        let Some([from, to]) = self.bounds(ends, spans) else { return };
        if self.loops.len() >= limits::NESTED_LOOPS {
            return self.fail(self.too_deep(id));
        }
        self.need([from.clone()]);
        let index = self.gates.graph.fresh_index();
        let bound = Bound { index, from, to };
        let mut initial = Vec::new();
        let mut inside = Vec::new();
        for (state, (value, place)) in states.iter().zip(&recurrence.states).enumerate() {
            let span = self.ast.span(place.initial);
            let (begun, rank) = match value.node() {
                Some(found) => found,
                None => match node(value, span) {
                    Ok(begun) => (begun, None),
                    Err(diagnostic) => return self.fail(diagnostic),
                },
            };
            let extents = self.gates.graph.extents(begun);
            let own = self.gates.graph.state(&bound, state, extents);
            inside.push(rank.map_or(Value::Scalar(own), |rank| Value::Array(own, rank)));
            initial.push(begun);
        }
        let number = MatrixOperation::Size(bound.index.clone());
        let index = Value::Scalar(self.gates.graph.construct_matrix(&number, &[]));
        self.loops.push(bound);
        self.loop_names.push(Dimension::name(&recurrence.range.index.text));
        self.bind_step(recurrence, index, &inside);
        self.tasks.push(Task::Recurred(id, initial));
        self.tasks.extend(recurrence.next.iter().rev().map(|next| Task::Visit(*next)));
    }

    /// Ends a recurrence over a range that is not made of numbers alone.
    pub(super) fn recurred(&mut self, id: NodeId, initial: &[ExprId]) {
        self.loop_names.pop();
        let (Some(bound), Some((name, recurrence))) = (self.loops.pop(), self.recurrence_at(id)) else { return };
        let kept = kept_by(name);
        let inside: Vec<Value> = recurrence.states.iter().map(|state| self.value_of(&state.name.text)).collect();
        self.unbind_step(&recurrence);
        let Some((values, spans)) = self.left_by_a_step(&recurrence) else { return };
        let mut next = Vec::new();
        for ((old, new), span) in inside.iter().zip(&values).zip(spans) {
            match self.require_same(old, new, span).and_then(|()| node(new, span)) {
                Ok(node) => next.push(node),
                Err(diagnostic) => return self.fail(diagnostic),
            }
        }
        // The states of all steps are kept for the derivatives, too.
        if (kept != Kept::Last || !bound.count().is_running()) && !self.is_empty(&bound.count()) {
            self.need([bound.count()]);
        }
        let is_uncertain = |count: &Dimension| count.may_be_negative() && !count.is_running();
        self.uncertain.extend(Some(bound.count()).filter(is_uncertain));
        let is_empty = self.is_empty(&bound.count());
        if is_empty && kept == Kept::Last {
            let begun = |(begun, value): (&ExprId, Value)| match value {
                Value::Array(_, rank) => Value::Array(*begun, rank),
                _ => Value::Scalar(*begun),
            };
            return self.values.push(several(initial.iter().zip(inside).map(begun).collect()));
        }
        let bound = if is_empty { Bound { to: bound.from.clone(), ..bound } } else { bound };
        let scan = Scan { bound, initial: initial.to_vec(), next, state: 0, kept };
        let mut results = Vec::new();
        for (state, value) in inside.iter().enumerate() {
            let result = self.gates.graph.scan_as_written(&scan.other(state, kept));
            results.push(match (kept, value) {
                (Kept::Last, Value::Array(_, rank)) => Value::Array(result, *rank),
                (Kept::Last, _) => Value::Scalar(result),
                (_, Value::Array(_, Rank::Vector | Rank::Matrix)) => Value::Array(result, Rank::Matrix),
                _ => Value::Array(result, Rank::Vector),
            });
        }
        self.values.push(several(results));
    }

    /// Returns what a name stands for.
    fn value_of(&self, name: &str) -> Value {
        let bound = self.frames.last().and_then(|frame| frame.bindings.get(name)).and_then(|values| values.last());
        bound.cloned().unwrap_or(Value::Poison)
    }

    /// Binds the names of a `let` to the states of a recurrence.
    pub(super) fn bind_states(&mut self, names: &[Name], value: Value, place: Span) {
        let span = names.first().map_or(Span::default(), |name| name.span);
        let states = match value {
            Value::States(states) if states.len() == names.len() => states,
            Value::Poison => vec![Value::Poison; names.len()],
            other => {
                let found = if let Value::States(states) = other { states.len() } else { 1 };
                let message =
                    format!("{} names stand for {found} value{}", names.len(), if found == 1 { "" } else { "s" });
                let diagnostic = Diagnostic::new(Fault::Arguments, span.to(place), message);
                let hint = "several names stand for the states of a recurrence: `let (p, v) = fold(...)`";
                self.errors.push(diagnostic.hint(hint));
                vec![Value::Poison; names.len()]
            }
        };
        for (name, state) in names.iter().zip(states) {
            self.bind(&name.text, state);
        }
    }
}

/// Tells what a function keeps of the states.
fn kept_by(name: &str) -> Kept {
    match name {
        "fold" => Kept::Last,
        "scan" => Kept::After,
        _ => Kept::Before,
    }
}

/// Makes a value of one state, or of several.
fn several(mut states: Vec<Value>) -> Value {
    if states.len() == 1 { states.swap_remove(0) } else { Value::States(states) }
}
