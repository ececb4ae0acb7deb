//! Short vectors in loops and recurrences: where what a body computes has few entries, each of them is a number of its own, so
//! that they stay in registers, and a loop can compute several values of its index side by side.

use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational, Scan, Term};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most entries of a matrix that is written out.
const LARGEST: usize = 16;

/// Most entries of all matrices of a body together that are written out.
const MOST_ENTRIES: usize = 256;

/// Writes out short vectors and small matrices in the loops that the roots need.
pub fn written_out(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut whole: FxHashSet<ExprId> = FxHashSet::default();
    for id in graph.reachable(roots) {
        let node = graph.node(id).clone();
        let mut same = true;
        node.for_each_operand(|operand| same &= image.get(&operand).is_none_or(|new| *new == operand));
        let new = match same {
            true => id,
            false => graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand))),
        };
        let loop_of = graph.as_loop(new).map(|(bound, body)| (bound.clone(), body));
        let new = match (loop_of, graph.as_scan(new)) {
            // What is added up over the states of a recurrence shares what it computes with the steps.
            (Some(_), _) if reads_any(graph, new, &whole) => new,
            (Some((bound, body)), _) => loop_of_numbers(graph, &bound, body).unwrap_or(new),
            (_, Some(scan)) => match scan_of_numbers(graph, &scan) {
                Some(new) => new,
                None => {
                    whole.insert(new);
                    new
                }
            },
            _ => new,
        };
        if new != id {
            image.insert(id, new);
        }
    }
    roots.iter().map(|root| image.get(root).copied().unwrap_or(*root)).collect()
}

/// Tells whether a loop reads one of the given nodes, or a product with it.
fn reads_any(graph: &Graph, id: ExprId, given: &FxHashSet<ExprId>) -> bool {
    let read = graph.frontier(id);
    let factors = read.iter().filter_map(|id| graph.as_matrix(*id)).flat_map(|(_, operands)| operands);
    read.iter().chain(factors).any(|id| given.contains(id))
}

/// Writes out the steps of a recurrence; none if that is too much.
fn scan_of_numbers(graph: &mut Graph, scan: &Scan) -> Option<ExprId> {
    let mut numbers = Numbers { graph, index: scan.bound.name().to_string(), known: FxHashMap::default(), count: 0 };
    let next: Option<Vec<Vec<ExprId>>> = scan.next.iter().map(|next| numbers.entries(*next)).collect();
    let extents: Vec<Extents> = scan.next.iter().map(|next| graph.extents(*next)).collect();
    let next = next?.into_iter().zip(&extents).map(|(entries, extents)| assembled(graph, &entries, extents));
    let operands: Vec<ExprId> = scan.initial.iter().copied().chain(next.collect::<Vec<_>>()).collect();
    Some(graph.matrix(M::Scan(scan.bound.clone(), scan.state, scan.kept), &operands))
}

/// Writes out the body of a loop; none if there is nothing to write out, or too much.
fn loop_of_numbers(graph: &mut Graph, bound: &Bound, body: ExprId) -> Option<ExprId> {
    let extents = graph.extents(body);
    let inside = graph.dependants(body, bound.name());
    if inside.iter().all(|id| graph.extents(*id).is_scalar()) {
        return None;
    }
    let terms = match graph.node(body) {
        Node::Sum(constant, terms)
            if constant.is_zero() && terms.iter().all(|(term, _)| graph.extents(*term) == extents) =>
        {
            terms.to_vec()
        }
        _ => vec![(body, Rational::ONE)],
    };
    let mut numbers = Numbers { graph, index: bound.name().to_string(), known: FxHashMap::default(), count: 0 };
    let placed = |numbers: &Numbers<'_>, id: ExprId| {
        let matrix = numbers.graph.as_matrix(id);
        matches!(matrix, Some((M::Embed(..) | M::Scatter(..) | M::Loop(_), _))) && !extents.is_scalar()
    };
    if !terms.iter().any(|(term, _)| placed(&numbers, *term)) {
        let entries = numbers.entries(body)?;
        let sums: Vec<ExprId> =
            entries.into_iter().map(|entry| numbers.graph.matrix(M::Loop(bound.clone()), &[entry])).collect();
        return Some(assembled(graph, &sums, &extents));
    }
    let mut parts: Vec<Term> = Vec::new();
    for (term, coefficient) in terms {
        match numbers.graph.as_matrix(term) {
            Some((M::Loop(_), _)) => parts.push((term, coefficient)),
            Some((M::Embed(row, column, whole), [value])) => {
                let (row, column, whole, value) = (row.clone(), column.clone(), whole.clone(), *value);
                let (_, columns) = sides(&numbers.graph.extents(value))?;
                for (at, entry) in numbers.entries(value)?.into_iter().enumerate() {
                    let place = [(&row, at / columns), (&column, at % columns)]
                        .map(|(start, offset)| start.plus(&Dimension::number(offset as i64), 1));
                    let [row, column] = place;
                    parts.push((numbers.graph.embed(entry, row, column, whole.clone()), coefficient.clone()));
                }
            }
            Some((M::Scatter(places, whole), [value, given @ ..])) => {
                let (places, whole, value, given) = (places.clone(), whole.clone(), *value, given.to_vec());
                let (_, columns) = sides(&numbers.graph.extents(value))?;
                for (at, entry) in numbers.entries(value)?.into_iter().enumerate() {
                    let (places, given) = beyond(numbers.graph, &places, &given, [at / columns, at % columns]);
                    let scattered = M::Scatter(places, whole.clone());
                    let operands: Vec<ExprId> = [entry].into_iter().chain(given).collect();
                    parts.push((numbers.graph.construct_matrix(&scattered, &operands), coefficient.clone()));
                }
            }
            _ => return None,
        }
    }
    let body = match parts.as_slice() {
        [(only, coefficient)] if coefficient.is_one() => *only,
        _ => graph.intern(Node::Sum(Rational::ZERO, parts.into())),
    };
    Some(graph.matrix(M::Loop(bound.clone()), &[body]))
}

