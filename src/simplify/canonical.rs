//! The canonical form: sums and products flattened and merged, functions at special values, symmetries and inverses.

use super::Goal;
use super::branches::decide;
use super::quotients::{cancel_below, is_sum_of_quotients};
use crate::functions::{Parity, rows};
use crate::graph::{ExprId, Factor, Graph, Node, NodeMap, Rational, Term};
use crate::lower::Formulas;

/// Which sums and products are dissolved in others.
///
/// What nothing else uses is, and what has few operands: text repeats a short subexpression gladly, code does not. A
/// difference that is dissolved for a machine loses its digits: `1 - (x - m)` is not `1 - x + m` where x and m are large
/// (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grouping {
    /// Most operands of a sum or product that is dissolved although others use it.
    pub shared: usize,
    /// Whether sums of two terms stay as they are, unless both are known to have one sign.
    pub keeps_groups: bool,
}

impl Grouping {
    /// For people.
    pub const READING: Grouping = Grouping { shared: 16, keeps_groups: false };
    /// For what is derived before people read it: nothing is repeated.
    pub const DERIVING: Grouping = Grouping { shared: 1, keeps_groups: false };
    /// For machines.
    pub const RUNNING: Grouping = Grouping { shared: 1, keeps_groups: true };

    /// For whole vectors and matrices, entry by entry.
    pub fn of_entries(goal: Goal) -> Grouping {
        Grouping { shared: 8, keeps_groups: goal != Goal::Pretty }
    }

    /// Tells whether a sum is not dissolved in another. Of three terms or more, each is as large as the partial sums in
    /// which it is added, so that they may be added in any order; two may be much larger than their sum.
    fn keeps(self, graph: &Graph, id: ExprId) -> bool {
        let Node::Sum(constant, terms) = graph.node(id) else { return false };
        let count = terms.len() + usize::from(!constant.is_zero());
        // Products of matrices are recognized among the terms of one sum.
        let is_product =
            |(term, _): &Term| matches!(graph.node(*term), Node::Matrix(..)) && !graph.extents(*term).is_scalar();
        self.keeps_groups && count == 2 && !terms.iter().any(is_product) && graph.sign(id).is_none()
    }
}

/// Brings everything that the roots need into canonical form.
pub fn canonicalize(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId], grouping: Grouping) -> Vec<ExprId> {
    let mut nodes = graph.reachable(roots);
    let decided = decide(graph, &nodes, roots);
    let roots = decided.as_deref().unwrap_or(roots);
    if decided.is_some() {
        nodes = graph.reachable(roots);
    }
    let uses = graph.uses_among(&nodes, roots);
    let inner = inner_links(graph, &nodes, &uses, grouping);
    let mut pass = Canonicalizer { inner, uses, image: NodeMap::new(&nodes), grouping };
    for id in nodes {
        if pass.inner.contains(id) {
            continue;
        }
        let new = if pass.is_settled(graph, id) { id } else { pass.rebuild(graph, formulas, id) };
        pass.image.insert(id, new);
    }
    roots.iter().map(|root| pass.image[*root]).collect()
}

struct Canonicalizer {
    /// Sums and products that dissolve in their only user, so that a long chain is gathered at once.
    inner: NodeMap<()>,
    uses: NodeMap<u32>,
    image: NodeMap<ExprId>,
    grouping: Grouping,
}

/// Tells whether a node is a number times another.
fn is_multiple(graph: &Graph, id: ExprId) -> bool {
    matches!(graph.node(id), Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1)
}

/// Tells whether a node with this coefficient dissolves in a sum.
fn dissolves_in_sum(coefficient: &Rational) -> bool {
    coefficient.is_one() || coefficient.is_minus_one()
}

fn inner_links(graph: &Graph, nodes: &[ExprId], uses: &NodeMap<u32>, grouping: Grouping) -> NodeMap<()> {
    let mut inner = NodeMap::new(nodes);
    for id in nodes {
        match graph.node(*id) {
            Node::Sum(_, terms) => {
                for (operand, coefficient) in terms {
                    let same = matches!(graph.node(*operand), Node::Sum(..)) && !grouping.keeps(graph, *operand);
                    if same && uses[*operand] == 1 && dissolves_in_sum(coefficient) {
                        inner.insert(*operand, ());
                    }
                }
            }
            Node::Product(factors) => {
                for (operand, exponent) in factors {
                    let same = matches!(graph.node(*operand), Node::Product(inside) if dissolves_in_product(graph, inside, exponent));
                    if same && uses[*operand] == 1 {
                        inner.insert(*operand, ());
                    }
                }
            }
            _ => {}
        }
    }
    inner
}

/// Tells whether `(Π b^e)^exponent` may be multiplied out: for every integer exponent.
fn dissolves_in_product(graph: &Graph, inside: &[Factor], exponent: &Rational) -> bool {
    let allowed = |(base, own): &Factor| graph.may_combine(*base, own, &own.multiply(exponent));
    exponent.is_integer() && inside.iter().all(|factor| !graph.is_integer(factor.0, 0) && allowed(factor))
}

