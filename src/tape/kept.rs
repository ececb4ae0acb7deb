//! Values of steps that are kept: what a recurrence computes in each step, and another one that runs through its steps would
//! compute once more, is stored beside the states wherever reading it takes less time than computing it (Griewank and Walther,
//! Evaluating Derivatives, 2008, section 4.1).

use super::beside::{Open, in_columns};
use super::plan::{Computation, Step};
use super::scanned::{Output, Scanned};
use super::written_out::assembled;
use crate::functions::Cost;
use crate::graph::{Bound, Dimension, ExprId, Extents, Graph, Kept, MatrixOperation as M, Node, Rational};
use rustc_hash::{FxHashMap, FxHashSet};

/// What storing a number and reading it takes, counted in additions.
const STORED: usize = 4;

/// Finds two recurrences that were not tried together, of which the second computes once more what the first one does.
/// Returns both, with values that the first one keeps and the second one reads.
pub(super) fn next_kept(
    graph: &mut Graph,
    steps: &[Step],
    tried: &mut FxHashSet<(ExprId, ExprId)>,
) -> Option<[Scanned; 2]> {
    for (at, first) in steps.iter().enumerate() {
        for second in &steps[at + 1..] {
            let (Computation::Scan(one), Computation::Scan(other)) = (&first.computation, &second.computation) else {
                continue;
            };
            let reads = one.outputs.iter().any(|output| second.operands().contains(&output.id));
            if reads && one.bound.count() == other.bound.count() && tried.insert((first.id, second.id)) {
                let kept = [false, true].into_iter().find_map(|backwards| kept(graph, one, other, backwards));
                if kept.is_some() {
                    return kept;
                }
            }
        }
    }
    None
}

/// Keeps what the second recurrence computes once more of the steps of the first, which it runs through in one direction; none
/// if there is nothing.
fn kept(graph: &mut Graph, one: &Scanned, other: &Scanned, backwards: bool) -> Option<[Scanned; 2]> {
    let of_step = step_beside(&one.bound, &other.bound, backwards);
    let by = step_beside(&other.bound, &one.bound, backwards);
    let values: Vec<ExprId> = other.computed().collect();
    let twice = computed_twice(graph, one, other, &by);
    let chosen = Choice::of(graph, other.bound.name(), &twice).chosen(&values);
    if chosen.is_empty() {
        return None;
    }
    let place = of_step.plus(&one.bound.from, -1);
    // Numbers are kept side by side, in one row for each step.
    let (numbers, mut values): (Vec<ExprId>, Vec<ExprId>) =
        chosen.into_iter().partition(|id| graph.extents(*id).is_scalar());
    if let [only] = numbers[..] {
        values.push(only);
    }
    let mut first = one.scan();
    let mut keep = |graph: &mut Graph, next: ExprId| {
        first.initial.push(graph.full(Rational::ZERO, graph.extents(next)));
        first.next.push(next);
        first.next.len() - 1
    };
    let row = match numbers.len() {
        0 | 1 => None,
        count => {
            let entries: Vec<ExprId> = numbers.iter().map(|id| twice[id]).collect();
            let column = assembled(graph, &entries, &Extents::column(Dimension::number(count as i64)));
            Some(keep(graph, column))
        }
    };
    let states: Vec<usize> = values.iter().map(|id| keep(graph, twice[id])).collect();
    let (mut outputs, mut image) = (one.outputs.clone(), FxHashMap::default());
    let mut output = |graph: &mut Graph, state: usize| {
        let id = graph.scan_as_written(&first.other(state, Kept::After));
        outputs.push(Output { id, extents: graph.extents(id), state, kept: Kept::After, is_recomputed: false });
        id
    };
    if let Some(state) = row {
        let all = output(graph, state);
        for (column, id) in (0..).zip(&numbers) {
            image.insert(*id, graph.slice(all, place.clone(), Dimension::number(column), Extents::scalar()));
        }
    }
    for (id, state) in values.iter().zip(states) {
        let (all, extents) = (output(graph, state), graph.extents(*id));
        image.insert(*id, graph.state_at(all, &extents, &place));
    }
    let first = Scanned::with_sums(graph, &first, outputs, &one.added);
    let read = |graph: &mut Graph, image: &mut FxHashMap<ExprId, ExprId>, root: ExprId| {
        for id in graph.dependants(root, other.bound.name()) {
            if !image.contains_key(&id) {
                let node = graph.node(id).clone();
                let new = graph.intern(node.renamed(|operand| image.get(&operand).copied().unwrap_or(operand)));
                image.insert(id, new);
            }
        }
        image.get(&root).copied().unwrap_or(root)
    };
    let mut second = other.scan();
    for next in &mut second.next {
        *next = read(graph, &mut image, *next);
    }
    let added: Vec<(ExprId, ExprId)> =
        other.added.iter().map(|(sum, body)| (*sum, read(graph, &mut image, *body))).collect();
    let second = Scanned::with_sums(graph, &second, other.outputs.clone(), &added);
    Some([first, second])
}

