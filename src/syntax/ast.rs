//! The syntax tree: expressions in one arena, children before parents, so that no depth of nesting can overflow a stack.

use super::token::Comment;
use crate::source::Span;

/// Index of an expression in its [`Ast`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Returns the index as a `usize`.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    ElementMultiply,
    ElementDivide,
    ElementPower,
    Remainder,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl BinaryOperator {
    /// Returns the operator as it is written.
    pub fn symbol(self) -> &'static str {
        use BinaryOperator::*;
        match self {
            Add => "+",
            Subtract => "-",
            Multiply => "*",
            Divide => "/",
            Power => "^",
            ElementMultiply => ".*",
            ElementDivide => "./",
            ElementPower => ".^",
            Remainder => "mod",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            Equal => "==",
            NotEqual => "!=",
            And => "and",
            Or => "or",
        }
    }

    /// Tells whether the operator compares two numbers.
    pub fn is_comparison(self) -> bool {
        use BinaryOperator::*;
        matches!(self, Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual)
    }
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnaryOperator {
    Negate,
    Not,
    Transpose,
}

/// One place between the brackets of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// `x[i]`: one entry.
    At(NodeId),
    /// `x[a..b]`: entries a to b − 1; each end may be left out.
    Slice(Option<NodeId>, Option<NodeId>),
}

/// A `let` of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Let {
    /// The name, or several names for as many states.
    pub names: Vec<Name>,
    /// What the name stands for.
    pub value: NodeId,
}

impl Let {
    /// Makes a name for a value.
    pub fn one(name: Name, value: NodeId) -> Self {
        Let { names: vec![name], value }
    }

    /// Returns what stands between `let` and `=`.
    pub fn pattern(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(|name| name.text.as_str()).collect();
        if names.len() == 1 { names[0].to_string() } else { format!("({})", names.join(", ")) }
    }
}

/// A state of a recurrence with what it begins with: `s = s0`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// Its name.
    pub name: Name,
    /// What it begins with.
    pub initial: NodeId,
}

/// States that each value of an index makes new ones of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recurrence {
    /// The index with its range.
    pub range: Range,
    /// The states.
    pub states: Vec<State>,
    /// What each state becomes, or one expression of as many values as there are states.
    pub next: Vec<NodeId>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A number, as it is written.
    Number(String),
    /// A name: a parameter, a `let`, a constant, an index or a dimension.
    Name(String),
    /// `-x`, `not c`, `x'`.
    Unary(UnaryOperator, NodeId),
    /// `a + b` and its like.
    Binary(BinaryOperator, NodeId, NodeId),
    /// `f(a, b)`.
    Call(Name, Vec<NodeId>),
    /// `sum(i in a..b if c, e)` and the like, over one index or several: function, ranges, body.
    Fold(Name, Ranges, NodeId),
    /// `[i in a..b: e]`: the vector of all e, or with two indices the matrix.
    Map(Vec<Range>, NodeId),
    /// `fold(i in a..b, s = s0, e)`, the last state, `scan(…)`, the states after each step, and `exclusive_scan(…)`, those
    /// before each step.
    Recurrence(Name, Box<Recurrence>),
    /// `x[i]`, `W[i, ..]`.
    Index(NodeId, Vec<Index>),
    /// `if(c, a, b)` and `if c then a else b`.
    If(NodeId, NodeId, NodeId),
    /// `[a, b, c]`.
    List(Vec<NodeId>),
    /// `(a, b)`: a value for each of several states.
    Several(Vec<NodeId>),
    /// `{ let a = …; e }`.
    Block(Vec<Let>, NodeId),
}

/// An index with its range, the end excluded: `i in a..b`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// The index.
    pub index: Name,
    /// Where it begins.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
}

/// The indices that something runs over, the outer one first, and the condition for a term to count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ranges {
    /// The indices with their ranges.
    pub list: Vec<Range>,
    /// The condition.
    pub guard: Option<NodeId>,
}

