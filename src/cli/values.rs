//! Points: numbers for parameters, read from the command line or from JSON, and written back.

use super::given::{Given, array, constants, depth_of, matrices, require_finite, require_nested, size, split};
use crate::error::{Diagnostic, Errors, Fault, nearest};
use crate::graph::{Dimension, Extents, Sizes};
use crate::lower::{Entries, Function, Shape, Whole, WholeParameter};
use crate::precise::{Coordinate, Evaluator};
use crate::source::Source;
use crate::tape::{Dense, Tape};
use serde_json::Value;

/// Writes a double so that it reads back as itself.
pub fn text(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// Writes a double as JSON; what JSON has no number for becomes a string.
pub fn json(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::String(text(value)), Value::Number)
}

/// A computed number.
#[derive(Clone, Copy)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// Whether it was to be right to the last digit, and is in double precision only.
    pub is_undecided: bool,
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Number { value, is_undecided: false }
    }
}

/// Computes the outputs of a tape at a point: right to the last digit, or as the generated code does.
pub fn evaluate(tape: &Tape, point: &[Coordinate], double: bool) -> Vec<Number> {
    if double {
        return tape.evaluate(&doubles(point)).into_iter().map(Number::from).collect();
    }
    let mut evaluator = Evaluator::default();
    let mut numbers: Vec<Number> = evaluator.evaluate(tape, point).into_iter().map(Number::from).collect();
    evaluator.undecided().iter().for_each(|output| numbers[*output].is_undecided = true);
    numbers
}

/// Rounds a point.
pub fn doubles(point: &[Coordinate]) -> Vec<f64> {
    point.iter().map(Coordinate::value).collect()
}

/// Reads the values of a function's inputs from `x=1,y=pi/2,v=[1,2,3],w[0]=4`. Values are constant expressions.
pub fn from_text(function: &Function, at: &str) -> Result<Vec<Coordinate>, Errors> {
    if let Some(object) = json_file(at)? {
        return Ok(from_json(super::input::entries(function)?, &object)?.into_iter().map(Coordinate::from).collect());
    }
    let source = Source::new("--at", at);
    let wrong = |message: String, hint: String| {
        Errors::new(&source, vec![Diagnostic::general(Fault::Point, message).hint(hint)])
    };
    let entries = super::input::entries(function)?;
    let mut inputs: Vec<Option<Coordinate>> = vec![None; entries.graph.inputs().len()];
    for assignment in split(at) {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(wrong(format!("`{assignment}` gives no value"), "write `--at x=1,y=2`".to_string()));
        };
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let places = places(entries, &name);
        if places.is_empty() && entries.parameter(&name).is_none() {
            let names: Vec<&str> = entries.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let hint = match nearest(&name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", names.join(", ")),
            };
            return Err(wrong(format!("`{}` has no parameter `{name}`", function.display_name()), hint));
        }
        let (shape, values) = constants(value)?;
        require_finite(&name, values.iter().map(Coordinate::value))?;
        if values.len() != places.len() {
            let message = format!("`{name}` takes {} numbers, not {}", places.len(), values.len());
            return Err(wrong(message, "write vectors as `x=[1,2,3]`".to_string()));
        }
        if let Some(parameter) = entries.parameter(&name) {
            require_nested(&name, depth_of(parameter.shape), depth_of(shape), values.len())?;
        }
        places.zip(values).for_each(|(place, value)| inputs[place] = Some(value));
    }
    let missing: Vec<String> = (0..inputs.len())
        .filter(|input| inputs[*input].is_none())
        .take(8)
        .map(|input| super::input::label(entries, input))
        .collect();
    if !missing.is_empty() {
        let hint = format!("add `,{}=...`", missing[0]);
        return Err(wrong(format!("no value is given for {}", missing.join(", ")), hint));
    }
    Ok(inputs.into_iter().flatten().collect())
}

/// Values of whole parameters, and the sizes of the dimensions that have names.
pub struct Point {
    /// The matrices, counted as the graph's inputs are.
    pub matrices: Vec<Dense>,
    /// The sizes.
    pub sizes: Sizes,
    /// The entries as they are given, where they are no doubles; counted as the matrices are.
    given: Vec<Vec<Coordinate>>,
}