/// Returns the places of the entry of a block that is so many rows and columns beyond the block's places.
fn beyond(
    graph: &mut Graph,
    places: &[Option<Dimension>; 2],
    given: &[ExprId],
    [rows, columns]: [usize; 2],
) -> ([Option<Dimension>; 2], Vec<ExprId>) {
    let mut given = given.iter().copied();
    let mut moved = Vec::new();
    let mut of_entry = |place: &Option<Dimension>, offset: usize| match place {
        Some(place) => Some(place.plus(&Dimension::number(offset as i64), 1)),
        None => {
            let from_data = given.next().map(|id| (id, Rational::ONE));
            moved.push(graph.sum(Rational::integer(offset as i64), from_data.into_iter().collect()));
            None
        }
    };
    let places = [of_entry(&places[0], rows), of_entry(&places[1], columns)];
    (places, moved)
}

fn sides(extents: &Extents) -> Option<(usize, usize)> {
    let side = |dimension: &Dimension| usize::try_from(dimension.as_number()?).ok();
    Some((side(&extents.rows)?, side(&extents.columns)?))
}

/// Puts numbers side by side and one below the other.
pub(super) fn assembled(graph: &mut Graph, entries: &[ExprId], extents: &Extents) -> ExprId {
    let columns = extents.columns.as_number().and_then(|columns| usize::try_from(columns).ok()).unwrap_or(1).max(1);
    let row = |graph: &mut Graph, row: &[ExprId]| match row {
        [only] => *only,
        several => graph.matrix(M::Join, several),
    };
    let rows: Vec<ExprId> = entries.chunks(columns).map(|entries| row(graph, entries)).collect();
    match rows.as_slice() {
        [only] => *only,
        several => graph.matrix(M::Stack, several),
    }
}

/// The entries of what a body computes.
struct Numbers<'a> {
    graph: &'a mut Graph,
    index: String,
    known: FxHashMap<ExprId, Vec<ExprId>>,
    count: usize,
}

