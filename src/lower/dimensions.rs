//! Declared shapes: dimensions that are numbers, names, and sums of both.

use super::shape::Shape;
use super::value::{Rank, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Dimension, ExprId, Extents, Rational, factors};
use crate::syntax::ast::{self, Ast, BinaryOperator as B, Expression as E, Type};

/// A declared shape.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// The shape.
    pub shape: Shape<Dimension>,
    /// Whether it is that of a symmetric matrix.
    pub symmetric: bool,
}

impl Declared {
    /// Returns a value of this shape.
    pub fn value(&self, id: ExprId) -> Value {
        match &self.shape {
            Shape::Scalar => Value::Scalar(id),
            Shape::Vector(_) => Value::Array(id, Rank::Vector),
            Shape::Matrix(..) => Value::Array(id, Rank::Matrix),
            Shape::Tensor(matrices, rows, _) => Value::Tensor(id, [matrices.clone(), rows.clone()]),
        }
    }
}

/// Reads a declared shape, reporting what is no dimension.
pub(super) fn declared(ast: &Ast, declared: &Type, errors: &mut Vec<Diagnostic>) -> Option<Declared> {
    let mut read = |id: ast::NodeId| match dimension(ast, id) {
        Ok(dimension) if dimension.as_number().is_none_or(|n| n >= 0) => Some(dimension),
        _ => {
            let diagnostic =
                Diagnostic::new(Fault::Dimension, ast.span(id), "a dimension is a whole number, 0 or more, or a name");
            errors.push(diagnostic.hint("such as `vector[3]`, `vector[n]` or `vector[n - 1]`"));
            None
        }
    };
    let symmetric = matches!(declared, Type::Symmetric(_) | Type::PositiveDefinite(_));
    let shape = match declared {
        Type::Scalar | Type::Index(None) => Shape::Scalar,
        Type::Vector(n) | Type::Index(Some(n)) => Shape::Vector(read(*n)?),
        Type::Matrix(n, m) => {
            let (rows, columns) = (read(*n), read(*m));
            Shape::Matrix(rows?, columns?)
        }
        Type::Tensor(n, m, k) => {
            let (matrices, rows, columns) = (read(*n), read(*m), read(*k));
            Shape::Tensor(matrices?, rows?, columns?)
        }
        Type::Symmetric(n) | Type::PositiveDefinite(n) => {
            let n = read(*n)?;
            Shape::Matrix(n.clone(), n)
        }
    };
    Some(Declared { shape, symmetric })
}

/// Reads the range of whole numbers that a parameter is declared to be of, reporting what is none: none for a parameter that
/// picks no entries.
pub(super) fn declared_range(
    ast: &Ast,
    parameter: &ast::Parameter,
    errors: &mut Vec<Diagnostic>,
) -> Option<(Dimension, Dimension)> {
    let name = &parameter.name;
    let mut wrong = |message: String| {
        let diagnostic = Diagnostic::new(Fault::Fact, name.span, message);
        errors.push(diagnostic.hint("declare it so: `k: index[m] in 0..n`"));
        None
    };
    match (&parameter.shape, &parameter.fact) {
        (Type::Index(_), Some(ast::Fact::Range(from, to))) => match (dimension(ast, *from), dimension(ast, *to)) {
            (Ok(from), Ok(to)) => Some((from, to)),
            _ => wrong(format!("the range of `{}` is not made of whole numbers and dimensions", name.text)),
        },
        (Type::Index(_), _) => wrong(format!("`{}` picks entries, and its range is not given", name.text)),
        (_, Some(ast::Fact::Range(..))) => {
            wrong(format!("`{}` is no index, and has no range of whole numbers", name.text))
        }
        _ => None,
    }
}

/// Reads a dimension.
fn dimension(ast: &Ast, id: ast::NodeId) -> Result<Dimension, ()> {
    match ast.get(id) {
        E::Number(text) => {
            let value = Rational::parse(text).and_then(|value| value.to_integer());
            value.map(Dimension::number).ok_or(())
        }
        E::Name(name) => Ok(Dimension::name(name)),
        E::Unary(ast::UnaryOperator::Negate, a) => match ast.get(*a) {
            E::Number(_) => Ok(dimension(ast, *a)?.times(-1)),
            _ => Err(()),
        },
        E::Binary(operator, a, b) if is_small(ast, *a, 32) && is_small(ast, *b, 32) => {
            let (a, b) = (dimension(ast, *a)?, dimension(ast, *b)?);
            match (operator, a.as_number(), b.as_number()) {
                (B::Add, ..) => Ok(a.plus(&b, 1)),
                (B::Subtract, ..) => Ok(a.plus(&b, -1)),
                (B::Multiply, ..) => Ok(a.product(&b)),
                _ => Err(()),
            }
        }
        _ => Err(()),
    }
}

/// Tells whether an expression is nested at most `depth` deep.
fn is_small(ast: &Ast, id: ast::NodeId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let mut small = true;
    ast.get(id).for_each_child(|child| small &= is_small(ast, child, depth));
    small
}

/// The value that each dimension's name has in a call, from the extents of the arguments.
#[derive(Default)]
pub(super) struct Matching {
    names: Vec<(String, Dimension)>,
}

impl Matching {
    /// Matches a parameter's declared extents with an argument's; tells whether they agree.
    pub fn matches(&mut self, wanted: &Extents, given: &Extents) -> bool {
        self.agrees(&wanted.rows, &given.rows) && self.agrees(&wanted.columns, &given.columns)
    }

    /// Matches how many matrices a tensor has, and how many rows each of them.
    pub fn layers_match(&mut self, wanted: [&Dimension; 2], given: &[Dimension; 2]) -> bool {
        wanted.into_iter().zip(given).all(|(wanted, given)| self.agrees(wanted, given))
    }

    /// Returns the names with their dimensions.
    pub fn names(&self) -> &[(String, Dimension)] {
        &self.names
    }

    fn agrees(&mut self, wanted: &Dimension, given: &Dimension) -> bool {
        if let Some((name, 1)) = wanted.only_name()
            && !self.names.iter().any(|(own, _)| own == name)
        {
            let value = given.plus(&Dimension::number(wanted.constant()), -1);
            self.names.push((name.to_string(), value));
            return true;
        }
        let known = |name: &str| self.names.iter().find(|(own, _)| own == name).map(|(_, known)| known);
        let mut value = Dimension::number(wanted.constant());
        for (term, count) in wanted.terms() {
            let product =
                factors(term).try_fold(Dimension::number(1), |product, name| Some(product.product(known(name)?)));
            let Some(product) = product else { return true };
            value = value.plus(&product, count);
        }
        value == *given
    }
}
