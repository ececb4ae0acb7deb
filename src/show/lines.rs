//! Breaks long formulas: repeated and unbreakable long parts get names of their own, and what is still too wide goes on
//! below, at a sign between its terms or factors.

use crate::syntax::ast::{Ast, BinaryOperator as B, Expression as E, Index, NodeId, Ranges, UnaryOperator as U};
use crate::syntax::print_expression;
use rustc_hash::{FxHashMap, FxHashSet};

/// Widest line, in tenths of a letter's width; a page of A4 holds it beside the name of a derivative.
pub const WIDEST: u64 = 640;
/// Narrowest repeated part that gets a name in a formula that is too wide.
const REPEATED: u64 = 70;
/// Narrowest cell of a matrix that gets a name in a matrix that is too wide.
const CELL: u64 = 60;

/// What stands before a part of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// Nothing: a sum begins here, or there is no more than this part.
    None,
    /// Nothing: a product begins here.
    Leading,
    /// The part is added.
    Plus,
    /// The part is subtracted.
    Minus,
    /// The part is multiplied.
    Times,
}

/// Parts that stand beside one another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The parts, each with the sign before it.
    pub parts: Vec<(Sign, NodeId)>,
    /// About how wide they are, in tenths of a letter's width.
    pub width: u64,
}

/// A formula in lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lines {
    /// Where the expressions are.
    pub ast: Ast,
    /// The formula's lines.
    pub body: Vec<Line>,
    /// The names that it uses, each with the lines of what it stands for.
    pub names: Vec<(String, Vec<Line>)>,
}

/// The names of long parts, in formulas that stand together: the same part has the same name.
#[derive(Clone, Debug, Default)]
pub struct Abbreviations {
    /// Names that are not given.
    taken: FxHashSet<String>,
    /// The name of each part that has one, by the part's text.
    known: FxHashMap<String, String>,
    /// How many names were tried.
    count: usize,
}

impl Abbreviations {
    /// Keeps from giving the names that stand in a formula.
    pub fn avoid(&mut self, ast: &Ast) {
        for index in 0..ast.len() {
            match ast.get(NodeId(index as u32)) {
                E::Name(name) => drop(self.taken.insert(name.clone())),
                E::Block(lets, _) => {
                    let names = lets.iter().flat_map(|binding| &binding.names);
                    self.taken.extend(names.map(|name| name.text.clone()));
                }
                _ => {}
            }
        }
    }

    /// Makes a name stand for a part wherever that is too long.
    pub fn define(&mut self, name: &str, ast: &Ast, root: NodeId) {
        self.known.insert(print_expression(ast, root), name.to_string());
    }

    /// Returns the name of a part, and whether it is a new one.
    fn name(&mut self, ast: &Ast, root: NodeId) -> (String, bool) {
        let text = print_expression(ast, root);
        if let Some(name) = self.known.get(&text) {
            return (name.clone(), false);
        }
        let name = loop {
            self.count += 1;
            let name = format!("t{}", self.count);
            if self.taken.insert(name.clone()) {
                break name;
            }
        };
        self.known.insert(text, name.clone());
        (name, true)
    }
}

/// Breaks a formula into lines.
pub fn lines(ast: &Ast, root: NodeId, abbreviations: &mut Abbreviations) -> Lines {
    let widths_as_written = widths(ast, root);
    let (lets, body) = match ast.get(root) {
        E::Block(lets, body) => (lets.as_slice(), *body),
        _ => (&[][..], root),
    };
    let own: Vec<(String, NodeId)> = lets.iter().map(|binding| (binding.pattern(), binding.value)).collect();
    let fits = |id: NodeId| widths_as_written[id.index()] <= WIDEST;
    let (ast, names, body) = if own.iter().map(|(_, value)| *value).chain([body]).all(fits) {
        (ast.clone(), own, body)
    } else if own.is_empty() {
        named(ast, &own, body, abbreviations)
    } else {
        // What stands for a name of this formula alone means nothing in another one.
        let known = std::mem::take(&mut abbreviations.known);
        let formula = named(ast, &own, body, abbreviations);
        abbreviations.known = known;
        formula
    };
    let widths = widths(&ast, NodeId(ast.len().saturating_sub(1) as u32));
    let names = names.into_iter().map(|(name, value)| (name, broken(&ast, &widths, value))).collect();
    Lines { body: broken(&ast, &widths, body), names, ast }
}

/// Estimates how wide expressions are when typeset, for all up to the root.
fn widths(ast: &Ast, root: NodeId) -> Vec<u64> {
    let mut widths: Vec<u64> = Vec::new();
    for index in 0..=root.index().min(ast.len().saturating_sub(1)) {
        let width = width(ast.get(NodeId(index as u32)), ast, &widths);
        widths.push(width);
    }
    widths
}

