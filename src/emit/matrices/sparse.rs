//! Sparse derivatives: a function that tells where the entries are, and one that writes their values in this order.

use super::dispatch::Dispatched;
use super::documentation::shapes;
use super::whole_numbers::WholeNumbers;
use super::{MODULE, Results, Signature, dimensions, entries, factor, gathers};
use crate::derive::{Group, Nonzero, Side, Sparse, SparseKind, derive_sparse};
use crate::emit::asked::Asked;
use crate::emit::documentation::comment;
use crate::emit::options::Derive;
use crate::emit::rust::{ALLOW, Module};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Bound, Dimension, ExprId, Extents, Node, Sizes};
use crate::lower::{Function, Whole};
use indexmap::IndexMap;

/// What a sparse derivative is called.
struct Titles {
    /// In the names of functions.
    name: &'static str,
    /// In documentation.
    title: &'static str,
    /// What is to be known about it.
    note: &'static str,
}

impl Titles {
    fn of(kind: SparseKind) -> Titles {
        match kind {
            SparseKind::Jacobian => Titles {
                name: "jacobian",
                title: "Jacobian",
                note: "A row for each entry of the value, a column for each entry of the parameters",
            },
            SparseKind::Hessian => Titles {
                name: "hessian",
                title: "Hessian",
                note: "The lower triangle, with a row and a column for each entry of the parameters",
            },
        }
    }
}

