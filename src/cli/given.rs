//! What is given for parameters: numbers, and lists of them in lists, as constant expressions and in JSON.

use crate::error::{Diagnostic, Errors, Fault};
use crate::lower::{Formulas, Shape, WholeParameter};
use crate::precise::{Coordinate, Evaluator};
use crate::source::Source;
use crate::tape::{Dense, Slot, Tape, schedule};
use serde_json::Value;

/// Numbers, and how deep the lists are in which they are given: 0 for a number.
pub(super) struct Given {
    pub numbers: Dense,
    pub depth: usize,
    /// How many rows each matrix of a list of matrices has.
    pub layers: Option<usize>,
    /// The entries as they are given; none for doubles.
    pub exact: Vec<Coordinate>,
}

impl Given {
    /// Tells whether this is `[]` for a matrix, which does not say how many columns that has.
    pub(super) fn is_without_columns(&self, parameter: &WholeParameter) -> bool {
        parameter.shape.indices() >= 2 && self.numbers.rows == 0 && self.depth == 1
    }
}

/// How deep the lists are in which numbers of a shape are given.
pub(super) fn depth_of(shape: Shape) -> usize {
    match shape {
        Shape::Scalar => 0,
        Shape::Vector(_) => 1,
        Shape::Matrix(..) => 2,
        Shape::Tensor(..) => 3,
    }
}

/// Refuses lists that are not as deep as a parameter's shape says.
pub(super) fn require_nested(name: &str, wanted: usize, given: usize, count: usize) -> Result<(), Errors> {
    if wanted == given || count == 0 {
        return Ok(());
    }
    let (what, hint) = match wanted {
        0 => ("a number", "write it without brackets: `1`"),
        1 => ("a vector", "a vector is a list of numbers: `[1, 2]`"),
        3 => ("a tensor", "a tensor is a list of matrices: `[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]`"),
        _ => ("a matrix", "a matrix is a list of its rows: `[[1], [2]]` has one column, `[[1, 2]]` one row"),
    };
    let form = ["a number", "a list of numbers", "a list of rows", "a list of matrices"][given.min(3)];
    let diagnostic = Diagnostic::general(Fault::Point, format!("`{name}` is {what}, and {form} is given"));
    Err(Errors::new(&Source::default(), vec![diagnostic.hint(hint)]))
}

/// Refuses values that no double holds.
pub(super) fn require_finite(name: &str, values: impl IntoIterator<Item = f64>) -> Result<(), Errors> {
    let Some(value) = values.into_iter().find(|value| !value.is_finite()) else { return Ok(()) };
    let message = match value.is_nan() {
        true => format!("the value of `{name}` is not a number"),
        false => format!("the value of `{name}` is too large for a double"),
    };
    let diagnostic = Diagnostic::general(Fault::Point, message);
    Err(Errors::new(&Source::default(), vec![diagnostic.hint("values are finite, at most about 1.8e308 in size")]))
}

