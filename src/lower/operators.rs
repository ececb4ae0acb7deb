//! Operators on values: numbers, vectors and matrices, and what runs over the indices of sums over symbolic ranges.

use super::gates::{Gates, condition, node};
use super::value::{Rank, Rows, Value};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Comparison, Dimension, ExprId, Extents, MatrixOperation as M, Node};
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator, Expression, NodeId};
use crate::syntax::print_expression;

/// How entries meet one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Vectors and matrices have the same extents; what they make has this rank.
    Arrays(Option<Rank>),
    /// Numbers for each value of an index: a column and a row fill a matrix.
    Running,
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
    /// Returns the nodes of values that go together entry by entry, and how they meet.
    fn meeting(&self, values: &[Value], spans: &[Span]) -> Result<(Vec<ExprId>, Meeting), Diagnostic> {
        let running = values.iter().any(|value| matches!(value, Value::Running(_)));
        let each = |(value, span): (&Value, &Span)| match value {
            Value::Running(id) => Ok(*id),
            Value::Array(..) if running => {
                let message = "inside of a sum over a symbolic range, a whole vector does not go with single entries";
                Err(Diagnostic::new(Fault::Symbolic, *span, message).hint("pick its entry by the index"))
            }
            value => node(value, *span),
        };
        let nodes = values.iter().zip(spans).map(each).collect::<Result<_, _>>()?;
        Ok((nodes, if running { Meeting::Running } else { Meeting::Arrays(self.joint_rank(values)) }))
    }

    /// The rank of what arrays make together: that of the first one with several entries, or of the first that has one.
    fn joint_rank(&self, values: &[Value]) -> Option<Rank> {
        let arrays = || {
            values.iter().filter_map(|value| match value {
                Value::Array(id, rank) => Some((*id, *rank)),
                _ => None,
            })
        };
        let several = arrays().find(|(id, _)| !self.graph.extents(*id).is_scalar());
        let ranked = || arrays().find(|(_, rank)| *rank != Rank::Either);
        several.or_else(ranked).or_else(|| arrays().next()).map(|(_, rank)| rank)
    }

    fn met(&self, id: ExprId, meeting: Meeting) -> Value {
        let is_scalar = self.graph.extents(id).is_scalar();
        match meeting {
            Meeting::Arrays(Some(rank)) => Value::Array(id, rank),
            // A formula of the table is entry by entry, whatever its names stand for.
            Meeting::Arrays(None) if self.canonical => Value::Scalar(id),
            Meeting::Arrays(None) => self.value(id),
            Meeting::Running if is_scalar => Value::Scalar(id),
            Meeting::Running => Value::Running(id),
        }
    }

    /// Makes a binary operator on values.
    ///
    /// # Errors
    /// Conditions where numbers belong or the reverse, and shapes that don't go together.
    pub fn binary(
        &mut self,
        operator: BinaryOperator,
        a: &Value,
        b: &Value,
        spans: [Span; 3],
    ) -> Result<Value, Diagnostic> {
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            return self.both(operator, a, b, spans);
        }
        if matches!(a, Value::Rows(_)) || matches!(b, Value::Rows(_)) {
            return self.rows_binary(operator, a, b, spans);
        }
        if let Some(rows) = self.multiples(operator, a, b) {
            return Ok(Value::Rows(rows));
        }
        let span = spans[0];
        let shapes = [self.described(a), self.described(b)];
        let are_arrays = matches!((a, b), (Value::Array(..), Value::Array(..)));
        let (nodes, meeting) = self.meeting(&[a.clone(), b.clone()], &spans[1..])?;
        let (a, b) = (nodes[0], nodes[1]);
        if let Some(comparison) = Comparison::from_operator(operator) {
            let (a, b, _) = self.matched(a, b, meeting, operator.symbol(), span)?;
            return Ok(Value::Condition(self.graph.compare(comparison, a, b)));
        }
        let (of_a, of_b) = (self.graph.extents(a), self.graph.extents(b));
        let scalar = of_a.is_scalar() || of_b.is_scalar();
        let mismatch = |hint: &str| {
            let message = format!("`{}` does not take {} and {}", operator.symbol(), shapes[0], shapes[1]);
            Err(Diagnostic::new(Fault::Shapes, span, message).hint(hint))
        };
        match operator {
            _ if self.canonical => Ok(Value::Scalar(self.arithmetic(operator, a, b))),
            BinaryOperator::Multiply if !scalar && meeting != Meeting::Running => {
                if of_a.columns != of_b.rows {
                    return Err(product_mismatch(&of_a, &of_b, spans));
                }
                let product = self.graph.matrix(M::Product, &[a, b]);
                Ok(match self.graph.extents(product).is_scalar() {
                    true => Value::Array(product, Rank::Either),
                    false => self.value(product),
                })
            }
            BinaryOperator::Divide if !of_b.is_scalar() && meeting != Meeting::Running => {
                mismatch("entry by entry it is `./`; a linear system is solved by `solve(A, b)`")
            }
            BinaryOperator::Power if !(of_a.is_scalar() && of_b.is_scalar()) && meeting != Meeting::Running => {
                mismatch("entry by entry it is `.^`; the product of a matrix with itself is `A*A`")
            }
            _ => {
                let (a, b, _) = self.matched(a, b, meeting, operator.symbol(), span)?;
                let result = self.arithmetic(operator, a, b);
                let is_product = operator == BinaryOperator::Multiply && are_arrays;
                Ok(if is_product && self.graph.extents(result).is_scalar() {
                    Value::Array(result, Rank::Either)
                } else {
                    self.met(result, meeting)
                })
            }
        }
    }

    /// Makes `and` or `or`.
    fn both(&mut self, operator: BinaryOperator, a: &Value, b: &Value, spans: [Span; 3]) -> Result<Value, Diagnostic> {
        let (a, b) = (condition(a, spans[1])?, condition(b, spans[2])?);
        let (of_a, of_b) = (self.graph.extents(a), self.graph.extents(b));
        if of_a != of_b && !of_a.is_scalar() && !of_b.is_scalar() {
            let message = format!("`{}` does not take {of_a} and {of_b}", operator.symbol());
            return Err(Diagnostic::new(Fault::Shapes, spans[0], message));
        }
        let node = if operator == BinaryOperator::And { Node::And(a, b) } else { Node::Or(a, b) };
        Ok(Value::Condition(self.graph.intern(node)))
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

    /// Applies a function entry by entry; numbers are repeated to match arrays.
    ///
    /// # Errors
    /// Different extents.
    pub fn entrywise(
        &mut self,
        values: &[Value],
        spans: &[Span],
        span: Span,
        mut apply: impl FnMut(&mut Self, &[ExprId]) -> ExprId,
    ) -> Result<Value, Diagnostic> {
        if values.iter().any(|value| matches!(value, Value::Rows(_))) {
            return self.rows_entrywise(values, spans, span, apply);
        }
        let (mut nodes, meeting) = self.meeting(values, spans)?;
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
    ///
    /// # Errors
    /// A condition where a number belongs.
    pub fn transposed(&mut self, value: &Value, span: Span) -> Result<Value, Diagnostic> {
        Ok(match value {
            Value::Scalar(_) | Value::Running(_) => value.clone(),
            Value::Rows(rows) => Value::Rows(Rows { turned: !rows.turned, ..*rows }),
            value => {
                let id = node(value, span)?;
                let is_scalar = self.graph.extents(id).is_scalar();
                Value::Array(if is_scalar { id } else { self.graph.matrix(M::Transpose, &[id]) }, Rank::Matrix)
            }
        })
    }

    /// Makes a chosen branch, entry by entry; the values are the condition and its branches.
    ///
    /// # Errors
    /// Different extents.
    pub fn choice(
        &mut self,
        values: &[Value],
        spans: &[Span],
        span: Span,
        is_running: bool,
    ) -> Result<Value, Diagnostic> {
        let condition = condition(&values[0], spans[0])?;
        let (nodes, meeting) = self.meeting(&values[1..], &spans[1..])?;
        let of_condition = self.graph.extents(condition);
        let meeting = if is_running && !of_condition.is_scalar() { Meeting::Running } else { meeting };
        let (a, b, extents) = self.matched(nodes[0], nodes[1], meeting, "if", span)?;
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

    /// Makes `not` of a condition, or of one for each entry.
    ///
    /// # Errors
    /// A number where a condition belongs.
    pub fn opposite(&mut self, value: &Value, span: Span) -> Result<Value, Diagnostic> {
        let condition = condition(value, span)?;
        Ok(Value::Condition(self.graph.intern(Node::Not(condition))))
    }

    /// Makes `-a`.
    ///
    /// # Errors
    /// A condition where a number belongs.
    pub fn negate(&mut self, a: &Value, span: Span) -> Result<Value, Diagnostic> {
        Ok(match a {
            Value::Array(id, rank) => Value::Array(self.sum(&[(*id, true)]), *rank),
            Value::Running(id) => Value::Running(self.sum(&[(*id, true)])),
            Value::Rows(rows) => Value::Rows(Rows { matrix: self.sum(&[(rows.matrix, true)]), ..*rows }),
            a => {
                let id = node(a, span)?;
                Value::Scalar(self.sum(&[(id, true)]))
            }
        })
    }
}

/// Explains why two matrices have no product, with the likely intent.
pub(super) fn product_mismatch(a: &Extents, b: &Extents, spans: [Span; 3]) -> Diagnostic {
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

/// Longest operand that a hint repeats.
const LONGEST_OPERAND: usize = 24;

/// Puts the operands as they are written into a hint about `A` and `B`.
pub(super) fn with_operands(diagnostic: Diagnostic, ast: &Ast, left: NodeId, right: NodeId) -> Diagnostic {
    let Some(hint) = diagnostic.hint.as_ref().filter(|hint| hint.contains("`A") || hint.contains("`B")) else {
        return diagnostic;
    };
    let text = |id: NodeId| {
        let text = print_expression(ast, id);
        if matches!(ast.get(id), Expression::Binary(..) | Expression::Unary(..)) { format!("({text})") } else { text }
    };
    let (left, right) = (text(left), text(right));
    if left.len().max(right.len()) > LONGEST_OPERAND {
        return diagnostic;
    }
    let mut parts: Vec<String> = hint.split('`').map(str::to_string).collect();
    if let Some(form) = parts.get_mut(1) {
        *form = form
            .chars()
            .map(|c| match c {
                'A' => left.clone(),
                'B' => right.clone(),
                c => c.to_string(),
            })
            .collect();
    }
    let hint = parts.join("`");
    Diagnostic { hint: Some(hint), ..diagnostic }
}
