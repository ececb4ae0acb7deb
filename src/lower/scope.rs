//! The names in scope, and what they stand for.

use super::machine::Machine;
use super::value::Value;
use crate::graph::{ExprId, Node};

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
