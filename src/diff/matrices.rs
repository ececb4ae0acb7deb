//! Pullbacks and pushforwards of every kind of node: entry by entry with the local derivatives, and for operations on
//! whole matrices by the rules of Giles, Collected matrix derivative results for forward and reverse mode algorithmic
//! differentiation (2008), section 2.

use super::loops::other_products_along;
use super::{Differentiator, Result};
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{Dimension, ExprId, Extents, Graph, MatrixOperation as M, Node, NodeMap, Rational};

impl Differentiator {
    /// Returns what each wanted operand's adjoint gains from a node's adjoint.
    ///
    /// # Errors
    /// A function without a rule.
    pub fn pullback(
        &mut self,
        graph: &mut Graph,
        id: ExprId,
        adjoint: ExprId,
        wanted: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<(ExprId, ExprId)>> {
        if graph.as_loop(id).is_some() {
            return self.pull_back_loop(graph, id, adjoint, wanted);
        }
        if let Node::Matrix(operation, operands) = graph.node(id).clone() {
            let mut contributions = Vec::new();
            for (at, operand) in operands.iter().enumerate().filter(|(_, operand)| wanted(**operand)) {
                contributions.push((*operand, pull_back(graph, id, &operation, &operands, at, adjoint)?));
            }
            return Ok(contributions);
        }
        let partials = self.edges(graph, id, wanted)?;
        let extents = graph.extents(id);
        let contribution = |(operand, partial)| {
            let product = graph.multiply_where_reached(adjoint, partial);
            if extents.is_scalar() || !graph.extents(operand).is_scalar() {
                return (operand, product);
            }
            // A number that was repeated for every entry gains from all of them.
            let product = graph.spread(product, &extents);
            (operand, graph.total(product))
        };
        Ok(partials.into_iter().map(contribution).collect())
    }

    /// Returns the terms of a node's tangent, one for each operand that has a tangent.
    ///
    /// # Errors
    /// A function without a rule.
    pub fn pushforward(&mut self, graph: &mut Graph, id: ExprId, tangents: &NodeMap<ExprId>) -> Result<Vec<ExprId>> {
        if graph.as_scan(id).is_some() {
            return Ok(self.push_forward_scan(graph, id, tangents)?.into_iter().collect());
        }
        if graph.as_loop(id).is_some() {
            return Ok(self.push_forward_loop(graph, id, tangents)?.into_iter().collect());
        }
        if let Node::Matrix(operation, operands) = graph.node(id).clone() {
            let moving = operands.iter().enumerate().filter_map(|(at, operand)| Some((at, *tangents.get(*operand)?)));
            return moving.map(|(at, tangent)| push_forward(graph, id, &operation, &operands, at, tangent)).collect();
        }
        let partials = self.edges(graph, id, |operand| tangents.contains(operand))?;
        let extents = graph.extents(id);
        let term = |(operand, partial)| {
            let product = graph.multiply_where_reached(partial, tangents[operand]);
            graph.spread(product, &extents)
        };
        Ok(partials.into_iter().map(term).collect())
    }
}

/// What the adjoint of one operand gains from the adjoint of an operation on matrices.
fn pull_back(
    graph: &mut Graph,
    id: ExprId,
    operation: &M,
    operands: &[ExprId],
    at: usize,
    adjoint: ExprId,
) -> Result<ExprId> {
    let operand = operands[at];
    Ok(match operation {
        M::Product => {
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            let turned = |graph: &mut Graph, factors: &[ExprId]| -> Vec<ExprId> {
                factors.iter().rev().map(|factor| graph.transpose(*factor)).collect()
            };
            let mut chain = turned(graph, &operands[..at]);
            chain.push(adjoint);
            chain.extend(turned(graph, &operands[at + 1..]));
            graph.matrix_product(&chain)
        }
        M::Transpose => graph.transpose(adjoint),
        M::Diagonal => graph.diagonal_of(adjoint),
        M::DiagonalOf => graph.diagonal(adjoint),
        M::Trace => {
            let identity = graph.identity(graph.extents(operand).rows);
            graph.multiply(adjoint, identity)
        }
        M::Determinant => {
            let adjugate = graph.adjugate(operand);
            let turned = graph.transpose(adjugate);
            graph.multiply(adjoint, turned)
        }
        // From det(A)*inv(A): no more than that is known where A is singular.
        M::Adjugate => {
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            let (inverse, adjugate) = (transposed_inverse(graph, operand), graph.transpose(id));
            let plain = graph.inverse(operand);
            let turned = graph.transpose(adjoint);
            let product = graph.matrix_product(&[turned, plain]);
            let weight = graph.trace(product);
            let scaled = graph.multiply(weight, adjugate);
            let product = graph.matrix_product(&[adjugate, adjoint, inverse]);
            graph.sum(Rational::ZERO, vec![(scaled, Rational::ONE), (product, Rational::MINUS_ONE)])
        }
        M::LogDeterminant => {
            let inverse = transposed_inverse(graph, operand);
            graph.multiply(adjoint, inverse)
        }
        M::Inverse => {
            let turned = graph.transpose(id);
            let product = graph.matrix_product(&[turned, adjoint, turned]);
            graph.scale(Rational::MINUS_ONE, product)
        }
        M::LogSumExp => {
            let shares = shares(graph, operand, id);
            graph.multiply(adjoint, shares)
        }
        M::LogSumExpOfRows => {
            let shares = shares_of_rows(graph, operand, id);
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            let adjoint = graph.diagonal(adjoint);
            graph.matrix_product(&[adjoint, shares])
        }
        M::Slice(row, column, _) => graph.embed(adjoint, row.clone(), column.clone(), graph.extents(operand)),
        M::Embed(row, column, _) => graph.slice(adjoint, row.clone(), column.clone(), graph.extents(operand)),
        M::Stack | M::Join => {
            let zero = Dimension::number(0);
            let before = operands[..at].iter().fold(Extents::new(zero.clone(), zero.clone()), |before, id| {
                let extents = graph.extents(*id);
                Extents::new(before.rows.plus(&extents.rows, 1), before.columns.plus(&extents.columns, 1))
            });
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            match operation {
                M::Stack => graph.slice(adjoint, before.rows, zero, graph.extents(operand)),
                _ => graph.slice(adjoint, zero, before.columns, graph.extents(operand)),
            }
        }
        M::Gather(..) | M::Scatter(..) if at > 0 => graph.integer(0),
        M::Remainder => graph.integer(0),
        M::Gather(places, _) => {
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            let scatter = M::Scatter(places.clone(), graph.extents(operand));
            graph.construct_matrix(&scatter, &[&[adjoint], &operands[1..]].concat())
        }
        M::Scatter(places, _) => {
            let adjoint = graph.spread(adjoint, &graph.extents(id));
            let gather = M::Gather(places.clone(), graph.extents(operand));
            graph.construct_matrix(&gather, &[&[adjoint], &operands[1..]].concat())
        }
        M::Extremum(extreme) => {
            let first = graph.construct_matrix(&M::FirstExtremum(*extreme), &[operand]);
            graph.multiply(adjoint, first)
        }
        M::EntryProduct => {
            let others = graph.construct_matrix(&M::OtherProducts, &[operand]);
            graph.multiply(adjoint, others)
        }
        M::FirstExtremum(_) => graph.full(Rational::ZERO, graph.extents(operand)),
        M::OtherProducts => other_products_along(graph, operand, adjoint),
        M::Full(..) | M::Identity(_) | M::Size(_) | M::Loop(_) | M::Scan(..) | M::State(..) => {
            return Err(without_operands());
        }
    })
}

/// What the tangent of an operation on matrices gains from the tangent of one operand.
fn push_forward(
    graph: &mut Graph,
    id: ExprId,
    operation: &M,
    operands: &[ExprId],
    at: usize,
    tangent: ExprId,
) -> Result<ExprId> {
    let operand = operands[at];
    Ok(match operation {
        M::Product => {
            let mut chain = operands.to_vec();
            chain[at] = tangent;
            graph.matrix_product(&chain)
        }
        M::Transpose => graph.transpose(tangent),
        M::Diagonal => graph.diagonal(tangent),
        M::DiagonalOf => graph.diagonal_of(tangent),
        M::Trace => graph.trace(tangent),
        M::Determinant => {
            let adjugate = graph.adjugate(operand);
            let product = graph.matrix_product(&[adjugate, tangent]);
            graph.trace(product)
        }
        M::LogDeterminant => {
            let inverse = graph.inverse(operand);
            let product = graph.matrix_product(&[inverse, tangent]);
            graph.trace(product)
        }
        M::Adjugate => {
            let inverse = graph.inverse(operand);
            let product = graph.matrix_product(&[id, tangent]);
            let trace = graph.trace(product);
            let scaled = graph.multiply(trace, inverse);
            let product = graph.matrix_product(&[id, tangent, inverse]);
            graph.sum(Rational::ZERO, vec![(scaled, Rational::ONE), (product, Rational::MINUS_ONE)])
        }
        M::Inverse => {
            let product = graph.matrix_product(&[id, tangent, id]);
            graph.scale(Rational::MINUS_ONE, product)
        }
        M::LogSumExp => {
            let shares = shares(graph, operand, id);
            let product = graph.multiply(shares, tangent);
            graph.total(product)
        }
        M::LogSumExpOfRows => {
            let shares = shares_of_rows(graph, operand, id);
            let product = graph.multiply(shares, tangent);
            let ones = graph.ones(graph.extents(operand).columns, Dimension::number(1));
            graph.matrix_product(&[product, ones])
        }
        M::Slice(row, column, extents) => graph.slice(tangent, row.clone(), column.clone(), extents.clone()),
        M::Embed(row, column, extents) => graph.embed(tangent, row.clone(), column.clone(), extents.clone()),
        M::Stack | M::Join => {
            let still = |graph: &mut Graph, id: ExprId| graph.full(Rational::ZERO, graph.extents(id));
            let mut parts: Vec<ExprId> = operands.iter().map(|id| still(graph, *id)).collect();
            parts[at] = tangent;
            graph.matrix(operation.clone(), &parts)
        }
        M::Gather(..) | M::Scatter(..) if at > 0 => graph.full(Rational::ZERO, graph.extents(id)),
        M::Remainder => graph.integer(0),
        M::Gather(..) | M::Scatter(..) => {
            let tangent = graph.spread(tangent, &graph.extents(operand));
            graph.construct_matrix(operation, &[&[tangent], &operands[1..]].concat())
        }
        M::Extremum(extreme) => {
            let first = graph.construct_matrix(&M::FirstExtremum(*extreme), &[operand]);
            let product = graph.multiply(first, tangent);
            graph.total(product)
        }
        M::EntryProduct => {
            let others = graph.construct_matrix(&M::OtherProducts, &[operand]);
            let product = graph.multiply(others, tangent);
            graph.total(product)
        }
        M::FirstExtremum(_) => graph.full(Rational::ZERO, graph.extents(operand)),
        M::OtherProducts => other_products_along(graph, operand, tangent),
        M::Full(..) | M::Identity(_) | M::Size(_) | M::Loop(_) | M::Scan(..) | M::State(..) => {
            return Err(without_operands());
        }
    })
}

fn without_operands() -> Diagnostic {
    Diagnostic::general(Fault::Derivative, "a constant matrix has nothing to derive by")
}

fn transposed_inverse(graph: &mut Graph, a: ExprId) -> ExprId {
    let inverse = graph.inverse(a);
    graph.transpose(inverse)
}

/// The derivative of logsumexp: exp(v − logsumexp(v)), which is softmax.
fn shares(graph: &mut Graph, v: ExprId, logsumexp: ExprId) -> ExprId {
    let terms = vec![(v, Rational::ONE), (logsumexp, Rational::MINUS_ONE)];
    let logarithm = graph.sum(Rational::ZERO, terms);
    graph.apply(rows::EXP, &[logarithm])
}

/// The derivative of the logsumexp of each row: the softmax of each row.
fn shares_of_rows(graph: &mut Graph, v: ExprId, logsumexp: ExprId) -> ExprId {
    let ones = graph.ones(Dimension::number(1), graph.extents(v).columns);
    let repeated = graph.matrix_product(&[logsumexp, ones]);
    shares(graph, v, repeated)
}
