//! Circuits of whole matrices have the numbers of the lecture, and the gradients of the closed form.

#[path = "common/cases.rs"]
mod cases;
#[path = "common/points.rs"]
mod points;

use cases::{files, root};
use gradc::backprop::{Circuit, Merge, Quantity, diagram, layers, svg::svg, table::whole_table, trace_whole};
use gradc::derive::{Derivative, Form, Order, derive_closed};
use gradc::graph::Sizes;
use gradc::lower::Function;
use gradc::source::Source;
use gradc::tape::Dense;
use points::matrices;
use std::path::Path;

const LECTURE: &str = "f(W: matrix[n, m], x: vector[m]) = { let q = W*x; norm2(q)^2 }";

const MERGES: &[Merge] = &[Merge::Sigmoid, Merge::Softmax, Merge::LogSumExp, Merge::Norm];

fn read(text: &str) -> Function {
    let functions = gradc::read(&Source::new("test", text), &[]);
    functions.expect("the source is read").pop().expect("there is a function")
}

fn lecture() -> Circuit<Dense> {
    let whole = read(LECTURE).whole;
    let dense = |rows, columns, entries: &[f64]| Dense { rows, columns, entries: entries.to_vec() };
    let point = [dense(2, 2, &[0.1, 0.5, -0.3, 0.8]), dense(2, 1, &[0.2, 0.4])];
    let sizes: Sizes = [("n".to_string(), 2), ("m".to_string(), 2)].into_iter().collect();
    trace_whole(&whole, Some("f"), &point, &sizes, &[]).expect("every gate has a derivative")
}

#[test]
fn the_norm_of_a_product_has_the_numbers_of_the_lecture() {
    let circuit = lecture();
    let vertex = |name: &str| circuit.vertices.iter().find(|vertex| vertex.name == name).expect("a vertex");
    let near = |dense: &Dense, expected: &[f64]| {
        let near = dense.entries.iter().zip(expected).all(|(entry, expected)| (entry - expected).abs() < 1e-12);
        assert!(near && dense.entries.len() == expected.len(), "{dense:?} is not {expected:?}");
    };
    near(&vertex("q").value, &[0.22, 0.26]);
    near(&vertex("f").value, &[0.116]);
    near(&vertex("q").gradient, &[0.44, 0.52]);
    near(&vertex("W").gradient, &[0.088, 0.176, 0.104, 0.208]);
    near(&vertex("x").gradient, &[-0.112, 0.636]);
}

#[test]
fn the_leaves_of_a_sum_are_the_parameters_alone() {
    let whole = read("f(X: matrix[n, m], w: vector[m]) = sum(i in 0..n, dot(X[i, ..], w)^2)").whole;
    let dense = |rows, columns, entries: &[f64]| Dense { rows, columns, entries: entries.to_vec() };
    let point = [dense(2, 2, &[1.0, 2.0, 3.0, 4.0]), dense(2, 1, &[1.0, -1.0])];
    let sizes: Sizes = [("n".to_string(), 2), ("m".to_string(), 2)].into_iter().collect();
    let circuit = trace_whole(&whole, Some("f"), &point, &sizes, &[]).expect("every gate has a derivative");
    let leaves: Vec<&str> = circuit.vertices[..circuit.leaves].iter().map(|vertex| vertex.name.as_str()).collect();
    assert_eq!(leaves, ["X", "w"]);
}

#[test]
fn table_and_pictures_are_as_recorded() {
    let circuit = lecture();
    let picture = svg(&circuit, LECTURE, 2);
    let document = roxmltree::Document::parse(&picture).expect("the picture is XML");
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    for text in ["2×1: [0.22, 0.26]", "[0.09, 0.18; 0.10, 0.21]", "[-0.11, 0.64]"] {
        assert!(texts.contains(&text), "{text} is not in {texts:?}");
    }
    assert_eq!(layers(&circuit).crossings(), 0);
    insta::with_settings!({
        snapshot_path => Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/backprop"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("whole_table", whole_table(&circuit, 2));
        insta::assert_snapshot!("whole_svg", picture);
        insta::assert_snapshot!("whole_dot", diagram::dot(&circuit, LECTURE, 2));
        insta::assert_snapshot!("whole_mermaid", diagram::mermaid(&circuit, LECTURE, 2));
    });
}

