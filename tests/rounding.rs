//! Forms for machines lose no digits that the formula as written keeps: value, gradient and Hessian of formulas over
//! translated variables, against the exact numbers and against the chain rule applied to the formula as written, node by
//! node in double precision.
#![allow(clippy::panic)]

#[path = "common/bound.rs"]
mod bound;
mod common;
#[path = "common/exact.rs"]
mod exact;

use astro_float::BigFloat;
use bound::bounded;
use common::{CORPORA, records};
use exact::Exact;
use gradc::derive::{Form, Order, derive};
use gradc::lower::{Entries, Formulas};
use gradc::precise::{Coordinate, Evaluator};
use gradc::source::Source;
use gradc::tape::transcribe;

/// How many random formulas are tried by default, and in the ignored test.
const SAMPLE: u64 = 120;
const ALL: u64 = 1000;
/// Errors up to this one are the rounding of a few operations.
const FEW_ROUNDINGS: f64 = 1e-13;
/// How much worse than as written an entry may be, and how many units in the last place more.
const FACTOR: f64 = 4.0;
const MORE: f64 = 4.0 * f64::EPSILON;

/// Formulas of which digits were once lost, with a point.
#[rustfmt::skip]
const LINES: &[(&str, &[f64])] = &[
    ("f(x, m) = 1 - (x - m)^2", &[12_345_678.3, 12_345_678.1]),
    ("f(x) = 1/(1 - x^2)", &[1e-17]),
    ("f(x) = 1/(1 - x^2)", &[1e-9]),
    ("f(y, p) = (1 - y)*ln(1 - p)", &[0.999_999, 0.3]),
    ("f(y, p) = -(y*ln(p) + (1 - y)*ln(1 - p))", &[0.999_999_99, 0.3]),
    ("f(a, b) = tanh(a) - tanh(b)", &[1.000_000_1, 1.0]),
    ("f(a, b) = tanh(a) - tanh(b)", &[-3.0, -3.000_000_1]),
    ("f(y1, x, x2, x1, y2) = y1*(x - x2)/(x1 - x2) + y2*(x - x1)/(x2 - x1)", &[1.5, 1_000_000.3, 1_000_001.0, 1e6, 2.5]),
    ("f(x: vector[4]) = mean((x - mean(x)) .^ 2)", &[1e7 + 0.1, 1e7 + 0.4, 1e7 - 0.3, 1e7 + 0.7]),
    ("f(z) = 1 - z^2", &[0.999_999_99]),
    ("f(z, t) = t*(1 - z^2)", &[0.999_999_99, 3.0]),
    ("f(x) = acosh(x)", &[1.000_000_1]),
    ("f(x) = acosh(x)", &[1.000_000_000_000_1]),
    ("f(x, m, k) = x - m + k", &[12_345_678.3, 12_345_678.1, 0.5]),
    ("f(k, x, m) = k + (x + m)", &[1.0, 12_345_678.3, -12_345_678.1]),
    ("f(k, x, m) = (x + m) + k", &[1.0, 12_345_678.3, -12_345_678.1]),
    ("f(x, y) = (1 + x) + y", &[-0.999_999_999, 1e-9]),
    ("f(x, m, y, n) = (x - m) - (y - n)", &[12_345_678.3, 12_345_678.1, 87_654_321.5, 87_654_321.2]),
    ("f(x, a) = logsumexp([x, a])", &[1e-160, -40.0]),
    ("f(x) = x^3/3 - x^2 + x", &[1.000_000_1]),
    ("f(x) = (0.1 - (1 + 4*(x - 525225) - (x - 525225)^2))/(1 + exp(-(x - 525225)))", &[525_224.423_852]),
    ("f(x, y, m) = ((3 + 4*(y - m) - (y - m)^2) + (x - 89629700))/(1 + exp(x - 89629700))", &[89_629_701.992_144, 330.721_068, 329.692_096]),
    ("f(x, y, m) = ((y - m)*exp(x) + (3 - (y - m)))/(1 + exp(x))", &[0.3, 12_345_678.3, 12_345_678.1]),
    ("f(x) = (0.25*(x + 59860.5) - 10)^2/(0.25 + (x + 59860.5)^2)", &[-59_862.281]),
    ("f(x, y) = ((1.5 - (0.5 - (y - 10878463.6)^3/1.5 - 2*(y - 10878463.6) + (y - 10878463.6)^2)) - (4 - ((y - 10878463.6)^3/0.5 + 1.5*(y - 10878463.6) - (y - 10878463.6)^2 + 0.25)))/(1 + (x - 133277.4)^2)", &[133_279.259, 10_878_462.601]),
    ("f(x, y, m, s) = sqrt(1 + (y - m)^2)/(exp(m - x) + exp((x - m)/s))", &[1_021_099.102_778, 1_021_099.012_778, 1_021_098.902_778, 0.891_666]),
    ("f(x, m, y, s) = ln(1 + (x - y)^2)*sigmoid(y - m)/(exp((x - m)/s) + exp(x - m))", &[937_908.194_434_753_4, 937_908.164_434_753_4, 937_909.064_434_753_4, 1.354_159_144_631]),
    ("f(x, m, y, s) = (ln(1 + (y - m)^2) - erf(m - x))/(exp(x + y - 2*m) + exp((x - y)/s))", &[111_776_752.528_371_13, 111_776_752.328_371_12, 111_776_752.438_371_12, 1.184_413_345_76]),
    ("f(x, m, y, s) = ln((1 + (x - y)^2)/(s + (m - x)^2))/(1 + ((x - m)/s)^2)", &[1_110_837.899_913_827_2, 1_110_837.869_913_827_2, 1_110_837.979_913_827_3, 1.093_873_309_858]),
    ("f(x, m, y, s) = (tanh((x - y)/s) - (m - x))*exp((x - y)/s)", &[83_449.260_370_810_25, 83_449.290_370_810_25, 83_449.690_370_810_25, 1.003_679_606_529]),
    ("f(x, m, y, s) = (1 + (x - y)^2)/(exp((x - m)/s) + exp(y - m))", &[128_133.438_180_487_63, 128_132.138_180_487_63, 128_132.538_180_487_62, 0.929_708_720_556]),
    ("f(x, m, s) = (x - m)/s*ln((1 + (x - m)^2)/(s + (x - m)^2))", &[881_412.663_813_830_7, 881_413.963_813_830_7, 0.997_961_756_012]),
];

