//! The arguments of functions for many points: a slice for each number that differs between the points, in the structure
//! that the numbers have in functions for one point.

use super::blocks::Given;
use crate::emit::names::Names;
use crate::emit::options::Batch;
use crate::emit::placeholders::Placeholders;
use crate::emit::shaped::{array, entry, passed};
use crate::lower::{Entries, Shape};
use crate::program::{Expression, Language, Parameter, Scalar, Statement, Type};

/// Names that the functions use for themselves.
const RESERVED: [&str; 9] = ["points", "at", "lane", "lanes", "entry", "value", "gradient", "jacobian", "hessian"];

/// The arguments that a function reads.
pub(super) struct Arguments {
    /// `x: &[f64]`, `w: [&[f64]; 3]`, and `k: f64` where that is the same at all points.
    pub(super) parameters: Vec<Parameter>,
    /// The expression of each input, with placeholders for the names.
    inputs: Vec<Expression>,
    pub(super) placeholders: Placeholders,
    /// The slices of each input where points differ in it.
    pub(super) given: Vec<Option<Given>>,
    /// What is as long as there are points: name, expression and dimensions.
    slices: Vec<Slices>,
    /// A placeholder for what temporaries are called before their number.
    pub(super) stem: String,
}

/// Slices in arrays of so many dimensions.
struct Slices {
    place: String,
    dimensions: usize,
}

impl Slices {
    fn new(place: String, dimensions: usize) -> Self {
        Slices { place, dimensions }
    }

    /// The first of the slices.
    fn first(&self) -> Expression {
        entry(&self.place, &vec![0; self.dimensions])
    }

    /// Makes sure that the slices are as long as another, whose length is `points`.
    fn check(&self, other: &str) -> Statement {
        let (place, points) = (&self.place, Expression::from("points"));
        let length = |slice: Expression| slice.method("len", []);
        if self.dimensions == 0 {
            return Statement::equal(length(place.into()), points, &format!("`{place}` is as long as `{other}`"));
        }
        let entries = match self.dimensions {
            1 => Expression::from(place).reference(),
            more => (2..more).fold(flattened(place), |entries, _| entries.method("flatten", [])),
        };
        let message = format!("each entry of `{place}` is as long as `{other}`");
        let check = Statement::equal(length("entry".into()), points, &message);
        Statement::over("entry", entries, vec![check])
    }
}

fn flattened(place: &str) -> Expression {
    Expression::from(place).method("iter", []).method("flatten", [])
}

impl Arguments {
    /// Names what a function reads.
    pub(super) fn new(function: &Entries, batch: &Batch, float: Scalar, language: &'static dyn Language) -> Self {
        let float = Type::Float(float);
        let mut names = Names::of(language);
        RESERVED.iter().chain(language.reserved()).for_each(|name| drop(names.claim(name)));
        let fields: Vec<String> = function.parameters.iter().map(|parameter| names.claim(&parameter.name)).collect();
        let mut arguments = Arguments {
            parameters: Vec::new(),
            inputs: Vec::new(),
            placeholders: Placeholders::default(),
            given: Vec::new(),
            slices: Vec::new(),
            stem: String::new(),
        };
        for (parameter, field) in function.parameters.iter().zip(fields) {
            let is_batched = batch.has(&parameter.name);
            let kind = match parameter.shape {
                shape if is_batched => array(shape, float.clone().slice().reference()),
                shape => passed(shape, float.clone()),
            };
            arguments.parameters.push(Parameter::new(&field, kind));
            let placeholder = arguments.placeholders.stand_for(&field);
            for place in parameter.shape.places() {
                let entry = entry(&placeholder, &place);
                let given = is_batched.then(|| {
                    let words = [language.word(&field).to_string()].into_iter();
                    let words: Vec<String> = words.chain(place.iter().map(usize::to_string)).collect();
                    let block = names.claim(&format!("{}_block", words.join("_")));
                    Given { slice: entry.clone(), block: arguments.placeholders.stand_for(block) }
                });
                arguments.inputs.push(entry);
                arguments.given.push(given);
            }
            if is_batched {
                arguments.slices.push(Slices::new(field, parameter.shape.indices()));
            }
        }
        arguments.stem = arguments.placeholders.stand_for(names.stem());
        arguments
    }