/// Reads a number, a list of numbers, or a list of rows of one length.
///
/// # Errors
/// Anything else.
pub(super) fn array(name: &str, value: &Value) -> Result<Given, Errors> {
    let wrong = |message: &str| Errors::general(Fault::Point, format!("`{name}`: {message}"));
    let is_matrix = |value: &Value| value.as_array().is_some_and(|rows| rows.iter().any(Value::is_array));
    if let Some(list) = value.as_array().filter(|list| list.iter().any(is_matrix)) {
        let matrices: Vec<Given> = list.iter().map(|matrix| array(name, matrix)).collect::<Result<_, _>>()?;
        let sides = |own: &Given| (own.numbers.rows, own.numbers.columns, own.depth);
        let (rows, columns, _) = sides(&matrices[0]);
        if matrices.iter().any(|own| sides(own) != (rows, columns, 2)) {
            return Err(wrong("the matrices of a tensor have the same numbers of rows and columns"));
        }
        let entries = matrices.iter().flat_map(|own| own.numbers.entries.iter().copied()).collect();
        let numbers = Dense { rows: rows * matrices.len(), columns, entries };
        return Ok(Given { numbers, depth: 3, layers: Some(rows), exact: Vec::new() });
    }
    let rows: Vec<&[Value]> = match value {
        Value::Array(rows) => {
            rows.iter().map(|row| row.as_array().map_or(std::slice::from_ref(row), Vec::as_slice)).collect()
        }
        number => vec![std::slice::from_ref(number)],
    };
    let columns = rows.first().map_or(1, |row| row.len());
    let nested = value.as_array().map_or(0, |rows| rows.iter().filter(|row| row.is_array()).count());
    if rows.iter().any(|row| row.len() != columns) || (nested != 0 && nested != rows.len()) {
        return Err(wrong("the rows of a matrix have the same length"));
    }
    let entries = rows.iter().flat_map(|row| row.iter().map(Value::as_f64)).collect::<Option<Vec<f64>>>();
    let entries = entries.ok_or_else(|| wrong("a number, a list of numbers or a list of rows is expected"))?;
    let depth = usize::from(value.is_array()) + usize::from(nested > 0);
    Ok(Given { numbers: Dense { rows: rows.len(), columns, entries }, depth, layers: None, exact: Vec::new() })
}

/// Writes how many numbers are given: `3 numbers`, `2 rows of 3 numbers`.
pub(super) fn size(given: &Dense) -> String {
    match given.columns {
        1 => format!("{} numbers", given.rows),
        columns => format!("{} rows of {columns} numbers", given.rows),
    }
}

/// Splits at the commas that are in no bracket.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Evaluates a constant expression: a number, a vector or a matrix.
pub(super) fn constants(text: &str) -> Result<(Shape, Vec<Coordinate>), Errors> {
    if let Some(shape) = empty(text) {
        return Ok((shape, Vec::new()));
    }
    let source = Source::new("--at", text.trim());
    let functions = crate::read(&source, &[])?;
    let Some(function) = functions.into_iter().next_back() else {
        return Ok((Shape::Scalar, Vec::new()));
    };
    if let Some(parameter) = function.whole.parameters.first() {
        let message = format!("`{}` is not a number", parameter.name);
        return Err(Errors::new(&source, vec![Diagnostic::general(Fault::Point, message)]));
    }
    let mut entries = super::input::entries(&function)?.clone();
    let tape = schedule(&mut entries.graph, &mut Formulas::default(), &entries.outputs);
    let mut evaluator = Evaluator::default();
    let entry = |output: &Slot| Tape { operations: tape.operations.clone(), outputs: vec![*output] };
    let coordinates = tape.outputs.iter().map(|output| Coordinate::new(&mut evaluator, entry(output)));
    Ok((entries.shape, coordinates.collect()))
}

/// Evaluates a list of matrices.
pub(super) fn matrices(text: &str) -> Result<(Shape, Vec<Coordinate>), Errors> {
    let inside = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let parts = inside.map(split).unwrap_or_default();
    let (mut shape, mut entries, mut count) = (None, Vec::new(), 0);
    for part in parts {
        let (own, numbers) = constants(part)?;
        if *shape.get_or_insert(own) != own {
            return Err(Errors::general(
                Fault::Point,
                "the matrices of a tensor have the same numbers of rows and columns",
            ));
        }
        entries.extend(numbers);
        count += 1;
    }
    Ok(match shape {
        Some(Shape::Matrix(rows, columns)) => (Shape::Tensor(count, rows, columns), entries),
        Some(Shape::Vector(columns)) => (Shape::Matrix(count, columns), entries),
        Some(Shape::Scalar) => (Shape::Vector(count), entries),
        _ => constants(text)?,
    })
}

/// Reads what has no entries: `[]`, or `[[], []]`.
pub(super) fn empty(text: &str) -> Option<Shape> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    match inside {
        "" => Some(Shape::Vector(0)),
        rows => rows.split(',').all(|row| row == "[]").then(|| Shape::Matrix(rows.split(',').count(), 0)),
    }
}
