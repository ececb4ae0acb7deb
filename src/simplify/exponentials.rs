//! Rules for exponentials: their products, and sums of several, which overflow where their logarithms and shares do not.

use super::language::{
    Classes, Math, Monomial, Polynomial, add_monomial, add_negation, add_polynomial, monomial, polynomial, sum_in,
};
use crate::functions::{FunctionId, rows};
use crate::graph::Rational;
use egg::Id;

/// Returns exponent and argument of a class that is a power of an exponential.
fn exponential(classes: &Classes, id: Id) -> Option<(Rational, Id)> {
    let argument = |id: Id| {
        classes[classes.find(id)].nodes.iter().find_map(|node| match node {
            Math::Apply(rows::EXP, arguments) => Some(classes.find(arguments[0])),
            _ => None,
        })
    };
    let power = || {
        classes[classes.find(id)].nodes.iter().find_map(|node| match node {
            Math::Power(exponent, [base]) => Some((exponent.clone(), argument(*base)?)),
            _ => None,
        })
    };
    argument(id).map(|argument| (Rational::ONE, argument)).or_else(power)
}

/// `exp(a)^m·exp(b)^n = exp(m·a + n·b)`.
pub fn product_of_exponentials(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let mut view = Monomial::number(Rational::ONE);
    let complete = match node {
        Math::Product(children) => view.take_factors(classes, children),
        Math::Power(exponent, [base]) => view.multiply(classes, *base, exponent),
        _ => false,
    };
    if !complete || view.factors.contains(id) {
        return Vec::new();
    }
    let exponentials: Vec<(Id, Rational, Id)> = view
        .factors
        .iter()
        .filter_map(|(base, exponent)| {
            let (own, argument) = exponential(classes, *base)?;
            Some((*base, own.multiply(exponent), argument))
        })
        .collect();
    if exponentials.len() < 2 && exponentials.iter().all(|(_, exponent, _)| exponent.is_one()) {
        return Vec::new();
    }
    let mut sum = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
    for (base, exponent, argument) in &exponentials {
        view.factors.remove(*base);
        sum.push(classes, *argument, exponent);
    }
    let sum = add_polynomial(classes, &sum);
    if classes[sum].data.value.as_ref().is_some_and(Rational::is_zero) {
        return vec![add_monomial(classes, &view)];
    }
    let exponential = classes.add(Math::Apply(rows::EXP, [sum].into()));
    if !view.multiply(classes, exponential, &Rational::ONE) {
        return Vec::new();
    }
    vec![add_monomial(classes, &view)]
}

/// Tells whether a factor is an exponential, or one less 1.
fn grows(classes: &Classes, term: &Monomial) -> bool {
    let is_exponential = |id: Id| exponential(classes, id).is_some() || argument(classes, id, rows::EXP_M1).is_some();
    term.factors.iter().any(|(base, _)| is_exponential(*base))
}

/// Tells whether a class is an exponential of what falls as fast as exponentials grow, `exp(-exp(x))`.
fn is_double_exponential(classes: &Classes, id: Id) -> bool {
    let sum_of = |id: Id| sum_in(classes, id).unwrap_or_else(|| Polynomial::of(vec![monomial(classes, id)]));
    exponential(classes, id).is_some_and(|(power, argument)| {
        let falls = |term: &Monomial| term.coefficient.is_negative() != power.is_negative();
        sum_of(argument).terms.iter().any(|term| falls(term) && grows(classes, term))
    })
}

/// Finds, in a product, a sum with a term that has an exponential, beside an exponential of exponentials: the one is 0 long
/// before the other overflows.
fn beside_double_exponential(classes: &Classes, id: Id, node: &Math) -> Option<(Monomial, Id)> {
    let Math::Product(children) = node else { return None };
    let mut view = Monomial::number(Rational::ONE);
    if !view.take_factors(classes, children) || view.factors.contains(id) {
        return None;
    }
    view.factors.iter().find(|(base, _)| is_double_exponential(classes, *base))?;
    let is_sum = |(base, exponent): &&(Id, Rational)| {
        exponent.is_one() && sum_in(classes, *base).is_some_and(|sum| sum.terms.iter().any(|term| grows(classes, term)))
    };
    let sum = view.factors.iter().find(is_sum)?.0;
    Some((view, sum))
}

