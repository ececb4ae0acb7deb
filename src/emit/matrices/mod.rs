//! Functions of whole vectors and matrices to Rust: slices in, slices out, no allocation.

mod blocks;
mod bodies;
mod columns;
mod dimensions;
mod embedded;
mod exponentials;
mod filled;
mod fixed;
mod formed;
mod gathers;
mod lanes;
mod looped;
mod loops;
mod of_few;
mod operations;
mod places;
mod products;
mod results;
mod row_views;
mod rows;
mod scanned;
mod segments;
mod shares;
mod sparse;
mod stacked;
mod temporaries;
mod vectors;
mod whole_numbers;
mod windows;

use super::asked::{Asked, kept_whole};
use super::documentation::{OTHER_LENGTH, computes, derivative, introduction, panics};
use super::formulas;
use super::module::{Heading, LARGEST_BY_ENTRIES, Module};
use super::names::{Names, camel_case};
use super::options::Options;
use super::writer::Writer;
use crate::derive::{Order, derive_closed};
use crate::error::Diagnostic;
use crate::graph::{Comparison, ExprId, Extents, Graph, Node};
use crate::limits::NESTED_LOOPS;
use crate::lower::{Function, Shape, Whole, WholeParameter};
use crate::program::{Expression, Parameter, Role, Statement, Type};
use crate::tape::{associate, by_rows, by_states, hoist, in_place, placed, plan_beside, with_checkpoints, written_out};
use dimensions::entries;
use formed::Formed;
pub(super) use formed::by;
use indexmap::IndexMap;
use loops::{Interface, Loops};
use of_few::{Alternative, OfFew};
use results::{Derived, Outputs, Prepared, Results, Targets, is_number, shape_by};
use rows::RowLoop;
use rustc_hash::FxHashSet;
use temporaries::Written;

/// Names that the bodies use for themselves.
const RESERVED: &[&str] =
    &["i", "j", "at", "lanes", "lane", "row", "column", "total", "workspace", "derivatives", "value"];
/// What the items of one function share.
struct Signature {
    name: String,
    /// The names of dimensions in Rust, in order.
    sizes: IndexMap<String, String>,
    /// The name of each parameter in Rust.
    fields: Vec<String>,
    /// `n: usize, w: &[f64]`, or `w: &[f64; 3]` where all dimensions are numbers
    parameters: Vec<Parameter>,
    /// Checks of the slices' lengths.
    checks: Vec<Statement>,
    /// Statements that turn parameters into what is read of them: slices, and numbers.
    opening: Vec<Statement>,
    stem: String,
}

