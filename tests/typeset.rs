//! MathML is XML with something in every element, Typst has its brackets in pairs, for the derivatives of every case.

#[path = "common/cases.rs"]
mod cases;

use cases::{all_inputs, cases, files, root};
use gradc::derive::{Derivative, Form, Order, derive, derive_closed};
use gradc::graph::{ExprId, Graph};
use gradc::show::dialect::{MATHML, TYPST};
use gradc::show::notation;
use gradc::show::typeset::typeset;
use gradc::source::Source;
use gradc::syntax::ast::Program;

/// The derivatives of all cases, each with its graph.
fn formulas() -> Vec<(String, Graph, Vec<ExprId>)> {
    let mut formulas = Vec::new();
    for case in cases() {
        for function in gradc::read(&case.source, &[]).expect("a case is read") {
            let function = function.entries.expect("a case has entries");
            let derivatives =
                derive(&function, &all_inputs(&function), Order::First, Form::Pretty).expect("a case has derivatives");
            let roots = derivatives.first.iter().flatten().copied().collect();
            formulas.push((case.name.clone(), derivatives.graph, roots));
        }
    }
    for path in files(&root().join("tests/matrices"), "grad") {
        let text = std::fs::read_to_string(&path).expect("a case is read");
        let functions = gradc::read(&Source::new("matrices", text), &[]).expect("a case is read");
        let whole = functions.last().expect("there is a function").whole.clone();
        let all: Vec<usize> = (0..whole.parameters.len()).collect();
        let closed = derive_closed(&whole, &all, Order::First, Form::Pretty).expect("a case has derivatives");
        let roots = closed.first.iter().map(Derivative::expression).collect();
        formulas.push((path.display().to_string(), closed.graph, roots));
    }
    assert!(formulas.len() >= 100, "only {} functions", formulas.len());
    formulas
}

#[test]
fn mathml_is_xml_with_something_in_every_element() {
    let known = [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mfrac",
        "msup",
        "msub",
        "msqrt",
        "mroot",
        "munderover",
        "mtable",
        "mtr",
        "mtd",
    ];
    let mut elements = 0;
    for (name, graph, roots) in formulas() {
        for formula in roots {
            let (ast, top) = notation::write(&graph, formula);
            let text = format!("<math>{}</math>", typeset(&ast, top, &MATHML));
            let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                elements += 1;
                assert!(known.contains(&node.tag_name().name()), "{name}: {}", node.tag_name().name());
                assert!(node.has_children(), "{name}: <{}> is empty in {text}", node.tag_name().name());
                let children = node.children().filter(roxmltree::Node::is_element).count();
                let wanted = match node.tag_name().name() {
                    "mfrac" | "msup" | "msub" | "mroot" => Some(2),
                    "munderover" => Some(3),
                    _ => None,
                };
                assert!(wanted.is_none_or(|wanted| wanted == children), "{name}: {children} parts in {text}");
            }
        }
    }
    assert!(elements > 1000, "only {elements} elements");
}

#[test]
fn typst_has_its_brackets_in_pairs() {
    for (name, graph, roots) in formulas() {
        for formula in roots {
            let (ast, top) = notation::write(&graph, formula);
            let text = typeset(&ast, top, &TYPST);
            assert!(!text.trim().is_empty(), "{name}");
            let mut open = Vec::new();
            let mut quoted = false;
            for c in text.chars() {
                match c {
                    '"' => quoted = !quoted,
                    '(' if !quoted => open.push(c),
                    ')' if !quoted => assert!(open.pop().is_some(), "{name}: {text}"),
                    _ => {}
                }
            }
            assert!(open.is_empty() && !quoted, "{name}: {text}");
        }
    }
}

#[test]
fn formulas_are_typeset_as_expected() {
    let function =
        gradc::read(&Source::new("test", "f(x0, theta) = sqrt(x0)/theta^2"), &[]).expect("it is read").remove(0);
    let function = function.entries.expect("it has entries");
    let derivatives = derive(&function, &[0, 1], Order::First, Form::Pretty).expect("it has derivatives");
    let write = |at: usize, dialect| {
        let (ast, top) = notation::write(&derivatives.graph, derivatives.first[0][at]);
        typeset(&ast, top, dialect)
    };
    assert_eq!(write(0, &TYPST), "frac(1, 2 sqrt(x_(0)) θ^(2))");
    let expected = "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn><mo>&#x2062;</mo><msqrt><msub><mrow><mi>x</mi></mrow>\
                    <mrow><mn>0</mn></mrow></msub></msqrt><mo>&#x2062;</mo><msup><mrow><mi>θ</mi></mrow><mrow><mn>2</mn>\
                    </mrow></msup></mrow></mfrac>";
    assert_eq!(write(0, &MATHML), expected);
}

#[test]
fn definitions_are_typeset_as_expected() {
    let mathml = |text: &str| {
        let (ast, program, _) = gradc::syntax::parse_all(&Source::new("test", text));
        let Some(Program::Expression(root)) = program else { return String::new() };
        typeset(&ast, root, &MATHML)
    };
    // Parentheses are as high as what they hold.
    assert!(mathml("sin(x + 1)").contains("<mo stretchy=\"false\">(</mo>"));
    assert!(!mathml("sin(x/y)").contains("stretchy"));
    // The space after a word at the edge of its element is one that stays.
    assert!(mathml("if(x < y, x, y)").contains("<mtext>if&#xa0;</mtext>"));
    // A word keeps away from its neighbours, a letter does not.
    assert!(mathml("lam*w").contains("<mi>lam</mi><mo>&#x2062;</mo><mtext>\u{2009}</mtext><mi>w</mi>"));
    assert!(mathml("w*lam'").contains("\u{2009}"));
    assert!(!mathml("v*w").contains("\u{2009}"));
    // A sign at the beginning of a product needs no parentheses.
    assert!(!mathml("-y .* z").contains('('));
    assert!(mathml("z .* (-y)").contains('('));
    assert_eq!(mathml("eye(n)"), "<msub><mrow><mi>I</mi></mrow><mrow><mi>n</mi></mrow></msub>");
}
