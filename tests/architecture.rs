//! Proves that the arrows between the modules point one way, that outside crates stay where they belong, that nothing
//! panics or prints where it must not, and that files stay short.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, each importing only from groups after its own, or from itself.
const ORDER: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["build_script"],
    &["lib"],
    &["emit", "target"],
    &["explain"],
    &["derive", "backprop"],
    &["verify"],
    &["precise"],
    &["tape"],
    &["program"],
    &["simplify"],
    &["diff"],
    &["show"],
    &["lower"],
    &["graph"],
    &["syntax"],
    &["functions"],
    &["error"],
    &["source"],
    &["output"],
    &["limits"],
];
/// Items that the crate's root exports under names of its own, with the module that they come from.
const EXPORTS: &[(&str, &str)] = &[
    ("Builder", "build_script"),
    ("build", "build_script"),
    ("Batch", "emit"),
    ("Derive", "emit"),
    ("Options", "emit"),
    ("Scalar", "program"),
    ("Target", "program"),
    ("Diagnostic", "error"),
    ("Errors", "error"),
    ("Output", "lib"),
    ("read", "lib"),
    ("rust", "lib"),
    ("compile", "lib"),
    ("compile_source", "lib"),
    ("in_function", "lib"),
];
/// Files that are emitted as they stand.
const EMITTED: &[&str] = &["functions/special/", "target/rust/kernels/"];
/// Longest file.
const LONGEST: usize = 500;

struct File {
    path: String,
    module: String,
    lines: usize,
    /// The text without comments and without what is compiled for tests only.
    code: String,
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        match path.is_dir() {
            true => collect(&path, paths),
            false => paths.push(path),
        }
    }
    paths.sort();
}

fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&source, &mut paths);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(paths.len() > 30, "only {} files", paths.len());
    let file = |path: &PathBuf| {
        let inside = path.strip_prefix(&source).expect("a file of the folder").to_string_lossy().replace('\\', "/");
        let module = inside.split(['/', '.']).next().unwrap_or("").to_string();
        let text = fs::read_to_string(path).expect("a source file is text");
        File { path: inside, module, lines: text.lines().count(), code: code(&text) }
    };
    paths.iter().map(file).collect()
}

/// Leaves out comments, and everything from the tests at a file's end on.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or("");
    let lines = before_tests.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the modules that `crate::` paths lead to.
fn imports(file: &File) -> BTreeSet<String> {
    let mut heads: Vec<&str> = Vec::new();
    for (at, _) in file.code.match_indices("crate::") {
        let rest = &file.code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => heads.extend(list.split('}').next().unwrap_or("").split(',').map(str::trim)),
            None => heads.push(rest),
        }
    }
    let name = |head: &&str| head.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_string();
    let module = |name: String| {
        EXPORTS.iter().find(|(export, _)| *export == name).map_or(name, |(_, module)| (*module).to_string())
    };
    heads.iter().map(name).filter(|name| !name.is_empty()).map(module).collect()
}

fn rank(module: &str) -> usize {
    let found = ORDER.iter().position(|group| group.contains(&module));
    assert!(found.is_some(), "the module `{module}` has no place in the order");
    found.unwrap_or_default()
}

#[test]
fn modules_import_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        for import in imports(&file) {
            count += 1;
            if import != file.module && rank(&import) <= rank(&file.module) {
                wrong.push(format!("{} imports {import}", file.path));
            }
        }
    }
    assert!(count > 50, "only {count} imports were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_place() {
    for file in files() {
        assert!(rank(&file.module) < ORDER.len());
    }
}