/// `exp(−exp(x))·(1 − exp(x)) = exp(−exp(x)) − exp(x)·exp(−exp(x))`.
pub fn multiplied_by_double_exponential(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Some((mut view, sum)) = beside_double_exponential(classes, id, node) else { return Vec::new() };
    view.factors.remove(sum);
    let Some(sum) = sum_in(classes, sum) else { return Vec::new() };
    let terms = sum.terms.into_iter().chain([Monomial::number(sum.constant)]);
    let mut products: Vec<Monomial> = terms.filter(|term| !term.coefficient.is_zero()).collect();
    let complete = products.iter_mut().all(|term| term.multiply_all(classes, &view));
    if complete { vec![add_polynomial(classes, &Polynomial::of(products))] } else { Vec::new() }
}

/// `exp(−a) = 1/exp(a)`.
pub fn negative_exponential(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Apply(rows::EXP, arguments) = node else { return Vec::new() };
    if !monomial(classes, arguments[0]).coefficient.is_negative() {
        return Vec::new();
    }
    let positive = add_negation(classes, arguments[0]);
    let value = classes.add(Math::Apply(rows::EXP, [positive].into()));
    vec![classes.add(Math::Power(Rational::MINUS_ONE, [value]))]
}

/// Returns the argument of a function in a class.
fn argument(classes: &Classes, id: Id, function: FunctionId) -> Option<Id> {
    classes[classes.find(id)].nodes.iter().find_map(|node| match node {
        Math::Apply(own, arguments) if *own == function => Some(classes.find(arguments[0])),
        _ => None,
    })
}

/// What the terms of a sum are exponentials of, if all are; 1 is the exponential of 0.
#[derive(PartialEq)]
struct Exponents {
    arguments: Vec<Id>,
    with_one: bool,
}

impl Exponents {
    fn of_node(classes: &Classes, node: &Math) -> Option<Exponents> {
        let Math::Sum(children) = node else { return None };
        let is_one = |id: &Id| classes[*id].data.value.as_ref().is_some_and(Rational::is_one);
        let (ones, others): (Vec<Id>, Vec<Id>) = children.iter().copied().partition(is_one);
        let arguments: Option<Vec<Id>> = others.iter().map(|id| argument(classes, *id, rows::EXP)).collect();
        arguments
            .map(|arguments| Exponents { arguments, with_one: !ones.is_empty() })
            .filter(|own| own.arguments.len() > 1)
    }

    fn of_class(classes: &Classes, id: Id) -> Option<Exponents> {
        classes[classes.find(id)].nodes.iter().find_map(|node| Exponents::of_node(classes, node))
    }

    /// Makes the logarithm of the sum.
    fn logarithm(self, classes: &mut Classes) -> Id {
        let mut arguments = self.arguments;
        if self.with_one {
            arguments.push(classes.add(Math::Number(Rational::ZERO)));
        }
        classes.add(Math::Apply(rows::LOGSUMEXP, arguments.into()))
    }
}

/// Returns what the logarithm of a sum of exponentials is taken of.
fn exponents_of_logarithm(classes: &Classes, node: &Math) -> Option<Exponents> {
    let Math::Apply(function, arguments) = node else { return None };
    match *function {
        rows::LN => Exponents::of_class(classes, arguments[0]),
        rows::LN_1P => Exponents::of_class(classes, arguments[0])
            .filter(|own| !own.with_one)
            .map(|own| Exponents { with_one: true, ..own }),
        _ => None,
    }
}

/// `ln(Σ exp(x)) = logsumexp(x)`.
pub fn logarithm_of_sum(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let exponents = exponents_of_logarithm(classes, node);
    exponents.map(|exponents| exponents.logarithm(classes)).into_iter().collect()
}

/// Finds, in a product, an exponential over a sum of exponentials: both as they stand among the factors.
fn share(classes: &Classes, id: Id, node: &Math) -> Option<(Monomial, Id, Id)> {
    let Math::Product(children) = node else { return None };
    let mut view = Monomial::number(Rational::ONE);
    if !view.take_factors(classes, children) || view.factors.contains(id) {
        return None;
    }
    let (above, below) = share_among(classes, &view)?;
    Some((view, above, below))
}

/// Finds, among factors, an exponential and a sum of exponentials that it is divided by.
pub fn share_among(classes: &Classes, view: &Monomial) -> Option<(Id, Id)> {
    let above = |(base, exponent): &(Id, Rational)| exponent.is_one() && argument(classes, *base, rows::EXP).is_some();
    let below = |(base, exponent): &(Id, Rational)| {
        exponent.is_negative() && exponent.is_integer() && Exponents::of_class(classes, *base).is_some()
    };
    Some((view.factors.iter().find(|own| above(own))?.0, view.factors.iter().find(|own| below(own))?.0))
}

