//! The arguments of functions for many points: a slice for each number that differs between the points, in the structure
//! that the numbers have in functions for one point.

use super::blocks::Given;
use crate::emit::names::Names;
use crate::emit::options::Batch;
use crate::emit::placeholders::Placeholders;
use crate::emit::rust::array;
use crate::lower::{Entries, Shape};

/// Names that the functions use for themselves.
const RESERVED: [&str; 15] = [
    "points", "at", "lane", "lanes", "entry", "value", "gradient", "jacobian", "hessian", "body", "avx2", "avx512",
    "FMA", "matrices", "special",
];

/// The arguments that a function reads.
pub(super) struct Arguments {
    /// `x: &[f64]`, `w: [&[f64]; 3]`, and `k: f64` where that is the same at all points.
    pub(super) parameters: Vec<String>,
    /// The Rust expression of each input, with placeholders for the names.
    inputs: Vec<String>,
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
    /// What stands for the first of the slices.
    first: String,
    dimensions: usize,
}

impl Slices {
    fn new(place: String, dimensions: usize) -> Self {
        Slices { first: format!("{place}{}", "[0]".repeat(dimensions)), place, dimensions }
    }

    /// Makes sure that the slices are as long as another, whose length is `points`.
    fn check(&self, other: &str) -> Vec<String> {
        let place = &self.place;
        if self.dimensions == 0 {
            return vec![format!("::core::assert_eq!({place}.len(), points, \"`{place}` is as long as `{other}`\");")];
        }
        let entries = match self.dimensions {
            1 => format!("&{place}"),
            more => format!("{place}.iter(){}", ".flatten()".repeat(more - 1)),
        };
        vec![
            format!("for entry in {entries} {{"),
            format!(
                "    ::core::assert_eq!(entry.len(), points, \"each entry of `{place}` is as long as `{other}`\");"
            ),
            "}".to_string(),
        ]
    }
}

impl Arguments {
    /// Names what a function reads.
    pub(super) fn new(function: &Entries, batch: &Batch, float: &str) -> Self {
        let mut names = Names::default();
        RESERVED.iter().for_each(|name| drop(names.claim(name)));
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
            let slice = format!("&[{float}]");
            arguments.parameters.push(match parameter.shape {
                shape if is_batched => format!("{field}: {}", array(shape, &slice)),
                Shape::Scalar => format!("{field}: {float}"),
                shape => format!("{field}: &{}", array(shape, float)),
            });
            let placeholder = arguments.placeholders.stand_for(&field);
            for place in parameter.shape.places() {
                let entry = format!("{placeholder}{}", indices(&place));
                let given = is_batched.then(|| {
                    let words = [field.trim_start_matches("r#").to_string()].into_iter();
                    let words: Vec<String> = words.chain(place.iter().map(usize::to_string)).collect();
                    let block = names.claim(&format!("{}_block", words.join("_")));
                    Given { slice: entry.clone(), block: arguments.placeholders.stand_for(block) }
                });
                arguments.inputs.push(entry);
                arguments.given.push(given);
            }
            if is_batched {
                arguments.slices.push(Slices::new(field, dimensions(parameter.shape)));
            }
        }
        arguments.stem = arguments.placeholders.stand_for(names.stem());
        arguments
    }

    /// Returns the expression of each input in a loop over the points of a block.
    pub(super) fn expressions(&self) -> Vec<String> {
        let block = |(input, given): (&String, &Option<Given>)| match given {
            Some(given) => format!("{}[lane]", given.block),
            None => input.clone(),
        };
        self.inputs.iter().zip(&self.given).map(block).collect()
    }

    /// Counts the points, and makes sure that all slices have as many numbers.
    pub(super) fn checks(&self, results: &[Results]) -> Vec<String> {
        let slices = self.slices.iter().chain(results.iter().flat_map(|results| &results.slices));
        let Some(first) = slices.clone().next() else { return Vec::new() };
        let others = slices.skip(usize::from(first.dimensions == 0));
        let points = format!("let points = {}.len();", first.first);
        [points].into_iter().chain(others.flat_map(|slices| slices.check(&first.first))).collect()
    }
}

/// An argument that results are written to.
pub(super) struct Results {
    /// `value: &mut [f64]`
    pub(super) parameter: String,
    /// The slice of each result, with the number of that among the tape's outputs.
    pub(super) places: Vec<(usize, String)>,
    slices: Vec<Slices>,
}

impl Results {
    /// The values of a function, which are the first outputs.
    pub(super) fn value(shape: Shape, float: &str) -> Self {
        let places = shape.places().enumerate().map(|(at, place)| (at, format!("value{}", indices(&place))));
        Results {
            parameter: format!("value: {}", array(shape, &format!("&mut [{float}]"))),
            places: places.collect(),
            slices: vec![Slices::new("value".to_string(), dimensions(shape))],
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
        let lifetime = if fields.is_empty() { "" } else { "<'_>" };
        let mut results = Results {
            parameter: format!("{argument}: &mut {type_name}{lifetime}"),
            places: Vec::new(),
            slices: Vec::new(),
        };
        let mut start = values;
        for (field, shape) in fields.iter().copied() {
            for row in 0..rows.unwrap_or(1) {
                let row_index = if rows.is_some() { format!("[{row}]") } else { String::new() };
                let places = shape.places().enumerate().map(|(at, place)| {
                    (start + row * width + at, format!("{argument}.{field}{row_index}{}", indices(&place)))
                });
                results.places.extend(places);
            }
            start += shape.entries();
            let dimensions = dimensions(shape) + usize::from(rows.is_some());
            results.slices.push(Slices::new(format!("{argument}.{field}"), dimensions));
        }
        results
    }

    /// The second derivatives by so many numbers, whose upper half is what comes after value and gradient.
    pub(super) fn hessian(count: usize, float: &str) -> Self {
        let mut places = Vec::new();
        let mut output = 1 + count;
        for row in 0..count {
            for column in row..count {
                places.push((output, format!("hessian[{row}][{column}]")));
                if row != column {
                    places.push((output, format!("hessian[{column}][{row}]")));
                }
                output += 1;
            }
        }
        Results {
            parameter: format!("hessian: {}", array(Shape::Matrix(count, count), &format!("&mut [{float}]"))),
            places,
            slices: vec![Slices::new("hessian".to_string(), 2)],
        }
    }
}

fn indices(place: &[usize]) -> String {
    place.iter().map(|at| format!("[{at}]")).collect()
}

fn dimensions(shape: Shape) -> usize {
    match shape {
        Shape::Scalar => 0,
        Shape::Vector(_) => 1,
        Shape::Matrix(..) => 2,
        Shape::Tensor(..) => 3,
    }
}
