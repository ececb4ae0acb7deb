//! Loops around a plan: for each entry of a matrix, one row of its derivatives.
//!
//! What does not depend on the entry is computed before the loops, what depends on the entry's row alone before the loop
//! over columns.

use super::formed::by;
use super::loops::{Loops, Place, factor, place};
use super::{Interface, Signature, entries};
use crate::derive::{Order, Rows};
use crate::emit::expression::bare;
use crate::emit::placeholders::Placeholders;
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation};
use crate::tape::{Computation, Step};
use std::collections::BTreeSet;

/// A loop over the entries of a matrix.
#[derive(Clone)]
pub(super) struct RowLoop {
    extents: Extents,
    /// The running index of the entry's row, and of its column.
    index: [Dimension; 2],
    pub outputs: Vec<RowOutput>,
}

/// The rows of one derivative.
#[derive(Clone)]
pub(super) struct RowOutput {
    /// The parameters that it is by.
    pub by: Vec<usize>,
    /// The field that it is written to.
    pub field: String,
    /// Placeholders for the names of the whole, and of one row.
    local: [String; 2],
    /// One row.
    pub root: ExprId,
}

impl RowLoop {
    pub(super) fn new(rows: Rows, all: &[usize], order: Order) -> Self {
        let output = |(place, root)| RowOutput {
            by: by(all, order, place),
            field: String::new(),
            local: Default::default(),
            root,
        };
        let outputs = rows.derivatives.into_iter().map(output).collect();
        RowLoop { extents: rows.extents, index: [rows.row, rows.column], outputs }
    }

    /// Tells whether the derivative by these parameters is written here.
    pub(super) fn has(&self, by: &[usize]) -> bool {
        self.outputs.iter().any(|output| output.by == by)
    }

    /// The roots of the plan that are computed in the loops.
    pub(super) fn roots(&self) -> impl Iterator<Item = ExprId> {
        self.outputs.iter().map(|output| output.root)
    }

    /// The names of the running indices, and those of the variables that run.
    pub(super) fn indices(&self) -> impl Iterator<Item = (String, String)> {
        let named = self.index.iter().zip(["row", "column"]);
        named.flat_map(|(index, variable)| index.names().map(move |name| (name.to_string(), variable.to_string())))
    }

    /// Checks of the lengths of the fields.
    pub(super) fn checks(&self, graph: &Graph, signature: &Signature) -> Vec<String> {
        let entries = |extents: &Extents| entries(extents, &signature.sizes);
        let check = |output: &RowOutput| {
            let rows = entries(&self.extents);
            let columns = entries(&graph.extents(output.root));
            let length = match (&rows[..], &columns[..]) {
                ("1", only) | (only, "1") => only.to_string(),
                (rows, columns) => {
                    format!("{} * {}", factor(rows), factor(columns))
                }
            };
            let field = &output.field;
            format!(
                "::core::assert_eq!(derivatives.{field}.len(), {length}, \"`derivatives.{field}` has {length} entries\");"
            )
        };
        self.outputs.iter().map(check).collect()
    }

    /// Names the slices that are written to; `place` tells what they are.
    pub(super) fn opening(
        &mut self,
        stem: &str,
        placeholders: &mut Placeholders,
        place: impl Fn(&RowOutput) -> String,
    ) -> Vec<String> {
        let name = |output: &mut RowOutput| {
            let field = output.field.trim_start_matches("r#");
            let names = [format!("{stem}d_{field}"), format!("{stem}row_{field}")];
            let line = format!("let {} = {};", names[0], place(output));
            output.local = names.map(|name| placeholders.stand_for(name));
            line
        };
        self.outputs.iter_mut().map(name).collect()
    }

    /// The variables of the loops with their ends.
    fn variables(&self) -> Vec<(&'static str, &Dimension)> {
        let sides = [("row", &self.extents.rows), ("column", &self.extents.columns)];
        sides.into_iter().filter(|(_, size)| !size.is_one()).collect()
    }
}

impl<'a> Loops<'a> {
    /// Writes out the transposes of which running rows are read, before the loops over rows.
    pub(super) fn before_rows(&mut self, steps: &[(&'a Step, BTreeSet<String>)]) {
        for (step, _) in steps.iter().filter(|(_, indices)| !indices.is_empty()) {
            let Computation::Operation(MatrixOperation::Slice(..), operands) = &step.computation else { continue };
            let turned = matches!(self.places.get(&operands[0]), Some(Place::Turned(inner)) if !self.is_vector(*inner));
            if turned {
                self.slice(operands[0]);
            }
        }
    }

    /// Writes one loop over rows.
    pub(super) fn row_loop(
        &mut self,
        group: &RowLoop,
        steps: &[(&'a Step, BTreeSet<String>)],
        interface: &Interface<'a>,
    ) -> Result<(), Diagnostic> {
        let names = |index: &Dimension| index.names().map(str::to_string).collect::<BTreeSet<String>>();
        let (row, column) = (names(&group.index[0]), names(&group.index[1]));
        let both: BTreeSet<String> = row.union(&column).cloned().collect();
        let variables = group.variables();
        let early = |indices: &BTreeSet<String>| variables.len() == 2 && *indices == row;
        let before = std::mem::take(&mut self.statements);
        for output in &group.outputs {
            let running =
                steps.iter().any(|(step, indices)| step.id == output.root && !indices.is_empty() && !early(indices));
            if running && !self.graph.extents(output.root).is_scalar() {
                let root = self.graph.blocks_added(output.root).map_or(output.root, |(whole, _)| whole);
                let running =
                    steps.iter().any(|(step, indices)| step.id == root && !indices.is_empty() && !early(indices));
                let root = if running && self.is_used_once(root) { root } else { output.root };
                self.targets.entry(root).or_insert_with(|| output.local[1].clone());
            }
        }
        for (step, _) in steps.iter().filter(|(_, indices)| early(indices)) {
            self.step(step, interface)?;
        }
        self.close();
        let outer = std::mem::take(&mut self.statements);
        let count = self.dimension(&group.extents.columns);
        let at = match &variables[..] {
            [(only, _)] => only.to_string(),
            _ if group.extents.is_scalar() => "0".to_string(),
            _ => place("row", &count, "column"),
        };
        for output in &group.outputs {
            let entries = self.entries(&self.graph.extents(output.root));
            let [whole, own] = &output.local;
            self.statements.push(format!("let {own} = &mut {whole}[{}..][..{entries}];", place(&at, &entries, "0")));
        }
        let own = |indices: &BTreeSet<String>| !indices.is_empty() && indices.is_subset(&both) && !early(indices);
        for (step, _) in steps.iter().filter(|(_, indices)| own(indices)) {
            self.step(step, interface)?;
        }
        self.close();
        for output in &group.outputs {
            match self.graph.extents(output.root).is_scalar() {
                true => {
                    let number = self.number(output.root);
                    self.statements.push(format!("{}[0] = {};", output.local[1], bare(&number)));
                }
                false => self.deliver(output.root, &output.local[1]),
            }
        }
        let mut body = std::mem::replace(&mut self.statements, before);
        for (depth, (variable, size)) in variables.iter().enumerate().rev() {
            let end = self.dimension(size);
            let lines = body.into_iter().map(|line| format!("    {line}"));
            let mut nested = if depth == 0 { Vec::new() } else { outer.clone() };
            nested.push(format!("for {variable} in 0..{end} {{"));
            nested.extend(lines);
            nested.push("}".to_string());
            body = nested;
        }
        self.statements.extend(body);
        Ok(())
    }
}
