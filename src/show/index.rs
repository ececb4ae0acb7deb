//! Index form: one entry of a matrix expression, with sums over indices and Kronecker deltas, as `2*q[i]*x[j]`.

use super::notation;
use crate::graph::{Dimension, ExprId, Graph, MatrixOperation as M, Node, Rational};
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, Index as Place, Name, NodeId, UnaryOperator};

/// An index: a name plus an offset, or an offset alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name, if there is one.
    pub name: Option<String>,
    /// What is added to it.
    pub offset: Dimension,
}

impl Index {
    /// Makes an index that is a name.
    pub fn named(name: &str) -> Self {
        Index { name: Some(name.to_string()), offset: Dimension::default() }
    }

    fn first() -> Self {
        Index { name: None, offset: Dimension::default() }
    }

    fn plus(&self, offset: &Dimension, factor: i64) -> Self {
        Index { name: self.name.clone(), offset: self.offset.plus(offset, factor) }
    }

    /// Puts another index in place of a name.
    fn replaced(&self, name: &str, by: &Index) -> Self {
        match &self.name {
            Some(own) if own == name => by.plus(&self.offset, 1),
            _ => self.clone(),
        }
    }
}

/// An entry while it is worked out.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Number(Rational),
    /// An entry of something that is written by its name or as a call.
    Leaf(ExprId, Vec<Index>),
    /// 1 where the indices are equal, else 0.
    Delta(Index, Index),
    Sum(Rational, Vec<(Rational, Entry)>),
    Product(Vec<(Entry, Rational)>),
    /// Another node of the graph, entry by entry.
    Apply(ExprId, Vec<Entry>),
    /// The sum over an index from 0 to a dimension.
    Fold(String, Dimension, Box<Entry>),
}

/// Writes an entry of a node. Deltas are kept as they are if `raw`, else they are summed away.
pub fn entry(graph: &Graph, id: ExprId, row: &Index, column: &Index, direction: Option<Direction>, raw: bool) -> (Ast, NodeId) {
    let taken: Vec<String> =
        [row, column].into_iter().chain(direction.iter().flat_map(|d| [&d.row, &d.column])).filter_map(|i| i.name.clone()).collect();
    let mut expansion = Expansion { graph, direction, fresh: 0, taken };
    let entry = expansion.entry(id, row, column);
    let entry = if raw { entry } else { summed(entry) };
    let mut ast = Ast::default();
    let root = Writing { graph, ast: &mut ast }.write(&entry);
    (ast, root)
}

/// Writes the sum over the row of the product of two entries, with deltas as they are: the chain rule before it is
/// summed.
pub fn product(
    graph: &Graph,
    (outer, inner): (ExprId, ExprId),
    row: &Index,
    column: &Index,
    direction: Option<Direction>,
    count: &Dimension,
) -> (Ast, NodeId) {
    let taken: Vec<String> = [row, column]
        .into_iter()
        .chain(direction.iter().flat_map(|d| [&d.row, &d.column]))
        .filter_map(|index| index.name.clone())
        .collect();
    let mut expansion = Expansion { graph, direction, fresh: 0, taken };
    // Sums inside of the factors are worked out; the outer one is what is shown.
    let factors = [outer, inner].map(|id| (summed(expansion.entry(id, row, column)), Rational::ONE));
    let name = row.name.clone().unwrap_or_default();
    let entry = Entry::Fold(name, count.clone(), Box::new(Entry::Product(factors.to_vec())));
    let mut ast = Ast::default();
    let root = Writing { graph, ast: &mut ast }.write(&entry);
    (ast, root)
}

/// A derivative by one entry of a parameter: what stands for the parameter's change is a product of deltas.
#[derive(Clone, Debug)]
pub struct Direction {
    /// The node that stands for the change.
    pub id: ExprId,
    /// The row of the entry.
    pub row: Index,
    /// The column of the entry.
    pub column: Index,
}

struct Expansion<'a> {
    graph: &'a Graph,
    direction: Option<Direction>,
    fresh: usize,
    taken: Vec<String>,
}

