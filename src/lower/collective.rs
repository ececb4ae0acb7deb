//! Functions of whole vectors, written out entry by entry.

use super::algebra::sides;
use super::gates::{Gates, numbers};
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::functions::{Arity, FunctionId, rows};
use crate::graph::{ExprId, Rational};
use crate::source::Span;

/// Applies a folded or collective function.
///
/// # Errors
/// Shapes that the function does not take.
pub fn apply(
    gates: &mut Gates<'_>,
    function: FunctionId,
    values: &[Value],
    spans: &[Span],
    span: Span,
) -> Result<Value, Diagnostic> {
    let name = function.row().name;
    if values.iter().any(Value::is_in_one_piece) && (function.row().arity == Arity::Collective || values.len() == 1) {
        return gates.whole_collective(name, values, spans, span);
    }
    if function.row().arity == Arity::Folded {
        return folded(gates, function, values, spans, span);
    }
    let (shape, entries) = numbers(&values[0], spans[0])?;
    if entries.is_empty() && !matches!(name, "sum" | "prod" | "norm1" | "norm2" | "dot") {
        return Err(Diagnostic::new(Fault::NoEntry, span, format!("`{name}` needs at least one entry"))
            .label(shape.to_string()));
    }
    let plain = |entries: &[ExprId]| entries.iter().map(|id| (*id, false)).collect::<Vec<_>>();
    let squares = |gates: &mut Gates<'_>| -> Vec<(ExprId, bool)> {
        let two = Rational::integer(2);
        entries.iter().map(|id| (gates.product(&[(*id, two.clone())]), false)).collect()
    };
    let result = match name {
        "sum" => gates.sum(&plain(entries)),
        "prod" => {
            let factors: Vec<_> = entries.iter().map(|id| (*id, Rational::ONE)).collect();
            gates.product(&factors)
        }
        "mean" => {
            let total = gates.sum(&plain(entries));
            let count = gates.graph.integer(entries.len() as i64);
            gates.quotient(total, count)
        }
        "norm1" => {
            let terms: Vec<_> = entries.iter().map(|id| (gates.apply(rows::ABS, &[*id]), false)).collect();
            gates.sum(&terms)
        }
        "norm2" => {
            let terms = squares(gates);
            let total = gates.sum(&terms);
            gates.apply(rows::SQRT, &[total])
        }
        "dot" => {
            let (other, right) = numbers(&values[1], spans[1])?;
            if sides(other) != sides(shape) {
                return Err(Diagnostic::new(
                    Fault::Shapes,
                    span,
                    format!("`dot` takes two vectors of one length, not {shape} and {other}"),
                ));
            }
            let terms: Vec<_> = entries
                .iter()
                .zip(right)
                .map(|(a, b)| (gates.product(&[(*a, Rational::ONE), (*b, Rational::ONE)]), false))
                .collect();
            gates.sum(&terms)
        }
        "logsumexp" | "softmax" | "log_softmax" | "logsumexp_rows" | "softmax_rows" | "log_softmax_rows" => {
            return gates.shares(name, shape, entries, span);
        }
        _ => {
            return Err(Diagnostic::new(Fault::Shapes, span, format!("`{name}` is not supported here yet")));
        }
    };
    Ok(Value::Scalar(result))
}

/// Folds a function of two arguments over all entries of one vector, or over several values entry by entry.
fn folded(
    gates: &mut Gates<'_>,
    function: FunctionId,
    values: &[Value],
    spans: &[Span],
    span: Span,
) -> Result<Value, Diagnostic> {
    let fold = |gates: &mut Gates<'_>, entries: &[ExprId]| {
        let (first, rest) = entries.split_first()?;
        Some(rest.iter().fold(*first, |so_far, next| gates.apply(function, &[so_far, *next])))
    };
    if let [value] = values {
        let entries = numbers(value, spans[0])?.1;
        let folded = fold(gates, entries);
        let empty =
            || Diagnostic::new(Fault::NoEntry, span, format!("`{}` needs at least one entry", function.row().name));
        return Ok(Value::Scalar(folded.ok_or_else(empty)?));
    }
    gates.elementwise(values, spans, span, |gates, entries| fold(gates, entries).unwrap_or(entries[0]))
}
