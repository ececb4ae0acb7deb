//! Simplification of whole matrices: what works entry by entry goes through the rules for numbers, and sums of products
//! are factored, `A*x + A'*x = (A + A')*x`. The constructors of the graph do the rest.

use super::shares::shares_recognized;
use super::{Budget, Goal, Grouping, Windows, canonicalize, lost_conditions, simplify};
use crate::graph::{ExprId, Factor, Graph, MatrixOperation, Node, Rational, Term};
use crate::lower::{Facts, Formulas};
use rustc_hash::FxHashMap;

/// Most times that everything is gone through.
const PASSES: usize = 4;
/// Most terms of a sum that are compared for common factors.
const MOST_TERMS: usize = 64;

/// Returns simpler forms of the roots. `facts` tells what is known of each input's entries.
pub fn simplify_matrices(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    roots: &[ExprId],
    goal: Goal,
    facts: &[Facts],
) -> Vec<ExprId> {
    let mut roots = canonicalize(graph, formulas, roots, Grouping::of_entries(goal));
    for _ in 0..PASSES {
        let before = roots.clone();
        let mut pass = Pass { windows, formulas, goal, facts, only_unstable: false, entrywise: FxHashMap::default() };
        roots = pass.run(graph, &roots);
        if roots == before {
            break;
        }
    }
    roots
}

/// Returns forms of the roots, which are in canonical form, that keep their digits when they are derived: logarithms and
/// shares of sums of exponentials are functions, and what is computed entry by entry is simplified where it loses digits.
pub fn stabilized_matrices(
    windows: &mut Windows,
    graph: &mut Graph,
    formulas: &mut Formulas,
    roots: &[ExprId],
    facts: &[Facts],
) -> Vec<ExprId> {
    let roots = shares_recognized(graph, roots);
    let goal = Goal::Derivable;
    let mut pass = Pass { windows, formulas, goal, facts, only_unstable: true, entrywise: FxHashMap::default() };
    pass.run(graph, &roots)
}

struct Pass<'a> {
    windows: &'a mut Windows,
    formulas: &'a mut Formulas,
    goal: Goal,
    facts: &'a [Facts],
    /// Whether what keeps its digits stays as it is.
    only_unstable: bool,
    /// Simplified regions by their roots.
    entrywise: FxHashMap<ExprId, ExprId>,
}

impl Pass<'_> {
    fn run(&mut self, graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in graph.reachable(roots) {
            let node = graph.node(id).clone();
            let new = match &node {
                Node::Matrix(operation, operands) => {
                    let operands: Vec<ExprId> =
                        operands.iter().map(|operand| self.simplified(graph, image[operand])).collect();
                    let new = graph.construct_matrix(operation, &operands);
                    if self.is_zero_total(graph, new) { graph.integer(0) } else { new }
                }
                node if node.is_leaf() => id,
                node => {
                    let new = graph.construct(node, |operand| image[&operand]);
                    if self.only_unstable { new } else { factored(graph, new) }
                }
            };
            image.insert(id, new);
        }
        roots.iter().map(|root| self.simplified(graph, image[root])).collect()
    }

    /// Tells whether a node is the sum of all entries of a sum whose terms add up to nothing, as in `sum(x - mean(x))`.
    fn is_zero_total(&mut self, graph: &mut Graph, id: ExprId) -> bool {
        let Some(inner) = graph.as_total(id).filter(|_| !graph.is_strict() && !self.only_unstable) else {
            return false;
        };
        let Node::Sum(constant, terms) = graph.node(inner).clone() else { return false };
        let extents = graph.extents(inner);
        let one = graph.integer(1);
        let mut parts: Vec<Term> = terms.to_vec();
        parts.push((one, constant));
        for (term, _) in &mut parts {
            let spread = graph.spread(*term, &extents);
            *term = graph.total(spread);
        }
        let sum = graph.sum(Rational::ZERO, parts);
        let sum = canonicalize(graph, self.formulas, &[sum], Grouping::READING)[0];
        graph.as_number(sum).is_some_and(Rational::is_zero)
    }

    /// Simplifies what is computed for each entry.
    fn simplified(&mut self, graph: &mut Graph, id: ExprId) -> ExprId {
        if !graph.is_entrywise(id) {
            return id;
        }
        if let Some(done) = self.entrywise.get(&id) {
            return *done;
        }
        let extents = graph.extents(id);
        let mut region = graph.region(id);
        let facts: Vec<Facts> = region.leaves.iter().map(|leaf| self.facts_of(graph, *leaf)).collect();
        let entry = canonicalize(&mut region.graph, self.formulas, &[region.root], Grouping::of_entries(self.goal));
        let given = entry.clone();
        let (entry, stable) =
            simplify(self.windows, &mut region.graph, self.formulas, &entry, self.goal, &facts, &mut Budget::default());
        if self.only_unstable && stable {
            self.entrywise.insert(id, id);
            return id;
        }
        let mut entry = canonicalize(&mut region.graph, self.formulas, &entry, Grouping::of_entries(self.goal));
        let forms = (&given[..], &entry[..]);
        if graph.is_strict() && !lost_conditions(&mut region.graph, self.formulas, forms, &facts).is_empty() {
            entry = given;
        }
        let new = graph.paste(&region.graph, entry[0], &region.leaves);
        let new = graph.spread(new, &extents);
        let new = factored(graph, new);
        self.entrywise.insert(id, new);
        new
    }

    fn facts_of(&self, graph: &Graph, leaf: ExprId) -> Facts {
        match graph.node(leaf) {
            Node::Input(index) => self.facts.get(*index as usize).cloned().unwrap_or_default(),
            _ if graph.is_sum_of_squares(leaf) => Facts { low: Some((Rational::ZERO, false)), ..Facts::default() },
            _ => Facts::default(),
        }
    }
}

