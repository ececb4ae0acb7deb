//! Evaluation of plans: dense matrices in double precision, row by row.

use super::looped::{Looped, Part, Place};
use super::places::Data;
use super::plan::{Computation, Plan};
use super::scanned::Scanned;
use crate::graph::{Dimension, ExprId, Extents, Extreme, Graph, Kept, MatrixOperation as M, Rational, Sizes};
use crate::limits;
use rustc_hash::FxHashMap;

/// A matrix of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The entries, row by row.
    pub entries: Vec<f64>,
}

impl Dense {
    fn of(extents: &Extents, sizes: &Sizes, entry: impl Fn(usize, usize) -> f64) -> Option<Dense> {
        let (rows, columns) = (extents.rows.evaluate(sizes)?, extents.columns.evaluate(sizes)?);
        if rows.checked_mul(columns)? > limits::EVALUATED_ENTRIES {
            return None;
        }
        let entries = (0..rows * columns).map(|at| entry(at / columns, at % columns)).collect();
        Some(Dense { rows, columns, entries })
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.columns + column]
    }

    fn times(&self, other: &Dense) -> Dense {
        // A number scales.
        if self.entries.len() == 1 && other.rows != 1 {
            return other.map(|entry| self.entries[0] * entry);
        }
        if other.entries.len() == 1 && self.columns != 1 {
            return self.map(|entry| entry * other.entries[0]);
        }
        let mut entries = vec![0.0; self.rows * other.columns];
        for row in 0..self.rows {
            for k in 0..self.columns {
                let factor = self.at(row, k);
                for column in 0..other.columns {
                    entries[row * other.columns + column] += factor * other.at(k, column);
                }
            }
        }
        Dense { rows: self.rows, columns: other.columns, entries }
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Dense {
        Dense { entries: self.entries.iter().map(|entry| f(*entry)).collect(), ..*self }
    }

    /// Factors into lower and upper triangles with the rows exchanged so that pivots are large (Golub and Van Loan,
    /// Matrix Computations, 2013, algorithm 3.4.1). Returns the factors in one matrix, the order of the rows, and
    /// whether their number of exchanges is odd.
    fn factors(&self) -> (Dense, Vec<usize>, bool) {
        let n = self.rows;
        let mut a = self.clone();
        let mut order: Vec<usize> = (0..n).collect();
        let mut odd = false;
        for k in 0..n {
            let pivot = (k..n).max_by(|i, j| a.at(*i, k).abs().total_cmp(&a.at(*j, k).abs())).unwrap_or(k);
            if pivot != k {
                (0..n).for_each(|column| a.entries.swap(k * n + column, pivot * n + column));
                order.swap(k, pivot);
                odd = !odd;
            }
            for row in k + 1..n {
                let factor = a.at(row, k) / a.at(k, k);
                a.entries[row * n + k] = factor;
                for column in k + 1..n {
                    a.entries[row * n + column] -= factor * a.at(k, column);
                }
            }
        }
        (a, order, odd)
    }

    fn determinant(&self) -> f64 {
        if self.rows == 0 {
            return 1.0;
        }
        if self.entries.iter().all(|entry| *entry == 0.0) {
            return 0.0;
        }
        let (factors, _, odd) = self.factors();
        let product: f64 = (0..self.rows).map(|k| factors.at(k, k)).product();
        let determinant = if odd { -product } else { product };
        // A pivot of 0 leaves the rest undefined, and the determinant is 0.
        if factors.has_no_pivot() { 0.0 } else { determinant }
    }

    /// Tells of the factors of a matrix whether it is singular.
    fn has_no_pivot(&self) -> bool {
        (0..self.rows).any(|k| self.at(k, k) == 0.0)
    }

    /// The logarithm of the determinant; NaN if that is not positive.
    fn log_determinant(&self) -> f64 {
        let (factors, _, odd) = self.factors();
        let mut negative = odd;
        let mut logarithm = 0.0;
        for k in 0..self.rows {
            negative ^= factors.at(k, k) < 0.0;
            logarithm += factors.at(k, k).abs().ln();
        }
        if negative || factors.has_no_pivot() { f64::NAN } else { logarithm }
    }

    /// The inverse; NaN if the matrix is singular.
    fn inverse(&self) -> Dense {
        let n = self.rows;
        let (factors, order, _) = self.factors();
        if factors.has_no_pivot() {
            return self.map(|_| f64::NAN);
        }
        let mut inverse = Dense { rows: n, columns: n, entries: vec![0.0; n * n] };
        for column in 0..n {
            let mut x: Vec<f64> = order.iter().map(|row| f64::from(u8::from(*row == column))).collect();
            for row in 0..n {
                for k in 0..row {
                    x[row] -= factors.at(row, k) * x[k];
                }
            }
            for row in (0..n).rev() {
                for k in row + 1..n {
                    x[row] -= factors.at(row, k) * x[k];
                }
                x[row] /= factors.at(row, row);
            }
            (0..n).for_each(|row| inverse.entries[row * n + column] = x[row]);
        }
        inverse
    }

    /// The adjugate, also of a singular matrix: by elimination with the largest pivot of what is left, which divides by
    /// all pivots but the last (Stewart, On the adjugate matrix, Linear Algebra and its Applications 283, 1998).
    fn adjugate(&self) -> Dense {
        let n = self.rows;
        let mut left = self.clone();
        let mut right = Dense { rows: n, columns: n, entries: vec![0.0; n * n] };
        (0..n).for_each(|k| right.entries[k * n + k] = 1.0);
        let Some(last) = n.checked_sub(1) else { return right };
        let (mut scale, mut order) = (1.0, Vec::with_capacity(n));
        for k in 0..last {
            let places = (k..n).flat_map(|row| (k..n).map(move |column| (row, column)));
            let size = |(row, column): (usize, usize)| left.at(row, column).abs();
            let place = places.max_by(|a, b| size(*a).total_cmp(&size(*b)));
            let (row, column) = place.unwrap_or((k, k));
            let pivot = left.at(row, column);
            if pivot == 0.0 || pivot.is_nan() {
                return self.map(|_| pivot);
            }
            order.push(column);
            scale *= if (row == k) == (column == k) { pivot } else { -pivot };
            for j in 0..n {
                left.entries.swap(k * n + j, row * n + j);
                right.entries.swap(k * n + j, row * n + j);
            }
            (0..n).for_each(|i| left.entries.swap(i * n + k, i * n + column));
            for matrix in [&mut left, &mut right] {
                matrix.entries[k * n..][..n].iter_mut().for_each(|entry| *entry /= pivot);
            }
            for i in (0..n).filter(|i| *i != k) {
                let factor = left.at(i, k);
                for matrix in [&mut left, &mut right] {
                    (0..n).for_each(|j| matrix.entries[i * n + j] -= factor * matrix.at(k, j));
                }
            }
        }
        let pivot = left.at(last, last);
        for i in 0..last {
            let factor = left.at(i, last);
            for j in 0..n {
                right.entries[i * n + j] = scale * (pivot * right.at(i, j) - factor * right.at(last, j));
            }
        }
        right.entries[last * n..].iter_mut().for_each(|entry| *entry *= scale);
        for (k, column) in order.into_iter().enumerate().rev() {
            (0..n).for_each(|j| right.entries.swap(k * n + j, column * n + j));
        }
        right
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.entries[row * self.columns..][..self.columns]
    }
}