/// Words that may stand in the files only that begin with one of the given paths.
const PLACES: &[(&[&str], &[&str])] = &[
    (&["egg::", "use egg", "quanta"], &["simplify/"]),
    (&["logos", "lalrpop"], &["syntax/"]),
    (&["annotate_snippets"], &["error.rs"]),
    (&["clap::", "serde_json"], &["cli/"]),
    (&["rustyline"], &["cli/repl.rs"]),
    (&["println!", "print!", "eprintln!", "eprint!", "dbg!"], &["build_script.rs", "cli/"]),
    (&["std::env", "env::var", "option_env!"], &["build_script.rs", "cli/"]),
    (&["std::fs", "fs::", "std::io"], &["build_script.rs", "cli/", "output.rs"]),
    (&["std::time", "std::thread"], &["cli/watch.rs"]),
    (&["Instant", "SystemTime", "RandomState"], &[]),
    (&["panic!", ".unwrap()", ".expect(", "todo!", "unimplemented!", "unreachable!", "unsafe "], &[]),
];

#[test]
fn words_stay_in_their_places() {
    let mut wrong = Vec::new();
    for file in files() {
        for (words, places) in PLACES {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            for line in file.code.lines() {
                wrong.extend(words.iter().filter(|word| has(line, word)).map(|word| format!("{}: {word}", file.path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Tells whether a line of code has a word that no letter precedes, outside of what it quotes.
fn has(line: &str, word: &str) -> bool {
    let unquoted: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    let boundary = |at: usize| {
        let before = unquoted[..at].chars().next_back();
        !word.starts_with(char::is_alphabetic) || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    unquoted.match_indices(word).any(|(at, _)| boundary(at))
}

/// What takes text apart.
const OF_TEXT: &[&str] =
    &["split_once(", "strip_prefix(", "strip_suffix(", "match_indices(", "starts_with(", "ends_with("];
/// The files that read text: the sources of kernels and of special functions, comments, names.
const READERS: &[&str] = &[
    "target/rust/kernels.rs",
    "target/rust/special.rs",
    "target/rust/names.rs",
    "emit/documentation.rs",
    "emit/names.rs",
];

#[test]
fn generated_code_is_not_read() {
    let mut wrong = Vec::new();
    let emitted = |file: &File| EMITTED.iter().any(|path| file.path.starts_with(path));
    let generates = |file: &&File| ["emit", "program", "target"].contains(&&*file.module);
    for file in files().iter().filter(generates).filter(|file| !emitted(file)) {
        let words = || OF_TEXT.iter().filter(|word| file.code.lines().any(|line| has(line, word)));
        match READERS.contains(&&*file.path) {
            true => assert!(words().next().is_some(), "{} reads nothing", file.path),
            false => wrong.extend(words().map(|word| format!("{}: {word}", file.path))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn languages_know_programs_only() {
    for file in files().iter().filter(|file| file.module == "target") {
        let others: Vec<String> = imports(file).into_iter().filter(|import| import != "program").collect();
        assert!(others.is_empty(), "{} imports {others:?}", file.path);
    }
    for file in files().iter().filter(|file| file.module == "program") {
        let others: Vec<String> = imports(file).into_iter().filter(|import| import != "program").collect();
        assert!(others.is_empty() || others == ["graph"], "{} imports {others:?}", file.path);
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let long: Vec<String> = files()
        .iter()
        .filter(|file| file.lines > LONGEST)
        .map(|file| format!("{} has {} lines", file.path, file.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files() {
        let text = fs::read_to_string(source.join(&file.path)).expect("a source file is text");
        // What is emitted as it stands can't begin with an inner comment.
        let emitted = EMITTED.iter().any(|path| file.path.starts_with(path)) && text.starts_with("///");
        let documented = text.starts_with("//!") || emitted || file.path == "main.rs";
        assert!(documented, "{} does not say what it is", file.path);
    }
}

#[test]
fn the_scan_sees_what_it_looks_for() {
    let file = File {
        path: String::new(),
        module: "graph".into(),
        lines: 0,
        code: code(
            "use crate::lower::Shape;\n// use crate::emit;\nuse crate::{error::nearest, Errors};\n#[cfg(test)]\nmod t {}",
        ),
    };
    assert_eq!(imports(&file), BTreeSet::from(["lower".to_string(), "error".to_string()]));
    assert!(has("x.unwrap()", ".unwrap()") && !has("\"panic!\"", "panic!") && !has("my_print!()", "print!"));
    assert!(rank("cli") < rank("lower"));
}
