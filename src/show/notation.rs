//! Graph to syntax tree: sums with signs, quotients, roots and coefficients the way a textbook writes them.
//!
//! This is the inverse of lowering: what comes out prints as text that reads back as the same function. Every
//! renderer starts from this tree.

use super::fractions::fraction;
use super::loops::index_names;
use super::naming::{DEEPEST, Names, fresh_names, is_condition, is_worth_a_name, sizes};
use super::orders::written_out;
use crate::functions::{Arity, Cost, rows};
use crate::graph::{ExprId, Factor, Graph, MatrixOperation, Node, Rational, Term};
use crate::lower::Shape;
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, Let, Name, NodeId, UnaryOperator};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;

/// Writes one node as an expression.
pub fn write(graph: &Graph, root: ExprId) -> (Ast, NodeId) {
    let mut ast = Ast::default();
    let (lets, written) = write_all(graph, &mut ast, &[root], &Names::default());
    let body = written[0];
    let root = if lets.is_empty() { body } else { ast.synthesize(E::Block(lets, body)) };
    (ast, root)
}

/// Writes the entries of a vector or matrix, given row by row, as one expression.
pub fn write_array(graph: &Graph, entries: &[ExprId], shape: Shape) -> (Ast, NodeId) {
    let mut ast = Ast::default();
    let (lets, written) = write_all(graph, &mut ast, entries, &Names::default());
    let body = match (shape, written.as_slice()) {
        (Shape::Scalar, [only]) => *only,
        (Shape::Matrix(_, columns), _) => {
            let rows = written.chunks(columns.max(1)).map(|row| ast.synthesize(E::List(row.to_vec()))).collect();
            ast.synthesize(E::List(rows))
        }
        _ => ast.synthesize(E::List(written)),
    };
    let root = if lets.is_empty() { body } else { ast.synthesize(E::Block(lets, body)) };
    (ast, root)
}

/// Writes several nodes next to one another, those that have a name by their name. Returns what stands before them in a
/// block, and the nodes.
pub fn write_parts(graph: &Graph, roots: &[ExprId], names: &Names) -> (Ast, Vec<Let>, Vec<NodeId>) {
    let mut ast = Ast::default();
    let (lets, written) = write_all(graph, &mut ast, roots, names);
    (ast, lets, written)
}

/// Writes several nodes; parts that are long and repeated, or deep, get names.
fn write_all(graph: &Graph, ast: &mut Ast, roots: &[ExprId], names: &Names) -> (Vec<Let>, Vec<NodeId>) {
    let nodes = graph.reachable(roots);
    let uses = graph.uses(roots);
    let sizes = sizes(graph, &nodes);
    let whole = roots.iter().fold(0u64, |whole, root| whole.saturating_add(sizes[root].0));
    let (written, rank, first_leaf) = Default::default();
    let indices = index_names(graph, &nodes);
    let mut writer = Writer { graph, ast, written, rank, first_leaf, indices, inside: FxHashMap::default() };
    let mut lets = Vec::new();
    let mut depth: FxHashMap<ExprId, u32> = FxHashMap::default();
    let mut fresh = None;
    let asked: FxHashSet<ExprId> = roots.iter().copied().collect();
    let mut inner: FxHashSet<ExprId> = FxHashSet::default();
    let mut within_loops: FxHashSet<ExprId> = FxHashSet::default();
    for id in nodes.iter().rev() {
        graph.node(*id).for_each_operand(|operand| inner.extend([operand]));
        let is_within = within_loops.contains(id) && graph.as_scan(*id).is_none();
        if is_within || graph.free_indices(*id).is_some() {
            graph.node(*id).for_each_operand(|operand| within_loops.extend([operand]));
        }
    }
    for id in nodes {
        let mut expression = writer.expression(id);
        if asked.contains(&id) && !inner.contains(&id) {
            expression = written_out(writer.ast, graph, id, &writer.written).unwrap_or(expression);
        }
        let mut level = 0;
        graph.node(id).for_each_operand(|operand| level = level.max(depth[&operand] + 1));
        let is_scan = graph.as_scan(id).is_some();
        // Nobody writes a recurrence inside of a loop that it does not depend on.
        let repeated = match uses[id] {
            0 | 1 => is_scan && graph.free_indices(id).is_none() && within_loops.contains(&id),
            _ => is_scan || is_worth_a_name(whole, sizes[&id]),
        };
        let numeric = !is_condition(graph.node(id));
        if let Some(name) = names.get(&id) {
            let reference = writer.ast.synthesize(E::Name(name.clone()));
            writer.written.insert(id, reference);
            level = 0;
        } else if numeric && !asked.contains(&id) && (repeated || level >= DEEPEST) {
            let name = fresh.get_or_insert_with(|| fresh_names(graph)).next().unwrap_or_default();
            let named = Let::one(Name { text: name.clone(), span: Span::default() }, expression);
            // What depends on an index has no name outside of its loop.
            match graph.free_indices(id) {
                None => lets.push(named),
                Some(_) => drop(writer.inside.insert(id, named)),
            }
            let reference = writer.ast.synthesize(E::Name(name));
            writer.written.insert(id, reference);
            level = 0;
        } else {
            writer.written.insert(id, expression);
        }
        depth.insert(id, level);
    }
    let written = roots.iter().map(|root| writer.written[root]).collect();
    (lets, written)
}

