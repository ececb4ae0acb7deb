//! Operations on whole matrices as a textbook writes them: `W'*x`, `sum(v)`, `norm2(x)`, `softmax(z)`.

use super::notation::Writer;
use crate::graph::{self, Dimension, ExprId, Extents, MatrixOperation as M, Node, Rational, Term};
use crate::syntax::ast::{BinaryOperator as B, Expression as E, Index, NodeId, UnaryOperator};

impl Writer<'_> {
    /// Writes an operation on matrices whose operands are written.
    pub(super) fn matrix(&mut self, id: ExprId, operation: &M, operands: &[ExprId]) -> NodeId {
        let written: Vec<NodeId> = operands.iter().map(|operand| self.written[operand]).collect();
        match operation {
            M::Product => self.matrix_product(id, operands),
            M::Transpose => match self.ast.get(written[0]) {
                // A row of a matrix is a column in the language, and its own transpose's transpose.
                E::Unary(UnaryOperator::Transpose, inner) => *inner,
                _ => self.ast.synthesize(E::Unary(UnaryOperator::Transpose, written[0])),
            },
            M::Full(value, extents) => self.full(value, extents),
            M::Identity(n) => self.constant("eye", std::slice::from_ref(n)),
            M::Size(n) => self.dimension(n),
            M::Slice(row, column, extents) => self.slice(operands[0], row, column, extents),
            M::Embed(row, column, extents) => self.embedded(operands[0], row, column, extents),
            M::Diagonal | M::DiagonalOf => self.call("diag", written),
            M::Trace => self.call("tr", written),
            M::Determinant => self.call("det", written),
            M::LogDeterminant => self.call("logdet", written),
            M::Inverse => self.call("inv", written),
            M::Adjugate => self.call("adj", written),
            M::LogSumExp => self.call("logsumexp", written),
            M::LogSumExpOfRows => self.call("logsumexp_rows", written),
            M::Stack => self.call("stack", written),
            M::Join => self.call("join", written),
            M::Remainder => self.binary(B::Remainder, written[0], written[1]),
            M::Loop(bound) => self.looped(bound, operands[0]),
            M::Scan(..) => self.scanned(id),
            M::Gather(places, extents) => self.gathered(places, extents, operands),
            M::Scatter(places, extents) => self.put(places, extents, operands),
            M::State(index, state, _) => {
                let name = self.state_name(index, *state);
                self.ast.synthesize(E::Name(name))
            }
            M::Extremum(extreme) => self.call(extreme.name(), written),
            M::FirstExtremum(extreme) => self.call(extreme.name_of_first(), written),
            M::EntryProduct => self.call("prod", written),
            M::OtherProducts => self.call("prod_others", written),
        }
    }

    /// Writes a product; what ones do at its ends is a sum, and a longer expression times itself is a square.
    fn matrix_product(&mut self, id: ExprId, factors: &[ExprId]) -> NodeId {
        if let Some(vector) = self.graph.as_square(id).filter(|vector| !self.is_short(*vector)) {
            return self.norm_to(vector, &Rational::integer(2));
        }
        let is_ones = |id: &ExprId| self.graph.is_ones(*id) && !self.graph.extents(*id).is_scalar();
        let (first, last) = (is_ones(&factors[0]), is_ones(&factors[factors.len() - 1]));
        let rows = self.graph.extents(factors[0]).rows;
        let columns = self.graph.extents(factors[factors.len() - 1]).columns;
        let inner = match (first && rows.is_one(), last && columns.is_one()) {
            (true, true) if factors.len() > 2 => &factors[1..factors.len() - 1],
            (true, _) if columns.is_one() => &factors[1..],
            (_, true) if rows.is_one() => &factors[..factors.len() - 1],
            _ => {
                if factors.iter().all(|factor| self.graph.as_transpose(*factor).is_some()) {
                    return self.transposed_product(factors);
                }
                let written = self.written_factors(factors);
                return self.chain(&written);
            }
        };
        let written = self.written_factors(inner);
        let inner = self.chain(&written);
        self.call("sum", vec![inner])
    }

    /// Writes `A'*B'` as `(B*A)'`.
    fn transposed_product(&mut self, factors: &[ExprId]) -> NodeId {
        let inner = factors.iter().rev().filter_map(|factor| self.graph.as_transpose(*factor));
        let inner: Vec<ExprId> = inner.collect();
        let written = self.written_factors(&inner);
        let product = self.chain(&written);
        self.ast.synthesize(E::Unary(UnaryOperator::Transpose, product))
    }

    /// Writes `A/2 - B/2` as `(A - B)/2`, for matrices.
    pub(super) fn common_multiple(&mut self, id: ExprId, constant: &Rational, terms: &[Term]) -> Option<NodeId> {
        let scale = terms.first()?.1.abs();
        let common = terms.iter().all(|(_, k)| k.abs() == scale);
        let scalar = self.graph.extents(id).is_scalar();
        if scalar || !common || scale.is_one() || terms.len() < 2 || !constant.is_zero() {
            return None;
        }
        let divided: Vec<Term> = terms.iter().filter_map(|(id, k)| Some((*id, k.divide(&scale)?))).collect();
        let sum = self.sum(constant, &divided);
        let (top, bottom) = (scale.numerator(), scale.denominator());
        let mut written = sum;
        if !top.is_one() {
            let top = self.number(&top);
            written = self.binary(B::Multiply, top, written);
        }
        if !bottom.is_one() {
            let bottom = self.number(&bottom);
            written = self.binary(B::Divide, written, bottom);
        }
        Some(written)
    }

    pub(super) fn written_factors(&self, factors: &[ExprId]) -> Vec<(NodeId, bool)> {
        factors.iter().map(|factor| (self.written[factor], false)).collect()
    }

    /// Writes the product of written factors, in order; those marked multiply entry by entry.
    pub(super) fn chain(&mut self, factors: &[(NodeId, bool)]) -> NodeId {
        let ((mut product, mut entrywise), rest) = (factors[0], &factors[1..]);
        for (factor, marked) in rest {
            let operator = if entrywise && *marked { B::ElementMultiply } else { B::Multiply };
            product = self.binary(operator, product, *factor);
            entrywise |= marked;
        }
        product
    }

    pub(super) fn full(&mut self, value: &Rational, extents: &Extents) -> NodeId {
        let (name, factor) = match (value.is_zero(), value.is_one()) {
            (true, _) => ("zeros", None),
            (_, true) => ("ones", None),
            _ => ("ones", Some(self.number(value))),
        };
        let matrix = match (extents.is_column(), extents.rows.is_one()) {
            (true, _) => self.constant(name, std::slice::from_ref(&extents.rows)),
            (_, true) => {
                let column = self.constant(name, std::slice::from_ref(&extents.columns));
                self.ast.synthesize(E::Unary(UnaryOperator::Transpose, column))
            }
            _ => self.constant(name, &[extents.rows.clone(), extents.columns.clone()]),
        };
        match factor {
            Some(factor) => self.binary(B::Multiply, factor, matrix),
            None => matrix,
        }
    }

    fn constant(&mut self, name: &str, dimensions: &[Dimension]) -> NodeId {
        let arguments = dimensions.iter().map(|dimension| self.dimension(dimension)).collect();
        self.call(name, arguments)
    }

    /// Writes a dimension: `n`, `n - 1`, `2*n`.
    pub(super) fn dimension(&mut self, dimension: &Dimension) -> NodeId {
        let mut sum: Option<NodeId> = None;
        let constant = dimension.constant();
        let names: Vec<(String, i64)> = dimension.terms().map(|(term, count)| (term.to_string(), count)).collect();
        // What is added stands before what is taken away, and a number between both: `n - 1 - i`, `99 - i`.
        let (added, taken): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, count)| *count > 0);
        let between = !taken.is_empty() && (constant > 0 || !added.is_empty() && constant != 0);
        let number = between.then(|| (String::new(), constant));
        for (name, count) in added.into_iter().chain(number).chain(taken) {
            if name.is_empty() {
                let number = self.ast.synthesize(E::Number(constant.abs().to_string()));
                let operator = if constant < 0 { B::Subtract } else { B::Add };
                sum = Some(sum.map_or(number, |sum| self.binary(operator, sum, number)));
                continue;
            }
            let number = (count.abs() != 1).then(|| self.ast.synthesize(E::Number(count.abs().to_string())));
            let names: Vec<String> = graph::factors(&name).map(|name| self.name_of(name)).collect();
            let names = names.into_iter().map(|name| self.ast.synthesize(E::Name(name))).collect::<Vec<_>>();
            let product = number.into_iter().chain(names).reduce(|a, b| self.binary(B::Multiply, a, b));
            let Some(term) = product else { continue };
            sum = Some(match sum {
                None if count < 0 => self.negate(term),
                None => term,
                Some(sum) => self.binary(if count < 0 { B::Subtract } else { B::Add }, sum, term),
            });
        }
        let number = self.ast.synthesize(E::Number(constant.abs().to_string()));
        match sum {
            None if constant < 0 => self.negate(number),
            None => number,
            Some(sum) if constant == 0 || between => sum,
            Some(sum) => self.binary(if constant < 0 { B::Subtract } else { B::Add }, sum, number),
        }
    }

    fn slice(&mut self, of: ExprId, row: &Dimension, column: &Dimension, extents: &Extents) -> NodeId {
        let whole = self.graph.extents(of);
        if let Some(written) = self.part_of_tensor(of, row, column, extents) {
            return written;
        }
        let mut places = vec![self.place(row, &extents.rows, &whole.rows)];
        if !whole.is_column() {
            places.push(self.place(column, &extents.columns, &whole.columns));
        }
        // A single row is a column vector in the language, and is turned back.
        let turned = !extents.is_scalar() && extents.rows.is_one() && !whole.rows.is_one();
        let block = self.ast.synthesize(E::Index(self.indexed(of), places));
        if turned { self.ast.synthesize(E::Unary(UnaryOperator::Transpose, block)) } else { block }
    }

    pub(super) fn place(&mut self, start: &Dimension, count: &Dimension, whole: &Dimension) -> Index {
        if count.is_one() {
            return Index::At(self.dimension(start));
        }
        let end = start.plus(count, 1);
        let from = (*start != Dimension::number(0)).then(|| self.dimension(start));
        let to = (end != *whole).then(|| self.dimension(&end));
        Index::Slice(from, to)
    }

    /// Writes a block at places from data.
    fn gathered(&mut self, places: &[Option<Dimension>; 2], extents: &Extents, operands: &[ExprId]) -> NodeId {
        let whole = self.graph.extents(operands[0]);
        let mut given = operands[1..].iter();
        let sides = [(&extents.rows, &whole.rows), (&extents.columns, &whole.columns)];
        let mut written = Vec::new();
        for (place, (count, all)) in places.iter().zip(sides).take(if whole.is_column() { 1 } else { 2 }) {
            written.push(match place {
                Some(place) => self.place(place, count, all),
                None => Index::At(given.next().map_or(self.written[&operands[0]], |id| self.written[id])),
            });
        }
        let block = self.ast.synthesize(E::Index(self.indexed(operands[0]), written));
        let turned = !extents.is_scalar() && extents.rows.is_one();
        if turned { self.ast.synthesize(E::Unary(UnaryOperator::Transpose, block)) } else { block }
    }

    /// Writes zeros with a block at places from data.
    fn put(&mut self, places: &[Option<Dimension>; 2], extents: &Extents, operands: &[ExprId]) -> NodeId {
        let own = self.graph.extents(operands[0]);
        let several = own.is_scalar() && !extents.is_column();
        let mut value = self.written[&operands[0]];
        if !own.is_scalar() {
            value = match self.ast.get(value) {
                E::Unary(UnaryOperator::Transpose, column) => *column,
                _ => self.ast.synthesize(E::Unary(UnaryOperator::Transpose, value)),
            };
        }
        let mut given = operands[1..].iter();
        let mut arguments = vec![value];
        let count = if several { 2 } else { 1 };
        for place in places.iter().take(count) {
            arguments.push(match place {
                Some(place) => self.dimension(place),
                None => given.next().map_or(value, |id| self.written[id]),
            });
        }
        for size in [&extents.rows, &extents.columns].into_iter().take(count) {
            arguments.push(self.dimension(size));
        }
        self.call("put", arguments)
    }

    /// Writes a matrix in a larger one of zeros: zeros above and below, left and right.
    fn embedded(&mut self, id: ExprId, row: &Dimension, column: &Dimension, whole: &Extents) -> NodeId {
        let own = self.graph.extents(id);
        self.surrounded(self.written[&id], &own, row, column, whole)
    }

    /// Writes zeros around a matrix that is written.
    pub(super) fn surrounded(
        &mut self,
        written: NodeId,
        own: &Extents,
        row: &Dimension,
        column: &Dimension,
        whole: &Extents,
    ) -> NodeId {
        let below = whole.rows.plus(row, -1).plus(&own.rows, -1);
        let right = whole.columns.plus(column, -1).plus(&own.columns, -1);
        let none = Dimension::number(0);
        let mut columns = Vec::new();
        for (width, middle) in [(column, false), (&own.columns, true), (&right, false)] {
            if middle {
                columns.push(written);
            } else if *width != none {
                columns.push(self.full(&Rational::ZERO, &Extents::new(own.rows.clone(), width.clone())));
            }
        }
        let wide = if columns.len() == 1 { columns[0] } else { self.call("join", columns) };
        let mut rows = Vec::new();
        for (height, middle) in [(row, false), (&own.rows, true), (&below, false)] {
            if middle {
                rows.push(wide);
            } else if *height != none {
                rows.push(self.full(&Rational::ZERO, &Extents::new(height.clone(), whole.columns.clone())));
            }
        }
        if rows.len() == 1 { rows[0] } else { self.call("stack", rows) }
    }

    /// Tells whether a matrix product has a difference that takes a minus sign into itself.
    pub(super) fn product_flips(&self, id: ExprId) -> bool {
        match self.graph.node(id) {
            Node::Matrix(operation, factors) => {
                **operation == M::Product
                    && !matches!(self.ast.get(self.written[&id]), E::Name(_) | E::Call(..))
                    && self.flips_in(factors)
            }
            Node::Product(factors) => {
                let mut matrices = factors.iter().filter(|(base, _)| !self.graph.extents(*base).is_scalar());
                match (matrices.next(), matrices.next()) {
                    (Some((base, exponent)), None) => exponent.is_one() && self.product_flips(*base),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Tells whether exactly one factor of a product takes a minus sign; of two, neither does.
    pub(super) fn flips_in(&self, factors: &[ExprId]) -> bool {
        factors.iter().filter(|factor| self.flips(**factor)).count() == 1
    }

    /// Tells whether a factor is a difference or the transpose of one.
    pub(super) fn flips(&self, id: ExprId) -> bool {
        self.is_difference(self.graph.as_transpose(id).unwrap_or(id)) || self.has_difference(id)
    }

    /// Tells whether a product entry by entry has a difference among its factors.
    fn has_difference(&self, id: ExprId) -> bool {
        let named = matches!(self.ast.get(self.written[&id]), E::Name(_));
        match self.graph.node(id) {
            Node::Product(factors) if !named && !self.graph.extents(id).is_scalar() => {
                factors.iter().any(|(base, exponent)| exponent.is_one() && self.is_difference(*base))
            }
            _ => false,
        }
    }

    /// Writes minus a factor for which [`Writer::flips`] holds.
    pub(super) fn flipped_factor(&mut self, id: ExprId) -> NodeId {
        if let (Node::Product(factors), true) = (self.graph.node(id), self.has_difference(id)) {
            return self.product(&Rational::ONE, factors, true);
        }
        match self.graph.as_transpose(id) {
            Some(inner) => {
                let reversed = self.difference_reversed(inner);
                self.ast.synthesize(E::Unary(UnaryOperator::Transpose, reversed))
            }
            None => self.difference_reversed(id),
        }
    }

    /// Writes a power of `x'*x` as a power of `norm2(x)`.
    pub(super) fn norm(&mut self, base: ExprId, exponent: &Rational) -> Option<NodeId> {
        let vector = self.graph.as_square(base)?;
        Some(self.norm_to(vector, &exponent.multiply(&Rational::integer(2))))
    }

    fn is_short(&self, id: ExprId) -> bool {
        matches!(self.ast.get(self.written[&id]), E::Name(_)) || self.graph.as_transpose(id).is_some()
    }

    fn norm_to(&mut self, vector: ExprId, exponent: &Rational) -> NodeId {
        let vector = self.written[&vector];
        let norm = self.call("norm2", vec![vector]);
        if exponent.is_one() {
            return norm;
        }
        let exponent = self.number(exponent);
        self.binary(B::Power, norm, exponent)
    }

    /// Writes `v - logsumexp(v)` as a call of `log_softmax`, or with the name of what it is the argument of.
    pub(super) fn shares(&mut self, id: ExprId, name: &str) -> Option<NodeId> {
        let (v, shares) = self.graph.as_log_shares(id)?;
        let v = self.written[&v];
        Some(self.call(&shares.named(name), vec![v]))
    }
}
