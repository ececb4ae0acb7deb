//! Functions of whole vectors and matrices to Rust: slices in, slices out, no allocation.

mod blocks;
mod dimensions;
pub(super) mod dispatch;
mod embedded;
mod kernels;
mod loops;
mod operations;
mod products;
mod rows;
mod shares;
mod stages;
mod vectors;

use super::asked::{Asked, kept_whole, symmetric};
use super::documentation::{comment, introduction};
use super::expression::Writer;
use super::names::{Names, camel_case};
use super::options::Derive;
use super::placeholders::Placeholders;
use super::rust::{ALLOW, LARGEST_BY_ENTRIES, Module};
use crate::derive::{Closed, Derivative, Form, Order, derive_closed, derive_rows};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Extents, Graph, Node};
use crate::lower::{Function, Whole};
use crate::show::{names::with_names, notation};
use crate::tape::{associate, hoist, plan};
use dispatch::Dispatched;
use indexmap::IndexMap;
use loops::{Interface, Loops, Written, factor};
use rows::RowLoop;

/// The private module of kernels in generated code.
pub(in crate::emit) const MODULE: &str = "matrices";
/// Names that the bodies use for themselves.
const RESERVED: &[&str] = &[
    "i",
    "j",
    "at",
    "lanes",
    "lane",
    "row",
    "column",
    "total",
    "workspace",
    "derivatives",
    "value",
    "body",
    "avx2",
    "FMA",
    MODULE,
    "special",
];
/// Longest formula in a documentation line.
const LONGEST_FORMULA: usize = 200;

/// What the items of one function share.
struct Signature {
    name: String,
    /// The names of dimensions in Rust, in order.
    sizes: IndexMap<String, String>,
    /// The name of each parameter in Rust.
    fields: Vec<String>,
    /// `n: usize, w: &[f64]`
    parameters: Vec<String>,
    /// Checks of the slices' lengths.
    checks: Vec<String>,
    stem: String,
}

