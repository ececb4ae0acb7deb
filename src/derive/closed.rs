//! Closed forms: derivatives of functions of whole vectors and matrices.

use super::of_few::{Asked, OfFew};
use super::{Form, Order, Pass, Passes, several_values};
use crate::diff::{self, Differentiator};
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, Extents, Graph, Node, Sizes};
use crate::lower::{Facts, Formulas, Whole};
use crate::simplify::{
    Goal, Grouping, Windows, canonicalize, continued_entrywise, distances_continued, simplify_matrices,
    stabilized_matrices,
};
use crate::tape::{Dense, associate, plan};
use std::sync::Arc;

/// The value of a function and its derivatives by whole parameters.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Where the expressions are.
    pub graph: Graph,
    /// The function's value.
    pub value: ExprId,
    /// The derivative by each parameter that was asked for: gradients of a number, Jacobians of a vector.
    pub first: Vec<Derivative>,
    /// The second derivatives by each pair of parameters on and above the diagonal, row by row.
    pub second: Vec<Derivative>,
    /// What the user has named, in the same graph.
    pub names: Vec<(String, ExprId)>,
    /// The same of few entries, for sizes for which a range ends before it begins.
    pub(super) of_few: Option<OfFew>,
    /// What the derivatives of the highest order were formed of, as it was then: the value, or the gradients.
    pub(super) formed_of: Vec<ExprId>,
}

impl Closed {
    /// Derives the same of few entries, for sizes for which a range ends before it begins; none if there are no such sizes.
    pub fn of_few(&self) -> Option<(&Arc<Whole>, Result<Closed, Diagnostic>)> {
        let of_few = self.of_few.as_ref()?;
        Some((of_few.whole(), of_few.derive()))
    }

    /// Computes the value, the first and the second derivatives, in this order; `matrices` are counted as the graph's
    /// inputs are. Where a derivative is no matrix, the value stands in its place. None if a dimension has no size or a
    /// matrix is too large.
    pub fn evaluate(&self, matrices: &[Dense], sizes: &Sizes) -> Option<Vec<Dense>> {
        if let Some(of_few) = self.of_few.as_ref().filter(|of_few| of_few.is_for(sizes)) {
            return of_few.derive().ok()?.evaluate(matrices, sizes);
        }
        let derivatives = self.first.iter().chain(&self.second).map(|derivative| match derivative {
            Derivative::Matrix(id) => *id,
            Derivative::Operator { .. } => self.value,
        });
        let roots: Vec<ExprId> = [self.value].into_iter().chain(derivatives).collect();
        let mut graph = self.graph.clone();
        let roots = associate(&mut graph, &roots);
        plan(&graph, &roots).evaluate(&graph, matrices, sizes)
    }
}

/// A derivative by a whole parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derivative {
    /// A matrix.
    Matrix(ExprId),
    /// What it does to a direction: the derivative has more than two dimensions, or no form as one matrix.
    Operator {
        /// The node that stands for the direction.
        direction: ExprId,
        /// The derivative along it.
        value: ExprId,
    },
}

impl Derivative {
    /// Returns the expression: the matrix, or what the operator makes of its direction.
    pub fn expression(&self) -> ExprId {
        match self {
            Derivative::Matrix(id) => *id,
            Derivative::Operator { value, .. } => *value,
        }
    }
}

/// Forms the derivatives by the given parameters, which are counted in the order of the function's.
///
/// # Errors
/// A function without a derivative rule.
pub fn derive_closed(whole: &Whole, by: &[usize], order: Order, form: Form) -> Result<Closed, Diagnostic> {
    derive_closed_watched(&mut Passes::default(), whole, by, order, form)
}

