//! Proves that the circuits of the lecture show the lecture's numbers, in the table and in the picture, that the
//! gradients agree with differences, and that the pictures are well-formed, without overlaps, and as recorded.

#[path = "common/difference.rs"]
#[allow(dead_code)]
mod difference;

use gradc::backprop::{Circuit, Merge, Pattern, diagram, layers, svg::svg, table::table, trace};
use gradc::lower::Function;
use gradc::source::Source;
use roxmltree::{Document, Node};
use std::path::Path;

/// A circuit that has snapshots.
struct Case {
    name: &'static str,
    expression: &'static str,
    parameters: &'static [&'static str],
    at: &'static [f64],
    merges: &'static [Merge],
}

const NEURON: &str = "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))";
const NEURON_AT: &[f64] = &[2.0, -1.0, -3.0, -2.0, -3.0];

const CASES: &[Case] = &[
    case("sum_times", "(x + y)*z", &[-2.0, 5.0, -4.0]),
    case("neuron", NEURON, NEURON_AT),
    Case { merges: &[Merge::Sigmoid], ..case("neuron_with_sigmoid", NEURON, NEURON_AT) },
    case("routing", "2*(x*y + max(z, w))", &[3.0, -4.0, 2.0, -1.0]),
    case("branches", "x*y + sin(x) + (x + y)^2", &[3.0, -4.0]),
    case("same_operand_twice", "x*x", &[3.0]),
    case("choice", "if(x > y, x*y, y)/2", &[3.0, 1.0]),
    Case {
        parameters: &["W: matrix[2, 2]", "x: vector[2]"],
        ..case("norm_of_product", "norm2(W*x)^2", &[0.1, 0.5, -0.3, 0.8, 0.2, 0.4])
    },
    Case {
        parameters: &["v: vector[2]"],
        merges: &[Merge::Softmax, Merge::LogSumExp, Merge::Norm],
        ..case(
            "merged",
            "exp(v[1])/(exp(v[0]) + exp(v[1])) + ln(exp(v[0]) + exp(v[1])) - sqrt(v[0]^2 + v[1]^2)",
            &[1.0, 2.0],
        )
    },
    case("parameter_alone", "x", &[3.0]),
];

const fn case(name: &'static str, expression: &'static str, at: &'static [f64]) -> Case {
    Case { name, expression, parameters: &[], at, merges: &[] }
}

fn function(case: &Case) -> Function {
    let declarations: Vec<Source> = case.parameters.iter().map(|text| Source::new("--param", *text)).collect();
    let functions = gradc::read(&Source::new("expression", case.expression), &declarations);
    functions.expect("the source is read").pop().expect("there is a function")
}

fn circuit(case: &Case) -> Circuit {
    trace(None, &function(case).entries.expect("it has entries"), case.at, case.merges)
        .expect("every gate has a derivative")
}

fn named(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).expect("a known case")
}

fn picture(case: &Case) -> String {
    svg(&circuit(case), case.expression, 2)
}

#[test]
fn tables_and_pictures_are_as_recorded() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/backprop"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for case in CASES {
            let circuit = circuit(case);
            insta::assert_snapshot!(format!("{}_table", case.name), table(&circuit, 2));
            insta::assert_snapshot!(format!("{}_svg", case.name), svg(&circuit, case.expression, 2));
        }
        for name in ["neuron", "branches", "choice"] {
            let (circuit, title) = (circuit(named(name)), named(name).expression);
            insta::assert_snapshot!(format!("{name}_dot"), diagram::dot(&circuit, title, 2));
            insta::assert_snapshot!(format!("{name}_mermaid"), diagram::mermaid(&circuit, title, 2));
        }
    });
}

/// Returns the rows of a part of the table, cell by cell.
fn rows(case: &Case, part: &str) -> Vec<Vec<String>> {
    let text = format!("\n{}", table(&circuit(case), 2));
    let body = text.split_once(&format!("\n{part}\n")).expect("the part is there").1;
    let body = body.split("\n\n").next().unwrap_or("");
    body.lines().map(|line| line.split_whitespace().map(str::to_string).collect()).collect()
}

/// Asserts that the forward part has these values and the backward part these products, in this order.
fn shows(name: &str, values: &[(&str, &str)], flows: &[&str]) {
    let forward = rows(named(name), "forward");
    for (node, value) in values {
        let row = forward.iter().find(|row| row[0] == *node).expect("the node is there");
        assert!(row.iter().any(|cell| cell == value), "{name}: {node} is {row:?}, not {value}");
    }
    let backward = rows(named(name), "backward");
    let found: Vec<String> = backward.iter().filter(|row| row[1] == "→").map(|row| row[..8].join(" ")).collect();
    assert_eq!(found, flows, "{name}");
}