impl Expression {
    /// Reads one of the states of a recurrence: the recurrence, and the state's name.
    pub fn as_state<'a>(&'a self, ast: &'a Ast) -> Option<(NodeId, &'a str)> {
        let Expression::Block(lets, body) = self else { return None };
        let ([only], Expression::Name(name)) = (lets.as_slice(), ast.get(*body)) else { return None };
        let is_state = only.names.len() > 1 && only.names.iter().any(|own| own.text == *name);
        is_state.then_some((only.value, name))
    }
}

impl Ranges {
    /// Makes the range of one index.
    pub fn one(index: Name, from: NodeId, to: NodeId) -> Self {
        Ranges { list: vec![Range { index, from, to }], guard: None }
    }
}

impl Expression {
    /// Calls `visit` on every direct child, in source order.
    pub fn for_each_child(&self, mut visit: impl FnMut(NodeId)) {
        match self {
            Expression::Number(_) | Expression::Name(_) => {}
            Expression::Unary(_, a) => visit(*a),
            Expression::Binary(_, a, b) => [*a, *b].into_iter().for_each(visit),
            Expression::Call(_, list) | Expression::List(list) | Expression::Several(list) => {
                list.iter().copied().for_each(visit);
            }
            Expression::Fold(_, Ranges { list, guard }, body) => {
                list.iter().for_each(|range| [range.from, range.to].into_iter().for_each(&mut visit));
                guard.iter().copied().for_each(&mut visit);
                visit(*body);
            }
            Expression::Map(list, body) => {
                list.iter().for_each(|range| [range.from, range.to].into_iter().for_each(&mut visit));
                visit(*body);
            }
            Expression::Recurrence(_, recurrence) => {
                let Recurrence { range, states, next } = &**recurrence;
                [range.from, range.to].into_iter().for_each(&mut visit);
                states.iter().for_each(|state| visit(state.initial));
                next.iter().copied().for_each(visit);
            }
            Expression::Index(base, places) => {
                visit(*base);
                for place in places {
                    match place {
                        Index::At(at) => visit(*at),
                        Index::Slice(from, to) => from.iter().chain(to).copied().for_each(&mut visit),
                    }
                }
            }
            Expression::If(c, a, b) => [*c, *a, *b].into_iter().for_each(visit),
            Expression::Block(lets, body) => {
                lets.iter().for_each(|binding| visit(binding.value));
                visit(*body);
            }
        }
    }
}

impl Expression {
    /// Calls `visit` on every direct child, to be changed.
    pub fn for_each_child_mut(&mut self, mut visit: impl FnMut(&mut NodeId)) {
        match self {
            Expression::Number(_) | Expression::Name(_) => {}
            Expression::Unary(_, a) => visit(a),
            Expression::Binary(_, a, b) => [a, b].into_iter().for_each(visit),
            Expression::Call(_, list) | Expression::List(list) | Expression::Several(list) => {
                list.iter_mut().for_each(visit);
            }
            Expression::Fold(_, Ranges { list, guard }, body) => {
                list.iter_mut().for_each(|range| [&mut range.from, &mut range.to].into_iter().for_each(&mut visit));
                guard.iter_mut().for_each(&mut visit);
                visit(body);
            }
            Expression::Map(list, body) => {
                list.iter_mut().for_each(|range| [&mut range.from, &mut range.to].into_iter().for_each(&mut visit));
                visit(body);
            }
            Expression::Recurrence(_, recurrence) => {
                let Recurrence { range, states, next } = &mut **recurrence;
                [&mut range.from, &mut range.to].into_iter().for_each(&mut visit);
                states.iter_mut().for_each(|state| visit(&mut state.initial));
                next.iter_mut().for_each(visit);
            }
            Expression::Index(base, places) => {
                visit(base);
                for place in places {
                    match place {
                        Index::At(at) => visit(at),
                        Index::Slice(from, to) => from.iter_mut().chain(to).for_each(&mut visit),
                    }
                }
            }
            Expression::If(c, a, b) => [c, a, b].into_iter().for_each(visit),
            Expression::Block(lets, body) => {
                lets.iter_mut().for_each(|binding| visit(&mut binding.value));
                visit(body);
            }
        }
    }
}

