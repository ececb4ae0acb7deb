//! Bodies for the processor that the code runs on: compiled twice, once for AVX2 with FMA, and chosen at run time. Where
//! functions are computed side by side, they are compiled once more for AVX-512.

use super::windows::LANES_OF_MANY_SUMS;
use crate::emit::options::{Options, Scalar, Target};
use crate::emit::program::{Binary, Expression, FMA, MODULE, Parameter, Printer, Statement};
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

/// The kernels that multiply rows, beside which wider registers gain nothing.
const PRODUCTS_OF_ROWS: [&str; 4] = ["times", "small_times", "turned_times", "add_turned_times"];

/// Stands before functions that are unsafe to call where the processor lacks something.
pub(super) const ALLOW_UNSAFE: &str = "#[allow(unsafe_code)]\n";

/// Most statements side by side for each function among them that gain from the registers of AVX-512.
const MOST_BESIDE_A_FUNCTION: usize = 32;

/// The statements of a function with its signature.
pub(in crate::emit) struct Dispatched<'a> {
    /// `n: usize` and `x: &[f64]`.
    pub parameters: &'a [Parameter],
    /// ` -> f64`, or nothing.
    pub result: &'a str,
    pub body: Vec<Statement>,
}

/// Tells whether code for these options looks for features of the processor; without the standard library it can't.
pub(super) fn is_dispatching(options: &Options) -> bool {
    options.target == Target::Std && !options.reproducible
}

/// Tells whether functions of numbers are computed side by side where a loop has many.
pub(in crate::emit) fn has_lanes(options: &Options) -> bool {
    is_dispatching(options) && options.scalar == Scalar::F64
}

impl Dispatched<'_> {
    /// Tells whether the function is written once more for other processors.
    fn is_dispatched(&self, options: &Options) -> bool {
        let mut works = false;
        for statement in &self.body {
            works |= !statement.kernels().is_empty();
            statement.visit(&mut |inner| works |= matches!(inner, Statement::For { .. }));
        }
        works && is_dispatching(options)
    }

    /// Writes the inside of the function, and an attribute that it needs.
    pub(in crate::emit) fn written(&self, options: &Options) -> (&'static str, String) {
        if !self.is_dispatched(options) {
            return ("", indented(&Printer { fused: "::<false>" }.lines(&self.body).join("\n")));
        }
        let variants =
            if has_functions_in_lanes(&self.body) { &[WITH_AVX512, WITH_AVX2][..] } else { &[WITH_AVX2][..] };
        let otherwise = self.is_generic().then(|| format!("::<{{ {MODULE}::FMA }}>"));
        let body = Printer { fused: FMA }.lines(&self.body);
        let variants = Variants { variants, otherwise, is_inherited: false };
        (ALLOW_UNSAFE, indented(&variants.lines(self.parameters, self.result, &body).join("\n")))
    }

    /// Tells whether the constant that tells to multiply and add in one instruction is read.
    fn is_generic(&self) -> bool {
        self.body.iter().any(|statement| statement.any(Expression::is_fused))
    }

    /// The kernels that the function calls, for these options.
    pub(in crate::emit) fn kernels(&self, options: &Options) -> Vec<&'static str> {
        let constant = (self.is_dispatched(options) && self.is_generic()).then_some("FMA");
        self.body.iter().flat_map(Statement::kernels).chain(constant).collect()
    }
}

/// Tells whether a good part of what is computed side by side is functions of numbers and divisions, which gain from wider
/// registers; products beside them don't.
fn has_functions_in_lanes(body: &[Statement]) -> bool {
    if body.iter().flat_map(Statement::kernels).any(|kernel| PRODUCTS_OF_ROWS.contains(&kernel)) {
        return false;
    }
    let mut all: Vec<&Statement> = Vec::new();
    body.iter().for_each(|statement| statement.visit(&mut |inner| all.push(inner)));
    let loops = all.iter().filter_map(|statement| match statement {
        Statement::For { pattern, over, body } if pattern.as_name() == Some("lane") => Some((over, body)),
        _ => None,
    });
    // Eight numbers are one of these registers.
    if loops.clone().any(|(over, _)| *over == Expression::range(0, LANES_OF_MANY_SUMS)) {
        return true;
    }
    let has = |statement: &Statement, holds: fn(&Expression) -> bool| {
        statement.own_expressions().any(|expression| expression.any(holds))
    };
    let in_lanes = all.iter().filter(|statement| has(statement, |part| part.as_entry_at("lane").is_some()));
    let functions = in_lanes.clone().filter(|statement| has(statement, Expression::is_fused)).count();
    let divides = |part: &Expression| matches!(part, Expression::Binary(Binary::Divide, ..));
    let divisions = loops.flat_map(|(_, body)| body).filter(|statement| has(statement, divides)).count();
    (functions + divisions) * MOST_BESIDE_A_FUNCTION >= in_lanes.count().max(1)
}

/// What a body is written for.
pub(super) struct Variants<'a> {
    variants: &'a [Variant],
    /// What the body is given for other processors; none if it reads no such constant.
    otherwise: Option<String>,
    /// Whether the constant of what the function is called from tells of the processor.
    is_inherited: bool,
}

impl Variants<'_> {
    /// The body of a kernel, which the function that calls it tells of the processor.
    pub(super) fn of_kernel() -> Variants<'static> {
        Variants { variants: &[OF_CALLER], otherwise: Some(FMA.to_string()), is_inherited: true }
    }

    /// Writes the body, and the functions that are it for each of the processors.
    pub(super) fn lines(&self, parameters: &[Parameter], result: &str, body: &[String]) -> Vec<String> {
        let (declared, fast) = match self.otherwise {
            Some(_) => ("<const FMA: bool>", "::<true>"),
            None => ("", ""),
        };
        let (arguments, parameters) = (Parameter::passed_on(parameters), Parameter::declared(parameters));
        let mut lines = vec!["#[inline(always)]".to_string(), format!("fn body{declared}({parameters}){result} {{")];
        lines.extend(body.iter().map(|line| format!("    {line}")));
        lines.extend(["}", ""].map(String::from));
        for Variant { name, features, .. } in self.variants {
            lines.push("#[cfg(target_arch = \"x86_64\")]".to_string());
            lines.extend(self.is_inherited.then(|| "#[inline(never)]".to_string()));
            lines.extend([
                format!("#[target_feature(enable = \"{features}\")]"),
                format!("fn {name}({parameters}){result} {{"),
                format!("    body{fast}({arguments})"),
                "}".to_string(),
                String::new(),
            ]);
        }
        for Variant { name, features, because } in self.variants {
            let detected = features.split(',').map(|own| format!("::std::is_x86_feature_detected!(\"{own}\")"));
            let holds = if self.is_inherited { "FMA".to_string() } else { detected.collect::<Vec<_>>().join(" && ") };
            lines.extend([
                "#[cfg(target_arch = \"x86_64\")]".to_string(),
                format!("if {holds} {{"),
                format!("    // SAFETY: {because}."),
                format!("    return unsafe {{ {name}({arguments}) }};"),
                "}".to_string(),
            ]);
        }
        lines.push(format!("body{}({arguments})", self.otherwise.as_deref().unwrap_or_default()));
        lines
    }
}