/// Writes one node as text.
pub fn text(graph: &Graph, root: ExprId) -> String {
    let (ast, root) = write(graph, root);
    crate::syntax::print_expression(&ast, root)
}

/// How a factor is ordered in a product: constants, names, polynomials, functions, sums of functions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Constant,
    Leaf,
    Polynomial,
    Function,
    Mixed,
}

pub(super) struct Writer<'a> {
    pub(super) graph: &'a Graph,
    pub(super) ast: &'a mut Ast,
    pub(super) written: FxHashMap<ExprId, NodeId>,
    rank: FxHashMap<ExprId, Rank>,
    /// The first parameter entry in each node, which orders terms that nothing else orders.
    first_leaf: FxHashMap<ExprId, u32>,
    /// The names of the indices of loops.
    pub(super) indices: FxHashMap<String, String>,
    /// What has a name inside of a loop.
    pub(super) inside: FxHashMap<ExprId, Let>,
}

impl Writer<'_> {
    pub(super) fn binary(&mut self, operator: B, a: NodeId, b: NodeId) -> NodeId {
        self.ast.synthesize(E::Binary(operator, a, b))
    }

    pub(super) fn negate(&mut self, a: NodeId) -> NodeId {
        self.ast.synthesize(E::Unary(UnaryOperator::Negate, a))
    }

    pub(super) fn number(&mut self, value: &Rational) -> NodeId {
        let (top, bottom) = fraction(&value.abs());
        let text = |value: &Rational| value.to_decimal(17).unwrap_or_else(|| value.to_string());
        let mut node = self.ast.synthesize(E::Number(text(&top)));
        if value.is_negative() {
            node = self.negate(node);
        }
        if !bottom.is_one() {
            let bottom = self.ast.synthesize(E::Number(text(&bottom)));
            node = self.binary(B::Divide, node, bottom);
        }
        node
    }

    pub(super) fn call(&mut self, name: &str, arguments: Vec<NodeId>) -> NodeId {
        let name = Name { text: name.to_string(), span: Span::default() };
        self.ast.synthesize(E::Call(name, arguments))
    }

    /// Writes a node whose operands are written.
    fn expression(&mut self, id: ExprId) -> NodeId {
        let rank = self.rank_of(id);
        self.rank.insert(id, rank);
        let mut first_leaf = match self.graph.node(id) {
            Node::Input(index) => *index,
            _ => u32::MAX,
        };
        self.graph.node(id).for_each_operand(|operand| first_leaf = first_leaf.min(self.first_leaf[&operand]));
        self.first_leaf.insert(id, first_leaf);
        match self.graph.node(id) {
            Node::Number(value) => self.number(&value.clone()),
            Node::Pi => self.ast.synthesize(E::Name("pi".into())),
            Node::Input(input) if self.graph.rows_of_tensor(id).is_some() => self.whole_tensor(*input),
            Node::Input(input) => self.input(*input),
            Node::Placeholder(index) => self.ast.synthesize(E::Name(format!("value{index}"))),
            Node::Sum(constant, terms) => match self.shares(id, "log_softmax") {
                Some(shares) => shares,
                None => self.common_multiple(id, constant, terms).unwrap_or_else(|| self.sum(constant, terms)),
            },
            Node::Product(factors) => self.product(&Rational::ONE, factors, false),
            Node::Apply(function, arguments) => {
                let row = function.row();
                let mut written: Vec<NodeId> = arguments.iter().map(|argument| self.written[argument]).collect();
                if *function == rows::POW {
                    let entrywise = arguments.iter().any(|argument| !self.graph.extents(*argument).is_scalar());
                    let operator = if entrywise { B::ElementPower } else { B::Power };
                    return self.binary(operator, written[0], written[1]);
                }
                if row.arity == Arity::Collective {
                    written = vec![self.vector(arguments)];
                }
                if *function == rows::SQRT
                    && let Some(norm) = self.norm(arguments[0], &Rational::HALF)
                {
                    return norm;
                }
                if let Some(share) = self.softmax(*function, arguments) {
                    return share;
                }
                if *function == rows::EXP
                    && let Some(shares) = self.shares(arguments[0], "softmax")
                {
                    return shares;
                }
                if row.arity == Arity::Folded
                    && let E::Call(name, inner) = self.ast.get(written[0])
                    && name.text == row.name
                {
                    let last = written[1];
                    written = inner.clone();
                    written.push(last);
                }
                self.call(row.name, written)
            }
            Node::Select(c, a, b) => {
                let [c, a, b] = [c, a, b].map(|operand| self.written[operand]);
                self.ast.synthesize(E::If(c, a, b))
            }
            Node::Compare(comparison, a, b) => self.comparison(*comparison, *a, *b),
            Node::And(a, b) => {
                let (a, b) = (self.written[a], self.written[b]);
                self.binary(B::And, a, b)
            }
            Node::Or(a, b) => {
                let (a, b) = (self.written[a], self.written[b]);
                self.binary(B::Or, a, b)
            }
            Node::Not(a) => {
                let a = self.written[a];
                self.ast.synthesize(E::Unary(UnaryOperator::Not, a))
            }
            Node::Matrix(operation, operands) => self.matrix(id, operation, operands),
            Node::Derivative(value, by) => {
                let arguments = vec![self.written[value], self.written[by]];
                self.call("diff", arguments)
            }
        }
    }

    pub(super) fn input(&mut self, input: u32) -> NodeId {
        let input = &self.graph.inputs()[input as usize];
        if let Some((above, below)) = input.parameter.split_once('/') {
            let [above, below] = [above, below].map(|name| self.ast.synthesize(E::Name(name.to_string())));
            return self.binary(B::Divide, above, below);
        }
        let name = self.ast.synthesize(E::Name(input.parameter.clone()));
        if input.place.is_empty() {
            return name;
        }
        let places = input
            .place
            .iter()
            .map(|at| crate::syntax::ast::Index::At(self.ast.synthesize(E::Number(at.to_string()))))
            .collect();
        self.ast.synthesize(E::Index(name, places))
    }

    fn rank_of(&self, id: ExprId) -> Rank {
        let rank = |operand: &ExprId| self.rank.get(operand).copied().unwrap_or(Rank::Leaf);
        let simple = |pairs: &[(ExprId, Rational)]| pairs.iter().all(|(operand, _)| rank(operand) <= Rank::Polynomial);
        match self.graph.node(id) {
            Node::Number(_) | Node::Pi => Rank::Constant,
            Node::Input(_) | Node::Placeholder(_) => Rank::Leaf,
            Node::Sum(_, terms) if simple(terms) => Rank::Polynomial,
            Node::Sum(_, terms) if terms.len() == 1 => rank(&terms[0].0),
            Node::Sum(..) => Rank::Mixed,
            Node::Product(factors) => {
                let all_constant = factors.iter().all(|(base, _)| rank(base) == Rank::Constant);
                match (all_constant, simple(factors)) {
                    (true, _) => Rank::Constant,
                    (_, true) => Rank::Polynomial,
                    _ => factors.iter().map(|(base, _)| rank(base)).max().unwrap_or(Rank::Leaf),
                }
            }
            Node::Apply(function, arguments) => {
                let constant = arguments.iter().all(|argument| rank(argument) == Rank::Constant);
                let root = function.row().cost == Cost::SquareRoot;
                match (constant, root) {
                    (true, _) => Rank::Constant,
                    _ => Rank::Function,
                }
            }
            _ => Rank::Function,
        }
    }

    /// Writes a sum: what is added before what is subtracted, a constant first before functions and last after powers.
    pub(super) fn sum(&mut self, constant: &Rational, terms: &[Term]) -> NodeId {
        let mut ordered: Vec<&Term> = terms.iter().collect();
        let number = ordered.iter().position(|(id, k)| self.graph.as_number(*id).is_some() && k.is_one());
        let lone = number.filter(|_| constant.is_zero() && terms.len() > 1);
        // A number that is a term of its own stands where a constant does.
        let constant = match lone.map(|at| ordered.remove(at).0).and_then(|id| self.graph.as_number(id)) {
            Some(number) => number,
            None => constant,
        };
        ordered.sort_by_key(|(id, coefficient)| {
            (coefficient.is_negative(), Reverse(self.degree(*id)), self.first_leaf[id])
        });
        let leading_polynomial = ordered
            .first()
            .is_some_and(|(id, coefficient)| !coefficient.is_negative() && self.rank[id] <= Rank::Polynomial);
        let constant_last = constant.is_negative() || leading_polynomial;
        let mut parts: Vec<(NodeId, bool)> = Vec::new();
        let positive_first = ordered.first().is_some_and(|(_, coefficient)| !coefficient.is_negative());
        let constant_leads = !constant_last || (constant.is_negative() && !positive_first);
        let push_constant = |writer: &mut Self, parts: &mut Vec<(NodeId, bool)>| {
            if constant.is_zero() {
                return;
            }
            let sign = constant.is_negative();
            let value = match parts.is_empty() {
                true => writer.number(constant),
                false => writer.number(&constant.abs()),
            };
            parts.push((value, sign && !parts.is_empty()));
        };
        if constant_leads {
            push_constant(self, &mut parts);
        }
        // In `-2*X'*(y - X*w)` the sign goes into the difference, and the term is added.
        let (flipping, plain): (Vec<&Term>, Vec<&Term>) =
            ordered.into_iter().partition(|(id, coefficient)| coefficient.is_negative() && self.product_flips(*id));
        let first_negative = plain.iter().position(|(_, coefficient)| coefficient.is_negative()).unwrap_or(plain.len());
        let (added, subtracted) = plain.split_at(first_negative);
        for (id, coefficient) in added {
            let written = self.term(*id, coefficient, false);
            parts.push((written, false));
        }
        for (id, coefficient) in flipping {
            let written = self.term(*id, &coefficient.abs(), true);
            parts.push((written, false));
        }
        for (id, coefficient) in subtracted {
            let first = parts.is_empty();
            let negative = coefficient.is_negative();
            let written = self.term(*id, &coefficient.abs(), negative && first);
            parts.push((written, negative && !first));
        }
        if !constant_leads {
            push_constant(self, &mut parts);
        }
        let Some(((first, _), rest)) = parts.split_first() else {
            return self.number(&Rational::ZERO);
        };
        rest.iter()
            .fold(*first, |sum, (term, negative)| self.binary(if *negative { B::Subtract } else { B::Add }, sum, *term))
    }

    /// Returns the degree of a polynomial in names; 0 for everything else.
    fn degree(&self, id: ExprId) -> Rational {
        match self.graph.node(id) {
            // Vectors and matrices stand in the order of the parameters.
            _ if !self.graph.extents(id).is_scalar() => Rational::ZERO,
            Node::Input(_) | Node::Placeholder(_) => Rational::ONE,
            Node::Product(factors) if self.rank[&id] == Rank::Polynomial => {
                let degrees = factors.iter().map(|(base, exponent)| self.degree(*base).multiply(exponent));
                degrees.fold(Rational::ZERO, |total, degree| total.add(&degree))
            }
            Node::Sum(_, terms) if self.rank[&id] == Rank::Polynomial => {
                terms.iter().map(|(operand, _)| self.degree(*operand)).max().unwrap_or(Rational::ZERO)
            }
            _ => Rational::ZERO,
        }
    }

    /// Writes `coefficient·id`, with a sign in front if asked for.
    pub(super) fn term(&mut self, id: ExprId, coefficient: &Rational, negative: bool) -> NodeId {
        match self.graph.node(id) {
            Node::Product(factors) if !matches!(self.ast.get(self.written[&id]), E::Name(_)) => {
                self.product(coefficient, factors, negative)
            }
            _ if coefficient.is_one() && !negative => self.written[&id],
            _ => self.product(coefficient, &[(id, Rational::ONE)], negative),
        }
    }

    /// Writes a product as one quotient, coefficient first, nested products in one row.
    pub(super) fn product(&mut self, coefficient: &Rational, factors: &[Factor], negative: bool) -> NodeId {
        let (top, bottom) = fraction(coefficient);
        let mut above = Vec::new();
        let mut below = Vec::new();
        self.gather(factors, &Rational::ONE, &mut above, &mut below);
        let mut numerator: Vec<(NodeId, bool)> = Vec::new();
        let mut denominator: Vec<(NodeId, bool)> = Vec::new();
        if !top.is_one() || above.is_empty() {
            numerator.push((self.number(&top), false));
        }
        if !bottom.is_one() {
            denominator.push((self.number(&bottom), false));
        }
        let mut flipped = false;
        let divides_entries = below.iter().any(|(base, ..)| !self.graph.extents(*base).is_scalar());
        for (list, out) in [(above, &mut numerator), (below, &mut denominator)] {
            let mut list = list;
            let entrywise = |base: ExprId| !self.graph.extents(base).is_scalar();
            list.sort_by_key(|(base, _, rank)| (entrywise(*base), *rank, self.first_leaf[base]));
            let matrices = list.iter().filter(|(base, ..)| entrywise(*base)).count();
            for (base, exponent, _) in list {
                if let Node::Matrix(operation, factors) = self.graph.node(base)
                    && **operation == MatrixOperation::Product
                    && (matrices, exponent.is_one()) == (1, true)
                    && !matches!(self.ast.get(self.written[&base]), E::Name(_) | E::Call(..) | E::Unary(..))
                {
                    for factor in factors.iter() {
                        let flips = negative && !flipped && self.flips(*factor) && self.flips_in(factors);
                        let written = if flips { self.flipped_factor(*factor) } else { self.written[factor] };
                        flipped |= flips;
                        out.push((written, false));
                    }
                    continue;
                }
                // The sign of -(a - b) goes into the difference: b - a.
                let flips = negative && !flipped && exponent.is_one() && self.is_difference(base);
                let factor = if flips { self.difference_reversed(base) } else { self.power(base, &exponent) };
                flipped |= flips;
                out.push((factor, entrywise(base)));
            }
        }
        if negative && !flipped {
            numerator[0].0 = self.negate(numerator[0].0);
        }
        let product = self.chain(&numerator);
        if denominator.is_empty() {
            return product;
        }
        let divisor = self.chain(&denominator);
        self.binary(if divides_entries { B::ElementDivide } else { B::Divide }, product, divisor)
    }

    /// Tells whether a node is a difference of two terms without a name of its own.
    pub(super) fn is_difference(&self, id: ExprId) -> bool {
        let named = matches!(self.ast.get(self.written[&id]), E::Name(_));
        match self.graph.node(id) {
            Node::Sum(constant, terms) if !named => {
                let constant = Some(constant).filter(|constant| !constant.is_zero());
                let signs = terms.iter().map(|(_, k)| k.is_negative()).chain(constant.map(Rational::is_negative));
                let (negative, positive): (Vec<bool>, Vec<bool>) = signs.partition(|negative| *negative);
                negative.len() == 1 && positive.len() == 1
            }
            _ => false,
        }
    }

    pub(super) fn difference_reversed(&mut self, id: ExprId) -> NodeId {
        match self.graph.node(id) {
            Node::Sum(constant, terms) => {
                let terms: Vec<Term> = terms.iter().map(|(id, k)| (*id, k.negate())).collect();
                self.sum(&constant.negate(), &terms)
            }
            _ => self.written[&id],
        }
    }

    /// Sorts factors into numerator and denominator, looking into products that have no name of their own.
    fn gather(
        &self,
        factors: &[Factor],
        outer: &Rational,
        above: &mut Vec<(ExprId, Rational, Rank)>,
        below: &mut Vec<(ExprId, Rational, Rank)>,
    ) {
        for (base, exponent) in factors {
            let exponent = exponent.multiply(outer);
            let named = self.written.get(base).is_some_and(|written| matches!(self.ast.get(*written), E::Name(_)));
            match self.graph.node(*base) {
                Node::Product(inside) if !named && exponent.is_one() => {
                    self.gather(inside, &exponent, above, below);
                }
                _ if exponent.is_negative() => below.push((*base, exponent.abs(), self.rank[base])),
                _ => above.push((*base, exponent, self.rank[base])),
            }
        }
    }

    fn power(&mut self, base: ExprId, exponent: &Rational) -> NodeId {
        let written = self.written[&base];
        if exponent.is_one() {
            return written;
        }
        if *exponent == Rational::HALF {
            return self.norm(base, exponent).unwrap_or_else(|| self.call("sqrt", vec![written]));
        }
        if let Some(norm) = self.norm(base, exponent) {
            return norm;
        }
        let entrywise = !self.graph.extents(base).is_scalar();
        let exponent = self.number(exponent);
        self.binary(if entrywise { B::ElementPower } else { B::Power }, written, exponent)
    }
}
