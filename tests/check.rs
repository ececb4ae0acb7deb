//! The gradient check tells how far off a derivative is, and where there is none; JSON is one object, with what it takes
//! for granted inside.

use serde_json::Value;
use std::process::Command;

fn gradc(arguments: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(arguments).output().expect("gradc runs");
    (String::from_utf8(output.stdout).expect("the answer is text"), output.status.code())
}

fn json(arguments: &[&str]) -> Value {
    let (text, code) = gradc(arguments);
    assert_eq!(code, Some(0), "{arguments:?}");
    serde_json::from_str(&text).expect("the answer is one object of JSON")
}

/// Returns the verdict on each derivative at a point.
fn verdicts(function: &str, at: &str) -> Vec<String> {
    let object = json(&["check", function, "--at", at, "-f", "json"]);
    let entries = object["points"][0]["entries"].as_array().expect("there are entries");
    entries.iter().map(|entry| entry["verdict"].as_str().unwrap_or_default().to_string()).collect()
}

#[test]
fn verdicts_say_where_a_function_is_not_smooth() {
    assert_eq!(verdicts("x^2*sin(y)", "x=1,y=2"), ["ok", "ok"]);
    assert_eq!(verdicts("2*abs(x)", "x=0"), ["kink: -2.000 from the left, 2.000 from the right"]);
    assert_eq!(verdicts("max(x, y)", "x=1,y=1")[0], "kink: 0.000 from the left, 1.000 from the right");
    assert_eq!(verdicts("sqrt(x)", "x=0"), ["edge of the domain"]);
    assert_eq!(verdicts("floor(x)", "x=2"), ["not smooth here"]);
    assert_eq!(verdicts("ln(x)", "x=-1"), ["undefined here"]);
    assert_eq!(verdicts("exp(x)", "x=710"), ["infinite here"]);
    assert_eq!(verdicts("f(A: matrix[n, n]) = logdet(A)", "A=[[2,1],[1,3]]"), ["ok"; 4]);
}

#[test]
fn steps_become_as_small_as_the_function_needs() {
    for (function, at) in [
        ("1/x", "x=1e-8"),
        ("ln(x)", "x=1e-300"),
        ("acos(x)", "x=0.9999999"),
        ("sin(1e8*x)", "x=1"),
        ("exp(exp(x))", "x=6"),
        ("exp(x)", "x=700"),
        ("x*sin(1/x)", "x=0.001"),
    ] {
        assert_eq!(verdicts(function, at), ["ok"], "{function} at {at}");
    }
    assert_eq!(verdicts("max(x, y)", "x=1,y=1.0000001"), ["ok", "ok"]);
    // Smaller steps do not make noise of a gradient that is 0.
    assert_eq!(verdicts("1e6*(x - 1)^2*exp(x)", "x=1"), ["ok"]);
    // Where there is no derivative, no step is small enough.
    assert_eq!(verdicts("cbrt(x)", "x=0"), ["not smooth here"]);
    assert_eq!(verdicts("if(x >= 1, x, 0)", "x=1"), ["not smooth here"]);
}

#[test]
fn steps_show_the_error_fall_and_rise() {
    let object = json(&["check", "sin(x)", "--at", "x=1", "--steps", "-f", "json"]);
    let entry = &object["points"][0]["entries"][0];
    let error = |step: &Value| (step["difference"].as_f64().unwrap_or(f64::NAN) - 1f64.cos()).abs();
    let errors: Vec<f64> = entry["steps"].as_array().expect("there are steps").iter().map(error).collect();
    assert_eq!(errors.len(), 8);
    assert!(errors[..4].windows(2).all(|pair| pair[1] < pair[0] / 50.0), "{errors:?}");
    assert!(errors[7] > errors[4], "{errors:?}");
    assert!(entry["relative_error"].as_f64().is_some_and(|error| error < 1e-10), "{entry}");
}

#[test]
fn derivatives_are_infinite_on_the_right_side_at_the_edge_of_a_domain() {
    for (function, at, expected) in [
        ("asin(x)", "x=1", f64::INFINITY),
        ("asin(x)", "x=-1", f64::INFINITY),
        ("acos(x)", "x=1", f64::NEG_INFINITY),
        ("acos(x)", "x=-1", f64::NEG_INFINITY),
        ("sqrt(1 - x^2)", "x=1", f64::NEG_INFINITY),
        ("sqrt(1 - x^2)", "x=-1", f64::INFINITY),
        ("sqrt(y^2 - x^2)", "x=1,y=1", f64::NEG_INFINITY),
    ] {
        let object = json(&["grad", function, "--at", at, "-f", "json"]);
        let value = &object["d/dx"]["value"];
        let value = value.as_str().and_then(|text| text.parse::<f64>().ok());
        assert_eq!(value, Some(expected), "{function} at {at}");
    }
}

