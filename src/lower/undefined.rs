//! Constants that have no value over the real numbers, such as `1/0` and `ln(-1)`: an error where they are written, rather than
//! a NaN that reaches the answer.
//!
//! What is written with numbers alone is an error wherever it stands. What becomes such a constant only where a function
//! is called or a sum is written out is an error unless it stands in a branch that is never taken, as in
//! `sum(i in 0..3, if(i > 0, x/i, 0))`. Decided is what exact numbers and bounds of rounding decide; what they leave open,
//! such as `1/sin(pi)`, is kept as a doubt, for more digits to decide.

use super::formula::Formulas;
use super::machine::Machine;
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::functions::{Code, FunctionId};
use crate::graph::{Comparison, ExprId, Graph, Input, MatrixOperation, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::{Expression, NodeId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Error of one operation, as a part of its result: much more than rounding makes.
const ROUNDING: f64 = 1e-12;

/// A node without parameters, as far as it is known.
#[derive(Clone, Debug)]
enum Known {
    Exact(Rational),
    /// A number, and how far from it the true one may be.
    Near(f64, f64),
    Truth(bool),
    Undefined,
}

/// What is known about the constants of a graph.
#[derive(Default)]
pub(super) struct Constants {
    known: FxHashMap<ExprId, Known>,
    /// How many nodes of the graph were looked at.
    seen: usize,
    /// Where constants without a value are written.
    undefined: FxHashMap<ExprId, Diagnostic>,
    /// What is left open.
    open: Vec<Doubt>,
}

/// A constant that may have no value.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The node of the function's graph that has no value then.
    pub node: ExprId,
    /// Whether that is an error in a branch that is never taken, too.
    pub everywhere: bool,
    /// Where the condition is.
    pub graph: Graph,
    /// What must hold for the constant to have a value; there are no parameters in it.
    pub condition: ExprId,
    /// The error, if it does not hold.
    pub diagnostic: Diagnostic,
}

impl Machine<'_> {
    /// Refuses the value on top of the stack if it is written with numbers alone and has no value, and keeps the place of
    /// what else has none.
    pub(super) fn require_defined(&mut self, id: NodeId, span: Span) {
        if self.gates.canonical {
            return;
        }
        let (new, open) = self.constants.look(self.gates.graph, self.formulas);
        if new.is_empty() && open.is_empty() {
            return;
        }
        let written = crate::syntax::print_expression(self.ast, id);
        let message = match written.len() <= LONGEST {
            true => format!("`{written}` has no value"),
            false => "this has no value".to_string(),
        };
        let diagnostic = without_value(span, message);
        let everywhere = self.is_written_in_numbers(id);
        for node in open {
            if let Some((graph, condition)) = needed(self.gates.graph, node, &self.constants.known, self.formulas) {
                let diagnostic = diagnostic.clone();
                self.constants.open.push(Doubt { node, everywhere, graph, condition, diagnostic });
            }
        }
        if !new.is_empty() && everywhere {
            self.values.pop();
            return self.fail(diagnostic);
        }
        for node in new {
            self.constants.undefined.entry(node).or_insert_with(|| diagnostic.clone());
        }
    }

    /// Refuses a function's value if it depends on a constant without a value, outside of branches that are never taken.
    pub(super) fn require_defined_value(&mut self, value: &Value) {
        let mut stack: Vec<ExprId> = match value {
            _ if self.constants.undefined.is_empty() && self.constants.open.is_empty() => return,
            Value::Scalar(id) | Value::Array(id, _) => vec![*id],
            _ => return,
        };
        let seen = self.constants.taken(self.gates.graph, &mut stack);
        let found = seen.iter().filter_map(|id| self.constants.undefined.get(id).cloned()).take(MOST);
        self.errors.extend(found);
        let seen: FxHashSet<ExprId> = seen.into_iter().collect();
        self.constants.open.retain(|doubt| doubt.everywhere || seen.contains(&doubt.node));
    }

    /// Returns the constants that may have no value.
    pub(super) fn doubts(&self) -> Vec<Doubt> {
        self.constants.open.iter().take(MOST).cloned().collect()
    }

    fn is_written_in_numbers(&self, root: NodeId) -> bool {
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            match self.ast.get(id) {
                Expression::Number(_) | Expression::Unary(..) | Expression::Binary(..) | Expression::If(..) => {}
                Expression::Call(name, _) if crate::functions::find(&name.text).is_some() => {}
                Expression::Name(name) if name == "pi" => {}
                _ => return false,
            }
            self.ast.get(id).for_each_child(|child| stack.push(child));
        }
        true
    }
}

