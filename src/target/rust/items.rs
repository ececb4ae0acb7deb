//! Structures and functions to Rust items.

use super::comments::comment;
use super::processors;
use crate::program::{Machine, Parameter, Procedure, Role, Structure, Type};

/// Lints that generated items are excused from: what the source's names and formulas decide is not the crate's style.
const ALLOW: &str =
    "#[allow(clippy::all, clippy::pedantic, dead_code, non_camel_case_types, non_snake_case, unused_variables)]\n";

/// What structures of values can do.
const OF_VALUES: &str =
    "#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq)]\n#[repr(C)]\n";

/// What structures of places can do.
const OF_PLACES: &str = "#[derive(::core::fmt::Debug)]\n";

/// How long the places are there that a structure has.
const LIFETIME: &str = "'a ";

/// Writes a structure.
pub(super) fn structure(structure: &Structure) -> String {
    let Structure { documentation, name, fields, has_places } = structure;
    let (traits, lifetime) = if *has_places { (OF_PLACES, LIFETIME) } else { (OF_VALUES, "") };
    let generic = if *has_places && !fields.is_empty() { "<'a>" } else { "" };
    let field = |(about, own): &(String, Parameter)| {
        format!("    {}\n    pub {}: {},\n", comment("///", about), own.name, written(&own.kind, lifetime))
    };
    let fields: String = fields.iter().map(field).collect();
    format!("\n{}{traits}{ALLOW}pub struct {name}{generic} {{\n{fields}}}\n", documented(documentation))
}

/// Writes a function.
pub(super) fn procedure(procedure: &Procedure, machine: Machine) -> String {
    let (allowed, body) = processors::body(procedure, machine);
    let head = match procedure.role {
        Role::Loops | Role::Plain => "pub fn",
        Role::Part => "#[inline(never)]\nfn",
        Role::Constant => "pub const fn",
    };
    let (name, parameters) = (&procedure.name, declared(&procedure.parameters));
    let (about, result) = (documented(&procedure.documentation), result(procedure));
    let body = super::indented(&body.join("\n"));
    format!("\n{about}{ALLOW}{allowed}{head} {name}({parameters}){result} {{\n{body}}}\n")
}

fn documented(lines: &[String]) -> String {
    lines.iter().map(|line| comment("///", line) + "\n").collect()
}

/// Writes parameters as a function declares them.
pub(super) fn declared(parameters: &[Parameter]) -> String {
    let declared = parameters.iter().map(|own| format!("{}: {}", own.name, type_of(&own.kind)));
    declared.collect::<Vec<_>>().join(", ")
}

/// Writes the names of parameters, as arguments of a call.
pub(super) fn passed_on(parameters: &[Parameter]) -> String {
    parameters.iter().map(|parameter| &*parameter.name).collect::<Vec<_>>().join(", ")
}

/// Writes what a function returns: ` -> f64`, or nothing.
pub(super) fn result(procedure: &Procedure) -> String {
    procedure.result.as_ref().map_or(String::new(), |kind| format!(" -> {}", type_of(kind)))
}

/// Writes a type.
pub(super) fn type_of(kind: &Type) -> String {
    written(kind, "")
}

fn written(kind: &Type, lifetime: &str) -> String {
    let inner = |kind: &Type| written(kind, lifetime);
    match kind {
        Type::Float(scalar) => scalar.name().to_string(),
        Type::Whole => "usize".to_string(),
        Type::Array(of, count) => format!("[{}; {count}]", inner(of)),
        Type::Slice(of) => format!("[{}]", inner(of)),
        Type::Reference(of) => format!("&{lifetime}{}", inner(of)),
        Type::Mutable(of) => format!("&{lifetime}mut {}", inner(of)),
        Type::Structure(name) => name.clone(),
        Type::Places(name) => format!("{name}<'_>"),
        Type::Tuple(parts) => format!("({})", parts.iter().map(inner).collect::<Vec<_>>().join(", ")),
    }
}
