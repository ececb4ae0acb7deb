//! Derivatives as a textbook prints them: each line was read, and stays as it is.

use gradc::derive::{Form, Order, derive, derive_closed, derive_repeatedly};
use gradc::show::notation;
use gradc::source::Source;

/// A function, how often it is derived by x, and the derivative.
#[rustfmt::skip]
const LINES: &[(&str, usize, &str)] = &[
    ("1/(1+exp(-x))", 1, "sigmoid(x)*(1 - sigmoid(x))"),
    ("sigmoid(x)", 1, "sigmoid(x)*(1 - sigmoid(x))"),
    ("sigmoid(x)", 2, "sigmoid(x)*(1 - sigmoid(x))*(1 - 2*sigmoid(x))"),
    ("tanh(x)", 1, "1 - tanh(x)^2"),
    ("tanh(x)", 2, "2*tanh(x)*(tanh(x)^2 - 1)"),
    ("softplus(x)", 1, "sigmoid(x)"),
    ("ln(1+exp(x))", 1, "sigmoid(x)"),
    ("ln(cosh(x))", 1, "tanh(x)"),
    ("ln(cosh(x))", 2, "1 - tanh(x)^2"),
    ("logsumexp([x,y,z])", 1, "softmax([x, y, z])[0]"),
    ("atan(x)", 1, "1/(x^2 + 1)"),
    ("atan(x)", 2, "-2*x/(x^2 + 1)^2"),
    ("asin(x)", 1, "1/sqrt(1 - x^2)"),
    ("asin(x)", 2, "x/(1 - x^2)^(3/2)"),
    ("acos(x)", 1, "-1/sqrt(1 - x^2)"),
    ("exp(-(x-mu)^2/(2*s^2))/(s*sqrt(2*pi))", 1, "(mu - x)*exp(-(x - mu)^2/(2*s^2))/(s^3*sqrt(2*pi))"),
    ("x^x", 1, "x^x*(1 + ln(x))"),
    ("abs(x)", 1, "sign(x)"),
    ("relu(x)", 1, "step(x)"),
    ("sin(x)*cos(x)", 1, "cos(x)^2 - sin(x)^2"),
    ("sin(x)*cos(x)", 2, "-4*sin(x)*cos(x)"),
    ("sin(x)/x", 1, "(x*cos(x) - sin(x))/x^2"),
    ("(x+1)/(x-1)", 1, "-2/(x - 1)^2"),
    ("(x+1)/(x-1)", 2, "4/(x - 1)^3"),
    ("x/(1+x^2)", 1, "(1 - x^2)/(x^2 + 1)^2"),
    ("x^3-3*x+2", 1, "3*(x^2 - 1)"),
    ("x^3-3*x+2", 2, "6*x"),
    ("(x^2+1)^5", 1, "10*x*(x^2 + 1)^4"),
    ("sqrt(x)", 1, "1/(2*sqrt(x))"),
    ("sqrt(x)", 2, "-1/(4*x^(3/2))"),
    ("sqrt(1-x^2)", 1, "-x/sqrt(1 - x^2)"),
    ("cbrt(x)", 1, "1/(3*cbrt(x)^2)"),
    ("1/sqrt(x)", 1, "-1/(2*x^(3/2))"),
    ("tan(x)", 1, "1 + tan(x)^2"),
    ("tan(x)", 2, "2*tan(x)*(1 + tan(x)^2)"),
    ("1/cos(x)", 1, "sin(x)/cos(x)^2"),
    ("1/sin(x)", 1, "-cos(x)/sin(x)^2"),
    ("cos(x)/sin(x)", 1, "-1/sin(x)^2"),
    ("cos(x)/sin(x)", 2, "2*cos(x)/sin(x)^3"),
    ("sin(x)^2", 1, "2*sin(x)*cos(x)"),
    ("cos(3*x)", 1, "-3*sin(3*x)"),
    ("cos(3*x)", 2, "-9*cos(3*x)"),
    ("ln(sin(x))", 1, "cos(x)/sin(x)"),
    ("exp(x)*sin(x)", 1, "exp(x)*(sin(x) + cos(x))"),
    ("exp(x)*sin(x)", 2, "2*exp(x)*cos(x)"),
    ("x*ln(x)-x", 1, "ln(x)"),
    ("x*ln(x)-x", 2, "1/x"),
    ("ln(x)/x", 1, "(1 - ln(x))/x^2"),
    ("ln(x)/x", 2, "(2*ln(x) - 3)/x^3"),
    ("log2(x)", 1, "1/(ln(2)*x)"),
    ("2^x", 1, "ln(2)*2^x"),
    ("x^n", 1, "n*x^(n - 1)"),
    ("x^n", 2, "n*(n - 1)*x^(n - 2)"),
    ("a^x", 1, "a^x*ln(a)"),
    ("a^x", 2, "a^x*ln(a)^2"),
    ("sinh(x)", 1, "cosh(x)"),
    ("cosh(x)", 1, "sinh(x)"),
    ("asinh(x)", 1, "1/sqrt(x^2 + 1)"),
    ("acosh(x)", 1, "1/(sqrt(x - 1)*sqrt(x + 1))"),
    ("atanh(x)", 1, "1/(1 - x^2)"),
    ("erf(x)", 1, "2*exp(-x^2)/sqrt(pi)"),
    ("erf(x)", 2, "-4*x*exp(-x^2)/sqrt(pi)"),
    ("erfc(x)", 1, "-2*exp(-x^2)/sqrt(pi)"),
    ("gamma(x)", 1, "gamma(x)*digamma(x)"),
    ("gamma(x)", 2, "gamma(x)*(polygamma(1, x) + digamma(x)^2)"),
    ("lgamma(x)", 1, "digamma(x)"),
    ("lgamma(x)", 2, "polygamma(1, x)"),
    ("hypot(x,y)", 1, "x/hypot(x, y)"),
    ("hypot(x,y)", 2, "y^2/hypot(x, y)^3"),
    ("atan2(y,x)", 1, "-y/(y^2 + x^2)"),
    ("max(x,y)", 1, "if(x >= y, 1, 0)"),
    ("min(x,y)", 1, "if(x <= y, 1, 0)"),
    ("sum(i in 0..4, x^i)", 1, "3*x^2 + 2*x + 1"),
    ("x^2*y^3", 1, "2*x*y^3"),
    ("exp(a*x)*cos(b*x)", 1, "exp(a*x)*(a*cos(x*b) - b*sin(x*b))"),
    ("exp(-x^2)", 1, "-2*x*exp(-x^2)"),
    ("exp(-x^2)", 2, "(4*x^2 - 2)*exp(-x^2)"),
    ("x*exp(-x)", 1, "(1 - x)*exp(-x)"),
    ("x*exp(-x)", 2, "(x - 2)*exp(-x)"),
    ("ln(x^2+1)", 1, "2*x/(x^2 + 1)"),
    ("ln(x^2+1)", 2, "2*(1 - x^2)/(x^2 + 1)^2"),
    ("ln(ln(x))", 1, "1/(x*ln(x))"),
    ("sqrt(x)*exp(-x^2)", 1, "(1 - 4*x^2)*exp(-x^2)/(2*sqrt(x))"),
    ("sin(cos(x))", 1, "-sin(x)*cos(cos(x))"),
    ("1/(1+x)", 1, "-1/(x + 1)^2"),
    ("1/(1+x)", 2, "2/(x + 1)^3"),
    ("exp(x)/(1+exp(x))", 1, "sigmoid(x)*(1 - sigmoid(x))"),
    ("(exp(x)-exp(-x))/2", 1, "cosh(x)"),
    ("max(0,1-x*y)", 1, "if(x*y >= 1, 0, -y)"),
    ("silu(x)", 1, "sigmoid(x)*(1 + x*(1 - sigmoid(x)))"),
    ("gelu(x)", 1, "erfc(-x/sqrt(2))/2 + x*exp(-x^2/2)/sqrt(2*pi)"),
    ("x^2*ln(x)", 1, "x*(1 + 2*ln(x))"),
    ("softmax([x,y,z])[0]", 1, "softmax([x, y, z])[0]*(1 - softmax([x, y, z])[0])"),
    ("1-tanh(x)^2", 1, "2*tanh(x)*(tanh(x)^2 - 1)"),
    ("sign(x)", 1, "0"),
    ("floor(x)", 1, "0"),
    ("ln(abs(x))", 1, "1/x"),
    ("sqrt(x^2+y^2)", 1, "x/sqrt(x^2 + y^2)"),
    ("sqrt(x^2+y^2)", 2, "y^2/(x^2 + y^2)^(3/2)"),
    ("exp(sin(x))", 1, "exp(sin(x))*cos(x)"),
    ("sin(x)*sinh(x)", 1, "sinh(x)*cos(x) + sin(x)*cosh(x)"),
    ("sin(x)*sinh(x)", 2, "2*cos(x)*cosh(x)"),
    ("(a*x+b)/(c*x+d)", 1, "(a*d - b*c)/(x*c + d)^2"),
    ("x*sqrt(1-x^2)", 1, "(1 - 2*x^2)/sqrt(1 - x^2)"),
    ("x*atan(x)-ln(1+x^2)/2", 1, "atan(x)"),
    ("{ let z = (x - mu)/s; -z^2/2 - ln(s) }", 1, "(mu - x)/s^2"),
    ("{ let q = W*x; q^2 }", 1, "2*W^2*x"),
    ("sum(i in 1..4, ln(x + i))", 1, "1/(x + 1) + 1/(x + 2) + 1/(x + 3)"),
    ("-y*ln(sigmoid(x)) - (1 - y)*ln(1 - sigmoid(x))", 1, "sigmoid(x) - y"),
    ("(x - y)^2/2", 1, "x - y"),
    ("ln((exp(x) + exp(-x))/2)", 1, "tanh(x)"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", 1, "1 - tanh(x)^2"),
    ("(1 - x/(x + r))*x", 1, "r^2/(x + r)^2"),
    ("x - x^2/(x + 1)", 1, "1/(x + 1)^2"),
    ("x - (x - e*sin(x) - m)/(1 - e*cos(x))", 1, "e*sin(x)*(x - m - e*sin(x))/(1 - e*cos(x))^2"),
];

/// The lecture's neuron: its second derivatives are those of the sigmoid, however it is written.
#[test]
fn second_derivatives_of_a_neuron_are_in_its_own_terms() {
    let source = Source::new("neuron", "1/(1 + exp(-(w*x + b)))");
    let neuron = gradc::read(&source, &[]).expect("the source is read").remove(0);
    let neuron = neuron.entries.expect("it has entries");
    let by: Vec<usize> = (0..neuron.graph.inputs().len()).collect();
    let hessian = derive(&neuron, &by, Order::Second, Form::Pretty).expect("there is a rule");
    let bend = "sigmoid(w*x + b)*(1 - sigmoid(w*x + b))*(1 - 2*sigmoid(w*x + b))";
    assert_eq!(notation::text(&hessian.graph, hessian.second[0][0]), format!("x^2*{bend}"));
    assert_eq!(notation::text(&hessian.graph, hessian.second[0][2]), format!("x*{bend}"));
    assert_eq!(notation::text(&hessian.graph, hessian.second[2][2]), bend);
}

#[test]
fn derivatives_are_those_of_the_textbook() {
    assert!(LINES.len() >= 60);
    let mut wrong = Vec::new();
    for (text, order, expected) in LINES {
        let function = gradc::read(&Source::new("expression", *text), &[]).expect("the source is read").remove(0);
        let function = function.entries.expect("it has entries");
        let by = function.parameter("x").expect("x is a parameter").inputs.start;
        let derivative = derive_repeatedly(&function, by, *order, Form::Pretty).expect("there is a rule");
        let printed = notation::text(&derivative.graph, derivative.value[0]);
        if printed != *expected {
            wrong.push(format!("{text}, derived {order} times:\n  {printed}\n  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Multinomial logistic regression of any number of rows.
#[test]
fn regression_by_softmax_has_the_residual_of_the_textbook() {
    for loss in ["sum(logsumexp_rows(X*W)) - sum(Y .* (X*W))", "sum(logsumexp_rows(X*W) - (Y .* (X*W))*ones(k))"] {
        let text = format!("f(X: matrix[n, m], Y: matrix[n, k], W: matrix[m, k]) = {loss}");
        let function = gradc::read(&Source::new("regression", text), &[]).expect("the source is read").remove(0);
        let whole = function.whole;
        let closed = derive_closed(&whole, &[2], Order::First, Form::Pretty).expect("there is a rule");
        assert_eq!(notation::text(&closed.graph, closed.first[0].expression()), "X'*(softmax_rows(X*W) - Y)");
    }
}
