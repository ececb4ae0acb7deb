//! Table 2: the rewrite rules, each a named row.
//!
//! Both sides are written in gradc's own language. A sum on the left matches any part of a sum, and any multiple of
//! it: `sin(x)^2 + cos(x)^2` matches in `a + 3*b*sin(t)^2 + 3*b*cos(t)^2`. A product on the left matches any part of a
//! product. Rows are applied from left to right; the e-graph keeps
//! both sides, and the cost chooses.

/// Under which condition both sides are equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// The same value and the same domain everywhere.
    Exact,
    /// Equal where the condition is known to hold; the rule is used only there.
    Licensed(&'static str),
}

/// What a rewrite does to the digits of doubles, by the first-order bound of the rounding error [Wilkinson; Higham,
/// Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.3].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// The right side keeps digits that the left side loses somewhere, to cancellation or to overflow, and loses none:
    /// for machines, the left side is not good enough.
    Better,
    /// Both sides keep the same digits.
    Level,
    /// The right side loses at most two or three digits, far out.
    Range,
    /// The right side loses digits that the left side keeps: it is for people only.
    Worse,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The name, as a phrase.
    pub name: &'static str,
    /// The given form.
    pub left: &'static str,
    /// The other form.
    pub right: &'static str,
    /// When the forms are equal.
    pub class: Class,
    /// What the rule does to digits.
    pub rounding: Rounding,
    /// Whether the right side is for machines only, because people read the left one more easily.
    pub for_running: bool,
    /// Whether the rule serves values only: the derivative of the right side loses digits where that of the left one does
    /// not.
    pub for_values: bool,
    /// Whether the rule serves proofs only: the e-graph gets by without it, but a person likes to see the step.
    pub for_explaining: bool,
    /// What the rule is good for.
    pub documentation: &'static str,
}

const EXACT: Rule = Rule {
    name: "",
    left: "",
    right: "",
    class: Class::Exact,
    rounding: Rounding::Level,
    for_running: false,
    for_values: false,
    for_explaining: false,
    documentation: "",
};
const STABLE: Rule = Rule { rounding: Rounding::Better, ..EXACT };
const RUNNING: Rule = Rule { for_running: true, ..STABLE };

