//! Proves that what a simplification takes for granted is told, and is left out under a strict domain: with 60 digits,
//! the strict form is defined exactly where the given one is, and the other form differs in nothing but the points told.
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;

use exact::{Exact, agree};
use gradc::derive::{Derivatives, Form, Order, assumptions, closed_assumptions, derive, derive_closed};
use gradc::lower::{Entries, Whole};
use gradc::show::notation;
use gradc::source::Source;

/// What y is multiplied by, what its derivative is simplified to, under which conditions, and what is left of it under a
/// strict domain.
const ENLARGING: &[(&str, &str, &[&str], &str)] = &[
    ("x/x", "1", &["x != 0"], "x/x"),
    ("(x*z)/(x*w)", "z/w", &["x != 0"], "x*z/(x*w)"),
    ("x^3/x^2", "x", &["x != 0"], "x^3/x^2"),
    ("1/(1/x)", "x", &["x != 0"], "1/(1/x)"),
    ("z/(x/w)", "z*w/x", &["w != 0"], "z/(x/w)"),
    ("sqrt(x)^2", "x", &["x >= 0"], "sqrt(x)^2"),
    ("x/sqrt(x)", "sqrt(x)", &["x != 0"], "x/sqrt(x)"),
    ("exp(ln(x))", "x", &["x > 0"], "exp(ln(x))"),
    ("sin(asin(x))", "x", &["-1 <= x", "x <= 1"], "sin(asin(x))"),
    ("(ln(x) - ln(x))", "0", &["x > 0"], "0*ln(x)"),
    ("(1/x - 1/x)", "0", &["x != 0"], "0/x"),
    ("0*ln(x)", "0", &["x > 0"], "0*ln(x)"),
    ("0/x", "0", &["x != 0"], "0/x"),
    ("(1/x)^0", "1", &["x != 0"], "(1/x)^0"),
];
/// What holds everywhere, and needs no assumption.
const EXACT: &[&str] = &[
    "(x - x)",
    "exp(x)/exp(x)",
    "(x^2 + 1)/(x^2 + 1)",
    "tan(atan(x))",
    "ln(exp(x))",
    "sqrt(x^2)",
    "x^0",
    "cosh(x)^2/cosh(x)",
    "sin(x)^2 + cos(x)^2",
];
const POINTS: &[&str] = &["0", "1", "-1", "1/2", "-1/2", "2", "-2", "3", "-3", "1e-20", "-1e-20"];

fn read(text: &str) -> Entries {
    let names = ["y", "x", "z", "w"].map(|name| Source::new("parameter", name));
    gradc::read(&Source::new("expression", text), &names)
        .expect("the source is read")
        .remove(0)
        .entries
        .expect("it has entries")
}

fn by_y(function: &Entries, form: Form) -> Derivatives {
    derive(function, &[0], Order::First, form).expect("there is a rule")
}

fn printed(derivatives: &Derivatives) -> String {
    notation::text(&derivatives.graph, derivatives.first[0][0])
}

fn told(function: &Entries, shown: &Derivatives) -> Vec<String> {
    let found = assumptions(function, shown, |function| Ok(by_y(function, Form::Raw))).expect("there is a rule");
    found.conditions.iter().map(|id| notation::text(&found.graph, *id)).collect()
}

#[test]
fn enlarging_steps_are_told_and_left_out_under_a_strict_domain() {
    for (factor, simplified, conditions, strict) in ENLARGING {
        let mut function = read(&format!("y*({factor})"));
        let shown = by_y(&function, Form::Pretty);
        assert_eq!(
            (printed(&shown).as_str(), told(&function, &shown)),
            (*simplified, conditions.iter().map(ToString::to_string).collect())
        );
        function.graph.set_strict(true);
        let shown = by_y(&function, Form::Pretty);
        assert_eq!((printed(&shown).as_str(), told(&function, &shown)), (*strict, Vec::new()), "{factor}");
    }
}

#[test]
fn what_holds_everywhere_needs_no_assumption() {
    for factor in EXACT {
        let function = read(&format!("y*({factor})"));
        assert_eq!(told(&function, &by_y(&function, Form::Pretty)), Vec::<String>::new(), "{factor}");
    }
}

#[test]
fn the_domain_is_as_told() {
    let mut exact = Exact::new();
    let numbers: Vec<_> = POINTS.iter().map(|text| exact.number(text)).collect();
    for factor in ENLARGING.iter().map(|row| row.0).chain(EXACT.iter().copied()) {
        let given = read(factor);
        let mut function = read(&format!("y*({factor})"));
        let shown = by_y(&function, Form::Pretty);
        let conditions = told(&function, &shown);
        let holds: Vec<Entries> = conditions.iter().map(|text| read(&format!("if({text}, 1, 0)"))).collect();
        function.graph.set_strict(true);
        let strict = by_y(&function, Form::Pretty);
        for (at, x) in numbers.iter().enumerate() {
            for w in &numbers {
                let point = [numbers[1].clone(), x.clone(), numbers[(at + 3) % numbers.len()].clone(), w.clone()];
                let value = exact.evaluate(&given.graph, given.outputs[0], &point);
                let [loose, narrow] =
                    [&shown, &strict].map(|form| exact.evaluate(&form.graph, form.first[0][0], &point));
                assert_eq!(narrow.is_some(), value.is_some(), "{factor} at {point:?}");
                let granted = holds.iter().all(|condition| {
                    exact.evaluate(&condition.graph, condition.outputs[0], &point).is_some_and(|holds| !holds.is_zero())
                });
                assert_eq!(value.is_some(), loose.is_some() && granted, "{factor} at {point:?}");
                for other in [loose, narrow].iter().flatten() {
                    assert!(value.as_ref().is_none_or(|value| agree(value, other, 60)), "{factor} at {point:?}");
                }
            }
        }
    }
}

