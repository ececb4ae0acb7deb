//! Statements of generated code.

use super::expression::{Check, Expression, Function};
use super::{Scalar, Type};

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Statement {
    /// Gives a name to a value; several names to the parts of one.
    Let {
        names: Vec<String>,
        is_mutable: bool,
        /// The type, where that is written.
        kind: Option<Type>,
        value: Expression,
    },
    /// Changes what is at a place.
    Assign(Expression, Sign, Expression),
    /// Does something for each of several values of a variable.
    For { pattern: Expression, over: Expression, body: Vec<Statement> },
    /// Does one thing or another.
    If { condition: Expression, body: Vec<Statement>, otherwise: Vec<Statement> },
    /// Calls something.
    Evaluate(Expression),
    /// Returns from the function.
    Return(Option<Expression>),
    /// Ends the function with its result.
    Result(Expression),
    /// Says that variables of the statement that follows may be overwritten before they are read.
    MayOverwrite,
}

/// How a place is changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sign {
    Set,
    Add,
    Subtract,
}

impl Statement {
    /// Gives a name to a value.
    pub fn name(name: impl Into<String>, value: impl Into<Expression>) -> Self {
        Statement::Let { names: vec![name.into()], is_mutable: false, kind: None, value: value.into() }
    }

    /// Gives a name to a number, with its type where that does not follow from the value.
    pub fn number(name: impl Into<String>, value: Expression, float: Scalar) -> Self {
        let kind = value.is_untyped().then_some(Type::Float(float));
        Statement::Let { names: vec![name.into()], is_mutable: false, kind, value }
    }

    /// Declares a variable.
    pub fn variable(name: impl Into<String>, value: impl Into<Expression>) -> Self {
        Statement::Let { names: vec![name.into()], is_mutable: true, kind: None, value: value.into() }
    }

    /// Gives a name to a value of a type.
    pub fn typed(name: impl Into<String>, kind: Type, value: impl Into<Expression>) -> Self {
        Statement::Let { names: vec![name.into()], is_mutable: false, kind: Some(kind), value: value.into() }
    }

    /// Declares an array of numbers, or of conditions.
    pub fn array(name: impl Into<String>, of_conditions: bool, float: Scalar, count: usize) -> Self {
        let array = match of_conditions {
            true => Expression::Repeated(Box::new("false".into()), Box::new(count.into())),
            false => Expression::zeros(float, count),
        };
        Statement::variable(name, array)
    }

    /// Declares a variable of a type that is zero.
    pub fn total(name: impl Into<String>, float: Scalar) -> Self {
        let kind = Some(Type::Float(float));
        Statement::Let { names: vec![name.into()], is_mutable: true, kind, value: Expression::zero() }
    }

    pub fn set(place: impl Into<Expression>, value: impl Into<Expression>) -> Self {
        Statement::Assign(place.into(), Sign::Set, value.into())
    }

    pub fn add(place: impl Into<Expression>, value: impl Into<Expression>) -> Self {
        Statement::Assign(place.into(), Sign::Add, value.into())
    }

    /// Changes a place; what is negative is taken away.
    pub fn change(place: Expression, sign: Sign, value: Expression) -> Self {
        match (sign, value) {
            (Sign::Add, Expression::Unary(super::Unary::Negate, value)) => {
                Statement::Assign(place, Sign::Subtract, *value)
            }
            (sign, value) => Statement::Assign(place, sign, value),
        }
    }

    /// A loop over the numbers below an end.
    pub fn each(variable: &str, end: impl Into<Expression>, body: Vec<Statement>) -> Self {
        Statement::over(variable, Expression::range(0, end), body)
    }

    /// A loop over what an expression lists.
    pub fn over(variable: impl Into<Expression>, over: Expression, body: Vec<Statement>) -> Self {
        Statement::For { pattern: variable.into(), over, body }
    }

    /// A choice with one side.
    pub fn when(condition: Expression, body: Vec<Statement>) -> Self {
        Statement::If { condition, body, otherwise: Vec::new() }
    }

    /// Calls a kernel.
    pub fn kernel(name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Statement::Evaluate(Expression::kernel(name, arguments))
    }

    /// Calls a kernel that multiplies and adds in one instruction where the processor has that.
    pub fn fused_kernel(name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Statement::Evaluate(Expression::fused_kernel(name, arguments))
    }

    /// Writes one number to all places of a slice.
    pub fn fill(slice: impl Into<Expression>, value: Expression) -> Self {
        Statement::Evaluate(slice.into().method("fill", [value]))
    }

    /// Copies a slice.
    pub fn copy(to: impl Into<Expression>, from: impl Into<Expression>) -> Self {
        Statement::Evaluate(to.into().method("copy_from_slice", [from.into().reference()]))
    }

    /// Makes sure that a condition holds.
    pub fn assert(condition: Expression, message: &str) -> Self {
        Statement::check(Check::Holds, vec![condition, Expression::Text(message.to_string())])
    }

