//! Table 1: every function of the language with its derivative, domain, code and properties, side by side.
//!
//! Formulas in the table are written in gradc's own language. They name the arguments by the row's `parameters`, and
//! the function's own value `y`, unless a parameter has that name. Adding a function is adding a row: the parser, the
//! differentiator, the emitter, the evaluators, the printers and the tests find it by themselves.

pub mod special;

/// Index of a row of [`TABLE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FunctionId(u16);

impl FunctionId {
    /// Returns the row.
    pub fn row(self) -> &'static Function {
        &TABLE[usize::from(self.0)]
    }

    /// Returns the set of this function alone.
    pub fn alone(self) -> Functions {
        Functions(1 << self.0)
    }
}

/// A set of functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Functions(u128);

const _: () = assert!(TABLE.len() <= 128);

impl Functions {
    /// Returns the functions of either set.
    pub fn or(self, other: Functions) -> Functions {
        Functions(self.0 | other.0)
    }

    /// Tells whether the other set has all of these.
    pub fn are_in(self, other: Functions) -> bool {
        self.0 & !other.0 == 0
    }
}

/// How many arguments a function takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arity {
    /// Exactly as many as the row has parameters; vectors are taken entry by entry.
    Fixed,
    /// One or more numbers, or vectors that are spread out, folded from the left: `max(a, b, c)`.
    Folded,
    /// One vector, or two for `dot`: the function looks at all entries together.
    Collective,
}

/// How a function's value is computed in generated Rust and by the evaluator.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    /// A method of `f64` with its name in `libm`.
    Method(&'static str, &'static str, fn(f64) -> f64),
    /// A method of `f64` with one argument, with its name in `libm`.
    Method2(&'static str, &'static str, fn(f64, f64) -> f64),
    /// A function of [`special`], emitted along with the code that calls it.
    Special(&'static str, fn(f64) -> f64),
    /// A function of [`special`] with two arguments.
    Special2(&'static str, fn(f64, f64) -> f64),
    /// A function of [`special`] of a constant order and a number.
    OfOrder(&'static str, fn(u32, f64) -> f64),
    /// A formula in terms of other rows.
    Formula(&'static str),
    /// The shifted sum of exponentials: the largest entry is taken out first.
    LogSumExp,
    /// Written out when the expression is read; never a node of the graph.
    Expanded,
}

/// What one evaluation costs when operations are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cost {
    /// As much as a comparison.
    Cheap,
    /// As much as a square root.
    SquareRoot,
    /// As much as an exponential.
    Transcendental,
}

/// Symmetry under a change of the argument's sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name in the language.
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// The names of the arguments in the row's formulas.
    pub parameters: &'static [&'static str],
    /// How many arguments are taken.
    pub arity: Arity,
    /// The derivative with respect to each argument; an empty string where there is none.
    pub derivatives: &'static [&'static str],
    /// What the function is in terms of other rows. A function without code is written out when it is read; any other is
    /// evaluated with many bits in this way where the evaluator has no routine for it, and the tests compare with it.
    pub definition: Option<&'static str>,
    /// Where the function is defined over the reals, as a condition; empty if everywhere.
    pub domain: &'static str,
    /// How the value is computed.
    pub code: Code,
    /// What an evaluation costs.
    pub cost: Cost,
    /// Where the formulas of the derivatives hold, as a condition; empty if wherever the function is defined.
    pub smooth: &'static str,
    /// What values the function takes, as a condition on `y`; empty if any.
    pub range: &'static str,
    /// Symmetry in the only argument.
    pub parity: Parity,
    /// Exact values at special arguments: argument, value.
    pub values: &'static [(&'static str, &'static str)],
    /// The function g with g(f(x)) = x for every x in the domain of f, if there is one.
    pub left_inverse: &'static str,
    /// The name in LaTeX.
    pub latex: &'static str,
    /// What the function is, for the documentation.
    pub documentation: &'static str,
}

impl Function {
    /// Tells whether the row gives values bounds on both sides.
    pub fn is_bounded(&self) -> bool {
        self.range.contains(" and ")
    }

    /// Tells whether the row says that no value is negative.
    pub fn is_non_negative(&self) -> bool {
        ["y > 0", "y >= 0", "y >= 1", "0 <= y", "0 < y"].iter().any(|low| self.range.starts_with(low))
    }
}