/// A term of a sum of matrices: numbers times a product.
#[derive(Clone)]
struct Part {
    coefficient: Rational,
    scalars: Vec<Factor>,
    factors: Vec<ExprId>,
}

impl Part {
    fn of(graph: &mut Graph, (id, coefficient): &Term) -> Part {
        if graph.extents(*id).is_scalar() {
            // A number that is repeated for every entry has nothing to be taken out.
            return Part { coefficient: coefficient.clone(), scalars: Vec::new(), factors: vec![*id] };
        }
        let (scalars, rest) = graph.split_scalars(*id);
        Part { coefficient: coefficient.clone(), scalars, factors: graph.matrix_factors(rest) }
    }

    /// The term without its first or last matrix, and without some of its numbers.
    fn without(&self, graph: &mut Graph, end: End, numbers: &[Factor]) -> Term {
        let rest = match end {
            End::First => &self.factors[1..],
            End::Last => &self.factors[..self.factors.len() - 1],
        };
        let product = graph.matrix_product(rest);
        let scalars = self.scalars.iter().filter(|scalar| !numbers.contains(scalar)).cloned();
        let factors = scalars.chain([(product, Rational::ONE)]).collect();
        (graph.product(Rational::ONE, factors), self.coefficient.clone())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Takes out the first or last matrix that several terms of a sum have in common.
fn factored(graph: &mut Graph, id: ExprId) -> ExprId {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return id };
    if graph.extents(id).is_scalar() {
        return choices_summed(graph, id);
    }
    if terms.len() < 2 || terms.len() > MOST_TERMS {
        return id;
    }
    let parts: Vec<Part> = terms.iter().map(|term| Part::of(graph, term)).collect();
    let diagonal = |graph: &Graph, part: &Part| match part.factors[..] {
        [only] => matches!(graph.as_matrix(only), Some((MatrixOperation::Diagonal, _))),
        _ => false,
    };
    if parts.iter().filter(|part| diagonal(graph, part)).count() > 1 {
        return diagonals_summed(graph, id);
    }
    let outer = |part: &Part, end: End| match (part.factors.len(), end) {
        (0 | 1, _) => None,
        (_, End::First) => part.factors.first().copied(),
        (_, End::Last) => part.factors.last().copied(),
    };
    let mut best: Option<(Vec<usize>, End)> = None;
    for end in [End::Last, End::First] {
        for at in 0..parts.len() {
            let Some(own) = outer(&parts[at], end) else { continue };
            let group: Vec<usize> = (at..parts.len()).filter(|other| outer(&parts[*other], end) == Some(own)).collect();
            if group.len() > best.as_ref().map_or(1, |(group, _)| group.len()) {
                best = Some((group, end));
            }
        }
    }
    let Some((group, end)) = best else { return id };
    let common: Vec<Factor> = parts[group[0]]
        .scalars
        .iter()
        .filter(|scalar| group.iter().all(|at| parts[*at].scalars.contains(scalar)))
        .cloned()
        .collect();
    let scale = parts[group[0]].coefficient.clone();
    let even = group.iter().all(|at| parts[*at].coefficient.abs() == scale.abs());
    let scale = if even { scale } else { Rational::ONE };
    let inner: Vec<Term> = group
        .iter()
        .map(|at| {
            let (rest, coefficient) = parts[*at].without(graph, end, &common);
            (rest, coefficient.divide(&scale).unwrap_or(coefficient))
        })
        .collect();
    let inner = graph.sum(Rational::ZERO, inner);
    let inner = factored(graph, inner);
    let matrix = match end {
        End::First => [parts[group[0]].factors[0], inner],
        End::Last => [inner, parts[group[0]].factors[parts[group[0]].factors.len() - 1]],
    };
    let product = graph.construct_matrix(&MatrixOperation::Product, &matrix);
    let factors = common.into_iter().chain([(product, Rational::ONE)]).collect();
    let product = graph.product(scale, factors);
    let rest = (0..terms.len()).filter(|at| !group.contains(at)).map(|at| terms[at].clone());
    let sum = rest.chain([(product, Rational::ONE)]).collect();
    let sum = graph.sum(constant, sum);
    factored(graph, sum)
}

/// Merges diagonal matrices: `diag(u) + diag(v) = diag(u + v)`.
fn diagonals_summed(graph: &mut Graph, id: ExprId) -> ExprId {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return id };
    let (mut entries, mut others) = (Vec::new(), Vec::new());
    for (term, coefficient) in terms.iter() {
        let (scalars, rest) = graph.split_scalars(*term);
        match graph.as_matrix(rest) {
            Some((MatrixOperation::Diagonal, [v])) => {
                let factors = scalars.into_iter().chain([(*v, Rational::ONE)]).collect();
                entries.push((graph.product(Rational::ONE, factors), coefficient.clone()));
            }
            _ => others.push((*term, coefficient.clone())),
        }
    }
    let entries = graph.sum(Rational::ZERO, entries);
    let diagonal = graph.diagonal(entries);
    let sum = graph.sum(constant, others.into_iter().chain([(diagonal, Rational::ONE)]).collect());
    factored(graph, sum)
}