impl Module<'_> {
    /// Writes the sparse derivatives that are asked for.
    ///
    /// # Errors
    /// As [`derive_sparse`], with the loops that are not written.
    pub(in crate::emit) fn sparse(
        &mut self,
        function: &Function,
        whole: &Whole,
        all: &[usize],
        asked: &Asked,
    ) -> Result<(), Diagnostic> {
        let kinds = [(Derive::SparseJacobian, SparseKind::Jacobian), (Derive::SparseHessian, SparseKind::Hessian)];
        for (derive, kind) in kinds {
            if asked.wants(derive) {
                let sparse = derive_sparse(whole, all, kind, self.options.form)?;
                self.sparse_derivative(function, whole, all, kind, sparse)?;
            }
        }
        Ok(())
    }

    fn sparse_derivative(
        &mut self,
        function: &Function,
        whole: &Whole,
        all: &[usize],
        kind: SparseKind,
        sparse: Sparse,
    ) -> Result<(), Diagnostic> {
        let titles = Titles::of(kind);
        let name = function.display_name().to_string();
        let pattern = self.items.claim(&format!("{name}_{}_pattern", titles.name));
        let counted = if sparse.is_merged { "terms" } else { "nonzeros" };
        let count = format!("{name}_{}_{counted}", titles.name);
        let count = self.items.claim(&count);
        let values = self.items.claim(&format!("{name}_sparse_{}", titles.name));
        let (signature, mut names) = self.whole_signature(name, whole);
        let by: Vec<String> = all.iter().map(|at| format!("`{}`", whole.parameters[*at].name)).collect();
        let order = if by.len() > 1 { format!(", {} one after the other", by.join(", ")) } else { String::new() };
        let note = format!("{}{order}; entries of matrices are counted row by row.", titles.note);
        self.count_of_entries(&signature, &count, &values, &sparse);
        let slices = ["rows", "columns", "slots", "scratch"].map(|slice| names.claim(slice));
        self.pattern(&signature, (&pattern, &count, &values), whole, (&note, &slices), &sparse)?;
        let mut documentation = vec![
            format!(
                "Value of [`{}`], and the values of its {}'s entries, in the order of [`{pattern}`].",
                signature.name, titles.title
            ),
            String::new(),
            note,
            String::new(),
        ];
        if sparse.is_merged {
            documentation.extend([format!("`slots` is what [`{pattern}`] has written there."), String::new()]);
        }
        documentation.push(shapes(whole));
        let (signature, mut names) = self.whole_signature(signature.name, &sparse.whole);
        let slices = vec![(names.claim("values"), sparse.values)];
        let results = Results { slices, ..Results::value(sparse.value) };
        self.whole_item(&signature, &values, documentation, &sparse.whole, &sparse.graph, results, None)
    }

    /// Writes the function that tells how many entries there are.
    fn count_of_entries(&mut self, signature: &Signature, name: &str, values: &str, sparse: &Sparse) {
        let what = match sparse.is_merged {
            true => {
                format!("How many terms the entries of [`{values}`] have: at least as many as there are entries.")
            }
            false => format!("How many entries [`{values}`] has."),
        };
        let parameters: Vec<String> = signature.sizes.values().map(|size| format!("{size}: usize")).collect();
        let total = dimensions::counted(&sparse.terms, &signature.sizes);
        self.out.push_str(&format!("\n{}\n{ALLOW}", comment("///", &what)));
        self.out.push_str(&format!("pub const fn {name}({}) -> usize {{\n    {total}\n}}\n", parameters.join(", ")));
    }

    /// Writes the function that tells where the entries are.
    fn pattern(
        &mut self,
        signature: &Signature,
        (name, count, values): (&str, &str, &str),
        whole: &Whole,
        (note, slices): (&str, &[String; 4]),
        sparse: &Sparse,
    ) -> Result<(), Diagnostic> {
        let mut parameters: Vec<String> = signature.sizes.values().map(|size| format!("{size}: usize")).collect();
        let given =
            whole.parameters.iter().zip(signature.fields.iter().zip(&signature.parameters[signature.sizes.len()..]));
        let given: Vec<_> = given.filter(|(parameter, _)| parameter.range.is_some()).collect();
        let mut checks: Vec<String> = dimensions::checks(whole.needed.iter(), &signature.sizes)
            .iter()
            .map(dimensions::Check::assertion)
            .collect();
        let mut inputs: IndexMap<u32, String> = IndexMap::new();
        for (parameter, (field, declared)) in given {
            parameters.push(declared.clone());
            if declared.ends_with("&[usize]") {
                checks.push(super::check_of(field, parameter, &signature.sizes));
            }
            checks.extend(gathers::check(parameter, field, &signature.sizes));
            if let Node::Input(index) = whole.graph.node(parameter.id) {
                inputs.insert(*index, field.clone());
            }
        }
        let slices = if sparse.is_merged { &slices[..] } else { &slices[..2] };
        let arguments: Vec<&str> = signature.sizes.values().map(String::as_str).collect();
        let needed = format!("{count}({})", arguments.join(", "));
        checks.extend(slices.iter().map(|slice| {
            format!("::core::assert_eq!({slice}.len(), {needed}, \"`{slice}` is as long as {count} says\");")
        }));
        let kind = if signature.sizes.is_empty() {
            match sparse.terms.evaluate(&Sizes::new()) {
                Some(count) => format!("[usize; {count}]"),
                None => "[usize]".to_string(),
            }
        } else {
            "[usize]".to_string()
        };
        let mut statements = vec!["let mut at = 0;".to_string()];
        parameters.extend(slices.iter().map(|slice| format!("{slice}: &mut {kind}")));
        let places = Places { sparse, inputs, slices: [&slices[0], &slices[1]], sizes: signature.sizes.clone() };
        let known: Option<()> = sparse.groups.iter().try_for_each(|group| places.group(group, &mut statements));
        if known.is_none() {
            let message = "the places of the entries are made of numbers that are not whole";
            return Err(Diagnostic::general(Fault::Symbolic, message));
        }
        match sparse.groups.is_empty() {
            true => statements.clear(),
            false => statements.push(format!("::core::debug_assert_eq!(at, {}.len());", slices[0])),
        }
        let mut documentation =
            vec![format!("Writes where the entries of [`{values}`] are.",), String::new(), note.to_string()];
        let result = match sparse.is_merged {
            true => {
                let more = "They are sorted, each of them once; returns how many there are. `slots` is given to that function as it is, `scratch` is of no importance afterwards.";
                documentation.extend([String::new(), more.to_string()]);
                statements.push(format!("{MODULE}::merged({})", slices.join(", ")));
                " -> usize"
            }
            false => "",
        };
        documentation.extend(
            ["", "# Panics", "Where a slice has another length than its shape says, before anything is written."]
                .map(String::from),
        );
        let body = checks.into_iter().chain(statements).collect();
        self.documented(&documentation, name, &Dispatched { parameters: &parameters, result, body });
        Ok(())
    }
}

/// Writes the places of entries.
struct Places<'a> {
    sparse: &'a Sparse,
    /// The names of parameters of whole numbers, by their places among the inputs.
    inputs: IndexMap<u32, String>,
    sizes: IndexMap<String, String>,
    /// Where rows and columns are written to.
    slices: [&'a str; 2],
}

impl Places<'_> {
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
        let places = places.map(|place| place.map(|[row, column]| format!("({row}, {column})")));
        let places: Vec<String> = places.collect::<Option<_>>()?;
        if let [place] = &places[..] {
            let [rows, columns] = self.slices;
            out.push(format!("{indent}({rows}[at], {columns}[at]) = {place};"));
            out.push(format!("{indent}at += 1;"));
        } else {
            out.push(format!("{indent}for (row, column) in [{}] {{", places.join(", ")));
            out.extend(
                ["rows[at] = row;", "columns[at] = column;", "at += 1;"].map(|line| format!("{indent}    {line}")),
            );
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
        WholeNumbers { graph: &self.sparse.graph, name, sizes }.text(id)
    }
}