impl Module<'_> {
    /// Writes value and derivatives of a function that is kept whole, and returns which it has.
    ///
    /// # Errors
    /// Derivatives without a rule or with more than two dimensions.
    pub(super) fn whole_function(&mut self, function: &Function, whole: &Whole) -> Result<Asked, Diagnostic> {
        let name = self.items.claim(function.display_name());
        let (signature, _) = self.whole_signature(name, whole);
        let all = self.derived(whole.parameters.iter().map(|parameter| parameter.name.as_str()));
        let scalar = whole.extents().is_scalar();
        let mut asked = Asked::new(self.options, scalar, &whole.extents(), all.is_empty());
        asked.leave_out_batches(kept_whole(LARGEST_BY_ENTRIES));
        let mut formed = Vec::new();
        for (order, kinds) in
            [(Order::First, &[Derive::Gradient, Derive::Jacobian][..]), (Order::Second, &[Derive::Hessian])]
        {
            if !kinds.iter().any(|kind| asked.wants(*kind)) {
                continue;
            }
            let own = Formed::new(whole, &all, order, self.options.form)?;
            if own.derived.is_empty() && own.rows.is_empty() {
                let wanted: Vec<Derive> = kinds.iter().copied().filter(|kind| asked.wants(*kind)).collect();
                wanted.into_iter().for_each(|kind| asked.leave_out(kind, symmetric(kind)));
            } else {
                formed.push(own);
            }
        }
        let value = derive_closed(whole, &[], Order::Value, self.options.form)?;
        let mut documentation = introduction(function);
        documentation.push(shapes(whole));
        documentation.extend(asked.notes());
        let results = Results::value(value.value);
        self.whole_item(&signature, &signature.name, documentation, whole, &value.graph, results)?;
        let mut gradient = None;
        for own in formed {
            let is_gradient = own.order == Order::First && scalar;
            let type_name = self.whole_derivatives(function, whole, &signature, &all, own)?;
            if is_gradient {
                gradient = Some(type_name);
            }
        }
        self.whole_products(function, whole, &signature, &all, &asked, gradient)?;
        Ok(asked)
    }

    /// Writes the derivatives of one order, and returns the type that they are written to.
    fn whole_derivatives(
        &mut self,
        function: &Function,
        whole: &Whole,
        signature: &Signature,
        all: &[usize],
        formed: Formed,
    ) -> Result<String, Diagnostic> {
        let Formed { order, closed, derived, rows, left_out } = formed;
        let (suffix, title) = match order {
            Order::Second => ("hessian", "Hessian"),
            _ if whole.extents().is_scalar() => ("grad", "gradient"),
            _ => ("jacobian", "Jacobian"),
        };
        let name = self.items.claim(&format!("{}_{suffix}", function.display_name()));
        let mut documentation = vec![format!("Value and {title} of [`{}`].", signature.name), String::new()];
        documentation.extend(formulas(whole, all, order)?);
        documentation.push(shapes(whole));
        for by in left_out {
            let names: Vec<String> = by.iter().map(|at| format!("`{}`", whole.parameters[*at].name)).collect();
            documentation.push(format!("The derivative by {} is left out.", names.join(" and ")));
        }
        let type_name =
            self.items.claim_type(&format!("{}{}", camel_case(function.display_name()), camel_case(suffix)));
        let outputs = Outputs::new("derivatives", &type_name, signature, derived, rows);
        self.derivative_type(signature, whole, &closed.graph, &outputs, title);
        let results = Results { derivatives: vec![outputs], ..Results::value(closed.value) };
        self.whole_item(signature, &name, documentation, whole, &closed.graph, results)?;
        Ok(type_name)
    }

    /// Names what goes into a function; other names are distinct from these.
    fn whole_signature(&self, name: String, whole: &Whole) -> (Signature, Names) {
        let float = self.options.scalar.name();
        let mut names = Names::default();
        RESERVED.iter().for_each(|name| drop(names.claim(name)));
        let sizes: IndexMap<String, String> =
            whole.sizes.iter().map(|size| (size.clone(), names.claim(size))).collect();
        let mut parameters: Vec<String> = sizes.values().map(|size| format!("{size}: usize")).collect();
        let mut fields = Vec::new();
        let mut checks = Vec::new();
        for parameter in &whole.parameters {
            let field = names.claim(&parameter.name);
            if parameter.extents.is_scalar() {
                parameters.push(format!("{field}: {float}"));
            } else {
                parameters.push(format!("{field}: &[{float}]"));
                checks.push(check(&field, &parameter.name, &parameter.extents, &sizes));
            }
            fields.push(field);
        }
        (Signature { name, sizes, fields, parameters, checks, stem: names.stem() }, names)
    }

    /// Declares the type that derivatives are written to.
    fn derivative_type(&mut self, signature: &Signature, whole: &Whole, graph: &Graph, outputs: &Outputs, title: &str) {
        let float = self.options.scalar.name();
        let quoted = |by: &[usize]| {
            let names: Vec<String> = by.iter().map(|at| format!("`{}`", whole.parameters[*at].name)).collect();
            names.join(" and ")
        };
        let mut lines = String::new();
        for (field, Derived { by, root }) in &outputs.matrices {
            let extents = graph.extents(*root);
            let kind = if extents.is_scalar() { float.to_string() } else { format!("[{float}]") };
            lines.push_str(&format!(
                "    /// Derivative by {}: a {extents}.\n    pub {field}: &'a mut {kind},\n",
                quoted(by)
            ));
        }
        for output in outputs.rows.iter().flat_map(|group| &group.outputs) {
            let of = output.by.split_last().map_or("the value".to_string(), |(last, first)| match first {
                [] => format!("the value, a column for each entry of {}", quoted(&[*last])),
                _ => format!("{}, a column for each entry of {}", quoted(first), quoted(&[*last])),
            });
            let line = format!("    /// Derivative by {}: a row for each entry of {of}.\n", quoted(&output.by));
            lines.push_str(&format!("{line}    pub {}: &'a mut [{float}],\n", output.field));
        }
        self.out.push_str(&format!("\n/// Where the {title} of [`{}`] is written to, row by row.\n", signature.name));
        let type_name = &outputs.type_name;
        self.out.push_str(&format!("#[derive(::core::fmt::Debug)]\n{ALLOW}pub struct {type_name}<'a> {{\n{lines}}}\n"));
    }

    /// Writes a function that computes the results, which are nodes of the graph.
    fn whole_item(
        &mut self,
        signature: &Signature,
        name: &str,
        mut documentation: Vec<String>,
        whole: &Whole,
        given: &Graph,
        results: Results,
    ) -> Result<(), Diagnostic> {
        let float = self.options.scalar.name();
        let mut placeholders = Placeholders::default();
        let mut roots: Vec<ExprId> = Vec::new();
        let mut targets = Vec::new();
        let mut parameters = signature.parameters.clone();
        let mut checks = signature.checks.clone();
        for (argument, root) in results.values {
            let extents = given.extents(root);
            roots.push(root);
            if !extents.is_scalar() {
                parameters.push(format!("{argument}: &mut [{float}]"));
                checks.push(check(&argument, &argument, &extents, &signature.sizes));
            }
            targets.push((!extents.is_scalar()).then(|| placeholders.stand_for(argument)));
        }
        let mut opening = Vec::new();
        let mut rows = Vec::new();
        for Outputs { argument, type_name, matrices, rows: of_argument } in results.derivatives {
            parameters.push(format!("{argument}: &mut {type_name}<'_>"));
            rows.extend(of_argument);
            for (field, Derived { root, .. }) in matrices {
                let extents = given.extents(root);
                roots.push(root);
                let local = format!("{}{}_{}", signature.stem, &argument[..1], field.trim_start_matches("r#"));
                let place = format!("{argument}.{field}");
                opening.push(format!("let {local} = &mut *{place};"));
                if !extents.is_scalar() {
                    checks.push(check(&place, &place, &extents, &signature.sizes));
                }
                targets.push(Some(placeholders.stand_for(local)));
            }
        }
        for group in &mut rows {
            checks.extend(group.checks(given, signature));
            opening.extend(group.opening(&signature.stem, &mut placeholders));
            roots.extend(group.outputs.iter().map(|output| output.root));
        }
        let mut graph = given.clone();
        let roots = associate(&mut graph, &roots);
        let mut roots = hoist(&mut graph, &roots);
        let mut row_roots = roots.split_off(targets.len()).into_iter();
        let outputs = rows.iter_mut().flat_map(|group| &mut group.outputs);
        outputs.zip(&mut row_roots).for_each(|(output, root)| output.root = root);
        let planned: Vec<ExprId> = roots.iter().copied().chain(rows.iter().flat_map(RowLoop::roots)).collect();
        let plan = plan(&graph, &planned);
        let mut inputs = vec![String::new(); given.inputs().len()];
        for (parameter, field) in whole.parameters.iter().zip(&signature.fields) {
            if let Node::Input(index) = given.node(parameter.id) {
                inputs[*index as usize] = placeholders.stand_for(field);
            }
        }
        let extents_of_steps = plan.steps.iter().flat_map(|step| [&step.extents.rows, &step.extents.columns]);
        let needed = whole.needed.iter().chain(extents_of_steps);
        checks.splice(0..0, dimensions::checks(needed, &signature.sizes));
        for step in &plan.steps {
            if let crate::tape::Computation::Entrywise(tape, _) = &step.computation {
                self.note_special(tape);
            }
        }
        let stem = placeholders.stand_for(signature.stem.as_str());
        let writer = Writer { options: self.options, inputs: &inputs, owners: &[], stem: &stem, lanes: false };
        let mut sizes: IndexMap<String, String> =
            signature.sizes.iter().map(|(size, name)| (size.clone(), placeholders.stand_for(name))).collect();
        rows.iter().for_each(|group| sizes.extend(group.indices()));
        let interface = Interface { inputs: &inputs, sizes: &sizes, targets: &targets, rows: &rows };
        let written = Loops::write(&graph, &plan, writer, &interface)?.named(&placeholders);
        // With a named size there is always a workspace: whether the body needs one does not show.
        let is_needed = !written.temporaries.is_empty();
        if is_needed || !signature.sizes.is_empty() {
            parameters.push(format!("workspace: &mut [{float}]"));
            let workspace = self.workspace(signature, name, &written);
            documentation.push(String::new());
            documentation.push(format!(
                "The workspace has at least [`{workspace}`] numbers; what is in them is of no importance."
            ));
            if is_needed {
                let arguments: Vec<&str> = signature.sizes.values().map(String::as_str).collect();
                let needed = format!("{workspace}({})", arguments.join(", "));
                checks.push(format!(
                    "::core::assert!(workspace.len() >= {needed}, \"the workspace is shorter than {workspace} says\");"
                ));
            }
        }
        self.out.push('\n');
        for line in &documentation {
            self.out.push_str(&comment("///", line));
            self.out.push('\n');
        }
        if !checks.is_empty() {
            self.out.push_str("///\n/// # Panics\n/// Where a slice has another length than its shape says, before anything is written.\n");
        }
        let (result, returned) = match &written.returned[..] {
            [] => (String::new(), None),
            [only] => (format!(" -> {float}"), Some(only.clone())),
            several => {
                (format!(" -> ({})", vec![float; several.len()].join(", ")), Some(format!("({})", several.join(", "))))
            }
        };
        let temporaries = written
            .temporaries
            .iter()
            .map(|(name, entries)| format!("let ({name}, workspace) = workspace.split_at_mut({entries});"));
        let statements = checks.into_iter().chain(opening).chain(temporaries).chain(written.statements);
        let body = Dispatched { parameters: &parameters, result: &result, body: statements.chain(returned).collect() };
        let (allowed, text) = body.written(self.options);
        self.out.push_str(&format!("{ALLOW}{allowed}pub fn {name}({}){result} {{\n{text}", parameters.join(", ")));
        self.out.push_str("}\n");
        Ok(())
    }

    /// Writes the function that tells how long a workspace is.
    fn workspace(&mut self, signature: &Signature, name: &str, written: &Written) -> String {
        let workspace = self.items.claim(&format!("{}_workspace", name.trim_start_matches("r#")));
        let parameters: Vec<String> = signature.sizes.values().map(|size| format!("{size}: usize")).collect();
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        written.temporaries.iter().for_each(|(_, entries)| *counts.entry(entries).or_default() += 1);
        let terms = counts.iter().map(|(entries, count)| match count {
            1 => (*entries).to_string(),
            count if entries.contains([' ']) && !entries.contains(" * ") => format!("{count} * ({entries})"),
            count => format!("{count} * {entries}"),
        });
        let total = match counts.is_empty() {
            true => "0".to_string(),
            false => terms.collect::<Vec<_>>().join(" + "),
        };
        self.out.push_str(&format!("\n/// The length of the workspace of [`{name}`].\n{ALLOW}"));
        self.out
            .push_str(&format!("pub const fn {workspace}({}) -> usize {{\n    {total}\n}}\n", parameters.join(", ")));
        workspace
    }
}

