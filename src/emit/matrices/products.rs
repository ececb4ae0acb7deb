//! Products of matrices: the order, and the kernel for each pair.

use super::loops::{Loops, Place, place};
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M};
use crate::program::{Expression, Statement, Type};
use crate::tape::Computation;

/// A factor of a product, or what some factors make.
#[derive(Clone)]
struct Operand {
    extents: Extents,
    /// The slice; the one that is turned if `turned`.
    slice: Expression,
    turned: bool,
    kind: OperandKind,
}

#[derive(Clone, PartialEq)]
enum OperandKind {
    General,
    Ones,
    Diagonal,
}

/// Most rows and columns of matrices whose product stays in registers.
const LARGEST_IN_REGISTERS: i64 = 8;

fn few(dimension: &Dimension) -> bool {
    dimension.as_number().is_some_and(|number| number <= LARGEST_IN_REGISTERS)
}

impl Loops<'_> {
    fn operand(&mut self, id: ExprId) -> Operand {
        let extents = self.graph.extents(id);
        let vector = self.is_vector(id);
        let implied = matches!(self.places.get(&id), Some(Place::Implied));
        let (slice, turned, kind) = match self.graph.as_matrix(id) {
            _ if !implied => match self.places.get(&id).cloned() {
                Some(Place::Turned(inner)) if !vector => (self.slice(inner), true, OperandKind::General),
                _ => (self.slice(id), false, OperandKind::General),
            },
            Some((M::Full(..), _)) if self.graph.is_ones(id) => {
                (Expression::List(Vec::new()), false, OperandKind::Ones)
            }
            Some((M::Diagonal, [v])) => {
                let v = *v;
                (self.slice(v), false, OperandKind::Diagonal)
            }
            _ => (self.slice(id), false, OperandKind::General),
        };
        Operand { extents, slice, turned, kind }
    }

    /// Writes out the second of two diagonal matrices in a row.
    fn write_out(&mut self, factors: &[ExprId]) {
        let mut last = false;
        for factor in factors {
            let implied = matches!(self.places.get(factor), Some(Place::Implied));
            let diagonal = implied && matches!(self.graph.as_matrix(*factor), Some((M::Diagonal, _)));
            if diagonal && last {
                self.slice(*factor);
            }
            last = diagonal && !last;
        }
    }

    /// Multiplies matrices, from left to right.
    pub(super) fn product(&mut self, id: ExprId, factors: &[ExprId]) -> Place {
        if let Some(place) = self.weighted_product(id, factors) {
            return place;
        }
        self.write_out(factors);
        let mut given: Vec<Operand> = factors.iter().map(|factor| self.operand(*factor)).collect();
        let mut product = given.remove(0);
        let count = given.len();
        for (at, next) in given.into_iter().enumerate() {
            let last = at + 1 == count;
            let own = Extents::new(product.extents.rows.clone(), next.extents.columns.clone());
            let slice = if own.is_scalar() {
                let number = self.inner(&product, &next);
                if last {
                    return Place::Number(number);
                }
                Expression::List(vec![number])
            } else {
                let target = if last { self.target(id) } else { self.temporary(&own) };
                if last && self.is_gram(factors) {
                    let [x, y] = [product.slice, next.slice].map(Expression::reference);
                    let arguments = [self.dimension(&own.rows), x, y, (&target).into()];
                    self.statements.push(Statement::fused_kernel("symmetric_product", arguments));
                    return Place::Slice(target);
                }
                self.multiply(&product, &next, &own, &target);
                if last {
                    return Place::Slice(target);
                }
                target.into()
            };
            product = Operand { extents: own, slice, turned: false, kind: OperandKind::General };
        }
        Place::Number(self.unknown())
    }

    /// Tells whether a product of two is `A'*A` or `A'*diag(v)*A`, which is symmetric.
    fn is_gram(&self, factors: &[ExprId]) -> bool {
        let [left, right] = factors else { return false };
        let Some(a) = self.graph.as_transpose(*left).filter(|a| !self.is_vector(*a)) else { return false };
        let turned = matches!(self.places.get(left), Some(Place::Turned(_)));
        let scaled = match self.graph.as_matrix(*right) {
            Some((M::Product, [diagonal, b])) => {
                *b == a && matches!(self.graph.as_matrix(*diagonal), Some((M::Diagonal, _)))
            }
            _ => false,
        };
        turned && (*right == a || scaled)
    }

    /// Tells whether `diag(p)*A` is only ever multiplied by `A'`, which a kernel does without writing it out.
    pub(super) fn is_weighted_half(&self, id: ExprId, factors: &[ExprId]) -> bool {
        let [diagonal, a] = factors else { return false };
        let is_half = |factors: &[ExprId]| match factors {
            [left, right] => {
                *right == id && self.graph.as_transpose(*left) == Some(*a) && self.readers_are_products(*left)
            }
            _ => false,
        };
        matches!(self.graph.as_matrix(*diagonal), Some((M::Diagonal, _)))
            && !self.is_vector(*a)
            && !self.plan.outputs.contains(&id)
            && self.plan.steps.iter().all(|step| match &step.computation {
                Computation::Operation(M::Product, factors) => !factors.contains(&id) || is_half(factors),
                _ => !step.operands().contains(&id),
            })
    }

    /// Multiplies `A'*diag(p)*A`.
    fn weighted_product(&mut self, id: ExprId, factors: &[ExprId]) -> Option<Place> {
        let [_, half] = factors else { return None };
        let (M::Product, [diagonal, a]) = self.graph.as_matrix(*half)? else { return None };
        let (diagonal, a) = (*diagonal, *a);
        if !matches!(self.places.get(half), Some(Place::Implied)) {
            return None;
        }
        let (_, [weights]) = self.graph.as_matrix(diagonal)? else { return None };
        let (x, weights) = (self.slice(a), self.slice(*weights));
        let rows = self.dimension(&self.graph.extents(a).columns);
        let target = self.target(id);
        let arguments = [rows, x.reference(), weights.reference(), (&target).into()];
        self.statements.push(Statement::fused_kernel("weighted_product", arguments));
        Some(Place::Slice(target))
    }

    /// A row times a column.
    fn inner(&mut self, a: &Operand, b: &Operand) -> Expression {
        let [x, y] = [a, b].map(|operand| operand.slice.clone().reference());
        let value = match (&a.kind, &b.kind) {
            (OperandKind::Ones, OperandKind::Ones) => return self.count_of(&a.extents.columns),
            (OperandKind::Ones, _) => Expression::kernel("sum", [y]),
            (_, OperandKind::Ones) => Expression::kernel("sum", [x]),
            _ => Expression::kernel("dot", [x, y]),
        };
        let name = self.fresh();
        self.statements.push(Statement::name(&name, value));
        name.into()
    }

    fn multiply(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let scaled = |by: Expression, of: &Operand| {
            let at = if of.turned { place("j", &rows, "i") } else { place("i", &columns, "j") };
            let value = if of.kind == OperandKind::Ones { by } else { by * of.slice.clone().at(at) };
            let set = Statement::set(Expression::from(target).at(place("i", &columns, "j")), value);
            Statement::each("i", rows.clone(), vec![Statement::each("j", columns.clone(), vec![set])])
        };
        let scaled = match (&a.kind, &b.kind) {
            (OperandKind::Diagonal, _) => scaled(a.slice.clone().at("i"), b),
            (_, OperandKind::Diagonal) => scaled(b.slice.clone().at("j"), a),
            (OperandKind::Ones, OperandKind::Ones) => Statement::fill(target, self.count_of(&a.extents.columns)),
            (OperandKind::Ones, _) | (_, OperandKind::Ones) => return self.sums(a, b, extents, target),
            _ => return self.multiply_general(a, b, extents, target),
        };
        self.statements.push(scaled);
    }

    /// Sums of rows or of columns, repeated; a column or a row is repeated as it is.
    fn sums(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let inner = self.dimension(&a.extents.columns);
        let along_rows = b.kind == OperandKind::Ones;
        let of = if along_rows { a } else { b };
        let (slice, vector) = (of.slice.clone(), of.extents.is_column() || of.extents.rows.is_one());
        let single = a.extents.columns.is_one();
        let sum = |part: Expression| Expression::kernel("sum", [part.reference()]);
        let each = |at: Expression| {
            let entry = Expression::Closure("at".to_string(), Box::new(slice.clone().at(at)));
            Expression::range(0, &inner).method("map", [entry]).method("sum", [])
        };
        let part = |index: &str| slice.clone().part(place(index, &inner, 0), &inner);
        let total = match (along_rows, of.turned) {
            _ if of.extents.is_scalar() => slice.clone().at(0),
            (true, false) if single => slice.clone().at("i"),
            (false, false) if single => slice.clone().at("j"),
            (_, false) if vector => sum(slice.clone()),
            (true, false) => sum(part("i")),
            (false, true) => sum(part("j")),
            (true, true) => each(place("at", &rows, "i")),
            (false, false) => each(place("at", &columns, "j")),
        };
        let to = Expression::from(target);
        let row = to.clone().part(place("i", &columns, 0), &columns);
        let set = |at: Expression, total: Expression| Statement::set(to.clone().at(at), total);
        self.statements.push(match (extents.columns.is_one(), extents.rows.is_one()) {
            (true, _) => Statement::each("i", rows, vec![set("i".into(), total)]),
            (_, true) => Statement::each("j", columns, vec![set("j".into(), total)]),
            _ if along_rows && !single => {
                let float = Type::Float(self.writer.options.scalar);
                let body = vec![Statement::typed("total", float, total), Statement::fill(row, "total".into())];
                Statement::each("i", rows, body)
            }
            _ if along_rows => Statement::each("i", rows, vec![Statement::fill(row, total)]),
            _ => {
                let set = set(place("i", &columns, "j"), total);
                Statement::each("i", rows, vec![Statement::each("j", columns, vec![set])])
            }
        });
    }

    fn multiply_general(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let inner = self.dimension(&a.extents.columns);
        if a.extents.is_scalar() || b.extents.is_scalar() {
            let (number, other) = if a.extents.is_scalar() { (a, b) } else { (b, a) };
            let value = number.slice.clone().at(0) * other.slice.clone().at("i");
            let set = Statement::set(Expression::from(target).at("i"), value);
            return self.statements.push(Statement::each("i", self.entries(extents), vec![set]));
        }
        let is_small = [&extents.rows, &extents.columns, &a.extents.columns].into_iter().all(few);
        let [x, y] = [a, b].map(|operand| operand.slice.clone().reference());
        let to = Expression::from(target);
        let either = |large: &'static str, small: &'static str| if is_small { small } else { large };
        let times = either("times", "small_times");
        let product = match (a.turned, b.turned) {
            // A column times a row.
            _ if a.extents.is_column() => Statement::kernel("outer", [x, y, to]),
            (false, _) if extents.is_column() => Statement::fused_kernel(times, [inner, x, y, to]),
            (true, _) if extents.is_column() => Statement::kernel("turned_times", [rows, x, y, to]),
            (_, false) if extents.rows.is_one() => Statement::kernel("turned_times", [columns, y, x, to]),
            (_, true) if extents.rows.is_one() => Statement::fused_kernel(times, [inner, y, x, to]),
            (false, false) => Statement::fused_kernel(either("product", "small_product"), [inner, columns, x, y, to]),
            (true, false) => {
                Statement::fused_kernel(either("turned_product", "small_turned_product"), [rows, columns, x, y, to])
            }
            (false, true) => {
                Statement::fused_kernel(either("product_turned", "small_product_turned"), [inner, columns, x, y, to])
            }
            (true, true) => {
                // A'*B' is (B*A)'.
                let name = self.temporary(&extents.transposed());
                let arguments = [inner, rows.clone(), y, x, (&name).into()];
                self.statements.push(Statement::fused_kernel("product", arguments));
                Statement::kernel("transpose", [rows, Expression::from(name).reference(), to])
            }
        };
        self.statements.push(product);
    }
}
