//! Sparse derivatives: the entries that generated code writes, at the places that it tells, against products of the
//! derivatives with unit vectors, and how many there are against what can be counted by hand.
#![allow(clippy::panic)]

#[path = "common/loops.rs"]
mod loops;
#[path = "common/points.rs"]
mod points;
#[path = "common/program.rs"]
mod program;

use gradc::derive::{Derivative, Form, Product, derive_closed_product};
use gradc::graph::Sizes;
use gradc::lower::{Function, Whole};
use gradc::source::Source;
use gradc::tape::Dense;
use gradc::{Derive, Layout, Options};
use loops::LOOPS;
use program::Program;

/// Functions, and how many entries their sparse derivative has at the sizes of the tests: n = 3, m = 5, and so on as they
/// appear.
const COUNTED: &[(&str, usize)] = &[
    // Bands.
    ("f(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", 5),
    ("f(x: vector[n]) = sum(x .^ 4)", 3),
    ("f(x: vector[n], y: vector[n]) = sum(i in 0..n, x[i]^2*y[i]^2)", 9),
    ("f(x: vector[n]) = [i in 0..n-1: x[i]*x[i+1]]", 4),
    ("f(x: vector[n]) = [i in 0..n-2: sin(x[i] + 2*x[i+2])]", 2),
    ("f(x: vector[n]) = exp(x)", 3),
    ("f(x: vector[n]) = diag(x)*x", 3),
    ("f(x: vector[n], a) = a*x .^ 2", 6),
    ("f(x: vector[n]) = sum(i in 0..n-1, sin(x[i] - x[n - 1 - i]))", 4),
    ("f(x: vector[n]) = sum(i in 0..n-2, (x[i]*x[i+1]*x[i+2])^2)", 6),
    ("f(x: vector[n+2]) = sum(i in 0..n, (x[i]*x[i+1]*x[i+2])^2)", 5 + 4 + 3),
    ("f(x: vector[n+2]) = sum(i in 0..n-1, x[i]*x[i+3]) + sum(x .^ 4)", 5 + 2),
    ("f(x: vector[n+2]) = sum(i in 2..n+2, x[i]^2*x[i-2]^2) + x[0]^3*x[1]", 5 + 3 + 1),
    ("f(x: vector[n+2], a: vector[n+2]) = sum(i in 0..n+1, sin(a[i]*x[i+1] - x[i]))", 5 + 4 + 4 + 4 + 4),
    ("f(x: vector[n+2]) = stack(x[0] - 1, [i in 1..n+1: x[i-1] - 2*x[i]^2 + x[i+1]], x[n+1]*x[n])", 1 + 9 + 2),
    // Blocks.
    ("f(X: matrix[n, 2]) = sum(i in 0..n, exp(X[i, 0]*X[i, 1]))", 9),
    ("f(X: matrix[n, m]) = sum(i in 0..n, j in 0..m, X[i, j]^3)", 15),
    ("f(X: matrix[n, 2]) = [i in 0..n: norm2(X[i, ..])]", 6),
    ("f(X: matrix[n, 2], p: vector[2]) = [i in 0..n, j in 0..2: X[i, j]*p[j]]", 12),
    ("f(X: matrix[n, m]) = sin(X)", 15),
    ("f(X: matrix[n, m], v: vector[m]) = X*v", 30),
    ("f(x: vector[n]) = stack([i in 0..n-1: x[i] - x[i+1]], [sum(x), x[0]])", 4 + 3 + 1),
    ("f(x: vector[n], s) = s*sum(x) + s^3", 1 + 3),
    // Neighbours on a ring, and parts of rows.
    ("f(X: matrix[n, m]) = [i in 0..n, j in 0..m: X[(i + 1) mod n, j]*X[i, (j - 1) mod m]]", 30),
    (
        "f(X: matrix[n, m], Y: matrix[n, m]) = stack([i in 0..n, j in 0..m: X[(i - 1) mod n, j]^2], [j in 0..m, i in 0..n: Y[i, (j + 1) mod m]^3]')",
        30,
    ),
    ("f(X: matrix[n, m]) = sum(i in 0..n-1, j in 0..i, X[i + 1, j]^3)", 1),
    // What all of a vector goes into.
    ("f(A: matrix[n, m], x: vector[m]) = norm2(A*x)^2", 3 * 15 + 15 * 5 + 15),
    ("f(x: vector[n], y: vector[m]) = [i in 0..n: x[i]*sum(y)]", 3 + 15),
    ("f(X: matrix[n, m]) = stack([i in 0..n-1, j in 0..m: X[i+1, j]*X[i, j]], [j in 0..m: X[0, j]]')", 20 + 5),
    ("f(x: vector[n]) = sum(i in 0..n, j in i+1..n, exp(x[i]*x[j]))", 6),
    ("f(x: vector[n]) = logsumexp(x)", 6),
    ("f(x: vector[n]) = scan(i in 0..n, s = 0, sin(s) + x[i])", 9),
    // Places from data.
    ("f(x: vector[n], k: index[m] in 0..n) = [i in 0..m: x[k[i]]^2]", 5),
    ("f(x: vector[n], y: vector[n], k: index[m] in 0..n) = [i in 0..m: x[k[i]]*y[k[i]]]", 10),
    ("f(X: matrix[n, 3], w: vector[m], k: index[m] in 0..n) = [i in 0..m: w[i]*norm2(X[k[i], ..])]", 20),
    (
        "f(X: matrix[n, 2], w: vector[m], k: index[m] in 0..n) = [i in 0..m: [sin(X[k[i], 0]*w[i]), exp(w[i]*X[k[i], 1])]]",
        20,
    ),
];

