//! From whole vectors and matrices to their entries: a graph of numbers, gate by gate as it is written.
//!
//! Each node of the given graph becomes one node for each of its entries, row by row, in the order in which the given nodes
//! were made. What is entry by entry is repeated for each entry; what mixes entries is written out.

use super::determinants::WRITTEN_OUT;
use super::gates::Gates;
use crate::functions::rows;
use crate::graph::{
    Bound, Comparison, Dimension, ExprId, Extents, Extreme, Graph, Kept, MatrixOperation as M, Node, Rational, Sizes,
};
use crate::limits;
use rustc_hash::FxHashMap;

/// Writes out nodes of a graph in another one.
pub(super) struct Scalarizer<'a> {
    source: &'a Graph,
    gates: Gates<'a>,
    sizes: Sizes,
    /// The entries of the nodes so far, row by row: where they begin in the list, and how many they are.
    places: FxHashMap<ExprId, (u32, u32)>,
    list: Vec<ExprId>,
    /// Most entries in the list.
    most: usize,
}

/// The entries of a matrix, row by row.
struct Entries {
    rows: usize,
    columns: usize,
    list: Vec<ExprId>,
    /// Whether all of them are known to be 1.
    is_ones: bool,
}

impl<'a> Scalarizer<'a> {
    /// Begins with the entries of the parameters, which are nodes of the graph that is written to.
    pub fn new(
        source: &'a Graph,
        graph: &'a mut Graph,
        sizes: &'a Sizes,
        parameters: impl IntoIterator<Item = (ExprId, Vec<ExprId>)>,
        most: usize,
    ) -> Self {
        let gates = Gates { graph, canonical: false };
        let (places, list) = (FxHashMap::default(), Vec::new());
        let mut scalarizer = Scalarizer { source, gates, sizes: sizes.clone(), places, list, most };
        parameters.into_iter().for_each(|(id, entries)| scalarizer.keep(id, &entries));
        scalarizer
    }

    /// Tells whether the product of sizes is no more than is written out of one node, beside what has been written of others.
    fn is_few(&self, sizes: &[usize]) -> Option<()> {
        let count = sizes.iter().fold(1, |count: usize, size| count.saturating_mul(*size));
        (count <= limits::WRITTEN_TERMS && self.list.len().saturating_add(count) <= self.most).then_some(())
    }

    fn keep(&mut self, id: ExprId, entries: &[ExprId]) {
        self.places.insert(id, (self.list.len() as u32, entries.len() as u32));
        self.list.extend_from_slice(entries);
    }

    /// Returns the entries of a node that was written out.
    pub fn entries(&self, id: ExprId) -> &[ExprId] {
        self.places.get(&id).map_or(&[], |(start, count)| &self.list[*start as usize..][..*count as usize])
    }

    /// Writes out what the roots need; none if a determinant or an inverse is too large for that, or a size is not given.
    pub fn write(&mut self, roots: &[ExprId]) -> Option<()> {
        for id in self.needed(roots) {
            if !self.places.contains_key(&id) {
                let entries = self.written(id)?;
                self.keep(id, &entries);
            }
        }
        Some(())
    }

    /// Lists what the roots need in order of indices, with what placeholders stand for.
    fn needed(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut nodes = self.source.reachable(roots);
        let held = |id: &ExprId| match self.source.node(*id) {
            Node::Placeholder(index) => Some(self.source.placeholder_value(*index)),
            _ => None,
        };
        let mut values: Vec<ExprId> = nodes.iter().filter_map(held).collect();
        // What a placeholder stands for may have placeholders in it.
        while !values.is_empty() {
            let more = self.source.reachable(&values);
            values = more.iter().filter_map(held).filter(|value| !more.contains(value)).collect();
            nodes.extend(more);
            nodes.sort_unstable();
            nodes.dedup();
        }
        nodes.retain(|id| self.is_known(*id));
        nodes
    }

    /// Tells whether all indices that a node depends on have values.
    fn is_known(&self, id: ExprId) -> bool {
        self.source.free_indices(id).is_none_or(|indices| indices.iter().all(|index| self.sizes.contains_key(index)))
    }

