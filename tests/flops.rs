//! Operations of value and first derivatives together, against the best that is known for each input.
//!
//! Additions, multiplications and comparisons count 1, divisions 4, square roots 5, transcendental functions 20.

use gradc::derive::{Form, Order, derive};
use gradc::source::Source;
use std::fmt::Write;

/// A linear congruential generator (Knuth's MMIX), so that the expressions are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Writes an expression of many steps, each a random function of earlier ones. Nothing is subtracted, so that no form keeps more digits
/// than that of the chain rule.
fn irregular(steps: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut names: Vec<String> = (0..9).map(|at| format!("x{at}")).collect();
    let mut text = format!("f({}) = {{\n", names.join(", "));
    for step in 0..steps {
        let [a, b] = [(); 2].map(|()| names[names.len() - 1 - random.below(9)].clone());
        let value = match random.below(8) {
            0 | 1 => format!("{a}*{b}"),
            2 => format!("{a} + {b}"),
            3 => format!("sin({a})*{b}"),
            4 => format!("exp({a})"),
            5 => format!("sinh({a}*{b})"),
            6 => format!("{b}*sqrt(2 + {a}^2)"),
            _ => format!("atan({a}) + {b}^3"),
        };
        writeln!(text, "let y{step} = {value};").expect("text takes text");
        names.push(format!("y{step}"));
    }
    text + &names[names.len() - 9..].join(" + ") + "\n}"
}

#[test]
fn simplification_never_adds_operations() {
    for seed in 0..12 {
        for steps in [4, 20, 90] {
            let functions = gradc::read(&Source::new("test", irregular(steps, seed)), &[]).expect("the source is read");
            let all: Vec<usize> = (0..9).collect();
            let [raw, code, fewest] = [Form::Raw, Form::Code, Form::Flops].map(|form| {
                derive(functions[0].entries.as_ref().expect("it has entries"), &all, Order::First, form)
                    .expect("it derives")
                    .tape()
                    .counts()
                    .flops()
            });
            assert!(
                code <= raw && fewest <= raw,
                "{code} and {fewest} flops instead of {raw}: {steps} steps, seed {seed}"
            );
        }
    }
}

/// Reads a function, derives it by the named parameters, all if none is named, and counts the flops.
fn flops(text: &str, by: &[&str]) -> usize {
    let functions = gradc::read(&Source::new("test", text), &[]).expect("the source is read");
    let function = functions.last().and_then(|function| function.entries.as_ref()).expect("there is a function");
    let selected =
        function.parameters.iter().filter(|parameter| by.is_empty() || by.contains(&parameter.name.as_str()));
    let inputs: Vec<usize> = selected.flat_map(|parameter| parameter.inputs.clone()).collect();
    derive(function, &inputs, Order::First, Form::Flops).expect("it derives").tape().counts().flops()
}

fn assert_at_most(limit: usize, text: &str, by: &[&str]) {
    let flops = flops(text, by);
    assert!(flops <= limit, "{flops} flops instead of {limit}: {text}");
}

#[test]
fn sigmoid_neuron() {
    assert_at_most(36, "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))", &[]);
}

#[test]
fn logistic_loss() {
    assert_at_most(56, "f(w: vector[3], x: vector[3], y) = ln(1 + exp(-(y*dot(w, x))))", &["w"]);
}

#[test]
fn gaussian_log_density() {
    assert_at_most(55, "f(x, mu, s > 0) = -ln(2*pi)/2 - ln(s) - (x - mu)^2/(2*s^2)", &[]);
}

#[test]
fn logarithm_of_cosh() {
    assert_at_most(51, "ln((exp(x) + exp(-x))/2)", &[]);
}

#[test]
fn softmax_cross_entropy() {
    assert_at_most(113, "-ln(exp(z2)/(exp(z0) + exp(z1) + exp(z2) + exp(z3)))", &[]);
}

#[test]
fn rosenbrock() {
    assert_at_most(1287, "f(x: vector[100]) = sum(i in 0..99, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", &[]);
}

#[test]
fn product() {
    let factors: Vec<String> = (0..100).map(|at| format!("x{at}")).collect();
    assert_at_most(295, &factors.join("*"), &[]);
}

#[test]
fn black_scholes_with_five_greeks() {
    let text = "f(s > 0, k > 0, r > 0, t > 0, v > 0) = {
        let d1 = (ln(s/k) + (r + v^2/2)*t)/(v*sqrt(t));
        let d2 = d1 - v*sqrt(t);
        s*((1 + erf(d1/sqrt(2)))/2) - k*exp(-(r*t))*((1 + erf(d2/sqrt(2)))/2)
    }";
    assert_at_most(196, text, &[]);
}

/// The position of a six-joint arm (Denavit-Hartenberg parameters of a UR5, with a tool) and its Jacobian.
#[test]
fn arm_with_six_joints() {
    let joints = [
        ("0.089159", "0", 1),
        ("0", "-0.425", 0),
        ("0", "-0.39225", 0),
        ("0.10915", "0", 1),
        ("0.09465", "0", -1),
        ("0.0823", "0", 0),
    ];
    let mut text = "f(q: vector[6]) = { let x6 = 0.02; let y6 = -0.03; let z6 = 0.1;\n".to_string();
    for (i, (d, a, twist)) in joints.into_iter().enumerate().rev() {
        let n = i + 1;
        write!(text, "let c{i} = cos(q[{i}]); let s{i} = sin(q[{i}]); ").expect("text takes text");
        let (x, y, z) = match twist {
            0 => (format!("c{i}*x{n} - s{i}*y{n}"), format!("s{i}*x{n} + c{i}*y{n}"), format!("z{n} + {d}")),
            _ => (
                format!("c{i}*x{n} + {twist}*s{i}*z{n}"),
                format!("s{i}*x{n} - {twist}*c{i}*z{n}"),
                format!("{twist}*y{n} + {d}"),
            ),
        };
        writeln!(text, "let x{i} = {x} + {a}*c{i}; let y{i} = {y} + {a}*s{i}; let z{i} = {z};")
            .expect("text takes text");
    }
    text.push_str("[x0, y0, z0] }");
    assert_at_most(458, &text, &[]);
}