/// Multiplies the exponents.
fn dissolve(inside: &[Factor], exponent: &Rational) -> Vec<Factor> {
    inside.iter().map(|(base, own)| (*base, own.multiply(exponent))).collect()
}

impl Canonicalizer {
    /// Tells whether a node is seen at a glance to be in canonical form already: most nodes are.
    fn is_settled(&self, graph: &Graph, id: ExprId) -> bool {
        let same = |operand: &ExprId| self.image.get(*operand) == Some(operand) && !self.inner.contains(*operand);
        let sorted = |pairs: &[(ExprId, Rational)]| {
            pairs.windows(2).all(|pair| pair[0].0 < pair[1].0) && pairs.iter().all(|(_, weight)| !weight.is_zero())
        };
        match graph.node(id) {
            Node::Number(_) | Node::Pi | Node::Input(_) | Node::Placeholder(_) => true,
            _ if graph.has_matrices() => false,
            Node::Sum(constant, terms) => {
                let plain = |(operand, coefficient): &Term| match graph.node(*operand) {
                    Node::Sum(_, inside) => {
                        inside.len() > self.grouping.shared.max(1)
                            || !dissolves_in_sum(coefficient)
                            || self.grouping.keeps(graph, *operand)
                    }
                    Node::Number(_) | Node::Select(..) => false,
                    _ => true,
                };
                let single = terms.len() < 2 && constant.is_zero();
                !single
                    && sorted(terms)
                    && terms.iter().all(|term| same(&term.0) && plain(term) && !is_multiple(graph, term.0))
            }
            Node::Product(factors) => {
                let plain = |(operand, _): &Factor| match graph.node(*operand) {
                    Node::Input(_) | Node::Placeholder(_) | Node::Pi => true,
                    Node::Sum(..) => !is_multiple(graph, *operand) && !is_sum_of_quotients(graph, *operand),
                    Node::Apply(function, _) => *function != rows::POW && *function != rows::ABS,
                    _ => false,
                };
                let single = factors.len() < 2 && factors.iter().all(|(_, exponent)| exponent.is_one());
                !single && sorted(factors) && factors.iter().all(|factor| same(&factor.0) && plain(factor))
            }
            _ => false,
        }
    }

    fn rebuild(&self, graph: &mut Graph, formulas: &mut Formulas, id: ExprId) -> ExprId {
        match graph.node(id) {
            Node::Sum(..) => self.rebuild_sum(graph, id),
            Node::Product(_) => self.rebuild_product(graph, id),
            Node::Apply(function, arguments) => {
                let function = *function;
                let arguments: Vec<ExprId> = arguments.iter().map(|argument| self.image[*argument]).collect();
                apply(graph, formulas, function, &arguments)
            }
            node => {
                let node = node.clone();
                graph.construct(&node, |operand| self.image[operand])
            }
        }
    }

    fn rebuild_sum(&self, graph: &mut Graph, top: ExprId) -> ExprId {
        let mut constant = Rational::ZERO;
        let mut terms: Vec<Term> = Vec::new();
        let mut stack = vec![(top, Rational::ONE)];
        while let Some((id, sign)) = stack.pop() {
            let inside = id == top || self.inner.contains(id);
            match graph.node(id) {
                Node::Sum(own, operands) if inside => {
                    constant = constant.add(&own.multiply(&sign));
                    stack.extend(operands.iter().rev().map(|(operand, k)| (*operand, k.multiply(&sign))));
                }
                _ => {
                    let (factor, rest) = graph.as_multiple(self.image[id]);
                    let coefficient = factor.multiply(&sign);
                    match graph.node(rest) {
                        Node::Sum(own, operands)
                            if dissolves_in_sum(&coefficient)
                                && operands.len() <= self.grouping.shared
                                && !self.grouping.keeps(graph, rest) =>
                        {
                            constant = constant.add(&own.multiply(&coefficient));
                            terms.extend(operands.iter().map(|(operand, k)| (*operand, k.multiply(&coefficient))));
                        }
                        _ => terms.push((rest, coefficient)),
                    }
                }
            }
        }
        graph.sum(constant, terms)
    }

    fn rebuild_product(&self, graph: &mut Graph, top: ExprId) -> ExprId {
        let mut coefficient = Rational::ONE;
        let mut factors: Vec<Factor> = Vec::new();
        let mut own: Vec<ExprId> = Vec::new();
        let mut stack = vec![(top, Rational::ONE)];
        while let Some((id, exponent)) = stack.pop() {
            let inside = id == top || self.inner.contains(id);
            match graph.node(id) {
                Node::Product(operands) if inside => {
                    stack.extend(dissolve(operands, &exponent).into_iter().rev());
                }
                _ => {
                    let (scale, rest) = graph.as_multiple(self.image[id]);
                    let scale = if exponent.is_integer() { scale.power(&exponent) } else { None };
                    let base = if scale.is_some() { rest } else { self.image[id] };
                    coefficient = coefficient.multiply(&scale.unwrap_or(Rational::ONE));
                    own.extend(Some(base).filter(|base| self.uses[id] == 1 && is_sum_of_quotients(graph, *base)));
                    match graph.node(base) {
                        Node::Product(operands)
                            if operands.len() <= self.grouping.shared
                                && dissolves_in_product(graph, operands, &exponent) =>
                        {
                            factors.extend(dissolve(operands, &exponent));
                        }
                        _ => factors.push((base, exponent)),
                    }
                }
            }
        }
        dissolve_what_cancels(graph, &mut factors);
        coefficient = coefficient.multiply(&cancel_below(graph, &mut factors, &own));
        merge_variable_powers(graph, &mut factors);
        graph.product(coefficient, factors)
    }
}

