//! Sparse derivatives: only the entries that some point can make other than zero, and where they are.
//!
//! A function's value is read as entries that loops put somewhere, and so is the derivative of each of these: what comes
//! out are loops that write the values of all entries one after the other. Where they are known to come row by row, each
//! at most once, that is the order of the values; otherwise the caller keeps, for each one that is written, the number of
//! the value that it is added to (as Gebremedhin, Manne and Pothen, What color is your Jacobian?, 2005, keep it for what
//! products recover; here no products are needed).

mod bands;
mod entries;
mod lagrangian;
mod layout;
mod numbering;
mod order;
mod values;

pub use bands::Band;
pub use entries::Place;
pub use lagrangian::{lagrangian, lagrangian_by_entries};
pub use layout::{Layout, Order};
pub use order::Side;

use super::closed::Closing;
use super::{Form, Passes, several_values};
use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::graph::{
    Bound, Comparison, Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Polynomial, Rational,
};
use crate::lower::{Formulas, Shape, Whole};
use bands::banded;
use entries::{entries, entry_at, is_by_entries, is_of_numbers};
use numbering::{is_sorted, numbered};
use order::{compared, is_never_before};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use values::{Numbers, put, target, written};

/// Deepest nesting of numbers in which products of vectors are looked for.
const DEEPEST: usize = 32;

/// Which derivative is sparse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SparseKind {
    /// A row for each entry of the value, a column for each entry of the parameters.
    Jacobian,
    /// A row and a column for each entry of the parameters; the lower triangle of it.
    Hessian,
}

/// A sparse derivative.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// The function, with the numbers of values among its parameters where they are needed.
    pub whole: Whole,
    /// Where the expressions are.
    pub graph: Graph,
    /// The function's value.
    pub value: ExprId,
    /// The values of the entries.
    pub values: ExprId,
    /// What the rows are entries of, one matrix after the other.
    pub rows: Vec<Extents>,
    /// What the columns are entries of.
    pub columns: Vec<Extents>,
    /// The entries, in the order in which they are written.
    pub groups: Vec<Group>,
    /// How many are written.
    pub terms: Polynomial,
    /// In which order the values are.
    pub layout: Layout,
    /// How entries find their places in it.
    pub order: Order,
}

/// Entries that the same loops write.
#[derive(Clone, Debug)]
pub struct Group {
    /// The loops, the outermost first.
    pub nest: Vec<Bound>,
    /// What is written for each value of the indices.
    pub entries: Vec<Nonzero>,
}

/// An entry that may be other than zero.
#[derive(Clone, Debug)]
pub struct Nonzero {
    /// Its row.
    pub row: Side,
    /// Its column.
    pub column: Side,
    /// Whether row and column change places where the row comes before the column, which is not known before there are
    /// data.
    pub is_turned: bool,
    value: ExprId,
}

