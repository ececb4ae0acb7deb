//! Every error's code is used, and its examples are right: the wrong one has this error and no other, the corrected one
//! has none.
#![allow(clippy::panic)]

use gradc::Options;
use gradc::error::{Fault, TABLE};
use std::path::Path;
use std::process::{Command, Output};

fn shell(line: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_gradc")).parent().expect("a binary is in a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    Command::new("sh").args(["-c", line]).env("PATH", path).output().expect("the shell runs")
}

/// Returns the codes of what is wrong with an example: a source, or a command line.
fn codes(example: &str) -> Vec<String> {
    if !example.starts_with("gradc ") {
        let errors = gradc::compile(example, &Options::default()).err();
        let diagnostics = errors.iter().flat_map(|errors| errors.diagnostics());
        return diagnostics.map(|diagnostic| diagnostic.fault.code()).collect();
    }
    let output = shell(example);
    let complaint = String::from_utf8(output.stderr).expect("complaints are text");
    assert_eq!(output.status.success(), complaint.is_empty(), "{example}: {complaint}");
    complaint.split("error[").skip(1).filter_map(|rest| rest.split(']').next()).map(str::to_string).collect()
}

#[test]
fn every_wrong_example_has_its_error_and_every_right_one_none() {
    for row in TABLE {
        let found = codes(row.wrong);
        assert!(!found.is_empty(), "{}: `{}` is accepted", row.fault.code(), row.wrong);
        assert!(
            found.iter().all(|code| *code == row.fault.code()),
            "{}: `{}` has {found:?}",
            row.fault.code(),
            row.wrong
        );
        assert_eq!(codes(row.right), [""; 0], "{}: `{}`", row.fault.code(), row.right);
    }
}

#[test]
fn codes_count_up_and_every_one_is_used() {
    let mut sources = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    for (at, row) in TABLE.iter().enumerate() {
        assert_eq!(row.fault as usize, at + 1);
        let name = format!("Fault::{:?}", row.fault);
        let uses = sources
            .match_indices(&name)
            .filter(|(at, _)| !sources[at + name.len()..].starts_with(char::is_alphanumeric));
        assert!(uses.count() > 0, "{name} is not used");
    }
    let listed = include_str!("../src/error/fault.rs").split("pub enum Fault {").nth(1).expect("the list is there");
    let listed = listed.split('}').next().expect("it ends").matches(" = ").count();
    assert_eq!(listed, TABLE.len());
}

/// Appends all sources below a folder, without the table itself.
fn collect(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, text);
        } else if !path.ends_with("fault.rs") {
            *text += &std::fs::read_to_string(&path).unwrap_or_default();
        }
    }
}

#[test]
fn every_code_is_explained() {
    for row in TABLE {
        let output = shell(&format!("gradc explain {}", row.fault.code()));
        let text = String::from_utf8(output.stdout).expect("an explanation is text");
        assert!(text.starts_with(&format!("{}: {}\n", row.fault.code(), row.title)), "{text}");
        assert!(text.contains(row.explanation), "{text}");
    }
    assert_eq!(codes("gradc explain E9999"), [Fault::NoSuch.code()]);
    assert!(codes("gradc explain E0001 --param E0001").is_empty());
}
