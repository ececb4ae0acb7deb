//! A plan of whole matrices to loops and calls of kernels.
//!
//! Steps that work entry by entry on equally many entries share one loop, with the sums over what they compute; a value
//! is stored only if something outside of its loop reads it. Parts of vectors and transposes of them are views. Products
//! that read a matrix row by row are computed in the loop over its rows, some rows at a time.

use super::blocks::RowProducts;
use super::bodies::Within;
use super::dimensions;
use super::looped::LoopsAdded;
use super::row_views::Rows;
use super::rows::RowLoop;
use super::segments::Segments;
use super::temporaries::Written;
use super::windows::Block;
use crate::emit::writer::Writer;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph};
use crate::program::{Binary, Expression, Requirements, Sign, Statement, Sums, distributed, merged};
use crate::tape::{Computation, Plan, Step, Tape};
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Longest body, in statements, of a loop that sums in lanes: it is written twice.
const LONGEST_IN_LANES: usize = 60;

/// How many numbers a sum is added up in apart from each other.
const LANES_OF_SUMS: usize = 32;

/// Where a value is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A number.
    Number(Expression),
    /// A slice with this name, row by row.
    Slice(String),
    /// The transpose of the slice of another node.
    Turned(ExprId),
    /// Not computed: its user knows what it is.
    Implied,
    /// Known only in the loop that computes it.
    Local,
}

/// The statements of a function.
pub struct Loops<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a Plan,
    pub(super) writer: Writer<'a>,
    /// The legal Rust names of the dimensions.
    pub(super) sizes: &'a IndexMap<String, String>,
    pub(super) places: FxHashMap<ExprId, Place>,
    /// Where the roots go, by name.
    pub(super) targets: FxHashMap<ExprId, String>,
    pub(super) open: Option<Loop>,
    /// What is read outside of the loop that computes it; unknown while that is found out.
    pub(super) needed: Option<FxHashSet<ExprId>>,
    /// What was read outside of the loop that computes it so far.
    pub(super) read: FxHashSet<ExprId>,
    /// Whether something was read that has no value.
    pub(super) unknown: bool,
    pub(super) statements: Vec<Statement>,
    /// Matrices in the workspace: name and number of entries.
    pub(super) temporaries: Vec<(String, Expression)>,
    pub(super) count: usize,
    /// The names of the graph's inputs.
    pub(super) inputs: &'a [String],
    /// Those of them that are whole numbers from data.
    pub(super) indices: &'a FxHashSet<u32>,
    /// The loops around what is written.
    pub(super) bounds: Vec<Bound>,
    /// The loop whose values are computed side by side.
    pub(super) block: Block,
    /// The sums that the matrices of loops are terms of.
    pub(super) sums: FxHashMap<ExprId, LoopsAdded>,
    /// The segments of recurrences that keep checkpoints, by the first of the nodes that these compute.
    pub(super) segments: FxHashMap<ExprId, Segments>,
    /// Which row of all states the slice of a node begins with, where it has the states of one segment only.
    pub(super) firsts: FxHashMap<ExprId, Dimension>,
    /// The matrices that loops write each entry of once, so that nothing has to be there before.
    pub(super) stored: FxHashSet<ExprId>,
    /// The names of remainders that are neighbours of an index.
    pub(super) neighbours: FxHashMap<ExprId, Expression>,
    /// What is known in the loops that are open.
    pub(super) within: Within,
    /// The rows that the innermost loop reads and writes.
    pub(super) rows: Option<Rows>,
}

/// A loop to which statements are still added.
pub(super) struct Loop {
    pub(super) extents: Extents,
    pub(super) before: Vec<Statement>,
    pub(super) inside: Vec<Statement>,
    pub(super) after: Vec<Statement>,
    /// What was computed in the loop, and the name it has there.
    pub(super) locals: FxHashMap<ExprId, Expression>,
    /// The sums over what is computed in the loop; the statements that add to them begin with their names.
    pub(super) sums: Vec<String>,
    /// The products of each block of rows.
    pub(super) rows: RowProducts,
}

impl Loop {
    pub(super) fn over(extents: &Extents) -> Self {
        Loop {
            extents: extents.clone(),
            before: Vec::new(),
            inside: Vec::new(),
            after: Vec::new(),
            locals: FxHashMap::default(),
            sums: Vec::new(),
            rows: RowProducts::default(),
        }
    }
}

