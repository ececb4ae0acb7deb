//! The middle of the pipeline in one place: from a lowered function to its derivatives, in the form that is asked for.

mod assumptions;
mod closed;
mod digits;
mod forms;
mod of_few;
mod passes;
mod products;
mod repeated;
mod rows;
mod sparse;

pub use assumptions::{Assumptions, Patches, assumptions, closed_assumptions, closed_patches, patches};
pub use closed::{Closed, Derivative, Through, derive_closed, derive_closed_watched, derive_through};
pub use forms::pretty_forms;
pub use passes::{Pass, Passes};
pub use products::{Product, derive_closed_product};
pub use repeated::derive_repeatedly;
pub use rows::{Rows, derive_rows};
pub use sparse::{
    Band, Group, Layout, Nonzero, Order as SparseOrder, Place, Side, Sparse, SparseKind, derive_sparse, lagrangian,
    lagrangian_by_entries,
};

use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::graph::{ExprId, Graph, Node};
use crate::limits;
use crate::lower::{Entries, Facts, Formulas};
use crate::simplify::{self, Audit, Budget, Goal, Grouping, Windows, canonicalize, lost_conditions};
use crate::tape::{Tape, schedule};
use forms::{pretty, reduce, symbols};
use rustc_hash::FxHashMap;

/// How derivatives are simplified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As the chain rule gives them, from the function as it is written.
    Raw,
    /// For people: each expression on its own, short parts repeated rather than named.
    Pretty,
    /// For machines: all expressions together, each part computed once, in forms that keep their digits.
    Code,
    /// For machines: as [`Form::Code`], but with as few operations as possible.
    Flops,
}

impl Form {
    /// Returns what simplification minimizes.
    fn goal(self) -> Goal {
        match self {
            Form::Pretty => Goal::Pretty,
            Form::Flops => Goal::Flops,
            Form::Raw | Form::Code => Goal::Stable,
        }
    }

    /// Returns how sums are grouped in what is derived.
    fn grouping_to_derive(self) -> Grouping {
        if self == Form::Pretty { Grouping::DERIVING } else { Grouping::RUNNING }
    }
}

/// Which derivatives are formed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Order {
    /// The function's value alone.
    Value,
    /// The value and its first derivatives.
    First,
    /// The value, its first and its second derivatives. For functions with one output.
    Second,
}

/// Largest function, in nodes, that is brought into a stable form before it is derived; in larger ones the derivatives
/// alone are.
const PREPARED: usize = 256;

/// Largest graph of derivatives, in nodes, of which the form that the chain rule gives is compared.
const COMPARED: usize = 50_000;

/// A function's value and derivatives.
#[derive(Clone, Debug)]
pub struct Derivatives {
    /// Where the expressions are.
    pub graph: Graph,
    /// The function's value, row by row.
    pub value: Vec<ExprId>,
    /// The first derivatives: a row for each entry of the value, a column for each input.
    pub first: Vec<Vec<ExprId>>,
    /// The second derivatives of the only output: a row and a column for each input.
    pub second: Vec<Vec<ExprId>>,
    form: Form,
    /// Whether nothing had to be changed for the sake of digits.
    is_stable_as_given: bool,
}

impl Derivatives {
    /// Returns all expressions: value, first derivatives, and the second derivatives on and above the diagonal.
    pub fn roots(&self) -> Vec<ExprId> {
        let upper = self.second.iter().enumerate().flat_map(|(at, row)| row[at..].iter());
        self.value.iter().chain(self.first.iter().flatten()).chain(upper).copied().collect()
    }

    /// Returns the derivatives of the highest order that was formed.
    pub fn derived(&self) -> Vec<ExprId> {
        match (self.second.is_empty(), self.first.is_empty()) {
            (false, _) => self.second.iter().flatten().copied().collect(),
            (_, false) => self.first.iter().flatten().copied().collect(),
            _ => self.value.clone(),
        }
    }

    /// Replaces all expressions, given in the order of [`Derivatives::roots`].
    fn replace(&mut self, roots: &[ExprId]) {
        let mut rest = roots.iter().copied();
        let slots = self.value.iter_mut().chain(self.first.iter_mut().flatten());
        slots.zip(&mut rest).for_each(|(slot, new)| *slot = new);
        for row in 0..self.second.len() {
            for column in row..self.second.len() {
                if let Some(new) = rest.next() {
                    self.second[row][column] = new;
                    self.second[column][row] = new;
                }
            }
        }
    }