/// Functions with entries of which data tell how many there are.
const FROM_DATA: &[&str] = &[
    "f(x: vector[n], k: index[m] in 0..n, l: index[m] in 0..n) = sum(i in 0..m, sin(x[k[i]] - 2*x[l[i]]))",
    "f(x: vector[n], k: index[m] in 0..n, l: index[m] in 0..n) = [i in 0..m: exp(x[k[i]]*x[l[i]])]",
    "f(X: matrix[n, 2], k: index[m] in 0..n, l: index[m] in 0..n) = sum(i in 0..m, exp(-norm2(X[k[i], ..] - 2*X[l[i], ..])^2))",
    "f(x: vector[n], k: index[m] in 0..n) = sum(i in 0..m-1, x[k[i]]*x[k[i+1]]^2) + sum(i in 0..n-1, x[i]^2*x[i+1])",
];

/// What is said where loops are inside of each other that have no formula for the number of an entry.
const UNNUMBERED: &str = "there is no formula for the places of the entries";

/// Functions with few numbers of fixed size, and how many entries there are.
const FIXED: &[(&str, usize)] = &[
    ("f(x: vector[12]) = sum(i in 0..11, x[i]*x[i+1]^2)", 11 + 11),
    ("f(x: vector[3]) = x[0]*x[1] + sin(x[2])", 2),
    ("f(x: vector[3]) = x[0] + 3*x[2]", 0),
    ("f(x: vector[4]) = [x[0]*x[1], x[3], 5, x[2] + x[1] - x[1]]", 4),
    ("f(x: vector[2]) = [x[0]]", 1),
    ("f(x: vector[4]) = [i in 0..3: x[i]*x[i+1]]", 6),
    ("f(x: vector[100]) = [i in 0..99: x[i]*x[i+1]]", 198),
];

fn lowered(text: &str) -> Function {
    let source = Source::new("test", text);
    let mut functions = gradc::read(&source, &[]).unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false)));
    functions.pop().expect("there is a function")
}

