//! Matrices of few columns, row by row: where a result has a row of several numbers for each entry of vectors, all that has
//! as many rows is computed by one loop, in which each row is numbers that share what they have in common. So are sums over
//! such rows that share divisions.

use super::fusion::{row_product, summands};
use super::plan::{Plan, plan};
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, Rational, Term};
use rustc_hash::FxHashMap;

/// Most columns of a matrix whose rows are numbers.
const MOST_COLUMNS: usize = 16;

/// Writes results with the same named number of rows, and sums over them, as loops over rows, where that is better.
pub fn by_rows(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let nodes = graph.reachable(roots);
    let multiplies = |id: &ExprId| match graph.as_matrix(*id) {
        Some((M::Product, factors)) => row_product(graph, factors).is_some(),
        _ => graph.is_binder(*id),
    };
    if nodes.iter().any(multiplies) || !graph.running_among(&nodes).is_empty() {
        return roots.to_vec();
    }
    let mut counts: Vec<Dimension> = nodes.iter().map(|id| graph.extents(*id).rows).collect();
    counts.retain(|count| count.as_number().is_none());
    counts.sort_unstable();
    counts.dedup();
    counts.into_iter().fold(roots.to_vec(), |roots, count| over_rows(graph, &roots, &count).unwrap_or(roots))
}

/// Writes what has so many rows, and sums over it, as loops; none if that is not possible, or not better.
fn over_rows(graph: &mut Graph, roots: &[ExprId], count: &Dimension) -> Option<Vec<ExprId>> {
    let wide = |id: &ExprId| {
        let Extents { rows, columns } = graph.extents(*id);
        rows == *count && columns.as_number().is_some_and(|columns| columns > 1)
    };
    let is_wide = roots.iter().any(wide);
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut rows = Rows { graph, count: count.clone(), index: Dimension::number(0), known: FxHashMap::default() };
    rows.index = rows.graph.fresh_index();
    for id in rows.graph.reachable(roots) {
        let summed = match rows.graph.as_matrix(id) {
            Some((M::Product, factors)) => summands(rows.graph, factors),
            _ => None,
        };
        let summed = summed.filter(|summed| summed.iter().all(|id| rows.graph.extents(*id).rows == *count));
        let new = match summed {
            Some(summed) => rows.sum(&summed),
            None if roots.contains(&id) && rows.graph.extents(id).rows == *count => rows.filled(id),
            None => None,
        };
        let new = match new {
            Some(new) => new,
            None => {
                let node = rows.graph.node(id).clone();
                let mut same = true;
                node.for_each_operand(|operand| same &= !image.contains_key(&operand));
                match same {
                    true => continue,
                    false => rows.graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand))),
                }
            }
        };
        image.insert(id, new);
        // What is read later reads the sum.
        rows.known.remove(&id);
    }
    let new: Vec<ExprId> = roots.iter().map(|root| image.get(root).copied().unwrap_or(*root)).collect();
    let graph = rows.graph;
    let better = is_wide || 4 * flops(&plan(graph, &new)) < 3 * flops(&plan(graph, roots));
    (new != roots && better).then_some(new)
}

/// Counts the operations for all entries of what has a named number of them.
fn flops(plan: &Plan) -> usize {
    let mut total = 0;
    plan.for_each_tape(|tape| total += tape.counts().flops());
    total
}

/// The row of an index in what has as many rows as the index has values.
struct Rows<'a> {
    graph: &'a mut Graph,
    count: Dimension,
    index: Dimension,
    known: FxHashMap<ExprId, Vec<ExprId>>,
}

