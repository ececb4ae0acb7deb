//! Derivations of gradients by whole vectors and matrices: backpropagation with formulas.
//!
//! The function is taken apart into gates with names. From the last gate to the parameters, each gets its gradient: what
//! every gate that reads it passes on, in terms of that gate's own gradient, which is then put in and simplified.

use super::gates::{Gate, gates};
use super::reason::Definition;
use super::steps::matrix_steps;
use super::{Derivation, Line, Reason, written};
use crate::derive::{Form, Order, derive_closed};
use crate::diff::{self, Differentiator};
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{ExprId, Graph, MatrixOperation as M, Node, Rational, Term};
use crate::lower::{Facts, Formulas, Whole};
use crate::show::names::with_names;
use crate::show::naming::{DIFFERENTIAL, Names};
use crate::show::notation;
use crate::simplify::{Goal, Grouping, Simplifier, Windows, canonicalize, simplify_matrices};
use rustc_hash::FxHashMap;

/// The derivation of a function's gradients.
#[derive(Clone, Debug)]
pub struct WholeDerivation {
    /// The names of the gates and what they compute, operands before uses; the function's value comes last.
    pub values: Vec<(String, Line)>,
    /// The gradient of each gate and parameter by its name, in the order in which they are worked out.
    pub gradients: Vec<(String, Derivation)>,
}

/// Derives a function by some of its parameters, which are counted in the order of the function's.
///
/// # Errors
/// A function without a derivative rule, or with several values.
pub fn explain_whole(whole: &Whole, function: &str, by: &[usize]) -> Result<WholeDerivation, Diagnostic> {
    let mut graph = whole.graph.clone();
    let mut differentiator = Differentiator::default();
    let output = diff::resolve(&mut differentiator, &mut graph, &[whole.output])?[0];
    if !graph.extents(output).is_scalar() {
        return Err(Diagnostic::general(Fault::OneValue, "a gradient is that of a number, and this is a vector")
            .hint("choose an entry: `v[0]`; or add them up: `sum(v)`"));
    }
    let leaves: Vec<ExprId> = by.iter().map(|at| whole.parameters[*at].id).collect();
    let gates = gates(&mut graph, whole, output, &leaves, function);
    let passed = contributions(&mut graph, &mut differentiator, &gates, &leaves, function)?;
    let closed = derive_closed(whole, by, Order::First, Form::Pretty)?;
    let mut facts = vec![Facts::default(); graph.inputs().len()];
    for parameter in &whole.parameters {
        facts[whole.input_index(parameter.id)] = parameter.facts.clone();
    }
    let mut formulas = Formulas::default();
    let simplifier = Simplifier::new(&mut formulas);
    for gate in &gates {
        if let (Node::Input(index), Node::Apply(function, _)) = (graph.node(gate.stand_in), graph.node(gate.value)) {
            facts[*index as usize] = simplifier.range(*function);
        }
    }
    graph.use_symmetry();
    for gate in &gates {
        if graph.is_symmetric(gate.value) {
            graph.declare_symmetric(gate.stand_in);
        }
    }
    let values = gates.iter().map(|gate| (gate.name.clone(), line(&graph, gate.value, None))).collect();
    let mut pass =
        Backward { graph, formulas, simplifier, windows: Windows::default(), facts, known: FxHashMap::default() };
    let mut gradients = Vec::new();
    for gate in gates[..gates.len() - 1].iter().rev() {
        if let Some((lines, _)) = pass.gradient(gate.stand_in, &passed, &gates) {
            gradients.push((gate.name.clone(), Derivation { lines, names: Vec::new() }));
        }
    }
    let mut shown = closed.graph;
    let printed: Vec<ExprId> = closed.first.iter().map(|derivative| derivative.expression()).collect();
    let printed = with_names(&mut shown, &printed, &closed.names);
    for (leaf, (at, printed)) in leaves.into_iter().zip(by.iter().zip(printed)) {
        let last = line(&shown, printed, None);
        let (mut lines, reason) = match pass.gradient(leaf, &passed, &gates) {
            Some((lines, end)) => (lines, written_out(&pass.graph, end, &gates, &last)),
            None => (Vec::new(), format!("{function} does not depend on it").as_str().into()),
        };
        push(&mut lines, Line { reason: Some(reason), ..last });
        gradients.push((whole.parameters[*at].name.clone(), Derivation { lines, names: Vec::new() }));
    }
    Ok(WholeDerivation { values, gradients })
}

