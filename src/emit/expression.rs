//! Operations of a tape to Rust expressions with the parentheses they need.

use super::matrices::MODULE;
use super::options::{Options, Scalar, Target};
use super::placeholders::Placeholders;
use crate::functions::{Code, FunctionId};
use crate::graph::{Comparison, Rational};
use crate::tape::{Constant, Operation, Slot, Tape};
use std::collections::BTreeSet;
use std::f64::consts;

/// How tightly a Rust expression binds; larger is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Choice,
    Or,
    And,
    Relation,
    Additive,
    Multiplicative,
    Unary,
    Postfix,
}

/// A Rust expression with its level.
#[derive(Clone, Debug)]
pub struct Text {
    /// The expression.
    pub text: String,
    level: Level,
    literal: bool,
    /// Whether it is made of literals only, so that rustc can't tell its type from it.
    untyped: bool,
}

impl Text {
    fn new(text: String, level: Level) -> Self {
        Text { text, level, literal: false, untyped: false }
    }

    /// Leaves the type open where the operands do.
    fn untyped_with(mut self, operands: &[&Text]) -> Self {
        self.untyped = operands.iter().all(|operand| operand.untyped);
        self
    }

    /// Writes the statement that gives the expression a name.
    pub fn binding(&self, name: &str, scalar: Scalar) -> String {
        let value = bare(&self.text);
        match self.untyped {
            true => format!("let {name}: {} = {value};", scalar.name()),
            false => format!("let {name} = {value};"),
        }
    }

    /// Makes an expression that never needs parentheses.
    pub fn atom(text: impl Into<String>) -> Self {
        Text::new(text.into(), Level::Postfix)
    }

    /// Tells whether the expression may be put inside another.
    pub fn is_short(&self) -> bool {
        self.text.chars().count() <= LONGEST_INLINE
    }

    fn at(&self, least: Level) -> String {
        if self.level < least { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// Leaves out parentheses around all of an expression.
pub fn bare(text: &str) -> &str {
    let Some(inside) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return text };
    let mut open = 0;
    let closed_early = inside.chars().any(|letter| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open < 0
    });
    if closed_early { text } else { inside }
}

/// Longest expression that is put inside another.
const LONGEST_INLINE: usize = 72;
/// Longest tape, in operations, that is one function: rustc takes more than twice as long for twice the length.
pub const LONGEST_PART: usize = 4000;
/// Operations of one part of a longer tape.
const PART: usize = 300;

/// Some of the statements of a function.
#[derive(Default)]
pub struct Part {
    /// The statements, one a line without indentation.
    pub statements: Vec<String>,
    /// The parameters that they read.
    pub parameters: BTreeSet<usize>,
}

/// The statements of a function, and the expressions of its results.
pub struct Body {
    /// The statements; several parts where the function is split.
    pub parts: Vec<Part>,
    /// What the function returns.
    pub outputs: Vec<Text>,
    /// How many values the parts share, in an array.
    pub values: usize,
}

impl Body {
    /// Writes the names for the placeholders.
    pub fn named(mut self, placeholders: &Placeholders) -> Self {
        let statements = self.parts.iter_mut().flat_map(|part| &mut part.statements);
        statements.chain(self.outputs.iter_mut().map(|output| &mut output.text)).for_each(|text| {
            *text = placeholders.named(text);
        });
        self
    }
}

/// Writes the statements of a tape.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    pub options: &'a Options,
    /// The Rust expression of each input.
    pub inputs: &'a [String],
    /// The parameter that each input is an entry of.
    pub owners: &'a [usize],
    /// What temporaries are called before their number.
    pub stem: &'a str,
    /// Whether the statements are those of a loop over many numbers, whose functions are computed side by side.
    pub lanes: bool,
}

/// The methods of numbers for which a module of generated code has functions that loops compute side by side.
pub const IN_LANES: [&str; 9] = ["exp", "exp_m1", "ln", "ln_1p", "tanh", "cosh", "sinh", "sin", "cos"];