/// What the roots are written to, and the parameters' names.
pub struct Interface<'a> {
    /// The name of each of the graph's inputs.
    pub inputs: &'a [String],
    /// Those of them that are whole numbers from data.
    pub indices: &'a FxHashSet<u32>,
    /// The names of dimensions in Rust.
    pub sizes: &'a IndexMap<String, String>,
    /// For each root the slice that it is written to; none for a number that is returned.
    pub targets: &'a [Option<String>],
    /// The loops around parts of the plan.
    pub rows: &'a [RowLoop],
}

impl<'a> Loops<'a> {
    /// Writes the body of a function that computes the plan's outputs.
    ///
    /// # Errors
    /// Expressions that are too long for one loop.
    pub fn write(
        graph: &'a Graph,
        plan: &'a Plan,
        writer: Writer<'a>,
        interface: &Interface<'a>,
    ) -> Result<Written, Diagnostic> {
        // Once to see what is read outside of its loop, and once more to store only that.
        let (_, needed) = Loops::pass(graph, plan, writer, interface, None)?;
        let (written, _) = Loops::pass(graph, plan, writer, interface, Some(needed))?;
        Ok(written)
    }

    pub(super) fn pass(
        graph: &'a Graph,
        plan: &'a Plan,
        writer: Writer<'a>,
        interface: &Interface<'a>,
        needed: Option<FxHashSet<ExprId>>,
    ) -> Result<(Written, FxHashSet<ExprId>), Diagnostic> {
        let mut loops = Loops {
            graph,
            plan,
            writer,
            sizes: interface.sizes,
            places: FxHashMap::default(),
            targets: FxHashMap::default(),
            open: None,
            needed,
            read: FxHashSet::default(),
            unknown: false,
            statements: Vec::new(),
            temporaries: Vec::new(),
            count: 0,
            inputs: interface.inputs,
            indices: interface.indices,
            bounds: Vec::new(),
            block: Block::default(),
            sums: FxHashMap::default(),
            segments: FxHashMap::default(),
            firsts: FxHashMap::default(),
            stored: FxHashSet::default(),
            neighbours: FxHashMap::default(),
            within: Within::default(),
            rows: None,
        };
        for (root, target) in plan.outputs.iter().zip(interface.targets) {
            if let Some(target) = target.as_ref().filter(|_| !graph.extents(*root).is_scalar()) {
                loops.targets.entry(*root).or_insert_with(|| target.clone());
            }
        }
        let ids: Vec<ExprId> = plan.steps.iter().map(|step| step.id).collect();
        let running = graph.running_among(&graph.reachable(&ids));
        let indices = |step: &'a Step| (step, running.get(&step.id).cloned().unwrap_or_default());
        let steps: Vec<(&Step, BTreeSet<String>)> = plan.steps.iter().map(indices).collect();
        for (step, _) in steps.iter().filter(|(_, indices)| indices.is_empty()) {
            loops.step(step, interface)?;
        }
        loops.close();
        loops.before_rows(&steps);
        for group in interface.rows {
            loops.row_loop(group, &steps, interface)?;
        }
        let mut returned = Vec::new();
        for (root, target) in plan.outputs.iter().zip(interface.targets) {
            match target {
                Some(target) => loops.deliver(*root, target),
                None => returned.push(loops.number(*root)),
            }
        }
        if loops.unknown {
            return Err(Diagnostic::general(Fault::Symbolic, "this function's loops can't be put in order"));
        }
        let Loops { statements, mut temporaries, read, .. } = loops;
        let mut mentioned: FxHashSet<&str> = FxHashSet::default();
        let mut note = |part| mentioned.extend(Expression::as_name(part));
        statements.iter().for_each(|statement| statement.visit_expressions(&mut note));
        returned.iter().for_each(|value| value.visit(&mut note));
        temporaries.retain(|(name, _)| mentioned.contains(&**name));
        Ok((Written { statements, temporaries, returned }, read))
    }

    pub(super) fn dimension(&self, dimension: &Dimension) -> Expression {
        dimensions::written(dimension, self.sizes)
    }

    /// Writes the number of entries.
    pub fn entries(&self, extents: &Extents) -> Expression {
        match extents.entries() {
            Some(entries) => Expression::Whole(entries),
            None => dimensions::entries(extents, self.sizes),
        }
    }

