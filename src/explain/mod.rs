//! Derivations: a derivative in full, line by line, each line equal to the one before for a stated reason.
//!
//! First the chain rule takes the function apart from the outside in, then the rules of simplification lead from what
//! the chain rule gives to what is printed. Steps that only regroup are not shown.

mod chain;
mod gates;
mod names;
mod reason;
mod signed;
mod steps;
mod whole;

pub use reason::{Definition, Identity, Reason};
pub use whole::{WholeDerivation, explain_whole};

use crate::derive::{input_facts, pretty_forms};
use crate::diff::{self, Differentiator};
use crate::error::Diagnostic;
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Entries, Formulas};
use crate::show::naming::{DIFFERENTIAL, Names};
use crate::show::notation;
use crate::simplify::{Grouping, Simplifier, Windows, canonicalize};
use crate::syntax::ast::{Ast, Expression, Let, NodeId};
use chain::{Chain, Known, chain_rule};
use rustc_hash::FxHashMap;
use signed::Signed;
use steps::simplification;

/// Most gates of a function that is taken apart gate by gate.
const MOST_GATES: usize = 48;

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
        crate::syntax::print_expression(&self.ast, self.root).replace(DIFFERENTIAL, "d")
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
pub fn explain(function: &Entries, output: usize, by: usize) -> Result<Derivation, Diagnostic> {
    let mut graph = function.graph.clone();
    let mut formulas = Formulas::default();
    let mut differentiator = Differentiator::default();
    let leaf = graph.intern(Node::Input(by as u32));
    let resolved = diff::resolve(&mut differentiator, &mut graph, &function.outputs)?;
    graph.take_notes();
    let value = match graph.is_strict() {
        true => resolved.clone(),
        false => canonicalize(&mut graph, &mut formulas, &resolved, Grouping::DERIVING),
    };
    let rewritten = graph.take_notes();
    // The answer is the one that is printed elsewhere, whatever way leads to it here.
    let printed = diff::jacobian(&mut differentiator, &mut graph, &value, &[leaf])?[output][0];
    let gates = chain::gates(&graph, value[output], leaf);
    let chain = match gates <= MOST_GATES {
        true => chain_rule(&mut graph, &mut differentiator, value[output], leaf)?,
        false => Chain { steps: Vec::new(), derivative: printed },
    };
    graph.take_notes();

    let mut writer = Writer { lines: Vec::new(), leaf };
    writer.derivative_of(&mut graph, resolved[output], None);
    if !rewritten.is_empty() {
        writer.derivative_of(&mut graph, value[output], Some(phrase(&rewritten)));
    }
    for step in &chain.steps {
        writer.chain(&mut graph, &step.known, Some(step.reason.clone()));
    }
    let facts = input_facts(function);
    let simplifier = Simplifier::new(&mut formulas);
    let forms = pretty_forms(&mut Windows::default(), &mut graph, &mut formulas, printed, &facts);
    graph.take_notes();
    let start = canonicalize(&mut graph, &mut formulas, &[chain.derivative], Grouping::READING)[0];
    let first = match (chain.steps.last().map(|step| &step.known), graph.take_notes().as_slice()) {
        (None, _) if !graph.reachable(&[value[output]]).contains(&leaf) => "derivative of a constant".into(),
        (None, _) if gates <= MOST_GATES => "derivative of a linear function".into(),
        (None, _) => "chain rule, gate by gate".into(),
        (_, notes) if !notes.is_empty() => phrase(notes),
        (Some(Known::Sum(_)), _) => "collect terms".into(),
        _ => "multiply together".into(),
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
    fn derivative_of(&mut self, graph: &mut Graph, value: ExprId, reason: Option<Reason>) {
        self.chain(graph, &Known::Open(value), reason);
    }

    /// Writes what is known of a derivative, factor by factor.
    fn chain(&mut self, graph: &mut Graph, known: &Known, reason: Option<Reason>) {
        let mut roots = vec![self.leaf];
        let signed = Signed::new(graph, known);
        signed.roots(&mut roots);
        let (mut ast, lets, written) = notation::write_parts(graph, &roots, &Names::default());
        let nodes: FxHashMap<ExprId, NodeId> = roots.into_iter().zip(written).collect();
        let body = signed.write(&mut ast, &nodes, self.leaf);
        let root = block(&mut ast, lets, body);
        self.push(Line { ast, root, reason });
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
