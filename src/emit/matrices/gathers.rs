//! Places that are whole numbers from data.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Loops, Place, place};
use super::whole_numbers::WholeNumbers;
use crate::graph::{Bound, Comparison, Dimension, ExprId, Extents, MatrixOperation as M, Node};
use crate::lower::{Shape, WholeParameter};
use crate::program::{Expression, Statement};
use indexmap::IndexMap;

/// Checks that whole numbers from data are in their range.
pub(super) fn check(parameter: &WholeParameter, field: &str, sizes: &IndexMap<String, String>) -> Option<Statement> {
    let (from, to) = parameter.range.as_ref()?;
    let range = Expression::range(dimensions::written(from, sizes), dimensions::written(to, sizes));
    let contains = |number: Expression| range.method("contains", [number]);
    let field = Expression::from(field);
    let holds = match parameter.shape {
        Shape::Scalar => contains(field.reference()),
        _ => {
            let is_inside = Expression::Closure("at".to_string(), Box::new(contains("at".into())));
            field.method("iter", []).method("all", [is_inside])
        }
    };
    Some(Statement::assert(holds, &format!("`{}` is in {from}..{to}", parameter.name)))
}

impl Loops<'_> {
    /// Tells whether a node is a parameter of whole numbers that pick entries.
    pub(super) fn is_from_data(&self, id: ExprId) -> bool {
        match self.graph.node(id) {
            Node::Input(index) => self.indices.contains(index),
            _ => false,
        }
    }

    /// Writes a whole number that is made of data, remainders, indices and sizes.
    pub(super) fn given_place(&mut self, id: ExprId) -> Expression {
        self.note_neighbours(id);
        let name = |input: u32| self.inputs.get(input as usize).map(Expression::from);
        let numbers = WholeNumbers { graph: self.graph, name, sizes: self.sizes, known: &self.neighbours };
        let number = numbers.number(id);
        number.unwrap_or_else(|| self.unknown())
    }

    /// Gives names to the remainders in a whole number that are those of an index with something added, by what the index
    /// runs up to: only near the ends of its range they are other numbers than what they are the remainders of.
    fn note_neighbours(&mut self, id: ExprId) {
        for node in self.graph.reachable(&[id]) {
            let Some((M::Remainder, [of, by])) = self.graph.as_matrix(node) else { continue };
            let dimensions = self.graph.as_dimension(*of).zip(self.graph.as_dimension(*by));
            let neighbour = dimensions.and_then(|(of, by)| self.neighbour(&of, &by));
            if let (Some(number), false) = (neighbour, self.neighbours.contains_key(&node)) {
                let known = match self.block.is_closed() {
                    true => {
                        let name = self.fresh();
                        let named = Statement::name(&name, number);
                        let is_outer = self.bounds.last().is_some_and(|last| !self.graph.depends_on(node, last.name()));
                        match &mut self.rows {
                            Some(rows) if is_outer => rows.ahead.push(named),
                            _ => self.statements.push(named),
                        }
                        name.into()
                    }
                    false => number,
                };
                self.neighbours.insert(node, known);
            }
        }
    }

    /// Writes the remainder of an index and 1, or less 1, by what the index runs up to.
    fn neighbour(&self, of: &Dimension, by: &Dimension) -> Option<Expression> {
        let near = |bound: &&Bound| {
            let from = bound.from.as_number().is_some_and(|from| from >= 0);
            let to = bound.to.plus(by, -1).as_number().is_some_and(|beyond| beyond <= 0);
            from && to && of.has_name(bound.name())
        };
        let bound = self.bounds.iter().find(near)?;
        let (index, end) = (Expression::from(variable(bound)), self.dimension(by));
        let [zero, before, next] = [Expression::Whole(0), index.clone() - 1, index.clone() + 1];
        match of.plus(&bound.index, -1).as_number()? {
            1 => Some(Expression::choice(next.clone().compare(Comparison::Less, end), next, zero)),
            -1 => Some(Expression::choice(index.compare(Comparison::Greater, zero), before, end - 1)),
            _ => None,
        }
    }

    /// Writes a dimension as a floating-point number.
    pub(super) fn count_of(&self, dimension: &Dimension) -> Expression {
        let float = self.writer.options.scalar.name();
        if dimension.is_running() && dimension.may_be_negative() {
            let (added, taken) = dimensions::sides(dimension, self.sizes);
            let taken = dimensions::total(taken).unwrap_or(Expression::Whole(0));
            return added.cast(float) - taken.cast(float);
        }
        self.dimension(dimension).cast(float)
    }

    /// Reads a whole number as one that is computed with.
    pub(super) fn number_from_data(&mut self, id: ExprId) -> Place {
        let number = self.given_place(id).cast(self.writer.options.scalar.name());
        if self.block.is_closed() { Place::Number(number) } else { self.count_in_block(number) }
    }

    /// Writes the row and the column of an operation with places from data.
    pub(super) fn places_given(&mut self, places: &[Option<Dimension>; 2], given: &[ExprId]) -> [Expression; 2] {
        let mut given = given.iter();
        [&places[0], &places[1]].map(|place| match (place, given.len()) {
            (Some(place), _) => self.dimension(place),
            (None, 0) => self.unknown(),
            (None, _) => given.next().map_or(Expression::Whole(0), |id| self.given_place(*id)),
        })
    }

    /// Reads a block at places from data: an entry, or rows as a view; other blocks are copied.
    pub(super) fn gathered(
        &mut self,
        id: ExprId,
        extents: &Extents,
        places: &[Option<Dimension>; 2],
        operands: &[ExprId],
    ) -> Place {
        if extents.is_scalar()
            && self.block.is_closed()
            && let Some(entry) = self.entry_of_row(operands[0], places, &operands[1..])
        {
            return Place::Number(entry);
        }
        let [row, column] = self.places_given(places, &operands[1..]);
        let source = self.slice(operands[0]);
        let whole = self.graph.extents(operands[0]);
        let width = self.dimension(&whole.columns);
        if extents.is_scalar() {
            return match self.block.is_closed() {
                true => Place::Number(source.at(place(row, width, column))),
                false => self.read_row(source, [row, width, column]),
            };
        }
        let start = place(row, &width, column);
        if extents.columns == whole.columns || extents.rows.is_one() {
            let (name, count) = (self.fresh(), self.entries(extents));
            self.statements.push(Statement::name(&name, source.part(start, count).reference()));
            return Place::Slice(name);
        }
        let target = self.target(id);
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let entry = source.at(start.plus(place("i", width, "j")));
        let copy = Statement::set(Expression::from(&target).at(place("i", &columns, "j")), entry);
        self.statements.push(Statement::each("i", rows, vec![Statement::each("j", columns, vec![copy])]));
        Place::Slice(target)
    }
}