fn read(text: &str) -> Entries {
    let function = gradc::read(&Source::new("formula", text), &[]).ok().and_then(|mut functions| functions.pop());
    function.and_then(|function| function.entries).unwrap_or_else(|| panic!("not a formula: {text}"))
}

/// How many times the bound of the form as written an error may be.
const BOUND_FACTOR: f64 = 16.0;

/// What an entry is compared with: what the chain rule gives in double precision, or the bound of its error.
#[derive(Clone, Copy, PartialEq)]
enum Yardstick {
    Found,
    Bound,
}

/// Lists the entries of value, gradient and Hessian that lose digits at a point.
fn lost(text: &str, point: &[f64], yardstick: Yardstick) -> Vec<String> {
    let function = read(text);
    let inputs: Vec<usize> = (0..point.len()).collect();
    let [mut raw, mut code] = [Form::Raw, Form::Code].map(|form| {
        derive(&function, &inputs, Order::Second, form).unwrap_or_else(|_| panic!("no derivatives: {text}"))
    });
    let roots = raw.roots();
    let written = transcribe(&mut raw.graph, &mut Formulas::default(), &roots);
    let coordinates: Vec<Coordinate> = point.iter().copied().map(Coordinate::from).collect();
    let exact = Evaluator::default().evaluate(&written, &coordinates);
    let naive = written.evaluate(point);
    let found = code.tape().evaluate(point);
    let error = |value: f64, exact: f64| {
        let error = (value - exact).abs() / exact.abs();
        if value == exact {
            0.0
        } else if error.is_nan() {
            f64::INFINITY
        } else {
            error
        }
    };
    let entries = exact.iter().zip(&naive).zip(&found).enumerate().filter(|(_, ((exact, _), _))| exact.is_finite());
    let lost = entries.filter(|(_, ((exact, naive), found))| {
        let own = error(**found, **exact);
        own > FEW_ROUNDINGS && own > FACTOR * error(**naive, **exact) + MORE
    });
    let lost: Vec<_> = lost.collect();
    let bounds = if yardstick == Yardstick::Bound && !lost.is_empty() {
        let inputs: Vec<BigFloat> = point.iter().map(|x| BigFloat::from_f64(*x, exact::BITS)).collect();
        bounded(&mut Exact::new(), &raw.graph, &roots, &inputs)
    } else {
        Vec::new()
    };
    let lost = lost.into_iter().filter(|(at, ((exact, naive), found))| {
        let bound = bounds.get(*at).and_then(|bounded| bounded.as_ref()).map(|bounded| &bounded.bound);
        let bound = bound.map_or(0.0, |bound| bound.to_string().parse().unwrap_or(f64::INFINITY));
        let allowed = BOUND_FACTOR * f64::EPSILON * f64::max(bound, exact.abs());
        let keeps = |value: f64| (value - *exact).abs() <= allowed;
        // What overflows as it is written, too, has no digits to be kept.
        bounds.is_empty() || keeps(**naive) && !keeps(**found)
    });
    let show = |(at, ((exact, naive), found)): (usize, ((&f64, &f64), &f64))| {
        format!("{text} at {point:?}: entry {at} is {found:e} for {exact:e}, as written {naive:e}")
    };
    lost.map(show).collect()
}

