//! Numbers of functions of vectors and matrices, right to the last digit: from the entries of their parameters.

use super::values::{self, Number, Point};
use crate::derive::{Closed, Derivative, Form, Order, derive};
use crate::error::Diagnostic;
use crate::lower::{Entries, Whole};
use crate::tape::Dense;

/// Most numbers by which first derivatives are evaluated entry by entry, and second ones.
const MOST_FIRST: usize = 64;
const MOST_SECOND: usize = 24;

/// A matrix of computed numbers.
pub struct Numbers {
    pub rows: usize,
    pub columns: usize,
    /// The entries, row by row.
    pub entries: Vec<Number>,
}

impl Numbers {
    /// Takes numbers in double precision; `undecided` tells whether they were to be right to the last digit.
    pub fn double(dense: Dense, undecided: bool) -> Numbers {
        // A 0 has no sign.
        let number = |entry: f64| Number { value: entry + 0.0, is_undecided: undecided };
        Numbers { rows: dense.rows, columns: dense.columns, entries: dense.entries.into_iter().map(number).collect() }
    }
}

/// Computes value, first and second derivatives in the order of [`Closed::evaluate`], by the parameters `by`. None where
/// there are too many entries, where their matrices are too large to be written out, where a number is not finite, and for
/// symmetric matrices, of which the entries are not independent.
///
/// # Errors
/// A function without a derivative rule.
pub fn evaluate(
    whole: &Whole,
    closed: &Closed,
    by: &[usize],
    order: Order,
    form: Form,
    point: &Point,
) -> Result<Option<Vec<Numbers>>, Diagnostic> {
    let total: usize = whole.parameters.iter().map(|p| point.matrices[whole.input_index(p.id)].entries.len()).sum();
    let most = if order == Order::Second { MOST_SECOND } else { MOST_FIRST };
    let symmetric = whole.parameters.iter().any(|parameter| whole.graph.is_declared_symmetric(parameter.id));
    if total > most || symmetric {
        return Ok(None);
    }
    let Some(entries) = whole.at(&point.sizes) else { return Ok(None) };
    let inputs: Vec<usize> = by.iter().flat_map(|at| entries.parameters[*at].inputs.clone()).collect();
    let mut derivatives = derive(&entries, &inputs, order, form)?;
    let numbers = values::evaluate(&derivatives.tape(), &point.coordinates(whole), false);
    // Cofactors over a determinant of 0 are infinite here and there, where the inverse is none.
    if !numbers.iter().all(|number| number.value.is_finite()) {
        return Ok(None);
    }
    let layout = Layout { entries: &entries, by, inputs: inputs.len(), numbers };
    let mut answers = vec![layout.value()];
    for (at, derivative) in closed.first.iter().enumerate() {
        answers.push(if is_matrix(derivative) { layout.first(at) } else { layout.value() });
    }
    let pairs = (0..by.len()).flat_map(|row| (row..by.len()).map(move |column| (row, column)));
    for (derivative, (row, column)) in closed.second.iter().zip(pairs) {
        answers.push(if is_matrix(derivative) { layout.second(row, column) } else { layout.value() });
    }
    Ok(Some(answers))
}

fn is_matrix(derivative: &Derivative) -> bool {
    matches!(derivative, Derivative::Matrix(_))
}

/// Numbers in the order of a tape: the value, the first derivatives row by row, and the second ones on and above the
/// diagonal.
struct Layout<'a> {
    entries: &'a Entries,
    by: &'a [usize],
    /// How many inputs the derivatives are by.
    inputs: usize,
    numbers: Vec<Number>,
}

impl Layout<'_> {
    fn sides(&self, parameter: usize) -> (usize, usize) {
        sides(self.entries.parameters[self.by[parameter]].shape)
    }

    /// Returns the places of a parameter among the inputs.
    fn places(&self, parameter: usize) -> std::ops::Range<usize> {
        let count = |at: usize| self.entries.parameters[self.by[at]].inputs.len();
        let start = (0..parameter).map(count).sum();
        start..start + count(parameter)
    }

    fn value(&self) -> Numbers {
        let (rows, columns) = sides(self.entries.shape);
        Numbers { rows, columns, entries: self.numbers[..rows * columns].to_vec() }
    }

    fn first(&self, parameter: usize) -> Numbers {
        let ((height, width), (rows, columns)) = (sides(self.entries.shape), self.sides(parameter));
        let count = height * width;
        let places = self.places(parameter);
        let entry = |row: usize, place: usize| self.numbers[count + row * self.inputs + place];
        let entries = (0..count).flat_map(|row| places.clone().map(move |place| entry(row, place))).collect();
        let (rows, columns) = match (count, rows * columns) {
            (1, _) => (rows, columns),
            (_, 1) => (height, width),
            (_, by) => (count, by),
        };
        Numbers { rows, columns, entries }
    }

    fn second(&self, row: usize, column: usize) -> Numbers {
        let ((rows, columns), other) = (self.sides(row), self.sides(column));
        let start = 1 + self.inputs;
        let entry = |a: usize, b: usize| {
            let (a, b) = (a.min(b), a.max(b));
            self.numbers[start + a * self.inputs - a * (a + 1) / 2 + b]
        };
        let (left, right) = (self.places(row), self.places(column));
        let entries = left.flat_map(|a| right.clone().map(move |b| entry(a, b))).collect();
        let (rows, columns) = if other == (1, 1) { (rows, columns) } else { (rows * columns, other.0 * other.1) };
        Numbers { rows, columns, entries }
    }
}

fn sides(shape: crate::lower::Shape) -> (usize, usize) {
    use crate::lower::Shape;
    match shape {
        Shape::Scalar => (1, 1),
        Shape::Vector(n) => (n, 1),
        Shape::Matrix(n, m) => (n, m),
        Shape::Tensor(n, m, k) => (n * m, k),
    }
}
