//! Expressions of generated code. Which of them need parentheses is the printer's business.

use super::Scalar;
use crate::graph::Comparison;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// An expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expression {
    /// A variable, or the path of a constant.
    Name(String),
    /// A whole number.
    Whole(usize),
    /// A floating-point number.
    Number(Number),
    /// A floating-point number that has a name of its own.
    Known(&'static str, Scalar),
    /// A message.
    Text(String),
    /// `a[i]`; where the index is a range, a part of a slice.
    Entry(Box<Expression>, Box<Expression>),
    /// `from..to`, of which either may be left out.
    Range(Option<Box<Expression>>, Option<Box<Expression>>),
    Unary(Unary, Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// A call of a function with its arguments.
    Call(Function, Vec<Expression>),
    /// A call of a method of the first expression.
    Method(Box<Expression>, &'static str, Vec<Expression>),
    /// `if a { b } else { c }`.
    Choice(Box<[Expression; 3]>),
    /// `a as usize`.
    Cast(Box<Expression>, &'static str),
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `[a; n]`.
    Repeated(Box<Expression>, Box<Expression>),
    /// `(a, b)`.
    Tuple(Vec<Expression>),
    /// A structure's name, and its fields with their values.
    Structure(String, Vec<(String, Expression)>),
    /// What is known before the code runs.
    Constant(Box<Expression>),
    /// `|a| b`.
    Closure(String, Box<Expression>),
    /// `let a = b`, which is a condition.
    Match(Box<Expression>, Box<Expression>),
}

/// A floating-point number as it is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number {
    /// The digits, without a sign.
    pub digits: String,
    pub is_negative: bool,
    /// Its type, where that is written.
    pub kind: Option<&'static str>,
    /// What it is, for people who read the code.
    pub meaning: Option<String>,
}

impl Number {
    /// A number that is written with these digits.
    pub fn new(digits: &str, kind: Option<&'static str>) -> Self {
        Number { digits: digits.to_string(), is_negative: false, kind, meaning: None }
    }
}

/// What stands before an operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unary {
    Negate,
    Not,
    Reference,
    Mutable,
    Dereference,
}

/// What stands between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Compare(Comparison),
    And,
    Or,
}

/// What is called.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Function {
    /// A kernel, and whether the constant that tells to multiply and add in one instruction is given to it.
    Kernel(&'static str, bool),
    /// A special function that is a part of the code.
    Special(&'static str),
    /// Makes sure that something holds, or else ends with a message.
    Check(Check),
    /// Another function, by its path.
    Path(String),
}

/// What is made sure of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Check {
    /// That a condition holds.
    Holds,
    /// That two numbers are equal.
    Equal,
    /// The same, where code is tested.
    EqualInTests,
}

impl Expression {
    /// Calls a kernel.
    pub fn kernel(name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Expression::Call(Function::Kernel(name, false), arguments.into_iter().collect())
    }

    /// Calls a kernel that multiplies and adds in one instruction where the processor has that.
    pub fn fused_kernel(name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Expression::Call(Function::Kernel(name, true), arguments.into_iter().collect())
    }

    /// Calls a function by its path.
    pub fn call(path: impl Into<String>, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Expression::Call(Function::Path(path.into()), arguments.into_iter().collect())
    }

    /// Calls a method.
    pub fn method(self, name: &'static str, arguments: impl IntoIterator<Item = Expression>) -> Self {
        Expression::Method(Box::new(self), name, arguments.into_iter().collect())
    }

    /// An entry of an array or a slice.
    pub fn at(self, index: impl Into<Expression>) -> Self {
        Expression::Entry(Box::new(self), Box::new(index.into()))
    }

    /// The entries of a slice from a place on.
    pub fn beyond(self, from: impl Into<Expression>) -> Self {
        self.at(Expression::Range(Some(Box::new(from.into())), None))
    }

    /// So many entries of a slice from a place on.
    pub fn part(self, from: impl Into<Expression>, count: impl Into<Expression>) -> Self {
        self.beyond(from).first(count)
    }

    /// So many entries of a slice from its beginning on.
    pub fn first(self, count: impl Into<Expression>) -> Self {
        self.at(Expression::Range(None, Some(Box::new(count.into()))))
    }

    /// A range.
    pub fn range(from: impl Into<Expression>, to: impl Into<Expression>) -> Self {
        Expression::Range(Some(Box::new(from.into())), Some(Box::new(to.into())))
    }

    pub fn reference(self) -> Self {
        Expression::Unary(Unary::Reference, Box::new(self))
    }

