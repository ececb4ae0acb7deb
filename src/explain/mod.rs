//! Derivations: a derivative in full, line by line, each line equal to the one before for a stated reason.
//!
//! First the chain rule takes the function apart from the outside in, then the rules of simplification lead from what
//! the chain rule gives to what is printed. Steps that only regroup are not shown.

mod chain;
mod names;
mod reason;

pub use reason::{Identity, Reason};

use crate::derive::{input_facts, pretty_forms};
use crate::diff::{self, Differentiator};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Facts, Formulas, Function};
use crate::show::notation::{self, Names};
use crate::simplify::{Simplifier, Step, canonicalize, prove};
use crate::syntax::ast::{Ast, BinaryOperator, Expression, Let, Name, NodeId};
use crate::source::Span;
use chain::{ChainStep, Term, chain_rule};

/// Rules that only regroup; a line is not spent on them.
const BOOKKEEPING: &[&str] =
    &["collect terms", "collect factors", "power of a product", "power of a reciprocal", "multiply together"];

/// A line of a derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where the expression is.
    pub ast: Ast,
    /// The expression.
    pub root: NodeId,
    /// Why it equals the expression of the line before; none for the first line.
    pub reason: Option<Reason>,
}

impl Line {
    /// Writes the expression as text.
    pub fn text(&self) -> String {
        crate::syntax::print_expression(&self.ast, self.root)
    }

    fn mentions(&self, name: &str) -> bool {
        self.text().split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    }
}

/// A derivative, line by line.
#[derive(Clone, Debug)]
pub struct Derivation {
    /// The lines; the first one is the derivative as a question.
    pub lines: Vec<Line>,
    /// What the names in the lines stand for, each in terms of those before it.
    pub names: Vec<(String, Line)>,
}

/// Derives one entry of a function's value by one input, line by line.
///
/// # Errors
/// A function without a derivative rule.
pub fn explain(function: &Function, output: usize, by: usize) -> Result<Derivation, Diagnostic> {
    let mut graph = function.graph.clone();
    let mut formulas = Formulas::default();
    let mut differentiator = Differentiator::default();
    let leaf = graph.intern(Node::Input(by as u32));
    let resolved = diff::resolve(&mut differentiator, &mut graph, &function.outputs)?;
    graph.take_notes();
    let value = canonicalize(&mut graph, &mut formulas, &resolved, 1);
    let rewritten = graph.take_notes();
    // The answer is the one that is printed elsewhere, whatever way leads to it here.
    let printed = diff::jacobian(&mut differentiator, &mut graph, &value, &[leaf])?[output][0];
    let (steps, derivative) = chain_rule(&mut graph, &mut differentiator, value[output], leaf)?;
    graph.take_notes();

    let mut writer = Writer { lines: Vec::new(), leaf };
    writer.derivative_of(&graph, resolved[output], None);
    if !rewritten.is_empty() {
        writer.derivative_of(&graph, value[output], Some(phrase(&rewritten)));
    }
    let trivial = steps.is_empty();
    for step in &steps {
        writer.chain_step(&graph, step);
    }
    let facts = input_facts(function);
    let simplifier = Simplifier::new(&mut formulas);
    let forms = pretty_forms(&simplifier, &mut graph, &mut formulas, printed, &facts);
    graph.take_notes();
    let start = canonicalize(&mut graph, &mut formulas, &[derivative], 16)[0];
    let first = match graph.take_notes().as_slice() {
        _ if trivial => "derivative of a linear function".into(),
        [] => "multiply together".into(),
        notes => phrase(notes),
    };
    let proof = simplification(&simplifier, &mut graph, &mut formulas, start, &forms, &facts);
    let shown: Vec<(ExprId, Reason)> = std::iter::once((start, first)).chain(proof).collect();
    let names = names::choose(&graph, shown.iter().map(|(form, _)| *form));
    for (form, reason) in shown {
        writer.form(&graph, form, &names.of_nodes, reason);
    }
    let mut derivation = Derivation { lines: writer.lines, names: names.definitions(&graph) };
    derivation.drop_unused_names();
    Ok(derivation)
}

impl Derivation {
    fn drop_unused_names(&mut self) {
        for at in (0..self.names.len()).rev() {
            let name = &self.names[at].0;
            let later = self.names[at + 1..].iter().map(|(_, line)| line);
            if !self.lines.iter().chain(later).any(|line| line.mentions(name)) {
                self.names.remove(at);
            }
        }
    }
}

