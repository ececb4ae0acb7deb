//! Sparse derivatives of functions whose entries are values of their own: what is zero is known from the formulas.

use super::asked::Asked;
use super::layout::{Piece, lines, nested};
use super::options::Derive;
use super::rust::{ALLOW, Module, Signature};
use crate::derive::Derivatives;
use crate::graph::Graph;
use crate::lower::{Function, Shape};
use crate::tape::Tape;

/// The entries of a sparse derivative, row by row: row, column, and which of the outputs of all derivatives it is.
type Entries = Vec<(usize, usize, usize)>;

impl Module<'_> {
    /// Writes the sparse derivatives that are asked for, with the outputs of a tape: the values, and the derivatives of each
    /// by all inputs that are derived by.
    pub(super) fn sparse_by_entries(
        &mut self,
        function: &Function,
        signature: &Signature,
        (derivatives, tape): (&Derivatives, &Tape),
        asked: &Asked,
    ) {
        let graph = &derivatives.graph;
        let values = derivatives.value.len();
        if asked.wants(Derive::SparseJacobian) {
            let width = derivatives.first.first().map_or(0, Vec::len);
            let places = derivatives.first.iter().enumerate().flat_map(|(row, entries)| {
                let own = entries.iter().enumerate().filter(|(_, id)| !is_zero(graph, **id));
                own.map(move |(column, _)| (row, column, values + row * width + column))
            });
            let note = "a row for each entry of the value, a column for each number that is derived by, in order";
            self.entries_of(function, signature, ("jacobian", "Jacobian", note), places.collect(), tape);
        }
        if asked.wants(Derive::SparseHessian) {
            let count = derivatives.second.len();
            let upper = |row: usize, column: usize| row * count - row * row.saturating_sub(1) / 2 + column - row;
            let mut places = Entries::new();
            for (row, entries) in derivatives.second.iter().enumerate() {
                let own = entries[..=row].iter().enumerate().filter(|(_, id)| !is_zero(graph, **id));
                places.extend(own.map(|(column, _)| (row, column, values + count + upper(column, row))));
            }
            let note = "the lower triangle, a row and a column for each number that is derived by, in order";
            self.entries_of(function, signature, ("hessian", "Hessian", note), places, tape);
        }
    }

    fn entries_of(
        &mut self,
        function: &Function,
        signature: &Signature,
        (suffix, title, note): (&str, &str, &str),
        places: Entries,
        tape: &Tape,
    ) {
        let (float, own) = (self.options.scalar.name(), function.display_name());
        let count = places.len();
        let pattern = self.items.claim(&format!("{own}_{suffix}_pattern"));
        let nonzeros = self.items.claim(&format!("{own}_{suffix}_nonzeros"));
        let name = self.items.claim(&format!("{own}_sparse_{suffix}"));
        self.out.push_str(&format!(
            "\n/// How many entries [`{name}`] has.\n{ALLOW}pub const fn {nonzeros}() -> usize {{\n    {count}\n}}\n"
        ));
        self.out.push_str(&format!("\n/// Writes where the entries of [`{name}`] are: {note}.\n{ALLOW}"));
        self.out.push_str(&format!(
            "pub const fn {pattern}(rows: &mut [usize; {count}], columns: &mut [usize; {count}]) {{\n"
        ));
        for (slice, side) in [("rows", 0), ("columns", 1)] {
            let numbers = places.iter().map(|(row, column, _)| Piece::Leaf([row, column][side].to_string()));
            let list = lines(Piece::List(numbers.collect()), 1);
            self.out.push_str(&format!("    *{slice} = {};\n", list.trim()));
        }
        self.out.push_str("}\n");
        let outputs = (0..function.outputs.len()).chain(places.iter().map(|(_, _, output)| *output));
        let tape = tape.with_outputs(outputs);
        let distinct = |name: &str| match signature.fields.iter().any(|field| field == name) {
            true => format!("{name}_"),
            false => name.to_string(),
        };
        let (value, values) = (distinct("value"), distinct("values"));
        let (mut signature, is_number) = (signature.clone(), function.shape == Shape::Scalar);
        let of = signature.name.clone();
        if !is_number {
            signature.add(format!("{value}: &mut [{float}; {}]", function.outputs.len()));
        }
        signature.add(format!("{values}: &mut [{float}; {count}]"));
        let documentation = [
            format!("Value of [`{of}`], and the values of its {title}'s entries, in the order of [`{pattern}`]."),
            String::new(),
            super::documentation::operations(&tape),
        ];
        let result = if is_number { float } else { "()" };
        self.item(&documentation, &name, &signature, result, &tape, |outputs| {
            let (of_value, entries) = outputs.split_at(function.outputs.len());
            let list = Piece::List(entries.iter().map(Piece::leaf).collect());
            let mut body = format!("    *{values} = {};\n", lines(list, 1).trim());
            match is_number {
                true => body.push_str(&lines(nested(Shape::Scalar, of_value), 1)),
                false => {
                    let list = Piece::List(of_value.iter().map(Piece::leaf).collect());
                    body.push_str(&format!("    *{value} = {};\n", lines(list, 1).trim()));
                }
            }
            body
        });
    }
}

fn is_zero(graph: &Graph, id: crate::graph::ExprId) -> bool {
    graph.as_number(id).is_some_and(crate::graph::Rational::is_zero)
}