    pub fn mutable(self) -> Self {
        Expression::Unary(Unary::Mutable, Box::new(self))
    }

    pub fn dereference(self) -> Self {
        Expression::Unary(Unary::Dereference, Box::new(self))
    }

    pub fn cast(self, kind: &'static str) -> Self {
        Expression::Cast(Box::new(self), kind)
    }

    pub fn choice(condition: Expression, holds: Expression, fails: Expression) -> Self {
        Expression::Choice(Box::new([condition, holds, fails]))
    }

    pub fn compare(self, comparison: Comparison, other: impl Into<Expression>) -> Self {
        self.binary(Binary::Compare(comparison), other.into())
    }

    pub fn binary(self, operator: Binary, other: Expression) -> Self {
        Expression::Binary(operator, Box::new(self), Box::new(other))
    }

    /// A floating-point number that is written without its type.
    pub fn float(digits: &str) -> Self {
        Expression::Number(Number::new(digits, None))
    }

    /// Zero, without its type.
    pub fn zero() -> Self {
        Expression::float("0.0")
    }

    /// An array of zeros of a type.
    pub fn zeros(float: Scalar, count: impl Into<Expression>) -> Self {
        let zero = Expression::Number(Number::new("0.0", Some(float.name())));
        Expression::Repeated(Box::new(zero), Box::new(count.into()))
    }

    /// Adds whole numbers from left to right, so that a number is only taken away from what is added before.
    pub fn plus(self, other: impl Into<Expression>) -> Self {
        match other.into() {
            Expression::Binary(operator @ (Binary::Add | Binary::Subtract), left, right) => {
                self.plus(*left).binary(operator, *right)
            }
            other => self + other,
        }
    }

    /// Multiplies whole numbers.
    pub fn times(self, other: impl Into<Expression>) -> Self {
        match other.into() {
            Expression::Binary(Binary::Multiply, left, right) => self.times(*left) * *right,
            other => self * other,
        }
    }

    /// Adds floating-point numbers; what is negative is taken away.
    pub fn plus_signed(self, other: Expression) -> Self {
        match other {
            Expression::Unary(Unary::Negate, positive) => self - *positive,
            Expression::Binary(Binary::Multiply, factor, rest) => match *factor {
                Expression::Number(number) if number.is_negative => {
                    self - Expression::Number(Number { is_negative: false, ..number }) * *rest
                }
                factor => self + factor * *rest,
            },
            other => self + other,
        }
    }

