//! Index form: one entry of a matrix expression, with sums over indices and Kronecker deltas, as `2*q[i]*x[j]`.

mod deltas;
mod writing;

use super::notation;
use crate::graph::{Dimension, ExprId, Graph, MatrixOperation as M, Node, Rational};
use crate::syntax::ast::{Ast, Expression as E, NodeId};
use deltas::summed;
use writing::Writing;

/// An index: a name plus an offset, or an offset alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name, if there is one.
    pub name: Option<String>,
    /// What is added to it.
    pub offset: Dimension,
}

impl Index {
    /// Makes an index that is a name.
    pub fn named(name: &str) -> Self {
        Index { name: Some(name.to_string()), offset: Dimension::default() }
    }

    fn first() -> Self {
        Index { name: None, offset: Dimension::default() }
    }

    fn plus(&self, offset: &Dimension, factor: i64) -> Self {
        Index { name: self.name.clone(), offset: self.offset.plus(offset, factor) }
    }

    /// Puts another index in place of a name.
    fn replaced(&self, name: &str, by: &Index) -> Self {
        match &self.name {
            Some(own) if own == name => by.plus(&self.offset, 1),
            _ => self.clone(),
        }
    }
}

/// Returns names for indices that are not taken.
pub fn free_names(taken: &[String]) -> impl Iterator<Item = String> {
    const NAMES: &[&str] = &["i", "j", "k", "l", "p", "q", "r", "s", "t"];
    let letters = NAMES.iter().map(|name| (*name).to_string());
    let numbered = (NAMES.len()..).map(|count| format!("k{count}"));
    letters.chain(numbered).filter(|name| !taken.contains(name))
}

/// An entry while it is worked out.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Number(Rational),
    /// An entry of something that is written by its name or as a call.
    Leaf(ExprId, Vec<Index>),
    /// 1 where the indices are equal, else 0.
    Delta(Index, Index),
    Sum(Rational, Vec<(Rational, Entry)>),
    Product(Vec<(Entry, Rational)>),
    /// Another node of the graph, entry by entry.
    Apply(ExprId, Vec<Entry>),
    /// The sum over an index from 0 to a dimension.
    Fold(String, Dimension, Box<Entry>),
    /// The first where an index is less than a dimension, else the second.
    Choice(Index, Dimension, [Box<Entry>; 2]),
}

impl Entry {
    fn for_each_part(&self, mut visit: impl FnMut(&Entry)) {
        match self {
            Entry::Number(_) | Entry::Leaf(..) | Entry::Delta(..) => {}
            Entry::Sum(_, terms) => terms.iter().for_each(|(_, term)| visit(term)),
            Entry::Product(factors) => factors.iter().for_each(|(factor, _)| visit(factor)),
            Entry::Apply(_, entries) => entries.iter().for_each(visit),
            Entry::Fold(_, _, body) => visit(body),
            Entry::Choice(_, _, parts) => parts.iter().for_each(|part| visit(part)),
        }
    }
}

/// Writes an entry of a node. Deltas are kept as they are if `raw`, else they are summed away.
pub fn entry(
    graph: &Graph,
    id: ExprId,
    row: &Index,
    column: &Index,
    direction: Option<Direction>,
    taken: &[String],
    raw: bool,
) -> (Ast, NodeId) {
    let extents = graph.extents(id);
    let mut ranges = ranges(graph, direction.as_ref());
    for (index, count) in [(row, extents.rows), (column, extents.columns)] {
        ranges.extend(index.name.clone().map(|name| (name, count)));
    }
    let mut expansion = Expansion::new(graph, [row, column], direction, taken);
    let entry = expansion.entry(id, row, column);
    let entry = if raw { entry } else { summed(entry, &ranges) };
    let mut ast = Ast::default();
    let root = Writing { graph, ast: &mut ast }.write(&entry);
    (ast, root)
}

/// Writes the sum over the row of the product of two entries, with deltas as they are: the chain rule before it is
/// summed.
pub fn product(
    graph: &Graph,
    (outer, inner): (ExprId, ExprId),
    row: &Index,
    column: &Index,
    direction: Option<Direction>,
    taken: &[String],
    count: &Dimension,
) -> (Ast, NodeId) {
    let name = row.name.clone().unwrap_or_default();
    let mut ranges = ranges(graph, direction.as_ref());
    ranges.push((name.clone(), count.clone()));
    let mut expansion = Expansion::new(graph, [row, column], direction, taken);
    // Sums inside of the factors are worked out; the outer one is what is shown.
    let factors = [outer, inner].map(|id| (summed(expansion.entry(id, row, column), &ranges), Rational::ONE));
    let entry = Entry::Fold(name, count.clone(), Box::new(Entry::Product(factors.to_vec())));
    let mut ast = Ast::default();
    let root = Writing { graph, ast: &mut ast }.write(&entry);
    (ast, root)
}

