//! Functions whose entries are values of their own: signatures, documentation, bodies.

use super::asked::{Asked, no_parameter, passes_by_value};
use super::batch::Computed;
use super::documentation::{computes, derivative, introduction, operations, shapes};
use super::formulas;
use super::module::{Heading, Kind, Module};
use super::names::Names;
use super::options::{Batch, Derive};
use super::placeholders::Placeholders;
use super::shaped::{array, entry, nested, passed, zeros};
use super::writer::{Part, Writer};
use crate::derive::{Derivatives, Order};
use crate::error::Diagnostic;
use crate::lower::{Entries, Function, Shape};
use crate::program::{Expression, Parameter, Role, Statement, Type};
use crate::tape::Tape;

/// What the items of one function share.
#[derive(Clone)]
pub(super) struct Signature {
    /// What the function is called where it is defined.
    pub(super) function: String,
    pub(super) name: String,
    /// `w: &[f64; 3]` and `x: f64`.
    pub(super) parameters: Vec<Parameter>,
    /// The expression of each input, with placeholders for the names.
    inputs: Vec<Expression>,
    placeholders: Placeholders,
    /// The parameter that each input is an entry of.
    pub(super) owners: Vec<usize>,
    /// The legal name of each parameter.
    pub(super) fields: Vec<String>,
    /// The parameters that are derived by.
    pub(super) derived: Vec<usize>,
    /// A placeholder for what temporaries are called before their number.
    stem: String,
}

impl Signature {
    /// Returns the inputs that are derived by.
    pub(super) fn derived_inputs(&self, function: &Entries) -> Vec<usize> {
        self.derived.iter().flat_map(|at| function.parameters[*at].inputs.clone()).collect()
    }
}

