//! Evaluates graphs with 120 digits and with the domains of real analysis: what is not defined has no value.

#![allow(dead_code)]

use astro_float::{BigFloat, Consts, Radix, RoundingMode, Sign};
use gradc::functions::{self, Code, FunctionId};
use gradc::graph::{Comparison, ExprId, Graph, Input, Node, Rational};
use gradc::lower::Formulas;

#[path = "exact_gamma.rs"]
mod exact_gamma;

/// Bits of the working precision.
pub const BITS: usize = 1024;
/// The last bits don't matter; rounding them correctly takes forever where a result is exact.
pub const ROUND: RoundingMode = RoundingMode::None;

/// A number, or nothing where an expression is not defined.
pub type Value = Option<BigFloat>;

/// What evaluation needs.
pub struct Exact {
    constants: Consts,
    /// The Bernoulli numbers B(2), B(4), ..., once they are needed.
    bernoulli: Vec<BigFloat>,
}

impl Exact {
    pub fn new() -> Self {
        Exact { constants: Consts::new().expect("there is memory"), bernoulli: Vec::new() }
    }

    /// Reads a number of a test: a fraction, a decimal, or a multiple of π such as `pi/2`.
    pub fn number(&mut self, text: &str) -> BigFloat {
        let function = gradc::read(&gradc::source::Source::new("number", text), &[])
            .expect("a number")
            .remove(0)
            .entries
            .expect("a number");
        self.evaluate(&function.graph, function.outputs[0], &[]).expect("a number is defined")
    }

    /// Evaluates a node for values of the inputs.
    pub fn evaluate(&mut self, graph: &Graph, root: ExprId, inputs: &[BigFloat]) -> Value {
        self.evaluate_all(graph, &[root], inputs)[root.index()].clone()
    }

    /// Evaluates all nodes that roots depend on; the values stand at the nodes' indices.
    pub fn evaluate_all(&mut self, graph: &Graph, roots: &[ExprId], inputs: &[BigFloat]) -> Vec<Value> {
        let last = roots.iter().map(|root| root.index() + 1).max().unwrap_or(0);
        let mut values: Vec<Value> = vec![None; last];
        for id in graph.reachable(roots) {
            values[id.index()] = self.node(graph, graph.node(id), &values, inputs);
        }
        values
    }

    fn node(&mut self, graph: &Graph, node: &Node, values: &[Value], inputs: &[BigFloat]) -> Value {
        let value = |id: &ExprId| values[id.index()].clone();
        let truth = |holds: bool| Some(integer(i64::from(holds)));
        match node {
            Node::Number(number) => Some(self.rational(number)),
            Node::Pi => Some(self.constants.pi(BITS, ROUND)),
            Node::Input(at) => inputs.get(*at as usize).cloned(),
            Node::Sum(constant, terms) => {
                let mut sum = self.rational(constant);
                for (id, coefficient) in terms {
                    sum = sum.add(&self.rational(coefficient).mul(&value(id)?, BITS, ROUND), BITS, ROUND);
                }
                Some(sum)
            }
            Node::Product(factors) => {
                let mut product = integer(1);
                for (id, exponent) in factors {
                    product = product.mul(&self.power(&value(id)?, exponent)?, BITS, ROUND);
                }
                Some(product)
            }
            Node::Apply(function, arguments) => {
                let arguments: Option<Vec<BigFloat>> = arguments.iter().map(value).collect();
                self.function(function.row().name, &arguments?)
            }
            Node::Select(c, a, b) => value(if value(c)?.is_zero() { b } else { a }),
            Node::Compare(comparison, a, b) => truth(compare(*comparison, &value(a)?, &value(b)?)),
            Node::And(a, b) => truth(!value(a)?.is_zero() && !value(b)?.is_zero()),
            Node::Or(a, b) => truth(!value(a)?.is_zero() || !value(b)?.is_zero()),
            Node::Not(a) => truth(value(a)?.is_zero()),
            Node::Matrix(..) | Node::Placeholder(_) | Node::Derivative(..) => {
                panic!("{} nodes, one not a number", graph.len())
            }
        }
    }

    pub fn rational(&mut self, number: &Rational) -> BigFloat {
        let constants = &mut self.constants;
        let mut whole = |number: Rational| BigFloat::parse(&number.to_string(), Radix::Dec, BITS, ROUND, constants);
        whole(number.numerator()).div(&whole(number.denominator()), BITS, ROUND)
    }