/// What a gate passes on to an operand.
struct Passed {
    /// The gate.
    gate: usize,
    /// The gate's gradient, as an input; none where it is 1.
    upstream: Option<ExprId>,
    /// The operand.
    operand: ExprId,
    /// What arrives at the operand.
    arrives: ExprId,
    /// The rules by which it does.
    rules: Vec<String>,
}

/// Forms what each gate passes on to its operands, the last gate first.
fn contributions(
    graph: &mut Graph,
    differentiator: &mut Differentiator,
    gates: &[Gate],
    leaves: &[ExprId],
    function: &str,
) -> Result<Vec<Passed>, Diagnostic> {
    let mut passed = Vec::new();
    for (at, gate) in gates.iter().enumerate().rev().filter(|(_, gate)| gate.varies) {
        let upstream = (at + 1 < gates.len()).then(|| {
            let name = format!("{DIFFERENTIAL}{function}/{DIFFERENTIAL}{}", gate.name);
            graph.add_matrix_input(&name, graph.extents(gate.value))
        });
        let value = graph.rebuild(&[gate.value], |_, _, _| None)[0];
        let inside = graph.reachable(&[value]);
        let varying = gates[..at].iter().filter(|gate| gate.varies).map(|gate| gate.stand_in);
        let operands: Vec<ExprId> =
            varying.chain(leaves.iter().copied()).filter(|operand| inside.contains(operand)).collect();
        let adjoint = upstream.unwrap_or_else(|| graph.number(Rational::ONE));
        let arriving = diff::adjoints(differentiator, graph, value, adjoint, &operands)?;
        let own = if graph.hides_shares(value) { gate.stand_in } else { value };
        let arriving = graph.rebuild(&arriving, |_, id, _| (id == own).then_some(gate.stand_in));
        let arriving = canonicalize(graph, &mut Formulas::default(), &arriving, Grouping::DERIVING);
        for (operand, arrives) in operands.into_iter().zip(arriving) {
            let rules = rules(graph, gate.value, operand);
            passed.push(Passed { gate: at, upstream, operand, arrives, rules });
        }
    }
    Ok(passed)
}

/// The way from the last gate to the parameters.
struct Backward {
    graph: Graph,
    formulas: Formulas,
    simplifier: Simplifier,
    windows: Windows,
    facts: Vec<Facts>,
    /// The gradients that are worked out, by the inputs that stand for them and by gates and parameters.
    known: FxHashMap<ExprId, ExprId>,
}

impl Backward {
    /// Works out the gradient of a gate or a parameter, line by line, and returns what it leads to; none if nothing
    /// arrives.
    fn gradient(&mut self, id: ExprId, passed: &[Passed], gates: &[Gate]) -> Option<(Vec<Line>, ExprId)> {
        let arriving: Vec<&Passed> = passed.iter().filter(|passed| passed.operand == id).collect();
        if arriving.is_empty() {
            return None;
        }
        let extents = self.graph.extents(id);
        let terms: Vec<Term> = arriving
            .iter()
            .map(|passed| {
                let (coefficient, rest) = self.graph.as_multiple(passed.arrives);
                (rest, coefficient)
            })
            .collect();
        let raw = match arriving.as_slice() {
            [only] => only.arrives,
            _ => self.graph.intern(Node::Sum(Rational::ZERO, terms.into())),
        };
        let mut lines = vec![line(&self.graph, raw, Some(reason(&arriving, gates)))];
        let known = &self.known;
        let whole = self.graph.rebuild(&[raw], |_, id, _| known.get(&id).copied())[0];
        let whole = self.graph.spread(whole, &extents);
        push(&mut lines, line(&self.graph, whole, Some(self.substitution(raw, &arriving, gates))));
        let canonical =
            canonicalize(&mut self.graph, &mut self.formulas, &[whole], Grouping::of_entries(Goal::Pretty))[0];
        push(&mut lines, line(&self.graph, canonical, Some("multiply together".into())));
        let Backward { graph, formulas, windows, .. } = self;
        let simple = simplify_matrices(windows, graph, formulas, &[canonical], Goal::Pretty, &self.facts)[0];
        match matrix_steps(&self.simplifier, graph, formulas, canonical, simple, &self.facts) {
            Some(steps) => {
                steps.into_iter().for_each(|(form, reason)| push(&mut lines, line(graph, form, Some(reason))));
            }
            None => push(&mut lines, line(graph, simple, Some(factoring(graph, canonical, simple)))),
        }
        let upstream = passed.iter().find(|passed| gates[passed.gate].stand_in == id);
        self.known.extend(upstream.and_then(|passed| passed.upstream).map(|upstream| (upstream, simple)));
        Some((lines, simple))
    }