const UNARY: Function = Function {
    name: "",
    aliases: &[],
    parameters: &["x"],
    arity: Arity::Fixed,
    derivatives: &[],
    definition: None,
    domain: "",
    smooth: "",
    range: "",
    code: Code::Expanded,
    cost: Cost::Transcendental,
    parity: Parity::None,
    values: &[],
    left_inverse: "",
    latex: "",
    documentation: "",
};
const FOLDED: Function = Function { parameters: &["a", "b"], arity: Arity::Folded, cost: Cost::Cheap, ..UNARY };
const COLLECTIVE: Function = Function { arity: Arity::Collective, ..UNARY };
const ODD: Parity = Parity::Odd;
const EVEN: Parity = Parity::Even;

/// The table. Sources of formulas: NIST Digital Library of Mathematical Functions (DLMF), the section in brackets.
#[rustfmt::skip]
pub const TABLE: &[Function] = &[
    // Exponentials and logarithms [DLMF 4.7]
    Function { name: "exp", derivatives: &["exp(x)"], code: Code::Method("exp", "exp", f64::exp), values: &[("0", "1")],
        left_inverse: "ln", range: "y > 0", latex: r"\exp", documentation: "exponential", ..UNARY },
    Function { name: "ln", aliases: &["log"], derivatives: &["1/x"], domain: "x > 0", code: Code::Method("ln", "log", f64::ln),
        values: &[("1", "0")], left_inverse: "exp", latex: r"\ln", documentation: "natural logarithm", ..UNARY },
    Function { name: "log2", derivatives: &["1/(x*ln(2))"], definition: Some("ln(x)/ln(2)"), domain: "x > 0", code: Code::Method("log2", "log2", f64::log2),
        values: &[("1", "0"), ("2", "1")], latex: r"\log_2", documentation: "logarithm to base 2", ..UNARY },
    Function { name: "log10", derivatives: &["1/(x*ln(10))"], definition: Some("ln(x)/ln(10)"), domain: "x > 0", code: Code::Method("log10", "log10", f64::log10),
        values: &[("1", "0"), ("10", "1")], latex: r"\log_{10}", documentation: "logarithm to base 10", ..UNARY },
    Function { name: "exp_m1", aliases: &["expm1"], derivatives: &["exp(x)"], code: Code::Method("exp_m1", "expm1", f64::exp_m1),
        values: &[("0", "0")], left_inverse: "ln_1p", range: "y > -1", latex: r"\operatorname{expm1}",
        documentation: "exp(x) - 1 without cancellation near 0", ..UNARY },
    Function { name: "ln_1p", aliases: &["log1p"], derivatives: &["1/(1 + x)"], domain: "x > -1",
        code: Code::Method("ln_1p", "log1p", f64::ln_1p), values: &[("0", "0")], left_inverse: "exp_m1", latex: r"\operatorname{log1p}",
        documentation: "ln(1 + x) without cancellation near 0", ..UNARY },
    Function { name: "exprel", derivatives: &["exprel_derivative(1, x)"], code: Code::Special("exprel", special::exprel), values: &[("0", "1")],
        range: "y > 0", latex: r"\operatorname{exprel}", documentation: "(exp(x) - 1)/x, and 1 at 0", ..UNARY },
    Function { name: "exprel_derivative", parameters: &["n", "x"], derivatives: &["", "exprel_derivative(n + 1, x)"],
        code: Code::OfOrder("exprel_derivative", special::exprel_derivative), range: "y > 0", latex: r"\operatorname{exprel}",
        documentation: "n-th derivative of exprel; the order n is a constant integer", ..UNARY },
    Function { name: "bernoulli", derivatives: &["bernoulli_derivative(1, x)"], code: Code::Special("bernoulli", special::bernoulli), values: &[("0", "1")],
        range: "y > 0", latex: r"\operatorname{B}", documentation: "x/(exp(x) - 1), and 1 at 0", ..UNARY },
    Function { name: "bernoulli_derivative", parameters: &["n", "x"], derivatives: &["", "bernoulli_derivative(n + 1, x)"],
        code: Code::OfOrder("bernoulli_derivative", special::bernoulli_derivative), latex: r"\operatorname{B}",
        documentation: "n-th derivative of bernoulli; the order n is a constant integer", ..UNARY },
    Function { name: "log1m_exp", aliases: &["log1mexp"], derivatives: &["-1/exp_m1(-x)"], domain: "x < 0",
        code: Code::Formula("if(x > -ln(2), ln(-exp_m1(x)), ln_1p(-exp(x)))"), range: "y < 0", latex: r"\operatorname{log1mexp}",
        documentation: "ln(1 - exp(x)) without cancellation", ..UNARY },
    Function { name: "log_diff_exp", parameters: &["a", "b"], definition: Some("a + log1m_exp(b - a)"), domain: "a > b",
        documentation: "ln(exp(a) - exp(b)) without overflow", ..UNARY },
    Function { name: "xlogy", parameters: &["a", "b"], derivatives: &["ln(b)", "if(a == 0 and b == 0, 0, a/b)"], domain: "a == 0 or b > 0",
        code: Code::Formula("if(a == 0, 0, a*ln(b))"), latex: r"\operatorname{xlogy}", documentation: "a*ln(b), and 0 where a is 0", ..UNARY },

    // Powers and roots
    Function { name: "pow", parameters: &["a", "b"], derivatives: &["b*a^(b - 1)", "y*ln(a)"],
        domain: "a > 0 or a == 0 and b > 0 or b == floor(b) and a != 0", smooth: "a != 0",
        code: Code::Method2("powf", "pow", f64::powf), latex: r"\operatorname{pow}", documentation: "a^b", ..UNARY },
    Function { name: "sqrt", derivatives: &["1/(2*sqrt(x))"], domain: "x >= 0", code: Code::Method("sqrt", "sqrt", f64::sqrt),
        cost: Cost::SquareRoot, range: "y >= 0", latex: r"\sqrt", documentation: "square root; its derivative is infinite at 0", ..UNARY },
    Function { name: "cbrt", derivatives: &["1/(3*cbrt(x)^2)"], code: Code::Method("cbrt", "cbrt", f64::cbrt), parity: ODD,
        values: &[("0", "0"), ("1", "1"), ("8", "2")], latex: r"\operatorname{cbrt}", documentation: "real cube root, also of negative numbers", ..UNARY },
    Function { name: "hypot", parameters: &["a", "b"], derivatives: &["a/hypot(a, b)", "b/hypot(a, b)"],
        code: Code::Method2("hypot", "hypot", f64::hypot), range: "y >= 0", latex: r"\operatorname{hypot}",
        documentation: "sqrt(a^2 + b^2) without overflow; there is no derivative where both are 0", ..UNARY },

    // Trigonometric functions [DLMF 4.20, 4.24]
    Function { name: "sin", derivatives: &["cos(x)"], code: Code::Method("sin", "sin", f64::sin), parity: ODD,
        values: &[("0", "0"), ("pi", "0"), ("pi/2", "1"), ("pi/6", "1/2")], range: "-1 <= y and y <= 1", latex: r"\sin", documentation: "sine of an angle in radians", ..UNARY },
    Function { name: "cos", derivatives: &["-sin(x)"], code: Code::Method("cos", "cos", f64::cos), parity: EVEN,
        values: &[("0", "1"), ("pi", "-1"), ("pi/2", "0"), ("pi/3", "1/2")], range: "-1 <= y and y <= 1", latex: r"\cos", documentation: "cosine of an angle in radians", ..UNARY },
    Function { name: "tan", derivatives: &["1 + tan(x)^2"], domain: "cos(x) != 0", code: Code::Method("tan", "tan", f64::tan), parity: ODD,
        values: &[("0", "0"), ("pi/4", "1")], latex: r"\tan", documentation: "tangent of an angle in radians", ..UNARY },
    Function { name: "asin", derivatives: &["1/sqrt(1 - x^2)"], domain: "-1 <= x and x <= 1", code: Code::Method("asin", "asin", f64::asin), parity: ODD,
        values: &[("0", "0"), ("1", "pi/2")], left_inverse: "sin", latex: r"\arcsin", documentation: "angle in [-pi/2, pi/2] whose sine is x", ..UNARY },
    Function { name: "acos", derivatives: &["-1/sqrt(1 - x^2)"], domain: "-1 <= x and x <= 1", code: Code::Method("acos", "acos", f64::acos),
        values: &[("1", "0"), ("0", "pi/2"), ("-1", "pi")], left_inverse: "cos", range: "0 <= y and y < 4", latex: r"\arccos", documentation: "angle in [0, pi] whose cosine is x", ..UNARY },
    Function { name: "atan", derivatives: &["1/(1 + x^2)"], code: Code::Method("atan", "atan", f64::atan), parity: ODD,
        values: &[("0", "0"), ("1", "pi/4")], left_inverse: "tan", latex: r"\arctan", documentation: "angle in (-pi/2, pi/2) whose tangent is x", ..UNARY },
    Function { name: "atan2", parameters: &["a", "b"], derivatives: &["b/(a^2 + b^2)", "-a/(a^2 + b^2)"], domain: "a != 0 or b != 0",
        code: Code::Method2("atan2", "atan2", f64::atan2), latex: r"\operatorname{atan2}",
        documentation: "angle of the point (b, a), ordinate first", ..UNARY },
    Function { name: "sinc", derivatives: &["sinc_derivative(1, x)"], code: Code::Special("sinc", special::sinc), parity: EVEN,
        values: &[("0", "1"), ("pi/2", "2/pi")], range: "-1 < y and y <= 1", latex: r"\operatorname{sinc}",
        documentation: "sin(x)/x, not normalized, and 1 at 0", ..UNARY },
    Function { name: "sinc_derivative", parameters: &["n", "x"], derivatives: &["", "sinc_derivative(n + 1, x)"],
        code: Code::OfOrder("sinc_derivative", special::sinc_derivative), range: "-1 < y and y <= 1", latex: r"\operatorname{sinc}",
        documentation: "n-th derivative of sinc; the order n is a constant integer", ..UNARY },

    Function { name: "sinc_sqrt", derivatives: &["sinc_sqrt_derivative(1, x)"], code: Code::Special("sinc_sqrt", special::sinc_sqrt),
        definition: Some("if(x < 0, sinhc(sqrt(-x)), sinc(sqrt(x)))"),
        values: &[("0", "1")], latex: r"\operatorname{sincsqrt}", documentation: "sinc(sqrt(x)), continued to negative numbers", ..UNARY },
    Function { name: "sinc_sqrt_derivative", parameters: &["n", "x"], derivatives: &["", "sinc_sqrt_derivative(n + 1, x)"],
        code: Code::OfOrder("sinc_sqrt_derivative", special::sinc_sqrt_derivative), latex: r"\operatorname{sincsqrt}",
        documentation: "n-th derivative of sinc_sqrt; the order n is a constant integer", ..UNARY },

    // Hyperbolic functions [DLMF 4.34, 4.40]
    Function { name: "sinh", derivatives: &["cosh(x)"], code: Code::Method("sinh", "sinh", f64::sinh), parity: ODD,
        values: &[("0", "0")], left_inverse: "asinh", latex: r"\sinh", documentation: "hyperbolic sine", ..UNARY },
    Function { name: "cosh", derivatives: &["sinh(x)"], code: Code::Method("cosh", "cosh", f64::cosh), parity: EVEN,
        values: &[("0", "1")], range: "y >= 1", latex: r"\cosh", documentation: "hyperbolic cosine", ..UNARY },
    Function { name: "tanh", derivatives: &["1 - tanh(x)^2"], code: Code::Method("tanh", "tanh", f64::tanh), parity: ODD,
        values: &[("0", "0")], left_inverse: "atanh", range: "-1 < y and y < 1", latex: r"\tanh", documentation: "hyperbolic tangent", ..UNARY },
    Function { name: "ln_cosh", derivatives: &["tanh(x)"], code: Code::Formula("if(abs(x) < 20, ln_1p(sinh(x)^2)/2, abs(x) - ln(2))"), parity: EVEN,
        values: &[("0", "0")], range: "y >= 0", latex: r"\operatorname{lncosh}", documentation: "ln(cosh(x)) without overflow", ..UNARY },
    Function { name: "sinhc", derivatives: &["y*langevin(x)"], code: Code::Formula("(exprel(x) + exprel(-x))/2"), parity: EVEN,
        values: &[("0", "1")], range: "y >= 1", latex: r"\operatorname{sinhc}", documentation: "sinh(x)/x, and 1 at 0", ..UNARY },
    Function { name: "ln_sinhc", derivatives: &["langevin(x)"], parity: EVEN,
        code: Code::Formula("if(abs(x) < 1, ln_1p(2*sinh(x/2)^2 + 2*x^2*sinc_sqrt_derivative(1, -x^2)), abs(x) + ln(-exp_m1(-2*abs(x))/(2*abs(x))))"),
        values: &[("0", "0")], range: "y >= 0", latex: r"\operatorname{lnsinhc}", documentation: "ln(sinh(x)/x) without overflow, and 0 at 0", ..UNARY },
    Function { name: "langevin", derivatives: &["langevin_derivative(1, x)"], code: Code::Special("langevin", special::langevin), parity: ODD,
        values: &[("0", "0")], range: "-1 < y and y < 1", latex: r"\operatorname{L}", documentation: "1/tanh(x) - 1/x, and 0 at 0", ..UNARY },
    Function { name: "langevin_derivative", parameters: &["n", "x"], derivatives: &["", "langevin_derivative(n + 1, x)"],
        code: Code::OfOrder("langevin_derivative", special::langevin_derivative), latex: r"\operatorname{L}",
        documentation: "n-th derivative of langevin; the order n is a constant integer", ..UNARY },
    Function { name: "asinh", derivatives: &["1/sqrt(1 + x^2)"], code: Code::Method("asinh", "asinh", f64::asinh), parity: ODD,
        values: &[("0", "0")], left_inverse: "sinh", latex: r"\operatorname{arsinh}", documentation: "inverse hyperbolic sine", ..UNARY },
    Function { name: "acosh", derivatives: &["1/(sqrt(x - 1)*sqrt(x + 1))"], domain: "x >= 1", code: Code::Formula("ln_1p((x - 1) + sqrt(x - 1)*sqrt(x + 1))"),
        values: &[("1", "0")], left_inverse: "cosh", range: "y >= 0", latex: r"\operatorname{arcosh}", documentation: "inverse hyperbolic cosine", ..UNARY },
    Function { name: "atanh", derivatives: &["1/(1 - x^2)"], domain: "-1 < x and x < 1", code: Code::Formula("(ln_1p(x) - ln_1p(-x))/2"), parity: ODD,
        values: &[("0", "0")], left_inverse: "tanh", latex: r"\operatorname{artanh}", documentation: "inverse hyperbolic tangent", ..UNARY },

    // Steps and kinks
    Function { name: "abs", derivatives: &["sign(x)"], code: Code::Method("abs", "fabs", f64::abs), cost: Cost::Cheap, parity: EVEN,
        range: "y >= 0", latex: r"\operatorname{abs}", documentation: "absolute value; the derivative at 0 is taken as 0", ..UNARY },
    Function { name: "sign", derivatives: &["0"], code: Code::Formula("if(x > 0, 1, if(x < 0, -1, 0))"), cost: Cost::Cheap, parity: ODD,
        range: "-1 <= y and y <= 1", latex: r"\operatorname{sign}", documentation: "-1, 0 or 1; the derivative at 0 is taken as 0", ..UNARY },
    Function { name: "step", derivatives: &["0"], code: Code::Formula("if(x > 0, 1, 0)"), cost: Cost::Cheap,
        range: "0 <= y and y <= 1", latex: r"\operatorname{step}", documentation: "1 for positive numbers, else 0; the derivative at 0 is taken as 0", ..UNARY },
    Function { name: "floor", derivatives: &["0"], code: Code::Method("floor", "floor", f64::floor), cost: Cost::Cheap,
        latex: r"\operatorname{floor}", documentation: "largest integer not above x; the derivative at integers is taken as 0", ..UNARY },
    Function { name: "ceil", derivatives: &["0"], definition: Some("-floor(-x)"), code: Code::Method("ceil", "ceil", f64::ceil), cost: Cost::Cheap,
        latex: r"\operatorname{ceil}", documentation: "smallest integer not below x; the derivative at integers is taken as 0", ..UNARY },
    Function { name: "round", derivatives: &["0"], definition: Some("sign(x)*floor(abs(x) + 1/2)"), code: Code::Method("round", "round", f64::round), cost: Cost::Cheap, parity: ODD,
        latex: r"\operatorname{round}", documentation: "nearest integer, halves away from 0; the derivative at halves is taken as 0", ..UNARY },
    Function { name: "max", derivatives: &["if(a >= b, 1, 0)", "if(a >= b, 0, 1)"], code: Code::Method2("max", "fmax", f64::max),
        latex: r"\max", documentation: "largest argument; on a tie the first one gets the derivative", ..FOLDED },
    Function { name: "min", derivatives: &["if(a <= b, 1, 0)", "if(a <= b, 0, 1)"], code: Code::Method2("min", "fmin", f64::min),
        latex: r"\min", documentation: "smallest argument; on a tie the first one gets the derivative", ..FOLDED },
    Function { name: "clamp", parameters: &["x", "a", "b"], definition: Some("min(max(x, a), b)"),
        documentation: "x, but at least a and at most b", ..UNARY },
    Function { name: "relu", derivatives: &["step(x)"], code: Code::Formula("max(x, 0)"), cost: Cost::Cheap,
        range: "y >= 0", latex: r"\operatorname{relu}", documentation: "positive part; the derivative at 0 is taken as 0", ..UNARY },

    // Error and gamma functions [DLMF 5.2, 5.15, 7.10]
    Function { name: "erf", derivatives: &["2/sqrt(pi)*exp(-x^2)"], code: Code::Special("erf", special::erf), parity: ODD,
        values: &[("0", "0")], range: "-1 <= y and y <= 1", latex: r"\operatorname{erf}", documentation: "error function", ..UNARY },
    Function { name: "erfc", derivatives: &["-2/sqrt(pi)*exp(-x^2)"], code: Code::Special("erfc", special::erfc),
        values: &[("0", "1")], range: "0 < y and y < 2", latex: r"\operatorname{erfc}", documentation: "1 - erf(x) without cancellation", ..UNARY },
    Function { name: "erfcx", derivatives: &["erfcx_derivative(1, x)"], code: Code::Special("erfcx", special::erfcx),
        values: &[("0", "1")], range: "y > 0", latex: r"\operatorname{erfcx}", documentation: "exp(x^2)*erfc(x) without underflow", ..UNARY },
    Function { name: "erfcx_derivative", parameters: &["n", "x"], derivatives: &["", "erfcx_derivative(n + 1, x)"],
        code: Code::OfOrder("erfcx_derivative", special::erfcx_derivative), latex: r"\operatorname{erfcx}",
        documentation: "n-th derivative of erfcx; the order n is a constant integer", ..UNARY },
    Function { name: "log_erfc", derivatives: &["-sqrt(2)*inverse_mills(-sqrt(2)*x)"], code: Code::Special("log_erfc", special::log_erfc),
        values: &[("0", "0")], latex: r"\ln\operatorname{erfc}", documentation: "ln(erfc(x)) without underflow", ..UNARY },
    Function { name: "ndtr", derivatives: &["exp(-x^2/2)/sqrt(2*pi)"], code: Code::Special("ndtr", special::ndtr), values: &[("0", "1/2")],
        range: "0 < y and y < 1", latex: r"\Phi", documentation: "distribution function of the standard normal distribution", ..UNARY },
    Function { name: "log_ndtr", derivatives: &["inverse_mills(x)"], code: Code::Special("log_ndtr", special::log_ndtr), values: &[("0", "-ln(2)")],
        range: "y < 0", latex: r"\ln\Phi", documentation: "ln(ndtr(x)) without underflow", ..UNARY },
    Function { name: "inverse_mills", derivatives: &["inverse_mills_derivative(1, x)"], code: Code::Special("inverse_mills", special::inverse_mills),
        values: &[("0", "sqrt(2/pi)")], range: "y > 0", latex: r"\lambda", documentation: "density of the standard normal distribution over ndtr(x): the derivative of log_ndtr", ..UNARY },
    Function { name: "inverse_mills_derivative", parameters: &["n", "x"], derivatives: &["", "inverse_mills_derivative(n + 1, x)"],
        code: Code::OfOrder("inverse_mills_derivative", special::inverse_mills_derivative), latex: r"\lambda",
        documentation: "n-th derivative of inverse_mills; the order n is a constant integer", ..UNARY },
    Function { name: "gamma", derivatives: &["gamma(x)*digamma(x)"], domain: "x > 0 or x != floor(x)", code: Code::Special("gamma", special::gamma),
        values: &[("1", "1"), ("2", "1"), ("3", "2"), ("4", "6")], latex: r"\Gamma", documentation: "gamma function: gamma(n) = (n - 1)!", ..UNARY },
    Function { name: "lgamma", derivatives: &["digamma(x)"], domain: "x > 0 or x != floor(x)", code: Code::Special("lgamma", special::lgamma),
        values: &[("1", "0"), ("2", "0")], latex: r"\ln\Gamma", documentation: "ln(abs(gamma(x)))", ..UNARY },
    Function { name: "digamma", derivatives: &["polygamma(1, x)"], domain: "x > 0 or x != floor(x)", code: Code::Special("digamma", special::digamma),
        latex: r"\psi", documentation: "derivative of lgamma", ..UNARY },
    Function { name: "polygamma", parameters: &["n", "x"], derivatives: &["", "polygamma(n + 1, x)"], domain: "x > 0 or x != floor(x)",
        code: Code::OfOrder("polygamma", special::polygamma), latex: r"\operatorname{polygamma}",
        documentation: "n-th derivative of digamma; the order n is a constant integer", ..UNARY },

    Function { name: "beta", parameters: &["a", "b"], derivatives: &["-y*digamma_difference(a, b)", "-y*digamma_difference(b, a)"],
        domain: "a > 0 and b > 0", code: Code::Special2("beta", special::beta), definition: Some("exp(lbeta(a, b))"), range: "y > 0",
        latex: r"\mathrm{B}", documentation: "beta function: gamma(a)*gamma(b)/gamma(a + b)", ..UNARY },
    Function { name: "lbeta", parameters: &["a", "b"], derivatives: &["-digamma_difference(a, b)", "-digamma_difference(b, a)"],
        domain: "a > 0 and b > 0", code: Code::Special2("lbeta", special::lbeta), definition: Some("lgamma(a) + lgamma(b) - lgamma(a + b)"),
        latex: r"\ln\mathrm{B}", documentation: "ln(beta(a, b)) without overflow or cancellation", ..UNARY },
    Function { name: "digamma_difference", parameters: &["a", "b"],
        derivatives: &["polygamma(1, a + b) - polygamma(1, a)", "polygamma(1, a + b)"],
        domain: "(a > 0 or a != floor(a)) and (a + b > 0 or a + b != floor(a + b))",
        code: Code::Special2("digamma_difference", special::digamma_difference), definition: Some("digamma(a + b) - digamma(a)"),
        latex: r"\operatorname{\Delta\psi}", documentation: "digamma(a + b) - digamma(a) without cancellation for positive numbers; its derivative by a may cancel", ..UNARY },

    // Activations
    Function { name: "sigmoid", derivatives: &["y*(1 - y)"], code: Code::Formula("1/(1 + exp(-x))"), values: &[("0", "1/2")],
        range: "0 < y and y < 1", latex: r"\sigma", documentation: "logistic function 1/(1 + exp(-x))", ..UNARY },
    Function { name: "softplus", derivatives: &["sigmoid(x)"], code: Code::Formula("max(x, 0) + ln_1p(exp(-abs(x)))"),
        range: "y > 0", latex: r"\operatorname{softplus}", documentation: "ln(1 + exp(x)) without overflow", ..UNARY },
    Function { name: "log_sigmoid", aliases: &["log_expit"], definition: Some("-softplus(-x)"), documentation: "ln(sigmoid(x)) without underflow", ..UNARY },
    Function { name: "silu", definition: Some("x*sigmoid(x)"), documentation: "sigmoid linear unit", ..UNARY },
    Function { name: "gelu", definition: Some("x*erfc(-x/sqrt(2))/2"), documentation: "Gaussian error linear unit", ..UNARY },
    Function { name: "logsumexp", parameters: &["x"], arity: Arity::Collective, derivatives: &["exp(x - y)"], code: Code::LogSumExp,
        latex: r"\operatorname{logsumexp}", documentation: "ln(sum(exp(x))) without overflow", ..UNARY },

    // Functions of whole vectors
    Function { name: "softmax", documentation: "exp(x)/sum(exp(x)), entry by entry", ..COLLECTIVE },
    Function { name: "log_softmax", documentation: "x - logsumexp(x), entry by entry", ..COLLECTIVE },
    Function { name: "logsumexp_rows", parameters: &["A"], documentation: "ln(sum(exp(...))) of each row of a matrix without overflow", ..COLLECTIVE },
    Function { name: "softmax_rows", parameters: &["A"], documentation: "softmax of each row of a matrix", ..COLLECTIVE },
    Function { name: "log_softmax_rows", parameters: &["A"], documentation: "log_softmax of each row of a matrix", ..COLLECTIVE },
    Function { name: "sum", documentation: "sum of all entries, or of an indexed expression: sum(i in 0..n, x[i])", ..COLLECTIVE },
    Function { name: "prod", documentation: "product of all entries, or of an indexed expression: prod(i in 0..n, x[i])", ..COLLECTIVE },
    Function { name: "mean", documentation: "arithmetic mean of all entries", ..COLLECTIVE },
    Function { name: "norm1", documentation: "sum of the absolute values", ..COLLECTIVE },
    Function { name: "norm2", documentation: "square root of the sum of squares; there is no derivative where all are 0", ..COLLECTIVE },
    Function { name: "dot", parameters: &["a", "b"], documentation: "sum of the products of corresponding entries", ..COLLECTIVE },
];

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Returns the row of a name that is known to be in the table; checked when gradc itself is compiled.
const fn row_of(name: &str) -> FunctionId {
    let mut at = 0;
    while !same(TABLE[at].name, name) {
        at += 1;
    }
    FunctionId(at as u16)
}