impl Expansion<'_> {
    /// Returns a name for an index that is summed over.
    fn fresh(&mut self) -> String {
        const NAMES: &[&str] = &["k", "l", "p", "q", "r", "s", "t"];
        loop {
            let name = match NAMES.get(self.fresh) {
                Some(name) => (*name).to_string(),
                None => format!("k{}", self.fresh),
            };
            self.fresh += 1;
            let known = |input: &crate::graph::Input| input.parameter == name;
            if !self.taken.contains(&name) && !self.graph.inputs().iter().any(known) {
                return name;
            }
        }
    }

    fn entry(&mut self, id: ExprId, row: &Index, column: &Index) -> Entry {
        let extents = self.graph.extents(id);
        let row = if extents.rows.is_one() { Index::first() } else { row.clone() };
        let column = if extents.columns.is_one() { Index::first() } else { column.clone() };
        if let Some(direction) = self.direction.as_ref().filter(|direction| direction.id == id) {
            let rows = Entry::Delta(row, direction.row.clone());
            let columns = Entry::Delta(column, direction.column.clone());
            return match extents.is_column() {
                true => rows,
                false => Entry::Product(vec![(rows, Rational::ONE), (columns, Rational::ONE)]),
            };
        }
        match self.graph.node(id).clone() {
            Node::Number(value) => Entry::Number(value),
            Node::Input(_) | Node::Placeholder(_) | Node::Pi => self.leaf(id, &row, &column),
            Node::Sum(constant, terms) => {
                let entries = terms.iter().map(|(term, k)| (k.clone(), self.entry(*term, &row, &column))).collect();
                Entry::Sum(constant, entries)
            }
            Node::Product(factors) => {
                let entries = factors.iter().map(|(base, e)| (self.entry(*base, &row, &column), e.clone()));
                Entry::Product(entries.collect())
            }
            Node::Matrix(operation, operands) => self.operation(id, &operation, &operands, &row, &column),
            Node::Apply(crate::functions::rows::EXP, _) if self.is_softmax(id) => self.leaf(id, &row, &column),
            node => {
                let mut entries = Vec::new();
                node.for_each_operand(|operand| entries.push(self.entry(operand, &row, &column)));
                Entry::Apply(id, entries)
            }
        }
    }

    /// Tells whether a node is written as a softmax, of which entries are taken as a whole.
    fn is_softmax(&self, id: ExprId) -> bool {
        let (ast, root) = notation::write(self.graph, id);
        matches!(ast.get(root), E::Call(name, _) if name.text == "softmax")
    }

    fn leaf(&self, id: ExprId, row: &Index, column: &Index) -> Entry {
        let extents = self.graph.extents(id);
        let places = match (extents.is_scalar(), extents.is_column()) {
            (true, _) => Vec::new(),
            (_, true) => vec![row.clone()],
            _ => vec![row.clone(), column.clone()],
        };
        Entry::Leaf(id, places)
    }

    fn operation(&mut self, id: ExprId, operation: &M, operands: &[ExprId], row: &Index, column: &Index) -> Entry {
        match (operation, operands) {
            (M::Product, factors) => {
                let mut entries = Vec::new();
                let mut folds = Vec::new();
                let mut left = row.clone();
                for (at, factor) in factors.iter().enumerate() {
                    let inner = self.graph.extents(*factor).columns;
                    let right = match at + 1 == factors.len() {
                        true => column.clone(),
                        false if inner.is_one() => Index::first(),
                        false => {
                            let name = self.fresh();
                            folds.push((name.clone(), inner));
                            Index::named(&name)
                        }
                    };
                    entries.push((self.entry(*factor, &left, &right), Rational::ONE));
                    left = right;
                }
                let product = Entry::Product(entries);
                folds.into_iter().rev().fold(product, |body, (name, n)| Entry::Fold(name, n, Box::new(body)))
            }
            (M::Transpose, [a]) => self.entry(*a, column, row),
            (M::Full(value, _), _) => Entry::Number(value.clone()),
            (M::Identity(_), _) => Entry::Delta(row.clone(), column.clone()),
            (M::Diagonal, [v]) => {
                let entry = self.entry(*v, row, &Index::first());
                Entry::Product(vec![
                    (Entry::Delta(row.clone(), column.clone()), Rational::ONE),
                    (entry, Rational::ONE),
                ])
            }
            (M::DiagonalOf, [a]) => self.entry(*a, row, row),
            (M::Trace, [a]) => {
                let name = self.fresh();
                let index = Index::named(&name);
                let entry = self.entry(*a, &index, &index);
                Entry::Fold(name, self.graph.extents(*a).rows, Box::new(entry))
            }
            (M::Slice(top, left, _), [a]) => self.entry(*a, &row.plus(top, 1), &column.plus(left, 1)),
            _ => self.leaf(id, row, column),
        }
    }
}

