//! Syntax tree to graph: names, arities and shapes are resolved, and every error is reported at once.
//!
//! Calls are inlined and sums over ranges are written out, so the graph of a function is its user's own, gate by gate.
//! Vectors and matrices of fixed size are arrays of scalar nodes.

mod calls;
mod collective;
mod derivatives;
mod folds;
mod formula;
mod gates;
mod indexing;
mod machine;
mod value;

pub use formula::Formulas;
pub use value::Shape;

use crate::error::{Diagnostic, Errors};
use crate::graph::{Comparison, ExprId, Graph, Input, Rational};
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Ast, Item, Program};
use machine::Machine;
use std::ops::Range;
use value::Value;

/// Most entries that the parameters of one function may have together.
const INPUT_LIMIT: usize = 1_000_000;

/// What is known of a parameter's values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Greatest known lower bound, and whether the bound itself is excluded.
    pub low: Option<(Rational, bool)>,
    /// Least known upper bound, and whether the bound itself is excluded.
    pub high: Option<(Rational, bool)>,
    /// The value is not 0.
    pub non_zero: bool,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What was declared about it.
    pub facts: Facts,
    /// Its entries among the graph's inputs, row by row.
    pub inputs: Range<usize>,
}

/// A function, lowered.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; none for a bare expression.
    pub name: Option<String>,
    /// Its `///` comments, a line each.
    pub documentation: Vec<String>,
    /// Its definition as it is written in the source.
    pub definition: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The graph as written; inputs are the parameters' entries in order.
    pub graph: Graph,
    /// The nodes of its value, row by row.
    pub outputs: Vec<ExprId>,
    /// The shape of its value.
    pub shape: Shape,
}

impl Function {
    /// Returns the name to print for the function's value: its own, or `f` for a bare expression.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("f")
    }

    /// Finds a parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Returns the input nodes of the given parameter entries.
    pub fn input_nodes(&mut self, inputs: Range<usize>) -> Vec<ExprId> {
        inputs.map(|input| self.graph.intern(crate::graph::Node::Input(input as u32))).collect()
    }
}

/// A parameter declared outside the source: the source of its declaration, such as `W: matrix[2, 3]` or `x > 0`.
pub type Declaration = Source;

/// Lowers every function of a program. The free names of a bare expression become scalar parameters in order of
/// appearance, after the declared ones.
///
/// # Errors
/// All errors of the source: names, arities, shapes, recursion, and what the language has but this version lacks.
pub fn lower(
    source: &Source,
    ast: &mut Ast,
    program: &Program,
    declarations: &[Declaration],
) -> Result<Vec<Function>, Errors> {
    match program {
        Program::Expression(root) => {
            let mut parameters = Vec::new();
            for declaration in declarations {
                let parameter = crate::syntax::parse_parameter(ast, declaration)?;
                let mut errors = Vec::new();
                parameter_shape(ast, &parameter.shape, &mut errors);
                parameter_facts(ast, &parameter, &mut errors);
                if !errors.is_empty() {
                    return Err(Errors::new(declaration, errors));
                }
                parameters.push(parameter);
            }
            let mut errors = Vec::new();
            report_repeats(parameters.iter().map(|p| &p.name), "parameter", &mut errors);
            let span = Span::new(0, source.text.len());
            let function = lower_function(source, ast, &[], None, &parameters, *root, span, &mut errors);
            finish(source, errors, function.into_iter().collect())
        }
        Program::Items(items) => {
            let mut errors = Vec::new();
            if let Some(declaration) = declarations.first() {
                let message = format!("`{}` declares a parameter, but the source has definitions", declaration.text);
                errors.push(Diagnostic::general(message).hint("declare it in the definition: `f(x: vector[3]) = ...`"));
            }
            report_repeats(items.iter().map(|(item, _)| item.name()), "definition", &mut errors);
            let mut functions = Vec::new();
            for (item, span) in items {
                match item {
                    Item::Function { name, parameters, body } => {
                        report_repeats(parameters.iter().map(|p| &p.name), "parameter", &mut errors);
                        let lowered =
                            lower_function(source, ast, items, Some(name), parameters, *body, *span, &mut errors);
                        functions.extend(lowered);
                    }
                    Item::Constant { name, value } => {
                        lower_function(source, ast, items, Some(name), &[], *value, *span, &mut errors);
                    }
                }
            }
            finish(source, errors, functions)
        }
    }
}