#[test]
fn gradients_are_those_of_the_closed_form() {
    let mut compared = 0;
    for path in files(&root().join("tests/matrices"), "grad") {
        let function = read(&std::fs::read_to_string(&path).expect("a case is text"));
        let whole = &function.whole;
        if !whole.extents().is_scalar() {
            continue;
        }
        // More rows than columns, so that Gram matrices are regular.
        let sizes: Sizes = whole.sizes.iter().zip([5, 4, 3, 2]).map(|(name, size)| (name.clone(), size)).collect();
        let point = matrices(whole, &sizes);
        let circuit = trace_whole(whole, None, &point, &sizes, &[]).expect("every gate has a derivative");
        let merged = trace_whole(whole, None, &point, &sizes, MERGES).expect("every gate has a derivative");
        for (own, other) in merged.vertices.iter().zip(&circuit.vertices).take(circuit.leaves) {
            let scale = other.gradient.entries.iter().fold(1e-3, |scale: f64, entry| scale.max(entry.abs()));
            for (found, expected) in own.gradient.entries.iter().zip(&other.gradient.entries) {
                let same = (found - expected).abs() <= 1e-10 * scale || (found.is_nan() && expected.is_nan());
                assert!(same, "{}: {found} is not {expected} with merged gates", path.display());
            }
        }
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        for form in [Form::Raw, Form::Code] {
            let closed = derive_closed(whole, &all, Order::First, form).expect("there is a derivative");
            let expected = closed.evaluate(&point, &sizes).expect("it is evaluated");
            for (at, derivative) in closed.first.iter().enumerate() {
                assert!(matches!(derivative, Derivative::Matrix(_)), "{}", path.display());
                let own = whole.input_index(whole.parameters[at].id);
                let (found, expected) = (&circuit.vertices[own].gradient, &expected[1 + at]);
                assert_eq!(found.shape(), expected.shape(), "{}", path.display());
                let scale = expected.entries.iter().fold(1e-3, |scale: f64, entry| scale.max(entry.abs()));
                for (found, expected) in found.entries.iter().zip(&expected.entries) {
                    let same = (found - expected).abs() <= 1e-10 * scale || (found.is_nan() && expected.is_nan());
                    assert!(same, "{}: {found} is not {expected}", path.display());
                    compared += usize::from(found.is_finite());
                }
            }
        }
    }
    assert!(compared > 300, "only {compared} entries are compared");
}

#[test]
fn subexpressions_are_drawn_as_one_gate_on_request() {
    let text = "f(W: matrix[n, m], x: vector[m]) = sum(1 ./ (1 + exp(-(W*x)))) + sqrt(sum(x .^ 2)) + ln(sum(exp(x))) + sum(softmax(x))";
    let whole = read(text).whole;
    let dense = |rows, columns, entries: &[f64]| Dense { rows, columns, entries: entries.to_vec() };
    let point = [dense(2, 2, &[0.1, 0.5, -0.3, 0.8]), dense(2, 1, &[0.2, 0.4])];
    let sizes: Sizes = [("n".to_string(), 2), ("m".to_string(), 2)].into_iter().collect();
    let circuit = trace_whole(&whole, Some("f"), &point, &sizes, MERGES).expect("every gate has a derivative");
    let expressions: Vec<&str> = circuit.vertices.iter().filter_map(|vertex| vertex.expression.as_deref()).collect();
    for expression in ["sigmoid(q1)", "norm2(x)", "logsumexp(x)", "softmax(x)"] {
        assert!(expressions.contains(&expression), "{expression} is not in {expressions:?}");
    }
    let rules: Vec<&str> = circuit.edges.iter().filter_map(|edge| Some(edge.flow.as_ref()?.rule.as_str())).collect();
    for rule in ["upstream .* q2 .* (1 - q2)", "upstream*softmax(x)"] {
        assert!(rules.contains(&rule), "{rule} is not in {rules:?}");
    }
}

#[test]
fn large_matrices_are_shown_by_their_norm() {
    let dense = Dense { rows: 4, columns: 4, entries: vec![0.5; 16] };
    assert_eq!(dense.described(2), "4×4: norm 2.00");
    assert_eq!(3.0.described(1), "3.0");
}

#[test]
fn where_nothing_arrives_nothing_goes_on() {
    let whole = read("f(x: vector[n]) = if(sum(x) > 0, norm2(x), 2*sum(x))").whole;
    let point = [Dense { rows: 2, columns: 1, entries: vec![0.0, 0.0] }];
    let sizes: Sizes = [("n".to_string(), 2)].into_iter().collect();
    let circuit = trace_whole(&whole, None, &point, &sizes, &[]).expect("every gate has a derivative");
    assert_eq!(circuit.vertices[0].gradient.entries, [2.0, 2.0]);
}