impl Module<'_> {
    /// Writes a function whose entries are values of their own.
    pub(super) fn function_by_entries(&mut self, function: &Function, entries: &Entries) -> Result<Asked, Diagnostic> {
        passes_by_value(function, entries.parameters.iter().map(|parameter| parameter.shape), entries.shape)?;
        let derived = self.derived(entries.parameters.iter().map(|parameter| parameter.name.as_str()));
        let all: Vec<usize> = derived.iter().flat_map(|at| entries.parameters[*at].inputs.clone()).collect();
        let name = self.names.claim(function.display_name());
        let signature = self.signature(entries, function.display_name(), name, derived.clone());
        let scalar = entries.shape == Shape::Scalar;
        let nothing = derived.is_empty() && !entries.parameters.is_empty();
        let mut asked = Asked::new(self.options, scalar, &entries.shape, nothing);
        if let Batch::Only(names) = &self.options.batch
            && !entries.parameters.iter().any(|parameter| self.options.batch.has(&parameter.name))
        {
            asked.leave_out_batches(no_parameter(names));
        }
        asked.leave_out_large(function, entries.outputs.len(), all.len());
        let (first, second) =
            (asked.wants(Derive::Gradient) || asked.wants(Derive::Jacobian), asked.wants(Derive::Hessian));
        let (sparse_first, sparse_second) = (asked.wants(Derive::SparseJacobian), asked.wants(Derive::SparseHessian));
        let order = match (first || sparse_first, second || sparse_second) {
            (_, true) => Order::Second,
            (true, false) => Order::First,
            (false, false) => Order::Value,
        };
        let mut derivatives = self.deriver.derive(entries, &all, order, self.options.form)?;
        // All functions are parts of one tape, so that the same quantity has the same bits in each.
        let tape = derivatives.tape();
        let count = entries.outputs.len();
        self.value(entries, &signature, (introduction(function), &tape.part(count)), &mut asked);
        let mut gradient = None;
        if first || second {
            let kind = if scalar { Kind::Gradient } else { Kind::Jacobian };
            let type_name = self.declare(entries, &signature, kind);
            let mut batch = None;
            if first {
                let tape = tape.part(count + count * all.len());
                batch = self.first(entries, &signature, &type_name, (&derivatives, &tape), &mut asked)?;
            }
            if second {
                self.second(entries, &signature, &type_name, batch, &tape, &mut asked);
            }
            gradient = scalar.then_some(type_name);
        }
        self.products(entries, &signature, &asked, gradient)?;
        self.sparse_by_entries(entries, &signature, (&derivatives, &tape), &asked);
        self.lagrangian_by_entries(entries, &signature.function, &asked)?;
        Ok(asked)
    }

    /// Names what goes into a function.
    pub(super) fn signature(&self, function: &Entries, of: &str, name: String, derived: Vec<usize>) -> Signature {
        let float = Type::Float(self.options.scalar);
        let mut names = Names::of(self.language);
        let mut fields = Vec::new();
        let mut inputs = Vec::new();
        let mut parameters = Vec::new();
        let mut owners = Vec::new();
        let mut placeholders = Placeholders::default();
        for (index, parameter) in function.parameters.iter().enumerate() {
            owners.extend(parameter.inputs.clone().map(|_| index));
            let name = names.claim(&parameter.name);
            parameters.push(Parameter::new(&name, passed(parameter.shape, float.clone())));
            let placeholder = placeholders.stand_for(&name);
            inputs.extend(parameter.shape.places().map(|place| entry(&placeholder, &place)));
            fields.push(name);
        }
        let stem = placeholders.stand_for(names.stem());
        Signature { function: of.to_string(), name, parameters, inputs, placeholders, owners, fields, derived, stem }
    }

    fn value(
        &mut self,
        function: &Entries,
        signature: &Signature,
        (mut documentation, tape): (Vec<String>, &Tape),
        asked: &mut Asked,
    ) {
        documentation.extend(shapes(shaped(function), false));
        documentation.push(operations(tape));
        documentation.extend(asked.notes());
        let blocks = self.blocks(function, &signature.name, tape, asked, &mut documentation);
        let result = array(function.shape, Type::Float(self.options.scalar));
        let heading = plain(documentation, &signature.name, Some(result));
        self.item(heading, signature, tape, |outputs| vec![Statement::Result(nested(function.shape, outputs))]);
        if let Some(blocks) = blocks {
            self.batch(function, signature, &signature.name, Computed::Value, blocks);
        }
    }

    fn first(
        &mut self,
        function: &Entries,
        signature: &Signature,
        type_name: &str,
        (derivatives, tape): (&Derivatives, &Tape),
        asked: &mut Asked,
    ) -> Result<Option<String>, Diagnostic> {
        let float = Type::Float(self.options.scalar);
        let scalar = function.shape == Shape::Scalar;
        let (suffix, title) = derivative(Order::First, scalar);
        let mut documentation = computes(&format!("Value and {title}"), &signature.name);
        if scalar {
            let inputs = signature.derived_inputs(function);
            documentation.extend(formulas::partial(&mut self.deriver, function, &inputs, derivatives)?);
        }
        documentation.push(operations(tape));
        let name = self.names.claim(&format!("{}_{suffix}", signature.function));
        let blocks = self.blocks(function, &name, tape, asked, &mut documentation);
        let result = Type::Tuple(vec![array(function.shape, float), Type::Structure(type_name.to_string())]);
        let count = function.outputs.len();
        self.item(plain(documentation, &name, Some(result)), signature, tape, |outputs| {
            let (value, first) = outputs.split_at(count);
            let gradient = gradient_fields(function, signature, first, count, scalar);
            let gradient = Expression::Structure(type_name.to_string(), gradient);
            vec![Statement::Result(Expression::Tuple(vec![nested(function.shape, value), gradient]))]
        });
        let first = Computed::First(type_name);
        Ok(blocks.and_then(|blocks| self.batch(function, signature, &name, first, blocks)))
    }

    fn second(
        &mut self,
        function: &Entries,
        signature: &Signature,
        type_name: &str,
        batch: Option<String>,
        tape: &Tape,
        asked: &mut Asked,
    ) {
        let float = Type::Float(self.options.scalar);
        let inputs = signature.derived_inputs(function);
        let count = inputs.len();
        let places = function.parameters.iter().zip(&signature.fields).flat_map(|(parameter, field)| {
            let text = |place: Vec<usize>| place.iter().fold(field.clone(), |text, index| format!("{text}[{index}]"));
            parameter.shape.places().map(text).collect::<Vec<_>>()
        });
        let places: Vec<String> = places.collect();
        let order: Vec<&str> = inputs.iter().take(32).map(|input| &*places[*input]).collect();
        let dots = if count > 32 { ", ..." } else { "" };
        let mut documentation = computes("Value, gradient and Hessian", &signature.name);
        documentation.extend([
            format!("Rows and columns of the Hessian in the order `{}{dots}`.", order.join(", ")),
            String::new(),
            operations(tape),
        ]);
        let name = self.names.claim(&format!("{}_hessian", signature.function));
        let blocks = self.blocks(function, &name, tape, asked, &mut documentation);
        let square = Shape::Matrix(count, count);
        let parts = vec![float.clone(), Type::Structure(type_name.to_string()), array(square, float)];
        self.item(plain(documentation, &name, Some(Type::Tuple(parts))), signature, tape, |outputs| {
            let gradient = gradient_fields(function, signature, &outputs[1..=count], 1, true);
            let upper = &outputs[1 + count..];
            let entry = |row: usize, column: usize| {
                let (row, column) = (row.min(column), row.max(column));
                upper[row * count - row * row.saturating_sub(1) / 2 + column - row].clone()
            };
            let rows = (0..count).flat_map(|row| (0..count).map(move |column| (row, column)));
            let rows: Vec<Expression> = rows.map(|(row, column)| entry(row, column)).collect();
            let gradient = Expression::Structure(type_name.to_string(), gradient);
            vec![Statement::Result(Expression::Tuple(vec![outputs[0].clone(), gradient, nested(square, &rows)]))]
        });
        if let Some(blocks) = blocks {
            self.batch(function, signature, &name, Computed::Second(type_name, batch), blocks);
        }
    }

    /// Declares a type with a field for each parameter that is derived by, and returns its name.
    pub(super) fn declare(&mut self, function: &Entries, signature: &Signature, kind: Kind) -> String {
        let fields = signature.derived.iter().map(|at| {
            let parameter = &function.parameters[*at];
            (parameter.name.as_str(), signature.fields[*at].as_str(), parameter.shape)
        });
        let fields: Vec<(&str, &str, Shape)> = fields.collect();
        self.structure((&signature.function, &signature.name), kind, function.outputs.len(), &fields)
    }

    /// Writes a function that computes the outputs of a tape.
    pub(super) fn item(
        &mut self,
        heading: Heading,
        signature: &Signature,
        tape: &Tape,
        result: impl FnOnce(&[Expression]) -> Vec<Statement>,
    ) {
        let writer = Writer {
            options: self.options,
            language: self.language,
            inputs: &signature.inputs,
            owners: &signature.owners,
            stem: &signature.stem,
            lanes: false,
        };
        let written = writer.body(tape).named(&signature.placeholders);
        let mut body = if let [_] = written.parts.as_slice() {
            written.parts.into_iter().flat_map(|only| only.statements).collect()
        } else {
            let values = signature.placeholders.named(&writer.values());
            self.split(&heading.name, signature, (&values, written.values), written.parts)
        };
        body.extend(result(&written.outputs));
        self.procedure(heading, signature.parameters.clone(), body);
    }

    /// Writes the parts of a long function as functions of their own, which share values in an array, and returns the
    /// statements that call them.
    fn split(
        &mut self,
        name: &str,
        signature: &Signature,
        (values, count): (&str, usize),
        parts: Vec<Part>,
    ) -> Vec<Statement> {
        let shape = Shape::Vector(count);
        let shared = Parameter::new(values, array(shape, Type::Float(self.options.scalar)).mutable());
        let mut calls = vec![Statement::variable(values, zeros(&[count]))];
        for (at, Part { statements, parameters }) in parts.into_iter().enumerate() {
            let part = self.names.claim(&format!("{name}_part_{}", at + 1));
            let own = parameters.iter().map(|parameter| signature.parameters[*parameter].clone());
            let own: Vec<Parameter> = own.chain([shared.clone()]).collect();
            let arguments = parameters.iter().map(|parameter| Expression::from(&signature.fields[*parameter]));
            let arguments = arguments.chain([Expression::from(values).mutable()]);
            calls.push(Statement::Evaluate(Expression::call(&part, arguments)));
            let heading = Heading { role: Role::Part, ..plain(Vec::new(), &part, None) };
            self.procedure(heading, own, statements);
        }
        calls
    }
}

