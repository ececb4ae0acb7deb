//! Ranges that are not made of numbers: raised to vector form where they can be, and loops elsewhere.
//!
//! Where `sum(i in a..b, …)` is raised, the index stands for a whole axis: `x[i + 1]` is the slice of x that it runs over, a
//! column for the outer index and a row for the index of a sum inside. The sum itself is a product with ones. In a loop, the
//! index is a number of its own.

use super::ends::Ends;
use super::folds::{Fold, Running};
use super::gates::node;
use super::machine::{Machine, Task};
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Bound, Dimension, ExprId, Extents, MatrixOperation as M, Node, Rational};
use crate::limits;
use crate::source::Span;
use crate::syntax::ast::NodeId;

/// An index that runs over a symbolic range as an axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The node that stands for the index.
    pub index: ExprId,
    /// Where it begins.
    pub start: Dimension,
    /// How many values it has.
    pub count: Dimension,
}

/// What there was when a range was tried to be raised, and the range.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    before: Mark,
    ends: Ends,
    raised: Option<Raised>,
}

/// What a range was raised to, kept while a loop is tried.
#[derive(Clone, Debug)]
struct Raised {
    value: Value,
    /// What must not be negative for it.
    needed: Vec<Dimension>,
    /// Whether a loop is better wherever there can be one, or only where something in it is constant for one value of the
    /// index.
    fills_a_matrix: bool,
}

/// How much had been found out before something is tried.
#[derive(Clone, Copy, Debug)]
struct Mark {
    errors: usize,
    needed: usize,
    calls: usize,
}

