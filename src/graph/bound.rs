//! Loops: sums over a range of whole numbers, whose body stands for each value of an index.
//!
//! The index is a dimension with a name of its own, so that it can be a place of an entry, the end of a range, or a number.
//! Bound indices are numbered by the height of their loops (1 for the innermost one that they are used in), so that equal
//! loops are one node wherever they stand; a loop is opened before its body is worked on, which gives the index a name that
//! nothing else has (McBride and McKinna, I am not a number, I am a free variable, 2004).

use super::{Dimension, ExprId, Factor, Graph, MatrixOperation as M, Node, Rational, Sizes, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The index of a loop and its range, the end excluded. A range that ends before it begins is empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bound {
    /// The index.
    pub index: Dimension,
    /// Its first value, which is not negative.
    pub from: Dimension,
    /// Where it ends.
    pub to: Dimension,
}

impl Bound {
    /// Returns the name of the index.
    pub fn name(&self) -> &str {
        self.index.names().next().unwrap_or_default()
    }

    /// Returns the values of the index for given sizes; none if a size is missing, or the first value is negative.
    pub fn values(&self, sizes: &Sizes) -> Option<std::ops::Range<usize>> {
        let from = self.from.evaluate(sizes)?;
        Some(from..usize::try_from(self.to.signed(sizes)?).unwrap_or(0).max(from))
    }

    /// Returns the bound with other ends.
    pub(super) fn with_ends(&self, change: impl Fn(&Dimension) -> Dimension) -> Bound {
        Bound { index: self.index.clone(), from: change(&self.from), to: change(&self.to) }
    }

    /// Returns how many values the index has, unless the range ends before it begins.
    pub fn count(&self) -> Dimension {
        self.to.plus(&self.from, -1)
    }
}

/// The running indices that a node depends on.
pub(super) type Indices = Arc<BTreeSet<String>>;

impl Graph {
    /// Returns the running indices that a node depends on; those of loops inside of it are their own.
    pub fn free_indices(&self, id: ExprId) -> Option<&BTreeSet<String>> {
        self.indices.get(&id).map(|indices| &**indices)
    }

    /// Tells whether a node depends on the running index with this name.
    pub fn depends_on(&self, id: ExprId, name: &str) -> bool {
        self.free_indices(id).is_some_and(|indices| indices.contains(name))
    }

    /// Works out the running indices that a node depends on.
    pub(super) fn infer_indices(&self, node: &Node) -> Option<Indices> {
        if let Node::Placeholder(index) = node {
            return self.indices.get(&self.placeholder_value(*index)).cloned();
        }
        let mut own = BTreeSet::new();
        if let Node::Matrix(operation, _) = node {
            operation.for_each_dimension(|dimension| {
                let running = dimension.names().filter(|name| Dimension::is_name_running(name));
                own.extend(running.map(str::to_string));
            });
        }
        let mut first: Option<&Indices> = None;
        let bound = match node {
            Node::Matrix(operation, _) => operation.bound(),
            _ => None,
        };
        let outside = self.outside_of_binder(node);
        node.for_each_operand(|operand| {
            let Some(indices) = self.indices.get(&operand) else { return };
            match (first, bound) {
                (_, Some(bound)) if !outside.contains(&operand) => {
                    own.extend(indices.iter().filter(|index| *index != bound.name()).cloned());
                }
                (None, None) => first = Some(indices),
                _ => own.extend(indices.iter().cloned()),
            }
        });
        match first {
            Some(indices) if own.is_subset(indices) => Some(indices.clone()),
            Some(indices) => {
                own.extend(indices.iter().cloned());
                Some(Arc::new(own))
            }
            None => (!own.is_empty()).then(|| Arc::new(own)),
        }
    }

    /// Returns the dimension that a node made of numbers and dimensions is.
    pub fn as_dimension(&self, id: ExprId) -> Option<Dimension> {
        match self.node(id) {
            Node::Number(value) => value.to_integer().map(Dimension::number),
            Node::Matrix(operation, _) => match &**operation {
                M::Size(dimension) => Some(dimension.clone()),
                _ => None,
            },
            Node::Sum(constant, terms) => {
                let constant = Dimension::number(constant.to_integer()?);
                terms
                    .iter()
                    .try_fold(constant, |sum, (term, k)| Some(sum.plus(&self.as_dimension(*term)?, k.to_integer()?)))
            }
            Node::Product(factors) => factors.iter().try_fold(Dimension::number(1), |product, (base, exponent)| {
                let base = self.as_dimension(*base).filter(|_| exponent.is_one())?;
                // An index times an index is no place in an array.
                (!product.is_running() || !base.is_running()).then(|| product.product(&base))
            }),
            _ => None,
        }
    }

    /// Reads a loop: its index with the range, and its body.
    pub fn as_loop(&self, id: ExprId) -> Option<(&Bound, ExprId)> {
        match self.as_matrix(id) {
            Some((M::Loop(bound), [body])) => Some((bound, *body)),
            _ => None,
        }
    }

    /// Makes an index that no other node has.
    pub fn fresh_index(&mut self) -> Dimension {
        self.opened += 1;
        Dimension::running(&format!("free{}", self.opened))
    }

    /// Gives the index of a loop a name that nothing else has. Returns the loop's range with this index, and the body.
    pub fn open(&mut self, bound: &Bound, body: ExprId) -> (Bound, ExprId) {
        let index = self.fresh_index();
        let body = self.substituted(body, bound.name(), &index);
        (Bound { index, ..bound.clone() }, body)
    }

    /// Opens a loop whose body stays as it is: what it reads from outside is the same nodes as before.
    pub fn open_as_written(&mut self, bound: &Bound, body: ExprId) -> (Bound, ExprId) {
        let index = self.fresh_index();
        let body = self.renamed_index(body, bound.name(), &index);
        (Bound { index, ..bound.clone() }, body)
    }

    /// Makes a loop whose body stays as it is.
    pub fn loop_as_written(&mut self, bound: &Bound, body: ExprId) -> ExprId {
        self.bind(bound, body, |graph, body, name, index| graph.renamed_index(body, name, index))
    }

    /// Gives a running index another name that is new in all nodes that depend on it, which stay as they are otherwise.
    pub fn renamed_index(&mut self, root: ExprId, name: &str, by: &Dimension) -> ExprId {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in self.dependants(root, name) {
            let new = match self.node(id).clone().renamed(|operand| image.get(&operand).copied().unwrap_or(operand)) {
                Node::Placeholder(index) => self.placeholder_of(id, index, &image),
                Node::Matrix(operation, operands) => {
                    self.matrix(operation.with_dimensions(|dimension| dimension.substituted(name, by)), &operands)
                }
                node => self.intern(node),
            };
            image.insert(id, new);
        }
        image.get(&root).copied().unwrap_or(root)
    }

    /// Makes a placeholder for the image of what another one stands for.
    fn placeholder_of(&mut self, id: ExprId, index: u32, image: &FxHashMap<ExprId, ExprId>) -> ExprId {
        let (value, extents) = (self.placeholder_value(index), self.extents(id));
        let new = self.add_placeholder(image.get(&value).copied().unwrap_or(value));
        self.give_extents(new, extents);
        new
    }

    /// Puts a dimension in place of a running index.
    pub fn substituted(&mut self, root: ExprId, name: &str, by: &Dimension) -> ExprId {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in self.dependants(root, name) {
            let captures = |bound: &Bound| by.has_name(bound.name());
            if self.as_scan(id).is_some_and(|scan| captures(&scan.bound)) {
                let scan = self.as_scan(id).map(|scan| self.open_scan(&scan));
                if let Some(scan) = scan {
                    let new = scan.map(|operand| self.substituted(operand, name, by), |end| end.substituted(name, by));
                    image.insert(id, self.scanned(&new));
                }
                continue;
            }
            let new = match self.node(id).clone() {
                Node::Placeholder(index) => self.placeholder_of(id, index, &image),
                Node::Matrix(operation, operands) => {
                    let operation = operation.with_dimensions(|dimension| dimension.substituted(name, by));
                    let operands: Vec<ExprId> =
                        operands.iter().map(|operand| image.get(operand).copied().unwrap_or(*operand)).collect();
                    match (&operation, self.as_loop(id).map(|(bound, body)| (bound.clone(), body))) {
                        (M::Loop(new), Some((bound, body))) if captures(&bound) => {
                            let (opened, body) = self.open(&bound, body);
                            let body = self.substituted(body, name, by);
                            self.looped(&Bound { index: opened.index, ..new.clone() }, body)
                        }
                        _ => self.construct_matrix(&operation, &operands),
                    }
                }
                node => self.construct(&node, |operand| image.get(&operand).copied().unwrap_or(operand)),
            };
            image.insert(id, new);
        }
        image.get(&root).copied().unwrap_or(root)
    }

    /// Returns what a root needs that depends on a running index, operands before uses.
    pub fn dependants(&self, root: ExprId, name: &str) -> Vec<ExprId> {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = vec![root];
        let mut found = Vec::new();
        while let Some(id) = stack.pop() {
            if self.depends_on(id, name) && seen.insert(id) {
                found.push(id);
                self.node(id).for_each_operand(|operand| stack.push(operand));
                if let Node::Placeholder(index) = self.node(id) {
                    stack.push(self.placeholder_value(*index));
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Makes a loop, which adds up its body for each value of the index. Factors that don't depend on the index go out of
    /// it, and so do places that entries are put in.
    pub fn looped(&mut self, bound: &Bound, body: ExprId) -> ExprId {
        let count = bound.count();
        let extents = self.extents(body);
        if self.is_zero(body) || count.as_number().is_some_and(|count| count <= 0) {
            return self.full(Rational::ZERO, extents);
        }
        if count.is_one() {
            return self.substituted(body, bound.name(), &bound.from);
        }
        if !self.depends_on(body, bound.name()) && !count.may_be_negative() {
            let count = self.construct_matrix(&M::Size(count), &[]);
            return self.multiply(count, body);
        }
        if bound.from.may_be_negative() {
            let shifted = bound.index.plus(&bound.from, 1);
            let body = self.substituted(body, bound.name(), &shifted);
            return self.looped(&Bound { index: bound.index.clone(), from: Dimension::number(0), to: count }, body);
        }
        if let Some(rest) = self.without_first(bound, body) {
            let from = bound.from.plus(&Dimension::number(1), 1);
            return self.looped(&Bound { from, ..bound.clone() }, rest);
        }
        let (still, rest) = self.still_factors(bound, body);
        if !still.is_empty() {
            let sum = self.looped(bound, rest);
            let product = still.into_iter().chain([(sum, Rational::ONE)]).collect();
            let product = self.product(Rational::ONE, product);
            return self.spread(product, &extents);
        }
        if let Some((M::Embed(row, column, whole), [inner])) = self.as_matrix(body)
            && ![row, column].iter().any(|place| place.has_name(bound.name()))
        {
            let (row, column, whole, inner) = (row.clone(), column.clone(), whole.clone(), *inner);
            let sum = self.looped(bound, inner);
            return self.embed(sum, row, column, whole);
        }
        if self.is_put_backwards(bound, body) {
            let body = self.substituted(body, bound.name(), &bound.backwards());
            return self.looped(bound, body);
        }
        self.bind(bound, body, |graph, body, name, index| graph.substituted(body, name, index))
    }

    /// Splits a body into factors that are numbers and don't depend on the index, and the rest.
    fn still_factors(&mut self, bound: &Bound, body: ExprId) -> (Vec<Factor>, ExprId) {
        let extents = self.extents(body);
        let (scalars, matrix) = match extents.is_scalar() {
            false => self.split_scalars(body),
            true => {
                let (coefficient, rest) = self.as_multiple(body);
                let mut factors = match self.node(rest) {
                    Node::Product(factors) => factors.to_vec(),
                    _ => vec![(rest, Rational::ONE)],
                };
                if !coefficient.is_one() {
                    let coefficient = self.number(coefficient);
                    factors.push((coefficient, Rational::ONE));
                }
                let one = self.integer(1);
                (factors, one)
            }
        };
        let (moving, still): (Vec<Factor>, Vec<Factor>) =
            scalars.into_iter().partition(|(base, _)| self.depends_on(*base, bound.name()));
        if still.is_empty() || self.is_integer(body, 1) {
            return (Vec::new(), body);
        }
        let rest = self.product(Rational::ONE, moving.into_iter().chain([(matrix, Rational::ONE)]).collect());
        (still, self.spread(rest, &extents))
    }

    /// Makes the node of a loop, with its index numbered by height.
    fn bind(
        &mut self,
        bound: &Bound,
        body: ExprId,
        rename: impl Fn(&mut Graph, ExprId, &str, &Dimension) -> ExprId,
    ) -> ExprId {
        let index = self.numbered_index(bound, &[body], &[]);
        let body = if index == bound.index { body } else { rename(self, body, bound.name(), &index) };
        self.matrix(M::Loop(Bound { index, ..bound.clone() }), &[body])
    }

    /// Returns the index of a loop by its height: one more than that of loops inside that depend on it, and none that what
    /// is beside them depends on.
    pub fn numbered_index(&self, bound: &Bound, inside: &[ExprId], outside: &[ExprId]) -> Dimension {
        let nodes = inside.iter().flat_map(|body| self.dependants(*body, bound.name()));
        let inner = nodes.filter_map(|id| self.as_matrix(id)).filter_map(|(operation, _)| operation.bound());
        let height = inner.filter_map(Bound::height).max().unwrap_or(0);
        let taken = |name: &str| {
            [&bound.from, &bound.to].into_iter().any(|end| end.has_name(name))
                || outside.iter().any(|id| self.depends_on(*id, name))
                || name != bound.name() && inside.iter().any(|id| self.depends_on(*id, name))
        };
        let mut index = height + 1;
        loop {
            let name = Dimension::running(&index.to_string());
            if name.names().all(|name| !taken(name)) {
                return name;
            }
            index += 1;
        }
    }

    /// Returns the operands of a node that are not in the scope of its own index.
    fn outside_of_binder<'n>(&self, node: &'n Node) -> &'n [ExprId] {
        match node {
            Node::Matrix(operation, operands) => match &**operation {
                M::Scan(..) => &operands[..operands.len() / 2],
                _ => &[],
            },
            _ => &[],
        }
    }

    /// Tells whether a node has an index of its own.
    pub fn is_binder(&self, id: ExprId) -> bool {
        self.as_matrix(id).is_some_and(|(operation, _)| operation.bound().is_some())
    }

    /// Returns what is read inside of a loop or a recurrence and computed outside of it, in order of indices.
    pub fn frontier(&self, id: ExprId) -> Vec<ExprId> {
        let Some((operation, operands)) = self.as_matrix(id) else { return Vec::new() };
        let Some(_) = operation.bound() else { return Vec::new() };
        let before = self.outside_of_binder(self.node(id));
        let mut read = self.frontier_of(&operands[before.len()..], self.free_indices(id));
        let constant = |id: &ExprId| matches!(self.node(*id), Node::Number(_) | Node::Pi);
        read.extend(before.iter().copied().filter(|id| !constant(id)));
        read.sort_unstable();
        read.dedup();
        read
    }

    /// Returns what the given nodes read that depends on no other running indices than the given ones, but for numbers. Of
    /// conditions it is what they compare.
    pub fn frontier_of(&self, bodies: &[ExprId], free: Option<&BTreeSet<String>>) -> Vec<ExprId> {
        let is_outside = |id: ExprId| match (self.free_indices(id), free) {
            (None, _) => true,
            (Some(own), Some(free)) => own.is_subset(free),
            (Some(_), None) => false,
        };
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = bodies.to_vec();
        let mut found = Vec::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.node(id) {
                Node::Number(_) | Node::Pi => {}
                // Conditions have no value of their own.
                node @ (Node::Compare(..) | Node::And(..) | Node::Or(..) | Node::Not(_)) => {
                    node.for_each_operand(|operand| stack.push(operand));
                }
                _ if is_outside(id) => found.push(id),
                node => node.for_each_operand(|operand| stack.push(operand)),
            }
        }
        found.sort_unstable();
        found
    }

    /// Returns all nodes that the roots need outside of loops, operands before uses: of a loop, what is computed before it.
    pub fn reachable_outside(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = roots.to_vec();
        let mut found = Vec::new();
        if self.indices.is_empty() {
            return self.reachable(roots);
        }
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            found.push(id);
            match self.is_binder(id) {
                true => stack.extend(self.frontier(id)),
                false => self.node(id).for_each_operand(|operand| stack.push(operand)),
            }
        }
        found.sort_unstable();
        found
    }

    /// Adds loops over the same range in one: what they put into a matrix is put there by one loop.
    pub(super) fn sum_of_loops(&mut self, terms: &[Term]) -> Option<Vec<Term>> {
        let range = |graph: &Graph, id: ExprId| {
            graph.as_loop(id).map(|(bound, body)| (bound.from.clone(), bound.to.clone(), bound.clone(), body))
        };
        for (at, (first, k)) in terms.iter().enumerate() {
            let Some((from, to, bound, body)) = range(self, *first) else { continue };
            let alike = |(id, _): &Term| range(self, *id).filter(|(start, end, ..)| *start == from && *end == to);
            let Some(next) = (at + 1..terms.len()).find(|next| alike(&terms[*next]).is_some()) else { continue };
            let (_, _, other_bound, other_body) = alike(&terms[next])?;
            let (opened, body) = self.open(&bound, body);
            let other = self.substituted(other_body, other_bound.name(), &opened.index);
            let sum = self.sum(Rational::ZERO, vec![(body, k.clone()), (other, terms[next].1.clone())]);
            let sum = self.looped(&opened, sum);
            let rest = terms.iter().enumerate().filter(|(place, _)| *place != at && *place != next);
            let rest: Vec<Term> = rest.map(|(_, term)| term.clone()).collect();
            return Some(rest.into_iter().chain([(sum, Rational::ONE)]).collect());
        }
        None
    }

    /// Returns the entry of a loop that fills all rows of a vector, one for each value of its index.
    pub(super) fn entry_of_map(&mut self, id: ExprId, at: &Dimension) -> Option<ExprId> {
        let (bound, body) = self.as_loop(id)?;
        let (M::Embed(row, _, whole), [inner]) = self.as_matrix(body)? else { return None };
        let offset = row.plus(&bound.index, -1);
        let fills = !offset.is_running()
            && bound.from.plus(&offset, 1) == Dimension::number(0)
            && bound.to.plus(&offset, 1) == whole.rows;
        if !fills || !whole.is_column() || !self.extents(*inner).is_scalar() {
            return None;
        }
        let (inner, name) = (*inner, bound.name().to_string());
        Some(self.substituted(inner, &name, &at.plus(&offset, -1)))
    }

    /// Takes what surrounds a loop in a product that is a number into the loop.
    pub(super) fn product_with_loop(&mut self, factors: &[ExprId]) -> Option<ExprId> {
        let scalar = self.extents(*factors.first()?).rows.is_one() && self.extents(*factors.last()?).columns.is_one();
        let at = factors.iter().position(|factor| self.as_loop(*factor).is_some()).filter(|_| scalar)?;
        let (bound, body) = self.as_loop(factors[at]).map(|(bound, body)| (bound.clone(), body))?;
        let (opened, body) = self.open(&bound, body);
        let mut inside = factors.to_vec();
        inside[at] = body;
        let product = self.matrix_product(&inside);
        Some(self.looped(&opened, product))
    }
}

impl M {
    /// Returns the index that the operation has for its own, with its range.
    pub(super) fn bound(&self) -> Option<&Bound> {
        match self {
            M::Loop(bound) | M::Scan(bound, ..) => Some(bound),
            _ => None,
        }
    }
}

impl Bound {
    /// Returns the number of a bound index.
    fn height(&self) -> Option<usize> {
        self.name().get(1..)?.parse().ok()
    }
}
