//! From what the machine makes of a definition to a function: with a graph of its entries, a graph of whole vectors and
//! matrices, or both.

use super::function::{Function, Parameter, Whole, WholeParameter};
use super::scalarize::Scalarizer;
use super::undefined::Doubt;
use super::value::{Rank, Shape};
use crate::graph::{Dimension, ExprId, Extents, Graph, Input, Sizes};
use crate::limits;

/// Most entries of an array that are named each.
const MOST_NAMED: usize = 64;

/// What a function is called, and how it is written.
pub(super) struct Header {
    pub name: Option<String>,
    pub documentation: Vec<String>,
    pub definition: String,
}

/// A definition, lowered to a graph of numbers and whole vectors and matrices.
pub(super) struct Lowered {
    pub graph: Graph,
    /// The value, with its rank if it is an array.
    pub output: (ExprId, Option<Rank>),
    pub parameters: Vec<WholeParameter>,
    /// What the user has named with `let`, as the value is given.
    pub names: Vec<(String, (ExprId, Option<Rank>))>,
    /// The names of dimensions.
    pub sizes: Vec<String>,
    /// What must not be negative.
    pub needed: Vec<Dimension>,
    pub doubts: Vec<Doubt>,
    /// Whether the function picks entries, is made of them, or differentiates by them.
    pub picks_entries: bool,
}

/// A function's graph with a node for each entry of a vector or matrix.
struct Entries {
    parameters: Vec<Parameter>,
    graph: Graph,
    outputs: Vec<ExprId>,
    shape: Shape,
    names: Vec<(String, ExprId)>,
    doubts: Vec<Doubt>,
}

impl Lowered {
    /// Makes the function. Where all dimensions are numbers it has its entries, unless these are too many or a determinant
    /// is too large to be written out; its closed form stays beside them, if no entry is picked.
    pub fn function(self, header: Header) -> Function {
        let entries = if self.sizes.is_empty() { self.entries() } else { None };
        let is_closed = self.parameters.iter().any(|parameter| parameter.indices > 0) && !self.picks_entries;
        let whole = (entries.is_none() || is_closed).then(|| self.whole());
        let entries = entries.unwrap_or(Entries {
            parameters: Vec::new(),
            graph: Graph::new(),
            outputs: Vec::new(),
            shape: Shape::Scalar,
            names: Vec::new(),
            doubts: Vec::new(),
        });
        let Header { name, documentation, definition } = header;
        let Entries { parameters, graph, outputs, shape, names, doubts } = entries;
        Function { name, documentation, definition, parameters, graph, outputs, shape, names, doubts, whole }
    }

    /// Writes the function out in the entries of its vectors and matrices.
    fn entries(&self) -> Option<Entries> {
        let sizes = Sizes::new();
        let shapes: Vec<Shape> = self.parameters.iter().map(shape).collect::<Option<_>>()?;
        let total = shapes.iter().fold(0, |total: usize, shape| total.saturating_add(shape.entries()));
        if total > limits::PARAMETER_ENTRIES {
            return None;
        }
        let mut graph = Graph::new();
        let mut parameters = Vec::new();
        let mut inputs = Vec::new();
        for (parameter, shape) in self.parameters.iter().zip(shapes) {
            let first = graph.inputs().len();
            let name = &parameter.name;
            let input = |place| graph.add_input(Input { parameter: name.clone(), place });
            inputs.push((parameter.id, shape.places().map(input).collect::<Vec<ExprId>>()));
            let (name, facts) = (name.clone(), parameter.facts.clone());
            parameters.push(Parameter { name, shape, facts, inputs: first..first + shape.entries() });
        }
        let shape = self.shape(self.output)?;
        let mut scalarizer = Scalarizer::new(&self.graph, &mut graph, &sizes, inputs);
        let mut roots = vec![self.output.0];
        roots.extend(self.names.iter().map(|(_, (id, _))| *id));
        roots.extend(self.doubts.iter().map(|doubt| doubt.node));
        scalarizer.write(&roots)?;
        let outputs = scalarizer.entries(self.output.0).to_vec();
        let mut names = Vec::new();
        for (name, value) in &self.names {
            let entries = scalarizer.entries(value.0);
            match self.shape(*value)? {
                Shape::Scalar => names.extend(entries.iter().map(|entry| (name.clone(), *entry))),
                _ if entries.len() > MOST_NAMED => {}
                named => names.extend(named.places().zip(entries).map(|(place, entry)| {
                    let place: Vec<String> = place.iter().map(usize::to_string).collect();
                    (format!("{name}[{}]", place.join(", ")), *entry)
                })),
            }
        }
        let image = |doubt: &Doubt| Some(Doubt { node: *scalarizer.entries(doubt.node).first()?, ..doubt.clone() });
        let doubts = self.doubts.iter().filter_map(image).collect();
        Some(Entries { parameters, graph, outputs, shape, names, doubts })
    }

    fn whole(self) -> Whole {
        Whole {
            graph: self.graph,
            output: self.output.0,
            parameters: self.parameters,
            names: self.names.into_iter().map(|(name, (id, _))| (name, id)).collect(),
            sizes: self.sizes,
            needed: self.needed,
            doubts: self.doubts,
        }
    }

    /// Returns the shape of a value of fixed size.
    fn shape(&self, (id, rank): (ExprId, Option<Rank>)) -> Option<Shape> {
        let Some(rank) = rank else { return Some(Shape::Scalar) };
        let (rows, columns) = sides(&self.graph.extents(id))?;
        Some(Shape::of(rank, rows, columns))
    }
}

/// Returns the shape of a parameter of fixed size.
fn shape(parameter: &WholeParameter) -> Option<Shape> {
    let (rows, columns) = sides(&parameter.extents)?;
    Some(match parameter.indices {
        0 => Shape::Scalar,
        1 => Shape::Vector(rows),
        _ => Shape::Matrix(rows, columns),
    })
}

fn sides(extents: &Extents) -> Option<(usize, usize)> {
    let number = |dimension: &Dimension| usize::try_from(dimension.as_number()?).ok();
    Some((number(&extents.rows)?, number(&extents.columns)?))
}
