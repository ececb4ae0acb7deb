//! What functions compute, and where it is written to.

use super::rows::{RowLoop, RowOutput};
use super::{Signature, array_or_slice, check, has_length};
use crate::emit::module::Module;
use crate::emit::names::Names;
use crate::emit::placeholders::Placeholders;
use crate::graph::{ExprId, Extents, Graph};
use crate::lower::{Shape, Whole};
use crate::program::{Expression, Language, Parameter, Statement, Type};

/// Where results go.
pub(super) struct Targets {
    pub roots: Vec<ExprId>,
    /// A placeholder for what each root is written to; none for a number that is returned.
    pub targets: Vec<Option<String>>,
    /// Loops over rows, which know where they write.
    pub rows: Vec<RowLoop>,
    pub placeholders: Placeholders,
}

/// What a function computes.
#[derive(Clone)]
pub(super) struct Results {
    /// Numbers, which are returned, and matrices, with the names of the slices that they are written to.
    pub values: Vec<(String, ExprId)>,
    /// Matrices, with the names of the slices that they are written to.
    pub slices: Vec<(String, ExprId)>,
    /// What is written to the fields of a type.
    pub derivatives: Vec<Outputs>,
}

impl Results {
    /// Returns the same with other roots, those of values first.
    pub fn with_roots(&self, roots: &[ExprId]) -> Self {
        let mut results = self.clone();
        let values = results.values.iter_mut().chain(&mut results.slices).map(|(_, root)| root);
        let matrices = results.derivatives.iter_mut().flat_map(|outputs| &mut outputs.matrices);
        let own = values.chain(matrices.map(|(_, derived)| &mut derived.root));
        own.zip(roots).for_each(|(own, root)| *own = *root);
        results
    }

    pub fn value(root: ExprId) -> Self {
        Results { values: vec![("value".to_string(), root)], slices: Vec::new(), derivatives: Vec::new() }
    }
}

/// An argument of a type that derivatives are written to, and what is written to its fields.
#[derive(Clone)]
pub(super) struct Outputs {
    pub argument: String,
    pub type_name: String,
    /// Fields for derivatives that are matrices.
    pub matrices: Vec<(String, Derived)>,
    /// Loops over the rows of the others.
    pub rows: Vec<RowLoop>,
}

impl Outputs {
    pub fn new(
        argument: &str,
        type_name: &str,
        (signature, language): (&Signature, &'static dyn Language),
        derived: Vec<Derived>,
        mut rows: Vec<RowLoop>,
    ) -> Self {
        let mut names = Names::of(language);
        let mut field = |by: &[usize]| {
            let names_of: Vec<&str> = by.iter().map(|at| language.word(&signature.fields[*at])).collect();
            names.claim(&names_of.join("_"))
        };
        let matrices = derived.into_iter().map(|derived| (field(&derived.by), derived)).collect();
        rows.iter_mut().flat_map(|group| &mut group.outputs).for_each(|output| output.field = field(&output.by));
        Outputs { argument: argument.to_string(), type_name: type_name.to_string(), matrices, rows }
    }
}

/// A derivative that is a matrix.
#[derive(Clone)]
pub(super) struct Derived {
    /// The parameters that it is by.
    pub by: Vec<usize>,
    /// Its expression.
    pub root: ExprId,
}

/// Tells whether the derivative by these parameters is a number, not an array of one.
pub(super) fn is_number(whole: &Whole, by: &[usize]) -> bool {
    whole.shape == Shape::Scalar && by.iter().all(|at| whole.parameters[*at].shape == Shape::Scalar)
}

/// Describes the shape of the derivative by these parameters: that by a tensor has the shape of the tensor.
pub(super) fn shape_by(whole: &Whole, by: &[usize], extents: &Extents) -> String {
    match by {
        [only] if whole.shape == Shape::Scalar && matches!(whole.parameters[*only].shape, Shape::Tensor(..)) => {
            whole.parameters[*only].shape.to_string()
        }
        _ => extents.to_string(),
    }
}

/// A function's parameters and what comes before it computes anything.
pub(super) struct Prepared {
    /// `n: usize` and `x: &[f64]`.
    pub parameters: Vec<Parameter>,
    /// Checks of the lengths of slices.
    pub checks: Vec<Statement>,
    /// What is written to, in alphabetical order.
    pub written: Vec<String>,
    /// Statements that name what is read and written.
    pub opening: Vec<Statement>,
    pub targets: Targets,
}

impl Module<'_> {
    /// Names what results are written to.
    pub(super) fn interface(&self, signature: &Signature, whole: &Whole, given: &Graph, results: Results) -> Prepared {
        let float = Type::Float(self.options.scalar);
        let mut placeholders = Placeholders::default();
        let mut roots: Vec<ExprId> = Vec::new();
        let mut targets = Vec::new();
        let mut parameters = signature.parameters.clone();
        let mut checks = signature.checks.clone();
        let mut opening = signature.opening.clone();
        let mut written = Vec::new();
        let values = results.values.into_iter().map(|value| (value, whole.shape == Shape::Scalar));
        let slices = results.slices.into_iter().map(|slice| (slice, false));
        for ((argument, root), is_returned) in values.chain(slices) {
            let extents = given.extents(root);
            written.push(format!("{argument}: {extents}"));
            roots.push(root);
            if is_returned {
                targets.push(None);
                continue;
            }
            let kind = match signature.sizes.is_empty() {
                true => array_or_slice(&extents, float.clone()),
                false => float.clone().slice(),
            };
            parameters.push(Parameter::new(&argument, kind.mutable()));
            checks.push(check(&argument, &argument, &extents, &signature.sizes));
            if extents.is_scalar() {
                opening.push(Statement::name(&argument, Expression::from(&argument).at(0).mutable()));
            }
            targets.push(Some(placeholders.stand_for(argument)));
        }
        let mut rows = Vec::new();
        for Outputs { argument, type_name, matrices, rows: of_argument } in results.derivatives {
            parameters.push(Parameter::new(&argument, Type::Places(type_name).mutable()));
            let outputs = of_argument.iter().flat_map(|group| &group.outputs).map(|output| &output.field);
            let fields = matrices.iter().map(|(field, _)| field).chain(outputs);
            written.extend(fields.map(|field| format!("{argument}.{field}")));
            rows.extend(of_argument);
            for (field, Derived { root, by }) in matrices {
                let extents = given.extents(root);
                roots.push(root);
                let local = format!("{}{}_{}", signature.stem, &argument[..1], self.language.word(&field));
                let place = format!("{argument}.{field}");
                let is_number = is_number(whole, &by);
                let written_to = match extents.is_scalar() && !is_number {
                    true => Expression::from(&place).at(0),
                    false => Expression::from(&place).dereference(),
                };
                opening.push(Statement::name(&local, written_to.mutable()));
                if !is_number {
                    let shape = shape_by(whole, &by, &extents);
                    checks.push(match extents.is_scalar() {
                        true => check(&place, &place, &extents, &signature.sizes),
                        false => has_length(&place, &extents, &signature.sizes, &format!("`{place}` is a {shape}")),
                    });
                }
                targets.push(Some(placeholders.stand_for(local)));
            }
        }
        for group in &mut rows {
            checks.extend(group.checks(given, signature, self.language));
            let place =
                |output: &RowOutput| Expression::from(format!("derivatives.{}", output.field)).dereference().mutable();
            opening.extend(group.opening((&signature.stem, self.language), &mut placeholders, place));
        }
        let targets = Targets { roots, targets, rows, placeholders };
        written.sort_unstable();
        Prepared { parameters, checks, written, opening, targets }
    }
}
