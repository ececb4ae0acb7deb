//! Recurrences: states that each value of an index makes new ones of.
//!
//! The states are nodes of their own, with the index that they belong to, so that what depends on them depends on the index,
//! too. One node is one state, the last one or all of them one below the other; those with the same operands belong together.

use super::{Bound, Dimension, ExprId, Extents, Graph, Kept, MatrixOperation as M, Node};
use rustc_hash::FxHashMap;

/// A state of a recurrence.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scan {
    /// The index with its range.
    pub bound: Bound,
    /// What each state begins with.
    pub initial: Vec<ExprId>,
    /// What each state becomes.
    pub next: Vec<ExprId>,
    /// Which of the states.
    pub state: usize,
    /// What is kept of it.
    pub kept: Kept,
}

impl Scan {
    /// Returns the recurrence with other operands and ends.
    pub(super) fn map(self, mut operand: impl FnMut(ExprId) -> ExprId, end: impl Fn(&Dimension) -> Dimension) -> Scan {
        let initial = self.initial.iter().map(|id| operand(*id)).collect();
        let next = self.next.iter().map(|id| operand(*id)).collect();
        Scan { bound: self.bound.with_ends(end), initial, next, ..self }
    }

    /// Returns another state of the recurrence, or something else of it.
    pub fn other(&self, state: usize, kept: Kept) -> Scan {
        Scan { state, kept, ..self.clone() }
    }
}

impl Kept {
    /// Returns the extents of what is kept of a state with the given extents.
    pub fn extents(self, state: &Extents, count: &Dimension) -> Extents {
        match self {
            Kept::Last => state.clone(),
            Kept::Before | Kept::After => {
                let (rows, columns) = row_of(state);
                Extents::new(count.product(&rows), columns)
            }
        }
    }
}

/// Returns rows and columns that a state takes among all states: a vector is one row.
fn row_of(state: &Extents) -> (Dimension, Dimension) {
    match state.is_column() {
        true => (Dimension::number(1), state.rows.clone()),
        false => (state.rows.clone(), state.columns.clone()),
    }
}

/// Tells whether some rows of all states are rows of the state at this place.
pub fn are_rows_of(state: &Extents, (row, rows): (&Dimension, &Dimension), at: &Dimension) -> bool {
    let (own, _) = row_of(state);
    let offset = row.plus(&at.product(&own), -1);
    match (offset.as_number(), rows.as_number(), own.as_number()) {
        (Some(offset), Some(rows), Some(own)) => offset >= 0 && offset + rows <= own,
        _ => offset == Dimension::number(0) && *rows == own,
    }
}

impl Graph {
    /// Reads a state of a recurrence.
    pub fn as_scan(&self, id: ExprId) -> Option<Scan> {
        let (M::Scan(bound, state, kept), operands) = self.as_matrix(id)? else { return None };
        let (initial, next) = operands.split_at(operands.len() / 2);
        let (initial, next) = (initial.to_vec(), next.to_vec());
        Some(Scan { bound: bound.clone(), initial, next, state: *state, kept: *kept })
    }

    /// Gives the index of a recurrence a name that nothing else has.
    pub fn open_scan(&mut self, scan: &Scan) -> Scan {
        let index = self.fresh_index();
        let next = scan.next.iter().map(|next| self.substituted(*next, scan.bound.name(), &index)).collect();
        Scan { bound: Bound { index, ..scan.bound.clone() }, next, ..scan.clone() }
    }

    /// Opens a recurrence whose steps stay as they are: what they read from outside is the same nodes as before.
    pub fn open_scan_as_written(&mut self, scan: &Scan) -> Scan {
        let index = self.fresh_index();
        let next = scan.next.iter().map(|next| self.renamed_index(*next, scan.bound.name(), &index)).collect();
        Scan { bound: Bound { index, ..scan.bound.clone() }, next, ..scan.clone() }
    }

    /// Makes a state of a recurrence.
    pub fn scanned(&mut self, scan: &Scan) -> ExprId {
        if scan.kept == Kept::Last && scan.bound.count().as_number().is_some_and(|count| count <= 0) {
            return scan.initial[scan.state];
        }
        if let Some(simpler) = self.without_constant_state(scan) {
            return simpler;
        }
        let index = self.numbered_index(&scan.bound, &scan.next, &scan.initial);
        let name = scan.bound.name();
        let next: Vec<ExprId> = match index == scan.bound.index {
            true => scan.next.clone(),
            false => scan.next.iter().map(|next| self.substituted(*next, name, &index)).collect(),
        };
        let operands: Vec<ExprId> = scan.initial.iter().copied().chain(next).collect();
        self.matrix(M::Scan(Bound { index, ..scan.bound.clone() }, scan.state, scan.kept), &operands)
    }

