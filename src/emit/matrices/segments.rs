//! Recurrences in segments: checkpoints on the way forwards, and the states in between once more on the way back.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Interface, Loops, Place, place};
use super::scanned::Beginning;
use crate::error::Diagnostic;
use crate::graph::{Bound, Dimension, ExprId, Extents};
use crate::program::{Expression, Statement};
use crate::tape::{Output, Recomputed, Scanned};

/// How a recurrence is divided into segments.
#[derive(Clone)]
pub(super) struct Segments {
    /// How many steps there are.
    count: Expression,
    /// How many steps a segment has; the last one may have fewer.
    steps: Expression,
    /// The slices of the states that segments begin with, by the number of the state.
    checkpoints: Vec<(usize, String)>,
}

/// The variables of a loop over segments.
pub(super) struct Segment {
    number: String,
    first: String,
    last: String,
}

impl<'a> Loops<'a> {
    /// Declares the checkpoints of a recurrence; none if it keeps none.
    pub(super) fn begin_segments(&mut self, scanned: &Scanned) -> Option<Segments> {
        let output = scanned.outputs.first().filter(|_| !scanned.checkpoints.is_empty())?.id;
        let count = dimensions::end(&scanned.bound.count(), self.sizes);
        let steps = match steps_of(&count) {
            Some(steps) => steps.into(),
            None => {
                let steps = format!("{}_steps", self.fresh());
                self.statements.push(Statement::name(&steps, length(&count)));
                steps.into()
            }
        };
        let mut checkpoints = Vec::new();
        for state in &scanned.checkpoints {
            let name = self.of_segments(&count, &scanned.states[*state].extents);
            checkpoints.push((*state, name));
        }
        let segments = Segments { count, steps, checkpoints };
        self.segments.insert(output, segments.clone());
        Some(segments)
    }

    /// Returns a slice of as many states as there are steps in a segment, which is not less than the number of segments.
    fn of_segments(&mut self, count: &Expression, extents: &Extents) -> String {
        let (name, entries) = (self.fresh(), self.entries(extents));
        let total = match (steps_of(count), entries.as_whole()) {
            (Some(steps), Some(entries)) => Expression::Whole(steps * entries),
            (Some(steps), None) => Expression::Whole(steps) * entries,
            (None, Some(1)) => length(count),
            (None, _) => length(count) * entries,
        };
        self.temporaries.push((name.clone(), total));
        name
    }

    /// Writes the loop of a recurrence that keeps checkpoints of its states.
    pub(super) fn keep_segments(
        &mut self,
        scanned: &Scanned,
        segments: &Segments,
        names: &[String],
        body: Vec<Statement>,
    ) {
        let number = format!("{}_segment", self.fresh());
        let Segments { count, steps, checkpoints } = segments;
        let mut statements = Vec::new();
        for (state, checkpoint) in checkpoints {
            let (extents, name) = (&scanned.states[*state].extents, &names[*state]);
            statements.push(self.stored(checkpoint, &(&number).into(), extents, name.into()));
        }
        let from = self.dimension(&scanned.bound.from);
        let to = dimensions::end(&scanned.bound.to, self.sizes);
        let own = |number: Expression| after_first(&from, number * steps);
        let (start, end) = (own((&number).into()), own(Expression::from(&number) + 1));
        let range = Expression::range(start, end.method("min", [to]));
        statements.push(Statement::over(variable(&scanned.bound), range, body));
        self.allow_overwriting(scanned);
        self.repeat(&number, Expression::range(0, count.clone().method("div_ceil", [steps.clone()])), statements);
    }

    /// Writes that a state is stored at a place among others.
    pub(super) fn stored(&self, target: &str, at: &Expression, extents: &Extents, state: Expression) -> Statement {
        let target = Expression::from(target);
        if extents.is_scalar() {
            return Statement::set(target.at(at), state);
        }
        let entries = self.entries(extents);
        Statement::copy(target.part(place(at, &entries, 0), entries), state)
    }

    /// Writes what computes states once more before a segment of a loop that goes back through them: nothing if there are
    /// none. From then on, places among these states are counted from the first of the segment.
    pub(super) fn recompute(
        &mut self,
        recomputed: &'a [Recomputed],
        interface: &Interface<'a>,
    ) -> Result<Option<(Segment, Vec<Statement>)>, Diagnostic> {
        if recomputed.is_empty() {
            return Ok(None);
        }
        let name = self.fresh();
        let [number, first, last] = ["segment", "first", "last"].map(|kind| format!("{name}_{kind}"));
        let segment = Segment { number, first, last };
        let before = std::mem::take(&mut self.statements);
        for recomputed in recomputed {
            self.recompute_states(recomputed, &segment, interface)?;
        }
        Ok(Some((segment, std::mem::replace(&mut self.statements, before))))
    }