    fn size(&self, extents: &Extents) -> Option<(usize, usize)> {
        Some((extents.rows.evaluate(&self.sizes)?, extents.columns.evaluate(&self.sizes)?))
    }

    fn matrix(&self, id: ExprId) -> Option<Entries> {
        let (rows, columns) = self.size(&self.source.extents(id))?;
        Some(Entries { rows, columns, list: self.entries(id).to_vec(), is_ones: self.source.is_ones(id) })
    }

    /// Returns the row and the column of an operation whose places are numbers that are known; data are not.
    fn places_given(&self, places: &[Option<Dimension>; 2], given: &[ExprId]) -> Option<[Dimension; 2]> {
        let mut given = given.iter();
        let mut place = |place: &Option<Dimension>| match place {
            Some(place) => Some(place.clone()),
            None => {
                let number = self.entries(*given.next()?).first().copied();
                self.gates.graph.as_number(number?)?.to_integer().map(Dimension::number)
            }
        };
        Some([place(&places[0])?, place(&places[1])?])
    }

    fn written(&mut self, id: ExprId) -> Option<Vec<ExprId>> {
        let source = self.source;
        let (rows, columns) = self.size(&source.extents(id))?;
        self.is_few(&[rows, columns])?;
        match source.node(id) {
            Node::Matrix(operation, operands) => self.operation(operation, operands),
            Node::Placeholder(index) => {
                let values = self.entries(source.placeholder_value(*index)).to_vec();
                Some(values.into_iter().map(|value| self.held(value)).collect())
            }
            Node::Derivative(value, by) => {
                let (values, by) = (self.entries(*value).to_vec(), self.entries(*by).to_vec());
                let pairs = values.iter().flat_map(|value| by.iter().map(move |by| (*value, *by)));
                Some(pairs.map(|(value, by)| self.gates.graph.intern(Node::Derivative(value, by))).collect())
            }
            node => Some((0..rows * columns).map(|at| self.entrywise(node, at)).collect()),
        }
    }

    /// Holds a value back behind a name that derivatives are taken by; a parameter's entry is a name already.
    fn held(&mut self, value: ExprId) -> ExprId {
        match self.gates.graph.node(value) {
            Node::Input(_) => value,
            _ => self.gates.graph.add_placeholder(value),
        }
    }

    /// Writes one entry of what is entry by entry; numbers are repeated.
    fn entrywise(&mut self, node: &Node, at: usize) -> ExprId {
        let (places, list) = (&self.places, &self.list);
        let entries = |id: ExprId| {
            let (start, count) = places[&id];
            &list[start as usize..][..count as usize]
        };
        let of = |id: ExprId| match entries(id) {
            [only] => *only,
            list => list[at],
        };
        match node {
            Node::Sum(constant, terms) => {
                let terms: Vec<(ExprId, Rational)> = terms.iter().map(|(term, k)| (of(*term), k.clone())).collect();
                let graph = &mut *self.gates.graph;
                if terms.iter().all(|(term, _)| graph.as_number(*term).is_some()) {
                    return graph.sum(constant.clone(), terms);
                }
                graph.intern(Node::Sum(constant.clone(), terms.into()))
            }
            Node::Product(factors) => {
                let factors: Vec<(ExprId, Rational)> = factors.iter().map(|(base, k)| (of(*base), k.clone())).collect();
                match factors.as_slice() {
                    [(a, one), (b, inverse)] if one.is_one() && inverse.is_minus_one() => self.gates.quotient(*a, *b),
                    factors => self.gates.product(factors),
                }
            }
            Node::Apply(function, arguments) => {
                let arguments: Vec<ExprId> = arguments.iter().map(|id| of(*id)).collect();
                self.gates.apply(*function, &arguments)
            }
            Node::Select(condition, a, b) => {
                let (condition, a, b) = (of(*condition), of(*a), of(*b));
                self.gates.select(condition, a, b)
            }
            Node::Compare(comparison, a, b) => {
                let (a, b) = (of(*a), of(*b));
                self.gates.graph.compare(*comparison, a, b)
            }
            node => {
                let node = node.clone().renamed(of);
                self.gates.graph.intern(node)
            }
        }
    }