/// Powers of 0, which a strict domain keeps, are no operands that could be shared.
#[test]
fn second_derivatives_are_computed_under_a_strict_domain() {
    for text in ["(x + y)/(y*y)*(y/y + floor(y))", "(3 - y)^(x - 3)*exp(softplus(-y))/(1 + exp(softplus(-y)))"] {
        let mut function = read(text);
        let point = [-1.0276, -1.2024, 0.0, 0.0];
        let loose = derive(&function, &[0, 1], Order::Second, Form::Code).expect("there is a rule").tape();
        function.graph.set_strict(true);
        let strict = derive(&function, &[0, 1], Order::Second, Form::Code).expect("there is a rule").tape();
        for (loose, strict) in loose.evaluate(&point).iter().zip(strict.evaluate(&point)) {
            assert!((loose - strict).abs() <= 1e-12 * loose.abs().max(1.0), "{text}: {strict} and not {loose}");
        }
    }
}

/// Functions of whole matrices: the gradient by the last parameter, what it takes for granted, and the gradient under a
/// strict domain.
const WHOLE: &[(&str, &str, &[&str], &str)] = &[
    ("f(x: vector[n]) = sum(exp(ln(x)))", "ones(n)", &["x > 0"], "exp(ln(x)) ./ x"),
    ("f(x: vector[n], y: vector[n]) = sum(x .* y ./ x)", "ones(n)", &["x != 0"], "x ./ x"),
    ("f(A: matrix[n, n], x: vector[n]) = sum(inv(A)*A*x)", "ones(n)", &["det(A) != 0"], "A'*inv(A)'*ones(n)"),
    ("f(x: vector[n]) = norm2(x)^2", "2*x", &["x'*x != 0"], "2*norm2(x)*x/norm2(x)"),
    ("f(p: vector[n], y: vector[n]) = dot(p, y ./ p)", "ones(n)", &["p != 0"], "p ./ p"),
    ("f(S: spd[n]) = logdet(S)", "inv(S)", &[], "inv(S)"),
];

#[test]
fn whole_matrices_have_assumptions_and_strict_domains() {
    for (text, simplified, conditions, strict) in WHOLE {
        let mut functions = gradc::read(&Source::new("test", *text), &[]).expect("the source is read");
        let mut whole = functions.remove(0).whole;
        let by = [whole.parameters.len() - 1];
        let printed = |whole: &Whole| {
            let closed = derive_closed(whole, &by, Order::First, Form::Pretty).expect("there is a rule");
            let found = closed_assumptions(whole, &by, Order::First, &closed).expect("there is a rule");
            let told: Vec<String> = found.conditions.iter().map(|id| notation::text(&found.graph, *id)).collect();
            (notation::text(&closed.graph, closed.first[0].expression()), told)
        };
        let expected = conditions.iter().map(ToString::to_string).collect();
        assert_eq!(printed(&whole), (simplified.to_string(), expected), "{text}");
        whole.graph.set_strict(true);
        assert_eq!(printed(&whole), (strict.to_string(), Vec::new()), "{text}");
    }
}

/// Functions of x, a point, and the derivative there, by hand: the chain rule divides 0 by 0, and the formula that is
/// printed does not.
const EDGES: &[(&str, f64, f64)] = &[
    ("(x^2)^0.75", 0.0, 0.0),
    ("(x^2)^1.5", 0.0, 0.0),
    ("(x^4)^(1/3)", 0.0, 0.0),
    ("(x^4)^0.3", 0.0, 0.0),
    ("sqrt(x^2)^1.5", 0.0, 0.0),
    ("(x^6)^(1/4)", 0.0, 0.0),
    ("(x^2)^0.75", -4.0, -3.0),
];

#[test]
fn what_is_computed_is_defined_where_the_printed_formula_is() {
    for (text, point, expected) in EDGES {
        let function = gradc::read(&Source::new("expression", *text), &[])
            .expect("the source is read")
            .remove(0)
            .entries
            .expect("it has entries");
        for form in [Form::Pretty, Form::Code, Form::Flops] {
            let mut derivatives = derive(&function, &[0], Order::First, form).expect("there is a rule");
            let found = derivatives.tape().evaluate(&[*point])[1];
            assert!((found - expected).abs() < 1e-14, "{text} at {point} in {form:?}: {found} for {expected}");
        }
    }
}