/// Tells whether a value is exp(-|x|), which is between 0 and 1.
fn is_fraction(tape: &Tape, slot: Slot) -> bool {
    let call = |slot: Slot, name: &str| match &tape.operations[slot.index()] {
        Operation::Call(function, a) if function.row().name == name => Some(*a),
        _ => None,
    };
    let negated = call(slot, "exp").map(|exponent| &tape.operations[exponent.index()]);
    matches!(negated, Some(Operation::Negate(a)) if call(*a, "abs").is_some())
}

impl Writer<'_> {
    /// Writes the whole tape as one body, or, where that would keep rustc busy, as several parts.
    pub fn body(&self, tape: &Tape) -> Body {
        let long = tape.operations.len() > LONGEST_PART;
        let mut count = 0;
        let numbered = tape.operations.iter().map(|operation| {
            count += usize::from(!operation.is_leaf());
            if long { count.saturating_sub(1) / PART } else { 0 }
        });
        let part_of: Vec<usize> = numbered.collect();
        let mut uses = vec![0u32; tape.operations.len()];
        let mut kept = vec![false; tape.operations.len()];
        for (at, operation) in tape.operations.iter().enumerate() {
            operation.for_each_operand(|operand| {
                uses[operand.index()] += 1;
                kept[operand.index()] |= part_of[operand.index()] != part_of[at];
            });
        }
        for slot in &tape.outputs {
            uses[slot.index()] += 1;
            kept[slot.index()] |= long;
        }
        // What is returned alone needs no name.
        let alone = if let [only] = tape.outputs[..] { Some(only.index()) } else { None };
        let mut parts = vec![Part::default()];
        let mut values = 0;
        let mut texts: Vec<Text> = Vec::with_capacity(tape.operations.len());
        for (at, operation) in tape.operations.iter().enumerate() {
            if part_of[at] == parts.len() {
                parts.push(Part::default());
            }
            let part = parts.len() - 1;
            operation.for_each_operand(|operand| {
                if let Operation::Input(input) = &tape.operations[operand.index()] {
                    parts[part].parameters.extend(self.owners.get(*input as usize));
                }
            });
            let text = self.operation(tape, operation, |slot| &texts[slot.index()]);
            if let Operation::Constant(constant) = operation
                && !long
                && core_name(constant).is_none()
            {
                let name = format!("{}{}", self.stem, parts[part].statements.len() + 1);
                parts[part].statements.push(self.named(constant, &name));
                texts.push(Text::atom(name));
            } else if operation.is_leaf() {
                texts.push(text);
            } else if kept[at] {
                let place = format!("{}[{values}]", self.values());
                values += 1;
                let condition = operation.is_condition();
                let stored = if condition { format!("if {} {{ 1.0 }} else {{ 0.0 }}", text.text) } else { text.text };
                parts[part].statements.push(format!("{place} = {stored};"));
                let read = Text::new(format!("{place} != 0.0"), Level::Relation);
                texts.push(if condition { read } else { Text::atom(place) });
            } else if uses[at] == 1 && (text.is_short() || alone == Some(at)) {
                texts.push(text);
            } else {
                let name = format!("{}{}", self.stem, parts[part].statements.len() + 1);
                parts[part].statements.push(text.binding(&name, self.options.scalar));
                texts.push(Text::atom(name));
            }
        }
        let outputs = tape.outputs.iter().map(|slot| texts[slot.index()].clone()).collect();
        Body { parts, outputs, values }
    }

    /// Returns the name of the array that holds what parts share.
    pub fn values(&self) -> String {
        format!("{}_values", self.stem)
    }

    /// Writes the statement that gives a constant a name.
    pub fn named(&self, constant: &Constant, name: &str) -> String {
        let float = self.options.scalar.name();
        format!("let {name}: {float} = {}; // {}", self.double(constant.value()), constant.formula)
    }

    /// Writes a number.
    pub fn literal(&self, value: &Rational) -> String {
        self.number(value).text
    }

    /// Writes a call of a function with one argument, a name.
    pub fn function(&self, function: FunctionId, argument: &str) -> String {
        self.call(function, &Text::atom(argument)).text
    }

    /// Writes an operation, given the expressions of its operands.
    pub fn operation<'t>(&self, tape: &Tape, operation: &Operation, text: impl Fn(Slot) -> &'t Text) -> Text {
        use Operation::*;
        let binary = |symbol: &str, level: Level, a: Slot, b: Slot| {
            let tighter = if level == Level::Additive { Level::Multiplicative } else { Level::Unary };
            let written = format!("{} {symbol} {}", text(a).at(level), text(b).at(tighter));
            Text::new(written, level).untyped_with(&[text(a), text(b)])
        };
        match operation {
            Number(value) => self.number(value),
            Constant(constant) => self.constant(constant),
            Input(input) => Text::atom(self.inputs[*input as usize].clone()),
            Add(a, b) => binary("+", Level::Additive, *a, *b),
            Subtract(a, b) => binary("-", Level::Additive, *a, *b),
            Multiply(a, b) => binary("*", Level::Multiplicative, *a, *b),
            Divide(a, b) => binary("/", Level::Multiplicative, *a, *b),
            Negate(a) => Text::new(format!("-{}", text(*a).at(Level::Postfix)), Level::Unary).untyped_with(&[text(*a)]),
            Call(function, a) if self.lanes && function.row().name == "ln_1p" && is_fraction(tape, *a) => {
                Text::atom(format!("{MODULE}::ln_1p_of_fraction::<FMA>({})", bare(&text(*a).text)))
            }
            Call(function, a) => self.call(*function, text(*a)),
            Call2(function, a, b) => self.call2(*function, text(*a), text(*b)),
            OfOrder(function, order, a) => self.of_order(*function, *order, text(*a)),
            Compare(comparison, a, b) => {
                let symbol = comparison_symbol(*comparison);
                let (a, b) = (text(*a).at(Level::Additive), text(*b).at(Level::Additive));
                Text::new(format!("{a} {symbol} {b}"), Level::Relation)
            }
            And(a, b) => {
                let (a, b) = (text(*a).at(Level::Relation), text(*b).at(Level::Relation));
                Text::new(format!("{a} && {b}"), Level::And)
            }
            Or(a, b) => {
                let (a, b) = (text(*a).at(Level::And), text(*b).at(Level::And));
                Text::new(format!("{a} || {b}"), Level::Or)
            }
            Not(a) => Text::new(format!("!{}", text(*a).at(Level::Postfix)), Level::Unary),
            Select(c, a, b) => {
                let (c, operands) = (&text(*c).text, [text(*a), text(*b)]);
                let [a, b] = operands.map(|operand| bare(&operand.text));
                Text::new(format!("if {c} {{ {a} }} else {{ {b} }}"), Level::Choice).untyped_with(&operands)
            }
        }
    }

    fn number(&self, value: &Rational) -> Text {
        let double = value.to_f64();
        let level = if double < 0.0 { Level::Unary } else { Level::Postfix };
        Text { text: self.double(double), level, literal: true, untyped: true }
    }

    /// Writes a constant by the name that Rust has for it, or in digits.
    fn constant(&self, constant: &Constant) -> Text {
        let float = self.options.scalar.name();
        match core_name(constant) {
            Some(name) => Text::atom(format!("::core::{float}::consts::{name}")),
            None if constant.value() < 0.0 => Text::atom(format!("({}_{float})", self.double(constant.value()))),
            None => Text::atom(format!("{}_{float}", self.double(constant.value()))),
        }
    }

    fn double(&self, value: f64) -> String {
        let written = match self.options.scalar {
            Scalar::F64 => format!("{value:?}"),
            Scalar::F32 => format!("{:?}", value as f32),
        };
        let float = self.options.scalar.name();
        written.replace("inf", &format!("{float}::INFINITY"))
    }

    /// Writes the receiver of a method; a literal says its type.
    fn receiver(&self, argument: &Text) -> String {
        if argument.literal && argument.level == Level::Postfix && !argument.text.contains(':') {
            return format!("{}_{}", argument.text, self.options.scalar.name());
        }
        if argument.literal {
            return format!("({}_{})", argument.text, self.options.scalar.name());
        }
        argument.at(Level::Postfix)
    }

    fn call(&self, function: FunctionId, argument: &Text) -> Text {
        match (function.row().code, self.options.target) {
            (Code::Method(method, _, _), Target::Std) if self.lanes && IN_LANES.contains(&method) => {
                Text::atom(format!("{MODULE}::{method}::<FMA>({})", bare(&argument.text)))
            }
            (Code::Method(method, _, _), Target::Std) if argument.untyped && !argument.literal => {
                Text::atom(format!("{}::{method}({})", self.options.scalar.name(), bare(&argument.text)))
            }
            (Code::Method(method, _, _), Target::Std) => Text::atom(format!("{}.{method}()", self.receiver(argument))),
            (Code::Method(_, libm, _), Target::NoStd) => {
                Text::atom(format!("::libm::{libm}{}({})", self.suffix(), bare(&argument.text)))
            }
            (Code::Special(name, _), _) => self.special(name, &[argument]),
            _ => Text::atom(format!("{}({})", function.row().name, bare(&argument.text))),
        }
    }

    fn call2(&self, function: FunctionId, a: &Text, b: &Text) -> Text {
        match (function.row().code, self.options.target) {
            (Code::Method2(method, _, _), Target::Std) if a.untyped && !a.literal => {
                Text::atom(format!("{}::{method}({}, {})", self.options.scalar.name(), bare(&a.text), bare(&b.text)))
            }
            (Code::Method2(method, _, _), Target::Std) => {
                Text::atom(format!("{}.{method}({})", self.receiver(a), bare(&b.text)))
            }
            (Code::Method2(_, libm, _), Target::NoStd) => {
                Text::atom(format!("::libm::{libm}{}({}, {})", self.suffix(), bare(&a.text), bare(&b.text)))
            }
            (Code::Special2(name, _), _) => self.special(name, &[a, b]),
            _ => Text::atom(format!("{}({}, {})", function.row().name, bare(&a.text), bare(&b.text))),
        }
    }

    fn of_order(&self, function: FunctionId, order: u32, argument: &Text) -> Text {
        let name = match function.row().code {
            Code::OfOrder(name, _) => name,
            _ => function.row().name,
        };
        let order = Text { text: order.to_string(), level: Level::Postfix, literal: true, untyped: true };
        self.special(name, &[&order, argument])
    }

    fn suffix(&self) -> &'static str {
        match self.options.scalar {
            Scalar::F64 => "",
            Scalar::F32 => "f",
        }
    }

    /// Calls a special function, which computes in double precision.
    fn special(&self, name: &str, arguments: &[&Text]) -> Text {
        let widened = |argument: &&Text| match self.options.scalar {
            Scalar::F32 if !argument.untyped => format!("f64::from({})", bare(&argument.text)),
            _ => bare(&argument.text).to_string(),
        };
        let arguments: Vec<String> = arguments.iter().map(widened).collect();
        let call = format!("special::{name}({})", arguments.join(", "));
        match self.options.scalar {
            Scalar::F64 => Text::atom(call),
            Scalar::F32 => Text::new(format!("{call} as f32"), Level::Choice),
        }
    }
}

