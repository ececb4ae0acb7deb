//! Proves that nothing is evaluated outside of a branch that the given function evaluates only inside of it: derivatives
//! at the edges of branches are those of the branch that is taken.
#![allow(clippy::panic)]

#[path = "common/program.rs"]
mod program;

use gradc::derive::{Form, Order, derive};
use gradc::lower::Entries;
use gradc::source::Source;
use gradc::{Derive, Options};
use program::Program;

/// A definition of two or three numbers, a point, the value and the gradient there, and the upper triangle of the Hessian.
type Case = (&'static str, &'static [f64], f64, &'static [f64], &'static [f64]);

/// By hand: the derivative of the branch that is taken.
const CASES: &[Case] = &[
    ("f(x, r) = if(r > 0, x/r, if(r < 0, -x/r, 0))", &[1.0, 0.0], 0.0, &[0.0, 0.0], &[0.0, 0.0, 0.0]),
    ("f(x, r) = if(r > 0, x/r, if(r < 0, -x/r, 0))", &[3.0, -2.0], 1.5, &[0.5, 0.75], &[0.0, 0.25, 0.75]),
    ("f(x, a, b) = if(a > 0, x*sqrt(a), if(b > 0, 2*x*sqrt(a), 0))", &[1.0, -1.0, -1.0], 0.0, &[0.0; 3], &[0.0; 6]),
    ("f(x, r) = if(r > 0, x/r, 0) + if(r < 0, x/r, 0)", &[1.0, 0.0], 0.0, &[0.0, 0.0], &[0.0, 0.0, 0.0]),
    ("f(x, r, p) = if(p > 0, if(r > 0, x/r, 0) + if(r < 0, x/r, 0), 2)", &[1.0, 0.0, 1.0], 0.0, &[0.0; 3], &[0.0; 6]),
    ("f(x, z) = if(z > 0, ln(z)*x, x*z)", &[2.0, 0.0], 0.0, &[0.0, 2.0], &[0.0, 1.0, 0.0]),
    (
        "f(x, r) = { let t = x/r; if(r > 0, t, 0)*sin(x) + if(r < 0, t^2, 0) + x^2 }",
        &[1.0, 0.0],
        1.0,
        &[2.0, 0.0],
        &[2.0, 0.0, 0.0],
    ),
    (
        "f(x, a) = { let s = sqrt(a); (x + if(a > 0, s, 0))*(if(a > 1, s, 0) + 3) }",
        &[2.0, -4.0],
        6.0,
        &[3.0, 0.0],
        &[0.0, 0.0, 0.0],
    ),
];

fn read(text: &str) -> Entries {
    gradc::read(&Source::new("case", text), &[]).expect("the source is read").remove(0).entries.expect("it has entries")
}

fn expected((_, _, value, gradient, hessian): &Case) -> Vec<f64> {
    [&[*value], *gradient, *hessian].concat()
}

fn agree(found: &[f64], case: &Case, form: &str) {
    let expected = expected(case);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-14, "{} in {form}: {found} for {expected}", case.0);
    }
}

#[test]
fn derivatives_at_the_edges_of_branches_are_those_of_the_branch_taken() {
    for case in CASES {
        for strict in [false, true] {
            for form in [Form::Raw, Form::Pretty, Form::Code, Form::Flops] {
                let mut function = read(case.0);
                function.graph.set_strict(strict);
                let by: Vec<usize> = (0..case.1.len()).collect();
                let mut derivatives = derive(&function, &by, Order::Second, form).expect("there is a rule");
                agree(&derivatives.tape().evaluate(case.1), case, &format!("{form:?}, strict: {strict}"));
            }
        }
    }
}

#[test]
fn emitted_code_computes_the_branch_taken() {
    let mut program = Program::default();
    for (at, (text, point, ..)) in CASES.iter().enumerate() {
        let options = Options { derive: vec![Derive::Gradient, Derive::Hessian], ..Options::default() };
        let module = format!("case{at}");
        program.module(&module, &gradc::compile(text, &options).expect("the source compiles").rust);
        let arguments: Vec<String> = point.iter().map(|number| format!("{number:?}")).collect();
        let names = text[2..text.find(')').expect("there are parameters")].split(", ");
        let mut shown = vec!["r.0".to_string()];
        shown.extend(names.map(|name| format!("r.1.{name}")));
        let size = point.len();
        shown.extend((0..size).flat_map(|row| (row..size).map(move |column| format!("r.2[{row}][{column}]"))));
        program.print(&format!("{module}::f_hessian({})", arguments.join(", ")), &shown);
    }
    for (found, case) in program.run("branches").iter().zip(CASES) {
        agree(found, case, "emitted code");
    }
}