impl Module<'_> {
    /// Writes value and derivatives of a function that is kept whole, and returns which it has.
    ///
    /// # Errors
    /// Derivatives without a rule or with more than two dimensions.
    pub(super) fn whole_function(&mut self, function: &Function, whole: &Whole) -> Result<Asked, Diagnostic> {
        let name = self.names.claim(function.display_name());
        let (signature, _) = self.whole_signature(name, whole);
        let all = self.derived_of(whole);
        let scalar = whole.shape == Shape::Scalar;
        let mut asked = Asked::new(self.options, scalar, &whole.shape, all.is_empty());
        asked.leave_out_batches(kept_whole(LARGEST_BY_ENTRIES));
        let lacks = |formed: &Formed| formed.derived.is_empty() && formed.rows.is_empty();
        let formed = self.formed(whole, &all, &mut asked, lacks)?;
        let value = derive_closed(whole, &[], Order::Value, self.options.form)?;
        let mut documentation = introduction(function);
        documentation.extend(shapes(whole));
        documentation.extend(asked.notes());
        let results = Results::value(value.value);
        let of_few = OfFew::of(&value, |closed| results.with_roots(&[closed.value]))?;
        self.whole_item(&signature, &signature.name, documentation, whole, &value.graph, results, of_few)?;
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
        let of_few = match &whole.few {
            Some(few) => Some((few.clone(), Formed::new(few, all, formed.order, self.options.form)?)),
            None => None,
        };
        let Formed { order, closed, derived, rows, left_out } = formed;
        let (suffix, title) = derivative(order, whole.shape == Shape::Scalar);
        let name = self.names.claim(&format!("{}_{suffix}", function.display_name()));
        let mut documentation = computes(&format!("Value and {title}"), &signature.name);
        documentation.extend(formulas::derivatives(whole, all, order)?);
        documentation.extend(shapes(whole));
        for by in left_out {
            let names: Vec<String> = by.iter().map(|at| format!("`{}`", whole.parameters[*at].name)).collect();
            documentation.push(format!("The derivative by {} is left out.", names.join(" and ")));
        }
        let type_name =
            self.names.claim_type(&format!("{}{}", camel_case(function.display_name()), camel_case(suffix)));
        let outputs = Outputs::new("derivatives", &type_name, (signature, self.language), derived, rows);
        self.derivative_type(signature, whole, &closed.graph, &outputs, title);
        let results = Results { derivatives: vec![outputs], ..Results::value(closed.value) };
        let of_few = of_few.map(|(whole, formed)| {
            let Formed { closed, derived, rows, .. } = formed;
            let outputs = Outputs::new("derivatives", &type_name, (signature, self.language), derived, rows);
            let results = Results { derivatives: vec![outputs], ..Results::value(closed.value) };
            OfFew { whole, graph: closed.graph, results }
        });
        self.whole_item(signature, &name, documentation, whole, &closed.graph, results, of_few)?;
        Ok(type_name)
    }

    /// Names what goes into a function; other names are distinct from these.
    fn whole_signature(&self, name: String, whole: &Whole) -> (Signature, Names) {
        let float = Type::Float(self.options.scalar);
        let mut names = Names::of(self.language);
        let results = if whole.sizes.is_empty() { fixed::RESULTS } else { &[] };
        RESERVED.iter().chain(results).chain(self.language.reserved()).for_each(|name| drop(names.claim(name)));
        (1..=NESTED_LOOPS).for_each(|height| drop(names.claim(&format!("i{height}"))));
        let sizes: IndexMap<String, String> =
            whole.sizes.iter().map(|size| (size.clone(), names.claim(size))).collect();
        let mut parameters = of_sizes(&sizes);
        let fields: Vec<String> = whole.parameters.iter().map(|parameter| names.claim(&parameter.name)).collect();
        let mut checks = Vec::new();
        let mut opening = Vec::new();
        for (parameter, field) in whole.parameters.iter().zip(&fields) {
            let number = if parameter.range.is_some() { Type::Whole } else { float.clone() };
            let (kind, read) = match fixed::passed(parameter, field, number.clone()) {
                Some(passed) if sizes.is_empty() => passed,
                _ if parameter.shape == Shape::Scalar => (number, None),
                _ => {
                    checks.push(check_of(field, parameter, &sizes));
                    let only = parameter.extents().is_scalar().then(|| Expression::from(field).at(0));
                    (number.slice().reference(), only)
                }
            };
            parameters.push(Parameter::new(field, kind));
            checks.extend(gathers::check(parameter, field, &sizes));
            opening.extend(read.map(|read| Statement::name(field, read)));
        }
        (Signature { name, sizes, fields, parameters, checks, opening, stem: names.stem() }, names)
    }

    /// Declares the type that derivatives are written to.
    fn derivative_type(&mut self, signature: &Signature, whole: &Whole, graph: &Graph, outputs: &Outputs, title: &str) {
        let float = Type::Float(self.options.scalar);
        let quoted = |by: &[usize]| {
            let names: Vec<String> = by.iter().map(|at| format!("`{}`", whole.parameters[*at].name)).collect();
            names.join(" and ")
        };
        let mut fields = Vec::new();
        for (field, Derived { by, root }) in &outputs.matrices {
            let extents = shape_by(whole, by, &graph.extents(*root));
            let kind = if is_number(whole, by) { float.clone() } else { float.clone().slice() };
            let about = format!("Derivative by {}: a {extents}.", quoted(by));
            fields.push((about, Parameter::new(field, kind.mutable())));
        }
        for output in outputs.rows.iter().flat_map(|group| &group.outputs) {
            let of = output.by.split_last().map_or("the value".to_string(), |(last, first)| match first {
                [] => format!("the value, a column for each entry of {}", quoted(&[*last])),
                _ => format!("{}, a column for each entry of {}", quoted(first), quoted(&[*last])),
            });
            let about = format!("Derivative by {}: a row for each entry of {of}.", quoted(&output.by));
            fields.push((about, Parameter::new(&output.field, float.clone().slice().mutable())));
        }
        let about = format!("Where the {title} of [`{}`] is written to, row by row.", signature.name);
        self.declare_structure(vec![about], &outputs.type_name, fields, true);
    }

    /// Writes a function that computes the results, which are nodes of the graph, and those of few entries.
    #[allow(clippy::too_many_arguments)]
    fn whole_item(
        &mut self,
        signature: &Signature,
        name: &str,
        mut documentation: Vec<String>,
        whole: &Whole,
        given: &Graph,
        results: Results,
        of_few: Option<OfFew>,
    ) -> Result<(), Diagnostic> {
        let float = self.options.scalar;
        let interface = self.interface(signature, whole, given, results);
        let Prepared { mut parameters, checks: lengths, written: all, opening, targets } = interface;
        let (written, of_dimensions) = self.loops(signature, whole, given, targets, self.options)?;
        let of_few = of_few.map(|own| self.of_few(signature, own, &of_dimensions, &all));
        let of_few = of_few.transpose()?.flatten();
        let always = of_few.as_ref().map_or(&of_dimensions, |of_few| &of_few.of_dimensions);
        let mut checks: Vec<Statement> = always.iter().map(dimensions::Check::assertion).chain(lengths).collect();
        // With a named size there is always a workspace: whether the body needs one does not show.
        let more = of_few.iter().flat_map(|of_few| &of_few.written.temporaries);
        let is_needed = written.temporaries.iter().chain(more).any(|(_, entries)| temporaries::in_workspace(entries));
        if is_needed || !signature.sizes.is_empty() {
            parameters.push(Parameter::new("workspace", Type::Float(float).slice().mutable()));
            let workspace = self.workspace(signature, name, &written, of_few.as_ref());
            documentation.push(String::new());
            documentation.push(format!(
                "The workspace has at least [`{workspace}`] numbers; what is in them is of no importance."
            ));
            if is_needed {
                let needed = Expression::call(&workspace, signature.sizes.values().map(Expression::from));
                let length = Expression::from("workspace").method("len", []);
                let holds = length.compare(Comparison::GreaterEqual, needed);
                checks.push(Statement::assert(holds, &format!("the workspace is shorter than {workspace} says")));
            }
        }
        if !checks.is_empty() {
            panics(&mut documentation, OTHER_LENGTH);
        }
        let result = match written.returned.len() {
            0 => None,
            1 => Some(Type::Float(float)),
            several => Some(Type::Tuple(vec![Type::Float(float); several])),
        };
        let returned = written.result().map(Statement::Result);
        let temporaries = written.temporaries.iter().map(|(name, entries)| temporaries::declared(name, entries, float));
        let before = of_few.iter().map(|of_few| of_few.statement(float));
        let checks = checks.into_iter().chain(before);
        let statements = checks.into_iter().chain(opening).chain(temporaries).chain(written.statements);
        let heading = Heading { documentation, name: name.to_string(), result, role: Role::Loops };
        self.procedure(heading, parameters, statements.chain(returned).collect());
        Ok(())
    }

    /// Writes the loops that compute roots, and checks that dimensions are not negative.
    fn loops(
        &mut self,
        signature: &Signature,
        whole: &Whole,
        given: &Graph,
        targets: Targets,
        options: &Options,
    ) -> Result<(Written, Vec<dimensions::Check>), Diagnostic> {
        let Targets { mut roots, targets, mut rows, mut placeholders } = targets;
        roots.extend(rows.iter().flat_map(RowLoop::roots));
        let mut graph = given.clone();
        let roots = associate(&mut graph, &roots);
        let roots = placed(&mut graph, &roots);
        let roots = by_rows(&mut graph, &roots);
        let roots = in_place(&mut graph, &roots);
        let roots = written_out(&mut graph, &roots);
        let roots = hoist(&mut graph, &roots);
        let as_it_is = |_: &mut Graph, roots: &[ExprId]| roots.to_vec();
        let form = if options.checkpoint { by_states } else { as_it_is };
        let mut roots = form(&mut graph, &roots);
        let mut row_roots = roots.split_off(targets.len()).into_iter();
        let outputs = rows.iter_mut().flat_map(|group| &mut group.outputs);
        outputs.zip(&mut row_roots).for_each(|(output, root)| output.root = root);
        let planned: Vec<ExprId> = roots.iter().copied().chain(rows.iter().flat_map(RowLoop::roots)).collect();
        let mut plan = plan_beside(&mut graph, &planned, form, !options.checkpoint);
        if options.checkpoint {
            plan = with_checkpoints(plan);
        }
        let mut inputs = vec![String::new(); given.inputs().len()];
        for (parameter, field) in whole.parameters.iter().zip(&signature.fields) {
            if let Node::Input(index) = given.node(parameter.id) {
                inputs[*index as usize] = placeholders.stand_for(field);
            }
        }
        let extents_of_steps = plan.steps.iter().flat_map(|step| [&step.extents.rows, &step.extents.columns]);
        let checks = dimensions::checks(whole.needed.iter().chain(extents_of_steps), &signature.sizes);
        let stem = placeholders.stand_for(signature.stem.as_str());
        let expressions: Vec<Expression> = inputs.iter().map(Expression::from).collect();
        let writer =
            Writer { options, language: self.language, inputs: &expressions, owners: &[], stem: &stem, lanes: false };
        let mut sizes: IndexMap<String, String> =
            signature.sizes.iter().map(|(size, name)| (size.clone(), placeholders.stand_for(name))).collect();
        rows.iter().for_each(|group| sizes.extend(group.indices()));
        sizes.extend(looped::variables(&plan));
        let indices: FxHashSet<u32> = whole.indices_from_data();
        let interface = Interface { inputs: &inputs, indices: &indices, sizes: &sizes, targets: &targets, rows: &rows };
        Ok((Loops::write(&graph, &plan, writer, &interface)?.named(&placeholders), checks))
    }

    /// Writes the function that tells how long a workspace is.
    fn workspace(
        &mut self,
        signature: &Signature,
        name: &str,
        written: &Written,
        of_few: Option<&Alternative>,
    ) -> String {
        let workspace = self.names.claim(&format!("{}_workspace", self.language.word(name)));
        let total = match of_few {
            None => written.workspace(),
            Some(own) if own.written.workspace() == written.workspace() => written.workspace(),
            Some(own) => Expression::choice(own.condition.clone(), own.written.workspace(), written.workspace()),
        };
        let documentation = vec![format!("The length of the workspace of [`{name}`].")];
        self.constant(documentation, &workspace, of_sizes(&signature.sizes), total);
        workspace
    }
}

