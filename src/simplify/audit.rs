//! What simplification takes for equal, laid open so that it can be checked: every rule that fires, every class of the
//! e-graph, and the expressions before and after each pass.

use super::language::{Classes, Math};
use crate::graph::{ExprId, Graph, Input, Node, Rational};
use crate::lower::Facts;
use egg::{Id, Language};
use rustc_hash::FxHashMap;

/// Most leaves of a window. What has a higher number stands for a whole matrix.
const LEAVES: u32 = 1 << 16;

/// Two expressions that are taken for equal.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The rule or the pass.
    pub by: &'static str,
    /// What it was given.
    pub given: ExprId,
    /// What it made of it.
    pub made: ExprId,
}

/// Hears claims. The graph's nodes are as they were made, not in canonical form; `facts` are those of its inputs.
pub trait Audit {
    /// Checks that both sides of each claim are equal.
    fn hear(&mut self, graph: &mut Graph, claims: &[Claim], facts: &[Facts]);

    /// Returns what was found to be wrong.
    fn objections(&self) -> Vec<String>;
}

/// The classes of an e-graph as expressions of a graph.
pub(super) struct Transcript {
    graph: Graph,
    /// One expression for each class; classes that can't be written without themselves have none.
    images: FxHashMap<Id, ExprId>,
}

impl Transcript {
    /// Writes down each class by its first node that has no circle.
    pub fn new(classes: &Classes) -> Transcript {
        let mut transcript = Transcript { graph: Graph::new(), images: FxHashMap::default() };
        let leaf = |node: &Math| if let Math::Leaf(index) = node { *index + 1 } else { 0 };
        let leaves = classes.classes().flat_map(|class| &class.nodes).map(leaf).filter(|count| *count <= LEAVES).max();
        for index in 0..leaves.unwrap_or(0) {
            transcript.graph.add_input(Input { parameter: format!("v{index}"), place: Vec::new() });
        }
        let mut order: Vec<(Id, &[Math])> = classes.classes().map(|class| (class.id, &class.nodes[..])).collect();
        order.sort_by_key(|(id, _)| *id);
        loop {
            let before = transcript.images.len();
            for (id, nodes) in &order {
                if !transcript.images.contains_key(id)
                    && let Some(image) = nodes.iter().find_map(|node| transcript.write(classes, node))
                {
                    transcript.images.insert(*id, image);
                }
            }
            if transcript.images.len() == before {
                return transcript;
            }
        }
    }

    /// Writes a node in terms of its classes' images.
    fn write(&mut self, classes: &Classes, node: &Math) -> Option<ExprId> {
        let image = |id: &Id| self.images.get(&classes.find(*id)).copied();
        let own: Option<Vec<ExprId>> = node.children().iter().map(image).collect();
        let own = own?;
        let once = |own: &[ExprId]| own.iter().map(|id| (*id, Rational::ONE)).collect();
        let node = match node {
            Math::Number(value) => Node::Number(value.clone()),
            Math::Pi => Node::Pi,
            Math::Leaf(index) if *index < LEAVES => Node::Input(*index),
            Math::Leaf(_) => return None,
            Math::Sum(_) => Node::Sum(Rational::ZERO, once(&own)),
            Math::Product(_) => Node::Product(once(&own)),
            Math::Power(exponent, _) => Node::Product([(own[0], exponent.clone())].into()),
            Math::Apply(function, _) => Node::Apply(*function, own.into()),
            Math::Select(_) => Node::Select(own[0], own[1], own[2]),
            Math::Compare(comparison, _) => Node::Compare(*comparison, own[0], own[1]),
            Math::And(_) => Node::And(own[0], own[1]),
            Math::Or(_) => Node::Or(own[0], own[1]),
            Math::Not(_) => Node::Not(own[0]),
        };
        Some(self.graph.intern(node))
    }

    /// Lays open which classes rules take for equal.
    pub fn hear_rules(
        &mut self,
        classes: &Classes,
        found: &[(Id, &'static str, Id)],
        facts: &[Facts],
        audit: &mut dyn Audit,
    ) {
        let claims = found.iter().filter_map(|(old, by, new)| {
            let image = |id: &Id| self.images.get(&classes.find(*id)).copied();
            Some(Claim { by, given: image(old)?, made: image(new)? })
        });
        let claims: Vec<Claim> = claims.filter(|claim| claim.given != claim.made).collect();
        audit.hear(&mut self.graph, &claims, facts);
    }

    /// Lays open all nodes of all classes.
    pub fn hear_classes(&mut self, classes: &Classes, facts: &[Facts], audit: &mut dyn Audit) {
        let mut claims = Vec::new();
        let mut order: Vec<(Id, &[Math])> = classes.classes().map(|class| (class.id, &class.nodes[..])).collect();
        order.sort_by_key(|(id, _)| *id);
        for (id, nodes) in order {
            let Some(given) = self.images.get(&id).copied() else { continue };
            for node in nodes {
                if let Some(made) = self.write(classes, node).filter(|made| *made != given) {
                    claims.push(Claim { by: "a class of the e-graph", given, made });
                }
            }
        }
        audit.hear(&mut self.graph, &claims, facts);
    }
}
