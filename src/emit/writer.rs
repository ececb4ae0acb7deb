//! Operations of a tape to statements and expressions.

use super::options::Options;
use super::placeholders::Placeholders;
use crate::functions::{Code, FunctionId};
use crate::graph::{Comparison, Rational};
use crate::program::{Binary, Expression, Function, Language, Number, Scalar, Statement, Target, Unary};
use crate::tape::{Constant, Operation, Slot, Tape};
use std::collections::BTreeSet;
use std::f64::consts;

/// Longest expression that is put inside another.
const LONGEST_INLINE: usize = 72;
/// Longest tape, in operations, that is one function: rustc takes more than twice as long for twice the length.
pub const LONGEST_PART: usize = 4000;
/// Operations of one part of a longer tape.
const PART: usize = 300;

/// Some of the statements of a function.
#[derive(Default)]
pub struct Part {
    /// The statements.
    pub statements: Vec<Statement>,
    /// The parameters that they read.
    pub parameters: BTreeSet<usize>,
}

/// The statements of a function, and the expressions of its results.
pub struct Body {
    /// The statements; several parts where the function is split.
    pub parts: Vec<Part>,
    /// What the function returns.
    pub outputs: Vec<Expression>,
    /// How many values the parts share, in an array.
    pub values: usize,
}

impl Body {
    /// Returns the name that the statements give to an output, where they do.
    pub fn name_of(&self, output: usize) -> Option<&str> {
        let given = self.outputs[output].as_name()?;
        let mut statements = self.parts.iter().flat_map(|part| &part.statements);
        statements.any(|statement| statement.as_let().is_some_and(|(name, _)| name == given)).then_some(given)
    }

    /// Puts the names in place of the placeholders.
    pub fn named(mut self, placeholders: &Placeholders) -> Self {
        let named = |name: &str| placeholders.named(name);
        self.parts.iter_mut().flat_map(|part| &mut part.statements).for_each(|statement| statement.rename(&named));
        self.outputs.iter_mut().for_each(|output| output.rename(&named));
        self
    }
}

