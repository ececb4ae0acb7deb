//! Functions whose dimensions are all numbers: arrays in, arrays and structures of arrays out, by value. Inside are the
//! loops of functions over named dimensions; results, and what is kept on the way, are arrays on the stack.

use super::formed::Formed;
use super::loops::after;
use super::rows::RowOutput;
use super::{RowLoop, Signature, Targets, shapes, temporaries};
use crate::derive::{Derivative, Order, Product, derive_closed, derive_closed_product};
use crate::emit::asked::{Asked, at_function, kept_whole, passes_by_value, too_large};
use crate::emit::documentation::{computes, computes_product, derivative, introduction};
use crate::emit::formulas;
use crate::emit::module::{Heading, Kind, LARGEST_BY_ENTRIES, Module};
use crate::emit::names::Names;
use crate::emit::placeholders::Placeholders;
use crate::emit::products::PRODUCTS;
use crate::emit::shaped::{self, array, sizes, zeros};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, Sizes};
use crate::limits::NUMBERS_BY_VALUE;
use crate::lower::{Function, Shape, Whole, WholeParameter};
use crate::program::{Expression, Role, Statement, Type};

/// What results are called while they are computed, beside what bodies use for themselves.
pub(super) const RESULTS: &[&str] = &["results"];

/// Returns the type of a parameter of fixed size, and what is read of it: a slice, or a number if it is an array of one.
pub(super) fn passed(parameter: &WholeParameter, name: &str, entry: Type) -> Option<(Type, Option<Expression>)> {
    let shape = parameter.shape.evaluate(&Sizes::new())?;
    let whole = Expression::from(name);
    let flattened = |slice: Expression| slice.method("as_flattened", []);
    let read = match shape {
        Shape::Scalar => return Some((entry, None)),
        Shape::Vector(1) => whole.at(0),
        Shape::Matrix(1, 1) => whole.at(0).at(0),
        Shape::Tensor(1, 1, 1) => whole.at(0).at(0).at(0),
        Shape::Vector(_) => whole.at(Expression::Range(None, None)).reference(),
        Shape::Matrix(..) => flattened(whole),
        Shape::Tensor(..) => flattened(flattened(whole)),
    };
    Some((shaped::passed(shape, entry), Some(read)))
}

/// A function with its shapes.
struct Fixed<'a> {
    function: &'a Function,
    whole: &'a Whole,
    signature: Signature,
    /// The parameters' shapes.
    parameters: Vec<Shape>,
    value: Shape,
    /// The fields of structures, by parameter.
    fields: Vec<String>,
    /// The parameters that are derived by.
    by: Vec<usize>,
}

impl Fixed<'_> {
    fn entries(&self, parameter: usize) -> usize {
        self.parameters[parameter].entries()
    }
}

/// Something that a function returns.
struct Returned {
    /// What it is called in the documentation.
    name: &'static str,
    /// Its type.
    kind: Type,
    /// What it is before it is computed.
    zeros: Expression,
    /// What the roots are written to.
    parts: Vec<Part>,
    /// Declarations of arrays beside it.
    beside: Vec<Statement>,
    /// What is done when all loops are done.
    after: Vec<Statement>,
}

/// A number or an array that a root is written to.
struct Part {
    /// The end of the name that it is written to by.
    label: String,
    /// Where it is: what comes after the name of the result, or an array beside that.
    place: Place,
    /// How many indices the array has.
    depth: usize,
    source: Source,
}

enum Place {
    Field(String),
    Beside(String),
}

/// What is written to an array.
#[derive(Clone)]
enum Source {
    Root(ExprId),
    /// What the loop over rows computes for the derivative by these parameters.
    Rows(Vec<usize>),
}

impl Part {
    /// Writes the slice, or the number if the root is one, in the result of this name.
    fn target(&self, result: &str, graph: &Graph) -> Expression {
        let place = Expression::from(match &self.place {
            Place::Field(field) => format!("{result}{field}"),
            Place::Beside(array) => array.clone(),
        });
        let is_number = matches!(&self.source, Source::Root(root) if graph.extents(*root).is_scalar());
        match self.depth {
            depth if is_number => (0..depth).fold(place, |place, _| place.at(0)).mutable(),
            0 | 1 => place.at(Expression::Range(None, None)).mutable(),
            depth => (1..depth).fold(place, |place, _| place.method("as_flattened_mut", [])),
        }
    }
}