/// Sums the deltas away: `sum(k in 0..n, a[k]*delta(k, i))` is `a[i]`.
fn summed(entry: Entry) -> Entry {
    match entry {
        Entry::Sum(constant, terms) => {
            let terms = terms.into_iter().map(|(k, term)| (k, summed(term))).collect();
            Entry::Sum(constant, terms)
        }
        Entry::Product(factors) => {
            let mut flat = Vec::new();
            for (factor, exponent) in factors {
                match summed(factor) {
                    Entry::Product(inner) if exponent.is_one() => flat.extend(inner),
                    factor => flat.push((factor, exponent)),
                }
            }
            // A sum over an index takes the other factors in, so that their deltas meet.
            let at = flat.iter().position(|(factor, e)| matches!(factor, Entry::Fold(..)) && e.is_one());
            let deltas = flat.iter().any(|(factor, _)| matches!(factor, Entry::Delta(..)));
            if let (Some(at), true) = (at, deltas)
                && let (Entry::Fold(name, n, body), _) = flat.remove(at)
            {
                flat.push((*body, Rational::ONE));
                return summed(Entry::Fold(name, n, Box::new(Entry::Product(flat))));
            }
            Entry::Product(flat)
        }
        Entry::Apply(id, entries) => Entry::Apply(id, entries.into_iter().map(summed).collect()),
        Entry::Fold(name, n, body) => fold(name, n, summed(*body)),
        entry => entry,
    }
}

fn fold(name: String, n: Dimension, body: Entry) -> Entry {
    match body {
        // A sum of terms is summed term by term where that does away with an index.
        Entry::Sum(constant, terms) if constant.is_zero() && terms.iter().any(|(_, term)| has_delta(term, &name)) => {
            let terms = terms.into_iter().map(|(k, term)| (k, fold(name.clone(), n.clone(), term))).collect();
            Entry::Sum(constant, terms)
        }
        Entry::Fold(inner, m, body) if has_delta(&body, &name) => Entry::Fold(inner, m, Box::new(fold(name, n, *body))),
        Entry::Delta(a, b) if is_bare(&a, &name) || is_bare(&b, &name) => Entry::Number(Rational::ONE),
        Entry::Product(mut factors) => {
            let meets = |(factor, _): &(Entry, Rational)| match factor {
                Entry::Delta(a, b) => is_bare(a, &name) || is_bare(b, &name),
                _ => false,
            };
            match factors.iter().position(meets) {
                Some(at) => {
                    let (Entry::Delta(a, b), _) = factors.remove(at) else { return Entry::Product(factors) };
                    let by = if is_bare(&a, &name) { b } else { a };
                    replaced(Entry::Product(factors), &name, &by)
                }
                None => distributed(name, n, factors),
            }
        }
        body => Entry::Fold(name, n, Box::new(body)),
    }
}

/// Sums a product over an index: term by term if one of its factors is a sum with a delta of that index.
fn distributed(name: String, n: Dimension, mut factors: Vec<(Entry, Rational)>) -> Entry {
    let sum = factors.iter().position(|(factor, exponent)| match factor {
        Entry::Sum(constant, terms) => {
            exponent.is_one() && constant.is_zero() && terms.iter().any(|(_, term)| has_delta(term, &name))
        }
        _ => false,
    });
    let Some(at) = sum else { return Entry::Fold(name, n, Box::new(Entry::Product(factors))) };
    let (Entry::Sum(constant, terms), _) = factors.remove(at) else { return Entry::Product(factors) };
    let terms = terms.into_iter().map(|(k, term)| {
        let own = factors.iter().cloned().chain([(term, Rational::ONE)]).collect();
        (k, summed(Entry::Fold(name.clone(), n.clone(), Box::new(Entry::Product(own)))))
    });
    Entry::Sum(constant, terms.collect())
}

fn is_bare(index: &Index, name: &str) -> bool {
    index.name.as_deref() == Some(name) && index.offset == Dimension::default()
}

fn has_delta(entry: &Entry, name: &str) -> bool {
    match entry {
        Entry::Delta(a, b) => is_bare(a, name) || is_bare(b, name),
        Entry::Product(factors) => factors.iter().any(|(factor, _)| has_delta(factor, name)),
        Entry::Fold(_, _, body) => has_delta(body, name),
        _ => false,
    }
}

