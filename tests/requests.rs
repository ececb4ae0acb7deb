//! `gradc batch`: answers have the shapes of the parameters, and what is wrong with a line is told in its answer, after
//! which the others are answered.

use std::io::Write;
use std::process::{Command, Stdio};

/// A line, and its answer.
const REQUESTS: &[(&[u8], &str)] = &[
    (
        br#"{"id":1,"expr":"sum(X)","params":{"X":"matrix[2,1]"},"at":{"X":[[1],[2]]}}"#,
        r#"{"id":1,"f":3.0,"grad":{"X":[[1.0],[1.0]]}}"#,
    ),
    (
        br#"{"id":2,"expr":"sum(X .* X)","params":{"X":"matrix[1,1]"},"at":{"X":[[3]]}}"#,
        r#"{"id":2,"f":9.0,"grad":{"X":[[6.0]]}}"#,
    ),
    (
        br#"{"id":3,"expr":"sum(X .* X)","params":{"X":"matrix[n,1]"},"at":{"X":[[3]]}}"#,
        r#"{"id":3,"f":9.0,"grad":{"X":[[6.0]]}}"#,
    ),
    (
        br#"{"id":4,"expr":"sum(x)*x","params":{"x":"vector[n]"},"at":{"x":[3]}}"#,
        r#"{"id":4,"f":[9.0],"grad":{"x":[[6.0]]}}"#,
    ),
    (
        br#"{"id":5,"expr":"x^2","vars":["x"],"at":{"x":2},"want_hess":"yes"}"#,
        r#"{"id":5,"error":"`want_hess` is neither `true` nor `false`"}"#,
    ),
    (
        br#"{"id":6,"expr":"x^2","vars":["x"],"at":{"x":2,"xx":3}}"#,
        r#"{"id":6,"error":"there is no parameter `xx`; did you mean `x`?"}"#,
    ),
    (br#"{"id":7,"expr":"x^2","at":[1]}"#, r#"{"id":7,"error":"`at` is not an object of numbers"}"#),
    (br#"{"id":8,"expr":"x^2","vars":"x","at":{"x":1}}"#, r#"{"id":8,"error":"`vars` is not a list of names"}"#),
    (br#"{"id":9,"expr":5}"#, r#"{"id":9,"error":"`expr` is not a string"}"#),
    (br#"{"id":10,"expr":"x","params":["x"]}"#, r#"{"id":10,"error":"`params` is not an object of types"}"#),
    (
        br#"{"id":11,"expr":"x","params":{"x":1},"at":{"x":1}}"#,
        r#"{"id":11,"error":"the type of `x` is not a string"}"#,
    ),
    (br#"{"id":12,"expr":"x","at":{"x":[1]}}"#, r#"{"id":12,"error":"`x` is a number, and a list is given"}"#),
    (
        b"{\"id\":13,\"expr\":\"x\xff\"}",
        r#"{"id":null,"error":"this line is not UTF-8: invalid utf-8 sequence of 1 bytes from index 18"}"#,
    ),
    (
        br#"{"id":15,"expr":"ln(erfc(x))","at":{"x":1e5}}"#,
        r#"{"id":15,"f":-10000000012.08529,"grad":{"x":-200000.00001}}"#,
    ),
    (
        br#"{"id":16,"expr":"sum(X)","params":{"X":"matrix[2,1]"},"at":{"X":[1,2]}}"#,
        r#"{"id":16,"error":"`X` is a matrix, and a list of numbers is given; a matrix is a list of its rows: `[[1], [2]]` has one column, `[[1, 2]]` one row"}"#,
    ),
    (
        br#"{"id":17,"expr":"sum(X)","params":{"X":"matrix[n,m]"},"at":{"X":[1,2]}}"#,
        r#"{"id":17,"error":"`X` is a matrix, and a list of numbers is given; a matrix is a list of its rows: `[[1], [2]]` has one column, `[[1, 2]]` one row"}"#,
    ),
    (
        br#"{"id":18,"expr":"sum(x)","params":{"x":"vector[2]"},"at":{"x":[[1],[2]]}}"#,
        r#"{"id":18,"error":"`x` is a vector, and a list of rows is given; a vector is a list of numbers: `[1, 2]`"}"#,
    ),
    (
        br#"{"id":19,"expr":"sum(x)","params":{"x":"vector[n]"},"at":{"x":3}}"#,
        r#"{"id":19,"error":"`x` is a vector, and a number is given; a vector is a list of numbers: `[1, 2]`"}"#,
    ),
    (
        br#"{"id":20,"exp":"x^2","at":{"x":1}}"#,
        r#"{"id":20,"error":"a request has no field `exp`; did you mean `expr`?"}"#,
    ),
    (
        br#"{"id":21,"expr":"x^2","want_hesse":true,"at":{"x":1}}"#,
        r#"{"id":21,"error":"a request has no field `want_hesse`; did you mean `want_hess`?"}"#,
    ),
    (
        br#"{"id":22,"expr":"x^2","point":{"x":1}}"#,
        r#"{"id":22,"error":"a request has no field `point`; its fields are id, expr, vars, params, at, want_hess"}"#,
    ),
    (
        br#"{"id":23,"expr":"x^2","at":{"x":"1e999"}}"#,
        r#"{"id":23,"error":"`x`: a number, a list of numbers or a list of rows is expected"}"#,
    ),
    (
        br#"{"id":24,"expr":"x^2","at":{"x":"nan"}}"#,
        r#"{"id":24,"error":"`x`: a number, a list of numbers or a list of rows is expected"}"#,
    ),
    (
        br#"{"id":25,"expr":"x^2","at":{"x":1e999}}"#,
        r#"{"id":null,"error":"this line is not JSON: number out of range at line 1 column 37"}"#,
    ),
    (br#"{"id":26,"expr":"(x + 0/0)*0","at":{"x":1}}"#, r#"{"id":26,"error":"`0/0` has no value"}"#),
    (br#"{"id":27,"expr":"x/sin(pi)","at":{"x":1}}"#, r#"{"id":27,"error":"`x/sin(pi)` has no value"}"#),
    (
        br#"{"id":28,"expr":"if(x == 0, 2, sin(x)/x)","at":{"x":0}}"#,
        r#"{"id":28,"f":2.0,"grad":{"x":0.0},"warnings":["where x == 0, the derivative is that of the branch for this point alone"]}"#,
    ),
    (
        br#"{"id":29,"expr":"sum(i in 0..n, if(x[i] == 0, 1, sin(x[i])/x[i]))","params":{"x":"vector[n]"},"at":{"x":[0]}}"#,
        r#"{"id":29,"f":1.0,"grad":{"x":[0.0]}}"#,
    ),
    (b"[1]", r#"{"id":null,"error":"a request is an object"}"#),
    (br#"{"id":14,"expr":"x^3","at":{"x":2}}"#, r#"{"id":14,"f":8.0,"grad":{"x":12.0}}"#),
];

#[test]
fn every_line_has_an_answer() {
    let mut gradc = Command::new(env!("CARGO_BIN_EXE_gradc"))
        .arg("batch")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gradc starts");
    let mut input = gradc.stdin.take().expect("there is an input");
    for (line, _) in REQUESTS {
        input.write_all(&[line, b"\n".as_slice()].concat()).expect("gradc reads");
    }
    drop(input);
    let output = gradc.wait_with_output().expect("gradc ends");
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).expect("answers are text");
    for (answer, (line, expected)) in answers.lines().zip(REQUESTS) {
        assert_eq!(answer, *expected, "{}", String::from_utf8_lossy(line));
    }
    assert_eq!(answers.lines().count(), REQUESTS.len());
}
