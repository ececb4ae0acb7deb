//! Graph to tape: sums and products become additions, multiplications and divisions.

use super::constants::{Constant, Constants, fold};
use super::formulas::write_out;
use super::share::share;
use super::signs::signs_inside;
use super::{Operation, Slot, Tape};
use crate::functions::{Code, FunctionId, rows};
use crate::graph::{ExprId, Factor, Graph, Node, NodeMap, Rational, Term};
use crate::lower::Formulas;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// Largest integer power that is multiplied out; larger ones call `powf`.
const LARGEST_POWER: u64 = 64;
/// Sums and products of more operands are computed as balanced trees, which rounds less and waits less.
const LONGEST_CHAIN: usize = 8;

/// Longest tape, in operations, for which all ways to share are tried.
const FEW: usize = 2000;

/// Computes the roots, each value once; parts of sums and products are shared where that saves operations.
pub fn schedule(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Tape {
    let tapes = candidates(graph, formulas, roots).into_iter();
    tapes.min_by_key(|tape| tape.counts().flops()).unwrap_or_default()
}

/// Returns tapes that compute the roots, of which the first with the fewest operations is to be taken.
pub fn candidates(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<Tape> {
    let roots = write_out(graph, formulas, roots);
    let roots = signs_inside(graph, &roots);
    let (roots, constants) = fold(graph, &roots);
    let mut tapes = vec![compute(graph, &constants, &roots, true)];
    // Where there is much to compute, not everything is tried.
    let few = tapes[0].operations.len() <= FEW;
    let mut forms = vec![share(graph, &roots, false)];
    if few {
        forms.extend([share(graph, &roots, true), roots.clone()]);
    }
    for form in forms {
        for negative_numbers in if few { [true, false].iter() } else { [true].iter() } {
            if *negative_numbers && form == roots {
                continue;
            }
            tapes.push(compute(graph, &constants, &form, *negative_numbers));
        }
    }
    tapes.iter().for_each(|tape| debug_assert_eq!(tape.verify(), Ok(())));
    tapes
}

/// Computes the roots as they stand.
pub(super) fn compute(graph: &Graph, constants: &Constants, roots: &[ExprId], negative_numbers: bool) -> Tape {
    let nodes = graph.reachable(roots);
    let uses = graph.uses_among(&nodes, roots);
    let mut divisors = NodeMap::new(&nodes);
    for id in &nodes {
        if let Node::Product(factors) = graph.node(*id) {
            for (base, _) in factors.iter().filter(|(_, exponent)| exponent.is_negative()) {
                divisors.count(*base);
            }
        }
    }
    let mut scheduler = Scheduler {
        graph,
        constants,
        operations: IndexSet::with_capacity_and_hasher(nodes.len(), FxBuildHasher),
        slots: NodeMap::new(&nodes),
        uses,
        divisors,
        negative_numbers,
    };
    for id in &nodes {
        if scheduler.is_absorbed(*id) {
            continue;
        }
        let slot = scheduler.compute(*id);
        scheduler.slots.insert(*id, slot);
    }
    let outputs = roots.iter().map(|root| scheduler.slot(*root)).collect();
    prune(Tape { operations: scheduler.operations.into_iter().collect(), outputs })
}

struct Scheduler<'g> {
    graph: &'g Graph,
    constants: &'g Constants,
    operations: IndexSet<Operation, FxBuildHasher>,
    slots: NodeMap<Slot>,
    uses: NodeMap<u32>,
    /// How many products divide by a node.
    divisors: NodeMap<u32>,
    /// Whether, where everything is subtracted, a number takes the sign.
    negative_numbers: bool,
}

impl Scheduler<'_> {
    fn emit(&mut self, operation: Operation) -> Slot {
        Slot(self.operations.insert_full(operation).0 as u32)
    }

    fn number(&mut self, value: &Rational) -> Slot {
        self.emit(Operation::Number(value.clone()))
    }

    fn is_one(&self, slot: Slot) -> bool {
        matches!(&self.operations[slot.index()], Operation::Number(value) if value.is_one())
    }

    fn slot(&mut self, id: ExprId) -> Slot {
        match self.slots.get(id) {
            Some(slot) => *slot,
            None => {
                let slot = self.compute(id);
                self.slots.insert(id, slot);
                slot
            }
        }
    }

    /// Tells whether a node is computed as a part of its only user: a quotient that takes its coefficient as numerator.
    fn is_absorbed(&self, id: ExprId) -> bool {
        self.uses[id] == 1 && self.is_pure_reciprocal(id)
    }

    fn is_pure_reciprocal(&self, id: ExprId) -> bool {
        matches!(self.graph.node(id), Node::Product(factors)
            if factors.iter().all(|(base, exponent)| exponent.is_negative() && self.divisors.get(*base).copied().unwrap_or(0) < 2))
    }

    fn compute(&mut self, id: ExprId) -> Slot {
        let graph = self.graph;
        match *graph.node(id) {
            Node::Number(ref value) => self.number(value),
            Node::Input(input) => self.emit(Operation::Input(input)),
            Node::Sum(ref constant, ref terms) => self.sum(constant, terms),
            Node::Product(ref factors) => self.product(&Rational::ONE, factors),
            Node::Apply(function, ref arguments) => self.apply(function, arguments),
            Node::Select(c, a, b) => {
                let (c, a, b) = (self.slot(c), self.slot(a), self.slot(b));
                self.emit(Operation::Select(c, a, b))
            }
            Node::Compare(comparison, a, b) => {
                let (a, b) = (self.slot(a), self.slot(b));
                self.emit(Operation::Compare(comparison, a, b))
            }
            Node::And(a, b) => {
                let (a, b) = (self.slot(a), self.slot(b));
                self.emit(Operation::And(a, b))
            }
            Node::Or(a, b) => {
                let (a, b) = (self.slot(a), self.slot(b));
                self.emit(Operation::Or(a, b))
            }
            Node::Not(a) => {
                let a = self.slot(a);
                self.emit(Operation::Not(a))
            }
            Node::Placeholder(number) if self.constants.contains_key(&number) => {
                self.emit(Operation::Constant(self.constants[&number].clone()))
            }
            Node::Pi => self.emit(Operation::Constant(Constant::pi())),
            // Constants have placeholders, derivatives are resolved, and whole matrices have code of their own.
            Node::Placeholder(_) | Node::Derivative(..) | Node::Matrix(..) => {
                let zero = self.number(&Rational::ZERO);
                self.emit(Operation::Divide(zero, zero))
            }
        }
    }

    fn apply(&mut self, function: FunctionId, arguments: &[ExprId]) -> Slot {
        if let (Code::OfOrder(..), [order, x]) = (function.row().code, arguments) {
            let order = self.graph.as_number(*order).and_then(Rational::to_integer);
            let x = self.slot(*x);
            let order = order.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
            return self.emit(Operation::OfOrder(function, order, x));
        }
        match arguments {
            [a] => {
                let a = self.slot(*a);
                self.emit(Operation::Call(function, a))
            }
            [a, b, ..] => {
                let (a, b) = (self.slot(*a), self.slot(*b));
                self.emit(Operation::Call2(function, a, b))
            }
            [] => self.number(&Rational::ZERO),
        }
    }

    /// Adds up terms with one coefficient first, then multiplies: `2·(x + y)` for `2x + 2y`.
    fn sum(&mut self, constant: &Rational, terms: &[Term]) -> Slot {
        let mut groups: Vec<(Rational, Vec<(Slot, bool)>)> = Vec::new();
        let mut position: FxHashMap<Rational, usize> = FxHashMap::default();
        let graph = self.graph;
        for (id, coefficient) in terms {
            let size = coefficient.abs();
            // A coefficient of a quotient goes into its numerator.
            let (size, slot) = match graph.node(*id) {
                Node::Product(factors) if !size.is_one() && self.is_absorbed(*id) => {
                    (Rational::ONE, self.product(&size, factors))
                }
                _ => (size, self.slot(*id)),
            };
            let at = *position.entry(size.clone()).or_insert_with(|| {
                groups.push((size, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push((slot, coefficient.is_negative()));
        }
        let alone = terms.len() == 1 && constant.is_zero();
        let mut has_sign = !(self.negative_numbers || alone)
            || !constant.is_zero() && !constant.is_negative()
            || groups.iter().flat_map(|(_, group)| group).any(|(_, negative)| !negative);
        let mut parts: Vec<(Slot, bool)> = Vec::new();
        for (size, group) in groups {
            if size.is_one() {
                parts.extend(group);
                continue;
            }
            let negative = group.iter().all(|(_, negative)| *negative);
            let total = self.signed_sum(group.into_iter().map(|(slot, sign)| (slot, sign != negative)).collect());
            let factor = self.number(&size);
            let positive = Operation::Multiply(factor, total);
            // What is there already is subtracted.
            let takes_sign = !has_sign && (alone || !self.operations.contains(&positive));
            has_sign |= takes_sign;
            let factor = if takes_sign { self.number(&size.negate()) } else { factor };
            let scaled = self.emit(Operation::Multiply(factor, total));
            parts.push((scaled, negative && !takes_sign));
        }
        if !constant.is_zero() {
            let takes_sign = !has_sign;
            let slot = self.number(&if takes_sign { constant.clone() } else { constant.abs() });
            parts.push((slot, constant.is_negative() && !takes_sign));
        }
        self.signed_sum(parts)
    }

    /// Adds and subtracts, beginning with something to add if there is any.
    fn signed_sum(&mut self, parts: Vec<(Slot, bool)>) -> Slot {
        let (negative, positive): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, negative)| *negative);
        let positive: Vec<Slot> = positive.into_iter().map(|(slot, _)| slot).collect();
        let negative: Vec<Slot> = negative.into_iter().map(|(slot, _)| slot).collect();
        let long = positive.len() + negative.len() > LONGEST_CHAIN;
        match (positive.is_empty(), negative.is_empty()) {
            (true, true) => self.number(&Rational::ZERO),
            (true, false) => {
                let total = self.reduce(negative, Operation::Add);
                self.emit(Operation::Negate(total))
            }
            (false, _) if long && !negative.is_empty() => {
                let plus = self.reduce(positive, Operation::Add);
                let minus = self.reduce(negative, Operation::Add);
                self.emit(Operation::Subtract(plus, minus))
            }
            (false, _) => {
                let start = self.reduce(positive, Operation::Add);
                negative.into_iter().fold(start, |total, slot| self.emit(Operation::Subtract(total, slot)))
            }
        }
    }

    /// Combines values with an associative operation, from the left if they are few, else as a balanced tree.
    fn reduce(&mut self, mut slots: Vec<Slot>, operation: fn(Slot, Slot) -> Operation) -> Slot {
        if slots.len() <= LONGEST_CHAIN {
            let first = slots[0];
            return slots[1..].iter().fold(first, |total, slot| self.emit(operation(total, *slot)));
        }
        while slots.len() > 1 {
            slots = slots
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => self.emit(operation(*a, *b)),
                    _ => pair[0],
                })
                .collect();
        }
        slots[0]
    }

    /// Multiplies, then divides once; a divisor of several products is inverted once.
    fn product(&mut self, coefficient: &Rational, factors: &[Factor]) -> Slot {
        let mut above: Vec<(Slot, Rational)> = Vec::new();
        let mut below: Vec<(Slot, Rational)> = Vec::new();
        for (base, exponent) in factors {
            let slot = self.slot(*base);
            let shared = self.divisors.get(*base).copied().unwrap_or(0) >= 2;
            if !exponent.is_negative() {
                above.push((slot, exponent.clone()));
            } else if shared && exponent.is_integer() {
                let inverse = self.reciprocal(slot);
                above.push((inverse, exponent.abs()));
            } else if shared && exponent.abs() == Rational::HALF {
                let root = self.emit(Operation::Call(rows::SQRT, slot));
                let inverse = self.reciprocal(root);
                above.push((inverse, Rational::ONE));
            } else {
                below.push((slot, exponent.abs()));
            }
        }
        // A constant stands where a coefficient does.
        above.sort_by_key(|(slot, _)| !matches!(self.operations[slot.index()], Operation::Constant(_)));
        let mut numerator = self.powers(above);
        if !coefficient.is_one() {
            numerator.insert(0, self.number(coefficient));
        }
        let denominator = self.powers(below);
        let top = match numerator.is_empty() {
            true => self.number(&Rational::ONE),
            false => self.reduce(numerator, Operation::Multiply),
        };
        if denominator.is_empty() {
            return top;
        }
        let bottom = self.reduce(denominator, Operation::Multiply);
        self.emit(Operation::Divide(top, bottom))
    }

    fn reciprocal(&mut self, slot: Slot) -> Slot {
        let one = self.number(&Rational::ONE);
        self.emit(Operation::Divide(one, slot))
    }

    /// Raises to powers; bases with one exponent above 1 are multiplied first.
    fn powers(&mut self, factors: Vec<(Slot, Rational)>) -> Vec<Slot> {
        let mut groups: Vec<(Rational, Vec<Slot>)> = Vec::new();
        for (slot, exponent) in factors {
            match groups.iter_mut().find(|group| group.0 == exponent && exponent.is_integer()) {
                Some(group) => group.1.push(slot),
                None => groups.push((exponent, vec![slot])),
            }
        }
        let mut out = Vec::new();
        for (exponent, slots) in groups {
            if exponent.is_one() {
                out.extend(slots);
            } else {
                let base = self.reduce(slots, Operation::Multiply);
                out.push(self.power(base, &exponent));
            }
        }
        out
    }

    fn power(&mut self, base: Slot, exponent: &Rational) -> Slot {
        match exponent.to_fraction() {
            Some((n, 1)) if (1..=LARGEST_POWER as i64).contains(&n) => self.integer_power(base, n.unsigned_abs()),
            Some((n, 2)) if (1..=15).contains(&n) => {
                let root = self.emit(Operation::Call(rows::SQRT, base));
                match n / 2 {
                    0 => root,
                    whole => {
                        let power = self.integer_power(base, whole.unsigned_abs());
                        self.emit(Operation::Multiply(power, root))
                    }
                }
            }
            _ => {
                let exponent = self.number(exponent);
                self.emit(Operation::Call2(rows::POW, base, exponent))
            }
        }
    }

    fn integer_power(&mut self, base: Slot, exponent: u64) -> Slot {
        if exponent == 1 || self.is_one(base) {
            return base;
        }
        let half = self.integer_power(base, exponent / 2);
        let square = self.emit(Operation::Multiply(half, half));
        if exponent % 2 == 1 { self.emit(Operation::Multiply(square, base)) } else { square }
    }
}