fn replaced(entry: Entry, name: &str, by: &Index) -> Entry {
    let all = |entries: Vec<(Entry, Rational)>| {
        entries.into_iter().map(|(entry, k)| (replaced(entry, name, by), k)).collect::<Vec<_>>()
    };
    match entry {
        Entry::Number(_) => entry,
        Entry::Leaf(id, places) => Entry::Leaf(id, places.iter().map(|place| place.replaced(name, by)).collect()),
        Entry::Delta(a, b) => Entry::Delta(a.replaced(name, by), b.replaced(name, by)),
        Entry::Sum(constant, terms) => {
            Entry::Sum(constant, terms.into_iter().map(|(k, term)| (k, replaced(term, name, by))).collect())
        }
        Entry::Product(factors) => Entry::Product(all(factors)),
        Entry::Apply(id, entries) => {
            Entry::Apply(id, entries.into_iter().map(|entry| replaced(entry, name, by)).collect())
        }
        Entry::Fold(own, n, body) => Entry::Fold(own, n, Box::new(replaced(*body, name, by))),
    }
}

/// Dissolves products inside of a product.
fn flattened(factors: &[(Entry, Rational)]) -> Vec<(Entry, Rational)> {
    let inner = |(factor, exponent): &(Entry, Rational)| match factor {
        Entry::Product(inner) if exponent.is_one() => flattened(inner),
        _ => vec![(factor.clone(), exponent.clone())],
    };
    factors.iter().flat_map(inner).collect()
}

struct Writing<'a> {
    graph: &'a Graph,
    ast: &'a mut Ast,
}