/// Returns which step of one recurrence belongs to a step of the other, where both run through as many in one direction or in
/// opposite ones.
fn step_beside(one: &Bound, other: &Bound, backwards: bool) -> Dimension {
    let passed = other.index.plus(&other.from, -1);
    match backwards {
        false => one.from.plus(&passed, 1),
        true => one.to.plus(&Dimension::number(1), -1).plus(&passed, -1),
    }
}

/// Finds what a step of the second recurrence computes that the step of the first which it reads does, too: the nodes of the
/// second with those of the first. The index of the second is the given dimension in the first.
fn computed_twice(graph: &mut Graph, one: &Scanned, other: &Scanned, by: &Dimension) -> FxHashMap<ExprId, ExprId> {
    let kept = one.outputs.iter().map(|output| (output.id, (output.state, output.kept))).collect();
    let open = Open { scan: one.scan(), kept };
    let (own, name) = (one.bound.name().to_string(), other.bound.name().to_string());
    // Both are brought to one form. What the steps compute of each other's states is something else.
    let mut first: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut canonical: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in all_dependants(graph, &one.computed().collect::<Vec<_>>(), &own) {
        let node = graph.node(id).clone();
        let form = graph.construct(&node, |operand| canonical.get(&operand).copied().unwrap_or(operand));
        let form = in_columns(graph, form);
        let form = flattened(graph, form);
        canonical.insert(id, form);
        if runs_with(graph, id, &own) {
            first.entry(form).or_insert(id);
        }
    }
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let mut twice = FxHashMap::default();
    for id in all_dependants(graph, &other.computed().collect::<Vec<_>>(), &name) {
        let node = graph.node(id).clone();
        let mut known = runs_with(graph, id, &name) && !graph.is_binder(id);
        node.for_each_operand(|operand| known &= image.contains_key(&operand) || !graph.depends_on(operand, &name));
        if !known || matches!(graph.as_matrix(id), Some((M::State(..), _))) {
            continue;
        }
        let operand = |operand: ExprId| image.get(&operand).copied().unwrap_or(operand);
        let form = match node {
            Node::Placeholder(_) => continue,
            Node::Matrix(operation, operands) => {
                let operands: Vec<ExprId> = operands.iter().map(|id| operand(*id)).collect();
                let operation = operation.with_dimensions(|dimension| dimension.substituted(&name, by));
                graph.construct_matrix(&operation, &operands)
            }
            node => graph.construct(&node, operand),
        };
        let form = open.part(graph, form).unwrap_or(form);
        let form = in_columns(graph, form);
        let form = flattened(graph, form);
        image.insert(id, form);
        if let Some(of_first) = first.get(&form) {
            twice.insert(id, *of_first);
        }
    }
    twice
}

/// Writes a product with the factors of the products among its factors, so that it does not tell how these are grouped.
fn flattened(graph: &mut Graph, id: ExprId) -> ExprId {
    match graph.node(id).clone() {
        Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
            let product = flattened(graph, terms[0].0);
            graph.intern(Node::Sum(constant, [(product, terms[0].1.clone())].into()))
        }
        Node::Product(factors) => {
            let mut flat: Vec<(ExprId, Rational)> = Vec::new();
            let mut waiting = factors.to_vec();
            while let Some((base, exponent)) = waiting.pop() {
                match graph.node(base) {
                    Node::Product(inner) if exponent.is_integer() => {
                        waiting.extend(inner.iter().map(|(base, own)| (*base, own.multiply(&exponent))));
                    }
                    _ => flat.push((base, exponent)),
                }
            }
            flat.sort();
            let mut merged: Vec<(ExprId, Rational)> = Vec::new();
            for (base, exponent) in flat {
                match merged.last_mut() {
                    Some((last, own)) if *last == base && own.is_negative() == exponent.is_negative() => {
                        *own = own.add(&exponent);
                    }
                    _ => merged.push((base, exponent)),
                }
            }
            graph.intern(Node::Product(merged.into()))
        }
        _ => id,
    }
}

