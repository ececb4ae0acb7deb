//! Syntax tree to graph: names, arities and shapes are resolved, and every error is reported at once.
//!
//! Calls are inlined and sums over ranges of numbers are written out, so the graph of a function is its user's own, gate
//! by gate. Vectors and matrices are single nodes; where their dimensions are numbers, they are then written out in their
//! entries.

mod alike;
mod assumptions;
mod calls;
mod collective;
mod derivatives;
mod determinants;
mod dimensions;
mod ends;
mod few;
mod folds;
mod formula;
mod function;
mod gates;
mod indexing;
mod lowered;
mod machine;
mod matrices;
mod needed;
mod operators;
mod raise;
mod recurrences;
mod rows;
mod scalarize;
mod scope;
mod shape;
mod shares;
mod tensors;
mod terms;
mod undefined;
mod value;
mod whole;

pub use formula::Formulas;
pub use function::{Entries, Facts, Function, Parameter, Whole, WholeParameter};
pub use shape::Shape;
pub use undefined::Doubt;

use crate::error::{Diagnostic, Errors, Fault};
use crate::graph::{Comparison, Dimension, Graph, MatrixOperation, Rational};
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Ast, Item, Program};
use few::Few;
use folds::Ranges;
use lowered::{Header, Lowered};
use machine::Machine;
use value::Value;

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
                dimensions::declared(ast, &parameter.shape, &mut errors);
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
                errors.push(
                    Diagnostic::general(Fault::Declaration, message)
                        .hint("declare it in the definition: `f(x: vector[3]) = ...`"),
                );
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
            errors.push(Diagnostic::new(Fault::Repeated, name.span, message).label("already given before"));
        }
    }
}

/// What a function is lowered from.
struct Definition<'a> {
    ast: &'a Ast,
    items: &'a [(Item, Span)],
    name: Option<&'a ast::Name>,
    parameters: &'a [ast::Parameter],
    body: ast::NodeId,
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
    let definition = Definition { ast, items, name, parameters: declared, body };
    let lowered = definition.lower(errors)?;
    let few = Few::of(&lowered).into_iter().find_map(|few| definition.lower_for(few, &lowered));
    let header = Header {
        name: name.map(|name| name.text.clone()),
        documentation: documentation(source, ast, span),
        definition: source.slice(span).trim().trim_end_matches(';').to_string(),
        span: name.map_or(span, |name| name.span),
    };
    let has_arrays = lowered.graph.has_matrices();
    let function = lowered.function(header, few);
    let written_out = function.entries.as_ref().filter(|_| has_arrays);
    let undefined = |entries: &Entries| undefined::written_out(&entries.graph, &entries.outputs, ast.span(body));
    match written_out.and_then(undefined) {
        Some(diagnostic) => {
            errors.push(diagnostic);
            None
        }
        None => Some(function),
    }
}