/// What a function computes.
struct Results {
    /// Numbers, which are returned, and matrices, with the names of the slices that they are written to.
    values: Vec<(String, ExprId)>,
    /// What is written to the fields of a type.
    derivatives: Vec<Outputs>,
}

impl Results {
    fn value(root: ExprId) -> Self {
        Results { values: vec![("value".to_string(), root)], derivatives: Vec::new() }
    }
}

/// An argument of a type that derivatives are written to, and what is written to its fields.
struct Outputs {
    argument: String,
    type_name: String,
    /// Fields for derivatives that are matrices.
    matrices: Vec<(String, Derived)>,
    /// Loops over the rows of the others.
    rows: Vec<RowLoop>,
}

impl Outputs {
    fn new(
        argument: &str,
        type_name: &str,
        signature: &Signature,
        derived: Vec<Derived>,
        mut rows: Vec<RowLoop>,
    ) -> Self {
        let mut names = Names::default();
        let mut field = |by: &[usize]| {
            let names_of: Vec<&str> = by.iter().map(|at| signature.fields[*at].trim_start_matches("r#")).collect();
            names.claim(&names_of.join("_"))
        };
        let matrices = derived.into_iter().map(|derived| (field(&derived.by), derived)).collect();
        rows.iter_mut().flat_map(|group| &mut group.outputs).for_each(|output| output.field = field(&output.by));
        Outputs { argument: argument.to_string(), type_name: type_name.to_string(), matrices, rows }
    }
}