impl Rows<'_> {
    /// Closes a loop over the rows.
    fn looped(&mut self, body: ExprId) -> ExprId {
        let bound = Bound { index: self.index.clone(), from: Dimension::number(0), to: self.count.clone() };
        let index = self.graph.numbered_index(&bound, &[body], &[]);
        let body = self.graph.renamed_index(body, bound.name(), &index);
        self.graph.matrix(M::Loop(Bound { index, ..bound }), &[body])
    }

    /// Sums the products of the entries of columns, or the entries of a matrix.
    fn sum(&mut self, summed: &[ExprId]) -> Option<ExprId> {
        let mut product: Option<ExprId> = None;
        for id in summed {
            let entries = self.entries(*id)?;
            let terms = entries.into_iter().map(|entry| (entry, Rational::ONE)).collect();
            let own = self.graph.sum(Rational::ZERO, terms);
            product = Some(product.map_or(own, |product| self.graph.multiply(product, own)));
        }
        product.map(|product| self.looped(product))
    }

    /// Fills a matrix row by row.
    fn filled(&mut self, id: ExprId) -> Option<ExprId> {
        let whole = self.graph.extents(id);
        let entries = self.entries(id)?;
        let placed = entries.into_iter().enumerate().filter(|(_, entry)| !self.graph.is_zero(*entry));
        let placed: Vec<(usize, ExprId)> = placed.collect();
        let placed = placed.into_iter().map(|(column, entry)| {
            let column = Dimension::number(column as i64);
            (self.graph.embed(entry, self.index.clone(), column, whole.clone()), Rational::ONE)
        });
        let terms: Vec<Term> = placed.collect();
        let body = match terms.as_slice() {
            [] => return None,
            [(only, _)] => *only,
            _ => self.graph.intern(Node::Sum(Rational::ZERO, terms.into())),
        };
        Some(self.looped(body))
    }

    /// Returns the entries of a row; none if they are too many.
    fn entries(&mut self, id: ExprId) -> Option<Vec<ExprId>> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        let extents = self.graph.extents(id);
        let columns = usize::try_from(extents.columns.as_number()?).ok().filter(|columns| *columns <= MOST_COLUMNS)?;
        if extents.is_scalar() {
            return Some(vec![id]);
        }
        if extents.rows != self.count {
            return None;
        }
        let entries = match self.graph.node(id).clone() {
            Node::Matrix(operation, operands) => self.operation(id, &operation, &operands, columns)?,
            node if node.is_leaf() => self.read(id, columns),
            node => self.entrywise(&node, columns)?,
        };
        self.known.insert(id, entries.clone());
        Some(entries)
    }

    fn read(&mut self, id: ExprId, columns: usize) -> Vec<ExprId> {
        let column = |at: usize| Dimension::number(at as i64);
        (0..columns).map(|at| self.graph.slice(id, self.index.clone(), column(at), Extents::scalar())).collect()
    }

    fn entrywise(&mut self, node: &Node, columns: usize) -> Option<Vec<ExprId>> {
        let mut operands = Vec::new();
        node.for_each_operand(|operand| operands.push(operand));
        let mut known: FxHashMap<ExprId, Vec<ExprId>> = FxHashMap::default();
        for operand in operands {
            known.insert(operand, self.entries(operand)?);
        }
        let of = |id: ExprId, at: usize| match known[&id].as_slice() {
            [only] => *only,
            list => list[at],
        };
        Some((0..columns).map(|at| self.graph.construct(node, |operand| of(operand, at))).collect())
    }

    fn operation(&mut self, id: ExprId, operation: &M, operands: &[ExprId], columns: usize) -> Option<Vec<ExprId>> {
        match operation {
            M::Full(value, _) => Some(vec![self.graph.number(value.clone()); columns]),
            M::Join => {
                let parts: Option<Vec<_>> = operands.iter().map(|part| self.entries(*part)).collect();
                Some(parts?.concat())
            }
            M::Product => self.product(operands, columns),
            _ => Some(self.read(id, columns)),
        }
    }

    fn product(&mut self, factors: &[ExprId], columns: usize) -> Option<Vec<ExprId>> {
        let (first, rest) = factors.split_first()?;
        if let Some((M::Diagonal, [scales])) = self.graph.as_matrix(*first) {
            let scale = *self.entries(*scales)?.first()?;
            let rest = self.graph.matrix_product(rest);
            let entries = self.entries(rest)?;
            return Some(entries.into_iter().map(|entry| self.graph.multiply(scale, entry)).collect());
        }
        let left = self.entries(*first)?;
        let rest = self.graph.matrix_product(rest);
        let right = self.constant(rest, left.len(), columns)?;
        let entry = |rows: &mut Self, column: usize| {
            let terms = left
                .iter()
                .enumerate()
                .map(|(at, left)| (rows.graph.multiply(*left, right[at * columns + column]), Rational::ONE));
            let terms: Vec<Term> = terms.collect();
            rows.graph.sum(Rational::ZERO, terms)
        };
        Some((0..columns).map(|column| entry(self, column)).collect())
    }

    /// Returns the entries of a matrix that is the same for all rows.
    fn constant(&mut self, id: ExprId, rows: usize, columns: usize) -> Option<Vec<ExprId>> {
        let fits = |id: ExprId| {
            let extents = self.graph.extents(id);
            extents.rows == Dimension::number(rows as i64) && extents.columns == Dimension::number(columns as i64)
        };
        if !fits(id) || rows * columns > MOST_COLUMNS * MOST_COLUMNS {
            return None;
        }
        let placed = match self.graph.as_matrix(id) {
            Some((M::Embed(row, column, _), [inner])) => Some((row.as_number()?, column.as_number()?, *inner)),
            _ => None,
        };
        let Some((row, column, inner)) = placed else {
            let place = |at: usize| [at / columns, at % columns].map(|at| Dimension::number(at as i64));
            let entries = (0..rows * columns).map(|at| {
                let [row, column] = place(at);
                self.graph.slice(id, row, column, Extents::scalar())
            });
            return Some(entries.collect());
        };
        let Extents { rows: height, columns: width } = self.graph.extents(inner);
        let [height, width, row, column] =
            [height.as_number()?, width.as_number()?, row, column].map(|side| usize::try_from(side).unwrap_or(0));
        let block = self.constant(inner, height, width)?;
        let mut entries = vec![self.graph.number(Rational::ZERO); rows * columns];
        for (at, entry) in block.into_iter().enumerate() {
            *entries.get_mut((row + at / width) * columns + column + at % width)? = entry;
        }
        Some(entries)
    }
}
