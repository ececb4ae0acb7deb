//! What looks like a rule and is none: identities that lose points or change values, each with a point that shows it.
//!
//! Where something more is known, several of them hold; then they are rules with a license, in Table 2 or among the
//! rules of arithmetic.

/// An identity that is never used without a license.
#[derive(Clone, Copy, Debug)]
pub struct Forbidden {
    /// The name, as a phrase.
    pub name: &'static str,
    /// The given form.
    pub left: &'static str,
    /// The form that it is not always equal to.
    pub right: &'static str,
    /// Where they differ: the values of x, a and b.
    pub at: [&'static str; 3],
    /// What goes wrong.
    pub documentation: &'static str,
}

/// The identities that are never used, unless what they lack is known.
#[rustfmt::skip]
pub const FORBIDDEN: &[Forbidden] = &[
    Forbidden { name: "taking a term out of a sum", left: "a + b", right: "a*(1 + b/a)", at: ["0", "0", "1"],
        documentation: "the quotient is not defined where the term is 0" },
    Forbidden { name: "root of a square as the number", left: "sqrt(x^2)", right: "x", at: ["-1", "0", "0"],
        documentation: "the root of a square is the absolute value" },
    Forbidden { name: "root of a product", left: "sqrt(a*b)", right: "sqrt(a)*sqrt(b)", at: ["0", "-1", "-1"],
        documentation: "two negative numbers have a root of their product but no roots" },
    Forbidden { name: "logarithm of any product", left: "ln(a*b)", right: "ln(a) + ln(b)", at: ["0", "-1", "-1"],
        documentation: "two negative numbers have a logarithm of their product but no logarithms" },
    Forbidden { name: "logarithm of any quotient", left: "ln(a/b)", right: "ln(a) - ln(b)", at: ["0", "-1", "-1"],
        documentation: "two negative numbers have a logarithm of their quotient but no logarithms" },
    Forbidden { name: "logarithm of a square as twice the logarithm", left: "ln(x^2)", right: "2*ln(x)", at: ["-1", "0", "0"],
        documentation: "the logarithm of a square is twice that of the absolute value" },
    Forbidden { name: "product of exponents", left: "(a^2)^(3/2)", right: "a^3", at: ["0", "-1", "0"],
        documentation: "an even power forgets the sign, a root does not bring it back" },
    Forbidden { name: "splitting an exponent", left: "x^(1/2 + 1/2)", right: "x^(1/2)*x^(1/2)", at: ["-1", "0", "0"],
        documentation: "the parts of an exponent can demand more than their sum" },
    Forbidden { name: "fractional power of a product", left: "(a*b)^(3/2)", right: "a^(3/2)*b^(3/2)", at: ["0", "-1", "-1"],
        documentation: "two negative numbers have no fractional powers, their product has" },
    Forbidden { name: "power of zero", left: "0^x", right: "0", at: ["0", "0", "0"],
        documentation: "0^0 is 1" },
    Forbidden { name: "power by logarithm", left: "a^b", right: "exp(b*ln(a))", at: ["0", "-1", "2"],
        documentation: "a negative number has whole powers but no logarithm" },
    Forbidden { name: "arcsine of sine", left: "asin(sin(x))", right: "x", at: ["3", "0", "0"],
        documentation: "the arcsine lies between -pi/2 and pi/2" },
    Forbidden { name: "arctangent of tangent", left: "atan(tan(x))", right: "x", at: ["3", "0", "0"],
        documentation: "the arctangent lies between -pi/2 and pi/2" },
    Forbidden { name: "inverse of cosh", left: "acosh(cosh(x))", right: "x", at: ["-1", "0", "0"],
        documentation: "the inverse of cosh is not negative" },
    Forbidden { name: "angle by a quotient", left: "atan2(a, b)", right: "atan(a/b)", at: ["0", "1", "-1"],
        documentation: "a quotient does not tell opposite directions apart" },
    Forbidden { name: "angle of a multiple", left: "atan2(x*a, x*b)", right: "atan2(a, b)", at: ["-1", "1", "1"],
        documentation: "a negative factor turns the direction around" },
];