/// Returns how far the indices of a direction run.
fn ranges(graph: &Graph, direction: Option<&Direction>) -> Vec<(String, Dimension)> {
    let Some(Direction { id, row, column }) = direction else { return Vec::new() };
    let extents = graph.extents(*id);
    let both = [(row, extents.rows), (column, extents.columns)];
    both.into_iter().filter_map(|(index, count)| Some((index.name.clone()?, count))).collect()
}

/// A derivative by one entry of a parameter: what stands for the parameter's change is a product of deltas.
#[derive(Clone, Debug)]
pub struct Direction {
    /// The node that stands for the change.
    pub id: ExprId,
    /// The row of the entry.
    pub row: Index,
    /// The column of the entry.
    pub column: Index,
}

/// An entry where an index of so many values is at some place or one of those after it, and 0 elsewhere.
fn between(mut entry: Entry, index: &Index, from: &Dimension, count: &Dimension, all: &Dimension) -> Entry {
    let zero = || Box::new(Entry::Number(Rational::ZERO));
    let to = from.plus(count, 1);
    if to != *all {
        entry = Entry::Choice(index.clone(), to, [Box::new(entry), zero()]);
    }
    if *from != Dimension::default() {
        entry = Entry::Choice(index.clone(), from.clone(), [zero(), Box::new(entry)]);
    }
    entry
}

struct Expansion<'a> {
    graph: &'a Graph,
    direction: Option<Direction>,
    /// Names that are in use, among them those of the indices summed over so far.
    taken: Vec<String>,
}

impl<'a> Expansion<'a> {
    fn new(graph: &'a Graph, places: [&Index; 2], direction: Option<Direction>, taken: &[String]) -> Self {
        let of_direction = direction.iter().flat_map(|direction| [&direction.row, &direction.column]);
        let indices = places.into_iter().chain(of_direction).filter_map(|index| index.name.clone());
        let inputs = graph.inputs().iter().map(|input| input.parameter.clone());
        // The first two letters are the indices of entries.
        let own = free_names(taken).take(2);
        let taken = taken.iter().cloned().chain(inputs).chain(own).chain(indices).collect();
        Expansion { graph, direction, taken }
    }

    /// Returns a name for an index that is summed over.
    fn fresh(&mut self) -> String {
        let name = free_names(&self.taken).next().unwrap_or_default();
        self.taken.push(name.clone());
        name
    }

    fn entry(&mut self, id: ExprId, row: &Index, column: &Index) -> Entry {
        let extents = self.graph.extents(id);
        let row = if extents.rows.is_one() { Index::first() } else { row.clone() };
        let column = if extents.columns.is_one() { Index::first() } else { column.clone() };
        if let Some(direction) = self.direction.as_ref().filter(|direction| direction.id == id) {
            let rows = Entry::Delta(row, direction.row.clone());
            let columns = Entry::Delta(column, direction.column.clone());
            return match extents.is_column() {
                true => rows,
                false => Entry::Product(vec![(rows, Rational::ONE), (columns, Rational::ONE)]),
            };
        }
        match self.graph.node(id).clone() {
            Node::Number(value) => Entry::Number(value),
            Node::Input(_) | Node::Placeholder(_) | Node::Pi => self.leaf(id, &row, &column),
            Node::Sum(constant, terms) => {
                let entries = terms.iter().map(|(term, k)| (k.clone(), self.entry(*term, &row, &column))).collect();
                Entry::Sum(constant, entries)
            }
            Node::Product(factors) => {
                let entries = factors.iter().map(|(base, e)| (self.entry(*base, &row, &column), e.clone()));
                Entry::Product(entries.collect())
            }
            Node::Matrix(operation, operands) => self.operation(id, &operation, &operands, &row, &column),
            Node::Apply(crate::functions::rows::EXP, _) if self.is_softmax(id) => self.leaf(id, &row, &column),
            node => {
                let mut entries = Vec::new();
                node.for_each_operand(|operand| entries.push(self.entry(operand, &row, &column)));
                Entry::Apply(id, entries)
            }
        }
    }

