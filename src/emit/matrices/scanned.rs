//! Recurrences: a loop that carries states from step to step.

use super::dimensions;
use super::looped::variable;
use super::loops::{Interface, Loops, Place, place};
use crate::emit::expression::bare;
use crate::error::Diagnostic;
use crate::graph::Kept;
use crate::tape::{Carried, Output, Scanned};

/// Stands before what assigns a value that may not be read.
const OVERWRITTEN: &str = "#[allow(unused_assignments)]";

/// Tells whether the steps make a number anew without reading what it was.
fn is_overwritten(state: &Carried) -> bool {
    state.own.is_none() && state.extents.is_scalar()
}

impl<'a> Loops<'a> {
    /// Writes a recurrence.
    pub(super) fn scanned(&mut self, scanned: &'a Scanned, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        self.close();
        self.turn_what_is_read(&scanned.plan, &scanned.operands);
        let names: Vec<String> = scanned.states.iter().map(|state| self.begin_state(state)).collect();
        for (state, name) in scanned.states.iter().zip(&names) {
            if let Some(own) = state.own {
                let scalar = state.extents.is_scalar();
                self.places.insert(own, if scalar { Place::Number(name.clone()) } else { Place::Slice(name.clone()) });
            }
        }
        let targets: Vec<String> = scanned.outputs.iter().map(|output| self.output_of(output, &names)).collect();
        for sum in &scanned.sums {
            self.begin_output(&scanned.bound, &scanned.plan, sum);
        }
        let before = std::mem::take(&mut self.statements);
        let around = std::mem::replace(&mut self.plan, &scanned.plan);
        let rows = self.rows.take();
        self.bounds.push(scanned.bound.clone());
        // Names that are given inside have no meaning after the loop.
        let (places, neighbours) = (self.places.clone(), self.neighbours.clone());
        self.keep(scanned, Kept::Before, &names, &targets);
        for step in &scanned.plan.steps {
            self.step(step, interface)?;
        }
        self.close();
        for sum in &scanned.sums {
            for part in &sum.parts {
                self.add_part(sum, part);
            }
        }
        self.close();
        self.replace_states(scanned, &names);
        self.keep(scanned, Kept::After, &names, &targets);
        self.plan = around;
        self.bounds.pop();
        self.rows = rows;
        (self.places, self.neighbours) = (places, neighbours);
        let body = std::mem::replace(&mut self.statements, before);
        let (from, to) = (self.dimension(&scanned.bound.from), dimensions::end(&scanned.bound.to, self.sizes));
        self.statements.extend(scanned.states.iter().any(is_overwritten).then(|| OVERWRITTEN.to_string()));
        self.statements.push(format!("for {} in {from}..{to} {{", variable(&scanned.bound)));
        self.statements.extend(body.into_iter().map(|line| format!("    {line}")));
        self.statements.push("}".to_string());
        Ok(())
    }

    /// Declares a state with what it begins with, and returns its name.
    fn begin_state(&mut self, state: &Carried) -> String {
        let extents = &state.extents;
        if extents.is_scalar() {
            let value = self.number(state.initial);
            let (name, float) = (self.fresh(), self.writer.options.scalar.name());
            self.statements.extend(is_overwritten(state).then(|| OVERWRITTEN.to_string()));
            let changes = if state.own == Some(state.next) { "" } else { "mut " };
            self.statements.push(format!("let {changes}{name}: {float} = {};", bare(&value)));
            return name;
        }
        let source = self.slice(state.initial);
        let name = self.temporary(extents);
        self.statements.push(format!("{name}.copy_from_slice(&{source});"));
        name
    }

    /// Returns where what is kept of a state is written to.
    fn output_of(&mut self, output: &Output, names: &[String]) -> String {
        let own = names[output.state].clone();
        if output.kept == Kept::Last {
            let scalar = output.extents.is_scalar();
            self.places.insert(output.id, if scalar { Place::Number(own.clone()) } else { Place::Slice(own.clone()) });
            return own;
        }
        let target = self.target(output.id);
        self.read.insert(output.id);
        self.places.insert(output.id, Place::Slice(target.clone()));
        target
    }

    /// Stores the states as they are, where that is asked for.
    fn keep(&mut self, scanned: &Scanned, kept: Kept, names: &[String], targets: &[String]) {
        let step = self.dimension(&scanned.bound.index.plus(&scanned.bound.from, -1));
        for (output, target) in scanned.outputs.iter().zip(targets).filter(|(output, _)| output.kept == kept) {
            let (extents, name) = (&scanned.states[output.state].extents, &names[output.state]);
            if extents.is_scalar() {
                self.statements.push(format!("{target}[{step}] = {name};"));
                continue;
            }
            let entries = self.entries(extents);
            let start = place(&step, &entries, "0");
            self.statements.push(format!("{target}[{start}..][..{entries}].copy_from_slice(&{name});"));
        }
    }

    /// Puts the states that a step leaves in place of those that it found.
    fn replace_states(&mut self, scanned: &Scanned, names: &[String]) {
        let (mut numbers, mut values, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for (state, name) in scanned.states.iter().zip(names) {
            if state.extents.is_scalar() {
                let value = self.number(state.next);
                if value != *name {
                    numbers.push(name.clone());
                    values.push(bare(&value).to_string());
                }
                continue;
            }
            let source = self.slice(state.next);
            if source == *name {
                continue;
            }
            let is_own = self.temporaries.iter().any(|(own, _)| *own == source) && !names.contains(&source);
            if is_own {
                copies.push((name.clone(), source));
            } else {
                // What it becomes is part of something that changes, too.
                let kept = self.temporary(&state.extents);
                self.statements.push(format!("{kept}.copy_from_slice(&{source});"));
                copies.push((name.clone(), kept));
            }
        }
        match numbers.as_slice() {
            [] => {}
            [only] => self.statements.push(format!("{only} = {};", values[0])),
            several => self.statements.push(format!("({}) = ({});", several.join(", "), values.join(", "))),
        }
        let copies = copies.into_iter().map(|(name, source)| format!("{name}.copy_from_slice(&{source});"));
        self.statements.extend(copies);
    }
}
