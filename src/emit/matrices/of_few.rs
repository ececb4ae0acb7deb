//! Sizes for which a range ends before it begins: what is computed then is a function of its own, of few entries.

use super::dimensions::Check;
use super::results::{Prepared, Results};
use super::temporaries::Written;
use super::{Signature, temporaries};
use crate::derive::Closed;
use crate::emit::module::Module;
use crate::emit::options::Options;
use crate::error::Diagnostic;
use crate::graph::Graph;
use crate::lower::Whole;
use crate::program::{Binary, Expression, Scalar, Statement};
use std::sync::Arc;

/// The results of a function of few entries.
pub(super) struct OfFew {
    pub whole: Arc<Whole>,
    pub graph: Graph,
    pub results: Results,
}

impl OfFew {
    /// Derives the same of few entries, if there is such a function.
    ///
    /// # Errors
    /// A derivative without a rule.
    pub fn of(closed: &Closed, results: impl Fn(&Closed) -> Results) -> Result<Option<Self>, Diagnostic> {
        let Some((whole, derived)) = closed.of_few() else { return Ok(None) };
        let derived = derived?;
        Ok(Some(OfFew { whole: whole.clone(), results: results(&derived), graph: derived.graph }))
    }
}

/// What a function does for sizes for which a range ends before it begins.
pub(super) struct Alternative {
    /// What holds for these sizes.
    pub condition: Expression,
    /// What must hold for all sizes.
    pub of_dimensions: Vec<Check>,
    opening: Vec<Statement>,
    pub written: Written,
}

impl Module<'_> {
    /// Writes what computes results of few entries, where checks of dimensions fail that are none then; none if there are no
    /// such checks, or if the function has other arguments.
    pub(super) fn of_few(
        &mut self,
        signature: &Signature,
        own: OfFew,
        of_dimensions: &[Check],
        interface: &[String],
    ) -> Result<Option<Alternative>, Diagnostic> {
        let OfFew { whole, graph, results } = own;
        let Prepared { written, opening, targets, .. } = self.interface(signature, &whole, &graph, results);
        if written != interface {
            return Ok(None);
        }
        // There is nothing to be done side by side.
        let plain = Options { reproducible: true, ..self.options.clone() };
        let (written, own) = self.loops(signature, &whole, &graph, targets, &plain)?;
        let fails = of_dimensions.iter().filter(|check| !own.contains(check)).map(|check| check.fails.clone());
        let condition = fails.reduce(|any, fails| any.binary(Binary::Or, fails));
        Ok(condition.map(|condition| Alternative { condition, of_dimensions: own, opening, written }))
    }
}

impl Alternative {
    /// Returns what is done for these sizes, which ends with a return from the function.
    pub fn statement(&self, float: Scalar) -> Statement {
        let temporaries = &self.written.temporaries;
        let declared = temporaries.iter().map(|(name, entries)| temporaries::declared(name, entries, float));
        let body = self.opening.iter().cloned().chain(declared).chain(self.written.statements.iter().cloned());
        Statement::when(self.condition.clone(), body.chain([Statement::Return(self.written.result())]).collect())
    }
}