/// As [`derive_closed`], with the passes watched.
///
/// # Errors
/// A function without a derivative rule.
pub fn derive_closed_watched(
    passes: &mut Passes,
    whole: &Whole,
    by: &[usize],
    order: Order,
    form: Form,
) -> Result<Closed, Diagnostic> {
    let mut formulas = Formulas::default();
    let mut closing = Closing::new(passes, whole, &mut formulas, form)?;
    let leaves: Vec<ExprId> = by.iter().map(|at| whole.parameters[*at].id).collect();
    let Closing { graph, differentiator, reduction, value, .. } = &mut closing;
    let mut first = Vec::new();
    let mut second = Vec::new();
    let mut formed_of = vec![*value];
    if order >= Order::First {
        first = first_derivatives(differentiator, graph, *value, &leaves, form)?;
        reduction.continue_distances(graph, *value, &mut first);
    }
    if order == Order::Second {
        if !graph.extents(*value).is_scalar() {
            return Err(several_values());
        }
        formed_of.clear();
        for (at, derivative) in first.iter_mut().enumerate() {
            let gradient = reduction.readable(graph, derivative.expression());
            *derivative = Derivative::Matrix(gradient);
            formed_of.push(gradient);
            for leaf in &leaves[at..] {
                second.push(jacobian(differentiator, graph, gradient, *leaf, form)?);
            }
        }
        reduction.continue_distances(graph, *value, &mut second);
    }
    let mut closed = closing.closed(passes, first, second, formed_of)?;
    closed.of_few = OfFew::of(whole, Asked::Derivatives(by.to_vec(), order, form));
    Ok(closed)
}

/// What closed forms are made of.
pub(super) struct Closing<'a> {
    pub(super) graph: Graph,
    pub(super) differentiator: Differentiator,
    pub(super) reduction: Reduction<'a>,
    /// The value in the form that is derived.
    pub(super) value: ExprId,
    names: Vec<(String, ExprId)>,
}

impl<'a> Closing<'a> {
    /// Brings the value and what has a name into the form that is derived.
    ///
    /// # Errors
    /// A function without a derivative rule, in a derivative that stands inside.
    pub(super) fn new(
        passes: &mut Passes,
        whole: &Whole,
        formulas: &'a mut Formulas,
        form: Form,
    ) -> Result<Self, Diagnostic> {
        let mut graph = whole.graph.clone();
        let mut differentiator = Differentiator::default();
        passes.after(Pass::Lower, &graph, &[whole.output]);
        let value = diff::resolve(&mut differentiator, &mut graph, &[whole.output])?[0];
        passes.after(Pass::Resolve, &graph, &[value]);
        let mut roots: Vec<ExprId> = vec![value];
        roots.extend(whole.names.iter().map(|(_, id)| *id));
        roots = graph.with_diagonals_apart(&roots);
        let mut reduction = Reduction::new(whole, formulas, form);
        if form != Form::Raw {
            roots = continued_entrywise(&mut graph, reduction.formulas, &roots);
        }
        if form != Form::Raw && !graph.is_strict() {
            roots = reduction.canonical(&mut graph, &roots);
            if form == Form::Code {
                roots = reduction.stabilized(&mut graph, &roots);
            }
        }
        passes.after(Pass::Prepare, &graph, &roots);
        let names = whole.names.iter().zip(&roots[1..]).map(|((name, _), id)| (name.clone(), *id)).collect();
        Ok(Closing { graph, differentiator, reduction, value: roots[0], names })
    }

