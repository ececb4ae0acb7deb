//! The kernels that generated code calls: as much of them as it needs, in a private module.

use super::processors::{ALLOW_UNSAFE, Variants};
use super::{MODULE, indented};
use crate::program::{Machine, Scalar, Target};
use std::collections::BTreeSet;

/// What kernels call without the standard library.
const WITHOUT_STD: &str = include_str!("kernels/without_std.rs.in");
/// The sources of all kernels; what an item calls stands before it.
const SOURCES: [&str; 11] = [
    include_str!("kernels/elementary.rs"),
    include_str!("kernels/trigonometric.rs"),
    include_str!("kernels/vectors.rs"),
    include_str!("kernels/avx2.rs"),
    include_str!("kernels/avx512.rs"),
    include_str!("kernels/products.rs"),
    include_str!("kernels/small.rs"),
    include_str!("kernels/exponentials.rs"),
    include_str!("kernels/elimination.rs"),
    include_str!("kernels/batches.rs"),
    include_str!("kernels/patterns.rs"),
];

/// The kernels that work long enough to be functions of their own.
const PRODUCTS: [&str; 5] = ["times", "product", "turned_product", "product_turned", "add_symmetric"];

/// Ends the name of what does the same as a kernel with the registers of AVX2, for matrices of four columns or more.
const AVX2: &str = "_avx2";

/// Ends the name of what does the same as a kernel with the registers of AVX-512, for matrices of eight columns or more.
const AVX512: &str = "_avx512";

/// Numbers of a matrix below which the registers of AVX-512 gain nothing.
const LEAST_FOR_AVX512: usize = 512;

/// Ends the names of what kernels call where the processor has such registers.
const ENDINGS: [&str; 2] = [AVX2, AVX512];

/// Writes the kernels that are called, and what they call, as a private module.
pub(super) fn module(called: &BTreeSet<&'static str>, machine: Machine) -> String {
    let mut needed: Vec<&str> = Vec::new();
    let items = SOURCES.iter().flat_map(|source| source.trim_end().split("\n\n"));
    let items: Vec<String> = match machine.scalar {
        Scalar::F64 => items.map(str::to_string).collect(),
        Scalar::F32 => items.map(single).collect(),
    };
    for item in items.iter().map(String::as_str).rev() {
        let own = name(item);
        let name = ENDINGS.iter().find_map(|ending| own.strip_suffix(ending)).unwrap_or(own);
        let is_used = called.contains(name) || needed.iter().any(|user| mentions(user, name));
        if is_used && (name == own || machine.has_lanes()) {
            needed.insert(0, item);
        }
    }
    if needed.is_empty() {
        return String::new();
    }
    if machine.target == Target::NoStd {
        needed.insert(0, WITHOUT_STD.trim_end());
    }
    let names: Vec<&str> = needed.iter().map(|item| name(item)).collect();
    let needed = needed.into_iter().map(|item| match PRODUCTS.contains(&name(item)) {
        true => {
            let own = name(item);
            let has = |ending: &&str| names.iter().any(|name| name.strip_suffix(ending) == Some(own));
            let endings: Vec<&str> = ENDINGS.into_iter().filter(has).collect();
            apart(item, &endings, machine)
        }
        false => item.to_string(),
    });
    let mut source = needed.collect::<Vec<_>>().join("\n\n");
    if machine.scalar == Scalar::F32 {
        let single = [("libm::exp(", "libm::expf("), ("libm::log(", "libm::logf("), ("libm::fma(", "libm::fmaf(")];
        source = single.iter().fold(source, |source, (double, single)| source.replace(double, single));
        source = source.replace("f64", "f32");
    }
    format!("\n#[allow(clippy::all, clippy::pedantic, dead_code)]\nmod {MODULE} {{\n{}}}\n", indented(&source))
}

/// Returns a function for single precision: what computes with the bits of doubles is left to the library.
fn single(item: &str) -> String {
    let Some((head, rest)) = item.split_once("    if !FMA {\n        return ") else { return item.to_string() };
    let value = rest.split(';').next().unwrap_or(rest);
    format!("{head}    {value}\n}}")
}

/// Returns the name of a function or constant.
fn name(item: &str) -> &str {
    let declared = item.lines().find_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("const fn ").or_else(|| line.strip_prefix("fn ")).or_else(|| line.strip_prefix("const "))
    });
    declared.and_then(|rest| rest.split(['(', '<', ':']).next()).unwrap_or_default()
}

/// Tells whether a text names an item, not a method.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        before.is_none_or(|letter| !is_part(letter) && letter != '.') && after.is_none_or(|letter| !is_part(letter))
    })
}

/// Rewrites a kernel that works long into one that calls a function of its own: there it has all registers for itself.
/// `endings` tells which functions there are that do the same for a matrix `a` with columns, a number that is the first
/// argument.
fn apart(kernel: &str, endings: &[&str], machine: Machine) -> String {
    let head = "#[inline(always)]\npub fn ";
    let declaration = kernel.split_once(head).and_then(|(documentation, rest)| {
        let (name, rest) = rest.split_once("<const FMA: bool>(")?;
        let (parameters, body) = rest.split_once(") {\n")?;
        Some((documentation, name, parameters, body.strip_suffix("\n}")?))
    });
    let Some((documentation, name, parameters, body)) = declaration.filter(|_| machine.is_dispatching()) else {
        return kernel.to_string();
    };
    let names = parameters.split(", ").filter_map(|parameter| parameter.split_once(": ")).map(|(name, _)| name);
    let names: Vec<&str> = names.collect();
    let body: Vec<String> = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line).to_string()).collect();
    let arguments = names.join(", ");
    let columns = names.first().copied().unwrap_or_default();
    let called = |ending: &str, holds: &str, because: &str| {
        [
            "#[cfg(target_arch = \"x86_64\")]".to_string(),
            format!("if FMA && {columns} >= {holds} {{"),
            format!("    // SAFETY: {because}."),
            format!("    return unsafe {{ {name}{ending}({arguments}) }};"),
            "}".to_string(),
            String::new(),
        ]
    };
    let mut lines = Vec::new();
    if endings.contains(&AVX512) {
        let holds = format!("8 && a.len() >= {LEAST_FOR_AVX512} && ::std::is_x86_feature_detected!(\"avx512f\")");
        lines.extend(called(AVX512, &holds, "the processor has AVX-512, and `FMA` says that it has FMA"));
    }
    match endings.contains(&AVX2) {
        true => {
            lines.extend(called(AVX2, "4", "`FMA` says that the processor has AVX2 and FMA"));
            lines.extend(body);
        }
        false => lines.extend(Variants::of_kernel().lines([parameters, &arguments, ""], &body)),
    }
    let inside = indented(&lines.join("\n"));
    format!("{documentation}{ALLOW_UNSAFE}{head}{name}<const FMA: bool>({parameters}) {{\n{inside}}}")
}
