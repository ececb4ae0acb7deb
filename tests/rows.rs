//! A row of Table 1 is all that a function needs: what a row lacks is told in a sentence, and every function, with its first
//! and second derivatives, has the same values in double precision, with many bits, as it stands and as generated code,
//! whatever its arguments are called.
#![allow(clippy::panic)]

#[path = "common/exact.rs"]
mod exact;
#[path = "common/program.rs"]
mod program;

use astro_float::BigFloat;
use exact::{BITS, Exact, agree};
use gradc::derive::{Form, Order, derive};
use gradc::functions::{self, Arity, Code, Function, TABLE};
use gradc::graph::{ExprId, Graph, Node};
use gradc::lower::{self, Formulas};
use gradc::precise::{Coordinate, Evaluator};
use gradc::source::Source;
use gradc::tape::{Tape, schedule, transcribe};
use gradc::{Derive, Options};
use program::{Program, arguments, gradient, same};

/// Numbers that are tried as arguments, all different ones in all combinations.
const NUMBERS: &[f64] = &[0.45, 2.75, -1.375, 7.3, 19.5];
/// Most points at which a function is tried.
const POINTS: usize = 8;
/// Largest error of double precision in proportion to a value, or to the next number where that is smaller.
const TOLERANCE: f64 = 1e-11;
const SMALL: f64 = 1e-3;
/// Digits of a double.
const DIGITS: usize = 15;

/// A call of a function whose arguments have the names of the row's parameters, but those of the next ones.
struct Call {
    row: &'static Function,
    names: Vec<&'static str>,
    function: lower::Function,
    entries: lower::Entries,
}

/// Tells whether the function can't be derived by an argument: that is a whole number.
fn is_order(row: &Function, at: usize) -> bool {
    row.derivatives.get(at).is_some_and(|formula| formula.is_empty())
}

/// Returns a call of each function that takes numbers; there is none as long as a row lacks something.
fn calls() -> Vec<Call> {
    let wrong: Vec<String> = TABLE.iter().filter_map(lacks).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let numbers = TABLE.iter().filter(|row| row.arity != Arity::Collective);
    numbers
        .map(|row| {
            let places: Vec<usize> = (0..row.parameters.len()).filter(|at| !is_order(row, *at)).collect();
            let names: Vec<&str> = places.iter().map(|at| row.parameters[*at]).collect();
            let argument = |at: usize| match places.iter().position(|place| *place == at) {
                Some(place) => names[(place + 1) % names.len()].to_string(),
                None => "2".to_string(),
            };
            let arguments: Vec<String> = (0..row.parameters.len()).map(argument).collect();
            let text = format!("f({}) = {}({})", names.join(", "), row.name, arguments.join(", "));
            let function = gradc::read(&Source::new("call", text.as_str()), &[]).expect(&text).remove(0);
            let entries = function.entries.clone().expect(&text);
            Call { row, names, function, entries }
        })
        .collect()
}

impl Call {
    /// Returns the points at which the function has derivatives, as values of the function's parameters.
    fn points(&self) -> Vec<Vec<f64>> {
        let count = self.names.len();
        let combinations = (0..NUMBERS.len().pow(count as u32)).map(|number| {
            let digits = (0..count as u32).map(|place| number / NUMBERS.len().pow(place) % NUMBERS.len());
            digits.collect::<Vec<usize>>()
        });
        let different = combinations.filter(|digits| (1..count).all(|at| !digits[..at].contains(&digits[at])));
        let [inside, smooth] = [self.row.domain, self.row.smooth].map(|text| self.condition(text));
        let points = different.map(|digits| digits.into_iter().map(|digit| NUMBERS[digit]).collect::<Vec<f64>>());
        let points: Vec<Vec<f64>> = points.filter(|point| inside(point) && smooth(point)).take(POINTS).collect();
        assert!(!points.is_empty(), "no point is in the domain of `{}`: more numbers must be tried", self.row.name);
        points
    }