fn log_sum_exp(entries: &[f64]) -> f64 {
    let largest = entries.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + entries.iter().map(|entry| (entry - largest).exp()).sum::<f64>().ln()
}

impl Plan {
    /// Computes the outputs for the given parameters, which are counted as the inputs of the plan's graph are. None if a dimension
    /// has no size, or a matrix is too large.
    pub fn evaluate(&self, graph: &Graph, inputs: &[Dense], sizes: &Sizes) -> Option<Vec<Dense>> {
        let mut values: FxHashMap<ExprId, Dense> = FxHashMap::default();
        self.run(Data { graph, inputs }, sizes, &mut values)?;
        self.outputs.iter().map(|id| values.get(id).cloned()).collect()
    }

    /// Computes the steps beside what is known.
    fn run(&self, data: Data<'_>, sizes: &Sizes, values: &mut FxHashMap<ExprId, Dense>) -> Option<()> {
        for step in &self.steps {
            let value = match &step.computation {
                Computation::Loop(looped) => {
                    looped.run(data, sizes, values)?;
                    continue;
                }
                Computation::Numbers(tape, operands, results) => {
                    let arguments: Vec<f64> = operands.iter().map(|id| values[id].entries[0]).collect();
                    let numbers = tape.evaluate(&arguments).into_iter();
                    let numbers = numbers.map(|number| Dense { rows: 1, columns: 1, entries: vec![number] });
                    values.extend(results.iter().copied().zip(numbers));
                    continue;
                }
                Computation::Scan(scanned) => {
                    scanned.run(data, sizes, values)?;
                    continue;
                }
                Computation::Parameter(index) => data.inputs.get(*index as usize)?.clone(),
                Computation::Entrywise(tape, operands) => {
                    let operands: Vec<&Dense> = operands.iter().map(|id| &values[id]).collect();
                    let entry = |row: usize, column: usize| {
                        let arguments: Vec<f64> =
                            operands
                                .iter()
                                .map(|operand| {
                                    if operand.entries.len() == 1 {
                                        operand.entries[0]
                                    } else {
                                        operand.at(row, column)
                                    }
                                })
                                .collect();
                        tape.evaluate(&arguments)[0]
                    };
                    Dense::of(&step.extents, sizes, entry)?
                }
                Computation::Operation(operation, operands) => {
                    let operands: Vec<&Dense> = operands.iter().map(|id| &values[id]).collect();
                    operate(operation, &operands, &step.extents, sizes)?
                }
            };
            values.insert(step.id, value);
        }
        Some(())
    }
}

