//! Derivatives of high order by one input.

use super::{Derivatives, Deriver, Form, leaves};
use crate::diff;
use crate::error::{Diagnostic, Fault};
use crate::graph::ExprId;
use crate::limits;
use crate::lower::Entries;

/// Highest order of derivatives each of which is simplified before the next one is formed.
const SIMPLIFIED: usize = 2;

/// Forms the `order`-th derivative of each output by one input.
///
/// # Errors
/// A function without a derivative rule.
pub fn derive_repeatedly(function: &Entries, by: usize, order: usize, form: Form) -> Result<Derivatives, Diagnostic> {
    Deriver::default().derive_repeatedly(function, by, order, form)
}

impl Deriver {
    /// Forms the `order`-th derivative of each output by one input.
    ///
    /// # Errors
    /// A function without a derivative rule.
    pub fn derive_repeatedly(
        &mut self,
        function: &Entries,
        by: usize,
        order: usize,
        form: Form,
    ) -> Result<Derivatives, Diagnostic> {
        let mut graph = function.graph.clone();
        let leaf = leaves(&mut graph, &[by]);
        let value = diff::resolve(&mut self.differentiator, &mut graph, &function.outputs)?;
        let (value, is_stable_as_given) = self.prepare(&mut graph, value, form, function);
        let (first, second) = (Vec::new(), Vec::new());
        let mut derivatives = Derivatives { graph, value, first, second, form, is_stable_as_given };
        let mut nodes = 0;
        for reached in 0..order {
            if derivatives.value.iter().all(|id| derivatives.graph.is_zero(*id)) && !derivatives.graph.is_strict() {
                break;
            }
            if nodes > limits::NODES_REPEATED {
                let message =
                    format!("a derivative of order {order} grows too large: this is as far as order {reached}");
                let diagnostic = Diagnostic::general(Fault::TooLarge, message);
                return Err(diagnostic.hint(format!("ask for an order of at most {reached}")));
            }
            let Derivatives { graph, value, .. } = &mut derivatives;
            let rows = diff::jacobian(&mut self.differentiator, graph, value, &leaf)?;
            *value = rows.into_iter().flatten().collect();
            let short = match form != Form::Raw && order > SIMPLIFIED {
                true => value.iter().map(|row| graph.expanded(*row)).collect::<Option<Vec<ExprId>>>(),
                false => None,
            };
            match short {
                Some(short) => *value = short,
                None => {
                    nodes += graph.reachable(value).len();
                    self.simplify(function, &mut derivatives, form);
                }
            }
        }
        if order > SIMPLIFIED {
            self.simplify(function, &mut derivatives, form);
        }
        Ok(derivatives)
    }
}