/// A linear congruential generator (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.below(1_000_000) as f64 / 1e6)
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

/// Names far away and how a formula sees them: as small differences.
struct Translated {
    random: Random,
    names: Vec<String>,
    point: Vec<f64>,
    differences: Vec<String>,
}

impl Translated {
    fn new(seed: u64) -> Self {
        let random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xA5A5_5A5A);
        let mut own = Translated { random, names: Vec::new(), point: Vec::new(), differences: Vec::new() };
        for at in 0..=own.random.below(2) {
            let scale = [300.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8][own.random.below(7)];
            let sign = if own.random.below(4) == 0 { -1.0 } else { 1.0 };
            let centre = (sign * scale * own.random.between(0.5, 1.5) * 8.0).round() / 8.0;
            let (x, m) = (format!("x{at}"), format!("m{at}"));
            let shift = own.random.between(-2.0, 2.0);
            own.name(&x, centre + shift);
            let difference = match own.random.below(5) {
                0 if centre > 0.0 => format!("({x} - {centre})"),
                0 => format!("({x} + {})", -centre),
                1 => {
                    let shift = own.random.between(-1.0, 1.0);
                    own.name(&m, -centre + shift);
                    format!("({x} + {m})")
                }
                other => {
                    let shift = own.random.between(-1.0, 1.0);
                    own.name(&m, centre + shift);
                    if other == 2 { format!("({m} - {x})") } else { format!("({x} - {m})") }
                }
            };
            own.differences.push(difference);
        }
        own
    }

    fn name(&mut self, name: &str, value: f64) {
        self.names.push(name.to_string());
        self.point.push(value);
    }

    fn difference(&mut self) -> String {
        let at = self.random.below(self.differences.len());
        self.differences[at].clone()
    }

    fn number(&mut self) -> &'static str {
        self.random.pick(&["1", "2", "3", "0.5", "1.5", "0.1", "4", "10"])
    }

    fn polynomial(&mut self) -> String {
        let (u, a, b, c) = (self.difference(), self.number(), self.number(), self.number());
        let sign = self.random.pick(&["+", "-"]);
        match self.random.below(4) {
            0 => format!("({a} {sign} {b}*{u} - {u}^2)"),
            1 => format!("({u}^2 {sign} {b}*{u} + {a})"),
            2 => format!("({u}^3/{c} {sign} {u}^2 + {b}*{u} - {a})"),
            _ => format!("({a} - {u}^2)"),
        }
    }

    fn positive(&mut self, depth: usize) -> String {
        let below = depth.saturating_sub(1);
        match self.random.below(4) {
            0 => format!("({} + ({})^2)", self.number(), self.term(below)),
            1 => format!("(1 + exp({}))", self.difference()),
            2 => format!("sqrt(1 + {}^2)", self.difference()),
            _ => format!("exp(-{}^2/2)", self.difference()),
        }
    }

    fn term(&mut self, depth: usize) -> String {
        let Some(below) = depth.checked_sub(1) else {
            return if self.random.below(2) == 0 { self.difference() } else { self.polynomial() };
        };
        match self.random.below(13) {
            0 => self.polynomial(),
            1 => format!("{}/{}", self.term(below), self.positive(below)),
            2 => format!("exp(-{}^2)", self.difference()),
            3 => format!("ln({})", self.positive(below)),
            4 => format!("sqrt({})", self.positive(below)),
            5 => format!("tanh({})", self.term(below)),
            6 => format!("atan({})", self.term(below)),
            7 => format!("1/(1 + exp(-{}))", self.difference()),
            8 => format!("{}*{}", self.term(below), self.term(below)),
            9 => format!("({} - {})", self.term(below), self.term(below)),
            10 => format!("({} + {})", self.term(below), self.term(below)),
            11 => format!("({} - {})", self.number(), self.term(below)),
            _ => format!("({} - {})*{}", self.number(), self.term(below), self.term(below)),
        }
    }

    fn formula(mut self) -> (String, Vec<f64>) {
        let depth = 1 + self.random.below(3);
        let body = self.term(depth);
        (format!("f({}) = {body}", self.names.join(", ")), self.point)
    }
}

