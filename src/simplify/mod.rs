//! Simplification: graph to graph, equal on the domain and never dearer.
//!
//! [`canonicalize`] comes first and does most of the work. [`simplify`] then puts small windows into an e-graph,
//! applies the rules of Table 2 and the rules of arithmetic until nothing new comes, and takes out the cheapest form.
//! All limits are counts, and no order depends on a hash, so the result is the same everywhere.

mod audit;
mod binding;
mod branches;
mod canonical;
mod conversion;
mod cost;
mod denominators;
mod derivatives;
mod domain;
mod double_exponentials;
mod exponentials;
mod extract;
mod factors;
mod facts;
mod forbidden;
mod hypotenuse;
mod language;
mod legs;
mod matching;
mod matrices;
mod means;
mod norms;
mod patches;
mod poles;
mod products_of_norms;
mod proof;
mod quotients;
mod removable;
mod rest;
mod rules;
mod saturate;
mod shares;
mod structure;
mod sums;
mod view;
mod windows;
mod zero_norms;
mod zero_powers;

pub use audit::{Audit, Claim};
pub use canonical::{Grouping, canonicalize};
pub use cost::Goal;
pub use domain::lost_conditions;
pub use double_exponentials::zero_where_underflown;
pub use forbidden::{FORBIDDEN, Forbidden};
pub use legs::{legs_added, legs_of_norms};
pub use matrices::{simplify_matrices, stabilized_matrices};
pub use means::{homogeneous_in_shares, means_as_shares};
pub use norms::components_over_norms;
pub use patches::{Patch, continued, continued_entrywise, distances_continued, patches};
pub use poles::{POLES, Pole};
pub use products_of_norms::{cubes_of_products, roots_of_products};
pub use proof::{Step, prove, steps};
pub use removable::{REMOVABLE, Removable};
pub use rules::{Class, Rounding, Rule, TABLE};
pub use saturate::Simplifier;
pub use structure::{RULES as STRUCTURAL, Structural};
pub use windows::{Budget, Windows, simplify};
pub use zero_norms::zero_norms;
pub use zero_powers::zero_powers;
