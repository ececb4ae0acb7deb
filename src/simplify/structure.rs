//! Rules of arithmetic on n-ary sums and products, which no pattern of fixed size can express.

use super::denominators::cancel_over_denominators;
use super::exponentials::{
    complement_of_share, logarithm_of_sum, multiplied_by_double_exponential, negative_exponential,
    product_of_exponentials, scaled_error_function, share_of_sum, weighted_mean,
};
use super::hypotenuse::leg_of_hypotenuse;
use super::language::{
    Classes, Math, Monomial, Polynomial, add_monomial, add_negation, add_polynomial, is_group, monomial, polynomial,
};
use super::rules::Rounding;
use crate::functions::{Parity, rows};
use crate::graph::Rational;
use egg::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A rule on nodes: returns classes equal to the node.
pub struct Structural {
    /// The name, as a phrase.
    pub name: &'static str,
    /// Whether the rule makes more of a sum or product rather than less.
    pub grows: bool,
    /// Whether the rule serves to share parts only.
    pub for_sharing: bool,
    /// Whether the rule serves what people read only.
    pub for_reading: bool,
    /// Whether the rule serves what machines run only.
    pub for_running: bool,
    /// What the rule does to digits, where the cost takes what it finds.
    pub rounding: Rounding,
    /// What the rule does.
    pub documentation: &'static str,
    /// An expression to which the rule applies, and what it makes of it.
    pub example: (&'static str, &'static str),
    /// Finds equal classes.
    pub(super) apply: fn(&mut Classes, Id, &Math) -> Vec<Id>,
}

const EXACT: Structural = Structural {
    name: "",
    grows: false,
    for_sharing: false,
    for_reading: false,
    for_running: false,
    rounding: Rounding::Level,
    documentation: "",
    example: ("", ""),
    apply: |_, _, _| Vec::new(),
};