/// Longest expression that a message repeats.
const LONGEST: usize = 40;
/// Most places that are told of one function.
const MOST: usize = 20;

/// Refuses what has no value once vectors and matrices are written out in their entries, as `x ./ [1, 0]` has none.
pub(super) fn written_out(graph: &Graph, outputs: &[ExprId], span: Span) -> Option<Diagnostic> {
    let mut constants = Constants::default();
    let (undefined, _) = constants.look(graph, &mut Formulas::default());
    let undefined: FxHashSet<ExprId> = undefined.into_iter().collect();
    let is_reached =
        !undefined.is_empty() && constants.taken(graph, &mut outputs.to_vec()).iter().any(|id| undefined.contains(id));
    is_reached.then(|| without_value(span, "an entry of this has no value".to_string()))
}

fn without_value(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Fault::Undefined, span, message)
        .label("undefined over the real numbers")
        .hint("leave it out, or choose another branch by a condition that tells where it is defined")
}

impl Constants {
    /// Lists what values depend on, outside of branches that are never taken, in the order in which it is met.
    fn taken(&self, graph: &Graph, stack: &mut Vec<ExprId>) -> Vec<ExprId> {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut taken = Vec::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            taken.push(id);
            match graph.node(id) {
                Node::Select(c, a, b) => match self.known.get(c) {
                    Some(Known::Truth(truth)) => stack.push(if *truth { *a } else { *b }),
                    _ => stack.extend([*c, *a, *b]),
                },
                Node::Placeholder(at) => stack.push(graph.placeholder_value(*at)),
                node => node.for_each_operand(|operand| stack.push(operand)),
            }
        }
        taken
    }

    /// Looks at the nodes that are new, and returns those of them that are the first without a value, and those of which it
    /// is open whether they have one.
    fn look(&mut self, graph: &Graph, formulas: &mut Formulas) -> (Vec<ExprId>, Vec<ExprId>) {
        let (mut new, mut open) = (Vec::new(), Vec::new());
        let nodes = graph.nodes_from(self.seen);
        self.seen = graph.len();
        for id in nodes {
            open.extend(Some(id).filter(|_| is_open(graph, id, &self.known, formulas)));
            let Some(known) = known(graph, id, &self.known, formulas) else { continue };
            if matches!(known, Known::Undefined) {
                let mut inherited = false;
                graph.node(id).for_each_operand(|operand| {
                    inherited |= matches!(self.known.get(&operand), Some(Known::Undefined));
                });
                new.extend(Some(id).filter(|_| !inherited));
            }
            self.known.insert(id, known);
        }
        (new, open)
    }
}

/// Tells whether it is open if a node has a value: a divisor may be 0, or an argument outside of the function's domain.
fn is_open(graph: &Graph, id: ExprId, operands: &FxHashMap<ExprId, Known>, formulas: &mut Formulas) -> bool {
    match graph.node(id) {
        Node::Product(factors) => {
            factors.iter().any(|(base, exponent)| exponent.is_negative() && operands.get(base).is_some_and(may_be_zero))
        }
        Node::Apply(function, arguments) if !function.row().domain.is_empty() => {
            let arguments: Option<Vec<Known>> = arguments.iter().map(|id| operands.get(id).cloned()).collect();
            arguments.is_some_and(|arguments| {
                !arguments.iter().any(is_undefined) && is_in_domain(*function, &arguments, formulas).is_none()
            })
        }
        _ => false,
    }
}

fn may_be_zero(known: &Known) -> bool {
    matches!(known, Known::Near(..)) && compare(Comparison::NotEqual, known, &Known::Exact(Rational::ZERO)).is_none()
}

