//! Syntax tree to LaTeX, with no needless parentheses.

use super::levels::{
    Level, Piece, is_signed, last_value, left_of_matrix_product, left_of_product, of_line, unsigned_factors, written,
};
use super::lines::{Line, Sign};
use super::naming::DIFFERENTIAL;
use crate::functions;
use crate::syntax::ast::{
    Ast, BinaryOperator as B, Expression as E, Index, Name, NodeId, Range, Ranges, Recurrence, UnaryOperator as U,
};

/// What stands around an expression that binds too loosely.
const PARENTHESES: [&str; 2] = [r"\left(", r"\right)"];

/// Writes an expression as LaTeX for math mode.
pub fn latex(ast: &Ast, root: NodeId) -> String {
    written(ast, vec![Piece::Node(root, Level::Loose)], |_| PARENTHESES, |id, out| pieces(ast, id, out))
}

/// Writes a line of a broken expression.
pub fn line(ast: &Ast, line: &Line) -> String {
    let parts = of_line(line, |sign, at, part| {
        let sign = match sign {
            Sign::None | Sign::Leading => "",
            Sign::Plus => " + ",
            Sign::Minus => " - ",
            Sign::Times if at == 0 => r" \cdot ",
            Sign::Times => between(ast, part),
        };
        sign.to_string()
    });
    written(ast, parts, |_| PARENTHESES, |id, out| pieces(ast, id, out))
}

/// What stands before a factor.
fn between(ast: &Ast, factor: NodeId) -> &'static str {
    if starts_with_digit(ast, factor) { r" \cdot " } else { r" \, " }
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

/// Writes a name, or several in parentheses.
fn names(names: &[Name]) -> String {
    let symbols: Vec<String> = names.iter().map(|name| symbol(&name.text)).collect();
    if symbols.len() == 1 { symbols[0].clone() } else { format!(r"\left({}\right)", symbols.join(", ")) }
}

/// Writes an index with its first value, and with its last one unless that is written above.
fn bounds(ast: &Ast, range: &Range, limits: bool, out: &mut Vec<Piece>) {
    out.extend([text(format!("{} = ", symbol(&range.index.text))), Piece::Node(range.from, Level::Loose)]);
    if !limits {
        out.push(text(r", \dots, "));
        last(ast, range, out);
    }
}

/// Writes the last value of an index.
fn last(ast: &Ast, range: &Range, out: &mut Vec<Piece>) {
    match last_value(ast, range.to) {
        (Some(end), 0) => out.push(Piece::Node(end, Level::Loose)),
        (Some(end), more) => {
            let sign = if more < 0 { "-" } else { "+" };
            out.extend([Piece::Node(end, Level::Additive), text(format!(" {sign} {}", more.abs()))]);
        }
        (None, number) => out.push(text(number.to_string())),
    }
}

/// Writes the last value of an index above.
fn ending(ast: &Ast, range: &Range, limits: bool, out: &mut Vec<Piece>) {
    if limits {
        out.push(text("^{"));
        last(ast, range, out);
        out.push(text("}"));
    }
}