    /// Returns a condition of the row on the arguments as a test of points; an empty one holds everywhere.
    fn condition(&self, text: &str) -> impl Fn(&[f64]) -> bool + use<> {
        let count = self.names.len();
        let tape = (!text.is_empty()).then(|| {
            let parameters = self.names.join(", ");
            let text = format!("f({parameters}) = if({text}, 1, 0) + 0*({})", self.names.join(" + "));
            let mut function = gradc::read(&Source::new("condition", text), &[])
                .expect("it is read")
                .remove(0)
                .entries
                .expect("it has entries");
            schedule(&mut function.graph, &mut Formulas::default(), &function.outputs)
        });
        move |point| {
            let arguments: Vec<f64> = (0..count).map(|at| point[(at + 1) % count]).collect();
            tape.as_ref().is_none_or(|tape| tape.evaluate(&arguments)[0] == 1.0)
        }
    }

    fn derived(&self, form: Form) -> Tape {
        let inputs: Vec<usize> = (0..self.names.len()).collect();
        derive(&self.entries, &inputs, Order::Second, form).expect("there are derivatives").tape()
    }

    fn is_close(&self, what: &str, point: &[f64], found: &[f64], wanted: &[f64]) -> Option<String> {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * b.abs().max(SMALL) || a == b;
        let right = found.len() == wanted.len() && found.iter().zip(wanted).all(close);
        let name = self.row.name;
        (!right).then(|| format!("`{name}` at {point:?} {what} is {found:?}, and with many bits {wanted:?}"))
    }
}

/// Returns what is missing in a row, or in what stands beside the table.
fn lacks(row: &Function) -> Option<String> {
    let (name, count) = (row.name, row.parameters.len());
    let needs = |wanted: usize, what: &str| {
        (count != wanted).then(|| format!("`{name}` has {count} parameters, and its code is {what}: write a formula"))
    };
    match row.code {
        Code::Method(..) | Code::Special(..) => needs(1, "a function of one number"),
        Code::Method2(..) | Code::Special2(..) => needs(2, "a function of two numbers"),
        Code::OfOrder(..) if count != 2 || !is_order(row, 0) || is_order(row, 1) => {
            Some(format!("`{name}` is computed of an order and a number: the first of two derivatives is empty"))
        }
        Code::OfOrder(..) | Code::LogSumExp => None,
        Code::Formula(formula) => uses_itself(row, formula),
        Code::Expanded => match (row.definition, row.arity) {
            (Some(definition), _) => uses_itself(row, definition),
            (None, Arity::Collective) => None,
            (None, _) => Some(format!("`{name}` has neither code nor a formula or a definition")),
        },
    }
}

/// Tells how a row comes to be computed by itself.
fn uses_itself(row: &Function, formula: &'static str) -> Option<String> {
    let mut open = vec![formula];
    let mut seen = Vec::new();
    while let Some(formula) = open.pop() {
        for function in functions_in(formula) {
            if function.name == row.name {
                return Some(format!("`{}` is defined by itself, in `{formula}`", row.name));
            }
            if !seen.contains(&function.name) {
                seen.push(function.name);
                open.extend(match function.code {
                    Code::Formula(formula) => Some(formula),
                    _ => function.definition,
                });
            }
        }
    }
    None
}

