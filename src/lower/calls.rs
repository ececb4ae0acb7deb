//! Calls: of functions in Table 1, of the source's own functions, and of derivative operators.

use super::collective;
use super::derivatives::DERIVATIVES;
use super::dimensions::{self, Matching};
use super::gates::{node, one_number};
use super::machine::{Frame, Machine, Task};
use super::matrices::FUNCTIONS;
use super::shape::Shape;
use super::value::Value;
use crate::error::{Diagnostic, Fault, nearest};
use crate::functions::{self, Arity, Code, FunctionId};
use crate::graph::{Extents, MatrixOperation, Rational};
use crate::source::Span;
use crate::syntax::ast::{Item, Name, NodeId, Parameter};

impl Machine<'_> {
    /// Finds what is wrong with a call before its arguments are looked at.
    pub(super) fn check_call(&self, name: &Name, given: usize, span: Span) -> Result<(), Diagnostic> {
        let user = self.items.iter().find_map(|(item, _)| match item {
            Item::Function { name: own, parameters, .. } if own.text == name.text => Some(parameters.len()),
            _ => None,
        });
        let derivative = DERIVATIVES.iter().find(|(own, _)| *own == name.text).map(|(_, count)| count.clone());
        let matrix = FUNCTIONS.iter().find(|(own, ..)| *own == name.text).map(|(_, count, _)| count.clone());
        let derivative = derivative.or(matrix);
        let wanted = match (user, derivative, functions::find(&name.text)) {
            (Some(count), ..) => count..=count,
            (None, Some(range), _) => range,
            (None, None, Some(function)) => match function.row().arity {
                Arity::Fixed => function.row().parameters.len()..=function.row().parameters.len(),
                Arity::Folded => 1..=usize::MAX,
                Arity::Collective => function.row().parameters.len()..=function.row().parameters.len(),
            },
            (None, None, None) if self.ast.broken.contains(&name.text) => return Ok(()),
            (None, None, None) => return Err(self.unknown_function(name)),
        };
        if wanted.contains(&given) {
            return Ok(());
        }
        let count = |n: usize| format!("{n} argument{}", if n == 1 { "" } else { "s" });
        let wanted = if *wanted.end() == usize::MAX {
            format!("at least {}", count(*wanted.start()))
        } else if wanted.start() == wanted.end() {
            count(*wanted.start())
        } else {
            format!("{} or {}", wanted.start(), count(*wanted.end()))
        };
        Err(Diagnostic::new(Fault::Arguments, span, format!("`{}` takes {wanted}, not {given}", name.text))
            .label(self.signature(&name.text)))
    }

    pub(super) fn signature(&self, name: &str) -> String {
        for (item, _) in self.items {
            if let Item::Function { name: own, parameters, .. } = item
                && own.text == name
            {
                let list: Vec<&str> = parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
                return format!("{name}({})", list.join(", "));
            }
        }
        match functions::find(name) {
            Some(function) => format!("{name}({})", function.row().parameters.join(", ")),
            None if FUNCTIONS.iter().any(|(own, ..)| *own == name) => {
                let signature = FUNCTIONS.iter().find(|(own, ..)| *own == name).map(|(.., signature)| *signature);
                signature.unwrap_or_default().to_string()
            }
            None if name == "diff" => "diff(e, x) or diff(e, x, order)".to_string(),
            None => format!("{name}(e, x)"),
        }
    }

    pub(super) fn unknown_function(&self, name: &Name) -> Diagnostic {
        let text = name.text.as_str();
        let bound = self.frames.last().is_some_and(|frame| frame.bindings.contains_key(text));
        let diagnostic = Diagnostic::new(Fault::UnknownFunction, name.span, format!("there is no function `{text}`"))
            .label("unknown function");
        let items: &[(Item, Span)] = self.items;
        let own = items.iter().filter_map(|(item, _)| match item {
            Item::Function { name, .. } => Some(name.text.as_str()),
            Item::Constant { .. } => None,
        });
        let builtin = functions::names().chain(DERIVATIVES.iter().map(|(name, _)| *name));
        let builtin = builtin.chain(FUNCTIONS.iter().map(|(name, ..)| *name));
        let known = own.chain(builtin.map(|name| -> &str { name }));
        match (bound, nearest(text, known)) {
            (true, _) => diagnostic.hint(format!("`{text}` is a number; multiplication is written `{text}*(...)`")),
            (false, Some(near)) => diagnostic.hint(format!("did you mean `{near}`?")),
            (false, None) => {
                diagnostic.hint(format!("if `{text}` is a number, multiplication is written `{text}*(...)`"))
            }
        }
    }

    pub(super) fn call(&mut self, name: &Name, values: Vec<Value>, spans: &[Span], span: Span) {
        for (position, (item, _)) in self.items.iter().enumerate() {
            if let Item::Function { name: own, body, .. } = item
                && own.text == name.text
            {
                return self.enter(position, *body, span, values);
            }
        }
        if DERIVATIVES.iter().any(|(own, _)| *own == name.text) {
            let result = self.derivative(&name.text, &values, spans);
            return self.settle(result);
        }
        if FUNCTIONS.iter().any(|(own, ..)| *own == name.text) {
            let result = self.matrix_function(&name.text, &values, spans, span);
            return self.settle(result);
        }
        let Some(function) = functions::find(&name.text) else {
            return self.values.push(Value::Poison);
        };
        let result = match function.row().arity {
            Arity::Fixed => self.fixed(function, &values, spans, span),
            Arity::Folded | Arity::Collective => {
                // These are written out in the entries of one vector.
                self.picks_entries |=
                    values.len() == 1 && (function.row().arity == Arity::Folded || name.text == "prod");
                collective::apply(&mut self.gates, function, &values, spans, span)
            }
        };
        self.settle(result);
    }

    pub(super) fn fixed(
        &mut self,
        function: FunctionId,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let row = function.row();
        if matches!(row.code, Code::OfOrder(..)) {
            let order = match &values[0] {
                Value::Scalar(order) => self.gates.graph.as_number(*order).and_then(Rational::to_integer),
                _ => None,
            };
            if !order.is_some_and(|order| (0..=100).contains(&order)) {
                return Err(Diagnostic::new(Fault::Arguments, spans[0], "the order is a whole number from 0 to 100"));
            }
        }
        let formulas = &mut *self.formulas;
        self.gates.entrywise(values, spans, span, |gates, arguments| match (row.code, row.definition) {
            (Code::Expanded, Some(definition)) => {
                let lowered = formulas.of_row(gates.graph, function, definition, arguments);
                lowered.unwrap_or_else(|| gates.apply(function, arguments))
            }
            _ => gates.apply(function, arguments),
        })
    }

    /// Lowers the body of an item in a frame of its own.
    pub(super) fn enter(&mut self, item: usize, body: NodeId, span: Span, arguments: Vec<Value>) {
        if self.active.contains(&item) {
            let path: Vec<&str> =
                self.active.iter().chain([&item]).map(|at| self.items[*at].0.name().text.as_str()).collect();
            let message = format!("`{}` is defined by itself", path[path.len() - 1]);
            let diagnostic = Diagnostic::new(Fault::Recursion, span, message).label(path.join(" -> "));
            return self.fail(match &self.items[item].0 {
                Item::Constant { .. } => diagnostic,
                Item::Function { .. } => {
                    diagnostic.hint("write a fixed number of steps out, or use `sum` or `prod` over a range")
                }
            });
        }
        if let Some(value) = self.memo.get(&(item, arguments.clone())) {
            return self.values.push(value.clone());
        }
        let mut frame = Frame::default();
        if arguments.iter().all(Value::is_constant_along_axes) {
            frame.axes = std::mem::take(&mut self.axes);
        }
        self.frames.push(frame);
        self.active.push(item);
        if let Item::Function { name, parameters, .. } = &self.items[item].0 {
            let mut values = arguments.clone();
            let matching = self.match_arguments(name, parameters, &mut values, span);
            for (name, dimension) in matching.names() {
                let size = self.gates.graph.construct_matrix(&MatrixOperation::Size(dimension.clone()), &[]);
                self.bind(name, Value::Scalar(size));
            }
            for (parameter, value) in parameters.iter().zip(values) {
                self.bind(&parameter.name.text, value);
            }
        }
        self.tasks.push(Task::Return(item, arguments));
        self.tasks.push(Task::Visit(body));
    }

    /// Checks the arguments' shapes and returns what the names of dimensions stand for in the call.
    fn match_arguments(
        &mut self,
        name: &Name,
        parameters: &[Parameter],
        arguments: &mut [Value],
        span: Span,
    ) -> Matching {
        let mut matching = Matching::default();
        for (parameter, value) in parameters.iter().zip(arguments) {
            if let Err(diagnostic) = self.check_argument(name, parameter, value, span, &mut matching) {
                self.errors.push(diagnostic);
                *value = Value::Poison;
            }
        }
        matching
    }

    fn check_argument(
        &self,
        name: &Name,
        parameter: &Parameter,
        value: &Value,
        span: Span,
        matching: &mut Matching,
    ) -> Result<(), Diagnostic> {
        let Some(wanted) = dimensions::declared(self.ast, &parameter.shape, &mut Vec::new()) else {
            return Ok(());
        };
        let given = match value {
            Value::Tensor(id, layers) => match &wanted.shape {
                Shape::Tensor(matrices, rows, _) if matching.layers_match([matrices, rows], layers) => {
                    self.gates.graph.extents(*id)
                }
                _ => Extents::scalar(),
            },
            Value::Running(_) if wanted.shape != Shape::Scalar => return Err(one_number(span)),
            Value::Running(_) => return Ok(()),
            Value::Rows(rows) => self.gates.extents_of_one(rows),
            value => self.gates.graph.extents(node(value, span)?),
        };
        if matching.matches(&wanted.shape.extents(), &given) {
            return Ok(());
        }
        let message = format!(
            "`{}` of `{}` is a {}, not a {}",
            parameter.name.text,
            name.text,
            wanted.shape,
            self.gates.described(value)
        );
        Err(Diagnostic::new(Fault::Shapes, span, message))
    }
}
