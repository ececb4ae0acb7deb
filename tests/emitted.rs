//! Generated Rust compiles without a warning and computes what the references say, on a sample of the corpora and on
//! the lecture's examples.

mod common;

#[path = "common/program.rs"]
mod program;

use common::{Point, Record, all_records, matches, read};
use gradc::derive::{Form, Order, derive};
use gradc::{Derive, Options};
use program::{Program, arguments, gradient, same};

/// Every so many records one is compiled in each run.
const STRIDE: usize = 12;
/// Most records of one program.
const MOST_RECORDS: usize = 60;

fn options() -> Options {
    Options { derive: vec![Derive::Gradient, Derive::Hessian], ..Options::default() }
}

/// Adds a record's code, and for each point a line of each function's results.
fn add(program: &mut Program, name: &str, record: &Record) {
    let function = read(&record.expression, &record.variables).expect("the record is read");
    let rust = gradc::rust(&[function], &options()).expect("code is generated");
    program.module(name, &rust);
    let list = |first: &[&str], more: Vec<String>, last: &[&str]| -> Vec<String> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>();
        [own(first), more, own(last)].concat()
    };
    for point in &record.points {
        let at = arguments(&point.at);
        let entries = gradient(&rust, "FGrad");
        assert_eq!(entries.len(), point.at.len());
        program.print(&format!("{name}::f({at})"), &list(&["r"], Vec::new(), &[]));
        program.print(&format!("{name}::f_grad({at})"), &list(&["r.0"], entries.clone(), &[]));
        program.print(&format!("{name}::f_hessian({at})"), &list(&["r.0"], entries, &["r.2"]));
    }
}

/// Compares the results of the three functions at a point with the references.
fn compare(record: &Record, point: &Point, [value, first, second]: [&[f64]; 3]) -> Vec<String> {
    let count = point.at.len();
    assert_eq!([value.len(), first.len(), second.len()], [1, 1 + count, 1 + count + count * count]);
    let mut wrong = Vec::new();
    let mut check = |what: String, value: f64, reference: f64| {
        if point.is_well_conditioned() && !matches(value, reference, point.scale()) {
            wrong.push(format!("{}: {what} is {value:e}, not {reference:e}, at {:?}", record.id, point.at));
        }
    };
    check("f".to_string(), value[0], point.value);
    check("the value of f_grad".to_string(), first[0], point.value);
    check("the value of f_hessian".to_string(), second[0], point.value);
    for (input, reference) in &point.gradient {
        let name = &record.variables[*input];
        check(format!("{name} of f_grad"), first[1 + input], *reference);
        check(format!("{name} of f_hessian"), second[1 + input], *reference);
    }
    for (row, column, reference) in &point.hessian {
        let name = format!("{}, {} of f_hessian", record.variables[*row], record.variables[*column]);
        check(name.clone(), second[1 + count + row * count + column], *reference);
        check(name, second[1 + count + column * count + row], *reference);
    }
    wrong
}

/// Evaluates a record's value and derivatives with the evaluator, point by point, in the order of the results of the
/// three functions, which are parts of one tape.
fn evaluated(record: &Record) -> Vec<[Vec<f64>; 3]> {
    let function =
        read(&record.expression, &record.variables).expect("the record is read").entries.expect("a record has entries");
    let count = record.variables.len();
    let all: Vec<usize> = (0..count).collect();
    let tape = derive(&function, &all, Order::Second, Form::Code).expect("derivatives").tape();
    let results = record.points.iter().map(|point| {
        let values = tape.evaluate(&point.at);
        [values[..1].to_vec(), values[..=count].to_vec(), square(&values, count)]
    });
    results.collect()
}

/// Completes value, gradient and the upper half of a Hessian to the whole Hessian.
fn square(values: &[f64], count: usize) -> Vec<f64> {
    let (mut results, upper) = (values[..=count].to_vec(), &values[1 + count..]);
    for row in 0..count {
        for column in 0..count {
            let (low, high) = (row.min(column), row.max(column));
            results.push(upper[(0..low).map(|row| count - row).sum::<usize>() + high - low]);
        }
    }
    results
}