#[test]
fn the_first_circuit_has_the_numbers_of_the_lecture() {
    shows(
        "sum_times",
        &[("x", "-2.00"), ("y", "5.00"), ("z", "-4.00"), ("q", "3.00"), ("f", "-12.00")],
        &[
            "f → q 1.00 × -4.00 = -4.00",
            "f → z 1.00 × 3.00 = 3.00",
            "q → x -4.00 × 1.00 = -4.00",
            "q → y -4.00 × 1.00 = -4.00",
        ],
    );
    assert_eq!(rows(named("sum_times"), "backward")[1], ["df/df", "1.00"]);
}

/// The neuron's gates that both of its circuits share.
const COMMON: &[&str] = &[
    "q4 → q3 0.20 × 1.00 = 0.20",
    "q4 → w2 0.20 × 1.00 = 0.20",
    "q3 → q1 0.20 × 1.00 = 0.20",
    "q3 → q2 0.20 × 1.00 = 0.20",
    "q2 → w1 0.20 × -2.00 = -0.39",
    "q2 → x1 0.20 × -3.00 = -0.59",
    "q1 → w0 0.20 × -1.00 = -0.20",
    "q1 → x0 0.20 × 2.00 = 0.39",
];

#[test]
fn both_circuits_of_the_neuron_have_the_numbers_of_the_lecture() {
    let gates = ["f → q7 1.00 × -0.53 = -0.53", "q7 → q6 -0.53 × 1.00 = -0.53", "q6 → q5 -0.53 × 0.37 = -0.20"];
    let flows: Vec<&str> = gates.iter().chain(&["q5 → q4 -0.20 × -1.00 = 0.20"]).chain(COMMON).copied().collect();
    let sums = [("q1", "-2.00"), ("q2", "6.00"), ("q3", "4.00"), ("q4", "1.00")];
    let rest = [("q5", "-1.00"), ("q6", "0.37"), ("q7", "1.37"), ("f", "0.73")];
    shows("neuron", &[&sums[..], &rest].concat(), &flows);
    let flows: Vec<&str> = ["f → q4 1.00 × 0.20 = 0.20"].iter().chain(COMMON).copied().collect();
    shows("neuron_with_sigmoid", &[&sums[..], &[("f", "0.73")]].concat(), &flows);
}

#[test]
fn the_router_passes_the_whole_gradient_to_one_operand() {
    shows(
        "routing",
        &[("q1", "-12.00"), ("q2", "2.00"), ("q3", "-10.00"), ("f", "-20.00")],
        &[
            "f → q3 1.00 × 2.00 = 2.00",
            "q3 → q1 2.00 × 1.00 = 2.00",
            "q3 → q2 2.00 × 1.00 = 2.00",
            "q2 → z 2.00 × 1.00 = 2.00",
            "q2 → w 2.00 × 0.00 = 0.00",
            "q1 → x 2.00 × -4.00 = -8.00",
            "q1 → y 2.00 × 3.00 = 6.00",
        ],
    );
    let patterns: Vec<Option<Pattern>> =
        circuit(named("routing")).vertices.iter().filter_map(|v| v.label.clone()).map(|label| label.pattern).collect();
    use Pattern::{Distributor, Router, Switcher};
    assert_eq!(patterns, [Some(Switcher), Some(Router), Some(Distributor), None]);
}

#[test]
fn the_norm_of_a_product_has_the_gradients_of_the_lecture() {
    let circuit = circuit(named("norm_of_product"));
    let expected = [0.088, 0.176, 0.104, 0.208, -0.112, 0.636];
    for (leaf, expected) in circuit.vertices[..circuit.leaves].iter().zip(expected) {
        assert!((leaf.gradient - expected).abs() < 1e-12, "{}: {}", leaf.name, leaf.gradient);
    }
}

#[test]
fn a_branch_shows_the_sum_of_its_gradients() {
    let gradient = rows(named("branches"), "gradient");
    assert_eq!(gradient[0].join(" "), "df/dx = -4.00 - 0.99 - 2.00 = -6.99 adder");
    assert!(picture(named("branches")).contains(">-4.00 - 0.99 - 2.00 = -6.99<"));
    assert_eq!(rows(named("same_operand_twice"), "gradient")[0].join(" "), "df/dx = 3.00 + 3.00 = 6.00 adder");
}

/// Returns the figures of a class in a picture, sorted.
fn figures(document: &Document, class: &str) -> Vec<String> {
    let own = |node: &Node| node.attribute("class") == Some(class);
    let texts = document.descendants().filter(own);
    let mut texts: Vec<String> = texts.filter_map(|node| node.text()).map(str::to_string).collect();
    texts.sort();
    texts
}

fn sorted(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = text.split_whitespace().map(str::to_string).collect();
    numbers.sort();
    numbers
}

