//! Extraction: one node for each class, so that the cost of all roots together is small.

use super::cost::{Costs, NEEDLESS};
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
            let canonical = class.nodes.iter().map(|node| node.clone().map_children(|child| classes.find(child)));
            let canonical: Vec<Math> = canonical.collect();
            let costs = costs.of_class(classes, class.id, &canonical);
            let mut own: Vec<(Math, u64)> = canonical.into_iter().zip(costs).collect();
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

    /// Tells whether a choice has nodes that are dear for what they lose, not for what they compute.
    pub fn has_penalties(&self, choice: &Choice, roots: &[Id]) -> bool {
        let penalty = |id: &Id| {
            let nodes = self.nodes.get(id).into_iter().flatten();
            nodes.filter(|(node, _)| choice.get(id) == Some(node)).any(|(_, cost)| *cost >= NEEDLESS)
        };
        order(choice, roots).is_none_or(|order| order.iter().any(penalty))
    }

    /// Improves a choice step by step for all roots together; each class that is needed counts once. Returns the choice
    /// and its cost, which is none if the given choice runs in a circle.
    pub fn climb(&self, choice: Choice, roots: &[Id]) -> (Choice, Option<u64>) {
        let mut climb = Climb::new(self, &choice, roots);
        let Some(cost) = climb.run() else { return (choice, None) };
        let chosen = self.nodes.iter().zip(&climb.chosen);
        (chosen.map(|((id, nodes), at)| (*id, nodes[*at].0.clone())).collect(), Some(cost))
    }
}

/// A search over choices, with classes numbered without gaps.
struct Climb {
    /// For each class, its nodes: cost and operands.
    nodes: Vec<Vec<(u64, Vec<u32>)>>,
    /// For each class, which of its nodes is chosen.
    chosen: Vec<usize>,
    roots: Vec<u32>,
    /// The state of each class in the current walk.
    state: Vec<State>,
    order: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unseen,
    Open,
    Done,
}

impl Climb {
    fn new(candidates: &Candidates, choice: &Choice, roots: &[Id]) -> Self {
        let number: FxHashMap<Id, u32> = candidates.nodes.keys().enumerate().map(|(at, id)| (*id, at as u32)).collect();
        let operands = |node: &Math| node.children().iter().map(|child| number[child]).collect();
        let nodes =
            candidates.nodes.values().map(|nodes| nodes.iter().map(|(node, cost)| (*cost, operands(node))).collect());
        let chosen = candidates.nodes.iter().map(|(id, nodes)| {
            choice.get(id).and_then(|node| nodes.iter().position(|(own, _)| own == node)).unwrap_or(0)
        });
        Climb {
            nodes: nodes.collect(),
            chosen: chosen.collect(),
            roots: roots.iter().map(|root| number[root]).collect(),
            state: vec![State::Unseen; number.len()],
            order: Vec::new(),
        }
    }

    /// Tries other nodes, roots first, until none lowers the joint cost.
    fn run(&mut self) -> Option<u64> {
        let mut best = self.cost()?;
        let mut budget = BUDGET;
        loop {
            let before = best;
            let needed = self.order.clone();
            for class in needed.into_iter().rev() {
                let class = class as usize;
                for node in 0..self.nodes[class].len() {
                    let old = self.chosen[class];
                    if node == old {
                        continue;
                    }
                    if budget == 0 {
                        return Some(best);
                    }
                    budget -= 1;
                    self.chosen[class] = node;
                    match self.cost() {
                        Some(cost) if cost < best => best = cost,
                        _ => self.chosen[class] = old,
                    }
                }
            }
            if best == before {
                return Some(best);
            }
            self.cost();
        }
    }

    /// Adds up the classes that the roots need; none if the choice runs in a circle. Leaves them in `order`, operands
    /// before uses.
    fn cost(&mut self) -> Option<u64> {
        self.state.fill(State::Unseen);
        self.order.clear();
        let mut total = 0;
        let mut stack: Vec<u32> = self.roots.iter().rev().copied().collect();
        while let Some(&class) = stack.last() {
            let at = class as usize;
            match self.state[at] {
                State::Done => {
                    stack.pop();
                }
                State::Open => {
                    self.state[at] = State::Done;
                    self.order.push(class);
                    total += self.nodes[at][self.chosen[at]].0;
                    stack.pop();
                }
                State::Unseen => {
                    self.state[at] = State::Open;
                    for operand in &self.nodes[at][self.chosen[at]].1 {
                        match self.state[*operand as usize] {
                            State::Done => {}
                            State::Open => return None,
                            State::Unseen => stack.push(*operand),
                        }
                    }
                }
            }
        }
        Some(total)
    }
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