/// Merges sums over choices of equally many entries: `sum(if(c, a, b)) + sum(if(c, d, e))` is one sum.
fn choices_summed(graph: &mut Graph, id: ExprId) -> ExprId {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return id };
    let summed = |graph: &Graph, term: ExprId| match graph.as_matrix(term) {
        Some((MatrixOperation::Product, [ones, v])) if graph.is_ones(*ones) => {
            matches!(graph.node(*v), Node::Select(..)).then_some((*ones, *v))
        }
        _ => None,
    };
    let first = terms.iter().find_map(|(term, _)| summed(graph, *term));
    let Some((ones, _)) = first else { return id };
    let own = |graph: &Graph, term: ExprId| summed(graph, term).filter(|(other, _)| *other == ones).map(|(_, v)| v);
    let (inside, outside): (Vec<Term>, Vec<Term>) =
        terms.iter().cloned().partition(|(term, _)| own(graph, *term).is_some());
    if inside.len() < 2 {
        return id;
    }
    let entries = inside.iter().filter_map(|(term, k)| Some((own(graph, *term)?, k.clone()))).collect();
    let entries = graph.sum(Rational::ZERO, entries);
    let total = graph.construct_matrix(&MatrixOperation::Product, &[ones, entries]);
    let terms = outside.into_iter().chain([(total, Rational::ONE)]).collect();
    graph.sum(constant, terms)
}
