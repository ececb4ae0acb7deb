//! Matrices of zeros around a part: where they are added to others, only the part is.

use super::loops::{Loops, Place, after, place};
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, MatrixOperation as M, Node, Rational, Term};
use crate::program::{Expression, Statement};

impl Loops<'_> {
    /// Tells whether an embedded vector is only ever added to a sum, which its part is added to.
    pub(super) fn is_scattered(&self, embedded: ExprId) -> bool {
        let mut users = self.plan.steps.iter().filter(|step| step.operands().contains(&embedded));
        match (users.next(), users.next()) {
            (Some(user), None) => {
                let added = self.embedded_terms(user.id).is_some() || self.graph.blocks_added(user.id).is_some();
                added && !self.plan.outputs.contains(&embedded)
            }
            _ => false,
        }
    }

    /// Returns the terms of a sum that consists of embedded columns.
    pub(super) fn embedded_terms(&self, id: ExprId) -> Option<Vec<(ExprId, Rational)>> {
        let Node::Sum(constant, terms) = self.graph.node(id) else { return None };
        let embedded = |term: &ExprId| matches!(self.graph.as_matrix(*term), Some((M::Embed(..), _)));
        let column = self.graph.extents(id).is_column();
        (column && constant.is_zero() && terms.iter().all(|(term, _)| embedded(term))).then(|| terms.to_vec())
    }

    /// Adds up embedded columns. Where one loop computes all of them, each entry is written once: what belongs to later
    /// entries is carried along. Otherwise zeros come first, and each part is added in its place.
    pub(super) fn sum_of_embedded(&mut self, id: ExprId) -> Option<Result<(), Diagnostic>> {
        let terms = self.embedded_terms(id)?;
        let target = self.target(id);
        let mut parts = Vec::new();
        for (term, coefficient) in terms {
            let Some((M::Embed(row, _, _), [part])) = self.graph.as_matrix(term) else { continue };
            parts.push((row.clone(), *part, coefficient));
        }
        if !self.carried(id, &target, &parts) {
            self.close();
            self.statements.push(Statement::fill(&target, Expression::zero()));
            for (row, part, coefficient) in &parts {
                let place = Expression::from(&target).at(after("i", self.dimension(row)));
                let add = Statement::add(place, self.scaled(*part, coefficient));
                self.statements.push(Statement::each("i", self.entries(&self.graph.extents(*part)), vec![add]));
            }
        }
        self.places.insert(id, Place::Slice(target));
        Some(Ok(()))
    }

    pub(super) fn scaled(&mut self, part: ExprId, coefficient: &Rational) -> Expression {
        let entry = self.entry(part);
        self.writer.scaled(coefficient, entry)
    }

    /// Writes the sum of columns that the open loop computes, with offsets that are numbers close to each other.
    pub(super) fn carried(&mut self, id: ExprId, target: &str, parts: &[(Dimension, ExprId, Rational)]) -> bool {
        const FARTHEST: usize = 4;
        let offsets: Option<Vec<usize>> = parts
            .iter()
            .map(|(row, part, _)| {
                row.as_number().filter(|_| self.is_local(*part)).and_then(|n| usize::try_from(n).ok())
            })
            .collect();
        let Some(offsets) = offsets else { return false };
        let (Some(first), Some(last)) = (offsets.iter().min().copied(), offsets.iter().max().copied()) else {
            return false;
        };
        if last - first > FARTHEST {
            return false;
        }
        let Some(count) = self.open.as_ref().map(|open| open.extents.rows.clone()) else { return false };
        let (view, carry) = (self.fresh(), self.fresh());
        let float = self.writer.options.scalar;
        let start = Dimension::number(first as i64);
        let end = count.plus(&start, 1);
        let mut before = Vec::new();
        let lags = last - first;
        let to = Expression::from(target);
        let carry_of = |lag: usize| format!("{carry}_{lag}");
        let zeros = |part| Statement::fill(part, Expression::zero());
        before.extend((1..=lags).map(|lag| Statement::total(carry_of(lag), float)));
        if first > 0 {
            before.push(zeros(to.clone().first(first)));
        }
        let filled = end.plus(&Dimension::number(lags as i64), 1);
        if filled != self.graph.extents(id).rows {
            before.push(zeros(to.clone().beyond(self.dimension(&filled))));
        }
        let part = to.clone().at(Expression::range(first, self.dimension(&end)));
        before.push(Statement::name(&view, part.mutable()));
        let mut inside = Vec::new();
        for lag in 0..=lags {
            let mut terms: Vec<Expression> = Vec::new();
            if lag < lags {
                terms.push(carry_of(lag + 1).into());
            }
            for ((_, part, coefficient), offset) in parts.iter().zip(&offsets) {
                if offset - first == lag {
                    terms.push(self.scaled(*part, coefficient));
                }
            }
            let place = if lag == 0 { Expression::from(&view).at("i") } else { carry_of(lag).into() };
            let sum = terms.into_iter().reduce(Expression::plus_signed).unwrap_or(Expression::zero());
            inside.push(Statement::set(place, sum));
        }
        let after = (1..=lags).map(|lag| {
            let place = end.plus(&Dimension::number(lag as i64 - 1), 1);
            Statement::set(to.clone().at(self.dimension(&place)), carry_of(lag))
        });
        let after: Vec<Statement> = after.collect();
        if let Some(open) = &mut self.open {
            open.before.extend(before);
            open.inside.extend(inside);
            open.after.extend(after);
        }
        if !self.sums_next(id) {
            self.close();
        }
        true
    }

    /// Tells whether what follows is another sum of columns that the open loop computes.
    fn sums_next(&self, id: ExprId) -> bool {
        let embedded = |id: ExprId| match self.graph.as_matrix(id) {
            Some((M::Embed(..), [part])) => Some(*part),
            _ => None,
        };
        let mut later = self.plan.steps.iter().map(|step| step.id).skip_while(|step| *step != id).skip(1);
        let next = later.find(|step| embedded(*step).is_none());
        let terms = next.and_then(|next| self.embedded_terms(next)).unwrap_or_default();
        !terms.is_empty() && terms.iter().all(|(term, _)| embedded(*term).is_some_and(|part| self.is_local(part)))
    }

    /// Tells whether one step uses a node, and nothing else.
    pub(super) fn is_used_once(&self, id: ExprId) -> bool {
        let uses = self.plan.steps.iter().filter(|step| step.operands().contains(&id));
        uses.count() == 1 && !self.plan.outputs.contains(&id)
    }

    /// Tells how deep in the loops over rows a node is computed: 0 outside of them, 1 for each row, 2 for each entry.
    fn depth(&self, id: ExprId) -> usize {
        let running = self.graph.running_among(&self.graph.reachable(&[id]));
        let variables = running.get(&id).into_iter().flatten().filter_map(|index| self.sizes.get(index));
        variables.map(|variable| if variable == "column" { 2 } else { 1 }).max().unwrap_or(0)
    }

    /// Adds blocks in their places to a matrix: where nothing else reads that and it is computed as often, without a
    /// copy.
    pub(super) fn add_blocks(&mut self, id: ExprId, whole: ExprId, blocks: &[Term]) {
        self.close();
        let given = self.slice(whole);
        let graph = self.graph;
        let depth = self.depth(whole);
        let runs = depth > 0 && depth == self.depth(id);
        let computed = graph.is_entrywise(whole) || matches!(graph.as_matrix(whole), Some((M::Product, _)));
        let stored = matches!(self.places.get(&whole), Some(Place::Slice(_)));
        let own = runs && computed && stored && self.is_used_once(whole);
        let target = match given.as_name().filter(|_| own) {
            Some(given) => given.to_string(),
            None => self.target(id),
        };
        if graph.extents(whole).is_scalar() && !graph.extents(id).is_scalar() {
            let number = self.number(whole);
            self.statements.push(Statement::fill(&target, number));
        } else if given.as_name() != Some(&target) {
            self.statements.push(Statement::copy(&target, given));
        }
        let across = self.dimension(&graph.extents(id).columns);
        for (block, coefficient) in blocks {
            let Some((M::Embed(row, column, _), [part])) = graph.as_matrix(*block) else { continue };
            let extents = graph.extents(*part);
            let (row, column) = (self.dimension(row), self.dimension(column));
            let added = self.scaled(*part, coefficient);
            let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
            let to = |row: Expression, column: Expression| Expression::from(&target).at(place(row, &across, column));
            let statement = match (extents.rows.is_one(), extents.columns.is_one()) {
                (true, true) => Statement::add(to(row, column), added),
                (true, _) => Statement::each("i", columns, vec![Statement::add(to(row, after("i", column)), added)]),
                (_, true) => Statement::each("i", rows, vec![Statement::add(to(after("i", row), column), added)]),
                _ => {
                    let entry = self.slice(*part).at(place("i", &columns, "j"));
                    let scaled = self.writer.literal(coefficient) * entry;
                    let add = Statement::add(to(after("i", row), after("j", column)), scaled);
                    Statement::each("i", rows, vec![Statement::each("j", columns, vec![add])])
                }
            };
            self.statements.push(statement);
        }
        self.places.insert(id, Place::Slice(target));
    }
}
