//! `--dump`: what a pass leaves behind, node by node.

use super::args::Request;
use super::closed;
use super::{Exit, Outcome, input};
use crate::derive::{Deriver, Order, Pass, Passes, derive_closed_watched};
use crate::graph::ExprId;
use crate::lower::Whole;
use crate::tape::{associate, plan};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use std::io::Write;

impl ValueEnum for Pass {
    fn value_variants<'a>() -> &'a [Self] {
        &Pass::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Pass::Lower => ("lower", "The function as it is written"),
            Pass::Resolve => ("resolve", "With the derivatives inside of it worked out"),
            Pass::Prepare => ("prepare", "In the form that is derived"),
            Pass::Derive => ("derive", "Value and derivatives as the chain rule gives them"),
            Pass::Simplify => ("simplify", "Value and derivatives, simplified"),
            Pass::Schedule => ("schedule", "What is computed, step by step"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// Derives as a command does, and prints what one of the passes leaves behind.
pub fn run(request: &Request, order: Order, pass: Pass, out: &mut impl Write) -> Outcome {
    let (source, function) = input::function(&request.input)?;
    let wrong = |diagnostic| crate::in_function(&source, &function, diagnostic);
    let text = match closed::wanted(&function, &request.wrt) {
        Some(whole) => {
            let by = closed::selected(&function, whole, &request.wrt)?;
            of_matrices(request, whole, &by, order, pass).map_err(wrong)?
        }
        None => {
            let (entries, by) = (input::entries(&function)?, input::selected(&function, &request.wrt)?);
            let mut deriver = Deriver::keeping(pass);
            let mut derivatives = deriver.derive(entries, &by, order, request.shown()).map_err(wrong)?;
            match pass {
                Pass::Schedule => derivatives.tape().to_string(),
                _ => deriver.kept().to_string(),
            }
        }
    };
    write!(out, "{text}")?;
    Ok(Exit::Success)
}

fn of_matrices(
    request: &Request,
    whole: &Whole,
    by: &[usize],
    order: Order,
    pass: Pass,
) -> Result<String, crate::Diagnostic> {
    let mut passes = Passes::keeping(pass);
    let closed = derive_closed_watched(&mut passes, whole, by, order, request.shown())?;
    if pass != Pass::Schedule {
        return Ok(passes.text().to_string());
    }
    let mut graph = closed.graph;
    let derivatives = closed.first.iter().chain(&closed.second).map(|derivative| derivative.expression());
    let roots: Vec<ExprId> = [closed.value].into_iter().chain(derivatives).collect();
    let roots = associate(&mut graph, &roots);
    Ok(plan(&graph, &roots).to_string())
}