/// Dissolves products of which a part cancels against another factor, even if they are used elsewhere.
fn dissolve_what_cancels(graph: &mut Graph, factors: &mut Vec<Factor>) {
    for at in 0..factors.len() {
        if !matches!(graph.node(factors[at].0), Node::Product(_)) {
            continue;
        }
        let (base, exponent) = factors[at].clone();
        let Node::Product(inside) = graph.node(base).clone() else { continue };
        let cancels = |part: &Factor| {
            let power = part.1.multiply(&exponent);
            factors.iter().any(|(id, other)| *id == part.0 && other.is_negative() != power.is_negative())
        };
        if dissolves_in_product(graph, &inside, &exponent) && inside.iter().any(cancels) {
            factors.remove(at);
            factors.extend(dissolve(&inside, &exponent));
            return dissolve_what_cancels(graph, factors);
        }
    }
}

/// Merges `a^b·a^k` to `a^(b + k)`, which is also defined where the power of a alone is not.
fn merge_variable_powers(graph: &mut Graph, factors: &mut Vec<Factor>) {
    let power = |graph: &Graph, factor: &Factor| match graph.node(factor.0) {
        Node::Apply(rows::POW, arguments) if factor.1.is_one() => Some((arguments[0], arguments[1])),
        _ => None,
    };
    for at in 0..factors.len() {
        if graph.is_strict() {
            return;
        }
        let Some((base, exponent)) = power(graph, &factors[at]) else { continue };
        divide_by_base(graph, factors, base);
        let Some(other) = factors.iter().position(|(id, k)| *id == base && k.is_integer()) else { continue };
        let constant = factors[other].1.clone();
        let sum = match graph.node(exponent).clone() {
            Node::Sum(own, terms) => graph.sum(own.add(&constant), terms.to_vec()),
            _ => graph.sum(constant, vec![(exponent, Rational::ONE)]),
        };
        graph.note("collect powers");
        factors[at].0 = graph.power(base, sum);
        factors.remove(other);
        return merge_variable_powers(graph, factors);
    }
}

/// Writes `1/x` as `1/(x/k)·(1/k)` where a power of `x/k` stands beside it.
fn divide_by_base(graph: &Graph, factors: &mut Vec<Factor>, base: ExprId) {
    let Node::Product(inside) = graph.node(base) else { return };
    let is_in_base = |(id, own): &Factor| {
        own.is_negative() && own.is_integer() && inside.iter().any(|(part, power)| part == id && power.is_one())
    };
    let Some(place) = factors.iter().position(is_in_base) else { return };
    let (id, own) = factors[place].clone();
    factors[place] = (base, own.clone());
    let others = inside.iter().filter(|(part, _)| *part != id);
    factors.extend(others.map(|(part, power)| (*part, power.multiply(&own.negate()))));
}

/// Makes a function's value, using its special values, its symmetry and its inverse.
fn apply(
    graph: &mut Graph,
    formulas: &mut Formulas,
    function: crate::functions::FunctionId,
    arguments: &[ExprId],
) -> ExprId {
    let row = function.row();
    let [argument] = arguments else {
        return graph.apply(function, arguments);
    };
    let (scale, rest) = graph.as_multiple(*argument);
    if matches!(graph.node(rest), Node::Number(_) | Node::Pi) {
        for (at, value) in row.values {
            if formulas.lower(graph, at, &[]) == Some(*argument)
                && let Some(value) = formulas.lower(graph, value, &[])
            {
                graph.note("special value");
                return value;
            }
        }
    }
    if let Node::Apply(inside, operands) = graph.node(*argument)
        && inside.row().left_inverse == row.name
        && (!graph.is_strict() || inside.row().domain.is_empty())
    {
        let operand = operands[0];
        graph.note("inverse function");
        return operand;
    }
    if row.parity != Parity::None && scale.is_negative() {
        graph.note("symmetry");
        let positive = graph.scale(scale.negate(), rest);
        let value = graph.apply(function, &[positive]);
        return match row.parity {
            Parity::Odd => graph.scale(Rational::MINUS_ONE, value),
            _ => value,
        };
    }
    if function == rows::ABS && !scale.is_one() {
        let value = graph.apply(function, &[rest]);
        return graph.scale(scale.abs(), value);
    }
    graph.apply(function, arguments)
}