/// `exp(x)/Σ exp(y) = exp(x − logsumexp(y))`.
pub fn share_of_sum(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Some((mut view, above, below)) = share(classes, id, node) else { return Vec::new() };
    let (Some(exponent), Some(sum)) = (argument(classes, above, rows::EXP), Exponents::of_class(classes, below)) else {
        return Vec::new();
    };
    let logarithm = sum.logarithm(classes);
    let difference = add_difference(classes, exponent, logarithm);
    let share = classes.add(Math::Apply(rows::EXP, [difference].into()));
    view.factors.remove(above);
    let complete = view.multiply(classes, below, &Rational::ONE) && view.multiply(classes, share, &Rational::ONE);
    if complete { vec![add_monomial(classes, &view)] } else { Vec::new() }
}

/// A difference `x − logsumexp(…, x, …)`.
struct Difference {
    logarithm: Id,
    entries: Vec<Id>,
    place: usize,
}

impl Difference {
    fn of_class(classes: &Classes, id: Id) -> Option<Difference> {
        let view = sum_in(classes, id).unwrap_or_else(|| Polynomial::of(vec![monomial(classes, id)]));
        Difference::of_polynomial(classes, &view)
    }

    fn of_polynomial(classes: &Classes, view: &Polynomial) -> Option<Difference> {
        let logarithm = |term: &Monomial| {
            let [(base, exponent)] = &*term.factors else { return None };
            let entries = classes[*base].nodes.iter().find_map(|node| match node {
                Math::Apply(rows::LOGSUMEXP, entries) => Some(entries.to_vec()),
                _ => None,
            });
            let fits = exponent.is_one() && term.coefficient.is_minus_one();
            entries.filter(|_| fits).map(|entries| (*base, entries))
        };
        let at = view.terms.iter().position(|term| logarithm(term).is_some())?;
        let (logarithm, entries) = logarithm(&view.terms[at])?;
        let mut rest = view.clone();
        rest.terms.remove(at);
        let rest = rest.collected();
        let place = entries.iter().position(|id| Polynomial::of_class(classes, *id).collected() == rest)?;
        Some(Difference { logarithm, entries, place })
    }
}

/// What a mean weighted by exponentials is made of.
struct Mean {
    /// The product without the weighted sum.
    view: Monomial,
    /// The sum of exponentials that it is divided by.
    below: Id,
    /// The terms of the weighted sum, each without its exponential, and what that is the exponential of.
    terms: Vec<(Monomial, Id)>,
}

/// Finds, in a product, a sum of terms with an exponential each over a sum of exponentials.
fn mean(classes: &Classes, id: Id, node: &Math) -> Option<Mean> {
    let Math::Product(children) = node else { return None };
    let mut view = Monomial::number(Rational::ONE);
    if !view.take_factors(classes, children) || view.factors.contains(id) {
        return None;
    }
    let below = view.factors.iter().find(|(base, exponent)| {
        exponent.is_negative() && exponent.is_integer() && Exponents::of_class(classes, *base).is_some()
    })?;
    let below = below.0;
    let split = |term: &Monomial| {
        let (base, exponent) = term.factors.iter().find_map(|(base, exponent)| {
            Some((*base, argument(classes, *base, rows::EXP)?)).filter(|_| exponent.is_one())
        })?;
        let mut rest = term.clone();
        rest.factors.remove(base);
        Some((rest, exponent))
    };
    let weighted = |(base, exponent): &(Id, Rational)| {
        let sum = sum_in(classes, *base).filter(|sum| exponent.is_one() && *base != below && sum.terms.len() > 1)?;
        let terms: Option<Vec<(Monomial, Id)>> = sum.terms.iter().map(split).collect();
        terms.filter(|_| sum.constant.is_zero()).map(|terms| (*base, terms))
    };
    let (above, terms) = view.factors.iter().find_map(weighted)?;
    view.factors.remove(above);
    Some(Mean { view, below, terms })
}