    /// A power with a constant exponent; only whole ones of negative numbers, and none below 0 of 0.
    pub fn power(&mut self, base: &BigFloat, exponent: &Rational) -> Value {
        if exponent.is_zero() {
            return Some(integer(1));
        }
        if base.is_zero() {
            return (!exponent.is_negative()).then(|| integer(0));
        }
        match exponent.abs().to_integer() {
            Some(whole) => {
                let power = base.powi(whole as usize, BITS, ROUND);
                Some(if exponent.is_negative() { power.reciprocal(BITS, ROUND) } else { power })
            }
            None if base.is_negative() => None,
            None if exponent.denominator().to_integer() == Some(2) => {
                let root = base.sqrt(BITS, ROUND);
                self.power(&root, &exponent.numerator())
            }
            None => {
                let exponent = self.rational(exponent);
                Some(base.pow(&exponent, BITS, ROUND, &mut self.constants))
            }
        }
    }

    /// Evaluates a function of Table 1: as it is written here, or else by the formula of its row.
    pub fn function(&mut self, name: &str, arguments: &[BigFloat]) -> Value {
        let x = &arguments[0];
        let one = integer(1);
        let c = &mut self.constants;
        let size = |value: &BigFloat| value.abs();
        Some(match name {
            "exp" => x.exp(BITS, ROUND, c),
            "exp_m1" => x.exp(BITS, ROUND, c).sub(&one, BITS, ROUND),
            "ln" if is_positive(x) => x.ln(BITS, ROUND, c),
            "ln_1p" if is_positive(&x.add(&one, BITS, ROUND)) => x.add(&one, BITS, ROUND).ln(BITS, ROUND, c),
            "sin" => x.sin(BITS, ROUND, c),
            "cos" => x.cos(BITS, ROUND, c),
            "tan" => x.tan(BITS, ROUND, c),
            "asin" if size(x) <= one => x.asin(BITS, ROUND, c),
            "acos" if size(x) <= one => x.acos(BITS, ROUND, c),
            "atan" => x.atan(BITS, ROUND, c),
            "atan2" => return self.angle(x, &arguments[1]),
            "sinh" => x.sinh(BITS, ROUND, c),
            "cosh" => x.cosh(BITS, ROUND, c),
            "tanh" => x.tanh(BITS, ROUND, c),
            "sqrt" if !x.is_negative() || x.is_zero() => x.sqrt(BITS, ROUND),
            "sqrt" => return None,
            "ln_cosh" => x.cosh(BITS, ROUND, c).ln(BITS, ROUND, c),
            "asinh" => x.asinh(BITS, ROUND, c),
            "acosh" if *x >= one => x.acosh(BITS, ROUND, c),
            "atanh" if size(x) < one => x.atanh(BITS, ROUND, c),
            "abs" => size(x),
            "floor" => x.floor(),
            "sign" if x.is_zero() => integer(0),
            "sign" => integer(if x.is_negative() { -1 } else { 1 }),
            "step" => integer(i64::from(is_positive(x))),
            "relu" => {
                if is_positive(x) {
                    x.clone()
                } else {
                    integer(0)
                }
            }
            "max" => {
                if *x >= arguments[1] {
                    x.clone()
                } else {
                    arguments[1].clone()
                }
            }
            "min" => {
                if *x <= arguments[1] {
                    x.clone()
                } else {
                    arguments[1].clone()
                }
            }
            "hypot" => {
                let square = |value: &BigFloat| value.mul(value, BITS, ROUND);
                square(x).add(&square(&arguments[1]), BITS, ROUND).sqrt(BITS, ROUND)
            }
            "exprel" if x.is_zero() => one,
            "exprel" => x.exp(BITS, ROUND, c).sub(&one, BITS, ROUND).div(x, BITS, ROUND),
            "bernoulli" if x.is_zero() => one,
            "bernoulli" => x.div(&x.exp(BITS, ROUND, c).sub(&one, BITS, ROUND), BITS, ROUND),
            "langevin" if x.is_zero() => integer(0),
            "langevin" => {
                let cotangent = x.tanh(BITS, ROUND, c).reciprocal(BITS, ROUND);
                cotangent.sub(&x.reciprocal(BITS, ROUND), BITS, ROUND)
            }
            "langevin_derivative" | "bernoulli_derivative" => return self.slope(name, x, &arguments[1]),
            "sinhc" if x.is_zero() => one,
            "sinhc" => x.sinh(BITS, ROUND, c).div(x, BITS, ROUND),
            "ln_sinhc" if x.is_zero() => integer(0),
            "ln_sinhc" => x.sinh(BITS, ROUND, c).div(x, BITS, ROUND).ln(BITS, ROUND, c),
            "sinc" if x.is_zero() => one,
            "sinc" => x.sin(BITS, ROUND, c).div(x, BITS, ROUND),
            "log1m_exp" if x.is_negative() && !x.is_zero() => {
                one.sub(&x.exp(BITS, ROUND, c), BITS, ROUND).ln(BITS, ROUND, c)
            }
            "erfcx" => {
                let square = x.mul(x, BITS, ROUND).exp(BITS, ROUND, c);
                square.mul(&self.function("erfc", arguments)?, BITS, ROUND)
            }
            "log_erfc" => self.function("erfc", arguments)?.ln(BITS, ROUND, &mut self.constants),
            "ndtr" => {
                let argument = x.neg().div(&integer(2).sqrt(BITS, ROUND), BITS, ROUND);
                self.function("erfc", &[argument])?.div(&integer(2), BITS, ROUND)
            }
            "log_ndtr" => self.function("ndtr", arguments)?.ln(BITS, ROUND, &mut self.constants),
            "inverse_mills" => {
                let pi = c.pi(BITS, ROUND);
                let root = pi.mul(&integer(2), BITS, ROUND).sqrt(BITS, ROUND);
                let square = x.mul(x, BITS, ROUND).div(&integer(-2), BITS, ROUND);
                let density = square.exp(BITS, ROUND, c).div(&root, BITS, ROUND);
                density.div(&self.function("ndtr", arguments)?, BITS, ROUND)
            }
            "cbrt" => x.cbrt(BITS, ROUND),
            "sigmoid" => one.add(&x.neg().exp(BITS, ROUND, c), BITS, ROUND).reciprocal(BITS, ROUND),
            "softplus" => one.add(&x.exp(BITS, ROUND, c), BITS, ROUND).ln(BITS, ROUND, c),
            "logsumexp" => {
                let sum = arguments.iter().fold(integer(0), |sum, x| sum.add(&x.exp(BITS, ROUND, c), BITS, ROUND));
                sum.ln(BITS, ROUND, c)
            }
            "erf" => self.erf(x),
            "erfc" => integer(1).sub(&self.erf(x), 6 * BITS, ROUND),
            "pow" => return self.real_power(x, &arguments[1]),
            "ln" | "ln_1p" | "log1m_exp" | "asin" | "acos" | "acosh" | "atanh" => return None,
            "gamma" => return self.gamma(x),
            "lgamma" => return self.lgamma(x),
            "digamma" => return self.polygamma(0, x),
            "polygamma" => return self.polygamma(order(x), &arguments[1]),
            other => return self.by_formula(functions::find(other).expect("a row has the name"), arguments),
        })
    }