/// The parameters with their shapes.
pub(super) fn shaped(function: &Entries) -> impl Iterator<Item = (&String, &Shape)> {
    function.parameters.iter().map(|parameter| (&parameter.name, &parameter.shape))
}

/// A function that computes one thing after the other.
pub(super) fn plain(documentation: Vec<String>, name: &str, result: Option<Type>) -> Heading {
    Heading { documentation, name: name.to_string(), result, role: Role::Plain }
}

/// Lists the derivatives by each parameter.
pub(super) fn gradient_fields(
    function: &Entries,
    signature: &Signature,
    first: &[Expression],
    count: usize,
    scalar: bool,
) -> Vec<(String, Expression)> {
    let width = signature.derived_inputs(function).len();
    let mut start = 0;
    let parameters = signature.derived.iter().map(|at| (&function.parameters[*at], &signature.fields[*at]));
    parameters
        .map(|(parameter, field)| {
            let own = start..start + parameter.inputs.len();
            start = own.end;
            let rows = (0..count).map(|row| {
                let entries = &first[row * width..(row + 1) * width];
                nested(parameter.shape, &entries[own.clone()])
            });
            let mut rows: Vec<Expression> = rows.collect();
            let own = if scalar { rows.remove(0) } else { Expression::List(rows) };
            (field.clone(), own)
        })
        .collect()
}
