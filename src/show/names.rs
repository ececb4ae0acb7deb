//! The user's own names in derivatives: with `let q = W*x`, `2*W*x*x'` is `2*q*x'`.

use crate::graph::{ExprId, Graph, MatrixOperation, Node};

/// Puts a new input in place of everything that has a name, so that it is written by that name.
pub fn with_names(graph: &mut Graph, roots: &[ExprId], names: &[(String, ExprId)]) -> Vec<ExprId> {
    let mut known: Vec<Named> = Vec::new();
    for (at, (name, id)) in names.iter().enumerate() {
        let taken = graph.inputs().iter().any(|input| input.parameter == *name)
            || names[at + 1..].iter().any(|(later, _)| later == name);
        let trivial = graph.node(*id).is_leaf() || matches!(graph.as_matrix(*id), Some((_, [])));
        if taken || trivial {
            continue;
        }
        let input = graph.add_matrix_input(name, graph.extents(*id));
        let turned = graph.transpose(*id);
        let turned_input = graph.transpose(input);
        known.push(Named { factors: graph.matrix_factors(*id), id: *id, input });
        if turned != *id {
            known.push(Named { factors: graph.matrix_factors(turned), id: turned, input: turned_input });
        }
    }
    if known.is_empty() {
        return roots.to_vec();
    }
    known.sort_by_key(|named| std::cmp::Reverse(named.factors.len()));
    graph.rebuild(roots, |graph, id, image| {
        if let Some(named) = known.iter().find(|named| named.id == id) {
            return Some(named.input);
        }
        let Node::Matrix(operation, factors) = graph.node(id).clone() else { return None };
        if *operation != MatrixOperation::Product {
            return None;
        }
        let mut replaced: Vec<ExprId> = Vec::new();
        let mut rest = &factors[..];
        let mut found = false;
        while let Some(first) = rest.first() {
            match known.iter().find(|named| named.factors.len() > 1 && rest.starts_with(&named.factors)) {
                Some(named) => {
                    replaced.push(named.input);
                    rest = &rest[named.factors.len()..];
                    found = true;
                }
                None => {
                    replaced.push(image[*first]);
                    rest = &rest[1..];
                }
            }
        }
        found.then(|| graph.matrix_product(&replaced))
    })
}

/// Something with a name.
struct Named {
    id: ExprId,
    /// Its factors, if it is a product of matrices.
    factors: Vec<ExprId>,
    /// What stands for it.
    input: ExprId,
}
