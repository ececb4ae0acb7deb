//! The Lagrangian of a problem: the first entry of a value is what is minimized, the others are its constraints.

use super::values::unused;
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Graph, Input, MatrixOperation as M, Rational};
use crate::lower::{Entries, Facts, Parameter, Shape, Whole, WholeParameter};

/// Returns `sigma*f(x) + dot(lambda, c(x))` of a function whose value is the number f, or f and below it the constraints c
/// (Wächter and Biegler, On the implementation of a primal-dual interior point filter line search algorithm, 2006, eq. 2).
///
/// # Errors
/// A value that is a matrix.
pub fn lagrangian(whole: &Whole) -> Result<Whole, Diagnostic> {
    let extents = whole.extents();
    if whole.shape.indices() > 1 {
        return Err(of_matrix());
    }
    let mut whole = whole.clone();
    let mut graph = std::mem::take(&mut whole.graph);
    let sigma = parameter(&mut whole, &mut graph, "sigma", Shape::Scalar);
    let output = if whole.shape == Shape::Scalar {
        graph.multiply(sigma, whole.output)
    } else {
        let count = extents.rows.plus(&Dimension::number(1), -1);
        let lambda = parameter(&mut whole, &mut graph, "lambda", Shape::Vector(count.clone()));
        whole.needed.extend(count.may_be_negative().then_some(count));
        weighted(&mut graph, whole.output, sigma, lambda)
    };
    Ok(Whole { graph, output, shape: Shape::Scalar, names: Vec::new(), few: None, ..whole })
}

fn parameter(whole: &mut Whole, graph: &mut Graph, name: &str, shape: Shape<Dimension>) -> ExprId {
    let name = unused(whole, name);
    let id = graph.add_matrix_input(&name, shape.extents());
    whole.parameters.push(WholeParameter { name, id, shape, facts: Facts::default(), range: None });
    id
}

fn weighted(graph: &mut Graph, value: ExprId, sigma: ExprId, lambda: ExprId) -> ExprId {
    let parts = match graph.as_matrix(value) {
        Some((M::Stack, [first, rest @ ..])) if graph.extents(*first).is_scalar() => Some((*first, rest.to_vec())),
        _ => None,
    };
    let Some((first, rest)) = parts else {
        let weights = graph.matrix(M::Stack, &[sigma, lambda]);
        let turned = graph.transpose(weights);
        return graph.matrix(M::Product, &[turned, value]);
    };
    let mut terms = vec![(graph.multiply(sigma, first), Rational::ONE)];
    let mut start = Dimension::number(0);
    for part in rest {
        let extents = graph.extents(part);
        let weights = graph.slice(lambda, start.clone(), Dimension::number(0), extents.clone());
        let turned = graph.transpose(weights);
        terms.push((graph.matrix(M::Product, &[turned, part]), Rational::ONE));
        start = start.plus(&extents.rows, 1);
    }
    graph.sum(Rational::ZERO, terms)
}

/// Returns the Lagrangian of a function whose entries are values of their own.
///
/// # Errors
/// A value that is a matrix.
pub fn lagrangian_by_entries(function: &Entries) -> Result<Entries, Diagnostic> {
    if matches!(function.shape, Shape::Matrix(..)) {
        return Err(of_matrix());
    }
    let mut function = function.clone();
    let names = ["sigma", "lambda"].map(|name| {
        let is_taken = |name: &str| function.parameters.iter().any(|parameter| parameter.name == name);
        let mut name = name.to_string();
        while is_taken(&name) {
            name.push('_');
        }
        name
    });
    let constraints = function.outputs.len().saturating_sub(1);
    let shapes = match function.shape {
        Shape::Scalar => vec![Shape::Scalar],
        _ => vec![Shape::Scalar, Shape::Vector(constraints)],
    };
    let mut weights = Vec::new();
    for (name, shape) in names.into_iter().zip(shapes) {
        let start = function.graph.inputs().len();
        for place in shape.places() {
            weights.push(function.graph.add_input(Input { parameter: name.clone(), place }));
        }
        let inputs = start..function.graph.inputs().len();
        function.parameters.push(Parameter { name, shape, facts: Facts::default(), inputs });
    }
    let mut terms = Vec::new();
    for (weight, output) in weights.into_iter().zip(std::mem::take(&mut function.outputs)) {
        terms.push((function.graph.multiply(weight, output), Rational::ONE));
    }
    function.outputs = vec![function.graph.sum(Rational::ZERO, terms)];
    Ok(Entries { shape: Shape::Scalar, names: Vec::new(), ..function })
}

fn of_matrix() -> Diagnostic {
    let message = "the Lagrangian is that of a number, or of a number and constraints in a vector";
    Diagnostic::general(Fault::Derivative, message)
        .hint("stack what is minimized on the constraints: `stack(f(x), c(x))`")
}