/// Makes a point, with whole numbers where entries are picked.
fn point(whole: &Whole, sizes: &Sizes) -> Vec<Dense> {
    let mut point = points::matrices(whole, sizes);
    for parameter in &whole.parameters {
        if let Some((from, to)) = &parameter.range {
            let (from, to) = (from.evaluate(sizes).expect("a size"), to.evaluate(sizes).expect("a size"));
            let entries = &mut point[whole.input_index(parameter.id)].entries;
            for entry in entries {
                *entry = (from as f64 + (*entry + 1.0) / 2.0 * (to - from) as f64).floor().min((to - 1) as f64);
            }
        }
    }
    point
}

/// Computes a derivative column by column: what it makes of unit vectors.
fn columns(whole: &Whole, by: &[usize], point: &[Dense], sizes: &Sizes) -> Vec<Vec<f64>> {
    let product = if whole.shape.indices() == 0 { Product::Hvp } else { Product::Jvp };
    let extended = product.with_matrices(whole, by);
    let closed = derive_closed_product(product, &extended, by, Form::Raw).expect("it has products");
    let products = if product == Product::Hvp { &closed.second } else { &closed.first };
    let roots: Vec<_> = products.iter().map(Derivative::expression).collect();
    let plan = gradc::tape::plan(&closed.graph, &roots);
    let mut columns = Vec::new();
    let zeros: Vec<Dense> = by
        .iter()
        .map(|at| {
            let Dense { rows, columns, entries } = &point[whole.input_index(whole.parameters[*at].id)];
            Dense { rows: *rows, columns: *columns, entries: vec![0.0; entries.len()] }
        })
        .collect();
    for (own, zero) in zeros.iter().enumerate() {
        for entry in 0..zero.entries.len() {
            let mut directions = zeros.clone();
            directions[own].entries[entry] = 1.0;
            let at: Vec<Dense> = point.iter().cloned().chain(directions).collect();
            let values = plan.evaluate(&closed.graph, &at, sizes).expect("it is evaluated");
            columns.push(values.into_iter().flat_map(|value| value.entries).collect());
        }
    }
    columns
}