#[test]
fn the_table_sums_up() {
    let (text, code) = gradc(&["check", "abs(x)*y", "--at", "x=0,y=2"]);
    assert_eq!(code, Some(0));
    let last = text.lines().last().unwrap_or_default();
    assert_eq!(last, "1 of 2 derivatives agree, 1 not comparable: the function is not smooth or not defined there");
    let (text, _) = gradc(&["check", "x^2", "--at", "x=3"]);
    let row: Vec<&str> = text.lines().nth(2).expect("there is a row").split_whitespace().collect();
    assert_eq!((row[0], row[1], row[4]), ("df/dx", "6", "ok"));
}

#[test]
fn json_holds_what_it_takes_for_granted() {
    let assumed =
        |arguments: &[&str]| json(&[arguments, &["--assumptions", "-f", "json"]].concat())["assumptions"].clone();
    assert_eq!(assumed(&["diff", "x/x + y"]), serde_json::json!(["x != 0"]));
    assert_eq!(assumed(&["diff", "x^3/x", "--order", "2"]), serde_json::json!(["x != 0"]));
    assert_eq!(assumed(&["grad", "x/x + y", "--at", "x=1,y=2"]), serde_json::json!(["x != 0"]));
    assert_eq!(assumed(&["hessian", "x^3/x"]), serde_json::json!(["x != 0"]));
    assert_eq!(assumed(&["explain", "x/x + x"]), serde_json::json!(["x != 0"]));
    assert_eq!(assumed(&["grad", "x + y"]), serde_json::json!([]));
    assert!(json(&["grad", "x + y", "-f", "json"]).get("assumptions").is_none());
}

#[test]
fn points_are_put_where_a_value_is_patched_in() {
    for (function, at) in [
        ("if(x == 0, 1, exp(x))", "x = 0"),
        ("if(x != 2, exp(x), exp(2))", "x = 2"),
        ("{let t = x - 1; if(t == 0, 1, t + 1)}", "x = 1"),
        ("{let t = hypot(x, y); if(t == 0, 1, cos(t))}", "x = 0, y = 0"),
        ("if(x == 0 and y == 0, 1, cos(x*y))", "x = 0, y = 0"),
        ("f(x: vector[n]) = sum(i in 0..n, if(x[i] == 0, 1, cos(x[i])))", "x[0] = 0, x[1] = 0.9609903369994115"),
        ("f(x: vector[n]) = if(norm2(x) == 0, 1, cos(norm2(x)))", "x[0] = 0, x[1] = 0"),
    ] {
        let (text, _) = gradc(&["check", function]);
        assert!(text.lines().any(|line| line == format!("at {at}")), "{function}\n{text}");
    }
    let (text, _) = gradc(&["check", "f(x > 0) = if(x == 0, 1, x)"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("at ")).count(), 3, "{text}");
    // The branch of the point alone has another derivative than the function.
    let (text, code) = gradc(&["check", "if(x == y, 1 - tanh(x)^2, (tanh(x) - tanh(y))/(x - y))"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("WRONG"), "{text}");
    assert_eq!(verdicts("if(x == 0, 2, sin(x)/x)", "x=0"), ["not smooth here"]);
}

#[test]
fn json_has_warnings_of_branches_for_a_point() {
    let point = "where x == 0, the derivative is that of the branch for this point alone";
    let small = "where abs(x) < 1e-8, the derivative is that of the branch for small numbers alone";
    for command in ["diff", "grad", "jacobian", "hessian"] {
        let warnings = |function: &str| json(&[command, function, "-f", "json"]).get("warnings").cloned();
        assert_eq!(warnings("if(x == 0, 2, sin(x)/x)"), Some(serde_json::json!([point])), "{command}");
        assert_eq!(warnings("if(abs(x) < 1e-8, 1, sin(x)/x)"), Some(serde_json::json!([small])), "{command}");
        assert_eq!(warnings("if(x == 0, 1, sin(x)/x)"), None, "{command}");
        let entries = |value: &str| format!("f(x: vector[n]) = sum(if(x == 0, {value}, sin(x) ./ x))");
        assert_eq!(warnings(&entries("2")), Some(serde_json::json!([point])), "{command}");
        assert_eq!(warnings(&entries("1")), None, "{command}");
    }
}
