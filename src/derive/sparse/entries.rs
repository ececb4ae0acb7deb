//! The entries of a matrix that may be other than zero, read off its expression: what loops put where.
//!
//! Nothing is tried out with numbers. A part whose structure is not known has all its entries.

use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Up to this many rows or columns are written one by one; more are a loop.
const WRITTEN_OUT: i64 = 16;
/// Deepest nesting of parts that is looked into.
const DEEPEST: usize = 64;

/// Where an entry is along one side of a matrix.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Place {
    /// A whole number from data, to which the offset is added.
    pub given: Option<ExprId>,
    /// What depends on indices and sizes alone.
    pub offset: Dimension,
}

impl Place {
    /// Makes a place that no data decides.
    pub fn at(offset: Dimension) -> Self {
        Place { given: None, offset }
    }

    fn moved(&self, by: &Dimension) -> Place {
        Place { given: self.given, offset: self.offset.plus(by, 1) }
    }
}

/// A number at a place, for each value of the indices of some loops, the outermost first.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The loops.
    pub nest: Vec<Bound>,
    /// The row and the column.
    pub place: [Place; 2],
    /// The number.
    pub value: ExprId,
}

/// Lists the entries of a matrix for each value of the indices of loops around it. Those with the same place add up.
pub fn entries(graph: &mut Graph, root: ExprId, nest: &[Bound]) -> Vec<Entry> {
    Reading { graph, nest: nest.to_vec() }.entries(root, DEEPEST)
}

/// Returns one entry of a matrix. Functions of entries are taken of the entry alone.
pub fn entry_at(graph: &mut Graph, root: ExprId, [row, column]: &[Place; 2]) -> ExprId {
    let extents = graph.extents(root);
    if extents.is_scalar() {
        return root;
    }
    let is_entrywise = |graph: &Graph, id: ExprId| {
        let node = graph.node(id);
        graph.extents(id) == extents && !node.is_leaf() && !matches!(node, Node::Matrix(..) | Node::Placeholder(_))
    };
    let mut region: BTreeSet<ExprId> = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if !graph.extents(id).is_scalar() && region.insert(id) && is_entrywise(graph, id) {
            graph.node(id).for_each_operand(|operand| open.push(operand));
        }
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in region {
        let entry = if is_entrywise(graph, id) {
            let node = graph.node(id).clone();
            graph.construct(&node, |operand| image.get(&operand).copied().unwrap_or(operand))
        } else {
            let places = [row, column].map(|place| place.given.is_none().then(|| place.offset.clone()));
            let given: Vec<ExprId> = [row, column].into_iter().filter_map(|place| place.given).collect();
            match &places {
                [Some(row), Some(column)] => graph.slice(id, row.clone(), column.clone(), Extents::scalar()),
                _ => graph.construct_matrix(&M::Gather(places, Extents::scalar()), &[&[id], &given[..]].concat()),
            }
        };
        image.insert(id, entry);
    }
    image.get(&root).copied().unwrap_or(root)
}

/// Tells whether a matrix is computed entry by entry: by loops as it is, or by formulas that need no other vectors than
/// what is given.
pub fn is_by_entries(graph: &Graph, root: ExprId, entries: &[Entry]) -> bool {
    is_made_of_loops(graph, root) || entries.iter().all(|entry| is_of_numbers(graph, entry.value))
}

fn is_made_of_loops(graph: &Graph, root: ExprId) -> bool {
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        match (graph.node(id), graph.as_matrix(id)) {
            (_, Some((M::Loop(_), _))) => {}
            (_, Some((M::Embed(..) | M::Stack | M::Join, parts))) => open.extend(parts),
            (Node::Sum(constant, terms), _) if constant.is_zero() => open.extend(terms.iter().map(|(term, _)| *term)),
            _ if graph.extents(id).is_scalar() => {}
            _ => return false,
        }
    }
    true
}

fn is_of_numbers(graph: &Graph, root: ExprId) -> bool {
    let is_number = |id: ExprId| graph.extents(id).is_scalar() || graph.node(id).is_leaf();
    graph.reachable(&[root]).into_iter().all(is_number)
}

struct Reading<'g> {
    graph: &'g mut Graph,
    /// The loops around.
    nest: Vec<Bound>,
}

