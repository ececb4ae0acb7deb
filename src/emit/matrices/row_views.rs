//! Rows of matrices in the loops along them: a loop reads the entries of a row from a slice as long as the row, so that the
//! compiler knows that they are there, and writes those of one value of its index to such a slice.

use super::loops::{Loops, Place, after, place};
use crate::graph::{Bound, Dimension, ExprId, MatrixOperation as M, Rational};
use crate::program::{Expression, Sign, Statement};
use crate::tape::{Computation, Part, Step};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// Fewest numbers of a row that are read from a slice of their own.
const FEWEST_IN_VIEW: usize = 3;

/// Numbers of a slice, of one value of an index.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub slice: Expression,
    /// Where they begin.
    pub start: Expression,
}

/// A number that is added to another, or stored.
pub(super) struct Addition {
    /// Which number of its row it is added to.
    number: usize,
    /// The number of the slice.
    place: Expression,
    sign: Sign,
    added: Expression,
}

/// What a loop along rows reads and writes.
#[derive(Default)]
pub(super) struct Rows {
    /// What is written before the loop.
    pub ahead: Vec<Statement>,
    /// The names of the rows that are read.
    views: FxHashMap<Row, String>,
    /// What is added to the numbers of each row.
    written: IndexMap<Row, Vec<Addition>>,
}