#[test]
fn pictures_show_every_number_of_the_lecture() {
    let expected = [
        ("sum_times", "-2.00 5.00 -4.00 3.00 -12.00", "-4.00 -4.00 3.00 -4.00 1.00"),
        (
            "neuron",
            "2.00 -1.00 -3.00 -2.00 -3.00 -2.00 6.00 4.00 1.00 -1.00 0.37 1.37 0.73",
            "-0.20 0.39 -0.39 -0.59 0.20 0.20 0.20 0.20 0.20 -0.20 -0.53 -0.53 1.00",
        ),
        (
            "neuron_with_sigmoid",
            "2.00 -1.00 -3.00 -2.00 -3.00 -2.00 6.00 4.00 1.00 0.73",
            "-0.20 0.39 -0.39 -0.59 0.20 0.20 0.20 0.20 0.20 1.00",
        ),
        ("routing", "3.00 -4.00 2.00 -1.00 -12.00 2.00 -10.00 -20.00", "-8.00 6.00 2.00 0.00 2.00 2.00 2.00 1.00"),
    ];
    for (name, values, gradients) in expected {
        let picture = picture(named(name));
        let document = Document::parse(&picture).expect("the picture is XML");
        assert_eq!(figures(&document, "gradc-value"), sorted(values), "{name}");
        assert_eq!(figures(&document, "gradc-gradient"), sorted(gradients), "{name}");
        assert_eq!(layers(&circuit(named(name))).crossings(), 0, "{name}");
    }
}

/// A recurrent cell over many steps: two hundred gates and more.
fn recurrence() -> Case {
    let mut text = String::from("{ let h0 = a*b; ");
    for step in 1..=40 {
        text += &format!("let h{step} = tanh(a*h{} + b*{step} + c); ", step - 1);
    }
    text += "h40^2 }";
    case("recurrence", text.leak(), &[0.5, 0.1, 0.2])
}

#[test]
fn pictures_are_well_formed_and_their_texts_do_not_overlap() {
    let long = recurrence();
    assert!(circuit(&long).vertices.len() > 200);
    for case in CASES.iter().chain([&long]) {
        let picture = picture(case);
        let document = Document::parse(&picture).expect("the picture is XML");
        let first = |name: &str| document.root_element().children().find(|node| node.has_tag_name(name));
        assert_eq!(first("title").and_then(|node| node.text()), Some(case.expression));
        assert!(first("desc").and_then(|node| node.text()).is_some_and(|text| text.contains("computational graph")));
        let number = |node: Node, name: &str| -> f64 {
            node.attribute(name).and_then(|text| text.parse().ok()).expect("a coordinate is a number")
        };
        let (width, height) = (number(document.root_element(), "width"), number(document.root_element(), "height"));
        let mut boxes: Vec<(f64, f64, f64, f64, String)> = Vec::new();
        for node in document.descendants().filter(|node| node.has_tag_name("text")) {
            let text = node.text().unwrap_or("").to_string();
            let size = 7.2 * text.chars().count() as f64;
            let (x, y) = (number(node, "x"), number(node, "y"));
            let left = if node.attribute("text-anchor") == Some("end") { x - size } else { x - size / 2.0 };
            boxes.push((left, left + size, y - 9.5, y + 1.0, text));
        }
        for (at, a) in boxes.iter().enumerate() {
            assert!(a.0 >= 0.0 && a.1 <= width && a.2 >= 0.0 && a.3 <= height, "{}: {} is cut", case.name, a.4);
            let over = boxes[at + 1..].iter().find(|b| a.0 < b.1 && b.0 < a.1 && a.2 < b.3 && b.2 < a.3);
            assert!(over.is_none(), "{}: {a:?} lies over {over:?}", case.name);
        }
    }
}

#[test]
fn gradients_agree_with_differences() {
    let cases = [
        case("", NEURON, NEURON_AT),
        case("", "2*(x*y + max(z, w))", &[3.0, -4.0, 2.0, -1.0]),
        case("", "x*y + sin(x) + (x + y)^2 + if(x > y, x*x, y)", &[3.0, -4.0]),
        case("", "x^y + y^x", &[1.5, 2.5]),
        case("", "sqrt(x^2 + y^2)/atan2(y, x)", &[1.0, 2.0]),
        case("", "logsumexp([a, b, a*b])", &[0.5, -1.0]),
        case("", "tanh(a*x + b)^2 - ln(1 + exp(-x))", &[0.3, 2.0, -0.5]),
        case("", "exp(-(x - m)^2/(2*s^2))/(s*sqrt(2*pi))", &[0.2, 0.5, 1.5]),
        case("", "abs(x)*relu(y)*sigmoid(x*y)/gamma(y)", &[-0.7, 1.2]),
        Case { parameters: &["v: vector[3]"], ..case("", "softmax(v)[1]*norm2(v)", &[0.1, 0.2, -0.4]) },
    ];
    for case in &cases {
        for merges in [&[][..], &[Merge::Sigmoid, Merge::Softmax, Merge::LogSumExp, Merge::Norm]] {
            let function = function(case).entries.expect("it has entries");
            let value = |at: &[f64]| {
                let circuit = trace(None, &function, at, merges).expect("every gate has a derivative");
                circuit.vertices[circuit.output].value
            };
            let circuit = trace(None, &function, case.at, merges).expect("every gate has a derivative");
            for (leaf, vertex) in circuit.vertices[..circuit.leaves].iter().enumerate() {
                let along = |x: f64| {
                    let mut at = case.at.to_vec();
                    at[leaf] = x;
                    value(&at)
                };
                let numeric = difference::differentiate(along, case.at[leaf], 10.0);
                let error = (vertex.gradient - numeric.value).abs();
                assert!(error <= 1e-7 + numeric.error, "{} by {}: {error}", case.expression, vertex.name);
            }
        }
    }
}