/// Returns what the roots need that depends on a running index, operands before uses.
fn all_dependants(graph: &Graph, roots: &[ExprId], name: &str) -> Vec<ExprId> {
    let mut found: Vec<ExprId> = roots.iter().flat_map(|root| graph.dependants(*root, name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Tells whether a node runs with one index and no other.
fn runs_with(graph: &Graph, id: ExprId, name: &str) -> bool {
    graph.free_indices(id).is_some_and(|free| free.len() == 1 && free.contains(name))
}

/// Which of the nodes that are computed twice are kept.
struct Choice<'a> {
    graph: &'a Graph,
    name: &'a str,
    twice: &'a FxHashMap<ExprId, ExprId>,
    kept: FxHashSet<ExprId>,
}

impl<'a> Choice<'a> {
    fn of(graph: &'a Graph, name: &'a str, twice: &'a FxHashMap<ExprId, ExprId>) -> Self {
        Choice { graph, name, twice, kept: FxHashSet::default() }
    }

    /// Returns what is kept, in order: each function that is read, and what takes longer to compute from these than to read.
    fn chosen(mut self, values: &[ExprId]) -> Vec<ExprId> {
        let last: FxHashSet<ExprId> = self.reached(values).into_iter().collect();
        let mut candidates: Vec<ExprId> = self.twice.keys().copied().filter(|id| self.can_be_kept(*id)).collect();
        candidates.sort_unstable();
        for id in candidates {
            let takes_long = own_cost(self.graph, id) > STORED;
            if takes_long || last.contains(&id) && self.cost(id) > STORED {
                self.kept.insert(id);
            }
        }
        let mut chosen: Vec<ExprId> = self.reached(values).into_iter().filter(|id| self.kept.contains(id)).collect();
        chosen.sort_unstable();
        chosen
    }

    /// Lists what the values need down to what is kept, or down to all that is computed twice while nothing is.
    fn reached(&self, values: &[ExprId]) -> Vec<ExprId> {
        let ends = |id: ExprId| match self.kept.is_empty() {
            true => self.twice.contains_key(&id) && self.can_be_kept(id),
            false => self.kept.contains(&id),
        };
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = values.to_vec();
        let mut found = Vec::new();
        while let Some(id) = stack.pop() {
            if !self.graph.depends_on(id, self.name) || !seen.insert(id) {
                continue;
            }
            found.push(id);
            if !ends(id) {
                self.graph.node(id).for_each_operand(|operand| stack.push(operand));
            }
        }
        found
    }

    fn can_be_kept(&self, id: ExprId) -> bool {
        let Extents { rows, columns } = self.graph.extents(id);
        let is_computed = match self.graph.node(id) {
            Node::Sum(..) | Node::Product(_) | Node::Apply(..) | Node::Select(..) => true,
            Node::Matrix(operation, _) => {
                matches!(**operation, M::Product | M::Inverse | M::Determinant | M::LogDeterminant | M::Adjugate)
            }
            _ => false,
        };
        is_computed && !rows.is_running() && !columns.is_running()
    }

    /// Counts what an entry of a node takes if what is kept is read.
    fn cost(&self, id: ExprId) -> usize {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut stack = vec![id];
        let mut cost = 0;
        while let Some(node) = stack.pop() {
            if !self.graph.depends_on(node, self.name) || !seen.insert(node) {
                continue;
            }
            if self.kept.contains(&node) {
                cost += 1;
                continue;
            }
            cost += own_cost(self.graph, node);
            self.graph.node(node).for_each_operand(|operand| stack.push(operand));
        }
        cost
    }
}

/// Counts what an entry of a node takes without its operands.
fn own_cost(graph: &Graph, id: ExprId) -> usize {
    const DIVISION: usize = 8;
    const FUNCTION: usize = 20;
    match graph.node(id) {
        Node::Sum(_, terms) => terms.len(),
        Node::Product(factors) => {
            let is_divided = factors.iter().any(|(_, exponent)| exponent.is_negative());
            let has_root = factors.iter().any(|(_, exponent)| !exponent.is_integer());
            factors.len() - 1 + if is_divided { DIVISION } else { 0 } + if has_root { FUNCTION } else { 0 }
        }
        Node::Apply(function, _) => match function.row().cost {
            Cost::Cheap => 1,
            Cost::SquareRoot => DIVISION,
            Cost::Transcendental => FUNCTION,
        },
        Node::Matrix(operation, operands) => match &**operation {
            M::Product => {
                let inner = operands.iter().skip(1).map(|factor| graph.extents(*factor).rows.as_number().unwrap_or(64));
                inner.map(|inner| usize::try_from(inner).unwrap_or(0)).sum()
            }
            M::Inverse | M::Determinant | M::LogDeterminant | M::Adjugate => FUNCTION,
            _ => 0,
        },
        Node::Select(..) => 1,
        _ => 0,
    }
}
