//! Functions that are computed by formulas, written out: those of Table 1, and sums of exponentials.

use crate::functions::{Code, FunctionId, rows};
use crate::graph::{Comparison, ExprId, Graph, Node, NodeMap, Rational};
use crate::lower::Formulas;
use rustc_hash::{FxHashMap, FxHashSet};

/// Replaces functions that are computed by formulas, and those that their formulas use: the table has no cycles.
pub fn write_out(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<ExprId> {
    let mut written = write_out_once(graph, formulas, roots);
    while has_formulas(graph, &written) {
        let next = write_out_once(graph, formulas, &written);
        if next == written {
            break;
        }
        written = next;
    }
    written
}

fn has_formulas(graph: &Graph, roots: &[ExprId]) -> bool {
    graph.reachable(roots).into_iter().any(|id| {
        let code = graph.node(id).function().map(|function| function.row().code);
        matches!(code, Some(Code::Formula(_) | Code::LogSumExp))
    })
}

fn write_out_once(graph: &mut Graph, formulas: &mut Formulas, roots: &[ExprId]) -> Vec<ExprId> {
    let (sigmoids, roots) = Sigmoids::name(graph, roots);
    if !has_formulas(graph, &roots) {
        return roots;
    }
    graph.rebuild(&roots, |graph, id, image| {
        let node = graph.node(id).clone();
        if let Some(written) = sigmoids.write(graph, id, image) {
            return Some(written);
        }
        let Node::Apply(function, arguments) = &node else {
            return logarithm_of_share(graph, id, image).or_else(|| node.is_leaf().then_some(id));
        };
        if *function == rows::EXP
            && let Some((entries, place)) = share(graph, arguments[0])
        {
            let entries: Vec<ExprId> = entries.iter().map(|entry| image[*entry]).collect();
            let exponentials = Exponentials::new(graph, &entries);
            let factors = vec![(exponentials.each[place], Rational::ONE), (exponentials.total, Rational::MINUS_ONE)];
            return Some(graph.product(Rational::ONE, factors));
        }
        let arguments: Vec<ExprId> = arguments.iter().map(|argument| image[*argument]).collect();
        match function.row().code {
            Code::Formula(formula) => formulas.of_row(graph, *function, formula, &arguments),
            Code::LogSumExp => {
                let (largest, rest) = log_sum_exp(graph, &arguments);
                Some(graph.add(largest, rest))
            }
            _ => None,
        }
    })
}

/// The sigmoids and softplus functions of x and −x that share one exponential, e = exp(−|x|):
/// σ(x) = (1 or e)/(1 + e), and σ(x)·σ(−x) = e/(1 + e)².
struct Sigmoids {
    /// Their arguments, without sign.
    shared: FxHashSet<ExprId>,
}

/// Returns x or −x, the same for both.
fn unsigned(graph: &mut Graph, x: ExprId) -> ExprId {
    match graph.node(x).clone() {
        Node::Sum(constant, terms) if terms.first().is_some_and(|(_, coefficient)| coefficient.is_negative()) => {
            let terms = terms.iter().map(|(id, coefficient)| (*id, coefficient.negate())).collect();
            graph.sum(constant.negate(), terms)
        }
        _ => x,
    }
}

/// Recognizes a power of σ(−x) in a factor, 1/(1 + exp(x)): returns x.
fn reciprocal_sigmoid(graph: &Graph, base: &ExprId, exponent: &Rational) -> Option<ExprId> {
    if !exponent.is_negative() || !exponent.is_integer() {
        return None;
    }
    let Node::Sum(constant, terms) = graph.node(*base) else { return None };
    let [(exponential, coefficient)] = &**terms else { return None };
    match graph.node(*exponential) {
        Node::Apply(rows::EXP, arguments) if constant.is_one() && coefficient.is_one() => Some(arguments[0]),
        _ => None,
    }
}

impl Sigmoids {
    /// Finds them, and names those that are written as 1/(1 + exp(−x)).
    fn name(graph: &mut Graph, roots: &[ExprId]) -> (Sigmoids, Vec<ExprId>) {
        let sigmoids = Sigmoids::new(graph, roots);
        if sigmoids.shared.is_empty() {
            return (sigmoids, roots.to_vec());
        }
        let roots = graph.rebuild(roots, |graph, id, image| {
            let Node::Product(factors) = graph.node(id).clone() else { return None };
            let factors = factors.iter().map(|(base, exponent)| match reciprocal_sigmoid(graph, base, exponent) {
                Some(x) if sigmoids.shared.contains(&unsigned(graph, x)) => {
                    let opposite = graph.scale(Rational::MINUS_ONE, image[x]);
                    (graph.apply(rows::SIGMOID, &[opposite]), exponent.negate())
                }
                _ => (image[*base], exponent.clone()),
            });
            let factors = factors.collect();
            Some(graph.product(Rational::ONE, factors))
        });
        // What is inside has other nodes now.
        (Sigmoids::new(graph, &roots), roots)
    }

    fn new(graph: &mut Graph, roots: &[ExprId]) -> Sigmoids {
        let mut found: Vec<(FunctionId, ExprId)> = Vec::new();
        for id in graph.reachable(roots) {
            match graph.node(id) {
                Node::Apply(function @ (rows::SIGMOID | rows::SOFTPLUS), arguments) => {
                    found.push((*function, arguments[0]));
                }
                Node::Product(factors) => {
                    let powers =
                        factors.iter().filter_map(|(base, exponent)| reciprocal_sigmoid(graph, base, exponent));
                    let powers: Vec<ExprId> = powers.collect();
                    for x in powers {
                        found.push((rows::SIGMOID, graph.scale(Rational::MINUS_ONE, x)));
                    }
                }
                _ => {}
            }
        }
        let mut seen: FxHashMap<ExprId, (FunctionId, ExprId)> = FxHashMap::default();
        let mut shared = FxHashSet::default();
        for (function, x) in found {
            let size = unsigned(graph, x);
            let first = *seen.entry(size).or_insert((function, x));
            if first != (function, x) && (first.0, function) != (rows::SOFTPLUS, rows::SOFTPLUS) {
                shared.insert(size);
            }
        }
        Sigmoids { shared }
    }

    /// Returns the argument of a function whose exponential is shared, as it is and without sign.
    fn argument(&self, graph: &mut Graph, id: ExprId, function: FunctionId) -> Option<(ExprId, ExprId)> {
        let x = match graph.node(id) {
            Node::Apply(found, arguments) if *found == function => arguments[0],
            _ => return None,
        };
        let size = unsigned(graph, x);
        self.shared.contains(&size).then_some((x, size))
    }

    fn write(&self, graph: &mut Graph, id: ExprId, image: &NodeMap<ExprId>) -> Option<ExprId> {
        if self.shared.is_empty() {
            return None;
        }
        let zero = graph.number(Rational::ZERO);
        if let Some((x, _)) = self.argument(graph, id, rows::SOFTPLUS) {
            let (e, _) = self.exponential(graph, image[x]);
            let (positive, rest) = (graph.apply(rows::MAX, &[image[x], zero]), graph.apply(rows::LN_1P, &[e]));
            return Some(graph.add(positive, rest));
        }
        if let Some((x, _)) = self.argument(graph, id, rows::SIGMOID) {
            let (e, complement) = self.exponential(graph, image[x]);
            let one = graph.number(Rational::ONE);
            let size = unsigned(graph, image[x]);
            let negative = graph.compare(Comparison::Less, size, zero);
            let (below, above) = if size == image[x] { (e, one) } else { (one, e) };
            let top = graph.select(negative, below, above);
            return Some(graph.product(Rational::ONE, vec![(top, Rational::ONE), (complement, Rational::MINUS_ONE)]));
        }
        let Node::Product(factors) = graph.node(id).clone() else { return None };
        // Two nodes may stand for one number: only an opposite sign makes a pair.
        let mut seen: FxHashMap<(ExprId, bool), (usize, Rational)> = FxHashMap::default();
        let mut pair = None;
        for (at, (base, exponent)) in factors.iter().enumerate().filter(|(_, (_, exponent))| !exponent.is_negative()) {
            if let Some((x, size)) = self.argument(graph, *base, rows::SIGMOID) {
                let is_turned = x != size;
                match seen.get(&(size, !is_turned)) {
                    Some((other, less)) => pair = Some((*other, at, x, less.min(exponent).clone())),
                    None => drop(seen.insert((size, is_turned), (at, exponent.clone()))),
                }
            }
        }
        let (first, second, x, both) = pair?;
        let (e, _) = self.exponential(graph, image[x]);
        // (1 + e)² as 1 + e·(2 + e): one division rounds less than two.
        let more = graph.sum(Rational::integer(2), vec![(e, Rational::ONE)]);
        let product = graph.multiply(e, more);
        let square = graph.sum(Rational::ONE, vec![(product, Rational::ONE)]);
        let rest = factors.iter().enumerate().map(|(at, (base, exponent))| match at == first || at == second {
            true => (image[*base], exponent.add(&both.negate())),
            false => (image[*base], exponent.clone()),
        });
        let factors = rest.chain([(e, both.clone()), (square, both.negate())]).collect();
        Some(graph.product(Rational::ONE, factors))
    }

    /// Returns e and 1 + e.
    fn exponential(&self, graph: &mut Graph, x: ExprId) -> (ExprId, ExprId) {
        let x = unsigned(graph, x);
        let size = graph.apply(rows::ABS, &[x]);
        let exponent = graph.scale(Rational::MINUS_ONE, size);
        let e = graph.apply(rows::EXP, &[exponent]);
        (e, graph.sum(Rational::ONE, vec![(e, Rational::ONE)]))
    }
}

/// Exponentials of entries less the largest, so that none overflows (Blanchard, Higham and Higham, Accurately computing
/// the log-sum-exp and softmax functions, 2021, equation 1.3).
struct Exponentials {
    largest: ExprId,
    each: Vec<ExprId>,
    total: ExprId,
}

impl Exponentials {
    fn new(graph: &mut Graph, entries: &[ExprId]) -> Exponentials {
        let largest = entries.iter().copied().reduce(|a, b| graph.apply(rows::MAX, &[a, b])).unwrap_or(entries[0]);
        let shifted = |entry: &ExprId| {
            let difference = graph.sum(Rational::ZERO, vec![(*entry, Rational::ONE), (largest, Rational::MINUS_ONE)]);
            graph.apply(rows::EXP, &[difference])
        };
        let each: Vec<ExprId> = entries.iter().map(shifted).collect();
        let total = graph.sum(Rational::ZERO, each.iter().map(|id| (*id, Rational::ONE)).collect());
        Exponentials { largest, each, total }
    }
}

/// Writes out `logsumexp(x)` as the largest entry m and `ln_1p(Σ exp(x − m) − 1)`, which are to be added. The
/// exponentials of the largest entries are 1, all others less: the whole parts are added apart, less 1, so that small
/// entries keep their digits beside the 1.
fn log_sum_exp(graph: &mut Graph, entries: &[ExprId]) -> (ExprId, ExprId) {
    let Exponentials { largest, each, .. } = Exponentials::new(graph, entries);
    let whole: Vec<ExprId> = each.iter().map(|id| graph.apply(rows::FLOOR, &[*id])).collect();
    let part = |(id, whole): (&ExprId, &ExprId)| {
        graph.sum(Rational::ZERO, vec![(*id, Rational::ONE), (*whole, Rational::MINUS_ONE)])
    };
    let parts: Vec<ExprId> = each.iter().zip(&whole).map(part).collect();
    let more = graph.sum(Rational::MINUS_ONE, whole.into_iter().map(|id| (id, Rational::ONE)).collect());
    let rest = graph.sum(Rational::ZERO, parts.into_iter().chain([more]).map(|id| (id, Rational::ONE)).collect());
    (largest, graph.apply(rows::LN_1P, &[rest]))
}

/// Writes out a sum that has one of the entries beside `logsumexp`, with the opposite sign: what the entry and the
/// largest one differ by comes first, so that a small result keeps its digits.
fn logarithm_of_share(graph: &mut Graph, id: ExprId, image: &NodeMap<ExprId>) -> Option<ExprId> {
    let Node::Sum(constant, terms) = graph.node(id) else { return None };
    let entries = |id: ExprId| match graph.node(id) {
        Node::Apply(rows::LOGSUMEXP, entries) => Some(entries.clone()),
        _ => None,
    };
    let (logarithm, at, entry, entries) = terms.iter().enumerate().find_map(|(at, (id, coefficient))| {
        let entries = entries(*id)?;
        entries.iter().find_map(|entry| {
            let (scale, rest) = graph.as_multiple(*entry);
            let opposite = (rest, coefficient.multiply(&scale).negate());
            Some((at, terms.iter().position(|term| *term == opposite)?, *entry, entries.clone()))
        })
    })?;
    let (constant, terms) = (constant.clone(), terms.to_vec());
    let coefficient = terms[logarithm].1.clone();
    let entries: Vec<ExprId> = entries.iter().map(|entry| image[*entry]).collect();
    let (largest, rest) = log_sum_exp(graph, &entries);
    let above = graph.sum(Rational::ZERO, vec![(largest, Rational::ONE), (image[entry], Rational::MINUS_ONE)]);
    let others = terms.iter().enumerate().filter(|(other, _)| *other != logarithm && *other != at);
    let others = others.map(|(_, (id, coefficient))| (image[*id], coefficient.clone()));
    let total = graph.sum(Rational::ZERO, vec![(above, Rational::ONE), (rest, Rational::ONE)]);
    Some(graph.sum(constant, others.chain([(total, coefficient)]).collect()))
}

/// Recognizes the exponent of a share, `x − logsumexp(…, x, …)`: the entries and the place of x.
fn share(graph: &mut Graph, exponent: ExprId) -> Option<(Box<[ExprId]>, usize)> {
    let Node::Sum(constant, terms) = graph.node(exponent) else { return None };
    let logarithm = terms.iter().position(|(id, coefficient)| {
        coefficient.is_minus_one() && matches!(graph.node(*id), Node::Apply(rows::LOGSUMEXP, _))
    })?;
    let (constant, mut terms) = (constant.clone(), terms.to_vec());
    let (logarithm, _) = terms.remove(logarithm);
    let entry = graph.sum(constant, terms);
    let Node::Apply(_, entries) = graph.node(logarithm) else { return None };
    let place = entries.iter().position(|own| *own == entry)?;
    Some((entries.clone(), place))
}
