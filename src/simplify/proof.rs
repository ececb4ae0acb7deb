//! Proofs: the steps by which one form becomes another, each a rule applied in one place.
//!
//! The e-graph knows that two forms are equal, but its record can't be read: a rule matches sums and products whose
//! grouping is arithmetic's, across several classes at once, so what stands in the record between two forms are
//! partial sums that nobody would write. The proof is therefore found again on whole expressions. An e-graph without
//! any union holds just one expression; every rule that finds something there, with the same matching and the same
//! licenses as in the search for the best form, is one justified step. A search from both ends, nearest forms first,
//! finds a path, and the shortest one through all steps that it has seen is the proof. It is bounded by counts; where
//! it ends without a path there is no proof.

use super::conversion::{extract_node, insert};
use super::facts::Ranges;
use super::language::Classes;
use super::matching::Compiled;
use super::rules::TABLE;
use super::saturate::Simplifier;
use super::structure;
use super::view::View;
use super::{Grouping, canonicalize};
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Facts, Formulas};
use egg::{Id, Language};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Largest expression that is proved, in nodes.
const LARGEST: usize = 90;
/// Most nodes of all forms together whose steps are listed.
const BUDGET: usize = 6000;
/// How often both sides look further after they have met.
const MORE: usize = 12;
/// A step: the rule's name, and what it makes of the form before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name of the rule.
    pub rule: &'static str,
    /// Whether the rule is used from right to left.
    pub backward: bool,
    /// The new form.
    pub form: ExprId,
}

/// Finds the steps from one form to another; none if there is no short proof. The facts are those of the graph's
/// inputs. Both forms are canonical, and so is every form between them.
pub fn prove(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    from: ExprId,
    to: ExprId,
    facts: &[Facts],
) -> Option<Vec<Step>> {
    if graph.reachable(&[from, to]).len() > LARGEST {
        return None;
    }
    let ranges = simplifier.ranges().with_leaves(facts.to_vec());
    let mut search = Search { rules: simplifier.all_rules(), ranges, edges: IndexMap::default() };
    let mut sides = [Side::new(graph, from, to), Side::new(graph, to, from)];
    let mut budget = BUDGET;
    let mut more = None;
    while from != to && more != Some(0) {
        // The first path that is found is seldom the shortest.
        more = more.map(|more: usize| more - 1);
        let mut idle = true;
        for at in 0..2 {
            let Some(form) = sides[at].next() else { continue };
            idle = false;
            budget = budget.saturating_sub(graph.reachable(&[form]).len());
            for step in search.steps(graph, formulas, form) {
                if sides[1 - at].seen.contains(&step.form) {
                    more = more.or(Some(MORE));
                }
                search.edges.entry(form).or_default().push(step.clone());
                search.edges.entry(step.form).or_default().push(step.reversed(form));
                sides[at].add(graph, step.form, form);
            }
        }
        if idle || budget == 0 {
            break;
        }
    }
    search.shortest(from, to)
}

impl Step {
    /// Returns the step from right to left, which leads back to the given form.
    fn reversed(&self, form: ExprId) -> Step {
        match self.rule {
            "multiply out" => Step { rule: "factor out", backward: false, form },
            "factor out" => Step { rule: "multiply out", backward: false, form },
            rule => Step { rule, backward: true, form },
        }
    }

    /// Tells whether the step only regroups.
    pub fn is_bookkeeping(&self) -> bool {
        matches!(self.rule, "collect terms" | "collect factors" | "power of a product" | "power of a reciprocal")
    }

    /// How much a step adds to the length of a proof: a line, or nothing that is shown; rules are easier to follow from
    /// left to right.
    fn length(&self) -> usize {
        let explains = || TABLE.iter().any(|rule| rule.for_explaining && rule.name == self.rule);
        match self.backward {
            _ if self.is_bookkeeping() => 1,
            false if explains() => 2,
            false => 4,
            true => 5,
        }
    }
}

/// Lists everything that one rule makes of a form in one place; the form is canonical.
pub fn steps(
    simplifier: &Simplifier,
    graph: &mut Graph,
    formulas: &mut Formulas,
    form: ExprId,
    facts: &[Facts],
) -> Vec<Step> {
    let ranges = simplifier.ranges().with_leaves(facts.to_vec());
    let search = Search { rules: simplifier.all_rules(), ranges, edges: IndexMap::default() };
    search.steps(graph, formulas, form)
}

/// One end of the search.
struct Side {
    seen: FxHashSet<ExprId>,
    depth: FxHashMap<ExprId, usize>,
    /// Forms to look at: those near the other end first, then those found first.
    queue: BinaryHeap<Reverse<(usize, usize, ExprId)>>,
    target: FxHashSet<ExprId>,
    count: usize,
}

impl Side {
    fn new(graph: &Graph, start: ExprId, target: ExprId) -> Self {
        Side {
            seen: FxHashSet::from_iter([start]),
            depth: FxHashMap::from_iter([(start, 0)]),
            queue: BinaryHeap::from([Reverse((0, 0, start))]),
            target: graph.reachable(&[target]).into_iter().collect(),
            count: 0,
        }
    }

    fn next(&mut self) -> Option<ExprId> {
        self.queue.pop().map(|Reverse((_, _, form))| form)
    }