/// All rules of this file. Each is exact: where merging exponents would add points to the domain, nothing is merged.
#[rustfmt::skip]
pub const RULES: &[Structural] = &[
    Structural { name: "collect terms", documentation: "adds up like terms",
        example: ("x + (2*x + b)", "3*x + b"), apply: collect_terms, ..EXACT },
    Structural { name: "collect factors", documentation: "multiplies powers of the same base, where no point is added to the domain",
        example: ("x*(x^2*b)", "x^3*b"), apply: collect_factors, ..EXACT },
    Structural { name: "power of a product", documentation: "raises each factor to the power, where no point is added to the domain",
        example: ("(a*b)^2", "a^2*b^2"), apply: power_of_product, ..EXACT },
    Structural { name: "power of a reciprocal", documentation: "writes a quotient by a power as a power of the reciprocal, which then serves several powers",
        example: ("1/x^2", "(1/x)^2"), apply: power_of_reciprocal, ..EXACT },
    Structural { name: "factor out", grows: true, rounding: Rounding::Better, documentation: "takes what several terms share out of them",
        example: ("x*a + x*b", "x*(a + b)"), apply: factor_out, ..EXACT },
    Structural { name: "common denominator", grows: true, for_reading: true, rounding: Rounding::Range, documentation: "takes a negative power that some terms have out of those that have a positive one",
        example: ("a/x + b*x", "(a + b*x^2)/x"), apply: common_denominator, ..EXACT },
    Structural { name: "cancel over denominators", grows: true, rounding: Rounding::Range, documentation: "brings a sum over the denominators of its terms and multiplies out, where that leaves fewer terms",
        example: ("1 - a*(a + 2*b)/(a + b)^2", "b^2/(a + b)^2"), apply: cancel_over_denominators, ..EXACT },
    Structural { name: "leg of a hypotenuse", rounding: Rounding::Better, for_running: true, documentation: "the squares of the legs add up to that of the hypotenuse, whose difference from one of them loses the digits of the others",
        example: ("hypot(x, a*b)^2 - a^2*b^2", "x^2"), apply: leg_of_hypotenuse, ..EXACT },
    Structural { name: "factor out a quotient", grows: true, for_sharing: true, documentation: "takes less of a quotient out than could be, so that what stays can be shared",
        example: ("a/x^3 - 1/x", "(a/x^2 - 1)/x"), apply: factor_out_quotient, ..EXACT },
    Structural { name: "multiply out", grows: true, rounding: Rounding::Worse, documentation: "multiplies each term of a sum",
        example: ("x*(a + b)", "x*a + x*b"), apply: multiply_out, ..EXACT },
    Structural { name: "product of exponentials", rounding: Rounding::Range, documentation: "adds the arguments",
        example: ("exp(a)*exp(b)", "exp(a + b)"), apply: product_of_exponentials, ..EXACT },
    Structural { name: "symmetry", documentation: "takes the sign out of an even or odd function",
        example: ("sin(-x)", "-sin(x)"), apply: symmetry, ..EXACT },
    Structural { name: "exponential of a negative number", documentation: "writes it as a reciprocal",
        example: ("exp(-x)", "1/exp(x)"), apply: negative_exponential, ..EXACT },
    Structural { name: "logarithm of a sum of exponentials", for_running: true, rounding: Rounding::Better, documentation: "an exponential overflows long before the logarithm of the sum",
        example: ("ln(exp(x) + exp(a))", "logsumexp([x, a])"), apply: logarithm_of_sum, ..EXACT },
    Structural { name: "share of a sum of exponentials", for_running: true, rounding: Rounding::Range, documentation: "an exponential overflows long before its share of the sum",
        example: ("exp(x)/(exp(x) + exp(a))", "exp(x - logsumexp([x, a]))"), apply: share_of_sum, ..EXACT },
    Structural { name: "mean weighted by shares", for_running: true, rounding: Rounding::Better, documentation: "the exponentials overflow, their shares of the sum do not",
        example: ("(a*exp(x) + b*exp(a))/(exp(x) + exp(a))", "a*exp(x - logsumexp([x, a])) + b*exp(a - logsumexp([x, a]))"), apply: weighted_mean, ..EXACT },
    Structural { name: "product with an exponential of exponentials", grows: true, for_running: true, documentation: "multiplies an exponential of exponentials into a sum, whose exponentials overflow where it is 0",
        example: ("exp(-exp(x))*(1 - exp(x))", "exp(-exp(x)) - exp(x)*exp(-exp(x))"), apply: multiplied_by_double_exponential, ..EXACT },
    Structural { name: "scaled complementary error function", for_running: true, rounding: Rounding::Better, documentation: "takes the exponential that erfc decays with from one that is multiplied",
        example: ("exp(x^2/2)*erfc(x/sqrt(2))", "erfcx(x/sqrt(2))"), apply: scaled_error_function, ..EXACT },
    Structural { name: "complement of a share", for_running: true, rounding: Rounding::Better, documentation: "all shares of a sum of exponentials add up to 1",
        example: ("1 - exp(x - logsumexp([x, a]))", "exp(a - logsumexp([x, a]))"), apply: complement_of_share, ..EXACT },
    Structural { name: "inverse function", rounding: Rounding::Better, documentation: "a function of its inverse, where the inverse is defined",
        example: ("ln(exp(x))", "x"), apply: inverse, ..EXACT },
    Structural { name: "logarithm of a product", rounding: Rounding::Range, documentation: "adds the logarithms of factors that are known to be positive",
        example: ("ln(exp(a)*cosh(b))", "a + ln(cosh(b))"), apply: logarithm_of_product, ..EXACT },
];

/// Largest sum or product that is factored or multiplied out.
const LARGEST: usize = 24;

fn collect_terms(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) || children.len() > LARGEST {
        return Vec::new();
    }
    let mut view = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
    for child in children {
        view.push(classes, *child, &Rational::ONE);
    }
    let mut views = opened_where_merged(classes, children, view.collected().len());
    views.push(view);
    views.iter().map(|view| add_polynomial(classes, view)).collect()
}

/// Largest ratio of a term in a group to its like outside of it.
const LIKE: i64 = 4;