fn width(expression: &E, ast: &Ast, widths: &[u64]) -> u64 {
    let of = |id: &NodeId| widths[id.index()];
    let bracketed = |id: &NodeId| of(id) + if is_sum(ast, *id) { 15 } else { 0 };
    let row = |cells: &[NodeId]| cells.iter().map(|cell| of(cell) + 15).sum::<u64>();
    match expression {
        E::Number(text) => 10 * text.len() as u64,
        E::Name(name) => name_width(name),
        E::Unary(U::Transpose, a) => bracketed(a) + 7,
        E::Unary(_, a) => bracketed(a) + 12,
        E::Binary(B::Divide, a, b) => of(a).max(of(b)) + 4,
        E::Binary(B::Power | B::ElementPower, a, b) => bracketed(a) + of(b) * 7 / 10,
        E::Binary(B::Multiply, a, b) => bracketed(a) + bracketed(b) + 4,
        E::Binary(_, a, b) => of(a) + of(b) + 26,
        E::Call(name, arguments) => match (name.text.as_str(), arguments.as_slice()) {
            ("exp", [a]) => 10 + of(a) * 7 / 10,
            ("sqrt" | "cbrt" | "abs" | "norm1" | "norm2", [a]) => of(a) + 15,
            ("inv", [a]) => bracketed(a) + 14,
            ("sigmoid" | "gamma", [a]) => 25 + of(a),
            ("stack", parts) => parts.iter().map(of).max().unwrap_or(0) + 20,
            _ => 8 * name.text.len() as u64 + 12 + row(arguments),
        },
        E::Fold(_, Ranges { list, .. }, body) => {
            list.iter().map(|range| 20 + (of(&range.from) + of(&range.to)) / 2).sum::<u64>() + bracketed(body)
        }
        E::Recurrence(_, recurrence) => {
            let begun: u64 = recurrence.states.iter().map(|state| of(&state.initial) + 30).sum();
            60 + begun + recurrence.next.iter().map(|next| of(next) + 10).sum::<u64>()
        }
        E::Map(list, body) => list.iter().map(|range| 20 + of(&range.from) + of(&range.to)).sum::<u64>() + of(body),
        E::Index(base, places) => {
            let mut below = 0;
            for place in places {
                below += match place {
                    Index::At(at) => of(at) + 5,
                    Index::Slice(from, to) => from.iter().chain(to).map(of).sum::<u64>() + 10,
                };
            }
            of(base) + below * 7 / 10
        }
        E::If(condition, a, b) => 60 + of(a).max(of(b)) + of(condition).max(60),
        E::List(rows) => {
            let width = |entry: &NodeId| match ast.get(*entry) {
                E::List(cells) => row(cells),
                _ => of(entry),
            };
            rows.iter().map(width).max().unwrap_or(0) + 10
        }
        E::Several(values) => row(values),
        E::Block(_, body) => of(body),
    }
}

/// A letter with an index, or a word.
fn name_width(name: &str) -> u64 {
    let (stem, index) = name.split_once('_').unwrap_or((name, ""));
    let letters = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = stem.len() - letters.len();
    let short = crate::syntax::greek_letter(letters).is_some();
    10 * if short { 1 } else { letters.chars().count() as u64 } + 6 * (digits + index.chars().count()) as u64
}

fn is_sum(ast: &Ast, id: NodeId) -> bool {
    matches!(ast.get(id), E::Binary(B::Add | B::Subtract, ..) | E::Unary(U::Negate, _))
}

/// Copies a formula, with names for the parts that are repeated, and for those that are too wide where no line can be
/// broken. Returns them among the names that the formula has of its own, each in terms of those before it.
fn named(
    ast: &Ast,
    own: &[(String, NodeId)],
    body: NodeId,
    abbreviations: &mut Abbreviations,
) -> (Ast, Vec<(String, NodeId)>, NodeId) {
    abbreviations.avoid(ast);
    let roots: Vec<NodeId> = own.iter().map(|(_, value)| *value).chain([body]).collect();
    let mut uses = vec![0u32; ast.len()];
    let mut bound: FxHashSet<NodeId> = FxHashSet::default();
    let parts = reachable(ast, &roots);
    for id in parts.iter().rev() {
        // What stands in a sum over an index may depend on the index.
        let inside = bound.contains(id) || matches!(ast.get(*id), E::Fold(..) | E::Map(..) | E::Recurrence(..));
        ast.get(*id).for_each_child(|child| {
            uses[child.index()] += 1;
            bound.extend(inside.then_some(child));
        });
    }
    let mut naming = Naming { ast: Ast::default(), widths: Vec::new(), names: Vec::new(), abbreviations };
    let mut image: Vec<Option<NodeId>> = vec![None; ast.len()];
    for (at, root) in roots.iter().enumerate() {
        for id in reachable(ast, &[*root]) {
            if image[id.index()].is_some() {
                continue;
            }
            let mut expression = ast.get(id).clone();
            expression.for_each_child_mut(|child| *child = image[child.index()].unwrap_or(*child));
            if !bound.contains(&id) {
                naming.narrow(&mut expression);
            }
            let copy = naming.add(expression);
            let repeated = uses[id.index()] > 1 && naming.widths[copy.index()] >= REPEATED;
            let nameable = !roots.contains(&id) && !bound.contains(&id) && is_value(ast, id);
            image[id.index()] = Some(if repeated && nameable { naming.name(copy) } else { copy });
        }
        if let (Some((name, _)), Some(value)) = (own.get(at), image[root.index()]) {
            naming.names.push((name.clone(), value));
        }
    }
    let body = image[body.index()].unwrap_or(body);
    (naming.ast, naming.names, body)
}

