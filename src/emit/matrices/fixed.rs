//! Functions whose dimensions are all numbers: arrays in, arrays and structures of arrays out, by value. Inside are the
//! loops of functions over named dimensions; results, and what is kept on the way, are arrays on the stack.

use super::dispatch::Dispatched;
use super::documentation::{formulas, shapes};
use super::formed::Formed;
use super::loops::after;
use super::rows::RowOutput;
use super::{RowLoop, Signature, Targets, vectors};
use crate::derive::{Derivative, Order, Product, derive_closed, derive_closed_product};
use crate::emit::asked::{Asked, at_function, kept_whole, passes_by_value, too_large};
use crate::emit::documentation::introduction;
use crate::emit::names::Names;
use crate::emit::placeholders::Placeholders;
use crate::emit::products::PRODUCTS;
use crate::emit::rust::{Kind, LARGEST_BY_ENTRIES, Module, array};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, Sizes};
use crate::limits::NUMBERS_BY_VALUE;
use crate::lower::{Function, Shape, Whole, WholeParameter};

/// What results are called while they are computed, beside what bodies use for themselves.
pub(super) const RESULTS: &[&str] = &["gradient", "hessian", "product", "tangent"];

/// Returns the type of a parameter of fixed size, and what is read of it: a slice, or a number if it is an array of one.
pub(super) fn passed(parameter: &WholeParameter, name: &str, float: &str) -> Option<(String, Option<String>)> {
    let shape = parameter.shape(&Sizes::new())?;
    let read = match shape {
        Shape::Scalar => return Some((float.to_string(), None)),
        Shape::Vector(1) => format!("{name}[0]"),
        Shape::Matrix(1, 1) => format!("{name}[0][0]"),
        Shape::Vector(_) => format!("&{name}[..]"),
        Shape::Matrix(..) => format!("{name}.as_flattened()"),
    };
    Some((format!("&{}", array(shape, float)), Some(read)))
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
    /// What it is called while it is computed.
    name: String,
    /// Its type.
    kind: String,
    /// The statement that declares it before it is computed; none for a number, which is computed last.
    declaration: Option<String>,
    /// Where the roots are written to.
    parts: Vec<Part>,
    /// Arrays that are written to beside it.
    beside: Vec<String>,
    /// What is done when all loops are done.
    after: Vec<String>,
}

/// An array, or an entry of one, that a root is written to.
struct Part {
    /// The end of the name that it is written to by.
    label: String,
    /// The array.
    place: String,
    /// How many indices the array has.
    depth: usize,
    source: Source,
}

/// What is written to an array.
#[derive(Clone)]
enum Source {
    Root(ExprId),
    /// What the loop over rows computes for the derivative by these parameters.
    Rows(Vec<usize>),
}