/// Forms a sparse derivative by the parameters `by`.
///
/// # Errors
/// A function without a derivative rule, a symmetric parameter, second derivatives of several values, and loops whose
/// entries have no formula for their number.
pub fn derive_sparse(
    whole: &Whole,
    by: &[usize],
    (kind, layout): (SparseKind, Layout),
    form: Form,
) -> Result<Sparse, Diagnostic> {
    let mut formulas = Formulas::default();
    let mut passes = Passes::default();
    let mut closing = Closing::new(&mut passes, whole, &mut formulas, form)?;
    let leaves: Vec<ExprId> = by.iter().map(|at| whole.parameters[*at].id).collect();
    if let Some(at) = by.iter().find(|at| closing.graph.is_declared_symmetric(whole.parameters[**at].id)) {
        return Err(symmetric(&whole.parameters[*at].name));
    }
    let columns: Vec<Extents> = leaves.iter().map(|leaf| closing.graph.extents(*leaf)).collect();
    let value = closing.value;
    let rows = match kind {
        SparseKind::Jacobian => vec![closing.graph.extents(value)],
        SparseKind::Hessian if whole.shape != Shape::Scalar => return Err(several_values()),
        SparseKind::Hessian => columns.clone(),
    };
    let blocks = match kind {
        SparseKind::Jacobian => vec![value],
        SparseKind::Hessian => {
            let gradients = diff::gradient(&mut closing.differentiator, &mut closing.graph, value, &leaves)?;
            let graph = &mut closing.graph;
            let gradients = gradients.into_iter().map(|gradient| closing.reduction.readable(graph, gradient));
            let gradients: Vec<ExprId> = gradients.collect();
            let spread = gradients.into_iter().zip(&columns);
            spread.map(|(gradient, extents)| graph.spread(gradient, extents)).collect()
        }
    };
    let mut gathering = Gathering { graph: &mut closing.graph, indices: FxHashMap::default(), groups: Vec::new() };
    closing.value = match kind {
        SparseKind::Jacobian => gathering.retraced(value),
        SparseKind::Hessian => gathering.retraced_number(value, DEEPEST),
    };
    for (block, root) in blocks.iter().enumerate() {
        let reached = if kind == SparseKind::Hessian { &leaves[..=block] } else { &leaves[..] };
        gathering.rows(&mut closing.differentiator, (block, *root), reached, kind)?;
    }
    let groups = gathering.groups(&columns, layout);
    let Some(numbering) = numbered(&groups) else { return Err(unnumbered()) };
    let mut whole = whole.clone();
    let graph = &mut closing.graph;
    let mut numbers = Numbers::Written(&numbering.starts);
    let (mut order, mut total) = (Order::Written, numbering.total.clone());
    let diagonals;
    if layout != Layout::Triplets && !is_sorted(&groups, layout) {
        let needed = [&whole.needed[..], &numbering.needed].concat();
        diagonals = banded(&groups, [&rows, &columns], layout, &needed);
        order = Order::Merged;
        if let Some((bands, bent)) = &diagonals {
            let length = |band: &Band| Polynomial::from(&band.to.plus(&band.from, -1));
            total = bands.iter().fold(Polynomial::default(), |total, band| total.plus(&length(band), &Rational::ONE));
            order = Order::Banded(bands.clone());
            numbers = Numbers::Bent(bent);
        }
    }
    let target = target(&mut whole, graph, &total, &order);
    whole.needed.extend(numbering.needed);
    let values = written(graph, &groups, &numbers, &target);
    let closed = closing.closed(&mut passes, vec![super::Derivative::Matrix(values)], Vec::new(), Vec::new())?;
    let values = closed.first[0].expression();
    whole.graph = closed.graph.clone();
    let (graph, value) = (closed.graph, closed.value);
    Ok(Sparse { whole, graph, value, values, rows, columns, groups, terms: total, layout, order })
}

/// Collects the entries of derivatives by the loops that write them.
struct Gathering<'g> {
    graph: &'g mut Graph,
    /// The index of each loop inside of others.
    indices: FxHashMap<(Vec<Bound>, [Dimension; 2]), Dimension>,
    groups: Vec<Group>,
}

