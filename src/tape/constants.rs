//! Constants: what depends on no parameter is computed here, and stands as one number on the tape.

use super::Tape;
use super::schedule::compute;
use crate::functions::FunctionId;
use crate::graph::{ExprId, Factor, Graph, Node, NodeMap, Rational, Term};
use crate::show::notation;
use astro_float_num::{BigFloat, Consts, Radix, RoundingMode};
use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Bits of the working precision: what is rounded to 53 of them is the nearest double.
const BITS: usize = 256;
const ROUND: RoundingMode = RoundingMode::None;
/// Magnitudes of what is rounded here: less may be a 0 that the working precision can't tell from it.
const ORDINARY: RangeInclusive<f64> = 1e-50..=1e300;

/// A real number that is not rational, or not written as one, rounded to double precision.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Constant {
    bits: u64,
    /// What the number is, in the language.
    pub formula: Arc<str>,
    /// What computes it from rational numbers and π; none for π itself.
    definition: Option<Arc<Tape>>,
}

impl Constant {
    /// Returns the nearest double.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Returns what computes the number from rational numbers and π; none for π itself.
    pub fn definition(&self) -> Option<&Tape> {
        self.definition.as_deref()
    }

    /// Returns π.
    pub fn pi() -> Constant {
        Constant { bits: std::f64::consts::PI.to_bits(), formula: "pi".into(), definition: None }
    }
}

/// The constants of a graph by the number of the placeholder that stands for each.
pub type Constants = FxHashMap<u32, Constant>;

/// Puts placeholders in the place of constants: of whole expressions, of the constant factors of a product together
/// with its coefficient, and of the constant terms of a sum.
pub fn fold(graph: &mut Graph, roots: &[ExprId]) -> (Vec<ExprId>, Constants) {
    let nodes = graph.reachable(roots);
    let is_number = |id: &ExprId| graph.as_number(*id).is_some();
    let is_irrational = |id: &ExprId| match graph.node(*id) {
        Node::Pi => true,
        Node::Product(factors) => factors.iter().any(|(base, _)| is_number(base)),
        Node::Apply(_, arguments) => arguments.iter().all(is_number),
        _ => false,
    };
    let constants = if nodes.iter().any(is_irrational) { Consts::new().ok() } else { None };
    let Some(constants) = constants else { return (roots.to_vec(), Constants::default()) };
    let uses = graph.uses_among(&nodes, roots);
    let mut folding = Folding { values: FxHashMap::default(), folded: FxHashMap::default(), constants };
    let roots = graph.rebuild(roots, |graph, id, image| Some(folding.node(graph, &uses, id, image)));
    let roots = roots.into_iter().map(|root| folding.folded(graph, root)).collect();
    let known = folding.folded.into_values().flatten().filter_map(|(placeholder, constant)| {
        let Node::Placeholder(number) = graph.node(placeholder) else { return None };
        Some((*number, constant))
    });
    (roots, known.collect())
}

struct Folding {
    /// The value of each expression met so far; none where it depends on a parameter.
    values: FxHashMap<ExprId, Option<BigFloat>>,
    /// The placeholders made so far; none where the value is no ordinary double.
    folded: FxHashMap<ExprId, Option<(ExprId, Constant)>>,
    constants: Consts,
}

impl Folding {
    /// Returns what takes a node's place. A constant stays as it is until something that is no constant uses it.
    fn node(&mut self, graph: &mut Graph, uses: &NodeMap<u32>, id: ExprId, image: &NodeMap<ExprId>) -> ExprId {
        if self.value(graph, id).is_some() {
            return id;
        }
        match graph.node(id).clone() {
            Node::Product(factors) => self.product(graph, &Rational::ONE, &factors, image),
            Node::Sum(constant, terms) => self.sum(graph, uses, constant, &terms, image),
            node => {
                let mut operands: FxHashMap<ExprId, ExprId> = FxHashMap::default();
                node.for_each_operand(|operand| {
                    operands.insert(operand, self.folded(graph, image[operand]));
                });
                graph.construct(&node, |operand| operands[&operand])
            }
        }
    }

