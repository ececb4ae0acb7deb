//! From what the machine makes of a definition to a function: of whole vectors and matrices, and of their entries.

use super::function::{Entries, Function, Parameter, Whole, WholeParameter};
use super::scalarize::Scalarizer;
use super::shape::Shape;
use super::undefined::Doubt;
use super::value::Rank;
use crate::graph::{Dimension, ExprId, Extents, Graph, Input, Sizes};
use crate::limits;
use crate::source::Span;
use std::sync::Arc;

/// Most entries of an array that are named each.
const MOST_NAMED: usize = 64;

/// What a function is called, and how it is written.
pub(super) struct Header {
    pub name: Option<String>,
    pub documentation: Vec<String>,
    pub definition: String,
    pub span: Span,
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
    /// Whether it has long ranges, or neither picks entries, is made of them nor differentiates by them.
    pub is_closed: bool,
    /// How many values ranges have that end before they begin for some sizes.
    pub uncertain: Vec<Dimension>,
}

impl Lowered {
    /// Makes the function. Where all dimensions are numbers it has its entries, too, unless these are too many or a
    /// determinant is too large to be written out.
    pub fn function(self, header: Header, few: Option<Whole>) -> Function {
        let entries = if self.sizes.is_empty() { self.entries() } else { None };
        let has_parts = self.parameters.iter().any(|parameter| parameter.shape.indices() > 0) || self.graph.has_loops();
        let is_closed = has_parts && self.is_closed;
        let whole = Whole { few: few.map(Arc::new), ..self.whole() };
        let Header { name, documentation, definition, span } = header;
        Function { name, documentation, definition, span, whole, entries, is_closed }
    }

    /// Writes the function out in the entries of its vectors and matrices.
    fn entries(&self) -> Option<Entries> {
        if self.parameters.iter().any(|parameter| matches!(parameter.shape, Shape::Tensor(..))) {
            // Entries have one index or two.
            return None;
        }
        let mut roots = vec![self.output.0];
        roots.extend(self.names.iter().map(|(_, (id, _))| *id));
        roots.extend(self.doubts.iter().map(|doubt| doubt.node));
        let most = if self.graph.has_loops() { limits::ENTRIES_BESIDE_LOOPS } else { limits::NODES };
        let written = written_out(&self.graph, &self.parameters, &roots, &Sizes::new(), most)?;
        let mut rest = written.roots.into_iter();
        let (shape, outputs) = (self.shape(self.output)?, rest.next()?);
        let mut names = Vec::new();
        for ((name, value), entries) in self.names.iter().zip(&mut rest) {
            match self.shape(*value)? {
                Shape::Scalar => names.extend(entries.iter().map(|entry| (name.clone(), *entry))),
                _ if entries.len() > MOST_NAMED => {}
                named => names.extend(named.places().zip(entries).map(|(place, entry)| {
                    let place: Vec<String> = place.iter().map(usize::to_string).collect();
                    (format!("{name}[{}]", place.join(", ")), entry)
                })),
            }
        }
        let image = |(doubt, entries): (&Doubt, Vec<ExprId>)| Some(Doubt { node: *entries.first()?, ..doubt.clone() });
        let doubts = self.doubts.iter().zip(rest).filter_map(image).collect();
        Some(Entries { parameters: written.parameters, graph: written.graph, outputs, shape, names, doubts })
    }

    pub fn whole(self) -> Whole {
        let shape = Shape::of_node(self.output.1, self.graph.extents(self.output.0));
        Whole {
            graph: self.graph,
            output: self.output.0,
            shape,
            parameters: self.parameters,
            names: self.names.into_iter().map(|(name, (id, _))| (name, id)).collect(),
            sizes: self.sizes,
            needed: self.needed,
            few: None,
            doubts: self.doubts,
        }
    }

    /// Returns the shape of a value of fixed size.
    fn shape(&self, (id, rank): (ExprId, Option<Rank>)) -> Option<Shape> {
        let Some(rank) = rank else { return Some(Shape::Scalar) };
        let (rows, columns) = sides(&self.graph.extents(id), &Sizes::new())?;
        Some(Shape::of(rank, rows, columns))
    }
}

/// A graph of entries, and what was asked for in it.
struct Written {
    parameters: Vec<Parameter>,
    graph: Graph,
    /// The entries of each root.
    roots: Vec<Vec<ExprId>>,
}

/// Writes roots out in the entries of the parameters, for given sizes of the dimensions that have names; none if these are
/// more than `most`, or if a determinant is too large to be written out.
fn written_out(
    source: &Graph,
    parameters: &[WholeParameter],
    roots: &[ExprId],
    sizes: &Sizes,
    most: usize,
) -> Option<Written> {
    let shapes: Vec<Shape> =
        parameters.iter().map(|parameter| parameter.shape.evaluate(sizes)).collect::<Option<_>>()?;
    if parameters.iter().any(|parameter| parameter.range.is_some()) {
        // Which entries are read is known when the function runs.
        return None;
    }
    let total = shapes.iter().fold(0, |total: usize, shape| total.saturating_add(shape.entries()));
    if total > limits::PARAMETER_ENTRIES {
        return None;
    }
    let mut graph = Graph::new();
    graph.set_strict(source.is_strict());
    let (mut own, mut inputs) = (Vec::new(), Vec::new());
    for (parameter, shape) in parameters.iter().zip(shapes) {
        let first = graph.inputs().len();
        let name = &parameter.name;
        let input = |place| graph.add_input(Input { parameter: name.clone(), place });
        inputs.push((parameter.id, shape.places().map(input).collect::<Vec<ExprId>>()));
        let (name, facts) = (name.clone(), parameter.facts.clone());
        own.push(Parameter { name, shape, facts, inputs: first..first + shape.entries() });
    }
    let mut scalarizer = Scalarizer::new(source, &mut graph, sizes, inputs, most);
    scalarizer.write(roots)?;
    let roots = roots.iter().map(|root| scalarizer.entries(*root).to_vec()).collect();
    Some(Written { parameters: own, graph, roots })
}

impl Whole {
    /// Writes the function out in the entries of its parameters, for given sizes of the dimensions that have names; none if
    /// these are too many, or if a determinant is too large to be written out.
    pub fn at(&self, sizes: &Sizes) -> Option<Entries> {
        if let Some(few) = self.few_for(sizes) {
            return few.at(sizes);
        }
        let written = written_out(&self.graph, &self.parameters, &[self.output], sizes, limits::NODES)?;
        let (rows, columns) = sides(&self.extents(), sizes)?;
        let shape = match (rows, columns) {
            (1, 1) => Shape::Scalar,
            (_, 1) => Shape::Vector(rows),
            _ => Shape::Matrix(rows, columns),
        };
        let outputs = written.roots.into_iter().next()?;
        let (names, doubts) = (Vec::new(), Vec::new());
        Some(Entries { parameters: written.parameters, graph: written.graph, outputs, shape, names, doubts })
    }
}

fn sides(extents: &Extents, sizes: &Sizes) -> Option<(usize, usize)> {
    Some((extents.rows.evaluate(sizes)?, extents.columns.evaluate(sizes)?))
}
