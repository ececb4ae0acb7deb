//! The lowering machine: walks the syntax tree with a stack of its own, so that no depth of nesting can overflow.

use super::assumptions::Assumption;
use super::ast::NodeId;
use super::derivatives::derived_names;
use super::few::Few;
use super::folds::Ranges;
use super::folds::Running;
use super::formula::Formulas;
use super::gates::Gates;
use super::operators::with_operands;
use super::raise::Attempt;
use super::recurrences::Steps;
use super::scope::bound_inside;
use super::terms::Terms;
use super::value::Value;
use crate::error::{Diagnostic, Fault, nearest};
use crate::graph::{Bound, Dimension, ExprId, Graph, Input, Node, Rational};
use crate::limits;
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator, Expression, Item, UnaryOperator};
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};

/// What is still to be done.
pub(super) enum Task {
    /// Lower an expression and push its value.
    Visit(NodeId),
    /// Combine the values of an expression's children, which are on the stack.
    Combine(NodeId),
    /// Bind the value on top of the stack to the name of a block's `let`.
    Bind(NodeId, usize),
    /// Take the names of a block's `let`s out of scope.
    Unbind(NodeId),
    /// Begin with the ranges of a fold.
    Ranges(Running),
    /// Begin with an index, the ends of whose range are on the stack.
    Fold(Running),
    /// Set an index and lower what it runs over once more.
    Step(Running, i64),
    /// Combine what an index ran over.
    Gather(Running, usize),
    /// Choose between a term, which is on the stack below its condition, and nothing.
    Guard(Running),
    /// Assume the condition that is on the stack.
    Assume,
    /// Assume the opposite of what was assumed last.
    AssumeOpposite,
    /// End what was assumed last.
    AssumeNoLonger,
    /// Push the number 1.
    One,
    /// Divide a sum by the number of its terms.
    Mean(NodeId),
    /// Combine what runs along an axis, if nothing was wrong since it began.
    Raised(Running, Attempt),
    /// Combine the body of a loop.
    Looped(Running, Attempt),
    /// Begin a recurrence, whose ends and first states are on the stack.
    Recurrence(NodeId),
    /// Take the next step of a recurrence that is written out.
    Advance(Steps),
    /// Take the states that a step has left.
    Advanced(Steps),
    /// Combine the step of a recurrence.
    Recurred(NodeId, Vec<ExprId>),
    /// Return from a call of an item.
    Return(usize, Vec<Value>),
}

/// The names of one call.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) bindings: FxHashMap<String, Vec<Value>>,
    /// The axes around a call that nothing in it runs along: it is lowered as if they were not there.
    pub(super) axes: Vec<super::raise::Axis>,
}