impl Looped {
    /// Adds up what is computed for each value of the index.
    fn run(&self, data: Data<'_>, sizes: &Sizes, values: &mut FxHashMap<ExprId, Dense>) -> Option<()> {
        let own = || self.outputs.iter().filter(|output| output.into.is_empty());
        for output in own() {
            values.insert(output.id, Dense::of(&output.extents, sizes, |_, _| 0.0)?);
        }
        let mut inside = sizes.clone();
        for value in self.bound.values(sizes)? {
            inside.insert(self.bound.name().to_string(), value);
            self.plan.run(data, &inside, values)?;
            for output in &self.outputs {
                let itself = [(output.id, Rational::ONE)];
                let targets = if output.into.is_empty() { &itself } else { &output.into[..] };
                for (part, (target, scale)) in
                    output.parts.iter().flat_map(|part| targets.iter().map(move |t| (part, t)))
                {
                    let mut sum = values.remove(target)?;
                    let at = part.placed(data, &inside)?;
                    part.add(&mut sum, scale, at, (&inside, values.get(&part.value)?))?;
                    values.insert(*target, sum);
                }
            }
        }
        Some(())
    }
}

impl Scanned {
    /// Takes all steps.
    fn run(&self, data: Data<'_>, sizes: &Sizes, values: &mut FxHashMap<ExprId, Dense>) -> Option<()> {
        let mut states: Vec<Dense> =
            self.states.iter().map(|state| values.get(&state.initial).cloned()).collect::<Option<_>>()?;
        let mut kept: Vec<Vec<f64>> = vec![Vec::new(); self.outputs.len()];
        let keep = |kept: &mut Vec<Vec<f64>>, states: &[Dense], when: Kept| {
            let outputs = self.outputs.iter().zip(kept).filter(|(output, _)| output.kept == when);
            outputs.for_each(|(output, kept)| kept.extend(&states[output.state].entries));
        };
        let mut inside = sizes.clone();
        for value in self.bound.values(sizes)? {
            inside.insert(self.bound.name().to_string(), value);
            keep(&mut kept, &states, Kept::Before);
            let own = self.states.iter().zip(&states).filter_map(|(state, value)| Some((state.own?, value.clone())));
            values.extend(own);
            self.plan.run(data, &inside, values)?;
            states = self.states.iter().map(|state| values.get(&state.next).cloned()).collect::<Option<_>>()?;
            keep(&mut kept, &states, Kept::After);
        }
        for (output, entries) in self.outputs.iter().zip(kept) {
            let (rows, columns) = (output.extents.rows.evaluate(sizes)?, output.extents.columns.evaluate(sizes)?);
            let value = match output.kept {
                Kept::Last => states[output.state].clone(),
                _ if entries.len() == rows.checked_mul(columns)? => Dense { rows, columns, entries },
                _ => return None,
            };
            values.insert(output.id, value);
        }
        Some(())
    }
}