fn finish(source: &Source, errors: Vec<Diagnostic>, functions: Vec<Function>) -> Result<Vec<Function>, Errors> {
    if errors.is_empty() { Ok(functions) } else { Err(Errors::new(source, errors)) }
}

fn report_repeats<'n>(names: impl Iterator<Item = &'n ast::Name>, what: &str, errors: &mut Vec<Diagnostic>) {
    let mut seen: indexmap::IndexSet<&str> = indexmap::IndexSet::new();
    for name in names {
        if !seen.insert(&name.text) {
            let message = format!("the {what} `{}` is given twice", name.text);
            errors.push(Diagnostic::new(name.span, message).label("already given before"));
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn lower_function(
    source: &Source,
    ast: &Ast,
    items: &[(Item, Span)],
    name: Option<&ast::Name>,
    declared: &[ast::Parameter],
    body: ast::NodeId,
    span: Span,
    errors: &mut Vec<Diagnostic>,
) -> Option<Function> {
    let before = errors.len();
    let mut graph = Graph::new();
    let mut formulas = Formulas::default();
    let mut parameters = Vec::new();
    let mut bindings = Vec::new();
    for parameter in declared {
        let Some(shape) = parameter_shape(ast, &parameter.shape, errors) else {
            bindings.push((parameter.name.text.clone(), Value::Poison));
            continue;
        };
        let first = graph.inputs().len();
        if first + shape.entries() > INPUT_LIMIT {
            let message = format!("`{}` has too many entries", parameter.name.text);
            errors.push(Diagnostic::new(parameter.name.span, message).hint("at most 1,000,000 entries of fixed size"));
            return None;
        }
        let entries: Vec<ExprId> = shape
            .places()
            .map(|place| graph.add_input(Input { parameter: parameter.name.text.clone(), place }))
            .collect();
        bindings.push((parameter.name.text.clone(), Value::from_entries(shape, entries)));
        parameters.push(Parameter {
            name: parameter.name.text.clone(),
            shape,
            facts: parameter_facts(ast, parameter, errors),
            inputs: first..first + shape.entries(),
        });
    }
    let mut machine = Machine::new(ast, items, &mut graph, &mut formulas, name.is_none());
    let value = machine.run(name.map(|name| name.text.as_str()), body, bindings);
    let (new_parameters, found) = machine.finish();
    errors.extend(found);
    parameters.extend(new_parameters);
    let (shape, outputs) = match value {
        Value::Poison => return None,
        Value::Condition(_) => {
            let diagnostic = Diagnostic::new(ast.span(body), "this is a condition, not a number");
            errors.push(diagnostic.hint("choose a number by it: `if(x > 0, 1, 0)`"));
            return None;
        }
        Value::Scalar(id) => (Shape::Scalar, vec![id]),
        Value::Array(shape, entries) => (shape, entries.to_vec()),
    };
    (errors.len() == before).then(|| Function {
        name: name.map(|name| name.text.clone()),
        documentation: documentation(source, ast, span),
        definition: source.slice(span).trim().trim_end_matches(';').to_string(),
        parameters,
        graph,
        outputs,
        shape,
    })
}

/// Collects the `///` lines that stand directly before a definition.
fn documentation(source: &Source, ast: &Ast, span: Span) -> Vec<String> {
    let mut lines = Vec::new();
    let mut end = span.start;
    for comment in ast.comments.iter().rev().filter(|comment| comment.span.end <= span.start) {
        let between = source.slice(Span::new(comment.span.end, end));
        let Some(text) = comment.text.strip_prefix("///").filter(|_| between.trim().is_empty()) else {
            break;
        };
        lines.push(text.strip_prefix(' ').unwrap_or(text).to_string());
        end = comment.span.start;
    }
    lines.reverse();
    lines
}

fn parameter_shape(ast: &Ast, declared: &ast::Type, errors: &mut Vec<Diagnostic>) -> Option<Shape> {
    let mut dimension = |id: ast::NodeId| match constant(ast, id) {
        Ok(value) => match value.to_integer().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => Some(n),
            None => {
                errors.push(Diagnostic::new(ast.span(id), "a dimension is a whole number, 0 or more"));
                None
            }
        },
        Err(span) => {
            let diagnostic = Diagnostic::new(span, "symbolic dimensions are not supported yet");
            errors.push(diagnostic.label("not a number").hint("give the size as a number: `x: vector[3]`"));
            None
        }
    };
    match declared {
        ast::Type::Scalar => Some(Shape::Scalar),
        ast::Type::Vector(n) => Some(Shape::Vector(dimension(*n)?)),
        ast::Type::Matrix(n, m) => {
            let (rows, columns) = (dimension(*n), dimension(*m));
            Some(Shape::Matrix(rows?, columns?))
        }
        ast::Type::Symmetric(n) | ast::Type::PositiveDefinite(n) => {
            let diagnostic = Diagnostic::new(ast.span(*n), "symmetric matrices are not supported yet");
            errors.push(diagnostic.hint("declare a general matrix: `S: matrix[2, 2]`"));
            None
        }
    }
}

/// Evaluates an expression of numbers alone; the error is the place of the first other thing.
fn constant(ast: &Ast, root: ast::NodeId) -> Result<Rational, Span> {
    use ast::{BinaryOperator as B, Expression as E, UnaryOperator as U};
    match ast.get(root) {
        E::Number(text) => Rational::parse(text).ok_or(ast.span(root)),
        E::Unary(U::Negate, a) if matches!(ast.get(*a), E::Number(_)) => Ok(constant(ast, *a)?.negate()),
        E::Binary(operator, a, b)
            if [a, b].iter().all(|side| matches!(ast.get(**side), E::Number(_) | E::Unary(U::Negate, _))) =>
        {
            let (x, y) = (constant(ast, *a)?, constant(ast, *b)?);
            match operator {
                B::Add => Some(x.add(&y)),
                B::Subtract => Some(x.add(&y.negate())),
                B::Multiply => Some(x.multiply(&y)),
                B::Divide => x.divide(&y),
                B::Power => x.power(&y),
                _ => None,
            }
            .ok_or(ast.span(root))
        }
        _ => Err(ast.span(root)),
    }
}

fn parameter_facts(ast: &Ast, parameter: &ast::Parameter, errors: &mut Vec<Diagnostic>) -> Facts {
    let mut facts = Facts::default();
    let mut bound = |id: ast::NodeId| match constant(ast, id) {
        Ok(value) => Some(value),
        Err(span) => {
            let message = format!("a fact about `{}` compares it with a number", parameter.name.text);
            errors.push(Diagnostic::new(span, message).label("not a number"));
            None
        }
    };
    match &parameter.fact {
        None => {}
        Some(ast::Fact::Within(low, high)) => {
            facts.low = bound(*low).map(|value| (value, false));
            facts.high = bound(*high).map(|value| (value, false));
        }
        Some(ast::Fact::Compare(operator, value)) => {
            let Some(value) = bound(*value) else {
                return facts;
            };
            match Comparison::from_operator(*operator) {
                Some(Comparison::Greater) => facts.low = Some((value, true)),
                Some(Comparison::GreaterEqual) => facts.low = Some((value, false)),
                Some(Comparison::Less) => facts.high = Some((value, true)),
                Some(Comparison::LessEqual) => facts.high = Some((value, false)),
                Some(Comparison::NotEqual) if value.is_zero() => facts.non_zero = true,
                _ => {
                    let message = format!("this says nothing useful about `{}`", parameter.name.text);
                    let hint = "facts are `x > 0`, `x >= 0`, `x < 1`, `x != 0` and `x in [0, 1]`";
                    errors.push(Diagnostic::new(parameter.name.span, message).hint(hint));
                }
            }
        }
    }
    facts
}
