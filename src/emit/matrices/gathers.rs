//! Places that are whole numbers from data.

use super::dimensions;
use super::loops::{Loops, Place, factor, place};
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M, Node};
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
        if self.graph.as_matrix(id).is_some_and(|(operation, _)| *operation == M::Remainder) {
            return self.whole_number(id);
        }
        let (added, taken) = self.sides_of_place(id, 1);
        if taken.is_empty() { added } else { format!("{added} - {}", taken.join(" - ")) }
    }

    /// Writes what is added in a multiple of a whole number, and the terms that are taken away.
    fn sides_of_place(&mut self, id: ExprId, count: i64) -> (String, Vec<String>) {
        let mut added = Vec::new();
        let mut taken = Vec::new();
        let mut terms = vec![(id, count)];
        let mut constant = Dimension::number(0);
        while let Some((id, count)) = terms.pop() {
            if let Some(dimension) = self.graph.as_dimension(id) {
                constant = constant.plus(&dimension, count);
                continue;
            }
            let (coefficient, rest) = self.graph.as_multiple(id);
            let count = count.saturating_mul(coefficient.to_integer().unwrap_or(1));
            if let Node::Sum(number, of) = self.graph.node(rest) {
                constant = constant.plus(&Dimension::number(number.to_integer().unwrap_or(0)), count);
                let of = of.iter().rev();
                terms.extend(of.map(|(id, k)| (*id, count.saturating_mul(k.to_integer().unwrap_or(1)))));
                continue;
            }
            let number = factor(&self.whole_number(rest));
            let term = if count.abs() == 1 { number } else { format!("{} * {number}", count.abs()) };
            if count < 0 { taken.push(term) } else { added.push(term) }
        }
        let (of_constant, taken_by_constant) = dimensions::sides(&constant, self.sizes);
        if of_constant != "0" || added.is_empty() {
            added.push(of_constant);
        }
        taken.extend(taken_by_constant);
        (added.join(" + "), taken)
    }

    /// Writes a number from data, or a remainder.
    fn whole_number(&mut self, id: ExprId) -> String {
        if let Some((M::Remainder, [of, by])) = self.graph.as_matrix(id) {
            let (of, by) = (*of, *by);
            let (added, taken) = self.sides_of_place(of, 1);
            let by = factor(&self.given_place(by));
            return match taken.is_empty() {
                true => format!("{} % {by}", factor(&added)),
                false => {
                    let taken = factor(&taken.join(" + "));
                    format!("({} as isize - {taken} as isize).rem_euclid({by} as isize) as usize", factor(&added))
                }
            };
        }
        self.entry_from_data(id)
    }

    /// Writes a number from data.
    fn entry_from_data(&mut self, id: ExprId) -> String {
        let (of, row) = match self.graph.as_matrix(id) {
            Some((M::Slice(row, ..), [of])) => (*of, Some(row.clone())),
            _ => (id, None),
        };
        let Node::Input(index) = self.graph.node(of) else {
            self.unknown = true;
            return String::new();
        };
        let name = self.inputs[*index as usize].clone();
        match row {
            Some(row) => format!("{name}[{}]", self.dimension(&row)),
            None => name,
        }
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
            return Place::Number(format!("{source}[{start}]"));
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
