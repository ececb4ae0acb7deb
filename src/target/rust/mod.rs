//! Rust: a module of items, the special functions that they call, and the kernels.

mod comments;
mod items;
mod kernels;
mod layout;
mod names;
mod print;
mod processors;
mod special;

use crate::program::{Expression, Function, Item, Language, Program};
use comments::comment;
use print::Printer;
use std::collections::BTreeSet;

/// The private module of kernels.
const MODULE: &str = "matrices";

/// How bodies name the constant that tells whether to multiply and add in one instruction.
const FMA: &str = "::<FMA>";

/// Rust source.
#[derive(Clone, Copy, Debug)]
pub struct Rust;

impl Language for Rust {
    fn reserved(&self) -> &'static [&'static str] {
        &["body", "avx2", "avx512", "FMA", MODULE, "special"]
    }

    fn legal(&self, word: &str) -> String {
        names::legal(word)
    }

    fn word<'n>(&self, name: &'n str) -> &'n str {
        names::word(name)
    }

    fn expression(&self, expression: &Expression) -> String {
        Printer { fused: FMA }.expression(expression)
    }

    fn written(&self, program: &Program) -> String {
        let Program { heading, items, machine } = program;
        let mut out = comment("//", heading) + "\n";
        let (mut kernels, mut special) = (BTreeSet::new(), BTreeSet::new());
        for item in items {
            match item {
                Item::Structure(structure) => out.push_str(&items::structure(structure)),
                Item::Procedure(procedure) => {
                    out.push_str(&items::procedure(procedure, *machine));
                    kernels.extend(processors::kernels(procedure, *machine));
                    let called = procedure.body.iter();
                    called.for_each(|own| own.visit_expressions(&mut |part| special.extend(special_function(part))));
                }
            }
        }
        out.push_str(&special::module(&special, *machine));
        out.push_str(&kernels::module(&kernels, *machine));
        out
    }
}

#[cfg(test)]
impl Rust {
    /// Writes statements, one a line.
    pub(crate) fn lines(self, statements: &[crate::program::Statement]) -> Vec<String> {
        Printer { fused: "" }.lines(statements)
    }
}

/// The special function that an expression calls.
fn special_function(expression: &Expression) -> Option<&'static str> {
    match expression {
        Expression::Call(Function::Special(name), _) => Some(name),
        _ => None,
    }
}

/// Indents the lines of a source.
fn indented(source: &str) -> String {
    source.lines().map(|line| if line.is_empty() { "\n".to_string() } else { format!("    {line}\n") }).collect()
}
