//! The passes from a function as it is written to what is computed, each followed by a check in debug builds, and laid
//! open where that is asked for.

use crate::graph::{ExprId, Graph, Stage};
use crate::show::dump::dump;

/// A pass, by what it leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pass {
    /// The function as it is written.
    Lower,
    /// The derivatives inside of expressions, worked out.
    Resolve,
    /// What is derived, in the form that is derived.
    Prepare,
    /// Value and derivatives, as the chain rule gives them.
    Derive,
    /// Value and derivatives, simplified.
    Simplify,
    /// What is computed, step by step.
    Schedule,
}

impl Pass {
    /// All passes, in order.
    pub const ALL: [Pass; 6] =
        [Pass::Lower, Pass::Resolve, Pass::Prepare, Pass::Derive, Pass::Simplify, Pass::Schedule];

    /// Returns what every graph is after this pass.
    fn stage(self) -> Stage {
        if self == Pass::Lower { Stage::Written } else { Stage::Resolved }
    }
}

/// Watches the passes.
#[derive(Default)]
pub struct Passes {
    wanted: Option<Pass>,
    text: String,
}

impl Passes {
    /// Keeps what one of the passes leaves behind.
    pub fn keeping(pass: Pass) -> Passes {
        Passes { wanted: Some(pass), text: String::new() }
    }

    /// Returns what the pass has left behind, as text: more than once, where the pass runs again for second derivatives.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Hears that a pass has left these roots behind.
    pub fn after(&mut self, pass: Pass, graph: &Graph, roots: &[ExprId]) {
        debug_assert_eq!(graph.verify(roots, pass.stage()), Ok(()), "after {pass:?}");
        if self.wanted == Some(pass) {
            self.keep(&dump(graph, roots));
        }
    }

    /// Keeps a text below what the pass has left behind before.
    fn keep(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}