    fn operation(&mut self, operation: &M, operands: &[ExprId]) -> Option<Vec<ExprId>> {
        let (zero, one) = (self.gates.graph.integer(0), self.gates.graph.integer(1));
        let first = match operands.first() {
            Some(id) => self.matrix(*id)?,
            None => Entries { rows: 0, columns: 0, list: Vec::new(), is_ones: false },
        };
        let Entries { rows, columns, list, .. } = &first;
        let small = |rows: usize| (rows <= WRITTEN_OUT).then_some(rows);
        Some(match operation {
            M::Product => return self.product(operands),
            M::Transpose => {
                (0..*columns).flat_map(|column| (0..*rows).map(move |row| list[row * columns + column])).collect()
            }
            M::Full(value, extents) => {
                let (rows, columns) = self.size(extents)?;
                vec![self.gates.graph.number(value.clone()); rows * columns]
            }
            M::Identity(n) => {
                let n = n.evaluate(&self.sizes)?;
                (0..n * n).map(|at| if at / n == at % n { one } else { zero }).collect()
            }
            M::Diagonal => {
                (0..rows * rows).map(|at| if at / rows == at % rows { list[at / rows] } else { zero }).collect()
            }
            M::DiagonalOf => (0..*rows).map(|at| list[at * columns + at]).collect(),
            M::Trace => {
                let terms: Vec<(ExprId, bool)> = (0..*rows).map(|at| (list[at * columns + at], false)).collect();
                vec![self.gates.sum(&terms)]
            }
            M::Determinant => vec![self.gates.determinant(list, small(*rows)?)],
            M::LogDeterminant => {
                let determinant = self.gates.determinant(list, small(*rows)?);
                vec![self.gates.apply(rows::LN, &[determinant])]
            }
            M::Inverse => self.gates.inverse(list, small(*rows)?),
            M::Adjugate => self.gates.adjugate(list, small(*rows)?),
            M::LogSumExp => vec![self.log_sum_exp(list)],
            M::LogSumExpOfRows => list.chunks((*columns).max(1)).map(|row| self.log_sum_exp(row)).collect(),
            M::Slice(row, column, extents) => {
                let (start, from) = (row.evaluate(&self.sizes)?, column.evaluate(&self.sizes)?);
                let (height, width) = self.size(extents)?;
                let places =
                    (start..start + height).flat_map(|row| (from..from + width).map(move |column| (row, column)));
                places.map(|(row, column)| list.get(row * columns + column).copied()).collect::<Option<_>>()?
            }
            M::Embed(row, column, extents) => {
                let (start, from) = (row.evaluate(&self.sizes)?, column.evaluate(&self.sizes)?);
                let (height, width) = self.size(extents)?;
                let entry = |at: usize| {
                    let (row, column) = ((at / width).checked_sub(start), (at % width).checked_sub(from));
                    match (row, column) {
                        (Some(row), Some(column)) if row < *rows && column < *columns => list[row * columns + column],
                        _ => zero,
                    }
                };
                (0..height * width).map(entry).collect()
            }
            M::Stack => operands.iter().flat_map(|part| self.entries(*part).to_vec()).collect(),
            M::Join => {
                let parts: Vec<Entries> = operands.iter().map(|part| self.matrix(*part)).collect::<Option<_>>()?;
                let line = |row: usize| {
                    parts
                        .iter()
                        .flat_map(move |part| part.list[row * part.columns..(row + 1) * part.columns].iter().copied())
                };
                (0..*rows).flat_map(line).collect()
            }
            M::Size(dimension) => vec![self.gates.graph.integer(i64::try_from(dimension.evaluate(&self.sizes)?).ok()?)],
            M::Remainder => {
                let [of, by] = [operands[0], operands[1]].map(|id| self.entries(id).first().copied());
                let number = |id: Option<ExprId>| self.gates.graph.as_number(id?)?.to_integer();
                let (of, by) = (number(of)?, number(by).filter(|by| *by > 0)?);
                vec![self.gates.graph.integer(of.rem_euclid(by))]
            }
            M::Loop(bound) => return self.looped(bound, operands[0]),
            M::Scan(bound, state, kept) => return self.scanned(bound, (*state, *kept), operands),
            // The step that a state belongs to keeps it.
            M::State(..) => return None,
            M::Gather(places, extents) => {
                let [row, column] = self.places_given(places, &operands[1..])?;
                return self.operation(&M::Slice(row, column, extents.clone()), &operands[..1]);
            }
            M::Scatter(places, extents) => {
                let [row, column] = self.places_given(places, &operands[1..])?;
                return self.operation(&M::Embed(row, column, extents.clone()), &operands[..1]);
            }
            M::Extremum(extreme) => {
                let function = if *extreme == Extreme::Largest { rows::MAX } else { rows::MIN };
                let (first, rest) = list.split_first()?;
                vec![rest.iter().fold(*first, |so_far, next| self.gates.apply(function, &[so_far, *next]))]
            }
            M::FirstExtremum(extreme) => {
                self.is_few(&[list.len(), list.len()])?;
                (0..list.len()).map(|at| self.is_first(*extreme, list, at)).collect()
            }
            M::EntryProduct => {
                let factors: Vec<(ExprId, Rational)> = list.iter().map(|entry| (*entry, Rational::ONE)).collect();
                vec![self.gates.product(&factors)]
            }
            M::OtherProducts => {
                self.is_few(&[list.len(), list.len()])?;
                let others = |at: usize| list.iter().enumerate().filter(move |(other, _)| *other != at);
                let factors = |at: usize| others(at).map(|(_, entry)| (*entry, Rational::ONE)).collect::<Vec<_>>();
                (0..list.len()).map(|at| self.gates.product(&factors(at))).collect()
            }
        })
    }

