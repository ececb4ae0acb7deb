//! Whole vectors and matrices: operators and functions that keep them in one piece.

use super::dimensions::as_dimension;
use super::gates::{Gates, one_number};
use super::value::Value;
use crate::error::{Diagnostic, Fault};
use crate::functions::rows;
use crate::graph::{Comparison, Dimension, ExprId, Extents, MatrixOperation as M, Rational};
use crate::source::Span;
use crate::syntax::ast::BinaryOperator;

/// The functions of whole matrices, with the numbers of arguments they take.
pub const FUNCTIONS: &[(&str, std::ops::RangeInclusive<usize>, &str)] = &[
    ("tr", 1..=1, "tr(A)"),
    ("det", 1..=1, "det(A)"),
    ("logdet", 1..=1, "logdet(A)"),
    ("inv", 1..=1, "inv(A)"),
    ("adj", 1..=1, "adj(A)"),
    ("solve", 2..=2, "solve(A, b)"),
    ("outer", 2..=2, "outer(x, y)"),
    ("diag", 1..=1, "diag(x) of a vector, diag(A) of a matrix"),
    ("eye", 1..=1, "eye(n)"),
    ("ones", 1..=2, "ones(n) or ones(n, m)"),
    ("zeros", 1..=2, "zeros(n) or zeros(n, m)"),
    ("stack", 1..=usize::MAX, "stack(a, b, ...)"),
    ("join", 1..=usize::MAX, "join(a, b, ...)"),
];

/// Returns the node of a number or of a whole matrix.
pub fn node(value: &Value, span: Span) -> Result<ExprId, Diagnostic> {
    match value {
        Value::Scalar(id) | Value::Whole(id) => Ok(*id),
        Value::Running(_) | Value::Rows(_) => Err(one_number(span)),
        Value::Condition(_) | Value::Conditions(..) => {
            Err(Diagnostic::new(Fault::Condition, span, "this is a condition, not a number")
                .hint("choose a number by it: `if(x > 0, 1, 0)`"))
        }
        _ => Err(Diagnostic::new(Fault::FixedSize, span, "a list of entries does not go with whole vectors here")),
    }
}

/// How entries meet one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Whole vectors and matrices have the same extents.
    Whole,
    /// Numbers for each value of an index: a column and a row fill a matrix.
    Running,
}

/// Returns the nodes of values that go together entry by entry, and how they meet.
fn meeting(values: &[Value], spans: &[Span]) -> Result<(Vec<ExprId>, Meeting), Diagnostic> {
    let running = values.iter().any(|value| matches!(value, Value::Running(_)));
    let each = |(value, span): (&Value, &Span)| match value {
        Value::Running(id) => Ok(*id),
        Value::Whole(_) if running => {
            let message = "inside of a sum over a symbolic range, a whole vector does not go with single entries";
            Err(Diagnostic::new(Fault::Symbolic, *span, message).hint("pick its entry by the index"))
        }
        value => node(value, *span),
    };
    let nodes = values.iter().zip(spans).map(each).collect::<Result<_, _>>()?;
    Ok((nodes, if running { Meeting::Running } else { Meeting::Whole }))
}

/// Tells whether a column and a row, or parts of one matrix, fill a matrix together.
fn crosses(a: &Extents, b: &Extents) -> bool {
    (a.rows == b.rows || a.rows.is_one() || b.rows.is_one())
        && (a.columns == b.columns || a.columns.is_one() || b.columns.is_one())
}

/// Returns the extents of the matrix that they fill.
fn crossed(a: &Extents, b: &Extents) -> Extents {
    let larger = |x: &Dimension, y: &Dimension| if x.is_one() { y.clone() } else { x.clone() };
    Extents::new(larger(&a.rows, &b.rows), larger(&a.columns, &b.columns))
}

