//! Extraction: one node for each class, so that the cost of all roots together is small.

use super::cost::Costs;
use super::language::{Classes, Math};
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// The node that is chosen for each class.
pub type Choice = FxHashMap<Id, Math>;

/// Most evaluations of the joint cost in one search.
const BUDGET: usize = 4000;

/// All nodes of all classes with their costs, in an order that does not depend on hashes.
pub struct Candidates {
    nodes: BTreeMap<Id, Vec<(Math, u64)>>,
}

impl Candidates {
    /// Computes the costs of all nodes.
    pub fn new(classes: &Classes, costs: &Costs<'_>) -> Self {
        let mut nodes: BTreeMap<Id, Vec<(Math, u64)>> = BTreeMap::new();
        for class in classes.classes() {
            let mut own: Vec<(Math, u64)> = class
                .nodes
                .iter()
                .map(|node| {
                    let node = node.clone().map_children(|child| classes.find(child));
                    let cost = costs.of(classes, class.id, &node);
                    (node, cost)
                })
                .collect();
            own.sort();
            own.dedup();
            nodes.insert(class.id, own);
        }
        Candidates { nodes }
    }

    /// Chooses, for each class, the node whose tree is cheapest.
    pub fn cheapest_trees(&self) -> Choice {
        let mut best: FxHashMap<Id, (u64, &Math)> = FxHashMap::default();
        let mut changed = true;
        while changed {
            changed = false;
            for (id, nodes) in &self.nodes {
                for (node, own) in nodes {
                    let mut total = *own;
                    let complete = node.children().iter().all(|child| match best.get(child) {
                        Some((cost, _)) => {
                            total = total.saturating_add(*cost);
                            true
                        }
                        None => false,
                    });
                    if complete && best.get(id).is_none_or(|(cost, _)| total < *cost) {
                        best.insert(*id, (total, node));
                        changed = true;
                    }
                }
            }
        }
        self.nodes.keys().filter_map(|id| Some((*id, best.get(id)?.1.clone()))).collect()
    }

    /// Improves a choice step by step for all roots together; each class that is needed counts once.
    pub fn climb(&self, mut choice: Choice, roots: &[Id]) -> (Choice, Option<u64>) {
        let costs: FxHashMap<&Math, u64> =
            self.nodes.values().flatten().map(|(node, cost)| (node, *cost)).collect();
        let mut best = joint_cost(&choice, &costs, roots);
        let mut budget = BUDGET;
        loop {
            let before = best.as_ref().map(|(cost, _)| *cost);
            let Some((_, needed)) = best.clone() else { return (choice, None) };
            for id in needed.iter().rev() {
                for (node, _) in &self.nodes[id] {
                    if budget == 0 {
                        return (choice, before);
                    }
                    let Some(old) = choice.get(id).filter(|old| *old != node).cloned() else { continue };
                    budget -= 1;
                    choice.insert(*id, node.clone());
                    let trial = joint_cost(&choice, &costs, roots);
                    let better = match (&trial, &best) {
                        (Some((new, _)), Some((old, _))) => new < old,
                        _ => false,
                    };
                    if better {
                        best = trial;
                    } else {
                        choice.insert(*id, old);
                    }
                }
            }
            let after = best.as_ref().map(|(cost, _)| *cost);
            if after == before {
                return (choice, after);
            }
        }
    }
}

/// Adds up the classes that the roots need; none if the choice runs in a circle. The classes are returned with
/// operands before uses.
fn joint_cost(choice: &Choice, costs: &FxHashMap<&Math, u64>, roots: &[Id]) -> Option<(u64, Vec<Id>)> {
    let order = order(choice, roots)?;
    let total = order.iter().map(|id| costs.get(&choice[id]).copied().unwrap_or(0)).sum();
    Some((total, order))
}

/// Returns the classes that the roots need, operands before uses; none if the choice runs in a circle.
pub fn order(choice: &Choice, roots: &[Id]) -> Option<Vec<Id>> {
    // A class is absent before it is visited, false while its operands are, true afterwards.
    let mut done: FxHashMap<Id, bool> = FxHashMap::default();
    let mut order = Vec::new();
    let mut stack: Vec<Id> = roots.iter().rev().copied().collect();
    while let Some(&id) = stack.last() {
        match done.get(&id) {
            Some(true) => {
                stack.pop();
            }
            Some(false) => {
                done.insert(id, true);
                order.push(id);
                stack.pop();
            }
            None => {
                done.insert(id, false);
                for child in choice.get(&id)?.children() {
                    match done.get(child) {
                        Some(true) => {}
                        Some(false) => return None,
                        None => stack.push(*child),
                    }
                }
            }
        }
    }
    Some(order)
}