impl Part {
    /// Returns the row and the column where it begins.
    fn placed(&self, data: Data<'_>, sizes: &Sizes) -> Option<[usize; 2]> {
        let at = |place: &Place| match place {
            Place::At(place) => place.evaluate(sizes),
            Place::From(given) => data.place(*given, sizes),
        };
        Some([at(&self.place[0])?, at(&self.place[1])?])
    }

    fn add(&self, sum: &mut Dense, scale: &Rational, at: [usize; 2], (sizes, value): (&Sizes, &Dense)) -> Option<()> {
        let [top, left] = at;
        let (rows, columns) = (self.extents.rows.evaluate(sizes)?, self.extents.columns.evaluate(sizes)?);
        if top.checked_add(rows)? > sum.rows || left.checked_add(columns)? > sum.columns {
            return None;
        }
        let scale = self.coefficient.multiply(scale);
        for row in 0..rows {
            for column in 0..columns {
                let entry = if value.entries.len() == 1 { value.entries[0] } else { value.at(row, column) };
                let product = if scale.is_one() { entry } else { scale.to_f64() * entry };
                sum.entries[(top + row) * sum.columns + left + column] += product;
            }
        }
        Some(())
    }
}

/// Returns the whole number that a number is.
fn whole_number(value: &Dense) -> Option<usize> {
    let number = *value.entries.first()?;
    (number >= 0.0 && number.fract() == 0.0 && number < usize::MAX as f64).then_some(number as usize)
}

/// Returns the places where an operation with places from data reads or writes.
fn places_given(places: &[Option<Dimension>; 2], given: &[&Dense], sizes: &Sizes) -> Option<[usize; 2]> {
    let mut given = given.iter();
    let mut at = |place: &Option<Dimension>| match place {
        Some(place) => place.evaluate(sizes),
        None => whole_number(given.next()?),
    };
    Some([at(&places[0])?, at(&places[1])?])
}

/// Finds the first of the largest or smallest entries.
fn first_extreme(extreme: Extreme, entries: &[f64]) -> Option<usize> {
    let beats = |a: f64, b: f64| if extreme == Extreme::Largest { a > b } else { a < b };
    let numbers = (0..entries.len()).filter(|at| !entries[*at].is_nan());
    numbers.reduce(|best, at| if beats(entries[at], entries[best]) { at } else { best })
}

/// Multiplies, for each entry, all others: those before it by those after it.
fn products_of_others(entries: &[f64]) -> Vec<f64> {
    let mut products = vec![1.0; entries.len()];
    for at in 1..entries.len() {
        products[at] = products[at - 1] * entries[at - 1];
    }
    let mut after = 1.0;
    for at in (0..entries.len()).rev() {
        products[at] *= after;
        after *= entries[at];
    }
    products
}