/// Lists the rows that a formula uses.
fn functions_in(formula: &'static str) -> Vec<&'static Function> {
    let mut graph = Graph::new();
    // Whatever the formula's parameters are called, other than its functions.
    let letters = formula.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let names: Vec<(&str, ExprId)> = letters.map(|name| (name, graph.intern(Node::Pi))).collect();
    let root = Formulas::default().lower(&mut graph, formula, &names).expect("the formula is in the language");
    graph.reachable(&[root]).into_iter().filter_map(|id| graph.node(id).function().map(|found| found.row())).collect()
}

#[test]
fn every_row_has_what_its_function_needs() {
    assert!(calls().iter().all(|call| !call.names.is_empty()));
}

#[test]
fn generated_code_carries_every_special_function() {
    for call in calls() {
        if let Code::Special(name, _) | Code::Special2(name, _) | Code::OfOrder(name, _) = call.row.code {
            let options = Options { derive: vec![Derive::Gradient], ..Options::default() };
            let rust = gradc::rust(std::slice::from_ref(&call.function), &options).expect("code is generated");
            let carried = rust.contains(&format!("pub fn {name}("));
            assert!(carried, "the file that has `{name}` of the row `{}` is not listed in src/emit", call.row.name);
        }
    }
}

#[test]
fn every_function_has_the_same_values_in_every_way() {
    let mut evaluator = Evaluator::default();
    let mut wrong = Vec::new();
    for call in calls() {
        let (raw, code) = (call.derived(Form::Raw), call.derived(Form::Code));
        let mut graph = call.entries.graph.clone();
        let as_it_stands = transcribe(&mut graph, &mut Formulas::default(), &call.entries.outputs);
        for point in call.points() {
            let coordinates: Vec<Coordinate> = point.iter().map(|x| Coordinate::from(*x)).collect();
            let precise = evaluator.evaluate(&raw, &coordinates);
            if !evaluator.undecided().is_empty() {
                let name = call.row.name;
                wrong.push(format!(
                    "`{name}` at {point:?} has no digits beyond double precision: its row needs a definition in terms of \
                     other functions, or src/precise a routine",
                ));
                break;
            }
            let of_code = evaluator.evaluate(&code, &coordinates);
            wrong.extend(call.is_close("as code with many bits", &point, &of_code, &precise));
            wrong.extend(call.is_close("as code", &point, &code.evaluate(&point), &precise));
            wrong.extend(call.is_close("as it is derived", &point, &raw.evaluate(&point), &precise));
            wrong.extend(call.is_close("as it stands", &point, &as_it_stands.evaluate(&point), &precise[..1]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The values that other tests compare with are those of the row where they are not written apart.
#[test]
fn every_function_has_an_exact_value() {
    let (mut exact, mut evaluator) = (Exact::new(), Evaluator::default());
    for call in calls().into_iter().filter(|call| call.names.len() == call.row.parameters.len()) {
        let tape = call.derived(Form::Raw).part(1);
        for point in call.points() {
            let coordinates: Vec<Coordinate> = point.iter().map(|x| Coordinate::from(*x)).collect();
            let precise = BigFloat::from_f64(evaluator.evaluate(&tape, &coordinates)[0], BITS);
            let inputs: Vec<BigFloat> = point.iter().map(|x| BigFloat::from_f64(*x, BITS)).collect();
            let found = exact.evaluate(&call.entries.graph, call.entries.outputs[0], &inputs);
            let right = found.as_ref().is_some_and(|found| agree(found, &precise, DIGITS));
            assert!(right, "`{}` at {point:?} is {precise}, and not {found:?}", call.row.name);
        }
    }
}

#[test]
fn generated_code_of_several_arguments_computes_the_same() {
    let mut program = Program::default();
    let mut expected = Vec::new();
    let calls = calls();
    for (number, call) in calls.iter().enumerate().filter(|(_, call)| call.names.len() > 1) {
        let options = Options { derive: vec![Derive::Gradient, Derive::Hessian], ..Options::default() };
        let rust = gradc::rust(std::slice::from_ref(&call.function), &options).expect("code is generated");
        program.module(&format!("of_{number}"), &rust);
        let (tape, count) = (call.derived(Form::Code), call.names.len());
        for point in call.points() {
            let halves = (0..count).flat_map(|row| (row..count).map(move |column| format!("r.2[{row}][{column}]")));
            let entries = gradient(&rust, "FGrad");
            let names: Vec<String> = ["r.0".to_string()].into_iter().chain(entries).chain(halves).collect();
            program.print(&format!("of_{number}::f_hessian({})", arguments(&point)), &names);
            expected.push((call, tape.evaluate(&point), point));
        }
    }
    assert!(expected.len() > functions::all().count() / 2);
    for (line, (call, values, point)) in program.run("rows").iter().zip(&expected) {
        assert!(same(line, values), "`{}` at {point:?} is {line:?}, not {values:?}", call.row.name);
    }
}
