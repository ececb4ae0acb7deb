//! Tapes and plans as text, an operation a line, as they are.

use super::{Computation, Operation, Place, Plan, Tape};
use crate::graph::ExprId;
use crate::show::dump::operation_name;
use rustc_hash::FxHashMap;
use std::fmt;

/// Writes an operation a line, operands before their uses: `t2 = multiply t0 t1`.
impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, operation) in self.operations.iter().enumerate() {
            write!(f, "t{at} = {}", head(operation))?;
            let mut operands = Vec::new();
            operation.for_each_operand(|operand| operands.push(operand));
            operands.iter().try_for_each(|operand| write!(f, " t{}", operand.0))?;
            writeln!(f)?;
        }
        let outputs: Vec<String> = self.outputs.iter().map(|slot| format!("t{}", slot.0)).collect();
        writeln!(f, "return {}", outputs.join(", "))
    }
}

/// Returns what is written before the operands.
fn head(operation: &Operation) -> String {
    use Operation::*;
    match operation {
        Number(value) => format!("number {value}"),
        Constant(constant) => format!("constant {:e}", constant.value()),
        Input(index) => format!("input {index}"),
        Add(..) => "add".to_string(),
        Subtract(..) => "subtract".to_string(),
        Multiply(..) => "multiply".to_string(),
        Divide(..) => "divide".to_string(),
        Negate(_) => "negate".to_string(),
        Call(function, _) | Call2(function, ..) => function.row().name.to_string(),
        OfOrder(function, order, _) => format!("{} of order {order}", function.row().name),
        Compare(comparison, ..) => format!("{comparison:?}").to_lowercase(),
        And(..) => "and".to_string(),
        Or(..) => "or".to_string(),
        Not(_) => "not".to_string(),
        Select(..) => "select".to_string(),
    }
}

/// Writes a step a line, operands before their uses, with the formula of each entry below: `m2: vector[n] = matmul m0 m1`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_steps(f, FxHashMap::default(), "")
    }
}

impl Plan {
    /// Writes the steps with an indent, where some nodes have names.
    fn write_steps(
        &self,
        f: &mut fmt::Formatter<'_>,
        mut names: FxHashMap<ExprId, String>,
        indent: &str,
    ) -> fmt::Result {
        let prefix = if indent.is_empty() { "m".to_string() } else { format!("b{}_", indent.len() / 4) };
        for (at, step) in self.steps.iter().enumerate() {
            let results = step.results();
            let name =
                |place: usize| if place == 0 { format!("{prefix}{at}") } else { format!("{prefix}{at}.{place}") };
            names.extend(results.iter().enumerate().map(|(place, id)| (*id, name(place))));
        }
        for (at, step) in self.steps.iter().enumerate() {
            write!(f, "{indent}{prefix}{at}: {} = ", step.extents)?;
            match &step.computation {
                Computation::Parameter(index) => write!(f, "parameter {index}")?,
                Computation::Entrywise(..) => write!(f, "entrywise")?,
                Computation::Numbers(..) => write!(f, "numbers")?,
                Computation::Operation(operation, _) => write!(f, "{}", operation_name(operation))?,
                Computation::Loop(looped) => {
                    let bound = &looped.bound;
                    write!(f, "loop {} in {}..{}", bound.index, bound.from, bound.to)?;
                }
                Computation::Scan(scanned) => {
                    let bound = &scanned.bound;
                    write!(f, "scan {} in {}..{}", bound.index, bound.from, bound.to)?;
                }
            }
            step.operands().iter().try_for_each(|operand| write!(f, " {}", names[operand]))?;
            writeln!(f)?;
            if let Computation::Entrywise(tape, _) | Computation::Numbers(tape, ..) = &step.computation {
                tape.to_string().lines().try_for_each(|line| writeln!(f, "{indent}    {line}"))?;
            }
            if let Computation::Scan(scanned) = &step.computation {
                let mut inside = names.clone();
                let states = scanned.states.iter().enumerate();
                inside.extend(states.filter_map(|(at, state)| Some((state.own?, format!("s{at}")))));
                scanned.plan.write_steps(f, inside, &format!("{indent}    "))?;
                for output in &scanned.outputs {
                    writeln!(f, "{indent}    keep {:?} s{}", output.kept, output.state)?;
                }
            }
            if let Computation::Loop(looped) = &step.computation {
                looped.plan.write_steps(f, names.clone(), &format!("{indent}    "))?;
                for (place, output) in looped.outputs.iter().enumerate() {
                    for part in &output.parts {
                        let [row, column] = &part.place;
                        let [row, column] = [row, column].map(|place| match place {
                            Place::At(place) => place.to_string(),
                            Place::From(given) => names.get(given).cloned().unwrap_or_else(|| "data".to_string()),
                        });
                        writeln!(f, "{indent}    add {place}[{row}, {column}] += {}", part.coefficient)?;
                    }
                }
            }
        }
        let outputs: Vec<String> = self.outputs.iter().map(|id| names[id].clone()).collect();
        writeln!(f, "{indent}return {}", outputs.join(", "))
    }
}
