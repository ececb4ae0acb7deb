//! Operations on whole matrices: views, calls of kernels, and copies.

use super::loops::{Loops, Place, after, place};
use crate::emit::expression::bare;
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Extents, Extreme, Graph, MatrixOperation as M};
use crate::tape::{Computation, summands};

/// Most rows of a matrix whose determinant is the product of its pivots, which does not overflow.
const LARGEST_OF_PIVOTS: i64 = 4;

impl Loops<'_> {
    pub(super) fn operation(
        &mut self,
        id: ExprId,
        extents: &Extents,
        operation: &M,
        operands: &[ExprId],
    ) -> Result<Place, Diagnostic> {
        Ok(match operation {
            M::Full(..) | M::Diagonal if self.readers_are_products(id) => Place::Implied,
            M::Size(n) => Place::Number(self.count_of(n)),
            M::Embed(..) if self.is_scattered(id) => Place::Implied,
            M::Remainder => self.number_from_data(id),
            M::Slice(..) if self.is_from_data(operands[0]) => self.number_from_data(id),
            M::Slice(row, column, _) if extents.is_scalar() && !self.block.is_closed() => {
                let row = self.row_in(operands[0], row);
                self.read_in_block(operands[0], &row, column)
            }
            M::Stack if !self.block.is_closed() || self.within.kept_rows.contains(&id) => Place::Implied,
            M::Slice(row, _, _) if self.is_contiguous(operands[0], extents) => {
                let row = self.row_in(operands[0], row);
                self.finish(operands[0]);
                let inner = self.slice(operands[0]);
                if extents.is_scalar() {
                    let width = self.dimension(&self.graph.extents(operands[0]).columns);
                    let at = place(&self.dimension(&row), &width, "0");
                    return Ok(Place::Number(format!("{inner}[{at}]")));
                }
                let name = self.fresh();
                let columns = Extents::new(row.clone(), extents.columns.clone());
                let start = if row == Dimension::number(0) { "0".to_string() } else { self.entries(&columns) };
                let end = self.entries(&Extents::new(row.plus(&extents.rows, 1), extents.columns.clone()));
                let line = format!("let {name} = &{inner}[{start}..{end}];");
                match &mut self.open {
                    Some(open) => open.before.push(line),
                    None => self.statements.push(line),
                }
                Place::Slice(name)
            }
            M::Transpose if self.is_vector(operands[0]) || self.readers_are_products(id) => Place::Turned(operands[0]),
            M::Product if self.is_weighted_half(id, operands) || self.is_for_shares(id, operands) => Place::Implied,
            M::Product if self.is_only_exponentiated(id) => Place::Implied,
            M::Product => match self.product_in_loop(id, operands) {
                Some(place) => place,
                None => {
                    self.close();
                    self.product(id, operands)
                }
            },
            M::Gather(places, _) => {
                self.close();
                self.gathered(id, extents, places, operands)
            }
            M::Scatter(places, _) => {
                self.close();
                let at = self.places_given(places, &operands[1..]);
                let inner = self.graph.extents(operands[0]);
                let source = self.slice(operands[0]);
                let target = self.target(id);
                let columns = self.dimension(&extents.columns);
                let (count, start) = (self.entries(&inner), place(&at[0], &columns, &at[1]));
                self.statements.push(format!("{target}.fill(0.0);"));
                self.statements.push(format!("{target}[{start}..][..{count}].copy_from_slice(&{source});"));
                Place::Slice(target)
            }
            M::LogSumExp if !self.block.is_closed() => match self.numbers_stacked(operands[0]) {
                Some(numbers) => self.log_sum_exp_of(numbers),
                None => Place::Implied,
            },
            M::LogSumExp => {
                self.close();
                let a = self.slice(operands[0]);
                self.call_number("log_sum_exp::<FMA>", &format!("(&{a})"))
            }
            M::LogSumExpOfRows => {
                self.close();
                self.log_sum_exp_of_rows(id, operands[0])
            }
            M::Extremum(extreme) => {
                self.close();
                let a = self.slice(operands[0]);
                let name = self.fresh();
                let first = first_kernel(*extreme);
                let nan = format!("{}::NAN", self.writer.options.scalar.name());
                let value = format!("{}::{first}(&{a}).map_or({nan}, |at| {a}[at])", super::MODULE);
                self.statements.push(format!("let {name} = {value};"));
                Place::Number(name)
            }
            M::FirstExtremum(extreme) => {
                self.close();
                let a = self.slice(operands[0]);
                let target = self.target(id);
                self.statements.push(format!("{target}.fill(0.0);"));
                let first = format!("{}::{}(&{a})", super::MODULE, first_kernel(*extreme));
                let lines =
                    [format!("if let Some(at) = {first} {{"), format!("    {target}[at] = 1.0;"), "}".to_string()];
                self.statements.extend(lines);
                Place::Slice(target)
            }
            M::EntryProduct => {
                self.close();
                let a = self.slice(operands[0]);
                self.call_number("entry_product", &format!("(&{a})"))
            }
            M::OtherProducts => {
                self.close();
                let a = self.slice(operands[0]);
                let target = self.target(id);
                self.call(format!("other_products(&{a}, {target});"));
                Place::Slice(target)
            }
            M::Inverse if self.is_small_and_plain(operands[0]) => {
                self.close();
                self.inverted(operands[0]).0
            }
            M::Inverse => {
                self.close();
                self.factorized(operands[0]).0
            }
            M::Adjugate => {
                self.close();
                let a = self.slice(operands[0]);
                let work = self.temporary(extents);
                let order = self.temporary(&Extents::column(extents.rows.clone()));
                let target = self.target(id);
                let n = self.dimension(&extents.rows);
                self.call(format!("adjugate({n}, &{a}, {work}, {order}, {target});"));
                Place::Slice(target)
            }
            M::Determinant if self.is_small_and_plain(operands[0]) => {
                self.close();
                Place::Number(self.inverted(operands[0]).1)
            }
            M::Determinant | M::LogDeterminant => {
                self.close();
                let (_, sign, logarithm) = self.factorized(operands[0]);
                let exponential = self.writer.function(crate::functions::rows::EXP, &logarithm);
                let value = match operation {
                    M::Determinant => format!("{sign} * {exponential}"),
                    _ => {
                        let nan = format!("{}::NAN", self.writer.options.scalar.name());
                        format!("if {sign} > 0.0 {{ {logarithm} }} else {{ {nan} }}")
                    }
                };
                let name = self.fresh();
                self.statements.push(format!("let {name} = {value};"));
                Place::Number(name)
            }
            _ => {
                self.close();
                self.copied(id, extents, operation, operands)
            }
        })
    }

    /// Closes the open loop if it computes the node, or what the node is the transpose of.
    pub(super) fn finish(&mut self, id: ExprId) {
        match self.places.get(&id) {
            Some(Place::Turned(inner)) if self.is_vector(*inner) => self.finish(*inner),
            _ if self.is_local(id) || !self.is_ready(id) => self.close(),
            _ => {}
        }
    }

    pub(super) fn readers_are_products(&self, id: ExprId) -> bool {
        !self.plan.outputs.contains(&id)
            && self.plan.steps.iter().all(|step| match &step.computation {
                Computation::Operation(M::Product, _) => true,
                _ => !step.operands().contains(&id),
            })
    }

    pub(super) fn is_contiguous(&self, of: ExprId, extents: &Extents) -> bool {
        let whole = self.graph.extents(of);
        whole.columns == extents.columns || (whole.rows.is_one() && extents.rows.is_one() && whole.is_column())
    }

    /// Returns the slice of a computed matrix, writing a transpose out where one is needed.
    pub(super) fn slice(&mut self, id: ExprId) -> String {
        match self.places.get(&id).cloned() {
            Some(Place::Slice(name)) => {
                self.read.insert(id);
                name
            }
            Some(Place::Number(text)) => format!("[{text}]"),
            Some(Place::Turned(inner)) if self.is_vector(inner) => self.slice(inner),
            Some(Place::Turned(inner)) => {
                let a = self.slice(inner);
                let name = self.temporary(&self.graph.extents(id));
                let columns = self.dimension(&self.graph.extents(inner).columns);
                self.call(format!("transpose({columns}, &{a}, {name});"));
                self.places.insert(id, Place::Slice(name.clone()));
                name
            }
            Some(Place::Local) => {
                self.unknown = true;
                String::new()
            }
            _ => {
                let extents = self.graph.extents(id);
                let place = match self.graph.as_matrix(id) {
                    Some((operation, operands)) => {
                        let (operation, operands) = (operation.clone(), operands.to_vec());
                        self.copied(id, &extents, &operation, &operands)
                    }
                    None => {
                        self.unknown = true;
                        Place::Implied
                    }
                };
                self.places.insert(id, place.clone());
                match place {
                    Place::Slice(name) => name,
                    _ => "[]".to_string(),
                }
            }
        }
    }

    /// Returns the expression of a number.
    pub(super) fn number(&mut self, id: ExprId) -> String {
        match self.places.get(&id) {
            Some(Place::Number(text)) => text.clone(),
            _ => {
                let slice = self.slice(id);
                format!("{slice}[0]")
            }
        }
    }

    pub(super) fn call(&mut self, line: String) {
        self.statements.push(format!("{}::{line}", super::MODULE));
    }

    pub(super) fn call_number(&mut self, kernel: &'static str, arguments: &str) -> Place {
        let name = self.fresh();
        self.statements.push(format!("let {name} = {}::{kernel}{arguments};", super::MODULE));
        Place::Number(name)
    }

    /// Computes a product in the loop that is open, if it can be.
    fn product_in_loop(&mut self, id: ExprId, factors: &[ExprId]) -> Option<Place> {
        self.sum_in_loop(factors).map(Place::Number).or_else(|| self.product_of_rows(id, factors))
    }

    /// Adds a sum, or a sum of products, to the loop that computes what is summed.
    fn sum_in_loop(&mut self, factors: &[ExprId]) -> Option<String> {
        let summed = summands(self.graph, factors)?;
        if !summed.iter().any(|id| self.is_local(*id)) || !summed.iter().all(|id| self.is_ready(*id)) {
            return None;
        }
        let name = self.fresh();
        let entries: Vec<String> = summed.iter().map(|id| self.entry(*id)).collect();
        let open = self.open.as_mut()?;
        open.inside.push(format!("{name} += {};", entries.join(" * ")));
        open.sums.push(name.clone());
        Some(name)
    }

    /// Tells whether a matrix is so small that its determinant is a product of few pivots, and is not needed in logarithms.
    fn is_small_and_plain(&self, of: ExprId) -> bool {
        let few = self.graph.extents(of).rows.as_number().is_some_and(|rows| rows <= LARGEST_OF_PIVOTS);
        few && !self.plan.steps.iter().any(
            |step| matches!(&step.computation, Computation::Operation(M::LogDeterminant, operands) if operands[0] == of),
        )
    }

    /// The node of the inverse of a matrix, if that is computed.
    fn inverse_of(&self, of: ExprId) -> Option<ExprId> {
        let inverse = self.plan.steps.iter().find(
            |step| matches!(&step.computation, Computation::Operation(M::Inverse, operands) if operands[0] == of),
        );
        inverse.map(|step| step.id)
    }

    /// Inverts a small matrix once for its inverse and its determinant, and returns both.
    fn inverted(&mut self, of: ExprId) -> (Place, String) {
        let inverse = self.inverse_of(of);
        let determinant = format!("{}determinant_{}", self.writer.stem, of.index());
        if let Some(place) = inverse.and_then(|id| self.places.get(&id)).cloned() {
            return (place, determinant);
        }
        let extents = self.graph.extents(of);
        let a = self.slice(of);
        let work = self.temporary(&extents);
        let name = match inverse {
            Some(id) => self.target(id),
            None => self.temporary(&extents),
        };
        let n = self.dimension(&extents.rows);
        let call = format!("{}::small_invert({n}, &{a}, {work}, {name})", super::MODULE);
        self.statements.push(format!("let {determinant} = {call};"));
        if let Some(id) = inverse {
            self.places.insert(id, Place::Slice(name.clone()));
        }
        (Place::Slice(name), determinant)
    }

    /// Inverts a matrix once for its inverse and its determinant; returns the inverse's place, the sign of the
    /// determinant and the logarithm of its size.
    pub(super) fn factorized(&mut self, of: ExprId) -> (Place, String, String) {
        let inverse = self.inverse_of(of);
        let key = format!("{}inverse_{}", self.writer.stem, of.index());
        let (sign, logarithm) = (format!("{key}_sign"), format!("{key}_logarithm"));
        if let Some(place) = inverse.and_then(|id| self.places.get(&id)).cloned() {
            return (place, sign, logarithm);
        }
        let extents = self.graph.extents(of);
        let a = self.slice(of);
        let work = self.temporary(&extents);
        let name = match inverse {
            Some(id) => self.target(id),
            None => self.temporary(&extents),
        };
        let n = self.dimension(&extents.rows);
        let call = format!("{}::invert({n}, &{a}, {work}, {name})", super::MODULE);
        self.statements.push(format!("let ({sign}, {logarithm}) = {call};"));
        if let Some(id) = inverse {
            self.places.insert(id, Place::Slice(name.clone()));
        }
        (Place::Slice(name), sign, logarithm)
    }

    /// Copies entries to where an operation puts them.
    pub(super) fn copied(&mut self, id: ExprId, extents: &Extents, operation: &M, operands: &[ExprId]) -> Place {
        let sources: Vec<String> = operands.iter().map(|operand| self.slice(*operand)).collect();
        let target = self.target(id);
        let columns = self.dimension(&extents.columns);
        let nested = |body: String, rows: String, columns: String| {
            vec![
                format!("for i in 0..{rows} {{"),
                format!("    for j in 0..{columns} {{"),
                format!("        {body}"),
                "    }".to_string(),
                "}".to_string(),
            ]
        };
        let mut lines = Vec::new();
        let own = |graph: &Graph, at: usize| graph.extents(operands[at]);
        match operation {
            M::Full(value, _) => lines.push(format!("{target}.fill({});", self.writer.literal(value))),
            M::Identity(n) => {
                let n = self.dimension(n);
                lines.push(format!("{target}.fill(0.0);"));
                lines.extend([
                    format!("for i in 0..{n} {{"),
                    format!("    {target}[{}] = 1.0;", place("i", &n, "i")),
                    "}".into(),
                ]);
            }
            M::Diagonal => {
                lines.push(format!("{target}.fill(0.0);"));
                let n = self.dimension(&extents.rows);
                lines.extend([
                    format!("for i in 0..{n} {{"),
                    format!("    {target}[{}] = {}[i];", place("i", &n, "i"), sources[0]),
                    "}".into(),
                ]);
            }
            M::DiagonalOf => {
                let n = self.dimension(&extents.rows);
                lines.extend([
                    format!("for i in 0..{n} {{"),
                    format!("    {target}[i] = {}[{}];", sources[0], place("i", &n, "i")),
                    "}".into(),
                ]);
            }
            M::Trace => {
                let n = self.dimension(&own(self.graph, 0).rows);
                let name = self.fresh();
                let float = self.writer.options.scalar.name();
                self.statements.extend([
                    format!("let mut {name}: {float} = 0.0;"),
                    format!("for i in 0..{n} {{"),
                    format!("    {name} += {}[{}];", sources[0], place("i", &n, "i")),
                    "}".into(),
                ]);
                return Place::Number(name);
            }
            M::Transpose => {
                let inner = self.dimension(&own(self.graph, 0).columns);
                self.call(format!("transpose({inner}, &{}, {target});", sources[0]));
                return Place::Slice(target);
            }
            M::Slice(row, column, _) => {
                let places = [Some(row.clone()), Some(column.clone())];
                let width = self.dimension(&own(self.graph, 0).columns);
                let row = self.row_in(operands[0], row);
                let (row, column) = (self.dimension(&row), self.dimension(column));
                if extents.is_scalar() {
                    let seen = self.entry_of_row(operands[0], &places, &[]);
                    if let Some(entry) = seen.or_else(|| self.entry_of_view(operands[0], &sources[0], [&row, &column]))
                    {
                        return Place::Number(entry);
                    }
                    return Place::Number(format!("{}[{}]", sources[0], place(&row, &width, &column)));
                }
                let body = format!(
                    "{target}[{}] = {}[{}];",
                    place("i", &columns, "j"),
                    sources[0],
                    place(&after("i", &row), &width, &after("j", &column))
                );
                lines.extend(nested(body, self.dimension(&extents.rows), columns));
            }
            M::Embed(row, column, _) => {
                let inner = own(self.graph, 0);
                let (row, column) = (self.dimension(row), self.dimension(column));
                let width = self.dimension(&inner.columns);
                lines.push(format!("{target}.fill(0.0);"));
                let first = place(&row, &columns, &column);
                let source = &sources[0];
                if inner.is_scalar() {
                    let number = self.number(operands[0]);
                    lines.push(format!("{target}[{first}] = {};", bare(&number)));
                } else if inner.rows.is_one() || (inner.columns == extents.columns) {
                    let entries = self.entries(&inner);
                    lines.push(format!("{target}[{first}..][..{entries}].copy_from_slice(&{source});"));
                } else if inner.is_column() {
                    lines.extend([
                        format!("for i in 0..{} {{", self.dimension(&inner.rows)),
                        format!("    {target}[{}] = {source}[i];", place(&after("i", &row), &columns, &column)),
                        "}".to_string(),
                    ]);
                } else {
                    let body = format!(
                        "{target}[{}] = {source}[{}];",
                        place(&after("i", &row), &columns, &after("j", &column)),
                        place("i", &width, "j")
                    );
                    lines.extend(nested(body, self.dimension(&inner.rows), width));
                }
            }
            _ => lines.extend(self.put_together(&target, operation, operands, &sources)),
        }
        self.statements.extend(lines);
        Place::Slice(target)
    }

    /// Writes a root to the caller's slice, if it is not computed there.
    pub(super) fn deliver(&mut self, root: ExprId, target: &str) {
        if self.graph.extents(root).is_scalar() {
            let number = self.number(root);
            self.statements.push(format!("*{target} = {};", bare(&number)));
            return;
        }
        let name = self.slice(root);
        if name != target {
            self.statements.push(format!("{target}.copy_from_slice(&{name});"));
        }
    }
}

/// The kernel that finds the first of the largest or smallest entries.
fn first_kernel(extreme: Extreme) -> &'static str {
    match extreme {
        Extreme::Largest => "first_largest",
        Extreme::Smallest => "first_smallest",
    }
}
