//! Quotients entry by entry have a sign of their own in every format, and read back as the same function.
#![allow(clippy::panic)]
use gradc::derive::{Closed, Derivative, Form, Order, derive_closed};
use gradc::graph::{ExprId, Sizes};
use gradc::lower::Whole;
use gradc::show::dialect::{MATHML, TYPST};
use gradc::show::latex::latex;
use gradc::show::notation;
use gradc::show::typeset::typeset;
use gradc::source::Source;
use gradc::syntax::print_expression;
use gradc::tape::Dense;

/// Functions, each by the parameter before the colon, whose derivative divides entry by entry so often.
#[rustfmt::skip]
const FUNCTIONS: &[(&str, &str, usize)] = &[
    ("d", "f(d: vector[n], R: matrix[n, m], b: vector[m]) = sum(d .^ 2 ./ (R*b))", 1),
    ("R", "f(d: vector[n], R: matrix[n, m], b: vector[m]) = sum(d .^ 2 ./ (R*b))", 1),
    ("b", "f(d: vector[n], R: matrix[n, m], b: vector[m]) = sum(d .^ 2 ./ (R*b))", 1),
    ("d", "f(d: vector[n], R: matrix[n, m], b: vector[m]) = sum((d ./ (R*b)) .^ 2)", 1),
    ("b", "f(d: vector[n], R: matrix[n, m], b: vector[m]) = sum((d ./ (R*b)) .^ 3)", 1),
    ("d", "f(d: vector[n], a: vector[n]) = sum(d ./ (a .* a + 1))", 1),
    ("a", "f(d: vector[n], a: vector[n]) = sum(d ./ (a .* a + 1))", 1),
    ("A", "f(A: matrix[n, m], B: matrix[n, m]) = sum(A ./ B)", 1),
    ("B", "f(A: matrix[n, m], B: matrix[n, m]) = sum(A ./ B)", 1),
    ("A", "f(d: vector[n], A: matrix[m, n], c: vector[m]) = c'*(A*d ./ (1 + A*d))", 1),
    ("d", "f(d: vector[n], A: matrix[m, n], c: vector[m]) = c'*(A*d ./ (1 + A*d))", 1),
    ("c", "f(d: vector[n], A: matrix[m, n], c: vector[m]) = c'*(A*d ./ (1 + A*d))", 1),
    ("x", "f(x: vector[n], y: vector[n]) = sum(x ./ (norm2(y)*y))", 1),
    ("y", "f(x: vector[n], y: vector[n]) = sum(x ./ (norm2(y)*y))", 2),
    ("x", "f(x: vector[n], s) = sum(s ./ x)", 1),
    ("s", "f(x: vector[n], s) = sum(s ./ x)", 1),
    ("x", "f(x: vector[n], y: vector[n]) = sum(x ./ (x + y))", 1),
    ("x", "f(x: vector[n], y: vector[n]) = (x ./ y)'*x", 1),
    ("x", "f(x: vector[n], A: matrix[n, n]) = (1 ./ x)'*A*x", 2),
    ("A", "f(A: matrix[n, n], x: vector[n]) = sum(ln(A*x) ./ x)", 1),
    ("x", "f(A: matrix[n, m], x: vector[n]) = x'*(A ./ (1 + A .* A))*ones(m)", 1),
    ("r", "f(r: vector[n], q: vector[n]) = sum(1 ./ (1 + 1 ./ (r .* q)))", 2),
];

fn whole(text: &str) -> Whole {
    let functions = gradc::read(&Source::new("function", text), &[]);
    let functions = functions.unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    functions.into_iter().next().expect("there is a function").whole
}

/// Values of the parameters, all positive and different.
fn point(whole: &Whole) -> (Vec<Dense>, Sizes) {
    let sizes = Sizes::from_iter([("n".to_string(), 3), ("m".to_string(), 2)]);
    let blank = Dense { rows: 1, columns: 1, entries: vec![0.0] };
    let mut matrices = vec![blank; whole.graph.inputs().len()];
    for (at, parameter) in whole.parameters.iter().enumerate() {
        let size = |dimension: &gradc::graph::Dimension| dimension.evaluate(&sizes).expect("it has a size");
        let (rows, columns) = (size(&parameter.extents().rows), size(&parameter.extents().columns));
        let entry = |index: usize| 0.4 + ((index * 7 + at * 3) % 11) as f64 / 5.0;
        let entries = (0..rows * columns).map(entry).collect();
        matrices[whole.input_index(parameter.id)] = Dense { rows, columns, entries };
    }
    (matrices, sizes)
}

#[test]
fn quotients_of_entries_have_a_sign_in_every_format_and_read_back() {
    for (name, text, wanted) in FUNCTIONS {
        let own = whole(text);
        let by = own.parameters.iter().position(|parameter| parameter.name == *name).expect("a parameter");
        let closed: Closed = derive_closed(&own, &[by], Order::First, Form::Pretty).expect("it derives");
        let Derivative::Matrix(root) = closed.first[0] else { panic!("{text} by {name} has no matrix") };
        let root: ExprId = root;
        let (ast, top) = notation::write(&closed.graph, root);
        let written = print_expression(&ast, top);
        let count = |text: &str, sign: &str| text.matches(sign).count();
        assert_eq!(count(&written, "./"), *wanted, "{text} by {name}: {written}");
        let formats = [
            (latex(&ast, top), r"\oslash"),
            (typeset(&ast, top, &MATHML), "<mo>⊘</mo>"),
            (typeset(&ast, top, &TYPST), " ⊘ "),
        ];
        for (formula, sign) in &formats {
            assert_eq!(count(formula, sign), *wanted, "{text} by {name}: {formula}");
        }
        // Every power of entries has its sign as well.
        let powers = count(&written, ".^");
        assert_eq!(count(&formats[1].0, "<mo>∘</mo>"), powers, "{}", formats[1].0);
        assert_eq!(count(&formats[2].0, "^(∘ "), powers, "{}", formats[2].0);
        // What was read back has the same value.
        let (heading, _) = text.split_once(" = ").expect("a definition");
        let again = whole(&format!("{heading} = {written}"));
        let value = derive_closed(&again, &[], Order::Value, Form::Raw).expect("it has a value");
        let (matrices, sizes) = point(&own);
        let derivative = closed.evaluate(&matrices, &sizes).expect("it has a value").remove(1);
        let (matrices, sizes) = point(&again);
        let found = value.evaluate(&matrices, &sizes).expect("it has a value").remove(0);
        assert_eq!((found.rows, found.columns), (derivative.rows, derivative.columns), "{written}");
        for (found, wanted) in found.entries.iter().zip(&derivative.entries) {
            assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{written}: {found} is not {wanted}");
        }
    }
}

#[test]
fn a_product_after_a_quotient_of_entries_is_not_taken_for_its_divisor() {
    let own = whole("f(d: vector[n], A: matrix[m, n], c: vector[m]) = c'*(A*d ./ (1 + A*d))");
    let closed = derive_closed(&own, &[1], Order::First, Form::Pretty).expect("it derives");
    let (ast, top) = notation::write(&closed.graph, closed.first[0].expression());
    assert_eq!(print_expression(&ast, top), "c ./ (1 + A*d) .^ 2*d'");
    let written = latex(&ast, top);
    assert_eq!(written, r"\left(c \oslash \left(1 + A \, d\right)^{\circ 2}\right) \, d^{\top}");
    assert_eq!(typeset(&ast, top, &TYPST), "(c ⊘ (1 + A d)^(∘ 2)) d^top");
}
