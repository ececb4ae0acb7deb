//! What may be a name in Rust.

/// Begins a name that is a word of Rust.
const RAW: &str = "r#";

/// Words that Rust keeps for itself but accepts as `r#word`.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
/// Words that Rust accepts nowhere as a name, and variants that a pattern would mean.
const FORBIDDEN: &[&str] = &["self", "Self", "super", "crate", "_", "None", "Some", "Ok", "Err"];

/// Spells a word so that it may be a name.
pub(super) fn legal(name: &str) -> String {
    if FORBIDDEN.contains(&name) {
        format!("{name}_")
    } else if KEYWORDS.contains(&name) {
        format!("{RAW}{name}")
    } else {
        name.to_string()
    }
}

/// Returns the word that a name is.
pub(super) fn word(name: &str) -> &str {
    name.strip_prefix(RAW).unwrap_or(name)
}