    /// Makes sure that two numbers are equal.
    pub fn equal(left: Expression, right: Expression, message: &str) -> Self {
        Statement::check(Check::Equal, vec![left, right, Expression::Text(message.to_string())])
    }

    /// Makes sure that two numbers are equal, where code is tested.
    pub fn equal_in_tests(left: Expression, right: Expression) -> Self {
        Statement::check(Check::EqualInTests, vec![left, right])
    }

    fn check(check: Check, arguments: Vec<Expression>) -> Self {
        Statement::Evaluate(Expression::Call(Function::Check(check), arguments))
    }

    /// The name that the statement gives to its value.
    pub fn as_let(&self) -> Option<(&str, &Expression)> {
        match self {
            Statement::Let { names, value, .. } => match &names[..] {
                [name] => Some((name, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The variable that the statement gives a value to or adds to, and the value; none of what does more.
    pub fn as_definition(&self) -> Option<(&str, &Expression)> {
        match self {
            Statement::Assign(place, Sign::Set | Sign::Add, value) => Some((place.root()?, value)),
            _ => self.as_let(),
        }
    }

    /// Tells whether the statement, or one inside of it, writes to a variable or declares it.
    pub fn writes(&self, variable: &str) -> bool {
        let mut found = false;
        self.visit(&mut |statement| {
            found |= match statement {
                Statement::Let { names, .. } => names.iter().any(|name| name == variable),
                Statement::Assign(place, ..) => place.root() == Some(variable),
                _ => false,
            };
        });
        found
    }

    /// Tells whether a name is a part of the statement.
    pub fn mentions(&self, name: &str) -> bool {
        let mut found = false;
        self.visit(&mut |statement| {
            found |= statement.own_expressions().any(|expression| expression.mentions(name));
            if let Statement::Let { names, .. } = statement {
                found |= names.iter().any(|own| own == name);
            }
        });
        found
    }

    /// Tells whether an expression in the statement has a property.
    pub fn any(&self, mut holds: impl FnMut(&Expression) -> bool) -> bool {
        let mut found = false;
        self.visit_expressions(&mut |part| found |= holds(part));
        found
    }

    /// The kernels that the statement calls.
    pub fn kernels(&self) -> Vec<&'static str> {
        let mut kernels = Vec::new();
        self.visit_expressions(&mut |part| {
            if let Expression::Call(Function::Kernel(name, _), _) = part {
                kernels.push(*name);
            }
        });
        kernels
    }

    /// Looks at all expressions of the statement, and of those inside of it.
    pub fn visit_expressions<'s>(&'s self, look: &mut dyn FnMut(&'s Expression)) {
        self.visit(&mut |statement| statement.own_expressions().for_each(|expression| expression.visit(look)));
    }

    /// Looks at the statement, then at those inside of it.
    pub fn visit<'s>(&'s self, look: &mut dyn FnMut(&'s Statement)) {
        look(self);
        match self {
            Statement::For { body, .. } => body.iter().for_each(|inner| inner.visit(look)),
            Statement::If { body, otherwise, .. } => {
                body.iter().chain(otherwise).for_each(|inner| inner.visit(look));
            }
            _ => {}
        }
    }

    /// The expressions of the statement itself, without those of statements inside.
    pub fn own_expressions(&self) -> impl Iterator<Item = &Expression> {
        let (first, second) = match self {
            Statement::Let { value, .. } | Statement::Evaluate(value) | Statement::Result(value) => (Some(value), None),
            Statement::Assign(place, _, value) => (Some(place), Some(value)),
            Statement::For { pattern, over, .. } => (Some(pattern), Some(over)),
            Statement::If { condition, .. } => (Some(condition), None),
            Statement::Return(value) => (value.as_ref(), None),
            Statement::MayOverwrite => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Gives other names to variables.
    pub fn rename(&mut self, renamed: &dyn Fn(&str) -> String) {
        self.own_expressions_mut().into_iter().for_each(|expression| expression.rename(renamed));
        match self {
            Statement::Let { names, .. } => names.iter_mut().for_each(|name| *name = renamed(name)),
            Statement::For { body, .. } => body.iter_mut().for_each(|inner| inner.rename(renamed)),
            Statement::If { body, otherwise, .. } => {
                body.iter_mut().chain(otherwise).for_each(|inner| inner.rename(renamed));
            }
            _ => {}
        }
    }

    fn own_expressions_mut(&mut self) -> Vec<&mut Expression> {
        match self {
            Statement::Let { value, .. } | Statement::Evaluate(value) | Statement::Result(value) => vec![value],
            Statement::Assign(place, _, value) => vec![place, value],
            Statement::For { pattern, over, .. } => vec![pattern, over],
            Statement::If { condition, .. } => vec![condition],
            Statement::Return(value) => value.iter_mut().collect(),
            Statement::MayOverwrite => Vec::new(),
        }
    }

    /// Changes the expressions of a statement that has no others inside.
    pub fn rewrite(&mut self, change: &mut dyn FnMut(&mut Expression) -> bool) {
        self.own_expressions_mut().into_iter().for_each(|expression| expression.rewrite(change));
    }
}