/// Rows that code refers to by name.
#[allow(missing_docs)]
pub mod rows {
    use super::{FunctionId, row_of};
    pub const ABS: FunctionId = row_of("abs");
    pub const ATAN2: FunctionId = row_of("atan2");
    pub const BERNOULLI: FunctionId = row_of("bernoulli");
    pub const BERNOULLI_DERIVATIVE: FunctionId = row_of("bernoulli_derivative");
    pub const CBRT: FunctionId = row_of("cbrt");
    pub const COS: FunctionId = row_of("cos");
    pub const COSH: FunctionId = row_of("cosh");
    pub const ERF: FunctionId = row_of("erf");
    pub const ERFC: FunctionId = row_of("erfc");
    pub const ERFCX: FunctionId = row_of("erfcx");
    pub const EXP: FunctionId = row_of("exp");
    pub const EXP_M1: FunctionId = row_of("exp_m1");
    pub const EXPREL: FunctionId = row_of("exprel");
    pub const EXPREL_DERIVATIVE: FunctionId = row_of("exprel_derivative");
    pub const FLOOR: FunctionId = row_of("floor");
    pub const HYPOT: FunctionId = row_of("hypot");
    pub const INVERSE_MILLS: FunctionId = row_of("inverse_mills");
    pub const LANGEVIN: FunctionId = row_of("langevin");
    pub const LANGEVIN_DERIVATIVE: FunctionId = row_of("langevin_derivative");
    pub const LN: FunctionId = row_of("ln");
    pub const LN_1P: FunctionId = row_of("ln_1p");
    pub const LOG1M_EXP: FunctionId = row_of("log1m_exp");
    pub const LOGSUMEXP: FunctionId = row_of("logsumexp");
    pub const MAX: FunctionId = row_of("max");
    pub const MIN: FunctionId = row_of("min");
    pub const NDTR: FunctionId = row_of("ndtr");
    pub const POLYGAMMA: FunctionId = row_of("polygamma");
    pub const POW: FunctionId = row_of("pow");
    pub const SIGMOID: FunctionId = row_of("sigmoid");
    pub const SIN: FunctionId = row_of("sin");
    pub const SINC_DERIVATIVE: FunctionId = row_of("sinc_derivative");
    pub const SINC_SQRT: FunctionId = row_of("sinc_sqrt");
    pub const SINC_SQRT_DERIVATIVE: FunctionId = row_of("sinc_sqrt_derivative");
    pub const SINH: FunctionId = row_of("sinh");
    pub const SOFTPLUS: FunctionId = row_of("softplus");
    pub const SQRT: FunctionId = row_of("sqrt");
    pub const STEP: FunctionId = row_of("step");
    pub const TANH: FunctionId = row_of("tanh");
}

/// Looks a function up by its name or an alias.
pub fn find(name: &str) -> Option<FunctionId> {
    let position = TABLE.iter().position(|row| row.name == name || row.aliases.contains(&name))?;
    Some(FunctionId(position as u16))
}

/// Iterates over all rows.
pub fn all() -> impl Iterator<Item = FunctionId> {
    (0..TABLE.len()).map(|index| FunctionId(index as u16))
}

/// Iterates over all names, aliases included.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|row| row.aliases.iter().copied().chain([row.name]))
}
