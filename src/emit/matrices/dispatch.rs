//! Bodies for the processor that the code runs on: compiled twice, once for AVX2 with FMA, and chosen at run time. Where
//! functions are computed side by side, they are compiled once more for AVX-512.

use super::MODULE;
use super::windows::LANES_OF_MANY_SUMS;
use crate::emit::options::{Options, Scalar, Target};
use crate::emit::rust::indented;

/// A body for features of the processor.
struct Variant {
    name: &'static str,
    features: &'static str,
    /// Why it may be called.
    because: &'static str,
}

const WITH_AVX2: Variant = Variant { name: "avx2", features: "avx2,fma", because: "the processor has AVX2 and FMA" };
const WITH_AVX512: Variant = Variant {
    name: "avx512",
    features: "avx2,fma,avx512f,avx512dq,avx512vl",
    because: "the processor has AVX2, FMA and AVX-512",
};
const OF_CALLER: Variant = Variant { because: "`FMA` says that the processor has AVX2 and FMA", ..WITH_AVX2 };

/// Most statements side by side for each function among them that gain from the registers of AVX-512.
const MOST_BESIDE_A_FUNCTION: usize = 32;

/// The statements of a function with its signature.
pub(in crate::emit) struct Dispatched<'a> {
    /// `n: usize` and `x: &[f64]`.
    pub parameters: &'a [String],
    /// ` -> f64`, or nothing.
    pub result: &'a str,
    pub body: Vec<String>,
}

/// How bodies name the constant that tells whether to multiply and add in one instruction.
pub(in crate::emit) const FMA: &str = "::<FMA>";

/// Tells whether code for these options looks for features of the processor; without the standard library it can't.
fn is_dispatching(options: &Options) -> bool {
    options.target == Target::Std && !options.reproducible
}

/// Tells whether functions of numbers are computed side by side where a loop has many.
pub(in crate::emit) fn has_lanes(options: &Options) -> bool {
    is_dispatching(options) && options.scalar == Scalar::F64
}

/// What tells that a body is for AVX2 with FMA: the processor, or the constant of the body that a kernel is called from.
enum Condition {
    Detected,
    Inherited,
}