    /// Computes value and derivatives together, each part once.
    pub fn tape(&mut self) -> Tape {
        self.schedule(&self.roots())
    }

    fn schedule(&mut self, roots: &[ExprId]) -> Tape {
        if self.form != Form::Raw {
            return schedule(&mut self.graph, &mut Formulas::default(), roots);
        }
        // Gates as they are written come in any order, and numbers among them are not folded.
        let roots = self.graph.rebuild(roots, |_, _, _| None);
        schedule(&mut self.graph, &mut Formulas::default(), &roots)
    }
}

/// Forms the derivatives of a function by the given inputs.
///
/// # Errors
/// A function without a derivative rule, and second derivatives of a function with several outputs.
pub fn derive(function: &Entries, by: &[usize], order: Order, form: Form) -> Result<Derivatives, Diagnostic> {
    Deriver::default().derive(function, by, order, form)
}

/// Forms derivatives, and keeps what the next ones can use: formulas and rules that are read, windows that are solved.
#[derive(Default)]
pub struct Deriver {
    formulas: Formulas,
    differentiator: Differentiator,
    windows: Windows,
    passes: Passes,
}

impl Deriver {
    /// Makes a deriver that keeps what a pass leaves behind.
    pub fn keeping(pass: Pass) -> Deriver {
        Deriver { passes: Passes::keeping(pass), ..Deriver::default() }
    }

    /// Returns what the pass has left behind, as text.
    pub fn kept(&self) -> &str {
        self.passes.text()
    }

    /// Makes a deriver that lays each of its steps open to an audit.
    pub fn audited(audit: Box<dyn Audit>) -> Deriver {
        let mut deriver = Deriver::default();
        deriver.windows.set_audit(audit);
        deriver
    }

    /// Returns what the audit has found to be wrong.
    pub fn objections(&self) -> Vec<String> {
        self.windows.objections()
    }

    /// Forms the derivatives of a function by the given inputs.
    ///
    /// # Errors
    /// A function without a derivative rule, and second derivatives of a function with several outputs.
    pub fn derive(
        &mut self,
        function: &Entries,
        by: &[usize],
        order: Order,
        form: Form,
    ) -> Result<Derivatives, Diagnostic> {
        self.fewest(form, function, |deriver, form| deriver.derive_in_form(function, by, order, form))
    }

    /// Takes the derivatives in the form that is asked for, or as the chain rule gives them where these are fewer operations
    /// and defined at the same points.
    fn fewest(
        &mut self,
        form: Form,
        function: &Entries,
        mut derive: impl FnMut(&mut Self, Form) -> Result<Derivatives, Diagnostic>,
    ) -> Result<Derivatives, Diagnostic> {
        let derivatives = derive(self, form)?;
        if !matches!(form, Form::Code | Form::Flops) {
            return Ok(derivatives);
        }
        // The fewest operations are sometimes those of the chain rule itself.
        let compares = form == Form::Flops || derivatives.is_stable_as_given && derivatives.graph.len() <= COMPARED;
        if !compares {
            return Ok(derivatives);
        }
        let passes = std::mem::take(&mut self.passes);
        let raw = derive(self, Form::Raw)?;
        self.passes = passes;
        let flops = |derivatives: &Derivatives| derivatives.clone().tape().counts().flops();
        let fewer = flops(&raw) < flops(&derivatives);
        Ok(if fewer && self.is_defined_where(&raw, &derivatives, function) { raw } else { derivatives })
    }

    /// Tells whether the first derivatives are known to be defined wherever the others are: the chain rule divides by
    /// `(x^2)^(1/4)` where `sqrt(abs(x))*sign(x)` is defined for all x.
    fn is_defined_where(&mut self, raw: &Derivatives, others: &Derivatives, function: &Entries) -> bool {
        let mut graph = others.graph.clone();
        let roots = raw.roots();
        let mut image: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in raw.graph.reachable(&roots) {
            let node = raw.graph.node(id).clone().renamed(|operand| image[&operand]);
            let mut new = graph.construct(&node, |operand| operand);
            // Powers are what restricts the domain, and are kept as they are.
            if let Node::Product(factors) = &node {
                let mut sorted = factors.to_vec();
                sorted.sort_by_key(|(base, _)| *base);
                if !matches!(graph.node(new), Node::Product(factors) if **factors == *sorted) {
                    new = graph.intern(node);
                }
            }
            image.insert(id, new);
        }
        let roots: Vec<ExprId> = roots.iter().map(|root| image[root]).collect();
        lost_conditions(&mut graph, &mut self.formulas, (&roots, &others.roots()), &input_facts(function)).is_empty()
    }

