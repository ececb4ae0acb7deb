//! Places that are whole numbers from data.

use super::dimensions;
use super::loops::{Loops, Place, factor, place};
use super::whole_numbers::WholeNumbers;
use crate::graph::{Dimension, ExprId, Extents, Node};
use crate::lower::WholeParameter;
use indexmap::IndexMap;

/// Checks that whole numbers from data are in their range.
pub(super) fn check(parameter: &WholeParameter, field: &str, sizes: &IndexMap<String, String>) -> Option<String> {
    let (from, to) = parameter.range.as_ref()?;
    let range = format!("({}..{})", dimensions::written(from, sizes), dimensions::written(to, sizes));
    let holds = match parameter.indices {
        0 => format!("{range}.contains(&{field})"),
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
        let name = |input: u32| self.inputs.get(input as usize).cloned();
        let text = WholeNumbers { graph: self.graph, name, sizes: self.sizes }.text(id);
        self.unknown |= text.is_none();
        text.unwrap_or_default()
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