/// The declared shape of a parameter, with dimensions as expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// No annotation: a number.
    Scalar,
    /// `vector[n]`.
    Vector(NodeId),
    /// `matrix[n, m]`.
    Matrix(NodeId, NodeId),
    /// `tensor[n, m, k]`.
    Tensor(NodeId, NodeId, NodeId),
    /// `sym[n]`: a symmetric matrix.
    Symmetric(NodeId),
    /// `spd[n]`: a symmetric positive-definite matrix.
    PositiveDefinite(NodeId),
    /// `index[n]`: whole numbers that pick entries, or one without a dimension.
    Index(Option<NodeId>),
}

/// A declared fact about a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `x > 0` and the other comparisons with a constant.
    Compare(BinaryOperator, NodeId),
    /// `x in [a, b]`.
    Within(NodeId, NodeId),
    /// `k in a..b`, of whole numbers.
    Range(NodeId, NodeId),
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its declared shape.
    pub shape: Type,
    /// Its declared fact, if any.
    pub fact: Option<Fact>,
}

/// A definition in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `const g = 9.80665;`
    Constant {
        /// The constant's name.
        name: Name,
        /// Its value.
        value: NodeId,
    },
    /// `f(x, y) = …`
    Function {
        /// The function's name.
        name: Name,
        /// Its parameters.
        parameters: Vec<Parameter>,
        /// What it returns.
        body: NodeId,
    },
}

impl Item {
    /// Returns the name that the item defines.
    pub fn name(&self) -> &Name {
        match self {
            Item::Constant { name, .. } | Item::Function { name, .. } => name,
        }
    }

    /// Returns the expression that the item's name stands for.
    pub fn body(&self) -> NodeId {
        match self {
            Item::Constant { value, .. } => *value,
            Item::Function { body, .. } => *body,
        }
    }
}

/// What the grammar reads in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// A definition.
    Definition(Item),
    /// A parameter's declaration.
    Parameter(Parameter),
    /// A bare expression.
    Expression(NodeId),
}

/// What a source text holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A file of definitions, each with the span of its text.
    Items(Vec<(Item, Span)>),
    /// One bare expression.
    Expression(NodeId),
}

/// A parsed source text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ast {
    nodes: Vec<Expression>,
    spans: Vec<Span>,
    /// Comments in the order of their places.
    pub comments: Vec<Comment>,
    /// Names of definitions that could not be read.
    pub broken: Vec<String>,
}

impl Ast {
    /// Adds an expression whose children are already in the tree.
    pub fn add(&mut self, expression: Expression, span: Span) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(expression);
        self.spans.push(span);
        id
    }

    /// Adds an expression that has no place in a source.
    pub fn synthesize(&mut self, expression: Expression) -> NodeId {
        self.add(expression, Span::default())
    }

    /// Copies an expression of another tree.
    pub fn copy(&mut self, other: &Ast, root: NodeId) -> NodeId {
        let mut image: Vec<NodeId> = Vec::with_capacity(root.index() + 1);
        for index in 0..=root.index() {
            let mut expression = other.nodes[index].clone();
            expression.for_each_child_mut(|child| *child = image[child.index()]);
            image.push(self.synthesize(expression));
        }
        image[root.index()]
    }

    /// Returns an expression.
    pub fn get(&self, id: NodeId) -> &Expression {
        &self.nodes[id.index()]
    }

    /// Returns an expression's place.
    pub fn span(&self, id: NodeId) -> Span {
        self.spans[id.index()]
    }

    /// Returns the number of expressions.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Tells whether there is no expression at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