impl Point {
    /// Makes a point of doubles.
    pub fn new(matrices: Vec<Dense>, sizes: Sizes) -> Point {
        Point { matrices, sizes, given: Vec::new() }
    }

    /// Returns the entries of all parameters, in order.
    pub fn coordinates(&self, whole: &Whole) -> Vec<Coordinate> {
        let own = |parameter: &WholeParameter| {
            let at = whole.input_index(parameter.id);
            match self.given.get(at).filter(|given| !given.is_empty()) {
                Some(given) => given.clone(),
                None => self.matrices[at].entries.iter().copied().map(Coordinate::from).collect(),
            }
        };
        whole.parameters.iter().flat_map(own).collect()
    }
}

/// Reads the values of whole parameters from `W=[[1,2],[3,4]],x=[1,2]`, or from a file with a JSON object.
pub fn point_from_text(function: &Function, whole: &Whole, at: &str) -> Result<Point, Errors> {
    if let Some(object) = json_file(at)? {
        return point_from_json(whole, &object);
    }
    let source = Source::new("--at", at);
    let wrong = |message: String, hint: String| {
        Errors::new(&source, vec![Diagnostic::general(Fault::Point, message).hint(hint)])
    };
    let mut given: Vec<(String, Given)> = Vec::new();
    for assignment in split(at) {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(wrong(format!("`{assignment}` gives no value"), "write `--at x=1,y=2`".to_string()));
        };
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        if whole.parameter(&name).is_none() {
            let names: Vec<&str> = whole.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let hint = match nearest(&name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", names.join(", ")),
            };
            return Err(wrong(format!("`{}` has no parameter `{name}`", function.display_name()), hint));
        }
        let is_tensor = whole.parameter(&name).is_some_and(|parameter| matches!(parameter.shape, Shape::Tensor(..)));
        let (shape, entries) = if is_tensor { matrices(value)? } else { constants(value)? };
        let (exact, entries) = (entries.clone(), doubles(&entries));
        let depth = depth_of(shape);
        let layers = match shape {
            Shape::Tensor(_, rows, _) => Some(rows),
            _ => None,
        };
        let (rows, columns) = match shape {
            Shape::Scalar => (1, 1),
            Shape::Vector(n) => (n, 1),
            Shape::Matrix(n, m) => (n, m),
            Shape::Tensor(n, m, k) => (n * m, k),
        };
        given.push((name, Given { numbers: Dense { rows, columns, entries }, depth, layers, exact }));
    }
    point(whole, &given)
}

/// Reads the values of whole parameters from a JSON object of numbers and nested arrays.
pub fn point_from_json(whole: &Whole, at: &Value) -> Result<Point, Errors> {
    let mut given = Vec::new();
    for parameter in &whole.parameters {
        if let Some(value) = at.get(&parameter.name) {
            given.push((parameter.name.clone(), array(&parameter.name, value)?));
        }
    }
    point(whole, &given)
}