    pub(super) fn fresh(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.writer.stem, self.count)
    }

    pub(super) fn step(&mut self, step: &'a Step, interface: &Interface<'a>) -> Result<(), Diagnostic> {
        let id = step.id;
        let place = match &step.computation {
            Computation::Parameter(index) => {
                let name = interface.inputs[*index as usize].clone();
                if step.extents.is_scalar() { Place::Number(name.into()) } else { Place::Slice(name) }
            }
            Computation::Entrywise(..) if self.is_computed_share(id) || self.is_summed(id) => return Ok(()),
            Computation::Entrywise(..) if self.is_only_exponentiated(id) => return Ok(()),
            Computation::Entrywise(tape, operands) => return self.entrywise(id, &step.extents, tape, operands),
            Computation::Operation(operation, operands) => self.operation(id, &step.extents, operation, operands)?,
            Computation::Numbers(tape, operands, results) => return self.numbers(tape, operands, results),
            Computation::Loop(looped) => return self.looped(looped, interface),
            Computation::Scan(scanned) => return self.scanned(scanned, interface),
        };
        self.places.insert(id, place);
        Ok(())
    }

    // ---- Entry by entry ----

    /// Tells whether a node is known to a loop over these extents without being stored.
    pub(super) fn is_local(&self, id: ExprId) -> bool {
        self.open.as_ref().is_some_and(|open| open.locals.contains_key(&id))
    }

    pub(super) fn entrywise(
        &mut self,
        id: ExprId,
        extents: &Extents,
        tape: &Tape,
        operands: &[ExprId],
    ) -> Result<(), Diagnostic> {
        if let Some((whole, blocks)) = self.graph.blocks_added(id) {
            self.add_blocks(id, whole, &blocks);
            return Ok(());
        }
        if let Some(done) = self.sum_of_embedded(id) {
            return done;
        }
        let fits = self.open.as_ref().is_some_and(|open| open.extents == *extents)
            && operands.iter().all(|operand| self.is_ready(*operand));
        if !fits {
            self.close();
            if !extents.is_scalar() {
                self.open = Some(Loop::over(extents));
            }
        }
        let inputs: Vec<Expression> = operands.iter().map(|operand| self.entry(*operand)).collect();
        let own = self.fresh();
        let stem = format!("{own}_");
        let owners = vec![0; inputs.len()];
        let lanes = if extents.is_scalar() { self.has_own_functions() } else { self.writer.options.has_lanes() };
        let writer = Writer { inputs: &inputs, owners: &owners, stem: &stem, lanes, ..self.writer };
        let body = writer.body(tape);
        let [part] = &body.parts[..] else {
            return Err(Diagnostic::general(Fault::Symbolic, "a formula for one entry is too long to be one loop"));
        };
        let output = &body.outputs[0];
        let (name, result) = match body.name_of(0) {
            Some(name) => (name.to_string(), None),
            None => (own.clone(), Some(Statement::number(own, output.clone(), self.writer.options.scalar))),
        };
        let statements = part.statements.iter().cloned().chain(result);
        match &mut self.open {
            Some(open) => {
                open.inside.extend(statements);
                open.locals.insert(id, name.clone().into());
            }
            None => {
                self.statements.extend(statements);
                self.places.insert(id, Place::Number(name.into()));
                return Ok(());
            }
        }
        if self.needed.as_ref().is_none_or(|needed| needed.contains(&id)) {
            let target = self.target(id);
            if let Some(open) = &mut self.open {
                open.inside.push(Statement::set(Expression::from(&target).at("i"), name));
            }
            self.places.insert(id, Place::Slice(target));
        }
        Ok(())
    }

    /// Tells whether what is computed for one value of an index has functions that are a part of the loop.
    pub(super) fn has_own_functions(&self) -> bool {
        !self.bounds.is_empty() && self.writer.options.has_lanes()
    }

    /// Tells whether an operand can be read in the loop that is open.
    pub(super) fn is_ready(&self, operand: ExprId) -> bool {
        match self.places.get(&operand) {
            _ if self.is_local(operand) => true,
            Some(Place::Number(number)) => !self.is_pending(number),
            Some(Place::Slice(name)) => !self.is_pending(&name.into()),
            Some(Place::Turned(inner)) => self.is_ready(*inner) && self.is_vector(*inner),
            _ => false,
        }
    }

    /// Tells whether a value is only there after the loop that is open.
    pub(super) fn is_pending(&self, value: &Expression) -> bool {
        let Some((open, name)) = self.open.as_ref().zip(value.as_name()) else { return false };
        open.inside.iter().chain(&open.after).any(|statement| statement.writes(name)) || open.rows.writes(name)
    }

    pub(super) fn is_vector(&self, id: ExprId) -> bool {
        let extents = self.graph.extents(id);
        extents.is_column() || extents.rows.is_one()
    }

    /// Writes the entry of an operand in the loop that is open.
    pub(super) fn entry(&mut self, operand: ExprId) -> Expression {
        if let Some(local) = self.open.as_ref().and_then(|open| open.locals.get(&operand)) {
            return local.clone();
        }
        match self.places.get(&operand).cloned() {
            Some(Place::Number(number)) => number,
            Some(Place::Slice(name)) => {
                self.read.insert(operand);
                Expression::from(name).at("i")
            }
            Some(Place::Turned(inner)) => self.entry(inner),
            Some(Place::Implied) => self.slice(operand).at("i"),
            Some(Place::Local) | None => self.unknown(),
        }
    }

    /// Notes that something is read that has no value.
    pub(super) fn unknown(&mut self) -> Expression {
        self.unknown = true;
        Expression::Whole(0)
    }

    /// Tells whether a loop is better done in stages.
    fn in_stages(&self, inside: &[Statement]) -> bool {
        let names = (0..).map(|at| format!("call_{at}"));
        self.writer.options.has_lanes() && distributed(inside.to_vec(), &Requirements::default(), names).are_better()
    }

    /// Ends the loop that is open. What is summed is summed in 32 lanes, so that no addition
    /// waits for the one before and the loop is vectorized.
    pub(super) fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        self.statements.append(&mut open.before);
        if open.rows.in_blocks() {
            return self.close_blocks(open);
        }
        self.times_all(&open.rows);
        if self.in_stages(&open.inside) {
            open.rows = RowProducts::default();
            return self.close_blocks(open);
        }
        if let Some(calls) = open.inside.iter().map(sum_of_slices).collect::<Option<Vec<_>>>() {
            self.statements.extend(calls);
            return self.statements.extend(open.after);
        }
        let (end, inside) = (self.entries(&open.extents), merged(open.inside));
        let float = self.writer.options.scalar;
        if !open.sums.is_empty() && inside.len() <= LONGEST_IN_LANES {
            let sums = Sums::Names(open.sums);
            let whole = end.clone() / LANES_OF_SUMS * LANES_OF_SUMS;
            let index = Statement::name("i", Expression::from("at") + "lane");
            let lanes = [index].into_iter().chain(inside.iter().cloned().map(|statement| sums.in_lane(statement)));
            let block = vec![Statement::each("lane", LANES_OF_SUMS, lanes.collect())];
            let starts = Expression::range(0, &whole).method("step_by", [LANES_OF_SUMS.into()]);
            self.statements.extend(sums.lanes(None, LANES_OF_SUMS));
            self.statements.push(Statement::over("at", starts, block));
            self.statements.extend(sums.totals(true));
            self.statements.push(Statement::over("i", Expression::range(whole, end), inside));
        } else {
            self.statements.extend(open.sums.iter().map(|sum| Statement::total(sum, float)));
            self.statements.push(Statement::each("i", end, inside));
        }
        self.statements.extend(open.after);
    }
}