fn pieces(ast: &Ast, id: NodeId, out: &mut Vec<Piece>) {
    use Piece::Node;
    match ast.get(id) {
        E::Number(number) => out.push(text(scientific(number))),
        E::Name(name) => out.push(text(symbol(name))),
        E::Unary(U::Negate, a) => out.extend([text("-"), Node(*a, Level::Multiplicative)]),
        E::Unary(U::Not, a) => out.extend([text(r"\lnot "), Node(*a, Level::Atom)]),
        E::Unary(U::Transpose, a) => match ast.get(*a) {
            E::Call(name, arguments) if name.text == "inv" && arguments.len() == 1 => {
                out.extend([Node(arguments[0], Level::Atom), text(r"^{-\top}")]);
            }
            _ => out.extend([Node(*a, Level::Atom), text(r"^{\top}")]),
        },
        E::Binary(operator, a, b) => binary(ast, *operator, *a, *b, out),
        E::Call(name, arguments) => call(ast, &name.text, arguments, out),
        E::Fold(name, Ranges { list, guard }, body) => {
            let sign = match name.text.as_str() {
                "sum" => r"\sum".to_string(),
                "prod" => r"\prod".to_string(),
                "max" | "min" => format!(r"\{}", name.text),
                other => format!(r"\operatorname*{{{other}}}"),
            };
            let limits = matches!(name.text.as_str(), "sum" | "prod");
            for (at, range) in list.iter().enumerate() {
                let guard = guard.filter(|_| at + 1 == list.len());
                let open = if guard.is_some() { r"\substack{" } else { "" };
                out.push(text(format!("{sign}_{{{open}")));
                bounds(ast, range, limits, out);
                out.extend(guard.iter().flat_map(|guard| [text(r" \\ "), Node(*guard, Level::Loose), text("}")]));
                out.push(text("}"));
                ending(ast, range, limits, out);
                out.push(text(" "));
            }
            out.push(Node(*body, Level::Multiplicative));
        }
        E::Recurrence(name, recurrence) => {
            let Recurrence { range, states, next } = &**recurrence;
            out.push(text(format!(r"\operatorname*{{{}}}_{{", name.text.replace('_', r"\_"))));
            bounds(ast, range, false, out);
            out.push(text(r"}\left("));
            for (at, state) in states.iter().enumerate() {
                let comma = if at > 0 { r",\, " } else { "" };
                out.extend([
                    text(format!("{comma}{} = ", symbol(&state.name.text))),
                    Node(state.initial, Level::Loose),
                ]);
            }
            let names: Vec<String> = states.iter().map(|state| symbol(&state.name.text)).collect();
            let names = if next.len() == 1 { vec![names.join(r",\, ")] } else { names };
            for (at, (name, next)) in names.iter().zip(next).enumerate() {
                let comma = if at > 0 { r",\, " } else { r";\; " };
                out.extend([text(format!(r"{comma}{name} \leftarrow ")), Node(*next, Level::Loose)]);
            }
            out.push(text(r"\right)"));
        }
        E::Map(list, body) => {
            out.extend([text(r"\left[ "), Node(*body, Level::Loose), text(r" \right]_{")]);
            for (at, range) in list.iter().enumerate() {
                out.extend((at > 0).then(|| text(r",\, ")));
                bounds(ast, range, false, out);
            }
            out.push(text("}"));
        }
        E::Index(base, places) => {
            // A base that ends in an index of its own is kept apart from the new one.
            let open = match ast.get(*base) {
                E::Name(name) if symbol(name).contains('_') => ("{", "}_{"),
                E::Call(name, _) if matches!(name.text.as_str(), "eye" | "ones" | "zeros" | "norm1") => ("{", "}_{"),
                _ => ("", "_{"),
            };
            out.extend([text(open.0), Node(*base, Level::Atom), text(open.1)]);
            for (position, place) in places.iter().enumerate() {
                out.extend((position > 0).then(|| text(",")));
                match place {
                    Index::At(at) => out.push(Node(*at, Level::Loose)),
                    Index::Slice(from, to) => {
                        out.extend(from.map(|from| Node(from, Level::Loose)));
                        out.push(text(":"));
                        out.extend(to.map(|to| Node(to, Level::Loose)));
                    }
                }
            }
            out.push(text("}"));
        }
        E::If(c, a, b) => {
            out.extend([
                text(r"\begin{cases} "),
                Node(*a, Level::Loose),
                text(r" & \text{if } "),
                Node(*c, Level::Loose),
            ]);
            out.extend([text(r" \\ "), Node(*b, Level::Loose), text(r" & \text{otherwise} \end{cases}")]);
        }
        E::List(entries) => {
            out.push(text(r"\begin{bmatrix} "));
            for (position, entry) in entries.iter().enumerate() {
                out.extend((position > 0).then(|| text(r" \\ ")));
                match ast.get(*entry) {
                    E::List(row) => {
                        for (position, entry) in row.iter().enumerate() {
                            out.extend((position > 0).then(|| text(" & ")));
                            out.push(Node(*entry, Level::Loose));
                        }
                    }
                    _ => out.push(Node(*entry, Level::Loose)),
                }
            }
            out.push(text(r" \end{bmatrix}"));
        }
        E::Several(values) => {
            for (at, value) in values.iter().enumerate() {
                out.extend((at > 0).then(|| text(r",\, ")));
                out.push(Node(*value, Level::Loose));
            }
        }
        state if state.as_state(ast).is_some() => {
            if let Some((recurrence, name)) = state.as_state(ast) {
                out.extend([text("{"), Node(recurrence, Level::Loose)]);
                out.push(text(format!(r" \big|_{{{}}}}}", symbol(name))));
            }
        }
        E::Block(lets, body) => {
            out.push(Node(*body, Level::Loose));
            for (position, binding) in lets.iter().enumerate() {
                out.push(text(if position == 0 { r" \quad\text{where } " } else { r",\; " }));
                out.extend([text(format!("{} = ", names(&binding.names))), Node(binding.value, Level::Loose)]);
            }
        }
    }
}

