//! Entries of whole vectors, and sums over symbolic ranges raised to vector form.
//!
//! Inside of `sum(i in a..b, …)` the index stands for a whole axis: `x[i + 1]` is the slice of x that it runs over, a
//! column for the outer index and a row for the index of a sum inside. The sum itself is a product with ones.

use super::dimensions::as_dimension;
use super::machine::{Machine, Task};
use super::value::{Rows, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, Input, MatrixOperation as M, Node};
use crate::source::Span;
use crate::syntax::ast::{Expression, Index, NodeId};

/// An index that runs over a symbolic range.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The node that stands for the index.
    index: ExprId,
    start: Dimension,
    count: Dimension,
}

/// A place between the brackets: a range, and the axis that runs over it.
struct Range {
    start: Dimension,
    count: Dimension,
    /// Which axis runs over the range; 0 is the outer one.
    axis: Option<usize>,
    /// Whether this is one place rather than a slice.
    single: bool,
}

const TOO_DEEP: &str = "sums over symbolic ranges are nested at most twice";

impl Machine<'_> {
    /// Begins a sum over a symbolic range.
    pub(super) fn raise(&mut self, id: NodeId, ends: &[Value], spans: [Span; 2]) {
        let Expression::Fold(name, index, _, _, body) = self.ast.get(id) else { return };
        if name.text != "sum" {
            let diagnostic = Diagnostic::new(
                Fault::FixedSize,
                name.span,
                format!("`{}` runs over ranges of numbers only", name.text),
            );
            return self.fail(diagnostic.hint("give the size as a number: `x: vector[3]`"));
        }
        if self.axes.len() == 2 {
            return self.fail(Diagnostic::new(Fault::Symbolic, name.span, TOO_DEEP));
        }
        let mut bounds = Vec::new();
        for (end, span) in ends.iter().zip(spans) {
            let dimension = match end {
                Value::Scalar(id) => as_dimension(self.gates.graph, *id),
                _ => None,
            };
            match dimension {
                Some(dimension) => bounds.push(dimension),
                None => {
                    let message = format!("the range of `{}` is not made of whole numbers and dimensions", name.text);
                    return self.fail(Diagnostic::new(Fault::Range, span, message));
                }
            }
        }
        let count = bounds[1].plus(&bounds[0], -1);
        self.needed.push(count.clone());
        let one = Dimension::number(1);
        let extents =
            if self.axes.is_empty() { Extents::new(count.clone(), one) } else { Extents::new(one, count.clone()) };
        let graph = &mut *self.gates.graph;
        let node = graph.add_input(Input { parameter: index.text.clone(), place: vec![graph.len()] });
        graph.give_extents(node, extents);
        self.axes.push(Axis { index: node, start: bounds[0].clone(), count });
        self.bind(&index.text, Value::Running(node));
        self.tasks.extend([Task::Raised(id), Task::Visit(*body)]);
    }

    /// Ends a sum over a symbolic range: adds up what runs along its axis.
    pub(super) fn raised(&mut self, id: NodeId) {
        let (Expression::Fold(_, index, ..), Some(axis)) = (self.ast.get(id), self.axes.pop()) else { return };
        self.unbind(&index.text);
        let span = self.ast.span(id);
        let body = match self.values.pop() {
            Some(Value::Scalar(body) | Value::Running(body)) => body,
            Some(Value::Rows(rows)) if rows.axis == self.axes.len() => {
                let value = self.gates.rows_total(rows);
                return self.values.push(value);
            }
            Some(Value::Whole(_) | Value::Rows(_)) => {
                let message = "the terms of this sum are whole vectors or matrices";
                let diagnostic = Diagnostic::new(Fault::Symbolic, span, message);
                return self.fail(diagnostic.hint("over a symbolic range, a sum is of numbers: `x[i]`"));
            }
            Some(Value::Condition(_)) => {
                return self.fail(Diagnostic::new(Fault::Condition, span, "a sum is of numbers, not conditions"));
            }
            _ => return self.values.push(Value::Poison),
        };
        let graph = &mut *self.gates.graph;
        if graph.reachable(&[body]).contains(&axis.index) {
            let message = format!("`{}` is used as a number, and its range is symbolic", index.text);
            let hint = "over a symbolic range an index only picks entries, such as `x[i + 1]`";
            return self.fail(Diagnostic::new(Fault::Symbolic, span, message).hint(hint));
        }
        let extents = graph.extents(body);
        let along = if self.axes.is_empty() { extents.rows.clone() } else { extents.columns.clone() };
        let size = |graph: &mut crate::graph::Graph| graph.construct_matrix(&M::Size(axis.count.clone()), &[]);
        let result = if along == axis.count && !along.is_one() {
            let one = Dimension::number(1);
            if self.axes.is_empty() {
                let ones = graph.ones(one, along);
                graph.matrix(M::Product, &[ones, body])
            } else {
                let ones = graph.ones(along, one);
                graph.matrix(M::Product, &[body, ones])
            }
        } else if along.is_one() {
            let count = size(graph);
            graph.multiply(count, body)
        } else {
            let message = format!("the terms of this sum are {extents}, and it runs over {}", axis.count);
            return self.fail(Diagnostic::new(Fault::Symbolic, span, message));
        };
        let scalar = self.gates.graph.extents(result).is_scalar();
        self.values.push(if scalar { Value::Scalar(result) } else { Value::Running(result) });
    }

    /// Picks entries or a block of a whole vector or matrix.
    pub(super) fn whole_index(
        &mut self,
        base: ExprId,
        places: &[Index],
        values: &[Value],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        let extents = self.gates.graph.extents(base);
        if self.fixed {
            return Err(Diagnostic::new(Fault::Index, spans[0], "single entries are taken from arrays of entries"));
        }
        // A vector takes one index, and a matrix with one column two.
        let sizes = match extents.is_column() && places.len() == 1 {
            true => vec![extents.rows.clone()],
            false => vec![extents.rows.clone(), extents.columns.clone()],
        };
        if sizes.len() != places.len() {
            let whole = spans[0].to(spans[spans.len() - 1]);
            let wanted = if sizes.len() == 1 { "one index: `x[0]`" } else { "two indices: `W[0, 1]`" };
            return Err(Diagnostic::new(Fault::Index, whole, format!("a {extents} takes {wanted}")));
        }
        let mut rest = values.iter().zip(&spans[1..]);
        let mut ranges = Vec::new();
        for (place, size) in places.iter().zip(&sizes) {
            ranges.push(self.whole_range(place, size, &extents, &mut rest)?);
        }
        for (range, size) in ranges.iter().zip(&sizes) {
            let rest = size.plus(&range.start, -1).plus(&range.count, -1);
            self.needed.extend([range.start.clone(), range.count.clone(), rest]);
        }
        let column = ranges.get(1).map_or(Dimension::number(0), |range| range.start.clone());
        let columns = ranges.get(1).map_or(Dimension::number(1), |range| range.count.clone());
        let own = Extents::new(ranges[0].count.clone(), columns);
        let block = self.gates.graph.slice(base, ranges[0].start.clone(), column, own);
        let axes: Vec<Option<usize>> = ranges.iter().map(|range| range.axis).collect();
        let single: Vec<bool> = ranges.iter().map(|range| range.single).collect();
        let graph = &mut *self.gates.graph;
        let turn = |graph: &mut crate::graph::Graph| graph.matrix(M::Transpose, &[block]);
        let result = match (&axes[..], &single[..]) {
            ([Some(a), Some(b)], _) if a == b => {
                let diagonal = graph.matrix(M::DiagonalOf, &[block]);
                if *a == 0 { diagonal } else { graph.matrix(M::Transpose, &[diagonal]) }
            }
            ([Some(1)] | [Some(1), _] | [None, Some(0)], _) => turn(graph),
            ([Some(_)] | [Some(0), _] | [None, Some(_)], _) => block,
            // A row of a matrix is a vector.
            (_, [true, false]) => turn(graph),
            _ => block,
        };
        let runs = axes.iter().any(Option::is_some);
        if runs && ranges.iter().any(|range| range.axis.is_none() && !range.single) {
            let matrix = if axes[0].is_some() { block } else { self.gates.graph.matrix(M::Transpose, &[block]) };
            let axis = axes.into_iter().flatten().next().unwrap_or(0);
            return Ok(Value::Rows(Rows { matrix, turned: false, axis }));
        }
        Ok(match self.gates.graph.extents(result).is_scalar() {
            true => Value::Scalar(result),
            false if runs => Value::Running(result),
            false => Value::Whole(result),
        })
    }

    /// Picks an entry, or a slice, of a vector for each value of an index.
    pub(super) fn rows_index(
        &mut self,
        rows: Rows,
        places: &[Index],
        values: &[Value],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        let extents = self.gates.graph.extents(rows.matrix);
        let of_one = Extents::column(extents.columns.clone());
        let [place] = places else {
            let whole = spans[0].to(spans[spans.len() - 1]);
            return Err(Diagnostic::new(Fault::Index, whole, format!("a {of_one} takes one index: `x[0]`")));
        };
        let range = self.whole_range(place, &extents.columns, &of_one, &mut values.iter().zip(&spans[1..]))?;
        let rest = extents.columns.plus(&range.start, -1).plus(&range.count, -1);
        self.needed.extend([range.start.clone(), range.count.clone(), rest]);
        if range.axis == Some(rows.axis) {
            let message = "this index picks the vector, and can't pick its entry, too";
            return Err(Diagnostic::new(Fault::Symbolic, spans[1], message));
        }
        let own = Extents::new(extents.rows, range.count);
        let matrix = self.gates.graph.slice(rows.matrix, Dimension::number(0), range.start, own);
        if !range.single {
            return Ok(Value::Rows(Rows { matrix, ..rows }));
        }
        let entries = if rows.axis == 0 { matrix } else { self.gates.graph.matrix(M::Transpose, &[matrix]) };
        let scalar = self.gates.graph.extents(entries).is_scalar();
        Ok(if scalar { Value::Scalar(entries) } else { Value::Running(entries) })
    }

    fn whole_range<'v>(
        &self,
        place: &Index,
        size: &Dimension,
        extents: &Extents,
        rest: &mut impl Iterator<Item = (&'v Value, &'v Span)>,
    ) -> Result<Range, Diagnostic> {
        let mut bound = || -> Result<(Dimension, Option<usize>, Span), Diagnostic> {
            let Some((value, span)) = rest.next() else { return Ok((Dimension::number(0), None, Span::default())) };
            let id = match value {
                Value::Scalar(id) | Value::Running(id) => *id,
                _ => return Err(Diagnostic::new(Fault::Index, *span, "this index is not a whole number")),
            };
            let (at, axis) = self.as_place(id).ok_or_else(|| {
                let diagnostic = Diagnostic::new(Fault::Index, *span, "this index is not a whole number");
                diagnostic
                    .hint("an index is made of numbers, dimensions, and one name that `sum` runs over: `x[i + 1]`")
            })?;
            Ok((at, axis, *span))
        };
        let outside = |at: &Dimension, span: Span| {
            let diagnostic = Diagnostic::new(Fault::Index, span, format!("index {at} is outside of {extents}"));
            Err(diagnostic.label(format!("entries are 0 to {}", size.plus(&Dimension::number(1), -1))))
        };
        let negative = |dimension: &Dimension| dimension.as_number().is_some_and(|n| n < 0);
        match place {
            Index::At(_) => {
                let (start, axis, span) = bound()?;
                let count = axis.map_or(Dimension::number(1), |axis| self.axes[axis].count.clone());
                let left = size.plus(&start, -1).plus(&count, -1);
                if negative(&start) || negative(&left) {
                    let last = start.plus(&count, 1).plus(&Dimension::number(1), -1);
                    return outside(if negative(&start) { &start } else { &last }, span);
                }
                Ok(Range { start, count, axis, single: true })
            }
            Index::Slice(from, to) => {
                let start = if from.is_some() { bound()? } else { (Dimension::number(0), None, Span::default()) };
                let end = if to.is_some() { bound()? } else { (size.clone(), None, Span::default()) };
                if start.1.is_some() || end.1.is_some() {
                    return Err(Diagnostic::new(
                        Fault::Symbolic,
                        start.2,
                        "the ends of a slice don't run over a range",
                    ));
                }
                let count = end.0.plus(&start.0, -1);
                if negative(&start.0) || negative(&count) || negative(&size.plus(&end.0, -1)) {
                    return outside(if negative(&start.0) { &start.0 } else { &end.0 }, end.2);
                }
                Ok(Range { start: start.0, count, axis: None, single: false })
            }
        }
    }

    /// Returns the dimension that an index is, and the axis that runs from there.
    fn as_place(&self, id: ExprId) -> Option<(Dimension, Option<usize>)> {
        if let Some(at) = self.axes.iter().position(|axis| axis.index == id) {
            return Some((self.axes[at].start.clone(), Some(at)));
        }
        if let Some(dimension) = as_dimension(self.gates.graph, id) {
            return Some((dimension, None));
        }
        let Node::Sum(constant, terms) = self.gates.graph.node(id) else { return None };
        let mut place = (Dimension::number(constant.to_integer()?), None);
        for (term, k) in terms {
            match self.as_place(*term)? {
                (start, Some(axis)) if k.is_one() && place.1.is_none() => {
                    place = (place.0.plus(&start, 1), Some(axis));
                }
                (start, None) => place.0 = place.0.plus(&start, k.to_integer()?),
                _ => return None,
            }
        }
        Some(place)
    }
}
