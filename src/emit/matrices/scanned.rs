//! Recurrences: a loop that carries states from step to step.

use super::bodies::variable;
use super::loops::{Interface, Loops, Place, place};
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Kept};
use crate::program::{Expression, Statement, Type};
use crate::tape::{Carried, Output, Scanned, Step};
use rustc_hash::FxHashSet;

/// What a state begins with.
pub(super) enum Beginning {
    /// A node.
    With(ExprId),
    /// What stands at this place.
    At(Expression),
}

/// Tells whether the steps make a number anew without reading what it was.
fn is_overwritten(state: &Carried) -> bool {
    state.own.is_none() && state.extents.is_scalar()
}

/// Lists the states without a name that are made of numbers: these are stored one by one.
fn rows_of_numbers(scanned: &Scanned, names: &[String]) -> FxHashSet<ExprId> {
    let read: FxHashSet<ExprId> = scanned.plan.steps.iter().flat_map(Step::operands).copied().collect();
    let parts = scanned.sums.iter().flat_map(|sum| &sum.parts).map(|part| part.value);
    let read: FxHashSet<ExprId> = read.into_iter().chain(parts).collect();
    let unnamed = scanned.states.iter().zip(names).filter(|(_, name)| name.is_empty());
    unnamed.map(|(state, _)| state.next).filter(|next| !read.contains(next)).collect()
}

impl<'a> Loops<'a> {
    /// Writes a recurrence.
    pub(super) fn scanned(&mut self, scanned: &'a Scanned, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        self.close();
        self.turn_what_is_read(&scanned.plan, &scanned.operands);
        self.exponentials_before(&scanned.plan, &scanned.operands);
        for recomputed in &scanned.recomputed {
            self.turn_what_is_read(&recomputed.scanned.plan, &scanned.operands);
        }
        let begin = |(number, state): (usize, &Carried)| match scanned.is_only_kept(number) {
            true => String::new(),
            false => self.begin_state(state, Beginning::With(state.initial)),
        };
        let names: Vec<String> = scanned.states.iter().enumerate().map(begin).collect();
        let targets: Vec<String> = scanned.outputs.iter().map(|output| self.output_of(output, &names)).collect();
        for sum in &scanned.sums {
            self.begin_output(&scanned.bound, &scanned.plan, sum);
        }
        let segments = self.begin_segments(scanned);
        let before = self.recompute(&scanned.recomputed, interface)?;
        let body = self.steps(scanned, &names, &targets, &Dimension::number(0), interface)?;
        match (segments, before) {
            (Some(segments), _) => self.keep_segments(scanned, &segments, &names, body),
            (_, Some(before)) => self.go_back((&scanned.bound, &scanned.recomputed), before, body),
            _ => self.repeat_steps(scanned, self.range(&scanned.bound), body),
        }
        Ok(())
    }

    /// Writes the loop around the steps of a recurrence.
    pub(super) fn repeat_steps(&mut self, scanned: &Scanned, range: Expression, body: Vec<Statement>) {
        self.allow_overwriting(scanned);
        self.repeat(&variable(&scanned.bound), range, body);
    }

    /// Says that some states may be assigned without being read, where there are such states.
    pub(super) fn allow_overwriting(&mut self, scanned: &Scanned) {
        let is_overwritten = scanned.states.iter().any(is_overwritten);
        self.statements.extend(is_overwritten.then_some(Statement::MayOverwrite));
    }

    /// Returns what is done in one step of a recurrence; places of what is kept are counted from the given step.
    pub(super) fn steps(
        &mut self,
        scanned: &'a Scanned,
        names: &[String],
        targets: &[String],
        first: &Dimension,
        interface: &Interface<'a>,
    ) -> Result<Vec<Statement>, Diagnostic> {
        let at = self.dimension(&scanned.bound.index.plus(&scanned.bound.from, -1).plus(first, -1));
        self.inside(&scanned.bound, &scanned.plan, |loops| {
            for (state, name) in scanned.states.iter().zip(names) {
                loops.places.extend(state.own.map(|own| (own, place_of(name, state.extents.is_scalar()))));
            }
            loops.keep(scanned, Kept::Before, (names, targets), &at);
            loops.within.kept_rows = rows_of_numbers(scanned, names);
            for step in &scanned.plan.steps {
                loops.step(step, interface)?;
            }
            loops.close();
            for sum in &scanned.sums {
                for part in &sum.parts {
                    loops.add_part(sum, part);
                }
            }
            loops.close();
            loops.keep_at_once(scanned, (names, targets), &at);
            loops.replace_states(scanned, names);
            loops.keep(scanned, Kept::After, (names, targets), &at);
            Ok(())
        })
    }