    /// Simplifies value and derivatives together.
    ///
    /// # Errors
    /// A derivative that has other extents than before.
    pub(super) fn closed(
        self,
        passes: &mut Passes,
        first: Vec<Derivative>,
        second: Vec<Derivative>,
        formed_of: Vec<ExprId>,
    ) -> Result<Closed, Diagnostic> {
        let Closing { mut graph, mut reduction, value, names, .. } = self;
        let mut all = vec![value];
        all.extend(first.iter().chain(&second).map(Derivative::expression));
        all.extend(names.iter().map(|(_, id)| *id));
        passes.after(Pass::Derive, &graph, &all);
        let mut reduced = Vec::with_capacity(all.len());
        for (given, found) in all.iter().zip(reduction.reduce(&mut graph, &all)) {
            let extents = graph.extents(*given);
            reduced.push(diff::of_extents(&mut graph, found, &extents)?);
        }
        passes.after(Pass::Simplify, &graph, &reduced);
        let mut reduced = reduced.into_iter();
        let mut next = || reduced.next().unwrap_or(value);
        let value = next();
        let mut put = |derivative: Derivative| match derivative {
            Derivative::Matrix(_) => Derivative::Matrix(next()),
            Derivative::Operator { direction, .. } => Derivative::Operator { direction, value: next() },
        };
        let first = first.into_iter().map(&mut put).collect();
        let second = second.into_iter().map(&mut put).collect();
        let names = names.into_iter().map(|(name, _)| (name, next())).collect();
        Ok(Closed { graph, value, first, second, names, of_few: None, formed_of })
    }
}

/// The chain rule through a vector with a name.
pub struct Through {
    /// The name.
    pub name: String,
    /// Where the expressions are.
    pub graph: Graph,
    /// The derivative of the value by the vector.
    pub outer: ExprId,
    /// The vector's derivative along a direction of the parameter.
    pub inner: ExprId,
    /// The node that stands for the direction.
    pub direction: ExprId,
    /// The vector's length.
    pub length: Dimension,
}

/// Forms the derivatives on both sides of the last named vector, if the value depends on a parameter through it alone.
///
/// # Errors
/// A function without a derivative rule.
pub fn derive_through(whole: &Whole, by: usize) -> Result<Option<Through>, Diagnostic> {
    let mut graph = whole.graph.clone();
    let mut formulas = Formulas::default();
    let mut differentiator = Differentiator::default();
    let leaf = whole.parameters[by].id;
    let vector = |(_, id): &&(String, ExprId)| {
        let extents = graph.extents(*id);
        extents.is_column() && !extents.is_scalar() && graph.reachable(&[*id]).contains(&leaf)
    };
    let Some((name, id)) = whole.names.iter().rev().find(vector).cloned() else { return Ok(None) };
    let length = graph.extents(id).rows;
    let stand_in = graph.add_matrix_input(&name, graph.extents(id));
    let outside = graph.rebuild(&[whole.output], |_, node, _| (node == id).then_some(stand_in))[0];
    if graph.reachable(&[outside]).contains(&leaf) {
        return Ok(None);
    }
    let mut reduction = Reduction::new(whole, &mut formulas, Form::Pretty);
    let outside = reduction.canonical(&mut graph, &[outside])[0];
    let outer = diff::gradient(&mut differentiator, &mut graph, outside, &[stand_in])?[0];
    let extents = graph.extents(leaf);
    let direction = graph.add_matrix_input("direction", extents);
    let inside = reduction.canonical(&mut graph, &[id])[0];
    let inner = diff::directional(&mut differentiator, &mut graph, &[inside], &[(leaf, direction)])?[0];
    let reduced = reduction.reduce(&mut graph, &[outer, inner]);
    Ok(Some(Through { name, graph, outer: reduced[0], inner: reduced[1], direction, length }))
}

/// Simplification in the form that is asked for.
pub(super) struct Reduction<'a> {
    formulas: &'a mut Formulas,
    windows: Windows,
    facts: Vec<Facts>,
    form: Form,
}

impl<'a> Reduction<'a> {
    pub(super) fn new(whole: &Whole, formulas: &'a mut Formulas, form: Form) -> Self {
        let mut facts = vec![Facts::default(); whole.graph.inputs().len() + 2];
        for parameter in &whole.parameters {
            if let Node::Input(index) = whole.graph.node(parameter.id) {
                facts[*index as usize] = parameter.facts.clone();
            }
        }
        Reduction { formulas, windows: Windows::default(), facts, form }
    }

    fn canonical(&mut self, graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
        canonicalize(graph, self.formulas, roots, Grouping::of_entries(self.form.goal()))
    }

