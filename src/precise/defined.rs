//! Functions that have no routine of their own: by their definitions in Table 1.

use super::Attempt;
use super::ball::{Arithmetic, Ball, Computed, Missing};
use crate::functions;
use crate::graph::{ExprId, Graph, Input};
use crate::lower::Formulas;
use crate::tape::{Tape, schedule};

/// Calls a function by its definition, where that and the row's domain are given.
pub fn call(arithmetic: &mut Arithmetic, name: &str, arguments: &[&Ball]) -> Computed {
    let tape = definition(name).ok_or(Missing::Value)?;
    let balls = Attempt::of_balls(&tape, arguments).run(arithmetic, tape.outputs.iter().copied());
    let mut outputs = tape.outputs.iter().map(|slot| balls[slot.index()].clone().unwrap_or(Err(Missing::Value)));
    let value = outputs.next().unwrap_or(Err(Missing::Value));
    match outputs.next().transpose()? {
        Some(is_inside) if is_inside.sign() == Some(0) => Err(Missing::Value),
        _ => value,
    }
}

/// Writes out a function's definition, and the condition of its domain if there is one.
fn definition(name: &str) -> Option<Tape> {
    let function = functions::find(name)?;
    let row = function.row();
    let (mut graph, mut formulas) = (Graph::new(), Formulas::default());
    let input = |name: &&str| graph.add_input(Input { parameter: (*name).to_string(), place: Vec::new() });
    let parameters: Vec<ExprId> = row.parameters.iter().map(input).collect();
    let mut roots = vec![formulas.of_row(&mut graph, function, row.definition?, &parameters)?];
    if !row.domain.is_empty() {
        roots.push(formulas.of_row(&mut graph, function, row.domain, &parameters)?);
    }
    Some(schedule(&mut graph, &mut formulas, &roots))
}