#[test]
fn gates_of_derivatives_are_named_too() {
    let circuit = circuit(&case("", "diff(x^3, x)*y + diff(x*y^2, y)", &[2.0, 3.0]));
    let names: Vec<String> = circuit.vertices.iter().filter_map(|v| v.label.clone()).map(|label| label.name).collect();
    assert!(names.iter().all(|name| !matches!(name.as_str(), "divide" | "subtract")), "{names:?}");
    assert_eq!(circuit.vertices[circuit.output].value, 48.0);
}

/// Runs the command and returns what it prints, its complaint and its exit code.
fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gradc")).arg("backprop").args(arguments).output();
    let output = output.expect("gradc runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn what_has_no_circuit_is_refused_with_a_hint() {
    let refusals = [
        (["f(x: vector[n]) = 2*x", "--at", "x=[1,2]"], "begins at a number"),
        (["[x, y]", "--at", "x=1,y=2"], "begins at a number"),
        (["3", "--at", "x=1"], "no parameter to derive by"),
        (["x + y", "--at", "x=1"], "no value is given for y"),
    ];
    for (arguments, message) in refusals {
        let (_, complaint, code) = run(&arguments);
        assert!(complaint.contains(message) && code == Some(2), "{arguments:?}: {complaint}");
    }
}

#[test]
fn json_has_all_digits() {
    let (text, _, _) = run(&["sin(x)*y", "--at", "x=1,y=2", "-f", "json", "--digits", "1"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("the output is JSON");
    assert_eq!(json["gradient"]["x"].as_f64(), Some(2.0 * 1f64.cos()));
    assert_eq!(json["nodes"][2]["gate"], "sin");
    assert_eq!(json["edges"][0]["rule"], "cos(x)");
    assert_eq!(json["edges"][0]["upstream"].as_f64(), Some(2.0));
}

#[test]
fn what_is_cut_off_by_a_choice_has_no_gradient_even_where_its_own_is_infinite() {
    let circuit = circuit(&case("", "if(x > 0, sqrt(x), 2*y)", &[0.0, 1.0]));
    let gradients: Vec<f64> = circuit.vertices[..2].iter().map(|leaf| leaf.gradient).collect();
    assert_eq!(gradients, [0.0, 2.0]);
}

#[test]
fn what_the_user_names_keeps_its_name() {
    let names = |definition: &str, at: &[f64]| {
        let function = gradc::read(&Source::new("source", definition), &[]).expect("the source is read").remove(0);
        let circuit = trace(function.name.as_deref(), function.entries.as_ref().expect("it has entries"), at, &[])
            .expect("there is a circuit");
        let gates = circuit.vertices[circuit.leaves..].iter();
        gates.map(|vertex| vertex.name.clone()).collect::<Vec<_>>()
    };
    let shared = "f(x) = { let a = x*x; let b = a + x; let v = [a*b, sin(b)]; v[0] + v[1] }";
    assert_eq!(names(shared, &[2.0]), ["a", "b", "v[0]", "v[1]", "f"]);
    // A name of several values, of a parameter or of the function names nothing here, and others keep away from names.
    assert_eq!(names("f(x) = { let a = x*x; let a = a*a; a + 1 }", &[2.0]), ["q1", "q2", "f"]);
    assert_eq!(names("f(x) = sum(i in 0..2, { let a = x^(i + 2); a*a })", &[2.0]), ["q1", "q2", "q3", "q4", "f"]);
    assert_eq!(names("f(x) = { let x = x*x; let f = x + 1; f*x*f }", &[2.0]), ["q1", "q2", "q3", "f"]);
    assert_eq!(names("f(x) = { let q = x*x; sin(q)*cos(q) }", &[2.0]), ["q", "u1", "u2", "f"]);
}
