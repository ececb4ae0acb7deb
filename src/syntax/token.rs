//! The lexer: source text to tokens.

use crate::error::{Diagnostic, Fault};
use crate::source::Span;
use logos::Logos;

/// A token of the language. Names, numbers and comments carry their text.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\n\f\u{feff}]+")]
#[allow(missing_docs)]
pub enum Token<'s> {
    #[regex(r"[\p{XID_Start}_]\p{XID_Continue}*")]
    Name(&'s str),
    #[regex(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")]
    Number(&'s str),
    #[regex(r"///[^\n]*", priority = 20, allow_greedy = true)]
    Documentation(&'s str),
    #[regex(r"//[^\n]*", priority = 10, allow_greedy = true)]
    Comment(&'s str),

    #[token("const", priority = 30)]
    Const,
    #[token("let", priority = 30)]
    Let,
    #[token("if", priority = 30)]
    If,
    #[token("then", priority = 30)]
    Then,
    #[token("else", priority = 30)]
    Else,
    #[token("and", priority = 30)]
    And,
    #[token("or", priority = 30)]
    Or,
    #[token("not", priority = 30)]
    Not,
    #[token("in", priority = 30)]
    In,
    #[token("mod", priority = 30)]
    Mod,

    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("^")]
    Caret,
    #[token(".*")]
    DotStar,
    #[token("./")]
    DotSlash,
    #[token(".^")]
    DotCaret,
    #[token("'")]
    Quote,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    NotEqual,
    #[token("=")]
    Equal,
    #[token("(")]
    LeftParenthesis,
    #[token(")")]
    RightParenthesis,
    #[token("[")]
    LeftBracket,
    #[token("]")]
    RightBracket,
    #[token("{")]
    LeftBrace,
    #[token("}")]
    RightBrace,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(";")]
    Semicolon,
    #[token("..")]
    Range,

    /// Stands before the tokens of a source and is in none.
    Start(Start),
}

/// What the parser is asked to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `const` or a function.
    Definition,
    /// A parameter with its shape and fact.
    Parameter,
    /// A bare expression.
    Expression,
}

impl Token<'_> {
    /// Tells whether the token can be the last one of an operand.
    pub fn ends_operand(&self) -> bool {
        use Token::*;
        matches!(self, Name(_) | Number(_) | RightParenthesis | RightBracket | RightBrace | Quote)
    }

    /// Tells whether the token opens a bracket (1), closes one (−1) or neither (0).
    pub fn nesting(&self) -> i32 {
        match self {
            Token::LeftParenthesis | Token::LeftBracket | Token::LeftBrace => 1,
            Token::RightParenthesis | Token::RightBracket | Token::RightBrace => -1,
            _ => 0,
        }
    }
}

/// A token with its place.
pub type Spanned<'s> = (Token<'s>, Span);

/// A comment with its place: `//` and `///` alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The comment with its slashes, without trailing blanks.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Splits a text into tokens and comments, reporting every character that belongs to none.
pub fn tokenize(text: &str) -> (Vec<Spanned<'_>>, Vec<Comment>, Vec<Diagnostic>) {
    let (mut tokens, mut comments, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut unknown: Option<Span> = None;
    for (token, range) in Token::lexer(text).spanned() {
        let span = Span::new(range.start, range.end);
        match token {
            Ok(Token::Comment(c) | Token::Documentation(c)) => {
                comments.push(Comment { text: c.trim_end().to_string(), span })
            }
            // Between operands it is an operator, and elsewhere a name.
            Ok(Token::Mod) if !tokens.last().is_some_and(|(before, _): &Spanned<'_>| before.ends_operand()) => {
                tokens.push((Token::Name("mod"), span));
            }
            Ok(token) => tokens.push((token, span)),
            Err(()) => match unknown {
                Some(before) if before.end == span.start => unknown = Some(before.to(span)),
                _ => {
                    errors.extend(unknown.map(|span| unknown_characters(text, span)));
                    unknown = Some(span);
                }
            },
        }
    }
    errors.extend(unknown.map(|span| unknown_characters(text, span)));
    (tokens, comments, errors)
}

fn unknown_characters(text: &str, span: Span) -> Diagnostic {
    let found = text.get(span.start..span.end).unwrap_or("");
    let first = found.chars().next().unwrap_or(' ');
    let hint = match first {
        '&' => Some("`and` joins two conditions"),
        '|' => Some("`or` joins two conditions, and `abs(x)` is the absolute value"),
        '!' => Some("`not` negates a condition, and `gamma(n + 1)` is the factorial"),
        '%' => Some("the remainder is `i mod n` for places, and `x - n*floor(x/n)` for other numbers"),
        '.' => Some("a decimal point needs a digit before and after it: `0.5`, `2.0`"),
        '\u{2212}' | '\u{2013}' => Some("the minus sign is `-`"),
        '\u{00d7}' | '\u{00b7}' | '\u{22c5}' => Some("multiplication is written `*`"),
        '\u{00f7}' => Some("division is written `/`"),
        '\u{00b2}' | '\u{00b3}' => Some("powers are written with `^`: `x^2`"),
        '\u{221a}' => Some("the square root is `sqrt(x)`"),
        '\\' => Some("write the function's name without a backslash: `sin(x)`"),
        _ => None,
    };
    let shown: String = found.chars().take(20).flat_map(char::escape_debug).collect();
    let diagnostic = Diagnostic::new(Fault::Character, span, format!("`{shown}` means nothing here"));
    match hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}