/// Opens groups among the terms of a sum where like terms then leave no more terms than there were: in `(x - m) + x` nothing
/// is lost, as m is at most x and x - m together. Several groups are opened only where two terms are left at most.
fn opened_where_merged(classes: &Classes, children: &[Id], count: usize) -> Vec<Polynomial> {
    let groups: Vec<usize> = (0..children.len()).filter(|at| is_group(classes, children[*at])).collect();
    let sum_of = |opened: &[usize]| {
        let mut view = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
        for (at, child) in children.iter().enumerate() {
            match opened.contains(&at) {
                true => view.open(classes, *child, &Rational::ONE),
                false => view.push(classes, *child, &Rational::ONE),
            }
        }
        view.collected()
    };
    let merges = |at: &&usize| {
        let mut others = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
        let outside = children.iter().enumerate().filter(|(other, _)| other != *at);
        outside.for_each(|(_, child)| others.push(classes, *child, &Rational::ONE));
        let inside = Polynomial::of_class(classes, children[**at]);
        let near = |inner: &Rational, outer: &Rational| inner.abs() <= outer.abs().multiply(&Rational::integer(LIKE));
        let constants = [&inside.constant, &others.constant];
        let near_constants = constants.iter().any(|constant| constant.is_zero()) || near(constants[0], constants[1]);
        near_constants
            && inside.terms.iter().all(|term| {
                let like = others.terms.iter().find(|other| other.factors == term.factors);
                like.is_none_or(|other| near(&term.coefficient, &other.coefficient))
            })
    };
    let mut views: Vec<Polynomial> = groups.iter().filter(merges).map(|at| sum_of(&[*at])).collect();
    views.retain(|view| view.len() <= count);
    if groups.len() > 1 {
        views.extend(Some(sum_of(&groups)).filter(|view| view.len() <= 2));
    }
    views
}

fn collect_factors(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Product(children) = node else { return Vec::new() };
    if children.contains(&id) {
        return Vec::new();
    }
    let mut view = Monomial::number(Rational::ONE);
    for child in children {
        let part = monomial(classes, *child);
        if part.factors.contains(id) || !view.multiply_all(classes, &part) {
            return Vec::new();
        }
    }
    vec![add_monomial(classes, &view)]
}

/// `(k·Π b^e)^n` for integer n; exponents multiply where no restriction of the domain is lost.
fn power_of_product(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Power(exponent, [base]) = node else { return Vec::new() };
    let base = classes.find(*base);
    if base == id || !exponent.is_integer() {
        return Vec::new();
    }
    let inside = monomial(classes, base);
    if inside.factors.contains(base) {
        return Vec::new();
    }
    let Some(coefficient) = inside.coefficient.power(exponent) else { return Vec::new() };
    let mut view = Monomial::number(coefficient);
    for (base, own) in &inside.factors {
        let product = own.multiply(exponent);
        if *base == id || !classes[*base].data.allows(own, &product) || !view.multiply(classes, *base, &product) {
            return Vec::new();
        }
    }
    vec![add_monomial(classes, &view)]
}

/// `b^-n = (1/b)^n`, so that one reciprocal can serve several powers.
fn power_of_reciprocal(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Power(exponent, [base]) = node else { return Vec::new() };
    if !exponent.is_negative() || exponent.is_minus_one() || !exponent.is_integer() {
        return Vec::new();
    }
    let reciprocal = classes.add(Math::Power(Rational::MINUS_ONE, [*base]));
    vec![classes.add(Math::Power(exponent.negate(), [reciprocal]))]
}

/// Takes a base or a coefficient that several terms share out of them.
fn factor_out(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) || children.len() > LARGEST {
        return Vec::new();
    }
    let view = polynomial(classes, children);
    let mut found = Vec::new();
    let mut counts: BTreeMap<Id, usize> = BTreeMap::new();
    for term in &view.terms {
        term.factors.iter().for_each(|(base, _)| *counts.entry(*base).or_default() += 1);
    }
    let mut shared: Vec<(Id, usize)> = counts.into_iter().filter(|(base, count)| *count >= 2 && *base != id).collect();
    shared.retain(|(base, _)| has_one_sign(&view, *base));
    shared.sort_by_key(|(base, count)| (usize::MAX - count, *base));
    for (base, _) in shared.into_iter().take(4) {
        let least = view.terms.iter().filter_map(|term| term.factors.get(base)).min().cloned();
        found.extend(least.and_then(|least| factor_out_base(classes, &view, base, &least)));
    }
    found.extend(factor_out_coefficient(classes, &view));
    found
}

