//! What a parameter is called, and what a comment says, changes nothing in the generated code but that name.
#![allow(clippy::panic)]

#[path = "common/halves.rs"]
mod halves;

use gradc::{Batch, Derive, Options};
use halves::in_halves;
use std::collections::{BTreeMap, BTreeSet};

/// The name that others are taken for: no word of the generated code has it as a part by chance.
const PLAIN: &str = "qq";

/// Functions of a parameter, or a dimension, with that name: entries, whole vectors, loops in stages, conditions, rows of
/// derivatives, fixed sizes that are computed in loops.
const FUNCTIONS: [&str; 12] = [
    "f(qq, y) = exp(qq*y)*sin(qq) + ln(1 + qq^2)/(1 + exp(-qq*y)) + (if qq > y then qq^2 else sin(qq*y))",
    "f(qq: vector[3], y) = exp(qq[0]*y)*sin(qq[1]*pi)^2/(1 + qq[2]^2) + tanh(qq[0]*qq[1]*qq[2] + qq[0]*y + qq[1]*y)",
    "f(qq: matrix[2, 2], y: vector[2]) = sum(sin(qq*y)) + max(qq[0, 0]*y[0], qq[1, 1]*y[1], 2)",
    "f(qq: vector[n], y: vector[n]) = sum(sin(qq .* y) .* exp(qq) + cos(qq .* y) ./ (1 + exp(-y)))",
    "f(qq: vector[n], A: matrix[m, n]) = sum(sigmoid(A*qq)) + dot(qq, qq)",
    "f(A: matrix[n, n], qq: vector[n]) = qq'*A*qq + logsumexp(qq)",
    "f(qq: vector[n]) = sum(i in 0..n, if qq[i] > 0 then sin(qq[i])*exp(qq[i]) else ln(1 + exp(qq[i])))",
    "f(qq: vector[n], b: vector[n], c) = exp(qq) .* sin(b) + c*qq",
    "f(A: matrix[m, n], qq: vector[m], w: vector[n]) = sum((A*w - qq).^2) + logsumexp(A*w)",
    "f(x: vector[qq], y: vector[qq]) = sum(sin(x .* y) .* exp(x)) + dot(x, y)",
    "f(qq: vector[70], y: vector[70]) = sum(sin(qq .* y) .* exp(qq) + cos(qq .* y))",
    "f(qq, x: vector[n]) = sum(exp(qq*x) .* sin(x) + qq)",
];

/// The function with sums in a loop in stages.
const IN_STAGES: usize = 3;

/// Names: words of Rust and of the generated code, parts of words and of statements, locals, letters of other scripts.
const NAMES: &str = "\
a b c2 e1 h i1 j k l m1 n1 o p q r s t u v w x1 z \
abstract as_ async await become box break const_ continue crate do dyn else_ enum extern fn final gen impl in_ loop macro match \
mod move mut override priv pub ref return self static struct super trait try type typeof unsafe unsized use virtual where while \
yield Self None Some Ok Err Option Vec String Result Box \
if_ if1 dif diff1 elif notif if_x fif ifs for1 for_ let1 let_ letter outlet mutable reformat \
t1 t2 t3 t4 t10 t_ t_1 t1_ t1_2 t2_3 tt tx td td_x trow t_values t1_lanes d_x row_x \
workspace workspaces i i_ ii i1_ j1 jj at at_ lane lanes lanes_ row column rows columns total value values derivatives \
gradient gradients product tangent jacobian hessian body avx2 FMA fma matrices special points entry entries block x_block \
len length chunk chunks chunks_exact iter map sum1 dot1 min_ max_ fill zip step_by split_at_mut copy_from_slice mirror add \
times read_block write_block sines cosines sines_and_cosines \
std core alloc libm f64 f32 usize bool u32 i64 str char assert assert_eq is_x86_feature_detected consts PI E LN_2 INFINITY \
sin_ cos_ exp_ ln_1p exp_m1 mul_add powi abs_ sqrt_ hypot_ \
Grad FGrad f_grad f_workspace f_batch FGradBatch FJacobian FVjp f1 F \
_x __ _1 x_ x__ x_1 x12 x_12 x1y2 X XX snake_case_name camelCaseName a_very_long_name_of_a_parameter_that_fills_the_line_with_itself \
λ α β1 Γ θ_1 ω σ2 μ ж 中 é ñ2 lambda alpha u436 u4e2d call call_0 call_1 args result output input self_ r_ true_ false_ \
mutex lettuce if_then_else forest structure lens islet notlet is_if elsewhere whilex";

/// The options with as many kinds of derivatives as a function has.
fn options(text: &str) -> Options {
    let first = [Derive::Gradient, Derive::Jacobian, Derive::Vjp];
    let all = [&first[..], &[Derive::Hessian]].concat();
    let kinds = [(&all[..], Batch::All), (&all, Batch::None), (&first, Batch::All), (&first, Batch::None)];
    let options = kinds.map(|(derive, batch)| Options { derive: derive.to_vec(), batch, ..Options::default() });
    let fitting = options.into_iter().find(|options| gradc::compile(text, options).is_ok());
    fitting.unwrap_or_else(|| panic!("{text} compiles"))
}

fn generated(text: &str, options: &Options) -> Option<String> {
    gradc::compile(text, options).ok().map(|compiled| compiled.rust)
}

