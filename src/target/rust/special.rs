//! The special functions that generated code carries: the files that gradc itself computes them with.

use super::indented;
use crate::program::{Machine, Target};
use std::collections::BTreeSet;

/// The files by their modules, in the order in which they are emitted. Names are distinct over all of them.
const FILES: &[(&str, &str)] = &[
    ("erf", include_str!("../../functions/special/erf.rs")),
    ("normal", include_str!("../../functions/special/normal.rs")),
    ("gamma", include_str!("../../functions/special/gamma.rs")),
    ("beta", include_str!("../../functions/special/beta.rs")),
    ("polygamma", include_str!("../../functions/special/polygamma.rs")),
    ("removable", include_str!("../../functions/special/removable.rs")),
];

/// Writes the special functions that are called, as a private module.
pub(super) fn module(called: &BTreeSet<&'static str>, machine: Machine) -> String {
    if called.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n#[allow(clippy::all, clippy::pedantic, dead_code)]\nmod special {\n");
    if machine.target == Target::NoStd {
        out.push_str(&indented(include_str!("special_without_std.rs.in")));
        out.push('\n');
    }
    let sources: Vec<String> = sources(called).iter().map(|source| indented(source)).collect();
    out + &sources.join("\n") + "}\n"
}

/// Returns the sources that have the functions, and what those use of other files.
fn sources(functions: &BTreeSet<&'static str>) -> Vec<String> {
    let has = |source: &str, name: &&str| source.contains(&format!("pub fn {name}("));
    let mut needed: Vec<bool> =
        FILES.iter().map(|(_, source)| functions.iter().any(|name| has(source, name))).collect();
    loop {
        let used = |module: &str| {
            let import = format!("use super::{module}::");
            FILES.iter().zip(&needed).any(|((_, source), needed)| *needed && source.contains(&import))
        };
        let more: Vec<bool> = FILES.iter().zip(&needed).map(|((module, _), needed)| *needed || used(module)).collect();
        if more == needed {
            break;
        }
        needed = more;
    }
    FILES.iter().zip(needed).filter(|(_, needed)| *needed).map(|((_, source), _)| without_imports(source)).collect()
}

/// Returns a source without its imports, and with what other files use of it as private items.
fn without_imports(source: &str) -> String {
    let mut is_import = false;
    let lines = source.lines().filter(|line| {
        let is_part = is_import || line.starts_with("use ");
        is_import = is_part && !line.ends_with(';');
        !is_part
    });
    let lines: String = lines.map(|line| format!("{}\n", line.strip_prefix("pub(super) ").unwrap_or(line))).collect();
    lines.trim_start().into()
}
