//! Random programs of loops in loops: their derivatives are those of the same program with a number in place of the named
//! size, which is written out, and those that differences give.
#![allow(clippy::panic)]

#[path = "common/random.rs"]
#[allow(dead_code)]
mod random;

use gradc::derive::{Derivative, Form, Order, Product, derive, derive_closed, derive_closed_product};
use gradc::graph::Sizes;
use gradc::lower::{Function, Whole};
use gradc::source::Source;
use gradc::tape::{Dense, Tape};
use random::Random;

/// What the names of indices and states are, the outer one first.
const INDICES: [&str; 4] = ["i", "j", "k", "l"];

/// Writes programs of two vectors, a matrix and two numbers.
struct Writer {
    random: Random,
    indices: usize,
    states: Vec<String>,
}

impl Writer {
    fn program(seed: u64) -> String {
        let mut writer = Writer { random: Random::new(seed), indices: 0, states: Vec::new() };
        loop {
            let depth = 3 + writer.random.below(3);
            let body = writer.number(depth);
            if body.contains(" in ") {
                return format!("f(x: vector[n], y: vector[n], W: matrix[n, n], a, b) = {body}");
            }
        }
    }

    fn index(&mut self) -> &'static str {
        INDICES[self.random.below(self.indices)]
    }

    fn leaf(&mut self) -> String {
        let mut leaves: Vec<String> = ["a", "0.5"].map(String::from).to_vec();
        leaves.extend(self.states.iter().flat_map(|state| [state.clone(), state.clone()]));
        if self.indices == 0 {
            leaves.extend(["x[0]", "y[n - 1]", "sum(x)", "b"].map(String::from));
        } else {
            let (i, j) = (self.index(), self.index());
            let own = [i.to_string(), format!("x[{i}]"), format!("y[{i}]"), format!("x[n - 1 - {i}]")];
            leaves.extend(own.into_iter().chain([format!("W[{i}, {j}]"), format!("W[{j}, {i}]"), format!("x[{j}]")]));
            leaves.push(format!("y[({i} + {j} + 1) mod n]"));
        }
        let at = self.random.below(leaves.len());
        leaves.swap_remove(at)
    }

    fn number(&mut self, depth: usize) -> String {
        let Some(less) = depth.checked_sub(1) else { return self.leaf() };
        match self.random.below(100) {
            0..25 => self.leaf(),
            25..38 => format!("({} + {})", self.number(less), self.number(less)),
            38..50 => format!("{}*{}", self.number(less), self.number(less)),
            50..55 => format!("({} - {})", self.number(less), self.number(less)),
            55..64 => {
                let function = self.random.pick(&["sin", "cos", "tanh", "sigmoid", "exp"]);
                format!("{function}({}/4)", self.number(less))
            }
            64..67 => {
                let bound = self.random.pick(&["0.7", "1.1"]);
                format!("if({} > {bound}, {}, {})", self.number(less), self.number(less), self.number(less))
            }
            67..71 if self.indices > 0 => {
                let (i, j) = (self.index(), self.index());
                match self.random.below(4) {
                    0 => format!("dot(W[{i}, ..], y)"),
                    1 => format!("norm2(W[{i}, ..] + x)"),
                    2 => format!("norm2(W[{i}, ..] - W[{j}, ..])"),
                    _ => format!("{}^{i}", self.number(less)),
                }
            }
            67..73 => format!("{}/(2 + {}^2)", self.number(less), self.number(less)),
            _ => self.looped(less),
        }
    }

    fn looped(&mut self, depth: usize) -> String {
        let Some(own) = INDICES.get(self.indices).copied() else { return self.leaf() };
        let mut ends = ["0".to_string(), "n".to_string()];
        match self.random.below(10) {
            0 | 1 if self.indices > 0 => ends[1] = self.index().to_string(),
            2 | 3 if self.indices > 0 => ends[0] = format!("{} + 1", self.index()),
            4 => ends[1] = "n - 1".to_string(),
            5 => ends[0] = "1".to_string(),
            _ => {}
        }
        let (some, all) = (format!("{own} in {}..{}", ends[0], ends[1]), format!("{own} in 0..n"));
        let guard = match self.random.below(6) {
            0 if self.indices > 0 => format!(" if {own} != {}", self.index()),
            1 => format!(" if {own} > 0"),
            _ => String::new(),
        };
        let state = format!("s{}", self.indices);
        let (kind, first) = (self.random.below(25), self.leaf());
        self.indices += 1;
        let is_recurrence = kind >= 20;
        self.states.extend(is_recurrence.then(|| state.clone()));
        let body = self.number(depth);
        if is_recurrence {
            self.states.pop();
        }
        self.indices -= 1;
        match kind {
            0..10 => format!("sum({some}{guard}, {body})"),
            10..12 => format!("prod({some}, {body}/2)"),
            12..14 => format!("max({all}, {body})"),
            14 => format!("logsumexp({all}, {body})"),
            15 => format!("mean({all}, {body})"),
            16..18 => format!("norm2([{all}: {body} + 1])"),
            18..20 => format!("sum([{all}: {body}] .* y)"),
            20..23 => format!("fold({some}, {state} = {first}, 0.4*{state} + {body}/2)"),
            _ => format!("dot(scan({all}, {state} = {first}, 0.4*{state} + {body}/2), x)"),
        }
    }
}

