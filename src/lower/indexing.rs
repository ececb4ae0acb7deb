//! Entries and slices of arrays, and arrays made of entries.

use super::gates::node;
use super::machine::Machine;
use super::value::{Rank, Rows, Value};
use super::whole::Interval;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M, Node};
use crate::source::Span;
use crate::syntax::ast::Index;

/// A place between the brackets: a range, and the axis that runs over it.
pub(super) struct Range {
    pub start: Dimension,
    pub count: Dimension,
    /// Which axis runs over the range; 0 is the outer one.
    pub axis: Option<usize>,
    /// Whether this is one place rather than a slice.
    pub single: bool,
    /// The number from data that says where the place is; `start` is of no importance then.
    pub given: Option<ExprId>,
}

impl Machine<'_> {
    /// Makes a vector of numbers, or a matrix of vectors as its rows.
    pub(super) fn list(&mut self, values: &[Value], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
        self.picks_entries |= self.loops.is_empty() && self.axes.is_empty();
        let Some(first) = values.first() else {
            return Err(Diagnostic::new(Fault::NoEntry, span, "a vector needs at least one entry"));
        };
        let mut parts = Vec::new();
        for (value, place) in values.iter().zip(spans) {
            let id = node(value, *place)?;
            if matches!(value, Value::Array(_, Rank::Matrix)) {
                return Err(Diagnostic::new(Fault::Shapes, *place, "a matrix can't be an entry of a matrix"));
            }
            let same = value.is_number() == first.is_number()
                && self.gates.graph.extents(id) == self.gates.graph.extents(node(first, spans[0])?);
            if !same {
                let diagnostic = Diagnostic::new(Fault::Shapes, *place, "the rows of a matrix have the same length");
                return Err(diagnostic.label(self.gates.described(value)));
            }
            parts.push(self.gates.turned(id));
        }
        let rank = if first.is_number() { Rank::Vector } else { Rank::Matrix };
        let id = match parts.as_slice() {
            [only] => *only,
            parts => self.gates.graph.matrix(M::Stack, parts),
        };
        Ok(Value::Array(id, rank))
    }

    /// Picks entries, slices and blocks.
    pub(super) fn index(&mut self, places: &[Index], values: &[Value], spans: &[Span]) -> Result<Value, Diagnostic> {
        match values[0] {
            Value::Rows(rows @ Rows { turned: false, .. }) => self.rows_index(rows, places, &values[1..], spans),
            Value::Array(base, rank) => self.array_index((base, rank), places, &values[1..], spans),
            Value::Indices(base) => self.index_of_indices(base, places, &values[1..], spans),
            Value::Tensor(base, ref layers) => self.tensor_index((base, layers), places, &values[1..], spans),
            Value::Running(_) | Value::Scalar(_) => {
                Err(Diagnostic::new(Fault::Index, spans[0], "a number has no entries").label("scalar"))
            }
            _ => node(&values[0], spans[0]).map(Value::Scalar),
        }
    }

    /// Picks one of the whole numbers that pick entries.
    fn index_of_indices(
        &mut self,
        base: ExprId,
        places: &[Index],
        values: &[Value],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        match self.array_index((base, Rank::Vector), places, values, spans)? {
            Value::Scalar(id) => Ok(Value::Scalar(id)),
            _ => {
                let diagnostic = Diagnostic::new(Fault::Index, spans[0], "whole numbers are taken one at a time");
                Err(diagnostic.hint("`k[i]` is one of them, and `x[k[i]]` what it picks"))
            }
        }
    }

    /// Checks that whole numbers are places among so many, wherever in an interval they are.
    pub(super) fn require_within(
        &mut self,
        place: ExprId,
        interval: &Interval,
        size: &Dimension,
        span: Span,
    ) -> Result<(), Diagnostic> {
        let one = Dimension::number(1);
        let ends = |largest: &Dimension| largest.plus(&one, 1);
        let from = interval.least.iter().min_by_key(|least| least.as_number());
        let from = from.cloned().unwrap_or(Dimension::number(0));
        for to in interval.largest.iter().map(ends) {
            let left = size.plus(&to, -1);
            if left.as_number().is_some_and(|left| left < 0) {
                let message = format!("the places in {from}..{to} are not all among {size} entries");
                let diagnostic = Diagnostic::new(Fault::Index, span, message);
                return Err(diagnostic.hint(match self.range_of_index(place) {
                    Some(_) => format!("declare the index to be in {from}..{size}"),
                    None => format!("declare what it is made of to be in a smaller range, or write `(...) mod {size}`"),
                }));
            }
            if !self.is_not_negative_inside(place, &left) {
                self.need([left]);
            }
        }
        for from in &interval.least {
            if self.is_negative_somewhere(from) {
                let to = interval.largest.first().map(ends).unwrap_or(Dimension::number(0));
                let message = format!("the places in {}..{} begin before 0", self.written(from), self.written(&to));
                let hint = format!("declare what it is made of to be in a later range, or write `(...) mod {size}`");
                return Err(Diagnostic::new(Fault::Index, span, message).hint(hint));
            }
            if !self.is_not_negative_inside(place, from) {
                self.need([from.clone()]);
            }
        }
        Ok(())
    }

    /// Picks a block at places of which some are numbers from data.
    fn gathered(
        &mut self,
        base: ExprId,
        ranges: &[Range],
        sizes: &[Dimension],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        let mut operands = vec![base];
        let mut place = |range: Option<&Range>| match range {
            Some(Range { given: Some(given), .. }) => {
                operands.push(*given);
                None
            }
            Some(range) => Some(range.start.clone()),
            None => Some(Dimension::number(0)),
        };
        let places = [place(ranges.first()), place(ranges.get(1))];
        let count = |at: usize| ranges.get(at).map_or(Dimension::number(1), |range| range.count.clone());
        let extents = Extents::new(count(0), count(1));
        for (range, size) in ranges.iter().zip(sizes) {
            let Some(given) = range.given else { continue };
            if let Some(bounds) = self.range_of_whole(given) {
                self.require_within(given, &bounds, size, spans[0])?;
            }
        }
        let block = self.gates.graph.matrix(M::Gather(places, extents.clone()), &operands);
        Ok(match (extents.rows.is_one(), ranges.iter().all(|range| range.single)) {
            (_, true) => Value::Scalar(block),
            (true, _) if ranges[0].single => Value::Array(self.gates.turned(block), Rank::Vector),
            _ => Value::Array(block, Rank::Vector),
        })
    }

    /// Makes zeros with something in one place: a number in a vector or a matrix, or a vector as a row of a matrix.
    pub(super) fn put(&mut self, values: &[Value], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
        let value = node(&values[0], spans[0])?;
        let is_number = values[0].is_number();
        let several = values.len() == 5;
        if several != (is_number && values.len() == 5) || values.len() == 4 {
            let message = "`put` takes a number with its place, or a vector as a row";
            let hint = "write `put(s, i, n)`, `put(s, i, j, n, m)` or `put(v, i, n)`";
            return Err(Diagnostic::new(Fault::Arguments, span, message).hint(hint));
        }
        let count = if several { 2 } else { 1 };
        let mut operands = vec![if is_number { value } else { self.gates.turned(value) }];
        let mut places = [Some(Dimension::number(0)), Some(Dimension::number(0))];
        let columns = self.gates.graph.extents(operands[0]).columns;
        let mut whole = [Dimension::number(1), columns];
        for at in 0..count {
            let size = node(&values[1 + count + at], spans[1 + count + at])?;
            let size = self.gates.graph.as_dimension(size);
            let place = node(&values[1 + at], spans[1 + at])?;
            let wrong = |span: Span| Diagnostic::new(Fault::Index, span, "this is no whole number");
            whole[at] = size.ok_or_else(|| wrong(spans[1 + count + at]))?;
            if let Some(bounds) = self.range_of_whole(place) {
                self.require_within(place, &bounds, &whole[at].clone(), spans[1 + at])?;
                operands.push(place);
                places[at] = None;
                continue;
            }
            let start = self.gates.graph.as_dimension(place).ok_or_else(|| wrong(spans[1 + at]))?;
            let left = whole[at].plus(&start, -1).plus(&Dimension::number(1), -1);
            self.need([start.clone(), left]);
            places[at] = Some(start);
        }
        let [rows, columns] = whole;
        let extents = Extents::new(rows, columns);
        let id = match &places {
            [Some(row), Some(column)] => {
                self.gates.graph.matrix(M::Embed(row.clone(), column.clone(), extents), &operands)
            }
            _ => self.gates.graph.matrix(M::Scatter(places, extents), &operands),
        };
        Ok(Value::Array(id, if several || !is_number { Rank::Matrix } else { Rank::Vector }))
    }

    fn array_index(
        &mut self,
        (base, rank): (ExprId, Rank),
        places: &[Index],
        values: &[Value],
        spans: &[Span],
    ) -> Result<Value, Diagnostic> {
        self.picks_entries |= self.loops.is_empty() && self.axes.is_empty();
        let extents = self.gates.graph.extents(base);
        let shape = self.gates.described(&Value::Array(base, rank));
        let named = self.loops.iter().zip(&self.loop_names);
        let shape = named.fold(shape, |shape, (bound, name)| shape.replace(bound.name(), &name.to_string()));
        // A vector takes one index, and a matrix with one column one or two.
        let sizes = match (rank, places.len()) {
            (Rank::Vector | Rank::Either, 1) => vec![extents.rows.clone()],
            (Rank::Matrix, 1) if extents.is_column() => vec![extents.rows.clone()],
            (Rank::Vector, 2) if self.is_in_first_column(places, values) => {
                vec![extents.rows.clone(), Dimension::number(1)]
            }
            (Rank::Matrix | Rank::Either, 2) => vec![extents.rows.clone(), extents.columns.clone()],
            _ => {
                let whole = spans[0].to(spans[spans.len() - 1]);
                let wanted = if rank == Rank::Vector { "one index: `x[0]`" } else { "two indices: `W[0, 1]`" };
                return Err(Diagnostic::new(Fault::Index, whole, format!("a {shape} takes {wanted}")));
            }
        };
        let values = self.inside_if_assumed(places, values, &sizes);
        let mut rest = values.iter().zip(&spans[1..]);
        let mut ranges = Vec::new();
        for (place, size) in places.iter().zip(&sizes) {
            ranges.push(self.range(place, size, &shape, &mut rest)?);
        }
        for (range, size) in ranges.iter().zip(&sizes).filter(|(range, _)| range.given.is_none()) {
            let rest = size.plus(&range.start, -1).plus(&range.count, -1);
            let is_assumed = range.axis.is_some() && !self.assumptions.is_empty();
            if is_assumed && ![&range.start, &rest].into_iter().all(|own| self.is_never_negative(own)) {
                return Err(Diagnostic::new(Fault::Symbolic, spans[0], "a condition is about the places on this axis"));
            }
            self.need([range.start.clone(), range.count.clone(), rest]);
        }
        if ranges.iter().any(|range| range.given.is_some()) {
            if let Some(at) = ranges.iter().position(|range| range.axis.is_some()) {
                let message = "an axis does not go with a place from data";
                return Err(Diagnostic::new(Fault::Symbolic, spans[1 + at], message));
            }
            return self.gathered(base, &ranges, &sizes, spans);
        }
        let column = ranges.get(1).map_or(Dimension::number(0), |range| range.start.clone());
        let columns = ranges.get(1).map_or(Dimension::number(1), |range| range.count.clone());
        let own = Extents::new(ranges[0].count.clone(), columns);
        let block = self.gates.graph.slice(base, ranges[0].start.clone(), column, own);
        if ranges.iter().any(|range| range.axis.is_some()) {
            return Ok(self.running_block(block, &ranges));
        }
        let single: Vec<bool> = ranges.iter().map(|range| range.single).collect();
        Ok(match single.as_slice() {
            [true] | [true, true] => Value::Scalar(block),
            [false] | [false, true] => Value::Array(block, Rank::Vector),
            // A row of a matrix is a vector.
            [true, false] => Value::Array(self.gates.turned(block), Rank::Vector),
            _ => Value::Array(block, Rank::Matrix),
        })
    }

    /// Returns the places between brackets, with the nearest that are there for those that are inside only because of what is
    /// assumed.
    pub(super) fn inside_if_assumed(&mut self, places: &[Index], values: &[Value], sizes: &[Dimension]) -> Vec<Value> {
        let mut inside = values.to_vec();
        let mut at = 0;
        for (place, size) in places.iter().zip(sizes) {
            match place {
                Index::At(_) => {
                    if let Some(Value::Scalar(id)) = values.get(at) {
                        inside[at] = Value::Scalar(self.nearest_inside(*id, size).unwrap_or(*id));
                    }
                    at += 1;
                }
                Index::Slice(from, to) => at += usize::from(from.is_some()) + usize::from(to.is_some()),
            }
        }
        inside
    }

    /// Returns what a block is for each value of the indices that run over its places.
    fn running_block(&mut self, block: ExprId, ranges: &[Range]) -> Value {
        let axes: Vec<Option<usize>> = ranges.iter().map(|range| range.axis).collect();
        if ranges.iter().any(|range| range.axis.is_none() && !range.single) {
            let matrix = if axes[0].is_some() { block } else { self.gates.graph.matrix(M::Transpose, &[block]) };
            let axis = axes.into_iter().flatten().next().unwrap_or(0);
            return Value::Rows(Rows { matrix, turned: false, axis });
        }
        let result = match axes.as_slice() {
            [Some(a), Some(b)] if a == b => {
                let diagonal = self.gates.graph.matrix(M::DiagonalOf, &[block]);
                if *a == 0 { diagonal } else { self.gates.turned(diagonal) }
            }
            [Some(1)] | [Some(1), _] | [None, Some(0)] => self.gates.turned(block),
            _ => block,
        };
        let is_scalar = self.gates.graph.extents(result).is_scalar();
        if is_scalar { Value::Scalar(result) } else { Value::Running(result) }
    }

    /// Tells whether two places are in the first column, which is all that a vector has.
    fn is_in_first_column(&self, places: &[Index], values: &[Value]) -> bool {
        match (places, values) {
            ([_, Index::At(_)], [.., column]) => self.whole_number(column) == Some(0),
            ([_, Index::Slice(None, None)], _) => true,
            _ => false,
        }
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
        let range = self.range(place, &extents.columns, &of_one.to_string(), &mut values.iter().zip(&spans[1..]))?;
        let rest = extents.columns.plus(&range.start, -1).plus(&range.count, -1);
        self.need([range.start.clone(), range.count.clone(), rest]);
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

    pub(super) fn range<'v>(
        &self,
        place: &Index,
        size: &Dimension,
        shape: &str,
        rest: &mut impl Iterator<Item = (&'v Value, &'v Span)>,
    ) -> Result<Range, Diagnostic> {
        let mut given = None;
        let mut bound = || -> Result<(Dimension, Option<usize>, Span), Diagnostic> {
            let Some((value, span)) = rest.next() else { return Ok((Dimension::number(0), None, Span::default())) };
            if let Value::Scalar(id) = value
                && self.known_choice(*id).is_none()
                && self.range_of_whole(*id).is_some()
            {
                given = Some(*id);
                return Ok((Dimension::number(0), None, *span));
            }
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
            let own = self.written(at);
            let mut diagnostic = Diagnostic::new(Fault::Index, span, format!("index {own} is outside of {shape}"));
            if matches!(place, Index::At(_)) && at.is_running() {
                let (change, inside) = match self.is_negative_somewhere(at) {
                    true => ("begin the range later", format!("{own} >= 0")),
                    false => ("end the range earlier", format!("{own} < {}", self.written(size))),
                };
                diagnostic = diagnostic.hint(format!("{change}, or choose by the place: `if({inside}, ..., ...)`"));
            }
            Err(diagnostic.label(match size.as_number() {
                Some(0) => "there are no entries".to_string(),
                _ => format!("entries are 0 to {}", size.plus(&Dimension::number(1), -1)),
            }))
        };
        let negative = |dimension: &Dimension| self.is_negative_somewhere(dimension);
        match place {
            Index::At(_) => {
                let (start, axis, span) = bound()?;
                if given.is_some() {
                    let (axis, single, count) = (None, true, Dimension::number(1));
                    return Ok(Range { start, count, axis, single, given });
                }
                let count = axis.map_or(Dimension::number(1), |axis| self.axes[axis].count.clone());
                let left = size.plus(&start, -1).plus(&count, -1);
                if negative(&start) || negative(&left) {
                    let last = start.plus(&count, 1).plus(&Dimension::number(1), -1);
                    return outside(if negative(&start) { &start } else { &last }, span);
                }
                Ok(Range { start, count, axis, single: true, given: None })
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
                if given.is_some() {
                    let message = "the ends of a slice are no numbers from data";
                    return Err(Diagnostic::new(Fault::Index, end.2, message));
                }
                Ok(Range { start: start.0, count, axis: None, single: false, given: None })
            }
        }
    }

    /// Returns the dimension that an index is, and the axis that runs from there.
    fn as_place(&self, id: ExprId) -> Option<(Dimension, Option<usize>)> {
        if let Some(at) = self.axes.iter().position(|axis| axis.index == id) {
            return Some((self.axes[at].start.clone(), Some(at)));
        }
        if let Some(dimension) = self.known_choice(id) {
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