/// Drops operations that no output needs.
pub(super) fn prune(tape: Tape) -> Tape {
    let mut needed = vec![false; tape.operations.len()];
    tape.outputs.iter().for_each(|slot| needed[slot.index()] = true);
    for (index, operation) in tape.operations.iter().enumerate().rev() {
        if needed[index] {
            operation.for_each_operand(|operand| needed[operand.index()] = true);
        }
    }
    let mut renumbered = vec![Slot(0); needed.len()];
    let mut operations = Vec::new();
    for (index, operation) in tape.operations.into_iter().enumerate().filter(|(index, _)| needed[*index]) {
        renumbered[index] = Slot(operations.len() as u32);
        operations.push(operation.renumbered(|slot| renumbered[slot.index()]));
    }
    let outputs = tape.outputs.iter().map(|slot| renumbered[slot.index()]).collect();
    Tape { operations, outputs }
}

impl Operation {
    fn renumbered(self, new: impl Fn(Slot) -> Slot) -> Operation {
        use Operation::*;
        match self {
            leaf @ (Number(_) | Constant(_) | Input(_)) => leaf,
            Add(a, b) => Add(new(a), new(b)),
            Subtract(a, b) => Subtract(new(a), new(b)),
            Multiply(a, b) => Multiply(new(a), new(b)),
            Divide(a, b) => Divide(new(a), new(b)),
            Negate(a) => Negate(new(a)),
            Call(function, a) => Call(function, new(a)),
            Call2(function, a, b) => Call2(function, new(a), new(b)),
            OfOrder(function, order, a) => OfOrder(function, order, new(a)),
            Compare(comparison, a, b) => Compare(comparison, new(a), new(b)),
            And(a, b) => And(new(a), new(b)),
            Or(a, b) => Or(new(a), new(b)),
            Not(a) => Not(new(a)),
            Select(c, a, b) => Select(new(c), new(a), new(b)),
        }
    }
}