/// Puts a number in place of the dimension n.
fn fixed(program: &str, length: usize) -> String {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let chars: Vec<char> = program.chars().collect();
    let at = |place: usize| chars.get(place).copied();
    let replaced = |(place, c): (usize, &char)| {
        let alone = *c == 'n' && !is_word(place.checked_sub(1).and_then(at)) && !is_word(at(place + 1));
        if alone { length.to_string() } else { c.to_string() }
    };
    chars.iter().enumerate().map(replaced).collect()
}

fn read(text: &str) -> Result<Function, String> {
    let functions = gradc::read(&Source::new("program", text), &[]).map_err(|errors| errors.render(false))?;
    Ok(functions.into_iter().next_back().expect("a function"))
}

/// The program as it is written out, with its gradient.
struct WrittenOut {
    value: Tape,
    gradient: Tape,
}

impl WrittenOut {
    fn new(text: &str) -> Result<Self, String> {
        let function = read(text)?.entries.expect("it has entries");
        let by: Vec<usize> = (0..function.graph.inputs().len()).collect();
        let tape = |order, at: usize| {
            let mut derived = derive(&function, &by, order, Form::Raw).map_err(|error| format!("{error:?}"))?;
            let mut tape = derived.tape();
            tape.outputs = tape.outputs.split_off(at);
            Ok::<Tape, String>(tape)
        };
        Ok(WrittenOut { value: tape(Order::Value, 0)?, gradient: tape(Order::First, 1)? })
    }

    /// Returns the derivative of the value along a direction by differences, where they say one thing.
    fn difference(tape: &Tape, point: &[f64], direction: &[f64]) -> Option<Vec<f64>> {
        let moved = |step: f64| -> Vec<f64> {
            let point: Vec<f64> = point.iter().zip(direction).map(|(x, d)| x + step * d).collect();
            tape.evaluate(&point)
        };
        let central = |step: f64| -> Vec<f64> {
            moved(step).iter().zip(moved(-step)).map(|(after, before)| (after - before) / (2.0 * step)).collect()
        };
        let (one, other) = (central(1e-5), central(4e-6));
        far(&one, &other, 1e-5).is_none().then_some(one)
    }
}

/// Tells where two lists differ by more than a tolerance in proportion to the largest number.
fn far(found: &[f64], reference: &[f64], tolerance: f64) -> Option<usize> {
    let largest = reference.iter().fold(1.0, |largest: f64, entry| largest.max(entry.abs()));
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance * largest || a.is_nan() && b.is_nan();
    (0..found.len().max(reference.len()))
        .find(|at| !found.get(*at).zip(reference.get(*at)).is_some_and(|(a, b)| near(*a, *b)))
}

/// Cuts numbers into the matrices of the parameters.
fn matrices(whole: &Whole, sizes: &Sizes, numbers: &[f64]) -> Vec<Dense> {
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let mut matrices = vec![blank; whole.graph.inputs().len()];
    let mut rest = numbers;
    for parameter in &whole.parameters {
        let side = |side: &gradc::graph::Dimension| side.evaluate(sizes).expect("a size");
        let (rows, columns) = (side(&parameter.extents().rows), side(&parameter.extents().columns));
        let (entries, others) = rest.split_at(rows * columns);
        rest = others;
        matrices[whole.input_index(parameter.id)] = Dense { rows, columns, entries: entries.to_vec() };
    }
    matrices
}