    /// Writes a sum over an index term by term.
    fn looped(&mut self, bound: &Bound, body: ExprId) -> Option<Vec<ExprId>> {
        let values = bound.values(&self.sizes)?;
        let (rows, columns) = self.size(&self.source.extents(body))?;
        self.is_few(&[values.len(), rows, columns])?;
        let inside = self.source.dependants(body, bound.name());
        let mut terms: Vec<Vec<(ExprId, bool)>> = vec![Vec::new(); rows * columns];
        for value in values {
            self.sizes.insert(bound.name().to_string(), value);
            for id in inside.iter().filter(|id| self.is_known(**id)).copied().collect::<Vec<_>>() {
                let entries = self.written(id)?;
                self.keep(id, &entries);
            }
            let entries = self.entries(body).to_vec();
            terms.iter_mut().zip(entries).for_each(|(terms, entry)| terms.push((entry, false)));
        }
        self.sizes.remove(bound.name());
        let zero = self.gates.graph.integer(0);
        for terms in &mut terms {
            // What another value of the index fills is 0 here.
            let filled: Vec<(ExprId, bool)> = terms.iter().copied().filter(|(term, _)| *term != zero).collect();
            if terms.len() > 1 && self.source.extents(body).entries() != Some(1) {
                *terms = filled;
            }
        }
        Some(terms.iter().map(|terms| self.gates.sum(terms)).collect())
    }

