//! Sums over an index: a loop around what is computed for each value of it.

use super::bodies::variable;
use super::filled::fills;
use super::loops::{Interface, Loops, Place, after, place};
use super::row_views::Rows;
use crate::emit::writer::Writer;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Bound, ExprId, Extents, MatrixOperation as M, Node, Rational, Term};
use crate::program::{Expression, Sign, Statement};
use crate::tape::{self, Accumulated, Computation, Looped, Part, Plan, Tape};

/// A sum of matrices, each of which is made by a loop.
pub(super) struct LoopsAdded {
    sum: ExprId,
    coefficient: Rational,
    /// Whether there is one only.
    is_only: bool,
}

/// Returns the indices of all loops of a plan, with the names of the variables.
pub(super) fn variables(plan: &Plan) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for step in &plan.steps {
        let (bound, plan) = match &step.computation {
            Computation::Loop(looped) => (&looped.bound, &looped.plan),
            Computation::Scan(scanned) => (&scanned.bound, &scanned.plan),
            _ => continue,
        };
        names.push((bound.name().to_string(), variable(bound)));
        names.extend(variables(plan));
    }
    names
}

impl<'a> Loops<'a> {
    /// Writes a loop.
    pub(super) fn looped(&mut self, looped: &'a Looped, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        self.close();
        self.turn_what_is_read(&looped.plan, &looped.operands);
        self.exponentials_before(&looped.plan, &looped.operands);
        for recomputed in &looped.recomputed {
            self.turn_what_is_read(&recomputed.scanned.plan, &looped.operands);
        }
        if self.is_side_by_side(looped) {
            return self.side_by_side(looped, interface);
        }
        for output in looped.outputs.iter().filter(|output| output.into.is_empty()) {
            self.begin_output(&looped.bound, &looped.plan, output);
        }
        let in_columns = self.columns_before(looped);
        let before = self.recompute(&looped.recomputed, interface)?;
        let mut ahead = Vec::new();
        let body = self.inside(&looped.bound, &looped.plan, |loops| {
            loops.rows = looped.recomputed.is_empty().then(Rows::default);
            for step in &looped.plan.steps {
                loops.step(step, interface)?;
            }
            loops.close();
            for output in &looped.outputs {
                for part in &output.parts {
                    loops.add_part(output, part);
                }
            }
            loops.write_rows();
            loops.close();
            ahead = loops.rows.take().map(|rows| rows.ahead).unwrap_or_default();
            Ok(())
        })?;
        self.statements.extend(ahead);
        match before {
            Some(before) => self.go_back((&looped.bound, &looped.recomputed), before, body),
            None => self.repeat(&variable(&looped.bound), self.range(&looped.bound), body),
        }
        self.add_columns(in_columns);
        Ok(())
    }

    /// Writes several numbers that one formula computes.
    pub(super) fn numbers(&mut self, tape: &Tape, operands: &[ExprId], results: &[ExprId]) -> Result<(), Diagnostic> {
        self.close();
        let inputs: Vec<Expression> = operands.iter().map(|operand| self.number(*operand)).collect();
        let stem = format!("{}_", self.fresh());
        let owners = vec![0; inputs.len()];
        let lanes = self.has_own_functions();
        let writer = Writer { inputs: &inputs, owners: &owners, stem: &stem, lanes, ..self.writer };
        let body = writer.body(tape);
        let [part] = &body.parts[..] else {
            return Err(Diagnostic::general(Fault::Symbolic, "the formulas of one step are too long to be one loop"));
        };
        self.statements.extend(part.statements.iter().cloned());
        for (at, (result, output)) in results.iter().zip(&body.outputs).enumerate() {
            let name = match body.name_of(at) {
                Some(name) => name.to_string(),
                None => {
                    let (name, float) = (self.fresh(), self.writer.options.scalar);
                    self.statements.push(Statement::number(&name, output.clone(), float));
                    name
                }
            };
            self.places.insert(*result, Place::Number(name.into()));
        }
        Ok(())
    }

    /// Writes out the transposes that a loop reads part by part, before the loop.
    pub(super) fn turn_what_is_read(&mut self, plan: &Plan, known: &[ExprId]) {
        for step in &plan.steps {
            let Computation::Operation(M::Slice(..), operands) = &step.computation else { continue };
            let turned = matches!(self.places.get(&operands[0]), Some(Place::Turned(inner)) if !self.is_vector(*inner));
            if turned && known.contains(&operands[0]) {
                self.slice(operands[0]);
            }
        }
    }

    /// Declares what a loop adds to. Where the loop writes all of it, nothing has to be there before.
    pub(super) fn begin_output(&mut self, bound: &Bound, plan: &Plan, output: &Accumulated) {
        if output.extents.is_scalar() {
            let (name, float) = (self.fresh(), self.writer.options.scalar);
            self.statements.push(Statement::total(&name, float));
            self.places.insert(output.id, Place::Number(name.into()));
            return;
        }
        let is_filled = fills(bound, plan, output);
        if let Some(sum) = self.sum_of_loops(output.id) {
            return self.begin_sum(output, sum, is_filled);
        }
        let target = self.target(output.id);
        self.begin_with(output.id, &target, is_filled);
        self.read.insert(output.id);
        self.places.insert(output.id, Place::Slice(target));
    }