/// Writes a sum of the entries of a slice, or of the products of two, as a call.
fn sum_of_slices(statement: &Statement) -> Option<Statement> {
    let Statement::Assign(Expression::Name(name), Sign::Add, value) = statement else { return None };
    let slice = |entry: &Expression| entry.as_entry_at("i").map(|slice| Expression::from(slice).reference());
    let call = match value {
        Expression::Binary(Binary::Multiply, left, right) => Expression::kernel("dot", [slice(left)?, slice(right)?]),
        only => Expression::kernel("sum", [slice(only)?]),
    };
    Some(Statement::name(name, call))
}

/// Writes an index that begins at an offset.
pub(super) fn after(index: impl Into<Expression>, offset: impl Into<Expression>) -> Expression {
    match offset.into() {
        Expression::Whole(0) => index.into(),
        offset => index.into().plus(offset),
    }
}

/// Writes the index of the entry at a row and a column of a matrix with so many columns.
pub(super) fn place(
    row: impl Into<Expression>,
    columns: impl Into<Expression>,
    column: impl Into<Expression>,
) -> Expression {
    let (row, columns, column) = (row.into(), columns.into(), column.into());
    match (row.as_whole(), columns.as_whole(), column.as_whole()) {
        (Some(0), _, _) => column,
        (_, Some(1), _) => after(row, column),
        _ => after(row * columns, column),
    }
}
