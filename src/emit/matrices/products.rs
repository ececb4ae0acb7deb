//! Products of matrices: the order, and the kernel for each pair.

use super::loops::{Loops, Place, place};
use crate::emit::expression::bare;
use crate::graph::{Dimension, ExprId, Extents, MatrixOperation as M};
use crate::tape::Computation;

/// A factor of a product, or what some factors make.
#[derive(Clone)]
struct Operand {
    extents: Extents,
    /// The slice; the one that is turned if `turned`.
    name: String,
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
        let (name, turned, kind) = match self.graph.as_matrix(id) {
            _ if !implied => match self.places.get(&id).cloned() {
                Some(Place::Turned(inner)) if !vector => (self.slice(inner), true, OperandKind::General),
                _ => (self.slice(id), false, OperandKind::General),
            },
            Some((M::Full(..), _)) if self.graph.is_ones(id) => (String::new(), false, OperandKind::Ones),
            Some((M::Diagonal, [v])) => {
                let v = *v;
                (self.slice(v), false, OperandKind::Diagonal)
            }
            _ => (self.slice(id), false, OperandKind::General),
        };
        Operand { extents, name, turned, kind }
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
            let name = if own.is_scalar() {
                let number = self.inner(&product, &next);
                if last {
                    return Place::Number(number);
                }
                format!("[{number}]")
            } else {
                let target = if last { self.target(id) } else { self.temporary(&own) };
                if last && self.is_gram(factors) {
                    let (rows, x, y) = (self.dimension(&own.rows), &product.name, &next.name);
                    self.call(format!("symmetric_product::<FMA>({rows}, &{x}, &{y}, {target});"));
                    return Place::Slice(target);
                }
                self.multiply(&product, &next, &own, &target);
                target
            };
            product = Operand { extents: own, name, turned: false, kind: OperandKind::General };
        }
        Place::Slice(product.name)
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
        self.call(format!("weighted_product::<FMA>({rows}, &{x}, &{weights}, {target});"));
        Some(Place::Slice(target))
    }

    /// A row times a column.
    fn inner(&mut self, a: &Operand, b: &Operand) -> String {
        let call = match (&a.kind, &b.kind) {
            (OperandKind::Ones, OperandKind::Ones) => {
                return self.count_of(&a.extents.columns);
            }
            (OperandKind::Ones, _) => format!("sum(&{})", b.name),
            (_, OperandKind::Ones) => format!("sum(&{})", a.name),
            _ => format!("dot(&{}, &{})", a.name, b.name),
        };
        let name = self.fresh();
        self.statements.push(format!("let {name} = {}::{call};", super::MODULE));
        name
    }

    fn multiply(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let scaled = |by: &str, lines: &mut Vec<String>, of: Option<String>| {
            let value = of.map_or(by.to_string(), |of| format!("{by} * {of}"));
            lines.extend([
                format!("for i in 0..{rows} {{"),
                format!("    for j in 0..{columns} {{"),
                format!("        {target}[{}] = {value};", place("i", &columns, "j")),
                "    }".to_string(),
                "}".to_string(),
            ]);
        };
        let entry = |operand: &Operand, turned_width: &str, width: &str| match operand.turned {
            _ if operand.kind == OperandKind::Ones => None,
            true => Some(format!("{}[{}]", operand.name, place("j", turned_width, "i"))),
            false => Some(format!("{}[{}]", operand.name, place("i", width, "j"))),
        };
        let mut lines = Vec::new();
        match (&a.kind, &b.kind) {
            (OperandKind::Diagonal, _) => scaled(&format!("{}[i]", a.name), &mut lines, entry(b, &rows, &columns)),
            (_, OperandKind::Diagonal) => scaled(&format!("{}[j]", b.name), &mut lines, entry(a, &rows, &columns)),
            (OperandKind::Ones, OperandKind::Ones) => {
                lines.push(format!("{target}.fill({});", bare(&self.count_of(&a.extents.columns))));
            }
            (OperandKind::Ones, _) | (_, OperandKind::Ones) => return self.sums(a, b, extents, target),
            _ => return self.multiply_general(a, b, extents, target),
        }
        self.statements.extend(lines);
    }

    /// Sums of rows or of columns, repeated; a column or a row is repeated as it is.
    fn sums(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let inner = self.dimension(&a.extents.columns);
        let along_rows = b.kind == OperandKind::Ones;
        let of = if along_rows { a } else { b };
        let (name, vector) = (of.name.clone(), of.extents.is_column() || of.extents.rows.is_one());
        let single = a.extents.columns.is_one();
        let total = match (along_rows, of.turned) {
            _ if of.extents.is_scalar() => format!("{name}[0]"),
            (true, false) if single => format!("{name}[i]"),
            (false, false) if single => format!("{name}[j]"),
            (_, false) if vector => format!("{}::sum(&{name})", super::MODULE),
            (true, false) => format!("{}::sum(&{name}[{}..][..{inner}])", super::MODULE, place("i", &inner, "0")),
            (false, true) => format!("{}::sum(&{name}[{}..][..{inner}])", super::MODULE, place("j", &inner, "0")),
            (true, true) => format!("(0..{inner}).map(|at| {name}[{}]).sum()", place("at", &rows, "i")),
            (false, false) => format!("(0..{inner}).map(|at| {name}[{}]).sum()", place("at", &columns, "j")),
        };
        let float = self.writer.options.scalar.name();
        let line = |place: &str| format!("{target}[{place}] = {total};");
        let nested = |outer: String, inner: [String; 3]| {
            let inner = inner.into_iter().map(|line| format!("    {line}"));
            [outer].into_iter().chain(inner).chain(["}".to_string()]).collect::<Vec<_>>()
        };
        let (each_row, each_column) = (format!("for i in 0..{rows} {{"), format!("for j in 0..{columns} {{"));
        let lines = match (extents.columns.is_one(), extents.rows.is_one()) {
            (true, _) => vec![each_row, format!("    {}", line("i")), "}".to_string()],
            (_, true) => vec![each_column, format!("    {}", line("j")), "}".to_string()],
            _ if along_rows && !single => {
                let total = format!("    let total: {float} = {total};");
                let fill = format!("    {target}[{}..][..{columns}].fill(total);", place("i", &columns, "0"));
                vec![each_row, total, fill, "}".to_string()]
            }
            _ if along_rows => {
                let fill = format!("    {target}[{}..][..{columns}].fill({total});", place("i", &columns, "0"));
                vec![each_row, fill, "}".to_string()]
            }
            _ => nested(each_row, [each_column, format!("    {}", line(&place("i", &columns, "j"))), "}".to_string()]),
        };
        self.statements.extend(lines);
    }

    fn multiply_general(&mut self, a: &Operand, b: &Operand, extents: &Extents, target: &str) {
        let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
        let inner = self.dimension(&a.extents.columns);
        let (x, y) = (&a.name, &b.name);
        let is_small = [&extents.rows, &extents.columns, &a.extents.columns].into_iter().all(few);
        let small = if is_small { "small_" } else { "" };
        let call = match (a.turned, b.turned) {
            _ if a.extents.is_scalar() || b.extents.is_scalar() => {
                let (number, other) = if a.extents.is_scalar() { (x, y) } else { (y, x) };
                let entries = self.entries(extents);
                self.statements.extend([
                    format!("for i in 0..{entries} {{"),
                    format!("    {target}[i] = {number}[0] * {other}[i];"),
                    "}".to_string(),
                ]);
                return;
            }
            // A column times a row.
            _ if a.extents.is_column() => format!("outer(&{x}, &{y}, {target});"),
            (false, _) if extents.is_column() => format!("{small}times::<FMA>({inner}, &{x}, &{y}, {target});"),
            (true, _) if extents.is_column() => {
                format!("turned_times({rows}, &{x}, &{y}, {target});")
            }
            (_, false) if extents.rows.is_one() => {
                format!("turned_times({columns}, &{y}, &{x}, {target});")
            }
            (_, true) if extents.rows.is_one() => format!("{small}times::<FMA>({inner}, &{y}, &{x}, {target});"),
            (false, false) => format!("{small}product::<FMA>({inner}, {columns}, &{x}, &{y}, {target});"),
            (true, false) => format!("{small}turned_product::<FMA>({rows}, {columns}, &{x}, &{y}, {target});"),
            (false, true) => format!("{small}product_turned::<FMA>({inner}, {columns}, &{x}, &{y}, {target});"),
            (true, true) => {
                // A'*B' is (B*A)'.
                let name = self.temporary(&extents.transposed());
                self.call(format!("product::<FMA>({inner}, {rows}, &{y}, &{x}, {name});"));
                format!("transpose({rows}, &{name}, {target});")
            }
        };
        self.call(call);
    }
}