fn binary(ast: &Ast, operator: B, a: NodeId, b: NodeId, out: &mut Vec<Piece>) {
    use Piece::Node;
    match operator {
        B::Add => out.extend([Node(a, Level::Additive), text(" + "), Node(b, Level::Multiplicative)]),
        B::Subtract => out.extend([Node(a, Level::Additive), text(" - "), Node(b, Level::Multiplicative)]),
        B::Multiply => {
            out.extend([Node(a, left_of_matrix_product(ast, a)), text(between(ast, b)), Node(b, Level::Signed)]);
        }
        // The sign of a fraction stands before it.
        B::Divide if is_signed(ast, a) => {
            out.push(text(r"-\frac{"));
            for (position, (factor, level)) in unsigned_factors(ast, a).into_iter().enumerate() {
                out.extend((position > 0).then(|| text(between(ast, factor))));
                out.push(Node(factor, level));
            }
            out.extend([text("}{"), Node(b, Level::Loose), text("}")]);
        }
        B::Divide => out.extend([text(r"\frac{"), Node(a, Level::Loose), text("}{"), Node(b, Level::Loose), text("}")]),
        B::Power | B::ElementPower => match ast.get(a) {
            E::Call(name, arguments) if name_takes_power(&name.text) && arguments.len() == 1 => {
                out.extend([text(format!("{}^{{", function(&name.text))), Node(b, Level::Loose), text("}")]);
                argument(arguments[0], out);
            }
            _ => {
                let circle = if operator == B::ElementPower { r"\circ " } else { "" };
                out.extend([Node(a, Level::Atom), text(format!("^{{{circle}")), Node(b, Level::Loose), text("}")]);
            }
        },
        B::ElementMultiply => out.extend([Node(a, left_of_product(ast, a)), text(r" \odot "), Node(b, Level::Signed)]),
        B::ElementDivide => out.extend([Node(a, left_of_product(ast, a)), text(r" \oslash "), Node(b, Level::Signed)]),
        B::Remainder => out.extend([Node(a, left_of_product(ast, a)), text(r" \bmod "), Node(b, Level::Signed)]),
        relation => {
            let sign = match relation {
                B::Less => "<",
                B::LessEqual => r"\le",
                B::Greater => ">",
                B::GreaterEqual => r"\ge",
                B::Equal => "=",
                B::NotEqual => r"\ne",
                B::And => r"\land",
                _ => r"\lor",
            };
            out.extend([Node(a, Level::Additive), text(format!(" {sign} ")), Node(b, Level::Additive)]);
        }
    }
}

