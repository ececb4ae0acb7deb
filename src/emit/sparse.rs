//! Sparse derivatives of functions whose entries are values of their own: what is zero is known from the formulas.

use super::asked::Asked;
use super::entries::{Signature, plain};
use super::module::{Heading, Module};
use super::options::Derive;
use super::shaped::{array, nested};
use crate::derive::{Derivatives, Layout, Order, lagrangian_by_entries};
use crate::error::Diagnostic;
use crate::graph::Graph;
use crate::lower::{Entries, Shape};
use crate::program::{Expression, Parameter, Role, Statement, Type};
use crate::tape::Tape;

/// The entries of a sparse derivative, row by row: row, column, and which of the outputs of all derivatives it is.
type Places = Vec<(usize, usize, usize)>;

/// What a sparse derivative is called.
pub(super) struct Titles {
    /// In the names of functions.
    pub(super) name: &'static str,
    /// In documentation.
    title: &'static str,
    /// What value there is beside it.
    value: &'static str,
    /// What its rows and columns are.
    sides: &'static str,
}

impl Titles {
    pub(super) fn of(derive: Derive) -> Titles {
        let hessian = Titles {
            name: "hessian",
            title: "Hessian",
            value: "Value",
            sides: "The lower triangle, with a row and a column for each entry of the parameters",
        };
        match derive {
            Derive::SparseHessian => hessian,
            Derive::Lagrangian => Titles {
                name: "lagrangian",
                value: "Lagrangian: `sigma` times the first entry, and the products of `lambda` with the others,",
                ..hessian
            },
            _ => Titles {
                name: "jacobian",
                title: "Jacobian",
                value: "Value",
                sides: "A row for each entry of the value, a column for each entry of the parameters",
            },
        }
    }

    /// Says what rows and columns of the derivative by these parameters are.
    pub(super) fn note<'p>(&self, by: impl Iterator<Item = &'p str>) -> String {
        let by: Vec<String> = by.map(|name| format!("`{name}`")).collect();
        let order = if by.len() > 1 { format!(", {} one after the other", by.join(", ")) } else { String::new() };
        format!("{}{order}; entries of matrices are counted row by row.", self.sides)
    }

    /// Begins with what is computed of a function.
    pub(super) fn computes(&self, function: &str, pattern: &str) -> Vec<String> {
        let Titles { title, value, .. } = self;
        let entries = format!("and the values of its {title}'s entries, in the order of [`{pattern}`].");
        vec![format!("{value} of [`{function}`], {entries}"), String::new()]
    }
}

/// Says what a function counts.
pub(super) fn counts(values: &str) -> Vec<String> {
    vec![format!("How many entries [`{values}`] has.")]
}

/// Says what a function writes.
pub(super) fn writes_places(values: &str, note: &str) -> Vec<String> {
    vec![format!("Writes where the entries of [`{values}`] are."), String::new(), note.to_string()]
}

/// Says how rows and columns are told in compressed columns.
pub(super) fn compressed(rows: &str, starts: &str) -> [String; 2] {
    let columns = "from above; columns follow each other.";
    let of_column =
        format!("The rows of the entries of column c are `{rows}[{starts}[c]..{starts}[c + 1]]`, {columns}");
    [String::new(), of_column]
}

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
            self.entries_of(function, signature, &Titles::of(Derive::SparseJacobian), (places.collect(), width), tape);
        }
        if asked.wants(Derive::SparseHessian) {
            self.lower_triangle(function, signature, &Titles::of(Derive::SparseHessian), (derivatives, tape));
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
        self.lower_triangle(&own, &signature, &Titles::of(Derive::Lagrangian), (&derivatives, &tape));
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
        titles: &Titles,
        (mut places, width): (Places, usize),
        tape: &Tape,
    ) {
        let is_compressed = self.options.layout == Layout::Columns;
        if is_compressed {
            places.sort_by_key(|(row, column, _)| (*column, *row));
        }
        let (float, own, suffix) = (Type::Float(self.options.scalar), &signature.function, titles.name);
        let count = places.len();
        let pattern = self.names.claim(&format!("{own}_{suffix}_pattern"));
        let nonzeros = self.names.claim(&format!("{own}_{suffix}_nonzeros"));
        let name = self.names.claim(&format!("{own}_sparse_{suffix}"));
        self.constant(counts(&name), &nonzeros, Vec::new(), count.into());
        let note = titles.note(signature.derived.iter().map(|at| &*function.parameters[*at].name));
        let mut about = writes_places(&name, &note);
        about.extend(is_compressed.then(|| compressed("rows", "starts")).into_iter().flatten());
        let rows: Vec<usize> = places.iter().map(|(row, _, _)| *row).collect();
        let columns: Vec<usize> = places.iter().map(|(_, column, _)| *column).collect();
        let starts: Vec<usize> = (0..=width).map(|start| columns.partition_point(|column| *column < start)).collect();
        let slices = match is_compressed {
            true => [("starts", starts), ("rows", rows)],
            false => [("rows", rows), ("columns", columns)],
        };
        let whole = |count: usize| Type::Whole.array(&[count]).mutable();
        let parameters = slices.iter().map(|(slice, numbers)| Parameter::new(*slice, whole(numbers.len())));
        let parameters = parameters.collect();
        let body = slices.into_iter().map(|(slice, numbers)| set(slice, numbers.into_iter().map(Expression::from)));
        let body = body.collect();
        self.procedure(Heading { role: Role::Constant, ..plain(about, &pattern, None) }, parameters, body);
        let outputs = (0..function.outputs.len()).chain(places.iter().map(|(_, _, output)| *output));
        let tape = tape.with_outputs(outputs);
        let distinct = |name: &str| match signature.fields.iter().any(|field| field == name) {
            true => format!("{name}_"),
            false => name.to_string(),
        };
        let (value, values) = (distinct("value"), distinct("values"));
        let (mut signature, is_number) = (signature.clone(), function.shape == Shape::Scalar);
        let of = signature.name.clone();
        let mut written = |name: &str, count: usize| {
            let kind = array(Shape::Vector(count), float.clone()).mutable();
            signature.parameters.push(Parameter::new(name, kind));
        };
        if !is_number {
            written(&value, function.outputs.len());
        }
        written(&values, count);
        let mut documentation = titles.computes(&of, &pattern);
        documentation.push(super::documentation::operations(&tape));
        let result = is_number.then_some(float);
        self.item(plain(documentation, &name, result), &signature, &tape, |outputs| {
            let (of_value, entries) = outputs.split_at(function.outputs.len());
            let entries = set(&values, entries.iter().cloned());
            match is_number {
                true => vec![entries, Statement::Result(nested(Shape::Scalar, of_value))],
                false => vec![entries, set(&value, of_value.iter().cloned())],
            }
        });
    }
}

/// Writes entries to an array.
fn set(array: &str, entries: impl Iterator<Item = Expression>) -> Statement {
    Statement::set(Expression::from(array).dereference(), Expression::List(entries.collect()))
}

fn is_zero(graph: &Graph, id: crate::graph::ExprId) -> bool {
    graph.as_number(id).is_some_and(crate::graph::Rational::is_zero)
}
