//! Reads the function that a command is about.

use super::args::Input;
use crate::error::{Diagnostic, Errors, Fault, nearest};
use crate::lower::{Entries, Function};
use crate::source::Source;
use std::io::Read;
use std::path::Path;

/// Reads the source that an argument names: standard input, a file, or the argument itself.
pub fn source(text: &str) -> Result<Source, Errors> {
    if text == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Errors::general(Fault::File, format!("standard input can't be read: {error}")))?;
        return decode("standard input", bytes);
    }
    let path = Path::new(text);
    let looks_like_file = path.extension().is_some_and(|extension| extension == "grad");
    if looks_like_file || (text.len() < 4096 && path.is_file()) {
        let bytes = std::fs::read(path)
            .map_err(|error| Errors::general(Fault::File, format!("`{text}` can't be read: {error}")))?;
        return decode(text, bytes);
    }
    Ok(Source::new("expression", text))
}

fn decode(name: &str, bytes: Vec<u8>) -> Result<Source, Errors> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            let message = format!("{name} is not UTF-8 text: byte {at}, on line {line}");
            let diagnostic =
                Diagnostic::general(Fault::File, message).hint("is this really a text file with mathematics?");
            Err(Errors::new(&Source::new(name, ""), vec![diagnostic]))
        }
    }
}

/// Reads all functions of the input.
pub fn functions(input: &Input) -> Result<(Source, Vec<Function>), Errors> {
    let source = source(&input.text)?;
    let declarations: Vec<Source> = input.parameters.iter().map(|text| Source::new("--param", text.clone())).collect();
    let mut functions = crate::read(&source, &declarations)?;
    for function in &mut functions {
        function.entries.iter_mut().for_each(|entries| entries.graph.set_strict(input.strict_domain));
        function.whole.graph.set_strict(input.strict_domain);
    }
    if functions.is_empty() {
        return Err(Errors::general(Fault::Empty, format!("{} defines no function", source.name)));
    }
    Ok((source, functions))
}

/// Reads the one function that the input is about: the named one, or the last.
pub fn function(input: &Input) -> Result<(Source, Function), Errors> {
    let (source, mut functions) = functions(input)?;
    let Some(wanted) = &input.function else {
        let last = functions.pop().ok_or_else(|| Errors::general(Fault::Empty, "there is no function"))?;
        return Ok((source, last));
    };
    let names: Vec<String> = functions.iter().map(|function| function.display_name().to_string()).collect();
    match names.iter().position(|name| name == wanted) {
        Some(at) => Ok((source, functions.swap_remove(at))),
        None => {
            let diagnostic = Diagnostic::general(Fault::NoSuch, format!("{} has no function `{wanted}`", source.name));
            let near = nearest(wanted, names.iter().map(String::as_str));
            let hint =
                near.map_or_else(|| format!("it has {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            Err(Errors::new(&source, vec![diagnostic.hint(hint)]))
        }
    }
}

/// Returns what `--wrt` names, with the places of `W[0,1]` in one piece.
pub fn names(wrt: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in wrt {
        let part: String = part.chars().filter(|c| !c.is_whitespace()).collect();
        match names.last_mut().filter(|last| last.contains('[') && !last.contains(']')) {
            Some(last) => *last += &format!(",{part}"),
            None => names.push(part),
        }
    }
    names
}

/// Returns the function of entries, where there is one.
pub fn entries(function: &Function) -> Result<&Entries, Errors> {
    function.entries.as_ref().ok_or_else(|| {
        let name = function.display_name();
        let diagnostic = Diagnostic::general(
            Fault::FixedSize,
            format!("`{name}` works on whole matrices, and this needs their entries one by one"),
        );
        let hint = "`gradc grad`, `jacobian`, `hessian`, `explain`, `check` and `compile` keep matrices whole; otherwise \
                    give small dimensions as numbers: `W: matrix[2, 3]`";
        Errors::new(&Default::default(), vec![diagnostic.hint(hint)])
    })
}

/// Finds the inputs of the function that `--wrt` names: parameters, or single entries such as `x[2]`; all by default.
pub fn selected(function: &Function, wrt: &[String]) -> Result<Vec<usize>, Errors> {
    let entries = entries(function)?;
    if wrt.is_empty() {
        return Ok((0..entries.graph.inputs().len()).collect());
    }
    let mut selected = Vec::new();
    for name in names(wrt) {
        if let Some(parameter) = entries.parameter(&name) {
            selected.extend(parameter.inputs.clone());
            continue;
        }
        let entry = (0..entries.graph.inputs().len()).find(|at| label(entries, *at) == name);
        match entry {
            Some(at) => selected.push(at),
            None => {
                let names: Vec<&str> = entries.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                return Err(unknown_parameter(function.display_name(), &name, &names));
            }
        }
    }
    Ok(selected)
}

/// Explains that a name of `--wrt` is no parameter.
pub fn unknown_parameter(function: &str, name: &str, names: &[&str]) -> Errors {
    let diagnostic = Diagnostic::general(Fault::Parameter, format!("`{name}` is not a parameter of `{function}`"));
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has no parameters".to_string(),
        None => format!("its parameters are {}", names.join(", ")),
    };
    Errors::new(&Source::new("--wrt", name), vec![diagnostic.hint(hint)])
}

/// Writes an entry of a parameter: `x`, `x[0]`, `W[0,1]`.
pub fn label(entries: &Entries, input: usize) -> String {
    let input = &entries.graph.inputs()[input];
    match input.place.as_slice() {
        [] => input.parameter.clone(),
        place => {
            let place: Vec<String> = place.iter().map(usize::to_string).collect();
            format!("{}[{}]", input.parameter, place.join(","))
        }
    }
}
