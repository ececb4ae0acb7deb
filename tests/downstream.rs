//! Real crates with build scripts, built by cargo: their tests pass, files that would not change are not written again,
//! and what is wrong with a source is explained in cargo's output.
//!
//! The crates are copied into the target folder, so that nothing is written beside the sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Copies a crate of this folder, pointed to gradc and with gradc's own versions of all dependencies.
fn copy(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&target);
    copy_folder(&Path::new(ROOT).join("tests").join(name), &target);
    let manifest = target.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the manifest can be read");
    let own = "path = \"../..\"";
    assert!(text.contains(own));
    fs::write(&manifest, text.replace(own, &format!("path = {ROOT:?}"))).expect("the manifest can be written");
    fs::copy(Path::new(ROOT).join("Cargo.lock"), target.join("Cargo.lock")).expect("the versions can be copied");
    target
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy_folder(&path, &target),
            false => drop(fs::copy(&path, &target).expect("the file can be copied")),
        }
    }
}

/// Runs cargo in a copied crate.
fn cargo(command: &str, folder: &Path) -> Output {
    Command::new(env!("CARGO"))
        .arg(command)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", built_folder())
        .output()
        .expect("cargo runs")
}

/// The folder of what is built, shared so that gradc is built once.
fn built_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("built")
}

fn assert_success(output: &Output) {
    let text = [&output.stdout[..], &output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}

/// Finds the newest of the files that a crate's build scripts left under this name.
fn built(package: &str, name: &str) -> PathBuf {
    let folders = fs::read_dir(built_folder().join("debug/build")).expect("there are build scripts");
    let folders = folders.filter_map(Result::ok).filter(|entry| {
        let folder = entry.file_name().to_string_lossy().into_owned();
        folder.strip_prefix(package).and_then(|rest| rest.strip_prefix('-')).is_some_and(|hash| !hash.contains('-'))
    });
    let files = folders.map(|entry| entry.path().join(name)).filter(|path| path.is_file());
    files.max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok()).expect("a build script's file")
}

#[test]
fn a_crate_builds_what_it_must_and_no_more() {
    let folder = copy("downstream");
    assert_success(&cargo("test", &folder));
    unchanged_files_are_not_written_again(&folder);
    wrong_sources_are_explained(&folder);
}

#[test]
fn a_crate_without_the_standard_library_builds() {
    assert_success(&cargo("test", &copy("downstream_no_std")));
}

fn unchanged_files_are_not_written_again(folder: &Path) {
    let written = |name: &str| {
        let data = fs::metadata(built("downstream", name)).expect("the file is there");
        data.modified().expect("the system knows when a file was written")
    };
    let (script_ran, model) = (written("output"), written("out/model.rs"));
    assert_success(&cargo("build", folder));
    assert!(written("output") == script_ran, "the build script ran although nothing changed");

    let source = folder.join("src/model.grad");
    let text = fs::read_to_string(&source).expect("the source can be read");
    fs::write(&source, &text).expect("the source can be written");
    assert_success(&cargo("build", folder));
    assert!(written("output") > script_ran, "the build script did not run although its source was touched");
    assert!(written("out/model.rs") == model, "an unchanged file was written again");

    fs::write(&source, format!("{text}\nsquare(x) = x^2\n")).expect("the source can be written");
    assert_success(&cargo("build", folder));
    assert!(written("out/model.rs") > model, "a changed file was not written");
    fs::write(&source, text).expect("the source can be written");
}

fn wrong_sources_are_explained(folder: &Path) {
    let source = folder.join("src/model.grad");
    let generated = built("downstream", "out/model.rs");
    let before = fs::read_to_string(&generated).expect("the code can be read");
    fs::write(&source, "good(x) = x^2\nbad(x) = sinn(x) + y\n").expect("the source can be written");
    let output = cargo("build", folder);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    for part in ["src/model.grad:2:10", "bad(x) = sinn(x) + y", "^^^^", "sinn", "`y`", "sin"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(fs::read_to_string(&generated).expect("the code can be read"), before);
}
