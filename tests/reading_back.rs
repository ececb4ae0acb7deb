//! Proves that every derivative printed for a case reads back as input, and then has the same values.

#[path = "common/cases.rs"]
mod cases;

use cases::{all_inputs, cases, declarations, entries, evaluate, label, noise, output_label, sample};
use gradc::derive::{Form, Order, derive};
use gradc::graph::{ExprId, Graph};
use gradc::lower::{Entries, Shape};
use gradc::show::notation;
use gradc::source::Source;

/// Points at which values are compared.
const POINTS: usize = 3;
/// Largest relative difference of two values, beyond what rounding explains where terms cancel.
const TOLERANCE: f64 = 1e-12;
/// How much the order of operations may change, as a multiple of what moving the inputs by a few units changes.
const ROUNDING: f64 = 4.0;
/// Most inputs of a function whose second derivatives are read back.
const SECOND: usize = 4;

#[test]
fn printed_derivatives_read_back_with_the_same_values() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases() {
        let functions = gradc::read(&case.source, &[]).expect("the source is read");
        for (name, function) in functions.iter().map(|function| (function.display_name(), entries(function))) {
            let inputs = all_inputs(function);
            let scalar = function.shape == Shape::Scalar && inputs.len() <= SECOND;
            let order = if scalar { Order::Second } else { Order::First };
            for form in [Form::Pretty, Form::Raw] {
                let derivatives = derive(function, &inputs, order, form).expect("a case has derivatives");
                let mut check = |what: String, root: ExprId| {
                    count += 1;
                    if let Err(message) = compare(function, &derivatives.graph, root) {
                        failures.push(format!("{} {what} {form:?}: {message}", case.name));
                    }
                };
                for (output, row) in derivatives.first.iter().enumerate() {
                    check(output_label(name, function, output), derivatives.value[output]);
                    for (input, root) in row.iter().enumerate() {
                        check(format!("{} by {}", output_label(name, function, output), label(function, input)), *root);
                    }
                }
                for (row, column) in inputs.iter().flat_map(|row| inputs[*row..].iter().map(move |at| (*row, *at))) {
                    if order == Order::Second {
                        let what = format!("{} by {} and", name, label(function, row));
                        check(format!("{what} {}", label(function, column)), derivatives.second[row][column]);
                    }
                }
            }
        }
    }
    assert!(count > 1000, "only {count} formulas were compared");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}

fn compare(function: &Entries, graph: &Graph, root: ExprId) -> Result<(), String> {
    let text = notation::text(graph, root);
    let source = Source::new("expression", text.clone());
    let read = gradc::read(&source, &declarations(function)).map_err(|errors| format!("`{text}`\n{errors}"))?;
    let [read] = read.as_slice() else {
        return Err(format!("`{text}` reads back as {} functions", read.len()));
    };
    let Some(read) = &read.entries else { return Err(format!("`{text}` has no entries")) };
    if read.graph.inputs() != function.graph.inputs() {
        return Err(format!("`{text}` has other inputs"));
    }
    for index in 0..POINTS {
        let point = sample(function, index);
        let printed = evaluate(graph, &[root], &point)[0];
        let again = evaluate(&read.graph, &read.outputs, &point)[0];
        let same = printed == again || printed.is_nan() && again.is_nan();
        let noise = noise(graph, root, &point).max(noise(&read.graph, read.outputs[0], &point));
        let allowed = TOLERANCE * printed.abs().max(again.abs()) + ROUNDING * noise;
        let close = (printed - again).abs() <= allowed;
        if !same && !close {
            return Err(format!("{printed:e} became {again:e} at {point:?}\n    {text}"));
        }
    }
    Ok(())
}
