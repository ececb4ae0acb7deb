//! The places of the entries of a sparse derivative, in Rust.

use super::whole_numbers::WholeNumbers;
use super::{dimensions, entries, factor};
use crate::derive::{Band, Group, Layout, Nonzero, Side, Sparse, SparseOrder as Order};
use crate::graph::{Bound, Dimension, ExprId, Extents};
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
    pub(super) fn statements(&self) -> Option<Vec<String>> {
        let mut statements = Vec::new();
        if !self.sparse.groups.is_empty() {
            statements.push("let mut at = 0;".to_string());
        }
        match &self.sparse.order {
            Order::Banded(bands) => self.bands(bands, &mut statements),
            Order::Written | Order::Merged => {
                self.sparse.groups.iter().try_for_each(|group| self.group(group, &mut statements))?;
            }
        }
        Some(statements)
    }

    /// Writes that the next entry is in a row and a column.
    fn noted(&self, row: &str, column: &str) -> [String; 3] {
        let [rows, columns] = self.slices;
        let of_column = match (self.sparse.layout, &self.sparse.order) {
            (Layout::Columns, Order::Written | Order::Banded(_)) => format!("{columns}[{column} + 1] += 1;"),
            _ => format!("{columns}[at] = {column};"),
        };
        [format!("{rows}[at] = {row};"), of_column, "at += 1;".to_string()]
    }

    /// Writes a loop over all rows, or columns, with the diagonals that are in each.
    fn bands(&self, bands: &[Band], out: &mut Vec<String>) {
        let end = |pick: fn(&Band) -> &Dimension, wanted: fn(i64) -> bool| {
            let ends = bands.iter().map(pick).cloned();
            ends.reduce(|a, b| if b.plus(&a, -1).as_number().is_some_and(wanted) { b } else { a }).unwrap_or_default()
        };
        let (from, to) = (end(|band| &band.from, |beyond| beyond < 0), end(|band| &band.to, |beyond| beyond > 0));
        let variable = "i1";
        let mut sizes = self.sizes.clone();
        sizes.insert(INDEX.to_string(), variable.to_string());
        let written = |dimension: &Dimension| dimensions::written(dimension, &self.sizes);
        out.push(format!("for {variable} in {}..{} {{", written(&from), dimensions::end(&to, &self.sizes)));
        for band in bands {
            let across = dimensions::written(&band.shift.plus(&Dimension::name(INDEX), 1), &sizes);
            let [row, column] = self.sparse.layout.in_order([variable, &across]);
            let lines = self.noted(row, column);
            let bounds = [(&band.from, &from, ">="), (&band.to, &to, "<")].map(|(own, all, sign)| {
                let (end, taken) = dimensions::sides(own, &self.sizes);
                let index: Vec<&str> = std::iter::once(variable).chain(taken.iter().map(String::as_str)).collect();
                (own != all).then(|| format!("{} {sign} {end}", index.join(" + ")))
            });
            let conditions: Vec<String> = bounds.into_iter().flatten().collect();
            match conditions.is_empty() {
                true => out.extend(lines.map(|line| format!("    {line}"))),
                false => {
                    out.push(format!("    if {} {{", conditions.join(" && ")));
                    out.extend(lines.map(|line| format!("        {line}")));
                    out.push("    }".to_string());
                }
            }
        }
        out.push("}".to_string());
    }

    /// Writes loops that tell where the entries of a group are.
    fn group(&self, group: &Group, out: &mut Vec<String>) -> Option<()> {
        let mut sizes = self.sizes.clone();
        let mut indent = String::new();
        for (level, Bound { index, from, to }) in group.nest.iter().enumerate() {
            let (from, to) = (dimensions::written(from, &sizes), dimensions::end(to, &sizes));
            let name = format!("i{}", level + 1);
            out.push(format!("{indent}for {name} in {from}..{to} {{"));
            sizes.extend(index.names().map(|own| (own.to_string(), name.clone())));
            indent.push_str("    ");
        }
        let places = group.entries.iter().map(|entry| self.place(entry, &sizes));
        let places: Vec<[String; 2]> = places.collect::<Option<_>>()?;
        if let [[row, column]] = &places[..] {
            out.extend(self.noted(row, column).map(|line| format!("{indent}{line}")));
        } else {
            let places: Vec<String> = places.iter().map(|[row, column]| format!("({row}, {column})")).collect();
            out.push(format!("{indent}for (row, column) in [{}] {{", places.join(", ")));
            out.extend(self.noted("row", "column").map(|line| format!("{indent}    {line}")));
            out.push(format!("{indent}}}"));
        }
        for _ in &group.nest {
            indent.truncate(indent.len() - 4);
            out.push(format!("{indent}}}"));
        }
        Some(())
    }

    fn place(&self, entry: &Nonzero, sizes: &IndexMap<String, String>) -> Option<[String; 2]> {
        let row = self.number(&entry.row, &self.sparse.rows, sizes)?;
        let column = self.number(&entry.column, &self.sparse.columns, sizes)?;
        Some(match entry.is_turned {
            true => [format!("::core::cmp::max({row}, {column})"), format!("::core::cmp::min({row}, {column})")],
            false => [row, column],
        })
    }

    /// Writes the number of a row or a column.
    fn number(&self, side: &Side, blocks: &[Extents], sizes: &IndexMap<String, String>) -> Option<String> {
        let extents = &blocks[side.block];
        let mut terms: Vec<String> = Vec::new();
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
                let sum: Vec<String> = given.into_iter().chain(offset).collect();
                let sum = if sum.len() > 1 { format!("({})", sum.join(" + ")) } else { factor(&sum[0]) };
                let width = width
                    .map_or_else(|| factor(&dimensions::written(&extents.columns, sizes)), |width| width.to_string());
                terms.push(format!("{sum} * {width}"));
            }
        }
        if let Some(given) = column.given {
            terms.push(self.given(given, sizes)?);
        }
        start = start.plus(&column.offset, 1);
        if terms.is_empty() || start.as_number() != Some(0) {
            // What is added stands before what is taken away.
            let text = dimensions::written(&start, sizes);
            let text = if terms.is_empty() {
                text
            } else {
                text.strip_prefix("0 - ").map_or(text.clone(), |taken| format!("- {taken}"))
            };
            terms.push(text);
        }
        Some(terms.join(" + ").replace("+ - ", "- "))
    }

    /// Writes a whole number from data.
    fn given(&self, id: ExprId, sizes: &IndexMap<String, String>) -> Option<String> {
        let name = |input: u32| self.inputs.get(&input).cloned();
        WholeNumbers { graph: &self.sparse.graph, name, sizes, known: &FxHashMap::default() }.text(id)
    }
}
