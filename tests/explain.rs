//! Proves of derivations that every line is equal to the one before and reads back, that no line says the same twice,
//! that the textbook's derivations are short, and that every function of the cases and corpora has one.
#![allow(clippy::panic)]

#[path = "common/cases.rs"]
mod cases;
#[path = "common/halves.rs"]
mod halves;

use cases::{all_inputs, cases, declarations, root};
use gradc::explain::{Derivation, Line, explain};
use gradc::lower::{Declaration, Entries, Formulas};
use gradc::source::Source;
use gradc::tape::schedule;
use halves::in_halves;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Derivations that are recorded, with the parameter to derive by.
const RECORDED: &[(&str, &str, &str)] = &[
    ("sigmoid", "1/(1 + exp(-x))", "x"),
    ("tanh_by_exp", "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "x"),
    ("softplus", "ln(1 + exp(x))", "x"),
    ("logistic_loss", "-y*ln(sigmoid(x)) - (1 - y)*ln(1 - sigmoid(x))", "x"),
    ("logistic_loss_by_exp", "-y*ln(1/(1 + exp(-x))) - (1 - y)*ln(1 - 1/(1 + exp(-x)))", "x"),
    ("ln_cosh", "ln(cosh(x))", "x"),
    ("ln_cosh_by_exp", "ln((exp(x) + exp(-x))/2)", "x"),
    ("gaussian_log_density", "-(x - mu)^2/(2*s^2) - ln(s) - ln(2*pi)/2", "s"),
    ("gaussian_density", "exp(-(x - mu)^2/(2*s^2))/(s*sqrt(2*pi))", "x"),
    ("neuron", "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))", "w0"),
    ("power_tower", "x^x", "x"),
    ("product_rule", "x^2*sin(x)", "x"),
    ("quotient_rule", "sin(x)/x", "x"),
    ("rational", "x/(1 + x^2)", "x"),
    ("root", "sqrt(1 + x^2)", "x"),
    ("root_times_gaussian", "sqrt(x)*exp(-x^2)", "x"),
    ("pythagoras", "sin(x)^2 + cos(x)^2", "x"),
    ("hinge", "max(0, 1 - y*x)", "x"),
    ("nested", "exp(sin(cos(x)))", "x"),
    ("two_branches", "sin(x*y)*cos(x + y)", "x"),
    ("angle", "atan2(y, x)", "x"),
    ("norm", "norm2([x, y])", "x"),
    ("softmax", "logsumexp([x, y, z])", "x"),
    ("normal_distribution", "(1 + erf(x/sqrt(2)))/2", "x"),
    ("inverse_sinh", "ln(x + sqrt(x^2 + 1))", "x"),
    ("linear", "3*x + 1", "x"),
    ("rewritten", "ln(exp(x)) + x/x", "x"),
];
/// Points at which lines are compared: values of the parameters, in turn.
const POINTS: &[f64] = &[0.7, 1.3, 0.35, 2.1, 0.9, 1.7, 0.55];
/// Most lines after the chain rule in the derivative of a sigmoid.
const MOST_LINES: usize = 8;

fn read(text: &str) -> Entries {
    gradc::read(&Source::new("expression", text), &[])
        .expect("the source is read")
        .remove(0)
        .entries
        .expect("it has entries")
}

fn derivation(text: &str, by: &str) -> Derivation {
    let function = read(text);
    let by = function.parameter(by).expect("a parameter").inputs.start;
    explain(&function, 0, by).expect("there is a derivative")
}

/// Evaluates a line, as it is printed, at some points.
fn values(line: &Line, names: &[(String, Line)], declarations: &[Declaration], inputs: usize) -> Vec<f64> {
    let lets: String = names.iter().map(|(name, value)| format!("let {name} = {}; ", value.text())).collect();
    let text = if lets.is_empty() { line.text() } else { format!("{{ {lets}{} }}", line.text()) };
    let read = gradc::read(&Source::new("line", text.clone()), declarations);
    let mut function = read.expect(&text).remove(0).entries.expect(&text);
    let outputs = gradc::diff::resolve(&mut Default::default(), &mut function.graph, &function.outputs);
    let outputs = outputs.expect("the derivatives have rules");
    let tape = schedule(&mut function.graph, &mut Formulas::default(), &outputs);
    let point = |start: usize| (0..inputs).map(move |at| POINTS[(start + at) % POINTS.len()]).collect::<Vec<_>>();
    (0..POINTS.len()).map(|start| tape.evaluate(&point(start))[0]).collect()
}

/// Returns what is wrong with a derivation.
fn faults(derivation: &Derivation, function: &Entries) -> Vec<String> {
    let declared = declarations(function);
    let inputs = function.graph.inputs().len();
    let mut faults = Vec::new();
    let mut before: Option<(String, Vec<f64>)> = None;
    for line in &derivation.lines {
        let values = values(line, &derivation.names, &declared, inputs);
        if let Some((text, known)) = &before {
            if *text == line.text() {
                faults.push(format!("{text} stands there twice"));
            }
            for (a, b) in known.iter().zip(&values) {
                let close = (a - b).abs() <= 1e-8 * (1.0 + a.abs());
                // A line may be defined, or not overflow, where the one before is not.
                if a.is_finite() && !close {
                    faults.push(format!("{text} is {a}, but {} is {b}", line.text()));
                    break;
                }
            }
        }
        before = Some((line.text(), values));
    }
    faults
}

fn written(derivation: &Derivation) -> String {
    let mut out = String::new();
    for line in &derivation.lines {
        out += &format!("= {}\n", line.text());
        if let Some(reason) = &line.reason {
            out += &format!("    {}\n", reason.text());
        }
    }
    derivation.names.iter().for_each(|(name, line)| out += &format!("where {name} = {}\n", line.text()));
    out
}

#[test]
fn recorded_derivations_are_as_recorded() {
    let mut wrong = Vec::new();
    for (name, text, by) in RECORDED {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("snapshots/explain"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = format!("d/d{by} {text}\n{}", written(&derivation(text, by)));
        let check = || settings.bind(|| insta::assert_snapshot!(*name, text));
        let checked = catch_unwind(AssertUnwindSafe(check));
        wrong.extend(checked.is_err().then_some(*name));
    }
    assert!(wrong.is_empty(), "not as recorded: {}", wrong.join(", "));
}

#[test]
fn every_line_of_the_recorded_derivations_is_equal_to_the_one_before() {
    for (_, text, by) in RECORDED {
        let faults = faults(&derivation(text, by), &read(text));
        assert!(faults.is_empty(), "{text}: {}", faults.join("\n"));
    }
}

#[test]
fn the_sigmoid_goes_the_way_of_the_lecture() {
    let lines = derivation("1/(1 + exp(-x))", "x").lines;
    let texts: Vec<String> = lines.iter().map(Line::text).collect();
    let chain = texts.iter().rposition(|text| text.contains("diff(")).expect("there is a chain rule") + 1;
    assert!(texts.len() - chain <= MOST_LINES, "{texts:#?}");
    let lecture = ["exp(-x)/(1 + exp(-x))^2", "(1 + exp(-x) - 1)/(1 + exp(-x))^2", "s*(1 - s)"];
    let mut at = 0;
    for line in lecture {
        at += texts[at..].iter().position(|text| text == line).unwrap_or_else(|| panic!("no {line} in {texts:#?}"));
    }
}

#[test]
fn the_last_line_is_what_is_printed_elsewhere() {
    for (_, text, by) in RECORDED {
        let function = read(text);
        let input = function.parameter(by).expect("a parameter").inputs.start;
        let derivation = derivation(text, by);
        let printed =
            gradc::derive::derive(&function, &[input], gradc::derive::Order::First, gradc::derive::Form::Pretty);
        let printed = printed.expect("there is a derivative");
        let shown = gradc::show::notation::text(&printed.graph, printed.first[0][0]);
        let last = derivation.lines.last().expect("a derivation has lines");
        match derivation.names.is_empty() {
            true => assert_eq!(last.text(), shown),
            false => assert!(last.text().len() <= shown.len(), "{} for {shown}", last.text()),
        }
    }
}

#[test]
fn every_function_of_the_cases_is_explained() {
    let mut wrong = Vec::new();
    for case in cases() {
        for function in gradc::read(&case.source, &[]).expect("the source is read") {
            let function = function.entries.expect("a case has entries");
            for by in all_inputs(&function).into_iter().take(2) {
                let derivation = explain(&function, 0, by).expect("a case has derivatives");
                wrong.extend(faults(&derivation, &function).into_iter().map(|fault| format!("{}: {fault}", case.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn expressions_of_the_corpora_are_explained() {
    let mut records = Vec::new();
    for path in cases::files(&root().join("tests/corpora"), "jsonl") {
        let text = fs::read_to_string(&path).expect("a corpus is text");
        records.extend(text.lines().step_by(10).map(String::from));
    }
    let halves = in_halves(&records, |records| {
        let mut count = 0;
        let mut wrong = Vec::new();
        for record in records {
            let record: serde_json::Value = serde_json::from_str(record).expect("a corpus has JSON lines");
            let Some(expression) = record["expr"].as_str() else { continue };
            let Ok(mut functions) = gradc::read(&Source::new("expression", expression), &[]) else { continue };
            let Some(function) = functions.remove(0).entries else { continue };
            if function.parameters.is_empty() {
                continue;
            }
            match explain(&function, 0, 0) {
                Ok(derivation) => wrong.extend(faults(&derivation, &function)),
                Err(error) => wrong.push(format!("{expression}: {error:?}")),
            }
            count += 1;
        }
        (count, wrong)
    });
    let count: usize = halves.iter().map(|(count, _)| count).sum();
    let wrong: Vec<String> = halves.into_iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 40, "only {count} expressions");
}
