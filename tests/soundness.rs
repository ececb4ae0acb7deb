//! No pass changes a value, and no class of the e-graph holds two: random programs of the whole language with second
//! derivatives are derived while each rule that fires, each class, each pass and each tape is evaluated at sample points,
//! to the last digit.
#![allow(clippy::panic)]

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/random.rs"]
mod random;

use cases::{all_inputs, cases};
use common::{CORPORA, records};
use gradc::derive::{Deriver, Form, Order, input_facts};
use gradc::lower::{Entries, Formulas};
use gradc::simplify::Audit;
use gradc::source::Source;
use gradc::tape::candidates;
use gradc::verify::Verifier;
use random::Random;
use std::thread;

/// How many random programs are tried by default, and in the ignored test.
const SAMPLE: u64 = 100;
const ALL: u64 = 20_000;
/// How many of them have powers over norms.
const OVER_NORMS: u64 = 1_000;
/// Longest program, in nodes of its Hessian, of which the tapes are compared.
const LONGEST: usize = 20_000;

/// Programs that were once derived wrong.
const KNOWN: &[&str] = &[
    "{ let p = softmax([a*b, c*d]); sqrt(s^2/(1 + u^2)^2 + s^2/(1 + v^2)^2 + p[0]^2 + p[1]^2) }",
    "{ let l = logsumexp([a*b, c*d]); sqrt(s^2/(1 + u^2)^2 + exp(a*b - l)^2 + exp(c*d - l)^2) }",
    "{ let p = sigmoid(a*b - c*d); sqrt(s^2/(1 + u^2)^2 + p^2 + (1 - p)^2) }",
    "sigmoid(-(x + y - z - w))*sigmoid(z + w - x - y)*sigmoid(x + y - z - w)",
    "softplus(-(x + y - z - w)) + sigmoid(z + w - x - y)^2*sigmoid(x + y - z - w)",
    "sigmoid(x - y)^2*sigmoid(y - x)*sigmoid(-(x - y))^3",
    "(y^2/x + x*y)/hypot(x, y)^3",
    "(x^2/y - x*y)/(x^2 + y^2)^1.5 + (y/sqrt(x) + y*x)/hypot(x, y)^4",
    "exp(-(x + y - z - w))/(1 + exp(z + w - x - y))^2*sigmoid(x + y - z - w)",
];

fn read(text: &str) -> Option<Entries> {
    gradc::read(&Source::new("program", text), &[]).ok().and_then(|mut functions| functions.pop()?.entries)
}

/// Derives a program twice for machines and once for people, and returns what is wrong; the first is the cause.
fn objections(text: &str) -> Vec<String> {
    let Some(function) = read(text) else { panic!("not a program: {text}") };
    let found = objections_to(&function, Order::Second);
    found.into_iter().map(|objection| format!("{text}\n  {objection}")).collect()
}

fn objections_to(function: &Entries, order: Order) -> Vec<String> {
    let (inputs, facts) = (all_inputs(function), input_facts(function));
    let mut found = Vec::new();
    let mut verifier = Verifier::default();
    for (form, order) in [(Form::Code, order), (Form::Flops, order), (Form::Pretty, Order::First)] {
        let mut deriver = Deriver::audited(Box::new(Verifier::default()));
        let [raw, derived] = [Form::Raw, form].map(|form| deriver.derive(function, &inputs, order, form));
        let (Ok(raw), Ok(derived)) = (raw, derived) else { return vec!["no derivatives".to_string()] };
        found.extend(deriver.objections());
        let mut graph = raw.graph.clone();
        let roots = graph.import(&derived.graph, &derived.roots());
        verifier.compare_forms("derivatives", &mut graph, &raw.roots(), &roots, &facts);
        if form == Form::Code && graph.reachable(&roots).len() < LONGEST {
            let tapes = candidates(&mut graph, &mut Formulas::default(), &roots);
            verifier.compare_tapes(&mut graph, &roots, &tapes, &facts);
        }
    }
    found.extend(verifier.objections());
    found
}

/// Collects what is wrong with expressions of the corpora, every so many of them.
fn objections_to_corpora(step: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for record in CORPORA.iter().flat_map(|(name, _)| records(name).into_iter().step_by(step)) {
        let names: Vec<Source> = record.variables.iter().map(|name| Source::new("parameter", name)).collect();
        let functions = gradc::read(&Source::new(&record.id, &record.expression), &names).expect("an expression");
        let found = objections_to(functions[0].entries.as_ref().expect("an expression has entries"), Order::Second);
        wrong.extend(found.into_iter().take(1).map(|objection| format!("{}\n  {objection}", record.id)));
    }
    wrong
}

fn assert_sound(programs: impl Iterator<Item = String>) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for program in programs {
        count += 1;
        // The first one is the cause, others follow.
        wrong.extend(objections(&program).into_iter().take(1));
    }
    assert!(count > 0, "nothing was tried");
    assert!(wrong.is_empty(), "{} in {count} programs\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn programs_that_were_wrong_are_sound() {
    assert_sound(KNOWN.iter().map(|text| (*text).to_string()));
}

#[test]
fn a_sample_of_random_programs_is_sound() {
    assert_sound((0..SAMPLE).map(|seed| Random::new(seed).program()));
}

#[test]
fn a_sample_of_powers_over_norms_is_sound() {
    assert_sound((0..SAMPLE / 4).map(|seed| Random::new(seed).program_over_norms()));
}

#[test]
#[ignore = "half an hour"]
fn powers_over_norms_are_sound() {
    assert_sound((0..OVER_NORMS).map(|seed| Random::new(seed).program_over_norms()));
}

#[test]
fn cases_are_sound() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases() {
        let functions = gradc::read(&case.source, &[]).expect("a case can be read");
        for (name, function) in functions.iter().map(|function| (function.display_name(), &function.entries)) {
            let Some(function) = function else { continue };
            count += 1;
            let order = if function.outputs.len() == 1 { Order::Second } else { Order::First };
            let found = objections_to(function, order);
            wrong.extend(found.into_iter().take(1).map(|objection| format!("{}, {name}\n  {objection}", case.name)));
        }
    }
    assert!(count > 50, "only {count} functions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sample_of_the_corpora_is_sound() {
    let wrong = objections_to_corpora(40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "minutes"]
fn corpora_are_sound() {
    let wrong = objections_to_corpora(1);
    assert!(wrong.is_empty(), "{} expressions\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}

#[test]
#[ignore = "an hour on two cores"]
fn random_programs_are_sound() {
    let half = |half: u64| {
        for start in (0..ALL).step_by(SAMPLE as usize).filter(|start| start / SAMPLE % 2 == half) {
            assert_sound((start..start + SAMPLE).map(|seed| Random::new(seed).program()));
            eprintln!("{start}..{} are sound", start + SAMPLE);
        }
    };
    let halves: Vec<_> = (0..2).map(|own| thread::spawn(move || half(own))).collect();
    halves.into_iter().for_each(|half| half.join().expect("no program is unsound"));
}

#[test]
fn a_wrong_claim_is_found() {
    let mut function = read("f(x, y) = [sigmoid(x - y), sigmoid(y - x), 1 - sigmoid(x - y)]").expect("it is a program");
    let [a, b, c] = function.outputs[..] else { panic!("three values") };
    let mut verifier = Verifier::default();
    verifier.compare_forms("right", &mut function.graph, &[b], &[c], &[]);
    assert!(verifier.objections().is_empty());
    verifier.compare_forms("wrong", &mut function.graph, &[a], &[b], &[]);
    assert_eq!(verifier.objections().len(), 1);
}