/// A derivative that is a matrix.
struct Derived {
    /// The parameters that it is by.
    by: Vec<usize>,
    /// Its expression.
    root: ExprId,
}

/// The derivatives of one order.
struct Formed {
    order: Order,
    closed: Closed,
    /// Those that are matrices.
    derived: Vec<Derived>,
    /// Those that are written row by row.
    rows: Vec<RowLoop>,
    /// The parameters that the others are by.
    left_out: Vec<Vec<usize>>,
}

impl Formed {
    /// Forms the derivatives by the parameters `all`.
    fn new(whole: &Whole, all: &[usize], order: Order, form: Form) -> Result<Self, Diagnostic> {
        let mut closed = derive_closed(whole, all, order, form)?;
        let rows = derive_rows(whole, &mut closed, all, form)?;
        let rows: Vec<RowLoop> = rows.into_iter().map(|rows| RowLoop::new(rows, all, order)).collect();
        let list = if order == Order::First { &closed.first } else { &closed.second };
        let (mut derived, mut left_out) = (Vec::new(), Vec::new());
        for (at, derivative) in list.iter().enumerate() {
            let by = by(all, order, at);
            match derivative {
                Derivative::Matrix(root) => derived.push(Derived { by, root: *root }),
                Derivative::Operator { .. } if rows.iter().any(|rows| rows.has(&by)) => {}
                Derivative::Operator { .. } => left_out.push(by),
            }
        }
        Ok(Formed { order, closed, derived, rows, left_out })
    }
}