/// Returns the condition under which a node of which that is open has a value.
fn needed(
    graph: &Graph,
    id: ExprId,
    operands: &FxHashMap<ExprId, Known>,
    formulas: &mut Formulas,
) -> Option<(Graph, ExprId)> {
    let mut own = Graph::new();
    let condition = match graph.node(id) {
        Node::Product(factors) => {
            let divisors: Vec<ExprId> =
                factors.iter().filter(|(_, exponent)| exponent.is_negative()).map(|(base, _)| *base).collect();
            let open = |id: &ExprId| operands.get(id).is_some_and(may_be_zero);
            let divisors: Vec<ExprId> = divisors.into_iter().filter(open).collect();
            let divisors = own.import(graph, &divisors);
            let zero = own.integer(0);
            let conditions: Vec<ExprId> =
                divisors.into_iter().map(|divisor| own.compare(Comparison::NotEqual, divisor, zero)).collect();
            conditions.into_iter().reduce(|a, b| own.intern(Node::And(a, b)))?
        }
        Node::Apply(function, arguments) => {
            let arguments = own.import(graph, arguments);
            formulas.of_row(&mut own, *function, function.row().domain, &arguments)?
        }
        _ => return None,
    };
    Some((own, condition))
}

/// Tells what is known of a node, given what is known of its operands. None of what depends on parameters, unless it has no
/// value for any of them.
fn known(graph: &Graph, id: ExprId, operands: &FxHashMap<ExprId, Known>, formulas: &mut Formulas) -> Option<Known> {
    let of = |id: &ExprId| operands.get(id);
    match graph.node(id) {
        Node::Number(value) => Some(Known::Exact(value.clone())),
        Node::Pi => Some(Known::Near(std::f64::consts::PI, ROUNDING)),
        Node::Matrix(operation, _) => match &**operation {
            MatrixOperation::Full(value, _) => Some(Known::Exact(value.clone())),
            _ => None,
        },
        Node::Sum(constant, terms) => {
            let start = Some(Known::Exact(constant.clone()));
            terms.iter().fold(start, |sum, (id, k)| Some(add(&sum?, &scale(of(id)?, k))))
        }
        Node::Product(factors) => {
            let mut product = Some(Known::Exact(Rational::ONE));
            for (base, exponent) in factors {
                let power = of(base).map(|base| power(base, exponent));
                if matches!(power, Some(Known::Undefined)) {
                    return power;
                }
                product = product.and_then(|product| Some(multiply(&product, &power?)));
            }
            product
        }
        Node::Apply(function, arguments) => {
            let arguments: Vec<Known> = arguments.iter().map(|id| of(id).cloned()).collect::<Option<_>>()?;
            Some(apply(*function, arguments, formulas))
        }
        Node::Select(c, a, b) => match of(c)? {
            Known::Truth(truth) => of(if *truth { a } else { b }).cloned(),
            _ => None,
        },
        Node::Compare(comparison, a, b) => compare(*comparison, of(a)?, of(b)?).map(Known::Truth),
        Node::And(a, b) => match (truth(of(a)), truth(of(b))) {
            (Some(false), _) | (_, Some(false)) => Some(Known::Truth(false)),
            (a, b) => Some(Known::Truth(a? && b?)),
        },
        Node::Or(a, b) => match (truth(of(a)), truth(of(b))) {
            (Some(true), _) | (_, Some(true)) => Some(Known::Truth(true)),
            (a, b) => Some(Known::Truth(a? || b?)),
        },
        Node::Not(a) => truth(of(a)).map(|truth| Known::Truth(!truth)),
        _ => None,
    }
}

fn truth(known: Option<&Known>) -> Option<bool> {
    match known? {
        Known::Truth(truth) => Some(*truth),
        _ => None,
    }
}

/// Returns a number and how far from it the true one may be.
fn near(known: &Known) -> (f64, f64) {
    match known {
        Known::Exact(value) => (value.to_f64(), value.to_f64().abs() * ROUNDING),
        Known::Near(value, error) => (*value, *error),
        Known::Truth(_) | Known::Undefined => (f64::NAN, f64::INFINITY),
    }
}

fn is_undefined(known: &Known) -> bool {
    matches!(known, Known::Undefined)
}

