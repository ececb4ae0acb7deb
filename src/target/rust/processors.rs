//! Bodies for the processor that the code runs on: compiled twice, once for AVX2 with FMA, and chosen at run time. Where
//! functions are computed side by side, they are compiled once more for AVX-512.

use super::items::{declared, passed_on, result};
use super::print::Printer;
use super::{FMA, MODULE};
use crate::program::{Binary, Expression, Machine, Procedure, Role, Statement};

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

/// Numbers in the widest of these registers.
const WIDEST: usize = 8;

/// Writes the body of a function, and an attribute that it needs.
pub(super) fn body(procedure: &Procedure, machine: Machine) -> (&'static str, Vec<String>) {
    let body = &procedure.body;
    if procedure.role != Role::Loops {
        return ("", Printer { fused: FMA }.lines(body));
    }
    if !is_dispatched(body, machine) {
        return ("", Printer { fused: "::<false>" }.lines(body));
    }
    let variants = if has_functions_in_lanes(body) { &[WITH_AVX512, WITH_AVX2][..] } else { &[WITH_AVX2][..] };
    let otherwise = is_generic(body).then(|| format!("::<{{ {MODULE}::FMA }}>"));
    let variants = Variants { variants, otherwise, is_inherited: false };
    let parameters = (declared(&procedure.parameters), passed_on(&procedure.parameters));
    let signature = [&*parameters.0, &*parameters.1, &*result(procedure)];
    (ALLOW_UNSAFE, variants.lines(signature, &Printer { fused: FMA }.lines(body)))
}

/// The kernels that a function calls.
pub(super) fn kernels(procedure: &Procedure, machine: Machine) -> Vec<&'static str> {
    let body = &procedure.body;
    let is_generic = procedure.role == Role::Loops && is_dispatched(body, machine) && is_generic(body);
    body.iter().flat_map(Statement::kernels).chain(is_generic.then_some("FMA")).collect()
}

/// Tells whether a function is written once more for other processors.
fn is_dispatched(body: &[Statement], machine: Machine) -> bool {
    let mut works = false;
    for statement in body {
        works |= !statement.kernels().is_empty();
        statement.visit(&mut |inner| works |= matches!(inner, Statement::For { .. }));
    }
    works && machine.is_dispatching()
}

/// Tells whether the constant that tells to multiply and add in one instruction is read.
fn is_generic(body: &[Statement]) -> bool {
    body.iter().any(|statement| statement.any(Expression::is_fused))
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
    if loops.clone().any(|(over, _)| *over == Expression::range(0, WIDEST)) {
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

    /// Writes the body, and the functions that are it for each of the processors, given how parameters are declared, how
    /// they are passed on, and the result.
    pub(super) fn lines(&self, [parameters, arguments, result]: [&str; 3], body: &[String]) -> Vec<String> {
        let (declared, fast) = match self.otherwise {
            Some(_) => ("<const FMA: bool>", "::<true>"),
            None => ("", ""),
        };
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