    /// Writes a recurrence step by step.
    fn scanned(&mut self, bound: &Bound, (state, kept): (usize, Kept), operands: &[ExprId]) -> Option<Vec<ExprId>> {
        let (initial, next) = operands.split_at(operands.len() / 2);
        let values = bound.values(&self.sizes)?;
        let mut states: Vec<Vec<ExprId>> = initial.iter().map(|id| self.entries(*id).to_vec()).collect();
        let found = |id: &ExprId| match self.source.as_matrix(*id) {
            Some((M::State(index, number, _), _)) if *index == bound.index => Some(*number),
            _ => None,
        };
        let mut inside: Vec<ExprId> = next.iter().flat_map(|id| self.source.dependants(*id, bound.name())).collect();
        inside.sort_unstable();
        inside.dedup();
        let inside: Vec<(ExprId, Option<usize>)> = inside.into_iter().map(|id| (id, found(&id))).collect();
        self.is_few(&[values.len(), states.iter().map(Vec::len).sum()])?;
        let mut all = Vec::new();
        for value in values {
            if kept == Kept::Before {
                all.extend(states[state].iter().copied());
            }
            self.sizes.insert(bound.name().to_string(), value);
            for (id, number) in &inside {
                let entries = match number {
                    Some(number) => states[*number].clone(),
                    None if self.is_known(*id) => self.written(*id)?,
                    None => continue,
                };
                self.keep(*id, &entries);
            }
            states = next.iter().map(|id| self.entries(*id).to_vec()).collect();
            if kept == Kept::After {
                all.extend(states[state].iter().copied());
            }
        }
        self.sizes.remove(bound.name());
        Some(if kept == Kept::Last { states.swap_remove(state) } else { all })
    }

    /// Writes 1 if an entry is the first of the largest or smallest ones, and 0 else.
    fn is_first(&mut self, extreme: Extreme, list: &[ExprId], at: usize) -> ExprId {
        let (zero, one) = (self.gates.graph.integer(0), self.gates.graph.integer(1));
        let (before, later) = match extreme {
            Extreme::Largest => (Comparison::Greater, Comparison::GreaterEqual),
            Extreme::Smallest => (Comparison::Less, Comparison::LessEqual),
        };
        (0..list.len()).rev().filter(|other| *other != at).fold(one, |chosen, other| {
            let comparison = if other < at { before } else { later };
            let condition = self.gates.graph.compare(comparison, list[at], list[other]);
            self.gates.select(condition, chosen, zero)
        })
    }

    fn log_sum_exp(&mut self, entries: &[ExprId]) -> ExprId {
        match entries {
            [only] => *only,
            _ => self.gates.apply(rows::LOGSUMEXP, entries),
        }
    }

    /// Multiplies a chain of matrices from the left; the total of a matrix, between ones, is one sum.
    fn product(&mut self, factors: &[ExprId]) -> Option<Vec<ExprId>> {
        let matrices: Vec<Entries> = factors.iter().map(|factor| self.matrix(*factor)).collect::<Option<_>>()?;
        let others: Vec<&Entries> = matrices.iter().filter(|matrix| !matrix.is_ones).collect();
        if let ([only], Some(first), Some(last)) = (others.as_slice(), matrices.first(), matrices.last())
            && first.rows == 1
            && last.columns == 1
        {
            let terms: Vec<(ExprId, bool)> = only.list.iter().map(|entry| (*entry, false)).collect();
            return Some(vec![self.gates.sum(&terms)]);
        }
        let mut matrices = matrices.into_iter();
        let first = matrices.next()?;
        let product = matrices.try_fold(first, |left, right| {
            self.is_few(&[left.rows, left.columns, right.columns])?;
            Some(self.product_of_two(&left, &right))
        })?;
        Some(product.list)
    }

    fn product_of_two(&mut self, left: &Entries, right: &Entries) -> Entries {
        let mut list = Vec::with_capacity(left.rows * right.columns);
        for row in 0..left.rows {
            for column in 0..right.columns {
                let pair = |k: usize| (left.list[row * left.columns + k], right.list[k * right.columns + column]);
                let terms: Vec<(ExprId, bool)> = (0..left.columns)
                    .map(|k| {
                        let term = match pair(k) {
                            (_, b) if left.is_ones => b,
                            (a, _) if right.is_ones => a,
                            (a, b) if a == b => self.gates.product(&[(a, Rational::integer(2))]),
                            (a, b) => self.gates.product(&[(a, Rational::ONE), (b, Rational::ONE)]),
                        };
                        (term, false)
                    })
                    .collect();
                list.push(self.gates.sum(&terms));
            }
        }
        Entries { rows: left.rows, columns: right.columns, list, is_ones: false }
    }
}