impl Returned {
    /// Returns the root of a number, which is computed last.
    fn number(&self) -> Option<ExprId> {
        match &self.parts[..] {
            [Part { depth: 0, place: Place::Field(field), source: Source::Root(root), .. }] if field.is_empty() => {
                Some(*root)
            }
            _ => None,
        }
    }
}

impl Module<'_> {
    /// Writes value and derivatives of a function whose dimensions are all numbers, and returns which it has; nothing if a
    /// derivative can only be written entry by entry.
    ///
    /// # Errors
    /// Derivatives without a rule, and functions that take, return or keep too many numbers.
    pub(in crate::emit) fn fixed_function(
        &mut self,
        function: &Function,
        whole: &Whole,
    ) -> Result<Option<Asked>, Diagnostic> {
        let sizes = Sizes::new();
        let parameters: Option<Vec<Shape>> =
            whole.parameters.iter().map(|parameter| parameter.shape.evaluate(&sizes)).collect();
        let (Some(parameters), Some(value)) = (parameters, whole.shape.evaluate(&sizes)) else { return Ok(None) };
        passes_by_value(function, parameters.iter().copied(), value)?;
        let by = self.derived_of(whole);
        let mut asked = Asked::new(self.options, value == Shape::Scalar, &value, by.is_empty());
        asked.leave_out_batches(kept_whole(LARGEST_BY_ENTRIES));
        asked.leave_out_large(function, value.entries(), by.iter().map(|at| parameters[*at].entries()).sum());
        let formed = self.formed(whole, &by, &mut asked, |formed| !formed.left_out.is_empty())?;
        if function.entries.is_some() && asked.lacks_symmetric() {
            return Ok(None);
        }
        let name = self.names.claim(function.display_name());
        let (signature, _) = self.whole_signature(name.clone(), whole);
        let mut names = Names::of(self.language);
        let fields = whole.parameters.iter().map(|parameter| names.claim(&parameter.name)).collect();
        let fixed = Fixed { function, whole, signature, parameters, value, fields, by };
        let closed = derive_closed(whole, &[], Order::Value, self.options.form)?;
        let mut documentation = introduction(function);
        documentation.extend(shapes(whole));
        documentation.extend(asked.notes());
        let returned = vec![self.array("value", value, closed.value)];
        self.fixed_item(
            &fixed,
            &fixed.signature,
            whole,
            (&name, documentation),
            &closed.graph,
            (returned, Vec::new()),
        )?;
        let mut gradient = None;
        for own in formed {
            self.fixed_derivatives(&fixed, own, &mut gradient)?;
        }
        self.fixed_products(&fixed, &asked, gradient)?;
        self.sparse(function, whole, &fixed.by, &asked)?;
        Ok(Some(asked))
    }

    fn fixed_derivatives(
        &mut self,
        fixed: &Fixed<'_>,
        formed: Formed,
        gradient: &mut Option<String>,
    ) -> Result<(), Diagnostic> {
        let Formed { order, closed, derived, rows, .. } = formed;
        let (function, name) = (fixed.function, &fixed.signature.name);
        let (suffix, title) = derivative(order, fixed.value == Shape::Scalar);
        let value = if order == Order::Second { "Value, gradient" } else { "Value" };
        let mut documentation = computes(&format!("{value} and {title}"), name);
        documentation.extend(formulas::derivatives(fixed.whole, &fixed.by, order)?);
        documentation.extend(shapes(fixed.whole));
        let source = |by: &[usize]| match derived.iter().find(|derived| derived.by == by) {
            Some(derived) => Source::Root(derived.root),
            None => Source::Rows(by.to_vec()),
        };
        let mut returned = vec![self.array("value", fixed.value, closed.value)];
        if order == Order::Second {
            let type_name = match gradient.take() {
                Some(declared) => declared,
                None => self.fixed_structure(fixed, Kind::Gradient),
            };
            let sources = closed.first.iter().map(|derivative| Source::Root(derivative.expression())).collect();
            returned.push(self.filled(fixed, "gradient", &type_name, Kind::Gradient, sources));
            returned.push(self.hessian(fixed, source));
            *gradient = Some(type_name);
        } else {
            let kind = if fixed.value == Shape::Scalar { Kind::Gradient } else { Kind::Jacobian };
            let type_name = self.fixed_structure(fixed, kind);
            let sources = fixed.by.iter().map(|at| source(&[*at])).collect();
            returned.push(self.filled(fixed, "derivatives", &type_name, kind, sources));
            *gradient = (kind == Kind::Gradient).then_some(type_name);
        }
        let name = self.names.claim(&format!("{}_{suffix}", function.display_name()));
        let item = (name.as_str(), documentation);
        self.fixed_item(fixed, &fixed.signature, fixed.whole, item, &closed.graph, (returned, rows))
    }

    /// Writes the products that are asked for; `gradient` is the type of gradients, if there is one.
    fn fixed_products(
        &mut self,
        fixed: &Fixed<'_>,
        asked: &Asked,
        mut gradient: Option<String>,
    ) -> Result<(), Diagnostic> {
        for (_, product, suffix, words) in PRODUCTS.into_iter().filter(|(derive, ..)| asked.wants(*derive)) {
            let extended = product.with_matrices(fixed.whole, &fixed.by);
            let closed = derive_closed_product(product, &extended, &fixed.by, self.options.form)?;
            let sources = |list: &[Derivative]| list.iter().map(|root| Source::Root(root.expression())).collect();
            let returned = match product {
                Product::Jvp => vec![
                    self.array("value", fixed.value, closed.value),
                    self.array("tangent", fixed.value, closed.first[0].expression()),
                ],
                Product::Vjp => {
                    let type_name = self.fixed_structure(fixed, Kind::Cotangents);
                    vec![
                        self.array("value", fixed.value, closed.value),
                        self.filled(fixed, "derivatives", &type_name, Kind::Cotangents, sources(&closed.first)),
                    ]
                }
                Product::Hvp => {
                    let declared = gradient.take();
                    let type_name = declared.unwrap_or_else(|| self.fixed_structure(fixed, Kind::Gradient));
                    vec![
                        self.filled(fixed, "gradient", &type_name, Kind::Gradient, sources(&closed.first)),
                        self.filled(fixed, "product", &type_name, Kind::Gradient, sources(&closed.second)),
                    ]
                }
            };
            let name = self.names.claim(&format!("{}_{suffix}", fixed.function.display_name()));
            let mut documentation = computes_product(words, &fixed.signature.name);
            let label = |name: &str, part: &Part| match &part.place {
                Place::Field(field) => format!("{name}{field}"),
                Place::Beside(array) => array.clone(),
            };
            let labels = returned.iter().flat_map(|result| result.parts.iter().map(|part| label(result.name, part)));
            let labels = labels.skip(usize::from(product != Product::Hvp)).collect();
            documentation.extend(formulas::products(product, &extended, &fixed.by, labels)?);
            documentation.extend(shapes(&extended));
            let (own, _) = self.whole_signature(name.clone(), &extended);
            self.fixed_item(fixed, &own, &extended, (&name, documentation), &closed.graph, (returned, Vec::new()))?;
        }
        Ok(())
    }

    /// Declares a structure with a field for each parameter that is derived by.
    fn fixed_structure(&mut self, fixed: &Fixed<'_>, kind: Kind) -> String {
        let field =
            |at: &usize| (fixed.whole.parameters[*at].name.as_str(), fixed.fields[*at].as_str(), fixed.parameters[*at]);
        let fields: Vec<(&str, &str, Shape)> = fixed.by.iter().map(field).collect();
        let names = (fixed.function.display_name(), &*fixed.signature.name);
        self.structure(names, kind, fixed.value.entries(), &fields)
    }

    /// Returns a root as a number or an array.
    fn array(&self, name: &'static str, shape: Shape, root: ExprId) -> Returned {
        let (label, place) = (name[..1].to_string(), Place::Field(String::new()));
        Returned {
            name,
            kind: array(shape, Type::Float(self.options.scalar)),
            zeros: zeros(&sizes(shape)),
            parts: vec![Part { label, place, depth: shape.indices(), source: Source::Root(root) }],
            beside: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Returns a structure with a field for each parameter that is derived by.
    fn filled(
        &self,
        fixed: &Fixed<'_>,
        name: &'static str,
        type_name: &str,
        kind: Kind,
        sources: Vec<Source>,
    ) -> Returned {
        let field =
            |at: &usize| (fixed.fields[*at].clone(), zeros(&kind.sizes(fixed.parameters[*at], fixed.value.entries())));
        let part = |(at, source): (&usize, Source)| Part {
            label: format!("{}_{}", &name[..1], self.language.word(&fixed.fields[*at])),
            place: Place::Field(format!(".{}", fixed.fields[*at])),
            depth: fixed.parameters[*at].indices() + usize::from(kind == Kind::Jacobian),
            source,
        };
        Returned {
            name,
            kind: Type::Structure(type_name.to_string()),
            zeros: Expression::Structure(type_name.to_string(), fixed.by.iter().map(field).collect()),
            parts: fixed.by.iter().zip(sources).map(part).collect(),
            beside: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Returns the second derivatives by all parameters: one matrix, into which the blocks of several are copied. It is the
    /// last of three results.
    fn hessian(&self, fixed: &Fixed<'_>, source: impl Fn(&[usize]) -> Source) -> Returned {
        let float = Type::Float(self.options.scalar);
        let count: usize = fixed.by.iter().map(|at| fixed.entries(*at)).sum();
        let square = Shape::Matrix(count, count);
        let mut returned = Returned {
            name: "hessian",
            kind: array(square, float.clone()),
            zeros: zeros(&sizes(square)),
            parts: Vec::new(),
            beside: Vec::new(),
            after: Vec::new(),
        };
        if let [only] = fixed.by[..] {
            let (label, place) = ("h".to_string(), Place::Field(String::new()));
            returned.parts.push(Part { label, place, depth: 2, source: source(&[only, only]) });
            return returned;
        }
        let mut first_row = 0;
        for (at, row) in fixed.by.iter().enumerate() {
            let rows = fixed.entries(*row);
            let mut first_column = first_row;
            for column in &fixed.by[at..] {
                let columns = fixed.entries(*column);
                let label = format!("h_{first_row}_{first_column}");
                let block = format!("{}block_{first_row}_{first_column}", fixed.signature.stem);
                let shape = Shape::Matrix(rows, columns);
                returned.beside.push(declared(&block, array(shape, float.clone()), zeros(&[rows, columns])));
                returned.after.push(copied("results.2", &block, (rows, columns), (first_row, first_column)));
                let source = source(&[*row, *column]);
                returned.parts.push(Part { label, place: Place::Beside(block), depth: 2, source });
                first_column += columns;
            }
            first_row += rows;
        }
        returned
    }

    /// Writes a function that computes what it returns.
    fn fixed_item(
        &mut self,
        fixed: &Fixed<'_>,
        signature: &Signature,
        whole: &Whole,
        (name, documentation): (&str, Vec<String>),
        given: &Graph,
        (returned, mut rows): (Vec<Returned>, Vec<RowLoop>),
    ) -> Result<(), Diagnostic> {
        let float = self.options.scalar;
        let (results, kind, zeros) = match &returned[..] {
            [only] => ("value", only.kind.clone(), only.zeros.clone()),
            several => {
                let kinds = several.iter().map(|result| result.kind.clone()).collect();
                let zeros = several.iter().map(|result| result.zeros.clone()).collect();
                let zeros = Expression::Constant(Box::new(Expression::Tuple(zeros)));
                ("results", Type::Tuple(kinds), zeros)
            }
        };
        let place = |at: usize| if returned.len() == 1 { results.to_string() } else { format!("{results}.{at}") };
        let in_place = returned.iter().any(|result| result.number().is_none());
        let mut placeholders = Placeholders::default();
        let (mut roots, mut targets) = (Vec::new(), Vec::new());
        let mut opening = signature.opening.clone();
        // The results are one variable from the beginning: as it is what is returned, it is never copied.
        opening.extend(in_place.then(|| declared(results, kind.clone(), zeros)));
        let mut in_rows: Vec<(&[usize], Expression)> = Vec::new();
        for (at, result) in returned.iter().enumerate() {
            opening.extend(result.beside.iter().cloned());
            if let Some(root) = result.number() {
                roots.push(root);
                targets.push(None);
                continue;
            }
            for part in &result.parts {
                let target = part.target(&place(at), given);
                match &part.source {
                    Source::Rows(by) => in_rows.push((by, target)),
                    Source::Root(root) => {
                        let local = format!("{}{}", signature.stem, part.label);
                        opening.push(Statement::name(&local, target));
                        roots.push(*root);
                        targets.push(Some(placeholders.stand_for(local)));
                    }
                }
            }
        }
        for output in rows.iter_mut().flat_map(|group| &mut group.outputs) {
            output.field = output.by.iter().map(usize::to_string).collect::<Vec<_>>().join("_");
        }
        let of_rows = |output: &RowOutput| {
            let target = in_rows.iter().find(|(by, _)| *by == output.by).map(|(_, target)| target.clone());
            target.unwrap_or(Expression::List(Vec::new()))
        };
        for group in &mut rows {
            opening.extend(group.opening((&signature.stem, self.language), &mut placeholders, of_rows));
        }
        let targets = Targets { roots, targets, rows, placeholders };
        let (written, _) = self.loops(signature, whole, given, targets, self.options)?;
        let lengths = written.temporaries.iter().map(|(_, entries)| entries.as_whole().unwrap_or(usize::MAX));
        let kept = lengths.fold(0, usize::saturating_add);
        if kept > NUMBERS_BY_VALUE {
            return Err(at_function(fixed.function, too_large("what it keeps on the way has", kept)));
        }
        let mut statements = opening;
        statements.extend(written.temporaries.iter().map(|(name, entries)| temporaries::array(name, entries, float)));
        let returned_numbers = written.result().map(Statement::Result);
        statements.extend(written.statements);
        if in_place {
            let numbers = (0..returned.len()).filter(|at| returned[*at].number().is_some());
            statements.extend(numbers.zip(&written.returned).map(|(at, number)| Statement::set(place(at), number)));
            statements.extend(returned.iter().flat_map(|result| result.after.iter().cloned()));
            statements.push(Statement::Result(results.into()));
        } else {
            statements.extend(returned_numbers);
        }
        let heading = Heading { documentation, name: name.to_string(), result: Some(kind), role: Role::Loops };
        self.procedure(heading, signature.parameters.clone(), statements);
        Ok(())
    }
}

/// Declares a variable of a type.
fn declared(name: &str, kind: Type, value: Expression) -> Statement {
    Statement::Let { names: vec![name.to_string()], is_mutable: true, kind: Some(kind), value }
}

/// Copies a block of second derivatives to its place, and to that on the other side of the diagonal.
fn copied(
    whole: &str,
    block: &str,
    (rows, columns): (usize, usize),
    (first_row, first_column): (usize, usize),
) -> Statement {
    let (own_row, end) = (after("row", first_row), first_column + columns);
    let (whole, block) = (Expression::from(whole), Expression::from(block));
    let row_of_block = block.at("row");
    let part = whole.clone().at(own_row.clone()).at(Expression::range(first_column, end));
    let mut body = vec![Statement::copy(part, row_of_block.clone())];
    if first_row != first_column {
        let turned = whole.at(Expression::from("column") + first_column).at(own_row);
        let copy = Statement::set(turned, row_of_block.at("column"));
        body.push(Statement::each("column", columns, vec![copy]));
    }
    Statement::each("row", rows, body)
}
