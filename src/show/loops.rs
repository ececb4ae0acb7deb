//! Loops as the language writes them: `sum(i in 0..n, i*x[i])`, and `[i in 0..n: 2*x[i]]` where each value of the index
//! fills an entry of its own.

use super::notation::Writer;
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, Kept, MatrixOperation as M, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::{
    Ast, BinaryOperator as B, Expression as E, Let, Name, NodeId, Range, Ranges, Recurrence, State, UnaryOperator,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// The names of indices, in the order in which they are taken.
const LETTERS: [&str; 12] = ["i", "j", "k", "l", "m", "p", "q", "r", "s", "u", "v", "w"];

/// Chooses a name for each index of the loops among the nodes: the outer ones come first.
pub fn index_names(graph: &Graph, nodes: &[ExprId]) -> FxHashMap<String, String> {
    let mut bound: Vec<&str> =
        nodes.iter().filter_map(|id| graph.as_loop(*id)).map(|(bound, _)| bound.name()).collect();
    let scans = nodes.iter().filter_map(|id| match graph.as_matrix(*id) {
        Some((M::Scan(bound, ..), _)) => Some(bound.name()),
        _ => None,
    });
    bound.extend(scans);
    if bound.is_empty() {
        return FxHashMap::default();
    }
    bound.sort_unstable_by_key(|name| std::cmp::Reverse((name.len(), *name)));
    bound.dedup();
    let mut taken: FxHashSet<String> = graph.inputs().iter().map(|input| input.parameter.clone()).collect();
    for id in nodes {
        let extents = graph.extents(*id);
        let sides = [&extents.rows, &extents.columns];
        taken.extend(sides.into_iter().flat_map(|side| side.names()).map(str::to_string));
        if let Some((M::Size(dimension), _)) = graph.as_matrix(*id) {
            taken.extend(dimension.names().map(str::to_string));
        }
    }
    let more = (1..).map(|count| format!("i{count}"));
    let mut letters = LETTERS.into_iter().map(String::from).chain(more).filter(|letter| !taken.contains(letter));
    bound.into_iter().filter_map(|name| Some((name.to_string(), letters.next()?))).collect()
}

impl Writer<'_> {
    /// Returns the name of a dimension, or of the index that a loop runs over.
    pub(super) fn name_of(&self, name: &str) -> String {
        self.indices.get(name).cloned().unwrap_or_else(|| name.to_string())
    }

    /// Returns the name of a state of a recurrence, which goes with the name of its index.
    pub(super) fn state_name(&self, index: &Dimension, state: usize) -> String {
        let index = index.names().next().map_or(String::new(), |name| self.name_of(name));
        match state {
            0 => format!("s_{index}"),
            _ => format!("s{}_{index}", state + 1),
        }
    }

    /// Writes a state of a recurrence.
    pub(super) fn scanned(&mut self, id: ExprId) -> NodeId {
        let Some(scan) = self.graph.as_scan(id) else { return self.number(&Rational::ZERO) };
        let name = |text: String| Name { text, span: Span::default() };
        let names: Vec<Name> =
            (0..scan.next.len()).map(|state| name(self.state_name(&scan.bound.index, state))).collect();
        let states = names.iter().zip(&scan.initial);
        let states =
            states.map(|(name, initial)| State { name: name.clone(), initial: self.written[initial] }).collect();
        let next: Vec<NodeId> = scan.next.iter().map(|next| self.written[next]).collect();
        let (lets, mut next) = self.named_inside(&[&scan.bound], &scan.next, &next);
        if !lets.is_empty() {
            let several = |ast: &mut Ast, next: Vec<NodeId>| ast.synthesize(E::Several(next));
            let left = if let [only] = next.as_slice() { *only } else { several(self.ast, next) };
            next = vec![self.block(lets, left)];
        }
        let function = match scan.kept {
            Kept::Last => "fold",
            Kept::After => "scan",
            Kept::Before => "exclusive_scan",
        };
        let function = name(function.to_string());
        let range = self.range(&scan.bound);
        let recurrence = Recurrence { range, states, next };
        let recurrence = self.ast.synthesize(E::Recurrence(function, Box::new(recurrence)));
        match names.len() {
            1 => recurrence,
            _ => {
                let own = self.ast.synthesize(E::Name(names[scan.state].text.clone()));
                self.ast.synthesize(E::Block(vec![Let { names, value: recurrence }], own))
            }
        }
    }

    fn range(&mut self, bound: &Bound) -> Range {
        let text = self.name_of(bound.name());
        let (from, to) = (self.dimension(&bound.from), self.dimension(&bound.to));
        Range { index: Name { text, span: Span::default() }, from, to }
    }

    /// Writes a loop.
    pub(super) fn looped(&mut self, bound: &Bound, body: ExprId) -> NodeId {
        if let Some(map) = self.map_of_two(bound, body) {
            return map;
        }
        let parts = match self.graph.node(body) {
            Node::Sum(constant, terms) if constant.is_zero() && !self.graph.extents(body).is_scalar() => terms.to_vec(),
            _ => vec![(body, Rational::ONE)],
        };
        let maps: Option<Vec<(NodeId, bool)>> = parts.iter().map(|(part, k)| self.map(bound, *part, k)).collect();
        let Some(maps) = maps else { return self.sum_over(bound, body) };
        let mut maps = maps.into_iter();
        let (first, negative) = maps.next().unwrap_or_else(|| (self.written[&body], false));
        let first = if negative { self.negate(first) } else { first };
        maps.fold(first, |sum, (map, negative)| self.binary(if negative { B::Subtract } else { B::Add }, sum, map))
    }

    /// Writes a sum over an index, with the condition for its terms; that over an index inside becomes one with it.
    fn sum_over(&mut self, bound: &Bound, body: ExprId) -> NodeId {
        let mut ranges = Ranges { list: vec![self.range(bound)], guard: None };
        let mut term = body;
        if let Node::Select(condition, a, b) = self.graph.node(body)
            && self.graph.is_zero(*b)
            && !self.has_names_inside(&[bound], *condition)
        {
            ranges.guard = Some(self.written[condition]);
            term = *a;
        }
        let mut written = self.with_names_inside(&[bound], term, self.written[&term]);
        if let (None, E::Fold(name, inner, term)) = (ranges.guard, self.ast.get(written))
            && name.text == "sum"
        {
            ranges.list.extend(inner.list.iter().cloned());
            ranges.guard = inner.guard;
            written = *term;
        }
        let sum = Name { text: "sum".to_string(), span: Span::default() };
        self.ast.synthesize(E::Fold(sum, ranges, written))
    }

    /// Writes what each value of an index puts into a row of its own, and tells whether it is subtracted.
    fn map(&mut self, bound: &Bound, part: ExprId, coefficient: &Rational) -> Option<(NodeId, bool)> {
        let (M::Embed(row, column, whole), [inner]) = self.graph.as_matrix(part)? else { return None };
        let (row, whole, inner) = (row.clone(), whole.clone(), *inner);
        let own = self.graph.extents(inner);
        let offset = row.plus(&bound.index, -1);
        let across = column.plus(&bound.index, -1);
        if own.is_scalar() && !offset.is_running() && !across.is_running() && !whole.is_column() {
            let entry = self.term(inner, &coefficient.abs(), false);
            let entry = self.with_names_inside(&[bound], inner, entry);
            let diagonal = self.diagonal_over(bound, entry, [offset, across], &whole);
            return Some((diagonal, coefficient.is_negative()));
        }
        if offset.is_running() || *column != Dimension::number(0) || own.columns != whole.columns || !own.rows.is_one()
        {
            return None;
        }
        let entry = if own.is_scalar() {
            let entry = self.term(inner, &coefficient.abs(), false);
            self.with_names_inside(&[bound], inner, entry)
        } else {
            let (lets, column) = self.named_inside(&[bound], &[inner], &[self.written[&inner]]);
            let row = match self.ast.get(column[0]) {
                E::Unary(UnaryOperator::Transpose, row) => *row,
                _ => self.ast.synthesize(E::Unary(UnaryOperator::Transpose, column[0])),
            };
            let row = if coefficient.abs().is_one() {
                row
            } else {
                let scale = self.number(&coefficient.abs());
                self.binary(B::Multiply, scale, row)
            };
            self.block(lets, row)
        };
        let range = self.range(bound);
        let map = self.ast.synthesize(E::Map(vec![range], entry));
        let (first, end) = (bound.from.plus(&offset, 1), bound.to.plus(&offset, 1));
        let last = whole.rows.plus(&end, -1);
        Some((self.between_zeros(map, [first, last], &whole), coefficient.is_negative()))
    }

    /// Writes entries along a diagonal, with zeros around them.
    fn diagonal_over(&mut self, bound: &Bound, entry: NodeId, offsets: [Dimension; 2], whole: &Extents) -> NodeId {
        let range = self.range(bound);
        let map = self.ast.synthesize(E::Map(vec![range], entry));
        let diagonal = self.call("diag", vec![map]);
        let [row, column] = offsets.map(|offset| bound.from.plus(&offset, 1));
        let count = bound.count();
        self.surrounded(diagonal, &Extents::new(count.clone(), count), &row, &column, whole)
    }

    /// Writes rows of zeros above and below.
    fn between_zeros(&mut self, map: NodeId, [above, below]: [Dimension; 2], whole: &Extents) -> NodeId {
        let none = Dimension::number(0);
        let mut parts = vec![map];
        for (rows, first) in [(above, true), (below, false)] {
            if rows != none {
                let zeros = self.full(&Rational::ZERO, &Extents::new(rows, whole.columns.clone()));
                parts.insert(if first { 0 } else { parts.len() }, zeros);
            }
        }
        if parts.len() == 1 { map } else { self.call("stack", parts) }
    }

    /// Writes a matrix each of whose entries is filled by one pair of values of two indices.
    fn map_of_two(&mut self, bound: &Bound, body: ExprId) -> Option<NodeId> {
        let (inner, entry) = self.graph.as_loop(body)?;
        let (M::Embed(row, column, whole), [value]) = self.graph.as_matrix(entry)? else { return None };
        let fills = |place: &Dimension, bound: &Bound, size: &Dimension| {
            let offset = place.plus(&bound.index, -1);
            bound.from.plus(&offset, 1) == Dimension::number(0) && bound.to.plus(&offset, 1) == *size
        };
        if !fills(row, bound, &whole.rows) || !fills(column, inner, &whole.columns) {
            return None;
        }
        let (inner, value) = (inner.clone(), *value);
        let written = self.written[&value];
        let value = self.with_names_inside(&[bound, &inner], value, written);
        let ranges = vec![self.range(bound), self.range(&inner)];
        Some(self.ast.synthesize(E::Map(ranges, value)))
    }
}
