//! Functions for many points: structures of arrays in and out, computed in blocks of points, without allocation.

mod arguments;
mod blocks;
mod points;

use super::asked::Asked;
use super::documentation::panics;
use super::entries::Signature;
use super::module::{FIRST_INDEX, Heading, Module};
use super::shaped::array;
use super::writer::LONGEST_PART;
use crate::error::{Diagnostic, Fault};
use crate::limits;
use crate::lower::{Entries, Shape};
use crate::program::{Parameter, Role, Type};
use crate::tape::Tape;
use arguments::{Arguments, Results};
use blocks::Blocks;

/// What a function for many points computes: the outputs of the tape, in order.
pub(super) enum Computed<'a> {
    /// The value.
    Value,
    /// The value and its first derivatives, with the type of those of one point.
    First(&'a str),
    /// The value, the gradient with the types of those of one point and, if there is one, of many, and the Hessian.
    Second(&'a str, Option<String>),
}

impl Module<'_> {
    /// Distributes a tape over loops for many points, if that is asked for. Where it is too large, the documentation of the
    /// function for one point says so.
    pub(super) fn blocks(
        &self,
        function: &Entries,
        name: &str,
        tape: &Tape,
        asked: &mut Asked,
        documentation: &mut Vec<String>,
    ) -> Option<Blocks> {
        if !asked.wants_batch() {
            return None;
        }
        let blocks = (tape.operations.len() <= LONGEST_PART).then(|| {
            let arguments = Arguments::new(function, &self.options.batch, self.options.scalar, self.language);
            Blocks::new(tape, arguments, self.options, self.language)
        });
        let too_large = match blocks {
            None => {
                let operations = tape.operations.len();
                format!("{operations} operations are more than the {LONGEST_PART} of the longest loop")
            }
            Some(blocks) if blocks.arrays() > limits::BATCH_NUMBERS => {
                let arrays = blocks.arrays();
                format!(
                    "{arrays} numbers of each point are more than the {} that are kept at a time",
                    limits::BATCH_NUMBERS
                )
            }
            Some(blocks) => {
                asked.has_batch();
                return Some(blocks);
            }
        };
        let name = self.language.word(name);
        documentation.extend([String::new(), format!("There is no `{name}_batch`: {too_large}.")]);
        asked.leave_out_batch(
            Diagnostic::general(Fault::TooLarge, too_large)
                .hint("leave out functions for many points, or write the function as several smaller ones"),
        );
        None
    }

    /// Writes a function for many points, beside the one for a single point that is called `single`, and returns the type
    /// that first derivatives are written to.
    pub(super) fn batch(
        &mut self,
        function: &Entries,
        signature: &Signature,
        single: &str,
        computed: Computed<'_>,
        blocks: Blocks,
    ) -> Option<String> {
        let float = self.options.scalar;
        let mut results = vec![Results::value(function.shape, float)];
        let count = function.outputs.len();
        let fields = || {
            let shapes = signature.derived.iter().map(|at| function.parameters[*at].shape);
            let names = signature.derived.iter().map(|at| signature.fields[*at].as_str());
            names.zip(shapes).collect::<Vec<_>>()
        };
        let rows = (function.shape != Shape::Scalar).then_some(count);
        let type_name = match &computed {
            Computed::Value => None,
            Computed::Second(_, Some(declared)) => Some(declared.clone()),
            Computed::First(single) | Computed::Second(single, None) => {
                Some(self.declare_batch(function, signature, single, rows))
            }
        };
        if let Some(type_name) = &type_name {
            let argument = if rows.is_some() { "jacobian" } else { "gradient" };
            results.push(Results::fields(argument, type_name, &fields(), count, rows));
        }
        if let Computed::Second(..) = computed {
            results.push(Results::hessian(signature.derived_inputs(function).len(), float));
        }
        let documentation = self.documentation(function, single, &blocks);
        let arguments = blocks.arguments.parameters.iter();
        let parameters = arguments.chain(results.iter().map(|results| &results.parameter)).cloned();
        let parameters: Vec<Parameter> = parameters.collect();
        let mut body = blocks.arguments.checks(&results, self.language);
        let (has_loops, placeholders) = (blocks.has_loops(), blocks.arguments.placeholders.clone());
        let places: Vec<_> = results.into_iter().flat_map(|results| results.places).collect();
        body.extend(blocks.written(&places));
        body.iter_mut().for_each(|statement| statement.rename(&|name| placeholders.named(name)));
        let name = self.names.claim(&format!("{}_batch", self.language.word(single)));
        let role = if has_loops { Role::Loops } else { Role::Plain };
        self.procedure(Heading { documentation, name, result: None, role }, parameters, body);
        type_name
    }

    fn documentation(&self, function: &Entries, single: &str, blocks: &Blocks) -> Vec<String> {
        let mut lines = vec![format!("[`{single}`] at many points: each slice has a number for each point.")];
        let names = function.parameters.iter().map(|parameter| &parameter.name);
        let same: Vec<String> =
            names.filter(|name| !self.options.batch.has(name)).map(|name| format!("`{name}`")).collect();
        if !same.is_empty() {
            let verb = if same.len() == 1 { "is" } else { "are" };
            lines.push(format!("{} {verb} the same at all points.", same.join(", ")));
        }
        if blocks.has_kernels {
            let why = "which computes functions such as `exp` one by one";
            lines.extend([String::new(), format!("Last digits may differ from those of [`{single}`], {why}.")]);
        }
        panics(&mut lines, "Where slices have different lengths, before anything is written.");
        lines
    }

    /// Declares the type that first derivatives at many points are written to, and returns its name.
    fn declare_batch(
        &mut self,
        function: &Entries,
        signature: &Signature,
        single: &str,
        rows: Option<usize>,
    ) -> String {
        let name = self.names.claim_type(&format!("{single}Batch"));
        let slice = Type::Float(self.options.scalar).slice().mutable();
        let fields = signature.derived.iter().map(|at| {
            let (parameter, field) = (&function.parameters[*at], &signature.fields[*at]);
            let own = array(parameter.shape, slice.clone());
            let held = rows.map_or(own.clone(), |rows| own.array(&[rows]));
            (format!("Derivative by `{}`.", parameter.name), Parameter::new(field, held))
        });
        let fields = fields.collect();
        let title = if rows.is_some() { "Jacobian" } else { "gradient" };
        let mut documentation =
            vec![format!("Where the {title} of [`{}`] at many points is written to.", signature.name)];
        documentation.extend(rows.map(|_| FIRST_INDEX.to_string()));
        self.declare_structure(documentation, &name, fields, true);
        name
    }
}
