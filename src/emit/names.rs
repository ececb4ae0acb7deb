//! Names of the source to legal names of generated code.

use crate::program::Language;
use indexmap::IndexSet;

/// Hands out names that are legal and distinct.
#[derive(Clone)]
pub struct Names {
    language: &'static dyn Language,
    taken: IndexSet<String>,
}

impl Names {
    /// Hands out names of a language.
    pub fn of(language: &'static dyn Language) -> Self {
        Names { language, taken: IndexSet::new() }
    }

    /// Returns a legal name for a name of the source, with a number if the name is taken.
    pub fn claim(&mut self, name: &str) -> String {
        let plain = spell(name);
        let mut candidate = self.language.legal(&plain);
        let mut count = 1;
        while !self.taken.insert(candidate.clone()) {
            count += 1;
            candidate = self.language.legal(&format!("{plain}_{count}"));
        }
        candidate
    }

    /// Returns a distinct name for a type.
    pub fn claim_type(&mut self, name: &str) -> String {
        let mut candidate = name.to_string();
        let mut count = 1;
        while !self.taken.insert(candidate.clone()) {
            count += 1;
            candidate = format!("{name}{count}");
        }
        candidate
    }

    /// Returns a stem such that stem followed by a number is never taken.
    pub fn stem(&self) -> String {
        let mut stem = String::from("t");
        while self.taken.iter().any(|name| name.starts_with(&stem)) {
            stem.push('_');
        }
        stem
    }
}

/// Spells a name in ASCII: Greek letters by name, other letters by number.
fn spell(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match crate::syntax::greek_name(c.encode_utf8(&mut [0; 4])) {
            _ if c.is_ascii() => out.push(c),
            Some(spelled) => out.push_str(spelled),
            None => out.push_str(&format!("u{:x}", u32::from(c))),
        }
    }
    out
}

/// Returns the name of a type made from a function's name: `two_link_arm` to `TwoLinkArm`.
pub fn camel_case(name: &str) -> String {
    let spelled = spell(name);
    let words = spelled.split('_').filter(|word| !word.is_empty());
    let camel: String = words
        .map(|word| {
            let (head, tail) = word.split_at(1);
            format!("{}{tail}", head.to_ascii_uppercase())
        })
        .collect();
    match camel.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => camel,
        _ => format!("F{camel}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_and_distinct() {
        let mut names = Names::of(&crate::target::rust::Rust);
        let claimed: Vec<String> =
            ["type", "self", "λ", "lambda", "_", "ж", "f", "x"].iter().map(|name| names.claim(name)).collect();
        assert_eq!(claimed, ["r#type", "self_", "lambda", "lambda_2", "__", "u436", "f", "x"]);
        assert_eq!(names.stem(), "t");
        assert_eq!(camel_case("two_link_arm"), "TwoLinkArm");
    }
}