    /// Tells what is put into what arrives.
    fn substitution(&self, raw: ExprId, arriving: &[&Passed], gates: &[Gate]) -> Reason {
        let inside = self.graph.reachable(&[raw]);
        let names: Vec<&str> = arriving
            .iter()
            .filter(|passed| passed.upstream.is_some_and(|upstream| inside.contains(&upstream)))
            .map(|passed| gates[passed.gate].name.as_str())
            .collect();
        let symmetric: Vec<String> = inside
            .iter()
            .filter(|id| self.graph.is_declared_symmetric(**id))
            .map(|id| notation::text(&self.graph, *id))
            .collect();
        match (names.is_empty(), symmetric.is_empty()) {
            (false, _) => format!("substitute the gradient of {}", names.join(", ")).as_str().into(),
            (_, false) => format!("{} is symmetric", symmetric.join(", ")).as_str().into(),
            _ => "collect terms".into(),
        }
    }
}

/// Adds a line, unless it reads as the one before.
fn push(lines: &mut Vec<Line>, line: Line) {
    if lines.last().is_none_or(|last| last.text() != line.text()) {
        lines.push(line);
    }
}

fn line(graph: &Graph, id: ExprId, reason: Option<Reason>) -> Line {
    written(graph, id, &Names::default(), reason)
}

/// Names a step for which there is no proof by rules: products of matrices with a common factor were added.
fn factoring(graph: &Graph, from: ExprId, to: ExprId) -> Reason {
    let is_sum = |id: ExprId| matches!(graph.node(id), Node::Sum(_, terms) if terms.len() > 1);
    (if is_sum(from) && !is_sum(to) { "factor out" } else { "collect and factor out" }).into()
}

/// Tells by which rules what arrives at an operand gets there.
fn reason(arriving: &[&Passed], gates: &[Gate]) -> Reason {
    let through = |passed: &&Passed| match arriving.len() {
        1 => passed.rules.join(", "),
        _ => format!("through {}: {}", gates[passed.gate].name, passed.rules.join(", ")),
    };
    let mut reason: Reason = arriving.iter().map(through).collect::<Vec<_>>().join("; ").as_str().into();
    if arriving.len() > 1 {
        reason.also.push("branches add");
    }
    reason
}

/// Tells which names are written out in the last line.
fn written_out(graph: &Graph, end: ExprId, gates: &[Gate], last: &Line) -> Reason {
    let mut inside = graph.reachable(&[end]);
    let mut definitions = Vec::new();
    for gate in gates.iter().rev().filter(|gate| !last.mentions(&gate.name)) {
        if inside.contains(&gate.stand_in) {
            let Line { ast, root, .. } = line(graph, gate.value, None);
            definitions.push(Definition { name: gate.name.clone(), ast, value: root });
            inside.extend(graph.reachable(&[gate.value]));
        }
    }
    match definitions.is_empty() {
        true => "collect terms".into(),
        false => Reason { definitions, ..Reason::default() },
    }
}

