//! Why a line of a derivation equals the one before: a rule's name as a phrase, with the local derivative it uses.

use crate::diff::Differentiator;
use crate::functions::{FunctionId, rows};
use crate::graph::{ExprId, Factor, Graph, Input, Node, Rational};
use crate::show::notation;
use crate::syntax::ast::{Ast, BinaryOperator, Expression, NodeId};

/// The reason for a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// The rule's name.
    pub phrase: String,
    /// The local derivative that the rule uses.
    pub identity: Option<Identity>,
    /// What names that are written out stand for.
    pub definitions: Vec<Definition>,
    /// What else was done in the same step.
    pub also: Vec<&'static str>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// Where the value is.
    pub ast: Ast,
    /// What the name stands for.
    pub value: NodeId,
}

impl Definition {
    /// Writes the definition as text.
    pub fn text(&self) -> String {
        format!("{} = {}", self.name, crate::syntax::print_expression(&self.ast, self.value))
    }
}

/// The derivative `d left = right` of one gate in terms of its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Where both sides are.
    pub ast: Ast,
    /// The gate.
    pub left: NodeId,
    /// Its differential.
    pub right: NodeId,
    /// The names of its operands; `du` is the differential of `u`.
    pub operands: Vec<String>,
}

impl Identity {
    /// Writes the identity as text.
    pub fn text(&self) -> String {
        let side = |id| crate::syntax::print_expression(&self.ast, id);
        match self.ast.get(self.left) {
            Expression::Call(..) => format!("d {} = {}", side(self.left), side(self.right)),
            _ => format!("d({}) = {}", side(self.left), side(self.right)),
        }
    }
}

impl From<&str> for Reason {
    fn from(phrase: &str) -> Self {
        Reason { phrase: phrase.to_string(), ..Reason::default() }
    }
}

impl Reason {
    /// Writes the reason as text.
    pub fn text(&self) -> String {
        let mut text = self.phrase.clone();
        text += &self.definitions.iter().map(Definition::text).collect::<Vec<_>>().join(", ");
        if let Some(identity) = &self.identity {
            text += &format!(" with {}", identity.text());
        }
        self.also.iter().for_each(|also| text += &format!("; {also}"));
        text
    }
}

/// Names the rule that takes a gate apart.
pub fn local_rule(
    graph: &Graph,
    differentiator: &mut Differentiator,
    gate: ExprId,
    by: ExprId,
    varies: impl Fn(ExprId) -> bool,
) -> Reason {
    match graph.node(gate) {
        Node::Sum(..) => "sum rule".into(),
        Node::Select(..) => "each branch by itself".into(),
        Node::Product(factors) => {
            let varying: Vec<&Factor> = factors.iter().filter(|(base, _)| varies(*base)).collect();
            match varying.as_slice() {
                [(base, exponent)] => power_rule(differentiator, exponent, &own_name(graph, *base, by)),
                several => {
                    let divides = several.iter().any(|(_, exponent)| exponent.is_negative());
                    let raises = several.iter().any(|(_, exponent)| !exponent.abs().is_one());
                    let rule = if divides { "quotient rule" } else { "product rule" };
                    Reason { also: raises.then_some("power rule").into_iter().collect(), ..rule.into() }
                }
            }
        }
        Node::Apply(function, arguments) => {
            let wanted: Vec<bool> = arguments.iter().map(|argument| varies(*argument)).collect();
            let direct = arguments.iter().zip(&wanted).all(|(argument, wanted)| !wanted || *argument == by);
            let phrase = match (*function, direct) {
                (rows::POW, _) => "power rule".to_string(),
                (function, true) => format!("derivative of {}", function.row().name),
                (_, false) => "chain rule".to_string(),
            };
            let name = match arguments[..] {
                [argument] => own_name(graph, argument, by),
                _ => "u".to_string(),
            };
            Reason {
                phrase,
                identity: function_identity(differentiator, *function, &wanted, &name),
                ..Reason::default()
            }
        }
        _ => "derivative".into(),
    }
}

/// Returns the name of an operand in the rule's identity: `x` if it is the input that is derived by, else `u`.
fn own_name(graph: &Graph, operand: ExprId, by: ExprId) -> String {
    match graph.node(by) {
        Node::Input(index) if operand == by && graph.inputs()[*index as usize].place.is_empty() => {
            graph.inputs()[*index as usize].parameter.clone()
        }
        _ => "u".to_string(),
    }
}

/// `d(u^n) = n·u^(n−1)·du`.
fn power_rule(differentiator: &mut Differentiator, exponent: &Rational, name: &str) -> Reason {
    let phrase = match exponent {
        exponent if exponent.is_one() => return "constant multiple rule".into(),
        exponent if exponent.is_minus_one() => "reciprocal rule",
        _ => "power rule",
    };
    let mut graph = Graph::new();
    let u = add_name(&mut graph, name);
    let gate = graph.product(Rational::ONE, vec![(u, exponent.clone())]);
    let identity = identity(graph, differentiator, gate, &[(name, u)]);
    Reason { phrase: phrase.to_string(), identity, ..Reason::default() }
}

fn function_identity(
    differentiator: &mut Differentiator,
    function: FunctionId,
    wanted: &[bool],
    first: &str,
) -> Option<Identity> {
    let names = [first, "v"];
    if wanted.len() > names.len() || function == rows::LOGSUMEXP {
        return None;
    }
    let mut graph = Graph::new();
    let names = &names[..wanted.len()];
    let operands: Vec<(&str, ExprId)> = names.iter().map(|name| (*name, add_name(&mut graph, name))).collect();
    let arguments: Vec<ExprId> = operands.iter().map(|(_, id)| *id).collect();
    let gate = graph.apply(function, &arguments);
    let operands: Vec<_> =
        operands.into_iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(own, _)| own).collect();
    identity(graph, differentiator, gate, &operands)
}

fn add_name(graph: &mut Graph, name: &str) -> ExprId {
    graph.add_input(Input { parameter: name.to_string(), place: Vec::new() })
}

/// Writes `d gate = Σ partial·differential`.
fn identity(
    mut graph: Graph,
    differentiator: &mut Differentiator,
    gate: ExprId,
    operands: &[(&str, ExprId)],
) -> Option<Identity> {
    let wanted = |operand: ExprId| operands.iter().any(|(_, own)| *own == operand);
    let partials = differentiator.partials(&mut graph, gate, wanted).ok()?;
    let roots: Vec<ExprId> = partials.iter().map(|(_, partial)| *partial).chain([gate]).collect();
    let (mut ast, _, written) = notation::write_parts(&graph, &roots, &Default::default());
    let left = *written.last()?;
    let mut right = None;
    for ((operand, partial), factor) in partials.iter().zip(written) {
        let (name, _) = operands.iter().find(|(_, own)| own == operand)?;
        let differential = ast.synthesize(Expression::Name(format!("d{name}")));
        let term = match graph.is_integer(*partial, 1) {
            true => differential,
            false => ast.synthesize(Expression::Binary(BinaryOperator::Multiply, factor, differential)),
        };
        right = Some(match right {
            None => term,
            Some(sum) => ast.synthesize(Expression::Binary(BinaryOperator::Add, sum, term)),
        });
    }
    let operands = operands.iter().map(|(name, _)| (*name).to_string()).collect();
    Some(Identity { ast, left, right: right?, operands })
}