/// The machine.
pub struct Machine<'a> {
    pub(super) ast: &'a Ast,
    pub(super) items: &'a [(Item, Span)],
    pub(super) gates: Gates<'a>,
    pub(super) formulas: &'a mut Formulas,
    /// Whether unknown names become parameters.
    pub(super) open: bool,
    pub(super) new_parameters: Vec<(String, ExprId)>,
    pub(super) errors: Vec<Diagnostic>,
    pub(super) values: Vec<Value>,
    pub(super) tasks: Vec<Task>,
    pub(super) frames: Vec<Frame>,
    pub(super) active: Vec<usize>,
    /// What calls gave, in the order in which they ended.
    pub(super) memo: IndexMap<(usize, Vec<Value>), Value>,
    /// Names that some derivative is taken by.
    pub(super) derived_names: FxHashSet<String>,
    pub(super) unrolled: usize,
    /// How many terms the ranges in the source have.
    pub(super) terms: Terms,
    /// What becomes of long ranges of numbers.
    pub(super) ranges: Ranges,
    /// Whether there are long ranges that are not written out.
    pub(super) has_long_ranges: bool,
    /// Whether the function picks entries, is made of them, or differentiates by them.
    pub(super) picks_entries: bool,
    /// The indices that run over symbolic ranges as axes, the outer one first.
    pub(super) axes: Vec<super::raise::Axis>,
    /// The loops that are open, the outer one first.
    pub(super) loops: Vec<Bound>,
    /// What their indices are in the names that they have in the source.
    pub(super) loop_names: Vec<Dimension>,
    /// What is assumed, by the conditions around.
    pub(super) assumptions: Vec<Assumption>,
    /// What must not be negative: lengths of ranges and what lies outside of slices.
    pub(super) needed: Vec<Dimension>,
    /// Where what is lowered is not for all sizes, those that it is for; ranges that end before they begin for some sizes
    /// are not raised then.
    pub(super) few: Option<Few>,
    /// How many values such ranges have.
    pub(super) uncertain: Vec<Dimension>,
    /// The parameters that pick entries, with their ranges.
    pub(super) index_parameters: FxHashMap<ExprId, (Dimension, Dimension)>,
    /// What is known about constants.
    pub(super) constants: super::undefined::Constants,
    /// The function's body.
    root: Option<NodeId>,
    /// What the user has named in the function's own block, in order.
    names: Vec<(String, Value)>,
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
            memo: IndexMap::new(),
            derived_names: derived_names(ast),
            unrolled: 0,
            terms: Terms::of(ast, items),
            ranges: Ranges::WrittenOut,
            has_long_ranges: false,
            picks_entries: false,
            axes: Vec::new(),
            loops: Vec::new(),
            loop_names: Vec::new(),
            assumptions: Vec::new(),
            needed: Vec::new(),
            few: None,
            uncertain: Vec::new(),
            index_parameters: FxHashMap::default(),
            constants: Default::default(),
            root: None,
            names: Vec::new(),
        }
    }

    /// Tells the machine what becomes of long ranges of numbers: they are written out by default.
    pub fn expect_ranges(&mut self, ranges: Ranges) {
        self.ranges = ranges;
    }

    /// Tells the machine to lower for some sizes.
    pub fn expect_few(&mut self, few: Few) {
        self.few = Some(few);
    }

    /// Returns how many values ranges have that end before they begin for some sizes.
    pub fn uncertain(&self) -> Vec<Dimension> {
        self.uncertain.clone()
    }

    /// Tells the machine that a parameter picks entries, and is in a range.
    pub fn expect_index(&mut self, id: ExprId, range: (Dimension, Dimension)) {
        self.index_parameters.insert(id, range);
    }

    /// Tells whether the function picks entries, is made of them, or differentiates by them.
    pub fn picks_entries(&self) -> bool {
        self.picks_entries
    }

    /// Returns what the user has named with `let` in the function's own block.
    pub fn let_names(&self) -> Vec<(String, Value)> {
        self.names.clone()
    }

    /// Writes a dimension with the names that its indices have.
    pub(super) fn written(&self, dimension: &Dimension) -> Dimension {
        self.loops
            .iter()
            .zip(&self.loop_names)
            .fold(dimension.clone(), |dimension, (bound, name)| dimension.substituted(bound.name(), name))
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
        self.root = Some(root);
        let own = self.items.iter().position(|(item, _)| Some(item.name().text.as_str()) == name);
        self.active.extend(own);
        self.tasks.push(Task::Visit(root));
        while let Some(task) = self.tasks.pop() {
            if self.gates.graph.len() > limits::NODES {
                let message = "this function grows too large";
                self.errors.push(
                    Diagnostic::new(Fault::TooLarge, self.ast.span(root), message)
                        .label(format!("over {} nodes", limits::text(limits::NODES))),
                );
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
    pub fn finish(self) -> (Vec<(String, ExprId)>, Vec<Diagnostic>) {
        (self.new_parameters, self.errors)
    }

    pub(super) fn fail(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
        self.values.push(Value::Poison);
    }

    pub(super) fn settle(&mut self, result: Result<Value, Diagnostic>) {
        match result {
            Ok(value) => self.values.push(value),
            Err(diagnostic) => self.fail(diagnostic),
        }
    }

    /// Takes the last values off the stack; none if an error has spoilt one of them.
    pub(super) fn take(&mut self, count: usize) -> Option<Vec<Value>> {
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
                let names = &lets[at].names;
                if let [_, _, ..] = names.as_slice() {
                    return self.bind_states(names, value, self.ast.span(lets[at].value));
                }
                let name = &names[0].text;
                if self.root == Some(block) && matches!(value, Value::Scalar(_) | Value::Array(..)) {
                    self.names.push((name.clone(), value.clone()));
                }
                self.bind(name, value);
            }
            Task::Unbind(block) => {
                let Expression::Block(lets, _) = self.ast.get(block) else {
                    return;
                };
                lets.iter().flat_map(|binding| &binding.names).for_each(|name| self.unbind(&name.text));
            }
            Task::Ranges(running) => self.visit_range(running),
            Task::Fold(running) => self.fold(running),
            Task::Step(running, index) => self.next_value(running, index),
            Task::Gather(running, count) => self.gather(running, count),
            Task::Guard(running) => self.guard(running),
            Task::Assume => self.assume(),
            Task::AssumeOpposite => self.assume_opposite(),
            Task::AssumeNoLonger => self.assume_no_longer(),
            Task::One => {
                let one = Value::Scalar(self.gates.graph.integer(1));
                self.values.push(one);
            }
            Task::Mean(id) => self.mean(id),
            Task::Raised(running, attempt) => self.raised(running, attempt),
            Task::Looped(running, attempt) => self.looped(running, attempt),
            Task::Recurrence(id) => self.recurrence(id),
            Task::Advance(steps) => self.advance(steps),
            Task::Advanced(steps) => self.advanced(steps),
            Task::Recurred(id, initial) => self.recurred(id, &initial),
            Task::Return(item, arguments) => {
                let around = self.frames.pop().map(|frame| frame.axes);
                self.axes.splice(0..0, around.into_iter().flatten());
                self.active.pop();
                let value = self.values.last().cloned().unwrap_or(Value::Poison);
                self.memo.insert((item, arguments), value);
            }
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
                None => self.fail(Diagnostic::new(Fault::Number, span, "this number is out of range")),
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
            Expression::Fold(..) | Expression::Map(..) => self.visit_fold(id),
            Expression::Recurrence(..) => self.visit_recurrence(id),
            Expression::If(condition, holds, fails) => {
                self.tasks.extend([Task::Combine(id), Task::AssumeNoLonger, Task::Visit(*fails), Task::AssumeOpposite]);
                self.tasks.extend([Task::Visit(*holds), Task::Assume, Task::Visit(*condition)]);
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
            let value = value.clone();
            return self.values.push(value);
        }
        let item = self.items.iter().position(|(item, _)| item.name().text == name);
        match item.map(|position| &self.items[position].0) {
            Some(Item::Constant { value, .. }) => {
                return self.enter(item.unwrap_or(0), *value, span, Vec::new());
            }
            Some(Item::Function { .. }) => {
                let message = format!("`{name}` is a function and needs its arguments");
                return self
                    .fail(Diagnostic::new(Fault::Arguments, span, message).hint(format!("write `{name}(...)`")));
            }
            None if name == "pi" => {
                let value = Value::Scalar(self.gates.graph.intern(Node::Pi));
                return self.values.push(value);
            }
            None => {}
        }
        if self.open {
            let id = self.gates.graph.add_input(Input { parameter: name.to_string(), place: vec![] });
            self.new_parameters.push((name.to_string(), id));
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
        let inside = self.root.and_then(|root| bound_inside(self.ast, root, name));
        let hint = match (name, near) {
            _ if inside.is_some() => inside.unwrap_or_default(),
            ("e", _) => "Euler's number is `exp(1)`, and `exp(x)` its powers".to_string(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ => format!("make it a parameter, or name it with `let {name} = ...;` inside braces"),
        };
        self.fail(Diagnostic::new(Fault::UnknownName, span, message).label("unknown name").hint(hint));
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
                let result = self.gates.opposite(&values[0], spans[0]);
                self.settle(result);
            }
            Expression::Unary(UnaryOperator::Transpose, _) => {
                let result = self.gates.transposed(&values[0], spans[0]);
                self.settle(result);
            }
            Expression::Binary(BinaryOperator::Remainder, ..) => {
                let result = self.remainder(&values, [span, spans[0], spans[1]]);
                self.settle(result);
            }
            Expression::Binary(operator, left, right) => {
                let result = self.gates.binary(*operator, &values[0], &values[1], [span, spans[0], spans[1]]);
                self.settle(result.map_err(|diagnostic| with_operands(diagnostic, self.ast, *left, *right)));
            }
            Expression::If(..) => {
                let result = self.gates.choice(&values, &spans, span, !self.axes.is_empty());
                self.settle(result);
            }
            Expression::List(_) => {
                let result = self.list(&values, &spans, span);
                self.settle(result);
            }
            Expression::Several(_) => {
                let sound = values.iter().zip(&spans).find_map(|(value, span)| super::gates::node(value, *span).err());
                self.settle(sound.map_or(Ok(Value::States(values)), Err));
            }
            Expression::Index(_, places) => {
                let result = self.index(places, &values, &spans);
                self.settle(result);
            }
            Expression::Call(name, _) => self.call(name, values, &spans, span),
            _ => self.values.push(Value::Poison),
        }
        self.require_defined(id, span);
    }

    /// Returns the whole number that a value is, if it is made of numbers alone.
    pub(super) fn whole_number(&self, value: &Value) -> Option<i64> {
        match value {
            Value::Scalar(id) => match self.gates.graph.as_number(*id) {
                Some(number) => number.to_integer(),
                None => self.known_choice(*id)?.as_number(),
            },
            _ => None,
        }
    }
}
