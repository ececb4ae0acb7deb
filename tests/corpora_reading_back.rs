//! Every derivative that is printed for people reads back as the same function: the partial derivatives of the
//! expressions of the corpora are printed, read again and compared at the points of their record.

mod common;
#[path = "common/halves.rs"]
mod halves;

use common::{CORPORA, Record, matches, read, records};
use gradc::derive::{Derivatives, Form, Order, derive};
use gradc::show::notation;
use gradc::tape::Tape;
use halves::in_halves;

/// Prints the derivatives of a record and evaluates what is read back.
fn compare(record: &Record, failures: &mut Vec<String>) -> Result<usize, String> {
    let function = read(&record.expression, &record.variables)?.entries.ok_or("there are no entries")?;
    let all: Vec<usize> = (0..record.variables.len()).collect();
    let derivatives = |form| derive(&function, &all, Order::First, form).map_err(|diagnostic| diagnostic.message);
    let printed: Derivatives = derivatives(Form::Pretty)?;
    let direct: Tape = derivatives(Form::Code)?.tape();
    let mut compared = 0;
    for (input, root) in printed.first[0].iter().enumerate() {
        let text = notation::text(&printed.graph, *root);
        let again = match read(&text, &record.variables) {
            Ok(function) => derive(&function.entries.ok_or("there are no entries")?, &[], Order::Value, Form::Code)
                .map_err(|d| d.message)?
                .tape(),
            Err(message) => {
                failures.push(format!("{}: {message}: {text}", record.id));
                continue;
            }
        };
        for point in record.points.iter().filter(|point| point.is_well_conditioned()) {
            compared += 1;
            let value = again.evaluate(&point.at)[0];
            let vanishes = point.gradient.contains(&(input, 0.0));
            let expected = if vanishes { 0.0 } else { direct.evaluate(&point.at)[1 + input] };
            if !matches(value, expected, point.scale()) {
                let by = &record.variables[input];
                failures.push(format!("{}: d/d{by} reads back as {value:e}, not {expected:e}: {text}", record.id));
            }
        }
    }
    Ok(compared)
}

/// Compares every `step`-th record of a corpus.
fn compare_corpus(corpus: &str, step: usize, least: usize) {
    let records = records(corpus);
    assert!(CORPORA.contains(&(corpus, records.len())));
    let records: Vec<_> = records.into_iter().step_by(step).collect();
    let halves = in_halves(&records, |records| {
        let mut failures = Vec::new();
        let mut compared = 0;
        for record in records {
            match compare(record, &mut failures) {
                Ok(count) => compared += count,
                Err(message) => failures.push(format!("{}: {message}", record.id)),
            }
        }
        (compared, failures)
    });
    let compared: usize = halves.iter().map(|(compared, _)| compared).sum();
    let failures: Vec<String> = halves.into_iter().flat_map(|(_, failures)| failures).collect();
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    assert!(compared >= least, "only {compared} comparisons");
}

#[test]
fn feynman() {
    compare_corpus("feynman", 1, 1000);
}

#[test]
fn fpbench() {
    compare_corpus("fpbench", 1, 3000);
}

#[test]
fn ml() {
    compare_corpus("ml", 1, 1000);
}

#[test]
fn a_sample_of_rubi() {
    compare_corpus("rubi", 8, 500);
}

#[test]
#[ignore = "takes minutes"]
fn rubi() {
    compare_corpus("rubi", 1, 4105);
}
