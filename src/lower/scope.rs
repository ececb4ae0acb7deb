//! The names in scope, and what they stand for.

use super::machine::Machine;
use super::value::Value;
use crate::graph::{ExprId, Node};
use crate::syntax::ast::{Ast, Expression, Name, NodeId};
use rustc_hash::FxHashSet;

impl Machine<'_> {
    /// Binds a name; one that a derivative is taken by stands for itself until that derivative is worked out.
    pub(super) fn bind(&mut self, name: &str, value: Value) {
        let graph = &mut *self.gates.graph;
        let mut held = |id: ExprId| match graph.node(id) {
            Node::Input(_) => id,
            _ => {
                let extents = graph.extents(id);
                let placeholder = graph.add_placeholder(id);
                graph.give_extents(placeholder, extents);
                placeholder
            }
        };
        let value = match value {
            Value::Scalar(id) if self.derived_names.contains(name) => Value::Scalar(held(id)),
            Value::Array(id, rank) if self.derived_names.contains(name) => Value::Array(held(id), rank),
            _ => value,
        };
        self.bind_index(name, value);
    }

    /// Binds the name of an index, by which no derivative is taken.
    pub(super) fn bind_index(&mut self, name: &str, value: Value) {
        if let Some(frame) = self.frames.last_mut() {
            frame.bindings.entry(name.to_string()).or_default().push(value);
        }
    }

    pub(super) fn unbind(&mut self, name: &str) {
        if let Some(values) = self.frames.last_mut().and_then(|frame| frame.bindings.get_mut(name)) {
            values.pop();
        }
    }
}

/// Says what to write in place of a name that is an index or a state inside of the expression alone; none if it is none.
pub(super) fn bound_inside(ast: &Ast, root: NodeId, name: &str) -> Option<String> {
    let is = |own: &Name| own.text == name;
    let (mut found, mut is_derived_by) = (None, false);
    let mut seen = FxHashSet::default();
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        let expression = ast.get(id);
        let (indices, states) = match expression {
            Expression::Fold(_, ranges, _) => (&ranges.list[..], &[][..]),
            Expression::Map(list, _) => (&list[..], &[][..]),
            Expression::Recurrence(_, recurrence) => (std::slice::from_ref(&recurrence.range), &recurrence.states[..]),
            Expression::Call(function, arguments) => {
                let by = arguments.get(1).map(|by| ast.get(*by));
                let is_name = matches!(by, Some(Expression::Name(by)) if by == name);
                is_derived_by |= is_name && DERIVATIVES.contains(&function.text.as_str());
                (&[][..], &[][..])
            }
            _ => (&[][..], &[][..]),
        };
        if indices.iter().any(|range| is(&range.index)) {
            found.get_or_insert("index");
        }
        if states.iter().any(|state| is(&state.name)) {
            found.get_or_insert("state");
        }
        expression.for_each_child(|child| stack.push(child));
    }
    let hint = match (found?, is_derived_by) {
        ("index", true) => format!("each term is derived by its index inside: `{{ let t = {name}; diff(e, t) }}`"),
        ("index", false) => format!("`{name}` has its values in what it runs over, and in the ranges after its own"),
        (_, true) => "make what the state begins with a parameter, and derive by that".to_string(),
        (_, false) => format!("`{name}` is what a step of its recurrence finds; what is left is what `fold` returns"),
    };
    Some(hint)
}

/// Functions whose second argument is what something is derived by.
const DERIVATIVES: [&str; 4] = ["diff", "grad", "jacobian", "hessian"];
