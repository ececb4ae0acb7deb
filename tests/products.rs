//! Products with derivatives, computed by generated Rust: against the Jacobians, gradients and Hessians that are generated
//! beside them, and against differences.
#![allow(clippy::panic)]

mod common;

#[path = "common/cases.rs"]
mod cases;
#[path = "common/points.rs"]
mod points;
#[path = "common/program.rs"]
mod program;

use cases::{cases, files, fitting, root, sample};
use gradc::derive::{Form, Order, derive_closed};
use gradc::graph::Sizes;
use gradc::lower::{Function, Shape, Whole};
use gradc::source::Source;
use gradc::tape::Dense;
use gradc::{Derive, Options, Scalar};
use points::matrices;
use program::{Program, arguments, fields};

const ALL: [Derive; 6] = [Derive::Gradient, Derive::Jacobian, Derive::Hessian, Derive::Jvp, Derive::Vjp, Derive::Hvp];

fn options() -> Options {
    Options { derive: ALL.to_vec(), ..Options::default() }
}

/// Reads the functions of a source, and calls each of them `f`.
fn functions(source: &Source) -> Vec<Function> {
    let functions = gradc::read(source, &[]).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let named = |mut function: Function| {
        function.name = Some("f".to_string());
        function
    };
    functions.into_iter().map(named).collect()
}

/// Returns what is computed in loops, also where the entries are few.
fn without_entries(function: &Function) -> Function {
    let mut function = function.clone();
    function.entries = None;
    function
}

fn function(text: &str) -> Function {
    functions(&Source::new("test", text)).pop().expect("there is a function")
}

fn rust(function: &Function, options: &Options) -> String {
    let function = std::slice::from_ref(function);
    let options = Options { derive: fitting(&options.derive, function), ..options.clone() };
    gradc::rust(function, &options).unwrap_or_else(|(_, diagnostic)| panic!("{diagnostic:?}"))
}

/// Numbers that look irregular, for the vectors that derivatives are multiplied by.
fn vector(count: usize, first: usize) -> Vec<f64> {
    (first..first + count).map(|at| ((at + 1) as f64 * 0.618_033_988_749_894_9).fract() * 3.0 - 1.3).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()))
}

/// Finds where numbers are farther from the expected ones than a part of the largest of these.
fn far(found: &[f64], expected: &[f64], tolerance: f64, scale: f64) -> Option<String> {
    if found.len() != expected.len() {
        return Some(format!("{} numbers, not {}", found.len(), expected.len()));
    }
    let bound = tolerance * largest(expected).max(scale);
    let pairs = found.iter().zip(expected).enumerate().filter(|(_, (_, expected))| expected.is_finite());
    let mut pairs = pairs.filter(|(_, (found, expected))| (*found - *expected).abs() > bound || found.is_nan());
    pairs.next().map(|(at, (found, expected))| format!("entry {at} is {found:e}, not {expected:e}"))
}

// ---- Fixed shapes ----

/// Writes numbers as an argument: an array by reference, a number by value.
fn argument(shape: Shape, numbers: &[f64]) -> String {
    match shape {
        Shape::Scalar => arguments(numbers),
        Shape::Vector(_) => format!("&[{}]", arguments(numbers)),
        Shape::Matrix(_, columns) => {
            let rows: Vec<String> = numbers.chunks(columns).map(|row| format!("[{}]", arguments(row))).collect();
            format!("&[{}]", rows.join(", "))
        }
        Shape::Tensor(_, rows, columns) => {
            let layers = numbers.chunks(rows * columns);
            let layers: Vec<String> = layers
                .map(|layer| {
                    let rows: Vec<String> = layer.chunks(columns).map(|row| format!("[{}]", arguments(row))).collect();
                    format!("[{}]", rows.join(", "))
                })
                .collect();
            format!("&[{}]", layers.join(", "))
        }
    }
}

/// What the lines of one function's results are about.
struct Fixed {
    text: String,
    /// The number of entries of the value, and of each parameter.
    count: usize,
    parameters: Vec<usize>,
    tangent: Vec<f64>,
    cotangent: Vec<f64>,
    scalar: bool,
}