    /// Puts what a state begins with in its place where each step leaves it as it is.
    fn without_constant_state(&mut self, scan: &Scan) -> Option<ExprId> {
        let own = |graph: &mut Graph, state: usize| {
            let extents = graph.extents(scan.initial[state]);
            graph.state(&scan.bound, state, extents)
        };
        let constant = (0..scan.next.len()).find(|state| own(self, *state) == scan.next[*state])?;
        let value = scan.initial[constant];
        if scan.state == constant {
            let extents = self.extents(value);
            return match scan.kept {
                Kept::Last => Some(value),
                _ if extents.is_column() => {
                    let ones = self.ones(scan.bound.count(), Dimension::number(1));
                    let row = self.transpose(value);
                    Some(self.matrix_product(&[ones, row]))
                }
                _ => None,
            };
        }
        let values: Vec<ExprId> = (0..scan.next.len())
            .map(|state| match state.cmp(&constant) {
                std::cmp::Ordering::Less => own(self, state),
                std::cmp::Ordering::Equal => value,
                std::cmp::Ordering::Greater => {
                    let extents = self.extents(scan.initial[state]);
                    self.state(&scan.bound, state - 1, extents)
                }
            })
            .collect();
        let mut fewer = scan.clone();
        fewer.initial.remove(constant);
        fewer.next.remove(constant);
        fewer.next = fewer.next.into_iter().map(|next| self.with_states(next, &scan.bound, &values)).collect();
        fewer.state -= usize::from(scan.state > constant);
        Some(self.scanned(&fewer))
    }

    /// Makes a state of a recurrence whose steps stay as they are.
    pub fn scan_as_written(&mut self, scan: &Scan) -> ExprId {
        let index = self.numbered_index(&scan.bound, &scan.next, &scan.initial);
        let name = scan.bound.name();
        let next: Vec<ExprId> = scan.next.iter().map(|next| self.renamed_index(*next, name, &index)).collect();
        let operands: Vec<ExprId> = scan.initial.iter().copied().chain(next).collect();
        self.matrix(M::Scan(Bound { index, ..scan.bound.clone() }, scan.state, scan.kept), &operands)
    }

    /// Makes a state as a step of an open recurrence finds it.
    pub fn state(&mut self, bound: &Bound, state: usize, extents: Extents) -> ExprId {
        self.matrix(M::State(bound.index.clone(), state, extents), &[])
    }

    /// Puts values in place of the states of an open recurrence.
    pub fn with_states(&mut self, root: ExprId, bound: &Bound, values: &[ExprId]) -> ExprId {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in self.dependants(root, bound.name()) {
            let new = match self.as_matrix(id) {
                Some((M::State(index, state, _), _)) if *index == bound.index => {
                    values.get(*state).copied().unwrap_or(id)
                }
                _ => {
                    let node = self.node(id).clone();
                    match node {
                        Node::Placeholder(_) => id,
                        node => self.construct(&node, |operand| image.get(&operand).copied().unwrap_or(operand)),
                    }
                }
            };
            image.insert(id, new);
        }
        image.get(&root).copied().unwrap_or(root)
    }

    /// Returns the state at a place among all states, which are one below the other.
    pub fn state_at(&mut self, states: ExprId, extents: &Extents, at: &Dimension) -> ExprId {
        let zero = Dimension::number(0);
        let (rows, columns) = row_of(extents);
        let row = at.product(&rows);
        let part = self.slice(states, row, zero, Extents::new(rows, columns));
        if extents.is_column() { self.transpose(part) } else { part }
    }

    /// Returns what a part of all states is of one of them, the one at this place, if it lies in that.
    pub fn part_of_state(
        &mut self,
        (row, column, extents): (&Dimension, &Dimension, &Extents),
        value: ExprId,
        at: &Dimension,
    ) -> Option<ExprId> {
        let own = self.extents(value);
        if !are_rows_of(&own, (row, &extents.rows), at) {
            return None;
        }
        if own.is_column() {
            let part =
                self.slice(value, column.clone(), Dimension::number(0), Extents::column(extents.columns.clone()));
            return Some(self.transpose(part));
        }
        let offset = row.plus(&at.product(&own.rows), -1);
        Some(self.slice(value, offset, column.clone(), extents.clone()))
    }

    /// Puts a state at its place among all states, which are zeros otherwise.
    pub fn state_among(&mut self, value: ExprId, whole: &Extents, at: &Dimension) -> ExprId {
        let extents = self.extents(value);
        let (rows, _) = row_of(&extents);
        let row = at.product(&rows);
        let value = if extents.is_column() { self.transpose(value) } else { value };
        self.embed(value, row, Dimension::number(0), whole.clone())
    }
}
