//! Source text to syntax tree and back: lexer, parser, printer.

pub mod ast;
mod greek;
mod parse;
mod print;
mod token;

pub use ast::Ast;
pub use greek::{greek_letter, greek_name};
pub use parse::{parse, parse_all, parse_parameter};
pub use print::{print_expression, print_program};