impl Writing<'_> {
    fn binary(&mut self, operator: B, a: NodeId, b: NodeId) -> NodeId {
        self.ast.synthesize(E::Binary(operator, a, b))
    }

    fn call(&mut self, name: &str, arguments: Vec<NodeId>) -> NodeId {
        let name = Name { text: name.to_string(), span: Span::default() };
        self.ast.synthesize(E::Call(name, arguments))
    }

    fn number(&mut self, value: &Rational) -> NodeId {
        let size = value.abs();
        let (top, bottom) = (size.numerator(), size.denominator());
        let mut node = self.ast.synthesize(E::Number(top.to_string()));
        if !bottom.is_one() {
            let bottom = self.ast.synthesize(E::Number(bottom.to_string()));
            node = self.binary(B::Divide, node, bottom);
        }
        if value.is_negative() { self.ast.synthesize(E::Unary(UnaryOperator::Negate, node)) } else { node }
    }

    fn dimension(&mut self, dimension: &Dimension) -> NodeId {
        let text = dimension.to_string();
        self.ast.synthesize(E::Name(text))
    }

    fn index(&mut self, index: &Index) -> NodeId {
        let zero = Dimension::default();
        match &index.name {
            None => self.dimension(&index.offset),
            Some(name) => {
                let name = self.ast.synthesize(E::Name(name.clone()));
                if index.offset == zero {
                    return name;
                }
                match index.offset.as_number() {
                    Some(offset) if offset < 0 => {
                        let offset = self.ast.synthesize(E::Number((-offset).to_string()));
                        self.binary(B::Subtract, name, offset)
                    }
                    _ => {
                        let offset = self.dimension(&index.offset);
                        self.binary(B::Add, name, offset)
                    }
                }
            }
        }
    }

    fn write(&mut self, entry: &Entry) -> NodeId {
        match entry {
            Entry::Number(value) => self.number(value),
            Entry::Leaf(id, places) => {
                let (base_ast, base) = notation::write(self.graph, *id);
                let base = self.ast.copy(&base_ast, base);
                if places.is_empty() {
                    return base;
                }
                let places = places.iter().map(|place| Place::At(self.index(place))).collect();
                self.ast.synthesize(E::Index(base, places))
            }
            Entry::Delta(a, b) => {
                let (a, b) = (self.index(a), self.index(b));
                self.call("delta", vec![a, b])
            }
            Entry::Sum(constant, terms) => self.sum(constant, terms),
            Entry::Product(factors) => self.product(&Rational::ONE, factors),
            Entry::Fold(name, n, body) => {
                let body = self.write(body);
                let zero = self.ast.synthesize(E::Number("0".to_string()));
                let end = self.dimension(n);
                let own = |text: &str| Name { text: text.to_string(), span: Span::default() };
                self.ast.synthesize(E::Fold(own("sum"), own(name), zero, end, body))
            }
            Entry::Apply(id, entries) => {
                let written: Vec<NodeId> = entries.iter().map(|entry| self.write(entry)).collect();
                self.apply(*id, written)
            }
        }
    }

    fn apply(&mut self, id: ExprId, written: Vec<NodeId>) -> NodeId {
        match (self.graph.node(id), written.as_slice()) {
            (Node::Apply(crate::functions::rows::POW, _), [a, b]) => self.binary(B::Power, *a, *b),
            (Node::Apply(function, _), _) => self.call(function.row().name, written),
            (Node::Select(..), [c, a, b]) => self.ast.synthesize(E::If(*c, *a, *b)),
            (Node::Compare(comparison, ..), [a, b]) => self.binary(comparison.to_operator(), *a, *b),
            (Node::And(..), [a, b]) => self.binary(B::And, *a, *b),
            (Node::Or(..), [a, b]) => self.binary(B::Or, *a, *b),
            (Node::Not(_), [a]) => self.ast.synthesize(E::Unary(UnaryOperator::Not, *a)),
            _ => self.call("entry", written),
        }
    }

    fn sum(&mut self, constant: &Rational, terms: &[(Rational, Entry)]) -> NodeId {
        let mut sum: Option<NodeId> = None;
        let (positive, negative): (Vec<_>, Vec<_>) = terms.iter().partition(|(k, _)| !k.is_negative());
        for (k, term) in positive.into_iter().chain(negative) {
            let size = if sum.is_some() { k.abs() } else { k.clone() };
            let factors = match term {
                Entry::Product(factors) => factors.clone(),
                term => vec![(term.clone(), Rational::ONE)],
            };
            let written = self.product(&size, &factors);
            sum = Some(match sum {
                None => written,
                Some(sum) => self.binary(if k.is_negative() { B::Subtract } else { B::Add }, sum, written),
            });
        }
        match sum {
            None => self.number(constant),
            Some(sum) if constant.is_zero() => sum,
            Some(sum) => {
                let size = self.number(&constant.abs());
                match constant.is_negative() {
                    true => self.binary(B::Subtract, sum, size),
                    false => self.binary(B::Add, size, sum),
                }
            }
        }
    }

    /// Writes a product as one quotient: numbers first, sums over indices last.
    fn product(&mut self, scale: &Rational, factors: &[(Entry, Rational)]) -> NodeId {
        let mut scale = scale.clone();
        let (mut above, mut below, mut last) = (Vec::new(), Vec::new(), Vec::new());
        let flat = flattened(factors);
        for (factor, exponent) in &flat {
            match factor {
                Entry::Number(value) if exponent.is_one() => scale = scale.multiply(value),
                Entry::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 && exponent.is_one() => {
                    scale = scale.multiply(&terms[0].0);
                    let inner = match &terms[0].1 {
                        Entry::Product(inner) => inner.clone(),
                        inner => vec![(inner.clone(), Rational::ONE)],
                    };
                    for (factor, exponent) in inner {
                        let written = self.power(&factor, &exponent.abs());
                        if exponent.is_negative() { below.push(written) } else { above.push(written) }
                    }
                }
                Entry::Fold(..) if exponent.is_one() => last.push(self.write(factor)),
                _ => {
                    let written = self.power(factor, &exponent.abs());
                    if exponent.is_negative() { below.push(written) } else { above.push(written) }
                }
            }
        }
        above.extend(last);
        let (top, bottom) = (scale.numerator(), scale.denominator());
        let sign = scale.is_negative();
        if !top.abs().is_one() || above.is_empty() {
            above.insert(0, self.number(&top.abs()));
        }
        if !bottom.is_one() {
            below.insert(0, self.number(&bottom));
        }
        if sign {
            above[0] = self.ast.synthesize(E::Unary(UnaryOperator::Negate, above[0]));
        }
        let product = self.chain(&above);
        if below.is_empty() {
            return product;
        }
        let divisor = self.chain(&below);
        self.binary(B::Divide, product, divisor)
    }

    fn chain(&mut self, factors: &[NodeId]) -> NodeId {
        factors[1..].iter().fold(factors[0], |product, factor| self.binary(B::Multiply, product, *factor))
    }

    fn power(&mut self, base: &Entry, exponent: &Rational) -> NodeId {
        let written = self.write(base);
        if exponent.is_one() {
            return written;
        }
        if *exponent == Rational::HALF {
            return self.call("sqrt", vec![written]);
        }
        let exponent = self.number(exponent);
        self.binary(B::Power, written, exponent)
    }
}