fn operate(operation: &M, operands: &[&Dense], extents: &Extents, sizes: &Sizes) -> Option<Dense> {
    let number = |value: f64| Some(Dense { rows: 1, columns: 1, entries: vec![value] });
    match (operation, operands) {
        (M::Product, [first, rest @ ..]) => {
            // From the end that makes smaller matrices.
            if rest.last().is_some_and(|last| last.columns < first.rows) {
                let (last, before) = operands.split_last()?;
                return Some(before.iter().rev().fold((*last).clone(), |product, factor| factor.times(&product)));
            }
            Some(rest.iter().fold((*first).clone(), |product, factor| product.times(factor)))
        }
        (M::Transpose, [a]) => Dense::of(extents, sizes, |row, column| a.at(column, row)),
        (M::Full(value, _), []) => Dense::of(extents, sizes, |_, _| value.to_f64()),
        (M::Identity(_), []) => Dense::of(extents, sizes, |row, column| f64::from(u8::from(row == column))),
        (M::Diagonal, [v]) => Dense::of(extents, sizes, |row, column| if row == column { v.entries[row] } else { 0.0 }),
        (M::DiagonalOf, [a]) => Dense::of(extents, sizes, |row, _| a.at(row, row)),
        (M::Trace, [a]) => number((0..a.rows).map(|k| a.at(k, k)).sum()),
        (M::Determinant, [a]) => number(a.determinant()),
        (M::LogDeterminant, [a]) => number(a.log_determinant()),
        (M::Inverse, [a]) => Some(a.inverse()),
        (M::Adjugate, [a]) => Some(a.adjugate()),
        (M::LogSumExp, [a]) => number(log_sum_exp(&a.entries)),
        (M::LogSumExpOfRows, [a]) => Dense::of(extents, sizes, |row, _| log_sum_exp(a.row(row))),
        (M::Slice(top, left, _), [a]) => {
            let (top, left) = (top.evaluate(sizes)?, left.evaluate(sizes)?);
            let (rows, columns) = (extents.rows.evaluate(sizes)?, extents.columns.evaluate(sizes)?);
            let inside = top.checked_add(rows)? <= a.rows && left.checked_add(columns)? <= a.columns;
            inside.then(|| Dense::of(extents, sizes, |row, column| a.at(top + row, left + column)))?
        }
        (M::Embed(top, left, _), [a]) => {
            let (top, left) = (top.evaluate(sizes)?, left.evaluate(sizes)?);
            Dense::of(extents, sizes, |row, column| {
                let inside = row >= top && row - top < a.rows && column >= left && column - left < a.columns;
                if inside { a.at(row - top, column - left) } else { 0.0 }
            })
        }
        (M::Stack, parts) => {
            let entries: Vec<f64> = parts.iter().flat_map(|part| part.entries.iter().copied()).collect();
            let columns = parts.first()?.columns;
            Some(Dense { rows: parts.iter().map(|part| part.rows).sum(), columns, entries })
        }
        (M::Join, parts) => {
            let rows = parts.first()?.rows;
            let entry = |row: usize| parts.iter().flat_map(move |part| (0..part.columns).map(move |c| part.at(row, c)));
            let entries: Vec<f64> = (0..rows).flat_map(entry).collect();
            Some(Dense { rows, columns: parts.iter().map(|part| part.columns).sum(), entries })
        }
        (M::Remainder, [of, by]) => number(of.entries.first()?.rem_euclid(*by.entries.first()?)),
        (M::Size(n), []) => number(n.signed(sizes)? as f64),
        (M::Gather(places, _), [a, given @ ..]) => {
            let [top, left] = places_given(places, given, sizes)?;
            let (rows, columns) = (extents.rows.evaluate(sizes)?, extents.columns.evaluate(sizes)?);
            let inside = top.checked_add(rows)? <= a.rows && left.checked_add(columns)? <= a.columns;
            inside.then(|| Dense::of(extents, sizes, |row, column| a.at(top + row, left + column)))?
        }
        (M::Scatter(places, _), [a, given @ ..]) => {
            let [top, left] = places_given(places, given, sizes)?;
            Dense::of(extents, sizes, |row, column| {
                let inside = row >= top && row - top < a.rows && column >= left && column - left < a.columns;
                if inside { a.at(row - top, column - left) } else { 0.0 }
            })
        }
        (M::Extremum(extreme), [a]) => number(first_extreme(*extreme, &a.entries).map_or(f64::NAN, |at| a.entries[at])),
        (M::FirstExtremum(extreme), [a]) => {
            let first = first_extreme(*extreme, &a.entries);
            let entries = (0..a.entries.len()).map(|at| f64::from(u8::from(first == Some(at)))).collect();
            Some(Dense { entries, ..**a })
        }
        (M::EntryProduct, [a]) => number(a.entries.iter().product()),
        (M::OtherProducts, [a]) => Some(Dense { entries: products_of_others(&a.entries), ..**a }),
        _ => None,
    }
}
