//! Checks that a graph is well formed: what every pass relies on, and what no constructor checks.
//!
//! Passes of debug builds are followed by this check, so that a malformed graph is found where it is made rather than
//! where it is printed.

use super::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node};
use crate::functions::{Arity, FunctionId};

/// What a pass leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Gates as they are written, derivatives among them.
    Written,
    /// No node stands for a derivative any more, nor for a name that one is taken by.
    Resolved,
}

impl Graph {
    /// Checks everything that the roots need: operands come before their users, conditions stand only where conditions
    /// belong, functions have as many arguments as their rows say, and the shapes of operands go together.
    ///
    /// # Errors
    /// The first node that is not well formed, and what is wrong with it.
    pub fn verify(&self, roots: &[ExprId], stage: Stage) -> Result<(), String> {
        for root in roots {
            let bound = |name: &String| name[1..].starts_with(|first: char| first.is_ascii_digit());
            let loose = self.free_indices(*root).is_some_and(|indices| indices.iter().any(bound));
            ensure(!loose, || format!("{:?} has the index of a loop outside of it", self.node(*root)))?;
        }
        for id in self.reachable(roots) {
            self.verify_node(id, stage).map_err(|reason| format!("{:?} is malformed: {reason}", self.node(id)))?;
        }
        Ok(())
    }

    fn verify_node(&self, id: ExprId, stage: Stage) -> Result<(), String> {
        let node = self.node(id);
        let mut operands = Vec::new();
        node.for_each_operand(|operand| operands.push(operand));
        ensure(operands.iter().all(|operand| *operand < id), || "an operand comes after it".to_string())?;
        ensure(self.extents(id) == self.infer_extents_again(id), || {
            format!("its shape is {}, not {}", self.extents(id), self.infer_extents_again(id))
        })?;
        match node {
            Node::Number(_) | Node::Pi => Ok(()),
            Node::Input(index) => {
                ensure((*index as usize) < self.inputs.len(), || "there is no such parameter".to_string())
            }
            Node::Placeholder(index) => {
                ensure((*index as usize) < self.placeholders.len(), || "it stands for nothing".to_string())?;
                ensure(stage == Stage::Written, || "a name that is derived by is left".to_string())
            }
            Node::Derivative(_, by) => {
                ensure(stage == Stage::Written, || "a derivative is left".to_string())?;
                let is_name = matches!(self.node(*by), Node::Input(_) | Node::Placeholder(_));
                ensure(is_name, || "a derivative is not by a name".to_string())
            }
            Node::Compare(..) => self.verify_numbers(&operands).and_then(|()| self.verify_entrywise(&operands)),
            Node::And(..) | Node::Or(..) | Node::Not(_) => {
                self.verify_conditions(&operands).and_then(|()| self.verify_entrywise(&operands))
            }
            Node::Select(condition, a, b) => {
                self.verify_conditions(&[*condition])?;
                self.verify_numbers(&[*a, *b])?;
                self.verify_entrywise(&operands)
            }
            Node::Apply(function, _) => {
                self.verify_numbers(&operands)?;
                verify_arity(*function, operands.len())?;
                self.verify_entrywise(&operands)
            }
            Node::Sum(..) | Node::Product(_) => {
                self.verify_numbers(&operands).and_then(|()| self.verify_entrywise(&operands))
            }
            Node::Matrix(operation, _) => {
                self.verify_numbers(&operands).and_then(|()| self.verify_operation(operation, &operands))
            }
        }
    }

    /// Infers the shape of a node that is no parameter from its operands.
    fn infer_extents_again(&self, id: ExprId) -> Extents {
        match self.node(id) {
            Node::Input(_) | Node::Placeholder(_) => self.extents(id),
            node => self.infer_extents(node),
        }
    }