fn phrase(notes: &[&'static str]) -> Reason {
    notes.join(", ").as_str().into()
}

/// Lists the steps from a form to the last of the given forms.
fn simplification(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    start: ExprId,
    forms: &[ExprId],
    facts: &[Facts],
) -> Vec<(ExprId, Reason)> {
    let Some(end) = forms.last().copied() else { return Vec::new() };
    let mut steps = Vec::new();
    match prove(simplifier, graph, formulas, start, end, facts) {
        Some(proof) => steps = proof,
        None => {
            // Where there is no proof in one piece, there may be one from form to form.
            let mut before = start;
            for form in forms {
                match prove(simplifier, graph, formulas, before, *form, facts) {
                    Some(proof) => steps.extend(proof),
                    None => steps.push(Step { rule: "rearrangement by the rules of the table", form: *form }),
                }
                before = *form;
            }
        }
    }
    let mut shown: Vec<(ExprId, Reason)> = Vec::new();
    let count = steps.len();
    for (at, step) in steps.iter().enumerate() {
        let repeated = steps.get(at + 1).is_some_and(|next| next.rule == step.rule);
        if repeated || (at + 1 < count && BOOKKEEPING.contains(&step.rule)) {
            continue;
        }
        shown.push((step.form, step.rule.into()));
    }
    shown
}

struct Writer {
    lines: Vec<Line>,
    leaf: ExprId,
}

impl Writer {
    /// Adds a line, unless it reads as the one before.
    fn push(&mut self, line: Line) {
        if self.lines.last().is_none_or(|last| last.text() != line.text()) {
            self.lines.push(line);
        }
    }

    /// Writes `diff(value, x)`.
    fn derivative_of(&mut self, graph: &Graph, value: ExprId, reason: Option<Reason>) {
        let step = ChainStep {
            terms: vec![Term { factors: Vec::new(), inner: Some(value) }],
            reason: reason.clone().unwrap_or_default(),
        };
        self.chain_step(graph, &step);
        if let Some(line) = self.lines.last_mut() {
            line.reason = reason;
        }
    }

    /// Writes the terms of a step, factor by factor.
    fn chain_step(&mut self, graph: &Graph, step: &ChainStep) {
        let inner = step.terms.iter().filter_map(|term| term.inner);
        let roots: Vec<ExprId> =
            step.terms.iter().flat_map(|term| term.factors.iter().copied()).chain(inner).chain([self.leaf]).collect();
        let (mut ast, lets, written) = notation::write_parts(graph, &roots, &Names::default());
        let node = |id: ExprId| roots.iter().position(|root| *root == id).map(|at| written[at]);
        let mut sum = None;
        for term in &step.terms {
            let mut factors: Vec<NodeId> = term.factors.iter().filter_map(|factor| node(*factor)).collect();
            if let (Some(inner), Some(by)) = (term.inner.and_then(node), node(self.leaf)) {
                let name = Name { text: "diff".to_string(), span: Span::default() };
                factors.push(ast.synthesize(Expression::Call(name, vec![inner, by])));
            }
            let Some((first, rest)) = factors.split_first() else { continue };
            let multiply = |product, factor: &NodeId| {
                ast.synthesize(Expression::Binary(BinaryOperator::Multiply, product, *factor))
            };
            let product = rest.iter().fold(*first, multiply);
            sum = Some(match sum {
                None => product,
                Some(sum) => ast.synthesize(Expression::Binary(BinaryOperator::Add, sum, product)),
            });
        }
        let body = sum.unwrap_or_else(|| ast.synthesize(Expression::Number("0".to_string())));
        let root = block(&mut ast, lets, body);
        self.push(Line { ast, root, reason: Some(step.reason.clone()) });
    }

    /// Writes an expression in full.
    fn form(&mut self, graph: &Graph, form: ExprId, names: &Names, reason: Reason) {
        self.push(written(graph, form, names, Some(reason)));
    }
}

fn written(graph: &Graph, form: ExprId, names: &Names, reason: Option<Reason>) -> Line {
    let (mut ast, lets, written) = notation::write_parts(graph, &[form], names);
    let root = block(&mut ast, lets, written[0]);
    Line { ast, root, reason }
}

fn block(ast: &mut Ast, lets: Vec<Let>, body: NodeId) -> NodeId {
    if lets.is_empty() { body } else { ast.synthesize(Expression::Block(lets, body)) }
}
