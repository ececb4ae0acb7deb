//! In which order chains of matrices are multiplied: the cheapest one (Cormen et al., Introduction to Algorithms, 2009,
//! section 15.2), with every named dimension taken to be equally large, and products that were already made, or their
//! transposes, for nothing.

use crate::graph::{Dimension, ExprId, Graph, MatrixOperation as M, Node, Rational, Sizes};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a named dimension counts for.
const NAMED: usize = 64;
/// Longest chain of which all orders are compared.
const LONGEST: usize = 40;

/// Rewrites all products of matrices as products of two, each made once, and moves numbers to where they meet the
/// fewest entries. A sum of which the transpose was made is the transpose of that.
pub fn associate(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    let mut made = Made::default();
    let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for id in graph.reachable(roots) {
        let node = graph.node(id).clone();
        let new = match &node {
            Node::Matrix(operation, operands) => {
                let operands: Vec<ExprId> = operands.iter().map(|operand| image[operand]).collect();
                match **operation {
                    M::Product => made.product(graph, &operands),
                    _ => graph.matrix((**operation).clone(), &operands),
                }
            }
            node if node.is_leaf() => id,
            node => match made.scaled_outer(graph, node, &image) {
                Some(factors) => made.product(graph, &factors),
                None => {
                    let new = graph.construct(node, |operand| image[&operand]);
                    if graph.extents(new) == graph.extents(id) { made.sum(graph, new) } else { id }
                }
            },
        };
        image.insert(id, new);
    }
    roots.iter().map(|root| image[root]).collect()
}

/// The products of two that were made, by the chains that they make, and the sums.
#[derive(Default)]
struct Made {
    chains: FxHashMap<Vec<ExprId>, ExprId>,
    sums: FxHashSet<ExprId>,
}