    /// Makes one number of the constant and the constant terms of a sum.
    fn sum(
        &mut self,
        graph: &mut Graph,
        uses: &NodeMap<u32>,
        constant: Rational,
        terms: &[Term],
        image: &NodeMap<ExprId>,
    ) -> ExprId {
        let (known, open): (Vec<Term>, Vec<Term>) =
            terms.iter().cloned().partition(|(term, _)| self.value(graph, *term).is_some());
        let open = open.into_iter().map(|(term, coefficient)| match graph.node(term).clone() {
            Node::Product(factors) if uses[term] == 1 && self.has_constant(graph, &factors) => {
                let sign = if coefficient.is_negative() { Rational::MINUS_ONE } else { Rational::ONE };
                (self.product(graph, &coefficient.abs(), &factors, image), sign)
            }
            _ => (image[term], coefficient),
        });
        let mut open: Vec<Term> = open.collect();
        if known.is_empty() {
            return graph.sum(constant, open);
        }
        let mut total = graph.sum(constant, known);
        let mut sign = Rational::ONE;
        if self.value(graph, total).is_some_and(|value| value.is_negative()) {
            total = graph.scale(Rational::MINUS_ONE, total);
            sign = Rational::MINUS_ONE;
        }
        open.push((self.folded(graph, total), sign));
        graph.sum(Rational::ZERO, open)
    }

    fn has_constant(&mut self, graph: &Graph, factors: &[Factor]) -> bool {
        factors.iter().any(|(base, _)| self.value(graph, *base).is_some())
    }

    /// Makes one number of the coefficient and the constant factors of a product.
    fn product(
        &mut self,
        graph: &mut Graph,
        coefficient: &Rational,
        factors: &[Factor],
        image: &NodeMap<ExprId>,
    ) -> ExprId {
        let (known, open): (Vec<Factor>, Vec<Factor>) =
            factors.iter().cloned().partition(|(base, _)| self.value(graph, *base).is_some());
        let known = graph.product(coefficient.clone(), known);
        let known = self.folded(graph, known);
        let open = open.into_iter().map(|(base, exponent)| (image[base], exponent));
        graph.product(Rational::ONE, open.chain([(known, Rational::ONE)]).collect())
    }

    /// Returns what stands for a constant; numbers and everything else stand for themselves.
    fn folded(&mut self, graph: &mut Graph, id: ExprId) -> ExprId {
        if self.value(graph, id).is_none() || graph.as_number(id).is_some() {
            return id;
        }
        if let Some(placeholder) = self.placeholder(graph, id) {
            return placeholder;
        }
        // What is no ordinary double is computed from what is.
        let computed = graph.rebuild(&[id], |graph, node, _| match graph.as_number(node) {
            Some(_) => Some(node),
            None => self.placeholder(graph, node),
        });
        computed[0]
    }

    fn placeholder(&mut self, graph: &mut Graph, id: ExprId) -> Option<ExprId> {
        let value = self.value(graph, id)?;
        if let Some(known) = self.folded.get(&id) {
            return known.as_ref().map(|(placeholder, _)| *placeholder);
        }
        let text = value.format(Radix::Dec, ROUND, &mut self.constants).ok();
        let double = text.and_then(|text| text.parse::<f64>().ok()).filter(|double| ORDINARY.contains(&double.abs()));
        let made = double.map(|double| {
            let formula = self.formula(graph, id).into();
            let definition = compute(graph, &Constants::default(), &[id], true);
            let constant = Constant { bits: double.to_bits(), formula, definition: Some(Arc::new(definition)) };
            (graph.add_placeholder(id), constant)
        });
        let placeholder = made.as_ref().map(|(placeholder, _)| *placeholder);
        self.folded.insert(id, made);
        placeholder
    }

