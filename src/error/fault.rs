//! TABLE 3: what can be wrong, each with a code that stays the same, an explanation, and an example with its correction.

/// What is wrong, as far as its kind goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Fault {
    Character = 1,
    Bracket = 2,
    Syntax = 3,
    Empty = 4,
    Type = 5,
    UnknownName = 6,
    UnknownFunction = 7,
    Arguments = 8,
    Repeated = 9,
    Recursion = 10,
    Number = 11,
    Shapes = 12,
    Square = 13,
    Index = 14,
    Range = 15,
    Symbolic = 16,
    FixedSize = 17,
    Dimension = 18,
    Condition = 19,
    NoEntry = 20,
    Fact = 21,
    Derivative = 22,
    TooLarge = 23,
    OneValue = 24,
    Parameter = 25,
    NoParameter = 26,
    Point = 27,
    File = 28,
    NoSuch = 29,
    Declaration = 30,
    Undefined = 31,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is about.
    pub fault: Fault,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What holds instead.
    pub explanation: &'static str,
    /// A source that has the error, or a command line that begins with `gradc`.
    pub wrong: &'static str,
    /// The same put right.
    pub right: &'static str,
}

impl Fault {
    /// Writes the code: `E0007`.
    pub fn code(self) -> String {
        format!("E{:04}", self as u16)
    }

    /// Finds the row of a code, written in capitals or not.
    pub fn find(text: &str) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.fault.code().eq_ignore_ascii_case(text))
    }
}

