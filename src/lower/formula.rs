//! Formulas of Table 1, parsed once and lowered wherever they are needed.

use super::machine::Machine;
use super::value::Value;
use crate::functions::FunctionId;
use crate::graph::{ExprId, Graph};
use crate::source::Source;
use crate::syntax::ast::{Ast, NodeId, Program};
use crate::syntax::parse;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The formulas parsed so far.
#[derive(Default)]
pub struct Formulas {
    parsed: FxHashMap<&'static str, Option<Rc<(Ast, NodeId)>>>,
}

impl Formulas {
    /// Puts a formula of a function's row into a graph, as [`Formulas::lower`] does, with the arguments for the names of
    /// the row's parameters.
    pub fn of_row(
        &mut self,
        graph: &mut Graph,
        function: FunctionId,
        formula: &'static str,
        arguments: &[ExprId],
    ) -> Option<ExprId> {
        let names: Vec<_> = function.row().parameters.iter().copied().zip(arguments.iter().copied()).collect();
        self.lower(graph, formula, &names)
    }

    /// Puts a formula of the table into a graph, in canonical form, with values for its names. None if the formula is
    /// not an expression of the language, which the tests of the table rule out.
    pub fn lower(&mut self, graph: &mut Graph, text: &'static str, names: &[(&str, ExprId)]) -> Option<ExprId> {
        let formula = self
            .parsed
            .entry(text)
            .or_insert_with(|| match parse(&Source::new("formula", text)) {
                Ok((ast, Program::Expression(root))) => Some(Rc::new((ast, root))),
                _ => None,
            })
            .clone()?;
        let (ast, root) = &*formula;
        let bindings = names.iter().map(|(name, id)| ((*name).to_string(), Value::Scalar(*id))).collect();
        let mut machine = Machine::new(ast, &[], graph, self, false);
        machine.canonical();
        match machine.run(None, *root, bindings) {
            Value::Scalar(id) | Value::Array(id, _) | Value::Condition(id) if machine.succeeded() => Some(id),
            _ => None,
        }
    }
}
