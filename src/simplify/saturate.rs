//! Equality saturation of one window.

use super::audit::{Audit, Transcript};
use super::conversion::{extract_node, insert};
use super::cost::{Costs, Goal, function_costs};
use super::extract::{Candidates, Choice, order};
use super::facts::{Known, Ranges};
use super::language::{Classes, Math};
use super::matching::Compiled;
use super::rules::Rounding;
use super::view::{View, functions_of};
use super::{rules, structure};
use crate::functions::{FunctionId, Functions};
use crate::graph::{ExprId, Graph, Node};
use crate::lower::{Facts, Formulas};
use egg::{EClass, Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most rounds of rules on one window.
const ROUND_LIMIT: usize = 18;
/// Most nodes of a class that rules look at.
const NODES_PER_CLASS: usize = 12;

/// What the search of one window has found.
pub struct Found {
    /// The roots in their cheapest form.
    pub roots: Vec<ExprId>,
    /// Whether what was given keeps its digits.
    pub is_stable: bool,
    /// How many e-nodes were searched.
    pub size: usize,
}

/// Simplifies windows of a graph with the rules of Table 2, which it reads once.
pub struct Simplifier {
    rules: Vec<Compiled>,
    /// Rules that are used in proofs only.
    explaining: Vec<Compiled>,
    ranges: Ranges,
    functions: FxHashMap<FunctionId, u64>,
}

impl Simplifier {
    /// Reads the rules.
    pub fn new(formulas: &mut Formulas) -> Self {
        let compiled = rules::TABLE.iter().filter_map(|rule| Compiled::new(formulas, rule));
        let (explaining, rules) = compiled.partition(|rule| rule.rule.for_explaining);
        Simplifier { rules, explaining, ranges: Ranges::new(formulas), functions: function_costs(formulas) }
    }

    /// Returns all rules, with those for proofs.
    pub(super) fn all_rules(&self) -> Vec<&Compiled> {
        self.explaining.iter().chain(&self.rules).collect()
    }

    /// Returns what is known of a function's values.
    pub fn range(&self, function: FunctionId) -> Facts {
        self.ranges.of(function)
    }

    /// Returns the ranges of functions.
    pub(super) fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// Returns forms of the roots that cost no more together, in the sense of the goal. The graph is small: a window.
    /// The search ends at the limit of e-nodes.
    pub fn simplify_window(
        &self,
        graph: &mut Graph,
        roots: &[ExprId],
        goal: Goal,
        facts: Vec<Facts>,
        limit: usize,
        audit: Option<&mut (dyn Audit + 'static)>,
    ) -> Found {
        without_clock(|| self.search(graph, roots, goal, facts, limit, audit))
    }

    fn costs(&self, goal: Goal, classes: &Classes, graph: &Graph, nodes: &[ExprId]) -> Costs<'_> {
        let stabilizing = self.rules.iter().filter(|rule| rule.rule.rounding == Rounding::Better).collect();
        Costs::new(goal, stabilizing, functions_near(classes), &self.functions, familiar(graph, nodes))
    }

    fn search(
        &self,
        graph: &mut Graph,
        roots: &[ExprId],
        goal: Goal,
        facts: Vec<Facts>,
        limit: usize,
        mut audit: Option<&mut (dyn Audit + 'static)>,
    ) -> Found {
        let nodes = graph.reachable(roots);
        let ranges = self.ranges.with_leaves(facts.clone()).keeping_groups(goal != Goal::Pretty);
        let mut classes = Classes::new(ranges);
        let image = insert(&mut classes, graph, &nodes);
        classes.rebuild();
        let given = given_choice(&classes);
        self.saturate(&mut classes, goal, limit, &facts, &mut audit);
        if let Some(audit) = audit {
            Transcript::new(&classes).hear_classes(&classes, &facts, audit);
        }
        let ids: Vec<Id> = roots.iter().map(|root| classes.find(image[root])).collect();
        classes.analysis.seen.set_running(true);
        let costs = self.costs(goal, &classes, graph, &nodes);
        let candidates = Candidates::new(&classes, &costs);
        let trees = candidates.cheapest_trees();
        let given = with_given(&classes, &trees, given);
        let is_stable = !candidates.has_penalties(&given, &ids);
        let choice = match goal {
            Goal::Pretty => trees,
            Goal::Derivable | Goal::Stable | Goal::Flops => best_joint(&candidates, trees, given, &ids),
        };
        let roots = extract(graph, &choice, &ids, &nodes).unwrap_or_else(|| roots.to_vec());
        Found { roots, is_stable, size: classes.total_size() }
    }

    /// Applies all rules in rounds until nothing new comes or a limit is reached. Factoring and multiplying out have
    /// rounds of their own, so that they can't crowd out the rules that recognize something.
    fn saturate(
        &self,
        classes: &mut Classes,
        goal: Goal,
        limit: usize,
        facts: &[Facts],
        audit: &mut Option<&mut (dyn Audit + 'static)>,
    ) {
        let mut seen = [FxHashMap::default(), FxHashMap::default()];
        let mut idle = 0;
        for round in 0..ROUND_LIMIT {
            let grows = round % 3 == 2;
            let found = self.round(classes, goal, grows, limit, &mut seen[usize::from(grows)]);
            if let Some(audit) = audit {
                Transcript::new(classes).hear_rules(classes, &found, facts, *audit);
            }
            let mut changed = false;
            for (id, name, new) in found {
                changed |= classes.union_trusted(id, new, name);
            }
            classes.rebuild();
            idle = if changed { 0 } else { idle + 1 };
            if idle == 3 || classes.total_size() > limit {
                break;
            }
        }
    }

    /// Applies either the rules that grow sums and products, or the others; returns which classes are equal by which rule.
    fn round(
        &self,
        classes: &mut Classes,
        goal: Goal,
        grows: bool,
        limit: usize,
        seen: &mut FxHashMap<Math, u64>,
    ) -> Vec<(Id, &'static str, Id)> {
        let sizes = neighbourhoods(classes);
        let near = functions_near(classes);
        let usable = |rule: &&Compiled| {
            let fits = match goal {
                Goal::Pretty => !rule.rule.for_running,
                Goal::Derivable => rule.rule.rounding != Rounding::Worse && !rule.rule.for_values,
                Goal::Stable | Goal::Flops => rule.rule.rounding != Rounding::Worse,
            };
            !grows && fits
        };
        let structural = |rule: &&structure::Structural| {
            let fits = if goal == Goal::Pretty { !rule.for_running } else { !rule.for_reading };
            rule.grows == grows && fits && (goal == Goal::Flops || !rule.for_sharing)
        };
        let usable: Vec<&Compiled> = self.rules.iter().filter(usable).collect();
        let mut found: Vec<(Id, &'static str, Id)> = Vec::new();
        let mut work: Vec<(Id, Vec<Math>)> = classes.classes().map(|class| (class.id, class.nodes.clone())).collect();
        work.sort_by_key(|(id, _)| *id);
        classes.analysis.seen.set_running(true);
        'classes: for (id, nodes) in work {
            for node in nodes.into_iter().take(NODES_PER_CLASS) {
                let node = node.map_children(|child| classes.find(child));
                // What a rule finds depends on a node and two levels below; where these are as before, so is the result.
                let sizes_below = node.children().iter().map(|child| sizes.get(child).copied().unwrap_or(0));
                let below = sizes_below.fold(1, combined);
                if seen.insert(node.clone(), below) == Some(below) {
                    continue;
                }
                for rule in structure::RULES.iter().filter(structural) {
                    found.extend((rule.apply)(classes, id, &node).into_iter().map(|new| (id, rule.name, new)));
                }
                for view in View::all(classes, id, &node) {
                    for rule in fitting(classes, &usable, near[&id], &node, &view) {
                        let equal = rule.apply(classes, &node, &view);
                        found.extend(equal.into_iter().map(|new| (id, rule.rule.name, new)));
                    }
                }
                if let Some(view) = View::opened(classes, id, &node) {
                    for rule in fitting(classes, &usable, near[&id], &node, &view) {
                        let equal = rule.apply_to_all(classes, &node, &view);
                        found.extend(equal.into_iter().map(|new| (id, rule.rule.name, new)));
                    }
                }
                if classes.total_size() > limit {
                    break 'classes;
                }
            }
        }
        classes.analysis.seen.set_running(false);
        found
    }
}

/// Returns the rules that a node may have the left form of, as far as is seen at a glance; `near` are the functions in and
/// below its class.
pub fn fitting<'r>(
    classes: &Classes,
    rules: &[&'r Compiled],
    near: Functions,
    node: &Math,
    view: &View,
) -> Vec<&'r Compiled> {
    let functions = view.functions(classes);
    let fits = |rule: &&Compiled| rule.needs.are_in(near) && rule.may_match(node, view, &functions);
    rules.iter().copied().filter(fits).collect()
}

/// Stops the clock by which egg times its work: only its log tells the times, and the first look at a real clock takes
/// longer than most windows.
pub fn without_clock<T>(work: impl FnOnce() -> T) -> T {
    quanta::with_clock(&quanta::Clock::mock().0, work)
}

/// Tells whether any rule could change the nodes: without functions, quotients, repeated factors or sums inside of sums none
/// does.
pub fn is_promising(graph: &Graph, nodes: &[ExprId]) -> bool {
    let mut bases: FxHashMap<ExprId, u32> = FxHashMap::default();
    // A repeated factor matters only where terms that share it are added.
    let adds = nodes.iter().any(|id| matches!(graph.node(*id), Node::Sum(..)));
    nodes.iter().any(|id| match graph.node(*id) {
        Node::Apply(..) => true,
        Node::Sum(constant, terms) => {
            (terms.len() > 1 || !constant.is_zero())
                && terms.iter().any(|(term, _)| matches!(graph.node(*term), Node::Sum(..)))
        }
        Node::Product(factors) => factors.iter().any(|(base, exponent)| {
            let count = bases.entry(*base).or_default();
            *count += 1;
            (adds && *count > 1) || !exponent.is_one()
        }),
        _ => false,
    })
}

/// Returns, for each class, a number that changes when a node is added to it or to a class right below, or more is known of
/// one.
fn neighbourhoods(classes: &Classes) -> FxHashMap<Id, u64> {
    let own = |id: Id| classes[id].nodes.len() as u64 * 32 + classes[id].data.signs();
    let with_children = |class: &EClass<Math, Known>| {
        let children = class.nodes.iter().flat_map(|node| node.children());
        (class.id, children.fold(own(class.id), |total, child| combined(total, own(*child))))
    };
    classes.classes().map(with_children).collect()
}

fn combined(total: u64, next: u64) -> u64 {
    total.wrapping_mul(31).wrapping_add(next)
}

/// How deep rules look for functions below a class.
const DEPTH: usize = 5;

/// Returns, for each class, the functions in it and in the classes below that rules see.
fn functions_near(classes: &Classes) -> FxHashMap<Id, Functions> {
    let mut near: FxHashMap<Id, Functions> =
        classes.classes().map(|class| (class.id, functions_of(&class.nodes))).collect();
    for _ in 0..DEPTH {
        let below = |near: &FxHashMap<Id, Functions>, id: &Id| near[&classes.find(*id)];
        let next = classes.classes().map(|class| {
            let children = class.nodes.iter().flat_map(|node| node.children());
            (class.id, children.fold(near[&class.id], |all, child| all.or(below(&near, child))))
        });
        near = next.collect();
    }
    near
}

/// Returns the functions that occur in the graph.
fn familiar(graph: &Graph, nodes: &[ExprId]) -> FxHashSet<FunctionId> {
    nodes.iter().filter_map(|id| graph.node(*id).function()).collect()
}

/// Returns the nodes as they were given, before any rule was applied.
fn given_choice(classes: &Classes) -> Vec<(Id, Math)> {
    let mut given: Vec<(Id, Math)> = classes.classes().map(|class| (class.id, class.nodes[0].clone())).collect();
    given.sort_by_key(|(id, _)| *id);
    given
}

/// Puts the nodes that were given in place of those of a choice.
fn with_given(classes: &Classes, choice: &Choice, given: Vec<(Id, Math)>) -> Choice {
    let mut choice = choice.clone();
    for (id, node) in given.into_iter().rev() {
        choice.insert(classes.find(id), node.map_children(|child| classes.find(child)));
    }
    choice
}

/// Climbs from the given form and from the cheapest trees, and takes the better end.
fn best_joint(candidates: &Candidates, trees: Choice, given: Choice, roots: &[Id]) -> Choice {
    let (from_given, given_cost) = candidates.climb(given, roots);
    let (from_trees, trees_cost) = candidates.climb(trees, roots);
    match (given_cost, trees_cost) {
        (Some(given), Some(trees)) if given <= trees => from_given,
        (Some(_), None) => from_given,
        _ => from_trees,
    }
}

/// Builds the chosen nodes in the graph; none if the choice runs in a circle.
fn extract(graph: &mut Graph, choice: &Choice, roots: &[Id], nodes: &[ExprId]) -> Option<Vec<ExprId>> {
    let leaves: FxHashMap<u32, ExprId> = nodes
        .iter()
        .filter_map(|id| match graph.node(*id) {
            Node::Input(index) => Some((*index, *id)),
            _ => None,
        })
        .collect();
    let mut image: FxHashMap<Id, ExprId> = FxHashMap::default();
    for id in order(choice, roots)? {
        let node = &choice[&id];
        if let Math::Leaf(index) = node
            && !leaves.contains_key(index)
        {
            return None;
        }
        let new = extract_node(graph, node, |index| leaves[&index], |child| image[&child]);
        image.insert(id, new);
    }
    Some(roots.iter().map(|root| image[root]).collect())
}