const fn row(fault: Fault, title: &'static str, explanation: &'static str, [wrong, right]: [&'static str; 2]) -> Row {
    Row { fault, title, explanation, wrong, right }
}

/// All codes, in order.
pub const TABLE: &[Row] = &[
    row(
        Fault::Character,
        "a character means nothing here",
        "The language is written with letters, digits and the operators of the keyboard; other signs, also those that look like one, are not read.",
        ["f(x) = x − 1", "f(x) = x - 1"],
    ),
    row(
        Fault::Bracket,
        "a bracket has no partner",
        "Every `(`, `[` and `{` is closed by its own kind, in order.",
        ["f(x) = (x + 1]", "f(x) = (x + 1)"],
    ),
    row(
        Fault::Syntax,
        "something else is expected here",
        "The message tells what can stand at this place. Products need their sign, and a definition has the form `f(x, y) = ...`.",
        ["f(x) = 2 x", "f(x) = 2*x"],
    ),
    row(
        Fault::Empty,
        "there is nothing to read",
        "A source has at least one expression or definition.",
        ["// nothing but a comment", "// an expression\nx^2"],
    ),
    row(
        Fault::Type,
        "there is no such type",
        "Parameters are numbers, `vector[n]`, `matrix[n, m]`, `tensor[n, m, k]`, `sym[n]` or `spd[n]`, with as many dimensions as shown.",
        ["f(x: vector[2, 3]) = x[0]", "f(x: matrix[2, 3]) = x[0, 0]"],
    ),
    row(
        Fault::UnknownName,
        "a name stands for nothing",
        "A name is a parameter, a `let` before this place, a constant, a dimension, or the index of a sum around it.",
        ["f(alpha, x) = alhpa*x", "f(alpha, x) = alpha*x"],
    ),
    row(
        Fault::UnknownFunction,
        "there is no such function",
        "A function is one of the built-in ones, or defined in the same source.",
        ["f(x) = sine(x)", "f(x) = sin(x)"],
    ),
    row(
        Fault::Arguments,
        "a function does not take these arguments",
        "Each function has its number of arguments, and some need a whole number among them.",
        ["f(x) = atan2(x)", "f(x) = atan2(x, 1)"],
    ),
    row(
        Fault::Repeated,
        "a name is given twice",
        "Parameters of one function have different names, and so have the definitions of one source.",
        ["f(x, y, x) = x*y", "f(x, y, z) = x*y*z"],
    ),
    row(
        Fault::Recursion,
        "a definition leads back to itself",
        "Functions call others, but neither directly nor through others themselves.",
        ["f(x) = x*f(x - 1)", "g(x) = x - 1\nf(x) = x*g(x)"],
    ),
    row(
        Fault::Number,
        "a number is out of range",
        "Numbers are exact, with exponents of a limited size.",
        ["f(x) = x*1e999999999", "f(x) = x*1e9"],
    ),
    row(
        Fault::Shapes,
        "shapes do not fit together",
        "Sums and entrywise operations take equal shapes or a number; in a product the inner dimensions are equal. The message tells both shapes.",
        ["f(W: matrix[n, m], x: vector[n]) = sum(W*x)", "f(W: matrix[n, m], x: vector[n]) = sum(W'*x)"],
    ),
    row(
        Fault::Square,
        "a square matrix is needed",
        "Trace, determinant, inverse and linear systems are those of matrices with as many rows as columns.",
        ["f(A: matrix[n, m]) = tr(A)", "f(A: matrix[n, m]) = tr(A'*A)"],
    ),
    row(
        Fault::Index,
        "there is no such entry",
        "Entries are counted from 0; a vector takes one whole number, a matrix two.",
        ["f(x: vector[3]) = x[3]", "f(x: vector[3]) = x[2]"],
    ),
    row(
        Fault::Range,
        "nothing can run over this",
        "`sum`, `prod`, `max`, `min`, `mean` and `logsumexp` run over `i in a..b`, from a to b - 1, where both are whole numbers or made of dimensions and of indices further out; `fold(i in a..b, s = s0, e)` and `scan` carry a state along.",
        ["f(x, n) = sum(i in 0..n, x^i)", "f(x) = sum(i in 0..4, x^i)"],
    ),
    row(
        Fault::Symbolic,
        "this does not go over a symbolic range",
        "Where a range has a name instead of a number, `max`, `min`, `prod` and `logsumexp` over its index are functions of numbers or of vectors.",
        [
            "f(A: matrix[n, m]) = sum(max(i in 0..n, i*A))",
            "f(A: matrix[n, m]) = sum(j in 0..m, sum(max(i in 0..n, i*A[.., j])))",
        ],
    ),
    row(
        Fault::FixedSize,
        "the size must be a number",
        "What needs entries one by one, as second derivatives by a symmetric matrix do, needs a number for the size.",
        [
            "gradc compile 'f(S: sym[n]) = tr(S*S)' --derive hessian",
            "gradc compile 'f(S: sym[3]) = tr(S*S)' --derive hessian",
        ],
    ),
    row(
        Fault::Dimension,
        "this is no dimension",
        "A dimension is a whole number, a name, or made of both by `+`, `-` and multiples.",
        ["f(x: vector[1.5]) = 1", "f(x: vector[2]) = sum(x)"],
    ),
    row(
        Fault::Condition,
        "conditions and numbers are mixed up",
        "A comparison stands in `if`, and chooses between numbers; a number is no condition.",
        ["f(x) = x*(x > 0)", "f(x) = x*if(x > 0, 1, 0)"],
    ),
    row(
        Fault::NoEntry,
        "at least one entry is needed",
        "Lists are not empty, and neither is what a maximum or a norm is taken of.",
        ["f(x) = []", "f(x) = [x]"],
    ),
    row(
        Fault::Fact,
        "this is no fact about a parameter",
        "A fact compares the parameter with a number, or gives an interval: `x > 0`, `x != 0`, `x in [0, 1]`.",
        ["f(x, y > x) = x*y", "f(x, y > 0) = x*y"],
    ),
    row(
        Fault::Derivative,
        "a derivative is not taken in this way",
        "`diff`, `grad`, `jacobian` and `hessian` are taken by a name; `diff` is of numbers, and its order is a whole number. A function that has no rule for an argument is never taken as constant.",
        ["f(x) = diff(x^2, x + 1)", "f(x) = { let u = x + 1; diff(u^2, u) }"],
    ),
    row(
        Fault::TooLarge,
        "this is too large",
        "What is written out entry by entry has a limited number of entries and operations.",
        ["f(x) = sum(x*ones(10000000))", "f(x: vector[n], a) = a*sum(x)"],
    ),
    row(
        Fault::OneValue,
        "one number is needed",
        "Gradients, second derivatives and backpropagation are those of a function with one value. In Rust code, vectors have `jacobian`, `jvp` and `vjp`.",
        ["gradc grad '[x, y]'", "gradc jacobian '[x, y]'"],
    ),
    row(
        Fault::Parameter,
        "there is no such parameter",
        "What is derived by is a parameter of the function, or one of its entries.",
        ["gradc grad 'x^2' --wrt y", "gradc grad 'x^2' --wrt x"],
    ),
    row(
        Fault::NoParameter,
        "there is nothing to derive by",
        "A function without parameters is constant.",
        ["gradc explain '3'", "gradc explain '3*x'"],
    ),
    row(
        Fault::Point,
        "the point does not fit the parameters",
        "A point gives a constant for each parameter, with as many numbers as it has entries.",
        ["gradc grad 'x*y' --at x=1", "gradc grad 'x*y' --at x=1,y=2"],
    ),
    row(
        Fault::File,
        "a file can not be read or written",
        "The message tells which one, and what the system says.",
        ["gradc grad missing.grad", "gradc grad 'x^2'"],
    ),
    row(
        Fault::NoSuch,
        "there is nothing of this name",
        "The message lists what there is, or what is meant.",
        ["gradc rules Pytagoras", "gradc rules Pythagoras"],
    ),
    row(
        Fault::Declaration,
        "definitions declare their own parameters",
        "`--param` types the free names of an expression; a definition has its types in its own brackets.",
        ["gradc grad 'f(x) = sum(x)' --param 'x: vector[3]'", "gradc grad 'sum(x)' --param 'x: vector[3]'"],
    ),
    row(
        Fault::Undefined,
        "a constant has no value",
        "Over the real numbers nothing is divided by 0, and roots and logarithms are those of positive numbers. Such a constant is an error where it is written; where a call or a sum makes one of a parameter or an index, it may stand in a branch that is never taken.",
        ["f(x) = x + ln(0)", "f(x) = if(x > 0, ln(x), 0)"],
    ),
];