/// Adds calls of all generated functions at one point.
fn add(program: &mut Program, module: &str, function: &Function, rust: &str, point: &[f64]) -> Fixed {
    let entries = function.entries.as_ref().expect("it has entries");
    let shapes: Vec<(Shape, std::ops::Range<usize>)> =
        entries.parameters.iter().map(|parameter| (parameter.shape, parameter.inputs.clone())).collect();
    let list = |numbers: &[f64]| -> Vec<String> {
        shapes.iter().map(|(shape, own)| argument(*shape, &numbers[own.clone()])).collect()
    };
    let (tangent, cotangent) = (vector(point.len(), 0), vector(entries.outputs.len(), 5));
    let at = list(point).join(", ");
    let both = [list(point), list(&tangent)].concat().join(", ");
    let with_cotangent = [list(point), vec![argument(entries.shape, &cotangent)]].concat().join(", ");
    let scalar = entries.shape == Shape::Scalar;
    let of = |place: usize, structure: &str| -> Vec<String> {
        fields(rust, structure).iter().map(|field| format!("r.{place}.{field}")).collect()
    };
    let value = || vec!["r.0".to_string()];
    let (suffix, structure) = if scalar { ("grad", "FGrad") } else { ("jacobian", "FJacobian") };
    program.print(&format!("{module}::f_{suffix}({at})"), &[value(), of(1, structure)].concat());
    program.print(&format!("{module}::f_jvp({both})"), &[value(), vec!["r.1".to_string()]].concat());
    program.print(&format!("{module}::f_vjp({with_cotangent})"), &[value(), of(1, "FVjp")].concat());
    if scalar {
        program.print(&format!("{module}::f_hessian({at})"), &["r.2".to_string()]);
        program.print(&format!("{module}::f_hvp({both})"), &[of(0, "FGrad"), of(1, "FGrad")].concat());
    }
    let parameters = shapes.iter().map(|(_, own)| own.len()).collect();
    Fixed { text: function.definition.clone(), count: entries.outputs.len(), parameters, tangent, cotangent, scalar }
}

impl Fixed {
    /// Compares the products with those of the matrices, and returns what is wrong.
    fn compare(&self, lines: &mut std::vec::IntoIter<Vec<f64>>, tolerance: f64) -> Vec<String> {
        let mut next = || lines.next().expect("there is a line for each call");
        let (first, jvp, vjp) = (next(), next(), next());
        let (value, first) = first.split_at(self.count);
        // Each field holds the derivatives of all entries of the value by one parameter.
        let mut rows = vec![Vec::new(); self.count];
        let mut start = 0;
        for width in &self.parameters {
            for row in &mut rows {
                row.extend_from_slice(&first[start..start + width]);
                start += width;
            }
        }
        let inputs = self.tangent.len();
        let tangent = rows.iter().map(|row| dot(row, &self.tangent));
        let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<_>>();
        let cotangents = (0..inputs).map(|at| dot(&column(at), &self.cotangent));
        let mut comparisons = vec![
            ("jvp", jvp, value.iter().copied().chain(tangent).collect::<Vec<_>>()),
            ("vjp", vjp, value.iter().copied().chain(cotangents).collect()),
        ];
        if self.scalar {
            let (hessian, hvp) = (next(), next());
            let products = hessian.chunks(inputs.max(1)).map(|row| dot(row, &self.tangent));
            comparisons.push(("hvp", hvp, first.iter().copied().chain(products).collect()));
        }
        let wrong = comparisons.into_iter().filter_map(|(what, found, expected)| {
            far(&found, &expected, tolerance, 1e-3).map(|far| format!("{}\n    {what}: {far}", self.text))
        });
        wrong.collect()
    }
}

/// Functions of fixed shapes with all kinds of values, kinks, and names that the generated code has use for itself.
const FIXED: &[&str] = &[
    "f(w: vector[3], x: vector[2]) = sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])",
    "f(x: vector[4]) = sum(i in 0..3, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
    "f(q: vector[2], upper, lower) = [upper*cos(q[0]) + lower*cos(q[0] + q[1]), upper*sin(q[0]) + lower*sin(q[0] + q[1])]",
    "f(W: matrix[2, 3], x: vector[3], V: matrix[2, 2]) = V*tanh(W*x)",
    "f(A: matrix[2, 2], s) = A*A*exp(s)",
    "f(x, y) = if(x > y, max(x*y, x^2), min(exp(y), y - x)) + abs(x - y) + relu(x*y)",
    "f(x: vector[3]) = max(x[0]*x[1], x[1]*x[2], x[0]) + logsumexp(x) + norm2(x)",
    "f(x_tangent, x, cotangent, tangent, x_tangent_2, f) = x_tangent*x^2*sin(cotangent)*exp(tangent*f/9) + x_tangent_2*x",
    "f(type, self, λ, lambda, type_tangent: vector[2]) = type*self^2*exp(λ*lambda)*type_tangent[0]*sin(type_tangent[1])",
    "f(t, gradient, product, derivatives, value) = [t*gradient*product^2, derivatives*exp(value*t)]",
    "f(x) = 3*x + 1",
    "f(x, y) = [x, 2]",
];

