//! The report is one page that stands alone: well-formed, with formulas, derivation, circuit, check and code, and without
//! anything from elsewhere. A real Chromium shows its formulas; that part is skipped, with a message, where there is none.
#![allow(clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A function, a point, and the headings that its page has.
struct Case {
    text: String,
    at: Option<&'static str>,
    headings: &'static [&'static str],
}

const NUMBER: &[&str] = &["Gradient", "Hessian", "Derivation", "Check by finite differences", "Rust"];
const AT_A_POINT: &[&str] = &["Gradient", "Hessian", "Derivation", "Circuit", "Check by finite differences", "Rust"];
const WHOLE: &[&str] = &["Gradient", "Hessian", "Derivation", "Circuit", "Check by finite differences", "Rust"];

fn case(text: &str, at: Option<&'static str>, headings: &'static [&'static str]) -> Case {
    Case { text: text.to_string(), at, headings }
}

fn cases() -> Vec<Case> {
    vec![
        case("neuron(w, x, b) = 1/(1 + exp(-(w*x + b)))", Some("w=2,x=-1,b=3"), AT_A_POINT),
        case("f(x, y, z) = (x + y)*z", Some("x=-2,y=5,z=-4"), AT_A_POINT),
        case("f(x, y > 0) = max(x, y)*sqrt(y)", None, NUMBER),
        case("f(x, y) = if(x < y, x*y, abs(y)/2)", Some("x=1,y=2"), AT_A_POINT),
        case("f(r, t) = [r*cos(t), r*sin(t)]", Some("r=1,t=2"), &["Jacobian", "Derivation", "Rust"]),
        case("f(x: vector[4]) = logsumexp(x) + norm2(x)^3", Some("x=[1,2,3,4]"), AT_A_POINT),
        case("f(W: matrix[n, m], x: vector[m]) = norm2(W*x)^2", Some("W=[[1,2],[3,4]],x=[1,2]"), WHOLE),
        case("f(S: spd[n], m: vector[n]) = logdet(S) + dot(m, solve(S, m))", Some("S=[[2,1],[1,3]],m=[1,2]"), WHOLE),
        case("f(x: vector[n]) = sum(i in 0..n-1, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", Some("x=[1,2,3]"), WHOLE),
        case(&recurrence(), Some("a=0.5,b=0.1,c=0.2"), &["Gradient", "Circuit", "Derivation", "Rust"]),
    ]
}

/// A recurrent cell over twenty-five steps: a hundred gates.
fn recurrence() -> String {
    let steps: String = (1..=25).map(|step| format!("let h{step} = tanh(a*h{} + b + c*a); ", step - 1)).collect();
    format!("f(a, b, c) = {{ let h0 = a*b; {steps}h25^2 }}")
}

fn page(case: &Case) -> String {
    let point: Vec<&str> = case.at.iter().flat_map(|at| ["--at", *at]).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(["report", &case.text]).args(point).output();
    let output = output.expect("gradc runs");
    assert!(output.status.success(), "{}: {}", case.text, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a page is text")
}

#[test]
fn a_report_stands_alone() {
    for case in cases() {
        let page = page(&case);
        let text = &case.text;
        let xml = page.replace("<!DOCTYPE html>", "").replace("<meta charset=\"utf-8\">", "");
        let start = xml.find("<meta name").expect("there is a viewport");
        let end = start + xml[start..].find('>').expect("it ends") + 1;
        let xml = format!("{}{}", &xml[..start], &xml[end..]);
        let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{text}: {error}"));
        let named = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
        let own: Vec<&str> = named("h2").filter_map(|node| node.text()).collect();
        for heading in case.headings {
            assert!(own.contains(heading), "{text}: no {heading} in {own:?}");
        }
        assert_eq!(own.iter().any(|heading| heading.starts_with("Values at")), case.at.is_some(), "{text}");
        let verdicts = named("td").filter(|node| node.text() == Some("ok")).count();
        assert!(verdicts >= 2 && !page.contains("WRONG"), "{text}: {verdicts} derivatives agree");
        for foreign in ["<script", "src=", "href=", "@import", "url(", "<link", "<iframe", "<object"] {
            assert!(!page.contains(foreign), "{text}: {foreign}");
        }
        for (at, _) in page.match_indices("http") {
            let rest = &page[at..];
            let namespace = ["http://www.w3.org/1998/Math/MathML\"", "http://www.w3.org/2000/svg\""];
            assert!(namespace.iter().any(|name| rest.starts_with(name)), "{text}: {}", &rest[..40]);
        }
        assert!(page.contains("pub fn "), "{text}");
    }
}

#[test]
fn a_report_of_what_is_wrong_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_gradc")).args(["report", "f(x, y) = if(x < y, x & y, y)"]).output();
    assert_eq!(output.expect("gradc runs").status.code(), Some(2));
}

/// Measures the page when it is shown, and writes what it finds into the page.
const MEASURE: &str = "<script>
addEventListener('load', () => {
  document.querySelectorAll('details').forEach(part => { part.open = true; });
  const box = part => { const { width, height } = part.getBoundingClientRect(); return width > 5 && height > 5; };
  const count = name => { const all = [...document.querySelectorAll(name)]; return [all.length, all.filter(box).length]; };
  const found = ['math', 'mfrac, msup, msub, msqrt, mtable', 'svg', 'pre', 'table'].map(name => count(name).join('/'));
  const fraction = document.querySelector('mfrac');
  const [top, bottom] = [...fraction.children].map(part => part.getBoundingClientRect());
  const stacked = top.bottom <= bottom.top + 1;
  const wide = document.documentElement.scrollWidth > innerWidth;
  const requests = performance.getEntriesByType('resource').length;
  const result = document.createElement('output');
  result.textContent = 'measured ' + found.join(' ') + ' stacked=' + stacked + ' wide=' + wide + ' requests=' + requests;
  document.body.append(result);
});
</script>";

fn chromium() -> Option<&'static str> {
    let runs =
        |name: &&str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    if found.is_none() {
        eprintln!("skipped: Chromium is not installed, so no report is opened in a browser");
    }
    found
}

