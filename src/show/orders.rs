//! Derivatives of functions that have a limit at 0, written out where a person would: `sinc_derivative(1, x)` is
//! `if(x == 0, 0, (x*cos(x) - sin(x))/x^2)` where it stands alone. As a part of something longer it keeps its name.

use crate::graph::{ExprId, Graph, Node};
use crate::source::Source;
use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, NodeId, Program};
use crate::syntax::parse;
use rustc_hash::FxHashMap;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct WrittenOut {
    /// The function.
    pub name: &'static str,
    /// How often it is derived.
    pub order: i64,
    /// The same in functions that need no order.
    pub formula: &'static str,
}

/// The table. Simplification knows what continues each of the quotients, so that what is read back is the function again.
#[rustfmt::skip]
pub const WRITTEN_OUT: &[WrittenOut] = &[
    WrittenOut { name: "sinc_derivative", order: 1, formula: "if(x == 0, 0, (x*cos(x) - sin(x))/x^2)" },
    WrittenOut { name: "sinc_derivative", order: 2, formula: "if(x == 0, -1/3, (2*sin(x) - 2*x*cos(x) - x^2*sin(x))/x^3)" },
    WrittenOut { name: "exprel_derivative", order: 1, formula: "if(x == 0, 1/2, (x*exp(x) - exp(x) + 1)/x^2)" },
    WrittenOut { name: "exprel_derivative", order: 2, formula: "if(x == 0, 1/3, (x^2*exp(x) - 2*x*exp(x) + 2*exp(x) - 2)/x^3)" },
    WrittenOut { name: "bernoulli_derivative", order: 1, formula: "if(x == 0, -1/2, (exp(x) - x*exp(x) - 1)/(exp(x) - 1)^2)" },
];

/// Longest argument that is repeated, in nodes of the syntax tree.
const LONGEST: usize = 3;

/// Writes a function of a constant order out, entry by entry if its argument has entries; unless that is long. Operands
/// are written.
pub fn written_out(ast: &mut Ast, graph: &Graph, id: ExprId, written: &FxHashMap<ExprId, NodeId>) -> Option<NodeId> {
    let Node::Apply(function, arguments) = graph.node(id) else { return None };
    let x = *written.get(arguments.get(1)?)?;
    let order = graph.as_number(arguments[0])?.to_integer()?;
    let row = WRITTEN_OUT.iter().find(|row| row.name == function.row().name && row.order == order)?;
    if size(ast, x) > LONGEST {
        return None;
    }
    let Ok((formula, Program::Expression(root))) = parse(&Source::new("formula", row.formula)) else { return None };
    let entrywise = !graph.extents(arguments[1]).is_scalar();
    Some(copied(ast, &formula, root, x, entrywise).0)
}

fn size(ast: &Ast, id: NodeId) -> usize {
    let mut count = 1;
    ast.get(id).for_each_child(|child| count += size(ast, child));
    count
}

/// Copies a formula with `x` in place; tells whether it is in the copy.
fn copied(ast: &mut Ast, formula: &Ast, id: NodeId, x: NodeId, entrywise: bool) -> (NodeId, bool) {
    let mut copy = |child: &NodeId| copied(ast, formula, *child, x, entrywise);
    let (new, found) = match formula.get(id) {
        E::Name(name) if name == "x" => return (x, true),
        E::Unary(operator, a) => {
            let (a, found) = copy(a);
            (E::Unary(*operator, a), found)
        }
        E::Binary(operator, a, b) => {
            let ((a, in_a), (b, in_b)) = (copy(a), copy(b));
            let operator = match operator {
                B::Multiply if entrywise && in_a && in_b => B::ElementMultiply,
                B::Divide if entrywise && in_b => B::ElementDivide,
                B::Power if entrywise && in_a => B::ElementPower,
                operator => *operator,
            };
            (E::Binary(operator, a, b), in_a || in_b)
        }
        E::Call(name, arguments) => {
            let arguments: Vec<(NodeId, bool)> = arguments.iter().map(&mut copy).collect();
            let found = arguments.iter().any(|(_, found)| *found);
            (E::Call(name.clone(), arguments.into_iter().map(|(id, _)| id).collect()), found)
        }
        E::If(c, a, b) => {
            let [c, a, b] = [c, a, b].map(&mut copy);
            (E::If(c.0, a.0, b.0), c.1 || a.1 || b.1)
        }
        leaf => (leaf.clone(), false),
    };
    (ast.synthesize(new), found)
}