impl Made {
    /// For `s·(x*y')`, returns the factors `s·x` and `y'`: fewer entries meet the number.
    fn scaled_outer(
        &mut self,
        graph: &mut Graph,
        node: &Node,
        image: &FxHashMap<ExprId, ExprId>,
    ) -> Option<Vec<ExprId>> {
        let (scalars, matrix) = match node {
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
                let number = graph.number(terms[0].1.clone());
                (vec![(number, Rational::ONE)], terms[0].0)
            }
            Node::Product(factors) => {
                let (scalars, matrices): (Vec<_>, Vec<_>) =
                    factors.iter().cloned().partition(|(base, _)| graph.extents(*base).is_scalar());
                match matrices.as_slice() {
                    [(base, exponent)] if exponent.is_one() && !scalars.is_empty() => (scalars, *base),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let (M::Product, factors) = graph.as_matrix(matrix)? else { return None };
        let factors: Vec<ExprId> = factors.iter().map(|factor| image[factor]).collect();
        let at = factors.iter().position(|factor| graph.extents(*factor).is_column())?;
        if at + 1 == factors.len() {
            return None;
        }
        let column = if at == 0 { factors[0] } else { self.product(graph, &factors[..=at]) };
        let scalars = scalars.into_iter().map(|(base, exponent)| (image.get(&base).copied().unwrap_or(base), exponent));
        let scaled = scalars.chain([(column, Rational::ONE)]).collect();
        let column = graph.product(Rational::ONE, scaled);
        Some([column].into_iter().chain(factors[at + 1..].iter().copied()).collect())
    }

    /// Returns a sum of matrices, or the transpose of one that was made.
    fn sum(&mut self, graph: &mut Graph, id: ExprId) -> ExprId {
        let extents = graph.extents(id);
        if extents.is_scalar() {
            return dots_added(graph, id);
        }
        if extents.is_column() || extents.rows.is_one() || !matches!(graph.node(id), Node::Sum(..)) {
            return id;
        }
        let turned = graph.transpose(id);
        if turned != id && self.sums.contains(&turned) {
            return graph.matrix(M::Transpose, &[turned]);
        }
        self.sums.insert(id);
        id
    }

    /// Makes a chain from products of two.
    fn product(&mut self, graph: &mut Graph, factors: &[ExprId]) -> ExprId {
        let factors: Vec<ExprId> = factors.iter().flat_map(|factor| self.flat(graph, *factor)).collect();
        let count = factors.len();
        if count > LONGEST {
            return graph.matrix(M::Product, &factors);
        }
        let turned: Vec<ExprId> = factors.iter().map(|factor| graph.transpose(*factor)).collect();
        let mut sizes: Vec<f64> = factors.iter().map(|factor| size(&graph.extents(*factor).rows)).collect();
        sizes.extend(factors.last().map(|factor| size(&graph.extents(*factor).columns)));
        let transposed = |from: usize, to: usize| -> Vec<ExprId> { turned[from..=to].iter().rev().copied().collect() };
        let known = |from: usize, to: usize| {
            self.chains.contains_key(&factors[from..=to]) || self.chains.contains_key(&transposed(from, to))
        };
        let mut cost = vec![vec![0.0; count]; count];
        let mut split = vec![vec![0; count]; count];
        for length in 2..=count {
            for from in 0..=count - length {
                let to = from + length - 1;
                if known(from, to) {
                    continue;
                }
                let mut best = f64::INFINITY;
                for at in from..to {
                    let twice = transposed(from, at)[..] == factors[at + 1..=to];
                    let parts = if twice { cost[from][at] } else { cost[from][at] + cost[at + 1][to] };
                    let own = parts + sizes[from] * sizes[at + 1] * sizes[to + 1];
                    if own < best {
                        best = own;
                        split[from][to] = at;
                    }
                }
                cost[from][to] = best;
            }
        }
        self.make(graph, &factors, &turned, &split, 0, count - 1)
    }

    /// Returns the factors that a product was made of.
    fn flat(&self, graph: &Graph, id: ExprId) -> Vec<ExprId> {
        let chain = self.chains.iter().find(|(_, made)| **made == id).map(|(chain, _)| chain.clone());
        match (chain, graph.as_matrix(id)) {
            (Some(chain), Some((M::Product, _))) => chain,
            _ => vec![id],
        }
    }

    fn make(
        &mut self,
        graph: &mut Graph,
        factors: &[ExprId],
        turned: &[ExprId],
        split: &[Vec<usize>],
        from: usize,
        to: usize,
    ) -> ExprId {
        if from == to {
            return factors[from];
        }
        let chain = factors[from..=to].to_vec();
        if let Some(made) = self.chains.get(&chain) {
            return *made;
        }
        let transposed: Vec<ExprId> = turned[from..=to].iter().rev().copied().collect();
        if let Some(made) = self.chains.get(&transposed) {
            return graph.matrix(M::Transpose, &[*made]);
        }
        // What ends in a column is made first, so that a row is its transpose.
        let at = split[from][to];
        let right = self.make(graph, factors, turned, split, at + 1, to);
        let left = self.make(graph, factors, turned, split, from, at);
        let made = graph.matrix(M::Product, &[left, right]);
        self.chains.insert(chain, made);
        made
    }
}

/// Adds the columns that are multiplied by the same one: `u'*z - v'*z` is `(u - v)'*z`, where what cancels does so entry by
/// entry.
fn dots_added(graph: &mut Graph, id: ExprId) -> ExprId {
    let Node::Sum(constant, terms) = graph.node(id).clone() else { return id };
    let columns = |term: ExprId| match graph.as_matrix(term) {
        Some((M::Product, [left, right])) => Some([graph.as_transpose(*left)?, *right]),
        _ => None,
    };
    let dots: Vec<_> = terms.iter().map(|(term, _)| columns(*term)).collect();
    let mut pairs = (0..terms.len()).flat_map(|a| (a + 1..terms.len()).map(move |b| (a, b)));
    let common = pairs.find_map(|(a, b)| {
        let ([u, v], [x, y]) = (dots[a]?, dots[b]?);
        let shared = [u, v].into_iter().find(|column| [x, y].contains(column))?;
        Some(([a, b], shared, [if shared == u { v } else { u }, if shared == x { y } else { x }]))
    });
    let Some((places, shared, others)) = common else { return id };
    let coefficients = places.map(|at| terms[at].1.clone());
    let even = coefficients[0].abs() == coefficients[1].abs();
    let scale = if even { coefficients[0].clone() } else { Rational::ONE };
    let coefficients = coefficients.map(|own| own.divide(&scale).unwrap_or(own));
    let added = graph.sum(Rational::ZERO, others.into_iter().zip(coefficients).collect());
    if graph.extents(added) != graph.extents(shared) {
        return id;
    }
    let turned = graph.matrix(M::Transpose, &[added]);
    let dot = graph.matrix(M::Product, &[turned, shared]);
    let rest = (0..terms.len()).filter(|at| !places.contains(at)).map(|at| terms[at].clone());
    let sum = rest.chain([(dot, scale)]).collect();
    let sum = graph.sum(constant, sum);
    dots_added(graph, sum)
}

fn size(dimension: &Dimension) -> f64 {
    let sizes: Sizes = dimension.names().map(|name| (name.to_string(), NAMED)).collect();
    dimension.evaluate(&sizes).unwrap_or(NAMED) as f64
}
