//! Runs every example that the help texts give, and makes sure that every command gives one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder in which the examples are run: with a small model, and nothing else.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("model.grad"), "f(x, y) = x^2*y\n").expect("the model can be written");
    folder
}

fn shell(line: &str, folder: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_gradc")).parent().expect("a binary is in a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh").args(["-c", line]).env("PATH", path).current_dir(folder).output();
    output.expect("the shell runs")
}

fn help(command: &str, folder: &Path) -> String {
    let output = shell(&format!("gradc {command} --help"), folder);
    String::from_utf8(output.stdout).expect("help is text")
}

/// Returns the commands that the help text lists.
fn commands(folder: &Path) -> Vec<String> {
    let help = help("", folder);
    let list = help.split_once("Commands:\n").expect("there is a list of commands").1;
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_string).collect()
}

/// Returns the lines under the heading of the examples.
fn examples(help: &str) -> Vec<String> {
    let list = help.split_once("Examples:\n").map_or("", |(_, list)| list);
    list.lines().take_while(|line| line.starts_with("  ")).map(|line| line.trim().to_string()).collect()
}

#[test]
fn every_example_of_every_command_runs_and_prints_something() {
    let folder = folder("help");
    let commands = commands(&folder);
    assert!(commands.len() >= 13, "only {commands:?}");
    for command in commands.iter().map(String::as_str).chain([""]) {
        let examples = examples(&help(command, &folder));
        assert!(!examples.is_empty(), "`gradc {command}` has no example");
        for example in examples {
            assert!(example.contains(&format!("gradc {command}")), "{example} is about another command");
            let output = shell(&example, &folder);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{example}: {errors}");
            let writes = example.contains(" -o ") || example.contains("--write") || example.contains(" > ");
            assert!(writes || !output.stdout.is_empty(), "{example} prints nothing");
        }
    }
}

#[test]
fn every_shell_has_completions_of_every_command() {
    let folder = folder("completions");
    for name in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = shell(&format!("gradc completions {name}"), &folder);
        let script = String::from_utf8(output.stdout).expect("a script is text");
        for command in commands(&folder) {
            assert!(script.contains(&command), "{name} does not know {command}");
        }
    }
}

#[test]
fn every_command_has_a_page() {
    let folder = folder("man");
    for command in commands(&folder) {
        let output = shell(&format!("gradc man {command}"), &folder);
        let page = String::from_utf8(output.stdout).expect("a page is text");
        assert!(page.contains(&format!("gradc\\-{command}")) && page.contains("Examples:"), "{command}: {page}");
    }
    let output = shell("gradc man grda", &folder);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `grad`?"));
}