/// Writes a call that prints the number of rows and columns, the number of entries, whether they are sorted and each there
/// once, and the whole matrix.
fn block(
    module: &str,
    rust: &str,
    (whole, layout): (&Whole, Layout),
    sizes: &Sizes,
    at: &[Dense],
    [rows, columns]: [usize; 2],
) -> String {
    let is_compressed = layout == Layout::Columns;
    let kind = if whole.shape.indices() == 0 { "hessian" } else { "jacobian" };
    let own: Vec<String> = whole.sizes.iter().map(|size| sizes[size].to_string()).collect();
    let (mut given, mut picked) = (Vec::new(), Vec::new());
    for parameter in &whole.parameters {
        let value = &at[whole.input_index(parameter.id)].entries;
        let numbers: Vec<String> = match parameter.range {
            Some(_) => value.iter().map(|number| format!("{number}")).collect(),
            None => value.iter().map(|number| format!("{number:?}")).collect(),
        };
        let list = match parameter.shape.indices() {
            0 => numbers[0].clone(),
            _ if own.is_empty() && parameter.shape.indices() == 2 && !rust.contains("nonzeros: usize") => {
                let width = at[whole.input_index(parameter.id)].columns;
                let rows: Vec<String> = numbers.chunks(width).map(|row| format!("[{}]", row.join(", "))).collect();
                format!("&[{}]", rows.join(", "))
            }
            _ => format!("&[{}]", numbers.join(", ")),
        };
        if parameter.range.is_some() {
            picked.push(list.clone());
        }
        given.push(list);
    }
    let merged = rust.contains(&format!("fn f_{kind}_terms("));
    let count = if merged { "terms" } else { "nonzeros" };
    let sizes_of = own.join(", ");
    let mut text = format!(
        "let count = {module}::f_{kind}_{count}({sizes_of});\
         let (mut rows, mut columns, mut slots, mut scratch) = (vec![9; count], vec![9; count], vec![9; count], vec![9; count]);\
         let mut starts = vec![9usize; {columns} + 1];"
    );
    let mut arguments: Vec<String> = own.iter().chain(&picked).cloned().collect();
    let whole_slice = |name: &str| match own.is_empty() {
        true => format!("(&mut {name}[..]).try_into().unwrap()"),
        false => format!("&mut {name}"),
    };
    arguments.extend(is_compressed.then(|| "&mut starts".to_string()));
    arguments.push(whole_slice("rows"));
    arguments.extend((!is_compressed || merged).then(|| whole_slice("columns")));
    if merged {
        arguments.extend(["slots", "scratch"].map(whole_slice));
    }
    let filled = format!("{module}::f_{kind}_pattern({})", arguments.join(", "));
    text.push_str(&if merged {
        format!("let left = {filled};")
    } else {
        format!("{filled}; let left = count; let _ = (&mut columns, &mut slots, &mut scratch);")
    });
    let mut arguments = own.clone();
    let declared = rust.split(&format!("fn f_sparse_{kind}(")).nth(1).and_then(|rest| rest.split(')').next());
    for (size, value) in [("terms", "count"), ("nonzeros", "left")] {
        let is_taken = declared.is_some_and(|declared| declared.contains(&format!("{size}: usize")));
        arguments.extend(is_taken.then(|| value.to_string()));
    }
    let workspace = arguments.join(", ");
    arguments.extend(given);
    arguments.extend(merged.then(|| "&slots".to_string()));
    if whole.shape.indices() > 0 {
        text.push_str(&format!("let mut value = vec![0.5; {rows}];"));
        arguments.push(whole_slice("value"));
    }
    text.push_str("let mut values = vec![0.5; left];");
    arguments.push(if merged { "&mut values".to_string() } else { whole_slice("values") });
    if rust.contains(&format!("fn f_sparse_{kind}_workspace(")) {
        text.push_str(&format!("let mut workspace = vec![0.25; {module}::f_sparse_{kind}_workspace({workspace})];"));
        arguments.push("&mut workspace".to_string());
    }
    text.push_str(&format!("{module}::f_sparse_{kind}({});", arguments.join(", ")));
    if is_compressed {
        // The column of each entry, from where columns begin.
        text.push_str(
            "columns = vec![0; left]; for c in 1..starts.len() { for at in starts[c - 1]..starts[c] { columns[at] = c - 1; } }",
        );
    } else {
        text.push_str("let _ = &mut starts;");
    }
    let order = if is_compressed { "(pair[0].1, pair[0].0) < (pair[1].1, pair[1].0)" } else { "pair[0] < pair[1]" };
    format!(
        "{{ {text} let places: Vec<(usize, usize)> = rows.into_iter().zip(columns).take(left).collect();\
         let sorted = places.windows(2).all(|pair| {order});\
         let mut all = vec![left as f64, f64::from(u8::from(sorted))]; let mut matrix = vec![0.0; {rows} * {columns}];\
         for ((row, column), value) in places.into_iter().zip(values) {{ matrix[row * {columns} + column] += value; }}\
         all.extend(matrix); all }}"
    )
}

