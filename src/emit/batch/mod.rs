//! Functions for many points: structures of arrays in and out, computed in blocks of points, without allocation.

mod arguments;
mod blocks;
mod points;

use super::asked::Asked;
use super::documentation::comment;
use super::matrices::dispatch::Dispatched;
use super::program::{FMA, Parameter, Printer};
use super::rust::{ALLOW, Module, Signature, array, indented};
use super::writer::LONGEST_PART;
use crate::error::{Diagnostic, Fault};
use crate::limits;
use crate::lower::{Entries, Shape};
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
            let arguments = Arguments::new(function, &self.options.batch, self.options.scalar.name());
            Blocks::new(tape, arguments, self.options)
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
        let name = name.trim_start_matches("r#");
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
        let float = self.options.scalar.name();
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
        let mut body = blocks.arguments.checks(&results);
        let (has_loops, placeholders) = (blocks.has_loops(), blocks.arguments.placeholders.clone());
        let places: Vec<_> = results.into_iter().flat_map(|results| results.places).collect();
        body.extend(blocks.written(&places));
        body.iter_mut().for_each(|statement| statement.rename(&|name| placeholders.named(name)));
        let body = Dispatched { parameters: &parameters, result: "", body };
        let (allowed, text) = match has_loops {
            false => ("", indented(&Printer { fused: FMA }.lines(&body.body).join("\n"))),
            true => body.written(self.options),
        };
        self.kernels.extend(body.kernels(self.options));
        let name = self.items.claim(&format!("{}_batch", single.trim_start_matches("r#")));
        self.out.push('\n');
        for line in documentation {
            self.out.push_str(&comment("///", &line));
            self.out.push('\n');
        }
        self.out
            .push_str(&format!("{ALLOW}{allowed}pub fn {name}({}) {{\n{text}}}\n", Parameter::declared(&parameters)));
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
        lines.extend(
            ["", "# Panics", "Where slices have different lengths, before anything is written."].map(String::from),
        );
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
        let name = self.items.claim_type(&format!("{single}Batch"));
        let slice = format!("&'a mut [{}]", self.options.scalar.name());
        let fields = signature.derived.iter().map(|at| {
            let (parameter, field) = (&function.parameters[*at], &signature.fields[*at]);
            let own = array(parameter.shape, &slice);
            let held = rows.map_or(own.clone(), |rows| format!("[{own}; {rows}]"));
            format!("    /// Derivative by `{}`.\n    pub {field}: {held},\n", parameter.name)
        });
        let fields: String = fields.collect();
        let lifetime = if fields.is_empty() { "" } else { "<'a>" };
        let title = if rows.is_some() { "Jacobian" } else { "gradient" };
        self.out
            .push_str(&format!("\n/// Where the {title} of [`{}`] at many points is written to.\n", signature.name));
        if rows.is_some() {
            self.out.push_str("/// The first index is that of the function's value.\n");
        }
        self.out
            .push_str(&format!("#[derive(::core::fmt::Debug)]\n{ALLOW}pub struct {name}{lifetime} {{\n{fields}}}\n"));
        name
    }
}
