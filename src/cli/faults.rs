//! `gradc explain E0007`: what an error's code means, with an example and its correction.

use super::args::Input;
use super::{Exit, Outcome};
use crate::error::{Errors, Fault, Row};
use std::io::Write;

/// Tells whether the input is an error's code: an E and four digits, unless a parameter has this name.
pub fn is_code(input: &Input) -> bool {
    let digits = input.text.strip_prefix(['E', 'e']);
    let is_declared = input.parameters.iter().any(|declaration| declaration.starts_with(&input.text));
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())) && !is_declared
}

/// Explains a code.
pub fn run(code: &str, out: &mut impl Write) -> Outcome {
    let Some(Row { fault, title, explanation, wrong, right }) = Fault::find(code) else {
        return Err(Errors::general(Fault::NoSuch, format!("there is no error `{code}`")).into());
    };
    let indented = |text: &str| text.replace('\n', "\n  ");
    writeln!(out, "{}: {title}\n\n{explanation}\n", fault.code())?;
    writeln!(out, "wrong\n  {}\n\nright\n  {}", indented(wrong), indented(right))?;
    Ok(Exit::Success)
}