/// Points of many kinds for so many names: ordinary, translated, near 0 and 1, small, large and far out.
fn points(random: &mut Random, count: usize) -> Vec<Vec<f64>> {
    let kinds: [(f64, f64); 12] = [
        (0.7, 0.5),
        (0.0, 3.0),
        (1e3, 2.0),
        (3e4, 2.0),
        (1.0, 1e-6),
        (0.0, 1e-6),
        (1.0, 0.1),
        (0.0, 1e-3),
        (0.0, 1e3),
        (0.0, 30.0),
        (0.0, 500.0),
        (10.0, 10.0),
    ];
    let mut points: Vec<Vec<f64>> = kinds
        .iter()
        .map(|(centre, radius)| (0..count).map(|_| random.between(centre - radius, centre + radius)).collect())
        .collect();
    points.push((0..count).map(|at| if at % 2 == 0 { random.between(3e4, 3e4 + 2.0) } else { 0.6 }).collect());
    points
}

/// Functions that the bounds don't know.
const UNKNOWN: &[&str] = &["gamma", "gelu", "silu"];

#[test]
#[ignore = "many minutes"]
fn corpora_keep_their_digits() {
    let mut random = Random(3);
    let mut wrong = Vec::new();
    for (name, _) in CORPORA.iter().filter(|(name, _)| *name != "rubi") {
        for record in
            records(name).into_iter().filter(|record| !UNKNOWN.iter().any(|name| record.expression.contains(name)))
        {
            let text = format!("f({}) = {}", record.variables.join(", "), record.expression);
            for point in points(&mut random, record.variables.len()) {
                wrong.extend(
                    lost(&text, &point, Yardstick::Bound).into_iter().map(|line| format!("{}: {line}", record.id)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} entries\n{}", wrong.len(), wrong.join("\n"));
}

fn assert_kept(seeds: std::ops::Range<u64>) {
    let formulas = seeds.map(|seed| Translated::new(seed).formula());
    let wrong: Vec<String> = formulas.flat_map(|(text, point)| lost(&text, &point, Yardstick::Found)).collect();
    assert!(wrong.is_empty(), "{} entries\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn formulas_that_lost_digits_keep_them() {
    let wrong: Vec<String> = LINES.iter().flat_map(|(text, point)| lost(text, point, Yardstick::Found)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sample_of_translated_formulas_keeps_its_digits() {
    assert_kept(0..SAMPLE);
}

#[test]
#[ignore = "two minutes"]
fn translated_formulas_keep_their_digits() {
    assert_kept(0..ALL);
}