impl Gates<'_> {
    fn whole(&self, id: ExprId) -> Value {
        self.met(id, Meeting::Whole)
    }

    fn met(&self, id: ExprId, meeting: Meeting) -> Value {
        match meeting {
            _ if self.graph.extents(id).is_scalar() => Value::Scalar(id),
            Meeting::Whole => Value::Whole(id),
            Meeting::Running => Value::Running(id),
        }
    }

    /// Makes a binary operator on numbers and whole matrices.
    ///
    /// # Errors
    /// Extents that don't go together.
    pub fn whole_binary(
        &mut self,
        operator: BinaryOperator,
        a: &Value,
        b: &Value,
        spans: [Span; 3],
    ) -> Result<Value, Diagnostic> {
        if matches!(a, Value::Rows(_)) || matches!(b, Value::Rows(_)) {
            return self.rows_binary(operator, a, b, spans);
        }
        if let Some(rows) = self.multiples(operator, a, b) {
            return Ok(Value::Rows(rows));
        }
        let span = spans[0];
        let (nodes, meeting) = meeting(&[a.clone(), b.clone()], &spans[1..])?;
        let (a, b) = (nodes[0], nodes[1]);
        if let Some(comparison) = Comparison::from_operator(operator) {
            let (a, b, _) = self.matched(a, b, meeting, operator.symbol(), span)?;
            return Ok(Value::Condition(self.graph.compare(comparison, a, b)));
        }
        let (of_a, of_b) = (self.graph.extents(a), self.graph.extents(b));
        let scalar = of_a.is_scalar() || of_b.is_scalar();
        match operator {
            _ if meeting == Meeting::Running => {
                let (a, b, _) = self.matched(a, b, meeting, operator.symbol(), span)?;
                let result = self.arithmetic(operator, a, b);
                Ok(self.met(result, meeting))
            }
            BinaryOperator::Multiply if !scalar => {
                if of_a.columns != of_b.rows {
                    return Err(product_mismatch(&of_a, &of_b, spans));
                }
                let product = self.graph.matrix(M::Product, &[a, b]);
                Ok(self.whole(product))
            }
            BinaryOperator::Divide if !of_b.is_scalar() => {
                let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`/` does not take {of_a} and {of_b}"));
                Err(diagnostic.hint("entry by entry it is `./`; a linear system is solved by `solve(A, b)`"))
            }
            BinaryOperator::Power if !(of_a.is_scalar() && of_b.is_scalar()) => {
                let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`^` does not take {of_a} and {of_b}"));
                Err(diagnostic.hint("entry by entry it is `.^`; the product of a matrix with itself is `A*A`"))
            }
            _ => {
                let (a, b, _) = self.matched(a, b, meeting, operator.symbol(), span)?;
                let result = self.arithmetic(operator, a, b);
                Ok(self.whole(result))
            }
        }
    }

    /// Returns two operands whose entries go together.
    fn matched(
        &mut self,
        a: ExprId,
        b: ExprId,
        meeting: Meeting,
        symbol: &str,
        span: Span,
    ) -> Result<(ExprId, ExprId, Extents), Diagnostic> {
        let (of_a, of_b) = (self.graph.extents(a), self.graph.extents(b));
        if of_a == of_b || of_b.is_scalar() {
            return Ok((a, b, of_a));
        }
        if of_a.is_scalar() {
            return Ok((a, b, of_b));
        }
        if meeting == Meeting::Running && crosses(&of_a, &of_b) {
            let extents = crossed(&of_a, &of_b);
            return Ok((self.repeated(a, &extents), self.repeated(b, &extents), extents));
        }
        let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`{symbol}` does not take {of_a} and {of_b}"));
        Err(if of_a == of_b.transposed() {
            diagnostic.hint("transpose one of them: `x'`")
        } else {
            diagnostic.hint("entry by entry, both need the same shape")
        })
    }

    /// Repeats a column or a row to fill a matrix.
    pub(super) fn repeated(&mut self, id: ExprId, extents: &Extents) -> ExprId {
        let own = self.graph.extents(id);
        if own == *extents || own.is_scalar() {
            return id;
        }
        let mut factors = vec![id];
        if own.rows != extents.rows {
            factors.insert(0, self.graph.ones(extents.rows.clone(), Dimension::number(1)));
        }
        if own.columns != extents.columns {
            factors.push(self.graph.ones(Dimension::number(1), extents.columns.clone()));
        }
        self.graph.matrix(M::Product, &factors)
    }

    /// Applies a function entry by entry to numbers and whole matrices.
    ///
    /// # Errors
    /// Different extents.
    pub fn whole_entrywise(
        &mut self,
        values: &[Value],
        spans: &[Span],
        span: Span,
        mut apply: impl FnMut(&mut Self, &[ExprId]) -> ExprId,
    ) -> Result<Value, Diagnostic> {
        if values.iter().any(|value| matches!(value, Value::Rows(_))) {
            return self.rows_entrywise(values, spans, span, apply);
        }
        let (mut nodes, meeting) = meeting(values, spans)?;
        let mut arrays: Vec<usize> = (0..nodes.len()).collect();
        arrays.retain(|at| !self.graph.extents(nodes[*at]).is_scalar());
        if let [first, rest @ ..] = &arrays[..] {
            // The first grows with each that it meets, and then the others grow to its extents.
            for at in rest.iter().chain(rest) {
                let (a, b) = (nodes[*first], nodes[*at]);
                let (a, b, _) = self.matched(a, b, meeting, ",", span).map_err(|diagnostic| {
                    let (a, b) = (self.graph.extents(a), self.graph.extents(b));
                    Diagnostic { message: format!("{a} and {b} don't match entry by entry"), ..diagnostic }
                })?;
                (nodes[*first], nodes[*at]) = (a, b);
            }
        }
        let result = apply(self, &nodes);
        Ok(self.met(result, meeting))
    }

    /// Makes the transpose.
    pub fn whole_transpose(&mut self, id: ExprId) -> Value {
        match self.graph.extents(id).is_scalar() {
            true => Value::Scalar(id),
            false => Value::Whole(self.graph.matrix(M::Transpose, &[id])),
        }
    }

    /// Makes a chosen branch, entry by entry.
    ///
    /// # Errors
    /// Different extents.
    pub fn whole_choice(
        &mut self,
        condition: (ExprId, Meeting),
        branches: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let (condition, of_condition) = condition;
        let (nodes, meeting) = meeting(branches, spans)?;
        let meeting = if self.graph.extents(condition).is_scalar() { meeting } else { of_condition };
        let (a, b, extents) = self.matched(nodes[0], nodes[1], meeting, "if", span)?;
        let of_condition = self.graph.extents(condition);
        let (a, b, extents) = match meeting {
            // Branches that one index chooses are repeated along the other one that the condition is about.
            Meeting::Running if !extents.is_scalar() && crosses(&of_condition, &extents) => {
                let joint = crossed(&of_condition, &extents);
                (self.repeated(a, &joint), self.repeated(b, &joint), joint)
            }
            _ => (a, b, extents),
        };
        if !of_condition.is_scalar() && !extents.is_scalar() && of_condition != extents {
            let message = format!("the condition is about {of_condition}, and the values are {extents}");
            return Err(Diagnostic::new(Fault::Shapes, span, message));
        }
        let choice = self.select(condition, a, b);
        Ok(self.met(choice, meeting))
    }

    /// Makes a function of a whole vector.
    ///
    /// # Errors
    /// Extents that the function does not take, and functions that need the entries one by one.
    pub fn whole_collective(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        if values.iter().any(|value| matches!(value, Value::Rows(_))) {
            return self.rows_collective(name, values, spans, span);
        }
        let id = node(&values[0], spans[0])?;
        let extents = self.graph.extents(id);
        let result = match name {
            "sum" => self.total(id),
            "mean" => {
                let total = self.total(id);
                let count = self.count(&extents);
                self.quotient(total, count)
            }
            "norm1" => {
                let sizes = self.apply(rows::ABS, &[id]);
                self.total(sizes)
            }
            "norm2" => {
                let square = self.square(id);
                self.apply(rows::SQRT, &[square])
            }
            "dot" => {
                let other = node(&values[1], spans[1])?;
                if self.graph.extents(other) != extents || !extents.is_column() {
                    let message = format!(
                        "`dot` takes two vectors of one length, not {extents} and {}",
                        self.graph.extents(other)
                    );
                    return Err(Diagnostic::new(Fault::Shapes, span, message));
                }
                let turned = self.graph.matrix(M::Transpose, &[id]);
                self.graph.matrix(M::Product, &[turned, other])
            }
            "logsumexp" | "softmax" | "log_softmax" | "logsumexp_rows" | "softmax_rows" | "log_softmax_rows" => {
                self.whole_shares(name, id, span)?
            }
            _ => {
                let message = format!("`{name}` of a vector needs its length as a number");
                return Err(
                    Diagnostic::new(Fault::FixedSize, span, message).hint("give the size as a number: `x: vector[3]`")
                );
            }
        };
        Ok(self.whole(result))
    }

    /// Makes the sum of all entries.
    pub fn total(&mut self, id: ExprId) -> ExprId {
        let extents = self.graph.extents(id);
        let mut factors = vec![id];
        if !extents.rows.is_one() {
            factors.insert(0, self.graph.ones(Dimension::number(1), extents.rows));
        }
        if !extents.columns.is_one() {
            factors.push(self.graph.ones(extents.columns, Dimension::number(1)));
        }
        if factors.len() == 1 { id } else { self.graph.matrix(M::Product, &factors) }
    }

    /// Makes the sum of the squares of all entries.
    fn square(&mut self, id: ExprId) -> ExprId {
        let extents = self.graph.extents(id);
        let turned = self.graph.matrix(M::Transpose, &[id]);
        match (extents.is_scalar(), extents.is_column(), extents.rows.is_one()) {
            (true, ..) => self.product(&[(id, Rational::integer(2))]),
            (_, true, _) => self.graph.matrix(M::Product, &[turned, id]),
            (_, _, true) => self.graph.matrix(M::Product, &[id, turned]),
            _ => {
                let squares = self.product(&[(id, Rational::integer(2))]);
                self.total(squares)
            }
        }
    }

    fn count(&mut self, extents: &Extents) -> ExprId {
        let mut size = |dimension: &Dimension| self.graph.construct_matrix(&M::Size(dimension.clone()), &[]);
        let (rows, columns) = (size(&extents.rows), size(&extents.columns));
        match (extents.is_column(), extents.rows.is_one()) {
            (true, _) => rows,
            (_, true) => columns,
            _ => self.product(&[(rows, Rational::ONE), (columns, Rational::ONE)]),
        }
    }

    /// Makes a function of [`FUNCTIONS`].
    ///
    /// # Errors
    /// Extents that the function does not take.
    pub fn whole_function(
        &mut self,
        name: &str,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let mut nodes = Vec::new();
        for (value, span) in values.iter().zip(spans) {
            nodes.push(node(value, *span)?);
        }
        let extents: Vec<Extents> = nodes.iter().map(|id| self.graph.extents(*id)).collect();
        let square = |what: &str| match extents[0].is_square() {
            true => Ok(()),
            false => Err(Diagnostic::new(
                Fault::Square,
                spans[0],
                format!("`{what}` takes a square matrix, not {}", extents[0]),
            )
            .hint("`A'*A` is square")),
        };
        let id = match name {
            "tr" | "det" | "logdet" | "inv" | "adj" => {
                square(name)?;
                let operation = match name {
                    "tr" => M::Trace,
                    "det" => M::Determinant,
                    "logdet" => M::LogDeterminant,
                    "adj" => M::Adjugate,
                    _ => M::Inverse,
                };
                self.graph.matrix(operation, &nodes)
            }
            "solve" => {
                square(name)?;
                if extents[1].rows != extents[0].rows {
                    return Err(product_mismatch(&extents[0], &extents[1], [span, spans[0], spans[1]]));
                }
                let inverse = self.graph.matrix(M::Inverse, &nodes[..1]);
                self.graph.matrix(M::Product, &[inverse, nodes[1]])
            }
            "outer" => {
                if let Some(at) = extents.iter().position(|extents| !extents.is_column()) {
                    let message = format!("`outer` takes two vectors, not {}", extents[at]);
                    return Err(Diagnostic::new(Fault::Shapes, spans[at], message));
                }
                let turned = self.graph.matrix(M::Transpose, &nodes[1..]);
                self.graph.matrix(M::Product, &[nodes[0], turned])
            }
            "diag" if extents[0].is_column() => self.graph.matrix(M::Diagonal, &nodes),
            "diag" => {
                square(name)?;
                self.graph.matrix(M::DiagonalOf, &nodes)
            }
            "stack" | "join" => {
                let stacks = name == "stack";
                let across = |extents: &Extents| {
                    if stacks { extents.columns.clone() } else { extents.rows.clone() }
                };
                if let Some(at) = extents.iter().position(|own| across(own) != across(&extents[0])) {
                    let what = if stacks { "columns" } else { "rows" };
                    let message = format!("`{name}` takes matrices with equally many {what}");
                    let label = format!("{} beside {}", extents[at], extents[0]);
                    return Err(Diagnostic::new(Fault::Shapes, spans[at], message).label(label));
                }
                self.graph.matrix(if stacks { M::Stack } else { M::Join }, &nodes)
            }
            _ => {
                let mut dimensions = Vec::new();
                for (id, span) in nodes.iter().zip(spans) {
                    let dimension = as_dimension(self.graph, *id).filter(|n| n.as_number().is_none_or(|n| n >= 0));
                    let wrong = || {
                        Diagnostic::new(Fault::Dimension, *span, "a dimension is a whole number or a dimension's name")
                    };
                    dimensions.push(dimension.ok_or_else(wrong)?);
                }
                let rows = dimensions[0].clone();
                if name == "eye" {
                    self.graph.identity(rows)
                } else {
                    let columns = dimensions.get(1).cloned().unwrap_or(Dimension::number(1));
                    let value = if name == "ones" { Rational::ONE } else { Rational::ZERO };
                    self.graph.full(value, Extents::new(rows, columns))
                }
            }
        };
        Ok(self.whole(id))
    }
}

/// Explains why two matrices have no product, with the likely intent.
pub fn product_mismatch(a: &Extents, b: &Extents, spans: [Span; 3]) -> Diagnostic {
    let [span, ..] = spans;
    if a.is_column() && b.is_column() {
        let diagnostic = Diagnostic::new(Fault::Shapes, span, format!("`*` does not take {a} and {b}"));
        let hint = match a == b {
            true => "`dot(x, y)` is the inner product, `x .* y` the product entry by entry, `outer(x, y)` a matrix",
            false => "`outer(x, y)` is the matrix of all products",
        };
        return diagnostic.hint(hint);
    }
    let message = format!("inner dimensions {} and {} differ", a.columns, b.rows);
    let diagnostic = Diagnostic::new(Fault::Shapes, span, message).label(format!("{a} times {b}"));
    let intents = [
        (a.rows == b.rows, "A'*B", "transpose the left one"),
        (a.columns == b.columns, "A*B'", "transpose the right one"),
        (a.rows == b.columns, "B*A", "exchange them"),
    ];
    match intents.iter().find(|(fits, ..)| *fits) {
        Some((_, form, what)) => diagnostic.hint(format!("did you mean `{form}`? ({what})")),
        None => diagnostic,
    }
}