/// Matches values with the parameters' declared dimensions.
fn point(whole: &Whole, given: &[(String, Given)]) -> Result<Point, Errors> {
    let wrong = |message: String| Errors::new(&Default::default(), vec![Diagnostic::general(Fault::Point, message)]);
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let count = whole.graph.inputs().len();
    let mut point = Point { matrices: vec![blank; count], sizes: Sizes::new(), given: vec![Vec::new(); count] };
    point.sizes = sizes_of(whole, given);
    for parameter in &whole.parameters {
        let Some((_, own)) = given.iter().find(|(name, _)| *name == parameter.name) else {
            return Err(wrong(format!("no value is given for `{}`", parameter.name)));
        };
        let Given { depth, exact, .. } = own;
        let mut value = own.numbers.clone();
        let extents = parameter.extents();
        if own.is_without_columns(parameter) {
            let Some(columns) = extents.columns.evaluate(&point.sizes) else {
                let message = format!("`{}` has no rows, and nothing tells how many columns it has", parameter.name);
                return Err(wrong(message));
            };
            value.columns = columns;
        }
        require_finite(&parameter.name, value.entries.iter().copied())?;
        require_nested(&parameter.name, parameter.shape.indices(), *depth, value.entries.len())?;
        let mut fits = value.entries.len() == value.rows * value.columns;
        for (dimension, size) in [(&extents.rows, value.rows), (&extents.columns, value.columns)] {
            fits &= dimension.evaluate(&point.sizes) == Some(size);
        }
        if let (Shape::Tensor(_, rows, _), Some(given)) = (&parameter.shape, own.layers) {
            fits &= rows.evaluate(&point.sizes) == Some(given);
        }
        if !fits {
            let known = known(&point.sizes);
            let message =
                format!("`{}` is a {}{known}, and {} are given", parameter.name, parameter.shape, size(&value));
            return Err(wrong(message));
        }
        let symmetric =
            |at: usize| value.entries[at] == value.entries[at % value.columns * value.columns + at / value.columns];
        if whole.graph.is_declared_symmetric(parameter.id) && !(0..value.entries.len()).all(symmetric) {
            return Err(wrong(format!("`{}` is symmetric, and the matrix that is given is not", parameter.name)));
        }
        point.matrices[whole.input_index(parameter.id)] = value;
        point.given[whole.input_index(parameter.id)] = exact.clone();
    }
    for parameter in &whole.parameters {
        let Some((from, to)) = &parameter.range else { continue };
        let range = from.evaluate(&point.sizes).unwrap_or(0)..to.evaluate(&point.sizes).unwrap_or(0);
        let fits = |entry: &f64| entry.fract() == 0.0 && *entry >= 0.0 && range.contains(&(*entry as usize));
        if let Some(entry) = point.matrices[whole.input_index(parameter.id)].entries.iter().find(|entry| !fits(entry)) {
            let known = known(&point.sizes);
            return Err(wrong(format!("`{}` is in {from}..{to}{known}, and {entry} is given", parameter.name)));
        }
    }
    match whole.unmet(&point.sizes) {
        Some(negative) => Err(wrong(format!("`{negative}` is negative{}", known(&point.sizes)))),
        None => Ok(point),
    }
}

/// Finds the sizes that the given values have, also those of `n + k` where another parameter tells `k`.
fn sizes_of(whole: &Whole, given: &[(String, Given)]) -> Sizes {
    let mut sizes = Sizes::new();
    let mut before = None;
    while before != Some(sizes.len()) {
        before = Some(sizes.len());
        for parameter in &whole.parameters {
            let Some((_, own)) = given.iter().find(|(name, _)| *name == parameter.name) else { continue };
            let (rows, columns) = (own.numbers.rows, own.numbers.columns);
            let extents = parameter.extents();
            let columns = (!own.is_without_columns(parameter)).then_some((&extents.columns, columns));
            let layers = match &parameter.shape {
                Shape::Tensor(_, rows, _) => Some(rows).zip(own.layers),
                _ => None,
            };
            for (dimension, size) in layers.into_iter().chain([(&extents.rows, rows)]).chain(columns) {
                let mut unknown = dimension.names().filter(|name| !sizes.contains_key(*name));
                let (Some(name), None) = (unknown.next(), unknown.next()) else { continue };
                let rest = dimension.substituted(name, &Dimension::number(0)).signed(&sizes);
                let (Some(rest), Some(slope)) = (rest, dimension.slope(name).signed(&sizes)) else { continue };
                let own = i64::try_from(size).unwrap_or(i64::MAX).saturating_sub(rest).checked_div(slope);
                if let Some(Ok(own)) = own.map(usize::try_from) {
                    sizes.insert(name.to_string(), own);
                }
            }
        }
    }
    sizes
}

/// Writes the sizes of dimensions: ` with n = 2, m = 3`.
fn known(sizes: &Sizes) -> String {
    let sizes: Vec<String> = sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
    if sizes.is_empty() { String::new() } else { format!(" with {}", sizes.join(", ")) }
}

/// Most that is added to the sizes of a sample for slices to fit.
const LARGEST_SAMPLE: usize = 30;

