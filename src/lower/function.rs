//! Functions, lowered: a graph of whole vectors and matrices, and where their dimensions are numbers one with a node for
//! each entry, too.

use super::shape::Shape;
use super::undefined::Doubt;
use crate::graph::{Dimension, ExprId, Extents, Graph, Rational, Sizes};
use crate::source::Span;
use rustc_hash::FxHashSet;
use std::ops::Range;
use std::sync::Arc;

/// What is known of a parameter's values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Greatest known lower bound, and whether the bound itself is excluded.
    pub low: Option<(Rational, bool)>,
    /// Least known upper bound, and whether the bound itself is excluded.
    pub high: Option<(Rational, bool)>,
    /// The value is not 0.
    pub non_zero: bool,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What was declared about it.
    pub facts: Facts,
    /// Its entries among the graph's inputs, row by row.
    pub inputs: Range<usize>,
}

/// A function, lowered.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; none for a bare expression.
    pub name: Option<String>,
    /// Its `///` comments, a line each.
    pub documentation: Vec<String>,
    /// Its definition as it is written in the source.
    pub definition: String,
    /// Where its name stands in the source; the place of a bare expression.
    pub span: Span,
    /// The function of whole vectors and matrices.
    pub whole: Whole,
    /// The function of their entries, where all dimensions are numbers and not too large.
    pub entries: Option<Entries>,
    /// Whether its closed form shows more than its entries do: it has vectors or matrices and does not pick their entries, or
    /// it has loops.
    pub(super) is_closed: bool,
}

/// A function with a node for each entry of its vectors and matrices.
#[derive(Clone, Debug)]
pub struct Entries {
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The graph as written; inputs are the parameters' entries in order.
    pub graph: Graph,
    /// The nodes of the value, row by row.
    pub outputs: Vec<ExprId>,
    /// The shape of the value.
    pub shape: Shape,
    /// What the user named with `let`, in order: nodes of the graph.
    pub names: Vec<(String, ExprId)>,
    /// Constants of the graph that may have no value.
    pub doubts: Vec<Doubt>,
}

/// A parameter that is kept in one piece.
#[derive(Clone, Debug)]
pub struct WholeParameter {
    /// Its name.
    pub name: String,
    /// Its node.
    pub id: ExprId,
    /// Its shape.
    pub shape: Shape<Dimension>,
    /// What was declared about its entries.
    pub facts: Facts,
    /// The range of whole numbers that it is of, the end excluded, if it picks entries; nothing is derived by it then.
    pub range: Option<(Dimension, Dimension)>,
}

impl WholeParameter {
    /// Returns the extents of its node.
    pub fn extents(&self) -> Extents {
        self.shape.extents()
    }
}

/// A function of whole vectors and matrices.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The graph as written.
    pub graph: Graph,
    /// The function's value.
    pub output: ExprId,
    /// The shape of the value.
    pub shape: Shape<Dimension>,
    /// The parameters, in order.
    pub parameters: Vec<WholeParameter>,
    /// What the user named with `let`, in order.
    pub names: Vec<(String, ExprId)>,
    /// The names of dimensions, in order of appearance.
    pub sizes: Vec<String>,
    /// What is not negative where the function is defined: lengths, and places of slices in what they are taken from.
    pub needed: Vec<Dimension>,
    /// The same function for sizes for which some of this is negative because a range ends before it begins.
    pub few: Option<Arc<Whole>>,
    /// Constants of the graph that may have no value.
    pub doubts: Vec<Doubt>,
}

impl Whole {
    /// Returns the place of a parameter's node among the graph's inputs.
    pub fn input_index(&self, id: ExprId) -> usize {
        match self.graph.node(id) {
            crate::graph::Node::Input(index) => *index as usize,
            _ => 0,
        }
    }

    /// Returns the extents of the function's value.
    pub fn extents(&self) -> Extents {
        self.graph.extents(self.output)
    }

    /// Returns the function for few entries if these sizes ask for it: if a range ends before it begins.
    pub fn few_for(&self, sizes: &Sizes) -> Option<&Arc<Whole>> {
        self.few.as_ref().filter(|_| self.own_unmet(sizes).is_some())
    }

    /// Returns what is negative for these sizes, and must not be.
    pub fn unmet(&self, sizes: &Sizes) -> Option<&Dimension> {
        self.few_for(sizes).map_or(self, |few| few).own_unmet(sizes)
    }

    fn own_unmet(&self, sizes: &Sizes) -> Option<&Dimension> {
        self.needed.iter().find(|dimension| dimension.evaluate(sizes).is_none())
    }

    /// Returns the places of the parameters that pick entries among the graph's inputs.
    pub fn indices_from_data(&self) -> FxHashSet<u32> {
        let from_data = self.parameters.iter().filter(|parameter| parameter.range.is_some());
        from_data.map(|parameter| self.input_index(parameter.id) as u32).collect()
    }

    /// Lists the parameters that something can be derived by.
    pub fn derivable(&self) -> Vec<usize> {
        (0..self.parameters.len()).filter(|at| self.parameters[*at].range.is_none()).collect()
    }

    /// Finds a parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&WholeParameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl Function {
    /// Lists the constants that may have no value, with the graph and the values that they belong to.
    pub fn doubts(&self) -> (&[Doubt], &Graph, &[ExprId]) {
        match &self.entries {
            Some(entries) => (&entries.doubts, &entries.graph, &entries.outputs),
            None => {
                let whole = &self.whole;
                (&whole.doubts, &whole.graph, std::slice::from_ref(&whole.output))
            }
        }
    }

    /// Returns the name to print for the function's value: its own, or `f` for a bare expression.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("f")
    }

    /// Returns the function of whole matrices where it has a closed form: where there are no entries, or none is picked.
    pub fn closed(&self) -> Option<&Whole> {
        (self.is_closed || self.entries.is_none()).then_some(&self.whole)
    }

    /// Returns the function of whole matrices where answers are of that rather than of entries: where there are no entries,
    /// or there would be one for each term of a long range.
    pub fn kept_whole(&self) -> Option<&Whole> {
        self.closed().filter(|whole| self.entries.is_none() || whole.graph.has_loops())
    }
}

impl Entries {
    /// Finds a parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Returns the input nodes of the given parameter entries.
    pub fn input_nodes(&mut self, inputs: Range<usize>) -> Vec<ExprId> {
        inputs.map(|input| self.graph.intern(crate::graph::Node::Input(input as u32))).collect()
    }
}