/// Lists the parts of expressions, operands before uses.
fn reachable(ast: &Ast, roots: &[NodeId]) -> Vec<NodeId> {
    let mut seen = vec![false; ast.len()];
    roots.iter().for_each(|root| seen[root.index()] = true);
    for index in (0..seen.len()).rev() {
        if seen[index] {
            ast.get(NodeId(index as u32)).for_each_child(|child| seen[child.index()] = true);
        }
    }
    (0..seen.len()).filter(|index| seen[*index]).map(|index| NodeId(index as u32)).collect()
}

/// Tells whether an expression is a value, and neither a condition nor a row of a matrix.
fn is_value(ast: &Ast, id: NodeId) -> bool {
    match ast.get(id) {
        E::Binary(operator, ..) => !operator.is_comparison() && !matches!(operator, B::And | B::Or),
        E::Unary(U::Not, _) | E::List(_) | E::Several(_) | E::Block(..) => false,
        _ => true,
    }
}

/// An expression under construction, and the names in it.
struct Naming<'a> {
    ast: Ast,
    widths: Vec<u64>,
    names: Vec<(String, NodeId)>,
    abbreviations: &'a mut Abbreviations,
}

impl Naming<'_> {
    fn add(&mut self, expression: E) -> NodeId {
        self.widths.push(width(&expression, &self.ast, &self.widths));
        self.ast.synthesize(expression)
    }

    fn name(&mut self, id: NodeId) -> NodeId {
        let (name, new) = self.abbreviations.name(&self.ast, id);
        self.names.extend(new.then(|| (name.clone(), id)));
        self.add(E::Name(name))
    }

    /// Gives names to the operands that make an expression too wide and can't be broken where they stand.
    fn narrow(&mut self, expression: &mut E) {
        let in_cells = matches!(expression, E::List(_));
        // A line breaks between terms and between factors, not inside of them.
        let breaks = |naming: &Naming, child: NodeId| match expression {
            E::Binary(B::Add | B::Subtract, ..) | E::Unary(U::Negate, _) | E::Block(..) => true,
            E::Binary(B::Multiply, ..) => !is_sum(&naming.ast, child),
            _ => false,
        };
        let mut children = Vec::new();
        expression.for_each_child(|child| children.push(child));
        children.retain(|child| is_value(&self.ast, *child) && !breaks(self, *child));
        children.sort_by_key(|child| std::cmp::Reverse(self.widths[child.index()]));
        for child in children {
            let least = if in_cells { CELL } else { WIDEST / 2 };
            let wide = width(expression, &self.ast, &self.widths) > WIDEST;
            if !wide || self.widths[child.index()] < least {
                break;
            }
            let name = self.name(child);
            expression.for_each_child_mut(|own| {
                if *own == child {
                    *own = name;
                }
            });
        }
    }
}

/// Breaks a sum between its terms, a product between its factors.
fn broken(ast: &Ast, widths: &[u64], root: NodeId) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (sign, term) in terms(ast, root) {
        let width = widths[term.index()] + 26;
        if width > WIDEST {
            let factors = factors(ast, term);
            let several = factors.len() > 1;
            for (at, factor) in factors.into_iter().enumerate() {
                let width = widths[factor.index()] + 20;
                let sign = match (at, sign) {
                    (0, Sign::None) if several => Sign::Leading,
                    (0, sign) => sign,
                    _ => Sign::Times,
                };
                push(&mut lines, width, (sign, factor));
            }
        } else {
            push(&mut lines, width, (sign, term));
        }
    }
    lines
}

fn push(lines: &mut Vec<Line>, width: u64, part: (Sign, NodeId)) {
    match lines.last_mut() {
        Some(line) if line.width + width <= WIDEST => {
            line.parts.push(part);
            line.width += width;
        }
        _ => lines.push(Line { parts: vec![part], width }),
    }
}

/// Returns the terms of a sum, each with its sign.
fn terms(ast: &Ast, root: NodeId) -> Vec<(Sign, NodeId)> {
    let mut terms = Vec::new();
    let mut id = root;
    loop {
        match ast.get(id) {
            E::Binary(B::Add, a, b) => {
                terms.push((Sign::Plus, *b));
                id = *a;
            }
            E::Binary(B::Subtract, a, b) => {
                terms.push((Sign::Minus, *b));
                id = *a;
            }
            _ => break,
        }
    }
    terms.push((Sign::None, id));
    terms.reverse();
    terms
}

/// Returns the factors of a product.
fn factors(ast: &Ast, root: NodeId) -> Vec<NodeId> {
    let mut factors = Vec::new();
    let mut id = root;
    while let E::Binary(B::Multiply, a, b) = ast.get(id) {
        factors.push(*b);
        id = *a;
    }
    factors.push(id);
    factors.reverse();
    factors
}