/// The parameters of the derivative that stands at a place of the list.
fn by(all: &[usize], order: Order, at: usize) -> Vec<usize> {
    if order != Order::Second {
        return vec![all[at]];
    }
    let pairs = (0..all.len()).flat_map(|row| (row..all.len()).map(move |column| (row, column)));
    pairs.skip(at).take(1).flat_map(|(row, column)| [all[row], all[column]]).collect()
}

fn shapes(whole: &Whole) -> String {
    let shaped: Vec<String> = whole
        .parameters
        .iter()
        .filter(|parameter| !parameter.extents.is_scalar())
        .map(|parameter| format!("`{}` is a `{}`", parameter.name, parameter.extents))
        .collect();
    format!("{}, row by row.", shaped.join(", "))
}

/// Checks the length of a slice.
fn check(slice: &str, name: &str, extents: &Extents, sizes: &IndexMap<String, String>) -> String {
    format!("::core::assert_eq!({slice}.len(), {}, \"`{name}` is a {extents}\");", entries(extents, sizes))
}

/// Writes how many entries a matrix has.
fn entries(extents: &Extents, sizes: &IndexMap<String, String>) -> String {
    let dimension = |dimension: &crate::graph::Dimension| factor(&dimensions::written(dimension, sizes));
    match (extents.is_column(), extents.rows.is_one()) {
        (true, _) => dimension(&extents.rows),
        (_, true) => dimension(&extents.columns),
        _ => format!("{} * {}", dimension(&extents.rows), dimension(&extents.columns)),
    }
}

/// Lists the derivatives as formulas, as far as they are short.
fn formulas(whole: &Whole, all: &[usize], order: Order) -> Result<Vec<String>, Diagnostic> {
    let Closed { mut graph, first, second, names, .. } = derive_closed(whole, all, order, Form::Pretty)?;
    let list = if order == Order::First { first } else { second };
    let roots: Vec<ExprId> = list.iter().map(Derivative::expression).collect();
    let power = if order == Order::Second { "^2" } else { "" };
    let label = |at: usize| {
        let names: Vec<String> =
            by(all, order, at).iter().map(|at| format!("d{}", whole.parameters[*at].name)).collect();
        format!("d{power}/{}", names.join(" "))
    };
    let labels = (0..roots.len()).map(label).collect();
    Ok(lines_of(&mut graph, labels, &roots, &names))
}

/// Writes formulas with their labels, as far as they are short, with what the user has named.
fn lines_of(graph: &mut Graph, labels: Vec<String>, roots: &[ExprId], names: &[(String, ExprId)]) -> Vec<String> {
    let roots = with_names(graph, roots, names);
    let mut lines = vec!["```text".to_string()];
    for (label, root) in labels.into_iter().zip(roots) {
        let formula = notation::text(graph, root);
        if formula.len() <= LONGEST_FORMULA && !formula.contains('\n') {
            lines.push(format!("{label} = {formula}"));
        }
    }
    lines.extend(["```".to_string(), String::new()]);
    if lines.len() > 3 { lines } else { Vec::new() }
}
