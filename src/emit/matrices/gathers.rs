//! Places that are whole numbers from data.

use super::bodies::variable;
use super::dimensions;
use super::loops::{Loops, Place, factor, place};
use super::whole_numbers::WholeNumbers;
use crate::graph::{Bound, Dimension, ExprId, Extents, MatrixOperation as M, Node};
use crate::lower::{Shape, WholeParameter};
use indexmap::IndexMap;

/// Checks that whole numbers from data are in their range.
pub(super) fn check(parameter: &WholeParameter, field: &str, sizes: &IndexMap<String, String>) -> Option<String> {
    let (from, to) = parameter.range.as_ref()?;
    let range = format!("({}..{})", dimensions::written(from, sizes), dimensions::written(to, sizes));
    let holds = match parameter.shape {
        Shape::Scalar => format!("{range}.contains(&{field})"),
        _ => format!("{field}.iter().all(|at| {range}.contains(at))"),
    };
    Some(format!("::core::assert!({holds}, \"`{}` is in {from}..{to}\");", parameter.name))
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
    pub(super) fn given_place(&mut self, id: ExprId) -> String {
        self.note_neighbours(id);
        let name = |input: u32| self.inputs.get(input as usize).cloned();
        let numbers = WholeNumbers { graph: self.graph, name, sizes: self.sizes, known: &self.neighbours };
        let text = numbers.text(id);
        self.unknown |= text.is_none();
        text.unwrap_or_default()
    }

    /// Gives names to the remainders in a whole number that are those of an index with something added, by what the index
    /// runs up to: only near the ends of its range they are other numbers than what they are the remainders of.
    fn note_neighbours(&mut self, id: ExprId) {
        for node in self.graph.reachable(&[id]) {
            let Some((M::Remainder, [of, by])) = self.graph.as_matrix(node) else { continue };
            let dimensions = self.graph.as_dimension(*of).zip(self.graph.as_dimension(*by));
            let neighbour = dimensions.and_then(|(of, by)| self.neighbour(&of, &by));
            if let (Some(text), false) = (neighbour, self.neighbours.contains_key(&node)) {
                let known = match self.block.is_closed() {
                    true => {
                        let name = self.fresh();
                        let line = format!("let {name} = {text};");
                        let is_outer = self.bounds.last().is_some_and(|last| !self.graph.depends_on(node, last.name()));
                        match &mut self.rows {
                            Some(rows) if is_outer => rows.ahead.push(line),
                            _ => self.statements.push(line),
                        }
                        name
                    }
                    false => format!("({text})"),
                };
                self.neighbours.insert(node, known);
            }
        }
    }

    /// Writes the remainder of an index and 1, or less 1, by what the index runs up to.
    fn neighbour(&self, of: &Dimension, by: &Dimension) -> Option<String> {
        let near = |bound: &&Bound| {
            let from = bound.from.as_number().is_some_and(|from| from >= 0);
            let to = bound.to.plus(by, -1).as_number().is_some_and(|beyond| beyond <= 0);
            from && to && of.has_name(bound.name())
        };
        let bound = self.bounds.iter().find(near)?;
        let (index, end) = (variable(bound), self.dimension(by));
        match of.plus(&bound.index, -1).as_number()? {
            1 => Some(format!("if {index} + 1 < {end} {{ {index} + 1 }} else {{ 0 }}")),
            -1 => Some(format!("if {index} > 0 {{ {index} - 1 }} else {{ {end} - 1 }}")),
            _ => None,
        }
    }

    /// Writes a dimension as a floating-point number.
    pub(super) fn count_of(&self, dimension: &Dimension) -> String {
        let float = self.writer.options.scalar.name();
        if dimension.is_running() && dimension.may_be_negative() {
            let (added, taken) = dimensions::sides(dimension, self.sizes);
            return format!("({} as {float} - {} as {float})", factor(&added), factor(&taken.join(" + ")));
        }
        let text = self.dimension(dimension);
        if text.contains(' ') { format!("(({text}) as {float})") } else { format!("({text} as {float})") }
    }

    /// Reads a whole number as one that is computed with.
    pub(super) fn number_from_data(&mut self, id: ExprId) -> Place {
        let number = self.given_place(id);
        let number = if number.contains('%') || number.contains("rem_euclid") { factor(&number) } else { number };
        let number = format!("({number} as {})", self.writer.options.scalar.name());
        if self.block.is_closed() { Place::Number(number) } else { self.count_in_block(number) }
    }

    /// Writes the row and the column of an operation with places from data.
    pub(super) fn places_given(&mut self, places: &[Option<Dimension>; 2], given: &[ExprId]) -> [String; 2] {
        let mut given = given.iter();
        let mut written = Vec::new();
        for place in places {
            written.push(match (place, given.len()) {
                (Some(place), _) => self.dimension(place),
                (None, _) => given.next().map_or(String::new(), |id| self.given_place(*id)),
            });
        }
        let column = written.pop().unwrap_or_default();
        [written.pop().unwrap_or_default(), column]
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
        let start = place(&row, &width, &column);
        if extents.is_scalar() {
            return match self.block.is_closed() {
                true => Place::Number(format!("{source}[{start}]")),
                false => self.read_row(source, [&row, &width, &column]),
            };
        }
        if extents.columns == whole.columns || extents.rows.is_one() {
            let (name, count) = (self.fresh(), self.entries(extents));
            self.statements.push(format!("let {name} = &{source}[{start}..][..{count}];"));
            return Place::Slice(name);
        }
        let target = self.target(id);
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        self.statements.extend([
            format!("for i in 0..{rows} {{"),
            format!("    for j in 0..{columns} {{"),
            format!(
                "        {target}[{}] = {source}[{start} + {}];",
                place("i", &columns, "j"),
                place("i", &width, "j")
            ),
            "    }".to_string(),
            "}".to_string(),
        ]);
        Place::Slice(target)
    }
}