fn add(a: &Known, b: &Known) -> Known {
    match (a, b) {
        _ if is_undefined(a) || is_undefined(b) => Known::Undefined,
        (Known::Exact(a), Known::Exact(b)) if !a.add(b).is_oversized() => Known::Exact(a.add(b)),
        _ => {
            let ((a, a_error), (b, b_error)) = (near(a), near(b));
            Known::Near(a + b, a_error + b_error + ROUNDING * (a.abs() + b.abs()))
        }
    }
}

fn scale(a: &Known, k: &Rational) -> Known {
    multiply(a, &Known::Exact(k.clone()))
}

fn multiply(a: &Known, b: &Known) -> Known {
    match (a, b) {
        _ if is_undefined(a) || is_undefined(b) => Known::Undefined,
        (Known::Exact(a), Known::Exact(b)) if !a.multiply(b).is_oversized() => Known::Exact(a.multiply(b)),
        _ => {
            let ((a, a_error), (b, b_error)) = (near(a), near(b));
            let error = a_error * b.abs() + b_error * a.abs() + a_error * b_error;
            Known::Near(a * b, error + ROUNDING * (a * b).abs())
        }
    }
}

fn power(base: &Known, exponent: &Rational) -> Known {
    let zero = Known::Exact(Rational::ZERO);
    let is = |comparison| compare(comparison, base, &zero) == Some(true);
    let divides = exponent.is_negative() && is(Comparison::Equal);
    if is_undefined(base) || divides || (!exponent.is_integer() && is(Comparison::Less)) {
        return Known::Undefined;
    }
    if let Known::Exact(base) = base
        && let Some(power) = base.power(exponent).filter(|power| !power.is_oversized())
    {
        return Known::Exact(power);
    }
    let (value, error) = near(base);
    around(|base| base.powf(exponent.to_f64()), value, error)
}

/// Evaluates a function at the ends of where its argument may be.
fn around(function: impl Fn(f64) -> f64, value: f64, error: f64) -> Known {
    let (low, middle, high) = (function(value - error), function(value), function(value + error));
    let spread = (high - middle).abs() + (middle - low).abs();
    Known::Near(middle, if spread.is_nan() { f64::INFINITY } else { spread + ROUNDING * middle.abs() })
}

fn apply(function: FunctionId, arguments: Vec<Known>, formulas: &mut Formulas) -> Known {
    let row = function.row();
    if arguments.iter().any(is_undefined)
        || (!row.domain.is_empty() && is_in_domain(function, &arguments, formulas) == Some(false))
    {
        return Known::Undefined;
    }
    match (row.code, &arguments[..]) {
        (Code::Method(_, "floor" | "ceil" | "round", _), [Known::Exact(value)]) if value.is_integer() => {
            arguments[0].clone()
        }
        (Code::Method(_, _, evaluate) | Code::Special(_, evaluate), [argument]) => {
            let (value, error) = near(argument);
            around(evaluate, value, error)
        }
        _ => Known::Near(f64::NAN, f64::INFINITY),
    }
}

/// Tells whether a function is defined for the given arguments, if that is certain.
fn is_in_domain(function: FunctionId, arguments: &[Known], formulas: &mut Formulas) -> Option<bool> {
    let row = function.row();
    let mut graph = Graph::new();
    let mut operands = FxHashMap::default();
    let mut inputs = Vec::new();
    for (parameter, argument) in row.parameters.iter().zip(arguments) {
        let id = graph.add_input(Input { parameter: (*parameter).to_string(), place: Vec::new() });
        operands.insert(id, argument.clone());
        inputs.push(id);
    }
    let condition = formulas.of_row(&mut graph, function, row.domain, &inputs);
    let Some(condition) = condition else { return Some(true) };
    for id in graph.reachable(&[condition]) {
        if let Some(known) = known(&graph, id, &operands, formulas) {
            operands.insert(id, known);
        }
    }
    truth(operands.get(&condition))
}

/// Tells whether a comparison holds, if that is certain.
fn compare(comparison: Comparison, a: &Known, b: &Known) -> Option<bool> {
    if let (Known::Exact(a), Known::Exact(b)) = (a, b) {
        return Some(comparison.holds(a, b));
    }
    let ((a, a_error), (b, b_error)) = (near(a), near(b));
    let apart = (a - b).abs() > a_error + b_error;
    apart.then(|| comparison.holds(&a, &b))
}
