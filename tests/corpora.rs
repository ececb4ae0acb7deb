//! Values, gradients and Hessians of all expressions of the corpora equal their references, and the derivatives of the
//! antiderivatives equal their integrands.

mod common;
#[path = "common/halves.rs"]
mod halves;

use common::{CORPORA, Point, Record, matches, read, records};
use gradc::derive::{Form, Order, derive};
use gradc::tape::Tape;
use halves::in_halves;

/// What was compared.
#[derive(Default)]
struct Tally {
    points: usize,
    gradient_entries: usize,
    hessian_entries: usize,
    integrands: usize,
    ill_conditioned: usize,
    failures: Vec<String>,
}

impl Tally {
    fn with(mut self, other: Tally) -> Tally {
        self.points += other.points;
        self.gradient_entries += other.gradient_entries;
        self.hessian_entries += other.hessian_entries;
        self.integrands += other.integrands;
        self.ill_conditioned += other.ill_conditioned;
        self.failures.extend(other.failures);
        self
    }

    fn compare(&mut self, what: &str, record: &Record, point: &Point, value: f64, reference: f64) {
        if matches(value, reference, point.scale()) {
            return;
        }
        if point.is_well_conditioned() {
            self.failures.push(format!("{}: {what} is {value:e}, not {reference:e}, at {:?}", record.id, point.at));
        } else {
            self.ill_conditioned += 1;
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), String> {
        let first = tape(&record.expression, &record.variables, Order::First)?;
        let second = match record.points.iter().any(|point| !point.hessian.is_empty()) {
            true => Some(tape(&record.expression, &record.variables, Order::Second)?),
            false => None,
        };
        let integrand = match &record.derivative {
            Some(text) => Some(tape(text, &record.variables, Order::Value)?),
            None => None,
        };
        for point in &record.points {
            self.points += 1;
            let values = first.evaluate(&point.at);
            self.compare("the value", record, point, values[0], point.value);
            for (input, reference) in &point.gradient {
                self.gradient_entries += 1;
                let what = format!("the derivative by {}", record.variables[*input]);
                self.compare(&what, record, point, values[1 + input], *reference);
            }
            if let Some(second) = &second {
                self.second(record, point, &second.evaluate(&point.at));
            }
            if let (Some(integrand), Some(reference)) = (&integrand, point.integrand) {
                self.integrands += 1;
                let value = integrand.evaluate(&point.at)[0];
                self.compare("the integrand", record, point, value, reference);
            }
        }
        Ok(())
    }

    fn second(&mut self, record: &Record, point: &Point, values: &[f64]) {
        let count = record.variables.len();
        self.compare("the value beside the Hessian", record, point, values[0], point.value);
        for (input, reference) in &point.gradient {
            let what = format!("the derivative by {} beside the Hessian", record.variables[*input]);
            self.compare(&what, record, point, values[1 + input], *reference);
        }
        for (row, column, reference) in &point.hessian {
            self.hessian_entries += 1;
            let what = format!("the derivative by {} and {}", record.variables[*row], record.variables[*column]);
            let before: usize = (0..*row).map(|row| count - row).sum();
            self.compare(&what, record, point, values[1 + count + before + column - row], *reference);
        }
    }
}

fn tape(text: &str, variables: &[String], order: Order) -> Result<Tape, String> {
    let function = read(text, variables)?.entries.ok_or("there are no entries")?;
    let all: Vec<usize> = (0..variables.len()).collect();
    let mut derivatives = derive(&function, &all, order, Form::Code).map_err(|diagnostic| diagnostic.message)?;
    Ok(derivatives.tape())
}

/// Compares a whole corpus, which holds so many points, Hessian entries and integrands.
fn compare(corpus: &str, points: usize, hessian_entries: usize, integrands: usize) {
    let records = records(corpus);
    let (_, count) = CORPORA.iter().find(|(name, _)| *name == corpus).expect("a known corpus");
    assert_eq!(records.len(), *count);
    let halves = in_halves(&records, |records| {
        let mut tally = Tally::default();
        for record in records {
            if let Err(message) = tally.record(record) {
                tally.failures.push(format!("{}: {message}", record.id));
            }
        }
        tally
    });
    let tally = halves.into_iter().fold(Tally::default(), Tally::with);
    let (failed, apart) = (tally.failures.len(), tally.ill_conditioned);
    assert!(failed == 0, "{failed} failures, {apart} apart at ill-conditioned points\n{}", tally.failures.join("\n"));
    assert_eq!((tally.points, tally.hessian_entries, tally.integrands), (points, hessian_entries, integrands));
    assert!(tally.gradient_entries >= points);
}

#[test]
fn feynman() {
    compare("feynman", 270, 930, 0);
}

#[test]
fn fpbench() {
    compare("fpbench", 1400, 570, 0);
}

#[test]
fn ml() {
    compare("ml", 395, 875, 0);
}

#[test]
fn rubi() {
    compare("rubi", 4105, 270, 4105);
}

#[test]
fn values_far_from_their_references_do_not_match() {
    assert!(matches(1.0 + 1e-10, 1.0, 1.0));
    assert!(!matches(1.0 + 1e-8, 1.0, 1.0));
    assert!(matches(1e-13, 0.0, 0.5) && matches(1e-11, 0.0, 100.0));
    assert!(!matches(1e-11, 0.0, 1.0));
    assert!(!matches(f64::NAN, 1.0, 1.0) && !matches(f64::NAN, 0.0, 1.0) && !matches(f64::INFINITY, 1.0, 1.0));
}