impl Loops<'_> {
    /// Writes an entry of a matrix in the loop along its row; none if it is not certain that the row is there.
    pub(super) fn entry_of_row(
        &mut self,
        of: ExprId,
        [row, column]: &[Option<Dimension>; 2],
        given: &[ExprId],
    ) -> Option<Expression> {
        let (last, whole) = (self.bounds.last()?.clone(), self.graph.extents(of));
        if !matches!(self.places.get(&of), Some(Place::Slice(_))) || self.graph.depends_on(of, last.name()) {
            return None;
        }
        let mut given = given.iter().copied();
        let data = [row, column].map(|place| if place.is_none() { given.next() } else { None });
        let runs = |place: &Option<Dimension>, data: Option<ExprId>| match (place, data) {
            (Some(place), _) => place.has_name(last.name()),
            (None, Some(id)) => self.graph.depends_on(id, last.name()),
            (None, None) => false,
        };
        if self.rows.is_none()
            || self.firsts.contains_key(&of)
            || whole.columns.is_one()
            || runs(row, data[0])
            || !runs(column, data[1])
        {
            return None;
        }
        let is_there = match (row, data[0]) {
            (Some(row), _) => self.is_within(row, &whole.rows),
            (None, Some(id)) => match self.graph.as_matrix(id) {
                Some((M::Remainder, [_, by])) => self.graph.as_dimension(*by).as_ref() == Some(&whole.rows),
                _ => false,
            },
            _ => false,
        };
        if !is_there {
            return None;
        }
        let mut written = |place: &Option<Dimension>, data: Option<ExprId>| match (place, data) {
            (Some(place), _) => self.dimension(place),
            (None, Some(id)) => self.given_place(id),
            (None, None) => self.unknown(),
        };
        let [row, column] = [written(row, data[0]), written(column, data[1])];
        let (slice, width) = (self.slice(of), self.dimension(&whole.columns));
        let view = Row { slice: slice.clone(), start: place(row, &width, 0) };
        let known = self.rows.as_ref().and_then(|rows| rows.views.get(&view)).cloned();
        let name = match known {
            Some(name) => name,
            None => {
                let name = self.fresh();
                let rows = self.rows.as_mut()?;
                let part = slice.part(&view.start, width);
                rows.ahead.push(Statement::name(&name, part.reference()));
                rows.views.insert(view, name.clone());
                name
            }
        };
        Some(Expression::from(name).at(column))
    }

    /// Writes an entry of a row that changes from one value of the innermost index to the next, and of which several are read,
    /// as one of a slice that is as long as the row.
    pub(super) fn entry_of_view(
        &mut self,
        of: ExprId,
        slice: &Expression,
        [row, column]: [&Expression; 2],
    ) -> Option<Expression> {
        let width = usize::try_from(self.graph.extents(of).columns.as_number()?).ok().filter(|width| *width > 1)?;
        let number = column.as_whole().filter(|number| *number < width)?;
        let last = self.bounds.last()?.name().to_string();
        let in_row = |step: &&Step| match &step.computation {
            Computation::Operation(M::Slice(start, at, extents), operands) => {
                let is_entry = extents.is_scalar() && operands[0] == of && at.as_number().is_some();
                is_entry && start.has_name(&last) && self.dimension(&self.row_in(of, start)) == *row
            }
            _ => false,
        };
        if !self.block.is_closed() || self.plan.steps.iter().filter(in_row).count() < FEWEST_IN_VIEW {
            return None;
        }
        let view = Row { slice: slice.clone(), start: place(row, width, 0) };
        if let Some(name) = self.within.views.get(&view) {
            return Some(Expression::from(name).at(number));
        }
        let name = self.fresh();
        let named = Statement::name(&name, slice.clone().part(&view.start, width).reference());
        match &mut self.open {
            Some(open) => open.before.push(named),
            None => self.statements.push(named),
        }
        self.within.views.insert(view, name.clone());
        Some(Expression::from(name).at(number))
    }

    /// Tells whether a row is there for all values of the indices of the loops around.
    fn is_within(&self, row: &Dimension, rows: &Dimension) -> bool {
        let runs = |bound: &&Bound| row.has_name(bound.name());
        match self.bounds.iter().find(runs) {
            Some(bound) => {
                let offset = row.plus(&bound.index, -1).as_number();
                let first = offset.and_then(|offset| bound.from.as_number()?.checked_add(offset));
                let beyond = offset.and_then(|offset| bound.to.plus(rows, -1).as_number()?.checked_add(offset));
                first.is_some_and(|first| first >= 0) && beyond.is_some_and(|beyond| beyond <= 0)
            }
            None => false,
        }
    }

    /// Notes that a number is added to an entry of a matrix.
    pub(super) fn add_to_row(
        &mut self,
        (target, slice): (ExprId, &str),
        sign: Sign,
        part: &Part,
        coefficient: &Rational,
    ) {
        let (width, added) = (self.graph.extents(target).columns, self.scaled_number(part.value, coefficient));
        let [row, column] = self.sides_of(part);
        let across = self.dimension(&width);
        let slice = Expression::from(slice);
        let place = slice.clone().at(place(row, across, column));
        let found = self.bounds.last().cloned().map(|bound| self.row_of(&bound, &width, part));
        match (found, &mut self.rows) {
            (Some((start, number)), Some(rows)) => {
                let row = Row { slice, start };
                rows.written.entry(row).or_default().push(Addition { number, place, sign, added });
            }
            _ => self.statements.push(Statement::change(place, sign, added)),
        }
    }

    /// Writes what was noted: to a slice where several numbers of a row are added to.
    pub(super) fn write_rows(&mut self) {
        let written = self.rows.as_mut().map(|rows| std::mem::take(&mut rows.written)).unwrap_or_default();
        for (Row { slice, start }, additions) in written {
            let numbers = additions.iter().map(|addition| addition.number);
            let (first, last) = numbers.fold((usize::MAX, 0), |(first, last), at| (first.min(at), last.max(at)));
            if additions.len() == 1 {
                let change = |Addition { place, sign, added, .. }| Statement::change(place, sign, added);
                self.statements.extend(additions.into_iter().map(change));
                continue;
            }
            let name = self.fresh();
            let part = slice.part(after(start, first), last - first + 1);
            self.statements.push(Statement::name(&name, part.mutable()));
            for Addition { number, sign, added, .. } in additions {
                self.statements.push(Statement::change(Expression::from(&name).at(number - first), sign, added));
            }
        }
    }
}
