//! Source text to syntax tree and back: lexer, parser, printer.

pub mod ast;
mod parse;
mod print;
mod token;

pub use ast::Ast;
pub use parse::{parse, parse_parameter};
pub use print::{print_expression, print_program};