/// Names the rules on the way from a gate's value to an operand, the outermost first.
fn rules(graph: &Graph, value: ExprId, operand: ExprId) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    let mut stack = vec![(value, false)];
    while let Some((id, multiplied)) = stack.pop() {
        if id == operand || !graph.reachable(&[id]).contains(&operand) {
            continue;
        }
        let varying = |id: &ExprId| graph.reachable(&[*id]).contains(&operand);
        let squared = match graph.node(id) {
            Node::Product(factors) if factors.len() == 1 => {
                graph.as_norm(factors[0].0).filter(|_| factors[0].1 == Rational::integer(2))
            }
            _ => None,
        };
        let log_shares = graph.as_log_shares(id).map(|(inner, shares)| (shares.named("log_softmax"), inner));
        let shares = log_shares.or_else(|| graph.as_shares(id).map(|(inner, of)| (of.named("softmax"), inner)));
        let (rule, inner) = match graph.node(id) {
            _ if squared.is_some() => ("gradient of a squared norm".to_string(), squared),
            _ if graph.as_norm(id).is_some() => ("gradient of a norm".to_string(), graph.as_norm(id)),
            _ if graph.as_square(id).is_some() => ("gradient of a squared norm".to_string(), graph.as_square(id)),
            // A product in a product is the same product.
            _ if multiplied && is_product(graph, id) => (String::new(), None),
            node => match shares {
                Some((name, inner)) => (format!("derivative of {name}"), Some(inner)),
                None => (rule(graph, id, node, varying), None),
            },
        };
        if !rule.is_empty() && !rules.contains(&rule) {
            rules.push(rule);
        }
        match inner {
            Some(inner) => stack.push((inner, false)),
            None => {
                let mut operands = Vec::new();
                let multiplies = is_product(graph, id) && graph.as_total(id).is_none();
                graph.node(id).for_each_operand(|operand| operands.push((operand, multiplies)));
                stack.extend(operands.into_iter().rev());
            }
        }
    }
    if rules.is_empty() {
        rules.push("constant multiple rule".to_string());
    }
    rules
}

fn is_product(graph: &Graph, id: ExprId) -> bool {
    matches!(graph.as_matrix(id), Some((M::Product, _)))
}

/// Names the rule of one operation; empty if it goes without saying.
fn rule(graph: &Graph, id: ExprId, node: &Node, varying: impl Fn(&ExprId) -> bool) -> String {
    let rule = match node {
        Node::Sum(constant, terms) if terms.len() > 1 || !constant.is_zero() => "sum rule",
        Node::Product(factors) => {
            let varying: Vec<_> = factors.iter().filter(|(base, _)| varying(base)).collect();
            match varying.as_slice() {
                [(_, exponent)] if exponent.is_one() => "",
                [(_, exponent)] if exponent.is_minus_one() => "reciprocal rule",
                [_] => "power rule",
                several if several.iter().any(|(_, exponent)| exponent.is_negative()) => "quotient rule",
                _ => "product rule",
            }
        }
        Node::Apply(rows::POW, _) => "power rule",
        Node::Apply(function, _) => return format!("derivative of {}", function.row().name),
        Node::Select(..) => "each branch by itself",
        Node::Matrix(operation, _) => match **operation {
            M::Product if graph.as_total(id).is_some() => "sum of entries",
            M::Product if graph.extents(id).is_scalar() => "inner product",
            M::Product => "matrix product",
            M::Inverse => "derivative of the inverse",
            M::Determinant => "derivative of the determinant",
            M::Adjugate => "derivative of the adjugate",
            M::LogDeterminant => "derivative of logdet",
            M::LogSumExp => "derivative of logsumexp",
            M::LogSumExpOfRows => "derivative of logsumexp_rows",
            M::Trace => "derivative of the trace",
            M::Diagonal | M::DiagonalOf => "diagonal",
            M::Slice(..) | M::Embed(..) => "slice",
            M::Stack | M::Join => "blocks",
            M::Loop(_) => "sum rule, term by term",
            M::Gather(..) => "add where it was read",
            M::Scan(..) => "chain rule, step by step backwards",
            M::Extremum(_) => "gradient to the first extreme entry",
            M::EntryProduct => "product of the others",
            _ => "",
        },
        _ => "",
    };
    rule.to_string()
}