impl Reading<'_> {
    fn entries(&mut self, id: ExprId, depth: usize) -> Vec<Entry> {
        let extents = self.graph.extents(id);
        if self.graph.is_zero(id) || self.graph.as_number(id).is_some_and(Rational::is_zero) {
            return Vec::new();
        }
        if extents.is_scalar() {
            let place = [0, 0].map(|at| Place::at(Dimension::number(at)));
            return vec![Entry { nest: self.nest.clone(), place, value: id }];
        }
        let Some(depth) = depth.checked_sub(1) else { return self.all(id) };
        let own = |graph: &Graph, part: ExprId| graph.extents(part) == extents;
        match self.graph.node(id).clone() {
            Node::Sum(constant, terms)
                if constant.is_zero() && terms.iter().all(|(term, _)| own(self.graph, *term)) =>
            {
                let mut entries = Vec::new();
                for (term, coefficient) in terms.iter() {
                    let graph_of = self.entries(*term, depth);
                    entries.extend(graph_of.into_iter().map(|entry| {
                        let value = self.graph.product(coefficient.clone(), vec![(entry.value, Rational::ONE)]);
                        Entry { value, ..entry }
                    }));
                }
                entries
            }
            Node::Product(factors) => {
                let sparse = factors.iter().position(|(base, exponent)| {
                    exponent.is_one() && own(self.graph, *base) && is_sparse(self.graph, *base, depth)
                });
                let Some(at) = sparse else { return self.all(id) };
                let (sparse, rest) = (factors[at].0, [&factors[..at], &factors[at + 1..]].concat());
                let rest = self.graph.product(Rational::ONE, rest);
                self.scaled(sparse, depth, |graph, place| entry_at(graph, rest, place))
            }
            Node::Select(condition, a, b)
                if self.graph.extents(condition).is_scalar() && own(self.graph, a) && own(self.graph, b) =>
            {
                let zero = self.graph.integer(0);
                let mut entries = Vec::new();
                for (branch, first) in [(a, true), (b, false)] {
                    for entry in self.entries(branch, depth) {
                        let (a, b) = if first { (entry.value, zero) } else { (zero, entry.value) };
                        entries.push(Entry { value: self.graph.select(condition, a, b), ..entry });
                    }
                }
                entries
            }
            Node::Matrix(operation, operands) => self.of_operation(id, &operation, &operands, depth),
            _ => self.all(id),
        }
    }

    fn of_operation(&mut self, id: ExprId, operation: &M, operands: &[ExprId], depth: usize) -> Vec<Entry> {
        match (operation, operands) {
            (M::Loop(bound), [body]) => {
                let (opened, body) = self.graph.open_as_written(bound, *body);
                self.nest.push(opened);
                let entries = self.entries(body, depth);
                self.nest.pop();
                entries
            }
            (M::Embed(row, column, _), [inner]) => {
                let moved = |entry: Entry| {
                    let [own_row, own_column] = &entry.place;
                    Entry { place: [own_row.moved(row), own_column.moved(column)], ..entry }
                };
                self.entries(*inner, depth).into_iter().map(moved).collect()
            }
            (M::Scatter(places, _), [inner, given @ ..]) => {
                let entries = self.entries(*inner, depth);
                let mut given = given.iter();
                let starts = places.clone().map(|place| match place {
                    Some(offset) => Place::at(offset),
                    None => Place { given: given.next().copied(), offset: Dimension::number(0) },
                });
                let mut moved = Vec::new();
                for entry in entries {
                    let mut place = entry.place.clone();
                    for (own, start) in place.iter_mut().zip(&starts) {
                        if own.given.is_some() && start.given.is_some() {
                            return self.all(id);
                        }
                        *own = Place { given: own.given.or(start.given), offset: own.offset.plus(&start.offset, 1) };
                    }
                    moved.push(Entry { place, ..entry });
                }
                moved
            }
            (M::Identity(size), _) => {
                let bound = self.over(size);
                let place = [(); 2].map(|()| Place::at(bound.index.clone()));
                let nest = [&self.nest[..], &[bound]].concat();
                vec![Entry { nest, place, value: self.graph.integer(1) }]
            }
            (M::Diagonal, [of]) => {
                let along = |entry: Entry| {
                    let place = [entry.place[0].clone(), entry.place[0].clone()];
                    Entry { place, ..entry }
                };
                self.entries(*of, depth).into_iter().map(along).collect()
            }
            (M::Transpose, [of]) => {
                let turned = |entry: Entry| {
                    let [row, column] = entry.place;
                    Entry { place: [column, row], ..entry }
                };
                self.entries(*of, depth).into_iter().map(turned).collect()
            }
            (M::Stack | M::Join, parts) => {
                let side = usize::from(matches!(operation, M::Join));
                let mut start = Dimension::number(0);
                let mut entries = Vec::new();
                for part in parts {
                    for mut entry in self.entries(*part, depth) {
                        entry.place[side] = entry.place[side].moved(&start);
                        entries.push(entry);
                    }
                    let extents = self.graph.extents(*part);
                    start = start.plus(if side == 0 { &extents.rows } else { &extents.columns }, 1);
                }
                entries
            }
            (M::Product, [first, .., last]) => {
                let diagonal = |graph: &Graph, id: ExprId| match graph.as_matrix(id) {
                    Some((M::Diagonal, [of])) => Some(*of),
                    _ => None,
                };
                let none = Place::at(Dimension::number(0));
                if let Some(weights) = diagonal(self.graph, *first) {
                    let rest = self.graph.matrix_product(&operands[1..]);
                    return self
                        .scaled(rest, depth, |graph, [row, _]| entry_at(graph, weights, &[row.clone(), none.clone()]));
                }
                if let Some(weights) = diagonal(self.graph, *last) {
                    let rest = self.graph.matrix_product(&operands[..operands.len() - 1]);
                    return self.scaled(rest, depth, |graph, [_, column]| {
                        entry_at(graph, weights, &[column.clone(), none.clone()])
                    });
                }
                self.all(id)
            }
            _ => self.all(id),
        }
    }

    /// Multiplies each entry by what there is for its place.
    fn scaled(&mut self, id: ExprId, depth: usize, factor: impl Fn(&mut Graph, &[Place; 2]) -> ExprId) -> Vec<Entry> {
        let mut entries = self.entries(id, depth);
        for entry in &mut entries {
            let factor = factor(self.graph, &entry.place);
            entry.value = self.graph.multiply(factor, entry.value);
        }
        entries
    }

    /// Lists all entries.
    fn all(&mut self, id: ExprId) -> Vec<Entry> {
        let extents = self.graph.extents(id);
        let (mut nest, mut places) = (self.nest.clone(), vec![Vec::new(); 2]);
        for (places, size) in places.iter_mut().zip([&extents.rows, &extents.columns]) {
            match size.as_number() {
                Some(count) if count <= WRITTEN_OUT => places.extend((0..count).map(Dimension::number)),
                _ => {
                    let bound = self.over(size);
                    places.push(bound.index.clone());
                    nest.push(bound);
                }
            }
        }
        let mut entries = Vec::new();
        for row in &places[0] {
            for column in &places[1] {
                let place = [row, column].map(|offset| Place::at(offset.clone()));
                let value = entry_at(self.graph, id, &place);
                entries.push(Entry { nest: nest.clone(), place, value });
            }
        }
        entries
    }

    fn over(&mut self, size: &Dimension) -> Bound {
        Bound { index: self.graph.fresh_index(), from: Dimension::number(0), to: size.clone() }
    }
}

/// Tells whether some entries of a matrix are known to be zero.
fn is_sparse(graph: &Graph, id: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match graph.node(id) {
        Node::Sum(constant, terms) => {
            constant.is_zero() && terms.iter().all(|(term, _)| is_sparse(graph, *term, depth))
        }
        Node::Product(factors) => {
            factors.iter().any(|(base, exponent)| exponent.is_one() && is_sparse(graph, *base, depth))
        }
        _ => match graph.as_matrix(id) {
            Some((M::Loop(_) | M::Transpose, [of])) => is_sparse(graph, *of, depth),
            Some((M::Embed(..) | M::Scatter(..) | M::Diagonal | M::Identity(_), _)) => true,
            _ => false,
        },
    }
}
