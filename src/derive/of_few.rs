//! Closed forms for few entries, for sizes for which a range ends before it begins: they are derived when there are such.

use super::closed::{Closed, derive_closed};
use super::products::{Product, derive_closed_product};
use super::{Form, Order};
use crate::error::Diagnostic;
use crate::graph::{Dimension, Sizes};
use crate::lower::Whole;
use std::sync::Arc;

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Derivatives by these parameters.
    Derivatives(Vec<usize>, Order, Form),
    /// A product with vectors that are parameters, too.
    Product(Product, Vec<usize>, Form),
}

/// A function of few entries, and what was asked for of it.
#[derive(Clone, Debug)]
pub(super) struct OfFew {
    whole: Arc<Whole>,
    /// What is not negative for all other sizes.
    needed: Vec<Dimension>,
    asked: Asked,
}

impl OfFew {
    /// Returns what is asked for of the function of few entries, if there is such.
    pub fn of(whole: &Whole, asked: Asked) -> Option<OfFew> {
        let few = whole.few.clone()?;
        Some(OfFew { whole: few, needed: whole.needed.clone(), asked })
    }

    /// Returns the function of few entries.
    pub fn whole(&self) -> &Arc<Whole> {
        &self.whole
    }

    /// Tells whether these sizes ask for it.
    pub fn is_for(&self, sizes: &Sizes) -> bool {
        self.needed.iter().any(|dimension| dimension.evaluate(sizes).is_none())
    }

    /// Forms what was asked for.
    ///
    /// # Errors
    /// A function without a derivative rule.
    pub fn derive(&self) -> Result<Closed, Diagnostic> {
        match &self.asked {
            Asked::Derivatives(by, order, form) => derive_closed(&self.whole, by, *order, *form),
            Asked::Product(product, by, form) => derive_closed_product(*product, &self.whole, by, *form),
        }
    }
}