impl Dispatched<'_> {
    /// Writes the inside of the function, and an attribute that it needs.
    pub(in crate::emit) fn written(&self, options: &Options) -> (&'static str, String) {
        let module = format!("{MODULE}::");
        let works = self.body.iter().any(|line| line.trim_start().starts_with("for ") || line.contains(&module));
        if !works || !is_dispatching(options) {
            return ("", indented(&self.body.join("\n").replace(FMA, "::<false>")));
        }
        (ALLOW_UNSAFE, indented(&self.lines(&Condition::Detected).join("\n")))
    }

    /// The names of the parameters, for a call.
    fn arguments(&self) -> String {
        let name = |parameter: &String| parameter.split(':').next().unwrap_or_default().to_string();
        self.parameters.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Tells whether a good part of what is computed side by side is functions of numbers and divisions, which gain from wider
    /// registers; products beside them don't.
    fn has_functions_in_lanes(&self) -> bool {
        let module = format!("{MODULE}::");
        let is_product = |line: &String| {
            let mut called = line.split(&module).skip(1).filter_map(|rest| rest.split(['(', ':']).next());
            called.any(|kernel| kernel.contains("times"))
        };
        if self.body.iter().any(is_product) {
            return false;
        }
        // Eight numbers are one of these registers.
        let of_eight = format!("for lane in 0..{LANES_OF_MANY_SUMS} {{");
        if self.body.iter().any(|line| line.trim_start() == of_eight) {
            return true;
        }
        let in_lanes = self.body.iter().filter(|line| line.contains("[lane]"));
        let functions = in_lanes.clone().filter(|line| line.contains(FMA)).count();
        (functions + self.divisions_in_lanes()) * MOST_BESIDE_A_FUNCTION >= in_lanes.count().max(1)
    }

    /// Counts the divisions that are computed side by side.
    fn divisions_in_lanes(&self) -> usize {
        let mut is_inside = false;
        let mut divisions = 0;
        for line in self.body.iter().map(|line| line.trim_start()) {
            is_inside = line.starts_with("for lane in 0..") || is_inside && line != "}";
            divisions += usize::from(is_inside && line.contains(" / "));
        }
        divisions
    }

    fn lines(&self, condition: &Condition) -> Vec<String> {
        let generic = matches!(condition, Condition::Inherited) || self.body.iter().any(|line| line.contains(FMA));
        let otherwise = match condition {
            Condition::Detected => format!("::<{{ {MODULE}::FMA }}>"),
            Condition::Inherited => FMA.to_string(),
        };
        let (declared, [fast, otherwise]) = match generic {
            true => ("<const FMA: bool>", ["::<true>".to_string(), otherwise]),
            false => ("", Default::default()),
        };
        let (parameters, result) = (self.parameters.join(", "), self.result);
        let arguments = self.arguments();
        let mut lines = vec!["#[inline(always)]".to_string(), format!("fn body{declared}({parameters}){result} {{")];
        lines.extend(self.body.iter().map(|line| format!("    {line}")));
        let inherits = matches!(condition, Condition::Inherited);
        let variants = match inherits {
            true => &[OF_CALLER][..],
            false if self.has_functions_in_lanes() => &[WITH_AVX512, WITH_AVX2][..],
            false => &[WITH_AVX2][..],
        };
        lines.extend(["}", ""].map(String::from));
        for Variant { name, features, .. } in variants {
            lines.push("#[cfg(target_arch = \"x86_64\")]".to_string());
            lines.extend(inherits.then(|| "#[inline(never)]".to_string()));
            lines.extend([
                format!("#[target_feature(enable = \"{features}\")]"),
                format!("fn {name}({parameters}){result} {{"),
                format!("    body{fast}({arguments})"),
                "}".to_string(),
                String::new(),
            ]);
        }
        for Variant { name, features, because } in variants {
            let detected = features.split(',').map(|own| format!("::std::is_x86_feature_detected!(\"{own}\")"));
            let holds = if inherits { "FMA".to_string() } else { detected.collect::<Vec<_>>().join(" && ") };
            lines.extend([
                "#[cfg(target_arch = \"x86_64\")]".to_string(),
                format!("if {holds} {{"),
                format!("    // SAFETY: {because}."),
                format!("    return unsafe {{ {name}({arguments}) }};"),
                "}".to_string(),
            ]);
        }
        lines.push(format!("body{otherwise}({arguments})"));
        lines
    }
}

/// Ends the name of what does the same as a kernel with the registers of AVX2, for matrices of four columns or more.
pub(super) const AVX2: &str = "_avx2";

/// Ends the name of what does the same as a kernel with the registers of AVX-512, for matrices of eight columns or more.
pub(super) const AVX512: &str = "_avx512";

/// Numbers of a matrix below which the registers of AVX-512 gain nothing.
const LEAST_FOR_AVX512: usize = 512;

const ALLOW_UNSAFE: &str = "#[allow(unsafe_code)]\n";

/// Rewrites a kernel that works long into one that calls a function of its own: there it has all registers for itself.
/// `endings` tells which functions there are that do the same for a matrix `a` with columns, a number that is the first
/// argument.
pub(super) fn apart(kernel: &str, endings: &[&str], options: &Options) -> String {
    let head = "#[inline(always)]\npub fn ";
    let declaration = kernel.split_once(head).and_then(|(documentation, rest)| {
        let (name, rest) = rest.split_once("<const FMA: bool>(")?;
        let (parameters, body) = rest.split_once(") {\n")?;
        Some((documentation, name, parameters, body.strip_suffix("\n}")?))
    });
    let Some((documentation, name, parameters, body)) = declaration.filter(|_| is_dispatching(options)) else {
        return kernel.to_string();
    };
    let list: Vec<String> = parameters.split(", ").map(String::from).collect();
    let body = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line).to_string()).collect();
    let dispatched = Dispatched { parameters: &list, result: "", body };
    let arguments = dispatched.arguments();
    let columns = arguments.split(',').next().unwrap_or_default();
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
            lines.extend(dispatched.body);
        }
        false => lines.extend(dispatched.lines(&Condition::Inherited)),
    }
    let inside = indented(&lines.join("\n"));
    format!("{documentation}{ALLOW_UNSAFE}{head}{name}<const FMA: bool>({parameters}) {{\n{inside}}}")
}