/// Returns values inside of the declared ranges: dimensions of different sizes, entries that spread evenly, symmetric
/// matrices with a large diagonal; the same each time.
pub fn sample(whole: &Whole, index: usize) -> Point {
    let sizes = |least: usize, step: usize| -> Sizes {
        let size = |at: usize| least + (step * at + index) % 3;
        whole.sizes.iter().enumerate().map(|(at, name)| (name.clone(), size(at))).collect()
    };
    let all = (2..LARGEST_SAMPLE).flat_map(|least| [1, 2, 0].map(|step| sizes(least, step)));
    let fits = all.into_iter().find(|sizes| whole.unmet(sizes).is_none());
    let sizes = fits.unwrap_or_else(|| sizes(2, 1));
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let mut matrices = vec![blank; whole.graph.inputs().len()];
    let mut count = 0.0;
    for (place, parameter) in whole.parameters.iter().enumerate() {
        let size = |dimension: &Dimension| dimension.evaluate(&sizes).unwrap_or(0);
        let mut picked = place;
        let Extents { rows, columns } = parameter.extents();
        let (rows, columns) = (size(&rows), size(&columns));
        let mut entry = || {
            count += 1.0;
            // Quadratic in the count, so that a matrix of entries in a row has full rank.
            let fraction = (count * (count + 7.0 * index as f64) * 0.618_033_988_749_894_9_f64).fract();
            match &parameter.range {
                // One after the other, so that those of two parameters are different.
                Some((from, to)) => {
                    picked += 1;
                    (size(from) + picked % size(to).saturating_sub(size(from)).max(1)) as f64
                }
                None => super::check::within(&parameter.facts, fraction),
            }
        };
        let mut entries: Vec<f64> = (0..rows * columns).map(|_| entry()).collect();
        if whole.graph.is_declared_symmetric(parameter.id) {
            for row in 0..rows {
                (0..row).for_each(|column| entries[row * rows + column] = entries[column * rows + row]);
                entries[row * rows + row] += 2.0 * rows as f64;
            }
        }
        matrices[whole.input_index(parameter.id)] = Dense { rows, columns, entries };
    }
    Point::new(matrices, sizes)
}

/// Reads the JSON object of a file, if the text names one.
fn json_file(at: &str) -> Result<Option<Value>, Errors> {
    if !at.ends_with(".json") {
        return Ok(None);
    }
    let text = std::fs::read_to_string(at)
        .map_err(|error| Errors::general(Fault::Point, format!("`{at}` can't be read: {error}")))?;
    let value = serde_json::from_str(&text)
        .map_err(|error| Errors::general(Fault::Point, format!("`{at}` is not JSON: {error}")))?;
    Ok(Some(value))
}

/// Returns the inputs that a name stands for: a parameter's, or one entry's.
fn places(entries: &Entries, name: &str) -> std::ops::Range<usize> {
    if let Some(parameter) = entries.parameter(name) {
        return parameter.inputs.clone();
    }
    let entry = (0..entries.graph.inputs().len()).find(|input| super::input::label(entries, *input) == name);
    entry.map_or(0..0, |input| input..input + 1)
}

/// Reads the values of a function's inputs from a JSON object of numbers and nested arrays.
pub fn from_json(entries: &Entries, at: &Value) -> Result<Vec<f64>, Errors> {
    let mut inputs = Vec::with_capacity(entries.graph.inputs().len());
    for parameter in &entries.parameters {
        let Some(value) = at.get(&parameter.name) else {
            return Err(Errors::general(Fault::Point, format!("no value is given for `{}`", parameter.name)));
        };
        let Given { numbers: given, depth, .. } = array(&parameter.name, value)?;
        let (name, shape, wanted) = (&parameter.name, parameter.shape, parameter.inputs.len());
        if shape == Shape::Scalar && value.is_array() {
            return Err(Errors::general(Fault::Point, format!("`{name}` is a number, and a list is given")));
        }
        require_finite(name, given.entries.iter().copied())?;
        require_nested(name, depth_of(shape), depth, given.entries.len())?;
        if given.entries.len() != wanted {
            let message = format!("`{name}` is a {shape} and takes {wanted} numbers, not {}", given.entries.len());
            return Err(Errors::general(Fault::Point, message));
        }
        if wanted > 0 && matches!(shape, Shape::Matrix(n, m) if (n, m) != (given.rows, given.columns)) {
            let message = format!("`{name}` is a {shape}, and {} are given", size(&given));
            return Err(Errors::general(Fault::Point, message));
        }
        inputs.extend(given.entries);
    }
    Ok(inputs)
}