#[test]
fn products_of_fixed_shapes_are_those_of_the_matrices() {
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for (at, text) in FIXED.iter().enumerate() {
        let (function, module) = (function(text), format!("m{at}"));
        let rust = rust(&function, &options());
        program.module(&module, &rust);
        for index in 0..3 {
            expected.push(add(
                &mut program,
                &module,
                &function,
                &rust,
                &sample(function.entries.as_ref().expect("it has entries"), index),
            ));
        }
    }
    let mut lines = program.run("products_fixed").into_iter();
    let wrong: Vec<String> = expected.iter().flat_map(|fixed| fixed.compare(&mut lines, 1e-13)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions of fixed shapes that have no entries picked.
const FIXED_WHOLE: &[&str] = &[
    "f(W: matrix[2, 3], x: vector[3]) = norm2(W*x)^2",
    "f(W: matrix[2, 3], x: vector[3], V: matrix[2, 2]) = V*tanh(W*x)",
    "f(A: matrix[2, 2], s) = A*A*exp(s)",
    "f(A: matrix[2, 3], x: vector[1], B: matrix[3, 1], s) = s*sum(A*B)*sum(exp(x)) + norm2(B)^2*sum(x .* x)",
    "f(x: vector[3], y: vector[1], M: matrix[1, 1]) = sum(x)*sum(exp(y))*sum(M .* M)",
    "f(A: matrix[3, 3], x: vector[3]) = dot(x, inv(A)*x) + logdet(A*A')",
    "f(value: vector[3], gradient: vector[3], hessian, row) = sum(value .* exp(gradient*hessian))*row^2",
    "f(Z: matrix[2, 3]) = softmax_rows(Z)",
];

/// What long vectors and matrices of fixed shapes are computed by, also where the entries are few.
#[test]
fn products_of_fixed_shapes_in_loops_are_those_of_the_matrices() {
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for (at, text) in FIXED_WHOLE.iter().enumerate() {
        let function = gradc::read(&Source::new("test", *text), &[]).expect("the source is read").swap_remove(0);
        let module = format!("m{at}");
        let in_loops = without_entries(&function);
        let rust = rust(&in_loops, &options());
        assert!(function.closed().is_some() && rust.contains("for "), "{rust}");
        program.module(&module, &rust);
        for index in 0..3 {
            expected.push(add(
                &mut program,
                &module,
                &function,
                &rust,
                &sample(function.entries.as_ref().expect("it has entries"), index),
            ));
        }
    }
    let mut lines = program.run("products_in_loops").into_iter();
    let wrong: Vec<String> = expected.iter().flat_map(|fixed| fixed.compare(&mut lines, 1e-12)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn products_of_all_cases_are_those_of_the_matrices() {
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for case in cases() {
        for (at, function) in functions(&case.source).into_iter().enumerate() {
            let rust = rust(&function, &options());
            let module = format!("{}_{at}", case.name);
            program.module(&module, &rust);
            expected.push(add(
                &mut program,
                &module,
                &function,
                &rust,
                &sample(function.entries.as_ref().expect("it has entries"), 1),
            ));
        }
    }
    assert!(expected.len() >= 150, "only {} functions", expected.len());
    let mut lines = program.run("products_cases").into_iter();
    let wrong: Vec<String> = expected.iter().flat_map(|fixed| fixed.compare(&mut lines, 1e-12)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn products_in_single_precision_are_those_of_the_matrices() {
    let (mut program, mut expected) = (Program::default(), Vec::new());
    for (at, text) in FIXED.iter().enumerate() {
        let (function, module) = (function(text), format!("m{at}"));
        let rust = rust(&function, &Options { scalar: Scalar::F32, ..options() });
        program.module(&module, &rust);
        expected.push(add(
            &mut program,
            &module,
            &function,
            &rust,
            &sample(function.entries.as_ref().expect("it has entries"), 1),
        ));
    }
    let mut lines = program.run("products_single").into_iter();
    let wrong: Vec<String> = expected.iter().flat_map(|fixed| fixed.compare(&mut lines, 1e-5)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// ---- Whole vectors and matrices ----

/// A point, the sizes there, and the vectors that derivatives are multiplied by.
struct Point {
    sizes: Sizes,
    at: Vec<Dense>,
    tangents: Vec<Vec<f64>>,
    cotangent: Vec<f64>,
}

impl Point {
    fn new(whole: &Whole, sizes: [usize; 4]) -> Self {
        let sizes: Sizes = whole.sizes.iter().zip(sizes).map(|(name, size)| (name.clone(), size)).collect();
        let at = matrices(whole, &sizes);
        let mut start = 0;
        let own = |parameter: &gradc::lower::WholeParameter| {
            let count = at[whole.input_index(parameter.id)].entries.len();
            start += count;
            vector(count, start)
        };
        let tangents = whole.parameters.iter().map(own).collect();
        let extents = whole.extents();
        let sides = [&extents.rows, &extents.columns].map(|side| side.evaluate(&sizes).expect("the size is known"));
        Point { cotangent: vector(sides[0] * sides[1], 3), sizes, at, tangents }
    }

    /// The entries of all parameters.
    fn parameters(&self, whole: &Whole) -> Vec<Vec<f64>> {
        let own = whole.parameters.iter().map(|parameter| self.at[whole.input_index(parameter.id)].entries.clone());
        own.collect()
    }

    /// Differentiates what is evaluated from a point along the tangents.
    fn difference(&self, whole: &Whole, evaluate: impl Fn(&[Dense]) -> Vec<f64>) -> Vec<f64> {
        let shifted = |step: f64| {
            let mut at = self.at.clone();
            for (parameter, tangent) in whole.parameters.iter().zip(&self.tangents) {
                let entries = at[whole.input_index(parameter.id)].entries.iter_mut();
                entries.zip(tangent).for_each(|(entry, tangent)| *entry += step * tangent);
            }
            evaluate(&at)
        };
        let central = |step: f64| -> Vec<f64> {
            shifted(step).iter().zip(shifted(-step)).map(|(above, below)| (above - below) / (2.0 * step)).collect()
        };
        central(5e-4).iter().zip(central(1e-3)).map(|(half, full)| (4.0 * half - full) / 3.0).collect()
    }
}

/// Writes a call of a generated function as a block whose value is all its results: what it returns, the slices that it
/// writes, and the fields of its types.
fn block(
    (module, rust, name): (&str, &str, &str),
    sizes: &str,
    inputs: &[String],
    values: &[Option<usize>],
    types: &[(&str, Vec<(String, usize)>)],
) -> String {
    let mut arguments: Vec<String> = [&[sizes.to_string()], inputs].concat();
    arguments.retain(|argument| !argument.is_empty());
    let returned = match values.iter().filter(|count| count.is_none()).count() {
        0 => ("", "Vec::new()"),
        1 => ("let r = ", "vec![r]"),
        _ => ("let r = ", "vec![r.0, r.1]"),
    };
    let (mut before, mut results) = (String::new(), vec![returned.1.to_string()]);
    for (at, count) in values.iter().enumerate() {
        if let Some(count) = count {
            before.push_str(&format!("let mut v{at} = vec![0.5; {count}];"));
            results.push(format!("v{at}"));
            arguments.push(format!("&mut v{at}"));
        }
    }
    for (at, (structure, counts)) in types.iter().enumerate() {
        let mut own = Vec::new();
        let declared = rust.split_once(&format!("pub struct {structure}<")).map_or("", |(_, after)| after);
        let declared = declared.split_once("\n}").map_or("", |(fields, _)| fields);
        for (index, (field, count)) in counts.iter().enumerate() {
            let name = format!("d{at}_{index}");
            before.push_str(&format!("let mut {name} = vec![0.5; {count}];"));
            results.push(name.clone());
            let number = declared.contains(&format!("pub {field}: &'a mut f64"));
            own.push(format!("{field}: &mut {name}{}", if number { "[0]" } else { "" }));
        }
        before.push_str(&format!("let mut d{at} = {module}::{structure} {{ {} }};", own.join(", ")));
        arguments.push(format!("&mut d{at}"));
    }
    if rust.contains(&format!("fn {name}_workspace(")) {
        before.push_str(&format!("let mut workspace = vec![0.25; {module}::{name}_workspace({sizes})];"));
        arguments.push("&mut workspace".to_string());
    }
    let (arguments, results) = (arguments.join(", "), results.join(", "));
    format!("{{ {before} {}{module}::{name}({arguments}); [{results}].concat() }}", returned.0)
}

/// What is generated for one function, and what its lines must hold.
struct Generated {
    text: String,
    expected: Vec<(&'static str, Vec<f64>, f64)>,
    /// What is computed from the lines of matrices, and the place of the line that it is compared with.
    blocks: Option<(Vec<usize>, bool)>,
    point: Point,
}

/// Adds calls of the products of one function, with what they must compute, and of the matrices that they are made of.
fn add_whole(program: &mut Program, module: &str, function: &Function, sizes: [usize; 4]) -> Generated {
    let whole = function.closed().expect("the function is kept whole");
    // The code for whole matrices, also where the entries are few.
    let function = without_entries(function);
    let rust = rust(&function, &options());
    program.module(module, &rust);
    let point = Point::new(whole, sizes);
    let all: Vec<usize> = (0..whole.parameters.len()).collect();
    let closed = derive_closed(whole, &all, Order::First, Form::Raw).expect("it has derivatives");
    let scalar = whole.extents().is_scalar();
    let results = |at: &[Dense]| closed.evaluate(at, &point.sizes).expect("it is evaluated");
    let value = |at: &[Dense]| results(at)[0].entries.clone();
    let gradient =
        |at: &[Dense]| -> Vec<f64> { results(at)[1..].iter().flat_map(|part| part.entries.clone()).collect() };
    let counts: Vec<usize> = point.tangents.iter().map(Vec::len).collect();
    let inputs = |numbers: &[Vec<f64>]| -> Vec<String> {
        let write = |(parameter, own): (&gradc::lower::WholeParameter, &Vec<f64>)| match parameter.extents().is_scalar()
        {
            true => arguments(own),
            false => format!("&[{}]", arguments(own)),
        };
        whole.parameters.iter().zip(numbers).map(write).collect()
    };
    let at = inputs(&point.parameters(whole));
    let both = [at.clone(), inputs(&point.tangents)].concat();
    let cotangent = if scalar { arguments(&point.cotangent) } else { format!("&[{}]", arguments(&point.cotangent)) };
    let with_cotangent = [at.clone(), vec![cotangent]].concat();
    let sizes: Vec<String> = whole.sizes.iter().map(|size| point.sizes[size].to_string()).collect();
    let sizes = sizes.join(", ");
    let result = (!scalar).then_some(point.cotangent.len());
    let of_parameters = |structure: &str| -> Vec<(String, usize)> {
        let names = declared(&rust, structure);
        assert_eq!(names.len(), counts.len(), "{structure}");
        names.into_iter().zip(counts.clone()).collect()
    };
    let mut call = |name: &str, inputs: &[String], values: &[Option<usize>], types: &[(&str, Vec<(String, usize)>)]| {
        program.print(&block((module, &rust, name), &sizes, inputs, values, types), &["r".to_string()]);
    };
    let along = point.difference(whole, value);
    let here = value(&point.at);
    let mut expected = vec![("jvp", [here.clone(), along].concat(), 1e-7)];
    call("f_jvp", &both, &[result, result], &[]);
    call("f_vjp", &with_cotangent, &[result], &[("FVjp", of_parameters("FVjp"))]);
    if scalar {
        let cotangents = gradient(&point.at).into_iter().map(|entry| entry * point.cotangent[0]).collect();
        expected.push(("vjp", [here, cotangents].concat(), 1e-11));
        call("f_hvp", &both, &[], &[("FGrad", of_parameters("FGrad")), ("FGrad", of_parameters("FGrad"))]);
        let second = [gradient(&point.at), point.difference(whole, gradient)].concat();
        expected.push(("hvp", second, 1e-6));
    }
    // Derivatives by symmetric matrices are not all written.
    let structure = if scalar { "FHessian" } else { "FJacobian" };
    let fields = declared(&rust, structure);
    let rows = if scalar { counts.clone() } else { vec![point.cotangent.len()] };
    let pairs: Vec<usize> = match scalar {
        true => (0..counts.len()).flat_map(|a| counts[a..].iter().map(|b| counts[a] * b).collect::<Vec<_>>()).collect(),
        false => counts.iter().map(|count| rows[0] * count).collect(),
    };
    let blocks = (fields.len() == pairs.len()).then(|| {
        let suffix = if scalar { "f_hessian" } else { "f_jacobian" };
        let ordered = in_order(fields, declared(&rust, "FVjp"), scalar);
        call(suffix, &at, &[result], &[(structure, ordered.into_iter().zip(pairs).collect())]);
        (rows, scalar)
    });
    Generated { text: function.definition.clone(), expected, blocks, point }
}

/// Lists the fields of a generated type of slices.
fn declared(rust: &str, structure: &str) -> Vec<String> {
    fields(rust, &format!("{structure}<'a>"))
}

/// Brings fields into the order of the parameters, or of pairs of these: rows are written after matrices.
fn in_order(fields: Vec<String>, names: Vec<String>, scalar: bool) -> Vec<String> {
    let pairs =
        (0..names.len()).flat_map(|a| names[a..].iter().map(|b| format!("{}_{b}", names[a])).collect::<Vec<_>>());
    let wanted: Vec<String> = if scalar { pairs.collect() } else { names.clone() };
    assert!(wanted.iter().all(|name| fields.contains(name)), "{fields:?} are not {wanted:?}");
    wanted
}

impl Generated {
    fn compare(&self, lines: &mut std::vec::IntoIter<Vec<f64>>) -> Vec<String> {
        let Point { tangents, cotangent, .. } = &self.point;
        let (jvp, vjp) = (lines.next().expect("a line"), lines.next().expect("a line"));
        let mut found = vec![("jvp", jvp.clone()), ("vjp", vjp.clone())];
        if self.expected.len() == 3 {
            found.push(("hvp", lines.next().expect("a line")));
        }
        let mut wrong = Vec::new();
        let mut compare = |what: &str, found: &[f64], expected: &[f64], tolerance: f64| {
            if let Some(far) = far(found, expected, tolerance, 1e-2) {
                wrong.push(format!("{}\n    {what}: {far}", self.text));
            }
        };
        for (what, expected, tolerance) in &self.expected {
            let own = found.iter().find(|(name, _)| name == what).map(|(_, own)| &own[..]);
            compare(what, own.unwrap_or_default(), expected, *tolerance);
        }
        // u'(Jv) is (J'u)'v.
        let tangent = tangents.concat();
        let (forward, reverse) = (dot(&jvp[cotangent.len()..], cotangent), dot(&vjp[cotangent.len()..], &tangent));
        let terms = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a * b).abs()).sum::<f64>();
        let scale = terms(&vjp[cotangent.len()..], &tangent);
        if (forward - reverse).abs() > 1e-12 * scale.max(1e-3) {
            wrong.push(format!("{}\n    jvp and vjp: {forward:e} and {reverse:e}", self.text));
        }
        let Some((rows, scalar)) = &self.blocks else { return wrong };
        let matrices = lines.next().expect("a line");
        let mut entries = matrices[if *scalar { 1 } else { cotangent.len() }..].iter();
        let mut compare = |what: &str, found: &[f64], expected: &[f64]| {
            if let Some(far) = far(found, expected, 1e-11, 1e-2) {
                wrong.push(format!("{}\n    {what}: {far}", self.text));
            }
        };
        if *scalar {
            let mut products: Vec<Vec<f64>> = rows.iter().map(|count| vec![0.0; *count]).collect();
            for a in 0..rows.len() {
                for b in a..rows.len() {
                    for row in 0..rows[a] {
                        for column in 0..rows[b] {
                            let entry = entries.next().expect("an entry");
                            products[a][row] += entry * tangents[b][column];
                            if a != b {
                                products[b][column] += entry * tangents[a][row];
                            }
                        }
                    }
                }
            }
            let hvp = &found[2].1;
            compare("hvp and Hessian", &hvp[hvp.len() / 2..], &products.concat());
        } else {
            let mut along = vec![0.0; cotangent.len()];
            let mut cotangents = Vec::new();
            for tangent in tangents {
                let mut own = vec![0.0; tangent.len()];
                for (along, weight) in along.iter_mut().zip(cotangent) {
                    for (tangent, own) in tangent.iter().zip(&mut own) {
                        let entry = entries.next().expect("an entry");
                        *along += entry * tangent;
                        *own += entry * weight;
                    }
                }
                cotangents.extend(own);
            }
            compare("jvp and Jacobian", &jvp[cotangent.len()..], &along);
            compare("vjp and Jacobian", &vjp[cotangent.len()..], &cotangents);
        }
        wrong
    }
}

/// Functions of whole matrices beside those of the cases.
const WHOLE: &[&str] = &[
    "f(X: matrix[n, m], y: vector[n], w: vector[m]) = X*w - y",
    "f(W: matrix[n, m], X: matrix[m, p], b: vector[n]) = tanh(W*X + b*ones(p)')",
    "f(A: matrix[n, n], b: vector[n]) = solve(A, b)",
    "f(A: matrix[n, n]) = inv(A)*A'",
    "f(x: vector[n], y: vector[m], s) = s*outer(x, y) .* exp(outer(x, y))",
    "f(x: vector[n], W: matrix[n, n], u: vector[n], s) = if(x > u, x*s, x'*W*u) + if(s > 0, dot(x, u), u)",
    "f(x: vector[n], y: vector[n]) = sum(max(x, y) .* min(x, 2*y)) + sum(relu(x)) + norm1(x .* y)",
    "f(W: matrix[n, m], b: vector[n], V: matrix[k, n], c: vector[k], X: matrix[m, p], Y: matrix[k, p]) = \
     norm2(V*tanh(W*X + b*ones(p)') + c*ones(p)' - Y)^2",
    "f(A: matrix[n, n], B: matrix[n, m], s) = s^2*tr(A*B*B') + sum(exp(s*B)) + det(A)",
    "f(A: matrix[n, n], D: vector[n]) = tr(diag(D)*A*diag(D)*A') + logdet(A*A')",
    "f(S: spd[n], x: vector[n], mu: vector[n]) = logdet(S) + (x - mu)'*inv(S)*(x - mu)",
    "f(S: sym[n], x: vector[n]) = S*S*x",
    "f(x: vector[n], y: vector[m]) = norm2(stack(x, y))^2*sum(x) + dot(x[1..], x[..n - 1])",
    "f(X: matrix[n, m]) = sum(X[0, ..] .* X[1, ..]) + sum(X .* X .* X)",
    "f(x: vector[n], s) = stack(s*x[1..], x[..2])",
    "f(tangent: vector[n], gradient: vector[n], product: vector[n], cotangent, tangent_tangent) = \
     dot(exp(tangent/9), gradient .* product)*cotangent^2*sin(tangent_tangent)",
    "f(value: vector[n], derivatives: matrix[n, n], workspace, f, value_tangent: vector[n]) = \
     derivatives*(value .* value_tangent)*workspace^2*f",
    "f(x: vector[n]) = 2*sum(x)",
    "f(x: vector[n], s) = ones(n)*s",
    "f(x: vector[n], y: vector[n]) = x + 1",
];

/// Sizes of the dimensions in order: `X'*X` is regular where X has more rows than columns.
const SIZES: [usize; 4] = [6, 4, 5, 3];

fn check_whole(name: &str, functions: &[Function], sizes: [usize; 4]) {
    let mut program = Program::default();
    let add = |(at, function)| add_whole(&mut program, &format!("m{at}"), function, sizes);
    let generated: Vec<Generated> = functions.iter().enumerate().map(add).collect();
    let mut lines = program.run(name).into_iter();
    let wrong: Vec<String> = generated.iter().flat_map(|generated| generated.compare(&mut lines)).collect();
    assert!(lines.next().is_none());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let matrices = generated.iter().filter(|generated| generated.blocks.is_some()).count();
    assert!(2 * matrices > generated.len(), "only {matrices} functions have all derivatives as matrices");
}

fn whole_functions() -> Vec<Function> {
    WHOLE.iter().map(|text| function(text)).collect()
}

#[test]
fn products_of_whole_matrices_are_those_of_the_matrices() {
    check_whole("products_whole", &whole_functions(), SIZES);
}

#[test]
fn products_of_all_cases_of_whole_matrices_are_those_of_the_matrices() {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a case is read");
        functions(&Source::new(path.display().to_string(), text)).pop().expect("there is a function")
    };
    let mut functions: Vec<Function> = files(&root().join("tests/matrices"), "grad").into_iter().map(read).collect();
    functions.retain(|function| !function.whole.sizes.is_empty());
    check_whole("products_matrices", &functions, SIZES);
}

#[test]
fn products_of_matrices_with_one_entry_are_those_of_the_matrices() {
    let mut functions = whole_functions();
    functions.retain(|function| {
        let whole = &function.whole;
        whole.unmet(&whole.sizes.iter().map(|name| (name.clone(), 1)).collect()).is_none()
    });
    assert!(functions.len() + 2 >= WHOLE.len());
    check_whole("products_small", &functions, [1; 4]);
}

/// The products keep to the space of vectors, and of the matrices that are given.
#[test]
fn products_take_no_space_for_matrices_of_derivatives() {
    let mut program = Program::default();
    for (at, (text, wrt, sizes)) in [
        ("f(X: matrix[n, m], y: vector[n], w: vector[m]) = sum(softplus(X*w)) - dot(y, X*w)", &["w"][..], "1000, 50"),
        ("f(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", &["x"], "4096"),
        ("f(Z: matrix[n, m], P: matrix[n, k], Q: matrix[m, k]) = norm2(Z - P*Q')^2", &["P", "Q"], "30, 20, 10"),
    ]
    .into_iter()
    .enumerate()
    {
        let options = Options { wrt: wrt.iter().map(|name| name.to_string()).collect(), ..options() };
        let rust = rust(&function(text), &options);
        program.module(&format!("m{at}"), &rust);
        let space = rust.contains("fn f_hvp_workspace(").then(|| format!("m{at}::f_hvp_workspace({sizes})"));
        program.print(&space.unwrap_or("0".to_string()), &["f64::from(r as u32)".to_string()]);
    }
    let most = [6.0 * 1000.0 + 2.0 * 50.0, 0.0, 8.0 * 600.0 + 4.0 * 500.0];
    for (line, most) in program.run("products_space").iter().zip(most) {
        assert!(line[0] <= most, "{} numbers, more than {most}", line[0]);
    }
}

/// Derived by some of the parameters, the products have tangents of these alone.
#[test]
fn products_are_by_the_parameters_that_are_named() {
    let mut program = Program::default();
    let options = Options { wrt: vec!["y".to_string()], ..options() };
    program.module("fixed", &rust(&function("f(x, y: vector[2]) = x^2*y[0]*exp(y[1])"), &options));
    program.print("fixed::f_jvp(3.0, &[2.0, 0.0], &[1.0, 10.0])", &["r.1".to_string()]);
    program.print("fixed::f_vjp(3.0, &[2.0, 0.0], 2.0)", &["r.1.y".to_string()]);
    program.print("fixed::f_hvp(3.0, &[2.0, 0.0], &[1.0, 10.0])", &["r.0.y".to_string(), "r.1.y".to_string()]);
    program.module("whole", &rust(&function("f(X: matrix[n, m], y: vector[m]) = norm2(X*y)^2"), &options));
    let at = "2, 1, &[1.0, 2.0], &[3.0]";
    let space = |name: &str| format!("&mut vec![0.0; whole::{name}_workspace(2, 1)]");
    program.print(&format!("whole::f_jvp({at}, &[0.5], {})", space("f_jvp")), &["r.0".to_string(), "r.1".to_string()]);
    let call = format!(
        "{{ let (mut g, mut h) = ([0.0; 1], [0.0; 1]); whole::f_hvp({at}, &[0.5], &mut whole::FGrad {{ y: &mut g }}, \
         &mut whole::FGrad {{ y: &mut h }}, {}); [g, h].concat() }}",
        space("f_hvp")
    );
    program.print(&call, &["r".to_string()]);
    let expected = [&[189.0][..], &[18.0, 36.0], &[9.0, 18.0, 90.0, 189.0], &[45.0, 15.0], &[30.0, 5.0]];
    assert_eq!(program.run("products_by"), expected);
}

/// Tangents of other lengths are refused before anything is written.
#[test]
fn tangents_that_do_not_fit_are_refused() {
    let mut program = Program::default();
    program.module("m", &rust(&function("f(x: vector[n]) = sum(exp(x))"), &options()));
    for (tangent, product) in [(3, 3), (2, 3), (4, 3), (3, 2)] {
        let call = format!(
            "{{ std::panic::set_hook(Box::new(|_| ())); let (mut g, mut h) = ([-7.0; 3], [-7.0; {product}]); \
             let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| m::f_hvp(3, &[0.0; 3], &[2.0; {tangent}], \
             &mut m::FGrad {{ x: &mut g }}, &mut m::FGrad {{ x: &mut h }}, &mut vec![0.5; m::f_hvp_workspace(3)]))).is_ok(); [f64::from(u8::from(done)), g[2], h[1]] }}"
        );
        program.print(&call, &["r".to_string()]);
    }
    let refused = [0.0, -7.0, -7.0];
    let expected: [&[f64]; 4] = [&[1.0, 1.0, 2.0], &refused, &refused, &refused];
    assert_eq!(program.run("products_sizes"), expected);
}
