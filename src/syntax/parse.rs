//! The parser: tokens to syntax tree, with every syntax error of a file reported at once.

use super::ast::{Ast, Expression, Item, Name, NodeId, Parameter, Phrase, Program, Range, Recurrence, State, Type};
use super::token::{Spanned, Start, Token, tokenize};
use crate::error::{Diagnostic, Errors, Fault, nearest};
use crate::functions;
use crate::source::{Source, Span};
use lalrpop_util::{ParseError, lalrpop_mod};

lalrpop_mod!(
    #[allow(clippy::all, clippy::pedantic, clippy::panic, clippy::unwrap_used, missing_docs, unused, unreachable_pub)]
    language,
    "/language.rs"
);

/// Parses a source: a file of definitions or one bare expression.
///
/// # Errors
/// Every unknown character, and the first syntax error of every definition.
pub fn parse(source: &Source) -> Result<(Ast, Program), Errors> {
    let (ast, program, errors) = parse_all(source);
    match program {
        Some(program) if errors.is_empty() => Ok((ast, program)),
        _ => Err(Errors::new(source, errors)),
    }
}

/// Parses a source as far as it can be: definitions that can't be read are left out, and named in the tree.
pub fn parse_all(source: &Source) -> (Ast, Option<Program>, Vec<Diagnostic>) {
    let (tokens, comments, mut errors) = tokenize(&source.text);
    let mut ast = Ast::default();
    ast.comments = comments;
    if tokens.is_empty() && errors.is_empty() {
        errors.push(nothing_to_read(source));
    }
    errors.extend(unbalanced_bracket(&tokens));
    if !errors.is_empty() {
        return (ast, None, errors);
    }
    let program = if starts_definition(&tokens, 0) {
        Program::Items(parse_definitions(&mut ast, source, &tokens, &mut errors))
    } else {
        let expression = |phrase| match phrase {
            Phrase::Expression(expression) => Some(expression),
            _ => None,
        };
        match parse_phrase(&mut ast, source, &tokens, Start::Expression, expression) {
            Ok(expression) => Program::Expression(expression),
            Err(error) => {
                errors.push(error);
                return (ast, None, errors);
            }
        }
    };
    (ast, Some(program), errors)
}

/// Parses one parameter declaration, such as `W: matrix[n, m]` or `x > 0`, into an existing tree.
///
/// # Errors
/// The first syntax error, with places in `source`.
pub fn parse_parameter(ast: &mut Ast, source: &Source) -> Result<Parameter, Errors> {
    let (tokens, _, errors) = tokenize(&source.text);
    if !errors.is_empty() {
        return Err(Errors::new(source, errors));
    }
    let parameter = |phrase| match phrase {
        Phrase::Parameter(parameter) => Some(parameter),
        _ => None,
    };
    parse_phrase(ast, source, &tokens, Start::Parameter, parameter).map_err(|error| Errors::new(source, vec![error]))
}

fn nothing_to_read(source: &Source) -> Diagnostic {
    Diagnostic::new(Fault::Empty, Span::new(source.text.len(), source.text.len()), format!("{} is empty", source.name))
        .label("nothing to read")
        .hint("write an expression such as `x^2*sin(y)`, or a definition such as `f(x, y) = x^2*sin(y)`")
}