    fn derive_in_form(
        &mut self,
        function: &Entries,
        by: &[usize],
        order: Order,
        form: Form,
    ) -> Result<Derivatives, Diagnostic> {
        if order == Order::Second && by.len() > limits::SECOND_BY {
            let message = format!("second derivatives by {} numbers are too many", by.len());
            let diagnostic = Diagnostic::general(Fault::TooLarge, message);
            return Err(diagnostic.hint(format!(
                "at most {} are derived by entry by entry; `--wrt` chooses some, and a dimension with a name, as in \
                 `x: vector[n]`, keeps vectors whole",
                limits::SECOND_BY
            )));
        }
        let mut graph = function.graph.clone();
        // A gradient takes about this many nodes for each of the function.
        graph.reserve(4 * graph.len());
        let leaves = leaves(&mut graph, by);
        let value = self.resolved(&mut graph, function)?;
        let (value, mut is_stable_as_given) = self.prepare(&mut graph, value, form, function);
        let mut first = Vec::new();
        let mut second = Vec::new();
        if order >= Order::First {
            first = diff::jacobian(&mut self.differentiator, &mut graph, &value, &leaves)?;
            self.continue_distances(&mut graph, &value, &mut first, form);
        }
        let for_code = form == Form::Code && !graph.is_strict();
        let mut in_shares = false;
        if for_code && let [row] = first.as_mut_slice() {
            (*row, in_shares) = simplify::homogeneous_in_shares(&mut graph, row);
            is_stable_as_given &= !in_shares;
        }
        if order == Order::Second {
            let [row] = first.as_slice() else { return Err(several_values()) };
            let gradient = match form {
                Form::Raw => row.clone(),
                _ if graph.is_strict() || in_shares => {
                    canonicalize(&mut graph, &mut self.formulas, row, form.grouping_to_derive())
                }
                _ => {
                    let (gradient, stable) = self.prepare(&mut graph, row.clone(), form, function);
                    is_stable_as_given &= stable;
                    gradient
                }
            };
            second = diff::hessian(&mut self.differentiator, &mut graph, &gradient, &leaves)?;
            self.continue_distances(&mut graph, &value, &mut second, form);
            if for_code {
                for row in &mut second {
                    *row = simplify::homogeneous_in_shares(&mut graph, row).0;
                }
            }
        }
        let mut derivatives = Derivatives { graph, value, first, second, form, is_stable_as_given };
        self.passes.after(Pass::Derive, &derivatives.graph, &derivatives.roots());
        self.simplify(function, &mut derivatives, form);
        if form == Form::Pretty && order == Order::Second && !derivatives.graph.is_strict() {
            self.shorten(function, &mut derivatives, &leaves)?;
        }
        self.passes.after(Pass::Simplify, &derivatives.graph, &derivatives.roots());
        Ok(derivatives)
    }

    /// Works out the derivatives inside of a function's value.
    fn resolved(&mut self, graph: &mut Graph, function: &Entries) -> Result<Vec<ExprId>, Diagnostic> {
        self.passes.after(Pass::Lower, graph, &function.outputs);
        let value = diff::resolve(&mut self.differentiator, graph, &function.outputs)?;
        self.passes.after(Pass::Resolve, graph, &value);
        Ok(value)
    }

    /// Continues derivatives of a value where a distance is 0, if the value is continued there.
    fn continue_distances(&mut self, graph: &mut Graph, value: &[ExprId], rows: &mut [Vec<ExprId>], form: Form) {
        if form == Form::Raw || graph.is_strict() {
            return;
        }
        let all: Vec<ExprId> = rows.concat();
        let mut continued = simplify::distances_continued(graph, &mut self.formulas, value, &all).into_iter();
        rows.iter_mut().flatten().zip(&mut continued).for_each(|(entry, new)| *entry = new);
    }

    /// Derives the gradient a second time, as a person does, from what it has been simplified to, and keeps what is shorter.
    fn shorten(
        &mut self,
        function: &Entries,
        derivatives: &mut Derivatives,
        leaves: &[ExprId],
    ) -> Result<(), Diagnostic> {
        let Derivatives { graph, first, second, .. } = derivatives;
        let [gradient] = first.as_slice() else { return Ok(()) };
        if graph.reachable(gradient).len() > PREPARED {
            return Ok(());
        }
        let again = diff::hessian(&mut self.differentiator, graph, gradient, leaves)?;
        let Deriver { formulas, windows, .. } = self;
        for (row, entries) in again.iter().enumerate() {
            let new = pretty(windows, graph, formulas, &entries[row..], &input_facts(function));
            for (column, new) in (row..).zip(new) {
                if symbols(graph, new) < symbols(graph, second[row][column]) {
                    second[row][column] = new;
                    second[column][row] = new;
                }
            }
        }
        Ok(())
    }