/// `(a·exp(x) + b·exp(y))/Σ exp(z) = a·exp(x − logsumexp(z)) + b·exp(y − logsumexp(z))`.
pub fn weighted_mean(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Some(Mean { mut view, below, terms }) = mean(classes, id, node) else { return Vec::new() };
    let Some(sum) = Exponents::of_class(classes, below) else { return Vec::new() };
    let logarithm = sum.logarithm(classes);
    let mut shares = Vec::new();
    for (mut term, exponent) in terms {
        let difference = add_difference(classes, exponent, logarithm);
        let share = classes.add(Math::Apply(rows::EXP, [difference].into()));
        if !term.multiply(classes, share, &Rational::ONE) {
            return Vec::new();
        }
        shares.push(term);
    }
    let mean = add_polynomial(classes, &Polynomial::of(shares));
    let complete = view.multiply(classes, below, &Rational::ONE) && view.multiply(classes, mean, &Rational::ONE);
    if complete { vec![add_monomial(classes, &view)] } else { Vec::new() }
}

/// A product with a function that falls as the exponential of a square, and such an exponential.
struct Scaled {
    view: Monomial,
    /// The function, `erfc` or `ndtr`, and the exponential as they stand among the factors.
    factors: [Id; 2],
    function: FunctionId,
    inside: Id,
    /// The sign of the power of the function.
    is_above: bool,
}

/// Finds, in a product, `erfc` or `ndtr` beside an exponential of the square of its argument, such that they cancel.
fn scaled(classes: &Classes, id: Id, node: &Math) -> Option<Scaled> {
    let Math::Product(children) = node else { return None };
    let mut view = Monomial::number(Rational::ONE);
    if !view.take_factors(classes, children) || view.factors.contains(id) {
        return None;
    }
    let (falling, function, is_above, inside) = view.factors.iter().find_map(|(base, exponent)| {
        let of = |function| argument(classes, *base, function).map(|inside| (function, inside));
        let (function, inside) = of(rows::ERFC).or_else(|| of(rows::NDTR))?;
        (exponent.is_one() || exponent.is_minus_one()).then_some((*base, function, exponent.is_one(), inside))
    })?;
    view.factors.iter().find_map(|(base, exponent)| {
        let (own, argument) = exponential(classes, *base)?;
        let exponent = own.multiply(exponent);
        let sign = if is_above { Rational::ONE } else { Rational::MINUS_ONE };
        let scale = if function == rows::NDTR { sign.multiply(&Rational::HALF) } else { sign };
        let mut square = monomial(classes, inside);
        let same = square.clone();
        if !square.multiply_all(classes, &same) {
            return None;
        }
        let mut square = with_numbers_folded(classes, square);
        square.coefficient = square.coefficient.multiply(&scale).negate();
        let mut rest = Polynomial { constant: Rational::ZERO, terms: vec![square] };
        rest.push(classes, argument, &exponent);
        let cancels = rest.collected().terms.is_empty() && rest.constant.is_zero();
        cancels.then(|| Scaled { view: view.clone(), factors: [falling, *base], function, inside, is_above })
    })
}

/// Multiplies powers of numbers, such as those of a squared root, into the coefficient.
fn with_numbers_folded(classes: &Classes, mut product: Monomial) -> Monomial {
    for (base, exponent) in product.factors.clone().iter() {
        let value = classes[*base].data.value.as_ref().filter(|_| exponent.is_integer());
        if let Some(power) = value.and_then(|value| value.power(exponent)) {
            product.coefficient = product.coefficient.multiply(&power);
            product.factors.remove(*base);
        }
    }
    product
}

/// `exp(x²)·erfc(x) = erfcx(x)`, and `exp(−x²/2)/ndtr(x) = √(2π)·inverse_mills(x)`; `ndtr(x)` is `erfc(−x/√2)/2`.
pub fn scaled_error_function(classes: &mut Classes, id: Id, node: &Math) -> Vec<Id> {
    let Some(Scaled { mut view, factors, function, inside, is_above }) = scaled(classes, id, node) else {
        return Vec::new();
    };
    for factor in factors {
        view.factors.remove(factor);
    }
    let two = classes.add(Math::Number(Rational::integer(2)));
    let (value, scale) = match (function, is_above) {
        (rows::NDTR, true) => {
            let mut scaled = monomial(classes, inside);
            scaled.coefficient = scaled.coefficient.negate();
            if !scaled.multiply(classes, two, &Rational::HALF.negate()) {
                return Vec::new();
            }
            let argument = add_monomial(classes, &with_numbers_folded(classes, scaled));
            (classes.add(Math::Apply(rows::ERFCX, [argument].into())), Monomial::number(Rational::HALF))
        }
        (rows::NDTR, false) => {
            let mut scale = Monomial::number(Rational::ONE);
            let pi = classes.add(Math::Pi);
            if ![two, pi].into_iter().all(|base| scale.multiply(classes, base, &Rational::HALF)) {
                return Vec::new();
            }
            (classes.add(Math::Apply(rows::INVERSE_MILLS, [inside].into())), scale)
        }
        (_, true) => (classes.add(Math::Apply(rows::ERFCX, [inside].into())), Monomial::number(Rational::ONE)),
        (_, false) => {
            let mut scaled = monomial(classes, inside);
            scaled.coefficient = scaled.coefficient.negate();
            let mut scale = Monomial::number(Rational::HALF);
            let pi = classes.add(Math::Pi);
            let complete = scaled.multiply(classes, two, &Rational::HALF)
                && scale.multiply(classes, two, &Rational::HALF)
                && scale.multiply(classes, pi, &Rational::HALF);
            if !complete {
                return Vec::new();
            }
            let argument = add_monomial(classes, &with_numbers_folded(classes, scaled));
            (classes.add(Math::Apply(rows::INVERSE_MILLS, [argument].into())), scale)
        }
    };
    let complete = view.multiply_all(classes, &scale) && view.multiply(classes, value, &Rational::ONE);
    if complete { vec![add_monomial(classes, &view)] } else { Vec::new() }
}