/// Says which shapes the parameters have.
fn shapes(whole: &Whole) -> Option<String> {
    let shaped = whole.parameters.iter().map(|parameter| (&parameter.name, &parameter.shape));
    super::documentation::shapes(shaped, !whole.sizes.is_empty())
}

/// The parameters that are dimensions.
fn of_sizes(sizes: &IndexMap<String, String>) -> Vec<Parameter> {
    sizes.values().map(|size| Parameter::new(size, Type::Whole)).collect()
}

/// Checks the length of a parameter's slice.
fn check_of(slice: &str, parameter: &WholeParameter, sizes: &IndexMap<String, String>) -> Statement {
    match &parameter.shape {
        shape @ Shape::Tensor(..) => {
            has_length(slice, &shape.extents(), sizes, &format!("`{}` is a {shape}", parameter.name))
        }
        shape => check(slice, &parameter.name, &shape.extents(), sizes),
    }
}

/// Checks the length of a slice.
fn check(slice: &str, name: &str, extents: &Extents, sizes: &IndexMap<String, String>) -> Statement {
    let kind = if extents.is_scalar() { "has one entry".to_string() } else { format!("is a {extents}") };
    has_length(slice, extents, sizes, &format!("`{name}` {kind}"))
}

/// Checks that a slice is as long as a matrix has entries.
fn has_length(slice: &str, extents: &Extents, sizes: &IndexMap<String, String>, message: &str) -> Statement {
    Statement::equal(Expression::from(slice).method("len", []), entries(extents, sizes), message)
}

/// Writes the type of the entries of a matrix: an array where it is known how many there are.
fn array_or_slice(extents: &Extents, entry: Type) -> Type {
    match extents.entries() {
        Some(count) if !extents.is_scalar() => entry.array(&[count]),
        _ => entry.slice(),
    }
}
