//! Loops around a plan: for each entry of a matrix, one row of its derivatives.
//!
//! What does not depend on the entry is computed before the loops, what depends on the entry's row alone before the loop
//! over columns.

use super::dimensions::entries;
use super::formed::by;
use super::loops::{Loops, Place, place};
use super::{Interface, Signature};
use crate::derive::{Order, Rows};
use crate::emit::placeholders::Placeholders;
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation};
use crate::program::{Expression, Language, Statement};
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
    pub(super) fn checks(&self, graph: &Graph, signature: &Signature, language: &dyn Language) -> Vec<Statement> {
        let entries = |extents: &Extents| entries(extents, &signature.sizes);
        let check = |output: &RowOutput| {
            let rows = entries(&self.extents);
            let columns = entries(&graph.extents(output.root));
            let length = match (rows.as_whole(), columns.as_whole()) {
                (Some(1), _) => columns,
                (_, Some(1)) => rows,
                _ => rows.times(columns),
            };
            let field = &output.field;
            let message = format!("`derivatives.{field}` has {} entries", language.expression(&length));
            Statement::equal(Expression::from(format!("derivatives.{field}")).method("len", []), length, &message)
        };
        self.outputs.iter().map(check).collect()
    }

    /// Names the slices that are written to; `place` tells what they are.
    pub(super) fn opening(
        &mut self,
        (stem, language): (&str, &dyn Language),
        placeholders: &mut Placeholders,
        place: impl Fn(&RowOutput) -> Expression,
    ) -> Vec<Statement> {
        let name = |output: &mut RowOutput| {
            let field = language.word(&output.field);
            let names = [format!("{stem}d_{field}"), format!("{stem}row_{field}")];
            let named = Statement::name(&names[0], place(output));
            output.local = names.map(|name| placeholders.stand_for(name));
            named
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
            [(only, _)] => Expression::from(*only),
            _ if group.extents.is_scalar() => Expression::Whole(0),
            _ => place("row", count, "column"),
        };
        for output in &group.outputs {
            let entries = self.entries(&self.graph.extents(output.root));
            let [whole, own] = &output.local;
            let part = Expression::from(whole).part(place(&at, &entries, 0), entries);
            self.statements.push(Statement::name(own, part.mutable()));
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
                    self.statements.push(Statement::set(Expression::from(&output.local[1]).at(0), number));
                }
                false => self.deliver(output.root, &output.local[1]),
            }
        }
        let mut body = std::mem::replace(&mut self.statements, before);
        for (depth, (variable, size)) in variables.iter().enumerate().rev() {
            let end = self.dimension(size);
            let mut nested = if depth == 0 { Vec::new() } else { outer.clone() };
            nested.push(Statement::each(variable, end, body));
            body = nested;
        }
        self.statements.extend(body);
        Ok(())
    }
}