/// Takes out of a sum what some terms have above and others below the line.
fn common_denominator(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) || children.len() > LARGEST {
        return Vec::new();
    }
    let view = polynomial(classes, children);
    let bases: BTreeSet<Id> = view.terms.iter().flat_map(|term| term.factors.iter().map(|(base, _)| *base)).collect();
    let mixed = bases.into_iter().filter(|base| *base != id && !has_one_sign(&view, *base)).take(4);
    let mut found = Vec::new();
    for base in mixed {
        let least = view.terms.iter().filter_map(|term| term.factors.get(base)).min().cloned();
        found.extend(least.and_then(|least| factor_out_base(classes, &view, base, &least)));
    }
    found
}

/// Tells whether all exponents of a base are positive, or all negative.
fn has_one_sign(view: &Polynomial, base: Id) -> bool {
    let mut signs = view.terms.iter().filter_map(|term| term.factors.get(base)).map(Rational::is_negative);
    let first = signs.next();
    signs.all(|sign| Some(sign) == first)
}

/// `a/s^3 − 1/s = (a/s^2 − 1)/s`: less of a quotient is taken out than could be, so that what stays can be shared.
fn factor_out_quotient(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    if children.contains(&id) || children.len() > LARGEST {
        return Vec::new();
    }
    let view = polynomial(classes, children);
    let mut found = Vec::new();
    let bases: BTreeSet<Id> = view.terms.iter().flat_map(|term| term.factors.iter().map(|(base, _)| *base)).collect();
    for base in bases.into_iter().filter(|base| *base != id) {
        let exponents = || view.terms.iter().filter_map(|term| term.factors.get(base));
        if let (Some(least), Some(greatest)) = (exponents().min(), exponents().max())
            && least < greatest
            && greatest.is_negative()
        {
            found.extend(factor_out_base(classes, &view, base, greatest));
        }
    }
    found
}

fn factor_out_base(classes: &mut Classes, view: &Polynomial, base: Id, least: &Rational) -> Option<Id> {
    let mut exponents = view.terms.iter().filter_map(|term| term.factors.get(base));
    // Where the least exponent is negative, a term already demands that the base is not 0.
    let apart = |exponent: &Rational| !exponent.add(&least.negate()).is_integer();
    if exponents.any(apart) {
        return None;
    }
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for term in &view.terms {
        let mut term = term.clone();
        match term.factors.remove(base) {
            None => outside.push(term),
            Some(exponent) => {
                let rest = exponent.add(&least.negate());
                term.factors.set(base, rest);
                inside.push(term);
            }
        }
    }
    let sum = Polynomial::of(inside);
    let sum = add_polynomial(classes, &sum);
    let mut product = Monomial::number(Rational::ONE);
    if !product.multiply(classes, base, least) {
        return None;
    }
    let sum = monomial(classes, sum);
    if !product.multiply_all(classes, &sum) {
        return None;
    }
    outside.push(product);
    let mut whole = Polynomial::of(outside);
    whole.constant = whole.constant.add(&view.constant);
    Some(add_polynomial(classes, &whole))
}

/// Takes out the smallest coefficient if all others are whole multiples of it, and the sign that all have.
fn factor_out_coefficient(classes: &mut Classes, view: &Polynomial) -> Option<Id> {
    let constant = Some(&view.constant).filter(|constant| !constant.is_zero());
    let coefficients = || view.terms.iter().map(|term| &term.coefficient).chain(constant);
    let least = coefficients().map(Rational::abs).min()?;
    let whole = coefficients().all(|coefficient| coefficient.divide(&least).is_some_and(|ratio| ratio.is_integer()));
    let first = if coefficients().all(Rational::is_negative) { least.negate() } else { least };
    if !whole || first.is_one() || coefficients().count() < 2 {
        return None;
    }
    let scale = first.reciprocal()?;
    let mut inside = view.clone();
    inside.constant = inside.constant.multiply(&scale);
    inside.terms.iter_mut().for_each(|term| term.coefficient = term.coefficient.multiply(&scale));
    let sum = add_polynomial(classes, &inside);
    let mut product = Monomial::number(first);
    product.multiply(classes, sum, &Rational::ONE).then(|| add_monomial(classes, &product))
}