    /// Returns the sum that the matrix of a loop is only a term of, if all of its terms are such matrices: the loops add to
    /// that sum then.
    fn sum_of_loops(&self, id: ExprId) -> Option<LoopsAdded> {
        let user = |id: ExprId| {
            let mut users = self.plan.steps.iter().filter(|step| step.operands().contains(&id));
            let user = users.next().filter(|_| users.next().is_none() && !self.plan.outputs.contains(&id));
            user.map(|step| step.id)
        };
        let sum = user(id)?;
        let Node::Sum(constant, terms) = self.graph.node(sum) else { return None };
        let extents = self.graph.extents(sum);
        let is_added = |(term, _): &Term| {
            self.graph.as_loop(*term).is_some() && self.graph.extents(*term) == extents && user(*term) == Some(sum)
        };
        let is_sum = constant.is_zero() && !extents.is_scalar() && terms.iter().all(is_added);
        let (_, coefficient) = terms.iter().find(|(term, _)| *term == id && is_sum)?;
        Some(LoopsAdded { sum, coefficient: coefficient.clone(), is_only: terms.len() == 1 })
    }

    /// Begins with a sum that loops add to, if this is the first of them.
    fn begin_sum(&mut self, output: &Accumulated, added: LoopsAdded, is_filled: bool) {
        let (sum, is_filled) = (added.sum, is_filled && added.is_only);
        self.sums.insert(output.id, added);
        if !self.places.contains_key(&sum) {
            let target = self.target(sum);
            self.begin_with(sum, &target, is_filled);
            self.read.insert(sum);
            self.places.insert(sum, Place::Slice(target));
        }
        if let Some(place) = self.places.get(&sum).cloned() {
            self.places.insert(output.id, place);
        }
    }

    /// Writes zeros to what loops add to, unless they write all of it.
    fn begin_with(&mut self, id: ExprId, target: &str, is_filled: bool) {
        if is_filled {
            self.stored.insert(id);
        } else {
            self.statements.push(Statement::fill(target, Expression::zero()));
        }
    }

    /// Tells whether a sum is what loops have added to.
    pub(super) fn is_summed(&self, sum: ExprId) -> bool {
        self.sums.values().any(|added| added.sum == sum)
    }

    /// Returns what a loop adds to, and what is multiplied by before.
    pub(super) fn targets_of(&self, output: &Accumulated) -> Vec<(ExprId, Rational)> {
        let itself = [(output.id, Rational::ONE)];
        let targets = if output.into.is_empty() { &itself } else { &output.into[..] };
        let in_sum = |(target, scale): &(ExprId, Rational)| match self.sums.get(target) {
            Some(added) => (added.sum, added.coefficient.multiply(scale)),
            None => (*target, scale.clone()),
        };
        targets.iter().map(in_sum).collect()
    }

    pub(super) fn add_part(&mut self, output: &Accumulated, part: &Part) {
        for (target, scale) in self.targets_of(output) {
            let coefficient = part.coefficient.multiply(&scale);
            match self.places.get(&target).cloned() {
                Some(Place::Number(number)) => {
                    let added = self.scaled_number(part.value, &coefficient);
                    self.statements.push(Statement::change(number, Sign::Add, added));
                }
                Some(Place::Slice(name)) => {
                    let sign = if self.stored.contains(&target) { Sign::Set } else { Sign::Add };
                    self.add_to_slice(target, &name, sign, part, &coefficient);
                }
                _ => self.unknown = true,
            }
        }
    }

    pub(super) fn scaled_number(&mut self, value: ExprId, coefficient: &Rational) -> Expression {
        let number = self.number(value);
        self.writer.scaled(coefficient, number)
    }

    /// Writes the row and the column where a part begins.
    pub(super) fn sides_of(&mut self, part: &Part) -> [Expression; 2] {
        [&part.place[0], &part.place[1]].map(|place| match place {
            tape::Place::At(place) => self.dimension(place),
            tape::Place::From(given) => self.given_place(*given),
        })
    }

    /// Adds a block to its place in a matrix.
    fn add_to_slice(&mut self, target: ExprId, name: &str, sign: Sign, part: &Part, coefficient: &Rational) {
        if part.extents.is_scalar() {
            return self.add_to_row((target, name), sign, part, coefficient);
        }
        let across = self.dimension(&self.graph.extents(target).columns);
        let [row, column] = self.sides_of(part);
        let Extents { rows, columns } = &part.extents;
        let source = self.slice(part.value);
        let (height, width) = (self.dimension(rows), self.dimension(columns));
        let [zero, i, j] = [Expression::Whole(0), "i".into(), "j".into()];
        let (i, j) = match (rows.is_one(), columns.is_one()) {
            (true, _) => (zero, i),
            (_, true) => (i, zero),
            _ => (i, j),
        };
        let added = self.writer.scaled(coefficient, source.at(place(&i, &width, &j)));
        let from = |index: &Expression, start| if index.as_whole().is_some() { start } else { after(index, start) };
        let to = Expression::from(name).at(place(from(&i, row), across, from(&j, column)));
        let body = vec![Statement::change(to, sign, added)];
        self.statements.push(match (rows.is_one(), columns.is_one()) {
            (true, _) => Statement::each("i", width, body),
            (_, true) => Statement::each("i", height, body),
            _ => Statement::each("i", height, vec![Statement::each("j", width, body)]),
        });
    }
}