    /// Evaluates what a row says that its function is, where it says that the function is defined.
    fn by_formula(&mut self, function: FunctionId, arguments: &[BigFloat]) -> Value {
        let row = function.row();
        let formula = match row.code {
            Code::Formula(formula) => Some(formula),
            _ => row.definition,
        };
        let formula = formula.unwrap_or_else(|| panic!("`{}` has no exact value here and no definition", row.name));
        let mut graph = Graph::new();
        let input = |name: &&str| graph.add_input(Input { parameter: (*name).to_string(), place: Vec::new() });
        let parameters: Vec<ExprId> = row.parameters.iter().map(input).collect();
        let mut value = |text: &'static str| {
            let root = Formulas::default().of_row(&mut graph, function, text, &parameters);
            self.evaluate(&graph, root.expect("the formula is in the language"), arguments)
        };
        if !row.domain.is_empty() && value(row.domain)?.is_zero() {
            return None;
        }
        value(formula)
    }

    /// The first derivative of `langevin` or `bernoulli`, by the quotient rule.
    fn slope(&mut self, name: &str, order: &BigFloat, x: &BigFloat) -> Value {
        assert_eq!(*order, integer(1), "only the first derivatives have exact values here");
        let c = &mut self.constants;
        let one = integer(1);
        if x.is_zero() {
            let (above, below) = if name == "langevin_derivative" { (1, 3) } else { (-1, 2) };
            return Some(integer(above).div(&integer(below), BITS, ROUND));
        }
        if name == "langevin_derivative" {
            let squares = [x.clone(), x.sinh(BITS, ROUND, c)].map(|root| root.mul(&root, BITS, ROUND));
            let [pole, other] = squares.map(|square| square.reciprocal(BITS, ROUND));
            return Some(pole.sub(&other, BITS, ROUND));
        }
        let exponential = x.exp(BITS, ROUND, c);
        let below = exponential.sub(&one, BITS, ROUND);
        let above = below.sub(&x.mul(&exponential, BITS, ROUND), BITS, ROUND);
        Some(above.div(&below.mul(&below, BITS, ROUND), BITS, ROUND))
    }

    fn angle(&mut self, y: &BigFloat, x: &BigFloat) -> Value {
        let pi = self.constants.pi(BITS, ROUND);
        let half = pi.div(&integer(2), BITS, ROUND);
        let quotient = |c: &mut Consts| y.div(x, BITS, ROUND).atan(BITS, ROUND, c);
        match (x.is_zero(), x.is_negative(), y.is_zero(), y.is_negative()) {
            (true, _, true, _) => None,
            (true, _, _, negative) => Some(if negative { half.neg() } else { half }),
            (_, false, ..) => Some(quotient(&mut self.constants)),
            (_, true, _, true) => Some(quotient(&mut self.constants).sub(&pi, BITS, ROUND)),
            (_, true, _, false) => Some(quotient(&mut self.constants).add(&pi, BITS, ROUND)),
        }
    }

    fn real_power(&mut self, base: &BigFloat, exponent: &BigFloat) -> Value {
        match (base.is_zero(), base.is_negative()) {
            _ if exponent.is_zero() => Some(integer(1)),
            (true, _) => is_positive(exponent).then(|| integer(0)),
            (_, false) => Some(base.pow(exponent, BITS, ROUND, &mut self.constants)),
            (_, true) if exponent.is_int() => Some(base.pow(exponent, BITS, ROUND, &mut self.constants)),
            _ => None,
        }
    }

    /// The error function by its power series, with as many bits more as its terms grow [DLMF 7.6.1].
    fn erf(&mut self, x: &BigFloat) -> BigFloat {
        let bits = 6 * BITS;
        let square = x.mul(x, bits, ROUND);
        let mut term = x.clone();
        let mut sum = x.clone();
        for n in 1..20_000 {
            term = term.mul(&square, bits, ROUND).div(&integer(-n), bits, ROUND);
            let part = term.div(&integer(2 * n + 1), bits, ROUND);
            sum = sum.add(&part, bits, ROUND);
            if part.is_zero() || part.exponent().unwrap_or(0) < -(4 * BITS as i32) {
                break;
            }
        }
        let root = self.constants.pi(bits, ROUND).sqrt(bits, ROUND);
        sum.mul(&integer(2), bits, ROUND).div(&root, bits, ROUND)
    }
}

/// Reads the order of a derivative.
fn order(number: &BigFloat) -> u32 {
    (0..100).find(|order| integer(i64::from(*order)) == *number).expect("an order is a small whole number")
}

fn integer(value: i64) -> BigFloat {
    BigFloat::from_i64(value, BITS)
}

fn is_positive(x: &BigFloat) -> bool {
    !x.is_zero() && x.sign() == Some(Sign::Pos)
}

fn compare(comparison: Comparison, a: &BigFloat, b: &BigFloat) -> bool {
    comparison.holds(a, b)
}

/// Tells whether two numbers agree to so many digits; 0 only with what is as small.
pub fn agree(a: &BigFloat, b: &BigFloat, digits: usize) -> bool {
    let difference = a.sub(b, BITS, ROUND).abs();
    let size = a.abs().max(&b.abs());
    let ten = integer(10);
    let small = ten.powi(digits, BITS, ROUND).reciprocal(BITS, ROUND);
    // Numbers that are 0 but for rounding are so small that nothing else is.
    let nothing = ten.powi(2 * digits + digits / 2, BITS, ROUND).reciprocal(BITS, ROUND);
    difference <= size.mul(&small, BITS, ROUND) || size <= nothing
}