    fn add(&mut self, graph: &Graph, form: ExprId, parent: ExprId) {
        if !self.seen.insert(form) {
            return;
        }
        let depth = self.depth[&parent] + 1;
        let nodes = graph.reachable(&[form]);
        let common = nodes.iter().filter(|id| self.target.contains(id)).count();
        let distance = nodes.len() + self.target.len() - 2 * common;
        self.count += 1;
        self.depth.insert(form, depth);
        self.queue.push(Reverse((2 * depth + distance, self.count, form)));
    }
}

struct Search<'r> {
    rules: Vec<&'r Compiled>,
    ranges: Ranges,
    edges: IndexMap<ExprId, Vec<Step>, FxBuildHasher>,
}

impl Search<'_> {
    /// Lists everything that one rule makes of a form in one place.
    fn steps(&self, graph: &mut Graph, formulas: &mut Formulas, form: ExprId) -> Vec<Step> {
        let nodes = graph.reachable(&[form]);
        let mut classes = Classes::new(self.ranges.clone());
        let image = insert(&mut classes, graph, &nodes);
        let mut found: Vec<(Id, &'static str, Id)> = Vec::new();
        let mut work: Vec<Id> = (0..classes.total_size()).map(Id::from).collect();
        work.retain(|id| classes.find(*id) == *id);
        for id in work {
            let Some(node) = classes[id].nodes.first().cloned() else { continue };
            for rule in structure::RULES {
                found.extend((rule.apply)(&mut classes, id, &node).into_iter().map(|new| (id, rule.name, new)));
            }
            let view = View::new(&classes, id, &node);
            for rule in &self.rules {
                found.extend(rule.apply(&mut classes, &node, &view).into_iter().map(|new| (id, rule.rule.name, new)));
            }
        }
        let leaves: FxHashMap<u32, ExprId> = nodes.iter().filter_map(|id| leaf(graph, *id)).collect();
        let mut terms = Terms { classes: &classes, leaves: &leaves, written: FxHashMap::default() };
        let mut steps: Vec<Step> = Vec::new();
        for (old, rule, new) in found.into_iter().filter(|(old, _, new)| old != new) {
            let (Some(before), Some(after)) = (terms.write(graph, old), terms.write(graph, new)) else { continue };
            let whole =
                graph.rebuild(&[form], |_, id, _| (image.get(&id) == Some(&old) || id == before).then_some(after))[0];
            let form_after = canonicalize(graph, formulas, &[whole], Grouping::READING)[0];
            if form_after != form && steps.iter().all(|step| step.form != form_after) {
                steps.push(Step { rule, backward: false, form: form_after });
            }
        }
        steps
    }

    /// Finds the shortest path through the steps that were seen. Steps by the same rule in a row are one line, so a place
    /// is a form with the rule that led there.
    fn shortest(&self, from: ExprId, to: ExprId) -> Option<Vec<Step>> {
        type Place = (ExprId, &'static str, bool);
        type Reached<'s> = (usize, Option<(Place, &'s Step)>);
        let start: Place = (from, "", false);
        let mut best: FxHashMap<Place, Reached<'_>> = FxHashMap::from_iter([(start, (0, None))]);
        let mut queue = BinaryHeap::from([Reverse((0, start))]);
        let mut end = None;
        while let Some(Reverse((length, place))) = queue.pop() {
            if length > best[&place].0 {
                continue;
            }
            if place.0 == to {
                end = Some(place);
                break;
            }
            for step in self.edges.get(&place.0).into_iter().flatten() {
                let next = (step.form, step.rule, step.backward);
                let same = (place.1, place.2) == (step.rule, step.backward);
                let length = length + if same { 1 } else { step.length() };
                if best.get(&next).is_none_or(|(known, _)| length < *known) {
                    best.insert(next, (length, Some((place, step))));
                    queue.push(Reverse((length, next)));
                }
            }
        }
        let mut path = Vec::new();
        let mut place = end?;
        while let Some((before, step)) = best.get(&place)?.1 {
            path.push(step.clone());
            place = before;
        }
        path.reverse();
        Some(path)
    }
}

fn leaf(graph: &Graph, id: ExprId) -> Option<(u32, ExprId)> {
    match graph.node(id) {
        Node::Input(index) => Some((*index, id)),
        _ => None,
    }
}

/// Writes classes of an e-graph without unions, each the one expression that it holds.
struct Terms<'a> {
    classes: &'a Classes,
    leaves: &'a FxHashMap<u32, ExprId>,
    written: FxHashMap<Id, ExprId>,
}

impl Terms<'_> {
    fn write(&mut self, graph: &mut Graph, root: Id) -> Option<ExprId> {
        let mut stack = vec![root];
        while let Some(&id) = stack.last() {
            if self.written.contains_key(&id) {
                stack.pop();
                continue;
            }
            let node = self.classes[id].nodes.first()?;
            let before = stack.len();
            stack.extend(node.children().iter().copied().filter(|child| !self.written.contains_key(child)));
            if stack.len() > before {
                continue;
            }
            if let super::language::Math::Leaf(index) = node
                && !self.leaves.contains_key(index)
            {
                return None;
            }
            let new = extract_node(graph, node, |index| self.leaves[&index], |child| self.written[&child]);
            self.written.insert(id, new);
            stack.pop();
        }
        self.written.get(&root).copied()
    }
}
