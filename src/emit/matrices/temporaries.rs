//! Where what is computed is kept: the caller's slices, and the workspace.

use super::dimensions;
use super::loops::{Loops, factor};
use crate::emit::placeholders::Placeholders;
use crate::graph::{Bound, Dimension, ExprId, Extents};
use indexmap::IndexMap;

/// Most numbers of a matrix that is an array of its own.
const LARGEST_ARRAY: usize = 64;

/// Writes what a matrix on the way is: of a few numbers an array, which stays in registers where it can, else a part of the
/// workspace.
pub(super) fn declared(name: &str, entries: &str, float: &str) -> String {
    match in_workspace(entries) {
        true => format!("let ({name}, workspace) = workspace.split_at_mut({entries});"),
        false => array(name, entries, float),
    }
}

/// Writes a matrix on the way as an array.
pub(super) fn array(name: &str, entries: &str, float: &str) -> String {
    format!("let {name}: &mut [{float}] = &mut [0.0; {entries}];")
}

/// Tells whether so many numbers are a part of the workspace.
pub(super) fn in_workspace(entries: &str) -> bool {
    entries.parse::<usize>().map_or(true, |entries| entries > LARGEST_ARRAY)
}

/// What [`Loops::write`] makes.
pub struct Written {
    /// The statements of the body.
    pub statements: Vec<String>,
    /// Matrices in the workspace: name and number of entries.
    pub temporaries: Vec<(String, String)>,
    /// The expressions of the roots that are returned.
    pub returned: Vec<String>,
}

impl Written {
    /// Writes what the function returns.
    pub fn result(&self) -> Option<String> {
        match &self.returned[..] {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!("({})", several.join(", "))),
        }
    }

    /// Writes the names for the placeholders.
    pub fn named(mut self, placeholders: &Placeholders) -> Self {
        let temporaries = self.temporaries.iter_mut().flat_map(|(name, entries)| [name, entries]);
        self.statements.iter_mut().chain(temporaries).chain(&mut self.returned).for_each(|text| {
            *text = placeholders.named(text);
        });
        self
    }
}

impl Written {
    /// Writes how many numbers of the workspace the body needs.
    pub fn workspace(&self) -> String {
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        let kept = self.temporaries.iter().filter(|(_, entries)| in_workspace(entries));
        kept.for_each(|(_, entries)| *counts.entry(entries).or_default() += 1);
        let terms = counts.iter().map(|(entries, count)| match count {
            1 => (*entries).to_string(),
            count if is_sum(entries) => format!("{count} * ({entries})"),
            count => format!("{count} * {entries}"),
        });
        match counts.is_empty() {
            true => "0".to_string(),
            false => terms.collect::<Vec<_>>().join(" + "),
        }
    }
}

/// Tells whether a number is written as a sum or a difference.
fn is_sum(text: &str) -> bool {
    let mut depth = 0;
    text.chars().any(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(letter, '+' | '-')
    })
}

impl Loops<'_> {
    /// Returns the slice that a node is computed into: the caller's, or one of the workspace.
    pub(super) fn target(&mut self, id: ExprId) -> String {
        if let Some(target) = self.targets.get(&id) {
            return target.clone();
        }
        let extents = self.graph.extents(id);
        self.temporary(&extents)
    }

    pub(super) fn temporary(&mut self, extents: &Extents) -> String {
        let name = self.fresh();
        let entries = self.entries(extents);
        let [rows, columns] = [&extents.rows, &extents.columns].map(|side| self.most(side));
        let is_longest = rows == [extents.rows.clone()] && columns == [extents.columns.clone()];
        if is_longest && extents.entries().is_some() {
            self.temporaries.push((name.clone(), entries));
            return name;
        }
        let sides = [rows, columns].into_iter().filter(|side| !matches!(&side[..], [only] if only.is_one()));
        let sides: Vec<String> = sides.map(|side| self.largest_end(&side)).collect();
        let most = match &sides[..] {
            [] => "1".to_string(),
            [side] => side.clone(),
            sides => sides.iter().map(|side| factor(side)).collect::<Vec<_>>().join(" * "),
        };
        if is_longest {
            self.temporaries.push((name.clone(), most));
            return name;
        }
        // What is longer for some values of an index than for others is the beginning of the longest.
        let longest = format!("{name}_longest");
        self.temporaries.push((longest.clone(), most));
        let line = format!("let {name} = &mut {longest}[..{entries}];");
        match &mut self.open {
            Some(open) => open.before.push(line),
            None => self.statements.push(line),
        }
        name
    }

    /// Returns what the largest value of a dimension in the loops that are open is among.
    pub(super) fn most(&self, dimension: &Dimension) -> Vec<Dimension> {
        let negative = Bound::least_in(&self.bounds, &dimension.times(-1));
        negative.into_iter().map(|dimension| dimension.times(-1)).collect()
    }

    /// Writes the largest of some dimensions, and 0 where all are negative.
    fn largest_end(&self, dimensions: &[Dimension]) -> String {
        let mut ends = dimensions.iter().map(|dimension| dimensions::end(dimension, self.sizes));
        let first = ends.next().unwrap_or_default();
        ends.fold(first, |largest, end| format!("{}.max({end})", factor(&largest)))
    }
}