    /// Writes a constant, with one root where a product has several: `sqrt(2*pi)`.
    fn formula(&mut self, graph: &mut Graph, id: ExprId) -> String {
        let (coefficient, rest) = graph.as_multiple(id);
        let Node::Product(factors) = graph.node(rest).clone() else { return notation::text(graph, id) };
        let mut merged: Vec<Factor> = Vec::new();
        for (base, exponent) in factors {
            let positive = self.value(graph, base).is_some_and(|value| value.is_positive());
            let same = |(_, other): &&mut Factor| positive && !exponent.is_integer() && *other == exponent;
            match merged.iter_mut().find(same) {
                Some((other, _)) => *other = graph.multiply(*other, base),
                None => merged.push((base, exponent)),
            }
        }
        let product = graph.intern(Node::Product(merged.into()));
        let whole = match coefficient.is_one() {
            true => product,
            false => graph.intern(Node::Sum(Rational::ZERO, [(product, coefficient)].into())),
        };
        notation::text(graph, whole)
    }

    /// Evaluates an expression without parameters, operands first.
    fn value(&mut self, graph: &Graph, id: ExprId) -> Option<BigFloat> {
        if let Some(value) = self.values.get(&id) {
            return value.clone();
        }
        let value = self.evaluate(graph, id).filter(|value| !value.is_nan() && !value.is_inf());
        self.values.insert(id, value.clone());
        value
    }

    fn evaluate(&mut self, graph: &Graph, id: ExprId) -> Option<BigFloat> {
        match graph.node(id) {
            Node::Number(number) => self.rational(number),
            Node::Pi => Some(self.constants.pi(BITS, ROUND)),
            Node::Sum(constant, terms) => {
                let mut sum = self.rational(constant)?;
                for (term, coefficient) in terms {
                    let term = self.value(graph, *term)?;
                    sum = sum.add(&self.rational(coefficient)?.mul(&term, BITS, ROUND), BITS, ROUND);
                }
                Some(sum)
            }
            Node::Product(factors) => {
                let mut product = self.rational(&Rational::ONE)?;
                for (base, exponent) in factors {
                    let base = self.value(graph, *base)?;
                    product = product.mul(&self.power(&base, exponent)?, BITS, ROUND);
                }
                Some(product)
            }
            Node::Apply(function, arguments) => {
                let arguments: Option<Vec<BigFloat>> =
                    arguments.iter().map(|argument| self.value(graph, *argument)).collect();
                self.apply(*function, &arguments?)
            }
            _ => None,
        }
    }

    fn rational(&mut self, number: &Rational) -> Option<BigFloat> {
        rational(number, BITS, &mut self.constants)
    }

    fn power(&mut self, base: &BigFloat, exponent: &Rational) -> Option<BigFloat> {
        Some(match exponent.to_fraction() {
            Some((1, 1)) => base.clone(),
            Some((1, 2)) => base.sqrt(BITS, ROUND),
            Some((-1, 1)) => base.reciprocal(BITS, ROUND),
            Some((-1, 2)) => base.sqrt(BITS, ROUND).reciprocal(BITS, ROUND),
            _ => base.pow(&self.rational(exponent)?, BITS, ROUND, &mut self.constants),
        })
    }

    /// Evaluates the functions that constants are made of; others are left to the code.
    fn apply(&mut self, function: FunctionId, arguments: &[BigFloat]) -> Option<BigFloat> {
        let constants = &mut self.constants;
        Some(match (function.row().name, arguments) {
            ("exp", [x]) => x.exp(BITS, ROUND, constants),
            ("ln", [x]) => x.ln(BITS, ROUND, constants),
            ("sqrt", [x]) => x.sqrt(BITS, ROUND),
            ("cbrt", [x]) => x.cbrt(BITS, ROUND),
            ("sin", [x]) => x.sin(BITS, ROUND, constants),
            ("cos", [x]) => x.cos(BITS, ROUND, constants),
            ("tan", [x]) => x.tan(BITS, ROUND, constants),
            ("atan", [x]) => x.atan(BITS, ROUND, constants),
            ("pow", [x, y]) => x.pow(y, BITS, ROUND, constants),
            _ => return None,
        })
    }
}