/// Compares the entries of generated code with products, and returns how many there are, and the whole matrices.
fn compared(name: &str, texts: &[&str], layout: Layout) -> Vec<Option<(usize, Vec<f64>)>> {
    let mut program = Program::default();
    let mut expected = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let function = lowered(text);
        let whole = &function.whole;
        let derive = if whole.shape.indices() == 0 { Derive::SparseHessian } else { Derive::SparseJacobian };
        let options = Options { derive: vec![derive], layout, reproducible: at % 2 == 0, ..Options::default() };
        let rust = match gradc::compile(text, &options) {
            Ok(output) => output.rust,
            Err(errors) if errors.render(false).contains(UNNUMBERED) => {
                expected.push(None);
                continue;
            }
            Err(errors) => panic!("{text}: {}", errors.render(false)),
        };
        let by: Vec<usize> = (0..whole.parameters.len()).filter(|at| whole.parameters[*at].range.is_none()).collect();
        let sizes = points::sizes(whole);
        let point = point(whole, &sizes);
        let columns = columns(whole, &by, &point, &sizes);
        let rows = columns[0].len();
        let module = format!("m{at}");
        program.module(&module, &rust);
        let call = block(&module, &rust, (whole, layout), &sizes, &point, [rows, columns.len()]);
        program.print(&call, &["r".to_string()]);
        let lower = |row: usize, column: usize| whole.shape.indices() > 0 || row >= column;
        let matrix = (0..rows).flat_map(|row| {
            let entry = move |column: usize| (row, column);
            (0..columns.len()).map(entry)
        });
        let matrix: Vec<f64> =
            matrix.map(|(row, column)| if lower(row, column) { columns[column][row] } else { 0.0 }).collect();
        expected.push(Some(matrix));
    }
    let results = program.run(name);
    let mut wrong = Vec::new();
    let mut counts = Vec::new();
    let mut results = results.into_iter();
    for (text, expected) in texts.iter().zip(expected) {
        let Some(expected) = expected else {
            counts.push(None);
            continue;
        };
        let result = results.next().unwrap_or_default();
        let [count, sorted] = [result[0], result[1]];
        let scale = expected.iter().fold(1e-3, |largest: f64, entry| largest.max(entry.abs()));
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * scale;
        if sorted != 1.0 && layout != Layout::Triplets
            || !expected.iter().zip(&result[2..]).all(near)
            || expected.len() + 2 != result.len()
        {
            wrong.push(format!("{text}: {result:?} and not\n    {expected:?}"));
        }
        counts.push(Some((count as usize, expected)));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
    counts
}

