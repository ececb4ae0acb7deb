//! Sparse derivatives of functions whose entries are values of their own: what is zero is known from the formulas.

use super::asked::Asked;
use super::layout::{Piece, lines, nested};
use super::options::Derive;
use super::rust::{ALLOW, Module, Signature};
use crate::derive::{Derivatives, Layout, Order, lagrangian_by_entries};
use crate::error::Diagnostic;
use crate::graph::Graph;
use crate::lower::{Entries, Shape};
use crate::tape::Tape;

/// The entries of a sparse derivative, row by row: row, column, and which of the outputs of all derivatives it is.
type Places = Vec<(usize, usize, usize)>;

/// What a sparse derivative is called: in the names of functions, and in documentation; what value there is beside it, and
/// what its rows and columns are.
struct Titles {
    suffix: &'static str,
    title: &'static str,
    value: &'static str,
    note: &'static str,
}

const JACOBIAN: Titles = Titles {
    suffix: "jacobian",
    title: "Jacobian",
    value: "Value",
    note: "a row for each entry of the value, a column for each number that is derived by, in order",
};
const HESSIAN: Titles = Titles {
    suffix: "hessian",
    title: "Hessian",
    value: "Value",
    note: "the lower triangle, a row and a column for each number that is derived by, in order",
};
const LAGRANGIAN: Titles = Titles {
    suffix: "lagrangian",
    value: "Lagrangian: `sigma` times the first entry, and the products of `lambda` with the others,",
    ..HESSIAN
};

impl Module<'_> {
    /// Writes the sparse derivatives that are asked for, with the outputs of a tape: the values, and the derivatives of each
    /// by all inputs that are derived by.
    pub(super) fn sparse_by_entries(
        &mut self,
        function: &Entries,
        signature: &Signature,
        (derivatives, tape): (&Derivatives, &Tape),
        asked: &Asked,
    ) {
        let (graph, values) = (&derivatives.graph, derivatives.value.len());
        if asked.wants(Derive::SparseJacobian) {
            let width = derivatives.first.first().map_or(0, Vec::len);
            let places = derivatives.first.iter().enumerate().flat_map(|(row, entries)| {
                let own = entries.iter().enumerate().filter(|(_, id)| !is_zero(graph, **id));
                own.map(move |(column, _)| (row, column, values + row * width + column))
            });
            self.entries_of(function, signature, &JACOBIAN, (places.collect(), width), tape);
        }
        if asked.wants(Derive::SparseHessian) {
            self.lower_triangle(function, signature, &HESSIAN, (derivatives, tape));
        }
    }

    /// Writes the sparse Hessian of the Lagrangian, if it is asked for.
    ///
    /// # Errors
    /// A value that is a matrix, and functions without second derivatives.
    pub(super) fn lagrangian_by_entries(
        &mut self,
        function: &Entries,
        name: &str,
        asked: &Asked,
    ) -> Result<(), Diagnostic> {
        if !asked.wants(Derive::Lagrangian) {
            return Ok(());
        }
        let own = lagrangian_by_entries(function)?;
        let derived = self.derived(function.parameters.iter().map(|parameter| parameter.name.as_str()));
        let signature = self.signature(&own, name, name.to_string(), derived);
        let all = signature.derived_inputs(&own);
        let mut derivatives = self.deriver.derive(&own, &all, Order::Second, self.options.form)?;
        let tape = derivatives.tape();
        self.lower_triangle(&own, &signature, &LAGRANGIAN, (&derivatives, &tape));
        Ok(())
    }

    fn lower_triangle(
        &mut self,
        function: &Entries,
        signature: &Signature,
        titles: &Titles,
        (derivatives, tape): (&Derivatives, &Tape),
    ) {
        let (values, count) = (derivatives.value.len(), derivatives.second.len());
        let upper = |row: usize, column: usize| row * count - row * row.saturating_sub(1) / 2 + column - row;
        let mut places = Places::new();
        for (row, entries) in derivatives.second.iter().enumerate() {
            let own = entries[..=row].iter().enumerate().filter(|(_, id)| !is_zero(&derivatives.graph, **id));
            places.extend(own.map(|(column, _)| (row, column, values + count + upper(column, row))));
        }
        self.entries_of(function, signature, titles, (places, count), tape);
    }

    fn entries_of(
        &mut self,
        function: &Entries,
        signature: &Signature,
        Titles { suffix, title, value: beside, note }: &Titles,
        (mut places, width): (Places, usize),
        tape: &Tape,
    ) {
        let is_compressed = self.options.layout == Layout::Columns;
        if is_compressed {
            places.sort_by_key(|(row, column, _)| (*column, *row));
        }
        let (float, own) = (self.options.scalar.name(), &signature.function);
        let count = places.len();
        let pattern = self.items.claim(&format!("{own}_{suffix}_pattern"));
        let nonzeros = self.items.claim(&format!("{own}_{suffix}_nonzeros"));
        let name = self.items.claim(&format!("{own}_sparse_{suffix}"));
        self.out.push_str(&format!(
            "\n/// How many entries [`{name}`] has.\n{ALLOW}pub const fn {nonzeros}() -> usize {{\n    {count}\n}}\n"
        ));
        let compressed = "\n///\n/// The rows of the entries of column c are `rows[starts[c]..starts[c + 1]]`, from above; columns follow each other.";
        let compressed = if is_compressed { compressed } else { "" };
        self.out.push_str(&format!("\n/// Writes where the entries of [`{name}`] are: {note}.{compressed}\n{ALLOW}"));
        let rows: Vec<usize> = places.iter().map(|(row, _, _)| *row).collect();
        let columns: Vec<usize> = places.iter().map(|(_, column, _)| *column).collect();
        let starts: Vec<usize> = (0..=width).map(|start| columns.partition_point(|column| *column < start)).collect();
        let slices = match is_compressed {
            true => [("starts", starts), ("rows", rows)],
            false => [("rows", rows), ("columns", columns)],
        };
        let parameters = slices.iter().map(|(slice, numbers)| format!("{slice}: &mut [usize; {}]", numbers.len()));
        let parameters: Vec<String> = parameters.collect();
        self.out.push_str(&format!("pub const fn {pattern}({}) {{\n", parameters.join(", ")));
        for (slice, numbers) in slices {
            let numbers = numbers.into_iter().map(|number| Piece::Leaf(number.to_string()));
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
            format!("{beside} of [`{of}`], and the values of its {title}'s entries, in the order of [`{pattern}`]."),
            String::new(),
            super::documentation::operations(&tape),
        ];
        let result = if is_number { float } else { "()" };
        self.item(&documentation, &name, &signature, result, &tape, |outputs| {
            let (of_value, entries) = outputs.split_at(function.outputs.len());
            let list = Piece::List(entries.iter().map(|entry| Piece::leaf(entry)).collect());
            let mut body = format!("    *{values} = {};\n", lines(list, 1).trim());
            match is_number {
                true => body.push_str(&lines(nested(Shape::Scalar, of_value), 1)),
                false => {
                    let list = Piece::List(of_value.iter().map(|entry| Piece::leaf(entry)).collect());
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
