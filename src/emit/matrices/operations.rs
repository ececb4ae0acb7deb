//! Operations on whole matrices: views, calls of kernels, and copies.

use super::loops::{Loops, Place, after, place};
use crate::error::Diagnostic;
use crate::graph::{Comparison, Dimension, ExprId, Extents, Extreme, Graph, MatrixOperation as M};
use crate::program::{Expression, Statement};
use crate::tape::{Computation, Step, summands};

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
                    return Ok(Place::Number(inner.at(place(self.dimension(&row), width, 0))));
                }
                let name = self.fresh();
                let columns = Extents::new(row.clone(), extents.columns.clone());
                let start = if row == Dimension::number(0) { Expression::Whole(0) } else { self.entries(&columns) };
                let end = self.entries(&Extents::new(row.plus(&extents.rows, 1), extents.columns.clone()));
                let view = Statement::name(&name, inner.at(Expression::range(start, end)).reference());
                match &mut self.open {
                    Some(open) => open.before.push(view),
                    None => self.statements.push(view),
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
                let [row, column] = self.places_given(places, &operands[1..]);
                let inner = self.graph.extents(operands[0]);
                let source = self.slice(operands[0]);
                let target = self.target(id);
                let columns = self.dimension(&extents.columns);
                let (count, start) = (self.entries(&inner), place(row, columns, column));
                self.statements.push(Statement::fill(&target, Expression::zero()));
                self.statements.push(Statement::copy(Expression::from(&target).part(start, count), source));
                Place::Slice(target)
            }
            M::LogSumExp if !self.block.is_closed() => match self.numbers_stacked(operands[0]) {
                Some(numbers) => self.log_sum_exp_of(numbers),
                None => Place::Implied,
            },
            M::LogSumExp => {
                self.close();
                let a = self.slice(operands[0]);
                self.named_number(Expression::fused_kernel("log_sum_exp", [a.reference()]))
            }
            M::LogSumExpOfRows => {
                self.close();
                self.log_sum_exp_of_rows(id, operands[0])
            }
            M::Extremum(extreme) => {
                self.close();
                let a = self.slice(operands[0]);
                let nan = Expression::Known("NAN", self.writer.options.scalar);
                let first = Expression::kernel(first_kernel(*extreme), [a.clone().reference()]);
                let entry = Expression::Closure("at".to_string(), Box::new(a.at("at")));
                self.named_number(first.method("map_or", [nan, entry]))
            }
            M::FirstExtremum(extreme) => {
                self.close();
                let a = self.slice(operands[0]);
                let target = self.target(id);
                self.statements.push(Statement::fill(&target, Expression::zero()));
                let first = Expression::kernel(first_kernel(*extreme), [a.reference()]);
                let some = Expression::call("Some", ["at".into()]);
                let condition = Expression::Match(Box::new(some), Box::new(first));
                let one = Statement::set(Expression::from(&target).at("at"), Expression::float("1.0"));
                self.statements.push(Statement::when(condition, vec![one]));
                Place::Slice(target)
            }
            M::EntryProduct => {
                self.close();
                let a = self.slice(operands[0]);
                self.named_number(Expression::kernel("entry_product", [a.reference()]))
            }
            M::OtherProducts => {
                self.close();
                let a = self.slice(operands[0]);
                let target = self.target(id);
                self.statements.push(Statement::kernel("other_products", [a.reference(), (&target).into()]));
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
                let arguments = [n, a.reference(), work.into(), order.into(), (&target).into()];
                self.statements.push(Statement::kernel("adjugate", arguments));
                Place::Slice(target)
            }
            M::Determinant if self.is_small_and_plain(operands[0]) => {
                self.close();
                Place::Number(self.inverted(operands[0]).1)
            }
            M::Determinant | M::LogDeterminant => {
                self.close();
                let (_, sign, logarithm) = self.factorized(operands[0]);
                let value = match operation {
                    M::Determinant => sign * self.writer.call(crate::functions::rows::EXP, logarithm),
                    _ => {
                        let nan = Expression::Known("NAN", self.writer.options.scalar);
                        Expression::choice(sign.compare(Comparison::Greater, Expression::zero()), logarithm, nan)
                    }
                };
                self.named_number(value)
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
        !self.plan.outputs.contains(&id) && is_read_by_products(&self.plan.steps, id)
    }

    pub(super) fn is_contiguous(&self, of: ExprId, extents: &Extents) -> bool {
        let whole = self.graph.extents(of);
        whole.columns == extents.columns || (whole.rows.is_one() && extents.rows.is_one() && whole.is_column())
    }

    /// Returns the slice of a computed matrix, writing a transpose out where one is needed.
    pub(super) fn slice(&mut self, id: ExprId) -> Expression {
        match self.places.get(&id).cloned() {
            Some(Place::Slice(name)) => {
                self.read.insert(id);
                name.into()
            }
            Some(Place::Number(number)) => Expression::List(vec![number]),
            Some(Place::Turned(inner)) if self.is_vector(inner) => self.slice(inner),
            Some(Place::Turned(inner)) => {
                let a = self.slice(inner);
                let name = self.temporary(&self.graph.extents(id));
                let columns = self.dimension(&self.graph.extents(inner).columns);
                self.statements.push(Statement::kernel("transpose", [columns, a.reference(), (&name).into()]));
                self.places.insert(id, Place::Slice(name.clone()));
                name.into()
            }
            Some(Place::Local) => self.unknown(),
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
                    Place::Slice(name) => name.into(),
                    _ => Expression::List(Vec::new()),
                }
            }
        }
    }

    /// Returns the expression of a number.
    pub(super) fn number(&mut self, id: ExprId) -> Expression {
        match self.places.get(&id) {
            Some(Place::Number(number)) => number.clone(),
            _ => self.slice(id).at(0),
        }
    }

    /// Gives a name to a number.
    pub(super) fn named_number(&mut self, value: Expression) -> Place {
        let name = self.fresh();
        self.statements.push(Statement::name(&name, value));
        Place::Number(name.into())
    }

    /// Computes a product in the loop that is open, if it can be.
    fn product_in_loop(&mut self, id: ExprId, factors: &[ExprId]) -> Option<Place> {
        self.sum_in_loop(factors).map(Place::Number).or_else(|| self.product_of_rows(id, factors))
    }

    /// Adds a sum, or a sum of products, to the loop that computes what is summed.
    fn sum_in_loop(&mut self, factors: &[ExprId]) -> Option<Expression> {
        let summed = summands(self.graph, factors)?;
        if !summed.iter().any(|id| self.is_local(*id)) || !summed.iter().all(|id| self.is_ready(*id)) {
            return None;
        }
        let name = self.fresh();
        let product = summed.iter().map(|id| self.entry(*id)).reduce(|product, entry| product * entry)?;
        let open = self.open.as_mut()?;
        open.inside.push(Statement::add(&name, product));
        open.sums.push(name.clone());
        Some(name.into())
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
    fn inverted(&mut self, of: ExprId) -> (Place, Expression) {
        let inverse = self.inverse_of(of);
        let determinant = format!("{}determinant_{}", self.writer.stem, of.index());
        if let Some(place) = inverse.and_then(|id| self.places.get(&id)).cloned() {
            return (place, determinant.into());
        }
        let extents = self.graph.extents(of);
        let a = self.slice(of);
        let work = self.temporary(&extents);
        let name = match inverse {
            Some(id) => self.target(id),
            None => self.temporary(&extents),
        };
        let n = self.dimension(&extents.rows);
        let call = Expression::kernel("small_invert", [n, a.reference(), work.into(), (&name).into()]);
        self.statements.push(Statement::name(&determinant, call));
        if let Some(id) = inverse {
            self.places.insert(id, Place::Slice(name.clone()));
        }
        (Place::Slice(name), determinant.into())
    }

    /// Inverts a matrix once for its inverse and its determinant; returns the inverse's place, the sign of the
    /// determinant and the logarithm of its size.
    pub(super) fn factorized(&mut self, of: ExprId) -> (Place, Expression, Expression) {
        let inverse = self.inverse_of(of);
        let key = format!("{}inverse_{}", self.writer.stem, of.index());
        let (sign, logarithm) = (format!("{key}_sign"), format!("{key}_logarithm"));
        if let Some(place) = inverse.and_then(|id| self.places.get(&id)).cloned() {
            return (place, sign.into(), logarithm.into());
        }
        let extents = self.graph.extents(of);
        let a = self.slice(of);
        let work = self.temporary(&extents);
        let name = match inverse {
            Some(id) => self.target(id),
            None => self.temporary(&extents),
        };
        let n = self.dimension(&extents.rows);
        let value = Expression::kernel("invert", [n, a.reference(), work.into(), (&name).into()]);
        let names = vec![sign.clone(), logarithm.clone()];
        self.statements.push(Statement::Let { names, is_mutable: false, kind: None, value });
        if let Some(id) = inverse {
            self.places.insert(id, Place::Slice(name.clone()));
        }
        (Place::Slice(name), sign.into(), logarithm.into())
    }

    /// Copies entries to where an operation puts them.
    pub(super) fn copied(&mut self, id: ExprId, extents: &Extents, operation: &M, operands: &[ExprId]) -> Place {
        let sources: Vec<Expression> = operands.iter().map(|operand| self.slice(*operand)).collect();
        let target = self.target(id);
        let columns = self.dimension(&extents.columns);
        let to = |at: Expression| Expression::from(&target).at(at);
        let from = |at: Expression| sources[0].clone().at(at);
        let zeros = Statement::fill(&target, Expression::zero());
        let nested = |copy: Statement, rows: Expression, columns: Expression| {
            Statement::each("i", rows, vec![Statement::each("j", columns, vec![copy])])
        };
        let mut statements = Vec::new();
        let own = |graph: &Graph, at: usize| graph.extents(operands[at]);
        match operation {
            M::Full(value, _) => statements.push(Statement::fill(&target, self.writer.literal(value))),
            M::Identity(n) => {
                let n = self.dimension(n);
                let one = Statement::set(to(place("i", &n, "i")), Expression::float("1.0"));
                statements.extend([zeros, Statement::each("i", n, vec![one])]);
            }
            M::Diagonal => {
                let n = self.dimension(&extents.rows);
                let copy = Statement::set(to(place("i", &n, "i")), from("i".into()));
                statements.extend([zeros, Statement::each("i", n, vec![copy])]);
            }
            M::DiagonalOf => {
                let n = self.dimension(&extents.rows);
                let copy = Statement::set(to("i".into()), from(place("i", &n, "i")));
                statements.push(Statement::each("i", n, vec![copy]));
            }
            M::Trace => {
                let n = self.dimension(&own(self.graph, 0).rows);
                let name = self.fresh();
                let add = Statement::add(&name, from(place("i", &n, "i")));
                self.statements.push(Statement::total(&name, self.writer.options.scalar));
                self.statements.push(Statement::each("i", n, vec![add]));
                return Place::Number(name.into());
            }
            M::Transpose => {
                let inner = self.dimension(&own(self.graph, 0).columns);
                let arguments = [inner, sources[0].clone().reference(), (&target).into()];
                statements.push(Statement::kernel("transpose", arguments));
            }
            M::Slice(row, column, _) => {
                let places = [Some(row.clone()), Some(column.clone())];
                let width = self.dimension(&own(self.graph, 0).columns);
                let row = self.row_in(operands[0], row);
                let (row, column) = (self.dimension(&row), self.dimension(column));
                if extents.is_scalar() {
                    let seen = self.entry_of_row(operands[0], &places, &[]);
                    let seen = seen.or_else(|| self.entry_of_view(operands[0], &sources[0], [&row, &column]));
                    return Place::Number(seen.unwrap_or_else(|| from(place(row, width, column))));
                }
                let source = from(place(after("i", row), width, after("j", column)));
                let copy = Statement::set(to(place("i", &columns, "j")), source);
                statements.push(nested(copy, self.dimension(&extents.rows), columns));
            }
            M::Embed(row, column, _) => {
                let inner = own(self.graph, 0);
                let (row, column) = (self.dimension(row), self.dimension(column));
                let width = self.dimension(&inner.columns);
                statements.push(zeros);
                statements.push(if inner.is_scalar() {
                    Statement::set(to(place(row, columns, column)), self.number(operands[0]))
                } else if inner.rows.is_one() || (inner.columns == extents.columns) {
                    let part = Expression::from(&target).part(place(row, columns, column), self.entries(&inner));
                    Statement::copy(part, &sources[0])
                } else if inner.is_column() {
                    let copy = Statement::set(to(place(after("i", row), columns, column)), from("i".into()));
                    Statement::each("i", self.dimension(&inner.rows), vec![copy])
                } else {
                    let place_in_whole = place(after("i", row), columns, after("j", column));
                    let copy = Statement::set(to(place_in_whole), from(place("i", &width, "j")));
                    nested(copy, self.dimension(&inner.rows), width)
                });
            }
            _ => statements.extend(self.put_together(&target, operation, operands, &sources)),
        }
        self.statements.extend(statements);
        Place::Slice(target)
    }

    /// Writes a root to the caller's slice, if it is not computed there.
    pub(super) fn deliver(&mut self, root: ExprId, target: &str) {
        if self.graph.extents(root).is_scalar() {
            let number = self.number(root);
            self.statements.push(Statement::set(Expression::from(target).dereference(), number));
            return;
        }
        let name = self.slice(root);
        if name.as_name() != Some(target) {
            self.statements.push(Statement::copy(target, name));
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

/// Tells whether all that reads a node is products, in loops, too.
fn is_read_by_products(steps: &[Step], id: ExprId) -> bool {
    steps.iter().all(|step| match &step.computation {
        Computation::Operation(M::Product, _) => true,
        Computation::Loop(looped) => {
            let mut added = looped.outputs.iter().flat_map(|output| &output.parts);
            added.all(|part| part.value != id) && is_read_by_products(&looped.plan.steps, id)
        }
        _ => !step.operands().contains(&id),
    })
}
