//! The kernels that generated code calls: as much of them as it needs, in a private module.

use super::MODULE;
use super::dispatch::{AVX2, AVX512, apart, has_lanes};
use crate::emit::options::{Scalar, Target};
use crate::emit::rust::{Module, indented};

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

/// Ends the names of what kernels call where the processor has such registers.
const ENDINGS: [&str; 2] = [AVX2, AVX512];

impl Module<'_> {
    /// Adds the kernels that are called, and what they call.
    pub(in crate::emit) fn matrix_kernels(&mut self) {
        let mut needed: Vec<&str> = Vec::new();
        // What a comment says calls nothing.
        let code: Vec<&str> = self.out.lines().filter_map(|line| line.split("//").next()).collect();
        let code = code.join("\n");
        let items = SOURCES.iter().flat_map(|source| source.trim_end().split("\n\n"));
        let items: Vec<String> = match self.options.scalar {
            Scalar::F64 => items.map(str::to_string).collect(),
            Scalar::F32 => items.map(single).collect(),
        };
        for item in items.iter().map(String::as_str).rev() {
            let own = name(item);
            let name = ENDINGS.iter().find_map(|ending| own.strip_suffix(ending)).unwrap_or(own);
            let is_used =
                mentions(&code, &format!("{MODULE}::{name}")) || needed.iter().any(|user| mentions(user, name));
            if is_used && (name == own || has_lanes(self.options)) {
                needed.insert(0, item);
            }
        }
        if needed.is_empty() {
            return;
        }
        if self.options.target == Target::NoStd {
            needed.insert(0, WITHOUT_STD.trim_end());
        }
        let names: Vec<&str> = needed.iter().map(|item| name(item)).collect();
        let needed = needed.into_iter().map(|item| match PRODUCTS.contains(&name(item)) {
            true => {
                let own = name(item);
                let has = |ending: &&str| names.iter().any(|name| name.strip_suffix(ending) == Some(own));
                let endings: Vec<&str> = ENDINGS.into_iter().filter(has).collect();
                apart(item, &endings, self.options)
            }
            false => item.to_string(),
        });
        let mut source = needed.collect::<Vec<_>>().join("\n\n");
        if self.options.scalar == Scalar::F32 {
            let single = [("libm::exp(", "libm::expf("), ("libm::log(", "libm::logf("), ("libm::fma(", "libm::fmaf(")];
            source = single.iter().fold(source, |source, (double, single)| source.replace(double, single));
            source = source.replace("f64", "f32");
        }
        self.out.push_str(&format!("\n#[allow(clippy::all, clippy::pedantic, dead_code)]\nmod {MODULE} {{\n"));
        self.out.push_str(&indented(&source));
        self.out.push_str("}\n");
    }
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