    /// Returns the expression of each input in a loop over the points of a block.
    pub(super) fn expressions(&self) -> Vec<Expression> {
        let block = |(input, given): (&Expression, &Option<Given>)| match given {
            Some(given) => Expression::from(&given.block).at("lane"),
            None => input.clone(),
        };
        self.inputs.iter().zip(&self.given).map(block).collect()
    }

    /// Counts the points, and makes sure that all slices have as many numbers.
    pub(super) fn checks(&self, results: &[Results], language: &dyn Language) -> Vec<Statement> {
        let slices = self.slices.iter().chain(results.iter().flat_map(|results| &results.slices));
        let Some(first) = slices.clone().next() else { return Vec::new() };
        let others = slices.skip(usize::from(first.dimensions == 0));
        let points = Statement::name("points", first.first().method("len", []));
        let first = language.expression(&first.first());
        [points].into_iter().chain(others.map(|slices| slices.check(&first))).collect()
    }
}

/// An argument that results are written to.
pub(super) struct Results {
    /// `value: &mut [f64]`
    pub(super) parameter: Parameter,
    /// The slice of each result, with the number of that among the tape's outputs.
    pub(super) places: Vec<(usize, Expression)>,
    slices: Vec<Slices>,
}

impl Results {
    /// The values of a function, which are the first outputs.
    pub(super) fn value(shape: Shape, float: Scalar) -> Self {
        let places = shape.places().enumerate().map(|(at, place)| (at, entry("value", &place)));
        Results {
            parameter: Parameter::new("value", array(shape, written(float))),
            places: places.collect(),
            slices: vec![Slices::new("value".to_string(), shape.indices())],
        }
    }

    /// The fields of a type, for each of the parameters that are derived by. `rows` are the entries of the function's value
    /// where that is not one number.
    pub(super) fn fields(
        argument: &str,
        type_name: &str,
        fields: &[(&str, Shape)],
        values: usize,
        rows: Option<usize>,
    ) -> Self {
        let width: usize = fields.iter().map(|(_, shape)| shape.entries()).sum();
        let kind = if fields.is_empty() { Type::Structure } else { Type::Places };
        let mut results = Results {
            parameter: Parameter::new(argument, kind(type_name.to_string()).mutable()),
            places: Vec::new(),
            slices: Vec::new(),
        };
        let mut start = values;
        for (field, shape) in fields.iter().copied() {
            for row in 0..rows.unwrap_or(1) {
                let places = shape.places().enumerate().map(|(at, place)| {
                    let index: Vec<usize> = rows.map(|_| row).into_iter().chain(place).collect();
                    (start + row * width + at, entry(format!("{argument}.{field}"), &index))
                });
                results.places.extend(places);
            }
            start += shape.entries();
            let dimensions = shape.indices() + usize::from(rows.is_some());
            results.slices.push(Slices::new(format!("{argument}.{field}"), dimensions));
        }
        results
    }

    /// The second derivatives by so many numbers, whose upper half is what comes after value and gradient.
    pub(super) fn hessian(count: usize, float: Scalar) -> Self {
        let mut places = Vec::new();
        let mut output = 1 + count;
        for row in 0..count {
            for column in row..count {
                places.push((output, entry("hessian", &[row, column])));
                if row != column {
                    places.push((output, entry("hessian", &[column, row])));
                }
                output += 1;
            }
        }
        Results {
            parameter: Parameter::new("hessian", array(Shape::Matrix(count, count), written(float))),
            places,
            slices: vec![Slices::new("hessian".to_string(), 2)],
        }
    }
}

/// The type of a slice that numbers are written to.
fn written(float: Scalar) -> Type {
    Type::Float(float).slice().mutable()
}