impl Machine<'_> {
    fn mark(&self) -> Mark {
        Mark { errors: self.errors.len(), needed: self.needed.len(), calls: self.memo.len() }
    }

    /// Forgets what was found out since; what calls gave too, which rests on what they needed.
    fn rewind(&mut self, mark: Mark) {
        self.errors.truncate(mark.errors);
        self.needed.truncate(mark.needed);
        self.memo.truncate(mark.calls);
    }

    /// Begins an index with a range that is not made of numbers alone.
    pub(super) fn run_over(&mut self, running: Running, ends: &[Value], spans: [Span; 2]) {
        let Some(ends) = self.ends_of(ends, spans) else { return };
        let count = ends.to.plus(&ends.from, -1);
        // A mean divides by how many values there are.
        if running.fold == Fold::Count && self.few.is_some() {
            self.need([count.clone()]);
        }
        let has_condition = !ends.are_all();
        if has_condition && !matches!(running.fold, Fold::Sum | Fold::Count | Fold::Product) {
            let message = "only `sum`, `prod` and `mean` run to the smaller or from the larger of several numbers";
            let diagnostic = Diagnostic::new(Fault::Range, spans[0].to(spans[1]), message);
            return self.fail(diagnostic.hint("run over all, and write `if(...)` in the body"));
        }
        let attempt = Attempt { before: self.mark(), ends, raised: None };
        let certain = !count.may_be_negative();
        self.uncertain.extend((!certain && !count.is_running()).then(|| count.clone()));
        if has_condition || self.axes.len() == 2 || count.is_running() || !certain && self.few.is_some() {
            return self.begin_loop(running, attempt);
        }
        self.need([count.clone()]);
        let one = Dimension::number(1);
        let extents =
            if self.axes.is_empty() { Extents::new(count.clone(), one) } else { Extents::new(one, count.clone()) };
        let graph = &mut *self.gates.graph;
        let zero = graph.number(Rational::ZERO);
        let node = graph.add_placeholder(zero);
        graph.give_extents(node, extents);
        self.axes.push(Axis { index: node, start: attempt.ends.from.clone(), count });
        let name = self.index_of(running);
        self.bind_index(&name.text, Value::Running(node));
        self.tasks.push(Task::Raised(running, attempt));
        self.visit_body(running);
    }

    pub(super) fn too_deep(&self, id: NodeId) -> Diagnostic {
        let message = "ranges that are not made of numbers are nested too deeply";
        let diagnostic = Diagnostic::new(Fault::TooLarge, self.ast.span(id), message);
        diagnostic.label(format!("over {} of them", limits::NESTED_LOOPS))
    }

    /// Ends an index that is an axis; makes it a loop if it can't be one.
    pub(super) fn raised(&mut self, running: Running, attempt: Attempt) {
        let Some(axis) = self.axes.pop() else { return };
        let name = self.index_of(running);
        self.unbind(&name.text);
        let body = self.values.pop().unwrap_or(Value::Poison);
        let result = match self.errors.len() > attempt.before.errors {
            true => None,
            false => self.along(running, &axis, body),
        };
        let result = result.and_then(|result| self.folded(running, result).ok());
        match result {
            Some(value) => {
                let fills_a_matrix = self.axes.is_empty() && self.fills_a_matrix(&axis, &value);
                // Where indices meet, a loop can be a constant.
                if fills_a_matrix || self.axes.is_empty() && self.may_be_singular(&value) {
                    let raised = Some(Raised { value, needed: self.needed.clone(), fills_a_matrix });
                    self.begin_loop(running, Attempt { raised, ..attempt });
                } else {
                    self.values.push(value);
                }
            }
            None => self.begin_loop(running, attempt),
        }
    }

    /// Tells whether columns times rows fill a matrix along an axis that is none of those given, nor the result: a loop needs
    /// no such matrix. What is linear in one is added up without it.
    fn fills_a_matrix(&self, axis: &Axis, result: &Value) -> bool {
        let Some((result, _)) = result.node() else { return false };
        let graph = &*self.gates.graph;
        let is_matrix = |id: ExprId| {
            let extents = graph.extents(id);
            !extents.rows.is_one() && !extents.columns.is_one()
        };
        let nodes = graph.reachable(&[result]);
        if is_matrix(result) || nodes.iter().any(|id| is_matrix(*id) && matches!(graph.node(*id), Node::Input(_))) {
            return false;
        }
        let is_filled = |id: ExprId| match graph.as_matrix(id) {
            Some((M::Product, factors)) => {
                is_matrix(id) && factors.iter().any(|factor| graph.extents(*factor).columns.is_one())
            }
            _ => false,
        };
        let is_repeated = |id: ExprId| match graph.as_matrix(id) {
            Some((M::Product, factors)) => factors.iter().any(|factor| graph.is_ones(*factor)),
            _ => false,
        };
        let any_operand = |id: ExprId, holds: &dyn Fn(ExprId) -> bool| {
            let mut any = false;
            graph.node(id).for_each_operand(|operand| any |= holds(operand));
            any
        };
        let is_sum = |id: ExprId| matches!(graph.node(id), Node::Sum(..)) && any_operand(id, &is_filled);
        let fills = |id: &ExprId| match graph.node(*id) {
            _ if is_sum(*id) => false,
            // Products of what is repeated are products of sums.
            Node::Product(_) => {
                any_operand(*id, &|operand| is_sum(operand) || is_filled(operand) && !is_repeated(operand))
            }
            _ => any_operand(*id, &|operand| is_sum(operand) || is_filled(operand)),
        };
        let entrywise = |id: &&ExprId| graph.is_entrywise(**id) && graph.extents(**id).rows == axis.count;
        nodes.iter().filter(entrywise).any(fills)
    }

    fn may_be_singular(&self, value: &Value) -> bool {
        value.node().is_some_and(|(id, _)| self.gates.graph.may_be_singular(&[id]))
    }

    /// Adds up what runs along an axis, or takes it for a vector; none if it can't be.
    fn along(&mut self, running: Running, axis: &Axis, body: Value) -> Option<Value> {
        let outer = self.axes.is_empty();
        let body = match body {
            Value::Scalar(body) | Value::Running(body) => body,
            Value::Rows(rows) if rows.axis == self.axes.len() && running.fold.adds() => {
                return Some(self.gates.rows_total(rows));
            }
            Value::Rows(rows) if running.fold == Fold::Map && outer && !rows.turned => {
                return Some(Value::Array(rows.matrix, Rank::Matrix));
            }
            _ => return None,
        };
        let graph = &mut *self.gates.graph;
        if graph.reachable(&[body]).contains(&axis.index) {
            return None;
        }
        let one = Dimension::number(1);
        let extents = graph.extents(body);
        let along = if outer { extents.rows.clone() } else { extents.columns.clone() };
        if !running.fold.adds() {
            // Inside of another axis there is no vector of its own for each value of that.
            return (outer && extents == Extents::column(axis.count.clone()) && !along.is_one())
                .then_some(Value::Array(body, Rank::Vector));
        }
        let result = if along == axis.count && !along.is_one() {
            if outer {
                let ones = graph.ones(one, along);
                graph.matrix(M::Product, &[ones, body])
            } else {
                let ones = graph.ones(along, one);
                graph.matrix(M::Product, &[body, ones])
            }
        } else if along.is_one() {
            let count = graph.construct_matrix(&M::Size(axis.count.clone()), &[]);
            graph.multiply(count, body)
        } else {
            return None;
        };
        let scalar = self.gates.graph.extents(result).is_scalar();
        Some(if scalar { Value::Scalar(result) } else { Value::Running(result) })
    }

    /// Begins a loop. Inside of what is tried to be raised there is none: what is around is a loop first.
    fn begin_loop(&mut self, running: Running, attempt: Attempt) {
        if !self.axes.is_empty() {
            self.errors.push(Diagnostic::new(Fault::Symbolic, self.ast.span(running.id), "this is no axis"));
            return self.values.push(Value::Poison);
        }
        self.rewind(attempt.before);
        if self.loops.len() >= limits::NESTED_LOOPS {
            match attempt.raised {
                Some(raised) => self.settle_as_raised(raised),
                None => self.fail(self.too_deep(running.id)),
            }
            return;
        }
        let begins_below_zero = self.is_negative_somewhere(&attempt.ends.from);
        let graph = &mut *self.gates.graph;
        let index = graph.fresh_index();
        let Ends { from, to, .. } = &attempt.ends;
        // The first value of a loop's index is not negative.
        let start = if begins_below_zero { from.clone() } else { Dimension::number(0) };
        let number = graph.construct_matrix(&M::Size(index.plus(&start, 1)), &[]);
        self.loops.push(Bound { index, from: from.plus(&start, -1), to: to.plus(&start, -1) });
        let name = self.index_of(running);
        self.loop_names.push(Dimension::name(&name.text).plus(&start, -1));
        self.bind_index(&name.text, Value::Scalar(number));
        let condition = self.between(number, &attempt.ends);
        self.tasks.push(Task::Looped(running, attempt));
        if let Some(condition) = condition {
            self.tasks.extend([Task::Guard(running), Task::AssumeNoLonger]);
            self.values.push(condition);
            self.assume();
        }
        self.visit_body(running);
    }

    fn settle_as_raised(&mut self, raised: Raised) {
        self.needed = raised.needed;
        self.values.push(raised.value);
    }

    /// Ends a loop, which is left for what it was raised to where that is better.
    pub(super) fn looped(&mut self, running: Running, attempt: Attempt) {
        let Some(bound) = self.loops.pop() else { return };
        self.loop_names.pop();
        let name = self.index_of(running);
        self.unbind(&name.text);
        let body = self.values.pop().unwrap_or(Value::Poison);
        let failed = self.errors.len() > attempt.before.errors || body == Value::Poison;
        let mut is_constant_somewhere =
            || body.node().is_some_and(|(body, _)| self.gates.graph.has_singular_diagonal(&bound, body));
        if let Some(raised) = attempt.raised.clone()
            && (failed || !raised.fills_a_matrix && !is_constant_somewhere())
        {
            self.rewind(attempt.before);
            return self.settle_as_raised(raised);
        }
        if failed {
            return self.values.push(Value::Poison);
        }
        let result = self.loop_of(running, &bound, &body);
        let result = result.and_then(|result| self.folded(running, result));
        match (result, attempt.raised) {
            (Err(_), Some(raised)) => {
                self.rewind(attempt.before);
                self.settle_as_raised(raised);
            }
            (result, _) => self.settle(result),
        }
    }

    fn loop_of(&mut self, running: Running, bound: &Bound, body: &Value) -> Result<Value, Diagnostic> {
        let is_empty = self.is_empty(&bound.count());
        let bound = match is_empty {
            true => &Bound { to: bound.from.clone(), ..bound.clone() },
            false => bound,
        };
        let span = self.ast.span(running.id);
        let (id, rank) = match body {
            Value::Array(id, rank) => (*id, Some(*rank)),
            body => (node(body, span)?, None),
        };
        let extents = self.gates.graph.extents(id);
        if extents.rows.has_name(bound.name()) || extents.columns.has_name(bound.name()) {
            let message = format!("the length of this vector changes with `{}`", self.index_of(running).text);
            return Err(Diagnostic::new(Fault::Shapes, span, message).label("its terms have different lengths"));
        }
        let graph = &mut *self.gates.graph;
        if running.fold.adds() {
            let result = match is_empty {
                true => graph.full(Rational::ZERO, extents),
                false => graph.loop_as_written(bound, id),
            };
            return Ok(rank.map_or(Value::Scalar(result), |rank| Value::Array(result, rank)));
        }
        let (row, rank) = match rank {
            None | Some(Rank::Either) => (id, Rank::Vector),
            Some(rank) if rank == Rank::Vector || extents.is_column() => (self.gates.turned(id), Rank::Matrix),
            Some(_) if running.fold != Fold::Map => {
                let message = "over a symbolic range, this is a function of numbers or of vectors";
                return Err(Diagnostic::new(Fault::Symbolic, span, message).hint("its body is a matrix here"));
            }
            Some(_) => {
                let message = "a matrix can't be an entry of a matrix";
                return Err(Diagnostic::new(Fault::Shapes, span, message));
            }
        };
        let graph = &mut *self.gates.graph;
        let count = bound.count();
        let whole = Extents::new(count.clone(), graph.extents(row).columns);
        self.need([count]);
        let graph = &mut *self.gates.graph;
        match running.fold {
            Fold::Map | Fold::Product if is_empty => {
                return Ok(Value::Array(graph.full(Rational::ZERO, whole), rank));
            }
            _ if is_empty => {
                let message = "this needs at least one value of its index";
                return Err(Diagnostic::new(Fault::NoEntry, span, message));
            }
            _ => {}
        }
        let place = bound.index.plus(&bound.from, -1);
        let placed = match graph.extents(row) == whole {
            true => row,
            false => graph.matrix(M::Embed(place, Dimension::number(0), whole), &[row]),
        };
        Ok(Value::Array(graph.loop_as_written(bound, placed), rank))
    }
}