    /// Brings what is derived into a form that keeps its digits.
    fn stabilized(&mut self, graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
        let roots = stabilized_matrices(&mut self.windows, graph, self.formulas, roots, &self.facts);
        self.canonical(graph, &roots)
    }

    /// Continues derivatives of a value where a distance is 0, if the value is continued there.
    fn continue_distances(&mut self, graph: &mut Graph, value: ExprId, derivatives: &mut [Derivative]) {
        if self.form == Form::Raw || graph.is_strict() {
            return;
        }
        let roots: Vec<ExprId> = derivatives.iter().map(Derivative::expression).collect();
        let continued = distances_continued(graph, self.formulas, &[value], &roots);
        for (derivative, new) in derivatives.iter_mut().zip(continued) {
            match derivative {
                Derivative::Matrix(id) | Derivative::Operator { value: id, .. } => *id = new,
            }
        }
    }

    /// Simplifies a gradient that is differentiated again. Forms that keep their digits in code have derivatives that are
    /// longer and do not.
    pub(super) fn readable(&mut self, graph: &mut Graph, gradient: ExprId) -> ExprId {
        match self.form {
            Form::Raw => gradient,
            _ => simplify_matrices(&mut self.windows, graph, self.formulas, &[gradient], Goal::Pretty, &self.facts)[0],
        }
    }

    /// Simplifies what is not differentiated by symmetric matrices any more.
    pub(super) fn reduce(&mut self, graph: &mut Graph, roots: &[ExprId]) -> Vec<ExprId> {
        if self.form == Form::Raw {
            return roots.to_vec();
        }
        graph.use_symmetry();
        simplify_matrices(&mut self.windows, graph, self.formulas, roots, self.form.goal(), &self.facts)
    }
}

fn first_derivatives(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    value: ExprId,
    leaves: &[ExprId],
    form: Form,
) -> Result<Vec<Derivative>, Diagnostic> {
    if graph.extents(value).is_scalar() {
        let gradients = diff::gradient(differentiator, graph, value, leaves)?;
        return Ok(gradients.into_iter().map(Derivative::Matrix).collect());
    }
    leaves.iter().map(|leaf| jacobian(differentiator, graph, value, *leaf, form)).collect()
}

/// Forms the Jacobian of a vector: the derivative along a direction, from which the direction is taken out.
fn jacobian(
    differentiator: &mut Differentiator,
    graph: &mut Graph,
    value: ExprId,
    leaf: ExprId,
    form: Form,
) -> Result<Derivative, Diagnostic> {
    let extents = graph.extents(leaf);
    let name = match graph.node(leaf) {
        Node::Input(index) => format!("d{}", graph.inputs()[*index as usize].parameter),
        _ => "d".to_string(),
    };
    let direction = match extents.is_scalar() {
        true => graph.integer(1),
        false => graph.add_matrix_input(&name, extents.clone()),
    };
    // A symmetric matrix changes by symmetric ones.
    if graph.is_declared_symmetric(leaf) {
        graph.declare_symmetric(direction);
    }
    if let Some(rows) = graph.rows_of_tensor(leaf).cloned() {
        graph.declare_tensor(direction, rows);
    }
    let along = diff::directional(differentiator, graph, &[value], &[(leaf, direction)])?[0];
    let along = canonicalize(graph, &mut Formulas::default(), &[along], Grouping::of_entries(form.goal()))[0];
    if extents.is_scalar() {
        return Ok(Derivative::Matrix(along));
    }
    let shaped = extents.is_column() && graph.extents(value).is_column();
    let matrix = if shaped { diff::without_direction(graph, along, direction) } else { None };
    Ok(match matrix {
        Some(matrix) => {
            let wanted = Extents::new(graph.extents(value).rows, extents.rows);
            Derivative::Matrix(graph.spread(matrix, &wanted))
        }
        None => Derivative::Operator { direction, value: along },
    })
}