impl Gathering<'_> {
    /// Adds the derivatives of a block of rows.
    fn rows(
        &mut self,
        differentiator: &mut Differentiator,
        (block, root): (usize, ExprId),
        leaves: &[ExprId],
        kind: SparseKind,
    ) -> Result<(), Diagnostic> {
        for entry in entries(self.graph, root, &[]) {
            let gradients = diff::gradient(differentiator, self.graph, entry.value, leaves)?;
            for (column, (gradient, leaf)) in gradients.into_iter().zip(leaves).enumerate() {
                let extents = self.graph.extents(*leaf);
                let gradient = self.graph.spread(gradient, &extents);
                for derivative in entries(self.graph, gradient, &entry.nest) {
                    let row = Side { block, place: entry.place.clone() };
                    let column = Side { block: column, place: derivative.place };
                    let found = Nonzero { row, column, is_turned: false, value: derivative.value };
                    self.add(&derivative.nest, found, kind);
                }
            }
        }
        Ok(())
    }

    /// Writes a matrix by loops over the same indices as its derivatives, so that they share what both compute. Where vectors
    /// are needed for an entry it stays as it is.
    fn retraced(&mut self, root: ExprId) -> ExprId {
        let extents = self.graph.extents(root);
        let found = entries(self.graph, root, &[]);
        if extents.is_scalar() || !is_by_entries(self.graph, root, &found) {
            return root;
        }
        let mut loops = Vec::new();
        for entry in found {
            let (nest, [place], value) = self.renamed(&entry.nest, [entry.place], entry.value);
            let body = put(self.graph, value, &place, &extents);
            let looped = self.looped(&nest, body);
            loops.push((self.graph.spread(looped, &extents), Rational::ONE));
        }
        let all = self.graph.sum(Rational::ZERO, loops);
        self.graph.spread(all, &extents)
    }

    fn looped(&mut self, nest: &[Bound], body: ExprId) -> ExprId {
        nest.iter().rev().fold(body, |body, bound| self.graph.looped(bound, body))
    }

    /// Writes the products of vectors that a number is made of by loops over the same indices as its derivatives.
    fn retraced_number(&mut self, root: ExprId, depth: usize) -> ExprId {
        let Some(depth) = depth.checked_sub(1).filter(|_| self.graph.extents(root).is_scalar()) else { return root };
        if let Some((M::Product, [row, column])) = self.graph.as_matrix(root) {
            let (row, column) = (*row, *column);
            return self.retraced_product(row, column).unwrap_or(root);
        }
        let node = self.graph.node(root).clone();
        if node.is_leaf() || matches!(node, Node::Matrix(..)) {
            return root;
        }
        let mut operands = Vec::new();
        node.for_each_operand(|operand| operands.push(operand));
        let retraced: FxHashMap<ExprId, ExprId> =
            operands.into_iter().map(|operand| (operand, self.retraced_number(operand, depth))).collect();
        self.graph.construct(&node, |operand| retraced.get(&operand).copied().unwrap_or(operand))
    }

    fn retraced_product(&mut self, row: ExprId, column: ExprId) -> Option<ExprId> {
        let found = entries(self.graph, column, &[]);
        if !is_by_entries(self.graph, column, &found) {
            return None;
        }
        let turned = self.graph.transpose(row);
        let mut loops = Vec::new();
        for entry in found {
            let factor = entry_at(self.graph, turned, &entry.place);
            let term = self.graph.multiply(factor, entry.value);
            if !is_of_numbers(self.graph, term) {
                return None;
            }
            let (nest, [], term) = self.renamed(&entry.nest, [], term);
            loops.push((self.looped(&nest, term), Rational::ONE));
        }
        Some(self.graph.sum(Rational::ZERO, loops))
    }

    fn add(&mut self, nest: &[Bound], mut found: Nonzero, kind: SparseKind) {
        let places = [found.row.place, found.column.place];
        let (nest, [row, column], value) = self.renamed(nest, places, found.value);
        (found.row.place, found.column.place, found.value) = (row, column, value);
        if kind == SparseKind::Hessian && !is_never_before(&found.row, &found.column, &nest) {
            if compared(&found.row, &found.column, &nest) == Some(Ordering::Less) {
                return;
            }
            found.is_turned = true;
        }
        let at = self.groups.iter().position(|group| group.nest == nest).unwrap_or_else(|| {
            self.groups.push(Group { nest, entries: Vec::new() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        match group.entries.iter_mut().find(|own| own.row == found.row && own.column == found.column) {
            Some(own) => own.value = self.graph.add(own.value, found.value),
            None => group.entries.push(found),
        }
    }

    /// Gives loops over the same range the same index.
    fn renamed<const N: usize>(
        &mut self,
        nest: &[Bound],
        mut places: [[Place; 2]; N],
        mut value: ExprId,
    ) -> (Vec<Bound>, [[Place; 2]; N], ExprId) {
        let mut renamed: Vec<Bound> = Vec::new();
        let mut names: Vec<(String, Dimension)> = Vec::new();
        for bound in nest {
            let end =
                |end: &Dimension| names.iter().fold(end.clone(), |end, (name, index)| end.substituted(name, index));
            let (from, to) = (end(&bound.from), end(&bound.to));
            let key = (renamed.clone(), [from.clone(), to.clone()]);
            let index = match self.indices.get(&key) {
                Some(index) => index.clone(),
                None => {
                    let index = self.graph.fresh_index();
                    self.indices.insert(key, index.clone());
                    index
                }
            };
            names.push((bound.name().to_string(), index.clone()));
            renamed.push(Bound { index, from, to });
        }
        for (name, index) in &names {
            value = self.graph.substituted(value, name, index);
            for place in places.iter_mut().flatten() {
                place.offset = place.offset.substituted(name, index);
                place.given = place.given.map(|given| self.graph.substituted(given, name, index));
            }
        }
        (renamed, places, value)
    }

    /// Returns the number of a row or column among those of its matrix.
    fn number_of(&mut self, side: &Side, extents: &Extents) -> ExprId {
        let [row, column] = [&side.place[0], &side.place[1]].map(|place| {
            let offset = self.graph.construct_matrix(&M::Size(place.offset.clone()), &[]);
            match place.given {
                Some(given) => self.graph.add(given, offset),
                None => offset,
            }
        });
        let width = self.graph.construct_matrix(&M::Size(extents.columns.clone()), &[]);
        let start = self.graph.multiply(row, width);
        self.graph.add(start, column)
    }

    /// Sees to it that of two entries that mirror each other one counts, whichever it will be.
    fn turned(&mut self, mut entries: Vec<Nonzero>, extents: &[Extents]) -> Vec<Nonzero> {
        let mut left: Vec<Nonzero> = Vec::new();
        while !entries.is_empty() {
            let mut entry = entries.remove(0);
            if entry.is_turned {
                let [row, column] = [&entry.row, &entry.column].map(|side| self.number_of(side, &extents[side.block]));
                let mirrored = entries.iter().position(|other| {
                    other.row == entry.column && other.column == entry.row && other.value == entry.value
                });
                let (comparison, other) = match mirrored {
                    Some(at) => {
                        entries.remove(at);
                        (Comparison::NotEqual, self.graph.add(entry.value, entry.value))
                    }
                    None => (Comparison::GreaterEqual, self.graph.integer(0)),
                };
                let counts = self.graph.compare(comparison, row, column);
                entry.value = self.graph.select(counts, entry.value, other);
            }
            left.push(entry);
        }
        left
    }

    /// Returns the groups, the entries of each in order as far as that is known.
    fn groups(mut self, extents: &[Extents], layout: Layout) -> Vec<Group> {
        let mut sorted = Vec::new();
        for Group { nest, mut entries } in std::mem::take(&mut self.groups) {
            entries.retain(|entry| !self.graph.is_integer(entry.value, 0));
            let mut ordered: Vec<Nonzero> = Vec::new();
            for entry in self.turned(entries, extents) {
                let is_after = |other: &Nonzero| {
                    let sides = other.sides(layout).into_iter().zip(entry.sides(layout));
                    let mut orders = sides.map(|(other, own)| compared(other, own, &nest));
                    orders.find(|order| *order != Some(Ordering::Equal)) == Some(Some(Ordering::Greater))
                };
                let at = ordered.iter().position(is_after).unwrap_or(ordered.len());
                ordered.insert(at, entry);
            }
            if !ordered.is_empty() {
                sorted.push(Group { nest, entries: ordered });
            }
        }
        sorted
    }
}

fn symmetric(name: &str) -> Diagnostic {
    Diagnostic::general(Fault::FixedSize, format!("the entries of `{name}` do not vary alone, since it is symmetric"))
        .hint("derive `hvp`, or declare it as a matrix")
}

fn unnumbered() -> Diagnostic {
    let message =
        "there is no formula for the places of the entries: loops of different lengths are inside of each other";
    Diagnostic::general(Fault::Symbolic, message)
        .hint("give the inner ranges as numbers, or derive `hessian` or `jacobian`, which have all entries")
}
