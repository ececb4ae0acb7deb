//! Functions of whole vectors and matrices to Rust: slices in, slices out, no allocation.

mod blocks;
mod dimensions;
pub(super) mod dispatch;
mod documentation;
mod embedded;
mod fixed;
mod formed;
mod gathers;
mod kernels;
mod lanes;
mod looped;
mod loops;
mod operations;
mod places;
mod products;
mod rows;
mod scanned;
mod shares;
mod sparse;
mod stages;
mod temporaries;
mod vectors;
mod whole_numbers;

use super::asked::{Asked, kept_whole};
use super::documentation::{comment, introduction};
use super::expression::Writer;
use super::names::{Names, camel_case};
use super::placeholders::Placeholders;
use super::rust::{ALLOW, LARGEST_BY_ENTRIES, Module};
use crate::derive::{Order, derive_closed};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Extents, Graph, Node};
use crate::limits::NESTED_LOOPS;
use crate::lower::{Function, Whole};
use crate::tape::{associate, by_rows, hoist, placed, plan_beside, written_out};
use dispatch::Dispatched;
use documentation::{formulas, shape, shapes};
use formed::Formed;
use indexmap::IndexMap;
use loops::{Interface, Loops, Written, factor};
use rows::{RowLoop, RowOutput};
use rustc_hash::FxHashSet;

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
    "avx512",
    "FMA",
    MODULE,
    "special",
];
/// What the items of one function share.
struct Signature {
    name: String,
    /// The names of dimensions in Rust, in order.
    sizes: IndexMap<String, String>,
    /// The name of each parameter in Rust.
    fields: Vec<String>,
    /// `n: usize, w: &[f64]`, or `w: &[f64; 3]` where all dimensions are numbers
    parameters: Vec<String>,
    /// Checks of the slices' lengths.
    checks: Vec<String>,
    /// Statements that turn parameters into what is read of them: slices, and numbers.
    opening: Vec<String>,
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
        let all = self.derived_of(whole);
        let scalar = whole.indices == 0;
        let mut asked = Asked::new(self.options, scalar, &shape(&whole.extents(), whole.indices), all.is_empty());
        asked.leave_out_batches(kept_whole(LARGEST_BY_ENTRIES));
        let lacks = |formed: &Formed| formed.derived.is_empty() && formed.rows.is_empty();
        let formed = self.formed(whole, &all, &mut asked, lacks)?;
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
        self.sparse(function, whole, &all, &asked)?;
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
            _ if whole.indices == 0 => ("grad", "gradient"),
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
        let results = if whole.sizes.is_empty() { fixed::RESULTS } else { &[] };
        RESERVED.iter().chain(results).for_each(|name| drop(names.claim(name)));
        (1..=NESTED_LOOPS).for_each(|height| drop(names.claim(&format!("i{height}"))));
        let sizes: IndexMap<String, String> =
            whole.sizes.iter().map(|size| (size.clone(), names.claim(size))).collect();
        let mut parameters: Vec<String> = sizes.values().map(|size| format!("{size}: usize")).collect();
        let fields: Vec<String> = whole.parameters.iter().map(|parameter| names.claim(&parameter.name)).collect();
        let mut checks = Vec::new();
        let mut opening = Vec::new();
        for (parameter, field) in whole.parameters.iter().zip(&fields) {
            let number = if parameter.range.is_some() { "usize" } else { float };
            let (kind, read) = match fixed::passed(parameter, field, number) {
                Some(passed) if sizes.is_empty() => passed,
                _ if parameter.indices == 0 => (number.to_string(), None),
                _ => {
                    checks.push(check(field, &parameter.name, &parameter.extents, &sizes));
                    (format!("&[{number}]"), parameter.extents.is_scalar().then(|| format!("{field}[0]")))
                }
            };
            parameters.push(format!("{field}: {kind}"));
            checks.extend(gathers::check(parameter, field, &sizes));
            opening.extend(read.map(|read| format!("let {field} = {read};")));
        }
        (Signature { name, sizes, fields, parameters, checks, opening, stem: names.stem() }, names)
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
            let kind = if is_number(whole, by) { float.to_string() } else { format!("[{float}]") };
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
        let mut opening = signature.opening.clone();
        for (argument, root) in results.values {
            let extents = given.extents(root);
            roots.push(root);
            if whole.indices == 0 {
                targets.push(None);
                continue;
            }
            let kind = if signature.sizes.is_empty() { array_or_slice(&extents, float) } else { format!("[{float}]") };
            parameters.push(format!("{argument}: &mut {kind}"));
            checks.push(check(&argument, &argument, &extents, &signature.sizes));
            if extents.is_scalar() {
                opening.push(format!("let {argument} = &mut {argument}[0];"));
            }
            targets.push(Some(placeholders.stand_for(argument)));
        }
        for (argument, root) in results.slices {
            let extents = given.extents(root);
            roots.push(root);
            let kind = if signature.sizes.is_empty() { array_or_slice(&extents, float) } else { format!("[{float}]") };
            parameters.push(format!("{argument}: &mut {kind}"));
            checks.push(check(&argument, &argument, &extents, &signature.sizes));
            if extents.is_scalar() {
                opening.push(format!("let {argument} = &mut {argument}[0];"));
            }
            targets.push(Some(placeholders.stand_for(argument)));
        }
        let mut rows = Vec::new();
        for Outputs { argument, type_name, matrices, rows: of_argument } in results.derivatives {
            parameters.push(format!("{argument}: &mut {type_name}<'_>"));
            rows.extend(of_argument);
            for (field, Derived { root, by }) in matrices {
                let extents = given.extents(root);
                roots.push(root);
                let local = format!("{}{}_{}", signature.stem, &argument[..1], field.trim_start_matches("r#"));
                let place = format!("{argument}.{field}");
                let is_number = is_number(whole, &by);
                opening.push(match extents.is_scalar() && !is_number {
                    true => format!("let {local} = &mut {place}[0];"),
                    false => format!("let {local} = &mut *{place};"),
                });
                if !is_number {
                    checks.push(check(&place, &place, &extents, &signature.sizes));
                }
                targets.push(Some(placeholders.stand_for(local)));
            }
        }
        for group in &mut rows {
            checks.extend(group.checks(given, signature));
            let place = |output: &RowOutput| format!("&mut *derivatives.{}", output.field);
            opening.extend(group.opening(&signature.stem, &mut placeholders, place));
        }
        let targets = Targets { roots, targets, rows, placeholders };
        let (written, of_dimensions) = self.loops(signature, whole, given, targets)?;
        checks.splice(0..0, of_dimensions);
        // With a named size there is always a workspace: whether the body needs one does not show.
        let is_needed = written.temporaries.iter().any(|(_, entries)| temporaries::in_workspace(entries));
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
        if !checks.is_empty() {
            let panics = "Where a slice has another length than its shape says, before anything is written.";
            documentation.extend(["", "# Panics", panics].map(String::from));
        }
        let (result, returned) = match &written.returned[..] {
            [] => (String::new(), None),
            [only] => (format!(" -> {float}"), Some(only.clone())),
            several => {
                (format!(" -> ({})", vec![float; several.len()].join(", ")), Some(format!("({})", several.join(", "))))
            }
        };
        let temporaries = written.temporaries.iter().map(|(name, entries)| temporaries::declared(name, entries, float));
        let statements = checks.into_iter().chain(opening).chain(temporaries).chain(written.statements);
        let body = Dispatched { parameters: &parameters, result: &result, body: statements.chain(returned).collect() };
        self.documented(&documentation, name, &body);
        Ok(())
    }

    /// Writes a function with its documentation.
    fn documented(&mut self, documentation: &[String], name: &str, body: &Dispatched<'_>) {
        self.out.push('\n');
        for line in documentation {
            self.out.push_str(&comment("///", line));
            self.out.push('\n');
        }
        let (allowed, text) = body.written(self.options);
        let (parameters, result) = (body.parameters.join(", "), body.result);
        self.out.push_str(&format!("{ALLOW}{allowed}pub fn {name}({parameters}){result} {{\n{text}}}\n"));
    }

    /// Writes the loops that compute roots, and checks that dimensions are not negative.
    fn loops(
        &mut self,
        signature: &Signature,
        whole: &Whole,
        given: &Graph,
        targets: Targets,
    ) -> Result<(Written, Vec<String>), Diagnostic> {
        let Targets { mut roots, targets, mut rows, mut placeholders } = targets;
        roots.extend(rows.iter().flat_map(RowLoop::roots));
        let mut graph = given.clone();
        let roots = associate(&mut graph, &roots);
        let roots = placed(&mut graph, &roots);
        let roots = by_rows(&mut graph, &roots);
        let roots = written_out(&mut graph, &roots);
        let mut roots = hoist(&mut graph, &roots);
        let mut row_roots = roots.split_off(targets.len()).into_iter();
        let outputs = rows.iter_mut().flat_map(|group| &mut group.outputs);
        outputs.zip(&mut row_roots).for_each(|(output, root)| output.root = root);
        let planned: Vec<ExprId> = roots.iter().copied().chain(rows.iter().flat_map(RowLoop::roots)).collect();
        let plan = plan_beside(&mut graph, &planned);
        let mut inputs = vec![String::new(); given.inputs().len()];
        for (parameter, field) in whole.parameters.iter().zip(&signature.fields) {
            if let Node::Input(index) = given.node(parameter.id) {
                inputs[*index as usize] = placeholders.stand_for(field);
            }
        }
        let extents_of_steps = plan.steps.iter().flat_map(|step| [&step.extents.rows, &step.extents.columns]);
        let checks = dimensions::checks(whole.needed.iter().chain(extents_of_steps), &signature.sizes);
        plan.for_each_tape(|tape| self.note_special(tape));
        let stem = placeholders.stand_for(signature.stem.as_str());
        let writer = Writer { options: self.options, inputs: &inputs, owners: &[], stem: &stem, lanes: false };
        let mut sizes: IndexMap<String, String> =
            signature.sizes.iter().map(|(size, name)| (size.clone(), placeholders.stand_for(name))).collect();
        rows.iter().for_each(|group| sizes.extend(group.indices()));
        sizes.extend(looped::variables(&plan));
        let indices: FxHashSet<u32> = whole.indices_from_data();
        let interface = Interface { inputs: &inputs, indices: &indices, sizes: &sizes, targets: &targets, rows: &rows };
        Ok((Loops::write(&graph, &plan, writer, &interface)?.named(&placeholders), checks))
    }

    /// Writes the function that tells how long a workspace is.
    fn workspace(&mut self, signature: &Signature, name: &str, written: &Written) -> String {
        let workspace = self.items.claim(&format!("{}_workspace", name.trim_start_matches("r#")));
        let parameters: Vec<String> = signature.sizes.values().map(|size| format!("{size}: usize")).collect();
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        let kept = written.temporaries.iter().filter(|(_, entries)| temporaries::in_workspace(entries));
        kept.for_each(|(_, entries)| *counts.entry(entries).or_default() += 1);
        let terms = counts.iter().map(|(entries, count)| match count {
            1 => (*entries).to_string(),
            count if is_sum(entries) => format!("{count} * ({entries})"),
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

/// Tells whether a number is written as a sum or a difference.
fn is_sum(text: &str) -> bool {
    let mut depth = 0;
    text.chars().any(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(letter, '+' | '-')
    })
}

/// Where results go.
struct Targets {
    roots: Vec<ExprId>,
    /// A placeholder for what each root is written to; none for a number that is returned.
    targets: Vec<Option<String>>,
    /// Loops over rows, which know where they write.
    rows: Vec<RowLoop>,
    placeholders: Placeholders,
}

/// What a function computes.
struct Results {
    /// Numbers, which are returned, and matrices, with the names of the slices that they are written to.
    values: Vec<(String, ExprId)>,
    /// Matrices, with the names of the slices that they are written to.
    slices: Vec<(String, ExprId)>,
    /// What is written to the fields of a type.
    derivatives: Vec<Outputs>,
}

impl Results {
    fn value(root: ExprId) -> Self {
        Results { values: vec![("value".to_string(), root)], slices: Vec::new(), derivatives: Vec::new() }
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

/// Tells whether the derivative by these parameters is a number, not an array of one.
fn is_number(whole: &Whole, by: &[usize]) -> bool {
    whole.indices == 0 && by.iter().all(|at| whole.parameters[*at].indices == 0)
}

/// Checks the length of a slice.
fn check(slice: &str, name: &str, extents: &Extents, sizes: &IndexMap<String, String>) -> String {
    let kind = if extents.is_scalar() { "has one entry".to_string() } else { format!("is a {extents}") };
    format!("::core::assert_eq!({slice}.len(), {}, \"`{name}` {kind}\");", entries(extents, sizes))
}

/// Writes the type of the entries of a matrix: an array where it is known how many there are.
fn array_or_slice(extents: &Extents, kind: &str) -> String {
    match extents.entries() {
        Some(count) if !extents.is_scalar() => format!("[{kind}; {count}]"),
        _ => format!("[{kind}]"),
    }
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
