//! Logarithms of sums of exponentials, and shares of such sums, of whole vectors and of the rows of matrices: an exponential
//! overflows long before they do.

use crate::functions::rows;
use crate::graph::{ExprId, Extents, Factor, Graph, MatrixOperation, Node, Rational};

/// Replaces `ln(sum(exp(z)))` by `logsumexp(z)`, `ln(exp(Z)*ones(m))` by `logsumexp_rows(Z)`, and exponentials over their
/// sum, as they stand or in a product of matrices, by `softmax(z)`. The roots are in canonical form.
pub fn shares_recognized(graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
    graph.rebuild(roots, |graph, id, image| match graph.node(id).clone() {
        Node::Apply(rows::LN, arguments) => logarithm(graph, image[arguments[0]]),
        Node::Product(factors) => {
            let factors: Vec<Factor> = factors.iter().map(|(base, own)| (image[*base], own.clone())).collect();
            shares(graph, factors)
        }
        node => node.is_leaf().then_some(id),
    })
}

/// Returns what an exponential is of.
fn exponent(graph: &Graph, id: ExprId) -> Option<ExprId> {
    match graph.node(id) {
        Node::Apply(rows::EXP, arguments) => Some(arguments[0]),
        _ => None,
    }
}

/// Returns the logarithm of a sum of exponentials.
fn logarithm(graph: &mut Graph, sum: ExprId) -> Option<ExprId> {
    if let Some(z) = graph.as_total(sum).and_then(|total| exponent(graph, total)) {
        return Some(graph.matrix(MatrixOperation::LogSumExp, &[z]));
    }
    let (MatrixOperation::Product, [left, right]) = graph.as_matrix(sum)? else { return None };
    let (left, right) = (*left, *right);
    let of_rows = graph.is_ones(right) && graph.extents(sum).is_column() && !graph.extents(sum).is_scalar();
    let z = exponent(graph, left).filter(|_| of_rows)?;
    Some(graph.matrix(MatrixOperation::LogSumExpOfRows, &[z]))
}

/// Returns a product in which exponentials over their sum are shares.
fn shares(graph: &mut Graph, mut factors: Vec<Factor>) -> Option<ExprId> {
    let mut changed = false;
    while let Some((below, above, new)) = share(graph, &factors) {
        changed = true;
        factors[above].0 = new;
        factors[below].1 = factors[below].1.add(&Rational::ONE);
        factors.retain(|(_, exponent)| !exponent.is_zero());
    }
    changed.then(|| graph.product(Rational::ONE, factors))
}

/// Finds a sum of exponentials below and these exponentials above: the places of the two, and what replaces the latter.
fn share(graph: &mut Graph, factors: &[Factor]) -> Option<(usize, usize, ExprId)> {
    for (below, (sum, power)) in factors.iter().enumerate() {
        let negative = power.is_negative() && power.is_integer();
        let Some(total) = graph.as_total(*sum).filter(|_| negative) else { continue };
        let Some(z) = exponent(graph, total) else { continue };
        for (above, (base, own)) in factors.iter().enumerate() {
            if !own.is_one() {
                continue;
            }
            if *base == total {
                return Some((below, above, softmax(graph, z)));
            }
            let mut chain = graph.matrix_factors(*base);
            let is_own = |graph: &Graph, factor: &ExprId| graph.as_transpose(*factor).unwrap_or(*factor) == total;
            if chain.len() < 2 {
                continue;
            }
            let Some(at) = chain.iter().position(|factor| is_own(graph, factor)) else { continue };
            let value = softmax(graph, z);
            chain[at] = if graph.as_transpose(chain[at]).is_some() { graph.transpose(value) } else { value };
            return Some((below, above, graph.matrix_product(&chain)));
        }
    }
    None
}

/// Makes `exp(z - logsumexp(z))`.
fn softmax(graph: &mut Graph, z: ExprId) -> ExprId {
    let total = graph.matrix(MatrixOperation::LogSumExp, &[z]);
    let extents: Extents = graph.extents(z);
    let total = if extents.is_scalar() { total } else { graph.spread(total, &extents) };
    let difference = graph.sum(Rational::ZERO, vec![(z, Rational::ONE), (total, Rational::MINUS_ONE)]);
    graph.apply(rows::EXP, &[difference])
}