/// Opens a page in Chromium, with nothing in its profile, and returns what it measures.
fn measured(chromium: &str, folder: &Path, page: &str, width: u32) -> String {
    let (file, profile) = (folder.join("page.html"), folder.join("profile"));
    let _ = std::fs::remove_dir_all(&profile);
    let end = page.rfind("</body>").expect("the page has an end");
    let text = format!("{}{MEASURE}{}", &page[..end], &page[end..]);
    std::fs::write(&file, text).expect("the page can be written");
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                 --disable-component-update --disable-sync --dump-dom";
    let output = Command::new(chromium)
        .args(flags.split_whitespace())
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", file.display()))
        .output();
    let dom = String::from_utf8(output.expect("Chromium runs").stdout).expect("a page is text");
    let found = dom.rsplit_once("<output>measured ").and_then(|(_, rest)| rest.split_once("</output>"));
    found.map(|(found, _)| found.to_string()).unwrap_or(dom)
}

#[test]
fn a_browser_shows_formulas_circuit_and_code_and_asks_for_nothing() {
    let Some(chromium) = chromium() else { return };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    for (at, case) in cases().into_iter().enumerate() {
        let width = if at % 2 == 0 { 1200 } else { 500 };
        let found = measured(chromium, &folder, &page(&case), width);
        let words: Vec<&str> = found.split_whitespace().collect();
        assert_eq!(words.len(), 8, "{}: {found}", case.text);
        let counts = |word: &str| -> Option<(usize, usize)> {
            let (all, shown) = word.split_once('/')?;
            Some((all.parse().ok()?, shown.parse().ok()?))
        };
        let least = [3, 3, usize::from(case.headings.contains(&"Circuit")), 2, 1];
        for (word, least) in words.iter().zip(least) {
            let (all, shown) = counts(word).expect("a count");
            assert!(all == shown && all >= least, "{}: {found}", case.text);
        }
        assert_eq!(words[5..], ["stacked=true", "wide=false", "requests=0"], "{}: {found}", case.text);
    }
}