fn multiply_out(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Math::Product(children) = node else { return Vec::new() };
    if children.len() > 4 || children.contains(&id) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, child) in children.iter().enumerate() {
        let child = classes.find(*child);
        if is_reciprocal(classes, child) {
            continue;
        }
        let sum = classes[child].nodes.iter().find_map(|node| match node {
            Math::Sum(terms) if terms.len() <= 3 && !terms.contains(&child) => Some(terms.clone()),
            _ => None,
        });
        let Some(terms) = sum else { continue };
        let inside = polynomial(classes, &terms);
        let mut others = Monomial::number(Rational::ONE);
        let rest: Vec<Id> =
            children.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, child)| *child).collect();
        if !others.take_factors(classes, &rest) {
            continue;
        }
        let mut products = Vec::new();
        let terms = inside.terms.into_iter().chain([Monomial::number(inside.constant)]);
        let complete = terms.filter(|term| !term.coefficient.is_zero()).all(|mut term| {
            let complete = term.multiply_all(classes, &others);
            products.push(term);
            complete
        });
        if complete {
            let whole = Polynomial::of(products);
            found.push(add_polynomial(classes, &whole));
        }
    }
    found
}

/// Tells whether a class can be had as a number by a power. Multiplied out as the sum that it is, too, such as
/// `1/(1 + x) = 1 - x/(1 + x)`, it would come again in the terms, without end.
fn is_reciprocal(classes: &Classes, id: Id) -> bool {
    let view = monomial(classes, id);
    !view.factors.is_empty() && view.factors.iter().all(|(_, exponent)| exponent.is_negative())
}

/// Even and odd functions of a negative multiple.
fn symmetry(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Apply(function, arguments) = node else { return Vec::new() };
    let [argument] = **arguments else { return Vec::new() };
    let parity = function.row().parity;
    if parity == Parity::None || !monomial(classes, argument).coefficient.is_negative() {
        return Vec::new();
    }
    let positive = add_negation(classes, argument);
    let value = classes.add(Math::Apply(*function, [positive].into()));
    vec![if parity == Parity::Even { value } else { add_negation(classes, value) }]
}

/// `g(f(x)) = x` where the domain of f is all numbers, such as ln(exp(x)).
fn inverse(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Apply(function, arguments) = node else { return Vec::new() };
    let [argument] = **arguments else { return Vec::new() };
    let argument = classes.find(argument);
    let inside = classes[argument].nodes.iter().find_map(|node| match node {
        Math::Apply(inner, operands) if inner.row().left_inverse == function.row().name => {
            let everywhere = inner.row().domain.is_empty();
            let known = inner.row().domain == "x > 0" && classes[operands[0]].data.is_positive();
            (everywhere || known).then_some(operands[0])
        }
        _ => None,
    });
    inside.into_iter().collect()
}

/// `ln(k·Π b^e) = ln(k) + Σ e·ln(b)` where all bases are known to be positive.
fn logarithm_of_product(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Apply(rows::LN, arguments) = node else { return Vec::new() };
    let view = monomial(classes, arguments[0]);
    let lone = view.factors.len() == 1
        && view.coefficient.is_one()
        && view.factors.iter().all(|(_, exponent)| exponent.is_one());
    let positive = view.factors.iter().all(|(base, _)| classes[*base].data.is_positive());
    if lone || view.factors.is_empty() || view.coefficient.is_negative() || !positive {
        return Vec::new();
    }
    let mut sum = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
    if !view.coefficient.is_one() {
        let number = classes.add(Math::Number(view.coefficient.clone()));
        let logarithm = classes.add(Math::Apply(rows::LN, [number].into()));
        sum.push(classes, logarithm, &Rational::ONE);
    }
    for (base, exponent) in &view.factors {
        let logarithm = classes.add(Math::Apply(rows::LN, [*base].into()));
        sum.push(classes, logarithm, exponent);
    }
    vec![add_polynomial(classes, &sum)]
}