impl Part {
    /// Writes the slice, or the number if the root is one.
    fn target(&self, graph: &Graph) -> String {
        let Part { place, depth, source, .. } = self;
        let is_number = matches!(source, Source::Root(root) if graph.extents(*root).is_scalar());
        match depth {
            _ if is_number => format!("&mut {place}{}", "[0]".repeat(*depth)),
            0 | 1 => format!("&mut {place}[..]"),
            _ => format!("{place}{}", ".as_flattened_mut()".repeat(depth - 1)),
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
        let parameters: Option<Vec<Shape>> = whole.parameters.iter().map(|parameter| parameter.shape(&sizes)).collect();
        let (Some(parameters), Some(value)) = (parameters, whole.shape(&sizes)) else { return Ok(None) };
        passes_by_value(function, parameters.iter().copied(), value)?;
        let by = self.derived(whole.parameters.iter().map(|parameter| parameter.name.as_str()));
        let mut asked = Asked::new(self.options, value == Shape::Scalar, &value, by.is_empty());
        asked.leave_out_batches(kept_whole(LARGEST_BY_ENTRIES));
        asked.leave_out_large(function, value.entries(), by.iter().map(|at| parameters[*at].entries()).sum());
        let formed = self.formed(whole, &by, &mut asked, |formed| !formed.left_out.is_empty())?;
        if function.has_entries() && asked.lacks_symmetric() {
            return Ok(None);
        }
        let name = self.items.claim(function.display_name());
        let (signature, _) = self.whole_signature(name.clone(), whole);
        let mut names = Names::default();
        let fields = whole.parameters.iter().map(|parameter| names.claim(&parameter.name)).collect();
        let fixed = Fixed { function, whole, signature, parameters, value, fields, by };
        let closed = derive_closed(whole, &[], Order::Value, self.options.form)?;
        let mut documentation = introduction(function);
        documentation.push(shapes(whole));
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
        let (suffix, title) = match (order, fixed.value) {
            (Order::Second, _) => ("hessian", "Value, gradient and Hessian"),
            (_, Shape::Scalar) => ("grad", "Value and gradient"),
            _ => ("jacobian", "Value and Jacobian"),
        };
        let mut documentation = vec![format!("{title} of [`{name}`]."), String::new()];
        documentation.extend(formulas(fixed.whole, &fixed.by, order)?);
        documentation.push(shapes(fixed.whole));
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
        let name = self.items.claim(&format!("{}_{suffix}", function.display_name()));
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
        for (_, product, suffix, computes) in PRODUCTS.into_iter().filter(|(derive, ..)| asked.wants(*derive)) {
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
            let name = self.items.claim(&format!("{}_{suffix}", fixed.function.display_name()));
            let of = format!("[`{}`]", fixed.signature.name);
            let mut documentation = vec![computes.replace("{f}", &of), String::new()];
            let labels = returned.iter().flat_map(|part| part.parts.iter().map(|part| part.place.clone()));
            let labels = labels.skip(usize::from(product != Product::Hvp)).collect();
            documentation.extend(vectors::formulas(product, &extended, &fixed.by, labels)?);
            documentation.push(shapes(&extended));
            let (own, _) = self.whole_signature(name.clone(), &extended);
            self.fixed_item(fixed, &own, &extended, (&name, documentation), &closed.graph, (returned, Vec::new()))?;
        }
        Ok(())
    }

    /// Declares a structure with a field for each parameter that is derived by.
    fn fixed_structure(&mut self, fixed: &Fixed<'_>, kind: Kind) -> String {
        let float = self.options.scalar.name();
        let field = |at: &usize| {
            let held = held(fixed, *at, kind, float);
            (fixed.whole.parameters[*at].name.as_str(), fixed.fields[*at].as_str(), held)
        };
        let fields: Vec<(&str, &str, String)> = fixed.by.iter().map(field).collect();
        self.structure(fixed.function, &fixed.signature.name, kind, &fields)
    }

    /// Returns a root as a number or an array.
    fn array(&self, name: &str, shape: Shape, root: ExprId) -> Returned {
        let depth = depth(shape);
        let kind = array(shape, self.options.scalar.name());
        let label = name[..1].to_string();
        let part = Part { label, place: name.to_string(), depth, source: Source::Root(root) };
        Returned {
            name: name.to_string(),
            declaration: (depth > 0).then(|| declared(name, &kind, shape)),
            kind,
            parts: vec![part],
            beside: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Returns a structure with a field for each parameter that is derived by.
    fn filled(&self, fixed: &Fixed<'_>, name: &str, type_name: &str, kind: Kind, sources: Vec<Source>) -> Returned {
        let fields: Vec<String> =
            fixed.by.iter().map(|at| format!("{}: {}", fixed.fields[*at], held(fixed, *at, kind, "0.0"))).collect();
        let part = |(at, source): (&usize, Source)| Part {
            label: format!("{}_{}", &name[..1], fixed.fields[*at].trim_start_matches("r#")),
            place: format!("{name}.{}", fixed.fields[*at]),
            depth: depth(fixed.parameters[*at]) + usize::from(kind == Kind::Jacobian),
            source,
        };
        Returned {
            name: name.to_string(),
            kind: type_name.to_string(),
            declaration: Some(format!("let mut {name} = {type_name} {{ {} }};", fields.join(", "))),
            parts: fixed.by.iter().zip(sources).map(part).collect(),
            beside: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Returns the second derivatives by all parameters: one matrix, into which the blocks of several are copied.
    fn hessian(&self, fixed: &Fixed<'_>, source: impl Fn(&[usize]) -> Source) -> Returned {
        let float = self.options.scalar.name();
        let count: usize = fixed.by.iter().map(|at| fixed.entries(*at)).sum();
        let name = "hessian".to_string();
        let square = Shape::Matrix(count, count);
        let kind = array(square, float);
        let mut returned = Returned {
            name: name.clone(),
            declaration: Some(declared(&name, &kind, square)),
            kind,
            parts: Vec::new(),
            beside: Vec::new(),
            after: Vec::new(),
        };
        if let [only] = fixed.by[..] {
            let (label, source) = ("h".to_string(), source(&[only, only]));
            returned.parts.push(Part { label, place: name, depth: 2, source });
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
                returned.beside.push(declared(&block, &array(shape, float), shape));
                returned.after.extend(copied(&block, (rows, columns), (first_row, first_column)));
                returned.parts.push(Part { label, place: block, depth: 2, source: source(&[*row, *column]) });
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
        let float = self.options.scalar.name();
        let mut placeholders = Placeholders::default();
        let (mut roots, mut targets) = (Vec::new(), Vec::new());
        let mut opening = signature.opening.clone();
        let mut in_rows: Vec<(Vec<usize>, String)> = Vec::new();
        for Returned { declaration, parts, beside, .. } in &returned {
            opening.extend(declaration.iter().chain(beside).cloned());
            for part in parts {
                let target = part.target(given);
                match &part.source {
                    Source::Rows(by) => in_rows.push((by.clone(), target)),
                    Source::Root(root) => {
                        roots.push(*root);
                        targets.push(declaration.as_ref().map(|_| {
                            let local = format!("{}{}", signature.stem, part.label);
                            opening.push(format!("let {local} = {target};"));
                            placeholders.stand_for(local)
                        }));
                    }
                }
            }
        }
        for output in rows.iter_mut().flat_map(|group| &mut group.outputs) {
            output.field = output.by.iter().map(usize::to_string).collect::<Vec<_>>().join("_");
        }
        let place = |output: &RowOutput| {
            let target = in_rows.iter().find(|(by, _)| *by == output.by).map(|(_, target)| target.clone());
            target.unwrap_or_default()
        };
        for group in &mut rows {
            opening.extend(group.opening(&signature.stem, &mut placeholders, place));
        }
        let targets = Targets { roots, targets, rows, placeholders };
        let (written, _) = self.loops(signature, whole, given, targets)?;
        let lengths = written.temporaries.iter().map(|(_, entries)| entries.parse().unwrap_or(usize::MAX));
        let kept = lengths.fold(0, usize::saturating_add);
        if kept > NUMBERS_BY_VALUE {
            return Err(at_function(fixed.function, too_large("what it keeps on the way has", kept)));
        }
        for (temporary, entries) in &written.temporaries {
            opening.push(format!("let {temporary}: &mut [{float}] = &mut [0.0; {entries}];"));
        }
        let mut numbers = written.returned.into_iter();
        let mut statements = opening;
        statements.extend(written.statements);
        let after: Vec<String> = returned.iter().flat_map(|part| part.after.clone()).collect();
        let mut results = Vec::new();
        for Returned { name, declaration, .. } in &returned {
            match declaration {
                Some(_) => results.push(name.clone()),
                None if after.is_empty() => results.extend(numbers.next()),
                None => {
                    statements.extend(numbers.next().map(|number| format!("let {name} = {number};")));
                    results.push(name.clone());
                }
            }
        }
        statements.extend(after);
        let kinds: Vec<&str> = returned.iter().map(|part| part.kind.as_str()).collect();
        let (result, last) = match &results[..] {
            [only] => (kinds.join(", "), only.clone()),
            _ => (format!("({})", kinds.join(", ")), format!("({})", results.join(", "))),
        };
        statements.push(last);
        let result = format!(" -> {result}");
        let body = Dispatched { parameters: &signature.parameters, result: &result, body: statements };
        self.documented(&documentation, name, &body);
        Ok(())
    }
}

/// Returns how many indices the entries of an array have.
fn depth(shape: Shape) -> usize {
    match shape {
        Shape::Scalar => 0,
        Shape::Vector(_) => 1,
        Shape::Matrix(..) => 2,
    }
}

/// Declares an array of zeros.
fn declared(name: &str, kind: &str, shape: Shape) -> String {
    format!("let mut {name}: {kind} = {};", array(shape, "0.0"))
}

/// Writes the type of a structure's field, or its zeros.
fn held(fixed: &Fixed<'_>, parameter: usize, kind: Kind, number: &str) -> String {
    let own = array(fixed.parameters[parameter], number);
    if kind == Kind::Jacobian { format!("[{own}; {}]", fixed.value.entries()) } else { own }
}

/// Copies a block of second derivatives to its place, and to that on the other side of the diagonal.
fn copied(block: &str, (rows, columns): (usize, usize), (first_row, first_column): (usize, usize)) -> Vec<String> {
    let (own_row, end) = (after("row", &first_row.to_string()), first_column + columns);
    let mut lines = vec![
        format!("for row in 0..{rows} {{"),
        format!("    hessian[{own_row}][{first_column}..{end}].copy_from_slice(&{block}[row]);"),
    ];
    if first_row != first_column {
        lines.extend([
            format!("    for column in 0..{columns} {{"),
            format!("        hessian[column + {first_column}][{own_row}] = {block}[row][column];"),
            "    }".to_string(),
        ]);
    }
    lines.push("}".to_string());
    lines
}
