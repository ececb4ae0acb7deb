//! Where what is computed is kept: the caller's slices, and the workspace.

use super::dimensions;
use super::loops::Loops;
use crate::emit::placeholders::Placeholders;
use crate::graph::{Bound, Dimension, ExprId, Extents};
use crate::program::{Expression, Scalar, Statement, Type};
use indexmap::IndexMap;

/// Most numbers of a matrix that is an array of its own.
const LARGEST_ARRAY: usize = 64;

/// Writes what a matrix on the way is: of a few numbers an array, which stays in registers where it can, else a part of the
/// workspace.
pub(super) fn declared(name: &str, entries: &Expression, float: Scalar) -> Statement {
    if !in_workspace(entries) {
        return array(name, entries, float);
    }
    Statement::Let {
        names: vec![name.to_string(), "workspace".to_string()],
        is_mutable: false,
        kind: None,
        value: Expression::from("workspace").method("split_at_mut", [entries.clone()]),
    }
}

/// Writes a matrix on the way as an array.
pub(super) fn array(name: &str, entries: &Expression, float: Scalar) -> Statement {
    let zeros = Expression::Repeated(Box::new(Expression::zero()), Box::new(entries.clone()));
    Statement::typed(name, Type::Float(float).slice().mutable(), zeros.mutable())
}

/// Tells whether so many numbers are a part of the workspace.
pub(super) fn in_workspace(entries: &Expression) -> bool {
    entries.as_whole().is_none_or(|entries| entries > LARGEST_ARRAY)
}

/// What [`Loops::write`] makes.
pub struct Written {
    /// The statements of the body.
    pub statements: Vec<Statement>,
    /// Matrices in the workspace: name and number of entries.
    pub temporaries: Vec<(String, Expression)>,
    /// The expressions of the roots that are returned.
    pub returned: Vec<Expression>,
}

impl Written {
    /// Returns what the function returns.
    pub fn result(&self) -> Option<Expression> {
        match &self.returned[..] {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(Expression::Tuple(several.to_vec())),
        }
    }

    /// Puts the names in place of the placeholders.
    pub fn named(mut self, placeholders: &Placeholders) -> Self {
        let named = |name: &str| placeholders.named(name);
        self.statements.iter_mut().for_each(|statement| statement.rename(&named));
        self.returned.iter_mut().for_each(|value| value.rename(&named));
        for (name, entries) in &mut self.temporaries {
            *name = named(name);
            entries.rename(&named);
        }
        self
    }

    /// Returns how many numbers of the workspace the body needs.
    pub fn workspace(&self) -> Expression {
        let mut counts: IndexMap<&Expression, usize> = IndexMap::new();
        let kept = self.temporaries.iter().filter(|(_, entries)| in_workspace(entries));
        kept.for_each(|(_, entries)| *counts.entry(entries).or_default() += 1);
        let terms = counts.into_iter().map(|(entries, count)| match count {
            1 => entries.clone(),
            count => Expression::Whole(count).times(entries),
        });
        terms.reduce(Expression::plus).unwrap_or(Expression::Whole(0))
    }
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
        let sides = sides.map(|side| self.largest_end(&side));
        let most = sides.reduce(|product, side| product * side).unwrap_or(Expression::Whole(1));
        if is_longest {
            self.temporaries.push((name.clone(), most));
            return name;
        }
        // What is longer for some values of an index than for others is the beginning of the longest.
        let longest = format!("{name}_longest");
        self.temporaries.push((longest.clone(), most));
        let part = Statement::name(&name, Expression::from(longest).first(entries).mutable());
        match &mut self.open {
            Some(open) => open.before.push(part),
            None => self.statements.push(part),
        }
        name
    }

    /// Returns what the largest value of a dimension in the loops that are open is among.
    pub(super) fn most(&self, dimension: &Dimension) -> Vec<Dimension> {
        let negative = Bound::least_in(&self.bounds, &dimension.times(-1));
        negative.into_iter().map(|dimension| dimension.times(-1)).collect()
    }

    /// Writes the largest of some dimensions, and 0 where all are negative.
    fn largest_end(&self, dimensions: &[Dimension]) -> Expression {
        let ends = dimensions.iter().map(|dimension| dimensions::end(dimension, self.sizes));
        ends.reduce(|largest, end| largest.method("max", [end])).unwrap_or(Expression::Whole(0))
    }
}