impl Numbers<'_> {
    /// Returns the entries of a node, row by row; none if they are too many, or not written out.
    fn entries(&mut self, id: ExprId) -> Option<Vec<ExprId>> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        let extents = self.graph.extents(id);
        let (rows, columns) = sides(&extents)?;
        let count = rows.checked_mul(columns)?;
        if count > LARGEST {
            return None;
        }
        self.count += if count > 1 { count } else { 0 };
        if self.count > MOST_ENTRIES {
            return None;
        }
        let entries = match self.graph.node(id).clone() {
            _ if !self.graph.depends_on(id, &self.index) => self.parts(id, [0, 0], (rows, columns)),
            Node::Matrix(operation, operands) => self.operation(id, &operation, &operands, (rows, columns))?,
            node => self.entrywise(&node, count)?,
        };
        self.known.insert(id, entries.clone());
        Some(entries)
    }

    /// Reads the entries of a block of what is computed before the loop.
    fn parts(&mut self, id: ExprId, [row, column]: [i64; 2], (rows, columns): (usize, usize)) -> Vec<ExprId> {
        let start = [row, column].map(Dimension::number);
        self.slices(id, &start, (rows, columns))
    }

    fn slices(&mut self, id: ExprId, start: &[Dimension; 2], (rows, columns): (usize, usize)) -> Vec<ExprId> {
        if let (1, 1, true) = (rows, columns, self.graph.extents(id).is_scalar()) {
            return vec![id];
        }
        if let Some(inner) = self.graph.as_transpose(id) {
            let [row, column] = start.clone();
            let turned = self.slices(inner, &[column, row], (columns, rows));
            return (0..rows * columns).map(|at| turned[at % columns * rows + at / columns]).collect();
        }
        let place = |at: usize| [(&start[0], at / columns), (&start[1], at % columns)];
        let entry = |graph: &mut Graph, at: usize| {
            let [row, column] = place(at).map(|(start, offset)| start.plus(&Dimension::number(offset as i64), 1));
            graph.slice(id, row, column, Extents::scalar())
        };
        (0..rows * columns).map(|at| entry(self.graph, at)).collect()
    }

    fn entrywise(&mut self, node: &Node, count: usize) -> Option<Vec<ExprId>> {
        let mut operands = Vec::new();
        node.for_each_operand(|operand| operands.push(operand));
        for operand in &operands {
            self.entries(*operand)?;
        }
        let known = &self.known;
        let of = |id: ExprId, at: usize| match known.get(&id).map(Vec::as_slice) {
            Some([only]) => *only,
            Some(list) => list.get(at).copied().unwrap_or(id),
            None => id,
        };
        Some((0..count).map(|at| self.graph.construct(node, |operand| of(operand, at))).collect())
    }

    fn operation(
        &mut self,
        id: ExprId,
        operation: &M,
        operands: &[ExprId],
        (rows, columns): (usize, usize),
    ) -> Option<Vec<ExprId>> {
        let zero = self.graph.number(Rational::ZERO);
        match operation {
            M::Size(_) => Some(vec![id]),
            M::State(..) => Some(self.parts(id, [0, 0], (rows, columns))),
            M::Loop(_) if rows * columns == 1 => Some(vec![id]),
            M::Slice(row, column, _) if !self.graph.depends_on(operands[0], &self.index) => {
                Some(self.slices(operands[0], &[row.clone(), column.clone()], (rows, columns)))
            }
            M::Slice(row, column, _) => {
                let (start, from) = (row.as_number()?, column.as_number()?);
                let (_, width) = sides(&self.graph.extents(operands[0]))?;
                let inner = self.entries(operands[0])?;
                let (start, from) = (usize::try_from(start).ok()?, usize::try_from(from).ok()?);
                let place = |at: usize| (start + at / columns) * width + from + at % columns;
                (0..rows * columns).map(|at| inner.get(place(at)).copied()).collect()
            }
            M::Gather(places, _) if !self.graph.depends_on(operands[0], &self.index) => {
                let entry = |graph: &mut Graph, at: usize| {
                    let (places, given) = beyond(graph, places, &operands[1..], [at / columns, at % columns]);
                    let operands: Vec<ExprId> = [operands[0]].into_iter().chain(given).collect();
                    graph.construct_matrix(&M::Gather(places, Extents::scalar()), &operands)
                };
                Some((0..rows * columns).map(|at| entry(self.graph, at)).collect())
            }
            M::Embed(row, column, _) => {
                let (start, from) = (row.as_number()?, column.as_number()?);
                let (start, from) = (usize::try_from(start).ok()?, usize::try_from(from).ok()?);
                let (_, width) = sides(&self.graph.extents(operands[0]))?;
                let mut entries = vec![zero; rows * columns];
                for (at, entry) in self.entries(operands[0])?.into_iter().enumerate() {
                    *entries.get_mut((start + at / width) * columns + from + at % width)? = entry;
                }
                Some(entries)
            }
            M::Transpose => {
                let inner = self.entries(operands[0])?;
                Some((0..rows * columns).map(|at| inner[at % columns * rows + at / columns]).collect())
            }
            M::Stack => {
                let parts: Option<Vec<_>> = operands.iter().map(|part| self.entries(*part)).collect();
                Some(parts?.concat())
            }
            M::Join if rows == 1 => {
                let parts: Option<Vec<_>> = operands.iter().map(|part| self.entries(*part)).collect();
                Some(parts?.concat())
            }
            M::LogSumExp => {
                let entries = self.entries(operands[0])?;
                let column = match entries.as_slice() {
                    [only] => *only,
                    several => self.graph.matrix(M::Stack, several),
                };
                Some(vec![self.graph.matrix(M::LogSumExp, &[column])])
            }
            M::Product => self.product(operands),
            _ => None,
        }
    }

    fn product(&mut self, factors: &[ExprId]) -> Option<Vec<ExprId>> {
        let (first, rest) = factors.split_first()?;
        let (rows, mut inner) = sides(&self.graph.extents(*first))?;
        let mut product = self.entries(*first)?;
        for factor in rest {
            let (_, columns) = sides(&self.graph.extents(*factor))?;
            let right = self.entries(*factor)?;
            self.count += rows * inner * columns;
            if self.count > MOST_ENTRIES {
                return None;
            }
            let mut next = Vec::with_capacity(rows * columns);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let pair = |at: usize| (product[row * inner + at], right[at * columns + column]);
                let terms: Vec<Term> = (0..inner)
                    .map(|at| {
                        let (a, b) = pair(at);
                        (self.graph.multiply(a, b), Rational::ONE)
                    })
                    .collect();
                next.push(self.graph.sum(Rational::ZERO, terms));
            }
            (product, inner) = (next, columns);
        }
        Some(product)
    }
}
