//! The lowering machine: walks the syntax tree with a stack of its own, so that no depth of nesting can overflow.

use super::collective;
use super::formula::Formulas;
use super::gates::{Gates, condition, numbers};
use super::value::{Shape, Value};
use super::{Parameter, ast::NodeId};
use crate::error::{Diagnostic, nearest};
use crate::functions::{self, Arity, Code, FunctionId};
use crate::graph::{ExprId, Graph, Input, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::{Ast, Expression, Index, Item, Name, UnaryOperator};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most terms that indexed sums and products of one function may be written out to.
const UNROLL_LIMIT: usize = 1_000_000;
/// Most nodes that a function's graph may have.
const NODE_LIMIT: usize = 20_000_000;

/// Operators that stand for derivatives, with the number of arguments they take.
pub const DERIVATIVES: &[(&str, std::ops::RangeInclusive<usize>)] =
    &[("diff", 2..=3), ("grad", 2..=2), ("jacobian", 2..=2), ("hessian", 2..=2)];

/// What is still to be done.
enum Task {
    /// Lower an expression and push its value.
    Visit(NodeId),
    /// Combine the values of an expression's children, which are on the stack.
    Combine(NodeId),
    /// Bind the value on top of the stack to the name of a block's `let`.
    Bind(NodeId, usize),
    /// Take the names of a block's `let`s out of scope.
    Unbind(NodeId),
    /// Begin an indexed sum or product, whose ends are on the stack.
    Fold(NodeId),
    /// Set the index of a fold and lower its body once more.
    Step(NodeId, i64),
    /// Combine the bodies of a fold.
    Gather(NodeId, usize),
    /// Return from a call of an item.
    Return(usize, Vec<Value>),
}

/// The names of one call.
#[derive(Default)]
struct Frame {
    bindings: FxHashMap<String, Vec<Value>>,
}

/// The machine.
pub struct Machine<'a> {
    ast: &'a Ast,
    items: &'a [(Item, Span)],
    gates: Gates<'a>,
    formulas: &'a mut Formulas,
    /// Whether unknown names become parameters.
    open: bool,
    new_parameters: Vec<Parameter>,
    errors: Vec<Diagnostic>,
    values: Vec<Value>,
    tasks: Vec<Task>,
    frames: Vec<Frame>,
    active: Vec<usize>,
    memo: FxHashMap<(usize, Vec<Value>), Value>,
    /// Names that some derivative is taken by.
    derived_names: FxHashSet<String>,
    unrolled: usize,
}

impl<'a> Machine<'a> {
    pub fn new(
        ast: &'a Ast,
        items: &'a [(Item, Span)],
        graph: &'a mut Graph,
        formulas: &'a mut Formulas,
        open: bool,
    ) -> Self {
        Machine {
            ast,
            items,
            gates: Gates { graph, canonical: false },
            formulas,
            open,
            new_parameters: Vec::new(),
            errors: Vec::new(),
            values: Vec::new(),
            tasks: Vec::new(),
            frames: Vec::new(),
            active: Vec::new(),
            memo: FxHashMap::default(),
            derived_names: derived_names(ast),
            unrolled: 0,
        }
    }

    /// Makes the machine build canonical nodes in place of gates as written.
    pub fn canonical(&mut self) {
        self.gates.canonical = true;
    }

    /// Lowers an expression with the given names in scope; `name` is the item that it belongs to.
    pub fn run(&mut self, name: Option<&str>, root: NodeId, bindings: Vec<(String, Value)>) -> Value {
        let mut frame = Frame::default();
        for (name, value) in bindings {
            frame.bindings.entry(name).or_default().push(value);
        }
        self.frames.push(frame);
        let own = self.items.iter().position(|(item, _)| Some(item.name().text.as_str()) == name);
        self.active.extend(own);
        self.tasks.push(Task::Visit(root));
        while let Some(task) = self.tasks.pop() {
            if self.gates.graph.len() > NODE_LIMIT {
                let message = "this function grows too large";
                self.errors.push(Diagnostic::new(self.ast.span(root), message).label("over 20,000,000 nodes"));
                return Value::Poison;
            }
            self.perform(task);
        }
        self.values.pop().unwrap_or(Value::Poison)
    }