/// Tells whether sin²(x) is how the function's square is written.
fn name_takes_power(name: &str) -> bool {
    matches!(name, "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "ln")
}

fn argument(id: NodeId, out: &mut Vec<Piece>) {
    out.extend([text(r"\left("), Piece::Node(id, Level::Loose), text(r"\right)")]);
}

fn call(ast: &Ast, name: &str, arguments: &[NodeId], out: &mut Vec<Piece>) {
    use Piece::Node;
    match (name, arguments) {
        ("sqrt", [a]) => out.extend([text(r"\sqrt{"), Node(*a, Level::Loose), text("}")]),
        ("cbrt", [a]) => out.extend([text(r"\sqrt[3]{"), Node(*a, Level::Loose), text("}")]),
        ("exp", [a]) => out.extend([text("e^{"), Node(*a, Level::Loose), text("}")]),
        ("abs", [a]) => out.extend([text(r"\left|"), Node(*a, Level::Loose), text(r"\right|")]),
        ("diff", [a, by]) => {
            out.extend([text(r"\frac{\partial}{\partial "), Node(*by, Level::Loose), text("}")]);
            argument(*a, out);
        }
        ("floor", [a]) => out.extend([text(r"\left\lfloor "), Node(*a, Level::Loose), text(r" \right\rfloor")]),
        ("ceil", [a]) => out.extend([text(r"\left\lceil "), Node(*a, Level::Loose), text(r" \right\rceil")]),
        ("inv", [a]) => out.extend([Node(*a, Level::Atom), text("^{-1}")]),
        ("norm2", [a]) => out.extend([text(r"\left\lVert "), Node(*a, Level::Loose), text(r" \right\rVert")]),
        ("norm1", [a]) => out.extend([text(r"\left\lVert "), Node(*a, Level::Loose), text(r" \right\rVert_{1}")]),
        ("det", [a]) => out.extend([text(r"\det"), text(r"\left("), Node(*a, Level::Loose), text(r"\right)")]),
        ("logdet", [a]) => out.extend([text(r"\ln \det"), text(r"\left("), Node(*a, Level::Loose), text(r"\right)")]),
        ("eye", [n]) => out.extend([text("I_{"), Node(*n, Level::Loose), text("}")]),
        ("ones" | "zeros", [n]) => {
            let digit = if name == "ones" { "1" } else { "0" };
            out.extend([text(format!(r"\mathbf{{{digit}}}_{{")), Node(*n, Level::Loose), text("}")]);
        }
        ("ones" | "zeros", [n, m]) => {
            let digit = if name == "ones" { "1" } else { "0" };
            out.extend([text(format!(r"\mathbf{{{digit}}}_{{")), Node(*n, Level::Multiplicative), text(r" \times ")]);
            out.extend([Node(*m, Level::Loose), text("}")]);
        }
        ("stack" | "join", parts) => {
            out.push(text(r"\begin{bmatrix} "));
            for (position, part) in parts.iter().enumerate() {
                out.extend((position > 0).then(|| text(if name == "stack" { r" \\ " } else { " & " })));
                out.push(Node(*part, Level::Loose));
            }
            out.push(text(r" \end{bmatrix}"));
        }
        ("polygamma", [order, a]) => {
            out.extend([text(r"\psi^{("), Node(*order, Level::Loose), text(")}")]);
            argument(*a, out);
        }
        (_, [order, a]) if name.ends_with("_derivative") => {
            out.extend([text(function(name)), text("^{("), Node(*order, Level::Loose), text(")}")]);
            argument(*a, out);
        }
        _ => {
            out.push(text(function(name)));
            out.push(text(r"\left("));
            for (position, argument) in arguments.iter().enumerate() {
                out.extend((position > 0).then(|| text(", ")));
                // A list of entries is written as such, not as a column.
                match ast.get(*argument) {
                    E::List(entries) => {
                        for (position, entry) in entries.iter().enumerate() {
                            out.extend((position > 0).then(|| text(", ")));
                            out.push(Node(*entry, Level::Loose));
                        }
                    }
                    _ => out.push(Node(*argument, Level::Loose)),
                }
            }
            out.push(text(r"\right)"));
        }
    }
}

fn function(name: &str) -> String {
    match functions::find(name) {
        Some(function) if !function.row().latex.is_empty() => function.row().latex.to_string(),
        _ => format!(r"\operatorname{{{}}}", name.replace('_', r"\_")),
    }
}

fn starts_with_digit(ast: &Ast, id: NodeId) -> bool {
    let mut id = id;
    loop {
        match ast.get(id) {
            E::Number(_) => return true,
            E::Binary(B::Multiply | B::Power | B::ElementPower, a, _) => id = *a,
            _ => return false,
        }
    }
}

fn scientific(number: &str) -> String {
    match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.trim_start_matches('+');
            format!(r"{mantissa} \cdot 10^{{{exponent}}}")
        }
        None => number.to_string(),
    }
}

/// Writes a name: Greek letters by their command, digits at the end and words after `_` as a subscript.
pub fn symbol(name: &str) -> String {
    const GREEK: &[&str] = &[
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
        "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ];
    if let Some(of) = name.strip_prefix(DIFFERENTIAL) {
        return format!(r"\partial {}", symbol(of));
    }
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (stem, subscript) = match name.split_once('_') {
        Some((stem, rest)) if !stem.is_empty() => (stem, rest),
        _ if digits.len() < name.len() && !digits.is_empty() => name.split_at(digits.len()),
        _ => (name, ""),
    };
    let escape = |text: &str| text.replace('_', r"\_");
    let greek = crate::syntax::greek_name(stem);
    let stem = match greek.unwrap_or(stem) {
        greek if GREEK.contains(&greek) => format!(r"\{greek}"),
        short if short.chars().count() == 1 && short != "_" => short.to_string(),
        long => format!(r"\mathit{{{}}}", escape(long)),
    };
    match subscript {
        "" => stem,
        short if short.chars().count() == 1 || short.chars().all(|c| c.is_ascii_digit()) => {
            format!("{stem}_{{{}}}", escape(short))
        }
        long => format!(r"{stem}_{{\mathit{{{}}}}}", escape(long)),
    }
}