    /// Brings what is to be derived into the form that is derived, and tells whether its digits were kept as it was.
    /// Another form may be differentiable at more points.
    fn prepare(
        &mut self,
        graph: &mut Graph,
        roots: Vec<ExprId>,
        form: Form,
        function: &Entries,
    ) -> (Vec<ExprId>, bool) {
        let prepared = self.prepared(graph, roots, form, function);
        self.passes.after(Pass::Prepare, graph, &prepared.0);
        prepared
    }

    fn prepared(
        &mut self,
        graph: &mut Graph,
        roots: Vec<ExprId>,
        form: Form,
        function: &Entries,
    ) -> (Vec<ExprId>, bool) {
        if form == Form::Raw {
            return (roots, true);
        }
        let Deriver { formulas, windows, .. } = self;
        let given =
            if graph.is_strict() { roots } else { canonicalize(graph, formulas, &roots, form.grouping_to_derive()) };
        let for_code = form == Form::Code && !graph.is_strict();
        let (roots, continued) = digits::derivable(graph, formulas, &given, for_code);
        match form {
            _ if graph.is_strict() => (roots, !continued),
            // The derivative of a form that keeps its digits is more easily brought into such a form itself.
            Form::Code if graph.reachable(&roots).len() <= PREPARED => {
                let goal = (Goal::Derivable, Grouping::RUNNING);
                match reduce(windows, graph, formulas, &roots, goal, &input_facts(function), &mut Budget::default()) {
                    (reduced, true) if digits::is_much_shorter(graph, &reduced, &roots) => (reduced, !continued),
                    (_, true) => (canonicalize(graph, formulas, &roots, form.grouping_to_derive()), !continued),
                    changed => changed,
                }
            }
            _ => (canonicalize(graph, formulas, &roots, form.grouping_to_derive()), !continued),
        }
    }

    fn simplify(&mut self, function: &Entries, derivatives: &mut Derivatives, form: Form) {
        if form == Form::Raw {
            return;
        }
        let roots = derivatives.roots();
        let graph = &mut derivatives.graph;
        let facts = input_facts(function);
        let Deriver { formulas, windows, .. } = self;
        let roots = match form {
            Form::Pretty => {
                // Beside its derivatives, the value is not read.
                let (values, derived) =
                    roots.split_at(if derivatives.first.is_empty() { 0 } else { derivatives.value.len() });
                [values, &pretty(windows, graph, formulas, derived, &facts)].concat()
            }
            Form::Code => {
                let strict = graph.is_strict();
                let (values, derived) = roots.split_at(derivatives.value.len());
                let (derived, continued) =
                    if strict { (derived.to_vec(), false) } else { digits::continued(graph, formulas, derived) };
                let roots = [values, &derived].concat();
                let (roots, stable) = reduce(
                    windows,
                    graph,
                    formulas,
                    &roots,
                    (Goal::Stable, Grouping::RUNNING),
                    &facts,
                    &mut Budget::default(),
                );
                let (roots, guarded) = match strict {
                    true => (roots, false),
                    false => digits::guarded(graph, &roots, derivatives.value.len(), &facts),
                };
                derivatives.is_stable_as_given &= stable && !continued && !guarded;
                roots
            }
            _ => {
                reduce(
                    windows,
                    graph,
                    formulas,
                    &roots,
                    (Goal::Flops, Grouping::RUNNING),
                    &facts,
                    &mut Budget::default(),
                )
                .0
            }
        };
        derivatives.replace(&roots);
    }
}

/// Returns the facts of all inputs.
pub fn input_facts(function: &Entries) -> Vec<Facts> {
    function.parameters.iter().flat_map(|parameter| parameter.inputs.clone().map(|_| parameter.facts.clone())).collect()
}

fn leaves(graph: &mut Graph, inputs: &[usize]) -> Vec<ExprId> {
    inputs.iter().map(|input| graph.intern(Node::Input(*input as u32))).collect()
}

/// Refuses second derivatives of a function with several values.
fn several_values() -> Diagnostic {
    Diagnostic::general(Fault::OneValue, "second derivatives are formed of functions with one value")
        .hint("take one entry of the vector, or its Jacobian")
}