/// Adds `a − b` to the e-graph.
fn add_difference(classes: &mut Classes, a: Id, b: Id) -> Id {
    let mut difference = Polynomial::of_class(classes, a);
    let count = difference.len();
    difference.push(classes, b, &Rational::MINUS_ONE);
    difference = difference.collected();
    // A group is opened only where a term of it is merged with what is subtracted.
    if difference.len() > count {
        difference = Polynomial { constant: Rational::ZERO, terms: Vec::new() };
        difference.push(classes, a, &Rational::ONE);
        difference.push(classes, b, &Rational::MINUS_ONE);
    }
    add_polynomial(classes, &difference)
}

/// Finds, in a sum, a share with its complement: the place of the share among the terms.
fn complement(classes: &Classes, view: &Polynomial) -> Option<(usize, Difference)> {
    view.terms.iter().enumerate().find_map(|(at, term)| {
        let [(base, exponent)] = &*term.factors else { return None };
        let fits = exponent.is_one() && !view.constant.is_zero() && term.coefficient == view.constant.negate();
        let exponent = argument(classes, *base, rows::EXP).filter(|_| fits)?;
        Some((at, Difference::of_class(classes, exponent)?))
    })
}

/// `1 − exp(x − logsumexp(x, y, …)) = exp(y − logsumexp(x, y, …)) + …`, and multiples of it.
pub fn complement_of_share(classes: &mut Classes, _: Id, node: &Math) -> Vec<Id> {
    let Math::Sum(children) = node else { return Vec::new() };
    let mut rest = polynomial(classes, children);
    let Some((at, Difference { logarithm, entries, place })) = complement(classes, &rest) else { return Vec::new() };
    rest.terms.remove(at);
    let scale = std::mem::replace(&mut rest.constant, Rational::ZERO);
    for other in (0..entries.len()).filter(|other| *other != place) {
        let difference = add_difference(classes, entries[other], logarithm);
        let share = classes.add(Math::Apply(rows::EXP, [difference].into()));
        rest.push(classes, share, &scale);
    }
    vec![add_polynomial(classes, &rest)]
}

/// Tells whether an exponential of exponentials is multiplied by another exponential, which overflows where it is 0.
fn is_product_with_double_exponential(classes: &Classes, node: &Math) -> bool {
    let Math::Product(children) = node else { return false };
    let growing = children.iter().filter(|child| grows(classes, &monomial(classes, **child)));
    growing.count() > 1 && children.iter().any(|child| is_double_exponential(classes, *child))
}

/// Tells whether a node overflows, or loses digits, where a rule of this file has something better.
pub fn is_better_as_share(classes: &Classes, id: Id, node: &Math) -> bool {
    match node {
        Math::Apply(rows::LN | rows::LN_1P, _) => exponents_of_logarithm(classes, node).is_some(),
        Math::Apply(rows::EXP_M1, arguments) => Difference::of_class(classes, arguments[0]).is_some(),
        Math::Product(_) => {
            share(classes, id, node).is_some()
                || mean(classes, id, node).is_some()
                || scaled(classes, id, node).is_some()
                || beside_double_exponential(classes, id, node).is_some()
                || is_product_with_double_exponential(classes, node)
        }
        Math::Sum(children) => complement(classes, &polynomial(classes, children)).is_some(),
        _ => false,
    }
}
