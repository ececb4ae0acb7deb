//! Checks that tapes and plans are well formed: operands come before their uses, and conditions stand only where
//! conditions belong.

use super::{Computation, Operation, Plan, Slot, Tape};
use crate::functions::Code;
use crate::graph::ExprId;
use rustc_hash::FxHashSet;

impl Tape {
    /// Checks the operations one by one.
    ///
    /// # Errors
    /// The first operation that is not well formed, and what is wrong with it.
    pub fn verify(&self) -> Result<(), String> {
        for (at, operation) in self.operations.iter().enumerate() {
            self.verify_operation(at, operation).map_err(|reason| format!("{operation:?} is malformed: {reason}"))?;
        }
        let exists = |slot: &Slot| slot.index() < self.operations.len();
        if self.outputs.iter().all(exists) { Ok(()) } else { Err("an output is never computed".to_string()) }
    }

    fn verify_operation(&self, at: usize, operation: &Operation) -> Result<(), String> {
        use Operation::*;
        let mut operands = Vec::new();
        operation.for_each_operand(|operand| operands.push(operand));
        if operands.iter().any(|operand| operand.index() >= at) {
            return Err("an operand is not computed before it".to_string());
        }
        let is_condition = |slot: Slot| self.operations[slot.index()].is_condition();
        let conditions = match operation {
            And(..) | Or(..) | Not(_) => operands.len(),
            Select(..) => 1,
            _ => 0,
        };
        let (first, rest) = operands.split_at(conditions);
        if !first.iter().all(|slot| is_condition(*slot)) {
            return Err("a number stands for a condition".to_string());
        }
        if rest.iter().any(|slot| is_condition(*slot)) {
            return Err("a condition stands for a number".to_string());
        }
        let has_code = match operation {
            Call(function, _) => matches!(function.row().code, Code::Method(..) | Code::Special(..)),
            Call2(function, ..) => matches!(function.row().code, Code::Method2(..) | Code::Special2(..)),
            OfOrder(function, ..) => matches!(function.row().code, Code::OfOrder(..)),
            _ => true,
        };
        if has_code { Ok(()) } else { Err("the function is called in a way that its row does not give".to_string()) }
    }
}

impl Plan {
    /// Checks the steps one by one, with the tapes in them.
    ///
    /// # Errors
    /// The first step that is not well formed, and what is wrong with it.
    pub fn verify(&self) -> Result<(), String> {
        self.verify_where(FxHashSet::default())
    }

    /// Checks the steps where some nodes are known.
    fn verify_where(&self, mut computed: FxHashSet<ExprId>) -> Result<(), String> {
        for (at, step) in self.steps.iter().enumerate() {
            let wrong = |reason: String| format!("step {at} is malformed: {reason}");
            if step.operands().iter().any(|operand| !computed.contains(operand)) {
                return Err(wrong("an operand is not computed before it".to_string()));
            }
            if let Computation::Entrywise(tape, operands) | Computation::Numbers(tape, operands, _) = &step.computation
            {
                tape.verify().map_err(wrong)?;
                let known = |operation: &Operation| match operation {
                    Operation::Input(index) => (*index as usize) < operands.len(),
                    _ => true,
                };
                if !tape.operations.iter().all(known) {
                    return Err(wrong("its formula reads an operand that it has not".to_string()));
                }
            }
            if let Computation::Loop(looped) = &step.computation {
                looped.plan.verify_where(computed.clone())?;
            }
            if let Computation::Scan(scanned) = &step.computation {
                let states = scanned.states.iter().filter_map(|state| state.own);
                scanned.plan.verify_where(computed.iter().copied().chain(states).collect())?;
            }
            computed.extend(step.results());
        }
        if self.outputs.iter().all(|output| computed.contains(output)) {
            Ok(())
        } else {
            Err("an output is never computed".to_string())
        }
    }
}