    /// Tells whether a node is written as a softmax, of which entries are taken as a whole.
    fn is_softmax(&self, id: ExprId) -> bool {
        let (ast, root) = notation::write(self.graph, id);
        matches!(ast.get(root), E::Call(name, _) if matches!(name.text.as_str(), "softmax" | "softmax_rows"))
    }

    fn leaf(&self, id: ExprId, row: &Index, column: &Index) -> Entry {
        let extents = self.graph.extents(id);
        let places = match (extents.is_scalar(), extents.is_column()) {
            (true, _) => Vec::new(),
            (_, true) => vec![row.clone()],
            _ => vec![row.clone(), column.clone()],
        };
        Entry::Leaf(id, places)
    }

    fn operation(&mut self, id: ExprId, operation: &M, operands: &[ExprId], row: &Index, column: &Index) -> Entry {
        match (operation, operands) {
            (M::Product, factors) => {
                let mut entries = Vec::new();
                let mut folds = Vec::new();
                let mut left = row.clone();
                for (at, factor) in factors.iter().enumerate() {
                    let inner = self.graph.extents(*factor).columns;
                    let right = match at + 1 == factors.len() {
                        true => column.clone(),
                        false if inner.is_one() => Index::first(),
                        false => {
                            let name = self.fresh();
                            folds.push((name.clone(), inner));
                            Index::named(&name)
                        }
                    };
                    entries.push((self.entry(*factor, &left, &right), Rational::ONE));
                    left = right;
                }
                let product = Entry::Product(entries);
                folds.into_iter().rev().fold(product, |body, (name, n)| Entry::Fold(name, n, Box::new(body)))
            }
            (M::Transpose, [a]) => self.entry(*a, column, row),
            (M::Full(value, _), _) => Entry::Number(value.clone()),
            (M::Identity(_), _) => Entry::Delta(row.clone(), column.clone()),
            (M::Diagonal, [v]) => {
                let entry = self.entry(*v, row, &Index::first());
                Entry::Product(vec![(Entry::Delta(row.clone(), column.clone()), Rational::ONE), (entry, Rational::ONE)])
            }
            (M::DiagonalOf, [a]) => self.entry(*a, row, row),
            (M::Trace, [a]) => {
                let name = self.fresh();
                let index = Index::named(&name);
                let entry = self.entry(*a, &index, &index);
                Entry::Fold(name, self.graph.extents(*a).rows, Box::new(entry))
            }
            (M::Slice(top, left, _), [a]) => self.entry(*a, &row.plus(top, 1), &column.plus(left, 1)),
            (M::Stack, parts) if self.changes(id) => self.parts(parts, (row, column), true),
            (M::Join, parts) if self.changes(id) => self.parts(parts, (row, column), false),
            (M::Embed(top, left, _), [a]) if self.changes(id) => {
                let (own, all) = (self.graph.extents(*a), self.graph.extents(id));
                let entry = self.entry(*a, &row.plus(top, -1), &column.plus(left, -1));
                let entry = between(entry, column, left, &own.columns, &all.columns);
                between(entry, row, top, &own.rows, &all.rows)
            }
            _ => self.leaf(id, row, column),
        }
    }

    /// Tells whether the direction of a derivative is part of a node, so that it can't be written by a name.
    fn changes(&self, id: ExprId) -> bool {
        self.direction.as_ref().is_some_and(|direction| self.graph.reachable(&[id]).contains(&direction.id))
    }

    /// The entry of parts that stand one below the other, or side by side.
    fn parts(&mut self, parts: &[ExprId], (row, column): (&Index, &Index), stacked: bool) -> Entry {
        let mut before = Dimension::default();
        let mut entries = Vec::new();
        for part in parts {
            let extents = self.graph.extents(*part);
            let entry = match stacked {
                true => self.entry(*part, &row.plus(&before, -1), column),
                false => self.entry(*part, row, &column.plus(&before, -1)),
            };
            before = before.plus(if stacked { &extents.rows } else { &extents.columns }, 1);
            entries.push((entry, before.clone()));
        }
        let index = if stacked { row } else { column };
        let last = entries.pop().map_or(Entry::Number(Rational::ZERO), |(entry, _)| entry);
        let choice = |rest, (entry, end)| Entry::Choice(index.clone(), end, [Box::new(entry), Box::new(rest)]);
        entries.into_iter().rev().fold(last, choice)
    }
}