/// The words and signs of the code, item by item, without comments, messages and the commas that end lists.
fn items(rust: &str) -> Vec<Vec<String>> {
    let mut items = vec![Vec::new()];
    for line in rust.lines() {
        if line.starts_with("pub ") || line.starts_with("fn ") || line.starts_with("mod ") {
            items.push(Vec::new());
        }
        if line.trim_start().starts_with("#[") {
            continue;
        }
        let item = items.last_mut().expect("there is one");
        let code = line.split("//").next().expect("a line has a beginning");
        let code = code.split('"').step_by(2).collect::<String>().replace("r#", "raw_");
        let mut word = String::new();
        for letter in code.chars().chain([' ']) {
            if letter.is_alphanumeric() || "_'".contains(letter) {
                word.push(letter);
                continue;
            }
            if !word.is_empty() {
                item.push(std::mem::take(&mut word));
            }
            if [")", "]", "}"].contains(&letter.to_string().as_str()) && item.last().is_some_and(|last| last == ",") {
                item.pop();
            }
            if letter != ' ' {
                item.push(letter.to_string());
            }
        }
    }
    items
}

/// What comes after the beginning of a local's name, which depends on what the parameters are called: `t1`, `t_1`, `td_x`.
fn without_stem(word: &str) -> Option<&str> {
    let rest = word.strip_prefix('t')?.trim_start_matches('_');
    let is_local = rest.starts_with(|letter: char| letter.is_ascii_digit())
        || ["d_", "g_", "p_", "h_", "row_", "block_", "values"].iter().any(|own| rest.starts_with(own));
    is_local.then_some(rest)
}

/// Makes sure that code is the same but for a name.
fn compare(plain: &str, renamed: &str, what: &str) {
    let (plain, renamed) = (items(plain), items(renamed));
    assert_eq!(plain.len(), renamed.len(), "{what}");
    for (plain, renamed) in plain.iter().zip(&renamed) {
        let mut names: BTreeMap<(&str, bool), &str> = BTreeMap::new();
        let mut open: Vec<&str> = Vec::new();
        for (at, (word, own)) in plain.iter().zip(renamed).enumerate() {
            let around = || format!("{what}:\n{}\n{}", plain[..=at].join(" "), renamed[..=at].join(" "));
            let may_differ =
                word.contains(PLAIN) || without_stem(word).is_some_and(|rest| without_stem(own) == Some(rest));
            assert!(word == own || may_differ, "{}", around());
            // A field may be called otherwise than the argument.
            match word.as_str() {
                "(" | "[" | "{" => open.push(word),
                ")" | "]" | "}" => drop(open.pop()),
                _ => {}
            }
            let is_given = open.last() == Some(&"{")
                && ["{", ","].contains(&plain[at.saturating_sub(1)].as_str())
                && plain.get(at + 1).is_some_and(|next| next == ":");
            let is_field = is_given || at > 1 && plain[at - 1] == "." && plain[at - 2] != ".";
            let is_known = *names.entry((word, is_field)).or_insert(own) == own;
            assert!(is_known, "{}", around());
        }
        assert_eq!(plain.len(), renamed.len(), "{what}");
        // A field may be called as a method is, but not a local as another.
        let is_local = |word: &str| word.contains(PLAIN) || without_stem(word).is_some();
        let own: Vec<_> =
            names.iter().filter(|((word, is_field), _)| !is_field && is_local(word)).map(|(_, own)| own).collect();
        let distinct: BTreeSet<_> = own.iter().collect();
        assert_eq!(distinct.len(), own.len(), "{what}: two names became one");
    }
}

/// Writes a function with another name.
fn with_name(text: &str, name: &str) -> String {
    text.replace(PLAIN, name)
}

#[test]
fn a_parameters_name_changes_nothing_else() {
    let plain = FUNCTIONS.map(|text| {
        let options = options(text);
        (generated(text, &options).expect("it compiles"), options)
    });
    // Each name stands in one of the functions; the gradient of the loop in stages has them all.
    let gradient = Options::default();
    let staged = generated(FUNCTIONS[IN_STAGES], &gradient).expect("it compiles");
    let names: Vec<(usize, &str)> = NAMES.split_whitespace().enumerate().collect();
    let compared = in_halves(&names, |names| {
        let mut compared = 0;
        for (at, name) in names {
            let function = at % FUNCTIONS.len();
            let (own, options) = &plain[function];
            let both = [(FUNCTIONS[IN_STAGES], &staged, &gradient), (FUNCTIONS[function], own, options)];
            for (text, own, options) in both {
                let text = with_name(text, name);
                // Some names are words of the language.
                if let Some(renamed) = generated(&text, options) {
                    compare(own, &renamed, &text);
                    compared += 1;
                }
            }
        }
        compared
    });
    let compared: usize = compared.iter().sum();
    assert!(compared > 400, "{compared}");
}

#[test]
fn a_comment_changes_nothing() {
    let comments = [
        "/// If it is so, let t1 = matrices::sum(&x); let y = 2; x += matrices::dot::<FMA>(a, b)\n",
        "/// ```\n/// for at in (0..n) { special::erf(x) }\n/// ```\n",
        "// matrices::lu(n, &a, b); special::gamma(2); workspace\n",
        "/// 中丁 一\u{9dff}\n",
    ];
    for text in FUNCTIONS {
        let options = Options::default();
        let plain = items(&generated(text, &options).expect("it compiles"));
        for comment in comments {
            let own = format!("{comment}{text}");
            let commented = generated(&own, &options).unwrap_or_else(|| panic!("{own} compiles"));
            assert!(items(&commented) == plain, "{own}");
        }
    }
}