/// The table. Sources of identities: NIST Digital Library of Mathematical Functions (DLMF), the section in brackets.
#[rustfmt::skip]
pub const TABLE: &[Rule] = &[
    // Logistic function
    Rule { name: "definition of sigmoid", left: "1/(1 + exp(x))", right: "sigmoid(-x)",
        documentation: "recognizes the logistic function written with exp", ..EXACT },
    Rule { name: "add and subtract 1", left: "exp(x)/(1 + exp(x))", right: "1 - 1/(1 + exp(x))", for_explaining: true, rounding: Rounding::Worse,
        documentation: "(1 + exp(x) - 1)/(1 + exp(x)), a quotient of sums that share all but the 1", ..EXACT },
    Rule { name: "quotient form of sigmoid", left: "exp(x)/(1 + exp(x))", right: "sigmoid(x)",
        documentation: "recognizes the other way of writing the logistic function, which overflows", ..STABLE },
    Rule { name: "square over a sum of exponentials", left: "exp(2*x)/(1 + exp(x))", right: "exp(x)*sigmoid(x)",
        documentation: "the square overflows first", ..RUNNING },
    Rule { name: "reflection of sigmoid", left: "exp(x)*sigmoid(-x)", right: "sigmoid(x)",
        documentation: "the exponential overflows where the sigmoid underflows", ..STABLE },
    Rule { name: "complement of sigmoid", left: "1 - sigmoid(x)", right: "sigmoid(-x)",
        documentation: "1 - sigmoid(x) loses all digits for large x", ..STABLE },
    Rule { name: "sigmoid of a negative number", left: "sigmoid(-x)", right: "1 - sigmoid(x)", rounding: Rounding::Worse,
        documentation: "the form that people read", ..EXACT },
    Rule { name: "definition of softplus", left: "ln(1 + exp(x))", right: "softplus(x)",
        documentation: "ln(1 + exp(x)) overflows for large x and loses digits for small x", ..STABLE },
    Rule { name: "softplus by ln_1p", left: "ln_1p(exp(x))", right: "softplus(x)",
        documentation: "ln_1p(exp(x)) overflows for large x", ..STABLE },
    Rule { name: "logarithm of sigmoid", left: "ln(sigmoid(x))", right: "-softplus(-x)",
        documentation: "the logarithm of a sigmoid that underflows is lost", ..STABLE },
    Rule { name: "two sigmoids", left: "sigmoid(x) + sigmoid(-x)", right: "1",
        documentation: "the two branches are complements", ..EXACT },
    Rule { name: "difference of two sigmoids", left: "sigmoid(x) - sigmoid(-x)", right: "tanh(x/2)",
        documentation: "the difference loses all digits near 0", ..RUNNING },
    Rule { name: "complement of two sigmoids", left: "1 - 2*sigmoid(x)", right: "-tanh(x/2)",
        documentation: "the difference loses all digits near 0", ..RUNNING },
    Rule { name: "reflection of two powers", left: "sigmoid(x)*exp(-2*x)", right: "exp(-x)*sigmoid(-x)",
        documentation: "the exponential overflows where the sigmoid underflows", ..RUNNING },
    Rule { name: "tanh by exp_m1", left: "exp_m1(x)*sigmoid(-x)", right: "tanh(x/2)",
        documentation: "the exponential overflows where the sigmoid underflows", ..RUNNING },
    Rule { name: "difference of softplus", left: "softplus(x) - x", right: "softplus(-x)",
        documentation: "the difference loses all digits for large x", ..STABLE },
    Rule { name: "reflection of softplus", left: "softplus(x) - softplus(-x)", right: "x",
        documentation: "the two branches differ by their argument", ..STABLE },

    Rule { name: "logsumexp with 0", left: "logsumexp([x, 0])", right: "softplus(x)",
        documentation: "one exponential in place of two", for_running: true, ..EXACT },
    Rule { name: "logsumexp of 0", left: "logsumexp([0, x])", right: "softplus(x)",
        documentation: "one exponential in place of two", for_running: true, ..EXACT },
    Rule { name: "first of two shares", left: "exp(x - logsumexp([x, a]))", right: "sigmoid(x - a)", for_running: true,
        documentation: "one exponential in place of two", ..EXACT },
    Rule { name: "second of two shares", left: "exp(a - logsumexp([x, a]))", right: "sigmoid(a - x)", for_running: true,
        documentation: "one exponential in place of two", ..EXACT },
    Rule { name: "exponential of softplus", left: "exp(-softplus(x))", right: "sigmoid(-x)", for_running: true,
        documentation: "one function in place of two", ..STABLE },

    // Exponentials and logarithms [DLMF 4.2]
    Rule { name: "exp minus one", left: "exp(x) - 1", right: "exp_m1(x)",
        documentation: "exp(x) - 1 loses all digits near 0", ..STABLE },
    Rule { name: "reflection of exp_m1", left: "exp(x)/exp_m1(x)", right: "-1/exp_m1(-x)",
        documentation: "the quotient overflows", ..RUNNING },
    Rule { name: "exponential over the square of exp_m1", left: "exp(x)/exp_m1(x)^2", right: "1/(4*sinh(x/2)^2)",
        documentation: "the square overflows where the quotient is an ordinary number", ..RUNNING },
    Rule { name: "complement of a reciprocal of exp_m1", left: "1 + 1/exp_m1(x)", right: "-1/exp_m1(-x)",
        documentation: "the sum loses all digits for large negative x", ..RUNNING },
    Rule { name: "reciprocal of exprel", left: "1/exprel(x)", right: "bernoulli(x)",
        documentation: "the derivatives of the quotient overflow", ..EXACT },
    Rule { name: "derivative of x/tanh(x)", left: "1 + 2*bernoulli_derivative(1, x)", right: "langevin(x/2) + x/2*langevin_derivative(1, x/2)",
        documentation: "the sum loses all digits near 0", for_values: true, ..RUNNING },
    Rule { name: "logarithm of a difference of exponentials", left: "ln(exp(a) - exp(x))", right: "a + log1m_exp(x - a)",
        documentation: "the exponentials overflow, and their difference loses the digits of a small one", ..RUNNING },
    Rule { name: "logarithm of a complement", left: "ln(1 - exp(x))", right: "log1m_exp(x)",
        documentation: "1 - exp(x) loses all digits near 0", ..STABLE },
    Rule { name: "logarithm of exp_m1", left: "ln(-exp_m1(x))", right: "log1m_exp(x)",
        documentation: "exp_m1(x) loses the digits of its difference from -1", ..STABLE },
    Rule { name: "logarithm of a positive exp_m1", left: "ln(exp_m1(x))", right: "x + log1m_exp(-x)",
        documentation: "exp_m1 overflows long before its logarithm", ..RUNNING },
    Rule { name: "logarithm of a difference of sigmoids", left: "ln(sigmoid(a) - sigmoid(x))", right: "log1m_exp(x - a) - softplus(-a) - softplus(x)",
        documentation: "the difference loses all digits for large numbers", ..RUNNING },
    Rule { name: "hyperbolic secant", left: "exp(x)*sigmoid(-2*x)", right: "1/(2*cosh(x))",
        documentation: "the exponential overflows where the sigmoid underflows", ..RUNNING },
    Rule { name: "logarithm of one plus", left: "ln(1 + x)", right: "ln_1p(x)",
        documentation: "1 + x loses the digits of a small x", ..STABLE },
    Rule { name: "exponential minus its square", left: "exp(x) - exp(2*x)", right: "exp(x)*(1 - exp(x))",
        documentation: "takes out what the two share", ..EXACT },
    Rule { name: "product of roots", left: "sqrt(a)*sqrt(b)", right: "sqrt(a*b)", class: Class::Licensed("a > 0"),
        documentation: "one root in place of two", ..EXACT },
    Rule { name: "product of reciprocal roots", left: "a^(-1/2)*b^(-1/2)", right: "(a*b)^(-1/2)", class: Class::Licensed("a > 0"),
        documentation: "one root in place of two", ..EXACT },

    // Trigonometric functions [DLMF 4.21]
    Rule { name: "Pythagoras", left: "sin(x)^2 + cos(x)^2", right: "1",
        documentation: "the squares of sine and cosine add up to 1", ..EXACT },
    Rule { name: "Pythagoras for sine", left: "1 - cos(x)^2", right: "sin(x)^2",
        documentation: "1 - cos(x)^2 loses all digits near 0", ..STABLE },
    Rule { name: "Pythagoras for cosine", left: "1 - sin(x)^2", right: "cos(x)^2",
        documentation: "1 - sin(x)^2 loses all digits near pi/2", ..STABLE },
    Rule { name: "Pythagoras for cotangent", left: "1 + cos(x)^2/sin(x)^2", right: "1/sin(x)^2",
        documentation: "one function in place of two", ..EXACT },
    Rule { name: "half angle", left: "1 - cos(x)", right: "2*sin(x/2)^2",
        documentation: "1 - cos(x) loses all digits near 0", ..STABLE },
    Rule { name: "double angle of cosine", left: "cos(x)^2 - sin(x)^2", right: "cos(2*x)",
        documentation: "the difference loses digits near pi/4", ..RUNNING },
    Rule { name: "double angle of cosine as a product", left: "(cos(x) - sin(x))*(cos(x) + sin(x))", right: "cos(2*x)",
        documentation: "the difference loses digits near pi/4", ..RUNNING },
    Rule { name: "double angle of cosine as a product, turned", left: "(sin(x) - cos(x))*(sin(x) + cos(x))", right: "-cos(2*x)",
        documentation: "the difference loses digits near pi/4", ..RUNNING },
    Rule { name: "definition of tangent", left: "sin(x)/cos(x)", right: "tan(x)",
        documentation: "one function in place of two", ..EXACT },

    // Hyperbolic functions [DLMF 4.28, 4.35]
    Rule { name: "definition of cosh", left: "exp(x) + exp(-x)", right: "2*cosh(x)",
        documentation: "recognizes the hyperbolic cosine", ..EXACT },
    Rule { name: "definition of sinh", left: "exp(x) - exp(-x)", right: "2*sinh(x)",
        documentation: "recognizes the hyperbolic sine; the difference loses digits near 0", ..STABLE },
    Rule { name: "definition of tanh", left: "sinh(x)/cosh(x)", right: "tanh(x)",
        documentation: "the quotient overflows, tanh does not", ..STABLE },
    Rule { name: "reciprocal of tanh", left: "cosh(x)/sinh(x)", right: "1/tanh(x)",
        documentation: "the quotient overflows, tanh does not", ..STABLE },
    Rule { name: "hyperbolic Pythagoras", left: "cosh(x)^2 - sinh(x)^2", right: "1",
        documentation: "the squares of cosh and sinh differ by 1", ..STABLE },
    Rule { name: "one plus squared sinh", left: "1 + sinh(x)^2", right: "cosh(x)^2",
        documentation: "hyperbolic Pythagoras, solved for cosh", ..EXACT },
    Rule { name: "squared cosh minus one", left: "cosh(x)^2 - 1", right: "sinh(x)^2",
        documentation: "cosh(x)^2 - 1 loses all digits near 0", ..STABLE },
    Rule { name: "complement of tanh squared", left: "1 - tanh(x)^2", right: "1/cosh(x)^2",
        documentation: "1 - tanh(x)^2 loses all digits for large x", ..STABLE },
    Rule { name: "complement of a squared quotient of cosh", left: "1 - cosh(x)^2/sinh(x)^2", right: "-1/sinh(x)^2",
        documentation: "the difference loses all digits for large x", ..STABLE },
    Rule { name: "complement of a quotient of cosh", left: "1 - cosh(x)/sinh(x)", right: "-exp(-x)/sinh(x)",
        documentation: "the difference loses all digits for large x", ..RUNNING },
    Rule { name: "complement of 1/tanh squared", left: "1 - 1/tanh(x)^2", right: "-1/sinh(x)^2",
        documentation: "the difference loses all digits for large x", ..STABLE },
    Rule { name: "complement of 1/tanh", left: "1 - 1/tanh(x)", right: "-2*sigmoid(-2*x)/tanh(x)",
        documentation: "the difference loses all digits for large x", ..RUNNING },
    Rule { name: "reflection of 1/tanh", left: "1 + 1/tanh(x)", right: "2*sigmoid(2*x)/tanh(x)",
        documentation: "the sum loses all digits for large negative x", ..RUNNING },
    Rule { name: "complement of tanh", left: "1 - tanh(x)", right: "2*sigmoid(-2*x)",
        documentation: "1 - tanh(x) loses all digits for large x", ..STABLE },
    Rule { name: "reflection of tanh", left: "1 + tanh(x)", right: "2*sigmoid(2*x)",
        documentation: "1 + tanh(x) loses all digits for large negative x", ..STABLE },
    Rule { name: "logarithm of cosh", left: "ln(cosh(x))", right: "ln_cosh(x)",
        documentation: "cosh overflows long before its logarithm, and near 1 the logarithm loses all digits", ..RUNNING },
    Rule { name: "logarithm of sinhc", left: "ln(sinhc(x))", right: "ln_sinhc(x)",
        documentation: "sinhc overflows long before its logarithm, and near 1 the logarithm loses all digits", ..STABLE },
    Rule { name: "logarithm of sinh", left: "ln(sinh(x))", right: "x + log1m_exp(-2*x) - ln(2)", for_values: true,
        documentation: "sinh overflows long before its logarithm", ..RUNNING },
    Rule { name: "logarithm of tanh", left: "ln(tanh(x))", right: "log1m_exp(-2*x) - softplus(-2*x)",
        documentation: "tanh is 1 long before its logarithm is 0", ..RUNNING },

    // Differences
    Rule { name: "difference of squares", left: "a^2 - b^2", right: "(a - b)*(a + b)", for_values: true,
        documentation: "the product keeps the digits of a small difference", ..STABLE },
    Rule { name: "Pythagoras for hypot", left: "hypot(x, a)^2 - x^2", right: "a^2",
        documentation: "the squares of the legs add up to that of the hypotenuse; the difference loses the digits of a short leg", ..STABLE },
    Rule { name: "Pythagoras for the other leg", left: "hypot(x, a)^2 - a^2", right: "x^2",
        documentation: "the squares of the legs add up to that of the hypotenuse; the difference loses the digits of a short leg", ..STABLE },
    Rule { name: "square minus one", left: "a^2 - 1", right: "(a - 1)*(a + 1)", for_values: true,
        documentation: "the product keeps the digits of a small difference", ..STABLE },
    Rule { name: "square of a difference from 1", left: "x^2 - 2*x + 1", right: "(x - 1)^2",
        documentation: "the square keeps the digits of a small difference", ..STABLE },
    Rule { name: "square of a sum with 1", left: "x^2 + 2*x + 1", right: "(x + 1)^2",
        documentation: "the square keeps the digits of a small sum", ..STABLE },
    Rule { name: "difference of roots", left: "sqrt(a) - sqrt(b)", right: "(a - b)/(sqrt(a) + sqrt(b))", class: Class::Licensed("a != b"),
        documentation: "the quotient keeps the digits of a small difference", ..RUNNING },
    Rule { name: "difference of reciprocal roots", left: "1/sqrt(a) - 1/sqrt(b)", right: "(b - a)/(sqrt(a)*sqrt(b)*(sqrt(a) + sqrt(b)))",
        documentation: "the quotient keeps the digits of a small difference", ..RUNNING },
    Rule { name: "sum of reciprocal roots", left: "1/sqrt(a) + 1/sqrt(b)", right: "(sqrt(a) + sqrt(b))/(sqrt(a)*sqrt(b))", for_running: true,
        documentation: "one quotient in place of two", ..EXACT },

    // Steps and kinks
    Rule { name: "absolute value by sign", left: "x*sign(x)", right: "abs(x)",
        documentation: "the sign times the number is its size", ..EXACT },
    Rule { name: "sign by absolute value", left: "sign(x)/abs(x)", right: "1/x",
        documentation: "the sign over the size is the reciprocal", ..EXACT },
    Rule { name: "number by sign", left: "abs(x)*sign(x)", right: "x",
        documentation: "the sign times the size is the number", ..EXACT },
    Rule { name: "absolute value of a non-negative number", left: "abs(x)", right: "x", class: Class::Licensed("x >= 0"),
        documentation: "the size of a number that can't be negative", ..EXACT },
    Rule { name: "square of the sign", left: "sign(x)^2", right: "1", class: Class::Licensed("x != 0"),
        documentation: "either sign squared is 1", ..EXACT },

    // Error and gamma functions
    Rule { name: "complement of erf", left: "1 - erf(x)", right: "erfc(x)",
        documentation: "1 - erf(x) loses all digits for large x", ..STABLE },
    Rule { name: "logarithm of erfc", left: "ln(erfc(x))", right: "log_erfc(x)",
        documentation: "erfc underflows long before its logarithm, and near 1 the logarithm loses all digits", ..STABLE },
    Rule { name: "logarithm of the normal distribution function", left: "ln(erfc(x)/2)", right: "log_ndtr(-sqrt(2)*x)",
        documentation: "erfc underflows long before its logarithm", ..RUNNING },
    Rule { name: "complement of ndtr", left: "1 - ndtr(x)", right: "ndtr(-x)",
        documentation: "1 - ndtr(x) loses all digits for large x", ..STABLE },
    Rule { name: "logarithm of ndtr", left: "ln(ndtr(x))", right: "log_ndtr(x)",
        documentation: "ndtr underflows long before its logarithm", ..STABLE },
    Rule { name: "reciprocal of erfcx", left: "1/erfcx(x)", right: "sqrt(pi)*sqrt(2)/2*inverse_mills(-sqrt(2)*x)", rounding: Rounding::Range,
        documentation: "the derivatives of the quotient overflow", ..RUNNING },
    Rule { name: "reflection of erfc", left: "1 + erf(x)", right: "erfc(-x)",
        documentation: "1 + erf(x) loses all digits for large negative x", ..STABLE },
];