#[test]
fn the_entries_are_those_that_can_be_counted() {
    let texts: Vec<&str> = COUNTED.iter().map(|(text, _)| *text).collect();
    let counts = compared("sparse_counted", &texts, Layout::Rows);
    let counts = counts.iter().map(|counted| counted.as_ref().map_or(0, |(count, _)| *count));
    let wrong = COUNTED.iter().zip(counts).filter(|((_, expected), count)| expected != count);
    let wrong: Vec<String> =
        wrong.map(|((text, expected), count)| format!("{text}: {count} and not {expected}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn columns_and_triplets_are_the_same_entries() {
    let texts = COUNTED.iter().map(|(text, _)| *text).chain(FROM_DATA.iter().copied());
    let texts: Vec<&str> = texts.collect();
    let counts = compared("sparse_columns", &texts, Layout::Columns);
    let counts = counts.iter().map(|counted| counted.as_ref().map_or(0, |(count, _)| *count));
    let wrong = COUNTED.iter().zip(counts).filter(|((_, expected), count)| expected != count);
    let wrong: Vec<String> =
        wrong.map(|((text, expected), count)| format!("{text}: {count} and not {expected}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let counted = compared("sparse_triplets", &texts, Layout::Triplets);
    let fewer =
        COUNTED.iter().zip(counted).filter(|((_, expected), own)| own.as_ref().is_none_or(|own| own.0 < *expected));
    assert_eq!(fewer.count(), 0);
}

/// Functions whose loops overlap along diagonals, the places of which need no sorting.
const BANDS: &[&str] = &[
    "f(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
    "f(x: vector[n]) = sum(i in 0..n-2, (x[i]*x[i+1]*x[i+2])^2) + sum(i in 0..n-1, exp(x[i]))",
    "f(x: vector[n]) = x[0]^4 + sum(i in 1..n, (x[i] - x[i-1]^2)^2)",
    "f(x: vector[n], a) = stack(x[0] - x[1], [i in 0..n-1: x[i]*x[i+1]])",
];

/// What is recorded as it is written: derivatives, layout, functions.
const RECORDED: &[(&str, Derive, Layout, &str)] = &[
    (
        "chain_by_rows",
        Derive::SparseHessian,
        Layout::Rows,
        "chain(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
    ),
    (
        "chain_by_columns",
        Derive::SparseHessian,
        Layout::Columns,
        "chain(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
    ),
    (
        "springs_by_rows",
        Derive::SparseHessian,
        Layout::Rows,
        "springs(X: matrix[n, 2], k: index[m] in 0..n, l: index[m] in 0..n) = sum(i in 0..m, norm2(X[k[i], ..] - X[l[i], ..])^2)",
    ),
    (
        "factors_by_triplets",
        Derive::SparseJacobian,
        Layout::Triplets,
        "factors(u: vector[n], v: vector[m], k: index[p] in 0..n, l: index[p] in 0..m) = [i in 0..p: u[k[i]]*v[l[i]]]",
    ),
    (
        "problem_of_a_path",
        Derive::Lagrangian,
        Layout::Rows,
        "path(x: vector[n]) = stack(sum(i in 0..n, x[i]^2), [i in 0..n-1: sin(x[i]) - x[i+1]])",
    ),
    ("problem_of_few", Derive::Lagrangian, Layout::Columns, "few(x: vector[3]) = stack(x[0]*x[1]^2, x[1]*exp(x[2]))"),
];

#[test]
fn sparse_code_is_as_recorded() {
    for (name, derive, layout, text) in RECORDED {
        let options = Options { derive: vec![*derive], layout: *layout, reproducible: true, ..Options::default() };
        let rust = gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false)));
        let allowed = |line: &&str| !line.starts_with("#[allow(clippy");
        let own = rust.rust.split("\nmod matrices").next().unwrap_or_default().to_string();
        let own: Vec<&str> = own.lines().filter(allowed).collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/sparse"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(*name, own.join("\n")));
    }
}

#[test]
fn bands_are_not_sorted() {
    for text in BANDS {
        for layout in [Layout::Rows, Layout::Columns] {
            let options = Options {
                derive: vec![Derive::SparseHessian, Derive::SparseJacobian],
                wrt: vec!["x".to_string()],
                layout,
                ..Options::default()
            };
            let rust =
                gradc::compile(text, &Options { derive: vec![kind(text)], ..options }).expect("it compiles").rust;
            assert!(!rust.contains("slots"), "{text} {layout:?}: {rust}");
        }
    }
}

#[test]
fn sizes_without_numbers_for_the_entries_are_refused() {
    let text =
        "f(x: vector[n]) = sum(i in 0..n-1 if i != 2, x[i]*x[i+1]^2) + sum(i in 0..n-4 if i != 1, (x[i]*x[i+3])^2)";
    let options = Options { derive: vec![Derive::SparseHessian], ..Options::default() };
    let rust = gradc::compile(text, &options).expect("it compiles").rust;
    for function in ["fn f_hessian_pattern(", "fn f_sparse_hessian("] {
        let body =
            rust.split(function).nth(1).and_then(|rest| rest.split("\n}\n").next()).expect("there is a function");
        assert!(body.contains("\"`n` is at least 4\""), "{body}");
    }
}

fn kind(text: &str) -> Derive {
    if lowered(text).whole.shape.indices() == 0 { Derive::SparseHessian } else { Derive::SparseJacobian }
}

/// Objectives and constraints, with their Lagrangians as they are written out.
const LAGRANGIANS: &[[&str; 2]] = &[
    [
        "f(x: vector[n]) = stack(sum(i in 0..n-1, (x[i] - 1)^2*x[i+1]), [i in 0..n-2: x[i]*exp(x[i+2]/4)])",
        "f(x: vector[n], sigma, lambda: vector[n-2]) = sigma*sum(i in 0..n-1, (x[i] - 1)^2*x[i+1]) + sum(i in 0..n-2, lambda[i]*x[i]*exp(x[i+2]/4))",
    ],
    [
        "f(x: vector[n], k: index[m] in 0..n) = stack(x[0]^3, [i in 0..m: x[k[i]]^2*x[0]], sum(x)^2)",
        "f(x: vector[n], k: index[m] in 0..n, sigma, lambda: vector[m+1]) = sigma*x[0]^3 + sum(i in 0..m, lambda[i]*x[k[i]]^2*x[0]) + lambda[m]*sum(x)^2",
    ],
    [
        "f(x: vector[n]) = [i in 0..n: x[i]^3*i]",
        "f(x: vector[n], sigma, lambda: vector[n-1]) = sum(i in 1..n, lambda[i-1]*x[i]^3*i)",
    ],
    [
        "f(x: vector[n]) = sum(i in 0..n-1, sin(x[i]*x[i+1]))",
        "f(x: vector[n], sigma) = sigma*sum(i in 0..n-1, sin(x[i]*x[i+1]))",
    ],
    [
        "f(x: vector[3]) = stack(x[0]*x[1]^2, x[1]*exp(x[2]))",
        "f(x: vector[3], sigma, lambda: vector[1]) = sigma*x[0]*x[1]^2 + lambda[0]*x[1]*exp(x[2])",
    ],
];

#[test]
fn lagrangians_have_the_entries_of_what_is_written_out() {
    let mut program = Program::default();
    for (at, [problem, written]) in LAGRANGIANS.iter().enumerate() {
        let options = Options { wrt: vec!["x".to_string()], layout: Layout::Triplets, ..Options::default() };
        let whole = lowered(written);
        let is_fixed = whole.whole.sizes.is_empty();
        for (kind, derive, text) in
            [("lagrangian", Derive::Lagrangian, problem), ("hessian", Derive::SparseHessian, written)]
        {
            let rust = gradc::compile(text, &Options { derive: vec![derive], ..options.clone() });
            let rust = rust.unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false))).rust;
            let module = format!("{kind}_{at}");
            program.module(&module, &rust);
            let indices = rust.contains("k: &[usize]");
            let count = if rust.contains("lambda: &[f64; 1]") {
                1
            } else {
                written.split("lambda: vector[").nth(1).map_or(0, |rest| match &rest[..3] {
                    "n-2" => 3,
                    "m+1" => 4,
                    _ => 4,
                })
            };
            let lambda = ["0.7", "-1.3", "2.1", "0.4"][..count].join(", ");
            let x = ["0.3", "1.1", "-0.6", "0.9", "0.2"][..if is_fixed { 3 } else { 5 }].join(", ");
            let sizes = match (is_fixed, indices) {
                (true, _) => "",
                (_, true) => "5, 3, ",
                (_, false) => "5, ",
            };
            let of_values =
                if rust.contains("nonzeros: usize") { format!("{sizes}count, ") } else { sizes.to_string() };
            let picked = if indices { "&[4, 0, 2], " } else { "" };
            let weights = if count > 0 { format!("1.7, &[{lambda}]") } else { "1.7".to_string() };
            let fixed = |name: &str| match is_fixed {
                true => format!("(&mut {name}[..]).try_into().unwrap()"),
                false => format!("&mut {name}"),
            };
            let workspace = match is_fixed {
                true => String::new(),
                false => format!(", &mut vec![0.0; {module}::f_sparse_{kind}_workspace({of_values})]"),
            };
            let call = format!(
                "{{ let count = {module}::f_{kind}_nonzeros({sizes}); let mut rows = vec![0; count];\
                 let (mut columns, mut values) = (vec![0; count], vec![0.0; count]);\
                 {module}::f_{kind}_pattern({sizes}{picked}{rows}, {columns});\
                 let value = {module}::f_sparse_{kind}({of_values}&[{x}], {picked}{weights}, {values}{workspace});\
                 let mut all = vec![0.0; 26]; all[25] = value;\
                 for ((row, column), value) in rows.into_iter().zip(columns).zip(values) {{ all[5 * row + column] += value; }} all }}",
                rows = fixed("rows"),
                columns = fixed("columns"),
                values = fixed("values"),
            );
            program.print(&call, &["r".to_string()]);
        }
    }
    let results = program.run("sparse_lagrangians");
    assert_eq!(results.len(), 2 * LAGRANGIANS.len());
    for (pair, [problem, _]) in results.chunks(2).zip(LAGRANGIANS) {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-13 * (1.0 + b.abs());
        assert!(pair[0].iter().zip(&pair[1]).all(near), "{problem}: {pair:?}");
        assert!(pair[0].iter().any(|entry| *entry != 0.0), "{problem}");
    }
}