/// Compiles and runs the code of records, and returns what is wrong.
fn failures(name: &str, records: &[Record]) -> Vec<String> {
    let mut program = Program::default();
    for (at, record) in records.iter().enumerate() {
        add(&mut program, &format!("e{at:03}"), record);
    }
    let lines = program.run(name);
    let mut wrong = Vec::new();
    let mut lines = lines.chunks(3);
    for record in records {
        let direct = evaluated(record);
        for (at, point) in record.points.iter().enumerate() {
            let lines = lines.next().expect("three lines a point");
            wrong.extend(compare(record, point, [&lines[0], &lines[1], &lines[2]]));
            if !lines.iter().zip(&direct[at]).all(|(line, direct)| same(line, direct)) {
                wrong.push(format!("{}: the evaluator differs at {:?}", record.id, point.at));
            }
        }
    }
    assert!(lines.next().is_none());
    wrong
}

/// Compares all of the records with their references, two programs at a time.
fn compare_all(name: &str, records: &[Record]) {
    let programs: Vec<(String, &[Record])> =
        records.chunks(MOST_RECORDS).enumerate().map(|(at, records)| (format!("{name}_{at}"), records)).collect();
    let mut wrong = Vec::new();
    for pair in programs.chunks(2) {
        wrong.extend(std::thread::scope(|scope| {
            let threads: Vec<_> = pair.iter().map(|(name, records)| scope.spawn(|| failures(name, records))).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("the records are compared")).collect::<Vec<_>>()
        }));
    }
    assert!(wrong.is_empty(), "{} failures\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_sample_of_the_corpora_computes_its_references_and_the_evaluators_bits() {
    let records: Vec<Record> = all_records().into_iter().step_by(STRIDE).collect();
    assert!(records.len() >= 100);
    compare_all("corpora_sample", &records);
}

#[test]
#[ignore = "compiles every record, which takes many minutes"]
fn the_corpora_compute_their_references_and_the_evaluators_bits() {
    compare_all("corpora_all", &all_records());
}

/// Compares with known numbers to a few units in the last place.
fn assert_close(values: &[f64], expected: &[f64]) {
    assert_eq!(values.len(), expected.len());
    for (value, expected) in values.iter().zip(expected) {
        assert!((value - expected).abs() <= 1e-15 * expected.abs(), "{value:?} is not {expected:?}");
    }
}

#[test]
fn a_product_of_a_sum_has_the_lectures_numbers() {
    let rust = gradc::compile("(x + y)*z", &options()).expect("it compiles").rust;
    let mut program = Program::default();
    program.module("gates", &rust);
    let names = ["r.0", "r.1.x", "r.1.y", "r.1.z", "r.2"].map(str::to_string);
    program.print("gates::f_hessian(-2.0, 5.0, -4.0)", &names);
    program.print("gates::f_grad(-2.0, 5.0, -4.0)", &names[..4]);
    let lines = program.run("gates");
    let hessian = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
    assert_eq!(lines[1], [-12.0, -4.0, -4.0, 3.0]);
    assert_eq!(lines[0], [&lines[1][..], &hessian].concat());
}

#[test]
fn the_sigmoid_neuron_has_the_lectures_numbers() {
    let mut program = Program::default();
    let names = ["r.0", "r.1.w0", "r.1.x0", "r.1.w1", "r.1.x1", "r.1.w2"].map(str::to_string);
    for (name, body) in [("written", "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))"), ("named", "sigmoid(w0*x0 + w1*x1 + w2)")] {
        program.module(name, &gradc::compile(body, &options()).expect("it compiles").rust);
        program.print(&format!("{name}::f_grad(2.0, -1.0, -3.0, -2.0, -3.0)"), &names);
        program.print(&format!("{name}::f_hessian(2.0, -1.0, -3.0, -2.0, -3.0)"), &names);
    }
    let expected = [
        0.731_058_578_630_004_9,
        -0.196_611_933_241_481_85,
        0.393_223_866_482_963_7,
        -0.393_223_866_482_963_7,
        -0.589_835_799_724_445_6,
        0.196_611_933_241_481_85,
    ];
    let lines = program.run("neuron");
    assert_eq!(lines.len(), 4);
    lines.iter().for_each(|line| assert_close(line, &expected));
}