    /// The name, if the expression is one.
    pub fn as_name(&self) -> Option<&str> {
        match self {
            Expression::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The whole number, if the expression is one.
    pub fn as_whole(&self) -> Option<usize> {
        match self {
            Expression::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// The name of the array and the index, if the expression is an entry.
    pub fn as_entry(&self) -> Option<(&str, &Expression)> {
        match self {
            Expression::Entry(array, index) => Some((array.as_name()?, index)),
            _ => None,
        }
    }

    /// The array, if the expression is an entry of it with that name for its index.
    pub fn as_entry_at(&self, index: &str) -> Option<&str> {
        self.as_entry().filter(|(_, own)| own.as_name() == Some(index)).map(|(array, _)| array)
    }

    /// The variable that a place belongs to.
    pub fn root(&self) -> Option<&str> {
        match self {
            Expression::Name(name) => Some(name),
            Expression::Entry(inner, _) | Expression::Unary(_, inner) => inner.root(),
            _ => None,
        }
    }

    /// Tells whether the expression is made of numbers whose type is not written.
    pub fn is_untyped(&self) -> bool {
        match self {
            Expression::Number(number) => number.kind.is_none(),
            Expression::Whole(_) => true,
            Expression::Unary(Unary::Negate, a) => a.is_untyped(),
            Expression::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, a, b) => {
                a.is_untyped() && b.is_untyped()
            }
            Expression::Choice(parts) => parts[1].is_untyped() && parts[2].is_untyped(),
            _ => false,
        }
    }

    /// Tells whether the expression compares, or combines what does.
    pub fn is_condition(&self) -> bool {
        matches!(
            self,
            Expression::Unary(Unary::Not, _) | Expression::Binary(Binary::Compare(_) | Binary::And | Binary::Or, ..)
        )
    }

    /// Tells whether the expression calls a kernel that is told whether to multiply and add in one instruction; those take long.
    pub fn is_fused(&self) -> bool {
        matches!(self, Expression::Call(Function::Kernel(_, true), _))
    }

    /// Tells whether the expression, or a part of it, has a property.
    pub fn any(&self, mut holds: impl FnMut(&Expression) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |part| found |= holds(part));
        found
    }

    /// Tells whether a name is a part of the expression.
    pub fn mentions(&self, name: &str) -> bool {
        self.any(|part| part.as_name() == Some(name))
    }

    /// Looks at the expression, then at its parts from left to right.
    pub fn visit<'e>(&'e self, look: &mut dyn FnMut(&'e Expression)) {
        look(self);
        self.parts().for_each(|part| part.visit(look));
    }

    fn parts(&self) -> Box<dyn Iterator<Item = &Expression> + '_> {
        use Expression::*;
        match self {
            Name(_) | Whole(_) | Number(_) | Known(..) | Text(_) => Box::new(std::iter::empty()),
            Unary(_, a) | Cast(a, _) | Closure(_, a) | Constant(a) => Box::new([&**a].into_iter()),
            Entry(a, b) | Binary(_, a, b) | Repeated(a, b) | Match(a, b) => Box::new([&**a, &**b].into_iter()),
            Range(from, to) => Box::new([from, to].into_iter().flatten().map(|end| &**end)),
            Call(_, list) | List(list) | Tuple(list) => Box::new(list.iter()),
            Method(a, _, list) => Box::new([&**a].into_iter().chain(list)),
            Choice(list) => Box::new(list.iter()),
            Structure(_, fields) => Box::new(fields.iter().map(|(_, value)| value)),
        }
    }

    /// Gives other names to variables.
    pub fn rename(&mut self, renamed: &dyn Fn(&str) -> String) {
        self.rewrite(&mut |part| match part {
            Expression::Name(name) => {
                *name = renamed(name);
                true
            }
            _ => false,
        });
    }

    /// Changes the expression, or else its parts; `change` tells whether it has.
    pub fn rewrite(&mut self, change: &mut dyn FnMut(&mut Expression) -> bool) {
        use Expression::*;
        if change(self) {
            return;
        }
        match self {
            Name(_) | Whole(_) | Number(_) | Known(..) | Text(_) => {}
            Unary(_, a) | Cast(a, _) | Closure(_, a) | Constant(a) => a.rewrite(change),
            Entry(a, b) | Binary(_, a, b) | Repeated(a, b) | Match(a, b) => {
                a.rewrite(change);
                b.rewrite(change);
            }
            Range(from, to) => [from, to].into_iter().flatten().for_each(|end| end.rewrite(change)),
            Call(_, list) | List(list) | Tuple(list) => list.iter_mut().for_each(|part| part.rewrite(change)),
            Method(a, _, list) => {
                a.rewrite(change);
                list.iter_mut().for_each(|part| part.rewrite(change));
            }
            Choice(list) => list.iter_mut().for_each(|part| part.rewrite(change)),
            Structure(_, fields) => fields.iter_mut().for_each(|(_, value)| value.rewrite(change)),
        }
    }
}

impl From<&str> for Expression {
    fn from(name: &str) -> Self {
        Expression::Name(name.to_string())
    }
}

impl From<&Expression> for Expression {
    fn from(expression: &Expression) -> Self {
        expression.clone()
    }
}

impl From<&String> for Expression {
    fn from(name: &String) -> Self {
        Expression::Name(name.clone())
    }
}

impl From<String> for Expression {
    fn from(name: String) -> Self {
        Expression::Name(name)
    }
}

impl From<usize> for Expression {
    fn from(number: usize) -> Self {
        Expression::Whole(number)
    }
}

impl<E: Into<Expression>> Add<E> for Expression {
    type Output = Expression;
    fn add(self, other: E) -> Expression {
        self.binary(Binary::Add, other.into())
    }
}

impl<E: Into<Expression>> Sub<E> for Expression {
    type Output = Expression;
    fn sub(self, other: E) -> Expression {
        self.binary(Binary::Subtract, other.into())
    }
}

impl<E: Into<Expression>> Mul<E> for Expression {
    type Output = Expression;
    fn mul(self, other: E) -> Expression {
        self.binary(Binary::Multiply, other.into())
    }
}

impl<E: Into<Expression>> Div<E> for Expression {
    type Output = Expression;
    fn div(self, other: E) -> Expression {
        self.binary(Binary::Divide, other.into())
    }
}

impl<E: Into<Expression>> Rem<E> for Expression {
    type Output = Expression;
    fn rem(self, other: E) -> Expression {
        self.binary(Binary::Remainder, other.into())
    }
}

impl Neg for Expression {
    type Output = Expression;
    fn neg(self) -> Expression {
        Expression::Unary(Unary::Negate, Box::new(self))
    }
}