impl Definition<'_> {
    /// Lowers to a graph of numbers and whole vectors and matrices.
    fn lower(&self, errors: &mut Vec<Diagnostic>) -> Option<Lowered> {
        let (mut of_loops, mut of_terms) = (Vec::new(), Vec::new());
        if let Some(lowered) = self.lower_at(None, Ranges::Loops, &mut of_loops) {
            return Some(lowered);
        }
        // What can't be done in a loop is written out.
        let lowered = self.lower_at(None, Ranges::WrittenOut, &mut of_terms);
        // What is wrong with each term is said once of a loop.
        let is_too_long = of_terms.iter().any(|diagnostic| diagnostic.fault == Fault::TooLarge);
        let is_said_once = of_loops.len() < of_terms.len();
        errors.append(if is_too_long || is_said_once { &mut of_loops } else { &mut of_terms });
        lowered
    }

    /// Lowers once more for few sizes; none if the function is not defined for them, or for others, too.
    fn lower_for(&self, few: Few, lowered: &Lowered) -> Option<Whole> {
        let mut errors = Vec::new();
        let own = self.lower_at(Some(few.clone()), Ranges::Loops, &mut errors).filter(|_| errors.is_empty())?;
        let more: Vec<&Dimension> = lowered.needed.iter().filter(|dimension| !own.needed.contains(dimension)).collect();
        (!more.is_empty() && few.are_all_without(&more)).then(|| own.whole())
    }

    fn lower_at(&self, few: Option<Few>, ranges: Ranges, errors: &mut Vec<Diagnostic>) -> Option<Lowered> {
        let before = errors.len();
        let shapes: Vec<_> = self.parameters.iter().map(|p| dimensions::declared(self.ast, &p.shape, errors)).collect();
        let facts: Vec<Facts> =
            self.parameters.iter().map(|parameter| parameter_facts(self.ast, parameter, errors)).collect();
        let index_ranges: Vec<Option<(Dimension, Dimension)>> =
            self.parameters.iter().map(|p| dimensions::declared_range(self.ast, p, errors)).collect();
        if errors.len() > before {
            return None;
        }
        let mut graph = Graph::new();
        let mut formulas = Formulas::default();
        let mut parameters = Vec::new();
        let mut bindings = Vec::new();
        let mut sizes: Vec<String> = Vec::new();
        for (((parameter, shape), facts), range) in self.parameters.iter().zip(&shapes).zip(&facts).zip(index_ranges) {
            let declared = shape.as_ref()?;
            let shape = declared.shape.clone();
            let name = parameter.name.text.clone();
            let id = graph.add_matrix_input(&name, shape.extents());
            if declared.symmetric {
                graph.declare_symmetric(id);
            }
            if let Shape::Tensor(_, rows, _) = &shape {
                graph.declare_tensor(id, rows.clone());
            }
            let value = match (&range, &shape) {
                (Some(_), Shape::Vector(_)) => Value::Indices(id),
                _ => declared.value(id),
            };
            bindings.push((name.clone(), value));
            let ends = range.iter().flat_map(|(from, to)| [from, to]);
            for dimension in shape.sizes().into_iter().chain(ends) {
                for name in dimension.names() {
                    if !sizes.iter().any(|own| own == name) {
                        sizes.push(name.to_string());
                    }
                }
            }
            parameters.push(WholeParameter { name, id, shape, facts: facts.clone(), range });
        }
        for parameter in self.parameters.iter().filter(|parameter| sizes.contains(&parameter.name.text)) {
            let message = format!("`{}` is a parameter and a dimension", parameter.name.text);
            let diagnostic = Diagnostic::new(Fault::Repeated, parameter.name.span, message);
            errors
                .push(diagnostic.hint("a dimension's name stands for its size; leave the parameter out, or rename it"));
        }
        for name in &sizes {
            let size = graph.matrix(MatrixOperation::Size(Dimension::name(name)), &[]);
            bindings.push((name.clone(), Value::Scalar(size)));
        }
        let mut machine = Machine::new(self.ast, self.items, &mut graph, &mut formulas, self.name.is_none());
        machine.expect_ranges(ranges);
        if let Some(few) = few {
            machine.expect_few(few);
        }
        for parameter in &parameters {
            if let Some(range) = &parameter.range {
                machine.expect_index(parameter.id, range.clone());
            }
        }
        let value = machine.run(self.name.map(|name| name.text.as_str()), self.body, bindings);
        machine.require_defined_value(&value);
        let mut names = machine.let_names();
        names.retain(|(name, _)| !sizes.contains(name));
        let (doubts, is_closed) = (machine.doubts(), machine.has_long_ranges || !machine.picks_entries());
        let lengths = shapes.iter().flatten().flat_map(|declared| declared.shape.sizes());
        let mut needed: Vec<Dimension> = lengths.cloned().chain(machine.needed()).collect();
        needed.retain(Dimension::may_be_negative);
        needed.dedup();
        let uncertain = machine.uncertain();
        let (free, found) = machine.finish();
        errors.extend(found);
        for (name, id) in free {
            parameters.push(WholeParameter { name, id, shape: Shape::Scalar, facts: Facts::default(), range: None });
        }
        if matches!(value, Value::Condition(_)) {
            errors.push(self.not_a_number());
        }
        if let Value::States(_) | Value::Tensor(..) = value {
            errors.extend(gates::node(&value, self.ast.span(self.body)).err());
        }
        if value == Value::Poison && errors.len() == before {
            let diagnostic = Diagnostic::new(Fault::Symbolic, self.ast.span(self.body), "this has no value");
            errors.push(diagnostic.hint("this is a fault of gradc; please report the program"));
        }
        let output = value.node().filter(|_| errors.len() == before)?;
        let names = names.into_iter().filter_map(|(name, value)| Some((name, value.node()?))).collect();
        Some(Lowered { graph, output, parameters, names, sizes, needed, doubts, is_closed, uncertain })
    }

    fn not_a_number(&self) -> Diagnostic {
        let diagnostic =
            Diagnostic::new(Fault::Condition, self.ast.span(self.body), "this is a condition, not a number");
        diagnostic.hint("choose a number by it: `if(x > 0, 1, 0)`")
    }
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
            errors.push(Diagnostic::new(Fault::Fact, span, message).label("not a number"));
            None
        }
    };
    match &parameter.fact {
        None | Some(ast::Fact::Range(..)) => {}
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
                    errors.push(Diagnostic::new(Fault::Fact, parameter.name.span, message).hint(hint));
                }
            }
        }
    }
    facts
}