/// The constants that Rust's core library names.
const CORE: [(f64, &str); 17] = [
    (consts::PI, "PI"),
    (consts::TAU, "TAU"),
    (consts::E, "E"),
    (consts::SQRT_2, "SQRT_2"),
    (consts::FRAC_1_SQRT_2, "FRAC_1_SQRT_2"),
    (consts::FRAC_2_SQRT_PI, "FRAC_2_SQRT_PI"),
    (consts::FRAC_1_PI, "FRAC_1_PI"),
    (consts::FRAC_2_PI, "FRAC_2_PI"),
    (consts::FRAC_PI_2, "FRAC_PI_2"),
    (consts::FRAC_PI_3, "FRAC_PI_3"),
    (consts::FRAC_PI_4, "FRAC_PI_4"),
    (consts::LN_2, "LN_2"),
    (consts::LN_10, "LN_10"),
    (consts::LOG2_E, "LOG2_E"),
    (consts::LOG10_E, "LOG10_E"),
    (consts::LOG2_10, "LOG2_10"),
    (consts::LOG10_2, "LOG10_2"),
];

/// Returns the name of a constant in the core library.
pub fn core_name(constant: &Constant) -> Option<&'static str> {
    CORE.iter().find(|(value, _)| *value == constant.value()).map(|(_, name)| *name)
}

fn comparison_symbol(comparison: Comparison) -> &'static str {
    comparison.to_operator().symbol()
}