/// Parses tokens as what `start` asks for; `take` gets it out of the grammar's one result type.
fn parse_phrase<T>(
    ast: &mut Ast,
    source: &Source,
    tokens: &[Spanned<'_>],
    start: Start,
    take: impl FnOnce(Phrase) -> Option<T>,
) -> Result<T, Diagnostic> {
    let first = tokens.first().map_or(0, |(_, span)| span.start);
    let all = tokens.iter().map(|(token, span)| Ok((span.start, *token, span.end)));
    language::PhraseParser::new()
        .parse(ast, std::iter::once(Ok((first, Token::Start(start), first))).chain(all))
        .and_then(|phrase| take(phrase).ok_or(ParseError::InvalidToken { location: first }))
        .map_err(|error| syntax_error(source, tokens, error))
}

/// Tells whether a definition starts at this token: `const`, or `name(…) =`.
fn starts_definition(tokens: &[Spanned<'_>], at: usize) -> bool {
    match tokens[at].0 {
        Token::Const => true,
        Token::Name(_) if matches!(tokens.get(at + 1), Some((Token::LeftParenthesis, _))) => {
            let mut depth = 0;
            for (offset, (token, _)) in tokens[at + 1..].iter().enumerate() {
                depth += token.nesting();
                if depth == 0 {
                    return matches!(tokens.get(at + 2 + offset), Some((Token::Equal, _)));
                }
            }
            false
        }
        _ => false,
    }
}

/// Parses each definition on its own, so that an error in one does not hide those of the next.
fn parse_definitions(
    ast: &mut Ast,
    source: &Source,
    tokens: &[Spanned<'_>],
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Item, Span)> {
    let mut starts = Vec::new();
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        let after_operator = at > 0 && continues_expression(&tokens[at - 1].0);
        if depth == 0 && !after_operator && starts_definition(tokens, at) {
            starts.push(at);
            if tokens[at].0 == Token::Const {
                at += 1;
            }
        }
        depth += tokens[at.min(tokens.len() - 1)].0.nesting();
        at += 1;
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    let mut items = Vec::new();
    let definition = |phrase| match phrase {
        Phrase::Definition(item) => Some(item),
        _ => None,
    };
    for (start, end) in starts.iter().copied().zip(ends) {
        let item = &tokens[start..end];
        match parse_phrase(ast, source, item, Start::Definition, definition) {
            Ok(definition) => items.push((definition, item[0].1.to(item[item.len() - 1].1))),
            Err(error) => {
                errors.push(error);
                ast.broken.extend(item.iter().find_map(|(token, _)| match token {
                    Token::Name(name) => Some((*name).to_string()),
                    _ => None,
                }));
            }
        }
    }
    items
}

fn continues_expression(token: &Token<'_>) -> bool {
    use Token::*;
    matches!(token, Plus | Minus | Star | Slash | Caret | DotStar | DotSlash | DotCaret | Equal | Const | Let | Comma)
}

/// Finds the first bracket without its partner.
fn unbalanced_bracket(tokens: &[Spanned<'_>]) -> Option<Diagnostic> {
    let partner = |token: &Token<'_>| match token {
        Token::LeftParenthesis => ")",
        Token::LeftBracket => "]",
        _ => "}",
    };
    let mut open: Vec<&Spanned<'_>> = Vec::new();
    for spanned in tokens {
        match spanned.0.nesting() {
            1 => open.push(spanned),
            -1 => match (open.pop(), spanned.0) {
                (Some((Token::LeftParenthesis, _)), Token::RightParenthesis)
                | (Some((Token::LeftBracket, _)), Token::RightBracket)
                | (Some((Token::LeftBrace, _)), Token::RightBrace) => {}
                (Some(opened), _) => {
                    return Some(
                        Diagnostic::new(Fault::Bracket, opened.1, "this bracket is closed by one of another kind")
                            .label(format!("`{}` expected", partner(&opened.0))),
                    );
                }
                (None, _) => {
                    return Some(
                        Diagnostic::new(Fault::Bracket, spanned.1, "this bracket was never opened")
                            .label("no partner before it"),
                    );
                }
            },
            _ => {}
        }
    }
    let (token, span) = open.pop()?;
    Some(
        Diagnostic::new(Fault::Bracket, *span, "this bracket is never closed")
            .label(format!("its `{}` is missing", partner(token))),
    )
}

fn syntax_error(
    source: &Source,
    tokens: &[Spanned<'_>],
    error: ParseError<usize, Token<'_>, Diagnostic>,
) -> Diagnostic {
    let (at, expected) = match error {
        ParseError::User { error } => return error,
        ParseError::UnrecognizedToken { token: (start, _, end), expected } => (Span::new(start, end), expected),
        ParseError::ExtraToken { token: (start, _, end) } => (Span::new(start, end), Vec::new()),
        ParseError::UnrecognizedEof { location, expected } => (Span::new(location, location), expected),
        ParseError::InvalidToken { location } => (Span::new(location, location), Vec::new()),
    };
    let position = tokens.iter().position(|(_, span)| span.start >= at.start && at.end > at.start);
    let before = match position {
        Some(0) => None,
        Some(position) => tokens.get(position - 1),
        None => tokens.last(),
    };
    let found = position.and_then(|position| tokens.get(position));
    let expects = |token: &str| expected.iter().any(|expected| expected.trim_matches('"') == token);
    let misplaced = match position {
        Some(position) if expects(";") => unfinished_let(source, &tokens[..position], &tokens[position]),
        Some(position) if tokens[position].0 == Token::Semicolon && expects("}") => {
            Some("the last line inside braces is their value, without `;`".to_string())
        }
        Some(position) if tokens[position].0 == Token::Semicolon && expects("]") => {
            Some("a matrix is a list of rows: `[[1, 2], [3, 4]]`".to_string())
        }
        _ => None,
    };
    let expected = describe_expected(&expected, before.is_some_and(|(token, _)| token.ends_operand()));
    let message = match found {
        Some((_, span)) => format!("`{}` is not expected here", source.slice(*span)),
        None => "the input ends too early".to_string(),
    };
    let diagnostic = Diagnostic::new(Fault::Syntax, at, message).label(expected);
    match misplaced.or_else(|| syntax_hint(source, before, found)) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// Says how the last `let` ends, where the next token is on another line.
fn unfinished_let(source: &Source, before: &[Spanned<'_>], found: &Spanned<'_>) -> Option<String> {
    let (_, end) = before.last()?;
    let (_, start) = before.iter().rev().find(|(token, _)| *token == Token::Let)?;
    let is_next_line = source.slice(Span::new(end.end, found.1.start)).contains('\n');
    let written = source.slice(Span::new(start.start, end.end));
    let example = if written.contains(['\n', ';']) { "let a = x^2" } else { written };
    is_next_line.then(|| format!("a `let` ends with `;`: `{example};`"))
}

/// Says what the parser could have read, in words.
fn describe_expected(expected: &[String], after_operand: bool) -> String {
    let has = |token: &str| expected.iter().any(|e| e.trim_matches('"') == token);
    let mut parts: Vec<String> = Vec::new();
    if has("number") {
        parts.push("an expression".to_string());
    } else if has("name") {
        parts.push("a name".to_string());
    }
    if after_operand && has("*") {
        parts.push("an operator".to_string());
    }
    let plain = ["(", ")", "]", "}", ",", ";", ":", "=", "then", "else", "in", ".."];
    for token in plain {
        let implied = (token == "(" && has("number"))
            || (matches!(token, "," | "in" | "..") && !after_operand)
            || (token == "=" && has("*"));
        if has(token) && !implied {
            parts.push(format!("`{token}`"));
        }
    }
    match parts.split_last() {
        None => "not expected".to_string(),
        Some((last, [])) => format!("expected {last}"),
        Some((last, rest)) => format!("expected {} or {last}", rest.join(", ")),
    }
}

/// Returns the function of the language whose name ends a text.
fn function_at_end(text: &str) -> Option<&'static str> {
    let continues = |letter: char| letter.is_alphanumeric() || letter == '_';
    functions::names().find(|name| text.strip_suffix(name).is_some_and(|before| !before.ends_with(continues)))
}

fn syntax_hint(source: &Source, before: Option<&Spanned<'_>>, found: Option<&Spanned<'_>>) -> Option<String> {
    let (token, span) = found?;
    let text = |span: &Span| source.slice(*span).to_string();
    match (before, token) {
        (Some((Token::Star, _)), Token::Star) => Some("powers are written with `^`: `x^2`".into()),
        (Some((previous, place)), Token::Name(_) | Token::Number(_) | Token::LeftParenthesis)
            if previous.ends_operand() =>
        {
            let before = source.text[..place.start].trim_end().strip_suffix('^').map(str::trim_end);
            if let Some(function) = before.and_then(function_at_end) {
                return Some(format!("the power of a function's value is written `{function}(...)^{}`", text(place)));
            }
            if let Some(function) = function_at_end(source.slice(*place)) {
                return Some(format!("arguments stand in parentheses: `{function}(...)`"));
            }
            let left = match previous {
                Token::RightParenthesis | Token::RightBracket | Token::RightBrace => "(...)".to_string(),
                Token::Quote => {
                    return Some("the derivative of `f(x)` is `diff(f(x), x)`; `'` is the transpose".into());
                }
                _ => text(place),
            };
            let right = if *token == Token::LeftParenthesis { "(...)".to_string() } else { text(span) };
            let product = format!("{left}*{right}");
            Some(format!("multiplication is written with `*`: `{product}`"))
        }
        (_, Token::Equal) => Some(
            "`==` compares, `let a = ...;` inside braces names a value, and `f(x) = ...` defines a function".into(),
        ),
        (_, Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual | Token::EqualEqual) => {
            Some("join two comparisons with `and`: `0 < x and x < 1`".into())
        }
        (_, Token::Let) => Some("`let` stands inside braces: `{ let a = x^2; a + 1 }`".into()),
        (_, Token::Const | Token::If | Token::Then | Token::Else | Token::And | Token::Or | Token::Not | Token::In) => {
            Some(format!("`{}` is a word of the language and can't be a name", text(span)))
        }
        (_, Token::Range) => Some("a decimal point needs digits on both sides: `0.5`, `2.0`".into()),
        _ => None,
    }
}

/// Lists what several states become, where that is written as one list.
pub(super) fn several(ast: &Ast, next: NodeId) -> Vec<NodeId> {
    match ast.get(next) {
        Expression::Several(list) => list.clone(),
        _ => vec![next],
    }
}

/// Returns the recurrence that a function, its ranges and its states make.
pub(super) fn recurrence(
    name: Name,
    mut ranges: Vec<Range>,
    states: Vec<State>,
    next: Vec<NodeId>,
) -> Result<Expression, Diagnostic> {
    if !matches!(name.text.as_str(), "fold" | "scan" | "exclusive_scan") {
        let message = format!("`{}` has no states", name.text);
        let hint = "`fold(i in 0..n, s = s0, e)` and `scan(i in 0..n, s = s0, e)` have";
        return Err(Diagnostic::new(Fault::Range, name.span, message).hint(hint));
    }
    if let [_, second, ..] = ranges.as_slice() {
        let message = format!("`{}` runs over one index", name.text);
        let hint = "put another recurrence inside: `fold(i in 0..n, s = s0, fold(j in 0..m, r = s, e))`";
        return Err(Diagnostic::new(Fault::Range, second.index.span, message).hint(hint));
    }
    if states.len() != next.len() && next.len() > 1 {
        let message = format!("{} states become {} values", states.len(), next.len());
        let hint = "write what each state becomes, in order: `fold(i in 0..n, (p = p0, v = v0), (p + v, v))`";
        return Err(Diagnostic::new(Fault::Arguments, name.span, message).hint(hint));
    }
    let range = ranges.swap_remove(0);
    Ok(Expression::Recurrence(name, Box::new(Recurrence { range, states, next })))
}

/// Returns the type that a name and its dimensions declare.
pub(super) fn declared_type(name: &Name, dimensions: &[NodeId]) -> Result<Type, Diagnostic> {
    let wants = |count: usize, example: &str| {
        Err(Diagnostic::new(
            Fault::Type,
            name.span,
            format!(
                "`{}` takes {count} dimension{}, not {}",
                name.text,
                if count == 1 { "" } else { "s" },
                dimensions.len()
            ),
        )
        .hint(format!("write `{example}`")))
    };
    match (name.text.as_str(), dimensions) {
        ("scalar", []) => Ok(Type::Scalar),
        ("vector", [n]) => Ok(Type::Vector(*n)),
        ("matrix", [n, m]) => Ok(Type::Matrix(*n, *m)),
        ("tensor", [n, m, k]) => Ok(Type::Tensor(*n, *m, *k)),
        ("sym", [n]) => Ok(Type::Symmetric(*n)),
        ("spd", [n]) => Ok(Type::PositiveDefinite(*n)),
        ("index", []) => Ok(Type::Index(None)),
        ("index", [n]) => Ok(Type::Index(Some(*n))),
        ("index", _) => wants(1, "k: index[m] in 0..n"),
        ("scalar", _) => wants(0, "x: scalar"),
        ("vector", _) => wants(1, "x: vector[3]"),
        ("matrix", _) => wants(2, "W: matrix[2, 3]"),
        ("tensor", _) => wants(3, "T: tensor[2, 3, 4]"),
        ("sym" | "spd", _) => wants(1, &format!("S: {}[3]", name.text)),
        (other, _) => {
            let types = ["scalar", "vector", "matrix", "tensor", "sym", "spd", "index"];
            let hint = match nearest(other, types) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "types are `vector[n]`, `matrix[n, m]`, `tensor[n, m, k]`, `sym[n]`, `spd[n]`, `index[n]` and `scalar`"
                        .into()
                },
            };
            Err(Diagnostic::new(Fault::Type, name.span, format!("there is no type `{other}`")).hint(hint))
        }
    }
}
