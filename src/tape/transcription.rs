//! A graph on a tape exactly as it stands, node by node: what other tapes are compared with.

use super::constants::Constant;
use super::{Operation, Slot, Tape};
use crate::functions::{Code, FunctionId, rows};
use crate::graph::{ExprId, Graph, Node, NodeMap, Rational};
use crate::lower::Formulas;

/// Writes every node that the roots need in terms of its own definition: nothing is shared, folded, shifted or reordered.
/// Whole matrices and derivatives that are not worked out have no value.
pub fn transcribe(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Tape {
    let roots = defined(graph, formulas, roots);
    let nodes = graph.reachable(&roots);
    let mut transcription = Transcription { tape: Tape::default(), slots: NodeMap::new(&nodes) };
    for id in nodes {
        let slot = transcription.node(graph.node(id));
        transcription.slots.insert(id, slot);
    }
    let Transcription { mut tape, slots } = transcription;
    tape.outputs = roots.iter().map(|root| slots[*root]).collect();
    tape
}

/// Puts the formulas of Table 1 in the place of the functions that they define.
fn defined(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<ExprId> {
    let nodes = graph.reachable(roots);
    let mut image = NodeMap::new(&nodes);
    for id in nodes {
        let node = graph.node(id).clone();
        let formula = node.function().map(|function| function.row().code);
        let new = match (formula, &node) {
            (Some(Code::Formula(formula)), Node::Apply(function, arguments)) => {
                let arguments: Vec<ExprId> = arguments.iter().map(|argument| image[*argument]).collect();
                let lowered = formulas.of_row(graph, *function, formula, &arguments);
                lowered.map(|lowered| defined(graph, formulas, &[lowered])[0])
            }
            _ => None,
        };
        let new = new.unwrap_or_else(|| graph.intern(node.renamed(|operand| image[operand])));
        image.insert(id, new);
    }
    roots.iter().map(|root| image[*root]).collect()
}

struct Transcription {
    tape: Tape,
    slots: NodeMap<Slot>,
}

impl Transcription {
    fn emit(&mut self, operation: Operation) -> Slot {
        self.tape.operations.push(operation);
        Slot(self.tape.operations.len() as u32 - 1)
    }

    fn number(&mut self, value: &Rational) -> Slot {
        self.emit(Operation::Number(value.clone()))
    }

    fn node(&mut self, node: &Node) -> Slot {
        match node {
            Node::Number(value) => self.number(value),
            Node::Pi => self.emit(Operation::Constant(Constant::pi())),
            Node::Input(input) => self.emit(Operation::Input(*input)),
            Node::Sum(constant, terms) => {
                let start = self.number(constant);
                terms.iter().fold(start, |total, (id, coefficient)| {
                    let coefficient = self.number(coefficient);
                    let term = self.emit(Operation::Multiply(coefficient, self.slots[*id]));
                    self.emit(Operation::Add(total, term))
                })
            }
            Node::Product(factors) => {
                let start = self.number(&Rational::ONE);
                factors.iter().fold(start, |total, (id, exponent)| {
                    let power = self.power(self.slots[*id], exponent);
                    self.emit(Operation::Multiply(total, power))
                })
            }
            Node::Apply(function, arguments) => self.apply(*function, arguments),
            Node::Select(c, a, b) => self.emit(Operation::Select(self.slots[*c], self.slots[*a], self.slots[*b])),
            Node::Compare(comparison, a, b) => {
                self.emit(Operation::Compare(*comparison, self.slots[*a], self.slots[*b]))
            }
            Node::And(a, b) => self.emit(Operation::And(self.slots[*a], self.slots[*b])),
            Node::Or(a, b) => self.emit(Operation::Or(self.slots[*a], self.slots[*b])),
            Node::Not(a) => self.emit(Operation::Not(self.slots[*a])),
            Node::Placeholder(_) | Node::Derivative(..) | Node::Matrix(..) => {
                let zero = self.number(&Rational::ZERO);
                self.emit(Operation::Divide(zero, zero))
            }
        }
    }

    fn power(&mut self, base: Slot, exponent: &Rational) -> Slot {
        if exponent.is_one() {
            return base;
        }
        if exponent.is_minus_one() {
            let one = self.number(&Rational::ONE);
            return self.emit(Operation::Divide(one, base));
        }
        if *exponent == Rational::HALF {
            return self.emit(Operation::Call(rows::SQRT, base));
        }
        let exponent = self.number(exponent);
        self.emit(Operation::Call2(rows::POW, base, exponent))
    }

    fn apply(&mut self, function: FunctionId, arguments: &[ExprId]) -> Slot {
        let slots: Vec<Slot> = arguments.iter().map(|id| self.slots[*id]).collect();
        match (function.row().code, &slots[..]) {
            (Code::LogSumExp, _) => {
                let start = self.number(&Rational::ZERO);
                let total = slots.iter().fold(start, |total, slot| {
                    let exponential = self.emit(Operation::Call(rows::EXP, *slot));
                    self.emit(Operation::Add(total, exponential))
                });
                self.emit(Operation::Call(rows::LN, total))
            }
            (Code::OfOrder(..), [order, x]) => match &self.tape.operations[order.index()] {
                Operation::Number(order) => {
                    let order = order.to_integer().and_then(|order| u32::try_from(order).ok()).unwrap_or(0);
                    self.emit(Operation::OfOrder(function, order, *x))
                }
                _ => self.emit(Operation::OfOrder(function, 0, *x)),
            },
            (_, [a]) => self.emit(Operation::Call(function, *a)),
            (_, [a, b, ..]) => self.emit(Operation::Call2(function, *a, *b)),
            (_, []) => self.number(&Rational::ZERO),
        }
    }
}