/// Rounds a rational number to so many bits. None if there is no memory.
pub fn rational(number: &Rational, bits: usize, constants: &mut Consts) -> Option<BigFloat> {
    let mut whole = |number: Rational| match number.to_integer() {
        Some(small) => BigFloat::from_i64(small, bits),
        None => BigFloat::parse(&number.to_string(), Radix::Dec, bits, ROUND, constants),
    };
    if number.is_integer() {
        return Some(whole(number.clone())).filter(|value| !value.is_nan());
    }
    let (numerator, denominator) = (whole(number.numerator()), whole(number.denominator()));
    Some(numerator.div(&denominator, bits, ROUND)).filter(|value| !value.is_nan())
}

#[cfg(test)]
mod tests {
    use crate::lower::Formulas;
    use crate::source::Source;
    use crate::tape::{Operation, Tape, schedule};

    fn tape(text: &str) -> Tape {
        let mut function = crate::read(&Source::new("test", text), &[]).unwrap().remove(0).entries.unwrap();
        let roots = function.graph.rebuild(&function.outputs, |_, _, _| None);
        schedule(&mut function.graph, &mut Formulas::default(), &roots)
    }

    #[test]
    fn constants_are_the_nearest_doubles() {
        // Digits by mpmath.
        let cases = [
            ("1/sqrt(2*pi)", 0.3989422804014327),
            ("ln(2*pi)/2", 0.9189385332046728),
            ("sqrt(2) + sqrt(3) - 3", 0.14626436994197234),
            ("cbrt(5)", 1.709975946676697),
            ("sin(1)*cos(2)", -0.35017548837401463),
            ("tan(1/3)", 0.34625354951057546),
            ("atan(1/7)", 0.14189705460416394),
            ("2^(2/3)", 1.5874010519681996),
            ("pi^pi", 36.46215960720791),
            ("exp(1)", std::f64::consts::E),
            ("ln(1/3)", -1.0986122886681098),
        ];
        for (text, value) in cases {
            let tape = tape(text);
            assert!(
                matches!(&tape.operations[..], [Operation::Constant(constant)] if constant.value() == value),
                "{text}"
            );
        }
    }

    #[test]
    fn constants_take_coefficients_and_their_like() {
        for (text, operations, formula) in [
            ("3*exp(-x^2/2)/sqrt(2*pi)", 7, "3/sqrt(2*pi)"),
            ("x - (ln(2) + ln(pi)/2)", 3, "ln(2) + ln(pi)/2"),
            ("max(x, sqrt(3))", 3, "sqrt(3)"),
        ] {
            let tape = tape(text);
            let found: Vec<&str> = tape
                .operations
                .iter()
                .filter_map(|operation| match operation {
                    Operation::Constant(constant) => Some(&*constant.formula),
                    _ => None,
                })
                .collect();
            assert_eq!((found, tape.operations.len()), (vec![formula], operations), "{text}");
        }
    }

    #[test]
    fn what_is_no_ordinary_number_is_left_to_the_code() {
        for (text, value) in
            [("exp(1000)", f64::INFINITY), ("sin(pi + exp(-200))", 0.0), ("gamma(1/3)", 2.678938534707747)]
        {
            let tape = tape(text);
            assert!(!matches!(tape.operations.last(), Some(Operation::Constant(_))), "{text}");
            let found = tape.evaluate(&[])[0];
            assert!(found == value || (found - value).abs() < 1e-14, "{text} {found}");
        }
    }
}