/// Compares a program with what it is written out; tells what is wrong.
fn compare(seed: u64) -> Result<(), String> {
    let program = Writer::program(seed);
    let mut random = Random::new(seed ^ 0x5eed);
    let length = 1 + random.below(4);
    let sizes: Sizes = [("n".to_string(), length)].into();
    let mut numbers = |low: f64, high: f64| -> Vec<f64> {
        let entry = |random: &mut Random| low + (high - low) * random.below(1000) as f64 / 1000.0;
        (0..2 * length + length * length + 2).map(|_| entry(&mut random)).collect()
    };
    let (point, direction) = (numbers(0.3, 1.6), numbers(-1.0, 1.0));
    let wrong = |what: String| Err(format!("{program} with {length} at {point:?}:\n  {what}"));
    let (named, written) = match (read(&program), WrittenOut::new(&fixed(&program, length))) {
        (Ok(named), Ok(written)) => (named, written),
        (Err(_), Err(_)) => return Ok(()),
        (Err(message), _) | (_, Err(message)) => return wrong(message),
    };
    let Some(whole) = named.closed() else { return wrong("there is no whole form".to_string()) };
    let gradient = written.gradient.evaluate(&point);
    let along: f64 = gradient.iter().zip(&direction).map(|(a, b)| a * b).sum();
    if let Some(difference) = WrittenOut::difference(&written.value, &point, &direction)
        && far(&[along], &difference, 1e-4).is_some()
    {
        return wrong(format!("written out, the derivative is {along}, and differences give {difference:?}"));
    }
    let by = whole.derivable();
    let given = matrices(whole, &sizes, &point);
    let curvature = WrittenOut::difference(&written.gradient, &point, &direction);
    for form in [Form::Raw, Form::Pretty, Form::Code] {
        let closed = match derive_closed(whole, &by, Order::First, form) {
            Ok(closed) => closed,
            Err(error) => return wrong(format!("{error:?}")),
        };
        let Some(values) = closed.evaluate(&given, &sizes) else { return wrong(format!("no value in {form:?}")) };
        assert!(closed.first.iter().all(|derivative| matches!(derivative, Derivative::Matrix(_))));
        let found: Vec<f64> = values[1..].iter().flat_map(|value| value.entries.iter().copied()).collect();
        if far(&found, &gradient, 1e-9).is_some() {
            return wrong(format!("the gradient in {form:?} is\n  {found:?} and not\n  {gradient:?}"));
        }
        let Some(curvature) = &curvature else { continue };
        let with_tangents = Product::Hvp.with_matrices(whole, &by);
        let product = match derive_closed_product(Product::Hvp, &with_tangents, &by, form) {
            Ok(product) => product,
            Err(error) => return wrong(format!("{error:?}")),
        };
        let both = [point.clone(), direction.clone()].concat();
        let given = matrices(&with_tangents, &sizes, &both);
        let Some(values) = product.evaluate(&given, &sizes) else { return wrong(format!("no product in {form:?}")) };
        let found: Vec<f64> = values.iter().flat_map(|value| value.entries.iter().copied()).collect();
        let found = &found[found.len() - curvature.len()..];
        if far(found, curvature, 1e-3).is_some() {
            return wrong(format!(
                "the Hessian in {form:?} times {direction:?} is\n  {found:?} and not\n  {curvature:?}"
            ));
        }
    }
    Ok(())
}

fn compare_all(seeds: std::ops::Range<u64>) {
    let wrong: Vec<String> =
        seeds.filter_map(|seed| compare(seed).err().map(|text| format!("{seed}: {text}"))).collect();
    assert!(wrong.is_empty(), "{} programs:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn loops_have_the_derivatives_of_what_is_written_out() {
    compare_all(0..16);
}

#[test]
#[ignore = "takes minutes"]
fn many_loops_have_the_derivatives_of_what_is_written_out() {
    compare_all(16..400);
}
