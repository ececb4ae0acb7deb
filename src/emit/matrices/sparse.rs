//! Sparse derivatives: a function that tells where the entries are, and one that writes their values in this order.

use super::places::Places;
use super::{Results, Signature, dimensions, entries, gathers, of_sizes, shapes};
use crate::derive::{Layout, Sparse, SparseKind, SparseOrder as Order, derive_sparse, lagrangian};
use crate::emit::asked::Asked;
use crate::emit::documentation::{OTHER_LENGTH, panics};
use crate::emit::module::{Heading, Module};
use crate::emit::options::Derive;
use crate::emit::sparse::{Titles, compressed, counts, writes_places};
use crate::error::{Diagnostic, Fault};
use crate::graph::{Node, Sizes};
use crate::lower::{Function, Shape, Whole};
use crate::program::{Expression, Parameter, Role, Statement, Type};
use indexmap::IndexMap;

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
        let kinds = [
            (Derive::SparseJacobian, SparseKind::Jacobian),
            (Derive::SparseHessian, SparseKind::Hessian),
            (Derive::Lagrangian, SparseKind::Hessian),
        ];
        for (derive, kind) in kinds.into_iter().filter(|(derive, _)| asked.wants(*derive)) {
            let titles = Titles::of(derive);
            let of = if derive == Derive::Lagrangian { &lagrangian(whole)? } else { whole };
            let sparse = derive_sparse(of, all, (kind, self.options.layout), self.options.form)?;
            self.sparse_derivative(function, of, all, &titles, sparse)?;
        }
        Ok(())
    }

    fn sparse_derivative(
        &mut self,
        function: &Function,
        whole: &Whole,
        all: &[usize],
        titles: &Titles,
        sparse: Sparse,
    ) -> Result<(), Diagnostic> {
        let name = function.display_name().to_string();
        let pattern = self.names.claim(&format!("{name}_{}_pattern", titles.name));
        let is_merged = sparse.order == Order::Merged;
        let counted = if is_merged { "terms" } else { "nonzeros" };
        let count = format!("{name}_{}_{counted}", titles.name);
        let count = self.names.claim(&count);
        let values = self.names.claim(&format!("{name}_sparse_{}", titles.name));
        let (signature, mut names) = self.whole_signature(name, whole);
        let note = titles.note(all.iter().map(|at| &*whole.parameters[*at].name));
        self.count_of_entries(&signature, &count, &values, &sparse);
        let slices = ["starts", "rows", "columns", "slots", "scratch"].map(|slice| names.claim(slice));
        self.pattern(&signature, (&pattern, &count, &values), whole, (&note, &slices), &sparse)?;
        let mut documentation = titles.computes(&signature.name, &pattern);
        documentation.extend([note, String::new()]);
        if is_merged {
            documentation.extend([format!("`slots` is what [`{pattern}`] has written there."), String::new()]);
        }
        documentation.extend(shapes(&sparse.whole));
        let (signature, mut names) = self.whole_signature(signature.name, &sparse.whole);
        let slices = vec![(names.claim("values"), sparse.values)];
        let results = Results { slices, ..Results::value(sparse.value) };
        self.whole_item(&signature, &values, documentation, &sparse.whole, &sparse.graph, results, None)
    }

    /// Writes the function that tells how many entries there are.
    fn count_of_entries(&mut self, signature: &Signature, name: &str, values: &str, sparse: &Sparse) {
        let what = match sparse.order == Order::Merged {
            true => {
                vec![format!("How many terms the entries of [`{values}`] have: at least as many as there are entries.")]
            }
            false => counts(values),
        };
        let total = dimensions::counted(&sparse.terms, &signature.sizes);
        self.constant(what, name, of_sizes(&signature.sizes), total);
    }

    /// Writes the function that tells where the entries are.
    fn pattern(
        &mut self,
        signature: &Signature,
        (name, count, values): (&str, &str, &str),
        whole: &Whole,
        (note, names): (&str, &[String; 5]),
        sparse: &Sparse,
    ) -> Result<(), Diagnostic> {
        let mut parameters = of_sizes(&signature.sizes);
        let given =
            whole.parameters.iter().zip(signature.fields.iter().zip(&signature.parameters[signature.sizes.len()..]));
        let given: Vec<_> = given.filter(|(parameter, _)| parameter.range.is_some()).collect();
        let mut checks: Vec<Statement> = dimensions::checks(sparse.whole.needed.iter(), &signature.sizes)
            .iter()
            .map(dimensions::Check::assertion)
            .collect();
        let mut inputs: IndexMap<u32, String> = IndexMap::new();
        for (parameter, (field, declared)) in given {
            parameters.push(declared.clone());
            if !signature.sizes.is_empty() && parameter.shape != Shape::Scalar {
                checks.push(super::check_of(field, parameter, &signature.sizes));
            }
            checks.extend(gathers::check(parameter, field, &signature.sizes));
            if let Node::Input(index) = whole.graph.node(parameter.id) {
                inputs.insert(*index, field.clone());
            }
        }
        let [starts, rows, columns, slots, scratch] = names;
        let (is_merged, is_compressed) = (sparse.order == Order::Merged, sparse.layout == Layout::Columns);
        let mut slices = vec![rows];
        slices.extend((!is_compressed || is_merged).then_some(columns));
        slices.extend(is_merged.then_some([slots, scratch]).into_iter().flatten());
        let needed = Expression::call(count, signature.sizes.values().map(Expression::from));
        let across = sparse.columns.iter().map(|block| entries(block, &signature.sizes));
        let across = dimensions::total(across).unwrap_or(Expression::Whole(0));
        let length = |slice: &str| Expression::from(slice).method("len", []);
        if is_compressed {
            parameters.push(Parameter::new(starts, Type::Whole.slice().mutable()));
            let message = format!("`{starts}` is one longer than there are columns");
            checks.push(Statement::equal(length(starts), across + 1, &message));
        }
        checks.extend(slices.iter().map(|slice| {
            Statement::equal(length(slice), needed.clone(), &format!("`{slice}` is as long as {count} says"))
        }));
        let kind = match sparse.terms.evaluate(&Sizes::new()).filter(|_| signature.sizes.is_empty()) {
            Some(count) => Type::Whole.array(&[count]),
            None => Type::Whole.slice(),
        };
        parameters.extend(slices.iter().map(|slice| Parameter::new(*slice, kind.clone().mutable())));
        let counted = if is_compressed && !is_merged { starts } else { columns };
        let places = Places { sparse, inputs, slices: [rows, counted], sizes: signature.sizes.clone() };
        let Some(mut statements) = places.statements() else {
            let message = "the places of the entries are made of numbers that are not whole";
            return Err(Diagnostic::general(Fault::Symbolic, message));
        };
        if !sparse.groups.is_empty() {
            statements.push(Statement::equal_in_tests("at".into(), length(rows)));
        }
        let mut documentation = writes_places(values, note);
        if sparse.layout == Layout::Triplets {
            documentation.extend([String::new(), "What has the same row and column is to be added up.".to_string()]);
        }
        if is_compressed {
            documentation.extend(compressed(rows, starts));
            statements.insert(0, Statement::fill(starts, Expression::Whole(0)));
        }
        let result = match is_merged {
            true => {
                let more = format!(
                    "They are sorted, each of them once; returns how many there are. `{slots}` is given to that function as it is, `{scratch}` is of no importance afterwards."
                );
                documentation.extend([String::new(), more]);
                let [first, second] = sparse.layout.in_order([rows, columns]);
                let merged = Expression::kernel("merged", [first, second, slots, scratch].map(Expression::from));
                match is_compressed {
                    false => statements.push(Statement::Result(merged)),
                    true => {
                        let count = Statement::add(Expression::from(starts).at(Expression::from("column") + 1), 1);
                        let own = Expression::from(columns).first("left").reference();
                        statements
                            .extend([Statement::name("left", merged), Statement::over("column", own, vec![count])]);
                    }
                }
                Some(Type::Whole)
            }
            false => None,
        };
        if is_compressed {
            let start = |column: Expression| Expression::from(starts).at(column);
            let add = Statement::add(start("column".into()), start(Expression::from("column") - 1));
            statements.push(Statement::over("column", Expression::range(1, length(starts)), vec![add]));
            statements.extend(is_merged.then(|| Statement::Result("left".into())));
        }
        panics(&mut documentation, OTHER_LENGTH);
        let body = checks.into_iter().chain(statements).collect();
        let heading = Heading { documentation, name: name.to_string(), result, role: Role::Plain };
        self.procedure(heading, parameters, body);
        Ok(())
    }
}