    /// Declares a state with what it begins with, and returns its name.
    pub(super) fn begin_state(&mut self, state: &Carried, beginning: Beginning) -> String {
        let is_scalar = state.extents.is_scalar();
        let source = match beginning {
            Beginning::With(id) if is_scalar => self.number(id),
            Beginning::With(id) => self.slice(id),
            Beginning::At(place) => place,
        };
        if is_scalar {
            let (name, float) = (self.fresh(), self.writer.options.scalar);
            self.statements.extend(is_overwritten(state).then_some(Statement::MayOverwrite));
            self.statements.push(Statement::Let {
                names: vec![name.clone()],
                is_mutable: state.own != Some(state.next),
                kind: Some(Type::Float(float)),
                value: source,
            });
            return name;
        }
        let name = self.temporary(&state.extents);
        self.statements.push(Statement::copy(&name, source));
        name
    }

    /// Returns where what is kept of a state is written to; nowhere if it is computed once more instead.
    fn output_of(&mut self, output: &Output, names: &[String]) -> String {
        let own = names[output.state].clone();
        if output.kept == Kept::Last {
            self.places.insert(output.id, place_of(&own, output.extents.is_scalar()));
            return own;
        }
        if output.is_recomputed {
            return String::new();
        }
        let target = self.target(output.id);
        self.read.insert(output.id);
        self.places.insert(output.id, Place::Slice(target.clone()));
        target
    }

    /// Stores the states as they are, where that is asked for.
    fn keep(&mut self, scanned: &Scanned, kept: Kept, (names, targets): (&[String], &[String]), at: &Expression) {
        for (output, target) in scanned.outputs.iter().zip(targets) {
            if output.kept == kept && !target.is_empty() && !names[output.state].is_empty() {
                let (extents, name) = (&scanned.states[output.state].extents, &names[output.state]);
                self.statements.push(self.stored(target, at, extents, name.into()));
            }
        }
    }

    /// Stores the states that are only kept, which have no names.
    fn keep_at_once(&mut self, scanned: &Scanned, (names, targets): (&[String], &[String]), at: &Expression) {
        for (output, target) in scanned.outputs.iter().zip(targets) {
            let state = &scanned.states[output.state];
            if !names[output.state].is_empty() {
                continue;
            }
            if self.within.kept_rows.contains(&state.next)
                && let Some(numbers) = self.numbers_stacked(state.next)
            {
                let (row, entries) = (self.fresh(), self.entries(&state.extents));
                let start = place(at, &entries, 0);
                let part = Expression::from(target).part(start, entries);
                self.statements.push(Statement::name(&row, part.mutable()));
                for (entry, number) in numbers.iter().enumerate() {
                    let number = self.number(*number);
                    self.statements.push(Statement::set(Expression::from(&row).at(entry), number));
                }
                continue;
            }
            let value = if state.extents.is_scalar() { self.number(state.next) } else { self.slice(state.next) };
            self.statements.push(self.stored(target, at, &state.extents, value));
        }
    }

    /// Puts the states that a step leaves in place of those that it found.
    fn replace_states(&mut self, scanned: &Scanned, names: &[String]) {
        let (mut numbers, mut values, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for (state, name) in scanned.states.iter().zip(names).filter(|(_, name)| !name.is_empty()) {
            if state.extents.is_scalar() {
                let value = self.number(state.next);
                if value.as_name() != Some(name) {
                    numbers.push(Expression::from(name));
                    values.push(value);
                }
                continue;
            }
            let source = self.slice(state.next);
            if source.as_name() == Some(name) {
                continue;
            }
            let is_own = |own: &String| source.as_name() == Some(own);
            if self.temporaries.iter().any(|(own, _)| is_own(own)) && !names.iter().any(is_own) {
                copies.push((name.clone(), source));
            } else {
                // What it becomes is part of something that changes, too.
                let kept = self.temporary(&state.extents);
                self.statements.push(Statement::copy(&kept, source));
                copies.push((name.clone(), kept.into()));
            }
        }
        match numbers.len() {
            0 => {}
            1 => {
                self.statements.extend(numbers.pop().zip(values.pop()).map(|(name, value)| Statement::set(name, value)))
            }
            _ => self.statements.push(Statement::set(Expression::Tuple(numbers), Expression::Tuple(values))),
        }
        self.statements.extend(copies.into_iter().map(|(name, source)| Statement::copy(name, source)));
    }
}

/// Returns the place of a number or a slice with a name.
fn place_of(name: &str, is_number: bool) -> Place {
    if is_number { Place::Number(name.into()) } else { Place::Slice(name.to_string()) }
}
