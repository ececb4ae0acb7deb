//! Matrices of zeros around a part: where they are added to others, only the part is.

use super::loops::{Loops, Place, after, place};
use crate::emit::expression::bare;
use crate::error::Diagnostic;
use crate::graph::{Dimension, ExprId, MatrixOperation as M, Node, Rational, Term};

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
            self.statements.push(format!("{target}.fill(0.0);"));
            for (row, part, coefficient) in &parts {
                let offset = self.dimension(row);
                let place = if offset == "0" { format!("{target}[i]") } else { format!("{target}[i + {offset}]") };
                let added = self.scaled(*part, coefficient);
                let entries = self.entries(&self.graph.extents(*part));
                let line = format!("    {place} += {added};");
                self.statements.extend([format!("for i in 0..{entries} {{"), line, "}".to_string()]);
            }
        }
        self.places.insert(id, Place::Slice(target));
        Some(Ok(()))
    }

    pub(super) fn scaled(&mut self, part: ExprId, coefficient: &Rational) -> String {
        let entry = self.entry(part);
        match (coefficient.is_one(), coefficient.is_minus_one()) {
            (true, _) => entry,
            (_, true) => format!("-{entry}"),
            _ => format!("{} * {entry}", self.writer.literal(coefficient)),
        }
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
        let float = self.writer.options.scalar.name();
        let start = Dimension::number(first as i64);
        let end = count.plus(&start, 1);
        let mut before = Vec::new();
        let lags = last - first;
        before.extend((1..=lags).map(|lag| format!("let mut {carry}_{lag}: {float} = 0.0;")));
        if first > 0 {
            before.push(format!("{target}[..{first}].fill(0.0);"));
        }
        let filled = end.plus(&Dimension::number(lags as i64), 1);
        if filled != self.graph.extents(id).rows {
            before.push(format!("{target}[{}..].fill(0.0);", self.dimension(&filled)));
        }
        before.push(format!("let {view} = &mut {target}[{first}..{}];", self.dimension(&end)));
        let mut inside = Vec::new();
        for lag in 0..=lags {
            let mut terms: Vec<String> = Vec::new();
            if lag < lags {
                terms.push(format!("{carry}_{}", lag + 1));
            }
            for ((_, part, coefficient), offset) in parts.iter().zip(&offsets) {
                if offset - first == lag {
                    terms.push(self.scaled(*part, coefficient));
                }
            }
            let place = if lag == 0 { format!("{view}[i]") } else { format!("{carry}_{lag}") };
            inside.push(format!("{place} = {};", terms.join(" + ").replace("+ -", "- ")));
        }
        let after = (1..=lags).map(|lag| {
            let place = end.plus(&Dimension::number(lag as i64 - 1), 1);
            format!("{target}[{}] = {carry}_{lag};", self.dimension(&place))
        });
        let after: Vec<String> = after.collect();
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
        let target = if own { given.clone() } else { self.target(id) };
        if graph.extents(whole).is_scalar() && !graph.extents(id).is_scalar() {
            let number = self.number(whole);
            self.statements.push(format!("{target}.fill({});", bare(&number)));
        } else if target != given {
            self.statements.push(format!("{target}.copy_from_slice(&{given});"));
        }
        let across = self.dimension(&graph.extents(id).columns);
        for (block, coefficient) in blocks {
            let Some((M::Embed(row, column, _), [part])) = graph.as_matrix(*block) else { continue };
            let extents = graph.extents(*part);
            let (row, column) = (self.dimension(row), self.dimension(column));
            let added = self.scaled(*part, coefficient);
            let (rows, columns) = (self.dimension(&extents.rows), self.dimension(&extents.columns));
            let lines = match (extents.rows.is_one(), extents.columns.is_one()) {
                (true, true) => vec![format!("{target}[{}] += {added};", place(&row, &across, &column))],
                (true, _) => vec![
                    format!("for i in 0..{columns} {{"),
                    format!("    {target}[{}] += {added};", place(&row, &across, &after("i", &column))),
                    "}".to_string(),
                ],
                (_, true) => vec![
                    format!("for i in 0..{rows} {{"),
                    format!("    {target}[{}] += {added};", place(&after("i", &row), &across, &column)),
                    "}".to_string(),
                ],
                _ => {
                    let name = self.slice(*part);
                    let scale = self.writer.literal(coefficient);
                    vec![
                        format!("for i in 0..{rows} {{"),
                        format!("    for j in 0..{columns} {{"),
                        format!(
                            "        {target}[{}] += {scale} * {name}[{}];",
                            place(&after("i", &row), &across, &after("j", &column)),
                            place("i", &columns, "j")
                        ),
                        "    }".to_string(),
                        "}".to_string(),
                    ]
                }
            };
            self.statements.extend(lines);
        }
        self.places.insert(id, Place::Slice(target));
    }
}
