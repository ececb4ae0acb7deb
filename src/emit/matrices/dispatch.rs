//! Bodies for the processor that the code runs on: compiled twice, once for AVX2 with FMA, and chosen at run time.

use super::MODULE;
use crate::emit::rust::{Options, Scalar, Target, indented};

/// The statements of a function with its signature.
pub(super) struct Dispatched<'a> {
    /// `n: usize` and `x: &[f64]`.
    pub parameters: &'a [String],
    /// ` -> f64`, or nothing.
    pub result: &'a str,
    pub body: Vec<String>,
}

/// How bodies name the constant that tells whether to multiply and add in one instruction.
pub(super) const FMA: &str = "::<FMA>";

/// Tells whether code for these options looks for features of the processor; without the standard library it can't.
fn is_dispatching(options: &Options) -> bool {
    options.target == Target::Std && !options.reproducible
}

/// Tells whether functions of numbers are computed side by side where a loop has many.
pub(super) fn has_lanes(options: &Options) -> bool {
    is_dispatching(options) && options.scalar == Scalar::F64
}

impl Dispatched<'_> {
    /// Writes the inside of the function, and an attribute that it needs.
    pub(super) fn written(&self, options: &Options) -> (&'static str, String) {
        let module = format!("{MODULE}::");
        let works = self.body.iter().any(|line| line.trim_start().starts_with("for ") || line.contains(&module));
        if !works || !is_dispatching(options) {
            return ("", indented(&self.body.join("\n").replace(FMA, "::<false>")));
        }
        let generic = self.body.iter().any(|line| line.contains(FMA));
        let (declared, [fast, otherwise]) = match generic {
            true => ("<const FMA: bool>", ["::<true>".to_string(), format!("::<{{ {MODULE}::FMA }}>")]),
            false => ("", Default::default()),
        };
        let (parameters, result) = (self.parameters.join(", "), self.result);
        let name = |parameter: &String| parameter.split(':').next().unwrap_or_default().to_string();
        let arguments = self.parameters.iter().map(name).collect::<Vec<_>>().join(", ");
        let mut lines = vec!["#[inline(always)]".to_string(), format!("fn body{declared}({parameters}){result} {{")];
        lines.extend(self.body.iter().map(|line| format!("    {line}")));
        lines.extend([
            "}".to_string(),
            String::new(),
            "#[cfg(target_arch = \"x86_64\")]".to_string(),
            "#[target_feature(enable = \"avx2,fma\")]".to_string(),
            format!("fn avx2({parameters}){result} {{"),
            format!("    body{fast}({arguments})"),
            "}".to_string(),
            String::new(),
            "#[cfg(target_arch = \"x86_64\")]".to_string(),
            "if is_x86_feature_detected!(\"avx2\") && is_x86_feature_detected!(\"fma\") {".to_string(),
            "    // SAFETY: the processor has AVX2 and FMA.".to_string(),
            format!("    return unsafe {{ avx2({arguments}) }};"),
            "}".to_string(),
            format!("body{otherwise}({arguments})"),
        ]);
        let text = lines.join("\n");
        ("#[allow(unsafe_code)]\n", indented(&text))
    }
}