    fn is_condition(&self, id: ExprId) -> bool {
        matches!(self.node(id), Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_))
    }

    fn verify_numbers(&self, operands: &[ExprId]) -> Result<(), String> {
        ensure(!operands.iter().any(|id| self.is_condition(*id)), || "a condition stands for a number".to_string())
    }

    fn verify_conditions(&self, operands: &[ExprId]) -> Result<(), String> {
        ensure(operands.iter().all(|id| self.is_condition(*id)), || "a number stands for a condition".to_string())
    }

    /// Checks that operands are numbers, or matrices of one shape.
    fn verify_entrywise(&self, operands: &[ExprId]) -> Result<(), String> {
        let mut shapes = operands.iter().map(|id| self.extents(*id)).filter(|extents| !extents.is_scalar());
        let Some(first) = shapes.next() else { return Ok(()) };
        match shapes.find(|other| *other != first) {
            Some(other) => Err(format!("{first} and {other} don't match entry by entry")),
            None => Ok(()),
        }
    }

    fn verify_operation(&self, operation: &M, operands: &[ExprId]) -> Result<(), String> {
        let shapes: Vec<Extents> = operands.iter().map(|id| self.extents(*id)).collect();
        let one = |holds: bool, what: &str| match shapes.as_slice() {
            [shape] => ensure(holds, || format!("{shape} {what}")),
            _ => Err(format!("it has {} operands for one", shapes.len())),
        };
        let first = || shapes.first().cloned().unwrap_or_else(Extents::scalar);
        let pairs = |agree: fn(&Extents, &Extents) -> bool, what: &str| {
            ensure(shapes.len() > 1, || "it has too few operands".to_string())?;
            match shapes.windows(2).find(|pair| !agree(&pair[0], &pair[1])) {
                Some(pair) => Err(format!("{} and {} {what}", pair[0], pair[1])),
                None => Ok(()),
            }
        };
        match operation {
            M::Product => pairs(|a, b| a.columns == b.rows, "don't multiply"),
            M::Stack => pairs_of_parts(&shapes, |a, b| a.columns == b.columns, "don't stack"),
            M::Join => pairs_of_parts(&shapes, |a, b| a.rows == b.rows, "don't join"),
            M::Full(..) | M::Identity(_) | M::Size(_) => {
                ensure(shapes.is_empty(), || format!("it has {} operands for none", shapes.len()))
            }
            M::Remainder => ensure(shapes.len() == 2 && shapes.iter().all(Extents::is_scalar), || {
                "a remainder is of a number by a number".to_string()
            }),
            M::Transpose | M::LogSumExp | M::LogSumExpOfRows => one(true, ""),
            M::Extremum(_) | M::FirstExtremum(_) | M::EntryProduct | M::OtherProducts => one(true, ""),
            M::Scan(bound, state, _) => {
                let (initial, next) = shapes.split_at(shapes.len() / 2);
                ensure(initial == next, || "a state changes its shape".to_string())?;
                ensure(*state < initial.len(), || "there is no such state".to_string())?;
                let depends =
                    |shape: &Extents| [&shape.rows, &shape.columns].iter().any(|side| side.has_name(bound.name()));
                ensure(!initial.iter().any(depends), || "a state's shape depends on the index".to_string())
            }
            M::Gather(places, _) | M::Scatter(places, _) => {
                let given = places.iter().filter(|place| place.is_none()).count();
                ensure(shapes.len() == 1 + given, || "it has another number of places than it reads".to_string())?;
                ensure(shapes[1..].iter().all(Extents::is_scalar), || "a place is no number".to_string())
            }
            M::State(..) => ensure(shapes.is_empty(), || "a state has no operands".to_string()),
            M::Loop(bound) => {
                let shape = first();
                let depends = [&shape.rows, &shape.columns].iter().any(|side| side.has_name(bound.name()));
                one(!depends, "depends on the index")
            }
            M::Diagonal => one(first().is_column(), "is no vector"),
            M::DiagonalOf | M::Trace | M::Determinant | M::LogDeterminant | M::Inverse | M::Adjugate => {
                one(first().is_square(), "is not square")
            }
            M::Slice(row, column, part) => {
                one(true, "")?;
                ensure(lies_within(row, column, part, &first()), || format!("{part} is not within {}", first()))
            }
            M::Embed(row, column, whole) => {
                one(true, "")?;
                ensure(lies_within(row, column, &first(), whole), || format!("{} is not within {whole}", first()))
            }
        }
    }
}

/// Checks the parts of a stack, of which there may be one.
fn pairs_of_parts(shapes: &[Extents], agree: fn(&Extents, &Extents) -> bool, what: &str) -> Result<(), String> {
    ensure(!shapes.is_empty(), || "it has no parts".to_string())?;
    match shapes.windows(2).find(|pair| !agree(&pair[0], &pair[1])) {
        Some(pair) => Err(format!("{} and {} {what}", pair[0], pair[1])),
        None => Ok(()),
    }
}

/// Tells whether a block lies within a matrix, as far as its place and both shapes are numbers.
fn lies_within(row: &Dimension, column: &Dimension, part: &Extents, whole: &Extents) -> bool {
    let fits = |start: &Dimension, length: &Dimension, all: &Dimension| {
        let left = all.plus(start, -1).plus(length, -1);
        left.as_number().is_none_or(|left| left >= 0) && start.as_number().is_none_or(|start| start >= 0)
    };
    fits(row, &part.rows, &whole.rows) && fits(column, &part.columns, &whole.columns)
}

fn verify_arity(function: FunctionId, count: usize) -> Result<(), String> {
    let row = function.row();
    let fits = match row.arity {
        Arity::Collective | Arity::Folded => count > 0,
        _ => count == row.parameters.len(),
    };
    ensure(fits, || format!("`{}` has {count} arguments", row.name))
}

fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(reason()) }
}