    /// Tells whether nothing was wrong so far.
    pub fn succeeded(&self) -> bool {
        self.errors.is_empty()
    }

    /// Returns the parameters that free names became, and what was wrong.
    pub fn finish(self) -> (Vec<Parameter>, Vec<Diagnostic>) {
        (self.new_parameters, self.errors)
    }

    fn fail(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
        self.values.push(Value::Poison);
    }

    fn settle(&mut self, result: Result<Value, Diagnostic>) {
        match result {
            Ok(value) => self.values.push(value),
            Err(diagnostic) => self.fail(diagnostic),
        }
    }

    /// Takes the last values off the stack; none if an error has spoilt one of them.
    fn take(&mut self, count: usize) -> Option<Vec<Value>> {
        let values = self.values.split_off(self.values.len().saturating_sub(count));
        let sound = values.len() == count && !values.contains(&Value::Poison);
        sound.then_some(values)
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Visit(id) => self.visit(id),
            Task::Combine(id) => self.combine(id),
            Task::Bind(block, at) => {
                let Expression::Block(lets, _) = self.ast.get(block) else {
                    return;
                };
                let value = self.values.pop().unwrap_or(Value::Poison);
                self.bind(&lets[at].name.text, value);
            }
            Task::Unbind(block) => {
                let Expression::Block(lets, _) = self.ast.get(block) else {
                    return;
                };
                lets.iter().for_each(|binding| self.unbind(&binding.name.text));
            }
            Task::Fold(id) => self.fold(id),
            Task::Step(id, index) => {
                let Expression::Fold(_, name, _, _, body) = self.ast.get(id) else {
                    return;
                };
                self.unbind(&name.text);
                let value = Value::Scalar(self.gates.graph.integer(index));
                self.bind(&name.text, value);
                self.tasks.push(Task::Visit(*body));
            }
            Task::Gather(id, count) => self.gather(id, count),
            Task::Return(item, arguments) => {
                self.frames.pop();
                self.active.pop();
                let value = self.values.last().cloned().unwrap_or(Value::Poison);
                self.memo.insert((item, arguments), value);
            }
        }
    }

    /// Binds a name; one that a derivative is taken by stands for itself until that derivative is worked out.
    fn bind(&mut self, name: &str, value: Value) {
        let value = match value.numbers() {
            Some((shape, entries)) if self.derived_names.contains(name) => {
                let entries = entries
                    .to_vec()
                    .into_iter()
                    .map(|id| match self.gates.graph.node(id) {
                        Node::Input(_) => id,
                        _ => self.gates.graph.add_placeholder(id),
                    })
                    .collect();
                Value::from_entries(shape, entries)
            }
            _ => value,
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.bindings.entry(name.to_string()).or_default().push(value);
        }
    }

    fn unbind(&mut self, name: &str) {
        if let Some(values) = self.frames.last_mut().and_then(|frame| frame.bindings.get_mut(name)) {
            values.pop();
        }
    }

    fn visit(&mut self, id: NodeId) {
        let span = self.ast.span(id);
        match self.ast.get(id) {
            Expression::Number(text) => match Rational::parse(text) {
                Some(value) => {
                    let value = Value::Scalar(self.gates.graph.number(value));
                    self.values.push(value);
                }
                None => self.fail(Diagnostic::new(span, "this number is out of range")),
            },
            Expression::Name(name) => self.name(name, span),
            Expression::Block(lets, body) => {
                self.tasks.push(Task::Unbind(id));
                self.tasks.push(Task::Visit(*body));
                for at in (0..lets.len()).rev() {
                    self.tasks.push(Task::Bind(id, at));
                    self.tasks.push(Task::Visit(lets[at].value));
                }
            }
            Expression::Fold(name, _, from, to, _) => {
                if !matches!(name.text.as_str(), "sum" | "prod") {
                    let message = format!("`{}` does not run over an index", name.text);
                    return self.fail(Diagnostic::new(name.span, message).hint("`sum` and `prod` do"));
                }
                self.tasks.extend([Task::Fold(id), Task::Visit(*to), Task::Visit(*from)]);
            }
            expression => {
                if let Expression::Call(name, arguments) = expression
                    && let Err(diagnostic) = self.check_call(name, arguments.len(), span)
                {
                    return self.fail(diagnostic);
                }
                self.tasks.push(Task::Combine(id));
                let first = self.tasks.len();
                expression.for_each_child(|child| self.tasks.push(Task::Visit(child)));
                self.tasks[first..].reverse();
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) {
        let bound = self.frames.last().and_then(|frame| frame.bindings.get(name)).and_then(|values| values.last());
        if let Some(value) = bound {
            return self.values.push(value.clone());
        }
        let item = self.items.iter().position(|(item, _)| item.name().text == name);
        match item.map(|position| &self.items[position].0) {
            Some(Item::Constant { value, .. }) => {
                return self.enter(item.unwrap_or(0), *value, span, Vec::new());
            }
            Some(Item::Function { .. }) => {
                let message = format!("`{name}` is a function and needs its arguments");
                return self.fail(Diagnostic::new(span, message).hint(format!("write `{name}(...)`")));
            }
            None if name == "pi" => {
                let value = Value::Scalar(self.gates.graph.intern(Node::Pi));
                return self.values.push(value);
            }
            None => {}
        }
        if self.open {
            let input = self.gates.graph.inputs().len();
            let id = self.gates.graph.add_input(Input { parameter: name.to_string(), place: vec![] });
            self.new_parameters.push(Parameter {
                name: name.to_string(),
                shape: Shape::Scalar,
                facts: super::Facts::default(),
                inputs: input..input + 1,
            });
            if let Some(frame) = self.frames.first_mut() {
                frame.bindings.insert(name.to_string(), vec![Value::Scalar(id)]);
            }
            return self.values.push(Value::Scalar(id));
        }
        if self.ast.broken.iter().any(|broken| broken == name) {
            return self.values.push(Value::Poison);
        }
        let message = format!("there is no `{name}` here");
        let known = self.frames.last().map(|frame| {
            let mut names: Vec<&str> =
                frame.bindings.iter().filter(|(_, values)| !values.is_empty()).map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names
        });
        let items: &[(Item, Span)] = self.items;
        let constants = items.iter().filter_map(|(item, _)| match item {
            Item::Constant { name, .. } => Some(name.text.as_str()),
            Item::Function { .. } => None,
        });
        let near = nearest(name, known.into_iter().flatten().chain(constants).chain(["pi"]));
        let hint = match (name, near) {
            ("e", _) => "Euler's number is `exp(1)`, and `exp(x)` its powers".to_string(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ => format!("make it a parameter, or name it with `let {name} = ...;` inside braces"),
        };
        self.fail(Diagnostic::new(span, message).label("unknown name").hint(hint));
    }

    /// Finds what is wrong with a call before its arguments are looked at.
    fn check_call(&self, name: &Name, given: usize, span: Span) -> Result<(), Diagnostic> {
        let user = self.items.iter().find_map(|(item, _)| match item {
            Item::Function { name: own, parameters, .. } if own.text == name.text => Some(parameters.len()),
            _ => None,
        });
        let derivative = DERIVATIVES.iter().find(|(own, _)| *own == name.text).map(|(_, count)| count.clone());
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
        Err(Diagnostic::new(span, format!("`{}` takes {wanted}, not {given}", name.text))
            .label(self.signature(&name.text)))
    }

    fn signature(&self, name: &str) -> String {
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
            None if name == "diff" => "diff(e, x) or diff(e, x, order)".to_string(),
            None => format!("{name}(e, x)"),
        }
    }

    fn unknown_function(&self, name: &Name) -> Diagnostic {
        const MATRIX: &[&str] = &["outer", "tr", "det", "logdet", "inv", "solve", "diag", "eye", "ones"];
        let text = name.text.as_str();
        if MATRIX.contains(&text) {
            let message = format!("`{text}` needs matrix algebra, which is not supported yet");
            return Diagnostic::new(name.span, message);
        }
        let bound = self.frames.last().is_some_and(|frame| frame.bindings.contains_key(text));
        let diagnostic = Diagnostic::new(name.span, format!("there is no function `{text}`")).label("unknown function");
        let items: &[(Item, Span)] = self.items;
        let own = items.iter().filter_map(|(item, _)| match item {
            Item::Function { name, .. } => Some(name.text.as_str()),
            Item::Constant { .. } => None,
        });
        let builtin = functions::names().chain(DERIVATIVES.iter().map(|(name, _)| *name));
        let known = own.chain(builtin.map(|name| -> &str { name }));
        match (bound, nearest(text, known)) {
            (true, _) => diagnostic.hint(format!("`{text}` is a number; multiplication is written `{text}*(...)`")),
            (false, Some(near)) => diagnostic.hint(format!("did you mean `{near}`?")),
            (false, None) => {
                diagnostic.hint(format!("if `{text}` is a number, multiplication is written `{text}*(...)`"))
            }
        }
    }

    fn combine(&mut self, id: NodeId) {
        let span = self.ast.span(id);
        let expression = self.ast.get(id);
        let mut spans = Vec::new();
        expression.for_each_child(|child| spans.push(self.ast.span(child)));
        let Some(values) = self.take(spans.len()) else {
            return self.values.push(Value::Poison);
        };
        match expression {
            Expression::Unary(UnaryOperator::Negate, _) => {
                let result = self.gates.negate(&values[0], spans[0]);
                self.settle(result);
            }
            Expression::Unary(UnaryOperator::Not, _) => {
                let result =
                    condition(&values[0], spans[0]).map(|c| Value::Condition(self.gates.graph.intern(Node::Not(c))));
                self.settle(result);
            }
            Expression::Unary(UnaryOperator::Transpose, _) => {
                let result = numbers(&values[0], spans[0]).map(|(shape, entries)| transpose(shape, entries));
                self.settle(result);
            }
            Expression::Binary(operator, ..) => {
                let result = self.gates.binary(*operator, &values[0], &values[1], [span, spans[0], spans[1]]);
                self.settle(result);
            }
            Expression::If(..) => self.choose(&values, &spans, span),
            Expression::List(_) => {
                let result = stack(&values, &spans, span);
                self.settle(result);
            }
            Expression::Index(_, places) => self.index(places, &values, &spans),
            Expression::Call(name, _) => self.call(name, values, &spans, span),
            _ => self.values.push(Value::Poison),
        }
    }

    fn choose(&mut self, values: &[Value], spans: &[Span], span: Span) {
        let result = condition(&values[0], spans[0]).and_then(|c| {
            self.gates.elementwise(&values[1..], &spans[1..], span, |gates, branches| {
                gates.select(c, branches[0], branches[1])
            })
        });
        self.settle(result);
    }

    fn call(&mut self, name: &Name, values: Vec<Value>, spans: &[Span], span: Span) {
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
        let Some(function) = functions::find(&name.text) else {
            return self.values.push(Value::Poison);
        };
        let result = match function.row().arity {
            Arity::Fixed => self.fixed(function, &values, spans, span),
            Arity::Folded | Arity::Collective => collective::apply(&mut self.gates, function, &values, spans, span),
        };
        self.settle(result);
    }

    fn fixed(
        &mut self,
        function: FunctionId,
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Result<Value, Diagnostic> {
        let row = function.row();
        if matches!(row.code, Code::Polygamma) {
            let order = match &values[0] {
                Value::Scalar(order) => self.gates.graph.as_number(*order).and_then(Rational::to_integer),
                _ => None,
            };
            if !order.is_some_and(|order| (0..=100).contains(&order)) {
                return Err(Diagnostic::new(spans[0], "the order is a whole number from 0 to 100"));
            }
        }
        let formulas = &mut *self.formulas;
        self.gates.elementwise(values, spans, span, |gates, arguments| match row.definition {
            None => gates.apply(function, arguments),
            Some(definition) => {
                let names: Vec<_> = row.parameters.iter().copied().zip(arguments.iter().copied()).collect();
                let lowered = formulas.lower(gates.graph, definition, &names);
                lowered.unwrap_or_else(|| gates.apply(function, arguments))
            }
        })
    }

    /// Lowers the body of an item in a frame of its own.
    fn enter(&mut self, item: usize, body: NodeId, span: Span, arguments: Vec<Value>) {
        if self.active.contains(&item) {
            let path: Vec<&str> =
                self.active.iter().chain([&item]).map(|at| self.items[*at].0.name().text.as_str()).collect();
            let message = format!("`{}` is defined by itself", path[path.len() - 1]);
            let diagnostic = Diagnostic::new(span, message).label(path.join(" -> "));
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
        self.frames.push(Frame::default());
        self.active.push(item);
        if let Item::Function { name, parameters, .. } = &self.items[item].0 {
            for (parameter, value) in parameters.iter().zip(&arguments) {
                if let Err(diagnostic) = self.check_argument(name, parameter, value, span) {
                    self.errors.push(diagnostic);
                    self.bind(&parameter.name.text, Value::Poison);
                } else {
                    self.bind(&parameter.name.text, value.clone());
                }
            }
        }
        self.tasks.push(Task::Return(item, arguments));
        self.tasks.push(Task::Visit(body));
    }

    fn check_argument(
        &self,
        name: &Name,
        parameter: &crate::syntax::ast::Parameter,
        value: &Value,
        span: Span,
    ) -> Result<(), Diagnostic> {
        let Some(wanted) = super::parameter_shape(self.ast, &parameter.shape, &mut Vec::new()) else {
            return Ok(());
        };
        let given = numbers(value, span)?.0;
        if given == wanted {
            return Ok(());
        }
        let message = format!("`{}` of `{}` is a {wanted}, not a {given}", parameter.name.text, name.text);
        Err(Diagnostic::new(span, message))
    }

    /// Makes nodes that stand for derivatives until they are worked out.
    fn derivative(&mut self, operator: &str, values: &[Value], spans: &[Span]) -> Result<Value, Diagnostic> {
        let (shape, entries) = numbers(&values[0], spans[0])?;
        let (by_shape, by) = numbers(&values[1], spans[1])?;
        let is_name = |id: &ExprId| matches!(self.gates.graph.node(*id), Node::Input(_) | Node::Placeholder(_));
        if !by.iter().all(is_name) {
            let diagnostic = Diagnostic::new(spans[1], "a derivative is taken by a parameter or by a name");
            return Err(diagnostic.hint("name it with `let`, and write the function in terms of the name"));
        }
        let vector = |shape: Shape| matches!(shape, Shape::Scalar | Shape::Vector(_));
        let misfit = |what: &str| {
            Diagnostic::new(spans[0].to(spans[1]), format!("`{operator}` {what}, not of a {shape} by a {by_shape}"))
        };
        let graph = &mut *self.gates.graph;
        let mut derive = |value: ExprId, by: ExprId| graph.intern(Node::Derivative(value, by));
        let result = match operator {
            "diff" => {
                if by_shape != Shape::Scalar {
                    return Err(misfit("is by a number").hint("use `grad` or `jacobian`"));
                }
                let order = match values.get(2) {
                    None => Some(1),
                    Some(Value::Scalar(order)) => self.gates.graph.as_number(*order).and_then(Rational::to_integer),
                    Some(_) => None,
                };
                let Some(order) = order.filter(|order| (0..=100).contains(order)) else {
                    return Err(Diagnostic::new(spans[2], "the order is a whole number from 0 to 100"));
                };
                let graph = &mut *self.gates.graph;
                let derived = entries
                    .iter()
                    .map(|id| (0..order).fold(*id, |value, _| graph.intern(Node::Derivative(value, by[0]))));
                Value::from_entries(shape, derived.collect())
            }
            "grad" => {
                let [value] = entries else {
                    return Err(misfit("is of a number").hint("use `jacobian`"));
                };
                Value::from_entries(by_shape, by.iter().map(|by| derive(*value, *by)).collect())
            }
            "jacobian" => {
                if !vector(shape) || !vector(by_shape) {
                    return Err(misfit("is of a vector by a vector"));
                }
                let derived = entries.iter().flat_map(|value| by.iter().map(|by| (*value, *by)));
                let derived = derived.map(|(value, by)| derive(value, by)).collect();
                Value::from_entries(Shape::Matrix(entries.len(), by.len()), derived)
            }
            _ => {
                let [value] = entries else {
                    return Err(misfit("is of a number"));
                };
                if !vector(by_shape) {
                    return Err(misfit("is by a vector"));
                }
                let mut derived = Vec::with_capacity(by.len() * by.len());
                for row in by {
                    let first = derive(*value, *row);
                    derived.extend(by.iter().map(|column| derive(first, *column)));
                }
                Value::from_entries(Shape::Matrix(by.len(), by.len()), derived)
            }
        };
        Ok(result)
    }

    fn fold(&mut self, id: NodeId) {
        let Expression::Fold(name, index, from, to, _) = self.ast.get(id) else {
            return;
        };
        let Some(ends) = self.take(2) else {
            return self.values.push(Value::Poison);
        };
        let spans = [self.ast.span(*from), self.ast.span(*to)];
        let mut bounds = [0i64; 2];
        for ((bound, end), span) in bounds.iter_mut().zip(&ends).zip(spans) {
            match self.whole_number(end) {
                Some(value) => *bound = value,
                None => {
                    let diagnostic =
                        Diagnostic::new(span, format!("the range of `{}` is not made of whole numbers", name.text));
                    return self.fail(diagnostic.hint("ranges that depend on a parameter are not supported yet"));
                }
            }
        }
        let count = usize::try_from(bounds[1].saturating_sub(bounds[0])).unwrap_or(0);
        self.unrolled = self.unrolled.saturating_add(count);
        if self.unrolled > UNROLL_LIMIT {
            let diagnostic = Diagnostic::new(spans[0].to(spans[1]), "this range is too long to be written out");
            return self.fail(diagnostic.label("over 1,000,000 terms"));
        }
        // A first binding for each step to replace.
        self.bind(&index.text, Value::Poison);
        self.tasks.push(Task::Gather(id, count));
        self.tasks.extend((bounds[0]..bounds[1]).rev().map(|index| Task::Step(id, index)));
    }

    fn gather(&mut self, id: NodeId, count: usize) {
        let Expression::Fold(name, index, .., body) = self.ast.get(id) else {
            return;
        };
        self.unbind(&index.text);
        let span = self.ast.span(*body);
        let Some(values) = self.take(count) else {
            return self.values.push(Value::Poison);
        };
        let spans = vec![span; values.len()];
        let sum = name.text == "sum";
        let result = self.gates.elementwise(&values, &spans, span, |gates, entries| {
            if sum {
                let terms: Vec<_> = entries.iter().map(|id| (*id, false)).collect();
                gates.sum(&terms)
            } else {
                let factors: Vec<_> = entries.iter().map(|id| (*id, Rational::ONE)).collect();
                gates.product(&factors)
            }
        });
        self.settle(result);
    }

    /// Returns the whole number that a value is, if it is made of numbers alone.
    fn whole_number(&self, value: &Value) -> Option<i64> {
        match value {
            Value::Scalar(id) => self.gates.graph.as_number(*id).and_then(Rational::to_integer),
            _ => None,
        }
    }

    fn index(&mut self, places: &[Index], values: &[Value], spans: &[Span]) {
        let result = numbers(&values[0], spans[0]).and_then(|(shape, entries)| {
            let sizes = match shape {
                Shape::Scalar => {
                    return Err(Diagnostic::new(spans[0], "a number has no entries").label("scalar"));
                }
                Shape::Vector(n) => vec![n],
                Shape::Matrix(n, m) => vec![n, m],
            };
            if sizes.len() != places.len() {
                let whole = spans[0].to(spans[spans.len() - 1]);
                let wanted = if sizes.len() == 1 { "one index: `x[0]`" } else { "two indices: `W[0, 1]`" };
                return Err(Diagnostic::new(whole, format!("a {shape} takes {wanted}")));
            }
            let mut rest = values[1..].iter().zip(&spans[1..]);
            let mut ranges = Vec::new();
            for (place, size) in places.iter().zip(&sizes) {
                ranges.push(self.range(place, *size, shape, &mut rest)?);
            }
            Ok(take_entries(entries, &sizes, &ranges))
        });
        self.settle(result);
    }

    /// Returns the entries that a place between the brackets selects, and whether it is one entry or a slice.
    fn range<'v>(
        &self,
        place: &Index,
        size: usize,
        shape: Shape,
        rest: &mut impl Iterator<Item = (&'v Value, &'v Span)>,
    ) -> Result<(std::ops::Range<usize>, bool), Diagnostic> {
        let mut bound = |last: usize| {
            let Some((value, span)) = rest.next() else {
                return Ok(0);
            };
            let Some(number) = self.whole_number(value) else {
                let diagnostic = Diagnostic::new(*span, "this index is not a whole number");
                return Err(diagnostic.hint("indices are numbers, or names that `sum` or `prod` runs over"));
            };
            match usize::try_from(number) {
                Ok(number) if number <= last => Ok(number),
                _ => {
                    let diagnostic = Diagnostic::new(*span, format!("index {number} is outside of {shape}"));
                    Err(diagnostic.label(match size {
                        0 => "there are no entries".to_string(),
                        _ => format!("entries are 0 to {}", size - 1),
                    }))
                }
            }
        };
        match place {
            Index::At(_) if size == 0 => {
                bound(0).and_then(|_| Err(Diagnostic::general(format!("{shape} has no entries"))))
            }
            Index::At(_) => {
                let at = bound(size - 1)?;
                Ok((at..at + 1, true))
            }
            Index::Slice(from, to) => {
                let start = if from.is_some() { bound(size)? } else { 0 };
                let end = if to.is_some() { bound(size)? } else { size };
                Ok((start..end.max(start), false))
            }
        }
    }
}

/// Collects the names that stand second in a derivative operator.
fn derived_names(ast: &Ast) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    for index in 0..ast.len() {
        if let Expression::Call(name, arguments) = ast.get(NodeId(index as u32))
            && DERIVATIVES.iter().any(|(own, _)| *own == name.text)
            && let Some(by) = arguments.get(1)
        {
            let base = match ast.get(*by) {
                Expression::Index(base, _) => ast.get(*base),
                other => other,
            };
            if let Expression::Name(text) = base {
                names.insert(text.clone());
            }
        }
    }
    names
}

fn transpose(shape: Shape, entries: &[ExprId]) -> Value {
    let (rows, columns) = match shape {
        Shape::Scalar => return Value::from_entries(shape, entries.to_vec()),
        Shape::Vector(n) => (n, 1),
        Shape::Matrix(n, m) => (n, m),
    };
    let transposed = (0..columns).flat_map(|column| (0..rows).map(move |row| entries[row * columns + column]));
    Value::from_entries(Shape::Matrix(columns, rows), transposed.collect())
}

/// Makes a vector of numbers, a longer vector of vectors' rows, or a matrix.
fn stack(values: &[Value], spans: &[Span], span: Span) -> Result<Value, Diagnostic> {
    let mut shape = None;
    let mut entries = Vec::new();
    for (value, place) in values.iter().zip(spans) {
        let (next, own) = numbers(value, *place)?;
        if *shape.get_or_insert(next) != next {
            return Err(Diagnostic::new(*place, "the rows of a matrix have the same length").label(next.to_string()));
        }
        entries.extend_from_slice(own);
    }
    match shape {
        None => Err(Diagnostic::new(span, "a vector needs at least one entry")),
        Some(Shape::Scalar) => Ok(Value::Array(Shape::Vector(values.len()), entries.into())),
        Some(Shape::Vector(n)) => Ok(Value::Array(Shape::Matrix(values.len(), n), entries.into())),
        Some(Shape::Matrix(..)) => Err(Diagnostic::new(span, "a matrix can't be an entry of a matrix")),
    }
}

/// Picks entries; a place with one index removes its dimension.
fn take_entries(entries: &[ExprId], sizes: &[usize], ranges: &[(std::ops::Range<usize>, bool)]) -> Value {
    match ranges {
        [(range, single)] => {
            let shape = if *single { Shape::Scalar } else { Shape::Vector(range.len()) };
            Value::from_entries(shape, entries[range.clone()].to_vec())
        }
        [(rows, one_row), (columns, one_column)] => {
            let shape = match (one_row, one_column) {
                (true, true) => Shape::Scalar,
                (true, false) => Shape::Vector(columns.len()),
                (false, true) => Shape::Vector(rows.len()),
                (false, false) => Shape::Matrix(rows.len(), columns.len()),
            };
            let width = sizes[1];
            let taken = rows.clone().flat_map(|row| columns.clone().map(move |column| row * width + column));
            Value::from_entries(shape, taken.map(|at| entries[at]).collect())
        }
        _ => Value::Poison,
    }
}