#[test]
fn entries_from_data_are_merged() {
    for (counted, text) in compared("sparse_data", FROM_DATA, Layout::Rows).into_iter().zip(FROM_DATA) {
        let (count, matrix) = counted.unwrap_or_else(|| panic!("{text} has no formula"));
        let filled = matrix.iter().filter(|entry| **entry != 0.0).count();
        assert_eq!(count, filled, "{text}");
    }
}

#[test]
fn loops_have_the_entries_that_products_say() {
    let texts: Vec<&str> = LOOPS.iter().map(|(text, _)| *text).collect();
    let counted = compared("sparse_loops", &texts, Layout::Rows);
    assert!(counted.iter().flatten().count() >= 20, "{}", counted.iter().flatten().count());
}

#[test]
fn functions_of_few_numbers_have_constants_for_places() {
    let mut program = Program::default();
    for (at, (text, _)) in FIXED.iter().enumerate() {
        let function = lowered(text).entries.expect("it has entries");
        let is_number = function.shape == gradc::lower::Shape::Scalar;
        let derive = match is_number {
            true => vec![Derive::Hessian, Derive::SparseHessian],
            false => vec![Derive::Jacobian, Derive::SparseJacobian],
        };
        let options = Options { derive, ..Options::default() };
        let rust = gradc::compile(text, &options).unwrap_or_else(|errors| panic!("{text}: {}", errors.render(false)));
        let module = format!("m{at}");
        program.module(&module, &rust.rust);
        let values = function.outputs.len();
        let count = function.parameters[0].inputs.len();
        let x: Vec<String> = (0..count).map(|at| format!("{:?}", 0.3 + 0.7 * at as f64)).collect();
        let (kind, dense, value) = match is_number {
            true => ("hessian", "2", String::new()),
            false => ("jacobian", "1.x", format!("&mut [0.0; {values}], ")),
        };
        let call = format!(
            "{{ const N: usize = {module}::f_{kind}_nonzeros(); let x = [{}];\
             let (mut rows, mut columns, mut values) = ([0; N], [0; N], [0.0; N]);\
             {module}::f_{kind}_pattern(&mut rows, &mut columns); {module}::f_sparse_{kind}(&x, {value}&mut values);\
             let mut dense = {module}::f_{kind}(&x).{dense}.as_flattened().to_vec();\
             let count = values.iter().filter(|value| **value != 0.0).count();\
             let below = |at: &usize| {is_number} && at % {count} > at / {count};\
             (0..dense.len()).filter(below).for_each(|at| dense[at] = 0.0);\
             for at in 0..N {{ dense[rows[at] * {count} + columns[at]] -= values[at]; }}\
             let mut all = vec![N as f64, count as f64]; all.extend(dense); all }}",
            x.join(", ")
        );
        program.print(&call, &["r".to_string()]);
    }
    for ((text, count), result) in FIXED.iter().zip(program.run("sparse_fixed")) {
        assert_eq!(result[..2], [*count as f64; 2], "{text}");
        assert!(result[2..].iter().all(|left| left.abs() < 1e-13), "{text}: {result:?}");
    }
}