    fn recompute_states(
        &mut self,
        recomputed: &'a Recomputed,
        segment: &Segment,
        interface: &Interface<'a>,
    ) -> Result<(), Diagnostic> {
        let scanned = &recomputed.scanned;
        let Some(segments) = self.segments.get(&recomputed.of).cloned() else {
            self.unknown = true;
            return Ok(());
        };
        let checkpoint = |state: usize| {
            let kept = segments.checkpoints.iter().find(|(kept, _)| recomputed.states.get(state) == Some(kept));
            kept.map(|(_, name)| name.clone()).unwrap_or_default()
        };
        let mut names = Vec::new();
        for (number, state) in scanned.states.iter().enumerate() {
            let entries = self.entries(&state.extents);
            let checkpoint = checkpoint(number);
            let checkpoint = Expression::from(checkpoint);
            let beginning = match state.extents.is_scalar() {
                true => checkpoint.at(&segment.number),
                false => checkpoint.part(place(&segment.number, &entries, 0), entries),
            };
            names.push(self.begin_state(state, Beginning::At(beginning)));
        }
        let targets = scanned.outputs.iter().map(|output| self.of_segment(&segments, output, scanned));
        let targets: Vec<String> = targets.collect();
        let first = Dimension::name(&segment.first);
        let body = self.steps(scanned, &names, &targets, &first, interface)?;
        let from = self.dimension(&scanned.bound.from);
        let [first_step, last_step] = [&segment.first, &segment.last].map(|step| after_first(&from, step));
        self.repeat_steps(scanned, Expression::range(first_step, last_step), body);
        for (output, target) in scanned.outputs.iter().zip(targets) {
            self.read.insert(output.id);
            self.places.insert(output.id, Place::Slice(target));
            self.firsts.insert(output.id, first.product(&self.rows_of(scanned, output)));
        }
        Ok(())
    }

    /// Returns the slice for the states of one segment.
    fn of_segment(&mut self, segments: &Segments, output: &Output, scanned: &Scanned) -> String {
        self.of_segments(&segments.count, &scanned.states[output.state].extents)
    }

    /// Returns how many rows a state is among all states.
    fn rows_of(&self, scanned: &Scanned, output: &Output) -> Dimension {
        let state = &scanned.states[output.state].extents;
        if state.is_column() { Dimension::number(1) } else { state.rows.clone() }
    }

    /// Writes a loop that goes back through the states of segments which are computed before.
    pub(super) fn go_back(
        &mut self,
        (bound, recomputed): (&Bound, &[Recomputed]),
        (segment, before): (Segment, Vec<Statement>),
        body: Vec<Statement>,
    ) {
        let segments = recomputed.first().and_then(|recomputed| self.segments.get(&recomputed.of)).cloned();
        let Some(Segments { count, steps, .. }) = segments else {
            self.unknown = true;
            return;
        };
        let outputs = recomputed.iter().flat_map(|recomputed| &recomputed.scanned.outputs);
        outputs.for_each(|output| _ = self.firsts.remove(&output.id));
        let Segment { number, first, last } = &segment;
        let from = self.dimension(&bound.from);
        let beyond = after_first(&from, &count);
        let range = Expression::range(beyond.clone() - last, beyond - first);
        let mut statements = vec![
            Statement::name(first, Expression::from(number) * &steps),
            Statement::name(last, (Expression::from(first) + &steps).method("min", [count.clone()])),
        ];
        statements.extend(before);
        statements.push(Statement::over(variable(bound), range, body));
        let segments = Expression::range(0, count.method("div_ceil", [steps]));
        self.repeat(number, segments.method("rev", []), statements);
    }

    /// Returns where rows begin in the slice of a node: rows of states that are computed once more are counted from the
    /// first of their segment.
    pub(super) fn row_in(&self, of: ExprId, row: &Dimension) -> Dimension {
        self.firsts.get(&of).map_or(row.clone(), |first| row.plus(first, -1))
    }
}

/// Writes the step so many steps after the first.
fn after_first(from: &Expression, steps: impl Into<Expression>) -> Expression {
    match from {
        Expression::Whole(0) => steps.into(),
        from => from.clone().plus(steps),
    }
}

/// Writes how many steps a segment has if there are so many steps.
fn length(count: &Expression) -> Expression {
    Expression::kernel("segment", [count.clone()])
}

/// Returns how many steps a segment has if it is known how many steps there are.
fn steps_of(count: &Expression) -> Option<usize> {
    let count = count.as_whole()?;
    Some(count.isqrt() + usize::from(count.isqrt().pow(2) < count)).map(|steps| steps.max(1))
}