/// Writes the statements of a tape.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    pub options: &'a Options,
    /// What the statements are written in.
    pub language: &'a dyn Language,
    /// The expression of each input.
    pub inputs: &'a [Expression],
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
        let mut values_of: Vec<Expression> = Vec::with_capacity(tape.operations.len());
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
            let value = self.operation(tape, operation, |slot| &values_of[slot.index()]);
            if let Operation::Constant(constant) = operation
                && !long
                && core_name(constant).is_none()
            {
                let name = format!("{}{}", self.stem, parts[part].statements.len() + 1);
                parts[part].statements.push(self.named(constant, &name));
                values_of.push(name.into());
            } else if operation.is_leaf() {
                values_of.push(value);
            } else if kept[at] {
                let place = Expression::from(self.values()).at(values);
                values += 1;
                let (stored, read) = match operation.is_condition() {
                    true => (
                        Expression::choice(value, Expression::float("1.0"), Expression::zero()),
                        place.clone().compare(Comparison::NotEqual, Expression::zero()),
                    ),
                    false => (value, place.clone()),
                };
                parts[part].statements.push(Statement::set(place, stored));
                values_of.push(read);
            } else if uses[at] == 1 && (self.is_short(&value) || alone == Some(at)) {
                values_of.push(value);
            } else {
                let name = format!("{}{}", self.stem, parts[part].statements.len() + 1);
                parts[part].statements.push(Statement::number(&name, value, self.options.scalar));
                values_of.push(name.into());
            }
        }
        let outputs = tape.outputs.iter().map(|slot| values_of[slot.index()].clone()).collect();
        Body { parts, outputs, values }
    }

    /// Tells whether an expression may be put inside another.
    pub fn is_short(&self, expression: &Expression) -> bool {
        self.language.expression(expression).chars().count() <= LONGEST_INLINE
    }

    /// Returns the name of the array that holds what parts share.
    pub fn values(&self) -> String {
        format!("{}_values", self.stem)
    }

    /// Returns the statement that gives a constant a name.
    pub fn named(&self, constant: &Constant, name: &str) -> Statement {
        let value = match self.double(constant.value(), None) {
            Expression::Number(number) => {
                Expression::Number(Number { meaning: Some(constant.formula.to_string()), ..number })
            }
            other => other,
        };
        Statement::number(name, value, self.options.scalar)
    }

    /// Returns a number.
    pub fn literal(&self, value: &Rational) -> Expression {
        self.double(value.to_f64(), None)
    }

    /// Returns a number times an expression.
    pub fn scaled(&self, coefficient: &Rational, value: Expression) -> Expression {
        match (coefficient.is_one(), coefficient.is_minus_one()) {
            (true, _) => value,
            (_, true) => -value,
            _ => self.literal(coefficient) * value,
        }
    }

    /// Returns an operation, given the expressions of its operands.
    pub fn operation<'t>(&self, tape: &Tape, operation: &Operation, of: impl Fn(Slot) -> &'t Expression) -> Expression {
        use Operation::*;
        let of = |slot: &Slot| of(*slot).clone();
        match operation {
            Number(value) => self.literal(value),
            Constant(constant) => self.constant(constant),
            Input(input) => self.inputs[*input as usize].clone(),
            Add(a, b) => of(a) + of(b),
            Subtract(a, b) => of(a) - of(b),
            Multiply(a, b) => of(a) * of(b),
            Divide(a, b) => of(a) / of(b),
            Negate(a) => -of(a),
            Call(function, a) if self.lanes && function.row().name == "ln_1p" && is_fraction(tape, *a) => {
                Expression::fused_kernel("ln_1p_of_fraction", [of(a)])
            }
            Call(function, a) => self.call(*function, of(a)),
            Call2(function, a, b) => self.call2(*function, of(a), of(b)),
            OfOrder(function, order, a) => self.of_order(*function, *order, of(a)),
            Compare(comparison, a, b) => of(a).compare(*comparison, of(b)),
            And(a, b) => of(a).binary(Binary::And, of(b)),
            Or(a, b) => of(a).binary(Binary::Or, of(b)),
            Not(a) => Expression::Unary(Unary::Not, Box::new(of(a))),
            Select(c, a, b) => Expression::choice(of(c), of(a), of(b)),
        }
    }

    /// Returns a constant by the name that Rust has for it, or in digits.
    fn constant(&self, constant: &Constant) -> Expression {
        let float = self.options.scalar.name();
        match core_name(constant) {
            Some(name) => Expression::Known(name, self.options.scalar),
            None => self.double(constant.value(), Some(float)),
        }
    }

    fn double(&self, value: f64, kind: Option<&'static str>) -> Expression {
        let digits = match self.options.scalar {
            Scalar::F64 => format!("{:?}", value.abs()),
            Scalar::F32 => format!("{:?}", value.abs() as f32),
        };
        let is_negative = value.is_sign_negative();
        if digits == "inf" {
            let infinity = Expression::Known("INFINITY", self.options.scalar);
            return if is_negative { -infinity } else { infinity };
        }
        Expression::Number(Number { digits, is_negative, kind, meaning: None })
    }

    /// Returns the receiver of a method; a number says its type.
    fn receiver(&self, argument: Expression) -> Expression {
        match argument {
            Expression::Number(number) => {
                Expression::Number(Number { kind: Some(self.options.scalar.name()), ..number })
            }
            other => other,
        }
    }

    /// Calls a method of numbers.
    fn method(&self, method: &'static str, of: Expression, arguments: Vec<Expression>) -> Expression {
        match of {
            Expression::Number(_) => self.receiver(of).method(method, arguments),
            _ if of.is_untyped() => {
                let path = format!("{}::{method}", self.options.scalar.name());
                Expression::call(path, [of].into_iter().chain(arguments))
            }
            _ => of.method(method, arguments),
        }
    }

    /// Calls a function with one argument.
    pub fn call(&self, function: FunctionId, argument: Expression) -> Expression {
        match (function.row().code, self.options.target) {
            (Code::Method(method, _, _), Target::Std) if self.lanes && IN_LANES.contains(&method) => {
                Expression::fused_kernel(method, [argument])
            }
            (Code::Method(method, _, _), Target::Std) => self.method(method, argument, Vec::new()),
            (Code::Method(_, libm, _), Target::NoStd) => self.of_libm(libm, [argument]),
            (Code::Special(name, _), _) => self.special(name, [argument]),
            _ => Expression::call(function.row().name, [argument]),
        }
    }

    fn call2(&self, function: FunctionId, a: Expression, b: Expression) -> Expression {
        match (function.row().code, self.options.target) {
            (Code::Method2(method, _, _), Target::Std) => self.method(method, a, vec![b]),
            (Code::Method2(_, libm, _), Target::NoStd) => self.of_libm(libm, [a, b]),
            (Code::Special2(name, _), _) => self.special(name, [a, b]),
            _ => Expression::call(function.row().name, [a, b]),
        }
    }

    fn of_order(&self, function: FunctionId, order: u32, argument: Expression) -> Expression {
        let name = match function.row().code {
            Code::OfOrder(name, _) => name,
            _ => function.row().name,
        };
        self.special(name, [Expression::Whole(order as usize), argument])
    }

    /// Calls a function of the crate `libm`.
    fn of_libm<const N: usize>(&self, name: &str, arguments: [Expression; N]) -> Expression {
        let suffix = if self.options.scalar == Scalar::F32 { "f" } else { "" };
        Expression::call(format!("::libm::{name}{suffix}"), arguments)
    }

    /// Calls a special function, which computes in double precision.
    fn special<const N: usize>(&self, name: &'static str, arguments: [Expression; N]) -> Expression {
        let is_single = self.options.scalar == Scalar::F32;
        let widened = |argument: Expression| match is_single && !argument.is_untyped() {
            true => Expression::call("f64::from", [argument]),
            false => argument,
        };
        let call = Expression::Call(Function::Special(name), arguments.map(widened).to_vec());
        if is_single { call.cast("f32") } else { call }
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
