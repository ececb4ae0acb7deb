//! The places of the entries of a sparse derivative, in Rust.

use super::dimensions::{self, entries};
use super::whole_numbers::WholeNumbers;
use crate::derive::{Band, Group, Layout, Nonzero, Side, Sparse, SparseOrder as Order};
use crate::graph::{Bound, Comparison, Dimension, ExprId, Extents};
use crate::program::{Binary, Expression, Statement};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// Stands for a row that bands are written for; no dimension has this name.
const INDEX: &str = " ";

/// Writes the places of entries.
pub(super) struct Places<'a> {
    pub sparse: &'a Sparse,
    /// The names of parameters of whole numbers, by their places among the inputs.
    pub inputs: IndexMap<u32, String>,
    /// The names of sizes.
    pub sizes: IndexMap<String, String>,
    /// Where rows are written to, and columns; in compressed columns, how many entries each column has.
    pub slices: [&'a str; 2],
}

impl Places<'_> {
    /// Writes the places of all entries; none where they are made of numbers that are not whole.
    pub(super) fn statements(&self) -> Option<Vec<Statement>> {
        let mut statements = Vec::new();
        if !self.sparse.groups.is_empty() {
            statements.push(Statement::variable("at", 0));
        }
        match &self.sparse.order {
            Order::Banded(bands) => statements.push(self.bands(bands)),
            Order::Written | Order::Merged => {
                for group in &self.sparse.groups {
                    statements.extend(self.group(group)?);
                }
            }
        }
        Some(statements)
    }

    /// Writes that the next entry is in a row and a column.
    fn noted(&self, row: Expression, column: Expression) -> Vec<Statement> {
        let [rows, columns] = self.slices.map(Expression::from);
        let of_column = match (self.sparse.layout, &self.sparse.order) {
            (Layout::Columns, Order::Written | Order::Banded(_)) => Statement::add(columns.at(column + 1), 1),
            _ => Statement::set(columns.at("at"), column),
        };
        vec![Statement::set(rows.at("at"), row), of_column, Statement::add("at", 1)]
    }

    /// Writes a loop over all rows, or columns, with the diagonals that are in each.
    fn bands(&self, bands: &[Band]) -> Statement {
        let end = |pick: fn(&Band) -> &Dimension, wanted: fn(i64) -> bool| {
            let ends = bands.iter().map(pick).cloned();
            ends.reduce(|a, b| if b.plus(&a, -1).as_number().is_some_and(wanted) { b } else { a }).unwrap_or_default()
        };
        let (from, to) = (end(|band| &band.from, |beyond| beyond < 0), end(|band| &band.to, |beyond| beyond > 0));
        let variable = "i1";
        let mut sizes = self.sizes.clone();
        sizes.insert(INDEX.to_string(), variable.to_string());
        let mut body = Vec::new();
        for band in bands {
            let across = dimensions::written(&band.shift.plus(&Dimension::name(INDEX), 1), &sizes);
            let [row, column] = self.sparse.layout.in_order([variable.into(), across]);
            let bounds = [(&band.from, &from, Comparison::GreaterEqual), (&band.to, &to, Comparison::Less)];
            let conditions = bounds.into_iter().filter(|(own, all, _)| own != all).map(|(own, _, comparison)| {
                let (end, taken) = dimensions::sides(own, &self.sizes);
                let index = taken.into_iter().fold(Expression::from(variable), Expression::plus);
                index.compare(comparison, end)
            });
            let noted = self.noted(row, column);
            match conditions.reduce(|all, condition| all.binary(Binary::And, condition)) {
                Some(condition) => body.push(Statement::when(condition, noted)),
                None => body.extend(noted),
            }
        }
        let range = Expression::range(dimensions::written(&from, &self.sizes), dimensions::end(&to, &self.sizes));
        Statement::over(variable, range, body)
    }

    /// Writes loops that tell where the entries of a group are.
    fn group(&self, group: &Group) -> Option<Vec<Statement>> {
        let mut sizes = self.sizes.clone();
        let mut loops = Vec::new();
        for (level, Bound { index, from, to }) in group.nest.iter().enumerate() {
            let range = Expression::range(dimensions::written(from, &sizes), dimensions::end(to, &sizes));
            let name = format!("i{}", level + 1);
            sizes.extend(index.names().map(|own| (own.to_string(), name.clone())));
            loops.push((name, range));
        }
        let places = group.entries.iter().map(|entry| self.place(entry, &sizes));
        let mut places: Vec<[Expression; 2]> = places.collect::<Option<_>>()?;
        let noted = match places.len() {
            1 => places.pop().map(|[row, column]| self.noted(row, column)).unwrap_or_default(),
            _ => {
                let pattern = Expression::Tuple(vec!["row".into(), "column".into()]);
                let list =
                    Expression::List(places.into_iter().map(|place| Expression::Tuple(place.to_vec())).collect());
                vec![Statement::over(pattern, list, self.noted("row".into(), "column".into()))]
            }
        };
        let nested = |body, (name, range): (String, Expression)| vec![Statement::over(name, range, body)];
        Some(loops.into_iter().rev().fold(noted, nested))
    }

    fn place(&self, entry: &Nonzero, sizes: &IndexMap<String, String>) -> Option<[Expression; 2]> {
        let row = self.number(&entry.row, &self.sparse.rows, sizes)?;
        let column = self.number(&entry.column, &self.sparse.columns, sizes)?;
        Some(match entry.is_turned {
            true => {
                ["max", "min"].map(|of| Expression::call(format!("::core::cmp::{of}"), [row.clone(), column.clone()]))
            }
            false => [row, column],
        })
    }

    /// Writes the number of a row or a column.
    fn number(&self, side: &Side, blocks: &[Extents], sizes: &IndexMap<String, String>) -> Option<Expression> {
        let extents = &blocks[side.block];
        let mut terms: Vec<Expression> = Vec::new();
        let mut start = Dimension::number(0);
        for block in &blocks[..side.block] {
            match (block.rows.as_number(), block.columns.as_number()) {
                (_, Some(columns)) => start = start.plus(&block.rows, columns),
                (Some(rows), _) => start = start.plus(&block.columns, rows),
                _ => terms.push(entries(block, sizes)),
            }
        }
        let [row, column] = &side.place;
        match (extents.columns.as_number(), row.given) {
            (Some(width), None) => start = start.plus(&row.offset, width),
            (Some(1), Some(given)) => {
                terms.push(self.given(given, sizes)?);
                start = start.plus(&row.offset, 1);
            }
            (width, given) => {
                let given = match given {
                    Some(given) => Some(self.given(given, sizes)?),
                    None => None,
                };
                let offset = (given.is_none() || row.offset.as_number() != Some(0))
                    .then(|| dimensions::written(&row.offset, sizes));
                let width = width.and_then(|width| usize::try_from(width).ok());
                let width = width.map_or_else(|| dimensions::written(&extents.columns, sizes), Expression::Whole);
                terms.extend(given.into_iter().chain(offset).reduce(Expression::plus).map(|row| row * width));
            }
        }
        if let Some(given) = column.given {
            terms.push(self.given(given, sizes)?);
        }
        start = start.plus(&column.offset, 1);
        let (added, taken) = dimensions::sides(&start, sizes);
        if terms.is_empty() || added.as_whole() != Some(0) {
            terms.push(added);
        }
        // What is added stands before what is taken away.
        Some(taken.into_iter().fold(dimensions::total(terms)?, |sum, term| sum - term))
    }

    /// Writes a whole number from data.
    fn given(&self, id: ExprId, sizes: &IndexMap<String, String>) -> Option<Expression> {
        let name = |input: u32| self.inputs.get(&input).map(Expression::from);
        WholeNumbers { graph: &self.sparse.graph, name, sizes, known: &FxHashMap::default() }.number(id)
    }
}
